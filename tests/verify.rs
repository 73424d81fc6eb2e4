//! `verify` and `sign`: published signatures through the binary, exact reasons, exit codes, round trips.

use std::path::Path;

use hookctl::provider::Catalogue;
use serde_json::Value;

use crate::catalogue;
use crate::sandbox::{Ended, Sandbox};
use crate::senders::{self, hmac_sha256};

const SECRET: &str = "It's a Secret to Everybody";
const BODY: &[u8] = b"{\"a\": 1}";

fn sandbox() -> Sandbox {
    Sandbox::new().env("HOOKCTL_SECRET", SECRET)
}

/// Verifies as GitHub does, with this header value.
fn github(sandbox: &Sandbox, value: &str, body: &[u8]) -> Ended {
    let header = format!("X-Hub-Signature-256: {value}");
    sandbox.run_with(&["verify", "--provider", "github", "--header", &header], body)
}

fn right() -> String {
    format!("sha256={}", hmac_sha256(SECRET.as_bytes(), BODY))
}

#[test]
fn every_published_signature_of_a_built_in_provider_is_valid_through_the_binary() {
    let ids = Catalogue::default().ids();
    let vectors: Vec<Value> = serde_json::from_str(include_str!("vectors/published.json")).unwrap();
    let mut providers = std::collections::BTreeSet::new();
    let valid = vectors.iter().filter(|vector| vector["valid"] == true);
    for vector in valid.filter(|vector| ids.iter().any(|id| vector["provider"] == **id)) {
        let text = |key: &str| vector[key].as_str().unwrap_or_default().to_owned();
        let secret = vector["vars"]["public_key"].as_str().map_or_else(|| text("secret"), str::to_owned);
        let sandbox = Sandbox::new().env("HOOKCTL_SECRET", &secret);
        let headers: Vec<String> = vector["headers"]
            .as_object()
            .unwrap()
            .iter()
            .map(|(name, value)| format!("{name}: {}", value.as_str().unwrap()))
            .collect();
        let (now, url, method) = (vector["now"].to_string(), text("url"), text("method"));
        let provider = text("provider");
        let mut args = vec!["verify", "--provider", &provider, "--body", "-", "--at", &now, "--method", &method];
        args.extend(["--url", url.as_str()].into_iter().filter(|_| !url.is_empty()));
        args.extend(headers.iter().flat_map(|header| ["--header", header]));
        let known = Catalogue::default().provider(&provider).unwrap();
        let given = known.variables().iter().filter_map(|own| Some((&own.name, vector["vars"][&own.name].as_str()?)));
        let given: Vec<String> = given.map(|(name, value)| format!("{name}={value}")).collect();
        args.extend(given.iter().flat_map(|given| ["--var", given]));
        let ended = sandbox.run_with(&args, text("body").as_bytes());
        assert_eq!(ended.code, 0, "{}: {}{}", text("id"), ended.stdout, ended.stderr);
        assert!(ended.stdout.starts_with(&format!("✓ valid {provider} signature: ")), "{}", ended.stdout);
        assert_eq!(ended.stdout.lines().count(), 1, "{}", ended.stdout);
        providers.insert(provider);
    }
    assert!(providers.len() >= 5, "{providers:?}");
}

#[test]
fn a_valid_signature_is_one_line() {
    let ended = github(&sandbox(), &right(), BODY);
    assert_eq!((ended.code, ended.stderr.as_str()), (0, ""));
    assert_eq!(ended.stdout, "✓ valid github signature: HMAC-SHA-256 in header `x-hub-signature-256`\n");
}

#[test]
fn a_missing_header_is_named() {
    let sandbox = sandbox();
    let ended = sandbox.run_with(&["verify", "--provider", "github"], BODY);
    assert_eq!(ended.code, 1);
    let reason = "✗ unsigned (github): missing signature: the request has no header `x-hub-signature-256`";
    assert!(ended.stdout.starts_with(reason), "{}", ended.stdout);
    let near = format!("X-Hub-Signature-265: {}", right());
    let ended = sandbox.run_with(&["verify", "--provider", "github", "-H", &near], BODY);
    let hint = "    hint: `x-hub-signature-256` is called `x-hub-signature-265` here: send it under its own name, or \
                see which proxy renames it\n";
    assert!(ended.stdout.contains(hint), "{}", ended.stdout);
    let near = "X-Hub-Signature-265: sha256=00";
    let ended = sandbox.run_with(&["verify", "--provider", "github", "-H", near], BODY);
    assert!(ended.stdout.contains("    hint: the request has a header `x-hub-signature-265`: is the name right?\n"));
}

