use std::cell::RefCell;

use http::Uri;
use jiff::Timestamp;

use super::*;
use crate::provider::Generator;
use crate::provider::compile;

const HEAD: &str = "[provider]\nid = \"x\"\nname = \"X\"\n[[handshake]]\nname = \"h\"\n";

fn provider(rest: &str) -> Provider {
    compile("x", &format!("{HEAD}{rest}")).unwrap_or_else(|error| panic!("{error}"))
}

fn problem(rest: &str) -> String {
    compile("x", &format!("{HEAD}{rest}")).unwrap_err().problem
}

fn get(target: &str) -> Request {
    Request { method: Method::GET, uri: target.parse().unwrap(), ..Request::default() }
}

fn asked<'a>(provider: &'a Provider, request: &'a Request, secret: Option<&'a Secret>) -> Asked<'a> {
    Asked { provider, request, url: None, secret }
}

#[test]
fn a_handshake_that_would_mislead_is_refused() {
    let when = "when = [\"query:c exists\"]\n";
    for (rest, part) in [
        ("reply = {}", "needs `when`"),
        (&*format!("{when}reply = {{ body = \"{{challenge}}\" }}"), "name the place of the request"),
        (&*format!("{when}accept = [\"{{challenge}}\"]"), "name the place of the request"),
        (&*format!("{when}reply = {{ headers = {{ Content-Type = \"text/html\" }} }}"), "an answer is text/plain"),
        (&*format!("{when}reply = {{ status = 101 }}"), "no status of an answer"),
        (&*format!("{when}require = [\"X-Missing\"]"), "the reply has no header"),
        (&*format!("{when}capture = {{ secret = \"query:s\" }}"), "header:NAME"),
        (&*format!("{when}capture = {{ token = \"header:s\" }}"), "only `secret`"),
        (&*format!("{when}then_get = \"{{json:/u}}\""), "then_get_hosts"),
        (&*format!("{when}then_get = \"{{json:/u}}\"\nthen_get_hosts = [\"*.com\"]"), "leaves the domain open"),
        (&*format!("{when}then_get_hosts = [\"a.b\"]"), "is for `then_get` only"),
        (&*format!("{when}send = {{ target = \"x\" }}"), "begins with"),
        (&*format!("{when}[[handshake]]\nname = \"h\"\n{when}"), "two handshakes"),
        (&*format!("{when}[[probe]]\nname = \"p\"\nmutate = \"signature\"\nexpect_status = []"), "at least one status"),
    ] {
        let text = problem(rest);
        assert!(text.contains(part), "{rest}: {text}");
    }
}

#[test]
fn what_is_asked_is_recognised_and_the_reply_to_it_is_right() {
    let provider = provider(
        "when = [\"method == GET\", \"query:c exists\"]\nsend = { method = \"GET\", target = \"?c={challenge}\" }\n\
         reply = { body = \"{query:c|upper}\" }\naccept = [\"ok {query:c}\"]",
    );
    let generator = RefCell::new(Generator::new(1, Timestamp::UNIX_EPOCH));
    let handshake = &provider.handshakes()[0];
    let request = handshake.ask(&provider, "http://h/in?a=1", &HeaderMap::new(), None, &generator).unwrap().unwrap();
    let seen = Request { uri: request.uri.path_and_query().unwrap().as_str().parse().unwrap(), ..request.clone() };
    assert!(provider.handshake(&seen).is_some_and(|found| found.name() == handshake.name()));
    let asked = asked(&provider, &request, None);
    let mut reply = handshake.reply(&asked).unwrap();
    assert_eq!(handshake.judge(&asked, &reply).unwrap(), Ok(()));
    let challenge = request.uri.query().unwrap().split_once("c=").unwrap().1;
    reply.body = format!("ok {challenge}").into();
    assert_eq!(handshake.judge(&asked, &reply).unwrap(), Ok(()), "another right body");
    reply.body = challenge.to_owned().into();
    assert!(handshake.judge(&asked, &reply).unwrap().is_err());
}

