//! The presenter: one thread that writes notices, so that showing never holds up receiving.

use std::io::{self, Write};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use jiff::Timestamp;

use crate::model::Notice;

use super::human::{Human, Lines, lagged_line};
use super::json_line::{write_lagged, write_notice};
use super::queue::{Entry, Load, Queue};
use super::style::Palette;

/// A batch is written in pieces of about this size, what a pipe holds: the buffer stays small however
/// large the bodies are, and a slow reader is seen to make progress.
const WRITE_SIZE: usize = 64 << 10;

/// A buffer that one huge body made larger than this is given back.
const MAX_KEPT_BUFFER: usize = 4 << 20;

/// Rest after each batch. What comes first is shown at once; under load hundreds of notices then share
/// one wake-up and one write, which otherwise cost more than all the rest of an event. Nobody sees 1 ms.
const REST: Duration = Duration::from_millis(1);

/// `finish` gives up on an output that takes nothing for this long (`| sleep 999`, Ctrl-S).
const STALL_LIMIT: Duration = Duration::from_secs(5);

/// What the lines look like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// One JSON object a line.
    Json,
    /// Lines for people, times in the local zone.
    Human {
        /// Colours on the data stream.
        color: bool,
        /// How many times `-v` was given.
        verbosity: u8,
        /// Only one line per event and delivery.
        quiet: bool,
        /// Answers of targets also when they are 2xx.
        answers: bool,
    },
}

/// Takes notices from any thread and writes them from its own. Dropping it is finishing it.
pub struct Presenter {
    queue: Arc<Queue>,
    /// Data lines are worth a wait; lines for people are not.
    patient: bool,
    thread: Option<JoinHandle<()>>,
}

impl Presenter {
    /// Starts the thread. `out` takes data, `talk` what is said about it; `on_closed` is called once,
    /// on the thread, when `out` fails: with a broken pipe when its reader has gone.
    pub fn start(
        format: Format,
        out: Box<dyn Write + Send>,
        talk: Box<dyn Write + Send>,
        on_closed: Box<dyn FnOnce(io::Error) + Send>,
    ) -> io::Result<Self> {
        let queue = Arc::new(Queue::default());
        let patient = format == Format::Json;
        let form = Form::new(format);
        let mut writer =
            Writer { queue: Arc::clone(&queue), form, out, talk, buffer: Vec::new(), on_closed: Some(on_closed) };
        let thread = std::thread::Builder::new().name("output".to_owned()).spawn(move || writer.run())?;
        Ok(Self { queue, patient, thread: Some(thread) })
    }

    /// Hands a notice over. Never waits for an output that stands still: when there is no room, a notice
    /// about an event or delivery is left out and counted. JSON lines wait while the output moves, so that
    /// a file or a pipe that is read gets all of them.
    pub fn present(&self, notice: Notice) {
        self.queue.push(notice, self.patient);
    }

    /// Whether the data stream is gone.
    pub fn closed(&self) -> bool {
        self.queue.closed()
    }

    /// Writes what is queued and ends the thread. Returns early when the output takes nothing for
    /// five seconds; the thread then ends with the process.
    pub fn finish(self) {
        drop(self);
    }
}

impl Drop for Presenter {
    fn drop(&mut self) {
        if self.queue.finish(STALL_LIMIT)
            && let Some(thread) = self.thread.take()
        {
            // The thread does not panic; if it did there is nobody left to tell.
            let _ = thread.join();
        }
    }
}

/// How entries become bytes.
enum Form {
    Json,
    Human(Human),
}

impl Form {
    fn new(format: Format) -> Self {
        match format {
            Format::Json => Self::Json,
            Format::Human { color, verbosity, quiet, answers } => {
                let palette = Palette::new(color);
                Self::Human(Human { palette, verbosity, quiet, answers, zone: None })
            }
        }
    }

    /// Appends data to `out`; returns what is to be said on the other stream.
    fn render(&self, entry: &Entry, out: &mut Vec<u8>) -> String {
        match (self, entry) {
            (Self::Json, Entry::Notice(notice)) => write_notice(out, notice),
            (Self::Json, Entry::Missed(count)) => write_lagged(out, *count),
            (Self::Human(_), Entry::Missed(count)) => return lagged_line(*count),
            (Self::Human(human), Entry::Notice(notice)) => match human.notice(notice, Timestamp::now()) {
                Lines::Out(lines) => out.extend_from_slice(lines.as_bytes()),
                Lines::Talk(lines) => return lines,
            },
        }
        String::new()
    }
}

