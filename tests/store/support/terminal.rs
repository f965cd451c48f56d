//! A terminal of an office, and what it asks a store for.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock};

use countersign::domain::channel::Channel;
use countersign::domain::circuit_breaker::ProviderSlot;
use countersign::domain::code::{Code, Guess};
use countersign::domain::contact::{Contact, EmailAddress, PhoneNumber};
use countersign::domain::customer::{CustomerId, NewCustomer, Unsaid};
use countersign::domain::delivery::SendReport;
use countersign::domain::delivery_retry::NextStep;
use countersign::domain::event::{Actor, Event, EventFilter, EventPage};
use countersign::domain::key::{Key, KeyId, Keyring};
use countersign::domain::outcome::Outcome;
use countersign::domain::policy::{OtpPolicy, RateLimits, SendLimits};
use countersign::domain::purpose::Purpose;
use countersign::domain::representative::StandsHere;
use countersign::domain::request::{Reference, Request, RequestId};
use countersign::domain::seal::NonceSeed;
use countersign::domain::session::{SessionId, SessionToken};
use countersign::service::ports::contact_notices::NoticeProviders;
use countersign::service::ports::outbox::{self, OutboxMessage};
use countersign::service::ports::{
    Attempt, AttemptOutcome, CustomerKey, Dispatch, ImportCount, IssueOutcome, NewCode,
    NewDelivery, NewRequest, NewSession, PadEntry, Reissue, Store, StoreError,
};

use super::sign_again;

/// Whose turn it is to send what these terminals ask for.
pub(crate) const HOLDER: &str = "the terminal of the test";

/// By whom changed contacts are told.
pub(crate) static TRAY: LazyLock<NoticeProviders<'static>> = LazyLock::new(|| NoticeProviders {
    email: Some("tray"),
    sms: Some("tray"),
    phones: None,
    keyring: &KEYRING,
});

static KEYRING: LazyLock<Keyring> = LazyLock::new(keyring);

/// Numbers that never come twice in a test run.
pub(crate) fn next() -> u64 {
    static COUNT: AtomicU64 = AtomicU64::new(1);
    COUNT.fetch_add(1, Ordering::Relaxed)
}

pub(crate) fn actor() -> Actor {
    Actor { clerk: "amira".into(), counter: "3".into() }
}

pub(crate) fn keyring() -> Keyring {
    Keyring::new(KeyId::new("k1").expect("a name"), Key::new([7; 32]))
}

/// The usual rules, but without a pause between two codes.
pub(crate) fn policy() -> OtpPolicy {
    OtpPolicy { resend_cooldown: std::time::Duration::ZERO, ..OtpPolicy::default() }
}

/// No limit that a test reaches by accident.
pub(crate) fn limits() -> RateLimits {
    let sends = SendLimits {
        per_contact: 10_000,
        per_prefix: 10_000,
        per_customer: 10_000,
        per_clerk: 10_000,
        per_counter: 10_000,
        in_all: 10_000,
    };
    RateLimits { wrong_codes_per_clerk: 10_000, ..RateLimits::hourly(sends) }
}

pub(crate) fn email(raw: &str) -> Contact {
    Contact::Email(EmailAddress::parse(raw).expect("an address"))
}

pub(crate) fn phone(raw: &str) -> Contact {
    Contact::Phone(PhoneNumber::parse(raw, "US").expect("a number"))
}

pub(crate) fn new_customer(account_no: &str, name: &str) -> NewCustomer {
    NewCustomer {
        account_no: account_no.into(),
        name: name.into(),
        email: None,
        phone: None,
        address: None,
        locale: None,
        balance: None,
        unsaid: Unsaid::default(),
    }
}

pub(crate) fn with_email(mut customer: NewCustomer, raw: &str) -> NewCustomer {
    customer.email = Some(EmailAddress::parse(raw).expect("an address"));
    customer
}

pub(crate) fn with_phone(mut customer: NewCustomer, raw: &str) -> NewCustomer {
    customer.phone = Some(PhoneNumber::parse(raw, "US").expect("a number"));
    customer
}

/// A terminal: a store with the rules, the keys and the clerk that use it.
#[derive(Clone)]
pub(crate) struct Terminal {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) policy: OtpPolicy,
    pub(crate) limits: RateLimits,
    pub(crate) purposes: Vec<Purpose>,
    pub(crate) keyring: Keyring,
    pub(crate) actor: Actor,
    /// By whom messages go, and which one that is.
    pub(crate) provider: &'static str,
    pub(crate) fingerprint: &'static str,
}