#[test]
fn a_malformed_header_is_refused_with_the_place() {
    let sandbox = sandbox();
    for (value, problem) in [
        ("SHA256=00", "expected `sha256=` at character 1, found `SHA256=00`"),
        ("sha256=", "expected `sha256={signature}`, found `sha256=`"),
        ("sha256=00", "expected 64 hex digits, found 2"),
        ("sha256=0g", "`g` at character 2 is not a hex digit"),
    ] {
        let ended = github(&sandbox, value, BODY);
        assert_eq!(ended.code, 1);
        let line = format!("✗ invalid (github): malformed signature in header `x-hub-signature-256`: {problem}");
        assert_eq!(ended.stdout.lines().next(), Some(line.as_str()));
    }
}

#[test]
fn a_mismatch_names_header_and_algorithm() {
    let ended = github(&sandbox(), &format!("sha256={}", "0".repeat(64)), BODY);
    assert_eq!(ended.code, 1);
    assert_eq!(
        ended.stdout.lines().next(),
        Some(
            "✗ invalid (github): digest mismatch: the HMAC-SHA-256 signature in header `x-hub-signature-256` \
             is not the one computed from this body and secret"
        )
    );
}

#[test]
fn several_signatures_none_of_which_match_are_counted() {
    let zeros = "v1=".to_owned() + &"0".repeat(64);
    let header = format!("Stripe-Signature: t=1767225600,{zeros},{zeros},{zeros}");
    let ended = sandbox().run_with(&["verify", "--provider", "stripe", "-H", &header, "--at", "1767225600"], BODY);
    assert_eq!(ended.code, 1);
    let reason = "✗ invalid (stripe): none of the 3 signatures in header `stripe-signature` match the HMAC-SHA-256 signature \
                  computed from this body and secret";
    assert_eq!(ended.stdout.lines().next(), Some(reason));
}

#[test]
fn an_old_timestamp_is_refused_with_the_seconds() {
    let sandbox = sandbox();
    let signature = hmac_sha256(SECRET.as_bytes(), &[b"1767225600.", BODY].concat());
    let header = format!("Stripe-Signature: t=1767225600,v1={signature}");
    let run = |more: &[&str]| {
        let mut args = vec!["verify", "--provider", "stripe", "-H", &header];
        args.extend(more);
        sandbox.run_with(&args, BODY)
    };
    let reason = |ended: &Ended| ended.stdout.lines().next().unwrap_or_default().to_owned();
    assert_eq!(run(&["--at", "1767225900"]).code, 0);
    let old = run(&["--at", "1767225912"]);
    assert_eq!(old.code, 1);
    assert_eq!(
        reason(&old),
        "✗ invalid (stripe): timestamp too old by 12 s (age 312 s, tolerance 300 s); the signature itself matches"
    );
    let ahead = run(&["--at", "2025-12-31T23:50:00Z"]);
    assert_eq!(
        reason(&ahead),
        "✗ invalid (stripe): timestamp too far in the future by 300 s (ahead 600 s, tolerance 300 s); the signature itself matches"
    );
    assert_eq!(run(&["--at", "1767225912", "--tolerance", "6m"]).code, 0);
    assert_eq!(run(&["--at", "1867225912", "--tolerance", "none"]).code, 0);
    assert_eq!(run(&["--at", "1767225602", "--tolerance", "1s"]).code, 1);
    assert_eq!(run(&["--at", "soon"]).code, 2);
}

