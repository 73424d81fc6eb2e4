//! Lines for people: one per notice, then what belongs to it, set in.
//!
//! Every word that came from outside is cleaned and kept on its line; bodies and headers stand
//! behind the gutter. So a line that begins with a time is always hookctl's own.

use http::HeaderMap;
use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::model::{
    Answered, Confirmation, Delivery, Event, EventId, Notice, Request, Summary, TargetState, Verdict, VerdictStatus,
};

use super::body::{GUTTER, body};
use super::size::size;
use super::style::{Palette, Role};
use super::terminal::one_line;

/// Names, types and reasons are cut here; a target or hint may take several screen lines.
pub(super) const MAX_NAME_WIDTH: usize = 120;
pub(super) const MAX_TEXT_WIDTH: usize = 2_000;

/// Stands for a header value that is a credential in itself.
pub const MASK: &str = "***";

/// How lines for people look.
#[derive(Debug, Clone)]
pub struct Human {
    /// Colours or none.
    pub palette: Palette,
    /// 0 shows bodies; from 1 also headers, answers and the signature that would have been right.
    pub verbosity: u8,
    /// One line per event and delivery, nothing on the other stream.
    pub quiet: bool,
    /// Answers of targets are shown also when they are 2xx.
    pub answers: bool,
    /// In which times are shown; `None` is this machine's, looked up when the first time is shown,
    /// since to read the zone database takes longer than all the rest of a short command.
    pub zone: Option<TimeZone>,
}

/// Where the lines of a notice belong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Lines {
    /// Data: stdout.
    Out(String),
    /// Talk: stderr.
    Talk(String),
}

impl Human {
    /// The lines of a notice. `now` is shown for what carries no time of its own.
    pub fn notice(&self, notice: &Notice, now: Timestamp) -> Lines {
        match notice {
            Notice::Received(event) => Lines::Out(self.event(event)),
            Notice::Answered(answered) => Lines::Out(self.answered(answered, now)),
            Notice::Confirmation(confirmation) => Lines::Out(self.confirmation(confirmation, now)),
            Notice::Forwarded { event_id, delivery, .. } => {
                Lines::Out(self.delivery(event_id, delivery, now, self.answers))
            }
            Notice::Sent { event_id, delivery, .. } => Lines::Out(self.delivery(event_id, delivery, now, true)),
            Notice::MockAttempt(attempt) => Lines::Out(self.mock_attempt(attempt)),
            Notice::MockReady(ready) => Lines::Talk(self.mock_ready(ready)),
            Notice::Ready { url, inspector } => {
                let inspector = inspector.as_ref().map(|url| format!("Inspect at {url}\n")).unwrap_or_default();
                Lines::Talk(format!("Ready! Listening on {url} (^C to quit)\n{inspector}"))
            }
            _ if self.quiet => Lines::Talk(String::new()),
            Notice::Refused { status, reason } => {
                let reason = one_line(reason, MAX_TEXT_WIDTH);
                Lines::Talk(format!("{}  --> refused [{status}] {reason}\n", self.time(now)))
            }
            Notice::Target { target, state, waiting, reason } => {
                Lines::Talk(self.target(target, *state, *waiting, reason.as_deref(), now))
            }
            Notice::MockCall(call) => Lines::Talk(self.mock_call(call, now)),
            Notice::Stopped(summary) => Lines::Talk(summary_line(summary)),
        }
    }

    /// An event: its line, its verdict unless valid, with verbosity its headers, and its body.
    pub fn event(&self, event: &Event) -> String {
        let mut out = format!(
            "{}  --> {} {} {} [{}] {}\n",
            self.time(event.received_at),
            self.glyph(event.verdict.status),
            one_line(&*event.provider, MAX_NAME_WIDTH),
            self.palette.paint(Role::Strong, &event_type(event)),
            event.id,
            size(event.request.body.len() as u64),
        );
        if let Some(handshake) = &event.handshake {
            out.push_str(&self.remark("handshake", Role::Strong, handshake));
        }
        if let Some(repeat) = &event.repeat {
            let id = event.delivery_id.as_deref().unwrap_or("an earlier delivery");
            let text = format!("{} of {id} (first received as {})", repeat.retry, repeat.first);
            out.push_str(&self.remark("retry", Role::Warning, &text));
        }
        out.push_str(&self.verdict(&event.verdict));
        if self.quiet {
            return out;
        }
        if self.verbosity > 0 {
            out.push_str(&self.request_head(&event.request));
        }
        out.push_str(&body(&event.request.headers, &event.request.body, self.palette));
        out
    }

