//! The text that is searched for, and where it occurs.
//!
//! It occurs without regard to ASCII case, in the bytes as they were received, from the beginning of a
//! word; its end may be inside one. Words are runs of ASCII letters, digits and bytes from 0x80.

use std::ops::Range;

use memchr::memchr2_iter;

use crate::model::Request;

/// Bytes by how often they stand in webhooks, the rarest last; those not named are rarer still.
const COMMON: &[u8] = b"\"e,:ta oinrsdcl_mpu0-h12./g3459678bfywvk=x{}zjq";

/// A text to search for.
#[derive(Debug, Clone)]
pub struct Needle {
    text: Literal,
    /// The longest word in it, which lies inside one header name or value.
    core: Option<Literal>,
    words: Vec<Word>,
}

/// A word of the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Word {
    /// In lower case.
    pub(super) bytes: Vec<u8>,
    /// Whether it may go on where the text ends.
    pub(super) is_open: bool,
}

/// Where a text was found in a request: which bytes, and where in them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    /// In the body.
    Body(Range<usize>),
    /// In the request target.
    Target(String, Range<usize>),
    /// In a header line, `name: value`.
    Header(Vec<u8>, Range<usize>),
}

/// Bytes to be found anywhere, without regard to ASCII case.
#[derive(Debug, Clone)]
struct Literal {
    lower: Vec<u8>,
    /// Its rarest byte, which is looked for first.
    rare: usize,
}

impl Needle {
    /// A text to search for; `None` when it is empty.
    pub fn new(text: &str) -> Option<Self> {
        let text = Literal::new(text.as_bytes())?;
        let words = words(&text.lower);
        let longest = words.iter().max_by_key(|word| word.bytes.len());
        let core = longest.and_then(|word| Literal::new(&word.bytes));
        Some(Self { text, core, words })
    }

    /// Where it first occurs in these bytes.
    pub fn find_in(&self, bytes: &[u8]) -> Option<Range<usize>> {
        let begins_word = is_word(self.text.lower[0]);
        let is_inside = |at: usize| begins_word && at.checked_sub(1).is_some_and(|before| is_word(bytes[before]));
        let start = self.text.places(bytes).find(|at| !is_inside(*at) && self.text.is_at(bytes, *at))?;
        Some(start..start + self.text.lower.len())
    }

    /// Where it first occurs in a request: body, target, then headers in their order.
    pub fn find(&self, request: &Request) -> Option<Found> {
        if let Some(range) = self.find_in(&request.body) {
            return Some(Found::Body(range));
        }
        let target = request.uri.to_string();
        if let Some(range) = self.find_in(target.as_bytes()) {
            return Some(Found::Target(target, range));
        }
        request.headers.iter().find_map(|(name, value)| {
            let line = [name.as_str().as_bytes(), b": ", value.as_bytes()].concat();
            self.find_in(&line).map(|range| Found::Header(line, range))
        })
    }

    /// Whether it may occur in a head that is written with everything else of it in one piece.
    pub(super) fn may_be_in(&self, head: &[u8]) -> bool {
        self.core.as_ref().is_none_or(|core| core.places(head).any(|at| core.is_at(head, at)))
    }

    /// The words that an event must have.
    pub(super) fn words(&self) -> &[Word] {
        &self.words
    }
}

impl Literal {
    fn new(bytes: &[u8]) -> Option<Self> {
        let lower = bytes.to_ascii_lowercase();
        let rarity = |byte: &u8| COMMON.iter().position(|common| common == byte).unwrap_or(COMMON.len());
        let rare = (0..lower.len()).max_by_key(|at| rarity(&lower[*at]))?;
        Some(Self { lower, rare })
    }

    /// Where its rarest byte stands in place.
    fn places<'h>(&self, bytes: &'h [u8]) -> impl Iterator<Item = usize> + use<'h> {
        let rare = self.lower[self.rare];
        let end = (bytes.len() + 1).saturating_sub(self.lower.len());
        let window = if end == 0 { &[] } else { &bytes[self.rare..self.rare + end] };
        memchr2_iter(rare, rare.to_ascii_uppercase(), window)
    }

    fn is_at(&self, bytes: &[u8], at: usize) -> bool {
        bytes.get(at..at + self.lower.len()).is_some_and(|found| found.eq_ignore_ascii_case(&self.lower))
    }
}

/// Whether a byte belongs to a word.
pub(super) const fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte >= 0x80
}

/// The words of a text in lower case.
fn words(lower: &[u8]) -> Vec<Word> {
    let mut words: Vec<Word> = lower
        .split(|byte| !is_word(*byte))
        .filter(|word| !word.is_empty())
        .map(|word| Word { bytes: word.to_vec(), is_open: false })
        .collect();
    if lower.last().is_some_and(|byte| is_word(*byte))
        && let Some(last) = words.last_mut()
    {
        last.is_open = true;
    }
    words
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn find(text: &str, bytes: impl AsRef<[u8]>) -> Option<Range<usize>> {
        Needle::new(text).unwrap().find_in(bytes.as_ref())
    }

    #[test]
    fn a_text_is_found_from_the_beginning_of_a_word() {
        assert_eq!(find("Ada", "{\"name\":\"ada lovelace\"}"), Some(9..12));
        assert_eq!(find("love", "ADA LOVELACE"), Some(4..8));
        assert_eq!(find("lace", "ada lovelace lace"), Some(13..17));
        assert_eq!(find("lace", "ada lovelace"), None);
        assert_eq!(find("-2", "evt-2"), Some(3..5), "what begins with no word may stand anywhere");
        assert_eq!(find("a", "éa"), None, "bytes of other letters belong to a word");
        assert_eq!(find("a: b", "x\u{0}A: B"), Some(2..6));
        assert_eq!(find("abc", "ab"), None);
        assert!(Needle::new("").is_none());
    }

    #[test]
    fn the_last_word_is_open_only_where_the_text_ends_in_it() {
        let words = |text: &str| {
            let words = Needle::new(text).unwrap().words;
            words.into_iter().map(|word| (String::from_utf8(word.bytes).unwrap(), word.is_open)).collect::<Vec<_>>()
        };
        assert_eq!(words("evt_1Nq"), [("evt".into(), false), ("1nq".into(), true)]);
        assert_eq!(words("\"id\":"), [("id".into(), false)]);
        assert_eq!(words("\": \""), []);
    }

    /// The definition, word for word.
    fn naive(text: &[u8], bytes: &[u8]) -> Option<Range<usize>> {
        (0..(bytes.len() + 1).saturating_sub(text.len()))
            .find(|at| {
                bytes[*at..at + text.len()].eq_ignore_ascii_case(text)
                    && !(is_word(text[0]) && *at > 0 && is_word(bytes[at - 1]))
            })
            .map(|at| at..at + text.len())
    }

    proptest! {
        #[test]
        fn it_finds_what_a_naive_search_finds(text in "[abA :é]{1,5}", bytes in "[abAB :é-]{0,40}") {
            prop_assert_eq!(find(&text, &bytes), naive(text.as_bytes(), bytes.as_bytes()));
        }
    }
}
