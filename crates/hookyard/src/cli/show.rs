//! Times, spans and sizes as people read them.

use std::time::Duration;

use hookyard_model::Timestamp;
use serde::de::IgnoredAny;

use super::out::tame;

/// The time of day, UTC: `20:15:51Z`.
pub(crate) fn clock(at: Timestamp) -> String {
    let text = at.to_string();
    let time = text.split_once('T').map_or(text.as_str(), |(_, time)| time);
    format!("{}Z", time.split_once('.').map_or(time, |(seconds, _)| seconds))
}

/// A span in its largest fitting unit: `12 ms`, `5 s`, `2 min`, `3 h`, `4 d`.
pub(crate) fn duration(span: Duration) -> String {
    let millis = span.as_millis();
    let seconds = span.as_secs();
    match seconds {
        0 => format!("{millis} ms"),
        1..=9 if millis % 1000 >= 100 => format!("{seconds}.{} s", millis % 1000 / 100),
        1..=119 => format!("{seconds} s"),
        120..=7199 => format!("{} min", seconds / 60),
        7200..=172_799 => format!("{} h", seconds / 3600),
        _ => format!("{} d", seconds / 86_400),
    }
}

/// A size in its largest fitting unit, by thousands: `0 B`, `8.1 kB`, `12 MB`.
pub(crate) fn bytes(count: u64) -> String {
    let mut rest = count;
    let mut tenths = 0;
    for unit in ["B", "kB", "MB", "GB", "TB"] {
        if rest < 1000 {
            return match (unit, rest) {
                ("B", _) | (_, 10..) => format!("{rest} {unit}"),
                _ => format!("{rest}.{tenths} {unit}"),
            };
        }
        tenths = rest % 1000 / 100;
        rest /= 1000;
    }
    format!("{rest} PB")
}

/// A body for a person: JSON indented, other text as it is, and of bytes only how many.
pub(crate) fn body(bytes: &[u8]) -> String {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return format!(
            "{} of bytes that are no text; `--raw` writes them",
            self::bytes(bytes.len() as u64)
        );
    };
    if serde_json::from_str::<IgnoredAny>(text).is_ok() {
        return indented(text);
    }
    text.lines().map(tame).collect::<Vec<_>>().join("\n")
}

/// JSON with a part on each line, in the order in which it came and with its numbers as written:
/// reading it into values and writing those would change both.
fn indented(json: &str) -> String {
    let mut text = String::with_capacity(json.len() * 2);
    let (mut depth, mut within, mut escaped) = (0_usize, false, false);
    let mut parts = json.chars().filter(|c| !c.is_ascii_control()).peekable();
    let line = |text: &mut String, depth: usize| {
        text.push('\n');
        text.extend(std::iter::repeat_n("  ", depth));
    };
    while let Some(part) = parts.next() {
        if within {
            text.push(if part.is_control() { '?' } else { part });
            (within, escaped) = (escaped || part != '"', !escaped && part == '\\');
            continue;
        }
        match part {
            ' ' => {}
            '{' | '[' => {
                text.push(part);
                while parts.next_if_eq(&' ').is_some() {}
                if let Some(end) = parts.next_if(|next| matches!(next, '}' | ']')) {
                    text.push(end);
                } else {
                    depth += 1;
                    line(&mut text, depth);
                }
            }
            '}' | ']' => {
                depth = depth.saturating_sub(1);
                line(&mut text, depth);
                text.push(part);
            }
            ',' => {
                text.push(',');
                line(&mut text, depth);
            }
            ':' => text.push_str(": "),
            _ => {
                within = part == '"';
                text.push(part);
            }
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes() {
        let cases = [
            (0, "0 B"),
            (999, "999 B"),
            (1000, "1.0 kB"),
            (8192, "8.1 kB"),
            (12_345, "12 kB"),
            (1_500_000, "1.5 MB"),
        ];
        for (count, expected) in cases {
            assert_eq!(bytes(count), expected);
        }
        assert_eq!(bytes(u64::MAX), "18446 PB");
    }

    #[test]
    fn bodies() {
        let json = "{\"b\":[1.00,{ },[]],\r\n \"a\": \"x, {\\\"\" }";
        let expected = "{\n  \"b\": [\n    1.00,\n    {},\n    []\n  ],\n  \"a\": \"x, {\\\"\"\n}";
        assert_eq!(body(json.as_bytes()), expected);
        assert_eq!(body(b"a=1\r\nb\x1b[2J"), "a=1\nb?[2J");
        assert_eq!(body(&[0xff; 1200]), "1.2 kB of bytes that are no text; `--raw` writes them");
        assert_eq!(body(b""), "");
    }

    #[test]
    fn spans() {
        let cases = [
            (0, "0 ms"),
            (999, "999 ms"),
            (1000, "1 s"),
            (1590, "1.5 s"),
            (59_000, "59 s"),
            (300_000, "5 min"),
            (7_200_000, "2 h"),
            (864_000_000, "10 d"),
        ];
        for (millis, expected) in cases {
            assert_eq!(duration(Duration::from_millis(millis)), expected);
        }
        assert_eq!(clock(Timestamp::from_millis(1_795_464_951_042)), "20:15:51Z");
    }
}
