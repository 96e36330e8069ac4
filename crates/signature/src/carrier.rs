//! Finds the header with the signature and reads what it claims. Nothing is believed yet.

use crate::encoding::Octets;
use crate::key::Kind;
use crate::scheme::{Algorithm, Carrier, Format, Place, Signed, Text};
use crate::{Received, Rejection};

/// More signatures than any rotation needs; each costs a comparison.
const MOST_SIGNATURES: usize = 16;

/// Which kinds of signatures the configured keys can have made.
#[derive(Clone, Copy)]
pub(crate) struct Kinds {
    pub(crate) main: bool,
    pub(crate) ed25519: bool,
}

/// What the signature header says: signatures that can be read, and the timestamp if it is in there.
pub(crate) struct Claims<'a> {
    pub(crate) header: &'a Text,
    signatures: [(Kind, Octets); MOST_SIGNATURES],
    count: usize,
    pub(crate) timestamp: Option<&'a [u8]>,
}

impl Claims<'_> {
    pub(crate) fn signatures(&self) -> &[(Kind, Octets)] {
        self.signatures.get(..self.count).unwrap_or_default()
    }
}

/// Finds and reads the signatures.
pub(crate) fn read<'a>(
    signed: &'a Signed,
    kinds: Kinds,
    request: &Received<'a>,
) -> Result<Claims<'a>, Rejection> {
    let (carrier, value) = find(signed, request)?;
    let mut reader = Reader {
        signed,
        carrier,
        kinds,
        entries: 0,
        weaker: false,
        claims: empty(&carrier.header),
    };
    reader.read(value)?;
    if reader.claims.count > 0 {
        return Ok(reader.claims);
    }
    if reader.weaker {
        return Err(not_allowed(&carrier.header, carrier));
    }
    Err(reader.malformed(signed.encoding.expected()))
}

fn empty(header: &Text) -> Claims<'_> {
    Claims {
        header,
        signatures: [(Kind::Main, Octets::EMPTY); MOST_SIGNATURES],
        count: 0,
        timestamp: None,
    }
}

/// The one header that carries the signature, with its value.
fn find<'a>(
    signed: &'a Signed,
    request: &Received<'a>,
) -> Result<(&'a Carrier, &'a [u8]), Rejection> {
    let mut found: Option<(&Carrier, &[u8])> = None;
    for carrier in signed.carriers.iter() {
        let Some(value) = request.single(&carrier.header)? else { continue };
        if let Some((other, _)) = found {
            let header = format!("{}` and `{}", other.header, carrier.header).into();
            return Err(Rejection::Ambiguous { header });
        }
        found = Some((carrier, value));
    }
    match found {
        Some((carrier, [])) => Err(Rejection::SignatureMalformed {
            header: carrier.header.clone(),
            why: "it is empty",
        }),
        Some(found) => Ok(found),
        None => Err(missing(signed, request)),
    }
}

fn missing(signed: &Signed, request: &Received<'_>) -> Rejection {
    let weak = signed.weaker.iter().find(|name| request.headers.value(name, 0).is_some());
    if let (Some(header), Some(carrier)) = (weak, signed.carriers.first()) {
        return not_allowed(header, carrier);
    }
    let names: Vec<_> = signed.carriers.iter().map(|carrier| &*carrier.header).collect();
    Rejection::SignatureMissing { header: names.join("` or `").into() }
}

fn not_allowed(header: &Text, carrier: &Carrier) -> Rejection {
    let wanted = match &carrier.format {
        Format::Fields { signature, .. } => format!("`{signature}=…` in `{}`", carrier.header),
        Format::Versions { version, .. } => {
            format!("`{version},…` in `{}`, or configure a key of the other kind", carrier.header)
        }
        Format::Prefixed(_) | Format::Bare { .. } => format!("`{}`", carrier.header),
    };
    Rejection::AlgorithmNotAllowed { header: header.clone(), wanted: wanted.into() }
}

struct Reader<'a> {
    signed: &'a Signed,
    carrier: &'a Carrier,
    kinds: Kinds,
    entries: usize,
    weaker: bool,
    claims: Claims<'a>,
}

impl<'a> Reader<'a> {
    fn read(&mut self, value: &'a [u8]) -> Result<(), Rejection> {
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
            Format::Fields { signature, weaker } => {
                self.read_fields(value, signature.as_bytes(), weaker)
            }
            Format::Versions { version, ed25519 } => {
                self.read_versions(value, version.as_bytes(), ed25519.as_bytes())
            }
        }
    }

    fn read_fields(
        &mut self,
        value: &'a [u8],
        signature: &[u8],
        weaker: &[Text],
    ) -> Result<(), Rejection> {
        for field in value.split(|&byte| byte == b',') {
            let Some((key, content)) = split_once(field, b'=') else { continue };
            if self.is_timestamp(key) {
                if self.claims.timestamp.replace(content).is_some() {
                    return Err(Rejection::Ambiguous { header: self.carrier.header.clone() });
                }
            } else if key == signature {
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
        value: &'a [u8],
        version: &[u8],
        ed25519: &[u8],
    ) -> Result<(), Rejection> {
        for entry in value.split(|&byte| byte == b' ') {
            match split_once(entry, b',') {
                Some((found, content)) if found == version => self.take(Kind::Main, content)?,
                Some((found, content)) if found == ed25519 => self.take(Kind::Ed25519, content)?,
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
            Some(signature) => {
                if let Some(slot) = self.claims.signatures.get_mut(self.claims.count) {
                    *slot = (kind, signature);
                    self.claims.count += 1;
                }
            }
            None => {}
        }
        Ok(())
    }

    fn fits(&self, kind: Kind, signature: &Octets) -> bool {
        let length = signature.as_slice().len();
        match (kind, self.signed.algorithm) {
            (Kind::Ed25519, _) | (_, Algorithm::HmacSha512) => length == 64,
            (_, Algorithm::HmacSha1) => length == 20,
            (_, Algorithm::HmacSha256) => length == 32,
            // DER of two numbers of 1 to 33 bytes; whether it is one, ring says.
            (_, Algorithm::EcdsaP256Sha256) => (8..=72).contains(&length),
        }
    }

    fn count_entry(&mut self) -> Result<(), Rejection> {
        self.entries += 1;
        if self.entries > MOST_SIGNATURES {
            return Err(self.malformed("it holds more than 16 signatures"));
        }
        Ok(())
    }

    fn malformed(&self, why: &'static str) -> Rejection {
        Rejection::SignatureMalformed { header: self.carrier.header.clone(), why }
    }
}

fn split_once(text: &[u8], at: u8) -> Option<(&[u8], &[u8])> {
    let index = text.iter().position(|&byte| byte == at)?;
    Some((text.get(..index)?, text.get(index + 1..)?))
}
