//! A desk that lives in memory and answers at once. It judges codes well
//! enough for the flows; the real judge is the store, tested elsewhere.

use std::collections::HashMap;
use std::time::Duration;

use countersign::domain::account::Account;
use countersign::domain::approval::{Approval, ApprovalId, GuardedAct};
use countersign::domain::channel::{Channel, Factor};
use countersign::domain::code::TypedCode;
use countersign::domain::contact::ContactKind;
use countersign::domain::contact_state::ContactState;
use countersign::domain::contact_verification::SIGN_UP;
use countersign::domain::customer::{Customer, CustomerId};
use countersign::domain::customer_factor::{BackupCodesLeft, CustomerFactors, FactorKind};
use countersign::domain::delivery::{Delivery, DeliveryId, DeliveryState, SendReport};
use countersign::domain::delivery_stats::{DeliverySample, DeliveryStats, QueueStats};
use countersign::domain::document::SeenDocument;
use countersign::domain::event::{Actor, Event, EventId, EventKind, EventPage};
use countersign::domain::flag::Flags;
use countersign::domain::level::FactorSet;
use countersign::domain::money::Money;
use countersign::domain::outcome::Outcome;
use countersign::domain::pad::{PairingEnd, PairingId, PairingState};
use countersign::domain::purpose::{Proven, Purpose};
use countersign::domain::request::{Reference, Request, RequestId, Status};
use countersign::domain::session::{Session, SessionEnd, SessionId, SessionToken};
use countersign::domain::sign_in::TypedSecret;
use countersign::domain::time::Timestamp;
use countersign::domain::totp::TotpOffer;
use countersign::service::api::{Answer, Call};
use countersign::service::approvals::calls::{ApproveAct, LeaveVouch, RefuseAct, VouchFor};
use countersign::service::approvals::vouch::Vouched;
use countersign::service::approvals::{ApprovalOutcome, RefusalOutcome};
use countersign::service::audit::calls::LogPage;
use countersign::service::audit::calls::{ReadLog, ReadTimeline};
use countersign::service::customers::calls::OpenedCustomer;
use countersign::service::customers::calls::{
    ConfirmContact, DisownVerification, FindCustomers, OpenCustomer, ReadSignUp, RevealContact,
    UnlockCustomer,
};
use countersign::service::customers::disown::DisownOutcome;
use countersign::service::customers::lookup::{ChannelChoice, SearchResult};
use countersign::service::customers::representatives::RepresentativeChoice;
use countersign::service::customers::reveal::RevealedContact;
use countersign::service::customers::sign_up::{SignUp, SignUpChannel, SignUpContact};
use countersign::service::delivery::calls::ReadTray;
use countersign::service::delivery::provider_status::BreakerSnapshot;
use countersign::service::factors::calls::{EnrolTotp, VerifyFactor};
use countersign::service::factors::document::{AttestedCustomer, DocumentSeen};
use countersign::service::factors::{
    BackupCodes, FactorRemoval, FactorVerification, NumberedCode, RefusedFactor, TotpEnrolment,
    VerifiedByFactor, WrongFirstCode,
};
use countersign::service::pads::calls::{ShownAtPad, TakeFactorFromPad};
use countersign::service::pads::{CounterPad, PadOffer};
use countersign::service::ports::{IndexProgress, NoCustomers, TrayMessage};
use countersign::service::upkeep::calls::StoreClockReading;
use countersign::service::verification::amount_due::AmountDue;
use countersign::service::verification::calls::{AskForCode, ReadAmountDue, ServeFor, VerifyCode};
use countersign::service::verification::request::{CodeRequest, CodeRequestOutcome, Refusal};
use countersign::service::verification::session::ServedFor;
use countersign::service::verification::verify::{RefusedCode, Verification, VerifiedCustomer};
use countersign::tui::machine::message::Failure;
use zeroize::Zeroizing;

use super::counter::START_MILLIS;
use super::overseen::Overseen;

pub(crate) const CODE: &str = "481902";

/// What a colleague does who is asked for an approval.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Colleague {
    Away,
    Approves,
}

