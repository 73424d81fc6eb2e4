//! Two JSON texts against each other, value by value: keys by name, elements by position, everything as
//! it is written. Nothing becomes a float or a map on the way, so that long numbers and repeated keys count.

use std::borrow::Cow;
use std::collections::HashMap;

use super::diff::{Comparison, Difference};
use crate::json::{Kind, Pointer, Token, Tokens, compact, scalar, tokens};

/// What lies deeper is compared as a whole: nobody reads such a path, and each level costs stack.
const MAX_DEPTH: usize = 128;
/// Values of one text; each costs some 80 bytes. A body of more is compared as text.
const MAX_VALUES: usize = 1_000_000;

/// A value, and what is in it.
struct Value<'a> {
    text: &'a [u8],
    inside: Inside<'a>,
}

enum Inside<'a> {
    /// A scalar, or a container that lies too deep.
    Nothing,
    /// Keys with their escapes undone.
    Object(Vec<(Cow<'a, [u8]>, Value<'a>)>),
    Array(Vec<Value<'a>>),
}

/// Compares two JSON texts; `None` when one of them is not JSON, or is too large for this.
pub fn compare_json(before: &[u8], after: &[u8]) -> Option<Comparison> {
    let mut comparison = Comparison::default();
    let (before, after) = (read(before)?, read(after)?);
    Walk { comparison: &mut comparison, steps: Vec::new() }.compare(&before, &after);
    Some(comparison)
}

fn read(text: &[u8]) -> Option<Value<'_>> {
    let mut reading = Reading { text, tokens: tokens(text), room: MAX_VALUES };
    let first = reading.next()?;
    let value = reading.value(first, 0)?;
    // What follows the value must be nothing.
    reading.tokens.next().is_none().then_some(value)
}

struct Reading<'a> {
    text: &'a [u8],
    tokens: Tokens<'a>,
    room: usize,
}

impl<'a> Reading<'a> {
    fn next(&mut self) -> Option<Token<'a>> {
        self.tokens.next()?.ok()
    }

    /// The value that begins with this token.
    fn value(&mut self, first: Token<'a>, depth: usize) -> Option<Value<'a>> {
        self.room = self.room.checked_sub(1)?;
        let mut end = first.start + first.text.len();
        let inside = match first.kind {
            Kind::ObjectStart | Kind::ArrayStart if depth == MAX_DEPTH => {
                end = self.skip()?;
                Inside::Nothing
            }
            Kind::ObjectStart => {
                let mut members = Vec::new();
                end = loop {
                    let token = self.next()?;
                    match token.kind {
                        Kind::Key => {
                            self.next()?;
                            let first = self.next()?;
                            members.push((scalar(token.text), self.value(first, depth + 1)?));
                        }
                        Kind::ObjectEnd => break token.start + 1,
                        _ => {}
                    }
                };
                Inside::Object(members)
            }
            Kind::ArrayStart => {
                let mut elements = Vec::new();
                end = loop {
                    let token = self.next()?;
                    match token.kind {
                        Kind::ArrayEnd => break token.start + 1,
                        Kind::Comma => {}
                        _ => elements.push(self.value(token, depth + 1)?),
                    }
                };
                Inside::Array(elements)
            }
            _ => Inside::Nothing,
        };
        Some(Value { text: &self.text[first.start..end], inside })
    }

    /// Goes behind the end of the container that has just begun.
    fn skip(&mut self) -> Option<usize> {
        let mut open = 1_usize;
        loop {
            let token = self.next()?;
            match token.kind {
                Kind::ObjectStart | Kind::ArrayStart => open += 1,
                Kind::ObjectEnd | Kind::ArrayEnd => open -= 1,
                _ => {}
            }
            if open == 0 {
                return Some(token.start + 1);
            }
        }
    }
}

struct Walk<'c> {
    comparison: &'c mut Comparison,
    steps: Vec<String>,
}

