//! A desk that lives in memory and answers at once. It judges codes well
//! enough for the flows; the real judge is the store, tested elsewhere.

use std::time::Duration;

use countersign::domain::channel::Channel;
use countersign::domain::customer::{Account, Customer, CustomerId};
use countersign::domain::delivery::{Delivery, DeliveryId, DeliveryState, Report};
use countersign::domain::event::{Actor, Event, EventId, EventKind, Page};
use countersign::domain::figures::{Figures, Queue, Sample};
use countersign::domain::outcome::Outcome;
use countersign::domain::request::{Reference, Request, RequestId, Status};
use countersign::domain::session::{Session, SessionEnd, SessionId, SessionToken};
use countersign::domain::time::Timestamp;
use countersign::service::lookup::{ChannelChoice, Found};
use countersign::service::ports::{Preparing, TrayMessage};
use countersign::service::providers::Lines;
use countersign::service::request::{Ask, Asked, Refusal};
use countersign::service::verify::{RefusedCode, Verification, Verified};
use countersign::tui::clock::Reading;
use countersign::tui::effect::Act;
use countersign::tui::msg::{Failure, Opened, Reply};

pub(crate) const CODE: &str = "481902";

pub(crate) struct Desk {
    pub(crate) customers: Vec<Customer>,
    pub(crate) request: Option<Request>,
    pub(crate) session: Option<Session>,
    pub(crate) events: Vec<Event>,
    pub(crate) tray: Vec<TrayMessage>,
    /// What the next hand-over reports.
    pub(crate) lines: Lines,
    pub(crate) samples: Vec<Sample>,
    pub(crate) report: Report,
    /// Why the next ask is turned down.
    pub(crate) refusal: Option<Refusal>,
    pub(crate) asks: Vec<Ask>,
    /// How far customers have been made ready to be found.
    pub(crate) preparing: Option<Preparing>,
    /// Whether this office has WhatsApp.
    pub(crate) whatsapp: bool,
    /// By how many milliseconds this terminal's own clock is ahead.
    pub(crate) own_clock: i64,
    requests: u64,
}

