//! An office with a configuration of its own, whose workers are processes.

#![expect(clippy::expect_used, reason = "a test ends where its ground gives way")]

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use countersign::cli::app_context::AppContext as _;
use countersign::config::{Config, ProcessEnvironment};
use countersign::domain::channel::Channel;
use countersign::domain::contact::{EmailAddress, PhoneNumber};
use countersign::domain::customer::{CustomerId, NewCustomer, Unsaid};
use countersign::domain::request::Request;
use countersign::service::Desk;
use countersign::service::ports::{CustomerKey, Store};
use countersign::service::verification::request::{CodeRequest, CodeRequestOutcome};
use countersign::wiring::Wiring;
use rustix::process::{Pid, Signal, kill_process};
use sqlx::postgres::PgConnectOptions;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions as _, PgConnection, SqliteConnection};
use tempfile::TempDir;

use crate::servers::{Database, Server};

/// Longer than anything here takes on a busy machine.
const TEST_TIMEOUT: Duration = Duration::from_mins(2);

/// What is behind the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Sqlite,
    Postgres,
}

pub(crate) struct ProcessOffice {
    folder: TempDir,
    database: Option<Database>,
    pub(crate) desk: Desk,
    store: Arc<dyn Store>,
    wiring: Wiring,
}

/// A connection behind the store's back.
pub(crate) enum Raw {
    Sqlite(SqliteConnection),
    Postgres(PgConnection),
}

