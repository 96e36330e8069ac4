//! The same work by others, in the same run. Each of them is optional: what is not installed is
//! said so in the results.

use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use hookyard_bench::clock;
use hookyard_bench::hub::{SECRET, Sink};
use hookyard_bench::load::{Plan, count, run};
use hookyard_bench::process::{self, Process, Speaks};
use hookyard_bench::results::{CaseResults, figure};

use crate::deliver::arrivals;
use crate::setup::{Bench, Load, OPEN, destination};

/// The exact versions of the frameworks, a line each.
const REQUIREMENTS: &str = include_str!("../../../peers/requirements.in");

/// How long a peer may take until it listens.
const READY: Duration = Duration::from_secs(30);

/// One that receives webhooks.
struct Peer {
    name: &'static str,
    /// What it does for its figures, and what it keeps.
    does: &'static str,
    /// Whether it delivers to the sink.
    delivers: bool,
    /// Starts it with a sink to deliver to.
    start: fn(&Bench, &Path, &Sink) -> Result<Running>,
}

/// A peer that listens.
struct Running {
    process: Process,
    address: SocketAddr,
    path: &'static str,
    /// Which version it is.
    version: String,
}

const PEERS: &[Peer] = &[
    Peer {
        name: "hookyard",
        does: "verifies, tells repeats, stores on disk before the answer, delivers",
        delivers: true,
        start: start_hookyard,
    },
    Peer {
        name: "qhook",
        does: "verifies, stores in SQLite before the answer, delivers with 32 workers",
        delivers: true,
        start: start_qhook,
    },
    Peer {
        name: "webhook",
        does: "verifies, starts `/bin/true`; keeps nothing",
        delivers: false,
        start: start_webhook,
    },
    Peer {
        name: "flask",
        does: "its development server: verifies, puts into a queue in memory; keeps nothing",
        delivers: false,
        start: |bench, folder, _| start_python(bench, folder, "flask"),
    },
    Peer {
        name: "fastapi",
        does: "on uvicorn: verifies, works in a background task; keeps nothing",
        delivers: false,
        start: |bench, folder, _| start_python(bench, folder, "fastapi"),
    },
];

/// Each in turn, the hub first, so that the others have it to be compared with.
pub(crate) fn peers(bench: &Bench, _: u32, found: &mut CaseResults) -> Result<()> {
    let mut reference = None;
    for peer in PEERS {
        let folder = bench.folder()?;
        let sink = Sink::counting(folder.path())?;
        let measured = (peer.start)(bench, folder.path(), &sink)
            .and_then(|running| measure(bench, peer, &running, &sink, (&mut reference, found)));
        match measured {
            Err(error) if reference.is_none() => return Err(error),
            Err(error) => found.missing(&format!("{} was not measured: {error:#}.", peer.name)),
            Ok(()) => {}
        }
    }
    Ok(())
}

/// Sends as fast as it answers. Others may refuse what is too much for them, which is counted.
fn measure(
    bench: &Bench,
    peer: &Peer,
    running: &Running,
    sink: &Sink,
    (reference, found): (&mut Option<f64>, &mut CaseResults),
) -> Result<()> {
    let Running { process, address, path, version } = running;
    let began = clock::micros();
    // Bodies differ, since a peer may tell repeats by them.
    let plan = Plan {
        path: (*path).to_owned(),
        unique: true,
        ..Load::of(64, bench.scale.seconds).plan(*address)?
    };
    let report = run(&plan, &Arc::default())?;
    if report.accepted == 0 {
        bail!("it accepted nothing: {report:?}");
    }
    let failed = report.refused.values().sum::<u64>() + report.errors;
    let reference = *reference.get_or_insert(report.per_second);
    let row = found.row(&format!("{} {version}", peer.name));
    row.does = Some(peer.does.to_owned());
    row.add(figure::ACCEPTED, report.per_second)
        .add(figure::LEAD, reference / report.per_second)
        .add(figure::P50, report.latency.p50)
        .add(figure::P99, report.latency.p99)
        .add(figure::REFUSED, 100.0 * count(failed) / count(failed + report.accepted));
    if peer.delivers {
        let arrived = arrivals(sink, report.accepted, bench.scale.patience)?;
        row.add(figure::DELIVERED, arrived.per_second_since(began));
    }
    row.add(figure::PEAK, process.memory()?.peak);
    Ok(())
}

fn start_hookyard(bench: &Bench, folder: &Path, sink: &Sink) -> Result<Running> {
    let hub = bench.start(folder, &[destination(sink, "sink", "/ok", OPEN)])?;
    Ok(Running {
        process: hub.process,
        address: hub.ingest,
        path: "/webhook/github",
        version: env!("CARGO_PKG_VERSION").to_owned(),
    })
}

