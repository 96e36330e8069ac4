//! What the commands that run a hub write on standard error while it runs.

use super::failure::Failure;
use super::out::Out;
use crate::telemetry::log::{self, Style};

/// Which lines, and for whom.
pub(super) struct Logging<'a> {
    levels: &'a str,
    for_people: bool,
}

impl<'a> Logging<'a> {
    /// For whoever started the command, terminal or not.
    pub(super) const fn for_people(levels: &'a str) -> Self {
        Self { levels, for_people: true }
    }

    /// For a person at a terminal, else for a machine.
    pub(super) const fn for_all(levels: &'a str) -> Self {
        Self { levels, for_people: false }
    }

    /// Begins to log.
    pub(super) fn begin(&self, out: Out) -> Result<(), Failure> {
        let style = match Style::for_stderr() {
            Style::Json if !self.for_people => Style::Json,
            _ => Style::Pretty { colours: out.has_error_colour() },
        };
        log::init(self.levels, style).map_err(Failure::usage)
    }
}
