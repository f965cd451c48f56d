//! What the commands need and must not build themselves: the store, the
//! senders, the keys, the interface. The wiring gives it to them.

use std::sync::Arc;

use async_trait::async_trait;

use crate::cli::exit::{Exit, Failure};
use crate::cli::json::{KeyLine, Preview, TemplateLine};
use crate::cli::migrate::Migration;
use crate::config::Config;
use crate::domain::audit::shipping::CursorId;
use crate::domain::channel::Channel;
use crate::domain::message::{ChangeNotice, MessageFacts};
use crate::service::Senders;
use crate::service::api::DeskClient;
use crate::service::delivery::test_message::{TestMessageError, TestMessageOutcome};
use crate::service::delivery::worker::OutboxWorker;
use crate::service::ports::Store;

/// The context around the command line. Nothing in it is opened before a command
/// asks for it: `completions` must work where nothing else does.
#[async_trait]
pub trait AppContext: Send + Sync {
    /// Whether the interface can be shown here; if not, one line that says what
    /// is needed.
    fn terminal(&self) -> Result<(), String>;
    /// Begins to write the program's own doings into the log file; what goes
    /// wrong there is a sentence, and no reason to stop.
    fn keep_log(&self, config: &Config) -> Result<(), String>;
    /// The desk, wherever it runs.
    async fn desk(&self, config: &Config) -> Result<DeskClient, Failure>;
    /// What works the outbox in this process.
    async fn outbox_worker(&self, config: &Config) -> Result<OutboxWorker, Failure>;
    /// Sends a message without a code to a contact, by each provider of its channel.
    async fn send_test(
        &self,
        config: &Config,
        to: &str,
    ) -> Result<Result<Vec<TestMessageOutcome>, TestMessageError>, Failure>;
    /// The store alone.
    async fn store(&self, config: &Config) -> Result<Arc<dyn Store>, Failure>;
    /// The senders alone; nothing is connected yet.
    fn senders(&self, config: &Config) -> Result<Senders, Failure>;
    /// The cursor by which this configuration ships the log; none where it ships nowhere.
    fn shipping_cursor(&self, config: &Config) -> Result<Option<CursorId>, Failure>;
    /// What there is to say about each template of a message.
    fn check_templates(&self, config: &Config) -> Vec<TemplateLine>;
    /// A message as it would be sent.
    fn preview(
        &self,
        config: &Config,
        channel: Channel,
        facts: &MessageFacts,
    ) -> Result<Preview, Failure>;
    /// What a changed contact would be told.
    fn preview_notice(&self, config: &Config, notice: &ChangeNotice) -> Result<Preview, Failure>;
    /// Creates or updates the store's tables, and makes the key file where there
    /// is none.
    async fn migrate(&self, config: &Config) -> Result<Migration, Failure>;
    /// Marks the store as one of real customers, for good; whether it was not yet.
    async fn mark_production(&self, config: &Config) -> Result<bool, Failure>;
    /// Marks the store as one of a rehearsal, with its scripted customers; whether it was not
    /// yet.
    async fn mark_rehearsal(&self, config: &Config) -> Result<bool, Failure>;
    /// The keys by name, the current one first.
    fn keys(&self, config: &Config) -> Result<Vec<KeyLine>, Failure>;
    /// Makes a new current key; gives its name.
    async fn rotate_keys(&self, config: &Config) -> Result<String, Failure>;
    /// The desk service, until a signal ends it. It keeps the log itself.
    async fn serve(&self, config: &Config) -> Result<Exit, Failure>;
    /// The interface, until the person leaves it. It keeps the log itself.
    async fn interface(&self, config: &Config) -> Result<Exit, Failure>;
    /// The configuration of the demo that runs in another terminal, if one does.
    fn running_demo(&self) -> Result<Option<Config>, Failure>;
    /// The interface on a throw-away store with sample customers.
    async fn demo(&self) -> Result<Exit, Failure>;
}
