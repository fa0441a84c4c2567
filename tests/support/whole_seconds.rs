//! A file system whose times are whole seconds, as many are: FAT, those of other systems, those behind a network.

use super::tools;
use std::env;
use std::fs::File;
use std::time::Duration;
use tempfile::TempDir;

const TIME: Duration = Duration::from_secs(120);
const SIZE: u64 = 256 << 20;
/// Inodes of 128 bytes have no room for more of a time than its seconds.
const MAKE: &str = "mkfs.ext3 -q -F -I 128 image";
/// In a mount namespace of its own, which ends with the command.
const MOUNT: &str = "unshare --mount sh -c 'mount -o loop image mounted && exec \"$@\"' sh";

/// Runs tests of this program once more, with their files on such a file system, where it can be made and mounted.
pub fn run_again(what: &str, tests: &[&str]) {
    if !tools::are_there(what, &["unshare", "mount"])
        || !tools::finds(&mut shell("mkfs.ext3 -V", None), what, "mkfs.ext3 is missing")
    {
        return;
    }
    let folder = TempDir::new().unwrap();
    File::create(folder.path().join("image")).unwrap().set_len(SIZE).unwrap();
    std::fs::create_dir(folder.path().join("mounted")).unwrap();
    tools::run(&mut shell(MAKE, Some(&folder)), TIME);
    let may_mount = shell(&format!("{MOUNT} true"), Some(&folder)).output().unwrap().status.success();
    if !may_mount {
        println!("SKIPPED: {what}: the system lets this user mount nothing");
        return;
    }
    let mut again = shell(&format!("{MOUNT} \"$0\" --exact \"$@\""), Some(&folder));
    again.arg(env::current_exe().unwrap()).args(tests).env("TMPDIR", folder.path().join("mounted"));
    let out = tools::run(&mut again, TIME);
    assert!(out.contains(&format!("{} passed", tests.len())), "{out}");
}

fn shell(code: &str, folder: Option<&TempDir>) -> std::process::Command {
    let mut shell = tools::command("sh");
    shell.args(["-c", code]);
    if let Some(folder) = folder {
        shell.current_dir(folder.path());
    }
    shell
}
