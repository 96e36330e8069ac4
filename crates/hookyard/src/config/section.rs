//! Tables of options: each is said once, and read, documented and shown from that.

use std::collections::BTreeMap;

use hookyard_model::Name;
use hookyard_signature::PROVIDERS;
use toml::de::{DeTable, DeValue};

use super::nearest::nearest;
use super::options::Root;
use super::reader::{At, Node, Reader};
use super::report::Span;

/// What is known of an option, for the reference page and the sample file.
#[derive(Clone, Debug)]
#[cfg_attr(not(test), expect(dead_code, reason = "the page and the sample are made by tests"))]
pub(super) struct Opt {
    /// Its key.
    pub(super) key: &'static str,
    /// What can be written, in words.
    pub(super) form: String,
    /// Whether it has to be there.
    pub(super) required: bool,
    /// What holds when it is not there, as TOML.
    pub(super) default: Option<String>,
    /// What it may look like, as TOML.
    pub(super) like: Option<&'static str>,
    /// What it is for.
    pub(super) doc: String,
    /// Whether its value is never to be shown.
    pub(super) is_secret: bool,
    /// The options of the table that it is, if it is one.
    pub(super) inner: Vec<Self>,
}

/// What can be written for an option.
pub(super) trait Value: Sized {
    /// Whether it is never to be shown.
    const IS_SECRET: bool = false;

    /// What can be written, in words, with an article.
    fn form() -> String;

    /// Reads it. Whatever is wrong is noted with the reader.
    fn read(node: &Node<'_>, reader: &mut Reader<'_>) -> Option<Self>;

    /// Writes it as TOML.
    fn show(&self) -> String {
        String::new()
    }

    /// The options of the table that it is, if it is one.
    fn inner() -> Vec<Opt> {
        Vec::new()
    }
}

/// A table of options. One that is not there reads like an empty one.
pub(super) trait Section: Sized {
    /// Reads the table.
    fn read_table(table: &DeTable<'_>, span: Span, reader: &mut Reader<'_>) -> Self;

    /// Reads whatever stands where the table belongs.
    fn read_section(node: &Node<'_>, reader: &mut Reader<'_>) -> Option<Self> {
        if let DeValue::Table(table) = node.get_ref() {
            return Some(Self::read_table(table, node.span(), reader));
        }
        reader.wrong_type(node, "a table");
        None
    }

    /// Its options.
    fn options() -> Vec<Opt>;
}

/// The fields of a table, being read.
pub(super) struct Fields<'t, 'i, 'r, 'e> {
    table: &'t DeTable<'i>,
    span: Span,
    reader: &'r mut Reader<'e>,
    options: Vec<Opt>,
    /// Keys that are there under a misspelt name: they are not missing.
    misspelt: Vec<&'static str>,
    /// Whether something could not be read.
    pub(super) wrong: bool,
}

impl<'t, 'i, 'r, 'e> Fields<'t, 'i, 'r, 'e> {
    /// Looks at all keys, and notes those that are not known.
    pub(super) fn new(
        table: &'t DeTable<'i>,
        span: Span,
        reader: &'r mut Reader<'e>,
        options: Vec<Opt>,
    ) -> Self {
        let known: Vec<&'static str> = options.iter().map(|option| option.key).collect();
        let misspelt = Vec::new();
        let mut fields = Self { table, span, reader, options, misspelt, wrong: false };
        for (key, node) in table.iter().filter(|(key, _)| !known.contains(&&**key.get_ref())) {
            fields.wrong = true;
            let meant = nearest(key.get_ref(), known.iter().copied());
            // Of sections there may be several, so that the right one may be there as well.
            let is_section = node.get_ref().is_table() || node.get_ref().is_array();
            let meant = meant.filter(|meant| is_section || !table.contains_key(*meant));
            fields.misspelt.extend(known.iter().filter(|known| meant == Some(*known)));
            let sentence = fields.reader.unknown(key.get_ref(), node, meant, &known);
            fields.reader.error(key.span(), sentence);
        }
        fields
    }

