//! `hookyard verify`: says whether a request is signed, and if not, which mistake was made.
//!
//! It asks no hub and sends nothing: bytes, secrets and the time go in, a verdict comes out.

mod report;
mod vectors;

use std::collections::BTreeMap;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;
use hookyard_delivery::Clock as _;
use hookyard_signature::{
    Case, Mistake, Options, OtherSecret, Provider, Received, Scheme, Secret, Setting, UnixSeconds,
    Verifier, explain, provider,
};

use self::report::Report;
use super::failure::{Exit, Failure};
use super::out::Out;
use crate::clock::SystemClock;
use crate::config::nearest::nearest_provider;
use crate::config::parse_duration;

/// Check the signature of a request, and say which mistake was made if it is wrong
///
/// Nothing is sent and no hub is asked.
/// Ends with 0 where the request is valid, with 1 where it is not, with 2 where the command is wrong.
/// What is printed never holds a secret or the signature that was expected.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  hookyard verify --provider github --secret-file secret.txt --header 'X-Hub-Signature-256: sha256=…' --body-file body.json
  hookyard verify --provider stripe --header 'Stripe-Signature: t=…,v1=…' --body-file - --now 1700000000 < body.json
  hookyard verify --vectors crates/signature/vectors")]
pub(crate) struct Verify {
    /// Whose request it is; `hookyard providers` lists all
    #[arg(long, value_name = "NAME", required_unless_present = "vectors")]
    provider: Option<String>,

    /// A secret that may have been used; several are tried one after the other
    ///
    /// Other users of the machine can see command lines: prefer the environment or a file.
    #[arg(long = "secret", value_name = "SECRET", env = "HOOKYARD_SECRET", hide_env_values = true)]
    secrets: Vec<String>,

    /// A file with a secret; one line break at its end does not count
    #[arg(long = "secret-file", value_name = "FILE")]
    secret_files: Vec<PathBuf>,

    /// A file with a secret of somewhere else, to find out whether it was used
    #[arg(long = "other-secret-file", value_name = "LABEL=FILE", value_parser = pair)]
    others: Vec<(String, String)>,

    /// A header of the request, as it arrived
    #[arg(long = "header", short = 'H', value_name = "NAME: VALUE", value_parser = header)]
    headers: Vec<(String, String)>,

    /// A file with the body, byte for byte; `-` reads standard input; without it the body is empty
    #[arg(long, value_name = "FILE")]
    body_file: Option<PathBuf>,

    /// The method
    #[arg(long, value_name = "METHOD", default_value = "POST")]
    method: String,

    /// The URL as the provider was given it, for those that sign it
    #[arg(long, value_name = "URL")]
    url: Option<String>,

    /// What the provider needs beside the secret; `hookyard providers show NAME` lists it
    #[arg(long = "set", value_name = "NAME=VALUE", value_parser = pair)]
    settings: Vec<(String, String)>,

    /// How far a signed time may be from now, such as `5m` or `90s`, instead of what the provider
    /// says; a number alone is in seconds
    #[arg(long, value_name = "TIME", value_parser = tolerance)]
    tolerance: Option<u64>,

    /// A file with the key that the provider publishes, for those that do
    #[arg(long, value_name = "FILE")]
    key_file: Option<PathBuf>,

    /// The time at which the request arrived, in seconds since 1970; without it, now
    #[arg(long, value_name = "UNIX")]
    now: Option<u64>,

    /// Run every case of every file in this folder, in the format of this project's vectors
    #[arg(long, value_name = "DIR", conflicts_with_all = [
        "provider", "secret_files", "others", "headers", "body_file", "url", "settings",
        "tolerance", "key_file", "now",
    ])]
    vectors: Option<PathBuf>,

    /// Print JSON
    #[arg(long)]
    json: bool,
}

