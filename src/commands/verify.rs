//! `hookctl verify` and `hookctl sign`: signatures without a network.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::sync::Arc;

use http::HeaderMap;
use jiff::Timestamp;
use serde::Serialize;
use sha2::{Digest as _, Sha256};

use super::printed::mask;
use super::{Context, chosen, events, input};
use crate::cli::{SignArgs, VerifyArgs};
use crate::error::{Exit, Failure, Outcome};
use crate::model::{Reason, Request, Secret, Verdict, VerdictStatus};
use crate::output::{self, Role};
use crate::provider::{
    Circumstances, Draft, Effort, Generator, Identity, Provider, Signature, Trace, Verifier, compose, identify,
};

/// A reason repeats pieces of the request; it is cut here.
const MAX_REASON_WIDTH: usize = 2_000;

/// Checks one request.
pub(super) fn verify(args: &VerifyArgs, context: &Context) -> Outcome {
    let Subject { request, provider, received_at } = Subject::find(args, context)?;
    let provider = match args.provider.as_deref().or(provider.as_deref()) {
        Some(id) => chosen::provider(context, id, &args.signature)?,
        None => recognised(&request, context)?,
    };
    let received_at = received_at.filter(|_| args.at.is_none());
    if let Some(received_at) = received_at.filter(|_| provider.signatures().iter().any(Signature::has_timestamp)) {
        context.say(&format!("note: checked as of {received_at:.0}, when it was received (--at names another time)"));
    }
    let provider = chosen::with_variables(provider, &args.variables.variables)?;
    let secrets = chosen::secrets(context, &provider, &args.secret)?;
    let circumstances = Circumstances {
        tolerance: chosen::tolerance(args.tolerance),
        url: args.url.as_deref(),
        reveal: !context.json(),
        ..Circumstances::at(received_at.map_or_else(|| input::moment(args.at.as_deref()), Ok)?)
    };
    let verifier = Verifier::new(Arc::clone(&provider), secrets);
    let supplied = if args.fetch_keys {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        Some(runtime.block_on(chosen::published_keys().supply(&verifier, &request, &circumstances)))
    } else {
        None
    };
    let circumstances = Circumstances { supplied: supplied.as_deref(), ..circumstances };
    let mut verdict = verifier.verify(&request, &circumstances);
    if matches!(verdict.status, VerdictStatus::Invalid | VerdictStatus::Unsigned) {
        let (providers, _) = context.catalogue.all();
        let (known, providers, effort) = (known(context, &providers), &providers, Effort::THOROUGH);
        verdict = verifier.verify(&request, &Circumstances { known: &known, providers, effort, ..circumstances });
    }
    if matches!(verdict.reason, Some(Reason::NoSecret { .. })) {
        let variable = provider.about().secret_env.first().map_or("NAME", String::as_str);
        verdict = verdict.with_hint(format!("give it with --secret-env NAME, --secret-file PATH or {variable}"));
    }
    let exit = if verdict.status == VerdictStatus::Valid { Exit::Done } else { Exit::No };
    let trace = if args.explain && !context.json() {
        verifier.trace(&request, &circumstances, verdict.scheme.as_deref())
    } else {
        None
    };
    print_verdict(&verdict, &provider, &request, context)
        .and_then(|()| trace.map_or(Ok(()), |trace| print_trace(&trace, context)))
        .map_or_else(|failure| failure.unless_closed(exit), |()| Ok(exit))
}

/// Every secret that this project has: those that the configuration names, and the providers' well-known variables.
fn known(context: &Context, providers: &[Arc<Provider>]) -> Vec<Secret> {
    let mut known = chosen::known_secrets(context);
    let variables = providers.iter().flat_map(|provider| &provider.about().secret_env).collect::<BTreeSet<_>>();
    known.extend(
        variables.into_iter().filter_map(|name| chosen::well_known(context, std::slice::from_ref(name)).ok().flatten()),
    );
    known
}

/// What is checked, with what is known of it already.
struct Subject {
    request: Request,
    provider: Option<Arc<str>>,
    received_at: Option<Timestamp>,
}

