//! Where a bucket is: the endpoint, and the place of the bucket in a URL.

use super::scope::{self, Scope};
use crate::wire::key;
use crate::wire::mistake::{Mistake, shown};
use url::{Host, ParseError, Url};

/// Where the bucket's name goes in a URL.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Addressing {
    /// In the path for an IP address or `localhost`, in the host otherwise.
    #[default]
    Auto,
    /// `bucket.endpoint/key`.
    Virtual,
    /// `endpoint/bucket/key`; public OSS refuses it.
    Path,
    /// `endpoint/key`: the endpoint is a domain of the bucket's own.
    Cname,
}

/// An endpoint with the bucket that is reached there.
#[derive(Debug, Clone)]
pub(crate) struct Endpoint {
    /// Scheme, host and port, with the bucket before the host if it belongs there.
    base: Url,
    bucket: String,
    bucket_in_path: bool,
    scope: Option<Scope>,
    of_oss: bool,
}

impl Endpoint {
    pub(crate) fn new(endpoint: &str, bucket: &str, addressing: Addressing) -> Result<Endpoint, Mistake> {
        key::check_bucket_name(bucket)?;
        let url = parse(endpoint)?;
        let Some(host) = url.host() else { return Err(mistake(endpoint, "it names no host")) };
        let is_ip = !matches!(host, Host::Domain(_));
        let bucket_in_path = match addressing {
            // No name can stand before an IP address, so nothing else would work.
            _ if is_ip => true,
            Addressing::Auto => matches!(host, Host::Domain("localhost")),
            Addressing::Path => true,
            Addressing::Virtual | Addressing::Cname => false,
        };
        let own_domain = bucket_in_path || addressing == Addressing::Cname;
        let host = host.to_string();
        if !own_domain && host.starts_with(&format!("{bucket}.")) {
            return Err(mistake(endpoint, "it already begins with the bucket's name; leave that out"));
        }
        let authority = match url.port() {
            Some(port) => format!("{host}:{port}"),
            None => host.clone(),
        };
        let base = match own_domain {
            true => format!("{}://{authority}", url.scheme()),
            false => format!("{}://{bucket}.{authority}", url.scheme()),
        };
        Ok(Endpoint {
            base: Url::parse(&base).map_err(|error| mistake(endpoint, &error.to_string()))?,
            bucket: bucket.to_owned(),
            bucket_in_path,
            // A domain of the bucket's own can be its name before an endpoint's.
            scope: scope::of_host(host.strip_prefix(&format!("{bucket}.")).unwrap_or(&host)),
            of_oss: scope::is_of_oss(&host),
        })
    }

    pub(crate) fn bucket(&self) -> &str {
        &self.bucket
    }

    /// Scheme, host and port.
    pub(crate) fn base(&self) -> &Url {
        &self.base
    }

    /// The region and product that the endpoint's name tells.
    pub(crate) fn scope(&self) -> Option<&Scope> {
        self.scope.as_ref()
    }

    /// Whether it is one of OSS's own.
    pub(crate) fn is_of_oss(&self) -> bool {
        self.of_oss
    }

    /// The URL of an object, or of the bucket when there is no key. The query comes decoded.
    pub(crate) fn url(&self, key: Option<&str>, query: &[(String, String)]) -> Result<Url, Mistake> {
        let bucket = self.bucket_in_path.then_some(self.bucket.as_str());
        let mut url = self.base.clone();
        url.set_path(&key::request_path(bucket, key)?);
        if !query.is_empty() {
            url.set_query(Some(&encode_query(query)));
        }
        Ok(url)
    }

    /// The key of the object that has this URL, if it is one of the bucket's.
    pub(crate) fn key_of(&self, url: &str) -> Option<String> {
        let path = Url::parse(url).ok()?.path().to_owned();
        let path = percent_encoding::percent_decode_str(&path).decode_utf8().ok()?;
        let path = path.strip_prefix('/')?;
        let key = match self.bucket_in_path {
            true => path.strip_prefix(&self.bucket)?.strip_prefix('/')?,
            false => path,
        };
        let own = self.url(Some(key), &[]).ok()?;
        (own.as_str() == url && !key.is_empty()).then(|| key.to_owned())
    }
}

fn encode_query(query: &[(String, String)]) -> String {
    let mut text = String::new();
    for (name, value) in query {
        if !text.is_empty() {
            text.push('&');
        }
        text.push_str(&key::encode(name));
        if !value.is_empty() {
            text.push('=');
            text.push_str(&key::encode(value));
        }
    }
    text
}

