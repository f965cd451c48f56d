//! What is changed by hand in the store proves nothing: codes are bound to all that their rows
//! say, and sessions carry a proof.

use std::time::Duration;

use countersign::domain::code_binding::BindingVersion;
use countersign::domain::outcome::Outcome;
use countersign::domain::request::{Request, RequestId};
use countersign::service::ports::outbox::OutboxMessage;
use countersign::service::ports::{
    AttemptOutcome, IssueOutcome, SessionFilter, StoreError, StoreHealth as _,
};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

use crate::support::{HOLDER, Terminal, TestStore, actor, on_each_store, token, wish};

/// Something to change by hand in what belongs to one request.
#[derive(Clone, Copy)]
struct Change {
    what: &'static str,
    /// `{otp}`, `{customer}` and `{other}` are rows of the request, its customer and another one.
    sql: &'static str,
}

/// What digests and seals are both bound to.
const BOTH: &[Change] = &[
    Change { what: "customer", sql: "UPDATE core_otp SET customer_id = {other} WHERE id = {otp}" },
    Change {
        what: "account number",
        sql: "UPDATE core_customer SET account_no = 'X-{otp}' WHERE id = {customer}",
    },
    Change { what: "purpose", sql: "UPDATE core_otp SET purpose = 'other' WHERE id = {otp}" },
    Change {
        what: "generation",
        sql: "UPDATE core_otp SET generation = 2 WHERE id = {otp}; \
              UPDATE core_delivery SET generation = 2 WHERE otp_id = {otp}",
    },
    Change { what: "channel", sql: "UPDATE core_otp SET otp_type = 'sms' WHERE id = {otp}" },
    Change { what: "contact", sql: "UPDATE core_otp SET email = 'eve@e.test' WHERE id = {otp}" },
    Change {
        what: "expiry",
        sql: "UPDATE core_otp SET expires_at = expires_at + 60000 WHERE id = {otp}",
    },
    Change { what: "version", sql: "UPDATE core_otp SET binding = 1 WHERE id = {otp}" },
];

/// What only the message has.
const MESSAGE: &[Change] = &[
    Change {
        what: "channel of the message",
        sql: "UPDATE core_delivery SET channel = 'sms', contact = '+14155550142' \
              WHERE otp_id = {otp}",
    },
    Change {
        what: "contact of the message",
        sql: "UPDATE core_delivery SET contact = 'eve@e.test' WHERE otp_id = {otp}",
    },
    Change {
        what: "both contacts",
        sql: "UPDATE core_delivery SET contact = 'eve@e.test' WHERE otp_id = {otp}; \
              UPDATE core_otp SET email = 'eve@e.test' WHERE id = {otp}",
    },
    Change {
        what: "both times",
        sql: "UPDATE core_outbox SET useful_until = useful_until + 60000 WHERE delivery_id = \
              (SELECT id FROM core_delivery WHERE otp_id = {otp}); \
              UPDATE core_otp SET expires_at = expires_at + 60000 WHERE id = {otp}",
    },
    Change {
        what: "time of the message",
        sql: "UPDATE core_outbox SET useful_until = useful_until + 60000 WHERE delivery_id = \
              (SELECT id FROM core_delivery WHERE otp_id = {otp})",
    },
];

struct Office {
    fixture: TestStore,
    desk: Terminal,
}

impl Office {
    async fn new(fixture: TestStore) -> Self {
        let desk = Terminal::new(fixture.open().await);
        Self { fixture, desk }
    }

    /// An open request of a customer of its own.
    async fn request(&self, account_no: &str) -> Request {
        self.desk.issue(&wish(self.desk.customer(account_no).await, "123456")).await
    }

    /// Somebody who can be verified, without a request that is open.
    async fn victim(&self) -> i64 {
        let victim = wish(self.desk.customer("WB-0").await, "999999");
        self.desk.store.cancel(&self.desk.issue(&victim).await.id, &actor()).await.expect("done");
        victim.customer.0
    }

    async fn apply(&self, change: Change, request: &Request, other: i64) {
        let row = format!("SELECT id FROM core_otp WHERE public_id = '{}'", request.id);
        let otp = self.fixture.number(&row).await;
        let sql = change.sql.replace("{otp}", &otp.to_string());
        let sql = sql.replace("{customer}", &request.customer.0.to_string());
        self.fixture.sql(&sql.replace("{other}", &other.to_string())).await;
    }

    async fn message(&self, request: &Request) -> OutboxMessage {
        let message = self.desk.store.claimed_message(request.delivery.id, HOLDER).await;
        message.expect("an answer").expect("a message")
    }

    /// Whether a desk would get at the code of a message.
    fn opens(&self, message: &OutboxMessage) -> bool {
        let sealed = message.sealed.as_ref().expect("a sealed code");
        let key = self.desk.keyring.current().1;
        message.is_consistent
            && sealed.open(message.binding_version, &message.binding(), key).is_ok()
    }

