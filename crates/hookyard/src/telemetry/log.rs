//! Logs: a line for each thing worth telling, on standard error.
//!
//! For a person at a terminal a line reads well, for a machine it is JSON with the fields side by
//! side. Both escape whatever could be taken for a control character or another line, but for the
//! line ends in what we say of a configuration to a person. Nobody logs bodies, query strings or
//! secrets; see `docs/reference/api.md` for where to look at those.

use std::fmt;
use std::io::{IsTerminal as _, Write as _};
use std::net::SocketAddr;
use std::str::FromStr as _;

use hookyard_delivery::Clock as _;
use hookyard_model::Timestamp;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::{Context, SubscriberExt as _};
use tracing_subscriber::registry::LookupSpan;

use super::escape::{self, put};
use crate::bug;
use crate::clock::SystemClock;

/// What a line looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// For a person, with or without colours.
    Pretty {
        /// Whether the terminal shows colours.
        colours: bool,
    },
    /// For a machine: one JSON object a line.
    Json,
}

impl Style {
    /// Pretty on a terminal, JSON otherwise.
    pub fn for_stderr() -> Self {
        if std::io::stderr().is_terminal() { Self::Pretty { colours: true } } else { Self::Json }
    }
}

/// Why logging could not begin.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// The levels cannot be read.
    #[error(
        "`{0}` does not say which levels to log; write a level (error, warn, info, debug, trace, off), or pairs such as `info,hookyard_delivery=debug`"
    )]
    Levels(String),
    /// Somebody else has begun to log in this process.
    #[error("logging has been set up already")]
    Taken,
}

/// Begins to log: `levels` is what stands in `--log` and `HOOKYARD_LOG`, such as `info` or
/// `warn,hookyard=debug`.
pub fn init(levels: &str, style: Style) -> Result<(), LogError> {
    let log = Log { style, write: to_stderr };
    let subscriber = tracing_subscriber::registry().with(log.with_filter(parse_levels(levels)?));
    tracing::subscriber::set_global_default(subscriber).map_err(|_| LogError::Taken)?;
    bug::log_panics();
    Ok(())
}

fn parse_levels(levels: &str) -> Result<Targets, LogError> {
    let wrong = || LogError::Levels(levels.chars().take(80).collect());
    let targets = Targets::from_str(levels).map_err(|_| wrong())?;
    // A misspelt level is read as the name of a module, for which everything would be logged.
    let is_level = |word: &str| !word.is_empty() && word.parse::<LevelFilter>().is_ok();
    let is_fine = |part: &str| {
        part.rsplit_once('=')
            .map_or_else(|| is_level(part), |(module, level)| !module.is_empty() && is_level(level))
    };
    if levels.split(',').all(|part| is_fine(part.trim())) { Ok(targets) } else { Err(wrong()) }
}

/// One call for a whole line, so that lines of different threads do not mix. Where nobody
/// listens any more there is nobody to tell.
fn to_stderr(line: &str) {
    drop(std::io::stderr().lock().write_all(line.as_bytes()));
}

/// The target of messages that are for people alone, and shown over several lines: they quote the
/// operator's own file, with carets below it, and nothing that was sent.
pub(crate) const FOR_PEOPLE: &str = "hookyard::reload::report";

/// The target of messages that say the same for machines alone, each in fields of its own.
pub(crate) const FOR_MACHINES: &str = "hookyard::reload::finding";

/// Writes lines.
struct Log<W> {
    style: Style,
    write: W,
}