impl Subject {
    fn find(args: &VerifyArgs, context: &Context) -> Result<Self, Failure> {
        let Some(name) = &args.event else {
            return Ok(Self { request: request(args)?, provider: None, received_at: None });
        };
        let event = events::find(&context.reader()?, name)?.event;
        let mut request = event.request;
        let typed = input::headers(&args.header)?;
        for name in typed.keys() {
            request.headers.remove(name);
        }
        request.headers.extend(typed);
        if let Some((name, _)) = request.headers.iter().find(|(_, value)| value.is_sensitive()) {
            let message = format!("`{name}` of this event was the right credential, which the history does not keep");
            return Err(Failure::usage(message).hint(format!("give it again: --header '{name}: …'")));
        }
        let is_known = context.catalogue.ids().iter().any(|id| *id == *event.provider);
        Ok(Self { request, provider: Some(event.provider).filter(|_| is_known), received_at: Some(event.received_at) })
    }
}

fn request(args: &VerifyArgs) -> Result<Request, Failure> {
    let method = args.method.parse().map_err(|_| Failure::usage(format!("`{}` is not a method", args.method)))?;
    let uri = match &args.url {
        Some(url) => url.parse().map_err(|_| Failure::usage(format!("`{url}` is not a URL")))?,
        None => http::Uri::from_static("/"),
    };
    Ok(Request { method, uri, headers: input::headers(&args.header)?, body: input::read(&args.body)?.into() })
}

fn recognised(request: &Request, context: &Context) -> Result<Arc<Provider>, Failure> {
    let (providers, _) = context.catalogue.all();
    match identify(&providers, request) {
        Identity::Known(provider) => Ok(provider),
        Identity::Candidates(candidates) => {
            let names: Vec<&str> = candidates.iter().map(|provider| &**provider.id()).collect();
            Err(Failure::usage(format!("the request could be from {}", names.join(" or ")))
                .hint("name one with --provider"))
        }
        Identity::Unknown => Err(Failure::usage("no known provider matches this request")
            .hint("name one with --provider, and give its signature header with --header")),
    }
}

/// A verdict as JSON. What would have matched is not in it.
#[derive(Serialize)]
struct VerdictLine<'v> {
    provider: &'v str,
    event_type: Option<String>,
    verdict: VerdictFields<'v>,
}

#[derive(Serialize)]
struct VerdictFields<'v> {
    status: &'static str,
    scheme: Option<&'v str>,
    reason: Option<String>,
    hint: Option<&'v str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    secret: Option<&'v str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    explanation: Option<output::ExplanationFields<'v>>,
}

fn print_verdict(verdict: &Verdict, provider: &Provider, request: &Request, context: &Context) -> Result<(), Failure> {
    if context.json() {
        return context.print_item(
            "verified",
            &VerdictLine {
                provider: provider.id(),
                event_type: provider.event_type(request),
                verdict: VerdictFields {
                    status: verdict.status.as_str(),
                    scheme: verdict.scheme.as_deref(),
                    reason: verdict.reason.as_ref().map(ToString::to_string),
                    hint: verdict.hint.as_deref(),
                    secret: verdict.secret.as_deref(),
                    explanation: verdict.explanation.as_deref().map(output::ExplanationFields::of),
                },
            },
        );
    }
    let human = context.human(1);
    let text = match verdict.status {
        VerdictStatus::Valid => {
            let signature = provider.signatures().iter().find(|known| Some(known.id()) == verdict.scheme.as_deref());
            let how = signature.map(|signature| format!(": {} in {}", signature.algorithm(), signature.place()));
            let hint = verdict.hint.as_ref().map(|hint| format!(" ({hint})"));
            let which =
                verdict.secret.as_ref().map(|label| format!(", by the secret {}", output::untrusted(label.as_bytes())));
            format!(
                "{} valid {} signature{}{}{}\n",
                human.palette.paint(Role::Good, "✓"),
                provider.id(),
                how.unwrap_or_default(),
                which.unwrap_or_default(),
                hint.unwrap_or_default()
            )
        }
        status => {
            let glyph = human.palette.paint(Role::Bad, "✗");
            let reason = verdict.reason.as_ref().map(ToString::to_string).unwrap_or_default();
            let reason = output::one_line(reason, MAX_REASON_WIDTH);
            format!("{glyph} {} ({}): {reason}\n{}", status.as_str(), provider.id(), human.advice(verdict))
        }
    };
    Ok(output::print(text)?)
}

/// Bytes of the signed content that are shown of each of its ends.
const SHOWN_END: usize = 32;

