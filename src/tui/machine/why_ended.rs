//! Why a code or a session ended that nobody ended at this counter: where an admin has set a flag
//! of the customer meanwhile, it is told by its name.

use crate::domain::customer::Customer;
use crate::domain::flag::{Flag, Standing};
use crate::domain::time::Timestamp;
use crate::service::customers::calls::{OpenCustomer, OpenedCustomer};
use crate::service::messages;
use crate::tui::machine::effect::EffectId;
use crate::tui::machine::message::Failure;
use crate::tui::machine::notice::Tone;
use crate::tui::machine::step::Step;

/// What ended, until the customer was read again.
#[derive(Clone, Copy, Debug)]
pub struct WhyEnded {
    id: EffectId,
    who: Standing,
    since: Timestamp,
    ends: fn(Flag, Standing) -> bool,
}

impl WhyEnded {
    /// Of a code, asked for at some time by whoever stands here.
    pub const fn code(who: Standing, since: Timestamp) -> Self {
        Self { id: EffectId(0), who, since, ends: Flag::ends_codes_of }
    }

    /// Of a session that began at some time.
    pub const fn session(who: Standing, since: Timestamp) -> Self {
        Self { id: EffectId(0), who, since, ends: Flag::ends_sessions_of }
    }
}

/// Reads the flags of the customer.
pub(in crate::tui) fn ask(step: &mut Step<'_>, customer: &Customer, of: WhyEnded) {
    let id = step.call(OpenCustomer { customer: customer.id });
    step.shared.why_ended = Some(WhyEnded { id, ..of });
}

/// Whether an answer is waited for here.
pub(in crate::tui) fn awaits(step: &Step<'_>, id: EffectId) -> bool {
    step.shared.why_ended.as_ref().is_some_and(|it| it.id == id)
}

/// Says which flag it was; whether it was one. What else it was has been said.
pub(in crate::tui) fn answered(
    step: &mut Step<'_>,
    answer: Result<Option<OpenedCustomer>, Failure>,
) -> bool {
    let Some(WhyEnded { who, since, ends, .. }) = step.shared.why_ended.take() else {
        return false;
    };
    let Ok(Some(OpenedCustomer { customer, .. })) = answer else { return false };
    let flag = customer.flags.iter().find(|it| it.set_at >= since && ends(it.flag, who));
    let Some(flag) = flag else { return false };
    let place = &step.shared.place;
    let flag = messages::flag(flag, &|at| place.end(at));
    step.say(Tone::Bad, format!("{} was marked meanwhile, {flag}", customer.name));
    true
}