#[test]
fn what_would_have_matched_is_shown_to_people_and_not_in_json() {
    let sandbox = sandbox();
    let wrong = format!("X-Hub-Signature-256: sha256={}", "0".repeat(64));
    let shown = sandbox.run_with(&["verify", "--provider", "github", "-H", &wrong], BODY);
    let line = format!("    expected: header `x-hub-signature-256`: {}\n", right());
    assert!(shown.stdout.contains(&line), "{}", shown.stdout);
    let json = sandbox.run_with(&["verify", "--provider", "github", "-H", &wrong, "--json"], BODY);
    assert_eq!((json.code, json.stdout.lines().count()), (1, 1));
    assert!(!json.stdout.contains(&right()[7..]), "{}", json.stdout);
    let line: Value = serde_json::from_str(&json.stdout).unwrap();
    assert_eq!((&line["v"], &line["type"]), (&1.into(), &"verified".into()));
    assert_eq!((&line["provider"], &line["verdict"]["status"]), (&"github".into(), &"invalid".into()));
    assert!(line["verdict"]["reason"].as_str().unwrap().starts_with("digest mismatch"));
}

#[test]
fn a_request_is_recognised_without_a_provider() {
    let sandbox = sandbox();
    let header = format!("X-Hub-Signature-256: {}", right());
    let ended = sandbox.run_with(&["verify", "-H", &header, "-H", "X-GitHub-Event: ping"], BODY);
    assert_eq!(ended.code, 0, "{}{}", ended.stdout, ended.stderr);
    assert!(ended.stdout.starts_with("✓ valid github signature"));
    let unknown = sandbox.run_with(&["verify", "-H", "X-Nobody: 1"], BODY);
    assert_eq!(unknown.code, 2);
    assert!(unknown.stderr.contains("no known provider matches this request"), "{}", unknown.stderr);
    assert!(unknown.stderr.contains("hint: name one with --provider"), "{}", unknown.stderr);
}

#[test]
fn without_a_secret_nothing_is_valid_and_the_ways_to_give_one_are_named() {
    let sandbox = Sandbox::new();
    let ended = github(&sandbox, &right(), BODY);
    assert_eq!(ended.code, 1);
    assert!(ended.stdout.starts_with("✗ unchecked (github): no secret is configured for github\n"), "{}", ended.stdout);
    assert!(ended.stdout.contains("--secret-env NAME, --secret-file PATH or GITHUB_WEBHOOK_SECRET"));
}

#[test]
fn an_empty_secret_is_refused() {
    let sandbox = Sandbox::new().env("EMPTY", "");
    sandbox.write("empty.txt", "\n");
    for place in [["--secret-env", "EMPTY"], ["--secret-file", "empty.txt"], ["--secret", ""]] {
        let args = [&["verify", "--provider", "github", "-H", "X-Hub-Signature-256: sha256=00"], &place[..]].concat();
        let ended = sandbox.run_with(&args, BODY);
        assert_eq!(ended.code, 2, "{place:?}: {}", ended.stdout);
        assert!(
            ended.stderr.contains("is empty: an empty key would accept forged requests"),
            "{place:?}: {}",
            ended.stderr
        );
    }
}

#[test]
fn a_newline_at_the_end_of_a_secret_file_is_stripped_and_said_once() {
    let sandbox = Sandbox::new();
    sandbox.write("secret.txt", format!("{SECRET}\n"));
    let header = format!("X-Hub-Signature-256: {}", right());
    let args = ["verify", "--provider", "github", "-H", &header, "--secret-file", "secret.txt"];
    let ended = sandbox.run_with(&args, BODY);
    assert_eq!(ended.code, 0, "{}", ended.stdout);
    assert_eq!(ended.stderr.matches("newline at the end of").count(), 1, "{}", ended.stderr);
    let quiet = sandbox.run_with(&[&args[..], &["-q"]].concat(), BODY);
    assert_eq!((quiet.code, quiet.stderr.as_str()), (0, ""));
}

#[test]
fn a_key_ends_with_a_newline_and_nothing_is_said_of_it() {
    let sandbox = Sandbox::new();
    for (name, key) in
        [("key.pem", "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n"), ("key.jwk", "{}\n")]
    {
        sandbox.write(name, key);
        let ended = sandbox.run_with(&["verify", "--provider", "discord", "--secret-file", name], BODY);
        assert!(!ended.stderr.contains("newline"), "{}", ended.stderr);
    }
}

