//! TLS at the ingest port of the real program, with certificates that change while it runs.

use std::io::{Read, Write};
use std::path::Path;
use std::sync::Arc;

use crate::support::{Hub, Reply};
use rcgen::{CertifiedKey, generate_simple_self_signed};
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, Stream};

const SECTIONS: &str = "[sources.open]\nverify = \"none\"\n";

/// Writes a new certificate and its key, and gives the certificate.
fn write_certificate(folder: &Path) -> CertificateDer<'static> {
    let CertifiedKey { cert, signing_key } =
        generate_simple_self_signed(vec!["hub.test".into()]).unwrap();
    // The key first: a hub that looks in between finds a pair that does not belong together, and keeps the old one.
    std::fs::write(folder.join("key.pem"), signing_key.serialize_pem()).unwrap();
    std::fs::write(folder.join("certificate.pem"), cert.pem()).unwrap();
    cert.der().clone()
}

/// Posts over TLS; fails when the server does not show this certificate.
fn post(hub: &Hub, certificate: &CertificateDer<'static>) -> std::io::Result<String> {
    let mut roots = RootCertStore::empty();
    roots.add(certificate.clone()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let name = ServerName::try_from("hub.test").unwrap();
    let mut tls = ClientConnection::new(Arc::new(config), name).unwrap();
    let mut socket = hub.connect();
    let mut stream = Stream::new(&mut tls, &mut socket);
    stream.write_all(
        b"POST /webhook/open HTTP/1.1\r\nhost: hub.test\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{}",
    )?;
    let mut answer = Vec::new();
    // The server may end without a goodbye; what counts is what it said before.
    match stream.read_to_end(&mut answer) {
        Err(error) if answer.is_empty() => Err(error),
        _ => Ok(String::from_utf8_lossy(&answer).into_owned()),
    }
}

#[test]
fn certificates_are_taken_over_while_it_runs() {
    let certificates = tempfile::tempdir().unwrap();
    let first = write_certificate(certificates.path());
    let files = format!(
        "tls = {{ certificate = \"{0}/certificate.pem\", key = \"{0}/key.pem\" }}",
        certificates.path().display()
    );
    let hub = Hub::start_with(&files, "", SECTIONS);
    assert!(post(&hub, &first).unwrap().starts_with("HTTP/1.1 200"));
    let second = write_certificate(certificates.path());
    hub.wait_until("the new certificate is shown", || post(&hub, &second).is_ok());
    assert!(post(&hub, &first).is_err(), "the old certificate is no longer shown");
}

#[test]
fn plain_http_at_a_tls_port_is_turned_away() {
    let certificates = tempfile::tempdir().unwrap();
    write_certificate(certificates.path());
    let files = format!(
        "tls = {{ certificate = \"{0}/certificate.pem\", key = \"{0}/key.pem\" }}",
        certificates.path().display()
    );
    let hub = Hub::start_with(&files, "", SECTIONS);
    let mut socket = hub.connect();
    socket
        .write_all(b"POST /webhook/open HTTP/1.1\r\nhost: hub\r\ncontent-length: 0\r\n\r\n")
        .unwrap();
    assert!(Reply::read(&mut socket).is_none());
    assert!(hub.events().is_empty());
}
