//! The content in another common form: joined with the request's own time and id in another way.

use super::Facts;
use super::guess::Guess;
use super::mutation::{Mutation, Part, Undo, Undone};
use crate::provider::signature::Signature;
use crate::provider::template::{Expression, Source, Template};

/// What providers sign; TIME and ID stand for where this request has them.
const COMMON: [&str; 20] = [
    "{body}",
    "TIME.{body}",
    "TIME{body}",
    "TIME:{body}",
    "v0:TIME:{body}",
    "{body}TIME",
    "{body}.TIME",
    "TIME|{body}",
    "TIME\n{body}",
    "ID.TIME.{body}",
    "IDTIME{body}",
    "ID{body}",
    "{body}ID",
    "{url}{body}",
    "{body}{url}",
    "{method}{url}{body}",
    "{method}{target}{body}",
    "{method}{url}{body}TIME",
    "TIME{method}{target}{body}",
    "{url}",
];

/// Headers that are looked at for a time or an id; a request may have hundreds.
const MAX_NAMED: usize = 2;

/// How the content is put together.
pub(super) const OTHER: [Mutation; 1] = [Mutation {
    id: "scheme.content",
    part: Part::Scheme,
    what: "what is signed is put together in another way",
    cure: "",
    undo: Undo::Other(contents),
}];

fn contents<'a>(facts: &Facts<'a>, guess: &Guess<'a>) -> Vec<Undone<'a>> {
    let Some(own) = guess.signature.signed.first().map(Template::text) else { return Vec::new() };
    let names = guess.signature.names();
    let (times, ids) = (times(facts, guess), ids(facts, guess));
    let mut undone = Vec::new();
    for text in COMMON.iter().flat_map(|common| filled(common, &times, &ids)) {
        if guess.signature.signed.iter().any(|template| template.text() == text) {
            continue;
        }
        let Ok(template) = Template::parse(&text, &names) else { continue };
        let signature = Signature { signed: vec![template], ..(*guess.signature).clone() };
        undone.push(Undone {
            guess: guess.with_content(signature),
            what: format!("what is signed is `{}`, and `{}` is expected", shown(&text), shown(own)).into(),
            cure: "the sender follows another scheme: is it this provider, in this version?".into(),
        });
    }
    undone
}

fn shown(text: &str) -> String {
    text.replace('\n', "\\n")
}

/// A common form with every time and id that it may mean.
fn filled(common: &str, times: &[String], ids: &[String]) -> Vec<String> {
    let each = |texts: Vec<String>, word: &str, values: &[String]| -> Vec<String> {
        if !common.contains(word) {
            return texts;
        }
        texts.iter().flat_map(|text| values.iter().map(|value| text.replace(word, value))).collect()
    };
    each(each(vec![common.to_owned()], "TIME", times), "ID", ids)
}

fn times(facts: &Facts<'_>, guess: &Guess<'_>) -> Vec<String> {
    if let Some(rule) = &guess.signature.timestamp {
        return vec![rule.value.text().to_owned()];
    }
    let is_time = |name: &str, value: &str| {
        (name.contains("time") || name.contains("date")) && value.bytes().filter(u8::is_ascii_digit).count() >= 10
    };
    named(facts, is_time)
}

fn ids(facts: &Facts<'_>, guess: &Guess<'_>) -> Vec<String> {
    let is_header = |places: &[Expression]| places.iter().any(|place| matches!(place.source(), Source::Header(_)));
    let mut variables = guess.signature.variables.iter();
    let declared = variables.find(|(name, places)| name.contains("id") && is_header(places));
    if let Some((name, _)) = declared {
        return vec![format!("{{{name}}}")];
    }
    named(facts, |name, _| name.ends_with("-id") || name.contains("nonce") || name.contains("delivery"))
}

fn named(facts: &Facts<'_>, fits: impl Fn(&str, &str) -> bool) -> Vec<String> {
    let headers = facts.request.headers.iter().filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?)));
    let fitting = headers.filter(|(name, value)| fits(name, value));
    fitting.map(|(name, _)| format!("{{header:{name}}}")).take(MAX_NAMED).collect()
}
