//! What `hookyard verify` prints of one request.

use hookyard_model::Timestamp;
use hookyard_signature::{Explanation, Provider, Refusal, Scheme, Verified};
use serde::Serialize;
use serde_json::{Value, json};

use super::invalid;
use crate::cli::explained;
use crate::cli::failure::{Exit, Failure};
use crate::cli::out::{Out, Paint};
use crate::explanation::Why;

/// The verdict on one request.
pub(super) struct Report {
    pub(super) provider: &'static Provider,
    pub(super) verified: Option<Verified>,
    /// What is wrong; nothing where the request is valid.
    pub(super) explanation: Option<Explanation>,
}

impl Report {
    pub(super) fn lines(&self, out: Out) -> Vec<String> {
        let mut lines = self.verdict(out);
        let is_said = self.explanation.as_ref().is_some_and(|found| !found.next.is_empty());
        lines.extend(self.provider.doubt().filter(|_| !is_said));
        if self.explanation.is_none() {
            lines.extend(self.coverage());
        }
        lines
    }

    /// That it is valid, or why it is not.
    fn verdict(&self, out: Out) -> Vec<String> {
        if let Some(explanation) = &self.explanation {
            return explained::lines(out, &json!(Why::from(explanation.clone())));
        }
        let name = self.provider.name;
        let verified = self.verified;
        let secret = verified.map_or(0, |verified| verified.secret) + 1;
        let at = verified.and_then(|verified| verified.signed_at);
        let at = at.map(|at| Timestamp::from_millis(at.0.saturating_mul(1000)));
        let at = at.map_or_else(String::new, |at| format!(", {at}"));
        let says = match self.provider.scheme {
            Scheme::Token(_) | Scheme::Basic => format!("it shows secret {secret}"),
            _ => format!("signed as {name} signs, with secret {secret}{at}"),
        };
        vec![format!("{}  {says}", out.paint(Paint::Good, "valid"))]
    }

    /// What the proof protects and what it does not.
    fn coverage(&self) -> Vec<String> {
        let parts = self.provider.scheme.covers().parts();
        let of = |wanted: bool| {
            let names = parts.iter().filter(|(_, covered)| *covered == wanted);
            names.map(|(name, _)| *name).collect::<Vec<_>>().join(", ")
        };
        let covered = of(true);
        if covered.is_empty() {
            return vec![format!("covered: nothing but who sends; not {}", of(false))];
        }
        vec![format!("covered: {covered}; not {}", of(false))]
    }

    pub(super) fn json(&self) -> Value {
        let covers: serde_json::Map<_, _> = self
            .provider
            .scheme
            .covers()
            .parts()
            .iter()
            .map(|(name, covered)| (name.to_ascii_lowercase(), json!(covered)))
            .collect();
        let mut report = json!({
            "provider": self.provider.slug,
            "confidence": self.provider.confidence.as_str(),
            "valid": self.explanation.is_none(),
            "covers": covers,
        });
        let (key, value) = match (&self.explanation, &self.verified) {
            (Some(explanation), _) => ("refusal", refusal(explanation)),
            (None, verified) => (
                "proof",
                json!({
                    "secret": verified.map(|verified| verified.secret + 1),
                    "signed_at": verified.and_then(|verified| verified.signed_at).map(|at| at.0),
                }),
            ),
        };
        if let Some(report) = report.as_object_mut() {
            report.insert(key.to_owned(), value);
        }
        report
    }

    pub(super) fn end(&self) -> Result<(), Failure> {
        match &self.explanation {
            None => Ok(()),
            // With such a secret there is nothing to verify with.
            Some(Explanation { refusal: Refusal::Configuration(_), .. }) => {
                Err(Failure::Silent(Exit::Usage))
            }
            Some(_) => Err(invalid()),
        }
    }
}

/// A refusal as JSON has it.
#[derive(Serialize)]
struct Refused {
    code: &'static str,
    #[serde(flatten)]
    why: Why,
}

fn refusal(explanation: &Explanation) -> Value {
    json!(Refused { code: explanation.refusal.code(), why: explanation.clone().into() })
}
