//! Opening a store in a SQLite file: where it may lie, who may read it, and how its
//! connections are set up.

use std::fs;
use std::fs::{OpenOptions, Permissions};
use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::io::ErrorKind;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;
use std::time::{Duration, Instant};

use rustix::fs::Access;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _, Sqlite, SqlitePool};

use crate::service::ports::error::StoreError;
use crate::store::database::engine::Pools;
use crate::store::database::error::failed;
use crate::store::database::file_identity::StoreFile;
use crate::store::database::pooled_connection::PooledConnection;

/// How long a writer waits for the write lock before it reports the store as busy. The desk
/// retries.
const LOCK_TIMEOUT: Duration = Duration::from_secs(5);

/// The longest pause between two tries to get the write lock. After each second of waiting
/// it becomes shorter.
const MAX_LOCK_RETRY_PAUSE: Duration = Duration::from_millis(20);

/// Connections that only read: search, log, session and countdown need not wait for each
/// other.
const READERS: u32 = 4;

/// Opens the file, and creates it where it does not exist. `attachment` is run on each
/// connection to make an external table visible.
pub(in crate::store) async fn open(
    path: &Path,
    attachment: Option<String>,
) -> Result<Pools, StoreError> {
    if path.as_os_str().is_empty() || path.as_os_str() == ":memory:" {
        return Err(StoreError::misconfigured(
            "store.url",
            "The store must be a file, since several terminals and the log share it: \
             set store.url to \"sqlite:\" and a path.",
        ));
    }
    prepare(path)?;
    let options = SqliteConnectOptions::new()
        .filename(path)
        .busy_timeout(LOCK_TIMEOUT)
        .foreign_keys(true)
        .statement_cache_capacity(128)
        .pragma("temp_store", "memory")
        // A file that somebody cuts short while it is mapped into memory (a copy that is
        // written over it) would end the process by SIGBUS.
        .pragma("mmap_size", "0")
        .pragma("cache_size", "-8000")
        .disable_statement_logging();
    let writing = options
        .clone()
        .journal_mode(SqliteJournalMode::Wal)
        // A commit that a power loss could undo would make a used code work again.
        .synchronous(SqliteSynchronous::Full);
    if let Some(attachment) = &attachment {
        attach(&options, attachment).await?;
    }
    let file = StoreFile::at(path).map_err(|error| unusable("opening", path, &error))?;
    let write = connect(&file, writing, attachment.clone()).await?;
    let begin = format!("{}; PRAGMA query_only = on", attachment.unwrap_or_default());
    let read = pool(READERS, Some(begin), Some(&file)).connect_lazy_with(options);
    Ok(Pools::Sqlite { write, read, file: Some(file) })
}

/// Opens the office's file to write customers into it. It is not ours: its journal mode
/// stays as it is.
pub(in crate::store) fn open_external(path: &Path) -> Pools {
    let options = SqliteConnectOptions::new()
        .filename(path)
        .busy_timeout(LOCK_TIMEOUT)
        .foreign_keys(true)
        .disable_statement_logging();
    let write = pool(1, None, None).connect_lazy_with(options);
    Pools::Sqlite { read: write.clone(), write, file: None }
}

/// Connections are not tested before each use, since a file does not hang up. They stay
/// open: their prepared statements make them fast, and `data_version` tells other
/// processes' changes from ours only on the same connection.
fn pool(size: u32, begin: Option<String>, file: Option<&StoreFile>) -> SqlitePoolOptions {
    let file = file.filter(|_| size == 1).cloned();
    SqlitePoolOptions::new()
        .after_connect(move |connection, _| {
            let begin = begin.clone();
            file.iter().for_each(StoreFile::reconnected);
            Box::pin(async move {
                match begin {
                    Some(begin) => {
                        sqlx::raw_sql(AssertSqlSafe(begin)).execute(connection).await.map(drop)
                    }
                    None => Ok(()),
                }
            })
        })
        .max_connections(size)
        .test_before_acquire(false)
        .idle_timeout(None)
        .max_lifetime(None)
        .acquire_timeout(LOCK_TIMEOUT)
}

