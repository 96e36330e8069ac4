//! The admin API over real sockets, with the real store and the real engine behind it.

#![cfg(test)]

mod access;
mod acting;
mod canaries;
mod health;
mod looking;
mod reach;
mod support;
