//! Verification as a whole: whatever is accepted, our own signer made.

use super::request::{Input, Request};
use super::sameness;
use super::samples::{self, NOW, Sample};
use crate::{Case, Rejection, explain};

/// A request of any provider: refused as it is, accepted once it is signed, and after changes
/// accepted only if they leave what the proof covers as it was.
pub fn verify(data: &[u8]) {
    let input = Input::read(data);
    let Some(sample) = samples::sample_at(input.slug) else { return };
    let slug = sample.provider.slug;
    let request = &input.request;
    let forged = sample.verifier.verify_with(&request.received(), NOW, Some(&request.body));
    assert!(forged.is_err(), "{slug}: accepted what nobody signed: {request}");
    fetch(sample, request);

    let Some(signed) = request.signed(&sample.verifier) else { return };
    let verdict = sample.verifier.verify(&signed.received(), NOW);
    let is_ours = !matches!(
        verdict,
        Err(Rejection::SignatureMismatch { .. } | Rejection::CredentialMismatch { .. })
    );
    assert!(is_ours, "{slug}: refused what it signed: {verdict:?} {signed}");

    let mut changed = signed.clone();
    changed.change(input.changes);
    if let Ok(verified) = sample.verifier.verify(&changed.received(), NOW) {
        sameness::check(sample, verified, &signed, &changed);
    }
}

/// What is fetched comes from the provider over HTTPS, whatever the request says.
fn fetch(sample: &Sample, request: &Request) {
    let Some(verifier) = &sample.fetching else { return };
    if let Ok(Some(fetch)) = verifier.fetch(&request.received()) {
        let host = fetch.url.strip_prefix("https://").and_then(|rest| rest.split('/').next());
        let is_host = |host: &str| {
            host.contains('.')
                && host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-".contains(&byte))
        };
        assert!(host.is_some_and(is_host), "{} would be fetched", fetch.url);
        assert!(fetch.url.bytes().all(|byte| byte.is_ascii_graphic()), "{:?}", fetch.url);
    }
    let unfetched = verifier.verify(&request.received(), NOW);
    assert!(unfetched.is_err(), "{}: accepted without a key", sample.provider.slug);
    let _ = verifier.verify_with(&request.received(), NOW, Some(&request.body));
}

/// Explanations of requests that were changed on their way: none for what is accepted, and none
/// that tells the secret.
pub fn explanations(data: &[u8]) {
    let input = Input::read(data);
    let Some(sample) = samples::sample_at(input.slug) else { return };
    let mut request = input.request.signed(&sample.verifier).unwrap_or(input.request);
    request.change(input.changes);
    let case = Case {
        scheme: &sample.provider.scheme,
        provider: Some(sample.provider),
        secrets: &sample.secrets,
        options: &sample.options,
        others: &[],
        fetched: None,
    };
    let explained = explain(&case, &request.received(), NOW);
    let verdict = sample.verifier.verify(&request.received(), NOW);
    assert_eq!(explained.is_none(), verdict.is_ok(), "{}: {verdict:?}", sample.provider.slug);
    let Some(explained) = explained else { return };
    let told = format!("{explained:?} {}", explained.refusal);
    for secret in &sample.secrets {
        let secret = String::from_utf8_lossy(secret.reveal());
        assert!(!told.contains(&*secret), "the secret is told");
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::provider;

    /// The corpus would show nothing if what it signs were refused anyway.
    #[test]
    fn requests_with_a_provider_s_name_are_accepted_once_signed() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/fuzz/corpus/verify");
        let mut accepted = 0;
        for file in fs::read_dir(folder).unwrap() {
            let path = file.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap();
            if provider(name).is_none() {
                continue;
            }
            let data = fs::read(&path).unwrap();
            let input = Input::read(&data);
            let sample = samples::sample_at(input.slug).unwrap();
            let signed = input.request.signed(&sample.verifier).unwrap();
            assert!(sample.verifier.verify(&signed.received(), NOW).is_ok(), "{name}");
            accepted += 1;
        }
        assert!(accepted > 150, "only {accepted} providers have a request in {folder}");
    }
}
