//! Requests: asking for a code, for another one, and cancelling.
//!
//! The order makes it safe: a code is drawn, its digest committed together with its outbox
//! message, and only then is the message sent. If the process dies in between, another one
//! sends the message; no code is ever sent that is not stored.

use crate::domain::channel::Channel;
use crate::domain::code::Code;
use crate::domain::contact_verification::is_sign_up;
use crate::domain::customer::{Customer, CustomerId};
use crate::domain::event::{EventFacts, EventKind};
use crate::domain::flag::Standing;
use crate::domain::key::Keyring;
use crate::domain::outcome::Outcome;
use crate::domain::policy::RateLimit;
use crate::domain::representative::RepresentativeId;
use crate::domain::request::{Reference, Request, RequestId};
use crate::domain::seal::NonceSeed;
use crate::domain::time::Timestamp;
use crate::service::customers::flags::refused_by;
use crate::service::ports::audit::NewEvent;
use crate::service::ports::contact_binding::Quarantine;
use crate::service::ports::error::StoreError;
use crate::service::ports::verification::{
    Dispatch, IssueOutcome, NewCode, NewDelivery, NewRequest, Reissue,
};
use crate::service::verification::lockout::CUSTOMER_LOCKED;
use crate::service::{Desk, DeskError};

/// A code that a clerk asks for.
#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
pub struct CodeRequest {
    pub customer: CustomerId,
    pub channel: Channel,
    /// What the verification is for.
    pub purpose: String,
    /// Who gets the code in the place of the holder.
    #[serde(default)]
    pub representative: Option<RepresentativeId>,
    /// The idempotency key, new for each press of the key: the same request repeated is
    /// sent once.
    pub idempotency: String,
}

/// What came of asking for a code.
#[derive(Debug, serde::Serialize, serde::Deserialize)]
pub enum CodeRequestOutcome {
    /// The request is stored; now [`Desk::deliver`] its message.
    Ready(Request),
    /// The same request was stored before, and its message is on its way.
    Already(Request),
    Refused(Box<Refusal>),
}

/// Why no code is sent.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Refusal {
    pub outcome: Outcome,
    /// What happened, in one sentence.
    pub reason: String,
    /// The request as it is, where there is one.
    pub request: Option<Box<Request>>,
    /// When it may be tried again, where waiting is enough.
    pub retry_at: Option<Timestamp>,
    /// The quarantine, where that is the reason, and the other channels.
    pub quarantine: Option<QuarantinedContact>,
}

/// A contact in quarantine, as a clerk is told.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct QuarantinedContact {
    pub quarantine: Quarantine,
    /// The channels that can be used meanwhile.
    pub instead: Vec<Channel>,
}

impl Refusal {
    pub(super) fn new(outcome: Outcome, reason: impl Into<String>) -> Box<Self> {
        let reason = reason.into();
        Box::new(Self { outcome, reason, request: None, retry_at: None, quarantine: None })
    }

    fn quarantined(quarantine: Quarantine, instead: Vec<Channel>) -> Box<Self> {
        let reason = match quarantine.other_until {
            None => format!(
                "The {} was changed a short while ago and gets no code yet.",
                quarantine.kind.label()
            ),
            Some(_) => "The email address and the phone number were both changed a short while \
                        ago; neither gets a code yet."
                .into(),
        };
        let mut refusal = Self::new(Outcome::Limited, reason);
        let soonest =
            quarantine.other_until.map_or(quarantine.until, |it| it.min(quarantine.until));
        refusal.retry_at = Some(soonest);
        refusal.quarantine = Some(QuarantinedContact { quarantine, instead });
        refusal
    }

    fn limited(limit: RateLimit, retry_at: Timestamp) -> Box<Self> {
        let mut refusal = Self::new(Outcome::Limited, limit.sentence());
        refusal.retry_at = Some(retry_at);
        refusal
    }
}

/// What a refusal is about.
#[derive(Clone, Copy)]
struct Asked<'a> {
    channel: Channel,
    purpose: &'a str,
    /// The request, where there is one.
    request: Option<&'a RequestId>,
}

impl<'a> Asked<'a> {
    /// Another code for a request.
    fn again(request: &'a Request) -> Self {
        let Request { channel, purpose, id, .. } = request;
        Self { channel: *channel, purpose, request: Some(id) }
    }
}

