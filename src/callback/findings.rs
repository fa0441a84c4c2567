//! What is wrong with a callback, and what is likely to be a mistake, before anything is sent.

use super::render::{Values, is_quoted};
use super::template::{Piece, SYSTEM_VARIABLES, pieces, placeholders};
use super::{BodyType, Callback, Settings, Target, check};
use crate::wire::mistake::{Mistake, shown};
use std::net::Ipv4Addr;

/// Above these the service's own advice is exceeded, though not its limits.
const ADVISED_VARIABLES: usize = 10;
const ADVISED_BYTES: usize = 512;
/// Domains that exist only inside somebody's network.
const INNER_DOMAINS: [&str; 6] = ["localhost", "local", "internal", "intranet", "lan", "home.arpa"];

/// As long as any that is drawn.
const ANY_ID: &str = "00000000000000000000000000000000";

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// It works, but likely not as it is meant.
    Warning,
    /// A rule is broken: the upload would be refused.
    Error,
}

/// Something that was found about a callback.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// How bad it is.
    pub severity: Severity,
    /// A name for what was found, which stays the same.
    pub rule: &'static str,
    /// One line for a human.
    pub message: String,
}

impl Callback {
    /// All that can be found without asking anybody, errors first.
    pub fn findings(&self) -> Vec<Finding> {
        let callback = &*self.delivered_as(ANY_ID);
        let mut findings = Findings::default();
        findings.of_lengths(callback);
        findings.of_variables(&callback.variables);
        if let Target::Settings(settings) = &callback.target {
            findings.of_references(settings, callback);
            settings.urls.iter().for_each(|url| findings.of_url(url));
            findings.of_sni(settings);
            findings.of_template(&settings.body);
            findings.of_body_type(settings, callback);
        }
        findings.0.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
        // What a template says twice is told once.
        findings.0.dedup();
        findings.0
    }
}

#[derive(Default)]
struct Findings(Vec<Finding>);

impl Findings {
    fn error(&mut self, rule: &'static str, mistake: &Mistake) {
        self.0.push(Finding { severity: Severity::Error, rule, message: mistake.to_string() });
    }

    fn warn(&mut self, rule: &'static str, message: impl Into<String>) {
        self.0.push(Finding { severity: Severity::Warning, rule, message: message.into() });
    }

    fn of_lengths(&mut self, callback: &Callback) {
        if let Err(mistake) = callback.encode_settings() {
            self.error("settings-too-long", &mistake);
        }
        if let Err(mistake) = callback.encode_variables() {
            self.error("variables-too-long", &mistake);
        }
    }

    fn of_variables(&mut self, variables: &[(String, String)]) {
        let bytes: usize = variables.iter().map(|(name, value)| name.len() + value.len()).sum();
        if variables.len() > ADVISED_VARIABLES || bytes > ADVISED_BYTES {
            let count = variables.len();
            self.warn(
                "many-variables",
                format!(
                    "there are {count} variables with {bytes} bytes in all, more than the {ADVISED_VARIABLES} with \
                     {ADVISED_BYTES} bytes that the service advises"
                ),
            );
        }
    }

    fn of_references(&mut self, settings: &Settings, callback: &Callback) {
        for mistake in check::wrong_references(&settings.body, |name| callback.has_variable(name)) {
            self.error("variable-not-set", &mistake);
        }
        let used: Vec<&str> = placeholders(&settings.body).filter_map(Result::ok).collect();
        for (name, _) in callback.variables.iter().filter(|(name, _)| !used.contains(&name.as_str())) {
            self.warn(
                "variable-not-used",
                format!("the callback body does not refer to the variable {}", shown(name)),
            );
        }
    }

    fn of_url(&mut self, url: &str) {
        let (_, authority) = check::scheme_and_authority(url);
        let (host, _) = check::host_and_port(authority);
        if is_inner(host) {
            self.warn(
                "private-host",
                format!("OSS cannot call {}: private and loopback addresses are refused", shown(host)),
            );
        }
    }

    fn of_sni(&mut self, settings: &Settings) {
        let is_https = |url: &String| {
            check::scheme_and_authority(url).0.is_some_and(|scheme| scheme.eq_ignore_ascii_case("https"))
        };
        let https = settings.urls.iter().any(is_https);
        match settings.sni {
            Some(true) if !https => {
                self.warn("sni-without-https", "SNI is asked for, but no URL of the callback is https");
            }
            None | Some(false) if https => self.warn(
                "https-without-sni",
                "an https URL without SNI: most servers with several domains refuse it, and the callback fails with 502",
            ),
            _ => {}
        }
    }