    /// An option that has to be there.
    pub(super) fn required<T: Value>(&mut self, key: &'static str) -> Option<At<T>> {
        let read = self.optional(key);
        if read.is_none() && !self.table.contains_key(key) && !self.misspelt.contains(&key) {
            self.wrong = true;
            let like = self.options.iter().find(|option| option.key == key);
            let like = like.and_then(|option| option.like).unwrap_or("…");
            let place = self.reader.place();
            let sentence =
                format!("`{key}` is missing in {place}; add it, such as `{key} = {like}`");
            self.reader.error(self.span.clone(), sentence);
        }
        read
    }

    /// An option that may be there.
    pub(super) fn optional<T: Value>(&mut self, key: &'static str) -> Option<At<T>> {
        let node = self.table.get(key)?;
        self.reader.path.push(key.to_owned());
        let value = T::read(node, self.reader);
        self.reader.path.pop();
        self.wrong |= value.is_none();
        value.map(|value| At { value, span: Some(node.span()) })
    }

    /// An option that has a value even when it is not there.
    pub(super) fn default<T: Value>(&mut self, key: &'static str, default: T) -> At<T> {
        self.optional(key).unwrap_or(At { value: default, span: None })
    }

    /// A table of options.
    pub(super) fn section<T: Section>(&mut self, key: &'static str) -> T {
        self.reader.path.push(key.to_owned());
        let read = self.table.get(key).and_then(|node| {
            let read = T::read_section(node, self.reader);
            self.wrong |= read.is_none();
            read
        });
        let section =
            read.unwrap_or_else(|| T::read_table(&DeTable::new(), self.span.clone(), self.reader));
        self.reader.path.pop();
        section
    }
}

impl Reader<'_> {
    /// The table that is being read, in words.
    pub(super) fn place(&self) -> String {
        match self.path.as_slice() {
            [] => "the file".to_owned(),
            [routes] if routes == "routes" => "this route".to_owned(),
            path => format!("`[{}]`", path.join(".")),
        }
    }

    fn unknown(&self, key: &str, node: &Node<'_>, meant: Option<&str>, known: &[&str]) -> String {
        let place = self.place();
        let advice = if let Some(meant) = meant {
            format!("did you mean `{meant}`?")
        } else if let Some(section) = self.named_section(key, node) {
            format!("did you mean `[{section}.{key}]`?")
        } else if let Some(home) = self.home_of(key) {
            format!("it belongs in {home}")
        } else if is_setting(key) {
            let home = self.head("sources");
            format!("it is a provider's setting: write `settings = {{ {key} = … }}` in `[{home}]`")
        } else {
            let known: Vec<String> = known.iter().map(|key| format!("`{key}`")).collect();
            format!("known are {}", known.join(", "))
        };
        format!("unknown key `{key}` in {place}; {advice}")
    }

    /// The sections that have an option of this name, as near to the top as there are any.
    fn home_of(&self, key: &str) -> Option<String> {
        let mut level: Vec<(String, Opt)> =
            Root::options().into_iter().map(|section| (self.head(section.key), section)).collect();
        while !level.is_empty() {
            let homes: Vec<String> = level
                .iter()
                .filter(|(_, section)| section.inner.iter().any(|option| option.key == key))
                .map(|(head, _)| match head.as_str() {
                    "routes" => "`[[routes]]`".to_owned(),
                    head => format!("`[{head}]`"),
                })
                .collect();
            if !homes.is_empty() {
                return Some(homes.join(" or "));
            }
            let below = |(head, section): (String, Opt)| {
                let inner = section.inner.into_iter().filter(|option| !option.inner.is_empty());
                inner.map(|option| (format!("{head}.{}", option.key), option)).collect::<Vec<_>>()
            };
            level = level.into_iter().flat_map(below).collect();
        }
        None
    }

    /// The head of a section; of those with names the one that is being read, else of any.
    fn head(&self, section: &str) -> String {
        match (section, self.path.as_slice()) {
            ("sources" | "destinations", [own, name, ..]) if own == section => {
                format!("{section}.{name}")
            }
            ("sources" | "destinations", _) => format!("{section}.NAME"),
            _ => section.to_owned(),
        }
    }

    /// Of which sections this may be one that lacks the first part of its name, as in `[github]`.
    fn named_section(&self, key: &str, node: &Node<'_>) -> Option<&'static str> {
        let table = node.get_ref().as_table().filter(|_| self.path.is_empty())?;
        Name::new(key).ok()?;
        let kinds = [("sources", "provider"), ("destinations", "url"), ("sources", "secret")];
        kinds.into_iter().find(|(_, sign)| table.contains_key(*sign)).map(|(section, _)| section)
    }
}

