//! The URL as the sender knows it, where a proxy, a tunnel or a router shows another.

use super::Facts;
use super::guess::Guess;
use super::mutation::{Mutation, Part, Undo, Undone};
use crate::provider::signature::Signature;
use crate::provider::template::Source;

/// URLs that headers can suggest; a request may have many of them.
const MAX_FORWARDED: usize = 16;

const PUBLIC: &str = "verify against the public URL (`verify --url`, `listen --public-url`)";
const TLS: &str = "TLS ended at a proxy: verify against the public URL (`verify --url`, `listen --public-url`; \
     Express: `app.set('trust proxy', 1)`)";

const fn url(id: &'static str, what: &'static str, cure: &'static str, undo: Undo) -> Mutation {
    Mutation { id, part: Part::Url, what, cure, undo }
}

/// What the request itself suggests.
pub(super) const SEEN: [Mutation; 4] = [
    url("url.scheme", "the sender signed the URL with the other scheme (http or https)", TLS, Undo::Url(scheme)),
    url("url.forwarded", "the sender signed the URL that the proxy's headers tell", PUBLIC, Undo::Other(forwarded)),
    url("url.port", "the sender signed the URL with or without its port", PUBLIC, Undo::Other(ports)),
    url(
        "url.received",
        "the sender signed the URL as it was received",
        "leave the other URL out",
        Undo::Other(received),
    ),
];

/// What routers make of it.
pub(super) const REWRITTEN: [Mutation; 6] = [
    url(
        "url.slash",
        "the sender signed the URL with or without the slash at its end",
        "register exactly the URL that is served",
        Undo::Url(slash),
    ),
    url(
        "url.query_added",
        "the sender signed the URL without its query",
        PUBLIC,
        Undo::Url(|url| Some(url.split_once('?')?.0.to_owned())),
    ),
    url("url.query_sorted", "the sender signed the query in the order of its names", PUBLIC, Undo::Url(sorted)),
    url("url.decoded", "the sender signed the URL without percent-encoding", PUBLIC, Undo::Url(decoded)),
    url(
        "url.space_as_percent",
        "the sender signed the query with `+` for blanks",
        PUBLIC,
        Undo::Url(|url| Some(url.replace("%20", "+"))),
    ),
    url("url.space_as_plus", "the sender signed the query with `%20` for blanks", PUBLIC, Undo::Url(plus)),
];

/// Whether any part of the URL is signed.
pub(super) fn is_signed(signature: &Signature) -> bool {
    signature.reads(Source::is_of_url)
}

fn scheme(url: &str) -> Option<String> {
    match url.split_once("://")? {
        ("http", rest) => Some(format!("https://{rest}")),
        ("https", rest) => Some(format!("http://{rest}")),
        _ => None,
    }
}

/// Scheme, authority, and the rest.
fn split(url: &str) -> Option<(&str, &str, &str)> {
    let (scheme, rest) = url.split_once("://")?;
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    Some((scheme, &rest[..end], &rest[end..]))
}

fn undone<'a>(guess: &Guess<'a>, url: String, what: &'static str, cure: &'static str) -> Undone<'a> {
    Undone { guess: guess.with_url(url), what: what.into(), cure: cure.into() }
}

/// Without the port, with the default one, and with the one that the request says.
fn ports<'a>(facts: &Facts<'a>, guess: &Guess<'a>) -> Vec<Undone<'a>> {
    if !is_signed(&guess.signature) {
        return Vec::new();
    }
    let url = guess.scope().full_url();
    let Some((scheme, authority, rest)) = split(&url) else { return Vec::new() };
    let host = authority.rsplit_once(':').filter(|(_, port)| port.bytes().all(|byte| byte.is_ascii_digit()));
    let host = host.map_or(authority, |(host, _)| host);
    let default = if scheme == "https" { "443" } else { "80" };
    let header = facts.request.header("host").and_then(|host| Some(host.rsplit_once(':')?.1.to_owned()));
    let mut urls = vec![format!("{scheme}://{host}{rest}"), format!("{scheme}://{host}:{default}{rest}")];
    urls.extend(header.map(|port| format!("{scheme}://{host}:{port}{rest}")));
    urls.retain(|changed| *changed != url);
    urls.into_iter()
        .map(|url| undone(guess, url, "the sender signed the URL with or without its port", PUBLIC))
        .collect()
}

