//! Everything that can be wrong: with a request, with the configuration, with a wish to sign.

use std::fmt;

use crate::scheme::Text;
use crate::template::TemplateError;

/// Why a request was not accepted. Each variant is one answer to "what do I fix?".
///
/// `Display` is one sentence that names the place and never holds a secret, an expected signature
/// or anything that was received. Places are written as they stand in a sentence: "header
/// `x-signature`".
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Rejection {
    /// What carries the signature is not there.
    #[error("the {at} is missing, so the request is not signed")]
    SignatureMissing {
        /// Where it was looked for; several places are separated by " or ".
        at: Text,
    },
    /// The signature cannot be read.
    #[error("the signature in the {at} cannot be read: {why}")]
    SignatureMalformed {
        /// Where it stands.
        at: Text,
        /// What was expected.
        why: &'static str,
    },
    /// What carries the signature is there, and the part of it with the signature is not.
    #[error("the {at} has no `{part}` in it, so the request is not signed")]
    SignaturePartMissing {
        /// Where it was looked for.
        at: Text,
        /// How it begins: `v1=`.
        part: Text,
    },
    /// What carries the token or password is not there.
    #[error("the {at} is missing, so there is no {what} to check")]
    CredentialMissing {
        /// What is shown instead of a signature.
        what: Credential,
        /// Where it was looked for.
        at: Text,
    },
    /// The token or password is not written as it should be.
    #[error("the {what} in the {at} cannot be read: {why}")]
    CredentialMalformed {
        /// What is shown instead of a signature.
        what: Credential,
        /// Where it stands.
        at: Text,
        /// What was expected.
        why: &'static str,
    },
    /// Another token or password is shown than those that are configured.
    #[error("the {at} does not hold the right {what}")]
    CredentialMismatch {
        /// What is shown instead of a signature.
        what: Credential,
        /// Where it stands.
        at: Text,
    },
    /// The signature is well-formed and none of the secrets made it for this request.
    #[error(
        "the signature in the {at} was not made for this request with any of the configured secrets"
    )]
    SignatureMismatch {
        /// Where it stands.
        at: Text,
    },
    /// What must be there once is there more often, or several places compete.
    #[error("the {at} is there more than once, so it is not clear which one counts")]
    Ambiguous {
        /// The place; several that compete are separated by " and ".
        at: Text,
    },
    /// Only a signature of an older or unknown kind is there. It is never used as a fallback.
    #[error("the {at} holds only a signature of a kind that is not accepted here; send {wanted}")]
    AlgorithmNotAllowed {
        /// Where the weaker signature stands.
        at: Text,
        /// What is accepted.
        wanted: Text,
    },
    /// The scheme signs something that is not there.
    #[error("the {at} is part of what is signed, and it is missing")]
    SignedPartMissing {
        /// What is missing.
        at: Text,
    },
    /// The scheme refuses empty bodies, since it signs nothing else.
    #[error("the body is empty, so the signature in the {at} proves nothing")]
    BodyEmpty {
        /// Where the signature stands.
        at: Text,
    },
    /// The proof has to carry the body's hash and does not, so that nothing protects the body.
    #[error("the {hash} is missing, so the {at} does not cover the body")]
    BodyHashMissing {
        /// Where the hash belongs.
        hash: Text,
        /// Where the signature stands.
        at: Text,
    },
    /// The hash in the proof is another one than the body's.
    #[error("the body does not have the hash that the {hash} says")]
    BodyHashMismatch {
        /// Where the hash stands.
        hash: Text,
    },
    /// The hash in the proof is another one than that of the method and URL.
    #[error(
        "the {hash} is of another URL than the request's; behind a proxy, set the public URL that the provider calls"
    )]
    UrlHashMismatch {
        /// Where the hash stands.
        hash: Text,
    },
    /// Something signed is not what it has to be here: another audience, another topic, another
    /// issuer.
    #[error("the request is signed, but its {what} is not the one that is configured here")]
    NotForUs {
        /// What it is.
        what: Text,
    },
    /// The scheme signs a timestamp that is not there.
    #[error("the timestamp is missing from the {at}")]
    TimestampMissing {
        /// Where it belongs.
        at: Text,
    },
    /// The timestamp is not written as the scheme writes it.
    #[error("the timestamp in the {at} is not {expected}")]
    TimestampMalformed {
        /// Where it stands.
        at: Text,
        /// What it should be.
        expected: &'static str,
    },
    /// The signature is right and the timestamp is too far from now.
    #[error("the request is signed, but {}; at most {tolerance} s are accepted", skew(*.seconds))]
    TimestampOutsideWindow {
        /// How old the timestamp is, in seconds; negative when it lies in the future.
        seconds: i64,
        /// What is accepted, in seconds, in both directions.
        tolerance: u64,
    },
    /// The signature is right, and the token says that it holds no longer.
    #[error("the request is signed, but its token expired {seconds} s ago")]
    TokenExpired {
        /// For how long it has not held, in seconds.
        seconds: u64,
    },
    /// The scheme signs an id that is not there.
    #[error("the {at} with the signed id is missing")]
    IdMissing {
        /// Where it belongs.
        at: Text,
    },
    /// The id would make what is signed ambiguous, or is too long.
    #[error("the id in the {at} is not 1 to 255 visible ASCII characters without a dot")]
    IdMalformed {
        /// Where it stands.
        at: Text,
    },
    /// The key that the request names has to be fetched first, and was not.
    #[error("the key that the {at} names could not be fetched, so nothing is known of the request")]
    KeyUnavailable {
        /// What names the key.
        at: Text,
    },
    /// The key that the request names is no longer good.
    #[error("the certificate that the {at} names has expired, so its key proves nothing any more")]
    KeyExpired {
        /// What names the key.
        at: Text,
    },
    /// The request names a key that does not belong to the provider.
    #[error("the key that the {at} names is not one of the provider's")]
    KeyForeign {
        /// What names the key.
        at: Text,
    },
}