pub(crate) struct Desk {
    pub(crate) customers: Vec<Customer>,
    pub(crate) request: Option<Request>,
    pub(crate) session: Option<Session>,
    pub(crate) events: Vec<Event>,
    pub(crate) tray: Vec<TrayMessage>,
    /// What the next sending reports.
    pub(crate) breakers: BreakerSnapshot,
    pub(crate) samples: Vec<DeliverySample>,
    pub(crate) report: SendReport,
    /// Why the next ask is turned down.
    pub(crate) refusal: Option<Refusal>,
    pub(crate) asks: Vec<CodeRequest>,
    /// How far customers have been made ready to be found.
    pub(crate) preparing: Option<IndexProgress>,
    /// Whether this office has WhatsApp.
    pub(crate) whatsapp: bool,
    /// The documents that were seen.
    pub(crate) seen: Vec<SeenDocument>,
    /// What this office verifies for.
    pub(crate) purposes: Vec<Purpose>,
    /// What customers have enrolled.
    pub(crate) factors: CustomerFactors,
    /// Who may act for customers.
    pub(crate) representatives: Vec<RepresentativeChoice>,
    /// By how many milliseconds this terminal's own clock is ahead.
    pub(crate) own_clock: i64,
    /// A wrong code locks the customer.
    pub(crate) locks_customer: bool,
    /// Contacts were changed a short while ago.
    pub(crate) waits: bool,
    /// What became of the last messages.
    pub(crate) contact_states: HashMap<Channel, ContactState>,
    /// What a colleague does who is asked for an approval.
    pub(crate) colleague: Colleague,
    /// What a colleague was asked for.
    pub(crate) vouches: Vec<VouchFor>,
    pub(crate) left_vouches: Vec<VouchFor>,
    /// The channels over which contacts were verified.
    pub(crate) verified_contacts: Vec<Channel>,
    /// How many customers have a contact.
    pub(crate) sharing: HashMap<Channel, u32>,
    /// The reasons that were given for acts on customers.
    pub(crate) reasons: Vec<String>,
    /// The acts that wait for a second admin.
    pub(crate) waiting: Vec<Approval>,
    /// Those that were approved.
    pub(crate) approved: Vec<Approval>,
    /// The office as a whole.
    pub(crate) overseen: Overseen,
    /// The pad of this counter.
    pub(crate) pad: Option<CounterPad>,
    /// Whose authenticator it asks for, and for what.
    pub(crate) at_pad: Option<(CustomerId, String)>,
    /// The entries so far.
    entries: u64,
    requests: u64,
}

/// An act that waits for a second admin.
pub(crate) fn waiting_act(bits: u64, clerk: &str) -> Approval {
    let asked_at = Timestamp::from_millis(START_MILLIS);
    Approval {
        id: ApprovalId::from_bits(bits),
        act: GuardedAct::Unlock,
        customer: Some(CustomerId(1)),
        target: "unlock Dana Rivera (WB-004217)".into(),
        reason: "showed an identity card".into(),
        asked_by: Actor { clerk: clerk.into(), counter: "12".into() },
        asked_at,
        expires_at: asked_at.plus(Duration::from_mins(15)),
        approved_by: None,
    }
}

/// An entry of the log.
pub(crate) fn event(id: i64) -> Event {
    Event {
        id: EventId(id),
        at: Timestamp::from_millis(id * 1_000),
        kind: EventKind::Attempt,
        outcome: Some(Outcome::Wrong),
        request: (id % 2 == 0).then(|| RequestId::from_bits(id.unsigned_abs())),
        customer: None,
        channel: Some(Channel::Sms),
        contact: None,
        actor: Actor { clerk: "amira".into(), counter: "3".into() },
        detail: None,
    }
}

pub(crate) fn down() -> Failure {
    Failure {
        text: "The store cannot be reached. Try again in a moment.".into(),
        lost: true,
        waits: false,
        awaits_approval: false,
    }
}

fn customer(id: i64, account_no: &str, name: &str) -> Customer {
    Customer {
        id: CustomerId(id),
        account_no: account_no.into(),
        name: name.into(),
        email: Some("someone@example.org".into()),
        phone: (id != 3).then(|| "+4915112345678".into()),
        address: None,
        locale: None,
        flags: Flags::default(),
    }
}

