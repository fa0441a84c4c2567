//! Many callbacks are delivered by several processes, each once, and within bounded memory.
//!
//! `OSS_UPLOAD_OWED` says how many there are where memory is looked at.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use oss_emulator::Answer;
use std::fs;
use std::time::Instant;
use support::effort;
use support::owing::{Office, names, printed};
use support::sanitizer::Sanitizer;

const PROCESSES: usize = 4;
const RECORDS: usize = 200;
const MANY: u64 = 2000;
const LESS: u64 = 600;
const FEW: usize = 100;
/// By so much more memory is taken for many than for few, at most.
const ROOM_KIB: usize = 2048;
/// How large an answer of an application server may be, and how much of each takes memory, with the connection it comes over.
const LARGE_ANSWER: usize = 3 << 20;
const ROOM_OF_ANSWER_KIB: usize = 160;

#[test]
fn each_callback_is_made_once_where_several_processes_deliver() {
    let office = Office::new();
    office.owe("object", RECORDS);
    std::thread::scope(|scope| {
        let running: Vec<_> =
            (0..PROCESSES).map(|_| scope.spawn(|| printed(&mut office.command("deliver")))).collect();
        let delivered = running.into_iter().map(|thread| delivered(&thread.join().unwrap()));
        assert_eq!(delivered.sum::<usize>(), RECORDS);
    });
    assert_eq!(office.heard().len(), RECORDS);
    assert_eq!(office.bed.callbacks(), RECORDS);
    assert_eq!(names(&office.outbox()), [""; 0]);
}

/// How many callbacks a process has delivered; none may have failed.
fn delivered(out: &str) -> usize {
    let line = out.lines().next().unwrap();
    let count = line.strip_prefix("OK NO ").unwrap_or_else(|| panic!("{out}"));
    count.split(' ').next().unwrap().parse().unwrap()
}

/// So many records of what is owed for one object.
fn copy(office: &Office, count: usize) {
    office.owe("object", 1);
    let folder = office.outbox();
    let record = folder.join(&names(&folder)[0]);
    for number in 1..count {
        fs::copy(&record, folder.join(format!("{number:013}-{number:032x}.json"))).unwrap();
    }
}

/// The peak of the memory that it takes to deliver so many, so many at a time, with such an answer, in KiB.
fn peak(count: usize, parallel: usize, answer: Answer) -> usize {
    let office = Office::new();
    copy(&office, count);
    office.bed.application.answer(answer);
    let began = Instant::now();
    let out = printed(office.command("deliver").env("PARALLEL", parallel.to_string()));
    println!("{count} in {:?}", began.elapsed());
    assert_eq!(delivered(&out), count, "{out}");
    assert_eq!(names(&office.outbox()), [""; 0]);
    let peak = out.lines().find_map(|line| line.strip_prefix("peak ")?.strip_suffix(" KiB")).unwrap();
    peak.parse().unwrap()
}

#[test]
fn many_callbacks_are_delivered_within_bounded_memory() {
    let many = usize::try_from(effort::count("OSS_UPLOAD_OWED", LESS, MANY)).unwrap();
    let [few, many] = [FEW, many].map(|count| peak(count, PROCESSES, Answer::json("{}")));
    println!("{few} KiB for {FEW}, {many} KiB for many");
    // A sanitizer keeps what was freed.
    assert!(many <= few + ROOM_KIB || Sanitizer::of_the_library().is_some(), "{few} KiB, then {many} KiB");
}

#[test]
fn large_answers_are_not_kept() {
    let is_watched = Sanitizer::of_the_library().is_some();
    // OSS does not wait until so many large ones have gone through a sanitizer; nor does whoever has no time.
    let size = match (is_watched, effort::is_full()) {
        (true, _) => LARGE_ANSWER / 16,
        (false, false) => LARGE_ANSWER / 3,
        (false, true) => LARGE_ANSWER,
    };
    let large = format!("\"{}\"", "x".repeat(size - 2));
    let [small, large] = ["{}", large.as_str()].map(|answer| peak(FEW, FEW, Answer::json(answer)));
    println!("{small} KiB for small answers, {large} KiB for large ones");
    let room = FEW * ROOM_OF_ANSWER_KIB;
    assert!(large <= small + room || is_watched, "{small} KiB, then {large} KiB");
}
