//! Test events: what each provider sends, close enough to the real thing to try a hub with.
//!
//! [`PROVIDERS`] has those that are written by hand; a body is a file under `bodies/` with blanks
//! that are filled anew for each event, so that no two have the same id. For every other provider
//! of the signature crate's table an event is derived from that table. Nothing here signs or sends.

mod catalogue;
mod derived;
mod draft;
mod template;

use hookyard_signature::Provider as Known;

pub use catalogue::PROVIDERS;
pub use draft::Draft;
pub use template::Blanks;

/// A test event of a provider.
#[derive(Clone, Copy, Debug)]
pub struct TestEvent {
    /// Its name, after the provider's own type where it is written by hand.
    pub name: &'static str,
    source: Source,
}

#[derive(Clone, Copy, Debug)]
enum Source {
    Written(&'static Provider, &'static Sample),
    Derived(&'static Known),
}

/// The test events of a provider. The first is sent when none is named.
pub fn events(known: &'static Known) -> Vec<TestEvent> {
    let Some(written) = provider(known.slug) else {
        return vec![TestEvent { name: derived::NAME, source: Source::Derived(known) }];
    };
    let event = |sample: &'static Sample| TestEvent {
        name: sample.event,
        source: Source::Written(written, sample),
    };
    written.events.iter().map(event).collect()
}

/// The event of that name; `orders.create` is found as `orders/create` is.
pub fn event(known: &'static Known, name: &str) -> Option<TestEvent> {
    let dotted = |name: &str| name.replace('/', ".");
    events(known).into_iter().find(|event| dotted(event.name) == dotted(name))
}

impl TestEvent {
    /// Fills in what is new in each event.
    pub fn render(&self, blanks: &mut Blanks<'_>) -> Rendered {
        match self.source {
            Source::Written(provider, sample) => provider.render(sample, blanks),
            Source::Derived(known) => derived::render(known, blanks),
        }
    }
}

/// What one provider sends.
#[derive(Debug)]
pub struct Provider {
    /// Its name in `hookyard trigger` and in a source's `provider`.
    pub slug: &'static str,
    /// The headers of all its events, with blanks.
    pub headers: &'static [(&'static str, &'static str)],
    /// Its events. The first is sent when none is named.
    pub events: &'static [Sample],
}

/// One kind of event.
#[derive(Debug)]
pub struct Sample {
    /// Its name, after the provider's own type.
    pub event: &'static str,
    /// Headers of this event alone, with blanks.
    pub headers: &'static [(&'static str, &'static str)],
    /// Its body.
    pub body: Body,
}