fn parse(endpoint: &str) -> Result<Url, Mistake> {
    let with_scheme = match endpoint.contains("://") {
        true => endpoint.to_owned(),
        false => format!("https://{endpoint}"),
    };
    let url = Url::parse(&with_scheme).map_err(|error| match error {
        ParseError::IdnaError if endpoint.is_ascii() => {
            mistake(endpoint, "the name of its host has characters that host names do not have")
        }
        ParseError::IdnaError => {
            mistake(endpoint, "the name of its host is to be in ASCII, as in xn--fsq.com")
        }
        error => mistake(endpoint, &error.to_string()),
    })?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(mistake(endpoint, "its scheme is neither http nor https"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        // Not repeated in the message: what stands there may be a password.
        return Err(Mistake::new("the endpoint holds a user name or a password; it takes neither"));
    }
    if !matches!(url.path(), "" | "/") || url.query().is_some() || url.fragment().is_some() {
        return Err(mistake(endpoint, "it has more than a scheme, a host and a port"));
    }
    Ok(url)
}

fn mistake(endpoint: &str, rule: &str) -> Mistake {
    // What stands before an @, or in a query, may be a password.
    let which = match endpoint.contains(['@', '?', '#']) {
        true => String::new(),
        false => format!(" {}", shown(endpoint)),
    };
    Mistake::new(format!("the endpoint{which} is not usable: {rule}"))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn url(endpoint: &str, addressing: Addressing, key: &str) -> String {
        let endpoint = Endpoint::new(endpoint, "example-bucket", addressing).unwrap();
        endpoint.url(Some(key), &[]).unwrap().to_string()
    }

    #[test]
    fn bucket_goes_where_the_addressing_says() {
        use Addressing::*;
        let cases = [
            ("oss-cn-hangzhou.aliyuncs.com", Auto, "https://example-bucket.oss-cn-hangzhou.aliyuncs.com/k"),
            (
                "http://oss-cn-hangzhou.aliyuncs.com:80/",
                Auto,
                "http://example-bucket.oss-cn-hangzhou.aliyuncs.com/k",
            ),
            ("https://oss.example.com:8443", Virtual, "https://example-bucket.oss.example.com:8443/k"),
            ("https://oss.example.com", Path, "https://oss.example.com/example-bucket/k"),
            ("https://files.example.com", Cname, "https://files.example.com/k"),
            ("http://127.0.0.1:9000", Auto, "http://127.0.0.1:9000/example-bucket/k"),
            ("http://127.0.0.1:9000", Cname, "http://127.0.0.1:9000/example-bucket/k"),
            ("http://[::1]:9000", Auto, "http://[::1]:9000/example-bucket/k"),
            ("http://[::1]", Virtual, "http://[::1]/example-bucket/k"),
            ("http://localhost:9000", Auto, "http://localhost:9000/example-bucket/k"),
            ("http://localhost:9000", Virtual, "http://example-bucket.localhost:9000/k"),
            ("https://oss.xn--fsq.com", Cname, "https://oss.xn--fsq.com/k"),
        ];
        for (endpoint, addressing, expected) in cases {
            assert_eq!(url(endpoint, addressing, "k"), expected, "{endpoint} {addressing:?}");
        }
    }

    #[test]
    fn query_is_percent_encoded_and_empty_values_are_left_out() {
        let endpoint = Endpoint::new("http://127.0.0.1", "example-bucket", Addressing::Auto).unwrap();
        let query = [("uploads".to_owned(), String::new()), ("uploadId".to_owned(), "a+b/c=".to_owned())];
        let url = endpoint.url(Some("k"), &query).unwrap();
        assert_eq!(url.query(), Some("uploads&uploadId=a%2Bb%2Fc%3D"));
    }

    #[test]
    fn bucket_before_an_endpoint_of_oss_hides_no_region() {
        let host = "https://example-bucket.oss-cn-hangzhou.aliyuncs.com";
        let endpoint = Endpoint::new(host, "example-bucket", Addressing::Cname).unwrap();
        assert_eq!(endpoint.scope().unwrap().region, "cn-hangzhou");
    }

    #[test]
    fn unusable_endpoints_are_refused_with_the_rule() {
        let cases = [
            ("", "empty host"),
            ("ftp://oss.example.com", "neither http nor https"),
            ("https://oss.example.com/path", "more than a scheme"),
            ("https://oss.example.com?x", "more than a scheme"),
            ("https://user:pass@oss.example.com", "user name or a password"),
            ("https://user:pass@oss example.com", "characters that host names do not have"),
            ("ftp://user:pass@oss.example.com", "neither http nor https"),
            ("https://oss.example.com/?token=pass@", "more than a scheme"),
            ("https://oss.example.com/#pass@", "more than a scheme"),
            ("https://example-bucket.oss-cn-hangzhou.aliyuncs.com", "begins with the bucket's name"),
            ("https://oss.example.com:99999", "port"),
            ("https://oss.\u{4f8b}.com", "in ASCII, as in xn--fsq.com"),
        ];
        for (endpoint, rule) in cases {
            let message =
                Endpoint::new(endpoint, "example-bucket", Addressing::Auto).unwrap_err().to_string();
            assert!(message.contains(rule), "{endpoint}: {message}");
            assert!(!message.contains("pass@"), "{message}");
        }
    }
}
