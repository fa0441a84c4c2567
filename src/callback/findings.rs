//! What is wrong with a callback, and what is likely to be a mistake, before anything is sent.

use super::template::{SYSTEM_VARIABLES, placeholders};
use super::{BodyType, Callback, Settings, Target, check, form_template, host, json_template};
use crate::wire::key;
use crate::wire::mistake::{Mistake, shown};

/// Above these the service's own advice is exceeded, though not its limits.
const ADVISED_VARIABLES: usize = 10;
const ADVISED_BYTES: usize = 512;
/// What other services put in for names in parentheses, and OSS does not.
const FOREIGN: [&str; 18] = [
    "key",
    "fname",
    "fsize",
    "hash",
    "ext",
    "uuid",
    "endUser",
    "persistentId",
    "bodySha1",
    "exif",
    "imageAve",
    "avinfo",
    "year",
    "mon",
    "day",
    "hour",
    "min",
    "sec",
];

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
        if host::is_inner(host) {
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
        if let Some(name) = in_parentheses(template, is_variable) {
            self.warn(
                "parentheses",
                format!("the callback body has $({name}), which OSS does not replace; write ${{{name}}}"),
            );
        }
        if let Some(name) = in_parentheses(template, is_foreign) {
            self.warn(
                "foreign-placeholder",
                format!(
                    "the callback body has $({name}), which another service replaces and OSS does not; OSS has {}",
                    SYSTEM_VARIABLES.map(|name| format!("${{{name}}}")).join(", ")
                ),
            );
        }
    }

    fn of_body_type(&mut self, settings: &Settings, callback: &Callback) {
        let looks_like_json = settings.body.trim_start().starts_with(['{', '[']);
        let is_json = settings.body_type == Some(BodyType::Json);
        if (is_json || looks_like_json) && json_template::is_escaped_twice(&settings.body) {
            self.warn(
                "escaped-twice",
                "the callback body has a backslash outside of strings: it was escaped once more than needed, and OSS sends the \
                 backslashes as they are",
            );
        } else if is_json {
            self.of_json(settings, callback);
        }
        if is_json {
            return;
        }
        if looks_like_json {
            self.warn(
                "json-as-form",
                "the callback body looks like JSON, but is sent as a form, with percent-encoded values; set the body type",
            );
        } else if let Some(character) = form_template::unencoded(&settings.body) {
            let text = character.to_string();
            self.warn(
                "unencoded-text",
                format!(
                    "the callback body is sent as a form, but its text has {} as it is; write {}",
                    shown(&text),
                    key::encode(&text)
                ),
            );
        }
    }

    fn of_json(&mut self, settings: &Settings, callback: &Callback) {
        let quoted = json_template::quoted_placeholders(&settings.body);
        for name in &quoted {
            self.warn(
                "quoted-placeholder",
                format!("in JSON the value of ${{{name}}} brings its own quotes; take away those around the placeholder"),
            );
        }
        if quoted.is_empty() && !json_template::becomes_json(&settings.body, callback) {
            self.warn(
                "not-json",
                "the callback body is sent as JSON, but is none once its placeholders are replaced",
            );
        }
    }
}

/// The first of these names that is in parentheses instead of braces.
fn in_parentheses(template: &str, is_meant: fn(&str) -> bool) -> Option<&str> {
    template.split("$(").skip(1).find_map(|rest| {
        let (name, _) = rest.split_once(')')?;
        is_meant(name).then_some(name)
    })
}

fn is_variable(name: &str) -> bool {
    SYSTEM_VARIABLES.contains(&name) || name.starts_with("x:")
}

/// What comes after a dot is a part of it.
fn is_foreign(name: &str) -> bool {
    let (whole, _) = name.split_once('.').unwrap_or((name, ""));
    FOREIGN.contains(&whole)
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
        for host in ["10.0.0.1", "127.1:8080", "app.local"] {
            assert_eq!(rules(&callback(&format!("http://{host}/cb"), "b")), ["private-host"], "{host}");
        }
        let mut several = callback("app.example.com/cb", "b");
        assert_eq!(rules(&several), Vec::<&str>::new());
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
        for body in ["k=$(key)", "$(fname)&$(fsize)", "a=$(avinfo.video.duration)"] {
            assert_eq!(rules(&callback("http://app.example.com", body)), ["foreign-placeholder"], "{body}");
        }
        assert_eq!(rules(&callback("http://app.example.com", "$(price)$(keys)")), Vec::<&str>::new());
    }

    #[test]
    fn form_is_encoded_by_whoever_writes_it() {
        for body in ["o=${object}&n=a b", "n=é", "n=\"a\"", "n=100%"] {
            assert_eq!(rules(&callback("http://app.example.com", body)), ["unencoded-text"], "{body}");
        }
        let finding = callback("http://app.example.com", "n=a é").findings().remove(0);
        assert!(finding.message.ends_with("write %20"), "{}", finding.message);
    }

    #[test]
    fn json_that_was_escaped_twice_gets_no_other_advice() {
        for body in [r#"{\"bucket\":${bucket}}"#, r#"{\"b\":\"${bucket}\"}"#, r#"[\"${object}\"]"#] {
            assert_eq!(rules_of_json(body), ["escaped-twice"], "{body}");
            let as_form = rules(&callback("http://app.example.com", body));
            assert_eq!(as_form, ["escaped-twice", "json-as-form"], "{body}");
        }
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
