//! Appends that meet others.

use std::thread;

use crate::support::{once, start, start_with};
use oss_emulator::{Config, Emulator};

/// Appends from several sides at once, and returns how many were taken.
fn race(emulator: &Emulator, position: usize) -> usize {
    let append = |side: u8| {
        let target = format!("/test-bucket/k?append&position={position}");
        let reply = once(emulator, "POST", &target, &[], &[side; 1000]);
        assert!(matches!(reply.status, 200 | 409), "{}", reply.text());
        reply.status == 200
    };
    thread::scope(|scope| {
        let sides: Vec<_> = (0..8).map(|side| scope.spawn(move || append(side))).collect();
        sides.into_iter().map(|side| side.join().unwrap()).filter(|taken| *taken).count()
    })
}

fn assert_one_is_taken_each_time(emulator: &Emulator) {
    for round in 0..5 {
        assert_eq!(race(emulator, round * 1000), 1);
    }
    let object = emulator.object("test-bucket", "k").unwrap();
    assert_eq!(object.data.len(), 5000);
    assert!(object.data.chunks(1000).all(|piece| piece.iter().all(|byte| *byte == piece[0])));
    // The checksum is that of the whole, as of an object that is stored at once.
    emulator.put_object("test-bucket", "whole", &object.data);
    assert_eq!(object.crc64, emulator.object("test-bucket", "whole").unwrap().crc64);
}

#[test]
fn of_appends_at_one_position_one_is_taken() {
    assert_one_is_taken_each_time(&start());
}

#[test]
fn appends_that_are_refused_leave_no_files() {
    let folder = std::env::temp_dir().join(format!(
        "oss-emulator-appends-{}-{:016x}",
        std::process::id(),
        fastrand::u64(..)
    ));
    let emulator = start_with(Config { data: Some(folder.clone()), ..Config::default() });
    assert_one_is_taken_each_time(&emulator);
    // The bucket's description, and for two objects theirs and their data.
    assert_eq!(std::fs::read_dir(folder.join("test-bucket")).unwrap().count(), 5);
    drop(emulator);
    std::fs::remove_dir_all(folder).unwrap();
}
