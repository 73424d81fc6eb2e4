//! `hookctl send`.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use indicatif::ProgressBar;
use jiff::Timestamp;
use serde::Serialize;
use uuid::Uuid;

use super::payload::{self, Payload};
use super::{Context, chosen, input, notes, printed};
use crate::cli::{RetryRule, SendArgs, StatusRange};
use crate::delivery::{Composition, Note, Target, Turn};
use crate::error::{Exit, Failure, Outcome};
use crate::http::{Client, ClientOptions, HeaderCase};
use crate::load::{self, Gunner, Plan, Report, Shot};
use crate::model::{Delivery, Notice, Request, Secret};
use crate::output::{self, Presenter};
use crate::provider::{Basis, Provider};

/// Deliveries shown one by one; of more, only the first failures are.
const SHOWN: u64 = 20;
/// Waits after the first failures when `--retry N` is given; the last one repeats.
const RETRY_WAITS: [u64; 5] = [1, 2, 5, 10, 30];
/// A seeded body is dated at this moment (2026-01-01), so that the same seed gives the same bytes.
const SEEDED_SECOND: i64 = 1_767_225_600;

/// Runs the command.
pub(super) fn run(args: &SendArgs, context: &Context) -> Outcome {
    if let Some(wanted) = &args.handshake {
        return super::handshake::run(wanted.as_deref(), args, client(args, context)?, context);
    }
    let job = Job::new(args, context)?;
    job.notes.iter().for_each(|note| context.say(&notes::said(note)));
    let only_prints = args.dry_run || args.curl;
    if only_prints && !args.watch {
        return job.print(context);
    }
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(if args.concurrency > 1 { super::workers() } else { 1 })
        .enable_all()
        .build()?;
    if args.watch {
        let file = job.watched_file()?;
        return super::watch::run(file, context, &runtime, |body| {
            let job = job.with_body(body);
            if only_prints { job.print(context) } else { runtime.block_on(Arc::new(job).fire(context)) }
        });
    }
    runtime.block_on(Arc::new(job).fire(context))
}

fn client(args: &SendArgs, context: &Context) -> Result<Client, Failure> {
    if args.tls.insecure {
        context.say("warning: --insecure: the target's certificate is not checked");
    }
    Ok(Client::new(ClientOptions {
        timeout: Some(args.timeout).filter(|limit| !limit.is_zero()),
        insecure: args.tls.insecure,
        ca_certs: args.tls.ca_cert.iter().map(|path| context.path(path)).collect(),
        header_case: HeaderCase::Title,
        ..ClientOptions::default()
    })?)
}

/// What the fresh ids come from.
fn seed(args: &SendArgs) -> u64 {
    args.seed.unwrap_or_else(rand::random)
}

/// Everything that is needed to make requests.
#[derive(Clone)]
struct Job {
    args: SendArgs,
    /// The file to watch.
    file: Option<PathBuf>,
    composition: Composition,
    notes: Vec<Note>,
    expected: StatusRange,
}

/// The secret that is being replaced, with `--rotate`.
fn previous(args: &SendArgs, second: Option<Secret>) -> Result<Option<Secret>, Failure> {
    if !args.rotate {
        return Ok(None);
    }
    second.map(Some).ok_or_else(|| {
        Failure::usage("--rotate signs with two secrets, and fewer are known")
            .hint("give the new one, then the old one: --secret-env NEW --secret-env OLD")
    })
}

impl Job {
    fn new(args: &SendArgs, context: &Context) -> Result<Self, Failure> {
        let Payload { content, file } = payload::find(args, context)?;
        let headers = content.headers_under(input::headers(&args.header)?)?;
        let mut secrets = chosen::secrets(context, &content.provider, &args.secret)?.into_iter();
        let secret = secrets.next();
        let composition = Composition {
            content,
            is_exact: args.exact,
            edits: args.set.clone(),
            adds: args.add,
            headers,
            target: Target::parse(&args.to)?,
            secret,
            previous: previous(args, secrets.next())?,
            tamper: args.tamper.map(Into::into),
            seed: seed(args),
            dated: args.seed.and_then(|_| Timestamp::from_second(SEEDED_SECOND).ok()),
        };
        Ok(Self {
            notes: composition.check()?,
            composition,
            file,
            expected: args.expected_status(),
            args: args.clone(),
        })
    }

