//! A sign-up: contacts are read back and verified, and prove nothing before where the policy says so.

use countersign::domain::channel::Channel;
use countersign::domain::contact::ContactKind;
use countersign::domain::contact_verification::{SIGN_UP, VerifiedContacts};
use countersign::domain::customer::Customer;
use countersign::domain::outcome::Outcome;
use countersign::service::api::{Answer, Authentication, Caller, Role};
use countersign::service::customers::calls::OpenCustomer;
use countersign::service::store_call_retry::RetryPolicy;
use countersign::service::verification::request::{CodeRequest, CodeRequestOutcome};
use countersign::service::verification::verify::Verification;

use super::{Bench, Scripted, refused};

impl Bench {
    pub(crate) async fn asks_at_sign_up(
        &self,
        customer: &Customer,
        channel: Channel,
    ) -> CodeRequestOutcome {
        let (customer, purpose) = (customer.id, SIGN_UP.to_owned());
        let ask = CodeRequest {
            customer,
            channel,
            purpose,
            representative: None,
            idempotency: self.key(),
        };
        self.desk.ask(&ask).await.expect("asked")
    }
}

#[tokio::test]
async fn security_16_a_contact_that_never_was_verified_is_refused_with_what_helps() {
    let required = VerifiedContacts::Required;
    let bench =
        Bench::new(Scripted::fine(), |office| office.otp.verified_contacts = required).await;
    let dana = bench.customer("WB-1", Some("0151 12345678")).await;
    let refusal = refused(bench.ask(&dana, Channel::Sms).await);
    assert_eq!(refusal.outcome, Outcome::Forbidden);
    for part in ["phone number never was verified", "A sign-up verifies it"] {
        assert!(refusal.reason.contains(part), "{}", refusal.reason);
    }
    assert_eq!(bench.sender.calls(), 0);

    let (request, code) = bench.send(bench.asks_at_sign_up(&dana, Channel::Sms).await).await;
    let verified = bench.desk.verify(&request.id, &code, &bench.key()).await.expect("judged");
    assert!(matches!(verified, Verification::ContactVerified(_)), "{verified:?}");
    assert_eq!(bench.number("SELECT COUNT(*) FROM core_session").await, 0);

    let (request, code) = bench.send(bench.ask(&dana, Channel::Sms).await).await;
    assert_eq!(bench.verify(&request, &code).await, Outcome::Verified);
    // The other contact still is not.
    refused(bench.ask(&dana, Channel::Email).await);
    let caller = Caller {
        actor: bench.desk.actor().clone(),
        role: Role::Clerk,
        authentication: Authentication::PeerCredentials,
    };
    let open = OpenCustomer { customer: dana.id }.into();
    let opened = bench.desk.handle(&caller, open, RetryPolicy::brief()).await;
    let Answer::OpenCustomer(Ok(Some(opened))) = opened else { panic!("{opened:?}") };
    let needing = opened.choices.iter().filter(|it| it.needs_sign_up);
    let needing: Vec<_> = needing.map(|it| (it.channel, it.refusal.as_deref())).collect();
    assert_eq!(needing, [(Channel::Email, Some("never verified at a sign-up"))]);
    assert!(opened.choices[0].refusal.is_none(), "what can be used comes first");
}

#[tokio::test]
async fn security_37_contacts_are_masked_at_a_sign_up_too() {
    let bench = Bench::new(Scripted::fine(), |_| {}).await;
    let dana = bench.customer("WB-1", Some("0151 12345678")).await;
    let dana = bench.changed(&dana, "dana@gmial.com").await;
    let read = bench.desk.sign_up(dana.id).await.expect("read").expect("a customer");
    let of = |kind| read.contacts.iter().find(|it| it.kind == kind).expect("a contact");
    let (email, phone) = (of(ContactKind::Email), of(ContactKind::Phone));
    assert_eq!(
        (email.contact.as_str(), phone.contact.as_str()),
        ("d***@gmial.com", "+4**********78")
    );
    assert_eq!(email.probably_meant.as_deref(), Some("gmail.com"));
    assert_eq!((email.usable(), phone.usable()), (Some(Channel::Email), Some(Channel::Sms)));
    assert!(!format!("{read:?}").contains("dana@"), "{read:?}");
}

#[tokio::test]
async fn security_67_no_session_serves_for_a_sign_up() {
    let bench = Bench::new(Scripted::fine(), |_| {}).await;
    let dana = bench.customer("WB-1", Some("0151 12345678")).await;
    let (request, code) = bench.send(bench.ask(&dana, Channel::Sms).await).await;
    let verified = bench.desk.verify(&request.id, &code, &bench.key()).await.expect("judged");
    let Verification::Verified(open) = verified else { panic!("{verified:?}") };
    let served = bench.desk.serve_for(&open.token, SIGN_UP).await.expect("an answer");
    assert!(format!("{served:?}").contains("NoSuchPurpose"), "{served:?}");
    let gate = bench.desk.verified_now("WB-1", SIGN_UP).await.expect("an answer");
    assert!(gate.is_none(), "{gate:?}");
}
