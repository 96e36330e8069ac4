//! Finds the signature and reads what it claims. Nothing is believed yet.

use std::borrow::Cow;

use crate::encoding::Octets;
use crate::key::Kind;
use crate::scheme::{Algorithm, Carrier, Format, Place, Signed, Text};
use crate::{Received, Rejection};

/// More signatures than any rotation needs; each costs a comparison.
const MOST_SIGNATURES: usize = 16;
/// How many numbered headers there can be (DocuSign).
const MOST_NUMBERED: usize = 100;
/// How many are read without asking for memory.
const USUAL_SIGNATURES: usize = 2;

/// Which kinds of signatures the configured keys can have made.
#[derive(Clone, Copy)]
pub(crate) struct Kinds {
    pub(crate) main: bool,
    pub(crate) ed25519: bool,
}

/// What the signature's value says: signatures that can be read, and the timestamp if it is in
/// there.
pub(crate) struct Claims<'a> {
    pub(crate) carrier: &'a Carrier,
    usual: [Option<(Kind, Octets)>; USUAL_SIGNATURES],
    more: Vec<(Kind, Octets)>,
    pub(crate) timestamp: Option<Cow<'a, [u8]>>,
}

impl<'a> Claims<'a> {
    const fn new(carrier: &'a Carrier) -> Self {
        Self {
            carrier,
            usual: [const { None }; USUAL_SIGNATURES],
            more: Vec::new(),
            timestamp: None,
        }
    }

    /// The signatures of one kind.
    pub(crate) fn of(&self, kind: Kind) -> impl Iterator<Item = &Octets> {
        let all = self.usual.iter().flatten().chain(&self.more);
        all.filter(move |(found, _)| *found == kind).map(|(_, signature)| signature)
    }

    fn is_empty(&self) -> bool {
        self.usual.iter().flatten().next().is_none()
    }

    fn push(&mut self, kind: Kind, signature: Octets) {
        match self.usual.iter_mut().find(|slot| slot.is_none()) {
            Some(slot) => *slot = Some((kind, signature)),
            None => self.more.push((kind, signature)),
        }
    }

    /// Where the signature stands, in a sentence.
    pub(crate) fn at(&self) -> Text {
        self.carrier.place.described()
    }
}

/// Finds and reads the signatures.
pub(crate) fn read<'a>(
    signed: &'a Signed,
    kinds: Kinds,
    request: &Received<'a>,
) -> Result<Claims<'a>, Rejection> {
    let (carrier, value) = find(signed, request)?;
    let most =
        if matches!(carrier.place, Place::Numbered(_)) { MOST_NUMBERED } else { MOST_SIGNATURES };
    let mut reader = Reader {
        signed,
        carrier,
        kinds,
        most,
        entries: 0,
        labelled: false,
        weaker: false,
        claims: Claims::new(carrier),
    };
    match value {
        Cow::Borrowed(value) => reader.read(value, &Cow::Borrowed)?,
        Cow::Owned(value) => reader.read(&value, &|text| Cow::Owned(text.to_vec()))?,
    }
    if let Place::Pair(first, second) = &carrier.place
        && request.single(first)?.is_some()
        && let Some(value) = request.single(second)?
    {
        reader.read(value, &Cow::Borrowed)?;
    }
    if let Place::Numbered(prefix) = &carrier.place {
        for number in 2..=MOST_NUMBERED {
            let Some(value) = request.single(&format!("{prefix}{number}"))? else { break };
            reader.read(value, &Cow::Borrowed)?;
        }
    }
    if !reader.claims.is_empty() {
        return Ok(reader.claims);
    }
    if reader.weaker {
        return Err(not_allowed(carrier.place.described(), carrier));
    }
    if let Some(part) = label(&carrier.format).filter(|_| !reader.labelled) {
        return Err(Rejection::SignaturePartMissing { at: carrier.place.described(), part });
    }
    Err(reader.malformed(signed.encoding.expected()))
}

/// All places where the signature may stand.
pub(crate) fn carriers(signed: &Signed) -> impl Iterator<Item = &Carrier> {
    std::iter::once(&signed.carrier).chain(signed.other_carriers.iter())
}

