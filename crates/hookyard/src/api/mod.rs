//! The admin API, health and metrics.
