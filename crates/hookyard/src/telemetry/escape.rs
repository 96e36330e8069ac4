//! Keeps what others sent from writing to a terminal or faking lines of a log.

use std::fmt::{Arguments, Write as _};

/// Writes into a string, which does not fail.
pub(super) fn put(line: &mut String, what: Arguments<'_>) {
    line.write_fmt(what).unwrap_or_default();
}

/// Whether a character could move the cursor, colour the screen, end the line or turn the
/// direction of writing.
///
/// Beyond the control characters these are Unicode's line ends and the marks of its bidirectional
/// algorithm (<https://www.unicode.org/reports/tr9/>), with which a line can be made to read as
/// another one.
fn is_unsafe(character: char) -> bool {
    character.is_control()
        || matches!(
            character,
            '\u{061c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}'
        )
}

/// Writes a text for a person's terminal; what is unsafe is written as `\n` or `\u{1b}`.
pub(super) fn plain(text: &str, line: &mut String) {
    for character in text.chars() {
        if is_unsafe(character) {
            line.extend(character.escape_default());
        } else {
            line.push(character);
        }
    }
}

/// Writes a text of several lines for a person's terminal, all but the first indented.
///
/// Only for what we wrote ourselves: with a text from outside it would let lines be faked.
pub(super) fn lines(text: &str, line: &mut String) {
    for (index, part) in text.split('\n').enumerate() {
        if index > 0 {
            line.push_str(if part.is_empty() { "\n" } else { "\n    " });
        }
        plain(part, line);
    }
}

/// Writes a text as a JSON string; what is unsafe is written as `\u001b`.
pub(super) fn json(text: &str, line: &mut String) {
    line.push('"');
    for character in text.chars() {
        match character {
            '"' | '\\' => line.extend(['\\', character]),
            // All of them lie below U+FFFF, so that four digits do.
            _ if is_unsafe(character) => put(line, format_args!("\\u{:04x}", u32::from(character))),
            _ => line.push(character),
        }
    }
    line.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_unsafe_gets_through_and_json_reads_back() {
        let nasty: String = ('\0'..='\u{2fff}').chain(['\u{feff}', '\u{1f600}']).collect();
        let (mut as_plain, mut as_json) = (String::new(), String::new());
        plain(&nasty, &mut as_plain);
        json(&nasty, &mut as_json);
        assert!(!as_plain.contains(is_unsafe) && !as_json.contains(is_unsafe));
        assert_eq!(serde_json::from_str::<String>(&as_json).unwrap(), nasty);
        let mut shown = String::new();
        plain("a\r\n\u{1b}[31m\u{202e}\u{9b}é", &mut shown);
        assert_eq!(shown, "a\\r\\n\\u{1b}[31m\\u{202e}\\u{9b}é");
        shown.clear();
        lines("a:\nb\r\n\n\u{1b}\u{2028}c", &mut shown);
        assert_eq!(shown, "a:\n    b\\r\n\n    \\u{1b}\\u{2028}c");
    }
}
