//! A server that vanishes says nothing, not even that it is gone: whoever acts
//! is told in time, and once it is back the next act works.

use std::sync::Arc;
use std::time::Duration;

use countersign::domain::customer::CustomerId;
use countersign::service::messages;
use countersign::service::ports::{CustomerStore, StoreError, StoreHealth, VerificationStore};
use sqlx::Connection as _;

use crate::servers::{Kind, Options, Server};
use crate::support::{self, Terminal, TestStore, actor, mysql, open, postgres, wish};

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_vanishes_holds_nobody_for_ever() {
    for kind in [Kind::Postgres, Kind::MariaDb] {
        let server = Server::new(kind, Options::default());
        let fixture = TestStore::on(&server);
        let mut store = open(&fixture.settings()).await.expect("the store opens");
        store.set_limit(Duration::from_millis(500));
        store.check().await.expect("a store that can be used");
        assert!(store.load_sample().await.expect("an answer"));

        server.pause();
        let acts = async {
            let read = store.customer(CustomerId(1)).await;
            assert!(matches!(read, Err(StoreError::Unreachable(_))), "{kind:?}: {read:?}");
            let written = store.unlock("gone", CustomerId(1), "she is here", &actor()).await;
            assert!(matches!(written, Err(StoreError::Unreachable(_))), "{kind:?}: {written:?}");
        };
        tokio::time::timeout(Duration::from_secs(20), acts).await.expect("told in time");
        server.resume();
        store.customer(CustomerId(1)).await.expect("an answer").expect("a customer");
        let store = Arc::new(store);
        let desk = Terminal::new(store.clone());
        desk.issue(&wish(CustomerId(1), "111111")).await;
        store.close().await;
    }
}

/// The office's lock is held by somebody else: that is no server that is away.
#[tokio::test(flavor = "multi_thread")]
async fn who_waits_for_anothers_lock_is_told_that_it_is_busy() {
    const HOLD: &str = "SELECT name FROM core_lock WHERE name = 'issue' FOR UPDATE";
    for kind in [support::Kind::Postgres, support::Kind::MariaDb] {
        let fixture = TestStore::new(kind);
        let desk = Terminal::new(fixture.open().await);
        let customer = desk.customer("WB-1").await;
        let refused = if kind == support::Kind::Postgres {
            let mut other = postgres(fixture.database()).await;
            let mut held = other.begin().await.expect("begun");
            sqlx::raw_sql(HOLD).execute(&mut *held).await.expect("held");
            desk.try_issue(&wish(customer, "111111")).await
        } else {
            let mut other = mysql(fixture.database()).await;
            let mut held = other.begin().await.expect("begun");
            sqlx::raw_sql(HOLD).execute(&mut *held).await.expect("held");
            desk.try_issue(&wish(customer, "111111")).await
        };
        let Err(error @ StoreError::Busy(_)) = refused else { panic!("{kind:?}: {refused:?}") };
        let told = messages::store_error(&error).for_admin;
        assert!(told.contains("Another counter is busy"), "{told}");
        desk.issue(&wish(customer, "222222")).await;
    }
}
