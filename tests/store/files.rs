//! The file: who may read it, where it may lie, how it comes to be.

use std::fs;
use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::Duration;

use countersign::domain::account::RecordedDate;
use countersign::domain::customer::CustomerId;
use countersign::service::messages;
use countersign::service::ports::{CustomerStore, IssueOutcome, Store, StoreError, StoreHealth};
use sqlx::SqliteConnection;
use tokio::task::JoinSet;

use crate::support::{Kind, Terminal, TestStore, actor, at, open, wish};

fn mode(file: &Path) -> u32 {
    fs::metadata(file).expect("the file").permissions().mode() & 0o777
}

fn beside(fixture: &TestStore) -> [std::path::PathBuf; 3] {
    ["", "-wal", "-shm"].map(|suffix| format!("{}{suffix}", fixture.file().display()).into())
}

#[tokio::test]
async fn security_46_the_file_and_its_companions_are_the_owners_alone() {
    let fixture = TestStore::sqlite();
    let store = fixture.open().await;
    Terminal::new(store.clone()).customer("WB-1").await;
    for file in beside(&fixture) {
        assert_eq!(mode(&file), 0o600, "{}", file.display());
        fs::set_permissions(&file, Permissions::from_mode(0o644)).expect("opened up");
    }
    let again = fixture.open().await;
    again.check().await.expect("a healthy store");
    for file in beside(&fixture) {
        assert_eq!(mode(&file), 0o600, "{}", file.display());
    }
}

#[tokio::test]
async fn a_store_makes_its_folder() {
    let fixture = TestStore::sqlite();
    let deep = fixture.file().with_file_name("new").join("folder").join("store.db");
    let store = open(&at(&deep)).await.expect("the store opens");
    store.check().await.expect("a healthy store");
    assert_eq!(mode(deep.parent().expect("a folder")), 0o700);
}

#[tokio::test]
async fn what_is_no_file_of_this_machine_is_refused_with_a_sentence() {
    for file in [":memory:", ""] {
        let refused = open(&at(Path::new(file))).await.map(|_| ()).expect_err("a refusal");
        let StoreError::Refused(sentence) = refused else { panic!("{refused:?}") };
        assert!(sentence.for_admin.contains("must be a file"), "{sentence:?}");
    }
    let nowhere = open(&at(Path::new("/proc/none/store.db"))).await;
    assert!(matches!(nowhere, Err(StoreError::Unreachable(_))));
}

fn cut(file: &Path, length: u64) {
    let file = fs::OpenOptions::new().write(true).open(file).expect("the file");
    file.set_len(length).expect("cut");
}

/// As by a copy that is written over it, before the copy is whole.
#[tokio::test]
async fn a_file_that_is_cut_short_ends_no_process() {
    let fixture = TestStore::sqlite();
    let store = fixture.open().await;
    Terminal::new(store.clone()).customer("WB-1").await;
    // The log is put into the file.
    store.close().await;
    let store = fixture.open().await;
    store.customer(CustomerId(1)).await.expect("an answer").expect("the customer");
    cut(&fixture.file(), 4096);
    let told = store.check().await.expect_err("it is no store any more");
    assert!(!messages::store_error(&told).for_admin.is_empty(), "{told:?}");
}

/// What is told of an act on a store whose file is another one by now.
async fn is_replaced(store: &impl Store) {
    let refused = [
        store.customer(CustomerId(1)).await.map(drop),
        store.unlock("gone", CustomerId(1), "she is here", &actor()).await.map(drop),
        store.check().await.map(drop),
    ];
    for refused in refused {
        let Err(StoreError::Replaced(why)) = refused else { panic!("{refused:?}") };
        assert!(why.contains("store.db"), "{why}");
    }
}

#[tokio::test]
async fn a_file_that_is_moved_deleted_or_replaced_is_refused_and_said() {
    for how in ["moved", "deleted", "replaced", "emptied", "without its log"] {
        let fixture = TestStore::sqlite();
        let store = fixture.open().await;
        Terminal::new(store.clone()).customer("WB-1").await;
        let (_changes, mut lost) = (store.changes(), store.connection_state());
        let (file, old) = (fixture.file(), fixture.file().with_extension("old"));
        fs::copy(&file, &old).expect("copied");
        match how {
            "moved" => fs::rename(&file, file.with_extension("away")).expect("moved"),
            "deleted" => fs::remove_file(&file).expect("deleted"),
            "replaced" => fs::rename(&old, &file).expect("replaced"),
            "emptied" => cut(&file, 0),
            _ => fs::remove_file(beside(&fixture)[1].clone()).expect("deleted"),
        }
        is_replaced(&*store).await;
        let told = lost.wait_for(Option::is_some);
        let told = tokio::time::timeout(Duration::from_secs(20), told).await.expect("in time");
        let told = told.expect("a watch").clone().expect("an error");
        let told = messages::store_error(&told).for_admin;
        assert!(told.contains("moved or replaced"), "{how}: {told}");
        if how == "moved" {
            fs::rename(file.with_extension("away"), &file).expect("brought back");
            store.check().await.expect("the same file");
        }
    }
}

