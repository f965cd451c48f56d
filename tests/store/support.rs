//! What the tests of the store share: stores on files of their own, people to
//! verify, and a way to move time.

mod sign_again;
mod terminal;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use countersign::config::settings::{
    CustomerSettings, Identifier, ServerAddress, ServerKind, ServerSettings, StoreSettings,
    StoreTls,
};
use countersign::service::ports::StoreError;
use countersign::store::SqlStore;
use sqlx::mysql::MySqlConnectOptions;
use sqlx::postgres::PgConnectOptions;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions, MySqlConnection, PgConnection, SqliteConnection};

use crate::servers::{self, Database, Server};

pub(crate) use terminal::{
    HOLDER, TRAY, Terminal, Wish, actor, email, keyring, limits, new_customer, next, phone, token,
    wish, with_email, with_phone,
};

/// Runs each test on each kind of store.
macro_rules! on_each_store {
    ($(async fn $test:ident($fixture:ident) $body:block)+) => {
        on_each_store! { @ sqlite Sqlite $($test)+ }
        on_each_store! { @ postgres Postgres $($test)+ }
        on_each_store! { @ mariadb MariaDb $($test)+ }
        $(async fn $test($fixture: $crate::support::TestStore) $body)+
    };
    (@ $module:ident $kind:ident $($test:ident)+) => {
        mod $module {
            use $crate::support::{TestStore, Kind};

            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
                async fn $test() {
                    super::$test(TestStore::new(Kind::$kind)).await;
                }
            )+
        }
    };
}
pub(crate) use on_each_store;

/// What can be behind a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Sqlite,
    Postgres,
    MariaDb,
}

/// The place of a store.
enum Place {
    Folder(tempfile::TempDir),
    Server(Database),
}

/// A store of its own, opened as often as a test likes.
pub(crate) struct TestStore {
    kind: Kind,
    place: Place,
}

impl TestStore {
    pub(crate) fn new(kind: Kind) -> Self {
        let place = match kind {
            Kind::Sqlite => Place::Folder(tempfile::tempdir().expect("a folder")),
            Kind::Postgres => Place::Server(Server::postgres().template("office", migrate)),
            Kind::MariaDb => Place::Server(Server::mariadb().template("office", migrate)),
        };
        Self { kind, place }
    }

    /// A store whose tables nobody has made yet.
    pub(crate) fn empty(kind: Kind) -> Self {
        let place = match kind {
            Kind::Sqlite => return Self::new(kind),
            Kind::Postgres => Place::Server(Server::postgres().database("empty")),
            Kind::MariaDb => Place::Server(Server::mariadb().database("empty")),
        };
        Self { kind, place }
    }

    /// A store on a server of the caller's own.
    pub(crate) fn on(server: &Server) -> Self {
        let kind = match server.kind() {
            servers::Kind::Postgres => Kind::Postgres,
            servers::Kind::MariaDb => Kind::MariaDb,
        };
        Self { kind, place: Place::Server(server.template("office", migrate)) }
    }

    pub(crate) fn sqlite() -> Self {
        Self::new(Kind::Sqlite)
    }

    pub(crate) fn kind(&self) -> Kind {
        self.kind
    }

    /// The file of a store in a file.
    pub(crate) fn file(&self) -> PathBuf {
        match &self.place {
            Place::Folder(folder) => folder.path().join("store.db"),
            Place::Server(_) => panic!("a store on a server has no file"),
        }
    }

    pub(crate) fn settings(&self) -> StoreSettings {
        match &self.place {
            Place::Folder(_) => StoreSettings::Sqlite { file: self.file() },
            Place::Server(database) => server(&database.url),
        }
    }

    /// One more terminal on the same store, with connections of its own.
    pub(crate) async fn open(&self) -> Arc<SqlStore> {
        Arc::new(open(&self.settings()).await.expect("the store opens"))
    }

    /// The file behind the store's back.
    pub(crate) async fn raw(&self) -> SqliteConnection {
        SqliteConnectOptions::new()
            .filename(self.file())
            .disable_statement_logging()
            .connect()
            .await
            .expect("the file opens")
    }

    /// Runs statements behind the store's back.
    pub(crate) async fn sql(&self, text: &str) {
        let script = || sqlx::raw_sql(AssertSqlSafe(text.to_owned()));
        let done = match (&self.place, self.kind) {
            (Place::Server(it), Kind::Postgres) => {
                script().execute(&mut postgres(it).await).await.map(drop)
            }
            (Place::Server(it), _) => script().execute(&mut mysql(it).await).await.map(drop),
            _ => script().execute(&mut self.raw().await).await.map(drop),
        };
        done.unwrap_or_else(|error| panic!("{text}: {error}"));
    }

    /// Reads one number behind the store's back.
    pub(crate) async fn number(&self, text: &str) -> i64 {
        let text = AssertSqlSafe(text.to_owned());
        let number = match (&self.place, self.kind) {
            (Place::Server(it), Kind::Postgres) => {
                sqlx::query_scalar(text).fetch_one(&mut postgres(it).await).await
            }
            (Place::Server(it), _) => {
                sqlx::query_scalar(text).fetch_one(&mut mysql(it).await).await
            }
            _ => sqlx::query_scalar(text).fetch_one(&mut self.raw().await).await,
        };
        number.expect("a number")
    }

    /// Reads the texts of one column behind the store's back.
    pub(crate) async fn texts(&self, text: &str) -> Vec<String> {
        let query = AssertSqlSafe(text.to_owned());
        let texts = match (&self.place, self.kind) {
            (Place::Server(it), Kind::Postgres) => {
                sqlx::query_scalar(query).fetch_all(&mut postgres(it).await).await
            }
            (Place::Server(it), _) => {
                sqlx::query_scalar(query).fetch_all(&mut mysql(it).await).await
            }
            _ => sqlx::query_scalar(query).fetch_all(&mut self.raw().await).await,
        };
        texts.unwrap_or_else(|error| panic!("{text}: {error}"))
    }

