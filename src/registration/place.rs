//! Where a URL leads: to this machine, into a private network, or to the world.

use std::net::{IpAddr, Ipv6Addr};

use url::{Host, Url};

/// Names that no public resolver answers (RFC 6761, RFC 6762, and what companies use).
const PRIVATE_SUFFIXES: [&str; 6] = [".localhost", ".local", ".internal", ".home.arpa", ".lan", ".intranet"];

/// Whether a URL leads to this machine: a loopback or unspecified address, or a `localhost` name.
pub fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => {
            let name = name.trim_end_matches('.').to_ascii_lowercase();
            name == "localhost" || name.ends_with(".localhost")
        }
        Some(Host::Ipv4(ip)) => ip.is_loopback() || ip.is_unspecified(),
        Some(Host::Ipv6(ip)) => match ip.to_canonical() {
            IpAddr::V4(ip) => ip.is_loopback() || ip.is_unspecified(),
            IpAddr::V6(ip) => ip.is_loopback() || ip.is_unspecified(),
        },
        None => false,
    }
}

/// Whether only this machine or its own network can reach a URL, as far as it shows without a look-up.
pub fn is_private(url: &Url) -> bool {
    if is_loopback(url) {
        return true;
    }
    match url.host() {
        Some(Host::Domain(name)) => {
            let name = name.trim_end_matches('.').to_ascii_lowercase();
            !name.contains('.') || PRIVATE_SUFFIXES.iter().any(|suffix| name.ends_with(suffix))
        }
        Some(Host::Ipv4(ip)) => is_private_ip(IpAddr::V4(ip)),
        Some(Host::Ipv6(ip)) => is_private_ip(ip.to_canonical()),
        None => false,
    }
}

fn is_private_ip(ip: IpAddr) -> bool {
    match ip {
        // 100.64.0.0/10 is shared by the customers of a carrier (RFC 6598).
        IpAddr::V4(ip) => {
            let [first, second, ..] = ip.octets();
            ip.is_private() || ip.is_link_local() || (first == 100 && second & 0xc0 == 64)
        }
        IpAddr::V6(ip) => is_unique_local(ip) || ip.segments()[0] & 0xffc0 == 0xfe80,
    }
}

fn is_unique_local(ip: Ipv6Addr) -> bool {
    ip.segments()[0] & 0xfe00 == 0xfc00
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> Url {
        Url::parse(text).unwrap()
    }

    #[test]
    fn every_spelling_of_this_machine_is_known() {
        for text in [
            "http://127.0.0.1:4001",
            "http://2130706433/",
            "http://0x7f.1/",
            "http://[::1]/",
            "http://[::ffff:127.0.0.1]/",
            "http://0.0.0.0/",
            "http://LOCALHOST./",
            "http://api.localhost/",
        ] {
            assert!(is_loopback(&url(text)) && is_private(&url(text)), "{text}");
        }
        for text in ["https://localhost.evil.test/", "https://127.0.0.1.evil.test/", "http://10.0.0.1/"] {
            assert!(!is_loopback(&url(text)), "{text}");
        }
    }

    #[test]
    fn a_private_network_is_told_from_the_world() {
        for text in [
            "http://10.1.2.3/",
            "http://192.168.0.9/",
            "http://172.31.0.1/",
            "http://169.254.169.254/",
            "http://100.64.0.1/",
            "http://[fd00::1]/",
            "http://[fe80::1]/",
            "http://printer.local/",
            "http://app/",
        ] {
            assert!(is_private(&url(text)), "{text}");
        }
        for text in ["https://example.com/", "http://172.32.0.1/", "http://100.128.0.1/", "http://[2001:db8::1]/"] {
            assert!(!is_private(&url(text)), "{text}");
        }
    }
}
