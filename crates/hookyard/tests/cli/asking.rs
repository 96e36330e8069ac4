//! The commands that ask a running hub.

use std::path::Path;
use std::process::Command;

use serde_json::Value;
use tempfile::TempDir;

use crate::support::{Ran, Running, Server, hookyard, wait_until};

const SECRET: &str = "it's a secret, or was";

/// A hub with one source, one destination and one try for each delivery.
pub(crate) struct Hub {
    pub(crate) folder: TempDir,
    server: Server,
    running: Option<Running>,
    pub(crate) ingest: String,
    admin: String,
}

impl Hub {
    fn start() -> Self {
        let server = Server::start();
        let sections = format!(
            "[sources.github]\nprovider = \"github\"\nsecret = \"{SECRET}\"\n\
             [destinations.ci]\nurl = \"{}\"\nretry = {{ attempts = 1, base = \"1s\", max = \"1s\" }}\n\
             [[routes]]\nfrom = \"github\"\nto = \"ci\"\n",
            server.url("/hooks")
        );
        Self::with(server, &sections)
    }

    pub(crate) fn with(server: Server, sections: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let config = format!(
            "[server]\nlisten = \"127.0.0.1:0\"\n[admin]\nlisten = \"127.0.0.1:0\"\n\
             [store]\nurl = \"sqlite:data/hub.db\"\n{sections}"
        );
        std::fs::create_dir(folder.path().join("data")).unwrap();
        std::fs::write(folder.path().join("hookyard.toml"), config).unwrap();
        let mut command = hookyard(folder.path());
        command.arg("serve");
        let running = Running::start(command);
        let line: Value = serde_json::from_str(&running.error_line("\"listening\"")).unwrap();
        let address = |name: &str| format!("http://{}", line[name].as_str().unwrap());
        let (ingest, admin) = (address("ingest"), address("admin"));
        Self { folder, server, running: Some(running), ingest, admin }
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = hookyard(self.folder.path());
        command.args(arguments);
        command
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Ran {
        Ran::from(self.command(arguments).output().unwrap())
    }

    pub(crate) fn end(&mut self) {
        assert_eq!(self.running.take().unwrap().end("TERM").code, 0);
    }

    /// Runs what has to succeed, and gives back what it printed.
    pub(crate) fn done(&self, arguments: &[&str]) -> String {
        let ran = self.run(arguments);
        assert_eq!((ran.code, ran.stderr.as_str()), (0, ""), "{arguments:?}: {ran:?}");
        ran.stdout
    }

    pub(crate) fn json(&self, arguments: &[&str]) -> Value {
        serde_json::from_str(&self.done(arguments)).unwrap()
    }

    /// Sends an event in, and gives back its id.
    fn trigger(&self, event: &str) -> String {
        let to = format!("{}/webhook/github", self.ingest);
        let sent =
            self.json(&["trigger", "github", event, "--to", &to, "--secret", SECRET, "--json"]);
        sent["answer"]["event_id"].as_str().unwrap().to_owned()
    }

    /// Waits for an event's only delivery to be in a state, and gives back its id.
    fn delivery(&self, event: &str, state: &str) -> String {
        let mut id = String::new();
        wait_until(state, || {
            let found =
                self.json(&["deliveries", "list", "--event", event, "--state", state, "--json"]);
            let first = found["deliveries"].get(0).cloned().unwrap_or_default();
            first["id"].as_str().unwrap_or_default().clone_into(&mut id);
            !id.is_empty()
        });
        id
    }
}

#[test]
fn an_event_can_be_looked_at() {
    let hub = Hub::start();
    let id = hub.trigger("push");
    let sent = hub.server.next();
    hub.trigger("ping");
    let listed = hub.json(&[
        "events", "list", "--type", "push", "--source", "github", "--since", "1h", "--json",
    ]);
    assert_eq!(
        (&listed["events"][0]["id"], listed["events"].as_array().unwrap().len()),
        (&id.clone().into(), 1)
    );
    let table = hub.done(&["events", "list"]);
    assert!(
        table.starts_with("RECEIVED") && table.contains(&id) && table.lines().count() == 3,
        "{table}"
    );
    let page = hub.run(&["events", "list", "--limit", "1"]);
    let cursor = page.stderr.trim().strip_prefix("there is more: --after ").expect("a next page");
    assert!(hub.done(&["events", "list", "--after", cursor]).contains(&id));

    hub.delivery(&id, "succeeded");
    let shown = hub.done(&["events", "show", &id]);
    for part in [
        "x-github-event: push",
        "\n  \"ref\": \"refs/heads/main\",",
        "POST /webhook/github",
        "verified",
        "ci succeeded",
    ] {
        assert!(shown.contains(part), "{part}: {shown}");
    }
    let raw = hub.command(&["events", "show", &id, "--raw"]).output().unwrap();
    assert_eq!(raw.stdout, sent.body);
    assert_eq!(hub.json(&["events", "show", &id, "--json"])["id"], id);
}

#[test]
fn an_event_can_be_replayed() {
    let hub = Hub::start();
    let id = hub.trigger("push");
    let first = hub.server.next();
    hub.delivery(&id, "succeeded");
    for arguments in [&["events", "replay", &id][..], &["events", "replay", &id, "--to", "ci"]] {
        let printed = hub.done(arguments);
        assert!(printed.starts_with("dlv_") && printed.lines().count() == 1, "{printed}");
        let again = hub.server.next();
        assert_eq!(
            (again.header("webhook-id"), &again.body),
            (first.header("webhook-id"), &first.body)
        );
    }
    let nobody = hub.run(&["events", "replay", &id, "--to", "nobody"]);
    assert_eq!((nobody.code, nobody.stdout.as_str()), (2, ""), "{nobody:?}");
    assert!(nobody.stderr.contains("nobody"), "{nobody:?}");
}

#[test]
fn a_dead_letter_says_why_and_is_delivered_again() {
    let hub = Hub::start();
    hub.server.answer(500);
    let event = hub.trigger("push");
    hub.server.next();
    let id = hub.delivery(&event, "dead_letter");
    let shown = hub.done(&["deliveries", "show", &id]);
    assert!(
        shown.contains("not delivered: all of the retry schedule is used up (1 attempt)"),
        "{shown}"
    );
    assert!(shown.contains("500") && shown.contains("{\"ok\": \"yes\"}"), "{shown}");
    assert!(shown.contains(&format!("`hookyard deliveries redeliver {id}`")), "{shown}");
    let table = hub.done(&["dead-letters", "list", "--destination", "ci"]);
    assert!(table.contains(&id) && table.contains("exhausted"), "{table}");

    let unsure = hub.run(&["dead-letters", "redeliver", "--all"]);
    assert_eq!((unsure.code, unsure.stdout.as_str()), (2, ""), "{unsure:?}");
    assert!(
        unsure.stderr.contains("this would redeliver 1 dead letter\nhint: `--yes`"),
        "{unsure:?}"
    );
    assert_eq!(hub.run(&["dead-letters", "redeliver"]).code, 2);
    let dry = hub.done(&["dead-letters", "redeliver", "--event", &event, "--dry-run"]);
    assert_eq!(dry, "1 dead letter found\n");
    assert!(hub.server.ready().is_none());

    hub.server.answer(200);
    let done =
        hub.done(&["dead-letters", "redeliver", "--destination", "ci", "--since", "1h", "--yes"]);
    assert_eq!(done, "1 dead letter will be delivered again\n");
    assert_eq!(hub.server.next().header("webhook-id"), Some(event.as_str()));
    hub.delivery(&event, "succeeded");
    assert!(hub.done(&["deliveries", "show", &id]).contains("delivered to ci after 2 attempts"));
}

#[test]
fn dead_letters_can_be_thrown_away() {
    let hub = Hub::start();
    hub.server.answer(500);
    for event in ["push", "ping"] {
        hub.delivery(&hub.trigger(event), "dead_letter");
    }
    assert_eq!(hub.json(&["dead-letters", "purge", "--all", "--dry-run", "--json"])["count"], 2);
    assert_eq!(
        hub.done(&["dead-letters", "purge", "--all", "--yes"]),
        "2 dead letters thrown away\n"
    );
    let none = hub.run(&["dead-letters", "list"]);
    assert_eq!(
        (none.code, none.stdout.as_str(), none.stderr.as_str()),
        (0, "", "no dead letters\n")
    );
    assert_eq!(hub.done(&["dead-letters", "purge", "--all"]), "0 dead letters found\n");
}

#[test]
fn a_destination_is_paused_and_a_delivery_cancelled() {
    let hub = Hub::start();
    assert_eq!(hub.done(&["destinations", "pause", "ci"]), "ci is paused\n");
    assert!(hub.done(&["destinations", "list"]).contains("paused"));
    let event = hub.trigger("push");
    let id = hub.delivery(&event, "pending");
    assert!(hub.done(&["deliveries", "list"]).contains("  held  "));
    let shown = hub.done(&["deliveries", "show", &id]);
    let held = "held: `ci` is paused; resume it with `hookyard destinations resume ci`";
    assert!(shown.contains(held) && !shown.contains("due "), "{shown}");
    assert_eq!(hub.done(&["deliveries", "cancel", &id]), format!("{id} is cancelled\n"));
    assert!(
        hub.done(&["deliveries", "show", &id]).contains("cancelled by a person after no attempts")
    );
    let more = [hub.trigger("ping"), hub.trigger("issues.opened")];
    assert_eq!(hub.run(&["deliveries", "cancel"]).code, 2);
    assert_eq!(hub.run(&["deliveries", "cancel", &id, "--all"]).code, 2);
    let dry = hub.done(&["deliveries", "cancel", "--destination", "ci", "--dry-run"]);
    assert_eq!(dry, "2 pending deliveries found\n");
    assert_eq!(
        hub.done(&["deliveries", "cancel", "--event", &more[0], "-y"]),
        "1 pending delivery cancelled\n"
    );
    assert_eq!(hub.json(&["deliveries", "cancel", "--all", "--yes", "--json"])["count"], 1);
    let twice = hub.run(&["deliveries", "cancel", &id]);
    assert_eq!(twice.code, 1, "{twice:?}");
    assert_eq!(
        hub.done(&["deliveries", "redeliver", &id]),
        format!("{id} will be delivered again\n")
    );
    assert!(hub.server.ready().is_none());
    assert_eq!(hub.done(&["destinations", "resume", "ci"]), "ci goes on\n");
    assert_eq!(hub.server.next().header("webhook-id"), Some(event.as_str()));
}

#[test]
fn a_destination_that_is_gone_holds_what_comes_after() {
    let hub = Hub::start();
    hub.server.answer(410);
    let dead = hub.delivery(&hub.trigger("push"), "dead_letter");
    let waits = hub.delivery(&hub.trigger("ping"), "pending");
    let shown = hub.done(&["deliveries", "show", &waits]);
    let held = "held: `ci` answered 410 Gone and is disabled; resume it with `hookyard destinations resume ci`";
    assert!(shown.contains(held), "{shown}");
    let shown = hub.done(&["deliveries", "show", &dead]);
    let both =
        format!("`hookyard destinations resume ci` and `hookyard deliveries redeliver {dead}`");
    assert!(shown.contains(&both), "{shown}");
}

#[test]
fn what_is_not_there_has_an_exit_code_of_its_own() {
    let hub = Hub::start();
    let id = "7ZZZZZZZZZZZZZZZZZZZZZZZZZ";
    let (event, delivery) = (format!("evt_{id}"), format!("dlv_{id}_0"));
    let cases: &[(&[&str], i32)] = &[
        (&["events", "show", &event], 4),
        (&["events", "show", &event, "--raw"], 4),
        (&["events", "replay", &event], 4),
        (&["deliveries", "show", &delivery], 4),
        (&["deliveries", "redeliver", &delivery], 4),
        (&["destinations", "pause", "nobody"], 4),
        (&["events", "show", "nonsense"], 2),
        (&["events", "list", "--since", "yesterday"], 2),
        (&["deliveries", "list", "--state", "lost"], 2),
    ];
    let ran = hub.run(&["destinations", "pause", "nobody"]);
    assert!(ran.stderr.ends_with("hint: the only destination is ci\n"), "{ran:?}");
    for (arguments, code) in cases {
        let ran = hub.run(arguments);
        assert_eq!((ran.code, ran.stdout.as_str()), (*code, ""), "{arguments:?}: {ran:?}");
        assert!(ran.stderr.starts_with("error: "), "{ran:?}");
    }
}

#[test]
fn a_name_that_nothing_has_is_told_from_one_that_has_nothing() {
    let hub = Hub::start();
    let cases: &[(&[&str], i32, &str)] = &[
        (
            &["events", "list", "--source", "gihub"],
            4,
            "no source `gihub`\nhint: did you mean `github`?",
        ),
        (
            &["events", "list", "--source", "x", "--json"],
            4,
            "no source `x`\nhint: the only source is github",
        ),
        (&["quarantine", "list", "--source", "gihub"], 4, "no source `gihub`"),
        (&["quarantine", "release", "--source", "gihub"], 4, "no source `gihub`"),
        (&["quarantine", "release", "--source", "gihub", "--dry-run"], 4, "no source `gihub`"),
        (
            &["quarantine", "list", "--reason", "signature_mismach"],
            2,
            "no reason `signature_mismach`\nhint: did you mean `signature_mismatch`?",
        ),
        (
            &["quarantine", "list", "--reason", "late"],
            2,
            "hint: the reasons are signature_missing, ",
        ),
        (&["quarantine", "list", "--state", "lost"], 2, "[possible values: held, released]"),
        (&["deliveries", "list", "--destination", "cj"], 4, "no destination `cj`"),
        (&["deliveries", "cancel", "--destination", "cj"], 4, "no destination `cj`"),
        (&["dead-letters", "list", "--destination", "cj"], 4, "no destination `cj`"),
        (&["dead-letters", "redeliver", "--destination", "cj", "--yes"], 4, "no destination `cj`"),
    ];
    for (arguments, code, expected) in cases {
        let ran = hub.run(arguments);
        assert_eq!(ran.code, *code, "{arguments:?}: {ran:?}");
        assert!(ran.stderr.contains(expected), "{arguments:?}: {}", ran.stderr);
    }
    for arguments in [
        &["events", "list", "--source", "github"][..],
        &["quarantine", "list", "--reason", "signature_mismatch"],
        &["deliveries", "list", "--destination", "ci"],
    ] {
        assert_eq!(hub.run(arguments).code, 0, "{arguments:?}");
    }
}

#[test]
fn a_release_says_that_there_was_one_before() {
    let hub = Hub::start();
    let wrong = ["trigger", "github", "--secret", "another one, or was"];
    assert_eq!(hub.run(&wrong).code, 1);
    let mut id = String::new();
    wait_until("the quarantine", || {
        let found = hub.json(&["quarantine", "list", "--json"]);
        found["quarantine"][0]["id"].as_str().unwrap_or_default().clone_into(&mut id);
        !id.is_empty()
    });
    let config = hub.folder.path().join("hookyard.toml");
    let text = std::fs::read_to_string(&config).unwrap();
    std::fs::write(&config, text.replace(SECRET, "another one, or was")).unwrap();
    let mut event = String::new();
    wait_until("the new secret", || {
        let ran = hub.run(&["quarantine", "release", &id]);
        event.clone_from(&ran.stdout);
        ran.code == 0 && ran.stderr.is_empty()
    });
    let again = hub.run(&["quarantine", "release", &id]);
    assert_eq!((again.code, &again.stdout), (0, &event), "{again:?}");
    let note = format!("it was released before, as {}: nothing was done now\n", event.trim());
    assert_eq!(again.stderr, note);
    let json = hub.json(&["quarantine", "release", &id, "--json"]);
    assert_eq!((&json["released_before"], &json["duplicate"]), (&true.into(), &true.into()));
}

#[test]
fn what_answers_elsewhere_is_told_from_the_api() {
    let hub = Hub::start();
    let plain = hub.admin.strip_prefix("http://").unwrap();
    let store = hub.folder.path().join("data/hub.db");
    let store = store.to_str().unwrap();
    for url in [plain, &format!("{plain}/"), &format!("{}/api/v1/", hub.admin)] {
        let ran = hub.run(&["status", "--url", url]);
        assert_eq!(ran.code, 0, "{url}: {ran:?}");
        assert_eq!(hub.run(&["events", "list", "--store", store, "--url", url]).code, 0, "{url}");
    }
    let right = format!(
        "hint: the hub of this folder has it at {0}: write `--url {0}`, or leave `--url` out\n",
        hub.admin
    );
    for command in [&["status"][..], &["events", "list"], &["destinations", "pause", "ci"]] {
        let ran = hub.run(&[command, &["--url", &format!("{}/", hub.ingest)]].concat());
        assert_eq!((ran.code, ran.stdout.as_str()), (2, ""), "{ran:?}");
        let says = format!("error: webhooks come in at {}; the admin API is", hub.ingest);
        assert!(ran.stderr.starts_with(&says) && ran.stderr.ends_with(&right), "{ran:?}");
    }
    let other = Server::start();
    let ran = hub.run(&["events", "list", "--url", &other.url("")]);
    assert_eq!((ran.code, ran.stdout.as_str()), (3, ""), "{ran:?}");
    assert!(ran.stderr.contains("(200 OK) is not a hub's admin API"), "{ran:?}");
    let ran = hub.run(&["status", "--url", "hub"]);
    assert_eq!((ran.code, ran.stdout.as_str()), (2, ""), "{ran:?}");
    assert!(ran.stderr.contains("`--url` cannot be `hub`: "), "{ran:?}");
}

#[test]
fn how_the_hub_is_doing() {
    let hub = Hub::start();
    let status = hub.done(&["status"]);
    assert!(
        status.starts_with("status                     ok\n")
            && ["store engine", "\noldest pending ", "\noverdue "]
                .iter()
                .all(|name| status.contains(name)),
        "{status}"
    );
    assert_eq!(hub.json(&["status", "--json"])["status"], "ok");
}

#[test]
fn a_hub_is_found_by_its_store_its_configuration_or_its_url() {
    let hub = Hub::start();
    let elsewhere = tempfile::tempdir().unwrap();
    let config = hub.folder.path().join("hookyard.toml");
    let store = hub.folder.path().join("data/hub.db");
    let ask = |arguments: &[&Path], variables: &[(&str, &str)]| {
        let mut command = hookyard(elsewhere.path());
        command.args(["events", "list"]).args(arguments).envs(variables.iter().copied());
        Ran::from(command.output().unwrap())
    };
    let found =
        |ran: Ran| assert_eq!((ran.code, ran.stderr.as_str()), (0, "no events\n"), "{ran:?}");
    found(ask(&[Path::new("--config"), &config], &[]));
    found(ask(&[Path::new("--store"), &store], &[]));
    found(ask(&[], &[("HOOKYARD_CONFIG", config.to_str().unwrap())]));
    let file: Value = serde_json::from_slice(
        &std::fs::read(hub.folder.path().join("data/hub.db.admin.json")).unwrap(),
    )
    .unwrap();
    let token = file["token"].as_str().unwrap();
    found(ask(&[], &[("HOOKYARD_ADMIN_URL", &hub.admin), ("HOOKYARD_ADMIN_TOKEN", token)]));
    found(ask(
        &[Path::new("--store"), &store],
        &[("HOOKYARD_ADMIN_URL", &format!("{}/", hub.admin))],
    ));

    for variables in [
        &[("HOOKYARD_ADMIN_URL", &*hub.admin)][..],
        &[("HOOKYARD_ADMIN_URL", &*hub.admin), ("HOOKYARD_ADMIN_TOKEN", "hyk_wrong")],
    ] {
        let refused = ask(&[], variables);
        assert_eq!(refused.code, 1, "{refused:?}");
        assert!(refused.stderr.contains("does not accept the token"), "{refused:?}");
    }
}

#[test]
fn a_broken_configuration_keeps_nobody_from_asking() {
    let hub = Hub::start();
    let config = hub.folder.path().join("hookyard.toml");
    let text = std::fs::read_to_string(&config).unwrap();
    std::fs::write(&config, format!("{text}\n[sources.\n")).unwrap();
    let ran = hub.run(&["destinations", "list"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(ran.stderr.starts_with("note: `hookyard.toml` is broken ("), "{ran:?}");
    let ran = hub.run(&["status", "--url", &hub.admin]);
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""), "{ran:?}");
}

#[test]
fn no_hub_has_an_exit_code_of_its_own() {
    let nowhere = tempfile::tempdir().unwrap();
    let ran = Ran::from(hookyard(nowhere.path()).args(["events", "list"]).output().unwrap());
    assert_eq!((ran.code, ran.stdout.as_str()), (3, ""), "{ran:?}");
    assert!(
        ran.stderr.starts_with("error: no hub has run here")
            && ran.stderr.contains("hint: start one with"),
        "{ran:?}"
    );

    let mut hub = Hub::start();
    hub.end();
    for command in ["events", "deliveries", "dead-letters", "destinations"] {
        let ran = hub.run(&[command, "list"]);
        assert_eq!((ran.code, ran.stdout.as_str()), (3, ""), "{ran:?}");
        assert!(
            ran.stderr.starts_with(&format!("error: no hub answers at {}", hub.admin))
                && ran.stderr.contains(
                    "hint: the hub was there when it started last, says `data/hub.db.admin.json`"
                ),
            "{ran:?}"
        );
    }
    assert_eq!(hub.run(&["status"]).code, 3);
}
