//! One attempt, from a leased delivery to what is kept of it:
//! build → sign → send → judge → decide → settle.

use std::sync::Arc;
use std::time::Duration;

use hookyard_model::{
    Attempt, Destination, Failpoint, FailureKind, Leased, Next, Outcome, Settlement, StoreError,
};
use http::Method;
use tokio::time::Instant;

use crate::context::Context;
use crate::cut::Cut;
use crate::headers;
use crate::judge::{Verdict, judge};
use crate::signing::Signer;
use crate::transport::{Answer, Outbound, ResponseLimit, TransportError};

/// The first and the longest wait before the store is asked again to settle.
const SETTLE_WAIT: Duration = Duration::from_millis(100);
const SETTLE_WAIT_MAX: Duration = Duration::from_secs(5);

/// A destination, made ready for attempts.
pub(crate) struct Target {
    pub(crate) destination: Arc<Destination>,
    /// Or why it cannot be signed for.
    signer: Result<Signer, String>,
}

impl Target {
    pub(crate) fn new(destination: Arc<Destination>) -> Self {
        let signer = Signer::new(&destination.secrets);
        Self { destination, signer }
    }
}

/// An attempt that has ended and is still to be settled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Ended {
    /// What it says about the destination; `None` when it says nothing.
    pub(crate) outcome: Option<Outcome>,
    leased: Leased,
    settlement: Settlement,
}

/// Makes an attempt. `cut` ends it early when the process has no more time.
pub(crate) async fn make(
    context: Arc<Context>,
    target: Arc<Target>,
    leased: Leased,
    cut: Cut,
) -> Ended {
    let (started_at, began) = (context.clock.now(), Instant::now());
    let sent = match outbound(&context, &target, &leased) {
        Ok(outbound) => send(&context, outbound, cut).await,
        Err(error) => Err(error),
    };
    Failpoint::AfterSend.pass();
    let now = context.clock.now();
    let Verdict { outcome, maybe_sent, response, failure } = judge(sent, now);
    let interrupted =
        failure.as_ref().is_some_and(|failure| failure.kind == FailureKind::Interrupted);
    let next = if interrupted {
        // The destination is not to blame: whoever comes next tries at once.
        Next::RetryAt(now)
    } else {
        let (retry, step) = (&target.destination.retry, leased.step.saturating_add(1));
        retry.next(&outcome, step, now, context.clock.jitter())
    };
    let number = leased.attempts.saturating_add(1);
    let duration = began.elapsed();
    let attempt = Attempt { number, started_at, duration, maybe_sent, response, failure };
    let (held, counts) = (leased.held, !interrupted);
    let settlement = Settlement { held, attempt: Some(attempt), counts, next, at: now };
    Ended { outcome: (!interrupted).then_some(outcome), leased, settlement }
}

/// The request of an attempt.
fn outbound(
    context: &Context,
    target: &Target,
    leased: &Leased,
) -> Result<Outbound, TransportError> {
    let destination = &target.destination;
    let failed = |why: String| TransportError::unsent(FailureKind::Request, why);
    let signer = target.signer.as_ref().map_err(|why| failed(why.clone()))?;
    let id = leased.event.id.to_string();
    let proof = signer.sign(&id, &leased.event.body, context.clock.now()).map_err(failed)?;
    let headers = headers::build(leased, destination, &proof, &context.settings.user_agent)
        .map_err(failed)?;
    Ok(Outbound {
        method: Method::POST,
        url: destination.url.clone(),
        headers,
        body: leased.event.body.clone(),
        timeouts: destination.timeouts,
        reach: destination.reach.clone(),
        limit: ResponseLimit::DESTINATION,
    })
}

async fn send(context: &Context, outbound: Outbound, cut: Cut) -> Result<Answer, TransportError> {
    let unknown =
        |kind, detail: &str| TransportError { kind, detail: detail.to_owned(), maybe_sent: true };
    // The transport keeps to the limit itself; if one did not, the lease must not run out.
    let limit = outbound.timeouts.total.saturating_add(context.settings.slack / 2);
    Failpoint::BeforeSend.pass();
    tokio::select! {
        // An answer that is there counts, even at the last moment.
        biased;
        sent = tokio::time::timeout(limit, context.transport.send(outbound)) => {
            let late = "the attempt did not end in time";
            sent.unwrap_or_else(|_| Err(unknown(FailureKind::ResponseTimeout, late)))
        }
        () = cut.wait() => {
            Err(unknown(FailureKind::Interrupted, "Hookyard was stopped during the attempt"))
        }
    }
}

/// Keeps an attempt, and tells the observer. `None` when it could not be kept.
///
/// Not a part of [`make`]: the destination has answered, and its place is free for the next
/// attempt while this one waits for the disk together with others.
pub(crate) async fn settle(context: Arc<Context>, ended: Ended) -> Option<Next> {
    let Ended { leased, settlement, .. } = ended;
    let mut wait = SETTLE_WAIT;
    loop {
        match context.store.settle(settlement.clone()).await {
            Ok(true) => break,
            Ok(false) => {
                tracing::warn!(
                    delivery = %leased.held.id, destination = %leased.destination,
                    "lost a delivery to another worker before the attempt was settled"
                );
                return None;
            }
            Err(error) => {
                context.observer.store_failed(&error);
                let lasting = !matches!(error, StoreError::Full(_) | StoreError::Unavailable(_));
                if lasting || context.clock.now().plus(wait) >= leased.until {
                    tracing::error!(
                        delivery = %leased.held.id, destination = %leased.destination, %error,
                        "an attempt could not be kept; the delivery will be made again"
                    );
                    return None;
                }
            }
        }
        tokio::time::sleep(wait).await;
        wait = wait.saturating_mul(2).min(SETTLE_WAIT_MAX);
    }
    Failpoint::Settled.pass();
    if let Some(attempt) = &settlement.attempt {
        context.observer.attempt(&leased, attempt, &settlement.next);
    }
    Some(settlement.next)
}
