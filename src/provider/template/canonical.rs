//! Canonical forms of fields and of requests that some senders sign.

use std::borrow::Cow;
use std::collections::BTreeMap;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_encode};

use super::render::Pairs;

/// RFC 3986 section 2.3: what is never encoded.
const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// PHP's `serialize` of an array of strings, sorted by name as `ksort` does; of a name that is repeated the last
/// value counts (<https://classic.paddle.com/webhooks/verifying-webhooks/>,
/// <https://www.php.net/manual/en/function.serialize.php>).
pub(super) fn php_serialize(pairs: Pairs<'_>) -> Vec<u8> {
    let fields: BTreeMap<Cow<'_, [u8]>, Cow<'_, [u8]>> = pairs.into_iter().collect();
    let mut out = format!("a:{}:{{", fields.len()).into_bytes();
    for text in fields.iter().flat_map(|(name, value)| [name, value]) {
        out.extend_from_slice(format!("s:{}:\"", text.len()).as_bytes());
        out.extend_from_slice(text);
        out.extend_from_slice(b"\";");
    }
    out.push(b'}');
    out
}

/// The canonical request of a query string hash: method, path and query, without the parameter `jwt`, and with the
/// values of a repeated one in one list (<https://developer.atlassian.com/cloud/bitbucket/query-string-hash>).
pub(super) fn request(method: &str, target: &[u8]) -> Vec<u8> {
    let cut = memchr::memchr(b'?', target);
    let (path, query) = cut.map_or((target, &b""[..]), |at| (&target[..at], &target[at + 1..]));
    let path = String::from_utf8_lossy(path).replace('&', "%26");
    let path = match path.trim_end_matches('/') {
        "" => "/",
        path => path,
    };
    let mut fields: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (name, value) in form_urlencoded::parse(query).filter(|(name, _)| name != "jwt") {
        let encode = |text: &str| percent_encode(text.as_bytes(), UNRESERVED).to_string();
        fields.entry(encode(&name)).or_default().push(encode(&value));
    }
    let fields: Vec<String> = fields
        .into_iter()
        .map(|(name, mut values)| {
            values.sort();
            format!("{name}={}", values.join(","))
        })
        .collect();
    format!("{}&{path}&{}", method.to_ascii_uppercase(), fields.join("&")).into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn canonical(method: &str, target: &str) -> String {
        String::from_utf8(request(method, target.as_bytes())).unwrap()
    }

    #[test]
    fn fields_are_written_as_php_writes_them() {
        let pair = |name: &'static str, value: &'static str| (name.as_bytes().into(), value.as_bytes().into());
        let pairs = vec![pair("b", "1"), pair("alert_id", "9"), pair("a", "é\""), pair("b", "")];
        let text = String::from_utf8(php_serialize(pairs)).unwrap();
        assert_eq!(text, "a:3:{s:1:\"a\";s:3:\"é\"\";s:8:\"alert_id\";s:1:\"9\";s:1:\"b\";s:0:\"\";}");
        assert_eq!(php_serialize(Vec::new()), b"a:0:{}");
    }

    #[test]
    fn a_request_has_one_canonical_form() {
        // What Jira signed, with its hash: <https://gist.github.com/moskrc/8453971>.
        let target = "/addon/?lic=none&tz=Europe%2FMoscow&cp=%2Fjira&user_key=admin&loc=en-US&user_id=admin&jwt=x.y.z\
                      &xdm_e=http%3A%2F%2Flocalhost%3A2990&xdm_c=channel-servlet-click-me&xdm_p=1";
        let expected = "GET&/addon&cp=%2Fjira&lic=none&loc=en-US&tz=Europe%2FMoscow&user_id=admin&user_key=admin\
                        &xdm_c=channel-servlet-click-me&xdm_e=http%3A%2F%2Flocalhost%3A2990&xdm_p=1";
        assert_eq!(canonical("get", target), expected);
        let hash = "3a6ff1b66f60eb275d0e4cb6be4261d5d3b0216b91c58dc6524509227ef346de";
        assert_eq!(hex::encode(crate::provider::digest::Digest::Sha256.hash(expected.as_bytes())), hash);
        assert_eq!(canonical("GET", "/?param=foo"), "GET&/&param=foo");
        assert_eq!(canonical("POST", "/user"), "POST&/user&");
        assert_eq!(canonical("GET", "/a&b=c?r=2+1&r=1&~=*"), "GET&/a%26b=c&r=1,2%201&~=%2A");
    }
}
