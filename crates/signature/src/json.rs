//! Finds one value in a JSON body without building the document.
//!
//! Only the wanted path is walked; everything else is skipped by a loop that neither allocates
//! nor recurses, so that neither depth nor size can hurt.

use std::borrow::Cow;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::Value;

/// The text or whole number at `pointer` (RFC 6901). `None` where there is none, or where the body
/// is not JSON. Of several keys of one name the last counts, as in most parsers.
pub(crate) fn find(body: &[u8], pointer: &str) -> Option<String> {
    seek(body, Seek { rest: pointer, wanted: Wanted::Leaf })
}

/// Whether at `pointer` there is a list with nothing in it.
pub(crate) fn is_empty_list(body: &[u8], pointer: &str) -> bool {
    seek(body, Seek { rest: pointer, wanted: Wanted::EmptyList }).is_some()
}

/// Whether this is a JSON list and nothing else.
pub(crate) fn is_list(text: &[u8]) -> bool {
    serde_json::from_slice::<Vec<IgnoredAny>>(text).is_ok()
}

/// Whether this is JSON.
pub(crate) fn is_json(text: &[u8]) -> bool {
    serde_json::from_slice::<IgnoredAny>(text).is_ok()
}

fn seek(body: &[u8], seek: Seek<'_>) -> Option<String> {
    let mut reader = serde_json::Deserializer::from_slice(body);
    let found = seek.deserialize(&mut reader).ok()?;
    reader.end().ok()?;
    found
}

/// The first key of a JSON object that is none of `others`, which are separated by spaces.
pub(crate) fn first_key(body: &[u8], others: &str) -> Option<String> {
    let mut reader = serde_json::Deserializer::from_slice(body);
    let found = reader.deserialize_map(FirstKey(others)).ok()?;
    reader.end().ok()?;
    found
}

struct FirstKey<'o>(&'o str);

impl<'de> Visitor<'de> for FirstKey<'_> {
    type Value = Option<String>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut found = None;
        while let Some((key, IgnoredAny)) = map.next_entry::<String, _>()? {
            if found.is_none() && !self.0.split(' ').any(|other| other == key) {
                found = Some(key);
            }
        }
        Ok(found)
    }
}

/// The members of a JSON object in their order; `None` where the body is something else.
pub(crate) fn members(body: &[u8]) -> Option<Vec<(String, Value)>> {
    let mut reader = serde_json::Deserializer::from_slice(body);
    let found = reader.deserialize_map(Members).ok()?;
    reader.end().ok()?;
    Some(found)
}

struct Members;

impl<'de> Visitor<'de> for Members {
    type Value = Vec<(String, Value)>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut found = Vec::new();
        while let Some(member) = map.next_entry()? {
            found.push(member);
        }
        Ok(found)
    }
}

/// What is still to be walked: empty, or `/` and the next segment.
#[derive(Clone, Copy)]
struct Seek<'p> {
    rest: &'p str,
    wanted: Wanted,
}

/// What counts as found at the end of the path.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Wanted {
    /// A text or a whole number.
    Leaf,
    /// A list with nothing in it; it is found as an empty text.
    EmptyList,
}

impl<'p> Seek<'p> {
    /// The next segment and what comes after it; `None` where the value itself is wanted.
    fn step(self) -> Option<(Cow<'p, str>, Self)> {
        step(self.rest).map(|(segment, rest)| (segment, Self { rest, ..self }))
    }

    fn leaf(self, value: impl fmt::Display) -> Option<String> {
        (self.rest.is_empty() && self.wanted == Wanted::Leaf).then(|| value.to_string())
    }
}

/// The first segment of a pointer and what comes after it; `None` where nothing is left of it.
pub(crate) fn step(pointer: &str) -> Option<(Cow<'_, str>, &str)> {
    let rest = pointer.strip_prefix('/')?;
    let (segment, rest) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let plain = !segment.contains('~');
    let segment =
        if plain { segment.into() } else { segment.replace("~1", "/").replace("~0", "~").into() };
    Some((segment, rest))
}

