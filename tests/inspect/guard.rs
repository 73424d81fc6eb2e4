//! Who is let in: the page and programs with the token; no page of a stranger's, whatever its name resolves to.

use hookctl::inspector::{Call, ROUTES};

use super::{Inspector, listen};
use crate::sandbox::Sandbox;
use crate::wire;

const JSON: &str = "content-type: application/json";

/// A whole request line's target for every route, and the files.
fn targets() -> Vec<(&'static str, String)> {
    let id = "019aa899-d1c8-7000-8000-000000000001";
    let filled = |path: &str| {
        let path = path.replace("{id}", id).replace("{number}", "1");
        path.replace("{provider}", "stripe").replace("{event}", "invoice.paid")
    };
    let calls = ROUTES.iter().map(|route| (route.method, filled(route.path)));
    calls.chain([("GET", "/".to_owned()), ("GET", "/main.js".to_owned()), ("GET", "/none".to_owned())]).collect()
}

fn token(inspector: &Inspector) -> String {
    format!("hookctl-token: {}", inspector.token)
}

#[test]
fn no_other_host_reads_anything_by_any_route() {
    let sandbox = Sandbox::new();
    let (_listening, inspector) = listen(&sandbox, &[]);
    let port = inspector.address.rsplit(':').next().unwrap();
    let named = |name: &str| format!("host: {}", name.replace('P', port));
    let spellings: Vec<Vec<String>> = [
        "evil.test",
        "evil.test:P",
        "127.0.0.1",
        "127.0.0.1:1",
        "127.0.0.1:0P",
        "127.0.0.2:P",
        "127.1:P",
        "0.0.0.0:P",
        "[::]:P",
        "[::ffff:127.0.0.1]:P",
        "2130706433:P",
        "0x7f.1:P",
        "017700000001:P",
        "localhost",
        "localhost.:P",
        "localhost.evil.test:P",
        "evil.localhost:P",
        "127.0.0.1.evil.test:P",
        "evil.test@127.0.0.1:P",
        "127.0.0.1:P@evil.test",
        "127.0.0.1:P.evil.test",
        "127.0.0.1:P#evil.test",
        "http://127.0.0.1:P",
        "*",
        "",
    ]
    .iter()
    .map(|name| vec![named(name)])
    .chain([
        Vec::new(),
        vec![named("127.0.0.1:P"), named("127.0.0.1:P")],
        vec![named("127.0.0.1:P"), named("evil.test")],
    ])
    .collect();
    for (method, target) in targets() {
        for hosts in &spellings {
            let token = token(&inspector);
            let headers: Vec<&str> = hosts.iter().map(String::as_str).chain([token.as_str(), JSON]).collect();
            let answered = inspector.raw(method, &target, &headers, b"");
            // What is no host at all may not even be read.
            assert!([421, 400].contains(&answered.status), "{method} {target} {hosts:?}: {}", answered.status);
            if hosts.len() != 1 || !hosts[0].contains(['@', '#', '*', '/']) {
                assert_eq!(answered.status, 421, "{method} {target} {hosts:?}");
            }
        }
    }
    for name in ["127.0.0.1:P", "localhost:P", "LocalHost:P"] {
        let answered = inspector.raw("GET", "/api/status", &[&named(name), &token(&inspector)], b"");
        assert_eq!(answered.status, 200, "{name}");
    }
}

#[test]
fn an_absolute_target_names_no_other_host() {
    let sandbox = Sandbox::new();
    let (_listening, inspector) = listen(&sandbox, &[]);
    let (host, token) = ("host: evil.test".to_owned(), token(&inspector));
    let target = format!("http://{}/api/status", inspector.address);
    assert_eq!(inspector.raw("GET", &target, &[&host, &token], b"").status, 421);
}

#[test]
fn nothing_is_told_or_done_without_the_token() {
    let sandbox = Sandbox::new();
    let (_listening, inspector) = listen(&sandbox, &[]);
    let host = format!("host: {}", inspector.address);
    let wrong = format!("hookctl-token: {}", "0".repeat(32));
    let cookie = format!("cookie: hookctl-token={0}; token={0}", inspector.token);
    for route in ROUTES.iter().filter(|route| route.call != Call::OpenApi) {
        for offered in ["x: y", &wrong, "hookctl-token:", &cookie] {
            let answered = inspector.raw(route.method, route.path, &[&host, offered, JSON], b"{}");
            assert_eq!(answered.status, 401, "{} {} {offered}", route.method, route.path);
        }
    }
    let query = format!("/api/status?token={}", inspector.token);
    assert_eq!(inspector.raw("GET", &query, &[&host], b"").status, 401, "a URL is no place for it");
}

#[test]
fn a_page_of_another_origin_changes_nothing_even_if_it_knew_the_token() {
    let sandbox = Sandbox::new();
    let (_listening, inspector) = listen(&sandbox, &[]);
    let host = format!("host: {}", inspector.address);
    let port = inspector.address.rsplit(':').next().unwrap();
    let other_name = format!("origin: http://localhost:{port}");
    for route in ROUTES.iter().filter(|route| route.method == "POST") {
        for said in [
            "origin: http://evil.test",
            "origin: null",
            &other_name,
            "sec-fetch-site: cross-site",
            "sec-fetch-site: same-site",
        ] {
            let answered = inspector.raw("POST", route.path, &[&host, &token(&inspector), JSON, said], b"{}");
            assert_eq!(answered.status, 403, "{} {said}", route.path);
        }
        let answered =
            inspector.raw("POST", route.path, &[&host, &token(&inspector), "content-type: text/plain"], b"{}");
        assert_eq!(answered.status, 415, "{}", route.path);
    }
}

