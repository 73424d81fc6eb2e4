//! `hookctl webhooks apply`.

use std::fs::{self, File, TryLockError};
use std::path::Path;

use serde::Serialize;
use sha2::{Digest as _, Sha256};

use super::plan::{differs, planned};
use super::secret_file::SecretFile;
use super::step::{self, action, url};
use super::wanted::Group;
use crate::cli::ApplyArgs;
use crate::commands::{Context, chosen};
use crate::error::{Exit, Failure, Outcome};
use crate::folders;
use crate::model::{Secret, Webhook};
use crate::output::{self, untrusted};
use crate::private;
use crate::provider::api::Operation;
use crate::registration::plan::{Abilities, Action, Difference, Step};
use crate::registration::{Changes, Client, Registration, RegistrationError};

/// Runs the command.
pub(super) fn run(args: &ApplyArgs, context: &Context) -> Outcome {
    let _lock = lock(context)?;
    let planned = planned(&args.which, context)?;
    let deletes = args.delete_unmanaged;
    // Nobody may read what is told; what was said yes to is done all the same.
    let mut kept = if context.json() { Ok(()) } else { step::show(&planned, deletes, context) };
    if !args.yes {
        kept?;
        kept = Ok(());
    }
    let all = || planned.iter().flat_map(|(_, steps)| steps);
    let count = all().filter(|step| is_work(step, deletes)).count() as u64;
    if count == 0 {
        context.say("nothing to do");
    } else if !args.yes {
        let what = if count == 1 { "1 change".to_owned() } else { format!("{count} changes") };
        context.confirm(&format!("make {what} at {}?", names(&planned)), count)?;
    }
    let mut exit = Exit::Done;
    for (group, steps) in &planned {
        let (came, told) = carry_out(group, steps, deletes, context);
        exit = exit.worse(came);
        Failure::keep(&mut kept, told);
    }
    kept.map_or_else(|failure| failure.unless_closed(exit), |()| Ok(exit))
}

fn names(planned: &[(Group, Vec<Step>)]) -> String {
    let mut names: Vec<&str> = planned.iter().map(|(group, _)| group.session.provider.id()).map(|id| &**id).collect();
    names.dedup();
    names.join(", ")
}

fn is_work(step: &Step, deletes: bool) -> bool {
    matches!(step.action, Action::Create | Action::Update) || deletes && step.action == Action::Unmanaged
}

/// Takes the steps in their order. One that is refused stops none of the others; once the API cannot be
/// reached the rest is not tried.
fn carry_out(group: &Group, steps: &[Step], deletes: bool, context: &Context) -> (Exit, Result<(), Failure>) {
    let (mut exit, mut is_gone, mut kept) = (Exit::Done, false, Ok(()));
    for step in steps {
        let came = if !is_work(step, deletes) {
            if differs(step) {
                exit = exit.worse(Exit::No);
            }
            Came::Nothing
        } else if is_gone {
            Came::NotTried
        } else {
            match take(group, step, context) {
                Ok(id) => {
                    // Half of it was possible.
                    if !step.impossible.is_empty() {
                        exit = exit.worse(Exit::No);
                    }
                    Came::Done(id)
                }
                Err(Failed { failure, made }) => {
                    exit = exit.worse(failure.exit);
                    is_gone = failure.exit == Exit::Machine;
                    Came::Failed(failure, made)
                }
            }
        };
        Failure::keep(&mut kept, tell(group, step, deletes, &came, context));
    }
    (exit, kept)
}

/// What came of a step.
enum Came {
    /// There was nothing to do, or nothing that can be done.
    Nothing,
    /// Done; with the webhook's id.
    Done(String),
    /// Not done, or not wholly: with the id of what was made.
    Failed(Failure, Option<String>),
    /// Another step failed before in a way that makes this one hopeless.
    NotTried,
}

/// A step that failed.
struct Failed {
    failure: Failure,
    /// The webhook that it made before.
    made: Option<String>,
}

