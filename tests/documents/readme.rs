//! What README.md and the pages in docs/ show compiles and runs, and what they say is so.

use crate::support::c_program::{Dialect, compiles};
use crate::support::go::{self, Installation};
use crate::support::header::{self, Kind};
use crate::support::markdown::{Block, blocks, blocks_after};
use crate::support::{self, emulator_library, emulator_program, read, repository, tools};
use std::collections::BTreeSet;
use std::fs;
use std::process::Command;
use std::time::Duration;
use tempfile::TempDir;

/// The cells of the tables under a heading, without their headers.
fn table(text: &str, heading: &str) -> Vec<Vec<String>> {
    let section = text.split("\n## ").find(|section| section.starts_with(heading));
    let lines = section.unwrap_or_else(|| panic!("no section {heading:?}")).lines();
    let rows = lines.filter_map(|line| line.strip_prefix("| ")?.strip_suffix(" |")).skip(1);
    rows.map(|row| row.split(" | ").map(str::to_owned).collect()).collect()
}

/// What stands between backticks.
fn quoted(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
}

fn readme() -> String {
    read(repository("README.md"))
}

/// All pages for users, with their paths.
fn pages() -> Vec<(String, String)> {
    let docs = support::files_below("docs").into_iter().filter(|path| path.ends_with(".md"));
    let pages: Vec<_> =
        docs.chain(["README.md".to_owned()]).map(|path| (path.clone(), read(repository(&path)))).collect();
    assert!(pages.len() > 1, "the pages are not found");
    pages
}

/// In front of a program that is shown whole, and the name of its file.
const SHOWN: &str = "shown: ";

#[test]
fn programs_that_are_shown_are_the_examples() {
    let blocks: Vec<Block> = pages().iter().flat_map(|(_, text)| blocks(text)).collect();
    let shown: Vec<_> =
        blocks.iter().filter_map(|block| Some((block.comment.strip_prefix(SHOWN)?, block))).collect();
    assert!(!shown.is_empty());
    for (file, block) in shown {
        assert_eq!(read(repository(file)).trim_end(), block.code, "{file} is shown otherwise");
    }
}

