//! What the schemes of this folder share: signatures read strictly, and HMACs over bytes that are
//! put together from a request.

use crate::encoding::{Encoding, Octets};
use crate::key::{Key, MacKey};
use crate::scheme::{Algorithm, KeyForm, Text, Unit};
use crate::{ConfigurationError, Received, Rejection, Secret, SigningError, UnixSeconds, form};

/// Entries of a list beyond this many are no list of a provider.
const MOST_FIELDS: usize = 32;

/// What was or is to be signed: pieces, one after the other.
pub(crate) type Message<'a> = &'a [&'a [u8]];

/// The keys of a scheme that is an HMAC.
pub(crate) struct MacKeys(Vec<MacKey>);

impl MacKeys {
    /// Makes keys of secrets that are all written in this form.
    pub(crate) fn new(
        secrets: &[Secret],
        form: KeyForm,
        algorithm: Algorithm,
    ) -> Result<Self, ConfigurationError> {
        Self::each(secrets, |secret| match Key::new(secret, form, algorithm)? {
            Key::Mac(key) => Ok(key),
            _ => Err(ConfigurationError::Settings("the secret of an HMAC is no public key")),
        })
    }

    /// Makes a key of each secret.
    pub(crate) fn each(
        secrets: &[Secret],
        make: impl Fn(&Secret) -> Result<MacKey, ConfigurationError>,
    ) -> Result<Self, ConfigurationError> {
        secrets.iter().map(make).collect::<Result<_, _>>().map(Self)
    }

    /// Which key made any of the signatures for any of the messages.
    pub(crate) fn made(&self, messages: &[Message<'_>], signatures: &[Octets]) -> Option<usize> {
        self.0.iter().position(|key| {
            messages.iter().any(|message| {
                let expected = tag(key, message);
                signatures.iter().any(|signature| signature.equals(&expected))
            })
        })
    }

    /// The signature by the first key.
    pub(crate) fn sign(&self, message: Message<'_>) -> Result<Octets, SigningError> {
        self.0.first().map(|key| tag(key, message)).ok_or(SigningError::NoPrivateKey)
    }

    /// The signatures by all keys, for lists.
    pub(crate) fn sign_all(&self, message: Message<'_>) -> Vec<Octets> {
        self.0.iter().map(|key| tag(key, message)).collect()
    }
}

fn tag(key: &MacKey, message: Message<'_>) -> Octets {
    key.tag(&|sink| message.iter().for_each(|piece| sink(piece)))
}

/// What a header is called in a sentence.
pub(crate) fn in_header(name: &str) -> Text {
    format!("header `{name}`").into()
}

/// The value of the header with the signature, which must be there once.
pub(crate) fn signed_header<'a>(request: &Received<'a>, name: &str) -> Result<&'a [u8], Rejection> {
    request.single(name)?.ok_or_else(|| Rejection::SignatureMissing { at: in_header(name) })
}

/// The value of a header that is signed, which must be there once.
pub(crate) fn required_header<'a>(
    request: &Received<'a>,
    name: &str,
) -> Result<&'a [u8], Rejection> {
    request.single(name)?.ok_or_else(|| Rejection::SignedPartMissing { at: in_header(name) })
}

/// Reads one signature of `length` bytes.
pub(crate) fn signature(
    text: &[u8],
    encoding: Encoding,
    length: usize,
    at: &Text,
) -> Result<Octets, Rejection> {
    let malformed = |why| Rejection::SignatureMalformed { at: at.clone(), why };
    if text.is_empty() {
        return Err(malformed("it is empty"));
    }
    encoding
        .decode(text)
        .filter(|signature| signature.as_slice().len() == length)
        .ok_or_else(|| malformed(encoding.expected()))
}

/// Reads a list of signatures of `length` bytes. Entries that cannot be read are passed over, as
/// they may be of a kind that is not known here, but not all of them.
pub(crate) fn signatures<'a>(
    texts: impl Iterator<Item = &'a [u8]>,
    encoding: Encoding,
    length: usize,
    at: &Text,
) -> Result<Vec<Octets>, Rejection> {
    let mut found = Vec::new();
    let mut refused = None;
    for (count, text) in texts.enumerate() {
        if count == MOST_FIELDS {
            return Err(Rejection::SignatureMalformed {
                at: at.clone(),
                why: "it is a list of more than 32",
            });
        }
        match signature(text, encoding, length, at) {
            Ok(signature) => found.push(signature),
            Err(rejection) => refused = Some(rejection),
        }
    }
    match (found.is_empty(), refused) {
        (false, _) => Ok(found),
        (true, refused) => {
            Err(refused.unwrap_or_else(|| Rejection::SignatureMissing { at: at.clone() }))
        }
    }
}

