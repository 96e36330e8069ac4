//! Every option of `hookyard.toml`: its name, type, default and meaning, said once.
//!
//! The reading, the reference page and the sample file all come from here.

use std::net::SocketAddr;
use std::time::Duration;

use hookyard_model::{CircuitPolicy, ForwardHeaders, Rate, RetryPolicy, Secret, TypePattern};
use ipnet::IpNet;
use toml::de::DeTable;

use super::reader::{At, Node, Reader};
use super::report::Span;
use super::section::{Fields, Named, Opt, Rows, Section, Value, sections};
use super::value::{
    Addresses, HeaderName, Headers, HostName, Method, OneOrMore, ProviderSlug, Settings, Share,
    Size, Verify,
};
use super::{Batches, DedupeBy};

const fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

const fn days(days: u64) -> Duration {
    Duration::from_secs(days * 86_400)
}

const fn mebibytes(mebibytes: u64) -> Size {
    Size(mebibytes << 20)
}

fn loopback(port: u16) -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], port))
}

sections! {
    /// The whole file.
    Root {
        /// Where webhooks come in.
        server: section ServerOptions;
        /// Where the API, health and metrics are.
        admin: section AdminOptions;
        /// Where events are kept, and for how long.
        store: section StoreOptions;
        /// Who sends. The source `github` receives at `/webhook/github`.
        sources: section Named<SourceOptions>;
        /// Who receives.
        destinations: section Named<DestinationOptions>;
        /// From sources to destinations. An event that no route takes is kept and not delivered.
        routes: section Rows<RouteOptions>;
    }

    /// `[server]`
    ServerOptions {
        /// The address to listen on for webhooks. Changing it needs a restart.
        listen: default SocketAddr = loopback(8080);
        /// Scheme and host under which providers reach this server, where a proxy hides it. Some
        /// providers sign the URL.
        public_url: optional String, like "\"https://hooks.example.com\"";
        /// Names under which senders reach this server, without a port. A request for another host
        /// is answered 421. Behind a proxy it is what the proxy sends as `Host` that counts.
        /// Without it every host is good.
        hosts: optional OneOrMore<HostName>, like "[\"hooks.example.com\"]";
        /// Proxies whose `X-Forwarded-For` and `X-Forwarded-Proto` headers are believed. Nobody
        /// else's are.
        trusted_proxies: default Vec<At<IpNet>> = Vec::new(), like "[\"10.0.0.0/8\"]";
        /// Receive over TLS (1.2 or later). The files are read again when they change.
        tls: optional TlsOptions, like "{ certificate = \"cert.pem\", key = \"key.pem\" }";
        /// What one connection and one request may take. Changing it needs a restart.
        limits: section LimitOptions;
    }

    /// `[server] tls`
    TlsOptions {
        /// A PEM file: the certificate, then those between it and the authority. The path is
        /// relative to this file's folder.
        certificate: required String, like "\"cert.pem\"";
        /// A PEM file with the certificate's private key.
        key: required String, like "\"key.pem\"";
    }

    /// `[server.limits]`
    LimitOptions {
        /// Connections at once.
        connections: default u32 = 8192;
        /// Connections at once from one address. Trusted proxies are not counted.
        connections_per_address: default u32 = 256;
        /// From the connection, or the answer before, to the first byte of a request.
        idle_timeout: default Duration = seconds(60);
        /// From the first byte to the end of the headers.
        head_timeout: default Duration = seconds(5);
        /// Between two pieces of a body.
        body_timeout: default Duration = seconds(10);
        /// From the first byte to the end of the body.
        request_timeout: default Duration = seconds(30);
        /// From the end of the body to the answer. After that it is 503, and the provider tries
        /// again.
        ack_timeout: default Duration = Duration::from_millis(2500);
        /// The bytes of all bodies that are being read or stored at one time.
        body_bytes_in_flight: default Size = mebibytes(128);
    }

    /// `[admin]`
    AdminOptions {
        /// The address to listen on for the API, health and metrics. Changing it needs a restart.
        listen: default SocketAddr = loopback(8081);
        /// Allow an address that other machines can reach. The API is not encrypted: put a proxy
        /// with TLS before it, let nobody else through, and name the proxy's host in `hosts`.
        allow_remote: default bool = false;
        /// Names under which callers reach the API through a proxy that passes their `Host` on,
        /// without a port. Requests for another host than these, this machine's own names or the
        /// address that is listened on are refused.
        hosts: default Vec<At<HostName>> = Vec::new(), like "[\"hub.internal\"]";
    }

    /// `[store]`
    StoreOptions {
        /// The database: `sqlite:` and a path, which is relative to this file's folder. Changing
        /// it needs a restart.
        url: default String = "sqlite:hookyard.db".to_owned();
        /// How much of the disk to keep free. Below that nothing more is accepted. Changing it needs
        /// a restart.
        keep_free: default Size = mebibytes(64);
        /// How long what is done with is kept. What is not yet delivered is never removed.
        retention: section RetentionOptions;
        /// Requests that failed verification are kept for a while and never delivered, so that
        /// they can be let in once a wrong secret was put right: `hookyard quarantine`.
        quarantine: section QuarantineOptions;
    }

    /// `[store.retention]`
    RetentionOptions {
        /// Events that all their destinations have, or that have none.
        delivered: default Duration = days(7);
        /// Events with a dead letter.
        dead_letters: default Duration = days(30);
        /// When the store is larger, the oldest events that are done with go first, whatever
        /// their age.
        max_size: optional Size, like "\"20GiB\"";
    }

    /// `[store.quarantine]`
    QuarantineOptions {
        /// For how long they are kept.
        keep: default Duration = days(1);
        /// How much of them in all; `"0B"` keeps none. When there is more, the source that has
        /// most loses its oldest. A source may write a quarter of this at once and all of it in
        /// each hour; what is more is refused like everything else, but not kept.
        max_size: default Size = mebibytes(64);
        /// Requests with a longer body are not kept.
        max_body: default Size = mebibytes(1);
    }

    /// `[sources.NAME]`
    SourceOptions {
        /// Who sends. A sender that has no name of its own here is `generic`. Other names that a
        /// provider is known by are understood: `facebook` or `whatsapp` is `meta`, `twitter` is
        /// `x-twitter`.
        provider: optional ProviderSlug, like "\"github\"";
        /// What the provider signs with. Not with `secrets`.
        secret: optional Secret, like "\"${GITHUB_WEBHOOK_SECRET}\"";
        /// Several secrets, all of them good, while one is being replaced; the newest first.
        /// The metric `hookyard_verified_total` says which are still in use.
        secrets: optional Vec<At<Secret>>, like "[\"${NEW_SECRET}\", \"${OLD_SECRET}\"]";
        /// A file for the secret of a provider that hands it over itself when a webhook is made
        /// (Asana, Notion). As long as there is no such file, the first secret that comes is taken
        /// and written there, for this user alone to read; nothing else is accepted until then.
        /// Afterwards it is used like a `secret`, and no other is taken: remove the file for that.
        /// For several webhooks of one source it names a folder that is there, with a file for each
        /// of up to 32 webhooks, of any name. Each empty file is filled with one secret that comes;
        /// all that are there count, and a file that is removed ends its webhook's.
        handshake_secret: optional String, like "\"asana.secret\"";
        /// What the provider needs beside the secret, or instead of one, by name: its page says
        /// what. An error lists what a provider has.
        settings: optional Settings, like "{ webhook_id = \"1JE4291016473214C\" }";
        /// Where to fetch the keys of a provider that publishes them, instead of from the provider
        /// itself: a mirror that you run, or a server for tests. The path of the provider's own URL
        /// is put behind it, also for the access tokens of eBay. `http` and private addresses are
        /// allowed here, because you wrote it. Without it, keys come over `https` from
        /// the provider's own hosts alone.
        keys_url: optional String, like "\"http://127.0.0.1:9000\"";
        /// `"none"` takes events from anyone, or from anyone with the `token`, and marks them as
        /// unverified.
        verify: default Verify = Verify::Signature;
        /// How far a signed timestamp may be from now, instead of what the provider says.
        tolerance: optional Duration, like "\"5m\"";
        /// How a `generic` sender signs. Without it, `X-Webhook-Signature: sha256=HEX`,
        /// `X-Signature: HEX` and `X-Hub-Signature-256: sha256=HEX` over the body are understood.
        signature: optional SignatureOptions, like "{ header = \"x-acme-signature\", algorithm = \"sha512\" }";
        /// The user name of HTTP basic authentication, with `password`.
        username: optional String, like "\"acme\"";
        /// The password of HTTP basic authentication.
        password: optional Secret, like "\"${ACME_PASSWORD}\"";
        /// A token that has to come in a header, beside the signature or instead of one. A
        /// provider that signs needs its `secret` too, unless `verify = "none"` says that the
        /// token alone is checked.
        token: optional TokenOptions, like "{ header = \"x-acme-token\", tokens = [\"${ACME_TOKEN}\"] }";
        /// The same for `Authorization: Bearer …`: the token, or several.
        bearer: optional OneOrMore<Secret>, like "\"${ACME_TOKEN}\"";
        /// The URL that the provider was given, where it is not the server's `public_url` and
        /// `/webhook/NAME`. Some providers sign it.
        public_url: optional String, like "\"https://hooks.example.com/webhook/github\"";
        /// Addresses that may send. Empty means all.
        allow_ips: default Vec<At<IpNet>> = Vec::new(), like "[\"192.30.252.0/22\"]";
        /// Methods that are accepted.
        methods: default Vec<At<Method>> = vec![At { value: Method("POST"), span: None }], like "[\"POST\", \"PUT\"]";
        /// The longest body, up to 64 MiB. A longer one is answered 413.
        body_limit: default Size = mebibytes(1);
        /// How many requests may come. More are answered 429.
        rate: optional Rate, like "\"100/s\"";
        /// How a repeat of an event is told.
        dedupe: section DedupeOptions;
        /// What becomes of a request in which the provider sends several events at a time.
        /// `"split"` makes an event of each, with its own id, repeats, routes and deliveries; the
        /// request is kept once beside them. What is delivered is the item, as JSON, with
        /// `hookyard-item: 2/5`: what stands around the items is in the request alone, and the
        /// provider's own signature is of that and does not fit the item. `"together"` keeps the
        /// request as one event, as it came. A request with more than 10,000 events stays together,
        /// and one in which an element of the list is not an object; the log says so.
        batches: default Batches = Batches::Split;
        /// What the provider is answered when an event is kept, where it reads more than the
        /// status: Discord, Slack, Twilio and some others have answers of their own, which their
        /// pages name, and get the first of them without this. What became of the event is then
        /// in the headers `hookyard-status` and `hookyard-event-id`. `"receipt"` says it in JSON,
        /// as it is said to everyone else.
        answer: optional String, like "\"deferred\"";
        /// `false` switches the source off: its URL answers 404.
        enabled: default bool = true;
    }

    /// `[sources.NAME] signature`
    SignatureOptions {
        /// The header with the signature.
        header: optional HeaderName, like "\"x-webhook-signature\"";
        /// The hash of the HMAC: `"sha256"`, `"sha512"` or `"sha1"`.
        algorithm: optional String, like "\"sha256\"";
        /// How the signature is written: `"hex"`, `"base64"` or `"base64url"`.
        encoding: optional String, like "\"hex\"";
        /// What stands before the signature.
        prefix: optional String, like "\"sha256=\"";
        /// The header with the time of signing, in seconds since 1970.
        timestamp_header: optional HeaderName, like "\"x-webhook-timestamp\"";
        /// The header with the event's id, where it is signed.
        id_header: optional HeaderName, like "\"x-webhook-id\"";
        /// What is signed: text and `{body}`, `{timestamp}`, `{id}`, `{method}`, `{url}`,
        /// `{path}`, `{header:NAME}`.
        template: optional String, like "\"{timestamp}.{body}\"";
    }

    /// `[sources.NAME] token`
    TokenOptions {
        /// The header.
        header: default HeaderName = HeaderName("authorization".to_owned()), like "\"x-acme-token\"";
        /// What stands before the token there; `Bearer ` in `authorization`, else nothing.
        prefix: optional String, like "\"Bearer \"";
        /// Any of these is right.
        tokens: required OneOrMore<Secret>, like "[\"${ACME_TOKEN}\"]";
    }

    /// `[sources.NAME.dedupe]`
    DedupeOptions {
        /// For how long a repeat is told. The default is 7 days, and 30 where no signed time says
        /// how old a request may be, so that an old one could be sent again by anyone who saw it.
        window: optional Duration, like "\"7d\"";
        /// By what: the provider's event id, a header, a place in a JSON body, a field of a form,
        /// the whole body, or nothing. Of a list, the first that a request has counts; a value
        /// of more than 255 bytes is none. What has none of them is a new event each time.
        key: default OneOrMore<DedupeBy> = OneOrMore(vec![At { value: DedupeBy::Provider, span: None }]), like "[\"provider\", \"header:x-request-id\", \"body\"]";
    }

    /// `[destinations.NAME]`
    DestinationOptions {
        /// Where to deliver: `http` or `https`. Private addresses are allowed, because you wrote
        /// it; those of cloud metadata services are not. If you did not write it, see `reach`.
        url: required String, like "\"http://127.0.0.1:3000/hooks\"";
        /// Sign what we send, by Standard Webhooks (`hookyard secret generate`). Not with
        /// `secrets`.
        secret: optional Secret, like "\"${CI_SIGNING_SECRET}\"";
        /// Several secrets while one is being replaced; each request carries a signature of each.
        secrets: optional Vec<At<Secret>>, like "[\"${NEW_SECRET}\", \"${OLD_SECRET}\"]";
        /// How long an attempt may take in all, up to 60 s.
        timeout: default Duration = seconds(15);
        /// How long the steps of an attempt may take.
        timeouts: section TimeoutOptions;
        /// How many attempts may be under way at once.
        concurrency: default u32 = 8;
        /// How many attempts may start.
        rate: optional Rate, like "\"50/s\"";
        /// When a failure is tried again. `"standard"` is the ten attempts over 75 hours that
        /// Standard Webhooks recommends; a list has one wait after each failure.
        retry: default RetryPolicy = RetryPolicy::default(), like "{ attempts = 8, base = \"5s\", max = \"1h\" }";
        /// When a destination that keeps failing is left alone for a while. Its deliveries are
        /// held meanwhile, not dropped. `false` switches that off.
        circuit: default CircuitPolicy = CircuitPolicy::default(), like "{ failures = 5 }";
        /// Headers that each request carries.
        headers: optional Headers, like "{ authorization = \"Bearer ${CI_TOKEN}\" }";
        /// Which headers of the event go along: those that describe the body; also the provider's
        /// signature, id and type; all but the connection's, `authorization`, `cookie` and those in
        /// which a source has its token; or the named ones. A provider's `webhook-id`,
        /// `webhook-timestamp` and `webhook-signature` arrive as `hookyard-original-webhook-id`
        /// and so on, byte for byte, since ours stand under these names.
        forward_headers: default ForwardHeaders = ForwardHeaders::Content, like "\"signature\"";
        /// `"public"` is for a URL that somebody else gave you, such as a customer: it may lead to
        /// public addresses alone, at port 80, 443 or one above 1023 where no other service is
        /// expected. What the name resolves to is looked at before each connection; an event for
        /// another address is a dead letter at once, `address_refused`. `"any"` is for your own.
        reach: default Addresses = Addresses::Any, like "\"public\"";
        /// Allow the addresses of cloud metadata services. Whoever gets a request there may get
        /// the machine's credentials.
        allow_metadata: default bool = false;
    }

    /// `[destinations.NAME.timeouts]`
    TimeoutOptions {
        /// To resolve the name, connect and agree on TLS.
        connect: default Duration = seconds(5);
        /// From there to the end of the response's headers. The default is the whole `timeout`.
        head: optional Duration, like "\"10s\"";
    }

    /// `[destinations.NAME] retry`
    RetryOptions {
        /// How many attempts in all.
        attempts: default u32 = 10;
        /// The first wait. It doubles after each failure.
        base: default Duration = seconds(5);
        /// The longest wait.
        max: default Duration = seconds(3600);
    }

    /// `[destinations.NAME] circuit`
    CircuitOptions {
        /// Opens after so many failures in a row.
        failures: default u32 = CircuitPolicy::default().failures;
        /// Opens when this share of the attempts within `window` failed.
        failure_rate: default Share = Share(CircuitPolicy::default().failure_rate);
        /// How many attempts there must be for that.
        min_attempts: default u32 = CircuitPolicy::default().min_attempts;
        /// The time over which the share is taken.
        window: default Duration = CircuitPolicy::default().window;
        /// How long it stays open at first. It doubles each time a probe fails.
        hold: default Duration = CircuitPolicy::default().hold;
        /// The longest that it stays open.
        hold_max: default Duration = CircuitPolicy::default().hold_max;
        /// How often the number of attempts at once doubles after it has closed.
        ramp: default Duration = CircuitPolicy::default().ramp;
    }

    /// `[[routes]]`
    RouteOptions {
        /// The source; `"*"` takes the events of every source.
        from: required String, like "\"github\"";
        /// Only these event types. A `*` stands for one part between dots, at the end for one or
        /// more.
        types: optional OneOrMore<TypePattern>, like "[\"push\", \"pull_request.*\"]";
        /// The destination, or several.
        to: required OneOrMore<String>, like "\"ci\"";
    }
}
