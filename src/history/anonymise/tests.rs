use proptest::prelude::*;

use super::*;
use crate::json::check;
use crate::provider::Catalogue;

fn json(body: &str) -> String {
    String::from_utf8(anonymise(body.as_bytes(), false).unwrap().body).unwrap()
}

fn form(body: &str) -> String {
    String::from_utf8(anonymise(body.as_bytes(), true).unwrap().body).unwrap()
}

#[test]
fn only_personal_values_change() {
    let body =
        "{ \"b\" :1.0e2,\"email\":\"bob@corp.co\" ,\n\"a\":[ 12345678901234567890, \"\\u0041\\/\" ],\"b\":null }\n";
    assert_eq!(json(body), body.replace("bob@corp.co", "person1@example.com"));
}

#[test]
fn the_same_person_is_the_same_stand_in_everywhere() {
    let body = r#"{"first_name":"Jane","last_name":"Smith","name":"Jane Smith","text":"Hi JANE, jane@corp.co or Mrs. Smith!","to":["bob@corp.co","Jane@corp.co"]}"#;
    assert_eq!(
        json(body),
        r#"{"first_name":"Alex","last_name":"Example","name":"Alex Example","text":"Hi ALEX, person1@example.com or Mrs. Example!","to":["person2@example.com","person1@example.com"]}"#
    );
}

#[test]
fn who_logs_in_with_a_name_has_one_stand_in() {
    assert_eq!(
        json(
            r#"{"owner":{"name":"Zed7","login":"zed7"},"sender":{"login":"yan"},"pusher":{"name":"Yan"},"url":"https://x.co/zed7/yan"}"#
        ),
        r#"{"owner":{"name":"Alex","login":"alex"},"sender":{"login":"user1"},"pusher":{"name":"user1"},"url":"https://x.co/alex/user1"}"#
    );
}

