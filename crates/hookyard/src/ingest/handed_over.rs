//! Keeps a secret that the provider hands over itself, in a file that this user alone can read.

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use hookyard_signature::Secret;
use subtle::ConstantTimeEq as _;

use crate::config::read_bytes;

/// More than any secret has.
const LONGEST: u64 = 64 << 10;

/// A secret and the file that it belongs in.
pub(super) struct HandedOver {
    pub(super) file: PathBuf,
    pub(super) secret: Secret,
}

/// What became of it.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// It is in the file now, on disk.
    Kept,
    /// It was there already: the provider asks again.
    Known,
    /// Another one is there, and stays.
    Refused,
}

impl HandedOver {
    /// Writes the secret, unless there is one. Of two at once the first to be whole on disk counts.
    pub(super) fn keep(&self) -> io::Result<Outcome> {
        let name = self.file.file_name().unwrap_or_default().to_string_lossy();
        let temporary = format!(".{name}.{:016x}", crate::clock::random_u64());
        let temporary = self.file.with_file_name(temporary);
        let written = write_private(&temporary, self.secret.reveal());
        let outcome = written.and_then(|()| self.place(&temporary));
        drop(fs::remove_file(&temporary));
        outcome
    }

    /// Gives the whole file its name, which fails where that is taken.
    fn place(&self, temporary: &Path) -> io::Result<Outcome> {
        match fs::hard_link(temporary, &self.file) {
            Ok(()) => {
                sync_folder(&self.file)?;
                Ok(Outcome::Kept)
            }
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                let known = read_bytes(&self.file, LONGEST).map_err(io::Error::other)?;
                let is_known = known.trim_ascii_end().ct_eq(self.secret.reveal());
                Ok(if is_known.into() { Outcome::Known } else { Outcome::Refused })
            }
            Err(error) => Err(error),
        }
    }
}

fn write_private(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

/// The name is on disk only when the folder is.
fn sync_folder(file: &Path) -> io::Result<()> {
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty());
    fs::File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_secret_stays_and_nobody_else_reads_it() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("asana.secret");
        let keep = |text: &str| {
            let secret = Secret::new(text).unwrap();
            HandedOver { file: file.clone(), secret }.keep().unwrap()
        };
        assert_eq!(keep("the first secret"), Outcome::Kept);
        assert_eq!(keep("the first secret"), Outcome::Known);
        assert_eq!(keep("another secret"), Outcome::Refused);
        assert_eq!(fs::read(&file).unwrap(), b"the first secret");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "nothing is left behind");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        }
    }

    #[test]
    fn of_many_at_once_one_is_kept() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("secret");
        let outcomes: Vec<Outcome> = std::thread::scope(|scope| {
            let keep = |number: usize| {
                let secret = Secret::new(format!("secret number {number}")).unwrap();
                let handed_over = HandedOver { file: file.clone(), secret };
                scope.spawn(move || handed_over.keep().unwrap())
            };
            let running: Vec<_> = (0..8).map(keep).collect();
            running.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        let kept = outcomes.iter().filter(|outcome| **outcome == Outcome::Kept).count();
        assert_eq!((kept, outcomes.len()), (1, 8));
    }
}
