//! `doctor`'s check of the configuration.

use crate::cli::app_context::AppContext;
use crate::cli::doctor::{bad, good, tell, terminal};
use crate::cli::exit::{Exit, Failure, FailureReport};
use crate::cli::json::Check;
use crate::cli::output::Output;
use crate::config::Config;

/// The check for a valid configuration: its environment and where it was read.
pub(super) fn check(config: &Config) -> Check {
    let environment = config.environment.word();
    let source = match &config.source {
        Some(file) => file.display().to_string(),
        None => "no file, defaults only".to_owned(),
    };
    let mut check = good("configuration", format!("{environment}, {source}"));
    let notes: Vec<&str> =
        config.no_file.iter().chain(&config.warnings).map(String::as_str).collect();
    if !notes.is_empty() {
        check.help = Some(notes.join(" "));
    }
    check
}

/// An invalid configuration: one failed check for each problem. Ends with the same outcome and exit
/// code as `config check`.
pub(super) fn unusable(
    context: &dyn AppContext,
    output: &mut Output,
    failure: Failure,
) -> Result<Exit, Failure> {
    let Failure::Report(report) = failure else { return Err(failure) };
    if report.problems.is_empty() {
        return Err(Failure::Report(report));
    }
    let FailureReport { word, exit, problems, file, .. } = *report;
    let found = problems.iter().map(ToString::to_string);
    let checks = found.map(|it| Check { help: None, ..bad("configuration", it, "") });
    let checks = checks.chain([terminal(context)]).collect();
    let file = file.map(|it| format!(" {}", it.display())).unwrap_or_default();
    let message = match problems.len() {
        1 => format!("The configuration{file} has a problem"),
        many => format!("The configuration{file} has {many} problems"),
    };
    let message = format!("{message}. Correct it first: the other parts follow from it.");
    tell(output, word, exit, message, checks)
}
