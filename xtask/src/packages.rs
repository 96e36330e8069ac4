//! Packages of npm and PyPI that tests and measurements need: installed in exactly the versions
//! that are listed, by their hashes, and without running anything of theirs.

use std::path::Path;
use std::process::Command;
use std::time::Instant;

use anyhow::{Context as _, Result, bail};

use crate::command::{self, Ended, program, root};

/// How pip installs a list into the folder `packages`.
pub(crate) const PIP_INSTALL: &[&str] = &[
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
];

/// What is installed from one registry.
pub(crate) struct Packages {
    /// What they are, for whoever reads what is done.
    pub(crate) what: &'static str,
    /// The registry, as people call it.
    pub(crate) registry: &'static str,
    /// The folder of the lists, from the root of the repository.
    pub(crate) lists_in: &'static str,
    /// The folder of the packages, below the one that is given.
    pub(crate) folder: &'static str,
    /// The files that the registry's client reads; the last is the list of every version.
    pub(crate) lists: &'static [&'static str],
    /// The client and its arguments. It is run in the folder of the packages.
    pub(crate) install: &'static [&'static str],
    /// What the client does not replace, so that it has to go first.
    pub(crate) stale: Option<&'static str>,
    /// How an older list's packages are brought up to date, where that can be done at all:
    /// to remove fifty thousand files takes longer than to install them.
    pub(crate) update: Option<&'static [&'static str]>,
}

impl Packages {
    /// Installs them below this folder unless they are there, and says so.
    ///
    /// # Errors
    ///
    /// The registry cannot be reached, or does not have what is listed.
    pub(crate) fn provide(&self, target: &Path) -> Result<()> {
        let lists = root().join(self.lists_in);
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
            println!("needs {} from {}: found {}", self.what, self.registry, shown(&folder));
            return Ok(());
        }
        println!(
            "needs {} from {}: installs what {}/{list} lists into {}",
            self.what,
            self.registry,
            self.lists_in,
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
                self.registry
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
