//! The words of a text: what stands between blanks, where quotes keep blanks.
//!
//! A quote opens at the beginning of a word or of a value (behind `:`, `=`, `~`, `<`, `>`); elsewhere it is a
//! character like others, so that `don't` needs no care. Between double quotes `\"` is a quote and `\\` a backslash;
//! between single quotes everything is as it stands.

use super::FilterError;

/// Behind these a value begins.
const OPENERS: [char; 5] = [':', '=', '~', '<', '>'];

/// A word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Word {
    /// As it was typed.
    pub(super) typed: String,
    /// Without its quotes.
    pub(super) text: String,
    /// Bytes of the text before its first quote. Only there stand names and operators.
    pub(super) plain: usize,
}

impl Word {
    /// What stands before the first quote.
    pub(super) fn plain(&self) -> &str {
        self.text.get(..self.plain).unwrap_or_default()
    }

    /// Whether it begins with a quote: then it is text, whatever it looks like.
    pub(super) fn is_quoted(&self) -> bool {
        self.plain == 0 && self.typed != self.text
    }
}

/// Cuts a text into words.
pub(super) fn words(text: &str) -> Result<Vec<Word>, FilterError> {
    let mut words = Vec::new();
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        let (word, length) = word(rest)?;
        words.push(word);
        rest = rest[length..].trim_start();
    }
    Ok(words)
}

/// The word at the beginning of a text, and its bytes there.
fn word(text: &str) -> Result<(Word, usize), FilterError> {
    let mut cooked = String::new();
    let mut plain = None;
    let mut characters = text.char_indices();
    let mut opens = true;
    let mut end = text.len();
    while let Some((at, character)) = characters.next() {
        if character.is_whitespace() {
            end = at;
            break;
        }
        if opens && matches!(character, '"' | '\'') {
            plain.get_or_insert(cooked.len());
            if !quoted_part(&mut characters, character, &mut cooked) {
                return Err(unclosed(text, character));
            }
            opens = false;
        } else {
            cooked.push(character);
            opens = OPENERS.contains(&character);
        }
    }
    let plain = plain.unwrap_or(cooked.len());
    Ok((Word { typed: text[..end].to_owned(), text: cooked, plain }, end))
}

/// Takes what stands between quotes; whether they are closed.
fn quoted_part(characters: &mut std::str::CharIndices<'_>, quote: char, cooked: &mut String) -> bool {
    while let Some((_, character)) = characters.next() {
        if character == quote {
            return true;
        }
        let next = characters.as_str().chars().next();
        match (character, next) {
            ('\\', Some(escaped @ ('"' | '\\'))) if quote == '"' => {
                cooked.push(escaped);
                characters.next();
            }
            _ => cooked.push(character),
        }
    }
    false
}

fn unclosed(text: &str, quote: char) -> FilterError {
    FilterError::Word {
        word: text.to_owned(),
        problem: "the quote is not closed".into(),
        cure: format!("end it with {quote}; to search for a quote itself, write {}", quoted(&quote.to_string())),
    }
}

/// A text in quotes, so that it is one word, and text.
pub fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn cooked(text: &str) -> Vec<String> {
        words(text).unwrap().into_iter().map(|word| word.text).collect()
    }

    #[test]
    fn quotes_keep_blanks_and_are_taken_out() {
        for (text, expected) in [
            ("a b", &["a", "b"][..]),
            ("  \t a\n b ", &["a", "b"]),
            (r#""two words" one"#, &["two words", "one"]),
            (r#"json:/name="a b" x"#, &["json:/name=a b", "x"]),
            ("json:/name='a \"b\"'", &["json:/name=a \"b\""]),
            ("don't stop", &["don't", "stop"]),
            (r#"say"hi"#, &["say\"hi"]),
            (r#""a \" \\ \u001b""#, &[r#"a " \ \u001b"#]),
            (r"'\'", &[r"\"]),
            ("", &[]),
        ] {
            assert_eq!(cooked(text), expected, "{text}");
        }
    }

    #[test]
    fn a_quote_that_is_not_closed_is_named_with_the_cure() {
        for text in ["\"a b", "x 'a", "json:/a=\"b\\\""] {
            let error = words(text).unwrap_err();
            assert!(error.to_string().contains("not closed"), "{error}");
            assert!(error.hint().contains("end it with"), "{}", error.hint());
        }
    }

    proptest! {
        #[test]
        fn what_is_quoted_comes_back_as_one_word(text in any::<String>()) {
            let word = Word { typed: quoted(&text), text: text.clone(), plain: 0 };
            prop_assert!(word.is_quoted());
            prop_assert_eq!(words(&quoted(&text)).unwrap(), vec![word]);
            prop_assert_eq!(cooked(&format!("x json:/a={} y", quoted(&text)))[1].clone(), format!("json:/a={text}"));
        }

        #[test]
        fn no_text_makes_it_panic(text in any::<String>()) {
            if let Ok(words) = words(&text) {
                prop_assert!(words.iter().all(|word| word.plain().len() == word.plain));
            }
        }
    }
}
