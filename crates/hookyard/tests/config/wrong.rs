//! Files that are wrong, and what is shown for each.
//!
//! Every case is one file, and beside it the very text that an operator reads.

use super::shown;

/// What is wrong, the file, and what is shown.
const CASES: &[(&str, &str, &str)] = &[
    (
        "misspelt key",
        r#"
[sources.a]
provider = "github"
secrt = "hunter2-hunter2-hunter2"
[[routes]]
from = "a"
to = "d"
[destinations.d]
url = "http://localhost:3000"
"#,
        r#"
error: unknown key `secrt` in `[sources.a]`; did you mean `secret`?
 --> hookyard.toml:3:1
  |
3 | secrt = "***********************"
  | ^^^^^"#,
    ),
    (
        "misspelt required key",
        r#"
[sources.a]
verify = "none"
[[routes]]
from = "a"
to = "d"
[destinations.d]
ulr = "http://localhost:3000"
"#,
        r#"
error: unknown key `ulr` in `[destinations.d]`; did you mean `url`?
 --> hookyard.toml:7:1
  |
7 | ulr = "*********************"
  | ^^^"#,
    ),
    (
        "misspelt section",
        r#"
[sever]
listen = "127.0.0.1:1"
[sources.a]
verify = "none"
[[routes]]
from = "a"
to = "d"
[destinations.d]
url = "http://localhost:3000"
"#,
        r"
error: unknown key `sever` in the file; did you mean `server`?
 --> hookyard.toml:1:2
  |
1 | [sever]
  |  ^^^^^",
    ),
    (
        "key with a dash",
        r#"
[sources.a]
verify = "none"
allow-ips = []
[[routes]]
from = "a"
to = "d"
[destinations.d]
url = "http://localhost:3000"
"#,
        r"
error: unknown key `allow-ips` in `[sources.a]`; did you mean `allow_ips`?
 --> hookyard.toml:3:1
  |
3 | allow-ips = []
  | ^^^^^^^^^",
    ),
    (
        "key of another section",
        r#"
[server]
keep_free = "1GiB"
[sources.a]
verify = "none"
[[routes]]
from = "a"
to = "d"
[destinations.d]
url = "http://localhost:3000"
"#,
        r#"
error: unknown key `keep_free` in `[server]`; it belongs in `[store]`
 --> hookyard.toml:2:1
  |
2 | keep_free = "1GiB"
  | ^^^^^^^^^"#,
    ),
    (
        "key that means nothing",
        r#"
[admin]
colour = "red"
[sources.a]
verify = "none"
[[routes]]
from = "a"
to = "d"
[destinations.d]
url = "http://localhost:3000"
"#,
        r#"
error: unknown key `colour` in `[admin]`; known are `listen`, `allow_remote`, `hosts`
 --> hookyard.toml:2:1
  |
2 | colour = "***"
  | ^^^^^^"#,
    ),
    (
        "key before any section",
        r#"
listen = "127.0.0.1:1"
[sources.a]
verify = "none"
[[routes]]
from = "a"
to = "d"
[destinations.d]
url = "http://localhost:3000"
"#,
        r#"
error: unknown key `listen` in the file; it belongs in `[server]` or `[admin]`
 --> hookyard.toml:1:1
  |
1 | listen = "127.0.0.1:1"
  | ^^^^^^"#,
    ),
    (
        "number for a text",
        r#"
[sources.a]
provider = 5
[[routes]]
from = "a"
to = "d"
[destinations.d]
url = "http://localhost:3000"
"#,
        r"
error: expected the name of a provider, found a whole number
 --> hookyard.toml:2:12
  |
2 | provider = 5
  |            ^",
    ),
    (
        "text for a number",
        r#"
[sources.a]
verify = "none"
[[routes]]
from = "a"
to = "d"
[destinations.d]
url = "http://localhost:3000"
concurrency = "8"
"#,
        r#"
error: expected a whole number, found a text
 --> hookyard.toml:8:15
  |
8 | concurrency = "8"
  |               ^^^"#,
    ),
    (
        "text for true",
        r#"
[sources.a]
verify = "none"
enabled = "no"
[[routes]]
from = "a"
to = "d"
[destinations.d]
url = "http://localhost:3000"
"#,
        r#"
error: expected `true` or `false`, found a text
 --> hookyard.toml:3:11
  |
3 | enabled = "no"
  |           ^^^^"#,
    ),
    (
        "list for a table",
        r#"
[store]
retention = []
[sources.a]
verify = "none"
[[routes]]
from = "a"
to = "d"
[destinations.d]
url = "http://localhost:3000"
"#,
        r"
error: expected a table, found a list
 --> hookyard.toml:2:13
  |
2 | retention = []
  |             ^^",
    ),
    (
        "value for a section",
        r#"
server = "127.0.0.1:1"
[sources.a]
verify = "none"
[[routes]]
from = "a"
to = "d"
[destinations.d]
url = "http://localhost:3000"
"#,
        r#"
error: expected a table, found a text
 --> hookyard.toml:1:10
  |
1 | server = "***********"
  |          ^^^^^^^^^^^^^"#,
    ),
    (
        "value for a source",
        r#"
[sources.a]
verify = "none"
[[routes]]
from = "a"
to = "d"
[destinations.d]
url = "http://localhost:3000"
[sources]
b = "github"
"#,
        r#"
error: expected a section `[sources.b]`, found a text
 --> hookyard.toml:9:5
  |
9 | b = "******"
  |     ^^^^^^^^"#,
    ),
    (
        "route with one bracket",
        r#"
[sources.a]
verify = "none"
[destinations.d]
url = "http://localhost:3000"
[routes]
from = "a"
to = "d"
"#,
        r"
error: expected sections `[[routes]]`, with two brackets on each side
 --> hookyard.toml:5:1
  |
5 | [routes]
  | ^^^^^^^^",
    ),
    (
        "route within a name",
        r#"
[sources.a]
verify = "none"
[destinations.d]
url = "http://localhost:3000"
[[routes]]
from = ["a"]
to = "d"
"#,
        r#"
error: expected a text, found a list
 --> hookyard.toml:6:8
  |
6 | from = ["a"]
  |        ^^^^^"#,
    ),
    (
        "time without unit",
        r#"
[sources.a]
verify = "none"
[[routes]]
from = "a"
to = "d"
[destinations.d]
url = "http://localhost:3000"
timeout = 15
"#,
        r#"
error: expected a time such as `"15s"` or `"1h30m"`, found a whole number
 --> hookyard.toml:8:11
  |
8 | timeout = 15
  |           ^^"#,
    ),
    (
        "time with unknown unit",
        r#"
[sources.a]
verify = "none"
[[routes]]
from = "a"
to = "d"
[destinations.d]
url = "http://localhost:3000"
timeout = "15 sec"
"#,
        r#"
error: expected a time such as `"15s"` or `"1h30m"`
 --> hookyard.toml:8:11
  |
8 | timeout = "15 sec"
  |           ^^^^^^^^"#,
    ),
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
        "size without unit",
        r#"
[sources.a]
verify = "none"
body_limit = "1024"
[[routes]]
from = "a"
to = "d"
[destinations.d]
url = "http://localhost:3000"
"#,
        r#"
error: expected a size such as `"64KiB"` or `"1MiB"`
 --> hookyard.toml:3:14
  |
3 | body_limit = "1024"
  |              ^^^^^^"#,
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
        "rate with unknown unit",
        r#"
[sources.a]
verify = "none"
[[routes]]
from = "a"
to = "d"
[destinations.d]
url = "http://localhost:3000"
rate = "50/d"
"#,
        r#"
error: expected a rate such as `"50/s"`, `"100/m"` or `"1000/h"`
 --> hookyard.toml:8:8
  |
8 | rate = "50/d"
  |        ^^^^^^"#,
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
        "number below zero",
        r#"
[sources.a]
verify = "none"
[[routes]]
from = "a"
to = "d"
[destinations.d]
url = "http://localhost:3000"
concurrency = -1
"#,
        r"
error: expected a whole number from 0 to 4294967295
 --> hookyard.toml:8:15
  |
8 | concurrency = -1
  |               ^^",
    ),
    (
        "address without port",
        r#"
[server]
listen = "127.0.0.1"
[sources.a]
verify = "none"
[[routes]]
from = "a"
to = "d"
[destinations.d]
url = "http://localhost:3000"
"#,
        r#"
error: expected an address and port such as `"127.0.0.1:8080"`
 --> hookyard.toml:2:10
  |
2 | listen = "127.0.0.1"
  |          ^^^^^^^^^^^"#,
    ),
    (
        "network that is none",
        r#"
[sources.a]
verify = "none"
allow_ips = ["192.30.252.0/22", "10.0.0.0/33", "example.com"]
[[routes]]
from = "a"
to = "d"
[destinations.d]
url = "http://localhost:3000"
"#,
        r#"
error: expected an address or network such as `"192.0.2.7"` or `"192.0.2.0/24"`
 --> hookyard.toml:3:33
  |
3 | allow_ips = ["192.30.252.0/22", "10.0.0.0/33", "example.com"]
  |                                 ^^^^^^^^^^^^^

error: expected an address or network such as `"192.0.2.7"` or `"192.0.2.0/24"`
 --> hookyard.toml:3:48
  |
3 | allow_ips = ["192.30.252.0/22", "10.0.0.0/33", "example.com"]
  |                                                ^^^^^^^^^^^^^"#,
    ),
    (
        "variable that is missing",
        r#"
[sources.a]
provider = "github"
secret = "${NO_SUCH_SECRET}"
[[routes]]
from = "a"
to = "d"
[destinations.d]
url = "http://localhost:3000"
"#,
        r#"
error: the environment variable `NO_SUCH_SECRET` is not set; set it, or write the value here
 --> hookyard.toml:3:11
  |
3 | secret = "${NO_SUCH_SECRET}"
  |           ^^^^^^^^^^^^^^^^^"#,
    ),
    (
        "variable that is empty",
        r#"
[sources.a]
provider = "github"
secret = "${EMPTY}"
[[routes]]
from = "a"
to = "d"
[destinations.d]
url = "http://localhost:3000"
"#,
        r#"
error: the environment variable is empty; set it to the secret
 --> hookyard.toml:3:10
  |
3 | secret = "${EMPTY}"
  |          ^^^^^^^^^^"#,
    ),
    (
        "variable without end",
        r#"
[sources.a]
provider = "github"
secret = "${GITHUB_SECRET"
[[routes]]
from = "a"
to = "d"
[destinations.d]
url = "http://localhost:3000"
"#,
        r#"
error: `${` begins the name of an environment variable, as in `${NAME}`; write `$${` for the characters themselves
 --> hookyard.toml:3:10
  |
3 | secret = "***************"
  |          ^^^^^^^^^^^^^^^^^"#,
    ),
    (
        "variable as a shell writes it",
        r#"
[sources.a]
provider = "github"
secret = "$GITHUB_SECRET"
[[routes]]
from = "a"
to = "d"
[destinations.d]
url = "http://localhost:3000"
"#,
        r#"
error: this is the text itself, not the variable: write `${GITHUB_SECRET}`
 --> hookyard.toml:3:10
  |
3 | secret = "**************"
  |          ^^^^^^^^^^^^^^^^"#,
    ),
    (
        "variable as templates write it",
        r#"
[sources.a]
provider = "github"
secret = "{{ GITHUB_SECRET }}"
[[routes]]
from = "a"
to = "d"
[destinations.d]
url = "http://localhost:3000"
"#,
        r#"
error: this is the text itself, not the variable: write `${GITHUB_SECRET}`
 --> hookyard.toml:3:10
  |
3 | secret = "*******************"
  |          ^^^^^^^^^^^^^^^^^^^^^"#,
    ),
    (
        "variable as Windows writes it",
        r#"
[sources.a]
provider = "github"
secret = "%GITHUB_SECRET%"
[[routes]]
from = "a"
to = "d"
[destinations.d]
url = "http://localhost:3000"
"#,
        r#"
error: this is the text itself, not the variable: write `${GITHUB_SECRET}`
 --> hookyard.toml:3:10
  |
3 | secret = "***************"
  |          ^^^^^^^^^^^^^^^^^"#,
    ),
    (
        "variable with a wrong value",
        r#"
[server]
listen = "${NONSENSE}"
[sources.a]
verify = "none"
[[routes]]
from = "a"
to = "d"
[destinations.d]
url = "http://localhost:3000"
"#,
        r#"
error: expected an address and port such as `"127.0.0.1:8080"`, and the environment says something else here
 --> hookyard.toml:2:10
  |
2 | listen = "${NONSENSE}"
  |          ^^^^^^^^^^^^^"#,
    ),
    (
        "secret file that is missing",
        r#"
[sources.a]
provider = "github"
secret = "file:no/such/file"
[[routes]]
from = "a"
to = "d"
[destinations.d]
url = "http://localhost:3000"
"#,
        r#"
error: the secret's file `no/such/file` does not exist; check the path
 --> hookyard.toml:3:10
  |
3 | secret = "file:no/such/file"
  |          ^^^^^^^^^^^^^^^^^^^"#,
    ),
    (
        "secret that is empty",
        r#"
[sources.a]
provider = "github"
secret = " "
[[routes]]
from = "a"
to = "d"
[destinations.d]
url = "http://localhost:3000"
"#,
        r#"
error: the secret is empty; write it as `"${NAME}"` or `"file:PATH"`
 --> hookyard.toml:3:10
  |
3 | secret = "*"
  |          ^^^"#,
    ),
    (
        "secret and secrets",
        r#"
[sources.a]
provider = "github"
secret = "${GITHUB_SECRET}"
secrets = ["${GITHUB_SECRET}"]
[[routes]]
from = "a"
to = "d"
[destinations.d]
url = "http://localhost:3000"
"#,
        r#"
error: `secret` and `secrets` cannot both be set; put all of them into `secrets`
 --> hookyard.toml:4:11
  |
3 | secret = "${GITHUB_SECRET}"
  |          ------------------ the other one
4 | secrets = ["${GITHUB_SECRET}"]
  |           ^^^^^^^^^^^^^^^^^^^^"#,
    ),
    (
        "a secret that nobody hands over",
        r#"
[sources.a]
provider = "github"
handshake_secret = "a.secret"
[[routes]]
from = "a"
to = "d"
[destinations.d]
url = "http://localhost:3000"
"#,
        r#"
error: this provider hands no secret over; write the one that it shows as `secret`, and remove this
 --> hookyard.toml:3:20
  |
3 | handshake_secret = "a.secret"
  |                    ^^^^^^^^^^"#,
    ),
    (
        "secret of the wrong type",
        r#"
[sources.a]
provider = "github"
secret = 1234567
[[routes]]
from = "a"
to = "d"
[destinations.d]
url = "http://localhost:3000"
"#,
        r#"
error: expected a text, `"${NAME}"` or `"file:PATH"`, found a whole number
 --> hookyard.toml:3:10
  |
3 | secret = *******
  |          ^^^^^^^"#,
    ),
    (
        "secret of the wrong form",
        r#"
[sources.a]
provider = "standard-webhooks"
secret = "whsec_not base64 at all"
[[routes]]
from = "a"
to = "d"
[destinations.d]
url = "http://localhost:3000"
"#,
        r#"
error: the secret is not base64, with or without `whsec_` before it; copy it again from where the provider shows it
 --> hookyard.toml:3:10
  |
3 | secret = "***********************"
  |          ^^^^^^^^^^^^^^^^^^^^^^^^^"#,
    ),
    (
        "signing secret of the wrong form",
        r#"
[sources.a]
verify = "none"
[[routes]]
from = "a"
to = "d"
[destinations.d]
url = "http://localhost:3000"
secret = "correct horse battery staple"
"#,
        r#"
error: the secret is not base64, with or without `whsec_` before it; make one with `hookyard secret generate`
 --> hookyard.toml:8:10
  |
8 | secret = "****************************"
  |          ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^"#,
    ),
    (
        "source without secret",
        r#"
[sources.a]
provider = "github"
[[routes]]
from = "a"
to = "d"
[destinations.d]
url = "http://localhost:3000"
"#,
        r#"
error: `[sources.a]` has no `secret` to check signatures with; add the one that the provider shows, or write `verify = "none"` to take events from anyone
 --> hookyard.toml:1:10
  |
1 | [sources.a]
  |          ^"#,
    ),
    (
        "a provider that hands its secret over",
        r#"[sources.a]
provider = "asana"
[[routes]]
from = "a"
to = "d"
[destinations.d]
url = "http://localhost:3000"
"#,
        r#"
error: `[sources.a]` has no `secret` to check signatures with; write `handshake_secret = "a.secret"` to take the one that the provider hands over itself
 --> hookyard.toml:1:10
  |
1 | [sources.a]
  |          ^"#,
    ),
    (
        "a provider that signs nothing",
        r#"[sources.a]
provider = "docker-hub"
secret = "a-secret-of-no-use"
[[routes]]
from = "a"
to = "d"
[destinations.d]
url = "http://localhost:3000"
"#,
        r#"
error: `docker-hub` signs nothing, so there is nothing to check; write `verify = "none"` without a `secret`, and narrow who may send by `allow_ips`
 --> hookyard.toml:2:12
  |
2 | provider = "docker-hub"
  |            ^^^^^^^^^^^^"#,
    ),
    (
        "signature without secret, beside a token",
        r#"
[sources.a]
provider = "generic"
signature = { header = "x-acme-signature" }
bearer = "a-token-that-is-long-enough"
[[routes]]
from = "a"
to = "d"
[destinations.d]
url = "http://localhost:3000"
"#,
        r#"
error: `signature` says how `a` signs, but there is no `secret` to check that with; add the `secret`, or remove `signature`
 --> hookyard.toml:3:13
  |
3 | signature = { header = "x-acme-signature" }
  |             ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^"#,
    ),
    (
        "provider that signs, with a token alone",
        r#"
[sources.a]
provider = "stripe"
bearer = "a-token-that-is-long-enough"
[sources.b]
provider = "twilio"
token = { header = "x-token", tokens = "a-token-that-is-long-enough" }
[sources.c]
provider = "stripe"
verify = "none"
bearer = "a-token-that-is-long-enough"
[sources.d]
provider = "generic"
bearer = "a-token-that-is-long-enough"
[sources.e]
provider = "gitlab"
bearer = "a-token-that-is-long-enough"
[[routes]]
from = "*"
to = "d"
[destinations.d]
url = "http://localhost:3000"
"#,
        r#"
error: Stripe signs its requests, but there is no `secret` to check that with; add the `secret`, or write `verify = "none"` if the token alone is to be checked
 --> hookyard.toml:2:12
  |
2 | provider = "stripe"
  |            ^^^^^^^^

error: Twilio signs its requests, but there is no `secret` to check that with; add the `secret`, or write `verify = "none"` if the token alone is to be checked
 --> hookyard.toml:5:12
  |
5 | provider = "twilio"
  |            ^^^^^^^^"#,
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
        "verify none with a secret",
        r#"
[sources.a]
provider = "github"
secret = "${GITHUB_SECRET}"
verify = "none"
[[routes]]
from = "a"
to = "d"
[destinations.d]
url = "http://localhost:3000"
"#,
        r#"
error: with `verify = "none"` nothing is checked, and a secret or signature is set; remove one of them
 --> hookyard.toml:4:10
  |
3 | secret = "${GITHUB_SECRET}"
  |          ------------------ would not be used
4 | verify = "none"
  |          ^^^^^^"#,
    ),
    (
        "user without password",
        r#"
[sources.a]
provider = "basic"
username = "me"
[[routes]]
from = "a"
to = "d"
[destinations.d]
url = "http://localhost:3000"
"#,
        r#"
error: `username` and `password` belong together; add the other one
 --> hookyard.toml:3:12
  |
3 | username = "me"
  |            ^^^^"#,
    ),
    (
        "token twice",
        r#"
[sources.a]
bearer = "a-token-that-is-long-enough"
token = { header = "x-token", tokens = "a-token-that-is-long-enough" }
[[routes]]
from = "a"
to = "d"
[destinations.d]
url = "http://localhost:3000"
"#,
        r#"
error: `bearer` and `token` both say which token comes along; remove one
 --> hookyard.toml:2:10
  |
2 | bearer = "***************************"
  |          ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
3 | token = { header = "x-token", tokens = "***************************" }
  |         -------------------------------------------------------------- the other one"#,
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
        "hosts that are none",
        r#"
[admin]
hosts = ["hub.internal", "hub.internal:8443", "https://hub.internal", "*", ""]
[sources.a]
verify = "none"
[[routes]]
from = "a"
to = "d"
[destinations.d]
url = "http://localhost:3000"
"#,
        r#"
error: expected the name of a host such as `"hub.internal"`, without a port
 --> hookyard.toml:2:26
  |
2 | hosts = ["hub.internal", "hub.internal:8443", "https://hub.internal", "*", ""]
  |                          ^^^^^^^^^^^^^^^^^^^

error: expected the name of a host such as `"hub.internal"`, without a port
 --> hookyard.toml:2:47
  |
2 | hosts = ["hub.internal", "hub.internal:8443", "https://hub.internal", "*", ""]
  |                                               ^^^^^^^^^^^^^^^^^^^^^^

error: expected the name of a host such as `"hub.internal"`, without a port
 --> hookyard.toml:2:71
  |
2 | hosts = ["hub.internal", "hub.internal:8443", "https://hub.internal", "*", ""]
  |                                                                       ^^^

error: expected the name of a host such as `"hub.internal"`, without a port
 --> hookyard.toml:2:76
  |
2 | hosts = ["hub.internal", "hub.internal:8443", "https://hub.internal", "*", ""]
  |                                                                            ^^"#,
    ),
    (
        "server hosts that are none",
        r#"
[server]
hosts = ["hooks.example.com", "hooks.example.com:443", "2001:db8::1", "a..b", "."]
[sources.a]
verify = "none"
[[routes]]
from = "a"
to = "d"
[destinations.d]
url = "http://localhost:3000"
"#,
        r#"
error: expected the name of a host such as `"hub.internal"`, without a port
 --> hookyard.toml:2:31
  |
2 | hosts = ["hooks.example.com", "hooks.example.com:443", "2001:db8::1", "a..b", "."]
  |                               ^^^^^^^^^^^^^^^^^^^^^^^

error: expected the name of a host such as `"hub.internal"`, without a port
 --> hookyard.toml:2:56
  |
2 | hosts = ["hooks.example.com", "hooks.example.com:443", "2001:db8::1", "a..b", "."]
  |                                                        ^^^^^^^^^^^^^

error: expected the name of a host such as `"hub.internal"`, without a port
 --> hookyard.toml:2:71
  |
2 | hosts = ["hooks.example.com", "hooks.example.com:443", "2001:db8::1", "a..b", "."]
  |                                                                       ^^^^^^

error: expected the name of a host such as `"hub.internal"`, without a port
 --> hookyard.toml:2:79
  |
2 | hosts = ["hooks.example.com", "hooks.example.com:443", "2001:db8::1", "a..b", "."]
  |                                                                               ^^^"#,
    ),
    (
        "no server hosts",
        r#"
[server]
hosts = []
[sources.a]
verify = "none"
[[routes]]
from = "a"
to = "d"
[destinations.d]
url = "http://localhost:3000"
"#,
        r"
error: the list is empty; put at least one into it
 --> hookyard.toml:2:9
  |
2 | hosts = []
  |         ^^",
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
error: a destination's URL begins with `http://` or `https://`
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
        "public url with a path",
        r#"
[server]
public_url = "https://example.com/hooks"
[sources.a]
verify = "none"
[[routes]]
from = "a"
to = "d"
[destinations.d]
url = "http://localhost:3000"
"#,
        r#"
error: the server's public URL is scheme and host alone; remove the path, or set `public_url` of a source
 --> hookyard.toml:2:14
  |
2 | public_url = "https://example.com/hooks"
  |              ^^^^^^^^^^^^^^^^^^^^^^^^^^^"#,
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
        "route from nowhere",
        r#"
[sources.a]
verify = "none"
[[routes]]
from = "a"
to = "d"
[destinations.d]
url = "http://localhost:3000"
[[routes]]
from = "b"
to = ["d", "D2", "dd"]
"#,
        r#"
error: there is no source `b`; add a section `[sources.b]`, or name another one
 --> hookyard.toml:9:8
  |
9 | from = "b"
  |        ^^^

error: there is no destination `D2`; add a section `[destinations.D2]`, or name another one
  --> hookyard.toml:10:12
   |
10 | to = ["d", "D2", "dd"]
   |            ^^^^

error: there is no destination `dd`; add a section `[destinations.dd]`, or name another one
  --> hookyard.toml:10:18
   |
10 | to = ["d", "D2", "dd"]
   |                  ^^^^"#,
    ),
    (
        "route without to",
        r#"
[sources.a]
verify = "none"
[[routes]]
from = "a"
to = "d"
[destinations.d]
url = "http://localhost:3000"
[[routes]]
from = "a"
"#,
        r#"
error: `to` is missing in this route; add it, such as `to = "ci"`
 --> hookyard.toml:8:1
  |
8 | [[routes]]
  | ^^^^^^^^^^"#,
    ),
    (
        "route to an empty list",
        r#"
[sources.a]
verify = "none"
[[routes]]
from = "a"
to = "d"
[destinations.d]
url = "http://localhost:3000"
[[routes]]
from = "a"
to = []
"#,
        r"
error: the list is empty; put at least one into it
  --> hookyard.toml:10:6
   |
10 | to = []
   |      ^^",
    ),
    (
        "type with half a star",
        r#"
[sources.a]
verify = "none"
[destinations.d]
url = "http://localhost:3000"
[[routes]]
from = "a"
types = ["push", "inv*"]
to = "d"
"#,
        r#"
error: expected an event type such as `"push"`, `"pull_request.*"` or `"*"`
 --> hookyard.toml:7:18
  |
7 | types = ["push", "inv*"]
  |                  ^^^^^^"#,
    ),
    (
        "names that differ in case",
        r#"
[sources.a]
verify = "none"
[[routes]]
from = "a"
to = "d"
[destinations.d]
url = "http://localhost:3000"
[sources.A]
verify = "none"
[[routes]]
from = "A"
to = "d"
"#,
        r"
error: two names differ only in upper and lower case; give one another name
 --> hookyard.toml:8:10
  |
1 | [sources.a]
  |          - the other one
...
8 | [sources.A]
  |          ^",
    ),
    (
        "name that is none",
        r#"
[sources.a]
verify = "none"
[[routes]]
from = "a"
to = "d"
[destinations.d]
url = "http://localhost:3000"
[sources."a b"]
verify = "none"
"#,
        r#"
error: a name is made of letters, digits, `_`, `-` and `.`, and does not begin with `.`; choose another name
 --> hookyard.toml:8:10
  |
8 | [sources."a b"]
  |          ^^^^^"#,
    ),
    (
        "admin for everyone",
        r#"
[admin]
listen = "0.0.0.0:8081"
[sources.a]
verify = "none"
[[routes]]
from = "a"
to = "d"
[destinations.d]
url = "http://localhost:3000"
"#,
        r#"
error: other machines could reach the API at this address, and it is not encrypted; listen on 127.0.0.1, or put a proxy with TLS before it, write `allow_remote = true`, and name the proxy's host in `hosts`
 --> hookyard.toml:2:10
  |
2 | listen = "0.0.0.0:8081"
  |          ^^^^^^^^^^^^^^"#,
    ),
    (
        "admin at the address of the server",
        r#"
[server]
listen = "127.0.0.1:8081"
[sources.a]
verify = "none"
[[routes]]
from = "a"
to = "d"
[destinations.d]
url = "http://localhost:3000"
"#,
        r#"
error: `[server]` and `[admin]` cannot listen on the same address; give one of them another port
 --> hookyard.toml:2:10
  |
2 | listen = "127.0.0.1:8081"
  |          ^^^^^^^^^^^^^^^^"#,
    ),
    (
        "admin at every address of the server's port",
        r#"
[server]
listen = "0.0.0.0:8081"
[sources.a]
verify = "none"
[[routes]]
from = "a"
to = "d"
[destinations.d]
url = "http://localhost:3000"
"#,
        r#"
error: `[server]` and `[admin]` cannot listen on the same address; give one of them another port
 --> hookyard.toml:2:10
  |
2 | listen = "0.0.0.0:8081"
  |          ^^^^^^^^^^^^^^"#,
    ),
    (
        "store in a folder that is missing",
        r#"
[store]
url = "sqlite:no/such/hub.db"
[sources.a]
verify = "none"
[[routes]]
from = "a"
to = "d"
[destinations.d]
url = "http://localhost:3000"
"#,
        r#"
error: the store's folder `no/such` does not exist; make it, or write another path
 --> hookyard.toml:2:7
  |
2 | url = "sqlite:no/such/hub.db"
  |       ^^^^^^^^^^^^^^^^^^^^^^^"#,
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
    (
        "store of another kind",
        r#"
[store]
url = "postgres://localhost/hooks"
[sources.a]
verify = "none"
[[routes]]
from = "a"
to = "d"
[destinations.d]
url = "http://localhost:3000"
"#,
        r#"
error: the store is an SQLite file; write `sqlite:` and its path, such as "sqlite:hookyard.db"
 --> hookyard.toml:2:7
  |
2 | url = "postgres://localhost/hooks"
  |       ^^^^^^^^^^^^^^^^^^^^^^^^^^^^"#,
    ),
    (
        "store that keeps nothing",
        r#"
[store]
retention = { delivered = "0s", max_size = "1MiB" }
[sources.a]
verify = "none"
[[routes]]
from = "a"
to = "d"
[destinations.d]
url = "http://localhost:3000"
"#,
        r#"
error: with 0 events would be gone at once; keep them for at least "1m"
 --> hookyard.toml:2:27
  |
2 | retention = { delivered = "0s", max_size = "1MiB" }
  |                           ^^^^

error: this is too small to work with; allow at least "16MiB"
 --> hookyard.toml:2:44
  |
2 | retention = { delivered = "0s", max_size = "1MiB" }
  |                                            ^^^^^^"#,
    ),
    (
        "limits of zero",
        r#"
[server.limits]
connections = 0
head_timeout = "1h"
[sources.a]
verify = "none"
[[routes]]
from = "a"
to = "d"
[destinations.d]
url = "http://localhost:3000"
"#,
        r#"
error: with 0 nothing could come in; write at least 1
 --> hookyard.toml:2:15
  |
2 | connections = 0
  |               ^

error: this is too long; write at most "10m"
 --> hookyard.toml:3:16
  |
3 | head_timeout = "1h"
  |                ^^^^"#,
    ),
    (
        "tls files that are missing",
        r#"
[server]
tls = { certificate = "none.pem", key = "none.key" }
[sources.a]
verify = "none"
[[routes]]
from = "a"
to = "d"
[destinations.d]
url = "http://localhost:3000"
"#,
        r#"
error: the file `none.pem` does not exist; check the path
 --> hookyard.toml:2:23
  |
2 | tls = { certificate = "none.pem", key = "none.key" }
  |                       ^^^^^^^^^^"#,
    ),
    (
        "tls without key",
        r#"
[server]
tls = { certificate = "none.pem" }
[sources.a]
verify = "none"
[[routes]]
from = "a"
to = "d"
[destinations.d]
url = "http://localhost:3000"
"#,
        r#"
error: `key` is missing in `[server.tls]`; add it, such as `key = "key.pem"`
 --> hookyard.toml:2:7
  |
2 | tls = { certificate = "none.pem" }
  |       ^^^^^^^^^^^^^^^^^^^^^^^^^^^^"#,
    ),
    (
        "tls of two pairs",
        r#"
[server]
tls = { certificate = "a.pem", key = "b.key" }
[sources.a]
verify = "none"
[[routes]]
from = "a"
to = "d"
[destinations.d]
url = "http://localhost:3000"
"#,
        r#"
error: this is not the key of the certificate; name the two that were made together
 --> hookyard.toml:2:38
  |
2 | tls = { certificate = "a.pem", key = "b.key" }
  |                       -------        ^^^^^^^
  |                       |
  |                       the certificate"#,
    ),
    (
        "tls files swapped",
        r#"
[server]
tls = { certificate = "a.key", key = "a.pem" }
[sources.a]
verify = "none"
[[routes]]
from = "a"
to = "d"
[destinations.d]
url = "http://localhost:3000"
"#,
        r#"
error: the file `a.key` holds no certificate; it must have `-----BEGIN CERTIFICATE-----` in it
 --> hookyard.toml:2:23
  |
2 | tls = { certificate = "a.key", key = "a.pem" }
  |                       ^^^^^^^"#,
    ),
    (
        "text without quotes",
        r#"
[sources.a]
provider = "github"
secret = hunter2
[[routes]]
from = "a"
to = "d"
[destinations.d]
url = "http://localhost:3000"
"#,
        r#"
error: a text is written in quotes; put `"` before and after it
 --> hookyard.toml:3:10
  |
3 | secret = *******
  |          ^^^^^^^"#,
    ),
    (
        "text without end",
        r#"
[sources.a]
provider = "github"
secret = "hunter2
[[routes]]
from = "a"
to = "d"
[destinations.d]
url = "http://localhost:3000"
"#,
        r#"
error: the text is not closed; put `"` at its end
 --> hookyard.toml:3:18
  |
3 | secret = "*******
  |                  ^"#,
    ),
    (
        "value that is missing",
        r#"
[sources.a]
provider = "github"
secret =
[[routes]]
from = "a"
to = "d"
[destinations.d]
url = "http://localhost:3000"
"#,
        r"
error: the value is missing after `=`; write one, or remove the key
 --> hookyard.toml:3:9
  |
3 | secret =
  |         ^",
    ),
    (
        "list without end",
        r#"
[sources.a]
verify = "none"
allow_ips = ["10.0.0.0/8"
secret = "hunter2"
[[routes]]
from = "a"
to = "d"
[destinations.d]
url = "http://localhost:3000"
"#,
        r#"
error: the list goes on without a comma, or is not closed; put `,` or `]` before this
 --> hookyard.toml:4:1
  |
4 | secret = "*******"
  | ^"#,
    ),
    (
        "section without end",
        r#"
[sources.a
verify = "none"
"#,
        r"
error: the head of the section is not closed; put `]` at its end
 --> hookyard.toml:1:11
  |
1 | [sources.a
  |           ^",
    ),
    (
        "colon for equals",
        r#"
[sources.a]
verify = "none"
secret: hunter2
[[routes]]
from = "a"
to = "d"
[destinations.d]
url = "http://localhost:3000"
"#,
        r"
error: a key is made of letters, digits, `_` and `-`, and `=` follows it; write it so
 --> hookyard.toml:3:7
  |
3 | secret: *******
  |       ^",
    ),
    (
        "key twice",
        r#"
[sources.a]
verify = "none"
verify = "none"
[[routes]]
from = "a"
to = "d"
[destinations.d]
url = "http://localhost:3000"
"#,
        r#"
error: this is here for the second time; remove one of the two
 --> hookyard.toml:3:1
  |
3 | verify = "none"
  | ^^^^^^"#,
    ),
    (
        "section twice",
        r#"
[sources.a]
verify = "none"
[[routes]]
from = "a"
to = "d"
[destinations.d]
url = "http://localhost:3000"
[sources.a]
verify = "none"
"#,
        r#"
error: this is here for the second time; remove one of the two
 --> hookyard.toml:8:10
  |
8 | [sources.a]
  |          ^

error: this is here for the second time; remove one of the two
 --> hookyard.toml:9:1
  |
9 | verify = "none"
  | ^^^^^^"#,
    ),
    (
        "letters before the place",
        r#"
[sources.a]
verify = "none"
[[routes]]
from = "a"
to = "d"
[destinations.d]
url = "http://localhost:3000"
headers = { "größe" = "日本語" } # 🙂
"#,
        r#"
error: `größe` is not a header name; remove it, or write another
 --> hookyard.toml:8:13
  |
8 | headers = { "größe" = "*********" } #*****
  |             ^^^^^^^"#,
    ),
    (
        "tabs before the place",
        "[sources.a]\nverify = \"none\"\n[[routes]]\nfrom = \"a\"\nto = \"d\"\n[destinations.d]\nurl = \"http://localhost:3000\"\n\t\ttimeout\t=\t\"1\"\n",
        r#"
error: expected a time such as `"15s"` or `"1h30m"`
 --> hookyard.toml:8:13
  |
8 |         timeout    =    "1"
  |                         ^^^"#,
    ),
    (
        "lines that end as on windows",
        "[sources.a]\r\nverify = \"none\"\r\n[[routes]]\r\nfrom = \"a\"\r\nto = \"d\"\r\n[destinations.d]\r\nurl = \"http://localhost:3000\"\r\ntimeout = \"1\"\r\n",
        r#"
error: expected a time such as `"15s"` or `"1h30m"`
 --> hookyard.toml:8:11
  |
8 | timeout = "1"
  |           ^^^"#,
    ),
    (
        "mark at the beginning",
        "\u{feff}[sources.a]\nverify = \"none\"\n[[routes]]\nfrom = \"a\"\nto = \"d\"\n[destinations.d]\nurl = \"http://localhost:3000\"\ntimeout = \"1\"\n",
        r#"
error: expected a time such as `"15s"` or `"1h30m"`
 --> hookyard.toml:8:11
  |
8 | timeout = "1"
  |           ^^^"#,
    ),
    (
        "nothing but lines",
        "\n \r\n\t\n",
        r"
error: the configuration file `hookyard.toml` is empty; begin with a section such as `[sources.github]`
--> hookyard.toml",
    ),
    (
        "section misspelt twice",
        r#"
[route]
from = "a"
[sources.a]
verify = "none"
[[routes]]
from = "a"
to = "d"
[destinations.d]
url = "http://localhost:3000"
"#,
        r"
error: unknown key `route` in the file; known are `server`, `admin`, `store`, `sources`, `destinations`, `routes`
 --> hookyard.toml:1:2
  |
1 | [route]
  |  ^^^^^",
    ),
    (
        "empty list of secrets",
        r#"
[sources.a]
provider = "github"
secrets = []
[[routes]]
from = "a"
to = "d"
[destinations.d]
url = "http://localhost:3000"
"#,
        r"
error: the list of secrets is empty; put one into it, or remove it
 --> hookyard.toml:3:11
  |
3 | secrets = []
  |           ^^",
    ),
    (
        "list of routes to a name with a dot",
        r#"
[sources.a]
verify = "none"
[[routes]]
from = "a"
to = "d"
[destinations.d]
url = "http://localhost:3000"
[[routes]]
from = "a"
to = "x.y"
"#,
        r#"
error: there is no destination `x.y`; add a section `[destinations."x.y"]`, or name another one
  --> hookyard.toml:10:6
   |
10 | to = "x.y"
   |      ^^^^^"#,
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
        "secrets that are short, and those that are none",
        r#"
[sources.a]
provider = "sendgrid"
secret = "short"
[sources.b]
provider = "gitlab"
secret = "short"
[destinations.d]
url = "http://localhost"
secret = "short"
[[routes]]
from = "*"
to = "d"
"#,
        r#"
error: the secret is not a P-256 public key (SPKI) in base64 or PEM, or a private key (PKCS#8); copy it again from where the provider shows it
 --> hookyard.toml:3:10
  |
3 | secret = "*****"
  |          ^^^^^^^

error: the secret is not base64, with or without `whsec_` before it; make one with `hookyard secret generate`
 --> hookyard.toml:9:10
  |
9 | secret = "*****"
  |          ^^^^^^^

warning: this secret is shorter than 16 characters and could be guessed; take a longer one if you can
 --> hookyard.toml:6:10
  |
6 | secret = "*****"
  |          ^^^^^^^"#,
    ),
    (
        "proxies that are everyone",
        r#"
[server]
trusted_proxies = ["10.0.0.0/8", "0.0.0.0/0"]
[sources.a]
verify = "none"
[[routes]]
from = "a"
to = "d"
[destinations.d]
url = "http://localhost:3000"
"#,
        r#"
warning: this trusts everyone to say where a request comes from; write your proxies' addresses alone
 --> hookyard.toml:2:34
  |
2 | trusted_proxies = ["10.0.0.0/8", "0.0.0.0/0"]
  |                                  ^^^^^^^^^^^"#,
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
        "all at once",
        r#"
[server]
listen = "everywhere"
[store]
keep_fre = "1GiB"
[sources.github]
provider = "github"
secret = "${NO_SUCH_SECRET}"
body_limit = "1 GB"
[sources.stripe]
provider = "strpe"
secret = "whsec_hunter2"
[destinations.ci]
url = "ftp://localhost"
timeout = "5min"
[[routes]]
from = "gihtub"
to = "c"
"#,
        r#"
error: expected an address and port such as `"127.0.0.1:8080"`
 --> hookyard.toml:2:10
  |
2 | listen = "everywhere"
  |          ^^^^^^^^^^^^

error: unknown key `keep_fre` in `[store]`; did you mean `keep_free`?
 --> hookyard.toml:4:1
  |
4 | keep_fre = "****"
  | ^^^^^^^^

error: the environment variable `NO_SUCH_SECRET` is not set; set it, or write the value here
 --> hookyard.toml:7:11
  |
7 | secret = "${NO_SUCH_SECRET}"
  |           ^^^^^^^^^^^^^^^^^

error: a body limit is from "1B" to "64MiB"
 --> hookyard.toml:8:14
  |
8 | body_limit = "1 GB"
  |              ^^^^^^

error: there is no provider `strpe`; did you mean `stripe`?
  --> hookyard.toml:10:12
   |
10 | provider = "strpe"
   |            ^^^^^^^

error: a destination's URL begins with `http://` or `https://`
  --> hookyard.toml:13:7
   |
13 | url = "ftp://localhost"
   |       ^^^^^^^^^^^^^^^^^

error: expected a time such as `"15s"` or `"1h30m"`
  --> hookyard.toml:14:11
   |
14 | timeout = "5min"
   |           ^^^^^^

error: there is no source `gihtub`; did you mean `github`?
  --> hookyard.toml:16:8
   |
16 | from = "gihtub"
   |        ^^^^^^^^

error: there is no destination `c`; add a section `[destinations.c]`, or name another one
  --> hookyard.toml:17:6
   |
17 | to = "c"
   |      ^^^"#,
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

#[test]
fn every_error_shows_the_place_and_says_what_to_do() {
    let mut differ = Vec::new();
    for (what, source, expected) in CASES {
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
