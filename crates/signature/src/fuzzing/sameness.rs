//! What a proof binds: if a request is accepted that is not the one that was signed, it differs
//! from it only in what the provider's scheme leaves open.
//!
//! What is signed is put together here a second time, from the description of the scheme and
//! without the code that is under test.

use std::collections::BTreeSet;

use serde_json::Value;

use super::request::Request;
use super::samples::{NOW, Sample};
use crate::scheme::{Part, Place, Signed};
use crate::{Scheme, Verified, form};

/// Panics if `changed`, which was accepted, differs from `signed` in what the proof covers.
pub(super) fn check(sample: &Sample, verified: Verified, signed: &Request, changed: &Request) {
    if sample.verifier.covers().timestamp {
        assert_eq!(verified.signed_at, Some(NOW), "{} at another time", sample.provider.slug);
    }
    let is_same = match &sample.provider.scheme {
        Scheme::Signed(scheme) => {
            message(scheme, verified, signed) == message(scheme, verified, changed)
        }
        Scheme::Token(token) => {
            let token = |request: &Request| {
                request.received().at(&token.place).ok().flatten().map(std::borrow::Cow::into_owned)
            };
            token(signed) == token(changed)
        }
        Scheme::Basic => {
            let credentials = |request: &Request| {
                let value = request.header("authorization").to_vec();
                value.get("basic ".len()..).map(<[u8]>::to_vec)
            };
            credentials(signed) == credentials(changed)
        }
        Scheme::Bespoke(_) => is_same(sample, signed, changed),
        Scheme::Unsigned => false,
    };
    let slug = sample.provider.slug;
    assert!(is_same, "{slug}: this was signed:\n{signed}\nand this accepted:\n{changed}");
}

/// What is signed by a scheme that is data.
fn message(scheme: &Signed, verified: Verified, request: &Request) -> Vec<u8> {
    let mut whole = Vec::new();
    for part in scheme.message.iter() {
        match part {
            Part::Literal(text) => whole.extend(text.bytes()),
            Part::Payload if request.received().is_form() => {
                whole.extend(sorted_form(&request.body).concat().split_off("payload".len()));
            }
            Part::Body | Part::Payload => whole.extend(&request.body),
            Part::Timestamp => whole.extend(timestamp(scheme, verified, request)),
            Part::Id => {
                whole.extend(
                    scheme.id.as_deref().map(|name| request.header(name)).unwrap_or_default(),
                );
            }
            Part::Method => whole.extend(request.method.bytes()),
            Part::Url => whole.extend(request.url.bytes()),
            Part::UnescapedUrl(_) => whole.extend(decoded(request.url.as_bytes())),
            Part::Path => whole.extend(path(&request.url).bytes()),
            Part::Header(name) => whole.extend(request.header(name)),
            Part::Json(pointer) => whole.extend(json(&request.body, pointer).bytes()),
            Part::SortedForm(_) => whole.extend(sorted_form(&request.body).concat()),
        }
    }
    whole
}

fn timestamp(scheme: &Signed, verified: Verified, request: &Request) -> Vec<u8> {
    let Some(timestamp) = &scheme.timestamp else { return Vec::new() };
    match &timestamp.place {
        Place::Header(name) => request.header(name).to_vec(),
        Place::Json(pointer) => json(&request.body, pointer).into_bytes(),
        _ => verified.signed_at.map(|time| timestamp.unit.write(time)).unwrap_or_default().into(),
    }
}

fn json(body: &[u8], pointer: &str) -> String {
    let document: Value = serde_json::from_slice(body).unwrap_or_default();
    match document.pointer(pointer) {
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
        None => String::new(),
    }
}

fn path(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let rest = rest.split(['?', '#']).next().unwrap_or_default();
    rest.find('/').map_or("/", |start| rest.split_at(start).1)
}

fn query(url: &str) -> &str {
    url.split('#').next().and_then(|url| url.split_once('?')).map_or("", |(_, query)| query)
}

