//! The questions that a provider asks before it sends events, as requests.

use hookyard_delivery::Clock as _;
use hookyard_signature::{Alphabet, Challenge, Mark, Options, Place, Question, Trust};
use serde_json::Value;

use super::check::Expected;
use super::request::{Manner, Signed, Signer};
use crate::cli::failure::Failure;
use crate::clock::{SystemClock, random_u64};
use crate::sample::Draft;

/// Whom a handshake is made for.
pub(super) struct Asker<'a> {
    pub(super) manner: &'a Manner,
    /// The text of the secret, which some providers bring along.
    pub(super) secret: &'a str,
    pub(super) signer: &'a Signer<'a>,
}

impl Asker<'_> {
    /// The questions, each with the answer that it has to get.
    pub(super) fn questions(&self) -> Result<Vec<(Signed, Expected)>, Failure> {
        let slug = self.manner.provider.slug;
        let none = || Failure::usage(format!("{slug} has no handshake: it sends events at once"));
        let handshake = self.manner.provider.handshake.ok_or_else(none)?;
        handshake.questions.iter().map(|question| self.ask(question)).collect()
    }

    fn ask(&self, question: &'static Question) -> Result<(Signed, Expected), Failure> {
        let slug = self.manner.provider.slug;
        let mut request = self.signer.unsigned(self.draft(question).finish())?;
        let stand_in;
        let signer = match question.trust {
            Trust::Verified => Some(self.signer),
            Trust::VerifiedOrBy(secret) => {
                stand_in = self.manner.signer(Some(secret))?;
                Some(&stand_in)
            }
            Trust::Anyone | Trust::Token(..) | Trust::BringsSecret(_) => None,
        };
        if let Some(signer) = signer {
            signer
                .sign(&mut request, SystemClock.now())
                .map_err(|error| Failure::usage(format!("cannot sign the question: {error}")))?;
        }
        let responder = self.signer.responder();
        let answer = request.received(|received| {
            let asked = responder.as_ref()?.question(received)?;
            Some(asked.answer(received))
        });
        match answer {
            Some(Ok(answer)) if answer.visit.is_some() => {
                Ok((request, Expected::AnswerOnceVisited(answer)))
            }
            Some(Ok(answer)) => Ok((request, Expected::Answer(answer))),
            Some(Err(why)) => Err(Failure::usage(format!("the handshake has no answer: {why}"))),
            None => Err(Failure::new(format!("the handshake of {slug} cannot be put together"))),
        }
    }

    /// Everything by which the question is told from an event.
    fn draft(&self, question: &Question) -> Draft {
        let mut draft = Draft::new(question.method);
        match question.trust {
            Trust::BringsSecret(place) => {
                draft.put(place, self.secret);
            }
            Trust::Token(place, setting) => {
                let token = self.manner.options.settings.get(setting);
                draft.put(place, token.map_or("", String::as_str));
            }
            Trust::Verified | Trust::VerifiedOrBy(_) | Trust::Anyone => {}
        }
        if let Some(challenge) = question.challenge {
            draft.put(&challenge.at, text(challenge));
        }
        if let Some(place) = question.visit {
            subscribe(&mut draft, place, &self.manner.options);
        }
        for mark in question.marks {
            match mark {
                Mark::Has(place) => draft.put(place, "test"),
                Mark::Is(place @ Place::Json(_), text) => draft.put(place, number_or_text(text)),
                Mark::Is(place, text) => draft.put(place, *text),
                Mark::EmptyList(pointer) => {
                    draft.put(&Place::Json((*pointer).into()), Value::Array(Vec::new()))
                }
                Mark::Lacks(_) => true,
            };
        }
        draft
    }
}

/// What Amazon SNS says so that a subscription is confirmed. The page is Amazon's, in the topic's
/// region, and the token in it is one that Amazon does not know.
fn subscribe(draft: &mut Draft, page: &Place, options: &Options) {
    let topic = options.settings.get("topic_arn").map_or("", String::as_str);
    let region = topic.split(':').nth(3).unwrap_or_default();
    let end = if region.starts_with("cn-") { ".cn" } else { "" };
    let host = format!("https://sns.{region}.amazonaws.com{end}");
    let token = format!("{:016x}{:016x}", random_u64(), random_u64());
    let url = format!("{host}/?Action=ConfirmSubscription&TopicArn={topic}&Token={token}");
    draft.put(page, url);
    draft.put(&Place::Json("/Token".into()), token);
    draft.put(&Place::Json("/Message".into()), "A test of the receiver: nobody has subscribed.");
}

fn number_or_text(text: &str) -> Value {
    text.parse::<u64>().map_or_else(|_| text.into(), Value::from)
}

/// A new challenge of this kind.
fn text(challenge: &Challenge) -> String {
    match challenge.alphabet {
        Alphabet::Digits => (1_000_000_000 + random_u64() % 1_000_000_000).to_string(),
        Alphabet::HostName => "sender.example.com".to_owned(),
        Alphabet::Words => format!("Test of the receiver: {:016x}", random_u64()),
        Alphabet::LowerHex | Alphabet::Plain | Alphabet::Base64 => {
            format!("{:016x}{:016x}", random_u64(), random_u64())
        }
    }
}
