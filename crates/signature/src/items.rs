//! Takes a request apart that carries several events, which most providers of mail and of
//! accounting send.
//!
//! An item is a stretch of the request's bytes wherever that can be: nothing is read into values
//! and written again, so that what is passed on is what the provider wrote.

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use crate::fact::Fact;
use crate::json::{Is, step};
use crate::scheme::Text;
use crate::{Headers, Received, form};

/// The most events that are taken out of one request. Providers stay far below: SendGrid's
/// requests have at most 768 KiB, `SparkPost` and Mandrill send at most 10,000 and 1,000 events.
const MOST: usize = 10_000;

/// Where the events of one request stand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Items {
    /// The media type without which a request is no batch; `None` where its form alone says so.
    pub media_type: Option<Text>,
    /// The field of a form that holds the JSON; `None` where the body is the JSON.
    pub field: Option<Text>,
    /// The JSON pointer of the list; empty where the document is the list.
    pub list: Text,
    /// Where the list is if it is not there.
    pub other_list: Option<Text>,
    /// Where an item has its id. [`crate::Piece::Json`] looks in the item, and
    /// [`crate::Piece::Outer`] in the request's document.
    pub event_id: Fact,
    /// Where an item says of what type it is.
    pub event_type: Fact,
    /// Whether a repeat says in its body that it is one, so that its id alone tells it.
    pub repeats_differ: bool,
}

/// One of the events in a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// What the event is.
    pub body: ItemBody,
    /// The provider's own id of it. Where it has none, that of the request with a dot and its
    /// number behind it, counted from 1.
    pub event_id: Option<String>,
    /// Its type.
    pub event_type: Option<String>,
    /// Whether a repeat under the same id may have another body.
    pub repeats_differ: bool,
}

/// The bytes of an item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ItemBody {
    /// This part of the request's body.
    Part(Range<usize>),
    /// These: in the body they are written in another way, as the field of a form.
    Own(Vec<u8>),
}

impl ItemBody {
    /// The bytes, given the body of the request that the item was found in.
    pub fn within<'a>(&'a self, body: &'a [u8]) -> &'a [u8] {
        match self {
            Self::Part(range) => body.get(range.clone()).unwrap_or_default(),
            Self::Own(bytes) => bytes,
        }
    }
}

/// Why a request with a list of events is not taken apart. It is an event as a whole then: to leave
/// out what cannot be an event would lose it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotSplit {
    /// There are more events in it than can be kept at once.
    #[error("the request carries more than 10,000 events")]
    TooMany,
    /// What stands in the list is not what the provider is known to send.
    #[error("an element of the list of events is not an object")]
    NotObjects,
}

impl Items {
    /// The items of a request, of which `whole` is the id. None where it has no list, which is no
    /// batch, or an empty one, which is a provider's test.
    pub(crate) fn of(
        &self,
        request: &Received<'_>,
        whole: Option<&str>,
    ) -> Result<Vec<Item>, NotSplit> {
        if self.media_type.as_ref().is_some_and(|wanted| !request.is_of_type(wanted.as_bytes())) {
            return Ok(Vec::new());
        }
        let decoded;
        let (document, is_body) = match &self.field {
            None => (request.body, true),
            Some(name) => match form::field(request.body, name).filter(|_| request.is_form()) {
                None => return Ok(Vec::new()),
                Some(Cow::Borrowed(part)) => (part, true),
                Some(Cow::Owned(bytes)) => {
                    decoded = bytes;
                    (decoded.as_slice(), false)
                }
            },
        };
        let mut lists = std::iter::once(&self.list).chain(&self.other_list);
        let list = lists.find_map(|pointer| list(document, pointer));
        let Some(Elements { found, more }) = list else { return Ok(Vec::new()) };
        if found.iter().any(|item| !item.get().starts_with('{')) {
            return Err(NotSplit::NotObjects);
        }
        if more {
            return Err(NotSplit::TooMany);
        }
        let outer = Received { body: document, headers: &AsJson(request.headers), ..*request };
        let event_id = self.event_id.within(&outer);
        let event_type = self.event_type.within(&outer);
        let item = |(number, raw): (usize, &RawValue)| {
            let bytes = raw.get().as_bytes();
            let item = Received { body: bytes, ..outer };
            let own_id = event_id.find(&item);
            // What the request is called by says nothing of how a repeat of it looks.
            let repeats_differ = self.repeats_differ && own_id.is_some();
            let numbered = || whole.map(|id| format!("{id}.{number}"));
            Item {
                body: if is_body { part(request.body, bytes) } else { own(bytes) },
                event_id: own_id.or_else(numbered),
                event_type: event_type.find(&item),
                repeats_differ,
            }
        };
        Ok((1..).zip(found).map(item).collect())
    }
}

