//! The monthly partitions of the archive on PostgreSQL.
//!
//! The partition of a month is created when its first request is moved. Requests are
//! deleted one by one when they are too old, so that the retention is exact; where a whole
//! month is too old at once (a first run, a shorter retention), its partition is dropped.
//! An account that may not create tables can do without: the default partition then takes
//! every request, and they are deleted row by row. Names and bounds are made of numbers
//! only.

use chrono::{Datelike as _, NaiveDate};

use crate::domain::time::Timestamp;
use crate::service::ports::error::StoreError;
use crate::store::database::engine::{Database, Engine, ScriptTransaction, args};
use crate::store::database::statement::statements;
use crate::store::upkeep::maintenance;

/// The start of a partition's name.
const PREFIX: &str = "core_otp_archive_";

/// Queries on the archive must not queue for longer behind a change that waits for its
/// lock.
const BRIEF_LOCK_TIMEOUT: &str = "SET LOCAL lock_timeout = '1s'";

statements! {
    /// Whether the partition exists, and whether this account may create it, which it may
    /// not where the default partition already has requests of the month.
    STATE {
        (each
            ("SELECT 1 AS is_there, 0 AS may_make, $1, $2, $3")
            ("SELECT (SELECT COUNT(*) FROM pg_inherits i JOIN pg_class p ON p.oid = i.inhrelid \
              WHERE i.inhparent = a.oid AND p.relname = $1) AS is_there, \
              CAST(CASE WHEN has_schema_privilege(a.relnamespace, 'CREATE') \
              AND pg_has_role(a.relowner, 'USAGE') \
              AND NOT EXISTS (SELECT 1 FROM core_otp_archive_other \
              WHERE created_at >= $2 AND created_at < $3) THEN 1 ELSE 0 END AS BIGINT) AS may_make \
              FROM pg_class a WHERE a.oid = to_regclass('core_otp_archive')")
            ("SELECT 1 AS is_there, 0 AS may_make, $1, $2, $3"))
    }
    /// The partitions that this account may drop, and the store's clock.
    MONTHS {
        (each
            ("SELECT '' AS part, " now " AS read_at FROM (SELECT 1) few WHERE 1 = 0")
            ("SELECT CAST(p.relname AS TEXT) AS part, " now " AS read_at FROM pg_inherits i \
              JOIN pg_class p ON p.oid = i.inhrelid \
              WHERE i.inhparent = to_regclass('core_otp_archive') \
              AND pg_has_role(p.relowner, 'USAGE') ORDER BY p.relname")
            ("SELECT '' AS part, " now " AS read_at FROM (SELECT 1) few WHERE 1 = 0"))
    }
    /// How many requests of this time there are.
    BETWEEN { "SELECT COUNT(*) AS requests FROM core_otp_archive WHERE created_at >= $1 AND created_at < $2" }
}

/// A month in UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Month {
    year: i32,
    month: u32,
}

impl Month {
    fn of(millis: i64) -> Self {
        let utc = Timestamp::from_millis(millis).to_utc();
        Self { year: utc.year(), month: utc.month() }
    }

    fn next(self) -> Self {
        match self.month {
            12 => Self { year: self.year + 1, month: 1 },
            month => Self { month: month + 1, ..self },
        }
    }

    /// Its start in milliseconds.
    fn start(self) -> i64 {
        let first = NaiveDate::from_ymd_opt(self.year, self.month, 1).unwrap_or_default();
        first.and_time(chrono::NaiveTime::MIN).and_utc().timestamp_millis()
    }

    fn ends(self) -> i64 {
        self.next().start()
    }

    /// The name of its partition: `core_otp_archive_2026_11`.
    fn name(self) -> String {
        format!("{PREFIX}{:04}_{:02}", self.year, self.month)
    }

    /// The month of a partition's name.
    fn named(name: &str) -> Option<Self> {
        let (year, month) = name.strip_prefix(PREFIX)?.split_once('_')?;
        let it = Self { year: year.parse().ok()?, month: month.parse().ok()? };
        ((1..=12).contains(&it.month) && it.name() == name).then_some(it)
    }
}

