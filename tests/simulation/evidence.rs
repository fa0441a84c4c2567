//! Whether the call said as much as it could know, and sent nothing again without knowing enough.

use super::Millis;
use super::fate::{Answer, End};
use super::history::{Found, Visit};
use super::plan::{Plan, What};
use super::protocol::Operation;
use oss_upload::engine::{Outcome, Status, Stored};

/// After so long, OSS is done with a request.
const OVER: Millis = 60_000;
/// By so much later another process takes it to be done, whose record and clock are in whole seconds.
const ROUNDED: Millis = 2_000;
/// What is older than a request by a minute is so by this for certain, whichever clocks tell it.
const OLDER: Millis = 45_000;
/// So long at least another reply is looked for that says the same.
const CONFIRMING: Millis = 10_000;

/// A reply that was lost, of a request that may have been carried out.
#[derive(Debug, Clone, Copy)]
pub struct Loss {
    sent: Millis,
    lost: Millis,
    /// From when on OSS does no more about it, counted from its beginning, and from its end.
    may_be_over: Millis,
    is_over: Millis,
    /// Whether the client may know that it was not carried out, although it need not.
    pub in_doubt: bool,
    /// Whether it can be known that it was not carried out.
    refuted: bool,
    /// When OSS, done with it, said so for the first time: that alone may be what a cache has kept.
    first_said: Option<Millis>,
    /// Whether it said so again, so that this has to be known.
    plainly: bool,
}

/// What is lost with the end of a request that creates something, if anything is.
pub fn loss(visit: &Visit) -> Option<Loss> {
    let fate = visit.fate;
    // To a server's side that has ended, the client listens no longer.
    let ended_early = fate.early && fate.answer == Answer::Nothing(End::Closed);
    let lost = if ended_early { visit.at } else { visit.end };
    let after = |may_be_over, is_over| Loss {
        sent: visit.at,
        lost,
        may_be_over,
        is_over,
        in_doubt: false,
        refuted: false,
        first_said: None,
        plainly: false,
    };
    let open = after(visit.at + OVER, visit.end + OVER);
    match fate.answer {
        Answer::OssError(403 | 409 | 429 | 503) => None,
        // Where not even all has left the client, it mostly knows.
        _ if !fate.read => Some(Loss { in_doubt: true, ..open }),
        Answer::Oss | Answer::Cut | Answer::CutUnseen => None,
        // What OSS said before it had all need not be its last word.
        Answer::OssError(500) if fate.early => Some(after(lost, visit.end + OVER)),
        Answer::OssError(500) | Answer::ErrorIn200 => Some(after(lost, lost)),
        _ => Some(open),
    }
}

/// What the call could know by a certain time.
#[derive(Debug, Default)]
struct Known {
    losses: Vec<Loss>,
    ours: bool,
    /// Whether the last request was a look-up without an answer that counts, so that the next may be the same look-up.
    looking: bool,
}

impl Known {
    fn learn(&mut self, visit: &Visit) {
        if visit.operation.creates() {
            self.losses.extend(loss(visit));
        }
        match visit.found {
            Some(Found::Ours) => self.ours |= !self.losses.is_empty(),
            Some(Found::Absent) => self.refute(visit.at, Millis::MIN, !self.looking),
            Some(Found::Other(since)) => self.refute(visit.at, since, false),
            // As long as the upload is there, it was not completed.
            _ if visit.operation == Operation::List && visit.is_answered() => {
                self.refute(visit.end, Millis::MIN, false)
            }
            _ => {}
        }
        self.looking = visit.operation == Operation::Look && visit.found.is_none();
    }

    /// What OSS was over with at the time was not carried out, if what was there since has to make room for it.
    fn refute(&mut self, at: Millis, since: Millis, plainly: bool) {
        for loss in &mut self.losses {
            let is_older = since < loss.sent.saturating_sub(OLDER);
            loss.refuted |= is_older && loss.may_be_over <= at;
            if plainly && is_older && loss.is_over <= at {
                loss.plainly |= loss.first_said.is_some();
                loss.first_said.get_or_insert(at);
            }
        }
    }

    /// Another process goes on. It knows when the last one sent something, and not what that heard.
    fn begin_process(&mut self) {
        for loss in &mut self.losses {
            loss.is_over = loss.lost + OVER + ROUNDED;
            loss.first_said = None;
            loss.plainly = false;
        }
    }

    /// Whether a request may be sent whose callback may run once.
    fn allows_callback(&self) -> bool {
        self.losses.iter().all(|loss| loss.refuted || loss.in_doubt)
    }

