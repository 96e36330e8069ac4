//! What can be written for an option: texts, numbers, times, addresses and choices.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use hookyard_model::{CircuitPolicy, ForwardHeaders, Rate, RetryPolicy, Secret, TypePattern};
use hookyard_signature::{Fact, PROVIDERS};
use ipnet::IpNet;
use toml::de::DeValue;

use super::options::{CircuitOptions, RetryOptions};
use super::quantity::{parse_duration, parse_size, show_duration, show_size};
use super::reader::{At, Node, Reader};
use super::section::{Opt, Section, Value};
use super::{Batches, DedupeBy, Place};

/// Implements [`Value`] for what is written as a text.
macro_rules! texts {
    ($($type:ty: $form:literal, $parse:expr, $show:expr;)*) => {$(
        impl Value for $type {
            fn form() -> String {
                $form.to_owned()
            }

            fn read(node: &Node<'_>, reader: &mut Reader<'_>) -> Option<Self> {
                reader.parsed(node, $form, $parse)
            }

            fn show(&self) -> String {
                let show: fn(&Self) -> String = $show;
                quote(&show(self))
            }
        }
    )*};
}

/// A text as TOML. Only defaults are shown, and they need no escapes.
fn quote(text: &str) -> String {
    format!("\"{text}\"")
}

texts! {
    String: "a text", |text| Some(text.to_owned()), Clone::clone;
    Duration: "a time such as `\"15s\"` or `\"1h30m\"`", parse_duration, |time| show_duration(*time);
    Size: "a size such as `\"64KiB\"` or `\"1MiB\"`", |text| parse_size(text).map(Size), |size| show_size(size.0);
    SocketAddr: "an address and port such as `\"127.0.0.1:8080\"`", |text| text.parse().ok(), ToString::to_string;
    IpNet: "an address or network such as `\"192.0.2.7\"` or `\"192.0.2.0/24\"`", parse_network, ToString::to_string;
    Rate: "a rate such as `\"50/s\"`, `\"100/m\"` or `\"1000/h\"`", |text| text.parse().ok(), |_| String::new();
    TypePattern: "an event type such as `\"push\"`, `\"pull_request.*\"` or `\"*\"`", |text| text.parse().ok(), ToString::to_string;
    DedupeBy: "`\"provider\"`, `\"header:NAME\"`, `\"json:/POINTER\"`, `\"form:NAME\"`, `\"body\"` or `\"off\"`", parse_dedupe, show_dedupe;
    Method: "`\"GET\"`, `\"POST\"`, `\"PUT\"`, `\"PATCH\"` or `\"DELETE\"`", Method::parse, |method| method.0.to_owned();
    Verify: "`\"signature\"` or `\"none\"`", Verify::parse, |verify| verify.word().to_owned();
    Batches: "`\"split\"` or `\"together\"`", Batches::parse, |batches| batches.word().to_owned();
    Addresses: "`\"any\"` or `\"public\"`", Addresses::parse, |addresses| addresses.word().to_owned();
    HostName: "the name of a host such as `\"hub.internal\"`, without a port", HostName::parse, |name| name.0.clone();
    HeaderName: "the name of a header such as `\"x-signature\"`", HeaderName::parse, |name| name.0.clone();
}

/// A number of bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Size(pub(super) u64);

/// A method that a webhook may come with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Method(pub(super) &'static str);

impl Method {
    fn parse(text: &str) -> Option<Self> {
        let known = ["GET", "POST", "PUT", "PATCH", "DELETE"];
        known.into_iter().find(|method| method.eq_ignore_ascii_case(text)).map(Self)
    }
}

/// Whether it is checked where requests come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verify {
    Signature,
    None,
}

impl Verify {
    fn parse(text: &str) -> Option<Self> {
        [Self::Signature, Self::None].into_iter().find(|verify| verify.word() == text)
    }

