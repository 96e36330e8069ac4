//! The page of one provider.

use std::fmt::Write as _;
use std::fs;

use hookyard_signature::{
    Category, Confidence, Fact, KeyForm, Piece, Provider, Scheme, Signed, Text,
};
use serde_json::Value;

use super::example::{example, hands_over, is_public, key, name, shown_settings};
use super::{BY_HAND, END_BY_HAND, root, vectors};

/// The page, with what a person wrote.
pub(super) fn page(provider: &Provider, by_hand: Option<&str>) -> String {
    let mut page = format!(
        "# {}\n\n<!-- Made from `crates/signature/src/provider` by `crates/hookyard/tests/cli/pages`; only what is marked as written by hand may be edited. -->\n\n",
        provider.name
    );
    page.push_str(&confidence(provider));
    write!(
        page,
        "`provider = \"{}\"`, {}.\nIts documentation: <{}>.\n\n",
        provider.slug,
        category(provider.category),
        provider.docs
    )
    .unwrap();
    write!(page, "## Set it up\n\n{BY_HAND}").unwrap();
    match by_hand {
        Some(text) => page.push_str(text),
        None => page.push('\n'),
    }
    page.push_str(END_BY_HAND);
    page.push('\n');
    page.push_str(&set_up(provider, by_hand.is_some_and(|text| !text.trim().is_empty())));
    for (title, text) in [
        ("What is checked", checked(provider)),
        ("What is not", uncovered(provider)),
        ("Settings", settings(provider)),
        ("Handshake", handshake(provider)),
        ("Events", events(provider)),
        ("Answer and retries", answer(provider)),
        ("Try it", try_it(provider)),
        ("Sources", sources(provider)),
    ] {
        if !text.is_empty() {
            write!(page, "\n## {title}\n\n{text}").unwrap();
        }
    }
    page
}

/// What it is called in a sentence, without what tells it from others of the same provider.
fn title(provider: &Provider) -> &'static str {
    provider.name.split(" (").next().unwrap_or(provider.name)
}

/// What one has to know before anything else.
fn confidence(provider: &Provider) -> String {
    match provider.confidence {
        Confidence::Unknown => format!(
            "> **Unknown.** How {0} signs could not be found out. What stands here is a guess at the usual HMAC: read {0}'s documentation, and describe with [`provider = \"generic\"`](generic.md) what it says.\n\n",
            provider.name
        ),
        Confidence::Unconfirmed => format!(
            "> **Unconfirmed.** This is known from others than {}, or from memory; nobody has compared it with its documentation or its own code. A wrong entry refuses good requests: try it before you rely on it.\n\n",
            provider.name
        ),
        Confidence::Documented | Confidence::Proven => String::new(),
    }
}

/// What has to be done about the secret. Where a person has written how to set it up, they have
/// said where the secret is found.
fn secret(provider: &Provider, is_described: bool) -> String {
    let Provider { slug, scheme, .. } = provider;
    let title = title(provider);
    let variable = name(provider, key(provider));
    match scheme {
        Scheme::Unsigned => format!(
            "{title} signs nothing, so there is no secret to copy. Whoever knows the URL can send: give the source a name that nobody guesses, or let the provider's addresses in alone with `allow_ips`."
        ),
        _ if hands_over(provider) => format!(
            "There is no secret to copy: {title} sends it when the webhook is made, and the hub keeps it in `{slug}.secret` ([how](../reference/handshakes.md#secrets-that-the-provider-hands-over))."
        ),
        Scheme::Token(token) => {
            let prefix = token.prefix.trim_end();
            let behind =
                if prefix.is_empty() { String::new() } else { format!(" behind `{prefix}`") };
            format!(
                "Put the token that {title} sends along{behind} into the environment variable `{variable}`. Where it is yours to choose, `hookyard secret generate` makes one."
            )
        }
        Scheme::Basic if *slug == "basic" => format!(
            "Choose a user name and a password, have the sender use them, and put the password into the environment variable `{}`.",
            name(provider, "password")
        ),
        Scheme::Basic => format!(
            "Choose a user name and a password, enter them at {title}, and put both with a colon between them (`user:password`) into the environment variable `{variable}`."
        ),
        scheme if !scheme.needs_secret() => format!(
            "{title} publishes the keys by which it signs, and the hub fetches them: no secret is needed. Where the hub may not reach it, the key itself can be the `secret`."
        ),
        _ if provider.confidence == Confidence::Unknown => format!(
            "Put the secret by which {title} signs into the environment variable `{variable}`. Where it is found, and in which form, its documentation has to say."
        ),
        Scheme::Signed(signed) => {
            let put =
                format!("Put {} into the environment variable `{variable}`.", form(signed.key));
            let made = if is_public(provider) { "" } else { ", or chosen there" };
            if is_described {
                put
            } else {
                format!("{put} As a rule it is shown where the webhook is made{made}.")
            }
        }
        Scheme::Bespoke(_) => format!(
            "Put the secret or key by which {title} signs, as it is shown there, into the environment variable `{variable}`."
        ),
    }
}