    /// The database of a store on a server.
    pub(crate) fn database(&self) -> &Database {
        match &self.place {
            Place::Server(database) => database,
            Place::Folder(_) => panic!("a store in a file is on no server"),
        }
    }

    /// The store's clock in a statement.
    pub(crate) fn now(&self) -> &'static str {
        match self.kind {
            Kind::Sqlite => "CAST(round(unixepoch('subsec') * 1000) AS INTEGER)",
            Kind::Postgres => "CAST(EXTRACT(EPOCH FROM statement_timestamp()) * 1000 AS BIGINT)",
            Kind::MariaDb => "CAST(UNIX_TIMESTAMP(NOW(3)) * 1000 AS SIGNED)",
        }
    }

    /// Lets so many milliseconds pass: everything stored is that much older.
    pub(crate) async fn pass(&self, millis: i64) {
        self.pass_in(&[TIMES_OF_VERSION_SEVEN.as_slice(), &LATER_TIMES].concat(), millis).await;
    }

    /// The same for some of the tables.
    pub(crate) async fn pass_in(&self, tables: &[(&str, &str)], millis: i64) {
        let text = tables.iter().map(|(table, columns)| {
            let set: Vec<String> =
                columns.split(' ').map(|it| format!("{it} = {it} - {millis}")).collect();
            format!("UPDATE {table} SET {};", set.join(", "))
        });
        let text: Vec<String> = text.collect();
        self.sql(&format!("BEGIN; {} COMMIT;", text.concat())).await;
        self.sign_again().await;
    }
}

/// The columns with a moment in them, in a store of version 7.
pub(crate) const TIMES_OF_VERSION_SEVEN: [(&str, &str); 10] = [
    ("core_otp", "created_at sent_at expires_at resend_at closed_at"),
    ("core_otp_retired", "sent_at expires_at"),
    ("core_delivery", "created_at updated_at"),
    ("core_outbox", "useful_until due_at begun_at"),
    ("core_session", "created_at expires_at idle_at"),
    ("core_guard", "updated_at"),
    ("core_event", "at"),
    ("core_contact", "bound_at"),
    ("core_notice", "created_at due_at"),
    ("core_trial", "created_at"),
];

/// Those of tables that came later.
const LATER_TIMES: [(&str, &str); 11] = [
    ("core_guard", "told_at told_since"),
    ("core_contact_state", "arrived_at failed_at"),
    ("core_alarm", "raised_at acknowledged_at"),
    ("core_alarm_mail", "due_at mailed_at failed_at"),
    ("core_event", "asked_at"),
    ("core_flag", "set_at until_at"),
    ("core_customer_factor", "made_at"),
    ("core_backup_code", "used_at"),
    ("core_clerk_guard", "since"),
    ("core_sign_in", "expires_at reset_at blocked_until failed_at signed_in_at"),
    ("core_sitting", "since active_at lease_until ended_at"),
];

async fn migrate(url: &str) {
    let store = open(&server(url)).await.expect("the store opens");
    store.migrate().await.expect("the tables are made");
    store.close().await;
}

pub(crate) async fn postgres(database: &Database) -> PgConnection {
    let options: PgConnectOptions = database.url.parse().expect("a URL");
    let options = options.options([("search_path", "countersign")]).disable_statement_logging();
    options.connect().await.expect("a connection")
}

pub(crate) async fn mysql(database: &Database) -> MySqlConnection {
    let options: MySqlConnectOptions = database.url.parse().expect("a URL");
    options.disable_statement_logging().connect().await.expect("a connection")
}

/// Runs a script as whoever the URL names.
pub(crate) async fn run(url: &str, script: &str) -> Result<(), sqlx::Error> {
    let script = sqlx::raw_sql(AssertSqlSafe(script));
    let database = Database { name: String::new(), url: url.into(), admin_url: String::new() };
    if url.starts_with("postgres") {
        script.execute(&mut postgres(&database).await).await.map(drop)
    } else {
        script.execute(&mut mysql(&database).await).await.map(drop)
    }
}

/// Opens a store with customers of its own.
pub(crate) async fn open(settings: &StoreSettings) -> Result<SqlStore, StoreError> {
    SqlStore::open(settings, &CustomerSettings::default()).await
}

/// A store in this file.
pub(crate) fn at(file: &Path) -> StoreSettings {
    StoreSettings::Sqlite { file: file.to_owned() }
}

/// The store of a URL of the form `scheme://user:password@host:port/database`.
pub(crate) fn server(url: &str) -> StoreSettings {
    StoreSettings::Server(server_settings(url))
}

pub(crate) fn server_settings(url: &str) -> ServerSettings {
    let (scheme, rest) = url.split_once("://").expect("a scheme");
    let (account, rest) = rest.split_once('@').expect("an account");
    let (user, password) = account.split_once(':').expect("a password");
    let (host, rest) = rest.split_once(':').expect("a port");
    let (port, database) = rest.split_once('/').expect("a database");
    ServerSettings {
        kind: if scheme == "postgres" { ServerKind::Postgres } else { ServerKind::Mysql },
        address: ServerAddress::Tcp { host: host.into(), port: port.parse().expect("a port") },
        user: user.into(),
        password: Some(password.into()),
        database: database.into(),
        tls: StoreTls::Off,
        ca_file: None,
        schema: Identifier::parse("countersign").expect("a name"),
        connections: 1,
    }
}
