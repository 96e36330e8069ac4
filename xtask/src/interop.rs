//! `cargo xtask interop`: the providers' own packages, by which the tests hold the hub to what
//! those sign and accept. They come from npm and PyPI into `target/interop`, in exactly the
//! versions that are listed beside the tests, and nothing of them is run as they are installed.

use anyhow::{Context as _, Result};

use crate::command::target;
use crate::needs::{self, Install, NODE, Need, PIP};
use crate::packages::{PIP_INSTALL, Packages};

/// What fetches and runs the packages.
const NEEDS: &[Need] = &[
    Need { name: "node", check: &["node", "--version"], install: Install::Ask(NODE_HINT) },
    NODE,
    PIP,
];
const NODE_HINT: &str = "install Node.js 20 or later";

const PACKAGES: &[Packages] = &[
    Packages {
        what: "the providers' packages",
        registry: "npm",
        lists_in: "crates/hookyard/tests/interop/node",
        folder: "node",
        lists: &["package.json", "package-lock.json"],
        install: &["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"],
        stale: None,
        update: Some(&[
            "npm",
            "install",
            "--no-save",
            "--ignore-scripts",
            "--no-audit",
            "--no-fund",
            "--loglevel=error",
        ]),
    },
    Packages {
        what: "the providers' packages",
        registry: "PyPI",
        lists_in: "crates/hookyard/tests/interop/python",
        folder: "python",
        lists: &["requirements.txt"],
        install: PIP_INSTALL,
        stale: Some("packages"),
        update: None,
    },
];

/// Sees to it that the packages are there, and says what it installs and where.
///
/// # Errors
///
/// Node.js or Python is missing, or a registry cannot be reached.
pub(crate) fn install() -> Result<()> {
    const WITHOUT: &str = "the tests with the providers' own packages cannot be run; \
                           `--without-interop` leaves them out";
    needs::provide(NEEDS).context(WITHOUT)?;
    // The tests look for it below the target folder they were built in.
    let target = target()?.join("interop");
    PACKAGES.iter().try_for_each(|packages| packages.provide(&target)).context(WITHOUT)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::root;

    fn read(packages: &Packages, file: &str) -> String {
        std::fs::read_to_string(root().join(packages.lists_in).join(file)).unwrap()
    }

    #[test]
    fn every_version_is_exact_and_says_its_hash() {
        let [npm, pypi] = PACKAGES else { panic!("two registries") };
        let manifest = read(npm, "package.json");
        let (_, versions) = manifest.split_once("\"dependencies\": {").unwrap();
        let exact = |line: &str| {
            let (_, version) = line.split_once(": ").unwrap();
            version.trim_matches(['"', ',']).split('.').all(|part| part.parse::<u64>().is_ok())
        };
        let versions: Vec<_> = versions.lines().filter(|line| line.contains(": ")).collect();
        assert!(versions.len() >= 30 && versions.iter().all(|line| exact(line)), "{versions:?}");
        let lock = read(npm, "package-lock.json");
        assert_eq!(lock.matches("\"integrity\"").count(), lock.matches("\"version\"").count());

        let list = read(pypi, "requirements.txt");
        let named = list.lines().filter(|line| !line.starts_with(' '));
        assert!(named.clone().count() >= 13 && named.clone().all(|line| line.contains("==")));
        assert!(list.matches("--hash=sha256:").count() >= named.count());
    }
}
