//! A server that vanishes says nothing, not even that it is gone: whoever acts
//! is told in time, and once it is back the next act works.

use std::sync::Arc;
use std::time::Duration;

use countersign::domain::customer::CustomerId;
use countersign::service::ports::{Store, StoreError};

use crate::servers::{Kind, Options, Server};
use crate::support::{House, Terminal, actor, open, wish};

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_vanishes_holds_nobody_for_ever() {
    for kind in [Kind::Postgres, Kind::MariaDb] {
        let server = Server::new(kind, Options::default());
        let house = House::on(&server);
        let mut store = open(&house.settings()).await.expect("the store opens");
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