    const fn word(self) -> &'static str {
        match self {
            Self::Signature => "signature",
            Self::None => "none",
        }
    }
}

impl Batches {
    fn parse(text: &str) -> Option<Self> {
        [Self::Split, Self::Together].into_iter().find(|batches| batches.word() == text)
    }

    const fn word(self) -> &'static str {
        match self {
            Self::Split => "split",
            Self::Together => "together",
        }
    }
}

/// Which addresses a destination may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Addresses {
    Any,
    Public,
}

impl Addresses {
    fn parse(text: &str) -> Option<Self> {
        [Self::Any, Self::Public].into_iter().find(|addresses| addresses.word() == text)
    }

    const fn word(self) -> &'static str {
        match self {
            Self::Any => "any",
            Self::Public => "public",
        }
    }
}

/// A host as it stands in a URL: a name without the dot that may end it, an IPv4 address, or an
/// IPv6 address in brackets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct HostName(pub(super) String);

impl HostName {
    fn parse(text: &str) -> Option<Self> {
        // What is written in another way than it is sent, or with a `*`, would never be met.
        let host = url::Host::parse(text).ok()?.to_string();
        let is_sent = host.eq_ignore_ascii_case(text) && !host.contains('*');
        let name = host.strip_suffix('.').unwrap_or(&host);
        let has_labels = name.split('.').all(|label| (1..=63).contains(&label.len()));
        (is_sent && has_labels).then(|| Self(name.to_owned()))
    }
}

/// The name of a header, in lower case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct HeaderName(pub(super) String);

impl HeaderName {
    pub(super) fn parse(text: &str) -> Option<Self> {
        http::HeaderName::try_from(text).ok().map(|name| Self(name.as_str().to_owned()))
    }
}

/// A single address is a network of one.
fn parse_network(text: &str) -> Option<IpNet> {
    let network = text.parse().or_else(|_| text.parse::<IpAddr>().map(IpNet::from));
    network.ok().map(|network: IpNet| network.trunc())
}

fn parse_dedupe(text: &str) -> Option<DedupeBy> {
    match text {
        "provider" => return Some(DedupeBy::Provider),
        "body" => return Some(DedupeBy::Body),
        "off" => return Some(DedupeBy::Off),
        _ => {}
    }
    let fact = Fact::parse(text).ok()?;
    // The names of headers have no case.
    let text =
        if text.starts_with("header:") { text.to_ascii_lowercase() } else { text.to_owned() };
    Some(DedupeBy::Place(Place { text, fact }))
}

fn show_dedupe(key: &DedupeBy) -> String {
    match key {
        DedupeBy::Provider => "provider".to_owned(),
        DedupeBy::Place(place) => place.text.clone(),
        DedupeBy::Body => "body".to_owned(),
        DedupeBy::Off => "off".to_owned(),
    }
}

impl Value for bool {
    fn form() -> String {
        "`true` or `false`".to_owned()
    }

    fn read(node: &Node<'_>, reader: &mut Reader<'_>) -> Option<Self> {
        let value = node.get_ref().as_bool();
        if value.is_none() {
            reader.wrong_type(node, &Self::form());
        }
        value
    }

    fn show(&self) -> String {
        self.to_string()
    }
}

impl Value for u32 {
    fn form() -> String {
        "a whole number".to_owned()
    }

    fn read(node: &Node<'_>, reader: &mut Reader<'_>) -> Option<Self> {
        let Some(integer) = node.get_ref().as_integer() else {
            reader.wrong_type(node, &Self::form());
            return None;
        };
        let value = Self::from_str_radix(integer.as_str(), integer.radix()).ok();
        if value.is_none() {
            reader.error(node.span(), format!("expected a whole number from 0 to {}", Self::MAX));
        }
        value
    }

    fn show(&self) -> String {
        self.to_string()
    }
}

/// What a provider is called, if there is one of that name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ProviderSlug(pub(super) String);

