//! Which bucket a `Host` stands for.

use crate::config::Config;

/// The bucket that a host stands for: that of a custom domain, or the label before an endpoint. All other hosts have none, and
/// then it is in the path.
pub(crate) fn bucket_of_host(host: &str, config: &Config) -> Option<String> {
    let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
    let name = name.trim_end_matches('.').to_ascii_lowercase();
    if let Some(bucket) = config.cnames.get(&name) {
        return Some(bucket.clone());
    }
    let (bucket, endpoint) = name.split_once('.')?;
    let is_endpoint = endpoint == "localhost"
        || is_of_oss(endpoint)
        || config.domains.iter().any(|domain| domain.eq_ignore_ascii_case(endpoint));
    (is_endpoint && !bucket.is_empty()).then(|| bucket.to_owned())
}

/// Whether it is the name of an endpoint of OSS, such as `oss-cn-hangzhou.aliyuncs.com`. SDKs send it in place of an address.
fn is_of_oss(name: &str) -> bool {
    let Some(name) = name.strip_suffix(".aliyuncs.com") else { return false };
    let labels: Vec<&str> = name.split('.').collect();
    match labels.as_slice() {
        [endpoint] => endpoint.starts_with("oss-"),
        [_, "oss" | "oss-data-acc"] | [_, _, "oss-cloudbox"] => true,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_label_before_an_endpoint_is_a_bucket() {
        let config = Config {
            domains: vec!["oss.Example.test".to_owned(), "127.0.0.1.nip.io".to_owned()],
            cnames: [("static.example.com".to_owned(), "b2".to_owned())].into(),
            ..Config::default()
        };
        for (host, bucket) in [
            ("b.localhost:80", Some("b")),
            ("B.LocalHost", Some("b")),
            ("b.oss.example.test:80", Some("b")),
            ("b.oss.example.test.", Some("b")),
            ("b.127.0.0.1.nip.io:80", Some("b")),
            ("b.oss-cn-hangzhou.aliyuncs.com", Some("b")),
            ("b.oss-cn-hangzhou-internal.aliyuncs.com", Some("b")),
            ("b.cn-hangzhou.oss.aliyuncs.com", Some("b")),
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
            (".localhost", None),
            ("", None),
        ] {
            assert_eq!(bucket_of_host(host, &config).as_deref(), bucket, "{host}");
        }
    }
}
