//! Names of files that fixtures get. Event types come from strangers: what is no plain name is made one.

use crate::json;
use crate::model::Request;

/// The longest name of a file or folder; every file system takes it.
const MAX_NAME: usize = 128;
/// Room for the number and the extension.
const MAX_STEM: usize = MAX_NAME - 28;
/// Folders an event type may name: `orders/create` is one deep.
const MAX_PARTS: usize = 4;

/// Device names of Windows, with any extension
/// (<https://learn.microsoft.com/windows/win32/fileio/naming-a-file>).
const DEVICES: [&str; 6] = ["con", "prn", "aux", "nul", "com", "lpt"];

/// The folders and the file's stem of an event type, each safe in itself. Only an event type that is
/// safe in all its parts has folders, and folders have no dot: so none can be in a file's way.
pub fn fixture_name(event_type: Option<&str>) -> Vec<String> {
    let text = event_type.unwrap_or("unknown");
    let parts: Vec<&str> = text.split('/').collect();
    let (file, folders) = parts.split_last().unwrap_or((&text, &[]));
    let has_folders = parts.len() <= MAX_PARTS
        && safe_name(file) == **file
        && folders.iter().all(|folder| !folder.contains('.') && safe_name(folder) == **folder);
    if has_folders { parts.into_iter().map(str::to_owned).collect() } else { vec![safe_name(text)] }
}

/// A name of letters, digits, `.`, `_` and `-`, without a dot at either end.
pub fn safe_name(text: &str) -> String {
    let is_allowed = |character: char| character.is_ascii_alphanumeric() || matches!(character, '.' | '_' | '-');
    let mut name: String =
        text.chars().take(MAX_STEM).map(|character| if is_allowed(character) { character } else { '_' }).collect();
    if name.starts_with('.') {
        name.replace_range(..1, "_");
    }
    if name.ends_with('.') {
        name.replace_range(name.len() - 1.., "_");
    }
    if name.is_empty() || is_device(&name) {
        name.insert(0, '_');
    }
    name
}

/// The ending of a body's file: what the body is, not what its sender says, where that can be told.
pub fn fixture_extension(request: &Request) -> &'static str {
    let media_type = request.media_type().unwrap_or_default();
    if json::check(&request.body).is_ok() {
        "json"
    } else if media_type.ends_with("form-urlencoded") {
        "form"
    } else if media_type.ends_with("xml") {
        "xml"
    } else if std::str::from_utf8(&request.body).is_ok() {
        "txt"
    } else {
        "bin"
    }
}

fn is_device(name: &str) -> bool {
    let stem = name.split('.').next().unwrap_or_default().to_ascii_lowercase();
    DEVICES.contains(&stem.trim_end_matches(|last: char| last.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn path(event_type: &str) -> String {
        fixture_name(Some(event_type)).join("/")
    }

    #[test]
    fn plain_names_stay() {
        for name in ["prospect.added", "optOut", "orders/create", "message_received", "a/b/c/d"] {
            assert_eq!(path(name), name);
        }
        assert_eq!(fixture_name(None), ["unknown"]);
    }

    #[test]
    fn names_that_lead_elsewhere_are_made_plain() {
        for (hostile, safe) in [
            ("../../etc/passwd", "_._.._etc_passwd"),
            ("/etc/passwd", "_etc_passwd"),
            (".hidden", "_hidden"),
            ("..", "__"),
            ("CON", "_CON"),
            ("lpt1.txt", "_lpt1.txt"),
            ("a\0b", "a_b"),
            ("a\\..\\b", "a_.._b"),
            ("a.json/b", "a.json_b"),
            ("a//b", "a__b"),
            ("a/b/c/d/e", "a_b_c_d_e"),
            ("", "_"),
            ("ü", "_"),
        ] {
            assert_eq!(path(hostile), safe, "{hostile:?}");
        }
    }

    proptest! {
        #[test]
        fn every_part_is_a_plain_name(event_type in prop_oneof![any::<String>(), "[./a\\\\:]{0,12}", ".{200,300}"]) {
            for part in fixture_name(Some(&event_type)) {
                prop_assert!((1..=MAX_NAME).contains(&part.len()) && !part.starts_with('.'));
                prop_assert!(part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte)));
            }
        }
    }
}
