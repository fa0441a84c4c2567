//! Which bucket a `Host` stands for.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};

/// The bucket that a host stands for: a custom domain's, or the first label. Addresses and single labels have none.
pub(crate) fn bucket_of_host(host: &str, cnames: &BTreeMap<String, String>) -> Option<String> {
    let name = if host.starts_with('[') {
        return None;
    } else {
        host.rsplit_once(':').map_or(host, |(name, _)| name)
    };
    let name = name.trim_end_matches('.').to_ascii_lowercase();
    if let Some(bucket) = cnames.get(&name) {
        return Some(bucket.clone());
    }
    if name.parse::<IpAddr>().is_ok() || name == "localhost" {
        return None;
    }
    let (first, rest) = name.split_once('.')?;
    // 127.0.0.1.nip.io and its like name an address, without a bucket before it.
    let four: Vec<&str> = name.splitn(5, '.').take(4).collect();
    if four.join(".").parse::<Ipv4Addr>().is_ok() {
        return None;
    }
    if first.is_empty() || rest.is_empty() {
        return None;
    }
    Some(first.to_owned())
}