    async fn sessions(&self) -> usize {
        self.desk.store.sessions(SessionFilter::All, 9).await.expect("an answer").len()
    }
}

/// A digest of the first version, as older programs made it.
fn old_digest(purpose: &str, request: &RequestId, code: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(&[7; 32]).expect("a key");
    let generation = 1_u32.to_be_bytes();
    let parts: [&[u8]; 5] = [
        b"countersign otp 1",
        purpose.as_bytes(),
        request.as_str().as_bytes(),
        &generation,
        code.as_bytes(),
    ];
    for part in parts {
        mac.update(&(part.len() as u64).to_be_bytes());
        mac.update(part);
    }
    hex::encode(mac.finalize().into_bytes())
}

on_each_store! {
    async fn security_52_a_code_whose_row_was_changed_does_not_verify(fixture) {
        let office = Office::new(fixture).await;
        let other = office.victim().await;
        for (at, change) in BOTH.iter().enumerate() {
            let request = office.request(&format!("WB-{}", at + 1)).await;
            office.apply(*change, &request, other).await;
            assert_eq!(office.desk.enter(&request.id, "123456").await, Outcome::Wrong, "{}", change.what);
        }
        let renamed = office.request("WB-90").await;
        let id = RequestId::from_bits(90);
        office.fixture.sql(&format!("UPDATE core_otp SET public_id = '{id}' WHERE public_id = '{}'", renamed.id)).await;
        assert_eq!(office.desk.enter(&id, "123456").await, Outcome::Wrong, "request");
        assert_eq!(office.sessions().await, 0);
        let untouched = office.request("WB-91").await;
        assert_eq!(office.desk.enter(&untouched.id, "123456").await, Outcome::Verified);
    }

    async fn security_52_the_seal_of_a_message_that_was_changed_does_not_open(fixture) {
        let office = Office::new(fixture).await;
        let other = office.desk.customer("WB-0").await.0;
        for (at, change) in BOTH.iter().chain(MESSAGE).enumerate() {
            let request = office.request(&format!("WB-{}", at + 1)).await;
            assert!(office.opens(&office.message(&request).await), "{}", change.what);
            office.apply(*change, &request, other).await;
            assert!(!office.opens(&office.message(&request).await), "{}", change.what);
        }
    }

    async fn security_52_an_open_request_moved_to_another_customer_verifies_nobody(fixture) {
        let office = Office::new(fixture).await;
        let request = office.request("WB-1").await;
        let victim = office.victim().await;
        let moved = Change { what: "all", sql: "UPDATE core_otp SET customer_id = {other} WHERE id = {otp}; \
            UPDATE core_delivery SET customer_id = {other} WHERE otp_id = {otp}" };
        office.apply(moved, &request, victim).await;
        assert_eq!(office.desk.request(&request.id).await.customer.0, victim);
        assert_eq!(office.desk.enter(&request.id, "123456").await, Outcome::Wrong);
        assert_eq!(office.sessions().await, 0);
    }

    async fn security_52_an_older_code_of_another_row_is_not_recognised(fixture) {
        let office = Office::new(fixture).await;
        let first = office.request("WB-1").await;
        office.desk.reissue(&first, "222222").await;
        assert_eq!(office.desk.enter(&first.id, "123456").await, Outcome::Superseded);
        office.fixture.sql("UPDATE core_otp_retired SET contact = 'eve@e.test'").await;
        assert_eq!(office.desk.enter(&first.id, "123456").await, Outcome::Wrong);
    }

    async fn security_52_codes_of_the_first_version_end_ten_minutes_after_the_second_came(fixture) {
        let office = Office::new(fixture).await;
        let (first, second) = (office.request("WB-1").await, office.request("WB-2").await);
        for request in [&first, &second] {
            let digest = old_digest("pay bill", &request.id, "123456");
            office.fixture.sql(&format!("UPDATE core_otp SET binding = 1, otp_code = '{digest}' \
                WHERE public_id = '{}'", request.id)).await;
        }
        assert_eq!(office.desk.enter(&first.id, "123456").await, Outcome::Verified, "it was open then");
        office.fixture.sql("UPDATE core_schema SET applied_at = applied_at - 600000 WHERE version = 13").await;
        assert_eq!(office.desk.enter(&second.id, "123456").await, Outcome::Wrong, "it was put back");
        let message = office.message(&second).await;
        assert!(!message.is_consistent && message.binding_version == BindingVersion::Two);
    }

    async fn security_54_a_session_row_has_a_proof_until_it_ends(fixture) {
        let office = Office::new(fixture).await;
        let request = office.request("WB-1").await;
        let token = token(5_401);
        let entered = office.desk.enter_with(&request.id, "123456", &token).await.expect("judged");
        let AttemptOutcome::Verified { session, .. } = entered else { panic!("{entered:?}") };
        let is_genuine = async || {
            let record = office.desk.store.session(&session.id).await.expect("an answer").expect("a row");
            assert_eq!(record.session.ended, None);
            record.is_genuine(&office.desk.keyring)
        };
        assert!(is_genuine().await);
        office.desk.store.touch(&token.digest(), Duration::from_mins(2)).await.expect("touched");
        assert!(is_genuine().await, "it was touched");
        for (column, value) in [
            ("customer_id", "customer_id + 1"), ("request", "'BBBBBBBBBB'"), ("factor", "'sms'"),
            ("purpose", "'other'"), ("clerk", "'bruno'"), ("counter", "'4'"),
            ("created_at", "created_at + 1"), ("expires_at", "expires_at + 3600000"),
            ("token_digest", "'another'"), ("mac", "NULL"), ("mac", "''"),
        ] {
            let fixture = &office.fixture;
            fixture.sql("CREATE TABLE saved AS SELECT * FROM core_session").await;
            fixture.sql(&format!("UPDATE core_session SET {column} = {value}")).await;
            // What was open when proofs came has none; that time is over.
            fixture.sql("UPDATE core_schema SET applied_at = applied_at - 100000000 WHERE version = 13").await;
            assert!(!is_genuine().await, "{column} = {value}");
            fixture.sql("UPDATE core_schema SET applied_at = applied_at + 100000000 WHERE version = 13").await;
            fixture.sql("DELETE FROM core_session; INSERT INTO core_session SELECT * FROM saved; DROP TABLE saved").await;
            assert!(is_genuine().await, "{column} as it was");
        }
        let end = countersign::domain::session::SessionEnd::Revoked;
        office.desk.store.end_session(&session.id, end, &actor()).await.expect("ended");
        office.fixture.sql("UPDATE core_session SET ended_at = NULL, ended_how = NULL").await;
        assert!(!is_genuine().await, "its end was taken back");
    }

    async fn security_51_a_marked_store_takes_no_code_of_a_tray(fixture) {
        let store = fixture.open().await;
        let office = Office { desk: Terminal::new(store.clone()), fixture };
        let request = office.request("WB-1").await;
        assert_eq!(store.production_mark().await.expect("an answer"), None);
        assert!(store.mark_production(&actor()).await.expect("marked"));
        assert!(!store.mark_production(&actor()).await.expect("an answer"), "once");
        assert_eq!(store.production_mark().await.expect("an answer").map(|it| it.by), Some("amira".into()));

        let entered = office.desk.try_enter(&request.id, "123456").await;
        let Err(StoreError::Refused(why)) = entered else { panic!("{entered:?}") };
        assert!(why.for_admin.contains("tray"), "{}", why.for_admin);
        assert_eq!(office.desk.request(&request.id).await.attempts, 0);
        let customer = office.desk.customer("WB-2").await;
        let issued = office.desk.try_issue(&wish(customer, "222222")).await;
        assert!(matches!(issued, Err(StoreError::Refused(_))), "{issued:?}");
        let again = office.desk.try_reissue(&request, "333333").await;
        assert!(matches!(again, Err(StoreError::Refused(_))), "{again:?}");
        assert!(office.message(&request).await.is_production);

        let mut elsewhere = office.desk.clone();
        elsewhere.provider = "smtp";
        let issued = elsewhere.try_issue(&wish(customer, "222222")).await.expect("an answer");
        let IssueOutcome::Fresh(request) = issued else { panic!("{issued:?}") };
        assert_eq!(office.desk.enter(&request.id, "222222").await, Outcome::Verified);
        let marks = "SELECT COUNT(*) FROM core_event WHERE kind = 'store_marked'";
        assert_eq!(office.fixture.number(marks).await, 1);
    }

    async fn security_50_a_message_waits_for_its_own_provider(fixture) {
        let office = Office::new(fixture).await;
        let mut desk = office.desk.clone();
        (desk.provider, desk.fingerprint) = ("smtp", "smtp-mail.example");
        desk.issue(&wish(desk.customer("WB-1").await, "123456")).await;
        office.fixture.pass(120_000).await;
        let others = &["smtp", "smtp-other.example", "tray"][..];
        assert!(desk.store.claim_due("other", others, 9).await.expect("an answer").is_empty());
        assert_eq!(desk.store.next_due("other", others).await.expect("an answer"), None);
        assert_eq!(desk.store.waiting_elsewhere(others).await.expect("an answer"), 1);
        let own = &["smtp-mail.example"][..];
        assert_eq!(desk.store.waiting_elsewhere(own).await.expect("an answer"), 0);
        assert_eq!(desk.store.next_due("other", own).await.expect("an answer"), Some(Duration::ZERO));

        // Its code has expired: it is anybody's to give up.
        office.fixture.pass(180_000).await;
        assert_eq!(desk.store.next_due("other", others).await.expect("an answer"), Some(Duration::ZERO));
        let taken = desk.store.claim_due("other", others, 9).await.expect("an answer");
        assert_eq!(taken.iter().map(OutboxMessage::left).collect::<Vec<_>>(), [Duration::ZERO]);
    }
}
