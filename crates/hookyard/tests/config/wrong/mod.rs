//! Files that are wrong, and what is shown for each.
//!
//! Every case is one file, and beside it the very text that an operator reads.

mod destinations;
mod keys;
mod routes;
mod secrets;
mod server;
mod sources;
mod syntax;
mod values;

use super::shown;

/// What is wrong, the file, and what is shown.
type Case = (&'static str, &'static str, &'static str);

const ALL: &[&[Case]] = &[
    destinations::CASES,
    keys::CASES,
    routes::CASES,
    secrets::CASES,
    server::CASES,
    sources::CASES,
    syntax::CASES,
    values::CASES,
];

#[test]
fn every_error_shows_the_place_and_says_what_to_do() {
    let mut differ = Vec::new();
    for (what, source, expected) in ALL.iter().copied().flatten() {
        // In this table both begin on a line of their own.
        let source =
            source.strip_prefix('\n').filter(|rest| !rest.trim().is_empty()).unwrap_or(source);
        let expected = expected.strip_prefix('\n').unwrap_or(expected);
        let shown = shown(source);
        if shown.trim_end() != expected.trim_end() {
            differ.push(format!("── {what}\n{shown}\n── expected\n{expected}"));
        }
    }
    assert!(differ.is_empty(), "{}", differ.join("\n\n"));
}
