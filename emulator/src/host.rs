//! Which bucket a `Host` stands for.

use crate::config::Config;

/// The same settings, with the names of the server as [`bucket_of_host`] looks for them.
pub(crate) fn with_plain_names(config: Config) -> Config {
    let domains = config.domains.iter().map(|domain| plain(domain)).collect();
    let cnames = config.cnames.iter().map(|(host, bucket)| (plain(host), bucket.clone())).collect();
    Config { domains, cnames, ..config }
}

/// The name of a host: without its port, the dot that may end it, and capital letters.
fn plain(host: &str) -> String {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    };
    name.trim_end_matches('.').to_ascii_lowercase()
}

/// The bucket that a host stands for: that of a custom domain, or the label before an endpoint. All other hosts have none, and
/// then it is in the path.
pub(crate) fn bucket_of_host(host: &str, config: &Config) -> Option<String> {
    let name = plain(host);
    if let Some(bucket) = config.cnames.get(&name) {
        return Some(bucket.clone());
    }
    if is_of_oss(&name) {
        return None;
    }
    let (bucket, endpoint) = name.split_once('.')?;
    let is_endpoint = endpoint == "localhost"
        || is_of_oss(endpoint)
        || config.domains.iter().any(|domain| domain == endpoint);
    (is_endpoint && !bucket.is_empty()).then(|| bucket.to_owned())
}

/// Whether a host is an endpoint of OSS itself.
pub(crate) fn is_endpoint_of_oss(host: &str) -> bool {
    is_of_oss(&plain(host))
}

/// Whether it is the name of an endpoint of OSS, such as `oss-cn-hangzhou.aliyuncs.com`. SDKs send it in place of an address.
fn is_of_oss(name: &str) -> bool {
    let Some(name) = name.strip_suffix(".aliyuncs.com") else { return false };
    let labels: Vec<&str> = name.split('.').collect();
    match labels.as_slice() {
        [endpoint] => {
            *endpoint == "oss" || endpoint.starts_with("oss-") || endpoint.starts_with("vpc100-oss-")
        }
        [region, "oss"] => is_region(region),
        [_, "oss-data-acc"] | [_, _, "oss-cloudbox"] => true,
        _ => false,
    }
}

/// Whether a label may be the id of a region, and not the name of a bucket at the oldest endpoint, `oss.aliyuncs.com`.
fn is_region(label: &str) -> bool {
    const AREAS: &[&str] = &["ap", "cn", "eu", "me", "na", "rg", "sa", "us"];
    label.split_once('-').is_some_and(|(area, _)| AREAS.contains(&area))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_label_before_an_endpoint_is_a_bucket() {
        let config = with_plain_names(Config {
            domains: vec!["oss.Example.test:80".to_owned(), "127.0.0.1.nip.io.".to_owned()],
            cnames: [("Static.example.com".to_owned(), "b2".to_owned())].into(),
            ..Config::default()
        });
        for (host, bucket) in [
            ("b.localhost:80", Some("b")),
            ("B.LocalHost", Some("b")),
            ("b.oss.example.test:80", Some("b")),
            ("b.oss.example.test.", Some("b")),
            ("b.127.0.0.1.nip.io:80", Some("b")),
            ("b.oss-cn-hangzhou.aliyuncs.com", Some("b")),
            ("b.oss-cn-hangzhou-internal.aliyuncs.com", Some("b")),
            ("b.cn-hangzhou.oss.aliyuncs.com", Some("b")),
            ("b.vpc100-oss-cn-hangzhou.aliyuncs.com", Some("b")),
            ("my-bucket.oss.aliyuncs.com", Some("my-bucket")),
            ("static.example.com:80", Some("b2")),
            ("127.0.0.1:80", None),
            ("[::1]:80", None),
            ("localhost:80", None),
            ("oss:9000", None),
            ("oss.example.test:80", None),
            ("a.b.oss.example.test", None),
            ("oss.internal:9000", None),
            ("127.0.0.1.nip.io", None),
            ("oss-cn-hangzhou.aliyuncs.com", None),
            ("cn-hangzhou.oss.aliyuncs.com", None),
            ("vpc100-oss-cn-hangzhou.aliyuncs.com", None),
            ("oss.aliyuncs.com", None),
            (".localhost", None),
            ("", None),
        ] {
            assert_eq!(bucket_of_host(host, &config).as_deref(), bucket, "{host}");
        }
    }
}
