//! Models for each screen and state, at one moment of one afternoon.

use std::time::Instant;

use chrono::FixedOffset;
use countersign::config::settings::ThemeName;
use countersign::domain::account::{Account, Feedback, Invoice, RecordedDate};
use countersign::domain::approval::{Approval, ApprovalId, GuardedAct};
use countersign::domain::channel::{Channel, Factor};
use countersign::domain::circuit_breaker::{
    BreakerRecord, ProviderHealth, ProviderSlot, SendExperience,
};
use countersign::domain::code::TypedCode;
use countersign::domain::contact::ContactKind;
use countersign::domain::contact_state::{ContactFailure, ContactState};
use countersign::domain::customer::{Customer, CustomerId};
use countersign::domain::customer_factor::{BackupCodesLeft, CustomerFactors, FactorKind};
use countersign::domain::delivery::{Delivery, DeliveryId, DeliveryState};
use countersign::domain::delivery_stats::{DeliverySample, DeliveryStats, QueueStats};
use countersign::domain::event::{Actor, Event, EventCustomer, EventId, EventKind};
use countersign::domain::flag::{CustomerFlag, Flag, Flags};
use countersign::domain::level::Level;
use countersign::domain::money::Money;
use countersign::domain::outcome::Outcome;
use countersign::domain::pad::{PairingId, PairingState};
use countersign::domain::purpose::Purpose;
use countersign::domain::representative::{Representative, RepresentativeId};
use countersign::domain::request::{Reference, Request, RequestId, Status};
use countersign::domain::session::{Session, SessionId, SessionToken};
use countersign::domain::sign_in::TypedSecret;
use countersign::domain::time::Timestamp;
use countersign::domain::totp::{Seed, TotpOffer};
use countersign::service::api::Role;
use countersign::service::customers::lookup::ChannelChoice;
use countersign::service::customers::representatives::RepresentativeChoice;
use countersign::service::customers::reveal::RevealedContact;
use countersign::service::customers::sign_up::{SignUp, SignUpChannel, SignUpContact};
use countersign::service::delivery::provider_status::BreakerSnapshot;
use countersign::service::pads::{CounterPad, PadOffer};
use countersign::service::ports::TrayMessage;
use countersign::tui::app::model::{Model, Screen};
use countersign::tui::customer_acts::state::{ActForm, CustomerAct, LoggedVerification, Subject};
use countersign::tui::deliveries::state::DeliveryStatsPanel;
use countersign::tui::document::state::DocumentForm;
use countersign::tui::enter_code::state::EnterCode;
use countersign::tui::enter_factor::state::EnterFactor;
use countersign::tui::factors::state::{FactorPanel, FactorStage};
use countersign::tui::find::state::{Find, SearchHits};
use countersign::tui::log::state::LogPanel;
use countersign::tui::machine::counter_info::{CounterInfo, Mark};
use countersign::tui::machine::effect::EffectId;
use countersign::tui::machine::loaded::{Loaded, Reading};
use countersign::tui::machine::navigation::{ChannelsOfCustomer, OpenSession};
use countersign::tui::machine::notice::{Notice, Tone};
use countersign::tui::machine::revealed::Revealed;
use countersign::tui::machine::scroll::Scroll;
use countersign::tui::machine::store_clock::StoreClock;
use countersign::tui::machine::waiting_approvals::WaitingApprovals;
use countersign::tui::second_person::state::{AskedApproval, SecondPersonForm};
use countersign::tui::send::state::Send;
use countersign::tui::sign_up::state::SignUpPanel;
use countersign::tui::tray::state::TrayPanel;
use countersign::tui::verified::state::Verified;
use tui_input::Input;
use zeroize::Zeroizing;

/// 2026-11-22 14:32:00 in the office, an hour east of Greenwich.
pub(crate) const NOON: i64 = 1_795_354_320_000;

/// A moment so many seconds from now.
pub(crate) fn at(seconds: i64) -> Timestamp {
    Timestamp::from_millis(NOON + seconds * 1_000)
}