/// A body with blanks, and how the provider writes it.
#[derive(Clone, Copy, Debug)]
pub enum Body {
    /// JSON without spaces between its parts.
    Compact(&'static str),
    /// JSON as it stands in the file.
    Pretty(&'static str),
    /// JSON without spaces, one record a line, each line and the last ended by CR and LF.
    Lines(&'static str),
    /// A form: a field a line in the file, encoded on the wire.
    Form(&'static str),
}

/// A request to be signed and sent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rendered {
    /// Its method.
    pub method: &'static str,
    /// What stands behind the question mark of its URL; empty where there is none.
    pub query: String,
    /// Its headers, in order, but for those that sign it.
    pub headers: Vec<(String, String)>,
    /// Its body.
    pub body: Vec<u8>,
}

/// The provider of that name, if it is one of those written by hand.
fn provider(slug: &str) -> Option<&'static Provider> {
    PROVIDERS.iter().find(|provider| provider.slug == slug)
}

impl Provider {
    /// Fills the blanks of one of this provider's events.
    fn render(&self, sample: &Sample, blanks: &mut Blanks<'_>) -> Rendered {
        let headers = [("content-type", sample.body.content_type())]
            .iter()
            .chain(self.headers)
            .chain(sample.headers)
            .map(|&(name, value)| (name.to_owned(), blanks.fill(value)))
            .collect();
        let body = sample.body.render(blanks).into_bytes();
        Rendered { method: "POST", query: String::new(), headers, body }
    }
}

impl Body {
    const fn content_type(self) -> &'static str {
        match self {
            Self::Compact(_) | Self::Lines(_) => "application/json",
            Self::Pretty(_) => "application/json; charset=utf-8",
            Self::Form(_) => "application/x-www-form-urlencoded",
        }
    }

    fn render(self, blanks: &mut Blanks<'_>) -> String {
        match self {
            Self::Compact(json) => template::compact(&blanks.fill(json)),
            Self::Pretty(json) => blanks.fill(json).trim_end().to_owned(),
            Self::Lines(json) => template::records(&template::compact(&blanks.fill(json))),
            Self::Form(fields) => template::form(fields, blanks),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use hookyard_model::Timestamp;
    use hookyard_signature::{Options, Received, Scheme};

    use super::*;

    const URL: &str = "http://127.0.0.1:8080/webhook/a";

    fn all() -> impl Iterator<Item = (&'static Known, TestEvent)> {
        let providers = hookyard_signature::PROVIDERS.iter().copied();
        providers.flat_map(|known| events(known).into_iter().map(move |event| (known, event)))
    }

    fn render(event: &TestEvent, seed: u64) -> Rendered {
        let mut state = seed;
        let mut random = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            state
        };
        let now = Timestamp::from_millis(1_795_464_951_042);
        event.render(&mut Blanks::new(now, URL, &mut random))
    }

    #[test]
    fn every_blank_is_filled_and_every_body_can_be_read() {
        for (known, event) in all() {
            let name = format!("{} {}", known.slug, event.name);
            let rendered = render(&event, 7);
            let body = String::from_utf8(rendered.body).unwrap();
            assert!(!body.contains("{{") && !body.contains("%7B%7B"), "{name}: {body}");
            for (header, value) in &rendered.headers {
                assert!(!value.contains("{{"), "{name}: {header}: {value}");
            }
            let content_type = &rendered.headers.first().expect(&name).1;
            if content_type != "application/x-www-form-urlencoded" {
                serde_json::from_str::<serde_json::Value>(&body).expect(&name);
            }
        }
    }

    #[test]
    fn no_two_events_are_the_same() {
        for (known, event) in all() {
            let (one, other) = (render(&event, 1), render(&event, 2));
            assert_ne!(one.body, other.body, "{} {}", known.slug, event.name);
        }
    }

    #[test]
    fn the_table_finds_an_id_and_a_type_wherever_it_looks_for_one() {
        for (known, event) in all() {
            let name = format!("{} {}", known.slug, event.name);
            let rendered = render(&event, 3);
            let Rendered { headers, body, .. } = &rendered;
            let request = Received { method: "POST", url: URL, headers, body };
            let responder = known.responder(Vec::new(), &Options::default());
            let asks = responder.is_some_and(|responder| responder.question(&request).is_some());
            assert_eq!(asks, event.name == "url_verification", "{name}");
            // A token's claims and some ids are there when it is signed.
            if matches!(known.scheme, Scheme::Bespoke(_))
                || matches!(event.source, Source::Written(..))
            {
                continue;
            }
            let looks = |fact: &hookyard_signature::Fact| !fact.alternatives.is_empty();
            let items = known.items(&request).unwrap();
            assert_eq!(!items.is_empty(), known.items.is_some(), "{name}");
            if let Some(facts) = &known.items {
                let has_type = looks(&facts.event_type) || looks(&known.event_type);
                let is_complete = |item: &hookyard_signature::Item| {
                    item.event_id.is_some() && item.event_type.is_some() == has_type
                };
                assert!(items.iter().all(is_complete), "{name}: {items:?}");
                continue;
            }
            let (id, kind) = (known.event_id(&request), known.event_type(&request));
            assert_eq!(id.is_some(), looks(&known.event_id), "{name}: {rendered:?}");
            assert_eq!(kind.is_some(), looks(&known.event_type), "{name}: {rendered:?}");
        }
    }

    #[test]
    fn names_are_unique_and_those_of_the_table() {
        let slugs: HashSet<_> = PROVIDERS.iter().map(|provider| provider.slug).collect();
        assert_eq!(slugs.len(), PROVIDERS.len());
        for entry in PROVIDERS {
            let events: HashSet<_> = entry.events.iter().map(|sample| sample.event).collect();
            assert_eq!(events.len(), entry.events.len(), "{}", entry.slug);
            let known = hookyard_signature::provider(entry.slug).expect(entry.slug);
            let dotted = entry.events[0].event.replace('/', ".");
            assert_eq!(event(known, &dotted).unwrap().name, entry.events[0].event);
        }
    }
}
