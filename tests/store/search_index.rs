//! Customers in a table that others write are found, as they are now.

use std::any::Any;
use std::time::{Duration, Instant};

use countersign::config::settings::CustomerSettings;
use countersign::domain::account::Account;
use countersign::domain::customer::CustomerId;
use countersign::domain::money::Money;
use countersign::domain::query::Query;
use countersign::service::customers::reindex::{self, ReindexCount};
use countersign::service::ports::{CustomerKey, CustomerStore, SearchIndex, StoreError};
use countersign::store::SqlStore;
use tokio::time::timeout;

use crate::office::Office;
use crate::support::{Kind, TRAY, TestStore, actor, mysql, new_customer, on_each_store, postgres};

/// The account numbers that a search finds once everybody can be found.
async fn found(store: &SqlStore, typed: &str) -> Vec<String> {
    store.index_ready().await;
    found_now(store, typed).await
}

async fn found_now(store: &SqlStore, typed: &str) -> Vec<String> {
    let query = Query::parse(typed).expect("a search");
    let found = store.find_customers(&query, 20).await.expect("an answer");
    found.into_iter().map(|it| it.account_no).collect()
}

async fn compare(store: &SqlStore, dry: bool) -> ReindexCount {
    reindex::compare(store, dry, |_| {}).await.expect("compared")
}

fn count(seen: u64, added: u64, changed: u64, forgotten: u64) -> ReindexCount {
    ReindexCount { seen, added, changed, forgotten, ..ReindexCount::default() }
}

async fn office(kind: Kind) -> Office {
    let office = Office::new(kind);
    office.make_table().await;
    office.register(7, "K-7", "Zoë Müller-Lüdenscheidt", "0151 / 234-56 78").await;
    office.register(9, "K-9", "Jörg Weiß", "").await;
    office
}

/// Lets nobody write into the index until it is dropped.
async fn hold_index(fixture: &TestStore) -> Box<dyn Any> {
    const LOCK: &str = "SELECT name FROM core_lock WHERE name = 'index' FOR UPDATE";
    match fixture.kind() {
        Kind::Sqlite => {
            let mut held = fixture.raw().await;
            sqlx::raw_sql("BEGIN IMMEDIATE").execute(&mut held).await.expect("held");
            Box::new(held)
        }
        Kind::Postgres => {
            let mut held = postgres(fixture.database()).await;
            sqlx::raw_sql("BEGIN").execute(&mut held).await.expect("begun");
            sqlx::raw_sql(LOCK).execute(&mut held).await.expect("held");
            Box::new(held)
        }
        Kind::MariaDb => {
            let mut held = mysql(fixture.database()).await;
            sqlx::raw_sql("BEGIN").execute(&mut held).await.expect("begun");
            sqlx::raw_sql(LOCK).execute(&mut held).await.expect("held");
            Box::new(held)
        }
    }
}

