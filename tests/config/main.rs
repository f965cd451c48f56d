//! The configuration: what holds, what is refused, and in which words.

mod example;
mod fallback;
mod key_file;
mod lists;
mod loading;
mod providers;
mod purposes;
mod store;
#[path = "../support/config.rs"]
mod support;