    /// Who answered a handshake, and what should be known of it.
    fn answered(&self, answered: &Answered, now: Timestamp) -> String {
        let role = if (200..300).contains(&answered.status) { Role::Good } else { Role::Bad };
        let by = if answered.is_own { "hookctl" } else { "the target" };
        let line = format!(
            "{}  <--  {} {} answered by {by} [{}]\n",
            self.time(now),
            self.palette.paint(role, &format!("[{}]", answered.status)),
            one_line(&*answered.handshake, MAX_NAME_WIDTH),
            answered.event_id,
        );
        let remark = answered.remark.as_ref().map(|remark| self.remark("note", Role::Warning, remark));
        line + &remark.unwrap_or_default()
    }

    /// The URL with which a handshake is finished, and what came of fetching it.
    fn confirmation(&self, confirmation: &Confirmation, now: Timestamp) -> String {
        if let Some(delivery) = &confirmation.delivery {
            return self.delivery(&confirmation.event_id, delivery, now, true);
        }
        let url = one_line(&confirmation.url, MAX_TEXT_WIDTH);
        let line = format!("{}  ...  confirm with {url} [{}]\n", self.time(now), confirmation.event_id);
        let reason = confirmation.reason.as_ref().map(|reason| self.remark("note", Role::Warning, reason));
        line + &reason.unwrap_or_default()
    }

    /// A delivery: its line, why it failed, and the answer's body when that is of interest.
    pub fn delivery(&self, event_id: &EventId, delivery: &Delivery, now: Timestamp, show_answer: bool) -> String {
        let role = if delivery.is_success() { Role::Good } else { Role::Bad };
        let status = delivery.status().map_or("---".to_owned(), |status| status.to_string());
        let mut out = format!(
            "{}  <--  {} {} {} ({}ms) [{event_id}]\n",
            self.time(now),
            self.palette.paint(role, &format!("[{status}]")),
            delivery.method,
            one_line(&delivery.target, MAX_TEXT_WIDTH),
            delivery.duration.as_millis(),
        );
        if let Some(error) = &delivery.error {
            out.push_str(&self.remark("error", Role::Bad, &error.message));
            out.push_str(&error.hint.as_ref().map(|hint| self.remark("hint", Role::Warning, hint)).unwrap_or_default());
        }
        if let Some(response) = delivery.response.as_ref().filter(|_| !self.quiet) {
            if self.verbosity > 0 {
                out.push_str(&self.headers(&response.headers));
            }
            let wanted = show_answer || self.verbosity > 0 || !delivery.is_success();
            if wanted && !response.body.is_empty() {
                out.push_str(&body(&response.headers, &response.body, self.palette));
            }
            if delivery.truncated {
                let kept = size(response.body.len() as u64).replace(".0 ", " ");
                let cut = format!("… answer cut at {kept}");
                out.push_str(&format!("    {}\n", self.palette.paint(Role::Warning, &cut)));
            }
        }
        out
    }

    /// What became of a target, and what that means for the events that wait for it.
    fn target(&self, target: &str, state: TargetState, waiting: u64, reason: Option<&str>, now: Timestamp) -> String {
        let events = if waiting == 1 { "1 event".to_owned() } else { format!("{waiting} events") };
        let what = match state {
            TargetState::Down if waiting == 1 => format!("is down, 1 event waits: {}", reason.unwrap_or_default()),
            TargetState::Down => format!("is down, {events} wait: {}", reason.unwrap_or_default()),
            TargetState::Up if waiting == 0 => "is back".to_owned(),
            TargetState::Up => format!("is back: {events} go out in their order"),
            TargetState::Held => format!("and the history: {}", reason.unwrap_or_default()),
        };
        format!("{}  {}\n", self.time(now), one_line(format!("{target} {what}"), MAX_TEXT_WIDTH))
    }

    /// Why a verdict is not valid and what to change; of a valid one only which of several secrets matched.
    pub fn verdict(&self, verdict: &Verdict) -> String {
        let role = role(verdict.status);
        let mut out = String::new();
        if let Some(label) = &verdict.secret {
            out.push_str(&self.remark("secret", Role::Dim, label));
        }
        if let Some(reason) = &verdict.reason {
            out.push_str(&self.remark(verdict.status.as_str(), role, &reason.to_string()));
        }
        out + &self.advice(verdict)
    }

    /// What to change; with verbosity what else explains it, and what would have matched.
    pub fn advice(&self, verdict: &Verdict) -> String {
        let mut out = String::new();
        if let Some(hint) = &verdict.hint {
            out.push_str(&self.remark("hint", Role::Warning, hint));
        }
        if self.verbosity > 0 {
            out.push_str(&self.explanation(verdict));
        }
        if let Some(expected) = verdict.expected.as_ref().filter(|_| self.verbosity > 0) {
            out.push_str(&self.remark("expected", Role::Dim, &format!("{}: {}", expected.place, expected.value)));
        }
        out
    }

