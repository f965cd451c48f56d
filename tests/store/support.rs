//! What the tests of the store share: stores on files of their own, people to
//! verify, and a way to move time.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use countersign::domain::channel::Channel;
use countersign::domain::code::{Binding, Code, Digest, Guess};
use countersign::domain::contact::{Contact, EmailAddress, PhoneNumber};
use countersign::domain::customer::{CustomerId, NewCustomer};
use countersign::domain::event::{Actor, Event, EventFilter, Page};
use countersign::domain::key::{Key, KeyId, Keyring};
use countersign::domain::outcome::Outcome;
use countersign::domain::policy::{OtpPolicy, SendLimits};
use countersign::domain::request::{Reference, Request, RequestId};
use countersign::domain::session::{SessionId, SessionToken};
use countersign::service::ports::{
    Attempt, Attempted, CustomerKey, Issued, NewCode, NewDelivery, NewRequest, NewSession, Reissue,
    Store, StoreError,
};
use countersign::store::SqlStore;
use secrecy::SecretString;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions, SqliteConnection};

/// A store in a folder of its own, opened as often as a test likes.
pub(crate) struct House {
    folder: tempfile::TempDir,
}

impl House {
    pub(crate) fn new() -> Self {
        Self { folder: tempfile::tempdir().expect("a folder") }
    }

    pub(crate) fn file(&self) -> PathBuf {
        self.folder.path().join("store.db")
    }

    pub(crate) fn url(&self) -> SecretString {
        url(&self.file())
    }

    /// One more terminal on the same store, with connections of its own.
    pub(crate) async fn open(&self) -> Arc<SqlStore> {
        Arc::new(SqlStore::open(&self.url()).await.expect("the store opens"))
    }

    /// The file behind the store's back.
    pub(crate) async fn raw(&self) -> SqliteConnection {
        SqliteConnectOptions::new()
            .filename(self.file())
            .disable_statement_logging()
            .connect()
            .await
            .expect("the file opens")
    }

    /// Runs a statement behind the store's back.
    pub(crate) async fn sql(&self, text: &str) -> u64 {
        let mut raw = self.raw().await;
        let done = sqlx::raw_sql(AssertSqlSafe(text.to_owned())).execute(&mut raw).await;
        done.unwrap_or_else(|error| panic!("{text}: {error}")).rows_affected()
    }

    /// Reads one number behind the store's back.
    pub(crate) async fn number(&self, text: &str) -> i64 {
        sqlx::query_scalar(AssertSqlSafe(text.to_owned()))
            .fetch_one(&mut self.raw().await)
            .await
            .unwrap_or_else(|error| panic!("{text}: {error}"))
    }

    /// Lets so many milliseconds pass: everything stored is that much older.
    pub(crate) async fn pass(&self, millis: i64) {
        let text = [
            ("core_otp", "created_at sent_at expires_at resend_at"),
            ("core_otp_retired", "sent_at expires_at"),
            ("core_delivery", "created_at updated_at"),
            ("core_session", "created_at expires_at idle_at"),
        ]
        .iter()
        .map(|(table, columns)| {
            let set: Vec<String> =
                columns.split(' ').map(|it| format!("{it} = {it} - {millis}")).collect();
            format!("UPDATE {table} SET {};", set.join(", "))
        });
        let text: Vec<String> = text.collect();
        self.sql(&format!("BEGIN IMMEDIATE; {} COMMIT;", text.concat())).await;
    }
}

pub(crate) fn url(file: &Path) -> SecretString {
    format!("sqlite:{}", file.display()).into()
}

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
pub(crate) fn limits() -> SendLimits {
    SendLimits {
        per_contact: 10_000,
        per_customer: 10_000,
        per_clerk: 10_000,
        per_counter: 10_000,
        in_all: 10_000,
    }
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
    pub(crate) limits: SendLimits,
    pub(crate) keyring: Keyring,
    pub(crate) actor: Actor,
}

/// What a test asks for.
#[derive(Clone, Debug)]
pub(crate) struct Wish {
    pub(crate) customer: CustomerId,
    pub(crate) purpose: String,
    pub(crate) contact: Contact,
    pub(crate) code: String,
    pub(crate) act: String,
}

pub(crate) fn wish(customer: CustomerId, code: &str) -> Wish {
    Wish {
        customer,
        purpose: "pay bill".into(),
        contact: email("dana.rivera@example.org"),
        code: code.into(),
        act: format!("act {}", next()),
    }
}

impl Terminal {
    pub(crate) fn new(store: Arc<dyn Store>) -> Self {
        Self { store, policy: policy(), limits: limits(), keyring: keyring(), actor: actor() }
    }

