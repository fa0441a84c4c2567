//! The template of a callback's body: where its placeholders are.

use crate::wire::mistake::{Mistake, shown};

/// What OSS itself can put in.
pub(super) const SYSTEM_VARIABLES: [&str; 14] = [
    "bucket",
    "object",
    "etag",
    "size",
    "mimeType",
    "imageInfo.height",
    "imageInfo.width",
    "imageInfo.format",
    "crc64",
    "contentMd5",
    "vpcId",
    "clientIp",
    "reqId",
    "operation",
];

/// The names in the placeholders `${name}`, in order. Stops after the first that is written wrongly.
pub(super) fn placeholders(template: &str) -> impl Iterator<Item = Result<&str, Mistake>> {
    let mut rest = Some(template);
    std::iter::from_fn(move || {
        loop {
            let (_, after_dollar) = rest.take()?.split_once('$')?;
            let Some(inside) = after_dollar.strip_prefix('{') else {
                let after_blanks = after_dollar.trim_start();
                if after_blanks.len() < after_dollar.len() && after_blanks.starts_with('{') {
                    return Some(Err(Mistake::new(format!(
                        "the callback body has a blank between '$' and '{{', which OSS refuses: {}",
                        shown(&format!("${after_dollar}"))
                    ))));
                }
                rest = Some(after_dollar);
                continue;
            };
            let Some((name, after)) = inside.split_once('}') else {
                return Some(Err(Mistake::new(format!(
                    "the callback body has a placeholder that is not closed: {}",
                    shown(&format!("${after_dollar}"))
                ))));
            };
            rest = Some(after);
            return Some(Ok(name));
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_come_in_order() {
        let names: Result<Vec<&str>, Mistake> = placeholders("a=${b}&$${c}${}$d$e}${x:f}$").collect();
        assert_eq!(names.unwrap(), ["b", "c", "", "x:f"]);
        assert_eq!(placeholders("").count(), 0);
    }

    #[test]
    fn the_first_fault_ends_it() {
        let mut names = placeholders("${a}$ {b}${c}");
        assert_eq!(names.next().unwrap(), Ok("a"));
        assert!(names.next().unwrap().is_err());
        assert!(names.next().is_none());
    }
}