    fn of_template(&mut self, template: &str) {
        let lower = template.to_ascii_lowercase();
        if ["%24%7b", "$%7b", "%24{"].iter().any(|encoded| lower.contains(encoded)) {
            self.warn(
                "encoded-placeholder",
                "the callback body has a placeholder that is percent-encoded, which OSS does not replace; write ${…}",
            );
        }
        if let Some(name) = in_parentheses(template) {
            self.warn(
                "parentheses",
                format!("the callback body has $({name}), which OSS does not replace; write ${{{name}}}"),
            );
        }
    }

    fn of_body_type(&mut self, settings: &Settings, callback: &Callback) {
        if settings.body_type != Some(BodyType::Json) {
            if settings.body.trim_start().starts_with(['{', '[']) {
                self.warn(
                    "json-as-form",
                    "the callback body looks like JSON, but is sent as a form, with percent-encoded values; set the body type",
                );
            }
            return;
        }
        let quoted = quoted_placeholders(&settings.body);
        for name in &quoted {
            self.warn(
                "quoted-placeholder",
                format!("in JSON the value of ${{{name}}} brings its own quotes; take away those around the placeholder"),
            );
        }
        if quoted.is_empty() && !becomes_json(settings, callback) {
            self.warn(
                "not-json",
                "the callback body is sent as JSON, but is none once its placeholders are replaced",
            );
        }
    }
}

/// Whether a host is only to be found inside a network, where OSS is not.
fn is_inner(host: &str) -> bool {
    if let Ok(address) = host.parse::<Ipv4Addr>() {
        let [first, second, ..] = address.octets();
        let is_shared = first == 100 && (64..128).contains(&second);
        return is_shared
            || first == 0
            || address.is_private()
            || address.is_loopback()
            || address.is_link_local()
            || address.is_multicast()
            || address.is_broadcast();
    }
    let host = host.trim_end_matches('.').to_ascii_lowercase();
    let is_in = |domain: &str| host == domain || host.ends_with(&format!(".{domain}"));
    !host.contains('.') || INNER_DOMAINS.iter().any(|domain| is_in(domain))
}

/// The first name of a variable that is in parentheses instead of braces.
fn in_parentheses(template: &str) -> Option<&str> {
    template.split("$(").skip(1).find_map(|rest| {
        let (name, _) = rest.split_once(')')?;
        (SYSTEM_VARIABLES.contains(&name) || name.starts_with("x:")).then_some(name)
    })
}

/// The placeholders inside the strings of a JSON text, whose values are strings themselves.
fn quoted_placeholders(template: &str) -> Vec<&str> {
    let mut quoted = Vec::new();
    let (mut in_string, mut escaped) = (false, false);
    for piece in pieces(template).filter_map(Result::ok) {
        match piece {
            Piece::Placeholder(name) if in_string && is_quoted(name) => quoted.push(name),
            Piece::Placeholder(_) => escaped = false,
            Piece::Text(text) => {
                for character in text.chars() {
                    match character {
                        '"' if !escaped => in_string = !in_string,
                        _ => {}
                    }
                    escaped = in_string && character == '\\' && !escaped;
                }
            }
        }
    }
    quoted
}

