//! What every store must know of customers, and of itself.

use crate::support::{TRAY, Terminal, new_customer, with_email, with_phone};
use countersign::domain::customer::CustomerId;
use countersign::domain::money::Money;
use countersign::domain::query::Query;
use countersign::service::ports::{CustomerKey, ImportCount, NoCustomers};

async fn find(desk: &Terminal, typed: &str) -> Vec<String> {
    let Some(query) = Query::parse(typed) else { return Vec::new() };
    let found = desk.store.find_customers(&query, 10).await.expect("an answer");
    found.into_iter().map(|it| it.account_no).collect()
}

pub(super) async fn an_empty_store_says_that_nobody_can_be_found(desk: &Terminal) {
    let why = desk.store.no_customers().await.expect("an answer");
    assert_eq!(why, Some(NoCustomers::EmptyStore));
    let query = Query::parse("dana").expect("a query");
    assert_eq!(desk.store.find_customers(&query, 10).await.expect("an answer"), []);
    desk.import(&[new_customer("WB-004217", "Dana Rivera")]).await;
    assert_eq!(desk.store.no_customers().await.expect("an answer"), None);
}

pub(super) async fn customers_are_imported_counted_and_found(desk: &Terminal) {
    let dana = with_phone(
        with_email(new_customer("WB-004217", "Dana Rivera"), "dana@example.org"),
        "+1 555 010 0142",
    );
    let batch = [
        dana.clone(),
        with_email(new_customer("WB-000012", "José Ñandú"), "jn@example.com"),
        new_customer("WB-005550", "Rivera Danaher"),
        new_customer("ZZ-1", "王芳"),
        new_customer("LO-9", "Ana Pía O'Shea"),
    ];
    let count = desk.import(&batch).await;
    assert_eq!(count, ImportCount { added: 5, ..ImportCount::default() });

    for (typed, expected) in [
        ("wb-004217", vec!["WB-004217"]),
        ("WB004217", vec!["WB-004217"]),
        ("004217", vec!["WB-004217"]),
        ("4217", vec!["WB-004217"]),
        ("(555) 010-0142", vec!["WB-004217"]),
        ("+1 555 010 0142", vec!["WB-004217"]),
        ("0142", vec!["WB-004217"]),
        ("dana@ex", vec!["WB-004217"]),
        ("example", vec![]),
        ("dana example", vec!["WB-004217"]),
        ("010 rivera", vec!["WB-004217"]),
        ("DANA", vec!["WB-004217", "WB-005550"]),
        ("rivera", vec!["WB-005550", "WB-004217"]),
        ("riv dana", vec!["WB-004217", "WB-005550"]),
        ("dana ri", vec!["WB-004217", "WB-005550"]),
        ("riv dan org", vec!["WB-004217"]),
        ("rivera da wb 555", vec!["WB-004217", "WB-005550"]),
        ("nandu", vec!["WB-000012"]),
        ("jose ñ", vec!["WB-000012"]),
        ("王", vec!["ZZ-1"]),
        ("z", vec!["ZZ-1"]),
        ("rivera nandu", vec![]),
        ("dana o e d w r rivera", vec!["WB-004217"]),
        ("dana o e d w q rivera", vec![]),
        ("nobody", vec![]),
        ("oshea ana pia", vec!["LO-9"]),
        ("o'shea an", vec!["LO-9"]),
        ("pia oshea", vec!["LO-9"]),
        ("ana o'shea", vec!["LO-9"]),
        ("shea pia lo", vec!["LO-9"]),
        ("shea pia zz", vec![]),
    ] {
        assert_eq!(find(desk, typed).await, expected, "{typed:?}");
    }
    let query = Query::parse("wb").expect("a search");
    assert_eq!(desk.store.find_customers(&query, 2).await.expect("an answer").len(), 2);

    let mut married = dana.clone();
    married.name = "Dana Stone".into();
    married.email = None;
    let mut richer = new_customer("WB-005550", "Rivera Danaher");
    richer.balance = Some(Money { cents: 5, currency: "USD".into() });
    let batch = [married, richer.clone(), batch[1].clone(), new_customer("N-1", "New")];
    // The dry one tells the same, and leaves all as it was.
    for dry in [true, true, false] {
        let count =
            desk.store.import(&batch, *TRAY, &desk.actor, dry).await.expect("counted").count;
        assert_eq!(count, ImportCount { added: 1, changed: 2, unchanged: 1, replaced: 0 });
        assert_eq!(find(desk, "dana@example").await.is_empty(), !dry);
    }
    assert_eq!(find(desk, "dana riv").await, ["WB-005550"]);
    assert_eq!(find(desk, "stone").await, ["WB-004217"]);
    assert_eq!(find(desk, "dana@example").await, [] as [&str; 0]);
    let twice = [richer.clone(), new_customer("WB-005550", "Other Name"), richer];
    let count = desk.import(&twice).await;
    assert_eq!(count, ImportCount { changed: 2, unchanged: 1, ..ImportCount::default() });
    assert_eq!(find(desk, "other name").await, [] as [&str; 0]);
    assert_eq!(find(desk, "danaher").await, ["WB-005550"]);
}

