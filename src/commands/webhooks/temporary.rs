//! A registration for the life of a listener: made before it is ready, removed on the way out, and remembered
//! by a lease in case there is no way out.

use std::cell::Cell;
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use base64::prelude::{BASE64_STANDARD, Engine as _};
use jiff::Timestamp;

use super::removal::{MAX_ID, Removal, is_removable, remove, report, sentence};
use super::session::Session;
use super::{events, target};
use crate::cli::{ConnectionArgs, ListenArgs, RegisterArgs, TlsArgs};
use crate::commands::ending::interrupt;
use crate::commands::{Context, chosen};
use crate::error::{Exit, Failure};
use crate::folders;
use crate::listener::Providers;
use crate::model::{Secret, Webhook};
use crate::output;
use crate::provider::Provider;
use crate::provider::api::Operation;
use crate::registration::lease::{self, Lease, Record};
use crate::registration::{Client, RETRIES, Registration, RegistrationError, TIMEOUT};

/// A way out that takes longer, however much is to be removed, is one that a person would cut short.
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
    let provider = context.catalogue.provider(id)?;
    let session = Session::open(context, id, &connection(args, &provider))?;
    prepare(context, &session, url, register_events, providers.secret_of(id).cloned()).map(Some)
}

/// The flags of `listen` in the words of `webhooks`.
fn connection(args: &ListenArgs, provider: &Provider) -> ConnectionArgs {
    let RegisterArgs { api_url, mut variables, credentials, .. } = args.register.clone();
    // What the provider signs is no business of its API.
    variables.retain(|text| !text.split_once('=').is_some_and(|(name, _)| chosen::declares(provider, name)));
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
    if !is_removable(api) {
        let name = &provider.about().name;
        context.say(&format!(
            "warning: {name} documents no call to delete or disable a webhook: this one stays when the listener ends, \
             until it is removed in the settings of {name}"
        ));
    }
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

    /// Makes the registrations. When `signal` comes on the way, no more are asked for, and the answer of the one
    /// under way is still waited for, so that what was made can be taken back; another signal ends that.
    pub(in crate::commands) async fn make_until(
        self,
        context: &Context,
        signal: impl Future<Output = ()>,
    ) -> Result<Made, Failure> {
        let is_unwanted = Cell::new(false);
        let mut making = pin!(self.make(context, &is_unwanted));
        tokio::select! {
            made = &mut making => return made.map(Made::Whole),
            () = signal => is_unwanted.set(true),
        }
        // Whoever reads the next line may send the next signal.
        let again = interrupt();
        context.say("the provider was asked already: its answer is waited for, to take it back; ^C again leaves that to `hookctl webhooks prune`");
        tokio::select! {
            made = making => Ok(Made::Interrupted(Some(made?))),
            () = again => Ok(Made::Interrupted(None)),
        }
    }

    /// Makes the registrations, until they are unwanted. When one fails, those before it are removed. Dropped on
    /// the way, it leaves the lease of what was asked for.
    async fn make(self, context: &Context, is_unwanted: &Cell<bool>) -> Result<Temporary, Failure> {
        let Self { provider, client, registrations, intent, folder } = self;
        let mut temporary = Temporary { client, made: Vec::new(), secret: None };
        for registration in &registrations {
            if is_unwanted.get() {
                break;
            }
            let made = make_one(&temporary.client, registration, &folder, &intent, context).await;
            let (lease, webhook) = match made {
                Ok(made) => made,
                Err(failure) => {
                    // Why it failed counts before what became of the rest.
                    if let Err(problem) = temporary.end(context, false).await {
                        warn(context, &problem.error);
                    }
                    return Err(failure);
                }
            };
            said(context, provider.id(), &temporary.client, &webhook);
            let secret = webhook.secret.clone().or_else(|| registration.secret.clone());
            temporary.secret = temporary.secret.or(secret);
            temporary.made.push((lease, webhook));
        }
        Ok(temporary)
    }
}

/// Makes one registration, which a lease remembers before the provider is asked.
async fn make_one(
    client: &Client,
    registration: &Registration,
    folder: &Path,
    intent: &Record,
    context: &Context,
) -> Result<(Lease, Webhook), Failure> {
    let mut lease = Lease::take(folder, intent.made_now()).map_err(cannot_remember)?;
    let error = match client.create(registration).await {
        Ok(webhook) => {
            if let Err(error) = lease.complete(&webhook.id) {
                let id = output::one_line(&webhook.id, MAX_ID);
                warn(context, &format!("a crash would leave webhook {id} behind: {error}"));
            }
            return Ok((lease, webhook));
        }
        Err(error) => error,
    };
    if error.is_uncertain() {
        return Err(Failure::from(error).hint("`hookctl webhooks prune` looks for it and removes it"));
    }
    if let Err(error) = lease.release() {
        warn(context, &error);
    }
    Err(error.into())
}

/// Also of texts with foreign parts.
fn warn(context: &Context, problem: &dyn std::fmt::Display) {
    context.say(&format!("warning: {}", output::one_line(problem.to_string(), MAX_LINE)));
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
    /// Removes what was made, all of it within a bounded time or until an interrupt: what is not removed by then
    /// is left to `prune`, with `leave` at once. What fails is told at the end, and stops nothing.
    pub(in crate::commands) async fn end(self, context: &Context, leave: bool) -> Result<(), Failure> {
        let Self { client, made, .. } = self;
        let (time, again) = (tokio::time::sleep(REMOVAL_TIME), interrupt());
        let mut patience = pin!(async {
            tokio::select! {
                () = time => {}
                () = again => {}
            }
        });
        let mut is_left = leave;
        let mut kept = Ok(());
        for (lease, webhook) in made {
            let record = lease.record().clone();
            if is_left {
                context.say(&left(&record));
                continue;
            }
            let removed = tokio::select! {
                removed = remove(&client, &webhook.id) => Some(removed),
                () = &mut patience => None,
            };
            let ended = match removed {
                Some(Ok(removal)) => {
                    let released = if removal.is_over() { lease.release() } else { Ok(()) };
                    Failure::keep(&mut kept, released.map_err(cannot_remember));
                    tell(context, &record, removal)
                }
                Some(Err(error)) => {
                    context.say(&left(&record));
                    Err(Failure::from(error).hint("`hookctl webhooks prune` removes it"))
                }
                None => {
                    is_left = true;
                    context.say(&left(&record));
                    let id = output::one_line(&webhook.id, MAX_ID);
                    let message = format!("the removal of webhook {id} was broken off");
                    Err(Failure::new(Exit::Machine, "not_removed", anyhow::Error::msg(message))
                        .hint("`hookctl webhooks prune` removes it"))
                }
            };
            Failure::keep(&mut kept, ended);
        }
        kept
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
    let id = record.id.as_deref().map_or_else(|| "without a known id".to_owned(), |id| output::one_line(id, MAX_ID));
    let (provider, url) = (&record.provider, output::one_line(&record.url, MAX_LINE));
    format!("warning: webhook {id} at {provider} still sends to {url}: `hookctl webhooks prune` removes it")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_id_reaches_the_terminal_as_it_came() {
        let mut record = Record::intent("p", "http://api/", "https://me.example/\u{202e}", Timestamp::UNIX_EPOCH);
        record.id = Some("a\u{1b}[2J\nb".into());
        let text = left(&record);
        assert!(!text.contains(['\u{1b}', '\n', '\u{202e}']) && text.contains("a\\u{1b}[2J"), "{text}");
    }
}
