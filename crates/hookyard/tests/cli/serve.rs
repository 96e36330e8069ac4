//! `hookyard serve` and `hookyard check`.

use std::path::Path;

use crate::support::{Ran, Running, hookyard};

const GOOD: &str = "\
[server]
listen = \"127.0.0.1:0\"
[admin]
listen = \"127.0.0.1:0\"
[sources.github]
provider = \"github\"
secret = \"${SECRET_OF_THE_TEST}\"
";

fn ran(folder: &Path, arguments: &[&str]) -> Ran {
    let mut command = hookyard(folder);
    command.env("SECRET_OF_THE_TEST", "it's a secret, or was");
    Ran::from(command.args(arguments).output().unwrap())
}

#[test]
fn without_a_configuration_it_says_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    for command in ["serve", "check"] {
        let ran = ran(folder.path(), &[command]);
        assert_eq!((ran.code, ran.stdout.as_str()), (2, ""), "{ran:?}");
        assert!(ran.stderr.contains("there is no configuration file `hookyard.toml`"), "{ran:?}");
        assert!(ran.stderr.contains("hint: name one with `--config`"), "{ran:?}");
    }
}

#[test]
fn a_wrong_configuration_is_shown_with_its_line() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("wrong.toml"), "[server]\nlissten = \"127.0.0.1:0\"\n")
        .unwrap();
    let serve = ran(folder.path(), &["serve", "--config", "wrong.toml"]);
    assert_eq!((serve.code, serve.stdout.as_str()), (2, ""), "{serve:?}");
    assert!(serve.stderr.contains("lissten") && serve.stderr.contains("^^^"), "{serve:?}");
    let check = ran(folder.path(), &["check", "--config", "wrong.toml"]);
    assert_eq!(check.code, 2, "{check:?}");
    assert!(check.stdout.contains("lissten") && check.stdout.contains("not valid"), "{check:?}");
}

#[test]
fn a_right_configuration_is_summed_up_and_run() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("hookyard.toml"), GOOD).unwrap();
    let check = ran(folder.path(), &["check"]);
    assert_eq!(check.code, 0, "{check:?}");
    assert!(
        check.stdout.contains("/webhook/github") && !check.stdout.contains("or was"),
        "{check:?}"
    );
    let mut command = hookyard(folder.path());
    command.arg("serve").env("SECRET_OF_THE_TEST", "it's a secret, or was");
    let hub = Running::start(command);
    hub.error_line("\"listening\"");
    let ended = hub.end("TERM");
    assert_eq!((ended.code, ended.stdout.as_str()), (0, ""), "{ended:?}");
}