impl Desk {
    pub(crate) fn new() -> Self {
        Self {
            customers: vec![
                customer(1, "WB-004217", "Dana Rivera"),
                customer(2, "WB-004218", "Daniel Rivers"),
                customer(3, "WB-004219", "Amira Okafor"),
            ],
            request: None,
            session: None,
            events: Vec::new(),
            tray: Vec::new(),
            breakers: BreakerSnapshot::default(),
            samples: Vec::new(),
            report: SendReport::sent(None),
            refusal: None,
            asks: Vec::new(),
            preparing: None,
            whatsapp: false,
            seen: Vec::new(),
            purposes: Vec::new(),
            representatives: Vec::new(),
            factors: CustomerFactors::default(),
            own_clock: 0,
            locks_customer: false,
            waits: false,
            contact_states: HashMap::new(),
            sharing: HashMap::new(),
            verified_contacts: Vec::new(),
            colleague: Colleague::Away,
            vouches: Vec::new(),
            left_vouches: Vec::new(),
            reasons: Vec::new(),
            waiting: Vec::new(),
            approved: Vec::new(),
            overseen: Overseen::default(),
            pad: None,
            at_pad: None,
            entries: 0,
            requests: 0,
        }
    }

    pub(crate) fn open_request(&mut self) -> &mut Request {
        self.request.as_mut().expect("a request")
    }

    pub(crate) fn log(&mut self, count: i64) {
        for _ in 0..count {
            let id = i64::try_from(self.events.len()).expect("few") + 1;
            self.events.push(event(id));
        }
    }

    pub(crate) fn put_into_tray(&mut self, count: u64) {
        for _ in 0..count {
            let number = self.tray.len() as u64 + 1;
            self.tray.push(TrayMessage {
                number,
                at: Timestamp::from_millis(0),
                channel: Channel::Sms,
                to: "+49151…".into(),
                subject: None,
                text: format!("message {number}"),
                reference: "K7Q".into(),
            });
        }
    }

