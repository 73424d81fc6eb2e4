//! The time of a signature: boundaries to the second, and forms that no other parser talks us into.

use std::cell::RefCell;

use hookctl::model::VerdictStatus;
use hookctl::provider::{Draft, Generator, compose};
use http::{HeaderMap, HeaderName, HeaderValue};
use jiff::SignedDuration;

use crate::case::Case;
use crate::senders::{self, now};

#[test]
fn ages_are_measured_to_the_second() {
    for (provider, signature) in
        [("stripe", "v1"), ("slack", "v0"), ("standard-webhooks", "v1"), ("standard-webhooks", "v1a")]
    {
        let case = Case::of(provider, signature);
        let request = case.signed(b"{}");
        for (seconds, valid) in
            [(0, true), (299, true), (300, true), (301, false), (-300, true), (-301, false), (86_400, false)]
        {
            let verdict = case.verify_at(&request, now() + SignedDuration::from_secs(seconds));
            assert_eq!(verdict.status == VerdictStatus::Valid, valid, "{case:?} after {seconds} s: {verdict:?}");
        }
        let late = case.verify_at(&request, now() + SignedDuration::from_secs(301)).reason.unwrap().to_string();
        assert_eq!(late, "timestamp too old by 1 s (age 301 s, tolerance 300 s); the signature itself matches");
        let early = case.verify_at(&request, now() - SignedDuration::from_secs(302)).reason.unwrap().to_string();
        assert_eq!(
            early,
            "timestamp too far in the future by 2 s (ahead 302 s, tolerance 300 s); the signature itself matches"
        );
    }
}

#[test]
fn a_time_in_the_body_is_checked_where_it_is_there() {
    let case = Case::of("linear", "sha256");
    let timed = case.signed(br#"{"webhookTimestamp":1767225600000}"#);
    for (seconds, valid) in [(60, true), (61, false), (-60, true), (-61, false)] {
        let verdict = case.verify_at(&timed, now() + SignedDuration::from_secs(seconds));
        assert_eq!(verdict.status == VerdictStatus::Valid, valid, "after {seconds} s: {verdict:?}");
    }
    assert!(case.accepts(&case.signed(b"{}")));
    assert!(!case.accepts(&case.signed(br#"{"webhookTimestamp":"yesterday"}"#)));
}

/// Forms of a time that another parser might take for one inside the tolerance.
fn odd_times() -> Vec<String> {
    let now = now().as_second();
    let forms = [
        format!("-{now}"),
        format!("+{now}"),
        format!("{now}.0"),
        format!("{now}.5"),
        format!("{now}abc"),
        format!(" {now}x"),
        format!("0x{now:x}"),
        format!("{now}000"),
        format!("{now}e0"),
        format!("{}", now - 301),
        format!("{}", now + 301),
        format!("{now},{now}"),
        format!("{now} {now}"),
        format!("0{now}0"),
        format!("{now}L"),
    ];
    let fixed = [
        "",
        "-1",
        "0",
        "1",
        "1e9",
        "1.767e9",
        "NaN",
        "Infinity",
        "null",
        "true",
        "٠",
        "1_767_225_600",
        "1'767'225'600",
        "2026-01-01T00:00:00Z",
        "9223372036854775807",
        "9223372036854775808",
        "18446744073709551616",
        "99999999999999999999",
    ];
    forms.into_iter().chain(fixed.map(str::to_owned)).collect()
}

/// Signed by someone who has the secret, so that the time alone decides.
#[test]
fn no_odd_form_of_a_time_is_accepted() {
    let forms = odd_times();
    assert!(forms.len() > 30);
    for time in &forms {
        for (provider, signature, time_header) in
            [("slack", "v0", "x-slack-request-timestamp"), ("standard-webhooks", "v1", "webhook-timestamp")]
        {
            let case = Case::of(provider, signature);
            let Ok(value) = HeaderValue::from_str(time).or_else(|_| HeaderValue::from_bytes(time.as_bytes())) else {
                continue;
            };
            let headers = HeaderMap::from_iter([(HeaderName::from_static(time_header), value)]);
            let draft = Draft {
                event: "e",
                body: b"{}",
                content_type: None,
                headers: &headers,
                url: "http://a/",
                signature: Some(signature),
            };
            let composed =
                compose(&case.provider, &draft, Some(&case.secret()), &RefCell::new(Generator::new(1, now())));
            if let Ok(request) = composed {
                assert!(!case.accepts(&request), "{provider}: {time:?}: {:?}", case.verify(&request));
            }
        }
        let stripe = Case::of("stripe", "v1");
        let message = [time.as_bytes(), b".{}"].concat();
        let text = format!("t={time},v1={}", senders::hmac_sha256(stripe.secret().expose(), &message));
        let Some(request) = stripe.with_text(&stripe.signed(b"{}"), &text) else { continue };
        assert!(!stripe.accepts(&request), "stripe: {time:?}");
    }
}

#[test]
fn two_times_do_not_let_the_verifier_choose() {
    let case = Case::of("stripe", "v1");
    let old = now() - SignedDuration::from_hours(1);
    let request = case.signed_with(b"{}", &case.secret(), old);
    let text = case.text(&request);
    for forged in [format!("t={},{text}", now().as_second()), format!("{text},t={}", now().as_second())] {
        assert!(!case.accepts(&case.with_text(&request, &forged).unwrap()), "{forged}");
    }
    for (provider, signature, header) in
        [("slack", "v0", "x-slack-request-timestamp"), ("standard-webhooks", "v1", "webhook-timestamp")]
    {
        let case = Case::of(provider, signature);
        let mut request = case.signed_with(b"{}", &case.secret(), old);
        request.headers.append(header, now().as_second().to_string().parse().unwrap());
        assert!(!case.accepts(&request), "{provider}");
    }
}
