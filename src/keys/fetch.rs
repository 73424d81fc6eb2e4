//! One GET over TLS: no redirect, no credential, no large or slow answer.

use std::time::Duration;

use http::StatusCode;
use reqwest::redirect::Policy;
use tokio::sync::OnceCell;
use url::Host;

use super::resolve::PublicOnly;
use crate::http::{is_private_address, tls_config};
use crate::provider::{Unsupplied, Wanted};

/// From the look-up of the name to the last byte: below what providers wait for an answer.
const TIMEOUT: Duration = Duration::from_secs(5);
/// A set of a hundred RSA keys is 50 KiB; a chain of certificates 10 KiB.
const MAX_ANSWER: usize = 64 * 1024;
/// What providers know this program by.
const AGENT: &str = concat!("hookctl/", env!("CARGO_PKG_VERSION"));

/// Clients for keys; made when they are first needed.
#[derive(Default)]
pub(super) struct Fetcher {
    public: OnceCell<reqwest::Client>,
    own_network: OnceCell<reqwest::Client>,
}

impl Fetcher {
    pub(super) async fn fetch(&self, wanted: &Wanted) -> Result<Vec<u8>, Unsupplied> {
        let unavailable = |problem: &str| Unsupplied::Unavailable(format!("{}: {problem}", wanted.host()));
        let client = self.client(wanted).await.map_err(|problem| unavailable(&problem))?;
        let mut response =
            client.get(wanted.url().clone()).send().await.map_err(|error| unavailable(&told(&error.without_url())))?;
        if response.status() != StatusCode::OK {
            let status = response.status().as_u16();
            // What is not there is no passing trouble.
            let problem = format!("could not be had: {} answered {status}", wanted.host());
            return Err(if (300..500).contains(&status) && status != 429 {
                Unsupplied::Refused(problem)
            } else {
                Unsupplied::Unavailable(problem)
            });
        }
        let mut bytes = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| unavailable(&told(&error.without_url())))? {
            if bytes.len() + chunk.len() > MAX_ANSWER {
                return Err(Unsupplied::Refused(format!("is larger than {} KiB", MAX_ANSWER >> 10)));
            }
            bytes.extend_from_slice(&chunk);
        }
        Ok(bytes)
    }

    async fn client(&self, wanted: &Wanted) -> Result<&reqwest::Client, String> {
        if wanted.may_be_private() {
            return self.own_network.get_or_try_init(|| build(false)).await;
        }
        let address = match wanted.url().host() {
            Some(Host::Ipv4(ip)) => Some(ip.into()),
            Some(Host::Ipv6(ip)) => Some(ip.into()),
            _ => None,
        };
        if address.is_some_and(is_private_address) {
            return Err("it is in a private network".into());
        }
        self.public.get_or_try_init(|| build(true)).await
    }
}

/// Reading the system's certificates takes some 10 ms of disk, so it has a thread of its own.
async fn build(is_public: bool) -> Result<reqwest::Client, String> {
    let tls = tokio::task::spawn_blocking(|| tls_config(false, &[])).await.map_err(|error| error.to_string())?;
    let builder = reqwest::Client::builder()
        .tls_backend_preconfigured(tls.map_err(|error| error.to_string())?)
        .https_only(true)
        .redirect(Policy::none())
        .referer(false)
        .retry(reqwest::retry::never())
        .http1_only()
        .user_agent(AGENT)
        // A proxy would look names up where nobody sees where they lead.
        .no_proxy()
        .timeout(TIMEOUT);
    let builder = if is_public { builder.dns_resolver(PublicOnly) } else { builder };
    builder.build().map_err(|error| error.to_string())
}

/// The innermost cause, which says most.
fn told(error: &reqwest::Error) -> String {
    if error.is_timeout() {
        return format!("no whole answer within {TIMEOUT:?}");
    }
    let mut cause: &dyn std::error::Error = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    cause.to_string()
}
