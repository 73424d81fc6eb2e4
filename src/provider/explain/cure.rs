//! Where each framework keeps the raw body, for those whose hand the body shows.

use crate::json;
use crate::model::Request;

const ANY: &str = "verify the raw bytes, before any JSON parser";

/// What to do about a JSON body that was written again: by the headers of the platform it runs on, else by the
/// serialiser whose hand it is in.
pub(super) fn raw_body(request: &Request) -> String {
    let framework = platform(request).or_else(|| hand(&request.body));
    framework.map_or_else(|| ANY.to_owned(), |framework| format!("{ANY} ({framework})"))
}

fn platform(request: &Request) -> Option<&'static str> {
    let has = |name: &str| request.headers.contains_key(name);
    if has("x-vercel-id") || has("x-vercel-deployment-url") {
        return Some("Next.js: `await req.text()` in the route handler");
    }
    if has("x-amzn-apigateway-api-id") {
        return Some("API Gateway: `event.body` as it is, decoded where `event.isBase64Encoded`");
    }
    None
}

/// The frameworks whose serialiser writes as this body is written.
fn hand(body: &[u8]) -> Option<&'static str> {
    let has = |text: &[u8]| memchr::memmem::find(body, text).is_some();
    if json::compact(body).as_deref() != Some(body) {
        let is_python = json::spaced(body).as_deref() == Some(body);
        let printed = |width| json::indented(body, width).as_deref() == Some(body.trim_ascii_end());
        if printed(2) || printed(4) {
            return Some("an editor, `jq` or a log prints it so: take the body as it was sent");
        }
        return is_python
            .then_some("Flask: `request.get_data()`; Django: `request.body`; FastAPI: `await request.body()`");
    }
    if has(b"\\/") {
        return Some("Laravel: `$request->getContent()`; PHP: `file_get_contents('php://input')`");
    }
    if has(b"\\u003c") || has(b"\\u003e") || has(b"\\u0026") {
        return Some("Go: `io.ReadAll(r.Body)` before it is decoded; Rails: `request.raw_post`");
    }
    Some(
        "Express: mount `express.raw({type: 'application/json'})` before `express.json()` on this path; \
         Nest: `rawBody: true`; Next.js: `await req.text()`",
    )
}

/// What to do about a body that is empty because something read it before.
pub(super) const CONSUMED: &str = "verify before anything reads it (Express: `express.raw()` on this path; ASP.NET: \
     `Request.EnableBuffering()`; Go: keep what `io.ReadAll` gave; Spring: `ContentCachingRequestWrapper`)";
