//! GitHub's own example payloads, all of them, through the hub and out again.
#![expect(clippy::print_stdout, reason = "the counts are its output")]

use std::collections::HashMap;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use clap::Parser;
use hookyard_bench::client::Connection;
use hookyard_bench::github::{self, Github};
use hookyard_bench::hub::{Destination, HubProgram, SECRET, Sink, configuration};
use hookyard_bench::process;
use hookyard_bench::record::Record;
use hookyard_bench::report::progress;
use serde::Deserialize;
use serde_json::value::RawValue;

const PACKAGE: &str = "@octokit/webhooks-examples@7.6.1";
const PAYLOADS: usize = 329;

/// Sends every example payload of the npm package `@octokit/webhooks-examples`, signed as GitHub
/// signs it, to a hub of its own, twice. Each must be accepted and arrive with the same SHA-256
/// and its event type; the second time each must be a duplicate and none may arrive.
#[derive(Parser)]
struct Arguments {
    /// The unpacked package's `api.github.com/index.json`; fetched with `npm pack` if not said.
    #[arg(long)]
    payloads: Option<PathBuf>,
    /// The hub; the one built beside this program if not said.
    #[arg(long)]
    hub: Option<PathBuf>,
}

/// One of GitHub's events in the package.
#[derive(Deserialize)]
struct Example<'a> {
    name: String,
    #[serde(borrow)]
    examples: Vec<&'a RawValue>,
}

/// One webhook to send.
struct Webhook {
    delivery: String,
    event: String,
    event_type: String,
    body: Vec<u8>,
    sha256: String,
}

