//! How a command ends when it does not end well: a message, hints, and an exit code.

use std::fmt;
use std::process::ExitCode;

/// The exit codes, as `--help` and the reference page show them.
pub(crate) const EXIT_CODES: &str = "\
Exit codes:
  0  done
  1  failed
  2  wrong usage or configuration
  3  no hub answers
  4  there is no such event, delivery, destination or request in quarantine";

/// What the shell is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// It did not work.
    Failed = 1,
    /// The command line or the configuration is wrong.
    Usage = 2,
    /// No hub answers.
    Unreachable = 3,
    /// There is no such thing.
    NotFound = 4,
}

/// Why a command did not do as asked.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Failure {
    /// To be told to a person.
    Told {
        /// The exit code.
        exit: Exit,
        /// What happened, without a full stop.
        message: String,
        /// What to do about it.
        hints: Vec<String>,
    },
    /// Everything there is to say has been said.
    Silent(Exit),
    /// Whoever read our output has gone, as `head` does: no one is left to be told.
    BrokenPipe,
}

impl Failure {
    /// A failure of the kind that has no code of its own.
    pub(crate) fn new(message: impl fmt::Display) -> Self {
        Self::with(Exit::Failed, message)
    }

    /// The command line or the configuration is wrong.
    pub(crate) fn usage(message: impl fmt::Display) -> Self {
        Self::with(Exit::Usage, message)
    }

    /// A failure with this exit code.
    pub(crate) fn with(exit: Exit, message: impl fmt::Display) -> Self {
        Self::Told { exit, message: message.to_string(), hints: Vec::new() }
    }

    /// Adds what to do about it.
    #[must_use]
    pub(crate) fn hint(mut self, hint: impl fmt::Display) -> Self {
        if let Self::Told { hints, .. } = &mut self {
            hints.push(hint.to_string());
        }
        self
    }

    /// What the process ends with.
    pub(crate) fn code(&self) -> ExitCode {
        match self {
            Self::Told { exit, .. } | Self::Silent(exit) => ExitCode::from(*exit as u8),
            Self::BrokenPipe => ExitCode::SUCCESS,
        }
    }
}

impl From<std::io::Error> for Failure {
    /// For errors of our own output; any other is wrapped where its file or address is known.
    fn from(error: std::io::Error) -> Self {
        match error.kind() {
            std::io::ErrorKind::BrokenPipe => Self::BrokenPipe,
            _ => Self::new(format!("cannot write: {error}")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hints_belong_to_what_is_told() {
        let failure = Failure::usage("`x` is no URL").hint("write `http://x`");
        let Failure::Told { exit, message, hints } = failure else { panic!("not told") };
        assert_eq!((exit, message.as_str(), hints.len()), (Exit::Usage, "`x` is no URL", 1));
        assert_eq!(Failure::Silent(Exit::Failed).hint("x"), Failure::Silent(Exit::Failed));
    }

    #[test]
    fn a_reader_that_left_is_no_failure() {
        let error = std::io::Error::from(std::io::ErrorKind::BrokenPipe);
        assert_eq!(Failure::from(error), Failure::BrokenPipe);
    }
}