/// What has to be done about the settings of the example.
fn settings_in_variables(provider: &Provider) -> String {
    let settings = shown_settings(provider);
    let put = settings.iter().map(|setting| {
        format!(
            " The setting `{}` goes into `{}` ([what it is](#settings)).",
            setting.name,
            name(provider, setting.name)
        )
    });
    put.collect()
}

fn set_up(provider: &Provider, is_described: bool) -> String {
    let Provider { slug, scheme, .. } = provider;
    let url = format!(
        "Have the webhook sent to `https://hooks.example.com/webhook/{slug}`, with your own host.{}",
        if scheme.covers().url {
            " The URL is signed: write it there exactly as it is reached, and the same host in `public_url`."
        } else {
            ""
        }
    );
    let secret = secret(provider, is_described) + &settings_in_variables(provider);
    let source = format!(
        "Write the source and where its events go into `hookyard.toml` ([every option](../reference/configuration.md)):\n\n   ```toml\n{}   ```\n",
        indented(&example(provider))
    );
    let steps = if provider.handshake.is_some() {
        let url = format!(
            "{url} The hub has to run by then, since it is asked a question ([below](#handshake))."
        );
        [secret, source, url]
    } else {
        [url, secret, source]
    };
    let mut text = String::new();
    for (number, step) in (1..).zip(&steps) {
        writeln!(text, "{number}. {}", step.replace(". ", ".\n   ")).unwrap();
    }
    text.trim_end().to_owned() + "\n"
}

fn indented(text: &str) -> String {
    let line = |line: &str| if line.is_empty() { "\n".to_owned() } else { format!("   {line}\n") };
    text.lines().map(line).collect()
}

/// What a secret looks like.
const fn form(key: KeyForm) -> &'static str {
    match key {
        KeyForm::Text => "the signing secret, whole and as it is shown,",
        KeyForm::TextWithoutPrefix => "the secret key, with or without its prefix,",
        KeyForm::Hex => "the signing key, which is hexadecimal,",
        KeyForm::Base64 => "the signing key, which is base64,",
        KeyForm::StandardWebhooks => {
            "the signing secret, `whsec_` and base64 (or `whpk_` for a public key),"
        }
        KeyForm::Public => "the provider's public key, as PEM or in base64,",
    }
}

fn checked(provider: &Provider) -> String {
    let scheme = &provider.scheme;
    let mut lines = vec![match scheme {
        Scheme::Signed(_) | Scheme::Bespoke(_) => format!("The proof: {}.", scheme.in_words()),
        Scheme::Token(_) | Scheme::Basic => format!("Who sends: {}.", scheme.in_words()),
        Scheme::Unsigned => {
            "Nothing: the provider does not sign. Anyone who knows the URL can send.".to_owned()
        }
    }];
    let headers: Vec<_> = scheme.headers().iter().map(|name| format!("`{name}`")).collect();
    if !headers.is_empty() {
        lines.push(format!(
            "The headers of the proof: {}. Each may be there once.",
            headers.join(", ")
        ));
    }
    if let Scheme::Signed(signed) = scheme {
        lines.extend(
            signed
                .timestamp
                .as_ref()
                .map(|time| format!("The time of signing: {}.", time.in_words())),
        );
        let weaker: Vec<_> = signed.weaker.iter().map(|name| format!("`{name}`")).collect();
        if !weaker.is_empty() {
            lines.push(format!(
                "{} never counts: a request that has nothing else is refused.",
                weaker.join(", ")
            ));
        }
        if signed.refuses_empty_body {
            lines.push("A request without a body is refused.".to_owned());
        }
    }
    lines.extend(scheme.tolerance().map(|seconds| format!("A request is accepted for {} before and after it was signed; `tolerance` in the source changes that.", seconds_in_words(seconds))));
    if *scheme != Scheme::Unsigned && scheme.needs_secret() && !hands_over(provider) {
        let variable = name(provider, key(provider));
        let what = if is_public(provider) { "key" } else { "secret" };
        let (while_changed, old) = if provider.slug == "basic" {
            ("With".to_owned(), "a `username` there is one password at a time.".to_owned())
        } else {
            (
                format!("While a {what} is changed, the old and the new one both count:"),
                format!(
                    "`secrets = [\"${{{variable}}}\", \"${{{variable}_BEFORE}}\"]` instead of `secret`."
                ),
            )
        };
        lines.push(format!("{while_changed} {old}"));
    }
    bullets(&lines)
}

