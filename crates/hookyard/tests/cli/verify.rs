//! `hookyard verify` and `hookyard providers`.

use std::io::Write as _;
use std::path::Path;
use std::process::Stdio;

use hookyard_signature::{Options, Received, Secret, UnixSeconds, provider};
use serde_json::Value;

use crate::support::{Ran, hookyard, run};

const SECRET: &str = "whsec_a_secret_of_the_tests_01234";
const BODY: &str = "{\"id\":\"evt_1\",\"text\":\"a/b\"}";
const NOW: u64 = 1_700_000_000;

/// `body` signed as Stripe signs, as an option of the command line.
fn signed(body: &str) -> String {
    let headers: [(&str, &str); 0] = [];
    let request = Received { method: "POST", url: "", headers: &headers, body: body.as_bytes() };
    let secret = Secret::new(SECRET).unwrap();
    let verifier = provider("stripe").unwrap().verifier(vec![secret], &Options::default()).unwrap();
    let proof = verifier.sign(&request, "", UnixSeconds(NOW)).unwrap();
    format!("Stripe-Signature: {}", proof.headers[0].1)
}

/// Runs the command with a secret in the environment and a body on standard input.
fn verify(secret: &str, body: &str, arguments: &[&str]) -> Ran {
    let mut child = hookyard(&std::env::temp_dir())
        .args(["verify", "--body-file", "-"])
        .args(arguments)
        .env("HOOKYARD_SECRET", secret)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(body.as_bytes()).unwrap();
    Ran::from(child.wait_with_output().unwrap())
}

#[test]
fn a_valid_request_ends_with_0() {
    let header = signed(BODY);
    let now = NOW.to_string();
    let arguments = ["--provider", "stripe", "--header", &header, "--now", &now];
    let ran = verify(SECRET, BODY, &arguments);
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""), "{ran:?}");
    assert_eq!(
        ran.stdout,
        "valid  signed as Stripe signs, with secret 1, 2023-11-14T22:13:20.000Z\n\
         covered: body, time; not id, method, URL\n"
    );
    let ran = verify(SECRET, BODY, &[&arguments[..], &["--json"]].concat());
    let report: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(
        (ran.code, &report["valid"], &report["covers"]["url"]),
        (0, &true.into(), &false.into())
    );
    assert_eq!(report["proof"]["signed_at"], NOW);
}

#[test]
fn a_tolerance_is_a_time_and_what_is_too_old_says_how_to_go_on() {
    let header = signed(BODY);
    let arguments = ["--provider", "stripe", "--header", &header, "--tolerance"];
    let later = (NOW + 3700).to_string();
    for (tolerance, now, code, says) in [
        ("1h30m", Some(&later), 0, "valid"),
        ("5400", Some(&later), 0, "valid"),
        ("1h", Some(&later), 1, "do     See whether `--now` is when the request arrived"),
        ("5m", None, 1, "give the time at which it arrived with `--now`"),
    ] {
        let mut arguments = [&arguments[..], &[tolerance]].concat();
        arguments.extend(now.iter().flat_map(|now| ["--now", now.as_str()]));
        let ran = verify(SECRET, BODY, &arguments);
        assert_eq!(ran.code, code, "{tolerance}: {ran:?}");
        assert!(ran.stdout.contains(says) && !ran.stdout.contains("NTP"), "{tolerance}: {ran:?}");
    }
}

#[test]
fn metas_older_signature_alone_is_named() {
    let header = "X-Hub-Signature: sha1=0123456789012345678901234567890123456789";
    let ran = verify(SECRET, "{\"object\":\"page\"}", &["--provider", "facebook", "-H", header]);
    assert_eq!(ran.code, 1, "{ran:?}");
    let found = "Only an older kind of signature is there, in the header `x-hub-signature`; what counts is missing: the header `x-hub-signature-256`.";
    assert!(ran.stdout.contains(found), "{ran:?}");
    assert!(!ran.stdout.contains("Intercom"), "{ran:?}");
}

