//! Times as providers write them, read strictly and written the same way.

use crate::UnixSeconds;
use crate::scheme::Unit;

/// Seconds with more digits than this lie some 30,000 years ahead.
const MOST_DIGITS: usize = 12;
const MILLISECOND_DIGITS: usize = 3;
const DAY: i64 = 86_400;
/// `2022-11-15T09:00:00`.
const PLAIN_LENGTH: usize = 19;
/// `9999-12-31T23:59:59Z`: RFC 3339 has four digits for the year.
const LAST: u64 = 253_402_300_799;

impl Unit {
    /// Reads a time. A fraction of a second is left out.
    pub(crate) fn read(self, text: &[u8]) -> Option<UnixSeconds> {
        match self {
            Self::Seconds => digits(text, MOST_DIGITS),
            Self::Milliseconds => digits(text, MOST_DIGITS + MILLISECOND_DIGITS)
                .map(|time| UnixSeconds(time.0 / 1000)),
            Self::Rfc3339 => rfc3339(text),
        }
    }

    /// Whether a time that can be read is none any more if something is cut off it or put to it:
    /// the ten digits that seconds have from 2001 to 2286, the thirteen of milliseconds, and of
    /// RFC 3339 what says its zone.
    pub(crate) fn is_whole(self, text: &[u8]) -> bool {
        match self {
            Self::Seconds => text.len() == 10,
            Self::Milliseconds => text.len() == 13,
            Self::Rfc3339 => {
                let zone = text.len().checked_sub("+00:00".len()).and_then(|start| text.get(start));
                matches!(text.last(), Some(b'Z' | b'z')) || matches!(zone, Some(b'+' | b'-'))
            }
        }
    }

    /// Writes a time.
    pub(crate) fn write(self, time: UnixSeconds) -> String {
        match self {
            Self::Seconds => time.0.to_string(),
            Self::Milliseconds => time.0.saturating_mul(1000).to_string(),
            Self::Rfc3339 => write_rfc3339(time),
        }
    }

    /// What a text that is whole has to be, for an error.
    pub(crate) const fn expected_whole(self) -> &'static str {
        match self {
            Self::Seconds => "a number of seconds since 1970 of ten digits",
            Self::Milliseconds => "a number of milliseconds since 1970 of thirteen digits",
            Self::Rfc3339 => "a time as in RFC 3339 with its zone, such as `2022-11-15T09:00:00Z`",
        }
    }

    /// What a text has to be, for an error.
    pub(crate) const fn expected(self) -> &'static str {
        match self {
            Self::Seconds => "a number of seconds since 1970 written in digits only",
            Self::Milliseconds => "a number of milliseconds since 1970 written in digits only",
            Self::Rfc3339 => "a time as in RFC 3339, such as `2022-11-15T09:00:00Z`",
        }
    }
}

/// Reads digits and nothing else: no sign, no space, no fraction.
fn digits(text: &[u8], most: usize) -> Option<UnixSeconds> {
    let fits = (1..=most).contains(&text.len()) && text.iter().all(u8::is_ascii_digit);
    fits.then(|| std::str::from_utf8(text).ok()?.parse().ok().map(UnixSeconds)).flatten()
}

fn rfc3339(text: &[u8]) -> Option<UnixSeconds> {
    let (plain, rest) = text.split_at_checked(PLAIN_LENGTH)?;
    let number = |from: usize, to: usize| -> Option<i64> {
        let part = plain.get(from..to).filter(|part| part.iter().all(u8::is_ascii_digit))?;
        std::str::from_utf8(part).ok()?.parse().ok()
    };
    let marks = [(4, b'-'), (7, b'-'), (13, b':'), (16, b':')];
    if marks.iter().any(|&(at, mark)| plain.get(at) != Some(&mark))
        || !matches!(plain.get(10), Some(b'T' | b't' | b' '))
    {
        return None;
    }
    let (year, month, day) = (number(0, 4)?, number(5, 7)?, number(8, 10)?);
    let (hour, minute, second) = (number(11, 13)?, number(14, 16)?, number(17, 19)?);
    let in_range = (1..=12).contains(&month)
        && (1..=days_in(year, month)).contains(&day)
        && hour < 24
        && minute < 60
        && second <= 60;
    let seconds =
        days_before(year, month, day) * DAY + hour * 3600 + minute * 60 + second - zone(rest)?;
    in_range.then(|| u64::try_from(seconds).ok().map(UnixSeconds)).flatten()
}

