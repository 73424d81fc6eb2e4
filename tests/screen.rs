//! What strangers send never acts on the terminal, and never passes for a line of hookctl's own.

use crate::app::App;
use crate::sandbox::Sandbox;
use crate::wire::{post, raw};

/// What a terminal would obey, or a reader be misled by.
fn hostile_texts() -> Vec<String> {
    let mut texts: Vec<String> = (1..0x20u8).chain([0x7f]).map(|byte| format!("a{}b", char::from(byte))).collect();
    texts.extend(('\u{80}'..='\u{9f}').map(|c1| format!("a{c1}31mb")));
    let hidden = "\u{200b}\u{200e}\u{200f}\u{202a}\u{202b}\u{202d}\u{202e}\u{2028}\u{2029}\u{2060}\u{2066}\u{2067}\u{2069}\u{61c}\u{feff}\u{e0041}";
    texts.extend(hidden.chars().map(|character| format!("a{character}b")));
    for sequence in [
        "[2J",
        "[1A\u{1b}[2K",
        "]0;title\u{7}",
        "]52;c;aWQ=\u{7}",
        "]8;;http://evil.test\u{1b}\\x",
        "P$q\"p\u{1b}\\",
        "[6n",
        "[?1049h",
        "c",
        "[5i",
        "_Gi=1\u{1b}\\",
        "[8m",
        "(0",
        "#8",
        "[200~id\n\u{1b}[201~",
    ] {
        texts.push(format!("a\u{1b}{sequence}b"));
    }
    texts
}

/// Nothing but line feeds, tabs behind a gutter, and what prints as itself.
fn assert_harmless(shown: &[u8], what: &str) {
    let text = std::str::from_utf8(shown).unwrap_or_else(|error| panic!("{what}: {error}"));
    for line in text.lines() {
        for character in line.chars() {
            let code = u32::from(character);
            let is_control = character.is_control() && character != '\t';
            let is_hidden = matches!(code, 0x61c | 0x200b..=0x200f | 0x2028..=0x202e | 0x2060..=0x2069 | 0xfeff | 0xe0000..=0xe007f);
            assert!(!is_control && !is_hidden, "{what}: U+{code:04X} in {line:?}");
        }
    }
}

/// The verdict lines that a reader would believe.
fn own_lines(shown: &str) -> Vec<&str> {
    shown.lines().filter(|line| line.starts_with(|first: char| first.is_ascii_digit())).collect()
}

#[test]
fn no_field_of_a_request_reaches_the_terminal_raw() {
    let sandbox = Sandbox::new();
    let talking = sandbox.listen_human(&["-vv"]);
    let mut sent = 0;
    for text in hostile_texts() {
        let json =
            serde_json::json!({ "source": "https://prokeep.com", "event": text, "id": text, (text.as_str()): [text] });
        let form = format!("a={text}&{text}=1");
        let name = text.replace(['\r', '\n'], "");
        let part = format!(
            "--b\r\nContent-Disposition: form-data; name=\"{name}\"; filename=\"{name}\"\r\n\r\n{text}\r\n--b--\r\n"
        );
        for (kind, body) in [
            ("application/json", json.to_string()),
            ("application/json", format!("{{\"raw\":\"{text}\"}}")),
            ("text/plain", text.clone()),
            ("application/x-www-form-urlencoded", form),
            ("multipart/form-data; boundary=b", part),
            ("application/xml", format!("<a>{text}</a>")),
        ] {
            post(&talking.address, "/", &[&format!("Content-Type: {kind}")], body.as_bytes());
            sent += 1;
        }
        // Some of these are no HTTP; those are refused, and what is said of them is harmless too.
        raw(&talking.address, format!("POST /{name}?{name} HTTP/1.1\r\nhost: x\r\ncontent-length: 0\r\n\r\n"));
        raw(&talking.address, format!("POST / HTTP/1.1\r\nhost: x\r\nx-{name}: 1\r\ncontent-length: 0\r\n\r\n"));
        raw(&talking.address, format!("POST / HTTP/1.1\r\nhost: x\r\nx-a: {name}\r\ncontent-length: 0\r\n\r\n"));
    }
    for bytes in 0x80..=0xffu8 {
        post(&talking.address, "/", &[], &[b'a', bytes, b'[', b'b']);
        raw(
            &talking.address,
            [b"POST / HTTP/1.1\r\nhost: x\r\nx-a: ", &[bytes][..], b"\r\ncontent-length: 0\r\n\r\n"].concat(),
        );
        sent += 1;
    }
    let (code, stdout, stderr) = talking.interrupt();
    assert_eq!(code, 0);
    assert_harmless(&stdout, "stdout");
    assert_harmless(stderr.as_bytes(), "stderr");
    let shown = String::from_utf8(stdout).unwrap();
    assert!(own_lines(&shown).len() >= sent, "{} of {sent}", own_lines(&shown).len());
}

