//! Fixtures made of what was received: `fixtures save @last` and `events drift`.

use serde_json::Value;

use crate::app::App;
use crate::history::receive;
use crate::sandbox::Sandbox;

const JSON: &[&str] = &["Content-Type: application/json"];

/// A contact of someone's.
const CONTACT: &[u8] = br#"{ "event":"contact_updated", "source":"https://prokeep.com","data":{"id":"6fc1e09b-3fe0-4990-9a72-5b2be38ed5e1","first_name":"Zoltan","email_address":"zoltan@corp.co","phone_number":"4155238886","note":"Zoltan calls"} }"#;

const SAFE_CONTACT: &str = r#"{ "event":"contact_updated", "source":"https://prokeep.com","data":{"id":"6fc1e09b-3fe0-4990-9a72-5b2be38ed5e1","first_name":"Alex","email_address":"person1@example.com","phone_number":"2025550100","note":"Alex calls"} }"#;

fn captured(requests: &[(&str, &[&str], &[u8])]) -> Sandbox {
    let sandbox = Sandbox::new();
    receive(&sandbox, &[], requests);
    sandbox
}

fn saved(sandbox: &Sandbox, name: &str) -> String {
    std::fs::read_to_string(sandbox.path().join(".hookctl/providers").join(name)).unwrap()
}

#[test]
fn a_captured_event_becomes_a_fixture_without_personal_data() {
    let sandbox = captured(&[("/", JSON, CONTACT)]);
    let ended = sandbox.run(&["fixtures", "save", "@last", "--as", "my_event"]);
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    assert_eq!(saved(&sandbox, "prokeep/my_event.json"), SAFE_CONTACT);
    for part in ["4 personal values replaced", "/data/email_address", "person1@example.com", "phone"] {
        assert!(ended.stderr.contains(part), "{part}: {}", ended.stderr);
    }
    for personal in ["Zoltan", "zoltan@corp.co", "4155238886"] {
        assert!(!ended.stderr.contains(personal) && !ended.stdout.contains(personal), "{}", ended.stderr);
    }
    let app = App::answering("200 OK", "");
    let sent = sandbox.run(&["send", "prokeep/my_event", "--to", &app.url(), "--exact"]);
    assert_eq!(sent.code, 0, "{}", sent.stderr);
    let seen = app.next();
    assert_eq!(String::from_utf8(seen.body.clone()).unwrap(), SAFE_CONTACT);
    assert_eq!(seen.all("content-type"), ["application/json"]);
}

#[test]
fn with_json_each_replacement_is_a_line() {
    let sandbox = captured(&[("/", JSON, CONTACT)]);
    let lines = sandbox.run(&["fixtures", "save", "@last", "--json"]).lines();
    let places: Vec<&str> = lines.iter().map(|line| line["place"].as_str().unwrap()).collect();
    assert_eq!(places, ["/data/first_name", "/data/email_address", "/data/phone_number", "/data/note"]);
    assert!(lines.iter().all(|line| line["type"] == "replaced"), "{lines:?}");
    assert_eq!(saved(&sandbox, "prokeep/contact_updated.json"), SAFE_CONTACT, "under the event's own name");
}

#[test]
fn the_exact_bytes_are_saved_when_asked_for() {
    let sandbox = captured(&[("/", JSON, CONTACT)]);
    let ended = sandbox.run(&["fixtures", "save", "@1", "--as", "prokeep/real", "--keep-personal-data"]);
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    assert_eq!(saved(&sandbox, "prokeep/real.json").as_bytes(), CONTACT);
    assert!(!ended.stderr.contains("replaced"), "{}", ended.stderr);
}

#[test]
fn a_body_that_cannot_be_read_is_refused_with_the_way_out() {
    let sandbox = captured(&[("/", &["Content-Type: text/xml"], b"<name>Zoltan</name>")]);
    let args = ["fixtures", "save", "@last", "--as", "generic/doc"];
    let refused = sandbox.run(&args);
    assert!(refused.code == 2 && refused.stderr.contains("--keep-personal-data"), "{}", refused.stderr);
    assert!(!sandbox.path().join(".hookctl").exists(), "nothing was written");
    assert_eq!(sandbox.run(&[&args[..], &["--keep-personal-data"]].concat()).code, 0);
    assert_eq!(saved(&sandbox, "generic/doc.xml"), "<name>Zoltan</name>");
}

#[test]
fn a_hostile_event_type_does_not_leave_the_folder() {
    let body = br#"{"type":"../../../evil","source":"https://prokeep.com","event":"x"}"#;
    let sandbox = captured(&[("/", JSON, body)]);
    for more in [&[][..], &["--as", "../../evil"], &["--as", "prokeep/../../evil"], &["--as", "prokeep/.evil"]] {
        let refused = sandbox.run(&[&["fixtures", "save", "@last"], more].concat());
        assert_eq!(refused.code, 2, "{more:?}: {}", refused.stderr);
        assert!(refused.stderr.contains("hint: "), "{}", refused.stderr);
    }
    assert!(!sandbox.path().join(".hookctl").exists(), "nothing was written");
    assert!(!sandbox.path().parent().unwrap().join("evil.json").exists());
}

