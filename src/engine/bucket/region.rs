//! What a bucket's region means for callbacks.

use super::Bucket;
use crate::callback::{Callback, Finding, Severity};
use crate::wire::mistake::shown;

/// The regions that OSS's documentation names as those where it makes callbacks. It names places; these are their ids.
const WITH_CALLBACKS: [&str; 22] = [
    "cn-hangzhou",
    "cn-shanghai",
    "cn-qingdao",
    "cn-beijing",
    "cn-zhangjiakou",
    "cn-huhehaote",
    "cn-wulanchabu",
    "cn-shenzhen",
    "cn-heyuan",
    "cn-guangzhou",
    "cn-chengdu",
    "cn-hongkong",
    "us-west-1",
    "us-east-1",
    "ap-northeast-1",
    "ap-southeast-1",
    "ap-southeast-3",
    "ap-southeast-5",
    "ap-southeast-6",
    "eu-central-1",
    "eu-west-1",
    "me-east-1",
];

impl Bucket {
    /// All that can be found about a callback after uploads to this bucket, without asking anybody; errors first.
    pub fn callback_findings(&self, callback: &Callback) -> Vec<Finding> {
        let mut findings = callback.findings();
        findings.extend(self.region().and_then(region_finding));
        findings
    }

    /// The region, as far as the endpoint or the options tell it.
    fn region(&self) -> Option<&str> {
        let scope = self.endpoint.scope().or(self.signing.scope())?;
        (scope.product == "oss").then_some(scope.region.as_str())
    }
}

fn region_finding(region: &str) -> Option<Finding> {
    let message = || {
        format!(
            "the region {} is not among those for which OSS's documentation promises callbacks; what OSS does there is not known",
            shown(region)
        )
    };
    let is_promised = WITH_CALLBACKS.contains(&region);
    (!is_promised).then(|| Finding {
        severity: Severity::Warning,
        rule: "region-without-callbacks",
        message: message(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::credentials::Credentials;
    use crate::engine::bucket::BucketOptions;
    use std::sync::Arc;

    fn rules(endpoint: &str, region: Option<&str>) -> Vec<&'static str> {
        let mut options = BucketOptions::default();
        region.into_iter().for_each(|region| options.set_region(region).unwrap());
        let credentials = Arc::new(Credentials::new("id", "secret", None).unwrap());
        let bucket = Bucket::new(endpoint, "bucket", credentials, &options).unwrap();
        let callback = Callback::new("http://10.0.0.1", "b").unwrap();
        bucket.callback_findings(&callback).iter().map(|finding| finding.rule).collect()
    }

    #[test]
    fn regions_without_callbacks_are_told_of_where_the_region_is_known() {
        for (endpoint, region) in [
            ("oss-cn-hangzhou.aliyuncs.com", None),
            ("oss-eu-west-1-internal.aliyuncs.com", None),
            ("http://127.0.0.1:1", Some("ap-southeast-6")),
            ("http://127.0.0.1:1", None),
            ("oss-accelerate.aliyuncs.com", Some("ap-southeast-6")),
            ("files.example.com", None),
            ("cb-1.cn-nanjing.oss-cloudbox.aliyuncs.com", None),
        ] {
            assert_eq!(rules(endpoint, region), ["private-host"], "{endpoint} {region:?}");
        }
        for (endpoint, region) in [
            ("oss-cn-nanjing.aliyuncs.com", None),
            ("https://oss-ap-northeast-2-internal.aliyuncs.com", None),
            ("files.example.com", Some("cn-fuzhou")),
        ] {
            let expected = ["private-host", "region-without-callbacks"];
            assert_eq!(rules(endpoint, region), expected, "{endpoint} {region:?}");
        }
    }
}
