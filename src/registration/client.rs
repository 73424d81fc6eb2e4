//! The client of a registration API: each call as its manifest describes it.

use std::sync::Arc;

use http::header::LINK;
use serde_json::Value;
use url::Url;

use super::address::{base_url, joined};
use super::answer::{About, Asked};
use super::check::{api_of, check_fields};
use super::credentials::Credentials;
use super::error::RegistrationError;
use super::link::next_page;
use super::options::{Options, Progress, Tell};
use super::place::is_loopback;
use super::plan::normal;
use super::prepared::add_key;
use super::retry::Repeat;
use super::transport::{Answer, Call, Transport};
use super::webhook::{Changes, Registration};
use crate::model::{Secret, Webhook};
use crate::provider::Provider;
use crate::provider::api::{Api, ApiRequest, Fields, Operation};

/// Pages of a list that are read: of the default size, thousands of webhooks.
const MAX_PAGES: usize = 200;

/// Talks to one provider's registration API.
pub struct Client {
    provider: Arc<Provider>,
    api: Arc<Api>,
    base: Url,
    credentials: Credentials,
    variables: Fields,
    transport: Transport,
    tell: Tell,
}

impl Client {
    /// Refuses what could never work, and a credential on an open way. Connects when it first calls.
    pub fn new(provider: Arc<Provider>, options: Options) -> Result<Self, RegistrationError> {
        let api = Arc::clone(api_of(&provider)?);
        let base = base_url(&provider, &options)?;
        let placed = options.credentials.place(provider.id(), api.auth())?;
        if !options.credentials.is_none() && !options.insecure_send_token {
            if base.scheme() == "http" && !is_loopback(&base) {
                return Err(RegistrationError::InTheClear { url: base.into() });
            }
            if base.scheme() == "https" && options.insecure {
                return Err(RegistrationError::Unchecked);
            }
        }
        let transport = Transport::new(&base, placed, &options)?;
        let Options { credentials, variables, tell, .. } = options;
        Ok(Self { provider, api, base, credentials, variables, transport, tell })
    }

    /// The API as the manifest describes it.
    pub fn api(&self) -> &Api {
        &self.api
    }

    /// Where it is.
    pub fn base(&self) -> &Url {
        &self.base
    }

    /// Makes a webhook. Where it is not known whether that happened, the list is searched for its target.
    pub async fn create(&self, wanted: &Registration) -> Result<Webhook, RegistrationError> {
        self.check_fields(Operation::Create, &wanted.changes())?;
        let mut fields = self.variables.clone();
        wanted.changes().fill(&mut fields, None);
        let mut made = match self.make(fields, wanted.secret.as_ref()).await {
            Ok(made) => made,
            Err(cause) if cause.is_uncertain() => return Err(self.aftermath(cause, &wanted.url).await),
            Err(error) => return Err(error),
        };
        if made.url.is_empty() {
            made.url.clone_from(&wanted.url);
        }
        if made.events.is_empty() {
            made.events.clone_from(&wanted.events);
        }
        if wanted.secret.is_some() {
            made.secret = None;
        } else if made.secret.is_none() && self.api.supports(Operation::Secret) {
            // The webhook is there; that its secret is not must not hide it.
            match self.secret(&made.id).await {
                Ok(secret) => made.secret = secret,
                Err(error) => (self.tell)(&Progress::NoSecret { problem: error.to_string() }),
            }
        }
        Ok(made)
    }

    async fn make(&self, fields: Fields, secret: Option<&Secret>) -> Result<Webhook, RegistrationError> {
        let (operation, about) = (Operation::Create, About { id: None, secret });
        let mut read = None;
        for mut request in self.requests(operation, &fields)? {
            // With one key for all attempts the provider knows the second for the first.
            let has_key = add_key(&self.api, operation, &mut request);
            let repeat = if has_key { Repeat::Freely } else { Repeat::IfNothingHappened };
            let call = request.call;
            let (url, answer) = self.call(operation, request, repeat, about).await?;
            read = Some(self.read_webhook(operation, call, &url, &answer, about)?);
        }
        read.ok_or_else(|| self.unsupported(operation))
    }