/// What later versions brought, taken away again.
const BACK_TO_VERSION_FIVE: &[&str] = &[
    "DROP VIEW core_verified_now",
    "ALTER TABLE core_event DROP COLUMN written_by",
    "ALTER TABLE core_event DROP COLUMN written_at",
    "ALTER TABLE core_session DROP COLUMN factors",
    "ALTER TABLE core_session DROP COLUMN level",
    "ALTER TABLE core_session DROP COLUMN is_reached",
    "ALTER TABLE core_session DROP COLUMN also_for",
    "ALTER TABLE core_session DROP COLUMN shared_contact",
    "DROP TABLE core_pad",
    "DROP TABLE core_pad_guard",
    "DELETE FROM core_lock WHERE name = 'pad'",
    "DROP TABLE core_rehearsal",
    "DROP TABLE core_audit_shipping",
    "ALTER TABLE core_customer_word RENAME COLUMN phrase TO word",
    "DELETE FROM core_customer_word",
    "INSERT INTO core_customer_word (word, customer_id) SELECT 'rivera', MIN(id) \
    FROM core_customer",
    "ALTER TABLE core_delivery DROP COLUMN clerk_detail",
    "ALTER TABLE core_line DROP COLUMN clerk_detail",
    "ALTER TABLE core_line DROP COLUMN late",
    "DROP TABLE core_staff",
    "ALTER TABLE core_delivery DROP COLUMN number_prefix",
    "ALTER TABLE core_trial DROP COLUMN number_prefix",
    "DROP TABLE core_clerk_guard",
    "DROP TABLE core_approval",
    "DROP TABLE core_policy",
    "ALTER TABLE core_otp DROP COLUMN policy_version",
    "ALTER TABLE core_otp_archive DROP COLUMN policy_version",
    "ALTER TABLE core_session DROP COLUMN policy_version",
    "DROP TABLE core_sign_in",
    "DROP TABLE core_sitting",
    "ALTER TABLE core_lock DROP COLUMN held",
    "DELETE FROM core_lock WHERE name IN ('staff', 'audit', 'approval', 'policy')",
    "DROP TABLE core_audit_leaf",
    "DROP TABLE core_audit_node",
    "DROP TABLE core_audit_checkpoint",
    "DROP TABLE core_audit_tree",
    "ALTER TABLE core_otp DROP COLUMN binding",
    "ALTER TABLE core_otp_retired DROP COLUMN binding",
    "ALTER TABLE core_otp_retired DROP COLUMN channel",
    "ALTER TABLE core_otp_retired DROP COLUMN contact",
    "ALTER TABLE core_session DROP COLUMN key_id",
    "ALTER TABLE core_session DROP COLUMN mac",
    "ALTER TABLE core_delivery DROP COLUMN fingerprint",
    "DROP TABLE core_production",
    "DROP TABLE core_hold",
    "DROP TABLE core_stats_series",
    "DROP TABLE core_stats",
    "DROP TABLE core_stats_time",
    "DROP TABLE core_stats_state",
    "DROP TABLE core_stats_prefix",
    "DROP TABLE core_alarm",
    "DROP TABLE core_alarm_mail",
    "ALTER TABLE core_event DROP COLUMN purpose",
    "ALTER TABLE core_event DROP COLUMN provider",
    "ALTER TABLE core_event DROP COLUMN asked_at",
    "DROP TABLE core_customer_factor",
    "DROP TABLE core_backup_code",
    "DROP TABLE core_flag",
    "DROP TABLE core_representative",
    "ALTER TABLE core_otp DROP COLUMN representative",
    "ALTER TABLE core_session DROP COLUMN representative",
    "ALTER TABLE core_notice DROP COLUMN about",
    "ALTER TABLE core_notice DROP COLUMN purpose",
    "ALTER TABLE core_notice DROP COLUMN reference",
    "ALTER TABLE core_notice DROP COLUMN key_id",
    "ALTER TABLE core_notice DROP COLUMN mac",
    "ALTER TABLE core_contact DROP COLUMN alone",
    "ALTER TABLE core_guard DROP COLUMN told_of",
    "ALTER TABLE core_guard DROP COLUMN told_at",
    "ALTER TABLE core_guard DROP COLUMN told_since",
    "ALTER TABLE core_guard DROP COLUMN told_times",
    "ALTER TABLE core_delivery DROP COLUMN reference",
    "DROP TABLE core_contact_state",
    "ALTER TABLE core_contact DROP COLUMN verified_at",
    "ALTER TABLE core_contact DROP COLUMN verified_over",
    "DELETE FROM core_schema WHERE version > 5",
];

