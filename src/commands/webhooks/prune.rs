//! `hookctl webhooks prune`: registrations whose listener is no more.

use std::path::Path;

use jiff::{SignedDuration, Timestamp};

use super::removal::{Removal, is_removable, remove, report};
use super::session::Session;
use super::temporary;
use crate::cli::{ConnectionArgs, CredentialArgs, PruneArgs};
use crate::commands::Context;
use crate::error::{Exit, Failure, Outcome};
use crate::folders;
use crate::model::Webhook;
use crate::registration::lease::{self, Found, Lease, Record};
use crate::registration::plan::normal;
use crate::registration::{Client, Credentials, Options, base_url};
use crate::settings::Settings;

/// The clocks of a provider and of this machine may differ by so much.
const CLOCK_DIFFERENCE: SignedDuration = SignedDuration::from_mins(5);

/// How long a provider may still be at work on a call that nobody waits for any more. What it has not made by
/// then it makes no more.
const IN_FLIGHT: SignedDuration = SignedDuration::from_mins(5);

/// Runs the command.
pub(super) fn run(args: &PruneArgs, context: &Context) -> Outcome {
    let folder = temporary::folder()?;
    if !args.dry_run {
        lease::sweep(&folder);
    }
    let (mut found, problems) = lease::all(&folder).map_err(unreadable)?;
    problems.iter().for_each(|problem| context.say(&format!("warning: {problem}")));
    found.retain(|lease| args.provider.as_ref().is_none_or(|id| *id == lease.record.provider));
    keep_named(&mut found, &args.connection);
    if !args.dry_run {
        check_one_place(&found, &args.connection)?;
    }
    let (mut exit, mut count, mut alive, mut is_kept) = (Exit::Done, 0, 0, false);
    // Nobody may read what is told; the work is done all the same.
    let mut kept = Ok(());
    for lease in found {
        if args.dry_run {
            if lease.is_alive() {
                alive += 1;
            } else {
                count += 1;
                Failure::keep(&mut kept, report(context, &lease.record, foreseen(&lease.record, context), None));
            }
            continue;
        }
        match lease.claim() {
            Ok(None) => alive += 1,
            Ok(Some(lease)) => {
                count += 1;
                is_kept |= !args.forget && foreseen(lease.record(), context) == Removal::Kept;
                let (came, told) = prune(lease, &folder, args, context);
                exit = exit.worse(came);
                Failure::keep(&mut kept, told);
            }
            Err(problem) => Failure::keep(&mut kept, Err(unreadable(problem))),
        }
    }
    if alive > 0 {
        let what = if alive == 1 { "1 belongs to a listener that runs" } else { "others belong to listeners that run" };
        context.say(what);
    }
    if is_kept {
        context.say("hint: remove it in the provider's own settings, then `hookctl webhooks prune --forget`");
    }
    if count == 0 {
        context.say("no registration was left behind");
    }
    kept.map_or_else(|failure| failure.unless_closed(exit), |()| Ok(exit))
}

/// An address that is typed names the registrations that were made there. Where none was, the API has moved,
/// and all are looked for at its new place.
fn keep_named(found: &mut Vec<Found>, typed: &ConnectionArgs) {
    let Some(url) = &typed.api_url else { return };
    let is_there = |lease: &Found| lease.record.base_url.trim_end_matches('/') == url.trim_end_matches('/');
    if found.iter().any(is_there) {
        found.retain(is_there);
    }
}

/// What is given for one API goes to no other.
fn check_one_place(found: &[Found], typed: &ConnectionArgs) -> Result<(), Failure> {
    let place = |lease: &Found| {
        let base = typed.api_url.as_ref().unwrap_or(&lease.record.base_url);
        (lease.record.provider.clone(), base.clone())
    };
    let mut places = found.iter().filter(|lease| !lease.is_alive()).map(place);
    let first = places.next();
    let other = places.find(|other| Some(other) != first.as_ref());
    match (first, other) {
        (Some((one, base)), Some((another, other_base))) if typed.credentials.are_given() => {
            let message = format!(
                "the credentials given are for one API, and what was left behind is at {base} and {other_base}"
            );
            let hint = if one == another {
                format!("name one with --api-url {base}")
            } else {
                format!("name one with --provider {one} or --provider {another}")
            };
            Err(Failure::usage(message).hint(hint))
        }
        _ => Ok(()),
    }
}

/// What can become of a registration, as far as the manifest tells.
fn foreseen(record: &Record, context: &Context) -> Removal {
    let provider = context_of(record, context).and_then(|own| Ok(own.catalogue.provider(&record.provider)?));
    let is_kept = provider.is_ok_and(|provider| provider.api().is_some_and(|api| !is_removable(api)));
    if is_kept { Removal::Kept } else { Removal::Planned }
}

fn unreadable(error: lease::LeaseError) -> Failure {
    Failure::machine("lease", error).hint("check who owns the file")
}

