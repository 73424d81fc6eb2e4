//! Manifests: a broken one is refused with its place, a user's own replaces the built-in one.

use hookctl::provider::compile;

use crate::sandbox::Sandbox;

const PROVIDER: &str = "[provider]\nid = \"acme\"\nname = \"Acme\"\n";
const SIGNATURE: &str =
    "[[signature]]\nscheme = \"hmac\"\nsource = \"header:X-Acme\"\nencoding = \"hex\"\nsigned = \"{body}\"\n";

/// The error of a manifest of `PROVIDER` with this behind it.
fn refused(more: &str) -> String {
    let text = format!("{PROVIDER}{more}");
    let error = compile("acme/provider.toml", &text).map(|_| ()).expect_err(more);
    let error = error.to_string();
    assert!(error.starts_with("acme/provider.toml:"), "{error}");
    error
}

#[track_caller]
fn is_refused(more: &str, line: usize, words: &[&str]) {
    let error = refused(more);
    assert!(error.starts_with(&format!("acme/provider.toml:{line}:")), "not at line {line}: {error}");
    for word in words {
        assert!(error.contains(word), "`{word}` is not in: {error}");
    }
}

#[test]
fn the_smallest_manifest_is_taken() {
    compile("acme/provider.toml", PROVIDER).unwrap();
    compile("acme/provider.toml", &format!("{PROVIDER}{SIGNATURE}")).unwrap();
}

#[test]
fn an_unknown_key_is_named_with_its_line() {
    is_refused("nmae = 1\n", 4, &["nmae"]);
    is_refused("[delivry]\n", 4, &["delivry"]);
    is_refused(&format!("{SIGNATURE}tolerence = \"5m\"\n"), 9, &["tolerence"]);
    is_refused("[delivery]\nretrys = []\n", 5, &["retrys"]);
    is_refused("[event]\nkind = \"x\"\n", 5, &["kind"]);
}

#[test]
fn a_value_of_the_wrong_type_is_named_with_its_line() {
    is_refused("docs = \"https://example.test\"\n", 4, &["invalid type", "sequence"]);
    is_refused("[fixture.\"x\"]\ndocumented = \"yes\"\n", 5, &["invalid type", "boolean"]);
    is_refused(&SIGNATURE.replace("\"hex\"", "16"), 7, &["invalid type"]);
}

#[test]
fn text_that_is_no_toml_is_refused_with_its_line() {
    is_refused("[signature\n", 4, &[]);
    let error = compile("acme/provider.toml", "").map(|_| ()).unwrap_err().to_string();
    assert!(error.contains("provider"), "{error}");
}

#[test]
fn an_unknown_word_lists_the_known_ones() {
    is_refused(
        &SIGNATURE.replace("\"hmac\"", "\"rsa2\""),
        5,
        &["scheme", "rsa2", "hmac, hash, ed25519, ecdsa, rsa, jwt, token, basic"],
    );
    is_refused(&SIGNATURE.replace("\"hex\"", "\"hexx\""), 7, &["encoding", "hexx", "hex, base64, base64url"]);
    is_refused(&format!("{SIGNATURE}algorithm = \"sha3\"\n"), 9, &["algorithm", "sha3", "sha256"]);
    is_refused(&format!("{SIGNATURE}url_variants = [\"port\"]\n"), 9, &["url_variants", "port", "default-port"]);
    is_refused(&format!("{SIGNATURE}timestamp = {{ value = \"1\", unit = \"h\" }}\n"), 9, &["unit", "`h`"]);
    is_refused("[fresh]\n\"/id\" = \"guid\"\n", 5, &["/id", "guid", "uuid"]);
}

#[test]
fn a_template_is_refused_with_the_place_of_the_character() {
    let signed = |template: &str| SIGNATURE.replace("{body}", template);
    is_refused(&signed("v0:{body|shout}"), 8, &["`signed`", "shout", "character"]);
    is_refused(&signed("{timestmp}.{body}"), 8, &["`signed`", "timestmp", "character"]);
    is_refused(&signed("{body"), 8, &["`signed`", "character"]);
    is_refused(&signed("{body}}"), 8, &["`signed`", "character"]);
    is_refused("[event]\ntype = \"{?json:nope}\"\n", 5, &["`type`"]);
    is_refused("[delivery.headers]\nX-A = \"{nope}\"\n", 5, &["X-A", "nope"]);
    is_refused("[identify]\nwhen = [\"header:X-A is there\"]\n", 5, &["`when`"]);
}

#[test]
fn the_character_is_counted_from_the_start_of_the_template() {
    let error = refused(&SIGNATURE.replace("{body}", "v0:{body|shout}"));
    assert!(error.contains("character 10"), "{error}");
}

