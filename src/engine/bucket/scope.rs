//! What a V4 signature is bound to, as far as the name of an endpoint tells it.

use crate::wire::mistake::{Mistake, shown};

/// The domain of OSS's own endpoints.
const DOMAIN: &str = "aliyuncs.com";
/// Labels that are not the region's id, by the vendor's table of endpoints: as they stand before the domain, without what says
/// that the endpoint is an inner one.
const OTHER_NAMES: [(&str, &str); 9] = [
    ("cn-hzfinance", "cn-hangzhou-finance"),
    ("cn-hzjbp-a", "cn-hangzhou-finance"),
    ("cn-hzjbp-b", "cn-hangzhou-finance"),
    ("cn-szfinance", "cn-shenzhen-finance-1"),
    ("cn-shenzhen-finance", "cn-shenzhen-finance-1"),
    ("cn-shanghai-finance", "cn-shanghai-finance-1"),
    ("cn-shanghai-finance-1-pub", "cn-shanghai-finance-1"),
    ("cn-beijing-finance-1-pub", "cn-beijing-finance-1"),
    ("internal", "cn-hangzhou"),
];
/// Written before a region in the name of a host, and after it.
const BEFORE: &str = "oss-";
const INNER: &str = "-internal";

/// What a V4 signature is bound to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Scope {
    pub(crate) region: String,
    pub(crate) product: &'static str,
}

/// Whether a host is one of OSS's own.
pub(super) fn is_of_oss(host: &str) -> bool {
    name_of(host).is_some()
}

/// Reads region and product from the names of OSS's own endpoints. Not all tell them: acceleration endpoints, for one, serve
/// buckets of every region.
pub(super) fn of_host(host: &str) -> Option<Scope> {
    let name = name_of(host)?;
    if let Some(cloud_box) = name.strip_suffix(".oss-cloudbox") {
        let (id, _region) = cloud_box.split_once('.')?;
        return Some(Scope { region: id.to_owned(), product: "oss-cloudbox" });
    }
    let label = match name.strip_suffix(".oss") {
        Some(label) => label,
        None => {
            let label = name.strip_prefix(BEFORE)?;
            label.strip_suffix(INNER).unwrap_or(label)
        }
    };
    let other = OTHER_NAMES.iter().find(|(name, _)| *name == label).map(|(_, region)| *region);
    let region = other.or_else(|| is_region(label).then_some(label))?;
    Some(Scope { region: region.to_owned(), product: "oss" })
}

/// A region as somebody gives it to us.
pub(super) fn check_region(region: &str) -> Result<(), Mistake> {
    let bare = region.strip_prefix(BEFORE).unwrap_or(region);
    let bare = bare.strip_suffix(INNER).unwrap_or(bare);
    if bare != region {
        return Err(Mistake::new(format!(
            "the region {} has \"oss-\" or \"-internal\", which belong to host names; write {}",
            shown(region),
            shown(bare)
        )));
    }
    if region.is_empty() || !region.bytes().all(fits) {
        return Err(Mistake::new(format!("the region {} is not of a-z, 0-9 and -", shown(region))));
    }
    Ok(())
}

fn fits(byte: u8) -> bool {
    byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-'
}

/// What stands before the domain.
fn name_of(host: &str) -> Option<&str> {
    let host = host.strip_suffix('.').unwrap_or(host);
    host.strip_suffix(DOMAIN)?.strip_suffix('.')
}

