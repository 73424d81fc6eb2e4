//! From the `[api]` table to an [`Api`], with errors at their place.

use std::collections::BTreeMap;

use http::{HeaderMap, HeaderName, HeaderValue, Method};
use toml::Spanned;

use super::events::All;
use super::path::Path;
use super::shape::Shape;
use super::{Api, Auth, AuthKind, Call, Encoding, ErrorKind, EventNames, Fields, Operation, Paging, PagingStyle};
use crate::provider::manifest::{ApiTable, AuthTable, CallTable, ErrorTable, PagingTable};
use crate::provider::problem::{Compiled, Problem, SENDER_NAMES, problem, unknown};
use crate::provider::template::Template;

/// Fields that any call may use beside its API's variables.
const KNOWN_FIELDS: [&str; 15] = [
    "id",
    "url",
    "events",
    "secret",
    "enabled",
    "description",
    "created_at",
    "updated_at",
    "webhook",
    "webhooks",
    "more",
    "next",
    "message",
    "param",
    "login",
];

/// Fields that the server fills in: the event of a call that has one sent, and the part of the path before the call's.
const DERIVED_FIELDS: [&str; 2] = ["event", "scope"];

/// Compiles the table.
pub(in crate::provider) fn compile(table: &ApiTable) -> Compiled<Api> {
    let base = base_url(table)?;
    let mut calls = BTreeMap::new();
    let one = [
        (Operation::Create, &table.create),
        (Operation::List, &table.list),
        (Operation::Get, &table.get),
        (Operation::Delete, &table.delete),
        (Operation::Enable, &table.enable),
        (Operation::Disable, &table.disable),
        (Operation::Ping, &table.ping),
        (Operation::Secret, &table.secret),
        (Operation::Whoami, &table.whoami),
    ];
    for (operation, written) in one.into_iter().filter_map(|(operation, table)| Some((operation, table.as_ref()?))) {
        calls.insert(operation, vec![call(written, table)?]);
    }
    if !table.update.0.is_empty() {
        let updates = table.update.0.iter().map(|written| call(written, table)).collect::<Compiled<_>>()?;
        calls.insert(Operation::Update, updates);
    }
    let whole = |written: &Option<Spanned<toml::Value>>, default: &str| match written {
        Some(written) => shape("item", written, table),
        None => Shape::parse(&toml::Value::String(default.to_owned()))
            .map_err(|text| Problem { span: table.base_url.span(), text }),
    };
    Ok(Api {
        base_url: base,
        docs: table.docs.clone(),
        scopes: scopes(table)?,
        variables: table.variables.clone(),
        auth: table.auth.as_ref().map_or_else(|| Ok(nobody()), auth)?,
        encoding: encoding(table)?,
        headers: headers(table)?,
        https_only: table.https_only,
        idempotency: table.idempotency.as_ref().map(header_name).transpose()?,
        request_id: table.request_id.as_ref().map(header_name).transpose()?,
        webhook: shape("webhook", &table.webhook, table)?,
        item: whole(&table.item, "{webhook}")?,
        items: whole(&table.items, "{webhooks}")?,
        on_create: table.on_create.as_ref().map(|event| event.get_ref().clone()),
        webhook_headers: webhook_headers(table)?,
        made: table
            .made
            .iter()
            .map(|(name, text)| Ok((name.clone(), template("made", text)?)))
            .collect::<Compiled<_>>()?,
        defaults: defaults(table)?,
        events: events(table)?,
        paging: table.paging.as_ref().map(paging).transpose()?,
        errors: errors(table)?,
        calls,
    })
}

fn base_url(table: &ApiTable) -> Compiled<String> {
    let base = table.base_url.get_ref();
    let rest = base.strip_prefix("https://").or_else(|| base.strip_prefix("http://"));
    let Some(rest) = rest.filter(|rest| !rest.is_empty() && !base.contains(['?', '#'])) else {
        return Err(problem(&table.base_url, format!("`base_url`: `{base}` is not an http(s) URL")));
    };
    let parsed = Path::parse(rest).ok_or_else(|| problem(&table.base_url, "`base_url`: braces do not pair"))?;
    check_variables(&table.base_url, &parsed, table)?;
    Ok(base.trim_end_matches('/').to_owned())
}

