//! `cargo xtask fuzz [TARGET] [--seconds N]`: runs the fuzz targets of `crates/signature/fuzz`.

use std::fs;

use anyhow::{Context as _, Result, bail};

use crate::command::{self, Ended};
use crate::needs::{self, Install, Need};

const FOLDER: &str = "crates/signature/fuzz";
/// How long each target runs unless it is said otherwise.
const SECONDS: u32 = 120;

const NEEDS: &[Need] = &[
    Need {
        name: "nightly Rust",
        check: &["cargo", "+nightly", "--version"],
        install: Install::Ask("rustup toolchain install nightly --profile minimal"),
    },
    Need {
        name: "cargo-fuzz",
        check: &["cargo", "+nightly", "fuzz", "--version"],
        install: Install::Ask("cargo install cargo-fuzz --locked"),
    },
];

/// Runs one target, or each in turn; the first that finds something ends it.
pub(crate) fn run(arguments: &[String]) -> Result<Ended> {
    let known = targets()?;
    let (chosen, seconds) = read(arguments, &known)?;
    needs::provide(NEEDS)?;
    for target in chosen {
        let found = command::root().join(FOLDER).join("found").join(target);
        fs::create_dir_all(&found).with_context(|| format!("cannot make {}", found.display()))?;
        // Not by the cargo that runs us: rustup's chooses the toolchain.
        let mut fuzz = command::program("cargo");
        fuzz.current_dir(command::root().join(FOLDER)).args(["+nightly", "fuzz", "run", target]);
        // What is new goes into the first folder.
        fuzz.args([format!("found/{target}"), format!("corpus/{target}"), "--".to_owned()]);
        fuzz.args([format!("-max_total_time={seconds}"), "-rss_limit_mb=1024".to_owned()]);
        fuzz.args(["-timeout=10", "-print_final_stats=1"]);
        println!("runs {}", command::line(&fuzz));
        // Cargo's own variables would bind it to the toolchain of xtask.
        for variable in ["CARGO", "RUSTC", "RUSTDOC", "RUSTUP_TOOLCHAIN"] {
            fuzz.env_remove(variable);
        }
        if let Ended::Badly(code) = command::run(&mut fuzz)? {
            return Ok(Ended::Badly(code));
        }
    }
    Ok(Ended::Well)
}

fn targets() -> Result<Vec<String>> {
    let folder = command::root().join(FOLDER).join("fuzz_targets");
    let entries = fs::read_dir(&folder).with_context(|| format!("no {}", folder.display()))?;
    let mut names = Vec::new();
    for entry in entries {
        let path = entry?.path();
        names.extend(path.file_stem().map(|name| name.to_string_lossy().into_owned()));
    }
    names.sort();
    Ok(names)
}

/// The targets to run, and for how long.
fn read<'k>(arguments: &[String], known: &'k [String]) -> Result<(Vec<&'k str>, u32)> {
    let (mut chosen, mut seconds) = (Vec::new(), SECONDS);
    let mut words = arguments.iter();
    while let Some(word) = words.next() {
        if word == "--seconds" {
            let number = words.next().and_then(|number| number.parse().ok());
            seconds = number.filter(|seconds| *seconds > 0).context("--seconds needs a number")?;
        } else if let Some(name) = known.iter().find(|name| *name == word) {
            chosen.push(name.as_str());
        } else {
            bail!("there is no fuzz target `{word}`, only {}", known.join(", "));
        }
    }
    if chosen.is_empty() {
        chosen.extend(known.iter().map(String::as_str));
    }
    Ok((chosen, seconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_are_read() {
        let known = ["json".to_owned(), "verify".to_owned()];
        let read = |line: &str| {
            let words: Vec<_> = line.split_whitespace().map(str::to_owned).collect();
            read(&words, &known).map_err(|error| error.to_string())
        };
        assert_eq!(read(""), Ok((vec!["json", "verify"], SECONDS)));
        assert_eq!(read("verify --seconds 5"), Ok((vec!["verify"], 5)));
        assert_eq!(read("--seconds"), Err("--seconds needs a number".to_owned()));
        assert_eq!(read("--seconds 0"), Err("--seconds needs a number".to_owned()));
        let unknown = "there is no fuzz target `jsn`, only json, verify".to_owned();
        assert_eq!(read("jsn"), Err(unknown));
    }

    #[test]
    fn the_targets_are_found() {
        assert!(targets().unwrap().contains(&"verify".to_owned()));
    }
}
