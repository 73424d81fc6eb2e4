//! As whom a registration API is called: by flag, by `HOOKCTL_…`, by profile and file, by the variables that
//! the provider's own tools use. Each value says where it came from.

use crate::cli::{CredentialArgs, Given};
use crate::commands::{Context, chosen};
use crate::error::{Exit, Failure};
use crate::model::Secret;
use crate::provider::Provider;
use crate::provider::api::{Auth, AuthKind};
use crate::registration::Credentials;
use crate::settings::{ApiSettings, Said, SecretOrigin, UserName};

/// Which credentials may go to an address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Trust {
    /// All that are for the provider.
    All,
    /// The address is this file's own: those that it names itself, or that flags and `HOOKCTL_…` give.
    Only(String),
}

impl Trust {
    /// A value of the configuration, unless it is another file's.
    fn of<'v, T>(&self, said: &'v Option<Said<T>>) -> Option<&'v Said<T>> {
        said.as_ref().filter(|(_, file)| match self {
            Self::All => true,
            Self::Only(own) => own == file,
        })
    }

    /// The provider's well-known variables, which are for the provider's own address.
    fn well_known<'n>(&self, names: &'n [String]) -> &'n [String] {
        if *self == Self::All { names } else { &[] }
    }
}

/// The credentials for a provider; none where nothing says any. What was typed and is of the wrong kind is
/// handed on all the same: the error about it is better than silence.
pub(super) fn find(
    context: &Context,
    provider: &Provider,
    args: &CredentialArgs,
    trust: &Trust,
) -> Result<Credentials, Failure> {
    chosen::warn_if_visible(context, "password", &args.password);
    chosen::warn_if_visible(context, "token", &args.token);
    let settings = context.settings.api(provider.id());
    let finder = Finder { context, provider, args, settings: &settings, trust };
    match provider.api().map(|api| api.auth()) {
        None => Ok(Credentials::None),
        Some(auth) if auth.kind == AuthKind::None => Ok(Credentials::None),
        Some(auth) if is_pair(auth, args) => finder.pair(auth),
        Some(auth) => finder.token(auth),
    }
}

/// Whether a user name and a password are wanted, or a token: what was typed decides, then the API.
fn is_pair(auth: &Auth, args: &CredentialArgs) -> bool {
    let is_pair_typed = args.username.is_typed() || args.password.is_typed();
    match auth.kind {
        AuthKind::Basic => is_pair_typed || !args.token.is_typed(),
        _ => is_pair_typed && !args.token.is_typed(),
    }
}

struct Finder<'a> {
    context: &'a Context,
    provider: &'a Provider,
    args: &'a CredentialArgs,
    settings: &'a ApiSettings,
    trust: &'a Trust,
}

impl Finder<'_> {
    fn token(&self, auth: &Auth) -> Result<Credentials, Failure> {
        let place = self.trust.of(&self.settings.token).map(|(place, _)| place);
        // A variable that the provider's tools know holds a token only where the API takes one.
        let known: &[String] = if auth.kind == AuthKind::Basic { &[] } else { &auth.env };
        let token = self.look_up("token", &self.args.token, place, known)?;
        Ok(token.map_or(Credentials::None, Credentials::Token))
    }

    fn pair(&self, auth: &Auth) -> Result<Credentials, Failure> {
        let is_known = auth.kind == AuthKind::Basic;
        let known = |names: &'_ [String]| if is_known { names.to_vec() } else { Vec::new() };
        let username = self.username(&known(&auth.username_env))?;
        let place = self.trust.of(&self.settings.password).map(|(place, _)| place);
        let password = self.look_up("password", &self.args.password, place, &known(&auth.env))?;
        match (username, password) {
            (None, None) => Ok(Credentials::None),
            (Some((username, username_origin)), Some(password)) => {
                Ok(Credentials::Basic { username, username_origin, password })
            }
            (Some((_, origin)), None) => Err(self.half("password", &format!("user name (from {origin})"))),
            (None, Some(password)) => Err(self.half("username", &format!("password (from {})", password.origin()))),
        }
    }

    /// The user name, and where it came from. It is no secret.
    fn username(&self, known: &[String]) -> Result<Option<(String, String)>, Failure> {
        let plain = match self.trust.of(&self.settings.username) {
            Some((UserName::Plain(name), file)) if !self.args.username.is_given() => {
                return Ok(Some((name.clone(), file.clone())));
            }
            Some((UserName::Kept(place), _)) => Some(place),
            _ => None,
        };
        let Some(name) = self.look_up("username", &self.args.username, plain, known)? else { return Ok(None) };
        let text = std::str::from_utf8(name.expose())
            .map_err(|_| Failure::usage(format!("the user name from {} is not UTF-8", name.origin())))?;
        // The colon divides the name from the password (RFC 7617 §2).
        if text.contains(':') {
            return Err(Failure::usage(format!("the user name from {} has a `:` in it", name.origin()))
                .hint("no user name of HTTP Basic can have one"));
        }
        Ok(Some((text.to_owned(), name.origin().to_owned())))
    }

    fn look_up(
        &self,
        name: &str,
        flags: &Given,
        place: Option<&SecretOrigin>,
        known: &[String],
    ) -> Result<Option<Secret>, Failure> {
        let found = match (chosen::given(self.context, name, flags), place) {
            (Ok(None), Some(place)) => chosen::read(self.context, place).map(Some),
            (Ok(None), None) => chosen::well_known(self.context, self.trust.well_known(known)),
            (given, _) => given,
        };
        found.map_err(|failure| self.explain(name, failure))
    }

    /// The errors of secrets speak of signing.
    fn explain(&self, name: &str, failure: Failure) -> Failure {
        let what = if name == "username" { "user name" } else { name };
        if failure.code == "empty_secret" {
            let message = format!("the {what} for {} is empty", self.provider.id());
            return Failure::new(Exit::Usage, "empty_credential", anyhow::Error::msg(message))
                .hint(format!("give it with --{name}-env NAME or --{name}-file PATH"));
        }
        Failure { error: failure.error.context(format!("the {what} for {}", self.provider.id())), ..failure }
    }

    fn half(&self, name: &str, given: &str) -> Failure {
        let id = self.provider.id();
        let what = if name == "username" { "user name" } else { name };
        let message = format!("{id} has a {given}, but no {what}");
        Failure::new(Exit::Usage, "no_credentials", anyhow::Error::msg(message))
            .hint(format!("give it with --{name}-env NAME, or as {name} = \"env:NAME\" in [provider.{id}.api]"))
    }
}
