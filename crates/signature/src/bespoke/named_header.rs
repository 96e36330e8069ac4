//! A token in a header whose name the user chose at the provider, as with Datadog.

use crate::bespoke::{Bespoke, Prove};
use crate::scheme::{Covers, Place, Token};
use crate::template::is_header_name;
use crate::token::Tokens;
use crate::verifier::{Options, Proof, Verified};
use crate::{ConfigurationError, Received, Rejection, Secret, SigningError, UnixSeconds};

/// What the header's name is called in the settings.
const SETTING: &str = "header";

/// The whole value of a header of the user's choice.
pub(crate) static NAMED_HEADER: Bespoke = Bespoke {
    name: "Token in a header of your choice",
    about: "the secret itself, in the header that the setting `header` names",
    headers: &[],
    covers: Covers { body: false, timestamp: false, id: false, method: false, url: false },
    tolerance: None,
    publishes_keys: false,
    build: |secrets, options| Ok(Box::new(NamedHeader::new(secrets, options)?)),
};

struct NamedHeader {
    token: Token,
    tokens: Tokens,
}

impl NamedHeader {
    fn new(secrets: Vec<Secret>, options: &Options) -> Result<Self, ConfigurationError> {
        let name = options.setting(SETTING).ok_or(ConfigurationError::SettingMissing(SETTING))?;
        if !is_header_name(name) {
            return Err(ConfigurationError::HeaderName(name.to_owned()));
        }
        let token =
            Token { place: Place::Header(name.to_ascii_lowercase().into()), prefix: "".into() };
        Ok(Self { token, tokens: Tokens::new(secrets) })
    }
}

impl Prove for NamedHeader {
    fn verify(
        &self,
        request: &Received<'_>,
        _: UnixSeconds,
        _: Option<&[u8]>,
    ) -> Result<Verified, Rejection> {
        self.tokens.verify(&self.token, request)
    }

    fn sign(&self, request: &Received<'_>, _: &str, _: UnixSeconds) -> Result<Proof, SigningError> {
        self.tokens.sign(&self.token, request)
    }
}
