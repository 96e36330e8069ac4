//! Files that are right.

use std::path::Path;
use std::time::Duration;

use hookyard::config::{Config, DedupeBy};
use hookyard_model::{Name, RetryPolicy};

const EXAMPLE: &str = r#"
[server]
listen = "0.0.0.0:8080"                 # ingest
[admin]
listen = "127.0.0.1:8081"               # API, health, metrics
[store]
url = "sqlite:hookyard.db"
[sources.github]
provider = "github"
secret = "${GITHUB_WEBHOOK_SECRET}"     # or secrets = ["new", "old"]
allow_ips = ["192.30.252.0/22"]
[destinations.ci]
url = "http://127.0.0.1:3000/hooks"
secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
timeout = "15s"
concurrency = 8
rate = "50/s"
retry = { attempts = 8, base = "5s", max = "1h" }
[[routes]]
from = "github"
types = ["push", "pull_request.*"]      # optional
to = "ci"                               # or a list
"#;

fn name(text: &str) -> Name {
    Name::new(text).unwrap()
}

fn env(name: &str) -> Option<String> {
    (name == "GITHUB_WEBHOOK_SECRET").then(|| "a-secret-that-is-long-enough".to_owned())
}

/// Loads a file with this text from a folder of its own.
pub(crate) fn load(folder: &Path, text: &str) -> Config {
    let path = folder.join("hookyard.toml");
    std::fs::write(&path, text).unwrap();
    let (config, warnings) = Config::load(&path, &env).unwrap();
    assert_eq!(warnings.render(false), "");
    config
}

#[test]
fn the_headers_with_tokens_and_passwords_are_known() {
    let folder = tempfile::tempdir().unwrap();
    let config = load(
        folder.path(),
        r#"
[sources.beside]
provider = "github"
secret = "${GITHUB_WEBHOOK_SECRET}"
token = { header = "X-Beside", tokens = "${GITHUB_WEBHOOK_SECRET}" }
[sources.alone]
token = { header = "X-Alone", tokens = "${GITHUB_WEBHOOK_SECRET}" }
[sources.bearer]
verify = "none"
bearer = "${GITHUB_WEBHOOK_SECRET}"
[sources.gitlab]
provider = "gitlab"
secret = "${GITHUB_WEBHOOK_SECRET}"
[sources.basic]
username = "acme"
password = "${GITHUB_WEBHOOK_SECRET}"
[sources.same]
provider = "basic"
username = "acme"
password = "${GITHUB_WEBHOOK_SECRET}"
[sources.github]
provider = "github"
secret = "${GITHUB_WEBHOOK_SECRET}"
[destinations.ci]
url = "http://127.0.0.1:3000/hooks"
[[routes]]
from = "*"
to = "ci"
"#,
    );
    for (source, headers) in [
        ("beside", ["x-beside"].as_slice()),
        ("alone", &["x-alone"]),
        ("bearer", &["authorization"]),
        ("gitlab", &["x-gitlab-token"]),
        ("basic", &["authorization"]),
        ("same", &["authorization"]),
        ("github", &[]),
    ] {
        assert_eq!(config.sources[&name(source)].credential_headers, headers, "{source}");
    }
    assert_eq!(
        config.destinations[&name("ci")].withheld_headers,
        ["authorization", "x-alone", "x-beside", "x-gitlab-token"]
    );
}

#[test]
fn the_example_means_what_it_says() {
    let folder = tempfile::tempdir().unwrap();
    let config = load(folder.path(), EXAMPLE);
    assert_eq!(config.server.listen, "0.0.0.0:8080".parse().unwrap());
    assert_eq!(config.store.path, folder.path().join("hookyard.db"));
    assert!(!config.open_sources);

    let github = &config.sources[&name("github")];
    assert_eq!(github.provider.unwrap().slug, "github");
    assert!(github.verifier.as_ref().unwrap().covers().body);
    assert!(github.allow_ips[0].contains(&"192.30.253.1".parse::<std::net::IpAddr>().unwrap()));
    assert_eq!(github.body_limit, 1 << 20);
    assert_eq!(github.dedupe.keys, [DedupeBy::Provider]);
    assert_eq!(github.dedupe.window, Duration::from_secs(30 * 86_400), "GitHub signs no timestamp");

    let ci = &config.destinations[&name("ci")];
    assert_eq!(ci.timeouts.total, Duration::from_secs(15));
    assert_eq!(ci.rate.unwrap().count.get(), 50);
    let (base, max) = (Duration::from_secs(5), Duration::from_secs(3600));
    assert_eq!(ci.retry, RetryPolicy::Exponential { attempts: 8, base, max });
    assert!(config.routes[0].matches(&name("github"), Some("pull_request.opened")));
    assert!(!config.routes[0].matches(&name("github"), Some("issues.opened")));
    assert!(!format!("{config:?}").contains("MfKQ9r8GKY"));
    assert!(!format!("{config:?}").contains("long-enough"));
}
