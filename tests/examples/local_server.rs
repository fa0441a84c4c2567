//! The programs of docs/emulator.md reach the local OSS server with the settings that they show.

use crate::support::bucket::{TestBucket, emulator};
use crate::support::languages;
use crate::support::markdown::{Block, blocks, blocks_after};
use crate::support::{emulator_program, read, repository, tools};
use std::fs;
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::time::Duration;
use tempfile::TempDir;

/// Go compiles the SDK first.
const RUNNING_TIME: Duration = Duration::from_secs(600);

fn page() -> String {
    read(repository("docs/emulator.md"))
}

/// The program in a section, and the command that runs it.
fn program(section: &str) -> (String, String) {
    let page = page();
    let heading = format!("{section}\n");
    let text = page.split("\n### ").find(|text| text.starts_with(&heading)).expect("the section");
    let text = text.split("\n## ").next().expect("the section alone");
    let [program, command] = blocks(text).try_into().expect("a program and its command");
    assert_eq!((command.language.as_str(), command.comment), ("sh", format!("executed: {section}")));
    (program.code + "\n", command.code)
}

/// The program puts an object and reads it again.
fn assert_greets(section: &str, needed: &str, question: &str, file: &str, besides: &[(&str, String)]) {
    let (code, command) = program(section);
    let what = format!("docs/emulator.md, {section}");
    let Some(mut shell) = languages::shell_with(&what, needed, question, &command) else { return };
    let folder = TempDir::new().expect("a temporary folder");
    for (name, text) in besides.iter().map(|(name, text)| (*name, text)).chain([(file, &code)]) {
        fs::write(folder.path().join(name), text).expect("a file of the program");
    }
    let emulator = emulator();
    shell.current_dir(folder.path()).envs(TestBucket::emulated(&emulator).environment());
    assert_eq!(tools::run(&mut shell, RUNNING_TIME), "hello\n");
    assert_eq!(emulator.keys("test-bucket"), ["greeting.txt"]);
}

#[test]
fn program_with_oss2_greets() {
    assert_greets("Python, oss2", "oss2 for Python", "python3 -c 'import oss2'", "greeting.py", &[]);
}

#[test]
fn program_with_the_second_python_sdk_greets() {
    let question = "python3 -c 'import alibabacloud_oss_v2'";
    assert_greets(
        "Python, alibabacloud-oss-v2",
        "alibabacloud-oss-v2 for Python",
        question,
        "greeting.py",
        &[],
    );
}

#[test]
fn program_with_the_go_sdk_greets() {
    // The module of the tests that need the SDK, without the library's own package.
    let module = read(repository("tests/go/go.mod"));
    let lines = module.lines().filter(|line| !line.contains("ossupload"));
    let module = lines.map(|line| format!("{line}\n")).collect();
    let sums = read(repository("tests/go/go.sum"));
    let question = format!("cd '{}' && go mod download", repository("tests/go").display());
    let besides = [("go.mod", module), ("go.sum", sums)];
    assert_greets("Go, alibabacloud-oss-go-sdk-v2", "Go, or its SDK,", &question, "main.go", &besides);
}

#[test]
fn program_with_the_node_sdk_greets() {
    let question = "node -e 'require(\"ali-oss\")'";
    assert_greets("Node.js, ali-oss", "ali-oss for Node.js", question, "greeting.js", &[]);
}

/// The only block after a comment.
fn block(comment: &str) -> Block {
    let [block] = blocks_after(&page(), comment).try_into().expect("one block");
    block
}

#[test]
fn server_that_is_started_has_what_the_settings_say() {
    let command = block("executed: local server").code;
    let arguments = command.split_once(" -- ").expect("arguments").1;
    // Port 9000 may be another's.
    let arguments = arguments.replace("--port 9000", "--port 0 --exit-with-stdin");
    let mut server = Command::new(emulator_program::build());
    server.args(arguments.split(' ')).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut server = server.spawn().expect("the server");
    let mut said = String::new();
    BufReader::new(server.stdout.take().expect("its output")).read_line(&mut said).expect("its first line");
    drop(server.stdin.take());
    assert!(server.wait().expect("its end").success());

    let settings = block("executed: local server's settings").code;
    let settings: Vec<&str> = settings.lines().filter_map(|line| Some(line.split_once('=')?.1)).collect();
    assert_eq!(settings.len(), 5);
    for setting in &settings[1..] {
        assert!(said.split_whitespace().any(|word| word == *setting), "{setting}: {said}");
    }
    assert!(settings[0].starts_with("http://127.0.0.1:") && said.contains("http://127.0.0.1:"), "{said}");
}
