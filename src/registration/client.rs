//! The client of a registration API: each call as its manifest describes it.

use std::collections::BTreeMap;
use std::sync::Arc;

use http::HeaderValue;
use http::header::LINK;
use serde_json::Value;
use url::Url;
use uuid::Uuid;

use super::answer::Asked;
use super::credentials::Credentials;
use super::error::RegistrationError;
use super::link::next_page;
use super::options::{Options, Progress, Tell};
use super::place::is_loopback;
use super::prepared::{CredentialPlace, PreparedRequest};
use super::retry::Repeat;
use super::transport::{Answer, Call, Transport};
use super::webhook::{Changes, Registration};
use crate::model::{Secret, Webhook};
use crate::provider::Provider;
use crate::provider::api::{Api, ApiRequest, Fields, Operation};

/// Pages of a list that are read: of the default size, thousands of webhooks.
const MAX_PAGES: usize = 200;
/// Stands for a signing secret in a request that is shown.
const MASK: &str = "***";

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
        let mut made = match self.make(fields).await {
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

    async fn make(&self, fields: Fields) -> Result<Webhook, RegistrationError> {
        let operation = Operation::Create;
        let mut read = None;
        for mut request in self.requests(operation, &fields)? {
            // With one key for all attempts the provider knows the second for the first.
            let has_key = add_key(&self.api, operation, &mut request);
            let repeat = if has_key { Repeat::Freely } else { Repeat::IfNothingHappened };
            let (url, answer) = self.call(operation, request, repeat, None).await?;
            read = Some(self.read_webhook(operation, &url, &answer)?);
        }
        read.ok_or_else(|| self.unsupported(operation))
    }

    async fn aftermath(&self, cause: RegistrationError, url: &str) -> RegistrationError {
        let found = self.list().await.ok();
        let found = found.map(|all| all.into_iter().filter(|webhook| webhook.url == url).collect());
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
        let (url, answer) = self.call(operation, request, Repeat::Freely, None).await?;
        let page = self.asked(operation, &url, None).read(&answer, |body| self.api.read_page(body))?;
        let linked = || next_page(answer.header(&LINK)?, &url, &self.api.paging()?.parameter);
        let cursor = page.cursor.clone().or_else(linked);
        Ok((page.webhooks, cursor))
    }

    /// One webhook.
    pub async fn get(&self, id: &str) -> Result<Webhook, RegistrationError> {
        let (url, answer) = self.on(Operation::Get, id, self.variables.clone()).await?;
        self.read_webhook(Operation::Get, &url, &answer)
    }

    /// Its signing secret, where the API tells it again.
    pub async fn secret(&self, id: &str) -> Result<Option<Secret>, RegistrationError> {
        let (url, answer) = self.on(Operation::Secret, id, self.variables.clone()).await?;
        let asked = self.asked(Operation::Secret, &url, Some(id));
        let fields = asked.read(&answer, |body| self.api.read_fields(Operation::Secret, body))?;
        let text = fields.get("secret").and_then(Value::as_str);
        Ok(text.and_then(|text| Secret::new(text, self.origin()).ok()))
    }

    /// Changes a webhook, and gives it as it is then.
    pub async fn update(&self, id: &str, changes: &Changes) -> Result<Webhook, RegistrationError> {
        self.check_fields(Operation::Update, changes)?;
        let mut fields = self.variables.clone();
        changes.fill(&mut fields, None);
        let mut changed = self.change(Operation::Update, id, fields).await?;
        if changes.secret.is_some() {
            changed.secret = None;
        }
        Ok(changed)
    }

    /// Lets a webhook send again, or no more.
    pub async fn set_enabled(&self, id: &str, enabled: bool) -> Result<Webhook, RegistrationError> {
        let operation = if enabled { Operation::Enable } else { Operation::Disable };
        let mut changed = self.change(operation, id, self.variables.clone()).await?;
        changed.enabled = changed.enabled.or(Some(enabled));
        Ok(changed)
    }

    /// An answer may hold only a part of the webhook, or nothing; then it is asked for.
    async fn change(&self, operation: Operation, id: &str, mut fields: Fields) -> Result<Webhook, RegistrationError> {
        fields.insert("id".to_owned(), id.into());
        let mut whole = None;
        for request in self.requests(operation, &fields)? {
            let (url, answer) = self.call(operation, request, Repeat::Freely, Some(id)).await?;
            whole = match whole {
                None => Some(self.read_webhook(operation, &url, &answer)),
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
        let (url, answer) = self.call(operation, request, Repeat::Freely, None).await?;
        let asked = self.asked(operation, &url, None);
        let fields = asked.read(&answer, |body| self.api.read_fields(operation, body))?;
        Ok(fields.get("login").map(|login| login.as_str().map_or_else(|| login.to_string(), str::to_owned)))
    }

    /// The requests of a call on `id` with these fields, to be shown.
    pub fn prepared(
        &self,
        operation: Operation,
        id: Option<&str>,
        changes: &Changes,
    ) -> Result<Vec<PreparedRequest>, RegistrationError> {
        prepared(&self.provider, &self.base, &self.variables, operation, id, changes)
    }

    async fn on(&self, operation: Operation, id: &str, fields: Fields) -> Result<(Url, Answer), RegistrationError> {
        let mut fields = fields;
        fields.insert("id".to_owned(), id.into());
        let repeat = if operation.is_idempotent() { Repeat::Freely } else { Repeat::IfNothingHappened };
        let mut last = Err(self.unsupported(operation));
        for request in self.requests(operation, &fields)? {
            last = Ok(self.call(operation, request, repeat, Some(id)).await?);
        }
        last
    }

    async fn call(
        &self,
        operation: Operation,
        request: ApiRequest,
        repeat: Repeat,
        id: Option<&str>,
    ) -> Result<(Url, Answer), RegistrationError> {
        let url = joined(&self.base, &request.path)?;
        let ApiRequest { method, headers, body, .. } = request;
        let call = Call { method, url: url.clone(), headers, body, repeat };
        let answer = self.transport.send(&call).await?;
        let answer = self.asked(operation, &url, id).carried_out(answer)?;
        Ok((url, answer))
    }

    fn read_webhook(&self, operation: Operation, url: &Url, answer: &Answer) -> Result<Webhook, RegistrationError> {
        let asked = self.asked(operation, url, None);
        asked.read(answer, |body| self.api.read_webhook(operation, body, &self.origin()))
    }

    fn asked<'c>(&'c self, operation: Operation, url: &'c Url, id: Option<&'c str>) -> Asked<'c> {
        let (provider, credentials) = (self.provider.id(), &self.credentials);
        Asked { provider, api: &self.api, credentials, url, operation, id }
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

/// The requests of a call, to be shown: without a credential, the signing secret masked.
pub fn prepare(
    provider: &Provider,
    options: &Options,
    operation: Operation,
    id: Option<&str>,
    changes: &Changes,
) -> Result<Vec<PreparedRequest>, RegistrationError> {
    let base = base_url(provider, options)?;
    prepared(provider, &base, &options.variables, operation, id, changes)
}

fn prepared(
    provider: &Provider,
    base: &Url,
    variables: &Fields,
    operation: Operation,
    id: Option<&str>,
    changes: &Changes,
) -> Result<Vec<PreparedRequest>, RegistrationError> {
    let api = api_of(provider)?;
    if matches!(operation, Operation::Create | Operation::Update) {
        check_fields(provider, api, operation, changes)?;
    }
    let mut fields = variables.clone();
    changes.fill(&mut fields, Some(MASK));
    fields.extend(id.map(|id| ("id".to_owned(), id.into())));
    let requests = api.requests(operation, &fields);
    let requests = requests.map_err(|error| RegistrationError::of_request(provider.id(), api.operations(), error))?;
    let credential = CredentialPlace::of(api.auth());
    let show = |mut request: ApiRequest| {
        add_key(api, operation, &mut request);
        let url = joined(base, &request.path)?;
        let shown = PreparedRequest::new(&url, request, credential.clone(), changes.secret.is_some());
        shown.ok_or_else(|| RegistrationError::Unfit { name: "id".to_owned() })
    };
    requests.into_iter().map(show).collect()
}

/// Adds a new key to a create, where the API takes one.
fn add_key(api: &Api, operation: Operation, request: &mut ApiRequest) -> bool {
    let name = api.idempotency().filter(|_| operation == Operation::Create);
    let key = HeaderValue::try_from(Uuid::new_v4().to_string()).ok();
    let header = name.cloned().zip(key);
    let is_added = header.is_some();
    request.headers.extend(header);
    is_added
}

/// The API of a provider that has one.
pub fn api_of(provider: &Provider) -> Result<&Arc<Api>, RegistrationError> {
    provider.api().ok_or_else(|| {
        let about = provider.about();
        let docs = about.docs.first().map(|link| format!("see {link}"));
        let known: Vec<String> = docs.into_iter().chain(about.notes.first().cloned()).collect();
        let rest = if known.is_empty() { String::new() } else { format!(": {}", known.join("; ")) };
        let instead = format!("enter the URL by hand in the settings of {}{rest}", about.name);
        RegistrationError::NoApi { provider: about.id.to_string(), instead }
    })
}

/// Refuses a call that the API does not have.
pub fn check_call(provider: &Provider, operation: Operation) -> Result<(), RegistrationError> {
    let api = api_of(provider)?;
    if api.supports(operation) {
        return Ok(());
    }
    let (provider, exists) = (provider.id().to_string(), api.operations());
    Err(RegistrationError::Unsupported { provider, operation, exists })
}

/// Fields that the call has no place for would be lost in silence.
fn check_fields(
    provider: &Provider,
    api: &Api,
    operation: Operation,
    changes: &Changes,
) -> Result<(), RegistrationError> {
    check_call(provider, operation)?;
    let is_taken = |name: &&str| api.takes(operation, name) || *name == "enabled" && changes.enabled == Some(true);
    match changes.given().into_iter().find(|name| !is_taken(name)) {
        Some(name) => {
            let makes_it = operation == Operation::Create && name == "secret";
            Err(RegistrationError::NoPlace { provider: provider.id().to_string(), operation, name, makes_it })
        }
        None => Ok(()),
    }
}

/// Where the API is: as given, else as its manifest and the variables say.
pub fn base_url(provider: &Provider, options: &Options) -> Result<Url, RegistrationError> {
    let api = api_of(provider)?;
    let text = match &options.api_url {
        Some(url) => url.clone(),
        None => {
            let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            let variables: BTreeMap<String, String> =
                options.variables.iter().map(|(name, value)| (name.clone(), text(value))).collect();
            let url = api.base_url(&variables);
            url.map_err(|error| RegistrationError::of_request(provider.id(), api.operations(), error))?
        }
    };
    let wrong = |problem| RegistrationError::BadApiUrl { url: shown(&text), problem };
    let url = Url::parse(&text).map_err(|_| wrong("it does not read as one"))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(wrong("it is neither http nor https"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(wrong("credentials do not belong in it"));
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(wrong("it ends before ? and #"));
    }
    Ok(url)
}

/// Without what may be a password.
fn shown(url: &str) -> String {
    match (url.split_once("://"), url.rsplit_once('@')) {
        (Some((scheme, _)), Some((_, rest))) => format!("{scheme}://{rest}"),
        _ => url.to_owned(),
    }
}

/// The path behind the base; refused where a URL would be read as another place.
fn joined(base: &Url, path: &str) -> Result<Url, RegistrationError> {
    let unfit = || RegistrationError::Unfit { name: "id".to_owned() };
    let text = format!("{}{path}", base.as_str().trim_end_matches('/'));
    let url = Url::parse(&text).map_err(|_| unfit())?;
    if url.as_str() == text && url.origin() == base.origin() { Ok(url) } else { Err(unfit()) }
}