/// Whether the body is JSON for an upload of which everything is known.
fn becomes_json(settings: &Settings, callback: &Callback) -> bool {
    let mut values = Values::default();
    SYSTEM_VARIABLES.into_iter().for_each(|name| values.put(name, "1"));
    let mut callback = callback.clone();
    for name in placeholders(&settings.body).filter_map(Result::ok).filter(|name| name.starts_with("x:")) {
        // One that is not set is told of by itself; one that is set cannot be set again.
        let _ = callback.add_variable(name, "");
    }
    let body = callback.render(&values);
    body.is_ok_and(|body| serde_json::from_str::<serde::de::IgnoredAny>(&body).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(callback: &Callback) -> Vec<&'static str> {
        callback.findings().iter().map(|finding| finding.rule).collect()
    }

    fn callback(url: &str, body: &str) -> Callback {
        Callback::new(url, body).unwrap()
    }

    fn rules_of_json(body: &str) -> Vec<&'static str> {
        let mut callback = callback("http://app.example.com", body);
        callback.set_body_type(BodyType::Json).unwrap();
        rules(&callback)
    }

    #[test]
    fn nothing_is_found_in_what_is_right() {
        let mut form = callback("http://app.example.com/cb", "o=${object}&u=${x:u}");
        form.add_variable("x:u", "1").unwrap();
        assert_eq!(form.findings(), []);
        let mut https = callback("https://app.example.com", "{\"b\":${bucket}}");
        https.set_sni(true).unwrap();
        https.set_body_type(BodyType::Json).unwrap();
        assert_eq!(https.findings(), []);
        assert_eq!(Callback::with_policy("p").unwrap().findings(), []);
        for body in [
            "[${size}, \"${imageInfo.width},${imageInfo.height}\"]",
            "{\"a\\\"\":${object}}",
            "{\"a\\\\\":${object}}",
            "${x:u}",
        ] {
            let mut json = callback("http://app.example.com", body);
            json.set_body_type(BodyType::Json).unwrap();
            if body.contains("x:u") {
                json.add_variable("x:u", "1").unwrap();
            }
            assert_eq!(json.findings(), [], "{body}");
        }
    }

    #[test]
    fn broken_rules_are_errors_and_come_first() {
        let mut callback =
            callback("http://127.0.0.1", &format!("${{x:a}}${{x:a}}${{x:c}}{}", "b".repeat(4000)));
        callback.add_variable("x:b", &"v".repeat(4000)).unwrap();
        let findings = callback.findings();
        let errors: Vec<_> = findings
            .iter()
            .take_while(|finding| finding.severity == Severity::Error)
            .map(|f| f.rule)
            .collect();
        let expected = ["settings-too-long", "variables-too-long", "variable-not-set", "variable-not-set"];
        assert_eq!(errors, expected);
        assert!(findings[4..].iter().all(|finding| finding.severity == Severity::Warning));
        assert_eq!(rules(&callback)[4..], ["many-variables", "variable-not-used", "private-host"]);
    }

    #[test]
    fn hosts_that_oss_cannot_call() {
        for host in [
            "127.0.0.1",
            "10.1.2.3",
            "172.16.0.1",
            "192.168.1.1:8080",
            "169.254.1.1",
            "100.100.100.200",
            "0.0.0.0",
            "224.0.0.1",
            "255.255.255.255",
            "localhost",
            "app",
            "app.local",
            "App.Internal",
            "a.b.lan",
            "x.localhost",
        ] {
            assert_eq!(rules(&callback(&format!("http://{host}/cb"), "b")), ["private-host"], "{host}");
        }
        for host in
            ["app.example.com", "8.8.8.8", "100.63.0.1", "172.32.0.1", "locals.example", "mylan.example"]
        {
            assert_eq!(rules(&callback(&format!("{host}/cb"), "b")), Vec::<&str>::new(), "{host}");
        }
        let mut several = callback("http://app.example.com", "b");
        several.add_url("http://10.0.0.1").unwrap();
        assert_eq!(rules(&several), ["private-host"]);
    }

    #[test]
    fn sni_and_https_go_together() {
        let mut https = callback("HTTPS://app.example.com", "b");
        assert_eq!(rules(&https), ["https-without-sni"]);
        https.set_sni(false).unwrap();
        assert_eq!(rules(&https), ["https-without-sni"]);
        let mut http = callback("http://app.example.com", "b");
        http.set_sni(true).unwrap();
        assert_eq!(rules(&http), ["sni-without-https"]);
    }

    #[test]
    fn placeholders_that_are_none() {
        for body in ["o=%24%7Bobject%7D", "o=$%7bobject}", "o=%24{object}"] {
            assert_eq!(rules(&callback("http://app.example.com", body)), ["encoded-placeholder"], "{body}");
        }
        for body in ["o=$(object)", "o=$(x:u)", "$(nothing)$(etag)"] {
            assert_eq!(rules(&callback("http://app.example.com", body)), ["parentheses"], "{body}");
        }
        assert_eq!(rules(&callback("http://app.example.com", "$(price)")), Vec::<&str>::new());
    }

    #[test]
    fn json_is_looked_at_as_oss_fills_it_in() {
        for body in ["{\"o\":\"${object}\"}", "[\"a ${etag} b\"]"] {
            assert_eq!(rules_of_json(body), ["quoted-placeholder"], "{body}");
        }
        for body in ["o=${object}", "{\"o\":${object}", "{o:${object}}", "{\"o\":\"\\\"${size}}"] {
            assert_eq!(rules_of_json(body), ["not-json"], "{body}");
        }
        assert_eq!(rules(&callback("http://app.example.com", " {\"o\":${object}}")), ["json-as-form"]);
        // Brackets without end are no reason to go down with them.
        assert_eq!(rules_of_json(&"[".repeat(3000)), ["not-json"]);
    }

    #[test]
    fn messages_are_single_lines_without_values() {
        let mut callback = callback("https://localhost/?token=URLVALUE", "{\"o\":\"${object}\"}");
        callback.add_variable("x:a", "VARVALUE").unwrap();
        for finding in callback.findings() {
            assert!(
                !finding.message.contains("VALUE") && !finding.message.contains('\n'),
                "{}",
                finding.message
            );
        }
    }
}
