//! Where an API is, and that no value leads to another place of it.

use std::collections::BTreeMap;

use serde_json::Value;
use url::Url;

use super::check::api_of;
use super::error::RegistrationError;
use super::options::Options;
use crate::provider::Provider;

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
pub(super) fn joined(base: &Url, path: &str) -> Result<Url, RegistrationError> {
    let unfit = || RegistrationError::Unfit { name: "id".to_owned() };
    let text = format!("{}{path}", base.as_str().trim_end_matches('/'));
    let url = Url::parse(&text).map_err(|_| unfit())?;
    if url.as_str() == text && url.origin() == base.origin() { Ok(url) } else { Err(unfit()) }
}
