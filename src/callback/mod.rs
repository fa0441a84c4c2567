//! The upload callback: what OSS is asked to send to the application server, checked where it is set; what it then sends,
//! and whether a request that claims to be one is.

use check::URLS_MAX;
use header::HEADERS_MAX;
use serde::{Deserialize, Serialize};
use std::fmt;

use crate::wire::mistake::{Mistake, shown};

mod check;
mod decode;
mod delivery;
mod encode;
mod field;
mod findings;
mod form_template;
mod header;
mod host;
mod json_template;
mod render;
mod template;
pub mod verify;

pub use encode::Encoded;
pub use findings::{Finding, Severity};
pub use render::Values;

/// How values are put into the body, and its Content-Type.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum BodyType {
    /// `application/x-www-form-urlencoded`: values are percent-encoded.
    Form,
    /// `application/json`: values are JSON literals that bring their own quotes.
    Json,
}

/// A callback: where to, what with.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Callback {
    target: Target,
    variables: Vec<(String, String)>,
    /// The variable that is set for each upload anew.
    delivery_variable: Option<String>,
}

#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
enum Target {
    Settings(Settings),
    /// The name of a policy that is stored on the bucket and holds everything else.
    Policy(String),
}

#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Settings {
    urls: Vec<String>,
    host: Option<String>,
    body: String,
    body_type: Option<BodyType>,
    sni: Option<bool>,
    headers: Vec<(String, String)>,
    /// Names and JSON.
    fields: Vec<(String, String)>,
}

impl Callback {
    /// A callback to one URL, with the template of its body.
    pub fn new(url: &str, body: &str) -> Result<Self, Mistake> {
        check::check_url(url)?;
        check::check_body(body)?;
        let settings = Settings {
            urls: vec![url.to_owned()],
            host: None,
            body: body.to_owned(),
            body_type: None,
            sni: None,
            headers: Vec::new(),
            fields: Vec::new(),
        };
        Ok(Self::of(Target::Settings(settings)))
    }

    /// A callback that is described by a policy on the bucket.
    pub fn with_policy(name: &str) -> Result<Self, Mistake> {
        check::check_policy_name(name)?;
        Ok(Self::of(Target::Policy(name.to_owned())))
    }

    fn of(target: Target) -> Self {
        Self { target, variables: Vec::new(), delivery_variable: None }
    }

    /// Adds a URL that OSS tries when those before it fail.
    pub fn add_url(&mut self, url: &str) -> Result<(), Mistake> {
        let settings = self.settings("a URL")?;
        check::check_url(url)?;
        if settings.urls.len() >= URLS_MAX {
            return Err(Mistake::new(format!("a callback has at most {URLS_MAX} URLs")));
        }
        settings.urls.push(url.to_owned());
        Ok(())
    }

    /// Sets the `Host` header that the application server sees.
    pub fn set_host(&mut self, host: &str) -> Result<(), Mistake> {
        let settings = self.settings("a host")?;
        check::check_host(host)?;
        settings.host = Some(host.to_owned());
        Ok(())
    }

    /// Sets how values are put into the body. Without this, OSS takes a form.
    pub fn set_body_type(&mut self, body_type: BodyType) -> Result<(), Mistake> {
        self.settings("a body type")?.body_type = Some(body_type);
        Ok(())
    }

    /// Sets whether OSS names the host in the TLS handshake, which most https servers need.
    pub fn set_sni(&mut self, sni: bool) -> Result<(), Mistake> {
        self.settings("SNI")?.sni = Some(sni);
        Ok(())
    }

    /// Adds a header to what OSS sends.
    pub fn add_header(&mut self, name: &str, value: &str) -> Result<(), Mistake> {
        let settings = self.settings("a header")?;
        header::check(name, value)?;
        if settings.headers.iter().any(|(known, _)| known == name) {
            return Err(Mistake::new(format!("the callback header {} is set twice", shown(name))));
        }
        if settings.headers.len() >= HEADERS_MAX {
            return Err(Mistake::new(format!("a callback has at most {HEADERS_MAX} headers")));
        }
        settings.headers.push((name.to_owned(), value.to_owned()));
        Ok(())
    }

    /// Sets a field of the settings that no other setter sets, to a JSON value.
    pub fn set_field(&mut self, name: &str, json: &str) -> Result<(), Mistake> {
        let settings = self.settings("a field")?;
        field::check(name, json)?;
        if settings.fields.iter().any(|(known, _)| known == name) {
            return Err(Mistake::new(format!("the callback field {} is set twice", shown(name))));
        }
        settings.fields.push((name.to_owned(), json.to_owned()));
        Ok(())
    }

    /// Adds a variable of one's own. Its name begins with `x:`; the body refers to it as `${x:name}`.
    pub fn add_variable(&mut self, name: &str, value: &str) -> Result<(), Mistake> {
        check::check_variable_name(name)?;
        if self.has_variable(name) {
            return Err(Mistake::new(format!("the callback variable {} is set twice", shown(name))));
        }
        self.variables.push((name.to_owned(), value.to_owned()));
        Ok(())
    }

