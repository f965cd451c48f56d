//! Asking for a code, entering it, serving the verified customer, lifting a lockout.

pub mod calls;
pub mod lockout;
pub mod request;
pub mod session;
pub mod verify;
