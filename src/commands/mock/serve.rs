//! `hookctl mock PROVIDER`: runs until it is told to end.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use tokio::net::TcpListener;

use super::ending::{Closed, stop_signal};
use super::place::{cannot_bind, shown_host};
use super::{Context, chosen, client_options};
use crate::cli::{ServeMockArgs, SignatureArgs};
use crate::delivery::Target;
use crate::error::{Exit, Failure, Outcome};
use crate::http::{ClientOptions, bind};
use crate::mock::{CONTROL, Mock, Options};
use crate::model::{MessageState, MockCredentials, MockReady, Notice};
use crate::output::span;
use crate::provider::Provider;
use crate::provider::api::{Api, Operation};
use crate::settings::warn_if_readable;

/// Runs the command.
pub(super) fn run(args: &ServeMockArgs, context: &Context) -> Outcome {
    let Some(id) = &args.provider else {
        return Err(Failure::usage("no provider was named").hint("`hookctl providers list` shows them all"));
    };
    let provider = chosen::provider(context, id, &SignatureArgs::default())?;
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(crate::commands::workers()).enable_all().build()?;
    runtime.block_on(serve(args, &provider, context))
}

async fn serve(args: &ServeMockArgs, provider: &Arc<Provider>, context: &Context) -> Outcome {
    let sockets = bind(&args.host, args.port).map_err(|error| cannot_bind(args.port, error))?;
    let own = sockets.iter().map(TcpListener::local_addr).collect::<io::Result<Vec<SocketAddr>>>()?;
    let closed = Arc::new(Closed::default());
    let on_closed = Arc::clone(&closed);
    let presenter = Arc::new(context.presenter(true, move |error| on_closed.set(&error))?);
    let telling = Arc::clone(&presenter);
    let state = args.state.as_ref().map(|path| context.path(path));
    // It holds the credentials of the mock, and the secrets of the webhooks.
    if let Some((path, metadata)) = state.as_ref().and_then(|path| Some((path, std::fs::metadata(path).ok()?))) {
        warn_if_readable(path, &metadata, &mut |text| context.say(text));
    }
    let mock = Mock::open(Options {
        provider: Arc::clone(provider),
        catalogue: context.catalogue.clone(),
        time_scale: args.time_scale,
        state,
        client: ClientOptions { forbid: own.clone(), ..client_options(&args.tls, context) },
        tell: Arc::new(move |notice| telling.present(notice)),
    })?;
    register(args, provider, &mock, context)?;
    let port = own.first().map_or(args.port, SocketAddr::port);
    let url = format!("http://{}:{port}", shown_host(&args.host));
    let stop = stop_signal(Arc::clone(&closed));
    presenter.present(Notice::MockReady(Arc::new(ready(args, provider, &mock, url, context)?)));
    mock.serve(sockets, &args.host, stop).await;
    if args.state.is_none() {
        say_what_is_lost(&mock, context);
    }
    drop((mock, presenter));
    if closed.is_failure.load(Relaxed) {
        return Err(Failure::machine("output", anyhow::anyhow!("stdout cannot be written")).hint("is the disk full?"));
    }
    Ok(Exit::Done)
}

/// The webhooks of `--to`.
fn register(args: &ServeMockArgs, provider: &Provider, mock: &Mock, context: &Context) -> Result<(), Failure> {
    if args.to.is_empty() {
        return Ok(());
    }
    let secret = super::secret(provider, &args.secret, context)?;
    if secret.is_none() && provider.signatures().iter().any(|signature| !signature.is_optional()) {
        let variable = provider.about().secret_env.first().map_or("NAME", String::as_str);
        context.say(&format!("note: no secret, so deliveries to --to are not signed (--secret-env {variable})"));
    }
    for to in &args.to {
        let url = Target::parse(to)?.url().to_string();
        mock.register(&url, &args.events, secret.as_deref())?;
    }
    Ok(())
}

fn ready(
    args: &ServeMockArgs,
    provider: &Provider,
    mock: &Mock,
    url: String,
    context: &Context,
) -> Result<MockReady, Failure> {
    let api_url = format!("{url}{}", mock.api_path());
    let credentials = mock.credentials().map_err(crate::mock::MockError::from)?;
    let event = context.catalogue.events(provider.id()).into_iter().next();
    let event = event.unwrap_or_else(|| "EVENT".to_owned());
    let mut advice = vec![format!("retries: {}", schedule(provider, args.time_scale))];
    match provider.api() {
        Some(api) => advice.push(format!("register: {}", create_line(provider, api, &credentials, &api_url, &event))),
        None if args.to.is_empty() => advice.push(format!(
            "register: curl {url}{CONTROL}/webhooks -H 'content-type: application/json' -d '{{\"url\":\"http://127.0.0.1:4000\"}}'"
        )),
        None => {}
    }
    advice.push(format!("then: hookctl mock emit {event} --api-url {url}"));
    Ok(MockReady { api_url, provider: provider.id().to_string(), credentials, advice, url })
}

/// What registers a webhook here: a line to be copied, whose credential is in no argument.
fn create_line(provider: &Provider, api: &Api, credentials: &MockCredentials, api_url: &str, event: &str) -> String {
    let mut line = String::new();
    let mut flags = String::new();
    if let Some(username) = &credentials.username {
        flags.push_str(&format!(" --username {username}"));
    }
    for (name, value) in [("password", &credentials.password), ("token", &credentials.token)] {
        if let Some(value) = value {
            line.push_str(&format!("MOCK_{}={value} ", name.to_uppercase()));
            flags.push_str(&format!(" --{name}-env MOCK_{}", name.to_uppercase()));
        }
    }
    let paths = api.described().into_iter().find(|call| call.operation == Operation::Create);
    let path = paths.and_then(|call| call.paths.into_iter().next()).unwrap_or_default();
    for name in path.split('{').skip(1).filter_map(|rest| rest.split_once('}').map(|(name, _)| name)) {
        flags.push_str(&format!(" --var {name}=demo"));
    }
    let event = api.events().name_of(event);
    format!(
        "{line}hookctl webhooks create --provider {} --api-url {api_url}{flags} --target http://127.0.0.1:4000 \
         --events {event}",
        provider.id()
    )
}

/// The schedule in a few words: `9 within 75h 35m 5s, as published; here within 4m 32s`.
pub(super) fn schedule(provider: &Provider, scale: f64) -> String {
    let schedule = &provider.delivery().schedule;
    if schedule.waits.is_empty() {
        return schedule.remark().to_owned();
    }
    let total = schedule.total();
    let here = std::time::Duration::try_from_secs_f64(total.as_secs_f64() / scale).unwrap_or_default();
    let here = if here == total { String::new() } else { format!("; here within {}", span(here)) };
    format!("{} within {}, {}{here}", schedule.waits.len(), span(total), schedule.remark())
}

/// What waits is gone with the memory.
fn say_what_is_lost(mock: &Mock, context: &Context) {
    let tally = mock.tally().unwrap_or_default();
    let pending = tally.iter().find(|(state, _)| *state == MessageState::Pending).map_or(0, |(_, count)| *count);
    if pending > 0 {
        let (deliveries, them) = if pending == 1 { ("delivery", "it") } else { ("deliveries", "them") };
        context.say(&format!("{pending} {deliveries} still waited for an attempt: --state FILE keeps {them}"));
    }
}
