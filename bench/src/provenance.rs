//! Where and when results were made: the head of every file of results.

use serde::{Deserialize, Serialize};

use crate::process;

/// What a figure is worth nothing without.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Provenance {
    /// What it ran on.
    pub machine: String,
    /// The commit, with `-dirty` if files were changed since.
    pub commit: String,
    /// The day, in UTC.
    pub date: String,
}

impl Provenance {
    /// This machine, commit and day.
    pub fn here() -> Self {
        let cpus = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
        let model = cpus.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
        let model = model.map_or("unknown", |(_, model)| model);
        let cores = std::thread::available_parallelism().map_or(0, usize::from);
        Self {
            machine: format!("{cores} cores of {model}, Linux {}", tell("uname", &["-r"])),
            commit: tell("git", &["describe", "--always", "--exclude=*", "--dirty"]),
            date: tell("date", &["-u", "+%F"]),
        }
    }
}

fn tell(program: &str, arguments: &[&str]) -> String {
    let arguments: Vec<_> = arguments.iter().map(AsRef::as_ref).collect();
    process::run(program, &arguments).unwrap_or_else(|_| "unknown".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_what_it_runs_on() {
        let here = Provenance::here();
        assert!(here.machine.contains(" cores of "), "{here:?}");
        assert!(here.date.starts_with("20") && here.date.len() == 10, "{here:?}");
        assert_ne!(here.commit, "");
    }
}
