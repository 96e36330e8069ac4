//! The guard against server-side request forgery: the forms of addresses, names and URLs that
//! others were fooled with, each sent through the real client. A listener on loopback is the
//! trap; nobody may ever get there.

#![allow(clippy::unwrap_used, reason = "what the tests are made of may panic like the tests do")]

use std::collections::HashMap;
use std::net::{IpAddr, TcpListener};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use hookyard_delivery::guard::refusal;
use hookyard_delivery::{
    ClientSettings, HttpClient, Outbound, Resolve, ResolveFuture, ResponseLimit, TransportError,
    check_url,
};
use hookyard_model::{FailureKind, Reach, Timeouts};
use http::{HeaderMap, Method};

/// Answers from a table, and counts the questions.
#[derive(Default)]
struct Stub {
    answers: HashMap<&'static str, Vec<IpAddr>>,
    /// Answers that are given once each, before those of the table.
    flips: Mutex<Vec<Vec<IpAddr>>>,
    asked: AtomicUsize,
}

impl Resolve for Stub {
    fn resolve(&self, name: &str) -> ResolveFuture {
        self.asked.fetch_add(1, Ordering::Relaxed);
        let flip = self.flips.lock().unwrap().pop();
        let found = flip.or_else(|| self.answers.get(name).cloned()).unwrap_or_default();
        Box::pin(async move { Ok(found) })
    }
}

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

fn outbound(url: &str, reach: Reach) -> Outbound {
    let moment = Duration::from_millis(300);
    Outbound {
        method: Method::POST,
        url: url.to_owned(),
        headers: HeaderMap::new(),
        body: Bytes::from_static(b"{}"),
        timeouts: Timeouts { connect: moment, head: moment, total: moment },
        reach,
        limit: ResponseLimit::DESTINATION,
    }
}

fn client(stub: Stub) -> (HttpClient, Arc<Stub>) {
    let stub = Arc::new(stub);
    let resolver = Arc::clone(&stub);
    (HttpClient::new(ClientSettings { resolver, ..ClientSettings::default() }), stub)
}

fn trap() -> (TcpListener, u16) {
    let trap = TcpListener::bind("127.0.0.1:0").unwrap();
    trap.set_nonblocking(true).unwrap();
    let port = trap.local_addr().unwrap().port();
    (trap, port)
}

/// Whether nobody has come: a connection that was made waits in the listener's queue.
fn is_untouched(trap: &TcpListener) -> bool {
    trap.accept().is_err_and(|error| error.kind() == std::io::ErrorKind::WouldBlock)
}

async fn refused_of(client: &HttpClient, url: &str) -> Option<TransportError> {
    let error = client.send(outbound(url, Reach::Public)).await.err()?;
    let by_guard = matches!(error.kind, FailureKind::AddressRefused | FailureKind::Request);
    (by_guard && !error.maybe_sent).then_some(error)
}

/// One from each special range of IPv4, and its ends where they are not round.
const IPV4: [&str; 38] = [
    "0.0.0.0",
    "0.1.2.3",
    "10.0.0.1",
    "10.255.255.255",
    "100.64.0.1",
    "100.127.255.255",
    "127.0.0.1",
    "127.255.255.254",
    "169.254.0.1",
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.1",
    "192.0.0.170",
    "192.0.2.1",
    "192.88.99.1",
    "192.168.0.1",
    "192.168.255.255",
    "198.18.0.1",
    "198.19.255.255",
    "198.51.100.1",
    "203.0.113.1",
    "224.0.0.1",
    "233.252.0.1",
    "239.255.255.255",
    "240.0.0.1",
    "254.1.2.3",
    "255.255.255.255",
    "169.254.169.254",
    "169.254.170.2",
    "169.254.170.23",
    "100.100.100.200",
    "168.63.129.16",
    "192.0.0.192",
    "172.17.0.1",
    "10.96.0.1",
    "192.168.65.254",
    "169.254.42.42",
    "0.0.0.1",
];

