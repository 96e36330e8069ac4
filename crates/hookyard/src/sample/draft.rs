//! A request that is put together place by place, in whatever order the table names the places.

use hookyard_signature::Place;
use serde_json::{Map, Value};

use super::Rendered;
use super::template::encode;

/// A request to be. Its body is JSON as soon as something is put there, a form as soon as a field
/// is, and never both.
#[derive(Clone, Debug)]
pub struct Draft {
    method: &'static str,
    query: Vec<(String, String)>,
    headers: Vec<(String, String)>,
    form: Vec<(String, String)>,
    json: Value,
    /// The field of a form that the JSON goes into.
    wrapped_in: Option<String>,
}

impl Draft {
    /// An empty request.
    pub const fn new(method: &'static str) -> Self {
        Self {
            method,
            query: Vec::new(),
            headers: Vec::new(),
            form: Vec::new(),
            json: Value::Null,
            wrapped_in: None,
        }
    }

    /// Sends the JSON in this field of a form.
    pub(super) fn wrap(&mut self, field: &str) {
        self.wrapped_in = Some(field.to_owned());
    }

    /// Whether the body is a form.
    pub(super) const fn is_form(&self) -> bool {
        !self.form.is_empty()
    }

    /// Whether the JSON is a list.
    pub(super) fn is_list(&self) -> bool {
        self.json.is_array()
    }

    /// Puts `value` at a place, unless something is there already. Says whether something is
    /// there now: a body cannot be of two kinds, and a list has no names.
    pub fn put(&mut self, place: &Place, value: impl Into<Value>) -> bool {
        let value = value.into();
        match place {
            Place::Header(name) | Place::Pair(name, _) => add(&mut self.headers, name, &value),
            Place::Numbered(prefix) => add(&mut self.headers, &format!("{prefix}1"), &value),
            Place::Query(name) => add(&mut self.query, name, &value),
            Place::Form(name) => self.json.is_null() && add(&mut self.form, name, &value),
            Place::Json(pointer) => self.form.is_empty() && set(&mut self.json, pointer, value),
            // It is part of the signature, which whoever signs puts in.
            Place::Field(_) => true,
        }
    }

    /// The request.
    pub fn finish(self) -> Rendered {
        let Self { method, query, mut headers, mut form, json, wrapped_in } = self;
        let mut body = if json.is_null() { String::new() } else { json.to_string() };
        let mut content_type = (!body.is_empty()).then_some("application/json");
        if let Some(field) = wrapped_in.filter(|_| !body.is_empty()) {
            form.push((field, body));
            body = String::new();
        }
        if !form.is_empty() {
            content_type = Some("application/x-www-form-urlencoded");
            body = encoded(&form);
        }
        let is_said = headers.iter().any(|(name, _)| name == "content-type");
        if let Some(content_type) = content_type.filter(|_| !is_said) {
            headers.insert(0, ("content-type".to_owned(), content_type.to_owned()));
        }
        Rendered { method, query: encoded(&query), headers, body: body.into_bytes() }
    }
}

/// Adds a name and its value, unless the name is there.
fn add(pairs: &mut Vec<(String, String)>, name: &str, value: &Value) -> bool {
    if pairs.iter().all(|(other, _)| other != name) {
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        pairs.push((name.to_owned(), text));
    }
    true
}

/// Puts `value` at a JSON pointer, unless something is there; makes the objects and lists on the
/// way to it. `false` where another value is in the way.
fn set(document: &mut Value, pointer: &str, value: Value) -> bool {
    let Some(rest) = pointer.strip_prefix('/') else {
        if document.is_null() {
            *document = value;
        }
        return pointer.is_empty();
    };
    let (step, rest) = rest.find('/').map_or((rest, ""), |end| rest.split_at(end));
    let index = step.parse::<usize>().ok();
    if document.is_null() {
        *document = match index {
            Some(_) => Value::Array(Vec::new()),
            None => Value::Object(Map::new()),
        };
    }
    let next = match (document, index) {
        (Value::Array(list), Some(index)) if index <= list.len() => {
            if index == list.len() {
                list.push(Value::Null);
            }
            list.get_mut(index)
        }
        (Value::Object(members), _) => {
            let name = step.replace("~1", "/").replace("~0", "~");
            Some(members.entry(name).or_insert(Value::Null))
        }
        _ => None,
    };
    next.is_some_and(|next| set(next, rest, value))
}

fn encoded(pairs: &[(String, String)]) -> String {
    let pairs = pairs.iter().map(|(name, value)| format!("{}={}", encode(name), encode(value)));
    pairs.collect::<Vec<_>>().join("&")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn at(pointer: &str) -> Place {
        Place::Json(pointer.to_owned().into())
    }

    #[test]
    fn what_is_on_the_way_is_made() {
        let mut draft = Draft::new("POST");
        for pointer in ["/a/0/b", "/a/1/b", "/a/1/c", "/d~1e"] {
            assert!(draft.put(&at(pointer), pointer), "{pointer}");
        }
        assert!(draft.put(&at("/a/0/b"), "another"));
        for pointer in ["/a/3/b", "/a/x", "/d~1e/f", "a"] {
            assert!(!draft.clone().put(&at(pointer), "x"), "{pointer}");
        }
        let expected =
            json!({"a": [{"b": "/a/0/b"}, {"b": "/a/1/b", "c": "/a/1/c"}], "d/e": "/d~1e"});
        let rendered = draft.finish();
        assert_eq!(serde_json::from_slice::<Value>(&rendered.body).unwrap(), expected);
        assert_eq!(rendered.headers, [("content-type".to_owned(), "application/json".to_owned())]);
    }

    #[test]
    fn a_body_is_json_or_a_form() {
        let mut form = Draft::new("POST");
        assert!(form.put(&Place::Form("a b".into()), "c&d") && !form.put(&at("/a"), "b"));
        assert!(form.put(&Place::Query("q".into()), 1));
        let rendered = form.finish();
        assert_eq!((rendered.body, rendered.query), (b"a+b=c%26d".to_vec(), "q=1".to_owned()));
        let mut json = Draft::new("POST");
        assert!(json.put(&at("/0/a"), "b") && !json.put(&Place::Form("a".into()), "b"));
        json.wrap("events");
        assert_eq!(json.finish().body, b"events=%5B%7B%22a%22%3A%22b%22%7D%5D");
        assert_eq!(Draft::new("GET").finish(), Rendered { method: "GET", ..Rendered::default() });
    }
}
