//! The command line: arguments, one command a file, output for people or programs.

pub mod amount_due;
pub mod app_context;
pub mod approvals;
pub mod args;
pub mod audit;
pub mod bounce;
pub mod contacts;
pub mod customers;
pub mod deliver;
pub mod deliveries;
pub mod disown;
pub mod doctor;
pub mod exit;
pub mod factors;
pub mod flags;
pub mod gate;
pub mod import;
pub mod index;
pub mod json;
pub mod log;
pub mod maintain;
pub mod migrate;
pub mod moment;
pub mod next;
pub mod output;
pub mod pages;
pub mod personal_data;
pub mod policy;
pub mod prompt;
pub mod representatives;
pub mod request;
pub mod serve;
pub mod session;
pub mod sign_in;
pub mod signals;
pub mod signup;
pub mod staff;
pub mod stats;
pub mod table;
pub mod templates;
pub mod tray;
pub mod verify;

use std::ffi::OsString;
use std::path::Path;
use std::time::Duration;

use clap::Parser as _;

use crate::cli::app_context::AppContext;
use crate::cli::args::{
    Cli, Command, ConfigCommand, Customers, Factors, IncidentArgs, Keys, Staff,
};
use crate::cli::exit::{Exit, Failure};
use crate::cli::json::{ConfigReply, Reply};
use crate::cli::next::Next;
use crate::cli::output::Output;
use crate::config::Config;
use crate::domain::time::Timestamp;
use crate::service::api::DeskClient;
use crate::service::delivery::calls::ReadQueue;
use crate::service::ports::StoreError;

/// Timeout for reading the queue length when the interface is closed.
const QUEUE_TIMEOUT: Duration = Duration::from_secs(2);

/// Parses and runs a command line; returns its exit code.
pub async fn run(arguments: impl IntoIterator<Item = OsString>, context: &dyn AppContext) -> Exit {
    let arguments: Vec<OsString> = arguments.into_iter().collect();
    match Cli::try_parse_from(&arguments) {
        Ok(cli) => {
            let mut output =
                Output::new(cli.json()).going_on(Next::new(cli.config.as_deref(), cli.demo));
            let result = dispatch(cli, context, &mut output).await;
            output.finish(result)
        }
        Err(error) => not_understood(&error, arguments.iter().any(|it| it == "--json")),
    }
}

/// Prints help, the version or a usage error.
fn not_understood(error: &clap::Error, json: bool) -> Exit {
    let mut output = Output::new(json);
    if !error.use_stderr() {
        let printed = error.print().map(|()| Exit::DONE).map_err(Failure::from);
        return output.finish(printed);
    }
    if !json {
        // Printed without clap's colours: it repeats what was typed, which is cleaned first.
        output.note(error.to_string().trim_end());
        return Exit::USAGE;
    }
    let message = error.to_string();
    output.finish(Err(Failure::usage(message.trim_start_matches("error: ").trim())))
}

async fn dispatch(
    cli: Cli,
    context: &dyn AppContext,
    output: &mut Output,
) -> Result<Exit, Failure> {
    let origin = Origin { file: cli.config.as_deref(), demo: cli.demo };
    if origin.file.is_some() && (cli.demo || matches!(cli.command, Some(Command::Demo))) {
        return Err(Failure::usage(
            "The demo has a configuration of its own. Leave out --config to work in the demo, \
             or the demo to work with that file.",
        ));
    }
    let command = match cli.command {
        Some(Command::Demo) => return demo(context).await,
        None if cli.demo => return demo(context).await,
        None => {
            context.terminal().map_err(Failure::usage)?;
            let config = origin.load(context, output)?;
            let exit = context.interface(&config).await?;
            if exit == Exit::DONE {
                tell_of_waiting(context, &config, output).await;
            }
            return Ok(exit);
        }
        Some(command) => command,
    };
    match command {
        Command::Completions { shell } => return pages::completions(output, shell),
        Command::Man { dir } => return pages::manual(output, dir.as_deref()),
        Command::Doctor(arguments) => {
            let test = arguments.send_test.as_deref();
            return doctor::run(context, output, origin.read(context), this_clock, test).await;
        }
        Command::Staff(Staff::Permissions(_)) => return staff::permissions(output),
        Command::Config(command) => return configuration(context, output, &origin, &command),
        Command::Audit(ref command) => {
            if let Some(done) = audit::offline(output, command) {
                return done;
            }
        }
        _ => {}
    }
    let config = origin.load(context, output)?;
    at_the_desk(command, context, &config, output, cli.name.as_deref()).await
}

