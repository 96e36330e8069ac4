//! The real program in a process of its own: what it answers, what it delivers, and what it keeps
//! when it is killed.

#![allow(unreachable_pub, reason = "the support is written as a library would be")]

#[cfg(test)]
mod acknowledgements;
#[cfg(test)]
mod bad_input;
#[cfg(test)]
mod batches;
#[cfg(test)]
mod delivery;
#[cfg(test)]
mod failed_disk;
#[cfg(test)]
mod handshakes;
#[cfg(test)]
mod keys;
#[cfg(test)]
mod original;
#[cfg(test)]
mod quarantine;
#[cfg(test)]
mod reload;
#[cfg(test)]
mod sender;
#[cfg(test)]
mod strangers;
#[cfg(test)]
mod support;
#[cfg(test)]
mod tls;
