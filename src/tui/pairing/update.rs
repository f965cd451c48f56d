//! From the number on the screen to a pad that is paired, and back.

use crate::domain::event::Actor;
use crate::domain::pad::{PairingEnd, PairingState};
use crate::service::pads::calls::{ConfirmPad, EndPairing, OfferPad};
use crate::service::pads::{CounterPad, PadOffer};
use crate::tui::machine::effect::EffectId;
use crate::tui::machine::keymap::Command;
use crate::tui::machine::message::Failure;
use crate::tui::machine::navigation::Navigation;
use crate::tui::machine::notice::Tone;
use crate::tui::machine::step::Step;
use crate::tui::machine::store_clock::{Now, StoreClock};
use crate::tui::machine::{counter_pad, store_lost};
use crate::tui::pairing::state::{Acting, PairingPanel};

const NOBODY_ASKS: &str = "No pad asks yet: type the number at the pad.";
const UNPAIRED: &str = "The pad is no longer paired with this counter.";
const NOT_PAIRED: &str = "The pad asks no more. Show another number.";

/// The box as it is opened: a number is asked for, unless a pad is there already.
pub(in crate::tui) fn begin(step: &mut Step<'_>) -> PairingPanel {
    let mut panel = PairingPanel::default();
    let known = step.shared.pad.known.as_ref().map(|it| it.state);
    if matches!(known, Some(PairingState::Asking | PairingState::Paired)) {
        counter_pad::reread(step);
    } else {
        offer(&mut panel, step);
    }
    panel
}

fn offer(panel: &mut PairingPanel, step: &mut Step<'_>) {
    panel.offer = None;
    panel.offering = Some(step.call(OfferPad));
}

pub(in crate::tui) fn command(panel: &mut PairingPanel, step: &mut Step<'_>, command: Command) {
    let state = step.shared.pad.known.as_ref().map(|it| it.state);
    match command {
        Command::Back | Command::Close | Command::TogglePad => close(panel, step),
        _ if panel.acting.is_some() => store_lost::wait(step, store_lost::BEING_DONE),
        Command::PairPad => match (state, step.shared.pad.pairing.clone()) {
            (Some(PairingState::Asking), Some(pairing)) => {
                panel.acting = Some((step.call(ConfirmPad { pairing }), Acting::Confirming));
            }
            (Some(PairingState::Paired), _) => {}
            _ => step.hint(Tone::Plain, NOBODY_ASKS),
        },
        Command::UnpairPad => {
            let acting = match state {
                Some(PairingState::Asking) => Acting::Refusing,
                Some(PairingState::Paired) => Acting::Ending,
                _ => return,
            };
            if let Some(pairing) = step.shared.pad.pairing.clone() {
                panel.acting = Some((step.call(EndPairing { pairing }), acting));
            }
        }
        Command::NewPairingNumber => {
            let has_pad = matches!(state, Some(PairingState::Asking | PairingState::Paired));
            if !has_pad && panel.offering.is_none() {
                offer(panel, step);
            }
        }
        _ => {}
    }
}

/// Closes the box. A pad that is not paired by then is not to be.
fn close(panel: &PairingPanel, step: &mut Step<'_>) {
    if panel.acting.is_none() && !step.shared.pad.is_paired() {
        counter_pad::end(step);
    }
    step.go(Navigation::Close);
}

/// The number was drawn.
pub(in crate::tui) fn offered(
    panel: &mut PairingPanel,
    step: &mut Step<'_>,
    id: EffectId,
    answer: Result<PadOffer, Failure>,
) {
    if panel.offering.take_if(|it| *it == id).is_none() {
        return;
    }
    match answer {
        Ok(offer) => {
            counter_pad::begin(step, offer.pairing.clone());
            panel.offer = Some(offer);
        }
        Err(failure) => step.fail(failure),
    }
}

/// The pad was confirmed, or refused, or is paired no more.
pub(in crate::tui) fn acted(
    panel: &mut PairingPanel,
    step: &mut Step<'_>,
    id: EffectId,
    answer: Result<Option<CounterPad>, Failure>,
) {
    let Some((_, acting)) = panel.acting.take_if(|(it, _)| *it == id) else { return };
    let pad = match answer {
        Ok(pad) => pad,
        Err(failure) => return step.fail(failure),
    };
    let name = pad.as_ref().and_then(|it| it.pad.as_ref()).map(name);
    // The desk knows what was ended; what was read here may be from before.
    let was_paired =
        pad.as_ref().is_some_and(|it| it.state == PairingState::Ended(PairingEnd::Unpaired));
    counter_pad::acted(step, pad);
    panel.offer = None;
    match acting {
        Acting::Confirming if step.shared.pad.is_paired() => {
            step.go(Navigation::Close);
            step.say(Tone::Good, format!("Paired: {}.", name.unwrap_or_default()));
        }
        Acting::Refusing if was_paired => close_unpaired(step),
        Acting::Ending => close_unpaired(step),
        Acting::Confirming | Acting::Refusing => step.say(Tone::Plain, NOT_PAIRED),
    }
}

fn close_unpaired(step: &mut Step<'_>) {
    step.go(Navigation::Close);
    step.say(Tone::Plain, UNPAIRED);
}

/// A pad as the clerk reads it.
pub(super) fn name(pad: &Actor) -> String {
    format!("{} at {}", pad.clerk, pad.counter)
}

/// When time alone changes the box.
pub(in crate::tui) fn due(panel: &PairingPanel, clock: StoreClock, now: Now) -> Option<Now> {
    panel.offer.as_ref().and_then(|it| clock.next_second(it.expires_at, now))
}