#[test]
fn ordinary_requests_are_ruled_out() {
    let provider = provider("when = [\"json:/type == challenge\", \"header:X-A exists\"]\nreply = {}");
    let mut request = Request { body: r#"{"type":"challenge"}"#.into(), ..get("/") };
    assert!(provider.handshake(&request).is_none());
    request.headers.insert("x-a", HeaderValue::from_static("1"));
    assert!(provider.handshake(&request).is_some());
    let large = [r#"{"type":"challenge","x":""#, &"x".repeat(MAX_QUESTION), "\"}"].concat();
    assert!(provider.handshake(&Request { body: large.into(), ..request }).is_none());
}

#[test]
fn several_values_are_put_together_before_they_are_hashed() {
    let provider = provider(
        "when = [\"query:challenge_code exists\"]\nkey = \"{secret|sha1}\"\n\
         vars = { input = \"{query:challenge_code}{var:token}{var:endpoint}\" }\n\
         reply = { body = \"{input|sha256|hex}\" }\n[variable.token]\ndescription = \"t\"\n[variable.endpoint]\ndescription = \"e\"\n",
    );
    let provider = provider.with_variables([("token", "tok"), ("endpoint", "https://h/")]);
    let request = get("/?challenge_code=abc");
    let reply = provider.handshakes()[0].reply(&asked(&provider, &request, None)).unwrap();
    let expected = hex::encode(<sha2::Sha256 as sha2::Digest>::digest(b"abctokhttps://h/"));
    assert_eq!(reply.body, expected);
}

#[test]
fn what_the_user_must_give_is_named() {
    let provider = provider(
        "when = [\"query:c exists\"]\nreply = { body = \"{query:c}{var:token}\" }\n[variable.token]\ndescription = \"t\"\n",
    );
    let request = get("/?c=1");
    let error = provider.handshakes()[0].reply(&asked(&provider, &request, None)).unwrap_err();
    assert_eq!(error, HandshakeError::NotGiven { name: "token".into() });
    assert_eq!(error.verdict().hint.unwrap(), "give it with --var token=VALUE");
}

#[test]
fn a_secret_that_is_handed_over_is_sealed_where_it_stands() {
    let in_header = provider("when = [\"header:X-S exists\"]\ncapture = { secret = \"header:X-S\" }\nreply = {}");
    let mut request = get("/");
    request.headers.append("x-s", HeaderValue::from_static("a"));
    request.headers.append("x-s", HeaderValue::from_static("b"));
    let handshake = &in_header.handshakes()[0];
    assert_eq!(handshake.captured(&request).unwrap(), b"a");
    handshake.seal(&mut request);
    assert!(request.headers.values().all(HeaderValue::is_sensitive));
    let in_body = provider("when = [\"json:/t exists\"]\ncapture = { secret = \"json:/t\" }\nreply = {}");
    let handshake = &in_body.handshakes()[0];
    let sealed = |body: &'static str| {
        let mut request = Request { body: body.into(), ..get("/") };
        handshake.seal(&mut request);
        request.body
    };
    assert_eq!(sealed(r#"{"t": "secret_x", "n":1}"#), r#"{"t": "***", "n":1}"#);
    assert_eq!(sealed(r#"{"t":"secret_x","also":"secret_x"}"#), "", "what repeats it goes as a whole");
    assert_eq!(sealed("{\"t\":\"secret_x\""), "");
}

#[test]
fn a_header_that_carries_something_back_must_be_there() {
    let provider = provider(
        "when = [\"header:Origin exists\"]\nreply = { headers = { X-Allowed = \"{header:Origin}\", X-Rate = \"*\" } }\n\
         accept_headers = { X-Allowed = \"*\" }\nsuccess = [\"2xx\"]",
    );
    let mut request = get("/");
    request.headers.insert("origin", HeaderValue::from_static("h.test"));
    let asked = asked(&provider, &request, None);
    let handshake = &provider.handshakes()[0];
    let judge = |value: &'static str, status| {
        let headers = HeaderMap::from_iter([(HeaderName::from_static("x-allowed"), HeaderValue::from_static(value))]);
        let status = StatusCode::from_u16(status).unwrap();
        handshake.judge(&asked, &Response { status, headers, body: Bytes::new() }).unwrap()
    };
    assert!(judge("h.test", 200).is_ok() && judge("*", 204).is_ok());
    assert!(judge("evil.test", 200).is_err() && judge("h.test", 404).is_err());
    let bare = Response { status: StatusCode::OK, headers: HeaderMap::new(), body: Bytes::new() };
    assert_eq!(handshake.judge(&asked, &bare).unwrap().unwrap_err().problem, "the answer has no header `x-allowed`");
}

#[test]
fn a_target_that_is_none_is_an_error() {
    let provider =
        provider("when = [\"query:c exists\"]\nsend = { method = \"GET\", target = \"?c={challenge}\" }\nreply = {}");
    let generator = RefCell::new(Generator::new(1, Timestamp::UNIX_EPOCH));
    let asked = provider.handshakes()[0].ask(&provider, "http://h/ x", &HeaderMap::new(), None, &generator);
    assert!(asked.is_err() && "http://h/ x".parse::<Uri>().is_err());
}