async fn lock(connection: &mut SqliteConnection) {
    sqlx::raw_sql("BEGIN IMMEDIATE").execute(connection).await.expect("the lock");
}

async fn free(connection: &mut SqliteConnection, after: u64) {
    tokio::time::sleep(Duration::from_secs(after)).await;
    sqlx::raw_sql("ROLLBACK").execute(connection).await.expect("free");
}

#[tokio::test]
async fn a_writer_waits_for_the_lock_and_says_who_holds_it() {
    let fixture = TestStore::sqlite();
    let desk = Terminal::new(fixture.open().await);
    let customer = desk.customer("WB-1").await;
    let mut other = fixture.raw().await;
    let (first, second) = (wish(customer, "111111"), wish(customer, "222222"));
    lock(&mut other).await;
    let (issued, ()) = tokio::join!(desk.try_issue(&first), free(&mut other, 2));
    assert!(matches!(issued, Ok(IssueOutcome::Fresh(_))), "{issued:?}");
    lock(&mut other).await;
    let (refused, ()) = tokio::join!(desk.try_issue(&second), free(&mut other, 8));
    let Err(error @ StoreError::Busy(_)) = refused else { panic!("{refused:?}") };
    let told = messages::store_error(&error).for_admin;
    for part in ["Another counter is busy", "Nothing was done", "try again"] {
        assert!(told.contains(part), "{part}: {told}");
    }
    let me = format!("process {}", std::process::id());
    assert!(!cfg!(target_os = "linux") || told.contains(&me), "{told}");
}

#[tokio::test]
async fn what_is_no_database_is_left_alone() {
    let fixture = TestStore::sqlite();
    let text = "a letter to the mayor, ".repeat(500);
    fs::write(fixture.file(), &text).expect("written");
    assert!(open(&fixture.settings()).await.is_err());
    assert_eq!(fs::read_to_string(fixture.file()).expect("still there"), text);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn sixteen_terminals_that_start_at_once_all_find_a_migrated_store() {
    for kind in [Kind::Sqlite, Kind::Sqlite, Kind::Sqlite, Kind::Postgres, Kind::MariaDb] {
        let fixture = TestStore::empty(kind);
        let mut tasks = JoinSet::new();
        for _ in 0..16 {
            let settings = fixture.settings();
            tasks.spawn(async move {
                let store = open(&settings).await?;
                store.migrate().await?;
                store.check().await
            });
        }
        for done in tasks.join_all().await {
            done.expect("a healthy store");
        }
        assert_eq!(fixture.number("SELECT COUNT(*) FROM core_schema").await, 33);
    }
}

#[tokio::test]
async fn a_store_of_a_newer_program_is_not_touched() {
    let fixture = TestStore::sqlite();
    fixture.open().await;
    fixture.sql("INSERT INTO core_schema VALUES (99, 'the future', 0)").await;
    let refused = open(&fixture.settings()).await.map(|_| ()).expect_err("a refusal");
    let StoreError::NotMigrated(sentence) = refused else { panic!("{refused:?}") };
    assert!(sentence.contains("newer version"), "{sentence}");
}

#[tokio::test]
async fn the_sample_fills_an_empty_store_once() {
    use countersign::domain::channel::Channel;
    use countersign::domain::customer::PhonePolicy;
    use countersign::service::ports::CustomerKey;
    let fixture = TestStore::sqlite();
    let store = fixture.open().await;
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
    let invoices = account.invoices.expect("bills");
    let invoices = invoices.entries;
    assert!(invoices.len() > 1 && account.feedback.is_some_and(|it| !it.entries.is_empty()));
    let moment = |date: &RecordedDate| match date {
        RecordedDate::Moment(at) => *at,
        other => panic!("no moment: {other:?}"),
    };
    assert!(moment(&invoices[0].issued_at) > moment(&invoices[1].issued_at));
    let now = store.now().await.expect("a clock");
    let due = invoices[0].due_at.as_ref().map(moment).expect("a date");
    assert!(moment(&invoices[0].issued_at) < now && due > now);
    // Bills are kept here, so that nobody's being none is known.
    let house_bills = fixture.number("SELECT COUNT(*) FROM core_invoice").await;
    fixture.sql(&format!("DELETE FROM core_invoice WHERE customer_id = {}", dana.id.0)).await;
    assert!(fixture.number("SELECT COUNT(*) FROM core_invoice").await < house_bills);
    let account = store.account(dana.id).await.expect("an answer");
    assert_eq!(account.invoices, Some(Vec::new().into()));
}
