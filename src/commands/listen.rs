//! `hookctl listen`.

use std::io;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::{Duration, Instant};

use http::StatusCode;
use tokio::net::TcpListener;
use tokio::sync::Notify;
use wildmatch::WildMatch;

use super::ending::{Closed, interrupt, or_closed};
use super::expectations::{End, Report};
use super::place::{cannot_bind, shown_host};
use super::shortfall::{expectations, unmet};
use super::verifiers::{Chosen, Verifiers};
use super::webhooks::{Made, Wish, wish};
use super::{Context, chosen, handed_over, input, inspect, resume};
use crate::cli::{HandshakeMode, ListenArgs, RespondMode};
use crate::delivery::Target;
use crate::error::{Exit, Failure, Outcome};
use crate::history::Filter;
use crate::http::{Client, ClientOptions, Limits, bind};
use crate::listener::{self, Canned, Destination, Ended, Ending, Handshakes, Keeper, Options, Providers, Respond};
use crate::model::Notice;
use crate::output;

/// Ending is usually over before anyone would read that it goes on.
const SAY_AFTER: Duration = Duration::from_millis(300);
/// An app's answer is passed on whole up to this size.
const MAX_UPSTREAM_ANSWER: usize = 8 * 1024 * 1024;

/// The provider's own server answers at once.
const CONFIRM_TIMEOUT: Duration = Duration::from_secs(10);
/// A confirmation is answered with some hundred bytes.
const MAX_CONFIRMATION: usize = 64 * 1024;

/// Runs the command.
pub(super) fn run(args: &ListenArgs, context: &Context) -> Outcome {
    if args.print_secret {
        return print_secret(args, context);
    }
    let options = options(args, context)?;
    if args.junit.is_some() && args.expect.is_empty() {
        context.say("warning: --junit tells what came of --expect: without it no report is written");
    }
    let path = args.junit.as_deref().filter(|_| !args.expect.is_empty());
    let report = Report::new(path, "hookctl listen", context)?;
    let wish = wish(args, &options.providers, context)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(super::workers()).enable_all().build()?;
    runtime.block_on(begin(args, context, options, &report, wish))
}

/// The one place that prints a secret, because it was asked to by name.
fn print_secret(args: &ListenArgs, context: &Context) -> Outcome {
    let secret = match (chosen::named_secret(context, &args.secret)?, args.provider.as_slice()) {
        (Some(secret), _) => Some(secret),
        (None, [id]) => chosen::own_secret(context, &*chosen::provider(context, id, &args.signature)?)?,
        (None, _) => return Err(Failure::usage("--print-secret needs one --provider, or --secret-env NAME")),
    };
    let Some(secret) = secret else {
        return Err(Failure::usage("no secret is configured").hint("give it with --secret-env NAME"));
    };
    output::print([secret.expose(), b"\n"].concat())?;
    Ok(Exit::Done)
}

/// Takes the port, then registers, where that is wished, and takes the registration away again however
/// listening ends.
async fn begin(
    args: &ListenArgs,
    context: &Context,
    mut options: Options,
    report: &Report,
    wish: Option<Wish>,
) -> Outcome {
    let sockets = bind(&args.host, args.port).map_err(|error| cannot_bind(args.port, error))?;
    let is_hurried = AtomicBool::new(false);
    let mut signal = pin!(interrupt());
    let Some(wish) = wish else { return serve(args, context, options, report, sockets, signal, &is_hurried).await };
    let provider = wish.provider();
    let temporary = match wish.make_until(context, signal.as_mut()).await? {
        Made::Whole(temporary) => temporary,
        Made::Interrupted(Some(temporary)) => {
            temporary.end(context, false).await?;
            return Ok(interrupted(args));
        }
        Made::Interrupted(None) => return Ok(Exit::Interrupted),
    };
    if let (Some(secret), Some(providers)) = (&temporary.secret, Arc::get_mut(&mut options.providers)) {
        providers.set_secret(&provider, secret);
    }
    let outcome = serve(args, context, options, report, sockets, signal, &is_hurried).await;
    let removed = temporary.end(context, is_hurried.load(Relaxed)).await;
    // What listening came to counts before what became of the registration.
    match (outcome, removed) {
        (Ok(Exit::Done), Err(failure)) => Err(failure),
        // All is done; only nobody reads it.
        (outcome, Err(failure)) if failure.exit == Exit::Done => outcome,
        (outcome, Err(failure)) => {
            context.say(&format!("warning: {:#}", failure.error));
            outcome
        }
        (outcome, Ok(())) => outcome,
    }
}

