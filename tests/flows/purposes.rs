//! Purposes that take more or less than one code.

use countersign::domain::channel::Channel;
use countersign::domain::circuit_breaker::ProviderHealth;
use countersign::domain::contact_state::ContactState;
use countersign::domain::customer::CustomerId;
use countersign::domain::customer_factor::{BackupCodesLeft, CustomerFactors};
use countersign::domain::event::Actor;
use countersign::domain::level::Level;
use countersign::domain::purpose::{Attested, Purpose};
use countersign::domain::representative::{Representative, RepresentativeId};
use countersign::domain::time::Timestamp;
use countersign::service::api::Call;
use countersign::service::customers::lookup::ChannelChoice;
use countersign::service::customers::representatives::RepresentativeChoice;
use countersign::tui::machine::message::Msg;

use super::counter::Counter;
use super::desk::CODE;

impl Counter {
    /// A counter whose office has purposes of these levels, in this order.
    fn with_levels(levels: &[(&str, Level)]) -> Self {
        let mut counter = Self::new();
        let purpose = |(name, level): &(&str, Level)| Purpose { level: *level, ..(*name).into() };
        let purposes: Vec<_> = levels.iter().map(purpose).collect();
        counter.model.shared.place.purposes.clone_from(&purposes);
        counter.desk.purposes = purposes;
        let since = Timestamp::from_millis(1);
        let backup_codes = Some(BackupCodesLeft { made_at: since, left: vec![1, 3, 4] });
        counter.desk.factors = CustomerFactors { totp_since: Some(since), backup_codes };
        counter
    }
}

/// How many keys a script presses.
fn presses(script: &str) -> usize {
    super::counter::keys(script).len()
}

#[test]
fn two_factors_take_at_most_twenty_keys_and_the_letters_of_the_name() {
    let mut counter = Counter::with_levels(&[("a new address", Level::Two)]);
    let first = format!("dana<Enter><Enter>{CODE}");
    counter.keys(&first).is_at("send").says("Proven: email.").says("or a backup code as well");
    // The next way that helps is selected: the other channel.
    let second = format!("<Enter>{CODE}");
    counter.keys(&second).is_at("verified");
    let session = &counter.verified().session;
    assert!(session.is_reached && session.level == Level::Two, "{session:?}");
    assert_eq!(session.factors.to_string(), "contact-confirmed sms");
    let pressed = presses(&first) + presses(&second);
    assert!(pressed <= 12 + "dana".len() + 8, "{pressed} keys");
}

#[test]
fn the_second_factor_may_be_one_that_needs_no_message() {
    let mut counter = Counter::with_levels(&[("a new address", Level::Two)]);
    counter.keys("dana<Enter>b").keys("3 k7q29-xbm4t<Enter>").is_at("send");
    // Another backup code is no proof of another kind.
    counter.keys("b").is_at("send").says("proves nothing more");
    counter.keys("a").is_at("factor");
    counter.keys(CODE).keys("<Enter>").is_at("verified");
    assert_eq!(counter.verified().session.factors.to_string(), "backup-code totp");
}

#[test]
fn security_73_nothing_of_the_account_is_read_before_enough_was_proven() {
    let mut counter = Counter::with_levels(&[("a new address", Level::Two)]);
    counter.keys("dana<Enter><Enter>").keys(CODE).is_at("send");
    counter.slow().keys("<Esc>").is_at("verified");
    counter.settle();
    assert!(!counter.verified().session.is_reached);
    assert!(counter.verified().account.value().is_none(), "it was not asked for");
    // The key that goes on leads back to what is missing.
    counter.keys("p").settle().is_at("send");
    counter.keys("<Enter>").settle().keys(CODE).settle().is_at("verified");
    assert!(counter.verified().account.value().is_some());
}

