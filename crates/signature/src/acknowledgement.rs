//! What a provider is answered when an event is kept, where it reads more than the status: as
//! data, like handshakes.
//!
//! The answer is the same for every event of a kind and holds nothing of the request, so there is
//! nothing to escape. It is for events that are verified, and never takes the place of a refusal.

use std::borrow::Cow::Borrowed;

use crate::handshake::Mark::{Has, Is};
use crate::handshake::{Answer, Body, Mark, Reply};
use crate::scheme::Place::{Form, Json};
use crate::{Provider, Received};

/// One way to answer a provider's events.
#[derive(Debug, PartialEq, Eq)]
pub struct Acknowledgement {
    /// What it is called in configurations.
    pub name: &'static str,
    /// What the provider is told by it, in a sentence without its full stop.
    pub about: &'static str,
    /// The answers. The first that fits an event is the one.
    cases: &'static [Case],
}

/// An answer to the events with these marks.
#[derive(Debug, PartialEq, Eq)]
struct Case {
    marks: &'static [Mark],
    reply: Reply,
}

/// Few providers read an answer; by slug. The first of each is the usual one.
const ALL: &[(&str, &[Acknowledgement])] = &[
    ("airtable", &[EMPTY]),
    ("discord", DISCORD),
    ("microsoft-teams", &[TEAMS]),
    ("okta-event-hook", &[EMPTY]),
    ("slack", &[EMPTY]),
    ("twilio", &[TWIML]),
];

/// Airtable and Okta insist on an empty body. Slack takes a body for a message to whoever typed a
/// command, and closes a dialog only when there is none
/// (<https://docs.slack.dev/interactivity/implementing-slash-commands>,
/// <https://docs.slack.dev/surfaces/modals>).
const EMPTY: Acknowledgement = Acknowledgement {
    name: "empty",
    about: "200 without a body",
    cases: &[Case { marks: &[], reply: Reply::EMPTY }],
};

/// What has to be answered within 3 s and can be answered properly within 15 min, and what is an
/// event and is answered by the status alone
/// (<https://discord.com/developers/docs/interactions/receiving-and-responding#interaction-response-object-interaction-callback-type>).
const DISCORD: &[Acknowledgement] = &[
    Acknowledgement {
        name: "deferred",
        about: "`{\"type\":5}`: the user sees that something is under way until your service edits that answer; where Discord asks for choices while the user types, there are none",
        cases: &discord(DEFERRED, DEFERRED),
    },
    Acknowledgement {
        name: "deferred-private",
        about: "the same by `{\"type\":5,\"data\":{\"flags\":64}}`, seen only by the user who asked",
        cases: &discord(DEFERRED_PRIVATE, DEFERRED_PRIVATE),
    },
    Acknowledgement {
        name: "deferred-update",
        about: "`{\"type\":6}` to buttons and menus, whose message stays as it is until your service edits it; to all else what `deferred` says",
        cases: &discord(DEFERRED, DEFERRED_UPDATE),
    },
];