#[test]
fn a_format_needs_a_signature_and_captures_that_can_be_told_apart() {
    is_refused(&format!("{SIGNATURE}format = \"t={{timestamp}}\"\n"), 9, &["`format`", "{signature}"]);
    is_refused(&format!("{SIGNATURE}format = \"{{timestamp}}{{signature}}\"\n"), 9, &["`format`"]);
    is_refused(&format!("{SIGNATURE}format = \"a{{signature}}\"\nsplit = [\" \", \",\", \";\"]\n"), 9, &["split"]);
}

#[test]
fn two_signatures_cannot_share_an_id() {
    let one = SIGNATURE.replace("scheme", "id = \"v1\"\nscheme");
    is_refused(&format!("{one}{one}"), 12, &["two signatures have the id `v1`"]);
}

#[test]
fn a_signature_says_what_it_covers_and_how_it_is_written() {
    is_refused(&SIGNATURE.replace("signed = \"{body}\"\n", ""), 5, &["signed"]);
    is_refused(&SIGNATURE.replace("encoding = \"hex\"\n", ""), 5, &["encoding"]);
    is_refused(&SIGNATURE.replace("hmac", "ed25519"), 5, &["key_format"]);
    let ecdsa = SIGNATURE.replace("hmac", "ecdsa");
    compile("acme/provider.toml", &format!("{PROVIDER}{ecdsa}key_format = \"pem\"\n")).unwrap();
    is_refused(&format!("{ecdsa}algorithm = \"sha512\"\n"), 9, &["P-256", "sha256"]);
    is_refused(&format!("{ecdsa}key_format = \"pgp\"\n"), 9, &["key_format", "pgp", "pem, x509, spki-base64, jwk"]);
    is_refused(&format!("{ecdsa}signature_form = \"raw\"\n"), 9, &["signature_form", "raw", "der, fixed"]);
    is_refused(&format!("{SIGNATURE}signature_form = \"der\"\n"), 9, &["signature_form", "scheme ecdsa only"]);
    let rsa = SIGNATURE.replace("hmac", "rsa");
    compile("acme/provider.toml", &format!("{PROVIDER}{rsa}algorithm = \"sha1\"\n")).unwrap();
    is_refused(&format!("{rsa}algorithm = \"md5\"\n"), 9, &["rsa", "MD5", "sha256"]);
    is_refused(&format!("{rsa}padding = \"pss\"\nalgorithm = \"sha1\"\n"), 10, &["rsa", "SHA-1", "pss: sha256"]);
    is_refused(&format!("{rsa}padding = \"oaep\"\n"), 9, &["padding", "oaep", "pkcs1, pss"]);
    is_refused(&format!("{SIGNATURE}padding = \"pss\"\n"), 9, &["padding", "scheme rsa only"]);
}

#[test]
fn delivery_figures_come_with_a_link_and_a_date() {
    let sourced = "source = \"https://example.test\"\nverified = \"2026-11-21\"\n";
    compile("acme/provider.toml", &format!("{PROVIDER}[delivery]\ntimeout = \"5s\"\n{sourced}")).unwrap();
    is_refused("[delivery]\ntimeout = \"5s\"\n", 5, &["`timeout` needs `source`"]);
    is_refused(
        "[delivery]\nretries = [\"5s\"]\nsource = \"https://example.test\"\n",
        5,
        &["`retries` needs", "`verified`"],
    );
    is_refused("[delivery]\nverified = \"21.11.2026\"\n", 5, &["`verified`", "not a date"]);
    is_refused("[delivery]\nverified = \"2026-02-30\"\n", 5, &["`verified`", "not a date"]);
    is_refused(&format!("[delivery]\ntimeout = \"soon\"\n{sourced}"), 5, &["timeout", "soon"]);
    is_refused("[fixture.\"x\"]\ndocumented = true\n", 4, &["`x` is documented but has no `source`"]);
}

#[test]
fn places_and_names_have_their_form() {
    is_refused("[fresh]\n\"id\" = \"uuid\"\n", 5, &["id"]);
    is_refused("[fresh]\n\"/a~2\" = \"uuid\"\n", 5, &["/a~2"]);
    is_refused("[delivery]\nmethod = \"PO ST\"\n", 5, &["not a method"]);
    for id in ["", "Acme", "a/b", "..", "a b"] {
        let error = compile("x/provider.toml", &PROVIDER.replace("acme", id)).map(|_| ()).unwrap_err().to_string();
        assert!(error.starts_with("x/provider.toml:2:"), "{id}: {error}");
    }
}

