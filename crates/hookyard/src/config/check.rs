//! What `hookyard check` prints.

use std::collections::BTreeMap;
use std::path::Path;

use hookyard_model::{Destination, Reach, RetryPolicy, Route};
use hookyard_signature::{Covers, Fact, Piece, Provider};

use super::quantity::{show_duration, show_size};
use super::{Batches, Config, DedupeBy, Source};

/// By what repeats are told, as the table has it.
const PROVIDER_ID: &str = "provider's event id";
const BODY: &str = "body";

/// The result of a check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checked {
    /// What a person reads: first what is wrong or doubtful, then what is set up.
    pub text: String,
    /// Whether the configuration can be used.
    pub is_valid: bool,
}

/// Checks a file and everything that it refers to, and sums it up. Shows no secrets.
pub fn check(path: &Path, env: &dyn Fn(&str) -> Option<String>, color: bool) -> Checked {
    match Config::load(path, env) {
        Err(errors) => {
            let verdict =
                format!("The configuration is not valid: {}.", counted(errors.count(), "error"));
            Checked { text: format!("{}\n\n{verdict}\n", errors.render(color)), is_valid: false }
        }
        Ok((config, warnings)) if warnings.count() == 0 => {
            let text = format!("{}\nThe configuration is valid.\n", summary(&config));
            Checked { text, is_valid: true }
        }
        Ok((config, warnings)) => {
            let verdict = format!(
                "The configuration is valid, with {}.",
                counted(warnings.count(), "warning")
            );
            let text = format!("{}\n\n{}\n{verdict}\n", warnings.render(color), summary(&config));
            Checked { text, is_valid: true }
        }
    }
}

fn counted(count: usize, noun: &str) -> String {
    format!("{count} {noun}{}", if count == 1 { "" } else { "s" })
}

/// What is set up, as tables.
pub fn summary(config: &Config) -> String {
    let sources = config.sources.values().map(|source| source_row(source));
    let destinations = config.destinations.values().map(|destination| destination_row(destination));
    let routes = config.routes.iter().map(route_row);
    [
        addresses(config),
        retention(config),
        table(["Source", "Path", "Provider", "Proof", "Repeats told by"], sources.collect()),
        doubts(config),
        table(["Destination", "URL", "Signed", "At once", "Attempts"], destinations.collect()),
        table(["From", "Types", "To"], routes.collect()),
    ]
    .concat()
}

fn addresses(config: &Config) -> String {
    let scheme = if config.server.tls.is_some() { "https" } else { "http" };
    let known_as = config.server.public_url.as_ref();
    let known_as = known_as.map_or(String::new(), |url| format!(", which providers know as {url}"));
    let hosts = config.server.hosts.join(" or ");
    let hosts = if hosts.is_empty() { hosts } else { format!(", for the host {hosts} alone") };
    format!(
        "Webhooks come in at {scheme}://{}{known_as}{hosts}.\nAPI, health and metrics are at http://{}.\n",
        config.server.listen, config.admin.listen
    )
}

fn retention(config: &Config) -> String {
    let retention = &config.store.retention;
    let most = retention.max_bytes;
    let most = most.map_or(String::new(), |bytes| format!(", {} at most", show_size(bytes)));
    format!(
        "Events are kept in {}: {} once delivered, {} as dead letters{most}.\n",
        config.store.path.display(),
        show_duration(retention.delivered),
        show_duration(retention.dead_letters),
    )
}

fn source_row(source: &Source) -> [String; 5] {
    let mut proof = match &source.verifier {
        Some(verifier) => covered(verifier.covers()),
        None if source.awaits_secret.is_some() => "waits for the provider's secret".to_owned(),
        None if source.token.is_some() => "a token alone".to_owned(),
        None => "none: anyone can send".to_owned(),
    };
    if source.token.is_some() && source.verifier.is_some() {
        proof.push_str(", and a token");
    }
    if source.awaits_secret.is_some() && source.verifier.is_some() {
        proof.push_str(", and waits for another secret");
    }
    if !source.enabled {
        proof.push_str(" (switched off)");
    }
    let provider = source.provider.map_or_else(|| "none named".to_owned(), marked);
    [source.name.to_string(), source.path(), provider, proof, repeats(source)]
}

/// A provider's name, and what is not certain of how it signs in a word.
fn marked(provider: &Provider) -> String {
    match provider.doubt() {
        Some(_) => format!("{} ({})", provider.name, provider.confidence.as_str()),
        None => provider.name.to_owned(),
    }
}

