//! Atlassian's query string hash: what the claim `qsh` is the SHA-256 of.
//!
//! By <https://developer.atlassian.com/cloud/bitbucket/query-string-hash/>, with the order of names
//! that Atlassian's own library for Node has (npm `atlassian-jwt` 2.0.3, `lib/jwt.js`) beside the
//! order that is documented: they differ where a name has characters that are escaped.

use crate::place::escaped;
use crate::{Received, form};

/// The parameter that may carry the token itself, and is left out.
const TOKEN: &[u8] = b"jwt";

/// The canonical request in the documented order, and in the library's. `base` is the URL under
/// which Atlassian knows the app, whose path is left out.
pub(super) fn canonical(request: &Received<'_>, base: Option<&str>) -> [String; 2] {
    let method = request.method.to_ascii_uppercase();
    let path = path(request, base);
    let mut pairs: Vec<_> =
        form::pairs(request.query().as_bytes()).filter(|(name, _)| **name != *TOKEN).collect();
    pairs.sort();
    let mut pairs: Vec<_> =
        pairs.iter().map(|(name, value)| (escaped(name), escaped(value))).collect();
    let library = query(&pairs);
    pairs.sort();
    [query(&pairs), library].map(|query| format!("{method}&{path}&{query}"))
}

/// The path below the base, without a slash at its end, and with `&` escaped, since it separates
/// the parts of the canonical request.
fn path(request: &Received<'_>, base: Option<&str>) -> String {
    let whole = request.path();
    let base = base.map(|url| Received { url, ..*request }.path().trim_end_matches('/'));
    let below = base.and_then(|base| whole.strip_prefix(base));
    // `/app` is not the base of `/application`.
    let below = below.filter(|rest| rest.is_empty() || rest.starts_with('/')).unwrap_or(whole);
    let path = below.strip_suffix('/').unwrap_or(below).replace('&', "%26");
    if path.is_empty() { "/".to_owned() } else { path }
}

/// Names and values, those of one name joined by commas.
fn query(pairs: &[(String, String)]) -> String {
    let groups = pairs.chunk_by(|(one, _), (other, _)| one == other);
    let written = groups.filter_map(|group| {
        let (name, _) = group.first()?;
        let values: Vec<_> = group.iter().map(|(_, value)| value.as_str()).collect();
        Some(format!("{name}={}", values.join(",")))
    });
    written.collect::<Vec<_>>().join("&")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn first(method: &str, url: &str, base: Option<&str>) -> String {
        let headers: [(&str, &str); 0] = [];
        let [documented, _] =
            canonical(&Received { method, url, headers: &headers, body: b"" }, base);
        documented
    }

    /// What npm `atlassian-jwt` 2.0.3 made of these (`createCanonicalRequest`).
    #[test]
    fn as_the_official_library() {
        for (method, url, base, expected) in [
            (
                "GET",
                "https://a.example/path/to/service?zee_last=param&repeated=parameter+1&first=param&repeated=parameter+2&repeated=Parameter+2",
                None,
                "GET&/path/to/service&first=param&repeated=Parameter%202,parameter%201,parameter%202&zee_last=param",
            ),
            ("post", "https://a.example/issue/?", None, "POST&/issue&"),
            ("POST", "https://a.example", None, "POST&/&"),
            ("POST", "https://a.example/a&b?x=y&jwt=abc.def.ghi", None, "POST&/a%26b&x=y"),
            (
                "GET",
                "https://a.example/x?a=1,2&b=%2C&c=%C3%A9&d=~-._!'()*&e&f=",
                None,
                "GET&/x&a=1%2C2&b=%2C&c=%C3%A9&d=~-._%21%27%28%29%2A&e=&f=",
            ),
            (
                "POST",
                "https://a.example/jira-connector/issue?user_id=admin&project_key=A+B%2BC",
                Some("https://a.example/jira-connector"),
                "POST&/issue&project_key=A%20B%2BC&user_id=admin",
            ),
        ] {
            assert_eq!(first(method, url, base), expected, "{url}");
        }
    }

    #[test]
    fn orders_differ_where_names_are_escaped() {
        let headers: [(&str, &str); 0] = [];
        let url = "https://a.example/?a%5B0%5D=1&aB=2";
        let both = canonical(&Received { method: "GET", url, headers: &headers, body: b"" }, None);
        assert_eq!(both, ["GET&/&a%5B0%5D=1&aB=2", "GET&/&aB=2&a%5B0%5D=1"]);
    }

    #[test]
    fn a_base_is_left_out_only_where_it_ends_at_a_slash() {
        for (url, expected) in [
            ("https://a.example/app", "POST&/&"),
            ("https://a.example/app/", "POST&/&"),
            ("https://a.example/app/x", "POST&/x&"),
            ("https://a.example/application", "POST&/application&"),
        ] {
            assert_eq!(first("post", url, Some("https://a.example/app/")), expected, "{url}");
        }
    }
}