/// Begins a transaction that has the write lock.
///
/// SQLite's busy handler is not fair: who has waited longer tries less often. Here
/// everybody tries at random short intervals, which become shorter while they wait, so that
/// nobody is passed over for long.
pub(in crate::store) async fn begin(
    write: &SqlitePool,
    file: Option<&StoreFile>,
) -> Result<PooledConnection<Sqlite>, StoreError> {
    let mut connection = writing_connection(write, file).await?;
    let since = Instant::now();
    loop {
        let error = match connection.begin().await {
            Ok(()) => return Ok(connection),
            Err(error) => error,
        };
        if !is_busy(&error) {
            return Err(failed(error));
        }
        connection.begin_failed();
        if since.elapsed() >= LOCK_TIMEOUT {
            return Err(lock_timed_out(file));
        }
        tokio::time::sleep(pause(since.elapsed())).await;
    }
}

/// The writing connection, of which there is one.
async fn writing_connection(
    write: &SqlitePool,
    file: Option<&StoreFile>,
) -> Result<PooledConnection<Sqlite>, StoreError> {
    PooledConnection::unlimited(write).await.map_err(|error| match error {
        sqlx::Error::PoolTimedOut => lock_timed_out(file),
        error => failed(error),
    })
}

fn lock_timed_out(file: Option<&StoreFile>) -> StoreError {
    let seconds = LOCK_TIMEOUT.as_secs();
    let by = file.and_then(StoreFile::writer).map_or_else(String::new, |it| format!(" by {it}"));
    StoreError::Busy(format!("its file has been locked for writing for {seconds} seconds{by}"))
}

/// How long to wait before the next try.
fn pause(waited: Duration) -> Duration {
    let most =
        MAX_LOCK_RETRY_PAUSE / (1 + u32::try_from(waited.as_secs()).unwrap_or(u32::MAX).min(4));
    let micros = u64::try_from(most.as_micros()).unwrap_or(u64::MAX).max(1);
    Duration::from_micros(1 + RandomState::new().build_hasher().finish() % micros)
}

/// Tries once whether the office's file can be attached, since a pool would only report
/// that it got no connection.
async fn attach(options: &SqliteConnectOptions, attachment: &str) -> Result<(), StoreError> {
    let mut connection = options.connect().await.map_err(failed)?;
    let attached = sqlx::raw_sql(AssertSqlSafe(attachment)).execute(&mut connection).await;
    connection.close().await.map_err(failed)?;
    let error = match attached {
        // A lock on that file is waited for later, by the pool.
        Err(error) if !is_busy(&error) => error,
        _ => return Ok(()),
    };
    Err(match failed(error) {
        StoreError::Unreachable(why) => StoreError::misconfigured(
            "customers.file",
            format!(
                "The file that customers.file names cannot be opened ({why}). Check that it is there, \
             and that this account may read it."
            ),
        ),
        other => other,
    })
}

/// Opens the writing connection. While the very first terminal switches the file to WAL,
/// SQLite answers the others with "busy" at once, whatever the time-out: they try again.
async fn connect(
    file: &StoreFile,
    options: SqliteConnectOptions,
    attachment: Option<String>,
) -> Result<SqlitePool, StoreError> {
    let since = Instant::now();
    loop {
        let error =
            match pool(1, attachment.clone(), Some(file)).connect_with(options.clone()).await {
                Ok(pool) => return Ok(pool),
                Err(error) => error,
            };
        if since.elapsed() > LOCK_TIMEOUT || !is_busy(&error) {
            return Err(failed(error));
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

fn is_busy(error: &sqlx::Error) -> bool {
    let code = error.as_database_error().and_then(|it| it.code()?.parse::<i32>().ok());
    code.is_some_and(|code| matches!(code & 0xff, 5 | 6))
}

/// Prepares the file before SQLite opens it: on a local disk, and readable by its owner
/// only. SQLite gives `-wal` and `-shm` the same mode.
fn prepare(path: &Path) -> Result<(), StoreError> {
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)
        .map_err(|error| unusable("making the folder of", path, &error))?;
    refuse_network(folder)?;
    match OpenOptions::new().write(true).create_new(true).mode(0o600).open(path) {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            may_use(path, folder)?;
            ["", "-wal", "-shm"].iter().try_for_each(|suffix| {
                let mut name = path.as_os_str().to_owned();
                name.push(suffix);
                may_use(path, Path::new(&name))?;
                keep_private(Path::new(&name))
            })
        }
        Err(error) => Err(unusable("creating", path, &error)),
    }
}

/// Fails where this account may not read and write the file. It is not opened for that:
/// closing it again would release SQLite's locks on it.
fn may_use(store: &Path, path: &Path) -> Result<(), StoreError> {
    let access = Access::READ_OK | Access::WRITE_OK;
    match rustix::fs::access(path, access).map_err(std::io::Error::from) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(unusable("using", store, &error)),
        Ok(()) | Err(_) => Ok(()),
    }
}