    /// The request line and the headers, behind the gutter.
    pub fn request_head(&self, request: &Request) -> String {
        let line = one_line(format!("{} {}", request.method, request.uri), MAX_TEXT_WIDTH);
        let gutter = self.palette.paint(Role::Dim, GUTTER);
        format!("{gutter}{}\n{}", self.palette.paint(Role::Strong, &line), self.headers(&request.headers))
    }

    /// Header lines behind the gutter, and an empty one.
    fn headers(&self, headers: &HeaderMap) -> String {
        let gutter = self.palette.paint(Role::Dim, GUTTER);
        let mut out = String::new();
        for (name, value) in headers {
            let name = self.palette.paint(Role::Key, name.as_str());
            let value = if value.is_sensitive() { MASK.to_owned() } else { one_line(value.as_bytes(), MAX_TEXT_WIDTH) };
            out.push_str(&format!("{gutter}{name}: {value}\n"));
        }
        out + &gutter + "\n"
    }

    /// One of hookctl's own lines below an event or delivery.
    pub fn remark(&self, label: &str, role: Role, text: &str) -> String {
        format!("    {} {}\n", self.palette.paint(role, &format!("{label}:")), one_line(text, MAX_TEXT_WIDTH))
    }

    /// The sign of a verdict.
    pub fn glyph(&self, status: VerdictStatus) -> String {
        self.palette.paint(role(status), status.glyph())
    }

    /// A time as people read it.
    pub fn time(&self, time: Timestamp) -> String {
        let zone = self.zone.clone().unwrap_or_else(TimeZone::system);
        let local = zone.to_datetime(time).strftime("%Y-%m-%d %H:%M:%S").to_string();
        self.palette.paint(Role::Dim, &local)
    }
}

/// The two lines of an error, the second only with a hint.
pub fn error_lines(message: &str, hint: Option<&str>) -> String {
    let hint = hint.map(|hint| format!("hint: {}\n", one_line(hint, MAX_TEXT_WIDTH))).unwrap_or_default();
    format!("error: {}\n{hint}", one_line(message, MAX_TEXT_WIDTH))
}

/// What says that notices were left out.
pub(super) fn lagged_line(missed: u64) -> String {
    let noun = if missed == 1 { "event" } else { "events" };
    format!("{missed} {noun} not shown: the output is slower than the arrivals\n")
}

fn summary_line(summary: &Summary) -> String {
    let Summary { received, valid, invalid, unsigned, unchecked, forwarded, failed, waiting } = summary;
    let kept = match waiting {
        0 => String::new(),
        1 => "1 waits for its target: `hookctl listen --resume` goes on\n".to_owned(),
        many => format!("{many} wait for their targets: `hookctl listen --resume` goes on\n"),
    };
    format!(
        "{received} received: {valid} valid, {invalid} invalid, {unsigned} unsigned, {unchecked} unchecked; \
         {forwarded} forwarded, {failed} failed\n{kept}"
    )
}

pub(super) fn event_type(event: &Event) -> String {
    event.event_type.as_deref().map_or("-".to_owned(), |name| one_line(name, MAX_NAME_WIDTH))
}

