//! The rules for the settings of a callback.

use super::template;
use crate::wire::mistake::{Mistake, shown};

/// Most URLs of one callback.
pub(crate) const URLS_MAX: usize = 5;
/// Longest text of the settings, and of the variables, as they travel: in Base64, in bytes.
pub(crate) const ENCODED_MAX: usize = 5 * 1024;

/// Checks one URL. Its scheme may be left out and is `http` then.
///
/// Addresses that OSS would not call, such as private ones, are for OSS to judge.
pub(super) fn check_url(url: &str) -> Result<(), Mistake> {
    if url.is_empty() {
        return Err(Mistake::new("the callback URL is empty"));
    }
    let wrong = |rule: &str| {
        let which = without_secrets(url).map(|url| format!(": {}", shown(url)));
        Err(Mistake::new(format!("the callback URL {rule}{}", which.unwrap_or_default())))
    };
    if url.contains(';') {
        return wrong("contains a semicolon, which separates URLs; add each one by itself");
    }
    if !url.is_ascii() {
        return wrong("contains characters beyond ASCII, which must be percent-encoded");
    }
    if !url.bytes().all(|byte| byte.is_ascii_graphic()) {
        return wrong("contains blanks or control characters, which must be percent-encoded");
    }
    let (scheme, authority) = scheme_and_authority(url);
    if !scheme.is_none_or(|scheme| ["http", "https"].iter().any(|known| scheme.eq_ignore_ascii_case(known))) {
        return wrong("begins with neither http:// nor https://");
    }
    if authority.contains(['[', ']']) {
        return wrong("names its host by an IPv6 address, which OSS does not call");
    }
    if authority.contains('@') {
        return wrong("contains a user name, which OSS does not send");
    }
    let (host, port) = host_and_port(authority);
    if host.is_empty() {
        return wrong("has no host");
    }
    if !host.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_')) {
        return wrong("has a host with characters that host names do not have");
    }
    if port.is_some_and(|port| !is_port(port)) {
        return wrong("has a port that is not a number from 1 to 65535");
    }
    Ok(())
}

/// The scheme, if there is one, and what names the host.
pub(super) fn scheme_and_authority(url: &str) -> (Option<&str>, &str) {
    let (scheme, rest) = match url.split_once("://") {
        // A scheme ends before the first slash; what looks like one later is part of path or query.
        Some((scheme, rest)) if !scheme.contains(['/', '?', '#']) => (Some(scheme), rest),
        _ => (None, url),
    };
    (scheme, rest.split(['/', '?', '#']).next().unwrap_or_default())
}

pub(super) fn host_and_port(authority: &str) -> (&str, Option<&str>) {
    match authority.split_once(':') {
        Some((host, port)) => (host, Some(port)),
        None => (authority, None),
    }
}

/// What a message may repeat: queries like to carry secrets, and before an @ stands a password, whatever characters it has.
fn without_secrets(url: &str) -> Option<&str> {
    if url.contains('@') {
        return None;
    }
    url.split(['?', '#']).next()
}

fn is_port(port: &str) -> bool {
    (1..=5).contains(&port.len())
        && port.bytes().all(|byte| byte.is_ascii_digit())
        && port.parse::<u16>().is_ok_and(|port| port > 0)
}

pub(super) fn check_host(host: &str) -> Result<(), Mistake> {
    if host.is_empty() {
        return Err(Mistake::new("the callback host is empty"));
    }
    if !host.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(Mistake::new(format!(
            "the callback host contains blanks, control characters or characters beyond ASCII: {}",
            shown(host)
        )));
    }
    Ok(())
}

pub(super) fn check_body(body: &str) -> Result<(), Mistake> {
    if body.is_empty() {
        return Err(Mistake::new("the callback body is empty"));
    }
    // What OSS is known to refuse comes before names of which nobody knows what it makes.
    let names: Vec<&str> = template::placeholders(body).collect::<Result<_, _>>()?;
    names.into_iter().try_for_each(check_placeholder)
}

fn check_placeholder(name: &str) -> Result<(), Mistake> {
    if name.starts_with("x:") {
        return check_variable_name(name);
    }
    if template::SYSTEM_VARIABLES.contains(&name) {
        return Ok(());
    }
    Err(Mistake::new(format!(
        "the callback body refers to a variable that OSS does not have: {}; it has {}, and those of your own whose \
         names begin with x:",
        shown(name),
        template::SYSTEM_VARIABLES.join(", ")
    )))
}

/// What is wrong with the variables of one's own that the body names, in order. What OSS would put in place of one that is
/// not set is unknown.
pub(super) fn wrong_references(body: &str, is_set: impl Fn(&str) -> bool) -> impl Iterator<Item = Mistake> {
    template::placeholders(body).filter_map(move |name| match name {
        Ok(name) if name.starts_with("x:") && !is_set(name) => Some(Mistake::new(format!(
            "the callback body refers to the variable {}, which is not set",
            shown(name)
        ))),
        Ok(_) => None,
        Err(mistake) => Some(mistake),
    })
}

pub(super) fn check_variable_name(name: &str) -> Result<(), Mistake> {
    let rule = match name.strip_prefix("x:") {
        None => "begins with x:",
        Some("") => "has something after x:",
        Some(rest) if !rest.bytes().all(is_variable_character) => {
            "has only lower-case letters, digits, '_', '-' and '.' after x:"
        }
        Some(_) => return Ok(()),
    };
    Err(Mistake::new(format!("the name of a callback variable {rule}: {}", shown(name))))
}

