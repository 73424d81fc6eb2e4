//! From the tables of a manifest to handshakes and probes.

use std::collections::HashSet;
use std::sync::Arc;

use http::header::CONTENT_TYPE;
use http::{HeaderName, Method, StatusCode};
use toml::Spanned;

use super::{Body, Handshake, Message, Probe, Reply, Spoil};
use crate::provider::answers::Answers;
use crate::provider::compile::template_problem;
use crate::provider::condition::Condition;
use crate::provider::host::HostGlob;
use crate::provider::manifest::{CheckTable, HandshakeTable, MessageTable, OrderedTable, ProbeTable, ReplyTable};
use crate::provider::problem::{Compiled, SENDER_NAMES, problem, unknown};
use crate::provider::signature::Check;
use crate::provider::template::{Expression, Source, Template};

/// Media types of answers; both are no pages, whatever is echoed.
const REPLY_TYPES: [&str; 2] = ["text/plain", "application/json"];

/// Compiles all handshakes of a manifest.
pub(in crate::provider) fn handshakes(tables: &[HandshakeTable]) -> Compiled<Vec<Arc<Handshake>>> {
    let mut seen = HashSet::new();
    let mut read = |table: &HandshakeTable| {
        if seen.insert(table.name.get_ref().clone()) {
            handshake(table).map(Arc::new)
        } else {
            Err(problem(&table.name, format!("two handshakes have the name `{}`", table.name.get_ref())))
        }
    };
    tables.iter().map(&mut read).collect()
}

/// Compiles all probes of a manifest.
pub(in crate::provider) fn probes(tables: &[ProbeTable]) -> Compiled<Vec<Probe>> {
    tables.iter().map(probe).collect()
}

fn probe(table: &ProbeTable) -> Compiled<Probe> {
    let spoil = match table.mutate.get_ref().as_str() {
        "signature" => Spoil::Signature,
        "timestamp" => Spoil::Timestamp,
        "body" => Spoil::Body,
        _ => return Err(unknown("mutate", &table.mutate, &["signature", "timestamp", "body"])),
    };
    let statuses = table.expect_status.iter().map(|status| Ok(self::status("expect_status", status)?.as_u16()));
    let statuses: Vec<u16> = statuses.collect::<Compiled<_>>()?;
    if statuses.is_empty() {
        return Err(problem(&table.name, "`expect_status` needs at least one status"));
    }
    Ok(Probe { name: table.name.get_ref().clone(), spoil, statuses })
}

fn handshake(table: &HandshakeTable) -> Compiled<Handshake> {
    let names: Vec<&str> = table.vars.keys().map(String::as_str).collect();
    let (reply, accept) = answer(table, &names)?;
    let mut when: Vec<Condition> = table.when.iter().map(condition).collect::<Compiled<_>>()?;
    when.sort_by_key(Condition::cost);
    if when.is_empty() {
        return Err(problem(&table.name, "a handshake needs `when`, the conditions by which it is recognised"));
    }
    Ok(Handshake {
        name: table.name.get_ref().as_str().into(),
        when,
        signed: table.signed,
        variables: table
            .vars
            .iter()
            .map(|(name, text)| Ok((name.as_str().into(), template("vars", text, &[])?)))
            .collect::<Compiled<_>>()?,
        key: match &table.key {
            Some(text) => template("key", text, &[])?,
            None => template("key", &Spanned::new(0..0, "{secret}".to_owned()), &[])?,
        },
        checks: table.checks.iter().map(|table| check(table, &names)).collect::<Compiled<_>>()?,
        message: table.send.as_ref().map(message).transpose()?,
        reply,
        success: Answers::read("success", &table.success)?,
        success_text: table.success.iter().map(|text| text.get_ref().clone()).collect(),
        accept,
        require: table.require.iter().map(|name| required(name, &table.reply)).collect::<Compiled<_>>()?,
        accept_headers: headers("accept_headers", &table.accept_headers, &names)?,
        capture: capture(table)?,
        then_get: table.then_get.as_ref().map(|text| template("then_get", text, &[])).transpose()?,
        then_get_hosts: hosts(table)?,
    })
}

fn condition(text: &Spanned<String>) -> Compiled<Condition> {
    Condition::parse(text.get_ref(), &[]).map_err(template_problem("when", text))
}

/// Templates of an answer are made from the request: whoever answers does not know what the sender made up.
fn template(key: &str, text: &Spanned<String>, names: &[&str]) -> Compiled<Template> {
    Template::parse(text.get_ref(), names).map_err(|error| match error.problem.contains("`challenge`") {
        true => problem(
            text,
            format!("`{key}`: name the place of the request, such as {{json:/challenge}}; {{challenge}} is for `send`"),
        ),
        false => template_problem(key, text)(error),
    })
}

fn answer(table: &HandshakeTable, names: &[&str]) -> Compiled<(Reply, Vec<Body>)> {
    let ReplyTable { status, headers: fields, body: own } = &table.reply;
    let is_json = content_type(fields)?.is_some_and(|media_type| media_type == "application/json");
    let body = |key: &'static str, text: &Spanned<String>, is_json| {
        Ok(Body { template: template(key, text, names)?, is_json })
    };
    let reply = Reply {
        status: status.as_ref().map_or(Ok(StatusCode::OK), |status| self::status("status", status))?,
        headers: headers("reply", fields, names)?,
        body: own.as_ref().map(|text| body("reply", text, is_json)).transpose()?,
    };
    let accept = table.accept.iter().map(|text| body("accept", text, is_json_text(text.get_ref())));
    Ok((reply, accept.collect::<Compiled<_>>()?))
}

