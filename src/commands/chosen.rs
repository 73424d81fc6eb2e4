//! The provider and the secret that flags, environment and configuration choose.

use std::sync::Arc;

use super::{Context, handed_over};
use crate::cli::{Given, SecretArgs, SignatureArgs, ToleranceArg};
use crate::error::Failure;
use crate::folders;
use crate::keys::PublishedKeys;
use crate::model::Secret;
use crate::provider::{PUBLIC_URL, Provider, Signature, SignatureTable, Tolerance, Variable, signature_override};
use crate::settings::{SecretOrigin, read_secret};

/// Explaining tries every one of them; who has more finds the right one otherwise.
const MAX_KNOWN: usize = 64;

/// The provider of this id, with the signature that flags or configuration give it.
pub(super) fn provider(context: &Context, id: &str, flags: &SignatureArgs) -> Result<Arc<Provider>, Failure> {
    let provider = context.catalogue.provider(id)?;
    with_configured_signature(context, provider, flags)
}

/// The same provider with the signature that flags or configuration give it.
pub(super) fn with_configured_signature(
    context: &Context,
    provider: Arc<Provider>,
    flags: &SignatureArgs,
) -> Result<Arc<Provider>, Failure> {
    let provider = with_configured_variables(context, provider);
    if let Some(signature) = signature_from_flags(&provider, flags)? {
        return Ok(Arc::new(provider.with_signature(signature)));
    }
    if let Some(id) = &flags.signature {
        return only(&provider, id);
    }
    let Some((file, table)) = context.settings.signature(provider.id()) else { return Ok(provider) };
    let signature = signature_override(&file.path().display().to_string(), file.text(), table)?;
    Ok(Arc::new(provider.with_signature(signature)))
}

/// The same provider with the values that its well-known variables and the configuration give it.
fn with_configured_variables(context: &Context, provider: Arc<Provider>) -> Arc<Provider> {
    let from_environment = |variable: &Variable| {
        let value = variable.env.iter().find_map(|name| std::env::var(name).ok().filter(|value| !value.is_empty()))?;
        Some((variable.name.clone(), value))
    };
    let known: Vec<(String, String)> = provider.variables().iter().filter_map(from_environment).collect();
    let known = known.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    let configured = context.settings.variables(provider.id());
    if known.len() == 0 && configured.is_empty() {
        return provider;
    }
    Arc::new(provider.with_variables(known.chain(configured)))
}

/// The same provider with the values of `--var`.
pub(super) fn with_variables(provider: Arc<Provider>, typed: &[String]) -> Result<Arc<Provider>, Failure> {
    if typed.is_empty() {
        return Ok(provider);
    }
    let pairs = typed.iter().map(|text| variable(text)).collect::<Result<Vec<_>, _>>()?;
    if let Some((name, _)) = pairs.iter().find(|(name, _)| !declares(&provider, name)) {
        let known = provider.variables().iter().map(|variable| variable.name.as_str()).chain([PUBLIC_URL]);
        let known: Vec<&str> = known.collect();
        return Err(Failure::usage(format!("{} has no variable `{name}`", provider.id()))
            .hint(format!("it has {}", known.join(", "))));
    }
    Ok(Arc::new(provider.with_variables(pairs)))
}

/// Whether this provider has such a variable.
pub(super) fn declares(provider: &Provider, name: &str) -> bool {
    name == PUBLIC_URL || provider.variables().iter().any(|variable| variable.name == name)
}

/// The two halves of `NAME=VALUE`.
pub(super) fn variable(text: &str) -> Result<(&str, &str), Failure> {
    let halves = text.split_once('=').filter(|(name, value)| !name.is_empty() && !value.is_empty());
    halves.ok_or_else(|| Failure::usage(format!("`{text}` has no value")).hint("write --var NAME=VALUE"))
}

/// The provider with just this one of its signatures.
fn only(provider: &Provider, id: &str) -> Result<Arc<Provider>, Failure> {
    let mut signatures = provider.signatures().iter();
    match signatures.find(|signature| signature.id() == id) {
        Some(signature) => Ok(Arc::new(provider.with_signature(signature.clone()))),
        None => {
            let known: Vec<&str> = provider.signatures().iter().map(Signature::id).collect();
            let known =
                if known.is_empty() { "it has none".to_owned() } else { format!("it has {}", known.join(", ")) };
            Err(Failure::usage(format!("{} has no signature `{id}`", provider.id())).hint(known))
        }
    }
}

/// Flags describe a whole signature: what they leave out is HMAC-SHA-256 of the body, in hex, in the
/// provider's own header.
fn signature_from_flags(provider: &Provider, flags: &SignatureArgs) -> Result<Option<Signature>, Failure> {
    let given = [
        ("scheme", &flags.signature_scheme),
        ("algorithm", &flags.signature_algorithm),
        ("encoding", &flags.signature_encoding),
        ("format", &flags.signature_format),
        ("signed", &flags.signed),
    ];
    if flags.signature_header.is_none() && given.iter().all(|(_, value)| value.is_none()) {
        return Ok(None);
    }
    let source = match &flags.signature_header {
        Some(name) => format!("header:{name}"),
        None => own_source(provider)?,
    };
    let mut table = toml::Table::new();
    for (key, default) in [("scheme", "hmac"), ("encoding", "hex"), ("signed", "{body}"), ("id", "flags")] {
        table.insert(key.to_owned(), default.into());
    }
    table.insert("source".to_owned(), source.into());
    for (key, value) in given {
        if let Some(value) = value {
            table.insert(key.to_owned(), value.as_str().into());
        }
    }
    let text = table.to_string();
    let wrong = |problem: String| Failure::usage(format!("the signature flags: {problem}"));
    let table: SignatureTable = toml::from_str(&text).map_err(|error| wrong(error.message().to_owned()))?;
    signature_override("flags", &text, &table).map(Some).map_err(|error| wrong(error.problem))
}

