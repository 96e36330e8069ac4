//! What happens to the signature itself: its header, its text, its version, its hash.

use super::Mistake;
use super::trial::{Candidate, Change, Scene};
use crate::carrier::carriers;
use crate::encoding::decode_lenient;
use crate::scheme::{Algorithm, Carrier, Format, Place, Scheme, Signed, Text};
use crate::suggestion::suggest;
use crate::{Encoding, Rejection};

/// What stands before signatures in the field.
const PREFIXES: &[&str] =
    &["sha256=", "sha1=", "sha512=", "hmac-sha256=", "sha256:", "v0=", "v1=", "HMAC ", "Bearer "];

/// A header that is there twice, or whose values a proxy has joined.
pub(super) fn doubled<'s>(scene: &'s Scene<'_>) -> Box<dyn Iterator<Item = Candidate> + 's> {
    Box::new(scene.case.scheme.headers().into_iter().flat_map(|name| {
        let headers = scene.request.headers;
        let first = headers.value(&name, 0).unwrap_or_default();
        let split = |byte: &u8| *byte == b',';
        let values: Vec<Vec<u8>> = if let Some(second) = headers.value(&name, 1) {
            vec![first.to_vec(), second.to_vec()]
        } else if scene.rejection().is_some() && first.len() < 4096 {
            let halves = || first.split(split).map(|value| value.trim_ascii().to_vec());
            if halves().count() == 2 { halves().collect() } else { Vec::new() }
        } else {
            Vec::new()
        };
        values.into_iter().enumerate().map(move |(index, value)| {
            let which = if index == 0 { "first" } else { "second" };
            let says = format!("The header `{name}` is there twice; the {which} one is right.");
            let headers = vec![(name.clone(), value)];
            Candidate::new(Mistake::HeaderDoubled, says, Change { headers, ..Change::default() })
        })
    }))
}

/// Older versions of the signature, in the same value or in a header of their own.
pub(super) fn versions<'s>(scene: &'s Scene<'_>) -> Box<dyn Iterator<Item = Candidate> + 's> {
    let Some(signed) = scene.signed() else { return Box::new(std::iter::empty()) };
    let header = signed.weaker.iter().flat_map(move |name| {
        let says = format!(
            "Only the older signature in the header `{name}` is there, and it is right; {} is missing.",
            signed.carrier.place.described()
        );
        ["sha1=", ""].into_iter().map(move |prefix| {
            let format = Format::Prefixed(Text::Borrowed(prefix));
            let carrier = Carrier { place: Place::Header(name.clone()), format };
            let scheme = Signed {
                algorithm: Algorithm::HmacSha1,
                carrier,
                other_carriers: (&[]).into(),
                ..signed.clone()
            };
            Candidate::scheme(Mistake::VersionOld, says.clone(), scheme)
        })
    });
    let tags = tags(scene, signed).into_iter().filter_map(move |tag| {
        let says = format!(
            "The signature stands under `{tag}`, and only {} counts.",
            wanted(&signed.carrier.format)
        );
        let format = with_tag(&signed.carrier.format, tag)?;
        let scheme =
            Signed { carrier: Carrier { format, ..signed.carrier.clone() }, ..signed.clone() };
        Some(Candidate::scheme(Mistake::VersionOld, says, scheme))
    });
    Box::new(header.chain(tags))
}

/// The keys or versions in the signature's value, as far as they look like some.
fn tags(scene: &Scene<'_>, signed: &Signed) -> Vec<String> {
    const MOST: usize = 8;
    let value = scene.request.at(&signed.carrier.place).ok().flatten().unwrap_or_default();
    let Ok(value) = std::str::from_utf8(&value) else { return Vec::new() };
    let (between, glue): (&[char], char) = match &signed.carrier.format {
        Format::Fields { .. } => (&[',', ';', ' '], '='),
        Format::Versions { glue, .. } => (&[' '], *glue),
        _ => return Vec::new(),
    };
    let is_tag = |tag: &&str| {
        (1..=16).contains(&tag.len())
            && tag.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
    };
    let tags = value.split(between).filter_map(|entry| entry.split_once(glue));
    tags.map(|(tag, _)| tag).filter(is_tag).take(MOST).map(str::to_owned).collect()
}

