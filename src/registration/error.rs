//! Why a registration call did not do what was asked, and what to do about it.

use std::time::Duration;

use super::credentials::Credentials;
use crate::http::ClientError;
use crate::model::{FailureKind, Webhook};
use crate::provider::api::{ApiError, Auth, AuthKind, Operation};

/// What the API itself says of a call that it did not carry out; cleaned and without credentials.
#[derive(Debug, Clone, Default)]
pub struct Said {
    /// The status of its answer.
    pub status: u16,
    /// In its own words.
    pub message: Option<String>,
    /// By which the provider finds the request again.
    pub request_id: Option<String>,
    /// How often it was asked.
    pub attempts: u32,
}

impl std::fmt::Display for Said {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if let Some(message) = &self.message {
            write!(f, ": {message}")?;
        }
        match (&self.request_id, self.attempts) {
            (Some(id), 2..) => write!(f, " (request id {id}; {} tries)", self.attempts),
            (Some(id), _) => write!(f, " (request id {id})"),
            (None, 2..) => write!(f, " ({} tries)", self.attempts),
            (None, _) => Ok(()),
        }
    }
}

/// A registration call that failed.
#[derive(Debug, thiserror::Error)]
pub enum RegistrationError {
    /// The provider has no such API, or none that is documented.
    #[error("{provider} documents no API for webhooks")]
    NoApi {
        /// The provider.
        provider: String,
        /// What its manifest says beside that.
        instead: String,
    },
    /// The API has no such call.
    #[error("{provider} documents no call to {} a webhook", .operation.name())]
    Unsupported {
        /// The provider.
        provider: String,
        /// What was asked for.
        operation: Operation,
        /// What there is.
        exists: Vec<Operation>,
    },
    /// A value that the call needs is not given.
    #[error("{provider} needs `{name}`")]
    Missing {
        /// The provider.
        provider: String,
        /// Which.
        name: String,
        /// Whether it is given with `--var`.
        is_variable: bool,
    },
    /// A value that the call has no place for.
    #[error("{provider} takes no {name} {}", if *.operation == Operation::Create { "for a new webhook" } else { "as a change" })]
    NoPlace {
        /// The provider.
        provider: String,
        /// What was asked for.
        operation: Operation,
        /// Which.
        name: &'static str,
        /// What to do.
        instead: &'static str,
    },
    /// A value would lead elsewhere.
    #[error("`{name}` cannot have this value: it would lead to another place of the API")]
    Unfit {
        /// Which.
        name: String,
    },
    /// The address of the API is none.
    #[error("`{url}` is not the URL of an API: {problem}")]
    BadApiUrl {
        /// As typed.
        url: String,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// The API wants a credential that is not given.
    #[error("{provider} asks for {wanted}{given}")]
    NoCredentials {
        /// The provider.
        provider: String,
        /// In words.
        wanted: &'static str,
        /// What was given instead.
        given: &'static str,
        /// Flags, with the variables that the provider's own tools use.
        flags: String,
    },
    /// The credential cannot stand in a header.
    #[error("the credential from {origin} has characters that no header can carry")]
    BadCredential {
        /// Where it came from.
        origin: String,
    },
    /// Anyone on the way could read the credential.
    #[error("{url} is not encrypted, and the credential would be sent there")]
    InTheClear {
        /// The API.
        url: String,
    },
    /// Anyone on the way could pose as the API.
    #[error("--insecure does not check who answers, and the credential would be sent there")]
    Unchecked,
    /// No TLS.
    #[error(transparent)]
    Tls(#[from] ClientError),
    /// The client itself cannot be made.
    #[error("the HTTP client cannot be made: {0}")]
    Client(String),
    /// 401 or 403.
    #[error("{provider} {} ({}), {origins}{said}", if .said.status == 401 { "does not accept the credentials" } else { "does not allow this" }, .said.status)]
    Denied {
        /// The provider.
        provider: String,
        /// Where each value came from.
        origins: String,
        /// Its answer.
        said: Said,
    },
    /// 404 or 410 for an id.
    #[error("{provider} has no webhook `{id}` ({}){said}", .said.status)]
    UnknownId {
        /// The provider.
        provider: String,
        /// Which.
        id: String,
        /// Its answer.
        said: Said,
    },
    /// Another 4xx.
    #[error("{provider} refused to {} ({}){said}", deed(*.operation), .said.status)]
    Refused {
        /// The provider.
        provider: String,
        /// What was asked for.
        operation: Operation,
        /// Its answer.
        said: Said,
    },
    /// Too many calls.
    #[error("{provider} takes no more calls for now ({}){said}", .said.status)]
    Limited {
        /// The provider.
        provider: String,
        /// Its answer.
        said: Said,
        /// For how long, where it says that and it is longer than anyone waits here.
        asked: Option<Duration>,
    },
    /// 5xx.
    #[error("{provider} failed to {} ({}){said}", deed(*.operation), .said.status)]
    Server {
        /// The provider.
        provider: String,
        /// What was asked for.
        operation: Operation,
        /// Its answer.
        said: Said,
    },
    /// 3xx that is not followed.
    #[error("the API at {host} redirects ({status}) to {to}, which is not followed")]
    Redirect {
        /// Who was asked.
        host: String,
        /// The status.
        status: u16,
        /// Where it leads, without its query.
        to: String,
    },
    /// An answer that is not what the API documents.
    #[error("the answer of {host} ({status}, {content_type}) {problem}: {beginning}")]
    Unreadable {
        /// Who answered.
        host: String,
        /// The status.
        status: u16,
        /// What it claims to be.
        content_type: String,
        /// What is wrong with it.
        problem: String,
        /// Its first characters.
        beginning: String,
    },
    /// No answer, or not all of one.
    #[error("{message}{}", tries(*.attempts))]
    Network {
        /// What went wrong.
        kind: FailureKind,
        /// In one line.
        message: String,
        /// What to do about it.
        hint: Option<String>,
        /// Whether the API may have got the request.
        may_have_arrived: bool,
        /// How often it was tried.
        attempts: u32,
    },
    /// A list without an end.
    #[error("the list of {provider} goes on after {pages} pages")]
    Endless {
        /// The provider.
        provider: String,
        /// How many were read.
        pages: usize,
    },
    /// A create whose outcome is not known.
    #[error("{cause}; {}", aftermath(.url, .found))]
    Uncertain {
        /// What went wrong.
        cause: Box<RegistrationError>,
        /// The target.
        url: String,
        /// Webhooks with that target, where the list could be read.
        found: Option<Vec<Webhook>>,
    },
}

impl RegistrationError {
    /// Whether the call may have been carried out all the same.
    pub fn is_uncertain(&self) -> bool {
        match self {
            Self::Network { may_have_arrived, .. } => *may_have_arrived,
            Self::Server { said, .. } => said.status != 501,
            Self::Unreadable { status, .. } => (200..300).contains(status),
            Self::Refused { said, .. } => said.status == 408,
            Self::Uncertain { .. } => true,
            _ => false,
        }
    }

    /// Whether what was asked for was wrong from the start.
    pub fn is_usage(&self) -> bool {
        matches!(
            self,
            Self::NoApi { .. }
                | Self::Unsupported { .. }
                | Self::Missing { .. }
                | Self::NoPlace { .. }
                | Self::Unfit { .. }
                | Self::BadApiUrl { .. }
                | Self::NoCredentials { .. }
                | Self::BadCredential { .. }
                | Self::InTheClear { .. }
                | Self::Unchecked
                | Self::Tls(ClientError::CaFile { .. })
        )
    }

    /// Whether the API understood, and its answer is no.
    pub fn is_no(&self) -> bool {
        matches!(self, Self::Denied { .. } | Self::UnknownId { .. } | Self::Refused { .. })
    }

    pub(super) fn of_request(provider: &str, exists: Vec<Operation>, error: ApiError) -> Self {
        let provider = provider.to_owned();
        match error {
            ApiError::Unsupported(operation) => Self::Unsupported { provider, operation, exists },
            ApiError::Missing { name, is_variable } => Self::Missing { provider, name, is_variable },
            ApiError::Unfit(name) => Self::Unfit { name },
        }
    }

    pub(super) fn no_credentials(provider: &str, auth: &Auth, given: &Credentials) -> Self {
        let wanted = match &auth.kind {
            AuthKind::Basic => "a user name and a password",
            _ => "a token",
        };
        let given = match given {
            Credentials::None => "",
            Credentials::Basic { .. } => ", not a user name and a password",
            Credentials::Token(_) => ", not a token",
        };
        let or = |names: &[String], other: &str| names.first().cloned().unwrap_or_else(|| other.to_owned());
        let flags = match &auth.kind {
            AuthKind::Basic => {
                let (username, password) = (or(&auth.username_env, "NAME"), or(&auth.env, "NAME"));
                format!("give it with --username-env {username} --password-env {password}")
            }
            _ => format!("give it with --token-env {} or --token-file PATH", or(&auth.env, "NAME")),
        };
        Self::NoCredentials { provider: provider.to_owned(), wanted, given, flags }
    }
}

/// `make a webhook`
fn deed(operation: Operation) -> &'static str {
    match operation {
        Operation::Create => "make the webhook",
        Operation::List => "list the webhooks",
        Operation::Get => "show the webhook",
        Operation::Update => "change the webhook",
        Operation::Delete => "delete the webhook",
        Operation::Enable => "enable the webhook",
        Operation::Disable => "disable the webhook",
        Operation::Ping => "send a test event",
        Operation::Secret => "tell the signing secret",
        Operation::Whoami => "say whose credentials these are",
    }
}

fn tries(attempts: u32) -> String {
    if attempts > 1 { format!(" ({attempts} tries)") } else { String::new() }
}

fn aftermath(url: &str, found: &Option<Vec<Webhook>>) -> String {
    match found.as_deref() {
        None => "whether the webhook was made is not known".to_owned(),
        Some([]) => format!("the API lists no webhook for {url} so far"),
        Some([one]) => format!("the API lists webhook {} for {url}, made now or before", described(one)),
        Some(several) => {
            let all: Vec<String> = several.iter().map(described).collect();
            format!("the API lists {} webhooks for {url}, the last perhaps made now: {}", all.len(), all.join(", "))
        }
    }
}

fn described(webhook: &Webhook) -> String {
    match webhook.created_at {
        Some(time) => format!("{} (of {time})", webhook.id),
        None => webhook.id.clone(),
    }
}
