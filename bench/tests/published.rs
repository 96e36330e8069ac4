//! Keeps what the documents say about speed what `bench/results/bench.json` says.
//! `UPDATE_GENERATED=1` writes them anew.

use std::path::Path;

use hookyard_bench::published;
use hookyard_bench::results::Results;

#[test]
fn the_documents_say_what_was_measured() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let results = Results::read(&root.join("bench/results")).unwrap();
    if std::env::var_os("UPDATE_GENERATED").is_some() {
        published::update(root, &results).unwrap();
    }
    let stale = published::stale(root, &results).unwrap();
    assert!(
        stale.is_empty(),
        "{} not what bench/results/bench.json says: run the tests with UPDATE_GENERATED=1",
        stale.join(", ")
    );
}
