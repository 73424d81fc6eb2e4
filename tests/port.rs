//! `events export` and `events import`: nothing is lost on the way, no secret leaves, nothing hostile acts.

use std::process::Command;

use serde_json::{Value, json};

use crate::app::App;
use crate::history::receive;
use crate::sandbox::{Ended, Sandbox};
use crate::wire;

/// All formats that are one stream.
const STREAMS: [&str; 5] = ["jsonl", "har", "curl", "http", "csv"];

fn export(sandbox: &Sandbox, args: &[&str]) -> Ended {
    let ended = sandbox.run(&[&["events", "export"], args].concat());
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    ended
}

fn import(sandbox: &Sandbox, args: &[&str], stdin: &str) -> Value {
    let ended = sandbox.run_with(&[&["events", "import", "--json"], args].concat(), stdin.as_bytes());
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    ended.lines()[0].clone()
}

/// A history with requests of every kind, and a delivery of each.
fn history() -> Sandbox {
    let sandbox = Sandbox::new();
    let first = ["--db", "first.db"];
    let listening = sandbox.listen(&first);
    let address = listening.address();
    let headers = ["X-Key: a", "X-Key: b", "content-type: application/json"];
    wire::post(&address, "/one?x=1&y=%20", &headers, b"{\"n\":1.0}");
    wire::post(&address, "/bin", &["x-empty:"], b"\x00\xff\x1b[2J");
    let latin = b"POST /latin HTTP/1.1\r\nhost: localhost\r\nx-name: caf\xe9\r\nx-utf: caf\xc3\xa9\r\n\r\n";
    wire::raw(&address, latin);
    for _ in 0..2 {
        let headers = ["X-GitHub-Event: ping", "X-GitHub-Delivery: d-1", "X-Hub-Signature-256: sha256=00"];
        wire::post(&address, "/", &headers, b"{}");
    }
    listening.interrupt();
    let received = export(&sandbox, &[&["--reveal"], &first[..]].concat()).stdout;
    import(&sandbox, &["-"], &delivered(&received));
    sandbox
}

const REFUSED: &str = r#"{"made_at":"2026-11-21T15:04:05.000001Z","delivery":{"target":"http://localhost:3000/","attempt":1,"status":null,"duration_ms":0.001,"error":{"kind":"refused","message":"connection refused"},"response":null}}"#;

const ANSWERED: &str = r#"{"made_at":"2026-11-21T15:04:06.000000Z","delivery":{"target":"http://localhost:3000/","attempt":2,"status":201,"duration_ms":23.045,"error":null,"response":{"headers":[["x-a","1"],["x-a","é"]],"header_encodings":[[1,"latin1"]],BODY,"truncated":true}}}"#;

/// The same lines, each with a delivery that was answered after one that was not.
fn delivered(lines: &str) -> String {
    let bodies = [r#""body":"fine","body_encoding":"utf8""#, r#""body":"/wA=","body_encoding":"base64""#];
    let deliveries = |body: &str| format!("\"deliveries\":[{REFUSED},{}]", ANSWERED.replace("BODY", body));
    let lines = lines.lines().zip(bodies.iter().cycle());
    lines.map(|(line, body)| line.replace("\"deliveries\":[]", &deliveries(body)) + "\n").collect()
}

#[test]
fn what_is_exported_and_imported_is_the_same_in_every_byte() {
    let sandbox = history();
    let exported = export(&sandbox, &["--reveal"]).stdout;
    let lines: Vec<Value> = exported.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), 5);
    assert_eq!(lines[0]["event"]["request"]["path"], "/one", "oldest first");
    assert_eq!(lines[2]["event"]["request"]["header_encodings"], json!([[1, "latin1"]]));
    assert_eq!(lines[4]["event"]["retry"]["number"], 1);
    assert!(lines.iter().all(|line| line["deliveries"][1]["delivery"]["status"] == 201), "{exported}");
    assert_eq!(delivered(&export(&sandbox, &["--reveal", "--db", "first.db"]).stdout), exported);
    let other = ["--db", "other.db"];
    let imported = import(&sandbox, &["-", "--db", "other.db"], &exported);
    assert_eq!(imported, json!({"v":1,"type":"imported","events":5,"deliveries":10,"known":0,"skipped":0}));
    assert_eq!(export(&sandbox, &[&["--reveal"], &other[..]].concat()).stdout, exported);
    let raw = |db: &[&str]| {
        let args = [&["events", "show", "@4", "--raw"], db].concat();
        sandbox.command(&args).output().unwrap().stdout
    };
    assert_eq!(raw(&other), b"\x00\xff\x1b[2J");
    assert_eq!(raw(&other), raw(&[]));
}

