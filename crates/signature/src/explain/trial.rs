//! A refused request with one thing undone, and whether it verifies then.
//!
//! Bounded: at most [`MOST_TRIALS`] verifications over at most [`MOST_BYTES`] of bodies in all,
//! whoever asks. That is some hundredths of a second.

use std::borrow::Cow;

use super::next;
use super::{Case, Certainty, Explanation, Finding, Mistake, Refusal};
use crate::scheme::{Signed, Text};
use crate::{Headers, Received, Rejection, Scheme, Secret, UnixSeconds, Verifier};

/// Verifications in all.
const MOST_TRIALS: usize = 1500;
/// Bytes of bodies that are hashed in all, counted once for each secret.
const MOST_BYTES: usize = 32 << 20;
/// Secrets beyond these are not looked at.
const MOST_SECRETS: usize = 4;

/// What is known of a refused request.
pub(super) struct Scene<'a> {
    pub(super) case: &'a Case<'a>,
    pub(super) request: Received<'a>,
    pub(super) now: UnixSeconds,
    pub(super) refusal: Refusal,
    verifier: Option<Verifier>,
}

impl<'a> Scene<'a> {
    /// `None` where the request is fine.
    pub(super) fn new(
        case: &'a Case<'a>,
        request: &Received<'a>,
        now: UnixSeconds,
    ) -> Option<Self> {
        let built = Verifier::new(case.scheme, case.secrets.to_vec(), case.options);
        let (verifier, refusal) = match built {
            Ok(verifier) => {
                let rejection = verifier.verify_with(request, now, case.fetched).err()?;
                (Some(verifier), Refusal::Request(rejection))
            }
            Err(error) => (None, Refusal::Configuration(error)),
        };
        Some(Self { case, request: *request, now, refusal, verifier })
    }

    /// The parts of the scheme, where it is one of the engine's.
    pub(super) fn signed(&self) -> Option<&'a Signed> {
        if let Scheme::Signed(signed) = self.case.scheme { Some(signed) } else { None }
    }

    /// The secrets that are looked at.
    pub(super) fn secrets(&self) -> impl Iterator<Item = &'a Secret> {
        self.case.secrets.iter().take(MOST_SECRETS)
    }

    pub(super) const fn rejection(&self) -> Option<&Rejection> {
        if let Refusal::Request(rejection) = &self.refusal { Some(rejection) } else { None }
    }

    /// Whether a signature is there and can be read, so that what is wrong may be the body, the
    /// secret or the URL.
    pub(super) const fn is_mismatch(&self) -> bool {
        !matches!(
            self.refusal,
            Refusal::Configuration(_)
                | Refusal::Request(
                    Rejection::SignatureMissing { .. }
                        | Rejection::SignatureMalformed { .. }
                        | Rejection::SignaturePartMissing { .. }
                        | Rejection::CredentialMissing { .. }
                        | Rejection::CredentialMalformed { .. }
                        | Rejection::CredentialMismatch { .. }
                        | Rejection::AlgorithmNotAllowed { .. }
                        | Rejection::Ambiguous { .. }
                        | Rejection::TimestampOutsideWindow { .. }
                        | Rejection::KeyUnavailable { .. }
                        | Rejection::KeyExpired { .. }
                        | Rejection::KeyForeign { .. }
                )
        )
    }

    /// Whether the signature is right, and only its time is not.
    pub(super) const fn is_only_late(&self) -> bool {
        matches!(self.refusal, Refusal::Request(Rejection::TimestampOutsideWindow { .. }))
    }

    /// What the sender is called in a sentence.
    pub(super) fn sender(&self) -> &'static str {
        self.case.provider.map_or("the sender", |provider| provider.name)
    }

    pub(super) fn explained(
        &self,
        finding: Option<Finding>,
        ruled_out: Vec<&'static str>,
        is_cut_short: bool,
    ) -> Explanation {
        let next = if finding.is_some() { Vec::new() } else { next::steps(self) };
        Explanation { refusal: self.refusal.clone(), finding, ruled_out, is_cut_short, next }
    }
}

/// What is otherwise than in the request or the configuration.
#[derive(Default)]
pub(super) struct Change {
    pub(super) scheme: Option<Scheme>,
    pub(super) secrets: Option<Vec<Secret>>,
    pub(super) method: Option<&'static str>,
    pub(super) url: Option<String>,
    pub(super) headers: Vec<(Text, Vec<u8>)>,
    pub(super) body: Option<Vec<u8>>,
}

/// A mistake that may have been made, and what undoes it.
pub(super) struct Candidate {
    pub(super) mistake: Mistake,
    pub(super) says: Cow<'static, str>,
    pub(super) change: Change,
}

