//! Searching: which events hold a text, newest first.
//!
//! What the index of words does not cover is unpacked and looked through, in batches on threads of their
//! own; where it does, only blocks that may hold the text are.

use std::collections::VecDeque;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::Scope;

use super::codec::{self, Content};
use super::needle::Needle;
use super::query::{Direction, Query, Step};
use super::reader::MAX_MERGED;
use super::{Reader, StoreError, Stored, words};

/// Events looked through in one go: a few milliseconds.
const BATCH: i64 = 1024;
/// Threads that look through batches: one waits for the disk while the other unpacks.
const THREADS: usize = 2;
/// Batches in work or done before they are asked for.
const MAX_AHEAD: usize = 2 * THREADS;
/// Entries of the index asked for at first, so that the first hit comes soon.
const FIRST_ENTRIES: usize = 64;
/// Where the events of some kinds are at least this dense, walking over the others is faster than finding each.
const DENSE: i64 = 16;

/// How events are found.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Route {
    /// By the index of words, as far as it goes.
    #[default]
    Index,
    /// By looking through everything.
    Scan,
}

/// Places in the order of arrival, from and to, the latest first.
type Spans = Vec<(i64, i64)>;

/// What a thread needs to look through a batch.
struct Scan<'s> {
    needle: &'s Needle,
    /// Kinds that are wanted; all when empty.
    kinds: &'s [i64],
}

/// What is to be looked through, and the place down to which everything is looked at after it.
#[derive(Debug)]
struct Batch {
    spans: Spans,
    last: i64,
}

/// A batch, and where its hits go.
type Job = (Spans, Sender<Result<Vec<i64>, StoreError>>);

/// A batch that is in work, by the place after it.
type Ahead = (i64, Receiver<Result<Vec<i64>, StoreError>>);

/// Takes batches until it breaks off.
type Push<'p> = dyn FnMut(Batch) -> Result<ControlFlow<()>, StoreError> + 'p;

impl Reader {
    /// Goes through the events that a query selects and that hold a text, newest first, until `visit`
    /// breaks off. An event whose row cannot be read ends it with an error.
    pub fn search(
        &self,
        needle: &Needle,
        query: &Query,
        route: Route,
        mut visit: impl FnMut(Stored) -> ControlFlow<()>,
    ) -> Result<(), StoreError> {
        self.search_steps(needle, query, route, |step| {
            let Step::At(seq) = step else { return Ok(ControlFlow::Continue(())) };
            match self.by_seq(seq)? {
                Some(stored) if query.holds_time(stored.event.received_at) => Ok(visit(stored)),
                _ => Ok(ControlFlow::Continue(())),
            }
        })
    }

    /// The same, without handing out what was unpacked.
    pub fn search_steps(
        &self,
        needle: &Needle,
        query: &Query,
        route: Route,
        mut visit: impl FnMut(Step) -> Result<ControlFlow<()>, StoreError>,
    ) -> Result<(), StoreError> {
        let Some(kinds) = self.matching_kinds(query)? else { return Ok(()) };
        let bounds = self.bounds(query)?;
        let visit = |step: Step| match step {
            Step::At(seq) if !self.is_in_state(query, seq)? => Ok(ControlFlow::Continue(())),
            step => visit(step),
        };
        let scan = Scan { needle, kinds: &kinds };
        std::thread::scope(|scope| {
            let (has_begun, queue, ahead) = (false, None, VecDeque::new());
            let mut line = Line { reader: self, scan: &scan, scope, has_begun, queue, ahead, visit };
            match self.batches(query, &scan, bounds, route, &mut |batch| line.push(batch))? {
                ControlFlow::Continue(()) => line.finish(),
                ControlFlow::Break(()) => Ok(()),
            }
        })
    }