#[test]
fn a_verified_customer_is_served_for_another_purpose() {
    let levels = [("a bill", Level::Nist), ("a question", Level::Contact), ("a move", Level::Two)];
    let mut counter = Counter::with_levels(&levels);
    counter.keys("dana<Enter><Enter>").keys(CODE).is_at("verified");
    // For the lower one nothing more is asked, for the higher one what is missing.
    counter.keys("p").is_at("send");
    counter.keys("<Enter>").is_at("verified");
    assert_eq!(counter.verified().session.purpose, "a question");
    assert_eq!(counter.verified().session.also_for, ["a bill"]);
    counter.keys("p").is_at("send");
    counter.keys("<Esc>").is_at("verified");
    assert_eq!(counter.verified().session.purpose, "a question", "nothing was changed");
    counter.keys("p<Enter>").keys(CODE).is_at("verified");
    let session = &counter.verified().session;
    assert_eq!((session.purpose.as_str(), session.level), ("a move", Level::Two));
    assert_eq!(session.also_for, ["a bill", "a question"]);
    assert_eq!(counter.desk.asks.len(), 2, "one code for each proof");
}

#[test]
fn the_channel_that_helps_is_selected_with_the_purpose() {
    let levels = [("a question", Level::Contact), ("a bill", Level::Nist)];
    let mut counter = Counter::with_levels(&levels);
    counter.keys("dana<Enter>jk").is_at("send");
    let email = counter.send().choices.iter().position(|it| it.channel.word() == "email");
    let email = email.expect("an email address");
    counter.keys(&"j".repeat(email)).keys("<Tab>");
    assert_eq!(counter.send().choices[counter.send().selected].channel.word(), "sms");
}

#[test]
fn where_nothing_has_to_be_proven_the_amount_due_is_shown() {
    let mut counter = Counter::with_levels(&[("at the till", Level::None)]);
    counter.keys("dana<Enter><Enter>").is_at("send").says("Due on").says("123.45 EUR");
    assert!(counter.desk.asks.is_empty(), "nothing was sent");
}

#[test]
fn leaving_ends_a_session_that_waits_for_its_second_factor() {
    let mut counter = Counter::with_levels(&[("a new address", Level::Two)]);
    counter.keys("dana<Enter><Enter>").keys(CODE).is_at("send");
    counter.slow().keys("<Ctrl-Q>y");
    assert!(counter.is_pending(|it| matches!(it, Call::EndSession(_))));
}

#[test]
fn security_70_a_document_is_said_by_its_kind_and_its_last_day() {
    let mut counter = Counter::with_levels(&[("a closure", Level::Document)]);
    counter.model.shared.place.purposes[0].document = Attested::Alone;
    counter.desk.purposes[0].document = Attested::Alone;
    counter.keys("dana<Enter><Enter>").is_at("send").says("it proves nothing for this purpose");
    counter.keys("d<Down><Enter>").says("have to be the customer's, both");
    counter.keys("npC01").says("never its number");
    counter.keys("<Ctrl-U>20310430<Enter>").is_at("verified");
    assert!(counter.model.overlay.is_none());
    let seen = counter.desk.seen.last().expect("a document");
    assert_eq!((seen.kind.as_str(), seen.expires.as_str()), ("passport", "2031-04-30"));
    assert!(counter.desk.asks.is_empty(), "nothing was sent");
}

#[test]
fn a_document_is_not_looked_at_where_it_is_worth_nothing() {
    let mut counter = Counter::with_levels(&[("a bill", Level::Nist)]);
    counter.keys("dana<Enter>d").is_at("send").says("A document proves nothing for");
    assert!(counter.model.overlay.is_none());
}

#[test]
fn where_a_colleague_alone_is_left_that_is_said() {
    let mut counter = Counter::with_levels(&[("a closure", Level::Two)]);
    counter.keys("dana<Enter><Enter>").keys(CODE).is_at("send");
    let purpose = |counter: &Counter| counter.model.shared.place.purposes.first().cloned();
    let is_left =
        |counter: &Counter| counter.send().is_left_to_colleague(purpose(counter).as_ref());
    counter.model.shared.place.purposes[0].second_person = Attested::Alone;
    assert!(!is_left(&counter), "an SMS helps");
    counter.desk.factors = CustomerFactors::default();
    for customer in &mut counter.desk.customers {
        customer.phone = None;
    }
    counter.tell(Msg::StoreChanged).is_at("send");
    assert!(is_left(&counter));
    counter.model.shared.place.purposes[0].document = Attested::Alone;
    assert!(!is_left(&counter), "a document helps too");
}

