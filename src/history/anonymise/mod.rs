//! A body with personal data replaced by stand-ins, for a fixture made of a captured event.
//!
//! What is personal is told by a value's key ([`key`]) or by its form ([`pattern`]); what was found once
//! is replaced wherever it stands alone in a text. Only the bytes of such values change: order, white
//! space, escapes, other numbers and repeated keys stay. Stand-ins are numbered by order of appearance,
//! so the same body always gives the same fixture, and none can be traced back by guessing.

mod book;
mod document;
mod key;
mod pattern;
mod stand_in;

use aho_corasick::{AhoCorasick, BuildError};

use book::Book;
use document::{Content, Document, Edit, Leaf};
use stand_in::Form;

/// A fixture is read by people; what is longer than this is an export.
pub const MAX_ANONYMISED: usize = 2 * 1024 * 1024;

/// What a value is to a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Personal {
    /// A person's name, or a part of it.
    Name,
    /// A name that someone logs in with.
    Username,
    /// An e-mail address.
    Email,
    /// A telephone number.
    Phone,
    /// Street and house, or a whole address.
    Address,
    /// A town.
    City,
    /// A state or province in an address.
    Region,
    /// A postal code.
    PostalCode,
    /// An internet address.
    Ip,
    /// A payment card's number or code.
    Card,
    /// A bank account.
    Account,
    /// A number that an authority gave.
    Identity,
    /// A day of birth.
    Birth,
    /// Half of a position on the map.
    Coordinate,
    /// A browser's description of itself.
    UserAgent,
    /// A token, password or signature.
    Token,
}

impl Personal {
    /// As it is printed.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Username => "username",
            Self::Email => "email",
            Self::Phone => "phone",
            Self::Address => "address",
            Self::City => "city",
            Self::Region => "region",
            Self::PostalCode => "postal_code",
            Self::Ip => "ip",
            Self::Card => "card",
            Self::Account => "account",
            Self::Identity => "identity",
            Self::Birth => "birth",
            Self::Coordinate => "coordinate",
            Self::UserAgent => "user_agent",
            Self::Token => "token",
        }
    }
}

/// One value that was replaced; never what it was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Replaced {
    /// Where, as a JSON pointer; behind `#` inside a text that is JSON itself.
    pub place: String,
    /// What it was.
    pub kind: Personal,
    /// What stands there now.
    pub stand_in: String,
}

/// A body without personal data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Anonymised {
    /// The body.
    pub body: Vec<u8>,
    /// What was replaced, in order.
    pub replaced: Vec<Replaced>,
}

/// Why nothing can be promised of a body.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// Neither JSON nor a form: fields cannot be told apart.
    #[error("personal data can be found in JSON and forms only, and this body is neither")]
    OtherType,
    /// Too long.
    #[error("personal data is looked for in bodies of up to 2 MiB only")]
    TooLong,
}

/// Replaces personal data in a JSON body, or in a form when `is_form` says that it is one.
pub fn anonymise(body: &[u8], is_form: bool) -> Result<Anonymised, Unreadable> {
    if body.len() > MAX_ANONYMISED {
        return Err(Unreadable::TooLong);
    }
    let document = match Document::json(body) {
        Some(document) => document,
        None if is_form => Document::form(body),
        None => return Err(Unreadable::OtherType),
    };
    let mut book = Book::default();
    document.each_text(&mut |text| book.note_words(text));
    read(&document, &mut book);
    book.settle();
    let known = Known::new(&book).map_err(|_| Unreadable::TooLong)?;
    let mut replaced = Vec::new();
    let edits = rewrite(&document, "", &book, &known, &mut replaced);
    Ok(Anonymised { body: document::apply(body, &edits), replaced })
}

/// Enters what is personal into the book, in order.
fn read(document: &Document, book: &mut Book) {
    for leaf in &document.leaves {
        if let Content::Inner(inner) = &leaf.content {
            read(inner, book);
        } else if let Some(kind) = by_key(document, leaf) {
            book.enter(kind, &leaf.text.bytes, leaf.is_last_name());
        } else if leaf.content != Content::Number {
            for found in pattern::find(&leaf.text.bytes) {
                book.enter(found.kind, &leaf.text.bytes[found.at], false);
            }
        }
    }
}

