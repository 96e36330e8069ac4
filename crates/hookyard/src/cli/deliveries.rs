//! `hookyard deliveries`: where events went, and why they did not.

use clap::builder::PossibleValuesParser;
use clap::{Args, Subcommand};
use hookyard_model::DeliveryState;
use serde_json::{Value, json};

use super::bulk::{Bulk, Deed, SELECTORS, WHICH};
use super::failure::{Exit, Failure};
use super::held::Holds;
use super::hub::{HubOptions, segment};
use super::names::DESTINATION;
use super::out::{Out, Paint, tame};
use super::paging::Paging;
use super::table::{self, Cell, number, state, text, time};
use super::why;

const CANCEL: Deed = Deed {
    path: "/api/v1/deliveries/cancel",
    verb: "cancel",
    done: "cancelled",
    noun: ("pending delivery", "pending deliveries"),
};

/// Look at deliveries, and have them made again
#[derive(Args, Debug)]
pub(crate) struct Deliveries {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// List deliveries, newest first
    List(List),
    /// Show one delivery with its attempts, and say why it was not delivered
    Show(One),
    /// Deliver again, whatever became of it before
    Redeliver(One),
    /// Stop trying: one delivery by its id, or many
    Cancel(Cancel),
}

#[derive(Args, Debug)]
struct List {
    /// In this state
    #[arg(long, value_parser = PossibleValuesParser::new(DeliveryState::ALL.iter().map(|state| state.as_str())))]
    state: Option<String>,

    #[command(flatten)]
    listing: Listing,
}

/// Which deliveries, whatever their state.
#[derive(Args, Debug)]
pub(super) struct Listing {
    /// To this destination
    #[arg(long, value_name = "NAME")]
    destination: Option<String>,

    /// Of this event
    #[arg(long, value_name = "ID")]
    event: Option<String>,

    #[command(flatten)]
    paging: Paging,

    #[command(flatten)]
    hub: HubOptions,
}

/// A list that the API gives of deliveries.
pub(super) struct Of {
    /// Where it is asked for.
    pub(super) path: &'static str,
    /// Under what it stands in the answer.
    pub(super) key: &'static str,
    /// What is said when it is empty.
    pub(super) none: &'static str,
}

#[derive(Args, Debug)]
struct Cancel {
    /// The delivery's id
    #[arg(group = WHICH, conflicts_with_all = SELECTORS)]
    id: Option<String>,

    #[command(flatten)]
    bulk: Bulk,
}

/// One delivery.
#[derive(Args, Debug)]
pub(super) struct One {
    /// The delivery's id
    pub(super) id: String,

    /// Print the API's JSON
    #[arg(long)]
    pub(super) json: bool,

    #[command(flatten)]
    pub(super) hub: HubOptions,
}

impl Deliveries {
    pub(crate) async fn run(self, out: Out) -> Result<(), Failure> {
        match self.verb {
            Verb::List(list) => list.run(out).await,
            Verb::Show(one) => one.show(out).await,
            Verb::Redeliver(one) => one.act(out, "redeliver", "will be delivered again").await,
            Verb::Cancel(cancel) => cancel.run(out).await,
        }
    }
}

impl Cancel {
    async fn run(self, out: Out) -> Result<(), Failure> {
        match self.id {
            Some(id) => self.bulk.one(id).act(out, "cancel", "is cancelled").await,
            None => self.bulk.run(out, CANCEL).await,
        }
    }
}

impl List {
    async fn run(self, out: Out) -> Result<(), Failure> {
        let of = Of { path: "/api/v1/deliveries", key: "deliveries", none: "no deliveries" };
        self.listing.run(out, &of, self.state.as_deref()).await
    }
}

