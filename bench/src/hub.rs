//! The hub under test, the sink it delivers to and the baseline it is compared with, each in a
//! process of its own.

use std::ffi::OsString;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use serde::Deserialize;
use serde_json::Value;

use crate::client;
use crate::load::count;
use crate::process::{Process, Speaks, sibling};
use crate::record::{self, Record};
use crate::scheme::Scheme;

/// The secret of the source `github` in every run.
pub const SECRET: &str = Scheme::Github.secret();

const READY: Duration = Duration::from_secs(30);

/// One destination of a hub's configuration.
#[derive(Clone, Debug)]
pub struct Destination {
    /// Its name.
    pub name: String,
    /// Where it is.
    pub url: String,
    /// Its other options, as lines of TOML.
    pub options: String,
}

/// A configuration: a source of each scheme, routed to all of these destinations.
pub fn configuration(store: &Path, destinations: &[Destination]) -> String {
    let head = format!(
        "[server]\nlisten = \"127.0.0.1:0\"\n[admin]\nlisten = \"127.0.0.1:0\"\n\
         [store]\nurl = \"sqlite:{}\"\n",
        store.display()
    );
    let sources = Scheme::ALL.iter().map(|scheme| {
        let (name, secret) = (scheme.provider(), scheme.secret());
        format!("[sources.{name}]\nprovider = \"{name}\"\nsecret = \"{secret}\"\n")
    });
    let tables = destinations.iter().map(|Destination { name, url, options }| {
        format!("[destinations.{name}]\nurl = \"{url}\"\n{options}\n")
    });
    let routes = destinations
        .iter()
        .map(|Destination { name, .. }| format!("[[routes]]\nfrom = \"*\"\nto = \"{name}\"\n"));
    std::iter::once(head).chain(sources).chain(tables).chain(routes).collect::<Vec<_>>().concat()
}

/// A running hub.
#[derive(Debug)]
pub struct Hub {
    /// Its process.
    pub process: Process,
    /// Where webhooks come in.
    pub ingest: SocketAddr,
    /// Where the admin API is.
    pub admin: SocketAddr,
    /// How long it took from its start until it listened.
    pub ready_after: Duration,
}

/// How to start a hub.
#[derive(Clone, Debug)]
pub struct HubProgram {
    /// The program.
    pub program: PathBuf,
    /// The fault to inject, if it is built to be able to.
    pub fault: Option<String>,
    /// What else is set in its environment.
    pub environment: Vec<(&'static str, OsString)>,
}

impl HubProgram {
    /// The hub that was asked for, or the one built beside this program.
    pub fn find(asked: Option<&Path>, fault: Option<&str>) -> Result<Self> {
        if fault.is_some() {
            return Ok(Self { fault: fault.map(str::to_owned), ..Self::find_faulty(asked)? });
        }
        Self::at(asked, "hookyard")
    }

    /// The hub that was asked for, or the one beside this program that faults can be injected
    /// into. None is.
    pub fn find_faulty(asked: Option<&Path>) -> Result<Self> {
        Self::at(asked, "hookyard-faulty")
    }

    fn at(asked: Option<&Path>, name: &str) -> Result<Self> {
        let program = asked.map_or_else(|| sibling(name), |path| Ok(path.to_path_buf()))?;
        Ok(Self { program, fault: None, environment: Vec::new() })
    }

    /// Starts it with the configuration in this folder, and waits until it listens.
    pub fn start(&self, folder: &Path, configuration: &str) -> Result<Hub> {
        let started = Instant::now();
        Hub::of(self.spawn(folder, configuration)?, started).map_err(|(_, error)| error)
    }

    /// Starts it with the configuration in this folder.
    pub fn spawn(&self, folder: &Path, configuration: &str) -> Result<Process> {
        let (file, log) = (folder.join("hookyard.toml"), folder.join("hub.log"));
        std::fs::write(&file, configuration)?;
        let mut command = Command::new(&self.program);
        command.arg("serve").arg("--config").arg(&file);
        if let Some(fault) = &self.fault {
            command.env("HOOKYARD_FAULT", fault);
        }
        command.envs(self.environment.iter().cloned());
        Process::start(&mut command, Speaks::OnStderr, &log)
    }
}

impl Hub {
    /// The hub of a process, once it listens; or the process back, and why it does not.
    pub fn of(mut process: Process, started: Instant) -> Result<Self, (Process, anyhow::Error)> {
        match process.wait_for(READY, listening) {
            Ok((ingest, admin)) => {
                Ok(Self { process, ingest, admin, ready_after: started.elapsed() })
            }
            Err(error) => Err((process, error)),
        }
    }

    /// What `/health` says.
    pub fn health(&self) -> Result<Value> {
        let answer = client::get(self.admin, "/health").context("the hub's /health is gone")?;
        Ok(serde_json::from_slice(&answer.body)?)
    }

    /// Asks the admin API of the hub with this store.
    pub fn api(&self, store: &Path, path: &str) -> Result<Value> {
        let mut file = store.as_os_str().to_owned();
        file.push(".admin.json");
        let way_in: Value = serde_json::from_slice(&std::fs::read(&file)?)?;
        let token = way_in.get("token").and_then(Value::as_str).context("there is no token")?;
        let request = format!(
            "GET /api/v1{path} HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {token}\r\n\
             Connection: close\r\n\r\n",
            self.admin
        );
        let answer = client::send(self.admin, request.as_bytes(), Duration::from_secs(5))?;
        if !answer.is_success() {
            bail!("{path}: {} {}", answer.status, String::from_utf8_lossy(&answer.body));
        }
        Ok(serde_json::from_slice(&answer.body)?)
    }

