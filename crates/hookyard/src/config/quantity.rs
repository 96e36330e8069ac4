//! Times and sizes as people write them: `1h30m`, `64MiB`.

use std::time::Duration;

/// Units of time, from the longest, in milliseconds.
const TIMES: [(&str, u64); 5] =
    [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1)];

/// Units of size, in bytes; those of 1024 come first, to be preferred when one is shown.
const SIZES: [(&str, u64); 10] = [
    ("TiB", 1 << 40),
    ("GiB", 1 << 30),
    ("MiB", 1 << 20),
    ("KiB", 1 << 10),
    ("TB", 1_000_000_000_000),
    ("GB", 1_000_000_000),
    ("MB", 1_000_000),
    ("KB", 1000),
    ("kB", 1000),
    ("B", 1),
];

/// Longer times are slips: nothing here is meant to last for a lifetime.
const LONGEST: u64 = 36_500 * 86_400_000;

/// Reads `15s`, `500ms`, `1h30m`, `7d`; units come from the longest to the shortest, each once.
pub(crate) fn parse_duration(text: &str) -> Option<Duration> {
    let mut rest = text.trim();
    let mut units = TIMES.iter();
    let mut millis = 0_u64;
    if rest.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        let (number, after) = split_number(rest)?;
        let letters = after.find(|char: char| char.is_ascii_digit()).unwrap_or(after.len());
        let (unit, after) = after.split_at_checked(letters)?;
        let (_, factor) = units.find(|(name, _)| *name == unit.trim())?;
        millis = millis.checked_add(number.checked_mul(*factor)?)?;
        rest = after;
    }
    (millis <= LONGEST).then(|| Duration::from_millis(millis))
}

/// Writes a time so that [`parse_duration`] reads it.
pub(super) fn show_duration(duration: Duration) -> String {
    let mut millis = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
    let mut text = String::new();
    for (unit, factor) in TIMES {
        // "2500ms" is easier to read than "2s500ms".
        let is_odd = unit == "s" && !millis.is_multiple_of(1000);
        if millis >= factor && !is_odd {
            text.push_str(&(millis / factor).to_string());
            text.push_str(unit);
            millis %= factor;
        }
    }
    if text.is_empty() { "0s".to_owned() } else { text }
}

/// Reads `64KiB`, `1MiB`, `10MB`, `512B`.
pub(super) fn parse_size(text: &str) -> Option<u64> {
    let (number, unit) = split_number(text.trim())?;
    let (_, factor) = SIZES.iter().find(|(name, _)| *name == unit.trim())?;
    number.checked_mul(*factor)
}

/// Writes a size so that [`parse_size`] reads it.
pub(super) fn show_size(bytes: u64) -> String {
    let fits = |&&(_, factor): &&(&str, u64)| bytes >= factor && bytes.is_multiple_of(factor);
    let (unit, factor) = SIZES.iter().find(fits).copied().unwrap_or(("B", 1));
    format!("{}{unit}", bytes / factor)
}

fn split_number(text: &str) -> Option<(u64, &str)> {
    let digits = text.find(|char: char| !char.is_ascii_digit()).unwrap_or(text.len());
    let (number, rest) = text.split_at_checked(digits)?;
    Some((number.parse().ok()?, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times() {
        let cases = [
            ("15s", Some(15_000)),
            ("500ms", Some(500)),
            ("2500ms", Some(2500)),
            ("1h30m", Some(5_400_000)),
            ("7d", Some(604_800_000)),
            ("0s", Some(0)),
            ("", None),
            ("15", None),
            ("s", None),
            ("-1s", None),
            ("1.5h", None),
            ("30m1h", None),
            ("1s1s", None),
            ("15 sec", None),
            ("99999999999999999999s", None),
            ("999999999d", None),
        ];
        for (text, millis) in cases {
            let read = parse_duration(text);
            assert_eq!(read, millis.map(Duration::from_millis), "{text}");
            if let Some(duration) = read {
                assert_eq!(show_duration(duration), text);
            }
        }
    }

    #[test]
    fn sizes() {
        let cases = [
            ("64KiB", Some(65_536)),
            ("1MiB", Some(1 << 20)),
            ("10MB", Some(10_000_000)),
            ("512B", Some(512)),
            ("512", None),
            ("1mib", None),
            ("MiB", None),
            ("1.5GiB", None),
            ("99999999TiB", None),
        ];
        for (text, bytes) in cases {
            assert_eq!(parse_size(text), bytes, "{text}");
            if let Some(bytes) = bytes {
                assert_eq!(show_size(bytes), text);
            }
        }
        assert_eq!(show_size(0), "0B");
    }
}
