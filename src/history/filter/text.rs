//! The text language of filters: one for `--filter`, the API and the search box.
//!
//! ```text
//! filter = { word }                      all must hold
//! word   = "provider:" name | "event:" glob | "verdict:" name      repeated: one of them must hold
//!        | "since:" time | "until:" time | "is:failed" | "is:pinned"
//!        | condition | "where:" condition
//!        | text                          searched for in bodies, headers and targets
//! ```

use jiff::Timestamp;
use wildmatch::WildMatch;

use super::word::{Word, quoted, words};
use super::{Condition, Filter, FilterError, Operator};
use crate::history::Since;
use crate::model::VerdictStatus;
use crate::store::Needle;

/// Names that may stand before a colon.
const KEYS: [&str; 12] =
    ["provider", "event", "verdict", "since", "until", "is", "where", "json", "header", "query", "form", "jwt"];
/// Of these, the ones that name a place in the request.
const PLACES: [&str; 5] = ["json", "header", "query", "form", "jwt"];
/// Places that are named without a colon; only with an operator are they more than text.
const PARTS: [&str; 6] = ["method", "path", "query_string", "host", "target", "body"];
/// What may stand behind `is:`.
const STATES: [&str; 2] = ["failed", "pinned"];
/// A longer filter is a slip: nobody types it, and each text costs a look at every event.
pub(super) const MAX_WORDS: usize = 64;

impl Filter {
    /// Reads a text, in which times are seen from `now`.
    pub fn parse_text(text: &str, now: Timestamp) -> Result<Self, FilterError> {
        let words = words(text)?;
        if let Some(word) = words.get(MAX_WORDS) {
            return Err(wrong(
                word,
                format!("it is one of more than {MAX_WORDS} words"),
                "put words that belong \
                together in quotes"
                    .into(),
            ));
        }
        let mut filter = Self::default();
        words.iter().try_for_each(|word| filter.add(word, now))?;
        Ok(filter)
    }

    fn add(&mut self, word: &Word, now: Timestamp) -> Result<(), FilterError> {
        if word.is_quoted() {
            return self.add_text(word);
        }
        let operator = Operator::first_in(word.plain());
        match word.plain().split_once(':') {
            Some((key, rest)) if is_name(key) && !(rest.starts_with("//") && word.plain == word.text.len()) => {
                self.add_keyed(word, key, now)
            }
            _ => match operator {
                Some((at, ..)) if PARTS.contains(&&word.plain()[..at]) => self.add_condition(word),
                _ => self.add_text(word),
            },
        }
    }

    fn add_keyed(&mut self, word: &Word, key: &str, now: Timestamp) -> Result<(), FilterError> {
        if PLACES.contains(&key) {
            return self.add_condition(word);
        }
        let value = word.text[key.len() + 1..].trim();
        if !KEYS.contains(&key) {
            return Err(unknown(word, key));
        }
        if value.is_empty() {
            return Err(wrong(word, "nothing stands behind the colon".into(), example(key)));
        }
        match key {
            // Ids of providers have no capitals.
            "provider" => self.providers.extend(list(value).map(str::to_ascii_lowercase)),
            "event" => self.events.extend(list(value).map(WildMatch::new)),
            "verdict" => {
                for name in list(value) {
                    let known = VerdictStatus::ALL.map(VerdictStatus::as_str);
                    let verdict = VerdictStatus::parse(name);
                    self.verdicts.push(verdict.ok_or_else(|| not_one_of(word, name, "verdict", &known))?);
                }
            }
            "since" | "until" => {
                let since: Since = value.parse().map_err(|problem| wrong(word, problem, example(key)))?;
                let time = since.from(now);
                let (edge, later) = if key == "since" { (&mut self.since, true) } else { (&mut self.until, false) };
                *edge = Some(edge.map_or(time, |edge| if later { edge.max(time) } else { edge.min(time) }));
            }
            "is" => match value {
                "failed" => self.failed = true,
                "pinned" => self.pinned = true,
                other => return Err(not_one_of(word, other, "state", &STATES)),
            },
            _ => self.conditions.push(value.parse()?),
        }
        Ok(())
    }

