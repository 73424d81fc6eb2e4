//! `hookctl providers`.

mod inferred;
mod new;

use serde::Serialize;

use super::Context;
use crate::cli::ProvidersCommand;
use crate::error::{Exit, Outcome};
use crate::output;
use crate::provider::{Provider, Retries, Signature, Variable};

/// Runs the command.
pub(super) fn run(command: &ProvidersCommand, context: &Context) -> Outcome {
    match command {
        ProvidersCommand::List => list(context),
        ProvidersCommand::Show { name } => show(name, context),
        ProvidersCommand::New(args) => new::run(args, context),
    }
}

/// A provider as JSON.
#[derive(Serialize)]
struct ProviderLine<'p> {
    id: &'p str,
    name: &'p str,
    docs: &'p [String],
    events: Vec<String>,
    schemes: Vec<String>,
    proof: &'static str,
}

impl<'p> ProviderLine<'p> {
    fn new(provider: &'p Provider, context: &Context) -> Self {
        let about = provider.about();
        let mut schemes: Vec<String> = Vec::new();
        for scheme in provider.signatures().iter().map(Signature::algorithm) {
            if !schemes.contains(&scheme) {
                schemes.push(scheme);
            }
        }
        Self {
            id: &about.id,
            name: &about.name,
            docs: &about.docs,
            events: context.catalogue.events(&about.id),
            schemes,
            proof: about.proof.as_str(),
        }
    }
}

fn list(context: &Context) -> Outcome {
    let (providers, problems) = context.catalogue.all();
    for problem in &problems {
        context.say(&format!("warning: {problem} (this provider is left out)"));
    }
    let lines: Vec<ProviderLine<'_>> = providers.iter().map(|provider| ProviderLine::new(provider, context)).collect();
    if context.json() {
        for line in &lines {
            context.print_item("provider", line)?;
        }
        return Ok(Exit::Done);
    }
    let rows: Vec<Vec<String>> = lines
        .iter()
        .map(|line| {
            let schemes = if line.schemes.is_empty() { "none".to_owned() } else { line.schemes.join(", ") };
            vec![line.id.to_owned(), line.name.to_owned(), schemes, line.events.len().to_string()]
        })
        .collect();
    context.print_table(&["PROVIDER", "NAME", "SIGNATURE", "FIXTURES"], &rows)?;
    Ok(Exit::Done)
}

fn show(name: &str, context: &Context) -> Outcome {
    let provider = context.catalogue.provider(name)?;
    if context.json() {
        context.print_item("provider", &ProviderLine::new(&provider, context))?;
        return Ok(Exit::Done);
    }
    let mut facts: Vec<(&str, String)> = Vec::new();
    let about = provider.about();
    facts.push(("provider", format!("{} ({})", about.id, about.name)));
    facts.extend(about.docs.iter().map(|link| ("docs", link.clone())));
    facts.extend(signature_facts(&provider));
    if !about.secret_env.is_empty() {
        facts.push(("secret", format!("taken from {} when set", about.secret_env.join(", "))));
    }
    facts.extend(provider.variables().iter().map(|variable| ("variable", variable_fact(variable))));
    facts.extend(delivery_facts(&provider));
    let calls = provider.api().map(|api| api.operations().iter().map(|one| one.name()).collect::<Vec<_>>().join(", "));
    facts.push(("api", calls.unwrap_or_else(|| "no registration API is documented".into())));
    if !provider.handshakes().is_empty() {
        let names: Vec<&str> = provider.handshakes().iter().map(|handshake| &**handshake.name()).collect();
        facts.push(("handshakes", names.join(", ")));
    }
    for scenario in provider.scenarios() {
        let steps: Vec<&str> = scenario.steps.iter().map(|step| step.event.as_str()).collect();
        facts.push(("scenario", format!("{}: {}", scenario.name, steps.join(", "))));
    }
    facts.extend(about.notes.iter().map(|note| ("note", note.clone())));
    for event in context.catalogue.events(&about.id) {
        let documented = provider.fixtures().get(&event).is_none_or(|note| note.documented);
        facts.push(("event", if documented { event } else { format!("{event} (illustrative)") }));
    }
    let text: String = facts.iter().map(|(name, value)| format!("{name:<11} {}\n", output::untrusted(value))).collect();
    output::print(text)?;
    Ok(Exit::Done)
}

fn variable_fact(variable: &Variable) -> String {
    let Variable { name, description, env, default, .. } = variable;
    let mut text = format!("{name}: {description} (--var {name}=…");
    if !env.is_empty() {
        text.push_str(&format!(", or {}", env.join(", ")));
    }
    if let Some(default) = default {
        text.push_str(&format!("; else `{default}`"));
    }
    text + ")"
}

fn signature_facts(provider: &Provider) -> Vec<(&'static str, String)> {
    if provider.signatures().is_empty() {
        return vec![("signature", "none is documented".to_owned())];
    }
    let mut facts = Vec::new();
    for signature in provider.signatures() {
        let mut text = format!(
            "{}: {} in {}, written {}",
            signature.id(),
            signature.algorithm(),
            signature.place(),
            signature.format()
        );
        let signed: Vec<&str> = signature.signed().collect();
        if !signed.is_empty() {
            text.push_str(&format!(", over {}", signed.join(" or ")));
        }
        if signature.is_optional() {
            text.push_str(" (optional)");
        }
        if signature.is_deprecated() {
            text.push_str(" (deprecated)");
        }
        facts.push(("signature", text));
        if let Some(note) = &signature.secret_hint().note {
            facts.push(("", format!("secret: {note}")));
        }
    }
    facts
}

fn delivery_facts(provider: &Provider) -> Vec<(&'static str, String)> {
    let delivery = provider.delivery();
    let mut facts = vec![("method", delivery.method.to_string())];
    let unknown = || "not documented".to_owned();
    facts.push(("timeout", delivery.timeout.clone().unwrap_or_else(unknown)));
    facts.push((
        "retries",
        match &delivery.retries {
            None => unknown(),
            Some(Retries::Delays(delays)) if delays.is_empty() => "none".to_owned(),
            Some(Retries::Delays(delays)) => delays.join(", "),
            Some(Retries::Window { count, window, backoff }) => {
                let count = count.map(|count| format!("{count} times"));
                let window = window.as_ref().map(|window| format!("within {window}"));
                [count, window, backoff.clone()].into_iter().flatten().collect::<Vec<_>>().join(", ")
            }
        },
    ));
    if let Some(rule) = &delivery.disable {
        let limit = rule.failures.map(|count| format!("{count} failed {} in a row", rule.of.as_str()));
        let window = rule.window.map(|window| format!("nothing but failures for {}", output::span(window)));
        let after: Vec<String> = limit.into_iter().chain(window).collect();
        facts.push(("given up", format!("{} after {}", rule.action.done(), after.join(", or "))));
    }
    if !delivery.success.is_empty() {
        facts.push(("success", delivery.success.join(", ")));
    }
    if let (Some(source), Some(verified)) = (&delivery.source, &delivery.verified) {
        facts.push(("source", format!("{source} (read {verified})")));
    }
    facts
}