fn sorted_form(body: &[u8]) -> Vec<Vec<u8>> {
    let mut pairs: Vec<_> =
        form::pairs(body).map(|(name, value)| (name.into_owned(), value.into_owned())).collect();
    pairs.sort();
    pairs.into_iter().map(|(name, value)| [name, value].concat()).collect()
}

fn decoded(text: &[u8]) -> Vec<u8> {
    let pieces =
        form::pairs(text).flat_map(|(name, value)| [name.into_owned(), value.into_owned()]);
    pieces.collect::<Vec<_>>().concat()
}

/// Whether two requests are the same to a scheme that is code.
fn is_same(sample: &Sample, signed: &Request, changed: &Request) -> bool {
    let covers = sample.verifier.covers();
    let body = |name: &str| {
        let field =
            |request: &Request| form::field(&request.body, name).map(std::borrow::Cow::into_owned);
        field(signed) == field(changed)
    };
    let headers =
        |names: &[&str]| names.iter().all(|name| signed.header(name) == changed.header(name));
    let members = |pointers: &[&str]| {
        pointers.iter().all(|pointer| json(&signed.body, pointer) == json(&changed.body, pointer))
    };
    match sample.provider.slug {
        // Both put URL and form together without a border between them.
        "twilio" | "plivo" => {
            let is_same_body = signed.body == changed.body;
            return is_same_body && loose(&signed.url, b"") == loose(&changed.url, b"")
                || loose(&signed.url, &fields(signed)) == loose(&changed.url, &fields(changed));
        }
        "braintree" => return body("bt_payload"),
        "aws-sns" => {
            return members(&[
                "/Message",
                "/MessageId",
                "/TopicArn",
                "/Timestamp",
                "/Type",
                "/Subject",
            ]);
        }
        "mercado-pago" => {
            let id = |request: &Request| {
                form::field(query(&request.url).as_bytes(), "data.id")
                    .map(|id| id.to_ascii_lowercase())
            };
            return headers(&["x-request-id"])
                && id(signed).unwrap_or_default() == id(changed).unwrap_or_default();
        }
        "paypal" => {
            return signed.body == changed.body && headers(&["paypal-transmission-id"]);
        }
        "keygen" | "contentful" if query_of(&signed.url) != query_of(&changed.url) => return false,
        // Signed as Box writes it, which may escape what is beyond ASCII.
        "box" if is_same_json(&signed.body, &changed.body) => return true,
        _ => {}
    }
    (!covers.method || signed.method.eq_ignore_ascii_case(&changed.method))
        && (!covers.url || path(&signed.url) == path(&changed.url))
        && (!covers.body || signed.body == changed.body)
}

/// The query up to a second question mark, where it ends for Contentful.
fn query_of(url: &str) -> &str {
    query(url).split('?').next().unwrap_or_default()
}

fn is_same_json(one: &[u8], other: &[u8]) -> bool {
    let read = |body| serde_json::from_slice::<Value>(body).ok();
    read(one).is_some() && read(one) == read(other)
}

/// The fields of a form, decoded, each once; the body if it is no form.
fn fields(request: &Request) -> Vec<u8> {
    if !request.received().is_form() {
        return request.body.clone();
    }
    let pairs: BTreeSet<_> = form::pairs(&request.body).collect();
    pairs.iter().flat_map(|(name, value)| name.iter().chain(value.iter())).copied().collect()
}

/// All bytes of URL and fields, decoded and in order, but for those that separate and the default
/// ports and the fragment, which is never sent: what is left of a request of which nothing is certain but that no byte was changed.
fn loose(url: &str, fields: &[u8]) -> Vec<u8> {
    let url = url.split('#').next().unwrap_or_default();
    let url = url.replacen(":443", "", 1).replacen(":80", "", 1);
    let mut bytes = [&decoded(url.as_bytes()), fields].concat();
    bytes.retain(|byte| !b"?&=.+ %#'".contains(byte));
    bytes.sort_unstable();
    bytes
}
