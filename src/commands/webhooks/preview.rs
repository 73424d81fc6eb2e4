//! Requests that are shown instead of sent: nobody is called, and no credential is shown.

use http::HeaderValue;
use http::header::AUTHORIZATION;

use super::session::Session;
use crate::cli::PreviewArgs;
use crate::commands::{Context, printed};
use crate::error::{Exit, Failure, Outcome};
use crate::output::{self, CurlCredential, MASK};
use crate::provider::api::{Auth, Operation};
use crate::registration::{Changes, CredentialPlace, Credentials, PreparedRequest, prepare};

impl PreviewArgs {
    /// Whether nothing is to be sent.
    pub(super) fn is_wanted(&self) -> bool {
        self.dry_run || self.curl
    }
}

/// Prints the requests of a call.
pub(super) fn show(
    args: &PreviewArgs,
    session: &Session,
    operation: Operation,
    id: Option<&str>,
    changes: &Changes,
    context: &Context,
) -> Outcome {
    for request in prepare(&session.provider, &session.options, operation, id, changes)? {
        if args.curl {
            as_curl(&request, session, context)?;
        } else {
            as_request(request, context)?;
        }
    }
    Ok(Exit::Done)
}

fn as_request(prepared: PreparedRequest, context: &Context) -> Outcome {
    let PreparedRequest { mut request, credential, .. } = prepared;
    let masked = |before: &str| HeaderValue::try_from(format!("{before}{MASK}"));
    let (name, value) = match credential {
        CredentialPlace::Nowhere => return printed::show(request, false, context),
        CredentialPlace::Basic => (AUTHORIZATION, masked("Basic ")),
        CredentialPlace::Header(name, before) => (name, masked(&before)),
        CredentialPlace::Query(name) => {
            let and = if request.uri.query().is_some() { '&' } else { '?' };
            let uri = format!("{}{and}{name}={MASK}", request.uri);
            request.uri = uri.parse().unwrap_or(request.uri);
            return printed::show(request, false, context);
        }
    };
    if let Ok(value) = value {
        request.headers.insert(name, value);
    }
    printed::show(request, false, context)
}

fn as_curl(prepared: &PreparedRequest, session: &Session, context: &Context) -> Result<(), Failure> {
    let variables = Variables::of(&session.options.credentials, session.api()?.auth());
    let credential = match &prepared.credential {
        CredentialPlace::Nowhere => None,
        CredentialPlace::Basic => Some(CurlCredential::Basic(variables.username.clone(), variables.secret.clone())),
        CredentialPlace::Header(name, before) => {
            Some(CurlCredential::Header(name.clone(), before.clone(), variables.secret.clone()))
        }
        CredentialPlace::Query(name) => Some(CurlCredential::Query(name.clone(), variables.secret.clone())),
    };
    if credential.is_some() {
        for (name, is_set) in variables.needed(&prepared.credential) {
            if !is_set {
                context.say(&format!("note: set {name} in the shell first"));
            }
        }
    }
    if prepared.is_masked {
        context.say(&format!("note: the signing secret is masked; put it in place of {MASK}"));
    }
    let request = &prepared.request;
    printed::command(&output::curl_with(request, &request.uri.to_string(), credential.as_ref()), context)
}

/// Variables of the shell that hold the credential, each with whether it is known to be set.
struct Variables {
    username: String,
    is_username_set: bool,
    secret: String,
    is_secret_set: bool,
}

impl Variables {
    fn of(credentials: &Credentials, auth: &Auth) -> Self {
        let from = |origin: &str, known: &[String], other: &str| {
            let named = origin.strip_prefix("env:").filter(|name| output::is_variable(name));
            let known = known.first().map_or(other, String::as_str);
            (named.unwrap_or(known).to_owned(), named.is_some())
        };
        let (username, secret) = match credentials {
            Credentials::None => ("", ""),
            Credentials::Basic { username_origin, password, .. } => (username_origin.as_str(), password.origin()),
            Credentials::Token(token) => ("", token.origin()),
        };
        let (username, is_username_set) = from(username, &auth.username_env, "API_USERNAME");
        let (secret, is_secret_set) = from(secret, &auth.env, "API_TOKEN");
        Self { username, is_username_set, secret, is_secret_set }
    }

    fn needed(&self, place: &CredentialPlace) -> Vec<(&str, bool)> {
        let secret = (self.secret.as_str(), self.is_secret_set);
        match place {
            CredentialPlace::Basic => vec![(self.username.as_str(), self.is_username_set), secret],
            _ => vec![secret],
        }
    }
}
