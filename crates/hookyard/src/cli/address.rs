//! URLs as people write them on a command line: a port alone, or a host without a scheme.

use hookyard_delivery::check_url;
use hookyard_model::Reach;

use super::failure::Failure;
use crate::config::is_without_host;

/// The URL that is meant, in full: a port alone means this machine, and where no scheme is, it is
/// `http://`. `option` and `like` are for the failure: where it was written, and how it could be.
pub(super) fn whole_url(option: &str, text: &str, like: &str) -> Result<String, Failure> {
    let wrong = |why: &str| {
        Failure::usage(format!("`{option}` cannot be `{text}`: {why}"))
            .hint(format!("write it as `{like}`"))
    };
    let url =
        completed(text).ok_or_else(|| wrong("that is neither a URL nor a host with its port"))?;
    check_url(&url, &Reach::Operator { metadata: false })
        .map_err(|error| wrong(&error.to_string()))?;
    if is_without_host(&url) {
        return Err(wrong("it has no host"));
    }
    Ok(url)
}

/// `None` for a word that could be anything.
fn completed(text: &str) -> Option<String> {
    if text.contains("://") {
        return Some(text.to_owned());
    }
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Some(format!("http://localhost:{text}"));
    }
    let host = text.split(['/', '?', '#']).next().unwrap_or_default();
    // `http:/localhost` lacks a slash; it is no port of a host that is called `http`.
    let is_scheme = ["http:", "https:"].iter().any(|scheme| {
        host.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme))
    });
    let is_host = !is_scheme && (host == "localhost" || host.contains(['.', ':']));
    is_host.then(|| format!("http://{text}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_out_is_added_and_what_is_no_url_refused() {
        let cases = [
            ("3000", Some("http://localhost:3000")),
            ("localhost", Some("http://localhost")),
            ("localhost:3000/a", Some("http://localhost:3000/a")),
            ("app:3000", Some("http://app:3000")),
            ("127.0.0.1", Some("http://127.0.0.1")),
            ("[::1]:80/a?b=c", Some("http://[::1]:80/a?b=c")),
            ("example.com/hooks", Some("http://example.com/hooks")),
            ("https://example.com", Some("https://example.com")),
            ("http://app", Some("http://app")),
            ("", None),
            ("foo", None),
            ("foo/bar", None),
            ("/hooks", None),
            ("foo bar:80", None),
            ("foo:bar", None),
            ("localhost:70000", None),
            ("70000", None),
            ("http://", None),
            ("http:///hooks", None),
            ("http:/localhost:3000", None),
            ("HTTPS:example.com", None),
            ("ftp://example.com", None),
            ("http://169.254.169.254/", None),
        ];
        for (text, expected) in cases {
            let url = whole_url("--to", text, "http://localhost:3000");
            assert_eq!(url.as_ref().ok().map(String::as_str), expected, "{text}: {url:?}");
        }
    }
}