/// A model on a screen, and the present.
pub(crate) fn model(screen: Screen) -> (Model, Instant) {
    let now = Instant::now();
    let mut model = Model::new(place(), ThemeName::Terminal, (80, 24), "test".into());
    model.shared.clock = Some(StoreClock::new(at(0), now));
    model.screen = screen;
    (model, now)
}

fn place() -> CounterInfo {
    CounterInfo {
        office: "Riverside Billing".into(),
        counter: "3".into(),
        clerk: "amira".into(),
        role: Role::Clerk,
        code_length: 6,
        purposes: ["pay a bill", "change of address", "refund"].map(Purpose::from).to_vec(),
        documents: ["identity card", "passport", "driving licence"].map(str::to_owned).to_vec(),
        country: "US".into(),
        has_tray: true,
        mark: Some(Mark::Demo),
        ascii: false,
        reduced_motion: false,
        zone: FixedOffset::east_opt(3_600).expect("an hour"),
    }
}

pub(crate) fn notice(tone: Tone, text: &str) -> Notice {
    Notice::new(tone, text)
}

pub(crate) fn dana() -> Customer {
    customer(1, "WB-004217", "Dana Rivera", Some("dana@example.org"), Some("+4915112345612"))
}

pub(crate) fn customer(
    id: i64,
    account_no: &str,
    name: &str,
    email: Option<&str>,
    phone: Option<&str>,
) -> Customer {
    Customer {
        id: CustomerId(id),
        account_no: account_no.into(),
        name: name.into(),
        email: email.map(str::to_owned),
        phone: phone.map(str::to_owned),
        address: Some(format!("{} Mill Lane, Riverside", 10 + id)),
        locale: None,
        flags: Flags::default(),
    }
}

/// Anna, who may act for Dana.
pub(crate) fn anna() -> RepresentativeChoice {
    let mut choices = choices();
    choices.truncate(1);
    choices[0].contact = Some("+4**********77".into());
    RepresentativeChoice {
        representative: Representative {
            id: RepresentativeId::from_bits(5),
            customer: CustomerId(1),
            name: "Anna Rivera".into(),
            email: None,
            phone: Some("+4**********77".into()),
            scope: vec!["pay a bill".into()],
            from: at(-86_400),
            until: None,
            document: "passport".into(),
            added_by: Actor { clerk: "amira".into(), counter: "3".into() },
            approved_by: "tomasz".into(),
        },
        choices,
    }
}

/// Dana with these flags.
pub(crate) fn flagged(flags: &[Flag]) -> Customer {
    let set = |flag: &Flag| CustomerFlag {
        flag: *flag,
        reason: "letter of the bank, ticket 88".into(),
        set_by: Actor { clerk: "tomasz".into(), counter: "1".into() },
        set_at: at(-86_400),
        until: (*flag == Flag::AtRisk).then(|| at(9 * 86_400)),
    };
    Customer { flags: flags.iter().map(set).collect(), ..dana() }
}

/// Customers of many scripts and lengths.
pub(crate) fn people() -> Vec<Customer> {
    vec![
        dana(),
        customer(2, "WB-004218", "José Rivera Núñez", Some("jose.rivera@example.org"), None),
        customer(3, "WB-010733", "山田 太郎 リベラ", Some("taro@example.jp"), Some("+81312345678")),
        customer(
            4,
            "WB-000009",
            "Riverabank Housing Association, Third Court Management",
            Some("accounts-receivable@riverabank-housing.example.org"),
            Some("+4930123456"),
        ),
        customer(5, "WB-117002", "Zoe\u{308} Rivera", None, None),
    ]
}

pub(crate) fn find(typed: &str, customers: Vec<Customer>, more: bool) -> Screen {
    Screen::Find(Box::new(Find {
        input: Input::new(typed.into()),
        found: Loaded::of(SearchHits { typed: typed.into(), customers, more, preparing: None }),
        ..Find::default()
    }))
}