/// Where `part` stands in `whole`, of which it is a part.
fn part(whole: &[u8], part: &[u8]) -> ItemBody {
    let start = part.as_ptr().addr().checked_sub(whole.as_ptr().addr());
    let range = start.map(|start| start..start.saturating_add(part.len()));
    match range.filter(|range| whole.get(range.clone()) == Some(part)) {
        Some(range) => ItemBody::Part(range),
        None => own(part),
    }
}

fn own(bytes: &[u8]) -> ItemBody {
    ItemBody::Own(bytes.to_vec())
}

/// The headers of a request whose body was taken out of a form: what is looked at is JSON.
struct AsJson<'a>(&'a dyn Headers);

impl Headers for AsJson<'_> {
    fn value(&self, name: &str, index: usize) -> Option<&[u8]> {
        if name == "content-type" {
            return (index == 0).then_some(b"application/json");
        }
        self.0.value(name, index)
    }
}

/// The elements of a list, as they are written.
#[derive(Default)]
struct Elements<'d> {
    /// The first [`MOST`] of them.
    found: Vec<&'d RawValue>,
    /// Whether there are more.
    more: bool,
}

/// The list at `pointer`; `None` where there is none, or where the document is not JSON.
fn list<'d>(document: &'d [u8], pointer: &str) -> Option<Elements<'d>> {
    let mut reader = serde_json::Deserializer::from_slice(document);
    let found = SeekList(pointer).deserialize(&mut reader).ok()?;
    reader.end().ok()?;
    found
}

/// Walks to a list by what is left of its pointer.
struct SeekList<'p>(&'p str);