#[test]
fn importing_twice_adds_nothing() {
    let sandbox = history();
    let exported = export(&sandbox, &["--reveal"]).stdout;
    let again = import(&sandbox, &["-"], &exported);
    assert_eq!((&again["events"], &again["known"]), (&json!(0), &json!(5)));
    assert_eq!(export(&sandbox, &["--reveal"]).stdout, exported);
    export(&sandbox, &["-o", "all.har"]);
    let imported = import(&sandbox, &["all.har", "--db", "har.db"], "");
    assert_eq!((&imported["events"], &imported["deliveries"]), (&json!(5), &json!(5)), "the last delivery of each");
    assert_eq!(import(&sandbox, &["all.har", "--db", "har.db"], "")["known"], 5);
}

#[test]
fn the_lines_of_a_listener_are_an_import_too() {
    let sandbox = Sandbox::new();
    let listening = sandbox.listen(&["--no-store"]);
    wire::post(&listening.address(), "/x", &[], b"{}");
    let (line, _) = listening.next_line();
    let lines = format!("{}\n{line}\n", listening.ready);
    listening.interrupt();
    assert_eq!(import(&sandbox, &["-"], &lines)["events"], 1);
    assert!(export(&sandbox, &[]).stdout.contains("\"path\":\"/x\""));
}

