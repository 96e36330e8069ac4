//! `cargo xtask test`: every test there is, doc tests too.

use anyhow::Result;

use crate::command::{self, Ended};
use crate::interop;
use crate::needs::{self, NEXTEST, Need};

/// What the tests need beside Rust. Databases, brokers and a browser will be lines here.
const NEEDS: &[Need] = &[];

/// Leaves out the tests that need the providers' own packages.
const WITHOUT_INTEROP: &str = "--without-interop";
/// What the names of those tests begin with.
const INTEROP: &str = "packages_of_";

/// Runs the tests whose name contains one of `arguments`, or all. Nothing is printed after the
/// runner's own summary.
pub(crate) fn run(arguments: &[String]) -> Result<Ended> {
    let (without, filter): (Vec<_>, Vec<_>) =
        arguments.iter().partition(|argument| *argument == WITHOUT_INTEROP);
    needs::provide(NEEDS)?;
    if without.is_empty() && may_be_interop(&filter) {
        interop::install()?;
    }
    let steps: &[&[&str]] = if needs::have(&NEXTEST)? {
        &[&["test", "--workspace", "--doc"], &["nextest", "run", "--workspace"]]
    } else {
        &[&["test", "--workspace"]]
    };
    for step in steps {
        let mut cargo = command::cargo(step.iter().copied());
        cargo.args(&filter);
        if !without.is_empty() {
            cargo.args(["--", "--skip", INTEROP]);
        }
        println!("runs {}", command::line(&cargo));
        if let Ended::Badly(code) = command::run(&mut cargo)? {
            return Ok(Ended::Badly(code));
        }
    }
    Ok(Ended::Well)
}

/// Whether tests of such names may need the providers' own packages; all tests do.
fn may_be_interop(filter: &[&String]) -> bool {
    let may = |word: &&String| INTEROP.contains(word.as_str()) || word.contains("packages");
    filter.is_empty() || filter.iter().any(may)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packages_are_installed_for_the_tests_that_need_them() {
        let may = |filter: &[&str]| {
            let filter: Vec<_> = filter.iter().map(|&word| word.to_owned()).collect();
            may_be_interop(&filter.iter().collect::<Vec<_>>())
        };
        assert!(may(&[]) && may(&["packages"]) && may(&["lease", "packages_of_npm"]));
        assert!(!may(&["lease"]));
    }
}
