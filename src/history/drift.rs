//! How captured events of a type differ from its fixture: fields that are new, missing, of another type.
//!
//! Only the structure is looked at: paths (`data.items[].name`, all elements of an array together) and
//! the types of what stands there. A field below one that is missing, new or of another type is not
//! named again, and one below an object that is not there is not missed.

use std::collections::BTreeMap;
use std::fmt;

use crate::json::{Kind, check, quote, scalar, tokens};

/// Paths of one body, and of all captured ones together: keys that are data would fill the memory.
const MAX_PATHS: usize = 10_000;
/// Deeper values are left out: a path is as long as its depth.
const MAX_DEPTH: usize = 64;
/// Longer paths are left out.
const MAX_PATH: usize = 1_024;

/// Types of JSON values; a set of them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Types(u8);

impl Types {
    const NAMES: [&'static str; 6] = ["object", "array", "string", "number", "boolean", "null"];
    const OBJECT: Self = Self(1);
    const STRING: Self = Self(4);

    fn of(kind: Kind) -> Self {
        match kind {
            Kind::ObjectStart => Self::OBJECT,
            Kind::ArrayStart => Self(2),
            Kind::String => Self::STRING,
            Kind::Number => Self(8),
            Kind::True | Kind::False => Self(16),
            Kind::Null => Self(32),
            _ => Self(0),
        }
    }

    fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    fn has(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    fn names(self) -> Vec<&'static str> {
        Self::NAMES.into_iter().enumerate().filter(|(bit, _)| self.0 >> bit & 1 == 1).map(|(_, name)| name).collect()
    }
}

/// A path as its steps: a prefix is an ancestor, and the order of paths keeps families together.
type Path = Vec<Step>;

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Step {
    Elements,
    Key(String),
}

/// The fields of one body.
#[derive(Debug, Clone, Default)]
pub struct Fields(BTreeMap<Path, Types>);

impl Fields {
    /// Reads a JSON body, or a form when `is_form` says that it is one; `None` for what is neither.
    pub fn read(body: &[u8], is_form: bool) -> Option<Self> {
        if check(body).is_ok() { Some(Self::of_json(body)) } else { is_form.then(|| Self::of_form(body)) }
    }

    fn of_json(body: &[u8]) -> Self {
        let mut fields = Self::default();
        let mut path: Path = Vec::new();
        // Per open container: whether it is an array.
        let mut open: Vec<bool> = Vec::new();
        for token in tokens(body).map_while(Result::ok) {
            match token.kind {
                Kind::Colon | Kind::Comma => {}
                Kind::Key if open.len() <= MAX_DEPTH => {
                    path.truncate(open.len() - 1);
                    path.push(Step::Key(String::from_utf8_lossy(&scalar(token.text)).into_owned()));
                }
                Kind::Key => {}
                Kind::ObjectEnd | Kind::ArrayEnd => {
                    open.pop();
                    path.truncate(open.len());
                }
                kind => {
                    if open.last() == Some(&true) && open.len() <= MAX_DEPTH {
                        path.truncate(open.len() - 1);
                        path.push(Step::Elements);
                    }
                    if open.len() <= MAX_DEPTH {
                        fields.add(&path, Types::of(kind));
                    }
                    match kind {
                        Kind::ObjectStart => open.push(false),
                        Kind::ArrayStart => open.push(true),
                        _ => {}
                    }
                }
            }
        }
        fields
    }

    fn of_form(body: &[u8]) -> Self {
        let mut fields = Self::default();
        fields.add(&[], Types::OBJECT);
        for (name, _) in form_urlencoded::parse(body) {
            fields.add(&[Step::Key(name.into_owned())], Types::STRING);
        }
        fields
    }

    fn add(&mut self, path: &[Step], types: Types) {
        if let Some(known) = self.0.get_mut(path) {
            *known = known.and(types);
        } else if self.0.len() < MAX_PATHS && length(path) <= MAX_PATH {
            self.0.insert(path.to_vec(), types);
        }
    }
}

fn length(path: &[Step]) -> usize {
    path.iter().map(|step| if let Step::Key(key) = step { key.len() + 1 } else { 2 }).sum()
}

/// What is different.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    /// Captured, not in the fixture.
    New,
    /// In the fixture, not in every captured event.
    Missing,
    /// Of a type that it does not have in the fixture.
    Type,
}

impl What {
    /// As it is printed.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Missing => "missing",
            Self::Type => "type",
        }
    }
}

