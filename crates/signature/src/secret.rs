//! Secrets that cannot be printed, cannot be empty and leave memory when dropped.

use std::fmt;

use zeroize::Zeroizing;

use crate::ConfigurationError;

/// A secret under this many bytes is worth a warning: it can be guessed.
const SHORT: usize = 16;

/// A signing secret, token, password or key, as the provider shows it.
///
/// `Debug` tells nothing, and the memory is overwritten on drop.
#[derive(Clone)]
pub struct Secret(Zeroizing<Vec<u8>>);

impl Secret {
    /// Takes a secret as it is written; nothing is trimmed.
    ///
    /// # Errors
    ///
    /// [`ConfigurationError::SecretEmpty`] for an empty or blank one, because everyone knows that key.
    pub fn new(secret: impl Into<Vec<u8>>) -> Result<Self, ConfigurationError> {
        let bytes = Zeroizing::new(secret.into());
        if bytes.trim_ascii().is_empty() {
            return Err(ConfigurationError::SecretEmpty);
        }
        Ok(Self(bytes))
    }

    /// Whether the secret has fewer than 16 bytes, so that the caller can warn.
    pub fn is_short(&self) -> bool {
        self.0.len() < SHORT
    }

    /// The secret itself, for whoever has to keep it.
    pub fn reveal(&self) -> &[u8] {
        &self.0
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn empty_and_blank_are_refused() {
        for secret in ["", " ", "\t\r\n  "] {
            assert_eq!(Secret::new(secret).unwrap_err(), ConfigurationError::SecretEmpty);
        }
    }

    #[test]
    fn debug_tells_nothing() {
        let secret = Secret::new("hunter2-hunter2-").unwrap();
        assert_eq!(format!("{secret:?}"), "Secret(…)");
        assert!(!secret.is_short());
        assert!(Secret::new("hunter2").unwrap().is_short());
    }
}
