//! Why a request was refused, as JSON has it: in the API's answer and in what `verify` prints.

use hookyard_signature::{Certainty, Explanation, Finding};
use serde::Serialize;

/// What was found out of a refusal.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Why {
    /// What the verification said.
    detail: String,
    /// The mistake that was made, if it was found.
    finding: Option<Found>,
    /// What it is not, each as it stands after "it is not".
    ruled_out: Vec<&'static str>,
    /// Whether the search ended before everything was tried.
    is_cut_short: bool,
    /// What to look at next, as sentences.
    next: Vec<String>,
}

/// The mistake that was found.
#[derive(Debug, Serialize)]
struct Found {
    mistake: &'static str,
    is_proven: bool,
    sentence: String,
    advice: &'static str,
}

impl Why {
    /// What is known where nothing could be tried.
    pub(crate) fn of_detail(sentence: &str) -> Self {
        let detail = sentence.strip_suffix('.').unwrap_or(sentence).to_owned();
        Self { detail, ..Self::default() }
    }
}

impl From<Explanation> for Why {
    fn from(explanation: Explanation) -> Self {
        Self {
            detail: explanation.refusal.to_string(),
            finding: explanation.finding.map(Found::from),
            ruled_out: explanation.ruled_out,
            is_cut_short: explanation.is_cut_short,
            next: explanation.next,
        }
    }
}

impl From<Finding> for Found {
    fn from(finding: Finding) -> Self {
        Self {
            mistake: finding.mistake.code(),
            is_proven: finding.certainty == Certainty::Proven,
            sentence: finding.sentence,
            advice: finding.advice,
        }
    }
}
