//! Faults that are put in on purpose, to see that the tests find them. Not part of a release build.
//!
//! `HOOKYARD_FAULT` names one, or several with commas between them: a constant of this file, or
//! `kill-at=POINT:N`, which kills the process when it passes a
//! [`Failpoint`](hookyard_model::Failpoint) for the N-th time.

#[cfg(feature = "fault-injection")]
pub use kill::arm;

/// Answers before the store has kept an event.
#[cfg(feature = "fault-injection")]
pub const ACK_BEFORE_COMMIT: &str = "ack-before-commit";
/// Commits without waiting for the disk.
#[cfg(feature = "fault-injection")]
pub const SYNCHRONOUS_OFF: &str = "synchronous-off";
/// Panics where a request says so.
pub const PANIC: &str = "panic";

/// Whether `HOOKYARD_FAULT` names this fault.
pub fn is_on(fault: &str) -> bool {
    named().any(|named| named == fault)
}

/// The faults that `HOOKYARD_FAULT` names.
fn named() -> impl Iterator<Item = &'static str> {
    static NAMED: std::sync::OnceLock<Option<String>> = std::sync::OnceLock::new();
    #[expect(clippy::disallowed_methods, reason = "a switch for tests, not an option")]
    let named = NAMED.get_or_init(|| std::env::var("HOOKYARD_FAULT").ok());
    named.iter().flat_map(|named| named.split(','))
}

/// Panics if [`PANIC`] is on and the request's query names this place: `?panic=verify`.
///
/// # Panics
///
/// That is what it is for.
pub fn panic_at(place: &str, target: &str) {
    let named = target.split_once('?').and_then(|(_, query)| query.strip_prefix("panic="));
    let is_meant = named == Some(place) && is_on(PANIC);
    assert!(!is_meant, "a bug in {place}, made for a test:\n\"{{}}\"");
}

/// Ending the process at a named point.
#[cfg(feature = "fault-injection")]
mod kill {
    use std::sync::OnceLock;
    use std::sync::atomic::{AtomicU32, Ordering};

    use hookyard_model::Failpoint;
    use rustix::process::{Signal, getpid, kill_process};

    /// The point, and how often it is still to be passed.
    static AT: OnceLock<(Failpoint, AtomicU32)> = OnceLock::new();

    /// Has the process killed where `HOOKYARD_FAULT` says.
    ///
    /// # Panics
    ///
    /// If `kill-at=` is not followed by a point and a number: a test that kills nothing shows
    /// nothing.
    pub fn arm() {
        let Some(at) = super::named().find_map(|fault| fault.strip_prefix("kill-at=")) else {
            return;
        };
        let parsed = at.split_once(':').and_then(|(point, count)| {
            let count = count.parse().ok().filter(|&count| count > 0)?;
            Some((Failpoint::parse(point)?, AtomicU32::new(count)))
        });
        assert!(parsed.is_some(), "HOOKYARD_FAULT: `{at}` is not POINT:N with a known failpoint");
        if let Some(at) = parsed {
            AT.get_or_init(|| at);
            Failpoint::on_pass(kill_at);
        }
    }

    fn kill_at(point: Failpoint) {
        let Some((_, left)) = AT.get().filter(|(at, _)| *at == point) else { return };
        if left.fetch_sub(1, Ordering::Relaxed) == 1 {
            while kill_process(getpid(), Signal::KILL).is_ok() {
                // However long the signal takes, nothing more is done here.
                std::thread::yield_now();
            }
        }
    }
}