#[test]
fn a_number_is_the_same_with_and_without_the_countrys_code() {
    assert_eq!(
        json(r#"{"phone":"4155238886","from":"+14155238886","text":"call 4155238886","mobile":14155238886}"#),
        r#"{"phone":"2025550100","from":"+12025550100","text":"call 2025550100","mobile":12025550100}"#
    );
}

#[test]
fn a_stand_in_that_the_body_has_already_is_passed_over() {
    assert_eq!(
        json(r#"{"first_name":"Jane","name":"Alex","emails":["person1@example.com","bob@corp.co"]}"#),
        r#"{"first_name":"Blake","name":"Casey","emails":["person1@example.com","person2@example.com"]}"#
    );
}

#[test]
fn what_happened_and_ids_stay() {
    let body = r#"{"id":"evt_1MtwBwLkdIwHu7ixYHnR3bQe","type":"customer.created","created":1680893993,"product":{"name":"Widget"},"token_type":"bearer","filename":"a.png","uuid":"019a4a9a-a87c-7363-b1b4-c9804bf499b4","n":4111111111111111}"#;
    assert_eq!(json(body), body);
    let body = r#"{"type":"customer.created","customer":{"name":"Customer"}}"#;
    assert_eq!(json(body), r#"{"type":"customer.created","customer":{"name":"Alex"}}"#);
}

#[test]
fn json_inside_a_text_is_read_too() {
    assert_eq!(
        json(r#"{"Message":"{\"email\":\"b\\u006fb@corp.co\",\"n\":1.0}"}"#),
        r#"{"Message":"{\"email\":\"person1@example.com\",\"n\":1.0}"}"#
    );
    let done = anonymise(br#"{"a/b":"{\"to\":\"bob@corp.co\"}"}"#, false).unwrap();
    assert_eq!(done.replaced[0].place, "/a~1b#/to");
}

#[test]
fn forms_keep_everything_else_as_it_is_written() {
    assert_eq!(
        form("From=%2B14155238886&FromCity=SAN+FRANCISCO&Body=Mail+bob%40corp.co%21&x=a%2fb&&y&customer[name]=Jane"),
        "From=%2B12025550100&FromCity=Exampletown&Body=Mail+person1%40example.com%21&x=a%2fb&&y&customer[name]=Alex"
    );
    assert_eq!(
        form("payload=%7B%22email%22%3A%22bob%40corp.co%22%7D"),
        "payload=%7B%22email%22%3A%22person1%40example.com%22%7D"
    );
    assert_eq!(form("first_name=Jane%20Ann"), "first_name=Alex%20Example");
}

#[test]
fn keys_that_are_addresses_are_replaced_and_not_printed() {
    let done = anonymise(br#"{"bob@corp.co":{"email":"bob@corp.co"}}"#, false).unwrap();
    assert_eq!(done.body, br#"{"person1@example.com":{"email":"person1@example.com"}}"#);
    assert!(done.replaced.iter().all(|one| !one.place.contains("bob")), "{:?}", done.replaced);
}

#[test]
fn the_list_says_where_and_what_in_order() {
    let done =
        anonymise(br#"{"data":[{"email":"bob@corp.co","ip":"84.17.2.9"}],"api_key":"sk_live_51HabcDEF"}"#, false);
    let list: Vec<_> =
        done.unwrap().replaced.into_iter().map(|one| (one.place, one.kind.as_str(), one.stand_in)).collect();
    let expected = [
        ("/data/0/email", "email", "person1@example.com"),
        ("/data/0/ip", "ip", "192.0.2.1"),
        ("/api_key", "token", "sk_live_000000001"),
    ];
    assert_eq!(list, expected.map(|(place, kind, new)| (place.to_owned(), kind, new.to_owned())));
}

#[test]
fn of_what_cannot_be_read_nothing_is_promised() {
    for body in [&b"<a>bob@corp.co</a>"[..], b"{\"a\":", b"\xff\x00", b""] {
        assert_eq!(anonymise(body, false), Err(Unreadable::OtherType));
    }
    let long = format!("\"{}\"", "x".repeat(MAX_ANONYMISED));
    assert_eq!(anonymise(long.as_bytes(), false), Err(Unreadable::TooLong));
}

#[test]
fn hostile_bodies_cost_little() {
    let deep = format!("{}\"bob@corp.co\"{}", "{\"a\":[".repeat(100_000), "]}".repeat(100_000));
    assert!(!json(&deep).contains("bob@corp.co"));
    let many: Vec<String> = (0..5_000).map(|number| format!("\"m{number}@corp.co\"")).collect();
    let done = json(&format!("[{}]", many.join(",")));
    assert!(!done.contains("corp.co") && done.contains("\"person5000@example.com\""));
}

#[test]
fn every_fixture_stays_what_it_is_but_for_its_people() {
    let catalogue = Catalogue::default();
    for id in catalogue.ids() {
        for event in catalogue.events(&id) {
            let fixture = catalogue.fixture(&id, &event).unwrap();
            let is_form = fixture.content_type.contains("form");
            if fixture.content_type.contains("xml") {
                assert_eq!(anonymise(&fixture.body, is_form), Err(Unreadable::OtherType), "{id}/{event}");
                continue;
            }
            let done = anonymise(&fixture.body, is_form).unwrap();
            let again = anonymise(&fixture.body, is_form).unwrap();
            assert_eq!(done, again, "{id}/{event}");
            assert_eq!(check(&done.body).is_ok(), check(&fixture.body).is_ok(), "{id}/{event}");
            assert_eq!(done.replaced.is_empty(), done.body == fixture.body, "{id}/{event}");
        }
    }
    let order = catalogue.fixture("shopify", "orders/create").unwrap().body;
    let order = String::from_utf8(anonymise(&order, false).unwrap().body).unwrap();
    for personal in ["Steve", "Shipper", "Elm St", "40003", "123-123-1234", "123456abcd", "abcdefg", "Smith\""] {
        assert!(!order.contains(personal), "{personal}");
    }
    for other in ["Aviator sunglasses", "Premium Leather Case", "820982911946154508", "jon@example.com"] {
        assert!(order.contains(other), "{other}");
    }
}

/// A person whose data occurs in no other text of the test.
fn people() -> impl Strategy<Value = [String; 6]> {
    let word = "Q[a-z]{4,8}x";
    (
        word,
        word,
        "q[a-z]{3,8}@qq[a-z]{2,5}\\.(co|de)",
        "\\+1[2-9][0-9]{2}[2-4][0-9]{6}",
        "8[0-9]\\.1[0-9]\\.2[0-9]\\.3[0-9]",
        "sk_live_Q[A-Za-z0-9]{12}",
    )
        .prop_map(|(first, last, email, phone, ip, token)| [first, last, email, phone, ip, token])
}

proptest! {
    #[test]
    fn nothing_personal_is_left_and_nothing_else_is_touched(people in proptest::collection::vec(people(), 1..4), spaces in "[ \n\t]{0,3}") {
        let write = |value: &dyn Fn(&str) -> String| {
            let one = |[first, last, email, phone, ip, token]: &[String; 6]| {
                let [first, last, email, phone, ip, token] = [first, last, email, phone, ip, token].map(|it| value(it));
                format!(
                    "{{{spaces}\"first_name\":\"{first}\",\"last_name\" : \"{last}\",\"name\":\"{first} {last}\",\"email\":\"{email}\",\
                     \"n\":[1.50,-0,1E5],\"text\":\"{first}'s \\u00e9\\\"{last}\\\" ({email}) is at {phone}; {ip}\",\"key\":\"{token}\",\"n\":null}}"
                )
            };
            format!("[{}]", people.iter().map(one).collect::<Vec<_>>().join(&format!(",{spaces}")))
        };
        let body = write(&|it| it.to_owned());
        let done = anonymise(body.as_bytes(), false).unwrap();
        let text = String::from_utf8(done.body).unwrap();
        prop_assert!(check(text.as_bytes()).is_ok());
        for personal in people.iter().flatten() {
            prop_assert!(!text.contains(personal.as_str()), "{} in {}", personal, text);
            for one in &done.replaced {
                prop_assert!(!one.stand_in.contains(personal.as_str()) && !one.place.contains(personal.as_str()));
            }
        }
        // With every stand-in and every original taken out, the two are the same bytes.
        let mut without = [text, body];
        let mut taken: Vec<String> = done.replaced.iter().map(|one| one.stand_in.clone()).collect();
        taken.extend(people.iter().flatten().cloned());
        taken = taken.iter().flat_map(|it| it.split(' ')).map(str::to_owned).collect();
        taken.sort_by_key(|it| std::cmp::Reverse(it.len()));
        for part in taken {
            without = without.map(|text| text.replace(&part, "·"));
        }
        let [left, right] = without;
        prop_assert_eq!(left, right);
    }

    #[test]
    fn arbitrary_json_stays_json(text in r#"[\[\]{}:,"\\u@.+%0-9a-eQ /-]{0,40}"#) {
        match anonymise(text.as_bytes(), false) {
            Ok(done) => prop_assert!(check(text.as_bytes()).is_ok() && check(&done.body).is_ok()),
            Err(_) => prop_assert!(check(text.as_bytes()).is_err()),
        }
    }

    #[test]
    fn arbitrary_values_under_personal_keys_never_panic(
        key in "(email|phone|name|address|zip|dob|card_number|iban|lat|token|ip|city|state|user_agent|value|pin)",
        text in any::<String>(), number in "-?(0|[1-9][0-9]{0,17})(\\.[0-9]{1,3})?([eE][+-]?[0-9]{1,2})?",
    ) {
        let quoted = crate::json::quote(&text);
        let body = format!("{{\"email\":\"a@b.co\",\"{key}\":[{quoted},{number}],\"text\":{quoted}}}");
        let done = anonymise(body.as_bytes(), false).unwrap();
        prop_assert!(check(&done.body).is_ok(), "{}", String::from_utf8_lossy(&done.body));
    }

    #[test]
    fn arbitrary_bytes_never_panic(body in proptest::collection::vec(
        prop_oneof![Just(b'%'), Just(b'4'), Just(b'0'), Just(b'+'), Just(b'&'), Just(b'='), Just(b'@'), Just(b'['), any::<u8>()], 0..64)) {
        let _ = anonymise(&body, true);
        let _ = anonymise(&body, false);
        let _ = pattern::find(&body);
    }
}
