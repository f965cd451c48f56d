//! What time alone changes: a code expires, a session ends, a part below is
//! slow, a message counts down.

use std::time::Duration;

use crate::service::messages;
use crate::tui::app::turn::Turn;
use crate::tui::app::update::read_providers_if_due;
use crate::tui::machine::health::{Dependency, DependencyState};
use crate::tui::machine::notice::LiveNotice;
use crate::tui::machine::shared::Shared;
use crate::tui::machine::store_clock::Now;
use crate::tui::machine::{
    circuit_breakers, clock_reading, counter_pad, open_alarms, revealed, waiting_approvals,
};
use crate::tui::{dashboard, enter_code, find, send, verified};

/// An effect that takes longer than this is called slow.
pub(super) const SLOW_AFTER: Duration = Duration::from_millis(1_500);

pub(in crate::tui) fn passed(turn: &mut Turn<'_>) {
    turn.step(clock_reading::read_if_due);
    read_providers_if_due(turn);
    turn.step(waiting_approvals::read_if_due);
    turn.step(open_alarms::read_if_due);
    turn.step(counter_pad::read_if_due);
    if turn.model.is_at_dashboard() {
        turn.dashboard(dashboard::reads::tick);
    }
    turn.step(revealed::tick);
    refresh_choices(turn);
    turn.step(clock_reading::say_own_clock);
    mark_slow(&mut turn.model.shared, turn.now);
    turn.enter_code(enter_code::update::tick);
    turn.send(send::update::tick);
    turn.verified(verified::update::tick);
    turn.find(find::update::tick);
    if let Some(tray) = &mut turn.model.tray {
        tray.preview.settle(turn.now);
    }
    count_down(turn);
}

/// Says of the channels that are offered how their providers do now.
fn refresh_choices(turn: &mut Turn<'_>) {
    let Some(now) = turn.model.shared.time(turn.now) else { return };
    turn.send(|send, step| circuit_breakers::refresh(&mut send.choices, step.shared, now));
    turn.enter_code(|entry, step| circuit_breakers::refresh(&mut entry.choices, step.shared, now));
}

fn mark_slow(shared: &mut Shared, now: Now) {
    for by in Dependency::ALL {
        let is_slow = shared.pending.iter().any(|it| {
            it.by == by && !it.broke && now.saturating_duration_since(it.since) >= SLOW_AFTER
        });
        let part = shared.health.part(by);
        match (is_slow, *part) {
            (true, DependencyState::Ok) => *part = DependencyState::Slow,
            (false, DependencyState::Slow) => *part = DependencyState::Ok,
            _ => {}
        }
    }
}

fn count_down(turn: &mut Turn<'_>) {
    let Some(live) = turn.model.shared.notice.as_ref().and_then(|notice| notice.live.clone())
    else {
        return;
    };
    let text = match &live {
        LiveNotice::Refused(refusal) => Some(turn.step(|step| {
            let now = step.store_time();
            step.with_wall_clock(|clock| messages::refusal(refusal, now, clock))
        })),
        LiveNotice::Cooldown => {
            turn.enter_code(|entry, step| enter_code::update::cooldown(entry, step))
        }
        LiveNotice::Lost | LiveNotice::NotChosen | LiveNotice::Again(_) | LiveNotice::Indexing => {
            None
        }
    };
    if let (Some(notice), Some(text)) = (&mut turn.model.shared.notice, text) {
        notice.text = match &notice.verdict {
            Some(verdict) => format!("{verdict} {text}"),
            None => text,
        };
    }
}
