//! Certificate and key, from files to what a TLS listener needs.

use std::path::Path;
use std::sync::Arc;

use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls_pki_types::pem::{self, PemObject};
use rustls_pki_types::{CertificateDer, PrivateKeyDer};

use super::TlsFiles;
use super::reader::read_bytes;

/// Longer than any chain of certificates.
const FILE_LIMIT: u64 = 1 << 20;

/// Why a certificate and its key cannot be used. The text is a sentence for a person.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TlsError {
    /// The certificate's file cannot be used.
    #[error("{0}")]
    Certificate(String),
    /// The key's file cannot be used.
    #[error("{0}")]
    Key(String),
    /// The two do not belong together.
    #[error("{0}")]
    Pair(String),
}

/// Reads the files and makes what a listener needs: TLS 1.2 and 1.3, HTTP/1.1.
///
/// Called again whenever the files may have changed; connections that stand keep what they have.
pub fn server_config(files: &TlsFiles) -> Result<Arc<ServerConfig>, TlsError> {
    let chain = certificates(&files.certificate).map_err(TlsError::Certificate)?;
    let key = private_key(&files.key).map_err(TlsError::Key)?;
    // Named, because a process-wide default would depend on which crates are compiled in.
    let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_protocol_versions(&[&rustls::version::TLS13, &rustls::version::TLS12])
        .map_err(|error| TlsError::Pair(error.to_string()))?
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .map_err(|error| TlsError::Pair(describe(&error)))?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}

fn describe(error: &rustls::Error) -> String {
    match error {
        rustls::Error::InconsistentKeys(_) => {
            "this is not the key of the certificate; name the two that were made together"
                .to_owned()
        }
        rustls::Error::InvalidCertificate(_) => {
            "the certificate is damaged; write it to the file again".to_owned()
        }
        _ => format!("certificate and key cannot be used ({error}); make them anew"),
    }
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, String> {
    let shown = path.display();
    let text = read_bytes(path, FILE_LIMIT).map_err(|why| format!("the file `{shown}` {why}"))?;
    let chain: Result<Vec<_>, pem::Error> = CertificateDer::pem_slice_iter(&text).collect();
    match chain {
        Ok(chain) if !chain.is_empty() => Ok(chain),
        _ => Err(format!(
            "the file `{shown}` holds no certificate; it must have `-----BEGIN CERTIFICATE-----` in it"
        )),
    }
}

fn private_key(path: &Path) -> Result<PrivateKeyDer<'static>, String> {
    let shown = path.display();
    let text = read_bytes(path, FILE_LIMIT).map_err(|why| format!("the file `{shown}` {why}"))?;
    PrivateKeyDer::from_pem_slice(&text).map_err(|_| {
        format!("the file `{shown}` holds no private key; it must have `-----BEGIN PRIVATE KEY-----` in it, without a password")
    })
}
