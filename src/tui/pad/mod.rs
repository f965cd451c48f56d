//! The pad: what the customer has in front of them. A machine of its own, beside the clerk's: it
//! knows the request that its counter lets it show, and nothing else.
//!
//! The digits are in its memory alone until Enter sends them to the desk; the counter is told how
//! many there are. What a customer reads is in the customer's language, what the staff reads who
//! pair it is in English.

pub mod state;
pub mod update;
pub mod view;
pub mod words;
