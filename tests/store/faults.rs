//! What is told about a store that cannot be used: what happened, what to do
//! about it, and nothing that is secret.

use countersign::config::settings::{ServerAddress, ServerSettings, StoreSettings};
use countersign::service::messages;
use countersign::service::ports::{StoreError, StoreHealth};

use crate::servers::{PASSWORD, Server};
use crate::support::{Kind, TestStore, open, server_settings};

const KINDS: [Kind; 2] = [Kind::Postgres, Kind::MariaDb];

fn settings(fixture: &TestStore) -> ServerSettings {
    server_settings(&fixture.database().url)
}

async fn check(settings: ServerSettings) -> StoreError {
    let store = open(&StoreSettings::Server(settings)).await.expect("opened when it is needed");
    let error = store.check().await.expect_err("a store that cannot be used");
    store.close().await;
    error
}

/// The one sentence for people, which repeats no secret.
fn told(error: &StoreError, wanted: &[&str]) {
    let told = messages::store_error(error).for_admin;
    for part in wanted {
        assert!(told.contains(part), "{part}: {told}");
    }
    assert!(!told.contains(PASSWORD) && !told.contains("://"), "{told}");
}

#[tokio::test]
async fn a_wrong_password_and_a_database_that_is_not_there_are_refused() {
    for kind in KINDS {
        let fixture = TestStore::new(kind);
        let password = Some("wrong".to_owned().into());
        let error = check(ServerSettings { password, ..settings(&fixture) }).await;
        assert!(matches!(error, StoreError::Refused(_)), "{error:?}");
        told(&error, &["counter", "Check the user, the password"]);
        let database = "nowhere".to_owned();
        let error = check(ServerSettings { database, ..settings(&fixture) }).await;
        assert!(matches!(error, StoreError::Refused(_)), "{error:?}");
        told(&error, &["nowhere", "the database of store.url"]);
    }
}

#[tokio::test]
async fn a_server_that_is_not_there_is_unreachable() {
    let tell = |kind| async move {
        let fixture = TestStore::new(kind);
        let host = "nowhere.invalid".to_owned();
        let unknown = ServerAddress::Tcp { host, port: 1 };
        let error = check(ServerSettings { address: unknown, ..settings(&fixture) }).await;
        assert!(error.is_break(), "{error:?}");
        told(&error, &["cannot be reached"]);
        let closed = ServerAddress::Tcp { host: "127.0.0.1".into(), port: 1 };
        let error = check(ServerSettings { address: closed, ..settings(&fixture) }).await;
        assert!(error.is_break(), "{error:?}");
        told(&error, &["cannot be reached", "its server is down"]);
    };
    tokio::join!(tell(Kind::Postgres), tell(Kind::MariaDb));
}

#[tokio::test]
async fn a_store_without_tables_names_the_command_that_makes_them() {
    for kind in KINDS {
        let error = check(settings(&TestStore::empty(kind))).await;
        assert!(matches!(error, StoreError::NotMigrated(_)), "{error:?}");
        told(&error, &["countersign migrate"]);
    }
}

#[tokio::test]
async fn an_account_without_rights_is_told_so() {
    let fixture = TestStore::new(Kind::Postgres);
    let user = Server::postgres().stranger(fixture.database(), "stranger");
    let error = check(ServerSettings { user, ..settings(&fixture) }).await;
    assert!(matches!(error, StoreError::Denied(_)), "{error:?}");
    told(&error, &["no rights on schema countersign", "assets/grants"]);

    let fixture = TestStore::new(Kind::MariaDb);
    let user = Server::mariadb().stranger(fixture.database(), "stranger");
    let error = check(ServerSettings { user, ..settings(&fixture) }).await;
    assert!(matches!(error, StoreError::Denied(_)), "{error:?}");
    told(&error, &["denied", "assets/grants"]);
}

#[tokio::test]
async fn a_server_that_only_reads_is_unreachable_for_now() {
    let fixture = TestStore::new(Kind::Postgres);
    let database = fixture.database();
    fixture
        .sql(&format!("ALTER DATABASE {} SET default_transaction_read_only = on", database.name))
        .await;
    let error = check(settings(&fixture)).await;
    assert!(error.is_break(), "{error:?}");
    told(&error, &["only lets itself be read"]);
}

#[tokio::test]
async fn a_check_tells_what_the_server_is_like() {
    for kind in KINDS {
        let fixture = TestStore::new(kind);
        let store = fixture.open().await;
        let found = store.check().await.expect("a store that can be used");
        for part in ["version 1", "not encrypted", " of 100 connections", "writable"] {
            assert!(found.contains(part), "{part}: {found}");
        }
        // The servers of the tests are quick, not safe.
        let notes = store.notes().await.expect("an answer");
        assert!(notes.len() == 1 && notes[0].contains("a code that was used"), "{notes:?}");
    }
}