pub(crate) fn down() -> Failure {
    Failure {
        text: "The store cannot be reached. Try again in a moment.".into(),
        lost: true,
        waits: false,
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
            lines: Lines::default(),
            samples: Vec::new(),
            report: Report::sent(None),
            refusal: None,
            asks: Vec::new(),
            preparing: None,
            whatsapp: false,
            own_clock: 0,
            requests: 0,
        }
    }

    pub(crate) fn open_request(&mut self) -> &mut Request {
        self.request.as_mut().expect("a request")
    }

    pub(crate) fn log(&mut self, count: i64) {
        for _ in 0..count {
            let id = i64::try_from(self.events.len()).expect("few") + 1;
            self.events.push(Event {
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
            });
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

    pub(crate) fn reply(&mut self, act: Act, now: Timestamp) -> Reply {
        match act {
            Act::ReadClock => {
                let own = now.millis() + self.own_clock;
                Reply::Clock(Ok(Reading { store: now, own: Timestamp::from_millis(own) }))
            }
            Act::Find { typed } => Reply::Found(Ok(self.find(&typed))),
            Act::Open { customer } => Reply::Opened(Ok(self.open(customer))),
            Act::Ask(ask) => {
                let asked = self.ask(&ask, now);
                self.asks.push(ask);
                Reply::Asked(Ok(asked))
            }
            Act::Resend { .. } => Reply::Resent(Ok(self.resend(now))),
            Act::Deliver { .. } => {
                if let Some(request) = &mut self.request {
                    request.delivery.state = self.report.state;
                }
                Reply::Delivered(Ok(Some(self.report.clone())))
            }
            Act::Verify { code, .. } => Reply::Verified(Ok(self.verify(&code.0, now))),
            Act::Cancel { .. } => {
                self.open_request().status = Status::Cancelled;
                Reply::Cancelled(Ok(self.request.clone()))
            }
            Act::ReadRequest { .. } => Reply::Request(Ok(self.request.clone())),
            Act::ReadAccount { .. } => Reply::Account(Ok(Account::default())),
            Act::Touch { .. } => {
                if let Some(session) = self.session.as_mut().filter(|it| it.ended.is_none()) {
                    session.idle_at = now.plus(Duration::from_mins(5));
                }
                Reply::Session(Ok(self.session.clone()))
            }
            Act::ReadSession { .. } => Reply::Session(Ok(self.session.clone())),
            Act::Logout { .. } => {
                if let Some(session) = &mut self.session {
                    session.ended = Some((now, SessionEnd::Logout));
                }
                Reply::LoggedOut(Ok(self.session.clone()))
            }
            Act::ReadLog { page, limit, .. } => Reply::Log(page, Ok(self.page(page, limit))),
            Act::ReadLines => {
                self.lines.read_at = now;
                Reply::Lines(Ok(self.lines.clone()))
            }
            Act::ReadFigures => {
                Reply::Figures(Ok(Figures::of(&self.samples, false, Queue::default())))
            }
            Act::ReadStory { request } => {
                let of = |event: &&Event| event.request.as_ref() == Some(&request);
                Reply::Story(Ok(self.events.iter().filter(of).cloned().collect()))
            }
            Act::ReadTray { after } => {
                let newer = self.tray.iter().filter(|message| message.number > after);
                Reply::Tray(Ok(newer.cloned().collect()))
            }
        }
    }

    fn find(&self, typed: &str) -> Found {
        let typed = typed.to_lowercase();
        let customers: Vec<Customer> = self
            .customers
            .iter()
            .filter(|it| format!("{} {}", it.name, it.account_no).to_lowercase().contains(&typed))
            .cloned()
            .collect();
        Found { customers, more: false, preparing: self.preparing }
    }

    fn open(&self, id: CustomerId) -> Option<Opened> {
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
                waits_until: None,
                condition: self.lines.condition(channel, self.lines.read_at),
            })
            .collect();
        choices.sort_by_key(|choice| (choice.refusal.is_some(), choice.condition));
        let open = self.request.clone().filter(|it| it.status == Status::Open && it.customer == id);
        Some(Opened { customer, choices, open: open.map(Box::new) })
    }

    fn ask(&mut self, ask: &Ask, now: Timestamp) -> Asked {
        if let Some(refusal) = self.refusal.take() {
            return Asked::Refused(Box::new(refusal));
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
        };
        self.ready(request)
    }

    fn ready(&mut self, request: Request) -> Asked {
        self.request = Some(request.clone());
        Asked::Ready(request)
    }

    fn resend(&mut self, now: Timestamp) -> Option<Asked> {
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

    fn verify(&mut self, code: &str, now: Timestamp) -> Verification {
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
            return self.verified(request, now);
        }
        if request.attempts_left() == 0 {
            request.status = Status::Locked;
        }
        let outcome = if request.status == Status::Locked { Outcome::Locked } else { outcome };
        Verification::Refused(Box::new(RefusedCode {
            outcome,
            request: request.clone(),
            retired: None,
            customer_locked: false,
        }))
    }

    fn verified(&mut self, request: Request, now: Timestamp) -> Verification {
        let customer = self.customers.iter().find(|it| it.id == request.customer);
        let customer = customer.expect("a customer");
        let session = Session {
            id: SessionId::from_bits(7),
            customer: customer.id,
            account_no: customer.account_no.clone(),
            customer_name: customer.name.clone(),
            request: request.id.clone(),
            factor: request.channel.factor(),
            purpose: request.purpose.clone(),
            clerk: "amira".into(),
            counter: "3".into(),
            created_at: now,
            expires_at: now.plus(Duration::from_mins(15)),
            idle_at: now.plus(Duration::from_mins(5)),
            ended: None,
        };
        self.session = Some(session.clone());
        let token = SessionToken::new([7; 32]);
        Verification::Verified(Box::new(Verified { request, session, token }))
    }

    fn page(&self, page: Page, limit: u32) -> Vec<Event> {
        let limit = limit as usize;
        let newest = self.events.iter().rev();
        match page {
            Page::Newest => newest.take(limit).cloned().collect(),
            Page::Before(id) => newest.filter(|it| it.id < id).take(limit).cloned().collect(),
            Page::After(id) => {
                self.events.iter().filter(|it| it.id > id).take(limit).cloned().collect()
            }
        }
    }
}
