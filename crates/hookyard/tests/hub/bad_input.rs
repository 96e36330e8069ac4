//! Forty bad inputs over raw sockets against the real program: each gets the answer that says
//! what was wrong, and whether anything was stored is looked up afterwards.
//!
//! A row is a name, the bytes to send and what must come back. Rows that need more than one
//! request or a pause have a test of their own below the table.

use std::io::Write;
use std::time::{SystemTime, UNIX_EPOCH};

use crate::support::{Hub, Reply};
use hookyard_signature::{Options, Received, Secret, UnixSeconds, Verifier, provider};

const GITHUB_SECRET: &str = "It's a Secret to Everybody";
const STANDARD_SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

const SECTIONS: &str = r#"
[server.limits]
head_timeout = "1s"
body_timeout = "1s"
request_timeout = "3s"

[sources.github]
provider = "github"
secret = "It's a Secret to Everybody"

[sources.standard]
provider = "standard-webhooks"
secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

[sources.off]
provider = "github"
secret = "It's a Secret to Everybody"
enabled = false

[sources.small]
verify = "none"
body_limit = "1KiB"

[sources.open]
verify = "none"

[sources.listed]
verify = "none"
allow_ips = ["203.0.113.0/24"]

[sources.rated]
verify = "none"
rate = "1/h"

[sources.guarded]
verify = "none"
token = { header = "authorization", prefix = "Bearer ", tokens = ["correct-horse-battery"] }
"#;

/// What must come back.
#[derive(Clone, Copy)]
enum Expect {
    /// This status and this code, and nothing stored.
    Refused(u16, &'static str),
    /// One of these statuses, a problem, and nothing stored.
    RefusedWithOneOf(&'static [u16]),
    /// 200, and one event stored.
    Stored,
    /// The connection is closed with or without an answer, and nothing stored.
    Closed,
}
use Expect::{Closed, Refused, RefusedWithOneOf, Stored};

pub(crate) fn now() -> u64 {
    #[allow(
        clippy::disallowed_methods,
        reason = "a test stands for a sender, who has a clock of their own"
    )]
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}

fn verifier(slug: &str, secret: &str) -> Verifier {
    provider(slug)
        .unwrap()
        .verifier(vec![Secret::new(secret).unwrap()], &Options::default())
        .unwrap()
}

/// The headers that prove a body, as the provider sends them.
fn proof(slug: &str, secret: &str, body: &[u8], id: &str, at: u64) -> Vec<(String, String)> {
    let none: [(&str, &str); 0] = [];
    let request = Received { method: "POST", url: "http://hub/", headers: &none, body };
    let proof = verifier(slug, secret).sign(&request, id, UnixSeconds(at)).unwrap();
    proof.headers.into_iter().map(|(name, value)| (name.into_owned(), value)).collect()
}

fn request(path: &str, headers: &[(String, String)], body: &[u8]) -> Vec<u8> {
    use std::fmt::Write as _;
    let mut bytes =
        format!("POST {path} HTTP/1.1\r\nhost: hub\r\ncontent-length: {}\r\n", body.len());
    for (name, value) in headers {
        write!(bytes, "{name}: {value}\r\n").unwrap();
    }
    bytes.push_str("\r\n");
    [bytes.as_bytes(), body].concat()
}

fn github(body: &[u8], id: &str) -> Vec<u8> {
    let mut headers = proof("github", GITHUB_SECRET, body, id, now());
    headers.push(("x-github-event".into(), "push".into()));
    headers.push(("x-github-delivery".into(), id.into()));
    request("/webhook/github", &headers, body)
}

/// GitHub's signature header with this value.
fn github_signature(value: &str) -> Vec<u8> {
    request("/webhook/github", &[("x-hub-signature-256".into(), value.into())], b"{}")
}

fn standard(body: &[u8], id: &str, at: u64) -> Vec<u8> {
    request("/webhook/standard", &proof("standard-webhooks", STANDARD_SECRET, body, id, at), body)
}

