//! The programs of docs/other-languages.md do in their languages what they are there for.

use crate::support::bucket::{TestBucket, app_server, emulator};
use crate::support::languages::{self, Language};
use crate::support::markdown::blocks;
use crate::support::{library, read, repository, tools};
use oss_emulator::Answer;
use std::fs;
use std::os::unix::fs::symlink;
use std::process::Command;
use std::time::Duration;
use tempfile::TempDir;

const RUNNING_TIME: Duration = Duration::from_secs(120);

/// The program in a section, and the commands that run it, as they are where the library is not installed.
fn program(section: &str) -> (String, String) {
    let page = read(repository("docs/other-languages.md"));
    let heading = format!("{section}\n");
    let text = page.split("\n## ").find(|text| text.starts_with(&heading)).expect("the section");
    let [program, commands] = blocks(text).try_into().expect("a program and its commands");
    assert_eq!((commands.language.as_str(), commands.comment), ("sh", format!("executed: {section}")));
    let include = format!("{}/", repository("include").display());
    (program.code.replace("/usr/include/", &include), commands.code)
}

/// The program puts an object, prints the answer of the application server, and fails with the library's word where it has to.
fn assert_puts(language: Language, section: &str, file: &str) {
    let (code, commands) = program(section);
    let folder = TempDir::new().expect("a temporary folder");
    let path = folder.path();
    fs::write(path.join(file), code + "\n").expect("the program");
    symlink(languages::jna(), path.join("jna.jar")).expect("a link");
    for name in ["liboss_upload.so", env!("OSS_UPLOAD_SONAME")] {
        symlink(library::shared_library(), path.join(name)).expect("a link to the library");
    }
    let (emulator, application) = (emulator(), app_server());
    application.answer(Answer::json(r#"{"heard":"the callback"}"#));
    let bucket = TestBucket::emulated(&emulator);
    let run = |shell: &mut Command, name: &str| {
        shell.current_dir(path).envs(bucket.environment()).env("OSS_BUCKET", name);
        shell.env("OSS_CALLBACK_URL", application.url());
        tools::run(shell.env("LD_LIBRARY_PATH", path).env("LIBRARY_PATH", path), RUNNING_TIME)
    };

    let Some(mut shell) = languages::shell(language, &commands) else { return };
    assert_eq!(run(&mut shell, &bucket.name), "{\"heard\":\"the callback\"}\n");
    let [request] = &application.requests()[..] else { panic!("{:?}", application.requests()) };
    assert_eq!(request.body, b"object=greeting.txt&size=5");

    let fails =
        format!("if ( {commands} ) 2>complaint >said; then exit 1; fi; cat complaint; test ! -s said");
    let Some(mut shell) = languages::shell(language, &fails) else { return };
    let complaint = run(&mut shell, "x");
    assert!(complaint.contains(r#"a bucket name has 3 to 63 characters: "x""#), "{complaint}");

    let fails = format!("unset OSS_CALLBACK_URL; {fails}");
    let Some(mut shell) = languages::shell(language, &fails) else { return };
    let complaint = run(&mut shell, &bucket.name);
    // A dictionary has a word of its own for what is not in it.
    assert!(complaint.contains("url is NULL") || complaint.contains("KeyError"), "{complaint}");
}

#[test]
fn program_in_python_puts() {
    assert_puts(Language::Python, "Python", "put_callback.py");
}

#[test]
fn program_in_php_puts() {
    assert_puts(Language::Php, "PHP", "put_callback.php");
}

#[test]
fn program_in_lua_puts() {
    assert_puts(Language::LuaJit, "LuaJIT", "put_callback.lua");
}

#[test]
fn program_in_java_puts() {
    assert_puts(Language::Java, "Java", "put_callback.java");
}

#[test]
fn program_in_javascript_puts() {
    assert_puts(Language::Node, "Node.js", "put_callback.js");
}

#[test]
fn program_in_cobol_puts() {
    assert_puts(Language::Cobol, "COBOL", "put_callback.cob");
}
