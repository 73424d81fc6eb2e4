//! The `[[webhook]]` tables, each with the API that it concerns, and what it takes to make it so.

use std::collections::BTreeMap;

use http::Uri;

use super::leased::Leased;
use super::session::Session;
use super::{events, target};
use crate::cli::{ChosenEventsArgs, WantedArgs};
use crate::commands::Context;
use crate::error::{Exit, Failure};
use crate::provider::api::Operation;
use crate::registration::plan::{Abilities, Step, Wanted, plan, repeated};
use crate::registration::{Changes, RegistrationError, prepare};
use crate::settings::WantedWebhook;

/// All that is wanted of one API.
pub(super) struct Group {
    /// How it is called.
    pub(super) session: Session,
    /// Its list, which tells one API from another.
    list: Uri,
    /// The webhooks, one for each event where the API has it so.
    pub(super) wanted: Vec<Wanted>,
    /// The table that each stands in.
    pub(super) tables: Vec<WantedWebhook>,
}

/// Reads the tables; calls nobody.
pub(super) fn groups(context: &Context, args: &WantedArgs) -> Result<Vec<Group>, Failure> {
    let tables = context.settings.webhooks().map(|(_, tables)| tables).unwrap_or_default();
    if tables.is_empty() {
        return Err(Failure::usage("the configuration has no [[webhook]] tables")
            .hint("`hookctl config init` writes an example"));
    }
    let is_meant = |table: &WantedWebhook| args.provider.as_ref().is_none_or(|id| *id == table.provider);
    let tables: Vec<WantedWebhook> = tables.into_iter().filter(is_meant).collect();
    let ids: Vec<&str> = tables.iter().map(|table| table.provider.as_str()).collect();
    match ids.as_slice() {
        [] => return Err(Failure::usage("no [[webhook]] table is for this provider")),
        [first, rest @ ..] if args.connection.api_url.is_some() && rest.iter().any(|id| id != first) => {
            return Err(Failure::usage("--api-url is one API, and the tables are for several providers")
                .hint("name one with --provider, or set base_url in each [provider.NAME.api]"));
        }
        [first, rest @ ..] if args.connection.credentials.are_given() && rest.iter().any(|id| id != first) => {
            return Err(Failure::usage(
                "the credentials given are for one API, and the tables are for several providers",
            )
            .hint("name one with --provider, or set the credentials in each [provider.NAME.api]"));
        }
        _ => {}
    }
    let mut groups: Vec<Group> = Vec::new();
    // Sessions ask for credentials; each is asked for once.
    let mut places: BTreeMap<(String, BTreeMap<String, String>), usize> = BTreeMap::new();
    for table in tables {
        let key = (table.provider.clone(), table.vars.clone());
        let place = match places.get(&key) {
            Some(place) => *place,
            None => place_of(&mut groups, open(context, &table, args)?)?,
        };
        places.insert(key, place);
        groups[place].add(table, args, context)?;
    }
    groups.iter().try_for_each(Group::check)?;
    Ok(groups)
}

fn open(context: &Context, table: &WantedWebhook, args: &WantedArgs) -> Result<Session, Failure> {
    let mut connection = args.connection.clone();
    // What is typed counts more, so it stands behind.
    let own = table.vars.iter().map(|(name, value)| format!("{name}={value}"));
    connection.variables = own.chain(args.connection.variables.iter().cloned()).collect();
    Session::open(context, &table.provider, &connection).map_err(|failure| at(table, failure))
}

/// The group of this API: the same address in other variables is the same API.
fn place_of(groups: &mut Vec<Group>, session: Session) -> Result<usize, Failure> {
    let mut requests = prepare(&session.provider, &session.options, Operation::List, None, &Changes::default())?;
    let Some(list) = requests.pop().map(|prepared| prepared.request.uri) else {
        let (provider, exists) = (session.provider.id().to_string(), session.api()?.operations());
        return Err(RegistrationError::Unsupported { provider, operation: Operation::List, exists }.into());
    };
    let known =
        groups.iter().position(|group| group.list == list && group.session.provider.id() == session.provider.id());
    Ok(known.unwrap_or_else(|| {
        groups.push(Group { session, list, wanted: Vec::new(), tables: Vec::new() });
        groups.len() - 1
    }))
}

impl Group {
    fn add(&mut self, table: WantedWebhook, args: &WantedArgs, context: &Context) -> Result<(), Failure> {
        let api = self.session.api()?;
        let chosen = ChosenEventsArgs {
            events: table.events.clone().unwrap_or_default(),
            all_events: table.events.is_none(),
            allow_unknown_events: args.allow_unknown_events,
        };
        let names = events::required(api, &chosen).map_err(|failure| at(&table, failure))?;
        let url = target::check(&table.url, &self.session, context).map_err(|failure| at(&table, failure))?;
        for events in events::apart(api, names) {
            let (url, enabled, description) = (url.clone(), table.enabled, table.description.clone());
            self.wanted.push(Wanted { url, events, enabled, description });
            self.tables.push(table.clone());
        }
        Ok(())
    }

    /// Nothing would tell two equal ones apart.
    fn check(&self) -> Result<(), Failure> {
        let names = self.session.api()?.events();
        let Some((first, second)) = repeated(&self.wanted, |one, other| names.are_same(one, other)) else {
            return Ok(());
        };
        let (first, second) = (&self.tables[first], &self.tables[second]);
        let message =
            format!("{} and {} want the same webhook: each event would come twice", first.place, second.place);
        Err(Failure::new(Exit::Usage, "broken_config", anyhow::Error::msg(message))
            .hint("remove one, or give it another URL"))
    }

    /// Asks the provider what it has, and compares. What belongs to a listener is left out: it goes with it.
    pub(super) fn plan(&self, context: &Context) -> Result<Vec<Step>, Failure> {
        let mut actual = self.session.call(context, async |client| client.list().await)?;
        // Later than the list: whoever made what is in it has a lease by now.
        let leased = Leased::at(&self.session, context)?;
        let all = actual.len();
        actual.retain(|webhook| !leased.has(webhook));
        let api = self.session.api()?;
        let are_same = |one: &[String], other: &[String]| api.events().are_same(one, other);
        let mut steps = plan(&self.wanted, &actual, &Abilities::of(api), are_same);
        // What a table asks for may be its own all the same.
        steps.retain(|step| step.wanted.is_some() || !step.actual.as_ref().is_some_and(|one| leased.awaits(one)));
        let compared = steps.iter().filter(|step| step.actual.is_some()).count();
        match all - compared {
            0 => {}
            1 => self.say_left_out(context, "1 webhook belongs to a listener on this machine"),
            left => self.say_left_out(context, &format!("{left} webhooks belong to listeners on this machine")),
        }
        Ok(steps)
    }

    fn say_left_out(&self, context: &Context, what: &str) {
        let id = self.session.provider.id();
        context
            .say(&format!("note: {id}: {what}: left out here (`hookctl webhooks prune` removes what dead ones left)"));
    }
}

/// Says which table an error is about.
fn at(table: &WantedWebhook, failure: Failure) -> Failure {
    Failure { error: failure.error.context(table.place.clone()), ..failure }
}
