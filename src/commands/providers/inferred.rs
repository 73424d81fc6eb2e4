//! A manifest from one request: what its signature is made of, what names its event, what its sender renews.

use std::fmt::Write as _;
use std::path::PathBuf;

use http::HeaderMap;
use serde::Serialize;

use super::new::Draft;
use crate::cli::NewProviderArgs;
use crate::commands::{Context, captured, chosen, input};
use crate::error::{Exit, Failure};
use crate::history::anonymise;
use crate::json;
use crate::model::{Request, Secret};
use crate::provider::{Inferred, MAX_INFERRED_BODY, Unexplained, infer};

/// A request has fewer header fields than this in any server that people run.
const MAX_HEADERS: usize = 128;

/// Where senders say in JSON what happened.
const TYPE_PLACES: [&str; 10] = [
    "/type",
    "/event",
    "/event_type",
    "/eventType",
    "/event_name",
    "/topic",
    "/action",
    "/kind",
    "/event/type",
    "/data/type",
];
/// Where they say which delivery it is.
const ID_PLACES: [&str; 5] = ["/id", "/event_id", "/eventId", "/uuid", "/event/id"];

/// The choice as JSON.
#[derive(Serialize)]
struct InferredLine<'i> {
    provider: &'i str,
    scheme: &'i str,
    algorithm: Option<&'i str>,
    source: &'i str,
    format: &'i str,
    encoding: Option<&'i str>,
    signed: Option<&'i str>,
    key: &'i str,
    tries: usize,
}

/// Works the folder out from a request, or says what was tried.
pub(super) fn draft(from: &str, args: &NewProviderArgs, context: &Context) -> Result<Draft, Failure> {
    let request = request(from, context)?;
    if request.body.len() > MAX_INFERRED_BODY {
        return Err(Failure::usage(format!("the body has more than {MAX_INFERRED_BODY} bytes"))
            .hint("take a smaller event of the same sender: it is signed in the same way"));
    }
    let Some(secret) = chosen::named_secret(context, &args.secret)? else {
        return Err(Failure::usage("without the secret there is no telling how the request was signed")
            .hint("give it with --secret-env NAME or --secret-file PATH"));
    };
    let url = args.url.as_deref();
    let found = infer(&request, &secret, url).map_err(|unexplained| unexplained_failure(&unexplained, url, &secret))?;
    if context.json() {
        context.print_item(
            "inferred",
            &InferredLine {
                provider: &args.name,
                scheme: found.scheme,
                algorithm: found.algorithm,
                source: &found.source,
                format: &found.format,
                encoding: found.encoding,
                signed: found.signed.as_deref(),
                key: found.key,
                tries: found.tries,
            },
        )?;
    }
    folder(&request, &found, args)
}

/// A captured event, or a request as HTTP writes it.
fn request(from: &str, context: &Context) -> Result<Request, Failure> {
    if let Some(stored) = captured::find(from, context)? {
        return Ok(stored.event.request);
    }
    let text = input::read(from)?;
    parse(first_request(&text)).ok_or_else(|| {
        Failure::usage(format!("{from} is not a request as HTTP writes it")).hint(
            "request line, headers, an empty line, the body; or name a captured event: @last (`hookctl events import` \
             takes what was exported)",
        )
    })
}

/// The first request of an `.http` file, which begins with `###`: without comments, and without the line breaks that
/// the format puts behind a body. Anything else as it is.
fn first_request(text: &[u8]) -> &[u8] {
    if !text.starts_with(b"###") {
        return text;
    }
    let mut rest = text;
    while let Some(end) = memchr::memchr(b'\n', rest).filter(|_| rest.starts_with(b"#") || rest.starts_with(b"//")) {
        rest = &rest[end + 1..];
    }
    let end = memchr::memmem::find(rest, b"\n###").unwrap_or(rest.len());
    match rest[..end].trim_ascii_end() {
        // Headers alone: the empty line behind them stays.
        head if !contains_empty_line(head) => &rest[..end],
        request => request,
    }
}

fn contains_empty_line(text: &[u8]) -> bool {
    memchr::memmem::find(text, b"\n\n").is_some() || memchr::memmem::find(text, b"\r\n\r\n").is_some()
}

