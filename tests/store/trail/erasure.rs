//! A customer's data: told, erased, kept by a hold. What is erased is looked for in every
//! column of every table, as in a dump.

use countersign::domain::audit::removal::RemovalKind;
use countersign::domain::audit::walk::Fault;
use countersign::domain::customer::CustomerId;
use countersign::domain::delivery::SendReport;
use countersign::domain::outcome::Outcome;
use countersign::service::audit::export::ExportRange;
use countersign::service::ports::{
    ErasureOutcome, IssueOutcome, PersonalDataStore as _, VerificationStore as _,
};

use countersign::domain::audit::leaf::SealedEntry;
use countersign::service::ports::TrailStore as _;

use super::{Trail, removal_key, write};
use crate::support::{
    Kind, Terminal, Wish, actor, email, new_customer, next, on_each_store, wish, with_email,
    with_phone,
};

const ACCOUNT: &str = "WB-774219";
const EMAIL: &str = "zq.quill@example.org";

/// What only this customer has: account, name, address, email and phone, as written, folded,
/// turned round and masked, and what a provider answered.
const NEEDLES: [&str; 8] = [
    "774219",
    "912477",
    "quillfeather",
    "elm lane",
    "zq.quill",
    "4155550142",
    "z***@",
    "quill-sid",
];

/// The table and column of each place in which one of the needles is found.
async fn dump_finds(trail: &Trail) -> Vec<String> {
    let (columns, text) = match trail.fixture.kind() {
        Kind::Sqlite => (
            "SELECT m.name || '.' || c.name FROM sqlite_master m \
             JOIN pragma_table_info(m.name) c WHERE m.type = 'table' AND m.name LIKE 'core_%'",
            "TEXT",
        ),
        Kind::Postgres => (
            "SELECT CAST(table_name || '.' || column_name AS TEXT) FROM information_schema.columns \
             WHERE table_schema = 'countersign'",
            "TEXT",
        ),
        Kind::MariaDb => (
            "SELECT CONCAT(table_name, '.', column_name) FROM information_schema.columns \
             WHERE table_schema = DATABASE()",
            "CHAR",
        ),
    };
    let mut found = Vec::new();
    let columns = trail.fixture.texts(columns).await;
    assert!(columns.len() > 150, "{columns:?}");
    for place in columns {
        let (table, column) = place.split_once('.').expect("a table");
        let like: Vec<_> = NEEDLES
            .iter()
            .map(|it| format!("LOWER(CAST({column} AS {text})) LIKE '%{it}%'"))
            .collect();
        let count = format!("SELECT COUNT(*) FROM {table} WHERE {}", like.join(" OR "));
        if trail.fixture.number(&count).await > 0 {
            found.push(place);
        }
    }
    found.sort();
    found
}

/// A customer about whom something stands everywhere; the store is sealed.
async fn known(trail: &Trail) -> CustomerId {
    let desk = Terminal::new(trail.store.clone());
    let mut new = with_email(new_customer(ACCOUNT, "Zoë Quillfeather"), EMAIL);
    new = with_phone(new, "+14155550142");
    new.address = Some("7 Elm Lane".into());
    desk.import(&[new]).await;
    let id = trail.fixture.number("SELECT MAX(id) FROM core_customer").await;
    let customer = CustomerId(id);
    let wish = |code| Wish { contact: email(EMAIL), ..wish(customer, code) };
    let first = desk.issue(&wish("111111")).await;
    desk.report(&first, &SendReport::sent(Some("quill-sid".into()))).await;
    assert_eq!(desk.enter(&first.id, "000000").await, Outcome::Wrong);
    assert_eq!(desk.enter(&first.id, "111111").await, Outcome::Verified);
    let second = desk.issue(&wish("222222")).await;
    desk.report(&second, &SendReport::sent(None)).await;
    let again = desk.try_reissue_to(&second, "333333", &email(EMAIL)).await;
    let Ok(IssueOutcome::Fresh(again)) = again else { panic!("no code: {again:?}") };
    desk.report(&again, &SendReport::sent(None)).await;
    trail.store.cancel(&again.id, &actor()).await.expect("cancelled");
    let now = trail.fixture.now();
    trail
        .sql(&format!(
            "INSERT INTO core_otp_archive (id, public_id, customer_id, masked, otp_type, \
             is_verified, created_at, expires_at, attempts, max_attempts, purpose, reference, \
             generation, status, clerk, counter, detail) VALUES (900, 'PAST', {id}, 'z***@example.org', \
             'email', 1, {now}, {now}, 1, 5, 'pay bill', 'K7Q', 1, 'verified', 'amira', '3', \
             'no such user {EMAIL}'); \
             UPDATE core_line SET detail = '550 no such user {EMAIL}' WHERE name = 'email'; \
             INSERT INTO core_notice (customer_id, channel, contact, provider, created_at, due_at, \
             tries) VALUES ({id}, 'email', '{EMAIL}', 'tray', {now}, {now}, 0); \
             INSERT INTO core_approval (public_id, idempotency, act, customer_id, target, reason, \
             call_json, clerk, counter, created_at, expires_at, key_id, mac) VALUES ('A', 'a', \
             'vouch', {id}, 'vouch for Zoë Quillfeather', 'Elm Lane', '{{}}', 'amira', '3', \
             {now}, {now}, 'k', 'm'); \
             INSERT INTO core_invoice (customer_id, number, issued_at, due_at, amount_cents, \
             currency, status) VALUES ({id}, 'bill of 774219', {now}, {now}, 1, 'USD', 'open'); \
             INSERT INTO core_feedback (customer_id, received_at, subject, status) \
             VALUES ({id}, {now}, 'Elm Lane is not emptied', 'open')"
        ))
        .await;
    // Someone beside them, who stays.
    let other = desk.customer("WB-1").await;
    desk.issue(&crate::support::wish(other, "444444")).await;
    trail.seal().await;
    customer
}

