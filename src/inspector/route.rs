//! The calls of the API, and where they stand. The document at `/api/openapi.json` describes each of them, and a test
//! holds both lists together.

use http::Method;

/// A call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Call {
    /// What the inspector shows: listener, history.
    Status,
    /// The document that describes the API; the one call without a token.
    OpenApi,
    /// A list of events.
    Events,
    /// One event with its deliveries.
    Event,
    /// The bytes of its body.
    Body,
    /// The bytes of an answer that a delivery got.
    AnswerBody,
    /// The event in another tool's form.
    Export,
    /// Puts a pin on it, or takes it off.
    Pin,
    /// Sends it again, perhaps edited.
    Replay,
    /// What differs between two events.
    Diff,
    /// Arrivals and deliveries by time.
    Stats,
    /// What happens from now on.
    Stream,
    /// Providers with their fixtures and the labels of their secrets.
    Providers,
    /// A fixture.
    Fixture,
    /// Sends a fixture.
    Send,
}

/// Where a call stands.
#[derive(Debug, Clone, Copy)]
pub struct Route {
    /// Its method: `GET` changes nothing.
    pub method: &'static str,
    /// Its path; `{name}` stands for one piece.
    pub path: &'static str,
    /// Which.
    pub call: Call,
}

const fn get(path: &'static str, call: Call) -> Route {
    Route { method: "GET", path, call }
}

const fn post(path: &'static str, call: Call) -> Route {
    Route { method: "POST", path, call }
}

/// All of them.
pub const ROUTES: [Route; 15] = [
    get("/api/status", Call::Status),
    get("/api/openapi.json", Call::OpenApi),
    get("/api/events", Call::Events),
    get("/api/events/{id}", Call::Event),
    get("/api/events/{id}/body", Call::Body),
    get("/api/events/{id}/deliveries/{number}/body", Call::AnswerBody),
    get("/api/events/{id}/export", Call::Export),
    post("/api/events/{id}/pin", Call::Pin),
    post("/api/events/{id}/replay", Call::Replay),
    get("/api/diff", Call::Diff),
    get("/api/stats", Call::Stats),
    get("/api/stream", Call::Stream),
    get("/api/providers", Call::Providers),
    get("/api/fixtures/{provider}/{event}", Call::Fixture),
    post("/api/send", Call::Send),
];

/// What a path and a method lead to.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// A call, with the pieces that its path leaves open, decoded.
    Call(Call, Vec<String>),
    /// The path is one, the method is not.
    WrongMethod(&'static str),
    /// No call stands there.
    Nothing,
}

/// Finds a call.
pub(super) fn find(method: &Method, path: &str) -> Found {
    let mut wrong = Found::Nothing;
    for route in ROUTES {
        let Some(pieces) = pieces(route.path, path) else { continue };
        if method == route.method {
            return Found::Call(route.call, pieces);
        }
        wrong = Found::WrongMethod(route.method);
    }
    wrong
}

/// The open pieces of a path. The slashes in the names of events are written as `%2F`.
fn pieces(template: &str, path: &str) -> Option<Vec<String>> {
    let mut found = Vec::new();
    let mut given = path.split('/');
    for want in template.split('/') {
        let piece = given.next()?;
        if want.starts_with('{') {
            let decoded = percent_encoding::percent_decode_str(piece).decode_utf8().ok()?;
            found.push(Some(decoded.into_owned()).filter(|piece| !piece.is_empty())?);
        } else if want != piece {
            return None;
        }
    }
    given.next().is_none().then_some(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_and_a_method_lead_to_one_call() {
        let call = |method, path| find(&method, path);
        let pieces = |pieces: &[&str]| pieces.iter().map(|piece| (*piece).to_owned()).collect::<Vec<_>>();
        assert_eq!(call(Method::GET, "/api/events"), Found::Call(Call::Events, Vec::new()));
        assert_eq!(
            call(Method::GET, "/api/events/1/deliveries/2/body"),
            Found::Call(Call::AnswerBody, pieces(&["1", "2"]))
        );
        assert_eq!(
            call(Method::GET, "/api/fixtures/stripe/invoice.paid"),
            Found::Call(Call::Fixture, pieces(&["stripe", "invoice.paid"]))
        );
        assert_eq!(
            call(Method::GET, "/api/fixtures/nylas/message%2Fadded"),
            Found::Call(Call::Fixture, pieces(&["nylas", "message/added"]))
        );
        assert_eq!(call(Method::GET, "/api/events/1/replay"), Found::WrongMethod("POST"));
        for path in ["/api", "/api/", "/api/events/", "/api/events/1/body/", "/api/events//body", "/API/events"] {
            assert_eq!(call(Method::GET, path), Found::Nothing, "{path}");
        }
    }

    #[test]
    fn every_route_leads_to_its_call() {
        for route in ROUTES {
            let path: String = route.path.replace(['{', '}'], "");
            let method = route.method.parse().unwrap();
            assert!(matches!(find(&method, &path), Found::Call(call, _) if call == route.call), "{path}");
        }
    }
}