/// What a whole value is by its key, provided that the value can be that.
fn by_key(document: &Document, leaf: &Leaf) -> Option<Personal> {
    let kind = document.kind(leaf)?;
    stand_in::can_be(kind, &leaf.text.bytes, leaf.form()).then_some(kind)
}

/// The edits of a document, in its own offsets.
fn rewrite(document: &Document, prefix: &str, book: &Book, known: &Known, replaced: &mut Vec<Replaced>) -> Vec<Edit> {
    let mut all = Vec::new();
    let mut names = document.names();
    for leaf in &document.leaves {
        let mut parts: Vec<(Edit, Personal)> = Vec::new();
        let edits = match &leaf.content {
            Content::Inner(inner) => {
                let prefix = format!("{prefix}{}#", document.pointer(leaf, &names));
                rewrite(inner, &prefix, book, known, replaced)
            }
            _ => {
                parts = changes(document, leaf, book, known);
                parts.iter().map(|(edit, _)| edit.clone()).collect()
            }
        };
        if leaf.content == Content::Key && !edits.is_empty() {
            names.rename(leaf, &document::apply(&leaf.text.bytes, &edits));
        }
        for (edit, kind) in parts {
            let place = format!("{prefix}{}", document.pointer(leaf, &names));
            let entry = Replaced { place, kind, stand_in: String::from_utf8_lossy(&edit.new).into_owned() };
            if replaced.last() != Some(&entry) {
                replaced.push(entry);
            }
        }
        all.extend(edits.into_iter().map(|edit| leaf.outward(edit)));
    }
    all
}

/// What changes in one value, in the offsets of its text.
fn changes(document: &Document, leaf: &Leaf, book: &Book, known: &Known) -> Vec<(Edit, Personal)> {
    let text = &leaf.text.bytes;
    if let Some(kind) = by_key(document, leaf) {
        let new = book.stand_in(kind, text, leaf.form());
        return new.filter(|new| new != text).map(|new| (Edit { at: 0..text.len(), new }, kind)).into_iter().collect();
    }
    if leaf.content == Content::Number {
        return Vec::new();
    }
    let mut found = pattern::find(text);
    if !leaf.names_a_kind() {
        let is_key = leaf.content == Content::Key;
        found.extend(known.find(text).filter(|found| !is_key || found.kind.is_unmistakable()));
    }
    let mut parts: Vec<(Edit, Personal)> = Vec::new();
    for pattern::Found { at, kind } in pattern::without_overlaps(found) {
        if let Some(new) = book.stand_in(kind, &text[at.clone()], Form::Text).filter(|new| **new != text[at.clone()]) {
            parts.push((Edit { at, new }, kind));
        }
    }
    parts
}

impl Personal {
    /// Whether its form alone tells it, so that it is replaced in keys too.
    fn is_unmistakable(self) -> bool {
        matches!(self, Self::Email | Self::Phone | Self::Card | Self::Account | Self::Token)
    }
}

/// Looks for what was found once in any text.
struct Known {
    search: AhoCorasick,
    kinds: Vec<Personal>,
}

impl Known {
    fn new(book: &Book) -> Result<Self, BuildError> {
        let (needles, kinds): (Vec<Vec<u8>>, Vec<Personal>) = book.needles().into_iter().unzip();
        let search = AhoCorasick::builder().ascii_case_insensitive(true).build(needles)?;
        Ok(Self { search, kinds })
    }

    fn find<'k>(&'k self, text: &'k [u8]) -> impl Iterator<Item = pattern::Found> + 'k {
        let overlapping = self.search.find_overlapping_iter(text);
        overlapping
            .filter(|found| pattern::stands_alone(text, &found.range()))
            .map(|found| pattern::Found { at: found.range(), kind: self.kinds[found.pattern().as_usize()] })
    }
}

#[cfg(test)]
mod tests;