/// Removes one registration, tells what came of it, and ends its lease where nothing more is to be done.
fn prune(lease: Lease, folder: &Path, args: &PruneArgs, context: &Context) -> (Exit, Result<(), Failure>) {
    let mut record = lease.record().clone();
    let attempted = attempt(&mut record, &lease, folder, args, context);
    let is_forgotten = args.forget && may_be_forgotten(&attempted);
    let (removal, reason, exit) = match attempted {
        Ok(Removal::Kept) => (Removal::Kept, None, Exit::No),
        Ok(removal) => (removal, None, Exit::Done),
        Err(failure) => {
            let hint = failure.hint.map(|hint| format!("; hint: {hint}")).unwrap_or_default();
            (Removal::Failed, Some(format!("{:#}{hint}", failure.error)), failure.exit)
        }
    };
    let is_over = removal.is_over() || is_forgotten;
    let mut kept = if is_over { lease.release().map_err(unreadable) } else { Ok(()) };
    Failure::keep(&mut kept, report(context, &record, removal, reason.as_deref()));
    if args.forget && !is_over {
        context.say("it is not forgotten: it may be removed another time");
    }
    (if is_over { Exit::Done } else { exit }, kept)
}

/// What another time would not remove either. What fails for want of a network, a credential or a setting is
/// something else.
fn may_be_forgotten(attempted: &Result<Removal, Failure>) -> bool {
    match attempted {
        Ok(_) => true,
        Err(failure) => failure.code == AMBIGUOUS,
    }
}

fn attempt(
    record: &mut Record,
    lease: &Lease,
    folder: &Path,
    args: &PruneArgs,
    context: &Context,
) -> Result<Removal, Failure> {
    let own = context_of(record, context)?;
    let is_known = is_known_place(record, &own)?;
    let session = Session::open(&own, &record.provider, &connection(record, &args.connection, is_known))?;
    if !is_known && args.connection.api_url.is_none() {
        check_typed(&session, record, &args.connection.credentials)?;
    }
    if record.id.is_none() {
        let all = session.call(&own, async |client| client.list().await)?;
        // Later than the list: whoever made what is in it has a lease by now.
        let (others, _) = lease::all(folder).map_err(unreadable)?;
        let others: Vec<Other> = others.into_iter().filter(|found| !lease.is(found)).map(Other::of).collect();
        record.id = search(&all, record, &others)?.map(|webhook| webhook.id.clone());
    }
    match &record.id {
        Some(id) => session.call(&own, async |client: &Client| remove(client, id).await),
        None if is_in_flight(record, Timestamp::now()) => Err(Failure::new(
            Exit::No,
            "in_flight",
            anyhow::anyhow!("it is not there; the provider may still be about to make it"),
        )
        .hint(format!("run it again {} minutes after {}", IN_FLIGHT.as_mins(), record.made_at))),
        // Nothing came of the intent.
        None => Ok(Removal::Absent),
    }
}

fn is_in_flight(record: &Record, now: Timestamp) -> bool {
    record.made_at.parse().is_ok_and(|made_at: Timestamp| now.duration_since(made_at) < IN_FLIGHT)
}

/// Whether the API was where the configuration or the manifest has it now.
fn is_known_place(record: &Record, own: &Context) -> Result<bool, Failure> {
    let provider = own.catalogue.provider(&record.provider)?;
    let options = Options {
        api_url: own.settings.api(provider.id()).base_url.map(|(url, _)| url),
        variables: record.variables.iter().map(|(name, value)| (name.clone(), value.as_str().into())).collect(),
        ..Options::default()
    };
    Ok(base_url(&provider, &options).is_ok_and(|url| url.as_str() == record.base_url))
}

/// Whoever answers at an address of yesterday gets only what is typed for it now.
fn check_typed(session: &Session, record: &Record, typed: &CredentialArgs) -> Result<(), Failure> {
    let is_typed = match &session.options.credentials {
        Credentials::None => true,
        Credentials::Basic { .. } => typed.password.is_typed(),
        Credentials::Token(_) => typed.token.is_typed(),
    };
    if is_typed {
        return Ok(());
    }
    let origins = session.options.credentials.origins().join(", ");
    let message = format!(
        "it was made at {}, which is not where {} is now: the credentials ({origins}) are not sent there",
        record.base_url, record.provider
    );
    Err(Failure::new(Exit::Usage, "other_address", anyhow::Error::msg(message))
        .hint(format!("if they are for it, add --api-url {}", record.base_url)))
}

/// The configuration as the listener had it: its profile, found from its folder.
fn context_of(record: &Record, context: &Context) -> Result<Context, Failure> {
    let directory = record.directory.clone().unwrap_or_else(|| context.directory.clone());
    let config = record.config.as_deref().or(context.global.config.as_deref());
    let mut global = context.global.clone();
    global.profile.clone_from(&record.profile);
    Ok(Context {
        settings: Settings::load(config, record.profile.as_deref(), &directory)?,
        catalogue: folders::catalogue(&directory, global.providers.as_deref()),
        // What is typed now is meant from here.
        directory: context.directory.clone(),
        typed: context.typed.clone(),
        global,
    })
}

