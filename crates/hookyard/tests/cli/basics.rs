//! Help, usage and what else needs no hub.

use std::io::Read as _;
use std::process::Stdio;

use base64::Engine as _;

use crate::support::{hookyard, run};

/// All commands and the commands below them, as they are typed.
fn commands(command: &clap::Command, path: &[String], found: &mut Vec<Vec<String>>) {
    found.push(path.to_vec());
    for inner in command.get_subcommands() {
        let path = [path, &[inner.get_name().to_owned()]].concat();
        commands(inner, &path, found);
    }
}

#[test]
fn every_command_explains_itself() {
    let mut found = Vec::new();
    commands(&hookyard::cli::command(), &[], &mut found);
    for path in found {
        for flag in ["--help", "-h"] {
            let mut arguments: Vec<&str> = path.iter().map(String::as_str).collect();
            arguments.push(flag);
            let ran = run(&arguments);
            assert_eq!((ran.code, ran.stderr.as_str()), (0, ""), "{arguments:?}");
            assert!(ran.stdout.contains("Usage: hookyard"), "{arguments:?}: {}", ran.stdout);
        }
    }
}

#[test]
fn the_exit_codes_are_in_the_help() {
    let help = run(&["--help"]).stdout;
    for line in ["0  done", "1  failed", "2  wrong usage", "3  no hub answers", "4  there is no"] {
        assert!(help.contains(line), "{line}: {help}");
    }
    assert!(run(&["--version"]).stdout.starts_with("hookyard "));
}

#[test]
fn wrong_usage_is_told_on_standard_error() {
    let cases: &[(&[&str], &str)] = &[
        (&[], "Usage: hookyard"),
        (&["frobnicate"], "unrecognized subcommand 'frobnicate'"),
        (&["trigger"], "required arguments were not provided"),
        (&["trigger", "nobody"], "there is no provider `nobody`"),
        (&["trigger", "github", "nothing"], "there is no test event `nothing` of github"),
        (&["trigger", "github", "--header", "x"], "write it as `Name: value`"),
        (
            &["trigger", "github", "--to", "nowhere"],
            "`--to` cannot be `nowhere`: that is neither a URL nor a host with its port",
        ),
        (&["trigger", "github", "--body", "/no/such/file"], "cannot read `/no/such/file`"),
        (
            &["trigger", "github", "--secret", " "],
            "the secret does not fit github: the secret is empty",
        ),
        (&["trigger", "sendgrid", "--secret", "x"], "the secret does not fit sendgrid"),
        (&["trigger", "github", "--count", "0"], "0 is not in 1.."),
        (&["secret", "generate", "--bytes", "8"], "8 is not in 24..=64"),
    ];
    for (arguments, expected) in cases {
        let ran = run(arguments);
        assert_eq!((ran.code, ran.stdout.as_str()), (2, ""), "{arguments:?}: {ran:?}");
        assert!(ran.stderr.contains(expected), "{arguments:?}: {}", ran.stderr);
    }
}

#[test]
fn a_secret_is_made() {
    let secret = run(&["secret", "generate"]).stdout;
    let encoded = secret.trim_end().strip_prefix("whsec_").expect("a prefix");
    assert_eq!(base64::engine::general_purpose::STANDARD.decode(encoded).unwrap().len(), 32);
    assert_ne!(secret, run(&["secret", "generate"]).stdout);
}

#[test]
fn a_reader_that_leaves_is_no_error() {
    let mut child = hookyard(&std::env::temp_dir())
        .args(["trigger", "--list"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let mut stderr = String::new();
    child.stderr.take().unwrap().read_to_string(&mut stderr).unwrap();
    assert_eq!((child.wait().unwrap().code(), stderr.as_str()), (Some(0), ""));
}

#[test]
fn a_pipe_gets_no_colour() {
    assert!(!run(&["trigger", "--list"]).stdout.contains('\u{1b}'));
}