impl Value for ProviderSlug {
    fn form() -> String {
        let slugs = PROVIDERS.iter().map(|provider| format!("`\"{}\"`", provider.slug));
        format!("one of {}", slugs.collect::<Vec<_>>().join(", "))
    }

    fn read(node: &Node<'_>, reader: &mut Reader<'_>) -> Option<Self> {
        reader.text(node, "the name of a provider").map(Self)
    }
}

/// A part of a whole, from 0 to 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Share(pub(super) f64);

impl Value for Share {
    fn form() -> String {
        "a number above 0, up to 1, such as `0.5`".to_owned()
    }

    fn read(node: &Node<'_>, reader: &mut Reader<'_>) -> Option<Self> {
        let number = match node.get_ref() {
            DeValue::Float(float) => float.as_str().parse::<f64>().ok(),
            DeValue::Integer(integer) => integer.as_str().parse::<f64>().ok(),
            _ => None,
        };
        let share = number.filter(|number| *number > 0.0 && *number <= 1.0);
        if share.is_none() {
            reader.error(node.span(), format!("expected {}", Self::form()));
        }
        share.map(Self)
    }

    fn show(&self) -> String {
        self.0.to_string()
    }
}

impl Value for Secret {
    const IS_SECRET: bool = true;

    fn form() -> String {
        "a secret: `\"${NAME}\"` takes it from the environment, `\"file:PATH\"` from a file"
            .to_owned()
    }

    fn read(node: &Node<'_>, reader: &mut Reader<'_>) -> Option<Self> {
        reader.secret(node)
    }
}

/// A list, in which each entry keeps its place. One that is wrong does not hide the next.
impl<T: Value> Value for Vec<At<T>> {
    const IS_SECRET: bool = T::IS_SECRET;

    fn form() -> String {
        format!("a list, each entry {}", T::form())
    }

    fn read(node: &Node<'_>, reader: &mut Reader<'_>) -> Option<Self> {
        let Some(array) = node.get_ref().as_array() else {
            reader.wrong_type(node, &Self::form());
            return None;
        };
        let mut complete = true;
        let mut list = Self::new();
        for node in array {
            let value = T::read(node, reader);
            complete &= value.is_some();
            list.extend(value.map(|value| At { value, span: Some(node.span()) }));
        }
        complete.then_some(list)
    }

    fn show(&self) -> String {
        let entries: Vec<String> = self.iter().map(|entry| entry.show()).collect();
        format!("[{}]", entries.join(", "))
    }
}

/// One, or a list of them.
#[derive(Clone, Debug)]
pub(super) struct OneOrMore<T>(pub(super) Vec<At<T>>);

impl<T: Value> Value for OneOrMore<T> {
    const IS_SECRET: bool = T::IS_SECRET;

    fn form() -> String {
        format!("{}, or a list of them", T::form())
    }

    fn read(node: &Node<'_>, reader: &mut Reader<'_>) -> Option<Self> {
        if !node.get_ref().is_array() {
            let value = T::read(node, reader)?;
            return Some(Self(vec![At { value, span: Some(node.span()) }]));
        }
        let list = Vec::read(node, reader)?;
        if list.is_empty() {
            reader.error(node.span(), "the list is empty; put at least one into it");
            return None;
        }
        Some(Self(list))
    }

    fn show(&self) -> String {
        // What holds by default is one.
        self.0.iter().map(|one| one.show()).collect::<Vec<_>>().join(", ")
    }
}

/// A table of texts that may be secret, such as headers.
#[derive(Debug)]
pub(super) struct Headers(pub(super) SecretsByName);

impl Value for Headers {
    const IS_SECRET: bool = true;

    fn form() -> String {
        "a table of header names and values; a value may be `\"${NAME}\"` or `\"file:PATH\"`"
            .to_owned()
    }