    pub(crate) fn reply(&mut self, act: Call, now: Timestamp) -> Answer<Failure> {
        match act {
            Call::ReadClock(_) => {
                let own = now.millis() + self.own_clock;
                Answer::ReadClock(Ok(StoreClockReading {
                    store: now,
                    own: Timestamp::from_millis(own),
                }))
            }
            Call::FindCustomers(FindCustomers { typed, .. }) => {
                Answer::FindCustomers(Ok(self.find(&typed)))
            }
            Call::OpenCustomer(OpenCustomer { customer }) => {
                Answer::OpenCustomer(Ok(self.open(customer)))
            }
            Call::AskForCode(AskForCode(ask)) => {
                let asked = self.ask(&ask, now);
                self.asks.push(ask);
                Answer::AskForCode(Ok(asked))
            }
            Call::ResendCode(_) => Answer::ResendCode(Ok(self.resend(now))),
            Call::DeliverCode(_) => {
                if let Some(request) = &mut self.request {
                    request.delivery.state = self.report.state;
                }
                Answer::DeliverCode(Ok(Some(self.report.clone())))
            }
            Call::VerifyCode(VerifyCode { code, session, .. }) => {
                Answer::VerifyCode(Ok(self.verify(&code.0, session.is_some(), now)))
            }
            Call::ServeFor(ServeFor { purpose, .. }) => {
                let purpose = self.purposes.iter().find(|it| it.name == purpose).cloned();
                let (before, purpose) = (self.session.clone(), purpose.expect("a purpose"));
                let before = before.expect("a session");
                let session = before.raised(&purpose, None, now);
                self.session = Some(session.clone());
                Answer::ServeFor(Ok(match before.missing_for(&purpose) {
                    Some(missing) => ServedFor::Missing(Box::new(before), missing),
                    None => ServedFor::Served(Box::new(session)),
                }))
            }
            Call::ReadAmountDue(ReadAmountDue { .. }) => {
                let due = Money { cents: 12_345, currency: "EUR".into() };
                Answer::ReadAmountDue(Ok(AmountDue::Due(Some(due))))
            }
            Call::CancelRequest(_) => {
                self.open_request().status = Status::Cancelled;
                Answer::CancelRequest(Ok(self.request.clone()))
            }
            Call::ReadRequest(_) => Answer::ReadRequest(Ok(self.request.clone())),
            Call::ReadAccount(_) => Answer::ReadAccount(Ok(Account::default())),
            Call::TouchSession(_) => {
                if let Some(session) = self.session.as_mut().filter(|it| it.ended.is_none()) {
                    session.idle_at = now.plus(Duration::from_mins(5));
                }
                Answer::ReadSession(Ok(self.session.clone()))
            }
            Call::ReadSession(_) => Answer::ReadSession(Ok(self.session.clone())),
            Call::EndSession(_) => {
                if let Some(session) = &mut self.session {
                    session.ended = Some((now, SessionEnd::Logout));
                }
                Answer::EndSession(Ok(self.session.clone()))
            }
            Call::ReadLog(ReadLog { page, limit, .. }) => {
                Answer::ReadLog(Ok(LogPage { page, events: self.page(page, limit) }))
            }
            Call::ReadBreakers(_) => {
                self.breakers.read_at = now;
                Answer::ReadBreakers(Ok(self.breakers.clone()))
            }
            Call::ReadDeliveryStats(_) => Answer::ReadDeliveryStats(Ok(DeliveryStats::of(
                &self.samples,
                false,
                QueueStats::default(),
            ))),
            Call::ReadTimeline(ReadTimeline { request }) => {
                let of = |event: &&Event| event.request.as_ref() == Some(&request);
                Answer::ReadTimeline(Ok(self.events.iter().filter(of).cloned().collect()))
            }
            Call::ReadTray(ReadTray { after, .. }) => {
                let newer = self.tray.iter().filter(|message| message.number > after);
                Answer::ReadTray(Ok(newer.cloned().collect()))
            }
            other => self.reply_to_form(other, now),
        }
    }

    /// Answers the forms that lie over the channels.
    fn reply_to_form(&mut self, call: Call, now: Timestamp) -> Answer<Failure> {
        match call {
            Call::ReadSignUp(ReadSignUp { customer }) => {
                Answer::ReadSignUp(Ok(self.sign_up(customer, now)))
            }
            Call::VouchFor(call) => {
                let answer = if self.colleague == Colleague::Approves {
                    let proven = (call.purpose.as_str(), Factor::SecondPerson);
                    let session =
                        self.proven(call.customer, None, proven, call.session.is_some(), now);
                    let token = SessionToken::new([9; 32]);
                    Ok(Vouched::Approved(Box::new(AttestedCustomer { session, token })))
                } else {
                    let text = "It waits for a second person.".to_owned();
                    Err(Failure { text, lost: false, waits: false, awaits_approval: true })
                };
                self.vouches.push(call);
                Answer::VouchFor(answer)
            }
            Call::LeaveVouch(LeaveVouch { asked }) => {
                self.left_vouches.push(asked);
                Answer::LeaveVouch(Ok(true))
            }
            Call::SeeDocument(call) => {
                let proven = (call.purpose.as_str(), Factor::Document);
                let session = self.proven(call.customer, None, proven, call.session.is_some(), now);
                self.seen.push(call.document);
                let token = SessionToken::new([9; 32]);
                let seen = AttestedCustomer { session, token };
                Answer::SeeDocument(Ok(DocumentSeen::Seen(Box::new(seen))))
            }
            other => self.reply_about_factors(other, now),
        }
    }

