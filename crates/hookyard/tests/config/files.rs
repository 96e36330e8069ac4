//! Files that cannot be read, or hold more than the table of wrong ones can show.

use std::fs;
use std::path::Path;

use hookyard::config::Config;
use hookyard::config::check::check;

use super::{env, folder, shown};

/// What is shown for a path, in a folder that is left out.
fn shown_at(folder: &Path, name: &str) -> String {
    let errors = Config::load(&folder.join(name), &env).unwrap_err();
    errors.to_string().replace(&format!("{}/", folder.display()), "")
}

#[test]
fn what_is_no_file_is_said() {
    let folder = folder("");
    fs::create_dir(folder.path().join("folder")).unwrap();
    let cases = [
        (
            "folder",
            "error: the configuration file `folder` is a directory; name a file\n--> folder",
        ),
        ("none", "error: the configuration file `none` does not exist; check the path\n--> none"),
        (
            "hookyard.toml",
            "error: the configuration file `hookyard.toml` is empty; begin with a section such as `[sources.github]`\n--> hookyard.toml",
        ),
    ];
    for (name, expected) in cases {
        assert_eq!(shown_at(folder.path(), name), expected);
    }
}

#[test]
fn a_file_that_is_too_long_is_not_read() {
    let text = "# nothing\n".repeat(110_000);
    assert_eq!(
        shown(&text),
        "error: the configuration file `hookyard.toml` is longer than 1MiB; check that it is the right one\n--> hookyard.toml"
    );
    let just_fits = text.as_bytes().get(..1 << 20).unwrap();
    assert!(shown(just_fits).starts_with("warning: there is no source"));
}

#[test]
fn bytes_that_are_no_text_are_said_with_their_line() {
    let text = b"[server]\nlisten = \"\xff\"\n";
    assert_eq!(
        shown(text),
        "error: the configuration file `hookyard.toml` is not UTF-8 in line 2; save it as UTF-8\n--> hookyard.toml"
    );
}

#[test]
fn many_errors_are_counted_and_not_all_shown() {
    let sections: Vec<String> = (0..70).map(|n| format!("[sources.s{n}]\nprovidr = 1\n")).collect();
    let text = shown(sections.concat());
    assert_eq!(text.matches("did you mean `provider`?").count(), 50);
    assert!(text.ends_with("… and 20 more"), "{text}");
}

#[test]
fn nothing_panics_and_no_secret_is_shown_wherever_a_file_ends() {
    let whole = "[server]\r\nlisten = \"127.0.0.1:1\"\n[sources.github]\nprovider = \"github\"\n\
                 secrets = ['hunter2-ä-1',\n  \"\"\"hunter2-\n2\"\"\"]\ntoken = { header = \"x\", tokens = \"hunter2\" }\n\
                 [destinations.\"d.e\"]\nurl = \"http://me:hunter2@localhost/?hunter2\"\nheaders = { a.b = \"hunter2\" }\n\
                 [[routes]]\nfrom = \"github\"\nto = [\"d.e\", \"größe\"]\n";
    for (end, _) in whole.char_indices().skip(1) {
        let (start, _) = whole.split_at(end);
        for tail in ["", "\n= 1"] {
            let text = shown(format!("{start}{tail}"));
            assert!(!text.contains("hunter"), "{text}");
        }
    }
}

#[test]
fn secrets_come_from_files_without_their_line_end() {
    let folder = folder(
        "[sources.a]\nprovider = \"github\"\nsecret = \"file:secret\"\n[destinations.d]\nurl = \"http://localhost\"\n\
         headers = { x-file = \"file:secret\", x-env = \"a ${GITHUB_SECRET}$${b}\" }\n[[routes]]\nfrom = \"*\"\nto = \"d\"\n",
    );
    let path = folder.path().join("hookyard.toml");
    let sentence = |content: &[u8]| {
        fs::write(folder.path().join("secret"), content).unwrap();
        Config::load(&path, &env).err().map(|errors| errors.to_string())
    };
    assert!(sentence(b"\n").unwrap().contains("the secret's file is empty"));
    assert!(sentence(b"\xff").unwrap().contains("is not UTF-8 in line 1"));
    assert_eq!(sentence(b"  sixteen letters and more\r\n"), None);
    let (config, warnings) = Config::load(&path, &env).unwrap();
    assert_eq!(warnings.count(), 0, "{warnings}");
    assert!(config.routes[0].from.is_none());
    let destination = config.destinations.values().next().unwrap();
    let headers: Vec<_> =
        destination.headers.iter().map(|(name, value)| (name.as_str(), value.reveal())).collect();
    let expected =
        [("x-env", "a a-secret-that-is-long-enough${b}"), ("x-file", "  sixteen letters and more")];
    assert_eq!(headers, expected);
}

