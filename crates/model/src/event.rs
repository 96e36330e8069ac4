//! An event: what arrived, byte for byte.

use std::fmt;
use std::net::IpAddr;

use bytes::Bytes;

use crate::word::words;
use crate::{EventId, Name, Timestamp};

/// What arrived at a source. Never changed afterwards.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// Our id; sent on as `webhook-id`.
    pub id: EventId,
    /// The source that it came in by.
    pub source: Name,
    /// When its last byte had arrived.
    pub received_at: Timestamp,
    /// Who the connection came from, behind trusted proxies.
    pub peer: Option<IpAddr>,
    /// The request's method.
    pub method: String,
    /// The request's path and query, as they were sent.
    pub target: String,
    /// The request's headers, in order.
    pub headers: HeaderList,
    /// The request's body; of an item, its own.
    pub body: Bytes,
    /// Which of several events it is, where a request carried more than one thing at a time.
    pub item: Option<Item>,
    /// Whether we know who sent it.
    pub verification: Verification,
    /// The provider's own id of this event, by which it can be told from a repeat.
    pub provider_event_id: Option<String>,
    /// Its kind, dotted: `invoice.paid`.
    pub event_type: Option<String>,
}

/// The place of an event in the batch that it came in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Item {
    /// Which it is, counted from 1.
    pub number: u32,
    /// How many there were.
    pub of: u32,
}

impl fmt::Display for Item {
    /// Writes `2/5`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.number, self.of)
    }
}

words! {
    /// What was proven about where an event came from.
    Verification {
        /// The sender holds the secret, and signed these very bytes.
        Verified = "verified",
        /// The sender holds the secret, but the proof does not cover the body.
        Authenticated = "authenticated",
        /// Nothing: the source says `verify = "none"`.
        Unverified = "unverified",
    }
}

/// By what a repeat of an event is told: 128 bits of a hash over the source and the key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct DedupeKey {
    /// The hash.
    pub hash: [u8; 16],
    /// The beginning of a hash over the body: tells another body under the same key.
    pub body: [u8; 8],
    /// Until when a repeat is told as one.
    pub expires_at: Timestamp,
}

/// Headers as they are written on the wire, `name: value\r\n` each; names in lower case.
///
/// One buffer rather than a list, because it is made once, stored as it stands and rarely read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HeaderList(Bytes);

impl HeaderList {
    /// Takes over what [`HeaderList::as_bytes`] gave.
    pub const fn from_wire(bytes: Bytes) -> Self {
        Self(bytes)
    }

    /// The headers as one buffer.
    pub const fn as_bytes(&self) -> &Bytes {
        &self.0
    }

    /// The headers, in order. Values are any bytes but line ends.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.0.split(|&byte| byte == b'\n').filter_map(|line| {
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            let colon = line.iter().position(|&byte| byte == b':')?;
            let (name, value) = line.split_at_checked(colon)?;
            Some((std::str::from_utf8(name).ok()?, value.strip_prefix(b": ").unwrap_or_default()))
        })
    }

    /// The first value of a header, whose name is given in lower case.
    pub fn get(&self, name: &str) -> Option<&[u8]> {
        self.iter().find(|(found, _)| *found == name).map(|(_, value)| value)
    }
}

impl<N: AsRef<str>, V: AsRef<[u8]>> FromIterator<(N, V)> for HeaderList {
    /// Puts headers together. A name or a value with a line end in it is left out: it could only
    /// be read back as another header.
    fn from_iter<I: IntoIterator<Item = (N, V)>>(headers: I) -> Self {
        let mut wire = Vec::with_capacity(512);
        for (name, value) in headers {
            let (name, value) = (name.as_ref().as_bytes(), value.as_ref());
            let breaks = |byte: &u8| matches!(byte, b'\r' | b'\n');
            if name.contains(&b':') || name.iter().any(breaks) || value.iter().any(breaks) {
                continue;
            }
            wire.extend(name.iter().map(u8::to_ascii_lowercase));
            wire.extend_from_slice(b": ");
            wire.extend_from_slice(value);
            wire.extend_from_slice(b"\r\n");
        }
        Self(wire.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_come_back_as_they_were() {
        let headers = [
            ("X-Empty", b"".as_slice()),
            ("x-colon", b"a: b"),
            ("x-bytes", b"\xff\x80 "),
            ("x-twice", b"1"),
            ("x-twice", b"2"),
        ];
        let list: HeaderList = headers.into_iter().collect();
        let back = HeaderList::from_wire(list.as_bytes().clone());
        let read: Vec<(String, &[u8])> =
            back.iter().map(|(name, value)| (name.to_owned(), value)).collect();
        let expected = headers.map(|(name, value)| (name.to_lowercase(), value));
        assert_eq!(read, expected);
        assert_eq!(back.get("x-twice"), Some(b"1".as_slice()));
        assert_eq!(back.get("x-none"), None);
    }

    #[test]
    fn a_line_end_cannot_smuggle_a_header_in() {
        let list: HeaderList =
            [("x-a", "1\r\nx-b: 2"), ("x-c\nx", "3"), ("x-d", "4")].into_iter().collect();
        assert_eq!(list.iter().collect::<Vec<_>>(), [("x-d", b"4".as_slice())]);
    }
}
