//! Requests that ask a question before events come, and their answers.

use crate::scheme::Text;
use crate::{Received, json};

/// Longer challenges are not known to exist, and an answer should not carry much of what was sent.
const LONGEST_CHALLENGE: usize = 255;

/// A request whose JSON body holds a challenge that has to be sent back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Handshake {
    /// The JSON pointer by which such a request is told from an event.
    pub at: Text,
    /// What stands there.
    pub is: Text,
    /// The JSON pointer of the challenge.
    pub challenge: Text,
}

/// What to answer, as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The content type: never one that a browser would run something of.
    pub content_type: &'static str,
    /// The body.
    pub body: String,
}

impl Handshake {
    /// The answer, if the request is such a question. Only to be called for verified requests:
    /// whoever gets a challenge back looks like the owner of the address.
    ///
    /// A challenge with anything but letters, digits, `-` and `_` is not answered, since an echo
    /// of free text is a gift to whoever finds a way to have it read as something else.
    pub fn answer(&self, request: &Received<'_>) -> Option<Answer> {
        if json::find(request.body, &self.at)? != self.is {
            return None;
        }
        let challenge = json::find(request.body, &self.challenge)?;
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        let fits =
            (1..=LONGEST_CHALLENGE).contains(&challenge.len()) && challenge.bytes().all(plain);
        fits.then_some(Answer { status: 200, content_type: "text/plain", body: challenge })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_challenges_are_echoed() {
        let handshake =
            Handshake { at: "/type".into(), is: "hello".into(), challenge: "/c".into() };
        let answer = |body: &str| {
            let headers: [(&str, &str); 0] = [];
            let request =
                Received { method: "POST", url: "", headers: &headers, body: body.as_bytes() };
            handshake.answer(&request).map(|answer| answer.body)
        };
        assert_eq!(answer(r#"{"type":"hello","c":"aZ-9_"}"#).as_deref(), Some("aZ-9_"));
        let long = format!(r#"{{"type":"hello","c":"{}"}}"#, "a".repeat(256));
        for body in [
            r#"{"type":"other","c":"x"}"#,
            r#"{"type":"hello"}"#,
            r#"{"type":"hello","c":""}"#,
            r#"{"type":"hello","c":"<b>"}"#,
            &long,
            "x",
        ] {
            assert_eq!(answer(body), None, "{body}");
        }
    }
}
