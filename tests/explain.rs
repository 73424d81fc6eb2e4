//! The explainer: whatever it claims to know it finds, for every signature of the catalogue, and nothing else.

use std::sync::{Arc, LazyLock};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hookctl::model::{Explanation, Reason, RefusalKind, Request, Secret, Verdict, VerdictStatus};
use hookctl::provider::{Catalogue, Circumstances, Effort, Provider, Verifier, explained};

use crate::case::{COMPUTED, Case};
use crate::damage::{BODY, Broken, Sender, damages};
use crate::senders::{self, now};

/// Found with other requests than one provider's own, see below.
const ELSEWHERE: [&str; 2] = ["scheme.version", "scheme.provider"];

/// Tokens have no content of their own to lay out; what they bind is the body, what they are made with the secret.
static TOKENS: LazyLock<Vec<Case>> = LazyLock::new(|| {
    let (providers, _) = Catalogue::default().all();
    let of = |provider: &Arc<Provider>| {
        let tokens = provider.signatures().iter().filter(|signature| signature.algorithm().starts_with("JWT"));
        tokens
            .map(|signature| Case { provider: Arc::clone(provider), signature: signature.id().to_owned() })
            .collect::<Vec<_>>()
    };
    providers.iter().flat_map(of).collect()
});

fn verify(provider: &Arc<Provider>, broken: &Broken, effort: Effort, providers: &[Arc<Provider>]) -> Verdict {
    let circumstances = Circumstances {
        url: broken.url.as_deref(),
        known: &broken.known,
        providers,
        effort,
        ..Circumstances::at(now())
    };
    Verifier::new(Arc::clone(provider), [broken.secret.clone()]).verify(&broken.request, &circumstances)
}

fn explanation(verdict: &Verdict) -> &Explanation {
    verdict.explanation.as_deref().expect("an explanation of whatever is not valid")
}

fn ids(explanation: &Explanation) -> Vec<&str> {
    explanation.changes.iter().map(|change| change.id.as_str()).collect()
}

/// Whether the mutation applies to this signature, and if it does, is named.
///
/// All single changes that make the signature match are told, the likeliest first, so the one that was done is
/// always among them. Where it is not the first, the first yields the same signed bytes and is no larger.
fn is_found(id: &str, case: &Case, broken: &Broken) -> Result<bool, String> {
    if verify(&case.provider, broken, Effort::NONE, &[]).status == VerdictStatus::Valid {
        return Ok(false);
    }
    let verdict = verify(&case.provider, broken, Effort::THOROUGH, &[]);
    assert_ne!(verdict.status, VerdictStatus::Valid, "{case:?}: an explained mismatch is still one");
    let explanation = explanation(&verdict);
    // The secret may be right as it is for another of the provider's signatures than its form chooses.
    if id.starts_with("secret.") && ids(explanation).contains(&"scheme.version") {
        return Ok(true);
    }
    if !ids(explanation).contains(&id) || ids(explanation).iter().any(|id| id.contains('+')) {
        return Err(format!("{case:?}: {id} is not in {:?}: {:?}", ids(explanation), verdict.reason));
    }
    assert!(verdict.hint.is_some(), "{case:?}: {id}");
    tells_no_secret(&verdict, case, broken);
    Ok(true)
}

/// Nothing that is said holds a secret, or a signature that would be right.
fn tells_no_secret(verdict: &Verdict, case: &Case, broken: &Broken) {
    let said =
        format!("{:?} {:?} {:?}", verdict.hint, verdict.explanation, verdict.reason.as_ref().map(ToString::to_string));
    for secret in broken.known.iter().chain([&broken.secret, &case.secret()]) {
        let text = String::from_utf8_lossy(secret.expose()).trim().trim_matches('"').to_owned();
        assert!(!said.contains(&text), "{case:?}: {said}");
    }
    let right = Sender::of(case).sign(&broken.request.body);
    for value in right.iter().flat_map(|request| request.headers.values()) {
        let text = value.to_str().unwrap_or_default();
        assert!(text.len() < 40 || !said.contains(text), "{case:?}: {said}");
    }
}

