//! Hookyard's delivery engine: takes due deliveries, makes attempts, settles them.
//!
//! [`Engine`] runs one lane for each destination (`worker` is the only loop, `lane` decides what
//! it does). An attempt (`attempt`) is built, signed, sent through a [`Transport`], judged and
//! settled in the [`Store`](hookyard_model::Store). [`HttpClient`] is the transport to HTTP
//! destinations and the one place that builds outbound clients; [`guard`] says which addresses
//! they may reach.
//!
//! The store is a trait and the clock is an argument: nothing here knows SQL, reads the time or
//! rolls dice.

mod attempt;
mod check_url;
mod context;
mod cut;
mod due;
mod engine;
mod gate;
pub mod guard;
mod headers;
mod judge;
mod lane;
mod observe;
mod retry_after;
mod settings;
mod signing;
mod transport;
mod worker;

pub use check_url::{UrlError, check_url};
pub use context::Parts;
pub use engine::Engine;
pub use gate::{LaneState, Reservation};
pub use headers::{HeaderError, check_header};
pub use observe::{Clock, Observer};
pub use settings::Settings;
pub use transport::{
    Answer, BodyEnd, ClientSettings, HttpClient, Outbound, Resolve, ResolveFuture, ResponseLimit,
    SystemResolver, Transport, TransportError, TransportFuture,
};
