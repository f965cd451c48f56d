//! The only place that names concrete adapters: it builds the desk from the configuration and
//! passes it to the command line or the interface.

mod demo;
mod keys;
mod serve;
mod templates;

use std::fmt::Display;
use std::mem;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::OnceCell;
use tokio_util::sync::CancellationToken;

use crate::cli::app_context::AppContext;
use crate::cli::exit::{Exit, Failure};
use crate::cli::json::{KeyLine, Preview, TemplateLine};
use crate::cli::migrate::Migration;
use crate::config::Config;
use crate::config::settings::{Environment, NamedShipping, StoreSettings};
use crate::delivery::{self, DeliveryError, Templates};
use crate::domain::audit::shipping::CursorId;
use crate::domain::channel::Channel;
use crate::domain::event::Actor;
use crate::domain::message::{ContactNotice, MessageFacts};
use crate::domain::outcome::Outcome;
use crate::domain::text;
use crate::lifecycle::{Lifecycle, Signal, Signals};
use crate::random::OsRandom;
use crate::remote::protocol::{Rejection, Welcome};
use crate::remote::{ConnectError, RemoteDesk};
use crate::service::api::{Authentication, Caller, DeskClient, Role};
use crate::service::audit::seal::SealWorker;
use crate::service::audit::ship::Shipping;
use crate::service::delivery::test_message::{TestMessageError, TestMessageOutcome};
use crate::service::delivery::worker::OutboxWorker;
use crate::service::ports::{Sender, Store, StoreError, StoreHealth as _};
use crate::service::{Desk, DeskError, Office, Route, Senders};
use crate::store::{Migrated, SqlStore, StoreUse};
use crate::telemetry;
use crate::tui::machine::counter_info::Mark;
use crate::tui::{self, End, Opening, RunError};

pub use crate::wiring::demo::Demo;
use crate::wiring::keys::{FileKeys, FileTrailKeys};

/// Timeout for closing the stores at exit, so that an unreachable server delays nobody.
const CLOSE_TIMEOUT: Duration = Duration::from_millis(400);

/// Timeout of the store check at the start.
const STORE_CHECK_TIMEOUT: Duration = Duration::from_secs(2);

/// Concurrent outbox messages beside an interface; few, since the terminal is for its clerk first.
const CONCURRENT_MESSAGES: usize = 4;

/// The app context of the program.
#[derive(Default)]
pub struct Wiring {
    /// The open stores, to be closed at exit.
    opened: Mutex<Vec<Arc<SqlStore>>>,
    desk: OnceCell<Desk>,
    /// The desk service that this terminal uses.
    remote: OnceCell<RemoteTerminal>,
}

/// A terminal of a desk service.
#[derive(Clone)]
struct RemoteTerminal {
    client: DeskClient,
    environment: Environment,
}

impl Wiring {
    /// Connects to the configured desk service, once.
    async fn connect(&self, socket: &Path, is_interface: bool) -> Result<RemoteTerminal, Failure> {
        let connect = || async {
            let (desk, welcome) =
                RemoteDesk::connect(socket, Arc::new(OsRandom), is_interface).await?;
            let environment = environment_of(&welcome);
            let client = DeskClient::new(Arc::new(desk), welcome.profile);
            Ok(RemoteTerminal { client, environment })
        };
        let connected = self.remote.get_or_try_init(connect).await;
        connected.cloned().map_err(|error| not_connected(&error))
    }

    async fn open(&self, config: &Config) -> Result<Arc<SqlStore>, Failure> {
        own_desk(config)?;
        let store_use = store_use(config.environment);
        let store = SqlStore::open_for(&config.store, &config.customers, store_use).await?;
        Ok(self.keep(store))
    }

    /// Registers a store to be closed at exit.
    fn keep(&self, store: SqlStore) -> Arc<SqlStore> {
        let store = Arc::new(store);
        self.opened.lock().unwrap_or_else(PoisonError::into_inner).push(Arc::clone(&store));
        store
    }

    /// Closes the stores: a SQLite file is checkpointed, other terminals get the last change
    /// signal, and a server sees a disconnect instead of a broken connection.
    pub async fn close(&self) {
        let opened = mem::take(&mut *self.opened.lock().unwrap_or_else(PoisonError::into_inner));
        let close = async {
            for store in opened {
                store.close().await;
            }
        };
        if tokio::time::timeout(CLOSE_TIMEOUT, close).await.is_err() {
            tracing::warn!("the store was left without a farewell");
        }
    }

