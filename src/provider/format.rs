//! The form of a signature header, read in both directions: `t={timestamp},v1={signature}`.

use std::borrow::Cow;

use super::template::{Scope, Segment, Source, Template, TemplateError};

/// The name of the capture that holds the signature itself.
pub(crate) const SIGNATURE: &str = "signature";

/// Headers with more items than this are refused: rotation needs two or three.
const MAX_ITEMS: usize = 64;

/// A compiled `format`, with its separators.
#[derive(Debug, Clone)]
pub(crate) struct Format {
    whole: Template,
    items: Vec<Item>,
    /// Between groups of items (`Persona`), then between items.
    groups: Option<Box<str>>,
    separator: Option<Box<str>>,
}

/// One item: literals and captures in turn.
#[derive(Debug, Clone)]
struct Item {
    text: String,
    parts: Vec<Part>,
}

#[derive(Debug, Clone, PartialEq)]
enum Part {
    Literal(String),
    Capture(Box<str>),
}

/// What stood in a header: values that belong together, with the signatures they came with.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Group<'t> {
    pub(crate) captures: Vec<(String, &'t str)>,
    pub(crate) signatures: Vec<&'t str>,
}

impl Format {
    /// Compiles a format. `split` holds no separator, one, or two (groups, then items).
    pub(crate) fn parse(text: &str, split: &[String], names: &[&str]) -> Result<Self, TemplateError> {
        let whole = Template::parse(text, names)?;
        let (groups, separator) = match split {
            [] => (None, None),
            [item] => (None, Some(item.as_str().into())),
            [group, item] => (Some(group.as_str().into()), Some(item.as_str().into())),
            _ => return Err(TemplateError { offset: 0, problem: "`split` takes one or two separators".into() }),
        };
        let pieces: Vec<&str> = match separator.as_deref() {
            Some(separator) => split_outside_braces(text, separator),
            None => vec![text],
        };
        let items = pieces.into_iter().map(|piece| Item::parse(piece, names)).collect::<Result<_, _>>()?;
        let format = Self { whole, items, groups, separator };
        if format.items.iter().any(|item: &Item| item.captures(SIGNATURE)) {
            Ok(format)
        } else {
            Err(TemplateError { offset: 0, problem: "the format has no `{signature}`".into() })
        }
    }

    pub(crate) fn text(&self) -> &str {
        self.whole.text()
    }

    /// Names captured besides the signature.
    pub(crate) fn captures(&self) -> impl Iterator<Item = &str> {
        self.items.iter().flat_map(|item| &item.parts).filter_map(|part| match part {
            Part::Capture(name) if &**name != SIGNATURE => Some(&**name),
            _ => None,
        })
    }

    /// How much literal text must match; more is more telling.
    pub(crate) fn literal_length(&self) -> usize {
        self.items
            .iter()
            .flat_map(|item| &item.parts)
            .map(|part| if let Part::Literal(text) = part { text.len() } else { 0 })
            .sum()
    }

    /// Writes the header.
    pub(crate) fn render(&self, scope: &Scope<'_>) -> Result<String, super::template::RenderError> {
        self.whole.render_text(scope)
    }

    /// Writes a further signature behind those that are there: `t=1,v1=A` and `t=1,v1=B` make `t=1,v1=A,v1=B`.
    /// Nothing where the format has room for one only.
    pub(crate) fn append(&self, written: &str, further: &str) -> Option<String> {
        if let Some(groups) = &self.groups {
            return Some(format!("{written}{groups}{further}"));
        }
        let separator = self.separator.as_deref()?;
        let is_signature = |text: &&str| {
            self.items.iter().any(|item| item.captures(SIGNATURE) && item.read(text.trim(), &mut Group::default()))
        };
        let added = further.split(separator).filter(is_signature).last()?;
        Some(format!("{written}{separator}{added}"))
    }