/// Creates the partition for requests of this time where that is possible. Returns the end
/// of its month; on other databases there is none.
pub(in crate::store) async fn prepare(db: &Database, millis: i64) -> Result<i64, StoreError> {
    if db.kind() != Engine::Postgres {
        return Ok(i64::MAX);
    }
    let month = Month::of(millis);
    let (name, start, ends) = (month.name(), month.start(), month.ends());
    if state(db, &name, start, ends).await? == (false, true) {
        let script = format!(
            "{BRIEF_LOCK_TIMEOUT}; CREATE TABLE IF NOT EXISTS {name} PARTITION OF core_otp_archive \
             FOR VALUES FROM ({start}) TO ({ends})"
        );
        unless_busy(change(db, script).await)?;
    }
    Ok(ends)
}

/// Drops the oldest partition all of whose requests are too old; returns how many there
/// were.
pub(in crate::store) async fn drop_oldest(db: &Database, age: i64) -> Result<u64, StoreError> {
    if db.kind() != Engine::Postgres {
        return Ok(0);
    }
    for row in db.all(&MONTHS, args![]).await? {
        let name = row.text("part")?;
        let Some(month) = Month::named(&name) else { continue };
        if month.ends() > row.int("read_at")?.saturating_sub(age) {
            continue;
        }
        let count = db.maybe(&BETWEEN, args![month.start(), month.ends()]).await?;
        let count = count.map_or(Ok(0), |row| row.count("requests"))?;
        if unless_busy(change(db, format!("{BRIEF_LOCK_TIMEOUT}; DROP TABLE {name}")).await)?
            && count > 0
        {
            return Ok(count.into());
        }
    }
    Ok(0)
}

/// Changes the tables in a transaction of its own.
async fn change(db: &Database, script: String) -> Result<(), StoreError> {
    let mut tx = maintenance::begin(db).await?;
    tx.script(ScriptTransaction::Built(script)).await?;
    tx.commit().await
}

/// Whether it was done. Where another process was faster, or reads the archive for too
/// long, the task goes on without it.
fn unless_busy(done: Result<(), StoreError>) -> Result<bool, StoreError> {
    match done {
        Ok(()) => Ok(true),
        Err(error) if error.is_break() => Err(error),
        Err(_) => Ok(false),
    }
}

/// Whether this account may create partitions; true where the archive has none.
pub(in crate::store) async fn may_make(db: &Database) -> Result<bool, StoreError> {
    if db.kind() != Engine::Postgres {
        return Ok(true);
    }
    Ok(state(db, "", 0, 0).await?.1)
}

/// Whether the partition exists, and whether it may be created.
async fn state(db: &Database, name: &str, from: i64, to: i64) -> Result<(bool, bool), StoreError> {
    let Some(row) = db.maybe(&STATE, args![name, from, to]).await? else {
        return Ok((false, false));
    };
    Ok((row.flag("is_there")?, row.flag("may_make")?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_month_has_a_name_and_its_bounds() {
        let month = Month::of(1_798_761_599_999);
        assert_eq!(month, Month { year: 2026, month: 12 });
        assert_eq!((month.start(), month.ends()), (1_796_083_200_000, 1_798_761_600_000));
        assert_eq!(month.name(), "core_otp_archive_2026_12");
        assert_eq!(Month::named(&month.name()), Some(month));
        assert_eq!(Month::of(0).name(), "core_otp_archive_1970_01");
    }

    #[test]
    fn only_names_made_here_are_months() {
        for name in [
            "core_otp_archive_other",
            "core_otp_archive_2026_13",
            "core_otp_archive_2026_1",
            "core_otp_archive_2026_12; DROP TABLE core_otp",
            "core_otp",
        ] {
            assert_eq!(Month::named(name), None, "{name}");
        }
    }
}