fn wanted(format: &Format) -> String {
    match format {
        Format::Fields { signature, .. } => format!("`{signature}`"),
        Format::Versions { version, .. } => format!("`{version}`"),
        _ => String::new(),
    }
}

/// The same list with another tag for the signatures that count.
fn with_tag(format: &Format, tag: String) -> Option<Format> {
    match format {
        Format::Fields { signature, between, .. } if *signature != tag => Some(Format::Fields {
            signature: tag.into(),
            weaker: (&[]).into(),
            between: between.clone(),
        }),
        Format::Versions { version, ed25519, glue } if *version != tag && *ed25519 != tag => {
            Some(Format::Versions { version: tag.into(), ed25519: "".into(), glue: *glue })
        }
        _ => None,
    }
}

/// The signature's text with what does not belong to it taken away.
pub(super) fn spellings<'s>(scene: &'s Scene<'_>) -> Box<dyn Iterator<Item = Candidate> + 's> {
    let headers = scene.case.scheme.headers().into_iter();
    let values = headers.filter_map(|name| {
        let value = std::str::from_utf8(scene.request.headers.value(&name, 0)?).ok()?;
        (value.len() <= 4096).then(|| (name, value.to_owned()))
    });
    let texts = values.flat_map(|(name, value)| {
        let texts = texts(&value).into_iter().filter(move |(_, text)| *text != value);
        texts.map(move |(what, text)| {
            let says = format!("The value of the header `{name}` {what}.");
            let headers = vec![(name.clone(), text.into_bytes())];
            let change = Change { headers, ..Change::default() };
            Candidate::new(Mistake::SignatureRewritten, says, change)
        })
    });
    let token = match scene.case.scheme {
        Scheme::Token(token) if !token.prefix.is_empty() => {
            let says =
                format!("The token stands there without `{}` before it.", token.prefix.trim());
            let token = crate::Token { prefix: "".into(), place: token.place.clone() };
            Some(Candidate::scheme(Mistake::SignatureRewritten, says, Scheme::Token(token)))
        }
        _ => None,
    };
    Box::new(token.into_iter().chain(texts))
}

fn texts(value: &str) -> Vec<(&'static str, String)> {
    const PREFIX: &str = "has another prefix, or none, before the signature";
    let trimmed = value.trim();
    let unquoted = trimmed.trim_matches(['"', '\'']);
    let mut found = vec![
        ("has spaces around it", trimmed.to_owned()),
        ("has quotes around it", unquoted.to_owned()),
        ("mixes capitals and small letters", unquoted.to_ascii_lowercase()),
        ("has spaces where `+` was, as after the decoding of a form", unquoted.replace(' ', "+")),
        ("has lost the `=` at its end", format!("{unquoted}=")),
        ("has lost the `==` at its end", format!("{unquoted}==")),
        ("has `=` at its end that do not belong there", unquoted.trim_end_matches('=').to_owned()),
        ("is escaped as in a URL", unescaped(unquoted)),
    ];
    let bare = PREFIXES.iter().find_map(|prefix| unquoted.strip_prefix(prefix)).unwrap_or(unquoted);
    found.push((PREFIX, bare.to_owned()));
    found.extend(PREFIXES.iter().map(|prefix| (PREFIX, format!("{prefix}{bare}"))));
    found
}

fn unescaped(text: &str) -> String {
    text.replace("%2B", "+").replace("%2F", "/").replace("%3D", "=").replace("%2C", ",")
}

