//! Timestamps in another unit.

use super::Mistake;
use super::trial::{Candidate, Scene};
use crate::Rejection;
use crate::scheme::{Signed, Timestamp, Unit};

/// The units that the timestamp may be in instead.
pub(super) fn units<'s>(scene: &'s Scene<'_>) -> Box<dyn Iterator<Item = Candidate> + 's> {
    let in_question = matches!(
        scene.rejection(),
        Some(Rejection::TimestampOutsideWindow { .. } | Rejection::TimestampMalformed { .. })
    );
    let signed = scene.signed().filter(|_| in_question);
    let timestamp = signed.and_then(|signed| signed.timestamp.as_ref());
    Box::new(signed.zip(timestamp).into_iter().flat_map(|(signed, timestamp)| {
        let others = [Unit::Seconds, Unit::Milliseconds, Unit::Rfc3339];
        others.into_iter().filter(|unit| *unit != timestamp.unit).map(move |unit| {
            let says = format!(
                "The signature is right, but its timestamp is written as {}, where the scheme has {}.",
                written(unit),
                written(timestamp.unit)
            );
            let timestamp = Some(Timestamp { unit, ..timestamp.clone() });
            let scheme = Signed { timestamp, ..signed.clone() };
            Candidate::scheme(Mistake::TimestampUnit, says, scheme)
        })
    }))
}

const fn written(unit: Unit) -> &'static str {
    match unit {
        Unit::Seconds => "seconds",
        Unit::Milliseconds => "milliseconds",
        Unit::Rfc3339 => "a date as in RFC 3339",
    }
}