/// The longest purpose that a message has room for, in characters.
pub const PURPOSE_MAX: usize = 40;

/// How often a customer's record is read for one code, where it changes between reading and
/// storing.
const RECORD_READS: usize = 3;

impl Desk {
    /// Asks for a code for a customer.
    pub async fn ask(&self, ask: &CodeRequest) -> Result<CodeRequestOutcome, DeskError> {
        self.ensure_policy().await?;
        for _ in 0..RECORD_READS {
            let Some(customer) = self.retry(|| self.store.customer(ask.customer)).await? else {
                return Ok(CodeRequestOutcome::Refused(Refusal::new(
                    Outcome::UnknownCustomer,
                    "There is no such customer any more.",
                )));
            };
            if let Some(asked) = self.ask_for(ask, &customer).await? {
                return Ok(asked);
            }
        }
        Err(record_keeps_changing().into())
    }

    /// Asks for a code with the customer's record as read; `None` where the record has
    /// changed since.
    async fn ask_for(
        &self,
        ask: &CodeRequest,
        customer: &Customer,
    ) -> Result<Option<CodeRequestOutcome>, DeskError> {
        let purpose = match self.askable(&ask.purpose) {
            Ok(purpose) => purpose,
            Err(refusal) => return Ok(Some(CodeRequestOutcome::Refused(refusal))),
        };
        let representative = ask.representative.as_ref();
        let (addressee, stands_here) = self.addressee(customer, representative, &purpose).await?;
        let customer = &addressee;
        let who = Standing::of(stands_here.as_ref());
        refused_by(customer.id, customer.flags.refusal_of(who, ask.channel.factor()))?;
        // A sign-up opens nothing that could be raised.
        let purpose =
            if is_sign_up(&purpose.name) { purpose } else { customer.flags.raise(&purpose) };
        let delivery = match self.helpful(customer, ask.channel, &purpose).await? {
            Ok(()) => self.delivery(customer, ask.channel, &purpose.name),
            Err(refusal) => Err(refusal),
        };
        let delivery = match delivery {
            // The contacts of a representative were added by two.
            Ok(delivery) if stands_here.is_some() => Ok(delivery),
            Ok(delivery) => self.verified_enough(customer, delivery, &purpose.name).await?,
            Err(refusal) => Err(refusal),
        };
        let purpose = purpose.name;
        let delivery = match delivery {
            Ok(delivery) => delivery,
            Err(refusal) => {
                let ask = Asked { channel: ask.channel, purpose: &purpose, request: None };
                return self.refuse(customer, ask, refusal).await.map(Some);
            }
        };
        let id = RequestId::from_bits(self.random.below(1 << 50)?);
        let (code, keyring) = (self.draw()?, self.keyring());
        let idempotency = self.bound_key(&["ask", &ask.idempotency]);
        let new = NewRequest {
            id,
            customer: customer.id,
            purpose: &purpose,
            representative: stands_here.as_ref(),
            idempotency: &idempotency,
            dispatch: self.dispatch(code, delivery, &keyring),
        };
        let issued = self.retry(|| self.store.issue(new.clone())).await;
        let issued = issued.map_err(|error| with_request_name(error, &new.id))?;
        let ask = Asked { channel: ask.channel, purpose: &purpose, request: None };
        self.asked(issued, customer, ask).await
    }

    /// Asks for another code for an open request, to the contact now on file. Where the
    /// request has a newer code than that of generation `after`, no further one is sent.
    pub async fn resend(
        &self,
        id: &RequestId,
        after: u32,
    ) -> Result<Option<CodeRequestOutcome>, DeskError> {
        self.ensure_policy().await?;
        let Some(mut request) = self.retry(|| self.store.request(id)).await? else {
            return Ok(None);
        };
        // The store compares it with the generation under its lock.
        request.generation = request.generation.min(after);
        for _ in 0..RECORD_READS {
            let customer = self.retry(|| self.store.customer(request.customer)).await?;
            let Some(customer) = customer else { return Ok(None) };
            if let Some(asked) = self.resend_for(&request, &customer).await? {
                return Ok(Some(asked));
            }
        }
        Err(record_keeps_changing().into())
    }

