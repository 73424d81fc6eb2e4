//! Listening sockets.

use std::io::{self, ErrorKind};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, ToSocketAddrs};

use socket2::{Domain, Protocol, Socket, Type};
use tokio::net::TcpListener;

/// Connections the kernel keeps for us until they are accepted. With the usual 128, hundreds of
/// senders that reconnect at once wait a second for their lost SYN.
const BACKLOG: i32 = 1024;

/// Opens listening sockets for `host`, a name or an address. Port 0 takes a free one.
///
/// `localhost` gives both 127.0.0.1 and ::1 on one port, or the one of them that exists. Other
/// names give their first address that can be bound. Must be called inside a tokio runtime. The
/// error names the address and keeps its kind, so `AddrInUse` can be told from the rest.
pub fn bind(host: &str, port: u16) -> io::Result<Vec<TcpListener>> {
    let host = host.trim_start_matches('[').trim_end_matches(']');
    if host.eq_ignore_ascii_case("localhost") { bind_localhost(port) } else { Ok(vec![bind_name(host, port)?]) }
}

fn bind_localhost(port: u16) -> io::Result<Vec<TcpListener>> {
    let v4 = bind_one((IpAddr::V4(Ipv4Addr::LOCALHOST), port).into());
    let chosen = match &v4 {
        Ok(listener) => listener.local_addr()?.port(),
        Err(_) => port,
    };
    let v6 = bind_one((IpAddr::V6(Ipv6Addr::LOCALHOST), chosen).into());
    match (v4, v6) {
        (Ok(v4), Ok(v6)) => Ok(vec![v4, v6]),
        (Ok(v4), Err(error)) if port == 0 || is_absent(&error) => Ok(vec![v4]),
        (Err(error), Ok(v6)) if is_absent(&error) => Ok(vec![v6]),
        (Err(error), _) | (_, Err(error)) => Err(error),
    }
}

/// Whether the machine has no such address family or loopback address.
fn is_absent(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::AddrNotAvailable | ErrorKind::Unsupported)
}

fn bind_name(host: &str, port: u16) -> io::Result<TcpListener> {
    let mut last = io::Error::new(ErrorKind::NotFound, format!("{host} has no address"));
    let found = (host, port).to_socket_addrs().map_err(|error| named(host, &error))?;
    for address in found {
        match bind_one(address) {
            Ok(listener) => return Ok(listener),
            Err(error) => last = error,
        }
    }
    Err(last)
}

fn bind_one(address: SocketAddr) -> io::Result<TcpListener> {
    open(address).map_err(|error| named(&address.to_string(), &error))
}

fn open(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP)).map_err(no_family)?;
    if address.ip() == IpAddr::V6(Ipv6Addr::UNSPECIFIED) {
        socket.set_only_v6(false)?;
    }
    // On Windows the option would let two processes share the port.
    #[cfg(unix)]
    socket.set_reuse_address(true)?;
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    TcpListener::from_std(socket.into())
}

/// `EAFNOSUPPORT` has no kind of its own in `std`.
fn no_family(error: io::Error) -> io::Error {
    if error.kind() == ErrorKind::PermissionDenied { error } else { io::Error::new(ErrorKind::Unsupported, error) }
}

fn named(what: &str, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{what}: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn localhost_has_one_port_on_every_family_that_exists() {
        let listeners = bind("localhost", 0).unwrap();
        let port = listeners[0].local_addr().unwrap().port();
        assert!(listeners.iter().all(|listener| {
            let address = listener.local_addr().unwrap();
            address.ip().is_loopback() && address.port() == port
        }));
    }

    #[tokio::test]
    async fn a_taken_port_is_an_error_that_names_the_address() {
        let first = bind("127.0.0.1", 0).unwrap();
        let address = first[0].local_addr().unwrap();
        let error = bind("127.0.0.1", address.port()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::AddrInUse);
        assert!(error.to_string().starts_with(&address.to_string()), "{error}");
    }

    #[tokio::test]
    async fn brackets_around_an_ipv6_address_are_allowed() {
        if let Ok(listeners) = bind("[::1]", 0) {
            assert!(listeners[0].local_addr().unwrap().is_ipv6());
        }
    }
}
