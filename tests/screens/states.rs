//! Every screen in every state, by name.

use std::time::Instant;

use countersign::domain::account::{Account, Invoice, Listing, RecordedDate};
use countersign::domain::approval::ApprovalId;
use countersign::domain::channel::{Channel, Factor};
use countersign::domain::code::TypedCode;
use countersign::domain::contact::ContactKind;
use countersign::domain::customer::CustomerId;
use countersign::domain::customer_factor::{CustomerFactors, FactorKind};
use countersign::domain::delivery::DeliveryState;
use countersign::domain::event::EventFilter;
use countersign::domain::flag::Flag;
use countersign::domain::level::Level;
use countersign::domain::money::Money;
use countersign::domain::outcome::Outcome;
use countersign::domain::pad::PairingState;
use countersign::domain::purpose::{Attested, SharedContact};
use countersign::domain::request::{Request, RequestId, Status};
use countersign::domain::session::SessionEnd;
use countersign::domain::sign_in::TypedSecret;
use countersign::domain::stats::figures::Figure;
use countersign::domain::totp::TotpOffer;
use countersign::service::api::Role;
use countersign::service::factors::{
    FactorRefusal, FactorVerification, NumberedCode, RefusedFactor,
};
use countersign::service::messages;
use countersign::service::pads::{CounterPad, PadOffer};
use countersign::service::ports::{ClockFault, IndexProgress, NoCustomers};
use countersign::tui::app::model::{Model, Overlay, Screen};
use countersign::tui::approvals::state::ApprovalsPanel;
use countersign::tui::customer_acts::state::CustomerAct;
use countersign::tui::dashboard::state::{Dashboard, Pane};
use countersign::tui::deliveries::state::DeliveryStatsPanel;
use countersign::tui::document::state::DocumentForm;
use countersign::tui::enter_code::state::EnterCode;
use countersign::tui::enter_factor::state::EnterFactor;
use countersign::tui::factors::state::{FactorPanel, FactorStage, Sure};
use countersign::tui::incident::state::IncidentForm;
use countersign::tui::log::state::{LogPanel, Timeline};
use countersign::tui::machine::counter_pad::PadSubject;
use countersign::tui::machine::draw_context::Focus;
use countersign::tui::machine::effect::EffectId;
use countersign::tui::machine::health::DependencyState;
use countersign::tui::machine::keymap::{BINDINGS, Command};
use countersign::tui::machine::loaded::Loaded;
use countersign::tui::machine::message::Failure;
use countersign::tui::machine::navigation::Question;
use countersign::tui::machine::notice::Tone;
use countersign::tui::machine::scroll::Scroll;
use countersign::tui::machine::waiting_approvals::WaitingApprovals;
use countersign::tui::overlays::state::Palette;
use countersign::tui::pairing::state::PairingPanel;
use countersign::tui::send::state::Send;
use countersign::tui::sign_in::state::{Reason, SignInForm, SignInStage};
use countersign::tui::tray::state::TrayPanel;
use countersign::tui::verified::state::Verified;

use zeroize::Zeroizing;

use crate::dashboards as d;
use crate::models as m;

pub(crate) type State = (Model, Instant);

/// The field of an authenticator while the customer types at the pad.
fn authenticator_at_the_pad(typed: u32) -> State {
    with(factor(m::entering(FactorKind::Totp, "")), |model| {
        let pad = m::counter_pad(PairingState::Paired);
        let name = Some(RequestId::from_bits(9));
        let purpose = model.shared.place.purpose_name(0);
        let asked = PadSubject::Authenticator { customer: m::dana().id, purpose };
        model.shared.pad.shown = Some((pad.pairing.clone(), Some(asked)));
        model.shared.pad.name.clone_from(&name);
        model.shared.pad.known = Some(CounterPad { shown: name, typed, ..pad });
    })
}

/// The boxes while the customer types at the pad.
fn at_the_pad(typed: u32, outcome: Option<Outcome>) -> State {
    let request = m::request(Status::Open, 1, DeliveryState::Delivered);
    with(entry(m::entry("", request.clone())), |model| {
        let pad = m::counter_pad(PairingState::Paired);
        let shown = Some(request.id);
        model.shared.pad.known = Some(CounterPad { shown, typed, outcome, ..pad });
        model.shared.notice = outcome.map(|it| m::notice(Tone::Bad, messages::entered_at_pad(it)));
    })
}

/// The form over a customer, of whom nothing is seen.
fn signing_in(form: SignInForm) -> State {
    with(m::model(Screen::Verified(Box::new(m::verified()))), |model| model.sign_in = Some(form))
}