impl<'de> DeserializeSeed<'de> for Seek<'_> {
    type Value = Option<String>;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<Self::Value, D::Error> {
        from.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Seek<'_> {
    type Value = Option<String>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_str<E>(self, value: &str) -> Result<Self::Value, E> {
        Ok(self.leaf(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Self::Value, E> {
        Ok(self.leaf(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Self::Value, E> {
        Ok(self.leaf(value))
    }

    fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut found = None;
        let Some((wanted, rest)) = self.step() else {
            while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
            return Ok(None);
        };
        while let Some(matches) = map.next_key_seed(Is(&wanted))? {
            if matches {
                found = map.next_value_seed(rest)?;
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(found)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
        if self.rest.is_empty() && self.wanted == Wanted::EmptyList {
            let mut items_seen = 0_usize;
            while items.next_element::<IgnoredAny>()?.is_some() {
                items_seen += 1;
            }
            return Ok((items_seen == 0).then(String::new));
        }
        let mut found = None;
        if let Some((wanted, rest)) = self.step()
            && let Ok(index) = wanted.parse::<usize>()
        {
            for _ in 0..index {
                if items.next_element::<IgnoredAny>()?.is_none() {
                    return Ok(None);
                }
            }
            found = items.next_element_seed(rest)?.flatten();
        }
        while items.next_element::<IgnoredAny>()?.is_some() {}
        Ok(found)
    }
}

/// Compares a key without keeping it.
pub(crate) struct Is<'w>(pub(crate) &'w str);

impl<'de> DeserializeSeed<'de> for Is<'_> {
    type Value = bool;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<bool, D::Error> {
        from.deserialize_str(self)
    }
}

impl Visitor<'_> for Is<'_> {
    type Value = bool;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_str<E>(self, key: &str) -> Result<bool, E> {
        Ok(key == self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_found() {
        let body =
            br#" {"a":1,"b":{"c":["x",{"d":"y"}],"e/f":"z"},"n":null,"t":-2,"f":1.5,"a":"last"} "#;
        for (pointer, expected) in [
            ("/a", Some("last")),
            ("/b/c/0", Some("x")),
            ("/b/c/1/d", Some("y")),
            ("/b/c/2", None),
            ("/b/c/x", None),
            ("/b/e~1f", Some("z")),
            ("/b", None),
            ("/b/c", None),
            ("/a/x", None),
            ("/n", None),
            ("/t", Some("-2")),
            ("/f", None),
            ("/zz", None),
        ] {
            assert_eq!(find(body, pointer).as_deref(), expected, "{pointer}");
        }
    }

    #[test]
    fn the_first_key_is_found_among_others() {
        for (body, expected) in [
            (r#"{"id":1,"b":{"c":1},"d":2}"#, Some("b")),
            (r#"{"b":1,"id":1}"#, Some("b")),
            (r#"{"id":1,"of":2}"#, None),
            ("{}", None),
            (r#"{"b":1"#, None),
            (r#"{"b":1}x"#, None),
            ("[]", None),
            ("", None),
        ] {
            assert_eq!(first_key(body.as_bytes(), "id of").as_deref(), expected, "{body}");
        }
    }

    #[test]
    fn empty_lists_are_told() {
        for (body, expected) in [
            (r#"{"a":[]}"#, true),
            (r#"{"a":[ ] , "b":1}"#, true),
            (r#"{"a":[0]}"#, false),
            (r#"{"a":[[]]}"#, false),
            (r#"{"a":""}"#, false),
            (r#"{"a":{}}"#, false),
            (r#"{"a":null}"#, false),
            (r#"{"a":[]"#, false),
            ("[]", false),
            ("{}", false),
        ] {
            assert_eq!(is_empty_list(body.as_bytes(), "/a"), expected, "{body}");
        }
    }

    #[test]
    fn bad_json_is_no_value_and_depth_does_not_hurt() {
        for body in [
            "",
            "nul",
            "{\"a\":\"x\"",
            "{\"a\":\"x\"}}",
            "{\"a\":NaN}",
            "\u{feff}{\"a\":\"x\"}",
            "{\"a\":\"\\ud800\"}",
        ] {
            assert_eq!(find(body.as_bytes(), "/a"), None, "{body}");
        }
        assert_eq!(find(b"{\"a\":\"\xff\"}", "/a"), None);
        let deep =
            format!("{{\"deep\":{}{},\"a\":\"x\"}}", "[".repeat(100_000), "]".repeat(100_000));
        assert_eq!(find(deep.as_bytes(), "/a").as_deref(), Some("x"));
    }
}