/// Whoever has another keyboard than the one a name was written on.
pub(super) async fn names_are_found_from_another_keyboard(desk: &Terminal) {
    let batch = [
        new_customer("K-1", "Łukasz Wałęsa"),
        new_customer("K-2", "Søren Kjærgaard"),
        new_customer("K-3", "ΠΑΠΑΔΟΠΟΥΛΟΣ ΓΙΩΡΓΟΣ"),
        new_customer("K-4", "علي رضا"),
        new_customer("K-5", "Jürgen Müller"),
        new_customer("K-6", "Алёна Иванова"),
        new_customer("K-7", "Nguyễn Đặng"),
    ];
    desk.import(&batch).await;
    for (typed, expected) in [
        ("lukasz", "K-1"),
        ("walesa łuk", "K-1"),
        ("soren", "K-2"),
        ("soeren kjaer", "K-2"),
        ("γιώργος", "K-3"),
        ("giorgos", "K-3"),
        ("علی", "K-4"),
        ("mueller", "K-5"),
        ("juergen mü", "K-5"),
        ("Müller", "K-5"),
        ("muller j", "K-5"),
        ("алена", "K-6"),
        ("ivanova", "K-6"),
        ("nguyen dang", "K-7"),
    ] {
        let found = find(desk, typed).await;
        assert_eq!(found.first().map_or("", String::as_str), expected, "{typed:?}");
    }
    let plain = [new_customer("K-8", "Petra Mueller")];
    desk.import(&plain).await;
    assert_eq!(find(desk, "Müller").await, ["K-5", "K-8"], "both spellings");
    assert_eq!(find(desk, "mueller").await, ["K-5", "K-8"]);
}

pub(super) async fn security_44_what_was_typed_has_no_meaning_of_its_own(desk: &Terminal) {
    let batch = [
        new_customer("A-1", "Percent 100%_sure! Ltd"),
        new_customer("A-2", "Percent 1000 sure Ltd"),
        new_customer("A-3", "Quote \"AND' OR * ^x (y) -z: Ltd"),
    ];
    desk.import(&batch).await;
    for (typed, expected) in [
        ("100%_sure", vec!["A-1", "A-2"]),
        ("percent 100%", vec!["A-1", "A-2"]),
        ("%_s", vec!["A-1", "A-2"]),
        ("_ure", vec![]),
        ("s%re", vec![]),
        ("10_0", vec![]),
        ("___", vec![]),
        ("%%%", vec![]),
        ("%", vec![]),
        ("percent%", vec!["A-1", "A-2"]),
        ("\"and'", vec!["A-3"]),
        ("and' or", vec!["A-3"]),
        ("(y)", vec!["A-3"]),
        ("-z:", vec!["A-3"]),
        ("l*d", vec![]),
        ("' OR 1=1 --", vec![]),
        ("\0\0\0", vec![]),
    ] {
        assert_eq!(find(desk, typed).await, expected, "{typed:?}");
    }
}

