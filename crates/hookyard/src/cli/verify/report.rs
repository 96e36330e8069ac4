//! What `hookyard verify` prints of one request.

use hookyard_model::Timestamp;
use hookyard_signature::{Certainty, Confidence, Explanation, Provider, Refusal, Verified};
use serde_json::{Value, json};

use super::invalid;
use crate::cli::failure::{Exit, Failure};
use crate::cli::out::{Out, Paint, tame};

/// The verdict on one request.
pub(super) struct Report {
    pub(super) provider: &'static Provider,
    pub(super) verified: Option<Verified>,
    /// What is wrong; nothing where the request is valid.
    pub(super) explanation: Option<Explanation>,
}

impl Report {
    pub(super) fn lines(&self, out: Out) -> Vec<String> {
        let mut lines = vec![self.verdict(out)];
        let provider = self.provider;
        if provider.confidence <= Confidence::Unconfirmed {
            let word = provider.confidence.as_str();
            lines.push(format!(
                "how {} signs is {word}: {}",
                provider.name,
                provider.confidence.in_words()
            ));
        }
        let Some(explanation) = &self.explanation else {
            lines.extend(self.coverage());
            return lines;
        };
        if let Some(finding) = &explanation.finding {
            let word = match finding.certainty {
                Certainty::Proven => "found",
                Certainty::Seen => "likely",
            };
            lines.push(format!("{}  {}", out.paint(Paint::Bold, word), tame(&finding.sentence)));
            lines.push(format!("{}     {}", out.paint(Paint::Bold, "do"), finding.advice));
        } else {
            if !explanation.ruled_out.is_empty() {
                lines.push(format!("it is not {}", explanation.ruled_out.join("; nor ")));
            }
            lines.push(out.paint(Paint::Bold, "what to look at next"));
            lines.extend(explanation.next.iter().map(|step| format!("- {}", tame(step))));
        }
        if explanation.is_cut_short {
            lines.push("not everything was tried, because the body is large".to_owned());
        }
        lines
    }

    fn verdict(&self, out: Out) -> String {
        let name = self.provider.name;
        match (&self.explanation, &self.verified) {
            (Some(explanation), _) => {
                let word = out.paint(Paint::Bad, "invalid");
                format!("{word}  {}", tame(&explanation.refusal.to_string()))
            }
            (None, verified) => {
                let word = out.paint(Paint::Good, "valid");
                let secret = verified.map_or(0, |verified| verified.secret) + 1;
                let at = verified.and_then(|verified| verified.signed_at);
                let at = at.map(|at| Timestamp::from_millis(at.0.saturating_mul(1000)));
                let at = at.map_or_else(String::new, |at| format!(", {at}"));
                format!("{word}  signed as {name} signs, with secret {secret}{at}")
            }
        }
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

fn refusal(explanation: &Explanation) -> Value {
    let code = match &explanation.refusal {
        Refusal::Request(rejection) => rejection.code(),
        Refusal::Configuration(_) => "configuration",
    };
    let finding = explanation.finding.as_ref().map(|finding| {
        json!({
            "mistake": finding.mistake.code(),
            "is_proven": finding.certainty == Certainty::Proven,
            "sentence": finding.sentence,
            "advice": finding.advice,
        })
    });
    json!({
        "code": code,
        "detail": explanation.refusal.to_string(),
        "finding": finding,
        "ruled_out": explanation.ruled_out,
        "is_cut_short": explanation.is_cut_short,
        "next": explanation.next,
    })
}
