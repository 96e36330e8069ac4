//! `Retry-After`: seconds, or a date in one of the three forms of RFC 9110 (section 5.6.7).

use std::time::Duration;

use hookyard_model::Timestamp;

const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// How long the other side wants to be left alone. What cannot be read, and what lies in the
/// past, is as if nothing had been said.
pub(crate) fn parse(value: &[u8], now: Timestamp) -> Option<Duration> {
    let text = std::str::from_utf8(value).ok()?.trim();
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        // More digits than fit is a very long time; whoever decides has a longest wait anyway.
        return Some(Duration::from_secs(text.parse().unwrap_or(u64::from(u32::MAX))));
    }
    let wait = date(text)?.since(now);
    (!wait.is_zero()).then_some(wait)
}

/// Reads `Sun, 06 Nov 1994 08:49:37 GMT`, `Sunday, 06-Nov-94 08:49:37 GMT` and
/// `Sun Nov  6 08:49:37 1994`.
fn date(text: &str) -> Option<Timestamp> {
    let words: Vec<&str> = text.split([' ', ',', '-']).filter(|word| !word.is_empty()).collect();
    let ([_, day, month, year, time, "GMT"] | [_, month, day, time, year]) = *words.as_slice()
    else {
        return None;
    };
    let month = MONTHS.iter().position(|&name| name == month)?;
    let day = number(day, 2).filter(|day| (1..=31).contains(day))?;
    let year = match (year.len(), number(year, 4)?) {
        (4, year) => year,
        // Two digits are of this century, here: the form was given up in the last one.
        (2, year) => 2000 + year,
        _ => return None,
    };
    let mut parts = time.split(':').map(|part| number(part, 2));
    let (hour, minute, second) = (parts.next()??, parts.next()??, parts.next()??);
    if parts.next().is_some() || hour > 23 || minute > 59 || second > 60 || year < 1970 {
        return None;
    }
    let days = days_since_epoch(year, u64::try_from(month).ok()? + 1, day);
    let seconds = days * 86_400 + hour * 3600 + minute * 60 + second;
    Some(Timestamp::from_millis(seconds * 1000))
}

fn number(text: &str, digits: usize) -> Option<u64> {
    let fits = text.len() <= digits && text.bytes().all(|byte| byte.is_ascii_digit());
    fits.then(|| text.parse().ok())?
}

/// Howard Hinnant's `days_from_civil` (public domain), for years from 1970: years begin in March,
/// so that the leap day comes last.
const fn days_since_epoch(year: u64, month: u64, day: u64) -> u64 {
    let year = if month <= 2 { year - 1 } else { year };
    let (era, year_of_era) = (year / 400, year % 400);
    let shifted_month = (month + 9) % 12;
    let day_of_year = (153 * shifted_month + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_seconds_and_dates_and_ignores_the_rest() {
        // 1994-11-06T08:49:37Z
        let now = Timestamp::from_millis(784_111_777_000);
        let cases = [
            ("120", Some(120)),
            (" 5 ", Some(5)),
            ("0", Some(0)),
            ("99999999999999999999999", Some(u64::from(u32::MAX))),
            ("Sun, 06 Nov 1994 08:50:37 GMT", Some(60)),
            ("Sun Nov  6 08:50:37 1994", Some(60)),
            ("Mon, 07 Nov 1994 08:49:37 GMT", Some(86_400)),
            ("Mon, 23-Nov-26 00:00:00 GMT", Some(1_795_392_000 - 784_111_777)),
            ("Sun, 06 Nov 1994 08:49:37 GMT", None),
            ("Sun, 06 Nov 1994 08:49:36 GMT", None),
            ("-1", None),
            ("+5", None),
            ("1e9", None),
            ("1.5", None),
            ("soon", None),
            ("", None),
            ("Sun, 06 Nov 1994 25:00:00 GMT", None),
            ("Sun, 06 Nov 19940 08:50:37 GMT", None),
            ("Sun, 99 Nov 2094 08:50:37 GMT", None),
            ("Sun, 06 Nov 2094 08:50 GMT", None),
            ("Sun, 06 Nov 2094 08:50:37 CET", None),
            ("Sun, 06 Nov 0001 08:50:37 GMT", None),
        ];
        for (text, expected) in cases {
            let wait = parse(text.as_bytes(), now).map(|wait| wait.as_secs());
            assert_eq!(wait, expected, "{text:?}");
        }
        assert_eq!(parse(b"\xff", now), None);
    }
}
