//! Bodies with blanks: `{{kind:label}}`, where the same kind and label mean the same value
//! throughout one event, and `{{kind12:label}}` its first twelve characters.

use std::collections::HashMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hookyard_model::Timestamp;

const HEX: &[u8] = b"0123456789abcdef";
const DIGITS: &[u8] = b"0123456789";
const UPPER: &[u8] = b"ABCDEFGHJKLMNPQRSTUVWXYZ23456789";
const ALPHANUMERIC: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
/// As many characters as the longest blank asks for.
const LONGEST: usize = 64;

/// Fills the blanks of one event.
pub struct Blanks<'a> {
    now: Timestamp,
    to: &'a str,
    random: &'a mut dyn FnMut() -> u64,
    values: HashMap<String, String>,
}

impl std::fmt::Debug for Blanks<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Blanks")
            .field("now", &self.now)
            .field("values", &self.values)
            .finish_non_exhaustive()
    }
}

impl<'a> Blanks<'a> {
    /// For an event that happens `now` and is sent `to` this URL, with ids from `random`.
    pub fn new(now: Timestamp, to: &'a str, random: &'a mut dyn FnMut() -> u64) -> Self {
        Self { now, to, random, values: HashMap::new() }
    }

    /// The text with its blanks filled. What is no blank that we know stays as it is, which the
    /// test over all bodies would find.
    pub fn fill(&mut self, text: &str) -> String {
        let mut filled = String::with_capacity(text.len() * 5 / 4);
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("{{") {
            filled.push_str(before);
            let Some((blank, after)) = after.split_once("}}") else {
                filled.push_str("{{");
                rest = after;
                continue;
            };
            match self.value(blank) {
                Some(value) => filled.push_str(&value),
                None => filled.extend(["{{", blank, "}}"]),
            }
            rest = after;
        }
        filled.push_str(rest);
        filled
    }

    fn value(&mut self, blank: &str) -> Option<String> {
        let (kind, label) = blank.split_once(':').unwrap_or((blank, ""));
        let word = kind.trim_end_matches(|c: char| c.is_ascii_digit());
        let length = kind.strip_prefix(word)?.parse().unwrap_or(LONGEST);
        let iso = self.now.to_string();
        let alphabet = match word {
            "to" => return Some(self.to.to_owned()),
            "seconds" => return Some(self.now.as_seconds().to_string()),
            "isoms" => return Some(iso),
            "iso" => return Some(format!("{}Z", iso.split('.').next().unwrap_or(&iso))),
            "rfc" => return Some(rfc_2822(&iso)),
            "uuid" => return Some(uuid(&self.characters("uuid", label, HEX))),
            "hex" => HEX,
            "digits" => DIGITS,
            "upper" => UPPER,
            "alnum" => ALPHANUMERIC,
            _ => return None,
        };
        Some(self.characters(word, label, alphabet).chars().take(length).collect())
    }

    /// Random characters, the same ones for the same word and label.
    fn characters(&mut self, word: &str, label: &str, alphabet: &[u8]) -> String {
        let random = &mut self.random;
        let key = format!("{word}:{label}");
        let make = || (0..LONGEST).map(|place| pick(random(), place, alphabet)).collect();
        self.values.entry(key).or_insert_with(make).clone()
    }
}

/// One character. A number must not begin with a zero, so no first character does.
fn pick(random: u64, place: usize, alphabet: &[u8]) -> char {
    let index = usize::try_from(random >> 33).unwrap_or_default() % alphabet.len();
    let digit = alphabet.get(index).copied().unwrap_or(b'1');
    char::from(if place == 0 && digit == b'0' { b'1' } else { digit })
}

/// A random UUID, version 4 (RFC 9562, section 5.4), from hexadecimal digits.
fn uuid(digits: &str) -> String {
    let mut text = String::with_capacity(36);
    for (place, digit) in digits.chars().take(32).enumerate() {
        if matches!(place, 8 | 12 | 16 | 20) {
            text.push('-');
        }
        text.push(match (place, digit) {
            (12, _) => '4',
            (16, digit) => ['8', '9', 'a', 'b']
                .get(digit.to_digit(16).unwrap_or(0) as usize % 4)
                .copied()
                .unwrap_or('8'),
            (_, digit) => digit,
        });
    }
    text
}

