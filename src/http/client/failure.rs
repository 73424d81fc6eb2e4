//! What went wrong, in one line, and what to do about it.

use std::error::Error as StdError;
use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::time::Duration;

use tokio_rustls::rustls::{self, AlertDescription, CertificateError};

use super::connect::Endpoint;
use crate::model::{DeliveryError, FailureKind};

/// How far a delivery had come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    Connecting,
    Waiting,
    Reading,
}

fn failure(kind: FailureKind, message: impl Into<String>, hint: Option<&str>) -> DeliveryError {
    DeliveryError { kind, message: message.into(), hint: hint.map(str::to_owned) }
}

/// The URL cannot be sent to.
pub(super) fn bad_target(problem: &str) -> DeliveryError {
    failure(FailureKind::Protocol, problem, Some("use a URL like http://127.0.0.1:3000/webhook"))
}

/// The name has no address.
pub(super) fn dns(host: &str, error: &io::Error) -> DeliveryError {
    let detail = error.to_string();
    let detail = detail.strip_prefix("failed to lookup address information: ").unwrap_or(&detail);
    let message = format!("cannot resolve {host}: {}", lower_first(detail));
    failure(FailureKind::Dns, message, Some("check the spelling of the host, and the network"))
}

/// The target is one of our own sockets.
pub(super) fn own_port(address: SocketAddr) -> DeliveryError {
    let message = format!("{address} is hookctl itself; delivering there would go round in circles");
    failure(FailureKind::Loop, message, Some("give the port of your app"))
}

/// No address could be connected to.
pub(super) fn connect(host: &str, failures: &[(SocketAddr, io::Error)]) -> DeliveryError {
    let refused = addresses(failures, |error| error.kind() == ErrorKind::ConnectionRefused);
    let timed_out = addresses(failures, |error| error.kind() == ErrorKind::TimedOut);
    if !refused.is_empty() {
        let message = format!("connection refused by {refused}");
        return failure(FailureKind::Refused, message, Some("start your app, or check the port"));
    }
    if !timed_out.is_empty() {
        let message = format!("no connection to {timed_out} within the time limit");
        return failure(FailureKind::Timeout, message, Some("check host and firewall, or raise --timeout"));
    }
    match failures.last() {
        Some((_, error)) => {
            let message = format!("cannot connect to {}: {}", addresses(failures, |_| true), plain(error));
            failure(connect_kind(error), message, Some("check the address and the network"))
        }
        None => failure(FailureKind::Dns, format!("{host} has no address"), None),
    }
}

fn connect_kind(error: &io::Error) -> FailureKind {
    match error.kind() {
        ErrorKind::ConnectionReset | ErrorKind::ConnectionAborted => FailureKind::Reset,
        _ => FailureKind::Unreachable,
    }
}

/// `127.0.0.1:4242 and [::1]:4242`, of those whose error is meant.
fn addresses(failures: &[(SocketAddr, io::Error)], meant: impl Fn(&io::Error) -> bool) -> String {
    let meant: Vec<_> =
        failures.iter().filter(|(_, error)| meant(error)).map(|(address, _)| address.to_string()).collect();
    meant.join(" and ")
}

/// A time limit passed.
pub(super) fn timeout(endpoint: &Endpoint, stage: Stage, limit: Duration) -> DeliveryError {
    let message = match stage {
        Stage::Connecting => format!("no connection to {endpoint} within {limit:?}"),
        Stage::Waiting => format!("no answer from {endpoint} within {limit:?}"),
        Stage::Reading => format!("the answer of {endpoint} was not complete within {limit:?}"),
    };
    failure(FailureKind::Timeout, message, Some("answer sooner, or raise --timeout"))
}

/// The TLS handshake failed.
pub(super) fn tls(endpoint: &Endpoint, error: &io::Error) -> DeliveryError {
    match tls_error(error) {
        Some(error) => tls_failure(endpoint, error),
        None if is_broken_off(error) => {
            let message = format!("{endpoint} closed the connection during the TLS handshake");
            failure(FailureKind::Tls, message, Some("if this port speaks plain HTTP, use http://"))
        }
        None => failure(FailureKind::Tls, format!("TLS with {endpoint} failed: {}", plain(error)), None),
    }
}

fn tls_failure(endpoint: &Endpoint, error: &rustls::Error) -> DeliveryError {
    use rustls::Error::{AlertReceived, InvalidCertificate, InvalidMessage, PeerIncompatible};
    match error {
        InvalidCertificate(error) => certificate(endpoint, error),
        InvalidMessage(_) => failure(FailureKind::Tls, format!("{endpoint} does not speak TLS"), Some("use http://")),
        AlertReceived(AlertDescription::CertificateRequired) => {
            let message = format!("{endpoint} asks for a client certificate");
            failure(FailureKind::Tls, message, Some("client certificates are not supported; try another endpoint"))
        }
        AlertReceived(alert) => {
            failure(FailureKind::Tls, format!("{endpoint} ended the TLS handshake: {alert:?}"), None)
        }
        PeerIncompatible(reason) => {
            let message = format!("{endpoint} and hookctl have no TLS version or cipher in common ({reason:?})");
            failure(FailureKind::Tls, message, Some("the server needs TLS 1.2 or later"))
        }
        other => failure(FailureKind::Tls, format!("TLS with {endpoint} failed: {other}"), None),
    }
}