/// Ways of writing 127.0.0.1 and 169.254.169.254 that a URL parser understands.
const IPV4_DISGUISED: [&str; 26] = [
    "2130706433",
    "0x7f000001",
    "0177.0.0.1",
    "0x7f.0.0.1",
    "0x7f.1",
    "127.1",
    "127.0.1",
    "017700000001",
    "127.0.0.1.",
    "127.000.000.001",
    "0X7F.0.0.1",
    "127.0x0.0.0x1",
    "１２７.０.０.１",
    "①②⑦.0.0.1",
    "%31%32%37.0.0.1",
    "127。0。0。1",
    "127.0.0.1%2e",
    "1２7.0.0.1",
    "2852039166",
    "0xa9fea9fe",
    "0251.0376.0251.0376",
    "0xa9.0xfe.0xa9.0xfe",
    "169.254.43518",
    "169.16689662",
    "025177524776",
    "169.254.169.254.",
];

const IPV6: [&str; 45] = [
    "::",
    "::1",
    "0:0:0:0:0:0:0:1",
    "0000:0000:0000:0000:0000:0000:0000:0001",
    "::ffff:127.0.0.1",
    "::ffff:7f00:1",
    "::FFFF:7F00:1",
    "0:0:0:0:0:ffff:7f00:0001",
    "::ffff:a9fe:a9fe",
    "::ffff:10.0.0.1",
    "::ffff:8.8.8.8",
    "::7f00:1",
    "::127.0.0.1",
    "::a9fe:a9fe",
    "::ffff:0:7f00:1",
    "::5efe:7f00:1",
    "64:ff9b::7f00:1",
    "64:ff9b::127.0.0.1",
    "64:ff9b::a9fe:a9fe",
    "64:ff9b::10.0.0.1",
    "64:ff9b:1::1",
    "64:ff9b:1::a9fe:a9fe",
    "2002:7f00:1::1",
    "2002:a9fe:a9fe::1",
    "2002:808:808::1",
    "2001::1",
    "2001:0:808:808::1",
    "2001:10::1",
    "2001:20::1",
    "2001:db8::1",
    "3fff::1",
    "3ffe::1",
    "5f00::1",
    "100::1",
    "100:0:0:1::1",
    "fc00::1",
    "fd00::1",
    "fd00:ec2::254",
    "fd20:ce::254",
    "FD00:0EC2::0254",
    "fe80::1",
    "febf::1",
    "fec0::1",
    "ff02::1",
    "4000::1",
];

/// Names that only a private network knows, whatever they resolve to.
const PRIVATE_NAMES: [&str; 17] = [
    "localhost",
    "LOCALHOST",
    "localhost.",
    "foo.localhost",
    "ip6-localhost",
    "metadata.google.internal",
    "metadata.google.internal.",
    "metadata",
    "metadata.goog",
    "metadata.azure.internal",
    "instance-data",
    "instance-data.ec2.internal",
    "kubernetes.default.svc",
    "host.docker.internal",
    "router.local",
    "db",
    "printer.home.arpa",
];

/// URLs that are not quite ones, or of another kind, or for another port; `{}` is the trap's.
const URL_TRICKS: [&str; 40] = [
    "http://good.example@127.0.0.1:{}/",
    "http://good:pw@good.example:{}/",
    "http://127.0.0.1:{}#@good.example/",
    "http://127.0.0.1:{}\\@good.example/",
    "http://good.example:80@127.0.0.1:{}",
    "http:127.0.0.1:{}",
    "http:/127.0.0.1:{}",
    "http:\\\\127.0.0.1:{}",
    "//127.0.0.1:{}",
    "127.0.0.1:{}",
    "http:///127.0.0.1:{}",
    "http://127.0.0.1%00.good.example:{}",
    "http://[::1",
    "http://[good.example]",
    "http://[fe80::1%25lo]:{}/",
    "http://[::ffff:127.0.0.1]:{}/",
    "http://good.example:0",
    "http://good.example:22",
    "http://good.example:25",
    "http://good.example:6379",
    "http://good.example:11211",
    "http://good.example:2375",
    "http://good.example:70000",
    " http://127.0.0.1:{}/",
    "http://127.0.0.1:{}/ ",
    "http://127.0.0.1\t:{}/",
    "ht\ntp://127.0.0.1:{}/",
    "http://127.0.0.1\u{a0}:{}/",
    "file:///etc/passwd",
    "gopher://127.0.0.1:{}/",
    "ftp://127.0.0.1:{}/",
    "data:text/plain,x",
    "unix:/run/x.sock",
    "jar:http://127.0.0.1:{}!/",
    "http+unix://x",
    "javascript:alert(1)",
    "ws://127.0.0.1:{}/",
    "https://127.0.0.1:{}/",
    "http://",
    "",
];

