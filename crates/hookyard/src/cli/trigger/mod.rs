//! `hookyard trigger`: sends a test event, signed as its provider would.

mod key;
mod request;

use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use clap::Args;
use clap::builder::PossibleValuesParser;
use hookyard_delivery::{Answer, TransportError, UrlError, check_url};
use hookyard_model::{FailureKind, Reach};
use http::StatusCode;
use serde_json::{Value, json};

use self::request::{Overrides, Signer};
use super::client::Client;
use super::failure::{Exit, Failure};
use super::out::{Out, Paint, tame};
use crate::sample::{self, PROVIDERS, Provider, Sample};

/// How many characters of an answer are shown on a line.
const SHOWN: usize = 300;

/// Send a test event, signed as its provider signs
///
/// Each event has new ids, so that none is taken for a repeat of another.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  hookyard trigger github push
  hookyard trigger stripe invoice.paid --secret whsec_…
  hookyard trigger generic --body order.json --to http://127.0.0.1:3000/hooks")]
pub(crate) struct Trigger {
    /// Whose event it is; `--list` shows all
    #[arg(value_name = "PROVIDER", required_unless_present = "list", hide_possible_values = true)]
    #[arg(value_parser = PossibleValuesParser::new(PROVIDERS.iter().map(|provider| provider.slug)))]
    provider: Option<String>,

    /// Which event; without it the provider's first
    event: Option<String>,

    /// Where it goes; without it `http://127.0.0.1:8080/webhook/PROVIDER`, where `hookyard dev` listens
    #[arg(long, value_name = "URL")]
    to: Option<String>,

    /// The secret to sign with, as the source has it; without it one is made up and shown
    ///
    /// For `basic` it is `user:password`, for `sendgrid` a private key (PKCS#8 in base64).
    #[arg(long, env = "HOOKYARD_SECRET", hide_env_values = true)]
    secret: Option<String>,

    /// How many events, one after the other
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
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

impl Trigger {
    pub(crate) async fn run(self, out: Out) -> Result<(), Failure> {
        let (Some(slug), false) = (self.provider.as_deref(), self.list) else {
            return list(out, self.json);
        };
        let (provider, sample) = find(slug, self.event.as_deref())?;
        let to = self.to.clone().unwrap_or_else(|| format!("http://127.0.0.1:8080/webhook/{slug}"));
        check_url(&to, &Reach::Operator { metadata: false })
            .map_err(|error| Failure::usage(format!("`--to` cannot be `{to}`: {}", own(&error))))?;
        let body = self.body.as_deref().map(read).transpose()?;
        let overrides = Overrides { headers: self.headers.clone(), body };
        let signer = Signer::new(slug, self.secret.clone(), &to, self.public_url.clone())?;
        if let Some(made_up) = signer.made_up() {
            out.note(format_args!("signed with a secret made up for this run: {made_up}"));
        }
        self.send(out, (provider, sample), &signer, &overrides).await
    }

    async fn send(
        &self,
        out: Out,
        (provider, sample): (&Provider, &Sample),
        signer: &Signer,
        overrides: &Overrides,
    ) -> Result<(), Failure> {
        let client = Client::new(Duration::from_secs(self.timeout.into()));
        let (mut refused, mut unsigned) = (0_u32, false);
        for _ in 0..self.count {
            let request = signer.request(provider, sample, overrides)?;
            let to = request.url.clone();
            let started = Instant::now();
            let answer = match client.send(request).await {
                Ok(answer) => answer,
                Err(error) => {
                    if self.json {
                        out.line(unsent((provider.slug, sample.event), &error))?;
                    }
                    return Err(unreachable(&to, &error));
                }
            };
            let sent =
                Sent { name: (provider.slug, sample.event), answer, took: started.elapsed() };
            refused += u32::from(!sent.answer.status.is_success());
            unsigned |= sent.answer.status == StatusCode::UNAUTHORIZED;
            out.line(if self.json { sent.json() } else { sent.line(out) })?;
        }
        if refused == 0 {
            return Ok(());
        }
        let failure = Failure::new(format!("{refused} of {} not accepted", self.count));
        Err(if unsigned { failure.hint("`--secret` must be the source's secret") } else { failure })
    }
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
        let body = detail.unwrap_or(body.trim());
        let body: String = tame(body).chars().take(SHOWN).collect();
        format!(
            "{} {}  {} {}  {body}",
            out.paint(Paint::Bold, self.name.0),
            self.name.1,
            out.paint(paint, status),
            out.paint(Paint::Dim, format_args!("in {} ms", self.took.as_millis())),
        )
    }

    fn json(&self) -> String {
        let body = String::from_utf8_lossy(&self.answer.body);
        let answer = serde_json::from_str(&body).unwrap_or_else(|_| json!(body));
        let milliseconds = u64::try_from(self.took.as_millis()).unwrap_or(u64::MAX);
        json!({
            "provider": self.name.0,
            "event": self.name.1,
            "status": self.answer.status.as_u16(),
            "duration_ms": milliseconds,
            "answer": answer,
        })
        .to_string()
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

fn find(slug: &str, event: Option<&str>) -> Result<(&'static Provider, &'static Sample), Failure> {
    let provider = sample::provider(slug);
    let provider =
        provider.ok_or_else(|| Failure::usage(format!("there is no provider `{slug}`")))?;
    let sample = match event {
        Some(name) => provider.event(name),
        None => provider.events.first(),
    };
    let names = || provider.events.iter().map(|sample| sample.event).collect::<Vec<_>>().join(", ");
    sample.map(|sample| (provider, sample)).ok_or_else(|| {
        Failure::usage(format!("there is no test event `{}` of {slug}", event.unwrap_or_default()))
            .hint(format!("its events are {}", names()))
            .hint("another body is sent with `--body FILE`")
    })
}

/// The sentence about a URL, which is not a destination's here.
fn own(error: &UrlError) -> String {
    error.to_string().replace("a destination's URL begins", "it has to begin")
}

fn list(out: Out, json: bool) -> Result<(), Failure> {
    for provider in PROVIDERS {
        let events: Vec<_> = provider.events.iter().map(|sample| sample.event).collect();
        out.line(if json {
            json!({ "provider": provider.slug, "events": events }).to_string()
        } else {
            let gap = " ".repeat(22_usize.saturating_sub(provider.slug.len()));
            format!("{}{gap}{}", out.paint(Paint::Bold, provider.slug), events.join(", "))
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

fn unreachable(to: &str, error: &TransportError) -> Failure {
    match error.kind {
        FailureKind::ConnectRefused => {
            Failure::with(Exit::Unreachable, format!("nothing answers at {to}"))
                .hint("start a hub with `hookyard dev`, or say where one is with `--to`")
        }
        FailureKind::Request => Failure::usage(format!("cannot send to `{to}`: {error}")),
        _ => Failure::new(format!("cannot send to {to}: {error}")),
    }
}