    async fn aftermath(&self, cause: RegistrationError, url: &str) -> RegistrationError {
        (self.tell)(&Progress::LookingForIt { problem: cause.to_string() });
        // A person waits, and the API does not answer as it should already.
        let found = tokio::time::timeout(self.transport.timeout(), self.list()).await.ok().and_then(Result::ok);
        let found = found.map(|all| all.into_iter().filter(|webhook| normal(&webhook.url) == normal(url)).collect());
        RegistrationError::Uncertain { cause: Box::new(cause), url: url.to_owned(), found }
    }

    /// All webhooks, from all pages.
    pub async fn list(&self) -> Result<Vec<Webhook>, RegistrationError> {
        let mut all = Vec::new();
        let mut fields = self.variables.clone();
        for _ in 0..MAX_PAGES {
            let (page, cursor) = self.page(&fields).await?;
            all.extend(page);
            let Some(cursor) = cursor else { return Ok(all) };
            let cursor = Value::from(cursor);
            if fields.get("cursor") == Some(&cursor) {
                break;
            }
            fields.insert("cursor".to_owned(), cursor);
        }
        Err(RegistrationError::Endless { provider: self.provider.id().to_string(), pages: MAX_PAGES })
    }

    async fn page(&self, fields: &Fields) -> Result<(Vec<Webhook>, Option<String>), RegistrationError> {
        let operation = Operation::List;
        let request = self.requests(operation, fields)?.pop().ok_or_else(|| self.unsupported(operation))?;
        let (url, answer) = self.call(operation, request, Repeat::Freely, About::default()).await?;
        let page = self.asked(operation, &url, About::default()).read(&answer, |body| self.api.read_page(body))?;
        let linked = || {
            let parameter = &self.api.paging()?.parameter;
            let headers = answer.headers.get_all(LINK).iter().filter_map(|header| header.to_str().ok());
            headers.into_iter().find_map(|header| next_page(header, &url, parameter))
        };
        let cursor = page.cursor.clone().or_else(linked);
        Ok((page.webhooks, cursor))
    }

    /// One webhook.
    pub async fn get(&self, id: &str) -> Result<Webhook, RegistrationError> {
        let (url, answer) = self.on(Operation::Get, id, self.variables.clone()).await?;
        self.read_webhook(Operation::Get, 0, &url, &answer, About::id(id))
    }

    /// Its signing secret, where the API tells it again.
    pub async fn secret(&self, id: &str) -> Result<Option<Secret>, RegistrationError> {
        let (url, answer) = self.on(Operation::Secret, id, self.variables.clone()).await?;
        let asked = self.asked(Operation::Secret, &url, About::id(id));
        let fields = asked.read(&answer, |body| self.api.read_fields(Operation::Secret, 0, body))?;
        let text = fields.get("secret").and_then(Value::as_str);
        Ok(text.and_then(|text| Secret::new(text, self.origin()).ok()))
    }

    /// Changes a webhook, and gives it as it is then.
    pub async fn update(&self, id: &str, changes: &Changes) -> Result<Webhook, RegistrationError> {
        self.check_fields(Operation::Update, changes)?;
        let mut fields = self.variables.clone();
        changes.fill(&mut fields, None);
        let mut changed =
            self.change(Operation::Update, About { id: Some(id), secret: changes.secret.as_ref() }, fields).await?;
        if changes.secret.is_some() {
            changed.secret = None;
        }
        Ok(changed)
    }

    /// Lets a webhook send again, or no more.
    pub async fn set_enabled(&self, id: &str, enabled: bool) -> Result<Webhook, RegistrationError> {
        let operation = if enabled { Operation::Enable } else { Operation::Disable };
        let mut changed = self.change(operation, About::id(id), self.variables.clone()).await?;
        changed.enabled = changed.enabled.or(Some(enabled));
        Ok(changed)
    }

    /// An answer may hold only a part of the webhook, or nothing; then it is asked for.
    async fn change(
        &self,
        operation: Operation,
        about: About<'_>,
        mut fields: Fields,
    ) -> Result<Webhook, RegistrationError> {
        let id = about.id.unwrap_or_default();
        fields.insert("id".to_owned(), id.into());
        let mut whole = None;
        for request in self.requests(operation, &fields)? {
            let call = request.call;
            let (url, answer) = self.call(operation, request, Repeat::Freely, about).await?;
            whole = match whole {
                None => Some(self.read_webhook(operation, call, &url, &answer, about)),
                Some(_) => Some(Err(self.unsupported(operation))),
            };
        }
        match whole {
            None => Err(self.unsupported(operation)),
            Some(Ok(webhook)) if !webhook.url.is_empty() => Ok(webhook),
            Some(_) if self.api.supports(Operation::Get) => self.get(id).await,
            Some(read) => read,
        }
    }

