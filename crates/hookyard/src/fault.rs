//! Faults that are put in on purpose, to see that the tests find them. Not part of a release build.

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
    static NAMED: std::sync::OnceLock<Option<String>> = std::sync::OnceLock::new();
    #[expect(clippy::disallowed_methods, reason = "a switch for tests, not an option")]
    let named = NAMED.get_or_init(|| std::env::var("HOOKYARD_FAULT").ok());
    named.as_deref() == Some(fault)
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