    /// The variables of one's own.
    pub fn variables(&self) -> &[(String, String)] {
        &self.variables
    }

    /// Whether a variable of one's own has a value when the callback is sent.
    fn has_variable(&self, name: &str) -> bool {
        self.delivery_variable.as_deref() == Some(name)
            || self.variables.iter().any(|(known, _)| known == name)
    }

    /// How many URLs OSS may try, each with a wait of its own. A policy may hold as many as any callback.
    pub fn url_count(&self) -> usize {
        match &self.target {
            Target::Settings(settings) => settings.urls.len(),
            Target::Policy(_) => URLS_MAX,
        }
    }

    fn settings(&mut self, what: &str) -> Result<&mut Settings, Mistake> {
        match &mut self.target {
            Target::Settings(settings) => Ok(settings),
            Target::Policy(_) => {
                Err(Mistake::new(format!("{what} cannot be set on a callback whose policy determines it")))
            }
        }
    }
}

/// Shows sizes and names: URLs, bodies and values may hold what nobody else should read.
impl fmt::Debug for Callback {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let variables: Vec<&str> = self.variables.iter().map(|(name, _)| name.as_str()).collect();
        f.debug_struct("Callback")
            .field("url_count", &self.url_count())
            .field("variables", &variables)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn callback() -> Callback {
        Callback::new("http://a.example.com/cb", "o=${object}").unwrap()
    }

    #[test]
    fn five_urls_and_no_more() {
        let mut callback = callback();
        for count in 2..=URLS_MAX {
            callback.add_url("b.example.com").unwrap();
            assert_eq!(callback.url_count(), count);
        }
        assert!(callback.add_url("c.example.com").unwrap_err().to_string().contains("at most 5"));
        assert_eq!(callback.url_count(), URLS_MAX);
    }

    #[test]
    fn a_setter_that_fails_changes_nothing() {
        let mut callback = callback();
        let before = callback.clone();
        assert!(callback.add_url("http://").is_err());
        assert!(callback.set_host("a b").is_err());
        assert!(callback.add_variable("user", "1").is_err());
        assert!(callback == before);
    }

    #[test]
    fn a_variable_is_set_once() {
        let mut callback = callback();
        callback.add_variable("x:a", "1").unwrap();
        assert!(callback.add_variable("x:a", "1").unwrap_err().to_string().contains("twice"));
    }

    #[test]
    fn ten_headers_and_no_more() {
        let mut callback = callback();
        for count in 0..HEADERS_MAX {
            callback.add_header(&format!("k{count}"), "v").unwrap();
        }
        assert!(callback.add_header("k0", "v").unwrap_err().to_string().contains("twice"));
        assert!(callback.add_header("k10", "v").unwrap_err().to_string().contains("at most 10"));
    }

    #[test]
    fn a_field_is_set_once() {
        let mut callback = callback();
        callback.set_field("later", "{\"a\": [1]}").unwrap();
        assert!(callback.set_field("later", "1").unwrap_err().to_string().contains("twice"));
    }

    #[test]
    fn a_policy_determines_the_rest() {
        let mut callback = Callback::with_policy("p").unwrap();
        assert!(callback.add_url("http://a.example.com").is_err());
        assert!(callback.set_host("a").is_err());
        assert!(callback.set_sni(true).is_err());
        assert!(callback.set_body_type(BodyType::Json).is_err());
        assert!(callback.add_header("a", "b").is_err());
        assert!(callback.set_field("a", "1").is_err());
        assert_eq!(callback.url_count(), URLS_MAX);
        callback.add_variable("x:a", "1").unwrap();
        assert!(callback.encode_with_variables().is_ok());
        for bad in ["", "a\nb", &"p".repeat(10_000)] {
            assert!(
                Callback::with_policy(bad).and_then(|callback| callback.encode_with_variables()).is_err(),
                "{bad:.10?}"
            );
        }
    }

    #[test]
    fn the_body_names_variables_that_are_set() {
        let mut callback = Callback::new("http://a.example.com", "u=${x:user}").unwrap();
        let mistake = callback.encode_with_variables().unwrap_err().to_string();
        assert!(mistake.contains("x:user"), "{mistake}");
        // Encoding alone serves forms as well, where variables are fields.
        assert!(callback.encode().is_ok());
        callback.add_variable("x:user", "").unwrap();
        assert!(callback.encode_with_variables().is_ok());
    }

    #[test]
    fn debug_shows_no_values() {
        let mut callback = Callback::new("http://a.example.com/?token=URLVALUE", "BODYVALUE").unwrap();
        callback.add_variable("x:a", "VARVALUE").unwrap();
        callback.add_header("a", "HEADERVALUE").unwrap();
        let text = format!("{callback:?}");
        assert!(text.contains("x:a") && !text.contains("VALUE"), "{text}");
    }
}