#[test]
fn a_stranger_fills_no_memory() {
    let sandbox = Sandbox::new();
    let (_listening, inspector) = listen(&sandbox, &[]);
    let host = format!("host: {}", inspector.address);
    let body = vec![b' '; 256 * 1024];
    let known = [host.as_str(), JSON, &token(&inspector)];
    assert_eq!(inspector.raw("POST", "/api/send", &known, &body).status, 400, "it is read, and is no JSON");
    for headers in [
        &[host.as_str(), JSON][..],
        &[&host, JSON, "hookctl-token: 0123456789abcdef0123456789abcdef"],
        &[&host, JSON, &token(&inspector), "origin: http://evil.test"],
        &[&host, "content-type: text/plain", &token(&inspector)],
        &["host: evil.test", JSON],
    ] {
        assert_eq!(inspector.raw("POST", "/api/send", headers, &body).status, 413, "{headers:?}");
    }
}

#[test]
fn no_answer_opens_the_door_to_another_origin() {
    let sandbox = Sandbox::new();
    let (_listening, inspector) = listen(&sandbox, &[]);
    let token = token(&inspector);
    let host = format!("host: {}", inspector.address);
    let preflight = [
        "origin: http://evil.test",
        "access-control-request-method: POST",
        "access-control-request-headers: hookctl-token",
    ];
    for (method, target) in targets() {
        for method in [method, "OPTIONS", "PUT", "DELETE"] {
            if target == "/api/stream" && method == "GET" {
                continue;
            }
            let headers = [&[host.as_str(), &token, JSON], preflight.as_slice()].concat();
            let answered = inspector.raw(method, &target, &headers, b"");
            let cors: Vec<_> = answered.headers.iter().filter(|(name, _)| name.starts_with("access-control")).collect();
            assert!(cors.is_empty(), "{method} {target}: {cors:?}");
            assert!(method != "OPTIONS" || !(200..300).contains(&answered.status), "{target}");
        }
    }
}

#[test]
fn the_page_may_load_nothing_but_itself() {
    let sandbox = Sandbox::new();
    let (_listening, inspector) = listen(&sandbox, &[]);
    let host = format!("host: {}", inspector.address);
    for target in ["/", "/main.js", "/api/openapi.json", "/none"] {
        let answered = inspector.raw("GET", target, &[&host], b"");
        let policy = answered.all("content-security-policy").concat();
        for part in
            ["default-src 'none'", "frame-ancestors 'none'", "script-src 'self'", "trusted-types", "base-uri 'none'"]
        {
            assert!(policy.contains(part), "{target}: {policy}");
        }
        assert!(!policy.contains("unsafe"), "{policy}");
        assert_eq!(answered.all("x-content-type-options"), ["nosniff"], "{target}");
        assert_eq!(answered.all("cross-origin-opener-policy"), ["same-origin"], "{target}");
        assert_eq!(answered.all("referrer-policy"), ["no-referrer"], "{target}");
    }
}

#[test]
fn the_listener_serves_neither_the_page_nor_its_api() {
    let sandbox = Sandbox::new();
    let (listening, inspector) = listen(&sandbox, &["--status", "202"]);
    for target in ["/", "/main.js", "/api/status", "/api/events", "/api/openapi.json"] {
        let token = token(&inspector);
        let request = wire::request("GET", target, &[&token], b"");
        let answered = wire::raw(&listening.address(), request);
        assert_eq!((answered.status, answered.body.as_slice()), (202, b"".as_slice()), "{target}");
    }
}

#[test]
fn nothing_outside_the_page_is_served() {
    let sandbox = Sandbox::new();
    let (_listening, inspector) = listen(&sandbox, &[]);
    let host = format!("host: {}", inspector.address);
    for target in [
        "/../mod.rs",
        "/%2e%2e/mod.rs",
        "/./index.html",
        "//index.html",
        "/vendor/../index.html",
        "/vendor",
        "/vendor/README.md",
        "/page/index.html",
    ] {
        let answered = inspector.raw("GET", target, &[&host], b"");
        assert_eq!(answered.status, 404, "{target}");
    }
}

#[test]
fn forwarding_never_reaches_the_inspector() {
    let sandbox = Sandbox::new();
    // The port is not known before it is taken, so one that is free now has to do.
    let port = crate::app::closed_port();
    for host in ["127.0.0.1", "localhost", "[::ffff:127.0.0.1]"] {
        let (at, to) = (format!("--inspect={port}"), format!("http://{host}:{port}/api/status"));
        let mut listening = sandbox.listen(&[&at, "-f", &to]);
        let answered = wire::post(&listening.address(), "/", &[JSON], b"{}");
        assert_eq!(answered.status, 502, "{host}");
        let forwarded = listening.next_of("forwarded");
        assert_eq!(forwarded["delivery"]["error"]["kind"], "loop", "{host}: {forwarded}");
        assert!(listening.is_running());
        listening.interrupt();
    }
}
