//! Where a service listens, in words.

use std::io;

use crate::error::Failure;

/// An IPv6 address stands in brackets in a URL.
pub(super) fn shown_host(host: &str) -> String {
    if host.contains(':') && !host.starts_with('[') { format!("[{host}]") } else { host.to_owned() }
}

/// How another port or host is named where one cannot be had.
pub(super) struct Cure {
    pub(super) free_port: &'static str,
    pub(super) higher_port: &'static str,
    pub(super) host: &'static str,
}

const CURE: Cure = Cure { free_port: "--port 0", higher_port: "a higher --port", host: "--host 127.0.0.1" };

pub(super) fn cannot_bind(port: u16, error: io::Error) -> Failure {
    cannot_serve(port, error, &CURE)
}

pub(super) fn cannot_serve(port: u16, error: io::Error, cure: &Cure) -> Failure {
    let (code, hint) = match error.kind() {
        io::ErrorKind::AddrInUse => (
            "port_in_use",
            format!(
                "another program has it (`ss -ltnp 'sport = :{port}'` names it): use {} for a free one",
                cure.free_port
            ),
        ),
        io::ErrorKind::PermissionDenied => {
            ("port_privileged", format!("ports below 1024 need privileges: use {}", cure.higher_port))
        }
        io::ErrorKind::AddrNotAvailable => {
            ("no_such_address", format!("this machine has no such address: use {}", cure.host))
        }
        _ => ("cannot_listen", format!("use {}", cure.host)),
    };
    Failure::machine(code, anyhow::anyhow!("cannot listen on {error}")).hint(hint)
}
