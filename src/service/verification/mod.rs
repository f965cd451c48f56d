//! Asking for a code, entering it, sessions of verified customers, lifting a lockout.

pub mod amount_due;
pub mod calls;
mod expiry;
pub mod gate;
pub mod lockout;
mod purpose_choice;
pub mod request;
pub mod session;
pub mod verify;