/// Every signature of the catalogue with every mutation of these groups that applies to it.
#[track_caller]
fn each_is_found(groups: &[&str]) {
    let mut wrong = Vec::new();
    for id in explained().filter(|id| groups.iter().any(|group| id.split('.').next() == Some(group))) {
        let mut count = 0;
        for case in COMPUTED.iter() {
            for broken in damages(id, case) {
                match is_found(id, case, &broken) {
                    Ok(is_found) => count += usize::from(is_found),
                    Err(problem) => wrong.push(problem),
                }
            }
        }
        if count == 0 && !ELSEWHERE.contains(&id) {
            wrong.push(format!("{id} applies to no signature"));
        }
    }
    assert!(wrong.is_empty(), "{} problems:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn a_mishandled_secret_is_found_for_every_signature() {
    each_is_found(&["secret"]);
}

#[test]
fn a_changed_body_is_found_for_every_signature() {
    each_is_found(&["body"]);
}

#[test]
fn json_written_again_is_found_for_every_signature() {
    each_is_found(&["json"]);
}

#[test]
fn a_form_encoded_again_is_found_for_every_signature() {
    each_is_found(&["form"]);
}

#[test]
fn another_url_is_found_for_every_signature_that_covers_it() {
    each_is_found(&["url"]);
}

#[test]
fn a_mangled_header_or_time_is_found_for_every_signature() {
    each_is_found(&["header", "time"]);
}

#[test]
fn another_scheme_is_found_for_every_signature() {
    each_is_found(&["scheme"]);
}

#[test]
fn what_another_provider_signed_is_found_whatever_it_is_verified_as() {
    let (providers, _) = Catalogue::default().all();
    let mut count = 0;
    for case in COMPUTED.iter() {
        let Some(request) = Sender::of(case).sign(BODY) else { continue };
        let (secret, known) = (senders::verifying(&case.secret()), Vec::new());
        let broken = Broken { request, secret, url: None, known };
        // Each signature beside the next providers of the list: all pairs would be thousands.
        let place = providers.iter().position(|other| other.id() == case.provider.id()).unwrap();
        let mut known = providers.clone();
        // With the values that it signs and no request carries.
        known[place] = Arc::clone(&case.provider);
        for other in providers.iter().cycle().skip(place + 1).take(3) {
            let verdict = verify(other, &broken, Effort::THOROUGH, &known);
            if !matches!(verdict.status, VerdictStatus::Invalid | VerdictStatus::Unsigned) {
                continue;
            }
            let found = ids(explanation(&verdict));
            assert!(found.contains(&"scheme.provider"), "{case:?} as {}: {found:?}", other.id());
            count += 1;
        }
    }
    assert!(count > 10, "{count}");
}

#[test]
fn the_other_signature_of_a_provider_is_found() {
    let case = Case::of("github", "sha1-legacy");
    let mut request = case.signed(BODY);
    request.headers.insert("x-hub-signature-256", format!("sha256={}", "0".repeat(64)).parse().unwrap());
    let broken = Broken { request, secret: case.secret(), url: None, known: Vec::new() };
    let verdict = verify(&case.provider, &broken, Effort::THOROUGH, &[]);
    assert_eq!(ids(explanation(&verdict)), ["scheme.version"]);
    let hint = "it matches the signature `sha1-legacy` of GitHub, which the provider has deprecated: let the sender use `sha256`";
    assert_eq!(verdict.hint.as_deref(), Some(hint));
}

/// A secret of the same form that has nothing to do with this one.
fn unrelated(case: &Case) -> Secret {
    let own = case.secret();
    let text = String::from_utf8_lossy(own.expose()).into_owned();
    let key = STANDARD.encode("another thirty-two bytes of key!");
    let text = match text.split_once('_') {
        Some((prefix @ ("whsec" | "whpk" | "whsk"), _)) => format!("{prefix}_{key}"),
        _ if text.bytes().all(|byte| byte.is_ascii_hexdigit()) => hex::encode("another thirty-two bytes of key!"),
        _ => key,
    };
    Secret::new(text, "test").unwrap()
}

#[test]
fn what_an_unrelated_key_signed_is_never_explained() {
    let (providers, _) = Catalogue::default().all();
    for case in COMPUTED.iter() {
        let Some(request) = Sender::of(case).sign(BODY) else { continue };
        let known = vec![Secret::new("one more secret", "test").unwrap()];
        let broken = Broken { request, secret: unrelated(case), url: None, known };
        let verdict = verify(&case.provider, &broken, Effort::BRIEF, &providers);
        assert_eq!(verdict.status, VerdictStatus::Invalid, "{case:?}");
        let explanation = explanation(&verdict);
        assert_eq!(ids(explanation), [""; 0], "{case:?}");
        let is_compared = !matches!(verdict.reason, Some(Reason::UnusableSecret { .. }));
        assert!(explanation.tries > 20, "{case:?}: {explanation:?}");
        assert_eq!(!explanation.ruled_out.is_empty(), is_compared, "{case:?}: {explanation:?}");
        tells_no_secret(&verdict, case, &broken);
    }
}

#[test]
fn an_unrelated_key_is_not_explained_by_any_two_changes_either() {
    let (providers, _) = Catalogue::default().all();
    for case in [Case::of("github", "sha256"), Case::of("twilio", "form"), Case::of("standard-webhooks", "v1")] {
        let known = vec![Secret::new("one more secret", "test").unwrap()];
        let broken = Broken { request: case.signed(BODY), secret: unrelated(&case), url: None, known };
        let verdict = verify(&case.provider, &broken, Effort::THOROUGH, &providers);
        let explanation = explanation(&verdict);
        assert!(explanation.is_complete && explanation.changes.is_empty(), "{case:?}: {explanation:?}");
    }
}

#[test]
fn two_changes_at_once_are_found() {
    let case = Case::of("github", "sha256");
    let two = |secret: &str, body: &[u8], signed: &[u8]| {
        let mut request = case.signed(signed);
        request.body = body.to_vec().into();
        let secret = Secret::new(secret, "test").unwrap();
        let verdict =
            verify(&case.provider, &Broken { request, secret, url: None, known: Vec::new() }, Effort::BRIEF, &[]);
        (ids(explanation(&verdict)).join(" "), verdict.hint.unwrap_or_default())
    };
    let own = String::from_utf8(case.secret().expose().to_vec()).unwrap();
    let (found, hint) = two(&format!("{own}\n"), b"{}\n", b"{}");
    assert_eq!(found.split(' ').next(), Some("secret.whitespace+body.newline_added"));
    assert!(hint.starts_with(
        "the secret has white space around it, and a trailing newline was added to the body: remove it; "
    ));
    // Compressed, then wrapped: undone from the outside in.
    let indented = b"{\n  \"a\": \"b\"\n}\n";
    let (found, _) = two(&own, indented, b"{\"a\":\"b\"}\n");
    assert!(found.contains("json.compact+body.newline_trimmed"), "{found}");
}

#[test]
fn a_hostile_body_costs_no_more_than_the_effort() {
    let case = Case::of("github", "sha256");
    let bodies = [
        b"[".repeat(200_000),
        [b"[".repeat(100_000), b"]".repeat(100_000)].concat(),
        b"{\"a\":".repeat(50_000),
        b"\r\n".repeat(100_000),
        b"a=+&".repeat(50_000),
        b"&".repeat(200_000),
        vec![0xff; 3_000_000],
        b"\"\\u00e9\"".repeat(10_000),
    ];
    for body in bodies {
        let mut request = case.signed(b"x");
        request.body = body.into();
        for name in ["forwarded", "x-forwarded-host", "x-id"] {
            request.headers.insert(name, "a,".repeat(2_000).parse().unwrap());
        }
        let broken = Broken { request, secret: case.secret(), url: None, known: Vec::new() };
        let verdict = verify(&case.provider, &broken, Effort::BRIEF, &[]);
        let explanation = explanation(&verdict);
        assert!(explanation.changes.is_empty() && explanation.tries <= Effort::BRIEF.tries, "{explanation:?}");
    }
}

#[test]
fn without_an_effort_nothing_is_explained_and_a_valid_request_never_is() {
    let case = Case::of("github", "sha256");
    let mut request = case.signed(b"{}");
    let broken = |request| Broken { request, secret: case.secret(), url: None, known: Vec::new() };
    let valid = verify(&case.provider, &broken(request.clone()), Effort::THOROUGH, &[]);
    assert_eq!((valid.status, valid.explanation), (VerdictStatus::Valid, None));
    request.body = "{}\n".into();
    assert_eq!(verify(&case.provider, &broken(request), Effort::NONE, &[]).explanation, None);
}

#[test]
fn a_changed_body_is_found_where_a_token_binds_it() {
    let mut found = Vec::new();
    let binding = TOKENS.iter().filter(|case| {
        let request = Sender::of(case).sign(BODY);
        request.is_some_and(|request| case.accepts(&request))
    });
    for case in binding {
        for id in ["body.newline_added", "body.lf_to_crlf", "body.gzip", "json.compact", "json.php", "json.sorted"] {
            for broken in damages(id, case) {
                if is_found(id, case, &broken).unwrap() {
                    found.push(case.provider.id().to_string());
                }
            }
        }
    }
    assert!(found.iter().any(|provider| provider == "plaid"), "{found:?}");
}

/// The causes that were seen in practice, as the first thing that is said.
#[test]
fn what_goes_wrong_most_is_named_first() {
    let causes = [
        ("github", "sha256", "body.newline_added"),
        ("github", "sha256", "body.newline_trimmed"),
        ("github", "sha256", "body.lf_to_crlf"),
        ("github", "sha256", "body.bom_added"),
        ("github", "sha256", "body.latin1_to_utf8"),
        ("github", "sha256", "body.gzip"),
        ("github", "sha256", "json.compact"),
        ("github", "sha256", "json.php"),
        ("github", "sha256", "secret.whitespace"),
        ("github", "sha256", "secret.other"),
        ("github", "sha256", "header.prefix_case"),
        ("github", "sha256", "header.prefix_missing"),
        ("shopify", "webhook", "header.encoding"),
        ("standard-webhooks", "v1", "json.spaced"),
        ("standard-webhooks", "v1", "secret.not_decoded"),
        ("stripe", "v1", "header.version"),
        ("stripe", "v1", "secret.prefix_stripped"),
        ("twilio", "form", "form.plus_decoded"),
        ("twilio", "form", "url.scheme"),
        ("vercel", "sha1", "scheme.digest"),
        ("square", "hmac", "url.scheme"),
        ("hubspot", "v3", "url.slash"),
        ("sendgrid", "ecdsa", "body.crlf_trimmed"),
        ("discord", "ed25519", "body.newline_added"),
        ("plaid", "jwt", "json.spaced"),
        ("hubspot", "v3", "time.unit"),
        ("hubspot", "v2", "scheme.hmac"),
    ];
    for (provider, signature, id) in causes {
        let case = Case::of(provider, signature);
        let broken = damages(id, &case);
        assert!(!broken.is_empty(), "{case:?}: {id}");
        let verdict = verify(&case.provider, &broken[0], Effort::THOROUGH, &[]);
        assert!(verdict.explanation.is_some(), "{case:?}: {id}: {verdict:?}");
        let first = ids(explanation(&verdict)).first().copied();
        assert_eq!(first, Some(id), "{case:?}: {:?}", verdict.hint);
    }
}

#[test]
fn a_refusal_is_of_one_of_four_kinds() {
    let case = Case::of("stripe", "v1");
    let (genuine, secret) = (case.signed(BODY), case.secret());
    let kind = |change: &dyn Fn(&mut hookctl::model::Request), seconds: i64| {
        let mut request = genuine.clone();
        change(&mut request);
        let at = now() + jiff::SignedDuration::from_secs(seconds);
        let circumstances = Circumstances { effort: Effort::BRIEF, ..Circumstances::at(at) };
        let verdict = Verifier::new(Arc::clone(&case.provider), [secret.clone()]).verify(&request, &circumstances);
        (explanation(&verdict).kind, verdict.hint.unwrap_or_default())
    };
    let header = "stripe-signature";
    assert_eq!(kind(&|request| drop(request.headers.remove(header)), 0).0, RefusalKind::Missing);
    assert_eq!(
        kind(&|request| drop(request.headers.insert(header, "v1".parse().unwrap())), 0).0,
        RefusalKind::Malformed
    );
    assert_eq!(kind(&|request| request.body = "?".into(), 0).0, RefusalKind::Wrong);
    let (late, hint) = kind(&|_| (), 1_000);
    assert_eq!(late, RefusalKind::Rejected);
    assert!(hint.starts_with("a replay keeps its old timestamp"), "{hint}");
    assert_eq!(kind(&|_| (), -1_000).1, "the clocks differ: set this machine's or the sender's");
    // What was changed is found although the time is wrong too, and both are said.
    let (kind, hint) = kind(&|request| request.body = [BODY, b"\n"].concat().into(), 1_000);
    assert_eq!(kind, RefusalKind::Wrong);
    assert!(
        hint.starts_with("a trailing newline was added") && hint.contains("(then: timestamp too old by 700 s"),
        "{hint}"
    );
}

/// The signature is right: whatever else is said would lead away from the body.
#[test]
fn a_right_signature_over_another_body_is_explained_by_the_body_alone() {
    let (providers, _) = Catalogue::default().all();
    let mut count = 0;
    for case in TOKENS.iter().chain([&Case::of("twilio", "json")]) {
        let Some(mut request) = Sender::of(case).sign(BODY) else { continue };
        if !case.accepts(&request) {
            continue;
        }
        request.body = "{\"something\":\"else\",\"event\":\"x\",\"livemode\":true}".into();
        let secret = senders::verifying(&case.secret());
        let broken = Broken { request, secret, url: None, known: Vec::new() };
        let verdict = verify(&case.provider, &broken, Effort::THOROUGH, &providers);
        let is_rejected = matches!(verdict.reason, Some(Reason::CheckFailed { .. }));
        if !is_rejected {
            continue;
        }
        let explanation = explanation(&verdict);
        assert_eq!(ids(explanation), [""; 0], "{case:?}");
        let hint = verdict.hint.as_deref().unwrap_or_default();
        assert!(hint.starts_with("the secret is right, and what was signed is another body"), "{case:?}: {hint}");
        let ruled_out = explanation.ruled_out.join("; ");
        assert!(!ruled_out.contains("the secret"), "{case:?}: {ruled_out}");
        count += 1;
    }
    assert!(count >= 5, "{count}");
}

#[test]
fn a_time_in_another_form_that_is_signed_so_is_said_to_be() {
    let case = Case::of("stripe", "v1");
    let mut request = case.signed(BODY);
    let time = "1767225600000";
    let key = case.secret();
    let signed = [time.as_bytes(), b".", BODY].concat();
    let digest = senders::hmac_sha256(key.expose(), &signed);
    request.headers.insert("stripe-signature", format!("t={time},v1={digest}").parse().unwrap());
    let broken = Broken { request, secret: key, url: None, known: Vec::new() };
    let verdict = verify(&case.provider, &broken, Effort::THOROUGH, &[]);
    let hint = "the sender writes the time in milliseconds: let it write whole seconds since 1970, such as 1767225600";
    assert_eq!(verdict.hint.as_deref(), Some(hint));
    assert_eq!(explanation(&verdict).ruled_out, [""; 0]);
}

#[test]
fn what_is_not_signed_at_all_rules_nothing_out() {
    let case = Case::of("github", "sha256");
    let mut request = case.signed(BODY);
    request.headers.remove("x-hub-signature-256");
    let broken = Broken { request, secret: case.secret(), url: None, known: Vec::new() };
    let (providers, _) = Catalogue::default().all();
    let verdict = verify(&case.provider, &broken, Effort::THOROUGH, &providers);
    assert_eq!((verdict.status, explanation(&verdict).ruled_out.len()), (VerdictStatus::Unsigned, 0));
    assert!(verdict.hint.unwrap_or_default().starts_with("set a secret at GitHub"));
}

#[test]
fn providers_that_sign_alike_are_all_named_the_recognised_one_first() {
    let (providers, _) = Catalogue::default().all();
    let case = Case::of("github", "sha256");
    let mut request = case.signed(BODY);
    request.headers.insert("x-github-event", "push".parse().unwrap());
    let shopify = Case::of("shopify", "webhook").provider;
    let hint = |request: &Request| {
        let broken = Broken { request: request.clone(), secret: case.secret(), url: None, known: Vec::new() };
        verify(&shopify, &broken, Effort::THOROUGH, &providers).hint.unwrap_or_default()
    };
    let mut bare = Request { body: request.body.clone(), ..Request::default() };
    bare.headers.insert("x-hub-signature-256", request.headers["x-hub-signature-256"].clone());
    assert!(hint(&bare).ends_with("verify it with --provider gitea, or github, or meta"), "{}", hint(&bare));
    let hint = hint(&request);
    assert!(
        hint.starts_with("it is a right signature of GitHub (`sha256`): verify it with --provider github, or "),
        "{hint}"
    );
    assert!(hint.contains("gitea") && hint.matches("github").count() == 1, "{hint}");
}

#[test]
fn a_signed_url_of_this_machine_is_pointed_at() {
    let case = Case::of("twilio", "form");
    let mut request = Sender::of(&case).sign(BODY).unwrap();
    request.body = "From=2".into();
    let hint = |url: &str| {
        let broken =
            Broken { request: request.clone(), secret: case.secret(), url: Some(url.into()), known: Vec::new() };
        verify(&case.provider, &broken, Effort::BRIEF, &[]).hint.unwrap_or_default()
    };
    let local = hint("http://localhost:4000/sms");
    assert!(local.starts_with("the URL is signed too, and here it is one of `http://localhost:4000`:"), "{local}");
    assert_eq!(hint("https://example.com/sms"), "");
}

#[test]
fn what_is_plain_to_see_is_told_without_the_secret() {
    let case = Case::of("github", "sha256");
    let seen = |body: &[u8], headers: &[(&'static str, &'static str)]| {
        let mut request = case.signed(b"something else");
        request.body = body.to_vec().into();
        headers.iter().for_each(|(name, value)| drop(request.headers.insert(*name, value.parse().unwrap())));
        let broken = Broken { request, secret: case.secret(), url: None, known: Vec::new() };
        let verdict = verify(&case.provider, &broken, Effort::BRIEF, &[]);
        assert_eq!(verdict.hint.as_ref(), explanation(&verdict).seen.first());
        verdict.hint.unwrap_or_default()
    };
    for (body, headers, start) in [
        (&b"{}"[..], &[("content-length", "3")][..], "content-length says 3, and the body has 1 byte less"),
        (
            b"",
            &[("content-length", "17")],
            "the body is empty, and content-length says 17: verify before anything reads it",
        ),
        (b"{}", &[("content-encoding", "gzip")], "the request says `content-encoding: gzip` and the body is unpacked"),
        (b"\x1f\x8b\x08\x00", &[], "the body is gzip, and the request does not say so"),
        (b"{\"id\":12345678901234567}", &[], "the body has integers beyond 2^53"),
        (b"{\"n\":1.0}", &[], "the body has `1.0`, which JavaScript writes `1`"),
        (b"{\"n\":\"a\\/b\"}", &[], "the body has `\\/`, which most parsers write `/`"),
        ("{\"n\":\"Ã©\"}".as_bytes(), &[], "the body looks like UTF-8 that was read as Latin-1"),
        ("{\"n\":\"\u{fffd}\"}".as_bytes(), &[], "the body has U+FFFD where bytes were not understood"),
        (b"From=+1555&To=2", &[], "a form value begins with `+`"),
        (b"{\"livemode\":false}", &[], "the event is of test mode"),
        (b"{\"a\":1}", &[("content-length", "7")], ""),
    ] {
        let hint = seen(body, headers);
        assert!(hint.starts_with(start) && hint.is_empty() == start.is_empty(), "{body:?}: {hint}");
    }
}

#[test]
fn what_is_seen_in_the_body_is_not_said_where_nothing_was_signed() {
    let case = Case::of("github", "sha256");
    let mut request = case.signed(b"{\"id\":12345678901234567}");
    request.headers.remove("x-hub-signature-256");
    let broken = Broken { request, secret: case.secret(), url: None, known: Vec::new() };
    let verdict = verify(&case.provider, &broken, Effort::BRIEF, &[]);
    assert!(explanation(&verdict).seen.is_empty());
    assert!(verdict.hint.unwrap().starts_with("set a secret at GitHub"));
}
