//! The network and the destinations behind it.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use hookyard_delivery::{
    Answer, BodyEnd, Clock as _, Outbound, Transport, TransportError, TransportFuture,
};
use hookyard_model::{DeliveryId, FailureKind, Name};
use http::{HeaderMap, HeaderValue, StatusCode, header};

use super::scenario::Mood;
use super::world::World;

/// Sends nothing anywhere: what happens is what the destination's mood says.
pub(super) struct Network(pub(super) Arc<World>);

/// Ends an attempt, also one that is broken off.
struct UnderWay<'w> {
    world: &'w World,
    id: DeliveryId,
    lane: u32,
}

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        self.world.judge(|judge, now| judge.attempt_ends(self.id, self.lane, now));
    }
}

impl Transport for Network {
    fn send(&self, outbound: Outbound) -> TransportFuture<'_> {
        Box::pin(self.attempt(outbound))
    }
}

impl Network {
    async fn attempt(&self, outbound: Outbound) -> Result<Answer, TransportError> {
        let world = &*self.0;
        world.alive().await;
        let destination = destination(&outbound.url);
        let said = |name| outbound.headers.get(name).and_then(|value| value.to_str().ok());
        let event = said("webhook-id").and_then(|id| id.parse().ok());
        let found = world.judge(|judge, now| {
            let id = event.zip(destination.as_ref());
            let id = id.and_then(|(event, to)| judge.delivery(event, to));
            let lane = judge.attempt_begins(id, &outbound.body, now);
            id.map(|id| (id, lane))
        });
        let flagged = said("hookyard-redelivery") == Some("possible");
        let Some(((id, lane), destination)) = found.flatten().zip(destination) else {
            world.step(format_args!("a request to nowhere"));
            return Err(TransportError::unsent(FailureKind::Request, "to nowhere"));
        };
        let _under_way = UnderWay { world, id, lane };
        let mood = world.scenario.mood(&destination, world.now());
        world.step(format_args!("{id} attempt {:?} flagged {flagged}", said("hookyard-attempt")));
        world.pause(0, 20).await;
        let result = self.meet(mood, (id, flagged), &outbound).await;
        world.alive().await;
        let status = result.as_ref().map(|answer| answer.status.as_u16());
        world.step(format_args!("{id} answer {:?}", status.map_err(|error| error.kind)));
        result
    }

    async fn meet(
        &self,
        mood: Mood,
        (id, flagged): (DeliveryId, bool),
        outbound: &Outbound,
    ) -> Result<Answer, TransportError> {
        let world = &*self.0;
        let total = u64::try_from(outbound.timeouts.total.as_millis()).unwrap_or(u64::MAX);
        let lost = |maybe_sent| TransportError {
            kind: FailureKind::ConnectionLost,
            detail: "the connection broke".to_owned(),
            maybe_sent,
        };
        if mood == Mood::Refuses {
            return Err(TransportError::unsent(FailureKind::ConnectRefused, "refused"));
        }
        if mood == Mood::Breaks && world.chance(50) {
            // Nobody can tell whether it arrived.
            return Err(lost(world.chance(50)));
        }
        world.judge(|judge, _| judge.arrives(id, flagged));
        let takes_in = matches!(mood, Mood::Works | Mood::Slow | Mood::LosesAnswers);
        if takes_in {
            world.judge(|judge, _| judge.delivered(id));
        }
        match mood {
            Mood::Slow => world.pause(total / 2, total.saturating_sub(100)).await,
            Mood::Hangs => {
                tokio::time::sleep(outbound.timeouts.total).await;
                if world.chance(10) {
                    // A transport that breaks its promise; the engine ends it.
                    std::future::pending::<()>().await;
                }
                let detail = "no answer in time".to_owned();
                let kind = FailureKind::ResponseTimeout;
                return Err(TransportError { kind, detail, maybe_sent: true });
            }
            _ => world.pause(1, 100).await,
        }
        match mood {
            Mood::Fails => Ok(answer(StatusCode::INTERNAL_SERVER_ERROR)),
            Mood::Busy => Ok(busy(world)),
            Mood::Leaves if world.chance(20) => Ok(answer(StatusCode::GONE)),
            Mood::Leaves => Ok(answer(StatusCode::NOT_FOUND)),
            Mood::Breaks | Mood::LosesAnswers => Err(lost(true)),
            _ => Ok(answer(StatusCode::OK)),
        }
    }
}

/// The destination that a URL is made from.
fn destination(url: &str) -> Option<Name> {
    let host = url.strip_prefix("http://")?.split('.').next()?;
    Name::new(host).ok()
}

fn answer(status: StatusCode) -> Answer {
    let (headers, body) = (HeaderMap::new(), Bytes::from_static(b"answer"));
    Answer { status, headers, body, end: BodyEnd::Complete }
}

fn busy(world: &World) -> Answer {
    let mut answer = answer(StatusCode::TOO_MANY_REQUESTS);
    let wait = Duration::from_secs(world.lock().dice.between(1, 300));
    answer.headers.insert(header::RETRY_AFTER, HeaderValue::from(wait.as_secs()));
    answer
}