impl Candidate {
    pub(super) fn new(
        mistake: Mistake,
        says: impl Into<Cow<'static, str>>,
        change: Change,
    ) -> Self {
        Self { mistake, says: says.into(), change }
    }

    /// Another body would verify.
    pub(super) fn body(
        mistake: Mistake,
        says: impl Into<Cow<'static, str>>,
        body: Vec<u8>,
    ) -> Self {
        Self::new(mistake, says, Change { body: Some(body), ..Change::default() })
    }

    /// Another secret would.
    pub(super) fn secret(
        mistake: Mistake,
        says: impl Into<Cow<'static, str>>,
        secret: Secret,
    ) -> Self {
        Self::new(mistake, says, Change { secrets: Some(vec![secret]), ..Change::default() })
    }

    /// Another scheme would.
    pub(super) fn scheme(
        mistake: Mistake,
        says: impl Into<Cow<'static, str>>,
        scheme: impl Into<Scheme>,
    ) -> Self {
        Self::new(mistake, says, Change { scheme: Some(scheme.into()), ..Change::default() })
    }

    pub(super) fn finding(&self, scene: &Scene<'_>) -> Finding {
        let mut sentence = self.says.clone().into_owned();
        if let Err(Rejection::TimestampOutsideWindow { seconds, .. }) = self.verify(scene) {
            let direction = if seconds < 0 { "ahead" } else { "back" };
            let off = seconds.unsigned_abs();
            sentence =
                format!("{sentence} Apart from that its timestamp lies {off} s {direction}.");
        }
        let advice = self.mistake.advice();
        Finding { mistake: self.mistake, certainty: Certainty::Proven, sentence, advice }
    }

    /// Whether the request verifies with the change. What is signed and only too old does.
    fn holds(&self, scene: &Scene<'_>) -> bool {
        match self.verify(scene) {
            Ok(()) => true,
            Err(Rejection::TimestampOutsideWindow { .. }) => self.mistake != Mistake::TimestampUnit,
            Err(_) => false,
        }
    }

    fn verify(&self, scene: &Scene<'_>) -> Result<(), Rejection> {
        let Change { scheme, secrets, method, url, headers, body } = &self.change;
        let headers = Changed { before: scene.request.headers, now: headers };
        let request = Received {
            method: method.unwrap_or(scene.request.method),
            url: url.as_deref().unwrap_or(scene.request.url),
            headers: &headers,
            body: body.as_deref().unwrap_or(scene.request.body),
        };
        let other;
        let verifier = if scheme.is_none() && secrets.is_none() {
            scene.verifier.as_ref()
        } else {
            let scheme = scheme.as_ref().unwrap_or(scene.case.scheme);
            let secrets = secrets.clone().unwrap_or_else(|| scene.secrets().cloned().collect());
            other = Verifier::new(scheme, secrets, scene.case.options).ok();
            other.as_ref()
        };
        // A scheme or a secret that cannot be used is not the one that was.
        let Some(verifier) = verifier else {
            return Err(Rejection::SignatureMismatch { at: Text::Borrowed("") });
        };
        verifier.verify_with(&request, scene.now, scene.case.fetched).map(drop)
    }
}

/// Headers of which some are others.
struct Changed<'c> {
    before: &'c dyn Headers,
    now: &'c [(Text, Vec<u8>)],
}

impl Headers for Changed<'_> {
    fn value(&self, name: &str, index: usize) -> Option<&[u8]> {
        match self.now.iter().find(|(changed, _)| changed.eq_ignore_ascii_case(name)) {
            Some((_, value)) => (index == 0).then_some(value),
            None => self.before.value(name, index),
        }
    }
}

/// Counts what has been done, and stops it.
#[derive(Default)]
pub(super) struct Trials {
    made: usize,
    bytes: usize,
}

impl Trials {
    /// Whether the candidate is the mistake; `None` once enough has been tried.
    pub(super) fn holds(&mut self, scene: &Scene<'_>, candidate: &Candidate) -> Option<bool> {
        let body = candidate.change.body.as_ref().map_or(scene.request.body.len(), Vec::len);
        let secrets = candidate.change.secrets.as_ref().map_or(scene.case.secrets.len(), Vec::len);
        self.made += 1;
        self.bytes = self.bytes.saturating_add(body.saturating_mul(secrets.max(1)));
        (!self.are_used_up()).then(|| candidate.holds(scene))
    }

    pub(super) const fn are_used_up(&self) -> bool {
        self.made > MOST_TRIALS || self.bytes > MOST_BYTES
    }
}
