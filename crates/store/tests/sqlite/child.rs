//! A process of its own that works on a store, and can be killed: this test program, started again
//! for one test alone.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{ChildStdout, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use hookyard_model::{Failpoint, Store as _, StoreError};
use hookyard_store::{Options, SqliteStore};

use crate::place::{Folder, new_batch, new_event};

/// Says what the child is to do, and the file of the store.
const TASK: &str = "HOOKYARD_STORE_TEST_TASK";
const FILE: &str = "HOOKYARD_STORE_TEST_FILE";
const FIRST: &str = "HOOKYARD_STORE_TEST_FIRST";
/// Says at which failpoint the child dies, and at which passage: `in-group:3`.
const END: &str = "HOOKYARD_STORE_TEST_END";

/// So few keys are kept in memory that sealing never ends.
pub(crate) const KEYS_IN_MEMORY: usize = 400;

/// How many events there are in a batch.
pub(crate) const BATCH: u64 = 100;

/// The process, and what it acknowledges.
pub(crate) struct Child {
    process: std::process::Child,
    lines: BufReader<ChildStdout>,
}

impl Child {
    pub(crate) fn start(task: &str, folder: &Folder) -> Self {
        Self::start_from(task, folder, 0)
    }

    /// Starts it; its events have the numbers from `first` on.
    pub(crate) fn start_from(task: &str, folder: &Folder, first: u64) -> Self {
        Self::spawn(Command::new(std::env::current_exe().unwrap()), task, folder, first)
    }

    /// Starts it; it dies when it passes a failpoint for this many times.
    pub(crate) fn start_to_end_at(task: &str, folder: &Folder, end: (Failpoint, u32)) -> Self {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.env(END, format!("{}:{}", end.0.as_str(), end.1));
        Self::spawn(command, task, folder, 0)
    }

    /// Starts it in a shell that forbids files beyond so many KiB: writing there fails, as on a
    /// disk that fails.
    pub(crate) fn start_limited(task: &str, folder: &Folder, kibibytes: u32) -> Self {
        let mut shell = Command::new("bash");
        let script = format!("trap '' XFSZ; ulimit -f {kibibytes}; exec \"$0\" \"$@\"");
        shell.args(["-c", &script]).arg(std::env::current_exe().unwrap());
        Self::spawn(shell, task, folder, 0)
    }

    fn spawn(mut command: Command, task: &str, folder: &Folder, first: u64) -> Self {
        let mut process = command
            .args(["--exact", "child::works", "--ignored", "--nocapture"])
            .env(TASK, task)
            .env(FILE, folder.database())
            .env(FIRST, first.to_string())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(process.stdout.take().unwrap());
        Self { process, lines }
    }

    pub(crate) fn id(&self) -> u32 {
        self.process.id()
    }

    /// Waits for the next acknowledgement; `None` when there will be none.
    pub(crate) fn next_ack(&mut self) -> Option<u64> {
        let mut line = String::new();
        while self.lines.read_line(&mut line).unwrap() > 0 {
            // What was cut off by the end was not said.
            if let Some(number) = line.strip_suffix('\n').and_then(|line| line.split_once("ack ")) {
                return Some(number.1.parse().unwrap());
            }
            line.clear();
        }
        None
    }

    /// Ends it as `kill -9` does; gives back what it had acknowledged until then.
    pub(crate) fn kill(mut self) -> Vec<u64> {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
        std::iter::from_fn(|| self.next_ack()).collect()
    }

    /// Waits until it ends by itself; gives back what it had acknowledged, and its exit code.
    pub(crate) fn wait(mut self) -> (Vec<u64>, Option<i32>) {
        let acks = std::iter::from_fn(|| self.next_ack()).collect();
        (acks, self.process.wait().unwrap().code())
    }
}

/// Ends the process, as suddenly as a kill, where it was told to.
fn end_at(point: Failpoint) {
    static PASSED: AtomicU32 = AtomicU32::new(0);
    let told = told(END);
    let (name, passage) = told.split_once(':').unwrap();
    if point.as_str() == name
        && PASSED.fetch_add(1, Ordering::Relaxed) + 1 == passage.parse().unwrap()
    {
        std::process::abort();
    }
}

fn acknowledge(number: u64) {
    let line = format!("ack {number}\n");
    std::io::stdout().lock().write_all(line.as_bytes()).unwrap();
}

#[expect(clippy::disallowed_methods, reason = "the only way to tell a test program something")]
fn told(name: &str) -> String {
    std::env::var(name).unwrap()
}

#[test]
#[ignore = "not a test: what the child does"]
fn works() {
    if std::env::var_os(TASK).is_none() {
        return;
    }
    if std::env::var_os(END).is_some() {
        Failpoint::on_pass(end_at);
    }
    let mut options = Options::new(told(FILE));
    options.dedupe_keys_in_memory = KEYS_IN_MEMORY;
    let store = SqliteStore::open(options).unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).build().unwrap();
    runtime.block_on(async {
        match told(TASK).as_str() {
            "hold" => {
                acknowledge(0);
                std::future::pending::<()>().await;
            }
            "accept" => accept(store, false).await,
            "accept batches" => accept_batches(store).await,
            "acknowledge too early" => accept(store, true).await,
            task => panic!("{task}"),
        }
    });
}

/// Accepts batches for ever, two at a time; each has the numbers from the acknowledged one on.
async fn accept_batches(store: SqliteStore) {
    let next = AtomicU64::new(told(FIRST).parse().unwrap());
    let accept = async || {
        loop {
            let first = next.fetch_add(BATCH, Ordering::Relaxed);
            store.accept_batch(new_batch(first, BATCH, 500)).await.unwrap();
            acknowledge(first);
        }
    };
    tokio::join!(accept(), accept());
}

/// Accepts events for ever, 32 at a time. Ends with 3 when the disk has failed and every later
/// call says so.
async fn accept(store: SqliteStore, early: bool) {
    let (store, next) = (Arc::new(store), AtomicU64::new(told(FIRST).parse().unwrap()));
    let next = Arc::new(next);
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..32 {
        let (store, next) = (Arc::clone(&store), Arc::clone(&next));
        tasks.spawn(async move {
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                if early {
                    acknowledge(number);
                }
                match store.accept(new_event(number, 2000)).await {
                    Ok(_) if early => {}
                    Ok(_) => acknowledge(number),
                    Err(error) => return error,
                }
            }
        });
    }
    let error = tasks.join_next().await.unwrap().unwrap();
    assert!(matches!(error, StoreError::Failed(_)), "{error}");
    assert!(matches!(store.accept(new_event(0, 1)).await, Err(StoreError::Failed(_))));
    assert!(matches!(store.counts().await, Err(StoreError::Failed(_))));
    std::process::exit(3);
}
