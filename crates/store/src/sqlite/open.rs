//! Opening a store: every reason not to is found here, before anything is written.

use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind, Read as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use hookyard_model::{Failpoint, StoreError};
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};

use super::fault::{Fault, classify};
use super::lock::StoreLock;
use super::migrate::{MIGRATIONS, MigrateError, migrate};
use super::space::network_file_system;

/// Marks a SQLite file as ours: "HkYd".
const APPLICATION_ID: i32 = 0x486B_5964;
/// The oldest SQLite without the bug that could corrupt a write-ahead log when it began anew.
const OLDEST_SQLITE: i32 = 3_051_003;
/// Fewer, larger pages cost less for bodies of a few KiB; measured, see `examples/accept_rate.rs`.
const PAGE_SIZE: i64 = 16_384;

/// Where a store is and how much it may use.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Options {
    /// The file; it is made if its folder is there.
    pub path: PathBuf,
    /// Below so many free bytes on the disk no event is accepted, so that there is always room to
    /// settle deliveries and to clean up.
    pub keep_free_bytes: u64,
    /// About how many dedupe keys are kept in memory, at 24 to 48 bytes each; older ones are kept
    /// in the file.
    pub dedupe_keys_in_memory: usize,
    /// For how long the clock has to say so before dedupe keys that have expired are deleted.
    pub clock_doubt: Duration,
    /// How many threads answer questions that may take long; one more is for those that do not.
    pub readers: usize,
    /// How long is looked for a page of a list.
    pub list_time: Duration,
    /// Loses events at a power cut: for tests that have to see a loss.
    #[cfg(feature = "fault-injection")]
    pub unsafe_synchronous_off: bool,
    /// The file is full at so many pages: for tests that have to see a full disk.
    #[cfg(feature = "fault-injection")]
    pub max_pages: Option<u32>,
}

impl Options {
    /// A store in this file, with the usual limits.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self {
            path: path.into(),
            keep_free_bytes: 64 << 20,
            dedupe_keys_in_memory: 900_000,
            clock_doubt: Duration::from_hours(1),
            readers: 2,
            list_time: Duration::from_secs(5),
            #[cfg(feature = "fault-injection")]
            unsafe_synchronous_off: false,
            #[cfg(feature = "fault-injection")]
            max_pages: None,
        }
    }
}

/// Why a store could not be opened, and what to do about it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// The folder is not there.
    #[error("cannot open the store {path}: the folder {folder} does not exist; create it first")]
    MissingFolder {
        /// The store.
        path: PathBuf,
        /// Its folder.
        folder: PathBuf,
    },
    /// The path is a folder.
    #[error(
        "cannot open the store {0}: it is a folder; name a file in it, such as {0}/hookyard.db"
    )]
    IsFolder(PathBuf),
    /// The user may not write there.
    #[error(
        "cannot open the store {0}: permission denied; give the user that runs hookyard the right \
         to read and write this file and its folder"
    )]
    Forbidden(PathBuf),
    /// The disk or the file is read-only.
    #[error(
        "cannot open the store {0}: it can only be read; make it writable, or name another file"
    )]
    ReadOnly(PathBuf),
    /// Another process has it.
    #[error(
        "cannot open the store {path}: {} uses it; stop that one first, or name another file",
        holder.map_or_else(|| "another process".to_owned(), |pid| format!("the process {pid}"))
    )]
    Locked {
        /// The store.
        path: PathBuf,
        /// The other process, where that is known.
        holder: Option<u32>,
    },
    /// The file system cannot be relied on.
    #[error(
        "cannot open the store {path}: it is on a network file system ({kind}), where SQLite's \
         locks do not hold; put it on a local disk"
    )]
    NetworkFileSystem {
        /// The store.
        path: PathBuf,
        /// Which file system.
        kind: String,
    },
    /// The file is something else.
    #[error(
        "cannot open the store {0}: the file is not a Hookyard store, and was left as it is; name \
         another file"
    )]
    Foreign(PathBuf),
    /// The file is damaged.
    #[error(
        "cannot open the store {path}: the file is damaged ({detail}); put a backup in its place, \
         or move it away together with the files {path}-wal and {path}-shm to start empty"
    )]
    Damaged {
        /// The store.
        path: PathBuf,
        /// What SQLite says.
        detail: String,
    },
    /// The file is from the future.
    #[error(
        "cannot open the store {path}: this store was made by a newer Hookyard (it knows the \
         migration {migration:?}); use that version or a later one"
    )]
    Newer {
        /// The store.
        path: PathBuf,
        /// A migration that this version does not know.
        migration: String,
    },
    /// The tables were made by a version that was never released.
    #[error(
        "cannot open the store {path}: its migration {migration:?} is not the one that this version \
         knows; use the version that made the store, or name another file"
    )]
    ChangedMigration {
        /// The store.
        path: PathBuf,
        /// The migration.
        migration: String,
    },
    /// There is no room.
    #[error("cannot open the store {0}: the disk is full; make room first")]
    Full(PathBuf),
    /// The library is too old.
    #[error(
        "SQLite {0} can damage a store; 3.51.3 or newer is needed: build hookyard with the bundled \
         SQLite"
    )]
    SqliteTooOld(&'static str),
    /// Anything else.
    #[error("cannot open the store {path}: {detail}")]
    Other {
        /// The store.
        path: PathBuf,
        /// What the operating system or SQLite says.
        detail: String,
    },
}

