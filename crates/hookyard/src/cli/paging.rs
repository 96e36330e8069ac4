//! What all lists have in common: how many, after which one, and since when.

use clap::Args;

use super::hub::Reply;
use super::out::Out;

/// Which part of a list
#[derive(Args, Debug)]
pub(crate) struct Paging {
    /// Not older than this: `30m`, `2h`, `7d` or a time
    #[arg(long, value_name = "WHEN")]
    since: Option<String>,

    /// Older than this
    #[arg(long, value_name = "WHEN")]
    until: Option<String>,

    /// How many at most
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u16).range(1..=500))]
    limit: u16,

    /// Go on after this one, as the page before says
    #[arg(long, value_name = "CURSOR")]
    after: Option<String>,

    /// Print the API's JSON
    #[arg(long)]
    pub(crate) json: bool,
}

impl Paging {
    /// These wishes and `others`, as the API wants them.
    pub(crate) fn query<'a>(
        &'a self,
        limit: &'a str,
        others: &[(&'a str, Option<&'a str>)],
    ) -> Vec<(&'a str, &'a str)> {
        let own = [
            ("since", self.since.as_deref()),
            ("until", self.until.as_deref()),
            ("after", self.after.as_deref()),
            ("limit", Some(limit)),
        ];
        others.iter().chain(&own).filter_map(|&(name, value)| Some((name, value?))).collect()
    }

    /// How many at most.
    pub(crate) fn limit(&self) -> String {
        self.limit.to_string()
    }

    /// Says how to get the next page, if there is one.
    pub(crate) fn tell_next(out: Out, reply: &Reply) {
        if let Some(next) = reply.value.get("next").and_then(serde_json::Value::as_str) {
            out.note(format_args!("there is more: --after {next}"));
        }
    }
}