    /// Whether nobody can tell whether the object is stored.
    fn leaves_it_open(&self) -> bool {
        !self.ours && self.losses.iter().any(|loss| !loss.plainly)
    }
}

/// What is wrong with what was said and done, by what could be known. An earlier process sent the first so many requests.
pub fn complaints(plan: &Plan, visits: &[Visit], earlier: usize, outcome: &Outcome) -> Vec<String> {
    let mut complaints = Vec::new();
    let mut known = Known::default();
    for (number, visit) in (1..).zip(visits) {
        if number == earlier + 1 {
            known.begin_process();
        }
        if visit.operation.creates() && !plan.may_repeat_callback() && !known.allows_callback() {
            complaints.push(format!("#{number} was sent although an earlier one may have run the callback"));
        }
        known.learn(visit);
    }
    // An idle connection that was closed may have met a request which nobody saw; and where the client waits for a moment
    // only, it may have given up what was on its way.
    let unseen = plan.chances.silence || visits.iter().any(|visit| visit.fate.then.is_some());
    if known.losses.len() < outcome.callback_repeats as usize && !unseen {
        complaints.push("it speaks of callbacks that cannot have run".to_owned());
    }
    // What nobody knew before cannot be told from what it was to become.
    let was_missed = plan.chances.silence || visits[0].found.is_none();
    let nameless = plan.what == What::Append && plan.before.is_some() && was_missed;
    if outcome.stored == Stored::Unknown && !nameless {
        if known.leaves_it_open() && !plan.what.is_signed_by_others() {
            complaints.extend(looked_too_little(plan, visits, &known));
            complaints.extend(confirmed_too_little(visits, &known).filter(|_| !unseen));
        }
        if !known.leaves_it_open() && !unseen {
            complaints.push("UNKNOWN, although it could be known".to_owned());
        }
    }
    let last = visits[earlier..].iter().rposition(|visit| visit.operation.creates());
    // What has become something else is not sent again.
    let may_be_sent = outcome.status != Status::SourceChanged;
    if let Some(last) = last.filter(|_| may_be_sent && !unseen) {
        let (last, since) = (&visits[earlier + last], &visits[earlier + last..]);
        complaints.extend(gave_up(plan, visits, last, outcome));
        let not_done = outcome.stored == Stored::No && known.losses.iter().all(|loss| loss.in_doubt);
        if not_done && since.iter().any(Visit::tells_the_time) {
            complaints.push("it was not sent again once the time was known".to_owned());
        }
    }
    complaints
}

/// While a request may go on, its object is looked for until the settling time is over.
fn looked_too_little(plan: &Plan, visits: &[Visit], known: &Known) -> Option<String> {
    let last = known.losses.iter().rfind(|loss| !loss.refuted && !loss.in_doubt)?;
    let until = (last.lost + plan.settling).min(last.may_be_over.max(last.lost));
    // The pauses double, so the last look comes after the first half.
    let least = last.lost + (until - last.lost - 200).max(0) / 2;
    let looked = visits.iter().any(|visit| visit.operation == Operation::Look && visit.end >= least);
    (!looked).then(|| format!("UNKNOWN, but it was not looked for until {least} ms"))
}

/// Where OSS said once that there is nothing, it is asked until it says so again, or the time for that is over.
fn confirmed_too_little(visits: &[Visit], known: &Known) -> Option<String> {
    let mut open = known.losses.iter().filter(|loss| !loss.plainly);
    let said = open.try_fold(Millis::MIN, |latest, loss| Some(latest.max(loss.first_said?)))?;
    let last = visits.iter().rev().find_map(|visit| visit.found);
    // The pauses double, so the last look comes after the first half.
    let least = said + CONFIRMING / 2;
    let looked = visits.iter().any(|visit| visit.operation == Operation::Look && visit.end >= least);
    (last == Some(Found::Absent) && !looked)
        .then(|| format!("UNKNOWN, but it was not looked for another reply until {least} ms"))
}

/// What may be sent again is, until it was sent as often as the caller allows.
fn gave_up(plan: &Plan, visits: &[Visit], last: &Visit, outcome: &Outcome) -> Option<String> {
    let sent = visits.iter().filter(|visit| visit.operation == last.operation).count();
    let may_be_repeated = match (loss(last), last.fate.answer) {
        // Who says so early may have meant what was sent.
        (Some(_), Answer::Stranger(403)) if !last.fate.read => false,
        (Some(_), _) => plan.may_repeat_callback(),
        (None, Answer::OssError(429 | 503)) => true,
        _ => false,
    };
    let idle = outcome.stored != Stored::Yes && may_be_repeated && sent < plan.attempts as usize;
    idle.then(|| format!("it was sent {sent} times only"))
}
