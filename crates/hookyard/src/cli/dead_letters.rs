//! `hookyard dead-letters`: what was given up, to be sent again or thrown away.

use clap::{Args, Subcommand};

use super::bulk::{Bulk, Deed};
use super::deliveries::{Listing, Of};
use super::failure::Failure;
use super::out::Out;

const NOUN: (&str, &str) = ("dead letter", "dead letters");
const LIST: Of = Of { path: "/api/v1/dead-letters", key: "dead_letters", none: "no dead letters" };
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
    List(Listing),
    /// Deliver them again, with the whole retry schedule before them
    Redeliver(Bulk),
    /// Throw them away
    Purge(Bulk),
}

impl DeadLetters {
    pub(crate) async fn run(self, out: Out) -> Result<(), Failure> {
        match self.verb {
            Verb::List(list) => list.run(out, &LIST, None).await,
            Verb::Redeliver(bulk) => bulk.run(out, REDELIVER).await,
            Verb::Purge(bulk) => bulk.run(out, PURGE).await,
        }
    }
}
