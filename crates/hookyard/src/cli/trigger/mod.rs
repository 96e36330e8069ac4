//! `hookyard trigger`: sends a test event, signed as its provider would.

mod check;
mod handshake;
mod key;
mod request;
mod settings;
mod source;

use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use clap::Args;
use hookyard_delivery::{Answer, TransportError};
use hookyard_model::FailureKind;
use hookyard_signature::{Options, PROVIDERS, Provider, Scheme, SigningError};
use http::StatusCode;
use serde_json::{Value, json};

use self::check::{Check, Expected, Maker, Variant, event_id, outcome};
use self::handshake::Asker;
use self::key::MadeUp;
use self::request::{Manner, Overrides, Signer, Target};
use self::settings::Settings;
use self::source::Aim;
use super::client::Client;
use super::failure::{Exit, Failure};
use super::out::{Out, Paint, tame};
use super::verify;
use crate::problem::Kind;
use crate::sample::{self, TestEvent};

/// How many characters of an answer are shown on a line.
const SHOWN: usize = 300;

const SECRET: &str = "`--secret` must be the source's secret";
const RESTART: &str = "the hub has another secret than the configuration: `hookyard check` says whether it is valid, and the environment is read when the hub starts";

const NO_SOURCE: &str = "a source receives at `/webhook/NAME`, while it is `enabled`; `hookyard check` shows the paths of all";
const START_HUB: &str = "start the hub with `hookyard serve`, or say where one is with `--to`";
const START_ANY: &str = "start a hub with `hookyard dev`, or say where one is with `--to`";

/// Send a test event, signed as its provider signs
///
/// Each event has new ids, so that none is taken for a repeat of another.
/// `--bad-signature`, `--stale`, `--tampered`, `--duplicate` and `--handshake` send what a hub has to
/// treat otherwise, one after the other, and look whether it does; it ends with 0 only if so.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  hookyard trigger github push
  hookyard trigger my-shop orders/create --config hookyard.toml
  hookyard trigger stripe invoice.paid --to https://hooks.example.com/webhook/stripe --secret whsec_…
  hookyard trigger slack --secret … --bad-signature --stale --tampered --duplicate --handshake
  hookyard trigger aws-sns --set topic_arn=arn:aws:sns:eu-central-1:123456789012:orders
  hookyard trigger generic --body order.json --to http://127.0.0.1:3000/hooks")]
pub(crate) struct Trigger {
    /// Whose event it is, or to which source of the hub here it goes; `--list` shows all providers
    #[arg(value_name = "PROVIDER", required_unless_present = "list")]
    provider: Option<String>,

    /// Which event; without it the provider's first
    event: Option<String>,

    /// Where it goes; without it to the hub whose configuration or store is in this folder, else
    /// to `http://127.0.0.1:8080/webhook/PROVIDER`, where `hookyard dev` listens
    #[arg(long, value_name = "URL")]
    to: Option<String>,

    /// The configuration of the hub, which says where it receives and what the source's secret is;
    /// without `--to` it is `hookyard.toml` if there is one
    #[arg(long, value_name = "FILE", env = "HOOKYARD_CONFIG")]
    config: Option<PathBuf>,

    /// The secret to sign with; without it the one that the configuration has, else one is made up
    /// and shown
    ///
    /// For HTTP basic it is `user:password`. Where the provider signs with a private key, it is one
    /// (PKCS#8 in PEM or base64), and the source has that or its public half.
    #[arg(long, env = "HOOKYARD_SECRET", hide_env_values = true, allow_hyphen_values = true)]
    secret: Option<String>,

    /// What the provider needs beside the secret, as the source has it; what is needed and not
    /// given is made up and shown
    #[arg(long = "set", value_name = "NAME=VALUE", value_parser = verify::pair)]
    settings: Vec<(String, String)>,

    #[command(flatten)]
    variants: Variants,

    /// How many events, one after the other
    #[arg(long, value_name = "N", default_value_t = 1, conflicts_with = "variants", value_parser = clap::value_parser!(u32).range(1..))]
    count: u32,

    /// Send these bytes instead of the sample's; `-` reads standard input
    #[arg(long, value_name = "FILE")]
    body: Option<PathBuf>,

