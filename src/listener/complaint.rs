//! What is said when events cannot be kept: at once, and then now and then, for a full disk refuses every one.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::store::StoreError;

/// Time between two lines about the same trouble.
const PAUSE: Duration = Duration::from_secs(1);

/// The trouble that was said last.
#[derive(Debug, Default)]
pub(super) struct Complaint {
    last: Mutex<Option<Said>>,
}

#[derive(Debug)]
struct Said {
    code: &'static str,
    at: Instant,
    /// Refused since, without a word.
    unsaid: u64,
}

impl Complaint {
    /// The line for this error, unless it was said a moment ago.
    pub(super) fn about(&self, error: &StoreError, now: Instant) -> Option<String> {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let mut unsaid = 0;
        if let Some(said) = last.as_mut().filter(|said| said.code == error.code()) {
            if now.saturating_duration_since(said.at) < PAUSE {
                said.unsaid += 1;
                return None;
            }
            unsaid = said.unsaid;
        }
        *last = Some(Said { code: error.code(), at: now, unsaid: 0 });
        let more = if unsaid > 0 { format!(" ({unsaid} more were refused since)") } else { String::new() };
        let hint = error.hint().map(|hint| format!("; {hint}")).unwrap_or_default();
        Some(format!("not kept: {error}{more}{hint}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_trouble_is_said_once_a_second_with_what_came_between() {
        let complaint = Complaint::default();
        let (start, full) = (Instant::now(), StoreError::Full("h.db".into()));
        assert!(complaint.about(&full, start).unwrap().contains("h.db"));
        assert!(complaint.about(&full, start + PAUSE / 2).is_none());
        assert!(complaint.about(&full, start + PAUSE).unwrap().contains("(1 more"));
        assert!(complaint.about(&StoreError::Closed, start + PAUSE).is_some(), "another trouble is said at once");
    }
}