fn interrupted(args: &ListenArgs) -> Exit {
    if args.expect.is_empty() { Exit::Done } else { Exit::Interrupted }
}

async fn serve(
    args: &ListenArgs,
    context: &Context,
    mut options: Options,
    report: &Report,
    sockets: Vec<TcpListener>,
    signal: Pin<&mut impl Future<Output = ()>>,
    is_hurried: &AtomicBool,
) -> Outcome {
    let page = args.inspect.as_ref().map(inspect::open_beside).transpose()?;
    let listening = sockets.iter().map(TcpListener::local_addr).collect::<io::Result<Vec<_>>>()?;
    // Nothing that is forwarded or fetched reaches hookctl itself, its page included.
    let own = [listening.as_slice(), page.as_ref().map_or(&[], inspect::Page::addresses)].concat();
    options.confirm = confirming(args, context, &own)?;
    let client = Client::new(ClientOptions {
        timeout: Some(args.forward_timeout).filter(|limit| !limit.is_zero()),
        insecure: args.tls.insecure,
        ca_certs: args.tls.ca_cert.iter().map(|path| context.path(path)).collect(),
        max_response: MAX_UPSTREAM_ANSWER,
        forbid: own.clone(),
        ..ClientOptions::default()
    })?;
    if args.tls.insecure {
        context.say("warning: --insecure: the certificates of targets are not checked");
    }
    resume::earlier(args, &options, context).await?;
    let closed = Arc::new(Closed::default());
    let on_closed = Arc::clone(&closed);
    let presenter = Arc::new(context.presenter(args.show_response, move |error| on_closed.set(&error))?);
    let port = listening.first().map_or(args.port, std::net::SocketAddr::port);
    let url = format!("http://{}:{port}", shown_host(&args.host));
    let inspecting = page.map(|page| page.beside(&url, &options, &args.tls, context)).transpose()?;
    let inspector = inspecting.as_ref().map(|inspecting| inspecting.url.clone());
    let began = Instant::now();
    let stopping = Notify::new();
    let stop = async {
        or_closed(signal, Arc::clone(&closed)).await;
        stopping.notify_one();
    };
    let hurry = async {
        stopping.notified().await;
        let again = interrupt();
        tokio::time::sleep(SAY_AFTER).await;
        context.say("finishing what is in flight; ^C again ends at once");
        again.await;
        is_hurried.store(true, Relaxed);
    };
    presenter.present(Notice::Ready { url, inspector });
    let ended = listener::listen(sockets, options, &client, Arc::clone(&presenter), stop, hurry).await;
    if let Some(inspecting) = inspecting {
        inspecting.end().await;
    }
    presenter.present(Notice::Stopped(ended.summary));
    if let Some(presenter) = Arc::into_inner(presenter) {
        presenter.finish();
    }
    let (expected, end) = match &ended.ending {
        Ending::Unmet(shortfall) => (shortfall.expected.clone(), End::Decided),
        Ending::Stopped => (ended.expected.clone(), End::BrokenOff("interrupted")),
        Ending::Met | Ending::TimeUp => (ended.expected.clone(), End::Decided),
    };
    report.finish(&expected, began.elapsed(), end, outcome(args, context, ended, &closed), context)
}

/// Fetches what confirms a subscription: never from hookctl itself, and with every certificate checked.
fn confirming(args: &ListenArgs, context: &Context, own: &[std::net::SocketAddr]) -> Result<Option<Client>, Failure> {
    if !args.confirm_subscriptions {
        return Ok(None);
    }
    Ok(Some(Client::new(ClientOptions {
        timeout: Some(CONFIRM_TIMEOUT),
        ca_certs: args.tls.ca_cert.iter().map(|path| context.path(path)).collect(),
        max_response: MAX_CONFIRMATION,
        forbid: own.to_vec(),
        ..ClientOptions::default()
    })?))
}