fn seconds_in_words(seconds: u64) -> String {
    match seconds {
        60 => "a minute".to_owned(),
        seconds if seconds % 60 == 0 => format!("{} minutes", seconds / 60),
        seconds => format!("{seconds} seconds"),
    }
}

fn uncovered(provider: &Provider) -> String {
    let parts = provider.scheme.covers().parts();
    let of = |wanted: bool| {
        let named: Vec<_> =
            parts.iter().filter(|part| part.1 == wanted).map(|part| part.0).collect();
        named.join(", ")
    };
    let mut lines = Vec::new();
    match &provider.scheme {
        Scheme::Unsigned => {}
        Scheme::Token(_) | Scheme::Basic => lines.push("The proof says who sends, and protects nothing of the request: whoever can read one can send others, and change any.".to_owned()),
        _ if of(true).is_empty() => lines.push("Neither body, time, id, method nor URL is protected as a whole, so that each may have been changed on the way.".to_owned()),
        _ => {
            lines.push(format!("Protected: {}.", of(true)));
            lines.push(format!("Not protected, so that it may have been changed on the way: {}, and headers that are not signed.", of(false)));
        }
    }
    let of_items = provider.items.as_ref().map(|items| told_by(&items.event_id));
    let of_items = of_items.filter(|told| matches!(told, ToldBy::Id));
    let repeats = match of_items.unwrap_or_else(|| told_by(&provider.event_id)) {
        ToldBy::Nothing => {
            "No id is known by which such a repeat could be told (see [Events](#events))."
        }
        ToldBy::Body => "Such a repeat is told by its body, for 30 days.",
        ToldBy::Id => "Such a repeat is told by the event's id, for 30 days.",
    };
    match (&provider.scheme, parts[1].1, provider.scheme.tolerance()) {
        (Scheme::Unsigned, ..) | (_, true, Some(_)) => {}
        (_, false, _) => lines.push(format!(
            "No time is signed: a request that somebody saw can be sent again at any time. {repeats}"
        )),
        (_, true, None) => lines.push(format!(
            "A time is signed, but the provider states no window for it: requests never grow too old, unless `tolerance` is set. {repeats}"
        )),
    }
    if !provider.note.is_empty() {
        lines.push(provider.note.to_owned());
    }
    bullets(&lines)
}

fn settings(provider: &Provider) -> String {
    let mut lines: Vec<_> = provider
        .settings
        .iter()
        .map(|setting| {
            let need = if setting.required { "required" } else { "optional" };
            format!("`{}` ({need}): {}", setting.name, setting.about)
        })
        .collect();
    if lines.is_empty() {
        return String::new();
    }
    lines.insert(0, "They stand in `settings` of the source.".to_owned());
    let head = lines.remove(0);
    format!("{head}\n\n{}", bullets(&lines))
}

fn handshake(provider: &Provider) -> String {
    if provider.handshake.is_none() {
        return String::new();
    }
    let page = fs::read_to_string(root().join("docs/reference/handshakes.md")).unwrap();
    let row = page.lines().find(|line| line.starts_with(&format!("| `{}` |", provider.slug)));
    let cells: Vec<_> = row.unwrap().split('|').map(str::trim).collect();
    format!(
        "The provider asks a question before it sends events, and the hub answers by itself: nothing has to be switched on, and no event is stored.\n\n- It asks with: {}.\n- Checked by: {}.\n- Answer: {}.\n\nWhat holds for all questions: [Handshakes](../reference/handshakes.md).\n",
        cells[2], cells[3], cells[4]
    )
}

