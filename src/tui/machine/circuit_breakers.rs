//! How the providers do. Others' experience is read when something was written, but not for
//! each entry: a busy office writes several a second.

use std::time::Duration;

use crate::domain::time::Timestamp;
use crate::service::api::Permission;
use crate::service::customers::lookup::ChannelChoice;
use crate::service::delivery::calls::ReadBreakers;
use crate::service::delivery::provider_status::BreakerSnapshot;
use crate::tui::machine::effect::EffectId;
use crate::tui::machine::health::{Dependency, DependencyState};
use crate::tui::machine::loaded::Reading;
use crate::tui::machine::message::Failure;
use crate::tui::machine::shared::Shared;
use crate::tui::machine::step::Step;
use crate::tui::machine::store_clock::Now;

/// How often the circuit breakers are read at most.
const MIN_READ_INTERVAL: Duration = Duration::from_secs(3);

/// How the providers are doing, as far as any terminal has seen.
#[derive(Debug, Default)]
pub struct KnownBreakers {
    /// The circuit breakers as last read.
    pub known: BreakerSnapshot,
    /// The read of them.
    pub reading: Reading,
    /// When they were last asked for.
    pub asked: Option<Now>,
}

/// When the circuit breakers are due to be read; none where nothing was written since, and for a role
/// that may not read them.
pub fn breakers_due(shared: &Shared) -> Option<Now> {
    let providers = &shared.providers;
    let due = providers.reading.due(providers.asked, MIN_READ_INTERVAL);
    due.filter(|_| shared.place.may(Permission::Audit))
}

/// Reads the circuit breakers if that is due; whether it was.
pub(in crate::tui) fn read_if_due(step: &mut Step<'_>) -> bool {
    let is_due = breakers_due(step.shared).is_some_and(|due| due <= step.now);
    if is_due {
        read(step);
    }
    is_due
}

/// Reads the circuit breakers, where the role may.
pub(in crate::tui) fn read(step: &mut Step<'_>) {
    if !step.shared.place.may(Permission::Audit) {
        return;
    }
    let id = step.call(ReadBreakers);
    step.shared.providers.reading.begin(id);
    step.shared.providers.asked = Some(step.now);
}

pub(in crate::tui) fn answered(
    step: &mut Step<'_>,
    id: EffectId,
    answer: Result<BreakerSnapshot, Failure>,
) {
    step.shared.providers.reading.end(id, answer.is_ok());
    // A store that is lost says so elsewhere; what was known stays.
    let Ok(breakers) = answer else { return };
    for breaker in &breakers.all {
        let part = step.shared.health.part(Dependency::of(breaker.slot.channel));
        // What this terminal met itself counts until somebody has met better.
        if breaker.failures == 0 && *part == DependencyState::Down {
            *part = DependencyState::Ok;
        }
    }
    step.shared.providers.known = breakers;
}

/// Says of the channels that are offered how they do now. They stay where they
/// are: nothing moves under the clerk's finger.
pub(in crate::tui) fn refresh(choices: &mut [ChannelChoice], shared: &Shared, now: Timestamp) {
    let providers = &shared.providers;
    // While it is being read, what the choices brought along holds.
    if providers.known.read_at == Timestamp::default() || providers.reading.is_loading() {
        return;
    }
    for choice in choices {
        choice.health = providers.known.health(choice.channel, now);
    }
}