pub(crate) fn choices() -> Vec<ChannelChoice> {
    vec![
        ChannelChoice {
            channel: Channel::Sms,
            contact: Some("+4**********12".into()),
            refusal: None,
            waits_until: None,
            health: ProviderHealth::Ok,
            state: ContactState::default(),
            customers: None,
            needs_sign_up: false,
        },
        ChannelChoice {
            channel: Channel::Email,
            contact: Some("d***@example.org".into()),
            refusal: None,
            waits_until: None,
            health: ProviderHealth::Ok,
            state: ContactState::default(),
            customers: None,
            needs_sign_up: false,
        },
    ]
}

/// The email provider is down, so that SMS comes first.
pub(crate) fn one_down() -> Vec<ChannelChoice> {
    let mut choices = choices();
    choices[1].health = ProviderHealth::Down;
    choices
}

/// The last message to the number failed for good, so that email comes first.
pub(crate) fn one_bad() -> Vec<ChannelChoice> {
    let mut choices = choices();
    choices.swap(0, 1);
    let day = 86_400;
    choices[0].state.arrived = Some((DeliveryState::Sent, at(-2 * day)));
    choices[1].state = ContactState {
        arrived: Some((DeliveryState::Delivered, at(-90 * day))),
        failed: Some((ContactFailure::NoTexts, at(-3 * day))),
        is_bad: true,
    };
    choices
}

/// A sign-up of which one contact is verified.
pub(crate) fn sign_up() -> SignUpPanel {
    let contact = |kind: ContactKind, contact: &str| SignUpContact {
        kind,
        contact: contact.into(),
        probably_meant: None,
        verified: None,
        channels: vec![SignUpChannel { channel: kind.channel(), refusal: None }],
    };
    let mut email = contact(ContactKind::Email, "d***@gmial.com");
    email.probably_meant = Some("gmail.com".into());
    let mut phone = contact(ContactKind::Phone, "+4**********12");
    phone.verified = Some((at(-86_400), Channel::Sms));
    let customer = people().swap_remove(0);
    let read = Loaded::of(Some(SignUp { customer, contacts: vec![email, phone] }));
    SignUpPanel { read, ..sign_up_reading() }
}

/// The form in which a colleague's approval is asked for, or waited for.
pub(crate) fn second_person(waits: bool) -> SecondPersonForm {
    let asked = AskedApproval { key: "an act".into(), since: Instant::now(), waits };
    SecondPersonForm {
        of: document_form().of,
        typed: Input::default(),
        selected: 1,
        asked: waits.then_some(asked),
        calling: None,
    }
}

/// One whose contacts are being read.
pub(crate) fn sign_up_reading() -> SignUpPanel {
    let of = document_form().of;
    SignUpPanel { of, read: Loaded::begun(EffectId(1)), selected: 0, sending: None }
}

/// The policy takes verified contacts alone, and the number never was.
pub(crate) fn one_unverified() -> Vec<ChannelChoice> {
    let mut choices = choices();
    choices[0].refusal = Some("never verified at a sign-up".into());
    choices[0].needs_sign_up = true;
    choices
}

/// Three customers have the number.
pub(crate) fn one_shared() -> Vec<ChannelChoice> {
    let mut choices = choices();
    (choices[0].customers, choices[1].customers) = (Some(3), Some(1));
    choices
}

/// Email goes by the second provider, so that SMS comes first.
pub(crate) fn one_by_fallback() -> Vec<ChannelChoice> {
    let mut choices = choices();
    choices[1].health = ProviderHealth::Fallback;
    choices
}

/// The email address was changed an hour ago, so that SMS comes first.
pub(crate) fn one_waits() -> Vec<ChannelChoice> {
    let mut choices = choices();
    choices[1].waits_until = Some(at(23 * 3600));
    choices
}

/// What is known when it is.
pub(crate) fn email_down() -> BreakerSnapshot {
    let failed = |health: BreakerRecord, _| {
        let why = "The mail server cannot be reached. Nothing was sent.";
        health.after(SendExperience::Failed, Some(&why.into()), at(-1))
    };
    let email = (0..3).fold(BreakerRecord::new(ProviderSlot::main(Channel::Email)), failed);
    BreakerSnapshot {
        all: vec![email, BreakerRecord::new(ProviderSlot::main(Channel::Sms))],
        read_at: at(0),
    }
}

