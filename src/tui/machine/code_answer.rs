//! What became of asking for a code: the same for the first one, which is asked for at the
//! channels, and for another one, which is asked for at the code boxes.

use crate::domain::outcome::Outcome;
use crate::domain::request::Request;
use crate::service::messages;
use crate::service::verification::request::{CodeRequestOutcome, Refusal};
use crate::tui::machine::effect::EffectId;
use crate::tui::machine::keymap::{Command, Context, key_name};
use crate::tui::machine::message::Failure;
use crate::tui::machine::notice::{LiveNotice, Notice, Tone};
use crate::tui::machine::permissions::may;
use crate::tui::machine::step::Step;

/// What became of asking for a code.
#[derive(Debug)]
pub(in crate::tui) enum CodeAnswer {
    /// The request was stored, and its message is being sent, unless that was done before.
    Stored {
        /// The request.
        request: Box<Request>,
        /// The sending of its message.
        delivering: Option<EffectId>,
    },
    /// No code was made.
    Refused(Box<Refusal>),
    /// The desk could not act; the message line says why.
    Failed,
}

/// Takes the answer in. A message that was stored is always sent, wherever the clerk is by now.
pub(in crate::tui) fn take(
    step: &mut Step<'_>,
    answer: Result<CodeRequestOutcome, Failure>,
) -> CodeAnswer {
    match answer {
        Ok(CodeRequestOutcome::Ready(request)) => {
            step.learn_clock(request.sent_at);
            let delivering = Some(step.deliver(&request));
            step.read_clock();
            CodeAnswer::Stored { request: Box::new(request), delivering }
        }
        Ok(CodeRequestOutcome::Already(request)) => {
            CodeAnswer::Stored { request: Box::new(request), delivering: None }
        }
        Ok(CodeRequestOutcome::Refused(refusal)) => CodeAnswer::Refused(refusal),
        Err(failure) => {
            step.fail(failure);
            CodeAnswer::Failed
        }
    }
}

/// Says why no code was made; where it may be tried again, the message counts down.
pub(in crate::tui) fn say_refused(step: &mut Step<'_>, refusal: Box<Refusal>) {
    let now = step.store_time();
    let mut text = step.with_wall_clock(|clock| messages::refusal(&refusal, now, clock));
    let is_locked = refusal.outcome == Outcome::Locked && refusal.request.is_none();
    let is_lifted = is_locked || refusal.quarantine.is_some();
    if is_lifted && may(step.shared, Command::Lift) {
        let key = key_name(Context::Global, Command::Lift);
        text = format!("{text} {key} lifts it, for a reason.");
    }
    let notice = Notice::new(Tone::Warning, text);
    let live = refusal.retry_at.is_some().then_some(LiveNotice::Refused(refusal));
    step.shared.notice = Some(Notice { live, ..notice });
}
