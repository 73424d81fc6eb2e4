//! `hookctl mock drill`: what a provider would do with an endpoint.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use serde::Serialize;
use serde_json::value::RawValue;
use tokio::sync::Notify;

use super::{Context, chosen, client_options};
use crate::cli::{DrillArgs, SignatureArgs};
use crate::delivery::Target;
use crate::error::{Exit, Failure, Outcome};
use crate::mock::{Mock, Options, Order, TIME_SCALES};
use crate::model::{MessageState, MockAttempt, Notice};
use crate::output::{self, millis, span};
use crate::provider::Provider;

/// How long all waits take together, unless a scale is given.
const DRILL_TIME: Duration = Duration::from_secs(10);

/// What came of it.
#[derive(Serialize)]
struct Report<'r> {
    provider: &'r str,
    event_type: &'r str,
    target: &'r str,
    time_scale: f64,
    schedule: ScheduleLine,
    attempts: Vec<Box<RawValue>>,
    state: &'static str,
    delivered: bool,
    lost: bool,
    provider_ms: f64,
    real_ms: f64,
    disabled: bool,
    webhook_fate: Option<&'r str>,
}

#[derive(Serialize)]
struct ScheduleLine {
    basis: &'static str,
    waits_ms: Vec<f64>,
}

/// What is told while it runs.
#[derive(Default)]
struct Told {
    attempts: Mutex<Vec<Arc<MockAttempt>>>,
    over: Notify,
}

/// Runs the command.
pub(super) fn run(args: &DrillArgs, context: &Context) -> Outcome {
    let provider = chosen::provider(context, &args.provider, &SignatureArgs::default())?;
    let event = event(args, &provider, context)?;
    let target = Target::parse(&args.to)?.url().to_string();
    let total = provider.delivery().schedule.total();
    let fitting = (total.as_secs_f64() / DRILL_TIME.as_secs_f64()).clamp(1.0, *TIME_SCALES.end());
    let scale = args.time_scale.unwrap_or(fitting);
    let told = Arc::new(Told::default());
    let mock = open(args, &provider, scale, &told, context)?;
    let secret = super::secret(&provider, &args.secret, context)?;
    if secret.is_none() && provider.signatures().iter().any(|signature| !signature.is_optional()) {
        let variable = provider.about().secret_env.first().map_or("NAME", String::as_str);
        context.say(&format!("note: no secret, so the requests are not signed (--secret-env {variable})"));
    }
    mock.register(&target, &[], secret.as_deref())?;
    let began = Instant::now();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let interrupted = runtime.block_on(async {
        mock.emit(&Order { event: event.clone(), ..Order::default() })?;
        let mut interrupted = false;
        let until = async {
            tokio::select! {
                () = told.over.notified() => {}
                () = crate::commands::ending::interrupt() => interrupted = true,
            }
        };
        mock.deliver(until).await;
        Ok::<_, Failure>(interrupted)
    })?;
    if interrupted {
        context.say("interrupted before the end");
        return Ok(Exit::Interrupted);
    }
    let attempts = told.attempts.lock().unwrap_or_else(PoisonError::into_inner);
    conclude(&provider, &event, &target, scale, &attempts, began.elapsed(), context)
}

fn event(args: &DrillArgs, provider: &Provider, context: &Context) -> Result<String, Failure> {
    if let Some(event) = &args.event {
        return Ok(context.catalogue.find_fixture(event, Some(provider.id()))?.event);
    }
    context.catalogue.events(provider.id()).into_iter().next().ok_or_else(|| {
        Failure::usage(format!("{} has no sample events", provider.id())).hint("`hookctl fixtures save` makes one")
    })
}

fn open(
    args: &DrillArgs,
    provider: &Arc<Provider>,
    scale: f64,
    told: &Arc<Told>,
    context: &Context,
) -> Result<Mock, Failure> {
    let (telling, human) = (Arc::clone(told), (!context.json()).then(|| context.human(0)));
    Ok(Mock::open(Options {
        provider: Arc::clone(provider),
        catalogue: context.catalogue.clone(),
        time_scale: scale,
        state: None,
        client: client_options(&args.tls, context),
        tell: Arc::new(move |notice| {
            let Notice::MockAttempt(attempt) = notice else { return };
            if let Some(human) = &human {
                // Who reads no further still learns the exit code.
                let _ = output::print(human.mock_attempt(&attempt));
            }
            let is_over = attempt.state != MessageState::Pending;
            telling.attempts.lock().unwrap_or_else(PoisonError::into_inner).push(attempt);
            if is_over {
                telling.over.notify_one();
            }
        }),
    })?)
}

fn conclude(
    provider: &Provider,
    event: &str,
    target: &str,
    scale: f64,
    attempts: &[Arc<MockAttempt>],
    real: Duration,
    context: &Context,
) -> Outcome {
    let Some(last) = attempts.last() else {
        return Err(Failure::machine("drill", anyhow::anyhow!("no attempt was made")));
    };
    let is_delivered = last.state == MessageState::Delivered;
    let is_reached =
        attempts.iter().any(|attempt| attempt.delivery.error.as_ref().is_none_or(|it| !it.kind.is_absent()));
    let exit = match (is_delivered, is_reached) {
        (true, _) => Exit::Done,
        (false, true) => Exit::No,
        (false, false) => Exit::Machine,
    };
    let waits: Duration = attempts.iter().map(|attempt| attempt.wait).sum();
    let took: Duration = attempts.iter().map(|attempt| attempt.delivery.duration).sum();
    let schedule = &provider.delivery().schedule;
    if context.json() {
        context.print_item(
            "drill",
            &Report {
                provider: provider.id(),
                event_type: event,
                target,
                time_scale: scale,
                schedule: ScheduleLine {
                    basis: schedule.basis.as_str(),
                    waits_ms: schedule.waits.iter().map(|wait| millis(*wait)).collect(),
                },
                attempts: attempts.iter().filter_map(|it| output::mock_attempt_object(it).ok()).collect(),
                state: last.state.as_str(),
                delivered: is_delivered,
                lost: !is_delivered,
                provider_ms: millis(waits + took),
                real_ms: millis(real),
                disabled: last.webhook_fate.is_some(),
                webhook_fate: last.webhook_fate.as_deref(),
            },
        )?;
        return Ok(exit);
    }
    let count = match attempts.len() {
        1 => "1 attempt".to_owned(),
        many => format!("{many} attempts"),
    };
    let after = format!("{count} over {} of {}'s time ({} here)", span(waits + took), provider.id(), span(real));
    let end = match last.state {
        MessageState::Delivered => format!("delivered: {after}"),
        _ if !is_reached => format!("lost, and nobody was there: {after}"),
        _ => format!("lost: {after}"),
    };
    let fate = match (&last.webhook_fate, &provider.delivery().disable) {
        (Some(fate), _) => format!("the webhook would have been {fate}"),
        (None, Some(_)) => "the webhook would have stayed".to_owned(),
        (None, None) => "when a failing webhook is given up is not published in figures".to_owned(),
    };
    let schedule = format!("retries: {}", super::serve::schedule(provider, scale));
    output::print(format!("{end}\n{fate}\n{schedule}\n"))?;
    Ok(exit)
}