#[test]
fn a_representative_is_offered_nothing_that_is_the_holders() {
    let mut counter = Counter::new();
    counter.desk.representatives = vec![anna()];
    let of = |purpose: &str| Purpose { representative: true, ..Purpose::from(purpose) };
    let purposes = vec![of("pay a bill"), "change of address".into()];
    counter.model.shared.place.purposes = purposes.clone();
    counter.desk.purposes = purposes;
    counter.keys("riv<Enter>w<Enter>").keys(CODE).is_at("verified");
    let anna = counter.desk.representatives[0].representative.stands_here();
    let session = counter.desk.session.as_mut().expect("a session");
    session.representative = Some(anna.clone());
    counter.tell(Msg::StoreChanged);
    assert_eq!(counter.verified().session.representative, Some(anna));
    counter.keys("<Ctrl-F>").is_at("verified").says("factors are the holder's own");
    assert!(counter.model.overlay.is_none());
    counter.keys("p").is_at("send");
    counter.keys("<Enter>").is_at("send").says("this purpose is for the holder alone");
}

/// Anna, who may ask about bills.
fn anna() -> RepresentativeChoice {
    let choice = |channel, contact: &str| ChannelChoice {
        channel,
        contact: Some(contact.into()),
        refusal: None,
        needs_sign_up: false,
        waits_until: None,
        health: ProviderHealth::Ok,
        state: ContactState::default(),
        customers: None,
    };
    RepresentativeChoice {
        representative: Representative {
            id: RepresentativeId::from_bits(5),
            customer: CustomerId(1),
            name: "Anna Rivera".into(),
            email: Some("a***@example.org".into()),
            phone: None,
            scope: vec!["pay a bill".into()],
            from: Timestamp::from_millis(0),
            until: None,
            document: "passport".into(),
            added_by: Actor { clerk: "amira".into(), counter: "3".into() },
            approved_by: "boss".into(),
        },
        choices: vec![choice(Channel::Email, "a***@example.org")],
    }
}

#[test]
fn who_stands_here_is_chosen_and_the_code_is_asked_for_them() {
    let mut counter = Counter::new();
    counter.desk.representatives = vec![anna()];
    let of = |purpose: &str| Purpose { representative: true, ..Purpose::from(purpose) };
    counter.model.shared.place.purposes = vec![of("pay a bill"), "change of address".into()];
    counter.keys("riv<Enter>w");
    assert_eq!(counter.send().choices[0].contact.as_deref(), Some("a***@example.org"));
    counter.keys("<Enter>").is_at("entry");
    let asked = counter.desk.asks.last().expect("a code was asked for");
    assert_eq!(asked.representative, Some(RepresentativeId::from_bits(5)));
    assert_eq!(asked.channel, Channel::Email);

    // Another purpose is the holder's alone; and so is what the holder enrolled.
    let mut counter = Counter::new();
    counter.desk.representatives = vec![anna()];
    counter.model.shared.place.purposes = vec![of("pay a bill"), "change of address".into()];
    counter.keys("riv<Enter>w<Tab><Enter>").is_at("send");
    counter.says("Anna Rivera is not served for this: this purpose is for the holder alone.");
    assert!(counter.desk.asks.is_empty());
    // A colleague's word is the holder's.
    let chosen = counter.send().purpose;
    counter.model.shared.place.purposes[chosen].second_person = Attested::Alone;
    counter.keys("v").is_at("send").says("choose the holder with w");
    assert!(counter.model.overlay.is_none());
    // Once more, and the holder stands here again.
    counter.keys("w");
    assert!(counter.send().represented_by().is_none());
    counter.keys("<Enter>").is_at("entry");
    assert_eq!(counter.desk.asks.last().map(|it| it.representative.clone()), Some(None));
    // Where nobody may act, only the holder is served.
    let mut counter = Counter::after("riv<Enter>w");
    counter.says("Nobody may act for this customer");
    counter.keys("<Enter>").is_at("entry");
}
