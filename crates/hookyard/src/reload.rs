//! Puts a changed configuration in the place of the running one.
//!
//! The file, and every file that it refers to, is read again and again and compared by content:
//! file events miss what container platforms do, which swap a folder for another. A change counts
//! once two looks in a row agree on it, so that a file that is just being written is not taken for
//! a whole one. When the new configuration is wrong, the old one stays.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use sha2::{Digest, Sha256};
use tokio::sync::{mpsc, watch};
use tokio::task::spawn_blocking;
use tokio::time::{MissedTickBehavior, interval};
use tracing::{error, info, warn};

use crate::config::{Config, ConfigErrors, Placed, Warnings, load};
use crate::telemetry::log::{FOR_MACHINES, FOR_PEOPLE};

/// How often the files are looked at; a change takes effect after one to two of these.
const EVERY: Duration = Duration::from_secs(1);

/// What is read of a file to tell whether it has changed: more than any of them may have.
const LOOKED_AT: u64 = 2 << 20;

/// Where a configuration reads the environment.
pub type Env = Box<dyn Fn(&str) -> Option<String> + Send>;

/// Why the files are looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trigger {
    /// It is time.
    Time,
    /// A person asked, by SIGHUP: there is an answer even if nothing has changed.
    Asked,
}

/// The files of a configuration, as they were when they were last read.
pub struct Reloader {
    path: PathBuf,
    env: Env,
    /// The files that the configuration refers to.
    files: Vec<PathBuf>,
    /// What the running configuration was made of, or what was refused last.
    seen: Fingerprint,
    /// A change that was seen once.
    pending: Option<Fingerprint>,
}

/// Stands for the contents of all files.
type Fingerprint = [u8; 32];

impl Reloader {
    /// Reads a configuration for the first time.
    pub fn open(path: &Path, env: Env) -> Result<(Self, Config, Warnings), ConfigErrors> {
        // Taken before the file is read, so that no change can come between.
        let before = fingerprint(path, &[]);
        let loaded = load(path, &*env);
        let (config, warnings) = loaded.outcome?;
        let is_same = before == fingerprint(path, &[]);
        let seen = if is_same { fingerprint(path, &loaded.files) } else { before };
        let path = path.to_owned();
        Ok((Self { path, env, files: loaded.files, seen, pending: None }, config, warnings))
    }

    /// The configuration's own file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Looks at the files, and reads them if they have changed. `None` when there is nothing new.
    pub fn look(&mut self, trigger: Trigger) -> Option<Result<(Config, Warnings), ConfigErrors>> {
        let now = fingerprint(&self.path, &self.files);
        if trigger == Trigger::Time {
            if now == self.seen {
                self.pending = None;
                return None;
            }
            if self.pending.replace(now) != Some(now) {
                return None;
            }
        }
        self.pending = None;
        let loaded = load(&self.path, &*self.env);
        // Other files may be referred to now. What has changed since it was read is seen next time.
        let is_same = now == fingerprint(&self.path, &self.files);
        self.files = loaded.files;
        self.seen = if is_same { fingerprint(&self.path, &self.files) } else { now };
        Some(loaded.outcome)
    }
}

fn fingerprint(path: &Path, files: &[PathBuf]) -> Fingerprint {
    let mut hash = Sha256::new();
    for path in std::iter::once(path).chain(files.iter().map(PathBuf::as_path)) {
        let content = content(path);
        // A file that cannot be read is a content of its own, which ends when it can be.
        let (kind, bytes) = match &content {
            Ok(bytes) => (1_u8, bytes.as_slice()),
            Err(why) => (0, why.as_bytes()),
        };
        hash.update([kind]);
        hash.update(bytes.len().to_be_bytes());
        hash.update(bytes);
    }
    hash.finalize().into()
}

/// What a file holds; of a folder the names in it, since each of its files is looked at as well.
fn content(path: &Path) -> Result<Vec<u8>, String> {
    if !path.is_dir() {
        return crate::config::read_bytes(path, LOOKED_AT);
    }
    let files = crate::config::files_in(path).map_err(|error| error.to_string())?;
    let names = files.iter().filter_map(|file| file.file_name());
    Ok(names.flat_map(|name| [name.as_encoded_bytes(), b"\0"].concat()).collect())
}