#[test]
fn a_mistake_is_said_and_ends_with_1() {
    let now = NOW.to_string();
    for (secret, body, header, mistake) in [
        (SECRET, BODY, signed(&format!("{BODY}\n")), "body_trimmed"),
        (SECRET, BODY, signed("{\"id\":\"evt_2\"}"), ""),
        (SECRET, BODY, signed("{\"id\": \"evt_1\", \"text\": \"a/b\"}"), "body_reserialised"),
        ("'whsec_a_secret_of_the_tests_01234'", BODY, signed(BODY), "secret_quoted"),
        ("another secret of the same length", BODY, signed(BODY), ""),
    ] {
        let arguments = ["--provider", "stripe", "--header", &header, "--now", &now, "--json"];
        let ran = verify(secret, body, &arguments);
        assert_eq!((ran.code, ran.stderr.as_str()), (1, ""), "{ran:?}");
        let report: Value = serde_json::from_str(&ran.stdout).unwrap();
        let found = &report["refusal"]["finding"];
        let has_next = !report["refusal"]["next"].as_array().unwrap().is_empty();
        assert_eq!(found["mistake"].as_str().unwrap_or_default(), mistake, "{report}");
        assert_eq!(has_next, mistake.is_empty(), "{report}");
        let text = verify(secret, body, arguments.split_last().unwrap().1).stdout;
        let signature = header.rsplit('=').next().unwrap();
        for canary in [secret.trim_matches('\''), SECRET, signature] {
            assert!(!ran.stdout.contains(canary) && !text.contains(canary), "{text}");
        }
        let word = if mistake.is_empty() { "what to look at next" } else { "found  " };
        assert!(text.starts_with("invalid  ") && text.contains(word), "{text}");
    }
}

#[test]
fn what_is_refused_is_called_what_it_is() {
    let cases: &[(&str, &str, &[&str], &str)] = &[
        (
            "gitlab",
            SECRET,
            &["x-gitlab-token: another"],
            "the header `x-gitlab-token` does not hold the right token",
        ),
        (
            "gitlab",
            SECRET,
            &[],
            "the header `x-gitlab-token` is missing, so there is no token to check",
        ),
        (
            "basic",
            "user:long enough a password",
            &["authorization: Basic dXNlcjpub25l"],
            "the header `authorization` does not hold the right user and password",
        ),
        (
            "basic",
            "user:long enough a password",
            &["authorization: Bearer x"],
            "the user and password in the header `authorization` cannot be read",
        ),
        (
            "stripe",
            SECRET,
            &["stripe-signature: abc"],
            "the header `stripe-signature` has no `v1=` in it, so the request is not signed",
        ),
        (
            "stripe",
            SECRET,
            &[
                "stripe-signature: v1=5257a869e7ecebeda32affa62cdca3fa51cad7e77a0e56ff536d0ce8e108d8bd",
            ],
            "the timestamp is missing from the header `stripe-signature`, which has no `t=`",
        ),
    ];
    for (slug, secret, headers, expected) in cases {
        let headers = headers.iter().flat_map(|header| ["--header", header]);
        let arguments: Vec<&str> = ["--provider", slug].into_iter().chain(headers).collect();
        let ran = verify(secret, BODY, &arguments);
        assert_eq!((ran.code, ran.stderr.as_str()), (1, ""), "{ran:?}");
        assert!(ran.stdout.starts_with(&format!("invalid  {expected}")), "{}", ran.stdout);
        // Nothing of the body is behind a token.
        assert!(*slug == "stripe" || !ran.stdout.contains("body's"), "{}", ran.stdout);
    }
}

#[test]
fn what_is_not_certain_is_said_once_and_by_one_word() {
    for (slug, says) in
        [("klarna", "How Klarna signs is unknown: "), ("bolt", "How Bolt signs is unconfirmed: ")]
    {
        let ran = verify(SECRET, BODY, &["--provider", slug]);
        assert_eq!(ran.stdout.matches(says).count(), 1, "{}", ran.stdout);
        let other = if slug == "klarna" { "unconfirmed" } else { "unknown" };
        assert!(!ran.stdout.contains(other), "{}", ran.stdout);
    }
}

#[test]
fn a_secret_of_elsewhere_is_recognised_from_files() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        std::fs::write(folder.path().join(name), text).unwrap();
    };
    write("live", "the secret of the live mode\n");
    write("test", &format!("{SECRET}\n"));
    write("body", BODY);
    let at = |folder: &Path, secret: &str| {
        let output = hookyard(folder)
            .args(["verify", "--provider", "stripe", "--body-file", "body", "--now"])
            .args([NOW.to_string(), "--header".to_owned(), signed(BODY)])
            .args(["--secret-file", secret, "--other-secret-file", "test mode=test"])
            .output();
        Ran::from(output.unwrap())
    };
    let ran = at(folder.path(), "live");
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(ran.stdout.contains("with another secret: that of `test mode`"), "{}", ran.stdout);
    assert_eq!(at(folder.path(), "test").code, 0);
}

