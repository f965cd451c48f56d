//! Sentences about pads, for clerks and for the staff at a pad.

use crate::domain::outcome::Outcome;

/// Too many wrong numbers were typed.
pub const PAD_LIMITED: &str = "\
    Too many wrong numbers were typed. Wait ten minutes; then the clerk's screen shows another one.";

/// How a code that a customer entered at the pad ended, where it was not right.
pub const fn entered_at_pad(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Wrong => "The code from the pad is wrong. The customer is asked to look again.",
        Outcome::Superseded => {
            "The code from the pad is an older one. The customer is asked for the word above."
        }
        Outcome::Limited => {
            "The code from the pad was not looked at: all the wrong codes of an hour were entered."
        }
        _ => "The code from the pad cannot be used any more.",
    }
}
