//! What is said of a request that is made, with the flag that mends it.

use crate::delivery::Note;

/// The line on stderr.
pub(super) fn said(note: &Note) -> String {
    match note {
        Note::Illustrative { .. } | Note::OwnKey { .. } => format!("note: {note}"),
        Note::Unsigned { variable } => {
            format!("note: {note} (--secret-env {})", variable.as_deref().unwrap_or("NAME"))
        }
        Note::Broken => format!("warning: {note}: --resign signs anew"),
        Note::Sealed { .. } => format!("warning: {note} (--secret-env NAME puts it back)"),
    }
}
