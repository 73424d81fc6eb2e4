//! Values at their places in a request: read, written and taken out, while every other byte stays.

use bytes::Bytes;
use http::uri::PathAndQuery;
use http::{HeaderValue, Uri};

use super::fresh::set_field;
use super::template::{Expression, Scope, Source};
use crate::json::{self, Missing, Pointer, SetError};
use crate::model::Request;

impl Source {
    /// Whether a value can be put here.
    pub(crate) fn is_place(&self) -> bool {
        let is_header = matches!(self, Self::Header(_) | Self::HeaderPattern(_));
        is_header || matches!(self, Self::QueryParameter(_) | Self::FormField(..) | Self::Json(_))
    }

    /// Whether what stands here is part of the body.
    pub(crate) fn is_in_body(&self) -> bool {
        matches!(self, Self::Body | Self::FormField(..) | Self::Json(_))
    }

    /// Whether the request has a value here.
    pub(crate) fn is_there(&self, request: &Request) -> bool {
        self.text(request).is_some()
    }

    /// The text that stands here.
    pub(crate) fn text(&self, request: &Request) -> Option<String> {
        let value = Expression::of(self.clone()).lookup(&Scope::of(request))?;
        Some(String::from_utf8_lossy(&value).into_owned())
    }

    /// Puts a value here, in the place of what stands there or beside it; the error says what is in the way.
    pub(crate) fn put(&self, request: &mut Request, value: &str) -> Result<(), String> {
        match self {
            Self::Header(name) => {
                let mut value = HeaderValue::from_str(value).map_err(|_| "the value has a control character")?;
                value.set_sensitive(request.headers.get(name).is_some_and(HeaderValue::is_sensitive));
                request.headers.insert(name.clone(), value);
            }
            Self::HeaderPattern(pattern) => Self::Header(pattern.first().clone()).put(request, value)?,
            Self::Body => request.body = value.to_owned().into(),
            Self::QueryParameter(name) => {
                let query = put_field(request.uri.query().unwrap_or_default().as_bytes(), name, value);
                request.uri = with_query(&request.uri, &query).ok_or("the URL would not be one any more")?;
            }
            Self::FormField(name, pointer) => {
                is_form(request)?;
                let value = match pointer {
                    None => value.to_owned(),
                    Some(pointer) => {
                        let document = Self::FormField(name.clone(), None).text(request).unwrap_or_else(|| "{}".into());
                        let edited = put_json(document.as_bytes(), pointer, value);
                        String::from_utf8_lossy(&edited.map_err(|problem| problem.to_string())?).into_owned()
                    }
                };
                request.body = put_field(&request.body, name, &value).into();
            }
            Self::Json(pointer) => {
                request.body = put_json(&request.body, pointer, value).map_err(in_body)?.into();
            }
            _ => return Err("no value can be put there".into()),
        }
        Ok(())
    }

    /// Takes the value away; false where there is none, or where nothing would be left.
    pub(crate) fn take(&self, request: &mut Request) -> bool {
        match self {
            Self::Header(name) => request.headers.remove(name).is_some(),
            Self::HeaderPattern(pattern) => {
                let names: Vec<_> = pattern.names(&request.headers).cloned().collect();
                names.into_iter().filter(|name| request.headers.remove(name).is_some()).count() > 0
            }
            Self::Body => !std::mem::take(&mut request.body).is_empty(),
            Self::QueryParameter(name) => {
                let taken = request.uri.query().and_then(|query| take_field(query.as_bytes(), name));
                let uri = taken.and_then(|query| with_query(&request.uri, &query));
                uri.map(|uri| request.uri = uri).is_some()
            }
            Self::FormField(name, None) => put_back(request, take_field(&request.body, name)),
            Self::FormField(name, Some(pointer)) => {
                let document = Self::FormField(name.clone(), None).text(request);
                let edited = document.and_then(|document| json::remove(document.as_bytes(), pointer));
                let body = edited.and_then(|json| set_field(&request.body, name, &String::from_utf8_lossy(&json)));
                put_back(request, body)
            }
            Self::Json(pointer) => put_back(request, json::remove(&request.body, pointer)),
            _ => false,
        }
    }
}

fn put_back(request: &mut Request, body: Option<Vec<u8>>) -> bool {
    body.map(|body| request.body = Bytes::from(body)).is_some()
}

fn is_form(request: &Request) -> Result<(), String> {
    match request.media_type().as_deref() {
        None | Some("" | "application/x-www-form-urlencoded") => Ok(()),
        Some(other) => Err(format!("the body is {other}, and only a url-encoded form can be changed")),
    }
}