impl Walk<'_> {
    fn compare(&mut self, before: &Value<'_>, after: &Value<'_>) {
        if before.text == after.text || self.comparison.is_cut {
            return;
        }
        match (&before.inside, &after.inside) {
            (Inside::Object(before), Inside::Object(after)) => {
                let name = |key: &[u8], nth: usize| match nth {
                    0 => String::from_utf8_lossy(key).into_owned(),
                    nth => format!("{}#{}", String::from_utf8_lossy(key), nth + 1),
                };
                let (before, after) = (numbered(before), numbered(after));
                let known: HashMap<(&[u8], usize), &Value<'_>> = after.iter().copied().collect();
                for ((key, nth), value) in &before {
                    self.step(name(key, *nth), Some(value), known.get(&(*key, *nth)).copied());
                }
                let known: HashMap<(&[u8], usize), &Value<'_>> = before.into_iter().collect();
                for ((key, nth), value) in after {
                    if !known.contains_key(&(key, nth)) {
                        self.step(name(key, nth), None, Some(value));
                    }
                }
            }
            (Inside::Array(before), Inside::Array(after)) => {
                for position in 0..before.len().max(after.len()) {
                    self.step(position.to_string(), before.get(position), after.get(position));
                }
            }
            _ => self.report(Some(before.text), Some(after.text)),
        }
    }

    fn step(&mut self, step: String, before: Option<&Value<'_>>, after: Option<&Value<'_>>) {
        if self.comparison.is_cut {
            return;
        }
        self.steps.push(step);
        match (before, after) {
            (Some(before), Some(after)) => self.compare(before, after),
            (before, after) => self.report(before.map(|value| value.text), after.map(|value| value.text)),
        }
        self.steps.pop();
    }

    fn report(&mut self, before: Option<&[u8]>, after: Option<&[u8]>) {
        let written = |text: &[u8]| compact(text).unwrap_or_else(|| text.to_vec());
        let (before, after) = (before.map(written), after.map(written));
        // Containers that lie too deep may differ in their layout alone.
        if before == after {
            return;
        }
        let is_spelling = Option::zip(before.as_deref(), after.as_deref()).is_some_and(|(one, two)| is_same(one, two));
        let place = format!("json:{}", Pointer::of(self.steps.clone()));
        self.comparison.add(Difference { place, before, after, is_spelling });
    }
}

/// Members with the number of the same key before them.
fn numbered<'v, 'a>(members: &'v [(Cow<'a, [u8]>, Value<'a>)]) -> Vec<((&'v [u8], usize), &'v Value<'a>)> {
    let mut seen: HashMap<&[u8], usize> = HashMap::new();
    let number = |(key, value): &'v (Cow<'a, [u8]>, Value<'a>)| {
        let count = seen.entry(&**key).or_default();
        let nth = *count;
        *count += 1;
        ((&**key, nth), value)
    };
    members.iter().map(number).collect()
}

/// Whether two scalars that are written differently say the same.
fn is_same(before: &[u8], after: &[u8]) -> bool {
    match (before.first(), after.first()) {
        (Some(b'"'), Some(b'"')) => scalar(before) == scalar(after),
        (Some(b'-' | b'0'..=b'9'), Some(b'-' | b'0'..=b'9')) => {
            Option::zip(number(before), number(after)).is_some_and(|(before, after)| before == after)
        }
        _ => false,
    }
}

