//! The store's error for each error of a database.
//!
//! SQLite's codes are those of <https://www.sqlite.org/rescode.html>, PostgreSQL's those of
//! its manual's appendix A, MySQL's those of its error reference.
//!
//! A text is read only where a code stands for several errors and nothing else tells them
//! apart: SQLite's general error (1), PostgreSQL's protocol violation, which poolers send
//! (`08P01`), and the system's error inside MySQL's errors about files. SQLite comes with this
//! program; the tests of poolers and of full disks meet the others.

use std::io;
use std::io::ErrorKind;

use rustls::CertificateError;
use sqlx::error::DatabaseError;
use sqlx::error::UnexpectedNullError;
use sqlx::mysql::MySqlDatabaseError;
use sqlx::postgres::PgDatabaseError;

use crate::domain::text::clean;
use crate::service::ports::error::StoreError;
use crate::store::database::pooler;

/// A column that could not be read on MySQL. Where a cluster aborts a transaction while its
/// statement runs, a column that is never null was seen to be null: a conflict, after which the
/// act is tried again.
pub(in crate::store) fn mysql_column_failed(error: sqlx::Error) -> StoreError {
    match &error {
        sqlx::Error::ColumnDecode { source, .. } if source.is::<UnexpectedNullError>() => {
            StoreError::Conflict(clean(&error.to_string()))
        }
        _ => failed(error),
    }
}

/// The store's error for one of sqlx's.
#[expect(clippy::needless_pass_by_value, reason = "the form that map_err takes")]
pub(in crate::store) fn failed(error: sqlx::Error) -> StoreError {
    match &error {
        sqlx::Error::PoolTimedOut => StoreError::Unreachable(
            "no connection came about in time, since its server is down or has none to spare"
                .into(),
        ),
        sqlx::Error::Io(inner) => match inner.get_ref().and_then(|it| it.downcast_ref()) {
            Some(distrust) => StoreError::misconfigured("store.tls", untrusted(distrust)),
            None => StoreError::Unreachable(broken(inner)),
        },
        sqlx::Error::Tls(inner) => {
            StoreError::misconfigured("store.tls", no_tls(&clean(&inner.to_string())))
        }
        sqlx::Error::Database(inner) => of_database(inner.as_ref(), clean(inner.message())),
        sqlx::Error::PoolClosed | sqlx::Error::WorkerCrashed => {
            StoreError::Unreachable(clean(&error.to_string()))
        }
        _ => StoreError::Failed(clean(&error.to_string())),
    }
}

/// Why a connection broke, in clearer words than the driver's. What the system says about a
/// name or an address that cannot be reached stays as it is.
fn broken(error: &io::Error) -> String {
    match error.kind() {
        ErrorKind::UnexpectedEof
        | ErrorKind::ConnectionReset
        | ErrorKind::ConnectionAborted
        | ErrorKind::BrokenPipe => "the server ended the connection".into(),
        _ => clean(&error.to_string()),
    }
}

/// What to do about a server whose certificate could not be verified. The driver reports
/// that as the cause of a failed read.
fn untrusted(error: &rustls::Error) -> String {
    use CertificateError::{
        Expired, ExpiredContext, NotValidForName, NotValidForNameContext, UnknownIssuer,
    };
    let rustls::Error::InvalidCertificate(why) = error else { return no_tls(&error.to_string()) };
    let (what, help) = match why {
        UnknownIssuer => (
            "is signed by nobody whom this machine trusts",
            "Name the certificate of who signed it: store.ca_file".to_owned(),
        ),
        NotValidForName | NotValidForNameContext { .. } => (
            "is for another name",
            "Write the name that it is for into store.url, or have one made for this name".into(),
        ),
        Expired | ExpiredContext { .. } => (
            "has expired",
            "Have it renewed on the server, and look at this machine's clock".into(),
        ),
        other => ("does not hold", format!("It says: {}", clean(&other.to_string()))),
    };
    format!(
        "The certificate of the store's server {what}, so that no password was sent to it. {help}."
    )
}

fn no_tls(why: &str) -> String {
    format!(
        "No encrypted connection to the store came about ({why}), so that no password was sent. \
         Have TLS switched on at the server; only where nobody else is on the way there, set \
         store.tls = \"off\"."
    )
}

