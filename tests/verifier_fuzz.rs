//! Nothing forged is believed: the verifier gets requests that were mutated, put together from several, or forged by all
//! tricks that worked on some verifier, and what it accepts has to mean the same as a request that really was signed.
//!
//! `OSS_UPLOAD_FUZZ_INPUTS` says how many, `OSS_UPLOAD_FUZZ_SEED` which. What became of them is printed.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod forgery;
mod support;

use fastrand::Rng;
use forgery::authentic::{self, Authentic, Signers};
use forgery::meaning::Meaning;
use forgery::places::Places;
use forgery::{Input, Key, forge, mutate};
use oss_upload::callback::verify::PublicKey;
use oss_upload::engine::{Outcome, verify_with};
use std::collections::BTreeMap;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};
use support::effort;

const FEW: u64 = 20_000;
const INPUTS: u64 = 100_000;
/// A long run says how far it is.
const PROGRESS: u64 = 1_000_000;
const SEED: u64 = 1;
/// After so many inputs, other requests are signed.
const EPOCH: u64 = 1 << 14;

/// So many in a thousand of each kind, less of those that take longer; the rest are requests that were signed, with changes
/// here and there.
fn input(rng: &mut Rng, signers: &Signers, authentic: &[Authentic], places: &Places) -> Input {
    let [signed, other] = [(); 2].map(|()| &authentic[rng.usize(..authentic.len())]);
    match rng.u32(..1000) {
        0..20 => signed.input.clone(),
        20..100 => mutate::spliced(rng, &signed.input, &other.input),
        100..130 => forge::signed_wrongly(rng, signers),
        130..230 => forge::numbers(rng, signed),
        230..232 => forge::without_the_private_key(rng),
        232..350 => forge::with_another_key(rng, &signed.input),
        350..380 => places.input(rng, &signed.input),
        _ => mutate::mutated(rng, &signed.input, &other.input),
    }
}

fn verified(input: &Input, places: &Places) -> Outcome {
    let authorization = String::from_utf8_lossy(&input.authorization);
    match &input.key {
        Key::Named(url) => places.verify(input, &authorization, &String::from_utf8_lossy(url)),
        Key::Pem(pem) => match PublicKey::from_pem(&String::from_utf8_lossy(pem)) {
            Ok(key) => verify_with(&key, &input.target, &input.body, &authorization),
            Err(mistake) => mistake.into(),
        },
    }
}

/// What became of the inputs.
#[derive(Default)]
struct Tally {
    accepted: BTreeMap<String, u64>,
    refused: BTreeMap<String, u64>,
    slowest: Duration,
}

impl Tally {
    fn refused(&mut self, outcome: &Outcome) {
        // Without what is different each time.
        let message = outcome.message.split([':', '"']).next().unwrap_or_default();
        let is_number = |word: &str| word.bytes().all(|byte| byte.is_ascii_digit());
        let words: Vec<&str> =
            message.split(' ').map(|word| if is_number(word) { "n" } else { word }).collect();
        *self.refused.entry(format!("{:?}: {}", outcome.status, words.join(" "))).or_default() += 1;
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (title, reasons) in [("accepted", &self.accepted), ("refused", &self.refused)] {
            writeln!(f, "{:>10} {title}", reasons.values().sum::<u64>())?;
            for (reason, count) in reasons {
                writeln!(f, "{count:>18}  {reason}")?;
            }
        }
        write!(f, "slowest: {} ms", self.slowest.as_millis())
    }
}

/// Requests that are signed for the inputs to come. All of them are believed.
fn signed(rng: &mut Rng, signers: &Signers, places: &Places) -> Vec<Authentic> {
    let authentic = authentic::requests(rng, signers, places);
    for signed in &authentic {
        let outcome = verified(&signed.input, places);
        assert!(outcome.is_ok(), "{}\n{}", outcome.message, signed.input);
    }
    authentic
}

/// How an input that was accepted differs from one that was signed; an error if it does not mean the same as any.
fn explained(input: &Input, authentic: &[Authentic], places: &Places) -> Result<String, &'static str> {
    let meaning = Meaning::of(input, places).ok_or("it means nothing")?;
    let same: Vec<&Authentic> = authentic.iter().filter(|signed| signed.meaning == meaning).collect();
    let signed = same.iter().find(|signed| signed.input == *input).or(same.first());
    let signed = &signed.ok_or("nobody signed it")?.input;
    let differs = [
        ("target", signed.target != input.target),
        ("authorization", signed.authorization != input.authorization),
        ("key", signed.key != input.key),
    ];
    let fields: Vec<&str> = differs.iter().filter(|(_, differs)| *differs).map(|(field, _)| *field).collect();
    Ok(match fields.as_slice() {
        [] => "as it was signed".to_owned(),
        fields => format!("the same, spelled otherwise: {}", fields.join(", ")),
    })
}

#[test]
fn nothing_forged_is_believed() {
    let (inputs, seed) = (
        effort::count("OSS_UPLOAD_FUZZ_INPUTS", FEW, INPUTS),
        effort::number("OSS_UPLOAD_FUZZ_SEED").unwrap_or(SEED),
    );
    let begin = Instant::now();
    let signers = Signers::new(&mut Rng::with_seed(seed));
    let places = Places::new(&signers);
    let mut authentic = Vec::new();
    let mut tally = Tally::default();
    for index in 0..inputs {
        // So that an input depends on its number and its epoch, and not on all that came before.
        let mut rng = Rng::with_seed(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ index);
        if index > 0 && index % PROGRESS == 0 {
            println!("{index} inputs in {} s", begin.elapsed().as_secs());
        }
        if index % EPOCH == 0 {
            authentic = signed(&mut rng, &signers, &places);
        }
        let input = input(&mut rng, &signers, &authentic, &places);
        let fails = |why: &str| -> ! { panic!("seed {seed}, input {index}: {why}\n{input}") };
        let started = Instant::now();
        let Ok(outcome) = catch_unwind(AssertUnwindSafe(|| verified(&input, &places))) else {
            fails("the verifier panics");
        };
        tally.slowest = tally.slowest.max(started.elapsed());
        if outcome.is_ok() {
            let how = explained(&input, &authentic, &places).unwrap_or_else(|why| fails(why));
            *tally.accepted.entry(how).or_default() += 1;
        } else {
            tally.refused(&outcome);
        }
    }
    println!("seed {seed}, {inputs} inputs in {} s\n{tally}", begin.elapsed().as_secs());
    assert!(inputs < INPUTS || tally.accepted.len() > 1, "not even other spellings were tried:\n{tally}");
}
