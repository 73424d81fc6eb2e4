//! Addresses that only this machine or its own network can reach.

use std::net::IpAddr;

/// Whether an address is not one of the open internet.
pub fn is_private_address(ip: IpAddr) -> bool {
    match ip.to_canonical() {
        IpAddr::V4(ip) => {
            let [first, second, third, _] = ip.octets();
            ip.is_private()
                || ip.is_loopback()
                || ip.is_link_local()
                || ip.is_broadcast()
                || ip.is_documentation()
                || ip.is_multicast()
                || first == 0
                || first >= 240
                // Shared by the customers of a carrier (RFC 6598), of protocols (RFC 6890), for benchmarks (RFC 2544).
                || (first == 100 && second & 0xc0 == 64)
                || (first == 192 && second == 0 && third == 0)
                || (first == 198 && second & 0xfe == 18)
        }
        IpAddr::V6(ip) => {
            let [first, second, ..] = ip.segments();
            // Everything but global unicast (RFC 4291), without its documentation range, and what hides an IPv4
            // address: NAT64 (RFC 6052) is outside, 6to4 (RFC 3056) and Teredo (RFC 4380) are inside.
            first & 0xe000 != 0x2000
                || (first == 0x2001 && second == 0x0db8)
                || first == 0x2002
                || (first == 0x2001 && second == 0)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_own_network_is_told_from_the_world() {
        for text in [
            "127.0.0.1",
            "127.8.8.8",
            "0.0.0.0",
            "0.1.2.3",
            "10.0.0.1",
            "172.16.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "192.0.0.1",
            "198.18.0.1",
            "224.0.0.1",
            "255.255.255.255",
            "::1",
            "::",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "fe80::1",
            "fd00::1",
            "ff02::1",
            "64:ff9b::7f00:1",
            "2002:7f00:1::",
            "2001::1",
            "2001:db8::1",
        ] {
            assert!(is_private_address(text.parse().unwrap()), "{text}");
        }
        for text in ["8.8.8.8", "172.32.0.1", "100.128.0.1", "::ffff:8.8.8.8", "2606:4700::1111"] {
            assert!(!is_private_address(text.parse().unwrap()), "{text}");
        }
    }
}
