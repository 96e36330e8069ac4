//! Other processes: started, waited for, measured, and ended by their id.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{BufRead as _, BufReader, Read, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use rustix::param::clock_ticks_per_second;
use rustix::process::{Pid, Signal, kill_process};

/// A process that ends with this value.
#[derive(Debug)]
pub struct Process {
    name: String,
    child: Child,
    lines: Option<Receiver<String>>,
}

/// Which of its outputs a process speaks on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Speaks {
    /// Programs of the harness.
    OnStdout,
    /// The hub, whose logs are there.
    OnStderr,
    /// Both go to the log, and nothing is waited for.
    ToLog,
}

impl Process {
    /// Starts it. What it says is kept in the file `log`.
    pub fn start(command: &mut Command, speaks: Speaks, log: &Path) -> Result<Self> {
        let name = command.get_program().to_string_lossy().into_owned();
        command.stdin(Stdio::null());
        match speaks {
            Speaks::OnStdout => command.stdout(Stdio::piped()),
            Speaks::OnStderr => command.stdout(Stdio::null()).stderr(Stdio::piped()),
            Speaks::ToLog => return Self::silent(name, command, log),
        };
        let mut child = command.spawn().with_context(|| format!("cannot start {name}"))?;
        let spoken: Box<dyn Read + Send> = match (child.stdout.take(), child.stderr.take()) {
            (Some(stdout), _) => Box::new(stdout),
            (None, Some(stderr)) => Box::new(stderr),
            (None, None) => bail!("{name} has no output"),
        };
        let mut log = File::options().create(true).append(true).open(log)?;
        let (sender, lines) = channel();
        std::thread::spawn(move || {
            for line in BufReader::new(spoken).lines().map_while(Result::ok) {
                // Nobody may be listening any more, and a log that cannot be kept is no failure.
                drop(writeln!(log, "{line}"));
                drop(sender.send(line));
            }
        });
        Ok(Self { name, child, lines: Some(lines) })
    }

    fn silent(name: String, command: &mut Command, log: &Path) -> Result<Self> {
        let log = File::options().create(true).append(true).open(log)?;
        command.stdout(log.try_clone()?).stderr(log);
        let child = command.spawn().with_context(|| format!("cannot start {name}"))?;
        Ok(Self { name, child, lines: None })
    }

    /// Waits for the first line that says what is looked for; after it, lines go to the log only.
    pub fn wait_for<T>(&mut self, limit: Duration, look: impl Fn(&str) -> Option<T>) -> Result<T> {
        let deadline = Instant::now() + limit;
        let lines = self.lines.take().context("it has been waited for already")?;
        let mut last = String::new();
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let Ok(line) = lines.recv_timeout(left) else {
                bail!("{} did not say that it is ready; its last line: {last}", self.name);
            };
            if let Some(found) = look(&line) {
                return Ok(found);
            }
            last = line;
        }
    }

    /// Its id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Ends it at once: SIGKILL.
    pub fn kill(&mut self) -> Result<()> {
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }

    /// Asks it to end, SIGTERM, and waits until it has.
    pub fn terminate(&mut self, limit: Duration) -> Result<ExitStatus> {
        kill_process(Pid::from_child(&self.child), Signal::TERM)?;
        match self.exited(limit)? {
            Some(status) => Ok(status),
            None => bail!("{} did not end within {limit:?} of SIGTERM", self.name),
        }
    }

    /// How it ended, if it does within this time.
    pub fn exited(&mut self, limit: Duration) -> Result<Option<ExitStatus>> {
        let deadline = Instant::now() + limit;
        loop {
            if let Some(status) = self.child.try_wait()? {
                return Ok(Some(status));
            }
            if Instant::now() >= deadline {
                return Ok(None);
            }
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// The memory it has in use.
    pub fn memory(&self) -> Result<Memory> {
        Memory::of(self.id())
    }

    /// The processor time it has taken so far, its own and the kernel's for it.
    pub fn cpu(&self) -> Result<Duration> {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.id()))?;
        // The second field is the program's name in parentheses, which may have any letters.
        let fields = stat.rsplit_once(") ").map(|(_, rest)| rest.split(' '));
        let ticks: Vec<u64> = fields
            .into_iter()
            .flatten()
            .skip(11)
            .take(2)
            .filter_map(|field| field.parse().ok())
            .collect();
        let [user, system] = ticks[..] else { bail!("no processor time in /proc: {stat}") };
        let per_second = clock_ticks_per_second();
        Ok(Duration::from_micros((user + system) * 1_000_000 / per_second))
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended by itself, which is as well.
        drop(self.kill());
    }
}

/// Resident memory in MiB.
#[derive(Clone, Copy, Debug)]
pub struct Memory {
    /// Now.
    pub now: f64,
    /// At most so far.
    pub peak: f64,
}

impl Memory {
    /// What the process of this id has in use.
    pub fn of(id: u32) -> Result<Self> {
        let status = std::fs::read_to_string(format!("/proc/{id}/status"))?;
        let field = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name))?;
            line.split_whitespace().next()?.parse::<f64>().ok()
        };
        let mib = |name| field(name).map(|kib| kib / 1024.0).context("no memory in /proc");
        Ok(Self { now: mib("VmRSS:")?, peak: mib("VmHWM:")? })
    }
}

/// Where the program of this name is: beside this one.
pub fn sibling(name: &str) -> Result<PathBuf> {
    let this = std::env::current_exe().context("cannot tell where this program is")?;
    let folder = this.parent().context("this program is in no folder")?;
    let path = folder.join(name);
    if !path.exists() {
        bail!("{name} is not beside this program; `cargo xtask bench` builds what is needed");
    }
    Ok(path)
}

/// Whether there is a program of this name.
pub fn is_there(program: &str) -> bool {
    let mut command = Command::new(program);
    command.arg("--version").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok()
}

/// Runs a command to its end; an error if it fails.
pub fn run(program: &str, arguments: &[&OsStr]) -> Result<String> {
    let output = Command::new(program).args(arguments).stdin(Stdio::null()).output();
    let output = output.with_context(|| format!("cannot start {program}"))?;
    if !output.status.success() {
        bail!("{program}: {}\n{}", output.status, String::from_utf8_lossy(&output.stderr));
    }
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOON: Duration = Duration::from_secs(10);

    fn shell(script: &str, log: &Path) -> Process {
        Process::start(Command::new("sh").args(["-c", script]), Speaks::OnStderr, log).unwrap()
    }

    #[test]
    fn says_when_it_is_ready_and_ends_when_asked() {
        let folder = tempfile::tempdir().unwrap();
        let log = folder.path().join("log");
        let mut process = shell("echo one >&2; echo port 7 >&2; exec sleep 60", &log);
        let port = process.wait_for(SOON, |line| line.strip_prefix("port ").map(str::to_owned));
        assert_eq!(port.unwrap(), "7");
        assert!(process.memory().unwrap().now > 0.0);
        assert!(process.cpu().unwrap() < SOON);
        assert_eq!(process.exited(Duration::ZERO).unwrap(), None);
        assert_eq!(process.terminate(SOON).unwrap().code(), None);
        assert!(std::fs::read_to_string(&log).unwrap().starts_with("one\nport 7\n"));
    }

    #[test]
    fn one_that_ends_too_early_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let mut process = shell("echo sorry >&2", &folder.path().join("log"));
        let error = process.wait_for(SOON, |_| None::<()>).unwrap_err();
        assert!(error.to_string().contains("sorry"), "{error}");
    }
}