fn start_qhook(bench: &Bench, folder: &Path, sink: &Sink) -> Result<Running> {
    let program = installed(bench, "bin/qhook")?;
    let version = installed_version(bench, "qhook").unwrap_or_default();
    let (port, url) = (free_port()?, sink.url("/ok"));
    let text = format!(
        "database:\n  driver: sqlite\nserver:\n  port: {port}\n  allow_private_urls: true\n\
         worker:\n  max_concurrency: 32\n  batch_size: 32\n\
         sources:\n  github:\n    type: webhook\n    verify: github\n    secret: \"{SECRET}\"\n\
         handlers:\n  sink:\n    source: github\n    url: {url}\n"
    );
    std::fs::write(folder.join("qhook.yaml"), text)?;
    let mut command = Command::new(program);
    command.arg("start").current_dir(folder);
    listening(&mut command, folder, port, "/webhooks/github", version)
}

/// Debian's package of adnanh/webhook.
fn start_webhook(_: &Bench, folder: &Path, _: &Sink) -> Result<Running> {
    let version = said_version("webhook", "-version")
        .context("Debian's package `webhook` is not installed")?;
    let (hooks, port) = (folder.join("hooks.json"), free_port()?);
    let rule = serde_json::json!({ "match": {
        "type": "payload-hmac-sha256",
        "secret": SECRET,
        "parameter": { "source": "header", "name": "X-Hub-Signature-256" },
    }});
    let hook = serde_json::json!([
        { "id": "github", "execute-command": "/bin/true", "trigger-rule": rule }
    ]);
    std::fs::write(&hooks, hook.to_string())?;
    let mut command = Command::new("webhook");
    command.args(["-ip", "127.0.0.1", "-port", &port.to_string(), "-hooks"]).arg(hooks);
    listening(&mut command, folder, port, "/hooks/github", version)
}

/// Our own receiver with this framework.
fn start_python(bench: &Bench, folder: &Path, framework: &str) -> Result<Running> {
    let packages = installed(bench, "python/packages")?;
    let exact = REQUIREMENTS.lines().find_map(|line| line.strip_prefix(framework));
    let version = exact.and_then(|rest| rest.strip_prefix("==")).unwrap_or_default();
    let receiver = format!("bench/peers/{framework}_receiver.py");
    let port = free_port()?;
    let mut command = Command::new("python3");
    command.arg("-B").arg(std::fs::canonicalize(receiver)?).current_dir(folder);
    command.env("PYTHONPATH", packages).env("WEBHOOK_SECRET", SECRET);
    command.env("PORT", port.to_string());
    listening(&mut command, folder, port, "/webhook/github", version.to_owned())
}

/// What was installed there.
fn installed(bench: &Bench, path: &str) -> Result<PathBuf> {
    let path = bench.peers.join(path);
    let found = std::fs::canonicalize(&path);
    found.with_context(|| format!("{} is not installed", path.display()))
}

/// What cargo wrote down of the version: a line `"NAME VERSION (SOURCE)" = […]`.
fn installed_version(bench: &Bench, name: &str) -> Option<String> {
    let list = std::fs::read_to_string(bench.peers.join(".crates.toml")).ok()?;
    let rest = list.lines().find_map(|line| line.strip_prefix(&format!("\"{name} ")))?;
    rest.split(' ').next().map(str::to_owned)
}

/// The last word of what it says of its version.
fn said_version(program: &str, flag: &str) -> Result<String> {
    let said = process::run(program, &[flag.as_ref()])?;
    Ok(said.split_whitespace().last().unwrap_or_default().to_owned())
}

/// A port that nobody listens on, for programs that cannot be told to choose one.
fn free_port() -> Result<u16> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}

/// Starts it and waits until it takes connections.
fn listening(
    command: &mut Command,
    folder: &Path,
    port: u16,
    path: &'static str,
    version: String,
) -> Result<Running> {
    let log = folder.join("peer.log");
    let mut process = Process::start(command, Speaks::ToLog, &log)?;
    let address = SocketAddr::from(([127, 0, 0, 1], port));
    let deadline = Instant::now() + READY;
    while TcpStream::connect(address).is_err() {
        if let Some(status) = process.exited(Duration::from_millis(20))? {
            let said = std::fs::read_to_string(&log).unwrap_or_default();
            bail!("it ended with {status}: {}", said.lines().last().unwrap_or_default());
        }
        if Instant::now() >= deadline {
            bail!("it did not listen within {READY:?}");
        }
    }
    Ok(Running { process, address, path, version })
}
