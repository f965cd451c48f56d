//! Who is told afterwards of a verification and of a lockout: the contacts that played no part,
//! by a notice of the same transaction. What a customer disowns ends at once.

use countersign::domain::channel::Factor;
use countersign::domain::contact_notice::{NoticeAbout, NoticeStep};
use countersign::domain::customer::{CustomerId, NewCustomer, PhonePolicy};
use countersign::domain::delivery::SendReport;
use countersign::domain::event::{Actor, EventKind};
use countersign::domain::flag::Flag;
use countersign::domain::level::Level;
use countersign::domain::outcome::Outcome;
use countersign::domain::purpose::{Attested, Purpose};
use countersign::domain::request::{Request, Status};
use countersign::domain::session::SessionId;
use countersign::service::ports::contact_notices::{Notice, NoticeProviders};
use countersign::service::ports::{
    Attestation, Disowning, EndedByDisowning, NewSession, Serving, SessionFilter, StoreError,
};

use crate::support::{
    TRAY, Terminal, TestStore, Wish, email, new_customer, next, on_each_store, phone, token, wish,
    with_email, with_phone,
};

const EMAIL: &str = "dana.rivera@example.org";
const NUMBER: &str = "+15550100142";
const CODE: &str = "481902";
const MINUTE: i64 = 60_000;

fn telling(name: &str) -> Purpose {
    Purpose { tell: true, ..Purpose::from(name) }
}

fn dana() -> NewCustomer {
    with_phone(with_email(new_customer("WB-1", "Dana Rivera"), EMAIL), NUMBER)
}

/// A terminal whose first purpose tells and whose second does not, and a customer with both
/// contacts.
async fn desk(fixture: &TestStore) -> (Terminal, CustomerId) {
    let mut desk = Terminal::new(fixture.open().await);
    desk.purposes = vec![telling("pay bill"), Purpose::from("complaint")];
    desk.import(&[dana()]).await;
    let customer = desk.of_account("WB-1").await;
    (desk, customer)
}

/// What a notice is about, to whom, and what it was for.
fn facts(notices: &[Notice]) -> Vec<(NoticeAbout, &str, Option<&str>)> {
    notices.iter().map(|it| (it.about, it.contact.as_str(), it.purpose.as_deref())).collect()
}

impl Terminal {
    async fn asked(&self, customer: CustomerId, purpose: &str) -> Request {
        let purpose = purpose.to_owned();
        self.issue(&Wish { purpose, ..wish(customer, CODE) }).await
    }

    /// The notices that are due, which are sent.
    async fn sends_notices(&self) -> Vec<Notice> {
        let notices = self.notices().await;
        for notice in &notices {
            self.concludes(notice, &SendReport::sent(None), NoticeStep::Told).await;
        }
        notices
    }

    async fn verifies(&self, customer: CustomerId, purpose: &str) -> Request {
        let request = self.asked(customer, purpose).await;
        assert_eq!(self.enter(&request.id, CODE).await, Outcome::Verified);
        request
    }

    async fn attests(&self, customer: CustomerId, factor: Factor) -> Result<bool, StoreError> {
        self.attests_telling(customer, factor, *TRAY).await
    }

    async fn attests_telling(
        &self,
        customer: CustomerId,
        factor: Factor,
        notices: NoticeProviders<'_>,
    ) -> Result<bool, StoreError> {
        let number = next();
        let act = format!("attested {number}");
        let purpose = Purpose {
            level: Level::Document,
            document: Attested::Alone,
            second_person: Attested::Alone,
            ..Purpose::from("a contract")
        };
        let attested = self.store.attest(Attestation {
            customer,
            purpose: &purpose,
            factor,
            act: &act,
            event: EventKind::DocumentSeen,
            detail: "passport",
            keyring: &self.keyring,
            session: NewSession {
                id: SessionId::from_bits(number),
                token_digest: token(number).digest(),
                further: None,
                shared_contact: false,
            },
            policy: &self.policy,
            policy_version: "0123456789ab",
            notices,
            actor: &self.actor,
        });
        Ok(attested.await?.is_some())
    }