    /// The file that holds the body.
    fn watched_file(&self) -> Result<&Path, Failure> {
        self.file.as_deref().ok_or_else(|| {
            let failure = Failure::usage("--watch needs a file, and this body is not one");
            let content = &self.composition.content;
            if !content.is_fixture {
                return failure.hint("give a file with @FILE");
            }
            let event = format!("{}/{}", content.provider.id(), content.event);
            failure.hint(format!("`hookctl fixtures save {event}` makes a copy to edit"))
        })
    }

    /// The same job with another body, and ids of its own unless they are seeded.
    fn with_body(&self, body: Vec<u8>) -> Self {
        let mut job = self.clone();
        job.composition.content.body = body;
        job.composition.seed = seed(&self.args);
        job
    }

    /// The request of this number, when it is tried for this time. `first` is the moment of the first
    /// attempt: later ones carry the same body.
    fn request(&self, number: u64, attempt: u32, first: Timestamp) -> Result<Request, Failure> {
        Ok(self.composition.request(Turn { number, attempt, first, now: Timestamp::now() })?)
    }

    fn provider(&self) -> &Provider {
        &self.composition.content.provider
    }

    /// Prints the request instead of sending it.
    fn print(&self, context: &Context) -> Outcome {
        let mut request = self.request(0, 1, Timestamp::now())?;
        if self.provider().mask_credentials(&mut request) {
            context.say("note: the credential in it is masked; put it in place of ***");
        }
        printed::show(request, self.args.curl, context)
    }

    fn plan(&self, context: &Context) -> Plan {
        let retries = match self.args.retry {
            RetryRule::None => Vec::new(),
            RetryRule::Times(times) => {
                let wait = |index: usize| Duration::from_secs(RETRY_WAITS[index.min(RETRY_WAITS.len() - 1)]);
                (0..times as usize).map(wait).collect()
            }
            RetryRule::Provider => self.provider_retries(context),
        };
        Plan {
            count: self.args.count,
            duration: self.args.duration,
            rate: self.args.rate.map(|rate| rate.per_second),
            concurrency: usize::from(self.args.concurrency),
            retries,
        }
    }

    fn provider_retries(&self, context: &Context) -> Vec<Duration> {
        let schedule = &self.provider().delivery().schedule;
        if schedule.basis != Basis::Published {
            context.say(&format!("note: the retries of {}: {}", self.provider().id(), schedule.remark()));
        }
        schedule.waits.clone()
    }

    /// Sends as planned and says how it went.
    async fn fire(self: &Arc<Self>, context: &Context) -> Outcome {
        let client = client(&self.args, context)?;
        let plan = self.plan(context);
        // Composed once before anything is sent, so that a bad edit or secret is a usage error.
        self.request(0, 1, Timestamp::now())?;
        let many = plan.count.unwrap_or(1) > SHOWN || plan.duration.is_some();
        let (tell, mut gone) = tokio::sync::oneshot::channel();
        let range = Arc::new(Range {
            job: Arc::clone(self),
            presenter: context.presenter(true, |error| {
                // Whoever is not there to be told has ended already.
                let _ = tell.send(error);
            })?,
            progress: if many { super::progress::bar(context, plan.count) } else { ProgressBar::hidden() },
            every: context.json() || !many,
            failures: AtomicU64::new(0),
        });
        let interrupt = super::ending::interrupt();
        let mut stopped = None;
        let stop = async {
            stopped = Some(tokio::select! {
                () = interrupt => Stopped::Interrupted,
                Ok(error) = &mut gone => Stopped::Unread(error),
            });
        };
        let fired = load::fire(plan, &client, self.composition.target.url(), Arc::clone(&range), stop).await;
        range.progress.finish_and_clear();
        if let Some(range) = Arc::into_inner(range) {
            range.presenter.finish();
        }
        let report = fired.map_err(|error| Failure::new(Exit::Usage, "cannot_send", error))?;
        if let Some(Stopped::Unread(error)) = stopped {
            return Err(error.into());
        }
        if many || self.args.count.is_some_and(|count| count > 1) {
            summarise(&report, context)?;
        }
        Ok(if stopped.is_some() {
            Exit::Interrupted
        } else if report.misses == 0 {
            Exit::Done
        } else if report.unreachable > 0 {
            Exit::Machine
        } else {
            Exit::No
        })
    }
}

