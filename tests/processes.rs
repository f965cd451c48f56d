//! Fifty terminals at once, each a process of its own: the races of the
//! security requirements, and the same while one in ten is killed.
//!
//! Each test prints a line of its table; `--nocapture` shows them. More rounds
//! than one: `COUNTERSIGN_TEST_ROUNDS=20`. The moments of the killing follow
//! from `COUNTERSIGN_TEST_SEED`, which is printed.

#![expect(clippy::expect_used, reason = "a test fails by panicking")]
#![expect(clippy::print_stdout, reason = "a table is printed")]

#[path = "processes/killed.rs"]
mod killed;
#[path = "processes/ledger.rs"]
mod ledger;
#[path = "processes/office.rs"]
mod office;
#[path = "processes/races.rs"]
mod races;
#[path = "processes/sealers.rs"]
mod sealers;
#[path = "processes/seeded.rs"]
mod seeded;
#[path = "support/servers/mod.rs"]
mod servers;
#[path = "processes/shipping.rs"]
mod shipping;
#[path = "processes/start_together.rs"]
mod start_together;