    /// Waits until nothing is pending.
    pub fn drain(&self, limit: Duration) -> Result<Duration> {
        let started = Instant::now();
        loop {
            let health = self.health()?;
            match health.get("pending").and_then(Value::as_u64) {
                Some(0) => return Ok(started.elapsed()),
                None => bail!("/health does not say how much is pending: {health}"),
                Some(pending) if started.elapsed() > limit => {
                    bail!("{pending} deliveries are still pending after {limit:?}")
                }
                Some(_) => std::thread::sleep(Duration::from_millis(20)),
            }
        }
    }

    /// Asks it to end and sees that it ends well.
    pub fn stop(mut self) -> Result<()> {
        let status = self.process.terminate(Duration::from_secs(30))?;
        if !status.success() {
            bail!("the hub ended with {status} after SIGTERM");
        }
        Ok(())
    }
}

/// The addresses in the log line that says that the hub listens.
fn listening(line: &str) -> Option<(SocketAddr, SocketAddr)> {
    let line: Value = serde_json::from_str(line).ok()?;
    let fields = line.get("fields").unwrap_or(&line);
    let text = |key: &str| fields.get(key).and_then(Value::as_str);
    let address = |key: &str| text(key).and_then(|text| text.parse().ok());
    (text("message") == Some("listening")).then_some(())?;
    Some((address("ingest")?, address("admin")?))
}

/// A running sink.
#[derive(Debug)]
pub struct Sink {
    /// Its process.
    pub process: Process,
    /// Where it is.
    pub address: SocketAddr,
    records: PathBuf,
    gate: PathBuf,
}

impl Sink {
    /// Starts one that writes into this folder.
    pub fn start(folder: &Path) -> Result<Self> {
        let (records, gate) = (folder.join("records"), folder.join("gate"));
        let mut command = Command::new(sibling("sink")?);
        command.arg("--records").arg(&records).arg("--gate").arg(&gate);
        let (process, address) = start_tool(&mut command, folder)?;
        Ok(Self { process, address, records, gate })
    }

    /// Starts one that is as fast as can be: it only counts.
    pub fn counting(folder: &Path) -> Result<Self> {
        let (records, gate) = (folder.join("records"), folder.join("gate"));
        let (process, address) = start_tool(&mut Command::new(sibling("sink")?), folder)?;
        Ok(Self { process, address, records, gate })
    }

    /// The URL of one of its paths.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// Lets its path `/gate` answer.
    pub fn open_gate(&self) -> Result<()> {
        Ok(std::fs::write(&self.gate, "")?)
    }

    /// What it has answered with a 2xx.
    pub fn count(&self) -> Result<Count> {
        let answer = client::get(self.address, "/count").context("the sink is gone")?;
        Ok(serde_json::from_slice(&answer.body)?)
    }

    /// What it has received.
    pub fn records(&self) -> Result<Vec<Record>> {
        record::read(&self.records)
    }
}

/// How often a sink has answered with a 2xx, and when, in microseconds since the Unix epoch.
#[derive(Clone, Copy, Debug, Deserialize)]
pub struct Count {
    /// How often.
    pub count: u64,
    /// When the first came; 0 if none has.
    pub first: u64,
    /// When the last came.
    pub last: u64,
}

impl Count {
    /// How many a second there were from this moment to the last.
    pub fn per_second_since(&self, began: u64) -> f64 {
        count(self.count) / Duration::from_micros(self.last.saturating_sub(began)).as_secs_f64()
    }
}

/// A running baseline.
#[derive(Debug)]
pub struct Baseline {
    /// Its process.
    pub process: Process,
    /// Where it is.
    pub address: SocketAddr,
}

impl Baseline {
    /// Starts one.
    pub fn start(folder: &Path) -> Result<Self> {
        let mut command = Command::new(sibling("baseline")?);
        let (process, address) = start_tool(&mut command, folder)?;
        Ok(Self { process, address })
    }
}

fn start_tool(command: &mut Command, folder: &Path) -> Result<(Process, SocketAddr)> {
    let mut process = Process::start(command, Speaks::OnStdout, &folder.join("tools.log"))?;
    let address =
        process.wait_for(READY, |line| line.strip_prefix("listening on ")?.parse().ok())?;
    Ok((process, address))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_addresses() {
        let flat = r#"{"message":"listening","ingest":"127.0.0.1:1","admin":"127.0.0.1:2"}"#;
        let nested = format!(r#"{{"level":"INFO","fields":{flat}}}"#);
        let expected = ("127.0.0.1:1".parse().unwrap(), "127.0.0.1:2".parse().unwrap());
        assert_eq!(listening(flat), Some(expected));
        assert_eq!(listening(&nested), Some(expected));
        assert_eq!(listening(&flat.replace("listening", "ready")), None);
        assert_eq!(listening("plain text"), None);
    }

    #[test]
    fn writes_the_configuration() {
        let sink = Destination {
            name: "sink".to_owned(),
            url: "http://127.0.0.1:1/ok".to_owned(),
            options: "concurrency = 32".to_owned(),
        };
        let text = configuration(Path::new("a.db"), &[sink]);
        assert!(text.contains("url = \"sqlite:a.db\""));
        assert!(text.ends_with(
            "[destinations.sink]\nurl = \"http://127.0.0.1:1/ok\"\nconcurrency = 32\n\
             [[routes]]\nfrom = \"*\"\nto = \"sink\"\n"
        ));
    }
}