/// The fields of a span or an event, in order.
#[derive(Default)]
struct Fields(Vec<(&'static str, Value)>);

enum Value {
    /// Goes into JSON as it stands: a number or a truth value.
    Bare(String),
    Text(String),
}

impl Fields {
    fn put(&mut self, field: &Field, value: Value) {
        let name = field.name().strip_prefix("r#").unwrap_or(field.name());
        self.0.retain(|(known, _)| *known != name);
        self.0.push((name, value));
    }

    /// Takes the message out.
    fn message(&mut self) -> String {
        let position = self.0.iter().position(|(name, _)| *name == "message");
        match position.map(|position| self.0.remove(position).1) {
            Some(Value::Text(text) | Value::Bare(text)) => text,
            None => String::new(),
        }
    }
}

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        let text = format!("{value:?}");
        // An address that may be missing reads as any other.
        let inside = text.strip_prefix("Some(").and_then(|rest| rest.strip_suffix(')'));
        let address = inside.filter(|inside| inside.parse::<SocketAddr>().is_ok());
        let text = address.map_or_else(|| text.clone(), str::to_owned);
        self.put(field, Value::Text(text));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.put(field, Value::Text(value.to_owned()));
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.put(field, Value::Bare(value.to_string()));
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.put(field, Value::Bare(value.to_string()));
    }

    fn record_i128(&mut self, field: &Field, value: i128) {
        self.put(field, Value::Bare(value.to_string()));
    }

    fn record_u128(&mut self, field: &Field, value: u128) {
        self.put(field, Value::Bare(value.to_string()));
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.put(field, Value::Bare(value.to_string()));
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        // Nobody compares times by less than a tenth of a millisecond.
        let is_time = field.name().ends_with("_ms");
        let value = if is_time { (value * 10.0).round() / 10.0 } else { value };
        // JSON has no word for what is not a number.
        let text = value.to_string();
        self.put(field, if value.is_finite() { Value::Bare(text) } else { Value::Text(text) });
    }

    fn record_error(&mut self, field: &Field, value: &(dyn std::error::Error + 'static)) {
        let mut text = value.to_string();
        let mut cause = value.source();
        while let Some(error) = cause {
            put(&mut text, format_args!(": {error}"));
            cause = error.source();
        }
        self.put(field, Value::Text(text));
    }
}

impl<S, W> Layer<S> for Log<W>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    W: Fn(&str) + 'static,
{
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let mut fields = Fields::default();
        attributes.record(&mut fields);
        if let Some(span) = context.span(id) {
            span.extensions_mut().insert(fields);
        }
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        if let Some(span) = context.span(id)
            && let Some(fields) = span.extensions_mut().get_mut::<Fields>()
        {
            values.record(fields);
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let other = if self.style == Style::Json { FOR_PEOPLE } else { FOR_MACHINES };
        if event.metadata().target() == other {
            return;
        }
        let mut fields = Fields::default();
        event.record(&mut fields);
        let message = fields.message();
        let mut line = Line::new(self.style, SystemClock.now(), event.metadata(), &message);
        for (name, value) in &fields.0 {
            line.field(name, value);
        }
        // The innermost span first: what is nearer to the event is what is meant.
        for span in context.event_scope(event).into_iter().flatten() {
            if let Some(fields) = span.extensions().get::<Fields>() {
                for (name, value) in &fields.0 {
                    line.field(name, value);
                }
            }
        }
        (self.write)(&line.end());
    }
}

/// A line in the making.
struct Line {
    style: Style,
    text: String,
    written: Vec<&'static str>,
}

impl Line {
    fn new(style: Style, now: Timestamp, metadata: &tracing::Metadata<'_>, message: &str) -> Self {
        let mut text = String::with_capacity(256);
        let level = metadata.level();
        match style {
            Style::Json => {
                put(
                    &mut text,
                    format_args!("{{\"timestamp\":\"{now}\",\"level\":\"{level}\",\"message\":"),
                );
                escape::json(message, &mut text);
                text.push_str(",\"target\":");
                escape::json(metadata.target(), &mut text);
            }
            Style::Pretty { colours } => {
                let (begin, end) = if colours { (colour(*level), "\u{1b}[0m") } else { ("", "") };
                put(&mut text, format_args!("{now} {begin}{level:>5}{end} "));
                if metadata.target() == FOR_PEOPLE {
                    escape::lines(message, &mut text);
                } else {
                    escape::plain(message, &mut text);
                }
            }
        }
        Self { style, text, written: vec!["timestamp", "level", "message", "target"] }
    }

    /// Adds a field, unless one of its name stands there already.
    fn field(&mut self, name: &'static str, value: &Value) {
        if self.written.contains(&name) {
            return;
        }
        self.written.push(name);
        match (self.style, value) {
            (Style::Json, value) => {
                self.text.push(',');
                escape::json(name, &mut self.text);
                self.text.push(':');
                match value {
                    Value::Bare(text) => self.text.push_str(text),
                    Value::Text(text) => escape::json(text, &mut self.text),
                }
            }
            (Style::Pretty { .. }, Value::Bare(text) | Value::Text(text)) => {
                put(&mut self.text, format_args!("  {name}="));
                escape::plain(text, &mut self.text);
            }
        }
    }

    fn end(mut self) -> String {
        self.text.push_str(if self.style == Style::Json { "}\n" } else { "\n" });
        self.text
    }
}

fn colour(level: Level) -> &'static str {
    match level {
        Level::ERROR => "\u{1b}[31m",
        Level::WARN => "\u{1b}[33m",
        Level::INFO => "\u{1b}[32m",
        _ => "\u{1b}[2m",
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    /// What is logged while `act` runs.
    fn logged(style: Style, levels: &str, act: impl FnOnce()) -> String {
        let lines = Arc::new(Mutex::new(String::new()));
        let into = Arc::clone(&lines);
        let log = Log { style, write: move |line: &str| into.lock().unwrap().push_str(line) };
        let subscriber =
            tracing_subscriber::registry().with(log.with_filter(parse_levels(levels).unwrap()));
        tracing::subscriber::with_default(subscriber, act);
        let text = lines.lock().unwrap();
        text.clone()
    }

    #[test]
    fn json_has_the_fields_side_by_side() {
        let line = logged(Style::Json, "info", || {
            let span = tracing::info_span!(
                "request",
                request_id = "req_1",
                status = 0,
                late = tracing::field::Empty
            );
            span.record("late", true);
            let _inside = span.enter();
            tracing::info!(
                ingest = "127.0.0.1:1234",
                status = 200,
                r#type = "push",
                share = f64::NAN,
                "listening"
            );
        });
        let value: serde_json::Value = serde_json::from_str(&line).unwrap();
        assert!(line.ends_with("}\n") && value["timestamp"].as_str().unwrap().ends_with('Z'));
        let mut value = value.as_object().unwrap().clone();
        value.remove("timestamp");
        let expected = serde_json::json!({
            "level": "INFO", "message": "listening", "target": module_path!(), "ingest": "127.0.0.1:1234",
            "status": 200, "type": "push", "share": "NaN", "request_id": "req_1", "late": true,
        });
        assert_eq!(serde_json::Value::Object(value), expected);
    }

    #[test]
    fn nothing_that_was_sent_can_fake_a_line_or_reach_the_terminal() {
        let nasty = "a\r\nb\u{1b}[2Jc\u{202e}d\0e\u{9b}f\u{7f}";
        let error = std::io::Error::other(nasty);
        for style in [Style::Json, Style::Pretty { colours: false }] {
            let text = logged(style, "trace", || {
                let _inside = tracing::info_span!("span", spanned = nasty).entered();
                tracing::info!(shown = %nasty, debugged = ?nasty, text = nasty, error = &error as &dyn std::error::Error, "{nasty}");
            });
            let line = text.strip_suffix('\n').unwrap();
            let raw = |character: char| character.is_control() || character == '\u{202e}';
            assert!(!line.contains(raw), "{line:?}");
            assert!(
                line.matches("\\r\\n").count() + line.matches("\\u000d\\u000a").count() >= 5,
                "{line}"
            );
        }
    }

    #[test]
    fn numbers_times_and_addresses_are_plain() {
        let line = logged(Style::Json, "info", || {
            let peer: SocketAddr = "[::1]:80".parse().unwrap();
            let text = Some("text");
            tracing::info!(duration_ms = 12.345_678, share = 0.125, millis = 7_u128, peer = ?Some(peer), ?text);
        });
        let value: serde_json::Value = serde_json::from_str(&line).unwrap();
        assert_eq!(value["duration_ms"], 12.3);
        assert_eq!(value["share"], 0.125);
        assert_eq!(value["millis"], 7);
        assert_eq!(value["peer"], "[::1]:80");
        assert_eq!(value["text"], "Some(\"text\")");
    }

    #[test]
    fn what_is_wrong_with_a_file_is_shown_over_several_lines() {
        let act = || {
            tracing::error!(target: FOR_PEOPLE, field = "a\nb", "wrong:\n  |\n3 | a\r");
            tracing::error!(target: FOR_MACHINES, line = 3, "wrong");
        };
        let text = logged(Style::Pretty { colours: false }, "info", act);
        let end = " ERROR wrong:\n      |\n    3 | a\\r  field=a\\nb\n";
        assert!(text.ends_with(end), "{text}");
        assert_eq!(text.matches("wrong").count(), 1, "{text}");
        let line = logged(Style::Json, "info", act);
        let value: serde_json::Value = serde_json::from_str(&line).unwrap();
        assert_eq!((&value["message"], &value["line"]), (&"wrong".into(), &3.into()));
    }

    #[test]
    fn levels_are_followed_and_mistakes_told() {
        let act = || {
            tracing::debug!("quiet");
            tracing::warn!("loud");
        };
        assert!(logged(Style::Pretty { colours: false }, "info", act).ends_with("  WARN loud\n"));
        assert_eq!(logged(Style::Json, "hookyard=debug,off", act).lines().count(), 2);
        assert_eq!(logged(Style::Json, "off", act), "");
        for wrong in ["loud", "hookyard=loud", "", "info,,", "=debug"] {
            assert!(parse_levels(wrong).is_err(), "{wrong}");
        }
    }
}