/// What a test asks for.
#[derive(Clone, Debug)]
pub(crate) struct Wish {
    pub(crate) customer: CustomerId,
    pub(crate) purpose: String,
    pub(crate) contact: Contact,
    pub(crate) code: String,
    pub(crate) act: String,
    pub(crate) representative: Option<StandsHere>,
}

pub(crate) fn wish(customer: CustomerId, code: &str) -> Wish {
    Wish {
        customer,
        purpose: "pay bill".into(),
        contact: email("dana.rivera@example.org"),
        code: code.into(),
        act: format!("act {}", next()),
        representative: None,
    }
}

impl Terminal {
    pub(crate) fn new(store: Arc<dyn Store>) -> Self {
        Self {
            store,
            policy: policy(),
            limits: limits(),
            purposes: ["pay bill", "complaint"].map(Purpose::from).to_vec(),
            keyring: keyring(),
            actor: actor(),
            provider: "tray",
            fingerprint: "tray",
        }
    }

    /// A customer of this account number, made where there is none.
    pub(crate) async fn customer(&self, account_no: &str) -> CustomerId {
        let new = with_email(new_customer(account_no, "Dana Rivera"), "dana.rivera@example.org");
        self.import(&[new]).await;
        let found = self.store.identify(CustomerKey::Account(account_no)).await.expect("a search");
        found.first().expect("the customer just written").id
    }

    /// A new customer of this account number with an address and a number on file.
    pub(crate) async fn customer_with_both(&self, account_no: &str) -> CustomerId {
        let new = with_email(new_customer(account_no, "Dana Rivera"), "dana.rivera@example.org");
        self.import(&[with_phone(new, "+1 555 010 0142")]).await;
        let found = self.store.identify(CustomerKey::Account(account_no)).await.expect("a search");
        found.first().expect("the customer just written").id
    }

    /// Imports customers, whoever they are.
    pub(crate) async fn import(&self, batch: &[NewCustomer]) -> ImportCount {
        let written = self.store.import(batch, *TRAY, &self.actor, false).await;
        written.expect("the customers are written").count
    }

    /// The message of a request's message, not begun.
    pub(crate) async fn message(&self, request: &Request) -> OutboxMessage {
        let message =
            self.store.claimed_message(request.delivery.id, HOLDER).await.expect("an answer");
        message.expect("a message")
    }

    /// Writes down what came of a message.
    pub(crate) async fn conclude(&self, message: &OutboxMessage, step: &NextStep) {
        let outcome = outbox::MessageOutcome {
            message,
            owner: HOLDER,
            slot: ProviderSlot::main(message.slot.channel),
            provider: "tray",
            step,
            has_claim: false,
            experience: None,
            actor: &self.actor,
        };
        self.store.complete(&[outcome]).await.expect("written");
    }

    /// Hands a message over, with this report.
    pub(crate) async fn report(&self, request: &Request, report: &SendReport) {
        let message = self.message(request).await;
        self.conclude(&message, &NextStep { report: report.clone(), next: None }).await;
    }

    fn code(&self, id: &RequestId, generation: u32, code: &str) -> NewCode {
        let (key_id, key) = self.keyring.current();
        sign_again::note(id, generation, code);
        NewCode {
            code: Code::parse(code, 6).expect("six digits"),
            key_id: key_id.clone(),
            key: key.clone(),
            reference: Reference::from_bits(next()),
            seed: NonceSeed::from([9; 32]),
        }
    }

    fn delivery(&self, contact: &Contact) -> NewDelivery {
        let channel = match contact {
            Contact::Email(_) => Channel::Email,
            Contact::Phone(_) => Channel::Sms,
        };
        NewDelivery {
            channel,
            contact: contact.clone(),
            provider: self.provider,
            fingerprint: self.fingerprint.into(),
            owner: HOLDER.into(),
        }
    }

