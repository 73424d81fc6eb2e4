//! A request as a `curl` command that can be pasted into bash. Whatever stands in the request stays
//! text: no byte is read by the shell, by curl's globbing, or as a file name.

use http::{HeaderName, Method};

use crate::model::Request;

use super::terminal::is_plain;

/// A single argument may not be longer than 128 KiB on Linux (`MAX_ARG_STRLEN` in execve(2)); `printf`
/// is built into the shell and has no such limit.
const MAX_ARGUMENT: usize = 100 << 10;

/// Fields that belong to one connection, or that curl computes from the rest.
const LEFT_OUT: [&str; 11] = [
    "connection",
    "content-length",
    "expect",
    "host",
    "keep-alive",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// Whether a field belongs to one connection, or follows from the rest of the request.
pub fn is_left_out(name: &HeaderName) -> bool {
    LEFT_OUT.contains(&name.as_str())
}

/// A credential that the shell puts in from its variables.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CurlCredential {
    /// HTTP Basic: the variables of user name and password.
    Basic(String, String),
    /// A header: its name, the text before the credential, the variable.
    Header(HeaderName, String, String),
    /// A query parameter: its name and the variable. Needs curl 7.87 or later.
    Query(String, String),
}

/// Whether the shell has variables of this name.
pub fn is_variable(name: &str) -> bool {
    let starts_well = name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_');
    starts_well && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

impl CurlCredential {
    /// Names that are none of a variable are left out, since the shell would read them as something else.
    fn word(&self) -> Option<String> {
        let variable = |name: &str| is_variable(name).then(|| format!("${{{name}}}"));
        Some(match self {
            Self::Basic(username, password) => format!("--user \"{}:{}\"", variable(username)?, variable(password)?),
            Self::Header(name, before, token) => {
                let before = quoted(format!("{name}: {before}").as_bytes());
                format!("-H {before}\"{}\"", variable(token)?)
            }
            Self::Query(name, token) => {
                format!("--url-query {}\"{}\"", quoted(format!("{name}=").as_bytes()), variable(token)?)
            }
        })
    }
}

/// The command that sends `request` to `url`, without a final line break.
pub fn curl(request: &Request, url: &str) -> String {
    curl_with(request, url, None)
}

/// The same with a credential that the request does not hold.
pub fn curl_with(request: &Request, url: &str, credential: Option<&CurlCredential>) -> String {
    let mut words = method(&request.method);
    // Brackets and dot segments stay as they are.
    if url.contains(['[', ']', '{', '}']) {
        words.push("--globoff".to_owned());
    }
    if url.contains("/.") {
        words.push("--path-as-is".to_owned());
    }
    words.push(format!("--url {}", quoted(url.as_bytes())));
    words.extend(credential.and_then(CurlCredential::word));
    words.extend(headers(request));
    let (before, data) = data(&request.body);
    words.extend(data);
    format!("{before}curl {}", words.join(" \\\n  "))
}

/// `curl -X HEAD` would wait for a body that never comes.
fn method(method: &Method) -> Vec<String> {
    vec![if method == Method::HEAD {
        "--head".to_owned()
    } else {
        format!("-X {}", quoted(method.as_str().as_bytes()))
    }]
}

fn headers(request: &Request) -> Vec<String> {
    let mut words = Vec::new();
    for (name, value) in &request.headers {
        if is_left_out(name) {
            continue;
        }
        let line = match value.as_bytes() {
            // curl takes `Name:` for "leave this header out".
            b"" => format!("{name};").into_bytes(),
            value => [name.as_str().as_bytes(), b": ", value].concat(),
        };
        words.push(format!("-H {}", quoted(&line)));
    }
    if !request.body.is_empty() && !request.headers.contains_key(http::header::CONTENT_TYPE) {
        // Else curl would say that the body is a form.
        words.push("-H 'content-type:'".to_owned());
    }
    words
}

/// What goes before `curl`, and its data argument.
fn data(body: &[u8]) -> (String, Option<String>) {
    match body {
        b"" => (String::new(), None),
        _ if body.len() > MAX_ARGUMENT || !is_plain(body) => {
            (format!("printf '{}' | ", octal(body, PRINTF)), Some("--data-binary @-".to_owned()))
        }
        // With `--data-binary` a leading `@` names a file.
        [b'@', ..] => (String::new(), Some(format!("--data-raw {}", quoted(body)))),
        _ => (String::new(), Some(format!("--data-binary {}", quoted(body)))),
    }
}

/// One shell word for these bytes, which have no NUL.
fn quoted(bytes: &[u8]) -> String {
    match shlex::bytes::try_quote(bytes) {
        Ok(word) if is_plain(bytes) => String::from_utf8_lossy(&word).into_owned(),
        _ => format!("$'{}'", octal(bytes, DOLLAR_QUOTES)),
    }
}

/// Characters that mean something in the format of `printf`, and in the quotes around it.
const PRINTF: &[u8] = b"\\'%!";
/// Characters that mean something in `$'…'`.
const DOLLAR_QUOTES: &[u8] = b"\\'!";

/// Printable ASCII as it is, the rest and what is `special` as `\ooo`: three digits, so that a digit
/// behind it stays a digit. A leading dash too: `printf` would read options.
fn octal(bytes: &[u8], special: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len() * 2);
    for &byte in bytes {
        let is_option = out.is_empty() && byte == b'-';
        if matches!(byte, b' '..=b'~') && !is_option && !special.contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("\\{byte:03o}"));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use bytes::Bytes;
    use http::{HeaderMap, HeaderValue};
    use proptest::prelude::*;

    use super::*;

    fn bash(script: &str) -> Vec<u8> {
        let run = Command::new("bash").args(["--noprofile", "--norc", "-c", script]).output().unwrap();
        assert!(run.status.success(), "{script}\n{}", String::from_utf8_lossy(&run.stderr));
        run.stdout
    }

    fn request(headers: &[(&str, &[u8])], body: &[u8]) -> Request {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(HeaderName::from_bytes(name.as_bytes()).unwrap(), HeaderValue::from_bytes(value).unwrap());
        }
        Request { method: Method::POST, uri: "/".parse().unwrap(), headers: map, body: Bytes::copy_from_slice(body) }
    }

    /// Runs the command with a `curl` that lists its arguments and its input, each ended by NUL.
    fn run(request: &Request, url: &str) -> Vec<Vec<u8>> {
        let listing = "curl() { printf '%s\\0' \"$@\"; case \" $* \" in *' @- '*) cat;; esac; }\n";
        let script = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(script.path(), format!("{listing}{}\n", curl(request, url))).unwrap();
        let run = Command::new("bash").arg("--norc").arg(script.path()).output().unwrap();
        assert!(run.status.success() && run.stderr.is_empty(), "{}", String::from_utf8_lossy(&run.stderr));
        run.stdout.split(|byte| *byte == 0).map(<[u8]>::to_vec).collect()
    }

    #[test]
    fn an_ordinary_request_reads_well() {
        let request = request(&[("content-type", b"application/json"), ("content-length", b"7")], b"{\"a\":1}");
        assert_eq!(
            curl(&request, "http://localhost:3000/hook?a=1"),
            "curl -X POST \\\n  --url 'http://localhost:3000/hook?a=1' \\\n  -H 'content-type: application/json' \\\n  \
             --data-binary '{\"a\":1}'"
        );
    }

    #[test]
    fn shell_syntax_in_any_field_stays_text() {
        let evil = b"'$(id)'`id`\"$HOME\"!! \\ ;&|<>*?~#";
        let arguments = run(&request(&[("x-a", evil), ("content-type", b"a/b")], evil), "http://h/$(id)'");
        let expected: [&[u8]; 10] = [
            b"-X",
            b"POST",
            b"--url",
            b"http://h/$(id)'",
            b"-H",
            &[b"x-a: ", &evil[..]].concat(),
            b"-H",
            b"content-type: a/b",
            b"--data-binary",
            evil,
        ];
        assert_eq!(arguments[..10], expected.map(<[u8]>::to_vec));
    }

    #[test]
    fn bodies_no_argument_can_hold_go_through_printf() {
        for body in [&b"-v x\x00b%d\\n'\xff1"[..], b"\x1b[2J", "\u{202e}".as_bytes(), &b"x".repeat(MAX_ARGUMENT + 1)] {
            let request = request(&[("content-type", b"a/b")], body);
            assert!(is_plain(curl(&request, "http://h/").as_bytes()));
            let script = curl(&request, "http://h/").replace("| curl", "| curl() { cat; }; curl");
            let (producer, _) = script.split_once(" | ").unwrap();
            assert_eq!(bash(&format!("{producer} | cat")), body);
        }
    }

    #[test]
    fn a_body_or_header_that_curl_would_interpret_stays_literal() {
        let arguments =
            run(&request(&[("x-empty", b""), ("x-latin", b"caf\xe9")], b"@/etc/passwd"), "http://[::1]/{a}/../b");
        let text: Vec<_> = arguments.iter().map(|argument| String::from_utf8_lossy(argument).into_owned()).collect();
        assert_eq!(text[2..4], ["--globoff", "--path-as-is"]);
        assert_eq!(text[6..12], ["-H", "x-empty;", "-H", "x-latin: caf\u{fffd}", "-H", "content-type:"]);
        assert_eq!(text[12..14], ["--data-raw", "@/etc/passwd"]);
    }

    #[test]
    fn a_credential_is_a_variable_of_the_shell() {
        let request = request(&[], b"");
        let variables = |credential| {
            let script = curl_with(&request, "http://h/?a=1", Some(&credential)).replacen("curl", "printf '%s|'", 1);
            String::from_utf8(bash(&format!("U=jo P='p \"w'; {script}"))).unwrap()
        };
        let basic = variables(CurlCredential::Basic("U".into(), "P".into()));
        assert_eq!(basic, "-X|POST|--url|http://h/?a=1|--user|jo:p \"w|");
        let token = CurlCredential::Header(http::header::AUTHORIZATION, "Bearer ".into(), "P".into());
        assert!(variables(token).ends_with("|-H|authorization: Bearer p \"w|"));
        assert!(variables(CurlCredential::Query("k$(id)".into(), "P".into())).ends_with("|--url-query|k$(id)=p \"w|"));
        let evil = CurlCredential::Basic("U".into(), "P}$(id)".into());
        assert_eq!(curl_with(&request, "http://h/", Some(&evil)), curl(&request, "http://h/"));
    }

    #[test]
    fn a_head_request_does_not_wait_for_a_body() {
        let request = Request { method: Method::HEAD, ..request(&[], b"") };
        assert_eq!(curl(&request, "http://h/"), "curl --head \\\n  --url http://h/");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]

        #[test]
        fn every_word_reaches_the_program_byte_for_byte(word in proptest::collection::vec(1_u8..=255, 0..40)) {
            prop_assert_eq!(bash(&format!("printf %s {}", quoted(&word))), word);
        }

        #[test]
        fn every_text_reaches_the_program_as_it_is(word in "[^\\x00]{0,40}") {
            prop_assert_eq!(bash(&format!("printf %s {}", quoted(word.as_bytes()))), word.into_bytes());
        }

        #[test]
        fn every_body_goes_through_printf_byte_for_byte(body in proptest::collection::vec(any::<u8>(), 0..40)) {
            prop_assert_eq!(bash(&format!("printf '{}'", octal(&body, PRINTF))), body);
        }
    }
}
