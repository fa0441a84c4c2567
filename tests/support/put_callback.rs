//! `examples/put_callback`, however it was linked.

use super::bucket::{TestBucket, app_server, emulator};
use super::tools;
use oss_emulator::Answer;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

const RUNNING_TIME: Duration = Duration::from_secs(120);

/// Runs it on an emulator, with these further environment variables, and sees it end well.
pub fn assert_uploads(program: &Path, environment: &[(&str, &str)]) {
    let (emulator, application) = (emulator(), app_server());
    application.answer(Answer::json(r#"{"linked":true}"#));
    let bucket = TestBucket::emulated(&emulator);
    let mut command = Command::new(program);
    command.env_clear().envs(bucket.environment()).env("OSS_CALLBACK_URL", application.url());
    let out = tools::run(command.envs(environment.iter().copied()), RUNNING_TIME);
    assert!(out.contains(r#"{"linked":true}"#), "{out}");
    assert_eq!(application.requests().len(), 1);
}