/// Prints what was compared. Only for people: the content and the signatures do not leave this terminal.
fn print_trace(trace: &Trace, context: &Context) -> Result<(), Failure> {
    let human = context.human(1);
    let mut text = String::new();
    if let Some((place, received)) = &trace.received {
        text.push_str(&human.remark("received", Role::Dim, &format!("{place}: {received}")));
    }
    if let Some(content) = &trace.content {
        let digest = hex::encode(Sha256::digest(content));
        text.push_str(&human.remark("signed", Role::Dim, &format!("{} bytes, sha256 {digest}", content.len())));
        text.extend(ends(content).iter().map(|line| format!("      {line}\n")));
    } else if trace.holds_secret {
        text.push_str(&human.remark("signed", Role::Dim, "not shown: the secret is part of it"));
    }
    if let Some(key) = &trace.key {
        let said = format!("{} bytes, sha256 begins {} ({})", key.length, key.fingerprint, key.secret);
        text.push_str(&human.remark("key", Role::Dim, &said));
    }
    Ok(output::print(text)?)
}

/// The hex dump of both ends of the content, or of all of it where it is short.
fn ends(content: &[u8]) -> Vec<String> {
    if content.len() <= 2 * SHOWN_END {
        return output::hex_lines(content, 0).collect();
    }
    let tail = content.len() - SHOWN_END;
    let start = output::hex_lines(&content[..SHOWN_END], 0);
    start.chain(["…".to_owned()]).chain(output::hex_lines(&content[tail..], tail)).collect()
}

/// Prints the headers that the provider would send with a body, and what else of the request the signature changes.
pub(super) fn sign(args: &SignArgs, context: &Context) -> Outcome {
    let provider = chosen::provider(context, &args.provider, &args.signature)?;
    let provider = chosen::with_variables(provider, &args.variables.variables)?;
    if provider.signatures().is_empty() {
        return Err(Failure::usage(format!("{} does not sign its requests", provider.id()))
            .hint("name a signature with --signature-header"));
    }
    let Some(secret) = chosen::secret(context, &provider, &args.secret)? else {
        let variable = provider.about().secret_env.first().map_or("NAME", String::as_str);
        return Err(Failure::usage(format!("no secret for {}", provider.id()))
            .hint(format!("give it with --secret-env NAME, --secret-file PATH or {variable}")));
    };
    let body = input::read(&args.body)?;
    let event = match &args.event {
        Some(event) => event.clone(),
        None => {
            let request = Request { body: body.clone().into(), ..Request::default() };
            provider.event_type(&request).unwrap_or_default()
        }
    };
    let headers = input::headers(&args.header)?;
    let draft =
        Draft { event: &event, body: &body, content_type: None, headers: &headers, url: &args.url, signature: None };
    let generator = RefCell::new(Generator::new(rand::random(), input::moment(args.at.as_deref())?));
    let mut request = compose(&provider, &draft, Some(&secret), &generator)?;
    if provider.mask_credentials(&mut request) {
        context.say("note: what is sent is the credential itself, so it is masked");
    }
    if mask(&mut request.headers) {
        let known: Vec<&str> = provider.signatures().iter().map(Signature::id).collect();
        context.say(&format!("note: the header is the credential itself, so it is masked ({})", known.join(", ")));
    }
    let given: http::Uri = args.url.parse().unwrap_or_default();
    let url = (request.uri.query() != given.query()).then(|| request.uri.to_string());
    let signed_body = Some(&request.body).filter(|signed| **signed != body);
    print_signed(&request.headers, url, signed_body.map(|body| &**body), context)?;
    Ok(Exit::Done)
}

/// What a provider would send: the headers, and the URL and the body where the signature stands there.
#[derive(Serialize)]
struct SignedLine {
    headers: Vec<(String, String)>,
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    body: Option<String>,
}

fn print_signed(
    headers: &HeaderMap,
    url: Option<String>,
    body: Option<&[u8]>,
    context: &Context,
) -> Result<(), Failure> {
    let text = |value: &[u8]| String::from_utf8_lossy(value).into_owned();
    if context.json() {
        let headers = headers.iter().map(|(name, value)| (name.to_string(), text(value.as_bytes()))).collect();
        return context.print_item("signed", &SignedLine { headers, url, body: body.map(text) });
    }
    let url = url.map(|url| format!("{}\n", output::untrusted(url))).unwrap_or_default();
    let lines: String = headers
        .iter()
        .map(|(name, value)| format!("{name}: {}\n", output::untrusted(text(value.as_bytes()))))
        .collect();
    let body = body.map(|body| format!("\n{}\n", output::untrusted(text(body)))).unwrap_or_default();
    Ok(output::print(url + &lines + &body)?)
}