/// Whether it has the form of all regions: two letters for a part of the world, and a place in it.
fn is_region(label: &str) -> bool {
    let world_and_place = label.split_once('-');
    world_and_place.is_some_and(|(world, place)| {
        world.len() == 2 && !place.is_empty() && label.bytes().all(fits) && !label.ends_with(INNER)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Region and product.
    fn told(name: &str) -> Option<(String, &'static str)> {
        let host = format!("{name}.aliyuncs.com");
        assert!(is_of_oss(&host) && of_host(&format!("{host}.")) == of_host(&host), "{host}");
        of_host(&host).map(|scope| (scope.region, scope.product))
    }

    #[test]
    fn endpoints_of_oss_tell_region_and_product() {
        for (name, region) in [
            ("oss-cn-hangzhou", "cn-hangzhou"),
            ("oss-cn-hangzhou-internal", "cn-hangzhou"),
            ("cn-hangzhou.oss", "cn-hangzhou"),
            ("oss-us-west-1", "us-west-1"),
            ("oss-cn-north-2-gov-1-internal", "cn-north-2-gov-1"),
            ("oss-cn-shanghai-finance-1-internal", "cn-shanghai-finance-1"),
            ("oss-rg-china-mainland", "rg-china-mainland"),
        ] {
            assert_eq!(told(name), Some((region.to_owned(), "oss")), "{name}");
        }
        let cloud_box = told("cb-123.cn-hangzhou.oss-cloudbox");
        assert_eq!(cloud_box, Some(("cb-123".to_owned(), "oss-cloudbox")));
    }

    #[test]
    fn endpoints_with_another_name_than_their_regions_tell_the_region() {
        for (name, region) in [
            ("oss-cn-hzfinance", "cn-hangzhou-finance"),
            ("oss-cn-hzfinance-internal", "cn-hangzhou-finance"),
            ("oss-cn-hzjbp-a-internal", "cn-hangzhou-finance"),
            ("oss-cn-hzjbp-b-internal", "cn-hangzhou-finance"),
            ("oss-cn-szfinance", "cn-shenzhen-finance-1"),
            ("cn-shenzhen-finance.oss", "cn-shenzhen-finance-1"),
            ("oss-cn-shanghai-finance-1-pub", "cn-shanghai-finance-1"),
            ("cn-shanghai-finance.oss", "cn-shanghai-finance-1"),
            ("oss-cn-beijing-finance-1-pub", "cn-beijing-finance-1"),
            ("oss-internal", "cn-hangzhou"),
        ] {
            assert_eq!(told(name), Some((region.to_owned(), "oss")), "{name}");
        }
    }

    #[test]
    fn endpoints_that_tell_no_region_are_not_guessed_at() {
        for name in [
            "oss-accelerate",
            "oss-accelerate-overseas",
            "oss-cache-cn-beijing-h",
            "cn-beijing-h-internal.oss-data-acc",
            "ap-southeast-1c-internal.oss-data-acc",
            "vpc100-oss-cn-hangzhou",
            "s3.oss-cn-hangzhou",
            "s3.oss-cn-hangzhou-internal",
            "example-bucket.oss-cn-hangzhou",
            "oss",
            "oss-",
            "oss-cn-",
            ".oss",
            "cn-hangzhou-internal.oss",
            "oss-cn-hangzhou.oss",
        ] {
            assert_eq!(told(name), None, "{name}");
        }
        for host in
            ["oss-cn-hangzhou.example.com", "127.0.0.1", "oss-cn-hangzhou.notaliyuncs.com", "aliyuncs.com"]
        {
            assert!(!is_of_oss(host) && of_host(host).is_none(), "{host}");
        }
    }

    #[test]
    fn region_is_told_from_what_belongs_to_hosts() {
        for region in ["oss-cn-hangzhou", "cn-hangzhou-internal", "oss-cn-hangzhou-internal"] {
            let message = check_region(region).unwrap_err().to_string();
            assert!(message.ends_with("write \"cn-hangzhou\""), "{message}");
        }
        for region in ["", "CN-hangzhou", "cn hangzhou", "cn/hangzhou"] {
            assert!(check_region(region).is_err(), "{region}");
        }
        for region in ["cn-hangzhou", "cn-north-2-gov-1", "local"] {
            assert_eq!(check_region(region), Ok(()));
        }
    }
}