/// The email provider is down, and the second one does its work.
pub(crate) fn email_by_fallback() -> BreakerSnapshot {
    let mut breakers = email_down();
    breakers.all.push(BreakerRecord::new(ProviderSlot::fallback(Channel::Email)));
    breakers
}

/// What waits for a second admin.
pub(crate) fn approvals() -> WaitingApprovals {
    let act = |bits: u64, act, target: &str, reason: &str, clerk: &str, asked: i64| Approval {
        id: ApprovalId::from_bits(bits),
        act,
        customer: Some(CustomerId(1)),
        target: target.into(),
        reason: reason.into(),
        asked_by: Actor { clerk: clerk.into(), counter: "window 12".into() },
        asked_at: at(asked),
        expires_at: at(asked + 900),
        approved_by: None,
    };
    let list = Loaded::of(vec![
        act(
            1,
            GuardedAct::Unlock,
            "unlock Dana Rivera (WB-004217)",
            "Showed an identity card; twenty wrong codes since the phone was changed, and the \
             customer has the new one at hand",
            "tomasz",
            -177,
        ),
        act(
            2,
            GuardedAct::Confirm,
            "confirm the phone number of Riverabank Housing Association (WB-000009)",
            "Change ordered in writing, checked",
            "amira",
            -60,
        ),
        act(3, GuardedAct::Purge, "purge what is past", "the yearly one", "li", -5),
    ]);
    let mut approvals = WaitingApprovals::default();
    approvals.list = list;
    approvals
}

/// A contact in full, four seconds ago.
pub(crate) fn revealed(contact: &str, now: Instant) -> Revealed {
    let kind = if contact.contains('@') { ContactKind::Email } else { ContactKind::Phone };
    let shown = RevealedContact { kind, contact: contact.into() };
    let before = now.checked_sub(std::time::Duration::from_secs(4)).expect("a moment before");
    Revealed::new("Dana Rivera (WB-004217)".into(), shown, before)
}

/// The form for an act on Dana.
pub(crate) fn act_form(acts: &[CustomerAct]) -> ActForm {
    let subject = Subject {
        id: CustomerId(1),
        name: "Dana Rivera".into(),
        account_no: "WB-004217".into(),
        verification: Some(LoggedVerification {
            name: "7K3M9QX2TB".into(),
            by: Actor { clerk: "amira".into(), counter: "3".into() },
            at: at(-540),
            is_proof: true,
        }),
    };
    ActForm::new(subject, acts.to_vec()).expect("something to do")
}

/// A day's messages.
pub(crate) fn delivery_stats() -> DeliveryStatsPanel {
    let sample = |provider: &str, fallback, state, minute: i64, took: Option<i64>| DeliverySample {
        provider: provider.into(),
        fallback,
        state,
        asked_at: at(-60 * minute),
        accepted_at: took.map(|seconds| at(-60 * minute + seconds)),
        delivered_at: (state == DeliveryState::Delivered).then(|| at(-60 * minute + 9)),
    };
    let mut samples: Vec<_> = (0..90)
        .map(|it| sample("twilio", false, DeliveryState::Delivered, it * 7, Some(1 + it % 3)))
        .collect();
    samples.extend((0..20).map(|it| sample("smtp", false, DeliveryState::Sent, it * 30, Some(1))));
    samples.push(sample("smtp", false, DeliveryState::Failed, 3, None));
    samples.push(sample("smtp", true, DeliveryState::Sent, 4, Some(2)));
    let queue = QueueStats { length: 2, oldest: Some(std::time::Duration::from_secs(12)) };
    let stats = Loaded::of(DeliveryStats::of(&samples, true, queue));
    DeliveryStatsPanel { stats, ..DeliveryStatsPanel::default() }
}

/// A day without any.
pub(crate) fn no_delivery_stats() -> DeliveryStatsPanel {
    DeliveryStatsPanel {
        stats: Loaded::of(DeliveryStats::default()),
        ..DeliveryStatsPanel::default()
    }
}

