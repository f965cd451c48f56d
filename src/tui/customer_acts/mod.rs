//! What is done to a customer for a reason: a contact is revealed, a lockout lifted, a changed
//! contact confirmed, a verification disowned.

pub mod state;
pub(super) mod update;
pub mod view;
