//! `[sources.NAME]`: the provider, what it signs and how, its settings.

use super::Case;

pub(super) const CASES: &[Case] = &[
    (
        "an answer that the provider does not have",
        r#"
[sources.a]
provider = "discord"
secret = "MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE="
answer = "later"
[[routes]]
from = "a"
to = "d"
[destinations.d]
url = "http://localhost:3000"
"#,
        r#"
error: this provider has no such answer; write `deferred`, `deferred-private`, `deferred-update` or `receipt`
 --> hookyard.toml:4:10
  |
4 | answer = "later"
  |          ^^^^^^^"#,
    ),
    (
        "an answer that nobody reads",
        r#"
[sources.a]
provider = "github"
secret = "${GITHUB_SECRET}"
answer = "deferred"
[[routes]]
from = "a"
to = "d"
[destinations.d]
url = "http://localhost:3000"
"#,
        r#"
error: this provider reads no answer; write `receipt`, or remove this
 --> hookyard.toml:4:10
  |
4 | answer = "deferred"
  |          ^^^^^^^^^^"#,
    ),
    (
        "size that is too large",
        r#"
[sources.a]
verify = "none"
body_limit = "1GiB"
[[routes]]
from = "a"
to = "d"
[destinations.d]
url = "http://localhost:3000"
"#,
        r#"
error: a body limit is from "1B" to "64MiB"
 --> hookyard.toml:3:14
  |
3 | body_limit = "1GiB"
  |              ^^^^^^"#,
    ),
    (
        "source without provider",
        r#"
[sources.git-hub]
secret = "${GITHUB_SECRET}"
[[routes]]
from = "git-hub"
to = "d"
[destinations.d]
url = "http://localhost:3000"
"#,
        r#"
error: `provider` is missing in `[sources.git-hub]`; write `provider = "github"` if that is who sends
 --> hookyard.toml:1:10
  |
1 | [sources.git-hub]
  |          ^^^^^^^"#,
    ),
    (
        "provider misspelt",
        r#"
[sources.a]
provider = "githb"
secret = "${GITHUB_SECRET}"
[[routes]]
from = "a"
to = "d"
[destinations.d]
url = "http://localhost:3000"
"#,
        r#"
error: there is no provider `githb`; did you mean `github`?
 --> hookyard.toml:2:12
  |
2 | provider = "githb"
  |            ^^^^^^^"#,
    ),
    (
        "provider unknown",
        r#"
[sources.a]
provider = "acme"
secret = "${GITHUB_SECRET}"
[[routes]]
from = "a"
to = "d"
[destinations.d]
url = "http://localhost:3000"
"#,
        r#"
error: there is no provider `acme`; `generic` understands any HMAC, with a `signature` table to describe it
 --> hookyard.toml:2:12
  |
2 | provider = "acme"
  |            ^^^^^^"#,
    ),
    (
        "verify something else",
        r#"
[sources.a]
provider = "github"
verify = false
[[routes]]
from = "a"
to = "d"
[destinations.d]
url = "http://localhost:3000"
"#,
        r#"
error: expected `"signature"` or `"none"`, found true or false
 --> hookyard.toml:3:10
  |
3 | verify = false
  |          ^^^^^"#,
    ),
    (
        "signature of a known provider",
        r#"
[sources.a]
provider = "github"
secret = "${GITHUB_SECRET}"
signature = { header = "x-a" }
[[routes]]
from = "a"
to = "d"
[destinations.d]
url = "http://localhost:3000"
"#,
        r#"
error: `signature` describes a `generic` sender; remove it, or write `provider = "generic"`
 --> hookyard.toml:4:13
  |
4 | signature = { header = "x-a" }
  |             ^^^^^^^^^^^^^^^^^^"#,
    ),
    (
        "signature that contradicts itself",
        r#"
[sources.a]
provider = "generic"
secret = "${GITHUB_SECRET}"
signature = { header = "x-a", template = "{timestamp}.{body}" }
[[routes]]
from = "a"
to = "d"
[destinations.d]
url = "http://localhost:3000"
"#,
        r#"
error: the signature cannot be described like this: the template signs {timestamp}, but no timestamp header is set
 --> hookyard.toml:4:13
  |
4 | signature = { header = "x-a", template = "{timestamp}.{body}" }
  |             ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^"#,
    ),
    (
        "signature with an unknown hash",
        r#"
[sources.a]
provider = "generic"
secret = "${GITHUB_SECRET}"
signature = { algorithm = "md5" }
[[routes]]
from = "a"
to = "d"
[destinations.d]
url = "http://localhost:3000"
"#,
        r#"
error: the signature cannot be described like this: `md5` is not a known algorithm: use sha256, sha512 or sha1
 --> hookyard.toml:4:13
  |
4 | signature = { algorithm = "md5" }
  |             ^^^^^^^^^^^^^^^^^^^^^"#,
    ),
    (
        "dedupe by something else",
        r#"
[sources.a]
verify = "none"
dedupe = { key = "json:id", window = "0s" }
[[routes]]
from = "a"
to = "d"
[destinations.d]
url = "http://localhost:3000"
"#,
        r#"
error: expected `"provider"`, `"header:NAME"`, `"json:/POINTER"`, `"form:NAME"`, `"body"` or `"off"`
 --> hookyard.toml:3:18
  |
3 | dedupe = { key = "json:id", window = "0s" }
  |                  ^^^^^^^^^

error: a window of 0 tells no repeat; write `key = "off"` if that is meant
 --> hookyard.toml:3:38
  |
3 | dedupe = { key = "json:id", window = "0s" }
  |                                      ^^^^"#,
    ),
    (
        "dedupe by what is never met",
        r#"
[sources.a]
verify = "none"
dedupe = { key = ["provider", "body", "header:x-id"] }
[sources.b]
verify = "none"
dedupe = { key = ["provider", "off"] }
[sources.c]
verify = "none"
dedupe = { key = [] }
[[routes]]
from = "*"
to = "d"
[destinations.d]
url = "http://localhost:3000"
"#,
        r#"
error: every request has a body, so this is never looked at; put `body` last
 --> hookyard.toml:3:39
  |
3 | dedupe = { key = ["provider", "body", "header:x-id"] }
  |                               ------  ^^^^^^^^^^^^^
  |                               |
  |                               always there

error: `off` stands alone: with another key repeats are told; remove one of them
 --> hookyard.toml:6:31
  |
6 | dedupe = { key = ["provider", "off"] }
  |                               ^^^^^

error: the list is empty; put at least one into it
 --> hookyard.toml:9:18
  |
9 | dedupe = { key = [] }
  |                  ^^"#,
    ),
    (
        "method that is none",
        r#"
[sources.a]
verify = "none"
methods = ["POTS"]
[[routes]]
from = "a"
to = "d"
[destinations.d]
url = "http://localhost:3000"
"#,
        r#"
error: expected `"GET"`, `"POST"`, `"PUT"`, `"PATCH"` or `"DELETE"`
 --> hookyard.toml:3:12
  |
3 | methods = ["POTS"]
  |            ^^^^^^"#,
    ),
    (
        "tolerance of zero",
        r#"
[sources.a]
provider = "stripe"
secret = "${GITHUB_SECRET}"
tolerance = "0s"
[[routes]]
from = "a"
to = "d"
[destinations.d]
url = "http://localhost:3000"
"#,
        r#"
error: a tolerance is from "1s" to "1d"; "5m" is usual
 --> hookyard.toml:4:13
  |
4 | tolerance = "0s"
  |             ^^^^"#,
    ),
    (
        "warnings alone",
        r#"
[sources.a]
provider = "twilio"
secret = "short"
[sources.b]
provider = "github"
secret = "${GITHUB_SECRET}"
tolerance = "5m"
[destinations.d]
url = "http://localhost"
[destinations.e]
url = "http://localhost"
secret = "whsec_c2hvcnQ="
[[routes]]
from = "b"
to = "d"
"#,
        r#"
warning: this provider signs the URL it was given; set `public_url` here or in `[server]`, or its requests are refused behind a proxy
 --> hookyard.toml:1:10
  |
1 | [sources.a]
  |          ^

warning: no route begins at the source `a`: its events are kept and not delivered; add a `[[routes]]` section
 --> hookyard.toml:1:10
  |
1 | [sources.a]
  |          ^

warning: this secret is shorter than 16 characters and could be guessed; take a longer one if you can
 --> hookyard.toml:3:10
  |
3 | secret = "*****"
  |          ^^^^^^^

warning: this has no effect, because no timestamp is signed here; remove it
 --> hookyard.toml:7:13
  |
7 | tolerance = "5m"
  |             ^^^^

warning: no route leads to the destination `e`: nothing is delivered there; add a `[[routes]]` section
  --> hookyard.toml:10:15
   |
10 | [destinations.e]
   |               ^

warning: this secret is shorter than 16 characters and could be guessed; take a longer one if you can
  --> hookyard.toml:12:10
   |
12 | secret = "**************"
   |          ^^^^^^^^^^^^^^^^"#,
    ),
    (
        "what a provider's question needs, and batches of a sender without any",
        r#"
[sources.meta]
provider = "meta"
secret = "${GITHUB_SECRET}"
[sources.ebay]
provider = "ebay"
settings = { access_token = "${GITHUB_SECRET}" }
[sources.zoom]
provider = "zoom"
verify = "none"
[sources.github]
provider = "github"
secret = "${GITHUB_SECRET}"
batches = "split"
[destinations.d]
url = "http://localhost"
[[routes]]
from = "*"
to = "d"
"#,
        r#"
warning: `meta` asks before it sends events, and is refused without `settings = { verify_token = "…" }`: the verify token that is entered where the hook is set up, without which its check is not answered
 --> hookyard.toml:1:10
  |
1 | [sources.meta]
  |          ^^^^

warning: `ebay` asks before it sends events, and is refused without `settings = { verification_token = "…" }`: the token that eBay was given with the endpoint, to answer its challenges
 --> hookyard.toml:6:12
  |
6 | settings = { access_token = "${GITHUB_SECRET}" }
  |            ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^

warning: `zoom` asks before it sends events, and is refused: the answer is made with the `secret`, and there is none
 --> hookyard.toml:7:10
  |
7 | [sources.zoom]
  |          ^^^^

warning: this has no effect, because no batches are known of this sender; remove it
  --> hookyard.toml:13:11
   |
13 | batches = "split"
   |           ^^^^^^^"#,
    ),
    (
        "no source at all",
        r#"
[server]
listen = "127.0.0.1:1"
"#,
        r"
warning: there is no source, so nothing can come in; add a section such as `[sources.github]`
--> hookyard.toml",
    ),
    (
        "unknown setting",
        r#"
[sources.a]
provider = "paypal"
settings = { webhok_id = "hunter2-hunter2" }
[[routes]]
from = "a"
to = "d"
[destinations.d]
url = "http://localhost:3000"
"#,
        r#"
error: `paypal` has no setting `webhok_id`; did you mean `webhook_id`?
 --> hookyard.toml:3:14
  |
3 | settings = { webhok_id = "***************" }
  |              ^^^^^^^^^"#,
    ),
    (
        "setting of another provider",
        r#"
[sources.a]
provider = "paypal"
settings = { webhook_id = "1JE4291016473214C", topic_arn = "hunter2-hunter2" }
[[routes]]
from = "a"
to = "d"
[destinations.d]
url = "http://localhost:3000"
"#,
        r#"
error: `paypal` has no setting `topic_arn`; it has `webhook_id` (the id of the webhook, as PayPal's dashboard shows it)
 --> hookyard.toml:3:48
  |
3 | settings = { webhook_id = "*****************", topic_arn = "***************" }
  |                                                ^^^^^^^^^"#,
    ),
    (
        "missing setting",
        r#"
[sources.a]
provider = "paypal"
[[routes]]
from = "a"
to = "d"
[destinations.d]
url = "http://localhost:3000"
"#,
        r#"
error: `[sources.a]` needs `settings = { webhook_id = "…" }`: the id of the webhook, as PayPal's dashboard shows it
 --> hookyard.toml:1:10
  |
1 | [sources.a]
  |          ^"#,
    ),
    (
        "settings where there are none",
        r#"
[sources.a]
provider = "github"
secret = "hunter2-hunter2-hunter2"
settings = { webhook_id = "hunter2-hunter2" }
[[routes]]
from = "a"
to = "d"
[destinations.d]
url = "http://localhost:3000"
"#,
        r#"
error: `github` has no settings; remove `webhook_id`
 --> hookyard.toml:4:14
  |
4 | settings = { webhook_id = "***************" }
  |              ^^^^^^^^^^"#,
    ),
    (
        "a setting of the wrong form",
        r#"
[sources.a]
provider = "aws-sns"
[sources.a.settings]
topic_arn = "hunter2-hunter2"
[[routes]]
from = "a"
to = "d"
[destinations.d]
url = "http://localhost:3000"
"#,
        r"
error: `topic_arn` is the topic's name as AWS shows it, such as `arn:aws:sns:us-east-1:123456789012:orders`
 --> hookyard.toml:3:1
  |
3 | [sources.a.settings]
  | ^^^^^^^^^^^^^^^^^^^^",
    ),
    (
        "keys that are not fetched",
        r#"
[sources.a]
provider = "github"
secret = "hunter2-hunter2-hunter2"
keys_url = "http://127.0.0.1:9000"
[[routes]]
from = "a"
to = "d"
[destinations.d]
url = "http://localhost:3000"
"#,
        r#"
error: nothing is fetched for this source, because its keys are the `secret`; remove `keys_url`
 --> hookyard.toml:4:12
  |
4 | keys_url = "http://127.0.0.1:9000"
  |            ^^^^^^^^^^^^^^^^^^^^^^^"#,
    ),
];
