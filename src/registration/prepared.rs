//! A request as it would be sent, with the place of its credential but never the credential.

use http::header::{AUTHORIZATION, USER_AGENT};
use http::{HeaderMap, HeaderName, HeaderValue};
use url::Url;

use super::transport::AGENT;
use crate::model::Request;
use crate::provider::api::{ApiRequest, Auth, AuthKind};

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
