//! What all these commands begin with: which API, where it is, and as whom it is called.

use std::io::IsTerminal as _;
use std::sync::Arc;

use url::Url;

use super::credentials::{self, Trust};
use crate::cli::{ApiArgs, ConnectionArgs};
use crate::commands::{Context, color_of};
use crate::error::{Exit, Failure};
use crate::output::{self, Palette, Role};
use crate::provider::api::{Api, Fields, Operation};
use crate::provider::{Catalogue, Provider};
use crate::registration::{
    Client, Credentials, Options, Progress, RegistrationError, Tell, api_of, base_url, check_call, is_loopback,
};

/// One provider's API, ready to be called.
pub(in crate::commands) struct Session {
    /// Whose it is.
    pub(in crate::commands) provider: Arc<Provider>,
    /// Where it is.
    pub(in crate::commands) base: Url,
    /// How it is reached, and as whom.
    pub(in crate::commands) options: Options,
}

impl Session {
    /// For one call, which must be documented.
    pub(super) fn open_for(operation: Operation, args: &ApiArgs, context: &Context) -> Result<Self, Failure> {
        check_call(&*context.catalogue.provider(&args.provider)?, operation)?;
        Self::open(context, &args.provider, &args.connection)
    }

    /// Finds out all that is needed; calls nobody yet.
    pub(in crate::commands) fn open(context: &Context, id: &str, args: &ConnectionArgs) -> Result<Self, Failure> {
        let provider = context.catalogue.provider(id)?;
        let api = api_of(&provider)?;
        let settings = context.settings.api(provider.id());
        let configured = settings.base_url.filter(|_| args.api_url.is_none());
        let vars = settings.vars.into_iter().map(|(name, (value, _))| (name, value)).collect();
        let mut options = Options {
            api_url: args.api_url.clone().or_else(|| configured.as_ref().map(|(url, _)| url.clone())),
            credentials: Credentials::None,
            variables: variables(api, vars, &args.variables)?,
            timeout: args.timeout,
            retries: args.retries,
            insecure: args.tls.insecure,
            insecure_send_token: args.insecure_send_token,
            ca_certs: args.tls.ca_cert.iter().map(|path| context.path(path)).collect(),
            tell: teller(context),
        };
        let base = base_url(&provider, &options)?;
        // A file that came with someone else's work can say where credentials go.
        let trust = match configured {
            _ if args.api_url.is_some() || is_loopback(&base) => Trust::All,
            _ if is_own(&provider, &options.variables, &base) => Trust::All,
            None => return Err(elsewhere(&provider, &base)),
            Some((_, file)) => {
                let rule = "only a credential that it names, or a flag, is sent there";
                context.say(&format!("note: {base} is called as {}, because {file} says so; {rule}", provider.id()));
                Trust::Only(file)
            }
        };
        options.credentials = credentials::find(context, &provider, &args.credentials, &trust)?;
        Ok(Self { provider, base, options })
    }

    /// Whether the API is where hookctl itself knows it.
    pub(super) fn is_vendors(&self) -> bool {
        built_in(&self.provider).is_some_and(|known| is_at(&known, &self.options.variables, &self.base))
    }

    /// The API as the manifest describes it.
    pub(in crate::commands) fn api(&self) -> Result<&Api, Failure> {
        Ok(api_of(&self.provider)?)
    }

    /// The client; warns each time when nobody checks who answers.
    pub(in crate::commands) fn client(&self, context: &Context) -> Result<Client, Failure> {
        let client = Client::new(Arc::clone(&self.provider), self.options.clone())?;
        if self.options.insecure && self.base.scheme() == "https" {
            let sent = if self.options.credentials.is_none() { "" } else { ", and the credential is sent there" };
            shout(context, &format!("warning: --insecure: nobody checks who answers as {}{sent}", self.base));
        }
        Ok(client)
    }

    /// Calls the API.
    pub(in crate::commands) fn call<T>(
        &self,
        context: &Context,
        work: impl AsyncFnOnce(&Client) -> Result<T, RegistrationError>,
    ) -> Result<T, Failure> {
        let client = self.client(context)?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        Ok(runtime.block_on(work(&client))?)
    }
}

/// The provider of this name that hookctl itself knows.
fn built_in(provider: &Provider) -> Option<Arc<Provider>> {
    Catalogue::default().provider(provider.id()).ok()
}

/// Whether this is the provider's own address: a manifest that replaces a built-in one does not change it.
fn is_own(provider: &Provider, variables: &Fields, base: &Url) -> bool {
    built_in(provider).map_or_else(|| is_at(provider, variables, base), |known| is_at(&known, variables, base))
}

/// Whether this is the address that a manifest has.
fn is_at(provider: &Provider, variables: &Fields, base: &Url) -> bool {
    let options = Options { variables: variables.clone(), ..Options::default() };
    base_url(provider, &options).is_ok_and(|url| url == *base)
}

/// A manifest in a project's folder has the name of one that people trust, and another address.
fn elsewhere(provider: &Provider, base: &Url) -> Failure {
    let message = format!("the manifest that replaces the built-in one of {} calls {base} instead", provider.id());
    Failure::new(Exit::Usage, "other_address", anyhow::Error::msg(message))
        .hint(format!("if that is meant, say so with --api-url {base}"))
}

/// `NAME=VALUE` as typed counts before the configuration's.
fn variables(api: &Api, configured: Vec<(String, String)>, typed: &[String]) -> Result<Fields, Failure> {
    let mut fields: Fields = configured.into_iter().map(|(name, value)| (name, value.into())).collect();
    for text in typed {
        let Some((name, value)) = text.split_once('=').filter(|(_, value)| !value.is_empty()) else {
            return Err(Failure::usage(format!("`{text}` has no value")).hint("write --var NAME=VALUE"));
        };
        if !api.variables().iter().any(|known| known == name) {
            let known = api.variables().join(", ");
            let known = if known.is_empty() { "it has none".to_owned() } else { format!("it has {known}") };
            return Err(Failure::usage(format!("the API has no variable `{name}`")).hint(known));
        }
        fields.insert(name.to_owned(), value.into());
    }
    Ok(fields)
}

/// Says on stderr what the client tells, unless asked to be quiet.
fn teller(context: &Context) -> Tell {
    let quiet = context.global.quiet;
    Arc::new(move |progress| {
        if !quiet {
            // Nobody is left to tell when stderr is gone.
            let _ = output::talk(format!("{}\n", told(progress)));
        }
    })
}

fn told(progress: &Progress) -> String {
    match progress {
        Progress::Waiting { problem, wait, attempt, of } => {
            let wait = match wait.as_millis() {
                millis @ ..100 => format!("{millis} ms"),
                _ => format!("{} s", (wait.as_secs_f64() * 10.0).round() / 10.0),
            };
            format!("{}; waiting {wait}, then try {attempt} of {of} …", output::untrusted(problem))
        }
        Progress::LookingForIt { problem } => {
            format!("{}; it is not sent again: looking whether the webhook was made …", output::untrusted(problem))
        }
        Progress::Following { path } => format!("note: the API redirects to its own {}", output::untrusted(path)),
        Progress::NoSecret { problem } => {
            format!("warning: the webhook is there, but not its secret: {}", output::untrusted(problem))
        }
    }
}

/// In red where there are colours, and also when asked to be quiet.
fn shout(context: &Context, text: &str) {
    let palette = Palette::new(color_of(context.global.color, std::io::stderr().is_terminal()));
    // Nobody is left to tell when stderr is gone.
    let _ = output::talk(format!("{}\n", palette.paint(Role::Bad, &output::untrusted(text))));
}
