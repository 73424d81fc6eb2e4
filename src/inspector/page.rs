//! The page's files, embedded.

use http::StatusCode;
use include_dir::{Dir, include_dir};

use super::answer;
use crate::http::Answer;

static FILES: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/src/inspector/page");

/// The page itself.
const INDEX: &str = "index.html";

/// What a browser takes each kind of file for; others (licences, notes) are not served.
const TYPES: [(&str, &str); 4] = [
    ("html", "text/html; charset=utf-8"),
    ("js", "text/javascript; charset=utf-8"),
    ("css", "text/css; charset=utf-8"),
    ("svg", "image/svg+xml"),
];

/// The file at a path of the server's.
pub(super) fn file(path: &str) -> Option<Answer> {
    let path = path.strip_prefix('/')?;
    let file = FILES.get_file(if path.is_empty() { INDEX } else { path })?;
    let extension = file.path().extension()?.to_str()?;
    let (_, content_type) = TYPES.into_iter().find(|(known, _)| *known == extension)?;
    Some(Answer { status: StatusCode::OK, ..answer::of(content_type, file.contents()) })
}