fn main() -> Result<ExitCode> {
    let arguments = Arguments::parse();
    let folder = tempfile::Builder::new().prefix("hookyard-octokit-").tempdir()?;
    let file = arguments.payloads.map_or_else(|| fetch(folder.path()), Ok)?;
    let webhooks = webhooks(&std::fs::read_to_string(&file)?)?;
    ensure!(webhooks.len() == PAYLOADS, "{} payloads, not {PAYLOADS}", webhooks.len());

    let sink = Sink::start(folder.path())?;
    let url = sink.url("/ok");
    let destination = Destination { name: "sink".to_owned(), url, options: String::new() };
    let text = configuration(&folder.path().join("hookyard.db"), &[destination]);
    let hub = HubProgram::find(arguments.hub.as_deref(), None)?.start(folder.path(), &text)?;

    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let first = runtime.block_on(send(hub.ingest, &webhooks))?;
    hub.drain(Duration::from_secs(60))?;
    let records = sink.records()?;
    let arrived = compare(&webhooks, &first, &records);
    let second = runtime.block_on(send(hub.ingest, &webhooks))?;
    hub.drain(Duration::from_secs(60))?;
    hub.stop()?;
    let further = sink.records()?.len() - records.len();

    let count =
        |answers: &[Answered], status| answers.iter().filter(|it| it.status == status).count();
    let same = first.iter().zip(&second).filter(|(one, two)| one.event_id == two.event_id).count();
    let figures = [
        ("accepted", count(&first, "accepted"), PAYLOADS),
        ("requests at the destination", records.len(), PAYLOADS),
        ("delivered with identical SHA-256", arrived.identical, PAYLOADS),
        ("delivered with the right event type", arrived.typed, PAYLOADS),
        ("sent again: duplicates", count(&second, "duplicate"), PAYLOADS),
        ("sent again: answered with the first id", same, PAYLOADS),
        ("sent again: further deliveries", further, 0),
    ];
    for (what, is, should) in figures {
        println!("{what:<40} {is:>4} of {should}");
    }
    let good = figures.iter().all(|(_, is, should)| is == should);
    Ok(if good { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Gets the package with npm and unpacks it.
fn fetch(folder: &Path) -> Result<PathBuf> {
    progress(format_args!("npm pack {PACKAGE}"));
    let output =
        Command::new("npm").args(["pack", "--silent", PACKAGE]).current_dir(folder).output();
    let output = output.context("npm is missing: install Node.js 20 or later")?;
    if !output.status.success() {
        bail!("npm pack failed: {}", String::from_utf8_lossy(&output.stderr));
    }
    let archive = folder.join(String::from_utf8(output.stdout)?.trim());
    let (into, archive): (&OsStr, &OsStr) = (folder.as_ref(), archive.as_ref());
    process::run("tar", &["-xzf".as_ref(), archive, "-C".as_ref(), into])?;
    Ok(folder.join("package").join("api.github.com").join("index.json"))
}

fn webhooks(text: &str) -> Result<Vec<Webhook>> {
    let examples: Vec<Example<'_>> = serde_json::from_str(text)?;
    let payloads = examples
        .iter()
        .flat_map(|example| example.examples.iter().map(|payload| (&example.name, payload.get())));
    (0..).zip(payloads).map(|(number, (name, payload))| webhook(number, name, payload)).collect()
}

fn webhook(number: u64, name: &str, payload: &str) -> Result<Webhook> {
    #[derive(Deserialize)]
    struct Payload {
        action: Option<String>,
    }
    let body = compact(payload);
    let action = serde_json::from_slice::<Payload>(&body)?.action;
    Ok(Webhook {
        delivery: github::delivery_id(329, number),
        event: name.to_owned(),
        event_type: action.map_or_else(|| name.to_owned(), |action| format!("{name}.{action}")),
        sha256: github::sha256(&body),
        body,
    })
}

/// JSON as GitHub sends it: nothing between the values, everything else as it was written.
fn compact(json: &str) -> Vec<u8> {
    let (mut inside, mut escaped) = (false, false);
    let keep = |byte: &u8| {
        let kept = inside || !byte.is_ascii_whitespace();
        inside ^= *byte == b'"' && !escaped;
        escaped = *byte == b'\\' && !escaped;
        kept
    };
    json.bytes().filter(keep).collect()
}

/// What the hub answered.
struct Answered {
    status: String,
    event_id: String,
}

async fn send(address: std::net::SocketAddr, webhooks: &[Webhook]) -> Result<Vec<Answered>> {
    let github = Github::new(&address.to_string(), "/webhook/github", SECRET);
    let mut connection = Connection::open(address).await?;
    let mut answers = Vec::new();
    for webhook in webhooks {
        let request = github.request(&webhook.event, &webhook.delivery, &webhook.body);
        let answer = connection.exchange(&request).await?;
        let text = |key| answer.text(key).unwrap_or_default().to_owned();
        if !answer.is_success() {
            let says = String::from_utf8_lossy(&answer.body);
            progress(format_args!("{}: {} {says}", webhook.event_type, answer.status));
        }
        if answer.closes {
            connection = Connection::open(address).await?;
        }
        answers.push(Answered { status: text("status"), event_id: text("event_id") });
    }
    Ok(answers)
}

#[derive(Default)]
struct Arrived {
    identical: usize,
    typed: usize,
}

/// How many arrived as they were sent.
fn compare(webhooks: &[Webhook], answers: &[Answered], records: &[Record]) -> Arrived {
    let by_id: HashMap<_, _> = records.iter().map(|it| (it.webhook_id.as_str(), it)).collect();
    let mut arrived = Arrived::default();
    for (webhook, answer) in webhooks.iter().zip(answers) {
        let Some(record) = by_id.get(answer.event_id.as_str()) else {
            progress(format_args!("{} did not arrive", webhook.event_type));
            continue;
        };
        arrived.identical += usize::from(record.sha256 == webhook.sha256);
        arrived.typed += usize::from(record.event_type == webhook.event_type);
        if record.event_type != webhook.event_type {
            progress(format_args!("{} arrived as {}", webhook.event_type, record.event_type));
        }
    }
    arrived
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_is_compacted_and_not_changed() {
        let json = "{ \"a b\" : [ 1.0 , \"c \\\" d\\\\\" ] ,\n \"e\": \"\\u00e9 é\" }";
        let expected = "{\"a b\":[1.0,\"c \\\" d\\\\\"],\"e\":\"\\u00e9 é\"}";
        assert_eq!(String::from_utf8(compact(json)).unwrap(), expected);
    }

    #[test]
    fn event_types_are_dotted() {
        let text = r#"[{"name": "push", "examples": [{"ref": "a"}]},
                       {"name": "issues", "examples": [{"action": "opened"}, {"action": "closed"}]}]"#;
        let types: Vec<_> = webhooks(text).unwrap().into_iter().map(|it| it.event_type).collect();
        assert_eq!(types, ["push", "issues.opened", "issues.closed"]);
    }
}
