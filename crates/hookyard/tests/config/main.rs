//! The configuration file, right and wrong, as an operator meets it.

#![cfg(test)]

mod files;
mod good;
mod reload;
mod wrong;

use std::path::Path;

use hookyard::config::Config;
use tempfile::TempDir;

/// The environment of all these tests.
fn env(name: &str) -> Option<String> {
    match name {
        "GITHUB_SECRET" => Some("a-secret-that-is-long-enough".to_owned()),
        "NONSENSE" => Some("not for anyone's eyes".to_owned()),
        "EMPTY" => Some(String::new()),
        _ => None,
    }
}

/// A folder with this text as `hookyard.toml`, and with two certificates and their keys.
fn folder(text: impl AsRef<[u8]>) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("hookyard.toml"), text).unwrap();
    let tls = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/config/tls");
    for name in ["a.pem", "a.key", "b.pem", "b.key"] {
        std::fs::copy(tls.join(name), folder.path().join(name)).unwrap();
    }
    folder
}

/// What is shown for a file, whose folder is left out: errors, or else warnings.
fn shown(text: impl AsRef<[u8]>) -> String {
    let folder = folder(text);
    let shown = match Config::load(&folder.path().join("hookyard.toml"), &env) {
        Ok((_, warnings)) => warnings.render(false),
        Err(errors) => errors.render(false),
    };
    shown.replace(&format!("{}/", folder.path().display()), "")
}