    /// Reads the header, or says what is wrong and where.
    pub(crate) fn extract<'t>(&self, text: &'t str) -> Result<Vec<Group<'t>>, String> {
        let Some(separator) = &self.groups else { return Ok(vec![self.group(text)?]) };
        if text.split(&**separator).count() > MAX_ITEMS {
            return Err(format!("more than {MAX_ITEMS} groups"));
        }
        text.split(&**separator).map(|part| self.group(part)).collect()
    }

    fn group<'t>(&self, text: &'t str) -> Result<Group<'t>, String> {
        let mut group = Group::default();
        let Some(separator) = self.separator.as_deref() else {
            if !self.items[0].read(text.trim(), &mut group) {
                return Err(self.items[0].mismatch(text));
            }
            return Ok(group);
        };
        let found: Vec<&str> = text.split(separator).map(str::trim).collect();
        if found.len() > MAX_ITEMS {
            return Err(format!("more than {MAX_ITEMS} items"));
        }
        if self.is_positional() {
            for (index, text) in found.iter().enumerate() {
                self.items[index.min(self.items.len() - 1)].read(text, &mut group);
            }
        } else {
            for text in &found {
                self.items.iter().any(|item| item.read(text, &mut group));
            }
        }
        let missing = self.items.iter().find(|item| !item.is_in(&group));
        match missing {
            Some(item) => Err(format!("expected an item `{}`, found `{}`", item.text, shorten(text))),
            None => Ok(group),
        }
    }

    /// Items without literals are told apart by their position.
    fn is_positional(&self) -> bool {
        self.items.iter().all(|item| item.parts.iter().all(|part| matches!(part, Part::Capture(_))))
    }
}

impl Item {
    fn parse(text: &str, names: &[&str]) -> Result<Self, TemplateError> {
        let text = text.trim();
        let mut parts = Vec::new();
        for segment in Template::parse(text, names)?.segments() {
            parts.push(match segment {
                Segment::Literal(bytes) => Part::Literal(String::from_utf8_lossy(bytes).into_owned()),
                Segment::Expression(expression) => match expression.source() {
                    Source::Variable(name) => Part::Capture(name.clone()),
                    other => {
                        let problem = format!("a format captures names, and `{}` is not one", other.place());
                        return Err(TemplateError { offset: 0, problem });
                    }
                },
            });
        }
        if parts.windows(2).any(|pair| matches!(pair, [Part::Capture(_), Part::Capture(_)])) {
            return Err(TemplateError { offset: 0, problem: "two captures need text between them".into() });
        }
        Ok(Self { text: text.to_owned(), parts })
    }

    fn captures(&self, name: &str) -> bool {
        self.parts.iter().any(|part| matches!(part, Part::Capture(capture) if &**capture == name))
    }

    /// Whether this item was found.
    fn is_in(&self, group: &Group<'_>) -> bool {
        self.parts.iter().all(|part| match part {
            Part::Literal(_) => true,
            Part::Capture(name) if &**name == SIGNATURE => !group.signatures.is_empty(),
            Part::Capture(name) => group.captures.iter().any(|(known, _)| **known == **name),
        })
    }

    /// Matches the whole of `text` and adds its captures to the group; adds nothing otherwise.
    fn read<'t>(&self, text: &'t str, group: &mut Group<'t>) -> bool {
        let mut rest = text;
        let mut captured: Vec<(&str, &'t str)> = Vec::new();
        let mut parts = self.parts.iter().peekable();
        while let Some(part) = parts.next() {
            match part {
                Part::Literal(literal) => match rest.strip_prefix(literal.as_str()) {
                    Some(after) => rest = after,
                    None => return false,
                },
                Part::Capture(name) => {
                    let end = match parts.peek() {
                        Some(Part::Literal(next)) => rest.find(next.as_str()),
                        _ => Some(rest.len()),
                    };
                    let Some(end) = end.filter(|end| *end > 0) else { return false };
                    captured.push((name, &rest[..end]));
                    rest = &rest[end..];
                }
            }
        }
        if !rest.is_empty() {
            return false;
        }
        for (name, value) in captured {
            if name == SIGNATURE {
                group.signatures.push(value);
            } else {
                group.captures.push((name.to_owned(), value));
            }
        }
        true
    }