fn in_body(problem: SetError) -> String {
    match problem {
        SetError::NotJson(_) => "the body is not JSON".into(),
        other => other.to_string(),
    }
}

/// A number stays a number; everything else becomes a string.
fn put_json(document: &[u8], pointer: &Pointer, value: &str) -> Result<Vec<u8>, SetError> {
    let was_number = json::find(document, pointer)
        .is_some_and(|span| document[span.start] == b'-' || document[span.start].is_ascii_digit());
    let is_number = !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit());
    let value = if was_number && is_number { value.to_owned() } else { json::quote(value) };
    json::set(document, pointer, value.as_bytes(), Missing::Add)
}

/// Sets the first field of this name, or adds one.
fn put_field(fields: &[u8], name: &str, value: &str) -> Vec<u8> {
    if let Some(fields) = set_field(fields, name, value) {
        return fields;
    }
    let added = form_urlencoded::Serializer::new(String::new()).append_pair(name, value).finish().into_bytes();
    if fields.is_empty() { added } else { [fields, b"&", &added].concat() }
}

/// Without the fields of this name; `None` when there is none.
fn take_field(fields: &[u8], name: &str) -> Option<Vec<u8>> {
    let is_other = |field: &&[u8]| form_urlencoded::parse(field).next().is_none_or(|(key, _)| key != name);
    let left: Vec<&[u8]> = fields.split(|byte| *byte == b'&').filter(is_other).collect();
    let left = left.join(&b'&');
    (left.len() < fields.len()).then_some(left)
}

fn with_query(uri: &Uri, query: &[u8]) -> Option<Uri> {
    let query = std::str::from_utf8(query).ok()?;
    let target = if query.is_empty() { uri.path().to_owned() } else { format!("{}?{query}", uri.path()) };
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = Some(target.parse::<PathAndQuery>().ok()?);
    Uri::from_parts(parts).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(text: &str) -> Source {
        Expression::parse(text, &[]).unwrap().source().clone()
    }

    fn request(body: &str) -> Request {
        Request {
            body: body.to_owned().into(),
            uri: "https://a.test/in?b=2&c=3".parse().unwrap(),
            ..Request::default()
        }
    }

    #[test]
    fn one_place_changes_and_every_other_byte_stays() {
        for (place, body, expected) in [
            ("json:/s/sig", "{ \"s\": {\"sig\" : \"old\"}, \"n\": 1.0 }", "{ \"s\": {\"sig\" : \"1\"}, \"n\": 1.0 }"),
            ("json:/s/sig", "{\"s\":{\"t\":1}}", "{\"s\":{\"t\":1,\"sig\":\"1\"}}"),
            ("json:/t", "{\"t\":5}", "{\"t\":1}"),
            ("form:sig", "a=%41+b&sig=old", "a=%41+b&sig=1"),
            ("form:sig", "a=%41+b", "a=%41+b&sig=1"),
            ("form:json#/e/h", "json=%7B%22e%22%3A%7B%7D%7D", "json=%7B%22e%22%3A%7B%22h%22%3A%221%22%7D%7D"),
        ] {
            let (place, mut request) = (source(place), request(body));
            place.put(&mut request, "1").unwrap();
            assert_eq!(std::str::from_utf8(&request.body).unwrap(), expected, "{place:?}");
            assert_eq!(place.text(&request).as_deref(), Some("1"));
            assert!(place.take(&mut request) && !place.is_there(&request), "{place:?}");
        }
    }

    #[test]
    fn a_query_parameter_is_set_added_and_taken() {
        let mut request = request("");
        source("query:b").put(&mut request, "x y").unwrap();
        source("query:sig").put(&mut request, "1").unwrap();
        assert_eq!(request.uri, "https://a.test/in?b=x+y&c=3&sig=1");
        assert!(source("query:c").take(&mut request) && !source("query:c").take(&mut request));
        assert_eq!(request.uri, "https://a.test/in?b=x+y&sig=1");
    }

    #[test]
    fn what_is_in_the_way_is_named() {
        let problem = |place: &str, body: &str| source(place).put(&mut request(body), "1").unwrap_err();
        assert_eq!(problem("json:/a", "a=1"), "the body is not JSON");
        assert_eq!(problem("json:/a/b", "{\"a\":1}"), "`a` is a number, so nothing can be set inside it");
        let mut json = request("{}");
        json.headers.insert("content-type", HeaderValue::from_static("application/json"));
        assert_eq!(
            source("form:a").put(&mut json, "1").unwrap_err(),
            "the body is application/json, and only a url-encoded form can be changed"
        );
    }
}
