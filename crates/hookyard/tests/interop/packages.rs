//! The packages in a process of their own, behind a small HTTP server in their own language.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use serde::Deserialize;
use serde_json::json;

use crate::support::{PATIENCE, Reply};

/// Where packages come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Registry {
    Npm,
    PyPi,
}

impl Registry {
    const fn name(self) -> &'static str {
        match self {
            Self::Npm => "npm",
            Self::PyPi => "PyPI",
        }
    }

    /// The list of what has to be installed, and its folder here and below `target/interop`.
    const fn list(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Self::Npm => ("node", "package-lock.json", include_str!("node/package-lock.json")),
            Self::PyPi => ("python", "requirements.txt", include_str!("python/requirements.txt")),
        }
    }

    /// Where `cargo xtask test` installs them: below the target folder of this build.
    pub fn installed(self) -> PathBuf {
        let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap();
        let (folder, file, list) = self.list();
        let folder = target.join("interop").join(folder);
        let installed = std::fs::read_to_string(folder.join("installed")).unwrap_or_default();
        assert!(
            installed == list,
            "the providers' packages from {} are not installed in {} as {file} lists them; run \
             `cargo xtask interop`, which installs them, or `cargo xtask test --without-interop`",
            self.name(),
            folder.display()
        );
        folder
    }

    fn server(self) -> Command {
        let installed = self.installed();
        let ours = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/interop");
        match self {
            Self::Npm => {
                // Modules are looked for where the importing one is, so it is made there.
                const START: &str = "const { serve } = await import(process.argv[1]); \
                                     await serve((name) => import(name))";
                let mut node = Command::new("node");
                node.args(["--no-warnings", "--input-type=module", "--eval", START]);
                node.arg(ours.join("node/server.mjs")).current_dir(installed);
                node
            }
            Self::PyPi => {
                let mut python = Command::new("python3");
                python.args(["-B", "-W", "ignore"]).arg(ours.join("python/server.py"));
                python.env("PYTHONPATH", installed.join("packages"));
                python
            }
        }
    }
}

/// The packages of one registry, running until it is dropped.
pub struct Packages {
    child: Child,
    pub address: SocketAddr,
}

/// What a package can do.
#[derive(Clone, Debug, Deserialize)]
pub struct Case {
    pub provider: String,
    pub package: String,
    pub version: String,
    /// What whoever verifies is configured with.
    pub secret: String,
    /// What signs: the same, or the private key that belongs to it.
    pub signing_secret: String,
    pub settings: BTreeMap<String, String>,
    /// A request to be signed.
    pub headers: BTreeMap<String, String>,
    pub body: String,
    pub signs: bool,
    pub verifies: bool,
    /// The package verifies less than the whole request, by its own design.
    pub leaves_body: bool,
}

/// A request that a package signed.
#[derive(Debug, Deserialize)]
pub struct Signed {
    pub headers: BTreeMap<String, String>,
    /// The headers that the package added.
    pub proof: BTreeMap<String, String>,
    pub body: String,
    /// Another body of the same form, which nobody signed.
    pub tampered: String,
}

impl Packages {
    pub fn start(registry: Registry) -> Self {
        let mut server = registry.server();
        server.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child =
            server.spawn().unwrap_or_else(|error| panic!("cannot start {server:?}: {error}"));
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let port = lines.find_map(|line| line.ok()?.strip_prefix("listening on ")?.parse().ok());
        let port: u16 = port.expect("the server of the packages says where it listens");
        // Some packages print as they work.
        std::thread::spawn(move || lines.map_while(Result::ok).for_each(drop));
        Self { child, address: ([127, 0, 0, 1], port).into() }
    }

    pub fn cases(&self) -> Vec<Case> {
        let none: &[(&str, &str); 0] = &[];
        let reply = send(self.address, "GET", "/cases", none, b"");
        assert_eq!(reply.status, 200, "{}", text(&reply));
        serde_json::from_slice(&reply.body).unwrap()
    }

    /// Has the package sign its request for this URL.
    pub fn sign(&self, case: &Case, url: &str, now: u64) -> Signed {
        let path = format!("/sign/{}", case.provider);
        let none: &[(&str, &str); 0] = &[];
        let asked = json!({ "url": url, "now": now }).to_string();
        let reply = send(self.address, "POST", &path, none, asked.as_bytes());
        assert_eq!(reply.status, 200, "{}: {}", case.provider, text(&reply));
        serde_json::from_slice(&reply.body).unwrap()
    }
}

impl Drop for Packages {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// Sends a request over a connection of its own. A panic when nothing comes back.
pub fn send<N: AsRef<str>, V: AsRef<str>>(
    address: SocketAddr,
    method: &str,
    target: &str,
    headers: &[(N, V)],
    body: &[u8],
) -> Reply {
    let headers = headers.iter().map(|(name, value)| [name.as_ref(), ": ", value.as_ref(), "\r\n"]);
    let headers: String = headers.flatten().collect();
    let length = body.len();
    let head = format!(
        "{method} {target} HTTP/1.1\r\nhost: {address}\r\n{headers}content-length: {length}\r\n\
         connection: close\r\n\r\n"
    );
    let mut socket = TcpStream::connect(address).unwrap();
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    socket.write_all(&[head.as_bytes(), body].concat()).unwrap();
    Reply::read(&mut socket).unwrap_or_else(|| panic!("{method} {target}: no answer"))
}

/// The body of an answer, for a message.
pub fn text(reply: &Reply) -> String {
    String::from_utf8_lossy(&reply.body).into_owned()
}
