//! Lists of events: what they hold, and how one goes through them.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{Inspector, listen};
use crate::app::App;
use crate::sandbox::{Listening, Sandbox};
use crate::wire;

/// A parameter's value as it stands in a URL.
fn encoded(text: &str) -> String {
    form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

fn ids(page: &Value) -> Vec<String> {
    page["events"].as_array().unwrap().iter().map(|row| row["id"].as_str().unwrap().to_owned()).collect()
}

fn page(inspector: &Inspector, query: &str) -> Value {
    let answered = inspector.get(&format!("/api/events?{query}"));
    assert_eq!(answered.status, 200, "{query}: {}", answered.text());
    answered.json()
}

/// All pages of a list.
fn all(inspector: &Inspector, query: &str, mut meanwhile: impl FnMut()) -> Vec<String> {
    let mut first = page(inspector, query);
    let mut found = ids(&first);
    while let Some(cursor) = first["next"].as_str() {
        meanwhile();
        let rest: Vec<&str> = query.split('&').filter(|pair| !pair.starts_with("upto")).collect();
        first = page(inspector, &format!("{}&cursor={cursor}", rest.join("&")));
        found.extend(ids(&first));
    }
    found
}

/// A listener for GitHub with events of several kinds; some of them are delivered twice.
fn several(sandbox: &Sandbox) -> (Listening, Inspector) {
    let (listening, inspector) = listen(sandbox, &["--provider", "github"]);
    for (event, delivery, body) in [
        ("ping", "d-1", r#"{"n":1,"name":"Ada Lovelace"}"#),
        ("push", "d-2", r#"{"n":2,"name":"Grace Hopper"}"#),
        ("ping", "d-1", r#"{"n":3,"name":"Ada Lovelace"}"#),
        ("issues", "d-3", r#"{"n":4,"name":"Ada Yonath"}"#),
        ("push", "d-2", r#"{"n":5,"name":"Grace Hopper"}"#),
        ("ping", "d-1", r#"{"n":6,"name":"nobody"}"#),
    ] {
        receive(&listening, event, delivery, body);
    }
    (listening, inspector)
}

fn receive(listening: &Listening, event: &str, delivery: &str, body: &str) {
    let headers = [format!("X-GitHub-Event: {event}"), format!("X-GitHub-Delivery: {delivery}")];
    let headers: Vec<&str> = headers.iter().map(String::as_str).collect();
    wire::post(&listening.address(), "/hook?page=2&token=secret", &headers, body.as_bytes());
}

#[test]
fn a_row_tells_the_beginning_of_what_is_long() {
    let sandbox = Sandbox::new();
    let (listening, inspector) = listen(&sandbox, &[]);
    let (path, kind) =
        (format!("/{}", "ä".repeat(1200).replace('ä', "%C3%A4")), format!("text/{}", "x".repeat(20_000)));
    let target = format!("{path}?a={}", "b".repeat(4000));
    wire::post(&listening.address(), &target, &[&format!("content-type: {kind}")], b"{}");
    let row = page(&inspector, "")["events"][0].clone();
    let id = row["id"].as_str().unwrap();
    let row = &row["request"];
    for name in ["path", "query", "content_type"] {
        let text = row[name].as_str().unwrap();
        assert!(text.len() < 3000 && text.ends_with('…'), "{name}: {text}");
    }
    assert_eq!(inspector.get(&format!("/api/events/{id}")).json()["event"]["request"]["path"], path);
}

#[test]
fn a_row_says_what_a_list_shows_and_no_secret() {
    let sandbox = Sandbox::new();
    let app = App::answering("503 Busy", "");
    let target = app.url();
    let (listening, inspector) = listen(&sandbox, &["--provider", "github", "-f", &target]);
    receive(&listening, "ping", "d-1", "{}");
    receive(&listening, "ping", "d-1", "{}");
    // Deliveries are kept behind the answer.
    let kept = |page: &Value| page["events"].as_array().unwrap().iter().all(|row| row["deliveries"]["attempts"] == 1);
    let page = std::iter::repeat_with(|| page(&inspector, "")).find(kept).unwrap();
    let row = &page["events"][0];
    assert_eq!(
        (&row["provider"], &row["event_type"], &row["delivery_id"]),
        (&"github".into(), &"ping".into(), &"d-1".into())
    );
    assert_eq!((&row["request"]["path"], &row["request"]["query"]), (&"/hook".into(), &"page=2&token=***".into()));
    assert_eq!((&row["request"]["body_bytes"], &row["repeats"]), (&2.into(), &2.into()));
    assert_eq!((&row["retry"]["number"], &row["retry"]["of"]), (&1.into(), &page["events"][1]["id"]));
    assert_eq!((&row["verdict"]["status"], &row["pinned"]), (&"unchecked".into(), &false.into()));
    let shown = sandbox.run(&["events", "show", "--json"]).lines().remove(0);
    assert_eq!((&row["id"], &row["received_at"]), (&shown["event"]["id"], &shown["event"]["received_at"]));
    let last = &shown["deliveries"][0]["delivery"];
    let deliveries = &row["deliveries"];
    assert_eq!((&deliveries["attempts"], &deliveries["waiting"]), (&1.into(), &0.into()));
    assert_eq!((&deliveries["targets"], &deliveries["failed"]), (&1.into(), &1.into()));
    for name in ["status", "duration_ms", "error"] {
        assert_eq!(deliveries["last"][name], last[name], "{name}");
    }
    let tried = last["target"].as_str().unwrap();
    assert!(tried.ends_with("token=secret"), "{tried}");
    assert_eq!(deliveries["last"]["target"], tried.replace("secret", "***"));
    assert_eq!((&page["total"], &page["next"], &page["scanned_to"]), (&2.into(), &Value::Null, &Value::Null));
}

#[test]
fn a_filter_takes_the_events_that_the_command_line_lists() {
    let sandbox = Sandbox::new();
    let (listening, inspector) = several(&sandbox);
    let refusing = App::answering("500 Oops", "");
    sandbox.run(&["events", "replay", "@2", "--to", &refusing.url()]);
    for words in [
        "",
        "event:ping",
        "event:p* provider:github",
        "event:push event:issues json:/n>2",
        "verdict:unchecked",
        "verdict:valid",
        "ada",
        "\"grace hopper\"",
        "hopper json:/n=5",
        "header:x-github-delivery=d-1",
        "query:page=2 path=/hook",
        "is:failed",
        "is:failed ada",
        "is:pinned",
        "since:1h",
        "until:1h",
        "since:1h event:ping",
    ] {
        let args: &[&str] = if words.is_empty() { &[] } else { &["--filter", words] };
        let listed = sandbox.run(&[&["events", "list", "--json"], args].concat()).lines();
        let listed: Vec<String> = listed.iter().map(|line| line["event"]["id"].as_str().unwrap().to_owned()).collect();
        for limit in [1, 2, 200] {
            let query = format!("limit={limit}&filter={}", encoded(words));
            assert_eq!(all(&inspector, &query, || {}), listed, "{words} by {limit}");
        }
    }
    drop(listening);
}

#[test]
fn parameters_have_the_words_of_the_command_line() {
    let sandbox = Sandbox::new();
    let (_listening, inspector) = several(&sandbox);
    for (query, count) in [
        ("provider=github&event=ping", 3),
        ("event=ping,push", 5),
        ("event=ping&event=issues", 4),
        ("verdict=unchecked&where=json:/n%3E4", 2),
        ("where=json:/n%3E1&where=json:/n%3C4", 2),
        ("event=ping&filter=lovelace", 2),
        ("since=1h&until=1h", 0),
        ("failed=true", 0),
        ("pinned=true", 0),
        ("filter=", 6),
    ] {
        assert_eq!(ids(&page(&inspector, query)).len(), count, "{query}");
    }
}

#[test]
fn what_cannot_be_read_is_refused_with_the_cure() {
    let sandbox = Sandbox::new();
    let (_listening, inspector) = listen(&sandbox, &[]);
    for (query, code, message, hint) in [
        ("filter=povider:x", "filter", "there is no `povider:`", "did you mean `provider:`?"),
        ("filter=%22open", "filter", "the quote is not closed", "end it with"),
        ("where=nowhere:x", "filter", "nowhere", "json:/data/id=42"),
        ("since=tomorrow", "filter", "neither a time nor an age", ""),
        ("verdict=bad", "filter", "no verdict", "valid, invalid"),
        ("limit=0", "invalid", "from 1 to 200", ""),
        ("limit=201", "invalid", "from 1 to 200", ""),
        ("cursor=x", "invalid", "no cursor", ""),
        ("offset=-1", "invalid", "not a number", ""),
        ("colour=red", "invalid", "unknown parameter `colour`", "openapi.json"),
    ] {
        let answered = inspector.get(&format!("/api/events?{query}"));
        let error = answered.json();
        assert_eq!((answered.status, error["code"].as_str().unwrap()), (400, code), "{query}: {error}");
        assert!(error["message"].as_str().unwrap().contains(message), "{query}: {error}");
        assert!(error["hint"].as_str().unwrap_or_default().contains(hint), "{query}: {error}");
    }
}

#[test]
fn a_list_loses_and_repeats_nothing_while_events_keep_coming() {
    let sandbox = Sandbox::new();
    let (listening, inspector) = several(&sandbox);
    for query in ["limit=1", "limit=1&filter=json:/n%3E0", "limit=2&fold=true", "limit=1&fold=true&filter=d-"] {
        let before = page(&inspector, &query.replace("limit=1", "limit=200").replace("limit=2&", "limit=200&"));
        let mut number = 0;
        let walked = all(&inspector, query, || {
            number += 1;
            receive(&listening, "ping", &format!("d-{}", number % 4), r#"{"n":9}"#);
        });
        assert!(number > 0);
        assert_eq!(walked, ids(&before), "{query}");
    }
}

#[test]
fn any_part_of_a_snapshot_can_be_had_by_its_offset() {
    let sandbox = Sandbox::new();
    let (listening, inspector) = several(&sandbox);
    for filter in ["", "event=ping&", "filter=json:/n%3E0&"] {
        let whole = page(&inspector, filter);
        let (upto, expected) = (whole["newest"].as_str().unwrap(), ids(&whole));
        receive(&listening, "ping", "d-9", r#"{"n":10}"#);
        for offset in 0..expected.len() + 2 {
            let part = page(&inspector, &format!("{filter}upto={upto}&offset={offset}&limit=2"));
            let end = expected.len().min(offset + 2);
            assert_eq!(ids(&part), expected[end.min(offset)..end], "{filter} {offset}");
            assert_eq!((&part["total"], part["newest"].as_str()), (&whole["total"], Some(upto)));
        }
    }
    assert_eq!(page(&inspector, "filter=json:/n%3E0")["total"], Value::Null, "only reading each could tell");
}

#[test]
fn of_one_delivery_only_the_newest_is_listed_when_folded() {
    let sandbox = Sandbox::new();
    let (listening, inspector) = several(&sandbox);
    let everything = ids(&page(&inspector, ""));
    let at = |places: &[usize]| places.iter().map(|place| everything[*place].clone()).collect::<Vec<_>>();
    for (query, places) in [
        ("fold=true", &[0, 1, 2][..]),
        ("fold=true&event=ping", &[0]),
        ("fold=true&filter=ada", &[2, 3]),
        ("fold=true&filter=json:/n%3C5", &[2, 3, 4]),
    ] {
        for limit in [1, 50] {
            assert_eq!(all(&inspector, &format!("{query}&limit={limit}"), || {}), at(places), "{query}");
        }
    }
    let folded = page(&inspector, "fold=true");
    assert_eq!(folded["total"], 3);
    let repeats: Vec<u64> =
        folded["events"].as_array().unwrap().iter().map(|row| row["repeats"].as_u64().unwrap()).collect();
    assert_eq!(repeats, [3, 2, 1]);
    let upto = folded["newest"].as_str().unwrap();
    receive(&listening, "ping", "d-1", "{}");
    assert_eq!(ids(&page(&inspector, &format!("fold=true&upto={upto}"))), at(&[0, 1, 2]), "as it was then");
    assert_eq!(ids(&page(&inspector, "fold=true")).len(), 3);
    for offset in 0..4 {
        let part = page(&inspector, &format!("fold=true&upto={upto}&offset={offset}&limit=1"));
        assert_eq!(ids(&part), at(&[0, 1, 2])[offset.min(3)..(offset + 1).min(3)]);
    }
}

#[test]
fn what_was_deleted_is_in_no_list() {
    let sandbox = Sandbox::new();
    let (_listening, inspector) = several(&sandbox);
    let upto = page(&inspector, "fold=true")["newest"].as_str().unwrap().to_owned();
    assert_eq!(sandbox.run(&["events", "delete", "@1", "@4"]).code, 0);
    for query in ["".to_owned(), format!("upto={upto}")] {
        let page = page(&inspector, &query);
        assert_eq!((ids(&page).len(), &page["total"]), (4, &4.into()), "{query}");
    }
    let folded = page(&inspector, "fold=true");
    let unique: BTreeSet<String> = ids(&folded).into_iter().collect();
    assert_eq!((unique.len(), &folded["total"]), (3, &3.into()));
}

#[test]
fn a_cursor_of_another_history_is_refused() {
    let (one, other) = (Sandbox::new(), Sandbox::new());
    let (_listening, inspector) = several(&one);
    let (_second, elsewhere) = listen(&other, &[]);
    let cursor = page(&inspector, "limit=1")["next"].as_str().unwrap().to_owned();
    let upto = page(&inspector, "limit=1")["newest"].as_str().unwrap().to_owned();
    for query in [format!("cursor={cursor}"), format!("upto={upto}")] {
        let answered = elsewhere.get(&format!("/api/events?{query}"));
        assert_eq!((answered.status, answered.json()["code"].as_str()), (410, Some("other_history")));
    }
}