    /// Add a header, or put it in the place of the sample's
    #[arg(long = "header", short = 'H', value_name = "NAME: VALUE", value_parser = request::parse_header)]
    headers: Vec<request::Header>,

    /// The URL that is signed, where the provider signs it and it is not the one in `--to`
    #[arg(long, value_name = "URL")]
    public_url: Option<String>,

    /// How long to wait for an answer, in seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 30)]
    timeout: u16,

    /// Show the providers and their events
    #[arg(long, conflicts_with_all = ["provider", "event"])]
    list: bool,

    /// Print JSON, one object a line
    #[arg(long)]
    json: bool,
}

/// Which events are sent that are not as they should be.
#[derive(Args, Debug)]
#[group(id = "variants", multiple = true)]
#[expect(clippy::struct_excessive_bools, reason = "five options that go together in any way")]
struct Variants {
    /// Sign with another secret: it has to be refused
    #[arg(long)]
    bad_signature: bool,

    /// Sign as of two days ago: it has to be refused as too old
    #[arg(long)]
    stale: bool,

    /// Change the body after signing: it has to be refused
    #[arg(long, conflicts_with = "body")]
    tampered: bool,

    /// Send the same event twice: the second has to be told as a repeat
    #[arg(long)]
    duplicate: bool,

    /// Ask the questions that the provider asks before it sends events: each has to get its answer
    #[arg(long)]
    handshake: bool,
}

impl Variants {
    /// Those that are events.
    fn events(&self) -> Vec<Variant> {
        let all = [
            (self.bad_signature, Variant::BadSignature),
            (self.stale, Variant::Stale),
            (self.tampered, Variant::Tampered),
            (self.duplicate, Variant::Duplicate),
        ];
        all.into_iter().filter_map(|(wanted, variant)| wanted.then_some(variant)).collect()
    }
}

/// What is sent, and by whom.
struct Plan<'a> {
    out: Out,
    manner: &'a Manner,
    event: TestEvent,
    overrides: Overrides,
    /// `--secret`, that of the configuration, or what was made up instead.
    secret: Option<String>,
    signer: Signer<'a>,
    /// What to do where the hub does not accept the secret.
    advice: &'static str,
    /// What to do where nothing answers.
    start: &'static str,
}

impl Trigger {
    pub(crate) async fn run(self, out: Out) -> Result<(), Failure> {
        let (Some(slug), false) = (self.provider.as_deref(), self.list) else {
            return list(out, self.json);
        };
        let mut aim = Aim::take(out, slug, self.config.as_deref(), self.to.as_deref())?;
        let event = find(aim.provider, self.event.as_deref())?;
        let body = self.body.as_deref().map(read).transpose()?;
        if let Some(used) = aim.note(self.secret.is_some()) {
            out.note(used);
        }
        let is_configured = aim.secret.is_some() && self.secret.is_none();
        let advice = if is_configured { RESTART } else { SECRET };
        let start = if aim.source.is_some() { START_HUB } else { START_ANY };
        let headers = [std::mem::take(&mut aim.headers), self.headers.clone()].concat();
        let given = self.secret.clone().or_else(|| aim.secret.take());
        let manner = self.manner(out, aim)?;
        let overrides = Overrides { headers, body };
        let (secret, signer) = self.signer(out, &event, given, &manner)?;
        if is_configured {
            can_sign(&signer, &event, &overrides)?;
        }
        let plan = Plan { out, manner: &manner, event, overrides, secret, signer, advice, start };
        let checks = plan.checks(&self.variants)?;
        if checks.is_empty() { self.send(&plan).await } else { self.check(&plan, checks).await }
    }

    /// How the events are signed; settings that are missing are made up and shown.
    fn manner(&self, out: Out, aim: Aim) -> Result<Manner, Failure> {
        let Aim { provider, to, .. } = aim;
        let public_url = self.public_url.clone().or(aim.public_url).unwrap_or_else(|| to.clone());
        let given: Vec<_> = aim.settings.into_iter().chain(self.settings.iter().cloned()).collect();
        let settings = Settings::new(provider, &given, self.variants.handshake, &public_url)?;
        if let Some(shown) = settings.shown() {
            out.note(format_args!("with settings made up for this run: {shown}"));
        }
        let options = Options { tolerance: None, settings: settings.all };
        let scheme = aim.scheme.unwrap_or_else(|| provider.scheme.clone());
        Ok(Manner { provider, scheme, options, target: Target { to, public_url } })
    }

