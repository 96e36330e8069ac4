//! Provider by provider: what the package signs and the hub has to accept, and the reverse.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::{SystemTime, UNIX_EPOCH};

use hookyard_signature::{Options, Received, Secret, UnixSeconds, Verifier, provider};

use crate::packages::{Case, Packages, Registry, send, text};
use crate::support::Hub;

/// Longer than any provider's tolerance.
const DAY: u64 = 86_400;

#[test]
fn packages_of_npm_and_the_hub_agree() {
    agree(Registry::Npm);
}

#[test]
fn packages_of_pypi_and_the_hub_agree() {
    agree(Registry::PyPi);
}

/// What came of a case: its line of the table, and what is wrong.
struct Outcome {
    line: String,
    wrong: Vec<String>,
}

fn agree(registry: Registry) {
    let packages = Packages::start(registry);
    let cases = packages.cases();
    let hub = Hub::start(&cases.iter().map(source).collect::<String>());
    let outcomes: Vec<_> = cases.iter().map(|case| outcome(case, &packages, &hub)).collect();

    let mut table = String::from(
        "provider            package                                   signs  verifies  also accepts\n",
    );
    table.extend(outcomes.iter().map(|outcome| outcome.line.as_str()));
    let count = |can: fn(&Case) -> bool| cases.iter().filter(|case| can(case)).count();
    let (signs, verifies) = (count(|case| case.signs), count(|case| case.verifies));
    let all = cases.len();
    writeln!(
        table,
        "{registry:?}: {all} providers, {signs} signed by the package, {verifies} verified by it"
    )
    .unwrap();
    println!("{table}");
    std::fs::write(registry.installed().join("table.txt"), &table).unwrap();

    let wrong: Vec<_> = outcomes.into_iter().flat_map(|outcome| outcome.wrong).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The hub's source for a case.
fn source(case: &Case) -> String {
    let quoted = |text: &String| serde_json::to_string(text).unwrap();
    let settings: Vec<_> =
        case.settings.iter().map(|(name, value)| format!("{name} = {}", quoted(value))).collect();
    let settings = if settings.is_empty() {
        String::new()
    } else {
        format!("settings = {{ {} }}\n", settings.join(", "))
    };
    format!(
        "[sources.{0}]\nprovider = \"{0}\"\nsecret = {1}\n{settings}",
        case.provider,
        quoted(&case.secret)
    )
}

fn outcome(case: &Case, packages: &Packages, hub: &Hub) -> Outcome {
    let signed = if case.signs { into_the_hub(case, packages, hub) } else { Vec::new() };
    let (verified, more) =
        if case.verifies { out_of_the_crate(case, packages) } else { Default::default() };
    let shown = |can: bool, wrong: &[String]| match (can, wrong) {
        (false, _) => "-",
        (true, []) => "ok",
        (true, _) => "WRONG",
    };
    let line = format!(
        "{:<19} {:<41} {:<6} {:<9} {}\n",
        case.provider,
        format!("{}@{}", case.package, case.version),
        shown(case.signs, &signed),
        shown(case.verifies, &verified),
        more.join(", ")
    );
    Outcome { line, wrong: [signed, verified].concat() }
}

/// The hub accepts what the package signed, and refuses it tampered and unsigned. Gives what is
/// wrong.
fn into_the_hub(case: &Case, packages: &Packages, hub: &Hub) -> Vec<String> {
    let path = format!("/webhook/{}", case.provider);
    let url = format!("http://{}{path}", hub.ingest);
    let signed = packages.sign(case, &url, now());
    assert_ne!(signed.body, signed.tampered, "{}: nothing was tampered with", case.provider);
    let headers = with(&signed.headers, &signed.proof);
    let without = with(&signed.headers, &BTreeMap::new());
    // Where the proof is in the body, the unsigned one is the one that was to be signed.
    let unsigned = if signed.proof.is_empty() { &case.body } else { &signed.body };
    let checks = [
        ("signed by the package", &headers, &signed.body, 200),
        ("tampered with", &headers, &signed.tampered, 401),
        ("unsigned", &without, unsigned, 401),
    ];
    let wrong = checks.into_iter().filter_map(|(what, headers, body, status)| {
        let reply = send(hub.ingest, "POST", &path, headers, body.as_bytes());
        let answer = format!("{} {}", reply.status, text(&reply));
        (reply.status != status)
            .then(|| format!("{}: {what}: the hub answered {answer}", case.provider))
    });
    wrong.collect()
}

/// A request as it is sent to a package.
struct Request {
    url: String,
    headers: Headers,
    body: Vec<u8>,
}

type Headers = Vec<(String, String)>;

impl Request {
    /// Whether the package accepts it, and what it says.
    fn asked(&self, packages: &Packages) -> (bool, String) {
        let target = self.url.replacen(&format!("http://{}", packages.address), "", 1);
        let reply = send(packages.address, "POST", &target, &self.headers, &self.body);
        (reply.status == 200, text(&reply))
    }

    fn with_body(&self, body: Vec<u8>) -> Self {
        Self { url: self.url.clone(), headers: self.headers.clone(), body }
    }

    fn received(&self) -> Received<'_> {
        Received { method: "POST", url: &self.url, headers: &self.headers, body: &self.body }
    }
}

