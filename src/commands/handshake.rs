//! `hookctl send --handshake`: asks an endpoint as the provider does before it sends events, and checks the answer.

use std::sync::Arc;

use http::HeaderMap;
use jiff::Timestamp;
use serde::Serialize;
use serde_json::value::RawValue;
use uuid::Uuid;

use super::payload;
use super::{Context, chosen, input, printed};
use crate::cli::SendArgs;
use crate::delivery::{Tamper, Target, tamper};
use crate::error::{Exit, Failure, Outcome};
use crate::http::{Client, Session};
use crate::model::{Delivery, Request, Secret};
use crate::output::{self, Role, one_line};
use crate::provider::{
    Asked, Draft, Handshake, HandshakeError, LookupError, Probe, Provider, RightAnswer, Spoil, WrongAnswer, compose,
};

/// An expected body is cut here on screen; challenges are shorter.
const MAX_SHOWN: usize = 300;

/// Asks what `wanted` names, or everything that the provider asks.
pub(super) fn run(wanted: Option<&str>, args: &SendArgs, client: Client, context: &Context) -> Outcome {
    let (provider, name) = provider(wanted, args, context)?;
    let asker = Asker {
        secret: chosen::secret(context, &provider, &args.secret)?,
        headers: input::headers(&args.header)?,
        target: Target::parse(&args.to)?,
        seed: args.seed.unwrap_or_else(rand::random),
        now: Timestamp::now(),
        provider,
        args,
        context,
    };
    let questions = asker.questions(name.as_deref())?;
    if args.dry_run || args.curl {
        for question in questions {
            printed::show(question.request, args.curl, context)?;
        }
        return Ok(Exit::Done);
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(asker.ask(questions, client.session(asker.target.url())))
}

/// The provider, and which of its handshakes: `NAME`, `PROVIDER/NAME` or `PROVIDER`.
fn provider(
    wanted: Option<&str>,
    args: &SendArgs,
    context: &Context,
) -> Result<(Arc<Provider>, Option<String>), Failure> {
    let (id, name) = match (args.provider.as_deref(), wanted) {
        (Some(id), name) => (id, name),
        (None, Some(text)) => match text.split_once('/') {
            Some((id, name)) => (id, Some(name)),
            None => (text, None),
        },
        (None, None) => {
            return Err(Failure::usage("--handshake needs a provider").hint("name it with --provider NAME"));
        }
    };
    let provider = chosen::provider(context, id, &args.signature).map_err(|failure| match failure.code {
        "unknown_provider" if args.provider.is_none() => failure.hint("name the provider with --provider NAME"),
        _ => failure,
    })?;
    Ok((chosen::with_variables(provider, &args.variables.variables)?, name.map(str::to_owned)))
}

/// One who asks, with everything that is needed to do so.
struct Asker<'c> {
    provider: Arc<Provider>,
    secret: Option<Secret>,
    headers: HeaderMap,
    target: Target,
    seed: u64,
    now: Timestamp,
    args: &'c SendArgs,
    context: &'c Context,
}

/// One request, and what is the right answer to it.
struct Question {
    name: String,
    request: Request,
    right: RightAnswer,
    kind: Kind,
}

enum Kind {
    Handshake(Arc<Handshake>),
    Probe(Vec<u16>),
}

/// What came of a question, as JSON.
#[derive(Serialize)]
struct Line<'q> {
    provider: &'q str,
    handshake: &'q str,
    right: bool,
    problem: Option<&'q str>,
    hint: Option<&'q str>,
    expected: &'q RightAnswer,
    delivery: Box<RawValue>,
}