    /// Who signs: by the secret that was given, or by one that is made up and shown.
    fn signer<'m>(
        &self,
        out: Out,
        event: &TestEvent,
        given: Option<String>,
        manner: &'m Manner,
    ) -> Result<(Option<String>, Signer<'m>), Failure> {
        if matches!(manner.scheme, Scheme::Unsigned) {
            return Ok((None, manner.signer(None)?));
        }
        if let Some(secret) = given {
            let signer = manner.signer(Some(&secret))?;
            return Ok((Some(secret), signer));
        }
        match make_up(manner, event) {
            Ok(MadeUp { signing, verifying }) => {
                out.note(format_args!("signed with a secret made up for this run: {verifying}"));
                let signer = manner.signer(Some(&signing))?;
                Ok((Some(signing), signer))
            }
            // Questions that nobody signs can be asked all the same.
            Err(_) if self.variants.handshake && self.variants.events().is_empty() => {
                Ok((None, manner.signer(None)?))
            }
            Err(failure) => Err(failure),
        }
    }

    async fn send(&self, plan: &Plan<'_>) -> Result<(), Failure> {
        let client = Client::new(Duration::from_secs(self.timeout.into()));
        let (mut refused, mut last) = (0_u32, None);
        for _ in 0..self.count {
            let request = plan.signer.event(&plan.event, &plan.overrides)?;
            let sent = self.answered(plan, &client, &request).await?;
            plan.out.line(if self.json { sent.json(None) } else { sent.line(plan.out) })?;
            if !sent.answer.status.is_success() {
                refused += 1;
                last = Some(sent);
            }
        }
        let Some(last) = last else { return Ok(()) };
        let failure = Failure::new(format!("{refused} of {} not accepted", self.count));
        Err(match plan.advice_on(&last) {
            Some(hint) => failure.hint(hint),
            None => failure,
        })
    }

    /// Sends what has to be treated otherwise, and looks whether it is.
    async fn check(&self, plan: &Plan<'_>, checks: Vec<Check>) -> Result<(), Failure> {
        let client = Client::new(Duration::from_secs(self.timeout.into()));
        let bodiless = plan.manner.provider.handshake.is_some_and(|handshake| handshake.bodiless);
        let (count, mut failed) = (checks.len(), Vec::new());
        for check in checks {
            for (request, expected) in &check.steps {
                let sent = self.answered(plan, &client, request).await?;
                let is_met = expected.is_met(&sent.answer, bodiless);
                plan.out.line(if self.json {
                    sent.json(Some((check.name, is_met)))
                } else {
                    sent.checked(plan.out, &check, (expected, is_met))
                })?;
                if !is_met {
                    failed.push((check.name, expected.clone(), sent));
                    break;
                }
            }
        }
        let Some((name, expected, sent)) = failed.first() else { return Ok(()) };
        let failure = Failure::new(format!(
            "{} of {count} checks failed; the first, {}, should be {}",
            failed.len(),
            name.replace('_', " "),
            expected.wanted()
        ));
        Err(match plan.hint(expected, sent) {
            Some(hint) => failure.hint(hint),
            None => failure,
        })
    }

    async fn answered(
        &self,
        plan: &Plan<'_>,
        client: &Client,
        request: &request::Signed,
    ) -> Result<Sent, Failure> {
        let name = (plan.manner.provider.slug, plan.event.name);
        let started = Instant::now();
        match client.send(request.request()).await {
            Ok(answer) => Ok(Sent { name, answer, took: started.elapsed() }),
            Err(error) => {
                if self.json {
                    plan.out.line(unsent(name, &error))?;
                }
                Err(unreachable(&request.request().url, &error, plan.start))
            }
        }
    }
}