/// The package accepts what we signed, and refuses it tampered and unsigned. Gives what is wrong,
/// and what the package accepts beside that and we do not, which is its own affair.
fn out_of_the_crate(case: &Case, packages: &Packages) -> (Vec<String>, Vec<&'static str>) {
    let ours = verifier(case, &case.signing_secret);
    let unsigned = Request {
        url: format!("http://{}/verify/{}", packages.address, case.provider),
        headers: with(&case.headers, &BTreeMap::new()),
        body: case.body.clone().into_bytes(),
    };
    let now = now();
    let signed = sign(&ours, &unsigned, now);
    let tampered = signed.with_body(tamper(&signed.body));
    let checks = [
        ("signed by us", &signed, true),
        ("tampered with", &tampered, case.leaves_body),
        ("unsigned", &unsigned, false),
    ];
    let wrong = checks.into_iter().filter_map(|(what, request, accepted)| {
        let (is, says) = request.asked(packages);
        let sentence = format!("{}: {what}: {} says: {says}", case.provider, case.package);
        (is != accepted).then_some(sentence)
    });
    let wrong = wrong.collect();

    let judge = verifier(case, &case.secret);
    let probes = [
        ("a day old", sign(&ours, &unsigned, now - DAY)),
        ("a day ahead", sign(&ours, &unsigned, now + DAY)),
        ("an added space", signed.with_body([&signed.body[..], b" "].concat())),
        ("another body", tampered),
    ];
    let beyond = probes.iter().filter(|(_, request)| {
        let judged = judge.verify(&request.received(), UnixSeconds(now));
        judged.is_err() && request.asked(packages).0
    });
    (wrong, beyond.map(|(what, _)| *what).collect())
}

fn verifier(case: &Case, secret: &str) -> Verifier {
    let options = Options { settings: case.settings.clone(), ..Options::default() };
    let secrets = vec![Secret::new(secret).unwrap()];
    let provider = provider(&case.provider);
    let provider = provider.unwrap_or_else(|| panic!("{} is no provider", case.provider));
    provider
        .verifier(secrets, &options)
        .unwrap_or_else(|error| panic!("{}: {error}", case.provider))
}

fn sign(signer: &Verifier, unsigned: &Request, now: u64) -> Request {
    let proof = signer.sign(&unsigned.received(), "msg_interop", UnixSeconds(now)).unwrap();
    let added = proof.headers.into_iter().map(|(name, value)| (name.into_owned(), value));
    let kept = unsigned.headers.iter().cloned().collect();
    Request {
        url: proof.url.unwrap_or_else(|| unsigned.url.clone()),
        headers: with(&kept, &added.collect()),
        body: proof.body.unwrap_or_else(|| unsigned.body.clone()),
    }
}

/// The same body with another word in it; where it has no such word, another letter in the middle.
fn tamper(body: &[u8]) -> Vec<u8> {
    let text = String::from_utf8(body.to_vec()).unwrap();
    let tampered = text.replacen("interop", "tampered", 1);
    if tampered != text {
        return tampered.into_bytes();
    }
    // Base64, whose letters are all as good as each other.
    let mut tampered = body.to_vec();
    let middle = tampered.len() / 2;
    let letter = tampered.iter_mut().skip(middle).find(|byte| byte.is_ascii_lowercase()).unwrap();
    *letter = if *letter == b'a' { b'b' } else { b'a' };
    tampered
}

/// Headers, of which the second ones replace those of the same name.
fn with(headers: &BTreeMap<String, String>, more: &BTreeMap<String, String>) -> Headers {
    let mut all = headers.clone();
    all.extend(more.iter().map(|(name, value)| (name.clone(), value.clone())));
    all.into_iter().collect()
}

#[expect(clippy::disallowed_methods, reason = "the packages look at the real clock")]
fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}
