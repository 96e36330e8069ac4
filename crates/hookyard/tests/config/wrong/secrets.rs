//! Secrets, and where they come from: the environment, files, the provider.

use super::Case;

pub(super) const CASES: &[Case] = &[
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
error: the environment variable `EMPTY` is empty; set it to the secret
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
];