#[test]
fn parts_that_act_later_are_checked_now() {
    is_refused("[[probe]]\nname = \"p\"\nmutate = \"everything\"\nexpect_status = [401]\n", 6, &["mutate"]);
    is_refused("[[scenario]]\nname = \"s\"\nsteps = [{ event = \"nope\" }]\n", 6, &["no fixture `nope`"]);
    is_refused(
        "[[handshake]]\nname = \"h\"\nreply = { status = 200, body = \"{json:/a|nope}\" }\n",
        6,
        &["`reply`", "nope"],
    );
}

#[test]
fn a_registration_api_is_checked_whole() {
    let webhook = "webhook = { id = \"{id}\" }\n";
    is_refused(&format!("[api]\nbase_url = \"ftp://example.test\"\n{webhook}"), 5, &["base_url"]);
    is_refused(
        &format!("[api]\nbase_url = \"https://{{tenant}}.example.test\"\n{webhook}"),
        5,
        &["{tenant}", "variables"],
    );
    let api = format!("[api]\nbase_url = \"https://example.test\"\n{webhook}");
    for (more, line, words) in [
        ("auth = { kind = \"magic\" }", 7, &["kind", "magic", "basic"][..]),
        ("auth = { kind = \"header\" }", 7, &["needs a `name`"]),
        ("body = \"xml\"", 7, &["body", "xml", "form"]),
        ("idempotency = \"a b\"", 7, &["not a header name"]),
        ("headers = { \"a b\" = \"c\" }", 7, &["[api.headers]"]),
        ("item = { data = \"{webhok}\" }", 7, &["no field `webhok`"]),
        ("item = \"{webhook|turned}\"", 7, &["unknown filter `turned`", "flags"]),
        ("item = { \"a*\" = 1 }", 7, &["`a*`"]),
        ("made = { id = \"{$nonsense}\" }", 7, &["made"]),
        ("paging = { style = \"scroll\", parameter = \"p\", size = 1, max = 1 }", 7, &["style", "scroll", "cursor"]),
        ("create = { method = \"PO ST\", path = \"/\" }", 7, &["not a method"]),
        ("create = { method = \"POST\", path = \"/{a}{b}\" }", 7, &["one variable in a segment"]),
        ("create = { method = \"POST\", path = \"/{who}\" }", 7, &["{who}", "variables"]),
        ("create = { method = \"POST\", path = \"{scope}/x\" }", 7, &["{scope}", "scopes"]),
        ("update = [{ method = \"POST\", path = \"/x\", bodie = 1 }]", 7, &["bodie"]),
    ] {
        is_refused(&format!("{api}{more}\n"), line, words);
    }
}

const OWN: &str = "[provider]\nid = \"acme\"\nname = \"Acme\"\n[fixture.\"won\"]\ndocumented = false\n";

#[test]
fn ones_own_providers_stand_in_three_folders() {
    let sandbox = Sandbox::new();
    let user = sandbox.path().join("user");
    let sandbox = sandbox.env("XDG_CONFIG_HOME", user.to_str().unwrap());
    let write = |folder: &str, name: &str| {
        sandbox.write(&format!("{folder}/acme/provider.toml"), OWN.replace("Acme", name));
        sandbox.write(&format!("{folder}/acme/won.json"), format!("{{\"from\":\"{name}\"}}"));
    };
    let shown = |args: &[&str]| sandbox.run(args).stdout;
    write("user/hookctl/providers", "User");
    assert_eq!(shown(&["fixtures", "show", "acme/won"]), "{\"from\":\"User\"}");
    write(".hookctl/providers", "Project");
    assert_eq!(shown(&["fixtures", "show", "acme/won"]), "{\"from\":\"Project\"}");
    write("flag", "Flag");
    assert_eq!(shown(&["fixtures", "show", "acme/won", "--providers", "flag"]), "{\"from\":\"Flag\"}");
    assert!(shown(&["providers", "show", "acme", "--providers", "flag"]).contains("acme (Flag)"));
}

#[test]
fn a_file_of_ones_own_replaces_that_one_file_whole() {
    let sandbox = Sandbox::new();
    sandbox.write(".hookctl/providers/prokeep/message_received.json", "{\"mine\":1}");
    sandbox.write(".hookctl/providers/prokeep/message_lost.json", "{\"new\":1}");
    assert_eq!(sandbox.run(&["fixtures", "show", "message_received"]).stdout, "{\"mine\":1}");
    assert_eq!(sandbox.run(&["fixtures", "show", "prokeep/message_lost"]).stdout, "{\"new\":1}");
    assert!(sandbox.run(&["fixtures", "show", "message_sent"]).stdout.contains("We have two in stock"));
    assert!(sandbox.run(&["providers", "show", "prokeep"]).stdout.contains("https://docs.prokeep.com"));
    // The manifest is one file too: nothing of the built-in one shines through.
    sandbox.write(".hookctl/providers/prokeep/provider.toml", OWN.replace("acme", "prokeep"));
    assert!(!sandbox.run(&["providers", "show", "prokeep"]).stdout.contains("https://docs.prokeep.com"));
}

