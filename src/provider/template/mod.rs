//! The template language of manifests: text with `{ref|filter(args)}` in it.
//!
//! A template is compiled once into segments and rendered many times, straight into a sink, so that
//! a body that is signed is hashed in place and never copied. The grammar:
//!
//! ```text
//! template = { literal | "{{" | "}}" | "{" expression "}" }
//! expression = ["?"] source { "|" filter [ "(" args ")" ] }
//! ```

mod canonical;
mod filter;
mod parse;
mod render;
mod source;

use std::fmt;

pub use parse::TemplateError;
pub use render::{RenderError, Scope};
pub use source::Source;
pub(crate) use source::is_unescaped;

use filter::Filter;

use crate::json;

/// A compiled template.
#[derive(Clone)]
pub struct Template {
    text: Box<str>,
    segments: Box<[Segment]>,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Segment {
    Literal(Box<[u8]>),
    Expression(Expression),
}

/// One `{…}`: a source, then filters from left to right.
#[derive(Debug, Clone, PartialEq)]
pub struct Expression {
    optional: bool,
    source: Source,
    filters: Box<[Filter]>,
}

impl Template {
    /// Compiles a template. Variable names must be in `variables`; an unknown one is an error that
    /// names the nearest.
    pub fn parse(text: &str, variables: &[&str]) -> Result<Self, TemplateError> {
        Ok(Self { text: text.into(), segments: parse::template(text, variables)?.into() })
    }

    /// The template as it stands in the manifest.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Renders into `sink`, piece by piece.
    pub fn render_into(&self, scope: &Scope<'_>, sink: &mut dyn FnMut(&[u8])) -> Result<(), RenderError> {
        for segment in &self.segments {
            match segment {
                Segment::Literal(bytes) => sink(bytes),
                Segment::Expression(expression) => sink(&expression.bytes(scope)?),
            }
        }
        Ok(())
    }

    /// Renders into one buffer.
    pub fn render(&self, scope: &Scope<'_>) -> Result<Vec<u8>, RenderError> {
        let mut bytes = Vec::new();
        self.render_into(scope, &mut |piece| bytes.extend_from_slice(piece))?;
        Ok(bytes)
    }

    /// Renders JSON text: values are escaped, so that each stays inside the string in which the template puts it.
    pub fn render_json(&self, scope: &Scope<'_>) -> Result<Vec<u8>, RenderError> {
        let mut out = Vec::new();
        for segment in &self.segments {
            match segment {
                Segment::Literal(bytes) => out.extend_from_slice(bytes),
                Segment::Expression(expression) => {
                    let value = expression.bytes(scope)?;
                    let text = std::str::from_utf8(&value);
                    let text = text.map_err(|_| RenderError::unusable("the value is not UTF-8"))?;
                    let quoted = json::quote(text);
                    out.extend_from_slice(&quoted.as_bytes()[1..quoted.len() - 1]);
                }
            }
        }
        Ok(out)
    }

    /// Whether it is the same text for every request.
    pub fn is_constant(&self) -> bool {
        self.expressions().next().is_none()
    }

    /// Renders to text; bytes that are not UTF-8 are an error of their own.
    pub fn render_text(&self, scope: &Scope<'_>) -> Result<String, RenderError> {
        String::from_utf8(self.render(scope)?).map_err(|_| RenderError::unusable("the value is not UTF-8"))
    }

    /// Whether a source matching `predicate` occurs.
    pub fn uses(&self, predicate: impl Fn(&Source) -> bool) -> bool {
        self.expressions().any(|expression| predicate(&expression.source))
    }

    /// The source, where the template is that source and nothing else.
    pub(crate) fn only_source(&self) -> Option<&Source> {
        match &*self.segments {
            [Segment::Expression(expression)] if expression.filters.is_empty() => Some(&expression.source),
            _ => None,
        }
    }

    /// Whether it is one optional value, and that is absent.
    pub(crate) fn is_left_out(&self, scope: &Scope<'_>) -> bool {
        matches!(&*self.segments, [Segment::Expression(value)] if value.optional && value.lookup(scope).is_none())
    }

    /// All sources that it reads.
    pub(crate) fn sources(&self) -> impl Iterator<Item = &Source> {
        self.expressions().map(|expression| &expression.source)
    }

    pub(super) fn segments(&self) -> &[Segment] {
        &self.segments
    }

    fn expressions(&self) -> impl Iterator<Item = &Expression> {
        self.segments.iter().filter_map(|segment| match segment {
            Segment::Expression(expression) => Some(expression),
            Segment::Literal(_) => None,
        })
    }
}

impl fmt::Debug for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Template({:?})", self.text)
    }
}

impl Expression {
    /// Compiles what stands between braces, or a bare ref such as `header:X-Signature`.
    pub fn parse(text: &str, variables: &[&str]) -> Result<Self, TemplateError> {
        parse::expression(text, 0, variables)
    }

    /// Compiles a ref in which the name of a header may be a pattern.
    pub(crate) fn parse_pattern(text: &str, variables: &[&str]) -> Result<Self, TemplateError> {
        let pattern = text.trim().strip_prefix("header:").filter(|name| name.contains('*'));
        match pattern.and_then(source::HeaderPattern::parse) {
            Some(pattern) => Ok(Self::of(Source::HeaderPattern(pattern))),
            None => Self::parse(text, variables),
        }
    }

    /// What stands at a source, as it is.
    pub(crate) fn of(source: Source) -> Self {
        Self { optional: false, source, filters: Box::default() }
    }

    /// Whether it is its source as it stands.
    pub(crate) fn is_plain(&self) -> bool {
        self.filters.is_empty()
    }

    /// The source it reads.
    pub fn source(&self) -> &Source {
        &self.source
    }
}

#[cfg(test)]
mod tests;
