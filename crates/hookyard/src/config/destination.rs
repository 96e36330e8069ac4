//! A `[destinations.NAME]` section.

use std::num::NonZeroU32;
use std::time::Duration;

use hookyard_delivery::{HeaderError, UrlError, check_header, check_url};
use hookyard_model::{CircuitPolicy, Destination, Name, Reach, RetryPolicy, Secret, Timeouts};
use hookyard_signature::Options;

use super::credentials::{secrets, warn_of_short};
use super::options::{CircuitOptions, DestinationOptions, RetryOptions};
use super::reader::{At, Reader};
use super::server::{is_without_host, time_within};
use super::value::{Addresses, Headers};

/// No attempt takes longer: leases are made for this.
const LONGEST_ATTEMPT: Duration = Duration::from_secs(60);

/// More than anyone wants to wait; a longer one is a slip.
const LONGEST_RETRY_WAIT: Duration = Duration::from_secs(30 * 86_400);

pub(super) fn destination(
    name: &Name,
    options: DestinationOptions,
    withheld_headers: &[String],
    reader: &mut Reader<'_>,
) -> Option<Destination> {
    let reach = reach(&options, reader);
    if let Some(url) = &options.url {
        if let Err(error) = check_url(url, &reach) {
            reader.error(url.span.clone(), describe(&error, &reach));
        } else if is_without_host(url) {
            let sentence = "the URL has no host; write it like `https://example.com/hooks`";
            reader.error(url.span.clone(), sentence);
        }
    }
    let timeouts = timeouts(&options, reader);
    let concurrency =
        NonZeroU32::new(options.concurrency.value).filter(|count| count.get() <= 1024);
    if concurrency.is_none() {
        reader.error(options.concurrency.span.clone(), "expected a whole number from 1 to 1024");
    }
    let headers = options.headers.map(|headers| plain_headers(headers.value, reader));
    let secrets = secrets(options.secret, options.secrets, reader);
    check_signing(&secrets, reader);
    Some(Destination {
        name: name.clone(),
        url: options.url?.value,
        secrets: secrets.into_iter().map(|secret| secret.value).collect(),
        timeouts,
        concurrency: concurrency?,
        rate: options.rate.map(|rate| rate.value),
        retry: checked_retry(options.retry, reader),
        circuit: options.circuit.value,
        headers: headers.unwrap_or_default(),
        forward_headers: options.forward_headers.value,
        withheld_headers: withheld_headers.to_vec(),
        reach,
    })
}

fn reach(options: &DestinationOptions, reader: &mut Reader<'_>) -> Reach {
    let metadata = options.allow_metadata.value;
    if options.reach.value == Addresses::Any {
        return Reach::Operator { metadata };
    }
    if metadata {
        reader.clash(
            options.allow_metadata.span.clone(),
            "`reach = \"public\"` leaves out what `allow_metadata` allows; remove one of the two",
            (options.reach.span.clone(), "public addresses alone"),
        );
    }
    Reach::Public
}

fn describe(error: &UrlError, reach: &Reach) -> String {
    match error {
        _ if error.is_refusal() && *reach == Reach::Public => {
            format!("{error}; if the URL is your own, remove `reach = \"public\"`")
        }
        UrlError::Name(_) | UrlError::Address(..) if error.is_refusal() => {
            format!("{error}; if this is meant, write `allow_metadata = true`")
        }
        UrlError::Malformed(_) => format!("{error}; write it like `https://example.com/hooks`"),
        _ => error.to_string(),
    }
}

/// What the signer would refuse at the first delivery is refused here, where it is written.
fn check_signing(secrets: &[At<Secret>], reader: &mut Reader<'_>) {
    let Some(standard) = hookyard_signature::provider("standard-webhooks") else { return };
    for secret in secrets {
        let usable = hookyard_signature::Secret::new(secret.reveal())
            .and_then(|secret| standard.verifier(vec![secret], &Options::default()));
        if let Err(error) = usable {
            let sentence = format!("{error}; make one with `hookyard secret generate`");
            reader.error(secret.span.clone(), sentence);
        } else if secret.reveal().trim().starts_with("whpk_") {
            let sentence = "this is a public key, which cannot sign; write the private one, which begins with `whsk_`";
            reader.error(secret.span.clone(), sentence);
        } else {
            warn_of_short(secret, reader);
        }
    }
}

