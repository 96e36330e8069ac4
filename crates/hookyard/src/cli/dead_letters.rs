//! `hookyard dead-letters`: what was given up, to be sent again or thrown away.

use clap::{Args, Subcommand};

use super::bulk::{Bulk, Deed};
use super::deliveries::print_list;
use super::failure::Failure;
use super::hub::HubOptions;
use super::out::Out;
use super::paging::Paging;

const NOUN: (&str, &str) = ("dead letter", "dead letters");
const REDELIVER: Deed = Deed {
    path: "/api/v1/dead-letters/redeliver",
    verb: "redeliver",
    done: "will be delivered again",
    noun: NOUN,
};
const PURGE: Deed = Deed {
    path: "/api/v1/dead-letters/purge",
    verb: "throw away",
    done: "thrown away",
    noun: NOUN,
};

/// Look at what was given up, deliver it again or throw it away
#[derive(Args, Debug)]
pub(crate) struct DeadLetters {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// List dead letters, newest first
    List(List),
    /// Deliver them again, with the whole retry schedule before them
    Redeliver(Bulk),
    /// Throw them away
    Purge(Bulk),
}

#[derive(Args, Debug)]
struct List {
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

impl DeadLetters {
    pub(crate) async fn run(self, out: Out) -> Result<(), Failure> {
        match self.verb {
            Verb::List(list) => list.run(out).await,
            Verb::Redeliver(bulk) => bulk.run(out, REDELIVER).await,
            Verb::Purge(bulk) => bulk.run(out, PURGE).await,
        }
    }
}

impl List {
    async fn run(self, out: Out) -> Result<(), Failure> {
        let limit = self.paging.limit();
        let others =
            [("destination", self.destination.as_deref()), ("event", self.event.as_deref())];
        let query = self.paging.query(&limit, &others);
        let reply = self.hub.hub()?.get("/api/v1/dead-letters", &query).await?;
        if self.paging.json {
            return reply.print(out);
        }
        print_list(out, reply.list("dead_letters"), "no dead letters")?;
        Paging::tell_next(out, &reply);
        Ok(())
    }
}
