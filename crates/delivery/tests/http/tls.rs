//! TLS: what is wrong with a certificate is a failure that says so, and there is no way around.

use std::sync::Arc;
use std::time::Instant;

use hookyard_delivery::{ClientSettings, HttpClient};
use hookyard_model::FailureKind;
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, date_time_ymd,
};
use rustls::ServerConfig;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use tokio::io::AsyncWriteExt;
use tokio_rustls::TlsAcceptor;

use crate::server::{Server, drain, read_request};
use crate::{GRACE, TIMEOUTS, outbound};

struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    fn new(name: &str) -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Self(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }

    fn certificate(&self) -> CertificateDer<'static> {
        self.0.der().clone()
    }

    /// A server's certificate, good but for what `spoil` does to it.
    fn issue(&self, spoil: impl FnOnce(&mut CertificateParams)) -> Arc<ServerConfig> {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(vec!["127.0.0.1".to_owned()]).unwrap();
        spoil(&mut params);
        let certificate = params.signed_by(&key, &self.0).unwrap();
        let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
        Arc::new(
            builder()
                .with_no_client_auth()
                .with_single_cert(vec![certificate.into()], key)
                .unwrap(),
        )
    }
}

fn builder() -> rustls::ConfigBuilder<ServerConfig, rustls::WantsVerifier> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap()
}

async fn serve(config: Arc<ServerConfig>) -> Server {
    Server::start(move |stream, _| {
        let acceptor = TlsAcceptor::from(Arc::clone(&config));
        async move {
            let Ok(mut stream) = acceptor.accept(stream).await else { return };
            if read_request(&mut stream).await.is_empty() {
                return;
            }
            let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";
            stream.write_all(answer).await.unwrap_or_default();
            stream.shutdown().await.unwrap_or_default();
        }
    })
    .await
}

fn url(server: &Server) -> String {
    server.url().replace("http:", "https:")
}

fn trusting(authority: &Authority) -> HttpClient {
    let extra_roots = vec![authority.certificate()];
    HttpClient::new(ClientSettings { extra_roots, ..ClientSettings::default() })
}

#[tokio::test]
async fn a_good_certificate_is_accepted() {
    let authority = Authority::new("ours");
    let server = serve(authority.issue(|_| {})).await;
    let answer = trusting(&authority).send(outbound(url(&server))).await.unwrap();
    assert_eq!((answer.status.as_u16(), answer.body.as_ref()), (200, b"ok".as_slice()));
}

#[tokio::test]
async fn a_bad_certificate_is_refused_before_anything_is_sent() {
    let (authority, other) = (Authority::new("ours"), Authority::new("other"));
    let expired = authority.issue(|params| params.not_after = date_time_ymd(2020, 1, 1));
    let early = authority.issue(|params| params.not_before = date_time_ymd(2090, 1, 1));
    let wrong_name = authority.issue(|params| {
        *params = CertificateParams::new(vec!["elsewhere.example".to_owned()]).unwrap();
    });
    let key = KeyPair::generate().unwrap();
    let own = CertificateParams::new(vec!["127.0.0.1".to_owned()]).unwrap();
    let own = own.self_signed(&key).unwrap();
    let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
    let self_signed = builder().with_no_client_auth().with_single_cert(vec![own.into()], key);
    let cases = [
        ("expired", expired),
        ("not valid yet", early),
        ("not valid for name", wrong_name),
        ("UnknownIssuer", Arc::new(self_signed.unwrap())),
        ("UnknownIssuer", other.issue(|_| {})),
    ];
    let client = trusting(&authority);
    for (why, config) in cases {
        let error = client.send(outbound(url(&serve(config).await))).await.unwrap_err();
        assert_eq!((error.kind, error.maybe_sent), (FailureKind::Tls, false), "{why}");
        assert!(error.detail.contains(why), "{}", error.detail);
    }
}

#[tokio::test]
async fn a_server_that_wants_our_certificate_is_a_tls_failure() {
    let authority = Authority::new("ours");
    let mut roots = rustls::RootCertStore::empty();
    roots.add(authority.certificate()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider);
    let key = KeyPair::generate().unwrap();
    let params = CertificateParams::new(vec!["127.0.0.1".to_owned()]).unwrap();
    let certificate = params.signed_by(&key, &authority.0).unwrap();
    let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
    let config = builder()
        .with_client_cert_verifier(verifier.build().unwrap())
        .with_single_cert(vec![certificate.into()], key)
        .unwrap();
    let server = serve(Arc::new(config)).await;
    let error = trusting(&authority).send(outbound(url(&server))).await.unwrap_err();
    assert_eq!(error.kind, FailureKind::Tls, "{error}");
}

#[tokio::test]
async fn a_server_without_tls_and_one_that_stalls() {
    let authority = Authority::new("ours");
    let plain = Server::start(|mut stream, _| async move {
        stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await.unwrap();
        drain(&mut stream).await;
    })
    .await;
    let stalls = Server::start(|mut stream, _| async move { drain(&mut stream).await }).await;
    let client = trusting(&authority);
    let cases = [(&plain, FailureKind::Tls), (&stalls, FailureKind::ConnectTimeout)];
    for (server, expected) in cases {
        let began = Instant::now();
        let error = client.send(outbound(url(server))).await.unwrap_err();
        assert_eq!((error.kind, error.maybe_sent), (expected, false), "{error}");
        assert!(began.elapsed() <= TIMEOUTS.total + GRACE);
    }
}