/// Tells the person who leaves the interface that messages are still queued.
async fn tell_of_waiting(context: &dyn AppContext, config: &Config, output: &mut Output) {
    let length = async { context.desk(config).await.ok()?.call(ReadQueue).await.ok() };
    let Ok(Some(queue)) = tokio::time::timeout(QUEUE_TIMEOUT, length).await else { return };
    let waiting = match queue.length {
        0 => return,
        1 => "1 message waits to be sent. It goes out".to_owned(),
        many => format!("{many} messages wait to be sent. They go out"),
    };
    output.note(&format!(
        "{waiting} while countersign runs at any counter, or `countersign deliver \
         --watch`."
    ));
}

async fn demo(context: &dyn AppContext) -> Result<Exit, Failure> {
    context.terminal().map_err(Failure::usage)?;
    context.demo().await
}

/// The source of the configuration: a file, or the running demo.
struct Origin<'a> {
    file: Option<&'a Path>,
    demo: bool,
}

impl Origin<'_> {
    fn read(&self, context: &dyn AppContext) -> Result<Config, Failure> {
        if !self.demo {
            return Ok(Config::load(self.file)?);
        }
        context
            .running_demo()?
            .ok_or_else(|| Failure::usage("No demo is running. Start one: countersign demo"))
    }

    /// Reads the configuration and prints its warnings.
    fn load(&self, context: &dyn AppContext, output: &mut Output) -> Result<Config, Failure> {
        let config = self.read(context)?;
        for warning in config.no_file.iter().chain(&config.warnings) {
            output.note(&format!("Note: {warning}"));
        }
        Ok(config)
    }
}

/// Runs the commands that need the desk.
async fn at_the_desk(
    command: Command,
    context: &dyn AppContext,
    config: &Config,
    output: &mut Output,
    name: Option<&str>,
) -> Result<Exit, Failure> {
    match command {
        Command::Customers(Customers::Import(_)) if config.customers.read_only => {
            return Err(StoreError::ReadOnly.into());
        }
        Command::Customers(Customers::Import(import)) if import.dry_run => {
            keep_log(context, config, output);
            return import::dry_run(context, config, output, &import).await;
        }
        Command::Customers(Customers::Index(arguments)) => {
            let store = context.store(config).await?;
            return index::run(store.as_ref(), output, arguments.dry_run).await;
        }
        Command::Keys(command) => return keys(context, config, output, &command).await,
        Command::Serve => return serve::run(context, config, output).await,
        Command::Pad => {
            context.terminal().map_err(Failure::usage)?;
            keep_log(context, config, output);
            let desk = sign_in::run(context.pad_desk(config).await?, output, name).await?;
            return context.pad(config, desk).await;
        }
        Command::Templates(command) => return templates::run(context, config, output, &command),
        Command::Migrate(arguments) => {
            return migrate::run(context, config, output, &arguments).await;
        }
        _ => {}
    }
    keep_log(context, config, output);
    let desk = sign_in::run(context.desk(config).await?, output, name).await?;
    if names_a_customer(&command) {
        index::ready(&desk, output).await;
    }
    match command {
        Command::Customers(command) => of_customers(command, &desk, output).await,
        Command::Request(arguments) => request::ask(&desk, output, arguments).await,
        Command::Signup(arguments) => signup::run(&desk, output, arguments).await,
        Command::Verify(named) => {
            verify::verify(&desk, output, &named.request, named.further).await
        }
        Command::Resend(named) => request::resend(&desk, output, &named.request).await,
        Command::Status(named) => request::status(&desk, output, &named.request).await,
        Command::Cancel(named) => request::cancel(&desk, output, &named.request).await,
        Command::AmountDue(arguments) => amount_due::run(&desk, output, arguments).await,
        Command::Gate(arguments) => gate::run(&desk, output, &arguments).await,
        Command::Session(command) => session::run(&desk, output, command).await,
        Command::Factor(command) => factors::run(&desk, output, command).await,
        Command::Maintain(arguments) => maintain::run(&desk, output, &arguments).await,
        Command::Deliver(arguments) => {
            let worker = context.outbox_worker(config).await?;
            deliver::run(&desk, worker, output, &arguments).await
        }
        Command::Deliveries(arguments) => deliveries::run(&desk, output, &arguments).await,
        Command::Bounce(arguments) => bounce::run(&desk, output, &arguments).await,
        Command::Log(arguments) => log::run(&desk, output, arguments).await,
        Command::Staff(command) => staff::run(&desk, output, command).await,
        Command::Policy(command) => policy::run(&desk, output, command).await,
        Command::Approvals(_) => approvals::list(&desk, output).await,
        Command::Approve(arguments) => approvals::approve(&desk, output, &arguments).await,
        Command::Refuse(arguments) => approvals::refuse(&desk, output, &arguments).await,
        Command::Audit(command) => audit::run(&desk, output, command).await,
        Command::Stats(arguments) => stats::run(&desk, output, arguments).await,
        Command::Tray(arguments) => tray::run(&desk, config.environment, output, &arguments).await,
        other => Err(Failure::internal(format!("{other:?} needs no desk"))),
    }
}