#[test]
fn a_secret_on_the_command_line_is_taken_with_a_warning() {
    let header = format!("X-Hub-Signature-256: {}", right());
    let args = ["verify", "--provider", "github", "-H", &header, "--secret", SECRET];
    let ended = Sandbox::new().run_with(&args, BODY);
    assert_eq!(ended.code, 0);
    assert!(ended.stderr.contains("warning: other users of this machine can see --secret"));
    assert!(!ended.stderr.contains(SECRET));
}

#[test]
fn bad_usage_is_told_from_a_no() {
    let sandbox = sandbox();
    let run = |args: &[&str]| sandbox.run_with(args, BODY);
    let colon = run(&["verify", "--provider", "github", "-H", "X-Hub-Signature-256"]);
    assert_eq!(colon.code, 2);
    assert!(colon.stderr.contains("error: header `X-Hub-Signature-256` has no colon (write `Name: value`)"));
    let unknown = run(&["verify", "--provider", "githob"]);
    assert_eq!(unknown.code, 2);
    assert!(unknown.stderr.contains("did you mean `github`?"), "{}", unknown.stderr);
    assert_eq!(run(&["verify", "--provider", "github", "--body", "none.json"]).code, 2);
    assert_eq!(run(&["sign", "--provider", "prokeep"]).code, 2);
    assert_eq!(run(&["verify", "--provider", "github", "--secret-env", "UNSET"]).code, 2);
}

#[test]
fn the_url_counts_where_it_is_signed() {
    let sandbox = Sandbox::new().env("TWILIO_AUTH_TOKEN", "12345");
    let (url, other) = ("https://example.test/sms?a=1", "https://example.test/sms?a=2");
    let signed = sandbox.run_with(&["sign", "--provider", "twilio", "--url", url], b"From=%2B1&Body=hi");
    let header = signed.stdout.lines().find(|line| line.starts_with("x-twilio-signature")).unwrap().to_owned();
    let form = "Content-Type: application/x-www-form-urlencoded";
    let verify = |url: &str| {
        sandbox.run_with(
            &["verify", "--provider", "twilio", "-H", &header, "-H", form, "--url", url],
            b"From=%2B1&Body=hi",
        )
    };
    assert_eq!(verify(url).code, 0, "{}", verify(url).stdout);
    assert_eq!(verify("https://example.test:443/sms?a=1").code, 0);
    assert_eq!(verify(other).code, 1);
}

#[test]
fn what_sign_prints_verify_accepts_for_every_signing_provider() {
    let fixtures = catalogue::fixtures();
    let mut count = 0;
    let (providers, _) = Catalogue::default().all();
    for provider in providers.iter().filter(|provider| !provider.signatures().is_empty()) {
        let id = provider.id();
        let signature = &provider.signatures()[0];
        let secret = senders::secret(provider, signature.id());
        let sandbox = Sandbox::new();
        sandbox.write("secret", secret.expose());
        // Its own sample, for some sign fields of it; where there is none, any event.
        let sample = fixtures.iter().find(|fixture| fixture.provider.id() == id);
        let (event, body, content_type) = match sample {
            Some(sample) => (sample.event.as_str(), &sample.body[..], sample.content_type.as_str()),
            None => ("push", &b"{\"type\":\"prospect.added\"}"[..], "application/json"),
        };
        sandbox.write("body", body);
        let at = ["--secret-file", "secret", "--at", "1767225600"];
        // Values that are signed though no request carries them.
        let given = provider.variables().iter().filter_map(|known| Some((&known.name, known.example.as_ref()?)));
        let given: Vec<String> = given.map(|(name, example)| format!("--var={name}={example}")).collect();
        let given: Vec<&str> = given.iter().map(String::as_str).collect();
        let what = ["--event", event, "--body", "body", "--url", "http://localhost/"];
        let signed = sandbox.run(&[&["sign", "--provider", id, "--json"], &what[..], &at, &given].concat());
        assert_eq!(signed.code, 0, "{id}: {}", signed.stderr);
        let line: Value = serde_json::from_str(&signed.stdout).unwrap();
        let mut headers: Vec<String> = line["headers"]
            .as_array()
            .unwrap()
            .iter()
            .map(|pair| format!("{}: {}", pair[0].as_str().unwrap(), pair[1].as_str().unwrap()))
            .collect();
        let is_masked = line["body"].as_str().is_some_and(|body| body.contains("\"***\""));
        if is_masked || headers.iter().any(|header| header.ends_with(": ***")) {
            assert!(!signed.stdout.contains("a secret for tests") && signed.stderr.contains("is masked"));
            continue;
        }
        if !headers.iter().any(|header| header.to_ascii_lowercase().starts_with("content-type:")) {
            headers.push(format!("Content-Type: {content_type}"));
        }
        // Signatures may stand in the URL or in the body too.
        if let Some(body) = line["body"].as_str() {
            sandbox.write("body", body);
        }
        let url = line["url"].as_str().unwrap_or("http://localhost/");
        // A time that is signed in the body is the sample's.
        let mut args = vec!["verify", "--provider", id, "--body", "body", "--url", url, "--tolerance", "none"];
        args.extend(headers.iter().flat_map(|header| ["-H", header]));
        let verified = sandbox.run(&[&args, &at[..], &given].concat());
        assert_eq!(verified.code, 0, "{id}: {}{}", verified.stdout, verified.stderr);
        count += 1;
    }
    assert!(count >= 7, "{count}");
}

