//! Files of settings in sections, as older tools write them.

/// The text of one.
#[derive(Clone, Copy)]
pub(super) struct Ini<'a>(pub(super) &'a str);

impl<'a> Ini<'a> {
    /// Whether it has a section of this name.
    pub(super) fn has(self, section: &str) -> bool {
        self.0.lines().any(|line| title(line).is_some_and(|title| is_same(title, section)))
    }

    /// The value of the first of these names that has one in this section.
    pub(super) fn text(self, section: &str, names: &[&str]) -> Option<&'a str> {
        names.iter().find_map(|name| {
            let mut values = self.settings(section).filter(|(other, _)| is_same(other, name));
            values.find(|(_, value)| !value.is_empty()).map(|(_, value)| value)
        })
    }

    fn settings(self, section: &str) -> impl Iterator<Item = (&'a str, &'a str)> {
        let mut is_inside = false;
        self.0.lines().filter_map(move |line| {
            if let Some(title) = title(line) {
                is_inside = is_same(title, section);
            }
            let is_setting = is_inside && !line.trim_start().starts_with(['#', ';', '[']);
            let (name, value) = line.split_once('=').filter(|_| is_setting)?;
            Some((name.trim(), value.trim()))
        })
    }
}

fn title(line: &str) -> Option<&str> {
    line.trim().strip_prefix('[')?.strip_suffix(']').map(str::trim)
}

/// Whether two names are the same for those tools: neither case nor hyphens and underscores make a difference.
pub(super) fn is_same(one: &str, other: &str) -> bool {
    let letters = |name: &str| {
        let letters = name.chars().filter(|letter| !matches!(letter, '-' | '_'));
        letters.map(|letter| letter.to_ascii_lowercase()).collect::<String>()
    };
    letters(one) == letters(other)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_are_found_in_their_section_however_they_are_written() {
        let ini = Ini(
            "a=0\n[One]\n# a=1\n; a = 2\naccessKeyID = x=y \r\n\n[ Two ]\naccess_key_id=\nAccess-Key-Id = z",
        );
        assert!(ini.has("one") && ini.has("Two") && !ini.has("Three"));
        assert_eq!(ini.text("One", &["access_key_id"]), Some("x=y"));
        assert_eq!(ini.text("Two", &["b", "access_key_id"]), Some("z"));
        assert_eq!(ini.text("One", &["a"]), None);
        assert_eq!(ini.text("Three", &["access_key_id"]), None);
    }
}
