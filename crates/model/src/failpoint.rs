//! Named points on the road of an event where a test kills the process, to see what the next start
//! makes of what is left.
//!
//! The list is here because most crates have some of them. Passing one does nothing, and is not even
//! compiled, unless the feature `fault-injection` is on; and then only what the program has asked
//! for with `Failpoint::on_pass`.

use crate::word::words;

words! {
    /// A point that the process passes.
    Failpoint {
        /// The file of a new store is made, and has not been given its name.
        StoreMade = "store-made",
        /// It has its name; its folder has not been flushed.
        StoreNamed = "store-named",
        /// A migration has changed the tables and is not committed.
        InMigration = "in-migration",
        /// A migration is committed.
        Migrated = "migrated",
        /// After a start: what was leased has been made due and is not committed.
        InRecovery = "in-recovery",
        /// That is committed; nothing is listened on yet.
        Recovered = "recovered",

        /// A request is verified and routed, and the store knows nothing of it.
        BeforeAccept = "before-accept",
        /// The writer has taken a group and written nothing of it.
        GroupTaken = "group-taken",
        /// One job of a group has been applied; others may follow in the same transaction.
        InGroup = "in-group",
        /// All of a group has been applied.
        BeforeCommit = "before-commit",
        /// A group is committed and nobody has been told.
        AfterCommit = "after-commit",
        /// Everybody who waited for a group has been told.
        AfterAnswers = "after-answers",
        /// An event is stored and handed over; its sender has no answer.
        BeforeAnswer = "before-answer",

        /// The store has leased a delivery, of which its lane does not know.
        Leased = "leased",
        /// An attempt's request is ready, and nothing of it has been sent.
        BeforeSend = "before-send",
        /// An attempt has ended, in most cases with an answer, and the store does not know.
        AfterSend = "after-send",
        /// A settlement has moved the delivery on and not yet kept the attempt.
        InSettle = "in-settle",
        /// A settlement is committed.
        Settled = "settled",

        /// The log is about to be copied into the database, beside the writer.
        BeforeCheckpoint = "before-checkpoint",
        /// A round of that has ended.
        AfterCheckpoint = "after-checkpoint",
        /// The writer has copied the rest: with the next commit the log begins anew.
        LogCopied = "log-copied",
        /// The store is being closed, and its log is still there.
        BeforeClose = "before-close",
        /// The log is copied and empty.
        Closed = "closed",

        /// Retention has deleted an event and not committed that.
        InRetention = "in-retention",

        /// Requests are in quarantine, and that is not committed.
        InQuarantine = "in-quarantine",
        /// A quarantined request has become an event, and is not yet marked as released.
        InRelease = "in-release",
        /// That is committed, and whoever asked for it has no answer.
        Released = "released",
    }
}

#[cfg(feature = "fault-injection")]
static HOOK: std::sync::OnceLock<fn(Failpoint)> = std::sync::OnceLock::new();

impl Failpoint {
    /// Says that the process is here.
    #[cfg(feature = "fault-injection")]
    pub fn pass(self) {
        if let Some(hook) = HOOK.get() {
            hook(self);
        }
    }

    /// Says that the process is here: nothing in a build without `fault-injection`.
    #[cfg(not(feature = "fault-injection"))]
    pub const fn pass(self) {}

    /// Has this called at every point, from now on. The first call counts.
    #[cfg(feature = "fault-injection")]
    pub fn on_pass(hook: fn(Self)) {
        HOOK.get_or_init(|| hook);
    }
}