fn role(status: VerdictStatus) -> Role {
    match status {
        VerdictStatus::Valid => Role::Good,
        VerdictStatus::Invalid => Role::Bad,
        VerdictStatus::Unsigned => Role::Warning,
        VerdictStatus::Unchecked => Role::Dim,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{DeliveryError, Expected, FailureKind, Reason};
    use crate::output::sample;

    fn human(verbosity: u8) -> Human {
        Human { palette: Palette::PLAIN, verbosity, quiet: false, answers: false, zone: Some(TimeZone::UTC) }
    }

    fn now() -> Timestamp {
        "2026-11-21T15:04:06Z".parse().unwrap()
    }

    fn mismatch() -> Verdict {
        let reason = Reason::Mismatch { place: "header `X-Sig`".into(), algorithm: "HMAC-SHA256".into() };
        let mut verdict = Verdict::new(VerdictStatus::Invalid, None, Some(reason)).with_hint("use the raw body");
        verdict.expected = Some(Expected { place: "header `X-Sig`".into(), value: "sha256=abc".into() });
        verdict
    }

    #[test]
    fn a_valid_event_is_a_line_and_its_body() {
        assert_eq!(
            human(0).event(&sample::event(b"{\"a\":1}")),
            "2026-11-21 15:04:05  --> ✓ prospektr prospect.added [019aa899-d1c8-7000-8000-000000000001] 7 B\n    \
             │ {\n    │   \"a\": 1\n    │ }\n"
        );
    }

    #[test]
    fn an_invalid_event_says_why_and_what_to_do() {
        let mut event = sample::event(b"x");
        event.verdict = mismatch();
        event.event_type = None;
        let shown = human(0).event(&event);
        let lines: Vec<_> = shown.lines().collect();
        assert!(lines[0].contains("--> ✗ prospektr - ["));
        assert!(lines[1].starts_with("    invalid: digest mismatch"));
        assert_eq!(lines[2], "    hint: use the raw body");
        assert!(!shown.contains("sha256=abc"));
    }

    #[test]
    fn verbosity_adds_headers_and_the_right_signature() {
        let mut event = sample::event(b"x");
        event.verdict = mismatch();
        let shown = human(1).event(&event);
        assert!(shown.contains("\n    expected: header `X-Sig`: sha256=abc\n"));
        assert!(shown.contains("    │ POST /hook?a=1&a=2\n    │ content-type: application/json\n    │ x-key: a\n"));
    }

    #[test]
    fn times_are_shown_in_the_given_zone() {
        let human = Human { zone: Some(TimeZone::fixed(jiff::tz::offset(2))), ..human(0) };
        assert!(human.event(&sample::event(b"")).starts_with("2026-11-21 17:04:05  --> "));
    }

    #[test]
    fn a_forged_name_stays_on_its_line() {
        let mut event = sample::event(b"");
        event.event_type = Some("x\n2026-11-21 15:04:05  --> ✓ stripe\u{1b}[2K".into());
        event.delivery_id = Some("\n".into());
        let shown = human(0).event(&event);
        assert_eq!(shown.lines().count(), 2, "{shown}");
        assert!(shown.contains("x\\n2026") && !shown.contains('\u{1b}'));
    }

    #[test]
    fn a_delivery_shows_the_answer_only_when_it_matters() {
        let shown = |status, verbosity, sent| {
            human(verbosity).delivery(&sample::ID, &sample::delivery(status, b"oops"), now(), sent)
        };
        let line = "2026-11-21 15:04:06  <--  [200] POST http://localhost:3000/ (23ms) [019aa899-d1c8-7000-8000-000000000001]\n";
        assert_eq!(shown(200, 0, false), line);
        assert_eq!(shown(200, 0, true), format!("{line}    │ oops\n"));
        assert_eq!(shown(500, 0, false), format!("{}    │ oops\n", line.replace("200", "500")));
        assert!(shown(200, 1, false).ends_with("    │ content-type: text/plain\n    │ \n    │ oops\n"));
    }

    #[test]
    fn an_answer_that_was_cut_says_so() {
        let delivery = Delivery { truncated: true, ..sample::delivery(200, &[b'x'; 1 << 20]) };
        let shown = human(0).delivery(&sample::ID, &delivery, now(), true);
        assert!(shown.ends_with("\n    … answer cut at 1 MiB\n"), "{shown}");
    }

    #[test]
    fn a_failed_delivery_says_why_and_what_to_do() {
        let error = DeliveryError {
            kind: FailureKind::Refused,
            message: "connection refused".into(),
            hint: Some("start the app".into()),
        };
        let delivery = Delivery { response: None, error: Some(error), ..sample::delivery(200, b"") };
        let shown = human(0).delivery(&sample::ID, &delivery, now(), false);
        assert!(shown.contains("<--  [---] POST http"));
        assert!(shown.ends_with("    error: connection refused\n    hint: start the app\n"));
    }

    #[test]
    fn talk_goes_to_the_other_stream_and_only_ready_stays_when_quiet() {
        let ready = Notice::Ready { url: "http://127.0.0.1:4000".into(), inspector: None };
        let line = "Ready! Listening on http://127.0.0.1:4000 (^C to quit)\n";
        assert_eq!(human(0).notice(&ready, now()), Lines::Talk(line.into()));
        let quiet = Human { quiet: true, ..human(0) };
        assert_eq!(quiet.notice(&ready, now()), Lines::Talk(line.into()), "with --port 0 only it says where");
        let refused = Notice::Refused { status: 413, reason: "too large".into() };
        assert_eq!(quiet.notice(&refused, now()), Lines::Talk(String::new()));
        assert_eq!(quiet.event(&sample::event(b"{}")).lines().count(), 1);
        let summary = Summary { received: 3, valid: 2, invalid: 1, forwarded: 2, failed: 1, ..Summary::default() };
        let line = "3 received: 2 valid, 1 invalid, 0 unsigned, 0 unchecked; 2 forwarded, 1 failed\n";
        assert_eq!(human(0).notice(&Notice::Stopped(summary), now()), Lines::Talk(line.into()));
    }

    #[test]
    fn an_error_has_at_most_two_lines() {
        assert_eq!(
            error_lines("port 4000\nis in use", Some("use --port 0")),
            "error: port 4000\\nis in use\nhint: use --port 0\n"
        );
        assert_eq!(error_lines("x", None), "error: x\n");
    }
}
