//! The overview of all providers, and their counts.

use std::fmt::Write as _;

use hookyard_signature::{Confidence, PROVIDERS, Provider, Scheme};

use super::page::{category, first_upper};

const HEAD: &str = "\
# Providers

<!-- Made from `crates/signature/src/provider` by `crates/hookyard/tests/cli/pages`; do not edit. -->

Each has a page: how to set it up, what is checked and what is not, its events, an example.
`hookyard providers` prints the same. Whoever is not here: [`generic`](generic.md), [`token`](token.md), [`basic`](basic.md), or [add it](../add-a-provider.md).
";

/// `docs/providers/README.md`.
pub(super) fn overview() -> String {
    let mut page = format!("{HEAD}\n{}\n", counts());
    page.push_str("\n| confidence | means | providers |\n|---|---|--:|\n");
    for confidence in ORDER {
        writeln!(
            page,
            "| {} | {} | {} |",
            mark(confidence),
            confidence.in_words(),
            count(confidence)
        )
        .unwrap();
    }
    page.push_str("\n\"Protected\" is what the proof covers of a request; \"who sends\" means that it covers nothing of it.\n");
    let mut categories: Vec<_> = PROVIDERS.iter().map(|provider| provider.category).collect();
    categories.sort_by_key(|one| category(*one).to_lowercase());
    categories.dedup();
    for wanted in categories {
        write!(
            page,
            "\n## {}\n\n| `provider` | | protected | handshake | confidence |\n|---|---|---|---|---|\n",
            first_upper(category(wanted))
        )
        .unwrap();
        for provider in PROVIDERS.iter().filter(|provider| provider.category == wanted) {
            let handshake = if provider.handshake.is_some() { "yes" } else { "" };
            writeln!(
                page,
                "| [`{0}`]({0}.md) | {1} | {2} | {handshake} | {3} |",
                provider.slug,
                provider.name,
                protected(provider),
                mark(provider.confidence)
            )
            .unwrap();
        }
    }
    page
}

/// The surest first.
const ORDER: [Confidence; 4] =
    [Confidence::Proven, Confidence::Documented, Confidence::Unconfirmed, Confidence::Unknown];

fn count(confidence: Confidence) -> usize {
    PROVIDERS.iter().filter(|provider| provider.confidence == confidence).count()
}

/// How many there are, in a sentence each.
fn counts() -> String {
    let handshakes = PROVIDERS.iter().filter(|provider| provider.handshake.is_some()).count();
    format!(
        "{} providers: {} proven by published test values or the provider's own package, {} by its documentation, {} *unconfirmed*, {} *unknown*.\n{handshakes} of them ask a question before they send events, which is answered.",
        PROVIDERS.len(),
        count(Confidence::Proven),
        count(Confidence::Documented),
        count(Confidence::Unconfirmed),
        count(Confidence::Unknown),
    )
}

const COUNTS: &str = "<!-- Counted by the tests of `hookyard`: -->\n";
const END_COUNTS: &str = "<!-- End of what is counted. -->\n";

/// A page with the counts as they are now, between their marks.
pub(super) fn with_counts(page: &str) -> Option<String> {
    let (before, rest) = page.split_once(COUNTS)?;
    let (_, after) = rest.split_once(END_COUNTS)?;
    Some(format!("{before}{COUNTS}{}\n{END_COUNTS}{after}", counts()))
}

/// What is not certain stands out.
fn mark(confidence: Confidence) -> String {
    match confidence {
        Confidence::Proven | Confidence::Documented => confidence.as_str().to_owned(),
        Confidence::Unconfirmed | Confidence::Unknown => format!("*{}*", confidence.as_str()),
    }
}

fn protected(provider: &Provider) -> String {
    let parts = provider.scheme.covers().parts();
    let parts: Vec<_> =
        parts.iter().filter(|(_, covered)| *covered).map(|(name, _)| *name).collect();
    match (&provider.scheme, parts.is_empty()) {
        (Scheme::Unsigned, _) => "nothing".to_owned(),
        (_, true) => "who sends".to_owned(),
        (_, false) => parts.join(", "),
    }
}