#[test]
fn no_format_gives_a_credential_away() {
    let sandbox = Sandbox::new();
    let listening = sandbox.listen(&["--db", "first.db"]);
    let headers = [
        "Authorization: Bearer SENTINEL",
        "Proxy-Authorization: Basic SENTINEL",
        "Cookie: sid=SENTINEL",
        "X-Auth-Token: SENTINEL",
        "X-API-KEY: SENTINEL",
        "x-client-secret: SENTINEL",
        "Acme-Signature: SENTINEL",
        "X-Hub-Signature-256: SENTINEL",
        "x-password: SENTINEL",
        "Referer: http://me:SENTINEL@h/?access_token=SENTINEL",
    ];
    let path = "/hook?a=1&token=SENTINEL&api_key=SENTINEL&%73ig=SENTINEL&password=SENTINEL&secret=SENTINEL";
    wire::post(&listening.address(), path, &headers, b"{}");
    listening.interrupt();
    let received = export(&sandbox, &["--reveal", "--db", "first.db"]).stdout;
    let lines = delivered(&received)
        .replace("[\"x-a\",\"1\"]", r#"["set-cookie","sid=SENTINEL"],["location","/a?token=SENTINEL"]"#)
        .replace("[[1,\"latin1\"]]", "[[2,\"latin1\"]]")
        .replace("http://localhost:3000/", "http://me:SENTINEL@localhost:3000/?key=SENTINEL");
    import(&sandbox, &["-"], &lines);
    for format in STREAMS {
        let masked = export(&sandbox, &["--as", format]).stdout;
        assert!(!masked.contains("SENTINEL"), "{format}: {masked}");
        assert!(format == "csv" || masked.contains("authorization"), "{format}: {masked}");
        assert!(masked.contains("***") && masked.contains("a=1"), "{format}: {masked}");
        assert!(export(&sandbox, &["--as", format, "--reveal"]).stdout.contains("SENTINEL"), "{format} revealed");
    }
    export(&sandbox, &["--as", "fixtures", "-o", "fixtures"]);
    let only = |folder: std::path::PathBuf| std::fs::read_dir(folder).unwrap().next().unwrap().unwrap().path();
    let fixture = only(only(sandbox.path().join("fixtures")));
    assert_eq!(std::fs::read(fixture).unwrap(), b"{}", "a fixture has no headers");
    export(&sandbox, &["--as", "jsonl", "-o", "masked.jsonl"]);
    assert!(!std::fs::read_to_string(sandbox.path().join("masked.jsonl")).unwrap().contains("SENTINEL"));
}

#[test]
fn a_right_credential_is_not_there_to_be_revealed() {
    let sandbox = Sandbox::new().env("HOOKCTL_SECRET", "SENTINEL");
    let signature =
        ["--signature-scheme", "token", "--signature-header", "X-Pass", "--signature-format", "{signature}"];
    let listening = sandbox.listen(&[&["--provider", "generic"], &signature[..]].concat());
    let answered = wire::post(&listening.address(), "/", &["X-Pass: SENTINEL"], b"{}");
    listening.interrupt();
    assert_eq!(answered.status, 200);
    for format in STREAMS {
        let revealed = export(&sandbox, &["--as", format, "--reveal"]).stdout;
        assert!(!revealed.contains("SENTINEL"), "{format}: {revealed}");
    }
    let exported = export(&sandbox, &["--reveal"]).stdout;
    import(&sandbox, &["-", "--db", "other.db"], &exported);
    assert_eq!(export(&sandbox, &["--reveal", "--db", "other.db"]).stdout, exported, "sealed values stay sealed");
}

#[test]
fn the_script_of_curl_sends_every_byte_again() {
    let sandbox = Sandbox::new();
    let app = App::answering("200 OK", "");
    let host = app.url().trim_start_matches("http://").trim_end_matches('/').to_owned();
    let bodies: [&[u8]; 3] = [b"{\"quote\":\"it's $HOME `id` !\"}", b"\x00\xff\x1b%s\\n", b"@/etc/passwd"];
    let listening = sandbox.listen(&[]);
    for body in bodies {
        let mut request = format!(
            "POST /hook?a='b'&c=$(id) HTTP/1.1\r\nhost: {host}\r\nx-name: '$(id)' caf\u{e9}\r\ncontent-type: a/b\r\ncontent-length: {}\r\n\r\n",
            body.len()
        )
        .into_bytes();
        request.extend_from_slice(body);
        assert_eq!(wire::raw(&listening.address(), &request).status, 200);
    }
    listening.interrupt();
    export(&sandbox, &["-o", "events.sh"]);
    let run = Command::new("bash").arg(sandbox.path().join("events.sh")).env_remove("http_proxy").output().unwrap();
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
    for body in bodies {
        let seen = app.next();
        assert_eq!(seen.body, body);
        assert_eq!(seen.line(), "POST /hook?a='b'&c=$(id) HTTP/1.1");
        assert_eq!(seen.all("x-name"), ["'$(id)' caf\u{e9}"]);
    }
}

/// What HAR 1.2 asks for in every entry.
fn is_har(archive: &Value) -> bool {
    let is_pairs = |pairs: &Value| {
        pairs
            .as_array()
            .is_some_and(|pairs| pairs.iter().all(|pair| pair["name"].is_string() && pair["value"].is_string()))
    };
    let log = &archive["log"];
    log["version"] == "1.2"
        && log["creator"]["name"].is_string()
        && log["creator"]["version"].is_string()
        && log["entries"].as_array().unwrap().iter().all(|entry| {
            let (request, response, timings) = (&entry["request"], &entry["response"], &entry["timings"]);
            entry["startedDateTime"].as_str().is_some_and(|time| time.ends_with('Z'))
                && entry["time"].is_number()
                && entry["cache"].is_object()
                && ["send", "wait", "receive"].iter().all(|phase| timings[phase].is_number())
                && ["method", "url", "httpVersion"].iter().all(|name| request[name].is_string())
                && request["url"].as_str().unwrap().starts_with("http://")
                && [&request["headers"], &request["queryString"], &response["headers"]].into_iter().all(is_pairs)
                && [request, response]
                    .iter()
                    .all(|side| side["cookies"].is_array() && side["headersSize"].is_i64() && side["bodySize"].is_i64())
                && (request["postData"].is_null() || request["postData"]["mimeType"].is_string())
                && response["status"].is_u64()
                && ["statusText", "httpVersion", "redirectURL"].iter().all(|name| response[name].is_string())
                && response["content"]["size"].is_u64()
                && response["content"]["mimeType"].is_string()
        })
}

#[test]
fn an_archive_is_one_that_other_tools_read() {
    let sandbox = history();
    let archive: Value = serde_json::from_str(&export(&sandbox, &["--as", "har"]).stdout).unwrap();
    assert!(is_har(&archive), "{archive:#}");
    let entries = archive["log"]["entries"].as_array().unwrap();
    assert_eq!(entries[0]["request"]["queryString"], json!([{"name":"x","value":"1"},{"name":"y","value":" "}]));
    assert_eq!(entries[0]["response"]["content"]["text"], "fine");
    assert_eq!(entries[0]["_hookctl"]["provider"], "unknown");
    assert_eq!(entries[1]["request"]["postData"]["_encoding"], "base64");
    assert_eq!(entries[1]["response"]["content"]["encoding"], "base64");
    assert_eq!(entries[3]["_hookctl"]["delivery_id"], "d-1");
    receive(&sandbox, &["--db", "lone.db"], &[("/", &[], b"")]);
    let lone: Value = serde_json::from_str(&export(&sandbox, &["--as", "har", "--db", "lone.db"]).stdout).unwrap();
    assert!(is_har(&lone));
    assert_eq!(lone["log"]["entries"][0]["response"]["status"], 0, "no delivery, no answer");
}

/// An archive as Chrome's developer tools export it, shortened.
fn chrome() -> Value {
    let request = |method: &str, url: &str, data: Value| {
        json!({
            "method": method, "url": url, "httpVersion": "http/2.0",
            "headers": [
                {"name": ":authority", "value": "hooks.example.com"}, {"name": ":method", "value": method},
                {"name": "content-type", "value": "application/json"}, {"name": "x-github-event", "value": "ping"},
                {"name": "x-hub-signature-256", "value": "sha256=00"}, {"name": "x-github-delivery", "value": "d-9"}
            ],
            "queryString": [{"name": "a", "value": "1"}], "cookies": [], "headersSize": -1, "bodySize": 13,
            "postData": data
        })
    };
    let response = json!({
        "status": 202, "statusText": "", "httpVersion": "http/2.0",
        "headers": [{"name": "set-cookie", "value": "a=1\nb=2"}], "cookies": [],
        "content": {"size": 2, "mimeType": "text/plain", "text": "/wA=", "encoding": "base64"},
        "redirectURL": "", "headersSize": -1, "bodySize": -1, "_transferSize": 117, "_error": null
    });
    let entry = |request: Value| {
        json!({
            "_initiator": {"type": "other"}, "_priority": "High", "_resourceType": "fetch", "cache": {},
            "connection": "443", "request": request, "response": response, "serverIPAddress": "192.0.2.1",
            "startedDateTime": "2026-11-21T15:04:05.678Z", "time": 45.25,
            "timings": {"blocked": 1.5, "dns": -1, "ssl": -1, "connect": -1, "send": 0.1, "wait": 40, "receive": 3.65, "_blocked_queueing": 1.2}
        })
    };
    let json_body = json!({"mimeType": "application/json", "text": "{\"zen\":\"hi\"}"});
    let ping = entry(request("POST", "https://hooks.example.com/in?a=1&b=%20#part", json_body));
    let mut page = entry(request("GET", "https://hooks.example.com/page", Value::Null));
    page["request"].as_object_mut().unwrap().remove("postData");
    page["response"]["status"] = json!(0);
    json!({"log": {
        "version": "1.2", "creator": {"name": "WebInspector", "version": "537.36"}, "pages": [],
        "entries": [ping, ping, page]
    }})
}

#[test]
fn an_archive_of_a_browser_becomes_events() {
    let sandbox = Sandbox::new();
    sandbox.write("chrome.har", [b"\xef\xbb\xbf", chrome().to_string().as_bytes()].concat());
    let imported = import(&sandbox, &["chrome.har"], "");
    assert_eq!(
        (&imported["events"], &imported["deliveries"]),
        (&json!(3), &json!(2)),
        "equal entries are two requests"
    );
    assert_eq!(import(&sandbox, &["chrome.har"], "")["known"], 3);
    let events = export(&sandbox, &["--reveal"]).lines();
    let event = &events[0]["event"];
    assert_eq!((&event["provider"], &event["event_type"]), (&json!("github"), &json!("ping")));
    assert_eq!(event["verdict"]["status"], "unchecked");
    assert_eq!((&event["received_at"], &event["delivery_id"]), (&json!("2026-11-21T15:04:05.678000Z"), &json!("d-9")));
    let request = &event["request"];
    assert_eq!((&request["path"], &request["query"]), (&json!("/in"), &json!("a=1&b=%20")));
    assert_eq!(request["body"], "{\"zen\":\"hi\"}");
    assert!(request["headers"].as_array().unwrap().contains(&json!(["host", "hooks.example.com"])));
    let delivery = &events[0]["deliveries"][0]["delivery"];
    assert_eq!((&delivery["status"], &delivery["duration_ms"]), (&json!(202), &json!(45.25)));
    assert_eq!(delivery["response"]["headers"], json!([["set-cookie", "a=1"], ["set-cookie", "b=2"]]));
    assert_eq!(delivery["response"]["body"], "/wA=");
    assert_eq!(
        sandbox
            .run(&[
                "events",
                "list",
                "--since",
                "2026-11-21T15:04:05.678Z",
                "--until",
                "2026-11-21T15:04:06Z",
                "--json"
            ])
            .lines()
            .len(),
        3,
        "times are found"
    );
}

#[test]
fn a_bad_line_is_named_by_its_number_and_nothing_behind_it_comes_in() {
    let sandbox = history();
    let exported = export(&sandbox, &["--reveal"]).stdout;
    let good: Vec<&str> = exported.lines().collect();
    let change = |from: &str, to: &str| {
        assert!(good[0].contains(from), "{from} is not in {}", good[0]);
        good[0].replacen(from, to, 1)
    };
    let id = serde_json::from_str::<Value>(good[0]).unwrap()["event"]["id"].as_str().unwrap().to_owned();
    let version_4 = format!("{}4{}", &id[..14], &id[15..]);
    let deep = |name: &str| format!("{{\"v\":1,\"type\":\"event\",\"{name}\":{}", "[".repeat(100_000));
    for (bad, problem) in [
        ("not json".to_owned(), "expected"),
        (deep("event"), "(column"),
        (deep("waiting"), "(column"),
        (deep("surprise"), "(column"),
        ("[]".to_owned(), "invalid"),
        (change("\"v\":1", "\"v\":2"), "version 2"),
        (change("\"type\":\"event\"", "\"type\":\"ready\""), "`ready` is no event"),
        (change("\"id\":\"0", "\"id\":\"x"), "id"),
        (change(&id, &version_4), "version 7"),
        (change("\"path\":\"/one\"", "\"path\":\"/one#x\""), "path"),
        (change("\"path\":\"/one\"", "\"path\":\"\""), "path"),
        (change("{\\\"n\\\":1.0}", "{\\\"n\\\":1.5}"), "body_sha256"),
        (change("\"x-key\",\"a\"", "\"x-key\",\"a\\r\\nb: c\""), "control character"),
        (change("\"x-key\",\"a\"", "\"x key\",\"a\""), "header name"),
        (change("\"body_encoding\":\"utf8\"", "\"body_encoding\":\"utf9\""), "utf9"),
        (change("\"received_at\":\"2", "\"received_at\":\"x"), "parse"),
        (change("\"status\":201", "\"status\":9999"), "status"),
        (change("\\\"n\\\"", "\\ud800"), "hex escape"),
        (change("\"target\":\"http", "\"target\":\"file"), "target"),
        ("\u{1b}[2J".to_owned(), "expected"),
    ] {
        let input = format!("{}\n\n{bad}\n{}\n", good[1], good[2]);
        let args = ["events", "import", "-", "--db", "bad.db", "--json"];
        let ended = sandbox.run_with(&args, input.as_bytes());
        let error = ended.error();
        let message = error["message"].as_str().unwrap();
        assert_eq!((ended.code, error["code"].as_str().unwrap()), (2, "bad_input"), "{bad}");
        assert!(message.starts_with("line 3: ") && message.contains(problem), "{problem}: {message}");
        assert!(!ended.stderr.contains('\u{1b}') && message.len() < 300);
        assert_eq!(ended.lines()[0]["events"], 1, "what came before it is told");
        let skipping = sandbox.run_with(&[&args[..], &["--skip-bad"]].concat(), input.as_bytes());
        let counted = &skipping.lines()[0];
        assert_eq!((&counted["events"], &counted["known"], &counted["skipped"]), (&json!(1), &json!(1), &json!(1)));
        assert!(skipping.stderr.contains("left out line 3: "), "{}", skipping.stderr);
        std::fs::remove_file(sandbox.path().join("bad.db")).unwrap();
        let _ = std::fs::remove_file(sandbox.path().join("bad.db-wal"));
        let _ = std::fs::remove_file(sandbox.path().join("bad.db-shm"));
    }
}

#[test]
fn a_bad_archive_or_entry_is_refused() {
    let sandbox = Sandbox::new();
    for text in ["", "{}", "[]", "{\"log\":{\"entries\":{}}}", &format!("{{\"log\":{}", "[".repeat(100_000))] {
        let ended = sandbox.run_with(&["events", "import", "-", "--as", "har", "--json"], text.as_bytes());
        assert_eq!((ended.code, ended.error()["code"].as_str().unwrap()), (2, "bad_input"), "{text:.40}");
    }
    for (pointer, value, problem) in [
        ("/startedDateTime", json!("yesterday"), "startedDateTime"),
        ("/startedDateTime", json!("1901-01-01T00:00:00Z"), "before 1970"),
        ("/request/url", json!("data:text/plain,x"), "scheme `data`"),
        ("/request/url", json!("/relative"), "url"),
        ("/request/method", json!("B AD"), "method"),
        ("/request/headers/2/value", json!("a\rb"), "header"),
        ("/request/postData/encoding", json!("rot13"), "rot13"),
        ("/request/postData", json!({"mimeType": "multipart/form-data", "params": [{"name": "a"}]}), "not in the file"),
        ("/request", json!(null), "null"),
    ] {
        let mut archive = chrome();
        let path = format!("/log/entries/1{pointer}");
        match archive.pointer_mut(&path) {
            Some(place) => *place = value,
            None => archive["log"]["entries"][1]["request"]["postData"]["encoding"] = value,
        }
        sandbox.write("bad.har", archive.to_string());
        let ended = sandbox.run(&["events", "import", "bad.har", "--json"]);
        let message = ended.error()["message"].as_str().unwrap().to_owned();
        assert!(message.starts_with("entry 2: ") && message.contains(problem), "{problem}: {message}");
        let skipping = sandbox.run(&["events", "import", "bad.har", "--json", "--skip-bad"]);
        assert_eq!((skipping.code, &skipping.lines()[0]["skipped"]), (0, &json!(1)), "{problem}");
    }
}

/// A line of an event with another type, id and provider.
fn with_type(line: &str, number: usize, provider: &str, event_type: &str) -> String {
    let mut line: Value = serde_json::from_str(line).unwrap();
    line["event"]["id"] = json!(format!("019aa899-d1c8-7000-8000-{number:012}"));
    line["event"]["provider"] = json!(provider);
    line["event"]["event_type"] = json!(event_type);
    line.to_string() + "\n"
}

#[test]
fn no_event_type_leads_out_of_the_folder_of_fixtures() {
    let sandbox = Sandbox::new();
    receive(&sandbox, &[], &[("/", &[], b"{\"exact\": 1.0}")]);
    let line = export(&sandbox, &["--reveal"]).stdout;
    let long = "x".repeat(5000);
    let names = [
        "../../../etc/passwd",
        "/etc/passwd",
        ".hidden",
        "CON",
        "a\0b",
        &long,
        "..",
        "orders/create",
        "same",
        "same",
        "SAME",
    ];
    let mut lines: String =
        names.iter().enumerate().map(|(number, name)| with_type(&line, number, "acme", name)).collect();
    lines.push_str(&with_type(&line, 98, "../../outside", "x"));
    lines.push_str(&with_type(&line, 99, "/tmp", "x"));
    import(&sandbox, &["-", "--db", "hostile.db"], &lines);
    let args = ["--db", "hostile.db", "--as", "fixtures", "-o", "out/fixtures"];
    export(&sandbox, &args);
    let folder = sandbox.path().join("out/fixtures");
    let mut found = Vec::new();
    let mut folders = vec![folder.clone()];
    while let Some(next) = folders.pop() {
        for entry in std::fs::read_dir(next).unwrap().map(Result::unwrap) {
            let name = entry.file_name().into_string().unwrap();
            let is_plain = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte));
            assert!(is_plain && !name.starts_with('.') && name.len() <= 128, "{name}");
            if entry.file_type().unwrap().is_dir() {
                folders.push(entry.path());
            } else {
                assert_eq!(std::fs::read(entry.path()).unwrap(), b"{\"exact\": 1.0}");
                found.push(entry.path().strip_prefix(&folder).unwrap().to_str().unwrap().to_owned());
            }
        }
    }
    assert_eq!(found.len(), names.len() + 2, "{found:?}");
    for expected in ["acme/orders/create.json", "acme/same.json", "acme/same.2.json", "acme/_CON.json", "_tmp/x.json"] {
        assert!(found.iter().any(|path| path == expected), "{expected}: {found:?}");
    }
    assert_eq!(std::fs::read_dir(sandbox.path().join("out")).unwrap().count(), 1, "nothing beside the folder");
    let again = sandbox.run(&[&["events", "export"], &args[..]].concat());
    assert_eq!(again.code, 2, "a folder that is not empty is not written to");
    export(&sandbox, &[&args[..], &["--force"]].concat());
    assert!(folder.join("acme/same.3.json").exists() && folder.join("acme/same.4.json").exists());
}

