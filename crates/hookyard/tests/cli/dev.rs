//! `hookyard dev`: from the banner to the summary.

use std::net::TcpListener;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::support::{Ran, Running, Server, hookyard};

fn dev(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = hookyard(folder);
    command.args(["dev", "--port", "0", "--admin-port", "0"]).args(arguments);
    command
}

fn sh(folder: &Path, line: &str) -> Ran {
    let mut command = Command::new("sh");
    Ran::from(command.args(["-c", line]).current_dir(folder).output().unwrap())
}

/// The command that the banner says to try.
fn attempt(hub: &Running) -> String {
    let line = hub.line("trigger github push");
    line.trim().strip_prefix("try").expect("a label").trim().to_owned()
}

#[test]
fn what_it_says_to_try_is_delivered_and_shown() {
    let (folder, server) = (tempfile::tempdir().unwrap(), Server::start());
    let hub = Running::start(dev(folder.path(), &["--forward", &server.url("/hooks")]));
    assert!(hub.line("receives at").contains("/webhook/{name}"));
    let tried = sh(folder.path(), &attempt(&hub));
    assert_eq!(tried.code, 0, "{tried:?}");
    assert!(tried.stdout.contains("\"status\":\"accepted\""), "{tried:?}");
    let request = server.next();
    assert_eq!(
        (request.target.as_str(), request.header("x-github-event")),
        ("/hooks", Some("push"))
    );
    let received = hub.line("→ github  push");
    let id = request.header("webhook-id").expect("our id goes along");
    assert!(received.contains(id) && received.contains(" kB  "), "{received}");
    let delivered = hub.line("← local  200");
    assert!(delivered.contains(id) && !delivered.contains('\u{1b}'), "{delivered}");
    let ran = hub.end("INT");
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(ran.stdout.ends_with("stopped: 1 received, 1 delivered"), "{ran:?}");
}

#[test]
fn a_destination_that_is_gone_is_held_and_said_to_be() {
    let (folder, server) = (tempfile::tempdir().unwrap(), Server::start());
    server.answer(410);
    let forward = server.url("/hooks");
    let start = || Running::start(dev(folder.path(), &["--forward", &forward]));
    let hub = start();
    assert!(hub.line("with the sender's headers").contains("`forward_headers = \"all\"`"));
    assert!(hub.line("its token is in").contains("hookyard.db.admin.json"));
    let try_it = attempt(&hub);
    assert_eq!(sh(folder.path(), &try_it).code, 0);
    hub.line("← local  410");
    let held = hub.line("!");
    assert!(held.contains("`local` answered 410 Gone and is disabled; resume it with"), "{held}");
    assert_eq!(sh(folder.path(), &try_it).code, 0);
    hub.line("→ github");
    let ran = hub.end("INT");
    let left =
        "stopped: 2 received, 0 delivered, 1 failed attempt; 1 waits until `local` is resumed";
    assert!(ran.stdout.ends_with(left), "{ran:?}");

    server.answer(200);
    let hub = start();
    let held = hub.line("held  ");
    assert!(hub.line("waits  ").ends_with("1 delivery waits from before"));
    let resume = held.split('`').nth(3).expect("a command");
    assert_eq!(sh(folder.path(), resume).code, 0, "{resume}");
    hub.line("`local` goes on");
    // Before that line or after it.
    server.next();
    server.next();
    let ran = hub.end("INT");
    assert!(ran.stdout.ends_with("stopped: 0 received, 1 delivered"), "{ran:?}");
}

#[test]
fn a_program_reads_an_object_a_line() {
    let (folder, server) = (tempfile::tempdir().unwrap(), Server::start());
    server.answer(500);
    let hub = Running::start(dev(
        folder.path(),
        &["--json", "--forward", &server.address.port().to_string()],
    ));
    let object = |text: &str| serde_json::from_str::<Value>(&hub.line(text)).unwrap();
    let listening = object("listening");
    assert_eq!(listening["forward"], format!("http://localhost:{}", server.address.port()));
    assert_eq!(sh(folder.path(), listening["try"].as_str().unwrap()).code, 0);
    let received = object("received");
    assert_eq!((&received["type"], &received["to"][0]), (&"push".into(), &"local".into()));
    let attempted = object("attempted");
    assert_eq!(
        (&attempted["status"], &attempted["next"]["state"]),
        (&500.into(), &"pending".into())
    );
    assert_eq!(attempted["event_id"], received["event_id"]);
    let ran = hub.end("TERM");
    let last: Value = serde_json::from_str(ran.stdout.lines().last().unwrap()).unwrap();
    assert_eq!((ran.code, &last["kind"], &last["received"]), (0, &"stopped".into(), &1.into()));
}