impl Verify {
    pub(crate) fn run(&self, out: Out) -> Result<(), Failure> {
        if let Some(folder) = &self.vectors {
            return vectors::run(out, folder, self.json);
        }
        let provider = find(self.provider.as_deref().unwrap_or_default())?;
        let report = self.judge(provider)?;
        if self.json {
            out.line(report.json())?;
        } else {
            for line in report.lines(out) {
                out.line(line)?;
            }
        }
        report.end()
    }

    fn judge(&self, provider: &'static Provider) -> Result<Report, Failure> {
        let secrets = self.secrets(provider)?;
        let settings = self.settings.iter().cloned().collect::<BTreeMap<_, _>>();
        unknown_setting(provider, &settings)?;
        missing_setting(provider, &settings)?;
        let options = Options { tolerance: self.tolerance, settings };
        let body = self.body_file.as_deref().map(read).transpose()?.unwrap_or_default();
        if provider.scheme.covers().url && self.url.is_none() {
            let says = format!("{} signs the URL, and none is given", provider.name);
            return Err(Failure::usage(says).hint("name with `--url` the one the provider has"));
        }
        let request = Received {
            method: &self.method,
            url: self.url.as_deref().unwrap_or_default(),
            headers: &self.headers,
            body: &body,
        };
        let now = self.now.unwrap_or_else(|| SystemClock.now().as_seconds());
        let fetched = self.key_file.as_deref().map(read).transpose()?;
        let verified = match Verifier::new(&provider.scheme, secrets.clone(), &options) {
            Ok(verifier) => {
                if fetched.is_none() {
                    has_its_key(provider, &verifier, &request)?;
                }
                verifier.verify_with(&request, UnixSeconds(now), fetched.as_deref()).ok()
            }
            Err(_) => None,
        };
        let others = self.others()?;
        let others: Vec<_> = others
            .iter()
            .map(|(label, secret)| OtherSecret { label, secret, is_former: false })
            .collect();
        let case = Case {
            scheme: &provider.scheme,
            provider: Some(provider),
            secrets: &secrets,
            options: &options,
            others: &others,
            fetched: fetched.as_deref(),
        };
        let mut explanation = explain(&case, &request, UnixSeconds(now));
        if let Some(finding) = explanation.as_mut().and_then(|told| told.finding.as_mut()) {
            finding.advice = self.advice(finding.mistake).unwrap_or(finding.advice);
        }
        Ok(Report { provider, verified, explanation })
    }

    /// What to do about a time that is off, where the time to judge by is the command's own doing.
    const fn advice(&self, mistake: Mistake) -> Option<&'static str> {
        match (mistake, self.now) {
            (Mistake::TimestampOld | Mistake::TimestampAhead, Some(_)) => Some(
                "See whether `--now` is when the request arrived, in seconds since 1970 and UTC; if it is, the sender's clock and the receiver's differ.",
            ),
            (Mistake::TimestampOld, None) => Some(
                "To judge a request from before, give the time at which it arrived with `--now`, or allow more with `--tolerance`.",
            ),
            _ => None,
        }
    }

    fn secrets(&self, provider: &Provider) -> Result<Vec<Secret>, Failure> {
        let mut secrets: Vec<Vec<u8>> =
            self.secrets.iter().map(|secret| secret.clone().into_bytes()).collect();
        for file in &self.secret_files {
            secrets.push(read_secret(file)?);
        }
        let needs_one = match &provider.scheme {
            Scheme::Bespoke(bespoke) => !bespoke.publishes_keys,
            Scheme::Unsigned => {
                let says =
                    format!("{} signs nothing, so there is nothing to verify", provider.name);
                return Err(Failure::usage(says));
            }
            _ => true,
        };
        if secrets.is_empty() && needs_one {
            return Err(Failure::usage("there is no secret to verify with")
                .hint("give it by HOOKYARD_SECRET, `--secret-file` or `--secret`"));
        }
        let usable = |secret| {
            Secret::new(secret).map_err(|error| Failure::usage(format!("{error}; copy it again")))
        };
        secrets.into_iter().map(usable).collect()
    }

    fn others(&self) -> Result<Vec<(String, Secret)>, Failure> {
        let read = |(label, file): &(String, String)| {
            let secret = Secret::new(read_secret(Path::new(file))?)
                .map_err(|error| Failure::usage(format!("in `{file}`: {error}")))?;
            Ok((format!("`{label}`"), secret))
        };
        self.others.iter().map(read).collect()
    }
}

