//! The proxy to go through, and the variables of the environment that name one.

use super::no_proxy;
use crate::wire::mistake::Mistake;
use base64::prelude::{BASE64_STANDARD, Engine};
use percent_encoding::percent_decode_str;
use std::env;
use std::ffi::OsString;
use url::Url;

/// A proxy that speaks HTTP.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Proxy {
    /// Whether the proxy itself is spoken to over TLS.
    pub https: bool,
    /// A name in lower case or an IP address, an IPv6 one without brackets.
    pub host: String,
    /// Where it listens.
    pub port: u16,
    /// The header `Proxy-Authorization` with user and password; a secret.
    pub authorization: Option<String>,
}

impl Proxy {
    /// Reads a proxy's URL. What is wrong with one is said without repeating it: it can hold a password.
    pub fn parse(url: &str) -> Result<Proxy, Mistake> {
        Url::parse(url).ok().and_then(|url| Proxy::at(&url)).ok_or_else(|| {
            Mistake::new(
                "the proxy is not a URL of the form http://[user:password@]host[:port], or the same with https; \
                 what is special in a user or a password is percent-encoded",
            )
        })
    }

    fn at(url: &Url) -> Option<Proxy> {
        let fits = matches!(url.scheme(), "http" | "https")
            && url.path() == "/"
            && url.query().is_none()
            && url.fragment().is_none();
        fits.then_some(Proxy {
            https: url.scheme() == "https",
            host: url.host_str()?.trim_matches(['[', ']']).to_owned(),
            port: url.port_or_known_default()?,
            authorization: authorization(url),
        })
    }

    /// The one that the environment, as it is now, names for connections to `host`.
    pub fn from_environment(https: bool, host: &str, port: u16) -> Result<Option<Proxy>, Mistake> {
        Proxy::from_variables(|name| env::var_os(name), https, host, port)
    }

    fn from_variables(
        variable: impl Fn(&str) -> Option<OsString>,
        https: bool,
        host: &str,
        port: u16,
    ) -> Result<Option<Proxy>, Mistake> {
        let names: &[&str] = match https {
            true => &["https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"],
            // To a CGI program, HTTP_PROXY is the header "Proxy" of whoever sent it a request.
            false if variable("REQUEST_METHOD").is_some() => &["http_proxy", "all_proxy", "ALL_PROXY"],
            false => &["http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"],
        };
        let Some((name, value)) = first_set(&variable, names)? else { return Ok(None) };
        let exceptions = first_set(&variable, &["no_proxy", "NO_PROXY"])?;
        if exceptions.is_some_and(|(_, list)| no_proxy::lists(&list, host, port)) {
            return Ok(None);
        }
        let url = if value.contains("://") { value } else { format!("http://{value}") };
        Proxy::parse(&url).map(Some).map_err(|mistake| unusable(name, mistake.message()))
    }
}

/// What shows a proxy who we are: user and password, decoded, whatever their bytes.
fn authorization(url: &Url) -> Option<String> {
    if url.username().is_empty() && url.password().is_none() {
        return None;
    }
    let mut pair: Vec<u8> = percent_decode_str(url.username()).collect();
    pair.push(b':');
    pair.extend(percent_decode_str(url.password().unwrap_or_default()));
    Some(format!("Basic {}", BASE64_STANDARD.encode(pair)))
}

/// The first of these variables that is not empty: its name and its value.
fn first_set<'a>(
    variable: impl Fn(&str) -> Option<OsString>,
    names: &[&'a str],
) -> Result<Option<(&'a str, String)>, Mistake> {
    for name in names {
        let Some(value) = variable(name) else { continue };
        let value = value.into_string().map_err(|_| unusable(name, "it is not valid UTF-8"))?;
        if !value.trim().is_empty() {
            return Ok(Some((name, value.trim().to_owned())));
        }
    }
    Ok(None)
}