fn enrolling(size: (u16, u16)) -> State {
    let mut form = SignInForm { stage: SignInStage::Enrol, ..SignInForm::new(Reason::SignedOut) };
    form.offer = Some(TotpOffer {
        uri: TypedSecret::new(format!(
            "otpauth://totp/Riverside%20Billing:boss?secret={}&issuer=Riverside%20Billing",
            "A".repeat(32)
        )),
        words: TypedSecret::new("AAAA AAAA AAAA AAAA AAAA AAAA AAAA AAAA"),
        sealed: String::new(),
    });
    let (mut model, now) = signing_in(form);
    model.shared.size = size;
    (model, now)
}

/// The states, each as a function and as a test that holds it to its picture.
macro_rules! states {
    ($($name:ident => $make:expr;)*) => {
        $(pub(crate) fn $name() -> State {
            $make
        })*

        /// Every state by name.
        pub(crate) const ALL: &[(&str, fn() -> State)] =
            &[$((stringify!($name), $name as fn() -> State),)*];

        mod pictures {
            $(#[test]
            fn $name() {
                crate::snapshots::check(stringify!($name), super::$name());
            })*
        }
    };
}

states! {
    sign_in => signing_in(SignInForm::new(Reason::SignedOut));
    sign_in_refused => {
        let mut form = SignInForm { field: 1, ..SignInForm::new(Reason::Locked) };
        form.name = "dana".into();
        form.secrets[0].push('x');
        form.message = Some((Tone::Bad, messages::SIGN_IN_REFUSED.into()));
        signing_in(form)
    };
    sign_in_new_password => {
        let mut form = SignInForm { stage: SignInStage::NewPassword, ..SignInForm::new(Reason::SignedOut) };
        "violet otters".chars().for_each(|char| form.secrets[0].push(char));
        signing_in(form)
    };
    sign_in_enrol => enrolling((80, 24));
    sign_in_enrol_large => enrolling((100, 44));
    locked => signing_in(SignInForm::new(Reason::Covered));
    find_empty => m::model(Screen::Find(Box::default()));
    find_nobody => m::model(m::find("xyzzy", Vec::new(), false));
    find_no_customers => with(find_empty(), |model| {
        if let Screen::Find(find) = &mut model.screen {
            find.nobody = Some(NoCustomers::EmptyStore);
        }
    });
    find_one => m::model(m::find("WB-004217", vec![m::dana()], false));
    find_several => m::model(m::find("rivera", m::people(), false));
    find_more => find_more_than_fit();
    find_slow => with(find_several(), |model| {
        model.shared.health.store = DependencyState::Slow;
        if let Screen::Find(find) = &mut model.screen {
            find.found.reading.begin(EffectId(1));
        }
    });
    find_store_down => with(find_empty(), |model| {
        model.shared.health.store = DependencyState::Down;
        model.shared.notice = Some(m::notice(
            Tone::Bad,
            "The store cannot be reached: connection refused. It is tried again until it \
             answers; what was typed stays.",
        ));
    });
    find_while_customers_are_prepared => preparing(find_several());
    find_nobody_while_customers_are_prepared => preparing(find_nobody());
    find_lost_and_waiting => with(m::model(m::find("rivera", Vec::new(), false)), |model| {
        model.shared.health.store = DependencyState::Down;
        if let Screen::Find(find) = &mut model.screen {
            find.found.clear();
            find.waits = true;
        }
    });
    find_lost_with_older_hits => with(find_slow(), |model| model.shared.health.store = DependencyState::Down);
    find_opening_slowly => with(find_slow(), |model| {
        if let Screen::Find(find) = &mut model.screen {
            find.opening = find.found.reading.stop();
        }
    });
    log_lost_since_yesterday => with(
        in_log(LogPanel { read_at: Some(m::at(-86_400)), ..m::log() }),
        |model| model.shared.health.store = DependencyState::Down,
    );
    find_lost_with_log => with(find_several(), |model| {
        model.shared.health.store = DependencyState::Down;
        model.log = Some(LogPanel { read_at: Some(m::at(-600)), ..m::log() });
    });
    find_clock_off => with(find_empty(), |model| {
        model.shared.notice = Some(m::notice(
            Tone::Warning,
            "This terminal's clock is 58 min ahead of the store's; the store's time is used.",
        ));
    });
    send_lost => with(send(Send { sending: Some(EffectId(1)), ..m::send() }), |model| {
        model.shared.health.store = DependencyState::Down;
        model.shared.notice = Some(m::notice(
            Tone::Warning,
            "The connection to the store broke while the code was being asked for. Asking \
             again until the store answers.",
        ));
    });
    enter_code_lost => with(enter_code_checking(), |model| {
        model.shared.health.store = DependencyState::Down;
        model.shared.notice = Some(m::notice(
            Tone::Warning,
            "The connection to the store broke while the code was being checked. Checking \
             again until the store answers.",
        ));
    });
    verified_lost => with(verified(m::verified()), |model| {
        model.shared.health.store = DependencyState::Down;
        model.shared.notice = Some(m::notice(
            Tone::Bad,
            "The store cannot be reached: connection refused. It is tried again until it \
             answers; what was typed stays.",
        ));
    });
    log_lost => with(in_log(LogPanel { read_at: Some(m::at(-600)), ..m::log() }), |model| {
        model.shared.health.store = DependencyState::Down;
    });
    log_lost_and_never_read => with(in_log(LogPanel::default()), |model| {
        model.shared.health.store = DependencyState::Down;
    });
    find_kept => with(find_several(), |model| {
        if let Screen::Find(find) = &mut model.screen {
            find.kept = true;
        }
    });
    send_both => send(m::send());
    send_one_missing => send(Send { choices: m::one_missing(), ..m::send() });
    send_on_refused => send(Send { choices: m::one_missing(), selected: 1, ..m::send() });
    send_none => send(Send { choices: m::none_usable(), ..m::send() });
    send_other_purpose => send(Send { purpose: 1, selected: 1, ..m::send() });
    send_sending => send(Send { sending: Some(EffectId(1)), ..m::send() });
    send_code_open => send(Send {
        open: Some(Box::new(m::request(Status::Open, 1, DeliveryState::Sent))),
        ..m::send()
    });
    send_with_factors => send(Send { factors: m::factors(), ..m::send() });
    send_on_authenticator => send(Send { factors: m::factors(), selected: 2, ..m::send() });
    send_on_backup_codes => send(Send {
        choices: m::none_usable(),
        factors: m::factors(),
        selected: m::none_usable().len() + 1,
        ..m::send()
    });
    enter_authenticator => factor(m::entering(FactorKind::Totp, "4819"));
    enter_authenticator_at_the_pad => authenticator_at_the_pad(4);
    enter_authenticator_wrong_clock => with(factor(m::entering(FactorKind::Totp, "")), |model| {
        let refused = FactorVerification::Refused(RefusedFactor {
            kind: FactorKind::Totp,
            outcome: Outcome::Wrong,
            customer_locked: false,
            clerk_waits_until: None,
            clock: Some(ClockFault { ahead: 240, now: m::at(0) }),
        });
        let said = messages::factor_verification(&refused, &|_| "14:32".into());
        model.shared.notice = Some(m::notice(Tone::Bad, &said));
    });
    enter_backup_code => factor(m::entering(FactorKind::BackupCodes, "3 K7Q29-XB"));
    enter_backup_code_locked => {
        let mut entering = m::entering(FactorKind::BackupCodes, "");
        entering.customer_locked = true;
        factor(entering)
    };
    factors_overview => panel(m::panel(FactorStage::Overview));
    factors_none => panel(FactorPanel {
        factors: Some(CustomerFactors::default()),
        message: Some((Tone::Warning, messages::factor_refusal(FactorRefusal::TooWeak).into())),
        ..m::panel(FactorStage::Overview)
    });
    factors_reading => panel(FactorPanel {
        factors: None,
        waiting: Some(EffectId(1)),
        ..m::panel(FactorStage::Overview)
    });
    factors_enrol => panel(FactorPanel {
        typed: TypedSecret::new("48"),
        ..m::panel(FactorStage::Enrol { offer: m::offer(), replaces: false })
    });
    factors_sure => panel(m::panel(FactorStage::Sure(Sure::ReplaceCodes)));
    factors_codes => {
        let code = |number: u8| NumberedCode {
            number,
            code: TypedCode(Zeroizing::new(format!("K7Q2{}-XBM4T", number % 10))),
        };
        panel(m::panel(FactorStage::Codes((1..=10).map(code).collect())))
    };
    send_on_waiting => send(Send { choices: m::one_waits(), selected: 1, ..m::send() });
    send_one_down => send(Send { choices: m::one_down(), ..m::send() });
    send_on_down => with(send(Send { choices: m::one_down(), selected: 1, ..m::send() }), |model| {
        model.shared.providers.known = m::email_down();
    });
    send_by_fallback => with(send(Send { choices: m::one_by_fallback(), ..m::send() }), |model| {
        model.shared.providers.known = m::email_by_fallback();
    });
    send_known_to_fail => send(Send { choices: m::one_bad(), ..m::send() });
    send_shared => of_sharing(send(Send { choices: m::one_shared(), ..m::send() }));
    send_limited => with(send_both(), |model| {
        model.shared.notice = Some(m::notice(
            Tone::Warning,
            "A code was sent to this contact a moment ago. Try again in 23 seconds.",
        ));
    });
    enter_code_waits => entry(m::entry("", m::waiting()));
    enter_code_by_fallback => entry(m::entry("", m::by_fallback()));
    enter_code_in_the_tray => entry(m::entry("", m::in_the_tray()));
    enter_code_late => entry(m::entry("", m::late()));
    enter_code_forwarded => entry(m::entry("", m::request(Status::Open, 0, DeliveryState::Forwarded)));
    enter_code_queued => entry(m::entry("", m::request(Status::Open, 0, DeliveryState::Queued)));
    enter_code_typing => entry(m::typing());
    enter_code_pasted => with(
        entry(m::entry("481516", m::request(Status::Open, 0, DeliveryState::Sent))),
        |model| model.shared.notice = Some(m::notice(Tone::Plain, "Press Enter to check the pasted code.")),
    );
    enter_code_without_tray => with(enter_code_typing(), |model| model.shared.place.has_tray = false);
    enter_code_checking => entry(EnterCode {
        verifying: Some(EffectId(1)),
        ..m::entry("481516", m::request(Status::Open, 1, DeliveryState::Delivered))
    });
    enter_code_sending_again => entry(EnterCode { acting: Some(EffectId(1)), ..m::typing() });
    enter_code_wrong => with(entry(m::entry("", m::typing().request)), |model| {
        model.shared.notice = Some(m::notice(Tone::Bad, "That code is wrong. 4 tries are left."));
    });
    enter_code_older_code => with(enter_code_queued(), |model| {
        model.shared.notice = Some(m::notice(
            Tone::Warning,
            "That is an older code (reference M3T, sent 14:29). Ask for the one with reference \
             K7Q. 4 tries are left.",
        ));
    });
    enter_code_last_try => entry(m::entry("", m::request(Status::Open, 4, DeliveryState::Sent)));
    enter_code_last_seconds => entry(m::entry("", Request {
        expires_at: m::at(9),
        resend_at: m::at(-1),
        ..m::request(Status::Open, 3, DeliveryState::Sent)
    }));
    enter_code_unsure => entry(m::entry("", m::request(Status::Open, 0, DeliveryState::Unknown)));
    enter_code_failed => failed(
        DeliveryState::Failed,
        "The provider did not answer in time.",
        "SMS to +4**********12 was not sent. The provider did not answer in time. Send it again, \
         or choose another channel.",
    );
    enter_code_undeliverable => failed(
        DeliveryState::Undeliverable,
        "The customer has opted out of text messages. Use another channel.",
        "SMS to +4**********12 cannot be delivered. The customer has opted out of text messages. \
         Use another channel.",
    );
    enter_code_sent_and_not_delivered => with(enter_code_undeliverable(), |model| {
        if let Screen::EnterCode(entry) = &mut model.screen {
            entry.request.delivery.provider_id = Some("SM0123".into());
        }
    });
    enter_code_over_by_the_clock => entry(m::entry("48", Request {
        expires_at: m::at(0),
        ..m::request(Status::Open, 0, DeliveryState::Sent)
    }));
    enter_code_expired => closed(Status::Expired);
    enter_code_locked => closed(Status::Locked);
    enter_code_customer_locked => {
        let request = m::request(Status::Locked, 2, DeliveryState::Delivered);
        entry(EnterCode { customer_locked: true, ..m::entry("", request) })
    };
    enter_code_cancelled_unsent => {
        let mut request = m::request(Status::Cancelled, 0, DeliveryState::Queued);
        request.delivery.detail = Some("The mail server does not answer.".into());
        entry(m::entry("", request))
    };
    enter_code_used => closed(Status::Verified);
    enter_code_replaced => closed(Status::Superseded);
    enter_code_cancelled => closed(Status::Cancelled);
    enter_code_ten_digits => with(enter_code_typing(), |model| model.shared.place.code_length = 10);
    enter_code_without_clock => with(enter_code_typing(), |model| model.shared.clock = None);
    enter_code_reduced_motion => with(enter_code_typing(), |model| model.shared.place.reduced_motion = true);
    enter_code_by_email => entry(m::entry("", Request {
        channel: Channel::Email,
        contact: "a***@riverabank-housing-association.example.org".into(),
        ..m::request(Status::Open, 0, DeliveryState::Sent)
    }));
    verified_by_sms => verified(m::verified());
    verified_by_email => {
        let mut it = m::verified();
        it.session.factor = Factor::ContactConfirmed;
        it.session.factors = [Factor::ContactConfirmed].into_iter().collect();
        it.session.level = Level::Contact;
        verified(it)
    };
    verified_bills_not_known => {
        verified(Verified { account: Loaded::of(Account::default()), ..m::verified() })
    };
    verified_reading => {
        verified(Verified { account: Loaded::begun(EffectId(1)), ..m::verified() })
    };
    verified_without_bills => {
        let none = (Some(Vec::new().into()), Some(Vec::new().into()));
        let account = Account { balance: None, invoices: none.0, feedback: none.1 };
        verified(Verified { account: Loaded::of(account), ..m::verified() })
    };
    verified_bills_of_the_office => {
        let bill = |number: &str, issued_at, due_at, currency: &str| Invoice {
            number: number.into(),
            issued_at,
            due_at,
            amount: Money { cents: 1_250, currency: currency.into() },
            status: String::new(),
        };
        let day = |day| RecordedDate::Day { year: 2026, month: 11, day };
        let entries = vec![
            bill("R-17", day(5), Some(day(19)), "EUR"),
            bill("R-16", RecordedDate::Period("Q3 2026".into()), None, ""),
        ];
        let unreadable = vec!["bill R-15, whose sum cannot be read".into(), "2 more".into()];
        let feedback = Listing {
            entries: Vec::new(),
            unreadable: vec!["the table of feedback, which cannot be read".into()],
        };
        let invoices = Some(Listing { entries, unreadable });
        let account = Account { balance: None, invoices, feedback: Some(feedback) };
        verified(Verified { account: Loaded::of(account), ..m::verified() })
    };
    verified_scrolled => verified(Verified { scroll: Scroll::at(200), ..m::verified() });
    verified_soon_over => {
        let mut it = m::verified();
        it.session.idle_at = m::at(42);
        verified(it)
    };
    send_for_two_proofs => of_level(send_both(), Level::Two);
    send_for_the_second_proof => of_level(send(m::second_proof()), Level::Two);
    send_for_what_is_proven => of_level(send(m::second_proof()), Level::Nist);
    send_for_holder_or_representative => send(Send {
        representatives: vec![m::anna()],
        ..m::send()
    });
    send_to_representative => represented(Send {
        choices: m::anna().choices,
        representatives: vec![m::anna()],
        who: Some(0),
        ..m::send()
    });
    verified_representative => {
        let mut verified = m::verified();
        verified.session.representative = Some(m::anna().representative.stands_here());
        self::verified(verified)
    };
    send_on_hold => send(Send { customer: m::flagged(&[Flag::Hold, Flag::AtRisk]), ..m::send() });
    send_at_risk => send(Send { customer: m::flagged(&[Flag::AtRisk]), ..m::send() });
    find_flagged => m::model(m::find("riv", vec![
        m::flagged(&[Flag::Hold]),
        m::people().remove(1),
        m::flagged(&[Flag::AtRisk, Flag::DoNotDisclose]),
    ], false));
    verified_flagged => verified(Verified {
        customer: m::flagged(&[Flag::DoNotDisclose]),
        ..m::verified()
    });
    incident => over(send_both(), Overlay::Incident(IncidentForm::new(Some((
        CustomerId(1),
        "Dana Rivera".into(),
    )))));
    incident_typed => over(find_several(), Overlay::Incident(IncidentForm {
        selected: Some(2),
        typed: "the picture is glued on".into(),
        ..IncidentForm::default()
    }));
    incident_waits => over(verified_by_sms(), Overlay::Incident(IncidentForm {
        typed: "reads from a list".into(),
        waiting: Some(EffectId(1)),
        ..IncidentForm::new(Some((CustomerId(1), "Dana Rivera".into())))
    }));
    send_without_proof => of_level(send_both(), Level::None);
    send_for_a_document => of_level(send_both(), Level::Document);
    document_unsaid => document(m::document_form());
    second_person_asked_for => over(send_both(), Overlay::SecondPerson(Box::new(m::second_person(false))));
    second_person_waiting => over(send_both(), Overlay::SecondPerson(Box::new(m::second_person(true))));
    sign_up_read_back => over(send_both(), Overlay::SignUp(Box::new(m::sign_up())));
    sign_up_reading => over(send_both(), Overlay::SignUp(Box::new(m::sign_up_reading())));
    send_never_verified => send(Send { choices: m::one_unverified(), ..m::send() });
    document_said => document(DocumentForm {
        selected: 1,
        name_matches: true,
        expires: "2031-04".into(),
        ..m::document_form()
    });
    pairing_number => overlay(Overlay::Pairing(PairingPanel {
        offer: Some(m::pad_offer()),
        ..PairingPanel::default()
    }));
    pairing_ran_out => overlay(Overlay::Pairing(PairingPanel {
        offer: Some(PadOffer { expires_at: m::at(-1), ..m::pad_offer() }),
        ..PairingPanel::default()
    }));
    pairing_asks => with(pairing_number(), |model| {
        model.shared.pad.known = Some(m::counter_pad(PairingState::Asking));
    });
    pairing_paired => with(overlay(Overlay::Pairing(PairingPanel::default())), |model| {
        model.shared.pad.known = Some(m::counter_pad(PairingState::Paired));
    });
    enter_code_at_the_pad => at_the_pad(4, None);
    enter_code_at_the_pad_wrong => at_the_pad(0, Some(Outcome::Wrong));
    document_waiting => document(DocumentForm { waiting: Some(EffectId(1)), ..m::document_form() });
    verified_not_yet => {
        let mut it = Verified { account: Loaded::default(), ..m::verified() };
        it.session.is_reached = false;
        of_level(verified(it), Level::Two)
    };
    verified_raised => {
        let mut it = m::verified();
        it.session.factors = [Factor::Sms, Factor::Totp].into_iter().collect();
        it.session.level = Level::Two;
        it.session.also_for = vec!["refund".into(), "change of address".into()];
        verified(it)
    };
    verified_leaving => verified(Verified { leaving: Some(EffectId(1)), ..m::verified() });
    verified_ended => {
        let mut it = m::verified();
        it.session.ended = Some((m::at(-1), SessionEnd::Revoked));
        verified(it)
    };
    log => in_log(m::log());
    log_further_down => in_log(LogPanel { selected: 8, newer: true, ..m::log() });
    log_filtered => in_log(LogPanel {
        filter: EventFilter {
            text: Some("rivera".into()),
            outcome: Some(Outcome::Wrong),
            channel: Some(Channel::Sms),
            ..EventFilter::default()
        },
        ..m::log()
    });
    log_until => in_log(LogPanel {
        filter: EventFilter {
            text: Some("rivera".into()),
            before: Some(m::at(0)),
            ..EventFilter::default()
        },
        ..m::log()
    });
    log_typing => in_log(LogPanel { typing: Some("WB-00".into()), ..m::log() });
    log_without_match => in_log(LogPanel {
        filter: EventFilter { outcome: Some(Outcome::Used), ..EventFilter::default() },
        ..LogPanel::default()
    });
    log_empty => in_log(LogPanel::default());
    log_timeline => timeline(Some(m::timeline()), 0);
    log_timeline_scrolled => timeline(Some(m::timeline()), 6);
    log_timeline_reading => timeline(None, 0);
    tray => in_tray(0);
    tray_email => in_tray(1);
    tray_long => long_mail(0);
    tray_scrolled => long_mail(5);
    tray_empty => with(tray(), |model| model.tray = Some(TrayPanel::default()));
    both_panels => with(enter_code_typing(), |model| {
        model.log = Some(m::log());
        model.tray = Some(m::tray());
    });
    delivery_stats => with(overlay(Overlay::DeliveryStats(m::delivery_stats())), |model| {
        model.shared.providers.known = m::email_down();
    });
    delivery_stats_reading => overlay(Overlay::DeliveryStats(DeliveryStatsPanel::default()));
    delivery_stats_empty => overlay(Overlay::DeliveryStats(m::no_delivery_stats()));
    find_for_an_auditor => with(find_empty(), |model| model.shared.place.role = Role::Auditor);
    find_revealed => revealed(find_several(), "+4915112345612");
    send_revealed => revealed(
        send_both(),
        "accounts-receivable.third-court-management@riverabank-housing-association.example.org",
    );
    verified_revealed => revealed(verified_by_sms(), "dana@example.org");
    send_locked_for_an_admin => admin(send_both(), |model| {
        model.shared.notice = Some(m::notice(
            Tone::Warning,
            "This customer is locked after too many wrong codes. It holds at every counter until \
             an admin lifts it. F6 lifts it, for a reason.",
        ));
    });
    send_on_waiting_for_an_admin => admin(send_on_waiting(), |_| {});
    enter_code_customer_locked_for_an_admin => admin(enter_code_customer_locked(), |_| {});
    act_reveal => over(send_both(), Overlay::CustomerAct(m::act_form(&[
        CustomerAct::Reveal(ContactKind::Phone),
        CustomerAct::Reveal(ContactKind::Email),
    ])));
    act_unlock_typed => {
        let mut form = m::act_form(&[CustomerAct::Unlock, CustomerAct::Confirm(ContactKind::Phone)]);
        form.typed = "came with the bill of March".into();
        over(enter_code_customer_locked_for_an_admin(), Overlay::CustomerAct(form))
    };
    act_confirm_waits => {
        let mut form = m::act_form(&[CustomerAct::Confirm(ContactKind::Email)]);
        form.waiting = Some(EffectId(1));
        over(send_on_waiting_for_an_admin(), Overlay::CustomerAct(form))
    };
    act_disown => over(find_several(), Overlay::CustomerAct(m::act_form(&[CustomerAct::Disown])));
    approvals => admin(over(find_several(), Overlay::Approvals(ApprovalsPanel::default())), |model| {
        model.shared.approvals = m::approvals();
    });
    approvals_own => admin(approvals(), |model| {
        let selected = Some(ApprovalId::from_bits(2));
        model.overlay = Some(Overlay::Approvals(ApprovalsPanel { selected, acting: None }));
    });
    approvals_none => admin(approvals(), |model| {
        model.shared.approvals.list.set(Vec::new());
    });
    approvals_reading => admin(approvals(), |model| {
        model.shared.approvals = WaitingApprovals::default();
    });
    dashboard_figures => overseen(d::dashboard(Pane::Figures));
    dashboard_course => overseen(d::dashboard(Pane::Course));
    dashboard_channels => overseen(d::dashboard(Pane::Channels));
    dashboard_counters => overseen(d::dashboard(Pane::Counters));
    dashboard_clerks_by_overrides => overseen(d::overrides());
    dashboard_messages => overseen(d::dashboard(Pane::Messages));
    dashboard_lockouts => overseen(d::dashboard(Pane::Lockouts));
    dashboard_at_work => overseen(d::dashboard(Pane::AtWork));
    dashboard_at_work_filtered => overseen(d::filtered());
    dashboard_alarms => overseen(d::dashboard(Pane::Alarms));
    dashboard_alarm_acknowledged => overseen(d::acknowledging());
    dashboard_trail => overseen(d::dashboard(Pane::Trail));
    dashboard_reading => overseen(d::reading());
    dashboard_not_read => with(overseen(d::reading()), |model| {
        let failure = Failure {
            text: "The store refused it.".into(),
            lost: false,
            waits: false,
            awaits_approval: false,
        };
        if let Some(dashboard) = &mut model.dashboard {
            dashboard.course.reading.begin(EffectId(1));
            dashboard.course.take(EffectId(1), Err(failure));
        }
    });
    dashboard_for_an_auditor => with(dashboard_alarms(), |model| {
        model.shared.place.role = Role::Auditor;
    });
    dashboard_entries_behind => with(dashboard_clerks_by_overrides(), |model| {
        let mut log = m::log();
        log.filter = EventFilter {
            clerk: Some("tomasz".into()),
            patterns: Figure::patterns(&Figure::OVERRIDES),
            from: Some(m::at(-20 * 86_400)),
            before: Some(m::at(0)),
            ..EventFilter::default()
        };
        log.read_at = None;
        model.log = Some(log);
        model.focus = Focus::Log;
    });
    alarms_and_approvals_on_top => admin(find_several(), |model| {
        model.shared.approvals = m::approvals();
        model.shared.alarms.count = Loaded::of(2);
    });
    one_alarm_on_top => admin(find_several(), |model| {
        model.shared.alarms.count = Loaded::of(1);
    });
    help_of_an_admin => admin(help(), |_| {});
    help => overlay(Overlay::Help(Scroll::default()));
    help_in_the_log => with(in_log(m::log()), |model| {
        model.overlay = Some(Overlay::Help(Scroll::default()));
    });
    help_scrolled => overlay(Overlay::Help(Scroll::at(500)));
    palette => overlay(Overlay::Palette(Palette {
        input: "co".into(),
        hits: [Command::Resend, Command::ChangeContact, Command::ToggleLog]
            .iter()
            .filter_map(|command| BINDINGS.iter().find(|it| it.command == *command))
            .collect(),
        selected: 1,
    }));
    palette_without_match => {
        overlay(Overlay::Palette(Palette { input: "zzz".into(), ..Palette::default() }))
    };
    confirm_quit => overlay(Overlay::Confirm(Question::Quit));
    confirm_quit_waiting => with(entry(m::entry("", m::waiting())), |model| {
        model.overlay = Some(Overlay::Confirm(Question::Quit));
    });
    confirm_cancel => overlay(Overlay::Confirm(Question::CancelRequest));
    long_names => with(send_both(), |model| {
        model.shared.place.office = "The Riverside and Upper Valley Waste Billing Association".into();
        model.shared.place.counter = "window at the old town hall".into();
        model.shared.place.clerk = "maximiliane-alexandra".into();
        model.shared.health.email = DependencyState::Down;
        model.shared.health.sms = DependencyState::Slow;
        if let Screen::Send(send) = &mut model.screen {
            send.customer = m::people().swap_remove(3);
        }
    });
}

