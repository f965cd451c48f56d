//! A connection pooler before PostgreSQL: one that keeps sessions is worked through,
//! one that does not is refused.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use countersign::config::settings::{ServerAddress, ServerSettings, StoreSettings};
use countersign::domain::outcome::Outcome;
use countersign::service::ports::{StoreError, StoreHealth};
use countersign::store::SqlStore;

use crate::servers::{Database, PASSWORD, Server, USER};
use crate::support::{Terminal, open, server_settings, wish};

/// A `PgBouncer` that ends with the test.
struct Pooler {
    process: Child,
    port: u16,
    _folder: tempfile::TempDir,
}

impl Drop for Pooler {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn program() -> &'static str {
    let places = ["/usr/sbin/pgbouncer", "/usr/bin/pgbouncer", "/usr/local/bin/pgbouncer"];
    let found = places.into_iter().find(|it| Path::new(it).exists());
    found.expect("the tests need PgBouncer, which is not installed here: run .ci/install")
}

fn before(database: &Database, mode: &str, size: u32) -> Pooler {
    let folder = tempfile::tempdir().expect("a folder");
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).expect("to be read");
    // Held until the address is read, and free for the pooler then.
    let port = {
        let held = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
        held.local_addr().expect("a port").port()
    };
    let file = folder.path().join("pgbouncer.ini");
    let settings = format!(
        "[databases]\n{0} = host=127.0.0.1 port={1} dbname={0} user={USER} password={PASSWORD}\n\
         [pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\nunix_socket_dir =\n\
         auth_type = any\npool_mode = {mode}\ndefault_pool_size = {size}\n",
        database.name,
        Server::postgres().port(),
    );
    fs::write(&file, settings).expect("written");
    let mut command = Command::new(program());
    if rustix::process::geteuid().is_root() {
        // It refuses to run as root.
        command.args(["-u", "nobody"]);
    }
    let process = command.arg(&file).stdout(Stdio::null()).stderr(Stdio::piped()).spawn();
    let mut pooler = Pooler { process: process.expect("a pooler"), port, _folder: folder };
    let mut said = BufReader::new(pooler.process.stderr.take().expect("what it says")).lines();
    let mut log = String::new();
    while !log.contains("process up") {
        let line = said.next().unwrap_or_else(|| panic!("it ended before it was up:\n{log}"));
        log += &(line.expect("a line") + "\n");
    }
    std::thread::spawn(move || said.for_each(drop));
    pooler
}

async fn through(pooler: &Pooler, database: &Database) -> SqlStore {
    let settings = server_settings(&database.url);
    let address = ServerAddress::Tcp { host: "127.0.0.1".into(), port: pooler.port };
    let settings = StoreSettings::Server(ServerSettings { address, connections: 2, ..settings });
    open(&settings).await.expect("a store")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pooler_that_keeps_sessions_is_worked_through() {
    let database = Server::postgres().database("pooled");
    let pooler = before(&database, "session", 20);
    let store = through(&pooler, &database).await;
    store.migrate().await.expect("the tables are made where they have to be");
    let direct = open(&crate::support::server(&database.url)).await.expect("a store");
    direct.check().await.expect("in the schema of the configuration");
    let desk = Terminal::new(std::sync::Arc::new(store));
    let request = desk.issue(&wish(desk.customer("WB-1").await, "123456")).await;
    assert_eq!(desk.enter(&request.id, "123456").await, Outcome::Verified);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pooler_of_transactions_is_refused_and_nothing_is_made() {
    let database = Server::postgres().database("pooled");
    for (mode, size) in [("transaction", 20), ("transaction", 1), ("statement", 20)] {
        let pooler = before(&database, mode, size);
        let store = through(&pooler, &database).await;
        for refused in [store.migrate().await.map(drop), store.check().await.map(drop)] {
            let Err(StoreError::Refused(told)) = refused else { panic!("{mode}: {refused:?}") };
            assert!(told.for_admin.contains("pool_mode = session"), "{mode}: {told:?}");
        }
    }
    let direct = open(&crate::support::server(&database.url)).await.expect("a store");
    let made = direct.check().await.expect_err("no tables");
    assert!(matches!(made, StoreError::NotMigrated(_)), "{made:?}");
}
