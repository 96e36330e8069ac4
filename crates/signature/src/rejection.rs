//! Everything that can be wrong: with a request, with the configuration, with a wish to sign.

use crate::scheme::Text;
use crate::template::TemplateError;

/// Why a request was not accepted. Each variant is one answer to "what do I fix?".
///
/// `Display` is one sentence that names the header and never holds a secret, an expected
/// signature or anything that was received.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Rejection {
    /// The header that carries the signature or token is not there.
    #[error("the header `{header}` is missing, so the request is not signed")]
    SignatureMissing {
        /// The header that was looked for; several are separated by " or ".
        header: Text,
    },
    /// The signature or token cannot be read.
    #[error("the signature in the header `{header}` cannot be read: {why}")]
    SignatureMalformed {
        /// The header that carries it.
        header: Text,
        /// What was expected.
        why: &'static str,
    },
    /// The signature is well-formed and none of the secrets made it for this request.
    #[error(
        "the signature in the header `{header}` was not made for this request with any of the configured secrets"
    )]
    SignatureMismatch {
        /// The header that carries it.
        header: Text,
    },
    /// A header that must be there once is there more often, or several headers compete.
    #[error("the header `{header}` is there more than once, so it is not clear which one counts")]
    Ambiguous {
        /// The header; several that compete are separated by " and ".
        header: Text,
    },
    /// Only a signature of an older or unknown kind is there. It is never used as a fallback.
    #[error(
        "the header `{header}` holds only a signature of a kind that is not accepted here; send {wanted}"
    )]
    AlgorithmNotAllowed {
        /// The header that carries the weaker signature.
        header: Text,
        /// What is accepted.
        wanted: Text,
    },
    /// The scheme signs a header that is not there.
    #[error("the header `{header}` is part of what is signed, and it is missing")]
    SignedHeaderMissing {
        /// The header.
        header: Text,
    },
    /// The scheme refuses empty bodies, since it signs nothing else.
    #[error("the body is empty, so the signature in the header `{header}` proves nothing")]
    BodyEmpty {
        /// The header that carries the signature.
        header: Text,
    },
    /// The signed URL does not carry the body's hash, so that nothing protects the body.
    #[error(
        "the query parameter `{parameter}` is missing, so the header `{header}` does not cover the body"
    )]
    BodyHashMissing {
        /// The parameter.
        parameter: Text,
        /// The header that carries the signature.
        header: Text,
    },
    /// The body's hash in the signed URL is another one.
    #[error("the body does not have the hash that the query parameter `{parameter}` says")]
    BodyHashMismatch {
        /// The parameter.
        parameter: Text,
    },
    /// The scheme signs a timestamp that is not there.
    #[error("the timestamp is missing from the header `{header}`")]
    TimestampMissing {
        /// The header where it belongs.
        header: Text,
    },
    /// The timestamp is not a whole number of seconds: digits only, at most twelve.
    #[error(
        "the timestamp in the header `{header}` is not a number of seconds since 1970 written in digits only"
    )]
    TimestampMalformed {
        /// The header that carries it.
        header: Text,
    },
    /// The signature is right and the timestamp is too far from now.
    #[error("the request is signed, but {}; at most {tolerance} s are accepted", skew(*.seconds))]
    TimestampOutsideWindow {
        /// How old the timestamp is, in seconds; negative when it lies in the future.
        seconds: i64,
        /// What is accepted, in seconds, in both directions.
        tolerance: u64,
    },
    /// The scheme signs an id that is not there.
    #[error("the header `{header}` with the signed id is missing")]
    IdMissing {
        /// The header where it belongs.
        header: Text,
    },
    /// The id would make what is signed ambiguous, or is too long.
    #[error(
        "the id in the header `{header}` is not 1 to 255 visible ASCII characters without a dot"
    )]
    IdMalformed {
        /// The header that carries it.
        header: Text,
    },
}

fn skew(seconds: i64) -> String {
    if seconds < 0 {
        format!("its timestamp lies {} s in the future", seconds.unsigned_abs())
    } else {
        format!("its timestamp is {seconds} s old")
    }
}

impl Rejection {
    /// A fixed code for answers, metrics and documentation.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::SignatureMissing { .. } | Self::BodyHashMissing { .. } => "signature_missing",
            Self::SignatureMalformed { .. } | Self::SignedHeaderMissing { .. } => {
                "signature_malformed"
            }
            Self::SignatureMismatch { .. } | Self::BodyHashMismatch { .. } => "signature_mismatch",
            Self::Ambiguous { .. } => "signature_ambiguous",
            Self::AlgorithmNotAllowed { .. } => "algorithm_not_allowed",
            Self::BodyEmpty { .. } => "body_empty",
            Self::TimestampMissing { .. } | Self::TimestampMalformed { .. } => {
                "timestamp_malformed"
            }
            Self::TimestampOutsideWindow { .. } => "timestamp_outside_window",
            Self::IdMissing { .. } | Self::IdMalformed { .. } => "id_malformed",
        }
    }
}

/// Why a verifier cannot be built. Found when the configuration is loaded, never per request.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConfigurationError {
    /// There is no secret at all.
    #[error("no secret is configured")]
    NoSecret,
    /// A secret is empty or blank.
    #[error("the secret is empty")]
    SecretEmpty,
    /// A secret does not have the form that the scheme needs.
    #[error("the secret is not {expected}")]
    SecretMalformed {
        /// The form it should have.
        expected: &'static str,
    },
    /// A template cannot be read.
    #[error(transparent)]
    Template(#[from] TemplateError),
    /// Two settings contradict each other, or one misses another.
    #[error("{0}")]
    Settings(&'static str),
    /// A word is not one of those a setting knows.
    #[error("`{found}` is not a known {setting}: use {known}")]
    UnknownWord {
        /// The setting.
        setting: &'static str,
        /// What was written.
        found: String,
        /// What can be written.
        known: &'static str,
    },
    /// A header's name holds a character that HTTP does not allow.
    #[error("`{0}` is not the name of a header")]
    HeaderName(String),
}

/// Why a request cannot be signed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SigningError {
    /// Only a public key is configured. It verifies; it cannot sign.
    #[error("signing needs the private key, and only a public key is configured")]
    NoPrivateKey,
    /// The id cannot be signed without making the signature ambiguous.
    #[error("an id to be signed must have 1 to 255 visible ASCII characters without a dot")]
    IdMalformed,
    /// The scheme signs a header that the request does not have.
    #[error("the header `{0}` is part of what is signed, and the request does not have it")]
    HeaderMissing(Text),
    /// The token is not text, so that it cannot stand in a header.
    #[error("the token is not UTF-8, so it cannot be sent in a header")]
    NotText,
    /// The library for public-key signatures refused, which it has no known reason to do.
    #[error("the signature could not be computed")]
    Failed,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stale_says_that_the_signature_was_right() {
        let late = Rejection::TimestampOutsideWindow { seconds: 301, tolerance: 300 };
        assert_eq!(
            late.to_string(),
            "the request is signed, but its timestamp is 301 s old; at most 300 s are accepted"
        );
        let early = Rejection::TimestampOutsideWindow { seconds: -301, tolerance: 300 };
        assert!(early.to_string().contains("301 s in the future"), "{early}");
    }
}
