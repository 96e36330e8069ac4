//! The harness judged: it finds nothing wrong with a hub that keeps its promises, and sees the
//! loss of one that does not.

use std::process::{Command, Output};

/// Runs two short trials on the miniature hub.
#[expect(clippy::unwrap_used, reason = "a test may panic")]
fn kill(arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_kill"));
    command.args(["--runs", "2", "--latest", "0.8", "--rate", "200", "--connections", "16"]);
    command.args(["--hub", env!("CARGO_BIN_EXE_miniature")]).args(arguments);
    command.output().unwrap()
}

fn text(output: &Output) -> String {
    [&output.stdout, &output.stderr].map(|bytes| String::from_utf8_lossy(bytes)).concat()
}

#[test]
fn a_hub_that_keeps_its_promises_passes() {
    let output = kill(&["--seed", "7"]);
    assert!(output.status.success(), "{}", text(&output));
    assert!(text(&output).contains("no loss in 2 trials"), "{}", text(&output));
}

#[test]
fn an_acknowledgement_before_the_commit_is_seen() {
    let output = kill(&["--seed", "7", "--control", "ack-before-commit"]);
    assert!(output.status.success(), "{}", text(&output));
    assert!(text(&output).contains("loss in 2 trials"), "{}", text(&output));
}

#[test]
fn a_control_that_loses_nothing_fails() {
    let output = kill(&["--seed", "7", "--control", "no-such-fault"]);
    assert_eq!(output.status.code(), Some(1), "{}", text(&output));
}
