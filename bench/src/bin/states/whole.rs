//! The hub itself, started on a state: it has to come up, and to know what it has acknowledged.

use std::path::Path;

use anyhow::Result;
use hookyard_bench::client::{Answer, Connection};
use hookyard_bench::github::{self, Github};
use hookyard_bench::hub::{HubProgram, SECRET};
use hookyard_bench::ledger::Entry;

use crate::check::Findings;
use crate::record::{BODY, Recording};

/// How many of the last acknowledged events are sent again.
const LAST: usize = 30;

/// Starts the hub on the store in a folder, which was left by a cut at this time, and sends again
/// what was acknowledged last: each has to be told as a repeat of the same event.
pub(crate) fn check(
    recording: &Recording,
    program: &HubProgram,
    folder: &Path,
    cut: u64,
) -> Result<Findings> {
    let mut found = Findings { states: 1, ..Findings::default() };
    let program = HubProgram { fault: None, ..program.clone() };
    let hub = match program.start(folder, &recording.configuration_in(folder)) {
        Ok(hub) => hub,
        Err(error) => {
            found.unopenable = 1;
            found.said.push(format!("the hub does not start: {error:#}"));
            return Ok(found);
        }
    };
    found.slowest = hub.ready_after;
    let before = recording.ledger.iter().filter(|entry| entry.acknowledged < cut);
    let last: Vec<_> = before.rev().take(LAST).collect();
    found.looked_for = last.len();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let github = Github::new(&hub.ingest.to_string(), "/webhook/github", SECRET);
    for entry in last {
        let body = github::body(&entry.delivery, BODY);
        let request = github.request("push", &entry.delivery, &body);
        let answer = runtime
            .block_on(async { Connection::open(hub.ingest).await?.exchange(&request).await })?;
        if !is_repeat(&answer, entry) {
            found.has_lost(found.lost + 1);
            let answer = String::from_utf8_lossy(&answer.body).into_owned();
            found.said.push(format!("{} is sent again and answered {answer}", entry.event_id));
        }
    }
    hub.stop()?;
    Ok(found)
}

fn is_repeat(answer: &Answer, entry: &Entry) -> bool {
    answer.is_success()
        && answer.text("status") == Some("duplicate")
        && answer.text("event_id") == Some(&entry.event_id)
}