/// A number as sign, digits without zeros at either end, and the power of ten of the last digit: exact,
/// however long it is. `None` when its exponent is beyond counting.
fn number(text: &[u8]) -> Option<(bool, String, i64)> {
    let text = std::str::from_utf8(text).ok()?;
    let (is_negative, text) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
    let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
    let exponent: i64 = exponent.parse().ok()?;
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = format!("{whole}{fraction}");
    let shown = digits.trim_end_matches('0');
    let dropped = i64::try_from(digits.len() - shown.len()).ok()?;
    let digits = shown.trim_start_matches('0');
    if digits.is_empty() {
        return Some((false, String::new(), 0));
    }
    let power = exponent.checked_sub(i64::try_from(fraction.len()).ok()?)?.checked_add(dropped)?;
    Some((is_negative, digits.to_owned(), power))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// `place: before > after`, one a difference; `~` marks a difference in spelling.
    fn compared(before: &str, after: &str) -> Vec<String> {
        let comparison = compare_json(before.as_bytes(), after.as_bytes()).unwrap();
        let text = |bytes: Option<Vec<u8>>| bytes.map_or("-".into(), |bytes| String::from_utf8(bytes).unwrap());
        let shown = comparison.differences.into_iter().map(|found| {
            let sign = if found.is_spelling { '~' } else { '>' };
            format!("{}: {} {sign} {}", found.place, text(found.before), text(found.after))
        });
        shown.collect()
    }

    #[test]
    fn what_was_added_removed_and_changed_is_named_by_its_path() {
        let found = compared(
            r#"{"a":1,"b":{"c":"x","d~/":[1,2]},"gone":{"e":[ 1 ]}}"#,
            r#"{"b":{"d~/":[1,3,4],"c":"y"},"a":1,"new":null}"#,
        );
        let expected = [
            r#"json:/b/c: "x" > "y""#,
            "json:/b/d~0~1/1: 2 > 3",
            "json:/b/d~0~1/2: - > 4",
            r#"json:/gone: {"e":[1]} > -"#,
            "json:/new: - > null",
        ];
        assert_eq!(found, expected);
    }

    #[test]
    fn layout_and_the_order_of_keys_are_no_difference() {
        assert!(compared(r#"{"a":1,"b":[{"x":1,"y":2}]}"#, "{\n \"b\": [{\"y\":2, \"x\":1}], \"a\":1 }\n").is_empty());
    }

    #[test]
    fn elements_count_by_position_and_repeated_keys_by_their_order() {
        assert_eq!(compared("[1,2]", "[2,1]"), ["json:/0: 1 > 2", "json:/1: 2 > 1"]);
        assert_eq!(compared(r#"{"a":1,"a":2}"#, r#"{"a":2}"#), ["json:/a: 1 > 2", "json:/a#2: 2 > -"]);
        assert_eq!(compared(r#"{"a":1,"\u0061":2}"#, r#"{"a":1,"a":3}"#), ["json:/a#2: 2 > 3"]);
    }

    #[test]
    fn numbers_and_escapes_are_compared_as_written() {
        assert_eq!(compared("[1.0]", "[1]"), ["json:/0: 1.0 ~ 1"]);
        assert_eq!(compared("-1.50e3", "-1500"), ["json:: -1.50e3 ~ -1500"]);
        assert_eq!(compared("0", "-0.0"), ["json:: 0 ~ -0.0"]);
        assert_eq!(compared(r#""\u00e9""#, r#""é""#), [r#"json:: "\u00e9" ~ "é""#]);
        let (long, other) = ("12345678901234567890", "12345678901234567891");
        assert_eq!(compared(long, other), [format!("json:: {long} > {other}")]);
        assert_eq!(compared("1e99999999999999999999", "1"), ["json:: 1e99999999999999999999 > 1"]);
        assert_eq!(compared("1", "\"1\""), ["json:: 1 > \"1\""]);
    }

    #[test]
    fn what_is_not_json_is_not_compared_here() {
        for text in ["", "{", "[1,]", "1 2"] {
            assert!(compare_json(text.as_bytes(), b"1").is_none(), "{text}");
        }
    }

    #[test]
    fn hostile_depth_is_compared_as_a_whole() {
        let nested = |inside: &str| format!("{}{inside}{}", "[".repeat(100_000), "]".repeat(100_000));
        assert!(compared(&nested("1"), &nested(" 1")).is_empty());
        assert_eq!(compared(&nested("1"), &nested("2")).len(), 1);
    }

    #[test]
    fn more_differences_than_anyone_reads_are_cut() {
        let long = "k".repeat(1 << 20);
        let object = |value: u32| format!("{{\"{long}\":[{}]}}", vec![value.to_string(); 500].join(","));
        let comparison = compare_json(object(1).as_bytes(), object(2).as_bytes()).unwrap();
        assert!(comparison.is_cut && !comparison.differences.is_empty());
    }

    proptest! {
        #[test]
        fn a_text_equals_itself_in_any_layout(text in "[\\[\\]{}:,1\"a ]{0,24}") {
            if let Some(indented) = crate::json::indented(text.as_bytes(), 2) {
                prop_assert!(compared(&text, &String::from_utf8(indented).unwrap()).is_empty());
            }
            prop_assert_eq!(compare_json(text.as_bytes(), b"1").is_some(), crate::json::check(text.as_bytes()).is_ok());
        }
    }
}
