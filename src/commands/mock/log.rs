//! `hookctl mock log`.

use http::Method;
use serde_json::Value;

use super::Context;
use super::caller::Caller;
use super::read;
use crate::cli::LogArgs;
use crate::error::{Exit, Outcome};
use crate::output;

/// Runs the command.
pub(super) fn run(args: &LogArgs, context: &Context) -> Outcome {
    let path = match &args.message {
        Some(message) => {
            let id: String = form_urlencoded::byte_serialize(message.as_bytes()).collect();
            format!("/log?message={id}")
        }
        None => format!("/log?limit={}", args.limit),
    };
    let answer = Caller::new(&args.api.api_url)?.call(Method::GET, &path, None, context)?;
    let messages = answer["messages"].as_array().map_or(&[][..], Vec::as_slice);
    if answer["left_out"].as_u64().is_some_and(|left_out| left_out > 0) {
        context.say("note: this log is too long for one answer, so older messages are left out");
    }
    if context.json() {
        for message in messages {
            context.print_item("message", message)?;
        }
        return Ok(Exit::Done);
    }
    if args.message.is_some() {
        let human = context.human(0);
        let attempts = messages.iter().flat_map(attempts).filter_map(read::attempt);
        output::print(attempts.map(|attempt| human.mock_attempt(&attempt)).collect::<String>())?;
        return Ok(Exit::Done);
    }
    if messages.is_empty() {
        context.say("nothing was delivered yet: `hookctl mock emit EVENT` makes something happen");
        return Ok(Exit::Done);
    }
    let rows: Vec<Vec<String>> = messages.iter().map(row).collect();
    context.print_table(&["MESSAGE", "EVENT", "WEBHOOK", "TARGET", "STATE", "ATTEMPTS", "LAST"], &rows)?;
    Ok(Exit::Done)
}

fn attempts(message: &Value) -> &[Value] {
    message["attempts"].as_array().map_or(&[], Vec::as_slice)
}

fn row(message: &Value) -> Vec<String> {
    let text = |name: &str| output::untrusted(message[name].as_str().unwrap_or_default());
    let last = attempts(message).last().map_or(String::new(), |attempt| {
        let delivery = &attempt["delivery"];
        match (&delivery["status"], &delivery["error"]["kind"]) {
            (_, Value::String(kind)) => output::untrusted(kind),
            (Value::Number(status), _) => status.to_string(),
            _ => String::new(),
        }
    });
    vec![
        text("id"),
        text("event_type"),
        text("webhook_id"),
        text("target"),
        text("state"),
        attempts(message).len().to_string(),
        last,
    ]
}