fn is_variable_character(byte: u8) -> bool {
    byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'_' | b'-' | b'.')
}

pub(super) fn check_policy_name(name: &str) -> Result<(), Mistake> {
    if name.is_empty() {
        return Err(Mistake::new("the name of the callback policy is empty"));
    }
    if name.chars().any(char::is_control) {
        return Err(Mistake::new(format!(
            "the name of the callback policy has control characters: {}",
            shown(name)
        )));
    }
    Ok(())
}

/// Checks the length of what travels; `what` names it.
pub(super) fn check_encoded(what: &str, encoded: &str) -> Result<(), Mistake> {
    if encoded.len() > ENCODED_MAX {
        return Err(Mistake::new(format!(
            "the callback {what} take {} bytes in Base64, more than the {ENCODED_MAX} that OSS allows",
            encoded.len()
        )));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_that_are_right() {
        for url in [
            "http://a.example.com",
            "https://a.example.com:8443/cb?x=1#f",
            "HTTP://a.example.com:1/",
            "a.example.com",
            "a.example.com:65535/cb",
            "a.example.com/cb?next=ftp://x/[y]@z:99999",
            "http://127.0.0.1:9/%E4%B8%AD",
            "http://a?b",
            "http://cb.example.com/?>>>???",
            "http://under_score.example.com/{}|^`\"<>\\",
        ] {
            assert_eq!(check_url(url), Ok(()), "{url}");
        }
    }

    #[test]
    fn urls_that_are_wrong() {
        for (url, rule) in [
            ("", "empty"),
            ("ftp://a.example.com", "neither"),
            ("://a", "neither"),
            ("http://", "no host"),
            ("https:///path", "no host"),
            ("http://:80/", "no host"),
            ("/path", "no host"),
            ("?q", "no host"),
            ("http://a:0/", "port"),
            ("http://a:65536/", "port"),
            ("http://a:/", "port"),
            ("http://a:80x/", "port"),
            ("http://a:+80/", "port"),
            ("http://a:000080/", "port"),
            ("mailto:a", "port"),
            ("http://[::1]/", "IPv6"),
            ("http://::1/", "no host"),
            ("http://u:p@a/", "user name"),
            ("http://a b/", "blanks"),
            ("http://a/\r\nx: y", "blanks"),
            ("http://a/\u{7f}", "blanks"),
            ("http://a/中", "ASCII"),
            ("http://a/x;http://b/y", "semicolon"),
            ("http://a,b/", "host names"),
            ("http://a\\b/", "host names"),
        ] {
            let mistake = check_url(url).unwrap_err().to_string();
            assert!(mistake.contains(rule), "{url:?}: {mistake}");
        }
        for url in [
            "http://a /?token=t0p",
            "http://a /#t0p",
            "http://u:t0p@a/",
            "http://u:t0p@a b/",
            "http://u:t0p?@a/;",
            "http://u:t0p/@a/",
            "ftp://u:t0p@a/",
            "t0p@a b",
        ] {
            let mistake = check_url(url).unwrap_err().to_string();
            assert!(!mistake.contains("t0p"), "{mistake}");
        }
    }

    #[test]
    fn hosts() {
        assert_eq!(check_host("cb.example.com:8080"), Ok(()));
        for bad in ["", "a b", "a\r\nX: y", "a\t", "\0", "é"] {
            assert!(check_host(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn bodies() {
        for good in [
            "plain",
            "名=${object}",
            "{\"b\":${bucket},\"v\":${x:a_b-c.9}}",
            "$",
            "$$",
            "$(object)",
            "{object}",
            "}",
            "a$ b",
            "$$${size}",
            "%24%7Bobject%7D",
        ] {
            assert_eq!(check_body(good), Ok(()), "{good}");
        }
        for (bad, rule) in [
            ("", "empty"),
            ("${objekt}", "imageInfo.height"),
            ("${Object}", "does not have"),
            ("${}", "does not have"),
            ("${ object}", "does not have"),
            ("${a${size}}", "does not have"),
            ("${x:}", "after x:"),
            ("${x:User}", "lower-case"),
            ("${x:a b}", "lower-case"),
            ("a=$ {object}", "blank"),
            ("a=$\n\t{object}", "blank"),
            ("a=${object", "closed"),
            ("${size}${", "closed"),
            ("${objekt}$ {object}", "blank"),
        ] {
            let mistake = check_body(bad).unwrap_err().to_string();
            assert!(mistake.contains(rule), "{bad:?}: {mistake}");
        }
    }

    #[test]
    fn every_documented_variable_is_known() {
        for name in template::SYSTEM_VARIABLES {
            assert_eq!(check_body(&format!("v=${{{name}}}")), Ok(()));
        }
    }

    #[test]
    fn variable_names() {
        for good in ["x:a", "x:my_var1", "x:a-b.c", "x:0"] {
            assert_eq!(check_variable_name(good), Ok(()), "{good}");
        }
        for bad in ["", "a", "X:a", "x:", "x:A", "x:a b", "x:é", "x:a}", "x:a:b", " x:a"] {
            assert!(check_variable_name(bad).is_err(), "{bad:?}");
        }
    }
}
