//! Why a hub did not start, told with the option that would change it.

use std::io::ErrorKind;

use super::failure::Failure;
use crate::run::StartError;

/// How to say where things are, in the words of the command that starts the hub.
pub(super) struct Places {
    /// Where webhooks come in.
    pub(super) webhooks: &'static str,
    /// Where the admin API is.
    pub(super) admin: &'static str,
    /// Where events are kept.
    pub(super) store: &'static str,
}

/// The failure with its hint.
pub(super) fn failure(error: &StartError, places: &Places) -> Failure {
    match error {
        StartError::Listen { what, address, error } => {
            let hint = if *what == "webhooks" { places.webhooks } else { places.admin };
            let message = match error.kind() {
                ErrorKind::AddrInUse => {
                    format!(
                        "port {} for {what} is in use by another program ({address})",
                        address.port()
                    )
                }
                ErrorKind::PermissionDenied => {
                    format!(
                        "this user may not listen on port {} for {what} ({address})",
                        address.port()
                    )
                }
                _ => format!("cannot listen on {address} for {what}: {error}"),
            };
            Failure::new(message).hint(hint)
        }
        StartError::Open(_) => Failure::new(error).hint(places.store),
        _ => Failure::new(error),
    }
}
