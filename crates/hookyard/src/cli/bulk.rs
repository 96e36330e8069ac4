//! Doing the same to many deliveries: which ones, how many those are, and whether that is meant.

use clap::Args;
use serde_json::{Value, json};

use super::deliveries::One;
use super::failure::Failure;
use super::hub::{Hub, HubOptions, Reply};
use super::names::DESTINATION;
use super::out::Out;
use super::table::number;

/// The group of options that say which ones: at least one of them has to be there.
pub(crate) const WHICH: &str = "which";
/// Its options.
pub(crate) const SELECTORS: [&str; 5] = ["destination", "event", "since", "until", "all"];

/// Which ones, together
#[derive(Args, Debug)]
#[group(id = WHICH, required = true, multiple = true)]
pub(crate) struct Which {
    /// Those to this destination
    #[arg(long, value_name = "NAME")]
    destination: Option<String>,

    /// Those of this event
    #[arg(long, value_name = "ID")]
    event: Option<String>,

    /// Those of events received at this time or later: `30m`, `2h`, `7d` ago, or a time
    #[arg(long, value_name = "WHEN")]
    since: Option<String>,

    /// Those of events received before this time
    #[arg(long, value_name = "WHEN")]
    until: Option<String>,

    /// All of them
    #[arg(long)]
    all: bool,
}

/// Something to be done to many
#[derive(Args, Debug)]
pub(crate) struct Bulk {
    #[command(flatten)]
    which: Which,

    /// Say how many there are, and do nothing
    #[arg(long)]
    dry_run: bool,

    /// Do it without asking
    #[arg(long, short)]
    yes: bool,

    /// Print the API's JSON
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    hub: HubOptions,
}

/// What is done, in words.
pub(crate) struct Deed {
    /// Where it is asked for.
    pub(crate) path: &'static str,
    /// Before: `redeliver`.
    pub(crate) verb: &'static str,
    /// After: `will be delivered again`.
    pub(crate) done: &'static str,
    /// What one of them is called: `dead letter`.
    pub(crate) noun: (&'static str, &'static str),
}

impl Bulk {
    /// The same, for one delivery that was named.
    pub(crate) fn one(self, id: String) -> One {
        One { id, json: self.json, hub: self.hub }
    }

    /// Counts, asks, and does it.
    pub(crate) async fn run(self, out: Out, deed: Deed) -> Result<(), Failure> {
        let hub = self.hub.hub()?;
        let destination = self.which.destination.as_deref();
        let dry = match hub.post(deed.path, &self.body(true)).await {
            Ok(dry) => dry,
            Err(failure) => {
                DESTINATION.expect(&hub, destination).await?;
                return Err(failure);
            }
        };
        let count = number(&dry.value, "count");
        if count == 0 {
            DESTINATION.expect(&hub, destination).await?;
        }
        let at_least = dry.value.get("at_least").and_then(Value::as_bool) == Some(true);
        let counted =
            format!("{}{}", if at_least { "at least " } else { "" }, counted(&deed, count));
        if self.dry_run || count == 0 {
            return self.tell(out, &dry, &format!("{counted} found"));
        }
        if !self.yes {
            match out.ask(format_args!("{} {counted}?", deed.verb)) {
                Some(true) => {}
                Some(false) => return Err(Failure::new("nothing was done")),
                None => {
                    return Err(Failure::usage(format!("this would {} {counted}", deed.verb))
                        .hint("`--yes` does it without asking, `--dry-run` only counts"));
                }
            }
        }
        self.act(out, &hub, &deed).await
    }

    async fn act(&self, out: Out, hub: &Hub, deed: &Deed) -> Result<(), Failure> {
        let reply = hub.post(deed.path, &self.body(false)).await?;
        let count = counted(deed, number(&reply.value, "count"));
        self.tell(out, &reply, &format!("{count} {}", deed.done))
    }

    fn tell(&self, out: Out, reply: &Reply, text: &str) -> Result<(), Failure> {
        if self.json { reply.print(out) } else { out.line(text) }
    }

    /// What the API is asked, without what was not said.
    fn body(&self, dry_run: bool) -> Value {
        let which = &self.which;
        let mut body = json!({
            "destination": which.destination,
            "event": which.event,
            "since": which.since,
            "until": which.until,
            "all": which.all.then_some(true),
            "dry_run": dry_run,
        });
        if let Value::Object(fields) = &mut body {
            fields.retain(|_, value| !value.is_null());
        }
        body
    }
}

fn counted(deed: &Deed, count: u64) -> String {
    let (one, many) = deed.noun;
    format!("{count} {}", if count == 1 { one } else { many })
}