fn with((mut model, now): State, change: impl FnOnce(&mut Model)) -> State {
    change(&mut model);
    (model, now)
}

fn admin(state: State, change: impl FnOnce(&mut Model)) -> State {
    with(state, |model| {
        model.shared.place.role = Role::Admin;
        change(model);
    })
}

/// The dashboard over the search.
fn overseen(dashboard: Dashboard) -> State {
    let (mut model, now) = find_several();
    model.shared.place.role = Role::Admin;
    model.dashboard = Some(Box::new(d::asked(dashboard, now)));
    model.focus = Focus::Dashboard;
    (model, now)
}

fn over(state: State, overlay: Overlay) -> State {
    with(state, |model| model.overlay = Some(overlay))
}

fn revealed(state: State, contact: &str) -> State {
    let now = state.1;
    with(state, |model| model.shared.revealed = Some(m::revealed(contact, now)))
}

fn preparing(state: State) -> State {
    with(state, |model| {
        if let Screen::Find(find) = &mut model.screen
            && let Some(found) = find.found.value_mut()
        {
            found.preparing = Some(IndexProgress { seen: 412_000, percent: 41 });
        }
    })
}

fn find_more_than_fit() -> State {
    let customers = (1..=30)
        .map(|id| m::customer(id, &format!("WB-{id:06}"), "Dana Rivera", None, Some("+491511234")))
        .collect();
    with(m::model(m::find("dana", customers, true)), |model| {
        if let Screen::Find(find) = &mut model.screen {
            find.selected = 17;
        }
    })
}

