//! Real database servers for tests and benches: each process starts its own in a temporary folder
//! when the first test needs it, and each test gets a database of its own. Servers and folders are
//! removed with the process.
//!
//! ```ignore
//! let database = Server::postgres().database("lookup");
//! let migrated = Server::postgres().template("office", async |url| migrate(url).await);
//! let lost = Server::new(Kind::MariaDb, Options::default()); // may be stopped, killed, paused
//! ```
//!
//! Every call may be made from a plain test and from within a runtime.

#![expect(clippy::expect_used, reason = "a test ends where its ground gives way")]
#![allow(dead_code, reason = "no test needs all of it")]

#[path = "../certificates.rs"]
mod certificates;
mod keeper;
mod mariadb;
mod postgres;

use std::collections::HashMap;
use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::{env, panic, process, thread};

use keeper::{Keeper, Owner};
use rustix::process::Signal;

/// The owner of each database; not an administrator.
pub(crate) const USER: &str = "counter";
/// The administrator.
pub(crate) const ADMIN: &str = "admin";
pub(crate) const PASSWORD: &str = "canary-Passw0rd-db71";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Postgres,
    MariaDb,
}

/// Options of a server.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Options {
    /// Whether commits survive a power failure. Benches and tests that kill the server need it;
    /// without it a server is faster.
    pub(crate) durable: bool,
    /// Whether it has a certificate (see [`Server::ca`]) and refuses TCP connections without TLS.
    pub(crate) tls: bool,
    pub(crate) max_connections: u16,
    /// Further settings as `name=value`.
    pub(crate) settings: &'static [&'static str],
}

impl Default for Options {
    fn default() -> Self {
        Self { durable: false, tls: false, max_connections: 100, settings: &[] }
    }
}

/// A database, empty or a copy of a template.
#[derive(Clone, Debug)]
pub(crate) struct Database {
    pub(crate) name: String,
    /// For the owner of the database.
    pub(crate) url: String,
    /// For the administrator.
    pub(crate) admin_url: String,
}

/// A server, running or stopped.
pub(crate) struct Server {
    kind: Kind,
    port: u16,
    folder: PathBuf,
    command: Command,
    keeper: Mutex<Keeper>,
    /// Databases to be copied, by template name.
    templates: Mutex<HashMap<&'static str, String>>,
    databases: AtomicU32,
}

