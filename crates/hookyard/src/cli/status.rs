//! `hookyard status`: how the hub is doing.

use bytes::Bytes;
use clap::Args;
use http::Method;
use serde_json::Value;

use super::failure::{Exit, Failure};
use super::hub::HubOptions;
use super::out::{Out, Paint, tame};
use super::show;

/// Say how the hub is doing; fails when it does not take events
#[derive(Args, Debug)]
pub(crate) struct Status {
    /// Print the API's JSON
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    hub: HubOptions,
}

impl Status {
    pub(crate) async fn run(self, out: Out) -> Result<(), Failure> {
        let (status, reply) = self.hub.hub()?.ask(Method::GET, "/health", Bytes::new()).await?;
        if self.json {
            reply.print(out)?;
        } else {
            print(out, &reply.value)?;
        }
        if status.is_success() { Ok(()) } else { Err(Failure::Silent(Exit::Failed)) }
    }
}

/// All that the answer says, a line each, how it is in a word first.
fn print(out: Out, health: &Value) -> Result<(), Failure> {
    let mut lines = Vec::new();
    flatten("", health, &mut lines);
    lines.sort_by_key(|(name, _)| name != "status");
    for (name, value) in lines {
        let paint = match (name.as_str(), value.as_str()) {
            ("status", "ok") => Paint::Good,
            ("status", "degraded") => Paint::Waiting,
            ("status", _) => Paint::Bad,
            _ => Paint::Plain,
        };
        let label = out.paint(Paint::Dim, format_args!("{name:<26}"));
        out.line(format_args!("{label} {}", out.paint(paint, tame(&value))))?;
    }
    Ok(())
}

/// Parts within parts side by side: `store engine`, `destinations paused`.
fn flatten(name: &str, value: &Value, lines: &mut Vec<(String, String)>) {
    let text = match value {
        Value::Object(fields) => {
            for (inner, value) in fields {
                let name = format!("{name} {}", inner.replace('_', " "));
                flatten(name.trim_start(), value, lines);
            }
            return;
        }
        Value::Array(items) => {
            items.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(", ")
        }
        Value::String(text) => text.clone(),
        Value::Number(number) if name.ends_with("bytes") => {
            show::bytes(number.as_u64().unwrap_or_default())
        }
        Value::Null => String::new(),
        other => other.to_string(),
    };
    if !text.is_empty() {
        lines.push((name.to_owned(), text));
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn parts_lie_side_by_side() {
        let health = json!({
            "status": "ok", "uptime_seconds": 3,
            "store": { "bytes": 8192, "engine": "SQLite", "free_bytes": null },
            "destinations": { "paused": ["a", "b"], "disabled": [] },
        });
        let mut lines = Vec::new();
        flatten("", &health, &mut lines);
        let lines: Vec<String> =
            lines.iter().map(|(name, value)| format!("{name}={value}")).collect();
        assert_eq!(
            lines,
            [
                "destinations paused=a, b",
                "status=ok",
                "store bytes=8.1 kB",
                "store engine=SQLite",
                "uptime seconds=3"
            ]
        );
    }
}
