//! What must not get through, for every provider in the table and some schemes from settings.
//! The expectations follow from the schemes: a new provider writes none.

use crate::support::{
    ID, Message, NOW, Sample, code, header, samples, secrets, signature_prefix, verifier,
};
use hookyard_signature::{Algorithm, Format, Options, Scheme, UnixSeconds, provider};

/// What a change must lead to, given whether the proof covers what was changed.
const fn if_covered(covered: bool) -> &'static str {
    if covered { "signature_mismatch" } else { "ok" }
}

#[test]
fn accepted_as_it_was_signed() {
    for sample in samples() {
        sample.expect(&sample.message, "ok", "untouched");
    }
}

#[test]
fn a_changed_body_is_refused_where_it_is_covered() {
    for sample in samples() {
        let body = &sample.message.body;
        let mut flipped = body.clone();
        *flipped.last_mut().unwrap() ^= 1;
        let mut first = body.clone();
        first[0] ^= 0x80;
        let cut = body[..body.len() - 1].to_vec();
        let extended = [body, &b"x"[..]].concat();
        let newline = [body, &b"\n"[..]].concat();
        let marked = [b"\xef\xbb\xbf", &body[..]].concat();
        for (changed, what) in [
            (flipped, "last byte flipped"),
            (first, "first byte flipped"),
            (cut, "body cut"),
            (extended, "body extended"),
            (newline, "line break added"),
            (marked, "byte order mark added"),
        ] {
            sample.expect(&sample.message.with_body(changed), if_covered(sample.covers.body), what);
        }
        let refuses = sample.signed().is_some_and(|signed| signed.refuses_empty_body);
        let expected = if refuses { "body_empty" } else { if_covered(sample.covers.body) };
        sample.expect(&sample.message.with_body(""), expected, "body emptied");
    }
}

#[test]
fn a_changed_method_or_url_is_refused_where_it_is_covered() {
    for sample in samples() {
        let method = Message { method: "PUT".to_owned(), ..sample.message.clone() };
        sample.expect(&method, if_covered(sample.covers.method), "other method");
        let url = Message { url: sample.message.url.replace("/x", "/y"), ..sample.message.clone() };
        sample.expect(&url, if_covered(sample.covers.url), "other path");
    }
}

#[test]
fn another_secret_is_refused_and_rotation_accepts_both() {
    for sample in samples() {
        let [right, other] = &sample.secrets;
        let wrong = verifier(&sample.scheme, &[other], &Options::default());
        assert_eq!(code(&wrong, &sample.message, NOW), "signature_mismatch", "{}", sample.name);
        let both = verifier(&sample.scheme, &[other, right], &Options::default());
        let verified = both.verify(&sample.message.received(), NOW);
        assert_eq!(verified.map(|verified| verified.secret), Ok(1), "{}", sample.name);
        // Where the signature is a list, what is signed with both is accepted by either.
        let signed = sample.unsigned.signed(&both, ID, NOW);
        assert_eq!(code(&wrong, &signed, NOW), "ok", "{}", sample.name);
        let is_list = sample.signed().is_some_and(|signed| {
            !matches!(signed.carrier.format, Format::Prefixed(_) | Format::Bare { .. })
        });
        assert_eq!(
            sample.code(&signed, NOW),
            if is_list { "ok" } else { "signature_mismatch" },
            "{}",
            sample.name
        );
    }
}