impl OpenError {
    pub(super) fn from_io(path: &Path, error: &io::Error) -> Self {
        let path = path.to_owned();
        match error.kind() {
            ErrorKind::PermissionDenied => Self::Forbidden(path),
            ErrorKind::ReadOnlyFilesystem => Self::ReadOnly(path),
            ErrorKind::IsADirectory => Self::IsFolder(path),
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded => Self::Full(path),
            _ => Self::Other { path, detail: error.to_string() },
        }
    }

    fn from_sql(path: &Path, error: &rusqlite::Error) -> Self {
        if error.sqlite_error_code() == Some(rusqlite::ErrorCode::ReadOnly) {
            return Self::ReadOnly(path.to_owned());
        }
        Self::from_store(path, classify(error))
    }

    fn from_store(path: &Path, error: StoreError) -> Self {
        let path = path.to_owned();
        match error {
            StoreError::Full(_) => Self::Full(path),
            StoreError::Corrupt(detail) | StoreError::Unreadable(detail) => {
                Self::Damaged { path, detail }
            }
            error => Self::Other { path, detail: error.to_string() },
        }
    }

    pub(super) fn from_fault(path: &Path, fault: Fault) -> Self {
        match fault {
            Fault::Sql(error) => Self::from_sql(path, &error),
            Fault::Store(error) => Self::from_store(path, error),
        }
    }
}

/// For files that only their owner may read, because payloads are private.
pub(super) fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

/// A file that is ready: locked, ours, with today's tables.
pub(super) struct Opened {
    pub(super) writer: Connection,
    pub(super) folder: PathBuf,
    pub(super) lock: StoreLock,
    pub(super) page_size: u64,
}

/// Opens the file, or makes it.
pub(super) fn open(options: &Options) -> Result<Opened, OpenError> {
    if rusqlite::version_number() < OLDEST_SQLITE {
        return Err(OpenError::SqliteTooOld(rusqlite::version()));
    }
    let path = &*options.path;
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder.to_owned(),
        _ => PathBuf::from("."),
    };
    if path.is_dir() {
        return Err(OpenError::IsFolder(path.to_owned()));
    }
    if !folder.is_dir() {
        return Err(OpenError::MissingFolder { path: path.to_owned(), folder });
    }
    if let Some(kind) = network_file_system(&folder) {
        return Err(OpenError::NetworkFileSystem { path: path.to_owned(), kind });
    }
    check_is_ours(path)?;
    let lock = StoreLock::take(path)?;
    let io = |error: io::Error| OpenError::from_io(path, &error);
    let sql = |error: rusqlite::Error| OpenError::from_sql(path, &error);
    if !path.try_exists().map_err(io)? || path.metadata().map_err(io)?.len() == 0 {
        create(path, &folder)?;
    }
    // SQLite would quietly open what it may not write for reading alone.
    OpenOptions::new().read(true).write(true).open(path).map_err(io)?;
    let mut writer = connect_writer(options).map_err(sql)?;
    migrate(&mut writer, MIGRATIONS).map_err(|error| match error {
        MigrateError::Newer(migration) => OpenError::Newer { path: path.to_owned(), migration },
        MigrateError::Changed(migration) => {
            OpenError::ChangedMigration { path: path.to_owned(), migration }
        }
        MigrateError::Sql(error) => OpenError::from_sql(path, &error),
    })?;
    let page_size: i64 = writer.query_row("PRAGMA page_size", [], |row| row.get(0)).map_err(sql)?;
    let page_size = page_size.unsigned_abs();
    Ok(Opened { writer, folder, lock, page_size })
}

/// Reads the file's head; see <https://www.sqlite.org/fileformat2.html#the_database_header>.
fn check_is_ours(path: &Path) -> Result<(), OpenError> {
    let mut head = Vec::with_capacity(100);
    match File::open(path) {
        Ok(file) => {
            file.take(100)
                .read_to_end(&mut head)
                .map_err(|error| OpenError::from_io(path, &error))?;
        }
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(OpenError::from_io(path, &error)),
    }
    let ours = head.starts_with(b"SQLite format 3\0")
        && head.get(68..72) == Some(APPLICATION_ID.to_be_bytes().as_slice());
    if ours || head.is_empty() { Ok(()) } else { Err(OpenError::Foreign(path.to_owned())) }
}