/// Whether some provider has a setting of this name.
fn is_setting(key: &str) -> bool {
    let mut settings = PROVIDERS.iter().flat_map(|provider| provider.settings);
    settings.any(|setting| setting.name == key)
}

/// Tables that have names: `[sources.github]`.
#[derive(Debug)]
pub(super) struct Named<T>(pub(super) Vec<(At<Name>, T)>);

impl<T: Section> Section for Named<T> {
    fn read_table(table: &DeTable<'_>, _: Span, reader: &mut Reader<'_>) -> Self {
        let mut sections: Vec<(At<Name>, T)> = Vec::new();
        let mut seen: BTreeMap<String, Span> = BTreeMap::new();
        let mut entries: Vec<_> = table.iter().collect();
        entries.sort_by_key(|(key, _)| key.span().start);
        for (key, node) in entries {
            let span = key.span();
            if is_option::<T>(key.get_ref(), node) {
                let all = reader.path.join(".");
                let sentence = format!(
                    "`{}` is an option of one of the {all}, and this is the section of all of them; begin one with a name, `[{all}.NAME]`, and write it there",
                    key.get_ref()
                );
                reader.error(span, sentence);
                continue;
            }
            reader.path.push(key.get_ref().to_string());
            match Name::new(key.get_ref()) {
                Err(error) => reader.error(span.clone(), format!("{error}; choose another name")),
                Ok(name) => {
                    let folded = name.as_str().to_ascii_lowercase();
                    if let Some(first) = seen.insert(folded, span.clone()) {
                        reader.clash(
                            span.clone(),
                            "two names differ only in upper and lower case; give one another name",
                            (Some(first), "the other one"),
                        );
                    }
                    if let DeValue::Table(table) = node.get_ref() {
                        let section = T::read_table(table, span.clone(), reader);
                        sections.push((At { value: name, span: Some(span) }, section));
                    } else {
                        let section = reader.path.join(".");
                        reader.wrong_type(node, &format!("a section `[{section}]`"));
                    }
                }
            }
            reader.path.pop();
        }
        Self(sections)
    }

    fn read_section(node: &Node<'_>, reader: &mut Reader<'_>) -> Option<Self> {
        if let DeValue::Table(table) = node.get_ref() {
            return Some(Self::read_table(table, node.span(), reader));
        }
        let all = reader.path.join(".");
        if node.get_ref().is_array() {
            let sentence = format!(
                "expected sections `[{all}.NAME]`, each with a name of its own, and not `[[{all}]]`"
            );
            reader.error(node.span(), sentence);
        } else {
            reader.wrong_type(node, &format!("sections `[{all}.NAME]`"));
        }
        None
    }

    fn options() -> Vec<Opt> {
        T::options()
    }
}

/// Whether this is an option of a section that has a name, and not such a section: a section may
/// be called like one of its own options.
fn is_option<T: Section>(key: &str, node: &Node<'_>) -> bool {
    let options = T::options();
    let is_known = |key: &str| options.iter().any(|option| option.key == key);
    let is_section = match node.get_ref() {
        DeValue::Table(table) => {
            table.is_empty() || table.keys().any(|key| is_known(key.get_ref()))
        }
        _ => false,
    };
    is_known(key) && !is_section
}

