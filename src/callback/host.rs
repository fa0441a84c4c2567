//! Hosts that are only to be found inside a network, where OSS is not.

use std::net::Ipv4Addr;

/// Domains that exist only inside somebody's network.
const INNER_DOMAINS: [&str; 6] = ["localhost", "local", "internal", "intranet", "lan", "home.arpa"];

/// Whether a host is only to be found inside a network.
pub(super) fn is_inner(host: &str) -> bool {
    let host = host.strip_suffix('.').unwrap_or(host);
    match address(host) {
        Some(address) => is_inner_address(address),
        None => is_inner_name(&host.to_ascii_lowercase()),
    }
}

fn is_inner_address(address: Ipv4Addr) -> bool {
    let [first, second, ..] = address.octets();
    let is_shared = first == 100 && (64..128).contains(&second);
    is_shared
        || first == 0
        || address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_multicast()
        || address.is_broadcast()
}

fn is_inner_name(host: &str) -> bool {
    let is_in = |domain: &str| host == domain || host.ends_with(&format!(".{domain}"));
    !host.contains('.') || INNER_DOMAINS.iter().any(|domain| is_in(domain))
}

/// The address that resolvers take a host for, however it is spelled: up to four numbers, decimal, octal or hexadecimal, of which
/// the last one fills what the others leave.
fn address(host: &str) -> Option<Ipv4Addr> {
    let numbers: Vec<u32> = host.split('.').map(number).collect::<Option<_>>()?;
    let (last, bytes) = numbers.split_last()?;
    let bits_left = 32 - 8 * u32::try_from(bytes.len()).ok().filter(|count| *count < 4)?;
    if bytes.iter().any(|byte| *byte > 255) || u64::from(*last) >> bits_left != 0 {
        return None;
    }
    let leading = bytes.iter().fold(0, |leading, byte| leading << 8 | u64::from(*byte));
    u32::try_from(leading << bits_left | u64::from(*last)).ok().map(Ipv4Addr::from)
}

fn number(text: &str) -> Option<u32> {
    if let Some(digits) = text.strip_prefix("0x").or(text.strip_prefix("0X")) {
        return u32::from_str_radix(digits, 16).ok();
    }
    match text.strip_prefix('0') {
        Some(digits) if !digits.is_empty() => u32::from_str_radix(digits, 8).ok(),
        _ => text.parse().ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inner_hosts() {
        for host in [
            "127.0.0.1",
            "10.1.2.3",
            "172.16.0.1",
            "192.168.1.1",
            "169.254.1.1",
            "100.100.100.200",
            "0.0.0.0",
            "224.0.0.1",
            "255.255.255.255",
            "127.0.0.1.",
            "localhost",
            "app",
            "app.local",
            "App.Internal",
            "a.b.lan.",
            "x.localhost",
        ] {
            assert!(is_inner(host), "{host}");
        }
    }

    #[test]
    fn addresses_that_are_spelled_otherwise() {
        for host in [
            "127.1",
            "10.1",
            "192.168.257",
            "0177.0.0.1",
            "0x7f.1",
            "0X7F000001",
            "2130706433",
            "017700000001",
            "0x0a.0.0.0x1",
            "0300.0250.1.1",
            "0",
        ] {
            assert!(is_inner(host), "{host}");
        }
        for host in ["8.8", "134744072", "0x08.8.8.8", "010.8.8.8"] {
            assert!(!is_inner(host), "{host}");
        }
    }

    #[test]
    fn other_hosts() {
        for host in [
            "app.example.com",
            "8.8.8.8",
            "100.63.0.1",
            "172.32.0.1",
            "locals.example",
            "mylan.example",
            "127.0.0.1.example",
            "127.0.0.0.1",
            "127.16777216",
            "256.1.1.1",
            "127.0.0.08",
            "10.0x",
            "10..1",
        ] {
            assert!(!is_inner(host), "{host}");
        }
    }
}
