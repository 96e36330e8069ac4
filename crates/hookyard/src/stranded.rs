//! Deliveries to destinations that the configuration does not name: they are kept, and nobody
//! makes them.

use hookyard_model::Name;

use crate::app::App;

/// The destinations that have pending deliveries and are not configured, and how many, by name.
pub(crate) fn list(app: &App) -> Vec<(Name, u64)> {
    let config = app.config();
    let mut stranded: Vec<(Name, u64)> = app
        .metrics
        .destinations()
        .into_iter()
        .filter(|name| !config.destinations.contains_key(name))
        .map(|name| {
            let pending = app.metrics.counted(&name).pending;
            (name, pending)
        })
        .filter(|(_, pending)| *pending > 0)
        .collect();
    stranded.sort();
    stranded
}

/// Writes a line to the log for each. Called when a configuration has been put in place.
pub(crate) fn warn(app: &App) {
    for (destination, pending) in list(app) {
        tracing::warn!(
            %destination, pending,
            "the configuration does not name this destination, so its pending deliveries wait; \
             name it again, or give them up with `hookyard deliveries cancel --destination {destination}`"
        );
    }
}