async fn erase(trail: &Trail, customer: CustomerId) -> ErasureOutcome {
    let act = format!("erase {}", next());
    let erased = trail
        .store
        .erase_customer(&act, customer, "ticket 17", &actor(), Some(&removal_key()))
        .await;
    erased.expect("an answer")
}

on_each_store! {
    async fn security_64_an_erased_customer_is_in_no_table_and_every_proof_stays_valid(fixture) {
        let trail = Trail::new(fixture).await;
        let customer = known(&trail).await;
        let kept = trail.checkpoint().await;
        let found = dump_finds(&trail).await;
        for place in [
            "core_customer.name", "core_customer.phone", "core_customer_search.name",
            "core_customer_word.phrase", "core_contact.contact", "core_otp.email",
            "core_otp.masked", "core_otp_archive.detail", "core_delivery.contact",
            "core_delivery.provider_id", "core_event.contact", "core_notice.contact",
            "core_invoice.number", "core_feedback.subject", "core_line.detail", "core_approval.target",
            "core_approval.reason",
        ] {
            assert!(found.iter().any(|it| it == place), "{place} is not among {found:?}");
        }
        let about = format!("SELECT COUNT(*) FROM core_event WHERE customer_id = {}", customer.0);
        let entries = u64::try_from(trail.fixture.number(&about).await).expect("a count");
        let events = trail.events().await;

        let erased = erase(&trail, customer).await;
        assert_eq!(erased, ErasureOutcome::Erased { entries, in_external_table: false });
        assert_eq!(dump_finds(&trail).await, Vec::<String>::new());
        for table in ["core_otp", "core_delivery", "core_otp_archive", "core_session", "core_guard",
            "core_otp_retired", "core_contact", "core_contact_state", "core_approval",
            "core_event"] {
            let left = format!("SELECT COUNT(*) FROM {table} WHERE customer_id = {}", customer.0);
            assert_eq!(trail.fixture.number(&left).await, 0, "{table}");
        }
        assert_eq!(trail.events().await[..events.len()], events, "no entry went");
        assert_eq!(trail.fixture.number("SELECT COUNT(*) FROM core_customer").await, 1);

        let faults = trail.faults().await;
        let is_told = |it: &Fault| {
            matches!(it, Fault::NotAnnounced { by: RemovalKind::Erasure, announced: 0, .. })
        };
        assert!(faults.len() == 1 && is_told(&faults[0]), "not sealed yet: {faults:?}");
        trail.seal().await;
        let run = trail.verify_against(&[kept]).await;
        assert_eq!((run.walk().faults(), run.walk().erased()), (&[][..], entries));

        let all = ExportRange::default();
        let export = trail.desk.begin_export("a key", &all, Some("all of it"));
        let to = export.await.expect("begun").header.to;
        let page = trail.desk.export_page(0, to, true).await.expect("a page");
        let text = serde_json::to_string(&page).expect("written").to_lowercase();
        assert!(NEEDLES.iter().all(|it| !text.contains(it)), "{text}");
        assert!(text.contains("d***@"), "the others are there");

        // What is left of an entry is compared as before.
        trail.seal().await;
        let event = trail.fixture.number(
            "SELECT MIN(event_id) FROM core_audit_leaf WHERE commitments IS NOT NULL",
        ).await;
        trail.sql(&format!("UPDATE core_event SET clerk = 'bob' WHERE id = {event}")).await;
        let faults = trail.faults().await;
        assert!(matches!(faults[..], [Fault::Changed { event: it, .. }] if it == event), "{faults:?}");
    }

    async fn security_64_nobody_erases_what_the_log_does_not_say(fixture) {
        let trail = Trail::sealed(fixture, 5).await;
        let leaf = trail.store.leaves(2, 1).await.expect("read").remove(0);
        let these = [leaf.event];
        let event = trail.store.stored_events_of(&these).await.expect("read").remove(0);
        let commitments = SealedEntry::proven(2, event, &leaf.proving).commitments().text();
        let number = leaf.event.0;
        trail.sql(&format!(
            "UPDATE core_event SET customer_id = NULL, contact = NULL, detail = NULL \
             WHERE id = {number}; UPDATE core_audit_leaf SET salt = NULL, \
             commitments = '{commitments}' WHERE event_id = {number}; \
             UPDATE core_audit_tree SET erased = 1"
        )).await;
        let by = RemovalKind::Erasure;
        let fault = Fault::NotAnnounced { by, event: number, index: 2, removed: 1, announced: 0 };
        assert_eq!(trail.faults().await, [fault]);
    }

    async fn a_purge_takes_entries_that_were_erased_as_any_other(fixture) {
        let trail = Trail::new(fixture).await;
        let customer = known(&trail).await;
        let ErasureOutcome::Erased { entries, .. } = erase(&trail, customer).await else {
            panic!("erased")
        };
        write(&trail.store).await;
        trail.seal().await;
        let all = trail.events().await.len();
        assert_eq!(super::removal::purge_all(&trail).await, u64::try_from(all - 1).expect("a count"));
        trail.seal().await;
        let run = trail.verify().await;
        assert_eq!(run.walk().faults(), []);
        assert_eq!(run.walk().erased(), entries);
    }

    async fn a_legal_hold_and_a_message_on_its_way_refuse_an_erasure(fixture) {
        let trail = Trail::new(fixture).await;
        let customer = known(&trail).await;
        let set = async |act: &str, hold| {
            let reason = "lawsuit 4 C 123/26";
            trail.store.set_hold(act, customer, hold, reason, &actor()).await.expect("set")
        };
        assert!(set("one", true).await);
        assert!(set("one", true).await, "the same call again");
        assert!(!set("two", true).await);
        let before = dump_finds(&trail).await;
        let held = erase(&trail, customer).await;
        assert!(
            matches!(&held, ErasureOutcome::Held { reason, clerk, .. }
                if reason == "lawsuit 4 C 123/26" && clerk == "amira"),
            "{held:?}"
        );
        assert_eq!(dump_finds(&trail).await, before, "nothing went");
        assert!(set("three", false).await);
        assert!(!set("four", false).await);

        let desk = Terminal::new(trail.store.clone());
        let open = desk.issue(&Wish { contact: email(EMAIL), ..wish(customer, "555555") }).await;
        assert_eq!(erase(&trail, customer).await, ErasureOutcome::Busy);
        desk.report(&open, &SendReport::sent(None)).await;
        assert_eq!(desk.enter(&open.id, "555555").await, Outcome::Verified);
        let act = "once";
        for _ in 0..2 {
            let erased = trail.store.erase_customer(act, customer, "ticket 17", &actor(), Some(&removal_key())).await;
            assert!(matches!(erased, Ok(ErasureOutcome::Erased { entries: 1.., .. })), "{erased:?}");
        }
        let said = "SELECT COUNT(*) FROM core_event WHERE kind = 'erased'";
        assert_eq!(trail.fixture.number(said).await, 1);
    }

    async fn a_report_tells_what_is_held_and_no_code(fixture) {
        let trail = Trail::new(fixture).await;
        let customer = known(&trail).await;
        let sections = trail.store.personal_data(customer).await.expect("told");
        let of = |name: &str| {
            let section = sections.iter().find(|it| it.name == name).expect(name);
            assert!(!section.more);
            section.entries.clone()
        };
        for (name, count) in [
            ("customer", 1), ("account", 1), ("bills", 1), ("feedback", 1), ("search index", 1),
            ("contacts", 1), ("requests", 2), ("archived requests", 1), ("messages", 3),
            ("sessions", 1), ("notices to be sent", 1), ("legal hold", 0),
        ] {
            assert_eq!(of(name).len(), count, "{name}: {:?}", of(name));
        }
        assert_eq!(of("customer")[0]["name"], "Zoë Quillfeather");
        let log = of("log");
        assert!(log.len() >= 6 && log.iter().all(|it| it["clerk"] == "amira"), "{log:?}");
        assert!(log[0]["at"].as_str().is_some_and(|it| it.starts_with("20")), "{log:?}");
        let text = serde_json::to_string(&sections).expect("written");
        let secrets = trail.fixture.texts(
            "SELECT otp_code FROM core_otp_retired UNION ALL SELECT token_digest FROM core_session \
             UNION ALL SELECT otp_code FROM core_otp WHERE otp_code <> ''",
        ).await;
        assert!(secrets.len() >= 2, "{secrets:?}");
        assert!(secrets.iter().all(|it| !text.contains(it)), "{text}");
        assert!(!text.contains("WB-1\""), "nobody else");
    }
}
