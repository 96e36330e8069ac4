//! What happens to secrets while people carry them from one place to another.

use super::Mistake;
use super::trial::{Candidate, Scene};
use crate::encoding::{decode_hex_secret, decode_lenient, encode_hex};
use crate::scheme::{Algorithm, KeyForm, Signed};
use crate::{Encoding, Rejection, Secret};

/// Other secrets beyond these are not looked at.
const MOST_OTHERS: usize = 16;

/// What providers put before their secrets.
const PREFIXES: &[&str] = &["whsec_", "v1,whsec_", "sk_", "pk_", "whsk_", "whpk_", "sha256="];

/// Whether the secret may be what is wrong: something was compared with it, or it cannot be used.
fn in_question(scene: &Scene<'_>) -> bool {
    match scene.rejection() {
        None | Some(Rejection::CredentialMismatch { .. }) => true,
        Some(Rejection::BodyHashMismatch { .. } | Rejection::BodyHashMissing { .. }) => false,
        Some(_) => scene.is_mismatch(),
    }
}

/// Changed secrets that can be used.
fn each<'s>(
    scene: &'s Scene<'_>,
    change: impl Fn(&[u8]) -> Vec<(Mistake, &'static str, Vec<u8>)> + 's,
) -> Box<dyn Iterator<Item = Candidate> + 's> {
    if !in_question(scene) {
        return Box::new(std::iter::empty());
    }
    Box::new(scene.secrets().flat_map(move |secret| {
        let changed = change(secret.bytes()).into_iter();
        let changed = changed.filter(|(_, _, bytes)| bytes != secret.bytes());
        changed.filter_map(|(mistake, says, bytes)| {
            Some(Candidate::secret(mistake, says, Secret::new(bytes).ok()?))
        })
    }))
}

/// What copying and pasting adds, and what it loses.
pub(super) fn pasted<'s>(scene: &'s Scene<'_>) -> Box<dyn Iterator<Item = Candidate> + 's> {
    const SPACES: &str =
        "The configured secret has spaces or line breaks around it that do not belong to it.";
    const WITHIN: &str = "The configured secret has spaces, line breaks or invisible characters in it that do not belong to it.";
    const QUOTED: &str = "The configured secret has quotes around it that do not belong to it.";
    const NAMED: &str =
        "The configured secret has the name of a variable, or another word, before it.";
    const BREAK: &str =
        "The sender's secret ends with a line break that the configured one does not have.";
    const ESCAPED: &str =
        "The configured secret has `\\n` written out where line breaks are meant.";
    each(scene, |secret| {
        let trimmed = secret.trim_ascii();
        let bare = unquoted(trimmed);
        let mut found = vec![
            (Mistake::SecretSpaces, SPACES, trimmed.to_vec()),
            (Mistake::SecretQuoted, QUOTED, unquoted(secret).to_vec()),
            (Mistake::SecretQuoted, QUOTED, bare.to_vec()),
            (Mistake::SecretQuoted, QUOTED, bare.trim_ascii().to_vec()),
            (Mistake::SecretSpaces, BREAK, [secret, b"\n"].concat()),
            (Mistake::SecretSpaces, BREAK, [secret, b"\r\n"].concat()),
        ];
        if let Ok(text) = std::str::from_utf8(secret) {
            let is_hidden = |c: char| is_unseen(c) && c != ' ';
            let visible = text.replace(is_hidden, "").into_bytes();
            found.push((Mistake::SecretSpaces, WITHIN, visible));
            found.push((Mistake::SecretSpaces, WITHIN, text.replace(is_unseen, "").into_bytes()));
            let broken = text.replace("\\r", "").replace("\\n", "\n");
            found.push((Mistake::SecretSpaces, ESCAPED, broken.clone().into_bytes()));
            found.push((Mistake::SecretSpaces, ESCAPED, broken.trim().to_owned().into_bytes()));
            let named = text.split_once('=').map(|(_, value)| unquoted(value.trim().as_bytes()));
            let spoken = text.trim().split_once(' ').map(|(_, value)| value.as_bytes());
            for value in [named, spoken].into_iter().flatten() {
                found.push((Mistake::SecretSpaces, NAMED, value.to_vec()));
            }
        }
        found
    })
}

fn is_unseen(c: char) -> bool {
    c.is_whitespace()
        || c.is_control()
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}')
}

