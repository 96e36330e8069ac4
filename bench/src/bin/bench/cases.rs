//! The list of what is measured.

use anyhow::Result;
use hookyard_bench::results::CaseResults;

use crate::setup::Bench;
use crate::{accept, deliver, grow, peers};

/// One case.
pub(crate) struct Case {
    /// Its name.
    pub(crate) name: &'static str,
    /// What it shows.
    pub(crate) shows: &'static str,
    /// Measures one round, the number of which is given, and adds what it found.
    pub(crate) run: fn(&Bench, u32, &mut CaseResults) -> Result<()>,
}

/// All cases, in the order in which a round runs them.
pub(crate) const CASES: &[Case] = &[
    Case {
        name: "accept",
        shows: "events accepted a second, beside a bare server that checks the same signatures \
                and keeps nothing",
        run: accept::accept,
    },
    Case {
        name: "sustained",
        shows: "the same for a minute and a million events at least",
        run: accept::sustained,
    },
    Case {
        name: "end-to-end",
        shows: "events delivered a second while more come in as fast as they are accepted",
        run: deliver::end_to_end,
    },
    Case {
        name: "latency",
        shows: "from when a request was due to its arrival at the destination, at a fixed rate",
        run: deliver::latency,
    },
    Case {
        name: "fan-out",
        shows: "deliveries a second when each event goes to one destination or to ten",
        run: deliver::fan_out,
    },
    Case {
        name: "dead-destination",
        shows: "deliveries a second to nine destinations, without and with a tenth that hangs",
        run: deliver::dead_destination,
    },
    Case { name: "idle", shows: "an empty hub that has nothing to do", run: grow::idle },
    Case {
        name: "pending",
        shows: "accepting, and starting, with many deliveries pending",
        run: grow::pending,
    },
    Case {
        name: "stored",
        shows: "accepting, and starting, with many delivered events in the store",
        run: grow::stored,
    },
    Case {
        name: "peers",
        shows: "the same work by others, at 64 connections with bodies of 2 KiB",
        run: peers::peers,
    },
];
