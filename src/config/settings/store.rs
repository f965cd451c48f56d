//! Settings of `[store]` and `[customers]`.

use std::fmt;
use std::path::PathBuf;

use secrecy::SecretString;

use crate::config::account_lists::AccountLists;
use crate::config::identifier::{Identifier, TableName};
use crate::config::kind;

/// The configured store.
#[derive(Clone, Debug)]
pub enum StoreSettings {
    /// A SQLite file on this machine.
    Sqlite { file: PathBuf },
    /// A database server.
    Server(ServerSettings),
}

impl StoreSettings {
    /// The file of a SQLite store.
    pub fn sqlite_file(&self) -> Option<PathBuf> {
        match self {
            Self::Sqlite { file } => Some(file.clone()),
            Self::Server(_) => None,
        }
    }
}

/// The kind of database server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ServerKind {
    Postgres,
    /// MySQL or MariaDB.
    Mysql,
}

/// The address of a database server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ServerAddress {
    Tcp {
        /// Host name or IP address; an IPv6 address without brackets.
        host: String,
        port: u16,
    },
    /// A Unix socket: the folder of PostgreSQL's sockets, or MySQL's socket file.
    Socket(PathBuf),
}

impl ServerAddress {
    /// Whether the connection never leaves this machine.
    pub fn is_local(&self) -> bool {
        match self {
            Self::Tcp { host, .. } => kind::is_loopback(host),
            Self::Socket(_) => true,
        }
    }
}

impl fmt::Display for ServerAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp { host, port } if host.contains(':') => write!(f, "[{host}]:{port}"),
            Self::Tcp { host, port } => write!(f, "{host}:{port}"),
            Self::Socket(path) => path.display().fmt(f),
        }
    }
}

/// The protection of the connection to a database server.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, strum::EnumString, strum::IntoStaticStr, strum::VariantNames,
)]
#[strum(serialize_all = "lowercase")]
pub enum StoreTls {
    /// Encrypted; the certificate and the host name are verified.
    Verify,
    /// Encrypted, but the server is not authenticated.
    Encrypt,
    /// Not encrypted.
    Off,
}

/// A database on a server.
#[derive(Clone, Debug)]
pub struct ServerSettings {
    pub kind: ServerKind,
    pub address: ServerAddress,
    pub user: String,
    /// The password; `None` if the server requires none.
    pub password: Option<SecretString>,
    pub database: String,
    pub tls: StoreTls,
    /// PEM file of certificates to trust in addition to the system's.
    pub ca_file: Option<PathBuf>,
    /// The schema of countersign's tables; PostgreSQL only.
    pub schema: Identifier,
    /// Maximum number of pooled connections of this process.
    pub connections: u32,
}

/// Where the customers are, and whether they may be changed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CustomerSettings {
    /// The external table; `None` means the store's `core_customer`.
    pub table: Option<CustomerTable>,
    /// Customers are never written.
    pub read_only: bool,
    /// The country (ISO 3166) of phone numbers without one in an external table.
    pub default_country: String,
}

/// The external table of customers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CustomerTable {
    /// The table's name. On PostgreSQL it always has a schema; on MySQL `None` means the store's
    /// database; on SQLite the table is in [`Self::file`].
    pub name: TableName,
    /// The file that contains the table; SQLite only.
    pub file: Option<PathBuf>,
    pub columns: CustomerColumns,
    /// The office's tables of bills and feedback.
    pub lists: AccountLists,
}

/// Column names of a table of customers; `None` for a column that the table does not have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CustomerColumns {
    /// The primary key.
    pub id: Identifier,
    /// The account number.
    pub account_no: Identifier,
    pub name: Identifier,
    pub email: Option<Identifier>,
    /// The phone number, in any notation.
    pub phone: Option<Identifier>,
    /// The postal address.
    pub address: Option<Identifier>,
    /// The language.
    pub locale: Option<Identifier>,
}
