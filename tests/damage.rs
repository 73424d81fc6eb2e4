//! What goes wrong between a sender and whoever verifies, done on purpose: each mutation that an explanation can
//! name, applied to a request of a given signature.

use std::cell::RefCell;
use std::path::Path;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use flate2::Compression;
use flate2::read::{GzEncoder, ZlibEncoder};
use hookctl::model::{Request, Secret};
use hookctl::provider::{Draft, Generator, Provider, compile, compose};
use http::{HeaderMap, HeaderName, HeaderValue};
use jiff::Timestamp;
use sha1::Digest as _;
use toml::{Table, Value};

use crate::case::Case;
use crate::senders::{self, now};

/// A request that arrived damaged, or is verified in the wrong way.
pub struct Broken {
    pub request: Request,
    /// What the receiver has configured.
    pub secret: Secret,
    /// The URL that the receiver gives.
    pub url: Option<String>,
    /// Other secrets that the receiver has.
    pub known: Vec<Secret>,
}

/// A sender: the provider's own, or one that does it in another way.
pub struct Sender<'c> {
    pub case: &'c Case,
    pub provider: Arc<Provider>,
    pub secret: Secret,
    pub content_type: Option<&'static str>,
}

/// A body of no provider in particular.
pub const BODY: &[u8] = br#"{"b":"x","a":[1,2.50]}"#;
const OTHER_SECRET: &str = "some other secret for tests";
/// Thirty-two bytes that are text, so that every encoding of them is text too.
const KEY: &str = "thirty-two bytes of a secret key";

impl<'c> Sender<'c> {
    pub fn of(case: &'c Case) -> Self {
        Self { case, provider: Arc::clone(&case.provider), secret: case.secret(), content_type: None }
    }

    fn with_secret(self, secret: impl Into<Vec<u8>>) -> Self {
        Self { secret: Secret::new(secret, "test").unwrap(), ..self }
    }

    /// With another manifest: this provider's with its signature edited.
    fn edited(self, edit: impl FnOnce(&mut Table) -> Option<()>) -> Option<Self> {
        let path = format!("{}/fixtures/{}/provider.toml", env!("CARGO_MANIFEST_DIR"), self.case.provider.id());
        let mut manifest: Table = std::fs::read_to_string(Path::new(&path)).ok()?.parse().unwrap();
        let tables = manifest.get_mut("signature")?.as_array_mut()?;
        let id = |index: usize, table: &Value| {
            table.get("id").and_then(Value::as_str).map_or_else(|| format!("signature-{}", index + 1), str::to_owned)
        };
        let index = tables.iter().enumerate().position(|(index, table)| id(index, table) == self.case.signature)?;
        edit(tables[index].as_table_mut()?)?;
        Some(Self { provider: Arc::new(compile(&path, &manifest.to_string()).ok()?), ..self })
    }

    fn sign_at(&self, body: &[u8], url: &str, at: Timestamp) -> Option<Request> {
        let draft = Draft {
            event: "test.event",
            body,
            content_type: self.content_type,
            headers: &HeaderMap::new(),
            url,
            signature: Some(&self.case.signature),
        };
        compose(&self.provider, &draft, Some(&self.secret), &RefCell::new(Generator::new(1, at))).ok()
    }

    pub fn sign(&self, body: &[u8]) -> Option<Request> {
        self.sign_at(body, &senders::url(&self.case.signature, body), now())
    }

    /// The request as the right receiver takes it.
    fn received(&self, request: Request) -> Broken {
        Broken { request, secret: senders::verifying(&self.case.secret()), url: None, known: Vec::new() }
    }
}

/// Every way in which this mutation can be done to a request of this signature; none where it does not apply.
pub fn damages(id: &str, case: &Case) -> Vec<Broken> {
    let (group, name) = id.split_once('.').unwrap();
    match group {
        "body" | "json" | "form" => body(id, case).into_iter().collect(),
        "secret" => secret(name, case).into_iter().collect(),
        "header" => header(name, case).into_iter().collect(),
        "url" => url(name, case),
        "time" => time(case).into_iter().collect(),
        "scheme" => scheme(name, case).into_iter().collect(),
        _ => panic!("{id}"),
    }
}

