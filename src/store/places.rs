//! Sets of places in the order of arrival, as bits: a million events in some 130 KB, so that any of them can be
//! found by its number, and a list scrolled to anywhere.

use std::collections::BTreeMap;

use rusqlite::params;

use super::query::Query;
use super::{Reader, StoreError};

/// Bits of a word.
const BITS: i64 = 64;
/// Words of a chunk. What lies far from the rest, such as old pinned events, costs one of these (8 KB).
const WORDS: usize = 1024;
/// Places of a chunk.
const CHUNK: i64 = BITS * WORDS as i64;
/// So many events are added to a set one by one; beyond, it is quicker to begin anew.
const MAX_ADDED: i64 = 20_000;

/// Places in the order of arrival.
#[derive(Debug, Clone, Default)]
pub struct Places {
    chunks: BTreeMap<i64, Chunk>,
    count: u64,
}

#[derive(Debug, Clone)]
struct Chunk {
    words: Box<[u64; WORDS]>,
    count: u64,
}

impl Default for Chunk {
    fn default() -> Self {
        Self { words: Box::new([0; WORDS]), count: 0 }
    }
}

/// The chunk of a place, the word in it, and the bit of that.
fn position(seq: i64) -> (i64, usize, u64) {
    let within = usize::try_from(seq.rem_euclid(CHUNK)).unwrap_or_default();
    (seq.div_euclid(CHUNK), within / 64, 1 << (within % 64))
}

impl Places {
    /// How many there are.
    pub const fn count(&self) -> u64 {
        self.count
    }

    /// Whether a place is one of them.
    pub fn contains(&self, seq: i64) -> bool {
        let (chunk, word, bit) = position(seq);
        self.chunks.get(&chunk).is_some_and(|chunk| chunk.words[word] & bit != 0)
    }

    /// Adds a place.
    pub fn insert(&mut self, seq: i64) {
        let (chunk, word, bit) = position(seq);
        let chunk = self.chunks.entry(chunk).or_default();
        if chunk.words[word] & bit == 0 {
            chunk.words[word] |= bit;
            chunk.count += 1;
            self.count += 1;
        }
    }

    /// Takes a place away; whether it was one of them.
    pub fn remove(&mut self, seq: i64) -> bool {
        let (at, word, bit) = position(seq);
        let Some(chunk) = self.chunks.get_mut(&at) else { return false };
        if chunk.words[word] & bit == 0 {
            return false;
        }
        chunk.words[word] &= !bit;
        chunk.count -= 1;
        self.count -= 1;
        if chunk.count == 0 {
            self.chunks.remove(&at);
        }
        true
    }

    /// Places below one, the newest first.
    pub fn below(&self, below: i64) -> impl Iterator<Item = i64> {
        let chunks = self.chunks.range(..=below.div_euclid(CHUNK)).rev();
        chunks.flat_map(|(at, chunk)| chunk.seqs(*at)).skip_while(move |seq| *seq >= below)
    }

    /// Places without so many of the newest, the newest first.
    pub fn without_newest(&self, number: u64) -> impl Iterator<Item = i64> {
        let mut left = number;
        let mut chunks = self.chunks.iter().rev().peekable();
        while let Some((_, chunk)) = chunks.peek()
            && chunk.count <= left
        {
            left -= chunk.count;
            chunks.next();
        }
        let left = usize::try_from(left).unwrap_or(usize::MAX);
        chunks.flat_map(|(at, chunk)| chunk.seqs(*at)).skip(left)
    }

    /// All of them, the oldest first.
    pub fn ascending(&self) -> impl Iterator<Item = i64> {
        self.chunks.iter().flat_map(|(at, chunk)| {
            let mut seqs: Vec<i64> = chunk.seqs(*at).collect();
            seqs.reverse();
            seqs
        })
    }
}

impl Chunk {
    /// The newest first.
    fn seqs(&self, at: i64) -> impl Iterator<Item = i64> {
        let words = self.words.iter().enumerate().rev().filter(|(_, word)| **word != 0);
        words.flat_map(move |(number, word)| {
            let base = at * CHUNK + BITS * i64::try_from(number).unwrap_or_default();
            let mut word = *word;
            std::iter::from_fn(move || {
                let bit = word.checked_ilog2()?;
                word &= !(1 << bit);
                Some(base + i64::from(bit))
            })
        })
    }
}