impl Server {
    /// The shared PostgreSQL server of this process.
    pub(crate) fn postgres() -> &'static Self {
        static SERVER: OnceLock<Server> = OnceLock::new();
        SERVER.get_or_init(|| Self::new(Kind::Postgres, Options::default()))
    }

    /// The shared MariaDB server of this process.
    pub(crate) fn mariadb() -> &'static Self {
        static SERVER: OnceLock<Server> = OnceLock::new();
        SERVER.get_or_init(|| Self::new(Kind::MariaDb, Options::default()))
    }

    /// A separate server, which ends when it is dropped.
    pub(crate) fn new(kind: Kind, options: Options) -> Self {
        let (owner, end) = match kind {
            // SIGQUIT is an immediate shutdown in which PostgreSQL still removes its shared memory.
            Kind::Postgres => (Owner::unprivileged(), "QUIT"),
            Kind::MariaDb => (None, "KILL"),
        };
        let mut keeper = Keeper::new(options.durable, end, owner);
        let folder = keeper.folder().to_owned();
        if options.tls {
            certificates::certify(&folder, &["127.0.0.1", "localhost"], false);
        }
        let port = free_port();
        let (command, welcome) = match kind {
            Kind::Postgres => {
                keeper.run(&postgres::install(&folder));
                postgres::admit(&folder, options, owner);
                (postgres::command(&folder, port, options), postgres::welcome())
            }
            Kind::MariaDb => {
                keeper.run(&mariadb::install(&folder));
                (mariadb::command(&folder, port, options), mariadb::welcome())
            }
        };
        let server = Self {
            kind,
            port,
            folder,
            command,
            keeper: Mutex::new(keeper),
            templates: Mutex::default(),
            databases: AtomicU32::default(),
        };
        server.start();
        server.execute(&welcome);
        server
    }

    pub(crate) fn kind(&self) -> Kind {
        self.kind
    }

    /// Its port on 127.0.0.1.
    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// The folder of its data, log and sockets.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// The CA certificate, if it has TLS.
    pub(crate) fn ca(&self) -> PathBuf {
        self.folder.join("ca.pem")
    }

    /// The id of its main process while it runs.
    pub(crate) fn pid(&self) -> Option<i32> {
        self.keeper().server()
    }

    /// A new, empty database whose name begins with `prefix` (lower-case letters, digits and `_`).
    pub(crate) fn database(&self, prefix: &str) -> Database {
        self.create(prefix, None)
    }

    /// A new database with the content that `prepare` creates, given the owner's URL. On PostgreSQL
    /// it is prepared once per name and then copied.
    pub(crate) fn template(
        &self,
        name: &'static str,
        prepare: impl AsyncFnOnce(&str) + Send,
    ) -> Database {
        if self.kind == Kind::MariaDb {
            let database = self.create(name, None);
            block_on(async || prepare(&database.url).await);
            return database;
        }
        let mut templates = self.templates.lock().unwrap_or_else(PoisonError::into_inner);
        let template = templates.get(name).cloned().unwrap_or_else(|| {
            let template = self.create(name, None);
            block_on(async || prepare(&template.url).await);
            self.execute(&postgres::seal(&template.name));
            templates.insert(name, template.name.clone());
            template.name
        });
        drop(templates);
        self.create(name, Some(&template))
    }

    fn create(&self, prefix: &str, template: Option<&str>) -> Database {
        let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        assert!(prefix.chars().all(fits), "{prefix:?} is no name of a database");
        let number = self.databases.fetch_add(1, Ordering::Relaxed);
        let name = format!("{prefix}_{number}");
        self.execute(&match self.kind {
            Kind::Postgres => postgres::create(&name, template),
            Kind::MariaDb => mariadb::create(&name),
        });
        let scheme = match self.kind {
            Kind::Postgres => "postgres",
            Kind::MariaDb => "mysql",
        };
        let url =
            |user: &str| format!("{scheme}://{user}:{PASSWORD}@127.0.0.1:{}/{name}", self.port);
        Database { url: url(USER), admin_url: url(ADMIN), name }
    }

    /// Dumps a database; on PostgreSQL, its schema `public`.
    pub(crate) fn dump(&self, database: &Database) -> String {
        let mut command = match self.kind {
            Kind::Postgres => postgres::dump("public", &database.url),
            Kind::MariaDb => mariadb::dump(&self.folder, &database.name),
        };
        let dump = command.output().expect("a dump");
        assert!(dump.status.success(), "{}", String::from_utf8_lossy(&dump.stderr));
        let dump = String::from_utf8(dump.stdout).expect("a text");
        // PostgreSQL's dump has a random token in its `\restrict` lines.
        dump.lines().filter(|line| !line.contains("restrict ")).collect::<Vec<_>>().join("\n")
    }

    /// Shuts the server down; connected clients are cut off.
    pub(crate) fn stop(&self) {
        let mut keeper = self.keeper();
        keeper.signal(match self.kind {
            Kind::Postgres => Signal::INT,
            Kind::MariaDb => Signal::TERM,
        });
        keeper.wait();
    }

    /// Kills the server, as in a machine failure.
    pub(crate) fn kill(&self) {
        self.keeper().kill();
    }

    /// Starts a stopped or killed server again, on the same port.
    pub(crate) fn start(&self) {
        self.keeper().start(&self.command, || self.try_execute(&[]).is_ok());
    }

    /// Makes the server unresponsive; its connections stay open.
    pub(crate) fn pause(&self) {
        self.keeper().pause();
    }

    /// Ends a pause.
    pub(crate) fn resume(&self) {
        self.keeper().resume();
    }

    /// Creates an account that may connect to a database and nothing else, with the common
    /// password.
    pub(crate) fn stranger(&self, database: &Database, name: &str) -> String {
        let name = format!("{name}_{}", database.name);
        self.execute(&match self.kind {
            Kind::Postgres => postgres::stranger(&name),
            Kind::MariaDb => mariadb::stranger(&name, &database.name),
        });
        name
    }

    /// Replaces the certificate of a server with TLS by one of another CA.
    pub(crate) fn certify(&self, names: &[&str], expired: bool) {
        self.stop();
        // Overwriting keeps the owner of the files.
        certificates::certify(&self.folder, names, expired);
        self.start();
    }

    fn keeper(&self) -> MutexGuard<'_, Keeper> {
        self.keeper.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn execute(&self, statements: &[String]) {
        self.try_execute(statements).expect("a server that does as its administrator says");
    }

    fn try_execute(&self, statements: &[String]) -> Result<(), sqlx::Error> {
        block_on(async || match self.kind {
            Kind::Postgres => postgres::execute(&self.folder, self.port, statements).await,
            Kind::MariaDb => mariadb::execute(&self.folder, statements).await,
        })
    }
}

/// Runs a future on a separate thread, with or without a runtime here.
fn block_on<T: Send>(work: impl AsyncFnOnce() -> T + Send) -> T {
    let run = || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        runtime.expect("a runtime").block_on(work())
    };
    thread::scope(|scope| scope.spawn(run).join())
        .unwrap_or_else(|panicked| panic::resume_unwind(panicked))
}

/// A free port below the ephemeral range, so that it is still free when the server is started
/// again.
fn free_port() -> u16 {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    // Processes that start at the same time search from different ports.
    let begin = process::id().wrapping_mul(97) % 20_000;
    let count = NEXT.fetch_add(1, Ordering::Relaxed);
    (0..20_000)
        .filter_map(|step| u16::try_from(10_000 + (begin + count + step) % 20_000).ok())
        .find(|&port| TcpListener::bind(("127.0.0.1", port)).is_ok())
        .expect("a free port")
}

fn folders_of_path() -> Vec<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path).filter_map(|folder| fs::canonicalize(folder).ok()).collect()
}

fn missing(what: &str) -> ! {
    panic!("the tests need {what}, which is not installed here: run .ci/install")
}
