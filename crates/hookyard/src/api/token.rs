//! The API's token, and the file by which the command line on the same machine finds the API.
//!
//! The token is made at the first start and kept beside the store, for its owner's eyes alone.
//! There is no default password and nothing to set up.

use std::fmt;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hookyard_model::Secret;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

use crate::clock::{random_bytes, random_u64};

/// What every token begins with, so that scanners for leaked secrets can tell one.
const PREFIX: &str = "hyk_";

/// The bearer token of the admin API.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AdminToken(Secret);

impl AdminToken {
    /// A new one, of 256 random bits.
    pub fn generate() -> Self {
        let random = URL_SAFE_NO_PAD.encode(random_bytes::<32>());
        Self(Secret::new(format!("{PREFIX}{random}")))
    }

    /// The token itself. Whoever calls this answers for where it goes.
    pub fn reveal(&self) -> &str {
        self.0.reveal()
    }

    pub(super) fn fingerprint(&self) -> Fingerprint {
        Fingerprint::of(self.reveal().as_bytes())
    }

    fn read(text: &str) -> Option<Self> {
        let random = URL_SAFE_NO_PAD.decode(text.strip_prefix(PREFIX)?).ok()?;
        (random.len() >= 32).then(|| Self(Secret::new(text.to_owned())))
    }
}

/// A hash of a token: comparing two says nothing about how much of a guess was right, not even
/// its length.
#[derive(Clone, Copy)]
pub(super) struct Fingerprint([u8; 32]);

impl Fingerprint {
    fn of(token: &[u8]) -> Self {
        Self(Sha256::digest(token).into())
    }

    pub(super) fn is_of(&self, token: &[u8]) -> bool {
        self.0.ct_eq(&Self::of(token).0).into()
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[fingerprint]")
    }
}

/// Where a running hub's API is and how to be let in: `<store>.admin.json`, beside the store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AdminFile {
    /// The API's base, `http://127.0.0.1:8081`.
    pub url: String,
    /// Its token.
    pub token: AdminToken,
    /// Where webhooks come in, `http://127.0.0.1:8080`. Older versions did not write that down.
    pub ingest_url: Option<String>,
}

#[derive(Serialize, Deserialize)]
struct OnDisk {
    url: String,
    token: String,
    #[serde(default)]
    ingest_url: Option<String>,
}

/// Where a hub that has just started listens.
#[derive(Clone, Copy, Debug)]
pub struct Bound {
    /// For callers of the API.
    pub admin: SocketAddr,
    /// For webhooks.
    pub ingest: SocketAddr,
    /// Whether webhooks come in over TLS.
    pub is_tls: bool,
}

/// Why the file beside the store is of no use.
#[derive(Debug, thiserror::Error)]
pub enum AdminFileError {
    /// It is not there.
    #[error("{} is not there; `hookyard serve` makes it beside its store when it starts", .0.display())]
    Missing(PathBuf),
    /// It belongs to somebody else.
    #[error("{} may not be read by this user; only the user that runs the hub may", .0.display())]
    Denied(PathBuf),
    /// It is not what we wrote.
    #[error("{} is not valid: expected a JSON object with `url` and a `token` that begins with `hyk_`; delete it to have a new one made at the next start", .0.display())]
    Malformed(PathBuf),
    /// It could not be read or written.
    #[error("{}: {why}", .0.display(), why = .1)]
    Io(PathBuf, #[source] io::Error),
}

impl AdminFile {
    /// Where the file is for a store.
    pub fn path(store: &Path) -> PathBuf {
        let mut path = store.as_os_str().to_owned();
        path.push(".admin.json");
        path.into()
    }

    /// Reads the file beside a store: what the command line does to find a running hub.
    pub fn read(store: &Path) -> Result<Self, AdminFileError> {
        let path = Self::path(store);
        let text = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) => {
                return Err(match error.kind() {
                    io::ErrorKind::NotFound => AdminFileError::Missing(path),
                    io::ErrorKind::PermissionDenied => AdminFileError::Denied(path),
                    io::ErrorKind::InvalidData => AdminFileError::Malformed(path),
                    _ => AdminFileError::Io(path, error),
                });
            }
        };
        let read = |on_disk: OnDisk| {
            Some(Self {
                token: AdminToken::read(&on_disk.token)?,
                url: on_disk.url,
                ingest_url: on_disk.ingest_url,
            })
        };
        serde_json::from_str(&text).ok().and_then(read).ok_or(AdminFileError::Malformed(path))
    }

    /// At a start: keeps the token that is there or makes one, and writes down where the hub is.
    ///
    /// A file that others could read is made private again, with a warning.
    pub fn write(store: &Path, bound: Bound) -> Result<Self, AdminFileError> {
        let path = Self::path(store);
        let token = match Self::read(store) {
            Ok(file) => {
                warn_if_open(&path);
                file.token
            }
            Err(AdminFileError::Missing(_)) => AdminToken::generate(),
            Err(error) => return Err(error),
        };
        let scheme = if bound.is_tls { "https" } else { "http" };
        let file = Self {
            url: format!("http://{}", reachable(bound.admin)),
            token,
            ingest_url: Some(format!("{scheme}://{}", reachable(bound.ingest))),
        };
        replace(&path, &file).map_err(|error| AdminFileError::Io(path, error))?;
        Ok(file)
    }
}

