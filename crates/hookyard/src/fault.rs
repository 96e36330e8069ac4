//! Faults that are put in on purpose, to see that the tests find them. Not part of a release build.

/// Answers before the store has kept an event.
pub const ACK_BEFORE_COMMIT: &str = "ack-before-commit";
/// Commits without waiting for the disk.
pub const SYNCHRONOUS_OFF: &str = "synchronous-off";

/// Whether `HOOKYARD_FAULT` names this fault.
pub fn is_on(fault: &str) -> bool {
    static NAMED: std::sync::OnceLock<Option<String>> = std::sync::OnceLock::new();
    #[expect(clippy::disallowed_methods, reason = "a switch for tests, not an option")]
    let named = NAMED.get_or_init(|| std::env::var("HOOKYARD_FAULT").ok());
    named.as_deref() == Some(fault)
}
