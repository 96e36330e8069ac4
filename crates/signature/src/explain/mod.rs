//! Finds out which mistake made a verification fail, and says it in a sentence.
//!
//! A list of hypotheses, [`HYPOTHESES`], says what people and proxies do to requests and secrets.
//! Each undoes one such thing; where the request then verifies, that was the mistake. So what is
//! said is proven, never guessed; what can be seen without a computation (a header that is not
//! there) is told apart from it by [`Certainty`]. If nothing is found, the answer is what is ruled
//! out and what to look at next.
//!
//! The work is bounded, so that this can stand behind an API: see [`trial`]. Nothing here accepts
//! a request: a request that verifies only after a change stays refused.

mod body;
mod evident;
mod form_body;
mod json_body;
mod message;
mod mistake;
mod next;
mod secrets;
mod signature;
mod timing;
mod trial;
mod url;

use self::trial::{Candidate, Scene, Trials};
use crate::{
    ConfigurationError, Options, Provider, Received, Rejection, Scheme, Secret, UnixSeconds,
};

pub use self::mistake::Mistake;

/// With what a request was to be verified, and what else may help to find out why it was not.
#[derive(Clone, Copy, Debug)]
pub struct Case<'a> {
    /// How the request was to be signed.
    pub scheme: &'a Scheme,
    /// Who was to send it, if that is known.
    pub provider: Option<&'static Provider>,
    /// The secrets that are configured.
    pub secrets: &'a [Secret],
    /// What is configured beside them.
    pub options: &'a Options,
    /// Secrets that may have been used instead: of other environments, of other sources, former
    /// ones. At most 16 are looked at.
    pub others: &'a [OtherSecret<'a>],
    /// What was fetched, as for [`crate::Verifier::verify_with`].
    pub fetched: Option<&'a [u8]>,
}

/// A secret that is known and not configured where the request came in.
#[derive(Clone, Copy, Debug)]
pub struct OtherSecret<'a> {
    /// What it is called where the finding is shown: "source `billing-test`".
    pub label: &'a str,
    /// The secret.
    pub secret: &'a Secret,
    /// Whether it was configured here before.
    pub is_former: bool,
}

/// Why a request was refused, and what is known of the reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explanation {
    /// What the verification said.
    pub refusal: Refusal,
    /// The mistake, if it was found.
    pub finding: Option<Finding>,
    /// What was tried and is not the reason, each as it stands after "it is not".
    pub ruled_out: Vec<&'static str>,
    /// Whether the limits on the work ended the search early.
    pub is_cut_short: bool,
    /// What to look at next, as sentences. Empty where the mistake was found.
    pub next: Vec<String>,
}

/// Why a request was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// It is not signed as it should be.
    #[error(transparent)]
    Request(#[from] Rejection),
    /// There is nothing to verify it with.
    #[error(transparent)]
    Configuration(#[from] ConfigurationError),
}

impl Refusal {
    /// A fixed code for answers: the rejection's, or that there is nothing to verify with.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Request(rejection) => rejection.code(),
            Self::Configuration(_) => "configuration",
        }
    }
}

/// A mistake that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Which.
    pub mistake: Mistake,
    /// How sure that is.
    pub certainty: Certainty,
    /// What was found, as sentences. Never holds a secret, a signature or a body.
    pub sentence: String,
    /// What to do about it, as a sentence.
    pub advice: &'static str,
}

/// How sure a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Certainty {
    /// The request verifies once this one thing is undone.
    Proven,
    /// It can be seen in the request, and nothing can prove that there is not more to it.
    Seen,
}

/// A thing that may have gone wrong, and how to undo it.
struct Hypothesis {
    /// As it stands after "it is not".
    about: &'static str,
    /// What to try.
    candidates: for<'s> fn(&'s Scene<'_>) -> Box<dyn Iterator<Item = Candidate> + 's>,
}

/// What is tried, the likely and the cheap first. The timestamp is first of all: see [`explain`].
const HYPOTHESES: &[Hypothesis] = &[
    Hypothesis { about: "the unit of the timestamp", candidates: timing::units },
    Hypothesis { about: "a header that came twice", candidates: signature::doubled },
    Hypothesis { about: "an older version of the signature", candidates: signature::versions },
    Hypothesis {
        about: "spaces, quotes or line breaks around the secret",
        candidates: secrets::pasted,
    },
    Hypothesis { about: "another secret that is known here", candidates: secrets::others },
    Hypothesis { about: "a prefix of the secret", candidates: secrets::prefixes },
    Hypothesis {
        about: "base64 or hexadecimal where the secret's text is meant, or the reverse",
        candidates: secrets::encodings,
    },
    Hypothesis { about: "how the signature is written", candidates: signature::spellings },
    Hypothesis { about: "another hash or encoding", candidates: signature::algorithms },
    Hypothesis { about: "another provider's scheme", candidates: signature::providers },
    Hypothesis { about: "the URL as it is seen here", candidates: url::spellings },
    Hypothesis { about: "another method", candidates: url::methods },
    Hypothesis { about: "another choice of what is signed", candidates: message::parts },
    Hypothesis { about: "the id and the timestamp exchanged", candidates: message::exchanged },
    Hypothesis { about: "line breaks at the body's ends or within it", candidates: body::lines },
    Hypothesis { about: "the body's encoding", candidates: body::encodings },
    Hypothesis { about: "a form that was parsed", candidates: form_body::parsed },
    Hypothesis { about: "JSON that was written anew", candidates: json_body::rewritten },
];

/// Says why this request is refused at `now`; `None` where it is not.
///
/// Never panics, whatever the request holds, and does a bounded amount of work: some hundred
/// verifications, and fewer of a large body.
pub fn explain(case: &Case<'_>, request: &Received<'_>, now: UnixSeconds) -> Option<Explanation> {
    let scene = Scene::new(case, request, now)?;
    let mut trials = Trials::default();
    let mut ruled_out = Vec::new();
    // What is only late or early is signed right: nothing but the time is left to look at.
    let most = if scene.is_only_late() { 1 } else { HYPOTHESES.len() };
    for hypothesis in HYPOTHESES.iter().take(most) {
        let mut tried = false;
        for candidate in (hypothesis.candidates)(&scene) {
            let Some(holds) = trials.holds(&scene, &candidate) else { break };
            tried = true;
            if let Some(finding) = holds.then(|| candidate.finding(&scene)) {
                return Some(scene.explained(Some(finding), ruled_out, false));
            }
        }
        if trials.are_used_up() {
            break;
        }
        ruled_out.extend(tried.then_some(hypothesis.about));
    }
    let finding = evident::find(&scene);
    Some(scene.explained(finding, ruled_out, trials.are_used_up()))
}
