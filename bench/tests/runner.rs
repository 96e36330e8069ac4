//! The benchmark judged: it writes down what it has measured, and says what it could not measure.

use std::path::Path;
use std::process::Command;

use hookyard_bench::results::{Results, figure};

/// Measures an idle hub in a smoke run; whether it ended well, and what it wrote.
#[expect(clippy::unwrap_used, reason = "a test may panic")]
fn measure(hub: &Path) -> (bool, Results) {
    let folder = tempfile::tempdir().unwrap();
    let mut bench = Command::new(env!("CARGO_BIN_EXE_bench"));
    bench.args(["--quick", "--only", "idle", "--results"]).arg(folder.path());
    let output = bench.arg("--hub").arg(hub).output().unwrap();
    let page = std::fs::read_to_string(folder.path().join("bench.md")).unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stdout).trim(), page.trim());
    (output.status.success(), Results::read(folder.path()).unwrap())
}

#[test]
fn what_was_measured_is_written() {
    let (is_good, results) = measure(Path::new(env!("CARGO_BIN_EXE_miniature")));
    assert!(is_good && results.quick, "{results:?}");
    let row = results.row("idle", "empty store").unwrap();
    let names: Vec<_> = row.figures.iter().map(|figure| figure.name.as_str()).collect();
    assert_eq!(names, [figure::START, figure::MEMORY]);
    assert!(row.figures.iter().all(|figure| figure.median > 0.0), "{row:?}");
}

#[test]
fn what_could_not_be_measured_is_said() {
    let (is_good, results) = measure(Path::new("/no/such/hub"));
    assert!(!is_good);
    let says = &results.cases[0].missing;
    assert!(says[0].contains("A round failed: cannot start /no/such/hub"), "{says:?}");
}