/// What a sender shows that does not sign.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Credential {
    /// A secret that is sent along.
    Token,
    /// A user and a password, as HTTP basic authentication has them.
    Password,
}

impl fmt::Display for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Token => "token",
            Self::Password => "user and password",
        })
    }
}

fn skew(seconds: i64) -> String {
    if seconds < 0 {
        format!("its timestamp lies {} s in the future", seconds.unsigned_abs())
    } else {
        format!("its timestamp is {seconds} s old")
    }
}

impl Rejection {
    /// What was shown or should have been, of a sender that does not sign.
    pub const fn credential(&self) -> Option<Credential> {
        match self {
            Self::CredentialMissing { what, .. }
            | Self::CredentialMalformed { what, .. }
            | Self::CredentialMismatch { what, .. } => Some(*what),
            _ => None,
        }
    }

    /// All that [`Self::code`] can be.
    pub const CODES: &[&str] = &[
        "signature_missing",
        "signature_malformed",
        "signature_mismatch",
        "token_missing",
        "token_malformed",
        "token_mismatch",
        "password_missing",
        "password_malformed",
        "password_mismatch",
        "proof_ambiguous",
        "algorithm_not_allowed",
        "body_empty",
        "timestamp_malformed",
        "timestamp_outside_window",
        "id_malformed",
        "not_for_us",
        "key_unavailable",
        "key_expired",
        "key_foreign",
    ];

    /// A fixed code for answers, metrics and documentation.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::SignatureMissing { .. } | Self::BodyHashMissing { .. } => "signature_missing",
            Self::SignatureMalformed { .. }
            | Self::SignaturePartMissing { .. }
            | Self::SignedPartMissing { .. } => "signature_malformed",
            Self::CredentialMissing { what, .. } => match what {
                Credential::Token => "token_missing",
                Credential::Password => "password_missing",
            },
            Self::CredentialMalformed { what, .. } => match what {
                Credential::Token => "token_malformed",
                Credential::Password => "password_malformed",
            },
            Self::CredentialMismatch { what, .. } => match what {
                Credential::Token => "token_mismatch",
                Credential::Password => "password_mismatch",
            },
            Self::SignatureMismatch { .. }
            | Self::BodyHashMismatch { .. }
            | Self::UrlHashMismatch { .. } => "signature_mismatch",
            Self::Ambiguous { .. } => "proof_ambiguous",
            Self::AlgorithmNotAllowed { .. } => "algorithm_not_allowed",
            Self::BodyEmpty { .. } => "body_empty",
            Self::TimestampMissing { .. } | Self::TimestampMalformed { .. } => {
                "timestamp_malformed"
            }
            Self::TimestampOutsideWindow { .. } | Self::TokenExpired { .. } => {
                "timestamp_outside_window"
            }
            Self::IdMissing { .. } | Self::IdMalformed { .. } => "id_malformed",
            Self::NotForUs { .. } => "not_for_us",
            Self::KeyUnavailable { .. } => "key_unavailable",
            Self::KeyExpired { .. } => "key_expired",
            Self::KeyForeign { .. } => "key_foreign",
        }
    }
}

/// Why a verifier cannot be built. Found when the configuration is loaded, never per request.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConfigurationError {
    /// There is no secret at all.
    #[error("no secret is configured")]
    NoSecret,
    /// The provider signs nothing, so there is nothing to verify.
    #[error("this provider signs nothing, so there is nothing to verify")]
    Unsigned,
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
    /// The provider needs a setting beside the secret.
    #[error("the setting `{0}` is missing")]
    SettingMissing(&'static str),
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
    /// The scheme signs something that the request does not have.
    #[error("the {0} is part of what is signed, and the request does not have it")]
    PartMissing(Text),
    /// The signature stands in the body, and this body has no place for it.
    #[error("the {0} is where the signature belongs, and the body has no such place")]
    NoPlace(Text),
    /// Nothing here can make such a signature.
    #[error("{0}")]
    Unsupported(&'static str),
    /// The token is not text, so that it cannot stand in a header.
    #[error("the token is not UTF-8, so it cannot be sent in a header")]
    NotText,
    /// The library for public-key signatures refused, which it has no known reason to do.
    #[error("the signature could not be computed")]
    Failed,
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// The language lists no variants, so the codes are read where they stand: each is a literal of
    /// [`Rejection::code`].
    #[test]
    fn the_list_of_codes_is_what_code_can_be() {
        let (_, after) = include_str!("rejection.rs").split_once("pub const fn code(").unwrap();
        let (code, _) = after.split_once("\n    }\n").unwrap();
        let literals: BTreeSet<&str> = code.split('"').skip(1).step_by(2).collect();
        assert_eq!(literals, Rejection::CODES.iter().copied().collect());
        assert_eq!(literals.len(), Rejection::CODES.len(), "one stands in the list twice");
    }

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
