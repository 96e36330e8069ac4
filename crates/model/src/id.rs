//! Ids that sort by time and say what they are of.
//!
//! An event id is 128 bits: 48 bits of milliseconds, 16 bits that count up within one process,
//! 64 random bits. The first half is unique within a store and grows, so a database can use it
//! as the row number; the second half makes ids of different nodes differ and makes them hard to
//! guess. It is written like a ULID, in 26 digits of Crockford's base 32 (<https://www.crockford.com/base32.html>).

use std::fmt;
use std::str::FromStr;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::Timestamp;

const DIGITS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
/// Bits that count the ids within one millisecond.
const COUNTER_BITS: u32 = 16;

/// Our id of an event: `evt_` and 26 digits. Sent as `webhook-id`, the same over all attempts.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EventId(u128);

impl EventId {
    /// Puts an id together from its growing and its random half.
    pub const fn new(sequence: u64, random: u64) -> Self {
        Self(((sequence as u128) << 64) | random as u128)
    }

    /// The half that grows: milliseconds since the epoch, then a counter of 16 bits.
    pub const fn sequence(self) -> u64 {
        (self.0 >> 64) as u64
    }

    /// The random half.
    #[expect(clippy::cast_possible_truncation, reason = "the lower half is what is wanted")]
    pub const fn random(self) -> u64 {
        self.0 as u64
    }
}

/// Gives out the growing halves of event ids, each once.
#[derive(Debug)]
pub struct IdSequence {
    last: AtomicU64,
}

impl IdSequence {
    /// Goes on after `last`, the greatest sequence that the store has seen, whatever the clock
    /// says: a clock that was set back must not repeat an id.
    pub const fn after(last: u64) -> Self {
        Self { last: AtomicU64::new(last) }
    }

    /// The next sequence: `now` where it is later than the last one, else one more than that.
    pub fn next(&self, now: Timestamp) -> u64 {
        let now = now.as_millis() << COUNTER_BITS;
        let step = |last: u64| now.max(last.saturating_add(1));
        self.last
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |last| Some(step(last)))
            .map_or(now, step)
    }
}

/// The id of a delivery: `dlv_`, the digits of its event, `_` and which of the event's deliveries it is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DeliveryId {
    /// The event that is delivered.
    pub event: EventId,
    /// Counts the deliveries of one event, from 0.
    pub ordinal: u16,
}

/// The id of a request in quarantine: `qrt_` and 26 digits. Made as that of an event is, so that no
/// event has the same digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct QuarantineId(EventId);

impl QuarantineId {
    /// The id with the digits of one that was made for an event and not used for it.
    pub const fn new(unused: EventId) -> Self {
        Self(unused)
    }

    /// The half that grows; see [`EventId::sequence`].
    pub const fn sequence(self) -> u64 {
        self.0.sequence()
    }

    /// The random half.
    pub const fn random(self) -> u64 {
        self.0.random()
    }
}

/// A text that is not an id of the wanted kind.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not {article} id: expected {form}")]
pub struct ParseIdError {
    article: &'static str,
    form: &'static str,
}

const NOT_AN_EVENT: ParseIdError =
    ParseIdError { article: "an event", form: "`evt_` and 26 letters and digits" };
const NOT_A_DELIVERY: ParseIdError =
    ParseIdError { article: "a delivery", form: "`dlv_`, 26 letters and digits, `_` and a number" };
const NOT_QUARANTINED: ParseIdError =
    ParseIdError { article: "a quarantine", form: "`qrt_` and 26 letters and digits" };

impl fmt::Display for EventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("evt_")?;
        write_digits(self.0, f)
    }
}

impl fmt::Debug for EventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for EventId {
    type Err = ParseIdError;

    fn from_str(text: &str) -> Result<Self, ParseIdError> {
        text.strip_prefix("evt_").and_then(read_digits).map(Self).ok_or(NOT_AN_EVENT)
    }
}

impl fmt::Display for DeliveryId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("dlv_")?;
        write_digits(self.event.0, f)?;
        write!(f, "_{}", self.ordinal)
    }
}

impl fmt::Debug for DeliveryId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for DeliveryId {
    type Err = ParseIdError;

