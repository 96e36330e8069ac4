//! A destination: a real HTTP server that records what it gets and answers as it is told.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// A request that came in.
#[derive(Clone, Debug)]
pub struct Delivered {
    pub path: String,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Delivered {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(found, _)| found == name).map(|(_, value)| value.as_str())
    }
}

/// How to answer the n-th request, counted from 0. `None` never answers.
type Script = dyn Fn(usize, &Delivered) -> Option<String> + Send + Sync;

/// A destination, listening until the test ends.
pub struct Sink {
    pub address: SocketAddr,
    delivered: Arc<Mutex<Vec<Delivered>>>,
}

impl Sink {
    /// Answers everything with this status.
    pub fn answering(status: u16) -> Self {
        Self::scripted(move |_, _| Some(answer(status, "")))
    }

    pub fn scripted(
        script: impl Fn(usize, &Delivered) -> Option<String> + Send + Sync + 'static,
    ) -> Self {
        Self::at(TcpListener::bind("127.0.0.1:0").unwrap(), script)
    }

    pub fn at(
        listener: TcpListener,
        script: impl Fn(usize, &Delivered) -> Option<String> + Send + Sync + 'static,
    ) -> Self {
        let address = listener.local_addr().unwrap();
        let delivered = Arc::new(Mutex::new(Vec::new()));
        let (kept, script): (_, Arc<Script>) = (Arc::clone(&delivered), Arc::new(script));
        std::thread::spawn(move || {
            for socket in listener.incoming().map_while(Result::ok) {
                let (kept, script) = (Arc::clone(&kept), Arc::clone(&script));
                std::thread::spawn(move || serve(socket, &kept, &*script));
            }
        });
        Self { address, delivered }
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    pub fn delivered(&self) -> Vec<Delivered> {
        self.delivered.lock().unwrap().clone()
    }

    /// Waits until at least `count` requests have come.
    pub fn wait_for(&self, count: usize) -> Vec<Delivered> {
        let since = Instant::now();
        loop {
            let delivered = self.delivered();
            if delivered.len() >= count {
                return delivered;
            }
            assert!(
                since.elapsed() < super::PATIENCE,
                "waited in vain for {count} requests, got {}",
                delivered.len()
            );
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

/// An answer as it is written on the wire.
pub fn answer(status: u16, headers: &str) -> String {
    format!("HTTP/1.1 {status} Whatever\r\n{headers}content-length: 2\r\n\r\nok")
}

fn serve(mut socket: TcpStream, kept: &Mutex<Vec<Delivered>>, script: &Script) -> Option<()> {
    let mut reader = BufReader::new(socket.try_clone().ok()?);
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok().filter(|&len| len > 0)?;
        let path = line.split(' ').nth(1)?.to_owned();
        let mut headers = Vec::new();
        loop {
            let mut line = String::new();
            reader.read_line(&mut line).ok()?;
            let Some((name, value)) = line.trim_end().split_once(": ") else { break };
            headers.push((name.to_lowercase(), value.to_owned()));
        }
        let mut delivered = Delivered { path, headers, body: Vec::new() };
        delivered.body =
            vec![0; delivered.header("content-length").map_or(0, |len| len.parse().unwrap())];
        reader.read_exact(&mut delivered.body).ok()?;
        let number = {
            let mut kept = kept.lock().unwrap();
            kept.push(delivered.clone());
            kept.len() - 1
        };
        match script(number, &delivered) {
            Some(answer) => socket.write_all(answer.as_bytes()).ok()?,
            // Held until the other side gives up.
            None => drop(reader.read_line(&mut String::new())),
        }
    }
}