impl Asker<'_> {
    /// Everything is composed before anything is sent, so that what is missing is a usage error.
    fn questions(&self, name: Option<&str>) -> Result<Vec<Question>, Failure> {
        let is_wanted = |known: &str| name.is_none_or(|name| name == known);
        let mut questions = Vec::new();
        for handshake in self.provider.handshakes().iter().filter(|handshake| is_wanted(handshake.name())) {
            match self.handshake(handshake)? {
                Some(question) => questions.push(question),
                None if name.is_some() => {
                    return Err(Failure::usage(format!(
                        "the manifest of {} does not say how `{}` is asked",
                        self.provider.id(),
                        handshake.name()
                    )));
                }
                None => {}
            }
        }
        for probe in self.provider.probes().iter().filter(|probe| is_wanted(&probe.name)) {
            if self.secret.is_none() && name.is_none() {
                self.context.say(&format!("note: `{}` spoils a signature and needs a secret: left out", probe.name));
                continue;
            }
            questions.push(self.probe(probe)?);
        }
        if questions.is_empty() { Err(self.unknown(name)) } else { Ok(questions) }
    }

    fn unknown(&self, name: Option<&str>) -> Failure {
        let handshakes = self.provider.handshakes().iter().map(|handshake| &**handshake.name());
        let known: Vec<&str> = handshakes.chain(self.provider.probes().iter().map(|probe| &*probe.name)).collect();
        match name {
            Some(name) if !known.is_empty() => {
                Failure::usage(format!("{} has no handshake `{name}`", self.provider.id()))
                    .hint(format!("it has {}", known.join(", ")))
            }
            _ => Failure::usage(format!("no handshake of {} is known", self.provider.id()))
                .hint("`hookctl providers show NAME` tells what is"),
        }
    }

    fn handshake(&self, handshake: &Arc<Handshake>) -> Result<Option<Question>, Failure> {
        if handshake.is_signed() && self.secret.is_none() && handshake.can_be_asked() {
            let variable = self.provider.about().secret_env.first().map_or("NAME", String::as_str);
            self.context.say(&format!("note: no secret, so the request is not signed (--secret-env {variable})"));
        }
        let Some(request) = self.compose(handshake, None)? else { return Ok(None) };
        let right = handshake.right_answer(&self.asked(&request)).map_err(unanswerable)?;
        let kind = Kind::Handshake(Arc::clone(handshake));
        Ok(Some(Question { name: handshake.name().to_string(), request, right, kind }))
    }

    fn compose(&self, handshake: &Handshake, spoiled: Option<Tamper>) -> Result<Option<Request>, Failure> {
        let generator = tamper::generator(spoiled, self.seed, self.now, self.now);
        let url = self.target.url().as_str();
        Ok(handshake.ask(&self.provider, url, &self.headers, self.secret.as_ref(), &generator)?)
    }

    /// What the provider spoils is its own handshake where it has one that is signed, else an event.
    fn probe(&self, probe: &Probe) -> Result<Question, Failure> {
        let kind = match probe.spoil {
            Spoil::Signature => Tamper::Signature,
            Spoil::Timestamp => Tamper::Timestamp,
            Spoil::Body => Tamper::Body,
        };
        tamper::check(kind, &self.provider, self.secret.as_ref())?;
        let mut signed = self.provider.handshakes().iter().filter(|handshake| handshake.is_signed());
        let own = signed.find_map(|handshake| self.compose(handshake, Some(kind)).transpose());
        let mut request = match own {
            Some(request) => request?,
            None => self.event(kind)?,
        };
        tamper::spoil(kind, &self.provider, &mut request);
        let status = probe.statuses.iter().map(u16::to_string).collect();
        Ok(Question {
            name: probe.name.clone(),
            request,
            right: RightAnswer { status, headers: Vec::new(), body: Vec::new() },
            kind: Kind::Probe(probe.statuses.clone()),
        })
    }

    fn event(&self, kind: Tamper) -> Result<Request, Failure> {
        let id = self.provider.id();
        let event = self.context.catalogue.events(id).into_iter().next().ok_or_else(|| LookupError::UnknownEvent {
            name: "*".to_owned(),
            provider: Some(id.to_string()),
            nearest: None,
        })?;
        let args = SendArgs { what: Some(format!("{id}/{event}")), provider: None, ..self.args.clone() };
        let content = payload::find(&args, self.context)?.content;
        let generator = tamper::generator(Some(kind), self.seed, self.now, self.now);
        let body = content.renewed(&generator)?;
        let headers = content.headers_under(self.headers.clone())?;
        let draft = Draft {
            event: &content.event,
            body: &body,
            content_type: content.content_type.as_deref(),
            headers: &headers,
            url: self.target.url().as_str(),
            signature: None,
        };
        Ok(compose(&self.provider, &draft, self.secret.as_ref(), &generator)?)
    }

    fn asked<'a>(&'a self, request: &'a Request) -> Asked<'a> {
        Asked { provider: &self.provider, request, url: None, secret: self.secret.as_ref() }
    }

    /// Sends one after the other, and says of each whether the answer is right.
    async fn ask(&self, questions: Vec<Question>, mut session: Session) -> Outcome {
        let mut exit = Exit::Done;
        for question in questions {
            let (method, url) = (question.request.method.clone(), question.request.uri.to_string());
            let delivery = session.send(question.request.clone()).await.into_delivery(method, url, 1);
            let wrong = self.judge(&question, &delivery)?;
            self.show(&question, &delivery, wrong.as_ref())?;
            exit = match (exit, &wrong) {
                (Exit::Machine, _) => Exit::Machine,
                _ if delivery.error.is_some() => Exit::Machine,
                (_, Some(_)) => Exit::No,
                (exit, None) => exit,
            };
        }
        Ok(exit)
    }

    fn judge(&self, question: &Question, delivery: &Delivery) -> Result<Option<WrongAnswer>, Failure> {
        let answer = match (&delivery.response, &delivery.error) {
            (Some(response), None) => response,
            (_, error) => {
                let problem =
                    error.as_ref().map_or_else(|| "there was no answer".to_owned(), |one| one.message.clone());
                return Ok(Some(WrongAnswer { problem, hint: error.as_ref().and_then(|one| one.hint.clone()) }));
            }
        };
        match &question.kind {
            Kind::Handshake(handshake) => {
                Ok(handshake.judge(&self.asked(&question.request), answer).map_err(unanswerable)?.err())
            }
            Kind::Probe(statuses) if statuses.contains(&answer.status.as_u16()) => Ok(None),
            Kind::Probe(_) => Ok(Some(WrongAnswer {
                problem: format!(
                    "the status is {}, expected {}",
                    answer.status.as_u16(),
                    question.right.status.join(" or ")
                ),
                hint: answer
                    .status
                    .is_success()
                    .then(|| "the endpoint takes a request that was spoiled: it must check signatures".to_owned()),
            })),
        }
    }

    fn show(&self, question: &Question, delivery: &Delivery, wrong: Option<&WrongAnswer>) -> Result<(), Failure> {
        if self.context.json() {
            let mut object = Vec::new();
            output::write_delivery(&mut object, delivery);
            let object = String::from_utf8_lossy(&object).into_owned();
            return self.context.print_item(
                "handshake",
                &Line {
                    provider: self.provider.id(),
                    handshake: &question.name,
                    right: wrong.is_none(),
                    problem: wrong.map(|wrong| wrong.problem.as_str()),
                    hint: wrong.and_then(|wrong| wrong.hint.as_deref()),
                    expected: &question.right,
                    delivery: RawValue::from_string(object).map_err(|error| Failure::machine("json", error))?,
                },
            );
        }
        let human = self.context.human(0);
        let mut text = human.delivery(&Uuid::now_v7(), delivery, self.now, true);
        match wrong {
            None => text.push_str(&human.remark(&question.name, Role::Good, "answered rightly")),
            Some(wrong) => {
                text.push_str(&human.remark(&question.name, Role::Bad, &wrong.problem));
                text.push_str(&human.remark("expected", Role::Dim, &expected(&question.right)));
                let hint = wrong.hint.as_ref().filter(|_| delivery.error.is_none());
                text.push_str(&hint.map(|hint| human.remark("hint", Role::Warning, hint)).unwrap_or_default());
            }
        }
        Ok(output::print(text)?)
    }
}

/// What would have been right, in one line.
fn expected(right: &RightAnswer) -> String {
    let mut text = format!("status {}", right.status.join(" or "));
    for (name, value) in &right.headers {
        text.push_str(&format!(", header `{name}: {}`", one_line(value, MAX_SHOWN)));
    }
    let bodies: Vec<String> = right.body.iter().map(|body| format!("`{}`", one_line(body, MAX_SHOWN))).collect();
    match right.body.first().map(String::as_str) {
        None => {}
        Some("") => text.push_str(", no body"),
        Some(_) => text.push_str(&format!(", body {}", bodies.join(" or "))),
    }
    text
}

/// What is right cannot be known without more from the user.
fn unanswerable(error: HandshakeError) -> Failure {
    let hint = error.verdict().hint;
    let failure = Failure::usage(error.to_string());
    match hint {
        Some(hint) => failure.hint(hint),
        None => failure,
    }
}
