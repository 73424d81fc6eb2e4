//! The program's own sockets, which a delivery must never reach.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};

/// Addresses that are refused after resolution, at every connect.
#[derive(Debug, Clone, Default)]
pub(super) struct Forbidden {
    bound: Vec<SocketAddr>,
}

impl Forbidden {
    /// Forbids what these listening sockets accept.
    pub fn new(bound: &[SocketAddr]) -> Self {
        Self { bound: bound.to_vec() }
    }

    /// Whether a connect to `address` would reach one of the sockets.
    pub fn covers(&self, address: SocketAddr) -> bool {
        let reached = reached_by(address.ip());
        self.bound.iter().any(|bound| bound.port() == address.port() && accepts(bound.ip(), reached))
    }
}

/// Where a connect ends up: an IPv4-mapped address is IPv4, an unspecified one the loopback.
fn reached_by(ip: IpAddr) -> IpAddr {
    match ip.to_canonical() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    }
}

/// A socket bound to an unspecified address accepts for every address of this machine. `[::]` may
/// accept IPv4 as well, so families are not told apart.
fn accepts(bound: IpAddr, reached: IpAddr) -> bool {
    let bound = bound.to_canonical();
    if bound.is_unspecified() { is_of_this_machine(reached) } else { bound == reached }
}

/// Only an address of this machine can be bound.
fn is_of_this_machine(ip: IpAddr) -> bool {
    ip.is_loopback() || UdpSocket::bind((ip, 0)).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn covers(bound: &str, target: &str) -> bool {
        Forbidden::new(&[bound.parse().unwrap()]).covers(target.parse().unwrap())
    }

    #[test]
    fn every_spelling_of_the_own_address_is_covered() {
        for target in ["127.0.0.1:4000", "[::ffff:127.0.0.1]:4000", "0.0.0.0:4000", "[::ffff:0.0.0.0]:4000"] {
            assert!(covers("127.0.0.1:4000", target), "{target}");
        }
        assert!(covers("[::1]:4000", "[::]:4000"));
    }

    #[test]
    fn a_socket_on_all_addresses_covers_every_address_of_the_machine() {
        for bound in ["0.0.0.0:4000", "[::]:4000"] {
            for target in ["127.0.0.1:4000", "127.8.8.8:4000", "[::1]:4000", "[::]:4000", "[::ffff:127.0.0.1]:4000"] {
                assert!(covers(bound, target), "{bound} {target}");
            }
            assert!(!covers(bound, "192.0.2.7:4000"), "another machine");
        }
    }

    #[test]
    fn other_ports_and_other_loopback_addresses_are_free() {
        assert!(!covers("127.0.0.1:4000", "127.0.0.1:4001"));
        assert!(!covers("127.0.0.1:4000", "127.0.0.2:4000"));
    }
}