const DEFERRED: Reply = Reply::fixed(r#"{"type":5}"#);
const DEFERRED_PRIVATE: Reply = Reply::fixed(r#"{"type":5,"data":{"flags":64}}"#);
const DEFERRED_UPDATE: Reply = Reply::fixed(r#"{"type":6}"#);
/// A question for choices cannot be deferred.
const NO_CHOICES: Reply = Reply::fixed(r#"{"type":8,"data":{"choices":[]}}"#);

/// Discord's interactions are commands (2), buttons and menus (3), questions for choices (4) and
/// forms that were sent (5). Its other events were subscribed to, and their answer has no body
/// (<https://discord.com/developers/docs/events/webhook-events#responding-to-events>).
const fn discord(usual: Reply, button: Reply) -> [Case; 5] {
    [
        Case { marks: &[Is(Json(Borrowed("/type")), "2")], reply: usual },
        Case { marks: &[Is(Json(Borrowed("/type")), "3")], reply: button },
        Case { marks: &[Is(Json(Borrowed("/type")), "4")], reply: NO_CHOICES },
        Case { marks: &[Is(Json(Borrowed("/type")), "5")], reply: usual },
        Case {
            marks: &[Has(Json(Borrowed("/event/type")))],
            reply: Reply { status: 204, ..Reply::EMPTY },
        },
    ]
}

/// Without a message in the answer, Teams tells the user that something went wrong
/// (<https://learn.microsoft.com/microsoftteams/platform/webhooks-and-connectors/how-to/add-outgoing-webhook>).
const TEAMS: Acknowledgement = Acknowledgement {
    name: "message",
    about: "the message `Received.`, which is shown below the user's",
    cases: &[Case { marks: &[], reply: Reply::fixed(r#"{"type":"message","text":"Received."}"#) }],
};

/// A call or a message wants instructions in XML; anything else is its error 12300
/// (<https://www.twilio.com/docs/api/errors/12300>). What is no form wants none.
const TWIML: Acknowledgement = Acknowledgement {
    name: "twiml",
    about: "TwiML without instructions: no answer to a message, and the end of a call",
    cases: &[Case {
        marks: &[Has(Form(Borrowed("AccountSid")))],
        reply: Reply {
            body: Body::Xml(r#"<?xml version="1.0" encoding="UTF-8"?><Response/>"#),
            ..Reply::EMPTY
        },
    }],
};

impl Provider {
    /// How its events can be answered, the usual way first; empty where only the status counts.
    pub fn acknowledgements(&self) -> &'static [Acknowledgement] {
        let found = ALL.iter().find(|(slug, _)| *slug == self.slug);
        found.map_or(&[], |(_, acknowledgements)| acknowledgements)
    }
}

impl Acknowledgement {
    /// The answer to an event that is kept; `None` for one to which the status says enough.
    pub fn answer(&self, request: &Received<'_>) -> Option<Answer> {
        let is_one = |case: &&Case| case.marks.iter().all(|mark| mark.is_on(request));
        let reply = self.cases.iter().find(is_one)?.reply;
        let (content_type, body) = match reply.body {
            Body::Fixed(json) => (Some("application/json"), json),
            Body::Xml(xml) => (Some("text/xml"), xml),
            _ => (None, ""),
        };
        Some(Answer {
            status: reply.status,
            content_type,
            body: body.to_owned(),
            ..Answer::default()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provider;

    fn said(slug: &str, name: &str, content_type: &str, body: &str) -> Option<(u16, String)> {
        let known = provider(slug).unwrap().acknowledgements();
        let acknowledgement = known.iter().find(|known| known.name == name).unwrap();
        let headers = [("content-type", content_type)];
        let request =
            Received { method: "POST", url: "", headers: &headers, body: body.as_bytes() };
        let answer = acknowledgement.answer(&request)?;
        assert_eq!(answer.content_type.is_some(), !answer.body.is_empty());
        Some((
            answer.status,
            answer.content_type.unwrap_or_default().to_owned() + " " + &answer.body,
        ))
    }

    #[test]
    fn events_are_answered_as_their_provider_reads_it() {
        let json = |status, text: &str| Some((status, text.to_owned()));
        for (slug, name, content_type, body, expected) in [
            (
                "discord",
                "deferred",
                "application/json",
                r#"{"type":2}"#,
                json(200, r#"application/json {"type":5}"#),
            ),
            (
                "discord",
                "deferred",
                "application/json",
                r#"{"type":4}"#,
                json(200, r#"application/json {"type":8,"data":{"choices":[]}}"#),
            ),
            (
                "discord",
                "deferred",
                "application/json",
                r#"{"type":1,"event":{"type":"ENTITLEMENT_CREATE"}}"#,
                json(204, " "),
            ),
            ("discord", "deferred", "application/json", r#"{"type":9}"#, None),
            (
                "discord",
                "deferred-private",
                "application/json",
                r#"{"type":5}"#,
                json(200, r#"application/json {"type":5,"data":{"flags":64}}"#),
            ),
            (
                "discord",
                "deferred-update",
                "application/json",
                r#"{"type":3}"#,
                json(200, r#"application/json {"type":6}"#),
            ),
            (
                "discord",
                "deferred-update",
                "application/json",
                r#"{"type":2}"#,
                json(200, r#"application/json {"type":5}"#),
            ),
            ("slack", "empty", "application/json", "{}", json(200, " ")),
            (
                "twilio",
                "twiml",
                "application/x-www-form-urlencoded",
                "AccountSid=AC1&Body=x",
                json(200, r#"text/xml <?xml version="1.0" encoding="UTF-8"?><Response/>"#),
            ),
            ("twilio", "twiml", "application/json", r#"[{"AccountSid":"AC1"}]"#, None),
        ] {
            assert_eq!(said(slug, name, content_type, body), expected, "{slug} {name} {body}");
        }
    }

    #[test]
    fn every_name_is_of_a_provider_and_stands_once() {
        for (slug, acknowledgements) in ALL {
            let provider = provider(slug).unwrap();
            let mut names: Vec<_> = acknowledgements.iter().map(|known| known.name).collect();
            names.push("receipt");
            names.sort_unstable();
            assert!(names.windows(2).all(|pair| pair[0] != pair[1]), "{slug}");
            assert_eq!(provider.acknowledgements(), *acknowledgements);
        }
    }
}
