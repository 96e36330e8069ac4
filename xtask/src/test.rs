//! `cargo xtask test`: every test there is, doc tests too.

use anyhow::Result;

use crate::command::{self, Ended};
use crate::needs::{self, NEXTEST, Need};

/// What the tests need beside Rust. Databases, brokers and a browser will be lines here.
const NEEDS: &[Need] = &[];

/// Runs the tests whose name contains `filter`, or all. Nothing is printed after the runner's
/// own summary.
pub(crate) fn run(filter: &[String]) -> Result<Ended> {
    needs::provide(NEEDS)?;
    let steps: &[&[&str]] = if needs::have(&NEXTEST)? {
        &[&["test", "--workspace", "--doc"], &["nextest", "run", "--workspace"]]
    } else {
        &[&["test", "--workspace"]]
    };
    for step in steps {
        let mut cargo = command::cargo(step.iter().copied());
        cargo.args(filter);
        println!("runs {}", command::line(&cargo));
        if let Ended::Badly(code) = command::run(&mut cargo)? {
            return Ok(Ended::Badly(code));
        }
    }
    Ok(Ended::Well)
}