#[test]
fn events_are_kept_where_the_other_commands_find_them() {
    let folder = tempfile::tempdir().unwrap();
    let hub = Running::start(dev(folder.path(), &[]));
    assert!(hub.line("forwards to").contains("`--forward"));
    assert_eq!(sh(folder.path(), &attempt(&hub)).code, 0);
    let listed = Ran::from(hookyard(folder.path()).args(["events", "list"]).output().unwrap());
    assert_eq!((listed.code, listed.stderr.as_str()), (0, ""), "{listed:?}");
    assert!(listed.stdout.contains("github") && listed.stdout.contains("push"), "{listed:?}");
    assert!(folder.path().join("hookyard.db").exists());
}

#[test]
fn it_is_called_by_its_name_where_the_shell_knows_it() {
    let (folder, bin) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_hookyard"), bin.path().join("hookyard"))
        .unwrap();
    let path = std::env::var_os("PATH").unwrap_or_default();
    let path = std::env::join_paths(
        [bin.path().to_owned()].into_iter().chain(std::env::split_paths(&path)),
    );
    let mut command = dev(folder.path(), &[]);
    command.env("PATH", path.unwrap());
    let hub = Running::start(command);
    assert!(attempt(&hub).starts_with("hookyard trigger github push --to http://127.0.0.1:"));
}

#[test]
fn a_port_in_use_is_named_with_its_option() {
    let folder = tempfile::tempdir().unwrap();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    for (option, other) in [("--port", "--admin-port"), ("--admin-port", "--port")] {
        let output = hookyard(folder.path()).args(["dev", option, &port, other, "0"]).output();
        let ran = Ran::from(output.unwrap());
        assert_eq!((ran.code, ran.stdout.as_str()), (1, ""), "{ran:?}");
        assert!(ran.stderr.contains(&format!("error: port {port} for ")), "{ran:?}");
        assert!(ran.stderr.contains(&format!("hint: choose another with `{option}`")), "{ran:?}");
    }
}

#[test]
fn a_store_in_use_is_named_with_its_option() {
    let folder = tempfile::tempdir().unwrap();
    let hub = Running::start(dev(folder.path(), &[]));
    hub.line("receives at");
    let second = Ran::from(dev(folder.path(), &[]).output().unwrap());
    assert_eq!(second.code, 1, "{second:?}");
    assert!(
        second.stderr.contains("hookyard.db") && second.stderr.contains("`--store`"),
        "{second:?}"
    );
}

#[test]
fn wrong_usage_is_explained() {
    let folder = tempfile::tempdir().unwrap();
    let cases: &[(&[&str], &str)] = &[
        (&["--forward", "ftp://example.com"], "hint: write it as `http://localhost:3000/hooks`"),
        (
            &["--forward", "foo"],
            "`--forward` cannot be `foo`: that is neither a URL nor a host with its port\nhint: write it as",
        ),
        (&["--forward", "http:///hooks"], "`--forward` cannot be `http:///hooks`: it has no host"),
        (&["--forward", "localhost:70000"], "`--forward` cannot be `localhost:70000`: not a URL"),
        (&["--log", "loud"], "`loud` does not say which levels"),
        (&["--port", "70000"], "70000 is not in 0..=65535"),
    ];
    for (arguments, expected) in cases {
        let ran = Ran::from(hookyard(folder.path()).arg("dev").args(*arguments).output().unwrap());
        assert_eq!((ran.code, ran.stdout.as_str()), (2, ""), "{ran:?}");
        assert!(ran.stderr.contains(expected), "{ran:?}");
    }
}