/// Runs the commands about customers.
async fn of_customers(
    command: Customers,
    desk: &DeskClient,
    output: &mut Output,
) -> Result<Exit, Failure> {
    match command {
        Customers::Import(import) => {
            import::run(desk, &desk.profile().country, output, &import).await
        }
        Customers::Find { query, limit, .. } => {
            customers::find(desk, output, &query.join(" "), limit).await
        }
        Customers::Unlock(arguments) => customers::unlock(desk, output, &arguments).await,
        Customers::Confirm(arguments) => customers::confirm(desk, output, &arguments).await,
        Customers::Reveal(arguments) => customers::reveal(desk, output, &arguments).await,
        Customers::Contacts(arguments) => contacts::bad(desk, output, &arguments).await,
        Customers::Report(arguments) => personal_data::report(desk, output, &arguments).await,
        Customers::Erase(arguments) => personal_data::erase(desk, output, &arguments).await,
        Customers::Hold(arguments) => personal_data::hold(desk, output, &arguments, true).await,
        Customers::Release(arguments) => personal_data::hold(desk, output, &arguments, false).await,
        Customers::Flag(arguments) => flags::flag(desk, output, &arguments).await,
        Customers::Unflag(arguments) => flags::unflag(desk, output, &arguments).await,
        Customers::Flags(arguments) => flags::list(desk, output, arguments.limit).await,
        Customers::Disown(arguments) => disown::run(desk, output, &arguments).await,
        Customers::Incident(arguments) => flags::incident(desk, output, &arguments).await,
        Customers::Representatives(arguments) => {
            representatives::run(desk, output, arguments).await
        }
        other @ Customers::Index(_) => Err(Failure::internal(format!("{other:?} needs no desk"))),
    }
}

/// Whether a command searches for customers, so that it needs the complete index.
const fn names_a_customer(command: &Command) -> bool {
    match command {
        Command::Customers(
            Customers::Find { .. }
            | Customers::Unlock(_)
            | Customers::Confirm(_)
            | Customers::Reveal(_)
            | Customers::Contacts(_)
            | Customers::Report(_)
            | Customers::Erase(_)
            | Customers::Hold(_)
            | Customers::Release(_)
            | Customers::Representatives(_)
            | Customers::Flag(_)
            | Customers::Unflag(_)
            | Customers::Incident(IncidentArgs { customer: Some(_), .. }),
        )
        | Command::Factor(
            Factors::Show(_) | Factors::Verify(_) | Factors::Document(_) | Factors::Vouch(_),
        )
        | Command::Request(_)
        | Command::Signup(_)
        | Command::Gate(_) => true,
        Command::Log(log) => log.customer.is_some(),
        _ => false,
    }
}

/// Starts the log file; failure is noted and the command goes on.
fn keep_log(context: &dyn AppContext, config: &Config, output: &mut Output) {
    if let Err(why) = context.keep_log(config) {
        output.note(&why);
    }
}

fn configuration(
    context: &dyn AppContext,
    output: &mut Output,
    origin: &Origin<'_>,
    command: &ConfigCommand,
) -> Result<Exit, Failure> {
    match command {
        ConfigCommand::Check(_) => {
            let config = origin.load(context, output)?;
            let message = match &config.source {
                Some(file) => format!("{} is fine.", file.display()),
                None => "There is no configuration file; the defaults hold.".to_owned(),
            };
            output.answer(&Reply::of("fine", message.clone()), &message)?;
        }
        ConfigCommand::Show(_) => {
            let config = origin.read(context)?;
            if output.json() {
                output.object(&ConfigReply { outcome: "fine", settings: config.show() })?;
            } else {
                output.lines(config.show().to_string().trim_end())?;
            }
        }
    }
    Ok(Exit::DONE)
}

async fn keys(
    context: &dyn AppContext,
    config: &Config,
    output: &mut Output,
    command: &Keys,
) -> Result<Exit, Failure> {
    match command {
        Keys::List(_) => {
            for key in context.keys(config)? {
                if output.json() {
                    output.object(&key)?;
                } else {
                    let what = if key.current { "signs new codes" } else { "checks older codes" };
                    output.line(&format!("{}  {what}", key.key))?;
                }
            }
        }
        Keys::Rotate(_) => {
            let key = context.rotate_keys(config).await?;
            let message = format!("{key} signs new codes from now; codes already sent stay good.");
            output.answer(&Reply::of("rotated", message.clone()), &message)?;
        }
    }
    Ok(Exit::DONE)
}

/// This machine's clock, which `doctor` compares with the store's.
fn this_clock() -> Timestamp {
    let now = chrono::Local::now();
    Timestamp::from_millis(now.timestamp_millis())
}