/// Why a run ended before its plan was fulfilled.
enum Stopped {
    /// Ctrl-C, or a request to terminate.
    Interrupted,
    /// Nobody reads stdout any more, or it cannot be written.
    Unread(std::io::Error),
}

/// Where the shots of one run go.
struct Range {
    job: Arc<Job>,
    presenter: Presenter,
    progress: ProgressBar,
    every: bool,
    failures: AtomicU64,
}

impl Gunner for Range {
    fn load(&self, number: u64) -> anyhow::Result<Shot> {
        let moment = Timestamp::now();
        let request = self.job.request(number, 1, moment).map_err(|failure| failure.error)?;
        Ok(Shot { event_id: Uuid::now_v7(), request, moment })
    }

    fn reload(&self, number: u64, attempt: u32, first: &Shot) -> anyhow::Result<Shot> {
        let request = self.job.request(number, attempt, first.moment).map_err(|failure| failure.error)?;
        Ok(Shot { request, ..first.clone() })
    }

    fn is_hit(&self, delivery: &Delivery) -> bool {
        delivery.error.is_none() && delivery.status().is_some_and(|status| self.job.expected.contains(status))
    }

    fn fired(&self, shot: &Shot, delivery: Arc<Delivery>, is_hit: bool) {
        self.progress.inc(1);
        if self.every || !is_hit && self.failures.fetch_add(1, Relaxed) < SHOWN {
            let event_type = self.job.provider().event_type(&shot.request);
            let named = Some(self.job.composition.content.event.clone()).filter(|event| !event.is_empty());
            self.presenter.present(Notice::Sent {
                event_id: shot.event_id,
                event_type: event_type.or(named),
                delivery,
            });
        }
    }
}

/// Totals of many deliveries.
#[derive(Serialize)]
struct Totals<'r> {
    sent: u64,
    succeeded: u64,
    failed: u64,
    outcomes: &'r std::collections::BTreeMap<String, u64>,
    per_second: f64,
    p50_ms: f64,
    p99_ms: f64,
    max_ms: f64,
}

fn summarise(report: &Report, context: &Context) -> Result<(), Failure> {
    let millis = |percent| (report.percentile(percent).as_secs_f64() * 100_000.0).round() / 100.0;
    let totals = Totals {
        sent: report.hits + report.misses,
        succeeded: report.hits,
        failed: report.misses,
        outcomes: &report.outcomes,
        per_second: (report.rate() * 10.0).round() / 10.0,
        p50_ms: millis(50.0),
        p99_ms: millis(99.0),
        max_ms: millis(100.0),
    };
    if context.json() {
        return context.print_item("summary", &totals);
    }
    let outcomes: Vec<String> = report.outcomes.iter().map(|(outcome, count)| format!("{count} × {outcome}")).collect();
    Ok(output::print(format!(
        "{} sent: {} as expected, {} not ({}); {:.0}/s; p50 {} ms, p99 {} ms, max {} ms\n",
        totals.sent,
        totals.succeeded,
        totals.failed,
        outcomes.join(", "),
        report.rate(),
        totals.p50_ms,
        totals.p99_ms,
        totals.max_ms,
    ))?)
}
