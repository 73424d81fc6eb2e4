//! A request as it would be sent, with the place of its credential but never the credential.

use http::header::{AUTHORIZATION, USER_AGENT};
use http::{HeaderMap, HeaderName, HeaderValue};
use url::Url;
use uuid::Uuid;

use super::address::{base_url, joined};
use super::check::{api_of, check_fields};
use super::error::RegistrationError;
use super::options::Options;
use super::transport::AGENT;
use super::webhook::Changes;
use crate::model::Request;
use crate::provider::Provider;
use crate::provider::api::{Api, ApiRequest, Auth, AuthKind, Operation};

/// Stands for a signing secret.
const MASK: &str = "***";

/// A request that is shown instead of sent.
#[derive(Debug, Clone)]
pub struct PreparedRequest {
    /// The request, its URI absolute, without the credential and with the signing secret masked.
    pub request: Request,
    /// Where the credential goes.
    pub credential: CredentialPlace,
    /// Whether a signing secret was masked in the body.
    pub is_masked: bool,
}

/// Where a credential goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CredentialPlace {
    /// Nowhere.
    Nowhere,
    /// User name and password in `Authorization`.
    Basic,
    /// The token in a header, behind this text.
    Header(HeaderName, String),
    /// The token in the query, as this parameter.
    Query(String),
}

impl CredentialPlace {
    pub(super) fn of(auth: &Auth) -> Self {
        match &auth.kind {
            AuthKind::None => Self::Nowhere,
            AuthKind::Basic => Self::Basic,
            AuthKind::Bearer(schemes) => {
                Self::Header(AUTHORIZATION, format!("{} ", schemes.first().map_or("Bearer", String::as_str)))
            }
            AuthKind::Header(name) => Self::Header(name.clone(), String::new()),
            AuthKind::Query(name) => Self::Query(name.clone()),
        }
    }
}

impl PreparedRequest {
    pub(super) fn new(url: &Url, request: ApiRequest, credential: CredentialPlace, is_masked: bool) -> Option<Self> {
        let ApiRequest { method, headers, body, .. } = request;
        let uri = url.as_str().parse().ok()?;
        let mut all = HeaderMap::with_capacity(headers.len() + 1);
        all.insert(USER_AGENT, HeaderValue::from_static(AGENT));
        all.extend(headers);
        Some(Self { request: Request { method, uri, headers: all, body }, credential, is_masked })
    }
}

/// The requests of a call, to be shown: without a credential, the signing secret masked.
pub fn prepare(
    provider: &Provider,
    options: &Options,
    operation: Operation,
    id: Option<&str>,
    changes: &Changes,
) -> Result<Vec<PreparedRequest>, RegistrationError> {
    let base = base_url(provider, options)?;
    let api = api_of(provider)?;
    if matches!(operation, Operation::Create | Operation::Update) {
        check_fields(provider, api, operation, changes)?;
    }
    let mut fields = options.variables.clone();
    changes.fill(&mut fields, Some(MASK));
    fields.extend(id.map(|id| ("id".to_owned(), id.into())));
    let requests = api.requests(operation, &fields);
    let requests = requests.map_err(|error| RegistrationError::of_request(provider.id(), api.operations(), error))?;
    let credential = CredentialPlace::of(api.auth());
    let show = |mut request: ApiRequest| {
        add_key(api, operation, &mut request);
        let url = joined(&base, &request.path)?;
        let shown = PreparedRequest::new(&url, request, credential.clone(), changes.secret.is_some());
        shown.ok_or_else(|| RegistrationError::Unfit { name: "id".to_owned() })
    };
    requests.into_iter().map(show).collect()
}

/// Adds a new key to a create, where the API takes one.
pub(super) fn add_key(api: &Api, operation: Operation, request: &mut ApiRequest) -> bool {
    let name = api.idempotency().filter(|_| operation == Operation::Create);
    let key = HeaderValue::try_from(Uuid::new_v4().to_string()).ok();
    let header = name.cloned().zip(key);
    let is_added = header.is_some();
    request.headers.extend(header);
    is_added
}