#[test]
fn a_missing_empty_or_cut_signature_is_refused() {
    for sample in samples() {
        let header = sample.signature_header().to_owned();
        let with = |value: &[u8]| sample.message.with(&header, value);
        let value = sample.message.get(&header);
        // Any text is a well-formed token; it is just another one.
        let other = if matches!(sample.scheme, Scheme::Token(_)) {
            "signature_mismatch"
        } else {
            "signature_malformed"
        };
        sample.expect(&sample.message.without(&header), "signature_missing", "no header");
        sample.expect(&with(b""), "signature_malformed", "empty header");
        sample.expect(&with(&value[..value.len() - 1]), other, "cut by a character");
        sample.expect(&with(&[&value, &b"A"[..]].concat()), other, "one character more");
        sample.expect(&with(&[&value, &b"\n"[..]].concat()), other, "a line break behind it");
        sample.expect(
            &with(&[&value, &b"\xff"[..]].concat()),
            other,
            "a byte that is no text behind it",
        );

        let prefix = signature_prefix(&sample);
        sample.expect(&with(prefix.as_bytes()), "signature_malformed", "the prefix alone");
        if !prefix.is_empty() {
            let bare = value.strip_prefix(prefix.as_bytes()).unwrap();
            sample.expect(&with(bare), "signature_malformed", "no prefix");
        }
        if matches!(
            &sample.signed().map(|signed| &signed.carrier.format),
            Some(Format::Versions { .. })
        ) {
            sample.expect(&with(b"v1,"), "signature_malformed", "`v1,` alone");
        }
    }
}

#[test]
fn a_header_that_is_there_twice_is_refused() {
    for sample in samples() {
        let id = sample.signed().and_then(|signed| signed.id.as_deref());
        for header in
            [Some(sample.signature_header()), sample.timestamp_header(), id].into_iter().flatten()
        {
            for twin in [sample.message.get(header), b"other".to_vec(), Vec::new()] {
                let mut behind = sample.message.clone();
                behind.headers.push((header.to_uppercase(), twin.clone()));
                sample.expect(&behind, "signature_ambiguous", "a second one behind it");
                let mut before = sample.message.clone();
                before.headers.insert(0, (header.to_owned(), twin));
                sample.expect(&before, "signature_ambiguous", "a second one before it");
            }
        }
    }
}

#[test]
fn several_headers_that_compete_are_refused() {
    for sample in samples() {
        let Some(signed) = sample.signed() else { continue };
        for carrier in signed.other_carriers.iter() {
            let both = sample
                .message
                .with(header(&carrier.place), sample.message.get(sample.signature_header()));
            sample.expect(&both, "signature_ambiguous", "two signature headers");
            // Each of them alone is as good as the first.
            let mut alone = sample.scheme.clone();
            if let Scheme::Signed(signed) = &mut alone {
                signed.carrier = carrier.clone();
                signed.other_carriers = vec![].into();
            }
            let other = verifier(&alone, &[&sample.secrets[0]], &Options::default());
            sample.expect(&sample.unsigned.signed(&other, ID, NOW), "ok", "the other header");
        }
    }
}

#[test]
fn weaker_signatures_are_refused_by_name() {
    for sample in samples() {
        let Some(signed) = sample.signed() else { continue };
        let header = sample.signature_header();
        let value = sample.message.get(header);
        for weaker in signed.weaker.iter() {
            let alone = sample.message.without(header).with(weaker, value.clone());
            sample.expect(&alone, "algorithm_not_allowed", "the older header alone");
            sample.expect(
                &sample.message.with(weaker, "sha1=00"),
                "ok",
                "the older header is not looked at",
            );
        }
        let text = String::from_utf8(value).unwrap();
        match &signed.carrier.format {
            Format::Fields { signature, weaker, .. } => {
                for weaker in weaker.iter() {
                    let value = text.replace(&format!("{signature}="), &format!("{weaker}="));
                    sample.expect(
                        &sample.message.with(header, value),
                        "algorithm_not_allowed",
                        "the older field alone",
                    );
                }
            }
            Format::Versions { version, ed25519, .. } => {
                let (mine, other) =
                    if text.starts_with("v1a") { (ed25519, version) } else { (version, ed25519) };
                let length = if text.starts_with("v1a") { 32 } else { 64 };
                let value = format!("{other},{}", base64_zeros(length));
                sample.expect(
                    &sample.message.with(header, value),
                    "algorithm_not_allowed",
                    "no key of that kind",
                );
                let value = text.replace(&format!("{mine},"), &format!("{other},"));
                sample.expect(
                    &sample.message.with(header, value),
                    "signature_malformed",
                    "under the other's name",
                );
            }
            _ => {}
        }
    }
}