    /// Cuts what is to be looked through into batches.
    fn batches(
        &self,
        query: &Query,
        scan: &Scan<'_>,
        (low, high): (i64, i64),
        route: Route,
        push: &mut Push<'_>,
    ) -> Result<ControlFlow<()>, StoreError> {
        let expression = words::expression(scan.needle).filter(|_| route == Route::Index);
        let Some(expression) = expression else { return self.walk(query, scan.kinds, low, high, push) };
        let upto = self.wrap(words::upto)?;
        if self.walk(query, scan.kinds, low.max(upto + 1), high, push)?.is_break() {
            return Ok(ControlFlow::Break(()));
        }
        self.look_up(&expression, low, high.min(upto), push)
    }

    /// Batches of everything between two places.
    fn walk(
        &self,
        query: &Query,
        kinds: &[i64],
        low: i64,
        high: i64,
        push: &mut Push<'_>,
    ) -> Result<ControlFlow<()>, StoreError> {
        let Query { failed, pinned, .. } = *query;
        let narrow = Query { failed, pinned, direction: Direction::Backward, ..Query::default() };
        let mut is_sparse = query.is_of_few() || (1..=MAX_MERGED).contains(&kinds.len());
        let mut cursor = high;
        while cursor >= low {
            let (spans, last) = if is_sparse {
                let (seqs, last) = self.chunk(&narrow, kinds, low, cursor)?;
                let Some(last) = last else { return Ok(ControlFlow::Continue(())) };
                is_sparse =
                    query.is_of_few() || (cursor - last) / DENSE > i64::try_from(seqs.len()).unwrap_or(i64::MAX);
                (seqs.into_iter().map(|seq| (seq, seq)).collect(), last)
            } else {
                let last = low.max(cursor - BATCH + 1);
                (vec![(last, cursor)], last)
            };
            if push(Batch { spans, last })?.is_break() {
                return Ok(ControlFlow::Break(()));
            }
            cursor = last - 1;
        }
        Ok(ControlFlow::Continue(()))
    }

    /// Batches of the blocks that may hold a text, and of those with a body that is too large for the index.
    fn look_up(
        &self,
        expression: &[u8],
        low: i64,
        high: i64,
        push: &mut Push<'_>,
    ) -> Result<ControlFlow<()>, StoreError> {
        let lowest = words::entry_of(low.max(1));
        let mut below = words::entry_of(high) + 1;
        let mut limit = FIRST_ENTRIES;
        while below > lowest && high >= low {
            let mut entries =
                self.wrap(|connection| words::candidates(connection, expression, lowest, below, limit))?;
            let reached = if entries.len() < limit { lowest } else { entries.last().copied().unwrap_or(lowest) };
            entries.extend(self.large(words::events_of(reached).0, words::events_of(below).0 - 1)?);
            entries.sort_unstable_by(|one, other| other.cmp(one));
            entries.dedup();
            let spans: Spans = entries.into_iter().map(words::events_of).collect();
            for batch in spans.chunks(usize::try_from(BATCH / words::BLOCK).unwrap_or(1)) {
                let spans: Spans = batch.iter().map(|(from, to)| (low.max(*from), high.min(*to))).collect();
                let last = spans.last().map_or(high, |(from, _)| *from);
                if push(Batch { spans, last })?.is_break() {
                    return Ok(ControlFlow::Break(()));
                }
            }
            if push(Batch { spans: Vec::new(), last: low.max(words::events_of(reached).0) })?.is_break() {
                return Ok(ControlFlow::Break(()));
            }
            below = reached;
            limit = limit.saturating_mul(FIRST_ENTRIES);
        }
        Ok(ControlFlow::Continue(()))
    }

    /// Entries of events between two with a body that is not indexed.
    fn large(&self, low: i64, high: i64) -> Result<Vec<i64>, StoreError> {
        self.wrap(|connection| {
            connection
                // The condition is that of the index, word for word.
                .prepare_cached("SELECT seq FROM event WHERE body_bytes > 65536 AND seq BETWEEN ?1 AND ?2")?
                .query_map([low, high], |row| row.get(0).map(words::entry_of))?
                .collect()
        })
    }

