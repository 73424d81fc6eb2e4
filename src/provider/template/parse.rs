//! From text to segments, with the place of every error.

use http::HeaderName;

use super::filter::Filter;
use super::source::Source;
use super::{Expression, Segment};
use crate::json::Pointer;
use crate::provider::generator::Generate;

/// A template that cannot be compiled.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{problem} (at character {})", offset + 1)]
pub struct TemplateError {
    /// Byte offset in the template.
    pub offset: usize,
    /// What is wrong.
    pub problem: String,
}

impl TemplateError {
    fn new(offset: usize, problem: impl Into<String>) -> Self {
        Self { offset, problem: problem.into() }
    }
}

pub(super) fn template(text: &str, variables: &[&str]) -> Result<Vec<Segment>, TemplateError> {
    let bytes = text.as_bytes();
    let mut segments = Vec::new();
    let mut literal = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        match (bytes[at], bytes.get(at + 1)) {
            (b'{', Some(b'{')) | (b'}', Some(b'}')) => {
                literal.push(bytes[at]);
                at += 2;
            }
            (b'}', _) => return Err(TemplateError::new(at, "`}` without `{` (write `}}` for a literal brace)")),
            (b'{', _) => {
                let end = closing_brace(text, at)?;
                if !literal.is_empty() {
                    segments.push(Segment::Literal(std::mem::take(&mut literal).into()));
                }
                segments.push(Segment::Expression(expression(&text[at + 1..end], at + 1, variables)?));
                at = end + 1;
            }
            (byte, _) => {
                literal.push(byte);
                at += 1;
            }
        }
    }
    if !literal.is_empty() {
        segments.push(Segment::Literal(literal.into()));
    }
    Ok(segments)
}

/// The `}` that ends the expression opened at `open`, passing over quoted arguments.
fn closing_brace(text: &str, open: usize) -> Result<usize, TemplateError> {
    let mut quoted = false;
    let mut escaped = false;
    for (index, byte) in text.bytes().enumerate().skip(open + 1) {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            b'}' if !quoted => return Ok(index),
            _ => {}
        }
    }
    Err(TemplateError::new(open, "`{` is never closed (write `{{` for a literal brace)"))
}

pub(super) fn expression(text: &str, base: usize, variables: &[&str]) -> Result<Expression, TemplateError> {
    let mut parts = split_unquoted(text, '|').into_iter();
    let (start, first) = parts.next().unwrap_or((0, ""));
    let (optional, name) = match first.trim().strip_prefix('?') {
        Some(rest) => (true, rest),
        None => (false, first.trim()),
    };
    let source =
        source(name, variables).map_err(|problem| TemplateError::new(base + start + usize::from(optional), problem))?;
    let filters = parts
        .map(|(start, text)| filter(text.trim(), variables).map_err(|p| TemplateError::new(base + start, p)))
        .collect::<Result<Vec<_>, _>>()?;
    Ok(Expression { optional, source, filters: filters.into() })
}

fn source(name: &str, variables: &[&str]) -> Result<Source, String> {
    if let Some(generator) = name.strip_prefix('$') {
        return Generate::parse(generator).map(Source::Generated).ok_or_else(|| {
            format!("unknown generator `${generator}` (known: uuid uuid7 hex:N alnum:N digits:N int unix unix_ms rfc3339 same:NAME)")
        });
    }
    if let Some((kind, rest)) = name.split_once(':') {
        return prefixed_source(kind, rest);
    }
    Ok(match name {
        "body" => Source::Body,
        "method" => Source::Method,
        "url" => Source::Url,
        "url.base" => Source::UrlBase,
        "path" => Source::Path,
        "query_string" => Source::QueryString,
        "host" => Source::Host,
        "target" => Source::Target,
        "form" => Source::Form,
        "query" => Source::Query,
        "headers" => Source::Headers,
        "secret" => Source::Secret,
        "" => return Err("empty `{}`".into()),
        other if variables.contains(&other) => Source::Variable(other.into()),
        other => return Err(unknown_variable(other, variables)),
    })
}

