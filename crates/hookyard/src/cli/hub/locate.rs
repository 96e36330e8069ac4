//! Finding the hub of this machine: its address and its token lie beside its store.

use std::path::{Path, PathBuf};

use clap::Args;

use super::{HOW_TO_START, Hub};
use crate::api::AdminFile;
use crate::cli::failure::{Exit, Failure};

/// Where a store is when nobody says otherwise.
pub(crate) const DEFAULT_STORE: &str = "hookyard.db";
/// Where a configuration is when nobody says otherwise.
pub(crate) const DEFAULT_CONFIG: &str = "hookyard.toml";

/// Which hub is asked
#[derive(Args, Debug)]
#[command(next_help_heading = "Which hub")]
pub(crate) struct HubOptions {
    /// The hub's admin API; without it the hub of this machine is found by its store
    #[arg(long, value_name = "URL", env = "HOOKYARD_ADMIN_URL")]
    url: Option<String>,

    /// The hub's admin token; without it the one that lies beside the store
    #[arg(long, value_name = "TOKEN", env = "HOOKYARD_ADMIN_TOKEN", hide_env_values = true)]
    token: Option<String>,

    /// The hub's configuration, which says where its store is; `hookyard.toml` if there is one
    #[arg(long, value_name = "FILE", env = "HOOKYARD_CONFIG")]
    config: Option<PathBuf>,

    /// The hub's store; `hookyard.db` where nothing says otherwise
    #[arg(long, value_name = "FILE")]
    store: Option<PathBuf>,
}

impl HubOptions {
    /// The hub that these options mean.
    pub(crate) fn hub(&self) -> Result<Hub, Failure> {
        let token = self.token.as_deref();
        if let (Some(url), Some(_)) = (&self.url, token) {
            return Hub::new(url, token);
        }
        match (AdminFile::read(&self.store()?), &self.url) {
            (Ok(file), url) => {
                let token = token.unwrap_or(file.token.reveal());
                Hub::new(url.as_ref().unwrap_or(&file.url), Some(token))
            }
            (Err(_), Some(url)) => Hub::new(url, None),
            (Err(error), None) => {
                Err(Failure::with(Exit::Unreachable, format!("no hub has run here: {error}"))
                    .hint(HOW_TO_START)
                    .hint("say which store it has with `--config` or `--store`")
                    .hint("ask another machine's with `--url` and HOOKYARD_ADMIN_TOKEN"))
            }
        }
    }

    fn store(&self) -> Result<PathBuf, Failure> {
        match (&self.store, &self.config) {
            (Some(store), _) => Ok(store.clone()),
            (None, Some(config)) => store_in(config),
            (None, None) if Path::new(DEFAULT_CONFIG).exists() => {
                store_in(Path::new(DEFAULT_CONFIG))
            }
            (None, None) => Ok(PathBuf::from(DEFAULT_STORE)),
        }
    }
}

/// Where the store is by a configuration file.
///
/// Only that one line is read: whoever asks a hub need not have the environment that its secrets
/// come from.
fn store_in(config: &Path) -> Result<PathBuf, Failure> {
    let text = std::fs::read_to_string(config)
        .map_err(|error| Failure::usage(format!("cannot read `{}`: {error}", config.display())))?;
    let table: toml::Table = text.parse().map_err(|error: toml::de::Error| {
        Failure::usage(format!("cannot read `{}`: {}", config.display(), error.message()))
            .hint(format!("`hookyard check --config {}` says more", config.display()))
    })?;
    let url = table.get("store").and_then(|store| store.get("url")).and_then(toml::Value::as_str);
    let path = url.unwrap_or(DEFAULT_STORE);
    let path = path.strip_prefix("sqlite:").unwrap_or(path);
    let path = path.strip_prefix("//").unwrap_or(path);
    if path.contains("${") {
        return Err(Failure::usage(format!(
            "`store.url` in `{}` comes from the environment",
            config.display()
        ))
        .hint("say where the store is with `--store`"));
    }
    Ok(config.parent().unwrap_or(Path::new("")).join(path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_store_lies_where_the_configuration_says() {
        let folder = tempfile::tempdir().unwrap();
        let config = folder.path().join("hub.toml");
        let cases = [
            ("[store]\nurl = \"sqlite:data/a.db\"", Some(folder.path().join("data/a.db"))),
            ("[store]\nurl = \"sqlite:/var/a.db\"", Some(PathBuf::from("/var/a.db"))),
            ("[server]", Some(folder.path().join(DEFAULT_STORE))),
            ("[store]\nurl = \"${STORE}\"", None),
            ("[store", None),
        ];
        for (text, expected) in cases {
            std::fs::write(&config, text).unwrap();
            assert_eq!(store_in(&config).ok(), expected, "{text}");
        }
    }
}
