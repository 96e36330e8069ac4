//! Secrets that the provider hands over itself: `handshake_secret` of `[sources.NAME]`.
//!
//! It names a file, for the one webhook of a source, or a folder with a file for each of several.
//! What is still to come is a file that is not there yet, or one that is empty: only the operator
//! makes room for a secret, since whoever hands one over can sign from then on.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use hookyard_signature::{Provider, Trust};
use serde::Serialize;

use super::options::SourceOptions;
use super::reader::{At, Reader};
use super::report::Span;

/// The most webhooks of one source that have secrets of their own: each request may be held against
/// all of them.
const MOST: usize = 32;
/// More than any secret has.
const LONGEST: u64 = 64 << 10;

/// Where a secret belongs that the provider is still to hand over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AwaitedSecret {
    /// In this file, which is not there yet.
    File(PathBuf),
    /// In the first empty file of this folder, if it has one.
    Folder(PathBuf),
}

/// A webhook that has a file in the folder of a source.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Webhook {
    /// The file's name.
    pub name: String,
    /// Whether its secret is still to come.
    pub awaits_secret: bool,
}

/// What a source has of the secrets that its provider hands over.
#[derive(Debug, Default)]
pub(super) struct HandedOver {
    pub(super) awaited: Option<AwaitedSecret>,
    pub(super) webhooks: Vec<Webhook>,
}

/// Takes the secrets that are there, as if they stood in `secret` or `secrets`.
pub(super) fn handed_over(
    provider: Option<&'static Provider>,
    options: &mut SourceOptions,
    reader: &mut Reader<'_>,
) -> HandedOver {
    let Some(file) = options.handshake_secret.as_ref() else { return HandedOver::default() };
    if !provider.is_some_and(hands_over) {
        let sentence = "this provider hands no secret over; write the one that it shows as `secret`, and remove this";
        reader.error(file.span.clone(), sentence);
        return HandedOver::default();
    }
    let other = options.secret.as_ref().map(|secret| &secret.span);
    let other = other.or(options.secrets.as_ref().map(|secrets| &secrets.span));
    if let Some(other) = other {
        let sentence =
            "the secret is either handed over by the provider or written here; remove one of them";
        reader.clash(file.span.clone(), sentence, (other.clone(), "the other one"));
        return HandedOver::default();
    }
    let (path, span) = (file.value.clone(), file.span.clone());
    let resolved = reader.resolve(&path);
    if resolved.is_dir() {
        return in_folder(reader.file(&path), span, options, reader);
    }
    // A link that leads nowhere is there: what it leads to is not ours to make.
    if resolved.symlink_metadata().is_err_and(|error| error.kind() == io::ErrorKind::NotFound) {
        let awaited = Some(AwaitedSecret::File(reader.file(&path)));
        return HandedOver { awaited, webhooks: Vec::new() };
    }
    match reader.secret_in(&path, span.clone()) {
        Some(secret) => options.secret = Some(At { value: secret, span }),
        None => options.wrong = true,
    }
    HandedOver::default()
}

fn in_folder(
    folder: PathBuf,
    span: Option<Span>,
    options: &mut SourceOptions,
    reader: &mut Reader<'_>,
) -> HandedOver {
    let files = match files_in(&folder) {
        Ok(files) if files.len() <= MOST => files,
        Ok(files) => {
            let sentence = format!(
                "this folder has {} files, and {MOST} webhooks of one source are the most; give the others a source of their own",
                files.len()
            );
            reader.error(span, sentence);
            return HandedOver::default();
        }
        Err(error) => {
            let sentence = format!("this folder cannot be read: {error}; let this user read it");
            reader.error(span, sentence);
            return HandedOver::default();
        }
    };
    if files.is_empty() {
        let sentence = "this folder has no file, so no secret is taken and nothing is accepted; before a webhook is made, make an empty file for it in there";
        reader.warn(span.clone(), sentence);
    }
    let (mut secrets, mut webhooks) = (Vec::new(), Vec::new());
    for file in files {
        let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let path = file.to_string_lossy();
        let awaits_secret = is_blank(&file);
        if awaits_secret {
            reader.file(&path);
        } else if let Some(value) = reader.secret_in(&path, span.clone()) {
            secrets.push(At { value, span: span.clone() });
        } else {
            options.wrong = true;
        }
        webhooks.push(Webhook { name, awaits_secret });
    }
    let is_open = secrets.is_empty() || webhooks.iter().any(|webhook| webhook.awaits_secret);
    if !secrets.is_empty() {
        options.secrets = Some(At { value: secrets, span });
    }
    HandedOver { awaited: is_open.then_some(AwaitedSecret::Folder(folder)), webhooks }
}

/// The files of a folder by name, but for those whose name begins with a dot, which are ours or an
/// editor's.
pub(crate) fn files_in(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default();
        if !name.as_encoded_bytes().starts_with(b".") && path.is_file() {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

fn is_blank(file: &Path) -> bool {
    super::read_bytes(file, LONGEST).is_ok_and(|bytes| bytes.trim_ascii().is_empty())
}

pub(super) fn hands_over(provider: &'static Provider) -> bool {
    let questions = provider.handshake.map_or(&[][..], |handshake| handshake.questions);
    questions.iter().any(|question| matches!(question.trust, Trust::BringsSecret(_)))
}