    fn dispatch(&self, code: NewCode, contact: &Contact) -> Dispatch<'_> {
        Dispatch {
            code,
            delivery: self.delivery(contact),
            policy: &self.policy,
            limits: &self.limits,
            policy_version: "0123456789ab",
            actor: &self.actor,
            notices: *TRAY,
        }
    }

    pub(crate) async fn try_issue(&self, wish: &Wish) -> Result<IssueOutcome, StoreError> {
        let id = RequestId::from_bits(next().wrapping_mul(0x9e37_79b9_7f4a) & ((1 << 50) - 1));
        let code = self.code(&id, 1, &wish.code);
        self.store
            .issue(NewRequest {
                id,
                customer: wish.customer,
                purpose: &wish.purpose,
                representative: wish.representative.as_ref(),
                idempotency: &wish.act,
                dispatch: self.dispatch(code, &wish.contact),
            })
            .await
    }

    pub(crate) async fn issue(&self, wish: &Wish) -> Request {
        match self.try_issue(wish).await.expect("the store answers") {
            IssueOutcome::Fresh(request) => request,
            other => panic!("no request: {other:?}"),
        }
    }

    pub(crate) async fn try_reissue(
        &self,
        request: &Request,
        code: &str,
    ) -> Result<IssueOutcome, StoreError> {
        let contact = match request.channel {
            Channel::Email => email("dana.rivera@example.org"),
            Channel::Sms | Channel::Whatsapp => phone("+1 555 010 0142"),
        };
        self.try_reissue_to(request, code, &contact).await
    }

    pub(crate) async fn try_reissue_to(
        &self,
        request: &Request,
        code: &str,
        contact: &Contact,
    ) -> Result<IssueOutcome, StoreError> {
        let code = self.code(&request.id, request.generation + 1, code);
        self.store
            .reissue(Reissue {
                id: &request.id,
                after: request.generation,
                dispatch: self.dispatch(code, contact),
            })
            .await
    }

    pub(crate) async fn reissue(&self, request: &Request, code: &str) -> Request {
        match self.try_reissue(request, code).await.expect("the store answers") {
            IssueOutcome::Fresh(request) => request,
            other => panic!("no code: {other:?}"),
        }
    }

    pub(crate) async fn try_enter(
        &self,
        id: &RequestId,
        code: &str,
    ) -> Result<AttemptOutcome, StoreError> {
        self.enter_with(id, code, &token(next())).await
    }

    /// Enters a code whose session will have this token.
    pub(crate) async fn enter_with(
        &self,
        id: &RequestId,
        code: &str,
        token: &SessionToken,
    ) -> Result<AttemptOutcome, StoreError> {
        self.tell(id, code, token, &format!("entered {}", next())).await
    }

    /// Enters a code by an act of this name.
    pub(crate) async fn tell(
        &self,
        id: &RequestId,
        code: &str,
        token: &SessionToken,
        act: &str,
    ) -> Result<AttemptOutcome, StoreError> {
        self.tell_at(id, code, token, act, None).await
    }

    /// The same at a pad.
    pub(crate) async fn tell_at(
        &self,
        id: &RequestId,
        code: &str,
        token: &SessionToken,
        act: &str,
        at_pad: Option<PadEntry<'_>>,
    ) -> Result<AttemptOutcome, StoreError> {
        let code = Code::parse(code, 6).expect("six digits");
        self.store
            .attempt(Attempt {
                request: id,
                act,
                guess: Guess { code: &code, keyring: &self.keyring },
                session: NewSession {
                    id: SessionId::from_bits(next()),
                    token_digest: token.digest(),
                    further: None,
                    shared_contact: false,
                },
                purposes: &self.purposes,
                policy: &self.policy,
                limits: &self.limits,
                policy_version: "0123456789ab",
                notices: *TRAY,
                actor: &self.actor,
                at_pad,
            })
            .await
    }

    /// Enters a code; gives the outcome's word.
    pub(crate) async fn enter(&self, id: &RequestId, code: &str) -> Outcome {
        match self.try_enter(id, code).await.expect("the store answers") {
            AttemptOutcome::Verified { .. } | AttemptOutcome::ContactVerified { .. } => {
                Outcome::Verified
            }
            AttemptOutcome::Refused { outcome, .. } => outcome,
            AttemptOutcome::NotFound | AttemptOutcome::NotAtPad => {
                panic!("there is no request {id}")
            }
        }
    }

    pub(crate) async fn request(&self, id: &RequestId) -> Request {
        self.store.request(id).await.expect("the store answers").expect("the request")
    }

    /// The log, oldest first.
    pub(crate) async fn log(&self, filter: &EventFilter) -> Vec<Event> {
        let mut events =
            self.store.events(filter, EventPage::Newest, 10_000).await.expect("the store answers");
        events.reverse();
        events
    }
}

pub(crate) fn token(number: u64) -> SessionToken {
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&number.to_be_bytes());
    SessionToken::new(bytes)
}