fn packed(mut reader: impl std::io::Read) -> Vec<u8> {
    let mut packed = Vec::new();
    reader.read_to_end(&mut packed).unwrap();
    packed
}

/// The body that was signed, and the one that arrived.
fn bodies(id: &str) -> (Vec<u8>, Vec<u8>) {
    const PLAIN: &str = r#"{"b":"é/<a>","list":[1.0,{"z":1,"a":"x"}],"a":"ü"}"#;
    const PHP: &str = r#"{"b":"\u00e9\/<a>","list":[1.0,{"z":1,"a":"x"}],"a":"\u00fc"}"#;
    const INDENTED: &str = "{\n  \"b\": \"é/<a>\",\n  \"list\": [\n    1.0,\n    {\n      \"z\": 1,\n      \"a\": \"x\"\n    }\n  ],\n  \"a\": \"ü\"\n}";
    const SORTED_INDENTED: &str = "{\n  \"a\": \"ü\",\n  \"b\": \"é/<a>\",\n  \"list\": [\n    1.0,\n    {\n      \"a\": \"x\",\n      \"z\": 1\n    }\n  ]\n}";
    let lines = "{\n\"a\": 1,\n\"b\": 2\n}";
    let crlf = lines.replace('\n', "\r\n");
    let text = |signed: &str, arrived: &str| (signed.as_bytes().to_vec(), arrived.as_bytes().to_vec());
    let around = |before: &str, after: &str| [before.as_bytes(), BODY, after.as_bytes()].concat();
    match id {
        "body.newline_added" => (BODY.to_vec(), around("", "\n")),
        "body.crlf_added" => (BODY.to_vec(), around("", "\r\n")),
        "body.newline_trimmed" => (around("", "\n"), BODY.to_vec()),
        "body.crlf_trimmed" => (around("", "\r\n"), BODY.to_vec()),
        "body.space_added" => (BODY.to_vec(), around(" ", "\t\n\n")),
        "body.lf_to_crlf" => text(lines, &crlf),
        "body.crlf_to_lf" => text(&crlf, lines),
        "body.bom_added" => (BODY.to_vec(), around("\u{feff}", "")),
        "body.bom_removed" => (around("\u{feff}", ""), BODY.to_vec()),
        "body.gzip" => (BODY.to_vec(), packed(GzEncoder::new(BODY, Compression::fast()))),
        "body.deflate" => (BODY.to_vec(), packed(ZlibEncoder::new(BODY, Compression::fast()))),
        "body.unpacked" => (packed(GzEncoder::new(BODY, Compression::default())), BODY.to_vec()),
        "body.base64" => (BODY.to_vec(), STANDARD.encode(BODY).into_bytes()),
        "body.quoted" => (BODY.to_vec(), serde_json::to_vec(std::str::from_utf8(BODY).unwrap()).unwrap()),
        "body.latin1_to_utf8" => (b"{\"a\":\"\xe9\"}".to_vec(), "{\"a\":\"é\"}".into()),
        "body.utf8_to_latin1" => ("{\"a\":\"é\"}".into(), b"{\"a\":\"\xe9\"}".to_vec()),
        "body.mojibake" => text("{\"a\":\"é\"}", "{\"a\":\"Ã©\"}"),
        "body.windows1252" => text("{\"a\":\"’\"}", "{\"a\":\"â€™\"}"),
        "body.not_signed" => (Vec::new(), BODY.to_vec()),
        "json.compact" => text(PLAIN, INDENTED),
        "json.spaced" => text(r#"{"b": "é/<a>", "list": [1.0, {"z": 1, "a": "x"}], "a": "ü"}"#, PLAIN),
        "json.indent_2" => text(INDENTED, PLAIN),
        "json.indent_4" => text(&INDENTED.replace("  ", "    "), PLAIN),
        "json.unescaped" => text(PLAIN, PHP),
        "json.spaced_ascii" => text(r#"{"b": "\u00e9/<a>", "list": [1.0, {"z": 1, "a": "x"}], "a": "\u00fc"}"#, PLAIN),
        "json.ascii" => text(r#"{"b":"\u00e9/<a>","list":[1.0,{"z":1,"a":"x"}],"a":"\u00fc"}"#, PLAIN),
        "json.php" => text(PHP, PLAIN),
        "json.slashes" => text(r#"{"b":"é\/<a>","list":[1.0,{"z":1,"a":"x"}],"a":"ü"}"#, PLAIN),
        "json.html" => text(r#"{"b":"é/\u003ca\u003e","list":[1.0,{"z":1,"a":"x"}],"a":"ü"}"#, PLAIN),
        "json.spaced_unescaped" => text(r#"{"b": "é/<a>", "list": [1.0, {"z": 1, "a": "x"}], "a": "ü"}"#, PHP),
        "json.indent_4_php" => {
            let signed =
                INDENTED.replace("  ", "    ").replace('/', "\\/").replace('é', "\\u00e9").replace('ü', "\\u00fc");
            text(&signed, PLAIN)
        }
        "json.sorted" => text(r#"{"a":"ü","b":"é/<a>","list":[1.0,{"a":"x","z":1}]}"#, PLAIN),
        "json.sorted_unescaped" => text(r#"{"a":"ü","b":"é/<a>","list":[1.0,{"a":"x","z":1}]}"#, PHP),
        "json.sorted_html" => text(r#"{"a":"ü","b":"é/\u003ca\u003e","list":[1.0,{"a":"x","z":1}]}"#, PLAIN),
        "json.sorted_ascii" => text(r#"{"a":"\u00fc","b":"\u00e9/<a>","list":[1.0,{"a":"x","z":1}]}"#, PLAIN),
        "json.sorted_spaced" => text(r#"{"a": "\u00fc", "b": "\u00e9/<a>", "list": [1.0, {"a": "x", "z": 1}]}"#, PLAIN),
        "json.sorted_indent_2" => text(SORTED_INDENTED, PLAIN),
        "form.plus_decoded" => text("From=%2B1&To=a", "From=+1&To=a"),
        "form.space_as_percent" => text("a=x+y&b=1", "a=x%20y&b=1"),
        "form.space_as_plus" => text("a=x%20y&b=1", "a=x+y&b=1"),
        "form.encoded_again" => text("a=%7Ex*&b=1", "a=~x%2A&b=1"),
        "form.lower_case" => text("a=%2fb&b=1", "a=%2Fb&b=1"),
        "form.payload" => text("payload=%7B%22a%22%3A1%7D", r#"{"a":1}"#),
        _ => panic!("{id} is not done to any body"),
    }
}

fn body(id: &str, case: &Case) -> Option<Broken> {
    let (signed, arrived) = bodies(id);
    let content_type = (id == "form.payload").then_some("application/x-www-form-urlencoded");
    let sender = Sender { content_type, ..Sender::of(case) };
    let mut request = sender.sign(&signed)?;
    // A signature that stands in the body is damaged with it.
    if *request.body != *signed {
        return None;
    }
    request.body = arrived.into();
    if id == "body.unpacked" {
        request.headers.insert("content-encoding", HeaderValue::from_static("gzip"));
    }
    Some(sender.received(request))
}

/// Whether the scheme makes something else of the secret than its bytes.
fn decodes(case: &Case) -> bool {
    Sender::of(case).with_secret("?!").sign(BODY).is_none()
}

/// A sender that makes its key in another way out of the same secret.
fn keyed<'c>(case: &'c Case, key: &str, secret: impl Into<Vec<u8>>) -> Option<Sender<'c>> {
    let edit = |table: &mut Table| {
        table.remove("secret_prefixes");
        matches!(table["scheme"].as_str(), Some("hmac" | "jwt")).then_some(())?;
        table.insert("key".into(), key.into());
        Some(())
    };
    Sender::of(case).with_secret(secret).edited(edit)
}

/// The sender signs with one secret, the receiver has another.
fn secret(name: &str, case: &Case) -> Option<Broken> {
    let own = case.secret();
    let text = String::from_utf8(senders::verifying(&own).expose().to_vec()).ok()?;
    let whsec = format!("whsec_{}", STANDARD.encode(KEY));
    let (sender, configured): (Sender<'_>, Vec<u8>) = match name {
        "whitespace" => (Sender::of(case), format!(" {text}\n").into()),
        "quotes" => (Sender::of(case), format!("\"{text}\"").into()),
        "other" => (Sender::of(case), OTHER_SECRET.into()),
        "prefix_kept" => (Sender::of(case), format!("whsec_{text}").into()),
        "prefix_stripped" if text.starts_with("whsec_") => (Sender::of(case), text["whsec_".len()..].into()),
        "prefix_stripped" => (Sender::of(case).with_secret(format!("whsec_{text}")), text.clone().into()),
        "not_decoded" if decodes(case) => (keyed(case, "{secret}", own.expose())?, own.expose().to_vec()),
        "not_decoded_after_prefix" => (keyed(case, r#"{secret|strip("whsec_")}"#, &*whsec)?, whsec.clone().into()),
        "base64" => (keyed(case, "{secret|unbase64}", STANDARD.encode(KEY))?, STANDARD.encode(KEY).into()),
        "base64_after_prefix" => (keyed(case, r#"{secret|strip("whsec_")|unbase64}"#, &*whsec)?, whsec.clone().into()),
        "base64url" if !decodes(case) => {
            // With letters that base64 does not have.
            let key = "???>>>~~~???>>>~~~???>>>~~~???>>";
            (keyed(case, "{secret}", key)?, URL_SAFE_NO_PAD.encode(key).into())
        }
        "hex" => (keyed(case, "{secret|unhex}", hex::encode(KEY))?, hex::encode(KEY).into()),
        "sha1" => (keyed(case, "{secret}", sha1::Sha1::digest(text.as_bytes()).to_vec())?, text.clone().into()),
        "sha256" => (keyed(case, "{secret}", sha2::Sha256::digest(text.as_bytes()).to_vec())?, text.clone().into()),
        "to_base64" => (keyed(case, "{secret}", STANDARD.encode(&text))?, text.clone().into()),
        "to_hex" => (keyed(case, "{secret}", hex::encode(&text))?, text.clone().into()),
        "hex_for_base64" => (Sender::of(case).with_secret(STANDARD.encode(KEY)), hex::encode(KEY).into()),
        _ => return None,
    };
    let known = if name == "other" { vec![senders::verifying(&own).labelled("the live one")] } else { Vec::new() };
    // Where the key is made as if nothing were changed there is no such mistake to make.
    if name == "hex_for_base64" && !decodes(case) {
        return None;
    }
    let request = sender.sign(BODY)?;
    Some(Broken { secret: Secret::new(configured, "test").ok()?, known, ..sender.received(request) })
}

/// Where the encoded signature begins: behind the last `=` or `,` that is no padding.
fn start_of_digits(text: &str) -> usize {
    let inner = text.trim_end_matches('=');
    inner.rfind(['=', ',']).map_or(0, |at| at + 1)
}

/// The fixed text directly before the signature.
fn tag(case: &Case) -> Option<String> {
    let signature = case.provider.signatures().iter().find(|known| known.id() == case.signature)?;
    let before = signature.format().split_once("{signature}")?.0;
    let tag = before.rsplit(['}', ' ']).next()?.trim_start_matches([',', ';']);
    (tag.len() > 1).then(|| tag.to_owned())
}

fn header(name: &str, case: &Case) -> Option<Broken> {
    let sender = Sender::of(case);
    let signature = case.provider.signatures().iter().find(|known| known.id() == case.signature)?;
    let own = signature.header()?.clone();
    let is_token = signature.algorithm().starts_with("JWT");
    let mut request = sender.sign(BODY)?;
    let text = request.headers.get(&own)?.to_str().ok()?.to_owned();
    let digits = start_of_digits(&text);
    let literal = signature.format().split_once('{')?.0.to_owned();
    let is_alone = signature.format() == format!("{literal}{{signature}}");
    let value = match name {
        // A pattern stands for any name that fits it.
        "name" if signature.place().contains('*') => return None,
        "name" => {
            let other = own.as_str().replace('-', "_");
            let other = if other == own.as_str() { format!("{other}e") } else { other };
            request.headers.remove(&own);
            request.headers.insert(HeaderName::from_bytes(other.as_bytes()).ok()?, HeaderValue::from_str(&text).ok()?);
            return Some(sender.received(request));
        }
        "repeated" => {
            request.headers.append(&own, HeaderValue::from_static("another"));
            return Some(sender.received(request));
        }
        "joined" if is_alone && !text.contains(',') => format!("{text}, {literal}another"),
        "prefix_missing" if is_alone && !literal.is_empty() => text.strip_prefix(&literal)?.to_owned(),
        "prefix_added" if is_alone && literal.is_empty() && !is_token => format!("sha256={text}"),
        "prefix_case" if is_alone && literal.to_uppercase() != literal => {
            format!("{}{}", literal.to_uppercase(), &text[literal.len()..])
        }
        "version" => {
            let tag = tag(case)?;
            let joint = tag.chars().last().filter(|joint| matches!(joint, '=' | ','))?;
            text.replacen(&tag, &format!("v77{joint}"), 1)
        }
        "encoding" if !is_token => {
            let written = &text[digits..];
            let bytes = hex::decode(written)
                .or_else(|_| STANDARD.decode(written))
                .or_else(|_| URL_SAFE_NO_PAD.decode(written))
                .ok()?;
            let other = if hex::decode(written).is_ok() { STANDARD.encode(&bytes) } else { hex::encode(&bytes) };
            format!("{}{other}", &text[..digits])
        }
        "base64_of_hex" if !is_token => {
            let written = &text[digits..];
            let bytes = hex::decode(written).or_else(|_| STANDARD.decode(written)).ok()?;
            format!("{}{}", &text[..digits], STANDARD.encode(hex::encode(bytes)))
        }
        "quoted" => format!("\"{text}\""),
        "percent_encoded" => {
            let encoded = form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
            if encoded == text { return None } else { encoded }
        }
        "plus_as_space" => return plus_as_space(&sender, &own),
        _ => return None,
    };
    request.headers.insert(own, HeaderValue::from_str(&value).ok()?);
    Some(sender.received(request))
}

/// One of these bodies has a signature with a `+` in it, in base64.
fn plus_as_space(sender: &Sender<'_>, own: &HeaderName) -> Option<Broken> {
    for number in 0..40 {
        let mut request = sender.sign(format!("{{\"n\":{number}}}").as_bytes())?;
        let text = request.headers.get(own)?.to_str().ok()?.to_owned();
        let is_inside = text.contains('+') && !text.ends_with('+') && !text.starts_with('+');
        // Where blanks separate signatures a lost `+` tears one apart.
        if is_inside && !text.contains(' ') && !tag(sender.case).is_some_and(|tag| tag.ends_with(',')) {
            request.headers.insert(own, HeaderValue::from_str(&text.replace('+', " ")).ok()?);
            return Some(sender.received(request));
        }
    }
    None
}

/// What was signed, what arrived, headers of the proxy, and the URL that the receiver gives.
type Routed<'r> = (String, String, Vec<(&'static str, &'r str)>, Option<&'r str>);

fn url(name: &str, case: &Case) -> Vec<Broken> {
    let base = senders::url(&case.signature, BODY);
    let joint = if base.contains('?') { '&' } else { '?' };
    let with = |more: &str| format!("{base}{joint}{more}");
    let path = |path: &str| base.replacen("/in", path, 1);
    let cases: Vec<Routed<'_>> = match name {
        "scheme" => vec![(base.clone(), base.replacen("https", "http", 1), Vec::new(), None)],
        "port" => vec![
            (base.clone(), base.replacen(".test", ".test:8443", 1), Vec::new(), None),
            (base.replacen(".test", ".test:8443", 1), base.clone(), vec![("host", "hooks.example.test:8443")], None),
        ],
        "forwarded" => {
            let inner = base.replacen("https://hooks.example.test", "http://10.0.0.1:8080", 1);
            let forwarded = "for=1.2.3.4;proto=https;host=hooks.example.test";
            vec![
                (
                    base.clone(),
                    inner.clone(),
                    vec![("x-forwarded-proto", "https"), ("x-forwarded-host", "hooks.example.test")],
                    None,
                ),
                (base.clone(), inner, vec![("forwarded", forwarded)], None),
                (path("/api/in"), base.clone(), vec![("x-forwarded-prefix", "/api")], None),
            ]
        }
        "received" => vec![(base.clone(), base.clone(), Vec::new(), Some("https://other.example.test/else"))],
        "slash" => vec![(base.clone(), path("/in/"), Vec::new(), None), (path("/in/"), base.clone(), Vec::new(), None)],
        "query_added" if joint == '?' => vec![(base.clone(), with("utm=1"), Vec::new(), None)],
        "query_sorted" if joint == '?' => vec![(with("a=1&b=2"), with("b=2&a=1"), Vec::new(), None)],
        "decoded" => vec![(path("/a~b"), path("/a%7Eb"), Vec::new(), None)],
        "space_as_percent" => vec![(with("q=a+b"), with("q=a%20b"), Vec::new(), None)],
        "space_as_plus" => vec![(with("q=a%20b"), with("q=a+b"), Vec::new(), None)],
        _ => Vec::new(),
    };
    let sender = Sender::of(case);
    let broken = |(signed, arrived, headers, url): Routed<'_>| {
        let mut request = sender.sign_at(BODY, &signed, now())?;
        let added = request.uri.path().len() - signed.parse::<http::Uri>().unwrap().path().len();
        // A provider that appends its own path appends it to what arrives too.
        let arrived = if added == 0 { arrived } else { return None };
        request.uri = arrived.parse().unwrap();
        headers.iter().for_each(|(name, value)| {
            request.headers.insert(*name, HeaderValue::from_str(value).unwrap());
        });
        Some(Broken { url: url.map(str::to_owned), ..sender.received(request) })
    };
    cases.into_iter().filter_map(broken).collect()
}

/// The sender signs the time in another unit than the one that it sends.
fn time(case: &Case) -> Option<Broken> {
    let millis = now().as_millisecond().to_string();
    let seconds = now().as_second().to_string();
    let mut unit = String::new();
    let sender = Sender::of(case).edited(|table| {
        let timestamp = table.get_mut("timestamp")?.as_table_mut()?;
        unit = timestamp.get("unit")?.as_str()?.to_owned();
        timestamp.insert("unit".into(), if unit == "ms" { "s" } else { "ms" }.into());
        Some(())
    })?;
    let (from, to) = match unit.as_str() {
        "s" => (millis, seconds),
        "ms" => (seconds, millis),
        _ => return None,
    };
    let mut request = sender.sign(BODY)?;
    let mut is_changed = false;
    for value in request.headers.values_mut() {
        let text = value.to_str().ok()?;
        if text.contains(&from) {
            *value = HeaderValue::from_str(&text.replace(&from, &to)).ok()?;
            is_changed = true;
        }
    }
    is_changed.then(|| sender.received(request))
}

/// The sender follows another scheme.
fn scheme(name: &str, case: &Case) -> Option<Broken> {
    let text = |table: &Table, key: &str| table.get(key).and_then(Value::as_str).map(str::to_owned);
    let sender = Sender::of(case).edited(|table| {
        let scheme = text(table, "scheme")?;
        let key = text(table, "key").unwrap_or_else(|| "{secret}".to_owned());
        let signed = text(table, "signed")?;
        let (wanted, edits): (&str, Vec<(&str, String)>) = match name {
            "digest" => {
                let other = if text(table, "algorithm").as_deref() == Some("sha1") { "sha512" } else { "sha1" };
                (&*scheme, vec![("algorithm", other.to_owned())])
            }
            "hash_after" => ("hmac", vec![("scheme", "hash".into()), ("signed", format!("{signed}{key}"))]),
            "hash_before" => ("hmac", vec![("scheme", "hash".into()), ("signed", format!("{key}{signed}"))]),
            "hash_alone" => (&*scheme, vec![("scheme", "hash".into()), ("signed", signed.replace("{secret}", ""))]),
            "hmac" => ("hash", vec![("scheme", "hmac".into()), ("signed", signed.replace("{secret}", ""))]),
            "swapped" => ("hmac", vec![("key", signed.clone()), ("signed", key.clone())]),
            "content" => (&*scheme, vec![("signed", "{method}{url}{body}".into())]),
            _ => return None,
        };
        let is_hashed = matches!(&*scheme, "hmac" | "hash");
        if scheme != wanted || !is_hashed && name != "content" {
            return None;
        }
        if name.starts_with("hash") {
            table.remove("key");
        }
        table.extend(edits.into_iter().map(|(key, value)| (key.to_owned(), Value::String(value))));
        Some(())
    })?;
    let request = sender.sign(BODY)?;
    Some(sender.received(request))
}