    /// Enters wrong codes until the customer is locked.
    async fn locks(&self, customer: CustomerId) {
        for _ in 0..self.policy.failure_cap {
            let request = self.asked(customer, "complaint").await;
            assert_eq!(self.enter(&request.id, "000000").await, Outcome::Wrong);
        }
    }

    /// What the last entry of this kind says.
    async fn last_said(&self, kind: EventKind) -> String {
        let last = self.entries(kind).await.pop();
        last.and_then(|it| it.detail).unwrap_or_default()
    }

    /// The same without the name of the session, which is the newest one's.
    async fn last_said_in_session(&self, kind: EventKind) -> String {
        let entry = self.entries(kind).await.pop().expect("an entry");
        let sessions = self.store.sessions(SessionFilter::All, 1).await.expect("an answer");
        let id = sessions[0].session.id.to_string();
        assert_eq!(entry.verification(), Some(id.clone()), "{entry:?}");
        let said = entry.detail.unwrap_or_default();
        said.strip_prefix(&format!("session {id}: ")).expect("the session first").to_owned()
    }

    async fn disowns(&self, act: &str, customer: CustomerId, of: &Request) -> EndedByDisowning {
        let disowning = Disowning {
            customer,
            named: of.id.as_str(),
            request: Some(&of.id),
            purpose: Some(&of.purpose),
            was: "verified by amira at counter 3, for pay bill",
            reason: "was abroad",
            actor: &self.actor,
        };
        self.store.disown(act, disowning).await.expect("an answer")
    }
}