fn send(send: Send) -> State {
    m::model(Screen::Send(Box::new(send)))
}

/// Where the first purpose is of this level.
fn of_level(state: State, level: Level) -> State {
    with(state, |model| {
        let purpose = &mut model.shared.place.purposes[0];
        purpose.level = level;
        if level == Level::Document {
            purpose.document = Attested::Alone;
        }
    })
}

fn of_sharing(state: State) -> State {
    with(state, |model| {
        model.shared.place.purposes[0].shared_contact = SharedContact::Second;
    })
}

/// An office that serves representatives for its first purpose.
fn represented(form: Send) -> State {
    with(send(form), |model| {
        if let Some(first) = model.shared.place.purposes.first_mut() {
            first.representative = true;
        }
    })
}

fn document(form: DocumentForm) -> State {
    with(of_level(send_both(), Level::Document), |model| {
        model.overlay = Some(Overlay::Document(Box::new(form)));
    })
}

fn factor(entry: EnterFactor) -> State {
    m::model(Screen::EnterFactor(Box::new(entry)))
}

fn panel(panel: FactorPanel) -> State {
    with(verified(m::verified()), |model| {
        model.overlay = Some(Overlay::Factors(Box::new(panel)));
    })
}

fn entry(entry: EnterCode) -> State {
    m::model(Screen::EnterCode(Box::new(entry)))
}