/// What follows the seconds: a fraction that does not count, and how far the zone is ahead of UTC,
/// in seconds.
fn zone(rest: &[u8]) -> Option<i64> {
    let rest = match rest.strip_prefix(b".") {
        Some(fraction) => {
            let end = fraction.iter().position(|byte| !byte.is_ascii_digit());
            let (digits, rest) = fraction.split_at(end.unwrap_or(fraction.len()));
            (1..=9).contains(&digits.len()).then_some(rest)?
        }
        None => rest,
    };
    let two = |high: u8, low: u8| {
        let both = high.is_ascii_digit() && low.is_ascii_digit();
        both.then(|| i64::from(high - b'0') * 10 + i64::from(low - b'0'))
    };
    match *rest {
        [] | [b'Z' | b'z'] => Some(0),
        [sign @ (b'+' | b'-'), h1, h2, b':', m1, m2] => {
            let ahead = two(h1, h2)? * 3600 + two(m1, m2)? * 60;
            Some(if sign == b'-' { -ahead } else { ahead })
        }
        _ => None,
    }
}

const fn is_leap(year: i64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

const fn days_in(year: i64, month: i64) -> i64 {
    match month {
        2 if is_leap(year) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days from 1970-01-01, in the Gregorian calendar. Years begin in March here, so that the day
/// that is sometimes there comes last
/// (<https://howardhinnant.github.io/date_algorithms.html#days_from_civil>).
const fn days_before(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

fn write_rfc3339(time: UnixSeconds) -> String {
    let seconds = i64::try_from(time.0.min(LAST)).unwrap_or(i64::MAX);
    let (days, rest) = (seconds / DAY, seconds % DAY);
    // Within a year of the right one, and then by what the calendar says.
    let mut year = 1970 + days / 366;
    while days_before(year + 1, 1, 1) <= days {
        year += 1;
    }
    let mut month = 1;
    while month < 12 && days_before(year, month + 1, 1) <= days {
        month += 1;
    }
    let day = days - days_before(year, month, 1) + 1;
    let (hour, minute, second) = (rest / 3600, rest / 60 % 60, rest % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

/// What a date has to be, for an error.
pub(crate) const HTTP_DATE: &str = "a date as HTTP has it, such as `Sun, 06 Nov 1994 08:49:37 GMT`";
const DAYS: [&str; 7] = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
/// 1970 began on a Thursday.
const FIRST_DAY: u64 = 4;

/// Reads a date as HTTP has it (RFC 9110, section 5.6.7), the preferred format only.
pub(crate) fn http_date(text: &[u8]) -> Option<UnixSeconds> {
    let text = std::str::from_utf8(text).ok()?;
    let (_, date) = text.split_once(", ")?;
    let mut parts = date.split(' ');
    let (day, month, year) = (parts.next()?, parts.next()?, parts.next()?);
    let (clock, zone) = (parts.next()?, parts.next()?);
    let month = MONTHS.iter().position(|name| *name == month)? + 1;
    let time = rfc3339(format!("{year}-{month:02}-{day}T{clock}Z").as_bytes())?;
    // What is written is read, and nothing else: the right day of the week, digits, places.
    (zone == "GMT" && parts.next().is_none() && write_http_date(time) == text).then_some(time)
}

/// Writes a date as HTTP has it.
pub(crate) fn write_http_date(time: UnixSeconds) -> String {
    let weekday = usize::try_from((time.0 / 86_400 + FIRST_DAY) % 7).unwrap_or_default();
    let weekday = DAYS.get(weekday).copied().unwrap_or_default();
    let date = write_rfc3339(time);
    let mut parts = date.split(['-', 'T', 'Z']);
    let mut next = || parts.next().unwrap_or_default();
    let (year, month, day, clock) = (next(), next(), next(), next());
    let month = month.parse::<usize>().ok().and_then(|month| MONTHS.get(month - 1).copied());
    format!("{weekday}, {day} {} {year} {clock} GMT", month.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_whole_time_is_none_any_more_with_a_piece_less_or_more() {
        for (unit, whole, others) in [
            (Unit::Seconds, "1700000000", &["170000000", "17000000001"][..]),
            (Unit::Milliseconds, "1700000000000", &["170000000000", "17000000000001"]),
            (Unit::Rfc3339, "2023-11-14T22:13:20.5Z", &["2023-11-14T22:13:20.5"]),
            (Unit::Rfc3339, "2023-11-14T22:13:20+00:00", &["2023-11-14T22:13:20"]),
        ] {
            assert!(unit.is_whole(whole.as_bytes()), "{whole}");
            for other in others {
                assert!(unit.read(other.as_bytes()).is_some(), "{other}");
                assert!(!unit.is_whole(other.as_bytes()), "{other}");
            }
        }
    }

    #[test]
    fn numbers_are_digits_only() {
        for (text, expected) in [
            ("0", Some(0)),
            ("1700000000", Some(1_700_000_000)),
            ("999999999999", Some(999_999_999_999)),
        ] {
            assert_eq!(Unit::Seconds.read(text.as_bytes()).map(|time| time.0), expected);
        }
        assert_eq!(Unit::Milliseconds.read(b"1700000000999"), Some(UnixSeconds(1_700_000_000)));
        for text in
            ["", "-1", "+1", " 1", "1 ", "1.0", "1e10", "17000000000000000", "１７", "0x1", "abc"]
        {
            assert_eq!(Unit::Seconds.read(text.as_bytes()), None, "{text:?}");
            assert_eq!(Unit::Milliseconds.read(text.as_bytes()), None, "{text:?}");
        }
    }

    #[test]
    fn dates_are_read() {
        for (text, expected) in [
            ("1970-01-01T00:00:00Z", 0),
            ("2023-11-14T22:13:20Z", 1_700_000_000),
            ("2023-11-14T22:13:20.123456789Z", 1_700_000_000),
            ("2023-11-14T22:13:20", 1_700_000_000),
            ("2023-11-14t23:13:20.5+01:00", 1_700_000_000),
            ("2023-11-14T14:13:20-08:00", 1_700_000_000),
            ("2000-02-29T12:00:00Z", 951_825_600),
            ("2100-03-01T00:00:00Z", 4_107_542_400),
        ] {
            assert_eq!(Unit::Rfc3339.read(text.as_bytes()), Some(UnixSeconds(expected)), "{text}");
        }
        for text in [
            "",
            "1700000000",
            "2023-11-14",
            "2023-11-14T22:13",
            "2023-13-14T22:13:20Z",
            "2023-02-29T22:13:20Z",
            "2100-02-29T22:13:20Z",
            "2023-11-14T24:13:20Z",
            "2023-11-14T22:60:20Z",
            "2023-11-14T22:13:20.Z",
            "2023-11-14T22:13:20 UTC",
            "2023-11-14T22:13:20+0100",
            "1969-12-31T23:59:59Z",
            "+023-11-14T22:13:20Z",
            "２023-11-14T22:13:20Z",
        ] {
            assert_eq!(Unit::Rfc3339.read(text.as_bytes()), None, "{text:?}");
        }
    }

    #[test]
    fn what_is_written_is_read() {
        for seconds in (0..5_000_000_000_u64).step_by(39_916_801) {
            for unit in [Unit::Seconds, Unit::Milliseconds, Unit::Rfc3339] {
                let time = UnixSeconds(seconds);
                assert_eq!(unit.read(unit.write(time).as_bytes()), Some(time), "{unit:?}");
            }
        }
        assert_eq!(Unit::Rfc3339.write(UnixSeconds(u64::MAX)), "9999-12-31T23:59:59Z");
    }

    #[test]
    fn dates_of_http_are_read_and_written() {
        for (text, seconds) in [
            ("Thu, 01 Jan 1970 00:00:00 GMT", 0),
            ("Sun, 06 Nov 1994 08:49:37 GMT", 784_111_777),
            ("Wed, 15 Jun 2022 18:52:14 GMT", 1_655_319_134),
        ] {
            assert_eq!(http_date(text.as_bytes()), Some(UnixSeconds(seconds)), "{text}");
            assert_eq!(write_http_date(UnixSeconds(seconds)), text);
        }
        for text in [
            "",
            "784111777",
            "Mon, 06 Nov 1994 08:49:37 GMT",
            "Sun, 6 Nov 1994 08:49:37 GMT",
            "Sun, 06 Nov 1994 08:49:37 UTC",
            "Sun, 06 Nov 1994 08:49:37 GMT ",
            "Sun, 06 Nov 1994  08:49:37 GMT",
            "Sunday, 06-Nov-94 08:49:37 GMT",
            "Sun Nov  6 08:49:37 1994",
            "Sun, 31 Nov 1994 08:49:37 GMT",
        ] {
            assert_eq!(http_date(text.as_bytes()), None, "{text}");
        }
    }
}
