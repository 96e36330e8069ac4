//! How facts stand in columns, and back.

use std::net::IpAddr;

use hookyard_model::{DeliveryState, EventId, Timestamp};
use rusqlite::Row;

use super::fault::{Fault, unreadable};

/// An unsigned number in a signed column; beyond the end stays at the end.
pub(super) fn int(value: impl TryInto<i64>) -> i64 {
    value.try_into().unwrap_or(i64::MAX)
}

/// Back from [`int`].
pub(super) fn uint(value: i64) -> u64 {
    u64::try_from(value).unwrap_or(0)
}

/// Back from [`int`], where it is small.
pub(super) fn small<T: TryFrom<i64>>(value: i64) -> Result<T, Fault> {
    T::try_from(value).map_err(|_| unreadable("a number"))
}

pub(super) fn time(at: Timestamp) -> i64 {
    int(at.as_millis())
}

pub(super) fn timestamp(value: i64) -> Timestamp {
    Timestamp::from_millis(uint(value))
}

pub(super) fn event_id(sequence: i64, random: i64) -> EventId {
    EventId::new(uint(sequence), random.cast_unsigned())
}

/// The row of an event; `None` for an id that this store cannot have given out.
pub(super) fn event_row(id: EventId) -> Option<i64> {
    i64::try_from(id.sequence()).ok()
}

pub(super) const PENDING: i64 = 0;
pub(super) const SUCCEEDED: i64 = 1;
pub(super) const DEAD_LETTER: i64 = 2;
pub(super) const CANCELLED: i64 = 3;

pub(super) const fn state_code(state: DeliveryState) -> i64 {
    match state {
        DeliveryState::Pending => PENDING,
        DeliveryState::Succeeded => SUCCEEDED,
        DeliveryState::DeadLetter => DEAD_LETTER,
        DeliveryState::Cancelled => CANCELLED,
    }
}

pub(super) fn state(code: i64) -> Result<DeliveryState, Fault> {
    let found = DeliveryState::ALL.iter().find(|&&state| state_code(state) == code);
    found.copied().ok_or_else(|| unreadable("a delivery's state"))
}

/// A word in a column that may be empty.
pub(super) fn word<T>(
    row: &Row<'_>,
    column: &str,
    parse: fn(&str) -> Option<T>,
) -> Result<Option<T>, Fault> {
    match row.get_ref(column)?.as_str_or_null().map_err(|_| unreadable(column))? {
        None => Ok(None),
        Some(text) => parse(text).map(Some).ok_or_else(|| unreadable(column)),
    }
}

/// An address as 4 or 16 bytes.
pub(super) enum Octets {
    Four([u8; 4]),
    Sixteen([u8; 16]),
}

impl Octets {
    pub(super) fn of(address: IpAddr) -> Self {
        match address {
            IpAddr::V4(address) => Self::Four(address.octets()),
            IpAddr::V6(address) => Self::Sixteen(address.octets()),
        }
    }

    pub(super) fn as_slice(&self) -> &[u8] {
        match self {
            Self::Four(octets) => octets,
            Self::Sixteen(octets) => octets,
        }
    }
}

pub(super) fn address(octets: &[u8]) -> Result<IpAddr, Fault> {
    let four = || <[u8; 4]>::try_from(octets).ok().map(IpAddr::from);
    let sixteen = || <[u8; 16]>::try_from(octets).ok().map(IpAddr::from);
    four().or_else(sixteen).ok_or_else(|| unreadable("an address"))
}