    fn read(node: &Node<'_>, reader: &mut Reader<'_>) -> Option<Self> {
        secrets_by_name(node, &Self::form(), reader).map(Self)
    }
}

/// A provider's settings: names, which may turn out not to be any, and values.
#[derive(Debug)]
pub(super) struct Settings(pub(super) SecretsByName);

impl Value for Settings {
    const IS_SECRET: bool = true;

    fn form() -> String {
        "a table of names and texts; a text may be `\"${NAME}\"` or `\"file:PATH\"`".to_owned()
    }

    fn read(node: &Node<'_>, reader: &mut Reader<'_>) -> Option<Self> {
        secrets_by_name(node, &Self::form(), reader).map(Self)
    }
}

/// What a table has under names of any kind: where each stands, and its value.
type SecretsByName = BTreeMap<String, (At<()>, At<Secret>)>;

/// Reads a table of any names, each with a secret.
fn secrets_by_name(node: &Node<'_>, form: &str, reader: &mut Reader<'_>) -> Option<SecretsByName> {
    let Some(table) = node.get_ref().as_table() else {
        reader.wrong_type(node, form);
        return None;
    };
    let mut secrets = BTreeMap::new();
    for (key, node) in table {
        let name = At { value: (), span: Some(key.span()) };
        if let Some(value) = reader.secret(node) {
            let value = At { value, span: Some(node.span()) };
            secrets.insert(key.get_ref().to_string(), (name, value));
        }
    }
    (secrets.len() == table.len()).then_some(secrets)
}

impl Value for RetryPolicy {
    fn form() -> String {
        "`\"standard\"`, a list of waits such as `[\"5s\", \"5m\"]`, or a table".to_owned()
    }

    fn read(node: &Node<'_>, reader: &mut Reader<'_>) -> Option<Self> {
        match node.get_ref() {
            DeValue::Array(_) => {
                let waits: Vec<At<Duration>> = Vec::read(node, reader)?;
                Some(Self::Schedule(waits.into_iter().map(|wait| wait.value).collect()))
            }
            DeValue::Table(table) => {
                RetryOptions::read_table(table, node.span(), reader).policy(reader)
            }
            _ => {
                reader.parsed(node, &Self::form(), |text| (text == "standard").then(Self::default))
            }
        }
    }

    fn show(&self) -> String {
        quote("standard")
    }

    fn inner() -> Vec<Opt> {
        RetryOptions::options()
    }
}

impl Value for CircuitPolicy {
    fn form() -> String {
        "`false`, or a table".to_owned()
    }

    fn read(node: &Node<'_>, reader: &mut Reader<'_>) -> Option<Self> {
        match node.get_ref() {
            DeValue::Boolean(false) => Some(Self { failures: 0, ..Self::default() }),
            DeValue::Boolean(true) => Some(Self::default()),
            DeValue::Table(table) => {
                CircuitOptions::read_table(table, node.span(), reader).policy(reader)
            }
            _ => {
                reader.wrong_type(node, &Self::form());
                None
            }
        }
    }

    fn show(&self) -> String {
        "{}".to_owned()
    }

    fn inner() -> Vec<Opt> {
        CircuitOptions::options()
    }
}

impl Value for ForwardHeaders {
    fn form() -> String {
        "`\"content\"`, `\"signature\"`, `\"all\"` or a list of header names".to_owned()
    }

    fn read(node: &Node<'_>, reader: &mut Reader<'_>) -> Option<Self> {
        if node.get_ref().is_array() {
            let names: Vec<At<HeaderName>> = Vec::read(node, reader)?;
            return Some(Self::Named(names.into_iter().map(|name| name.value.0).collect()));
        }
        reader.parsed(node, &Self::form(), |text| match text {
            "content" => Some(Self::Content),
            "signature" => Some(Self::Signature),
            "all" => Some(Self::All),
            _ => None,
        })
    }

    fn show(&self) -> String {
        quote("content")
    }
}
