//! What `verify` proposes to change: the form of the secret, or what happened to the body.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::sandbox::Sandbox;
use crate::senders::hmac_sha256;

/// The hint when `secret` is configured and the sender signed `signed` with `key`, and `body` arrived.
fn hint(provider: &str, secret: &str, key: &[u8], signed: &[u8], body: &[u8]) -> String {
    let sandbox = Sandbox::new().env("HOOKCTL_SECRET", secret);
    let header = match provider {
        "stripe" => {
            let digest = hmac_sha256(key, &[b"1767225600.", signed].concat());
            vec![format!("Stripe-Signature: t=1767225600,v1={digest}")]
        }
        "standard-webhooks" => {
            let digest = hex::decode(hmac_sha256(key, &[b"id.1767225600.", signed].concat())).unwrap();
            let signature = format!("webhook-signature: v1,{}", STANDARD.encode(digest));
            vec!["webhook-id: id".to_owned(), "webhook-timestamp: 1767225600".to_owned(), signature]
        }
        _ => vec![format!("X-Hub-Signature-256: sha256={}", hmac_sha256(key, signed))],
    };
    let mut args = vec!["verify", "--provider", provider, "--at", "1767225600"];
    args.extend(header.iter().flat_map(|header| ["-H", header]));
    let ended = sandbox.run_with(&args, body);
    assert_eq!(ended.code, 1, "a hint never makes it valid: {}", ended.stdout);
    let line = ended.stdout.lines().find_map(|line| line.strip_prefix("    hint: "));
    line.unwrap_or("no hint").to_owned()
}

fn secret_hint(provider: &str, secret: &str, key: impl AsRef<[u8]>) -> String {
    hint(provider, secret, key.as_ref(), b"{}", b"{}")
}

fn body_hint(signed: &str, body: &str) -> String {
    hint("github", "s3cret", b"s3cret", signed.as_bytes(), body.as_bytes())
}

#[test]
fn a_prefix_that_was_kept_or_stripped_is_recognised() {
    assert_eq!(secret_hint("stripe", "whsec_abc", "abc"), "the `whsec_` prefix is not part of this key: leave it out");
    assert_eq!(secret_hint("stripe", "abc", "whsec_abc"), "the `whsec_` prefix is part of the key: keep it");
}

#[test]
fn base64_that_was_decoded_or_not_is_recognised() {
    let text = STANDARD.encode(b"0123456789abcdef01234567");
    let whsec = format!("whsec_{text}");
    assert_eq!(
        secret_hint("github", &text, "0123456789abcdef01234567"),
        "the sender decoded the secret from base64; this scheme uses its text as it is"
    );
    assert_eq!(
        secret_hint("stripe", &whsec, "0123456789abcdef01234567"),
        "this secret must be decoded from base64 after `whsec_`: the provider is probably another one (standard-webhooks)"
    );
    assert_eq!(
        secret_hint("standard-webhooks", &whsec, &whsec),
        "the sender used the secret as plain text, without decoding it: sign with the decoded key"
    );
    assert_eq!(
        secret_hint("github", "00ff10", [0, 255, 16]),
        "the sender decoded the secret from hex; this scheme uses its text as it is"
    );
}

#[test]
fn white_space_and_quotes_around_a_secret_are_recognised() {
    for secret in [" s3cret", "s3cret\n", "s3cret\t ", "\r\ns3cret"] {
        assert_eq!(
            secret_hint("github", secret, "s3cret"),
            "the secret has white space around it: remove it",
            "{secret:?}"
        );
    }
    for secret in ["\"s3cret\"", "'s3cret'"] {
        assert_eq!(secret_hint("github", secret, "s3cret"), "the secret has quotes around it: remove them", "{secret}");
    }
}

#[test]
fn a_newline_that_was_added_or_removed_is_recognised() {
    assert_eq!(
        body_hint("{}", "{}\n"),
        "a trailing newline was added to the body: send it without (printf instead of echo)"
    );
    assert!(body_hint("{}", "{}\r\n").starts_with("a trailing CR LF was added to the body"));
    assert!(body_hint("{}\n", "{}").starts_with("the signed body ends with a newline that this one lacks"));
    assert!(body_hint("{}\r\n", "{}").starts_with("the signed body ends with CR LF that this one lacks"));
}

#[test]
fn changed_line_ends_are_recognised() {
    let (lf, crlf) = ("{\n\"a\": 1\n}", "{\r\n\"a\": 1\r\n}");
    assert_eq!(body_hint(lf, crlf), "line ends were changed from LF to CR LF: pass the raw bytes on");
    assert_eq!(body_hint(crlf, lf), "line ends were changed from CR LF to LF: pass the raw bytes on");
    assert!(body_hint("{}", "\u{feff}{}").starts_with("a byte order mark was put before the body"));
}

#[test]
fn json_that_was_written_again_is_recognised() {
    let compact = "{\"a\":1,\"b\":[true,null],\"n\":12345678901234567890.10}";
    let spaced = "{\"a\": 1, \"b\": [true, null], \"n\": 12345678901234567890.10}";
    let indented = "{\n  \"a\": 1,\n  \"b\": [\n    true,\n    null\n  ],\n  \"n\": 12345678901234567890.10\n}";
    for (signed, arrived) in [(compact, spaced), (spaced, compact), (compact, indented), (indented, compact)] {
        assert!(body_hint(signed, arrived).starts_with("the JSON body was parsed and written again"), "{arrived}");
    }
}

#[test]
fn what_one_change_does_not_explain_is_not_explained() {
    assert_eq!(body_hint("{\"a\":1}", "{\"a\":2}"), "no hint");
    assert_eq!(secret_hint("github", "s3cret", "another"), "no hint");
}