fn certificate(endpoint: &Endpoint, error: &CertificateError) -> DeliveryError {
    use CertificateError as E;
    let host = &endpoint.host;
    let (problem, hint) = match error {
        E::Expired | E::ExpiredContext { .. } => ("has expired", "renew it, or use --insecure"),
        E::NotValidYet | E::NotValidYetContext { .. } => ("is not valid yet", "check the clock, or use --insecure"),
        E::UnknownIssuer => ("has an unknown issuer", "trust it with --ca-cert FILE, or use --insecure"),
        E::NotValidForName | E::NotValidForNameContext { .. } => {
            ("is for another name", "use the name in the certificate, or --insecure")
        }
        E::Revoked => ("is revoked", "renew it"),
        _ if error.to_string().contains("CaUsedAsEndEntity") => {
            ("is a CA certificate used as a server certificate", "trust it with --ca-cert FILE, or use --insecure")
        }
        _ => {
            let message = format!("the certificate of {host} is not accepted: {error}");
            return failure(FailureKind::Tls, message, Some("use --insecure to go on without checking it"));
        }
    };
    failure(FailureKind::Tls, format!("the certificate of {host} {problem}"), Some(hint))
}

/// The system's certificates cannot be used.
pub(super) fn no_roots(problem: &str) -> DeliveryError {
    failure(FailureKind::Tls, problem, Some("install ca-certificates, or use --ca-cert FILE"))
}

/// The exchange broke before the head of the answer had come.
pub(super) fn exchange(endpoint: &Endpoint, encrypted: bool, error: &hyper::Error) -> DeliveryError {
    if let Some(error) = chain(error).find_map(|cause| cause.downcast_ref::<io::Error>()).and_then(tls_error) {
        return tls_failure(endpoint, error);
    }
    if error.is_parse_too_large() {
        return failure(FailureKind::Protocol, format!("{endpoint} answered with too large a head"), None);
    }
    if error.is_parse() {
        let hint = (!encrypted).then_some("if this port speaks TLS, use https://");
        return failure(FailureKind::Protocol, format!("{endpoint} did not answer in HTTP ({error})"), hint);
    }
    if error.is_incomplete_message() || breaks_off(error) || error.is_canceled() || error.is_closed() {
        let message = format!("{endpoint} closed the connection without an answer");
        return failure(FailureKind::Reset, message, Some("see the log of your app: it may have crashed"));
    }
    failure(FailureKind::Protocol, format!("the exchange with {endpoint} failed: {}", whole(error)), None)
}

/// The body of the answer broke off.
pub(super) fn body(endpoint: &Endpoint, received: usize, error: &hyper::Error) -> DeliveryError {
    let message = format!("the answer of {endpoint} broke off after {received} bytes");
    let kind =
        if breaks_off(error) || error.is_incomplete_message() { FailureKind::Reset } else { FailureKind::Protocol };
    failure(kind, message, None)
}

/// Something went wrong on the way to, or at, the proxy.
pub(super) fn proxy(proxy: &Endpoint, problem: &str, host: &str) -> DeliveryError {
    let hint = format!("check HTTP_PROXY and HTTPS_PROXY, or set NO_PROXY={host}");
    failure(FailureKind::Proxy, format!("proxy {proxy}: {problem}"), Some(&hint))
}

/// What TLS says in the error of a client of another making, if it is about TLS.
pub fn tls_problem(error: &(dyn StdError + 'static), url: &url::Url) -> Option<DeliveryError> {
    let host = url.host_str().unwrap_or_default().trim_start_matches('[').trim_end_matches(']');
    let endpoint = Endpoint { host: host.to_owned(), port: url.port_or_known_default().unwrap_or_default() };
    let mut next = Some(error);
    while let Some(cause) = next {
        if let Some(error) = cause.downcast_ref() {
            return Some(tls_failure(&endpoint, error));
        }
        // An I/O error leaves the error that it wraps out of its sources.
        next = match cause.downcast_ref::<io::Error>() {
            Some(wrapping) => wrapping.get_ref().map(|inner| inner as &(dyn StdError + 'static)),
            None => cause.source(),
        };
    }
    None
}

fn tls_error(error: &io::Error) -> Option<&rustls::Error> {
    error.get_ref()?.downcast_ref()
}

fn is_broken_off(error: &io::Error) -> bool {
    use ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset, NotConnected, UnexpectedEof, WriteZero};
    let broken = [BrokenPipe, ConnectionAborted, ConnectionReset, NotConnected, UnexpectedEof, WriteZero];
    broken.contains(&error.kind())
}

fn breaks_off(error: &hyper::Error) -> bool {
    chain(error).filter_map(|cause| cause.downcast_ref::<io::Error>()).any(is_broken_off)
}

fn chain(error: &hyper::Error) -> impl Iterator<Item = &(dyn StdError + 'static)> {
    std::iter::successors(error.source(), |cause: &&(dyn StdError + 'static)| (*cause).source())
}

fn whole(error: &hyper::Error) -> String {
    chain(error).fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
}

/// The text of an I/O error without `(os error 111)`.
fn plain(error: &io::Error) -> String {
    let text = error.to_string();
    lower_first(text.split(" (os error").next().unwrap_or(&text))
}

fn lower_first(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_lowercase().chain(letters).collect()).unwrap_or_default()
}
