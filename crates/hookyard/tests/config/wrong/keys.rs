//! Keys and sections that are not known, twice there or in the wrong place.

use super::Case;

pub(super) const CASES: &[Case] = &[
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
        "sections without the first part of their names",
        r#"
[github]
provider = "github"
[ci]
url = "http://localhost:3000"
[source.a]
verify = "none"
"#,
        r"
error: unknown key `github` in the file; did you mean `[sources.github]`?
 --> hookyard.toml:1:2
  |
1 | [github]
  |  ^^^^^^

error: unknown key `ci` in the file; did you mean `[destinations.ci]`?
 --> hookyard.toml:3:2
  |
3 | [ci]
  |  ^^

error: unknown key `source` in the file; did you mean `sources`?
 --> hookyard.toml:5:2
  |
5 | [source.a]
  |  ^^^^^^",
    ),
    (
        "sections of the other kind of brackets",
        r#"
[[sources]]
name = "a"
verify = "none"
"#,
        r"
error: expected sections `[sources.NAME]`, each with a name of its own, and not `[[sources]]`
 --> hookyard.toml:1:1
  |
1 | [[sources]]
  | ^^^^^^^^^^^",
    ),
    (
        "options where the names of sections belong",
        r#"
[sources]
provider = "paypal"
settings = { webhook_id = "1JE" }
"#,
        r#"
error: `provider` is an option of one of the sources, and this is the section of all of them; begin one with a name, `[sources.NAME]`, and write it there
 --> hookyard.toml:2:1
  |
2 | provider = "paypal"
  | ^^^^^^^^

error: `settings` is an option of one of the sources, and this is the section of all of them; begin one with a name, `[sources.NAME]`, and write it there
 --> hookyard.toml:3:1
  |
3 | settings = { webhook_id = "***" }
  | ^^^^^^^^

warning: there is no source, so nothing can come in; add a section such as `[sources.github]`
--> hookyard.toml"#,
    ),
    (
        "settings where they do not belong",
        r#"
settings = { webhook_id = "1JE" }
[sources.a]
provider = "paypal"
webhook_id = "1JE"
[sources.a.dedupe]
settings = { webhook_id = "1JE" }
[store]
max_size = "1GiB"
[[routes]]
from = "a"
to = "d"
[destinations.d]
url = "http://localhost:3000"
base = "1s"
"#,
        r#"
error: unknown key `settings` in the file; it belongs in `[sources.NAME]`
 --> hookyard.toml:1:1
  |
1 | settings = { webhook_id = "***" }
  | ^^^^^^^^

error: unknown key `webhook_id` in `[sources.a]`; it is a provider's setting: write `settings = { webhook_id = … }` in `[sources.a]`
 --> hookyard.toml:4:1
  |
4 | webhook_id = "***"
  | ^^^^^^^^^^

error: unknown key `settings` in `[sources.a.dedupe]`; it belongs in `[sources.a]`
 --> hookyard.toml:6:1
  |
6 | settings = { webhook_id = "***" }
  | ^^^^^^^^

error: unknown key `max_size` in `[store]`; it belongs in `[store.retention]` or `[store.quarantine]`
 --> hookyard.toml:8:1
  |
8 | max_size = "1GiB"
  | ^^^^^^^^

error: unknown key `base` in `[destinations.d]`; it belongs in `[destinations.d.retry]`
  --> hookyard.toml:14:1
   |
14 | base = "1s"
   | ^^^^"#,
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
error: unknown key `route` in the file; did you mean `routes`?
 --> hookyard.toml:1:2
  |
1 | [route]
  |  ^^^^^",
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

error: a URL begins with `http://` or `https://`
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
];
