//! Bringing a store's tables to what this version expects.
//!
//! Each migration is one transaction. The store remembers each with a hash of its text, so that a
//! migration that was changed after its release, or one that this version does not know, is
//! noticed before anything is written.

use hookyard_model::Failpoint;
use rusqlite::{Connection, params};
use sha2::{Digest as _, Sha256};

/// A step from one form of the tables to the next.
#[derive(Clone, Copy, Debug)]
pub(super) struct Migration {
    pub(super) name: &'static str,
    pub(super) sql: &'static str,
}

/// All of them, in order; the first has the number 1.
pub(super) const MIGRATIONS: &[Migration] = &[
    Migration {
        name: "create_tables",
        sql: include_str!("../../migrations/sqlite/0001_create_tables.sql"),
    },
    Migration {
        name: "add_items",
        sql: include_str!("../../migrations/sqlite/0002_add_items.sql"),
    },
    Migration {
        name: "create_quarantine",
        sql: include_str!("../../migrations/sqlite/0003_create_quarantine.sql"),
    },
    Migration {
        name: "add_request_id",
        sql: include_str!("../../migrations/sqlite/0004_add_request_id.sql"),
    },
];

const CREATE: &str = "
    CREATE TABLE IF NOT EXISTS migration (
      number INTEGER PRIMARY KEY,
      name TEXT NOT NULL,
      checksum BLOB NOT NULL
    ) STRICT";
const APPLIED: &str = "SELECT number, name, checksum FROM migration ORDER BY number";
const ADD: &str = "INSERT INTO migration (number, name, checksum) VALUES (?1, ?2, ?3)";

/// Why the tables are not as this version expects them.
#[derive(Debug)]
pub(super) enum MigrateError {
    /// The store knows a migration that we do not: its name.
    Newer(String),
    /// A migration is not the one that was applied: its name.
    Changed(String),
    Sql(rusqlite::Error),
}

impl From<rusqlite::Error> for MigrateError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sql(error)
    }
}

/// Applies what has not been applied yet.
pub(super) fn migrate(conn: &mut Connection, migrations: &[Migration]) -> Result<(), MigrateError> {
    conn.execute_batch(CREATE)?;
    let applied = applied(conn)?;
    for (index, (name, sum)) in applied.iter().enumerate() {
        match migrations.get(index) {
            None => return Err(MigrateError::Newer(name.clone())),
            Some(known) if checksum(known.sql) != **sum => {
                return Err(MigrateError::Changed(name.clone()));
            }
            Some(_) => {}
        }
    }
    for (number, migration) in (1_i64..).zip(migrations).skip(applied.len()) {
        let transaction = conn.transaction()?;
        transaction.execute_batch(migration.sql)?;
        let sum = checksum(migration.sql);
        transaction.execute(ADD, params![number, migration.name, sum])?;
        Failpoint::InMigration.pass();
        transaction.commit()?;
        Failpoint::Migrated.pass();
        tracing::info!(number, name = migration.name, "the store's tables were migrated");
    }
    Ok(())
}

fn applied(conn: &Connection) -> rusqlite::Result<Vec<(String, Vec<u8>)>> {
    let mut statement = conn.prepare(APPLIED)?;
    let rows = statement.query_map([], |row| Ok((row.get(1)?, row.get(2)?)))?;
    rows.collect()
}

/// Line ends do not count: a checkout may change them.
fn checksum(sql: &str) -> [u8; 32] {
    Sha256::digest(sql.replace("\r\n", "\n")).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: Migration = Migration { name: "one", sql: "CREATE TABLE a (x) ;" };
    const TWO: Migration = Migration { name: "two", sql: "CREATE TABLE b (x) ;" };
    const BROKEN: Migration = Migration { name: "broken", sql: "CREATE TABLE c (x); nonsense" };

    #[test]
    fn applies_each_once_and_in_order() {
        let mut conn = Connection::open_in_memory().unwrap();
        migrate(&mut conn, &[ONE]).unwrap();
        migrate(&mut conn, &[ONE, TWO]).unwrap();
        migrate(&mut conn, &[ONE, TWO]).unwrap();
        let names: Vec<String> =
            applied(&conn).unwrap().into_iter().map(|(name, _)| name).collect();
        assert_eq!(names, ["one", "two"]);
    }

    #[test]
    fn refuses_what_is_newer_or_was_changed() {
        let mut conn = Connection::open_in_memory().unwrap();
        migrate(&mut conn, &[ONE, TWO]).unwrap();
        let newer = migrate(&mut conn, &[ONE]);
        assert!(matches!(newer, Err(MigrateError::Newer(name)) if name == "two"));
        let changed = Migration { sql: "CREATE TABLE b (x, y);", ..TWO };
        let changed = migrate(&mut conn, &[ONE, changed]);
        assert!(matches!(changed, Err(MigrateError::Changed(name)) if name == "two"));
    }

    #[test]
    fn one_that_fails_leaves_nothing_behind() {
        let mut conn = Connection::open_in_memory().unwrap();
        assert!(matches!(migrate(&mut conn, &[ONE, BROKEN]), Err(MigrateError::Sql(_))));
        let tables: i64 = conn
            .query_row("SELECT count(*) FROM sqlite_schema WHERE name IN ('a', 'c')", [], |row| {
                row.get(0)
            })
            .unwrap();
        assert_eq!((tables, applied(&conn).unwrap().len()), (1, 1));
        migrate(&mut conn, &[ONE, TWO]).unwrap();
    }
}
