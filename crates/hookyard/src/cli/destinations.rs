//! `hookyard destinations`: where events go, and stopping that for a while.

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::failure::{Exit, Failure};
use super::held::{Hold, Holds};
use super::hub::{HubOptions, segment};
use super::names::DESTINATION;
use super::out::Out;
use super::table::{self, Cell, number, state, text};

/// Look at destinations, stop deliveries to one and let them go on
#[derive(Args, Debug)]
pub(crate) struct Destinations {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// List destinations and what waits for them
    List(List),
    /// Hold deliveries to a destination; nothing is lost
    Pause(One),
    /// Let deliveries to a destination go on
    Resume(One),
}

#[derive(Args, Debug)]
struct List {
    /// Print the API's JSON
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    hub: HubOptions,
}

#[derive(Args, Debug)]
struct One {
    /// The destination's name
    name: String,

    /// Print the API's JSON
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    hub: HubOptions,
}

impl Destinations {
    pub(crate) async fn run(self, out: Out) -> Result<(), Failure> {
        match self.verb {
            Verb::List(list) => list.run(out).await,
            Verb::Pause(one) => one.act(out, "pause", "is paused").await,
            Verb::Resume(one) => one.act(out, "resume", "goes on").await,
        }
    }
}

impl List {
    async fn run(self, out: Out) -> Result<(), Failure> {
        let reply = self.hub.hub()?.get("/api/v1/destinations", &[]).await?;
        if self.json {
            return reply.print(out);
        }
        let row = |destination: &Value| {
            [
                Cell::plain(text(destination, "name")),
                state(&text(destination, "status")),
                state(
                    &destination
                        .get("circuit")
                        .map(|circuit| text(circuit, "state"))
                        .unwrap_or_default(),
                ),
                Cell::plain(number(destination, "pending").to_string()),
                Cell::plain(number(destination, "dead_letters").to_string()),
                Cell::plain(text(destination, "url")),
            ]
        };
        let rows = reply.list("destinations").iter().map(row).collect();
        let head = ["NAME", "STATUS", "CIRCUIT", "PENDING", "DEAD", "URL"];
        table::print(out, head, rows, "no destinations")
    }
}

impl One {
    async fn act(self, out: Out, verb: &str, done: &str) -> Result<(), Failure> {
        let path = format!("/api/v1/destinations/{}/{verb}", segment(&self.name));
        let hub = self.hub.hub()?;
        let reply = match hub.post(&path, &json!({})).await {
            Ok(reply) => reply,
            Err(failure @ Failure::Told { exit: Exit::NotFound, .. }) => {
                DESTINATION.expect(&hub, Some(&self.name)).await?;
                return Err(failure);
            }
            Err(failure) => return Err(failure),
        };
        if self.json {
            return reply.print(out);
        }
        out.line(format_args!("{} {done}", self.name))?;
        if let ("resume", Some(hold @ Hold::Open(_))) =
            (verb, Holds::ask(&hub).await?.on(&self.name))
        {
            out.note(format_args!("but {}", hold.sentence(&self.name)));
        }
        Ok(())
    }
}