on_each_store! {
    async fn security_68_the_other_contact_hears_of_a_verification_where_the_purpose_tells(
        fixture
    ) {
        let (desk, customer) = desk(&fixture).await;
        desk.verifies(customer, "complaint").await;
        assert!(desk.sends_notices().await.is_empty(), "that one does not tell");
        let request = desk.asked(customer, "pay bill").await;
        assert_eq!(desk.enter(&request.id, "000000").await, Outcome::Wrong);
        assert!(desk.sends_notices().await.is_empty(), "nobody was verified");
        assert_eq!(desk.enter(&request.id, CODE).await, Outcome::Verified);
        let told = desk.sends_notices().await;
        assert_eq!(facts(&told), [(NoticeAbout::Verified, NUMBER, Some("pay bill"))]);
        assert_eq!(told[0].reference.as_ref(), Some(&request.reference));
        assert_eq!((told[0].customer, told[0].customer_name.as_str()), (customer, "Dana Rivera"));
        // Once, however often it is told.
        assert_eq!(desk.enter(&request.id, CODE).await, Outcome::Used);
        assert!(desk.sends_notices().await.is_empty());
    }

    async fn security_68_without_its_notice_nobody_is_verified(fixture) {
        let (desk, customer) = desk(&fixture).await;
        let request = desk.asked(customer, "pay bill").await;
        fixture.sql("ALTER TABLE core_notice RENAME TO core_notice_away").await;
        desk.try_enter(&request.id, CODE).await.expect_err("there is no table for it");
        fixture.sql("ALTER TABLE core_notice_away RENAME TO core_notice").await;
        let alive = desk.store.sessions(SessionFilter::Alive, 9).await.expect("an answer");
        assert!(alive.is_empty(), "{alive:?}");
        assert_eq!(desk.request(&request.id).await.status, Status::Open);
    }

    async fn security_68_where_there_is_no_other_contact_the_entry_says_so(fixture) {
        let (desk, _) = desk(&fixture).await;
        let customer = desk.customer("WB-2").await;
        desk.verifies(customer, "pay bill").await;
        assert!(desk.sends_notices().await.is_empty());
        let attempts = desk.entries(EventKind::Attempt).await;
        let said = attempts[0].detail.as_deref().unwrap_or_default();
        assert_eq!(said, "nobody is told: there is no other contact");
    }

    async fn security_68_a_document_and_a_second_person_are_always_told(fixture) {
        let (desk, customer) = desk(&fixture).await;
        for factor in [Factor::Document, Factor::SecondPerson] {
            assert!(desk.attests(customer, factor).await.expect("an answer"));
            let told = desk.sends_notices().await;
            let of = |contact| (NoticeAbout::Verified, contact, Some("a contract"));
            assert_eq!(facts(&told), [of(EMAIL), of(NUMBER)], "{factor:?}");
            assert_eq!(told[0].reference, None);
        }
    }

    async fn security_68_a_session_that_serves_for_a_purpose_that_tells_is_told(fixture) {
        let (desk, customer) = desk(&fixture).await;
        let request = desk.asked(customer, "complaint").await;
        let secret = token(next());
        desk.enter_with(&request.id, CODE, &secret).await.expect("an answer");
        assert!(desk.sends_notices().await.is_empty());
        let serving = Serving {
            token_digest: &secret.digest(),
            purpose: &desk.purposes[0],
            keyring: &desk.keyring,
            policy: &desk.policy,
            notices: *TRAY,
            actor: &desk.actor,
        };
        for told in [1, 0] {
            let served = desk.store.serve_for(serving).await.expect("an answer");
            assert!(served.is_some_and(|it| it.serves("pay bill")));
            assert_eq!(desk.sends_notices().await.len(), told);
        }
    }

    async fn security_68_a_lockout_is_told_once_to_both(fixture) {
        let (mut desk, customer) = desk(&fixture).await;
        desk.policy.failure_cap = 3;
        desk.locks(customer).await;
        let told = desk.sends_notices().await;
        let of = |contact| (NoticeAbout::Lockout, contact, None);
        assert_eq!(facts(&told), [of(EMAIL), of(NUMBER)]);
        assert!(told[0].reference.is_some());
        let refused = desk.try_issue(&wish(customer, CODE)).await;
        assert!(refused.is_ok() && desk.sends_notices().await.is_empty(), "told once");
        let unlock = desk.store.unlock("an act", customer, "showed a passport", &desk.actor);
        assert!(unlock.await.expect("an answer"));
        desk.locks(customer).await;
        assert_eq!(desk.sends_notices().await.len(), 2, "another lockout");
    }

    async fn security_68_who_is_in_quarantine_or_never_reached_is_not_told(fixture) {
        let (desk, customer) = desk(&fixture).await;
        // The number was changed a moment ago.
        desk.import(&[with_phone(dana(), "+1 555 010 0199")]).await;
        assert_eq!(facts(&desk.sends_notices().await), [(NoticeAbout::Contact, NUMBER, None)]);
        desk.verifies(customer, "pay bill").await;
        assert!(desk.sends_notices().await.is_empty());
        assert!(desk.attests(customer, Factor::Document).await.expect("an answer"));
        let told = desk.sends_notices().await;
        assert_eq!(facts(&told), [(NoticeAbout::Verified, EMAIL, Some("a contract"))]);
        fixture.pass(24 * 60 * MINUTE).await;
        desk.verifies(customer, "pay bill").await;
        assert_eq!(desk.sends_notices().await.len(), 1, "its time is over");
        fixture.pass(60 * MINUTE).await;
        let number = phone("+1 555 010 0199");
        let name = countersign::domain::contact_state::name(
            countersign::domain::channel::Channel::Sms,
            &number,
        );
        fixture.sql(&format!(
            "INSERT INTO core_contact_state (contact_name, channel, customer_id, failure, \
             failed_at, standing) VALUES ('{name}', 'sms', {}, 'landline', 1, 'bad')",
            customer.0
        )).await;
        desk.verifies(customer, "pay bill").await;
        assert!(desk.sends_notices().await.is_empty(), "no message arrives there");
    }

    async fn security_68_nobody_hears_of_the_same_twice_within_half_an_hour(fixture) {
        let (desk, customer) = desk(&fixture).await;
        desk.verifies(customer, "pay bill").await;
        assert_eq!(desk.sends_notices().await.len(), 1);
        fixture.pass(29 * MINUTE).await;
        desk.verifies(customer, "pay bill").await;
        assert!(desk.sends_notices().await.is_empty(), "the same visit");
        let attempts = desk.entries(EventKind::Attempt).await;
        let said = attempts[1].detail.as_deref().unwrap_or_default();
        assert_eq!(said, "the other contact heard of the same a short time ago");
        // By the other contact it is not the same: the email address hears of that.
        let by_phone = Wish { contact: phone(NUMBER), ..wish(customer, CODE) };
        let request = desk.issue(&by_phone).await;
        assert_eq!(desk.enter(&request.id, CODE).await, Outcome::Verified);
        assert_eq!(facts(&desk.sends_notices().await)[0].1, EMAIL);
        fixture.pass(31 * MINUTE).await;
        desk.verifies(customer, "pay bill").await;
        assert_eq!(desk.sends_notices().await.len(), 1, "another visit");
    }

    async fn security_68_bound_contacts_hear_whatever_the_record_has_for_a_moment(fixture) {
        let (desk, customer) = desk(&fixture).await;
        desk.verifies(customer, "complaint").await;
        let by_phone =
            Wish { contact: phone(NUMBER), purpose: "complaint".into(), ..wish(customer, CODE) };
        let request = desk.issue(&by_phone).await;
        assert_eq!(desk.enter(&request.id, CODE).await, Outcome::Verified);
        let both = format!("told: {}, {}", email(EMAIL).masked(), phone(NUMBER).masked());
        for record in [
            "email = NULL, phone = NULL",
            "email = 'thief@example.org', phone = '+15550100666'",
        ] {
            fixture.pass(31 * MINUTE).await;
            fixture.sql(&format!("UPDATE core_customer SET {record}")).await;
            assert!(desk.attests(customer, Factor::Document).await.expect("an answer"));
            let of = |contact| (NoticeAbout::Verified, contact, Some("a contract"));
            assert_eq!(facts(&desk.sends_notices().await), [of(EMAIL), of(NUMBER)], "{record}");
            let said = desk.last_said_in_session(EventKind::DocumentSeen).await;
            assert_eq!(said, format!("passport; {both}"));
        }
        // While another number waits, the one by which the customer was verified hears of it.
        fixture.sql(&format!(
            "UPDATE core_customer SET email = '{EMAIL}', phone = '{NUMBER}'"
        )).await;
        fixture.pass(31 * MINUTE).await;
        desk.import(&[with_phone(dana(), "+1 555 010 0199")]).await;
        assert_eq!(desk.sends_notices().await.len(), 1, "that it was changed");
        assert!(desk.attests(customer, Factor::Document).await.expect("an answer"));
        desk.sends_notices().await;
        assert_eq!(desk.last_said_in_session(EventKind::DocumentSeen).await, format!("passport; {both}"));
    }

    async fn security_68_what_was_just_added_beside_the_only_contact_hears_nothing(fixture) {
        let (desk, _) = desk(&fixture).await;
        let customer = desk.customer("WB-2").await;
        desk.verifies(customer, "complaint").await;
        fixture.sql(
            "UPDATE core_customer SET phone = '+15550100666' WHERE account_no = 'WB-2'"
        ).await;
        desk.verifies(customer, "pay bill").await;
        assert!(desk.sends_notices().await.is_empty());
        let said = desk.last_said(EventKind::Attempt).await;
        assert_eq!(said, "nobody is told: there is no other contact");
    }

    async fn security_68_two_purposes_by_turns_do_not_flood_the_other_contact(fixture) {
        let (mut desk, customer) = desk(&fixture).await;
        desk.purposes = vec![telling("pay bill"), telling("complaint")];
        let by_turns = ["pay bill", "complaint", "pay bill", "complaint", "pay bill"];
        for (purpose, told) in by_turns.into_iter().zip([1, 1, 1, 1, 0]) {
            desk.verifies(customer, purpose).await;
            assert_eq!(desk.sends_notices().await.len(), told, "{purpose}");
        }
        let said = desk.last_said(EventKind::Attempt).await;
        assert_eq!(said, "the other contact heard of 4 already in this hour");
        fixture.pass(61 * MINUTE).await;
        desk.verifies(customer, "pay bill").await;
        assert_eq!(desk.sends_notices().await.len(), 1, "another hour");
    }

    async fn security_68_the_same_by_another_clerk_or_at_another_counter_is_told(fixture) {
        let (mut desk, customer) = desk(&fixture).await;
        for (clerk, counter) in [("amira", "3"), ("boris", "3"), ("boris", "4")] {
            desk.actor = Actor { clerk: clerk.into(), counter: counter.into() };
            desk.verifies(customer, "pay bill").await;
            assert_eq!(desk.sends_notices().await.len(), 1, "{clerk} at {counter}");
        }
    }

    async fn security_68_a_number_that_gets_no_messages_is_none_that_is_told(fixture) {
        let (desk, customer) = desk(&fixture).await;
        let phones = PhonePolicy::of("DE");
        let notices = NoticeProviders { phones: Some(&phones), ..*TRAY };
        let attested = desk.attests_telling(customer, Factor::Document, notices).await;
        assert!(attested.expect("an answer"));
        assert_eq!(desk.sends_notices().await.len(), 1);
        let said = desk.last_said_in_session(EventKind::DocumentSeen).await;
        assert_eq!(said, format!("passport; told: {}", email(EMAIL).masked()));
        fixture.sql("UPDATE core_customer SET email = NULL").await;
        let attested = desk.attests_telling(customer, Factor::SecondPerson, notices).await;
        assert!(attested.expect("an answer"));
        assert!(desk.sends_notices().await.is_empty());
        let said = desk.last_said_in_session(EventKind::DocumentSeen).await;
        assert_eq!(said, "passport; nobody is told: there is no other contact");
    }

    async fn security_71_the_holder_hears_of_a_representative_where_the_purpose_tells(fixture) {
        let (desk, customer) = desk(&fixture).await;
        let anna = desk.add(customer, "Anna Rivera").await;
        for (purpose, told) in [("complaint", 0), ("pay bill", 2)] {
            let wish = Wish {
                contact: email("anna@example.org"),
                purpose: purpose.into(),
                representative: Some(anna.stands_here()),
                ..wish(customer, CODE)
            };
            let request = desk.issue(&wish).await;
            assert_eq!(desk.enter(&request.id, CODE).await, Outcome::Verified);
            let notices = desk.sends_notices().await;
            assert_eq!(notices.len(), told, "{purpose}: {notices:?}");
            let of = |contact| (NoticeAbout::Represented, contact, Some(purpose));
            assert!(notices.is_empty() || facts(&notices) == [of(EMAIL), of(NUMBER)]);
        }
    }

    async fn security_67_what_a_customer_disowns_ends_at_once(fixture) {
        let (desk, customer) = desk(&fixture).await;
        let request = desk.verifies(customer, "pay bill").await;
        let open = desk.asked(customer, "complaint").await;
        let ended = desk.disowns("act 1", customer, &request).await;
        assert_eq!((ended.sessions.len(), ended.codes, ended.is_repeated), (1, 1, false));
        assert_eq!(ended.sessions[0].request.as_ref(), Some(&request.id));
        let alive = desk.store.sessions(SessionFilter::Alive, 9).await.expect("an answer");
        assert!(alive.is_empty(), "{alive:?}");
        assert_eq!(desk.request(&open.id).await.status, Status::Cancelled);
        let flags = desk.store.flags(customer).await.expect("an answer");
        let hold = flags.get(Flag::Hold).expect("on hold");
        assert!(hold.reason.contains("was abroad") && hold.until.is_none(), "{hold:?}");
        let incidents = desk.entries(EventKind::IncidentFiled).await;
        let [incident] = incidents.as_slice() else { panic!("{incidents:?}") };
        assert_eq!(incident.request.as_ref(), Some(&request.id));
        let said = incident.detail.as_deref().unwrap_or_default();
        for part in ["verified by amira at counter 3", "sessions ended: 1", "codes cancelled: 1"] {
            assert!(said.contains(part), "{said}");
        }
        // The same act, and the same said again.
        let again = desk.disowns("act 1", customer, &request).await;
        assert_eq!((again.sessions.len(), again.codes, again.is_repeated), (1, 1, false));
        let later = desk.disowns("act 2", customer, &request).await;
        assert_eq!((later.sessions.len(), later.codes, later.is_repeated), (0, 0, true));
        assert_eq!(desk.entries(EventKind::IncidentFiled).await.len(), 1);
        // What is on hold for another reason is disowned all the same.
        let other = desk.disowns("act 3", customer, &open).await;
        assert!(!other.is_repeated);
        assert_eq!(desk.entries(EventKind::IncidentFiled).await.len(), 2);
    }

    async fn security_67_a_session_of_no_request_is_disowned_once(fixture) {
        let (desk, customer) = desk(&fixture).await;
        assert!(desk.attests(customer, Factor::Document).await.expect("an answer"));
        let alive = desk.store.sessions(SessionFilter::Alive, 9).await.expect("an answer");
        let [session] = alive.as_slice() else { panic!("{alive:?}") };
        let disowns = async |act: &str| {
            let disowning = Disowning {
                customer,
                named: session.session.id.as_str(),
                request: None,
                purpose: Some(&session.session.purpose),
                was: "verified by amira at counter 3, for a contract",
                reason: "was abroad",
                actor: &desk.actor,
            };
            let ended = desk.store.disown(act, disowning).await.expect("an answer");
            (ended.sessions.len(), ended.is_repeated)
        };
        assert_eq!(disowns("act 1").await, (1, false));
        assert_eq!(disowns("act 2").await, (0, true));
        assert_eq!(desk.entries(EventKind::IncidentFiled).await.len(), 1);
        // It is said again after the hold was lifted.
        let lifted = desk.store.lift_flag("act 3", customer, Flag::Hold, "settled", &desk.actor);
        assert!(lifted.await.expect("an answer"));
        assert_eq!(disowns("act 4").await, (0, false));
        assert_eq!(desk.entries(EventKind::IncidentFiled).await.len(), 2);
    }

    async fn security_67_a_word_names_the_requests_of_one_customer_by_each_of_their_messages(
        fixture
    ) {
        let (desk, customer) = desk(&fixture).await;
        let first = desk.asked(customer, "pay bill").await;
        let again = desk.reissue(&first, CODE).await;
        assert_ne!(first.reference, again.reference);
        assert_eq!(desk.enter(&first.id, CODE).await, Outcome::Verified);
        let stranger = desk.customer("WB-2").await;
        let other = desk.asked(stranger, "complaint").await;
        fixture.sql(&format!(
            "UPDATE core_otp SET reference = '{}' WHERE public_id = '{}'",
            first.reference, other.id
        )).await;
        let named = async |customer, reference| {
            desk.store.requests_named(customer, reference, 9).await.expect("an answer")
        };
        for reference in [&first.reference, &again.reference] {
            assert_eq!(named(customer, reference).await, std::slice::from_ref(&first.id));
        }
        assert_eq!(named(stranger, &first.reference).await, std::slice::from_ref(&other.id));
        let session = desk.store.session_of_request(customer, &first.id);
        assert!(session.await.expect("an answer").is_some_and(|it| it.purpose == "pay bill"));
        let none = desk.store.session_of_request(stranger, &other.id).await.expect("an answer");
        assert_eq!(none, None);
        fixture.pass(31 * 24 * 60 * MINUTE).await;
        assert!(named(customer, &first.reference).await.is_empty(), "long ago");
    }
}