    /// A customer of this account number, made where there is none.
    pub(crate) async fn customer(&self, account_no: &str) -> CustomerId {
        let new = with_email(new_customer(account_no, "Dana Rivera"), "dana.rivera@example.org");
        self.store.import(&[new]).await.expect("the customer is written");
        let found = self.store.identify(CustomerKey::Account(account_no)).await.expect("a search");
        found.first().expect("the customer just written").id
    }

    fn code(&self, id: &RequestId, purpose: &str, generation: u32, code: &str) -> NewCode {
        let (key_id, key) = self.keyring.current();
        let code = Code::parse(code, 6).expect("six digits");
        let binding = Binding { purpose, request: id, generation };
        NewCode {
            digest: Digest::of(&code, binding, key),
            key_id: key_id.clone(),
            reference: Reference::from_bits(next()),
        }
    }

    fn delivery(contact: &Contact) -> NewDelivery {
        let channel = match contact {
            Contact::Email(_) => Channel::Email,
            Contact::Phone(_) => Channel::Sms,
        };
        NewDelivery { channel, contact: contact.clone(), provider: "tray" }
    }

    pub(crate) async fn try_issue(&self, wish: &Wish) -> Result<Issued, StoreError> {
        let id = RequestId::from_bits(next().wrapping_mul(0x9e37_79b9_7f4a) & ((1 << 50) - 1));
        let code = self.code(&id, &wish.purpose, 1, &wish.code);
        self.store
            .issue(NewRequest {
                id,
                customer: wish.customer,
                purpose: &wish.purpose,
                idempotency: &wish.act,
                code,
                delivery: Self::delivery(&wish.contact),
                policy: &self.policy,
                limits: &self.limits,
                actor: &self.actor,
            })
            .await
    }

    pub(crate) async fn issue(&self, wish: &Wish) -> Request {
        match self.try_issue(wish).await.expect("the store answers") {
            Issued::Fresh(request) => request,
            other => panic!("no request: {other:?}"),
        }
    }

    pub(crate) async fn try_reissue(
        &self,
        request: &Request,
        code: &str,
    ) -> Result<Issued, StoreError> {
        let contact = match request.channel {
            Channel::Email => email("dana.rivera@example.org"),
            Channel::Sms => phone("+1 555 010 0142"),
        };
        self.store
            .reissue(Reissue {
                id: &request.id,
                after: request.generation,
                code: self.code(&request.id, &request.purpose, request.generation + 1, code),
                delivery: Self::delivery(&contact),
                policy: &self.policy,
                limits: &self.limits,
                actor: &self.actor,
            })
            .await
    }

    pub(crate) async fn reissue(&self, request: &Request, code: &str) -> Request {
        match self.try_reissue(request, code).await.expect("the store answers") {
            Issued::Fresh(request) => request,
            other => panic!("no code: {other:?}"),
        }
    }

    pub(crate) async fn try_enter(
        &self,
        id: &RequestId,
        code: &str,
    ) -> Result<Attempted, StoreError> {
        self.enter_with(id, code, &token(next())).await
    }

    /// Enters a code whose session will have this token.
    pub(crate) async fn enter_with(
        &self,
        id: &RequestId,
        code: &str,
        token: &SessionToken,
    ) -> Result<Attempted, StoreError> {
        let code = Code::parse(code, 6).expect("six digits");
        self.store
            .attempt(Attempt {
                request: id,
                act: &next().to_string(),
                guess: Guess { code: &code, keyring: &self.keyring },
                session: NewSession {
                    id: SessionId::from_bits(next()),
                    token_digest: token.digest(),
                },
                policy: &self.policy,
                actor: &self.actor,
            })
            .await
    }

    /// Enters a code; gives the outcome's word.
    pub(crate) async fn enter(&self, id: &RequestId, code: &str) -> Outcome {
        match self.try_enter(id, code).await.expect("the store answers") {
            Attempted::Verified { .. } => Outcome::Verified,
            Attempted::Refused { outcome, .. } => outcome,
            Attempted::NotFound => panic!("there is no request {id}"),
        }
    }

    pub(crate) async fn request(&self, id: &RequestId) -> Request {
        self.store.request(id).await.expect("the store answers").expect("the request")
    }

    /// The log, oldest first.
    pub(crate) async fn log(&self, filter: &EventFilter) -> Vec<Event> {
        let mut events =
            self.store.events(filter, Page::Newest, 10_000).await.expect("the store answers");
        events.reverse();
        events
    }
}

pub(crate) fn token(number: u64) -> SessionToken {
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&number.to_be_bytes());
    SessionToken::new(bytes)
}
