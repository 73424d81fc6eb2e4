use std::borrow::Cow;

use super::*;
use crate::model::Request;

fn request(body: &str) -> Request {
    let mut request = Request { body: body.to_owned().into(), ..Request::default() };
    request.method = http::Method::POST;
    request.uri = "/hook?b=2&a=1%202".parse().unwrap();
    request.headers.insert("x-time", "17".parse().unwrap());
    request
}

fn render(template: &str, body: &str) -> Result<String, String> {
    let request = request(body);
    let template = Template::parse(template, &["timestamp"]).map_err(|error| error.to_string())?;
    let variables = [("timestamp", Cow::Borrowed(b"99".as_slice()))];
    let scope = Scope { secret: Some(b"key"), variables: &variables, ..Scope::of(&request) };
    template.render_text(&scope).map_err(|error| error.to_string())
}

#[test]
fn renders_literals_sources_and_braces() {
    assert_eq!(render("v0:{header:X-Time}:{body}{{}}", "b").unwrap(), "v0:17:b{}");
    assert_eq!(render("{timestamp}.{method}.{target}", "").unwrap(), "99.POST./hook?b=2&a=1%202");
}

#[test]
fn an_absent_value_is_named_unless_it_is_optional() {
    assert_eq!(render("{json:/id}", "{}").unwrap_err(), "the request has no JSON value `/id`");
    assert_eq!(render("a{?json:/id|prefix(.)}b", "{}").unwrap(), "ab");
    assert_eq!(render("a{?json:/id|prefix(.)}b", r#"{"id":1.50}"#).unwrap(), "a.1.50b");
}

#[test]
fn base64_may_be_broken_into_lines_and_nothing_else_may_stand_in_it() {
    assert_eq!(render("{body|unbase64}", "aGVs\r\nbG8=\n").unwrap(), "hello");
    assert!(render("{body|unbase64}", "aGVs bG8=").is_err());
}

#[test]
fn fields_are_sorted_deduplicated_and_joined() {
    assert_eq!(render(r#"{query|sort_all|pairs("=","&")}"#, "").unwrap(), "a=1 2&b=2");
    assert_eq!(render(r#"{form|dedupe|sort_all|pairs("","")}"#, "b=2&a=9&b=1&a=9").unwrap(), "a9b1b2");
}

#[test]
fn fields_of_a_multipart_form_are_fields_and_its_files_are_not() {
    let part = |disposition: &str, body: &str| {
        format!("--b\r\nContent-Disposition: form-data; {disposition}\r\n\r\n{body}\r\n")
    };
    let body = part("name=a; filename=a", "file") + &part("name=a", "1+1") + &part("name=j", r#"{"k":"v"}"#) + "--b--";
    let mut request = Request { body: body.into(), ..Request::default() };
    request.headers.insert("content-type", http::HeaderValue::from_static("multipart/form-data; boundary=b"));
    let scope = Scope::of(&request);
    let render = |text| Template::parse(text, &[]).unwrap().render_text(&scope).unwrap();
    assert_eq!(render("{form:a} {form:j#/k}"), "1+1 v");
    assert_eq!(render(r#"{form|pairs("=","&")}"#), r#"a=1+1&j={"k":"v"}"#);
}

#[test]
fn digests_are_bytes_until_they_are_encoded() {
    // RFC 4231 has no such short key; the value is from `printf a | openssl dgst -sha256 -hmac key`.
    assert_eq!(
        render("{body|hmac(sha256)|hex}", "a").unwrap(),
        "780c3db4ce3de5b9e55816fba98f590631d96c075271b26976238d5f4444219b"
    );
    assert_eq!(render("{body|crc32}", "hello").unwrap(), "907060870");
}

#[test]
fn errors_say_where_and_what_is_near() {
    assert_eq!(render("a{bdoy}", "").unwrap_err(), "unknown name `bdoy` (nearest: `body`) (at character 3)");
    assert_eq!(render("{body|hexx}", "").unwrap_err(), "unknown filter `hexx` (nearest: `hex`) (at character 7)");
    assert!(render("a{body", "").unwrap_err().contains("never closed"));
    assert!(render("{header:X-Sig-*}", "").unwrap_err().contains("patterns are not supported"));
    assert!(render("a}b", "").unwrap_err().contains("`}` without `{`"));
}

proptest::proptest! {
    #[test]
    fn never_panics_on_any_text(text in "\\PC{0,60}") {
        let _ = Template::parse(&text, &["timestamp"]);
    }
}
