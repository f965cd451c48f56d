//! Shell completions and manual pages, generated from clap's description of the arguments.
//!
//! `clap_mangen` 0.3 omits the values of options from the synopsis and fills the lines of tables
//! and examples into paragraphs: those sections are written here.

use std::fmt::Write as _;
use std::fs;
use std::io;
use std::io::Write as _;
use std::path::Path;

use clap::{Arg, Command};
use clap_mangen::Man;

use crate::cli::args::Cli;
use crate::cli::exit::{Exit, Failure};
use crate::cli::output::Output;

pub fn completions(output: &mut Output, shell: clap_complete::Shell) -> Result<Exit, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::describe(), "countersign", &mut script);
    output.own(&script)?;
    Ok(Exit::DONE)
}

pub fn manual(output: &mut Output, dir: Option<&Path>) -> Result<Exit, Failure> {
    let mut whole = Cli::describe();
    // Gives the subcommands their full names.
    whole.build();
    let Some(dir) = dir else {
        output.own(&page(&whole)?)?;
        return Ok(Exit::DONE);
    };
    write(&whole, dir).map_err(|error| {
        Failure::usage(format!("{} cannot be written into: {error}.", dir.display()))
    })?;
    output.line(&format!("The pages are in {}.", dir.display()))?;
    Ok(Exit::DONE)
}

/// Writes the pages of a command and of its subcommands.
fn write(command: &Command, dir: &Path) -> io::Result<()> {
    let name = command.get_display_name().unwrap_or_else(|| command.get_name());
    fs::write(dir.join(format!("{name}.1")), page(command)?)?;
    command.get_subcommands().try_for_each(|inner| write(inner, dir))
}

fn page(command: &Command) -> io::Result<Vec<u8>> {
    let man = Man::new(command.clone());
    let mut page = Vec::new();
    man.render_title(&mut page)?;
    man.render_name_section(&mut page)?;
    page.write_all(synopsis(command).as_bytes())?;
    man.render_description_section(&mut page)?;
    man.render_options_section(&mut page)?;
    if command.has_subcommands() {
        man.render_subcommands_section(&mut page)?;
    }
    let more = command.get_after_long_help().or_else(|| command.get_after_help());
    page.write_all(sections(&more.map(ToString::to_string).unwrap_or_default()).as_bytes())?;
    if command.get_version().is_some() {
        man.render_version_section(&mut page)?;
    }
    Ok(page)
}

/// The synopsis of a command, with the value of each option.
fn synopsis(command: &Command) -> String {
    let groups: Vec<_> = command.get_groups().filter(|it| it.is_required_set()).collect();
    let is_grouped =
        |it: &&Arg| groups.iter().any(|one| one.get_args().any(|id| id == it.get_id()));
    let shown = || command.get_arguments().filter(|it| !it.is_hide_set());
    let mut parts: Vec<String> = Vec::new();
    for required in [false, true] {
        let options = shown().filter(|it| !it.is_positional() && it.is_required_set() == required);
        parts.extend(options.filter(|it| !is_grouped(it)).map(typed));
    }
    for group in &groups {
        let options: Vec<String> =
            shown().filter(|it| group.get_args().any(|id| id == it.get_id())).map(option).collect();
        parts.push(format!("{{{}}}", options.join("|")));
    }
    parts.extend(shown().filter(|it| it.is_positional()).map(typed));
    if command.has_subcommands() {
        let is_needed = command.is_subcommand_required_set();
        parts.push(if is_needed { "COMMAND".into() } else { "[COMMAND]".into() });
    }
    let name = command.get_bin_name().unwrap_or_else(|| command.get_name());
    format!(".SH SYNOPSIS\n.B {}\n{}\n", line(name), line(&parts.join(" ")))
}

/// An argument in the synopsis, in brackets if it is optional.
fn typed(argument: &Arg) -> String {
    let text = if argument.is_positional() { taken(argument) } else { option(argument) };
    if argument.is_required_set() { text } else { format!("[{text}]") }
}

/// An option in the synopsis, such as `--limit N`.
fn option(argument: &Arg) -> String {
    let name = argument.get_long().unwrap_or_default();
    if argument.get_action().takes_values() {
        return format!("--{name} {}", taken(argument));
    }
    format!("--{name}")
}

/// The value name of an argument, such as `FILE`.
fn taken(argument: &Arg) -> String {
    let names: Vec<&str> =
        argument.get_value_names().into_iter().flatten().map(clap::builder::Str::as_str).collect();
    if names.is_empty() { argument.get_id().as_str().to_uppercase() } else { names.join(" ") }
}

/// Formats the help text after the options as manual page sections, keeping its line breaks.
fn sections(help: &str) -> String {
    let mut sections = String::new();
    for block in help.split("\n\n").filter(|it| !it.trim().is_empty()) {
        let (title, text) = match block.split_once('\n') {
            Some(("Examples:" | "Example:", rest)) => ("EXAMPLES", rest),
            Some(("Exit codes:", rest)) => ("EXIT CODES", rest),
            _ => ("NOTES", block),
        };
        let lines: Vec<String> = text.lines().map(line).collect();
        // Writing to a string cannot fail.
        let _ = writeln!(sections, ".SH {title}\n.nf\n{}\n.fi", lines.join("\n"));
    }
    sections
}

/// Escapes a line of text for roff.
fn line(text: &str) -> String {
    let text = text.replace('\\', "\\e").replace('-', "\\-");
    if text.starts_with(['.', '\'']) { format!("\\&{text}") } else { text }
}
