//! The list of hosts that are reached without a proxy.

use std::net::IpAddr;

/// Whether `host` is in a list as curl reads it: of names, which stand for what is below them as well, of IP addresses and
/// of networks such as `10.0.0.0/8`, each with or without a port; `*` is every host.
pub(super) fn lists(list: &str, host: &str, port: u16) -> bool {
    let entries = list.split(|character: char| character == ',' || character.is_whitespace());
    entries.map(split_port).any(|(place, only_port)| {
        only_port.is_none_or(|only_port| only_port == port)
            && (place == "*" || includes(place, without_brackets(host)))
    })
}

/// A place, and its port if it names one.
fn split_port(entry: &str) -> (&str, Option<u16>) {
    let (place, port) = entry.rsplit_once(':').unwrap_or((entry, ""));
    // The colons of an IPv6 address stand in brackets where a port follows.
    let is_within_address = place.contains(':') && !place.ends_with(']');
    match port.parse() {
        Ok(port) if !is_within_address => (without_brackets(place), Some(port)),
        _ => (without_brackets(entry), None),
    }
}

fn without_brackets(host: &str) -> &str {
    host.trim_matches(['[', ']'])
}

fn includes(place: &str, host: &str) -> bool {
    match host.parse() {
        Ok(address) => is_in_network(address, place),
        Err(_) => is_in_domain(host, place),
    }
}

fn is_in_network(address: IpAddr, network: &str) -> bool {
    let Some((base, length)) = network.split_once('/') else { return network.parse() == Ok(address) };
    let (Ok(base), Ok(length)) = (base.parse(), length.parse::<u32>()) else { return false };
    let common_bits = match (address, base) {
        (IpAddr::V4(address), IpAddr::V4(base)) => (address.to_bits() ^ base.to_bits()).leading_zeros(),
        (IpAddr::V6(address), IpAddr::V6(base)) => (address.to_bits() ^ base.to_bits()).leading_zeros(),
        _ => return false,
    };
    length <= common_bits
}

fn is_in_domain(host: &str, domain: &str) -> bool {
    let host = host.trim_end_matches('.').to_ascii_lowercase();
    let domain = domain.trim_matches('.').to_ascii_lowercase();
    let before = host.strip_suffix(&domain);
    before.is_some_and(|before| before.is_empty() || before.ends_with('.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn name_stands_for_itself_and_what_is_below_it() {
        for entry in ["example.com", ".example.com", "example.com.", "EXAMPLE.com", "*"] {
            for host in
                ["example.com", "bucket.example.com", "a.b.example.com", "example.com.", "Example.COM"]
            {
                assert!(lists(entry, host, 443), "{entry} {host}");
            }
        }
        for host in ["notexample.com", "example.com.org", "example", "com", "192.0.2.1"] {
            assert!(!lists("example.com", host, 443), "{host}");
        }
    }

    #[test]
    fn address_stands_for_itself_and_a_network_for_its_addresses() {
        for (entry, host, listed) in [
            ("192.0.2.1", "192.0.2.1", true),
            ("192.0.2.1", "192.0.2.10", false),
            ("2.1", "192.0.2.1", false),
            ("2001:db8::1", "[2001:db8::1]", true),
            ("[2001:DB8:0::1]", "2001:db8::1", true),
            ("2001:db8::1", "[2001:db8::2]", false),
            ("::1", "[::1]", true),
            ("10.0.0.0/8", "10.255.0.1", true),
            ("10.0.0.0/8", "11.0.0.0", false),
            ("10.1.2.3/31", "10.1.2.2", true),
            ("10.1.2.3/32", "10.1.2.3", true),
            ("10.1.2.3/32", "10.1.2.2", false),
            ("10.1.2.3/33", "10.1.2.3", false),
            ("10.0.0.0/-1", "10.0.0.0", false),
            ("10.0.0.0/", "10.0.0.0", false),
            ("0.0.0.0/0", "192.0.2.1", true),
            ("0.0.0.0/0", "[::1]", false),
            ("fd00::/8", "[fdff::1]", true),
            ("fd00::/8", "[fe00::1]", false),
            ("::/0", "[::1]", true),
            ("2001:db8::/129", "[2001:db8::]", false),
            ("10.0.0.0/8", "example.com", false),
        ] {
            assert_eq!(lists(entry, host, 443), listed, "{entry} {host}");
        }
    }

    #[test]
    fn entry_with_a_port_is_for_that_port() {
        for (entry, host) in [
            ("example.com:8443", "bucket.example.com"),
            ("192.0.2.1:8443", "192.0.2.1"),
            ("[::1]:8443", "[::1]"),
            ("*:8443", "anything"),
        ] {
            assert!(lists(entry, host, 8443), "{entry}");
            assert!(!lists(entry, host, 443), "{entry}");
        }
        for entry in ["example.com:", "example.com:port", "example.com:99999"] {
            assert!(!lists(entry, "example.com", 443), "{entry}");
        }
    }

    #[test]
    fn entries_stand_apart_by_commas_or_white_space() {
        for list in ["a.example,b.example", " a.example , b.example ", "a.example b.example", ",,b.example,"]
        {
            assert!(lists(list, "b.example", 443), "{list}");
            assert!(!lists(list, "c.example", 443), "{list}");
        }
        for list in ["", ",", " ", "."] {
            assert!(!lists(list, "example.com", 443), "{list:?}");
        }
    }
}
