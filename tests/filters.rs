//! `--filter`: the words that every command about events takes.

use crate::app::App;
use crate::history::receive;
use crate::sandbox::Sandbox;

fn events() -> Sandbox {
    let sandbox = Sandbox::new();
    let ping: &[&str] = &["X-GitHub-Event: ping", "X-Topic: orders.paid"];
    let push: &[&str] = &["X-GitHub-Event: push"];
    let requests: &[(&str, &[&str], &[u8])] = &[
        ("/one", ping, br#"{"n":1,"name":"Ada Lovelace"}"#),
        ("/two?page=2", push, br#"{"n":2,"name":"Grace Hopper"}"#),
        ("/three", ping, br#"{"n":3,"name":"Ada Yonath"}"#),
    ];
    receive(&sandbox, &["--provider", "github"], requests);
    sandbox
}

/// The paths of what is listed, newest first.
fn paths(sandbox: &Sandbox, args: &[&str]) -> Vec<String> {
    let ended = sandbox.run(&[&["events", "list", "--json"], args].concat());
    assert!(ended.code == 0 || ended.stdout.is_empty(), "{args:?}: {}", ended.stderr);
    ended.lines().iter().map(|line| line["event"]["request"]["path"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn words_say_which_events_are_listed() {
    let sandbox = events();
    for (words, expected) in [
        ("event:ping", &["/three", "/one"][..]),
        ("provider:github event:pu*", &["/two"]),
        ("event:push event:ping json:/n>1", &["/three", "/two"]),
        ("verdict:unchecked since:1h", &["/three", "/two", "/one"]),
        ("until:1h", &[]),
        (r#"json:/name="Ada Lovelace""#, &["/one"]),
        ("header:x-topic~order", &["/three", "/one"]),
        ("query:page=2", &["/two"]),
        ("where:json:/n>=2 ada", &["/three"]),
        ("ADA", &["/three", "/one"]),
        (r#""grace hopper""#, &["/two"]),
        ("hopper grace", &["/two"]),
        ("x-topic orders.paid love", &["/one"]),
        ("is:failed", &[]),
        ("is:pinned", &[]),
    ] {
        assert_eq!(paths(&sandbox, &["--filter", words]), expected, "{words}");
    }
    assert_eq!(paths(&sandbox, &["--filter", "ada", "--event", "ping", "--where", "json:/n=1"]), ["/one"]);
    assert_eq!(paths(&sandbox, &["--filter", "ada", "--filter", "json:/n=3"]), ["/three"]);
    assert_eq!(paths(&sandbox, &["--event", "ping", "--filter", "event:push"]).len(), 0, "all must hold");
    assert_eq!(paths(&sandbox, &["--pinned"]).len(), 0);
}

#[test]
fn every_verb_takes_them() {
    let sandbox = events();
    let run = |args: &[&str]| {
        let ended = sandbox.run(&[&["events"], args].concat());
        assert_eq!(ended.code, 0, "{args:?}: {}{}", ended.stdout, ended.stderr);
        ended
    };
    let exported = run(&["export", "--filter", "ada"]).lines();
    let numbers: Vec<_> = exported.iter().map(|line| line["event"]["request"]["path"].clone()).collect();
    assert_eq!(numbers, ["/one", "/three"], "in the order of arrival");
    assert_eq!(run(&["stats", "--filter", "ada", "--json"]).lines()[0]["events"], 2);
    assert_eq!(run(&["search", "ada", "--filter", "love", "--json"]).lines().len(), 1);
    let app = App::answering("500 Oops", "");
    let replayed = sandbox.run(&["events", "replay", "--filter", "hopper", "--to", &app.url(), "--json"]);
    assert_eq!((replayed.code, app.next().body), (1, br#"{"n":2,"name":"Grace Hopper"}"#.to_vec()));
    assert_eq!(paths(&sandbox, &["--filter", "is:failed"]), ["/two"]);
    assert_eq!(paths(&sandbox, &["--filter", "is:failed ada"]).len(), 0);
    assert_eq!(run(&["delete", "--filter", "ada json:/n=3", "--json"]).lines()[0]["count"], 1);
    assert_eq!(paths(&sandbox, &[]), ["/two", "/one"]);
}

#[test]
fn a_word_that_means_nothing_is_named_with_the_cure() {
    let sandbox = events();
    for (words, problem, cure) in [
        ("povider:github", "`povider:github`: there is no `povider:`", "did you mean `provider:`?"),
        ("verdict:bad", "`bad` is no verdict", "did you mean `valid`?"),
        ("is:new", "`is:new`: `new` is no state (known: failed, pinned)", "did you mean"),
        ("\"open", "the quote is not closed", "end it with \""),
        ("", "--filter is empty", "leave it out to select all"),
    ] {
        let ended = sandbox.run(&["events", "delete", "--yes", "--filter", words, "--json"]);
        assert_eq!((ended.code, ended.stdout.as_str()), (2, ""), "{words}");
        let error = ended.error();
        assert!(error["message"].as_str().unwrap().contains(problem), "{words}: {error}");
        assert!(error["hint"].as_str().unwrap().contains(cure), "{words}: {error}");
    }
    assert_eq!(paths(&sandbox, &[]).len(), 3);
}
