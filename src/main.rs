//! The binary: parse, run, exit code.

use std::process::ExitCode;

use countersign::cli;
use countersign::wiring::Wiring;

#[tokio::main]
async fn main() -> ExitCode {
    cli::run(std::env::args_os(), &Wiring).await.into()
}
