//! What the emulator tells of the requests that it received.

use crate::support::{Client, once, start};
use oss_emulator::{Action, Emulator, Fault};

fn taken(emulator: &Emulator) -> Option<(String, Option<u16>)> {
    emulator.take_request().map(|request| (request.key.unwrap_or_default(), request.status))
}

#[test]
fn a_request_is_handed_out_when_it_is_over() {
    let emulator = start();
    emulator.inject(Fault::new(Action::StallAfterBodyBytes(0)).key("stalled"));
    emulator.inject(Fault::new(Action::CloseWithoutReply).key("unanswered"));
    let mut stalled = Client::connect(&emulator);
    stalled.send("PUT", "/test-bucket/stalled", &[], b"data").unwrap();
    let mut unanswered = Client::connect(&emulator);
    unanswered.send("PUT", "/test-bucket/unanswered", &[], b"data").unwrap();
    assert!(unanswered.ends_cleanly());
    assert_eq!(once(&emulator, "GET", "/test-bucket/nothing", &[], b"").status, 404);
    assert_eq!(taken(&emulator), Some(("unanswered".to_owned(), None)));
    assert_eq!(taken(&emulator), Some(("nothing".to_owned(), Some(404))));
    assert_eq!(taken(&emulator), None);
}

#[test]
fn a_malformed_request_is_told_with_its_answer() {
    let emulator = start();
    let mut client = Client::connect(&emulator);
    let head = "PUT /test-bucket/k HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\n";
    client.send_raw(format!("{head}no length\r\n").as_bytes()).unwrap();
    assert_eq!(client.receive(false).unwrap().status, 400);
    assert_eq!(taken(&emulator), Some(("k".to_owned(), Some(400))));
}
