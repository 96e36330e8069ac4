//! The `[[routes]]` sections, and what they say about the rest.

use std::collections::BTreeSet;

use hookyard_model::{Name, Route};

use super::nearest::nearest;
use super::options::RouteOptions;
use super::reader::{At, Reader};
use super::report::Finding;

/// The names that a route can lead from or to, and where they stand.
pub(super) type Names = [At<Name>];

/// Checks that every route leads from somewhere to somewhere.
pub(super) fn routes(
    rows: Vec<RouteOptions>,
    sources: &Names,
    destinations: &Names,
    reader: &mut Reader<'_>,
) -> Vec<Route> {
    let mut routes = Vec::new();
    for row in rows {
        let from = match &row.from {
            Some(from) if from.value == "*" => Some(None),
            Some(from) => known(from, "source", sources, reader).map(Some),
            None => None,
        };
        let named = row.to.as_ref().map_or(&[][..], |to| &to.value.0);
        let to: Vec<Name> =
            named.iter().filter_map(|to| known(to, "destination", destinations, reader)).collect();
        let types = row.types.map_or(Vec::new(), |types| types.value.0);
        if let Some(from) = from {
            let types = types.into_iter().map(|pattern| pattern.value).collect();
            routes.push(Route { from, types, to });
        }
    }
    routes
}

/// The name, if there is such a thing.
fn known(name: &At<String>, what: &str, names: &Names, reader: &mut Reader<'_>) -> Option<Name> {
    if let Some(found) = names.iter().find(|known| known.as_str() == name.value) {
        return Some(found.value.clone());
    }
    let near = nearest(name, names.iter().map(|known| known.as_str()));
    let advice = match near {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("add a section `[{what}s.{}]`, or name another one", quoted(name)),
    };
    reader.error(name.span.clone(), format!("there is no {what} `{}`; {advice}", name.value));
    None
}

/// A name as it stands in the head of a section.
fn quoted(name: &str) -> String {
    let is_bare = |char: char| char.is_ascii_alphanumeric() || matches!(char, '_' | '-');
    if name.chars().all(is_bare) && !name.is_empty() {
        name.to_owned()
    } else {
        format!("\"{name}\"")
    }
}

/// Warns of what no route touches. A file with an error is not worth it.
pub(super) fn left_over(
    routes: &[Route],
    sources: &Names,
    destinations: &Names,
    reader: &mut Reader<'_>,
) {
    if reader.findings.iter().any(Finding::is_error) {
        return;
    }
    let from_any = routes.iter().any(|route| route.from.is_none());
    let from: BTreeSet<&Name> = routes.iter().filter_map(|route| route.from.as_ref()).collect();
    let to: BTreeSet<&Name> = routes.iter().flat_map(|route| &route.to).collect();
    for source in sources.iter().filter(|source| !from_any && !from.contains(&source.value)) {
        let sentence = format!(
            "no route begins at the source `{}`: its events are kept and not delivered; add a `[[routes]]` section",
            source.value
        );
        reader.warn(source.span.clone(), sentence);
    }
    for destination in destinations.iter().filter(|destination| !to.contains(&destination.value)) {
        let sentence = format!(
            "no route leads to the destination `{}`: nothing is delivered there; add a `[[routes]]` section",
            destination.value
        );
        reader.warn(destination.span.clone(), sentence);
    }
}
