//! Names that people give to sources and destinations.

use std::fmt;
use std::sync::Arc;

/// The name of a source or a destination: 1 to 64 of `a-z A-Z 0-9 _ - .`, cheap to clone.
///
/// It stands in URLs, file names, metrics and logs, hence the small alphabet.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Name(Arc<str>);

/// Why a text cannot be a [`Name`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// Nothing was given.
    #[error("a name cannot be empty")]
    Empty,
    /// More than 64 bytes were given.
    #[error("a name has at most 64 characters")]
    TooLong,
    /// A character outside the alphabet, or a dot at the start.
    #[error("a name is made of letters, digits, `_`, `-` and `.`, and does not begin with `.`")]
    Character,
}

impl Name {
    /// Checks a text and makes it a name.
    pub fn new(text: &str) -> Result<Self, NameError> {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.');
        match text.len() {
            0 => Err(NameError::Empty),
            1..=64 if text.bytes().all(allowed) && !text.starts_with('.') => Ok(Self(text.into())),
            1..=64 => Err(NameError::Character),
            _ => Err(NameError::TooLong),
        }
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&*self.0, f)
    }
}

impl std::borrow::Borrow<str> for Name {
    fn borrow(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_what_fits_in_a_url() {
        let long = "x".repeat(65);
        let cases = [
            ("github", Ok(())),
            ("Stripe_live-2.eu", Ok(())),
            ("", Err(NameError::Empty)),
            (long.as_str(), Err(NameError::TooLong)),
            ("a/b", Err(NameError::Character)),
            ("..", Err(NameError::Character)),
            ("größe", Err(NameError::Character)),
        ];
        for (text, expected) in cases {
            assert_eq!(Name::new(text).map(|_| ()), expected, "{text}");
        }
    }
}