/// What the words behind the providers' names mean, each provider once.
fn doubts(config: &Config) -> String {
    let providers: BTreeMap<_, _> = config
        .sources
        .values()
        .filter_map(|source| source.provider)
        .map(|provider| (provider.slug, provider))
        .collect();
    let doubts = providers.values().filter_map(|provider| provider.doubt());
    doubts.flat_map(|doubt| ["\n".to_owned(), doubt, "\n".to_owned()]).collect()
}

/// By what repeats of a source's events are told, and for how long.
fn repeats(source: &Source) -> String {
    let mut ways: Vec<&str> =
        source.dedupe.keys.iter().flat_map(|key| told_by(source, key)).collect();
    ways.dedup();
    if ways.is_empty() {
        return "nothing: each arrival is an event".to_owned();
    }
    format!("{}, {}", ways.join(", else "), show_duration(source.dedupe.window))
}

fn told_by<'s>(source: &'s Source, key: &'s DedupeBy) -> Vec<&'s str> {
    match key {
        DedupeBy::Provider => {
            let provider = source.provider.into_iter();
            provider.flat_map(|provider| ids(provider, source.batches)).collect()
        }
        DedupeBy::Place(place) => vec![&place.text],
        DedupeBy::Body => vec![BODY],
        DedupeBy::Off => Vec::new(),
    }
}

/// What stands for the provider's event id: nothing where the provider sends none, and the body
/// where its repeats have the same bytes.
fn ids(provider: &'static Provider, batches: Batches) -> impl Iterator<Item = &'static str> {
    let items = provider.items.as_ref().filter(|_| batches == Batches::Split);
    let facts = items.map(|items| &items.event_id).into_iter().chain([&provider.event_id]);
    facts.flat_map(|Fact { alternatives, .. }| alternatives.iter()).map(|pieces| {
        if pieces.iter().all(|piece| *piece == Piece::BodyHash) { BODY } else { PROVIDER_ID }
    })
}

/// What a proof protects, in words.
fn covered(covers: Covers) -> String {
    let parts = [
        (covers.body, "body"),
        (covers.timestamp, "time"),
        (covers.id, "id"),
        (covers.method, "method"),
        (covers.url, "URL"),
    ];
    let parts: Vec<&str> =
        parts.iter().filter(|(is_covered, _)| *is_covered).map(|(_, part)| *part).collect();
    if parts.is_empty() {
        "sender only".to_owned()
    } else {
        format!("signed: {}", parts.join(", "))
    }
}

fn destination_row(destination: &Destination) -> [String; 5] {
    let signed = if destination.secrets.is_empty() { "no" } else { "yes" };
    let attempts = match &destination.retry {
        policy if *policy == RetryPolicy::default() => "10, standard".to_owned(),
        policy => policy.attempts().to_string(),
    };
    let mut url = without_secrets(&destination.url);
    if destination.reach == Reach::Public {
        url.push_str(" (public addresses alone)");
    }
    [
        destination.name.to_string(),
        url,
        signed.to_owned(),
        destination.concurrency.to_string(),
        attempts,
    ]
}

/// Services put tokens into the query.
fn without_secrets(url: &str) -> String {
    url.split_once('?').map_or_else(|| url.to_owned(), |(start, _)| format!("{start}?…"))
}

fn route_row(route: &Route) -> [String; 3] {
    let types: Vec<String> = route.types.iter().map(ToString::to_string).collect();
    let to: Vec<String> = route.to.iter().map(ToString::to_string).collect();
    let from = route.from.as_ref().map_or("every source".to_owned(), ToString::to_string);
    [from, if types.is_empty() { "all".to_owned() } else { types.join(", ") }, to.join(", ")]
}

/// Columns as wide as they have to be; nothing when there is no row.
fn table<const COLUMNS: usize>(head: [&str; COLUMNS], rows: Vec<[String; COLUMNS]>) -> String {
    if rows.is_empty() {
        return String::new();
    }
    let rows: Vec<[String; COLUMNS]> =
        std::iter::once(head.map(str::to_owned)).chain(rows).collect();
    let mut widths = [0; COLUMNS];
    for row in &rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = cell.chars().count().max(*width);
        }
    }
    let lines = rows.iter().map(|row| {
        let cells = widths.iter().zip(row).map(|(&width, cell)| format!("{cell:width$}"));
        format!("\n{}", cells.collect::<Vec<_>>().join("  ").trim_end())
    });
    format!("{}\n", lines.collect::<String>())
}
