//! What the tests of the command line share: the binary, and a server that remembers.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::{Duration, Instant};

/// How long a test waits for something that comes at once, on the slowest machine.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// The binary, to be run in `directory`, with no settings from the environment.
pub(crate) fn hookyard(directory: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_hookyard"));
    command.current_dir(directory).stdin(Stdio::null());
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("HOOKYARD_") {
            command.env_remove(name);
        }
    }
    command
}

/// Runs the binary to its end.
pub(crate) fn run(arguments: &[&str]) -> Ran {
    Ran::from(hookyard(&std::env::temp_dir()).args(arguments).output().unwrap())
}

/// What a run of the binary has left.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl From<Output> for Ran {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

/// A request that the server got.
#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) target: String,
    pub(crate) headers: Vec<(String, Vec<u8>)>,
    pub(crate) body: Vec<u8>,
}

impl Request {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let (_, value) = self.headers.iter().find(|(found, _)| found == name)?;
        std::str::from_utf8(value).ok()
    }
}

/// What a server answers: a status and a body.
type Script = dyn Fn(&Request) -> (u16, String) + Send + Sync;

/// A server that remembers what it got.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    status: Arc<AtomicU16>,
    requests: Receiver<Request>,
}

impl Server {
    /// Answers everything alike.
    pub(crate) fn start() -> Self {
        let status = Arc::new(AtomicU16::new(200));
        let shared = Arc::clone(&status);
        let script =
            move |_: &Request| (shared.load(Ordering::SeqCst), r#"{"ok": "yes"}"#.to_owned());
        Self { status, ..Self::scripted(script) }
    }

    pub(crate) fn scripted(
        script: impl Fn(&Request) -> (u16, String) + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (sender, requests) = channel();
        let script: Arc<Script> = Arc::new(script);
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let (sender, script) = (sender.clone(), Arc::clone(&script));
                std::thread::spawn(move || serve(&stream, &sender, &*script));
            }
        });
        Self { address, status: Arc::default(), requests }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// From now on it answers with this status.
    pub(crate) fn answer(&self, status: u16) {
        self.status.store(status, Ordering::SeqCst);
    }

    /// The next request, waiting for it.
    pub(crate) fn next(&self) -> Request {
        self.requests.recv_timeout(PATIENCE).expect("a request arrives")
    }

    /// A request that is already there.
    pub(crate) fn ready(&self) -> Option<Request> {
        self.requests.try_recv().ok()
    }
}

/// Serves a connection until the other side closes it.
fn serve(stream: &TcpStream, sender: &Sender<Request>, script: &Script) -> Option<()> {
    let mut reader = BufReader::new(stream);
    let mut writer = stream;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok().filter(|&read| read > 0)?;
        let target = line.split(' ').nth(1)?.to_owned();
        let mut headers = Vec::new();
        loop {
            let mut line = Vec::new();
            reader.read_until(b'\n', &mut line).ok()?;
            let line = line.strip_suffix(b"\r\n")?;
            let Some(colon) = line.iter().position(|&byte| byte == b':') else { break };
            let name = String::from_utf8_lossy(&line[..colon]).to_ascii_lowercase();
            headers.push((name, line[colon + 1..].trim_ascii().to_vec()));
        }
        let mut request = Request { target, headers, body: Vec::new() };
        let length = request.header("content-length").map_or(0, |length| length.parse().unwrap());
        request.body.resize(length, 0);
        reader.read_exact(&mut request.body).ok()?;
        let (status, body) = script(&request);
        // The test may have ended.
        drop(sender.send(request));
        let length = body.len();
        write!(writer, "HTTP/1.1 {status} Answer\r\ncontent-length: {length}\r\n\r\n{body}")
            .ok()?;
    }
}

/// A hub, or another process, that runs until it is dropped.
pub(crate) struct Running {
    child: Child,
    stdout: Receiver<String>,
    stderr: Receiver<String>,
}

impl Running {
    pub(crate) fn start(mut command: Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let stdout = lines(child.stdout.take().unwrap());
        let stderr = lines(child.stderr.take().unwrap());
        Self { child, stdout, stderr }
    }

    /// The next line of standard output with this text in it.
    pub(crate) fn line(&self, text: &str) -> String {
        wait_for_line(&self.stdout, text)
    }

    /// The next line of standard error with this text in it.
    pub(crate) fn error_line(&self, text: &str) -> String {
        wait_for_line(&self.stderr, text)
    }

    /// Sends a signal by its name and waits for the end.
    pub(crate) fn end(mut self, signal: &str) -> Ran {
        let kill = Command::new("kill").args(["-s", signal, &self.child.id().to_string()]).status();
        assert!(kill.unwrap().success());
        let code = self.child.wait().unwrap().code().unwrap_or(-1);
        // The ends of the pipes are closed, so these end too.
        let rest = |lines: &Receiver<String>| lines.iter().collect::<Vec<_>>().join("\n");
        Ran { code, stdout: rest(&self.stdout), stderr: rest(&self.stderr) }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

fn lines(from: impl std::io::Read + Send + 'static) -> Receiver<String> {
    let (sender, receiver) = channel();
    std::thread::spawn(move || {
        for line in BufReader::new(from).lines().map_while(Result::ok) {
            // Read on even if nobody listens, so that the process never waits for its reader.
            drop(sender.send(line));
        }
    });
    receiver
}

fn wait_for_line(lines: &Receiver<String>, text: &str) -> String {
    let mut seen = Vec::new();
    loop {
        let line = lines.recv_timeout(PATIENCE).ok();
        let line =
            line.unwrap_or_else(|| panic!("no line with {text:?}, but:\n{}", seen.join("\n")));
        if line.contains(text) {
            return line;
        }
        seen.push(line);
    }
}

/// Waits until something is so.
pub(crate) fn wait_until(what: &str, mut is_so: impl FnMut() -> bool) {
    let since = Instant::now();
    while !is_so() {
        assert!(since.elapsed() < PATIENCE, "waited in vain for {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// An address that nothing listens at.
pub(crate) fn nobody() -> SocketAddr {
    // The port is free again when the listener goes, and nothing else is given it at once.
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}
