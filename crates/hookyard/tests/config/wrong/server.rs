//! `[server]`, `[admin]` and `[store]`.

use super::Case;

pub(super) const CASES: &[Case] = &[
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
];