/// The writing thread's own things.
struct Writer {
    queue: Arc<Queue>,
    form: Form,
    out: Box<dyn Write + Send>,
    talk: Box<dyn Write + Send>,
    buffer: Vec<u8>,
    on_closed: Option<Box<dyn FnOnce(io::Error) + Send>>,
}

impl Writer {
    fn run(&mut self) {
        let mut batch = Vec::new();
        while self.queue.take(&mut batch) {
            self.write_batch(&mut batch);
            std::thread::sleep(REST);
        }
        self.queue.end();
    }

    /// Renders the batch into one buffer and writes that, in pieces only when it is large.
    fn write_batch(&mut self, batch: &mut Vec<Entry>) {
        let mut load = Load::default();
        for entry in batch.drain(..) {
            let talk = self.form.render(&entry, &mut self.buffer);
            if let Entry::Notice(notice) = &entry {
                load.add(Load::of(notice));
            }
            if !talk.is_empty() {
                self.write_out();
                // Nobody is left to hear that talk cannot be heard.
                let _ = self.talk.write_all(talk.as_bytes()).and_then(|()| self.talk.flush());
            }
            if self.buffer.len() >= WRITE_SIZE {
                self.write_out();
                self.queue.release(std::mem::take(&mut load));
            }
        }
        self.write_out();
        self.queue.release(load);
    }

    fn write_out(&mut self) {
        if !self.buffer.is_empty()
            && self.on_closed.is_some()
            && let Err(error) = self.write_buffer().and_then(|()| self.out.flush())
        {
            self.queue.close();
            if let Some(on_closed) = self.on_closed.take() {
                on_closed(error);
            }
        }
        self.buffer.clear();
        self.buffer.shrink_to(MAX_KEPT_BUFFER);
    }

