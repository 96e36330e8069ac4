//! The tampering matrix: what must not get through, for every provider in the table and some
//! schemes from settings. The expectations follow from the schemes: a new provider writes none.

use hookyard_signature::{
    Algorithm, Format, Options, PROVIDERS, Part, Place, Provider, Scheme, Unit, UnixSeconds,
    provider,
};

use crate::support::{
    FORM, ID, Message, NOW, PAYLOAD, Sample, code, counted, first, header, is_derived, list_field,
    list_form, samples, secrets, signature_prefix, signs_payload, time_in_value, verifier,
};
use crate::{bespoke, jwt};

/// What a change must lead to, given whether the proof covers what was changed.
const fn if_covered(covered: bool) -> &'static str {
    if covered { "signature_mismatch" } else { "ok" }
}

fn accepted_as_it_was_signed() {
    for sample in samples() {
        sample.expect(&sample.message, "ok", "untouched");
    }
}

fn a_changed_body_is_refused_where_it_is_covered() {
    for sample in samples() {
        let body = &sample.message.body;
        if sample.is_in_body() {
            // What carries the proof may be what was changed, so that nothing can be foretold
            // but that a body which is covered is not accepted.
            let unlike = [body, &b"\x00"[..]].concat();
            sample.expect_unlike(&sample.message.with_body(unlike), "a byte more");
            sample.expect_unlike(&sample.message.with_body(""), "body emptied");
            let space = sample.message.with_body([body, &b" "[..]].concat());
            sample.expect(&space, if_covered(sample.covers.body), "a space more");
            continue;
        }
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

/// What a body is taken for is not signed, and must not decide whether it is looked at.
fn another_content_type_frees_no_body() {
    for sample in samples().iter().filter(|sample| sample.covers.body) {
        let body = &sample.message.body;
        let longer = [body, &b"&a=b"[..]].concat();
        for kind in ["application/json", FORM, "text/plain", ""] {
            for changed in [&b""[..], b"{}", b"a=b", &longer] {
                let changed = sample.message.with_body(changed).with("Content-Type", kind);
                sample.expect_unlike(&changed, kind);
            }
        }
    }
}

fn a_changed_method_or_url_is_refused_where_it_is_covered() {
    for sample in samples() {
        let method = Message { method: "PUT".to_owned(), ..sample.message.clone() };
        sample.expect(&method, if_covered(sample.covers.method), "other method");
        let url = Message {
            url: sample.message.url.replace("/webhook/x", "/webhook/y"),
            ..sample.message.clone()
        };
        sample.expect(&url, if_covered(sample.covers.url), "other path");
    }
}

fn another_secret_is_refused_and_rotation_accepts_both() {
    for sample in samples() {
        let [right, other] = &sample.secrets;
        let wrong = verifier(&sample.scheme, &[other], &Options::default());
        let mismatch = sample.named("signature_mismatch");
        assert_eq!(code(&wrong, &sample.message, NOW), mismatch, "{}", sample.name);
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
            if is_list { "ok" } else { &mismatch },
            "{}",
            sample.name
        );
    }
}

fn a_missing_empty_or_cut_signature_is_refused() {
    for sample in samples() {
        let value = sample.value();
        // Any text is a well-formed token; it is just another one.
        let other = if sample.is_token() { "signature_mismatch" } else { "signature_malformed" };
        let missing = sample.message.with_at(&sample.place, None).unwrap();
        sample.expect(&missing, "signature_missing", "nothing there");
        sample.expect_value(b"", "signature_malformed", "nothing in it");
        sample.expect_value(&value[..value.len() - 1], other, "cut by a character");
        for (more, what) in [
            (&b"A"[..], "one character more"),
            (b"\n", "a line break behind it"),
            (b"\xff", "a byte that is no text behind it"),
        ] {
            sample.expect_value(&[&value, more].concat(), other, what);
        }

        let prefix = signature_prefix(sample);
        sample.expect_value(prefix.as_bytes(), "signature_malformed", "the prefix alone");
        if !prefix.is_empty() {
            let bare = value.strip_prefix(prefix.as_bytes()).unwrap();
            sample.expect_value(bare, "signature_malformed", "no prefix");
        }
        if let Some(Format::Versions { version, glue, .. }) =
            sample.signed().map(|signed| &signed.carrier.format)
        {
            let bare = format!("{version}{glue}");
            sample.expect_value(bare.as_bytes(), "signature_malformed", "a version alone");
        }
    }
}

fn a_header_that_is_there_twice_is_refused() {
    for sample in samples() {
        let id = sample.signed().and_then(|signed| signed.id.as_deref());
        let signature = match &sample.place {
            Place::Header(name) | Place::Pair(name, _) => Some(&**name),
            _ => None,
        };
        for header in [signature, sample.timestamp_header(), id].into_iter().flatten() {
            for twin in [sample.message.get(header), b"other".to_vec(), Vec::new()] {
                let mut behind = sample.message.clone();
                behind.headers.push((header.to_uppercase(), twin.clone()));
                sample.expect(&behind, "proof_ambiguous", "a second one behind it");
                let mut before = sample.message.clone();
                before.headers.insert(0, (header.to_owned(), twin));
                sample.expect(&before, "proof_ambiguous", "a second one before it");
            }
        }
    }
}

fn several_headers_that_compete_are_refused() {
    for sample in samples() {
        let Some(signed) = sample.signed() else { continue };
        for carrier in signed.other_carriers.iter() {
            let both = sample.message.with(header(&carrier.place), sample.value());
            sample.expect(&both, "proof_ambiguous", "two signature headers");
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

fn weaker_signatures_are_refused_by_name() {
    for sample in samples() {
        let Some(signed) = sample.signed() else { continue };
        let value = sample.value();
        for weaker in signed.weaker.iter() {
            let alone = sample.message.with_at(&sample.place, None).unwrap();
            let alone = alone.with(weaker, value.clone());
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
                    sample.expect_value(
                        value.as_bytes(),
                        "algorithm_not_allowed",
                        "the older field alone",
                    );
                }
            }
            Format::Versions { version, ed25519, .. } if !ed25519.is_empty() => {
                let (mine, other) =
                    if text.starts_with("v1a") { (ed25519, version) } else { (version, ed25519) };
                let length = if text.starts_with("v1a") { 32 } else { 64 };
                let value = format!("{other},{}", base64_zeros(length));
                sample.expect_value(
                    value.as_bytes(),
                    "algorithm_not_allowed",
                    "no key of that kind",
                );
                let value = text.replace(&format!("{mine},"), &format!("{other},"));
                sample.expect_value(
                    value.as_bytes(),
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
fn entry(sample: &Sample) -> Option<(String, String)> {
    let value = String::from_utf8(sample.value()).ok()?;
    let glue = match &sample.signed()?.carrier.format {
        Format::Fields { between, .. } => first(between).to_string(),
        Format::Versions { .. } => " ".to_owned(),
        Format::List { between } | Format::TimeFirst { between } => between.to_string(),
        _ => return None,
    };
    Some((value.strip_prefix(&time_in_value(sample)).unwrap().to_owned(), glue))
}

fn a_list_of_signatures_has_an_end() {
    for sample in samples() {
        let Some((entry, glue)) = entry(sample) else { continue };
        let time = time_in_value(sample);
        let check = |list: &[&str], expected, what| {
            let value = format!("{time}{}", list.join(&glue));
            sample.expect_value(value.as_bytes(), expected, what);
        };
        for (count, expected) in
            [(2, "ok"), (16, "ok"), (17, "signature_malformed"), (33, "signature_malformed")]
        {
            check(&vec![&*entry; count], expected, "many signatures");
        }
        let bad = entry.split_at(entry.len() - 4).0;
        for (list, expected) in [
            (&[bad, &*entry][..], "ok"),
            (&[&*entry, bad], "ok"),
            (&["v9=x", "v9", "x", &*entry], "ok"),
            (&[bad, bad], "signature_malformed"),
        ] {
            check(list, expected, "one that cannot be read");
        }
    }
}

fn a_timestamp_is_as_the_scheme_writes_it_and_is_signed() {
    for sample in samples() {
        let Some([now, later]) = sample.times() else { continue };
        let Some(changed) = sample.with_timestamp(later) else { continue };
        sample.expect(&changed, "signature_mismatch", "a second later");
        let same = match sample.unit() {
            Some(Unit::Rfc3339) => "2023-11-14T22:13:20+00:00".to_owned(),
            _ => format!("0{now}"),
        };
        let same = sample.with_timestamp(&same).unwrap();
        sample.expect(&same, "signature_mismatch", "the same time, written otherwise");
        for text in [
            "",
            "abc",
            "-1",
            "+1700000000",
            " 1700000000",
            "1.7e9",
            "1e10",
            "1700000000.0",
            "17000000001700000000",
            "１７",
            "0x10",
            "2023-11-14",
            "2023-02-30T22:13:20Z",
        ] {
            let changed = sample.with_timestamp(text).unwrap();
            sample.expect(&changed, "timestamp_malformed", text);
        }
        // Where a space separates groups, it is not part of the time.
        let expected = if has_groups(sample) { "ok" } else { "timestamp_malformed" };
        let spaced = sample.with_timestamp(&format!("{now} ")).unwrap();
        sample.expect(&spaced, expected, "a space behind it");
        let place = sample.signed().and_then(|signed| signed.timestamp.as_ref());
        match place.map(|timestamp| &timestamp.place) {
            // The first signature would be taken for the time.
            Some(Place::Field(_)) => {
                let (entry, _) = entry(sample).unwrap();
                let is_first = matches!(
                    sample.signed().map(|signed| &signed.carrier.format),
                    Some(Format::TimeFirst { .. })
                );
                let code = if is_first { "signature_malformed" } else { "timestamp_malformed" };
                sample.expect_value(entry.as_bytes(), code, "no timestamp");
            }
            Some(place) => {
                let missing = sample.message.with_at(place, None).unwrap();
                sample.expect(&missing, "timestamp_malformed", "no timestamp");
            }
            None => {}
        }
    }
}

/// Whether a signature's value has groups, each with a time and a signature (Persona).
fn has_groups(sample: &Sample) -> bool {
    let format = sample.signed().map(|signed| &signed.carrier.format);
    matches!(format, Some(Format::Fields { between, .. }) if between.len() > 1)
}

fn a_timestamp_field_that_is_there_twice_is_refused() {
    for sample in samples() {
        let Some(signed) = sample.signed() else { continue };
        if !matches!(signed.carrier.format, Format::Fields { .. }) {
            continue;
        }
        let Some(Place::Field(name)) = signed.timestamp.as_ref().map(|time| &time.place) else {
            continue;
        };
        let (list, glue) = entry(sample).unwrap();
        let [now, later] = sample.times().unwrap().map(|time| format!("{name}={time}"));
        // Each group says the time, and all must agree.
        let twice = if has_groups(sample) { "ok" } else { "proof_ambiguous" };
        for (fields, expected) in [
            ([&now, &now, &list], twice),
            ([&now, &list, &later], "proof_ambiguous"),
            ([&later, &now, &list], "proof_ambiguous"),
        ] {
            let value = fields.map(|field| &**field).join(&glue);
            sample.expect_value(value.as_bytes(), expected, "two timestamps");
        }
    }
}

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

fn a_wrong_signature_is_never_called_old() {
    for sample in samples() {
        let wrong = verifier(&sample.scheme, &[&sample.secrets[1]], &Options::default());
        assert_eq!(
            code(&wrong, &sample.message, UnixSeconds(0)),
            sample.named("signature_mismatch"),
            "{}",
            sample.name
        );
    }
}

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

fn a_signed_header_must_be_there_once() {
    for sample in samples() {
        let Some(signed) = sample.signed() else { continue };
        for part in signed.message.iter() {
            let Part::Header(name) = part else { continue };
            sample.expect(&sample.message.without(name), "signature_malformed", "missing");
            let other = sample.message.with(name, "other");
            sample.expect(&other, "signature_mismatch", "changed");
            let mut twice = sample.message.clone();
            twice.headers.push((name.to_string(), sample.message.get(name)));
            sample.expect(&twice, "proof_ambiguous", "twice");
        }
    }
}

fn a_second_header_counts_as_the_first() {
    for sample in samples() {
        let Place::Pair(first, second) = &sample.place else { continue };
        let value = sample.value();
        let alone = sample.message.without(first).with(second, value.clone());
        sample.expect(&alone, "ok", "the second alone");
        let wrong = verifier(&sample.scheme, &[&sample.secrets[1]], &Options::default());
        let wrong = sample.unsigned.signed(&wrong, ID, NOW).at(&sample.place);
        let both = sample.message.with(first, wrong.clone()).with(second, value.clone());
        sample.expect(&both, "ok", "the first by another secret");
        let both = sample.message.with(second, wrong.clone());
        sample.expect(&both, "ok", "the second by another secret");
        let neither = sample.message.with(first, wrong.clone()).with(second, wrong);
        sample.expect(&neither, "signature_mismatch", "both by another secret");
    }
}

fn a_payload_in_a_form_stands_alone() {
    for sample in samples().iter().filter(|sample| signs_payload(&sample.scheme)) {
        let form = Message::new(FORM, PAYLOAD.as_bytes());
        let form = form.signed(&sample.verifier, ID, NOW);
        // Either way the same text is signed.
        let json = Message { headers: form.headers.clone(), ..Message::new("", br#"{"id":1}"#) };
        sample.expect(&json.with("Content-Type", "application/json"), "ok", "not as a form");
        sample.expect(&form.with_body("payload={%22id%22:1}"), "ok", "escaped otherwise");
        for body in ["a=b&PAYLOAD", "PAYLOAD&a=b", "PAYLOAD&PAYLOAD", "x=PAYLOAD", "a=b"] {
            let body = body.replace("PAYLOAD", PAYLOAD);
            sample.expect(&form.with_body(&*body), "signature_malformed", &body);
        }
    }
}

/// Nothing separates the fields of such a form, so each of these is the same text to the scheme.
fn a_list_in_a_form_shows_where_it_ends() {
    for sample in samples() {
        let Some(field) = list_field(&sample.scheme) else { continue };
        let form = list_form(field, b"a b");
        let signed = form.signed(&sample.verifier, ID, NOW);
        sample.expect(&signed, "ok", "as it was signed");
        let list = "%5B%7B%22id%22%3A1%7D%5D";
        let (start, end) = field.split_at(1);
        for body in [
            format!("{field}{list}&zone=a+b"),
            format!("{start}={end}{list}&zone=a+b"),
            format!("{field}={list}zonea+b"),
            format!("{field}=%5B%7B%22id%22%3A1%7D&z=&%5D=zonea+b"),
            format!("{field}=%5B&x=%7B%22id%22%3A1%7D%5D&zone=a+b"),
            format!("{field}=&{field}={list}&zone=a+b"),
            "zone=a+b".to_owned(),
        ] {
            sample.expect_unlike(&signed.with_body(&*body), &body);
        }
        for kind in ["application/json", "text/plain", "multipart/form-data; boundary=x", ""] {
            let code = "signature_malformed";
            sample.expect(&signed.with("Content-Type", kind), code, "not called a form");
        }
        sample.expect(
            &signed.without("Content-Type"),
            "signature_malformed",
            "not called anything",
        );
        let reordered = format!("zone=a+b&{field}={list}");
        sample.expect(&signed.with_body(&*reordered), "ok", "in another order");
    }
}

/// Functions with their names.
macro_rules! kinds {
    ($($kind:path),+ $(,)?) => { &[$((stringify!($kind), $kind as fn())),+] };
}

/// Every kind of tampering: with schemes that are data, with those that are code, and with tokens.
const KINDS: &[(&str, fn())] = kinds![
    accepted_as_it_was_signed,
    a_changed_body_is_refused_where_it_is_covered,
    another_content_type_frees_no_body,
    a_changed_method_or_url_is_refused_where_it_is_covered,
    another_secret_is_refused_and_rotation_accepts_both,
    a_missing_empty_or_cut_signature_is_refused,
    a_header_that_is_there_twice_is_refused,
    several_headers_that_compete_are_refused,
    weaker_signatures_are_refused_by_name,
    a_list_of_signatures_has_an_end,
    a_timestamp_is_as_the_scheme_writes_it_and_is_signed,
    a_timestamp_field_that_is_there_twice_is_refused,
    a_key_is_held_only_against_signatures_of_its_kind,
    the_window_is_as_wide_in_both_directions_and_its_edge_is_inside,
    a_wrong_signature_is_never_called_old,
    an_id_is_signed_and_cannot_shift_what_is_signed,
    a_signed_header_must_be_there_once,
    a_second_header_counts_as_the_first,
    a_payload_in_a_form_stands_alone,
    a_list_in_a_form_shows_where_it_ends,
    bespoke::accepted_as_signed_and_by_which_secret,
    bespoke::no_bit_of_what_is_covered_can_be_changed,
    bespoke::bodies_cannot_be_cut_extended_or_emptied,
    bespoke::methods_and_urls_are_bound_where_they_are_covered,
    bespoke::headers_of_a_proof_are_there_once_and_whole,
    bespoke::the_window_is_what_the_provider_says,
    bespoke::travis_ci_is_refused_when_changed_and_its_key_is_fetched,
    bespoke::ebay_is_refused_when_changed,
    jwt::what_is_signed_is_accepted_and_another_secret_is_not,
    jwt::every_changed_character_of_a_token_is_refused,
    jwt::a_missing_empty_or_doubled_token_is_refused,
    jwt::bodies_urls_and_methods_are_bound_where_that_is_promised,
    jwt::tokens_hold_for_as_long_as_they_say,
];

/// One test, so that its size can be told. Every verdict in there is compared with what is
/// expected, so a request that was accepted and should not have been ends it; what is accepted is
/// signed, or changed only where no proof reaches.
#[test]
fn the_matrix_of_tampering() {
    let (mut refused, mut accepted) = counted();
    for (name, run) in KINDS {
        run();
        let (more_refused, more_accepted) = counted();
        println!(
            "{name}: {} refused, {} accepted",
            more_refused - refused,
            more_accepted - accepted
        );
        (refused, accepted) = (more_refused, more_accepted);
    }
    println!(
        "{} providers, {} requests judged: {refused} refused, {accepted} rightly accepted, 0 wrongly",
        PROVIDERS.iter().filter(|provider| is_in_the_matrix(provider)).count(),
        refused + accepted,
    );
}

/// Whether a provider's requests are tampered with, by what follows from its scheme or by hand.
fn is_in_the_matrix(provider: &Provider) -> bool {
    let slug = provider.slug;
    is_derived(&provider.scheme)
        || bespoke::UNSIGNED.iter().any(|unsigned| unsigned.slug == slug)
        || jwt::PROVIDERS.iter().any(|(found, ..)| *found == slug)
}

#[test]
fn no_provider_that_proves_anything_is_left_out() {
    for provider in PROVIDERS.iter().filter(|provider| provider.scheme != Scheme::Unsigned) {
        assert!(
            is_in_the_matrix(provider),
            "{} has a scheme of its own: add a request to UNSIGNED in bespoke.rs",
            provider.slug
        );
    }
}
