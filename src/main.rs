//! The binary: close the memory to others, parse, run, close what was opened, exit code.

use std::process::ExitCode;

use countersign::wiring::Wiring;
use countersign::{cli, lifecycle};

#[tokio::main]
async fn main() -> ExitCode {
    // Where the system does not allow it, the work goes on without.
    let _ = lifecycle::keep_memory_private();
    let context = Wiring::default();
    let exit = cli::run(std::env::args_os(), &context).await;
    context.close().await;
    exit.into()
}