/// An address to connect to, for one that is listened on.
pub(crate) fn reachable(bound: SocketAddr) -> SocketAddr {
    let ip = match bound.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, bound.port())
}

/// Writes beside and renames, so that a reader sees the old file or the new one, and the new one
/// is private from its first byte.
fn replace(path: &Path, file: &AdminFile) -> io::Result<()> {
    let on_disk = OnDisk {
        url: file.url.clone(),
        token: file.token.reveal().to_owned(),
        ingest_url: file.ingest_url.clone(),
    };
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".{:016x}", random_u64()));
    let beside = PathBuf::from(name);
    let written =
        write_new(&beside, &serde_json::to_vec(&on_disk)?).and_then(|()| fs::rename(&beside, path));
    if written.is_err() {
        // What matters is why it could not be written; the rest of it may not even be there.
        fs::remove_file(&beside).unwrap_or_default();
    }
    written
}

fn write_new(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = private(path)?;
    file.write_all(bytes)?;
    file.write_all(b"\n")?;
    file.sync_all()
}

#[cfg(unix)]
fn private(path: &Path) -> io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt as _;
    OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)
}

#[cfg(not(unix))]
fn private(path: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).create_new(true).open(path)
}

#[cfg(unix)]
fn warn_if_open(path: &Path) {
    use std::os::unix::fs::PermissionsExt as _;
    let mode = fs::metadata(path).map_or(0, |metadata| metadata.permissions().mode());
    if mode & 0o077 != 0 {
        tracing::warn!(
            path = %path.display(),
            mode = format!("{:o}", mode & 0o777),
            "other users of this machine could read the API's token; the file is private again, delete it and restart to have a new token made"
        );
    }
}

#[cfg(not(unix))]
const fn warn_if_open(_path: &Path) {}

#[cfg(test)]
mod tests {
    use super::*;

    const BOUND: Bound = Bound {
        admin: SocketAddr::new(IpAddr::V4(Ipv4Addr::UNSPECIFIED), 8081),
        ingest: SocketAddr::new(IpAddr::V4(Ipv4Addr::UNSPECIFIED), 8080),
        is_tls: false,
    };

    #[test]
    fn tokens_are_long_and_told_apart() {
        let (one, other) = (AdminToken::generate(), AdminToken::generate());
        assert!(one.reveal().starts_with("hyk_") && one.reveal().len() == 47);
        assert_eq!(AdminToken::read(one.reveal()).as_ref(), Some(&one));
        assert!(one.fingerprint().is_of(one.reveal().as_bytes()));
        for wrong in
            [other.reveal(), "", "hyk_", one.reveal().trim_end_matches(char::is_alphanumeric)]
        {
            assert!(!one.fingerprint().is_of(wrong.as_bytes()));
        }
        assert!(
            !format!("{one:?}{:?}", one.fingerprint())
                .contains(one.reveal().trim_start_matches(PREFIX))
        );
    }

    #[test]
    fn the_token_stays_and_the_url_follows() {
        let folder = tempfile::tempdir().unwrap();
        let store = folder.path().join("hub.db");
        assert!(matches!(AdminFile::read(&store), Err(AdminFileError::Missing(_))));
        let first = AdminFile::write(&store, BOUND).unwrap();
        assert_eq!(first.url, "http://127.0.0.1:8081");
        assert_eq!(first.ingest_url.as_deref(), Some("http://127.0.0.1:8080"));
        assert_eq!(AdminFile::read(&store).unwrap(), first);
        let second = AdminFile::write(
            &store,
            Bound { admin: "[::1]:9".parse().unwrap(), is_tls: true, ..BOUND },
        )
        .unwrap();
        assert_eq!((second.url.as_str(), &second.token), ("http://[::1]:9", &first.token));
        let names: Vec<_> =
            fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(names, ["hub.db.admin.json"], "nothing is left beside it");
    }

    #[cfg(unix)]
    #[test]
    fn the_file_is_private_and_is_made_so_again() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let store = folder.path().join("hub.db");
        let path = AdminFile::path(&store);
        let mode = || fs::metadata(&path).unwrap().permissions().mode() & 0o777;
        AdminFile::write(&store, BOUND).unwrap();
        assert_eq!(mode(), 0o600);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        AdminFile::write(&store, BOUND).unwrap();
        assert_eq!(mode(), 0o600);
    }

    #[test]
    fn a_file_that_is_not_ours_is_not_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        let store = folder.path().join("hub.db");
        for text in ["", "{}", r#"{"url":"http://x","token":"short"}"#, "\u{0}\u{fffd}"] {
            fs::write(AdminFile::path(&store), text).unwrap();
            let error = AdminFile::write(&store, BOUND).unwrap_err();
            assert!(matches!(error, AdminFileError::Malformed(_)), "{text}: {error}");
            assert_eq!(fs::read_to_string(AdminFile::path(&store)).unwrap(), text);
        }
        let nowhere = folder.path().join("gone").join("hub.db");
        assert!(matches!(AdminFile::write(&nowhere, BOUND), Err(AdminFileError::Io(..))));
    }
}
