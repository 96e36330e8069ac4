//! Which destinations an event goes to.

use std::fmt;
use std::str::FromStr;

use crate::Name;

/// From a source to destinations, for some event types or for all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    /// The source that the events come from; `None` takes those of every source.
    pub from: Option<Name>,
    /// Which event types; empty means all of them, and events without a type too.
    pub types: Vec<TypePattern>,
    /// Where they go.
    pub to: Vec<Name>,
}

impl Route {
    /// Whether an event of this source and type takes this route.
    pub fn matches(&self, source: &Name, event_type: Option<&str>) -> bool {
        self.from.as_ref().is_none_or(|from| from == source)
            && (self.types.is_empty()
                || event_type.is_some_and(|event_type| {
                    self.types.iter().any(|pattern| pattern.matches(event_type))
                }))
    }
}

/// The destinations that an event goes to: each once, in the order of the routes.
pub fn destinations<'r>(
    routes: &'r [Route],
    source: &Name,
    event_type: Option<&str>,
) -> Vec<&'r Name> {
    let mut found: Vec<&Name> = Vec::new();
    for route in routes.iter().filter(|route| route.matches(source, event_type)) {
        for name in &route.to {
            if !found.contains(&name) {
                found.push(name);
            }
        }
    }
    found
}

/// A pattern for event types: `invoice.paid`, `invoice.*`, `*.created`, `*`.
///
/// A `*` stands for one part between dots; at the end it stands for one part or more, so that
/// `customer.*` covers `customer.subscription.created`.
#[derive(Clone, PartialEq, Eq)]
pub struct TypePattern(String);

impl TypePattern {
    /// Whether an event type fits.
    pub fn matches(&self, event_type: &str) -> bool {
        let mut parts = event_type.split('.');
        let mut pattern = self.0.split('.').peekable();
        while let Some(wanted) = pattern.next() {
            let Some(part) = parts.next() else { return false };
            match wanted {
                "*" if pattern.peek().is_none() => return true,
                "*" => {}
                _ if wanted == part => {}
                _ => return false,
            }
        }
        parts.next().is_none()
    }
}

impl FromStr for TypePattern {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let well_formed = |part: &str| !part.is_empty() && (part == "*" || !part.contains('*'));
        match text {
            "" => Err("an event type pattern cannot be empty; \"*\" means every type"),
            _ if text.split('.').all(well_formed) => Ok(Self(text.to_owned())),
            _ => Err("`*` stands for a whole part between dots, such as \"invoice.*\""),
        }
    }
}

impl fmt::Display for TypePattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for TypePattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns() {
        let cases = [
            ("push", "push", true),
            ("push", "push.x", false),
            ("push", "pushed", false),
            ("pull_request.*", "pull_request.opened", true),
            ("pull_request.*", "pull_request", false),
            ("pull_request.*", "pull_request_review.submitted", false),
            ("customer.*", "customer.subscription.created", true),
            ("*.created", "customer.created", true),
            ("*.created", "customer.subscription.created", false),
            ("customer.*.created", "customer.subscription.created", true),
            ("*", "anything.at.all", true),
        ];
        for (pattern, event_type, expected) in cases {
            let pattern: TypePattern = pattern.parse().unwrap();
            assert_eq!(pattern.matches(event_type), expected, "{pattern} on {event_type}");
        }
        for text in ["", "invoice*", "a..b", ".", "a.*b"] {
            assert!(text.parse::<TypePattern>().is_err(), "{text}");
        }
    }

    #[test]
    fn each_destination_once() {
        fn name(text: &str) -> Name {
            Name::new(text).unwrap()
        }
        let route = |from: Option<&str>, types: &[&str], to: &[&str]| Route {
            from: from.map(name),
            types: types.iter().map(|text| text.parse().unwrap()).collect(),
            to: to.iter().map(|text| name(text)).collect(),
        };
        let routes = [
            route(Some("github"), &["push"], &["ci", "chat"]),
            route(Some("github"), &[], &["log", "ci"]),
            route(Some("stripe"), &[], &["billing"]),
            route(None, &["*.paid"], &["books", "billing"]),
        ];
        let to = |source, event_type| -> Vec<String> {
            destinations(&routes, &name(source), event_type)
                .into_iter()
                .map(ToString::to_string)
                .collect()
        };
        assert_eq!(to("github", Some("push")), ["ci", "chat", "log"]);
        assert_eq!(to("github", Some("fork")), ["log", "ci"]);
        assert_eq!(to("github", None), ["log", "ci"]);
        assert_eq!(to("slack", None), [""; 0]);
        assert_eq!(to("slack", Some("bill.paid")), ["books", "billing"]);
        assert_eq!(to("stripe", Some("bill.paid")), ["billing", "books"]);
    }
}
