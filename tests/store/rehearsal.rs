//! Rehearsal and production keep apart, whatever the configuration names.

use std::sync::Arc;

use countersign::config::settings::CustomerSettings;
use countersign::domain::customer::CustomerId;
use countersign::domain::outcome::Outcome;
use countersign::domain::rehearsal::Script;
use countersign::service::ports::{CustomerKey, CustomerStore, IssueOutcome, StoreError};
use countersign::store::{SqlStore, StoreUse};

use crate::support::{Terminal, TestStore, actor, email, on_each_store, wish};

/// A store without a use, as its owner opens it to mark it.
async fn owner(fixture: &TestStore) -> SqlStore {
    let customers = CustomerSettings::default();
    SqlStore::open(&fixture.settings(), &customers).await.expect("opened")
}

/// What a desk of this use is told at its first call; nothing where it works.
async fn refused(fixture: &TestStore, store_use: StoreUse) -> Option<String> {
    let customers = CustomerSettings::default();
    let opened = SqlStore::open_for(&fixture.settings(), &customers, store_use).await;
    let read = match opened {
        Ok(store) => store.customer(CustomerId(1)).await.map(drop),
        Err(error) => Err(error),
    };
    match read {
        Ok(()) => None,
        Err(StoreError::Refused(why)) => {
            assert_eq!(why.key.as_deref(), Some("environment"), "{why:?}");
            Some(why.for_admin)
        }
        Err(error) => panic!("{error}"),
    }
}

on_each_store! {
    async fn security_74_a_rehearsal_touches_no_store_of_production_nor_production_one_of_a_rehearsal(fixture) {
        let rehearsal = owner(&fixture).await;
        let why = refused(&fixture, StoreUse::Rehearsal).await.expect("not marked yet");
        assert!(why.contains("migrate --rehearsal"), "{why}");
        assert_eq!(refused(&fixture, StoreUse::Production).await, None);

        assert!(rehearsal.mark_rehearsal(&actor()).await.expect("marked"));
        assert!(!rehearsal.mark_rehearsal(&actor()).await.expect("again"), "it was already");
        assert_eq!(refused(&fixture, StoreUse::Rehearsal).await, None);
        let why = refused(&fixture, StoreUse::Production).await.expect("a rehearsal's");
        assert!(why.contains("one of a rehearsal"), "{why}");
        rehearsal.mark_production(&actor()).await.expect_err("it has the other mark");

        let real = TestStore::new(fixture.kind());
        owner(&real).await.mark_production(&actor()).await.expect("marked");
        let why = refused(&real, StoreUse::Rehearsal).await.expect("one of real customers");
        assert!(why.contains("real customers"), "{why}");
        owner(&real).await.mark_rehearsal(&actor()).await.expect_err("it has the other mark");
        assert_eq!(refused(&real, StoreUse::Production).await, None);

        // One that nobody marked, and that was used, becomes none.
        let used = TestStore::new(fixture.kind());
        let desk = Terminal::new(used.open().await);
        let customer = desk.customer("WB-1").await;
        desk.issue(&wish(customer, "123456")).await;
        owner(&used).await.mark_rehearsal(&actor()).await.expect_err("used");
        assert_eq!(used.number("SELECT COUNT(*) FROM core_rehearsal").await, 0);
    }

    async fn the_customers_of_a_rehearsal_are_set_back_to_the_beginning_of_their_scripts(fixture) {
        let store = Arc::new(owner(&fixture).await);
        store.mark_rehearsal(&actor()).await.expect("marked");
        let desk = Terminal::new(store.clone());
        let find = async |script: Script| {
            let found = store.identify(CustomerKey::Account(script.account_no())).await;
            found.expect("read").remove(0)
        };
        let locked = find(Script::Locked).await;
        let ask = |code: &str| {
            let mut wish = wish(locked.id, code);
            wish.contact = email(Script::Locked.email());
            wish
        };
        let refusal = desk.try_issue(&ask("123456")).await.expect("answered");
        assert!(!matches!(refusal, IssueOutcome::Fresh(_)), "{refusal:?}");
        fixture.sql("UPDATE core_guard SET failures = 0").await;
        let request = desk.issue(&ask("222222")).await;
        assert_eq!(desk.enter(&request.id, "222222").await, Outcome::Verified);
        store.mark_rehearsal(&actor()).await.expect("set back");
        let refusal = desk.try_issue(&ask("333333")).await.expect("answered");
        assert!(!matches!(refusal, IssueOutcome::Fresh(_)), "{refusal:?}");
        assert_eq!(find(Script::WrongCode).await.email.as_deref(), Some(Script::WrongCode.email()));
    }
}
