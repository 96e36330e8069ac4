//! `hookyard quarantine`: requests that failed verification, why, and letting them in.

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::explained::lines;
use super::failure::{Exit, Failure};
use super::hub::{Hub, HubOptions, segment};
use super::names::{self, SOURCE};
use super::out::{Out, Paint, tame};
use super::paging::Paging;
use super::show;
use super::table::{self, Cell, number, text, time};

const PATH: &str = "/api/v1/quarantine";

/// What is shown of a request, by its name in the API, and how that is called.
const ROWS: [(&str, &str); 9] = [
    ("id", "id"),
    ("request_id", "refused as"),
    ("received_at", "received"),
    ("source", "source"),
    ("state", "state"),
    ("reason", "reason"),
    ("detail", "detail"),
    ("event", "event"),
    ("peer", "peer"),
];

/// Look at requests that failed verification, and release them once the secret is right
#[derive(Args, Debug)]
pub(crate) struct Quarantine {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// List requests that failed verification, newest first
    List(List),
    /// Show one with its headers and its body
    Show(Show),
    /// Find out why one fails, by the configuration as it is now
    Explain(Explain),
    /// Verify again as of the time when they came, and let in what is good
    Release(Release),
}

#[derive(Args, Debug)]
struct List {
    /// To this source
    #[arg(long, value_name = "NAME")]
    source: Option<String>,

    /// Held for the reason with this code, such as `signature_mismatch`
    #[arg(long, value_name = "CODE")]
    reason: Option<String>,

    /// The one that was refused under this id, as the log and the sender have it: `req_…`
    #[arg(long, value_name = "ID")]
    request: Option<String>,

    /// In this state
    #[arg(long, value_name = "STATE", value_parser = ["held", "released"])]
    state: Option<String>,

    #[command(flatten)]
    paging: Paging,

    #[command(flatten)]
    hub: HubOptions,
}

#[derive(Args, Debug)]
struct Show {
    /// The request's id
    id: String,

    /// Write the body alone, byte for byte
    #[arg(long, conflicts_with = "json")]
    raw: bool,

    /// Print the API's JSON
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    hub: HubOptions,
}

#[derive(Args, Debug)]
struct Explain {
    /// The request's id
    id: String,

    /// Print the API's JSON
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    hub: HubOptions,
}

/// Which ones, together
#[derive(Args, Debug)]
#[group(id = "which-requests", required = true, multiple = true)]
struct Which {
    /// The request's id
    #[arg(conflicts_with_all = ["source", "reason", "since", "until", "all"])]
    id: Option<String>,

    /// Those to this source
    #[arg(long, value_name = "NAME")]
    source: Option<String>,

    /// Those held for the reason with this code, such as `signature_mismatch`
    #[arg(long, value_name = "CODE")]
    reason: Option<String>,

    /// Those received at this time or later: `30m`, `2h`, `7d` ago, or a time
    #[arg(long, value_name = "WHEN")]
    since: Option<String>,

    /// Those received before this time
    #[arg(long, value_name = "WHEN")]
    until: Option<String>,

    /// All of them
    #[arg(long)]
    all: bool,
}

#[derive(Args, Debug)]
struct Release {
    #[command(flatten)]
    which: Which,

    /// Say how many would be verified again, and do nothing
    #[arg(long, conflicts_with = "id")]
    dry_run: bool,

    /// Print the API's JSON
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    hub: HubOptions,
}

impl Quarantine {
    pub(crate) async fn run(self, out: Out) -> Result<(), Failure> {
        match self.verb {
            Verb::List(list) => list.run(out).await,
            Verb::Show(show) => show.run(out).await,
            Verb::Explain(explain) => explain.run(out).await,
            Verb::Release(release) => release.run(out).await,
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
                ("reason", self.reason.as_deref()),
                ("request", self.request.as_deref()),
                ("state", self.state.as_deref()),
            ],
        );
        let hub = self.hub.hub()?;
        let reply = hub.get(PATH, &query).await?;
        if self.paging.json {
            reply.print(out)?;
        }
        if reply.list("quarantine").is_empty() {
            names::expect_reason(self.reason.as_deref())?;
            SOURCE.expect(&hub, self.source.as_deref()).await?;
        }
        if self.paging.json {
            return Ok(());
        }
        let rows = reply.list("quarantine").iter().map(row).collect();
        let head = ["RECEIVED", "SOURCE", "REASON", "SIZE", "REQUEST", "ID"];
        table::print(out, head, rows, "nothing is in quarantine")?;
        Paging::tell_next(out, &reply);
        Ok(())
    }
}

fn row(request: &Value) -> [Cell; 6] {
    let reason = match text(request, "event") {
        event if event.is_empty() => Cell::new(text(request, "reason"), Paint::Bad),
        event => Cell::new(format!("released as {event}"), Paint::Good),
    };
    [
        Cell::dim(time(request, "received_at")),
        Cell::plain(text(request, "source")),
        reason,
        Cell::dim(show::bytes(number(request, "size"))),
        Cell::dim(text(request, "request_id")),
        Cell::plain(text(request, "id")),
    ]
}

fn path(id: &str) -> String {
    format!("{PATH}/{}", segment(id))
}