    /// A place with what must stand there.
    fn add_condition(&mut self, word: &Word) -> Result<(), FilterError> {
        let condition = match Operator::first_in(word.plain()) {
            Some((at, end, operator)) => {
                let value = word.text[end..].to_owned();
                Condition::new(&word.typed, &word.text[..at], Some((operator, value)))?
            }
            None => word.text.parse()?,
        };
        self.conditions.push(condition);
        Ok(())
    }

    fn add_text(&mut self, word: &Word) -> Result<(), FilterError> {
        let needle = Needle::new(&word.text);
        self.texts.push(needle.ok_or_else(|| {
            wrong(word, "there is no text to search for".into(), "leave it out to select all".into())
        })?);
        Ok(())
    }
}

/// Values behind one key, as flags take them.
fn list(value: &str) -> impl Iterator<Item = &str> {
    value.split(',').map(str::trim).filter(|part| !part.is_empty())
}

/// Whether someone may have meant the name of a key: `12:30` and `{"a":1}` are text.
fn is_name(key: &str) -> bool {
    key.starts_with(|first: char| first.is_ascii_alphabetic())
        && key.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'))
}

fn wrong(word: &Word, problem: String, cure: String) -> FilterError {
    FilterError::Word { word: word.typed.clone(), problem, cure }
}

fn unknown(word: &Word, key: &str) -> FilterError {
    let nearest = KEYS.into_iter().min_by_key(|known| strsim::damerau_levenshtein(key, known)).unwrap_or(KEYS[0]);
    let text = quoted(&word.text);
    wrong(
        word,
        format!("there is no `{key}:`"),
        format!("did you mean `{nearest}:`? To search for the text, write {text}"),
    )
}

fn not_one_of(word: &Word, name: &str, what: &str, known: &[&str]) -> FilterError {
    let nearest = known.iter().min_by_key(|known| strsim::damerau_levenshtein(name, known)).copied();
    let problem = format!("`{name}` is no {what} (known: {})", known.join(", "));
    wrong(word, problem, format!("did you mean `{}`?", nearest.unwrap_or_default()))
}

