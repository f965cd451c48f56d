//! The file: who may read it, where it may lie, how it comes to be.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use countersign::service::ports::{Store, StoreError};
use tokio::task::JoinSet;

use crate::support::{House, Kind, Terminal, at, open};

fn mode(file: &Path) -> u32 {
    fs::metadata(file).expect("the file").permissions().mode() & 0o777
}

fn beside(house: &House) -> [std::path::PathBuf; 3] {
    ["", "-wal", "-shm"].map(|suffix| format!("{}{suffix}", house.file().display()).into())
}

#[tokio::test]
async fn security_46_the_file_and_its_companions_are_the_owners_alone() {
    let house = House::sqlite();
    let store = house.open().await;
    Terminal::new(store.clone()).customer("WB-1").await;
    for file in beside(&house) {
        assert_eq!(mode(&file), 0o600, "{}", file.display());
        fs::set_permissions(&file, Permissions::from_mode(0o644)).expect("opened up");
    }
    let again = house.open().await;
    again.check().await.expect("a healthy store");
    for file in beside(&house) {
        assert_eq!(mode(&file), 0o600, "{}", file.display());
    }
}

#[tokio::test]
async fn a_store_makes_its_folder() {
    let house = House::sqlite();
    let deep = house.file().with_file_name("new").join("folder").join("store.db");
    let store = open(&at(&deep)).await.expect("the store opens");
    store.check().await.expect("a healthy store");
    assert_eq!(mode(deep.parent().expect("a folder")), 0o700);
}

#[tokio::test]
async fn what_is_no_file_of_this_machine_is_refused_with_a_sentence() {
    for file in [":memory:", ""] {
        let refused = open(&at(Path::new(file))).await.map(|_| ()).expect_err("a refusal");
        let StoreError::Refused(sentence) = refused else { panic!("{refused:?}") };
        assert!(sentence.contains("must be a file"), "{sentence}");
    }
    let nowhere = open(&at(Path::new("/proc/none/store.db"))).await;
    assert!(matches!(nowhere, Err(StoreError::Unreachable(_))));
}

#[tokio::test]
async fn what_is_no_database_is_left_alone() {
    let house = House::sqlite();
    let text = "a letter to the mayor, ".repeat(500);
    fs::write(house.file(), &text).expect("written");
    assert!(open(&house.settings()).await.is_err());
    assert_eq!(fs::read_to_string(house.file()).expect("still there"), text);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn sixteen_terminals_that_start_at_once_all_find_a_migrated_store() {
    for kind in [Kind::Sqlite, Kind::Sqlite, Kind::Sqlite, Kind::Postgres, Kind::MariaDb] {
        let house = House::empty(kind);
        let mut tasks = JoinSet::new();
        for _ in 0..16 {
            let settings = house.settings();
            tasks.spawn(async move {
                let store = open(&settings).await?;
                store.migrate().await?;
                store.check().await
            });
        }
        for done in tasks.join_all().await {
            done.expect("a healthy store");
        }
        assert_eq!(house.number("SELECT COUNT(*) FROM core_schema").await, 7);
    }
}

#[tokio::test]
async fn a_store_of_a_newer_program_is_not_touched() {
    let house = House::sqlite();
    house.open().await;
    house.sql("INSERT INTO core_schema VALUES (99, 'the future', 0)").await;
    let refused = open(&house.settings()).await.map(|_| ()).expect_err("a refusal");
    let StoreError::NotMigrated(sentence) = refused else { panic!("{refused:?}") };
    assert!(sentence.contains("newer version"), "{sentence}");
}

#[tokio::test]
async fn the_sample_fills_an_empty_store_once() {
    use countersign::domain::channel::Channel;
    use countersign::domain::customer::PhonePolicy;
    use countersign::service::ports::CustomerKey;
    let house = House::sqlite();
    let store = house.open().await;
    assert!(store.load_sample().await.expect("written"));
    assert!(!store.load_sample().await.expect("an answer"), "not twice");
    let dana = store.identify(CustomerKey::Account("WB-004217")).await.expect("an answer");
    let dana = dana.first().expect("Dana Rivera");
    assert_eq!(dana.name, "Dana Rivera");
    let phones = PhonePolicy::of("US");
    for channel in Channel::ALL {
        dana.contact(channel, &phones).expect("a usable contact");
    }
    let account = store.account(dana.id).await.expect("an answer");
    assert!(account.balance.is_some());
    assert!(account.invoices.len() > 1 && !account.feedback.is_empty());
    assert!(account.invoices[0].issued_at > account.invoices[1].issued_at);
    let now = store.now().await.expect("a clock");
    assert!(account.invoices[0].issued_at < now && account.invoices[0].due_at > now);
}