impl ProcessOffice {
    /// An office with so many customers that sends as `senders` says.
    pub(crate) async fn open(kind: Kind, senders: &str, customers: usize) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let database = (kind == Kind::Postgres).then(|| Server::postgres().database("outbox"));
        let url = database.as_ref().map_or("sqlite:desk.db", |it| it.url.as_str());
        let text = format!(
            "[office]\nname = \"Riverside Billing\"\ncounter = \"3\"\n[store]\nurl = \"{url}\"\n\
             [keys]\nfile = \"desk.keys\"\n[tray]\nfile = \"tray.jsonl\"\n\
             [log]\nfile = \"desk.log\"\nlevel = \"trace\"\n[otp]\nresend_cooldown_seconds = 0\n\
             [limits]\nper_contact = 100000\nper_customer = 100000\nper_clerk = 100000\n\
             per_counter = 100000\nin_all = 100000\n{senders}\n"
        );
        let path = folder.path().join("config.toml");
        fs::write(&path, text).expect("written");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).expect("closed");
        let home = folder.path().to_str().expect("UTF-8").to_owned();
        let surroundings = ProcessEnvironment::new(folder.path(), [("HOME", home.as_str())]);
        let config = Config::load_in(Some(&path), &surroundings).expect("a configuration");
        let wiring = Wiring::default();
        wiring.migrate(&config).await.expect("tables");
        let desk = wiring.open_desk(&config).await.expect("a desk");
        let store = wiring.store(&config).await.expect("a store");
        let people: Vec<_> = (0..customers).map(person).collect();
        desk.import_batch(&people, false).await.expect("imported");
        Self { folder, database, desk, store, wiring }
    }

    /// Asks for a code for a customer; nothing is sent.
    pub(crate) async fn ask(&self, customer: usize, channel: Channel) -> Request {
        let account = account(customer);
        let key = CustomerKey::Account(&account);
        let found = self.store.identify(key).await.expect("a search");
        let customer: CustomerId = found.first().expect("a customer").id;
        let idempotency = self.desk.new_idempotency_key().expect("a name");
        let ask = CodeRequest {
            customer,
            channel,
            purpose: "pay a bill".into(),
            representative: None,
            idempotency,
        };
        match self.desk.ask(&ask).await.expect("an answer") {
            CodeRequestOutcome::Ready(request) => request,
            other => panic!("no code: {other:?}"),
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn command(&self, log: &str, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_countersign"));
        command
            .env_clear()
            .env("HOME", self.folder.path())
            .env("TZ", "UTC")
            .env("COUNTERSIGN_CONFIG", self.path("config.toml"))
            .env("COUNTERSIGN__LOG__FILE", self.path(log))
            .current_dir(self.folder.path())
            .args(arguments)
            .stdin(Stdio::null());
        command
    }

    /// Runs a command; gives what it printed.
    pub(crate) fn run(&self, arguments: &[&str]) -> String {
        let ran = self.command("run.log", arguments).output().expect("it runs");
        let out = String::from_utf8_lossy(&ran.stdout).into_owned();
        assert!(ran.status.success(), "{arguments:?}: {out}{:?}", ran.stderr);
        out
    }

    /// A worker: `countersign deliver --watch`. What it prints lies among the logs.
    pub(crate) fn worker(&self, name: &str) -> Worker {
        let mut command = self.command(&format!("{name}.log"), &["deliver", "--watch"]);
        let out = fs::File::create(self.path(&format!("{name}.log.out"))).expect("a file");
        Worker(command.stdout(out).stderr(Stdio::null()).spawn().expect("it starts"))
    }

    /// Waits until nothing is left to be done, or `enough`.
    pub(crate) async fn idle(&self, enough: impl AsyncFn() -> bool) {
        let begun = Instant::now();
        while self.desk.next_due().await.expect("an answer").is_some() && !enough().await {
            assert!(begun.elapsed() < TEST_TIMEOUT, "there is always more to do");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// A connection behind the store's back.
    pub(crate) async fn raw(&self) -> Raw {
        match &self.database {
            None => {
                let options = SqliteConnectOptions::new().filename(self.path("desk.db"));
                Raw::Sqlite(options.disable_statement_logging().connect().await.expect("open"))
            }
            Some(database) => {
                let options: PgConnectOptions = database.url.parse().expect("a URL");
                let options = options.options([("search_path", "countersign")]);
                Raw::Postgres(options.disable_statement_logging().connect().await.expect("open"))
            }
        }
    }

    /// Lets so many milliseconds pass for what is still to be done.
    pub(crate) async fn pass(&self, millis: u64) {
        let text = format!(
            "UPDATE core_outbox SET due_at = due_at - {millis}, begun_at = begun_at - {millis}"
        );
        self.raw().await.run(&text).await;
    }

    /// Everything the processes logged.
    pub(crate) fn logs(&self) -> String {
        let folder = fs::read_dir(self.folder.path()).expect("a folder");
        let paths = folder.map(|entry| entry.expect("an entry").path());
        let logs = paths.filter(|path| path.to_string_lossy().contains(".log"));
        logs.map(|path| fs::read_to_string(path).expect("a log")).collect()
    }

    pub(crate) async fn close(self) {
        drop(self.desk);
        self.wiring.close().await;
    }
}

impl Raw {
    pub(crate) async fn run(&mut self, text: &str) {
        let script = sqlx::raw_sql(AssertSqlSafe(text.to_owned()));
        let done = match self {
            Self::Sqlite(raw) => script.execute(raw).await.map(drop),
            Self::Postgres(raw) => script.execute(raw).await.map(drop),
        };
        done.unwrap_or_else(|error| panic!("{text}: {error}"));
    }

    pub(crate) async fn number(&mut self, text: &str) -> i64 {
        let query = sqlx::query_scalar(AssertSqlSafe(text.to_owned()));
        match self {
            Self::Sqlite(raw) => query.fetch_one(raw).await.expect("a number"),
            Self::Postgres(raw) => {
                let query = sqlx::query_scalar(AssertSqlSafe(text.to_owned()));
                query.fetch_one(raw).await.expect("a number")
            }
        }
    }

    /// Lets nobody write what came of a message.
    pub(crate) async fn lock(&mut self) {
        match self {
            Self::Sqlite(_) => self.run("BEGIN IMMEDIATE").await,
            Self::Postgres(_) => {
                self.run("BEGIN; LOCK TABLE core_outbox IN EXCLUSIVE MODE").await;
            }
        }
    }
}

/// A process that works the outbox. It ends with the test.
pub(crate) struct Worker(Child);

impl Worker {
    /// Ends it in the middle of whatever it does (SIGKILL).
    pub(crate) fn kill(mut self) {
        self.0.kill().expect("killed");
        self.0.wait().expect("an end");
    }

    /// Asks it to end (SIGTERM), and waits until it has.
    pub(crate) async fn end(mut self) {
        let pid = Pid::from_child(&self.0);
        kill_process(pid, Signal::TERM).expect("asked");
        let begun = Instant::now();
        while self.0.try_wait().expect("a state").is_none() {
            assert!(begun.elapsed() < TEST_TIMEOUT, "it does not end");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn account(number: usize) -> String {
    format!("WB-{number:04}")
}

pub(crate) fn email(number: usize) -> String {
    format!("dana{number}@example.org")
}

fn person(number: usize) -> NewCustomer {
    let phone = format!("+1 555 01{:05}", number + 10_000);
    NewCustomer {
        account_no: account(number),
        name: format!("Dana Rivera {number:04}"),
        email: Some(EmailAddress::parse(&email(number)).expect("an address")),
        phone: PhoneNumber::parse(&phone, "US").ok(),
        address: None,
        locale: None,
        balance: None,
        unsaid: Unsaid::default(),
    }
}