/// Where the listener found the API, unless something else is typed now. What is known anyway is not said, so
/// that it counts as what it is: an address of the configuration.
fn connection(record: &Record, typed: &ConnectionArgs, is_known: bool) -> ConnectionArgs {
    let mut connection = typed.clone();
    if !is_known {
        connection.api_url.get_or_insert_with(|| record.base_url.clone());
    }
    let recorded = record.variables.iter().map(|(name, value)| format!("{name}={value}"));
    connection.variables = recorded.chain(typed.variables.iter().cloned()).collect();
    connection
}

/// Another lease, as far as it tells whose a webhook is.
struct Other {
    record: Record,
    is_alive: bool,
}

impl Other {
    fn of(found: Found) -> Self {
        Self { is_alive: found.is_alive(), record: found.record }
    }
}

/// The code of the error about webhooks that may be someone else's.
const AMBIGUOUS: &str = "ambiguous_webhook";

/// The one webhook that came of an intent: it sends to the same URL, is not older, and is no other lease's.
/// Whether one is older is not known of every provider: then it is not touched. Nor is one that a listener may
/// be about to write down as its own.
fn search<'w>(all: &'w [Webhook], record: &Record, others: &[Other]) -> Result<Option<&'w Webhook>, Failure> {
    let here = || others.iter().filter(|other| other.record.base_url == record.base_url);
    let is_known = |webhook: &Webhook| here().any(|other| other.record.id.as_deref() == Some(&webhook.id));
    let is_awaited = here()
        .any(|other| other.is_alive && other.record.id.is_none() && normal(&other.record.url) == normal(&record.url));
    let made_at = record.made_at.parse().unwrap_or(Timestamp::MAX);
    let earliest = made_at.saturating_sub(CLOCK_DIFFERENCE).unwrap_or(Timestamp::MIN);
    let meets = |webhook: &&Webhook| {
        normal(&webhook.url) == normal(&record.url)
            && !is_known(webhook)
            && webhook.created_at.is_none_or(|time| time >= earliest)
    };
    let found: Vec<&Webhook> = all.iter().filter(meets).collect();
    match found.as_slice() {
        [] => Ok(None),
        [one] if one.created_at.is_some() && !is_awaited => Ok(Some(one)),
        several => {
            let ids: Vec<&str> = several.iter().map(|webhook| webhook.id.as_str()).collect();
            let message = format!("which one was made by the listener is not known: {}", ids.join(", "));
            Err(Failure::new(Exit::No, AMBIGUOUS, anyhow::Error::msg(message))
                .hint("`hookctl webhooks delete ID` removes the one that is not wanted"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record() -> Record {
        Record::intent("p", "http://api/", "https://me.example/hook", "2026-01-01T12:00:00Z".parse().unwrap())
    }

    fn webhook(id: &str, url: &str, created_at: Option<&str>) -> Webhook {
        let created_at = created_at.map(|time| time.parse().unwrap());
        Webhook { id: id.to_owned(), url: url.to_owned(), created_at, ..Webhook::default() }
    }

    const URL: &str = "https://me.example/hook";

    fn found(all: &[Webhook]) -> Option<&str> {
        search(all, &record(), &[]).unwrap().map(|webhook| webhook.id.as_str())
    }

    #[test]
    fn only_what_came_of_the_intent_is_taken_for_it() {
        let old = webhook("old", URL, Some("2026-01-01T11:00:00Z"));
        let new = webhook("new", URL, Some("2026-01-01T12:00:01Z"));
        let other = webhook("other", "https://me.example/else", Some("2026-01-01T12:00:01Z"));
        assert_eq!(found(&[old.clone(), other.clone()]), None);
        assert_eq!(found(&[old, new.clone(), other]), Some("new"));
        let mut its_own = record();
        its_own.id = Some("new".into());
        let other = Other { record: its_own, is_alive: true };
        assert!(search(&[new], &record(), &[other]).unwrap().is_none(), "it belongs to another listener");
    }

    #[test]
    fn what_a_listener_is_about_to_write_down_is_left_alone() {
        let new = [webhook("new", URL, Some("2026-01-01T12:00:01Z"))];
        let other = |is_alive| [Other { record: record(), is_alive }];
        assert!(search(&new, &record(), &other(true)).is_err());
        assert!(search(&new, &record(), &other(false)).unwrap().is_some(), "both are dead");
        let [mut elsewhere] = other(true);
        elsewhere.record.url = "https://me.example/else".into();
        assert!(search(&new, &record(), &[elsewhere]).unwrap().is_some());
    }

    #[test]
    fn a_call_is_in_flight_for_some_minutes() {
        let at = |time: &str| is_in_flight(&record(), time.parse().unwrap());
        assert!(at("2026-01-01T12:04:59Z") && !at("2026-01-01T12:05:00Z"));
        assert!(at("2026-01-01T11:00:00Z"), "the clock was put back");
    }

    #[test]
    fn what_may_be_someone_elses_is_left_alone() {
        assert!(search(&[webhook("a", URL, None)], &record(), &[]).is_err());
        let late = Some("2026-01-01T12:00:01Z");
        let failure = search(&[webhook("a", URL, late), webhook("b", URL, late)], &record(), &[]).unwrap_err();
        assert!(failure.error.to_string().contains("a, b"));
    }
}
