//! "It was not me": a verification is disowned. Whatever was proven for the customer ends, nobody
//! is verified for the account until an admin lifts the hold, and an incident says what it was.

use serde::{Deserialize, Serialize};

use crate::domain::customer::CustomerId;
use crate::domain::event::{Actor, EventFilter, EventKind, EventPage};
use crate::domain::level::FactorSet;
use crate::domain::outcome::Outcome;
use crate::domain::request::{Reference, Request, RequestId};
use crate::domain::session::{Session, SessionId};
use crate::domain::time::Timestamp;
use crate::service::customers::calls::DisownVerification;
use crate::service::ports::flags::Disowning;
use crate::service::reason::cleaned_reason;
use crate::service::{Desk, DeskError};

/// How many requests of one reference are named.
const SEVERAL_MAX: u32 = 9;

/// How many entries of a request are looked at.
const ENTRIES_MAX: u32 = 500;

/// What came of disowning a verification.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum DisownOutcome {
    Disowned(Box<Disowned>),
    /// The reference stands in the messages of several requests: one of them has to be named.
    Several(Vec<Request>),
    /// Nothing has this name.
    NoSuch,
}

/// A verification that was disowned, and what ended with it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Disowned {
    pub customer: CustomerId,
    pub account_no: String,
    pub name: String,
    /// The request or the session that was named.
    pub named: String,
    pub what: DisownedVerification,
    /// The sessions that were ended.
    pub sessions: Vec<Session>,
    /// How many codes were cancelled.
    pub codes: u64,
    /// Whether all of it was done before.
    pub is_repeated: bool,
}

/// What is known of a verification.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DisownedVerification {
    pub purpose: String,
    /// What was proven; none where nobody was verified by it.
    pub factors: Option<FactorSet>,
    /// Who verified, and where.
    pub by: Option<Actor>,
    /// When.
    pub at: Option<Timestamp>,
    /// Who stood there in the place of the holder.
    pub representative: Option<String>,
}

impl DisownedVerification {
    fn of_session(session: &Session) -> Self {
        Self {
            purpose: session.purpose.clone(),
            factors: Some(session.factors.clone()),
            by: Some(Actor { clerk: session.clerk.clone(), counter: session.counter.clone() }),
            at: Some(session.created_at),
            representative: session.representative.as_ref().map(|it| it.name.clone()),
        }
    }

    /// In words, for the log.
    fn detail(&self) -> String {
        let by = self.by.as_ref().map_or_else(
            || "nobody was verified by it".to_owned(),
            |it| format!("verified by {} at counter {}", it.clerk, it.counter),
        );
        let factors = self.factors.as_ref().map(|it| format!("by {it}"));
        let who = self.representative.as_ref().map(|it| format!("a representative, {it}"));
        let purpose = format!("for {}", self.purpose);
        let parts = [Some(by), Some(purpose), factors, who];
        parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
    }
}

/// What a name leads to.
enum Named {
    Request(Request),
    Session(Session),
    Several(Vec<Request>),
    Nothing,
}

impl Named {
    /// The same where it is of the customer who was named, if one was.
    fn of(self, customer: Option<CustomerId>) -> Self {
        let its = match &self {
            Self::Request(it) => Some(it.customer),
            Self::Session(it) => Some(it.customer),
            Self::Several(_) | Self::Nothing => None,
        };
        if customer.is_some() && its.is_some() && customer != its { Self::Nothing } else { self }
    }
}

impl Desk {
    /// Disowns the verification that a request, a session or the word of a message to the customer
    /// names.
    pub async fn disown(&self, it: &DisownVerification) -> Result<DisownOutcome, DeskError> {
        let reason = cleaned_reason(&it.reason);
        if reason.is_empty() {
            return Err(DeskError::NoReason);
        }
        let found = self.named_verification(&it.reference, it.customer).await?;
        let (customer, named, request, what) = match found.of(it.customer) {
            Named::Nothing => return Ok(DisownOutcome::NoSuch),
            Named::Several(all) => return Ok(DisownOutcome::Several(all)),
            Named::Session(session) => {
                let what = DisownedVerification::of_session(&session);
                (session.customer, session.id.to_string(), session.request, what)
            }
            Named::Request(request) => {
                let what = self.verification_of(&request).await?;
                (request.customer, request.id.to_string(), Some(request.id), what)
            }
        };
        let Some(customer) = self.customer(customer).await? else {
            return Ok(DisownOutcome::NoSuch);
        };
        let act = self.customer_act(&format!("disown {named}"), &it.key, customer.id);
        let disowning = Disowning {
            customer: customer.id,
            named: &named,
            request: request.as_ref(),
            purpose: Some(&what.purpose),
            was: &what.detail(),
            reason: &reason,
            actor: &self.actor,
        };
        let ended = self.retry(|| self.store.disown(&act, disowning)).await?;
        Ok(DisownOutcome::Disowned(Box::new(Disowned {
            customer: customer.id,
            account_no: customer.account_no,
            name: customer.name,
            named,
            what,
            sessions: ended.sessions,
            codes: ended.codes,
            is_repeated: ended.is_repeated,
        })))
    }

    async fn named_verification(
        &self,
        name: &str,
        customer: Option<CustomerId>,
    ) -> Result<Named, DeskError> {
        if let Ok(id) = name.parse::<RequestId>() {
            let found = match self.request(&id).await? {
                None => self.archived(&id).await?,
                found => found,
            };
            if let Some(request) = found {
                return Ok(Named::Request(request));
            }
        }
        if let Ok(id) = name.parse::<SessionId>() {
            let session = self.reading(|| self.store.session(&id)).await?;
            return Ok(session.map_or(Named::Nothing, |it| Named::Session(it.session)));
        }
        let (Some(reference), Some(customer)) = (Reference::typed(name), customer) else {
            return Ok(Named::Nothing);
        };
        let named = || self.store.requests_named(customer, &reference, SEVERAL_MAX);
        let ids = self.reading(named).await?;
        let mut found = Vec::new();
        for id in &ids {
            found.extend(self.request(id).await?);
        }
        Ok(match found.len() {
            0 => Named::Nothing,
            1 => Named::Request(found.remove(0)),
            _ => Named::Several(found),
        })
    }

    /// What a request verified: by its session, or by the log where its code was added to the
    /// session of another one.
    async fn verification_of(&self, it: &Request) -> Result<DisownedVerification, DeskError> {
        let opened = || self.store.session_of_request(it.customer, &it.id);
        if let Some(session) = self.reading(opened).await? {
            return Ok(DisownedVerification::of_session(&session));
        }
        let filter = EventFilter { request: Some(it.id.clone()), ..EventFilter::default() };
        let entries = self.log(&filter, EventPage::Newest, ENTRIES_MAX).await?;
        let verified = entries.into_iter().find(|entry| {
            entry.kind == EventKind::Attempt && entry.outcome == Some(Outcome::Verified)
        });
        let factors = verified.as_ref().map(|_| FactorSet::default().with(it.channel.factor()));
        Ok(DisownedVerification {
            purpose: it.purpose.clone(),
            factors,
            at: verified.as_ref().map(|it| it.at),
            by: verified.map(|it| it.actor),
            representative: it.representative.as_ref().map(|it| it.name.clone()),
        })
    }
}
