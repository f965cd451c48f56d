//! An office that has a table of customers already, in a place of its own: the
//! schema `public` of PostgreSQL, another database of MariaDB, another file.

use std::path::PathBuf;
use std::sync::Arc;

use countersign::config::account_lists::AccountLists;
use countersign::config::settings::{
    CustomerColumns, CustomerSettings, CustomerTable, Identifier, ServerSettings, StoreSettings,
    TableName,
};
use countersign::service::ports::StoreError;
use countersign::store::SqlStore;
use sqlx::mysql::MySqlConnectOptions;
use sqlx::postgres::PgConnectOptions;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions};

use crate::servers::{Database, Server};
use crate::support::{Kind, TestStore};

pub(crate) struct Office {
    pub(crate) fixture: TestStore,
    /// Their database, where it is not a file.
    pub(crate) database: Option<Database>,
}

fn name(text: &str) -> Identifier {
    Identifier::parse(text).expect("a name")
}

impl Office {
    pub(crate) fn new(kind: Kind) -> Self {
        let fixture = TestStore::empty(kind);
        let database = match kind {
            Kind::Sqlite => None,
            // The same database as ours; ours is the schema beside.
            Kind::Postgres => Some(fixture.database().clone()),
            Kind::MariaDb => Some(Server::mariadb().database("website")),
        };
        Self { fixture, database }
    }

    /// Their file.
    pub(crate) fn file(&self) -> PathBuf {
        self.fixture.file().with_file_name("website.db")
    }

    /// Their `core_customer`, whose columns are called as ours are.
    pub(crate) fn settings(&self) -> CustomerSettings {
        let (schema, file) = match self.fixture.kind() {
            Kind::Sqlite => (None, Some(self.file())),
            Kind::Postgres => (Some(name("public")), None),
            Kind::MariaDb => (self.database.as_ref().map(|it| name(&it.name)), None),
        };
        CustomerSettings {
            table: Some(CustomerTable {
                name: TableName { schema, name: name("core_customer") },
                file,
                columns: CustomerColumns {
                    id: name("id"),
                    account_no: name("account_no"),
                    name: name("name"),
                    email: Some(name("email")),
                    phone: Some(name("phone")),
                    address: Some(name("address")),
                    locale: Some(name("locale")),
                },
                lists: AccountLists::default(),
            }),
            read_only: true,
            default_country: "DE".into(),
        }
    }

    /// A terminal on our store beside it.
    pub(crate) async fn open(&self) -> Arc<SqlStore> {
        Arc::new(self.try_open(&self.settings()).await.expect("the store opens"))
    }

    pub(crate) async fn try_open(
        &self,
        customers: &CustomerSettings,
    ) -> Result<SqlStore, StoreError> {
        let store = SqlStore::open(&self.fixture.settings(), customers).await?;
        store.migrate().await?;
        Ok(store)
    }

    /// A store whose own tables would lie among theirs.
    pub(crate) fn in_their_place(&self) -> (StoreSettings, CustomerSettings) {
        let settings = match (self.fixture.settings(), &self.database) {
            (StoreSettings::Server(ours), Some(theirs)) => StoreSettings::Server(ServerSettings {
                database: theirs.name.clone(),
                schema: name("public"),
                ..ours
            }),
            (_, _) => StoreSettings::Sqlite { file: self.file() },
        };
        (settings, CustomerSettings::default())
    }

    /// Runs statements in their place.
    pub(crate) async fn sql(&self, text: &str) {
        let script = || sqlx::raw_sql(AssertSqlSafe(text.to_owned()));
        let done = match (&self.database, self.fixture.kind()) {
            (Some(it), Kind::Postgres) => {
                let options: PgConnectOptions = it.url.parse().expect("a URL");
                let mut connection = options.connect().await.expect("a connection");
                script().execute(&mut connection).await.map(drop)
            }
            (Some(it), _) => {
                let options: MySqlConnectOptions = it.url.parse().expect("a URL");
                let mut connection = options.connect().await.expect("a connection");
                script().execute(&mut connection).await.map(drop)
            }
            (None, _) => {
                let options = SqliteConnectOptions::new().filename(self.file());
                let options = options.create_if_missing(true);
                let mut connection = options.connect().await.expect("a connection");
                script().execute(&mut connection).await.map(drop)
            }
        };
        done.unwrap_or_else(|error| panic!("{text}: {error}"));
    }

    /// Their table, as a program that knows nothing of ours would make it.
    pub(crate) async fn make_table(&self) {
        self.sql(
            "CREATE TABLE core_customer (id INTEGER PRIMARY KEY, account_no VARCHAR(20) NOT NULL, \
             name VARCHAR(200), email VARCHAR(254), phone VARCHAR(40), address VARCHAR(200), \
             locale VARCHAR(10))",
        )
        .await;
    }

    /// A customer of theirs.
    pub(crate) async fn register(&self, id: u32, account_no: &str, name: &str, phone: &str) {
        self.sql(&format!(
            "INSERT INTO core_customer (id, account_no, name, email, phone, address, locale) \
             VALUES ({id}, '{account_no}', '{name}', '', '{phone}', NULL, '')"
        ))
        .await;
    }
}
