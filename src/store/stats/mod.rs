//! The stats: roll-ups of the log, which the sealer makes.

pub(super) mod alarm_mail;
pub(super) mod alarms;
pub(super) mod oversight;
mod port;
pub(super) mod read;
pub(super) mod rebuild;
