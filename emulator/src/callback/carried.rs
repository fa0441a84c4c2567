//! What a request carries of a callback.

use std::collections::BTreeMap;

use super::policy::{self, Policy};
use super::settings::{self, Callback};
use crate::errors::OssError;

/// One of the two texts of a request, in each of the places where it can be.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Carried<'a> {
    pub header: Option<&'a str>,
    pub parameter: Option<&'a str>,
}

/// What a request says about a callback. `None`: nothing, or an empty URL, which is the same.
pub(crate) fn parse(
    callback: Carried,
    variables: Carried,
    policies: &[Policy],
) -> Result<Option<Callback>, OssError> {
    let callback = one_carrier("callback", callback)?;
    let variables = one_carrier("callback-var", variables)?;
    resolve(callback, settings::parse_variables(variables)?, policies)
}

/// The callback of a form, in which variables can also be fields of their own. These count before others of the same name.
pub(crate) fn parse_form(
    callback: &str,
    variables: &str,
    fields: BTreeMap<String, String>,
    policies: &[Policy],
) -> Result<Option<Callback>, OssError> {
    let mut variables = settings::parse_variables(variables)?;
    variables.extend(fields);
    resolve(callback, variables, policies)
}

fn resolve(
    callback: &str,
    variables: BTreeMap<String, String>,
    policies: &[Policy],
) -> Result<Option<Callback>, OssError> {
    if callback.is_empty() {
        return Ok(None);
    }
    policy::resolve(callback, variables, policies)
}

fn one_carrier<'a>(name: &str, carried: Carried<'a>) -> Result<&'a str, OssError> {
    match (carried.header, carried.parameter) {
        (Some(value), Some(_)) => Err(OssError::argument(
            name,
            value,
            format!("The {name} parameter is both in the header and in the query."),
        )
        .ec("0007-00000027")),
        (header, parameter) => Ok(header.or(parameter).unwrap_or_default()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EMPTY: &str = "e30=";

    fn ec(callback: Carried, variables: Carried) -> Option<&'static str> {
        parse(callback, variables, &[]).unwrap_err().ec
    }

    #[test]
    fn a_text_is_in_one_place() {
        let both = Carried { header: Some(EMPTY), parameter: Some(EMPTY) };
        assert_eq!(ec(both, Carried::default()), Some("0007-00000027"));
        assert_eq!(ec(Carried::default(), both), Some("0007-00000027"));
    }

    #[test]
    fn variables_are_checked_even_without_a_callback() {
        let wrong = Carried { header: Some("***"), parameter: None };
        assert_eq!(ec(Carried::default(), wrong), Some("0007-00000102"));
    }
}
