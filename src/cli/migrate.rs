//! `migrate`: creates or migrates the tables, the key file and the search index, and reports it.

use std::path::PathBuf;

use crate::cli::app_context::AppContext;
use crate::cli::args::MigrateArgs;
use crate::cli::exit::{Exit, Failure};
use crate::cli::index;
use crate::cli::json::MigrateReply;
use crate::cli::output::Output;
use crate::config::Config;
use crate::config::settings::Environment;

/// The result of a migration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Migration {
    /// Schema version before; 0 for a new store.
    pub from: i64,
    /// Schema version now.
    pub to: i64,
    /// Whether only the view on the external table was recreated.
    pub view: bool,
    /// The key file, if it was created now.
    pub key_file: Option<PathBuf>,
}

impl Migration {
    fn sentences(&self) -> String {
        const GRANTS: &str =
            "Where counters have accounts of their own, run the script of assets/grants again.";
        let Self { from, to, view, key_file } = self;
        let tables = match (from, view) {
            (0, _) => format!("The store's tables were made: version {to}."),
            (from, _) if from < to => {
                format!("The store's tables were brought from version {from} to {to}. {GRANTS}")
            }
            (_, true) => format!(
                "The store's tables were up to date, version {to}; the view of the customers was \
                 made anew. {GRANTS}"
            ),
            (_, false) => {
                format!("There was nothing to do: the store's tables are version {to} already.")
            }
        };
        match key_file {
            Some(file) => format!(
                "{tables} The key file {} was made; each other counter of this store needs a copy \
                 of it.",
                file.display()
            ),
            None => tables,
        }
    }
}

/// Runs `migrate`.
pub async fn run(
    context: &dyn AppContext,
    config: &Config,
    output: &mut Output,
    arguments: &MigrateArgs,
) -> Result<Exit, Failure> {
    if arguments.production && config.uses_tray() {
        return Err(Failure::configuration(
            "A store of real customers is not served by a tray, and this configuration has one: \
             set up the providers first. Nothing was done.",
        ));
    }
    if arguments.rehearsal && config.environment != Environment::Rehearsal {
        return Err(Failure::configuration(
            "A rehearsal has a configuration of its own, with environment = \"rehearsal\". \
             Nothing was done.",
        ));
    }
    let migration = context.migrate(config).await?;
    let mut message = migration.sentences();
    if arguments.production {
        let marked = context.mark_production(config).await.map_err(|it| it.after(&message))?;
        let already = if marked { "" } else { " already" };
        message = format!("{message} The store is marked{already} as one of real customers.");
    }
    if arguments.rehearsal {
        let marked = context.mark_rehearsal(config).await.map_err(|it| it.after(&message))?;
        let already = if marked { "" } else { " already" };
        message = format!(
            "{message} The store is marked{already} as one of a rehearsal; its scripted customers \
             are at their beginning."
        );
    }
    if !output.json() {
        output.line(&message)?;
        // Print this first: indexing a million customers takes time.
        output.flush()?;
    }
    let compared = async {
        let store = context.store(config).await?;
        index::compare(store.as_ref(), output, false).await
    }
    .await;
    // The text output has printed `message` already; in JSON the failure must carry it.
    let count = match compared {
        Err(failure) if output.json() => return Err(failure.after(&message)),
        compared => compared?,
    };
    let indexed = count.added + count.changed + count.forgotten;
    if output.json() {
        let Migration { from, to, key_file, .. } = migration;
        let key_file = key_file.map(|file| file.display().to_string());
        output.object(&MigrateReply {
            outcome: "migrated",
            message,
            from,
            to,
            key_file,
            indexed,
            unreadable: count.unreadable.count,
            rows: count.unreadable.first,
        })?;
        return Ok(Exit::DONE);
    }
    if indexed > 0 {
        output.line(&format!("{} customers can be found.", count.seen))?;
    }
    index::left_out(output, &count.unreadable)?;
    Ok(Exit::DONE)
}
