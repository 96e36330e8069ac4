//! Every provider of the table against one hub that verifies: what is right is taken, with its id
//! and its type, and what is wrong in one of four ways is treated as it should be.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use hookyard::sample;
use hookyard_signature::{PROVIDERS, Provider, Scheme};
use serde_json::Value;

use crate::asking::Hub;
use crate::support::{Ran, Running, Server, hookyard, run};
use crate::trigger::{secrets, set, settings};

/// As many programs run at once as a small machine has processors.
const AT_ONCE: usize = 2;

/// Does something with every provider, a few at a time.
fn with_each(act: impl Fn(&'static Provider) + Sync) {
    let next = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                while let Some(&provider) = PROVIDERS.get(next.fetch_add(1, Ordering::Relaxed)) {
                    act(provider);
                }
            });
        }
    });
}

/// A source for every provider, configured as its provider wants it.
fn sections() -> String {
    PROVIDERS.iter().fold(String::new(), |mut sections, provider| {
        let slug = provider.slug;
        writeln!(sections, "[sources.{slug}]\nprovider = \"{slug}\"").unwrap();
        match secrets(provider) {
            Some((_, verifying)) => writeln!(sections, "secret = {verifying:?}").unwrap(),
            None if provider.scheme.needs_secret() => sections.push_str("verify = \"none\"\n"),
            // Its published keys would be fetched.
            None => {}
        }
        if is_without_limit(provider) {
            sections.push_str("tolerance = \"5m\"\n");
        }
        let pair = |(name, value): &(&str, &str)| format!("{name} = {value:?}");
        let pairs: Vec<_> = settings(slug).iter().map(pair).collect();
        if !pairs.is_empty() {
            writeln!(sections, "settings = {{ {} }}", pairs.join(", ")).unwrap();
        }
        sections
    })
}

/// Whether a time is signed, and how old it may be is for the source to say.
fn is_without_limit(provider: &Provider) -> bool {
    provider.scheme.covers().timestamp && provider.scheme.tolerance().is_none()
}

fn trigger(provider: &Provider, base: &str, options: &[&str]) -> Ran {
    let slug = provider.slug;
    let to = format!("{base}/webhook/{slug}");
    let mut arguments: Vec<String> =
        ["trigger", slug, "--to", &to, "--json"].map(str::to_owned).into();
    if let Some((signing, _)) = secrets(provider) {
        arguments.extend(["--secret".to_owned(), signing]);
    }
    arguments.extend(set(slug));
    arguments.extend(options.iter().map(|&option| option.to_owned()));
    run(&arguments.iter().map(String::as_str).collect::<Vec<_>>())
}

fn lines(ran: &Ran) -> Vec<Value> {
    ran.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// What can be seen of a provider's events, by the table.
fn variants(provider: &Provider) -> Vec<&'static str> {
    let covers = provider.scheme.covers();
    let names_events = !provider.event_id.alternatives.is_empty() || provider.items.is_some();
    let is_signed = provider.scheme != Scheme::Unsigned;
    // Before it answers, the hub would have to visit Amazon.
    let asks = provider.handshake.is_some() && provider.slug != "aws-sns";
    [
        ("--bad-signature", is_signed),
        ("--stale", is_signed && covers.timestamp),
        ("--tampered", is_signed && covers.body),
        ("--duplicate", names_events),
        ("--handshake", asks),
    ]
    .into_iter()
    .filter_map(|(option, applies)| applies.then_some(option))
    .collect()
}

#[test]
fn every_provider_is_taken_and_refused_as_it_should_be() {
    let hub = Hub::with(Server::start(), &sections());
    let counts: Mutex<BTreeMap<&str, usize>> = Mutex::default();
    let kept: Mutex<BTreeMap<String, &Provider>> = Mutex::default();
    with_each(|provider| {
        let slug = provider.slug;
        let count = |what| *counts.lock().unwrap().entry(what).or_default() += 1;
        let sent = trigger(provider, &hub.ingest, &[]);
        assert_eq!(sent.code, 0, "{slug}: {sent:?}");
        let line = &lines(&sent)[0];
        let items = line["answer"]["event_ids"].as_array().cloned().unwrap_or_default();
        for id in items.iter().chain(Some(&line["event_id"]).filter(|id| id.is_string())) {
            kept.lock().unwrap().insert(id.as_str().unwrap().to_owned(), provider);
        }
        count("taken");
        let variants = variants(provider);
        if variants.is_empty() {
            return;
        }
        let ran = trigger(provider, &hub.ingest, &variants);
        assert_eq!(ran.code, 0, "{slug}: {ran:?}");
        let lines = lines(&ran);
        assert!(lines.iter().all(|line| line["as_it_should_be"] == true), "{slug}: {ran:?}");
        for variant in variants {
            let name = variant.trim_start_matches('-').replace('-', "_");
            assert!(lines.iter().any(|line| line["check"] == name), "{slug} {name}: {ran:?}");
            count(variant);
        }
    });
    let (with_id, with_type) = found(&hub, &kept.into_inner().unwrap());
    println!("{:?}; {with_id} with an id, {with_type} with a type", counts.lock().unwrap());
    let counts = counts.into_inner().unwrap();
    assert_eq!(
        (counts["taken"], counts["--bad-signature"] + 1),
        (PROVIDERS.len(), PROVIDERS.len())
    );
    assert!(counts["--handshake"] >= 31, "{counts:?}");
}