/// Other hashes, and the same one in another encoding.
pub(super) fn algorithms<'s>(scene: &'s Scene<'_>) -> Box<dyn Iterator<Item = Candidate> + 's> {
    let could_be = scene.is_mismatch()
        || matches!(
            scene.rejection(),
            Some(Rejection::SignatureMalformed { .. } | Rejection::SignaturePartMissing { .. })
        );
    let Some(signed) = scene.signed().filter(|signed| could_be && is_mac(signed.algorithm)) else {
        return Box::new(std::iter::empty());
    };
    let encodings = [Encoding::Hex, Encoding::Base64, Encoding::Base64Url];
    let pairs = MACS.iter().flat_map(move |&mac| encodings.map(|encoding| (mac, encoding)));
    let mut pairs: Vec<_> =
        pairs.filter(|&pair| pair != (signed.algorithm, signed.encoding)).collect();
    // What differs in one thing comes first.
    pairs.sort_by_key(|pair| pair.0 != signed.algorithm && pair.1 != signed.encoding);
    let whole = pairs.into_iter().flat_map(move |(algorithm, encoding)| {
        formats(scene, signed).into_iter().map(move |format| {
            let carrier = Carrier { format, ..signed.carrier.clone() };
            let scheme = Signed { algorithm, carrier, encoding, ..signed.clone() };
            let (mistake, says) = differs(signed, algorithm, encoding);
            Candidate::scheme(mistake, says, scheme)
        })
    });
    Box::new(whole.chain(twice(scene, signed)))
}

const MACS: &[Algorithm] = &[
    Algorithm::HmacSha256,
    Algorithm::HmacSha1,
    Algorithm::HmacSha512,
    Algorithm::SecretThenSha256,
];

fn is_mac(algorithm: Algorithm) -> bool {
    MACS.contains(&algorithm)
}

/// The format of the scheme, and for signatures that stand alone every prefix there is.
fn formats(scene: &Scene<'_>, signed: &Signed) -> Vec<Format> {
    let format = &signed.carrier.format;
    let mut found = vec![format.clone()];
    if matches!(format, Format::Prefixed(_) | Format::Bare { .. }) {
        let value = carriers(signed).find_map(|carrier| scene.request.at(&carrier.place).ok()?);
        let value = value.unwrap_or_default();
        let prefix = PREFIXES.iter().find(|prefix| value.starts_with(prefix.as_bytes()));
        found.push(Format::Bare { ignores: Text::Borrowed(prefix.copied().unwrap_or_default()) });
    }
    found
}

fn differs(signed: &Signed, algorithm: Algorithm, encoding: Encoding) -> (Mistake, String) {
    let encoded = format!("{} and not {}", encoding.in_words(), signed.encoding.in_words());
    if algorithm == signed.algorithm {
        return (Mistake::EncodingOther, format!("The signature is written in {encoded}."));
    }
    let (found, wanted) = (algorithm.in_words(), signed.algorithm.in_words());
    let also = if encoding == signed.encoding {
        String::new()
    } else {
        format!(" It is written in {encoded}.")
    };
    let says = format!("The signature is made with {found}; {wanted} is accepted here.{also}");
    (Mistake::AlgorithmOther, says)
}

/// A signature whose hexadecimal was encoded in base64 once more.
fn twice(scene: &Scene<'_>, signed: &Signed) -> Option<Candidate> {
    let Place::Header(name) = &signed.carrier.place else { return None };
    let value = scene.request.single(name).ok()??;
    let prefix = match &signed.carrier.format {
        Format::Prefixed(prefix) => prefix,
        _ => "",
    };
    let inner = decode_lenient(value.strip_prefix(prefix.as_bytes())?)?;
    let headers = vec![(name.clone(), [prefix.as_bytes(), &inner].concat())];
    let says = "The signature is the base64 of its hexadecimal: it was encoded twice.";
    let change = Change {
        headers,
        scheme: Some(Signed { encoding: Encoding::Hex, ..signed.clone() }.into()),
        ..Change::default()
    };
    Some(Candidate::new(Mistake::EncodingOther, says, change))
}

/// The schemes of other providers whose headers are there.
pub(super) fn providers<'s>(scene: &'s Scene<'_>) -> Box<dyn Iterator<Item = Candidate> + 's> {
    if scene.rejection().is_none() {
        return Box::new(std::iter::empty());
    }
    let here = scene.case.provider.map(|provider| provider.slug);
    let others = suggest(scene.request.headers).into_iter().map(|found| found.provider);
    Box::new(others.filter(move |other| Some(other.slug) != here && other.scheme != *scene.case.scheme).map(
        move |other| {
            let says = format!(
                "The request is signed as {} signs (`{}`), with the secret that is configured here for {}.",
                other.name,
                other.slug,
                scene.sender()
            );
            Candidate::scheme(Mistake::ProviderOther, says, other.scheme.clone())
        },
    ))
}