    /// As `write_all`, but each piece that the output takes counts as progress.
    fn write_buffer(&mut self) -> io::Result<()> {
        let mut rest = &self.buffer[..];
        while !rest.is_empty() {
            match self.out.write(rest) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(count) => {
                    rest = &rest[count..];
                    self.queue.progress();
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Mutex, mpsc};

    use super::super::queue::{MAX_NOTICE_BYTES, MAX_NOTICES};
    use super::*;
    use crate::model::Summary;
    use crate::output::sample;

    /// A stream that keeps what it takes, and takes it only while the gate is open.
    #[derive(Clone, Default)]
    struct Sink {
        taken: Arc<Mutex<Vec<u8>>>,
        writes: Arc<Mutex<usize>>,
        gate: Arc<Mutex<()>>,
    }

    impl Sink {
        fn text(&self) -> String {
            String::from_utf8(self.taken.lock().unwrap().clone()).unwrap()
        }
    }

    impl Write for Sink {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let _open = self.gate.lock().unwrap();
            *self.writes.lock().unwrap() += 1;
            self.taken.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    struct Broken;

    impl Write for Broken {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::ErrorKind::BrokenPipe.into())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    const HUMAN: Format = Format::Human { color: false, verbosity: 0, quiet: false, answers: false };

    fn start(format: Format, out: &Sink, talk: &Sink) -> Presenter {
        let on_closed = Box::new(|error: io::Error| panic!("{error}"));
        Presenter::start(format, Box::new(out.clone()), Box::new(talk.clone()), on_closed).unwrap()
    }

    fn received(body: &[u8]) -> Notice {
        Notice::Received(sample::event(body).into())
    }

    fn ready() -> Notice {
        Notice::Ready { url: "http://127.0.0.1:4000".into(), inspector: None }
    }

    #[test]
    fn everything_presented_is_written_in_order_before_finish_returns() {
        let (out, talk) = (Sink::default(), Sink::default());
        let presenter = start(Format::Json, &out, &talk);
        presenter.present(ready());
        for number in 0..1_000 {
            presenter.present(received(number.to_string().as_bytes()));
        }
        presenter.present(Notice::Stopped(Summary::default()));
        presenter.finish();
        let text = out.text();
        assert_eq!(text.lines().count(), 1_002);
        assert!(text.starts_with("{\"v\":1,\"type\":\"ready\""));
        for (number, line) in text.lines().skip(1).take(1_000).enumerate() {
            assert!(line.contains(&format!("\"body\":\"{number}\"")), "{line}");
        }
        assert_eq!(talk.text(), "");
    }

    #[test]
    fn people_read_data_and_talk_on_two_streams() {
        let (out, talk) = (Sink::default(), Sink::default());
        let presenter = start(HUMAN, &out, &talk);
        for notice in [ready(), received(b"{}"), Notice::Stopped(Summary::default())] {
            presenter.present(notice);
        }
        presenter.finish();
        assert_eq!(out.text().lines().count(), 2);
        assert!(talk.text().starts_with("Ready! Listening on "));
        assert!(talk.text().ends_with("0 forwarded, 0 failed\n"));
    }

    /// Fills a presenter whose output is stalled, opens it, and returns what was written.
    fn overfill(format: Format, extra: usize) -> (Sink, Sink) {
        let (out, talk) = (Sink::default(), Sink::default());
        let presenter = start(format, &out, &talk);
        let closed_gate = out.gate.lock().unwrap();
        for _ in 0..MAX_NOTICES + extra {
            presenter.present(Notice::Refused { status: 413, reason: "x".into() });
        }
        presenter.present(Notice::Stopped(Summary::default()));
        drop(closed_gate);
        presenter.finish();
        (out, talk)
    }

    #[test]
    fn a_stalled_output_costs_lines_and_says_how_many() {
        let (out, _) = overfill(Format::Json, 12);
        let text = out.text();
        assert_eq!(text.lines().count(), MAX_NOTICES + 2);
        let last: Vec<_> = text.lines().rev().take(2).collect();
        assert!(last[0].starts_with("{\"v\":1,\"type\":\"stopped\""));
        assert_eq!(last[1], "{\"v\":1,\"type\":\"lagged\",\"missed\":12}");
    }

    #[test]
    fn people_are_told_about_left_out_events() {
        let (out, talk) = (Sink::default(), Sink::default());
        let presenter = start(HUMAN, &out, &talk);
        let closed_gate = out.gate.lock().unwrap();
        let body = vec![b'x'; MAX_NOTICE_BYTES / 5];
        for _ in 0..7 {
            // With what each notice keeps besides, four fit.
            presenter.present(received(&body));
        }
        drop(closed_gate);
        presenter.finish();
        assert_eq!(talk.text(), "3 events not shown: the output is slower than the arrivals\n");
    }

    #[test]
    fn a_body_larger_than_the_bound_is_shown_when_nothing_else_waits() {
        let (out, talk) = (Sink::default(), Sink::default());
        let presenter = start(Format::Json, &out, &talk);
        presenter.present(received(&vec![b'x'; MAX_NOTICE_BYTES + 1]));
        presenter.finish();
        assert!(out.text().len() > MAX_NOTICE_BYTES && out.text().lines().count() == 1);
    }

    #[test]
    fn a_backlog_is_written_at_once() {
        let (out, talk) = (Sink::default(), Sink::default());
        let presenter = start(Format::Json, &out, &talk);
        let closed_gate = out.gate.lock().unwrap();
        for _ in 0..100 {
            presenter.present(received(b"{}"));
        }
        drop(closed_gate);
        presenter.finish();
        let writes = *out.writes.lock().unwrap();
        assert!(writes <= 2, "{writes} writes");
    }

    #[test]
    fn a_closed_output_is_reported_once_and_ends_quietly() {
        let (tell, told) = mpsc::channel();
        let talk = Sink::default();
        let on_closed = Box::new(move |error: io::Error| tell.send(error.kind()).unwrap());
        let presenter = Presenter::start(HUMAN, Box::new(Broken), Box::new(talk.clone()), on_closed).unwrap();
        presenter.present(received(b"{}"));
        assert_eq!(told.recv().unwrap(), io::ErrorKind::BrokenPipe);
        assert!(presenter.closed());
        presenter.present(received(b"{}"));
        presenter.present(Notice::Stopped(Summary::default()));
        presenter.finish();
        assert!(told.recv().is_err());
        assert!(talk.text().starts_with("0 received"));
    }
}