impl Reader {
    /// The places, up to one, of events whose kind a query takes; nothing else of it counts. With `fold`, of events
    /// with one delivery id only the newest.
    pub fn places(&self, query: &Query, upto: i64, fold: bool) -> Result<Places, StoreError> {
        let mut places = Places::default();
        let Some(kinds) = self.matching_kinds(query)? else { return Ok(places) };
        self.wrap(|connection| {
            if kinds.is_empty() {
                let mut all =
                    connection.prepare_cached("SELECT seq FROM event INDEXED BY event_kind WHERE seq <= ?1")?;
                let mut rows = all.query([upto])?;
                while let Some(row) = rows.next()? {
                    places.insert(row.get(0)?);
                }
            }
            let mut of_kind = connection.prepare_cached("SELECT seq FROM event WHERE kind = ?1 AND seq <= ?2")?;
            for kind in &kinds {
                let mut rows = of_kind.query([*kind, upto])?;
                while let Some(row) = rows.next()? {
                    places.insert(row.get(0)?);
                }
            }
            if fold { fold_all(connection, &mut places, upto) } else { Ok(()) }
        })?;
        Ok(places)
    }

    /// The same as far as it was known up to a place, and on to another; `None` where so much came in between that it
    /// is quicker to begin anew.
    pub fn more_places(
        &self,
        mut places: Places,
        query: &Query,
        from: i64,
        upto: i64,
        fold: bool,
    ) -> Result<Option<Places>, StoreError> {
        if upto - from > MAX_ADDED {
            return Ok(None);
        }
        let Some(kinds) = self.matching_kinds(query)? else { return Ok(Some(places)) };
        self.wrap(|connection| {
            let mut select = connection
                .prepare_cached("SELECT seq, kind, first_seq FROM event WHERE seq > ?1 AND seq <= ?2 ORDER BY seq")?;
            let mut rows = select.query([from, upto])?;
            while let Some(row) = rows.next()? {
                let (seq, kind) = (row.get(0)?, row.get(1)?);
                if !kinds.is_empty() && !kinds.contains(&kind) {
                    continue;
                }
                if let Some(root) = row.get::<_, Option<i64>>(2)?.filter(|_| fold) {
                    fold_one(connection, &mut places, root, seq)?;
                }
                places.insert(seq);
            }
            Ok(())
        })?;
        Ok(Some(places))
    }

    /// Events after one and up to another with the same delivery id, the newest first; at most `limit`.
    pub fn later_repeats(&self, seq: i64, upto: i64, limit: usize) -> Result<Vec<i64>, StoreError> {
        self.wrap(|connection| {
            connection
                .prepare_cached(
                    "SELECT seq FROM event WHERE first_seq = (SELECT ifnull(first_seq, seq) FROM event WHERE seq = ?1)
                     AND seq > ?1 AND seq <= ?2 ORDER BY seq DESC LIMIT ?3",
                )?
                .query_map(params![seq, upto, limit], |row| row.get(0))?
                .collect()
        })
    }
}

/// Of events with one delivery id leaves only the newest.
fn fold_all(connection: &rusqlite::Connection, places: &mut Places, upto: i64) -> rusqlite::Result<()> {
    let mut select = connection.prepare_cached(
        "SELECT first_seq, seq FROM event WHERE first_seq IS NOT NULL AND seq <= ?1 ORDER BY first_seq, seq",
    )?;
    let mut rows = select.query([upto])?;
    let (mut group, mut newest) = (None, None);
    while let Some(row) = rows.next()? {
        let (root, seq) = (row.get(0)?, row.get(1)?);
        if group != Some(root) {
            group = Some(root);
            newest = Some(root).filter(|root| places.contains(*root));
        }
        if places.contains(seq)
            && let Some(older) = newest.replace(seq)
        {
            places.remove(older);
        }
    }
    Ok(())
}

