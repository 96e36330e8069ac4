//! What happens to the bytes of a body, whatever they are.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::Mistake;
use super::trial::{Candidate, Scene};

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// Line breaks and spaces at the ends and within, and byte order marks.
pub(super) fn lines<'s>(scene: &'s Scene<'_>) -> Box<dyn Iterator<Item = Candidate> + 's> {
    use Mistake::{BodyByteOrderMark, BodyLineBreaks, BodyLost, BodyTrimmed};
    if !scene.is_mismatch() {
        return Box::new(std::iter::empty());
    }
    let body = scene.request.body;
    let trimmed = body.trim_ascii();
    let with = |tail: &[u8]| [body, tail].concat();
    let mut found: Vec<(Mistake, &'static str, Vec<u8>)> = Vec::new();
    let mut add = |mistake, says, changed: Vec<u8>| {
        if changed != body {
            found.push((mistake, says, changed));
        }
    };
    for ending in [&b"\r\n"[..], b"\n", b"\r"] {
        let cut = body.strip_suffix(ending).unwrap_or(body).to_vec();
        add(
            BodyTrimmed,
            "The body ends with a line break that was not signed; something added it.",
            cut,
        );
    }
    let spaces = "The body has spaces or line breaks at its ends that were not signed; something added them.";
    add(BodyTrimmed, spaces, body.trim_ascii_end().to_vec());
    add(BodyTrimmed, spaces, body.trim_ascii_start().to_vec());
    add(BodyTrimmed, spaces, trimmed.to_vec());
    let cut = "The body that was signed ends with a line break; something cut it off.";
    add(BodyTrimmed, cut, with(b"\n"));
    add(BodyTrimmed, cut, with(b"\r\n"));
    add(
        BodyTrimmed,
        "The body that was signed ends with a space; something cut it off.",
        with(b" "),
    );
    let unix = replaced(body, b"\r\n", b"\n");
    let says = "The body has line breaks of the form CRLF; those that were signed are LF alone.";
    add(BodyLineBreaks, says, unix.clone());
    add(BodyLineBreaks, says, unix.strip_suffix(b"\n").unwrap_or(&unix).to_vec());
    let dos = replaced(&unix, b"\n", b"\r\n");
    let says = "The body has line breaks of the form LF; those that were signed are CRLF.";
    add(BodyLineBreaks, says, dos.clone());
    add(BodyLineBreaks, says, [&dos[..], b"\r\n"].concat());
    let unmarked = body.strip_prefix(BYTE_ORDER_MARK).unwrap_or(body);
    let says = "The body begins with a byte order mark that was not signed; something added it.";
    add(BodyByteOrderMark, says, unmarked.to_vec());
    let says = "The body that was signed begins with a byte order mark; something cut it off.";
    add(BodyByteOrderMark, says, [BYTE_ORDER_MARK, body].concat());
    add(BodyLost, "An empty body was signed; something added this one.", Vec::new());
    let candidates = found.into_iter();
    Box::new(candidates.map(|(mistake, says, body)| Candidate::body(mistake, says, body)))
}

/// Bodies in base64, in quotes and in another character set.
pub(super) fn encodings<'s>(scene: &'s Scene<'_>) -> Box<dyn Iterator<Item = Candidate> + 's> {
    if !scene.is_mismatch() {
        return Box::new(std::iter::empty());
    }
    let body = scene.request.body;
    let text = std::str::from_utf8(body).ok();
    let plain = STANDARD.decode(body.trim_ascii()).ok().map(|plain| {
        let says = "The body is the base64 of what was signed, as some gateways hand it on.";
        Candidate::body(Mistake::BodyEncoded, says, plain)
    });
    let quoted = serde_json::from_slice::<String>(body).ok().map(|inner| {
        let says = "The body is a JSON string that holds what was signed: it was encoded twice.";
        Candidate::body(Mistake::BodyEncoded, says, inner.into_bytes())
    });
    let narrow = text.and_then(|text| {
        text.chars().map(|c| u8::try_from(u32::from(c)).ok()).collect::<Option<Vec<u8>>>()
    });
    let narrow = narrow.filter(|narrow| narrow != body).map(|narrow| {
        let says =
            "The body was read as Latin-1 and written as UTF-8, so its other letters are wrong.";
        Candidate::body(Mistake::BodyEncoded, says, narrow)
    });
    let is_wide = !body.is_ascii();
    let wide = is_wide.then(|| body.iter().map(|&byte| char::from(byte)).collect::<String>());
    let wide = wide.map(|wide| {
        let says = "The body was written as Latin-1; what was signed is UTF-8.";
        Candidate::body(Mistake::BodyEncoded, says, wide.into_bytes())
    });
    Box::new([plain, quoted, narrow, wide].into_iter().flatten())
}

fn replaced(body: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(body.len());
    let mut rest = body;
    while let Some((&first, tail)) = rest.split_first() {
        if let Some(after) = rest.strip_prefix(from) {
            out.extend_from_slice(to);
            rest = after;
        } else {
            out.push(first);
            rest = tail;
        }
    }
    out
}