    fn reply_about_factors(&mut self, call: Call, now: Timestamp) -> Answer<Failure> {
        match call {
            Call::VerifyFactor(call) => Answer::VerifyFactor(Ok(self.prove(&call, now))),
            Call::ReadFactors(_) => Answer::ReadFactors(Ok(self.factors.clone())),
            Call::EnrolTotp(call) => Answer::EnrolTotp(Ok(self.enrol(&call, now))),
            Call::RemoveTotp(_) => {
                self.factors.totp_since = None;
                Answer::RemoveTotp(Ok(FactorRemoval::Removed))
            }
            Call::MakeBackupCodes(_) => {
                let codes: Vec<_> = (1..=10)
                    .map(|number| NumberedCode {
                        number,
                        code: TypedCode(Zeroizing::new(format!("K7Q2{}-XBM4T", number % 10))),
                    })
                    .collect();
                let left = codes.iter().map(|it| it.number).collect();
                self.factors.backup_codes = Some(BackupCodesLeft { made_at: now, left });
                Answer::MakeBackupCodes(Ok(BackupCodes::Made(codes)))
            }
            other => self.reply_to_act(other, now),
        }
    }

    /// Answers the acts that take a reason, and those on approvals.
    fn reply_to_act(&mut self, call: Call, now: Timestamp) -> Answer<Failure> {
        match call {
            Call::RevealContact(RevealContact { customer, kind, reason }) => {
                self.reasons.push(reason);
                let of = self.customers.iter().find(|it| it.id == customer);
                let contact = of.and_then(|it| it.recorded(kind.channel())).map(str::to_owned);
                Answer::RevealContact(Ok(contact.map(|contact| RevealedContact { kind, contact })))
            }
            Call::UnlockCustomer(UnlockCustomer { reason, .. }) => {
                self.reasons.push(reason);
                Answer::UnlockCustomer(Ok(true))
            }
            Call::ConfirmContact(ConfirmContact { reason, .. }) => {
                self.reasons.push(reason);
                Answer::ConfirmContact(Ok(true))
            }
            Call::DisownVerification(DisownVerification { reference, reason, .. }) => {
                self.reasons.push(format!("{reference}: {reason}"));
                Answer::DisownVerification(Ok(DisownOutcome::NoSuch))
            }
            Call::FileIncident(_) => Answer::FileIncident(Ok(())),
            Call::ListApprovals(_) => Answer::ListApprovals(Ok(self.waiting.clone())),
            Call::ApproveAct(ApproveAct { approval }) => {
                Answer::ApproveAct(Ok(match self.decided(&approval) {
                    None => ApprovalOutcome::NotFound,
                    Some(approval) => {
                        self.approved.push(approval.clone());
                        ApprovalOutcome::CarriedOut { approval, changed: true }
                    }
                }))
            }
            Call::RefuseAct(RefuseAct { approval }) => {
                let refused = self.decided(&approval).map(RefusalOutcome::Refused);
                Answer::RefuseAct(Ok(refused.unwrap_or(RefusalOutcome::NotFound)))
            }
            other => self.reply_about_pads(other, now),
        }
    }

    fn reply_about_pads(&mut self, call: Call, now: Timestamp) -> Answer<Failure> {
        match call {
            Call::OfferPad(_) => {
                let expires_at = now.plus(Duration::from_mins(2));
                let pairing = PairingId::from_bits(7);
                self.pad = Some(CounterPad {
                    pairing: pairing.clone(),
                    state: PairingState::Offered,
                    pad: None,
                    expires_at,
                    shown: None,
                    typed: 0,
                    outcome: None,
                });
                let number = TypedSecret::new("481516");
                Answer::OfferPad(Ok(PadOffer { pairing, number, expires_at }))
            }
            Call::ReadCounterPad(_) => Answer::ReadCounterPad(Ok(self.pad.clone())),
            Call::ConfirmPad(_) => {
                if let Some(pad) = self.pad.as_mut().filter(|it| it.state == PairingState::Asking) {
                    pad.state = PairingState::Paired;
                }
                Answer::ConfirmPad(Ok(self.pad.clone()))
            }
            Call::EndPairing(_) => {
                if let Some(pad) = &mut self.pad {
                    pad.state = PairingState::Ended(PairingEnd::Unpaired);
                }
                Answer::EndPairing(Ok(self.pad.clone()))
            }
            Call::ShowAtPad(call) => {
                if let Some(pad) = &mut self.pad {
                    let shown = match call.shown {
                        ShownAtPad::Nothing => None,
                        ShownAtPad::Request(request) => Some(request),
                        ShownAtPad::Authenticator(it) => {
                            self.at_pad = Some((it.customer, it.purpose));
                            self.entries += 1;
                            Some(RequestId::from_bits(1_000 + self.entries))
                        }
                    };
                    (pad.shown, pad.typed, pad.outcome) = (shown, 0, None);
                }
                Answer::ShowAtPad(Ok(self.pad.clone()))
            }
            Call::TakeFromPad(_) => Answer::TakeFromPad(Ok(self.taken(now).map(Box::new))),
            Call::TakeFactorFromPad(call) => {
                Answer::TakeFactorFromPad(Ok(self.factor_taken(&call, now).map(Box::new)))
            }
            other => self.overseen.reply(other, now),
        }
    }