fn of_database(error: &dyn DatabaseError, text: String) -> StoreError {
    if let Some(error) = error.try_downcast_ref::<PgDatabaseError>() {
        return of_postgres(error.code(), text);
    }
    if let Some(error) = error.try_downcast_ref::<MySqlDatabaseError>() {
        return of_mysql(error.number(), text);
    }
    of_sqlite(error.code().and_then(|code| code.parse().ok()).unwrap_or_default(), text)
}

fn of_sqlite(code: i32, text: String) -> StoreError {
    match code & 0xff {
        // the file was moved under a connection
        _ if code == 1032 => StoreError::Replaced(text),
        // full; no room for the index of the log
        _ if code == 4874 => StoreError::Full(text),
        13 => StoreError::Full(text),
        // busy, locked
        5 | 6 => StoreError::Busy(text),
        // no permission, read-only, not authorised
        3 | 8 | 23 => StoreError::NoPermission(text),
        // disk I/O, cannot open
        10 | 14 => StoreError::Unreachable(text),
        _ if text.contains("same text encoding") => StoreError::misconfigured(
            "customers.file",
            "The file that customers.file names is not written in UTF-8, as the store is, and \
             SQLite cannot read both beside each other. Have a copy of it made in UTF-8 (sqlite3: \
             PRAGMA encoding = 'UTF-8', then .dump and .read) and name that one.",
        ),
        _ if text.contains("no such table: office.") => no_such_table(&text),
        _ if text.contains("no such table") => StoreError::NotMigrated(text),
        // a unique column has the value already
        _ if code == 2067 => StoreError::Taken(text),
        _ => StoreError::Failed(text),
    }
}

fn of_postgres(code: &str, text: String) -> StoreError {
    match code {
        // serialisation failure, deadlock
        "40001" | "40P01" => StoreError::Conflict(text),
        // a unique column has the value already
        "23505" => StoreError::Taken(text),
        // no such table, no such schema
        "42P01" | "3F000" => StoreError::NotMigrated(text),
        // no privilege
        "42501" => StoreError::Denied(text),
        // wrong password, no such role, no such database
        "28P01" | "28000" | "3D000" => not_admitted(&text),
        "25006" => StoreError::Unreachable(only_read(&text)),
        // prepared twice, or never: a pooler that lends a connection for one transaction
        "42P05" | "26000" => pooler::refused(),
        "08P01" if text.contains("pooling mode") => pooler::refused(),
        "08P01" if text.contains("startup parameter") => unknown_parameter(&text),
        // a lock was not free in time
        "55P03" => StoreError::Busy(text),
        // no room on its disk
        "53100" => StoreError::Full(text),
        // a transaction that was idle too long; too many connections; cannot connect now
        "25P03" | "25P04" | "53300" | "57P03" => StoreError::Unreachable(text),
        // connection exceptions, insufficient resources, shut down or crashed
        _ if ["08", "53", "57P", "58"].iter().any(|class| code.starts_with(class)) => {
            StoreError::Unreachable(text)
        }
        _ => StoreError::Failed(text),
    }
}

fn of_mysql(number: u16, text: String) -> StoreError {
    match number {
        // deadlock
        1213 => StoreError::Conflict(text),
        // a lock was not free in time
        1205 | 3572 => StoreError::Busy(text),
        // disk full, table full
        1021 | 1114 => StoreError::Full(text),
        3 | 1026 | 1030 if system_error(&text) == Some(NO_SPACE) => StoreError::Full(text),
        // a unique column has the value already
        1062 => StoreError::Taken(text),
        // no such table
        1146 => StoreError::NotMigrated(text),
        // no privilege on a table, a column, the server
        1142 | 1143 | 1227 => StoreError::Denied(text),
        // wrong password, no such database or no right to it, TLS is required
        1044 | 1045 | 1049 | 1698 | 3159 | 4151 => not_admitted(&text),
        // read-only
        1290 | 1792 | 1836 => StoreError::Unreachable(only_read(&text)),
        // too many connections, shutting down, out of resources, connection killed, silent
        // for too long, gone away
        1040 | 1053 | 1041 | 1203 | 1317 | 1927 | 3024 | 4031 => StoreError::Unreachable(text),
        _ => StoreError::Failed(text),
    }
}

/// ENOSPC: no space left on the device.
const NO_SPACE: u32 = 28;

/// The number of the system's error in what MySQL says of a file: it has no field of its
/// own. `(errno: 28 "No space left on device")`, `Got error 28 "…" from storage engine`.
fn system_error(text: &str) -> Option<u32> {
    let after = |mark: &str| text.split_once(mark).map(|(_, rest)| rest);
    let rest = after("errno: ").or_else(|| after("Got error "))?;
    rest.split(|char: char| !char.is_ascii_digit()).next()?.parse().ok()
}

