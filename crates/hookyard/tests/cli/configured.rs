//! `hookyard trigger` with the hub whose configuration is in the current folder.

use crate::asking::Hub;
use crate::support::{Ran, Running, Server, hookyard};

const SECTIONS: &str = r#"
[sources.shop]
provider = "shopify"
secret = "the secret of the shop"
[sources.harbour]
provider = "generic"
secret = "the secret of the harbour"
signature = { header = "x-harbour", algorithm = "sha512", encoding = "base64" }
[sources.one]
provider = "github"
secret = "the secret of the first"
[sources.two]
provider = "github"
secrets = ["the secret of the second", "the former one of it"]
token = { header = "x-two", tokens = ["the token of the second"] }
[sources.mail]
provider = "sendgrid"
secret = "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEs4SaysQhI6zSZhPhkW2tgldWa4nhWzzmiiP3bUXXQjUbKilsIvIvMAB+Z63gexLqrDIhVDtIqoRfKZdg7uOL4A=="
[sources.social]
provider = "whatsapp"
secret = "the secret of the app"
settings = { verify_token = "meatyhamhock" }
[sources.nobody]
verify = "none"
"#;

#[test]
fn a_source_is_found_by_its_name_or_by_its_provider() {
    let hub = Hub::with(Server::start(), SECTIONS);
    for (name, provider, source) in [
        ("shop", "shopify", "shop"),
        ("shopify", "shopify", "shop"),
        ("harbour", "generic", "harbour"),
        ("one", "github", "one"),
        ("two", "github", "two"),
        ("facebook", "meta", "social"),
    ] {
        let ran = hub.run(&["trigger", name]);
        assert_eq!(ran.code, 0, "{name}: {ran:?}");
        assert!(ran.stdout.starts_with(&format!("{provider} ")), "{name}: {ran:?}");
        assert!(ran.stdout.contains("\"status\":\"accepted\""), "{name}: {ran:?}");
        let to = format!("{}/webhook/{source}", hub.ingest);
        let note = format!(
            "to the source `{source}` of `hookyard.toml`, at {to}, signed with its secret\n"
        );
        assert_eq!(ran.stderr, note, "{name}");
    }
    let checks = ["--bad-signature", "--tampered", "--duplicate", "--handshake"];
    let ran = hub.run(&[&["trigger", "social"], &checks[..]].concat());
    assert_eq!(ran.code, 0, "{ran:?}");
}

#[test]
fn what_is_not_clear_is_asked_back() {
    let hub = Hub::with(Server::start(), SECTIONS);
    let cases: &[(&[&str], &str)] = &[
        (
            &["github"],
            "several sources are of the provider `github`\nhint: name one of them: one, two\n",
        ),
        (
            &["stripe"],
            "`hookyard.toml` has no source of the provider `stripe`\nhint: the sources are ",
        ),
        (&["githb"], "did you mean `github`?\nhint: or name a source: harbour, mail, "),
        (&["harbur"], "or did you mean the source `harbour`?\n"),
        (&["nobody"], "the source `nobody` names no provider"),
        (
            &["mail"],
            "the source has a public key, which verifies and cannot sign\nhint: give the private key",
        ),
    ];
    for (arguments, expected) in cases {
        let ran = hub.run(&[&["trigger"], *arguments].concat());
        assert_eq!((ran.code, ran.stdout.as_str()), (2, ""), "{arguments:?}: {ran:?}");
        assert!(ran.stderr.contains(expected), "{arguments:?}: {}", ran.stderr);
    }
}

#[test]
fn what_is_said_on_the_command_line_counts_more() {
    let (hub, server) = (Hub::with(Server::start(), SECTIONS), Server::start());
    // With `--to` the configuration of the folder does not count.
    let ran = hub.run(&["trigger", "shopify", "--to", &server.url("/a")]);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(ran.stderr.contains("a secret made up for this run"), "{ran:?}");
    assert_eq!(server.next().target, "/a");
    let ran = hub.run(&["trigger", "shop", "--secret", "another one"]);
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(!ran.stderr.contains("signed with its secret"), "{ran:?}");
    assert!(ran.stderr.contains("hint: `--secret` must be the source's secret"), "{ran:?}");
    // One that is named does, wherever the command is run.
    let elsewhere = tempfile::tempdir().unwrap();
    let config = hub.folder.path().join("hookyard.toml");
    let mut command = hookyard(elsewhere.path());
    command.args(["trigger", "shop", "--config", config.to_str().unwrap()]);
    let ran = Ran::from(command.output().unwrap());
    assert_eq!(ran.code, 0, "{ran:?}");
    // What this machine's address is not enough for is said before anything is sent.
    let text = std::fs::read_to_string(&config).unwrap();
    let hosts = text.replace("[server]\n", "[server]\nhosts = [\"hooks.example.com\"]\n");
    std::fs::write(&config, hosts).unwrap();
    let ran = hub.run(&["trigger", "shop"]);
    assert_eq!((ran.code, ran.stdout.as_str()), (2, ""), "{ran:?}");
    assert!(ran.stderr.contains("for the `hosts` in `[server]` alone\nhint: say with `--to`"));
    let to = format!("{}/webhook/shop", hub.ingest);
    let config = config.to_str().unwrap();
    let ran = hub.run(&["trigger", "shop", "--config", config, "--to", &to]);
    assert!(ran.stderr.contains(&format!("at {to}, signed with its secret")), "{ran:?}");
    // A configuration that cannot be read says nothing of where to.
    std::fs::write(config, text.replace("of the shop", "${NOT_SET}")).unwrap();
    let ran = hub.run(&["trigger", "shop"]);
    assert_eq!((ran.code, ran.stdout.as_str()), (2, ""), "{ran:?}");
    for part in [
        "the environment variable `NOT_SET` is not set",
        "error: `hookyard.toml` does not say where events go\nhint: correct it",
    ] {
        assert!(ran.stderr.contains(part), "{part}: {}", ran.stderr);
    }
}

#[test]
fn what_is_in_the_way_is_told() {
    let mut hub = Hub::with(Server::start(), SECTIONS);
    let ran = hub.run(&["trigger", "shopify", "--to", &hub.ingest]);
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(ran.stderr.contains("hint: a source receives at `/webhook/NAME`"), "{ran:?}");
    hub.end();
    let ran = hub.run(&["trigger", "shop"]);
    assert_eq!(ran.code, 3, "{ran:?}");
    assert!(ran.stderr.contains("hint: start the hub with `hookyard serve`"), "{ran:?}");
}

#[test]
fn a_hub_without_a_configuration_is_found_by_its_store() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = hookyard(folder.path());
    command.args(["dev", "--port", "0", "--admin-port", "0"]);
    let hub = Running::start(command);
    let receives = hub.line("receives at");
    let ran = Ran::from(hookyard(folder.path()).args(["trigger", "twitter"]).output().unwrap());
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(ran.stdout.starts_with("x-twitter "), "{ran:?}");
    assert!(receives.contains("http://127.0.0.1:"), "{receives}");
    hub.line("→ x-twitter");
}
