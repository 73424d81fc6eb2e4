//! A JSON text or form as the values in it, each with its key, its text without escapes, and the way back.

use std::collections::HashMap;
use std::ops::Range;
use std::rc::Rc;

use super::Personal;
use super::key::{self, Surroundings};
use super::stand_in::Form;
use crate::json::{Kind, check, quote, scalar, tokens};

/// Texts that are JSON inside texts that are JSON: deeper ones are taken as plain text.
const MAX_NESTED: usize = 3;
/// Steps of a printed pointer; a longer one shows its end.
const MAX_STEPS: usize = 64;

/// A replacement of some bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Edit {
    pub(super) at: Range<usize>,
    pub(super) new: Vec<u8>,
}

/// The text with these edits, which are in order and do not overlap.
pub(super) fn apply(text: &[u8], edits: &[Edit]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut from = 0;
    for edit in edits {
        out.extend_from_slice(&text[from..edit.at.start]);
        out.extend_from_slice(&edit.new);
        from = edit.at.end;
    }
    out.extend_from_slice(&text[from..]);
    out
}

/// What a leaf is.
#[derive(Debug, PartialEq)]
pub(super) enum Content {
    /// A member's name.
    Key,
    /// A string, or a field of a form.
    Text,
    /// A number.
    Number,
    /// A text that is JSON.
    Inner(Document),
}

/// How a leaf's text is written.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Written {
    Plain,
    Json,
    /// With the blank written as `+`, or as `%20`.
    Form {
        plus: bool,
    },
}

/// A text without its escapes, and where each of its bytes was written.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Decoded {
    pub(super) bytes: Vec<u8>,
    /// For each byte where its writing begins, and the end; nothing when there are no escapes.
    starts: Vec<usize>,
}

impl Decoded {
    /// Decodes piece by piece; `next` gives the length of the next piece and what it says.
    fn read<'t>(written: &'t [u8], next: impl Fn(&'t [u8]) -> (usize, Vec<u8>)) -> Self {
        let mut text = Self::default();
        let mut at = 0;
        while at < written.len() {
            let (length, says) = next(&written[at..]);
            text.starts.extend(std::iter::repeat_n(at, says.len()));
            text.bytes.extend(says);
            at += length.max(1);
        }
        text.starts.push(written.len());
        text
    }

    fn plain(written: &[u8]) -> Self {
        Self { bytes: written.to_vec(), starts: Vec::new() }
    }

    fn written(&self, at: &Range<usize>) -> Range<usize> {
        if self.starts.is_empty() {
            return at.clone();
        }
        // An escape may say several bytes: the end is where the next piece begins.
        let end = at.end.checked_sub(1).map_or(0, |last| {
            let own = self.starts[last];
            self.starts[at.end..].iter().copied().find(|start| *start != own).unwrap_or(own)
        });
        self.starts[at.start]..end
    }
}

/// One value, or one key.
#[derive(Debug, PartialEq)]
pub(super) struct Leaf {
    pub(super) content: Content,
    pub(super) text: Decoded,
    written: Written,
    /// Where the text begins in the document.
    start: usize,
    node: usize,
    object: usize,
    key: Rc<[String]>,
}

impl Leaf {
    /// An edit of its text as an edit of the document.
    pub(super) fn outward(&self, edit: Edit) -> Edit {
        let at = self.text.written(&edit.at);
        let new = match self.written {
            Written::Plain => edit.new,
            Written::Json => {
                let quoted = quote(&String::from_utf8_lossy(&edit.new)).into_bytes();
                quoted[1..quoted.len() - 1].to_vec()
            }
            Written::Form { plus } => {
                let text: String = form_urlencoded::byte_serialize(&edit.new).collect();
                if plus { text } else { text.replace('+', "%20") }.into_bytes()
            }
        };
        Edit { at: self.start + at.start..self.start + at.end, new }
    }

    pub(super) fn form(&self) -> Form {
        if self.content == Content::Number { Form::Number } else { Form::Text }
    }

    /// Whether it says what happened, or to what: a word of the provider's, not of a person.
    pub(super) fn names_a_kind(&self) -> bool {
        self.content == Content::Text && key::names_a_kind(&self.key)
    }

    pub(super) fn is_last_name(&self) -> bool {
        key::is_last_name(&self.key)
    }
}

/// A step of a pointer, and the one before.
#[derive(Debug, PartialEq)]
struct Node {
    parent: usize,
    depth: usize,
    step: Step,
}

