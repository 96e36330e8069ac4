//! The cases: one entry each. A case is a program of this package that writes one record.

use clap::ValueEnum;

/// How much is run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Tier {
    /// For CI: all of it within ten minutes.
    Short,
    /// What is published: about an hour and a half.
    Long,
    /// Before a release: hours.
    Release,
}

/// One case.
pub(crate) struct Case {
    /// Its name.
    pub(crate) name: &'static str,
    /// What it shows, as the end of a sentence.
    pub(crate) shows: &'static str,
    /// The program.
    pub(crate) program: &'static str,
    /// What the program is told in every tier, the control's run included.
    pub(crate) always: &'static str,
    /// What it is told beside that in the tiers `short`, `long` and `release`.
    pub(crate) tiers: [&'static str; 3],
    /// What it is told instead to break a promise on purpose, which it has to notice.
    pub(crate) control: Option<&'static str>,
    /// The programs of others that it needs; [`ROOT`] is to run as root.
    pub(crate) needs: &'static [&'static str],
}

impl Case {
    /// The words of the command line in this tier.
    pub(crate) fn arguments(&self, tier: Tier) -> impl Iterator<Item = &'static str> {
        let [short, long, release] = self.tiers;
        let told = match tier {
            Tier::Short => short,
            Tier::Long => long,
            Tier::Release => release,
        };
        self.always.split_whitespace().chain(told.split_whitespace())
    }

    /// The words of the command line that break a promise on purpose.
    pub(crate) fn control(&self) -> Option<impl Iterator<Item = &'static str>> {
        let told = self.control?;
        Some(self.always.split_whitespace().chain(told.split_whitespace()))
    }
}

/// Not a program: what only root may do.
pub(crate) const ROOT: &str = "root";

/// What a disk of our own is made with.
const DISK: &[&str] = &[ROOT, "nbdkit", "nbdfuse", "fusermount3", "mkfs.ext4", "losetup"];

/// And what looks into the store on it.
const CHECKED_DISK: &[&str] =
    &[ROOT, "nbdkit", "nbdfuse", "fusermount3", "mkfs.ext4", "losetup", "sqlite3"];

