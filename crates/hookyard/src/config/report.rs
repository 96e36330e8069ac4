//! What is wrong with a file, shown with line and caret.

use std::fmt;
use std::ops::Range;

use annotate_snippets::{AnnotationKind, Group, Level, Origin, Renderer, Snippet};

/// A place in the file, in bytes.
pub(super) type Span = Range<usize>;

/// Nobody reads more at once.
const SHOWN: usize = 50;

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Severity {
    Error,
    Warning,
}

/// One thing that is wrong, or probably is.
#[derive(Clone, Debug)]
pub(super) struct Finding {
    pub(super) severity: Severity,
    /// One sentence: what is wrong and what to do. It never holds a secret.
    pub(super) sentence: String,
    /// Where; `None` when it is the file as a whole.
    pub(super) span: Option<Span>,
    /// Another place that has to do with it, and what it is.
    pub(super) beside: Option<(Span, &'static str)>,
}

impl Finding {
    pub(super) fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }
}

/// A finding with its place, for a log that is read by machines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Placed<'a> {
    pub(crate) is_error: bool,
    pub(crate) file: &'a str,
    /// Line and column, from 1 on; none of the file as a whole. The column counts characters.
    pub(crate) line: Option<usize>,
    pub(crate) column: Option<usize>,
    pub(crate) sentence: &'a str,
}

/// All that was found in a file, with the file's text, its secrets already masked.
#[derive(Clone, Default)]
struct Report {
    path: String,
    source: String,
    findings: Vec<Finding>,
}

impl Report {
    fn new(path: String, source: String, mut findings: Vec<Finding>) -> Self {
        findings.sort_by_key(|finding| {
            (finding.severity, finding.span.as_ref().map(|span| (span.start, span.end)))
        });
        Self { path, source, findings }
    }

    fn render(&self, color: bool) -> String {
        let renderer = if color { Renderer::styled() } else { Renderer::plain() };
        let shown = self.findings.iter().take(SHOWN);
        let mut texts: Vec<String> =
            shown.map(|finding| renderer.render(&[self.group(finding)])).collect();
        if let Some(more) = self.findings.len().checked_sub(SHOWN).filter(|&more| more > 0) {
            texts.push(format!("… and {more} more"));
        }
        texts.join("\n\n")
    }

    fn group<'a>(&'a self, finding: &'a Finding) -> Group<'a> {
        let level = match finding.severity {
            Severity::Error => Level::ERROR,
            Severity::Warning => Level::WARNING,
        };
        let title = level.primary_title(&finding.sentence);
        let Some(span) = &finding.span else {
            return title.element(Origin::path(&self.path));
        };
        let mut snippet = Snippet::source(&self.source)
            .path(&self.path)
            .annotation(AnnotationKind::Primary.span(self.within(span)));
        if let Some((span, what)) = &finding.beside {
            let context = AnnotationKind::Context.span(self.within(span));
            snippet = snippet.annotation(context.label(*what));
        }
        title.element(snippet)
    }

    fn findings(&self) -> impl Iterator<Item = Placed<'_>> {
        self.findings.iter().take(SHOWN).map(|finding| {
            let before = finding.span.as_ref().map(|span| self.within(span).start);
            let before = before.and_then(|start| self.source.get(..start));
            let column =
                |before: &str| before.rsplit('\n').next().map_or(0, |line| line.chars().count());
            Placed {
                is_error: finding.is_error(),
                file: &self.path,
                line: before.map(|before| before.matches('\n').count() + 1),
                column: before.map(|before| column(before) + 1),
                sentence: &finding.sentence,
            }
        })
    }

    /// The renderer panics on places that are not in the text or lie within a character.
    fn within(&self, span: &Span) -> Span {
        let start = self.source.floor_char_boundary(span.start);
        start..self.source.ceil_char_boundary(span.end).max(start)
    }

    fn count(&self, severity: Severity) -> usize {
        self.findings.iter().filter(|finding| finding.severity == severity).count()
    }
}

/// Why a configuration cannot be used. There may be warnings among it, after the errors.
#[derive(Clone, thiserror::Error)]
pub struct ConfigErrors(Report);

/// What is allowed and probably not meant. May be empty.
#[derive(Clone, Default)]
pub struct Warnings(Report);

impl ConfigErrors {
    /// Errors that have to do with no place in the file.
    pub(super) fn of(path: String, findings: Vec<Finding>) -> Self {
        Self(Report::new(path, String::new(), findings))
    }

    /// How many errors there are, warnings not counted.
    pub fn count(&self) -> usize {
        self.0.count(Severity::Error)
    }

    /// Each error and warning with its place, as many as are shown.
    pub(crate) fn findings(&self) -> impl Iterator<Item = Placed<'_>> {
        self.0.findings()
    }

    /// The text for a person, with file, line and caret; with the colours of a terminal if asked.
    pub fn render(&self, color: bool) -> String {
        self.0.render(color)
    }
}

impl Warnings {
    /// How many there are.
    pub fn count(&self) -> usize {
        self.0.count(Severity::Warning)
    }

    /// Each with its place, as many as are shown.
    pub(crate) fn findings(&self) -> impl Iterator<Item = Placed<'_>> {
        self.0.findings()
    }

    /// The text for a person, empty when there is nothing to say.
    pub fn render(&self, color: bool) -> String {
        self.0.render(color)
    }
}

/// Tells errors, if there is one, from mere warnings.
pub(super) fn judge(
    path: String,
    source: String,
    findings: Vec<Finding>,
) -> Result<Warnings, ConfigErrors> {
    let report = Report::new(path, source, findings);
    if report.count(Severity::Error) > 0 { Err(ConfigErrors(report)) } else { Ok(Warnings(report)) }
}

impl fmt::Display for ConfigErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.render(false))
    }
}

impl fmt::Debug for ConfigErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for Warnings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.render(false))
    }
}

impl fmt::Debug for Warnings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