#[tokio::test]
async fn no_form_of_a_forbidden_address_gets_through() {
    let (trap, port) = trap();
    let (trap6, port6) = match TcpListener::bind("[::1]:0") {
        Ok(trap) => {
            trap.set_nonblocking(true).unwrap();
            let port = trap.local_addr().unwrap().port();
            (Some(trap), port)
        }
        Err(_) => (None, port),
    };
    let (client, stub) = client(Stub::default());
    let v4 = IPV4.iter().chain(&IPV4_DISGUISED).map(|host| format!("http://{host}:{port}/x"));
    let v6 = IPV6.iter().map(|host| format!("http://[{host}]:{port6}/x"));
    let names = PRIVATE_NAMES.iter().map(|host| format!("http://{host}:{port}/x"));
    let tricks = URL_TRICKS.iter().map(|url| url.replace("{}", &port.to_string()));
    let all: Vec<String> = v4.chain(v6).chain(names).chain(tricks).collect();
    assert!(all.len() >= 120, "{}", all.len());
    for url in &all {
        assert!(check_url(url, &Reach::Public).is_err(), "configured: {url}");
        assert!(refused_of(&client, url).await.is_some(), "sent: {url}");
    }
    assert_eq!(stub.asked.load(Ordering::Relaxed), 0);
    assert!(is_untouched(&trap) && trap6.as_ref().is_none_or(is_untouched));
    // The trap does notice when somebody comes.
    let allowed = Reach::Operator { metadata: false };
    let came = client.send(outbound(&format!("http://127.0.0.1:{port}/"), allowed)).await;
    assert_eq!(came.unwrap_err().kind, FailureKind::ResponseTimeout);
    assert!(!is_untouched(&trap));
}

#[tokio::test]
async fn one_forbidden_answer_spoils_all() {
    let public = ip("93.184.215.14");
    let mut thousand = vec![public; 1000];
    thousand.push(ip("10.0.0.1"));
    let answers = HashMap::from([
        ("a.example", vec![ip("127.0.0.1")]),
        ("aaaa.example", vec![ip("::1")]),
        ("mapped.example", vec![ip("::ffff:127.0.0.1")]),
        ("mixed.example", vec![public, ip("127.0.0.1")]),
        ("mixed6.example", vec![ip("2606:4700::1111"), ip("fd00:ec2::254")]),
        ("thousand.example", thousand),
        ("metadata.example", vec![ip("169.254.169.254")]),
    ]);
    let names: Vec<&str> = answers.keys().copied().collect();
    let (client, stub) = client(Stub { answers, ..Stub::default() });
    let (trap, port) = trap();
    for (asked, name) in (1..).zip(&names) {
        let url = format!("http://{name}:{port}/");
        assert!(check_url(&url, &Reach::Public).is_ok(), "{name}");
        let error = refused_of(&client, &url).await.expect(name);
        assert_eq!(error.kind, FailureKind::AddressRefused, "{name}");
        assert_eq!(stub.asked.load(Ordering::Relaxed), asked, "a name is resolved once an attempt");
    }
    assert!(is_untouched(&trap));
}

