//! Servers that misbehave: which kind of failure it is, whether anything may have arrived, and
//! that it is over in time.

use std::time::{Duration, Instant};

use bytes::Bytes;
use hookyard_delivery::BodyEnd;
use hookyard_model::FailureKind;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpSocket, TcpStream};

use crate::server::{Server, drain, read_request, reset};
use crate::{GRACE, TIMEOUTS, client, outbound};

/// Sends to a server that fails, within the time allowed.
async fn failure_of(server: &Server, body: usize) -> (FailureKind, bool) {
    let mut outbound = outbound(server.url());
    if body > 0 {
        outbound.body = Bytes::from(vec![b'x'; body]);
    }
    let began = Instant::now();
    let error = client().send(outbound).await.unwrap_err();
    assert!(began.elapsed() <= TIMEOUTS.total + GRACE, "{error} after {:?}", began.elapsed());
    assert!(!error.detail.is_empty());
    (error.kind, error.maybe_sent)
}

#[tokio::test]
async fn a_port_where_nobody_listens() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let error = client().send(outbound(format!("http://{address}/"))).await.unwrap_err();
    assert_eq!((error.kind, error.maybe_sent), (FailureKind::ConnectRefused, false));
}

#[tokio::test]
async fn a_black_hole() {
    // A queue of connections that is full: the system drops what comes after.
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let listener = socket.listen(1).unwrap();
    let address = listener.local_addr().unwrap();
    let mut waiting = Vec::new();
    while let Ok(Ok(stream)) =
        tokio::time::timeout(Duration::from_millis(200), TcpStream::connect(address)).await
    {
        waiting.push(stream);
    }
    let began = Instant::now();
    let error = client().send(outbound(format!("http://{address}/"))).await.unwrap_err();
    assert_eq!((error.kind, error.maybe_sent), (FailureKind::ConnectTimeout, false));
    assert!(began.elapsed() <= TIMEOUTS.connect + GRACE);
}

#[tokio::test]
async fn a_name_that_does_not_exist() {
    let error = client().send(outbound("http://nowhere.invalid/")).await.unwrap_err();
    assert_eq!((error.kind, error.maybe_sent), (FailureKind::Dns, false));
}

#[tokio::test]
async fn no_answer() {
    let server = Server::start(|mut stream, _| async move { drain(&mut stream).await }).await;
    assert_eq!(failure_of(&server, 0).await, (FailureKind::ResponseTimeout, true));
}

#[tokio::test]
async fn nobody_reads_the_request() {
    let server = Server::start(|stream, _| async move {
        std::future::pending::<()>().await;
        drop(stream);
    })
    .await;
    assert_eq!(failure_of(&server, 32 << 20).await, (FailureKind::ResponseTimeout, true));
}