/// Takes away what a newer event with the same delivery id takes the place of.
fn fold_one(connection: &rusqlite::Connection, places: &mut Places, root: i64, seq: i64) -> rusqlite::Result<()> {
    let mut select =
        connection.prepare_cached("SELECT seq FROM event WHERE first_seq = ?1 AND seq < ?2 ORDER BY seq DESC")?;
    let mut rows = select.query([root, seq])?;
    while let Some(row) = rows.next()? {
        if places.remove(row.get(0)?) {
            return Ok(());
        }
    }
    places.remove(root);
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::super::sample::{History, event};
    use super::*;

    proptest! {
        #[test]
        fn it_is_a_set_in_order(changes in prop::collection::vec((any::<bool>(), 0_i64..200_000), 0..200), at in 0_i64..200_000) {
            let (mut places, mut naive) = (Places::default(), BTreeSet::new());
            for (is_new, seq) in changes {
                if is_new {
                    places.insert(seq);
                    naive.insert(seq);
                } else {
                    prop_assert_eq!(places.remove(seq), naive.remove(&seq));
                }
            }
            prop_assert_eq!(places.count(), naive.len() as u64);
            prop_assert_eq!(places.ascending().collect::<Vec<_>>(), naive.iter().copied().collect::<Vec<_>>());
            prop_assert_eq!(places.below(at).collect::<Vec<_>>(), naive.range(..at).rev().copied().collect::<Vec<_>>());
            let number = at.unsigned_abs() % (naive.len() as u64 + 2);
            let rest: Vec<i64> = naive.iter().rev().skip(usize::try_from(number).unwrap()).copied().collect();
            prop_assert_eq!(places.without_newest(number).collect::<Vec<_>>(), rest);
            prop_assert!(naive.iter().all(|seq| places.contains(*seq)) && places.contains(at) == naive.contains(&at));
        }
    }

    /// Providers and delivery ids of events in the order of arrival.
    const EVENTS: [(&str, &str); 8] = [
        ("stripe", "a"),
        ("stripe", "b"),
        ("github", "x"),
        ("stripe", "a"),
        ("stripe", "c"),
        ("github", "x"),
        ("stripe", "a"),
        ("stripe", "d"),
    ];

    fn history() -> History {
        let history = History::new();
        for (provider, id) in EVENTS {
            history.append(&event(provider, Some(id)));
        }
        history
    }

    fn stripe() -> Query {
        Query { kinds: Some(Box::new(|kind| &*kind.provider == "stripe")), ..Query::default() }
    }

    #[test]
    fn of_one_delivery_only_the_newest_is_left_when_folded() {
        let history = history();
        let reader = history.reader();
        let found = |query: &Query, upto: i64, fold: bool| {
            reader.places(query, upto, fold).unwrap().ascending().collect::<Vec<_>>()
        };
        assert_eq!(found(&Query::default(), 99, false), [1, 2, 3, 4, 5, 6, 7, 8]);
        assert_eq!(found(&Query::default(), 99, true), [2, 5, 6, 7, 8]);
        assert_eq!(found(&Query::default(), 5, true), [2, 3, 4, 5], "as it was then");
        assert_eq!(found(&stripe(), 99, true), [2, 5, 7, 8]);
        let none = Query { kinds: Some(Box::new(|_| false)), ..Query::default() };
        assert_eq!(found(&none, 99, true), Vec::<i64>::new());
        assert_eq!(reader.later_repeats(1, 99, 9).unwrap(), [7, 4]);
        assert_eq!(reader.later_repeats(4, 6, 9).unwrap(), Vec::<i64>::new());
        assert_eq!(reader.later_repeats(2, 99, 9).unwrap(), Vec::<i64>::new());
    }

    #[test]
    fn going_on_gives_what_beginning_anew_gives() {
        let history = history();
        // The first one is deleted: the others are still each other's.
        history.delete(&[1]);
        let reader = history.reader();
        for fold in [false, true] {
            for query in [Query::default(), stripe()] {
                for from in 0..=8 {
                    for upto in from..=8 {
                        let before = reader.places(&query, from, fold).unwrap();
                        let on = reader.more_places(before, &query, from, upto, fold).unwrap().unwrap();
                        let anew = reader.places(&query, upto, fold).unwrap();
                        assert!(on.ascending().eq(anew.ascending()), "{from} to {upto}, {fold}");
                    }
                }
            }
        }
        assert!(reader.more_places(Places::default(), &Query::default(), 0, MAX_ADDED + 1, true).unwrap().is_none());
    }
}
