//! The one place that prints: data to standard output, everything else to standard error.

use std::fmt::Display;
use std::io::{self, BufRead as _, IsTerminal as _, Write as _};

use super::failure::Failure;

/// What a text is, where there is colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Paint {
    /// As it is.
    Plain,
    /// What the eye may skip.
    Dim,
    /// What it looks for.
    Bold,
    /// Went well.
    Good,
    /// May go well yet.
    Waiting,
    /// Went wrong.
    Bad,
    /// A name or an address.
    Name,
}

impl Paint {
    const fn code(self) -> &'static str {
        match self {
            Self::Plain => "",
            Self::Dim => "2",
            Self::Bold => "1",
            Self::Good => "32",
            Self::Waiting => "33",
            Self::Bad => "31",
            Self::Name => "36",
        }
    }
}

/// Where a command writes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Out {
    colour: bool,
    error_colour: bool,
}

#[expect(clippy::unused_self, reason = "whoever prints was handed the right to")]
impl Out {
    /// Looks at what standard output and error are, and at `NO_COLOR` (<https://no-color.org>).
    pub(crate) fn new() -> Self {
        let wanted = std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
            && std::env::var_os("TERM").is_none_or(|value| value != "dumb");
        let terminal = io::stdout().is_terminal();
        Self { colour: terminal && wanted, error_colour: io::stderr().is_terminal() && wanted }
    }

    /// Without colour, whatever standard output is.
    #[cfg(test)]
    pub(crate) const fn plain() -> Self {
        Self { colour: false, error_colour: false }
    }

    /// Whether standard output shows colours.
    pub(crate) const fn has_colour(self) -> bool {
        self.colour
    }

    /// Whether standard error does.
    pub(crate) const fn has_error_colour(self) -> bool {
        self.error_colour
    }

    /// A text for standard output, in colour where there is colour.
    pub(crate) fn paint(self, paint: Paint, text: impl Display) -> String {
        wrap(self.colour, paint, text)
    }

    /// One line of data.
    pub(crate) fn line(self, text: impl Display) -> Result<(), Failure> {
        let mut out = io::stdout().lock();
        writeln!(out, "{text}")?;
        Ok(out.flush()?)
    }

    /// Data as it is.
    pub(crate) fn bytes(self, bytes: &[u8]) -> Result<(), Failure> {
        let mut out = io::stdout().lock();
        out.write_all(bytes)?;
        Ok(out.flush()?)
    }

    /// One line for the person at the terminal. That nobody can read it is no reason to stop.
    pub(crate) fn note(self, text: impl Display) {
        drop(writeln!(io::stderr().lock(), "{text}"));
    }

    /// Says on standard error why a command did not do as asked.
    pub(crate) fn failure(self, failure: &Failure) {
        let Failure::Told { message, hints, .. } = failure else { return };
        self.note(format_args!("{} {message}", wrap(self.error_colour, Paint::Bad, "error:")));
        for hint in hints {
            self.note(format_args!("{} {hint}", wrap(self.error_colour, Paint::Name, "hint:")));
        }
    }

    /// Asks a person; `None` when there is nobody to ask.
    pub(crate) fn ask(self, question: impl Display) -> Option<bool> {
        if !io::stdin().is_terminal() || !io::stderr().is_terminal() {
            return None;
        }
        let mut error = io::stderr().lock();
        write!(error, "{question} [y/N] ").and_then(|()| error.flush()).ok()?;
        let mut answer = String::new();
        io::stdin().lock().read_line(&mut answer).ok()?;
        Some(matches!(answer.trim().to_ascii_lowercase().as_str(), "y" | "yes"))
    }
}

fn wrap(colour: bool, paint: Paint, text: impl Display) -> String {
    if !colour || paint == Paint::Plain {
        return text.to_string();
    }
    format!("\u{1b}[{}m{text}\u{1b}[0m", paint.code())
}

/// A text from elsewhere for a terminal, with what could steer the terminal shown as `?`.
pub(crate) fn tame(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '?' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colour_only_where_it_is_wanted() {
        assert_eq!(wrap(true, Paint::Good, "200"), "\u{1b}[32m200\u{1b}[0m");
        assert_eq!(wrap(true, Paint::Plain, "200"), "200");
        assert_eq!(wrap(false, Paint::Good, "200"), "200");
    }

    #[test]
    fn a_body_cannot_steer_the_terminal() {
        assert_eq!(tame("a\u{1b}[2Jb\nc\u{9b}d ü"), "a?[2Jb?c?d ü");
    }
}