    /// The events of a batch that hold the text.
    fn hits(&self, scan: &Scan<'_>, batch: &Spans) -> Result<Vec<i64>, StoreError> {
        let (mut buffer, mut hits, mut damaged) = (Vec::new(), Vec::new(), None);
        self.wrap(|connection| {
            let mut select = connection.prepare_cached(
                "SELECT seq, kind, body_format, body, head_format, head FROM event
                 WHERE seq BETWEEN ?1 AND ?2 ORDER BY seq DESC",
            )?;
            for span in batch {
                let mut rows = select.query(*span)?;
                while let Some(row) = rows.next()? {
                    if !scan.kinds.is_empty() && !scan.kinds.contains(&row.get(1)?) {
                        continue;
                    }
                    let body = (row.get(2)?, row.get_ref(3)?.as_blob()?);
                    let head = (row.get(4)?, row.get_ref(5)?.as_blob()?);
                    match scan.holds(head, body, &mut buffer) {
                        Ok(true) => hits.push(row.get(0)?),
                        Ok(false) => {}
                        Err(unreadable) => {
                            damaged = Some((row.get(0)?, unreadable));
                            return Ok(());
                        }
                    }
                }
            }
            Ok(())
        })?;
        match damaged {
            Some((seq, unreadable)) => Err(self.unreadable(seq, &unreadable)),
            None => Ok(hits),
        }
    }
}

impl Scan<'_> {
    fn holds(&self, head: (u8, &[u8]), body: (u8, &[u8]), buffer: &mut Vec<u8>) -> Result<bool, codec::Unreadable> {
        codec::unpack_into(Content::Body, body.0, body.1, buffer)?;
        if self.needle.find_in(buffer).is_some() {
            return Ok(true);
        }
        codec::unpack_into(Content::Head, head.0, head.1, buffer)?;
        let mut is_found = false;
        if self.needle.may_be_in(buffer) {
            codec::lines(buffer, |line| is_found |= self.needle.find_in(line).is_some())?;
        }
        Ok(is_found)
    }
}

/// Batches in their order, from the threads that look through them to who visits the hits. The first is
/// looked through at once: most searches end with it.
struct Line<'scope, 'env, V> {
    reader: &'env Reader,
    scan: &'env Scan<'env>,
    scope: &'scope Scope<'scope, 'env>,
    has_begun: bool,
    /// To the threads, once there are any.
    queue: Option<Sender<Job>>,
    ahead: VecDeque<Ahead>,
    visit: V,
}

impl<V: FnMut(Step) -> Result<ControlFlow<()>, StoreError>> Line<'_, '_, V> {
    fn push(&mut self, Batch { spans, last }: Batch) -> Result<ControlFlow<()>, StoreError> {
        let is_first = self.ahead.is_empty() && (spans.is_empty() || !self.has_begun);
        if is_first {
            self.has_begun |= !spans.is_empty();
            let hits = self.reader.hits(self.scan, &spans)?;
            return self.visit(hits, last);
        }
        let queue = self.queue.get_or_insert_with(|| start(self.scope, self.reader.path(), self.scan));
        let (give, hits) = channel();
        queue.send((spans, give)).map_err(|_| StoreError::Closed)?;
        self.ahead.push_back((last, hits));
        if self.ahead.len() < MAX_AHEAD { Ok(ControlFlow::Continue(())) } else { self.take() }
    }

    /// Visits what is left.
    fn finish(&mut self) -> Result<(), StoreError> {
        while !self.ahead.is_empty() {
            if self.take()?.is_break() {
                break;
            }
        }
        Ok(())
    }

