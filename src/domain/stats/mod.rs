//! Stats: what the log comes to by the quarter of an hour, made when it is sealed.
//!
//! A roll-up counts each sealed event once, under its quarter of an hour and its series
//! (who, where, by what, for what, what happened). It is a function of the sealed columns of
//! the events alone, so that it can be made anew from the log at any time, and it holds
//! nothing about any customer. Quarters of an hour are cut in UTC: every time zone is some
//! quarters away from it, so that the days of an office are whole quarters.

pub mod alarm_log;
pub mod alarm_mail;
pub mod alarms;
pub mod cut;
pub mod figures;
pub mod histogram;
pub mod period;
pub mod quarter;
pub mod query;
pub mod roll_up;
pub mod series;
pub mod usual;