/// The media type that the answer has by its manifest.
fn content_type(fields: &OrderedTable) -> Compiled<Option<String>> {
    let Some((_, value)) = fields.0.iter().find(|(name, _)| name.eq_ignore_ascii_case(CONTENT_TYPE.as_str())) else {
        return Ok(None);
    };
    let media_type = value.get_ref().split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    if REPLY_TYPES.contains(&media_type.as_str()) {
        Ok(Some(media_type))
    } else {
        Err(problem(value, format!("`reply`: an answer is {}", REPLY_TYPES.join(" or "))))
    }
}

/// Whether a template is of a JSON object or list: `{{` is a brace.
fn is_json_text(text: &str) -> bool {
    let text = text.trim_start();
    text.starts_with("{{") || text.starts_with('[')
}

fn status(key: &str, status: &Spanned<u16>) -> Compiled<StatusCode> {
    let number = *status.get_ref();
    let known = StatusCode::from_u16(number).ok().filter(|_| (200..600).contains(&number));
    known.ok_or_else(|| problem(status, format!("`{key}`: {number} is no status of an answer")))
}

fn headers(key: &str, table: &OrderedTable, names: &[&str]) -> Compiled<Vec<(HeaderName, Template)>> {
    let header =
        |(name, value): &(String, Spanned<String>)| Ok((header_name(key, name, value)?, template(key, value, names)?));
    table.0.iter().map(header).collect()
}

fn header_name<T>(key: &str, name: &str, at: &Spanned<T>) -> Compiled<HeaderName> {
    HeaderName::from_bytes(name.as_bytes()).map_err(|_| problem(at, format!("`{key}`: `{name}` is not a header name")))
}

fn required(name: &Spanned<String>, reply: &ReplyTable) -> Compiled<HeaderName> {
    let header = header_name("require", name.get_ref(), name)?;
    if reply.headers.0.iter().any(|(known, _)| known.eq_ignore_ascii_case(header.as_str())) {
        Ok(header)
    } else {
        Err(problem(name, format!("`require`: the reply has no header `{}`", name.get_ref())))
    }
}

fn check(table: &CheckTable, names: &[&str]) -> Compiled<Check> {
    Ok(Check {
        name: table.name.clone(),
        left: template("left", &table.left, names)?,
        right: template("right", &table.right, names)?,
    })
}

fn message(table: &MessageTable) -> Compiled<Message> {
    let sender =
        |text: &Spanned<String>| Template::parse(text.get_ref(), &SENDER_NAMES).map_err(template_problem("send", text));
    let method = match &table.method {
        None => Method::POST,
        Some(name) => Method::from_bytes(name.get_ref().as_bytes())
            .map_err(|_| problem(name, format!("`{}` is not a method", name.get_ref())))?,
    };
    if let Some(target) = table.target.as_ref().filter(|target| !target.get_ref().starts_with(['/', '?'])) {
        return Err(problem(target, "`target` is appended to the URL: it begins with `/` or `?`"));
    }
    let header = |(name, value): &(String, Spanned<String>)| Ok((header_name("send", name, value)?, sender(value)?));
    let body = |text: &Spanned<String>| Ok(Body { template: sender(text)?, is_json: is_json_text(text.get_ref()) });
    Ok(Message {
        method,
        target: table.target.as_ref().map(sender).transpose()?,
        headers: table.headers.0.iter().map(header).collect::<Compiled<_>>()?,
        body: table.body.as_ref().map(body).transpose()?,
    })
}

/// What is handed over must be known to stand in one place, so that it can be sealed there.
fn capture(table: &HandshakeTable) -> Compiled<Option<Expression>> {
    let mut captured = None;
    for (name, text) in &table.capture {
        if name != "secret" {
            return Err(problem(text, format!("`capture`: only `secret` is captured, not `{name}`")));
        }
        let place = Expression::parse(text.get_ref(), &[]).map_err(template_problem("capture", text))?;
        if !matches!(place.source(), Source::Header(_) | Source::Json(_)) {
            return Err(problem(text, "`capture`: a secret is taken from `header:NAME` or `json:/pointer`"));
        }
        captured = Some(place);
    }
    Ok(captured)
}

fn hosts(table: &HandshakeTable) -> Compiled<Vec<HostGlob>> {
    match (&table.then_get, table.then_get_hosts.first()) {
        (Some(at), None) => Err(problem(at, "`then_get` needs `then_get_hosts`, the hosts that it may lead to")),
        (None, Some(at)) => Err(problem(at, "`then_get_hosts` is for `then_get` only")),
        _ => table.then_get_hosts.iter().map(host).collect(),
    }
}

fn host(glob: &Spanned<String>) -> Compiled<HostGlob> {
    let text = glob.get_ref();
    HostGlob::parse(text).ok_or_else(|| {
        problem(glob, format!("`then_get_hosts`: `{text}` leaves the domain open (write sns.*.amazonaws.com)"))
    })
}