    /// Removes a webhook.
    pub async fn delete(&self, id: &str) -> Result<(), RegistrationError> {
        match self.on(Operation::Delete, id, self.variables.clone()).await {
            // An attempt whose answer was lost has removed it.
            Err(RegistrationError::UnknownId { said, .. }) if said.attempts > 1 => Ok(()),
            gone => gone.map(|_| ()),
        }
    }

    /// Has the provider send a test event: the named one where the API lets one choose.
    pub async fn ping(&self, id: &str, event: Option<&str>) -> Result<(), RegistrationError> {
        let mut fields = self.variables.clone();
        fields.extend(event.map(|event| ("event".to_owned(), event.into())));
        self.on(Operation::Ping, id, fields).await.map(|_| ())
    }

    /// Tests the credentials; gives the account's name where the API tells it.
    pub async fn whoami(&self) -> Result<Option<String>, RegistrationError> {
        let operation = Operation::Whoami;
        if !self.api.supports(operation) {
            return self.page(&self.variables).await.map(|_| None);
        }
        let request = self.requests(operation, &self.variables)?.pop().ok_or_else(|| self.unsupported(operation))?;
        let (url, answer) = self.call(operation, request, Repeat::Freely, About::default()).await?;
        let asked = self.asked(operation, &url, About::default());
        let fields = asked.read(&answer, |body| self.api.read_fields(operation, 0, body))?;
        Ok(fields.get("login").map(|login| login.as_str().map_or_else(|| login.to_string(), str::to_owned)))
    }

    async fn on(&self, operation: Operation, id: &str, fields: Fields) -> Result<(Url, Answer), RegistrationError> {
        let mut fields = fields;
        fields.insert("id".to_owned(), id.into());
        let repeat = if operation.is_idempotent() { Repeat::Freely } else { Repeat::IfNothingHappened };
        let mut last = Err(self.unsupported(operation));
        for request in self.requests(operation, &fields)? {
            last = Ok(self.call(operation, request, repeat, About::id(id)).await?);
        }
        last
    }

    async fn call(
        &self,
        operation: Operation,
        request: ApiRequest,
        repeat: Repeat,
        about: About<'_>,
    ) -> Result<(Url, Answer), RegistrationError> {
        let url = joined(&self.base, &request.path)?;
        let ApiRequest { method, headers, body, .. } = request;
        let call = Call { method, url: url.clone(), headers, body, repeat };
        let answer = self.transport.send(&call).await?;
        let answer = self.asked(operation, &url, about).carried_out(answer)?;
        Ok((url, answer))
    }

    fn read_webhook(
        &self,
        operation: Operation,
        call: usize,
        url: &Url,
        answer: &Answer,
        about: About<'_>,
    ) -> Result<Webhook, RegistrationError> {
        let asked = self.asked(operation, url, about);
        asked.read(answer, |body| self.api.read_webhook(operation, call, body, &self.origin()))
    }

    fn asked<'c>(&'c self, operation: Operation, url: &'c Url, about: About<'c>) -> Asked<'c> {
        let (provider, credentials) = (self.provider.id(), &self.credentials);
        Asked { provider, api: &self.api, credentials, url, operation, about }
    }

    fn origin(&self) -> String {
        format!("the API of {}", self.provider.id())
    }

    fn requests(&self, operation: Operation, fields: &Fields) -> Result<Vec<ApiRequest>, RegistrationError> {
        let exists = || self.api.operations();
        let requests = self.api.requests(operation, fields);
        requests.map_err(|error| RegistrationError::of_request(self.provider.id(), exists(), error))
    }

    fn unsupported(&self, operation: Operation) -> RegistrationError {
        let (provider, exists) = (self.provider.id().to_string(), self.api.operations());
        RegistrationError::Unsupported { provider, operation, exists }
    }

    fn check_fields(&self, operation: Operation, changes: &Changes) -> Result<(), RegistrationError> {
        check_fields(&self.provider, &self.api, operation, changes)
    }
}