/// `t=…,v1=…`: the names and values of a header, spaces after the commas left out.
pub(crate) struct Fields<'a> {
    pairs: Vec<(&'a [u8], &'a [u8])>,
    at: Text,
}

impl<'a> Fields<'a> {
    /// Reads the header `name`, in which every entry must be a name and a value.
    pub(crate) fn read(request: &Received<'a>, name: &str) -> Result<Self, Rejection> {
        let at = in_header(name);
        let malformed = |why| Rejection::SignatureMalformed { at: at.clone(), why };
        let text = signed_header(request, name)?;
        let mut pairs = Vec::new();
        for entry in text.split(|&byte| byte == b',') {
            let start = entry.iter().position(|&byte| byte != b' ').unwrap_or(entry.len());
            let entry = entry.get(start..).unwrap_or_default();
            let middle = entry.iter().position(|&byte| byte == b'=');
            let (field, value) = middle
                .and_then(|middle| Some((entry.get(..middle)?, entry.get(middle + 1..)?)))
                .ok_or_else(|| malformed("it is not a list of names and values"))?;
            pairs.push((field, value));
            if pairs.len() > MOST_FIELDS {
                return Err(malformed("it is a list of more than 32"));
            }
        }
        Ok(Self { pairs, at })
    }

    /// Where the fields stand.
    pub(crate) const fn at(&self) -> &Text {
        &self.at
    }

    /// All values under `name`.
    pub(crate) fn all(&self, name: &str) -> impl Iterator<Item = &'a [u8]> {
        self.pairs
            .iter()
            .filter(move |(field, _)| *field == name.as_bytes())
            .map(|(_, value)| *value)
    }

    /// The value under `name`, which may be there once.
    pub(crate) fn one(&self, name: &str) -> Result<Option<&'a [u8]>, Rejection> {
        let mut all = self.all(name);
        let first = all.next();
        if all.next().is_some() {
            return Err(Rejection::Ambiguous {
                at: format!("field `{name}` of the {}", self.at).into(),
            });
        }
        Ok(first)
    }

    /// The time under `name`, as text and as a time.
    pub(crate) fn time(
        &self,
        name: &str,
        unit: Unit,
    ) -> Result<(&'a [u8], UnixSeconds), Rejection> {
        let text =
            self.one(name)?.ok_or_else(|| Rejection::TimestampMissing { at: self.at.clone() })?;
        Ok((text, time(text, unit, &self.at)?))
    }
}

/// Refuses a form with a field that nothing signs.
pub(crate) fn only_fields(body: &[u8], signed: &[&[u8]]) -> Result<(), Rejection> {
    if form::pairs(body).all(|(name, _)| signed.contains(&&*name)) {
        return Ok(());
    }
    Err(Rejection::SignatureMalformed {
        at: "form in the body".into(),
        why: "the form has a field that is not signed",
    })
}

/// Reads a time of signing.
pub(crate) fn time(text: &[u8], unit: Unit, at: &Text) -> Result<UnixSeconds, Rejection> {
    unit.read(text)
        .ok_or_else(|| Rejection::TimestampMalformed { at: at.clone(), expected: unit.expected() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(value: &str) -> Result<Vec<(String, String)>, Rejection> {
        let headers = [("X-S", value)];
        let request = Received { method: "POST", url: "", headers: &headers, body: b"" };
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        let fields = Fields::read(&request, "x-s")?;
        Ok(fields.pairs.iter().map(|(name, value)| (text(name), text(value))).collect())
    }

    #[test]
    fn fields_are_names_and_values() {
        let pairs = [("t", "1"), ("v1", "a="), ("", "")];
        let expected = pairs.map(|(name, value)| (name.to_owned(), value.to_owned()));
        assert_eq!(read("t=1, v1=a=,=").unwrap(), expected);
        for value in ["", "t", "t=1,", "t=1,,v1=2"] {
            assert_eq!(read(value).unwrap_err().code(), "signature_malformed", "{value:?}");
        }
        assert!(read(&vec!["a=b"; 32].join(",")).is_ok());
        assert!(read(&vec!["a=b"; 33].join(",")).is_err());
    }

    #[test]
    fn lists_pass_over_what_they_cannot_read() {
        let at = in_header("x-s");
        let read = |texts: &[&'static str]| {
            signatures(texts.iter().map(|text| text.as_bytes()), Encoding::Hex, 2, &at)
                .map(|found| found.len())
                .map_err(|rejection| rejection.code())
        };
        assert_eq!(read(&["0001", "x", "00", "0002"]), Ok(2));
        assert_eq!(read(&["x", ""]), Err("signature_malformed"));
        assert_eq!(read(&[]), Err("signature_missing"));
        assert_eq!(read(&["0001"; 33]), Err("signature_malformed"));
    }
}