/// Tables in a row: `[[routes]]`.
#[derive(Debug)]
pub(super) struct Rows<T>(pub(super) Vec<T>);

impl<T: Section> Section for Rows<T> {
    fn read_table(_: &DeTable<'_>, _: Span, _: &mut Reader<'_>) -> Self {
        Self(Vec::new())
    }

    fn read_section(node: &Node<'_>, reader: &mut Reader<'_>) -> Option<Self> {
        if let DeValue::Array(rows) = node.get_ref() {
            return Some(Self(
                rows.iter().filter_map(|row| T::read_section(row, reader)).collect(),
            ));
        }
        let section = reader.path.join(".");
        let sentence = format!("expected sections `[[{section}]]`, with two brackets on each side");
        reader.error(node.span(), sentence);
        None
    }

    fn options() -> Vec<Opt> {
        T::options()
    }
}

/// Makes structs of options, their reading and their documentation from one table.
///
/// An option is `required`, `optional`, has a `default` or is a `section` of its own; `like` shows
/// what it may look like.
macro_rules! sections {
    ($(
        $(#[doc = $about:literal])+
        $name:ident {$(
            $(#[doc = $doc:literal])+
            $field:ident: $kind:ident $type:ty $(= $default:expr)? $(, like $like:literal)?;
        )*}
    )*) => {$(
        $(#[doc = $about])+
        #[derive(Debug)]
        #[allow(dead_code, reason = "not every section's place is needed")]
        pub(super) struct $name {
            /// Where it stands in the file.
            pub(super) span: Span,
            /// Whether something in it could not be read: what seems to be missing may not be.
            pub(super) wrong: bool,
            $($(#[doc = $doc])+ pub(super) $field: sections!(@type $kind $type),)*
        }

        impl Section for $name {
            fn read_table(table: &DeTable<'_>, span: Span, reader: &mut Reader<'_>) -> Self {
                let mut fields = Fields::new(table, span.clone(), reader, Self::options());
                Self {
                    $($field: fields.$kind(stringify!($field) $(, $default)?),)*
                    wrong: fields.wrong,
                    span,
                }
            }

            fn options() -> Vec<Opt> {
                vec![$(Opt {
                    key: stringify!($field),
                    required: stringify!($kind) == "required",
                    default: sections!(@default $type $(, $default)?),
                    like: sections!(@like $($like)?),
                    doc: [$($doc.trim()),+].join(" "),
                    ..sections!(@opt $kind $type)
                }),*]
            }
        }

        impl Value for $name {
            fn form() -> String {
                "a table".to_owned()
            }

            fn read(node: &Node<'_>, reader: &mut Reader<'_>) -> Option<Self> {
                Self::read_section(node, reader)
            }

            fn inner() -> Vec<Opt> {
                Self::options()
            }
        }
    )*};
    (@type required $type:ty) => { Option<At<$type>> };
    (@type optional $type:ty) => { Option<At<$type>> };
    (@type default $type:ty) => { At<$type> };
    (@type section $type:ty) => { $type };
    (@default $type:ty, $default:expr) => {{
        let default: $type = $default;
        Some(default.show())
    }};
    (@default $type:ty) => { None };
    (@like $like:literal) => { Some($like) };
    (@like) => { None };
    (@opt section $type:ty) => { Opt::section(<$type as Section>::options()) };
    (@opt $kind:ident $type:ty) => { Opt::of::<$type>() };
}

pub(super) use sections;

impl Opt {
    /// What a type says of an option.
    pub(super) fn of<T: Value>() -> Self {
        Self {
            key: "",
            form: T::form(),
            required: false,
            default: None,
            like: None,
            doc: String::new(),
            is_secret: T::IS_SECRET,
            inner: T::inner(),
        }
    }

    /// A table of options.
    pub(super) fn section(inner: Vec<Self>) -> Self {
        Self {
            key: "",
            form: "a table".to_owned(),
            required: false,
            default: None,
            like: None,
            doc: String::new(),
            is_secret: false,
            inner,
        }
    }
}