#[test]
fn flags_describe_a_signature_that_no_manifest_has() {
    let sandbox = sandbox();
    let message = [b"17.", BODY].concat();
    let header = format!("X-My-Sig: {}", hmac_sha256(SECRET.as_bytes(), &message));
    let args = ["verify", "--provider", "generic", "-H", &header, "-H", "X-Time: 17", "--signature-header", "X-My-Sig"];
    let signed = sandbox.run_with(&[&args[..], &["--signed", "{header:X-Time}.{body}"]].concat(), BODY);
    assert_eq!(signed.code, 0, "{}{}", signed.stdout, signed.stderr);
    assert_eq!(sandbox.run_with(&args, BODY).code, 1);
    let wrong = sandbox.run_with(&[&args[..], &["--signed", "{bdoy}"]].concat(), BODY);
    assert_eq!(wrong.code, 2);
    assert!(wrong.stderr.contains("the signature flags:") && wrong.stderr.contains("bdoy"), "{}", wrong.stderr);
}

#[test]
fn any_bytes_can_be_a_body() {
    let sandbox = sandbox();
    for body in [&b""[..], b"\0\xff\xfe", b"{\"a\":\"\\ud800\"}", &[b'['; 100_000]] {
        let value = format!("sha256={}", hmac_sha256(SECRET.as_bytes(), body));
        assert_eq!(github(&sandbox, &value, body).code, 0);
        assert_eq!(github(&sandbox, &value, &[body, b"x"].concat()).code, 1);
    }
    assert!(Path::new(sandbox.path()).is_dir());
}

#[test]
fn explain_shows_what_was_compared_and_never_the_key() {
    let sandbox = sandbox();
    let header = format!("X-Hub-Signature-256: {}", right());
    let args = ["verify", "--provider", "github", "-H", &header, "--explain"];
    let body = [BODY, b"\n"].concat();
    let shown = sandbox.run_with(&args, &body);
    assert_eq!(shown.code, 1);
    for line in [
        "    hint: a trailing newline was added to the body: send it without (printf instead of echo)\n".to_owned(),
        format!("    received: header `x-hub-signature-256`: {}\n", right()),
        format!("    expected: header `x-hub-signature-256`: sha256={}\n", hmac_sha256(SECRET.as_bytes(), &body)),
        "    signed: 9 bytes, sha256 ".to_owned(),
        "      00000000  7b 22 61 22 3a 20 31 7d 0a                       {\"a\": 1}.\n".to_owned(),
        format!("    key: {} bytes, sha256 begins ", SECRET.len()),
    ] {
        assert!(shown.stdout.contains(&line), "{line}{}", shown.stdout);
    }
    assert!(!shown.stdout.contains(SECRET));
    let long = sandbox.run_with(&args, &b"0123456789abcdef".repeat(8));
    let ends = ["00000010  30 31", "      …\n", "      00000070  30 31"];
    assert!(ends.iter().all(|end| long.stdout.contains(end)) && !long.stdout.contains("00000020"), "{}", long.stdout);
    let json = sandbox.run_with(&[&args[..], &["--json"]].concat(), &body);
    assert_eq!(json.stdout.lines().count(), 1);
    assert!(!json.stdout.contains(&right()[7..]) && !json.stdout.contains("7b 22"), "{}", json.stdout);
    // A token is a secret itself: there is nothing to compare that could be shown.
    let token =
        ["verify", "--provider", "gitlab", "--signature", "secret-token", "-H", "X-Gitlab-Token: wrong", "--explain"];
    let token = sandbox.run_with(&token, BODY);
    assert!(
        token.code == 1 && !token.stdout.contains("key:") && !token.stdout.contains("received:"),
        "{}",
        token.stdout
    );
}

