//! Whether a request may be made at all.

use std::collections::HashMap;
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use hookyard_model::{Name, Rate, RateLimiter, Secret, Timestamp};
use hookyard_signature::Responder;
use http::request::Parts;
use subtle::{Choice, ConstantTimeEq};

use super::peer;
use crate::config::{RequiredToken, Source};
use crate::problem::{Kind, Problem};

/// The rate limiters of the sources that have one.
#[derive(Debug, Default)]
pub(super) struct Gate {
    limiters: Mutex<Limiters>,
    questions: Mutex<Limiters>,
}

type Limiters = HashMap<Name, (Rate, RateLimiter)>;

/// How many questions that nothing proves are answered, where the source has no rate of its own.
/// Providers ask when a webhook is made, and some again each hour.
const QUESTIONS: Rate =
    Rate { count: NonZeroU32::new(10).unwrap(), period: Duration::from_secs(1) };

impl Gate {
    /// Checks the rate. Only of requests that have been verified: anybody else could use it up,
    /// and the provider would be turned away.
    pub(super) fn check_rate(&self, source: &Source, now: Timestamp) -> Result<(), Problem> {
        source.rate.map_or(Ok(()), |rate| take(&self.limiters, source, rate, now))
    }

    /// Checks the rate of questions that anybody can ask. It is counted apart from that of events,
    /// which nobody else is to use up.
    pub(super) fn check_question_rate(
        &self,
        source: &Source,
        now: Timestamp,
    ) -> Result<(), Problem> {
        take(&self.questions, source, source.rate.unwrap_or(QUESTIONS), now)
    }
}

fn take(
    limiters: &Mutex<Limiters>,
    source: &Source,
    rate: Rate,
    now: Timestamp,
) -> Result<(), Problem> {
    let mut limiters = limiters.lock().unwrap_or_else(PoisonError::into_inner);
    let entry = limiters.entry(source.name.clone()).or_insert_with(|| (rate, limiter(rate)));
    if entry.0 != rate {
        *entry = (rate, limiter(rate));
    }
    entry.1.take(now).map_err(|wait| {
        let detail =
            "This source sends faster than it may. Nothing was stored; send it again later.";
        Problem::new(Kind::RateLimited, detail).retry_after(wait.max(Duration::from_secs(1)))
    })
}

/// Checks method, address and token, the cheapest first.
pub(super) fn check(source: &Source, parts: &Parts, from: IpAddr) -> Result<(), Problem> {
    check_method(source, parts)?;
    if !is_allowed(source, from) {
        let detail = "This source takes requests from listed addresses only. Nothing was stored.";
        return Err(Problem::new(Kind::AddressNotAllowed, detail));
    }
    source.token.as_ref().map_or(Ok(()), |token| check_token(token, parts))
}

/// Whether the source takes requests from this address.
pub(super) fn is_allowed(source: &Source, from: IpAddr) -> bool {
    source.allow_ips.is_empty() || peer::is_in(from, &source.allow_ips)
}

/// Providers send in bursts: a second's worth may come at once.
fn limiter(rate: Rate) -> RateLimiter {
    let per_second = u64::from(rate.count.get()) / rate.period.as_secs().max(1);
    let burst = u32::try_from(per_second).ok().and_then(NonZeroU32::new).unwrap_or(NonZeroU32::MIN);
    RateLimiter::new(rate, burst)
}

/// Lets the methods of events through, and those with which the provider asks.
fn check_method(source: &Source, parts: &Parts) -> Result<(), Problem> {
    let asks = |responder: &Responder| responder.methods().any(|method| parts.method == method);
    if source.responder.as_ref().is_some_and(asks) {
        return Ok(());
    }
    check_event_method(source, parts)
}

/// Whether an event may come with this method. What came with another was let through because it
/// could have been a question.
pub(super) fn check_event_method(source: &Source, parts: &Parts) -> Result<(), Problem> {
    if source.methods.iter().any(|method| method == parts.method.as_str()) {
        return Ok(());
    }
    let allow = source.methods.join(", ");
    let detail = format!("This source takes {allow}. Nothing was stored.");
    Err(Problem { allow: Some(allow.into()), ..Problem::new(Kind::MethodNotAllowed, detail) })
}

fn check_token(wanted: &RequiredToken, parts: &Parts) -> Result<(), Problem> {
    let refuse = |why: &str| {
        let detail = format!("The token in `{}` is {why}. Nothing was stored.", wanted.header);
        Err(Problem::new(Kind::TokenRefused, detail))
    };
    let mut values = parts.headers.get_all(&wanted.header).iter();
    let Some(value) = values.next() else { return refuse("missing") };
    if values.next().is_some() {
        return refuse("there twice");
    }
    let Some(token) = strip_prefix(value.as_bytes(), &wanted.prefix) else {
        return refuse("not of the expected form");
    };
    // Every token is compared, and each in constant time, so that the time tells nothing.
    let equals = |known: &Secret| known.reveal().as_bytes().ct_eq(token);
    let found = wanted.tokens.iter().fold(Choice::from(0), |found, known| found | equals(known));
    if token.is_empty() || !bool::from(found) { refuse("not the right one") } else { Ok(()) }
}

/// Authentication schemes have no case: `bearer` is `Bearer`.
fn strip_prefix<'v>(value: &'v [u8], prefix: &str) -> Option<&'v [u8]> {
    let (start, rest) = value.split_at_checked(prefix.len())?;
    start.eq_ignore_ascii_case(prefix.as_bytes()).then_some(rest)
}
