//! What stands around the work on every screen: the line on top, the steps, the message and the
//! keys.

pub mod hints;
pub mod notice;
pub mod revealed;
pub mod steps;
pub mod top;
