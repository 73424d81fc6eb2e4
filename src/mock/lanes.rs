//! What is to be delivered when: a lane for each target, so that one that hangs holds up no other.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap, HashSet};

use url::Url;

use super::limits::MAX_PER_TARGET;

/// A message whose attempt is under way waits this many milliseconds for its turn.
const WHILE_BUSY: i64 = 20;

/// An attempt to be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Turn {
    /// Milliseconds since 1970.
    pub(super) due: i64,
    /// Which message.
    pub(super) seq: i64,
    /// Whether a person asked for it.
    pub(super) is_manual: bool,
}

/// All targets.
#[derive(Debug, Default)]
pub(super) struct Lanes {
    lanes: HashMap<String, Lane>,
    busy: HashSet<i64>,
}

/// One target.
#[derive(Debug, Default)]
struct Lane {
    turns: BinaryHeap<Reverse<Turn>>,
    running: usize,
    /// Nothing is sent before this time: the target asked for it.
    held_until: i64,
}

impl Lanes {
    /// Adds a turn at the target of this URL.
    pub(super) fn push(&mut self, url: &str, turn: Turn) {
        self.lanes.entry(target(url)).or_default().turns.push(Reverse(turn));
    }

    /// Lets a target alone until then.
    pub(super) fn hold(&mut self, url: &str, until: i64) {
        let lane = self.lanes.entry(target(url)).or_default();
        lane.held_until = lane.held_until.max(until);
    }

    /// Takes back the turns that nobody asked for by hand at these messages. Tells which of the messages have
    /// no turn left, now or later.
    pub(super) fn forget(&mut self, dropped: &HashSet<i64>) -> HashSet<i64> {
        let mut left = dropped.clone();
        left.retain(|seq| !self.busy.contains(seq));
        for lane in self.lanes.values_mut() {
            lane.turns.retain(|Reverse(turn)| turn.is_manual || !dropped.contains(&turn.seq));
            for Reverse(turn) in &lane.turns {
                left.remove(&turn.seq);
            }
        }
        self.lanes.retain(|_, lane| lane.running > 0 || !lane.turns.is_empty());
        left
    }

    /// A turn that is due and has room, with the name of its lane.
    pub(super) fn take(&mut self, now: i64) -> Option<(String, Turn)> {
        for (name, lane) in &mut self.lanes {
            while lane.running < MAX_PER_TARGET && lane.next_due().is_some_and(|due| due <= now) {
                let Some(Reverse(turn)) = lane.turns.pop() else { break };
                if self.busy.contains(&turn.seq) {
                    lane.turns.push(Reverse(Turn { due: now.saturating_add(WHILE_BUSY), ..turn }));
                    continue;
                }
                lane.running += 1;
                self.busy.insert(turn.seq);
                return Some((name.clone(), turn));
            }
        }
        None
    }

    /// Gives the room of a turn back.
    pub(super) fn done(&mut self, name: &str, seq: i64) {
        self.busy.remove(&seq);
        if let Some(lane) = self.lanes.get_mut(name) {
            lane.running = lane.running.saturating_sub(1);
            if lane.running == 0 && lane.turns.is_empty() {
                self.lanes.remove(name);
            }
        }
    }

    /// When the next turn of a target that has room is due.
    pub(super) fn next_due(&self) -> Option<i64> {
        self.lanes.values().filter(|lane| lane.running < MAX_PER_TARGET).filter_map(Lane::next_due).min()
    }
}

impl Lane {
    fn next_due(&self) -> Option<i64> {
        self.turns.peek().map(|Reverse(turn)| turn.due.max(self.held_until))
    }
}

/// What shares a fate: scheme, host and port.
fn target(url: &str) -> String {
    Url::parse(url).map_or_else(|_| url.to_owned(), |url| url.origin().ascii_serialization())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn turn(due: i64, seq: i64) -> Turn {
        Turn { due, seq, is_manual: false }
    }

    fn taken(lanes: &mut Lanes, now: i64) -> Vec<i64> {
        std::iter::from_fn(|| lanes.take(now).map(|(_, turn)| turn.seq)).collect()
    }

    #[test]
    fn turns_come_when_they_are_due_and_oldest_first() {
        let mut lanes = Lanes::default();
        for (due, seq) in [(30, 1), (10, 2), (20, 3)] {
            lanes.push("http://a/x", turn(due, seq));
        }
        assert_eq!((taken(&mut lanes, 5), lanes.next_due()), (vec![], Some(10)));
        assert_eq!((taken(&mut lanes, 20), lanes.next_due()), (vec![2, 3], Some(30)));
    }

    #[test]
    fn a_target_that_hangs_holds_up_no_other() {
        let mut lanes = Lanes::default();
        let many = MAX_PER_TARGET as i64 + 5;
        (0..many).for_each(|seq| lanes.push("http://slow/x", turn(0, seq)));
        assert_eq!(taken(&mut lanes, 0).len(), MAX_PER_TARGET);
        lanes.push("http://quick/", turn(0, 100));
        assert_eq!(taken(&mut lanes, 0), [100]);
        assert_eq!(lanes.next_due(), None, "the rest waits for room, not for a time");
        lanes.done("http://slow", 0);
        assert_eq!(taken(&mut lanes, 0).len(), 1);
    }

    #[test]
    fn a_target_that_asks_for_it_is_left_alone() {
        let mut lanes = Lanes::default();
        lanes.push("http://a/", turn(0, 1));
        lanes.hold("http://a/other", 50);
        assert_eq!((taken(&mut lanes, 49), lanes.next_due()), (vec![], Some(50)));
        assert_eq!(taken(&mut lanes, 50), [1]);
    }

    #[test]
    fn what_is_dropped_has_no_turn_any_more_unless_a_person_asked_for_it() {
        let mut lanes = Lanes::default();
        (0..3).for_each(|seq| lanes.push("http://a/", turn(50, seq)));
        lanes.push("http://a/", Turn { is_manual: true, ..turn(0, 0) });
        lanes.push("http://b/", turn(0, 3));
        assert_eq!(lanes.take(0).map(|(_, turn)| turn.seq).into_iter().chain(taken(&mut lanes, 0)).count(), 2);
        lanes.push("http://a/", Turn { is_manual: true, ..turn(60, 1) });
        assert_eq!(lanes.forget(&HashSet::from([0, 1, 2, 3])), HashSet::from([2]), "0 and 3 are under way");
        lanes.done("http://a", 0);
        assert_eq!((taken(&mut lanes, 50), taken(&mut lanes, 60)), (vec![], vec![1]));
    }

    #[test]
    fn one_message_is_never_tried_twice_at_a_time() {
        let mut lanes = Lanes::default();
        lanes.push("http://a/", turn(0, 1));
        lanes.push("http://a/", Turn { is_manual: true, ..turn(0, 1) });
        assert_eq!(taken(&mut lanes, 0), [1]);
        lanes.done("http://a", 1);
        assert_eq!(taken(&mut lanes, WHILE_BUSY), [1]);
    }
}
