//! Signs what we send, as Standard Webhooks says.

use hookyard_model::{Secret, Timestamp};
use hookyard_signature::{Options, Received, UnixSeconds, Verifier, provider};

/// Signs with every live secret of one destination, or, without any, with none.
pub(crate) struct Signer(Option<Verifier>);

impl Signer {
    /// Makes the keys ready. The error is a sentence for a person.
    pub(crate) fn new(secrets: &[Secret]) -> Result<Self, String> {
        if secrets.is_empty() {
            return Ok(Self(None));
        }
        let standard = provider("standard-webhooks").ok_or("there is no scheme to sign with")?;
        let secrets = secrets.iter().map(|secret| hookyard_signature::Secret::new(secret.reveal()));
        let secrets = secrets.collect::<Result<_, _>>().map_err(|error| error.to_string())?;
        let verifier =
            standard.verifier(secrets, &Options::default()).map_err(|error| error.to_string())?;
        Ok(Self(Some(verifier)))
    }

    /// The headers that prove where a request comes from: `webhook-id`, `webhook-timestamp` and,
    /// with a secret, `webhook-signature`.
    pub(crate) fn sign(
        &self,
        id: &str,
        body: &[u8],
        now: Timestamp,
    ) -> Result<Vec<(String, String)>, String> {
        let seconds = now.as_seconds();
        let mut headers = vec![
            ("webhook-id".to_owned(), id.to_owned()),
            ("webhook-timestamp".to_owned(), seconds.to_string()),
        ];
        if let Some(verifier) = &self.0 {
            let none: [(&str, &str); 0] = [];
            let request = Received { method: "POST", url: "", headers: &none, body };
            let proof = verifier.sign(&request, id, UnixSeconds(seconds));
            let proof = proof.map_err(|error| error.to_string())?;
            headers =
                proof.headers.into_iter().map(|(name, value)| (name.to_string(), value)).collect();
        }
        Ok(headers)
    }
}
