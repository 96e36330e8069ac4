//! Secrets for those who give none: made up, in the form that the provider has them.

use hookyard_signature::{KeyForm, Provider, Scheme, TestKeyPair};

use crate::cli::failure::Failure;
use crate::cli::secret::generate;
use crate::clock::random_u64;

/// A secret to sign with, and what the source has to be told to accept it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct MadeUp {
    /// Signs.
    pub(super) signing: String,
    /// Verifies: the same, or the public half of it.
    pub(super) verifying: String,
}

impl From<TestKeyPair> for MadeUp {
    fn from(TestKeyPair { private, public }: TestKeyPair) -> Self {
        Self { signing: private, verifying: public }
    }
}

/// A new secret of the first kind that `fits`: text, or a pair of keys on P-256, for Ed25519 or
/// for RSA. `None` where none does.
pub(super) fn make_up(
    provider: &Provider,
    mut fits: impl FnMut(&str) -> Result<bool, Failure>,
) -> Result<Option<MadeUp>, Failure> {
    let text = || Some(text(provider));
    let kinds: [&dyn Fn() -> Option<MadeUp>; 4] = [
        &text,
        &|| TestKeyPair::p256().map(MadeUp::from),
        &|| TestKeyPair::ed25519().map(MadeUp::from),
        &|| TestKeyPair::rsa().map(MadeUp::from),
    ];
    for kind in kinds {
        let Some(made_up) = kind() else { continue };
        if fits(&made_up.signing)? {
            return Ok(Some(made_up));
        }
    }
    Ok(None)
}

fn text(provider: &Provider) -> MadeUp {
    let secret = match &provider.scheme {
        Scheme::Signed(signed) if signed.key == KeyForm::StandardWebhooks => generate(32),
        Scheme::Basic => format!("hookyard:{:016x}", random_u64()),
        // It is hexadecimal and base64 as well, for those that want such.
        _ => format!("{:016x}{:016x}", random_u64(), random_u64()),
    };
    MadeUp { signing: secret.clone(), verifying: secret }
}
