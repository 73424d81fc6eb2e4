//! A registration for the life of a listener: made before it is ready, removed on the way out, and remembered
//! by a lease in case there is no way out.

use std::path::PathBuf;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use base64::prelude::{BASE64_STANDARD, Engine as _};
use jiff::Timestamp;

use super::removal::{Removal, remove, report, sentence};
use super::session::Session;
use super::{events, target};
use crate::cli::{ConnectionArgs, ListenArgs, RegisterArgs, TlsArgs};
use crate::commands::Context;
use crate::commands::listen::interrupt;
use crate::error::{Exit, Failure};
use crate::folders;
use crate::listener::Providers;
use crate::model::{Secret, Webhook};
use crate::output;
use crate::provider::Provider;
use crate::provider::api::Operation;
use crate::registration::lease::{self, Lease, Record};
use crate::registration::{Client, RETRIES, Registration, RegistrationError, TIMEOUT};

/// A way out that takes longer is one that a person would cut short.
const REMOVAL_TIME: Duration = Duration::from_secs(30);
/// Bytes of a secret made for a session: more than any provider asks for, and no padding in base64.
const SECRET_BYTES: usize = 33;

/// What is to be registered.
pub(in crate::commands) struct Wish {
    provider: Arc<Provider>,
    client: Client,
    /// One, or one for each event where the API has it so.
    registrations: Vec<Registration>,
    intent: Record,
    folder: PathBuf,
}

/// What was registered.
pub(in crate::commands) struct Temporary {
    client: Client,
    made: Vec<(Lease, Webhook)>,
    /// With which the provider signs.
    pub(in crate::commands) secret: Option<Secret>,
}

/// Where leases are.
pub(super) fn folder() -> Result<PathBuf, Failure> {
    let state = folders::state_folder().ok_or_else(|| {
        Failure::usage("there is no place to remember registrations: neither XDG_STATE_HOME nor HOME is set")
            .hint("set HOME, or XDG_STATE_HOME to a folder of your own")
    })?;
    Ok(state.join("leases"))
}

/// What the flags of a listener wish to have registered.
pub(in crate::commands) fn wish(
    args: &ListenArgs,
    providers: &Providers,
    context: &Context,
) -> Result<Option<Wish>, Failure> {
    let RegisterArgs { register, register_events, .. } = &args.register;
    let Some(id) = register else { return Ok(None) };
    let Some(url) = &args.public_url else {
        return Err(Failure::usage("--register needs the address at which the provider reaches this listener")
            .hint("give it with --public-url, such as https://me.ngrok.app/hooks"));
    };
    let session = Session::open(context, id, &connection(args))?;
    prepare(context, &session, url, register_events, providers.secret_of(id).cloned()).map(Some)
}

/// The flags of `listen` in the words of `webhooks`.
fn connection(args: &ListenArgs) -> ConnectionArgs {
    let RegisterArgs { api_url, variables, credentials, .. } = args.register.clone();
    ConnectionArgs {
        api_url,
        variables,
        timeout: TIMEOUT,
        retries: RETRIES,
        credentials,
        // --insecure is about the targets of a listener.
        tls: TlsArgs { insecure: false, ca_cert: args.tls.ca_cert.clone() },
        insecure_send_token: false,
    }
}

/// Finds all that could be wrong before anything is done. `secret` is the configured one.
fn prepare(
    context: &Context,
    session: &Session,
    url: &str,
    events: &[String],
    secret: Option<Secret>,
) -> Result<Wish, Failure> {
    let (api, provider) = (session.api()?, &session.provider);
    if !api.supports(Operation::Create) {
        let (provider, exists) = (provider.id().to_string(), api.operations());
        return Err(RegistrationError::Unsupported { provider, operation: Operation::Create, exists }.into());
    }
    let url = target::check(url, session, context)?;
    if api.events().one_each() && events.is_empty() {
        return Err(Failure::usage(format!("{} makes a webhook for each event", provider.id()))
            .hint("name those that are wanted with --register-events a,b*"));
    }
    let chosen = if events.is_empty() { vec![Webhook::ALL.to_owned()] } else { events.to_vec() };
    let chosen = api.events().choose(&chosen, false)?;
    let secret = match secret {
        _ if !api.takes(Operation::Create, "secret") => None,
        Some(secret) => Some(secret),
        None => Some(random_secret()?),
    };
    let registration =
        |events| Registration { url: url.clone(), events, secret: secret.clone(), ..Registration::default() };
    let registrations = events::apart(api, chosen).into_iter().map(registration).collect();
    Ok(Wish {
        provider: Arc::clone(provider),
        client: session.client(context)?,
        registrations,
        intent: intent(context, session, &url),
        folder: folder()?,
    })
}

/// What is remembered before the provider is asked.
fn intent(context: &Context, session: &Session, url: &str) -> Record {
    let mut intent = Record::intent(session.provider.id(), session.base.as_str(), url, Timestamp::now());
    let text = |value: &serde_json::Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let known = session.provider.api().map(|api| api.variables()).unwrap_or_default();
    let variables = session.options.variables.iter().filter(|(name, _)| known.contains(name));
    intent.variables = variables.map(|(name, value)| (name.clone(), text(value))).collect();
    intent.profile.clone_from(&context.global.profile);
    intent.config = context.global.config.as_deref().map(|path| context.path(path));
    intent.directory = Some(context.directory.clone());
    intent
}

