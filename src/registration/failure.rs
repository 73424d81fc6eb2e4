//! What went wrong on the way to the API, in one line, with whether the request may have arrived.

use std::error::Error as StdError;
use std::io;
use std::time::Duration;

use url::Url;

use super::place::is_loopback;
use crate::http::tls_problem;
use crate::model::FailureKind;

/// No answer, or not all of one.
#[derive(Debug, Clone)]
pub(super) struct Failure {
    pub kind: FailureKind,
    pub message: String,
    pub hint: Option<String>,
    /// Whether the API may have got the request.
    pub may_have_arrived: bool,
}

impl Failure {
    /// Whether another attempt would end the same.
    pub fn is_lasting(&self) -> bool {
        matches!(self.kind, FailureKind::Tls | FailureKind::TooLarge | FailureKind::Protocol)
    }

    /// The answer is longer than is read.
    pub fn too_large(url: &Url, limit: usize) -> Self {
        let message = format!("the answer of {} is larger than {} MiB", host(url), limit >> 20);
        let hint = Some("see whether --api-url leads to the API".to_owned());
        Self { kind: FailureKind::TooLarge, message, hint, may_have_arrived: true }
    }

    /// Reads an error of the HTTP client.
    pub fn of(error: &reqwest::Error, url: &Url, limit: Duration) -> Self {
        let may_have_arrived = !error.is_connect() && !error.is_builder();
        if let Some(problem) = tls_problem(error, url) {
            let hint =
                problem.hint.map(|hint| hint.replace("use --insecure", "use --insecure (never with a credential)"));
            return Self { kind: problem.kind, message: problem.message, hint, may_have_arrived };
        }
        let (kind, message, hint) = told(error, url, limit);
        Self { kind, message, hint, may_have_arrived }
    }
}

fn told(error: &reqwest::Error, url: &Url, limit: Duration) -> (FailureKind, String, Option<String>) {
    let host = host(url);
    let hint = |text: &str| Some(text.to_owned());
    let cause = chain(error).find_map(|cause| cause.downcast_ref::<io::Error>());
    if error.is_timeout() {
        let message = if error.is_connect() {
            format!("no connection to {host} in time")
        } else {
            format!("no whole answer from {host} within {limit:?}")
        };
        return (FailureKind::Timeout, message, hint("check the network, or raise --timeout"));
    }
    if error.is_dns() {
        let name = url.host_str().unwrap_or_default();
        return (FailureKind::Dns, format!("cannot resolve {name}"), hint("check the spelling, and the network"));
    }
    if error.is_connect() {
        let refused = cause.is_some_and(|cause| cause.kind() == io::ErrorKind::ConnectionRefused);
        if refused {
            let cure = if is_loopback(url) { "start `hookctl mock`, or check --api-url" } else { "check --api-url" };
            return (FailureKind::Refused, format!("connection refused by {host}"), hint(cure));
        }
        let text = last(error);
        // The way through a proxy is a tunnel.
        if whole(error).contains("tunnel") {
            let message = format!("the proxy gives no way to {host}: {text}");
            let cure = format!("check HTTPS_PROXY, or set NO_PROXY={}", url.host_str().unwrap_or_default());
            return (FailureKind::Proxy, message, Some(cure));
        }
        return (FailureKind::Unreachable, format!("cannot connect to {host}: {text}"), hint("check the network"));
    }
    let hyper = chain(error).find_map(|cause| cause.downcast_ref::<hyper::Error>());
    if hyper.is_some_and(hyper::Error::is_parse) {
        let cure = (url.scheme() == "http").then(|| "if this port speaks TLS, use https://".to_owned());
        return (FailureKind::Protocol, format!("{host} did not answer in HTTP"), cure);
    }
    let message = format!("{host} closed the connection before its answer was whole");
    (FailureKind::Reset, message, hint("try again; the provider's status page may say more"))
}

/// Host and port, as in a URL.
pub(super) fn host(url: &Url) -> String {
    let name = url.host_str().unwrap_or_default();
    url.port().map_or_else(|| name.to_owned(), |port| format!("{name}:{port}"))
}

fn chain<'e>(error: &'e (dyn StdError + 'static)) -> impl Iterator<Item = &'e (dyn StdError + 'static)> {
    std::iter::successors(Some(error), |cause| (*cause).source())
}

fn last(error: &reqwest::Error) -> String {
    let text = chain(error).last().map(ToString::to_string).unwrap_or_default();
    text.split(" (os error").next().unwrap_or_default().to_lowercase()
}

fn whole(error: &reqwest::Error) -> String {
    chain(error).map(|cause| format!("{cause} ")).collect()
}
