//! Whether what the call said is true.

use super::Millis;
use super::call::Ended;
use super::evidence;
use super::fate::Work;
use super::history::Visit;
use super::plan::{Plan, What};
use super::protocol::{ANSWER, Operation};
use super::store::Version;
use super::world::State;
use oss_upload::engine::{Outcome, Status, Stored};

/// How far what is signed for others may follow what plain http says of the time, in seconds.
const MOST_AHEAD: i64 = 15 * 60;

/// What is wrong with what the call said, all of it having come to an end.
pub fn complaints(plan: &Plan, state: &State, ended: &Ended) -> Vec<String> {
    let Ended { outcome, owed, ahead, .. } = ended;
    let mut complaints = Vec::new();
    let mut hold = |so: bool, otherwise: &str| {
        if !so {
            complaints.push(otherwise.to_owned());
        }
    };
    let ours: Vec<&Version> = state.store.versions.iter().filter(|version| state.is_by_us(version)).collect();
    match outcome.stored {
        Stored::Yes => hold(!ours.is_empty(), "YES, but nothing was stored by this call"),
        Stored::No => hold(ours.is_empty(), "NO, but the object was stored by this call"),
        Stored::Unknown => {}
    }
    hold(agrees(outcome), "the status does not agree with what is stored");
    if matches!(outcome.status, Status::CallbackUnknown | Status::CallbackFailed) {
        hold(plan.callback.is_some(), "it speaks of a callback that nobody asked for");
    }
    if outcome.status == Status::Ok {
        hold(ours.iter().any(|version| state.is_ours(version)), "OK, but what was stored is something else");
        hold(plan.callback.is_none() || is_answered(state, outcome), "OK, but the callback was not answered");
    }
    if let Some(owed) = owed {
        let may_owe = outcome.stored != Stored::No && outcome.status != Status::Ok;
        hold(*owed <= usize::from(may_owe), "a callback is recorded as owed that is not");
        hold(ours.is_empty() || is_answered(state, outcome) || *owed > 0, "a callback is lost");
    }
    hold(is_handed_over(plan, state, outcome), "what OSS answered was not handed over");
    hold(ours.iter().all(|version| is_whole(plan, state, version)), "what was stored is a mixture");
    hold(
        state.store.callbacks.iter().filter(|by| **by > state.before).count()
            <= callbacks_allowed(plan, outcome),
        "the callback ran more often than was said",
    );
    hold(ahead.abs() <= MOST_AHEAD, "what is signed for others follows a clock that plain http told");
    hold(
        lost_uploads(plan, state, ended).len() <= left_by_the_process_before(plan),
        "an upload is left that the result does not name",
    );
    complaints.extend(evidence::complaints(
        plan,
        &state.visits[state.before..],
        state.earlier - state.before,
        outcome,
    ));
    complaints
}

/// Whether the status says the same of the object as the rest. Damage can be to a part, of which there is no object.
fn agrees(outcome: &Outcome) -> bool {
    match outcome.status {
        Status::Ok | Status::CallbackFailed | Status::CallbackUnknown => outcome.stored == Stored::Yes,
        Status::Integrity => true,
        _ => outcome.stored != Stored::Yes,
    }
}

/// Whether the application server's answer was handed over.
fn is_answered(state: &State, outcome: &Outcome) -> bool {
    let answered = |visit: &Visit| visit.callback && visit.is_answered();
    state.store.application_answers && state.visits.iter().any(answered) && outcome.body == ANSWER.as_bytes()
}

/// Whether the call ended as OSS said, if the last request was answered and all of the answer was sure to arrive.
fn is_handed_over(plan: &Plan, state: &State, outcome: &Outcome) -> bool {
    let last = state.visits.last().filter(|visit| visit.operation.creates());
    let certain = |visit: &&Visit| visit.is_answered() && visit.fate.then.is_none() && !plan.chances.silence;
    let Some(last) = last.filter(certain) else { return true };
    match outcome.status {
        Status::Integrity => last.fate.work == Work::Broken,
        Status::CallbackFailed => plan.callback == Some(false),
        status => status == Status::Ok,
    }
}

/// How often the application server may have been called. The call itself says how often that was repeated.
fn callbacks_allowed(plan: &Plan, outcome: &Outcome) -> usize {
    match plan.callback {
        None => 0,
        Some(_) if plan.at_least_once => outcome.callback_repeats as usize + 1,
        Some(_) => 1,
    }
}

/// Whether it is what was to be uploaded, and not some of this and some of that. A bit that OSS turned over is allowed for.
fn is_whole(plan: &Plan, state: &State, version: &Version) -> bool {
    let turned_over = |expected: &[u8]| {
        let pairs = expected.iter().zip(version.data.iter());
        expected.len() == version.data.len() && pairs.filter(|(one, other)| one != other).count() <= 1
    };
    turned_over(&state.expected) || plan.what == What::Resumed && turned_over(&plan.data())
}

/// Uploads whose ids the call got to know, and that are there without being named in a result.
fn lost_uploads<'s>(plan: &Plan, state: &'s State, ended: &Ended) -> Vec<&'s String> {
    let Ended { outcome, aborted, .. } = ended;
    let names = |outcome: &Outcome, id: &str| outcome.upload_id == id || outcome.message.contains(id);
    let is_named = |id: &str| match aborted {
        Some((aborted, outcome)) => names(outcome, id) || aborted == id && outcome.status != Status::Ok,
        // The caller has the handle, and knows that there is more to do.
        None => names(outcome, id) || plan.what == What::Parts && outcome.stored != Stored::Yes,
    };
    state.store.uploads.keys().filter(|id| state.known_uploads.contains(*id) && !is_named(id)).collect()
}

/// Where the file has changed, the call removes the upload of a process that went before. What that one sent at its very end may
/// arrive afterwards, of which nobody knows.
fn left_by_the_process_before(plan: &Plan) -> usize {
    usize::from(plan.kill.as_ref().is_some_and(|kill| kill.rewritten))
}

/// Whether the call lost the reply to a request that stores the object and may have been carried out.
pub fn met_a_loss(visits: &[Visit]) -> bool {
    let creates = |visit: &&Visit| visit.operation.creates() && visit.operation != Operation::Append;
    visits.iter().filter(creates).any(|visit| evidence::loss(visit).is_some_and(|loss| !loss.in_doubt))
}

/// All about a call, for reading.
pub fn story(plan: &Plan, state: &State, outcome: &Outcome) -> String {
    let mut lines: Vec<&(Millis, String)> = state.lines.iter().collect();
    lines.sort_by_key(|(at, _)| *at);
    let line = |(at, line): &&(Millis, String)| format!("  {:>9.3} s  {line}\n", *at as f64 / 1000.0);
    let history: String = lines.iter().map(line).collect();
    let Outcome { status, stored, message, http_status, attempts, callback_repeats, upload_id, .. } = outcome;
    format!(
        "{plan:?}\n{history}{status:?}, stored {stored:?}, {attempts} attempts, {callback_repeats} callbacks repeated, \
         HTTP {http_status}, upload id {upload_id:?}: {message}\n"
    )
}