/// The store's error for an error of the file system.
fn unusable(what: &str, path: &Path, error: &std::io::Error) -> StoreError {
    let why = format!("{what} {} failed: {error}", path.display());
    match error.kind() {
        ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => {
            StoreError::NoPermission(why)
        }
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => StoreError::Full(why),
        _ => StoreError::Unreachable(why),
    }
}

/// Takes other people's rights to the file away, or fails.
fn keep_private(file: &Path) -> Result<(), StoreError> {
    let Ok(found) = fs::metadata(file) else { return Ok(()) };
    let others = found.permissions().mode() & 0o077;
    if others == 0 {
        return Ok(());
    }
    fs::set_permissions(file, Permissions::from_mode(0o600)).map_err(|error| {
        StoreError::misconfigured(
            "store.url",
            format!(
                "Other people of this machine can read the store {}, and that cannot be changed \
             ({error}). Give the file to the account that runs countersign, mode 0600.",
                file.display()
            ),
        )
    })
}

fn refuse_network(folder: &Path) -> Result<(), StoreError> {
    match network(folder) {
        Some(name) => Err(StoreError::misconfigured(
            "store.url",
            format!(
                "The store {} would lie on a network file system ({name}), where SQLite cannot keep \
             it safe. Put it on a disk of this machine, or share one store over PostgreSQL.",
                folder.display()
            ),
        )),
        None => Ok(()),
    }
}

#[cfg(target_os = "linux")]
fn network(folder: &Path) -> Option<&'static str> {
    let found = rustix::fs::statfs(folder).ok()?;
    // The kernel's number has 32 bits, whatever the platform's type is.
    network_name(u32::try_from(found.f_type & 0xffff_ffff).ok()?)
}

#[cfg(not(target_os = "linux"))]
fn network(_folder: &Path) -> Option<&'static str> {
    None
}

/// The network file systems by their number in statfs(2). What lies behind FUSE cannot be
/// told from its number, and is accepted.
#[cfg(target_os = "linux")]
const fn network_name(magic: u32) -> Option<&'static str> {
    match magic {
        0x6969 => Some("NFS"),
        0x517b | 0xff53_4d42 | 0xfe53_4d42 => Some("SMB"),
        0x564c => Some("NCP"),
        0x7375_7245 => Some("Coda"),
        0x5346_414f | 0x6b41_4653 => Some("AFS"),
        0x0102_1997 => Some("9P"),
        0x00c3_6400 => Some("Ceph"),
        0x0bd0_0bd0 => Some("Lustre"),
        0x4750_4653 => Some("GPFS"),
        0x1983_0326 => Some("BeeGFS"),
        _ => None,
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn security_46_network_file_systems_are_known_by_their_number() {
        assert_eq!(network_name(0x6969), Some("NFS"));
        assert_eq!(network_name(0xff53_4d42), Some("SMB"));
        for local in [0xef53, 0x5846_5342, 0x9123_683e, 0x0102_1994, 0x794c_7630, 0x2fc1_2fc1] {
            assert_eq!(network_name(local), None, "{local:x}");
        }
        assert_eq!(network(Path::new("/proc")), None);
    }
}
