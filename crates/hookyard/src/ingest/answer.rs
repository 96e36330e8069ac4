//! The answer to what is on disk.

use bytes::Bytes;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use http::{HeaderName, HeaderValue, Response};
use http_body_util::Full;
use serde::Serialize;

use super::keep::{Kept, Stored};
use super::question;

/// How many ids of each kind an answer has at most: no sender reads them, and people look here
/// only for the first.
const IDS: usize = 100;

/// What the sender of one event is told.
#[derive(Serialize)]
struct Alone {
    status: &'static str,
    event_id: String,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    id_conflict: bool,
}

/// What the sender of a batch is told.
#[derive(Serialize)]
struct Batch {
    status: &'static str,
    items: usize,
    accepted: u64,
    duplicates: u64,
    /// The first of those that are new.
    event_ids: Vec<String>,
    /// The first events of the first repeats.
    duplicate_ids: Vec<String>,
}

/// What is said by [`Alone`] and [`Batch`], where the provider wants to hear something else.
const STATUS: HeaderName = HeaderName::from_static("hookyard-status");
const EVENT_ID: HeaderName = HeaderName::from_static("hookyard-event-id");

impl Stored {
    /// The answer: the provider's own where it has one, or else what became of the request.
    pub(super) fn response(
        &self,
        acknowledgement: Option<hookyard_signature::Answer>,
    ) -> Response<Full<Bytes>> {
        let Some(acknowledgement) = acknowledgement else { return self.receipt() };
        let mut response = question::response(acknowledgement);
        let headers = response.headers_mut();
        headers.insert(STATUS, HeaderValue::from_static(self.status()));
        if let Self::Alone(kept) = self
            && let Ok(id) = HeaderValue::try_from(kept.id.to_string())
        {
            headers.insert(EVENT_ID, id);
        }
        response
    }

    /// `duplicate` where every event is one.
    fn status(&self) -> &'static str {
        if self.events().iter().all(|kept| kept.duplicate) { "duplicate" } else { "accepted" }
    }

    fn receipt(&self) -> Response<Full<Bytes>> {
        let status = self.status();
        let json = match self {
            Self::Alone(kept) => serde_json::to_vec(&Alone {
                status,
                event_id: kept.id.to_string(),
                id_conflict: kept.id_conflict,
            }),
            Self::Items(items) => {
                let (accepted, duplicates) = self.counts();
                let ids = |duplicate: bool| {
                    let which = items.iter().filter(move |kept| kept.duplicate == duplicate);
                    which.take(IDS).map(|kept: &Kept| kept.id.to_string()).collect()
                };
                serde_json::to_vec(&Batch {
                    status,
                    items: items.len(),
                    accepted,
                    duplicates,
                    event_ids: ids(false),
                    duplicate_ids: ids(true),
                })
            }
        };
        // Numbers and ids can always be written.
        let mut response = Response::new(Full::new(json.unwrap_or_default().into()));
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        response
    }
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt as _;

    use super::*;
    use hookyard_model::EventId;

    fn kept(number: u64, duplicate: bool) -> Kept {
        Kept { id: EventId::new(number, number), duplicate, id_conflict: false }
    }

    async fn text(stored: &Stored) -> String {
        let body = stored.response(None).into_body().collect().await.unwrap().to_bytes();
        String::from_utf8(body.to_vec()).unwrap()
    }

    #[tokio::test]
    async fn an_answer_counts_and_names_what_is_there() {
        let one = Stored::Alone(Kept { id_conflict: true, ..kept(1, false) });
        let id = kept(1, false).id;
        let expected = format!(r#"{{"status":"accepted","event_id":"{id}","id_conflict":true}}"#);
        assert_eq!(text(&one).await, expected);
        let one = Stored::Alone(kept(1, true));
        assert_eq!(text(&one).await, format!(r#"{{"status":"duplicate","event_id":"{id}"}}"#));

        let many = Stored::Items((0..300).map(|n| kept(n, n % 3 == 0)).collect());
        let answer: serde_json::Value = serde_json::from_str(&text(&many).await).unwrap();
        assert_eq!((&answer["status"], &answer["items"]), (&"accepted".into(), &300.into()));
        assert_eq!((&answer["accepted"], &answer["duplicates"]), (&200.into(), &100.into()));
        assert_eq!(answer["event_ids"].as_array().unwrap().len(), IDS);
        assert_eq!(answer["event_ids"][0], id.to_string());
        assert_eq!(answer["duplicate_ids"][1], kept(3, true).id.to_string());
        let repeats = Stored::Items(vec![kept(1, true); 2]);
        assert!(text(&repeats).await.starts_with(r#"{"status":"duplicate","items":2,"#));
    }

    #[tokio::test]
    async fn a_provider_that_reads_answers_gets_its_own() {
        let deferred = hookyard_signature::Answer {
            status: 200,
            content_type: Some("application/json"),
            body: r#"{"type":5}"#.to_owned(),
            ..Default::default()
        };
        let kept = kept(1, true);
        let response = Stored::Alone(kept.clone()).response(Some(deferred));
        let headers = response.headers();
        assert_eq!(headers["content-type"], "application/json");
        assert_eq!(headers["hookyard-status"], "duplicate");
        assert_eq!(headers["hookyard-event-id"], kept.id.to_string());
        assert_eq!(response.into_body().collect().await.unwrap().to_bytes(), r#"{"type":5}"#);
    }
}