/// How a key is used.
fn example(key: &str) -> String {
    let example = match key {
        "provider" => "provider:github",
        "event" => "event:invoice.*",
        "verdict" => "verdict:invalid",
        "since" => "since:2h, since:2026-11-21 or since:2026-11-21T15:04:05Z",
        "until" => "until:30m, until:2026-11-21 or until:2026-11-21T15:04:05Z",
        "is" => "is:failed or is:pinned",
        _ => "where:json:/data/id=42",
    };
    format!("write {example}")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::tests::event;
    use super::*;

    fn parse(text: &str) -> Result<Filter, FilterError> {
        Filter::parse_text(text, Timestamp::from_second(1_000_000).unwrap())
    }

    #[test]
    fn words_must_all_hold_and_repeated_ones_are_alternatives() {
        let event = event(r#"{"state":"FL","name":"Ada Lovelace","n":2}"#);
        for (text, expected) in [
            ("", true),
            ("provider:prospektr", true),
            ("provider:Prospektr", true),
            ("provider:github provider:prospektr", true),
            ("provider:github,prospektr", true),
            ("provider:github", false),
            ("event:prospect.*", true),
            ("event:invoice.* event:prospect.added", true),
            ("event:invoice.*", false),
            ("verdict:valid", true),
            ("verdict:invalid verdict:unsigned", false),
            ("json:/state=FL json:/n>1", true),
            ("json:/state=FL json:/n>2", false),
            ("json:/state", true),
            ("json:/none", false),
            (r#"json:/name="Ada Lovelace""#, true),
            (r#"where:json:/name="Ada Lovelace""#, true),
            (r#"where:"json:/name=Ada Lovelace""#, true),
            ("json:/name=='Ada Lovelace'", true),
            ("json:/name~'da lo'", true),
            ("method=GET path=/", true),
            ("method=PUT", false),
            ("ada", true),
            ("lovelace ADA", true),
            (r#""ada love""#, true),
            (r#""lovelace ada""#, false),
            ("since:1s", false),
            ("until:1s", true),
            ("since:1970-01-01T00:00:00Z until:1970-01-02T00:00:00Z", true),
            ("state=FL", false),
        ] {
            assert_eq!(parse(text).unwrap().holds(&event), expected, "{text}");
        }
    }

    #[test]
    fn what_only_looks_like_a_key_is_text() {
        for text in ["12:30", "https://example.com/a", "{\"id\":42}", "\"no:key\"", "a=b", "don't", "path", "=", ":"] {
            let filter = parse(text).unwrap();
            assert_eq!((filter.texts.len(), filter.conditions.len()), (1, 0), "{text}");
        }
    }

    #[test]
    fn states_that_only_the_history_knows_are_asked_for_with_is() {
        let filter = parse("is:failed is:pinned").unwrap();
        assert!(filter.failed && filter.pinned && filter.texts.is_empty());
    }

    #[test]
    fn an_error_names_the_word_and_the_cure() {
        for (text, problem, cure) in [
            ("x povider:github", "`povider:github`: there is no `povider:`", "did you mean `provider:`?"),
            ("user-agent: x", "`user-agent:`: there is no `user-agent:`", "write \"user-agent:\""),
            ("verdict:vaild", "`vaild` is no verdict (known: valid, invalid, unsigned, unchecked)", "mean `valid`?"),
            ("is:faild", "`faild` is no state", "mean `failed`?"),
            ("since:yesterday", "neither a time nor an age", "write since:2h"),
            ("event:", "nothing stands behind the colon", "write event:invoice.*"),
            ("json:data=1", "`json:data=1`", "json:/data/id=42"),
            ("json:/n>x", "compares with something that is no number", "operators"),
            ("\"\"", "no text to search for", "leave it out"),
        ] {
            let error = parse(text).unwrap_err();
            assert!(error.to_string().contains(problem), "{text}: {error}");
            assert!(error.hint().contains(cure), "{text}: {}", error.hint());
        }
        let long = "a ".repeat(MAX_WORDS + 1);
        assert!(parse(&long).unwrap_err().to_string().contains("more than 64 words"));
    }

    #[test]
    fn the_latest_since_and_the_earliest_until_count() {
        let filter = parse("since:10s since:20s until:5s until:1s").unwrap();
        let second = |time: Option<Timestamp>| time.unwrap().as_second();
        assert_eq!((second(filter.since), second(filter.until)), (999_990, 999_995));
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in any::<String>()) {
            let _ = parse(&text);
        }

        #[test]
        fn nothing_near_the_grammar_makes_it_panic(text in r#"((provider|event|is|json|where|path|x)?[:=~<>!]?["']?[a-z/\\ é]{0,3}["']? ?){0,6}"#) {
            let _ = parse(&text);
        }

        #[test]
        fn a_quoted_text_is_searched_for_as_it_is(text in ".{1,20}") {
            let filter = parse(&quoted(&text)).unwrap();
            prop_assert_eq!(filter.texts.len(), 1);
            prop_assert_eq!(filter.texts[0].find_in(text.as_bytes()), Some(0..text.len()));
        }

        #[test]
        fn a_quoted_value_is_compared_as_it_is(value in any::<String>()) {
            let filter = parse(&format!("json:/a={}", quoted(&value))).unwrap();
            prop_assert_eq!(filter.conditions[0].test(), Some((Operator::Equal, value.as_str())));
        }
    }
}
