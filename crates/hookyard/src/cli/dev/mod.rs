//! `hookyard dev`: a hub with nothing to set up, that shows what happens.

mod banner;
mod live;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use hookyard_delivery::Clock as _;
use hookyard_model::Name;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::{RecvError, TryRecvError};

use self::banner::Banner;
use self::live::Tally;
use super::address::whole_url;
use super::failure::Failure;
use super::held::Hold;
use super::hub::DEFAULT_STORE;
use super::logging::Logging;
use super::out::Out;
use super::start::{self, Places};
use crate::app::App;
use crate::clock::SystemClock;
use crate::config::{self, Config};
use crate::feed::Happening;
use crate::run::{self, Running, StopError};

/// Which options the addresses come from.
const PLACES: Places = Places {
    webhooks: "choose another with `--port`; `--port 0` takes any that is free",
    admin: "choose another with `--admin-port`; `--admin-port 0` takes any that is free",
    store: "choose another with `--store`",
};

const LIKE: &str = "http://localhost:3000/hooks";

/// How often it is looked whether a destination is held.
const LOOK: Duration = Duration::from_millis(200);

/// Run a hub on this machine, without configuration, and show each event as it comes
///
/// It takes events from anybody on this machine under any name, `/webhook/NAME`, and verifies nothing.
/// A source that is called like a provider is read as that provider's.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  hookyard dev
  hookyard dev --forward http://localhost:3000/hooks
  hookyard dev --port 0 --admin-port 0 --json")]
pub(crate) struct Dev {
    /// Deliver each event there; a port alone means this machine
    #[arg(long, value_name = "URL")]
    forward: Option<String>,

    /// The port for webhooks; 0 takes any that is free
    #[arg(long, value_name = "PORT", default_value_t = 8080)]
    port: u16,

    /// The port for the admin API; 0 takes any that is free
    #[arg(long, value_name = "PORT", default_value_t = 8081)]
    admin_port: u16,

    /// The file to keep events in
    #[arg(long, value_name = "FILE", default_value = DEFAULT_STORE)]
    store: PathBuf,

    /// Print JSON, one object a line
    #[arg(long)]
    json: bool,

    /// What to log on standard error: a level, or pairs such as `warn,hookyard=debug`
    #[arg(long, value_name = "LEVELS", env = "HOOKYARD_LOG", default_value = "error")]
    log: String,
}

impl Dev {
    pub(crate) async fn run(self, out: Out) -> Result<(), Failure> {
        Logging::for_people(&self.log).begin(out)?;
        let forward = self.forward.as_deref().map(|url| whole_url("--forward", url, LIKE));
        let forward = forward.transpose()?;
        let config = Config::dev(&config::Dev {
            listen: ([127, 0, 0, 1], self.port).into(),
            admin: ([127, 0, 0, 1], self.admin_port).into(),
            store: self.store.clone(),
            forward: forward.clone(),
        });
        let running = run::start(config.map_err(Failure::usage)?)
            .await
            .map_err(|error| start::failure(&error, &PLACES))?;
        // Before the banner: what it invites to send must be seen.
        let feed = running.app.feed.watch();
        let mut screen = Screen {
            out,
            json: self.json,
            tally: Tally::default(),
            holds: Vec::new(),
            store: self.store.clone(),
            app: Arc::clone(&running.app),
        };
        screen.look();
        let banner = Banner {
            ingest: running.ingest,
            admin: running.admin,
            store: &self.store,
            forward: forward.as_deref(),
            pending: running.app.metrics.counted_overall().pending,
            held: screen.holds.first().map(|(name, hold)| screen.sentence(name, hold)),
        };
        out.line(if self.json { banner.json() } else { banner.text(out) })?;
        let ended = screen.watch(running, feed).await?;
        screen.close()?;
        ended.map_err(|error| Failure::new(format!("stopped, because {error}")))
    }
}

/// What happens, written down as it happens.
struct Screen {
    out: Out,
    json: bool,
    tally: Tally,
    /// Which destinations are held.
    holds: Vec<(Name, Hold)>,
    store: PathBuf,
    app: Arc<App>,
}

impl Screen {
    /// Shows what happens until the hub has ended, and says how it ended.
    async fn watch(
        &mut self,
        running: Running,
        mut feed: Receiver<Happening>,
    ) -> Result<Result<(), StopError>, Failure> {
        let mut running = std::pin::pin!(running.until_stopped());
        let mut looks = tokio::time::interval(LOOK);
        let ended = loop {
            tokio::select! {
                happening = feed.recv() => match happening {
                    Ok(happening) => self.show(&happening)?,
                    Err(RecvError::Lagged(count)) => self.tally.miss(count),
                    // Nobody is left who could tell anything.
                    Err(RecvError::Closed) => break running.as_mut().await,
                },
                _ = looks.tick() => self.show_holds()?,
                ended = running.as_mut() => break ended,
            }
        };
        loop {
            match feed.try_recv() {
                Ok(happening) => self.show(&happening)?,
                Err(TryRecvError::Lagged(count)) => self.tally.miss(count),
                Err(TryRecvError::Empty | TryRecvError::Closed) => break,
            }
        }
        self.tally.leave(self.app.metrics.counted_overall().pending);
        Ok(ended)
    }

    /// Sees which destinations are held, and gives back which were before.
    fn look(&mut self) -> Vec<(Name, Hold)> {
        let now = SystemClock.now();
        let lanes = self.app.engine.lanes();
        let held =
            lanes.iter().filter_map(|lane| Some((lane.name.clone(), Hold::of_lane(lane, now)?)));
        std::mem::replace(&mut self.holds, held.collect())
    }

    fn show_holds(&mut self) -> Result<(), Failure> {
        // A hub that ends takes its destinations down, which says nothing about them.
        if *self.app.stopping.borrow() {
            return Ok(());
        }
        let before = self.look();
        for (name, hold) in self.holds.iter().filter(|&one| !before.contains(one)) {
            self.show_hold(name, Some(hold))?;
        }
        for (name, _) in &before {
            if self.holds.iter().all(|(held, _)| held != name) {
                self.show_hold(name, None)?;
            }
        }
        Ok(())
    }

    fn show_hold(&self, name: &Name, hold: Option<&Hold>) -> Result<(), Failure> {
        let now = SystemClock.now();
        self.out.line(if self.json {
            live::hold_json(now, name, hold)
        } else {
            let sentence = hold.map(|hold| self.sentence(name, hold));
            live::hold_line(self.out, now, name, sentence.as_deref())
        })
    }

    fn sentence(&self, name: &Name, hold: &Hold) -> String {
        hold.sentence_by(name.as_str(), &banner::resume(name.as_str(), &self.store))
    }

    fn show(&mut self, happening: &Happening) -> Result<(), Failure> {
        self.tally.count(happening);
        let now = SystemClock.now();
        self.out.line(if self.json {
            live::json(now, happening)
        } else {
            live::line(self.out, now, happening)
        })
    }

    fn close(&self) -> Result<(), Failure> {
        if self.json {
            return self.out.line(self.tally.json());
        }
        let waits = match self.holds.first() {
            Some((name, Hold::Disabled | Hold::Paused)) => format!("until `{name}` is resumed"),
            _ if self.app.config().destinations.is_empty() => {
                "for a start with `--forward`".to_owned()
            }
            _ => "and go on at the next start".to_owned(),
        };
        self.out.line(format_args!("\nstopped: {}", self.tally.line(&waits)))
    }
}