    /// The embedded desk, opened once per process.
    pub async fn open_desk(&self, config: &Config) -> Result<Desk, Failure> {
        self.desk.get_or_try_init(|| self.build_desk(config)).await.cloned()
    }

    async fn build_desk(&self, config: &Config) -> Result<Desk, Failure> {
        let store = self.open(config).await?;
        // An unreachable server is reported where it is needed, and retried there.
        let looked = tokio::time::timeout(STORE_CHECK_TIMEOUT, store.is_fit()).await;
        if let Ok(Err(error @ (StoreError::Refused(_) | StoreError::NotMigrated(_)))) = looked {
            return Err(error.into());
        }
        if config.uses_tray() && is_marked(&store).await {
            return Err(Failure::configuration(TRAY_IN_PRODUCTION));
        }
        let desk = Self::desk_on(config, store)?;
        // If the store is unreachable, the next request for a code stores the policy.
        if matches!(looked, Ok(Ok(())))
            && let Ok(Err(error)) =
                tokio::time::timeout(STORE_CHECK_TIMEOUT, desk.ensure_policy()).await
        {
            tracing::warn!(%error, "the policy could not be kept");
        }
        Ok(desk)
    }

    fn desk_on(config: &Config, store: Arc<dyn Store>) -> Result<Desk, Failure> {
        let senders = senders(config)?;
        let desk = Desk::new(
            store,
            senders,
            Arc::new(OsRandom),
            Arc::new(keys(config)),
            office(config),
            caller(config).actor,
        )?;
        let desk = desk.with_sign_in(config.sign_in.clone());
        let desk = desk.with_default_locale(&config.messages.default_locale);
        let desk = desk.with_trail_keys(Arc::new(FileTrailKeys::beside(&config.keys.file)));
        let desk = match &config.shipping {
            Some(shipping) => desk.with_shipping(self::shipping(shipping)?),
            None => desk,
        };
        if config.uses_tray() { Ok(desk.with_tray(delivery::tray(&config.tray))) } else { Ok(desk) }
    }
}

#[async_trait]
impl AppContext for Wiring {
    fn terminal(&self) -> Result<(), String> {
        tui::terminal::capabilities::check().map_err(|why| why.to_string())
    }

    fn keep_log(&self, config: &Config) -> Result<(), String> {
        telemetry::start(&config.log).map_err(|error| sentence(&error.to_string()))
    }

    async fn desk(&self, config: &Config) -> Result<DeskClient, Failure> {
        if let Some(socket) = &config.desk_socket {
            return Ok(self.connect(socket, false).await?.client);
        }
        let desk = self.open_desk(config).await?;
        Ok(DeskClient::embedded(desk, caller(config))?)
    }

    async fn outbox_worker(&self, config: &Config) -> Result<OutboxWorker, Failure> {
        Ok(OutboxWorker::new(self.open_desk(config).await?))
    }

    async fn send_test(
        &self,
        config: &Config,
        to: &str,
    ) -> Result<Result<Vec<TestMessageOutcome>, TestMessageError>, Failure> {
        Ok(self.open_desk(config).await?.send_test(to).await)
    }

    async fn store(&self, config: &Config) -> Result<Arc<dyn Store>, Failure> {
        Ok(self.open(config).await?)
    }

    fn senders(&self, config: &Config) -> Result<Senders, Failure> {
        own_desk(config)?;
        senders(config)
    }

    fn shipping_cursor(&self, config: &Config) -> Result<Option<CursorId>, Failure> {
        let shipping = config.shipping.as_ref().map(shipping).transpose()?;
        Ok(shipping.map(|it| it.cursor().clone()))
    }

    fn check_templates(&self, config: &Config) -> Vec<TemplateLine> {
        templates::check(config)
    }

    fn preview(
        &self,
        config: &Config,
        channel: Channel,
        facts: &MessageFacts,
    ) -> Result<Preview, Failure> {
        templates::preview(&config.messages, channel, facts)
    }

    fn preview_notice(&self, config: &Config, notice: &ContactNotice) -> Result<Preview, Failure> {
        templates::preview_notice(&config.messages, notice)
    }