impl Plan<'_> {
    /// What is checked, all of it made before anything is sent.
    fn checks(&self, variants: &Variants) -> Result<Vec<Check>, Failure> {
        let Self { manner, event, overrides, signer, .. } = self;
        let maker = Maker { manner, event, overrides, signer };
        let mut checks = Vec::new();
        for variant in variants.events() {
            let other = || {
                let MadeUp { signing, .. } = make_up(manner, event)?;
                manner.signer(Some(&signing))
            };
            checks.push(maker.check(variant, other)?);
        }
        if variants.handshake {
            let secret = self.secret.as_deref().unwrap_or_default();
            let steps = Asker { manner, secret, signer }.questions()?;
            for (_, expected) in &steps {
                self.note_visit(expected);
            }
            checks.push(Check { name: "handshake", steps });
        }
        Ok(checks)
    }

    /// Says where a hub goes that does as it should.
    fn note_visit(&self, expected: &Expected) {
        let Expected::AnswerOnceVisited(answer) = expected else { return };
        let Some(page) = &answer.visit else { return };
        self.out.note(format_args!(
            "the hub visits {} to confirm: nobody there knows of it, so the visit fails unless `keys_url` of the source leads elsewhere",
            page.url
        ));
    }

    /// What to do where a hub did not do as it should.
    fn hint(&self, expected: &Expected, sent: &Sent) -> Option<String> {
        let status = sent.answer.status;
        let Manner { provider, scheme, .. } = self.manner;
        Some(match expected {
            Expected::Refused(Some(_)) if status.is_success() && scheme.tolerance().is_none() => {
                format!("{} states no limit: set `tolerance` in the source", provider.slug)
            }
            Expected::Refused(_) if status.is_success() => {
                "a source with a `secret` refuses it; `hookyard dev` verifies nothing".to_owned()
            }
            _ => return self.advice_on(sent).map(str::to_owned),
        })
    }

    /// What to do about what a hub answered, where that says what is wrong.
    fn advice_on(&self, sent: &Sent) -> Option<&'static str> {
        if sent.answer.status == StatusCode::UNAUTHORIZED {
            return Some(self.advice);
        }
        let code = outcome(&sent.answer)?;
        if code == Kind::SourceNotFound.code() {
            return Some(NO_SOURCE);
        }
        (code == Kind::KeyUnavailable.code()).then_some(
            "the source fetches the provider's key, by which no test is signed: try one with a `secret`, or whose `keys_url` leads to a server of yours",
        )
    }
}

/// Refuses to go on with a key of the configuration that only verifies.
fn can_sign(signer: &Signer<'_>, event: &TestEvent, overrides: &Overrides) -> Result<(), Failure> {
    if signer.try_event(event, overrides)? != Err(SigningError::NoPrivateKey) {
        return Ok(());
    }
    let says = "the source has a public key, which verifies and cannot sign";
    Err(Failure::usage(says).hint("give the private key with `--secret`"))
}

/// A secret with which this event can be signed.
fn make_up(manner: &Manner, event: &TestEvent) -> Result<MadeUp, Failure> {
    let overrides = Overrides { headers: Vec::new(), body: None };
    let made_up = key::make_up(manner.provider, |secret| {
        let Ok(signer) = manner.signer(Some(secret)) else {
            return Ok(false);
        };
        // Of anything else the secret is innocent; it is said where the event is sent.
        Ok(signer.try_event(event, &overrides)? != Err(SigningError::NoPrivateKey))
    })?;
    let slug = manner.provider.slug;
    let none = || Failure::usage(format!("no secret can be made up for {slug}; give `--secret`"));
    made_up.ok_or_else(none)
}

/// An event that was answered.
struct Sent {
    name: (&'static str, &'static str),
    answer: Answer,
    took: Duration,
}

impl Sent {
    fn line(&self, out: Out) -> String {
        let status = self.answer.status;
        let paint = if status.is_success() { Paint::Good } else { Paint::Bad };
        let body = String::from_utf8_lossy(&self.answer.body);
        // Of a problem its sentence: as JSON it would be cut in the middle.
        let problem = serde_json::from_str::<Value>(&body).ok().filter(|_| !status.is_success());
        let detail = problem.as_ref().and_then(|problem| problem.get("detail")?.as_str());
        let body = detail.unwrap_or(body.trim()).to_owned();
        let body = if body.is_empty() { outcome(&self.answer).unwrap_or_default() } else { body };
        let body: String = tame(&body).chars().take(SHOWN).collect();
        format!(
            "{} {}  {} {}  {body}",
            out.paint(Paint::Bold, self.name.0),
            self.name.1,
            out.paint(paint, status),
            out.paint(Paint::Dim, format_args!("in {} ms", self.took.as_millis())),
        )
    }