#[cfg(unix)]
#[test]
fn a_link_in_the_folder_of_fixtures_is_not_followed() {
    let sandbox = Sandbox::new();
    receive(&sandbox, &[], &[("/", &[], b"{}")]);
    std::fs::create_dir_all(sandbox.path().join("out")).unwrap();
    std::fs::create_dir_all(sandbox.path().join("elsewhere")).unwrap();
    let link = sandbox.path().join("out/unknown");
    std::os::unix::fs::symlink(sandbox.path().join("elsewhere"), &link).unwrap();
    let args = ["events", "export", "--as", "fixtures", "-o", "out", "--force"];
    assert_eq!(sandbox.run(&args).code, 2);
    std::fs::remove_file(&link).unwrap();
    std::fs::create_dir(&link).unwrap();
    std::os::unix::fs::symlink(sandbox.path().join("elsewhere/file"), link.join("unknown.json")).unwrap();
    assert_eq!(sandbox.run(&args).code, 0);
    assert_eq!(std::fs::read(link.join("unknown.2.json")).unwrap(), b"{}");
    assert_eq!(std::fs::read_dir(sandbox.path().join("elsewhere")).unwrap().count(), 0);
}

#[test]
fn a_cell_is_never_a_formula() {
    let sandbox = Sandbox::new();
    receive(&sandbox, &[], &[("/?=HYPERLINK(1)", &[], b"{}")]);
    let line = export(&sandbox, &["--reveal"]).stdout;
    let lines: String = ["=1+1", "@SUM(A1)", "+1", "-1", "\t=1", "a,\"b\"\n"]
        .iter()
        .enumerate()
        .map(|(number, name)| with_type(&line, number, "acme", name))
        .collect();
    import(&sandbox, &["-", "--db", "sheet.db"], &lines);
    let sheet = export(&sandbox, &["--as", "csv", "--db", "sheet.db"]).stdout;
    let mut rows = csv::Reader::from_reader(sheet.as_bytes());
    assert_eq!(rows.headers().unwrap().len(), 13);
    let rows: Vec<csv::StringRecord> = rows.records().map(Result::unwrap).collect();
    let types: Vec<&str> = rows.iter().map(|row| &row[3]).collect();
    assert_eq!(types, ["'=1+1", "'@SUM(A1)", "'+1", "'-1", "'\\t=1", "a,\"b\"\\n"]);
    assert!(rows.iter().all(|row| &row[9] == "'=HYPERLINK(1)"), "{sheet}");
}

