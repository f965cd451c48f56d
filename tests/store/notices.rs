//! Notices carry a proof of the desk: what was changed in the store, or put there by hand, is told
//! to nobody.

use countersign::domain::contact_notice::NoticeStep;
use countersign::domain::customer::NewCustomer;
use countersign::domain::delivery::SendReport;
use countersign::domain::event::EventKind;
use countersign::domain::key::{Key, KeyId, Keyring};
use countersign::domain::notice_proof::NoticeOrigin;
use countersign::domain::outcome::Outcome;
use countersign::domain::stats::alarms::AlarmKind;
use countersign::service::ports::contact_notices::Notice;
use countersign::service::ports::contact_notices::NoticeStore as _;

use crate::support::{Terminal, TestStore, keyring, new_customer, on_each_store, with_email};
use crate::trail::Trail;

const OLD: &str = "dana.rivera@example.org";
const NEW: &str = "mallory@example.org";

fn dana(address: &str) -> NewCustomer {
    with_email(new_customer("WB-1", "Dana Rivera"), address)
}

/// A desk with one notice that waits.
async fn waiting(fixture: TestStore) -> (Trail, Terminal) {
    let trail = Trail::new(fixture).await;
    let desk = Terminal::new(trail.store.clone());
    for address in [OLD, NEW] {
        desk.import(&[dana(address)]).await;
    }
    (trail, desk)
}

/// The notices, as soon as they can be taken again.
async fn taken(trail: &Trail, desk: &Terminal) -> Vec<Notice> {
    trail.sql("UPDATE core_notice SET due_at = 0").await;
    desk.notices().await
}

async fn origin(trail: &Trail, desk: &Terminal) -> NoticeOrigin {
    let notices = taken(trail, desk).await;
    assert_eq!(notices.len(), 1);
    notices[0].origin(&keyring())
}

on_each_store! {
    async fn security_54_a_notice_that_was_changed_in_the_store_is_none_of_the_desks(fixture) {
        let (trail, desk) = waiting(fixture).await;
        assert_eq!(origin(&trail, &desk).await, NoticeOrigin::Desk);
        for (changed, back) in [
            ("customer_id = customer_id + 1", "customer_id = customer_id - 1"),
            ("contact = 'eve@example.org'", "contact = 'dana.rivera@example.org'"),
            ("about = 'verified'", "about = 'contact'"),
            ("purpose = 'pay bill'", "purpose = NULL"),
            ("reference = 'K7Q'", "reference = NULL"),
            ("created_at = created_at + 1", "created_at = created_at - 1"),
            ("mac = CONCAT('00', SUBSTR(mac, 3))", ""),
            ("mac = NULL", ""),
        ] {
            trail.sql(&format!("UPDATE core_notice SET {changed}")).await;
            assert_eq!(origin(&trail, &desk).await, NoticeOrigin::Forged, "{changed}");
            if !back.is_empty() {
                trail.sql(&format!("UPDATE core_notice SET {back}")).await;
                assert_eq!(origin(&trail, &desk).await, NoticeOrigin::Desk, "{back}");
            }
        }
        trail.sql("UPDATE core_notice SET mac = '', key_id = 'k9'").await;
        assert_eq!(origin(&trail, &desk).await, NoticeOrigin::UnknownKey);
        // Refused, it is in the log, and somebody is told to look.
        let notice = taken(&trail, &desk).await.remove(0);
        desk.concludes(&notice, &SendReport::not_sent("by hand"), NoticeStep::Refused).await;
        let entries = desk.entries(EventKind::NoticeNotSent).await;
        assert_eq!((entries.len(), entries[0].outcome), (1, Some(Outcome::Forbidden)));
        assert!(taken(&trail, &desk).await.is_empty());
        trail.seal().await;
        assert_eq!(trail.desk.look_for_alarms().await.expect("looked"), 1);
        let alarms = trail.desk.open_alarms().await.expect("read");
        assert_eq!(alarms[0].finding.kind, AlarmKind::ForgedNotices);
    }

    async fn security_54_a_notice_of_before_there_were_proofs_counts_for_five_days(fixture) {
        let (trail, desk) = waiting(fixture).await;
        trail
            .sql(
                "UPDATE core_notice SET key_id = NULL, mac = NULL, created_at = \
                 (SELECT applied_at FROM core_schema WHERE version = 32) - 1",
            )
            .await;
        assert_eq!(origin(&trail, &desk).await, NoticeOrigin::Desk);
        let five_days = 5 * 24 * 3_600_000;
        trail
            .sql(&format!(
                "UPDATE core_schema SET applied_at = applied_at - {five_days} - 1 \
                 WHERE version = 32; \
                 UPDATE core_notice SET created_at = created_at - {five_days} - 1"
            ))
            .await;
        assert_eq!(origin(&trail, &desk).await, NoticeOrigin::Forged, "it was put back");
    }

    async fn a_notice_that_waits_outlives_the_rotation_of_its_key(fixture) {
        let (trail, desk) = waiting(fixture).await;
        let name = |it| KeyId::new(it).expect("a name");
        let new = Keyring::new(name("k2"), Key::new([8; 32]));
        let both = new.clone().with_retired(name("k1"), keyring().current().1.clone());
        trail.store.sign_notices_anew(&both).await.expect("signed");
        let notice = taken(&trail, &desk).await.remove(0);
        assert_eq!(notice.origin(&new), NoticeOrigin::Desk);
        // What the desk did not queue stays what it is.
        trail.sql("UPDATE core_notice SET contact = 'eve@example.org', key_id = 'k1'").await;
        trail.store.sign_notices_anew(&both).await.expect("signed");
        let notice = taken(&trail, &desk).await.remove(0);
        assert_eq!(notice.origin(&both), NoticeOrigin::Forged);
    }
}
