//! `[destinations.NAME]`: the URL, headers, timeouts, retries.

use super::Case;

pub(super) const CASES: &[Case] = &[
    (
        "time that is too long",
        r#"
[sources.a]
verify = "none"
[[routes]]
from = "a"
to = "d"
[destinations.d]
url = "http://localhost:3000"
timeout = "2m"
"#,
        r#"
error: this is too long; write at most "1m"
 --> hookyard.toml:8:11
  |
8 | timeout = "2m"
  |           ^^^^"#,
    ),
    (
        "time of zero",
        r#"
[sources.a]
verify = "none"
[[routes]]
from = "a"
to = "d"
[destinations.d]
url = "http://localhost:3000"
timeout = "0s"
"#,
        r#"
error: a time of 0 does not work here; write up to "1m"
 --> hookyard.toml:8:11
  |
8 | timeout = "0s"
  |           ^^^^"#,
    ),
    (
        "step longer than the whole",
        r#"
[sources.a]
verify = "none"
[[routes]]
from = "a"
to = "d"
[destinations.d]
url = "http://localhost:3000"
timeout = "3s"
timeouts = { connect = "4s" }
"#,
        r#"
error: a step cannot take longer than the whole attempt; shorten it, or raise `timeout`
 --> hookyard.toml:9:24
  |
8 | timeout = "3s"
  |           ---- the whole attempt
9 | timeouts = { connect = "4s" }
  |                        ^^^^"#,
    ),
    (
        "number below one",
        r#"
[sources.a]
verify = "none"
[[routes]]
from = "a"
to = "d"
[destinations.d]
url = "http://localhost:3000"
concurrency = 0
"#,
        r"
error: expected a whole number from 1 to 1024
 --> hookyard.toml:8:15
  |
8 | concurrency = 0
  |               ^",
    ),
    (
        "url without scheme",
        r#"
[sources.a]
verify = "none"
[[routes]]
from = "a"
to = "d"
[destinations.d]
url = "localhost:3000"
"#,
        r#"
error: a URL begins with `http://` or `https://`
 --> hookyard.toml:7:7
  |
7 | url = "localhost:3000"
  |       ^^^^^^^^^^^^^^^^"#,
    ),
    (
        "url with a password",
        r#"
[sources.a]
verify = "none"
[[routes]]
from = "a"
to = "d"
[destinations.d]
url = "https://me:hunter2@example.com/"
"#,
        r#"
error: a URL with a user name or password is not accepted; use a header
 --> hookyard.toml:7:7
  |
7 | url = "https://**********@example.com/"
  |       ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^"#,
    ),
    (
        "url of a metadata service",
        r#"
[sources.a]
verify = "none"
[[routes]]
from = "a"
to = "d"
[destinations.d]
url = "http://169.254.169.254/latest?token=abc"
"#,
        r#"
error: the address 169.254.169.254 is not allowed: a cloud metadata service; if this is meant, write `allow_metadata = true`
 --> hookyard.toml:7:7
  |
7 | url = "http://169.254.169.254/latest**********"
  |       ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^"#,
    ),
    (
        "public reach of a private address",
        r#"
[sources.a]
verify = "none"
[[routes]]
from = "a"
to = "d"
[destinations.d]
url = "http://10.0.0.7:8080/hooks"
reach = "public"
"#,
        r#"
error: the address 10.0.0.7 is not allowed: a private network; if the URL is your own, remove `reach = "public"`
 --> hookyard.toml:7:7
  |
7 | url = "http://10.0.0.7:8080/hooks"
  |       ^^^^^^^^^^^^^^^^^^^^^^^^^^^^"#,
    ),
    (
        "public reach of an address in disguise",
        r#"
[sources.a]
verify = "none"
[[routes]]
from = "a"
to = "d"
[destinations.d]
url = "http://0x7f.1/hooks"
reach = "public"
"#,
        r#"
error: the address 127.0.0.1 is not allowed: loopback; if the URL is your own, remove `reach = "public"`
 --> hookyard.toml:7:7
  |
7 | url = "http://0x7f.1/hooks"
  |       ^^^^^^^^^^^^^^^^^^^^^"#,
    ),
    (
        "public reach of a private name",
        r#"
[sources.a]
verify = "none"
[[routes]]
from = "a"
to = "d"
[destinations.d]
reach = "public"
url = "http://localhost:3000"
"#,
        r#"
error: the name localhost is not allowed: it is not a public one; if the URL is your own, remove `reach = "public"`
 --> hookyard.toml:8:7
  |
8 | url = "http://localhost:3000"
  |       ^^^^^^^^^^^^^^^^^^^^^^^"#,
    ),
    (
        "public reach of another service",
        r#"
[sources.a]
verify = "none"
[[routes]]
from = "a"
to = "d"
[destinations.d]
url = "https://example.com:6379/"
reach = "public"
"#,
        r#"
error: port 6379 is not allowed; if the URL is your own, remove `reach = "public"`
 --> hookyard.toml:7:7
  |
7 | url = "https://example.com:6379/"
  |       ^^^^^^^^^^^^^^^^^^^^^^^^^^^"#,
    ),
    (
        "public reach of metadata",
        r#"
[sources.a]
verify = "none"
[[routes]]
from = "a"
to = "d"
[destinations.d]
url = "https://example.com/"
reach = "public"
allow_metadata = true
"#,
        r#"
error: `reach = "public"` leaves out what `allow_metadata` allows; remove one of the two
 --> hookyard.toml:9:18
  |
8 | reach = "public"
  |         -------- public addresses alone
9 | allow_metadata = true
  |                  ^^^^"#,
    ),
    (
        "reach that is none",
        r#"
[sources.a]
verify = "none"
[[routes]]
from = "a"
to = "d"
[destinations.d]
url = "https://example.com/"
reach = "private"
"#,
        r#"
error: expected `"any"` or `"public"`
 --> hookyard.toml:8:9
  |
8 | reach = "private"
  |         ^^^^^^^^^"#,
    ),
    (
        "header of ours",
        r#"
[sources.a]
verify = "none"
[[routes]]
from = "a"
to = "d"
[destinations.d]
url = "http://localhost:3000"
headers = { webhook-id = "1", Host = "example.com", "x y" = "1", authorization = "Bearer a\nb" }
"#,
        r#"
error: Hookyard sets the header `webhook-id` itself; remove it here
 --> hookyard.toml:8:13
  |
8 | headers = { webhook-id = "*", Host = "***********", "x y" = "*", authorization = "***********" }
  |             ^^^^^^^^^^

error: the header `Host` cannot be set: it belongs to the connection; remove it, or write another
 --> hookyard.toml:8:31
  |
8 | headers = { webhook-id = "*", Host = "***********", "x y" = "*", authorization = "***********" }
  |                               ^^^^

error: `x y` is not a header name; remove it, or write another
 --> hookyard.toml:8:53
  |
8 | headers = { webhook-id = "*", Host = "***********", "x y" = "*", authorization = "***********" }
  |                                                     ^^^^^

error: the value of the header `authorization` has characters that a header cannot have; remove it, or write another
 --> hookyard.toml:8:82
  |
8 | headers = { webhook-id = "*", Host = "***********", "x y" = "*", authorization = "***********" }
  |                                                                                  ^^^^^^^^^^^^^"#,
    ),
    (
        "retry with base above max",
        r#"
[sources.a]
verify = "none"
[[routes]]
from = "a"
to = "d"
[destinations.d]
url = "http://localhost:3000"
retry = { base = "2h" }
"#,
        r#"
error: `base` is longer than `max`; the first wait cannot be longer than the longest
 --> hookyard.toml:8:18
  |
8 | retry = { base = "2h" }
  |                  ^^^^"#,
    ),
    (
        "retry that is a word",
        r#"
[sources.a]
verify = "none"
[[routes]]
from = "a"
to = "d"
[destinations.d]
url = "http://localhost:3000"
retry = "never"
"#,
        r#"
error: expected `"standard"`, a list of waits such as `["5s", "5m"]`, or a table
 --> hookyard.toml:8:9
  |
8 | retry = "never"
  |         ^^^^^^^"#,
    ),
    (
        "circuit with a wrong share",
        r#"
[sources.a]
verify = "none"
[[routes]]
from = "a"
to = "d"
[destinations.d]
url = "http://localhost:3000"
circuit = { failure_rate = 50, failures = 0 }
"#,
        r"
error: expected a number above 0, up to 1, such as `0.5`
 --> hookyard.toml:8:28
  |
8 | circuit = { failure_rate = 50, failures = 0 }
  |                            ^^

error: expected a whole number from 1 to 1000000
 --> hookyard.toml:8:43
  |
8 | circuit = { failure_rate = 50, failures = 0 }
  |                                           ^",
    ),
    (
        "forward something else",
        r#"
[sources.a]
verify = "none"
[[routes]]
from = "a"
to = "d"
[destinations.d]
url = "http://localhost:3000"
forward_headers = "some"
"#,
        r#"
error: expected `"content"`, `"signature"`, `"all"` or a list of header names
 --> hookyard.toml:8:19
  |
8 | forward_headers = "some"
  |                   ^^^^^^"#,
    ),
    (
        "destination without a host",
        r#"
[sources.a]
verify = "none"
[[routes]]
from = "a"
to = "d"
[destinations.d]
url = "http:///hooks"
"#,
        r#"
error: the URL has no host; write it like `https://example.com/hooks`
 --> hookyard.toml:7:7
  |
7 | url = "http:///hooks"
  |       ^^^^^^^^^^^^^^^"#,
    ),
];