/// Makes an empty store under another name and then gives it its own, so that a file that stands
/// there is ours whole, whenever the process dies.
fn create(path: &Path, folder: &Path) -> Result<(), OpenError> {
    let mut unfinished = path.as_os_str().to_owned();
    unfinished.push(".new");
    let unfinished = PathBuf::from(unfinished);
    let io = |error: io::Error| OpenError::from_io(path, &error);
    let sql = |error: rusqlite::Error| OpenError::from_sql(path, &error);
    match std::fs::remove_file(&unfinished) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(io(error)),
        _ => {}
    }
    private().write(true).create_new(true).open(&unfinished).map_err(io)?;
    let conn = Connection::open_with_flags(&unfinished, flags(true)).map_err(sql)?;
    conn.pragma_update(None, "journal_mode", "MEMORY").map_err(sql)?;
    conn.pragma_update(None, "page_size", PAGE_SIZE).map_err(sql)?;
    conn.pragma_update(None, "application_id", APPLICATION_ID).map_err(sql)?;
    conn.close().map_err(|(_, error)| sql(error))?;
    File::open(&unfinished).and_then(|file| file.sync_all()).map_err(io)?;
    Failpoint::StoreMade.pass();
    std::fs::rename(&unfinished, path).map_err(io)?;
    Failpoint::StoreNamed.pass();
    #[cfg(unix)]
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(io)?;
    Ok(())
}

/// A connection is used by one thread at a time, so SQLite need not lock it.
const fn flags(write: bool) -> OpenFlags {
    let mode =
        if write { OpenFlags::SQLITE_OPEN_READ_WRITE } else { OpenFlags::SQLITE_OPEN_READ_ONLY };
    mode.union(OpenFlags::SQLITE_OPEN_NO_MUTEX)
}

/// How long to wait for a lock: only recovery and checkpoints of this very process hold any.
const BUSY: Duration = Duration::from_secs(5);

fn connect_writer(options: &Options) -> rusqlite::Result<Connection> {
    let conn = Connection::open_with_flags(&options.path, flags(true))?;
    conn.busy_timeout(BUSY)?;
    let mode: String = conn.query_row("PRAGMA journal_mode = WAL", [], |row| row.get(0))?;
    if mode != "wal" {
        let text = format!("the journal mode is {mode}, not wal");
        return Err(rusqlite::Error::SqliteFailure(
            rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_CANTOPEN),
            Some(text),
        ));
    }
    conn.execute_batch(
        "PRAGMA synchronous = FULL;       -- NORMAL loses what was answered for, at a power cut
        PRAGMA fullfsync = ON;            -- what macOS calls fsync does not reach the disk
        PRAGMA checkpoint_fullfsync = ON;
        PRAGMA wal_autocheckpoint = 0;    -- see checkpoint.rs
        PRAGMA journal_size_limit = 268435456;
        PRAGMA cache_size = -16384;
        PRAGMA temp_store = MEMORY;
        PRAGMA foreign_keys = OFF;
        PRAGMA trusted_schema = OFF;",
    )?;
    #[cfg(feature = "fault-injection")]
    {
        if options.unsafe_synchronous_off {
            conn.pragma_update(None, "synchronous", "OFF")?;
        }
        if let Some(pages) = options.max_pages {
            conn.query_row(&format!("PRAGMA max_page_count = {pages}"), [], |_| Ok(()))?;
        }
    }
    plan_once(&conn)?;
    conn.set_prepared_statement_cache_capacity(64);
    Ok(conn)
}

/// Has statements planned once, whatever they are asked for. Without it, SQLite looks at the values
/// too, and parses and plans a statement again each time they change: measured at a fifth of all
/// the processor time under load.
fn plan_once(conn: &Connection) -> rusqlite::Result<()> {
    conn.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true).map(|_| ())
}

/// A connection that moves the log into the database, and nothing else.
pub(super) fn connect_checkpointer(path: &Path) -> rusqlite::Result<Connection> {
    let conn = Connection::open_with_flags(path, flags(true))?;
    conn.busy_timeout(BUSY)?;
    conn.execute_batch(
        "PRAGMA synchronous = FULL;
        PRAGMA fullfsync = ON;
        PRAGMA checkpoint_fullfsync = ON;
        PRAGMA wal_autocheckpoint = 0;",
    )?;
    Ok(conn)
}

/// A connection that only reads.
pub(super) fn connect_reader(path: &Path) -> rusqlite::Result<Connection> {
    let conn = Connection::open_with_flags(path, flags(false))?;
    conn.busy_timeout(BUSY)?;
    conn.execute_batch(
        "PRAGMA query_only = ON;
        PRAGMA cache_size = -4096;
        PRAGMA temp_store = MEMORY;
        PRAGMA trusted_schema = OFF;",
    )?;
    plan_once(&conn)?;
    conn.set_prepared_statement_cache_capacity(32);
    Ok(conn)
}
