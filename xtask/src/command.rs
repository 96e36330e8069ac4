//! Runs other programs at the root of the repository.

use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Output};

use anyhow::{Context as _, Result, bail};

/// How a command ended: a test run that fails is an answer, not an error of xtask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ended {
    /// With exit code 0.
    Well,
    /// With this exit code.
    Badly(u8),
}

impl From<ExitStatus> for Ended {
    fn from(status: ExitStatus) -> Self {
        match status.code() {
            Some(0) => Self::Well,
            Some(code) => Self::Badly(u8::try_from(code).unwrap_or(1)),
            None => Self::Badly(1),
        }
    }
}

/// The root of the repository: where cargo said this package is, and one up.
pub(crate) fn root() -> PathBuf {
    let package = std::env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from);
    package.as_deref().and_then(Path::parent).unwrap_or(Path::new(".")).to_path_buf()
}

/// The target folder that xtask itself was built into.
pub(crate) fn target() -> Result<PathBuf> {
    let xtask = std::env::current_exe().context("cannot tell where xtask is")?;
    let target = xtask.ancestors().nth(2).context("xtask is not in a target folder")?;
    Ok(target.to_path_buf())
}

/// The cargo that runs us, with these arguments.
pub(crate) fn cargo<'a>(arguments: impl IntoIterator<Item = &'a str>) -> Command {
    let mut command = program(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.args(arguments);
    command
}

/// A program, to be run at the root of the repository.
pub(crate) fn program(name: impl AsRef<std::ffi::OsStr>) -> Command {
    let mut command = Command::new(name);
    command.current_dir(root());
    command
}

/// Runs it with our own terminal.
pub(crate) fn run(command: &mut Command) -> Result<Ended> {
    let status = command.status().with_context(|| format!("cannot start {}", line(command)))?;
    Ok(status.into())
}

/// Runs it and gives its output; an error if it fails.
pub(crate) fn output(command: &mut Command) -> Result<String> {
    let Output { status, stdout, stderr } =
        command.output().with_context(|| format!("cannot start {}", line(command)))?;
    if !status.success() {
        bail!("{}: {status}\n{}", line(command), String::from_utf8_lossy(&stderr));
    }
    String::from_utf8(stdout).with_context(|| format!("{} does not print UTF-8", line(command)))
}

/// The command as one would type it.
pub(crate) fn line(command: &Command) -> String {
    let program = Path::new(command.get_program()).file_name().unwrap_or(command.get_program());
    let words = std::iter::once(program).chain(command.get_args());
    words.map(|word| word.to_string_lossy().into_owned()).collect::<Vec<_>>().join(" ")
}