/// Standards, as gcc understands them, where it is there.
fn by_gcc(standards: &[&'static str], what: &str) -> Vec<Dialect> {
    let dialects = standards.iter().map(|standard| Dialect { compiler: "gcc", standard });
    dialects.filter(|dialect| dialect.is_there(what)).collect()
}

#[test]
fn c_code_compiles() {
    let snippets: Vec<Block> = pages().iter().flat_map(|(_, text)| blocks(text)).collect();
    let is_part = |block: &Block| block.language == "c" && !block.comment.starts_with(SHOWN);
    let snippets: Vec<Block> = snippets.into_iter().filter(is_part).collect();
    assert!(snippets.len() > 2, "there is no C code");
    let dialects = by_gcc(&["c99", "c++11"], "the C code in the documents");
    for Block { code, .. } in snippets {
        assert_eq!(header::unchecked(&code), Vec::<&str>::new());
        let source = format!(
            "#include <oss_emulator.h>\n#include <oss_upload.h>\n#include <stdio.h>\n\n\
             void example(const oss_bucket *bucket, const oss_callback *callback, const void *data, size_t size);\n\
             void example(const oss_bucket *bucket, const oss_callback *callback, const void *data, size_t size)\n\
             {{\n    (void)bucket; (void)callback; (void)data; (void)size;\n    {{\n{code}\n    }}\n}}\n"
        );
        for dialect in &dialects {
            if let Err(complaint) = compiles(*dialect, &source) {
                panic!("{complaint}");
            }
        }
    }
}

#[test]
fn cpp_code_compiles() {
    let readme = readme();
    let snippets: Vec<Block> = blocks(&readme).into_iter().filter(|block| block.language == "cpp").collect();
    assert!(!snippets.is_empty(), "there is no C++ code");
    let dialects = by_gcc(&["c++11", "c++20"], "the C++ code in the documents");
    for Block { code, .. } in snippets {
        let source = format!(
            "#include <iostream>\n#include <oss_upload.hpp>\n\n\
             void example(std::istream &stream, const std::string &data);\n\
             void example(std::istream &stream, const std::string &data)\n\
             {{\n    (void)stream; (void)data;\n    {{\n{code}\n    }}\n}}\n"
        );
        for dialect in &dialects {
            if let Err(complaint) = compiles(*dialect, &source) {
                panic!("{complaint}");
            }
        }
    }
}

#[test]
fn go_code_compiles() {
    if !go::is_there("the Go code") {
        return;
    }
    let readme = readme();
    let snippets: Vec<Block> = blocks(&readme).into_iter().filter(|block| block.language == "go").collect();
    let [snippet] = &snippets[..] else { panic!("{snippets:?}") };
    let folder = TempDir::new().expect("a temporary folder");
    let package = go::module();
    let module = format!(
        "module example.com/readme\n\ngo 1.24\n\nrequire {package} v0.0.0\n\nreplace {package} => {}\n",
        repository("bindings/go").display()
    );
    let program = format!(
        "package readme\n\nimport (\n\t\"context\"\n\t\"errors\"\n\t\"fmt\"\n\n\t\"{package}\"\n)\n\n\
         func example(ctx context.Context, credentials ossupload.Credentials, tellTheServer func(string, error) error) error {{\n\
         {}\n\treturn nil\n}}\n",
        snippet.code
    );
    fs::write(folder.path().join("go.mod"), module).expect("the module");
    fs::write(folder.path().join("readme.go"), program).expect("the program");
    let installation = Installation::for_all();
    installation.go(&folder.path().display().to_string(), &["vet", "."], &[]);
}

#[test]
fn outcome_table_lists_the_statuses_of_the_header() {
    let items = header::items();
    let statuses = items.iter().find(|item| item.name == "oss_status").expect("oss_status");
    let Kind::Enum(statuses) = &statuses.kind else { panic!("oss_status is no enum") };
    let declared: BTreeSet<&str> = statuses.iter().map(|status| status.name.as_str()).collect();
    let rows = table(&readme(), "How a call ends");
    let listed: Vec<&str> = rows.iter().flat_map(|row| quoted(&row[0])).collect();
    assert_eq!(listed.iter().copied().collect::<BTreeSet<_>>(), declared);
    assert_eq!(listed.len(), declared.len(), "a status is listed twice");
    for row in &rows {
        assert!(["yes", "no", "unknown", "no or unknown"].contains(&row[1].as_str()), "{row:?}");
    }
}

#[test]
fn functions_that_are_named_exist() {
    let mut items = header::items();
    items.extend(header::parse(&read(repository(emulator_library::HEADER))));
    for (path, text) in pages() {
        let named: Vec<&str> = quoted(&text).filter_map(|text| text.strip_suffix("()")).collect();
        let named: Vec<&str> = named.into_iter().filter(|name| name.starts_with("oss_")).collect();
        for name in &named {
            assert!(items.iter().any(|item| item.name == *name), "{path}: there is no {name}()");
        }
        assert!(path != "README.md" || named.len() > 5, "the names are not found");
    }
}

/// Whether a file of `tests/`, or of a folder there, has a test of this name, which CI runs.
fn is_a_test(name: &str) -> bool {
    let Some((file, function)) = name.split_once("::") else { return false };
    let path = format!("/{file}.rs");
    let paths = support::files_below("tests").into_iter().filter(|found| found.ends_with(&path));
    let sources: String = paths.map(|path| read(repository(&path))).collect();
    let Some((before, _)) = sources.split_once(&format!("\nfn {function}()")) else { return false };
    let attributes: Vec<&str> = before.lines().rev().take_while(|line| line.starts_with("#[")).collect();
    let is_ignored = attributes.iter().any(|attribute| attribute.starts_with("#[ignore"));
    attributes.contains(&"#[test]") && (!is_ignored || is_run_by_name(file))
}

/// Whether CI runs the tests of a file that are ignored otherwise.
fn is_run_by_name(file: &str) -> bool {
    read(repository(".ci/run")).contains(&format!(" {file}:: -- --ignored\n"))
}

#[test]
fn every_promise_is_held_by_tests() {
    let rows = table(&readme(), "What it promises");
    assert!(!rows.is_empty());
    for row in rows {
        let tests: Vec<&str> = quoted(&row[1]).collect();
        assert!(!tests.is_empty(), "no test for: {}", row[0]);
        for test in tests {
            assert!(is_a_test(test), "{test} is no test, and should hold: {}", row[0]);
        }
    }
}

#[test]
fn test_that_does_not_exist_is_noticed() {
    assert!(is_a_test("readme::test_that_does_not_exist_is_noticed"));
    assert!(is_a_test("evidence::object_is_ours_by_its_bytes_whatever_two_clocks_say"));
    assert!(is_a_test("packages_verified::packages_are_the_same_to_the_byte_whoever_makes_them_and_where"));
    assert!(is_run_by_name("packages_verified") && !is_run_by_name("readme"));
    assert!(!is_a_test("readme::is_a_test"));
    assert!(!is_a_test("readme::test_that_does_not"));
    assert!(!is_a_test("nowhere::test"));
    assert!(!is_a_test("test_that_does_not_exist_is_noticed"));
}

/// Commands for the shell whose like is run without being read out of the documents, and by what.
const RUN_OTHERWISE: [(&str, &str); 4] = [
    ("cargo run --example quickstart", "tests/examples/examples.rs"),
    ("cargo run --example browser_upload", "tests/browser_upload.rs"),
    ("cargo test", ".ci/run"),
    // Into the root of a system of its own.
    (
        "packaging/debian target/packages\nsudo dpkg --install target/packages/*.deb",
        "tests/packages/debian.rs",
    ),
];

/// Whether a test executes the block: one names what its comment has after "executed: ", with that or alone.
fn is_executed(block: &Block) -> bool {
    let Some(name) = block.comment.strip_prefix("executed: ") else { return false };
    let named = [format!("\"executed: {name}\""), format!("\"{name}\"")];
    let tests = support::files_below("tests").into_iter();
    let tests = tests.filter(|file| file.ends_with(".rs") && file != "tests/documents/readme.rs");
    tests.map(|file| read(repository(&file))).any(|test| named.iter().any(|name| test.contains(name)))
}

#[test]
fn every_command_is_run_by_a_test() {
    let blocks: Vec<Block> = pages().iter().flat_map(|(_, text)| blocks(text)).collect();
    let commands: Vec<&Block> = blocks.iter().filter(|block| block.language == "sh").collect();
    assert!(commands.len() > 20, "the commands are not found");
    for block in &commands {
        let otherwise = RUN_OTHERWISE.iter().any(|(code, _)| *code == block.code);
        assert!(otherwise || is_executed(block), "nothing runs: {}", block.code);
    }
    for (code, file) in RUN_OTHERWISE {
        assert!(commands.iter().any(|block| block.code == code), "no document has: {code}");
        assert!(repository(file).exists(), "{file} does not run: {code}");
    }
}

#[test]
fn command_that_no_test_runs_is_noticed() {
    let executed = |comment: &str| {
        let [block] = blocks(&format!("<!-- {comment} -->\n```sh\nrun\n```")).try_into().expect("a block");
        is_executed(&block)
    };
    assert!(executed("executed: make") && executed("executed: go vendor"));
    assert!(!executed("") && !executed("executed: mak") && !executed("make"));
}

#[test]
fn local_server_says_how_it_is_started() {
    let readme = readme();
    let command = quoted(&readme).find_map(|text| text.strip_prefix("cargo run -p oss-emulator -- "));
    let mut emulator = Command::new(emulator_program::build());
    let help = tools::run(emulator.args(command.expect("the command").split(' ')), Duration::from_secs(60));
    assert!(help.contains("--port") && help.contains("--fault"), "{help}");
}

#[test]
fn commands_of_a_release_are_those_that_ci_runs() {
    let ci = read(repository(".ci/run"));
    for block in blocks_after(&read(repository("CONTRIBUTING.md")), "run by: .ci/run") {
        for line in block.code.lines() {
            assert!(ci.contains(line), ".ci/run does not run: {line}");
        }
    }
}

/// Where the links of a text lead to within the repository.
fn links(text: &str) -> Vec<&str> {
    let prose = text.split("```").step_by(2);
    let targets = prose.flat_map(|prose| prose.split("](").skip(1).filter_map(|rest| rest.split(')').next()));
    targets.filter(|target| !target.starts_with("https://")).collect()
}

#[test]
fn links_lead_somewhere() {
    let others = ["CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md", "benches/README.md"].map(str::to_owned);
    for path in pages().into_iter().map(|(path, _)| path).chain(others) {
        let file = repository(&path);
        for link in links(&read(&file)) {
            assert!(file.with_file_name(link).exists(), "{path} links to {link}");
        }
    }
    assert!(links(&readme()).len() > 5, "the links were not found");
}