#[test]
fn nothing_that_is_exported_steers_a_terminal() {
    let sandbox = Sandbox::new();
    let listening = sandbox.listen(&[]);
    for body in ["\u{1b}]0;owned\u{7}", "\u{9b}31m \u{202e} \u{7f}", "###\n\u{1b}[2J"] {
        let request = [
            b"POST /\xc2\x9b?x HTTP/1.1\r\nhost: h\r\nx-a: \xc2\x9b31m \xe2\x80\xae \x9b\r\n".to_vec(),
            format!("content-length: {}\r\n\r\n{body}", body.len()).into_bytes(),
        ]
        .concat();
        wire::raw(&listening.address(), &request);
        wire::post(&listening.address(), "/", &["x-a: \u{9b}31m"], body.as_bytes());
    }
    listening.interrupt();
    for format in STREAMS {
        let output = sandbox.command(&["events", "export", "--as", format, "--reveal"]).output().unwrap().stdout;
        let text = String::from_utf8(output).unwrap();
        let acts =
            |character: char| (character.is_control() && !matches!(character, '\n' | '\r')) || character == '\u{202e}';
        assert!(!text.contains(acts), "{format}: {text:?}");
        assert!(format == "csv" || !text.contains('\r'));
    }
}

#[test]
fn an_http_file_has_what_its_clients_send() {
    let sandbox = Sandbox::new();
    let requests: [(&str, &[&str], &[u8]); 3] = [
        ("/hook?a=1", &["content-type: application/json", "x-a: {{secret}}"], b"{\n  \"a\": 1\n}"),
        ("/", &[], b"a\n### GET http://evil/\n"),
        ("/", &[], b"\xff\x00"),
    ];
    receive(&sandbox, &[], &requests);
    let file = export(&sandbox, &["--as", "http"]).stdout;
    assert_eq!(file.matches("\n### ").count() + 1, 3, "one separator a request: {file}");
    assert!(
        file.contains(
            "POST http://localhost/hook?a=1 HTTP/1.1\ncontent-type: application/json\n\n{\n  \"a\": 1\n}\n\n"
        ),
        "{file}"
    );
    assert!(file.contains("# x-a cannot be written here: {{secret}}\n") && file.contains("#   /wA=\n"), "{file}");
}

