//! Requests that are made to take more than they bring: memory, first of all.
#![expect(clippy::print_stdout, reason = "the table is its output")]

use std::collections::HashSet;
use std::io::{self, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use anyhow::{Result, anyhow};
use clap::Parser;
use hookyard_bench::client;
use hookyard_bench::github::{self, Github};
use hookyard_bench::hub::{Destination, HubProgram, SECRET, Sink, configuration};
use hookyard_bench::outcome::Outcome;
use hookyard_bench::process;
use hookyard_bench::report::progress;

/// Sends heads and bodies without end, bodies that unpack to a thousand times their size, JSON
/// that is nested deeper than any stack, and many large bodies at once. What has to be refused is
/// refused, what is signed arrives as it was sent, and the hub stays small.
#[derive(Parser)]
struct Arguments {
    /// How many large bodies are sent at once.
    #[arg(long, default_value_t = 100)]
    bodies: usize,
    /// MiB of each.
    #[arg(long, default_value_t = 10)]
    size: usize,
    /// The hub; the one built beside this program if not said.
    #[arg(long)]
    hub: Option<PathBuf>,
    /// Break a promise on purpose (unbounded: the hub is allowed all bodies at once): then the
    /// exit code is 0 only if the harness noticed.
    #[arg(long)]
    control: Option<String>,
    /// Write the record to this file, for `torture`.
    #[arg(long)]
    json: Option<PathBuf>,
}

/// The longest that anything may take.
const PATIENCE: Duration = Duration::from_secs(60);
/// The figure that a hub misses which takes in whatever comes.
const MEMORY: &str = "memory, MiB, at most";

fn main() -> Result<ExitCode> {
    let arguments = Arguments::parse();
    let outcome = throw(&arguments)?.controlled(arguments.control.as_deref(), MEMORY);
    println!("{outcome}");
    outcome.finish(arguments.json.as_deref())
}

fn throw(arguments: &Arguments) -> Result<Outcome> {
    let program = HubProgram::find(arguments.hub.as_deref(), None)?;
    let folder = tempfile::Builder::new().prefix("hookyard-bombs-").tempdir()?;
    let sink = Sink::start(folder.path())?;
    let hub = program.start(folder.path(), &settings(folder.path(), &sink, arguments))?;
    let refused = endless(hub.ingest);
    let after_heads = hub.process.memory()?.peak;
    let bodies = hostile()?;
    let mut hashes = HashSet::new();
    let mut accepted = 0;
    for (number, (what, body)) in bodies.iter().enumerate() {
        hashes.insert(github::sha256(body));
        let status = send(hub.ingest, number as u64, body)?;
        accepted += usize::from(status == 200);
        if status != 200 {
            progress(format_args!("{what}: {status}"));
        }
    }
    let after_bodies = hub.process.memory()?.peak;
    let [taken, told_later, cut_off, other] = at_once(hub.ingest, arguments)?;
    let memory = hub.process.memory()?.peak;
    hub.drain(PATIENCE)?;
    hub.stop()?;
    let arrived: HashSet<_> = sink.records()?.into_iter().map(|record| record.sha256).collect();

    let mut outcome =
        Outcome::new(refused.len() as u64 + bodies.len() as u64 + 1, "kinds of bombs");
    for (what, status, expected) in refused {
        outcome.exactly(&format!("status of {what}"), usize::from(status), usize::from(expected));
    }
    outcome.exactly("signed bodies accepted as they are", accepted, bodies.len());
    let whole = hashes.intersection(&arrived).count();
    outcome.exactly("of these arrived byte for byte", whole, bodies.len());
    outcome.count("large bodies at once that were accepted", taken);
    outcome.count("told to come again later", told_later);
    outcome.count("cut off while they were sent", cut_off);
    outcome.exactly("answered otherwise, or not at all", other, 0);
    outcome.figure("memory after endless heads and bodies, MiB", after_heads);
    outcome.figure("memory after signed bodies, MiB", after_bodies);
    outcome.at_most(MEMORY, memory, 256.0);
    Ok(outcome)
}

fn settings(folder: &std::path::Path, sink: &Sink, arguments: &Arguments) -> String {
    let destination = Destination {
        name: "sink".to_owned(),
        url: sink.url("/ok"),
        options: "concurrency = 2".to_owned(),
    };
    let text = configuration(&folder.join("hookyard.db"), &[destination]);
    let limit = format!("provider = \"github\"\nbody_limit = \"{}MiB\"", arguments.size + 1);
    let text = text.replacen("provider = \"github\"", &limit, 1);
    if arguments.control.as_deref() == Some("unbounded") {
        let limits = "[server]\nlimits = { body_bytes_in_flight = \"4GiB\" }\n";
        return text.replacen("[server]\n", limits, 1);
    }
    text
}

/// What never ends, and the status that each was answered with; 0 if with none.
fn endless(address: SocketAddr) -> Vec<(&'static str, u16, u16)> {
    let post = "POST /webhook/github HTTP/1.1\r\nHost: hub\r\n";
    let line = format!("X-Long: {}\r\n", "a".repeat(4000));
    let chunk = format!("10000\r\n{}\r\n", "a".repeat(1 << 16));
    let chunked = format!("{post}Transfer-Encoding: chunked\r\n\r\n");
    let huge = format!("{post}Content-Length: 1099511627776\r\n\r\n");
    let uri = format!("POST /{} HTTP/1.1\r\n", "a".repeat(4000));
    let streams = [
        ("a head without end", post.to_owned(), line.as_str(), 431),
        ("a header line without end", format!("{post}X: "), "aaaaaaaaaaaaaaaa", 431),
        ("thousands of headers", post.to_owned(), "X: a\r\n", 431),
        ("a URL without end", "POST /".to_owned(), "aaaaaaaaaaaaaaaa", 431),
        ("a long URL", uri, "Host: hub\r\n\r\n", 404),
        ("chunks without end", chunked, &chunk, 413),
        ("a body of 1 TiB", huge, "aaaaaaaaaaaaaaaa", 413),
    ];
    let streams = streams.iter();
    streams
        .map(|(what, start, rest, expected)| (*what, stream(address, start, rest), *expected))
        .collect()
}

/// Sends a start, and then the rest again and again, until there is an answer: its status, 0 if
/// there is none.
fn stream(address: SocketAddr, start: &str, rest: &str) -> u16 {
    let exchange = || {
        let mut stream = TcpStream::connect(address)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        let mut reading = stream.try_clone()?;
        let answer = thread::spawn(move || {
            let mut answer = [0; 1024];
            reading
                .read(&mut answer)
                .map(|length| answer.get(..length).unwrap_or_default().to_vec())
        });
        stream.write_all(start.as_bytes())?;
        let many = rest.repeat((1 << 16) / rest.len().max(1) + 1);
        // 64 MiB are more than anything is allowed.
        for _ in 0..1024 {
            if answer.is_finished() || stream.write_all(many.as_bytes()).is_err() {
                break;
            }
        }
        let answer = answer.join().map_err(|_| io::Error::other("the reader failed"))??;
        let text = String::from_utf8_lossy(&answer).into_owned();
        Ok::<_, io::Error>(text.split(' ').nth(1).and_then(|status| status.parse().ok()))
    };
    exchange().ok().flatten().unwrap_or(0)
}

/// Bodies that are signed as they should be and hurt whoever looks into them.
fn hostile() -> Result<Vec<(&'static str, Vec<u8>)>> {
    let nested = [vec![b'['; 100_000], vec![b']'; 100_000]].concat();
    let keys = "{\"action\":".repeat(100_000);
    let number = format!("{{\"action\":{}}}", "9".repeat(1 << 20));
    let zipped = process::run("sh", &["-c", ZIP].map(AsRef::as_ref))?;
    Ok(vec![
        ("arrays in arrays", nested),
        ("objects in objects, without end", keys.into_bytes()),
        ("a number of a million digits", number.into_bytes()),
        (
            "the same key again and again",
            format!("{{{}\"a\":1}}", "\"a\":1,".repeat(100_000)).into(),
        ),
        ("bytes that are no text", vec![0xff; 1 << 20]),
        ("half of a surrogate", br#"{"action":"\ud800","a":"\u0000"}"#.to_vec()),
        ("nothing", Vec::new()),
        ("a GiB of zeros, packed", unhex(&zipped)?),
    ])
}

/// Packs a GiB of zeros into about a MiB, written in hexadecimal.
const ZIP: &str = "head -c 1073741824 /dev/zero | gzip -9 | od -An -v -tx1 | tr -d ' \\n'";

fn unhex(text: &str) -> Result<Vec<u8>> {
    let pair = |at: usize| {
        let pair = text.get(at..at + 2).ok_or_else(|| anyhow!("half a byte"))?;
        Ok(u8::from_str_radix(pair, 16)?)
    };
    (0..text.len()).step_by(2).map(pair).collect()
}

/// Sends a signed body and gives the status of the answer.
fn send(address: SocketAddr, number: u64, body: &[u8]) -> Result<u16> {
    let github = Github::new("hub", "/webhook/github", SECRET);
    let request = github.request("push", &github::delivery_id(0, number), body);
    Ok(client::send(address, &request, PATIENCE)?.status)
}

/// Sends many large signed bodies at once: how many were accepted, told to come again, cut
/// off, and none of these.
fn at_once(address: SocketAddr, arguments: &Arguments) -> Result<[usize; 4]> {
    // One body for all: what is under test is the hub, not how fast bodies can be made.
    let github = Github::new("hub", "/webhook/github", SECRET);
    let body = github::body("large", arguments.size << 20);
    let signature = github.signature(&body);
    let large = Arc::new((github, body, signature));
    let senders: Vec<_> = (0..arguments.bodies)
        .map(|number| {
            let large = Arc::clone(&large);
            thread::spawn(move || {
                let (github, body, signature) = &*large;
                let id = github::delivery_id(1, number as u64);
                let request = github.request_signed("push", &id, body, signature);
                client::send(address, &request, PATIENCE).map(|answer| answer.status)
            })
        })
        .collect();
    let (mut taken, mut later, mut cut_off, mut other) = (0, 0, 0, 0);
    for sender in senders {
        match sender.join().map_err(|_| anyhow!("a sender failed"))? {
            Ok(200) => taken += 1,
            Ok(503) => later += 1,
            // It was refused while it was still being sent, and the answer was overtaken by the
            // end of the connection: a provider tries again after either.
            Err(error) if is_cut_off(&error) => cut_off += 1,
            answer => {
                progress(format_args!("a large body: {answer:?}"));
                other += 1;
            }
        }
    }
    Ok([taken, later, cut_off, other])
}

fn is_cut_off(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::BrokenPipe | io::ErrorKind::ConnectionReset)
}
