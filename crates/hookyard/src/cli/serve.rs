//! `hookyard serve` and `hookyard check`: what a configuration file says, run or looked at.

use std::path::{Path, PathBuf};

use clap::Args;

use super::failure::{Exit, Failure};
use super::hub::DEFAULT_CONFIG;
use super::logging::Logging;
use super::out::Out;
use super::start::{self, Places};
use crate::config::check;
use crate::reload::Reloader;
use crate::run;

/// Which settings the addresses come from.
const PLACES: Places = Places {
    webhooks: "choose another with `listen` in `[server]`",
    admin: "choose another with `listen` in `[admin]`",
    store: "choose another with `url` in `[store]`",
};

/// Run a hub as a configuration file says
///
/// A change of the file takes effect within seconds, or at once on SIGHUP; a wrong one is logged and changes nothing.
/// SIGTERM and SIGINT end the hub in good order.
#[derive(Args, Debug)]
pub(crate) struct Serve {
    /// The configuration
    #[arg(long, value_name = "FILE", env = "HOOKYARD_CONFIG", default_value = DEFAULT_CONFIG)]
    config: PathBuf,

    /// What to log: a level, or pairs such as `info,hookyard_delivery=debug`
    #[arg(long, value_name = "LEVELS", env = "HOOKYARD_LOG", default_value = "info")]
    log: String,
}

/// Check a configuration file and sum up what it sets up
#[derive(Args, Debug)]
pub(crate) struct Check {
    /// The configuration
    #[arg(long, value_name = "FILE", env = "HOOKYARD_CONFIG", default_value = DEFAULT_CONFIG)]
    config: PathBuf,
}

impl Serve {
    pub(crate) async fn run(self, out: Out) -> Result<(), Failure> {
        exists(&self.config)?;
        let opened = Reloader::open(&self.config, Box::new(variable));
        let (reloader, config, warnings) = opened.map_err(|errors| {
            out.note(errors.render(out.has_error_colour()));
            Failure::Silent(Exit::Usage)
        })?;
        if warnings.count() > 0 {
            out.note(warnings.render(out.has_error_colour()));
        }
        Logging::for_all(&self.log).begin(out)?;
        let running = run::start_following(config, reloader).await;
        let running = running.map_err(|error| start::failure(&error, &PLACES))?;
        running
            .until_stopped()
            .await
            .map_err(|error| Failure::new(format!("stopped, because {error}")))
    }
}

impl Check {
    pub(crate) fn run(&self, out: Out) -> Result<(), Failure> {
        exists(&self.config)?;
        let checked = check::check(&self.config, &variable, out.has_colour());
        out.bytes(checked.text.as_bytes())?;
        if checked.is_valid { Ok(()) } else { Err(Failure::Silent(Exit::Usage)) }
    }
}

/// Tells those who have no configuration yet what they can do.
fn exists(config: &Path) -> Result<(), Failure> {
    if config.exists() {
        return Ok(());
    }
    Err(Failure::usage(format!("there is no configuration file `{}`", config.display()))
        .hint("name one with `--config` or HOOKYARD_CONFIG; `hookyard dev` needs none"))
}

/// What the environment says.
#[expect(clippy::disallowed_methods, reason = "the configuration asks for its variables by this")]
pub(super) fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}