    async fn migrate(&self, config: &Config) -> Result<Migration, Failure> {
        own_desk(config)?;
        let store = SqlStore::as_it_is(&config.store, &config.customers).await?;
        let Migrated { from, to, view } = self.keep(store).migrate().await?;
        let key_file = (!config.keys.file.exists()).then(|| config.keys.file.clone());
        keys(config).load().map_err(DeskError::from)?;
        Ok(Migration { from, to, view, key_file })
    }

    async fn mark_production(&self, config: &Config) -> Result<bool, Failure> {
        let store = self.open(config).await?;
        Ok(store.mark_production(&caller(config).actor).await?)
    }

    async fn mark_rehearsal(&self, config: &Config) -> Result<bool, Failure> {
        own_desk(config)?;
        let store = self.keep(SqlStore::open(&config.store, &config.customers).await?);
        Ok(store.mark_rehearsal(&caller(config).actor).await?)
    }

    fn keys(&self, config: &Config) -> Result<Vec<KeyLine>, Failure> {
        own_desk(config)?;
        let keys = keys(config).load().map_err(DeskError::from)?;
        let line = |key: &str, current| KeyLine { key: key.to_owned(), current };
        let retired = keys.retired().map(|id| line(id.as_str(), false));
        Ok(std::iter::once(line(keys.current().as_str(), true)).chain(retired).collect())
    }

    async fn rotate_keys(&self, config: &Config) -> Result<String, Failure> {
        // No key is rotated unless its log entry can be written.
        let desk = self.open_desk(config).await?;
        let now = desk.now().await?;
        desk.keys_about_to_rotate().await?;
        let id = keys(config).rotate(now).map_err(DeskError::from)?;
        let done = || format!("{id} signs new codes from now.");
        desk.keys_rotated(&id).await.map_err(|error| Failure::from(error).after(&done()))?;
        Ok(id.as_str().to_owned())
    }

    async fn serve(
        &self,
        config: &Config,
        listening: &mut (dyn FnMut() + Send),
    ) -> Result<Exit, Failure> {
        serve::run(self.open_desk(config).await?, config, listening).await
    }

    async fn interface(&self, config: &Config) -> Result<Exit, Failure> {
        let warning = self.keep_log(config).err();
        if let Some(socket) = &config.desk_socket {
            let RemoteTerminal { client, environment } = self.connect(socket, true).await?;
            return show(client, None, config, mark(environment), warning).await;
        }
        let mark = mark(config.environment);
        let warning = warning.or_else(|| config.no_file.clone());
        let warning = warning.or_else(|| config.own_desk_in_production().map(str::to_owned));
        let desk = self.open_desk(config).await?;
        let client = DeskClient::embedded(desk.clone(), caller(config))?;
        show(client, Some(desk), config, mark, warning).await
    }

    async fn pad_desk(&self, config: &Config) -> Result<DeskClient, Failure> {
        if config.desk_socket.is_some() {
            return self.desk(config).await;
        }
        let desk = self.open_desk(config).await?;
        Ok(DeskClient::embedded(desk, pad_caller(config))?)
    }

    async fn pad(&self, config: &Config, desk: DeskClient) -> Result<Exit, Failure> {
        if desk.profile().role != Role::Pad {
            return Err(Failure::outcome(Outcome::Forbidden, NOT_A_PAD));
        }
        let environment = self.remote.get().map_or(config.environment, |it| it.environment);
        let failed = |error: &dyn Display| Failure::internal(sentence(&error.to_string()));
        let lifecycle = Lifecycle::new();
        let mut signals = Signals::new().map_err(|error| failed(&error))?;
        let mark = mark(environment);
        ended(tui::run_pad(desk, config.ui, mark, &lifecycle, &mut signals).await)
    }

    fn running_demo(&self) -> Result<Option<Config>, Failure> {
        Demo::running()
    }

    async fn demo(&self) -> Result<Exit, Failure> {
        let demo = Demo::begin().await?;
        let warning = self.keep_log(demo.config()).err();
        let result = match self.open_desk(demo.config()).await {
            Ok(desk) => {
                let config = demo.config();
                match DeskClient::embedded(desk.clone(), caller(config)) {
                    Ok(client) => show(client, Some(desk), config, Some(Mark::Demo), warning).await,
                    Err(error) => Err(error.into()),
                }
            }
            Err(failure) => Err(failure),
        };
        self.close().await;
        demo.end();
        result
    }
}

