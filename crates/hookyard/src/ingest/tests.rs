//! What a bug of ours does to those who send. The hub is this test program, started again in a
//! process of its own, because a release has no way to be made to panic.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use serde_json::Value;

use crate::config::Config;
use crate::telemetry::log::{self, Style};

/// Says where the configuration of the child is.
const FILE: &str = "HOOKYARD_INGEST_TEST_CONFIG";
/// Nothing takes longer than this, or the test fails.
const PATIENCE: Duration = Duration::from_secs(30);

const CONFIG: &str = "\
[server]
listen = \"127.0.0.1:0\"
[admin]
listen = \"127.0.0.1:0\"
[store]
url = \"sqlite:hub.db\"
[sources.shop]
verify = \"none\"
";

/// A hub that panics where a request says so.
struct Hub {
    child: Child,
    log: Receiver<String>,
    ingest: SocketAddr,
}

impl Hub {
    fn start(folder: &Path) -> Self {
        let config = folder.join("hookyard.toml");
        std::fs::write(&config, CONFIG).unwrap();
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "ingest::tests::serves", "--ignored", "--nocapture"])
            .env(FILE, config)
            .env("HOOKYARD_FAULT", crate::fault::PANIC)
            .env_remove("RUST_BACKTRACE")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let (line, log) = channel();
        let stderr = BufReader::new(child.stderr.take().unwrap());
        std::thread::spawn(move || {
            stderr.lines().map_while(Result::ok).try_for_each(|read| line.send(read))
        });
        let mut hub = Self { child, log, ingest: SocketAddr::from(([0; 4], 0)) };
        let listening = hub.logged(|line| line["message"] == "listening");
        hub.ingest = listening["ingest"].as_str().unwrap().parse().unwrap();
        hub
    }

    /// Waits for a line of the log; all of it has to be JSON.
    fn logged(&self, is_meant: impl Fn(&Value) -> bool) -> Value {
        loop {
            let line = self.log.recv_timeout(PATIENCE).unwrap();
            let value: Value = serde_json::from_str(&line).expect(&line);
            if is_meant(&value) {
                return value;
            }
        }
    }

    fn connect(&self) -> TcpStream {
        let socket = TcpStream::connect(self.ingest).unwrap();
        socket.set_read_timeout(Some(PATIENCE)).unwrap();
        socket
    }
}

impl Drop for Hub {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

fn post(query: &str, body: &str) -> String {
    let len = body.len();
    format!(
        "POST /webhook/shop{query} HTTP/1.1\r\nhost: hub\r\ncontent-length: {len}\r\n\r\n{body}"
    )
}

/// Reads one answer: its head and its body.
fn answer(socket: &mut TcpStream) -> (String, Value) {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        socket.read_exact(&mut byte).unwrap();
        head.extend(byte);
    }
    let head = String::from_utf8(head).unwrap().to_lowercase();
    let length = header(&head, "content-length").unwrap().parse().unwrap();
    let mut body = vec![0; length];
    socket.read_exact(&mut body).unwrap();
    (head, serde_json::from_slice(&body).unwrap())
}

fn header<'h>(head: &'h str, name: &str) -> Option<&'h str> {
    head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
}

#[test]
fn a_bug_ends_one_request_and_no_other() {
    let folder = tempfile::tempdir().unwrap();
    let hub = Hub::start(folder.path());
    let mut alive = hub.connect();
    for place in ["head", "verify", "keep"] {
        let mut half_way = hub.connect();
        let request = post("", "{\"half\":1}");
        let (begin, rest) = request.split_at(request.len() - 5);
        half_way.write_all(begin.as_bytes()).unwrap();
        alive.write_all(post("", "{}").as_bytes()).unwrap();
        assert!(answer(&mut alive).0.starts_with("http/1.1 200 "), "before {place}");

        let mut unlucky = hub.connect();
        unlucky.write_all(post(&format!("?panic={place}"), "{}").as_bytes()).unwrap();
        let (head, problem) = answer(&mut unlucky);
        assert!(head.starts_with("http/1.1 500 "), "{place}: {head}");
        assert_eq!((&problem["code"], &problem["retryable"]), (&"internal".into(), &true.into()));
        let id = problem["request_id"].as_str().unwrap();
        assert_eq!(header(&head, "x-request-id"), Some(id));
        assert_eq!(header(&head, "connection"), Some("close"));
        assert_eq!(unlucky.read(&mut [0]).unwrap(), 0, "the connection is closed");

        let bug = format!("a bug in {place}");
        let panic = hub.logged(|line| line["panic"].as_str().is_some_and(|it| it.contains(&bug)));
        assert!(panic["place"].as_str().unwrap().contains("fault.rs:"), "{panic}");
        let line = hub.logged(|line| line["request_id"] == id);
        assert_eq!(line["level"], "ERROR", "{line}");
        assert!(line.to_string().contains(&bug), "{line}");

        alive.write_all(post("", "{}").as_bytes()).unwrap();
        assert!(answer(&mut alive).0.starts_with("http/1.1 200 "), "after {place}");
        half_way.write_all(rest.as_bytes()).unwrap();
        assert!(answer(&mut half_way).0.starts_with("http/1.1 200 "), "during {place}");
    }
}

#[test]
#[ignore = "not a test: what the child does"]
fn serves() {
    #[expect(clippy::disallowed_methods, reason = "the only way to tell a test program something")]
    let Ok(file) = std::env::var(FILE) else { return };
    let (config, _) = Config::load(Path::new(&file), &|_| None).unwrap();
    log::init("info", Style::Json).unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let hub = crate::run::start(config).await.unwrap();
        hub.until_stopped().await.unwrap();
    });
}