fn prefixed_source(kind: &str, rest: &str) -> Result<Source, String> {
    if rest.is_empty() {
        return Err(format!("`{kind}:` needs a name"));
    }
    let pointer = |text: &str| Pointer::parse(text).map_err(|error| format!("`{text}`: {error}"));
    // `*` may stand in a header name (RFC 9110 section 5.6.2), but whoever writes it here means a pattern.
    if kind == "header" && rest.contains('*') {
        return Err(format!("`{rest}`: one header is named, patterns are not supported"));
    }
    Ok(match kind {
        "header" => Source::Header(
            HeaderName::from_bytes(rest.as_bytes()).map_err(|_| format!("`{rest}` is not a header name"))?,
        ),
        "var" => Source::Given(rest.into()),
        "query" => Source::QueryParameter(rest.into()),
        "form" => match rest.split_once('#') {
            Some((field, place)) => Source::FormField(field.into(), Some(pointer(place)?)),
            None => Source::FormField(rest.into(), None),
        },
        "json" => Source::Json(pointer(rest)?),
        "jwt" => Source::Jwt(rest.split('#').map(pointer).collect::<Result<_, _>>()?),
        other => return Err(format!("unknown source `{other}:` (known: header query form json jwt var)")),
    })
}

fn unknown_variable(name: &str, variables: &[&str]) -> String {
    const SOURCES: [&str; 12] = [
        "body",
        "method",
        "url",
        "url.base",
        "path",
        "query_string",
        "host",
        "target",
        "form",
        "query",
        "headers",
        "secret",
    ];
    let nearest = SOURCES
        .iter()
        .chain(variables)
        .min_by_key(|known| strsim::damerau_levenshtein(name, known))
        .map(|known| format!(" (nearest: `{known}`)"));
    format!("unknown name `{name}`{}", nearest.unwrap_or_default())
}

fn filter(text: &str, variables: &[&str]) -> Result<Filter, String> {
    let (name, arguments) = match text.split_once('(') {
        None => (text, Vec::new()),
        Some((name, rest)) => {
            let inner = rest.strip_suffix(')').ok_or_else(|| format!("`{text}` lacks its `)`"))?;
            (name.trim(), arguments(inner)?)
        }
    };
    Filter::new(name, &arguments, variables)
}

fn arguments(text: &str) -> Result<Vec<String>, String> {
    if text.is_empty() {
        return Ok(Vec::new());
    }
    split_unquoted(text, ',').into_iter().map(|(_, part)| unquote(part)).collect()
}

fn unquote(text: &str) -> Result<String, String> {
    let trimmed = text.trim();
    let Some(inner) = trimmed.strip_prefix('"') else { return Ok(trimmed.to_owned()) };
    let inner = inner.strip_suffix('"').ok_or_else(|| format!("`{trimmed}` lacks its closing quote"))?;
    let mut out = String::with_capacity(inner.len());
    let mut characters = inner.chars();
    while let Some(character) = characters.next() {
        match (character, if character == '\\' { characters.next() } else { None }) {
            ('\\', Some('n')) => out.push('\n'),
            ('\\', Some('r')) => out.push('\r'),
            ('\\', Some('t')) => out.push('\t'),
            ('\\', Some(other)) => out.push(other),
            ('\\', None) => return Err(format!("`{trimmed}` ends in a lone backslash")),
            (other, _) => out.push(other),
        }
    }
    Ok(out)
}

/// Splits at `separator` outside double quotes and parentheses, with the offset of each part.
fn split_unquoted(text: &str, separator: char) -> Vec<(usize, &str)> {
    let mut parts = Vec::new();
    let (mut start, mut quoted, mut escaped, mut depth) = (0, false, false, 0usize);
    for (index, character) in text.char_indices() {
        match character {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            '(' if !quoted => depth += 1,
            ')' if !quoted => depth = depth.saturating_sub(1),
            _ if character == separator && !quoted && depth == 0 => {
                parts.push((start, &text[start..index]));
                start = index + character.len_utf8();
            }
            _ => {}
        }
    }
    parts.push((start, &text[start..]));
    parts
}