#[test]
fn explain_does_not_show_content_that_the_secret_is_part_of() {
    let header = format!("X-HubSpot-Signature: {}", "0".repeat(64));
    let args = ["verify", "--provider", "hubspot", "-H", &header, "-H", "X-HubSpot-Signature-Version: v1", "--explain"];
    let shown = sandbox().run_with(&args, BODY);
    assert_eq!(shown.code, 1);
    assert!(shown.stdout.contains("    signed: not shown: the secret is part of it\n"), "{}", shown.stdout);
    let first = hex::encode(&SECRET[..1]);
    assert!(!shown.stdout.contains(&format!("00000000  {first}")), "{}", shown.stdout);
}

#[test]
fn a_value_that_stands_twice_is_not_valid_by_one_of_them() {
    let signature = hmac_sha256(SECRET.as_bytes(), b"1700000000abc");
    let args = ["verify", "--provider", "mailgun", "--tolerance", "none"];
    let verify = |token: &str| {
        let body = format!(
            r#"{{"signature":{{"timestamp":"1700000000",{token},"signature":"{signature}"}},"event-data":{{}}}}"#
        );
        sandbox().run_with(&args, body.as_bytes())
    };
    let once = verify(r#""token":"abc""#);
    assert_eq!(once.code, 0, "{}", once.stdout);
    let twice = verify(r#""token":"abc","token":"used by most readers""#);
    assert_eq!(twice.code, 1, "{}", twice.stdout);
    assert!(twice.stdout.contains("JSON value `/signature/token` is there more than once"), "{}", twice.stdout);
}

#[test]
fn json_says_what_was_changed_and_what_was_ruled_out() {
    let sandbox = sandbox().env("STRIPE_WEBHOOK_SECRET", "whsec_another");
    let verify = |signature: &str, body: &[u8]| -> Value {
        let header = format!("X-Hub-Signature-256: sha256={signature}");
        let ended = sandbox.run_with(&["verify", "--provider", "github", "-H", &header, "--json"], body);
        assert_eq!(ended.code, 1, "{}", ended.stderr);
        serde_json::from_str(&ended.stdout).unwrap()
    };
    let found = &verify(&right()[7..], b"{\"a\": 1}\r\n")["verdict"];
    let explanation = &found["explanation"];
    assert_eq!((&explanation["kind"], &explanation["change"]["id"]), (&"wrong".into(), &"body.crlf_added".into()));
    let hint =
        format!("{}: {}", explanation["change"]["what"].as_str().unwrap(), explanation["cure"].as_str().unwrap());
    assert_eq!(found["hint"], hint);
    assert!(explanation["tries"].as_u64() > Some(10) && explanation["ruled_out"].as_array().unwrap().is_empty());
    let other = &verify(&hmac_sha256(b"whsec_another", BODY), BODY)["verdict"];
    assert_eq!(other["explanation"]["change"]["id"], "secret.other");
    let hint =
        "it is signed with another secret that is known here, env:STRIPE_WEBHOOK_SECRET: use that one for GitHub";
    assert_eq!(other["hint"], hint);
    let nothing = &verify(&"0".repeat(64), BODY)["verdict"]["explanation"];
    assert_eq!((&nothing["change"], &nothing["complete"]), (&Value::Null, &true.into()));
    let ruled_out: Vec<&str> =
        nothing["ruled_out"].as_array().unwrap().iter().map(|one| one.as_str().unwrap()).collect();
    assert!(
        ruled_out.contains(&"1 other secret that is known here") && ruled_out.contains(&"two of these at once"),
        "{ruled_out:?}"
    );
}