#[tokio::test]
async fn a_reset_before_the_request() {
    for _ in 0..20 {
        let server = Server::start(|stream, _| async move { reset(stream) }).await;
        // How far the request had come by then, only the network knows.
        match failure_of(&server, 0).await {
            (FailureKind::ConnectionLost, _) | (FailureKind::ConnectFailed, false) => {}
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn a_reset_during_the_request() {
    let server = Server::start(|mut stream, _| async move {
        stream.read_exact(&mut [0; 10_000]).await.unwrap();
        reset(stream);
    })
    .await;
    assert_eq!(failure_of(&server, 32 << 20).await, (FailureKind::ConnectionLost, true));
}

#[tokio::test]
async fn a_reset_or_a_close_after_the_request() {
    for close in [false, true] {
        let server = Server::start(move |mut stream, _| async move {
            read_request(&mut stream).await;
            if close { drop(stream) } else { reset(stream) }
        })
        .await;
        assert_eq!(failure_of(&server, 0).await, (FailureKind::ConnectionLost, true));
    }
}

#[tokio::test]
async fn a_head_that_breaks_off() {
    let server = Server::answering("HTTP/1.1 200 OK\r\ncontent-le").await;
    assert_eq!(failure_of(&server, 0).await, (FailureKind::ConnectionLost, true));
}

#[tokio::test]
async fn a_head_that_drips() {
    let server = Server::start(|mut stream, _| async move {
        read_request(&mut stream).await;
        for byte in b"HTTP/1.1 200 OK\r\nx-slow: ".iter().chain(std::iter::repeat(&b'x')) {
            if stream.write_all(&[*byte]).await.is_err() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await;
    assert_eq!(failure_of(&server, 0).await, (FailureKind::ResponseTimeout, true));
}

#[tokio::test]
async fn a_flood_of_1xx() {
    let server = Server::start(|mut stream, _| async move {
        read_request(&mut stream).await;
        while stream.write_all(b"HTTP/1.1 100 Continue\r\n\r\n").await.is_ok() {}
    })
    .await;
    let (kind, maybe_sent) = failure_of(&server, 0).await;
    assert!(matches!(kind, FailureKind::ResponseTimeout | FailureKind::Protocol), "{kind:?}");
    assert!(maybe_sent);
}

#[tokio::test]
async fn what_is_not_http() {
    let many_headers: String = "x-a: 1\r\n".repeat(20_000);
    let long_header = format!("HTTP/1.1 200 OK\r\nx-long: {}\r\n\r\n", "a".repeat(10 << 20));
    let answers: [Vec<u8>; 12] = [
        "hello\r\n\r\n".into(),
        "\r\n\r\n\r\n".into(),
        "SSH-2.0-OpenSSH_9.2\r\n".into(),
        "HTTP/0.9 200 OK\r\n\r\n".into(),
        "HTTP/2.0 200 OK\r\n\r\n".into(),
        "HTTP/1.1 abc OK\r\n\r\n".into(),
        "HTTP/1.1 20 OK\r\n\r\n".into(),
        "HTTP/1.1 200 OK\r\nx-nul: a\0b\r\n\r\n".into(),
        "HTTP/1.1 200 OK\r\ncontent-length: many\r\n\r\n".into(),
        "HTTP/1.1 200 OK\r\nno colon\r\n\r\n".into(),
        format!("HTTP/1.1 200 OK\r\n{many_headers}\r\n").into(),
        long_header.into(),
    ];
    for answer in answers {
        let beginning = String::from_utf8_lossy(&answer[..answer.len().min(40)]).into_owned();
        let server = Server::answering(answer).await;
        let (kind, maybe_sent) = failure_of(&server, 0).await;
        let expected = matches!(kind, FailureKind::Protocol)
            // An end of stream where a head could still have come.
            || beginning.starts_with("\r\n") && kind == FailureKind::ConnectionLost;
        assert!(expected && maybe_sent, "{kind:?} for {beginning:?}");
    }
}

#[tokio::test]
async fn a_body_that_never_ends_is_cut_and_the_connection_closed() {
    let (closed, told) = tokio::sync::oneshot::channel();
    let closed = std::sync::Mutex::new(Some(closed));
    let server = Server::start(move |mut stream, _| {
        let closed = closed.lock().unwrap().take();
        async move {
            read_request(&mut stream).await;
            let head = b"HTTP/1.1 200 OK\r\ncontent-length: 10737418240\r\n\r\n";
            stream.write_all(head).await.unwrap();
            let mut written = 0_usize;
            while stream.write_all(&[b'x'; 1024]).await.is_ok() {
                written += 1024;
            }
            closed.unwrap().send(written).unwrap();
        }
    })
    .await;
    let answer = client().send(outbound(server.url())).await.unwrap();
    assert_eq!((answer.status.as_u16(), answer.end), (200, BodyEnd::TooLong));
    assert_eq!(answer.body.len(), 4096);
    let written = tokio::time::timeout(Duration::from_secs(5), told).await.unwrap().unwrap();
    // What we read and what the system's buffers took.
    assert!(written < 16 << 20, "{written}");
}

#[tokio::test]
async fn a_body_that_drips_or_breaks_off_leaves_the_head_as_it_is() {
    let drips = Server::start(|mut stream, _| async move {
        read_request(&mut stream).await;
        stream.write_all(b"HTTP/1.1 202 Accepted\r\ncontent-length: 1000\r\n\r\n").await.unwrap();
        while stream.write_all(b"x").await.is_ok() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await;
    let began = Instant::now();
    let answer = client().send(outbound(drips.url())).await.unwrap();
    assert_eq!((answer.status.as_u16(), answer.end), (202, BodyEnd::Broken));
    assert!(!answer.body.is_empty());
    assert!(began.elapsed() <= TIMEOUTS.total + GRACE);

    for head in ["content-length: 1000", "transfer-encoding: chunked"] {
        let cut = format!("HTTP/1.1 200 OK\r\n{head}\r\n\r\n5\r\nhello");
        let answer = client().send(outbound(Server::answering(cut).await.url())).await.unwrap();
        assert_eq!((answer.status.as_u16(), answer.end), (200, BodyEnd::Broken));
    }
}

#[tokio::test]
async fn a_connection_that_is_closed_while_it_waits_is_replaced_without_sending_twice() {
    let server = Server::start(|mut stream, _| async move {
        read_request(&mut stream).await;
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await.unwrap();
    })
    .await;
    let client = client();
    for expected in 1..=10 {
        let answer = client.send(outbound(server.url())).await;
        // Either the close was seen before anything was written, and a fresh connection was
        // used; or it is a failed attempt, which says that it may have arrived.
        match answer {
            Ok(answer) => assert_eq!(answer.status.as_u16(), 200),
            Err(error) => assert!(error.maybe_sent && error.kind == FailureKind::ConnectionLost),
        }
        assert!(server.connections() <= expected);
    }
}

#[tokio::test]
async fn a_request_that_was_written_is_never_sent_again() {
    let (count, mut seen) = tokio::sync::mpsc::unbounded_channel();
    let server = Server::start(move |mut stream, _| {
        let count = count.clone();
        async move {
            let first = read_request(&mut stream).await;
            count.send(first.len()).unwrap();
            stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await.unwrap();
            let second = read_request(&mut stream).await;
            count.send(second.len()).unwrap();
        }
    })
    .await;
    let client = client();
    client.send(outbound(server.url())).await.unwrap();
    let error = client.send(outbound(server.url())).await.unwrap_err();
    assert_eq!((error.kind, error.maybe_sent), (FailureKind::ConnectionLost, true));
    let (first, second) = (seen.recv().await.unwrap(), seen.recv().await.unwrap());
    assert_eq!(first, second);
    assert_eq!((server.connections(), seen.try_recv().ok()), (1, None));
}
