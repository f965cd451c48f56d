//! What time alone changes: a code expires, a session ends, a part below is
//! slow, a message counts down.

use std::time::Duration;

use super::step::Step;
use super::{entry, send, verified};
use crate::service::wording;
use crate::tui::model::{Below, Live, Part};

/// An effect that takes longer than this is called slow.
pub const SLOW: Duration = Duration::from_millis(1_500);

pub(super) fn passed(step: &mut Step<'_>) {
    expire(step);
    end_session(step);
    slowness(step);
    count_down(step);
}

fn expire(step: &mut Step<'_>) {
    let (Some(clock), now) = (step.model.clock, step.now) else { return };
    let over = step.entry().is_some_and(|entry| {
        entry.verifying.is_none()
            && entry.acting.is_none()
            && send::is_open(&entry.request)
            && clock.seconds_until(entry.request.expires_at, now) == 0
    });
    if over {
        entry::expire(step);
    }
    if let Some(send) = step.send() {
        let over = |expires_at| clock.seconds_until(expires_at, now) == 0;
        send.open.take_if(|request| over(request.expires_at));
    }
}

/// The session should be over by now; the store has the last word.
fn end_session(step: &mut Step<'_>) {
    let (Some(clock), now) = (step.model.clock, step.now) else { return };
    let due = step.verified().is_some_and(|verified| {
        verified.touching.is_none()
            && verified.leaving.is_none()
            && clock.seconds_until(verified.session.ends_at(), now) == 0
            && now.saturating_duration_since(verified.checked) >= verified::CHECK
    });
    if due {
        verified::reread(step);
    }
}

fn slowness(step: &mut Step<'_>) {
    let model = &mut *step.model;
    for by in [Below::Store, Below::Email, Below::Sms] {
        let slow = model
            .under_way
            .iter()
            .any(|it| it.by == by && step.now.saturating_duration_since(it.since) >= SLOW);
        let part = model.health.part(by);
        match (slow, *part) {
            (true, Part::Ok) => *part = Part::Slow,
            (false, Part::Slow) => *part = Part::Ok,
            _ => {}
        }
    }
}

fn count_down(step: &mut Step<'_>) {
    let Some(live) = step.model.notice.as_ref().and_then(|notice| notice.live.clone()) else {
        return;
    };
    let now = step.store_time();
    let text = match &live {
        Live::Refused(refusal) => Some(step.told(|clock| wording::refusal(refusal, now, clock))),
        Live::Cooldown => entry::cooldown(step),
    };
    if let (Some(notice), Some(text)) = (&mut step.model.notice, text) {
        notice.text = text;
    }
}
