//! An HTTP/1.1 client that costs next to nothing, so that what is measured is the server.

use std::io::{self, Read as _, Write as _};
use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// The most a server may answer.
const MOST_BYTES: usize = 1 << 24;

/// A server's answer, read to its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// Its status.
    pub status: u16,
    /// Its body.
    pub body: Vec<u8>,
    /// Whether the server closes the connection.
    pub closes: bool,
    /// When to come back, in seconds, if the answer is a refusal that says so.
    pub retry_after: Option<u64>,
}

impl Answer {
    /// Whether it is a 2xx.
    pub const fn is_success(&self) -> bool {
        matches!(self.status, 200..=299)
    }

    /// The string under this key of a flat JSON object, without reading the rest.
    pub fn text(&self, key: &str) -> Option<&str> {
        let body = std::str::from_utf8(&self.body).ok()?;
        let (_, rest) = body.split_once(&format!("\"{key}\":"))?;
        rest.trim_start().strip_prefix('"')?.split('"').next()
    }
}

/// A connection that is kept alive.
#[derive(Debug)]
pub struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Connection {
    /// Connects.
    pub async fn open(address: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, buffer: Vec::with_capacity(4096) })
    }

    /// Sends a whole request and reads the whole answer.
    pub async fn exchange(&mut self, request: &[u8]) -> io::Result<Answer> {
        self.stream.write_all(request).await?;
        self.buffer.clear();
        loop {
            if self.stream.read_buf(&mut self.buffer).await? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            if let Some(answer) = parse(&self.buffer)? {
                return Ok(answer);
            }
        }
    }
}

/// Gets a page over a connection of its own, blocking.
pub fn get(address: SocketAddr, path: &str) -> io::Result<Answer> {
    let request = format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    send(address, request.as_bytes(), Duration::from_secs(5))
}

/// Sends a whole request over a connection of its own and reads the whole answer, blocking. No
/// step may take longer than the limit.
pub fn send(address: SocketAddr, request: &[u8], limit: Duration) -> io::Result<Answer> {
    let mut stream = std::net::TcpStream::connect_timeout(&address, limit)?;
    stream.set_read_timeout(Some(limit))?;
    stream.set_write_timeout(Some(limit))?;
    stream.write_all(request)?;
    let mut bytes = Vec::new();
    let mut chunk = [0; 4096];
    loop {
        let count = stream.read(&mut chunk)?;
        bytes.extend(chunk.iter().take(count));
        match parse(&bytes)? {
            Some(answer) => return Ok(answer),
            None if count == 0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            None => {}
        }
    }
}

/// The answer, if all of it is here.
fn parse(bytes: &[u8]) -> io::Result<Option<Answer>> {
    let bad = |says: &str| io::Error::new(io::ErrorKind::InvalidData, says.to_owned());
    let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") else {
        return if bytes.len() > MOST_BYTES { Err(bad("an endless head")) } else { Ok(None) };
    };
    let (head, rest) = bytes.split_at(end + 4);
    let head = std::str::from_utf8(head).map_err(|_| bad("a head that is not UTF-8"))?;
    let status = head.split(' ').nth(1).and_then(|word| word.parse().ok());
    let status: u16 = status.ok_or_else(|| bad("no status"))?;
    let header = |name: &str| {
        head.lines().skip(1).find_map(|line| {
            let (key, value) = line.split_once(':')?;
            key.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    };
    let length = match header("content-length") {
        Some(length) => length.parse().map_err(|_| bad("a length that is no number"))?,
        None if status == 204 => 0,
        None => return Err(bad("an answer without a length")),
    };
    if length > MOST_BYTES {
        return Err(bad("an endless body"));
    }
    let closes = head.starts_with("HTTP/1.0 ")
        || header("connection").is_some_and(|value| value.eq_ignore_ascii_case("close"));
    let is_refusal = !matches!(status, 200..=299);
    let retry_after = header("retry-after").filter(|_| is_refusal).and_then(|it| it.parse().ok());
    let whole = rest.get(..length);
    Ok(whole.map(|body| Answer { status, body: body.to_vec(), closes, retry_after }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_an_answer_once_it_is_whole() {
        let whole = b"HTTP/1.1 200 OK\r\ncontent-LENGTH: 27\r\nConnection: close\r\n\r\n\
                      {\"id\": \"a\",\"event_id\":\"e1\"}";
        for length in 0..whole.len() {
            assert_eq!(parse(&whole[..length]).unwrap(), None);
        }
        let answer = parse(whole).unwrap().unwrap();
        assert!(answer.closes && answer.is_success());
        assert_eq!(answer.text("event_id"), Some("e1"));
        assert_eq!(answer.text("id"), Some("a"));
        assert_eq!(answer.text("status"), None);
    }

    #[test]
    fn refuses_what_it_cannot_follow() {
        for bad in
            ["HTTP/1.1 200 OK\r\n\r\n", "HTTP/1.1\r\n\r\n", "A 200 B\r\ncontent-length: x\r\n\r\n"]
        {
            assert!(parse(bad.as_bytes()).is_err(), "{bad}");
        }
        let refused = b"HTTP/1.1 503 No\r\nretry-after: 30\r\ncontent-length: 0\r\n\r\n";
        assert_eq!(parse(refused).unwrap().unwrap().retry_after, Some(30));
        let empty = parse(b"HTTP/1.1 204 No Content\r\n\r\n").unwrap().unwrap();
        assert_eq!((empty.status, empty.body.len(), empty.closes), (204, 0, false));
        let old = parse(b"HTTP/1.0 200 OK\r\ncontent-length: 0\r\n\r\n").unwrap().unwrap();
        assert!(old.closes);
    }
}