/// The one place that carries the signature, with its value.
fn find<'a>(
    signed: &'a Signed,
    request: &Received<'a>,
) -> Result<(&'a Carrier, Cow<'a, [u8]>), Rejection> {
    let mut found: Option<(&Carrier, Cow<'_, [u8]>)> = None;
    for carrier in carriers(signed) {
        let Some(value) = request.at(&carrier.place)? else { continue };
        if let Some((other, _)) = found {
            let at = format!("{} and {}", other.place.described(), carrier.place.described());
            return Err(Rejection::Ambiguous { at: at.into() });
        }
        found = Some((carrier, value));
    }
    match found {
        Some((carrier, value)) if value.is_empty() => {
            Err(Rejection::SignatureMalformed { at: carrier.place.described(), why: "it is empty" })
        }
        Some(found) => Ok(found),
        None => Err(missing(signed, request)),
    }
}

fn missing(signed: &Signed, request: &Received<'_>) -> Rejection {
    let weak = signed.weaker.iter().find(|name| request.headers.value(name, 0).is_some());
    if let Some(header) = weak {
        return not_allowed(format!("header `{header}`").into(), &signed.carrier);
    }
    let places: Vec<_> = carriers(signed).map(|carrier| carrier.place.described()).collect();
    Rejection::SignatureMissing { at: places.join(" or ").into() }
}

/// How a signature begins that stands among other things: `v1=`.
fn label(format: &Format) -> Option<Text> {
    match format {
        Format::Fields { signature, .. } => Some(format!("{signature}=").into()),
        Format::Versions { version, glue, .. } => Some(format!("{version}{glue}").into()),
        _ => None,
    }
}

fn not_allowed(at: Text, carrier: &Carrier) -> Rejection {
    let place = carrier.place.described();
    let wanted = match &carrier.format {
        Format::Fields { signature, .. } => format!("`{signature}=…` in the {place}"),
        Format::Versions { version, glue, .. } => {
            format!("`{version}{glue}…` in the {place}, or configure a key of the other kind")
        }
        _ => format!("the {place}"),
    };
    Rejection::AlgorithmNotAllowed { at, wanted: wanted.into() }
}

struct Reader<'a> {
    signed: &'a Signed,
    carrier: &'a Carrier,
    kinds: Kinds,
    most: usize,
    entries: usize,
    /// Whether there was something under the name that signatures have.
    labelled: bool,
    weaker: bool,
    claims: Claims<'a>,
}