fn events(provider: &Provider) -> String {
    let id = provider.event_id.in_words();
    let kind = provider.event_type.in_words();
    let mut lines = vec![
        match told_by(&provider.event_id) {
            ToldBy::Nothing => "The event's id is not known, so no repeat is told. Where an event has one, name its place in `dedupe`, such as `dedupe = { key = \"json:/id\" }`.".to_owned(),
            ToldBy::Body if provider.items.is_some() => "A request that is one event has no id: a repeat of it is told by its body, which is the same.".to_owned(),
            ToldBy::Body => "No id of the event is known: a repeat is told by its body, which is the same.".to_owned(),
            ToldBy::Id => format!("The event's id, by which repeats are told: {id}."),
        },
        if kind.is_empty() {
            "The event's type is not known; a route takes all events, or none.".to_owned()
        } else {
            format!("The event's type, by which routes choose: {kind}.")
        },
    ];
    if let Some(items) = &provider.items {
        lines.push(format!(
            "One request may carry several: {}. Each becomes an event of its own; `batches = \"together\"` in the source keeps them together. If one of them is not an object, the request is one event as it came, and the log says so.",
            items.in_words()
        ));
    }
    bullets(&lines)
}

/// By what a repeat is told.
enum ToldBy {
    Nothing,
    Body,
    Id,
}

fn told_by(id: &Fact) -> ToldBy {
    let mut pieces = id.alternatives.iter().flat_map(|pieces| pieces.iter());
    match id.alternatives.len() {
        0 => ToldBy::Nothing,
        _ if pieces.all(|piece| *piece == Piece::BodyHash) => ToldBy::Body,
        _ => ToldBy::Id,
    }
}

fn answer(provider: &Provider) -> String {
    let mut lines = Vec::new();
    if !provider.answer.is_empty() {
        lines.push(format!("It expects {}.", provider.answer));
    }
    if !provider.retries.is_empty() {
        lines.push(format!("When it does not get that: {}.", provider.retries));
    }
    if lines.is_empty() {
        return "What it expects, and what it does otherwise, is not known.\n".to_owned();
    }
    format!(
        "{}\nThis is for orientation: no test shows it.\nThe hub answers 2xx as soon as the event is on disk.\n{}",
        bullets(&lines),
        acknowledgements(provider)
    )
}

fn acknowledgements(provider: &Provider) -> String {
    let known = provider.acknowledgements();
    let Some((first, others)) = known.split_first() else { return String::new() };
    let mut text = format!(
        "\nWhat the answer says is read here, so it is the provider's own, `{}`: {}.\nWhat became of the event stands in its headers `hookyard-status` and `hookyard-event-id`.\n`answer` in the source chooses another:\n\n",
        first.name, first.about
    );
    for other in others {
        writeln!(text, "- `{}`: {}.", other.name, other.about).unwrap();
    }
    text.push_str("- `receipt`: JSON with what became of the event, as everyone else gets it.\n");
    text
}

/// The commands that the page shows.
pub(super) fn commands(provider: &Provider) -> Vec<String> {
    let slug = provider.slug;
    let mut commands = Vec::new();
    let mut verify = format!("hookyard verify --provider {slug}");
    if is_public(provider) {
        verify.push_str(" --secret-file public-key.txt");
    } else if provider.scheme.needs_secret() {
        verify.push_str(" --secret-file secret.txt");
    } else {
        verify.push_str(" --key-file key.txt");
    }
    for header in headers(provider) {
        write!(verify, " --header '{header}: …'").unwrap();
    }
    for setting in provider.settings.iter().filter(|setting| setting.required) {
        write!(verify, " --set {}=…", setting.name).unwrap();
    }
    if provider.scheme.covers().url {
        write!(verify, " --url https://hooks.example.com/webhook/{slug}").unwrap();
    }
    verify.push_str(" --body-file body");
    commands.push(format!("hookyard trigger {slug}"));
    if provider.scheme != Scheme::Unsigned {
        commands.push(verify);
    }
    commands.push(format!("hookyard providers show {slug}"));
    commands
}

/// The headers of a request, of places that stand for each other the first alone.
fn headers(provider: &Provider) -> Vec<Text> {
    match &provider.scheme {
        Scheme::Signed(signed) => {
            let other_carriers = Vec::new().into();
            Scheme::Signed(Signed { other_carriers, ..signed.clone() }).headers()
        }
        scheme => scheme.headers(),
    }
}

