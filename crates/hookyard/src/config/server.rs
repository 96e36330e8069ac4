//! The sections `[server]`, `[admin]` and `[store]`.

use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use hookyard_model::{QuarantineLimits, Retention};
use url::Url;

use super::options::{AdminOptions, LimitOptions, ServerOptions, StoreOptions, TlsOptions};
use super::reader::{At, Reader};
use super::report::Span;
use super::tls;
use super::value::Size;
use super::{Admin, Limits, Server, StoreSettings, TlsFiles};

/// Nothing that a sender waits for may take longer.
const LONGEST_WAIT: Duration = Duration::from_secs(600);

pub(super) fn server(options: ServerOptions, reader: &mut Reader<'_>) -> Server {
    let public_url = options.public_url.as_ref().and_then(|url| {
        let parsed = public_url(url, reader)?;
        if parsed.path() == "/" {
            return Some(parsed.as_str().trim_end_matches('/').to_owned());
        }
        reader.error(
            url.span.clone(),
            "the server's public URL is scheme and host alone; remove the path, or set `public_url` of a source",
        );
        None
    });
    for network in options.trusted_proxies.iter().filter(|network| network.prefix_len() == 0) {
        let sentence = "this trusts everyone to say where a request comes from; write your proxies' addresses alone";
        reader.warn(network.span.clone(), sentence);
    }
    Server {
        listen: options.listen.value,
        tls: options.tls.and_then(|tls| tls_files(tls.value, reader)),
        public_url,
        hosts: options
            .hosts
            .map(|hosts| hosts.value.0.into_iter().map(|host| host.value.0).collect())
            .unwrap_or_default(),
        trusted_proxies: options
            .trusted_proxies
            .value
            .into_iter()
            .map(|network| network.value)
            .collect(),
        limits: limits(&options.limits, reader),
    }
}

/// A URL that providers are given.
pub(super) fn public_url(text: &At<String>, reader: &mut Reader<'_>) -> Option<Url> {
    let sentence = match Url::parse(text) {
        Err(error) => {
            format!("this is not a URL ({error}); write it like `https://hooks.example.com`")
        }
        Ok(url)
            if !matches!(url.scheme(), "http" | "https")
                || url.host().is_none()
                || is_without_host(text) =>
        {
            "a public URL begins with `https://` or `http://` and a host".to_owned()
        }
        Ok(url) if !url.username().is_empty() || url.password().is_some() => {
            "a public URL has no user name and password; remove them".to_owned()
        }
        Ok(url) if url.query().is_some() || url.fragment().is_some() => {
            "a public URL has no `?` and no `#`; remove what follows them".to_owned()
        }
        Ok(url) => return Some(url),
    };
    reader.error(text.span.clone(), sentence);
    None
}

/// Whether what follows the scheme is not `//` and a host. Readers of URLs that follow browsers
/// take `http:///hooks` for `http://hooks`.
pub(crate) fn is_without_host(url: &str) -> bool {
    let rest = url.trim_start().split_once(':').and_then(|(_, rest)| rest.strip_prefix("//"));
    rest.is_none_or(|rest| rest.is_empty() || rest.starts_with(['/', '\\', '?', '#']))
}

fn tls_files(options: TlsOptions, reader: &mut Reader<'_>) -> Option<TlsFiles> {
    let (certificate, key) = (options.certificate?, options.key?);
    let files = TlsFiles { certificate: reader.file(&certificate), key: reader.file(&key) };
    match tls::server_config(&files) {
        Ok(_) => return Some(files),
        Err(tls::TlsError::Certificate(why)) => reader.error(certificate.span, why),
        Err(tls::TlsError::Key(why)) => reader.error(key.span, why),
        Err(tls::TlsError::Pair(why)) => {
            reader.clash(key.span, why, (certificate.span, "the certificate"));
        }
    }
    None
}

fn limits(options: &LimitOptions, reader: &mut Reader<'_>) -> Limits {
    let waits = [
        &options.idle_timeout,
        &options.head_timeout,
        &options.body_timeout,
        &options.request_timeout,
        &options.ack_timeout,
    ];
    for wait in waits {
        time_within(wait, LONGEST_WAIT, reader);
    }
    for count in [&options.connections, &options.connections_per_address] {
        if count.value == 0 {
            reader.error(count.span.clone(), "with 0 nothing could come in; write at least 1");
        }
    }
    Limits {
        connections: index(options.connections.value),
        connections_per_address: index(options.connections_per_address.value),
        idle_timeout: options.idle_timeout.value,
        head_timeout: options.head_timeout.value,
        body_timeout: options.body_timeout.value,
        request_timeout: options.request_timeout.value,
        ack_timeout: options.ack_timeout.value,
        body_bytes_in_flight: bytes(options.body_bytes_in_flight.value),
    }
}