/// What can only be changed by a restart, with what is running kept in its place.
fn keep_fixed(new: &mut Config, running: &Config) -> Vec<&'static str> {
    let mut kept = Vec::new();
    if new.server.listen != running.server.listen {
        new.server.listen = running.server.listen;
        kept.push("`listen` in `[server]`");
    }
    if new.server.tls.is_some() != running.server.tls.is_some() {
        new.server.tls.clone_from(&running.server.tls);
        kept.push("switching `tls` in `[server]` on or off");
    }
    if new.server.limits != running.server.limits {
        new.server.limits = running.server.limits;
        kept.push("`[server.limits]`");
    }
    if new.admin.listen != running.admin.listen {
        new.admin.listen = running.admin.listen;
        kept.push("`listen` in `[admin]`");
    }
    if new.store.path != running.store.path {
        new.store.path.clone_from(&running.store.path);
        kept.push("`url` in `[store]`");
    }
    if new.store.keep_free != running.store.keep_free {
        new.store.keep_free = running.store.keep_free;
        kept.push("`keep_free` in `[store]`");
    }
    kept
}

/// Reads the configuration again at each trigger and, when it has changed, hands it to `apply`,
/// until there are no more triggers. Certificates that have changed are a change, too.
///
/// `current` gives the configuration that is running.
pub async fn watch(
    mut reloader: Reloader,
    current: impl Fn() -> Arc<Config>,
    mut apply: impl FnMut(Config) -> Result<(), String>,
    mut triggers: mpsc::Receiver<Trigger>,
) {
    while let Some(trigger) = triggers.recv().await {
        // A file on a network may take its time.
        let looked = spawn_blocking(move || {
            let read = reloader.look(trigger);
            (reloader, read)
        });
        let read = match looked.await {
            Ok((back, read)) => {
                reloader = back;
                read
            }
            Err(failure) => {
                error!(%failure, "the configuration is no longer watched; restart to change it");
                return;
            }
        };
        match read {
            None => {}
            Some(Err(errors)) => refuse(&errors),
            Some(Ok((config, warnings))) => replace(config, &warnings, &current(), &mut apply),
        }
    }
}

/// Says what is wrong: to a person in one piece, to a machine in one message for each finding.
fn refuse(errors: &ConfigErrors) {
    const WHAT: &str = "the new configuration is not valid, the old one stays";
    error!(target: FOR_PEOPLE, "{WHAT}:\n{errors}");
    tell(errors.findings());
    error!(target: FOR_MACHINES, errors = errors.count(), "{WHAT}");
}

fn tell<'a>(findings: impl Iterator<Item = Placed<'a>>) {
    for Placed { is_error, file, line, column, sentence } in findings {
        if is_error {
            error!(target: FOR_MACHINES, file, line, column, "{sentence}");
        } else {
            warn!(target: FOR_MACHINES, file, line, column, "{sentence}");
        }
    }
}

fn replace(
    mut config: Config,
    warnings: &Warnings,
    running: &Config,
    apply: &mut impl FnMut(Config) -> Result<(), String>,
) {
    if warnings.count() > 0 {
        warn!(target: FOR_PEOPLE, "the new configuration is valid, with warnings:\n{warnings}");
        tell(warnings.findings());
    }
    for kept in keep_fixed(&mut config, running) {
        warn!("{kept} needs a restart to change; everything else is applied");
    }
    match apply(config) {
        Ok(()) => info!("the new configuration is in place"),
        Err(why) => error!("the new configuration could not be applied, the old one stays: {why}"),
    }
}

/// Triggers by time and by SIGHUP, until `stopping` turns true.
///
/// SIGHUP is listened for from the call on, not only from the first poll: until then it would
/// end the process.
pub fn trigger(
    triggers: mpsc::Sender<Trigger>,
    stopping: watch::Receiver<bool>,
) -> impl Future<Output = ()> + Send {
    let hangup = Hangup::listen();
    pass_on(hangup, triggers, stopping)
}

async fn pass_on(
    mut hangup: Hangup,
    triggers: mpsc::Sender<Trigger>,
    mut stopping: watch::Receiver<bool>,
) {
    let mut time = interval(EVERY);
    time.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        let trigger = tokio::select! {
            _ = stopping.wait_for(|stopping| *stopping) => return,
            _ = time.tick() => Trigger::Time,
            () = hangup.next() => Trigger::Asked,
        };
        if triggers.send(trigger).await.is_err() {
            return;
        }
    }
}

/// SIGHUP, where there is such a thing.
struct Hangup {
    #[cfg(unix)]
    signal: Option<tokio::signal::unix::Signal>,
}

#[cfg(unix)]
impl Hangup {
    fn listen() -> Self {
        use tokio::signal::unix::{SignalKind, signal};

        let signal = signal(SignalKind::hangup());
        if let Err(why) = &signal {
            warn!(%why, "SIGHUP will not reload the configuration");
        }
        Self { signal: signal.ok() }
    }

    async fn next(&mut self) {
        let received = match &mut self.signal {
            Some(signal) => signal.recv().await,
            None => None,
        };
        if received.is_none() {
            std::future::pending::<()>().await;
        }
    }
}

#[cfg(not(unix))]
impl Hangup {
    fn listen() -> Self {
        Self {}
    }

    async fn next(&mut self) {
        std::future::pending::<()>().await;
    }
}
