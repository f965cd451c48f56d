//! The `AppContext` trait: what the commands need but must not construct themselves (store,
//! senders, keys, interface). Implemented in `wiring`.

use std::sync::Arc;

use async_trait::async_trait;

use crate::cli::exit::{Exit, Failure};
use crate::cli::json::{KeyLine, Preview, TemplateLine};
use crate::cli::migrate::Migration;
use crate::config::Config;
use crate::domain::audit::shipping::CursorId;
use crate::domain::channel::Channel;
use crate::domain::message::{ContactNotice, MessageFacts};
use crate::service::Senders;
use crate::service::api::DeskClient;
use crate::service::delivery::test_message::{TestMessageError, TestMessageOutcome};
use crate::service::delivery::worker::OutboxWorker;
use crate::service::ports::Store;

/// What the command line asks of the wiring. Nothing is opened before a command asks for it:
/// `completions` must work without a configuration or a store.
#[async_trait]
pub trait AppContext: Send + Sync {
    /// Checks whether the interface can run on this terminal. The error is one line that says what
    /// is missing.
    fn terminal(&self) -> Result<(), String>;
    /// Starts the program's own log file. Failure returns a sentence to print; it does not stop the
    /// command.
    fn keep_log(&self, config: &Config) -> Result<(), String>;
    /// Connects to the desk service, or opens the embedded desk, as the configuration says.
    async fn desk(&self, config: &Config) -> Result<DeskClient, Failure>;
    /// Builds the outbox worker for this process.
    async fn outbox_worker(&self, config: &Config) -> Result<OutboxWorker, Failure>;
    /// Sends a test message (it contains no code) to a contact through each provider of its
    /// channel.
    async fn send_test(
        &self,
        config: &Config,
        to: &str,
    ) -> Result<Result<Vec<TestMessageOutcome>, TestMessageError>, Failure>;
    /// Opens the store without the desk.
    async fn store(&self, config: &Config) -> Result<Arc<dyn Store>, Failure>;
    /// Builds the senders; no connection is made yet.
    fn senders(&self, config: &Config) -> Result<Senders, Failure>;
    /// The cursor by which this configuration ships the log; none where it ships nowhere.
    fn shipping_cursor(&self, config: &Config) -> Result<Option<CursorId>, Failure>;
    /// Checks all templates: one line per template, whether it is good or not.
    fn check_templates(&self, config: &Config) -> Vec<TemplateLine>;
    /// Renders a message exactly as it would be sent.
    fn preview(
        &self,
        config: &Config,
        channel: Channel,
        facts: &MessageFacts,
    ) -> Result<Preview, Failure>;
    /// Renders the notice that is sent to a contact that was replaced.
    fn preview_notice(&self, config: &Config, notice: &ContactNotice) -> Result<Preview, Failure>;
    /// Creates or migrates the store's tables, and creates the key file if it is missing.
    async fn migrate(&self, config: &Config) -> Result<Migration, Failure>;
    /// Marks the store permanently as one of real customers. Returns `true` if it was not marked
    /// before.
    async fn mark_production(&self, config: &Config) -> Result<bool, Failure>;
    /// Marks the store as one of a rehearsal, with its scripted customers; whether it was not
    /// yet.
    async fn mark_rehearsal(&self, config: &Config) -> Result<bool, Failure>;
    /// Lists the keys by name, the current one first.
    fn keys(&self, config: &Config) -> Result<Vec<KeyLine>, Failure>;
    /// Creates a new current key and returns its name.
    async fn rotate_keys(&self, config: &Config) -> Result<String, Failure>;
    /// Runs the desk service until a signal stops it; `listening` is called once it can be
    /// connected to. It starts its own log file.
    async fn serve(
        &self,
        config: &Config,
        listening: &mut (dyn FnMut() + Send),
    ) -> Result<Exit, Failure>;
    /// Runs the interface until the clerk quits. It starts its own log file.
    async fn interface(&self, config: &Config) -> Result<Exit, Failure>;
    /// Connects to the desk service, or opens the embedded desk, as a pad.
    async fn pad_desk(&self, config: &Config) -> Result<DeskClient, Failure>;
    /// Runs a pad until somebody closes it.
    async fn pad(&self, config: &Config, desk: DeskClient) -> Result<Exit, Failure>;
    /// The configuration of a demo that is running in another terminal, if there is one.
    fn running_demo(&self) -> Result<Option<Config>, Failure>;
    /// Runs the interface on a temporary store with sample customers.
    async fn demo(&self) -> Result<Exit, Failure>;
}
