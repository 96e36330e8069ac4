//! What `cargo xtask bench` measures beside the hub: others that receive webhooks, installed from
//! their registries into `target/peers`. Each is optional.

use std::path::Path;

use anyhow::{Result, bail};

use crate::command::{self, Ended};
use crate::needs::{self, Install, Need, PIP};
use crate::packages::{PIP_INSTALL, Packages};

const QHOOK: &str = "0.6.1";

/// Debian's package of adnanh/webhook.
const WEBHOOK: Need =
    Need { name: "webhook", check: &["webhook", "-version"], install: Install::Debian("webhook") };

/// The frameworks of our own receivers in `bench/peers`.
const FRAMEWORKS: Packages = Packages {
    what: "Flask and FastAPI",
    registry: "PyPI",
    lists_in: "bench/peers",
    folder: "python",
    lists: &["requirements.txt"],
    install: PIP_INSTALL,
    stale: Some("packages"),
    update: None,
};

/// One of them, and how it comes here.
type Peer = (&'static str, fn(&Path) -> Result<()>);

const PEERS: &[Peer] = &[
    ("qhook", qhook),
    ("webhook", |_| needs::provide(&[WEBHOOK])),
    ("flask and fastapi", |folder| {
        needs::provide(&[PIP])?;
        FRAMEWORKS.provide(folder)
    }),
];

/// Installs what can be had below this folder, and says what will not be measured and why.
pub(crate) fn install(folder: &Path) {
    for (name, install) in PEERS {
        if let Err(error) = install(folder) {
            println!("{name} will not be measured: {error:#}");
        }
    }
}

fn qhook(folder: &Path) -> Result<()> {
    let installed = std::fs::read_to_string(folder.join(".crates.toml")).unwrap_or_default();
    if installed.contains(&format!("\"qhook {QHOOK} ")) {
        println!("needs qhook: found {QHOOK}");
        return Ok(());
    }
    println!("needs qhook: builds {QHOOK} with `cargo install`, which takes some minutes");
    let mut install = command::cargo(["install", "qhook", "--version", QHOOK, "--locked"]);
    match command::run(install.arg("--root").arg(folder))? {
        Ended::Well => Ok(()),
        Ended::Badly(_) => bail!("{} failed", command::line(&install)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_version_is_exact_and_says_its_hash() {
        let folder = command::root().join(FRAMEWORKS.lists_in);
        let read = |file| std::fs::read_to_string(folder.join(file)).unwrap();
        let (asked, list) = (read("requirements.in"), read("requirements.txt"));
        let named = list.lines().filter(|line| !line.starts_with(' '));
        assert!(named.clone().all(|line| line.contains("==")));
        assert!(list.matches("--hash=sha256:").count() >= named.count());
        for wanted in asked.lines().filter(|line| !line.starts_with('#')) {
            assert!(list.contains(&format!("{wanted} ")), "{wanted}");
        }
    }
}
