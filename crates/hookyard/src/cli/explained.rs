//! How it is shown why a request was refused: by `verify`, and by `quarantine explain`.

use serde_json::Value;

use super::out::{Out, Paint, tame};
use super::table::text;

/// What was refused, which mistake was made and what to do, or what to look at next. `why` is
/// [`crate::explanation::Why`] as JSON.
pub(super) fn lines(out: Out, why: &Value) -> Vec<String> {
    let refused = out.paint(Paint::Bad, "invalid");
    let mut lines = vec![format!("{refused}  {}", tame(&text(why, "detail")))];
    let finding = why.get("finding").filter(|finding| !finding.is_null());
    match finding {
        Some(finding) => lines.extend(found(out, finding)),
        None => lines.extend(not_found(out, why)),
    }
    if is(why, "is_cut_short") {
        lines.push("not everything was tried, because the body is large".to_owned());
    }
    lines
}

fn found(out: Out, finding: &Value) -> [String; 2] {
    let word = if is(finding, "is_proven") { "found" } else { "likely" };
    let [sentence, advice] = ["sentence", "advice"].map(|name| text(finding, name));
    [
        format!("{}  {}", out.paint(Paint::Bold, word), tame(&sentence)),
        format!("{}     {}", out.paint(Paint::Bold, "do"), tame(&advice)),
    ]
}

fn not_found(out: Out, why: &Value) -> Vec<String> {
    let ruled_out: Vec<String> = texts(why, "ruled_out").collect();
    let mut lines = Vec::new();
    if !ruled_out.is_empty() {
        lines.push(format!("it is not {}", ruled_out.join("; nor ")));
    }
    let next: Vec<String> = texts(why, "next").map(|step| format!("- {step}")).collect();
    if !next.is_empty() {
        lines.push(out.paint(Paint::Bold, "what to look at next"));
    }
    lines.extend(next);
    lines
}

fn is(value: &Value, name: &str) -> bool {
    value.get(name).and_then(Value::as_bool) == Some(true)
}

fn texts<'v>(value: &'v Value, name: &str) -> impl Iterator<Item = String> + use<'v> {
    let list = value.get(name).and_then(Value::as_array).into_iter().flatten();
    list.filter_map(Value::as_str).map(tame)
}
