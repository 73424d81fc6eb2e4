//! Tokens of a JSON text, in order, with the grammar of RFC 8259 checked on the way.

use super::SyntaxError;
use super::scan::{Offence, number_end, skip_space, string_end};

/// What a token is. A string in key position is a [`Kind::Key`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// `{`
    ObjectStart,
    /// `}`
    ObjectEnd,
    /// `[`
    ArrayStart,
    /// `]`
    ArrayEnd,
    /// `:`
    Colon,
    /// `,`
    Comma,
    /// A member's name, with its quotes.
    Key,
    /// A string value, with its quotes.
    String,
    /// A number, as written.
    Number,
    /// `true`
    True,
    /// `false`
    False,
    /// `null`
    Null,
}

/// One token and where it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Token<'a> {
    /// What it is.
    pub kind: Kind,
    /// Its source text; strings include their quotes.
    pub text: &'a [u8],
    /// Byte offset of its first byte.
    pub start: usize,
}

/// Walks the tokens of `text`. The walk ends after the first error; a walk without one means that
/// the text is JSON.
pub fn tokens(text: &[u8]) -> Tokens<'_> {
    Tokens { text, at: 0, state: State::Value, nesting: Nesting::default() }
}

/// Whether `text` is JSON, and if not, where it stops being so.
pub fn check(text: &[u8]) -> Result<(), SyntaxError> {
    tokens(text).try_for_each(|token| token.map(drop))
}

/// The iterator behind [`tokens`].
#[derive(Debug, Clone)]
pub struct Tokens<'a> {
    text: &'a [u8],
    at: usize,
    state: State,
    nesting: Nesting,
}

/// What may come next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Value,
    FirstElement,
    FirstKey,
    Key,
    Colon,
    AfterValue,
    End,
    Over,
}

impl<'a> Iterator for Tokens<'a> {
    type Item = Result<Token<'a>, SyntaxError>;

    fn next(&mut self) -> Option<Self::Item> {
        match self.advance() {
            Ok(token) => token.map(Ok),
            Err((at, expected)) => {
                self.state = State::Over;
                Some(Err(SyntaxError::new(self.text, at, expected)))
            }
        }
    }
}

