//! Forgets what is done with and old enough.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::sleep;

use crate::app::{App, stopped};

/// How often it looks for something to forget.
const PERIOD: Duration = Duration::from_secs(60);
/// The pause between two steps when there is more, so that events that come in do not wait.
const BREATH: Duration = Duration::from_millis(50);

/// Forgets, until the app stops.
pub(crate) async fn run(app: Arc<App>) {
    let mut stopping = app.stopping.clone();
    loop {
        tokio::select! {
            () = async { tokio::join!(forget(&app), forget_quarantined(&app)); } => {}
            () = stopped(&mut stopping) => return,
        }
        tokio::select! {
            () = sleep(PERIOD) => {}
            () = stopped(&mut stopping) => return,
        }
    }
}

/// Forgets requests in quarantine that are too old.
async fn forget_quarantined(app: &App) {
    let limits = app.config().store.quarantine;
    loop {
        match app.store.prune_quarantine(limits, app.now()).await {
            Ok(change) => {
                app.quarantine_changed(&change);
                if !change.more {
                    return;
                }
            }
            Err(error) => {
                app.report(&error);
                tracing::warn!(%error, "the quarantine could not be cleaned up; trying again later");
                return;
            }
        }
        sleep(BREATH).await;
    }
}

async fn forget(app: &App) {
    let retention = app.config().store.retention;
    let mut events = 0;
    loop {
        match app.store.prune(retention, app.now()).await {
            Ok(pruned) => {
                events += pruned.events;
                for (destination, count) in pruned.dead_letters {
                    app.metrics.purged(&destination, count);
                }
                if !pruned.more {
                    break;
                }
            }
            Err(error) => {
                app.report(&error);
                tracing::warn!(%error, "old events could not be forgotten; trying again later");
                break;
            }
        }
        sleep(BREATH).await;
    }
    if events > 0 {
        tracing::info!(events, "forgot old events");
    }
}
