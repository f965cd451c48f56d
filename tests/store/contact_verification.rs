//! The codes of a sign-up: they verify a contact, and open nothing.

use countersign::domain::channel::Channel;
use countersign::domain::contact::Contact;
use countersign::domain::contact_verification::{SIGN_UP, VerifiedContact};
use countersign::domain::customer::CustomerId;
use countersign::domain::outcome::Outcome;
use countersign::domain::request::Status;
use countersign::service::ports::AttemptOutcome;

use crate::support::{
    Terminal, TestStore, Wish, email, new_customer, on_each_store, token, wish, with_email,
    with_phone,
};

const EMAIL: &str = "dana.rivera@example.org";
const NUMBER: &str = "+15550100142";

fn at_sign_up(customer: CustomerId, contact: Contact) -> Wish {
    Wish { contact, purpose: SIGN_UP.into(), ..wish(customer, "111111") }
}

async fn desk(fixture: &TestStore) -> (Terminal, CustomerId) {
    let desk = Terminal::new(fixture.open().await);
    let dana = with_email(with_phone(new_customer("WB-1", "Dana Rivera"), NUMBER), EMAIL);
    desk.import(&[dana]).await;
    let customer = desk.of_account("WB-1").await;
    (desk, customer)
}

impl Terminal {
    async fn verified(&self, customer: CustomerId) -> Vec<VerifiedContact> {
        self.store.verified_contacts(&[customer]).await.expect("an answer")
    }
}

async fn sessions(fixture: &TestStore) -> i64 {
    fixture.number("SELECT COUNT(*) FROM core_session").await
}

on_each_store! {
    async fn security_16_the_right_code_of_a_sign_up_verifies_its_contact_and_opens_nothing(fixture) {
        let (desk, dana) = desk(&fixture).await;
        let request = desk.issue(&at_sign_up(dana, email("Dana.Rivera@EXAMPLE.org"))).await;
        assert_eq!(desk.enter(&request.id, "222222").await, Outcome::Wrong);
        assert_eq!(desk.verified(dana).await, []);
        for told in 0..2 {
            let entered = desk.tell(&request.id, "111111", &token(7), "the act").await;
            let Ok(AttemptOutcome::ContactVerified { request }) = entered else {
                panic!("{told}: {entered:?}")
            };
            assert_eq!((request.status, request.attempts), (Status::Verified, 2));
        }
        let failures = fixture.number("SELECT failures FROM core_guard").await;
        assert_eq!(failures, 1, "the wrong code before counts on");
        let verified = desk.verified(dana).await;
        assert_eq!((verified.len(), verified[0].channel), (1, Channel::Email));
        assert!(verified[0].contact.is_same(&email(EMAIL)));
        assert_eq!(sessions(&fixture).await, 0);
        assert_eq!(desk.enter(&request.id, "111111").await, Outcome::Used);

        // Another address is not verified, nor is the one before when it comes back.
        let changed = |address| with_email(with_phone(new_customer("WB-1", "Dana Rivera"), NUMBER), address);
        desk.import(&[changed("dana@example.org")]).await;
        assert_eq!(desk.verified(dana).await, []);
        desk.import(&[changed(EMAIL)]).await;
        assert_eq!(desk.verified(dana).await, []);
    }

    async fn security_52_a_code_of_a_sign_up_that_is_given_another_purpose_is_none(fixture) {
        let (desk, dana) = desk(&fixture).await;
        let sign_up = desk.issue(&at_sign_up(dana, email(EMAIL))).await;
        fixture.sql("UPDATE core_otp SET purpose = 'pay bill'").await;
        assert_eq!(desk.enter(&sign_up.id, "111111").await, Outcome::Wrong);
        assert_eq!(sessions(&fixture).await, 0);

        let other = desk.issue(&Wish { contact: email(EMAIL), ..wish(dana, "333333") }).await;
        let id = other.id.as_str();
        fixture.sql(&format!(
            "UPDATE core_otp SET purpose = '{SIGN_UP}' WHERE public_id = '{id}'"
        )).await;
        assert_eq!(desk.enter(&other.id, "333333").await, Outcome::Wrong);
        assert_eq!(desk.verified(dana).await, []);
    }
}