/// A request whose message waits for another try.
pub(crate) fn waiting() -> Request {
    let mut request = request(Status::Open, 0, DeliveryState::Queued);
    request.delivery.detail = Some("Twilio cannot be reached. Nothing was sent.".into());
    request
}

/// A request whose message went by the provider that stands in.
pub(crate) fn by_fallback() -> Request {
    let mut request = request(Status::Open, 0, DeliveryState::Delivered);
    request.delivery.by_fallback = true;
    request
}

/// A request whose message went to nobody.
pub(crate) fn in_the_tray() -> Request {
    let mut request = request(Status::Open, 0, DeliveryState::Sent);
    request.delivery.provider = "tray".into();
    request
}

/// A request whose code is nearly over.
pub(crate) fn late() -> Request {
    Request {
        expires_at: at(21),
        resend_at: at(-1),
        ..request(Status::Open, 0, DeliveryState::Delivered)
    }
}

pub(crate) fn send() -> Send {
    Send {
        customer: dana(),
        choices: choices(),
        of_holder: choices(),
        representatives: Vec::new(),
        who: None,
        factors: CustomerFactors::default(),
        selected: 0,
        purpose: 0,
        sending: None,
        reading: Reading::default(),
        is_order_old: false,
        open: None,
        aside: false,
        session: None,
    }
}

/// The second of two proofs, after an SMS.
pub(crate) fn second_proof() -> Send {
    let Verified { session, token, .. } = verified();
    let session = Session { is_reached: false, ..session };
    let open = Some(Box::new(OpenSession { session, token }));
    Send { selected: 1, factors: factors(), session: open, ..send() }
}

/// A number by which a pad is paired.
pub(crate) fn pad_offer() -> PadOffer {
    let pairing = PairingId::from_bits(7);
    PadOffer { pairing, number: TypedSecret::new("481516"), expires_at: at(102) }
}

/// A pad of this counter.
pub(crate) fn counter_pad(state: PairingState) -> CounterPad {
    CounterPad {
        pairing: PairingId::from_bits(7),
        state,
        pad: Some(Actor { clerk: "pad1".into(), counter: "front desk pts/5".into() }),
        expires_at: at(43_200),
        shown: None,
        typed: 0,
        outcome: None,
    }
}

/// A document, with nothing said of it.
pub(crate) fn document_form() -> DocumentForm {
    DocumentForm {
        of: entering(FactorKind::Totp, "").of,
        kinds: place().documents,
        selected: 0,
        name_matches: false,
        photo_matches: false,
        expires: String::new(),
        waiting: None,
    }
}

pub(crate) fn request(status: Status, attempts: u32, delivery: DeliveryState) -> Request {
    Request {
        id: RequestId::from_bits(0x1_2345_6789),
        customer: CustomerId(1),
        purpose: "pay a bill".into(),
        channel: Channel::Sms,
        contact: "+4**********12".into(),
        reference: Reference::from_store("K7Q"),
        generation: 1,
        status,
        created_at: at(-48),
        sent_at: at(-48),
        expires_at: at(252),
        resend_at: at(23),
        attempts,
        max_attempts: 5,
        delivery: Delivery {
            id: DeliveryId(1),
            provider: "twilio".into(),
            by_fallback: false,
            state: delivery,
            provider_id: None,
            detail: None,
            updated_at: at(-2),
        },
        representative: None,
        asked_by: Actor { clerk: "amira".into(), counter: "3".into() },
    }
}

pub(crate) fn entry(typed: &str, request: Request) -> EnterCode {
    EnterCode {
        customer: dana(),
        choices: choices(),
        purpose: 0,
        factors: CustomerFactors::default(),
        request,
        typed: TypedCode(Zeroizing::new(typed.into())),
        verifying: None,
        acting: None,
        delivering: None,
        reading: Reading::default(),
        customer_locked: false,
        unlocked: false,
        session: None,
        last: None,
    }
}

/// The entry as it mostly is: half typed.
pub(crate) fn typing() -> EnterCode {
    entry("481", request(Status::Open, 1, DeliveryState::Delivered))
}