fn call(written: &CallTable, table: &ApiTable) -> Compiled<Call> {
    let method = Method::from_bytes(written.method.get_ref().as_bytes())
        .map_err(|_| problem(&written.method, format!("`{}` is not a method", written.method.get_ref())))?;
    let shape_of =
        |key, value: &Option<Spanned<toml::Value>>| value.as_ref().map(|value| shape(key, value, table)).transpose();
    Ok(Call {
        method,
        paths: paths(&written.path, table)?,
        body: shape_of("body", &written.body)?,
        success: written.success.clone(),
        adds: shape_of("adds", &written.adds)?,
        answer: shape_of("answer", &written.answer)?,
        emits: written.emits.as_ref().map(|event| event.get_ref().clone()),
    })
}

/// The path below each scope, or alone.
fn paths(written: &Spanned<String>, table: &ApiTable) -> Compiled<Vec<Path>> {
    let text = written.get_ref();
    let scopes: Vec<&str> = match table.scopes.as_slice() {
        scopes if text.contains("{scope}") => scopes.iter().map(|scope| scope.get_ref().as_str()).collect(),
        _ => vec![""],
    };
    if scopes.is_empty() {
        return Err(problem(written, "`{scope}` needs `scopes` in [api]"));
    }
    let paths = scopes.into_iter().map(|scope| {
        let path = Path::parse(&text.replace("{scope}", scope))
            .ok_or_else(|| problem(written, format!("`{text}` is not a path with one variable in a segment")))?;
        check_variables(written, &path, table)?;
        Ok(path)
    });
    paths.collect()
}

fn scopes(table: &ApiTable) -> Compiled<Vec<Path>> {
    let scope = |written: &Spanned<String>| {
        Path::parse(written.get_ref()).ok_or_else(|| problem(written, "`scopes`: braces do not pair"))
    };
    table.scopes.iter().map(scope).collect()
}

/// `{name}` must be a declared variable, or the id of the webhook.
fn check_variables<T>(at: &Spanned<T>, path: &Path, table: &ApiTable) -> Compiled<()> {
    let undeclared = path.variables().into_iter().find(|name| *name != "id" && !is_declared(name, table));
    undeclared.map_or(Ok(()), |name| {
        Err(problem(at, format!("`{{{name}}}` is not in `variables` ({})", table.variables.join(", "))))
    })
}

fn is_declared(name: &str, table: &ApiTable) -> bool {
    table.variables.iter().any(|known| known == name)
}

fn shape(key: &str, written: &Spanned<toml::Value>, table: &ApiTable) -> Compiled<Shape> {
    let shape = Shape::parse(written.get_ref()).map_err(|text| problem(written, format!("`{key}`: {text}")))?;
    let is_known = |name: &str| {
        KNOWN_FIELDS.contains(&name)
            || is_declared(name, table)
            || table.made.contains_key(name)
            || DERIVED_FIELDS.contains(&name)
    };
    match shape.fields().into_iter().find(|name| !is_known(name)) {
        Some(name) => Err(problem(written, format!("`{key}`: no field `{name}` (known: {})", KNOWN_FIELDS.join(", ")))),
        None => Ok(shape),
    }
}

fn nobody() -> Auth {
    Auth { kind: AuthKind::None, username_env: Vec::new(), env: Vec::new(), made: None }
}

fn auth(table: &AuthTable) -> Compiled<Auth> {
    let name = || table.name.as_ref().ok_or_else(|| problem(&table.kind, "`auth` needs a `name`"));
    let kind = match table.kind.get_ref().as_str() {
        "basic" => AuthKind::Basic,
        "bearer" if table.schemes.is_empty() => AuthKind::Bearer(vec!["Bearer".to_owned()]),
        "bearer" => AuthKind::Bearer(table.schemes.clone()),
        "header" => AuthKind::Header(header_name(name()?)?),
        "query" => AuthKind::Query(name()?.get_ref().clone()),
        _ => return Err(unknown("kind", &table.kind, &["basic", "bearer", "header", "query"])),
    };
    Ok(Auth {
        kind,
        username_env: table.username_env.clone(),
        env: table.env.clone(),
        made: table.made.as_ref().map(|text| template("made", text)).transpose()?,
    })
}

