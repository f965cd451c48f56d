//! The rules of a verification: customers and contacts, codes and their digests, the life cycle of
//! a request, outcomes, policy.
//!
//! Everything here is pure. No file, network, clock or random source can be reached from this
//! module, so each rule can be tested by a table or by random data. Time and randomness are passed
//! in as arguments.

pub mod account;
pub mod approval;
pub mod audit;
pub mod backoff;
pub mod backup_code;
pub mod bounce;
pub mod channel;
pub mod circuit_breaker;
pub mod code;
pub mod code_binding;
pub mod contact;
pub mod contact_notice;
pub mod contact_state;
pub mod contact_verification;
pub mod customer;
pub mod customer_factor;
pub mod delivery;
pub mod delivery_retry;
pub mod delivery_stats;
pub mod document;
pub mod email;
pub mod email_domain;
pub mod event;
pub mod explanation;
pub mod flag;
pub mod fold;
pub mod key;
pub mod level;
pub mod locale;
mod mac;
pub mod maintenance;
pub mod message;
pub mod message_id;
pub mod money;
pub mod notice_proof;
pub mod outcome;
pub mod oversight;
pub mod pad;
pub mod phone;
pub mod policy;
pub mod policy_preview;
pub mod policy_text;
pub mod provider;
mod public_id;
pub mod purpose;
pub mod qr;
pub mod query;
pub mod rehearsal;
pub mod representative;
pub mod request;
pub mod seal;
pub mod session;
pub mod session_record;
pub mod sign_in;
pub mod staff;
pub mod stats;
pub mod text;
pub mod time;
pub mod time_range;
pub mod timing;
pub mod totp;
mod version_one;
mod wire;
mod word;
