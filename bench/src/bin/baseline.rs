//! The ceiling: a bare hyper server that reads the body, checks its HMAC, answers 200 and keeps
//! nothing.
#![expect(clippy::print_stdout, reason = "it says where it listens")]

use std::convert::Infallible;
use std::sync::Arc;

use anyhow::Result;
use bytes::Bytes;
use clap::Parser;
use hookyard_bench::github::Github;
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;

/// Answers webhooks signed as GitHub signs them, as fast as this machine can.
#[derive(Parser)]
struct Arguments {
    /// The secret.
    #[arg(long)]
    secret: String,
}

#[tokio::main]
async fn main() -> Result<()> {
    let github = Arc::new(Github::new("", "", &Arguments::parse().secret));
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("listening on {}", listener.local_addr()?);
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        let github = Arc::clone(&github);
        tokio::spawn(async move {
            let service = service_fn(|request| answer(&github, request));
            let http = hyper::server::conn::http1::Builder::new();
            // A client that goes away is none of our business.
            drop(http.serve_connection(TokioIo::new(stream), service).await);
        });
    }
}

async fn answer(
    github: &Github,
    request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let (head, body) = request.into_parts();
    let Ok(body) = body.collect().await else { return Ok(respond(400, "{}")) };
    let signature = head.headers.get("x-hub-signature-256").map_or(&[][..], |it| it.as_bytes());
    if !github.accepts(&body.to_bytes(), signature) {
        return Ok(respond(401, "{}"));
    }
    // As long as the hub's own answer.
    Ok(respond(200, r#"{"status":"accepted","event_id":"evt_01jdcx3v8q0000000000000000"}"#))
}

fn respond(status: u16, body: &'static str) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from_static(body.as_bytes())));
    *response.status_mut() = hyper::StatusCode::from_u16(status).unwrap_or_default();
    response
}
