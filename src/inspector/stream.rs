//! `GET /api/stream`: what happens from now on, or since an earlier stream ended, as server-sent events
//! (<https://html.spec.whatwg.org/multipage/server-sent-events.html>).

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::StatusCode;
use jiff::Timestamp;
use serde::Serialize;
use tokio::sync::{OwnedSemaphorePermit, mpsc, watch};
use tokio::time::{MissedTickBehavior, interval};

use super::Inspector;
use super::answer::{self, Refused};
use super::asked::Asked;
use super::news::{MAX_ROWS, News};
use super::parameters::Parameters;
use super::poll::Seen;
use super::row::Row;
use super::status::{self, ListeningFields, Status};
use crate::http::{Reply, Tail};
use crate::model::Request;
use crate::store::Position;

/// Streams at once: a person has some pages open, and each looks at every event.
pub(super) const MAX_STREAMS: usize = 32;
/// Messages that wait for a page which reads slowly; what comes meanwhile is told together.
const ROOM: usize = 8;
/// From one look to the next one: what comes in between is told together.
const GAP: Duration = Duration::from_millis(40);
/// After a page was told that it missed something, it loads its list, and is left in peace for so long.
const PEACE: Duration = Duration::from_secs(1);
/// The same where events were deleted: that alone is no hurry.
const LONG_PEACE: Duration = Duration::from_secs(5);
/// How long is looked at what came, where only reading it tells whether it is asked for: others wait meanwhile.
const PATIENCE: Duration = Duration::from_secs(1);
/// So often is said that the stream is alive, so that a page knows, and so that one that is gone gives its room back:
/// a peer may close its half and read on, so that only writing tells.
const PING: Duration = Duration::from_secs(5);
/// How often is looked what the listener does.
const STATUS: Duration = Duration::from_millis(250);

/// A stream at work.
struct Stream {
    inspector: Arc<Inspector>,
    asked: Arc<Asked>,
    pieces: mpsc::Sender<Bytes>,
    seen: watch::Receiver<Seen>,
    /// Up to here everything was told.
    at: Position,
    gaps: u64,
    /// When the page may be told again to load its list.
    peace_until: Instant,
    listening: Option<ListeningFields>,
    _seat: OwnedSemaphorePermit,
}

/// Nobody reads it any more, or the inspector ends.
struct Gone;

#[derive(Serialize)]
struct Hello<'h> {
    instance: String,
    resumed: bool,
    status: &'h Status,
}

#[derive(Serialize)]
struct Rows<'r> {
    events: &'r [&'r Row],
}

#[derive(Serialize)]
struct Skipped {
    missed: u64,
}

#[derive(Serialize)]
struct State<'s> {
    listening: &'s Option<ListeningFields>,
}

/// Answers the call, and goes on.
pub(super) async fn stream(
    inspector: &Arc<Inspector>,
    mut parameters: Parameters,
    request: &Request,
) -> Result<Reply, Refused> {
    let asked = Arc::new(Asked::take(&mut parameters, Timestamp::now())?);
    parameters.end()?;
    let Ok(seat) = Arc::clone(&inspector.seats).try_acquire_owned() else {
        let message = format!("{MAX_STREAMS} streams are open already");
        return Err(Refused::new(StatusCode::SERVICE_UNAVAILABLE, "too_many_streams", message).hint("close some pages"));
    };
    let poll = Arc::clone(&inspector.poll);
    let subscribed = tokio::task::spawn_blocking(move || poll.subscribe()).await;
    let seen = subscribed.map_err(|error| Refused::broken(error.to_string()))??;
    let last = request.header("last-event-id").and_then(|id| id.parse::<Position>().ok());
    let gaps = seen.borrow().gaps;
    // What a list has just told of was not yet seen by who only looks from time to time.
    let now = inspector.readers.read(|reader| Ok(reader.position()?)).await?;
    let resumed = last.filter(|last| now.includes(last));
    let (pieces, tail) = Tail::new(ROOM);
    let stream = Stream {
        inspector: Arc::clone(inspector),
        asked,
        pieces,
        seen,
        at: resumed.unwrap_or(now),
        gaps,
        peace_until: Instant::now(),
        listening: status::listening(inspector),
        _seat: seat,
    };
    tokio::spawn(stream.run(resumed.is_some()));
    Ok(Reply { answer: answer::of("text/event-stream", Bytes::new()), tail: Some(tail) })
}