/// Runs the interface on a desk until the clerk or a signal ends it; an embedded desk works its
/// outbox meanwhile, and seals the log of a store in a file. A warning is shown as the first message, since on standard error it would be
/// hidden by the interface.
async fn show(
    client: DeskClient,
    own_desk: Option<Desk>,
    config: &Config,
    mark: Option<Mark>,
    warning: Option<String>,
) -> Result<Exit, Failure> {
    let failed = |error: &dyn Display| Failure::internal(sentence(&error.to_string()));
    let lifecycle = Lifecycle::new();
    let mut signals = Signals::new().map_err(|error| failed(&error))?;
    let opening = Opening { settings: config.ui, mark, warning };
    let work_end = CancellationToken::new();
    if let Some(desk) = own_desk {
        if matches!(config.store, StoreSettings::Sqlite { .. }) {
            seal_trail(desk.clone(), &lifecycle, work_end.clone());
        }
        work_outbox(desk, &lifecycle, work_end.clone());
    }
    let end = tui::run(client, opening, &lifecycle, &mut signals).await;
    work_end.cancel();
    ended(end)
}

/// The exit code of an interface that ended.
fn ended(end: Result<End, RunError>) -> Result<Exit, Failure> {
    match end {
        Ok(End::Quit) => Ok(Exit::DONE),
        Ok(End::HungUp) => Ok(Exit::signal(Signal::HangUp.exit_code())),
        Ok(End::Signal(signal)) => Ok(Exit::signal(signal.exit_code())),
        Err(RunError::UnsupportedTerminal(why)) => Err(Failure::usage(why.to_string())),
        Err(RunError::Desk(error)) => Err(error.into()),
        Err(error @ RunError::Unanswered(_)) => {
            Err(Failure::outcome(Outcome::Unavailable, sentence(&error.to_string())))
        }
        Err(error) => Err(Failure::internal(sentence(&error.to_string()))),
    }
}

/// The refusal of a desk service at which the account is something else.
const NOT_A_PAD: &str = "\
    This account is no pad at the desk service. An admin adds one: countersign staff add ACCOUNT \
    --role pad.";

/// Runs the outbox worker beside the interface.
fn work_outbox(desk: Desk, lifecycle: &Lifecycle, end: CancellationToken) {
    let worker = OutboxWorker::new(desk);
    drop(lifecycle.spawn(async move { worker.run(CONCURRENT_MESSAGES, end, |_, _| {}).await }));
}

/// Seals the log beside the interface, under the lock of all sealers. On a database server the
/// account that holds the trail's key does that: counters have none.
fn seal_trail(desk: Desk, lifecycle: &Lifecycle, end: CancellationToken) {
    let sealer = SealWorker::new(desk);
    drop(lifecycle.spawn(async move { sealer.run(end).await }));
}

/// What to say beside the office's name where this is not production.
const fn mark(environment: Environment) -> Option<Mark> {
    match environment {
        Environment::Production => None,
        Environment::Development => Some(Mark::Development),
        Environment::Rehearsal => Some(Mark::Rehearsal),
    }
}

/// What the mark of the store has to agree with.
const fn store_use(environment: Environment) -> StoreUse {
    match environment {
        Environment::Production => StoreUse::Production,
        Environment::Development => StoreUse::Development,
        Environment::Rehearsal => StoreUse::Rehearsal,
    }
}

/// The refusal for a store that is marked as one of real customers.
const TRAY_IN_PRODUCTION: &str = "\
    This store is marked as one of real customers, and this configuration would put messages \
    into a tray: set up the providers, or name another store.";

/// Whether the store is known to be marked as one of real customers. If it does not answer in time,
/// it still refuses each message for a tray itself.
async fn is_marked(store: &SqlStore) -> bool {
    let mark = tokio::time::timeout(STORE_CHECK_TIMEOUT, store.production_mark()).await;
    matches!(mark, Ok(Ok(Some(_))))
}

