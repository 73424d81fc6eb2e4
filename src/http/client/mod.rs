//! The client: sends a request byte for byte, adds nothing but `Host` and `Content-Length`, follows
//! no redirect, keeps no cookie, and says what went wrong in one line with a cure.

mod connect;
mod exchange;
mod failure;
mod forbidden;
mod proxy;
mod session;
mod target;
#[cfg(test)]
mod tests;
mod tls;
mod wire;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use url::Url;

use forbidden::Forbidden;
use proxy::ProxyTable;
use tls::Tls;

pub use failure::tls_problem;
pub use proxy::Proxies;
pub use session::{HeaderCase, Outcome, Session};
pub use tls::{ClientError, system_certificates, tls_config};

/// Bytes of an answer's body that are kept: an app's answer to a webhook is a few bytes, an error
/// page a few hundred KiB.
const MAX_RESPONSE: usize = 1024 * 1024;
/// Longer than any provider waits for an answer.
const TIMEOUT: Duration = Duration::from_secs(30);
/// A name look-up, all addresses and TLS; three lost SYNs.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// How to reach targets.
#[derive(Debug, Clone)]
pub struct ClientOptions {
    /// From the first connect to the last byte of the answer.
    pub timeout: Option<Duration>,
    /// For the name look-up, all addresses, the proxy and TLS together.
    pub connect_timeout: Option<Duration>,
    /// Accept any certificate.
    pub insecure: bool,
    /// Files with certificates (PEM or DER) to trust beside the system's.
    pub ca_certs: Vec<PathBuf>,
    /// Which proxy to use. A target on this machine is always reached directly.
    pub proxies: Proxies,
    /// Bytes of an answer's body that are kept; when there are more the connection is closed.
    pub max_response: usize,
    /// How header names are written.
    pub header_case: HeaderCase,
    /// The program's own sockets, which are never connected to.
    pub forbid: Vec<SocketAddr>,
}

impl Default for ClientOptions {
    fn default() -> Self {
        Self {
            timeout: Some(TIMEOUT),
            connect_timeout: Some(CONNECT_TIMEOUT),
            insecure: false,
            ca_certs: Vec::new(),
            proxies: Proxies::Environment,
            max_response: MAX_RESPONSE,
            header_case: HeaderCase::Lower,
            forbid: Vec::new(),
        }
    }
}

/// Makes sessions. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Client {
    inner: Arc<Inner>,
}

/// What the sessions of a client share.
#[derive(Debug)]
struct Inner {
    timeout: Option<Duration>,
    connect_timeout: Option<Duration>,
    max_response: usize,
    header_case: HeaderCase,
    forbidden: Forbidden,
    proxies: ProxyTable,
    tls: Tls,
}

impl Client {
    /// Reads the certificate files. The system's own certificates are read at the first `https:`.
    pub fn new(options: ClientOptions) -> Result<Self, ClientError> {
        let inner = Inner {
            timeout: options.timeout,
            connect_timeout: options.connect_timeout,
            max_response: options.max_response,
            header_case: options.header_case,
            forbidden: Forbidden::new(&options.forbid),
            proxies: ProxyTable::new(&options.proxies),
            tls: Tls::new(options.insecure, &options.ca_certs)?,
        };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// A session with the authority of `target`; its path is not used. Connects when it first sends.
    pub fn session(&self, target: &Url) -> Session {
        Session::new(Arc::clone(&self.inner), target)
    }
}