fn base64_zeros(bytes: usize) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(vec![0; bytes])
}

/// One entry of a signature list, and what stands between two.
fn entry(sample: &Sample) -> Option<(String, &'static str)> {
    let value = String::from_utf8(sample.message.get(sample.signature_header())).unwrap();
    match &sample.signed()?.carrier.format {
        Format::Fields { .. } => Some((value.split_once(',').unwrap().1.to_owned(), ",")),
        Format::Versions { .. } => Some((value, " ")),
        _ => None,
    }
}

#[test]
fn a_list_of_signatures_has_an_end() {
    for sample in samples() {
        let Some((entry, glue)) = entry(&sample) else { continue };
        let header = sample.signature_header();
        let time = if glue == "," { format!("t={},", NOW.0) } else { String::new() };
        for (count, expected) in
            [(2, "ok"), (16, "ok"), (17, "signature_malformed"), (33, "signature_malformed")]
        {
            let list = vec![&*entry; count].join(glue);
            sample.expect(
                &sample.message.with(header, format!("{time}{list}")),
                expected,
                "many signatures",
            );
        }
        let bad = entry.split_at(entry.len() - 4).0;
        for (list, expected) in [
            ([bad, &entry].join(glue), "ok"),
            ([&entry, bad].join(glue), "ok"),
            (["v9=x,v9,x", &entry].join(glue), "ok"),
            ([bad, bad].join(glue), "signature_malformed"),
        ] {
            sample.expect(
                &sample.message.with(header, format!("{time}{list}")),
                expected,
                "one that cannot be read",
            );
        }
    }
}

#[test]
fn a_timestamp_is_digits_and_is_signed() {
    for sample in samples() {
        let Some(later) = sample.with_timestamp(&(NOW.0 + 1).to_string()) else { continue };
        sample.expect(&later, "signature_mismatch", "a second later");
        let padded = sample.with_timestamp(&format!("0{}", NOW.0)).unwrap();
        sample.expect(&padded, "signature_mismatch", "the same number, written otherwise");
        for text in [
            "",
            "abc",
            "-1",
            "+1700000000",
            " 1700000000",
            "1700000000 ",
            "1.7e9",
            "1e10",
            "1700000000.0",
            "17000000001700000000",
            "１７",
            "0x10",
        ] {
            sample.expect(&sample.with_timestamp(text).unwrap(), "timestamp_malformed", text);
        }
        let missing = match sample.timestamp_header() {
            Some(header) => sample.message.without(header),
            None => sample.message.with(sample.signature_header(), entry(&sample).unwrap().0),
        };
        sample.expect(&missing, "timestamp_malformed", "no timestamp");
    }
}

#[test]
fn a_timestamp_field_that_is_there_twice_is_refused() {
    for sample in samples() {
        let Some((list, ",")) = entry(&sample) else { continue };
        for value in [
            format!("t={0},t={0},{list}", NOW.0),
            format!("t={},{list},t={}", NOW.0, NOW.0 + 1),
            format!("t={},t={},{list}", NOW.0 + 1, NOW.0),
        ] {
            let twice = sample.message.with(sample.signature_header(), value);
            sample.expect(&twice, "signature_ambiguous", "two timestamps");
        }
    }
}

#[test]
fn a_key_is_held_only_against_signatures_of_its_kind() {
    // With SHA-512 both kinds of signatures are 64 bytes long, so that only the version tells.
    let Scheme::Signed(mut signed) = provider("standard-webhooks").unwrap().scheme.clone() else {
        panic!("Standard Webhooks signs")
    };
    signed.algorithm = Algorithm::HmacSha512;
    let [hmac, ed25519] = secrets(&Scheme::Signed(signed.clone())).try_into().unwrap();
    let both = verifier(&Scheme::Signed(signed), &[&hmac[0], &ed25519[0]], &Options::default());
    let message = Message::new("application/json", b"{}").signed(&both, ID, NOW);
    assert_eq!(code(&both, &message, NOW), "ok");
    let value = String::from_utf8(message.get("webhook-signature")).unwrap();
    let swapped = value.replace("v1,", "v0,").replace("v1a,", "v1,").replace("v0,", "v1a,");
    assert_ne!(swapped, value);
    assert_eq!(code(&both, &message.with("webhook-signature", swapped), NOW), "signature_mismatch");
}

