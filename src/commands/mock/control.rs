//! `hookctl mock emit`, `redeliver` and `scenario`.

use http::Method;
use serde_json::{Value, json};

use super::Context;
use super::caller::Caller;
use super::read;
use crate::cli::{EmitArgs, RedeliverArgs, ScenarioArgs};
use crate::error::{Exit, Failure, Outcome};
use crate::output;

/// Makes an event happen.
pub(super) fn emit(args: &EmitArgs, context: &Context) -> Outcome {
    let body = json!({
        "event": args.event, "set": args.set, "add": args.add, "webhook": args.webhook, "wait": !args.no_wait,
    });
    let answer = Caller::new(&args.api.api_url)?.call(Method::POST, "/emit", Some(&body), context)?;
    let messages = list(&answer, "messages");
    if messages.is_empty() {
        let event = answer["event"].as_str().unwrap_or(&args.event);
        let nobody = anyhow::anyhow!("no enabled webhook wants {event}");
        return Err(
            Failure::new(Exit::No, "nothing_matched", nobody).hint("register one, or name one with --webhook ID")
        );
    }
    if args.no_wait {
        let ids: Vec<&str> = messages.iter().filter_map(Value::as_str).collect();
        context.say(&format!("{} on the way: `hookctl mock log` tells what came of it", ids.join(", ")));
        return Ok(Exit::Done);
    }
    conclude(list(&answer, "attempts"), messages.len(), context)
}

/// Tries a message once more.
pub(super) fn redeliver(args: &RedeliverArgs, context: &Context) -> Outcome {
    let body = json!({ "message": args.message, "wait": !args.no_wait });
    let answer = Caller::new(&args.api.api_url)?.call(Method::POST, "/redeliver", Some(&body), context)?;
    if args.no_wait { Ok(Exit::Done) } else { conclude(list(&answer, "attempts"), 1, context) }
}

/// Plays a scenario.
pub(super) fn scenario(args: &ScenarioArgs, context: &Context) -> Outcome {
    let body = json!({ "name": args.name, "wait": !args.no_wait });
    let answer = Caller::new(&args.api.api_url)?.call(Method::POST, "/scenario", Some(&body), context)?;
    if args.no_wait {
        let steps: Vec<&str> = list(&answer, "steps").iter().filter_map(|step| step["event"].as_str()).collect();
        context.say(&format!("playing {}", output::untrusted(steps.join(", "))));
        return Ok(Exit::Done);
    }
    let attempts = list(&answer, "attempts");
    if attempts.is_empty() {
        let nobody = anyhow::anyhow!("no enabled webhook wants an event of `{}`", args.name);
        return Err(Failure::new(Exit::No, "nothing_matched", nobody).hint("register one first"));
    }
    conclude(attempts, attempts.len(), context)
}

/// Tells the attempts; the answer is yes when so many were made, and all got through.
fn conclude(attempts: &[Value], wanted: usize, context: &Context) -> Outcome {
    let human = context.human(0);
    for attempt in attempts {
        if context.json() {
            context.print_item("attempt", attempt)?;
        } else if let Some(attempt) = read::attempt(attempt) {
            output::print(human.mock_attempt(&attempt))?;
        }
    }
    if attempts.len() < wanted {
        let late = wanted - attempts.len();
        context.say(&format!("{late} first attempts were not over in time: `hookctl mock log` tells more"));
        return Ok(Exit::No);
    }
    let is_good = attempts.iter().all(|attempt| attempt["success"] == true);
    Ok(if is_good { Exit::Done } else { Exit::No })
}

fn list<'v>(answer: &'v Value, name: &str) -> &'v [Value] {
    answer[name].as_array().map_or(&[], Vec::as_slice)
}
