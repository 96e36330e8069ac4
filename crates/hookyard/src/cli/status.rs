//! `hookyard status`: how the hub is doing.

use std::time::Duration;

use bytes::Bytes;
use clap::Args;
use http::Method;
use serde_json::Value;

use super::failure::{Exit, Failure};
use super::held::Hold;
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
    for reason in reasons(health) {
        out.line(format_args!("\n{}", out.paint(Paint::Waiting, tame(&reason))))?;
    }
    Ok(())
}

/// Why events are taken but not all delivered, or not all taken, and what to type.
fn reasons(health: &Value) -> Vec<String> {
    let names = |pointer: &str| -> Vec<String> {
        let list = health.pointer(pointer).and_then(Value::as_array).into_iter().flatten();
        list.filter_map(Value::as_str).map(str::to_owned).collect()
    };
    let disabled = names("/destinations/disabled");
    let paused = names("/destinations/paused");
    let open = names("/destinations/open_circuits");
    let lost = names("/unconfigured_destinations");
    let held = disabled.iter().map(|name| Hold::Disabled.sentence(name));
    let held = held.chain(paused.iter().map(|name| Hold::Paused.sentence(name)));
    let open = open.iter().map(|name| {
        format!("the circuit to `{name}` is open: its latest attempts failed; see `hookyard deliveries list --destination {name}`")
    });
    let lost = lost.iter().map(|name| {
        format!("`{name}` is not configured any more, and deliveries wait for it; add it again, or cancel with `hookyard deliveries cancel --destination {name}`")
    });
    let refused = health.pointer("/quarantine/held").and_then(Value::as_u64).unwrap_or_default();
    let refused = (refused > 0).then(|| {
        let are = if refused == 1 {
            "request that failed verification is"
        } else {
            "requests that failed verification are"
        };
        format!("{refused} {are} in quarantine; see `hookyard quarantine list`")
    });
    held.chain(open).chain(lost).chain(refused).collect()
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
        Value::Number(number) if name.ends_with(" seconds") => {
            let span = Duration::from_secs(number.as_u64().unwrap_or_default());
            lines.push((name.trim_end_matches(" seconds").to_owned(), show::duration(span)));
            return;
        }
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
                "uptime=3 s"
            ]
        );
        assert_eq!(
            reasons(&health),
            ["a", "b"].map(|name| format!(
                "`{name}` is paused; resume it with `hookyard destinations resume {name}`"
            ))
        );
    }
}