/// How many of the providers' events have an id and a type, which each has that the table knows one of.
fn found(hub: &Hub, kept: &BTreeMap<String, &Provider>) -> (usize, usize) {
    let (mut with_id, mut with_type, mut seen) = (0, 0, 0);
    let mut after = String::new();
    loop {
        let mut arguments = vec!["events", "list", "--limit", "500", "--json"];
        if !after.is_empty() {
            arguments.extend(["--after", &after]);
        }
        let page = hub.json(&arguments);
        for event in page["events"].as_array().unwrap() {
            let Some(provider) = kept.get(event["id"].as_str().unwrap()) else { continue };
            let looks = |fact: &hookyard_signature::Fact| !fact.alternatives.is_empty();
            let (id, kind) = (&event["provider_event_id"], &event["type"]);
            let expected = looks(&provider.event_id) || provider.items.is_some();
            assert_eq!(!id.is_null(), expected, "{event}");
            let items = provider.items.as_ref().is_some_and(|items| looks(&items.event_type));
            assert_eq!(!kind.is_null(), looks(&provider.event_type) || items, "{event}");
            seen += 1;
            with_id += usize::from(!id.is_null());
            with_type += usize::from(!kind.is_null());
        }
        match page["next"].as_str() {
            Some(next) => next.clone_into(&mut after),
            None => break,
        }
    }
    assert_eq!(seen, kept.len());
    (with_id, with_type)
}

#[test]
fn a_hub_that_verifies_takes_every_event_that_is_written_by_hand() {
    let hub = Hub::with(Server::start(), &sections());
    for known in sample::PROVIDERS {
        let provider = hookyard_signature::provider(known.slug).unwrap();
        if secrets(provider).is_none() {
            continue;
        }
        for event in sample::events(provider).iter().skip(1) {
            let sent = trigger(provider, &hub.ingest, &[event.name]);
            assert_eq!(sent.code, 0, "{sent:?}");
            let accepted = lines(&sent)[0]["outcome"] == "accepted";
            assert_eq!(accepted, event.name != "url_verification", "{sent:?}");
        }
    }
}

#[test]
fn a_hub_without_configuration_takes_them_too() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = hookyard(folder.path());
    command.args(["dev", "--port", "0", "--admin-port", "0"]);
    let dev = Running::start(command);
    let line = dev.line("receives at");
    let base = line.trim().rsplit(' ').next().unwrap().trim_end_matches("/webhook/{name}");
    with_each(|provider| {
        let sent = trigger(provider, base, &[]);
        assert_eq!(sent.code, 0, "{}: {sent:?}", provider.slug);
    });
    // It verifies nothing, and that is not passed over.
    let github = hookyard_signature::provider("github").unwrap();
    let wrong = trigger(github, base, &["--bad-signature"]);
    assert_eq!(wrong.code, 1, "{wrong:?}");
    assert!(
        wrong.stderr.contains("should be refused") && wrong.stderr.contains("dev"),
        "{wrong:?}"
    );
    assert_eq!(trigger(github, base, &["--duplicate"]).code, 0);
}

#[test]
fn what_nothing_could_be_seen_from_is_said_before_anything_is_sent() {
    let server = Server::start();
    for (slug, option, says) in [
        ("github", "--stale", "it signs no time"),
        ("token", "--duplicate", "its events have no id"),
        ("token", "--tampered", "does not cover the whole body"),
        ("docker-hub", "--bad-signature", "it signs nothing"),
        ("github", "--handshake", "github has no handshake"),
        ("aws-sns", "--handshake", "has to visit"),
        ("github", "--set=a=b", "github has no setting `a`"),
        ("meta", "--set=a=b", "its settings are verify_token"),
    ] {
        let to = server.url("/a");
        let mut arguments = vec!["trigger", slug, "--to", &to, option];
        // So that no other check hides it.
        if slug == "token" {
            arguments.push("--bad-signature");
        }
        let ran = run(&arguments);
        assert_eq!((ran.code, ran.stdout.as_str()), (2, ""), "{ran:?}");
        assert!(ran.stderr.contains(says), "{says}: {ran:?}");
    }
    assert!(server.ready().is_none());
}