fn unusable(name: &str, rule: &str) -> Mistake {
    Mistake::new(format!("the environment variable {name} is not usable: {rule}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::ffi::OsStringExt;

    /// The proxy as a URL without its user, and what it is shown.
    fn parts(proxy: Proxy) -> (String, Option<String>) {
        let Proxy { https, host, port, authorization } = proxy;
        (format!("{}://{host}:{port}", if https { "https" } else { "http" }), authorization)
    }

    #[test]
    fn url_of_a_proxy_is_read() {
        for (url, place, user) in [
            ("http://proxy.example.com:8080", "http://proxy.example.com:8080", None),
            ("http://Proxy.Example.COM:3128/", "http://proxy.example.com:3128", None),
            // As for any other URL, and not curl's 1080.
            ("http://proxy.example.com", "http://proxy.example.com:80", None),
            ("https://proxy.example.com", "https://proxy.example.com:443", None),
            ("https://192.0.2.1:8443", "https://192.0.2.1:8443", None),
            ("http://[2001:db8::1]:8080", "http://2001:db8::1:8080", None),
            ("http://user:password@a:1", "http://a:1", Some("user:password")),
            ("http://user@a:1", "http://a:1", Some("user:")),
            ("http://:password@a:1", "http://a:1", Some(":password")),
            ("http://us%40er:p%2Fa%3As%25s@a:1", "http://a:1", Some("us@er:p/a:s%s")),
            ("http://%E5%90%8D:%C3%A9@a:1", "http://a:1", Some("名:é")),
            ("http://@a:1", "http://a:1", None),
        ] {
            let authorization = user.map(|user| format!("Basic {}", BASE64_STANDARD.encode(user)));
            assert_eq!(parts(Proxy::parse(url).unwrap()), (place.to_owned(), authorization), "{url}");
        }
    }

    #[test]
    fn user_and_password_may_be_any_bytes() {
        let proxy = Proxy::parse("http://%FF:%00@a").unwrap();
        assert_eq!(proxy.authorization.unwrap(), format!("Basic {}", BASE64_STANDARD.encode(b"\xff:\0")));
    }

    #[test]
    fn url_that_is_no_proxys_is_refused_and_not_repeated() {
        for url in [
            "",
            "tell-nobody",
            "proxy.example.com:8080",
            "ftp://user:tell-nobody@a",
            "socks5://user:tell-nobody@a:1080",
            "http://user:tell-nobody@",
            "http://user:tell-nobody@a:99999",
            "http://user:tell-nobody@a:port",
            "http://user:tell-nobody@a/path",
            "http://user:tell/nobody@a:1",
            "http://user:tell-nobody@a?query",
            "http://user:tell-nobody@a#fragment",
            "http://user:tell-nobody@a b",
        ] {
            let message = Proxy::parse(url).map(parts).unwrap_err().to_string();
            assert!(message.contains("http://[user:password@]host[:port]"), "{url}: {message}");
            assert!(!message.contains("nobody"), "{message}");
        }
    }

    /// The proxy that these variables name for an endpoint of `scheme`.
    fn named(scheme: &str, variables: &[(&str, &str)]) -> Result<Option<String>, Mistake> {
        let (https, port) = if scheme == "https" { (true, 443) } else { (false, 80) };
        let variable = |name: &str| {
            variables.iter().find(|(other, _)| *other == name).map(|(_, value)| OsString::from(value))
        };
        let proxy = Proxy::from_variables(variable, https, "bucket.example.com", port)?;
        Ok(proxy.map(|proxy| parts(proxy).0))
    }

    #[test]
    fn each_scheme_has_variables_of_its_own_and_the_common_ones() {
        for name in ["https_proxy", "HTTPS_PROXY"] {
            assert_eq!(named("https", &[(name, "http://a:1")]).unwrap().unwrap(), "http://a:1", "{name}");
            assert_eq!(named("http", &[(name, "http://a:1")]).unwrap(), None, "{name}");
        }
        for name in ["http_proxy", "HTTP_PROXY"] {
            assert_eq!(named("http", &[(name, "http://a:1")]).unwrap().unwrap(), "http://a:1", "{name}");
            assert_eq!(named("https", &[(name, "http://a:1")]).unwrap(), None, "{name}");
        }
        for name in ["all_proxy", "ALL_PROXY"] {
            for scheme in ["http", "https"] {
                let proxy = named(scheme, &[(name, "https://a:1")]).unwrap();
                assert_eq!(proxy.unwrap(), "https://a:1", "{name} {scheme}");
            }
        }
        assert_eq!(named("https", &[]).unwrap(), None);
    }

    #[test]
    fn variable_of_the_scheme_goes_before_the_common_one_and_lower_case_before_upper() {
        let all = [
            ("ALL_PROXY", "http://a:1"),
            ("all_proxy", "http://a:2"),
            ("HTTPS_PROXY", "http://a:3"),
            ("https_proxy", "http://a:4"),
        ];
        for count in 1..=all.len() {
            assert_eq!(
                named("https", &all[..count]).unwrap().unwrap(),
                all[count - 1].1,
                "{:?}",
                &all[..count]
            );
        }
    }

    #[test]
    fn empty_variable_is_as_good_as_none() {
        let proxy = named("https", &[("https_proxy", ""), ("HTTPS_PROXY", " "), ("ALL_PROXY", "http://a:1")]);
        assert_eq!(proxy.unwrap().unwrap(), "http://a:1");
    }

    #[test]
    fn value_without_a_scheme_is_spoken_to_over_http() {
        let proxy = named("https", &[("https_proxy", " user:password@Proxy.example.com:8080 ")]);
        assert_eq!(proxy.unwrap().unwrap(), "http://proxy.example.com:8080");
    }

    #[test]
    fn what_a_request_to_a_cgi_program_can_set_is_not_believed() {
        let cgi = ("REQUEST_METHOD", "GET");
        assert_eq!(named("http", &[cgi, ("HTTP_PROXY", "http://evil:1")]).unwrap(), None);
        assert_eq!(named("http", &[cgi, ("http_proxy", "http://a:1")]).unwrap().unwrap(), "http://a:1");
        assert_eq!(named("https", &[cgi, ("HTTPS_PROXY", "http://a:1")]).unwrap().unwrap(), "http://a:1");
    }

    #[test]
    fn excepted_host_is_reached_without_a_proxy_whatever_it_is() {
        for (name, list, excepted) in [
            ("no_proxy", "example.com", true),
            ("NO_PROXY", "example.com", true),
            ("no_proxy", "example.com:443", true),
            ("no_proxy", "example.com:80", false),
            ("no_proxy", "example.org", false),
        ] {
            let proxy = named("https", &[("https_proxy", "http://a:1"), (name, list)]).unwrap();
            assert_eq!(proxy.is_none(), excepted, "{name}={list}");
        }
        let both = [("https_proxy", "http://a:1"), ("no_proxy", "example.org"), ("NO_PROXY", "example.com")];
        assert!(named("https", &both).unwrap().is_some());
        let unusable = named("https", &[("https_proxy", "socks5://a:1"), ("no_proxy", "*")]);
        assert_eq!(unusable.unwrap(), None);
    }

    #[test]
    fn unusable_variable_is_named_and_not_repeated() {
        for (name, value) in [
            ("https_proxy", "ftp://user:tell-nobody@a"),
            ("HTTPS_PROXY", "user:tell-nobody@a:port"),
            ("ALL_PROXY", "socks5://user:tell-nobody@a:1080"),
        ] {
            let message = named("https", &[(name, value)]).unwrap_err().to_string();
            assert!(message.starts_with(&format!("the environment variable {name} is")), "{message}");
            assert!(!message.contains("nobody"), "{message}");
        }
        let not_text = |_: &str| Some(OsString::from_vec(b"http://\xff".to_vec()));
        let message = Proxy::from_variables(not_text, true, "a", 443).map(|_| ()).unwrap_err().to_string();
        assert!(message.contains("https_proxy") && message.contains("UTF-8"), "{message}");
    }
}
