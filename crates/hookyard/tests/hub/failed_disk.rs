//! A disk that fails under the program: who waits for an answer is told, the process ends, and
//! what was answered for is there when it is started again on a disk that works.

#![cfg(all(target_os = "linux", target_env = "gnu"))]

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::support::sink::Sink;
use crate::support::{Hub, Reply, program};

/// Lets the next `fsync` or `fdatasync` fail once there is a file, and takes the file away. Only
/// once, as Linux does it: what could not be written is forgotten, and the next sync succeeds.
const BROKEN_SYNC: &str = r#"
#include <errno.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

static int fails(void) {
    const char *file = getenv("BROKEN_SYNC");
    if (file == NULL || unlink(file) != 0) return 0;
    errno = EIO;
    return 1;
}

int fsync(int fd) { return fails() ? -1 : (int)syscall(SYS_fsync, fd); }
int fdatasync(int fd) { return fails() ? -1 : (int)syscall(SYS_fdatasync, fd); }
"#;

/// A source, and a destination that is paused until the hub is well again.
fn sections(sink: &Sink) -> String {
    format!(
        "[sources.shop]\nverify = \"none\"\n[destinations.app]\nurl = \"{}\"\n\
         [[routes]]\nfrom = \"shop\"\nto = \"app\"\n",
        sink.url("/")
    )
}

fn set(hub: &Hub, what: &str) {
    let (status, answer) = hub.api("POST", &format!("/api/v1/destinations/app/{what}"), Some("{}"));
    assert_eq!(status, 200, "{answer}");
}

fn head(body: &str, more: &str) -> String {
    let len = body.len();
    format!("POST /webhook/shop HTTP/1.1\r\nhost: hub\r\ncontent-length: {len}\r\n{more}\r\n")
}

fn send(socket: &mut TcpStream, body: &str) {
    socket.write_all(format!("{}{body}", head(body, "")).as_bytes()).unwrap();
}

/// Sends the head of a request and waits until the hub asks for its body: from then on it has to
/// answer.
fn send_head(socket: &mut TcpStream, body: &str) {
    const GO_ON: &[u8] = b"HTTP/1.1 100 Continue\r\n\r\n";
    socket.write_all(head(body, "expect: 100-continue\r\n").as_bytes()).unwrap();
    let mut answer = [0; GO_ON.len()];
    socket.read_exact(&mut answer).unwrap();
    assert_eq!(answer, *GO_ON);
}

/// What the hub has to say to those whose events it could not keep, before it ends.
fn assert_fails_well(hub: &mut Hub, refused: Vec<(TcpStream, Reply)>) {
    assert!(!refused.is_empty());
    for (mut socket, reply) in refused {
        assert_eq!((reply.status, reply.code().as_str()), (503, "store_failed"), "{reply:?}");
        assert_eq!(reply.header("connection"), Some("close"));
        assert!(reply.header("retry-after").is_some(), "{reply:?}");
        assert!(reply.json()["detail"].as_str().unwrap().contains("Nothing was stored"));
        let mut rest = Vec::new();
        assert_eq!(socket.read_to_end(&mut rest).unwrap(), 0, "the connection is closed");
    }
    let ended = hub.wait_for_end();
    assert_eq!(ended.code(), Some(1), "{}", hub.log());
    for said in ["\"level\":\"ERROR\"", "the disk failed", "start again from the file"] {
        hub.wait_until(said, || hub.log().contains(said));
    }
}

/// Everything that was answered for is kept, and delivered once the hub runs again.
fn assert_nothing_is_lost(hub: Hub, sink: &Sink, kept: &[String]) {
    assert_eq!(sink.delivered().len(), 0);
    let hub = hub.kill_and_restart();
    for event in kept {
        let (status, _) = hub.api("GET", &format!("/api/v1/events/{event}"), None);
        assert_eq!(status, 200, "{event} is lost");
    }
    set(&hub, "resume");
    let is_delivered = |event: &String| {
        sink.delivered().iter().any(|delivered| delivered.header("webhook-id") == Some(event))
    };
    hub.wait_until("all is delivered", || kept.iter().all(is_delivered));
    let mut socket = hub.connect();
    send(&mut socket, "{\"again\":true}");
    assert_eq!(Reply::read(&mut socket).unwrap().status, 200);
}

fn event_id(reply: &Reply) -> String {
    reply.json()["event_id"].as_str().unwrap().to_owned()
}

fn broken_sync(folder: &Path) -> PathBuf {
    let (source, library) = (folder.join("sync.c"), folder.join("sync.so"));
    std::fs::write(&source, BROKEN_SYNC).unwrap();
    let mut compiler = Command::new("cc");
    compiler.args(["-shared", "-fPIC", "-o"]).arg(&library).arg(&source).stdin(Stdio::null());
    assert!(compiler.status().unwrap().success());
    library
}

#[test]
fn a_sync_that_fails_ends_it_and_loses_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let fails = folder.path().join("fails");
    let mut command = program();
    command.env("LD_PRELOAD", broken_sync(folder.path())).env("BROKEN_SYNC", &fails);
    let sink = Sink::answering(200);
    let mut hub = Hub::start_by(command, &sections(&sink));
    set(&hub, "pause");
    let mut sockets: Vec<TcpStream> = (0..16).map(|_| hub.connect()).collect();
    let mut kept = Vec::new();
    for (number, socket) in sockets.iter_mut().enumerate() {
        send(socket, &format!("{{\"number\":{number}}}"));
        let reply = Reply::read(socket).unwrap();
        assert_eq!(reply.status, 200, "{reply:?}");
        kept.push(event_id(&reply));
    }
    let body = "{\"kept\":false}";
    for socket in &mut sockets {
        send_head(socket, body);
    }
    std::fs::write(&fails, "").unwrap();
    for socket in &mut sockets {
        socket.write_all(body.as_bytes()).unwrap();
    }
    let answered = sockets.into_iter().map(|mut socket| {
        let reply = Reply::read(&mut socket).expect("everyone gets an answer");
        (socket, reply)
    });
    let refused = answered.collect();
    assert_fails_well(&mut hub, refused);
    assert!(!fails.exists());
    assert_nothing_is_lost(hub, &sink, &kept);
}

/// The kernel refuses to write beyond a limit, in the middle of a transaction.
#[test]
fn a_write_that_fails_ends_it_and_loses_nothing() {
    let mut command = Command::new("bash");
    command.args(["-c", "trap '' XFSZ; ulimit -f 2048; exec \"$0\" \"$@\""]);
    command.arg(program().get_program());
    let sink = Sink::answering(200);
    let mut hub = Hub::start_by(command, &sections(&sink));
    set(&hub, "pause");
    let mut kept = Vec::new();
    let refused = loop {
        let mut socket = hub.connect();
        send(&mut socket, &format!("{{\"much\":\"{}\"}}", "x".repeat(20_000)));
        let reply = Reply::read(&mut socket).expect("everyone gets an answer");
        if reply.status != 200 {
            break (socket, reply);
        }
        kept.push(event_id(&reply));
        assert!(kept.len() < 1000, "the limit does not work");
    };
    assert!(kept.len() > 10, "{}", kept.len());
    assert_fails_well(&mut hub, vec![refused]);
    assert_nothing_is_lost(hub, &sink, &kept);
}
