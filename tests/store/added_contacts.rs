//! An address or a number that is added where the customer had none beside another contact: told
//! to that one, and in quarantine, as one that takes another's place.

use countersign::domain::contact::ContactKind;
use countersign::domain::contact_notice::NoticeAbout;
use countersign::domain::customer::{CustomerId, NewCustomer};
use countersign::domain::event::EventKind;
use countersign::domain::outcome::Outcome;
use countersign::service::ports::{IssueOutcome, Quarantine};

use crate::office::Office;
use crate::support::{
    Terminal, TestStore, Wish, email, new_customer, on_each_store, phone, wish, with_email,
    with_phone,
};

const EMAIL: &str = "dana.rivera@example.org";
const NUMBER: &str = "+1 555 010 0142";
const HOUR: i64 = 3_600_000;

async fn desk(fixture: &TestStore) -> (Terminal, CustomerId) {
    let desk = Terminal::new(fixture.open().await);
    let customer = desk.customer("WB-1").await;
    (desk, customer)
}

fn dana() -> NewCustomer {
    with_email(new_customer("WB-1", "Dana Rivera"), EMAIL)
}

fn by_sms(customer: CustomerId) -> Wish {
    Wish { contact: phone(NUMBER), ..wish(customer, "222222") }
}

impl Terminal {
    async fn held_back(&self, wish: &Wish) -> Option<Quarantine> {
        match self.try_issue(wish).await.expect("an answer") {
            IssueOutcome::Quarantined(quarantine) => Some(quarantine),
            _ => None,
        }
    }

    /// Who is told of what is added.
    async fn told_of_additions(&self) -> Vec<String> {
        let mut notices = self.notices().await;
        notices.retain(|it| it.about == NoticeAbout::Addition);
        notices.iter().map(|it| it.contact.as_str().to_owned()).collect()
    }
}

on_each_store! {
    async fn security_17_a_number_that_an_import_adds_is_told_and_waits(fixture) {
        let (desk, customer) = desk(&fixture).await;
        let count = desk.import(&[with_phone(dana(), NUMBER)]).await;
        assert_eq!((count.changed, count.replaced), (1, 1));
        assert_eq!(desk.told_of_additions().await, [EMAIL]);
        let held = desk.held_back(&by_sms(customer)).await.expect("it waits");
        assert_eq!((held.kind, held.other_until), (ContactKind::Phone, None));
        let changed = desk.entries(EventKind::ContactChanged).await;
        assert_eq!(changed[0].detail.as_deref(), Some("There was no phone number before."));
        assert_eq!(changed[0].customer.as_ref().map(|it| it.id), Some(customer));
        // What was there goes on, and an admin can confirm the new one.
        let request = desk.issue(&wish(customer, "111111")).await;
        assert_eq!(desk.enter(&request.id, "111111").await, Outcome::Verified);
        let why = "showed a passport";
        let confirmed =
            desk.store.confirm_contact("an act", customer, ContactKind::Phone, why, &desk.actor);
        assert!(confirmed.await.expect("an answer"));
        desk.issue(&by_sms(customer)).await;
        assert!(desk.told_of_additions().await.is_empty(), "once");
    }

    async fn security_17_the_first_contacts_of_a_customer_are_no_addition(fixture) {
        let (desk, _) = desk(&fixture).await;
        desk.import(&[with_phone(with_email(new_customer("WB-2", "Sam"), "s@example.org"), NUMBER)])
            .await;
        let sam = desk.of_account("WB-2").await;
        // Known with both: the second is used later, and was there all the time.
        desk.issue(&Wish { contact: email("s@example.org"), ..wish(sam, "111111") }).await;
        desk.issue(&by_sms(sam)).await;
        // Known with none.
        desk.import(&[new_customer("WB-3", "Pia")]).await;
        desk.import(&[with_phone(with_email(new_customer("WB-3", "Pia"), "p@example.org"), NUMBER)])
            .await;
        desk.issue(&by_sms(desk.of_account("WB-3").await)).await;
        assert!(desk.notices().await.is_empty());
        assert!(desk.entries(EventKind::ContactChanged).await.is_empty());
    }

    async fn security_17_a_number_added_beside_a_changed_address_is_told_to_the_old_one(fixture) {
        let (desk, customer) = desk(&fixture).await;
        desk.issue(&wish(customer, "111111")).await;
        let taken_over = with_email(new_customer("WB-1", "Dana Rivera"), "mallory@example.org");
        desk.import(&[with_phone(taken_over, NUMBER)]).await;
        let notices = desk.notices().await;
        let told: Vec<_> = notices.iter().map(|it| (it.about, it.contact.as_str())).collect();
        assert_eq!(told, [(NoticeAbout::Contact, EMAIL), (NoticeAbout::Addition, EMAIL)]);
        let held = desk.held_back(&by_sms(customer)).await.expect("it waits");
        assert!(held.other_until.is_some(), "so does the other");
    }

    async fn security_17_a_number_added_in_the_offices_own_table_is_noticed_when_it_is_used(
        fixture
    ) {
        let office = Office::new(fixture.kind());
        office.make_table().await;
        office.register(1, "K-1", "Ada", "0151 12345678").await;
        let desk = Terminal::new(office.open().await);
        let customer = CustomerId(1);
        let number = phone("+49 151 12345678");
        desk.issue(&Wish { contact: number.clone(), ..wish(customer, "222222") }).await;
        office.sql("UPDATE core_customer SET email = 'mallory@example.org' WHERE id = 1").await;
        let by_email =
            Wish { contact: email("mallory@example.org"), ..wish(customer, "333333") };
        let held = desk.held_back(&by_email).await.expect("it waits");
        assert_eq!(held.kind, ContactKind::Email);
        assert_eq!(desk.told_of_additions().await, [number.as_str()]);
        assert!(desk.held_back(&by_email).await.is_some());
        assert!(desk.told_of_additions().await.is_empty(), "once");
        office.fixture.pass(24 * HOUR).await;
        desk.issue(&by_email).await;
    }
}
