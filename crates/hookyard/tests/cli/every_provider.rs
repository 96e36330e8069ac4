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
use crate::published::{is_published, key_server, keys, section};
use crate::support::{Ran, Running, Server, hookyard, run};
use crate::trigger::{RSA_PRIVATE, secrets, set, settings};

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

/// A source for every provider, configured as its provider wants it. Whatever the hub would visit
/// or fetch, it gets from the server.
fn sections(server: &Server) -> String {
    PROVIDERS.iter().fold(String::new(), |mut sections, provider| {
        let slug = provider.slug;
        writeln!(sections, "[sources.{slug}]\nprovider = \"{slug}\"").unwrap();
        match secrets(provider) {
            Some((_, verifying)) => writeln!(sections, "secret = {verifying:?}").unwrap(),
            None if provider.scheme.needs_secret() => sections.push_str("verify = \"none\"\n"),
            None => {}
        }
        if is_published(provider) {
            writeln!(sections, "keys_url = {:?}", server.url("")).unwrap();
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
    let to = format!("{base}/webhook/{}", provider.slug);
    let secret = secrets(provider).map(|(signing, _)| signing);
    trigger_with(provider, &to, secret.as_deref(), options)
}

fn trigger_with(provider: &Provider, to: &str, secret: Option<&str>, options: &[&str]) -> Ran {
    let slug = provider.slug;
    let mut arguments: Vec<String> =
        ["trigger", slug, "--to", to, "--json"].map(str::to_owned).into();
    if let Some(secret) = secret {
        arguments.extend(["--secret".to_owned(), secret.to_owned()]);
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
    [
        ("--bad-signature", is_signed),
        ("--stale", is_signed && covers.timestamp),
        ("--tampered", is_signed && covers.body),
        ("--duplicate", names_events),
        ("--handshake", provider.handshake.is_some()),
    ]
    .into_iter()
    .filter_map(|(option, applies)| applies.then_some(option))
    .collect()
}

#[test]
fn every_provider_is_taken_and_refused_as_it_should_be() {
    let keys = key_server();
    let hub = Hub::with(Server::start(), &sections(&keys));
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
    assert!(counts["--handshake"] >= 32, "{counts:?}");
}

#[test]
fn every_provider_that_publishes_its_keys_is_verified_with_those() {
    let server = key_server();
    let providers: Vec<_> = PROVIDERS.iter().filter(|provider| is_published(provider)).collect();
    let mut sections = String::new();
    for provider in &providers {
        sections.push_str(&section(provider, &server));
        if is_without_limit(provider) {
            sections.push_str("tolerance = \"5m\"\n");
        }
    }
    let hub = Hub::with(Server::start(), &sections);
    for provider in &providers {
        let slug = provider.slug;
        let to = format!("{}/webhook/published-{slug}", hub.ingest);
        let (key, other) = keys(provider);
        // Another secret would be made up, which takes its time where it is for RSA.
        let mut variants = variants(provider);
        variants.retain(|variant| !["--bad-signature", "--handshake"].contains(variant));
        let ran = trigger_with(provider, &to, Some(&key), &variants);
        assert_eq!(ran.code, 0, "{slug}: {ran:?}");
        let right = trigger_with(provider, &to, Some(&key), &[]);
        assert_eq!((right.code, &lines(&right)[0]["answer"]["status"]), (0, &"accepted".into()));
        let wrong = trigger_with(provider, &to, Some(other), &[]);
        let answer = &lines(&wrong)[0]["answer"];
        assert_eq!((wrong.code, &answer["code"]), (1, &"signature_mismatch".into()), "{slug}");
    }
    let slugs: Vec<_> = providers.iter().map(|provider| provider.slug).collect();
    println!("verified with keys that were fetched: {slugs:?}");
    assert!(providers.len() >= 10, "{slugs:?}");
}

#[test]
fn a_subscription_that_amazon_does_not_know_is_verified_and_not_confirmed() {
    let amazon = Server::scripted(|_| (404, String::new()));
    let section = format!(
        "[sources.aws-sns]\nprovider = \"aws-sns\"\nkeys_url = {:?}\nsecret = {RSA_PRIVATE:?}\nsettings = {{ topic_arn = {:?} }}\n",
        amazon.url(""),
        settings("aws-sns")[0].1
    );
    let hub = Hub::with(Server::start(), &section);
    let sns = hookyard_signature::provider("aws-sns").unwrap();
    let ran = trigger(sns, &hub.ingest, &["--handshake"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    let line = &lines(&ran)[0];
    assert_eq!((&line["check"], &line["as_it_should_be"]), (&"handshake".into(), &true.into()));
    assert_eq!(line["answer"]["code"], "subscription_unconfirmed", "{ran:?}");
    let page = "https://sns.eu-central-1.amazonaws.com/?Action=ConfirmSubscription&";
    assert!(ran.stderr.contains(page) && ran.stderr.contains("nobody there knows"), "{ran:?}");
    let target = amazon.next().target;
    assert!(target.starts_with("/?Action=ConfirmSubscription&TopicArn=arn:aws:sns:"), "{target}");
    // A hub that cannot verify it goes nowhere.
    let to = format!("{}/webhook/aws-sns", hub.ingest);
    let (_, other) = keys(sns);
    let ran = trigger_with(sns, &to, Some(other), &["--handshake"]);
    assert_eq!((ran.code, &lines(&ran)[0]["status"]), (1, &401.into()), "{ran:?}");
    assert!(amazon.ready().is_none());
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
    let keys = key_server();
    let hub = Hub::with(Server::start(), &sections(&keys));
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
