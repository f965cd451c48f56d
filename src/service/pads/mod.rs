//! Pads: the customer types the code at a keypad or terminal of their own, for the request that
//! its counter shows.
//!
//! A pad has a token and nothing else: it names no request of its own choice, and is told no
//! more than the word in the message, or that an authenticator is asked for, how many digits
//! there are, and how its entry ended. What it enters is judged as if the clerk of its counter had
//! typed it: the same tries, lockout and limits. The session that a right code opens is the
//! clerk's ([`crate::service::Desk::take_from_pad`]).

mod at_pad;
mod authenticator;
pub mod calls;
mod counter;

pub use crate::service::pads::at_pad::{PadAsked, PadEntered, PadRequest, PadView};
pub use crate::service::pads::counter::{CounterPad, PadOffer};

use crate::domain::event::Actor;
use crate::domain::pad::PairingId;
use crate::domain::request::RequestId;

/// What the session of a code is derived from that was entered at a pad: the clerk computes it
/// again. It names the counter, so that a pairing that somebody moved in the store to another
/// counter leads to no session.
fn session_act(pairing: &PairingId, of: &Actor, request: &RequestId) -> String {
    let parts = [pairing.as_str(), &of.clerk, &of.counter, request.as_str()];
    let parts = parts.map(|part| format!("{} {part}", part.len()));
    format!("pad {}", parts.join(" "))
}
