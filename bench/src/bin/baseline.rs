//! The ceiling: a bare hyper server that reads the body, checks its signature, answers 200 and
//! keeps nothing.
#![expect(clippy::print_stdout, reason = "it says where it listens")]

use std::convert::Infallible;
use std::sync::Arc;

use anyhow::Result;
use bytes::Bytes;
use clap::Parser;
use hookyard_bench::scheme::{Scheme, Signer};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;

/// Answers webhooks at the hub's own paths, signed with the secrets of every run, as fast as this
/// machine can.
#[derive(Parser)]
struct Arguments {}

/// What checks the requests at a path.
type Sources = [(String, Signer); 3];

#[tokio::main]
async fn main() -> Result<()> {
    let Arguments {} = Arguments::parse();
    let source = |scheme: Scheme| (scheme.path(), Signer::new(scheme, "", "", scheme.secret()));
    let sources: Arc<Sources> = Arc::new(Scheme::ALL.map(source));
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("listening on {}", listener.local_addr()?);
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        let sources = Arc::clone(&sources);
        tokio::spawn(async move {
            let service = service_fn(|request| answer(&sources, request));
            let http = hyper::server::conn::http1::Builder::new();
            // A client that goes away is none of our business.
            drop(http.serve_connection(TokioIo::new(stream), service).await);
        });
    }
}

async fn answer(
    sources: &Sources,
    request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let (head, body) = request.into_parts();
    let Ok(body) = body.collect().await else { return Ok(respond(400, "{}")) };
    let Some((_, signer)) = sources.iter().find(|(path, _)| path == head.uri.path()) else {
        return Ok(respond(404, "{}"));
    };
    if !signer.accepts(&head.headers, &body.to_bytes()) {
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
