//! A configuration that changes while it is running.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use hookyard::config::Config;
use hookyard::reload::{Reloader, Trigger, watch};
use hookyard_model::Name;
use tempfile::TempDir;
use tokio::sync::mpsc;

const FIRST: &str = "[sources.a]\nverify = \"none\"\n[destinations.d]\nurl = \"http://localhost:1\"\n\
                     [[routes]]\nfrom = \"a\"\nto = \"d\"\n";

struct Files {
    folder: TempDir,
    reloader: Option<Reloader>,
}

impl Files {
    fn new(text: &str) -> (Self, Config) {
        let folder = tempfile::tempdir().unwrap();
        let files = Self { folder, reloader: None };
        files.write("hookyard.toml", text);
        files.write("secret", "first secret of many\n");
        let (reloader, config, _) =
            Reloader::open(&files.path("hookyard.toml"), Box::new(|_| None)).unwrap();
        (Self { reloader: Some(reloader), ..files }, config)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        std::fs::write(self.path(name), text).unwrap();
    }

    /// What two looks in a row find.
    fn look(&mut self) -> Option<Result<Config, String>> {
        let reloader = self.reloader.as_mut().unwrap();
        let read = reloader.look(Trigger::Time).or_else(|| reloader.look(Trigger::Time))?;
        Some(read.map(|(config, _)| config).map_err(|errors| errors.to_string()))
    }
}

#[test]
fn a_change_is_taken_once_it_stands_still() {
    let (mut files, _) = Files::new(FIRST);
    assert!(files.look().is_none());
    files.write("hookyard.toml", "[sources.a]\nver");
    let reloader = files.reloader.as_mut().unwrap();
    assert!(reloader.look(Trigger::Time).is_none(), "it is just being written");
    files.write("hookyard.toml", &FIRST.replace(":1", ":2"));
    let reloader = files.reloader.as_mut().unwrap();
    assert!(reloader.look(Trigger::Time).is_none(), "it has changed again");
    let config = files.look().unwrap().unwrap();
    assert_eq!(config.destinations[&Name::new("d").unwrap()].url, "http://localhost:2");
    assert!(files.look().is_none());
}

#[test]
fn a_wrong_one_is_told_once_per_content() {
    let (mut files, _) = Files::new(FIRST);
    files.write("hookyard.toml", "[sources.a]\nverfy = \"none\"\n");
    assert!(files.look().unwrap().unwrap_err().contains("did you mean `verify`?"));
    assert!(files.look().is_none());
    files.write("hookyard.toml", "[sources.a]\nverifi = \"none\"\n");
    assert!(files.look().unwrap().is_err());
    std::fs::remove_file(files.path("hookyard.toml")).unwrap();
    assert!(files.look().unwrap().unwrap_err().contains("does not exist"));
    assert!(files.look().is_none());
    files.write("hookyard.toml", FIRST);
    assert!(files.look().unwrap().is_ok());
}

#[test]
fn the_files_it_refers_to_count() {
    let text =
        FIRST.replace("verify = \"none\"", "provider = \"github\"\nsecret = \"file:secret\"");
    let (mut files, _) = Files::new(&text);
    assert!(files.look().is_none());
    files.write("secret", "second secret of many\n");
    assert!(files.look().unwrap().is_ok());
    std::fs::remove_file(files.path("secret")).unwrap();
    assert!(files.look().unwrap().unwrap_err().contains("does not exist"));
    files.write("secret", "third secret of many\n");
    assert!(files.look().unwrap().is_ok(), "a file that was missing is looked for");
}

#[test]
fn a_person_who_asks_gets_an_answer() {
    let (mut files, _) = Files::new(FIRST);
    assert!(files.reloader.as_mut().unwrap().look(Trigger::Asked).is_some());
}

/// Runs [`watch`] over one change, and gives what is in place after it.
fn watched(text: &str, accept: bool) -> (Arc<Config>, PathBuf) {
    let (mut files, config) = Files::new(FIRST);
    let running = Arc::new(Mutex::new(Arc::new(config)));
    files.write("hookyard.toml", text);
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        let (trigger, triggers) = mpsc::channel(2);
        for _ in 0..2 {
            trigger.send(Trigger::Time).await.unwrap();
        }
        drop(trigger);
        let apply = |config| {
            if !accept {
                return Err("not now".to_owned());
            }
            *running.lock().unwrap() = Arc::new(config);
            Ok(())
        };
        let current = || Arc::clone(&running.lock().unwrap());
        watch(files.reloader.take().unwrap(), current, apply, triggers).await;
    });
    (Arc::clone(&running.lock().unwrap()), files.path("hookyard.db"))
}

fn has_source(config: &Config, name: &str) -> bool {
    config.sources.contains_key(&Name::new(name).unwrap())
}

#[test]
fn what_needs_a_restart_stays_and_the_rest_is_applied() {
    let text = format!(
        "[server]\nlisten = \"127.0.0.1:1\"\n[admin]\nlisten = \"127.0.0.1:2\"\n\
         [store]\nurl = \"sqlite:other.db\"\nkeep_free = \"1GiB\"\nretention.delivered = \"1d\"\n{FIRST}[sources.b]\nverify = \"none\"\n"
    );
    let (config, store): (_, PathBuf) = watched(&text, true);
    assert_eq!(config.server.listen.port(), 8080);
    assert_eq!(config.admin.listen.port(), 8081);
    assert_eq!(config.store.path, Path::new(&store));
    assert_eq!(config.store.keep_free, 64 << 20);
    assert_eq!(config.store.retention.delivered, Duration::from_secs(86_400));
    assert!(has_source(&config, "b"));
}

#[test]
fn the_old_one_stays_when_the_new_one_is_wrong_or_refused() {
    let changed = format!("{FIRST}[sources.b]\nverify = \"none\"\n");
    for (text, accept) in [(changed.as_str(), false), (&changed.replace("from", "form"), true)] {
        let (config, _) = watched(text, accept);
        assert!(has_source(&config, "a") && !has_source(&config, "b"));
    }
}
