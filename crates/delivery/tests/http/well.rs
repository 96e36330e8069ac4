//! What a request looks like on the wire, and answers that are valid but not what we want.

use std::net::TcpListener as StdListener;

use bytes::Bytes;
use hookyard_delivery::{BodyEnd, ResponseLimit};
use hookyard_model::FailureKind;
use http::{HeaderValue, Method};
use tokio::io::AsyncWriteExt;
use tokio::sync::mpsc;

use crate::server::{Server, read_request};
use crate::{client, outbound};

#[tokio::test]
async fn a_request_arrives_byte_for_byte() {
    let (tell, mut told) = mpsc::unbounded_channel();
    let server = Server::start(move |mut stream, _| {
        let tell = tell.clone();
        async move {
            tell.send(read_request(&mut stream).await).unwrap();
            let answer = b"HTTP/1.1 201 Created\r\nx-a: 1\r\ncontent-length: 2\r\n\r\nok";
            stream.write_all(answer).await.unwrap();
        }
    })
    .await;
    let mut outbound = outbound(server.url());
    outbound.body = Bytes::from((0..=255).collect::<Vec<u8>>());
    outbound.headers.insert("x-bytes", HeaderValue::from_bytes(b"caf\xc3\xa9").unwrap());
    outbound.headers.insert("content-length", HeaderValue::from_static("3"));
    outbound.headers.insert("transfer-encoding", HeaderValue::from_static("chunked"));
    outbound.headers.insert("host", HeaderValue::from_static("elsewhere"));
    let answer = client().send(outbound).await.unwrap();
    assert_eq!((answer.status.as_u16(), answer.end), (201, BodyEnd::Complete));
    assert_eq!(
        (answer.body.as_ref(), answer.headers["x-a"].as_bytes()),
        (b"ok".as_slice(), b"1".as_slice())
    );
    let mut expected = format!(
        "POST /hooks?a=b HTTP/1.1\r\nx-bytes: café\r\nhost: {}\r\ncontent-length: 256\r\n\r\n",
        server.address
    )
    .into_bytes();
    expected.extend(0..=255_u8);
    assert_eq!(told.recv().await.unwrap(), expected);
}

#[tokio::test]
async fn connections_are_used_again() {
    let server = Server::start(|mut stream, _| async move {
        while !read_request(&mut stream).await.is_empty() {
            let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";
            stream.write_all(answer).await.unwrap();
        }
    })
    .await;
    let client = client();
    for _ in 0..50 {
        assert_eq!(client.send(outbound(server.url())).await.unwrap().status.as_u16(), 200);
        // Lets the connection's driver see that the exchange is over.
        tokio::task::yield_now().await;
    }
    assert_eq!(server.connections(), 1);
}

#[tokio::test]
async fn every_address_of_a_name_is_tried() {
    // `localhost` may be `::1` first, where nobody listens.
    let server = Server::answering("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await;
    let url = format!("http://localhost:{}/", server.address.port());
    assert_eq!(client().send(outbound(url)).await.unwrap().status.as_u16(), 200);
}

#[tokio::test]
async fn an_answer_is_kept_within_its_limit() {
    let body = "x".repeat(10_000);
    let answer = format!("HTTP/1.1 200 OK\r\ncontent-length: 10000\r\n\r\n{body}");
    let server = Server::answering(answer).await;
    let cases = [
        (ResponseLimit::DESTINATION, 4096, BodyEnd::TooLong),
        (ResponseLimit::whole(10_000), 10_000, BodyEnd::Complete),
        (ResponseLimit::whole(9_999), 9_999, BodyEnd::TooLong),
    ];
    for (limit, length, end) in cases {
        let mut outbound = outbound(server.url());
        (outbound.limit, outbound.method) = (limit, Method::GET);
        let answer = client().send(outbound).await.unwrap();
        assert_eq!((answer.body.len(), answer.end), (length, end));
    }
}

#[tokio::test]
async fn what_claims_to_be_compressed_is_left_as_it_is() {
    let answer = b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 4\r\n\r\nnope";
    let server = Server::answering(answer).await;
    let answer = client().send(outbound(server.url())).await.unwrap();
    assert_eq!(answer.body.as_ref(), b"nope");
}

#[tokio::test]
async fn redirects_are_answers_and_never_followed() {
    let trap = StdListener::bind("127.0.0.1:0").unwrap();
    trap.set_nonblocking(true).unwrap();
    let to = trap.local_addr().unwrap();
    for status in [301, 302, 303, 307, 308] {
        let head = format!("HTTP/1.1 {status} Go\r\nlocation: http://{to}/\r\n");
        let server = Server::answering(format!("{head}content-length: 0\r\n\r\n")).await;
        let answer = client().send(outbound(server.url())).await.unwrap();
        assert_eq!(answer.status.as_u16(), status);
        assert_eq!(server.connections(), 1);
    }
    assert_eq!(trap.accept().unwrap_err().kind(), std::io::ErrorKind::WouldBlock);
}

#[tokio::test]
async fn odd_but_valid_answers() {
    let answers = [
        ("HTTP/1.1 204 No Content\r\ncontent-length: 5\r\n\r\nhello", 204),
        ("HTTP/1.1 304 Not Modified\r\n\r\n", 304),
        ("HTTP/1.1 410 Gone\r\ncontent-length: 0\r\n\r\n", 410),
        ("HTTP/1.1 429 Slow Down\r\nretry-after: 120\r\ncontent-length: 0\r\n\r\n", 429),
        ("HTTP/1.1 999 \r\ncontent-length: 0\r\n\r\n", 999),
        ("HTTP/1.0 200\r\n\r\nuntil the end", 200),
        (
            "HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n",
            200,
        ),
    ];
    for (answer, status) in answers {
        let server = Server::answering(answer).await;
        assert_eq!(client().send(outbound(server.url())).await.unwrap().status.as_u16(), status);
    }
}

#[tokio::test]
async fn a_url_that_cannot_be_is_a_failed_request() {
    for url in ["", "localhost:3000", "http://x y/", "http://u:p@localhost/", "ftp://localhost/"] {
        let error = client().send(outbound(url)).await.unwrap_err();
        assert_eq!((error.kind, error.maybe_sent), (FailureKind::Request, false), "{url}");
    }
}