/// A date as in mail, from RFC 3339: `Mon, 23 Nov 2026 20:15:51 +0000`.
fn rfc_2822(iso: &str) -> String {
    const MONTHS: [&str; 12] =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let (date, time) = iso.split_once('T').unwrap_or((iso, ""));
    let mut parts = date.splitn(3, '-').map(|part| part.parse::<usize>().unwrap_or(1));
    let (year, month, day) =
        (parts.next().unwrap_or(1970), parts.next().unwrap_or(1), parts.next().unwrap_or(1));
    let time = time.split('.').next().unwrap_or("00:00:00");
    let name = MONTHS.get(month.saturating_sub(1)).copied().unwrap_or("Jan");
    format!("{day:02} {name} {year} {time} +0000")
}

/// JSON without the spaces between its parts; those within strings stay.
pub(super) fn compact(json: &str) -> String {
    let (mut within, mut escaped) = (false, false);
    json.chars()
        .filter(|&c| {
            if within {
                (within, escaped) = (escaped || c != '"', !escaped && c == '\\');
                return true;
            }
            within = c == '"';
            !c.is_ascii_whitespace()
        })
        .collect()
}

/// A compact JSON list with each record on a line that ends with CR and LF, and so does the last.
pub(super) fn records(json: &str) -> String {
    let inner = json.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(json);
    format!("[{}]\r\n", inner.replace("},{", "},\r\n{"))
}

/// A form from lines of `name=value`, in the order of the lines. What stands behind `base64 ` is
/// sent in base64.
pub(super) fn form(fields: &str, blanks: &mut Blanks<'_>) -> String {
    let mut encoded = String::new();
    for line in fields.lines() {
        let (name, value) = line.split_once('=').unwrap_or((line, ""));
        let value = match value.strip_prefix("base64 ") {
            Some(inner) => STANDARD.encode(blanks.fill(inner)),
            None => blanks.fill(value),
        };
        let separator = if encoded.is_empty() { "" } else { "&" };
        encoded.extend([separator, &encode(name), "=", &encode(&value)]);
    }
    encoded
}

pub(super) fn encode(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fill(text: &str) -> String {
        let mut count = 0_u64;
        let mut random = || {
            count += 1;
            count << 33
        };
        Blanks::new(Timestamp::from_millis(1_795_464_951_042), "http://a/b", &mut random).fill(text)
    }

    #[test]
    fn blanks_are_filled_by_kind_length_and_label() {
        let cases = [
            ("{{hex4:a}}", "1234"),
            ("{{hex4:a}} {{hex2:a}} {{digits4:b}}", "1234 12 5678"),
            ("{{uuid:a}}", "12345678-9abc-4ef0-9234-56789abcdef0"),
            ("{{seconds}} {{iso}}", "1795464951 2026-11-23T20:15:51Z"),
            ("{{isoms}}", "2026-11-23T20:15:51.042Z"),
            ("{{rfc2822}}", "23 Nov 2026 20:15:51 +0000"),
            ("{{to}}", "http://a/b"),
            ("{{what}} {{hex3:a", "{{what}} {{hex3:a"),
            ("{\"a\":{\"b\":1}}", "{\"a\":{\"b\":1}}"),
        ];
        for (text, expected) in cases {
            assert_eq!(fill(text), expected, "{text}");
        }
    }

    #[test]
    fn compact_leaves_strings_alone() {
        let json = "{ \"a\" : \"x \\\" y\\\\\" ,\n  \"b c\": [ 1, 2 ] }\n";
        assert_eq!(compact(json), r#"{"a":"x \" y\\","b c":[1,2]}"#);
    }

    #[test]
    fn forms_are_encoded_field_by_field() {
        let mut random = || 0;
        let mut blanks = Blanks::new(Timestamp::EPOCH, "", &mut random);
        assert_eq!(
            form("To=+49 30\nText=a & b=c\nEmpty=\nXml=base64 <a>", &mut blanks),
            "To=%2B49+30&Text=a+%26+b%3Dc&Empty=&Xml=PGE%2B"
        );
        assert_eq!(records(r#"[{"a":1},{"b":2}]"#), "[{\"a\":1},\r\n{\"b\":2}]\r\n");
    }
}
