//! Names that a command was given to choose by, where nothing was chosen: whether there is such a
//! thing at all.

use hookyard_signature::Rejection;
use serde_json::Value;

use super::failure::{Exit, Failure};
use super::hub::Hub;
use super::table::text;
use crate::config::nearest::nearest;
use crate::problem;

/// A kind of thing that has names, as the API lists it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Kind {
    /// What one of them is called.
    one: &'static str,
    /// What the list of them is called, in the API's path and in its answer.
    all: &'static str,
}

pub(super) const SOURCE: Kind = Kind { one: "source", all: "sources" };
pub(super) const DESTINATION: Kind = Kind { one: "destination", all: "destinations" };

impl Kind {
    /// Fails where a name was given and the hub has nothing of that name.
    ///
    /// To be asked where nothing was found: what is not configured any more may have left
    /// something behind, and that is shown.
    pub(super) async fn expect(self, hub: &Hub, name: Option<&str>) -> Result<(), Failure> {
        let Some(name) = name else { return Ok(()) };
        let reply = hub.get(&format!("/api/v1/{}", self.all), &[]).await?;
        let known: Vec<String> =
            reply.list(self.all).iter().map(|row: &Value| text(row, "name")).collect();
        let is_open = reply.value.get("open").and_then(Value::as_bool) == Some(true);
        if is_open || known.iter().any(|known| known == name) {
            return Ok(());
        }
        let failure = Failure::with(Exit::NotFound, format!("there is no {} `{name}`", self.one));
        Err(failure.hint(self.hint(name, &known)))
    }

    /// Which of the `known` may have been meant.
    pub(super) fn hint(self, name: &str, known: &[String]) -> String {
        if let Some(near) = nearest(name, known.iter().map(String::as_str)) {
            return format!("did you mean `{near}`?");
        }
        match known {
            [] => format!("no {} are configured", self.all),
            [one] => format!("the only {} is {one}", self.one),
            known => format!("the {} are {}", self.all, known.join(", ")),
        }
    }
}

/// Fails where no request is ever held for the reason with this code.
pub(super) fn expect_reason(code: Option<&str>) -> Result<(), Failure> {
    let Some(code) = code else { return Ok(()) };
    // For the first of these a request is held, for the others it may stay where a release failed.
    let later = problem::Kind::ALL.iter().map(|kind| kind.code());
    if Rejection::CODES.contains(&code) || later.clone().any(|later| later == code) {
        return Ok(());
    }
    let failure = Failure::usage(format!("there is no reason `{code}`"));
    Err(match nearest(code, Rejection::CODES.iter().copied().chain(later)) {
        Some(near) => failure.hint(format!("did you mean `{near}`?")),
        None => failure.hint(format!("the reasons are {}", Rejection::CODES.join(", "))),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_are_those_that_a_request_is_refused_for() {
        assert_eq!(expect_reason(None), Ok(()));
        assert_eq!(expect_reason(Some("signature_mismatch")), Ok(()));
        assert_eq!(expect_reason(Some("address_not_allowed")), Ok(()));
        for (code, expected) in [
            ("signature_mismach", "did you mean `signature_mismatch`?"),
            ("late", "the reasons are signature_missing, "),
        ] {
            let Err(Failure::Told { hints, .. }) = expect_reason(Some(code)) else {
                panic!("{code}")
            };
            assert!(hints[0].starts_with(expected), "{hints:?}");
        }
    }

    #[test]
    fn a_hint_names_what_is_near_or_all_there_is() {
        let known = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect::<Vec<_>>();
        let cases = [
            ("githb", &["github", "stripe"][..], "did you mean `github`?"),
            ("x", &["github", "stripe"], "the sources are github, stripe"),
            ("x", &["github"], "the only source is github"),
            ("x", &[], "no sources are configured"),
        ];
        for (name, names, expected) in cases {
            assert_eq!(SOURCE.hint(name, &known(names)), expected);
        }
    }
}
