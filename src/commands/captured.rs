//! Events of the history as arguments of other commands: `@last`, `@2`, `@019aa899`.

use super::{Context, events};
use crate::error::{Exit, Failure};
use crate::store::Stored;

/// From this many digits on a number is the beginning of an id.
const MIN_ID: usize = 8;

/// The event that `@NAME` names; `None` when it is a file's name.
pub(super) fn find(name: &str, context: &Context) -> Result<Option<Stored>, Failure> {
    let Some(short) = name.strip_prefix('@') else { return Ok(None) };
    let is_place = short == "last" || is_number(short);
    if !is_place && !is_id(short) {
        return Ok(None);
    }
    match context.reader().and_then(|reader| events::find(&reader, name)) {
        Ok(stored) => Ok(Some(stored)),
        Err(_) if context.path(short.as_ref()).is_file() => Ok(None),
        // Few names of files are hexadecimal, but those that are get the error of a file.
        Err(failure) if failure.exit == Exit::No && !is_place => Ok(None),
        Err(failure) => Err(failure),
    }
}

fn is_number(short: &str) -> bool {
    (1..MIN_ID).contains(&short.len()) && short.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_id(short: &str) -> bool {
    !short.is_empty() && short.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_files_are_told_from_those_of_events() {
        assert!(is_number("2") && is_number("1234567") && !is_number("12345678") && !is_number(""));
        assert!(is_id("019aa899-1") && is_id("12345678") && !is_id("body.json") && !is_id(""));
    }
}
