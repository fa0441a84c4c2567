//! What the library says of a callback is what OSS says of it: settings that are right, broken, or nearly right are judged by
//! the library, setter by setter, and by the emulator, which shares no code with it. One refuses what the other one refuses, and
//! by the same rule.
//!
//! `OSS_UPLOAD_FUZZ_INPUTS` says how many, `OSS_UPLOAD_FUZZ_SEED` which. What became of them is printed.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod settings;

use fastrand::Rng;
use oss_emulator::{CallbackRefusal, judge_callback};
use oss_upload::callback::{Callback, Severity};
use settings::rules::{Judgement, Rule};
use settings::spelled;
use settings::{Attempt, Encoded, Settings};
use std::collections::BTreeMap;
use std::net::{Ipv4Addr, ToSocketAddrs};
use std::time::Instant;

const INPUTS: u64 = 20_000;
const SEED: u64 = 1;
/// Longest text that OSS takes.
const LONGEST: usize = 5120;
/// A long run says how far it is.
const PROGRESS: u64 = 100_000;

fn number_of(variable: &str, default: u64) -> u64 {
    let Ok(text) = std::env::var(variable) else { return default };
    text.parse().unwrap_or_else(|_| panic!("{variable} is {text:?}, which is no number"))
}

/// What the two make of settings; an error if they disagree.
fn compared(settings: &Settings) -> Result<String, String> {
    let Attempt { callback, rules } = settings.attempted();
    let sent = settings.encoded();
    let judged = judge_callback(&sent.callback, &sent.variables);
    let all = |judgement: &Judgement| rules.iter().all(|rule| rule.judgement == *judgement);
    match &judged {
        Ok(true) if rules.is_empty() => {
            let encoded = callback.encode_with_variables().map_err(|mistake| mistake.to_string())?;
            match (encoded.callback, encoded.variables.unwrap_or_default()) == (sent.callback, sent.variables)
            {
                true => Ok("taken".to_owned()),
                false => Err("the library sends something else".to_owned()),
            }
        }
        Ok(true) if all(&Judgement::NotKnown) => Ok(format!("not known: {}", names(&rules))),
        Ok(false) if rules.iter().any(|rule| rule.judgement == Judgement::NoCallback) => {
            Ok("no callback".to_owned())
        }
        Err(refusal) if rules.iter().any(|rule| rule.is(refusal)) => {
            Ok(format!("refused: {}", shown(refusal)))
        }
        Err(refusal) if is_too_long_with_what_was_refused(refusal, &sent, &rules) => {
            Ok("too long with what was refused".to_owned())
        }
        Ok(true) => Err(format!("the emulator takes what the library refuses: {}", names(&rules))),
        Ok(false) => Err("the emulator makes no callback of it".to_owned()),
        Err(refusal) => Err(format!("the emulator says {}, the library [{}]", shown(refusal), names(&rules))),
    }
}

/// What the library refused it left out, and what was left was short enough.
fn is_too_long_with_what_was_refused(refusal: &CallbackRefusal, sent: &Encoded, rules: &[Rule]) -> bool {
    let left_out = |of_variables| rules.iter().any(|rule| rule.of_variables == of_variables);
    match refusal.message.as_str() {
        "The callback configuration is too long." => sent.callback.len() > LONGEST && left_out(false),
        "The callback-var configuration is too long." => sent.variables.len() > LONGEST && left_out(true),
        _ => false,
    }
}

fn names(rules: &[Rule]) -> String {
    rules.iter().map(|rule| rule.mistake.as_str()).collect::<Vec<_>>().join("; ")
}

fn shown(refusal: &CallbackRefusal) -> String {
    format!("{} {}", refusal.ec.unwrap_or("-"), refusal.message)
}

#[test]
fn library_refuses_what_the_server_refuses_by_the_same_rule() {
    let (inputs, seed) =
        (number_of("OSS_UPLOAD_FUZZ_INPUTS", INPUTS), number_of("OSS_UPLOAD_FUZZ_SEED", SEED));
    let begin = Instant::now();
    let mut tally: BTreeMap<String, u64> = BTreeMap::new();
    for index in 0..inputs {
        let mut rng = Rng::with_seed(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ index);
        if index > 0 && index % PROGRESS == 0 {
            println!("{index} inputs in {} s", begin.elapsed().as_secs());
        }
        let settings = Settings::random(&mut rng);
        let ended = compared(&settings)
            .unwrap_or_else(|why| panic!("seed {seed}, input {index}: {why}\n{}", settings.json()));
        // Without what is different each time.
        *tally.entry(ended.split(['"', ';']).next().unwrap_or_default().to_owned()).or_default() += 1;
    }
    println!("seed {seed}, {inputs} inputs in {} s", begin.elapsed().as_secs());
    tally.iter().for_each(|(ended, count)| println!("{count:>10}  {ended}"));
    let refusals = tally.keys().filter(|ended| ended.starts_with("refused")).count();
    assert!(inputs < INPUTS || refusals >= settings::rules::REFUSALS, "not every rule was tried: {tally:?}");
}

/// Whether a host is warned of as one that OSS does not call.
fn is_warned_of(host: &str) -> bool {
    let findings = Callback::new(&format!("http://{host}/"), "b").unwrap().findings();
    assert!(
        findings
            .iter()
            .all(|finding| finding.severity == Severity::Warning && finding.rule == "private-host")
    );
    !findings.is_empty()
}

#[test]
fn address_is_known_however_it_is_spelled() {
    let mut rng = Rng::with_seed(SEED);
    for _ in 0..2000 {
        let address = Ipv4Addr::from(rng.u32(..) >> rng.u32(..24));
        let host = spelled(&mut rng, address);
        // What consists of numbers is not looked up.
        let found: Vec<_> = (host.as_str(), 80).to_socket_addrs().unwrap().map(|found| found.ip()).collect();
        assert_eq!(found, [address], "{host}");
        assert_eq!(is_warned_of(&host), is_warned_of(&address.to_string()), "{host}");
    }
}