    /// As [`Self::ask_for`], for an open request.
    async fn resend_for(
        &self,
        request: &Request,
        customer: &Customer,
    ) -> Result<Option<CodeRequestOutcome>, DeskError> {
        let stands_here = request.representative.as_ref();
        let who = Standing::of(stands_here);
        refused_by(customer.id, customer.flags.refusal_of(who, request.channel.factor()))?;
        let addressee = match (stands_here, self.purpose(&request.purpose)) {
            (Some(it), Ok(purpose)) => self.addressee(customer, Some(&it.id), &purpose).await?.0,
            _ => customer.clone(),
        };
        let customer = &addressee;
        let delivery = match self.helps_still(customer, request).await? {
            Ok(()) => self.delivery(customer, request.channel, &request.purpose),
            Err(refusal) => Err(refusal),
        };
        let delivery = match delivery {
            Ok(delivery) if stands_here.is_some() => Ok(delivery),
            Ok(delivery) => self.verified_enough(customer, delivery, &request.purpose).await?,
            Err(refusal) => Err(refusal),
        };
        let delivery = match delivery {
            Ok(delivery) => delivery,
            Err(refusal) => {
                return self.refuse(customer, Asked::again(request), refusal).await.map(Some);
            }
        };
        let (code, keyring) = (self.draw()?, self.keyring());
        let reissue = Reissue {
            id: &request.id,
            after: request.generation,
            dispatch: self.dispatch(code, delivery, &keyring),
        };
        let issued = self.retry(|| self.store.reissue(reissue.clone())).await;
        let issued = issued.map_err(|error| with_request_name(error, &request.id))?;
        self.asked(issued, customer, Asked::again(request)).await
    }