impl Listing {
    /// Asks for the list and prints it.
    pub(super) async fn run(self, out: Out, of: &Of, state: Option<&str>) -> Result<(), Failure> {
        let limit = self.paging.limit();
        let others = [
            ("state", state),
            ("destination", self.destination.as_deref()),
            ("event", self.event.as_deref()),
        ];
        let query = self.paging.query(&limit, &others);
        let hub = self.hub.hub()?;
        let reply = hub.get(of.path, &query).await?;
        if self.paging.json {
            reply.print(out)?;
        }
        let deliveries = reply.list(of.key);
        if deliveries.is_empty() {
            DESTINATION.expect(&hub, self.destination.as_deref()).await?;
        }
        if self.paging.json {
            return Ok(());
        }
        print_list(out, deliveries, &Holds::ask_for(&hub, deliveries).await?, of.none)?;
        Paging::tell_next(out, &reply);
        Ok(())
    }
}

/// A table of deliveries.
fn print_list(out: Out, deliveries: &[Value], holds: &Holds, none: &str) -> Result<(), Failure> {
    let row = |delivery: &Value| {
        let word = text(delivery, "state");
        [
            Cell::dim(time(delivery, "created_at")),
            Cell::plain(text(delivery, "source")),
            Cell::plain(text(delivery, "type")),
            Cell::plain(text(delivery, "destination")),
            state(&word),
            Cell::plain(number(delivery, "attempt_count").to_string()),
            match word.as_str() {
                "pending" if holds.reason(delivery).is_some() => Cell::new("held", Paint::Waiting),
                "pending" => Cell::dim(time(delivery, "due_at")),
                _ => Cell::dim(text(delivery, "reason")),
            },
            Cell::plain(text(delivery, "id")),
        ]
    };
    let head =
        ["CREATED", "SOURCE", "TYPE", "DESTINATION", "STATE", "ATTEMPTS", "DUE OR REASON", "ID"];
    table::print(out, head, deliveries.iter().map(row).collect(), none)
}

impl One {
    async fn show(self, out: Out) -> Result<(), Failure> {
        let hub = self.hub.hub()?;
        let reply = hub.get(&format!("/api/v1/deliveries/{}", segment(&self.id)), &[]).await?;
        if self.json {
            return reply.print(out);
        }
        let delivery = &reply.value;
        let holds = Holds::ask(&hub).await?;
        let held = holds.reason(delivery);
        let due = if held.is_some() { String::new() } else { text(delivery, "due_at") };
        let rows = [
            ("delivery", text(delivery, "id")),
            ("event", text(delivery, "event")),
            ("source", text(delivery, "source")),
            ("type", text(delivery, "type")),
            ("to", text(delivery, "destination")),
            ("created", text(delivery, "created_at")),
            ("finished", text(delivery, "finished_at")),
            ("due", due),
        ];
        for (label, value) in rows.iter().filter(|(_, value)| !value.is_empty()) {
            out.line(format_args!(
                "{} {}",
                out.paint(Paint::Dim, format_args!("{label:<10}")),
                tame(value)
            ))?;
        }
        let (paint, verdict) = why::verdict(delivery, held.as_deref());
        out.line(format_args!("\n{}", out.paint(paint, tame(&verdict))))?;
        if let Some(hint) = why::hint(delivery, holds.on(&text(delivery, "destination")).as_ref()) {
            out.line(hint)?;
        }
        let attempts = why::attempts(delivery);
        if attempts.is_empty() {
            return Ok(());
        }
        out.line("")?;
        table::print(out, ["ATTEMPT", "STARTED", "TOOK", "ANSWER", "DETAIL"], attempts, "")
    }

    async fn act(self, out: Out, verb: &str, done: &str) -> Result<(), Failure> {
        let path = format!("/api/v1/deliveries/{}/{verb}", segment(&self.id));
        let reply =
            self.hub.hub()?.post(&path, &json!({})).await.map_err(|failure| match failure {
                Failure::Told { exit: Exit::Failed, .. } if verb == "redeliver" => {
                    failure.hint(format_args!(
                        "if it is under way, `hookyard deliveries show {}` says how it stands",
                        self.id
                    ))
                }
                other => other,
            })?;
        if self.json { reply.print(out) } else { out.line(format_args!("{} {done}", self.id)) }
    }
}