impl<'de> DeserializeSeed<'de> for SeekList<'_> {
    type Value = Option<Elements<'de>>;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<Self::Value, D::Error> {
        from.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for SeekList<'_> {
    type Value = Option<Elements<'de>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut found = None;
        let step = step(self.0);
        // Of several keys of one name the last counts, as everywhere here.
        while let Some(matches) = map.next_key_seed(Is(step.as_ref().map_or("", |it| &it.0)))? {
            match &step {
                Some((_, rest)) if matches => found = map.next_value_seed(SeekList(rest))?,
                _ => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        Ok(found)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
        let mut elements = Elements::default();
        if step(self.0).is_none() {
            while elements.found.len() < MOST
                && let Some(element) = items.next_element()?
            {
                elements.found.push(element);
            }
        }
        while items.next_element::<IgnoredAny>()?.is_some() {
            elements.more = true;
        }
        Ok(step(self.0).is_none().then_some(elements))
    }

    fn visit_str<E>(self, _: &str) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Self::Value, E> {
        Ok(None)
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
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::writing::fact;

    const JSON: (&str, &str) = ("content-type", "application/json");

    fn items(list: &'static str) -> Items {
        Items {
            list: list.into(),
            ..Items::new(
                "",
                fact![Json("/id")],
                fact![Outer("/kind"), Json("/type"); Json("/type")],
            )
        }
    }

    fn split(items: &Items, header: (&str, &str), body: &str) -> Result<Vec<Item>, NotSplit> {
        let headers = [header];
        let request =
            Received { method: "POST", url: "", headers: &headers, body: body.as_bytes() };
        items.of(&request, Some("batch"))
    }

    fn texts(items: &[Item], body: &str) -> Vec<String> {
        let text = |item: &Item| String::from_utf8(item.body.within(body.as_bytes()).to_vec());
        items.iter().map(|item| text(item).unwrap()).collect()
    }

    #[test]
    fn items_are_the_bytes_as_they_were_written() {
        let body =
            " [ {\"id\" : 1.0, \"id\":\"a\\u0062\"} ,{ }\r\n,\t{\"type\":\"t\",\"x\":[1, 2]}]\r\n";
        let found = split(&items(""), JSON, body).unwrap();
        let expected =
            ["{\"id\" : 1.0, \"id\":\"a\\u0062\"}", "{ }", "{\"type\":\"t\",\"x\":[1, 2]}"];
        assert_eq!(texts(&found, body), expected);
        assert!(found.iter().all(|item| matches!(item.body, ItemBody::Part(_))));
        let facts: Vec<_> = found
            .iter()
            .map(|item| (item.event_id.as_deref().unwrap(), item.event_type.as_deref()))
            .collect();
        assert_eq!(facts, [("ab", None), ("batch.2", None), ("batch.3", Some("t"))]);
    }

    #[test]
    fn the_list_may_stand_deep_and_the_document_around_it_says_something() {
        let body = r#"{"data":{"list":[{"id":"no"}]},"kind":"page","data":{"list":[{"id":7,"type":"x"}],"list2":[]}}"#;
        let found = split(&items("/data/list"), JSON, body).unwrap();
        assert_eq!(texts(&found, body), [r#"{"id":7,"type":"x"}"#]);
        assert_eq!(found[0].event_id.as_deref(), Some("7"));
        assert_eq!(found[0].event_type.as_deref(), Some("page.x"));
    }

    #[test]
    fn the_first_list_that_is_there_counts() {
        let either = Items { other_list: Some("".into()), ..items("/items") };
        for body in [r#"{"items":[{"id":1}]}"#, r#"[{"id":1}]"#] {
            assert_eq!(texts(&split(&either, JSON, body).unwrap(), body), [r#"{"id":1}"#]);
        }
    }

    #[test]
    fn what_is_no_batch_stays_whole() {
        for body in [
            "",
            "[]",
            "{}",
            "null",
            "7",
            "\"a\"",
            "true",
            "-1",
            "1.5",
            "[{}]]",
            "[{}",
            "[{},]",
            "{\"a\":[{}]}",
        ] {
            assert_eq!(split(&items(""), JSON, body), Ok(vec![]), "{body}");
        }
        let headers = [JSON];
        let request =
            Received { method: "POST", url: "", headers: &headers, body: b"[{\"a\":\"\xff\"}]" };
        assert_eq!(items("").of(&request, None), Ok(vec![]));
    }

    #[test]
    fn a_list_of_something_else_stays_whole_and_that_is_said() {
        let deep = format!("[{}{}]", "[".repeat(100_000), "]".repeat(100_000));
        for body in [&*deep, "[1]", "[{},null]", "[{},[{}]]", "[{},\"x\",{}]", "[\"\\ud800\"]"] {
            assert_eq!(split(&items(""), JSON, body), Err(NotSplit::NotObjects), "{body}");
        }
    }

    #[test]
    fn only_so_many_are_taken() {
        let body = |count| format!("[{}]", vec!["{}"; count].join(","));
        assert_eq!(split(&items(""), JSON, &body(MOST)).unwrap().len(), MOST);
        assert_eq!(split(&items(""), JSON, &body(MOST + 1)), Err(NotSplit::TooMany));
    }

    #[test]
    fn a_media_type_may_have_to_say_that_it_is_a_batch() {
        let items = items("").as_type("application/batch+json");
        let (yes, no) = ("Application/Batch+JSON ; a=b", "application/json");
        assert_eq!(split(&items, ("content-type", yes), "[{}]").unwrap().len(), 1);
        assert_eq!(split(&items, ("content-type", no), "[{}]"), Ok(vec![]));
        assert_eq!(split(&items, ("x", yes), "[{}]"), Ok(vec![]));
    }

    #[test]
    fn an_id_alone_tells_a_repeat_only_where_the_item_has_one() {
        let found = split(&items("").by_id_alone(), JSON, "[{\"id\":1},{}]").unwrap();
        assert_eq!([found[0].repeats_differ, found[1].repeats_differ], [true, false]);
    }

    #[test]
    fn a_form_may_hold_the_list() {
        let form = ("content-type", "application/x-www-form-urlencoded; charset=utf-8");
        let items = Items { field: Some("events".into()), ..items("") };
        let body = "a=1&events=%5B%7B%22id%22%3A%22x%22%2C%22a%22%3A%22%26payload%3D1%22%7D%5D";
        let found = split(&items, form, body).unwrap();
        assert_eq!(texts(&found, body), [r#"{"id":"x","a":"&payload=1"}"#]);
        assert!(matches!(found[0].body, ItemBody::Own(_)));
        assert_eq!(found[0].event_id.as_deref(), Some("x"));
        // A form that escapes nothing is read where it stands.
        let body = "events=[{\"id\":\"y\"}]&z";
        let found = split(&items, form, body).unwrap();
        assert_eq!(found[0].body, ItemBody::Part(8..18));
        assert_eq!(split(&items, form, "event=[{}]"), Ok(vec![]));
        assert_eq!(split(&items, JSON, body), Ok(vec![]));
    }
}