    /// Says where the text leaves the form.
    fn mismatch(&self, text: &str) -> String {
        if text.trim().is_empty() {
            return "it is empty".into();
        }
        if let Some(Part::Literal(literal)) = self.parts.first() {
            let same = text.bytes().zip(literal.bytes()).take_while(|(a, b)| a == b).count();
            if same < literal.len() {
                return format!("expected `{}` at character {}, found `{}`", literal, same + 1, shorten(text));
            }
        }
        format!("expected `{}`, found `{}`", self.text, shorten(text))
    }
}

/// The longest piece of a received header that a message repeats.
const SHOWN: usize = 24;

pub(crate) fn shorten(text: &str) -> Cow<'_, str> {
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", &text[..end]).into(),
        None => text.into(),
    }
}

fn split_outside_braces<'t>(text: &'t str, separator: &str) -> Vec<&'t str> {
    let mut pieces = Vec::new();
    let (mut start, mut at, mut depth) = (0, 0, 0usize);
    while at < text.len() {
        let rest = &text[at..];
        if depth == 0 && !separator.is_empty() && rest.starts_with(separator) {
            pieces.push(&text[start..at]);
            at += separator.len();
            start = at;
            continue;
        }
        let character = rest.chars().next().unwrap_or_default();
        match character {
            '{' => depth += 1,
            '}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        at += character.len_utf8().max(1);
    }
    pieces.push(&text[start..]);
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAMES: [&str; 3] = ["signature", "timestamp", "public_key"];

    fn format(text: &str, split: &[&str]) -> Format {
        let split: Vec<String> = split.iter().map(ToString::to_string).collect();
        Format::parse(text, &split, &NAMES).unwrap()
    }

    #[test]
    fn reads_a_prefixed_value_and_places_a_wrong_prefix() {
        let format = format("sha256={signature}", &[]);
        assert_eq!(format.extract("sha256=ab").unwrap()[0].signatures, ["ab"]);
        assert_eq!(format.extract("SHA256=ab").unwrap_err(), "expected `sha256=` at character 1, found `SHA256=ab`");
        assert_eq!(format.extract("sha256=").unwrap_err(), "expected `sha256={signature}`, found `sha256=`");
    }

    #[test]
    fn items_come_in_any_order_and_repeats_are_candidates() {
        let format = format("t={timestamp},v1={signature}", &[","]);
        let groups = format.extract("v1=aa, v0=zz,t=17,v1=bb").unwrap();
        assert_eq!(groups[0].captures, [("timestamp".to_owned(), "17")]);
        assert_eq!(groups[0].signatures, ["aa", "bb"]);
        assert!(format.extract("t=17,v0=zz").unwrap_err().contains("expected an item `v1={signature}`"));
    }

    #[test]
    fn items_without_literals_are_positional() {
        let format = format("{timestamp},{signature}", &[","]);
        let groups = format.extract("17,aa,bb").unwrap();
        assert_eq!((groups[0].captures[0].1, &groups[0].signatures[..]), ("17", &["aa", "bb"][..]));
    }

    #[test]
    fn groups_keep_their_own_captures() {
        let format = format("t={timestamp},v1={signature}", &[" ", ","]);
        let groups = format.extract("t=1,v1=aa t=2,v1=bb").unwrap();
        assert_eq!(groups.iter().map(|group| group.captures[0].1).collect::<Vec<_>>(), ["1", "2"]);
    }

    proptest::proptest! {
        #[test]
        fn extracting_never_panics(text in "\\PC{0,80}") {
            let _ = format("t={timestamp},v1={signature}", &[","]).extract(&text);
            let _ = format("{public_key}|{signature}", &["&"]).extract(&text);
        }
    }
}