impl<F: Into<Failure>> From<F> for Failed {
    fn from(failure: F) -> Self {
        Self { failure: failure.into(), made: None }
    }
}

/// A result as JSON.
#[derive(Serialize)]
struct Line<'a> {
    provider: &'a str,
    action: &'a str,
    name: Option<&'a str>,
    id: Option<&'a str>,
    url: &'a str,
    result: &'static str,
    error: Option<Problem<'a>>,
}

/// Why a step failed.
#[derive(Serialize)]
struct Problem<'a> {
    code: &'a str,
    message: String,
    hint: Option<&'a str>,
}

fn tell(group: &Group, step: &Step, deletes: bool, came: &Came, context: &Context) -> Result<(), Failure> {
    let own = step.actual.as_ref().map(|webhook| webhook.id.as_str());
    let id = match came {
        Came::Done(id) | Came::Failed(_, Some(id)) => Some(id.as_str()),
        _ => own,
    };
    let (word, failure) = match came {
        Came::Nothing => ("nothing", None),
        Came::Done(_) => ("done", None),
        Came::NotTried => ("not_tried", None),
        Came::Failed(failure, _) => ("failed", Some(failure)),
    };
    let (provider, action, url) = (group.session.provider.id(), action(step, deletes), url(group, step));
    if context.json() {
        let error = failure.map(|Failure { code, error, hint, .. }| Problem {
            code,
            message: format!("{error:#}"),
            hint: hint.as_deref(),
        });
        let name = step.wanted.and_then(|place| group.tables[place].name.as_deref());
        return context.print_item("applied", &Line { provider, action, name, id, url, result: word, error });
    }
    let id = id.map(|id| format!(" {}", untrusted(id))).unwrap_or_default();
    let text = match came {
        Came::Nothing => return Ok(()),
        Came::Done(_) => {
            let left = step::left(group, step).map(|left| format!("    not done: {left}\n")).unwrap_or_default();
            format!("✓ {action} {provider}{id} -> {}\n{left}", untrusted(url))
        }
        Came::NotTried => format!("- {action} {provider}{id} -> {}: not tried\n", untrusted(url)),
        Came::Failed(failure, _) => {
            let hint = failure.hint.as_ref().map(|hint| format!("    hint: {hint}\n")).unwrap_or_default();
            let message = format!("{:#}", failure.error);
            format!("✗ {action} {provider}{id} -> {}: {}\n{hint}", untrusted(url), untrusted(&message))
        }
    };
    Ok(output::print(text)?)
}

/// Takes one step; gives the webhook's id.
fn take(group: &Group, step: &Step, context: &Context) -> Result<String, Failed> {
    match (&step.actual, step.wanted) {
        (None, Some(place)) => create(group, step, place, context),
        (Some(actual), Some(_)) => {
            group.session.call(context, async |client| change(client, actual, step).await)?;
            Ok(actual.id.clone())
        }
        (Some(actual), None) => {
            group.session.call(context, async |client| client.delete(&actual.id).await)?;
            Ok(actual.id.clone())
        }
        (None, None) => Ok(String::new()),
    }
}