impl Show {
    async fn run(self, out: Out) -> Result<(), Failure> {
        let (hub, path) = (self.hub.hub()?, path(&self.id));
        if self.raw {
            return out.bytes(hub.get(&format!("{path}/raw"), &[]).await?.bytes());
        }
        let reply = hub.get(&path, &[]).await?;
        if self.json {
            return reply.print(out);
        }
        let request = &reply.value;
        for (name, label) in ROWS {
            let value = text(request, name);
            if !value.is_empty() {
                let label = out.paint(Paint::Dim, format_args!("{label:<12}"));
                out.line(format_args!("{label} {}", tame(&value)))?;
            }
        }
        let (method, target) = (text(request, "method"), text(request, "target"));
        let origin = text(request, "origin");
        out.line(format_args!("\n{} {}{}", tame(&method), tame(&origin), tame(&target)))?;
        for header in request.get("headers").and_then(Value::as_array).into_iter().flatten() {
            let part =
                |index| header.get(index).and_then(Value::as_str).map(tame).unwrap_or_default();
            out.line(format_args!("{}: {}", out.paint(Paint::Name, part(0)), part(1)))?;
        }
        let raw = hub.get(&format!("{path}/raw"), &[]).await?;
        out.line("")?;
        out.line(show::body(raw.bytes()))
    }
}

impl Explain {
    async fn run(self, out: Out) -> Result<(), Failure> {
        let reply = self.hub.hub()?.get(&format!("{}/explain", path(&self.id)), &[]).await?;
        if self.json {
            return reply.print(out);
        }
        let explained = &reply.value;
        let [id, request_id, source] =
            ["id", "request_id", "source"].map(|name| tame(&text(explained, name)));
        let request_id =
            if request_id.is_empty() { request_id } else { format!(", refused as {request_id}") };
        out.line(out.paint(Paint::Dim, format_args!("{id} to {source}{request_id}")))?;
        if explained.get("verifies_now").and_then(Value::as_bool) == Some(true) {
            out.line("It is verified by the configuration as it is now.")?;
            return out.line(format_args!(
                "Let it in with `hookyard quarantine release {}`.",
                tame(&text(explained, "id"))
            ));
        }
        lines(out, explained).into_iter().try_for_each(|line| out.line(line))
    }
}

impl Release {
    async fn run(self, out: Out) -> Result<(), Failure> {
        let hub = self.hub.hub()?;
        match &self.which.id {
            Some(id) => self.one(out, &hub, id).await,
            None => self.many(out, &hub).await,
        }
    }

    async fn one(&self, out: Out, hub: &Hub, id: &str) -> Result<(), Failure> {
        let released = hub.post(&format!("{}/release", path(id)), &json!({})).await;
        let reply = released.map_err(|failure| {
            failure.hint(format!("`hookyard quarantine explain {id}` says more"))
        })?;
        if self.json {
            return reply.print(out);
        }
        let event = text(&reply.value, "event");
        if reply.value.get("released_before").and_then(Value::as_bool) == Some(true) {
            out.note(format_args!("it was released before, as {event}: nothing was done now"));
        } else if reply.value.get("duplicate").and_then(Value::as_bool) == Some(true) {
            out.note(format_args!("it is a repeat of {event}, which was there before"));
        }
        out.line(event)
    }

    async fn many(&self, out: Out, hub: &Hub) -> Result<(), Failure> {
        let which = &self.which;
        let mut body = json!({
            "source": which.source,
            "reason": which.reason,
            "since": which.since,
            "until": which.until,
            "all": which.all,
            "dry_run": self.dry_run,
        });
        if let Value::Object(fields) = &mut body {
            fields.retain(|_, value| !value.is_null());
        }
        let reply = hub.post(&format!("{PATH}/release"), &body).await?;
        if self.json {
            reply.print(out)?;
        } else if self.dry_run {
            let count = number(&reply.value, "count");
            out.line(format_args!("{count} would be verified again"))?;
        } else {
            out.line(outcome(&reply.value))?;
        }
        let found = ["count", "released", "refused"].map(|name| number(&reply.value, name));
        if found == [0; 3] {
            names::expect_reason(which.reason.as_deref())?;
            SOURCE.expect(hub, which.source.as_deref()).await?;
        }
        let is_refused = number(&reply.value, "refused") > 0;
        if is_refused { Err(Failure::Silent(Exit::Failed)) } else { Ok(()) }
    }
}

/// What a release has come to, in a sentence.
fn outcome(reply: &Value) -> String {
    let released = format!("{} released", number(reply, "released"));
    match number(reply, "refused") {
        0 => released,
        refused => {
            let reasons = reply.get("reasons").and_then(Value::as_object).into_iter().flatten();
            let reasons: Vec<String> =
                reasons.map(|(code, count)| format!("{code}: {count}")).collect();
            format!("{released}; {refused} still refused ({})", reasons.join(", "))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_what_stays() {
        let reply = json!({ "released": 3, "refused": 0, "reasons": {} });
        assert_eq!(outcome(&reply), "3 released");
        let reply = json!({ "released": 0, "refused": 2, "reasons": { "signature_mismatch": 2 } });
        assert_eq!(outcome(&reply), "0 released; 2 still refused (signature_mismatch: 2)");
    }
}
