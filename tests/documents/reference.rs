//! The reference documentation that Doxygen makes of the header is whole, and Doxygen has nothing to say about it.

use crate::support::header::{self, HEADER, words};
use crate::support::{emulator_library, files_below, read, repository, tools};
use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::symlink;
use tempfile::TempDir;

/// A folder like a fresh clone, in which the reference is made of a header.
struct FreshClone(TempDir);

impl FreshClone {
    fn new() -> FreshClone {
        let folder = TempDir::new().unwrap();
        symlink(repository("docs"), folder.path().join("docs")).unwrap();
        fs::create_dir(folder.path().join("include")).unwrap();
        fs::create_dir_all(folder.path().join("emulator/c")).unwrap();
        symlink(repository("emulator/c/include"), folder.path().join("emulator/c/include")).unwrap();
        FreshClone(folder)
    }

    /// Makes it as README.md says. The error is what Doxygen says, warnings included.
    fn make(&self, header: &str) -> Result<(), String> {
        fs::write(self.0.path().join(HEADER), header).unwrap();
        let mut doxygen = tools::command("doxygen");
        let out = doxygen.arg("docs/Doxyfile").current_dir(self.0.path()).output().expect("doxygen");
        if out.status.success() {
            return Ok(());
        }
        Err(String::from_utf8_lossy(&out.stderr).into_owned())
    }

    fn page(&self, name: &str) -> String {
        read(self.0.path().join("target/reference").join(name))
    }

    /// What no group has of a header from which the reference was made.
    fn missing_in_groups(&self, header: &str) -> Vec<String> {
        let members: String =
            groups().iter().map(|name| members(&self.page(&format!("group__{name}.html")))).collect();
        let members: BTreeSet<&str> = words(&members).collect();
        let names = header::parse(header).into_iter().map(|item| item.name);
        names.filter(|name| !members.contains(name.as_str())).collect()
    }
}

fn groups() -> Vec<String> {
    let groups = read(repository("docs/reference/groups.dox"));
    let lines = groups.lines().filter_map(|line| line.strip_prefix(" * @defgroup "));
    lines.filter_map(|line| Some(line.split(' ').next()?.to_owned())).collect()
}

/// The titles of what a page documents.
fn members(page: &str) -> String {
    let titles = page.split("<td class=\"memname\">").skip(1);
    let titles: String = titles.map(|rest| rest.split("</td>").next().unwrap_or_default()).collect();
    assert!(!titles.is_empty(), "there is nothing in a group");
    titles
}

/// What Doxygen calls the page of a guide.
fn page_of_guide(path: &str) -> String {
    format!("md_{}.html", path.trim_end_matches(".md").replace(['/', '-'], "_"))
}

#[test]
fn reference_is_made_without_a_warning_and_has_everything() {
    if !tools::are_there("the reference documentation", &["doxygen", "awk"]) {
        return;
    }
    let clone = FreshClone::new();
    let header = read(repository(HEADER));
    if let Err(complaint) = clone.make(&header) {
        panic!("{complaint}");
    }

    for header in [&header, &read(repository(emulator_library::HEADER))] {
        assert_eq!(clone.missing_in_groups(header), Vec::<String>::new());
    }

    // The guides are pages, to which the first one leads.
    let first = clone.page("index.html");
    for guide in files_below("docs").iter().filter(|path| path.ends_with(".md")) {
        assert!(first.contains(&page_of_guide(guide)), "the first page does not lead to {guide}");
    }

    // What it would complain of is found.
    for (old, new) in
        [("@param bucket ", "@param bukket "), ("@endcode", ""), ("@return OSS_STATUS_OK", "OSS_STATUS_OK")]
    {
        assert!(clone.make(&header.replacen(old, new, 1)).is_err(), "{old:?} -> {new:?} goes unnoticed");
    }
    let inkpot = header.replacen("void oss_writer_free(", "void oss_inkpot_free(", 1);
    assert_eq!(clone.make(&inkpot), Ok(()));
    assert_eq!(clone.missing_in_groups(&inkpot), ["oss_inkpot_free"]);
}