impl<'a> Tokens<'a> {
    fn advance(&mut self) -> Result<Option<Token<'a>>, Offence> {
        self.at = skip_space(self.text, self.at);
        let byte = self.text.get(self.at).copied();
        match (self.state, byte) {
            (State::Over, _) => Ok(None),
            (State::End, None) => {
                self.state = State::Over;
                Ok(None)
            }
            (State::End, _) => Err((self.at, "the end of the text")),
            (State::FirstElement, Some(b']')) => Ok(Some(self.close(Kind::ArrayEnd))),
            (State::FirstKey, Some(b'}')) => Ok(Some(self.close(Kind::ObjectEnd))),
            (State::Value, byte) => self.value(byte, "a value").map(Some),
            (State::FirstElement, byte) => self.value(byte, "a value or `]`").map(Some),
            (State::FirstKey, byte) => self.key(byte, "a key or `}`").map(Some),
            (State::Key, byte) => self.key(byte, "a key").map(Some),
            (State::Colon, Some(b':')) => Ok(Some(self.take(Kind::Colon, self.at + 1, State::Value))),
            (State::Colon, _) => Err((self.at, "`:`")),
            (State::AfterValue, byte) => self.separator(byte).map(Some),
        }
    }

    /// Makes the token that ends before `end` and moves on.
    fn take(&mut self, kind: Kind, end: usize, next: State) -> Token<'a> {
        let start = self.at;
        self.at = end;
        self.state = next;
        Token { kind, text: &self.text[start..end], start }
    }

    fn after_value(&self) -> State {
        if self.nesting.depth == 0 { State::End } else { State::AfterValue }
    }

    fn value(&mut self, byte: Option<u8>, expected: &'static str) -> Result<Token<'a>, Offence> {
        let after = self.after_value();
        match byte {
            Some(b'{') => {
                self.nesting.push(true);
                Ok(self.take(Kind::ObjectStart, self.at + 1, State::FirstKey))
            }
            Some(b'[') => {
                self.nesting.push(false);
                Ok(self.take(Kind::ArrayStart, self.at + 1, State::FirstElement))
            }
            Some(b'"') => Ok(self.take(Kind::String, string_end(self.text, self.at)?, after)),
            Some(b'-' | b'0'..=b'9') => Ok(self.take(Kind::Number, number_end(self.text, self.at)?, after)),
            Some(b't') => self.literal(Kind::True, "true"),
            Some(b'f') => self.literal(Kind::False, "false"),
            Some(b'n') => self.literal(Kind::Null, "null"),
            _ => Err((self.at, expected)),
        }
    }

    fn key(&mut self, byte: Option<u8>, expected: &'static str) -> Result<Token<'a>, Offence> {
        match byte {
            Some(b'"') => Ok(self.take(Kind::Key, string_end(self.text, self.at)?, State::Colon)),
            _ => Err((self.at, expected)),
        }
    }

    fn separator(&mut self, byte: Option<u8>) -> Result<Token<'a>, Offence> {
        match (byte, self.nesting.in_object()) {
            (Some(b','), true) => Ok(self.take(Kind::Comma, self.at + 1, State::Key)),
            (Some(b','), false) => Ok(self.take(Kind::Comma, self.at + 1, State::Value)),
            (Some(b'}'), true) => Ok(self.close(Kind::ObjectEnd)),
            (Some(b']'), false) => Ok(self.close(Kind::ArrayEnd)),
            (_, true) => Err((self.at, "`,` or `}`")),
            (_, false) => Err((self.at, "`,` or `]`")),
        }
    }

    fn close(&mut self, kind: Kind) -> Token<'a> {
        self.nesting.pop();
        self.take(kind, self.at + 1, self.after_value())
    }

    fn literal(&mut self, kind: Kind, word: &'static str) -> Result<Token<'a>, Offence> {
        let rest = &self.text[self.at..];
        let same = rest.iter().zip(word.as_bytes()).take_while(|(a, b)| a == b).count();
        if same < word.len() {
            return Err((self.at + same, "`true`, `false` or `null`"));
        }
        Ok(self.take(kind, self.at + word.len(), self.after_value()))
    }
}

/// Which containers are open: one bit a level, so that a body of nothing but `[` costs an eighth of
/// itself.
#[derive(Debug, Clone, Default)]
struct Nesting {
    depth: usize,
    objects: Vec<u64>,
}

impl Nesting {
    fn push(&mut self, object: bool) {
        let (word, bit) = (self.depth / 64, self.depth % 64);
        if word == self.objects.len() {
            self.objects.push(0);
        }
        self.objects[word] = self.objects[word] & !(1 << bit) | u64::from(object) << bit;
        self.depth += 1;
    }

    fn pop(&mut self) {
        self.depth = self.depth.saturating_sub(1);
    }

