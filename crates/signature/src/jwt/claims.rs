//! A JSON object of which only the outermost names count, each of them there once.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};

use crate::UnixSeconds;

/// More names than this are in no known token.
const MOST_NAMES: usize = 256;
/// Times beyond this lie some 30,000 years ahead.
const LATEST: u64 = 999_999_999_999;

/// The members of a header or of the claims.
pub(crate) struct Claims(Vec<(String, Claim)>);

/// A value.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Claim {
    Text(String),
    /// A number of seconds, a fraction left out.
    Number(u64),
    True,
    /// The texts of a list, which may hold other things.
    Texts(Vec<String>),
    /// Something that no scheme looks at.
    Other,
}

impl Claims {
    /// `None` if this is not one JSON object, or if a name is there twice: readers differ in
    /// which one counts.
    pub(crate) fn parse(json: &[u8]) -> Option<Self> {
        serde_json::from_slice(json).ok()
    }

    pub(crate) fn get(&self, name: &str) -> Option<&Claim> {
        self.0.iter().find(|(found, _)| found == name).map(|(_, claim)| claim)
    }

    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        match self.get(name)? {
            Claim::Text(text) => Some(text),
            _ => None,
        }
    }

    /// A `NumericDate` (RFC 7519, section 2).
    ///
    /// # Errors
    ///
    /// It is there and is something else.
    pub(crate) fn time(&self, name: &str) -> Result<Option<UnixSeconds>, ()> {
        match self.get(name) {
            None => Ok(None),
            Some(Claim::Number(seconds)) if *seconds <= LATEST => Ok(Some(UnixSeconds(*seconds))),
            Some(_) => Err(()),
        }
    }

    /// Whether the claim is this text, or a list that has it.
    pub(crate) fn says(&self, name: &str, wanted: &str) -> bool {
        match self.get(name) {
            Some(Claim::Text(text)) => text == wanted,
            Some(Claim::Texts(texts)) => texts.iter().any(|text| text == wanted),
            _ => false,
        }
    }
}

impl<'de> Deserialize<'de> for Claims {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_map(Members)
    }
}

struct Members;

impl<'de> Visitor<'de> for Members {
    type Value = Claims;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Claims, A::Error> {
        let mut claims = Claims(Vec::new());
        while let Some((name, claim)) = map.next_entry::<String, Claim>()? {
            if claims.get(&name).is_some() || claims.0.len() == MOST_NAMES {
                return Err(A::Error::custom("a name is there twice, or there are too many"));
            }
            claims.0.push((name, claim));
        }
        Ok(claims)
    }
}

impl<'de> Deserialize<'de> for Claim {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(Value)
    }
}

struct Value;

impl<'de> Visitor<'de> for Value {
    type Value = Claim;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_str<E>(self, text: &str) -> Result<Claim, E> {
        Ok(Claim::Text(text.to_owned()))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Claim, E> {
        Ok(Claim::Number(number))
    }

    fn visit_i64<E>(self, _: i64) -> Result<Claim, E> {
        Ok(Claim::Other)
    }

    /// A fraction of a second is left out; there is no time before 1970.
    fn visit_f64<E>(self, number: f64) -> Result<Claim, E> {
        let whole = format!("{:.0}", number.trunc());
        Ok(whole.parse().map_or(Claim::Other, Claim::Number))
    }

    fn visit_bool<E>(self, value: bool) -> Result<Claim, E> {
        Ok(if value { Claim::True } else { Claim::Other })
    }

    fn visit_unit<E>(self) -> Result<Claim, E> {
        Ok(Claim::Other)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Claim, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Claim::Other)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Claim, A::Error> {
        let mut texts = Vec::new();
        while let Some(Item(text)) = items.next_element()? {
            texts.extend(text);
        }
        Ok(Claim::Texts(texts))
    }
}

/// An item of a list: its text, if it is one. What is nested deeper is skipped without recursion.
struct Item(Option<String>);

impl<'de> Deserialize<'de> for Item {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(ItemVisitor)
    }
}

struct ItemVisitor;

impl<'de> Visitor<'de> for ItemVisitor {
    type Value = Item;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_str<E>(self, text: &str) -> Result<Item, E> {
        Ok(Item(Some(text.to_owned())))
    }

    fn visit_u64<E>(self, _: u64) -> Result<Item, E> {
        Ok(Item(None))
    }

    fn visit_i64<E>(self, _: i64) -> Result<Item, E> {
        Ok(Item(None))
    }

    fn visit_f64<E>(self, _: f64) -> Result<Item, E> {
        Ok(Item(None))
    }

    fn visit_bool<E>(self, _: bool) -> Result<Item, E> {
        Ok(Item(None))
    }

    fn visit_unit<E>(self) -> Result<Item, E> {
        Ok(Item(None))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Item, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Item(None))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Item, A::Error> {
        while items.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Item(None))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn claims_are_read() {
        let json =
            br#"{"iss":"a","aud":["b",1,{"c":"d"},["e"]],"iat":1700000000,"exp":1700000300.9,
            "nbf":-1,"big":1e30,"email_verified":true,"x":{"iss":"z"},"n":null}"#;
        let claims = Claims::parse(json).unwrap();
        assert!(claims.says("iss", "a") && claims.says("aud", "b"));
        assert!(!claims.says("aud", "d") && !claims.says("aud", "e") && !claims.says("x", "z"));
        assert_eq!(claims.time("iat"), Ok(Some(UnixSeconds(1_700_000_000))));
        assert_eq!(claims.time("exp"), Ok(Some(UnixSeconds(1_700_000_300))));
        assert_eq!(claims.time("absent"), Ok(None));
        for name in ["nbf", "big", "iss", "n", "aud"] {
            assert_eq!(claims.time(name), Err(()), "{name}");
        }
        assert_eq!(claims.get("email_verified"), Some(&Claim::True));
    }

    #[test]
    fn neither_depth_nor_number_hurts() {
        let deep = format!("{{\"a\":{}{}}}", "[".repeat(100_000), "]".repeat(100_000));
        assert!(Claims::parse(deep.as_bytes()).is_some());
        let many: Vec<_> = (0..=MOST_NAMES).map(|index| format!("\"{index}\":0")).collect();
        assert!(Claims::parse(format!("{{{}}}", many.join(",")).as_bytes()).is_none());
    }
}
