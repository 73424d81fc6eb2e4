//! Paths into a JSON text: RFC 6901 pointers, and the dotted form people type.

use std::fmt;

/// A compiled path: which member or element to take at each level.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Pointer {
    segments: Vec<String>,
}

/// A text that is not a path.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PointerError {
    /// RFC 6901: a pointer is empty or begins with a slash.
    #[error("JSON pointer `{0}` does not begin with `/`")]
    NoSlash(String),
    /// RFC 6901: a tilde is followed by 0 or 1.
    #[error("JSON pointer `{0}` has a `~` that is neither `~0` nor `~1`")]
    BadEscape(String),
    /// Two dots in a row, or one at the end.
    #[error("path `{0}` has an empty step (write `/a//b` for an empty key)")]
    EmptyStep(String),
    /// Brackets hold an index and nothing else.
    #[error("path `{0}` has brackets that are not `[number]` (write `/a/b` for other keys)")]
    BadIndex(String),
}

impl Pointer {
    /// Compiles an RFC 6901 pointer: `/a/b~1c/0`. The empty text names the whole value.
    pub fn parse(text: &str) -> Result<Self, PointerError> {
        if text.is_empty() {
            return Ok(Self::default());
        }
        let steps = text.strip_prefix('/').ok_or_else(|| PointerError::NoSlash(text.to_owned()))?;
        let segments: Option<_> = steps.split('/').map(unescape).collect();
        segments.map(|segments| Self { segments }).ok_or_else(|| PointerError::BadEscape(text.to_owned()))
    }

    /// Compiles what a person types: `data.items[0].name`, `data.items.0.name` or `/data/items/0`.
    pub fn from_path(text: &str) -> Result<Self, PointerError> {
        if text.starts_with('/') {
            return Self::parse(text);
        }
        let mut segments = Vec::new();
        for (position, step) in text.split('.').enumerate() {
            let (name, brackets) = step.split_at(step.find('[').unwrap_or(step.len()));
            if name.is_empty() && (position > 0 || brackets.is_empty()) {
                return Err(PointerError::EmptyStep(text.to_owned()));
            }
            segments.extend((!name.is_empty()).then(|| name.to_owned()));
            indices(brackets, &mut segments).ok_or_else(|| PointerError::BadIndex(text.to_owned()))?;
        }
        Ok(Self { segments })
    }

    /// A pointer made of steps that are already unescaped.
    pub fn of(segments: Vec<String>) -> Self {
        Self { segments }
    }

    /// The steps, unescaped.
    pub fn segments(&self) -> &[String] {
        &self.segments
    }

    /// The form people read and [`Pointer::from_path`] takes: `data.items[0].name`; pointer form when a
    /// key cannot be written so.
    pub fn dotted(&self) -> String {
        let plain = |segment: &String| !segment.is_empty() && !segment.contains(['.', '[', '/']);
        if !self.segments.iter().all(plain) {
            return self.to_string();
        }
        let mut out = String::new();
        for segment in &self.segments {
            if index(segment).is_some() {
                out.extend(["[", segment, "]"]);
            } else {
                out.extend([if out.is_empty() { "" } else { "." }, segment]);
            }
        }
        out
    }
}

impl fmt::Display for Pointer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.segments.iter().try_for_each(|segment| write!(f, "/{}", segment.replace('~', "~0").replace('/', "~1")))
    }
}

impl std::str::FromStr for Pointer {
    type Err = PointerError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}

/// An array index as RFC 6901 section 4 has it: digits without a leading zero.
pub(super) fn index(segment: &str) -> Option<usize> {
    let canonical = segment == "0" || !segment.starts_with(['0', '+']);
    if canonical { segment.parse().ok() } else { None }
}

/// Reads `[1][2]` into segments.
fn indices(mut brackets: &str, segments: &mut Vec<String>) -> Option<()> {
    while !brackets.is_empty() {
        let (number, rest) = brackets.strip_prefix('[')?.split_once(']')?;
        index(number)?;
        segments.push(number.to_owned());
        brackets = rest;
    }
    Some(())
}

/// Undoes `~1` and `~0`, in that order (RFC 6901 section 4).
fn unescape(segment: &str) -> Option<String> {
    let tildes = segment.matches('~').count();
    let escapes = segment.matches("~0").count() + segment.matches("~1").count();
    (tildes == escapes).then(|| segment.replace("~1", "/").replace("~0", "~"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn steps(text: &str) -> Vec<String> {
        Pointer::from_path(text).unwrap().segments
    }

    #[test]
    fn the_examples_of_rfc_6901_compile() {
        assert_eq!(Pointer::parse("").unwrap().segments, Vec::<String>::new());
        assert_eq!(Pointer::parse("/").unwrap().segments, [""]);
        assert_eq!(Pointer::parse("/a~1b/m~0n/0").unwrap().segments, ["a/b", "m~n", "0"]);
        assert_eq!(Pointer::parse("/~01").unwrap().segments, ["~1"]);
    }

    #[test]
    fn all_forms_of_a_path_are_the_same_pointer() {
        for text in ["data.items[0].name", "data.items.0.name", "/data/items/0/name"] {
            assert_eq!(steps(text), ["data", "items", "0", "name"], "{text}");
        }
        assert_eq!(steps("[0][1]"), ["0", "1"]);
    }

    #[test]
    fn texts_that_are_no_path_say_why() {
        assert_eq!(Pointer::parse("a"), Err(PointerError::NoSlash("a".into())));
        assert_eq!(Pointer::parse("/a~2"), Err(PointerError::BadEscape("/a~2".into())));
        for text in ["", ".", "a..b", "a.", ".a", "a.[0]"] {
            assert_eq!(Pointer::from_path(text), Err(PointerError::EmptyStep(text.into())), "{text}");
        }
        for text in ["a[x]", "a[", "a[]", "a[0]b", "a[01]", "a[-1]", "[0"] {
            assert_eq!(Pointer::from_path(text), Err(PointerError::BadIndex(text.into())), "{text}");
        }
    }

    proptest! {
        #[test]
        fn every_pointer_reads_back_from_both_forms(segments in proptest::collection::vec("[a~/.\\[\\]0-9é]{0,3}", 1..5)) {
            let pointer = Pointer::of(segments);
            prop_assert_eq!(&Pointer::parse(&pointer.to_string()).unwrap(), &pointer);
            prop_assert_eq!(&Pointer::from_path(&pointer.dotted()).unwrap(), &pointer);
        }
    }
}
