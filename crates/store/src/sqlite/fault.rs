//! What SQLite's errors mean for the one who asked, and for the process.

use hookyard_model::StoreError;
use rusqlite::{ErrorCode, ffi};

/// Why something was not done, inside this crate.
#[derive(Debug)]
pub(super) enum Fault {
    /// SQLite said so.
    Sql(rusqlite::Error),
    /// We say so.
    Store(StoreError),
}

impl From<rusqlite::Error> for Fault {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sql(error)
    }
}

impl From<StoreError> for Fault {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

/// A row holds what this version cannot have written.
pub(super) fn unreadable(what: &str) -> Fault {
    Fault::Store(StoreError::Unreadable(what.to_owned()))
}

impl Fault {
    /// What to tell the one who asked.
    pub(super) fn into_error(self) -> StoreError {
        match self {
            Self::Store(error) => error,
            Self::Sql(error) => classify(&error),
        }
    }
}

/// Sorts an error by what is to be done about it.
///
/// Any I/O error counts as a failed disk, because after one the operating system may have dropped
/// what it could not write. Only a shared-memory file that cannot grow is a full disk: SQLite
/// gives `SQLITE_FULL` for the database and the log, but not for that file.
pub(super) fn classify(error: &rusqlite::Error) -> StoreError {
    let text = error.to_string();
    // Not SQLite's own: a value is not what it should be, or not there.
    let Some(code) = error.sqlite_error() else {
        return StoreError::Unreadable(text);
    };
    match (code.code, code.extended_code) {
        (ErrorCode::DiskFull, _) | (_, ffi::SQLITE_IOERR_SHMSIZE) => StoreError::Full(text),
        (_, ffi::SQLITE_IOERR_NOMEM | ffi::SQLITE_IOERR_SHMOPEN | ffi::SQLITE_IOERR_SHMMAP) => {
            StoreError::Unavailable(text)
        }
        (ErrorCode::SystemIoFailure, _) => StoreError::Failed(text),
        (ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase, _) => StoreError::Corrupt(text),
        _ => StoreError::Unavailable(text),
    }
}

/// What an error means when it came from reading alone: that endangers nothing that was written, and
/// the writer finds out for itself what concerns it.
pub(super) fn only_reading(error: StoreError) -> StoreError {
    match error {
        StoreError::Failed(text) => StoreError::Unavailable(text),
        StoreError::Corrupt(text) => StoreError::Unreadable(text),
        error => error,
    }
}

/// Whether the writer has to stop for good.
pub(super) const fn is_fatal(error: &StoreError) -> bool {
    matches!(error, StoreError::Failed(_))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_mean_what_is_to_be_done() {
        type Make = fn(String) -> StoreError;
        let cases: [(i32, Make); 12] = [
            (ffi::SQLITE_FULL, StoreError::Full),
            (ffi::SQLITE_IOERR_SHMSIZE, StoreError::Full),
            (ffi::SQLITE_BUSY, StoreError::Unavailable),
            (ffi::SQLITE_LOCKED, StoreError::Unavailable),
            (ffi::SQLITE_CANTOPEN, StoreError::Unavailable),
            (ffi::SQLITE_READONLY, StoreError::Unavailable),
            (ffi::SQLITE_IOERR_NOMEM, StoreError::Unavailable),
            (ffi::SQLITE_IOERR_FSYNC, StoreError::Failed),
            (ffi::SQLITE_IOERR_WRITE, StoreError::Failed),
            (ffi::SQLITE_IOERR_DIR_FSYNC, StoreError::Failed),
            (ffi::SQLITE_CORRUPT, StoreError::Corrupt),
            (ffi::SQLITE_NOTADB, StoreError::Corrupt),
        ];
        for (code, make) in cases {
            let error = rusqlite::Error::SqliteFailure(ffi::Error::new(code), None);
            assert_eq!(classify(&error), make(error.to_string()), "{code}");
        }
        let no_number = rusqlite::Error::IntegralValueOutOfRange(0, -1);
        assert!(matches!(classify(&no_number), StoreError::Unreadable(_)));
    }

    #[test]
    fn reading_ends_no_process() {
        let errors = [StoreError::Failed, StoreError::Corrupt, StoreError::Unreadable];
        let read = errors.map(|make| only_reading(make("x".to_owned())));
        let unreadable = StoreError::Unreadable("x".to_owned());
        let expected = [StoreError::Unavailable("x".to_owned()), unreadable.clone(), unreadable];
        assert_eq!(read, expected);
    }
}