#[test]
fn tls_takes_a_certificate_and_its_key() {
    let folder = folder(
        "[server]\nlisten = \"[::]:8443\"\ntls = { certificate = \"a.pem\", key = \"a.key\" }\n[sources.a]\nverify = \"none\"\n",
    );
    let (config, _) = Config::load(&folder.path().join("hookyard.toml"), &env).unwrap();
    let files = config.server.tls.unwrap();
    assert_eq!(files.certificate, folder.path().join("a.pem"));
    let server = hookyard::config::tls::server_config(&files).unwrap();
    assert_eq!(server.alpn_protocols, [b"http/1.1"]);
}

#[test]
fn a_check_sums_up_what_is_set_up() {
    let folder = folder(
        r#"
[server]
listen = "0.0.0.0:443"
public_url = "https://hooks.example.com/"
hosts = ["Hooks.example.com.", "10.0.0.7"]
[store.retention]
max_size = "20GiB"
[sources.github]
provider = "github"
secret = "${GITHUB_SECRET}"
bearer = "${GITHUB_SECRET}"
[sources.stripe]
provider = "stripe"
secret = "${GITHUB_SECRET}"
dedupe = { key = ["json:/id", "body"], window = "1d" }
[sources.anyone]
verify = "none"
enabled = false
[sources.known]
verify = "none"
bearer = "${GITHUB_SECRET}"
[destinations.ci]
url = "http://127.0.0.1:3000/hooks?token=hunter2"
secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
[destinations.log]
url = "https://example.com"
reach = "public"
retry = ["1s", "1m"]
[[routes]]
from = "github"
types = ["push", "pull_request.*"]
to = ["ci", "log"]
[[routes]]
from = "*"
to = "log"
"#,
    );
    let checked = check(&folder.path().join("hookyard.toml"), &env, false);
    let text = checked.text.replace(&format!("{}/", folder.path().display()), "");
    assert!(checked.is_valid, "{text}");
    assert_eq!(
        text,
        "\
Webhooks come in at http://0.0.0.0:443, which providers know as https://hooks.example.com, for the host hooks.example.com or 10.0.0.7 alone.
API, health and metrics are at http://127.0.0.1:8081.
Events are kept in hookyard.db: 7d once delivered, 30d as dead letters, 20GiB at most.

Source  Path             Provider    Proof                                 Repeats told by
anyone  /webhook/anyone  none named  none: anyone can send (switched off)  nothing: each arrival is an event
github  /webhook/github  GitHub      signed: body, and a token             provider's event id, 30d
known   /webhook/known   none named  a token alone                         nothing: each arrival is an event
stripe  /webhook/stripe  Stripe      signed: body, time                    json:/id, else body, 1d

Destination  URL                                           Signed  At once  Attempts
ci           http://127.0.0.1:3000/hooks?…                 yes     8        10, standard
log          https://example.com (public addresses alone)  no      8        3

From          Types                 To
github        push, pull_request.*  ci, log
every source  all                   log

The configuration is valid.
"
    );
}

/// The rows of the sources, and what is said of them below.
fn sources(text: &str) -> String {
    let text = format!(
        "{text}\n[destinations.ci]\nurl = \"http://localhost\"\n[[routes]]\nfrom = \"*\"\nto = \"ci\"\n"
    );
    let folder = folder(text);
    let checked = check(&folder.path().join("hookyard.toml"), &env, false);
    assert!(checked.is_valid, "{}", checked.text);
    let (_, rest) = checked.text.split_once("\n\n").unwrap();
    let (sources, _) = rest.split_once("\nDestination ").unwrap();
    sources.to_owned()
}

