//! Secrets that the provider hands over itself: `handshake_secret` of `[sources.NAME]`.

use std::path::PathBuf;

use hookyard_signature::{Provider, Trust};

use super::options::SourceOptions;
use super::reader::{At, Reader};

/// Takes the secret out of its file, as if it stood in `secret`. Where there is no such file yet,
/// it comes back: it is to be written when the provider hands the secret over.
pub(super) fn handed_over(
    provider: Option<&'static Provider>,
    options: &mut SourceOptions,
    reader: &mut Reader<'_>,
) -> Option<PathBuf> {
    let file = options.handshake_secret.as_ref()?;
    if !provider.is_some_and(hands_over) {
        let sentence = "this provider hands no secret over; write the one that it shows as `secret`, and remove this";
        reader.error(file.span.clone(), sentence);
        return None;
    }
    let other = options.secret.as_ref().map(|secret| &secret.span);
    let other = other.or(options.secrets.as_ref().map(|secrets| &secrets.span));
    if let Some(other) = other {
        let sentence =
            "the secret is either handed over by the provider or written here; remove one of them";
        reader.clash(file.span.clone(), sentence, (other.clone(), "the other one"));
        return None;
    }
    let (path, span) = (file.value.clone(), file.span.clone());
    // A link that leads nowhere is there: what it leads to is not ours to make.
    if reader.resolve(&path).symlink_metadata().is_err_and(|error| is_missing(&error)) {
        return Some(reader.file(&path));
    }
    match reader.secret_in(&path, span.clone()) {
        Some(secret) => options.secret = Some(At { value: secret, span }),
        None => options.wrong = true,
    }
    None
}

fn is_missing(error: &std::io::Error) -> bool {
    error.kind() == std::io::ErrorKind::NotFound
}

pub(super) fn hands_over(provider: &'static Provider) -> bool {
    let questions = provider.handshake.map_or(&[][..], |handshake| handshake.questions);
    questions.iter().any(|question| matches!(question.trust, Trust::BringsSecret(_)))
}
