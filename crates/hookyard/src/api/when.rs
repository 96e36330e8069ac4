//! Points in time as callers write them.

use std::str::FromStr;
use std::time::Duration;

use hookyard_model::Timestamp;

/// A point in time, or a while ago.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum When {
    At(Timestamp),
    Ago(Duration),
}

/// What is neither.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "expected a time such as `2026-11-23T20:15:51Z`, or a while before now such as `90s`, `15m`, `24h` or `7d`"
)]
pub(super) struct NotATime;

impl When {
    /// The point in time that is meant at `now`.
    pub(super) fn resolve(self, now: Timestamp) -> Timestamp {
        match self {
            Self::At(at) => at,
            Self::Ago(span) => now.minus(span),
        }
    }
}

impl FromStr for When {
    type Err = NotATime;

    fn from_str(text: &str) -> Result<Self, NotATime> {
        span(text).map(Self::Ago).or_else(|| rfc_3339(text).map(Self::At)).ok_or(NotATime)
    }
}

fn span(text: &str) -> Option<Duration> {
    let unit = text.chars().next_back()?;
    let seconds = match unit {
        's' => 1,
        'm' => 60,
        'h' => 3600,
        'd' => 86_400,
        _ => return None,
    };
    let count = number(text.strip_suffix(unit)?, 1..=9)?;
    Some(Duration::from_secs(count * seconds))
}

/// RFC 3339, of which the fraction is kept to the millisecond. A leap second is the second after.
fn rfc_3339(text: &str) -> Option<Timestamp> {
    let (date, time) = text.split_once(['T', 't', ' '])?;
    let mut date = date.split('-');
    let mut part = |digits, range: std::ops::RangeInclusive<u64>| {
        number(date.next()?, digits..=digits).filter(|part| range.contains(part))
    };
    let (year, month) = (part(4, 1970..=9999)?, part(2, 1..=12)?);
    let day = part(2, 1..=days_of(year, month))?;
    if date.next().is_some() {
        return None;
    }
    let (time, offset) = offset(time)?;
    let (time, fraction) = time.split_once('.').unwrap_or((time, "0"));
    let mut time = time.split(':');
    let mut part = |greatest| number(time.next()?, 2..=2).filter(|part| *part <= greatest);
    let seconds = part(23)? * 3600 + part(59)? * 60 + part(60)?;
    if time.next().is_some() || number(fraction, 1..=18).is_none() {
        return None;
    }
    let millis: u64 =
        fraction.chars().chain("00".chars()).take(3).collect::<String>().parse().ok()?;
    let seconds =
        i64::try_from(days_since_epoch(year, month, day) * 86_400 + seconds).ok()? - offset;
    Some(Timestamp::from_millis(u64::try_from(seconds).ok()? * 1000 + millis))
}

/// Takes the offset from UTC off the end of a time, in seconds.
fn offset(time: &str) -> Option<(&str, i64)> {
    if let Some(time) = time.strip_suffix(['Z', 'z']) {
        return Some((time, 0));
    }
    let (time, offset) = time.split_at_checked(time.len().checked_sub(6)?)?;
    let (hours, minutes) = offset.get(1..)?.split_once(':')?;
    let hours = number(hours, 2..=2).filter(|hours| *hours < 24)?;
    let minutes = number(minutes, 2..=2).filter(|minutes| *minutes < 60)?;
    let seconds = i64::try_from(hours * 3600 + minutes * 60).ok()?;
    match offset.chars().next()? {
        '+' => Some((time, seconds)),
        '-' => Some((time, -seconds)),
        _ => None,
    }
}

fn number(text: &str, digits: std::ops::RangeInclusive<usize>) -> Option<u64> {
    let is_number = digits.contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    if is_number { text.parse().ok() } else { None }
}

const fn is_leap(year: u64) -> bool {
    year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
}

const fn days_of(year: u64, month: u64) -> u64 {
    match month {
        2 if is_leap(year) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

fn days_since_epoch(year: u64, month: u64, day: u64) -> u64 {
    // Leap years before a year, counted from the year 0.
    let leaps = |year: u64| (year - 1) / 4 - (year - 1) / 100 + (year - 1) / 400;
    let years = (year - 1970) * 365 + leaps(year) - leaps(1970);
    years + (1..month).map(|month| days_of(year, month)).sum::<u64>() + day - 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_and_spans() {
        let at = |millis| Ok(When::At(Timestamp::from_millis(millis)));
        let ago = |seconds| Ok(When::Ago(Duration::from_secs(seconds)));
        let cases = [
            ("1970-01-01T00:00:00Z", at(0)),
            ("2026-11-23T20:15:51.042Z", at(1_795_464_951_042)),
            ("2026-11-23t20:15:51.0429z", at(1_795_464_951_042)),
            ("2026-11-23 21:15:51.042+01:00", at(1_795_464_951_042)),
            ("2000-02-29T00:00:00Z", at(951_782_400_000)),
            ("2100-03-01T00:00:00-00:00", at(4_107_542_400_000)),
            ("1970-01-01T00:00:00+00:01", Err(NotATime)),
            ("2026-02-29T00:00:00Z", Err(NotATime)),
            ("2026-11-23T24:00:00Z", Err(NotATime)),
            ("2026-11-23T20:15:51", Err(NotATime)),
            ("2026-11-23", Err(NotATime)),
            ("2026-11-23T20:15:51.Z", Err(NotATime)),
            ("+026-11-23T20:15:51Z", Err(NotATime)),
            ("90s", ago(90)),
            ("24h", ago(86_400)),
            ("7d", ago(604_800)),
            ("1.5h", Err(NotATime)),
            ("-1h", Err(NotATime)),
            ("h", Err(NotATime)),
            ("9999999999d", Err(NotATime)),
            ("5é", Err(NotATime)),
            ("", Err(NotATime)),
        ];
        for (text, expected) in cases {
            assert_eq!(text.parse(), expected, "{text}");
        }
    }

    #[test]
    fn reads_what_is_shown() {
        for millis in (0..8_000_000_000_000).step_by(86_400_000 * 11 + 3_723_004) {
            let at = Timestamp::from_millis(millis);
            assert_eq!(at.to_string().parse(), Ok(When::At(at)));
        }
        assert_eq!(
            When::Ago(Duration::from_secs(2)).resolve(Timestamp::from_millis(5_000)).as_millis(),
            3_000
        );
    }
}
