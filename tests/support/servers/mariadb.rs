//! Installs, starts and administers a MariaDB server. It ignores the machine's option files and has
//! its built-in defaults: its character set is `latin1`, which an office may have too.

use std::path::{Path, PathBuf};
use std::process::Command;

use rustix::process::geteuid;
use sqlx::mysql::{MySqlConnectOptions, MySqlConnection, MySqlSslMode};
use sqlx::{AssertSqlSafe, Connection};

use super::{ADMIN, Options, PASSWORD, USER, folders_of_path, missing};

fn program(name: &str) -> PathBuf {
    folders_of_path()
        .into_iter()
        .chain(["/usr/sbin", "/usr/local/sbin", "/usr/libexec"].map(PathBuf::from))
        .map(|folder| folder.join(name))
        .find(|program| program.is_file())
        .unwrap_or_else(|| missing("MariaDB"))
}

/// Unlike PostgreSQL it runs as root if told to.
fn as_this_user(command: &mut Command) {
    if geteuid().is_root() {
        command.arg("--user=root");
    }
}

/// The command that creates the data folder.
pub(super) fn install(folder: &Path) -> Command {
    let mut install = Command::new(program("mariadb-install-db"));
    install
        .arg("--no-defaults")
        .arg(option("datadir", &folder.join("data")))
        .arg(option("tmpdir", folder))
        .args(["--auth-root-authentication-method=normal", "--skip-test-db"])
        .args(["--skip-name-resolve"]);
    as_this_user(&mut install);
    install
}

/// The server's command line.
pub(super) fn command(folder: &Path, port: u16, options: Options) -> Command {
    let mut command = Command::new(program("mariadbd"));
    command
        .arg("--no-defaults")
        .arg(option("datadir", &folder.join("data")))
        // A starting server deletes temporary tables of other servers in a shared `tmpdir`.
        .arg(option("tmpdir", folder))
        .arg(option("socket", &folder.join("socket")))
        .arg(option("pid-file", &folder.join("pid")))
        .args(["--bind-address=127.0.0.1", "--skip-name-resolve"])
        .arg(format!("--port={port}"))
        .arg(format!("--max-connections={}", options.max_connections));
    command.args(options.settings.iter().map(|it| format!("--{it}")));
    as_this_user(&mut command);
    if options.tls {
        command
            .arg(option("ssl-ca", &folder.join("ca.pem")))
            .arg(option("ssl-cert", &folder.join("server.pem")))
            .arg(option("ssl-key", &folder.join("server.key")))
            .arg("--require-secure-transport=ON");
    }
    if !options.durable {
        command.args(["--innodb-flush-log-at-trx-commit=0", "--innodb-flush-method=nosync"]);
    }
    command
}

fn option(name: &str, path: &Path) -> String {
    format!("--{name}={}", path.display())
}

/// The command that dumps a database.
pub(super) fn dump(folder: &Path, name: &str) -> Command {
    let mut command = Command::new(program("mariadb-dump"));
    command
        .args(["--no-defaults", "--user=root", "--skip-dump-date", "--routines", "--events"])
        .arg(option("socket", &folder.join("socket")))
        .arg(name);
    command
}

/// The statements that set up a new server.
pub(super) fn welcome() -> Vec<String> {
    vec![
        format!("CREATE USER '{USER}'@'%' IDENTIFIED BY '{PASSWORD}'"),
        format!("CREATE USER '{ADMIN}'@'%' IDENTIFIED BY '{PASSWORD}'"),
        format!("GRANT ALL ON *.* TO '{ADMIN}'@'%' WITH GRANT OPTION"),
    ]
}

/// The statements for an account that may connect to a database and only create temporary tables.
pub(super) fn stranger(name: &str, database: &str) -> Vec<String> {
    vec![
        format!("CREATE USER '{name}'@'%' IDENTIFIED BY '{PASSWORD}'"),
        format!("GRANT CREATE TEMPORARY TABLES ON {database}.* TO '{name}'@'%'"),
    ]
}

/// The statements that create an empty database.
pub(super) fn create(name: &str) -> Vec<String> {
    vec![format!("CREATE DATABASE {name}"), format!("GRANT ALL ON {name}.* TO '{USER}'@'%'")]
}

/// Runs statements as the administrator.
pub(super) async fn execute(folder: &Path, statements: &[String]) -> Result<(), sqlx::Error> {
    let options = MySqlConnectOptions::new()
        .socket(folder.join("socket"))
        .username("root")
        .ssl_mode(MySqlSslMode::Disabled);
    let mut connection = MySqlConnection::connect_with(&options).await?;
    for statement in statements {
        sqlx::raw_sql(AssertSqlSafe(statement.as_str())).execute(&mut connection).await?;
    }
    connection.close().await
}