#[derive(Debug, PartialEq)]
enum Step {
    Root,
    Key(Vec<u8>),
    Index(usize),
}

/// Keys that were replaced, by node.
#[derive(Debug, Default)]
pub(super) struct Names(HashMap<usize, Vec<u8>>);

impl Names {
    pub(super) fn rename(&mut self, leaf: &Leaf, name: &[u8]) {
        self.0.insert(leaf.node, name.to_vec());
    }
}

/// A text taken apart.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Document {
    pub(super) leaves: Vec<Leaf>,
    nodes: Vec<Node>,
    objects: Vec<Surroundings>,
}

/// A container that is open.
struct Frame {
    node: usize,
    object: usize,
    key: Rc<[String]>,
    index: Option<usize>,
}

impl Document {
    /// Takes a JSON text apart; `None` when it is none.
    pub(super) fn json(text: &[u8]) -> Option<Self> {
        Self::nested_json(text, 0)
    }

    fn nested_json(text: &[u8], nested: usize) -> Option<Self> {
        check(text).ok()?;
        let mut document = Self::new();
        let nobody: Rc<[String]> = Rc::from([]);
        let mut frames = vec![Frame { node: 0, object: 0, key: Rc::clone(&nobody), index: None }];
        let mut member = 0;
        for token in tokens(text).map_while(Result::ok) {
            let Some(top) = frames.last_mut() else { break };
            match token.kind {
                Kind::ObjectEnd | Kind::ArrayEnd => drop(frames.pop()),
                Kind::Comma => top.index = top.index.map(|index| index + 1),
                Kind::Colon | Kind::True | Kind::False | Kind::Null => {}
                Kind::Key => {
                    let name = scalar(token.text).into_owned();
                    top.key = Rc::from(key::words(&name));
                    member = document.child(top.node, Step::Key(name));
                    document.objects[top.object].has(&top.key);
                    let leaf = document.leaf(Content::Key, token.start, token.text, member, top);
                    document.leaves.push(leaf);
                }
                kind => {
                    let node = match (top.index, frames.len()) {
                        (Some(index), _) => document.child(frames[frames.len() - 1].node, Step::Index(index)),
                        (None, 1) => 0,
                        (None, _) => member,
                    };
                    let Some(top) = frames.last() else { break };
                    match kind {
                        Kind::ObjectStart => {
                            document.objects.push(Surroundings::of(Rc::clone(&top.key)));
                            let object = document.objects.len() - 1;
                            frames.push(Frame { node, object, key: Rc::clone(&nobody), index: None });
                        }
                        Kind::ArrayStart => {
                            let (object, key) = (top.object, Rc::clone(&top.key));
                            frames.push(Frame { node, object, key, index: Some(0) });
                        }
                        Kind::Number => {
                            let leaf = document.leaf(Content::Number, token.start, token.text, node, top);
                            document.leaves.push(leaf);
                        }
                        _ => {
                            let mut leaf = document.leaf(Content::Text, token.start, token.text, node, top);
                            leaf.unfold(nested);
                            document.objects[top.object].says(&top.key, &leaf.text.bytes);
                            document.leaves.push(leaf);
                        }
                    }
                }
            }
        }
        Some(document)
    }

    /// Takes a form apart (<https://url.spec.whatwg.org/#urlencoded-parsing>).
    pub(super) fn form(text: &[u8]) -> Self {
        let mut document = Self::new();
        let plus = memchr::memmem::find(text, b"%20").is_none();
        let mut objects: HashMap<Vec<String>, usize> = HashMap::new();
        let mut start = 0;
        for field in text.split(|byte| *byte == b'&') {
            let equals = field.iter().position(|byte| *byte == b'=');
            let name_end = equals.unwrap_or(field.len());
            let name = decoded_form(&field[..name_end]);
            let (path, last) = key::field_words(&name.bytes);
            let node = document.child(0, Step::Key(name.bytes.clone()));
            // Fields of one form surround each other, as those of one bracketed name do.
            let object = *objects.entry(path).or_insert_with_key(|path| {
                document.objects.push(Surroundings::of(Rc::from(path.as_slice())));
                document.objects.len() - 1
            });
            let key: Rc<[String]> = Rc::from(last);
            document.objects[object].has(&key);
            let written = Written::Form { plus };
            let leaf = |content, text, start, key| Leaf { content, text, written, start, node, object, key };
            document.leaves.push(leaf(Content::Key, name, start, Rc::clone(&key)));
            if let Some(equals) = equals {
                let text = decoded_form(&field[equals + 1..]);
                document.objects[object].says(&key, &text.bytes);
                let mut leaf = leaf(Content::Text, text, start + equals + 1, key);
                leaf.unfold(0);
                document.leaves.push(leaf);
            }
            start += field.len() + 1;
        }
        document
    }