on_each_store! {
    async fn an_index_of_version_five_is_filled_anew_by_the_migration(fixture) {
        let names = [new_customer("WB-1", "Dana Rivera"), new_customer("WB-2", "Ana Pía Stone")];
        let store = fixture.open().await;
        store.import(&names, *TRAY, &actor(), false).await.expect("imported");
        store.index_ready().await;
        store.close().await;
        // As a program of version 5 left it, which looked each word up by itself.
        let of_events = if fixture.kind() == Kind::MariaDb { " ON core_event" } else { "" };
        fixture.sql(&format!("DROP INDEX core_event_clerk{of_events}")).await;
        if fixture.kind() == Kind::Sqlite {
            fixture.sql("DROP INDEX core_delivery_prefix").await;
        } else {
            let table = if fixture.kind() == Kind::MariaDb { " ON core_delivery" } else { "" };
            fixture.sql(&format!("DROP INDEX core_delivery_prefix{table}")).await;
            fixture.sql("ALTER TABLE core_otp DROP CONSTRAINT core_otp_lifetime").await;
            fixture.sql("ALTER TABLE core_session DROP CONSTRAINT core_session_lifetime").await;
        }
        for statement in BACK_TO_VERSION_FIVE {
            fixture.sql(statement).await;
        }
        let store = fixture.open().await;
        store.migrate().await.expect("migrated");
        assert_eq!(found(&store, "rivera dana").await, ["WB-1"]);
        assert_eq!(found(&store, "stone pia").await, ["WB-2"]);
        let left = "SELECT COUNT(*) FROM core_customer_word WHERE phrase = 'rivera'";
        assert_eq!(fixture.number(left).await, 0);
    }

    async fn an_index_that_was_folded_otherwise_is_made_anew_by_itself(fixture) {
        let store = fixture.open().await;
        store.import(&[new_customer("Ł-1", "Łukasz Wałęsa")], *TRAY, &actor(), false).await.expect("imported");
        store.close().await;
        // As a program left it that folded accents only.
        for statement in [
            "UPDATE core_customer_search SET name = 'łukasz wałesa', compact = 'ł1', \
             account_end = '1ł', words = ' łukasz wałesa ł 1 ł1'",
            "DELETE FROM core_customer_word",
            "INSERT INTO core_customer_word (phrase, customer_id) SELECT 'łukasz wałesa', MIN(id) \
             FROM core_customer",
            "UPDATE core_setting SET value = '2  ours' WHERE name = 'indexed'",
        ] {
            fixture.sql(statement).await;
        }
        let store = fixture.open().await;
        for typed in ["lukasz", "walesa lukasz", "l1", "łukasz"] {
            assert_eq!(found(&store, typed).await, ["Ł-1"], "{typed}");
        }
        let left = "SELECT COUNT(*) FROM core_customer_word WHERE phrase = 'łukasz wałesa'";
        assert_eq!(fixture.number(left).await, 0);
        let one = store.identify(CustomerKey::Account("Ł-1")).await.expect("an answer");
        assert_eq!(one.len(), 1);
        let other = store.identify(CustomerKey::Account("L-1")).await.expect("an answer");
        assert_eq!(other.len(), 0, "folding is for finding only");
    }

    async fn customers_of_the_office_are_found_by_the_first_search(fixture) {
        let office = office(fixture.kind()).await;
        let store = office.open().await;
        for typed in ["K-7", "muller", "zoe", "0151 234", "+49 151 234", "0049151234", "5678"] {
            assert_eq!(found(&store, typed).await, ["K-7"], "{typed}");
        }
        let phone = store.identify(CustomerKey::Phone("+491512345678")).await.expect("an answer");
        assert_eq!(phone.len(), 1);
        assert_eq!((phone[0].email.as_deref(), phone[0].locale.as_deref()), (None, None));
        let account = store.identify(CustomerKey::Account("k-9")).await.expect("an answer");
        assert_eq!((account.len(), account[0].phone.as_deref()), (1, None));
        assert_eq!(compare(&store, false).await, count(2, 0, 0, 0));
    }

    async fn a_new_office_with_customers_of_its_own_has_nothing_to_prepare(fixture) {
        let store = fixture.open().await;
        let indexed = "SELECT COUNT(*) FROM core_setting WHERE name = 'indexed'";
        assert_eq!(fixture.number(indexed).await, 1, "before anybody searches");
        store.import(&[new_customer("WB-1", "Dana Rivera")], *TRAY, &actor(), false).await.expect("imported");
        assert_eq!(found_now(&store, "rivera").await, ["WB-1"]);
        assert_eq!(*store.index_progress().borrow(), None);
    }

    async fn a_store_with_a_history_keeps_to_its_customers(fixture) {
        let office = office(fixture.kind()).await;
        let settings = office.fixture.settings();
        let own = SqlStore::open(&settings, &CustomerSettings::default()).await.expect("a store");
        own.migrate().await.expect("its tables");
        let mut rich = new_customer("OWN-1", "Somebody Else");
        rich.balance = Some(Money { cents: 100, currency: "EUR".into() });
        own.import(&[rich], *TRAY, &actor(), false).await.expect("written");
        own.close().await;
        // Nothing was done yet: the office may still name its table.
        let store = office.open().await;
        let one = store.account(CustomerId(1)).await.expect("an answer");
        assert_eq!(one, Account::default(), "nobody sees another's balance");
        office.fixture.sql(
            "INSERT INTO core_event (id, at, kind, clerk, counter) VALUES (1, 1, 'sent', 'a', '1')"
        ).await;
        let mut renamed = office.settings();
        if let Some(table) = &mut renamed.table {
            table.columns.email = None;
        }
        office.try_open(&renamed).await.expect("the same table, another column");
        let back = office.try_open(&CustomerSettings::default()).await.map(drop);
        let Err(StoreError::Refused(sentence)) = back else { panic!("{back:?}") };
        assert!(sentence.for_admin.contains("another table"), "{sentence:?}");
    }

    async fn a_comparison_finds_who_came_changed_and_went(fixture) {
        let office = office(fixture.kind()).await;
        let store = office.open().await;
        assert_eq!(found(&store, "weis").await, ["K-9"]);
        office.sql(
            "DELETE FROM core_customer WHERE id = 9; \
             UPDATE core_customer SET phone = '+43 664 1234567', name = 'Zoë Berg' WHERE id = 7"
        ).await;
        for (id, account) in [(2, "K-2"), (12, "K-12")] {
            office.register(id, account, "Ada Weiss", "030 1234567").await;
        }
        let told = count(3, 2, 1, 1);
        assert_eq!(compare(&store, true).await, told);
        assert_eq!(found(&store, "0664 123").await, [] as [&str; 0], "a dry one writes nothing");
        assert_eq!(compare(&store, false).await, told);
        assert_eq!(compare(&store, false).await, count(3, 0, 0, 0));
        assert_eq!(found(&store, "0664 123").await, ["K-7"]);
        assert_eq!(found(&store, "0151 234").await, [] as [&str; 0]);
        assert_eq!(found(&store, "weiss").await, ["K-2", "K-12"]);
        let words = "SELECT COUNT(*) FROM core_customer_word WHERE customer_id = 9";
        assert_eq!(office.fixture.number(words).await, 0);
    }

    async fn batches_end_where_either_side_breaks_off(fixture) {
        let office = Office::new(fixture.kind());
        office.make_table().await;
        let store = office.open().await;
        for id in 1..=7 {
            office.register(id, &format!("K-{id}"), "Ada", "").await;
        }
        compare(&store, false).await;
        // Gone: a run longer than a batch, then new ones.
        office.sql("DELETE FROM core_customer WHERE id BETWEEN 2 AND 6").await;
        for id in 8..=12 {
            office.register(id, &format!("K-{id}"), "Ada", "").await;
        }
        let (mut after, mut steps, mut sums) = (None, 0, [0; 4]);
        loop {
            let step = store.index_customers(after, 2, false).await.expect("a step");
            for (sum, more) in
                sums.iter_mut().zip([step.seen, step.added, step.changed, step.forgotten])
            {
                *sum += more;
            }
            assert!(step.seen <= 2 && step.forgotten <= 2, "{step:?}");
            assert!(step.next.is_none() || step.next > after, "{step:?}");
            (after, steps) = (step.next, steps + 1);
            if after.is_none() {
                break;
            }
        }
        assert_eq!(sums, [7, 5, 0, 5]);
        assert!(steps > 4, "{steps}");
        let entries = "SELECT COUNT(*) FROM core_customer_search";
        assert_eq!(office.fixture.number(entries).await, 7);
    }

    async fn who_registered_since_is_found_by_the_next_terminal(fixture) {
        let office = office(fixture.kind()).await;
        let store = office.open().await;
        assert_eq!(found(&store, "muller").await, ["K-7"]);
        // 8 was given before 10, and committed after it.
        for (id, name) in [(10, "Berta"), (8, "Adele")] {
            office.register(id, &format!("K-{id}"), name, "").await;
            let next = office.open().await;
            assert_eq!(found(&next, name).await, [format!("K-{id}")]);
        }
    }

    async fn a_search_does_not_wait_for_an_index_that_is_being_filled(fixture) {
        let office = office(fixture.kind()).await;
        let store = office.open().await;
        let held = hold_index(&office.fixture).await;
        let since = Instant::now();
        assert_eq!(found_now(&store, "muller").await, [] as [&str; 0]);
        assert!(since.elapsed() < Duration::from_secs(3), "{:?}", since.elapsed());
        assert!(store.index_progress().borrow().is_some(), "it says that not all are found");
        // Who has to be found waits.
        let named = store.identify(CustomerKey::Account("K-9"));
        assert!(timeout(Duration::from_millis(100), named).await.is_err());
        drop(held);
        timeout(Duration::from_secs(20), store.index_ready()).await.expect("filled");
        assert_eq!(found(&store, "muller").await, ["K-7"]);
        assert_eq!(*store.index_progress().borrow(), None);
    }

    async fn customers_that_are_only_read_are_not_written(fixture) {
        let office = office(fixture.kind()).await;
        let store = office.open().await;
        let refused = store.import(&[new_customer("K-1", "Ada")], *TRAY, &actor(), false).await;
        assert!(matches!(refused, Err(StoreError::ReadOnly)), "{refused:?}");
    }
}