    /// A pad asks by the number on the screen.
    pub(crate) fn pad_asks(&mut self) {
        let pad = self.pad.as_mut().expect("a number");
        pad.pad = Some(Actor { clerk: "pad1".into(), counter: "front desk pts/5".into() });
        pad.state = PairingState::Asking;
    }

    /// The customer enters a code at the pad, as the desk judges it.
    pub(crate) fn entered_at_pad(&mut self, code: &str, now: Timestamp) {
        let outcome = match self.verify(code, false, now) {
            Verification::Verified(_) => Outcome::Verified,
            Verification::Refused(refused) => refused.outcome,
            other => panic!("{other:?}"),
        };
        let pad = self.pad.as_mut().expect("a pad");
        (pad.typed, pad.outcome) = (0, Some(outcome));
    }

    fn taken(&mut self, now: Timestamp) -> Option<VerifiedCustomer> {
        let request = self.request.clone().filter(|it| it.status == Status::Verified)?;
        match self.verified(request, false, now) {
            Verification::Verified(won) => Some(*won),
            _ => None,
        }
    }

    fn factor_taken(
        &mut self,
        call: &TakeFactorFromPad,
        now: Timestamp,
    ) -> Option<VerifiedByFactor> {
        let pad = self.pad.as_ref()?;
        let is_right = pad.outcome == Some(Outcome::Verified);
        let (customer, purpose) = self.at_pad.clone().filter(|_| is_right)?;
        assert_eq!((&Some(call.entry.clone()), call.customer), (&pad.shown, customer));
        let proven = (purpose.as_str(), FactorKind::Totp.factor());
        let session = self.proven(customer, None, proven, call.session.is_some(), now);
        let token = SessionToken::new([8; 32]);
        Some(VerifiedByFactor { session, token, codes_left: None })
    }

    fn enrol(&mut self, call: &EnrolTotp, now: Timestamp) -> TotpEnrolment {
        if call.typed.as_ref().is_some_and(|it| it.0.as_str() == CODE) {
            self.factors.totp_since = Some(now);
            return TotpEnrolment::Enrolled;
        }
        let offer = TotpOffer {
            uri: TypedSecret::new("otpauth://totp/x"),
            words: TypedSecret::new("AAAA AAAA"),
            sealed: "sealed".into(),
        };
        let wrong = call.typed.is_some().then_some(WrongFirstCode { clock: None });
        TotpEnrolment::Offer { offer, wrong }
    }

    /// The code is right, and so is every backup code.
    fn prove(&mut self, call: &VerifyFactor, now: Timestamp) -> FactorVerification {
        let kind = call.typed.kind;
        if kind == FactorKind::Totp && call.typed.typed.0.as_str() != CODE {
            return FactorVerification::Refused(RefusedFactor {
                kind,
                outcome: Outcome::Wrong,
                customer_locked: false,
                clerk_waits_until: None,
                clock: None,
            });
        }
        let proven = (call.purpose.as_str(), kind.factor());
        let session = self.proven(call.customer, None, proven, call.session.is_some(), now);
        let codes_left = (kind == FactorKind::BackupCodes).then_some(2);
        let token = SessionToken::new([8; 32]);
        FactorVerification::Verified(Box::new(VerifiedByFactor { session, token, codes_left }))
    }

