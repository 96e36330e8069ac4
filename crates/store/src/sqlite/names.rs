//! Names of sources and destinations and the numbers that stand for them.

use std::collections::HashMap;

use hookyard_model::Name;
use rusqlite::{Connection, OptionalExtension as _};

use super::fault::{Fault, unreadable};

const ALL: &str = "SELECT id, text FROM name";
const ADD: &str = "INSERT INTO name (text) VALUES (?1)";
const BY_TEXT: &str = "SELECT id FROM name WHERE text = ?1";
const BY_ID: &str = "SELECT text FROM name WHERE id = ?1";

/// The writer's side: knows all names, because it alone adds to them.
pub(super) struct Names {
    ids: HashMap<Name, i64>,
    /// Not yet committed.
    added: Vec<Name>,
}

impl Names {
    pub(super) fn load(conn: &Connection) -> Result<Self, Fault> {
        let mut ids = HashMap::new();
        let mut statement = conn.prepare(ALL)?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            ids.insert(name(row.get_ref(1)?.as_str().unwrap_or_default())?, row.get(0)?);
        }
        Ok(Self { ids, added: Vec::new() })
    }

    pub(super) fn known(&self, name: &Name) -> Option<i64> {
        self.ids.get(name).copied()
    }

    /// The name of a number. Slow: looks through all of them.
    pub(super) fn name(&self, id: i64) -> Option<&Name> {
        self.ids.iter().find_map(|(name, &found)| (found == id).then_some(name))
    }

    /// All numbers.
    pub(super) fn ids(&self) -> Vec<i64> {
        self.ids.values().copied().collect()
    }

    pub(super) fn id(&mut self, conn: &Connection, name: &Name) -> Result<i64, Fault> {
        if let Some(id) = self.known(name) {
            return Ok(id);
        }
        conn.prepare_cached(ADD)?.execute([name.as_str()])?;
        let id = conn.last_insert_rowid();
        self.ids.insert(name.clone(), id);
        self.added.push(name.clone());
        Ok(id)
    }

    pub(super) fn committed(&mut self) {
        self.added.clear();
    }

    pub(super) fn rolled_back(&mut self) {
        for name in self.added.drain(..) {
            self.ids.remove(&name);
        }
    }
}

/// A reader's side: learns names as it meets them.
#[derive(Default)]
pub(super) struct KnownNames {
    names: HashMap<i64, Name>,
}

impl KnownNames {
    pub(super) fn name(&mut self, conn: &Connection, id: i64) -> Result<Name, Fault> {
        if let Some(name) = self.names.get(&id) {
            return Ok(name.clone());
        }
        let text: String = conn.prepare_cached(BY_ID)?.query_row([id], |row| row.get(0))?;
        let name = name(&text)?;
        self.names.insert(id, name.clone());
        Ok(name)
    }
}

/// The number of a name, if it has one.
pub(super) fn lookup(conn: &Connection, name: &Name) -> Result<Option<i64>, Fault> {
    let mut statement = conn.prepare_cached(BY_TEXT)?;
    Ok(statement.query_row([name.as_str()], |row| row.get(0)).optional()?)
}

fn name(text: &str) -> Result<Name, Fault> {
    Name::new(text).map_err(|_| unreadable("a name"))
}