#[test]
fn a_broken_manifest_of_ones_own_disables_only_itself() {
    let sandbox = Sandbox::new();
    sandbox.write(".hookctl/providers/acme/provider.toml", "[provider]\nid = \"acme\"\nname = \"A\"\nfoo = 1\n");
    let list = sandbox.run(&["providers", "list"]);
    assert_eq!(list.code, 0, "{}", list.stderr);
    assert!(list.stdout.contains("prospektr") && !list.stdout.contains("acme"));
    assert!(list.stderr.contains("acme/provider.toml:4:1") && list.stderr.contains("foo"), "{}", list.stderr);
    let sent = sandbox.run(&["send", "acme/x", "--to", "9"]);
    assert_eq!(sent.code, 2);
    assert!(sent.stderr.contains("acme/provider.toml:4:1"), "{}", sent.stderr);
    assert_eq!(sandbox.run(&["fixtures", "show", "message_received"]).code, 0);
}

#[test]
fn a_manifest_names_its_own_folder() {
    let sandbox = Sandbox::new();
    sandbox.write(".hookctl/providers/other/provider.toml", OWN);
    let shown = sandbox.run(&["providers", "show", "other"]);
    assert_eq!(shown.code, 2);
    assert!(shown.stderr.contains("`id` is `acme`, but the folder is `other`"), "{}", shown.stderr);
}

const SOURCED: &str = "[delivery]\nsource = \"https://acme.test\"\nverified = \"2026-11-21\"\n";

#[test]
fn rules_of_delivery_that_nobody_could_follow_are_refused() {
    let rules = |more: &str| format!("{SOURCED}{more}");
    is_refused(&rules("retries = [\"5 s\", \"soon\"]\n"), 7, &["retries", "soon"]);
    is_refused(&rules("retries = { count = 8, window = \"4h\", backoff = \"wild\" }\n"), 7, &["wild", "exponential"]);
    is_refused(&rules("retries = { count = 100000 }\n"), 7, &["retries", "1000"]);
    is_refused(&rules("retries = {}\n"), 7, &["count", "window"]);
    is_refused(&rules("success = [\"2xx\", \"ok\"]\n"), 7, &["success", "`ok`"]);
    is_refused(&rules("stop_on = [\"6xx\"]\n"), 7, &["stop_on", "6xx"]);
    is_refused(&rules("stop_on_response_header = \"X-No-Retry\"\n"), 7, &["stop_on_response_header", "Name: value"]);
    let disable = |more: &str| rules(&format!("[delivery.disable]\n{more}"));
    is_refused(&disable("action = \"delete\"\n"), 8, &["failures", "window"]);
    is_refused(&disable("failures = 3\naction = \"mute\"\n"), 9, &["mute", "disable, delete"]);
    is_refused(&disable("failures = 0\naction = \"delete\"\n"), 8, &["at least 1"]);
    is_refused(
        &disable("failures = 3\nof = \"days\"\naction = \"delete\"\n"),
        9,
        &["days", "attempts, retries, messages"],
    );
    is_refused(&disable("window = \"5 moons\"\naction = \"delete\"\n"), 8, &["window", "5 moons"]);
    let unsourced = "[delivery.disable]\nfailures = 3\naction = \"delete\"\n";
    is_refused(unsourced, 6, &["disable", "source", "verified"]);
}

#[test]
fn a_scenario_that_could_not_be_played_is_refused() {
    let scenario = |more: &str| format!("[fixture.\"won\"]\ndocumented = false\n[[scenario]]\nname = \"deal\"\n{more}");
    is_refused(&scenario("steps = [{ event = \"lost\" }]\n"), 8, &["deal", "lost"]);
    is_refused(&scenario("steps = [{ event = \"won\", after = \"later\" }]\n"), 8, &["after", "later"]);
    let shared = |kind: &str, place: &str| {
        let steps = "steps = [{ event = \"won\" }]\n";
        scenario(&format!("{steps}shared = {{ id = {{ kind = \"{kind}\", places = [\"{place}\"] }} }}\n"))
    };
    is_refused(&shared("guid", "won:/id"), 9, &["guid"]);
    is_refused(&shared("uuid", "won"), 9, &["places"]);
    is_refused(&shared("uuid", "won:id"), 9, &["places"]);
    compile("acme/provider.toml", &format!("{PROVIDER}{}", shared("uuid", "won:/id"))).unwrap();
}