/// All of them, in the order in which they run.
pub(crate) const CASES: &[Case] = &[
    Case {
        name: "kill",
        shows: "`kill -9` at a random moment under load loses nothing that was acknowledged",
        program: "kill",
        always: "",
        tiers: ["--runs 10 --latest 2", "--runs 200", "--runs 500"],
        control: Some("--control ack-before-commit --runs 8 --latest 2"),
        needs: &[],
    },
    Case {
        name: "failpoints",
        shows: "`kill -9` at any of the named points of an event's road, at starts, ends, retention and releases loses nothing that was acknowledged",
        program: "kill",
        always: "",
        tiers: ["--failpoints --passages 1", "--failpoints", "--failpoints --rate 800"],
        control: Some("--failpoints before-commit --control ack-before-commit"),
        needs: &[],
    },
    Case {
        name: "states",
        shows: "whatever a cut of the power leaves of what was not flushed, the store opens, with all that was acknowledged",
        program: "states",
        always: "",
        tiers: ["--states 2000 --recordings 2", "--states 20000", "--states 50000 --recordings 20"],
        control: Some("--control synchronous-off --states 300 --recordings 1"),
        needs: &["cc"],
    },
    Case {
        name: "power",
        shows: "a disk that loses its power under load, and all that was not flushed, loses nothing that was acknowledged",
        program: "power",
        always: "",
        tiers: ["--runs 5", "--runs 100", "--runs 300"],
        control: Some("--control synchronous-off --runs 2"),
        needs: DISK,
    },
    Case {
        name: "disk-full",
        shows: "a full disk is answered with 503 and Retry-After, loses nothing that was acknowledged, and is made use of as soon as it has room",
        program: "disk",
        always: "full",
        tiers: ["--rounds 2", "--rounds 10", "--rounds 20"],
        control: Some("--rounds 1 --control ack-before-commit"),
        needs: CHECKED_DISK,
    },
    Case {
        name: "disk-errors",
        shows: "a disk that fails every write ends the hub, and loses nothing that was acknowledged",
        program: "disk",
        always: "errors",
        tiers: ["--rounds 3", "--rounds 30", "--rounds 100"],
        control: Some("--rounds 3 --control synchronous-off"),
        needs: CHECKED_DISK,
    },
    Case {
        name: "disk-stall",
        shows: "a disk that stands still is answered with 503 in time, and nothing is acknowledged meanwhile",
        program: "disk",
        always: "stall",
        tiers: ["--rounds 1 --seconds 6", "--rounds 10 --seconds 10", "--rounds 20 --seconds 10"],
        control: Some("--rounds 1 --seconds 5 --control ack-before-commit"),
        needs: CHECKED_DISK,
    },
    Case {
        name: "duplicates",
        shows: "an event that comes on 64 connections at once is kept once, and told as a repeat after a kill",
        program: "duplicates",
        always: "",
        tiers: ["--events 300", "", "--events 10000"],
        control: Some("--events 30 --again 10 --control dedupe-off"),
        needs: &[],
    },
    Case {
        name: "destinations",
        shows: "whatever a destination does wrong is told for what it is, within its time, and tried again or not as it should be",
        program: "destinations",
        always: "",
        tiers: ["", "--events 20", "--events 40"],
        control: Some("--control late"),
        needs: &[],
    },
    Case {
        name: "crowd",
        shows: "10,000 connections that send next to nothing take little memory, and delay nobody",
        program: "crowd",
        always: "",
        tiers: ["--seconds 8", "--seconds 30", "--seconds 60"],
        control: Some("--control few --connections 2000 --seconds 1"),
        needs: &[],
    },
    Case {
        name: "bombs",
        shows: "requests made to take more memory than they bring do not",
        program: "bombs",
        always: "",
        tiers: ["--bodies 60", "--bodies 200", "--bodies 1000"],
        control: Some("--bodies 60 --control unbounded"),
        needs: &["gzip"],
    },
    Case {
        name: "flood",
        shows: "a source that sends twenty times what it may gets its share, and another notices nothing",
        program: "overload",
        always: "flood",
        tiers: ["--seconds 6", "--seconds 60", "--seconds 300"],
        control: Some("--seconds 3 --control unlimited"),
        needs: &[],
    },
    Case {
        name: "storm",
        shows: "three times what the hub can take is refused or waits, and what is acknowledged arrives",
        program: "overload",
        always: "storm",
        tiers: ["--seconds 5", "--seconds 20", "--seconds 60"],
        control: None,
        needs: &[],
    },
    Case {
        name: "clock",
        shows: "a clock that is set back or forth stops nothing, loses nothing, and gives no id twice",
        program: "clock",
        always: "",
        tiers: ["", "--rounds 10", "--rounds 30"],
        control: None,
        needs: &["faketime"],
    },
    Case {
        name: "simulate",
        shows: "scheduler, leases and group commit keep every promise in a world whose time, network, disk and deaths follow from a seed, and each of a dozen planted bugs is found",
        program: "simulate",
        always: "",
        tiers: ["--seeds 100", "--seeds 500", "--seeds 20000"],
        control: Some("--seeds 20 --control ack-before-commit"),
        needs: &[],
    },
    Case {
        name: "noisy",
        shows: "a destination that hangs delays none of the others",
        program: "noisy",
        always: "",
        tiers: [
            "--rounds 1 --seconds 8 --most 3",
            "--rounds 5 --seconds 15 --most 1.25",
            "--rounds 9 --seconds 20",
        ],
        control: None,
        needs: &[],
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_every_tier_has_arguments() {
        for (index, case) in CASES.iter().enumerate() {
            assert!(CASES.iter().skip(index + 1).all(|other| other.name != case.name));
            assert!(case.arguments(Tier::Short).all(|word| !word.is_empty()));
        }
    }
}
