//! Finding the hub of this machine: its address and its token lie beside its store.

use std::path::{Path, PathBuf};

use clap::Args;

use super::{Found, HOW_TO_START, Hub};
use crate::api::{AdminFile, AdminFileError};
use crate::cli::address::whole_url;
use crate::cli::failure::{Exit, Failure};
use crate::cli::out::Out;

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
        match &self.url {
            Some(url) => self.named(url),
            None => self.beside(&self.store()?),
        }
    }

    /// The hub at `--url`. It needs no configuration, so a broken one is no reason to stop.
    fn named(&self, url: &str) -> Result<Hub, Failure> {
        let url = whole_url("--url", url, "http://127.0.0.1:8081")?;
        // What people copy out of the documentation of the API.
        let url = url.trim_end_matches('/').trim_end_matches("/api/v1");
        let store = self.store.as_deref().unwrap_or(Path::new(DEFAULT_STORE));
        let file = AdminFile::read(store).ok();
        let token = self.token.as_deref();
        let token = token.or_else(|| file.as_ref().map(|file| file.token.reveal()));
        let here = file.as_ref().or(self.quietly().as_ref()).map(|file| file.url.clone());
        Hub::new(url, token, Found::Named { here })
    }

    /// What lies beside the store of the configuration, if all of that can be read.
    fn quietly(&self) -> Option<AdminFile> {
        let config = self.config.as_deref().unwrap_or(Path::new(DEFAULT_CONFIG));
        let table: toml::Table = std::fs::read_to_string(config).ok()?.parse().ok()?;
        AdminFile::read(&beside(config, url_in(&table).as_deref())).ok()
    }

    /// The hub that has this store.
    fn beside(&self, store: &Path) -> Result<Hub, Failure> {
        let file = AdminFile::read(store).map_err(|error| match error {
            AdminFileError::Denied(_) => Failure::with(
                Exit::Unreachable,
                format!("cannot ask the hub: {error}"),
            )
            .hint("run this as the user that runs the hub")
            .hint(
                "or say what its token is with HOOKYARD_ADMIN_TOKEN and where it is with `--url`",
            ),
            error => Failure::with(Exit::Unreachable, format!("no hub has run here: {error}"))
                .hint(HOW_TO_START)
                .hint("say which store it has with `--config` or `--store`")
                .hint("ask another machine's with `--url` and HOOKYARD_ADMIN_TOKEN"),
        })?;
        let token = self.token.as_deref().unwrap_or(file.token.reveal());
        Hub::new(&file.url, Some(token), Found::Beside(AdminFile::path(store)))
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
    let url = match text.parse::<toml::Table>() {
        Ok(table) => url_in(&table),
        Err(error) => {
            Out::new().note(format_args!(
                "note: `{0}` is broken ({1}), so only its `store.url` was looked for; `hookyard check --config {0}` says more",
                config.display(),
                error.message()
            ));
            store_url(&text)
        }
    };
    if url.as_ref().is_some_and(|url| url.contains("${")) {
        return Err(Failure::usage(format!(
            "`store.url` in `{}` comes from the environment",
            config.display()
        ))
        .hint("say where the store is with `--store`"));
    }
    Ok(beside(config, url.as_deref()))
}

/// `store.url` of a configuration.
fn url_in(table: &toml::Table) -> Option<String> {
    table.get("store").and_then(|store| store.get("url")?.as_str().map(str::to_owned))
}

/// The store's file, for what a configuration says of it.
fn beside(config: &Path, url: Option<&str>) -> PathBuf {
    let path = url.unwrap_or(DEFAULT_STORE);
    let path = path.strip_prefix("sqlite:").unwrap_or(path);
    let path = path.strip_prefix("//").unwrap_or(path);
    config.parent().unwrap_or(Path::new("")).join(path)
}

/// `store.url` of a configuration that is no TOML as a whole: its first line that says so.
///
/// The hub runs on with the configuration that it had, and has to be asked how it is.
fn store_url(text: &str) -> Option<String> {
    let mut section = String::new();
    for line in text.lines().map(str::trim) {
        if let Some(name) = line.strip_prefix('[') {
            name.split(']').next().unwrap_or_default().trim().clone_into(&mut section);
        }
        let Ok(table) = line.parse::<toml::Table>() else { continue };
        let found = match section.as_str() {
            "store" => table.get("url"),
            "" => table.get("store").and_then(|store| store.get("url")),
            _ => None,
        };
        if let Some(url) = found.and_then(toml::Value::as_str) {
            return Some(url.to_owned());
        }
    }
    None
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
            ("[store", Some(folder.path().join(DEFAULT_STORE))),
            ("a = \n[store]\nurl = \"sqlite:b.db\"", Some(folder.path().join("b.db"))),
            ("store.url = 'c.db'\n[x\nurl = 'd'", Some(folder.path().join("c.db"))),
            ("store = { url = 'e.db' }\n[x", Some(folder.path().join("e.db"))),
        ];
        for (text, expected) in cases {
            std::fs::write(&config, text).unwrap();
            assert_eq!(store_in(&config).ok(), expected, "{text}");
        }
    }
}