/// Makes a piece of the value outlive it, at no cost where the value is the request's own.
type Keep<'k, 'v, 'a> = &'k dyn Fn(&'v [u8]) -> Cow<'a, [u8]>;

impl<'a> Reader<'a> {
    fn read<'v>(&mut self, value: &'v [u8], keep: Keep<'_, 'v, 'a>) -> Result<(), Rejection> {
        match &self.carrier.format {
            Format::Prefixed(prefix) => {
                let rest = value.strip_prefix(prefix.as_bytes());
                self.take(
                    Kind::Main,
                    rest.ok_or_else(|| self.malformed("it does not begin as it should"))?,
                )
            }
            Format::Bare { ignores } => {
                self.take(Kind::Main, value.strip_prefix(ignores.as_bytes()).unwrap_or(value))
            }
            Format::Fields { signature, weaker, between } => {
                self.read_fields(value, keep, (signature, weaker, between))
            }
            Format::Versions { version, ed25519, glue } => {
                self.read_versions(value, (version, ed25519, *glue))
            }
            Format::List { between } => {
                let mut entries = split(value, *between);
                entries.try_for_each(|entry| self.take(Kind::Main, entry.trim_ascii_start()))
            }
            Format::TimeFirst { between } => {
                let mut entries = split(value, *between);
                self.claims.timestamp = entries.next().map(keep);
                entries.try_for_each(|entry| self.take(Kind::Main, entry.trim_ascii_start()))
            }
        }
    }

    fn read_fields<'v>(
        &mut self,
        value: &'v [u8],
        keep: Keep<'_, 'v, 'a>,
        (signature, weaker, between): (&Text, &[Text], &Text),
    ) -> Result<(), Rejection> {
        for field in value.split(|byte| between.as_bytes().contains(byte)) {
            // A space behind a comma is the habit of some.
            let Some((key, content)) = split_once(field.trim_ascii_start(), b'=') else { continue };
            if self.is_timestamp(key) {
                // Several groups, each with its time, must agree: one text is signed.
                let before = self.claims.timestamp.replace(keep(content));
                let is_group = between.len() > 1;
                if before.is_some_and(|before| !is_group || *before != *content) {
                    return Err(Rejection::Ambiguous { at: self.carrier.place.described() });
                }
            } else if key == signature.as_bytes() {
                self.labelled = true;
                self.take(Kind::Main, content)?;
            } else {
                self.weaker |= weaker.iter().any(|name| name.as_bytes() == key);
                self.count_entry()?;
            }
        }
        Ok(())
    }

    fn is_timestamp(&self, key: &[u8]) -> bool {
        match self.signed.timestamp.as_ref().map(|timestamp| &timestamp.place) {
            Some(Place::Field(name)) => name.as_bytes() == key,
            _ => false,
        }
    }

    fn read_versions(
        &mut self,
        value: &[u8],
        (version, ed25519, glue): (&Text, &Text, char),
    ) -> Result<(), Rejection> {
        for entry in split(value, ' ') {
            match split_once(entry, u8::try_from(glue).unwrap_or(b',')) {
                Some((found, content)) if found == version.as_bytes() => {
                    self.labelled = true;
                    self.take(Kind::Main, content)?;
                }
                Some((found, content)) if !found.is_empty() && found == ed25519.as_bytes() => {
                    self.labelled = true;
                    self.take(Kind::Ed25519, content)?;
                }
                // Versions to come are to be skipped, says the specification.
                _ => self.count_entry()?,
            }
        }
        Ok(())
    }

    /// Keeps a signature that can be read. One that cannot be is skipped: another may be fine.
    fn take(&mut self, kind: Kind, text: &[u8]) -> Result<(), Rejection> {
        self.count_entry()?;
        let usable = match kind {
            Kind::Main => self.kinds.main,
            Kind::Ed25519 => self.kinds.ed25519,
        };
        let signature =
            self.signed.encoding.decode(text).filter(|signature| self.fits(kind, signature));
        match signature {
            Some(_) if !usable => self.weaker = true,
            Some(signature) => self.claims.push(kind, signature),
            None => {}
        }
        Ok(())
    }

    fn fits(&self, kind: Kind, signature: &Octets) -> bool {
        let length = signature.as_slice().len();
        match (kind, self.signed.algorithm) {
            (Kind::Ed25519, _) | (_, Algorithm::HmacSha512 | Algorithm::Ed25519) => length == 64,
            (_, Algorithm::HmacSha1) => length == 20,
            (_, Algorithm::HmacSha256 | Algorithm::SecretThenSha256) => length == 32,
            // DER of two numbers of 1 to 33 bytes; whether it is one, ring says.
            (_, Algorithm::EcdsaP256Sha256) => (8..=72).contains(&length),
            // 1024 to 8192 bits.
            (_, Algorithm::RsaSha256 | Algorithm::RsaSha1) => (128..=1024).contains(&length),
        }
    }

    fn count_entry(&mut self) -> Result<(), Rejection> {
        self.entries += 1;
        if self.entries > self.most {
            return Err(self.malformed("it holds more than 16 signatures"));
        }
        Ok(())
    }

    fn malformed(&self, why: &'static str) -> Rejection {
        Rejection::SignatureMalformed { at: self.carrier.place.described(), why }
    }
}

fn split(text: &[u8], at: char) -> impl Iterator<Item = &[u8]> {
    text.split(move |&byte| char::from(byte) == at)
}

fn split_once(text: &[u8], at: u8) -> Option<(&[u8], &[u8])> {
    let index = text.iter().position(|&byte| byte == at)?;
    Some((text.get(..index)?, text.get(index + 1..)?))
}