#[test]
fn misuse_ends_with_2() {
    let cases: &[(&[&str], &str)] = &[
        (&["verify"], "required arguments were not provided"),
        (&["verify", "--provider", "strip", "--secret", "x"], "did you mean `stripe`?"),
        (&["verify", "--provider", "stripe"], "there is no secret to verify with"),
        (&["verify", "--provider", "stripe", "--secret", " "], "the secret is empty"),
        (
            &["verify", "--provider", "stripe", "--secret", "x", "-H", "y"],
            "write it as `Name: value`",
        ),
        (&["verify", "--provider", "stripe", "--secret", "x", "-H", "ü: y"], "no header's name"),
        (&["verify", "--provider", "stripe", "--secret", "x", "--set", "y=z"], "no setting `y`"),
        (&["verify", "--provider", "twilio", "--secret", "x"], "Twilio signs the URL"),
        (&["verify", "--provider", "aws-sns"], "Amazon SNS needs the setting `topic_arn`: "),
        (
            &["verify", "--provider", "paypal"],
            "`--set webhook_id=…`; in a configuration it is `settings.webhook_id`",
        ),
        (
            &["verify", "--provider", "stripe", "--secret", "x", "--body-file", "/no/such/file"],
            "cannot read `/no/such/file`",
        ),
        (
            &["verify", "--provider", "stripe", "--secret", "x", "--tolerance", "5 minutes"],
            "write a time such as `5m`, `90s` or `1h30m`, in whole seconds",
        ),
        (
            &["verify", "--provider", "stripe", "--secret", "x", "--tolerance", "500ms"],
            "whole seconds",
        ),
        (&["providers", "show", "githup"], "did you mean `github`?"),
    ];
    for (arguments, expected) in cases {
        let ran = run(arguments);
        assert_eq!((ran.code, ran.stdout.as_str()), (2, ""), "{arguments:?}: {ran:?}");
        assert!(ran.stderr.contains(expected), "{arguments:?}: {}", ran.stderr);
    }
    // A secret that no key can be made of is told like a mistake, and is one of the command.
    let ran = run(&["verify", "--provider", "standard-webhooks", "--secret", "!"]);
    assert_eq!(ran.code, 2, "{ran:?}");
    assert!(ran.stdout.contains("the secret is not base64"), "{}", ran.stdout);
}

#[test]
fn providers_are_listed_and_shown() {
    let list = run(&["providers"]);
    assert_eq!((list.code, list.stderr.as_str()), (0, ""));
    assert_eq!(list.stdout, run(&["providers", "list"]).stdout);
    let line = list.stdout.lines().find(|line| line.starts_with("github ")).unwrap();
    for word in ["GitHub", "scm", "proven", "body"] {
        assert!(line.contains(word), "{line}");
    }
    let json = run(&["providers", "--json"]).stdout;
    assert_eq!(json.lines().count(), hookyard_signature::PROVIDERS.len());
    let shown = run(&["providers", "show", "slack"]).stdout;
    for line in [
        "signs         HMAC-SHA256 over `v0:{timestamp}:{body}`, in hexadecimal, in the header `x-slack-signature` (`v0=…`)",
        "tolerance     300 s in both directions",
        "event id      JSON `/event_id`",
        "handshake     POST, verified as events are",
    ] {
        assert!(shown.contains(line), "{line}\n{shown}");
    }
    let shown = run(&["providers", "show", "instagram"]).stdout;
    for line in ["name          meta\n", "also called   facebook, instagram, messenger, whatsapp\n"]
    {
        assert!(shown.contains(line), "{line}\n{shown}");
    }
    let shown: Value =
        serde_json::from_str(&run(&["providers", "show", "slack", "--json"]).stdout).unwrap();
    assert_eq!(shown["headers"][0], "x-slack-signature");
}

#[test]
fn vectors_are_run_and_counted() {
    let ours = Path::new(env!("CARGO_MANIFEST_DIR")).join("../signature/vectors");
    let ran = run(&["verify", "--vectors", ours.to_str().unwrap()]);
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""), "{ran:?}");
    assert!(ran.stdout.contains("\nstripe "), "{}", ran.stdout);
    assert!(ran.stdout.contains(" 0 failed, "), "{}", ran.stdout);

    let folder = tempfile::tempdir().unwrap();
    let run_folder = || {
        let output = hookyard(folder.path()).args(["verify", "--json", "--vectors", "."]).output();
        Ran::from(output.unwrap())
    };
    let ran = run_folder();
    assert_eq!((ran.code, ran.stdout.as_str()), (2, ""), "{ran:?}");
    assert!(ran.stderr.contains("there is no file `*.json`"), "{}", ran.stderr);
    let file = std::fs::read_to_string(ours.join("stripe.json")).unwrap();
    let spoilt = file.replacen("\"expect\": \"valid\"", "\"expect\": \"invalid\"", 1);
    std::fs::write(folder.path().join("stripe.json"), spoilt).unwrap();
    std::fs::write(folder.path().join("other.json"), "{\"provider\":\"nobody\"}").unwrap();
    let ran = run_folder();
    let report: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!((ran.code, &report["failed"]), (1, &2.into()), "{report}");
    assert_eq!(report["providers"][0]["failed"][0]["why"], "there is no provider `nobody`");
    assert_eq!(report["providers"][1]["failed"][0]["case"], "valid");
}
