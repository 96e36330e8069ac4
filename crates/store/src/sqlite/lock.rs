//! One process at a time.
//!
//! SQLite's own locks let several processes take turns; we do not want that, because a second
//! process would not know of the keys and leases that the first has in memory.

use std::fs::{File, TryLockError};
use std::io::{self, Read as _, Seek as _, Write as _};
use std::path::{Path, PathBuf};

use super::open::{OpenError, private};

/// Holds a store for this process; the operating system lets go of it when the process ends, however it ends.
#[derive(Debug)]
pub(super) struct StoreLock {
    /// Kept open: closing it unlocks it.
    _file: File,
}

impl StoreLock {
    /// Takes the lock, or says which process has it.
    pub(super) fn take(database: &Path) -> Result<Self, OpenError> {
        let path = lock_path(database);
        let failed = |error: io::Error| OpenError::from_io(database, &error);
        let mut file = private()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)
            .map_err(failed)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut holder = String::new();
                // Who it is only makes the message better.
                drop(file.read_to_string(&mut holder));
                return Err(OpenError::Locked {
                    path: database.to_owned(),
                    holder: holder.trim().parse().ok(),
                });
            }
            Err(TryLockError::Error(error)) => return Err(failed(error)),
        }
        file.set_len(0).map_err(failed)?;
        file.rewind().map_err(failed)?;
        writeln!(file, "{}", std::process::id()).map_err(failed)?;
        Ok(Self { _file: file })
    }
}

fn lock_path(database: &Path) -> PathBuf {
    let mut path = database.as_os_str().to_owned();
    path.push(".lock");
    path.into()
}
