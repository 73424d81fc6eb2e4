//! What came at all, where something else was expected.

use std::collections::BTreeMap;

use crate::model::Event;
use crate::output::one_line;

/// Event types named in an error; the rest is counted.
const MAX_NAMED: usize = 3;
/// Event types told apart: they come from strangers.
const MAX_KINDS: usize = 1_000;
const MAX_NAME_WIDTH: usize = 60;

/// What came at all.
#[derive(Default)]
pub(super) struct Came {
    total: u64,
    kinds: BTreeMap<String, u64>,
}

impl Came {
    /// Counts one.
    pub(super) fn count(&mut self, event: &Event) {
        self.total += 1;
        let event_type = event.event_type.as_deref().unwrap_or("-");
        let name = one_line(format!("{}/{event_type}", event.provider), MAX_NAME_WIDTH);
        if self.kinds.len() < MAX_KINDS || self.kinds.contains_key(&name) {
            *self.kinds.entry(name).or_default() += 1;
        }
    }

    /// How many.
    pub(super) fn total(&self) -> u64 {
        self.total
    }

    /// `5 received: 3 github/push, 2 stripe/invoice.paid`. From `limit` on there may be more.
    pub(super) fn told(&self, limit: u64) -> String {
        if self.total == 0 {
            return "nothing was received".to_owned();
        }
        let mut kinds: Vec<(&String, &u64)> = self.kinds.iter().collect();
        kinds.sort_by_key(|(_, count)| std::cmp::Reverse(**count));
        let named: Vec<String> = kinds.iter().take(MAX_NAMED).map(|(name, count)| format!("{count} {name}")).collect();
        let rest = self.total - kinds.iter().take(MAX_NAMED).map(|(_, count)| **count).sum::<u64>();
        let rest = if rest > 0 { format!(", {rest} others") } else { String::new() };
        let newest = if self.total >= limit { "of the newest " } else { "" };
        format!("{newest}{} received: {}{rest}", self.total, named.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_came_is_told_by_kind_the_most_frequent_first() {
        let mut came = Came::default();
        assert_eq!(came.told(10), "nothing was received");
        for (name, count) in [("a/1", 1), ("b/2", 5), ("c/3", 2), ("d/4", 1)] {
            came.kinds.insert(name.to_owned(), count);
            came.total += count;
        }
        assert_eq!(came.told(10), "9 received: 5 b/2, 2 c/3, 1 a/1, 1 others");
        assert!(came.told(9).starts_with("of the newest 9 received: "));
    }
}
