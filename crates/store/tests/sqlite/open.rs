//! Which files are opened, and what is said of the others.

use std::io::{Seek as _, SeekFrom, Write as _};

use hookyard_model::Store as _;
use hookyard_store::{OpenError, Options, SqliteStore};
use rusqlite::Connection;

use crate::child::Child;
use crate::place::{Folder, new_event};

/// Opens the store of a folder, which must fail; and says so in one sentence that names the file.
fn refused(folder: &Folder) -> OpenError {
    let error = SqliteStore::open(folder.options()).unwrap_err();
    let text = error.to_string();
    assert!(text.contains("hookyard.db") && text.contains(';'), "{text}");
    error
}

#[test]
fn says_what_is_missing() {
    let folder = Folder::new();
    let error = SqliteStore::open(Options::new(folder.path("no/hookyard.db"))).unwrap_err();
    assert!(error.to_string().ends_with("/no does not exist; create it first"), "{error}");
    std::fs::create_dir(folder.database()).unwrap();
    assert_eq!(refused(&folder), OpenError::IsFolder(folder.database()));
}

#[test]
fn leaves_foreign_files_alone() {
    let folder = Folder::new();
    let other = folder.sqlite();
    other.execute_batch("PRAGMA journal_mode = WAL; CREATE TABLE notes (text)").unwrap();
    other.close().unwrap();
    let before = std::fs::read(folder.database()).unwrap();
    assert_eq!(refused(&folder), OpenError::Foreign(folder.database()));
    assert_eq!(std::fs::read(folder.database()).unwrap(), before);
    assert_eq!(folder.files(), ["hookyard.db"]);
    for text in ["just some text\n".repeat(100), "short".to_owned(), "\0".repeat(4096)] {
        std::fs::write(folder.database(), &text).unwrap();
        assert_eq!(refused(&folder), OpenError::Foreign(folder.database()));
        assert_eq!(std::fs::read_to_string(folder.database()).unwrap(), text);
    }
}

#[test]
fn goes_on_with_a_store_that_was_begun() {
    let folder = Folder::new();
    std::fs::write(folder.database(), "").unwrap();
    std::fs::write(folder.path("hookyard.db.new"), "left over").unwrap();
    drop(folder.open_store());
    assert_eq!(folder.files(), ["hookyard.db", "hookyard.db.lock"]);
    folder.assert_integrity();
}

#[tokio::test]
async fn says_when_it_is_damaged() {
    let folder = Folder::new();
    let store = folder.open_store();
    for number in 0..100 {
        store.accept(new_event(number, 2000)).await.unwrap();
    }
    store.close().await.unwrap();
    let mut file = std::fs::OpenOptions::new().write(true).open(folder.database()).unwrap();
    file.seek(SeekFrom::Start(100)).unwrap();
    file.write_all(&[0xA5; 16_000]).unwrap();
    assert!(matches!(refused(&folder), OpenError::Damaged { .. }));
}

fn change(folder: &Folder, sql: &str) {
    drop(folder.open_store());
    let conn = Connection::open(folder.database()).unwrap();
    conn.execute_batch(sql).unwrap();
}

#[test]
fn does_not_touch_what_a_newer_version_made() {
    let folder = Folder::new();
    let next = "SELECT max(number) + 1, 'from_the_future', x'00' FROM migration";
    change(&folder, &format!("INSERT INTO migration {next}"));
    let error = refused(&folder);
    assert!(error.to_string().contains("made by a newer Hookyard"), "{error}");
    assert!(matches!(error, OpenError::Newer { migration, .. } if migration == "from_the_future"));
}

#[test]
fn notices_a_migration_that_was_changed() {
    let folder = Folder::new();
    change(&folder, "UPDATE migration SET checksum = zeroblob(32)");
    let error = refused(&folder);
    assert!(
        matches!(error, OpenError::ChangedMigration { migration, .. } if migration == "create_tables")
    );
}

#[test]
fn is_one_process_alone() {
    let folder = Folder::new();
    let path = folder.database();
    let store = folder.open_store();
    let own = Some(std::process::id());
    assert_eq!(refused(&folder), OpenError::Locked { path: path.clone(), holder: own });
    drop(store);
    let mut child = Child::start("hold", &folder);
    child.next_ack();
    let other = Some(child.id());
    assert_eq!(refused(&folder), OpenError::Locked { path, holder: other });
    child.kill();
    drop(folder.open_store());
}

#[test]
fn says_when_it_cannot_be_written() {
    // The administrator may write anywhere but on a disk that is read-only; others may not mount one.
    let (folder, expected) = if let Some(folder) = Folder::on_small_disk(16) {
        drop(folder.open_store());
        folder.make_read_only();
        let expected = OpenError::ReadOnly(folder.database());
        (folder, expected)
    } else {
        let folder = Folder::new();
        drop(folder.open_store());
        let mut permissions = std::fs::metadata(folder.database()).unwrap().permissions();
        permissions.set_readonly(true);
        std::fs::set_permissions(folder.database(), permissions).unwrap();
        let expected = OpenError::Forbidden(folder.database());
        (folder, expected)
    };
    assert_eq!(refused(&folder), expected);
}

#[cfg(unix)]
#[tokio::test]
async fn is_private() {
    use std::os::unix::fs::PermissionsExt as _;

    let folder = Folder::new();
    let store = folder.open_store();
    store.accept(new_event(1, 10)).await.unwrap();
    let files = folder.files();
    assert_eq!(files, ["hookyard.db", "hookyard.db-shm", "hookyard.db-wal", "hookyard.db.lock"]);
    for file in files {
        let mode = std::fs::metadata(folder.path(&file)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{file}");
    }
}

#[test]
fn keeps_the_settings_of_the_file() {
    let folder = Folder::new();
    drop(folder.open_store());
    let conn = folder.sqlite();
    let mode: String = conn.query_row("PRAGMA journal_mode", [], |row| row.get(0)).unwrap();
    let page: i64 = conn.query_row("PRAGMA page_size", [], |row| row.get(0)).unwrap();
    assert_eq!((mode.as_str(), page), ("wal", 16_384));
}