fn outcome(args: &ListenArgs, context: &Context, ended: Ended, closed: &Closed) -> Outcome {
    let Ended { ending, summary, given_up, .. } = ended;
    if given_up > 0 {
        context.say(&format!("warning: {given_up} deliveries were given up: their targets did not answer in time"));
    }
    if closed.is_failure.load(Relaxed) {
        return Err(Failure::machine("output", anyhow::anyhow!("stdout cannot be written")).hint("is the disk full?"));
    }
    match ending {
        Ending::Met | Ending::TimeUp => Ok(Exit::Done),
        Ending::Unmet(shortfall) => Err(unmet(args, &shortfall)),
        Ending::Stopped if closed.is_closed.load(Relaxed) => Ok(Exit::Done),
        Ending::Stopped if !args.expect.is_empty() => {
            context.say(&format!("interrupted before the expected events came ({} received)", summary.received));
            Ok(Exit::Interrupted)
        }
        Ending::Stopped => Ok(Exit::Done),
    }
}

fn options(args: &ListenArgs, context: &Context) -> Result<Options, Failure> {
    let shown = Filter {
        events: globs(&args.events),
        conditions: args.r#where.iter().map(|text| text.parse()).collect::<Result<_, _>>()?,
        ..Filter::default()
    };
    let expect = expectations(args, &shown)?;
    Ok(Options {
        providers: Arc::new(providers(args, context)?),
        tolerance: chosen::tolerance(args.tolerance),
        keys: args.fetch_keys.then(|| Arc::new(chosen::published_keys())),
        reveal: !context.json() && context.global.verbose > 0,
        public_url: args.public_url.as_deref().map(Target::parse).transpose()?.map(|target| target.url().clone()),
        accept_invalid: args.accept_invalid,
        events: shown.events,
        conditions: shown.conditions,
        answer: answer(args)?,
        destinations: destinations(args, context)?,
        respond: args.respond.map(|mode| match mode {
            RespondMode::Upstream => Respond::Upstream,
            RespondMode::Now => Respond::Now,
        }),
        handshakes: match args.handshakes {
            HandshakeMode::Auto => Handshakes::Auto,
            HandshakeMode::Answer => Handshakes::Answer,
            HandshakeMode::Forward => Handshakes::Forward,
        },
        keeper: if args.no_store { Keeper::default() } else { handed_over::keeper(context)? },
        confirm: None,
        forward_retries: args.forward_retries,
        expect,
        timeout: args.timeout,
        store: if args.no_store { None } else { Some(Arc::new(context.writer()?)) },
        limits: limits(args.max_body),
        in_flight: Arc::default(),
    })
}

/// Room for at least two of the largest bodies at a time.
fn limits(max_body: usize) -> Limits {
    let limits = Limits::default();
    Limits { max_body, body_memory: limits.body_memory.max(max_body.saturating_mul(2)), ..limits }
}

/// The named providers with their secrets, and all others, which are recognised.
fn providers(args: &ListenArgs, context: &Context) -> Result<Providers, Failure> {
    let registered = args.register.register.iter().filter(|id| !args.provider.contains(id));
    let chosen = Chosen {
        ids: args.provider.iter().chain(registered).collect(),
        secret: &args.secret,
        signature: &args.signature,
        variables: &args.register.variables,
        // One that is registered has an API with values of its own, which looks at the rest.
        takes_others: args.register.register.is_some(),
    };
    let Verifiers { named, others } = chosen.verifiers(context)?;
    Ok(Providers::new(named, others, !args.no_verify))
}

fn globs(patterns: &[String]) -> Vec<WildMatch> {
    patterns.iter().map(|pattern| pattern.trim()).filter(|pattern| !pattern.is_empty()).map(WildMatch::new).collect()
}

fn answer(args: &ListenArgs) -> Result<Canned, Failure> {
    let status =
        StatusCode::from_u16(args.status).map_err(|_| Failure::usage(format!("`{}` is not a status", args.status)))?;
    let body = args.body.as_deref().map(input::text_or_file).transpose()?.unwrap_or_default();
    Ok(Canned { status, headers: input::headers(&args.header)?, body: body.into(), delay: args.delay })
}

/// Every `-f` target gets all events; those of `[[route]]` get theirs.
fn destinations(args: &ListenArgs, context: &Context) -> Result<Vec<Destination>, Failure> {
    let mut destinations = Vec::new();
    for target in &args.forward_to {
        destinations.push(Destination { target: Target::parse(target)?, events: Vec::new() });
    }
    for route in context.settings.routes() {
        for target in &route.to {
            destinations.push(Destination { target: Target::parse(target)?, events: globs(&route.events) });
        }
    }
    if args.resume && destinations.is_empty() {
        return Err(Failure::usage("--resume needs a target").hint("name it with -f, as in the earlier run"));
    }
    Ok(Destination::merge(destinations))
}