/// The URL that the request itself tells, where another was given.
fn received<'a>(facts: &Facts<'a>, guess: &Guess<'a>) -> Vec<Undone<'a>> {
    let Some(given) = guess.url.as_deref().filter(|_| is_signed(&guess.signature)) else { return Vec::new() };
    let target = facts.request.uri.path_and_query().map_or("/", http::uri::PathAndQuery::as_str);
    let mut urls = vec![crate::provider::template::Scope::of(facts.request).full_url()];
    if let Some((scheme, authority, rest)) = split(given) {
        // The public origin with the path of the request; its query behind the public path.
        urls.push(format!("{scheme}://{authority}{target}"));
        if let Some(query) = facts.request.uri.query().filter(|_| !rest.contains('?')) {
            urls.push(format!("{given}?{query}"));
        }
    }
    urls.retain(|url| url != given);
    let what = "the sender signed the URL as it was received";
    urls.into_iter()
        .map(|url| undone(guess, url, what, "the URL that was given is not the one that the sender has"))
        .collect()
}

/// What `X-Forwarded-*`, `Forwarded` (RFC 7239) and the like say.
fn forwarded<'a>(facts: &Facts<'a>, guess: &Guess<'a>) -> Vec<Undone<'a>> {
    if !is_signed(&guess.signature) {
        return Vec::new();
    }
    let url = guess.scope().full_url();
    let Some((scheme, authority, rest)) = split(&url) else { return Vec::new() };
    let Told { schemes, hosts, paths } = Told::of(facts);
    if schemes.is_empty() && hosts.is_empty() && paths.is_empty() {
        return Vec::new();
    }
    let with = |own: &str, told: Vec<String>| -> Vec<String> { told.into_iter().chain([own.to_owned()]).collect() };
    let prefixed = |path: String| if path.ends_with('/') { path.trim_end_matches('/').to_owned() + rest } else { path };
    let paths: Vec<String> = with(rest, paths.into_iter().map(prefixed).collect());
    let mut urls = Vec::new();
    for scheme in with(scheme, schemes) {
        for host in with(authority, hosts.clone()) {
            urls.extend(paths.iter().map(|path| format!("{scheme}://{host}{path}")));
        }
    }
    urls.retain(|changed| *changed != url);
    urls.truncate(MAX_FORWARDED);
    let what = "the sender signed the URL that the proxy's headers tell";
    urls.into_iter().map(|url| undone(guess, url, what, PUBLIC)).collect()
}

#[derive(Default)]
struct Told {
    schemes: Vec<String>,
    hosts: Vec<String>,
    /// A whole path, or a prefix that ends with a slash.
    paths: Vec<String>,
}

impl Told {
    fn of(facts: &Facts<'_>) -> Self {
        let first = |name: &str| {
            let value = facts.request.header(name)?.split(',').next()?.trim();
            (!value.is_empty() && value.bytes().all(|byte| byte.is_ascii_graphic())).then(|| value.to_owned())
        };
        let mut told = Self::default();
        told.schemes.extend(["x-forwarded-proto", "x-forwarded-scheme", "x-scheme"].into_iter().find_map(first));
        told.hosts.extend(["x-forwarded-host", "x-original-host"].into_iter().filter_map(first));
        told.paths.extend(first("x-forwarded-prefix").map(|prefix| format!("{}/", prefix.trim_end_matches('/'))));
        told.paths.extend(["x-original-uri", "x-original-url", "x-forwarded-uri"].into_iter().filter_map(first));
        told.paths.retain(|path| path.starts_with('/'));
        for pair in first("forwarded").unwrap_or_default().split(';') {
            match pair.split_once('=').map(|(name, value)| (name.trim().to_ascii_lowercase(), value.trim_matches('"')))
            {
                Some((name, value)) if name == "proto" => told.schemes.push(value.to_owned()),
                Some((name, value)) if name == "host" => told.hosts.push(value.to_owned()),
                _ => {}
            }
        }
        if let Some(port) = first("x-forwarded-port") {
            let with_port = |host: &String| format!("{}:{port}", host.split(':').next().unwrap_or(host));
            let more: Vec<String> = told.hosts.iter().map(with_port).collect();
            told.hosts.extend(more);
        }
        told
    }
}

fn slash(url: &str) -> Option<String> {
    let end = url.find(['?', '#']).unwrap_or(url.len());
    let (path, rest) = url.split_at(end);
    Some(match path.strip_suffix('/') {
        Some(without) => format!("{without}{rest}"),
        None => format!("{path}/{rest}"),
    })
}

fn sorted(url: &str) -> Option<String> {
    let (base, query) = url.split_once('?')?;
    let mut parameters: Vec<&str> = query.split('&').collect();
    parameters.sort_unstable();
    Some(format!("{base}?{}", parameters.join("&")))
}

fn decoded(url: &str) -> Option<String> {
    percent_encoding::percent_decode_str(url).decode_utf8().ok().map(std::borrow::Cow::into_owned)
}

fn plus(url: &str) -> Option<String> {
    let (base, query) = url.split_once('?')?;
    Some(format!("{base}?{}", query.replace('+', "%20")))
}