    fn new() -> Self {
        let root = Node { parent: 0, depth: 0, step: Step::Root };
        Self { leaves: Vec::new(), nodes: vec![root], objects: vec![Surroundings::default()] }
    }

    fn child(&mut self, parent: usize, step: Step) -> usize {
        self.nodes.push(Node { parent, depth: self.nodes[parent].depth + 1, step });
        self.nodes.len() - 1
    }

    fn leaf(&self, content: Content, start: usize, token: &[u8], node: usize, top: &Frame) -> Leaf {
        let (written, start, text) = match content {
            Content::Number => (Written::Plain, start, Decoded::plain(token)),
            _ => (Written::Json, start + 1, decoded_json(&token[1..token.len() - 1])),
        };
        Leaf { content, text, written, start, node, object: top.object, key: Rc::clone(&top.key) }
    }

    /// What a value is by its key.
    pub(super) fn kind(&self, leaf: &Leaf) -> Option<Personal> {
        if leaf.content == Content::Key { None } else { key::kind(&leaf.key, &self.objects[leaf.object]) }
    }

    /// Visits every text, also those inside.
    pub(super) fn each_text(&self, visit: &mut impl FnMut(&[u8])) {
        for leaf in &self.leaves {
            match &leaf.content {
                Content::Inner(inner) => inner.each_text(visit),
                _ => visit(&leaf.text.bytes),
            }
        }
    }

    /// No key is replaced yet.
    pub(super) fn names(&self) -> Names {
        Names::default()
    }

    /// The JSON pointer of a leaf, with replaced keys under their stand-ins.
    pub(super) fn pointer(&self, leaf: &Leaf, names: &Names) -> String {
        let mut steps = Vec::new();
        let mut at = leaf.node;
        while self.nodes[at].depth > 0 && steps.len() < MAX_STEPS {
            let step = match (names.0.get(&at), &self.nodes[at].step) {
                (Some(name), _) => String::from_utf8_lossy(name).into_owned(),
                (None, Step::Key(name)) => String::from_utf8_lossy(name).into_owned(),
                (None, Step::Index(index)) => index.to_string(),
                (None, Step::Root) => String::new(),
            };
            steps.push(format!("/{}", step.replace('~', "~0").replace('/', "~1")));
            at = self.nodes[at].parent;
        }
        if self.nodes[at].depth > 0 {
            steps.push("…".to_owned());
        }
        steps.into_iter().rev().collect()
    }
}

impl Leaf {
    /// Takes a text that is a JSON object apart as well.
    fn unfold(&mut self, nested: usize) {
        if nested < MAX_NESTED
            && self.text.bytes.trim_ascii_start().starts_with(b"{")
            && let Some(inner) = Document::nested_json(&self.text.bytes, nested + 1)
        {
            self.content = Content::Inner(inner);
        }
    }
}

fn decoded_json(inner: &[u8]) -> Decoded {
    if memchr::memchr(b'\\', inner).is_none() {
        return Decoded::plain(inner);
    }
    Decoded::read(inner, |rest| {
        let length = match rest {
            [b'\\', b'u', ..] if is_pair(rest) => 12,
            [b'\\', b'u', ..] => 6,
            [b'\\', ..] => 2,
            _ => return (1, vec![rest[0]]),
        };
        let escape = &rest[..length.min(rest.len())];
        (length, scalar(&[b"\"", escape, b"\""].concat()).into_owned())
    })
}

/// Whether two escapes are one character (RFC 8259 section 7).
fn is_pair(rest: &[u8]) -> bool {
    let unit = |at: usize| {
        let digits = rest.get(at..at + 6)?.strip_prefix(b"\\u")?;
        u32::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
    };
    matches!((unit(0), unit(6)), (Some(0xD800..0xDC00), Some(0xDC00..0xE000)))
}

fn decoded_form(written: &[u8]) -> Decoded {
    if !written.iter().any(|byte| matches!(byte, b'%' | b'+')) {
        return Decoded::plain(written);
    }
    Decoded::read(written, |rest| match rest {
        [b'+', ..] => (1, vec![b' ']),
        [b'%', high, low, ..] if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => {
            (3, percent_encoding::percent_decode(&rest[..3]).collect())
        }
        _ => (1, vec![rest[0]]),
    })
}