/// Where a desk service runs.
const fn environment_of(welcome: &Welcome) -> Environment {
    if welcome.is_rehearsal {
        Environment::Rehearsal
    } else if welcome.is_production {
        Environment::Production
    } else {
        Environment::Development
    }
}

/// Refuses owner's commands at a terminal of a desk service.
fn own_desk(config: &Config) -> Result<(), Failure> {
    match &config.desk_socket {
        None => Ok(()),
        Some(socket) => Err(Failure::outcome(
            Outcome::Forbidden,
            format!(
                "This terminal works at the desk service {}, and this is for the owner of the \
                 service: run it as the service's account, with its configuration (countersign \
                 --config FILE …).",
                socket.display()
            ),
        )),
    }
}

fn not_connected(error: &ConnectError) -> Failure {
    let message = sentence(&error.to_string());
    match error {
        ConnectError::NoPermission | ConnectError::Rejected(Rejection::NotStaff { .. }) => {
            Failure::outcome(Outcome::Forbidden, message)
        }
        ConnectError::Rejected(Rejection::Version { .. }) => Failure::configuration(message),
        _ => Failure::outcome(Outcome::Unavailable, message),
    }
}

/// The caller of an embedded desk. It runs in the clerk's own process, so the role is admin.
fn caller(config: &Config) -> Caller {
    Caller {
        actor: Actor { clerk: clerk(), counter: config.office.counter.clone() },
        role: Role::Admin,
        authentication: Authentication::OwnProcess,
    }
}

/// The caller of an embedded desk that is a pad: it may do nothing else.
fn pad_caller(config: &Config) -> Caller {
    Caller { role: Role::Pad, ..caller(config) }
}

fn keys(config: &Config) -> FileKeys {
    FileKeys(config.keys.file.clone())
}

fn senders(config: &Config) -> Result<Senders, Failure> {
    let failed = |error: DeliveryError| Failure::configuration(error.to_string());
    let templates = Arc::new(Templates::load(&config.messages).map_err(failed)?);
    templates.check_office(&config.office.name).map_err(failed)?;
    routes(config, &templates).map_err(failed)
}

fn routes(config: &Config, templates: &Arc<Templates>) -> Result<Senders, DeliveryError> {
    let Config { email, email_fallback, sms, sms_fallback, whatsapp, tray, .. } = config;
    let times = delivery::SendTimeouts::default();
    let route = |main, fallback: Option<Option<Arc<dyn Sender>>>| -> Option<Route> {
        Some(Route { main: main?, fallback: fallback.flatten() })
    };
    let second_email =
        email_fallback.as_ref().map(|it| delivery::email_fallback(it, tray, templates, times));
    let second_sms =
        sms_fallback.as_ref().map(|it| delivery::sms_fallback(it, tray, templates, times));
    Ok(Senders {
        email: route(
            delivery::email_sender(email, tray, templates, times)?,
            second_email.transpose()?,
        ),
        sms: route(delivery::sms_sender(sms, tray, templates, times)?, second_sms.transpose()?),
        whatsapp: delivery::whatsapp_sender(whatsapp, tray, templates, times)?.map(Into::into),
    })
}

/// Where the log is shipped to.
fn shipping(settings: &NamedShipping) -> Result<Shipping, Failure> {
    let collector = delivery::collector(&settings.collector);
    let collector = collector.map_err(|error| Failure::configuration(error.to_string()))?;
    Ok(Shipping::new(&settings.name, collector))
}

fn office(config: &Config) -> Office {
    Office {
        name: config.office.name.clone(),
        purposes: config.purposes.clone(),
        documents: config.documents.clone(),
        otp: config.otp.clone(),
        limits: config.limits,
        phones: config.phones.clone(),
        retention: config.retention,
        four_eyes: config.staff.four_eyes.clone(),
        external_customers: config.customers.table.is_some(),
    }
}

/// The clerk's name: the operating system's account of this terminal or SSH login, not an
/// environment variable that anyone can set.
fn clerk() -> String {
    let name = whoami::username().ok();
    name.as_deref().and_then(text::clean_optional).unwrap_or_else(|| "unknown".into())
}

/// Turns an error text into a sentence.
fn sentence(error: &str) -> String {
    let mut chars = error.chars();
    let first: String = chars.next().into_iter().flat_map(char::to_uppercase).collect();
    format!("{first}{}.", chars.as_str())
}
