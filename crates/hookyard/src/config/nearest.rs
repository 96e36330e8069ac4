//! What was probably meant by a misspelt word.

use std::iter;

use hookyard_signature::{PROVIDERS, Provider};

/// The candidate that is most like `word`, if one is alike enough to be worth a question.
pub(crate) fn nearest<'c>(
    word: &str,
    candidates: impl IntoIterator<Item = &'c str>,
) -> Option<&'c str> {
    let word = fold(word);
    // Any short word is like any other.
    let most = match word.chars().count() {
        0..=2 => 0,
        letters => (letters / 3).min(3),
    };
    candidates
        .into_iter()
        .map(|candidate| (distance(&word, &fold(candidate)), candidate))
        .filter(|&(distance, _)| distance <= most)
        .min_by_key(|&(distance, _)| distance)
        .map(|(_, candidate)| candidate)
}

/// The provider's name, or another name of it, that is most like `word`.
pub(crate) fn nearest_provider(word: &str) -> Option<&'static str> {
    let names = |provider: &&'static Provider| iter::once(provider.slug).chain(provider.aliases());
    nearest(word, PROVIDERS.iter().flat_map(names))
}

/// Case and the choice between `-` and `_` do not make two words differ.
fn fold(word: &str) -> String {
    word.to_lowercase().replace('-', "_")
}

/// How many letters have to be put in, left out, replaced or swapped with their neighbour.
#[expect(
    clippy::indexing_slicing,
    reason = "rows are as long as the word they stand for, plus one"
)]
fn distance(from: &str, to: &str) -> usize {
    let to: Vec<char> = to.chars().collect();
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=to.len()).collect();
    let mut previous = None;
    for (row, letter) in from.chars().enumerate() {
        let mut current = vec![row + 1];
        for (column, &other) in to.iter().enumerate() {
            let replaced = last[column] + usize::from(letter != other);
            let mut best = replaced.min(last[column + 1] + 1).min(current[column] + 1);
            if column > 0 && previous == Some(other) && letter == to[column - 1] {
                best = best.min(before[column - 1] + 1);
            }
            current.push(best);
        }
        before = std::mem::replace(&mut last, current);
        previous = Some(letter);
    }
    last[to.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_what_was_meant() {
        let known = ["secret", "secrets", "provider", "allow_ips", "url"];
        let cases = [
            ("secrt", Some("secret")),
            ("sceret", Some("secret")),
            ("Secret", Some("secret")),
            ("allow-ips", Some("allow_ips")),
            ("alow_ip", Some("allow_ips")),
            ("uri", Some("url")),
            ("URL", Some("url")),
            ("ur", None),
            ("colour", None),
            ("", None),
        ];
        for (word, expected) in cases {
            assert_eq!(nearest(word, known), expected, "{word}");
        }
    }

    #[test]
    fn providers_are_known_by_their_other_names() {
        let cases = [
            ("githb", Some("github")),
            ("GitHub", Some("github")),
            ("facebok", Some("facebook")),
            ("WhatsApp", Some("whatsapp")),
            ("nobody-knows", None),
        ];
        for (word, expected) in cases {
            assert_eq!(nearest_provider(word), expected, "{word}");
        }
    }
}