/// A command as a shell splits it, which here knows single quotes alone.
pub(super) fn words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    for (index, part) in line.split('\'').enumerate() {
        if index % 2 == 1 {
            words.push(part.to_owned());
        } else {
            words.extend(part.split_whitespace().map(str::to_owned));
        }
    }
    words
}

/// By what a test event is signed, and what takes it.
fn signed_by(provider: &Provider) -> String {
    match &provider.scheme {
        Scheme::Unsigned => String::new(),
        _ if is_public(provider) => ".\nThe provider alone has its private key, so a pair of keys is made up and the public one shown: a source takes the event if that is its `secret`".to_owned(),
        scheme if scheme.needs_secret() => format!(
            "; with `--secret`, or the secret in `HOOKYARD_SECRET`, a source takes it that `{}` is set for",
            name(provider, key(provider))
        ),
        _ => String::new(),
    }
}

fn try_it(provider: &Provider) -> String {
    let commands = commands(provider);
    let mut text = String::new();
    if commands.iter().any(|line| line.starts_with("hookyard trigger")) {
        writeln!(
            text,
            "`trigger` sends a test event to a hub on this machine{}.",
            signed_by(provider)
        )
        .unwrap();
    }
    if provider.scheme != Scheme::Unsigned {
        text.push_str("`verify` says whether a request that you kept is signed, and if not, which mistake was made.\n");
    }
    format!("{text}\n```sh\n{}\n```\n", commands.join("\n"))
}

fn sources(provider: &Provider) -> String {
    let mut text = format!(
        "*{}*: {}.\n",
        first_upper(provider.confidence.as_str()),
        provider.confidence.in_words()
    );
    writeln!(text, "\n- <{}>", provider.docs).unwrap();
    let Some(vectors) = vectors(provider.slug) else { return text };
    let list = |key: &str| -> Vec<String> {
        let texts = vectors[key].as_array().unwrap();
        texts.iter().map(|text| text.as_str().unwrap().to_owned()).collect()
    };
    let count = vectors["cases"].as_array().map_or(0, Vec::len);
    let proven = match proven_cases(&vectors) {
        0 => "none of them published by the provider".to_owned(),
        proven => format!("{proven} of them published or judged by the provider's own package"),
    };
    writeln!(
        text,
        "- [{count} test cases](../../crates/signature/vectors/{}.json), {proven}: {}",
        provider.slug,
        list("source").join("; ").replace('<', "\\<").replace('*', "\\*").replace('_', "\\_")
    )
    .unwrap();
    text
}

pub(super) fn first_upper(word: &str) -> String {
    let mut chars = word.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

fn bullets(lines: &[String]) -> String {
    let line = |line: &String| format!("- {}\n", sentences(line));
    lines.iter().map(line).collect()
}

/// A sentence a line.
fn sentences(text: &str) -> String {
    let mut lines = String::new();
    let mut rest = text;
    while let Some((sentence, after)) = rest.split_once(". ") {
        let ends = after.starts_with(|next: char| next.is_uppercase() || next == '`');
        lines.push_str(sentence);
        lines.push_str(if ends { ".\n  " } else { ". " });
        rest = after;
    }
    lines + rest
}

/// What a category is called.
pub(super) const fn category(category: Category) -> &'static str {
    match category {
        Category::Ai => "AI",
        Category::Auth => "sign-in and identity",
        Category::Billing => "billing",
        Category::Chat => "chat",
        Category::Ci => "builds and packages",
        Category::Commerce => "shops",
        Category::Content => "content and design",
        Category::Email => "e-mail",
        Category::Fintech => "banks and cards",
        Category::Generic => "many senders",
        Category::Hr => "people at work",
        Category::Marketing => "marketing, sales and support",
        Category::Monitoring => "monitoring",
        Category::Payments => "payments",
        Category::Platform => "platforms",
        Category::Productivity => "documents and calendars",
        Category::Project => "projects and tasks",
        Category::Realtime => "realtime",
        Category::Scm => "source code",
        Category::Social => "social networks",
        Category::Telephony => "calls and text messages",
    }
}

/// How many cases a file has whose ground is not ourselves.
pub(super) fn proven_cases(vectors: &Value) -> usize {
    let cases = vectors["cases"].as_array().unwrap();
    let proven = |case: &&Value| {
        case["sdk"].as_object().is_some_and(|verdicts| !verdicts.is_empty())
            || case["origin"] == "published"
            || case["origin"] == "derived"
    };
    cases.iter().filter(proven).count()
}
