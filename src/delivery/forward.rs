//! What a forwarded request carries: what was received, less what belongs to one connection.

use http::header::{self, HeaderMap, HeaderName};
use http::{HeaderValue, Uri};

use crate::model::{EventId, Request};

/// Marks a request that went through a listener, so that a loop ends after one round.
pub const HOP: HeaderName = HeaderName::from_static("hookctl-hop");

/// Names the event that a request carries, the same in every attempt.
pub const EVENT_ID: HeaderName = HeaderName::from_static("hookctl-event-id");

/// Counts the attempts for one target, from 2: the first one has no such header.
pub const ATTEMPT: HeaderName = HeaderName::from_static("hookctl-attempt");

/// Headers that concern one connection only (RFC 9110 section 7.6.1), or are made anew.
const DROPPED: [HeaderName; 11] = [
    header::CONNECTION,
    header::PROXY_AUTHENTICATE,
    header::PROXY_AUTHORIZATION,
    header::TE,
    header::TRAILER,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
    header::HOST,
    header::CONTENT_LENGTH,
    header::EXPECT,
    HeaderName::from_static("keep-alive"),
];

/// An app on this machine trusts these when they come from a local address; a stranger may have written them.
const FORGEABLE: [&str; 2] = ["forwarded", "x-real-ip"];

/// Put before the name of a header that says where a request came from.
const RENAMED: &str = "x-hookctl-received-";

/// The request for a target at `uri`, marked as one that went through a listener.
pub fn forwardable(request: &Request, uri: Uri) -> Request {
    let mut request = carried(request, uri);
    request.headers.insert(HOP, HeaderValue::from_static("1"));
    request
}

/// The request for a target at `uri`: what was received, less what belongs to one connection and less the
/// marks of earlier deliveries.
pub fn carried(request: &Request, uri: Uri) -> Request {
    let mut headers = HeaderMap::with_capacity(request.headers.len() + 3);
    let options = connection_options(&request.headers);
    for (name, value) in &request.headers {
        if let Some(name) = carried_name(name, &options) {
            headers.append(name, value.clone());
        }
    }
    Request { method: request.method.clone(), uri, headers, body: request.body.clone() }
}

/// The headers of a person who saw those that were received: what they left as it was goes on as ever, what they
/// wrote themselves is theirs to say, except for what frames a message.
pub fn replaced(request: &Request, wanted: &[(HeaderName, HeaderValue)]) -> HeaderMap {
    let mut headers = HeaderMap::with_capacity(wanted.len() + 3);
    let options = connection_options(&request.headers);
    for (name, value) in wanted {
        let is_received = request.headers.get_all(name).iter().any(|received| received == value);
        let name = match is_received {
            true => carried_name(name, &options),
            false => Some(name.clone()).filter(|name| *name == header::HOST || !DROPPED.contains(name)),
        };
        if let Some(name) = name {
            headers.append(name, value.clone());
        }
    }
    headers
}

/// Under which name a received header goes on; none where it belongs to one connection, or marks an earlier delivery.
fn carried_name(name: &HeaderName, options: &[String]) -> Option<HeaderName> {
    let is_mark = [HOP, EVENT_ID, ATTEMPT].contains(name);
    let is_dropped = is_mark || DROPPED.contains(name) || options.iter().any(|option| option == name.as_str());
    (!is_dropped).then(|| forwarded_name(name))
}

/// Says which event a request carries and which attempt for this target it is, so that nothing goes out
/// twice without being marked.
pub fn mark(request: &mut Request, event: EventId, attempt: u32) {
    if let Ok(id) = HeaderValue::from_str(&event.to_string()) {
        request.headers.insert(EVENT_ID, id);
    }
    if attempt > 1 {
        request.headers.insert(ATTEMPT, HeaderValue::from(attempt));
    }
}

/// Whether the request has been through a listener already.
pub fn has_looped(request: &Request) -> bool {
    request.headers.contains_key(HOP)
}

/// Names that `Connection` lists are of this connection only.
fn connection_options(headers: &HeaderMap) -> Vec<String> {
    headers
        .get_all(header::CONNECTION)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(|option| option.trim().to_ascii_lowercase())
        .collect()
}

fn forwarded_name(name: &HeaderName) -> HeaderName {
    let text = name.as_str();
    if text.starts_with("x-forwarded-") || FORGEABLE.contains(&text) {
        HeaderName::from_bytes(format!("{RENAMED}{text}").as_bytes()).unwrap_or_else(|_| name.clone())
    } else {
        name.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn drops_what_belongs_to_the_connection_and_renames_what_can_be_forged() {
        let mut request = Request { body: "x".into(), ..Request::default() };
        for line in [
            "Host: a",
            "Connection: keep-alive, X-Secret-Hop",
            "X-Secret-Hop: 1",
            "Transfer-Encoding: chunked",
            "Upgrade: websocket",
            "X-Forwarded-For: 127.0.0.1",
            "X-Real-IP: 127.0.0.1",
            "X-Sig: 1",
            "X-Sig: 2",
            "Expect: 100-continue",
        ] {
            let (name, value) = Request::parse_header(line).unwrap();
            request.headers.append(name, value);
        }
        let forwarded = forwardable(&request, "http://app.test/".parse().unwrap());
        let mut names: Vec<String> =
            forwarded.headers.iter().map(|(name, value)| format!("{name}: {}", value.to_str().unwrap())).collect();
        names.sort();
        assert_eq!(
            names,
            [
                "hookctl-hop: 1",
                "x-hookctl-received-x-forwarded-for: 127.0.0.1",
                "x-hookctl-received-x-real-ip: 127.0.0.1",
                "x-sig: 1",
                "x-sig: 2",
            ]
        );
        assert!(has_looped(&forwarded) && !has_looped(&request));
        assert!(!has_looped(&carried(&forwarded, Uri::default())), "what is sent anew begins a chain of its own");
    }

    #[test]
    fn marks_are_those_of_this_delivery() {
        let mut request = Request::default();
        mark(&mut request, EventId::from_u128(1), 3);
        let mut again = carried(&request, Uri::default());
        assert!(again.headers.is_empty(), "{:?}", again.headers);
        mark(&mut again, EventId::from_u128(2), 1);
        assert_eq!(again.headers[EVENT_ID], EventId::from_u128(2).to_string());
        assert!(!again.headers.contains_key(ATTEMPT), "the first attempt needs no number");
    }

    #[test]
    fn what_a_person_left_as_it_was_goes_on_as_ever_and_what_they_wrote_is_theirs() {
        let lines = |lines: &[&str]| -> Vec<(HeaderName, HeaderValue)> {
            lines.iter().map(|line| Request::parse_header(line).unwrap()).collect()
        };
        let received =
            lines(&["Host: a", "X-Forwarded-For: 127.0.0.1", "X-Sig: 1", "Hookctl-Hop: 1", "Content-Length: 1"]);
        let request = Request { headers: received.iter().cloned().collect(), ..Request::default() };
        let mut wanted = received;
        wanted.extend(lines(&["X-Forwarded-Proto: https", "Host: b", "X-Sig: 2", "Transfer-Encoding: chunked"]));
        let headers = replaced(&request, &wanted);
        let mut shown: Vec<String> =
            headers.iter().map(|(name, value)| format!("{name}: {}", value.to_str().unwrap())).collect();
        shown.sort();
        let expected = [
            "host: b",
            "x-forwarded-proto: https",
            "x-hookctl-received-x-forwarded-for: 127.0.0.1",
            "x-sig: 1",
            "x-sig: 2",
        ];
        assert_eq!(shown, expected);
    }
}
