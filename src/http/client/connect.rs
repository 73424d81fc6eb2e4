//! From a host and a port to a connected socket.

use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use tokio::net::{TcpStream, lookup_host};
use tokio::time::{Instant, timeout};

use super::failure;
use super::forbidden::Forbidden;
use crate::model::DeliveryError;

/// Addresses of one name that are tried; a name with more has more than enough of them.
const MAX_ADDRESSES: usize = 8;

/// Where to connect to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Endpoint {
    /// A name or an address, without brackets.
    pub host: String,
    pub port: u16,
}

impl std::fmt::Display for Endpoint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.host.contains(':') {
            write!(f, "[{}]:{}", self.host, self.port)
        } else {
            write!(f, "{}:{}", self.host, self.port)
        }
    }
}

impl Endpoint {
    /// Whether this is this machine: a loopback or unspecified address, or a `localhost` name
    /// (RFC 6761 section 6.3).
    pub fn is_loopback(&self) -> bool {
        match self.host.parse::<std::net::IpAddr>() {
            Ok(ip) => ip.to_canonical().is_loopback() || ip.to_canonical().is_unspecified(),
            Err(_) => self.is_localhost(),
        }
    }

    fn is_localhost(&self) -> bool {
        let name = self.host.trim_end_matches('.').to_ascii_lowercase();
        name == "localhost" || name.ends_with(".localhost")
    }

    /// The addresses to try. `localhost` is both loopbacks: apps listen on one or the other.
    async fn addresses(&self) -> Result<Vec<SocketAddr>, DeliveryError> {
        if self.is_localhost() {
            return Ok(vec![(Ipv4Addr::LOCALHOST, self.port).into(), (Ipv6Addr::LOCALHOST, self.port).into()]);
        }
        let found = lookup_host((self.host.as_str(), self.port)).await;
        let mut addresses: Vec<_> = found.map_err(|error| failure::dns(&self.host, &error))?.collect();
        addresses.dedup();
        addresses.truncate(MAX_ADDRESSES);
        Ok(addresses)
    }
}

/// Connects to the first address that answers. Each address gets an equal share of what is left of
/// `limit`, so one that swallows packets does not use up the time of the next.
pub(super) async fn connect(
    endpoint: &Endpoint,
    forbidden: &Forbidden,
    limit: Option<Duration>,
) -> Result<TcpStream, DeliveryError> {
    let started = Instant::now();
    let addresses = endpoint.addresses().await?;
    if let Some(own) = addresses.iter().find(|address| forbidden.covers(**address)) {
        return Err(failure::own_port(*own));
    }
    let mut failures = Vec::with_capacity(addresses.len());
    for (index, address) in addresses.iter().enumerate() {
        let left = u32::try_from(addresses.len() - index).unwrap_or(1);
        let share = limit.map(|limit| limit.saturating_sub(started.elapsed()) / left);
        match attempt(*address, share).await {
            Ok(stream) => return Ok(stream),
            Err(error) => failures.push((*address, error)),
        }
    }
    Err(failure::connect(&endpoint.host, &failures))
}

async fn attempt(address: SocketAddr, limit: Option<Duration>) -> io::Result<TcpStream> {
    let connecting = TcpStream::connect(address);
    let stream = match limit {
        Some(limit) => timeout(limit, connecting).await.map_err(|_| io::ErrorKind::TimedOut)??,
        None => connecting.await?,
    };
    // A request is written whole, so waiting for more to send only delays it.
    stream.set_nodelay(true)?;
    Ok(stream)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_loopback(host: &str) -> bool {
        Endpoint { host: host.into(), port: 80 }.is_loopback()
    }

    #[test]
    fn this_machine_is_known_by_its_names_and_addresses() {
        for host in ["localhost", "LOCALHOST.", "app.localhost", "127.0.0.1", "127.1.2.3", "::1", "::ffff:127.0.0.1"] {
            assert!(is_loopback(host), "{host}");
        }
        assert!(is_loopback("0.0.0.0") && !is_loopback("notlocalhost") && !is_loopback("10.0.0.1"));
    }
}
