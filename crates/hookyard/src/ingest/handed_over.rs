//! Keeps a secret that the provider hands over itself, in a file that this user alone can read.

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use hookyard_signature::Secret;
use subtle::ConstantTimeEq as _;

use crate::config::{AwaitedSecret, files_in, read_bytes};

/// More than any secret has.
const LONGEST: u64 = 64 << 10;

/// One secret at a time goes into a folder, so that no two go into the same file.
static FILLING: Mutex<()> = Mutex::new(());

/// A secret and where it belongs.
pub(super) struct HandedOver {
    pub(super) place: AwaitedSecret,
    pub(super) secret: Secret,
}

/// What became of it.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// It is in this file now, on disk.
    Kept(PathBuf),
    /// It was there already: the provider asks again.
    Known,
    /// Another one is there, and stays.
    Refused,
}

impl HandedOver {
    /// Writes the secret, if there is room for it.
    pub(super) fn keep(&self) -> io::Result<Outcome> {
        match &self.place {
            AwaitedSecret::File(file) => self.keep_in(file),
            AwaitedSecret::Folder(folder) => self.keep_among(folder),
        }
    }

    /// Of two at once the first to be whole on disk counts.
    fn keep_in(&self, file: &Path) -> io::Result<Outcome> {
        // The whole file gets its name, which fails where that is taken.
        let linked = self.write_beside(file, |temporary| fs::hard_link(temporary, file));
        match linked {
            Ok(()) => Ok(Outcome::Kept(file.to_owned())),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                Ok(if self.is_in(file)? { Outcome::Known } else { Outcome::Refused })
            }
            Err(error) => Err(error),
        }
    }

    fn keep_among(&self, folder: &Path) -> io::Result<Outcome> {
        let _alone = FILLING.lock().unwrap_or_else(PoisonError::into_inner);
        let mut room = None;
        for file in files_in(folder)? {
            if self.is_in(&file)? {
                return Ok(Outcome::Known);
            }
            if room.is_none() && read(&file)?.trim_ascii().is_empty() {
                room = Some(file);
            }
        }
        let Some(file) = room else { return Ok(Outcome::Refused) };
        self.write_beside(&file, |temporary| fs::rename(temporary, &file))?;
        Ok(Outcome::Kept(file))
    }

    fn is_in(&self, file: &Path) -> io::Result<bool> {
        Ok(read(file)?.trim_ascii_end().ct_eq(self.secret.reveal()).into())
    }

    /// Writes the secret under another name, has it `placed`, and clears up.
    fn write_beside(
        &self,
        file: &Path,
        placed: impl FnOnce(&Path) -> io::Result<()>,
    ) -> io::Result<()> {
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        let temporary = format!(".{name}.{:016x}", crate::clock::random_u64());
        let temporary = file.with_file_name(temporary);
        let written = write_private(&temporary, self.secret.reveal());
        let outcome = written.and_then(|()| placed(&temporary)).and_then(|()| sync_folder(file));
        drop(fs::remove_file(&temporary));
        outcome
    }
}

fn read(file: &Path) -> io::Result<Vec<u8>> {
    read_bytes(file, LONGEST).map_err(io::Error::other)
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
            HandedOver { place: AwaitedSecret::File(file.clone()), secret }.keep().unwrap()
        };
        assert_eq!(keep("the first secret"), Outcome::Kept(file.clone()));
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

    /// What became of eight secrets that come at once: so many were kept.
    fn kept_of_eight(place: &AwaitedSecret) -> usize {
        let outcomes: Vec<Outcome> = std::thread::scope(|scope| {
            let keep = |number: usize| {
                let secret = Secret::new(format!("secret number {number}")).unwrap();
                let handed_over = HandedOver { place: place.clone(), secret };
                scope.spawn(move || handed_over.keep().unwrap())
            };
            let running: Vec<_> = (0..8).map(keep).collect();
            running.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        outcomes.iter().filter(|outcome| matches!(outcome, Outcome::Kept(_))).count()
    }

    #[test]
    fn of_many_at_once_as_many_are_kept_as_there_is_room_for() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(kept_of_eight(&AwaitedSecret::File(folder.path().join("secret"))), 1);
        let folder = tempfile::tempdir().unwrap();
        for name in ["a", "b", "c"] {
            fs::write(folder.path().join(name), "\n").unwrap();
        }
        assert_eq!(kept_of_eight(&AwaitedSecret::Folder(folder.path().to_owned())), 3);
        let files = files_in(folder.path()).unwrap();
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 3, "nothing is left behind");
        assert!(files.iter().all(|file| fs::read(file).unwrap().starts_with(b"secret number ")));
    }

    #[test]
    fn a_folder_takes_a_secret_for_each_empty_file_and_no_other() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        let keep = |text: &str| {
            let place = AwaitedSecret::Folder(folder.path().to_owned());
            HandedOver { place, secret: Secret::new(text).unwrap() }.keep().unwrap()
        };
        assert_eq!(keep("the first secret"), Outcome::Refused, "nobody made room");
        for name in ["projects", "inbox", ".hidden"] {
            fs::write(at(name), "").unwrap();
        }
        assert_eq!(keep("the first secret"), Outcome::Kept(at("inbox")));
        assert_eq!(keep("the first secret"), Outcome::Known);
        assert_eq!(keep("the second secret"), Outcome::Kept(at("projects")));
        assert_eq!(keep("the third secret"), Outcome::Refused);
        assert_eq!(fs::read(at("inbox")).unwrap(), b"the first secret");
        assert_eq!(fs::read(at(".hidden")).unwrap(), b"");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            assert_eq!(fs::metadata(at("inbox")).unwrap().permissions().mode() & 0o777, 0o600);
        }
    }
}
