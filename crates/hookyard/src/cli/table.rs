//! Tables for people: columns as wide as they have to be.

use serde_json::Value;

use super::failure::Failure;
use super::out::{Out, Paint, tame};

/// One field of a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Cell {
    text: String,
    paint: Paint,
}

impl Cell {
    /// A field in colour.
    pub(crate) fn new(text: impl Into<String>, paint: Paint) -> Self {
        Self { text: tame(&text.into()), paint }
    }

    /// A field as it is.
    pub(crate) fn plain(text: impl Into<String>) -> Self {
        Self::new(text, Paint::Plain)
    }

    /// A field that the eye may skip.
    pub(crate) fn dim(text: impl Into<String>) -> Self {
        Self::new(text, Paint::Dim)
    }
}

/// Prints rows under a head; `none` on standard error when there are no rows.
pub(crate) fn print<const COLUMNS: usize>(
    out: Out,
    head: [&str; COLUMNS],
    rows: Vec<[Cell; COLUMNS]>,
    none: &str,
) -> Result<(), Failure> {
    if rows.is_empty() {
        out.note(none);
        return Ok(());
    }
    let head = head.map(|title| Cell::new(title, Paint::Bold));
    let rows: Vec<_> = std::iter::once(head).chain(rows).collect();
    for line in lines(out, &rows) {
        out.line(line)?;
    }
    Ok(())
}

fn lines<const COLUMNS: usize>(out: Out, rows: &[[Cell; COLUMNS]]) -> Vec<String> {
    let mut widths = [0; COLUMNS];
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = cell.text.chars().count().max(*width);
        }
    }
    let line = |row: &[Cell; COLUMNS]| {
        let mut line = String::new();
        let mut gap = 0;
        for (width, cell) in widths.iter().zip(row) {
            if !cell.text.is_empty() {
                line.extend(std::iter::repeat_n(' ', gap));
                line.push_str(&out.paint(cell.paint, &cell.text));
                gap = 0;
            }
            gap += width + 2 - cell.text.chars().count();
        }
        line
    };
    rows.iter().map(line).collect()
}

/// The text at a place in an answer; empty where there is none.
pub(crate) fn text(value: &Value, name: &str) -> String {
    match value.get(name) {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    }
}

/// The number at a place in an answer; zero where there is none.
pub(crate) fn number(value: &Value, name: &str) -> u64 {
    value.get(name).and_then(Value::as_u64).unwrap_or_default()
}

/// A time of the API without its fraction: `2026-11-23 20:15:51Z`.
pub(crate) fn time(value: &Value, name: &str) -> String {
    let text = text(value, name);
    match text.split_once('.') {
        Some((seconds, _)) => format!("{}Z", seconds.replace('T', " ")),
        None => text.replace('T', " "),
    }
}

/// The colour of a delivery's state, or of a destination's.
pub(crate) fn state(word: &str) -> Cell {
    let paint = match word {
        "succeeded" | "active" | "closed" | "ok" => Paint::Good,
        "pending" | "paused" | "half_open" | "degraded" => Paint::Waiting,
        "dead_letter" | "disabled" | "open" => Paint::Bad,
        _ => Paint::Dim,
    };
    Cell::new(word, paint)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn columns_line_up_and_lines_end_with_text() {
        let rows = [
            [Cell::plain("a"), Cell::plain("BB"), Cell::plain("c")],
            [Cell::plain("größer"), Cell::dim(""), Cell::plain("x\ny")],
            [Cell::plain("d"), Cell::plain("e"), Cell::plain("")],
        ];
        assert_eq!(lines(Out::plain(), &rows), ["a       BB  c", "größer      x?y", "d       e"]);
    }

    #[test]
    fn fields_of_an_answer() {
        let value = json!({ "a": "x", "b": 3, "c": null, "t": "2026-11-23T20:15:51.042Z" });
        assert_eq!(
            (text(&value, "a"), text(&value, "b"), text(&value, "c")),
            ("x".into(), "3".into(), String::new())
        );
        assert_eq!((number(&value, "b"), number(&value, "d")), (3, 0));
        assert_eq!(
            (time(&value, "t"), time(&value, "c")),
            ("2026-11-23 20:15:51Z".into(), String::new())
        );
    }
}