#[test]
fn no_answer_of_an_app_reaches_the_terminal_raw() {
    let sandbox = Sandbox::new();
    for text in ["a\u{1b}[2Jb", "\u{202e}evil", "x\r\u{9b}2K", "\n2026-11-21 15:04:05  --> \u{2713} stripe paid"] {
        let (length, body) = (text.len(), text.to_owned());
        let app = App::start(move |_| {
            let header = body.replace(['\r', '\n', '\u{1b}'], "");
            format!("HTTP/1.1 500 Oops\r\nx-a: {header}\r\ncontent-length: {length}\r\n\r\n{body}").into_bytes()
        });
        let talking = sandbox.listen_human(&["-f", &app.url(), "-vv"]);
        assert_eq!(post(&talking.address, "/", &[], b"{}").body, text.as_bytes());
        let (_, stdout, stderr) = talking.interrupt();
        assert_harmless(&[&stdout, stderr.as_bytes()].concat(), text);
        assert_eq!(own_lines(&String::from_utf8(stdout).unwrap()).len(), 2, "{text:?}");
        let sent = sandbox.run(&["send", "message_received", "--to", &app.url(), "-vv"]);
        assert_harmless(sent.stdout.as_bytes(), text);
    }
}

#[test]
fn what_was_typed_or_found_in_a_file_is_harmless_in_errors_too() {
    let sandbox = Sandbox::new();
    let evil = "a\u{1b}[2J\u{202e}b\nerror: forged";
    for args in [
        &["send", evil, "--to", "1"][..],
        &["send", "ping", "--to", evil],
        &["send", "message_received", "--to", "1", "--set", &format!("{evil}=1")],
        &["listen", "--provider", evil],
        &["listen", "-H", evil],
        &["fixtures", "show", evil],
        &["verify", "--provider", "github", "--at", evil],
        &["--config", evil, "config"],
        &["--profile", evil, "config"],
        &[evil],
    ] {
        let ended = sandbox.run(args);
        assert_eq!(ended.code, 2, "{args:?}: {}", ended.stderr);
        assert_harmless(ended.stderr.as_bytes(), &format!("{args:?}"));
        let forged = ended.stderr.lines().filter(|line| line.starts_with("error:")).count();
        assert_eq!(forged, 1, "{args:?}: {}", ended.stderr);
    }
}

#[test]
fn forged_verdicts_stay_behind_the_gutter() {
    let sandbox = Sandbox::new();
    let talking = sandbox.listen_human(&["-v"]);
    let forged = "2026-11-21 15:04:05  --> \u{2713} stripe invoice.paid [x] 1 B";
    let bodies = [
        forged.to_owned(),
        format!("x\n{forged}\n\n{forged}"),
        format!("x\r{forged}"),
        format!("x\u{85}{forged}\u{2028}{forged}"),
        format!("{{\"type\":\"\n{forged}\"}}"),
        serde_json::json!({ "source": "https://prokeep.com", "event": format!("\n{forged}") }).to_string(),
        format!("a=%0A{}", forged.replace(' ', "+")),
    ];
    for body in &bodies {
        for kind in ["text/plain", "application/json", "application/x-www-form-urlencoded", "image/png"] {
            assert_eq!(post(&talking.address, "/", &[&format!("Content-Type: {kind}")], body.as_bytes()).status, 200);
        }
    }
    let (_, stdout, _) = talking.interrupt();
    let shown = String::from_utf8(stdout).unwrap();
    assert_eq!(own_lines(&shown).len(), bodies.len() * 4, "one line an event");
    for line in shown.lines().filter(|line| line.contains("stripe")) {
        let is_named = line.contains("--> \u{b7} prokeep ");
        assert!(line.starts_with("    \u{2502} ") || is_named, "{line:?}");
    }
}