/// One difference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Where: `data.items[].name`.
    pub path: String,
    /// What is different.
    pub what: What,
    /// Types in the fixture.
    pub fixture: Vec<&'static str>,
    /// Types in the captured events.
    pub captured: Vec<&'static str>,
    /// In how many events it is so: where a new field is, where a missing one is not, where the type is
    /// another one.
    pub seen: u64,
    /// Of how many, that could have it.
    pub total: u64,
}

/// How often a path is in the captured events.
#[derive(Debug, Clone, Copy, Default)]
struct Seen {
    events: u64,
    /// Of these, where it is an object.
    objects: u64,
    /// Where it has a type that it does not have in the fixture.
    other: u64,
    types: Types,
}

/// Compares events with a fixture, one by one.
#[derive(Debug, Clone, Default)]
pub struct Drift {
    fixture: BTreeMap<Path, Types>,
    seen: BTreeMap<Path, Seen>,
    events: u64,
}

impl Drift {
    /// Compares with this fixture.
    pub fn new(fixture: Fields) -> Self {
        Self { fixture: fixture.0, ..Self::default() }
    }

    /// How many events were compared.
    pub fn events(&self) -> u64 {
        self.events
    }

    /// Takes one event.
    pub fn add(&mut self, fields: &Fields) {
        self.events += 1;
        for (path, types) in &fields.0 {
            if !self.seen.contains_key(path) && self.seen.len() >= MAX_PATHS + self.fixture.len() {
                continue;
            }
            let known = self.fixture.get(path).copied().unwrap_or_default();
            let seen = self.seen.entry(path.clone()).or_default();
            seen.events += 1;
            seen.objects += u64::from(types.has(Types::OBJECT));
            seen.other += u64::from(types.without(known) != Types::default());
            seen.types = seen.types.and(*types);
        }
    }

    /// What is different, in the order of the paths.
    pub fn differences(&self) -> Vec<Finding> {
        let mut all: BTreeMap<&Path, Finding> = BTreeMap::new();
        for (path, seen) in &self.seen {
            let what = match self.fixture.get(path) {
                None => What::New,
                Some(_) if seen.other > 0 => What::Type,
                Some(_) => continue,
            };
            let count = if what == What::New { seen.events } else { seen.other };
            all.insert(path, self.difference(path, what, count, self.parents(path)));
        }
        for path in self.fixture.keys().filter(|path| matches!(path.last(), Some(Step::Key(_)))) {
            let (total, seen) = (self.parents(path), self.seen.get(path).map_or(0, |seen| seen.events));
            if seen < total {
                all.entry(path).or_insert_with(|| self.difference(path, What::Missing, total - seen, total));
            }
        }
        let is_below = |path: &Path| (0..path.len()).any(|end| self.hides(all.get(&path[..end].to_vec())));
        let shown: Vec<&Path> = all.keys().copied().filter(|path| !is_below(path)).collect();
        shown.into_iter().filter_map(|path| all.get(path).cloned()).collect()
    }

    /// Whether what is below a difference goes without saying.
    fn hides(&self, above: Option<&Finding>) -> bool {
        above.is_some_and(|above| match above.what {
            What::New => true,
            What::Missing => above.seen == above.total,
            // Where the fixture has no object or array there, nothing below it can be compared.
            What::Type => {
                let is_container = |types: &[&str]| types.contains(&"object") || types.contains(&"array");
                !is_container(&above.fixture) || !is_container(&above.captured)
            }
        })
    }

    fn difference(&self, path: &Path, what: What, seen: u64, total: u64) -> Finding {
        let types = |types: Option<Types>| types.unwrap_or_default().names();
        Finding {
            path: Dotted(path).to_string(),
            what,
            fixture: types(self.fixture.get(path).copied()),
            captured: types(self.seen.get(path).map(|seen| seen.types)),
            seen,
            total,
        }
    }

    /// In how many events the object is that would have this field.
    fn parents(&self, path: &Path) -> u64 {
        let Some((last, parent)) = path.split_last() else { return self.events };
        let seen = self.seen.get(parent).copied().unwrap_or_default();
        if *last == Step::Elements { seen.events } else { seen.objects }
    }
}

/// A path as people write it; `.` is the whole body.
struct Dotted<'p>(&'p Path);