/// What somebody has who enrolled everything.
pub(crate) fn factors() -> CustomerFactors {
    CustomerFactors {
        totp_since: Some(at(-86_400 * 40)),
        backup_codes: Some(BackupCodesLeft {
            made_at: at(-86_400 * 40),
            left: vec![1, 2, 4, 5, 6, 9, 10],
        }),
    }
}

pub(crate) fn entering(kind: FactorKind, typed: &str) -> EnterFactor {
    EnterFactor {
        of: ChannelsOfCustomer {
            customer: dana(),
            choices: choices(),
            selected: 2,
            purpose: 0,
            open: None,
            factors: factors(),
            is_aside: false,
            session: None,
        },
        kind,
        typed: TypedSecret::new(typed),
        verifying: None,
        customer_locked: false,
        taken: None,
    }
}

pub(crate) fn panel(stage: FactorStage) -> FactorPanel {
    FactorPanel {
        customer: CustomerId(1),
        token: SessionToken::new([7; 32]),
        factors: Some(factors()),
        stage,
        typed: TypedSecret::default(),
        waiting: None,
        message: None,
    }
}

/// What an authenticator is offered.
pub(crate) fn offer() -> TotpOffer {
    let seed = Seed::new(&[9; 32]);
    seed.offer(seed.short_uri("Riverside Billing", "WB-004217"), String::new())
}

pub(crate) fn verified() -> Verified {
    Verified {
        customer: dana(),
        session: Session {
            id: SessionId::from_bits(7),
            customer: CustomerId(1),
            account_no: "WB-004217".into(),
            customer_name: "Dana Rivera".into(),
            request: Some(RequestId::from_bits(0x1_2345_6789)),
            factor: Factor::Sms,
            factors: [Factor::Sms].into_iter().collect(),
            level: Level::Nist,
            purpose: "pay a bill".into(),
            is_reached: true,
            also_for: Vec::new(),
            shared_contact: false,
            representative: None,
            clerk: "amira".into(),
            counter: "3".into(),
            created_at: at(-28),
            expires_at: at(872),
            idle_at: at(272),
            ended: None,
        },
        token: SessionToken::new([7; 32]),
        account: Loaded::of(account()),
        scroll: Scroll::default(),
        session_reading: Reading::default(),
        touched: Instant::now(),
        checked: Instant::now(),
        leaving: None,
    }
}

fn money(cents: i64) -> Money {
    Money { cents, currency: "EUR".into() }
}

pub(crate) fn account() -> Account {
    let day = 86_400;
    let bill = |number: &str, issued: i64, due: i64, cents: i64, status: &str| Invoice {
        number: number.into(),
        issued_at: RecordedDate::Moment(at(issued * day)),
        due_at: Some(RecordedDate::Moment(at(due * day))),
        amount: money(cents),
        status: status.into(),
    };
    let said = |days: i64, subject: &str, status: &str| Feedback {
        at: RecordedDate::Moment(at(days * day)),
        subject: subject.into(),
        status: status.into(),
    };
    Account {
        balance: Some(money(12_345)),
        invoices: Some(
            vec![
                bill("2026-1109", -12, 18, 4_115, "open"),
                bill("2026-1008", -43, -13, 8_230, "overdue"),
                bill("2026-0907", -74, -44, 4_115, "paid"),
                bill("2026-0806", -104, -74, 104_115, "paid"),
                bill("2026-0705", -135, -105, 4_115, "paid"),
            ]
            .into(),
        ),
        feedback: Some(
            vec![
                said(-9, "Bin was not collected on Thursday", "answered"),
                said(-31, "Please send bills by email from now on", "open"),
            ]
            .into(),
        ),
    }
}