/// In a form that all take: most take any text, Standard Webhooks wants `whsec_` and base64
/// (<https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md>).
fn random_secret() -> Result<Secret, Failure> {
    let text = format!("whsec_{}", BASE64_STANDARD.encode(rand::random::<[u8; SECRET_BYTES]>()));
    Ok(Secret::new(text, "this session")?)
}

/// How far it came.
pub(in crate::commands) enum Made {
    /// All is made.
    Whole(Temporary),
    /// Someone does not want it any more; with what was made, where that is known.
    Interrupted(Option<Temporary>),
}

impl Wish {
    /// At which provider.
    pub(in crate::commands) fn provider(&self) -> String {
        self.provider.id().to_string()
    }

    /// Makes the registrations. When `signal` comes on the way, the answer is still waited for, so that what was
    /// made can be taken back; another signal ends that.
    pub(in crate::commands) async fn make_until(
        self,
        context: &Context,
        signal: impl Future<Output = ()>,
    ) -> Result<Made, Failure> {
        let mut making = pin!(self.make(context));
        tokio::select! {
            made = &mut making => return made.map(Made::Whole),
            () = signal => {}
        }
        context.say("the provider was asked already: its answer is waited for, to take it back; ^C again leaves that to `hookctl webhooks prune`");
        tokio::select! {
            made = making => Ok(Made::Interrupted(Some(made?))),
            () = interrupt() => Ok(Made::Interrupted(None)),
        }
    }

    /// Makes the registrations. When one fails, those before it are removed. Dropped on the way, it leaves the
    /// lease of what was asked for.
    async fn make(self, context: &Context) -> Result<Temporary, Failure> {
        let mut temporary = Temporary { client: self.client, made: Vec::new(), secret: None };
        for registration in &self.registrations {
            let mut lease = Lease::take(&self.folder, self.intent.clone()).map_err(cannot_remember)?;
            match temporary.client.create(registration).await {
                Ok(webhook) => {
                    if let Err(error) = lease.complete(&webhook.id) {
                        context.say(&format!("warning: a crash would leave webhook {} behind: {error}", webhook.id));
                    }
                    said(context, self.provider.id(), &temporary.client, &webhook);
                    let secret = webhook.secret.clone().or_else(|| registration.secret.clone());
                    temporary.secret = temporary.secret.or(secret);
                    temporary.made.push((lease, webhook));
                }
                Err(error) => {
                    let is_uncertain = error.is_uncertain();
                    let failure = Failure::from(error);
                    // Why it failed counts before what became of the rest.
                    let warn = |problem: &dyn std::fmt::Display| context.say(&format!("warning: {problem}"));
                    if !is_uncertain && let Err(error) = lease.release() {
                        warn(&error);
                    }
                    if let Err(failure) = temporary.end(context, false).await {
                        warn(&failure.error);
                    }
                    let prune = "`hookctl webhooks prune` looks for it and removes it";
                    return Err(if is_uncertain { failure.hint(prune) } else { failure });
                }
            }
        }
        Ok(temporary)
    }
}

fn said(context: &Context, provider: &str, client: &Client, webhook: &Webhook) {
    let events = if webhook.events == [Webhook::ALL] { "all events".to_owned() } else { webhook.events.join(", ") };
    let host = client.base().host_str().unwrap_or_default();
    let text = format!("registered webhook {} at {provider} ({host}): {events} -> {}", webhook.id, webhook.url);
    context.say(&output::one_line(&text, MAX_LINE));
}

/// A list of events may be long.
const MAX_LINE: usize = 500;

fn cannot_remember(error: lease::LeaseError) -> Failure {
    Failure::machine("lease", error).hint("without it, a crash would leave the webhook behind; see `hookctl doctor`")
}

impl Temporary {
    /// Removes what was made, within a bounded time or until `hurry`; with `leave` at once leaves it to `prune`.
    pub(in crate::commands) async fn end(self, context: &Context, leave: bool) -> Result<(), Failure> {
        let Self { client, made, .. } = self;
        let mut worst = Ok(());
        for (lease, webhook) in made {
            let record = lease.record().clone();
            if leave {
                context.say(&left(&record));
                continue;
            }
            let removed = tokio::select! {
                removed = tokio::time::timeout(REMOVAL_TIME, remove(&client, &webhook.id)) => removed.ok(),
                () = interrupt() => None,
            };
            match removed {
                Some(Ok(removal)) => {
                    if removal.is_over() {
                        lease.release().map_err(cannot_remember)?;
                    }
                    tell(context, &record, removal)?;
                }
                Some(Err(error)) => {
                    context.say(&left(&record));
                    worst = Err(Failure::from(error).hint("`hookctl webhooks prune` removes it"));
                }
                None => {
                    context.say(&left(&record));
                    let message = format!("the removal of webhook {} was broken off", webhook.id);
                    worst = Err(Failure::new(Exit::Machine, "not_removed", anyhow::Error::msg(message))
                        .hint("`hookctl webhooks prune` removes it"));
                }
            }
        }
        worst
    }
}

fn tell(context: &Context, record: &Record, removal: Removal) -> Result<(), Failure> {
    if context.json() {
        return report(context, record, removal, None);
    }
    let warning = if removal == Removal::Kept { "warning: " } else { "" };
    context.say(&format!("{warning}{}", sentence(record, removal, None)));
    Ok(())
}

fn left(record: &Record) -> String {
    let id = record.id.as_deref().unwrap_or("without a known id");
    format!(
        "warning: webhook {id} at {} still sends to {}: `hookctl webhooks prune` removes it",
        record.provider, record.url
    )
}
