//! Keys that a provider publishes: where they are, and what is taken from there. Fetching them is somebody else's.

use std::sync::Arc;

use jiff::Timestamp;
use toml::Spanned;
use url::Url;

use super::{Keys, certificate};
use crate::model::Reason;
use crate::provider::compile::template_problem;
use crate::provider::host::HostGlob;
use crate::provider::manifest::{CertTable, KeysTable};
use crate::provider::problem::{Compiled, problem};
use crate::provider::signature::Signature;
use crate::provider::template::{Scope, Source, Template};

/// What is published.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PublishedKind {
    /// A certificate, with its chain.
    Certificate,
    /// A JWK set.
    KeySet,
}

/// Where a provider publishes its keys.
#[derive(Debug, Clone)]
pub(crate) struct Published {
    kind: PublishedKind,
    url: Template,
    hosts: Vec<HostGlob>,
    /// Whom a certificate must be for.
    names: Option<HostGlob>,
}

/// Keys that must be fetched before a request can be verified.
#[derive(Debug, Clone, PartialEq)]
pub struct Wanted {
    url: Url,
    kind: PublishedKind,
    names: Option<HostGlob>,
    may_be_private: bool,
}

/// What came of fetching keys.
#[derive(Debug, Clone)]
pub struct Supplied {
    /// Where they are.
    pub url: Url,
    /// The bytes as published.
    pub outcome: Result<Arc<[u8]>, Unsupplied>,
}

/// Why keys could not be had.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unsupplied {
    /// They are not there, or not the provider's.
    #[error("{0}")]
    Refused(String),
    /// Nobody could tell.
    #[error("{0}")]
    Unavailable(String),
}

impl Published {
    pub(in crate::provider) fn certificate(table: &CertTable, names: &[&str]) -> Compiled<Self> {
        let names_of = table.cn.as_ref().map(|text| glob("cn", text)).transpose()?;
        Self::new(PublishedKind::Certificate, "url", &table.url, &table.hosts, names_of, names)
    }

    pub(in crate::provider) fn key_set(table: &KeysTable, names: &[&str]) -> Compiled<Self> {
        Self::new(PublishedKind::KeySet, "jwks", &table.jwks, &table.hosts, None, names)
    }

    fn new(
        kind: PublishedKind,
        key: &'static str,
        url: &Spanned<String>,
        hosts: &[Spanned<String>],
        of: Option<HostGlob>,
        names: &[&str],
    ) -> Compiled<Self> {
        let template = Template::parse(url.get_ref(), names).map_err(template_problem(key, url))?;
        let hosts = hosts.iter().map(|text| glob("hosts", text)).collect::<Compiled<Vec<_>>>()?;
        if hosts.is_empty() {
            return Err(problem(url, "`hosts` must say where keys may be fetched from"));
        }
        Ok(Self { kind, url: template, hosts, names: of })
    }

    /// Whether the request itself says where the keys are.
    fn is_named_by_request(&self) -> bool {
        self.url.uses(|source| !matches!(source, Source::Given(_)))
    }

    /// What must be fetched for this request, or why it must not be.
    pub(crate) fn wanted(&self, scope: &Scope<'_>) -> Result<Wanted, Reason> {
        let text = self.url.render_text(scope).map_err(|error| match error {
            crate::provider::template::RenderError::NotGiven(name) => Reason::MissingVariable { name },
            error => Reason::MissingPart { place: format!("address of the keys ({error})") },
        })?;
        let foreign = |host: &str| Reason::ForeignKeys {
            host: super::shorten(host).into_owned(),
            expected: self.hosts.iter().map(HostGlob::text).collect::<Vec<_>>().join(" or "),
        };
        let url = Url::parse(&text).map_err(|_| foreign(&text))?;
        let is_plain = url.scheme() == "https" && url.username().is_empty() && url.password().is_none();
        let host = self.hosts.iter().find(|host| is_plain && host.leads_to(&url));
        let host = host.ok_or_else(|| foreign(if is_plain { url.host_str().unwrap_or(&text) } else { &text }))?;
        Ok(Wanted { kind: self.kind, names: self.names.clone(), may_be_private: host.is_literal(), url })
    }

    /// The keys, once they are fetched.
    pub(crate) fn keys(
        &self,
        signature: &Signature,
        wanted: &Wanted,
        supplied: Option<&[Supplied]>,
        at: Timestamp,
    ) -> Result<Keys, Reason> {
        let host = wanted.host().to_owned();
        let Some(supplied) = supplied.unwrap_or_default().iter().find(|supplied| supplied.url == wanted.url) else {
            return Err(Reason::KeysNotFetched { host });
        };
        let bytes = match &supplied.outcome {
            Ok(bytes) => bytes,
            Err(Unsupplied::Refused(problem)) if self.is_named_by_request() => {
                return Err(Reason::BadCertificate { problem: problem.clone() });
            }
            Err(error) => return Err(Reason::KeysUnavailable { host, problem: error.to_string() }),
        };
        if self.kind == PublishedKind::Certificate {
            let chain = certificate::chain(bytes);
            let own = chain.first().ok_or_else(|| Reason::BadCertificate { problem: "cannot be read".into() })?;
            certificate::check(own, at, self.names.as_ref()).map_err(|problem| Reason::BadCertificate { problem })?;
        }
        Keys::read(signature, bytes).map_err(|problem| Reason::KeysUnavailable { host, problem })
    }
}

fn glob(key: &str, text: &Spanned<String>) -> Compiled<HostGlob> {
    HostGlob::parse(text.get_ref()).ok_or_else(|| {
        let text_of = text.get_ref();
        problem(
            text,
            format!("`{key}`: `{text_of}` is no host whose owner is known: `*` stands left of the last two labels"),
        )
    })
}

impl Wanted {
    /// Where it is.
    pub fn url(&self) -> &Url {
        &self.url
    }

    /// At whose place.
    pub fn host(&self) -> &str {
        self.url.host_str().unwrap_or_default()
    }

    /// What it is.
    pub fn kind(&self) -> PublishedKind {
        self.kind
    }

    /// Whether the manifest names this very host, so that it may be one of the user's own network.
    pub fn may_be_private(&self) -> bool {
        self.may_be_private
    }

    /// The certificates of what was fetched, the signer's own first, and the name to check them by.
    pub fn chain(&self, bytes: &[u8]) -> Result<(Vec<Vec<u8>>, String), String> {
        let chain = certificate::chain(bytes);
        let own = chain.first().ok_or("cannot be read")?;
        let name = certificate::name(own, self.names.as_ref())?;
        Ok((chain, name))
    }
}
