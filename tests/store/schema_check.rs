//! What is said of a table of customers that is not as the configuration says.

use countersign::config::settings::{CustomerSettings, Identifier};
use countersign::service::ports::{CustomerCheck, CustomerStore, NoCustomers};
use countersign::store::SqlStore;

use crate::office::Office;
use crate::support::{Kind, on_each_store};

/// The check of a store that nobody has migrated for this table.
async fn checked(office: &Office, settings: &CustomerSettings) -> CustomerCheck {
    let store = SqlStore::open(&office.fixture.settings(), settings).await.expect("a store");
    store.check_customers().await.expect("an answer")
}

on_each_store! {
    async fn a_table_as_it_should_be_is_counted(fixture) {
        let office = Office::new(fixture.kind());
        office.make_table().await;
        office.sql("CREATE UNIQUE INDEX by_account ON core_customer (account_no)").await;
        let store = office.open().await;
        let empty = store.no_customers().await.expect("an answer");
        assert_eq!(empty, Some(NoCustomers::EmptyTable));
        for id in 1..=2 {
            office.register(id, &format!("K-{id}"), "Ada", "").await;
        }
        let check = store.check_customers().await.expect("an answer");
        assert!(check.found.ends_with("core_customer, 0 of 2 can be found"), "{check:?}");
        assert_eq!(check.findings.len(), 1, "{check:?}");
        let count = countersign::service::customers::reindex::compare(store.as_ref(), false, |_| {}).await;
        assert_eq!(count.expect("compared").added, 2);
        let check = store.check_customers().await.expect("an answer");
        assert!(check.found.ends_with("core_customer, 2 of 2 can be found"), "{check:?}");
        assert_eq!(check.findings, []);
    }

    async fn a_key_that_two_can_have_stops_with_the_statement_that_mends_it(fixture) {
        let office = Office::new(fixture.kind());
        office
            .sql("CREATE TABLE core_customer (id BIGINT, account_no VARCHAR(20), name TEXT, \
                  email TEXT, phone TEXT, address TEXT, locale TEXT)")
            .await;
        let findings = checked(&office, &office.settings()).await.findings;
        assert_eq!(findings.len(), 2, "{findings:?}");
        assert!(findings[0].what.starts_with("id has no unique index"), "{findings:?}");
        assert!(findings[1].what.contains("account_no"), "{findings:?}");
        assert_eq!((findings[0].stops, findings[1].stops), (true, false));
        let refused = office.try_open(&office.settings()).await.map(drop).expect_err("refused");
        let help = findings[0].help.as_deref().expect("a statement");
        assert!(refused.to_string().contains(&findings[0].what), "{refused}");
        assert!(refused.to_string().contains(help), "{refused}");
        office.sql(help.strip_prefix("Let its owner run: ").expect("a statement")).await;
        let store = office.open().await;
        let left = store.check_customers().await.expect("an answer").findings;
        assert!(left.iter().all(|it| !it.stops), "{left:?}");
        assert_eq!(left.len(), 2, "the account number, and that nobody is there: {left:?}");
    }

    async fn a_wrong_name_is_told_before_anything_is_made_of_it(fixture) {
        let office = Office::new(fixture.kind());
        // Their place is there before the table is.
        office.sql("CREATE TABLE other (id INTEGER PRIMARY KEY)").await;
        if fixture.kind() != Kind::Sqlite {
            let nowhere = checked(&office, &office.settings()).await;
            assert!(nowhere.findings[0].what.contains("is not there"), "{nowhere:?}");
            assert!(nowhere.findings[0].stops);
        }
        office.make_table().await;
        let mut settings = office.settings();
        let table = settings.table.as_mut().expect("a table");
        table.columns.phone = Identifier::parse("telephone");
        table.columns.id = Identifier::parse("name").expect("a name");
        let findings = checked(&office, &settings).await.findings;
        assert!(findings.iter().any(|it| it.what.ends_with("has no column telephone")));
        let help = findings[0].help.as_deref().expect("help");
        assert_eq!(help, "Name the right one in customers.phone.");
        assert!(findings[1].what.ends_with("and no whole number"), "{findings:?}");
        assert!(findings.iter().all(|it| it.stops || it.what.contains("account_no")));
    }
}
