//! `hookctl events replay`: events of the history go out again, oldest first.

mod fire;
mod pace;
mod recipe;
mod selection;
mod show;

use http::HeaderMap;
use http::header::CONTENT_TYPE;

use crate::cli::ReplayArgs;
use crate::commands::confirm::MAX_UNASKED;
use crate::commands::{Context, editor};
use crate::delivery::{Destination, Target, destinations};
use crate::error::{Exit, Failure, Outcome};
use crate::model::Request;
use crate::output;
use crate::store::{Reader, Stored};

use recipe::Recipe;
use selection::Selection;

/// A target in a question is cut here.
const MAX_TARGET: usize = 200;

/// Runs the command.
pub(in crate::commands) fn run(args: &ReplayArgs, context: &Context) -> Outcome {
    let mut replay = Replay::new(args, context)?;
    let selection = selection::select(&replay)?;
    if selection.steps.is_empty() {
        return Ok(nothing(&selection, context));
    }
    if args.edit {
        replay.edit(&selection)?;
    }
    replay.rehearse(&selection)?;
    if args.dry_run {
        return show::dry_run(&replay, &selection);
    }
    if !args.yes && selection.requests > MAX_UNASKED {
        context.confirm(&question(&selection), selection.requests)?;
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(fire::run(&replay, &selection))
}

fn question(selection: &Selection) -> String {
    let (count, events) = (selection.requests, selection.steps.len());
    let target = output::one_line(selection.target.as_deref().unwrap_or_default(), MAX_TARGET);
    let others = if selection.several_targets { " and others" } else { "" };
    format!("send {count} requests for {events} events to {target}{others}?")
}

/// Everything that was already delivered is no failure: a replay that is repeated has come to its end.
fn nothing(selection: &Selection, context: &Context) -> Exit {
    if selection.delivered > 0 {
        let them = if selection.delivered == 1 { "the event was" } else { "all events were" };
        context.say(&format!("nothing is missing: {them} delivered already ({})", selection.delivered));
        return Exit::Done;
    }
    context.say("no event matches");
    Exit::No
}

/// What was asked for.
struct Replay<'a> {
    args: &'a ReplayArgs,
    context: &'a Context,
    reader: Reader,
    target: Option<Target>,
    recipe: Recipe<'a>,
}

/// One request that is ready to go.
struct Shot {
    destination: Destination,
    attempt: u32,
    /// `None` when the path of the event leads out of the target.
    request: Option<Request>,
}

impl<'a> Replay<'a> {
    fn new(args: &'a ReplayArgs, context: &'a Context) -> Result<Self, Failure> {
        let is_narrow = args.missing || !selection::filter_of(args)?.is_empty();
        if args.events.is_empty() && !is_narrow {
            return Err(Failure::usage("no events were named")
                .hint("name some (@last, @2, an id) or choose them: --since 2h --failed; --event '*' takes all"));
        }
        Ok(Self {
            target: args.to.as_deref().map(Target::parse).transpose()?,
            recipe: Recipe::new(args, context)?,
            reader: context.reader()?,
            args,
            context,
        })
    }

    /// Lets the person change the body of the one event that is meant.
    fn edit(&mut self, selection: &Selection) -> Result<(), Failure> {
        let [only] = selection.steps.as_slice() else {
            return Err(Failure::usage(format!("--edit takes one event, and {} are chosen", selection.steps.len()))
                .hint("name one, such as @last"));
        };
        let Some(stored) = self.reader.by_seq(only.seq)? else { return Ok(()) };
        let extension = extension(&stored.event.request.headers);
        self.recipe.again.body = Some(editor::edit(&stored.event.request.body, extension)?.into());
        Ok(())
    }

    /// Makes every request once before any is sent, so that a wrong edit or secret stops nothing half-way.
    fn rehearse(&self, selection: &Selection) -> Result<(), Failure> {
        if !self.recipe.again.can_fail() {
            return Ok(());
        }
        let mut is_unmarked = self.args.missing;
        for step in &selection.steps {
            if let Some(stored) = self.reader.by_seq(step.seq)? {
                self.shots(&stored, &mut is_unmarked)?;
            }
        }
        Ok(())
    }

    /// The requests of an event. `is_unmarked` is true while the attempt that a killed replay did not get
    /// to record may still come: it was for the first event without any attempt, so that one is marked.
    fn shots(&self, stored: &Stored, is_unmarked: &mut bool) -> Result<Vec<Shot>, Failure> {
        let found = self.destinations(stored)?;
        let wanted = found.into_iter().filter(|destination| self.is_wanted(destination));
        wanted
            .map(|destination| {
                let mut attempt = destination.attempts + 1;
                if attempt == 1 && std::mem::take(is_unmarked) {
                    attempt = 2;
                }
                let uri = destination.uri.as_ref().ok();
                let request = uri.map(|uri| self.recipe.request(&stored.event, uri, attempt)).transpose()?;
                Ok(Shot { destination, attempt, request })
            })
            .collect()
    }

    /// Where the event goes, whether it is wanted there or not.
    fn destinations(&self, stored: &Stored) -> Result<Vec<Destination>, Failure> {
        let (attempts, waiting) = (self.reader.deliveries(stored.seq)?, self.reader.waiting_for(stored.seq)?);
        Ok(destinations(&stored.event.request.uri, &attempts, &waiting, self.target.as_ref())?)
    }

    /// With `--missing` an event goes only where it has not arrived yet; with `--failed` and no target
    /// of its own only where it failed or waits.
    fn is_wanted(&self, destination: &Destination) -> bool {
        let is_left_out = self.args.missing && destination.delivered;
        let is_done = self.args.filter.failed && self.target.is_none() && !destination.failed;
        !is_left_out && (!is_done || destination.waits.is_some())
    }
}

/// By which an editor knows how to show it.
fn extension(headers: &HeaderMap) -> &'static str {
    let kind = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    match kind {
        kind if kind.contains("json") => "json",
        kind if kind.contains("xml") => "xml",
        _ => "txt",
    }
}