    fn from_str(text: &str) -> Result<Self, ParseIdError> {
        let read = || {
            let (event, ordinal) = text.strip_prefix("dlv_")?.split_once('_')?;
            if !ordinal.bytes().all(|byte| byte.is_ascii_digit()) {
                return None;
            }
            Some(Self { event: EventId(read_digits(event)?), ordinal: ordinal.parse().ok()? })
        };
        read().ok_or(NOT_A_DELIVERY)
    }
}

impl fmt::Display for QuarantineId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("qrt_")?;
        write_digits(self.0.0, f)
    }
}

impl fmt::Debug for QuarantineId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for QuarantineId {
    type Err = ParseIdError;

    fn from_str(text: &str) -> Result<Self, ParseIdError> {
        let digits = text.strip_prefix("qrt_").and_then(read_digits);
        digits.map(|digits| Self(EventId(digits))).ok_or(NOT_QUARANTINED)
    }
}

fn write_digits(value: u128, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let mut text = [b'0'; 26];
    let mut rest = value;
    for digit in text.iter_mut().rev() {
        *digit = DIGITS.get((rest & 31) as usize).copied().unwrap_or(b'0');
        rest >>= 5;
    }
    f.write_str(std::str::from_utf8(&text).map_err(|_| fmt::Error)?)
}

/// Reads 26 digits in either case. `I`, `L` and `O` are not read as digits: an id is copied, not dictated.
fn read_digits(text: &str) -> Option<u128> {
    if text.len() != 26 {
        return None;
    }
    text.bytes().try_fold(0_u128, |value, byte| {
        let digit = DIGITS.iter().position(|&digit| digit == byte.to_ascii_uppercase())?;
        value.checked_mul(32)?.checked_add(digit as u128)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_and_back() {
        let sequence = IdSequence::after(0).next(Timestamp::from_millis(1_795_464_951_042));
        let event = EventId::new(sequence, 0x0123_4567_89ab_cdef);
        assert_eq!(event.sequence() >> COUNTER_BITS, 1_795_464_951_042);
        assert_eq!(event.to_string().parse(), Ok(event));
        assert_eq!(event.to_string().to_lowercase().parse(), Ok(event));
        let delivery = DeliveryId { event, ordinal: 12 };
        assert_eq!(delivery.to_string().parse(), Ok(delivery));
        let quarantined = QuarantineId::new(event);
        assert_eq!(quarantined.to_string().parse(), Ok(quarantined));
        assert_eq!(event.to_string().parse::<QuarantineId>(), Err(NOT_QUARANTINED));
        let greatest = EventId(u128::MAX);
        assert_eq!(greatest.to_string(), "evt_7ZZZZZZZZZZZZZZZZZZZZZZZZZ");
        assert_eq!(greatest.to_string().parse(), Ok(greatest));
    }

    #[test]
    fn text_sorts_as_ids_do() {
        let early = EventId::new(1 << 20, u64::MAX);
        let late = EventId::new(1 << 21, 0);
        assert!(early < late && early.to_string() < late.to_string());
    }

    #[test]
    fn refuses_what_is_no_id() {
        for text in ["", "evt_", "dlv_7ZZZZZZZZZZZZZZZZZZZZZZZZZ", "evt_8ZZZZZZZZZZZZZZZZZZZZZZZZZ"]
        {
            assert_eq!(text.parse::<EventId>(), Err(NOT_AN_EVENT), "{text}");
        }
        for text in
            ["dlv_7ZZZZZZZZZZZZZZZZZZZZZZZZZ", "dlv_7ZZZZZZZZZZZZZZZZZZZZZZZZZ_+1", "dlv_Ü_1"]
        {
            assert_eq!(text.parse::<DeliveryId>(), Err(NOT_A_DELIVERY), "{text}");
        }
    }

    #[test]
    fn never_repeats_even_when_the_clock_goes_back() {
        let ids = IdSequence::after(5 << COUNTER_BITS);
        assert_eq!(ids.next(Timestamp::from_millis(3)), (5 << COUNTER_BITS) + 1);
        assert_eq!(ids.next(Timestamp::from_millis(6)), 6 << COUNTER_BITS);
        assert_eq!(ids.next(Timestamp::from_millis(6)), (6 << COUNTER_BITS) + 1);
    }
}