impl fmt::Display for Dotted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return f.write_str(".");
        }
        for (place, step) in self.0.iter().enumerate() {
            match step {
                Step::Elements => f.write_str("[]")?,
                Step::Key(key) if key.is_empty() || key.contains(['.', '[', ']', '"']) => {
                    write!(f, "[{}]", quote(key))?;
                }
                Step::Key(key) => write!(f, "{}{key}", if place == 0 { "" } else { "." })?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn drift(fixture: &str, captured: &[&str]) -> Vec<String> {
        let mut drift = Drift::new(Fields::read(fixture.as_bytes(), true).unwrap());
        for body in captured {
            drift.add(&Fields::read(body.as_bytes(), true).unwrap());
        }
        let line = |it: Finding| {
            let (what, fixture, captured) = (it.what.as_str(), it.fixture.join("|"), it.captured.join("|"));
            format!("{} {what} {fixture}->{captured} {}/{}", it.path, it.seen, it.total)
        };
        drift.differences().into_iter().map(line).collect()
    }

    #[test]
    fn the_same_structure_has_no_drift() {
        let fixture = r#"{"a":1,"b":{"c":["x"]},"d":null}"#;
        assert!(drift(fixture, &[r#"{"d":null,"b":{"c":["y","z"]},"a":-2.5e9}"#, fixture]).is_empty());
        assert!(drift("a=1&b=2", &["b=&a=x"]).is_empty());
    }

    #[test]
    fn new_missing_and_changed_fields_are_told_with_their_counts() {
        let fixture = r#"{"id":"1","data":{"n":1,"gone":true}}"#;
        let captured = [r#"{"id":1,"data":{"n":1,"more":{"x":1}}}"#, r#"{"id":"1","data":{"n":null}}"#];
        assert_eq!(
            drift(fixture, &captured),
            [
                "data.gone missing boolean-> 2/2",
                "data.more new ->object 1/2",
                "data.n type number->number|null 1/2",
                "id type string->string|number 1/2"
            ]
        );
    }

    #[test]
    fn elements_of_arrays_are_taken_together() {
        let fixture = r#"{"items":[{"a":1,"b":2}]}"#;
        assert!(drift(fixture, &[r#"{"items":[]}"#]).is_empty(), "an empty array lacks nothing");
        assert_eq!(drift(fixture, &[r#"{"items":[{"a":1},{"a":"x"}]}"#]).len(), 2);
        assert_eq!(drift(fixture, &[r#"{"items":[7]}"#]), ["items[] type object->number 1/1"]);
        assert_eq!(drift("[]", &["[1]"]), ["[] new ->number 1/1"]);
    }

    #[test]
    fn what_is_below_a_difference_goes_without_saying() {
        let fixture = r#"{"a":{"b":{"c":1}},"n":null}"#;
        assert_eq!(drift(fixture, &[r#"{"n":{"x":1}}"#]), ["a missing object-> 1/1", "n type null->object 1/1"]);
        assert_eq!(drift(fixture, &[r#"{"a":"x","n":null}"#]), ["a type object->string 1/1"]);
        assert_eq!(drift(fixture, &["[]"]), [". type object->array 1/1"]);
    }

    #[test]
    fn a_field_of_an_object_that_is_sometimes_absent_is_missed_only_where_the_object_is() {
        let fixture = r#"{"a":{"b":1}}"#;
        assert_eq!(drift(fixture, &["{}", r#"{"a":{"b":1}}"#]), ["a missing object->object 1/2"]);
    }

    #[test]
    fn keys_that_would_be_misread_are_quoted() {
        assert_eq!(drift("{}", &[r#"{"a.b":1,"":2}"#]), [r#"[""] new ->number 1/1"#, r#"["a.b"] new ->number 1/1"#]);
    }

    #[test]
    fn bodies_that_have_no_fields_are_not_compared() {
        assert!(Fields::read(b"<a/>", false).is_none() && Fields::read(b"{", false).is_none());
    }

    #[test]
    fn hostile_bodies_cost_little() {
        let deep = format!("{}1{}", "{\"a\":[".repeat(100_000), "]}".repeat(100_000));
        assert!(Fields::read(deep.as_bytes(), false).unwrap().0.len() <= MAX_DEPTH + 1);
        let wide: Vec<String> = (0..MAX_PATHS + 9).map(|key| format!("\"{key}\":1")).collect();
        assert_eq!(Fields::read(format!("{{{}}}", wide.join(",")).as_bytes(), false).unwrap().0.len(), MAX_PATHS);
    }

    proptest! {
        #[test]
        fn a_body_never_drifts_from_itself(text in r#"[\[\]{}:,"ab0]{0,24}"#) {
            if let Some(fields) = Fields::read(text.as_bytes(), false) {
                let mut drift = Drift::new(fields.clone());
                drift.add(&fields);
                prop_assert_eq!(drift.differences(), []);
            }
        }
    }
}
