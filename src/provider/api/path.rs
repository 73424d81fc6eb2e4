//! Paths with variables: `/repos/{owner}/{repo}/hooks/{id}`, filled in and matched.

use std::collections::BTreeSet;
use std::fmt;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use serde_json::Value;

use super::Fields;

/// What stands for itself in one segment of a path (RFC 3986 §3.3, without sub-delimiters).
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// A path, compiled.
#[derive(Debug, Clone)]
pub(super) struct Path {
    segments: Vec<Segment>,
}

/// Text before a variable, its name, text behind it; or text alone.
#[derive(Debug, Clone)]
struct Segment {
    before: Box<str>,
    variable: Option<Box<str>>,
    after: Box<str>,
}

impl Segment {
    fn parse(text: &str) -> Option<Self> {
        let plain = || Some(Self { before: text.into(), variable: None, after: "".into() });
        let Some((before, rest)) = text.split_once('{') else { return plain() };
        let (name, after) = rest.split_once('}')?;
        let is_one = !name.is_empty() && !after.contains(['{', '}']);
        is_one.then(|| Self { before: before.into(), variable: Some(name.into()), after: after.into() })
    }

    fn fill(&self, fields: &Fields) -> Result<String, PathError> {
        let Some(name) = &self.variable else { return Ok(self.before.to_string()) };
        let value = fields.get(&**name).map(text).unwrap_or_default();
        match value.as_str() {
            "" => Err(PathError::Missing(name.clone())),
            // Even percent-encoded they are a way up for whatever normalises the URL.
            "." | ".." => Err(PathError::WayUp(name.clone())),
            value => Ok(format!("{}{}{}", self.before, utf8_percent_encode(value, SEGMENT), self.after)),
        }
    }

    fn matches(&self, text: &str, found: &mut Fields) -> bool {
        let Some(name) = &self.variable else { return *text == *self.before };
        let inner = text.strip_prefix(&*self.before).and_then(|rest| rest.strip_suffix(&*self.after));
        let Some(inner) = inner.filter(|inner| !inner.is_empty()) else { return false };
        let value = percent_decode_str(inner).decode_utf8_lossy().into_owned();
        found.insert(name.to_string(), Value::String(value));
        true
    }
}

/// A path that cannot be filled in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum PathError {
    /// This variable has no value.
    Missing(Box<str>),
    /// This variable's value is `.` or `..`.
    WayUp(Box<str>),
}

/// A value in a path.
fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

impl Path {
    /// `None` where braces do not pair, or one segment has two variables.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let segments = text.split('/').filter(|segment| !segment.is_empty());
        Some(Self { segments: segments.map(Segment::parse).collect::<Option<_>>()? })
    }

    /// How many segments it has.
    pub(super) fn segment_count(&self) -> usize {
        self.segments.len()
    }

    /// Names of its variables.
    pub(super) fn variables(&self) -> BTreeSet<&str> {
        self.segments.iter().filter_map(|segment| segment.variable.as_deref()).collect()
    }

    /// The path with its values in it.
    pub(super) fn fill(&self, fields: &Fields) -> Result<String, PathError> {
        let segments: Vec<String> =
            self.segments.iter().map(|segment| segment.fill(fields)).collect::<Result<_, _>>()?;
        Ok(segments.iter().fold(String::new(), |path, segment| path + "/" + segment))
    }

    /// The variables' values where `path` has this form. An empty segment at its end is left out.
    pub(super) fn matches(&self, path: &str) -> Option<Fields> {
        let mut found = Fields::new();
        let mut segments = path.strip_suffix('/').unwrap_or(path).split('/').skip(1);
        let all =
            self.segments.iter().all(|segment| segments.next().is_some_and(|text| segment.matches(text, &mut found)));
        (all && segments.next().is_none()).then_some(found)
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for Segment { before, variable, after } in &self.segments {
            match variable {
                Some(name) => write!(f, "/{before}{{{name}}}{after}")?,
                None => write!(f, "/{before}")?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn fields(value: &Value) -> Fields {
        value.as_object().unwrap().clone()
    }

    #[test]
    fn a_value_stays_within_its_segment() {
        let path = Path::parse("/repos/{owner}/hooks/{id}.json").unwrap();
        for (value, written) in [("a b", "a%20b"), ("../x?y#z", "..%2Fx%3Fy%23z"), ("...", "..."), ("é", "%C3%A9")] {
            let filled = path.fill(&fields(&json!({"owner": value, "id": 7}))).unwrap();
            assert_eq!(filled, format!("/repos/{written}/hooks/7.json"));
            assert_eq!(path.matches(&filled), Some(fields(&json!({"owner": value, "id": "7"}))));
        }
    }

    #[test]
    fn a_missing_value_or_a_way_up_is_named() {
        let path = Path::parse("/repos/{owner}").unwrap();
        assert_eq!(path.fill(&Fields::new()), Err(PathError::Missing("owner".into())));
        assert_eq!(path.fill(&fields(&json!({"owner": ""}))), Err(PathError::Missing("owner".into())));
        assert_eq!(path.fill(&fields(&json!({"owner": ".."}))), Err(PathError::WayUp("owner".into())));
    }

    #[test]
    fn other_paths_do_not_match() {
        let path = Path::parse("/v1/hooks/{id}").unwrap();
        for other in ["/v1/hooks", "/v1/hooks/", "/v1/hooks//", "/v1/hooks/a/b", "/v2/hooks/a", "v1/hooks/a/b", ""] {
            assert_eq!(path.matches(other), None, "{other}");
        }
        assert!(path.matches("/v1/hooks/a/").is_some());
        assert!(Path::parse("/{a}{b}").is_none() && Path::parse("/{a").is_none() && Path::parse("/{}").is_none());
    }
}