fn own_source(provider: &Provider) -> Result<String, Failure> {
    let header = provider.signatures().first().and_then(Signature::header);
    header.map(|name| format!("header:{name}")).ok_or_else(|| {
        Failure::usage(format!("{} has no signature header of its own", provider.id()))
            .hint("name one with --signature-header")
    })
}

/// The secrets: by flags, by `HOOKCTL_SECRET…`, by configuration, by the provider's well-known variable.
pub(super) fn secrets(context: &Context, provider: &Provider, flags: &SecretArgs) -> Result<Vec<Secret>, Failure> {
    let named = named_secrets(context, flags)?;
    if named.is_empty() { own_secrets(context, provider) } else { Ok(named) }
}

/// The current one of them, to sign with.
pub(super) fn secret(context: &Context, provider: &Provider, flags: &SecretArgs) -> Result<Option<Secret>, Failure> {
    Ok(secrets(context, provider, flags)?.into_iter().next())
}

/// The secrets that flags name, whatever the provider.
pub(super) fn named_secrets(context: &Context, flags: &SecretArgs) -> Result<Vec<Secret>, Failure> {
    if let Some(visible) = flags.secrets.iter().find(|one| one.is_visible()) {
        warn_if_visible(context, "secret", visible);
    }
    flags.secrets.iter().filter_map(|one| given(context, "secret", one).transpose()).collect()
}

/// The current one of them.
pub(super) fn named_secret(context: &Context, flags: &SecretArgs) -> Result<Option<Secret>, Failure> {
    Ok(named_secrets(context, flags)?.into_iter().next())
}

/// Says so when a secret stands among the arguments of this process.
pub(super) fn warn_if_visible(context: &Context, name: &str, flags: &Given) {
    if flags.is_visible() {
        context
            .say(&format!("warning: other users of this machine can see --{name}: use --{name}-env or --{name}-file"));
    }
}

/// What `--NAME`, `--NAME-env` or `--NAME-file` gives.
pub(super) fn given(context: &Context, name: &str, flags: &Given) -> Result<Option<Secret>, Failure> {
    let origin = match (&flags.env, &flags.file, &flags.value) {
        (Some(variable), _, _) => SecretOrigin::Variable(variable.clone()),
        (None, Some(path), _) => SecretOrigin::File(context.path(path)),
        (None, None, Some(value)) => {
            let typed = || format!("--{name}");
            let origin = if flags.is_typed() { typed() } else { format!("env:HOOKCTL_{}", name.to_uppercase()) };
            return Ok(Some(Secret::new(value.as_bytes(), origin)?));
        }
        (None, None, None) => return Ok(None),
    };
    read(context, &origin).map(Some)
}

/// The secrets that the configuration or the environment holds for this provider, else what it handed over.
pub(super) fn own_secrets(context: &Context, provider: &Provider) -> Result<Vec<Secret>, Failure> {
    if let Some((origins, _)) = context.settings.secrets(provider.id()) {
        return origins.iter().map(|origin| origin.read(&mut |text| context.say(text))).collect();
    }
    match well_known(context, &provider.about().secret_env)? {
        Some(secret) => Ok(vec![secret]),
        None => handed_over::kept(context, provider),
    }
}

/// The current one of them.
pub(super) fn own_secret(context: &Context, provider: &Provider) -> Result<Option<Secret>, Failure> {
    Ok(own_secrets(context, provider)?.into_iter().next())
}

/// Every other secret that the configuration names and that can be read: a signature that was made with one of
/// them is explained so.
pub(super) fn known_secrets(context: &Context) -> Vec<Secret> {
    let origins = context.settings.all_secrets();
    // A keyring may ask its user for a password, and nobody named these secrets.
    let quiet = origins.iter().filter(|one| !matches!(one.origin, SecretOrigin::Keyring { .. }));
    quiet.take(MAX_KNOWN).filter_map(|one| one.read(&mut |_| {}).ok()).collect()
}

/// What the first of these variables holds that is set.
pub(super) fn well_known(context: &Context, names: &[String]) -> Result<Option<Secret>, Failure> {
    let set = names.iter().find(|name| std::env::var_os(name).is_some_and(|value| !value.is_empty()));
    set.map(|name| read(context, &SecretOrigin::Variable(name.clone()))).transpose()
}

/// Reads a secret from its place, and says what a person should know of it.
pub(super) fn read(context: &Context, origin: &SecretOrigin) -> Result<Secret, Failure> {
    read_secret(origin, &mut |text| context.say(text))
}

/// What providers publish, kept in the user's cache.
pub(super) fn published_keys() -> PublishedKeys {
    PublishedKeys::new(folders::cache_folder().map(|folder| folder.join("keys")))
}

/// What `--tolerance` means.
pub(super) fn tolerance(flag: Option<ToleranceArg>) -> Tolerance {
    match flag {
        None => Tolerance::Provider,
        Some(ToleranceArg::Seconds(seconds)) => Tolerance::Seconds(seconds),
        Some(ToleranceArg::None) => Tolerance::Unlimited,
    }
}
