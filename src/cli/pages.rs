//! Completions and manual pages, made from the arguments' own description.

use std::path::Path;

use super::args::Cli;
use super::exit::{Exit, Failure};
use super::output::Output;

/// `completions`
pub fn completions(output: &mut Output, shell: clap_complete::Shell) -> Result<Exit, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::describe(), "countersign", &mut script);
    output.own(&script)?;
    Ok(Exit::DONE)
}

/// `man`
pub fn manual(output: &mut Output, dir: Option<&Path>) -> Result<Exit, Failure> {
    let Some(dir) = dir else {
        let mut page = Vec::new();
        clap_mangen::Man::new(Cli::describe()).render(&mut page)?;
        output.own(&page)?;
        return Ok(Exit::DONE);
    };
    clap_mangen::generate_to(Cli::describe(), dir).map_err(|error| {
        Failure::usage(format!("{} cannot be written into: {error}.", dir.display()))
    })?;
    output.line(&format!("The pages are in {}.", dir.display()))?;
    Ok(Exit::DONE)
}