/// A Standard Webhooks request, rightly signed, with one header put in the place of another.
fn standard_with(name: &str, value: &str) -> Vec<u8> {
    let mut headers = proof("standard-webhooks", STANDARD_SECRET, b"{}", "msg_1", now());
    headers.retain(|(other, _)| other != name);
    headers.push((name.into(), value.into()));
    request("/webhook/standard", &headers, b"{}")
}

fn raw(head: &str) -> Vec<u8> {
    head.replace('\n', "\r\n").into_bytes()
}

/// To the open source, with these header lines and this body as they stand.
fn open(lines: &str, body: &str) -> Vec<u8> {
    [raw(&format!("POST /webhook/open HTTP/1.1\nhost: hub\n{lines}\n")), body.as_bytes().to_vec()]
        .concat()
}

fn open_body(body: &[u8]) -> Vec<u8> {
    request("/webhook/open", &[("content-type".into(), "application/json".into())], body)
}

type Row = (&'static str, Vec<u8>, Expect);

fn paths_and_methods() -> Vec<Row> {
    let to = |start: &str| raw(&format!("{start} HTTP/1.1\nhost: hub\ncontent-length: 0\n\n"));
    vec![
        ("1 unknown source", to("POST /webhook/nobody"), Refused(404, "source_not_found")),
        ("2 disabled source", to("POST /webhook/off"), Refused(404, "source_not_found")),
        ("3 GET", to("GET /webhook/github"), Refused(405, "method_not_allowed")),
        ("4 OPTIONS", to("OPTIONS /webhook/github"), Refused(405, "method_not_allowed")),
        ("4 TRACE", to("TRACE /webhook/github"), Refused(405, "method_not_allowed")),
        ("4 CONNECT", to("CONNECT hub:80"), Refused(405, "method_not_allowed")),
        ("39 dot dot", to("POST /webhook/../admin"), Refused(404, "source_not_found")),
        ("39 encoded dots", to("POST /webhook/%2e%2e"), Refused(404, "source_not_found")),
        ("39 encoded NUL", to("POST /webhook/open%00"), Refused(404, "source_not_found")),
        ("39 double slash", to("POST //webhook/open"), Refused(404, "source_not_found")),
        ("39 other case", to("POST /webhook/OPEN"), Refused(404, "source_not_found")),
        (
            "39 many segments",
            to(&format!("POST /webhook{}", "/a".repeat(3_000))),
            Refused(404, "source_not_found"),
        ),
        (
            "28 long URL",
            to(&format!("POST /webhook/{}", "a".repeat(8_200))),
            Refused(414, "uri_too_long"),
        ),
        (
            "28 huge URL",
            to(&format!("POST /webhook/{}", "a".repeat(70_000))),
            RefusedWithOneOf(&[414, 431]),
        ),
        ("31 absolute form", to("POST http://hub/webhook/open"), Refused(400, "bad_request")),
        ("31 HTTP/2 preface", raw("PRI * HTTP/2.0\n\nSM\n\n"), Refused(400, "bad_request")),
        (
            "31 h2c upgrade is ignored",
            open(
                "connection: upgrade, http2-settings\nupgrade: h2c\nhttp2-settings: AAMAAABkAAQAAP__\ncontent-length: 2\n",
                "{}",
            ),
            Stored,
        ),
        ("address not listed", to("POST /webhook/listed"), Refused(403, "address_not_allowed")),
        (
            "forged forwarded address",
            raw(
                "POST /webhook/listed HTTP/1.1\nhost: hub\nx-forwarded-for: 203.0.113.9\ncontent-length: 0\n\n",
            ),
            Refused(403, "address_not_allowed"),
        ),
        ("token missing", to("POST /webhook/guarded"), Refused(401, "token_refused")),
        (
            "token wrong",
            raw(
                "POST /webhook/guarded HTTP/1.1\nhost: hub\nauthorization: Bearer correct-horse-batter\ncontent-length: 0\n\n",
            ),
            Refused(401, "token_refused"),
        ),
        (
            "token empty",
            raw(
                "POST /webhook/guarded HTTP/1.1\nhost: hub\nauthorization: Bearer \ncontent-length: 0\n\n",
            ),
            Refused(401, "token_refused"),
        ),
        (
            "token right",
            raw(
                "POST /webhook/guarded HTTP/1.1\nhost: hub\nauthorization: bearer correct-horse-battery\ncontent-length: 0\n\n",
            ),
            Stored,
        ),
    ]
}

#[expect(clippy::too_many_lines, reason = "a table")]
fn signatures() -> Vec<Row> {
    let good = proof("github", GITHUB_SECRET, b"{}", "", 0).remove(0).1;
    let wrong_key = proof("github", "another secret", b"{}", "", 0).remove(0).1;
    let cut = good.get(..good.len() - 2).unwrap();
    let twice = [
        ("x-hub-signature-256".into(), good.clone()),
        ("x-hub-signature-256".into(), wrong_key.clone()),
    ];
    let mut flipped = github(b"{\"a\":1}", "flip");
    *flipped.last_mut().unwrap() ^= 1;
    let many = vec!["v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="; 33].join(" ");
    let at = now();
    vec![
        ("5 missing", request("/webhook/github", &[], b"{}"), Refused(401, "signature_missing")),
        ("6 empty", github_signature(""), Refused(401, "signature_malformed")),
        ("6 prefix alone", github_signature("sha256="), Refused(401, "signature_malformed")),
        (
            "6 version alone",
            standard_with("webhook-signature", "v1,"),
            Refused(401, "signature_malformed"),
        ),
        ("7 shorter", github_signature(cut), Refused(401, "signature_malformed")),
        ("7 longer", github_signature(&format!("{good}00")), Refused(401, "signature_malformed")),
        (
            "7 not hex",
            github_signature(&good.replace(|it: char| it.is_ascii_digit(), "z")),
            Refused(401, "signature_malformed"),
        ),
        (
            "7 unpadded",
            standard_with("webhook-signature", "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE"),
            Refused(401, "signature_malformed"),
        ),
        ("8 wrong key", github_signature(&wrong_key), Refused(401, "signature_mismatch")),
        ("9 changed body", flipped, Refused(401, "signature_mismatch")),
        ("9 changed id", standard_with("webhook-id", "msg_2"), Refused(401, "signature_mismatch")),
        (
            "9 changed time",
            standard_with("webhook-timestamp", &(at - 1).to_string()),
            Refused(401, "signature_mismatch"),
        ),
        ("10 twice", request("/webhook/github", &twice, b"{}"), Refused(401, "proof_ambiguous")),
        (
            "11 SHA-1 alone",
            request(
                "/webhook/github",
                &[(
                    "x-hub-signature".into(),
                    "sha1=4864d2759938a15468b5df9ade20bf161da9b4f7".into(),
                )],
                b"{}",
            ),
            Refused(401, "algorithm_not_allowed"),
        ),
        (
            "12 33 signatures",
            standard_with("webhook-signature", &many),
            Refused(401, "signature_malformed"),
        ),
        (
            "14 too old",
            standard(b"{}", "msg_old", at - 310),
            Refused(401, "timestamp_outside_window"),
        ),
        (
            "14 ahead",
            standard(b"{}", "msg_new", at + 310),
            Refused(401, "timestamp_outside_window"),
        ),
        ("17 no id", standard_without("webhook-id"), Refused(401, "id_malformed")),
        ("17 long id", standard_with("webhook-id", &"m".repeat(256)), Refused(401, "id_malformed")),
        ("17 id with a dot", standard_with("webhook-id", "msg.1"), Refused(401, "id_malformed")),
        ("35 empty body", github(b"", "empty"), Stored),
    ]
}

fn standard_without(name: &str) -> Vec<u8> {
    let mut headers = proof("standard-webhooks", STANDARD_SECRET, b"{}", "msg_1", now());
    headers.retain(|(other, _)| other != name);
    request("/webhook/standard", &headers, b"{}")
}

fn timestamps() -> Vec<Row> {
    let bad = [
        "",
        "yesterday",
        "-1",
        "1700000000.5",
        "1e10",
        "17000000001700000000",
        "１７０００００００0",
        "+1700000000",
    ];
    let row = |value: &&str| {
        (
            "13 timestamp",
            standard_with("webhook-timestamp", value),
            Refused(401, "timestamp_malformed"),
        )
    };
    let mut rows: Vec<Row> = bad.iter().map(row).collect();
    rows.push((
        "13 timestamp missing",
        standard_without("webhook-timestamp"),
        Refused(401, "timestamp_malformed"),
    ));
    rows
}

fn framing() -> Vec<Row> {
    let bad = Refused(400, "bad_framing");
    let chunked = |rest: &str| open("transfer-encoding: chunked\n", rest);
    vec![
        (
            "19 announced too long",
            raw("POST /webhook/small HTTP/1.1\nhost: hub\ncontent-length: 1025\n\n"),
            Refused(413, "body_too_large"),
        ),
        (
            "20 chunked too long",
            [
                raw("POST /webhook/small HTTP/1.1\nhost: hub\ntransfer-encoding: chunked\n\n"),
                b"401\r\n".to_vec(),
                vec![b'x'; 0x401],
                b"\r\n0\r\n\r\n".to_vec(),
            ]
            .concat(),
            Refused(413, "body_too_large"),
        ),
        ("21 body stalls", open("content-length: 10\n", "12345"), Refused(408, "body_timeout")),
        ("23 negative length", open("content-length: -1\n", ""), bad),
        ("23 signed length", open("content-length: +5\n", "12345"), bad),
        ("23 list of lengths", open("content-length: 5,5\n", "12345"), bad),
        ("23 two lengths in one", open("content-length: 5, 6\n", "12345"), bad),
        ("23 length of 2^64", open("content-length: 18446744073709551616\n", ""), bad),
        ("23 two lengths", open("content-length: 2\ncontent-length: 5\n", "12345"), bad),
        ("25 unknown coding", open("transfer-encoding: xchunked\n", "0\r\n\r\n"), bad),
        ("25 chunked is not last", open("transfer-encoding: chunked, gzip\n", "0\r\n\r\n"), bad),
        (
            "25 space before the colon",
            open("transfer-encoding : chunked\n", "0\r\n\r\n"),
            RefusedWithOneOf(&[400]),
        ),
        ("26 chunk size of 2^64", chunked("10000000000000000\r\nx\r\n0\r\n\r\n"), bad),
        (
            "26 chunk extension of 1 MiB",
            chunked(&format!("1;{}\r\nx\r\n0\r\n\r\n", "e".repeat(1 << 20))),
            bad,
        ),
        ("26 no line end after a chunk", chunked("1\r\nxx0\r\n\r\n"), bad),
        (
            "26 trailers of 1 MiB",
            chunked(&format!("1\r\nx\r\n0\r\nt: {}\r\n\r\n", "e".repeat(1 << 20))),
            RefusedWithOneOf(&[400, 408]),
        ),
        ("26 chunk size is no number", chunked("zz\r\nx\r\n0\r\n\r\n"), bad),
    ]
}

fn numbered_headers(count: usize, value: &str) -> String {
    (0..count).fold(String::new(), |lines, n| lines + &format!("x-{n}: {value}\n"))
}

fn heads() -> Vec<Row> {
    let large = Refused(431, "headers_too_large");
    let lines = numbered_headers(101, "1");
    let kibibytes = numbered_headers(33, &"v".repeat(1024));
    vec![
        ("27 101 headers", open(&lines, ""), large),
        (
            "27 long header",
            open(&format!("x-long: {}\ncontent-length: 0\n", "v".repeat(8_193)), ""),
            large,
        ),
        ("27 33 KiB of headers", open(&format!("{kibibytes}content-length: 0\n"), ""), large),
        ("29 NUL", open("x-nul: a\0b\ncontent-length: 0\n", ""), Refused(400, "bad_header")),
        ("29 bare CR", open("x-cr: a\rb\ncontent-length: 0\n", ""), Refused(400, "bad_header")),
        (
            "29 folded line",
            open("x-fold: a\n b\ncontent-length: 0\n", ""),
            Refused(400, "bad_header"),
        ),
        ("29 8-bit name", open("x-é: a\ncontent-length: 0\n", ""), Refused(400, "bad_header")),
        (
            "30 no Host",
            raw("POST /webhook/open HTTP/1.1\ncontent-length: 0\n\n"),
            Refused(400, "bad_header"),
        ),
        ("30 two Hosts", open("host: other\ncontent-length: 0\n", ""), Refused(400, "bad_header")),
        (
            "30 malformed Host",
            raw("POST /webhook/open HTTP/1.1\nhost: hub@other\ncontent-length: 0\n\n"),
            Refused(400, "bad_header"),
        ),
        (
            "32 Expect with too long a body",
            raw(
                "POST /webhook/small HTTP/1.1\nhost: hub\nexpect: 100-continue\ncontent-length: 1025\n\n",
            ),
            Refused(413, "body_too_large"),
        ),
        (
            "32 unknown expectation",
            open("expect: banana\ncontent-length: 0\n", ""),
            Refused(417, "expectation_failed"),
        ),
        (
            "33 slow head",
            b"POST /webhook/open HTTP/1.1\r\nhost: h".to_vec(),
            Refused(408, "head_timeout"),
        ),
        ("22 ends in the head", b"POST /webhook/op".to_vec(), Closed),
        (
            "not HTTP",
            b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n".to_vec(),
            Refused(400, "bad_request"),
        ),
    ]
}

fn contents() -> Vec<Row> {
    let deep = "[".repeat(100_000);
    let long_number = format!("{{\"n\":{}}}", "9".repeat(500_000));
    let typed = |value: &str| {
        request("/webhook/open", &[("content-type".into(), value.to_owned())], b"--x\r\n")
    };
    vec![
        (
            "34 gzip, whatever it holds",
            github(&[0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 0xff], "gzip"),
            Stored,
        ),
        ("36 not JSON", open_body(b"not json"), Stored),
        ("36 invalid UTF-8", open_body(b"\"\xff\xfe\""), Stored),
        ("36 byte order mark", open_body(b"\xef\xbb\xbf{}"), Stored),
        ("36 cut JSON", open_body(b"{\"a\":"), Stored),
        ("36 NaN", open_body(b"{\"a\":NaN}"), Stored),
        ("36 trailing comma", open_body(b"{\"a\":1,}"), Stored),
        ("37 deep", github(deep.as_bytes(), "deep"), Stored),
        ("37 key twice", github(b"{\"action\":\"a\",\"action\":\"b\"}", "twice"), Stored),
        ("37 __proto__", github(b"{\"__proto__\":{\"action\":\"x\"}}", "proto"), Stored),
        ("37 long number", github(long_number.as_bytes(), "number"), Stored),
        ("37 lone surrogate", github(b"{\"action\":\"\\ud800\"}", "surrogate"), Stored),
        ("38 no content type", request("/webhook/open", &[], b"x"), Stored),
        ("38 wrong content type", typed("image/png"), Stored),
        ("38 long content type", typed(&"t".repeat(8_000)), Stored),
        ("38 multipart without end", typed("multipart/form-data; boundary=x"), Stored),
    ]
}

/// For a hub that has these names.
const HOSTS: &str = r#"hosts = ["hooks.example.com", "192.0.2.7", "[2001:db8::1]"]"#;

fn hosts() -> Vec<Row> {
    let to = |target: &str, version: &str, hosts: &[&str]| {
        let line = |lines: String, host: &&str| lines + &format!("host: {host}\n");
        let hosts = hosts.iter().fold(String::new(), line);
        raw(&format!("POST {target} HTTP/{version}\n{hosts}content-length: 0\n\n"))
    };
    let open = "/webhook/open";
    let host = |name: &str| to(open, "1.1", &[name]);
    let (ours, foreign) = ("hooks.example.com", Refused(421, "misdirected"));
    let bad = Refused(400, "bad_header");
    vec![
        ("30 our host", host(ours), Stored),
        ("30 other case and a port", host("Hooks.EXAMPLE.com:8443"), Stored),
        ("30 dot at the end", host("hooks.example.com.:80"), Stored),
        ("30 IPv4", host("192.0.2.7:8080"), Stored),
        ("30 IPv6, written otherwise", host("[2001:DB8:0::0:1]:8080"), Stored),
        ("30 foreign", host("evil.example"), foreign),
        ("30 foreign, ours is its beginning", host("hooks.example.com.evil.example"), foreign),
        ("30 foreign, ours is its end", host("x.hooks.example.com"), foreign),
        ("30 foreign IPv6", host("[2001:db8::2]"), foreign),
        ("30 the address that is listened on", host("127.0.0.1"), foreign),
        ("30 empty", host(""), foreign),
        ("30 none, in HTTP/1.0", to(open, "1.0", &[]), foreign),
        ("30 foreign and no source", to("/webhook/nobody", "1.1", &["evil.example"]), foreign),
        (
            "30 foreign, ours is what a proxy is said to have seen",
            raw(
                "POST /webhook/open HTTP/1.1\nhost: evil.example\nx-forwarded-host: hooks.example.com\ncontent-length: 0\n\n",
            ),
            foreign,
        ),
        ("30 none", to(open, "1.1", &[]), bad),
        ("30 ours twice", to(open, "1.1", &[ours, ours]), bad),
        ("30 ours and a foreign one", to(open, "1.1", &[ours, "evil.example"]), bad),
        ("30 user before ours", host("evil.example@hooks.example.com"), bad),
        ("30 port that is none", host("hooks.example.com:80x"), bad),
        ("30 IPv6 without brackets", host("2001:db8::1"), bad),
        (
            "31 absolute form, ours",
            to("http://hooks.example.com/webhook/open", "1.1", &["evil.example"]),
            Stored,
        ),
        (
            "31 absolute form, foreign",
            to("https://evil.example/webhook/open", "1.1", &[ours]),
            foreign,
        ),
        (
            "31 absolute form with a user",
            to("http://evil.example@hooks.example.com/webhook/open", "1.1", &[ours]),
            Refused(400, "bad_request"),
        ),
        (
            "31 absolute form, another scheme",
            to("ftp://hooks.example.com/webhook/open", "1.1", &[ours]),
            Refused(400, "bad_request"),
        ),
        ("31 host as the target", to(ours, "1.1", &[ours]), Refused(400, "bad_request")),
    ]
}

#[test]
fn every_bad_input_gets_its_answer() {
    let tables = [paths_and_methods(), signatures(), timestamps(), framing(), heads(), contents()];
    judge_all(&Hub::start(SECTIONS), tables.into_iter().flatten().collect());
}

#[test]
fn a_hub_with_names_takes_requests_for_these_alone() {
    let hub = Hub::start_with(HOSTS, "", SECTIONS);
    judge_all(&hub, hosts());
    assert_eq!(hub.api("GET", "/health", None).0, 200, "probes have a listener of their own");
}

fn judge_all(hub: &Hub, rows: Vec<Row>) {
    let mut failures = Vec::new();
    let mut stored = 0;
    let count = rows.len();
    for (name, bytes, expect) in rows {
        let reply = if matches!(expect, Closed) {
            send_and_leave(hub, &bytes)
        } else {
            hub.exchange(&bytes)
        };
        if let Some(wrong) = judge(reply.as_ref(), expect) {
            failures.push(format!("{name}: {wrong}; got {reply:?}"));
        }
        stored += usize::from(matches!(expect, Stored));
    }
    assert!(
        failures.is_empty(),
        "{} of {count} are wrong:\n{}",
        failures.len(),
        failures.join("\n")
    );
    assert_eq!(hub.events().len(), stored, "exactly what was accepted is stored");
    println!("bad inputs: {count} of {count}");
}

/// What is wrong with an answer, if anything is.
fn judge(reply: Option<&Reply>, expect: Expect) -> Option<String> {
    let Some(reply) = reply else {
        return (!matches!(expect, Closed)).then(|| "no answer".to_owned());
    };
    let problem = reply.header("content-type") == Some("application/problem+json");
    // Who has proved nothing is not told what is kept of it, which may be all, in quarantine.
    let has_proved_nothing = reply.status == 401 && reply.code() != "token_refused";
    let says = String::from_utf8_lossy(&reply.body).to_lowercase();
    let says_what_it_should = says.contains("stored") != has_proved_nothing;
    match expect {
        Refused(status, code) if reply.status != status || reply.code() != code => {
            Some(format!("wanted {status} {code}"))
        }
        RefusedWithOneOf(statuses) if !statuses.contains(&reply.status) => {
            Some(format!("wanted one of {statuses:?}"))
        }
        Stored if reply.status != 200 || reply.json()["status"] != "accepted" => {
            Some("wanted 200 accepted".into())
        }
        Refused(..) | RefusedWithOneOf(_) if !problem => Some("not a problem+json".into()),
        Refused(..) | RefusedWithOneOf(_) if !says_what_it_should => Some(
            "does not say whether it was stored, or says so to somebody who proved nothing".into(),
        ),
        Refused(..) | RefusedWithOneOf(_) if reply.body.len() > 512 => {
            Some("longer than 512 bytes".into())
        }
        _ => None,
    }
}

/// Sends bytes and ends the connection, as a sender does that dies.
fn send_and_leave(hub: &Hub, bytes: &[u8]) -> Option<Reply> {
    let mut socket = hub.connect();
    socket.write_all(bytes).unwrap();
    socket.shutdown(std::net::Shutdown::Write).unwrap();
    Reply::read(&mut socket)
}

#[test]
fn a_body_that_ends_early_is_not_stored() {
    let hub = Hub::start(SECTIONS);
    let reply = send_and_leave(&hub, &open("content-length: 10\n", "12345"));
    assert!(reply.is_none_or(|reply| reply.status == 400), "22");
    assert!(hub.events().is_empty());
}

#[test]
fn a_repeat_is_told_and_another_body_under_its_id_is_kept() {
    let hub = Hub::start(SECTIONS);
    let first = hub.exchange(&github(b"{\"n\":1}", "one")).unwrap().json();
    let repeat = hub.exchange(&github(b"{\"n\":1}", "one")).unwrap();
    assert_eq!((repeat.status, &repeat.json()["status"]), (200, &"duplicate".into()), "15");
    assert_eq!(repeat.json()["event_id"], first["event_id"]);
    let other = hub.exchange(&github(b"{\"n\":2}", "one")).unwrap().json();
    assert_eq!((&other["status"], &other["id_conflict"]), (&"accepted".into(), &true.into()), "16");
    assert_ne!(other["event_id"], first["event_id"]);
    let again = hub.exchange(&github(b"{\"n\":2}", "one")).unwrap().json();
    assert_eq!((&again["status"], &again["event_id"]), (&"duplicate".into(), &other["event_id"]));
    assert_eq!(hub.events().len(), 2);
}

#[test]
fn sixty_four_at_once_are_one() {
    let hub = Hub::start(SECTIONS);
    let bytes = github(b"{\"same\":true}", "same");
    let barrier = std::sync::Barrier::new(64);
    let replies: Vec<Reply> = std::thread::scope(|scope| {
        let send = || {
            barrier.wait();
            hub.exchange(&bytes).unwrap()
        };
        let threads: Vec<_> = (0..64).map(|_| scope.spawn(send)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    let accepted = replies.iter().filter(|reply| reply.json()["status"] == "accepted").count();
    let duplicates = replies.iter().filter(|reply| reply.json()["status"] == "duplicate").count();
    assert_eq!((accepted, duplicates), (1, 63), "18");
    let ids: std::collections::HashSet<String> =
        replies.iter().map(|reply| reply.json()["event_id"].to_string()).collect();
    assert_eq!(ids.len(), 1);
    assert_eq!(hub.events().len(), 1);
}

#[test]
fn length_and_chunks_together_are_read_as_chunks_and_nothing_after_them() {
    let hub = Hub::start(SECTIONS);
    let smuggled = "POST /webhook/open HTTP/1.1\r\nhost: hub\r\ncontent-length: 1\r\n\r\nS";
    let bytes = open(
        "content-length: 4\ntransfer-encoding: chunked\n",
        &format!("1\r\nx\r\n0\r\n\r\n{smuggled}"),
    );
    let mut socket = hub.connect();
    socket.write_all(&bytes).unwrap();
    let first = Reply::read(&mut socket).unwrap();
    assert!(matches!(first.status, 200 | 400), "24: {first:?}");
    assert!(
        Reply::read(&mut socket).is_none(),
        "24: a second request was read from the same connection"
    );
    assert!(hub.events().len() <= 1);
}

#[test]
fn a_flood_is_told_when_to_come_back() {
    let hub = Hub::start(SECTIONS);
    let bytes = request("/webhook/rated", &[], b"{}");
    assert_eq!(hub.exchange(&bytes).unwrap().status, 200);
    let refused = hub.exchange(&bytes).unwrap();
    assert_eq!((refused.status, refused.code().as_str()), (429, "rate_limited"), "40");
    assert!(refused.header("retry-after").unwrap().parse::<u64>().unwrap() >= 1);
}

#[test]
fn a_store_that_is_full_says_so_and_takes_no_event() {
    let hub = Hub::start_with("", "keep_free = \"1000TiB\"", SECTIONS);
    let refused = hub.exchange(&github(b"{}", "full")).unwrap();
    assert_eq!((refused.status, refused.code().as_str()), (503, "store_full"), "S1");
    let wait: u64 = refused.header("retry-after").unwrap().parse().unwrap();
    assert!((15..=45).contains(&wait));
    assert!(hub.events().is_empty());
}

#[test]
fn bodies_and_headers_come_back_byte_for_byte() {
    let hub = Hub::start(SECTIONS);
    let body: Vec<u8> =
        (0..=255).cycle().take(70_000).map(|byte: u16| u8::try_from(byte).unwrap()).collect();
    let headers = [
        ("x-odd".to_owned(), "a  b\t\"é\"".to_owned()),
        ("content-type".to_owned(), "application/x-odd".to_owned()),
    ];
    let reply = hub.exchange(&request("/webhook/open", &headers, &body)).unwrap().json();
    let id = reply["event_id"].as_str().unwrap();
    let (status, event) = hub.api("GET", &format!("/api/v1/events/{id}"), None);
    assert_eq!(status, 200);
    assert_eq!(event["size"], body.len());
    let odd = event["headers"].as_array().unwrap().iter().find(|pair| pair[0] == "x-odd").unwrap();
    assert_eq!(odd[1], "a  b\t\"é\"");
}

#[test]
fn requests_on_one_connection_are_answered_in_turn() {
    let hub = Hub::start(SECTIONS);
    let mut socket = hub.connect();
    for id in 0..5 {
        socket.write_all(&github(b"{}", &format!("turn-{id}"))).unwrap();
        assert_eq!(Reply::read(&mut socket).unwrap().status, 200);
    }
    let three = [github(b"{}", "a"), github(b"{}", "b"), github_signature("sha256=")].concat();
    socket.write_all(&three).unwrap();
    let statuses: Vec<u16> = (0..3).map(|_| Reply::read(&mut socket).unwrap().status).collect();
    assert_eq!(statuses, [200, 200, 401]);
    assert_eq!(hub.events().len(), 7);
}

#[test]
fn heads_that_announce_much_and_send_nothing_take_no_room_from_others() {
    let hub = Hub::start(SECTIONS);
    let head = raw("POST /webhook/open HTTP/1.1\nhost: hub\ncontent-length: 1048576\n\n");
    let idle: Vec<_> = (0..200)
        .map(|_| {
            let mut socket = hub.connect();
            socket.write_all(&head).unwrap();
            socket
        })
        .collect();
    assert_eq!(hub.exchange(&github(b"{}", "among-many")).unwrap().status, 200);
    drop(idle);
}