#[test]
fn an_event_of_nobody_known_needs_a_provider() {
    let sandbox = captured(&[("/", JSON, b"{\"n\":1}")]);
    let refused = sandbox.run(&["fixtures", "save", "@last", "--as", "my_event"]);
    assert!(refused.code == 2 && refused.stderr.contains("PROVIDER/EVENT"), "{}", refused.stderr);
    assert_eq!(sandbox.run(&["fixtures", "save", "@last", "--as", "generic/my_event"]).code, 0);
    assert_eq!(saved(&sandbox, "generic/my_event.json"), "{\"n\":1}");
    let again = sandbox.run(&["fixtures", "save", "@last", "--as", "generic/my_event"]);
    assert!(again.code == 2 && again.stderr.contains("--force"), "{}", again.stderr);
    assert_eq!(sandbox.run(&["fixtures", "save", "@9", "--as", "generic/x"]).code, 1, "no such event");
}

#[test]
fn a_form_takes_the_place_of_a_json_fixture_of_the_same_name() {
    let form = ("/", &["Content-Type: application/x-www-form-urlencoded"][..], &b"email=zoltan%40corp.co&n=1"[..]);
    let sandbox = captured(&[form]);
    sandbox.write(".hookctl/providers/generic/ping.json", "{}");
    let args = ["fixtures", "save", "@last", "--as", "generic/ping"];
    assert_eq!(sandbox.run(&args).code, 2, "one of that name is there");
    assert_eq!(sandbox.run(&[&args[..], &["--force"]].concat()).code, 0);
    assert_eq!(sandbox.run(&["fixtures", "show", "generic/ping"]).stdout, "email=person1%40example.com&n=1");
}

#[test]
fn drift_tells_new_missing_and_changed_fields_without_their_values() {
    let fixture = br#"{"event":"contact_updated","source":"https://prokeep.com","data":{"id":"1","gone":1}}"#;
    let changed = br#"{"event":"contact_updated","source":"https://prokeep.com","data":{"id":7,"tags":["s3cr3t"]}}"#;
    let sandbox = captured(&[("/", JSON, fixture), ("/", JSON, changed), ("/", JSON, b"{\"n\":1}")]);
    sandbox.write(".hookctl/providers/prokeep/contact_updated.json", fixture);
    let ended = sandbox.run(&["events", "drift", "--json"]);
    assert_eq!(ended.code, 1, "{}", ended.stderr);
    let found: Vec<Vec<Value>> = ended
        .lines()
        .iter()
        .map(|line| {
            ["path", "kind", "fixture_types", "seen_types", "seen", "total"].map(|key| line[key].clone()).to_vec()
        })
        .collect();
    let expected = serde_json::json!([
        ["data.gone", "missing", ["number"], ["number"], 1, 2],
        ["data.id", "type", ["string"], ["string", "number"], 1, 2],
        ["data.tags", "new", [], ["array"], 1, 2],
    ]);
    assert_eq!(serde_json::to_value(found).unwrap(), expected);
    let human = sandbox.run(&["events", "drift", "prokeep/contact_updated"]);
    assert!(human.stdout.starts_with("prokeep/contact_updated: 3 differences in 2 events\n"), "{}", human.stdout);
    assert!(!human.stdout.contains("s3cr3t") && !ended.stdout.contains("s3cr3t"));
    let newest = sandbox.run(&["events", "drift", "--limit", "1", "--json"]);
    assert!(newest.lines().iter().all(|line| line["total"] == 1), "{}", newest.stdout);
}

#[test]
fn a_fixture_of_the_event_itself_does_not_drift() {
    let sandbox = captured(&[("/", JSON, CONTACT), ("/", JSON, CONTACT)]);
    assert_eq!(sandbox.run(&["fixtures", "save", "@last"]).code, 0);
    let ended = sandbox.run(&["events", "drift"]);
    assert_eq!((ended.code, ended.stdout.as_str()), (0, "prokeep/contact_updated: no drift in 2 events\n"));
    assert_eq!(sandbox.run(&["events", "drift", "--json"]).stdout, "");
}

#[test]
fn nothing_to_compare_is_said_and_is_no_success() {
    let body = br#"{"event":"brand_new","source":"https://prokeep.com"}"#;
    let sandbox = captured(&[("/", JSON, body)]);
    let ended = sandbox.run(&["events", "drift"]);
    assert_eq!(ended.code, 1);
    for part in ["prokeep/brand_new: no fixture", "hookctl fixtures save", "nothing to compare"] {
        assert!(ended.stderr.contains(part), "{part}: {}", ended.stderr);
    }
    let none = sandbox.run(&["events", "drift", "stripe/*"]);
    assert!(none.code == 1 && none.stderr.contains("no event matches"), "{}", none.stderr);
}

#[test]
fn events_that_anyone_may_have_sent_are_left_out_unless_asked_for() {
    let sandbox = Sandbox::new().env("HOOK_SECRET", "s3cret");
    let args = ["--provider", "prospektr", "--secret-env", "HOOK_SECRET"];
    receive(&sandbox, &args, &[("/", JSON, br#"{"type":"prospect.added","forged":1}"#)]);
    assert!(sandbox.run(&["events", "drift"]).stderr.contains("no event matches"));
    let asked = sandbox.run(&["events", "drift", "--verdict", "unsigned", "--json"]);
    assert!(asked.stdout.contains("\"forged\""), "{}{}", asked.stdout, asked.stderr);
}