#[test]
fn the_window_is_as_wide_in_both_directions_and_its_edge_is_inside() {
    for sample in samples() {
        let at = |verifier, seconds: i64| {
            code(verifier, &sample.message, UnixSeconds(NOW.0.saturating_add_signed(seconds)))
        };
        if let Some(window) =
            sample.verifier.tolerance().map(|window| i64::try_from(window).unwrap())
        {
            for (seconds, expected) in [
                (window, "ok"),
                (-window, "ok"),
                (window + 1, "timestamp_outside_window"),
                (-window - 1, "timestamp_outside_window"),
                (i64::MAX, "timestamp_outside_window"),
                (i64::MIN, "timestamp_outside_window"),
            ] {
                assert_eq!(
                    at(&sample.verifier, seconds),
                    expected,
                    "{} at {seconds} s",
                    sample.name
                );
            }
        } else {
            assert_eq!(at(&sample.verifier, i64::MAX), "ok", "{}", sample.name);
        }
        let narrow = verifier(
            &sample.scheme,
            &[&sample.secrets[0]],
            &Options { tolerance: Some(2), ..Options::default() },
        );
        assert_eq!(narrow.tolerance().is_some(), sample.covers.timestamp, "{}", sample.name);
        let expected = if sample.covers.timestamp { "timestamp_outside_window" } else { "ok" };
        for (seconds, expected) in [(2, "ok"), (-2, "ok"), (3, expected), (-3, expected)] {
            assert_eq!(at(&narrow, seconds), expected, "{} at {seconds} s of 2", sample.name);
        }
    }
}

#[test]
fn a_wrong_signature_is_never_called_old() {
    for sample in samples() {
        let wrong = verifier(&sample.scheme, &[&sample.secrets[1]], &Options::default());
        assert_eq!(
            code(&wrong, &sample.message, UnixSeconds(0)),
            "signature_mismatch",
            "{}",
            sample.name
        );
    }
}

#[test]
fn an_id_is_signed_and_cannot_shift_what_is_signed() {
    for sample in samples() {
        let Some(header) = sample.signed().and_then(|signed| signed.id.clone()) else { continue };
        sample.expect(&sample.message.with(&header, "msg_other"), "signature_mismatch", "other id");
        sample.expect(&sample.message.without(&header), "id_malformed", "no id");
        let long = "a".repeat(256);
        for id in ["", "a.b", "a b", "a\nb", "a\u{7f}", "é", &long] {
            sample.expect(&sample.message.with(&header, id), "id_malformed", id);
            let refused = sample.verifier.sign(&sample.unsigned.received(), id, NOW);
            assert!(refused.is_err(), "{}: {id:?} was signed", sample.name);
        }
        // `id.time.body` read with the first dot elsewhere is the same text.
        let mut shifted = sample.message.with(&header, format!("{ID}.{}", NOW.0));
        shifted.body = [&b"1700000000."[..], &shifted.body].concat();
        sample.expect(&shifted, "id_malformed", "shifted");
    }
}

#[test]
fn a_signed_header_must_be_there_once() {
    let samples = samples();
    let sample = samples.iter().find(|sample| sample.name == "generic, all set").unwrap();
    sample.expect(&sample.message.without("content-type"), "signature_malformed", "missing");
    sample.expect(
        &sample.message.with("content-type", "text/plain"),
        "signature_mismatch",
        "changed",
    );
    let mut twice = sample.message.clone();
    twice.headers.push(("content-type".to_owned(), b"application/json".to_vec()));
    sample.expect(&twice, "signature_ambiguous", "twice");
}