/// The provider of this name, or the failure that says which may have been meant.
pub(super) fn find(slug: &str) -> Result<&'static Provider, Failure> {
    provider(slug).ok_or_else(|| {
        let failure = Failure::usage(format!("there is no provider `{slug}`"));
        match nearest_provider(slug) {
            Some(near) => failure.hint(format!("did you mean `{near}`?")),
            None => failure.hint("`hookyard providers` lists them all"),
        }
    })
}

/// Refuses to judge what needs a key that the provider publishes: nothing is fetched here.
fn has_its_key(
    provider: &Provider,
    verifier: &Verifier,
    request: &Received<'_>,
) -> Result<(), Failure> {
    match verifier.fetch(request) {
        Ok(Some(fetch)) => {
            let says = format!("{} signs with a key that it publishes", provider.name);
            let hint = format!("fetch {} and name the file with `--key-file`", fetch.url);
            Err(Failure::usage(says).hint(hint))
        }
        // What is wrong with a request that names no key is said like everything else.
        Ok(None) | Err(_) => Ok(()),
    }
}

fn unknown_setting(
    provider: &Provider,
    settings: &BTreeMap<String, String>,
) -> Result<(), Failure> {
    let known: Vec<_> = provider.settings.iter().map(|setting| setting.name).collect();
    let Some(unknown) = settings.keys().find(|name| !known.contains(&name.as_str())) else {
        return Ok(());
    };
    let failure = Failure::usage(format!("{} has no setting `{unknown}`", provider.name));
    Err(if known.is_empty() {
        failure.hint("it has none at all")
    } else {
        failure.hint(format!("it has {}", known.join(", ")))
    })
}

fn missing_setting(
    provider: &Provider,
    settings: &BTreeMap<String, String>,
) -> Result<(), Failure> {
    let is_missing = |setting: &&Setting| setting.required && !settings.contains_key(setting.name);
    let Some(Setting { name, about, .. }) = provider.settings.iter().find(is_missing) else {
        return Ok(());
    };
    let says = format!("{} needs the setting `{name}`: {about}", provider.name);
    let hint = format!(
        "give it with `--set {name}=…`; in a configuration it is `settings.{name}` of the source"
    );
    Err(Failure::usage(says.trim_end_matches('.')).hint(hint))
}

/// A time as a configuration has it, or a number of seconds.
fn tolerance(text: &str) -> Result<u64, String> {
    let seconds = text.parse().ok().map(Duration::from_secs);
    let time = seconds.or_else(|| parse_duration(text));
    let time = time.filter(|time| time.subsec_nanos() == 0).map(|time| time.as_secs());
    time.ok_or_else(|| "write a time such as `5m`, `90s` or `1h30m`, in whole seconds".to_owned())
}

fn header(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once(':').ok_or("write it as `Name: value`")?;
    let name: http::HeaderName = name.trim().parse().map_err(|_| "this is no header's name")?;
    Ok((name.as_str().to_owned(), value.trim_matches([' ', '\t']).to_owned()))
}

/// A name and its value as they are written on the command line, `name=value`.
pub(super) fn pair(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("write it with a `=` between the two")?;
    Ok((name.to_owned(), value.to_owned()))
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

/// A secret from a file. Editors put a line break at its end, which is nobody's secret.
fn read_secret(path: &Path) -> Result<Vec<u8>, Failure> {
    let mut secret = read(path)?;
    for ending in [b'\n', b'\r'] {
        if secret.last() == Some(&ending) {
            secret.pop();
        }
    }
    Ok(secret)
}

/// What a verification ends with.
const fn invalid() -> Failure {
    Failure::Silent(Exit::Failed)
}