/// Notes a time that is 0 or too long.
pub(super) fn time_within(time: &At<Duration>, most: Duration, reader: &mut Reader<'_>) {
    let most_shown = super::quantity::show_duration(most);
    if time.value.is_zero() {
        reader.error(
            time.span.clone(),
            format!("a time of 0 does not work here; write up to \"{most_shown}\""),
        );
    } else if time.value > most {
        reader
            .error(time.span.clone(), format!("this is too long; write at most \"{most_shown}\""));
    }
}

/// A size as a length in memory.
pub(super) fn bytes(size: Size) -> usize {
    usize::try_from(size.0).unwrap_or(usize::MAX)
}

fn index(count: u32) -> usize {
    usize::try_from(count).unwrap_or(usize::MAX)
}

pub(super) fn admin(
    options: &AdminOptions,
    server: &At<SocketAddr>,
    reader: &mut Reader<'_>,
) -> Admin {
    let listen = options.listen.value;
    if !listen.ip().is_loopback() && !options.allow_remote.value {
        reader.error(
            options.listen.span.clone(),
            "other machines could reach the API at this address, and it is not encrypted; listen on 127.0.0.1, or put a proxy with TLS before it, write `allow_remote = true`, and name the proxy's host in `hosts`",
        );
    }
    if is_taken(listen, server.value) {
        reader.error(
            options.listen.span.clone().or(server.span.clone()),
            "`[server]` and `[admin]` cannot listen on the same address; give one of them another port",
        );
    }
    let hosts = options.hosts.iter().map(|host| host.0.clone()).collect();
    Admin { listen, hosts }
}

/// Whether one of two addresses cannot be listened on beside the other: those that mean every
/// address of the machine take all of them, those of IPv6 the ones of IPv4, too.
fn is_taken(one: SocketAddr, other: SocketAddr) -> bool {
    let takes = |one: SocketAddr, other: SocketAddr| {
        one.ip().is_unspecified() && (one.is_ipv6() || other.is_ipv4())
    };
    let is_same = one.ip() == other.ip() || takes(one, other) || takes(other, one);
    one.port() == other.port() && one.port() != 0 && is_same
}

pub(super) fn store(options: &StoreOptions, reader: &mut Reader<'_>) -> StoreSettings {
    let path = match options.url.strip_prefix("sqlite:") {
        // `sqlite://name` and `sqlite:///root/name` are what other programs call the same files.
        Some(path) => path.strip_prefix("//").unwrap_or(path),
        None => "",
    };
    if path.is_empty() || path.starts_with(':') || path.contains('?') {
        reader.error(
            options.url.span.clone(),
            "the store is an SQLite file; write `sqlite:` and its path, such as \"sqlite:hookyard.db\"",
        );
    } else {
        check_place(&reader.resolve(path), options.url.span.clone(), reader);
    }
    let retention = &options.retention;
    for (time, what) in
        [(&retention.delivered, "events"), (&retention.dead_letters, "dead letters")]
    {
        if time.value.is_zero() {
            let sentence =
                format!("with 0 {what} would be gone at once; keep them for at least \"1m\"");
            reader.error(time.span.clone(), sentence);
        }
    }
    if let Some(most) = retention.max_size.as_ref().filter(|most| most.0 < 16 << 20) {
        reader.error(most.span.clone(), "this is too small to work with; allow at least \"16MiB\"");
    }
    let quarantine = &options.quarantine;
    if quarantine.keep.value.is_zero() {
        let sentence =
            "with 0 nothing could be released in time; write `max_size = \"0B\"` to keep nothing";
        reader.error(quarantine.keep.span.clone(), sentence);
    }
    let most = &quarantine.max_size;
    if most.0 > 0 && most.0 < 1 << 20 {
        let sentence =
            "this is too small to work with; allow at least \"1MiB\", or \"0B\" to keep nothing";
        reader.error(most.span.clone(), sentence);
    }
    StoreSettings {
        path: reader.resolve(path),
        retention: Retention {
            delivered: retention.delivered.value,
            dead_letters: retention.dead_letters.value,
            max_bytes: retention.max_size.as_ref().map(|size| size.0),
        },
        quarantine: QuarantineLimits {
            keep: quarantine.keep.value,
            max_bytes: most.0,
            max_body: quarantine.max_body.0,
        },
        keep_free: options.keep_free.0,
    }
}

/// The store makes its file, not the folder.
fn check_place(path: &Path, span: Option<Span>, reader: &mut Reader<'_>) {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let sentence = if path.is_dir() {
        format!("the store `{}` is a folder; name a file in it", path.display())
    } else if let Some(folder) = folder.filter(|folder| !folder.is_dir()) {
        format!(
            "the store's folder `{}` does not exist; make it, or write another path",
            folder.display()
        )
    } else {
        return;
    };
    reader.error(span, sentence);
}
