//! What each error is called in scripts, and what to do about it.

use std::time::Duration;

use super::error::RegistrationError;
use crate::http::ClientError;

impl RegistrationError {
    /// A word for scripts.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NoApi { .. } => "no_api",
            Self::Unsupported { .. } => "unsupported_call",
            Self::Missing { .. } => "missing_value",
            Self::NoPlace { .. } => "no_place",
            Self::Unfit { .. } => "bad_value",
            Self::BadApiUrl { .. } => "bad_api_url",
            Self::NoCredentials { .. } => "no_credentials",
            Self::BadCredential { .. } => "bad_credential",
            Self::InTheClear { .. } | Self::Unchecked => "insecure_credential",
            Self::Tls(ClientError::CaFile { .. }) => "bad_certificate_file",
            Self::Tls(_) => "no_certificates",
            Self::Client(_) => "client",
            Self::Denied { said, .. } if said.status == 401 => "unauthorized",
            Self::Denied { .. } => "forbidden",
            Self::UnknownId { .. } => "unknown_webhook",
            Self::Refused { .. } => "refused",
            Self::Limited { .. } => "rate_limited",
            Self::Server { .. } => "server_error",
            Self::Redirect { .. } => "redirect",
            Self::Unreadable { .. } => "unreadable_answer",
            Self::Network { kind, .. } => kind.as_str(),
            Self::Endless { .. } => "endless_list",
            Self::Uncertain { .. } => "uncertain",
        }
    }

    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        Some(match self {
            Self::NoApi { instead, .. } => instead.clone(),
            Self::Unsupported { exists, .. } => {
                let names: Vec<&str> = exists.iter().map(|operation| operation.name()).collect();
                format!("it has {}; the rest is done in its own settings", names.join(", "))
            }
            Self::Missing { name, is_variable: true, provider } => {
                format!("give it with --var {name}=…, or as vars = {{ {name} = \"…\" }} in [provider.{provider}.api]")
            }
            Self::Missing { name, .. } => match name.as_str() {
                "url" => "give it with --target URL".to_owned(),
                "secret" => "give it with --secret-env NAME or --secret-file PATH".to_owned(),
                "events" => "name them with --events, or --all-events".to_owned(),
                name => format!("give it with --{name}"),
            },
            Self::NoPlace { instead, .. } => (*instead).to_owned(),
            Self::Unfit { name } => format!("check {name}"),
            Self::BadApiUrl { .. } => {
                "write --api-url https://HOST/PATH, or http://127.0.0.1:PORT for a mock".to_owned()
            }
            Self::NoCredentials { flags, .. } => flags.clone(),
            Self::BadCredential { .. } => "see whether it was copied whole, without line breaks".to_owned(),
            Self::InTheClear { .. } => {
                "use https://; --insecure-send-token sends it all the same (a throw-away one, to a mock)".to_owned()
            }
            Self::Unchecked => {
                "trust the API's certificate with --ca-cert FILE; --insecure-send-token sends it all the same"
                    .to_owned()
            }
            Self::Denied { said, .. } if said.status == 401 => {
                "see whether the value is current, and for this account".to_owned()
            }
            Self::Denied { .. } => "the credential may lack a permission, or be for another account".to_owned(),
            Self::UnknownId { provider, .. } => format!("`hookctl webhooks list --provider {provider}` shows them"),
            Self::Refused { said, .. } if said.status == 404 => {
                "check --var and --api-url; some APIs answer so when the credential may not see it".to_owned()
            }
            Self::Limited { asked: Some(asked), .. } => format!("come back in {}", spoken(*asked)),
            Self::Limited { .. } | Self::Server { .. } => "try again later".to_owned(),
            Self::Redirect { .. } => {
                "a redirect could carry the credential elsewhere; if that is the API, name it with --api-url".to_owned()
            }
            Self::Unreadable { .. } => "see whether --api-url leads to the API".to_owned(),
            Self::Network { hint, .. } => return hint.clone(),
            Self::Uncertain { found: None, .. } => {
                "look at the provider's own settings before it is made again".to_owned()
            }
            Self::Uncertain { found: Some(found), .. } if found.is_empty() => {
                "it may still come: look again in a moment with `hookctl webhooks list`, and make it again only then"
                    .to_owned()
            }
            Self::Uncertain { .. } => {
                "`hookctl webhooks get ID` shows one, `webhooks delete ID` removes it; none is made again unasked"
                    .to_owned()
            }
            Self::Refused { .. } | Self::Tls(ClientError::CaFile { .. }) | Self::Client(_) | Self::Endless { .. } => {
                return None;
            }
            Self::Tls(_) => "install ca-certificates, or use --ca-cert FILE".to_owned(),
        })
    }
}

/// `90 s` up to two minutes, then minutes or hours.
fn spoken(wait: Duration) -> String {
    match wait.as_secs() {
        seconds @ ..=120 => format!("{seconds} s"),
        seconds @ ..=7200 => format!("{} min", seconds.div_ceil(60)),
        seconds => format!("{} h", seconds.div_ceil(3600)),
    }
}
