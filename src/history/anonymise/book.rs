//! Which stand-in belongs to which value: numbered by order of appearance.

use std::collections::{HashMap, HashSet};

use super::stand_in::{self, Form};
use super::{Personal, pattern};

/// Shorter values are replaced where they stand whole, not inside texts: they would be found everywhere.
const MIN_INSIDE: usize = 3;
/// Longer ones as well: nobody writes them into a sentence.
const MAX_INSIDE: usize = 256;
/// Stand-ins that the body has already are passed over, but not for ever.
const MAX_TRIES: usize = 1_000;
/// Words that are also parts of names.
const STOP_WORDS: [&[u8]; 6] = [b"the", b"and", b"for", b"inc", b"llc", b"ltd"];

/// What was found, and what it gets.
#[derive(Debug, Default)]
pub(super) struct Book {
    /// What stands in the body already.
    taken: HashSet<Vec<u8>>,
    order: Vec<Entry>,
    index: HashMap<(Personal, Vec<u8>), usize>,
    words: HashMap<Vec<u8>, usize>,
}

/// A value, or one word of a name.
#[derive(Debug)]
struct Entry {
    kind: Personal,
    written: Vec<u8>,
    is_word: bool,
    is_last_name: bool,
    number: usize,
}

impl Book {
    /// Enters the words of a text of the body, which no stand-in may repeat.
    pub(super) fn note_words(&mut self, text: &[u8]) {
        self.taken.insert(text.to_ascii_lowercase());
        let words = text.split(|byte| !byte.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
        self.taken.extend(words.map(<[u8]>::to_ascii_lowercase));
    }

    /// Enters a value that is personal.
    pub(super) fn enter(&mut self, kind: Personal, written: &[u8], is_last_name: bool) {
        let normal = normal(kind, written);
        self.taken.insert(normal.clone());
        let is_name = kind == Personal::Username && self.words.contains_key(&normal);
        if is_name || stand_in::is_reserved(kind, written) || self.index.contains_key(&(kind, normal.clone())) {
            return;
        }
        self.index.insert((kind, normal), self.order.len());
        self.order.push(Entry { kind, written: written.to_vec(), is_word: false, is_last_name, number: 0 });
        if kind == Personal::Name {
            self.enter_words(written, is_last_name);
        }
    }

    fn enter_words(&mut self, name: &[u8], is_last_name: bool) {
        let words: Vec<_> = stand_in::words_of_name(name);
        for (place, at) in words.iter().enumerate() {
            let word = &name[at.clone()];
            let lower = word.to_ascii_lowercase();
            if !self.words.contains_key(&lower) && !self.index.contains_key(&(Personal::Username, lower.clone())) {
                self.words.insert(lower, self.order.len());
                let is_last_name = is_last_name || (place > 0 && place + 1 == words.len());
                let (kind, written) = (Personal::Name, word.to_vec());
                self.order.push(Entry { kind, written, is_word: true, is_last_name, number: 0 });
            }
        }
    }

    /// Numbers everything that was entered.
    pub(super) fn settle(&mut self) {
        let mut next: HashMap<(Personal, bool), usize> = HashMap::new();
        for at in 0..self.order.len() {
            let entry = &self.order[at];
            if entry.kind == Personal::Name && !entry.is_word {
                continue;
            }
            let next = next.entry((entry.kind, entry.is_last_name)).or_default();
            let mut number = *next;
            for _ in 0..MAX_TRIES {
                let text = entry.stand_in(&entry.written, number, Form::Text);
                let is_taken = self.taken.contains(&text.to_ascii_lowercase())
                    || self.taken.contains(&normal(entry.kind, &text))
                    || stand_in::mark(&text).is_some_and(|mark| self.taken.contains(mark));
                if !is_taken {
                    break;
                }
                number += 1;
            }
            *next = number + 1;
            self.order[at].number = number;
        }
    }

    /// What a value of the book gets; `None` for one that is not in it.
    pub(super) fn stand_in(&self, kind: Personal, written: &[u8], form: Form) -> Option<Vec<u8>> {
        if kind == Personal::Name {
            return Some(self.name(written));
        }
        let normal = normal(kind, written);
        // Who logs in with a name has one stand-in for both.
        let as_name = || self.words.get(&normal).filter(|_| kind == Personal::Username);
        let entry = &self.order[*self.index.get(&(kind, normal.clone())).or_else(as_name)?];
        Some(entry.stand_in(written, entry.number, form))
    }

    /// A name, word by word, so that its parts fit wherever they occur.
    fn name(&self, written: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        let mut from = 0;
        for at in stand_in::words_of_name(written) {
            let word = &written[at.clone()];
            out.extend_from_slice(&written[from..at.start]);
            let lower = word.to_ascii_lowercase();
            let entry = self.words.get(&lower).or_else(|| self.index.get(&(Personal::Username, lower.clone())));
            match entry.map(|entry| &self.order[*entry]) {
                Some(entry) => out.extend(entry.stand_in(word, entry.number, Form::Text)),
                None => out.extend_from_slice(word),
            }
            from = at.end;
        }
        out.extend_from_slice(&written[from..]);
        out
    }

    /// What is looked for inside texts.
    pub(super) fn needles(&self) -> Vec<(Vec<u8>, Personal)> {
        let mut needles = Vec::new();
        for entry in &self.order {
            let minimum = match entry.kind {
                Personal::Name | Personal::Username => MIN_INSIDE,
                Personal::City | Personal::Address => 4,
                Personal::Phone | Personal::Card | Personal::Account | Personal::Identity | Personal::Token => 6,
                Personal::Email | Personal::Ip | Personal::Birth => 7,
                Personal::Region | Personal::PostalCode | Personal::Coordinate | Personal::UserAgent => continue,
            };
            let written = &entry.written;
            let is_long = (minimum..=MAX_INSIDE).contains(&written.len());
            if is_long && !STOP_WORDS.contains(&written.to_ascii_lowercase().as_slice()) {
                needles.push((written.clone(), entry.kind));
            }
            let digits = pattern::digits(written);
            if entry.kind == Personal::Phone && digits.len() >= 7 && digits != *written {
                needles.push((digits, entry.kind));
            }
        }
        needles
    }
}

impl Entry {
    fn stand_in(&self, written: &[u8], number: usize, form: Form) -> Vec<u8> {
        if self.is_word {
            stand_in::name_word(written, number, self.is_last_name)
        } else {
            stand_in::render(self.kind, written, number, form)
        }
    }
}

/// What makes two values the same one.
fn normal(kind: Personal, written: &[u8]) -> Vec<u8> {
    match kind {
        Personal::Phone | Personal::Card => {
            let digits = pattern::digits(written);
            // The same number with and without the country's code.
            let national = match digits.as_slice() {
                [b'1', national @ ..] if digits.len() == 11 => national.to_vec(),
                _ => digits,
            };
            [kind.as_str().as_bytes(), b" ", &national].concat()
        }
        Personal::Email => {
            let lower = String::from_utf8_lossy(written).to_lowercase();
            lower.replace("%40", "@").into_bytes()
        }
        Personal::Account => written.iter().filter(|byte| **byte != b' ').map(u8::to_ascii_lowercase).collect(),
        _ => written.to_ascii_lowercase(),
    }
}
