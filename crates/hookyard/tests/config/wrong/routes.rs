//! `[[routes]]`.

use super::Case;

pub(super) const CASES: &[Case] = &[
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
];
