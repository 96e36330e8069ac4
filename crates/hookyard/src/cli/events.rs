//! `hookyard events`: what came in.

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::failure::Failure;
use super::hub::{HubOptions, Reply, segment};
use super::names::SOURCE;
use super::out::{Out, Paint, tame};
use super::paging::Paging;
use super::show;
use super::table::{self, Cell, number, text, time};

/// Look at what came in, and send it through today's routes again
#[derive(Args, Debug)]
pub(crate) struct Events {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// List events, newest first
    List(List),
    /// Show one event with its headers and its body
    Show(Show),
    /// Deliver an event again, by the routes as they are today
    Replay(Replay),
}

#[derive(Args, Debug)]
struct List {
    /// Of this source
    #[arg(long, value_name = "NAME")]
    source: Option<String>,

    /// Of this type
    #[arg(long = "type", value_name = "TYPE")]
    event_type: Option<String>,

    /// With this id of the provider's
    #[arg(long, value_name = "ID")]
    provider_event_id: Option<String>,

    #[command(flatten)]
    paging: Paging,

    #[command(flatten)]
    hub: HubOptions,
}

#[derive(Args, Debug)]
struct Show {
    /// The event's id
    id: String,

    /// Write the body alone, byte for byte
    #[arg(long, conflicts_with = "json")]
    raw: bool,

    /// Write the body of the request that it came in by alone, with all the events in it
    #[arg(long, conflicts_with_all = ["raw", "json"])]
    request: bool,

    /// Print the API's JSON
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    hub: HubOptions,
}

#[derive(Args, Debug)]
struct Replay {
    /// The event's id
    id: String,

    /// Only to this destination, whatever the routes say; may be given more than once
    #[arg(long, value_name = "NAME")]
    to: Vec<String>,

    /// Print the API's JSON
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    hub: HubOptions,
}

impl Events {
    pub(crate) async fn run(self, out: Out) -> Result<(), Failure> {
        match self.verb {
            Verb::List(list) => list.run(out).await,
            Verb::Show(show) => show.run(out).await,
            Verb::Replay(replay) => replay.run(out).await,
        }
    }
}

impl List {
    async fn run(self, out: Out) -> Result<(), Failure> {
        let limit = self.paging.limit();
        let query = self.paging.query(
            &limit,
            &[
                ("source", self.source.as_deref()),
                ("type", self.event_type.as_deref()),
                ("provider_event_id", self.provider_event_id.as_deref()),
            ],
        );
        let hub = self.hub.hub()?;
        let reply = hub.get("/api/v1/events", &query).await?;
        if self.paging.json {
            reply.print(out)?;
        }
        if reply.list("events").is_empty() {
            SOURCE.expect(&hub, self.source.as_deref()).await?;
        }
        if self.paging.json {
            return Ok(());
        }
        let rows = reply.list("events").iter().map(row).collect();
        table::print(
            out,
            ["RECEIVED", "SOURCE", "TYPE", "SIZE", "DELIVERIES", "ID"],
            rows,
            "no events",
        )?;
        Paging::tell_next(out, &reply);
        Ok(())
    }
}

fn row(event: &Value) -> [Cell; 6] {
    [
        Cell::dim(time(event, "received_at")),
        Cell::plain(text(event, "source")),
        Cell::plain(text(event, "type")),
        Cell::dim(show::bytes(number(event, "size"))),
        deliveries(event),
        Cell::plain(text(event, "id")),
    ]
}

/// How the deliveries of an event stand, in a word or two.
fn deliveries(event: &Value) -> Cell {
    let all = event.get("deliveries").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let count =
        |state: &str| all.iter().filter(|delivery| text(delivery, "state") == state).count();
    let (done, lost) = (count("succeeded"), count("dead_letter"));
    match all.len() {
        0 => Cell::dim("none"),
        _ if lost > 0 => Cell::new(format!("{lost} dead"), Paint::Bad),
        total if done + count("cancelled") == total => {
            Cell::new(format!("{done} of {total}"), Paint::Good)
        }
        total => Cell::new(format!("{done} of {total}"), Paint::Waiting),
    }
}

impl Show {
    async fn run(self, out: Out) -> Result<(), Failure> {
        let hub = self.hub.hub()?;
        let path = format!("/api/v1/events/{}", segment(&self.id));
        if self.raw {
            return out.bytes(hub.get(&format!("{path}/raw"), &[]).await?.bytes());
        }
        if self.request {
            return out.bytes(hub.get(&format!("{path}/request"), &[]).await?.bytes());
        }
        let reply = hub.get(&path, &[]).await?;
        if self.json {
            return reply.print(out);
        }
        let raw = hub.get(&format!("{path}/raw"), &[]).await?;
        print(out, &reply.value, &raw)
    }
}

fn print(out: Out, event: &Value, raw: &Reply) -> Result<(), Failure> {
    let rows = [
        ("event", text(event, "id")),
        ("received", text(event, "received_at")),
        ("source", text(event, "source")),
        ("type", text(event, "type")),
        ("provider id", text(event, "provider_event_id")),
        ("item", text(event, "item")),
        ("proof", text(event, "verification")),
        ("from", text(event, "peer")),
    ];
    for (label, value) in rows.iter().filter(|(_, value)| !value.is_empty()) {
        out.line(format_args!(
            "{} {}",
            out.paint(Paint::Dim, format_args!("{label:<12}")),
            tame(value)
        ))?;
    }
    for delivery in event.get("deliveries").and_then(Value::as_array).into_iter().flatten() {
        let state = text(delivery, "state");
        let line = format!("{} {} {state}", text(delivery, "id"), text(delivery, "destination"));
        out.line(format_args!(
            "{} {}",
            out.paint(Paint::Dim, format_args!("{:<12}", "delivery")),
            tame(&line)
        ))?;
    }
    out.line(format_args!("\n{} {}", tame(&text(event, "method")), tame(&text(event, "target"))))?;
    for header in event.get("headers").and_then(Value::as_array).into_iter().flatten() {
        let part = |index| header.get(index).and_then(Value::as_str).map(tame).unwrap_or_default();
        out.line(format_args!("{}: {}", out.paint(Paint::Name, part(0)), part(1)))?;
    }
    out.line("")?;
    out.line(show::body(raw.bytes()))
}

impl Replay {
    async fn run(self, out: Out) -> Result<(), Failure> {
        let body = if self.to.is_empty() { json!({}) } else { json!({ "to": self.to }) };
        let path = format!("/api/v1/events/{}/replay", segment(&self.id));
        let reply = self.hub.hub()?.post(&path, &body).await.map_err(|failure| match failure {
            // The API speaks of its own field.
            Failure::Told { exit, message, hints } => {
                Failure::Told { exit, message: message.replace("`to`", "`--to NAME`"), hints }
            }
            other => other,
        })?;
        if self.json {
            return reply.print(out);
        }
        for id in reply.list("deliveries") {
            out.line(id.as_str().unwrap_or_default())?;
        }
        Ok(())
    }
}
