//! A real hub in a process of its own, and raw sockets to talk to it.

pub mod sink;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

/// No answer takes longer than this, or the test fails.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// A hub, running until it is dropped.
pub struct Hub {
    child: Child,
    dir: TempDir,
    log: Arc<Mutex<String>>,
    pub ingest: SocketAddr,
    pub admin: SocketAddr,
}

impl Hub {
    /// Starts `hookyard serve` with these sections beside `[server]`, `[admin]` and `[store]`.
    pub fn start(sections: &str) -> Self {
        Self::start_with("", "", sections)
    }

    /// The same, with more lines for `[server]` and `[store]`.
    pub fn start_with(server: &str, store: &str, sections: &str) -> Self {
        Self::in_folder(folder(server, store, sections), program())
    }

    /// The same, but started by this command, to which what the program is to do is added.
    pub fn start_by(command: Command, sections: &str) -> Self {
        Self::in_folder(folder("", "", sections), command)
    }

    fn in_folder(dir: TempDir, mut command: Command) -> Self {
        let mut child = command
            .args(["serve", "--config"])
            .arg(dir.path().join("hookyard.toml"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let log = Arc::new(Mutex::new(String::new()));
        let (ready, listening) = std::sync::mpsc::channel();
        let stderr = BufReader::new(child.stderr.take().unwrap());
        let kept = Arc::clone(&log);
        std::thread::spawn(move || {
            for line in stderr.lines().map_while(Result::ok) {
                if let Some(addresses) = listening_addresses(&line) {
                    ready.send(addresses).unwrap();
                }
                let mut kept = kept.lock().unwrap();
                kept.push_str(&line);
                kept.push('\n');
            }
        });
        let (ingest, admin) = listening.recv_timeout(PATIENCE).unwrap_or_else(|_| {
            drop(child.kill());
            panic!("the hub did not start:\n{}", log.lock().unwrap())
        });
        Self { child, dir, log, ingest, admin }
    }

    /// Ends the process at once, without a chance to tidy up, and starts it anew on the same files.
    pub fn kill_and_restart(mut self) -> Self {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        let dir = std::mem::replace(&mut self.dir, tempfile::tempdir().unwrap());
        drop(self);
        Self::in_folder(dir, program())
    }

    /// Asks the process to end and waits for it.
    pub fn terminate(&mut self) -> std::process::ExitStatus {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
        self.wait_for_end()
    }

    /// Waits until the process has ended.
    pub fn wait_for_end(&mut self) -> std::process::ExitStatus {
        let since = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            assert!(since.elapsed() < PATIENCE, "the hub did not end:\n{}", self.log());
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    pub fn folder(&self) -> &Path {
        self.dir.path()
    }

    /// What it has written to its log so far.
    pub fn log(&self) -> String {
        self.log.lock().unwrap().clone()
    }

    /// A raw connection to the ingest port.
    pub fn connect(&self) -> TcpStream {
        let socket = TcpStream::connect(self.ingest).unwrap();
        socket.set_read_timeout(Some(PATIENCE)).unwrap();
        socket.set_write_timeout(Some(PATIENCE)).unwrap();
        socket
    }

    /// Sends bytes and reads one answer; `None` when the connection was closed without one.
    pub fn exchange(&self, bytes: &[u8]) -> Option<Reply> {
        let mut socket = self.connect();
        // The hub may have refused half way; what counts is the answer.
        drop(socket.write_all(bytes));
        Reply::read(&mut socket)
    }

    /// Asks the admin API, with the token that the hub has made.
    pub fn api(&self, method: &str, path: &str, body: Option<&str>) -> (u16, Value) {
        let file = std::fs::read_to_string(self.dir.path().join("hub.db.admin.json")).unwrap();
        let file: Value = serde_json::from_str(&file).unwrap();
        let token = file["token"].as_str().unwrap();
        let body = body.unwrap_or_default();
        let request = format!(
            "{method} {path} HTTP/1.1\r\nhost: {}\r\nauthorization: Bearer {token}\r\ncontent-type: application/json\r\n\
             content-length: {}\r\nconnection: close\r\n\r\n{body}",
            self.admin,
            body.len()
        );
        let mut socket = TcpStream::connect(self.admin).unwrap();
        socket.set_read_timeout(Some(PATIENCE)).unwrap();
        socket.write_all(request.as_bytes()).unwrap();
        let reply = Reply::read(&mut socket).unwrap();
        (reply.status, serde_json::from_slice(&reply.body).unwrap_or(Value::Null))
    }

    /// A text from the admin address that needs no token.
    pub fn exchange_admin(&self, path: &str) -> String {
        let mut socket = TcpStream::connect(self.admin).unwrap();
        socket.set_read_timeout(Some(PATIENCE)).unwrap();
        let request =
            format!("GET {path} HTTP/1.1\r\nhost: {}\r\nconnection: close\r\n\r\n", self.admin);
        socket.write_all(request.as_bytes()).unwrap();
        String::from_utf8(Reply::read(&mut socket).unwrap().body).unwrap()
    }

    /// The events that the hub has stored, newest first.
    pub fn events(&self) -> Vec<Value> {
        let (status, page) = self.api("GET", "/api/v1/events?limit=500", None);
        assert_eq!(status, 200, "{page}");
        page["events"].as_array().unwrap().clone()
    }

    /// Waits until something is so.
    pub fn wait_until(&self, what: &str, mut is_so: impl FnMut() -> bool) {
        let since = Instant::now();
        while !is_so() {
            assert!(since.elapsed() < PATIENCE, "waited in vain for: {what}\n{}", self.log());
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

/// The program under test.
pub fn program() -> Command {
    Command::new(env!("CARGO_BIN_EXE_hookyard"))
}

/// A folder with a configuration.
fn folder(server: &str, store: &str, sections: &str) -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    let config = format!(
        "[server]\nlisten = \"127.0.0.1:0\"\n{server}\n[admin]\nlisten = \"127.0.0.1:0\"\n\
         [store]\nurl = \"sqlite:hub.db\"\n{store}\n{sections}\n"
    );
    std::fs::write(dir.path().join("hookyard.toml"), config).unwrap();
    dir
}

impl Drop for Hub {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

fn listening_addresses(line: &str) -> Option<(SocketAddr, SocketAddr)> {
    let line: Value = serde_json::from_str(line).ok()?;
    let address = |name: &str| line[name].as_str()?.parse().ok();
    (line["message"] == "listening").then(|| Some((address("ingest")?, address("admin")?)))?
}

/// An HTTP answer.
#[derive(Debug)]
pub struct Reply {
    pub status: u16,
    pub head: String,
    pub body: Vec<u8>,
}

impl Reply {
    /// Reads one answer and nothing of what follows it, passing over `100 Continue`.
    pub fn read(socket: &mut TcpStream) -> Option<Self> {
        loop {
            let mut head = Vec::new();
            while !head.ends_with(b"\r\n\r\n") {
                let mut byte = [0];
                socket.read_exact(&mut byte).ok()?;
                head.extend(byte);
            }
            let head = String::from_utf8_lossy(&head).to_lowercase();
            let status: u16 = head.split(' ').nth(1)?.parse().ok()?;
            if status == 100 {
                continue;
            }
            let length = header_in(&head, "content-length").map_or(0, |text| text.parse().unwrap());
            let mut body = vec![0; length];
            socket.read_exact(&mut body).ok()?;
            return Some(Self { status, head, body });
        }
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        header_in(&self.head, name)
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or(Value::Null)
    }

    pub fn code(&self) -> String {
        self.json()["code"].as_str().unwrap_or_default().to_owned()
    }
}

fn header_in<'h>(head: &'h str, name: &str) -> Option<&'h str> {
    head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':')).map(str::trim)
}