pub(crate) fn event(id: i64, seconds: i64, kind: EventKind, outcome: Option<Outcome>) -> Event {
    Event {
        id: EventId(id),
        at: at(seconds),
        kind,
        outcome,
        request: Some(RequestId::from_bits(0x1_2345_6789)),
        customer: Some(EventCustomer {
            id: CustomerId(1),
            account_no: "WB-004217".into(),
            name: "Dana Rivera".into(),
        }),
        channel: Some(Channel::Sms),
        contact: Some("+4**********12".into()),
        actor: Actor { clerk: "amira".into(), counter: "3".into() },
        detail: None,
    }
}

/// One request from the asking to a wrong code.
pub(crate) fn timeline() -> Vec<Event> {
    let mut sent = event(2, -47, EventKind::Sent, None);
    sent.detail = Some("twilio SM0123456789abcdef".into());
    vec![
        event(1, -48, EventKind::Requested, None),
        sent,
        event(3, -2, EventKind::Delivered, None),
        event(4, -1, EventKind::Attempt, Some(Outcome::Wrong)),
    ]
}

/// The log of a busy hour, newest first.
pub(crate) fn log() -> LogPanel {
    let mut events = timeline();
    events.reverse();
    let other = |id: i64, seconds: i64, kind, outcome, name: &str, no: &str| {
        let mut event = event(id, seconds, kind, outcome);
        event.customer =
            Some(EventCustomer { id: CustomerId(id), account_no: no.into(), name: name.into() });
        event.request = Some(RequestId::from_bits(u64::try_from(id).expect("positive")));
        event.actor = Actor { clerk: "tomasz".into(), counter: "window 12".into() };
        event.channel = Some(Channel::Email);
        event.contact = Some("j***@example.org".into());
        event
    };
    let jose = "José Rivera Núñez";
    let verified = Some(Outcome::Verified);
    events.extend([
        other(100, -140, EventKind::SessionEnded, None, jose, "WB-004218"),
        other(99, -430, EventKind::Attempt, verified, jose, "WB-004218"),
        other(98, -455, EventKind::Sent, None, jose, "WB-004218"),
        other(97, -456, EventKind::Requested, None, jose, "WB-004218"),
        other(96, -900, EventKind::NotSent, Some(Outcome::Undeliverable), "山田 太郎", "WB-010733"),
        other(95, -905, EventKind::Requested, None, "山田 太郎", "WB-010733"),
        other(94, -2_000, EventKind::Attempt, Some(Outcome::Locked), "Ola Nowak", "WB-000311"),
        other(93, -2_011, EventKind::Refused, Some(Outcome::Limited), "Ola Nowak", "WB-000311"),
        other(92, -90_000, EventKind::Attempt, verified, "Ola Nowak", "WB-000311"),
    ]);
    LogPanel { events, older: true, ..LogPanel::default() }
}

pub(crate) fn tray() -> TrayPanel {
    let message =
        |number: u64, seconds: i64, channel, to: &str, subject: Option<&str>, text: &str| {
            TrayMessage {
                number,
                at: at(seconds),
                channel,
                to: to.into(),
                subject: subject.map(str::to_owned),
                text: text.into(),
                reference: "K7Q".into(),
            }
        };
    TrayPanel {
        messages: vec![
            message(
                2,
                -47,
                Channel::Sms,
                "+4915112345612",
                None,
                "Riverside Billing, counter 3: your code is 481516, to pay a bill. Reference K7Q. \
                 Only at the counter, never by phone. Valid 5 min.",
            ),
            message(
                1,
                -456,
                Channel::Email,
                "jose.rivera@example.org",
                Some("Your code for Riverside Billing"),
                "Hello José Rivera Núñez,\n\nyour code is 275931.\n\nReference: K7Q",
            ),
        ],
        ..TrayPanel::default()
    }
}

/// One channel that can be used and one that cannot.
pub(crate) fn one_missing() -> Vec<ChannelChoice> {
    let mut choices = choices();
    choices[1].contact = None;
    choices[1].refusal = Some("no email address on file".into());
    choices
}

/// No channel that can be used.
pub(crate) fn none_usable() -> Vec<ChannelChoice> {
    let mut choices = one_missing();
    choices[0].contact = Some("+9*******21".into());
    choices[0].refusal = Some("messages to this country (KP) are not allowed".into());
    choices
}