fn encoding(table: &ApiTable) -> Compiled<Encoding> {
    match table.body.as_ref() {
        None => Ok(Encoding::Json),
        Some(body) => match body.get_ref().as_str() {
            "json" => Ok(Encoding::Json),
            "form" => Ok(Encoding::Form),
            _ => Err(unknown("body", body, &["json", "form"])),
        },
    }
}

fn header_name(name: &Spanned<String>) -> Compiled<HeaderName> {
    HeaderName::from_bytes(name.get_ref().as_bytes())
        .map_err(|_| problem(name, format!("`{}` is not a header name", name.get_ref())))
}

fn headers(table: &ApiTable) -> Compiled<HeaderMap> {
    let header = |(name, value): &(String, Spanned<String>)| {
        let wrong = || problem(value, format!("`{name}` in [api.headers] is not a header"));
        let header = HeaderName::from_bytes(name.as_bytes()).map_err(|_| wrong())?;
        Ok((header, HeaderValue::from_str(value.get_ref()).map_err(|_| wrong())?))
    };
    table.headers.0.iter().map(header).collect()
}

fn webhook_headers(table: &ApiTable) -> Compiled<Vec<(HeaderName, Shape)>> {
    let header = |(name, written): (&String, &Spanned<toml::Value>)| {
        let header = HeaderName::from_bytes(name.as_bytes());
        let header = header.map_err(|_| problem(written, format!("`{name}` is not a header name")))?;
        Ok((header, shape("webhook_headers", written, table)?))
    };
    table.webhook_headers.iter().map(header).collect()
}

fn template(key: &str, text: &Spanned<String>) -> Compiled<Template> {
    Template::parse(text.get_ref(), &SENDER_NAMES).map_err(|error| problem(text, format!("`{key}`: {error}")))
}

fn defaults(table: &ApiTable) -> Compiled<Fields> {
    let wrong = |text: String| Problem { span: table.base_url.span(), text: format!("[api.defaults] {text}") };
    let value = |(name, value): (&String, &toml::Value)| {
        Ok((name.clone(), serde_json::to_value(value).map_err(|error| wrong(format!("`{name}`: {error}")))?))
    };
    let mut fields = table.defaults.iter().map(value).collect::<Compiled<Fields>>()?;
    super::fields::normalise(&mut fields).map_err(|invalid| wrong(invalid.to_string()))?;
    Ok(fields)
}

fn events(table: &ApiTable) -> Compiled<EventNames> {
    let written = &table.events;
    Ok(EventNames {
        names: written.names.clone(),
        all: match written.all.as_ref().map(|all| all.get_ref().as_str()) {
            None | Some("names") => All::Names,
            Some("null") => All::Null,
            Some(name) => All::Name(name.to_owned()),
        },
        open: written.open,
        one_each: written.one_each,
        name: written.name.as_ref().map(|text| template("name", text)).transpose()?,
    })
}

fn paging(table: &PagingTable) -> Compiled<Paging> {
    Ok(Paging {
        style: match table.style.get_ref().as_str() {
            "link" => PagingStyle::Link,
            "after" => PagingStyle::After,
            "cursor" => PagingStyle::Cursor,
            _ => return Err(unknown("style", &table.style, &["link", "after", "cursor"])),
        },
        parameter: table.parameter.clone(),
        limit: table.limit.clone(),
        size: table.size.max(1),
        max: table.max.max(1),
    })
}

fn errors(table: &ApiTable) -> Compiled<BTreeMap<ErrorKind, (u16, Shape)>> {
    let written = [
        (ErrorKind::Unauthorized, &table.errors.unauthorized),
        (ErrorKind::NotFound, &table.errors.not_found),
        (ErrorKind::Invalid, &table.errors.invalid),
    ];
    let compiled = |(kind, error): (ErrorKind, &ErrorTable)| {
        let body = match &error.body {
            Some(body) => shape("errors", body, table)?,
            None => Shape::Constant(serde_json::Value::String(String::new())),
        };
        Ok((kind, (error.status, body)))
    };
    written.into_iter().filter_map(|(kind, error)| Some((kind, error.as_ref()?))).map(compiled).collect()
}
