//! After a proof: where more than one is needed, to the channels for the one that is missing;
//! else to the verified customer.

use crate::service::messages;
use crate::tui::machine::navigation::{ChannelsOfCustomer, Navigation, OpenSession};
use crate::tui::machine::notice::Tone;
use crate::tui::machine::step::Step;

/// Goes on from what was just proven for the purpose that is selected.
pub(in crate::tui) fn proven(step: &mut Step<'_>, of: ChannelsOfCustomer, won: OpenSession) {
    let purpose = step.shared.place.purposes.get(of.purpose);
    let purpose = purpose.map(|it| of.customer.flags.raise(it));
    let Some(missing) = won.missing_for(purpose.as_ref()) else {
        return verified(step, of, won);
    };
    let purpose = step.shared.place.purpose_name(of.purpose);
    let text = format!(
        "Proven: {}. For \"{purpose}\" this is missing: {}.",
        messages::factors_in_words(&won.session.factors),
        messages::missing(missing)
    );
    let session = Some(Box::new(won));
    step.go(Navigation::BackToSend(Box::new(ChannelsOfCustomer { open: None, session, ..of })));
    step.say(Tone::Plain, text);
}

/// To the verified customer, or to one of whom something is missing.
pub(in crate::tui) fn verified(step: &mut Step<'_>, of: ChannelsOfCustomer, won: OpenSession) {
    step.go(Navigation::Verified {
        customer: of.customer,
        session: Box::new(won.session),
        token: won.token,
    });
}
