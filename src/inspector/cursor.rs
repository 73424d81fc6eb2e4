//! Where a list goes on: opaque to whoever keeps it.

use std::str::FromStr;

use http::StatusCode;

use super::answer::Refused;
use super::parameters::Parameters;
use crate::store::Position;

/// A place in a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Cursor {
    /// What the list is of: nothing newer.
    pub(super) upto: Position,
    /// Events from here on were listed.
    pub(super) below: i64,
    /// Of what follows, so many are left out still.
    pub(super) skip: u64,
}

impl std::fmt::Display for Cursor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}~{}~{}", self.upto, self.below, self.skip)
    }
}

impl FromStr for Cursor {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let mut parts = text.split('~');
        let mut part = || parts.next().ok_or(());
        let upto = part()?.parse().map_err(|_| ())?;
        let below = part()?.parse().ok().filter(|below| *below >= 0).ok_or(())?;
        let skip = part()?.parse().map_err(|_| ())?;
        if parts.next().is_some() { Err(()) } else { Ok(Self { upto, below, skip }) }
    }
}

/// Takes a cursor out: of this history, or none.
pub(super) fn take<T: FromStr>(
    parameters: &mut Parameters,
    name: &str,
    now: Position,
    upto: impl Fn(&T) -> Position,
) -> Result<Option<T>, Refused> {
    let Some(text) = parameters.take(name)?.filter(|text| !text.is_empty()) else { return Ok(None) };
    let cursor: T = text.parse().map_err(|_| Refused::invalid(format!("`{name}` is no cursor of this call")))?;
    let is_own = upto(&cursor).identity == now.identity && upto(&cursor).event <= now.event;
    if !is_own {
        let message = format!("`{name}` is of another history");
        return Err(Refused::new(StatusCode::GONE, "other_history", message).hint("list the events anew, without it"));
    }
    Ok(Some(cursor))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Position = Position { identity: -7, event: 90, change: 4 };

    #[test]
    fn a_cursor_is_read_as_it_was_written() {
        let cursor = Cursor { upto: NOW, below: 12, skip: 3 };
        assert_eq!(cursor.to_string().parse(), Ok(cursor));
        for text in ["", "1.2.3", "1.2.3~4", "1.2.3~4~5~6", "1.2.3~-4~5", "x~4~5"] {
            assert_eq!(text.parse::<Cursor>(), Err(()), "{text}");
        }
    }

    #[test]
    fn a_cursor_of_another_history_is_refused() {
        let take = |upto: Position| {
            let query = format!("upto={upto}");
            take::<Position>(&mut Parameters::parse(Some(&query)), "upto", NOW, |upto| *upto)
        };
        assert_eq!(take(Position { event: 80, ..NOW }), Ok(Some(Position { event: 80, ..NOW })));
        for other in [Position { identity: 5, ..NOW }, Position { event: 91, ..NOW }] {
            assert_eq!(take(other).unwrap_err().status, StatusCode::GONE);
        }
    }
}