/// A pooler that does not know a parameter with which each of our sessions starts.
fn unknown_parameter(text: &str) -> StoreError {
    let why = format!(
        "What answers under store.url is a connection pooler that does not take how countersign \
         begins a session: {text}. Name the server itself in store.url, or let the pooler take \
         this parameter (PgBouncer: ignore_startup_parameters)."
    );
    StoreError::misconfigured("store.url", why)
}

/// A server that is read-only: a standby, or one that is being moved.
fn only_read(text: &str) -> String {
    format!("its server only lets itself be read, as one does that stands by ({text})")
}

/// The external table, or one of its columns, does not exist.
pub(in crate::store) fn no_such_table(text: &str) -> StoreError {
    let why = format!(
        "The table of customers is not as [customers] of the configuration says: {text}. Check \
         customers.table and the names of its columns, and that the store's account may see that table."
    );
    StoreError::misconfigured("customers.table", why)
}

fn not_admitted(text: &str) -> StoreError {
    let why = format!(
        "The store does not let this account in: {text}. Check the user, the password and the \
         database of store.url, and that the account has the rights that assets/grants gives."
    );
    StoreError::misconfigured("store.url", why)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_column_that_a_cluster_emptied_is_a_conflict() {
        let decode = |source| sqlx::Error::ColumnDecode { index: "customers".into(), source };
        let emptied = mysql_column_failed(decode(Box::new(UnexpectedNullError)));
        assert!(matches!(emptied, StoreError::Conflict(_)), "{emptied:?}");
        let other = mysql_column_failed(decode("not a number".into()));
        assert!(matches!(other, StoreError::Failed(_)), "{other:?}");
    }

    #[test]
    fn codes_mean_what_the_manuals_say() {
        let text = String::new;
        assert!(matches!(of_sqlite(517, text()), StoreError::Busy(_)));
        assert!(matches!(of_sqlite(13, text()), StoreError::Full(_)));
        assert!(matches!(of_sqlite(1544, text()), StoreError::NoPermission(_)));
        assert!(matches!(of_sqlite(1032, text()), StoreError::Replaced(_)));
        assert!(matches!(of_sqlite(14, text()), StoreError::Unreachable(_)));
        assert!(matches!(of_postgres("55P03", text()), StoreError::Busy(_)));
        assert!(matches!(of_postgres("53100", text()), StoreError::Full(_)));
        assert!(matches!(of_postgres("25P03", text()), StoreError::Unreachable(_)));
        assert!(matches!(of_mysql(1205, text()), StoreError::Busy(_)));
        assert!(matches!(of_mysql(1021, text()), StoreError::Full(_)));
        for full in [
            "Error writing file './desk/core_otp.ibd' (errno: 28 \"No space left on device\")",
            "Got error 28 \"No space left on device\" from storage engine",
        ] {
            assert!(matches!(of_mysql(1026, full.into()), StoreError::Full(_)), "{full}");
        }
        let other = "Error writing file './desk/core_28.ibd' (errno: 5 \"Input/output error\")";
        assert!(matches!(of_mysql(3, other.into()), StoreError::Failed(_)));
        let office = of_sqlite(1, "no such table: office.people".into());
        assert!(office.to_string().contains("[customers]"), "{office}");
        assert!(matches!(
            of_sqlite(1, "no such table: core_otp".into()),
            StoreError::NotMigrated(_)
        ));
        assert!(matches!(of_postgres("40P01", text()), StoreError::Conflict(_)));
        assert!(matches!(of_postgres("42501", text()), StoreError::Denied(_)));
        assert!(matches!(of_postgres("28P01", text()), StoreError::Refused(_)));
        assert!(matches!(of_postgres("57P01", text()), StoreError::Unreachable(_)));
        assert!(matches!(of_postgres("42P01", text()), StoreError::NotMigrated(_)));
        assert!(matches!(of_postgres("23505", text()), StoreError::Taken(_)));
        assert!(matches!(of_postgres("23502", text()), StoreError::Failed(_)));
        assert!(matches!(of_mysql(1213, text()), StoreError::Conflict(_)));
        assert!(matches!(of_mysql(1045, text()), StoreError::Refused(_)));
        assert!(matches!(of_mysql(1142, text()), StoreError::Denied(_)));
    }
}
