//! Reads what is signed from a template such as `{timestamp}.{body}`.

use crate::scheme::Part;

/// Why a template cannot be read, and where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("in the template, character {position}: {problem}")]
pub struct TemplateError {
    /// The character at fault, counted from 1.
    pub position: usize,
    /// What is wrong.
    pub problem: TemplateProblem,
}

/// What is wrong with a template.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TemplateProblem {
    /// It is empty.
    #[error("the template is empty, so nothing would be signed")]
    Empty,
    /// A brace is opened and never closed.
    #[error("`{{` has no `}}`; write `{{{{` for a brace that is signed")]
    Unclosed,
    /// A brace is closed and was never opened.
    #[error("`}}` has no `{{`; write `}}}}` for a brace that is signed")]
    Unopened,
    /// A name in braces that does not exist.
    #[error(
        "`{{{0}}}` is not known; use {{body}}, {{timestamp}}, {{id}}, {{method}}, {{url}}, {{path}} or {{header:NAME}}"
    )]
    Unknown(String),
    /// `{header:}` with something that is not a header's name.
    #[error("`{0}` is not the name of a header")]
    HeaderName(String),
}

/// Reads a template: `{body}`, `{timestamp}`, `{id}`, `{method}`, `{url}`, `{path}` (without the
/// query), `{header:NAME}` and fixed text; `{{` and `}}` stand for the braces themselves.
///
/// # Errors
///
/// Says which character is wrong and why.
pub fn parse_template(template: &str) -> Result<Vec<Part>, TemplateError> {
    let mut parts = Vec::new();
    let mut literal = String::new();
    let mut rest = template;
    while let Some(first) = rest.chars().next() {
        let problem = |problem| TemplateError { position: position(template, rest), problem };
        if let Some(tail) = rest.strip_prefix("{{").or_else(|| rest.strip_prefix("}}")) {
            literal.push(first);
            rest = tail;
        } else if let Some(tail) = rest.strip_prefix('{') {
            let (name, tail) =
                tail.split_once('}').ok_or_else(|| problem(TemplateProblem::Unclosed))?;
            let part = named(name).map_err(problem)?;
            flush(&mut literal, &mut parts);
            parts.push(part);
            rest = tail;
        } else if first == '}' {
            return Err(problem(TemplateProblem::Unopened));
        } else {
            literal.push(first);
            rest = rest.strip_prefix(first).unwrap_or_default();
        }
    }
    flush(&mut literal, &mut parts);
    if parts.is_empty() {
        return Err(TemplateError { position: 1, problem: TemplateProblem::Empty });
    }
    Ok(parts)
}

fn position(template: &str, rest: &str) -> usize {
    template.chars().count() - rest.chars().count() + 1
}

fn flush(literal: &mut String, parts: &mut Vec<Part>) {
    if !literal.is_empty() {
        parts.push(Part::Literal(std::mem::take(literal).into()));
    }
}

fn named(name: &str) -> Result<Part, TemplateProblem> {
    if let Some(header) = name.strip_prefix("header:") {
        let known = is_header_name(header);
        return known
            .then(|| Part::Header(header.to_ascii_lowercase().into()))
            .ok_or_else(|| TemplateProblem::HeaderName(header.to_owned()));
    }
    match name {
        "body" => Ok(Part::Body),
        "timestamp" => Ok(Part::Timestamp),
        "id" => Ok(Part::Id),
        "method" => Ok(Part::Method),
        "url" => Ok(Part::Url),
        "path" => Ok(Part::Path),
        _ => Err(TemplateProblem::Unknown(name.to_owned())),
    }
}

/// Whether HTTP allows `name` as a header's name (RFC 9110, section 5.6.2).
pub(crate) fn is_header_name(name: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    !name.is_empty() && name.bytes().all(allowed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn templates_are_read() {
        assert_eq!(
            parse_template("v0:{timestamp}:{body}").unwrap(),
            [Part::Literal("v0:".into()), Part::Timestamp, Part::Literal(":".into()), Part::Body]
        );
        assert_eq!(
            parse_template("{method}{{{header:X-Date}}}{url}{path}{id}").unwrap(),
            [
                Part::Method,
                Part::Literal("{".into()),
                Part::Header("x-date".into()),
                Part::Literal("}".into()),
                Part::Url,
                Part::Path,
                Part::Id
            ]
        );
    }

    #[test]
    fn errors_name_the_character() {
        for (template, message) in [
            ("", "character 1: the template is empty, so nothing would be signed"),
            ("é{body", "character 2: `{` has no `}`; write `{{` for a brace that is signed"),
            ("{body}}", "character 7: `}` has no `{`; write `}}` for a brace that is signed"),
            (
                "a{Body}",
                "character 2: `{Body}` is not known; use {body}, {timestamp}, {id}, {method}, {url}, {path} or {header:NAME}",
            ),
            ("{header:a b}", "character 1: `a b` is not the name of a header"),
            ("{header:}", "character 1: `` is not the name of a header"),
        ] {
            let error = parse_template(template).unwrap_err().to_string();
            assert_eq!(error, format!("in the template, {message}"), "{template}");
        }
    }
}
