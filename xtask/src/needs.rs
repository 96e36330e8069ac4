//! What a command needs beside Rust: finds it or installs it, and says which in a line each.

use anyhow::{Result, bail};

use crate::command::{Ended, output, program, run};

/// A program that a command of ours calls.
pub(crate) struct Need {
    /// What people call it.
    pub(crate) name: &'static str,
    /// The command that shows it is there, whose first line of output is its version.
    pub(crate) check: &'static [&'static str],
    /// How it comes here.
    pub(crate) install: Install,
}

/// How something that is missing comes here.
pub(crate) enum Install {
    /// Not at all: this is what happens without it.
    Without(&'static str),
    /// Not by us: this is what to do.
    Ask(&'static str),
    /// As this Debian package, by root.
    Debian(&'static str),
}

/// The test runner. Plain `cargo test` runs the same tests, a crate at a time.
pub(crate) const NEXTEST: Need = Need {
    name: "cargo-nextest",
    check: &["cargo", "nextest", "--version"],
    install: Install::Without("plain `cargo test` runs the same tests"),
};

/// The licence and advisory checker. `tidy` checks the licences without it.
pub(crate) const CARGO_DENY: Need = Need {
    name: "cargo-deny",
    check: &["cargo", "deny", "--version"],
    install: Install::Without("tidy checks licences and banned packages against deny.toml itself"),
};

/// Node.js, whose `npm pack` fetches GitHub's example payloads.
pub(crate) const NODE: Need = Need {
    name: "npm",
    check: &["npm", "--version"],
    install: Install::Ask("install Node.js 20 or later"),
};

/// Python's installer, with which Python itself comes.
pub(crate) const PIP: Need = Need {
    name: "pip",
    check: &["python3", "-m", "pip", "--version"],
    install: Install::Debian("python3-pip"),
};

/// What `power` simulates a disk with.
pub(crate) const POWER: &[Need] = &[
    Need { name: "nbdkit", check: &["nbdkit", "--version"], install: Install::Debian("nbdkit") },
    Need {
        name: "nbdfuse",
        check: &["nbdfuse", "--version"],
        install: Install::Debian("libnbd-bin"),
    },
    Need {
        name: "fusermount3",
        check: &["fusermount3", "--version"],
        install: Install::Debian("fuse3"),
    },
    Need { name: "mkfs.ext4", check: &["mkfs.ext4", "-V"], install: Install::Debian("e2fsprogs") },
];

/// What looks into the store for the cases of `disk`.
pub(crate) const SQLITE: Need =
    Need { name: "sqlite3", check: &["sqlite3", "--version"], install: Install::Debian("sqlite3") };

/// What shows the hub another time in the case `clock`.
pub(crate) const FAKETIME: Need = Need {
    name: "faketime",
    check: &["faketime", "--version"],
    install: Install::Debian("faketime"),
};

/// Sees to everything that is needed.
pub(crate) fn provide(needs: &[Need]) -> Result<()> {
    needs.iter().try_for_each(|need| have(need).map(drop))
}

/// Whether it is here now, installing it where that is possible.
pub(crate) fn have(need: &Need) -> Result<bool> {
    if let Some(version) = version(need.check) {
        println!("needs {}: found {version}", need.name);
        return Ok(true);
    }
    match need.install {
        Install::Without(instead) => {
            println!("needs {}: not installed; {instead}", need.name);
            Ok(false)
        }
        Install::Ask(how) => bail!("{} is missing: {how}", need.name),
        Install::Debian(package) => {
            println!("needs {}: installs the Debian package {package} with apt-get", need.name);
            apt_get(package)?;
            Ok(true)
        }
    }
}

fn version(check: &[&str]) -> Option<String> {
    let (name, arguments) = check.split_first()?;
    let shown = program(name).args(arguments).output().ok().filter(|out| out.status.success())?;
    // mkfs.ext4 shows its version on stderr.
    let text = if shown.stdout.is_empty() { shown.stderr } else { shown.stdout };
    String::from_utf8_lossy(&text).lines().next().map(str::to_owned)
}

fn apt_get(package: &str) -> Result<()> {
    if output(program("id").arg("-u"))?.trim() != "0" {
        bail!("only root can install it: sudo apt-get install {package}");
    }
    let mut install = program("apt-get");
    install.args(["install", "--yes", "--quiet", "--no-install-recommends", package]);
    install.env("DEBIAN_FRONTEND", "noninteractive");
    if run(&mut install)? == Ended::Well {
        return Ok(());
    }
    println!("apt-get knows no such package yet: updates its lists and tries once more");
    if run(program("apt-get").args(["update", "--quiet"]))? == Ended::Well
        && run(&mut install)? == Ended::Well
    {
        return Ok(());
    }
    bail!("apt-get could not install {package}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_program_is_seen() {
        assert_eq!(version(&["hookyard-has-no-such-program"]), None);
        assert!(version(&["cargo", "--version"]).is_some_and(|shown| shown.starts_with("cargo")));
    }

    #[test]
    fn what_we_can_do_without_is_no_error() {
        let need = Need {
            name: "nothing",
            check: &["hookyard-has-no-such-program"],
            install: Install::Without("all is well"),
        };
        assert!(!have(&need).unwrap());
        let need = Need { install: Install::Ask("make it"), ..need };
        assert!(have(&need).unwrap_err().to_string().contains("make it"));
    }
}