    fn dispatch<'a>(
        &'a self,
        code: NewCode,
        delivery: NewDelivery,
        keyring: &'a Keyring,
    ) -> Dispatch<'a> {
        Dispatch {
            code,
            delivery,
            policy: &self.office.otp,
            limits: &self.office.limits,
            policy_version: &self.policy_version,
            actor: &self.actor,
            notices: self.notice_providers(keyring),
        }
    }

    /// Cancels an open request.
    pub async fn cancel(&self, id: &RequestId) -> Result<Option<Request>, DeskError> {
        Ok(self.retry(|| self.store.cancel(id, &self.actor)).await?)
    }

    /// One request.
    pub async fn request(&self, id: &RequestId) -> Result<Option<Request>, DeskError> {
        Ok(self.reading(|| self.store.request(id)).await?)
    }

    /// The newest request of a customer whose code can be entered now, whichever terminal
    /// asked for it.
    pub async fn open_request(&self, customer: CustomerId) -> Result<Option<Request>, DeskError> {
        Ok(self.reading(|| self.store.open_request(customer)).await?)
    }

    /// A request that was moved to the archive, as far as it is known there.
    pub async fn archived(&self, id: &RequestId) -> Result<Option<Request>, DeskError> {
        Ok(self.reading(|| self.store.archived(id)).await?)
    }

    /// The delivery over a channel, or why there is none.
    fn delivery(
        &self,
        customer: &Customer,
        channel: Channel,
        purpose: &str,
    ) -> Result<NewDelivery, Box<Refusal>> {
        let route = self.sender(channel).zip(self.fingerprints.route(channel));
        let Some((sender, fingerprint)) = route else {
            let reason = format!("This office does not send by {}.", channel.label());
            return Err(Refusal::new(Outcome::Forbidden, reason));
        };
        // A sign-up proves no customer, but that the contact is theirs.
        if !is_sign_up(purpose) && !channel.factor().satisfies(self.office.otp.assurance) {
            return Err(Refusal::new(
                Outcome::Forbidden,
                "This office asks for a stronger proof than this channel gives.",
            ));
        }
        let contact = customer.contact(channel, &self.office.phones).map_err(|reason| {
            Refusal::new(Outcome::NoContact, format!("{}: {reason}.", channel.label()))
        })?;
        let owner = self.lease_owner.to_string();
        let (provider, fingerprint) = (sender.provider(), fingerprint.clone());
        Ok(NewDelivery { channel, contact, provider, fingerprint, owner })
    }

    fn draw(&self) -> Result<NewCode, DeskError> {
        let length = self.office.otp.length;
        let code = Code::from_number(self.random.below(Code::space(length))?, length);
        let keyring = self.keyring();
        let (key_id, key) = keyring.current();
        Ok(NewCode {
            code,
            key_id: key_id.clone(),
            key: key.clone(),
            seed: NonceSeed::from(self.random.secret()?),
            reference: Reference::from_bits(self.random.below(1 << 15)?),
        })
    }

    async fn asked(
        &self,
        issued: IssueOutcome,
        customer: &Customer,
        ask: Asked<'_>,
    ) -> Result<Option<CodeRequestOutcome>, DeskError> {
        let refusal = match issued {
            IssueOutcome::Outdated => return Ok(None),
            IssueOutcome::Fresh(request) => return Ok(Some(CodeRequestOutcome::Ready(request))),
            IssueOutcome::Already(request) => {
                // Where the first answer was lost, the message is still this terminal's to
                // send.
                let (id, owner) = (request.delivery.id, &*self.lease_owner);
                let message = self.retry(|| self.store.claimed_message(id, owner)).await;
                return Ok(Some(match message {
                    Ok(None) => CodeRequestOutcome::Already(request),
                    // The request is stored; whoever sends the message learns of the error.
                    Ok(Some(_)) | Err(_) => CodeRequestOutcome::Ready(request),
                }));
            }
            IssueOutcome::Limited { limit, retry_at } => Refusal::limited(limit, retry_at),
            IssueOutcome::Quarantined(quarantine) => {
                Refusal::quarantined(quarantine, self.instead(customer, ask.purpose, quarantine))
            }
            IssueOutcome::CustomerLocked => Refusal::new(Outcome::Locked, CUSTOMER_LOCKED),
            IssueOutcome::Closed(request) => closed(request),
            IssueOutcome::NotFound => {
                Refusal::new(Outcome::Superseded, "There is no such request any more.")
            }
        };
        self.refuse(customer, ask, refusal).await.map(Some)
    }

    /// The channels to the contact that was not changed.
    fn instead(&self, customer: &Customer, purpose: &str, quarantine: Quarantine) -> Vec<Channel> {
        let is_open = |channel: &Channel| {
            quarantine.other_until.is_none()
                && channel.contact_kind() != quarantine.kind
                && self.delivery(customer, *channel, purpose).is_ok()
        };
        Channel::ALL.into_iter().filter(is_open).collect()
    }

    /// Writes a refusal to the log, in the timeline of the request where there is one, and
    /// returns it.
    async fn refuse(
        &self,
        customer: &Customer,
        ask: Asked<'_>,
        refusal: Box<Refusal>,
    ) -> Result<CodeRequestOutcome, DeskError> {
        let Asked { channel, purpose, request } = ask;
        let event = NewEvent {
            kind: EventKind::Refused,
            outcome: Some(refusal.outcome),
            request: refusal.request.as_ref().map(|request| &request.id).or(request),
            customer: Some(customer.id),
            channel: Some(channel),
            contact: customer.masked(channel),
            detail: Some(refusal.reason.clone()),
            actor: &self.actor,
            facts: EventFacts { purpose: Some(purpose), ..EventFacts::default() },
        };
        self.record(event).await?;
        Ok(CodeRequestOutcome::Refused(refusal))
    }
}

/// Adds the request's name, under which it can be looked up, to an error after which nobody
/// knows whether it was stored.
fn with_request_name(error: StoreError, id: &RequestId) -> StoreError {
    match error {
        StoreError::Unknown(why) => {
            StoreError::Unknown(format!("{why}; if it was done, it is request {id}"))
        }
        error => error,
    }
}

/// The record changed each time between reading and storing.
fn record_keeps_changing() -> StoreError {
    StoreError::Conflict("the customer's record is being changed".into())
}

fn closed(request: Request) -> Box<Refusal> {
    let outcome = request.status.refusal().unwrap_or(Outcome::Superseded);
    let reason = match outcome {
        Outcome::Used => "The customer was verified with this request before.",
        Outcome::Expired => "The time for this request is over.",
        Outcome::Locked => "This request is locked after too many wrong codes.",
        _ => "This request was replaced or cancelled.",
    };
    let mut refusal = Refusal::new(outcome, reason);
    refusal.request = Some(Box::new(request));
    refusal
}