    fn in_object(&self) -> bool {
        let Some(level) = self.depth.checked_sub(1) else { return false };
        self.objects[level / 64] >> (level % 64) & 1 == 1
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn kinds(text: &str) -> Vec<Kind> {
        tokens(text.as_bytes()).map(|token| token.unwrap().kind).collect()
    }

    fn error(text: &str) -> String {
        check(text.as_bytes()).unwrap_err().to_string()
    }

    #[test]
    fn every_kind_of_token_is_named_and_placed() {
        use Kind::*;
        let text = r#" {"a":[1,true,false,null],"b":"x"} "#;
        let expected = [
            ObjectStart,
            Key,
            Colon,
            ArrayStart,
            Number,
            Comma,
            True,
            Comma,
            False,
            Comma,
            Null,
            ArrayEnd,
            Comma,
            Key,
            Colon,
            String,
            ObjectEnd,
        ];
        assert_eq!(kinds(text), expected);
        for token in tokens(text.as_bytes()) {
            let token = token.unwrap();
            assert_eq!(&text.as_bytes()[token.start..token.start + token.text.len()], token.text);
        }
    }

    #[test]
    fn valid_texts_are_accepted() {
        let texts = [
            "0",
            "-0",
            "1e5",
            "-1.50E+10",
            "123456789012345678901234567890",
            "\"\"",
            "[]",
            "{}",
            "[[],{}]",
            r#""\ud800""#,
            r#""\/\b\f""#,
            r#"{"a":1,"a":2}"#,
            "\t\r\n[ ]\n",
            r#"{"":0}"#,
        ];
        for text in texts {
            assert_eq!(check(text.as_bytes()), Ok(()), "{text}");
        }
    }

    #[test]
    fn texts_outside_the_grammar_are_refused() {
        let texts = [
            "",
            " ",
            "01",
            "-",
            "1.",
            ".5",
            "1e",
            "+1",
            "tru",
            "True",
            "nan",
            "[1,]",
            "[,1]",
            "{,}",
            "{\"a\"}",
            "{\"a\":}",
            "{\"a\":1,}",
            "{a:1}",
            "[1 2]",
            "[1}",
            "{\"a\":1]",
            "]",
            "\"",
            "\"\\",
            "\"\\x\"",
            "\"\\u12g4\"",
            "\"\n\"",
            "1 2",
            "\u{feff}1",
            "'a'",
            "// x\n1",
            "[",
            "{",
            "\"\\u",
        ];
        for text in texts {
            assert!(check(text.as_bytes()).is_err(), "{text}");
        }
    }

    #[test]
    fn an_error_says_line_column_and_what_was_expected() {
        assert_eq!(error("{\n  \"é\": ?}"), "line 2, column 8: expected a value, found `?`");
        assert_eq!(error("[1"), "line 1, column 3: expected `,` or `]`, found the end");
        assert_eq!(error("[\u{1b}"), "line 1, column 2: expected a value or `]`, found byte 0x1b");
    }

    #[test]
    fn the_walk_ends_after_an_error() {
        let mut walk = tokens(b"[?1]");
        assert!(walk.by_ref().nth(1).unwrap().is_err());
        assert!(walk.next().is_none());
    }

    #[test]
    fn bytes_that_are_not_utf8_are_kept_inside_strings() {
        let text = b"\"a\xff\xc3\"";
        assert_eq!(tokens(text).next().unwrap().unwrap().text, text);
        assert!(check(b"\xff").is_err());
    }

    #[test]
    fn a_million_levels_need_no_stack() {
        let mut text = vec![b'['; 1_000_000];
        assert!(check(&text).is_err());
        text.extend(std::iter::repeat_n(b']', 1_000_000));
        assert_eq!(check(&text), Ok(()));
        assert_eq!(check(&b"{\"a\":[".repeat(100_000)).unwrap_err().offset, 600_000);
    }

    #[test]
    fn closing_brackets_must_match_beyond_64_levels() {
        let text = format!("{}{}{}", "[".repeat(63), "{\"a\":[{}]}", "]".repeat(63));
        assert_eq!(check(text.as_bytes()), Ok(()));
        assert!(check(text.replace("]}]", "}]]").as_bytes()).is_err());
    }

    proptest! {
        #[test]
        fn agrees_with_serde_json_about_what_is_json(text in r#"[\[\]{}:,"\\ a0-9eE.+truefalsn-]{0,24}"#) {
            let theirs = serde_json::from_str::<serde::de::IgnoredAny>(&text);
            prop_assert_eq!(check(text.as_bytes()).is_ok(), theirs.is_ok(), "{}", text);
        }

        #[test]
        fn arbitrary_bytes_never_panic(text in proptest::collection::vec(any::<u8>(), 0..64)) {
            let _ = check(&text);
        }
    }
}
