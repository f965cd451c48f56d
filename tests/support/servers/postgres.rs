//! Installs, starts and administers a PostgreSQL server.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};
use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{AssertSqlSafe, Connection};

use super::keeper::Owner;
use super::{ADMIN, Options, PASSWORD, USER, folders_of_path, missing};

/// The folder of the server's programs.
fn programs() -> PathBuf {
    folder_of(&["initdb", "postgres"])
}

/// The folder of programs: on the path, else of the newest Debian package.
fn folder_of(programs: &[&str]) -> PathBuf {
    let mut debian: Vec<(u32, PathBuf)> = fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|it| Some((it.file_name().to_str()?.parse().ok()?, it.path().join("bin"))))
        .collect();
    debian.sort();
    folders_of_path()
        .into_iter()
        .chain(debian.into_iter().rev().map(|(_, folder)| folder))
        .find(|folder| programs.iter().all(|it| folder.join(it).is_file()))
        .unwrap_or_else(|| missing("PostgreSQL"))
}

/// Whether `initdb` can select ICU as the locale provider (since PostgreSQL 15). With an ICU
/// locale, an index that only serves byte order is detected, as it would be at an office.
fn knows_languages(programs: &Path) -> bool {
    let said = Command::new(programs.join("postgres")).arg("--version").output();
    let said = String::from_utf8(said.expect("its version").stdout).expect("its version");
    let version = said.split_whitespace().last().and_then(|it| it.split('.').next()?.parse().ok());
    version.is_some_and(|version: u32| version >= 15)
}

/// The command that creates the data folder.
pub(super) fn install(folder: &Path) -> Command {
    let programs = programs();
    let mut initdb = Command::new(programs.join("initdb"));
    initdb
        .arg("--pgdata")
        .arg(folder.join("data"))
        .args(["--username", ADMIN, "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync"])
        .arg("--auth=trust");
    if knows_languages(&programs) {
        initdb.args(["--locale-provider=icu", "--icu-locale=en-US"]);
    }
    initdb
}

/// Writes the authentication rules and sets owner and mode of the TLS key.
pub(super) fn admit(folder: &Path, options: Options, owner: Option<Owner>) {
    let host = if options.tls { "hostssl" } else { "host" };
    let rules = format!("local all all trust\n{host} all all 127.0.0.1/32 scram-sha-256\n");
    fs::write(folder.join("data/pg_hba.conf"), rules).expect("a file");
    if options.tls {
        let key = folder.join("server.key");
        fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).expect("a closed file");
        if let Some(owner) = owner {
            owner.take(&key);
        }
    }
}

/// The server's command line.
pub(super) fn command(folder: &Path, port: u16, options: Options) -> Command {
    let mut command = Command::new(programs().join("postgres"));
    command.arg("-D").arg(folder.join("data"));
    let mut set = |name: &str, value: &str| {
        command.arg("-c").arg(format!("{name}={value}"));
    };
    set("listen_addresses", "127.0.0.1");
    set("port", &port.to_string());
    set("unix_socket_directories", &folder.to_string_lossy());
    set("max_connections", &options.max_connections.to_string());
    if options.tls {
        set("ssl", "on");
        set("ssl_cert_file", &folder.join("server.pem").to_string_lossy());
        set("ssl_key_file", &folder.join("server.key").to_string_lossy());
    }
    if !options.durable {
        set("fsync", "off");
        set("synchronous_commit", "off");
        set("full_page_writes", "off");
    }
    command.args(options.settings.iter().flat_map(|it| ["-c", it]));
    command
}

/// The command that dumps a schema.
pub(super) fn dump(schema: &str, url: &str) -> Command {
    let mut command = Command::new(folder_of(&["pg_dump"]).join("pg_dump"));
    command.args(["--schema", schema, "--dbname", url]);
    command
}

/// The statements that set up a new server.
pub(super) fn welcome() -> Vec<String> {
    let secret = scram();
    vec![
        format!("CREATE ROLE {USER} LOGIN PASSWORD '{secret}'"),
        format!("ALTER ROLE {ADMIN} PASSWORD '{secret}'"),
    ]
}

/// The SCRAM verifier of the password (RFC 5802), with one iteration instead of the server's 4,096,
/// which would cost a test 25 ms per connection.
fn scram() -> String {
    const SALT: &[u8] = b"salt of the tests";
    let hmac = |key: &[u8], text: &[&[u8]]| {
        let mut hmac = Hmac::<Sha256>::new_from_slice(key).expect("a key");
        for part in text {
            hmac.update(part);
        }
        hmac.finalize().into_bytes()
    };
    let salted = hmac(PASSWORD.as_bytes(), &[SALT, &[0, 0, 0, 1]]);
    let stored = Sha256::digest(hmac(&salted, &[b"Client Key"]));
    let server = hmac(&salted, &[b"Server Key"]);
    let [salt, stored, server] = [SALT, &stored[..], &server[..]].map(|bytes| BASE64.encode(bytes));
    format!("SCRAM-SHA-256$1:{salt}${stored}:{server}")
}

/// The statements for an account without rights.
pub(super) fn stranger(name: &str) -> Vec<String> {
    vec![format!("CREATE ROLE {name} LOGIN PASSWORD '{}'", scram())]
}

/// The statements that create a database, empty or as a copy.
pub(super) fn create(name: &str, template: Option<&str>) -> Vec<String> {
    let template = template.unwrap_or("template1");
    vec![format!("CREATE DATABASE {name} OWNER {USER} TEMPLATE {template}")]
}

/// The statements that prepare a template: no connections, now or later.
pub(super) fn seal(name: &str) -> Vec<String> {
    vec![
        format!("ALTER DATABASE {name} ALLOW_CONNECTIONS false"),
        format!("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"),
    ]
}

/// Runs statements as the administrator.
pub(super) async fn execute(
    folder: &Path,
    port: u16,
    statements: &[String],
) -> Result<(), sqlx::Error> {
    // Ignores the user's files and variables.
    let options = PgConnectOptions::from_str("postgres:///postgres")?
        .socket(folder)
        .port(port)
        .username(ADMIN);
    let mut connection = PgConnection::connect_with(&options).await?;
    for statement in statements {
        sqlx::raw_sql(AssertSqlSafe(statement.as_str())).execute(&mut connection).await?;
    }
    connection.close().await
}
