//! `hookyard serve` and `hookyard check`.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::support::{Ran, Running, Server, hookyard};

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

const ALONE: &str = "\
[server]
listen = \"127.0.0.1:0\"
[admin]
listen = \"127.0.0.1:0\"
[sources.one]
verify = \"none\"
";

/// Writes the file, with a destination for everything or without one.
fn write(folder: &Path, destination: Option<&str>) {
    let destination = destination.map_or(String::new(), |url| {
        format!("[destinations.app]\nurl = \"{url}\"\n[[routes]]\nfrom = \"one\"\nto = \"app\"\n")
    });
    std::fs::write(folder.join("hookyard.toml"), format!("{ALONE}{destination}")).unwrap();
}

/// Starts a hub and says where webhooks come in.
fn serve(folder: &Path) -> (Running, String) {
    let mut command = hookyard(folder);
    command.arg("serve");
    let (hub, line) = listening(command);
    (hub, line["ingest"].as_str().unwrap().to_owned())
}

fn listening(command: Command) -> (Running, Value) {
    let hub = Running::start(command);
    let line = serde_json::from_str(&hub.error_line("\"listening\"")).unwrap();
    (hub, line)
}

/// What is answered to a request without a body.
fn ask(address: &str, start: &str) -> String {
    ask_with(address, start, "")
}

/// The same with headers, each with its line break.
fn ask_with(address: &str, start: &str, headers: &str) -> String {
    let mut socket = TcpStream::connect(address).unwrap();
    let request = format!(
        "{start} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n{headers}content-length: 0\r\n\r\n"
    );
    socket.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    socket.read_to_string(&mut answer).unwrap();
    answer
}

fn send(address: &str) {
    let answer = ask(address, "POST /webhook/one");
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
}

#[test]
fn the_log_says_whom_a_lost_request_looks_like() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), None);
    let mut command = hookyard(folder.path());
    command.arg("serve");
    let (hub, line) = listening(command);
    let address = line["ingest"].as_str().unwrap();
    let refused = |headers: &str| {
        let answer = ask_with(address, "POST /webhook/nobody", headers);
        assert!(answer.starts_with("HTTP/1.1 404 "), "{answer}");
        serde_json::from_str::<Value>(&hub.error_line("\"refused\"")).unwrap()
    };
    let found = refused("x-github-event: push\r\nx-github-delivery: 1\r\n");
    assert_eq!(found["looks_like"], "github", "{found}");
    let found = refused("x-other: 1\r\n");
    assert_eq!(found["looks_like"], Value::Null, "{found}");
}

#[test]
fn requests_to_the_api_stand_in_the_log() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), None);
    for (start, level) in [
        ("POST /api/v1/dead-letters/purge?x=hidden", Some("INFO")),
        ("DELETE /api/v1/nothing", Some("INFO")),
        ("GET /health?x=hidden", None),
    ] {
        for log in ["info", "debug"] {
            let mut command = hookyard(folder.path());
            command.args(["serve", "--log", log]);
            let (hub, line) = listening(command);
            let answer = ask(line["admin"].as_str().unwrap(), start);
            let id = answer.lines().find_map(|line| line.strip_prefix("x-request-id: ")).unwrap();
            let ended = hub.end("TERM");
            assert!(!ended.stderr.contains("hidden"), "{ended:?}");
            let lines: Vec<&str> = ended.stderr.lines().filter(|line| line.contains(id)).collect();
            let Some(level) = level.or((log == "debug").then_some("DEBUG")) else {
                assert_eq!(lines, [""; 0]);
                continue;
            };
            assert_eq!(lines.len(), 1, "{lines:?}");
            let line: Value = serde_json::from_str(lines[0]).unwrap();
            let (method, path) = start.split_once(' ').unwrap();
            let path = path.split('?').next().unwrap();
            assert_eq!(
                (&line["level"], &line["method"], &line["path"]),
                (&level.into(), &method.into(), &path.into()),
                "{line}"
            );
            assert_eq!(answer.split(' ').nth(1), Some(&*line["status"].to_string()), "{line}");
        }
    }
}

#[test]
fn the_log_says_once_what_is_gone_and_names_what_is_left_behind() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start();
    server.answer(410);
    write(folder.path(), Some(&server.url("/")));
    let (hub, address) = serve(folder.path());
    send(&address);
    hub.error_line("and is disabled");
    send(&address);
    send(&address);
    let ended = hub.end("TERM");
    assert!(!ended.stderr.contains("and is disabled"), "once is enough: {}", ended.stderr);

    let waiting = |line: &str| {
        let line: Value = serde_json::from_str(line).unwrap();
        assert_eq!(
            (&line["level"], &line["destination"], &line["pending"]),
            (&"WARN".into(), &"app".into(), &2.into()),
            "{line}"
        );
    };
    // At a start without the destination, not with it, and at a reload that takes it away.
    write(folder.path(), None);
    let (hub, _) = serve(folder.path());
    waiting(&hub.error_line("does not name this destination"));
    write(folder.path(), Some(&server.url("/")));
    hub.end("TERM");
    let (hub, _) = serve(folder.path());
    write(folder.path(), None);
    waiting(&hub.error_line("does not name this destination"));
    let ended = hub.end("TERM");
    assert!(!ended.stderr.contains("does not name this destination"), "{ended:?}");
}

#[test]
fn a_change_that_is_wrong_is_logged_with_its_place() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), None);
    let (hub, _) = serve(folder.path());
    let wrong = format!("{ALONE}tokn = \"a\"\nrate = \"fast\"\n");
    std::fs::write(folder.path().join("hookyard.toml"), wrong).unwrap();
    let line = |text: &str| serde_json::from_str::<Value>(&hub.error_line(text)).unwrap();
    let first = line("unknown key `tokn`");
    assert_eq!(
        (&first["level"], &first["file"], &first["line"], &first["column"]),
        (&"ERROR".into(), &"hookyard.toml".into(), &7.into(), &1.into()),
        "{first}"
    );
    let says = "unknown key `tokn` in `[sources.one]`; did you mean `token`?";
    assert_eq!(first["message"], says);
    assert_eq!(line("expected a rate")["line"], 8);
    let all = line("the new configuration is not valid, the old one stays");
    assert_eq!(all["errors"], 2, "{all}");
}