    /// The act of this name, which waits no more.
    fn decided(&mut self, id: &ApprovalId) -> Option<Approval> {
        let place = self.waiting.iter().position(|it| it.id == *id)?;
        Some(self.waiting.remove(place))
    }

    fn find(&self, typed: &str) -> SearchResult {
        let typed = typed.to_lowercase();
        let customers: Vec<Customer> = self
            .customers
            .iter()
            .filter(|it| format!("{} {}", it.name, it.account_no).to_lowercase().contains(&typed))
            .cloned()
            .collect();
        let nobody = self.customers.is_empty() && self.preparing.is_none();
        let nobody = nobody.then_some(NoCustomers::EmptyStore);
        SearchResult { customers, more: false, preparing: self.preparing, nobody }
    }

    fn open(&self, id: CustomerId) -> Option<OpenedCustomer> {
        let customer = self.customers.iter().find(|it| it.id == id)?.clone();
        let mut choices: Vec<ChannelChoice> = Channel::ALL
            .into_iter()
            .filter(|channel| *channel != Channel::Whatsapp || self.whatsapp)
            .map(|channel| ChannelChoice {
                channel,
                contact: customer.masked(channel),
                refusal: customer
                    .recorded(channel)
                    .is_none()
                    .then(|| "no phone number on file".to_owned()),
                waits_until: self
                    .waits
                    .then(|| Timestamp::from_millis(START_MILLIS).plus(Duration::from_hours(20))),
                health: self.breakers.health(channel, self.breakers.read_at),
                state: self.contact_states.get(&channel).copied().unwrap_or_default(),
                customers: self.sharing.get(&channel).copied(),
                needs_sign_up: false,
            })
            .collect();
        choices.sort_by_key(|it| (it.refusal.is_some(), it.state.is_bad, it.health));
        let open = self.request.clone().filter(|it| it.status == Status::Open && it.customer == id);
        let factors = self.factors.clone();
        let representatives = self.representatives.clone();
        let open = open.map(Box::new);
        Some(OpenedCustomer { customer, choices, open, factors, representatives })
    }

    fn ask(&mut self, ask: &CodeRequest, now: Timestamp) -> CodeRequestOutcome {
        if let Some(refusal) = self.refusal.take() {
            return CodeRequestOutcome::Refused(Box::new(refusal));
        }
        self.requests += 1;
        let request = Request {
            id: RequestId::from_bits(self.requests),
            customer: ask.customer,
            purpose: ask.purpose.clone(),
            channel: ask.channel,
            contact: "+4*******12".into(),
            reference: Reference::from_store("K7Q"),
            generation: 1,
            status: Status::Open,
            created_at: now,
            sent_at: now,
            expires_at: now.plus(Duration::from_mins(5)),
            resend_at: now.plus(Duration::from_secs(30)),
            attempts: 0,
            max_attempts: 5,
            delivery: Delivery {
                id: DeliveryId(i64::try_from(self.requests * 10).expect("few")),
                provider: "tray".into(),
                by_fallback: false,
                state: DeliveryState::Queued,
                provider_id: None,
                detail: None,
                updated_at: now,
            },
            representative: None,
            asked_by: Actor { clerk: "amira".into(), counter: "3".into() },
        };
        self.ready(request)
    }

    fn ready(&mut self, request: Request) -> CodeRequestOutcome {
        self.request = Some(request.clone());
        CodeRequestOutcome::Ready(request)
    }

    fn resend(&mut self, now: Timestamp) -> Option<CodeRequestOutcome> {
        let mut request = self.request.clone()?;
        request.generation += 1;
        request.reference = Reference::from_store("M3T");
        request.sent_at = now;
        request.expires_at = now.plus(Duration::from_mins(5));
        request.resend_at = now.plus(Duration::from_secs(30));
        request.delivery.id.0 += 1;
        request.delivery.state = DeliveryState::Queued;
        Some(self.ready(request))
    }

