//! What is not TOML, and how the place is shown in unusual files.

use super::Case;

pub(super) const CASES: &[Case] = &[
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
headers = { "größe" = "日本語" } #=日
"#,
        r#"
error: `größe` is not a header name; remove it, or write another
 --> hookyard.toml:8:13
  |
8 | headers = { "größe" = "*********" } # …
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
];
