//! `hookyard providers`: who is known, how they sign, and how sure that is.

use clap::{Args, Subcommand};
use hookyard_signature::{Confidence, Items, PROVIDERS, Provider};
use serde_json::{Value, json};

use super::failure::Failure;
use super::out::{Out, Paint};
use super::table::{self, Cell};
use super::verify;

/// Look at the providers that are known, and at how they sign
#[derive(Args, Debug)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct Providers {
    #[command(subcommand)]
    verb: Option<Verb>,

    #[command(flatten)]
    list: List,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// List the providers
    List(List),

    /// Show how one provider signs, what that protects, and what it expects
    Show {
        /// The provider's name, or another that it is known by
        name: String,

        /// Print JSON
        #[arg(long)]
        json: bool,
    },
}

#[derive(Args, Debug)]
struct List {
    /// Print JSON, one object a line
    #[arg(long)]
    json: bool,
}

impl Providers {
    pub(crate) fn run(&self, out: Out) -> Result<(), Failure> {
        match &self.verb {
            None => self.list.run(out),
            Some(Verb::List(list)) => list.run(out),
            Some(Verb::Show { name, json }) => show(out, verify::find(name)?, *json),
        }
    }
}

impl List {
    fn run(&self, out: Out) -> Result<(), Failure> {
        if self.json {
            return PROVIDERS.iter().try_for_each(|provider| out.line(as_json(provider)));
        }
        let rows = PROVIDERS.iter().map(|provider| {
            let paint = match provider.confidence {
                Confidence::Proven | Confidence::Documented => Paint::Plain,
                _ => Paint::Waiting,
            };
            [
                Cell::new(provider.slug, Paint::Name),
                Cell::plain(provider.name),
                Cell::dim(provider.category.as_str()),
                Cell::new(provider.confidence.as_str(), paint),
                Cell::plain(covered(provider)),
            ]
        });
        let head = ["NAME", "PROVIDER", "CATEGORY", "CONFIDENCE", "COVERED"];
        table::print(out, head, rows.collect(), "no providers")
    }
}

/// What the proof protects, in a few words.
fn covered(provider: &Provider) -> String {
    let parts = provider.scheme.covers().parts();
    let parts: Vec<_> =
        parts.iter().filter(|(_, covered)| *covered).map(|(name, _)| *name).collect();
    match (&provider.scheme, parts.is_empty()) {
        (hookyard_signature::Scheme::Unsigned, _) => "nothing".to_owned(),
        (_, true) => "who sends".to_owned(),
        (_, false) => parts.join(", "),
    }
}

fn show(out: Out, provider: &Provider, json: bool) -> Result<(), Failure> {
    if json {
        return out.line(as_json(provider));
    }
    let confidence =
        format!("{}: {}", provider.confidence.as_str(), provider.confidence.in_words());
    let tolerance = match provider.scheme.tolerance() {
        Some(seconds) => format!("{seconds} s in both directions"),
        None => String::new(),
    };
    let settings = provider.settings.iter().map(|setting| {
        let need = if setting.required { "required" } else { "optional" };
        format!("{} ({need}): {}", setting.name, setting.about)
    });
    let handshake = provider.handshake.map_or_else(String::new, |handshake| handshake.in_words());
    let answers = provider.acknowledgements().iter();
    let answers = answers.map(|known| format!("{}: {}", known.name, known.about));
    let batches = provider.items.as_ref().map_or_else(String::new, Items::in_words);
    let aliases: Vec<_> = provider.aliases().collect();
    out.line(out.paint(Paint::Bold, provider.name))?;
    for (name, value) in [
        ("name", provider.slug.to_owned()),
        ("also called", aliases.join(", ")),
        ("category", provider.category.as_str().to_owned()),
        ("confidence", confidence),
        ("signs", provider.scheme.in_words()),
        ("covered", covered(provider)),
        ("tolerance", tolerance),
        ("settings", settings.collect::<Vec<_>>().join("\n              ")),
        ("event id", provider.event_id.in_words()),
        ("event type", provider.event_type.in_words()),
        ("batches", batches),
        ("handshake", handshake),
        ("answer", provider.answer.to_owned()),
        ("answered by", answers.collect::<Vec<_>>().join("\n              ")),
        ("retries", provider.retries.to_owned()),
        ("note", provider.note.to_owned()),
        ("docs", provider.docs.to_owned()),
    ] {
        let name = format!("{name:<12}");
        let value = if value.is_empty() { "—".to_owned() } else { value };
        out.line(format_args!("{}  {value}", out.paint(Paint::Dim, name)))?;
    }
    Ok(())
}

fn as_json(provider: &Provider) -> Value {
    let covers: serde_json::Map<_, _> = provider
        .scheme
        .covers()
        .parts()
        .iter()
        .map(|(name, covered)| (name.to_ascii_lowercase(), json!(covered)))
        .collect();
    let settings = provider.settings.iter().map(|setting| {
        json!({ "name": setting.name, "required": setting.required, "about": setting.about })
    });
    let answers = provider.acknowledgements().iter();
    let answers = answers.map(|known| json!({ "name": known.name, "about": known.about }));
    json!({
        "name": provider.slug,
        "aliases": provider.aliases().collect::<Vec<_>>(),
        "title": provider.name,
        "category": provider.category.as_str(),
        "confidence": provider.confidence.as_str(),
        "scheme": provider.scheme.in_words(),
        "headers": provider.scheme.headers(),
        "covers": covers,
        "tolerance_seconds": provider.scheme.tolerance(),
        "settings": settings.collect::<Vec<_>>(),
        "event_id": provider.event_id.in_words(),
        "event_type": provider.event_type.in_words(),
        "batches": provider.items.as_ref().map(Items::in_words),
        "handshake": provider.handshake.map(|handshake| handshake.in_words()),
        "answer": provider.answer,
        "answered_by": answers.collect::<Vec<_>>(),
        "retries": provider.retries,
        "note": provider.note,
        "docs": provider.docs,
    })
}
