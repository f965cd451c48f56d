//! Where the data lie, and the office's own table of customers.

use std::fmt;
use std::path::PathBuf;

use secrecy::SecretString;

use crate::config::account_lists::AccountLists;
use crate::config::identifier::{Identifier, TableName};
use crate::config::kind;

/// Where the data lie.
#[derive(Clone, Debug)]
pub enum StoreSettings {
    /// In a file of this machine.
    Sqlite {
        /// The file.
        file: PathBuf,
    },
    /// On a database server.
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

/// Which database a server runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ServerKind {
    /// PostgreSQL.
    Postgres,
    /// MySQL or MariaDB.
    Mysql,
}

/// Where a database server is reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ServerAddress {
    /// Over the network.
    Tcp {
        /// Its name or address, an IPv6 address without brackets.
        host: String,
        /// Its port.
        port: u16,
    },
    /// On this machine: the folder of PostgreSQL's sockets, or MySQL's socket.
    Socket(PathBuf),
}

impl ServerAddress {
    /// Whether what is said to it never leaves this machine.
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

/// How the connection to a database server is protected.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, strum::EnumString, strum::IntoStaticStr, strum::VariantNames,
)]
#[strum(serialize_all = "lowercase")]
pub enum StoreTls {
    /// Encrypted, and the certificate and the server's name are checked.
    Verify,
    /// Encrypted, but nobody looks who is at the other end.
    Encrypt,
    /// Not at all.
    Off,
}

/// A database on a server.
#[derive(Clone, Debug)]
pub struct ServerSettings {
    /// What runs there.
    pub kind: ServerKind,
    /// Where.
    pub address: ServerAddress,
    /// The account.
    pub user: String,
    /// Its password; none where the server asks for none.
    pub password: Option<SecretString>,
    /// The database.
    pub database: String,
    /// The protection.
    pub tls: StoreTls,
    /// Certificates to trust beside the system's own, in PEM.
    pub ca_file: Option<PathBuf>,
    /// The schema of our tables; PostgreSQL only.
    pub schema: Identifier,
    /// The most connections this terminal holds for its statements.
    pub connections: u32,
}

/// Where the customers are, and whether they may be changed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CustomerSettings {
    /// The office's own table; none means `core_customer` of the store.
    pub table: Option<CustomerTable>,
    /// Customers are read and never written.
    pub read_only: bool,
    /// The country of phone numbers written without one (ISO 3166), for those
    /// in a table that others write.
    pub default_country: String,
}

/// An office's own table of customers, read where it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CustomerTable {
    /// The table. On PostgreSQL it has its schema; without one, on MySQL it is
    /// in the store's database, and on SQLite in [`Self::file`].
    pub name: TableName,
    /// The file that holds it; there with SQLite, and only there.
    pub file: Option<PathBuf>,
    /// What its columns are called.
    pub columns: CustomerColumns,
    /// The office's tables of bills and feedback beside it.
    pub lists: AccountLists,
}

/// What the columns of a table of customers are called; none where there is no
/// such column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CustomerColumns {
    /// The primary key.
    pub id: Identifier,
    /// The account's number.
    pub account_no: Identifier,
    /// The customer's name.
    pub name: Identifier,
    /// The email address.
    pub email: Option<Identifier>,
    /// The phone number, in whatever writing.
    pub phone: Option<Identifier>,
    /// The postal address.
    pub address: Option<Identifier>,
    /// The language.
    pub locale: Option<Identifier>,
}
