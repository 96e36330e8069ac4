//! Test events: what each provider sends, close enough to the real thing to try a hub with.
//!
//! [`PROVIDERS`] is the table; a body is a file under `bodies/` with blanks that are filled anew
//! for each event, so that no two have the same id. Nothing here signs or sends.

mod catalogue;
mod template;

pub use catalogue::PROVIDERS;
pub use template::Blanks;

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
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rendered {
    /// Its headers, in order, but for those that sign it.
    pub headers: Vec<(String, String)>,
    /// Its body.
    pub body: Vec<u8>,
}

/// The provider of that name.
pub fn provider(slug: &str) -> Option<&'static Provider> {
    PROVIDERS.iter().find(|provider| provider.slug == slug)
}

impl Provider {
    /// The event of that name; `orders.create` is found as `orders/create` is.
    pub fn event(&self, name: &str) -> Option<&'static Sample> {
        let dotted = |name: &str| name.replace('/', ".");
        self.events.iter().find(|sample| dotted(sample.event) == dotted(name))
    }

    /// Fills the blanks of one of this provider's events.
    pub fn render(&self, sample: &Sample, blanks: &mut Blanks<'_>) -> Rendered {
        let headers = [("content-type", sample.body.content_type())]
            .iter()
            .chain(self.headers)
            .chain(sample.headers)
            .map(|&(name, value)| (name.to_owned(), blanks.fill(value)))
            .collect();
        Rendered { headers, body: sample.body.render(blanks).into_bytes() }
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

    use super::*;

    fn render(provider: &Provider, sample: &Sample, seed: u64) -> Rendered {
        let mut state = seed;
        let mut random = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            state
        };
        let now = Timestamp::from_millis(1_795_464_951_042);
        provider
            .render(sample, &mut Blanks::new(now, "http://127.0.0.1:8080/webhook/a", &mut random))
    }

    #[test]
    fn every_blank_is_filled_and_every_body_can_be_read() {
        for provider in PROVIDERS {
            for sample in provider.events {
                let name = format!("{} {}", provider.slug, sample.event);
                let rendered = render(provider, sample, 7);
                let body = String::from_utf8(rendered.body).unwrap();
                assert!(!body.contains("{{") && !body.contains("%7B%7B"), "{name}: {body}");
                for (header, value) in &rendered.headers {
                    assert!(!value.contains("{{"), "{name}: {header}: {value}");
                }
                if !matches!(sample.body, Body::Form(_)) {
                    serde_json::from_str::<serde_json::Value>(&body).expect(&name);
                }
            }
        }
    }

    #[test]
    fn no_two_events_are_the_same() {
        for provider in PROVIDERS {
            for sample in provider.events {
                let (one, other) = (render(provider, sample, 1), render(provider, sample, 2));
                assert_ne!(one.body, other.body, "{} {}", provider.slug, sample.event);
            }
        }
    }

    #[test]
    fn names_are_unique() {
        let slugs: HashSet<_> = PROVIDERS.iter().map(|provider| provider.slug).collect();
        assert_eq!(slugs.len(), PROVIDERS.len());
        for entry in PROVIDERS {
            let events: HashSet<_> = entry.events.iter().map(|sample| sample.event).collect();
            assert_eq!(events.len(), entry.events.len(), "{}", entry.slug);
            assert_eq!(provider(entry.slug).unwrap().slug, entry.slug);
        }
    }
}