#[tokio::test]
async fn an_answer_that_flips_cannot_get_behind_the_check() {
    // What was checked is dialled: the second answer of a name is never asked for.
    let (trap, port) = trap();
    let flips: Vec<Vec<IpAddr>> =
        (0..200).map(|n| vec![ip(if n % 2 == 0 { "127.0.0.1" } else { "0.0.0.0" })]).collect();
    let (client, stub) = client(Stub { flips: Mutex::new(flips), ..Stub::default() });
    for attempt in 1..=200 {
        let url = format!("http://flip.example:{port}/");
        assert!(refused_of(&client, &url).await.is_some());
        assert_eq!(stub.asked.load(Ordering::Relaxed), attempt);
    }
    assert!(is_untouched(&trap));
}

#[test]
fn public_addresses_are_allowed() {
    let controls = [
        "1.1.1.1",
        "8.8.8.8",
        "93.184.215.14",
        "100.63.255.255",
        "100.128.0.1",
        "172.15.255.255",
        "172.32.0.1",
        "192.0.1.1",
        "198.17.255.255",
        "223.255.255.255",
        "2606:4700::1111",
        "2a00:1450:4001:810::200e",
        "2001:4860:4860::8888",
        "2620:fe::fe",
        "64:ff9b::8.8.8.8",
    ];
    for text in controls {
        assert_eq!(refusal(ip(text), &Reach::Public), None, "{text}");
        let host = if text.contains(':') { format!("[{text}]") } else { text.to_owned() };
        for place in [format!("https://{host}/hook"), format!("http://{host}:8080/hook?a=b")] {
            assert!(check_url(&place, &Reach::Public).is_ok(), "{place}");
        }
    }
    for url in
        ["https://hooks.example.com/x", "HTTPS://Hooks.Example.COM./x", "http://bücher.example/"]
    {
        assert!(check_url(url, &Reach::Public).is_ok(), "{url}");
    }
}

#[test]
fn an_operator_reaches_private_networks_but_no_metadata_service() {
    let without = Reach::Operator { metadata: false };
    let with = Reach::Operator { metadata: true };
    for text in ["127.0.0.1", "::1", "10.0.0.1", "192.168.1.1", "fd00::1", "169.254.1.1", "8.8.8.8"]
    {
        assert_eq!(refusal(ip(text), &without), None, "{text}");
    }
    let metadata = [
        "169.254.169.254",
        "169.254.170.2",
        "169.254.170.23",
        "100.100.100.200",
        "168.63.129.16",
        "192.0.0.192",
        "fd00:ec2::254",
        "fd00:ec2::23",
        "fd20:ce::254",
        "::ffff:169.254.169.254",
        "::a9fe:a9fe",
        "::ffff:0:a9fe:a9fe",
        "64:ff9b::a9fe:a9fe",
        "64:ff9b:1::a9fe:a9fe",
        "2002:a9fe:a9fe::1",
        "::5efe:a9fe:a9fe",
        "fe80::5efe:a9fe:a9fe",
        "2001:0:0:0:0:0:5601:5601",
    ];
    for text in metadata {
        assert!(refusal(ip(text), &without).is_some(), "{text}");
        assert_eq!(refusal(ip(text), &with), None, "{text}");
    }
    let urls = [
        ("http://localhost:3000/hooks", true, true),
        ("http://db:6379/", true, true),
        ("https://10.0.0.1/", true, true),
        ("http://metadata.google.internal/", false, true),
        ("http://2852039166/", false, true),
        ("http://user@localhost/", false, false),
        ("http://localhost/#part", false, false),
        ("ftp://localhost/", false, false),
        ("http://localhost:0/", false, false),
        ("http://local host/", false, false),
    ];
    for (url, allowed, allowed_with_metadata) in urls {
        assert_eq!(check_url(url, &without).is_ok(), allowed, "{url}");
        assert_eq!(check_url(url, &with).is_ok(), allowed_with_metadata, "{url}");
    }
}