fn unquoted(secret: &[u8]) -> &[u8] {
    const PAIRS: &[(&str, &str)] =
        &[("\"", "\""), ("'", "'"), ("`", "`"), ("“", "”"), ("‘", "’"), ("<", ">")];
    let strip = |(open, close): &(&str, &str)| {
        secret.strip_prefix(open.as_bytes())?.strip_suffix(close.as_bytes())
    };
    PAIRS.iter().find_map(strip).unwrap_or(secret)
}

/// Secrets without their prefix, and with one.
pub(super) fn prefixes<'s>(scene: &'s Scene<'_>) -> Box<dyn Iterator<Item = Candidate> + 's> {
    each(scene, |secret| {
        let with = PREFIXES.iter().map(|prefix| {
            let says =
                "The prefix of the secret, such as `whsec_`, is missing from the configured one.";
            (Mistake::SecretPrefix, says, [prefix.as_bytes(), secret].concat())
        });
        let without = PREFIXES.iter().filter_map(|prefix| {
            let says = "The configured secret begins with a prefix that the sender does not use.";
            Some((Mistake::SecretPrefix, says, secret.strip_prefix(prefix.as_bytes())?.to_vec()))
        });
        without.chain(with).collect()
    })
}

/// Secrets that are decoded where their text is the key, and the reverse.
pub(super) fn encodings<'s>(scene: &'s Scene<'_>) -> Box<dyn Iterator<Item = Candidate> + 's> {
    let is_hmac = |signed: &&Signed| {
        matches!(
            signed.algorithm,
            Algorithm::HmacSha1
                | Algorithm::HmacSha256
                | Algorithm::HmacSha512
                | Algorithm::SecretThenSha256
        )
    };
    if !in_question(scene) {
        return Box::new(std::iter::empty());
    }
    let signed = scene.signed().filter(is_hmac);
    let is_text = signed.is_none_or(|signed| signed.key == KeyForm::Text);
    Box::new(scene.secrets().flat_map(move |secret| {
        keys(secret.bytes(), is_text).into_iter().filter_map(move |(says, key)| {
            let secret = Secret::new(key).ok()?;
            let mut candidate = Candidate::secret(Mistake::SecretEncoding, says, secret);
            // The bytes are the key as they are, whatever form the scheme expects.
            candidate.change.scheme =
                signed.map(|signed| Signed { key: KeyForm::Text, ..signed.clone() }.into());
            Some(candidate)
        })
    }))
}

/// The bytes that may have been taken as the key instead.
fn keys(secret: &[u8], is_text: bool) -> Vec<(&'static str, Vec<u8>)> {
    const TEXT: &str = "The sender takes the text of the secret as its key; here it is decoded.";
    const BASE64: &str =
        "The sender takes the secret as base64 and decodes it; here its text is the key.";
    const HEX: &str =
        "The sender takes the secret as hexadecimal and decodes it; here its text is the key.";
    const ENCODED: &str = "The sender's secret is the base64 or hexadecimal of the configured one.";
    let secret = secret.trim_ascii();
    let bare = PREFIXES.iter().find_map(|prefix| secret.strip_prefix(prefix.as_bytes()));
    let mut found = Vec::new();
    if !is_text {
        found.push((TEXT, secret.to_vec()));
        found.extend(bare.map(|bare| (TEXT, bare.to_vec())));
    }
    for text in [Some(secret), bare].into_iter().flatten() {
        let url_safe: Vec<u8> = text
            .iter()
            .map(|&byte| match byte {
                b'-' => b'+',
                b'_' => b'/',
                _ => byte,
            })
            .collect();
        found.extend(decode_hex_secret(text).map(|key| (HEX, key)));
        found.extend(decode_lenient(text).map(|key| (BASE64, key)));
        found.extend(decode_lenient(&url_safe).map(|key| (BASE64, key)));
    }
    found.push((ENCODED, Encoding::Base64.encode(secret).into_bytes()));
    found.push((ENCODED, encode_hex(secret).into_bytes()));
    found
}

/// The secrets that are known and not configured here.
pub(super) fn others<'s>(scene: &'s Scene<'_>) -> Box<dyn Iterator<Item = Candidate> + 's> {
    if !in_question(scene) {
        return Box::new(std::iter::empty());
    }
    let others = scene.case.others.iter().take(MOST_OTHERS);
    Box::new(others.map(|other| {
        let label = other.label;
        let (mistake, says) = if other.is_former {
            let says = format!("The request is signed with the former secret, {label}.");
            (Mistake::SecretFormer, says)
        } else {
            let says = format!("The request is signed with another secret: that of {label}.");
            (Mistake::SecretOfAnother, says)
        };
        Candidate::secret(mistake, says, other.secret.clone())
    }))
}
