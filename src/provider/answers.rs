//! Which answers count: `2xx`, `204`, `body:TEXT`, `timeout`, `network`.

use toml::Spanned;

use super::problem::{Compiled, Problem};

/// One kind of answer, or of none.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Kind {
    Class(u16),
    Status(u16),
    Body(String),
    Timeout,
    Network,
}

/// What came of an attempt, as far as rules ask.
#[derive(Debug, Clone, Copy)]
pub enum Reply<'a> {
    /// An answer.
    Answer {
        /// Its status.
        status: u16,
        /// Its body.
        body: &'a [u8],
    },
    /// None in time.
    Timeout,
    /// No connection, or one that broke.
    Network,
}

/// Several kinds of answers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Answers {
    kinds: Vec<Kind>,
}

impl Answers {
    /// Reads the texts of a manifest.
    pub(super) fn read(key: &str, texts: &[Spanned<String>]) -> Compiled<Self> {
        let read = |text: &Spanned<String>| {
            kind(text.get_ref()).ok_or_else(|| Problem {
                span: text.span(),
                text: format!("`{key}`: `{}` is none of 2xx, 204, body:TEXT, timeout, network", text.get_ref()),
            })
        };
        Ok(Self { kinds: texts.iter().map(read).collect::<Compiled<_>>()? })
    }

    /// Whether none is named.
    pub fn is_empty(&self) -> bool {
        self.kinds.is_empty()
    }

    /// Whether this is one of them.
    pub fn contains(&self, reply: Reply<'_>) -> bool {
        self.kinds.iter().any(|kind| match (kind, reply) {
            (Kind::Class(class), Reply::Answer { status, .. }) => status / 100 == *class,
            (Kind::Status(known), Reply::Answer { status, .. }) => status == *known,
            (Kind::Body(text), Reply::Answer { body, .. }) => body.trim_ascii() == text.as_bytes(),
            (Kind::Timeout, Reply::Timeout) | (Kind::Network, Reply::Network) => true,
            _ => false,
        })
    }
}

fn kind(text: &str) -> Option<Kind> {
    Some(match text {
        "timeout" => Kind::Timeout,
        "network" => Kind::Network,
        _ => match (text.strip_prefix("body:"), text.strip_suffix("xx")) {
            (Some(body), _) => Kind::Body(body.to_owned()),
            (None, Some(class)) => Kind::Class(class.parse().ok().filter(|class| (1..=5).contains(class))?),
            (None, None) => Kind::Status(text.parse().ok().filter(|status| (100..600).contains(status))?),
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_told_by_status_class_body_or_absence() {
        let texts = ["2xx", "404", "body:[accepted]", "timeout"].map(|text| Spanned::new(0..0, text.to_owned()));
        let answers = Answers::read("success", &texts).ok().unwrap();
        let answer = |status, body| answers.contains(Reply::Answer { status, body });
        assert!(answer(204, b"") && answer(404, b"") && answer(500, b"[accepted]\n"));
        assert!(!answer(301, b"") && !answer(405, b"accepted"));
        assert!(answers.contains(Reply::Timeout) && !answers.contains(Reply::Network));
        assert!(!Answers::default().contains(Reply::Timeout));
    }

    #[test]
    fn other_words_are_refused() {
        for text in ["6xx", "99", "ok", "x", "", "2XX"] {
            assert!(Answers::read("success", &[Spanned::new(0..0, text.to_owned())]).is_err(), "{text}");
        }
    }
}