#[test]
fn a_file_is_private_whole_and_never_replaced_unasked() {
    let sandbox = Sandbox::new();
    receive(&sandbox, &[], &[("/", &[], b"{}"), ("/two", &[], b"{}")]);
    let path = sandbox.write("there.jsonl", "mine");
    assert_eq!(sandbox.run(&["events", "export", "-o", "there.jsonl"]).code, 2);
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "mine");
    let line = export(&sandbox, &["-o", "there.jsonl", "--force", "--json"]).lines()[0].clone();
    assert_eq!((&line["format"], &line["events"], &line["revealed"]), (&json!("jsonl"), &json!(2), &json!(false)));
    assert_eq!(std::fs::read_to_string(&path).unwrap().lines().count(), 2);
    assert_eq!(sandbox.run(&["events", "export", "-o", "none.har", "--provider", "stripe"]).code, 1);
    assert_eq!(sandbox.run(&["events", "export", "--as", "fixtures"]).code, 2, "fixtures need a folder");
    assert_eq!(sandbox.run(&["events", "export", "-o", "no/such/folder.csv"]).code, 3);
    export(&sandbox, &["-o", "named.har"]);
    let mut names: Vec<_> =
        std::fs::read_dir(sandbox.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    names.retain(|name| name != ".local");
    names.sort();
    assert_eq!(names, ["named.har", "there.jsonl"], "nothing is left behind");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        for name in names {
            assert_eq!(sandbox.path().join(name).metadata().unwrap().permissions().mode() & 0o777, 0o600);
        }
    }
}

#[test]
fn names_and_limits_choose_what_is_exported() {
    let sandbox = Sandbox::new();
    receive(&sandbox, &[], &[("/1", &[], b"{}"), ("/2", &[], b"{}"), ("/3", &[], b"{}")]);
    let paths = |args: &[&str]| -> Vec<String> {
        let lines = export(&sandbox, args).lines();
        lines.iter().map(|line| line["event"]["request"]["path"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(paths(&[]), ["/1", "/2", "/3"]);
    assert_eq!(paths(&["--limit", "2"]), ["/2", "/3"], "the newest ones, in the order of arrival");
    assert_eq!(paths(&["@last", "@3", "@last"]), ["/1", "/3"]);
    assert_eq!(paths(&["--where", "path=/2"]), ["/2"]);
}
