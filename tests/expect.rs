//! `expect` and `listen --expect`: what must come for a job to go on, and what came instead.

use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{Child, ChildStdout, Stdio};

use serde_json::Value;

use crate::history::receive;
use crate::listen::{SECRET, signature};
use crate::sandbox::{Ended, Sandbox, signal};
use crate::wire::post;

/// Nothing is checked, so that every event counts.
const UNVERIFIED: [&str; 3] = ["--provider", "prospektr", "--no-verify"];
const FLORIDA: &str = "prospect.added where json:/prospect/state=FL";

fn prospect(state: &str) -> String {
    format!(r#"{{"type":"prospect.added","tenant":"t","prospect":{{"state":"{state}","name":"Ada Secret"}}}}"#)
}

/// A history with one event from each of these states.
fn history(states: &[&str]) -> Sandbox {
    let sandbox = Sandbox::new();
    let bodies: Vec<String> = states.iter().map(|state| prospect(state)).collect();
    let requests: Vec<(&str, &[&str], &[u8])> = bodies.iter().map(|body| ("/", &[][..], body.as_bytes())).collect();
    receive(&sandbox, &UNVERIFIED, &requests);
    sandbox
}

fn expect(sandbox: &Sandbox, args: &[&str]) -> Ended {
    sandbox.run(&[&["expect", "--json"], args].concat())
}

fn states(ended: &Ended) -> Vec<String> {
    let body = |line: &Value| line["event"]["request"]["body"].as_str().unwrap().to_owned();
    let state =
        |body: String| serde_json::from_str::<Value>(&body).unwrap()["prospect"]["state"].as_str().unwrap().to_owned();
    ended.lines().iter().map(|line| state(body(line))).collect()
}

/// Starts an `expect` that goes on beside the test.
fn waiting(sandbox: &Sandbox, args: &[&str]) -> (Child, BufReader<ChildStdout>) {
    let mut command = sandbox.command(&[&["expect", "--json", "--within", "60s"], args].concat());
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let stdout = BufReader::new(child.stdout.take().unwrap());
    (child, stdout)
}

fn code(mut child: Child) -> Option<i32> {
    child.wait().unwrap().code()
}

#[test]
fn what_the_history_already_holds_counts() {
    let sandbox = history(&["TX", "FL", "FL"]);
    let ended = expect(&sandbox, &[FLORIDA]);
    assert_eq!((ended.code, states(&ended), ended.stderr.as_str()), (0, vec!["FL".to_owned()], ""));
    let people = sandbox.run(&["expect", FLORIDA]);
    assert!(people.stdout.lines().next().unwrap().contains("--> · prospektr prospect.added ["), "{}", people.stdout);
    assert!(!people.stdout.contains("Ada"), "one line, without the body: {}", people.stdout);
    assert_eq!(expect(&sandbox, &[FLORIDA, "--since", "1h"]).code, 0);
    assert_eq!(expect(&sandbox, &[FLORIDA, "--since", "2100-01-01"]).code, 1);
}

#[test]
fn what_comes_later_is_waited_for_also_when_there_is_no_history_yet() {
    let sandbox = Sandbox::new();
    let (child, mut stdout) = waiting(&sandbox, &[FLORIDA]);
    let listening = sandbox.listen(&UNVERIFIED);
    for state in ["TX", "FL"] {
        post(&listening.address(), "/", &[], prospect(state).as_bytes());
    }
    let mut shown = String::new();
    stdout.read_to_string(&mut shown).unwrap();
    assert_eq!((code(child), shown.lines().count()), (Some(0), 1), "{shown}");
    assert!(shown.contains(r#"\"state\":\"FL\""#), "{shown}");
}

#[test]
fn no_event_is_read_twice_while_it_waits() {
    let sandbox = Sandbox::new();
    let listening = sandbox.listen(&UNVERIFIED);
    let send = |state: &str| assert_eq!(post(&listening.address(), "/", &[], prospect(state).as_bytes()).status, 200);
    send("TX");
    let (child, mut stdout) = waiting(&sandbox, &["prospect.*", "--count", "3"]);
    let mut first = String::new();
    stdout.read_line(&mut first).unwrap();
    assert!(first.contains(r#"\"TX\""#), "{first}");
    send("FL");
    let mut second = String::new();
    stdout.read_line(&mut second).unwrap();
    assert!(second.contains(r#"\"FL\""#), "{second}");
    send("NY");
    let mut rest = String::new();
    stdout.read_to_string(&mut rest).unwrap();
    assert!(rest.contains(r#"\"NY\""#) && rest.lines().count() == 1, "{rest}");
    assert_eq!(code(child), Some(0));
}

#[test]
fn what_does_not_come_ends_with_1_and_the_nearest_event() {
    let sandbox = history(&["TX"]);
    for within in ["0", "120ms"] {
        let ended = expect(&sandbox, &[FLORIDA, "--within", within]);
        let error = ended.error();
        assert_eq!((ended.code, ended.stdout.as_str(), error["code"].as_str().unwrap()), (1, "", "expectation_unmet"));
        let message = error["message"].as_str().unwrap();
        assert_eq!(message, format!("expected 1 event: {FLORIDA} (0 came); 1 received: 1 prospektr/prospect.added"));
        let hint = error["hint"].as_str().unwrap();
        assert!(hint.starts_with("the nearest is ") && hint.contains("(prospektr/prospect.added)"), "{hint}");
        assert!(hint.ends_with(r#"json:/prospect/state is "TX", expected "FL""#), "{hint}");
        assert!(!format!("{}{}", ended.stdout, ended.stderr).contains("Ada"), "only what the condition names");
    }
}

#[test]
fn several_expressions_must_all_be_met() {
    let sandbox = history(&["TX", "FL"]);
    let texas = "where json:/prospect/state=TX";
    let ended = expect(&sandbox, &[FLORIDA, texas]);
    assert_eq!((ended.code, states(&ended)), (0, vec!["TX".to_owned(), "FL".to_owned()]));
    let ended = expect(&sandbox, &[FLORIDA, "invoice.*", "github/push"]);
    let error = ended.error();
    assert_eq!((ended.code, ended.lines().len()), (1, 1), "what was found is shown all the same");
    let message = error["message"].as_str().unwrap();
    assert!(message.contains("invoice.* (0 came); and 1 event: github/push (0 came)"), "{message}");
    assert!(!message.contains("state=FL"), "what is met is not missing: {message}");
    assert!(error["hint"].as_str().unwrap().contains("the nearest of `github/push` is "), "{error}");
}

#[test]
fn a_number_is_expected_at_least_and_at_most() {
    let sandbox = history(&["FL", "FL"]);
    for (args, expected) in [
        (&["--count", "2"][..], 0),
        (&["--count", "3"], 1),
        (&["--count", "2", "--at-most", "2"], 0),
        (&["--at-most", "1"], 1),
        (&["--at-most", "0"], 1),
        (&["--count", "3", "--at-most", "2"], 2),
        (&["--count", "0"], 2),
    ] {
        let ended = expect(&sandbox, &[&[FLORIDA], args].concat());
        assert_eq!(ended.code, expected, "{args:?}: {}", ended.stderr);
    }
    let ended = expect(&sandbox, &["invoice.*", "--at-most", "0"]);
    assert_eq!((ended.code, ended.stdout.as_str()), (0, ""), "{}", ended.stderr);
    let many = expect(&sandbox, &[FLORIDA, "--at-most", "1", "--within", "60s"]);
    let error = many.error();
    assert!(error["message"].as_str().unwrap().starts_with("expected exactly 1 event: "), "{error}");
}

#[test]
fn only_good_events_count_unless_any_verdict_is_asked_for() {
    let sandbox = Sandbox::new().env("HOOK_SECRET", SECRET);
    let (body, secret) = (prospect("FL"), ["--provider", "prospektr", "--secret-env", "HOOK_SECRET"]);
    receive(&sandbox, &secret, &[("/", &[], body.as_bytes())]);
    let ended = expect(&sandbox, &[FLORIDA]);
    let hint = ended.error()["hint"].as_str().unwrap().to_owned();
    assert_eq!(ended.code, 1);
    assert!(hint.contains("verdict is unsigned (missing signature") && hint.ends_with("expected valid"), "{hint}");
    assert_eq!(expect(&sandbox, &[FLORIDA, "--any-verdict"]).code, 0);
    receive(&sandbox, &secret, &[("/", &[&signature(body.as_bytes())], body.as_bytes())]);
    assert_eq!(expect(&sandbox, &[FLORIDA]).code, 0);
}

#[test]
fn an_expression_that_cannot_be_read_says_what_is_wrong_and_shows_one() {
    let sandbox = Sandbox::new();
    for (text, problem) in [
        ("", "it is empty"),
        ("where", "there is no condition behind it"),
        ("prospect.added where", "there is no condition behind it"),
        ("json:/prospect/state=FL", "a condition stands behind `where`"),
        ("json:/prospect/state", "a condition stands behind `where`"),
        ("prospect.added where nowhere:x=1", "`nowhere:x=1`"),
        ("prospect.added where json:/n>many", "compares with something that is no number"),
    ] {
        for args in [&["expect", "--json", text][..], &["listen", "--json", "--port", "0", "--expect", text]] {
            let ended = sandbox.run(args);
            assert_eq!(ended.code, 2, "{args:?}: {}", ended.stderr);
            let error = ended.error();
            assert_eq!(error["code"], "bad_filter", "{error}");
            assert!(error["message"].as_str().unwrap().contains(problem), "{text}: {error}");
            assert!(error["hint"].as_str().unwrap().contains("'prospect.added where json:/"), "{error}");
        }
    }
    assert_eq!(sandbox.run(&["expect"]).code, 2);
    for wrong in ["0", "-1", "1.5"] {
        assert_eq!(sandbox.run(&["listen", "--port", "0", &format!("--expect={wrong}")]).code, 2, "{wrong}");
    }
    assert_eq!(sandbox.run(&["listen", "--port", "0", "--expect", "1", "--expect", "2"]).code, 2);
}

#[test]
fn without_a_history_the_place_is_named() {
    let sandbox = Sandbox::new();
    let ended = expect(&sandbox, &["*", "--db", "none.db"]);
    let error = ended.error();
    assert_eq!((ended.code, error["code"].as_str().unwrap()), (1, "expectation_unmet"));
    let hint = error["hint"].as_str().unwrap();
    assert!(hint.contains("there is no history at") && hint.contains("none.db"), "{hint}");
    assert!(!sandbox.path().join("none.db").exists(), "looking makes none");
    assert_eq!(expect(&sandbox, &["*", "--at-most", "0"]).code, 0, "none is what was expected");
    sandbox.write("other.db", "this is no history, but long enough to be taken for a file of its own");
    assert_eq!(expect(&sandbox, &["*", "--db", "other.db", "--within", "60s"]).code, 3);
}

#[test]
fn ctrl_c_ends_the_wait_with_130_and_the_report_is_written() {
    let sandbox = history(&["TX"]);
    let (mut child, mut stdout) = waiting(&sandbox, &["prospect.*", FLORIDA, "--junit", "report.xml"]);
    stdout.read_line(&mut String::new()).unwrap();
    signal(child.id(), "INT");
    let mut stderr = String::new();
    child.stderr.take().unwrap().read_to_string(&mut stderr).unwrap();
    assert_eq!(code(child), Some(130));
    assert!(stderr.contains("interrupted: expected 1 event: "), "{stderr}");
    let report = report(&sandbox, "report.xml");
    assert_eq!(outcomes(&report), ["passed", "error broken_off"]);
}

/// The text of a report that was written.
fn report(sandbox: &Sandbox, name: &str) -> String {
    std::fs::read_to_string(sandbox.path().join(name)).unwrap()
}

/// Of each test of a report, whether it passed.
fn outcomes(report: &str) -> Vec<String> {
    let document = roxmltree::Document::parse(report).unwrap_or_else(|error| panic!("{error}: {report}"));
    let cases = document.descendants().filter(|node| node.has_tag_name("testcase"));
    cases
        .map(|case| match case.first_element_child() {
            None => "passed".to_owned(),
            Some(problem) => format!("{} {}", problem.tag_name().name(), problem.attribute("type").unwrap()),
        })
        .collect()
}

#[test]
fn a_report_has_a_test_for_each_expression() {
    let sandbox = history(&["TX"]);
    let args = ["prospect.added", FLORIDA, "--junit", "reports/ci/one.xml"];
    assert_eq!(expect(&sandbox, &args).code, 1);
    let text = report(&sandbox, "reports/ci/one.xml");
    assert_eq!(outcomes(&text), ["passed", "failure expectation_unmet"]);
    let document = roxmltree::Document::parse(&text).unwrap();
    let failure = document.descendants().find(|node| node.has_tag_name("failure")).unwrap();
    assert_eq!(failure.attribute("message").unwrap(), format!("expected 1 event: {FLORIDA} (0 came)"));
    assert!(failure.text().unwrap().contains("\n  json:/prospect/state is \"TX\", expected \"FL\"\n"), "{text}");
    assert!(!text.contains("Ada"), "only what the condition names: {text}");
    assert_eq!(expect(&sandbox, &["prospect.added", "--junit", "reports/ci/one.xml"]).code, 0);
    assert_eq!(outcomes(&report(&sandbox, "reports/ci/one.xml")), ["passed"], "the old one is replaced");
    let files = std::fs::read_dir(sandbox.path().join("reports/ci")).unwrap();
    assert_eq!(files.count(), 1, "nothing else is left behind");
}

#[test]
fn a_report_of_hostile_values_can_be_read_and_steers_no_terminal() {
    let sandbox = history(&[r"\u001b[2J]]>&amp;<![CDATA[\u0000\u0008\uffff\ud83d\ude00</failure>\n\u202e"]);
    let ended = expect(&sandbox, &[FLORIDA, "--junit", "report.xml"]);
    let text = report(&sandbox, "report.xml");
    assert_eq!((ended.code, outcomes(&text)), (1, vec!["failure expectation_unmet".to_owned()]));
    assert!(text.contains(r"\u{1b}[2J]]&gt;&amp;amp;&lt;![CDATA[\u{00}\u{08}"), "{text}");
    for shown in [text, sandbox.run(&["expect", FLORIDA]).stderr] {
        assert!(!shown.chars().any(|character| character.is_control() && character != '\n'), "{shown:?}");
    }
}

#[test]
fn a_credential_is_in_no_explanation_and_no_report() {
    let sandbox = Sandbox::new().env("TOKEN", SECRET);
    let body = r#"{"event":"new_contact","timestamp":"2026-04-25T14:30:00Z","data":{}}"#;
    let args = ["--provider", "customertext", "--secret-env", "TOKEN", "--expect"];
    let expression = "where header:authorization=x";
    let more = ["--timeout", "2s", "--junit", "report.xml"];
    let mut listening = sandbox.listen(&[&args[..], &[expression], &more].concat());
    let header = format!("Authorization: Bearer {SECRET}");
    assert_eq!(post(&listening.address(), "/", &[&header], body.as_bytes()).status, 200);
    let (code, _, stderr) = listening.wait();
    assert_eq!(code, 1);
    assert!(stderr.contains(r#"header:authorization is \"***\", expected"#), "{stderr}");
    let shown = stderr + &report(&sandbox, "report.xml") + &expect(&sandbox, &[expression]).stderr;
    assert!(!shown.contains(SECRET), "{shown}");
}

#[test]
fn a_report_that_cannot_be_written_is_an_error_before_the_wait() {
    let sandbox = history(&["FL"]);
    sandbox.write("file", "");
    let ended = expect(&sandbox, &[FLORIDA, "--within", "60s", "--junit", "file/report.xml"]);
    assert_eq!((ended.code, ended.error()["code"].as_str().unwrap()), (3, "report"));
}

#[test]
fn a_listener_ends_once_every_expression_is_met() {
    let sandbox = Sandbox::new();
    let more = ["--expect", FLORIDA, "--expect", "*", "--timeout", "60s", "--junit", "report.xml"];
    let mut listening = sandbox.listen(&[&UNVERIFIED[..], &more].concat());
    let address = listening.address();
    for state in ["TX", "FL"] {
        assert_eq!(post(&address, "/", &[], prospect(state).as_bytes()).status, 200);
    }
    let (code, lines, stderr) = listening.wait();
    assert_eq!((code, stderr.as_str()), (0, ""));
    assert_eq!(lines.last().unwrap()["received"], 2);
    assert_eq!(outcomes(&report(&sandbox, "report.xml")), ["passed", "passed"]);
}

#[test]
fn a_listener_that_waited_in_vain_names_the_nearest_event() {
    let sandbox = Sandbox::new();
    let more = ["--no-store", "--expect", FLORIDA, "--timeout", "2s", "--junit", "report.xml"];
    let mut listening = sandbox.listen(&[&UNVERIFIED[..], &more].concat());
    post(&listening.address(), "/", &[], prospect("TX").as_bytes());
    let (code, _, stderr) = listening.wait();
    let error: Value = serde_json::from_str(stderr.trim()).unwrap();
    assert_eq!(code, 1);
    assert!(
        error["message"].as_str().unwrap().starts_with(&format!("expected 1 event: {FLORIDA} (0 came)")),
        "{error}"
    );
    assert!(error["hint"].as_str().unwrap().ends_with(r#"json:/prospect/state is "TX", expected "FL""#), "{error}");
    assert_eq!(outcomes(&report(&sandbox, "report.xml")), ["failure expectation_unmet"]);
}

#[test]
fn a_listener_shows_and_counts_only_where_the_condition_holds() {
    let sandbox = Sandbox::new();
    let more = ["--where", "json:/prospect/state=FL", "--expect", "1", "--timeout", "2s"];
    let mut listening = sandbox.listen(&[&UNVERIFIED[..], &more].concat());
    assert_eq!(post(&listening.address(), "/", &[], prospect("TX").as_bytes()).status, 200);
    let (code, lines, stderr) = listening.wait();
    assert_eq!((code, lines.len()), (1, 1), "nothing but the last line: {lines:?}");
    assert!(stderr.contains("expected 1 matching, valid events, and 0 came"), "{stderr}");
    assert!(stderr.contains("1 others do not match --events and --where"), "{stderr}");
    assert!(stderr.contains(r#"json:/prospect/state is \"TX\", expected \"FL\""#), "{stderr}");
    let listening = sandbox.listen(&[&UNVERIFIED[..], &more[..2]].concat());
    for state in ["TX", "FL"] {
        post(&listening.address(), "/", &[], prospect(state).as_bytes());
    }
    assert!(listening.next_of("received").to_string().contains("FL"));
    assert_eq!(listening.interrupt().1.last().unwrap()["received"], 1);
}
