//! `cargo xtask interop`: the providers' own packages, by which the tests hold the hub to what
//! those sign and accept. They come from npm and PyPI into `target/interop`, in exactly the
//! versions that are listed beside the tests, and nothing of them is run as they are installed.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use anyhow::{Context as _, Result, bail};

use crate::command::{self, Ended, program, root};
use crate::needs::{self, Install, NODE, Need};

/// Where the lists are, and the tests.
const TESTS: &str = "crates/hookyard/tests/interop";

/// What fetches and runs the packages.
const NEEDS: &[Need] = &[
    Need { name: "node", check: &["node", "--version"], install: Install::Ask(NODE_HINT) },
    NODE,
    Need {
        name: "pip",
        check: &["python3", "-m", "pip", "--version"],
        install: Install::Debian("python3-pip"),
    },
];
const NODE_HINT: &str = "install Node.js 20 or later";

/// What is installed from one registry.
struct Packages {
    /// The registry, as people call it.
    name: &'static str,
    /// The folder of the list here, and of the packages below `target/interop`.
    folder: &'static str,
    /// The files that the registry's client reads; the last is the list of every version.
    lists: &'static [&'static str],
    /// The client and its arguments. It is run in the folder of the packages.
    install: &'static [&'static str],
    /// What the client does not replace, so that it has to go first.
    stale: Option<&'static str>,
    /// How an older list's packages are brought up to date, where that can be done at all:
    /// to remove fifty thousand files takes longer than to install them.
    update: Option<&'static [&'static str]>,
}

const PACKAGES: &[Packages] = &[
    Packages {
        name: "npm",
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
        name: "PyPI",
        folder: "python",
        lists: &["requirements.txt"],
        install: &[
            "python3",
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
            "--root-user-action=ignore",
            "--no-deps",
            "--no-compile",
            "--only-binary=:all:",
            "--require-hashes",
            "--target=packages",
            "--requirement=requirements.txt",
        ],
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
    let target = target()?;
    PACKAGES.iter().try_for_each(|packages| packages.provide(&target)).context(WITHOUT)
}

/// The folder of the packages. The tests look for it below the target folder they were built in.
fn target() -> Result<PathBuf> {
    let xtask = std::env::current_exe().context("cannot tell where xtask is")?;
    let target = xtask.ancestors().nth(2).context("xtask is not in a target folder")?;
    Ok(target.join("interop"))
}

impl Packages {
    fn provide(&self, target: &Path) -> Result<()> {
        let lists = root().join(TESTS).join(self.folder);
        let folder = target.join(self.folder);
        let read = |file: &str| {
            let path = lists.join(file);
            std::fs::read_to_string(&path)
                .with_context(|| format!("cannot read {}", path.display()))
        };
        let list = self.lists.last().copied().unwrap_or_default();
        let wanted = read(list)?;
        let installed = folder.join("installed");
        let found = std::fs::read_to_string(&installed).ok();
        if found.as_ref() == Some(&wanted) {
            println!("needs the providers' packages from {}: found {}", self.name, shown(&folder));
            return Ok(());
        }
        println!(
            "needs the providers' packages from {}: installs what {TESTS}/{}/{list} lists into {}",
            self.name,
            self.folder,
            shown(&folder)
        );
        let began = Instant::now();
        for gone in ["installed"].into_iter().chain(self.stale) {
            remove(&folder.join(gone))?;
        }
        std::fs::create_dir_all(&folder)?;
        for file in self.lists {
            std::fs::write(folder.join(file), read(file)?)?;
        }
        let words = self.update.filter(|_| found.is_some()).unwrap_or(self.install);
        let mut client = client(words, &folder);
        if command::run(&mut client)? != Ended::Well {
            bail!(
                "{} failed; it needs to reach the registry of {}",
                command::line(&client),
                self.name
            );
        }
        // Written last, so that half an installation is made anew.
        std::fs::write(&installed, wanted)?;
        println!("  installed in {:.0} s", began.elapsed().as_secs_f64());
        Ok(())
    }
}

fn client(words: &[&str], folder: &Path) -> Command {
    let mut words = words.iter();
    let mut client = program(words.next().copied().unwrap_or_default());
    client.args(words).current_dir(folder);
    client
}

fn remove(path: &Path) -> Result<()> {
    let removed =
        if path.is_dir() { std::fs::remove_dir_all(path) } else { std::fs::remove_file(path) };
    match removed {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("cannot remove {}", path.display()))
        }
        _ => Ok(()),
    }
}

/// A folder as it is said from the root of the repository.
fn shown(folder: &Path) -> String {
    folder.strip_prefix(root()).unwrap_or(folder).display().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(packages: &Packages, file: &str) -> String {
        std::fs::read_to_string(root().join(TESTS).join(packages.folder).join(file)).unwrap()
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