fn closed(status: Status) -> State {
    let attempts = if status == Status::Locked { 5 } else { 2 };
    entry(m::entry("", m::request(status, attempts, DeliveryState::Delivered)))
}

fn failed(state: DeliveryState, detail: &str, said: &str) -> State {
    let mut request = m::request(Status::Open, 0, state);
    request.delivery.detail = Some(detail.into());
    with(entry(m::entry("", request)), |model| {
        model.shared.notice = Some(m::notice(Tone::Bad, said));
    })
}

fn verified(verified: Verified) -> State {
    m::model(Screen::Verified(Box::new(verified)))
}

fn in_log(log: LogPanel) -> State {
    with(entry(m::typing()), |model| {
        model.log = Some(log);
        model.focus = Focus::Log;
    })
}

fn timeline(events: Option<Vec<countersign::domain::event::Event>>, scroll: usize) -> State {
    let events = events.map_or_else(Loaded::default, Loaded::of);
    let timeline = Some(Timeline { events, scroll: Scroll::at(scroll) });
    in_log(LogPanel { timeline, ..m::log() })
}

fn in_tray(selected: usize) -> State {
    with(entry(m::typing()), |model| {
        let mut tray = m::tray();
        tray.selected = selected;
        model.tray = Some(tray);
        model.focus = Focus::Tray;
    })
}

/// A tray of five messages, where the selected one is longer than its place.
fn long_mail(scroll: usize) -> State {
    with(in_tray(1), |model| {
        if let Some(tray) = &mut model.tray {
            tray.scroll = Scroll::at(scroll);
            let mail = tray.messages[1].clone();
            tray.messages.extend([mail.clone(), mail.clone(), mail]);
            let text = &mut tray.messages[1].text;
            text.push_str("\n\nOnly at the counter, never by phone.");
            text.push_str(&"\n\nIf you did not ask for it, tell us.".repeat(4));
        }
    })
}

fn overlay(overlay: Overlay) -> State {
    with(entry(m::typing()), |model| model.overlay = Some(overlay))
}