    fn verify(&mut self, code: &str, is_further: bool, now: Timestamp) -> Verification {
        let Some(request) = &mut self.request else { return Verification::NoSuchRequest };
        let outcome = match request.status.refusal() {
            Some(outcome) => outcome,
            None if now >= request.expires_at => Outcome::Expired,
            None => {
                request.attempts += 1;
                if code == CODE { Outcome::Verified } else { Outcome::Wrong }
            }
        };
        if outcome == Outcome::Verified {
            request.status = Status::Verified;
            let request = request.clone();
            if request.purpose == SIGN_UP {
                self.verified_contacts.push(request.channel);
                return Verification::ContactVerified(Box::new(request));
            }
            return self.verified(request, is_further, now);
        }
        if request.attempts_left() == 0 {
            request.status = Status::Locked;
        }
        if self.locks_customer {
            request.status = Status::Locked;
        }
        let outcome = if request.status == Status::Locked { Outcome::Locked } else { outcome };
        Verification::Refused(Box::new(RefusedCode {
            outcome,
            request: request.clone(),
            superseded: None,
            customer_locked: self.locks_customer,
            clerk_waits_until: None,
        }))
    }

    fn sign_up(&self, id: CustomerId, now: Timestamp) -> Option<SignUp> {
        let customer = self.customers.iter().find(|it| it.id == id)?.clone();
        let contact = |kind: ContactKind, contact: &str| {
            let channel = kind.channel();
            let verified = self.verified_contacts.contains(&channel).then_some((now, channel));
            let probably_meant = (kind == ContactKind::Email).then(|| "gmail.com".to_owned());
            let channels = vec![SignUpChannel { channel, refusal: None }];
            SignUpContact { kind, contact: contact.into(), probably_meant, verified, channels }
        };
        let email = contact(ContactKind::Email, "d***@gmial.com");
        let contacts = vec![email, contact(ContactKind::Phone, "+4**********12")];
        Some(SignUp { customer, contacts })
    }

    /// The session with what was proven, as a store keeps it.
    fn proven(
        &mut self,
        customer: CustomerId,
        request: Option<RequestId>,
        (purpose, factor): (&str, Factor),
        is_further: bool,
        now: Timestamp,
    ) -> Session {
        let known = self.purposes.iter().find(|it| it.name == purpose).cloned();
        let purpose = known.unwrap_or_else(|| Purpose::from(purpose));
        if let Some(before) = self.session.as_ref().filter(|_| is_further) {
            let session = before.raised(&purpose, Some((factor, false)), now);
            self.session = Some(session.clone());
            return session;
        }
        let customer = self.customers.iter().find(|it| it.id == customer).expect("a customer");
        let factors = FactorSet::default().with(factor);
        let session = Session {
            id: SessionId::from_bits(7),
            customer: customer.id,
            account_no: customer.account_no.clone(),
            customer_name: customer.name.clone(),
            request,
            factor,
            level: factors.level(),
            is_reached: purpose.is_reached(Proven { factors: &factors, shared_contact: false }),
            factors,
            purpose: purpose.name,
            also_for: Vec::new(),
            shared_contact: false,
            representative: None,
            clerk: "amira".into(),
            counter: "3".into(),
            created_at: now,
            expires_at: now.plus(Duration::from_mins(15)),
            idle_at: now.plus(Duration::from_mins(5)),
            ended: None,
        };
        self.session = Some(session.clone());
        session
    }

    fn verified(&mut self, request: Request, is_further: bool, now: Timestamp) -> Verification {
        let proven = (request.purpose.as_str(), request.channel.factor());
        let session =
            self.proven(request.customer, Some(request.id.clone()), proven, is_further, now);
        let token = SessionToken::new([7; 32]);
        Verification::Verified(Box::new(VerifiedCustomer { request, session, token }))
    }

    fn page(&self, page: EventPage, limit: u32) -> Vec<Event> {
        let limit = limit as usize;
        let newest = self.events.iter().rev();
        match page {
            EventPage::Newest => newest.take(limit).cloned().collect(),
            EventPage::Before(id) => newest.filter(|it| it.id < id).take(limit).cloned().collect(),
            EventPage::After(id) => {
                self.events.iter().filter(|it| it.id > id).take(limit).cloned().collect()
            }
        }
    }
}