impl Stream {
    async fn run(mut self, is_resumed: bool) {
        let mut closing = self.inspector.closing.clone();
        tokio::select! {
            _ = closing.wait_for(|is_closing| *is_closing) => {}
            _ = self.tell(is_resumed) => {}
        }
    }

    async fn tell(&mut self, is_resumed: bool) -> Result<(), Gone> {
        self.hello(is_resumed).await?;
        self.catch_up().await?;
        let [mut ping, mut status] = [PING, STATUS].map(|period| {
            let mut interval = interval(period);
            interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
            interval
        });
        ping.reset();
        let mut is_behind = false;
        loop {
            tokio::select! {
                () = self.pieces.closed() => return Err(Gone),
                changed = self.seen.changed() => {
                    changed.map_err(|_| Gone)?;
                    is_behind = !self.catch_up().await?;
                    tokio::time::sleep(GAP).await;
                }
                _ = status.tick() => {
                    if is_behind {
                        is_behind = !self.catch_up().await?;
                    }
                    self.state().await?;
                }
                _ = ping.tick() => self.send(Bytes::from_static(b": ping\n\n")).await?,
            }
        }
    }

    async fn hello(&mut self, resumed: bool) -> Result<(), Gone> {
        let status = status::of(&self.inspector).await.map_err(|_| Gone)?;
        let instance = self.inspector.instance.to_string();
        self.message("hello", Some(self.at), &Hello { instance, resumed, status: &status }).await
    }

    /// Tells what came and changed up to now; false where that has to wait.
    async fn catch_up(&mut self) -> Result<bool, Gone> {
        let now = *self.seen.borrow_and_update();
        let (at, asked) = (self.at, Arc::clone(&self.asked));
        if now.gaps != self.gaps {
            if !self.is_peace_over() {
                return Ok(false);
            }
            self.gaps = now.gaps;
            self.skip(now.position, 0, LONG_PEACE).await?;
            return Ok(true);
        }
        if at.includes(&now.position) {
            return Ok(true);
        }
        let read = self.inspector.readers.read(move |reader| {
            let deadline = Instant::now() + PATIENCE;
            News::read(reader, &asked.filter, at, now.position, deadline)
        });
        // What cannot be read now may be read with the next change.
        let Ok(news) = read.await else { return Ok(false) };
        match news {
            News::TooMuch { missed } if self.is_peace_over() => self.skip(now.position, missed, PEACE).await?,
            News::TooMuch { .. } => return Ok(false),
            News::Rows { events, changed } => {
                for chunk in events.chunks(MAX_ROWS) {
                    let rows: Vec<&Row> = chunk.iter().map(|(_, row)| row).collect();
                    let upto = chunk.last().map_or(now.position.event, |(seq, _)| *seq);
                    self.rows("events", Position { event: upto, ..self.at }, &rows).await?;
                }
                self.at.event = now.position.event;
                for chunk in changed.chunks(MAX_ROWS) {
                    let rows: Vec<&Row> = chunk.iter().map(|(_, row)| row).collect();
                    let upto = chunk.last().map_or(now.position.change, |(change, _)| *change);
                    self.rows("changed", Position { change: upto, ..self.at }, &rows).await?;
                }
                self.at = now.position;
            }
        }
        Ok(true)
    }

    fn is_peace_over(&self) -> bool {
        Instant::now() >= self.peace_until
    }

    async fn skip(&mut self, to: Position, missed: u64, peace: Duration) -> Result<(), Gone> {
        self.at = to;
        self.peace_until = Instant::now() + peace;
        self.message("skipped", Some(to), &Skipped { missed }).await
    }

    async fn rows(&mut self, kind: &str, at: Position, rows: &[&Row]) -> Result<(), Gone> {
        self.at = at;
        self.message(kind, Some(at), &Rows { events: rows }).await
    }

    /// Tells what the listener does, where that has changed.
    async fn state(&mut self) -> Result<(), Gone> {
        let listening = status::listening(&self.inspector);
        if listening == self.listening {
            return Ok(());
        }
        self.listening = listening;
        self.message("status", None, &State { listening: &self.listening }).await
    }

    async fn message(&self, kind: &str, id: Option<Position>, value: &impl Serialize) -> Result<(), Gone> {
        let data = serde_json::to_string(value).map_err(|_| Gone)?;
        let id = id.map(|id| format!("id: {id}\n")).unwrap_or_default();
        self.send(format!("event: {kind}\n{id}data: {data}\n\n").into()).await
    }

    async fn send(&self, piece: Bytes) -> Result<(), Gone> {
        self.pieces.send(piece).await.map_err(|_| Gone)
    }
}