    fn take(&mut self) -> Result<ControlFlow<()>, StoreError> {
        let Some((last, next)) = self.ahead.pop_front() else { return Ok(ControlFlow::Continue(())) };
        let hits = next.recv().map_err(|_| StoreError::Closed)??;
        self.visit(hits, last)
    }

    fn visit(&mut self, hits: Vec<i64>, last: i64) -> Result<ControlFlow<()>, StoreError> {
        for step in hits.into_iter().map(Step::At).chain([Step::Passed(last)]) {
            if (self.visit)(step)?.is_break() {
                return Ok(ControlFlow::Break(()));
            }
        }
        Ok(ControlFlow::Continue(()))
    }
}

/// Starts the threads, each with a connection of its own. They end when nobody can ask any more.
fn start<'scope, 'env>(scope: &'scope Scope<'scope, 'env>, path: &'env Path, scan: &'env Scan<'env>) -> Sender<Job> {
    let (queue, jobs) = channel::<Job>();
    let jobs = Arc::new(Mutex::new(jobs));
    for _ in 0..THREADS {
        let jobs = Arc::clone(&jobs);
        scope.spawn(move || {
            let mut reader = None;
            loop {
                let next = jobs.lock().unwrap_or_else(PoisonError::into_inner).recv();
                let Ok((batch, give)) = next else { return };
                let hits = match &reader {
                    Some(reader) => Reader::hits(reader, scan, &batch),
                    None => Reader::open(path).and_then(|opened| reader.insert(opened).hits(scan, &batch)),
                };
                // Who asked may have seen enough.
                let _ = give.send(hits);
            }
        });
    }
    queue
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use http::{HeaderName, HeaderValue};
    use proptest::prelude::*;
    use rusqlite::{Connection, TransactionBehavior};
    use tempfile::TempDir;

    use super::*;
    use crate::model::{Event, Reason, Request, Verdict};
    use crate::store::insert::{EventRow, Memory};
    use crate::store::open;
    use crate::store::{Retention, Writer};

    struct History {
        _folder: TempDir,
        path: std::path::PathBuf,
        writer: Writer,
    }

    impl History {
        fn new() -> Self {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("history.db");
            let retention = Retention { max_events: None, max_bytes: None, max_age: None };
            let writer = Writer::open(&path, retention).unwrap();
            Self { _folder: folder, path, writer }
        }

        fn append(&self, requests: &[Request]) {
            let mut connection = open::writable(&self.path).unwrap();
            let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate).unwrap();
            let mut memory = Memory::default();
            memory.begin(&transaction).unwrap();
            for request in requests {
                let row = EventRow::new(Arc::new(event(request.clone())));
                memory.insert_event(&transaction, &row, &[], 0).unwrap();
            }
            memory.end(&transaction).unwrap();
            transaction.commit().unwrap();
        }

        /// Indexes every whole block.
        fn index(&self) {
            let connection = open::writable(&self.path).unwrap();
            while words::advance(&connection, words::BLOCK, Instant::now() + Duration::from_secs(9)).unwrap() {}
        }

        fn delete(&self, seqs: &[i64]) {
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
            runtime.block_on(self.writer.delete(seqs.to_vec())).unwrap();
        }

        fn find(&self, text: &str, route: Route) -> Vec<i64> {
            self.find_of(text, route, &Query::default())
        }

        fn find_of(&self, text: &str, route: Route, query: &Query) -> Vec<i64> {
            let mut found = Vec::new();
            let reader = Reader::open(&self.path).unwrap();
            let needle = Needle::new(text).unwrap();
            let visit = |stored: Stored| {
                assert!(needle.find(&stored.event.request).is_some(), "{text:?} has a place in {stored:?}");
                found.push(stored.seq);
                ControlFlow::Continue(())
            };
            reader.search(&needle, query, route, visit).unwrap();
            found
        }
    }

    fn event(request: Request) -> Event {
        Event {
            id: uuid::Uuid::now_v7(),
            received_at: jiff::Timestamp::now(),
            provider: "prospektr".into(),
            event_type: Some(if request.body.len().is_multiple_of(2) { "even" } else { "odd" }.to_owned()),
            delivery_id: None,
            verdict: Verdict::unchecked(Reason::NoSecret { provider: "prospektr".into() }),
            request,
            remote: ([127, 0, 0, 1], 1).into(),
            handshake: None,
            repeat: None,
        }
    }

    fn request(body: impl Into<bytes::Bytes>) -> Request {
        Request { body: body.into(), ..Request::default() }
    }

    /// The definition: in the body, the target or a header line, from the beginning of a word.
    fn naive(text: &str, request: &Request) -> bool {
        let is_word = |byte: u8| byte.is_ascii_alphanumeric() || byte >= 0x80;
        let text = text.as_bytes();
        let is_in = |bytes: &[u8]| {
            bytes.windows(text.len()).enumerate().any(|(at, window)| {
                window.eq_ignore_ascii_case(text) && !(is_word(text[0]) && at > 0 && is_word(bytes[at - 1]))
            })
        };
        let line =
            |(name, value): (&HeaderName, &HeaderValue)| [name.as_str().as_bytes(), b": ", value.as_bytes()].concat();
        is_in(&request.body)
            || is_in(request.uri.to_string().as_bytes())
            || request.headers.iter().any(|pair| is_in(&line(pair)))
    }

    fn requests() -> impl Strategy<Value = Vec<Request>> {
        let body = prop_oneof![
            "([abAB]{1,3}[ \"_:.-]?){0,8}".prop_map(String::into_bytes),
            "(order|ORDER_|b|aé|0123456789abcdef[0-9]|\\PC){0,6}".prop_map(String::into_bytes),
            proptest::collection::vec(any::<u8>(), 0..24),
        ];
        let one = (body, "[ab]{1,2}(-[ab]{1,2})?", "[abAB \"%:]{0,6}", "/[ab]{0,3}").prop_map(
            |(body, name, value, target)| {
                let mut request = request(body);
                request.uri = target.parse().unwrap();
                let name = HeaderName::try_from(name).unwrap();
                request.headers.append(name, HeaderValue::try_from(value.trim()).unwrap());
                request
            },
        );
        proptest::collection::vec(one, 0..70)
    }

    fn texts() -> impl Strategy<Value = Vec<String>> {
        let text = prop_oneof![
            "[abAB]{1,3}([ \"_:.-][abAB]{0,3}){0,2}",
            "(order|_|b|aé|é|0123456789abcdef[0-9]|0123456|: ){1,3}",
            "\\PC{1,3}",
            Just("\u{0}".to_owned()),
        ];
        proptest::collection::vec(text, 1..12)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]
        #[test]
        fn with_the_index_and_without_it_finds_what_a_naive_search_finds(
            (first, then, texts) in (requests(), requests(), texts()),
            deleted in proptest::collection::vec(1_i64..100, 0..30),
            is_indexed_first in any::<bool>(),
        ) {
            let history = History::new();
            history.append(&first);
            if is_indexed_first {
                history.index();
                history.delete(&deleted);
            } else {
                history.delete(&deleted);
                history.index();
            }
            let deleted: Vec<i64> = deleted.into_iter().filter(|seq| *seq <= first.len() as i64).collect();
            history.append(&then);
            let all: Vec<(i64, &Request)> = (1..).zip(first.iter().chain(&then)).collect();
            for text in &texts {
                let expected: Vec<i64> = all
                    .iter()
                    .rev()
                    .filter(|(seq, request)| !deleted.contains(seq) && naive(text, request))
                    .map(|(seq, _)| *seq)
                    .collect();
                prop_assert_eq!(&history.find(text, Route::Scan), &expected, "scan for {:?}", text);
                prop_assert_eq!(&history.find(text, Route::Index), &expected, "index for {:?}", text);
            }
        }
    }

    #[test]
    fn no_text_is_taken_for_a_query() {
        let history = History::new();
        history.append(&vec![request("a \"b\" NEAR(c) é"); 40]);
        history.index();
        let many = "word ".repeat(2_000);
        let long = "x".repeat(10_000);
        let odd =
            ["\"", "\"\"", "a\"", "\" OR \"a", "*", "a*", "^a", "text:a", "NEAR(", "AND", "\u{0}", "a\u{0}b", "'"];
        for text in odd.into_iter().chain([&*many, &long, "é\u{1f600}", "\u{10ffff}", "ÿ", "-", "\\", "(", ")"]) {
            assert_eq!(history.find(text, Route::Index), history.find(text, Route::Scan), "{text:?}");
        }
        assert_eq!(history.find("\"b\" near(c) é", Route::Index).len(), 40);
    }

    #[test]
    fn a_large_body_is_found_though_it_is_not_indexed() {
        let history = History::new();
        let large = format!("{} needle", "filler ".repeat(10_000));
        history.append(&[vec![request("small"); 20], vec![request(large)], vec![request("small"); 30]].concat());
        history.index();
        for route in [Route::Index, Route::Scan] {
            assert_eq!(history.find("needle", route), [21]);
        }
    }

    #[test]
    fn the_filter_holds_for_indexed_events_too() {
        let history = History::new();
        let requests: Vec<Request> = (0..50).map(|number| request("word".to_owned() + &"x".repeat(number))).collect();
        history.append(&requests);
        let query = || Query {
            kinds: Some(Box::new(|kind: &crate::store::Kind| kind.event_type.as_deref() == Some("odd"))),
            ..Query::default()
        };
        let without = history.find_of("word", Route::Index, &query());
        history.index();
        assert_eq!(history.find_of("word", Route::Index, &query()), without);
        assert_eq!((without.len(), without[0]), (25, 50));
    }

    #[test]
    fn what_is_deleted_leaves_the_index() {
        let history = History::new();
        history.append(&(0..64).map(|number| request(format!("secret{number} all"))).collect::<Vec<_>>());
        history.index();
        let entries = |text: &str| {
            let expression = words::expression(&Needle::new(text).unwrap()).unwrap();
            words::candidates(&Connection::open(&history.path).unwrap(), &expression, 0, i64::MAX, 99).unwrap()
        };
        assert_eq!((entries("secret20"), entries("all")), (vec![1], vec![3, 2, 1, 0]));
        history.delete(&[21]);
        assert_eq!((entries("secret20"), entries("all")), (vec![], vec![3, 2, 1, 0]));
        history.delete(&(33..=48).collect::<Vec<_>>());
        assert_eq!(entries("all"), [3, 1, 0]);
    }

    #[test]
    fn more_than_one_batch_comes_in_order_and_can_be_broken_off() {
        let history = History::new();
        let connection = Connection::open(&history.path).unwrap();
        history.append(&[request("hit")]);
        connection
            .execute_batch(
                "WITH RECURSIVE n(i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM n WHERE i < 9000)
                 INSERT INTO event SELECT i, randomblob(16), kind, received_at, NULL, NULL, NULL, body_bytes,
                   head_format, body_format, head, body FROM n, event WHERE seq = 1;
                 UPDATE counter SET last_seq = 9000;",
            )
            .unwrap();
        let expected: Vec<i64> = (1..=9000).rev().collect();
        assert_eq!(history.find("hit", Route::Scan), expected);
        history.index();
        assert_eq!(history.find("hit", Route::Index), expected);
        let mut left = 5000;
        let reader = Reader::open(&history.path).unwrap();
        let visit = |_| {
            left -= 1;
            if left > 0 { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        };
        reader.search(&Needle::new("hit").unwrap(), &Query::default(), Route::Scan, visit).unwrap();
        assert_eq!(left, 0);
    }
}