fn timeouts(options: &DestinationOptions, reader: &mut Reader<'_>) -> Timeouts {
    let total = &options.timeout;
    time_within(total, LONGEST_ATTEMPT, reader);
    let head = options.timeouts.head.clone().unwrap_or(At { value: total.value, span: None });
    let connect = &options.timeouts.connect;
    for step in [connect, &head].into_iter().filter(|step| step.span.is_some()) {
        time_within(step, LONGEST_ATTEMPT, reader);
        if step.value > total.value {
            reader.clash(
                step.span.clone(),
                "a step cannot take longer than the whole attempt; shorten it, or raise `timeout`",
                (total.span.clone(), "the whole attempt"),
            );
        }
    }
    Timeouts {
        connect: connect.value.min(total.value),
        head: head.value.min(total.value),
        total: total.value,
    }
}

fn plain_headers(headers: Headers, reader: &mut Reader<'_>) -> Vec<(String, Secret)> {
    let mut plain: Vec<(String, Secret)> = Vec::new();
    for (text, (place, value)) in headers.0 {
        let name = match check_header(&text, &value) {
            Ok((name, _)) => name.as_str().to_owned(),
            Err(error) => {
                let is_value = matches!(error, HeaderError::Value(_));
                let span = if is_value { value.span } else { place.span };
                reader.error(span, format!("{error}; remove it, or write another"));
                continue;
            }
        };
        if is_ours(&name) {
            let sentence = format!("Hookyard sets the header `{name}` itself; remove it here");
            reader.error(place.span, sentence);
        } else if plain.iter().any(|(other, _)| *other == name) {
            reader.error(place.span, format!("the header `{name}` is here twice; remove one"));
        }
        plain.push((name, value.value));
    }
    plain
}

/// What the receiver must be able to rely on.
fn is_ours(name: &str) -> bool {
    name.starts_with("webhook-") || name.starts_with("hookyard-")
}

fn checked_retry(retry: At<RetryPolicy>, reader: &mut Reader<'_>) -> RetryPolicy {
    if let RetryPolicy::Schedule(waits) = &retry.value {
        if waits.iter().any(|wait| *wait > LONGEST_RETRY_WAIT) {
            reader.error(retry.span.clone(), "one of the waits is too long; write at most \"30d\"");
        }
        if waits.len() > 100 {
            reader.error(retry.span, "a list has at most 100 waits; write a table with `attempts`");
        }
    }
    retry.value
}

impl RetryOptions {
    /// The schedule; `None` when something is wrong with it, which has been noted.
    pub(super) fn policy(self, reader: &mut Reader<'_>) -> Option<RetryPolicy> {
        let is_good = !self.wrong
            & within(&self.attempts, 1..=1000, reader)
            & wait_within(&self.base, reader)
            & wait_within(&self.max, reader);
        let (base, max) = (self.base.value, self.max.value);
        if is_good && base > max {
            let sentence =
                "`base` is longer than `max`; the first wait cannot be longer than the longest";
            reader.clash(
                self.base.span.or(Some(self.span)),
                sentence,
                (self.max.span, "the longest wait"),
            );
            return None;
        }
        is_good.then_some(RetryPolicy::Exponential { attempts: self.attempts.value, base, max })
    }
}

impl CircuitOptions {
    /// The policy; `None` when something is wrong with it, which has been noted.
    pub(super) fn policy(self, reader: &mut Reader<'_>) -> Option<CircuitPolicy> {
        let mut is_good = !self.wrong
            & within(&self.failures, 1..=1_000_000, reader)
            & within(&self.min_attempts, 1..=1_000_000, reader);
        for time in [&self.window, &self.hold, &self.hold_max, &self.ramp] {
            is_good &= wait_within(time, reader);
        }
        is_good.then_some(CircuitPolicy {
            failures: self.failures.value,
            failure_rate: self.failure_rate.0,
            min_attempts: self.min_attempts.value,
            window: self.window.value,
            hold: self.hold.value,
            hold_max: self.hold_max.value.max(self.hold.value),
            ramp: self.ramp.value,
        })
    }
}

fn within(count: &At<u32>, range: std::ops::RangeInclusive<u32>, reader: &mut Reader<'_>) -> bool {
    let is_good = range.contains(&count.value);
    if !is_good {
        let sentence = format!("expected a whole number from {} to {}", range.start(), range.end());
        reader.error(count.span.clone(), sentence);
    }
    is_good
}

fn wait_within(time: &At<Duration>, reader: &mut Reader<'_>) -> bool {
    let before = reader.findings.len();
    time_within(time, LONGEST_RETRY_WAIT, reader);
    reader.findings.len() == before
}