pub(super) async fn security_45_identity_is_to_the_letter(desk: &Terminal) {
    let batch = [
        with_phone(with_email(new_customer("WB-1", "Mike"), "mike@example.org"), "+1 555 010 0142"),
        with_email(new_customer("WB-2", "José"), "josé@example.org"),
        with_email(new_customer("WB-3", "Shared"), "Shared@example.org"),
        with_email(new_customer("WB-4", "Shared"), "shared@example.org"),
        with_email(new_customer("WB-5", "Stroke"), "łuk@example.org"),
        with_email(new_customer("WB-6", "None"), "luk@example.org"),
        new_customer("ŁB-7", "Stroke"),
    ];
    desk.import(&batch).await;
    for (key, expected) in [
        (CustomerKey::Email("mike@example.org"), vec!["WB-1"]),
        (CustomerKey::Email("MIKE@EXAMPLE.ORG"), vec!["WB-1"]),
        (CustomerKey::Email("mıke@example.org"), vec![]),
        (CustomerKey::Email("mike@example.org "), vec![]),
        (CustomerKey::Email(" mike@example.org"), vec![]),
        (CustomerKey::Email("mike@example.or"), vec![]),
        (CustomerKey::Email("m%@example.org"), vec![]),
        (CustomerKey::Email("jose@example.org"), vec![]),
        (CustomerKey::Email("łuk@example.org"), vec!["WB-5"]),
        (CustomerKey::Email("luk@example.org"), vec!["WB-6"]),
        (CustomerKey::Account("ŁB-7"), vec!["ŁB-7"]),
        (CustomerKey::Account("LB-7"), vec![]),
        (CustomerKey::Email("jose\u{301}@example.org"), vec![]),
        (CustomerKey::Email("josé@example.org"), vec!["WB-2"]),
        (CustomerKey::Email("JOSÉ@example.org"), vec![]),
        (CustomerKey::Email("shared@example.org"), vec!["WB-3", "WB-4"]),
        (CustomerKey::Account("wb-1"), vec!["WB-1"]),
        (CustomerKey::Account("wb1"), vec![]),
        (CustomerKey::Account("WB-1 "), vec![]),
        (CustomerKey::Account("WB"), vec![]),
        (CustomerKey::Account(""), vec![]),
        (CustomerKey::Email(""), vec![]),
        (CustomerKey::Phone("+15550100142"), vec!["WB-1"]),
        (CustomerKey::Phone("15550100142"), vec![]),
    ] {
        let found = desk.store.identify(key).await.expect("an answer");
        let found: Vec<_> = found.iter().map(|it| it.account_no.as_str()).collect();
        assert_eq!(found, expected, "{key:?}");
    }
}

pub(super) async fn an_account_is_what_was_imported(desk: &Terminal) {
    let mut new = new_customer("WB-1", "Dana\u{1b}[2J Rivera");
    new.balance = Some(Money { cents: -120, currency: "EUR".into() });
    desk.import(&[new.clone()]).await;
    let found = desk.store.identify(CustomerKey::Account("WB-1")).await.expect("an answer");
    let customer = found.first().expect("the customer");
    assert_eq!(customer.name, "Dana[2J Rivera", "clean on the way out");
    let account = desk.store.account(customer.id).await.expect("an answer");
    assert_eq!(account.balance, new.balance);
    assert_eq!((account.invoices, account.feedback), (None, None), "nobody keeps bills here");
    new.balance = None;
    let count = desk.import(&[new.clone()]).await;
    assert_eq!(count.unchanged, 1, "no balance leaves the recorded one");
    let account = desk.store.account(customer.id).await.expect("an answer");
    assert_eq!(account.balance.map(|it| it.cents), Some(-120));
    new.unsaid.void_balance = true;
    let count = desk.import(&[new]).await;
    assert_eq!(count.changed, 1, "one that cannot be read does not leave it");
    let account = desk.store.account(customer.id).await.expect("an answer");
    assert_eq!(account.balance, None);
    assert_eq!(desk.store.customer(customer.id).await.expect("an answer").as_ref(), Some(customer));
    assert_eq!(desk.store.customer(CustomerId(99)).await.expect("an answer"), None);
    assert_eq!(desk.store.account(CustomerId(99)).await.expect("an answer").balance, None);
}

pub(super) async fn a_store_says_how_it_is(desk: &Terminal) {
    let sentence = desk.store.check().await.expect("a healthy store");
    assert!(sentence.contains("writable"), "{sentence}");
    let changes = desk.store.changes();
    let before = *changes.borrow();
    desk.customer("WB-1").await;
    assert!(*changes.borrow() > before, "own writes are changes");
}
