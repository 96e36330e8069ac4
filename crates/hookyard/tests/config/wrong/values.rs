//! Values of the wrong type or form, whatever the section.

use super::Case;

pub(super) const CASES: &[Case] = &[
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
];