    /// The line of a check.
    fn checked(&self, out: Out, check: &Check, (expected, is_met): (&Expected, bool)) -> String {
        let (paint, verdict) = if is_met {
            (Paint::Good, "as it should be".to_owned())
        } else {
            (Paint::Bad, format!("but it should be {}", expected.wanted()))
        };
        let said = outcome(&self.answer).as_deref().map(tame).unwrap_or_default();
        format!(
            "{} {}  {}: {}{}{said}, {}  {}",
            out.paint(Paint::Bold, self.name.0),
            self.name.1,
            check.name.replace('_', " "),
            self.answer.status,
            if said.is_empty() { "" } else { " " },
            out.paint(paint, verdict),
            out.paint(Paint::Dim, format_args!("in {} ms", self.took.as_millis())),
        )
    }

    fn json(&self, check: Option<(&str, bool)>) -> String {
        let body = String::from_utf8_lossy(&self.answer.body);
        let answer = serde_json::from_str(&body).unwrap_or_else(|_| json!(body));
        let milliseconds = u64::try_from(self.took.as_millis()).unwrap_or(u64::MAX);
        let mut line = json!({
            "provider": self.name.0,
            "event": self.name.1,
            "status": self.answer.status.as_u16(),
            "duration_ms": milliseconds,
            "outcome": outcome(&self.answer),
            "event_id": event_id(&self.answer),
            "answer": answer,
        });
        if let (Some((name, is_met)), Some(members)) = (check, line.as_object_mut()) {
            members.insert("check".to_owned(), name.into());
            members.insert("as_it_should_be".to_owned(), is_met.into());
        }
        line.to_string()
    }
}

/// What is printed of an event that nobody answered.
fn unsent((provider, event): (&str, &str), error: &TransportError) -> String {
    json!({
        "provider": provider,
        "event": event,
        "status": null,
        "failure": { "kind": error.kind.as_str(), "detail": error.to_string() },
    })
    .to_string()
}

fn find(provider: &'static Provider, event: Option<&str>) -> Result<TestEvent, Failure> {
    let slug = provider.slug;
    let found = match event {
        Some(name) => sample::event(provider, name),
        None => sample::events(provider).first().copied(),
    };
    found.ok_or_else(|| {
        Failure::usage(format!("there is no test event `{}` of {slug}", event.unwrap_or_default()))
            .hint(format!("its events are {}", names(provider)))
            .hint("another body is sent with `--body FILE`")
    })
}

/// The names of a provider's test events.
fn names(provider: &'static Provider) -> String {
    let names: Vec<_> = sample::events(provider).iter().map(|event| event.name).collect();
    names.join(", ")
}

fn list(out: Out, json: bool) -> Result<(), Failure> {
    for provider in PROVIDERS {
        let slug = provider.slug;
        out.line(if json {
            let events: Vec<_> = sample::events(provider).iter().map(|event| event.name).collect();
            let has_handshake = provider.handshake.is_some();
            json!({ "provider": slug, "events": events, "handshake": has_handshake }).to_string()
        } else {
            let gap = " ".repeat(24_usize.saturating_sub(slug.len()));
            format!("{}{gap}{}", out.paint(Paint::Bold, slug), names(provider))
        })?;
    }
    Ok(())
}

fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    let read = if path == Path::new("-") {
        std::io::stdin().lock().read_to_end(&mut bytes).map(|_| bytes)
    } else {
        std::fs::read(path)
    };
    read.map_err(|error| Failure::usage(format!("cannot read `{}`: {error}", path.display())))
}

fn unreachable(to: &str, error: &TransportError, start: &str) -> Failure {
    match error.kind {
        FailureKind::ConnectRefused => {
            Failure::with(Exit::Unreachable, format!("nothing answers at {to}")).hint(start)
        }
        FailureKind::Request => Failure::usage(format!("cannot send to `{to}`: {error}")),
        _ => Failure::new(format!("cannot send to {to}: {error}")),
    }
}
