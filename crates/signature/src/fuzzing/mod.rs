//! What the fuzzer calls: one function for each parser, and one for verification as a whole.
//!
//! Each takes any bytes and panics if something does not hold that must. The targets in
//! `fuzz/fuzz_targets` call them, built with `--cfg fuzzing`, and so does the test below with every
//! file in `fuzz/corpus`, so that what was found once stays found without a fuzzer.
#![expect(clippy::missing_panics_doc, reason = "a panic is how a target says what does not hold")]
#![expect(clippy::indexing_slicing, reason = "and says it of the target itself as well")]
#![expect(
    clippy::let_underscore_must_use,
    reason = "often all that counts is that there is an end"
)]

mod parsers;
mod questions;
mod request;
mod sameness;
mod samples;
mod verification;

pub use parsers::{carriers, encodings, forms, json, jwt, keys, p256, templates, times, vectors};
pub use questions::{facts, handshakes};
pub use verification::{explanations, verify};

/// A target: its name, which is that of its folder in `fuzz/corpus`, and its function.
pub type Target = (&'static str, fn(&[u8]));

/// All targets.
pub const TARGETS: &[Target] = &[
    ("carriers", carriers),
    ("encodings", encodings),
    ("explanations", explanations),
    ("facts", facts),
    ("forms", forms),
    ("handshakes", handshakes),
    ("json", json),
    ("jwt", jwt),
    ("keys", keys),
    ("p256", p256),
    ("templates", templates),
    ("times", times),
    ("vectors", vectors),
    ("verify", verify),
];

/// What stands before the first `mark`, and what behind it; all and nothing where there is none.
fn split(data: &[u8], mark: u8) -> (&[u8], &[u8]) {
    let at = data.iter().position(|&byte| byte == mark).unwrap_or(data.len());
    let (before, rest) = data.split_at(at);
    (before, rest.get(1..).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::fs;
    use std::path::PathBuf;

    use super::*;

    fn folder(name: &str) -> PathBuf {
        PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/fuzz")).join(name)
    }

    fn entries(folder: &str) -> BTreeSet<PathBuf> {
        fs::read_dir(self::folder(folder)).unwrap().map(|entry| entry.unwrap().path()).collect()
    }

    #[test]
    fn every_target_is_fuzzed_and_has_a_corpus() {
        let names: BTreeSet<_> = TARGETS.iter().map(|(name, _)| (*name).to_owned()).collect();
        for folder in ["corpus", "fuzz_targets"] {
            let found = entries(folder);
            let found = found.iter().map(|path| path.file_stem().unwrap().to_str().unwrap());
            assert_eq!(found.map(str::to_owned).collect::<BTreeSet<_>>(), names, "fuzz/{folder}");
        }
    }

    #[test]
    fn the_corpus_holds() {
        for (name, target) in TARGETS {
            let files = entries(&format!("corpus/{name}"));
            assert!(!files.is_empty(), "fuzz/corpus/{name} is empty");
            for file in files {
                let data = fs::read(&file).unwrap();
                let ended = std::panic::catch_unwind(|| target(&data));
                assert!(ended.is_ok(), "{} does not hold", file.display());
            }
        }
    }
}