/// Makes a webhook, keeps the secret that the API tells only now, and does what needs a second call.
fn create(group: &Group, step: &Step, place: usize, context: &Context) -> Result<String, Failed> {
    let (session, wanted) = (&group.session, &group.wanted[place]);
    let api = session.api()?;
    let abilities = Abilities::of(api);
    let secret = own_secret(group, context)?;
    let may_tell = secret.is_none() && !session.provider.signatures().is_empty();
    let file = if may_tell { Some(SecretFile::prepare(None, context)?) } else { None };
    let registration = Registration {
        url: wanted.url.clone(),
        events: wanted.events.clone(),
        secret,
        enabled: (!wanted.enabled && abilities.create_disabled).then_some(false),
        description: wanted.description.clone().filter(|_| abilities.create_description),
    };
    let made = session.call(context, async |client| client.create(&registration).await)?;
    if let (Some(secret), Some(file)) = (&made.secret, file) {
        let path = file
            .keep(session.provider.id(), &made.id, secret)
            .map_err(|failure| failed_after(&made, "its secret is lost", failure))?;
        context.say(&format!("the signing secret of webhook {} is in {}", untrusted(&made.id), path.display()));
    }
    let is_left = |difference: &&Difference| match difference {
        Difference::Enabled { .. } => !abilities.create_disabled,
        Difference::Description { .. } => !abilities.create_description,
        _ => false,
    };
    let left: Vec<Difference> = step.differences.iter().filter(is_left).cloned().collect();
    if !left.is_empty() {
        let rest = Step { differences: left, ..step.clone() };
        session
            .call(context, async |client| change(client, &made, &rest).await)
            .map_err(|failure| failed_after(&made, "what needs a second call is not done", failure))?;
    }
    Ok(made.id)
}

/// Something failed after the webhook was made.
fn failed_after(made: &Webhook, what: &str, failure: Failure) -> Failed {
    let error = failure.error.context(format!("webhook {} is made, and {what}", untrusted(&made.id)));
    Failed { failure: Failure { error, ..failure }, made: Some(made.id.clone()) }
}

/// The configured signing secret, where the API takes one.
fn own_secret(group: &Group, context: &Context) -> Result<Option<Secret>, Failure> {
    if !group.session.api()?.takes(Operation::Create, "secret") {
        return Ok(None);
    }
    chosen::own_secret(context, &group.session.provider)
}

/// Only what differs is sent: some APIs forget what they are not told again, others refuse what did not change.
async fn change(client: &Client, actual: &Webhook, step: &Step) -> Result<(), RegistrationError> {
    let mut changes = Changes::default();
    let mut switch = None;
    for difference in &step.differences {
        match difference {
            Difference::Missing => {}
            Difference::Events { wanted, .. } => changes.events = Some(wanted.clone()),
            Difference::Description { wanted, .. } => changes.description = Some(wanted.clone()),
            Difference::Enabled { wanted } if client.api().takes(Operation::Update, "enabled") => {
                changes.enabled = Some(*wanted);
            }
            Difference::Enabled { wanted } => switch = Some(*wanted),
        }
    }
    if !changes.is_empty() {
        client.update(&actual.id, &changes).await?;
    }
    if let Some(enabled) = switch {
        client.set_enabled(&actual.id, enabled).await?;
    }
    Ok(())
}

/// One at a time for each configuration: two would each make what is missing.
fn lock(context: &Context) -> Result<Option<File>, Failure> {
    let Some((file, _)) = context.settings.webhooks() else { return Ok(None) };
    let Some(state) = folders::state_folder() else { return Ok(None) };
    let config = fs::canonicalize(file.path()).unwrap_or_else(|_| file.path().to_owned());
    let name = hex::encode(&Sha256::digest(config.as_os_str().as_encoded_bytes())[..16]);
    let folder = state.join("apply");
    let failed = |path: &Path, error: std::io::Error| {
        Failure::machine("lock", anyhow::anyhow!("{}: {error}", path.display())).hint("check who owns it")
    };
    private::folder(&folder).map_err(|error| failed(&folder, error))?;
    let path = folder.join(format!("{name}.lock"));
    let opened = private::file().create(true).truncate(false).open(&path);
    let lock = opened.map_err(|error| failed(&path, error))?;
    match lock.try_lock() {
        Ok(()) => Ok(Some(lock)),
        Err(TryLockError::WouldBlock) => {
            let message = format!("another `webhooks apply` is at work on {}", config.display());
            Err(Failure::new(Exit::Machine, "apply_runs", anyhow::Error::msg(message))
                .hint("wait until it is done, then look at `hookctl webhooks plan`"))
        }
        Err(TryLockError::Error(error)) => Err(failed(&path, error)),
    }
}