#[test]
fn a_check_says_by_what_repeats_are_told_and_for_how_long() {
    let shown = sources(
        r#"
[sources.by-header]
provider = "github"
secret = "${GITHUB_SECRET}"
[sources.by-body]
provider = "docker-hub"
verify = "none"
[sources.by-item]
provider = "sparkpost"
secret = "user:${GITHUB_SECRET}"
[sources.together]
provider = "sparkpost"
secret = "user:${GITHUB_SECRET}"
batches = "together"
[sources.time-signed]
provider = "stripe"
secret = "${GITHUB_SECRET}"
[sources.unsigned]
provider = "stripe"
verify = "none"
[sources.no-id]
provider = "generic"
secret = "${GITHUB_SECRET}"
dedupe = { key = ["provider", "body"] }
[sources.off]
provider = "stripe"
secret = "${GITHUB_SECRET}"
dedupe = { key = "off" }
"#,
    );
    let told: Vec<(&str, &str)> = shown
        .lines()
        .skip(1)
        .take_while(|row| !row.is_empty())
        .map(|row| {
            let cells: Vec<_> = row.split("  ").filter(|cell| !cell.is_empty()).collect();
            (cells[0], cells[cells.len() - 1].trim())
        })
        .collect();
    assert_eq!(
        told,
        [
            ("by-body", "body, 30d"),
            ("by-header", "provider's event id, 30d"),
            ("by-item", "provider's event id, else body, 30d"),
            ("no-id", "body, 30d"),
            ("off", "nothing: each arrival is an event"),
            ("time-signed", "provider's event id, 7d"),
            ("together", "provider's event id, else body, 30d"),
            ("unsigned", "provider's event id, 30d"),
        ]
    );
}

#[test]
fn a_check_says_what_is_not_certain_of_a_provider_once() {
    let shown = sources(
        r#"
[sources.b]
provider = "klarna"
secret = "${GITHUB_SECRET}"
[sources.a]
provider = "klarna"
secret = "${GITHUB_SECRET}"
[sources.asana]
provider = "asana"
handshake_secret = "asana.secret"
[sources.hub]
provider = "docker-hub"
verify = "none"
[sources.github]
provider = "github"
secret = "${GITHUB_SECRET}"
"#,
    );
    assert_eq!(
        shown,
        "\
Source  Path             Provider                  Proof                            Repeats told by
a       /webhook/a       Klarna (unknown)          signed: body                     nothing: each arrival is an event
asana   /webhook/asana   Asana (unconfirmed)       waits for the provider's secret  provider's event id, else body, 30d
b       /webhook/b       Klarna (unknown)          signed: body                     nothing: each arrival is an event
github  /webhook/github  GitHub                    signed: body                     provider's event id, 30d
hub     /webhook/hub     Docker Hub (unconfirmed)  none: anyone can send            body, 30d

How Asana signs is unconfirmed: it is known from others than Asana, or from memory. A wrong entry refuses good requests: send a test event from there before you rely on it.

That Docker Hub signs nothing is unconfirmed: it is known from others than Docker Hub, or from memory. A wrong entry refuses good requests: send a test event from there before you rely on it.

How Klarna signs is unknown: what is checked is a guess at the usual HMAC. Read the documentation of Klarna, and describe with the provider `generic` what it says.
"
    );
}

#[test]
fn a_check_of_a_wrong_file_says_how_many_errors() {
    let folder = folder("[sources.a]\nsecret = \"short\"\n[sources.b]\n");
    let checked = check(&folder.path().join("hookyard.toml"), &env, false);
    assert!(!checked.is_valid);
    assert!(
        checked.text.ends_with("The configuration is not valid: 2 errors.\n"),
        "{}",
        checked.text
    );
    let colored = check(&folder.path().join("hookyard.toml"), &env, true);
    assert!(colored.text.contains('\u{1b}'));
}
