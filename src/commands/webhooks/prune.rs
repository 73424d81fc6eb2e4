//! `hookctl webhooks prune`: registrations whose listener is no more.

use jiff::{SignedDuration, Timestamp};

use super::removal::{Removal, remove, report};
use super::session::Session;
use super::temporary;
use crate::cli::{ConnectionArgs, PruneArgs};
use crate::commands::Context;
use crate::error::{Exit, Failure, Outcome};
use crate::folders;
use crate::model::Webhook;
use crate::registration::Client;
use crate::registration::lease::{self, Found, Lease, Record};
use crate::registration::plan::normal;
use crate::settings::Settings;

/// The clocks of a provider and of this machine may differ by so much.
const CLOCK_DIFFERENCE: SignedDuration = SignedDuration::from_mins(5);

/// Runs the command.
pub(super) fn run(args: &PruneArgs, context: &Context) -> Outcome {
    let (mut found, problems) = lease::all(&temporary::folder()?).map_err(unreadable)?;
    problems.iter().for_each(|problem| context.say(&format!("warning: {problem}")));
    found.retain(|lease| args.provider.as_ref().is_none_or(|id| *id == lease.record.provider));
    let known: Vec<Record> = found.iter().map(|lease| lease.record.clone()).collect();
    let (mut exit, mut count, mut alive) = (Exit::Done, 0, 0);
    for lease in found {
        if args.dry_run {
            if lease.is_alive() {
                alive += 1;
            } else {
                count += 1;
                report(context, &lease.record, Removal::Planned, None)?;
            }
            continue;
        }
        let Some(lease) = claim(lease)? else {
            alive += 1;
            continue;
        };
        count += 1;
        exit = worse(exit, prune(lease, &known, args, context)?);
    }
    if alive > 0 {
        let what = if alive == 1 { "1 belongs to a listener that runs" } else { "others belong to listeners that run" };
        context.say(what);
    }
    if count == 0 {
        context.say("no registration was left behind");
    }
    Ok(exit)
}

fn claim(found: Found) -> Result<Option<Lease>, Failure> {
    found.claim().map_err(unreadable)
}

fn unreadable(error: lease::LeaseError) -> Failure {
    Failure::machine("lease", error).hint("check who owns the file")
}

/// A failure of the machine counts before a no.
fn worse(one: Exit, other: Exit) -> Exit {
    if other as u8 > one as u8 { other } else { one }
}

/// Removes one registration, tells what came of it, and ends its lease where nothing more is to be done.
fn prune(lease: Lease, known: &[Record], args: &PruneArgs, context: &Context) -> Result<Exit, Failure> {
    let mut record = lease.record().clone();
    let (removal, reason, exit) = match attempt(&mut record, known, args, context) {
        Ok(Removal::Kept) => (Removal::Kept, None, Exit::No),
        Ok(removal) => (removal, None, Exit::Done),
        Err(failure) => {
            let hint = failure.hint.map(|hint| format!("; hint: {hint}")).unwrap_or_default();
            (Removal::Failed, Some(format!("{:#}{hint}", failure.error)), failure.exit)
        }
    };
    if removal.is_over() || args.forget {
        lease.release().map_err(unreadable)?;
    }
    report(context, &record, removal, reason.as_deref())?;
    Ok(if args.forget { Exit::Done } else { exit })
}

fn attempt(record: &mut Record, known: &[Record], args: &PruneArgs, context: &Context) -> Result<Removal, Failure> {
    let own = context_of(record, context)?;
    let session = Session::open(&own, &record.provider, &connection(record, &args.connection))?;
    if record.id.is_none() {
        let all = session.call(&own, async |client| client.list().await)?;
        record.id = search(&all, record, known)?.map(|webhook| webhook.id.clone());
    }
    // Nothing came of the intent.
    let Some(id) = &record.id else { return Ok(Removal::Absent) };
    session.call(&own, async |client: &Client| remove(client, id).await)
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

/// Where the listener found the API, unless something else is typed now.
fn connection(record: &Record, typed: &ConnectionArgs) -> ConnectionArgs {
    let mut connection = typed.clone();
    connection.api_url.get_or_insert_with(|| record.base_url.clone());
    let recorded = record.variables.iter().map(|(name, value)| format!("{name}={value}"));
    connection.variables = recorded.chain(typed.variables.iter().cloned()).collect();
    connection
}

/// The one webhook that came of an intent: it sends to the same URL, is not older, and is no other lease's.
/// Whether one is older is not known of every provider: then it is not touched.
fn search<'w>(all: &'w [Webhook], record: &Record, known: &[Record]) -> Result<Option<&'w Webhook>, Failure> {
    let is_known = |webhook: &Webhook| {
        known.iter().any(|other| other.base_url == record.base_url && other.id.as_deref() == Some(&webhook.id))
    };
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
        [one] if one.created_at.is_some() => Ok(Some(one)),
        several => {
            let ids: Vec<&str> = several.iter().map(|webhook| webhook.id.as_str()).collect();
            let message = format!("which one was made by the listener is not known: {}", ids.join(", "));
            Err(Failure::new(Exit::No, "ambiguous_webhook", anyhow::Error::msg(message))
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
        assert!(search(&[new], &record(), &[its_own]).unwrap().is_none(), "it belongs to another listener");
    }

    #[test]
    fn what_may_be_someone_elses_is_left_alone() {
        assert!(search(&[webhook("a", URL, None)], &record(), &[]).is_err());
        let late = Some("2026-01-01T12:00:01Z");
        let failure = search(&[webhook("a", URL, late), webhook("b", URL, late)], &record(), &[]).unwrap_err();
        assert!(failure.error.to_string().contains("a, b"));
    }
}
