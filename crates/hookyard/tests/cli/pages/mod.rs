//! Keeps `docs/providers` and the lists of providers elsewhere what the table says.
//! `UPDATE_GENERATED=1` writes them anew.
//!
//! What stands in a page between [`BY_HAND`] and [`END_BY_HAND`] is written by a person, and is kept.

mod example;
mod overview;
mod page;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use hookyard::config::Config;
use hookyard_signature::PROVIDERS;
use serde_json::Value;

/// Before what a person wrote.
const BY_HAND: &str = "<!-- Written by hand, and kept: -->\n";
/// Behind it.
const END_BY_HAND: &str = "<!-- From here on made from the table. -->\n";

/// The pages of people who set up webhooks every day say how it is done there.
const MOST_USED: &[&str] = &[
    "adyen",
    "asana",
    "aws-sns",
    "bitbucket",
    "clerk",
    "discord",
    "generic",
    "github",
    "gitlab",
    "gitlab-signing-token",
    "hubspot",
    "intercom",
    "linear",
    "mailgun",
    "meta",
    "notion",
    "paypal",
    "sendgrid",
    "shopify",
    "slack",
    "square",
    "standard-webhooks",
    "stripe",
    "svix",
    "twilio",
    "twitch",
    "zoom",
];

/// What is wanted of the files that are made, and what was found wrong.
struct Made {
    writes: bool,
    wrong: Vec<String>,
}

impl Made {
    fn new() -> Self {
        Self { writes: std::env::var_os("UPDATE_GENERATED").is_some(), wrong: Vec::new() }
    }

    fn compare(&mut self, path: &str, made: &str) {
        let file = root().join(path);
        if self.writes {
            fs::write(&file, made).unwrap();
        }
        if fs::read_to_string(&file).unwrap_or_default() != made {
            self.wrong.push(path.to_owned());
        }
    }

    fn end(self) {
        assert!(
            self.wrong.is_empty(),
            "not current: {}; run the tests with UPDATE_GENERATED=1",
            self.wrong.join(", ")
        );
    }
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// What a person wrote into a page.
fn by_hand(page: &str) -> Option<&str> {
    Some(page.split_once(BY_HAND)?.1.split_once(END_BY_HAND)?.0)
}

/// The file of test vectors of a provider; nothing where it has none.
fn vectors(slug: &str) -> Option<Value> {
    let file = root().join(format!("crates/signature/vectors/{slug}.json"));
    Some(serde_json::from_slice(&fs::read(file).ok()?).unwrap())
}

#[test]
fn the_pages_are_current() {
    let folder = root().join("docs/providers");
    fs::create_dir_all(&folder).unwrap();
    let mut made = Made::new();
    let mut known = BTreeSet::from(["README.md".to_owned()]);
    for provider in PROVIDERS {
        let path = format!("docs/providers/{}.md", provider.slug);
        let kept = fs::read_to_string(root().join(&path)).unwrap_or_default();
        made.compare(&path, &page::page(provider, by_hand(&kept)));
        known.insert(format!("{}.md", provider.slug));
    }
    made.compare("docs/providers/README.md", &overview::overview());
    for entry in fs::read_dir(folder).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        assert!(known.contains(&name), "docs/providers/{name} is of no provider; remove it");
    }
    made.end();
}

#[test]
fn the_most_used_pages_say_how_it_is_set_up() {
    for slug in MOST_USED {
        let page = root().join(format!("docs/providers/{slug}.md"));
        let page = fs::read_to_string(page).unwrap();
        assert!(by_hand(&page).is_some_and(|text| text.len() > 100), "{slug}");
    }
}

#[test]
fn the_counts_are_current() {
    let mut made = Made::new();
    for path in ["README.md", "crates/signature/README.md"] {
        let kept = fs::read_to_string(root().join(path)).unwrap();
        let counted = overview::with_counts(&kept);
        made.compare(path, &counted.unwrap_or_else(|| panic!("{path} has no marks for them")));
    }
    made.end();
}

#[test]
fn every_example_is_a_configuration_without_a_warning() {
    for provider in PROVIDERS {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("hookyard.toml");
        let text = example::example(provider);
        fs::write(&file, &text).unwrap();
        let vectors = vectors(provider.slug);
        let env = |name: &str| example::value(provider, vectors.as_ref(), name);
        match Config::load(&file, &env) {
            Ok((config, warnings)) => {
                assert_eq!(warnings.render(false), "", "{text}");
                assert_eq!(config.sources.len(), 1);
            }
            Err(errors) => panic!("{}: {}", provider.slug, errors.render(false)),
        }
    }
}

#[test]
fn examples_by_hand_are_right() {
    let mut found = 0;
    for provider in PROVIDERS {
        let page = root().join(format!("docs/providers/{}.md", provider.slug));
        // That there is a page is for another test to say, which may be about to write it.
        let page = fs::read_to_string(page).unwrap_or_default();
        let text = by_hand(&page).unwrap_or_default();
        let blocks = text.split("```toml\n").skip(1);
        for block in blocks.filter_map(|rest| Some(rest.split_once("```")?.0)) {
            let folder = tempfile::tempdir().unwrap();
            let file = folder.path().join("hookyard.toml");
            fs::write(&file, block).unwrap();
            let env = |_: &str| Some("a-secret-that-is-long-enough".to_owned());
            if let Err(errors) = Config::load(&file, &env) {
                panic!("{}: {}", provider.slug, errors.render(false));
            }
            found += 1;
        }
    }
    assert_ne!(found, 0);
}

#[test]
fn every_command_is_one() {
    for provider in PROVIDERS {
        for line in page::commands(provider) {
            let words = page::words(&line);
            let parsed = hookyard::cli::command().try_get_matches_from(&words);
            assert!(parsed.is_ok(), "{line}: {parsed:?}");
        }
    }
}
