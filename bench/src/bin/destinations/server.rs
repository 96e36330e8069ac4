//! Destinations that misbehave, on plain sockets: no library would let them.

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpSocket, TcpStream};

/// How a destination behaves.
#[derive(Clone, Debug)]
pub(crate) enum Behaviour {
    /// Its machine refuses connections.
    Refuses,
    /// Connections do not come about.
    Unreachable,
    /// It closes with a reset what it has accepted, without reading.
    Resets,
    /// It accepts, says this at once, which may be nothing, and never reads.
    Greets(&'static [u8]),
    /// It reads a request, says this, and goes on in this way.
    Says(Vec<u8>, Then),
}

/// What comes after what was said.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Then {
    /// The connection ends as it should.
    Close,
    /// It ends with a reset.
    Reset,
    /// It stays open, with no more to come.
    Hold,
    /// The next request is read on it.
    Next,
    /// This is said after a wait.
    Late(&'static [u8], Duration),
    /// This is said again and again, as fast as it is taken.
    Repeat(&'static [u8]),
    /// This is said again and again, one byte after each wait.
    Drip(&'static [u8], Duration),
}

/// What came to a destination.
#[derive(Clone, Debug, Default)]
pub(crate) struct Seen {
    /// How often somebody connected.
    pub(crate) connections: usize,
    /// The heads of the requests that were read, in their order.
    pub(crate) heads: Vec<String>,
}

/// A destination that runs.
#[derive(Debug)]
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    seen: Arc<Mutex<Seen>>,
    /// What has to stay open for it to behave so.
    _held: Vec<Held>,
}

#[derive(Debug)]
enum Held {
    Unused { _socket: TcpSocket },
    Full { _listener: TcpListener, _waiting: Vec<TcpStream> },
}

impl Server {
    /// Starts one on a port of its own.
    pub(crate) async fn start(behaviour: Behaviour) -> io::Result<Self> {
        let seen = Arc::<Mutex<Seen>>::default();
        let (address, held) = match behaviour {
            Behaviour::Refuses => refusing()?,
            Behaviour::Unreachable => unreachable().await?,
            other => {
                let listener = TcpListener::bind("127.0.0.1:0").await?;
                let address = listener.local_addr()?;
                tokio::spawn(serve(listener, other, Arc::clone(&seen)));
                (address, None)
            }
        };
        Ok(Self { address, seen, _held: held.into_iter().collect() })
    }

    /// What has come so far.
    pub(crate) fn seen(&self) -> Seen {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// A port that is taken, so that nobody else gets it, and on which nobody listens.
fn refusing() -> io::Result<(SocketAddr, Option<Held>)> {
    let socket = TcpSocket::new_v4()?;
    socket.bind(([127, 0, 0, 1], 0).into())?;
    Ok((socket.local_addr()?, Some(Held::Unused { _socket: socket })))
}

/// A port whose queue is full and never taken from: Linux lets further connections wait.
async fn unreachable() -> io::Result<(SocketAddr, Option<Held>)> {
    let socket = TcpSocket::new_v4()?;
    socket.bind(([127, 0, 0, 1], 0).into())?;
    let listener = socket.listen(1)?;
    let address = listener.local_addr()?;
    let mut waiting = Vec::new();
    loop {
        let connecting = TcpStream::connect(address);
        match tokio::time::timeout(Duration::from_millis(200), connecting).await {
            Ok(stream) => waiting.push(stream?),
            Err(_) => {
                return Ok((address, Some(Held::Full { _listener: listener, _waiting: waiting })));
            }
        }
    }
}

async fn serve(listener: TcpListener, behaviour: Behaviour, seen: Arc<Mutex<Seen>>) {
    while let Ok((stream, _)) = listener.accept().await {
        seen.lock().unwrap_or_else(PoisonError::into_inner).connections += 1;
        let (behaviour, seen) = (behaviour.clone(), Arc::clone(&seen));
        // A hub that goes away is what many of them are about.
        tokio::spawn(async move { drop(behave(stream, behaviour, &seen).await) });
    }
}

async fn behave(mut stream: TcpStream, behaviour: Behaviour, seen: &Mutex<Seen>) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let (says, then) = match behaviour {
        Behaviour::Resets => return reset(&stream),
        Behaviour::Says(says, then) => (says, then),
        Behaviour::Greets(greeting) => {
            stream.write_all(greeting).await?;
            return std::future::pending().await;
        }
        Behaviour::Refuses | Behaviour::Unreachable => return Ok(()),
    };
    let mut unread = Vec::new();
    while let Some(head) = read(&mut stream, &mut unread).await? {
        seen.lock().unwrap_or_else(PoisonError::into_inner).heads.push(head);
        stream.write_all(&says).await?;
        match then {
            Then::Next => {}
            Then::Close => return stream.shutdown().await,
            Then::Reset => return reset(&stream),
            Then::Late(bytes, wait) => {
                tokio::time::sleep(wait).await;
                stream.write_all(bytes).await?;
            }
            Then::Hold => return wait_for_the_end(stream).await,
            Then::Repeat(bytes) => loop {
                stream.write_all(bytes).await?;
            },
            Then::Drip(bytes, wait) => loop {
                for byte in bytes {
                    tokio::time::sleep(wait).await;
                    stream.write_all(&[*byte]).await?;
                }
            },
        }
    }
    Ok(())
}

/// The connection is reset when it is dropped.
fn reset(stream: &TcpStream) -> io::Result<()> {
    stream.set_zero_linger()
}

async fn wait_for_the_end(mut stream: TcpStream) -> io::Result<()> {
    let mut buffer = [0; 1024];
    while stream.read(&mut buffer).await? > 0 {}
    Ok(())
}

/// The head of the next request, once all of the request is here; nothing at the end.
async fn read(stream: &mut TcpStream, unread: &mut Vec<u8>) -> io::Result<Option<String>> {
    loop {
        if let Some(end) = unread.windows(4).position(|window| window == b"\r\n\r\n") {
            let head = String::from_utf8_lossy(unread.get(..end).unwrap_or_default()).into_owned();
            let length = header(&head, "content-length").and_then(|length| length.parse().ok());
            let whole = end + 4 + length.unwrap_or(0);
            if unread.len() >= whole {
                unread.drain(..whole);
                return Ok(Some(head));
            }
        }
        if stream.read_buf(unread).await? == 0 {
            return Ok(None);
        }
    }
}

/// The value of a header of a request's head.
pub(crate) fn header<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    head.lines().find_map(|line| {
        let (key, value) = line.split_once(':')?;
        key.eq_ignore_ascii_case(name).then(|| value.trim())
    })
}
