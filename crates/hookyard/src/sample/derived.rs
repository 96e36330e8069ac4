//! A test event for a provider of which we have none written by hand: whatever the table says
//! that its requests have, in the places where they have it.

use hookyard_signature::{Fact, Part, Piece, Place, Provider, Scheme, Signed, Unit};

use super::draft::Draft;
use super::{Blanks, Rendered};

/// What such an event is called where it is asked for.
pub(super) const NAME: &str = "test";
/// The levels of its type, as far as the provider's types have them.
const TYPE: [&str; 2] = ["test", "created"];
/// How many items a batch has: enough to be one.
const ITEMS: usize = 2;

/// A request that the hub finds an id and a type in, if the provider's requests have them, and
/// that can be signed.
pub(super) fn render(provider: &Provider, blanks: &mut Blanks<'_>) -> Rendered {
    let mut draft = Draft::new("POST");
    if let Some(items) = &provider.items {
        if let Some(field) = &items.field {
            draft.wrap(field);
        }
        if let Some(media_type) = &items.media_type {
            draft.put(&Place::Header("content-type".into()), media_type.to_string());
        }
        for number in 0..ITEMS {
            let item = format!("{}/{number}", items.list);
            draft = with_type(draft, &items.event_type, &item);
            draft = with_id(draft, &items.event_id, &item, blanks);
        }
    }
    draft = with_type(draft, &provider.event_type, "");
    draft = with_id(draft, &provider.event_id, "", blanks);
    match &provider.scheme {
        Scheme::Signed(signed) => add_signed(&mut draft, signed, blanks),
        Scheme::Token(token) => {
            if let place @ Place::Json(_) = &token.place {
                draft.put(place, "");
            }
        }
        _ => {}
    }
    // No two requests have the same bytes: some providers have no other id.
    let mut pieces = provider.event_type.alternatives.iter().flat_map(|pieces| pieces.iter());
    let is_keyed = pieces.any(|piece| matches!(piece, Piece::KeyBesides(_)));
    for (name, value) in [("test_id", "{{uuid:test}}"), ("sent_at", "{{isoms}}")] {
        let place = if draft.is_form() {
            Place::Form(name.into())
        } else if draft.is_list() {
            json("/0/", name)
        } else if is_keyed {
            json(&format!("/{}/", TYPE[0]), name)
        } else {
            json("/", name)
        };
        draft.put(&place, blanks.fill(value));
    }
    draft.finish()
}

/// What the scheme signs and whoever signs cannot make up.
fn add_signed(draft: &mut Draft, signed: &Signed, blanks: &mut Blanks<'_>) {
    for part in signed.message.iter() {
        match part {
            Part::Header(name) => {
                let value = if name.contains("time") { "{{seconds}}" } else { "test" };
                draft.put(&Place::Header(name.clone()), blanks.fill(value));
            }
            Part::Json(pointer) => {
                draft.put(&json("", pointer), blanks.fill(&format!("{{{{hex16:{pointer}}}}}")));
            }
            Part::SortedForm(list) => {
                let list = list.as_ref().map(|name| (name.clone(), r#"[{"event":"test"}]"#));
                let (name, value) = list.unwrap_or(("event".into(), "test"));
                draft.put(&Place::Form(name), value);
            }
            _ => {}
        }
    }
    if let Some(timestamp) = &signed.timestamp
        && let place @ Place::Json(_) = &timestamp.place
    {
        let is_number = timestamp.unit != Unit::Rfc3339;
        draft.put(place, if is_number { 0.into() } else { serde_json::Value::from("") });
    }
    if let place @ Place::Json(_) = &signed.carrier.place {
        draft.put(place, "");
    }
}

/// The draft with a type in it, in the first way that it can be.
fn with_type(draft: Draft, fact: &Fact, item: &str) -> Draft {
    let mut levels = TYPE.into_iter().cycle();
    fill(draft, fact, item, |piece| match piece {
        Piece::SluggedHeader(_, end) => format!("Test{end}"),
        _ => levels.next().unwrap_or("test").to_owned(),
    })
}

/// The draft with an id in it, in the first way that it can be.
fn with_id(draft: Draft, fact: &Fact, item: &str, blanks: &mut Blanks<'_>) -> Draft {
    fill(draft, fact, item, |piece| match piece {
        Piece::Json(name) | Piece::Header(name) | Piece::Field(name) => {
            let is_time = ["time", "Time", "_at"].iter().any(|word| name.contains(word));
            let kind = if is_time { "isoms" } else { "uuid" };
            blanks.fill(&format!("{{{{{kind}:{item}{name}}}}}"))
        }
        _ => blanks.fill("{{uuid:id}}"),
    })
}

fn fill(draft: Draft, fact: &Fact, item: &str, mut value: impl FnMut(&Piece) -> String) -> Draft {
    for pieces in fact.alternatives.iter() {
        let mut filled = draft.clone();
        if pieces.iter().all(|piece| put(&mut filled, piece, item, value(piece))) {
            return filled;
        }
    }
    draft
}

/// Puts a piece of a fact where it is looked for. `false` where that cannot be.
fn put(draft: &mut Draft, piece: &Piece, item: &str, value: String) -> bool {
    let place = match piece {
        Piece::Header(name) | Piece::SluggedHeader(name, _) | Piece::DottedHeader(name) => {
            Place::Header(name.clone())
        }
        Piece::Json(pointer) | Piece::DottedJson(pointer) => json(item, pointer),
        Piece::KeyBesides(_) => json("/", &format!("{value}/type")),
        Piece::Outer(pointer) => json("", pointer),
        Piece::Field(name) => Place::Form(name.clone()),
        // The token is the body, which is the claims until it is signed.
        Piece::Claim(header, name) if header.is_empty() => json("/", name),
        // Whoever signs puts it into the token.
        Piece::Claim(_, name) => return name == "jti",
        // An event, and no message about events.
        Piece::HeaderUnless(name, usual) => {
            return draft.put(&Place::Header(name.clone()), usual.to_string());
        }
        Piece::MaybeJson(_) | Piece::Literal(_) | Piece::BodyHash => return true,
    };
    draft.put(&place, value)
}

fn json(item: &str, pointer: &str) -> Place {
    Place::Json(format!("{item}{pointer}").into())
}
