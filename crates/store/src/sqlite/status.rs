//! What was done to destinations, and how the store is doing.

use hookyard_model::{DestinationStatus, Name};
use rusqlite::params;

use super::cell::word;
use super::fault::{Fault, unreadable};
use super::inbox::Lane;
use super::reader::Reader;
use super::writer::{Core, Verb};

const SET: &str = "INSERT OR REPLACE INTO destination_status (destination, status) VALUES (?1, ?2)";
const CLEAR: &str = "DELETE FROM destination_status WHERE destination = ?1";
const ALL: &str = "SELECT destination, status FROM destination_status ORDER BY destination";
const PROBE: &str = "UPDATE ledger SET probes = probes + 1 RETURNING probes";

/// [`hookyard_model::Store::set_status`].
pub(super) struct SetStatus {
    pub(super) destination: Name,
    pub(super) status: DestinationStatus,
}

impl Verb for SetStatus {
    type Answer = ();
    const LANE: Lane = Lane::Work;

    fn apply(&self, core: &mut Core<'_>) -> Result<(), Fault> {
        let destination = core.names.id(core.conn, &self.destination)?;
        match self.status {
            DestinationStatus::Active => {
                core.conn.prepare_cached(CLEAR)?.execute([destination])?;
            }
            status => {
                core.conn.prepare_cached(SET)?.execute(params![destination, status.as_str()])?;
            }
        }
        Ok(())
    }
}

/// [`hookyard_model::Store::probe`]. Goes with the accepts, so that it fails where they do.
pub(super) struct Probe;

impl Verb for Probe {
    type Answer = ();
    const LANE: Lane = Lane::Accept;

    fn apply(&self, core: &mut Core<'_>) -> Result<(), Fault> {
        let _probes: i64 = core.conn.prepare_cached(PROBE)?.query_row([], |row| row.get(0))?;
        Ok(())
    }
}

impl Reader {
    /// The destinations that are not active.
    pub(super) fn statuses(&mut self) -> Result<Vec<(Name, DestinationStatus)>, Fault> {
        let mut statement = self.conn.prepare_cached(ALL)?;
        let mut rows = statement.query([])?;
        let mut found = Vec::new();
        while let Some(row) = rows.next()? {
            let status = word(row, "status", DestinationStatus::parse)?;
            let status = status.ok_or_else(|| unreadable("a destination's status"))?;
            found.push((self.names.name(&self.conn, row.get(0)?)?, status));
        }
        Ok(found)
    }
}