/// Reads request line, headers and body. The body ends where `Content-Length` says, if it says so.
fn parse(text: &[u8]) -> Option<Request> {
    let mut fields = [httparse::EMPTY_HEADER; MAX_HEADERS];
    let mut parsed = httparse::Request::new(&mut fields);
    let httparse::Status::Complete(head) = parsed.parse(text).ok()? else { return None };
    let mut headers = HeaderMap::new();
    for field in parsed.headers.iter() {
        let name = http::HeaderName::from_bytes(field.name.as_bytes()).ok()?;
        headers.append(name, http::HeaderValue::from_bytes(field.value).ok()?);
    }
    let body = &text[head..];
    let length = headers.get(http::header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
    Some(Request {
        method: parsed.method?.parse().ok()?,
        uri: parsed.path?.parse().ok()?,
        headers,
        body: body.get(..length.unwrap_or(body.len())).unwrap_or(body).to_vec().into(),
    })
}

fn nothing(message: String) -> Failure {
    Failure::new(Exit::No, "unexplained", anyhow::Error::msg(message))
}

fn unexplained_failure(unexplained: &Unexplained, url: Option<&str>, secret: &Secret) -> Failure {
    let Unexplained { places, tries } = unexplained;
    if places.is_empty() {
        return nothing("nothing in the request looks like a signature".to_owned())
            .hint("give the headers as they were received: a proxy or a log may have dropped one");
    }
    let looked = places.iter().map(|place| place.replace(':', " ")).collect::<Vec<_>>().join(", ");
    let failure = nothing(format!(
        "no usual way of signing makes what stands in {looked} ({tries} were tried with the secret from {})",
        secret.label()
    ));
    failure.hint(match url {
        None => "is it the right secret, and the body byte for byte? Some signatures cover the URL: give it with --url",
        Some(_) => "is it the right secret, and the body byte for byte? Without `--from` a manifest is started to write by hand",
    })
}

fn folder(request: &Request, found: &Inferred, args: &NewProviderArgs) -> Result<Draft, Failure> {
    let type_place = header_of(request, &["event", "topic"]).or_else(|| json_of(request, &TYPE_PLACES));
    let id_place = header_of(request, &["delivery", "id"]).filter(|(place, _)| *place != found.source);
    let id_place = id_place.or_else(|| json_of(request, &ID_PLACES));
    let event = type_place.as_ref().map_or("example", |(_, value)| value.as_str());
    let event = if is_file_name(event) { event.to_owned() } else { "example".to_owned() };
    let is_form = request.media_type().as_deref() == Some("application/x-www-form-urlencoded");
    let (body, replaced) = match anonymise(&request.body, is_form) {
        Ok(done) if !args.keep_personal_data => (done.body, done.replaced.len()),
        _ => (request.body.to_vec(), 0),
    };
    let extension = if json::check(&body).is_ok() {
        "json"
    } else if is_form {
        "form"
    } else {
        "txt"
    };
    let mut said = found.sentences();
    said.push(format!("found as reading {} of the usual ones", found.tries));
    said.extend(type_place.iter().map(|(place, _)| format!("the event type is {}", place.replace(':', " "))));
    if replaced > 0 {
        said.push(format!(
            "{replaced} personal values in the sample event were replaced (--keep-personal-data keeps them)"
        ));
    }
    Ok(Draft {
        manifest: manifest(request, found, type_place, id_place, &event, &args.name),
        fixture: (PathBuf::from(format!("{event}.{extension}")), body),
        event,
        said,
    })
}

fn manifest(
    request: &Request,
    found: &Inferred,
    type_place: Option<(String, String)>,
    id_place: Option<(String, String)>,
    event: &str,
    name: &str,
) -> String {
    let literal = |text: &str| toml::Value::from(text).to_string();
    let mut out = format!("[provider]\nid = {0}\nname = {0}\ndocs = []\n\n", literal(name));
    for line in found.sentences() {
        let _ = writeln!(out, "# {line}");
    }
    let _ = writeln!(out, "{}", found.manifest());
    let _ = writeln!(out, "[identify]\nwhen = [{}]\n", literal(&format!("{} exists", found.source)));
    let _ = writeln!(out, "[event]");
    for (key, place) in [("type", &type_place), ("id", &id_place)] {
        if let Some((place, _)) = place {
            let _ = writeln!(out, "{key} = {}", literal(&format!("{{?{place}}}")));
        }
    }
    let _ = writeln!(out, "\n[delivery]");
    if let Some(content_type) = request.header("content-type") {
        let _ = writeln!(out, "content_types = [{}]", literal(content_type));
    }
    let sent = |place: &Option<(String, String)>| Some(place.as_ref()?.0.strip_prefix("header:")?.to_owned());
    let agent = request
        .header("user-agent")
        .map(|agent| ("User-Agent".to_owned(), agent.replace('{', "{{").replace('}', "}}")));
    let kind = sent(&type_place).map(|header| (header, "{event.name}".to_owned()));
    let id = sent(&id_place).map(|header| (header, "{$uuid}".to_owned()));
    let ids = found.variables.iter().filter(|(variable, _)| *variable == "id");
    let signed_id =
        ids.filter_map(|(_, place)| Some((place.strip_prefix("header:")?.to_owned(), "{$uuid}".to_owned())));
    let headers: std::collections::BTreeMap<String, String> =
        agent.into_iter().chain(kind).chain(id).chain(signed_id).collect();
    if !headers.is_empty() {
        let _ = writeln!(out, "\n[delivery.headers]");
        for (header, value) in headers {
            let _ = writeln!(out, "{header} = {}", literal(&value));
        }
    }
    let _ =
        write!(out, "\n[fixture.{}]\ndocumented = false\ndescription = \"As it was received once\"\n", literal(event));
    out
}

/// A header whose name has one of these words, with its value.
fn header_of(request: &Request, words: &[&str]) -> Option<(String, String)> {
    let has_word = |name: &str, word: &str| name.split(['-', '_']).any(|part| part == word);
    words.iter().find_map(|word| {
        let (name, value) = request.headers.iter().find(|(name, _)| has_word(name.as_str(), word))?;
        Some((format!("header:{name}"), value.to_str().ok()?.to_owned()))
    })
}

/// The first of these places in the JSON body that holds text.
fn json_of(request: &Request, places: &[&str]) -> Option<(String, String)> {
    places.iter().find_map(|place| {
        let found = json::find(&request.body, &json::Pointer::parse(place).ok()?)?;
        let text = String::from_utf8(json::scalar(&request.body[found]).into_owned()).ok()?;
        let is_scalar = !text.is_empty() && !text.starts_with(['{', '[']);
        is_scalar.then(|| (format!("json:{place}"), text))
    })
}

/// Whether an event's name can be that of a file anywhere.
fn is_file_name(name: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    (1..=64).contains(&name.len()) && !name.starts_with('.') && name.bytes().all(is_plain)
}
