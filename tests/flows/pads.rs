//! The pad: at the clerk's screen, and on its own.

use std::time::{Duration, Instant};

use countersign::config::settings::ThemeName;
use countersign::domain::customer::CustomerId;
use countersign::domain::customer_factor::{BackupCodesLeft, CustomerFactors};
use countersign::domain::key::Key;
use countersign::domain::outcome::Outcome;
use countersign::domain::pad::{
    PAIRING_KEEP_INTERVAL, PadMark, PadToken, PairingEnd, PairingState,
};
use countersign::domain::request::{Reference, RequestId, Status};
use countersign::domain::time::Timestamp;
use countersign::service::api::{Answer, Call};
use countersign::service::pads::{PadAsked, PadEntered, PadRequest, PadView};
use countersign::tui::app::model::{Overlay, Screen as CounterScreen};
use countersign::tui::machine::effect::Effect;
use countersign::tui::machine::message::{Failure, Msg};
use countersign::tui::pad::state::{Leaving, Pad, Said, Screen, THANKS_TIME};
use countersign::tui::pad::update::{next_wake, update};

use super::counter::{Counter, keys};
use super::desk::{CODE, down};

const SENT: &str = "riv<Enter><Enter>";

/// A counter with a pad.
fn paired() -> Counter {
    let mut counter = Counter::after("<Ctrl-K>");
    counter.desk.pad_asks();
    counter.tell(Msg::StoreChanged).keys("y").says("Paired: pad1 at front desk pts/5.");
    assert!(counter.model.overlay.is_none() && counter.model.shared.pad.is_paired());
    counter
}

fn shown(counter: &Counter) -> Option<RequestId> {
    counter.desk.pad.as_ref().expect("a pad").shown.clone()
}

#[test]
fn a_pad_is_paired_by_its_number_and_the_clerks_word() {
    let mut counter = Counter::after("<Ctrl-K>");
    let Some(Overlay::Pairing(panel)) = &counter.model.overlay else { panic!("no box") };
    assert_eq!(panel.offer.as_ref().map(|it| it.number.0.as_str()), Some("481516"));
    // Nobody asks yet.
    counter.keys("y").says("No pad asks yet");
    assert!(!counter.model.shared.pad.is_paired());
    counter.desk.pad_asks();
    counter.tell(Msg::StoreChanged).keys("y").says("Paired");
    assert!(counter.model.shared.pad.is_paired());
    counter.keys("<Ctrl-K>u").says("The pad is no longer paired");
    assert!(!counter.model.shared.pad.is_paired());
}

/// What the clerk asked for is told so, whether the change is read before it is answered or after.
#[test]
fn an_end_that_is_read_before_it_is_answered_is_told_alike() {
    let is_end = |act: &Call| matches!(act, Call::EndPairing(_));
    let is_read = |act: &Call| matches!(act, Call::ReadCounterPad(_));
    let mut counter = paired();
    counter.keys("<Ctrl-K>").slow().keys("u");
    let end = counter.take(is_end);
    let reply = counter.desk.reply(end.call, counter.time());
    counter.tell(Msg::StoreChanged).settle_one(is_read);
    assert!(!counter.model.shared.pad.is_paired());
    counter.tell(Msg::Answer(end.id, Box::new(reply))).says("The pad is no longer paired");
    assert!(counter.model.overlay.is_none());
}

/// A pad that asked when it was read, and was confirmed before that was answered, is paired.
#[test]
fn a_read_from_before_the_confirmation_does_not_undo_it() {
    let is_confirm = |act: &Call| matches!(act, Call::ConfirmPad(_));
    let is_read = |act: &Call| matches!(act, Call::ReadCounterPad(_));
    let mut counter = Counter::after("<Ctrl-K>");
    counter.desk.pad_asks();
    counter.tell(Msg::StoreChanged).slow().tell(Msg::StoreChanged);
    let read = counter.take(is_read);
    let outdated = counter.desk.reply(read.call, counter.time());
    counter.keys("y").settle_one(is_confirm).says("Paired");
    counter.tell(Msg::Answer(read.id, Box::new(outdated)));
    assert!(counter.model.shared.pad.is_paired());
    counter.settle().keys("<Ctrl-K>u").settle().says("The pad is no longer paired");
    assert!(counter.model.overlay.is_none());
}

/// Whoever closes the box does not want the pad that asks.
#[test]
fn a_pad_that_nobody_confirms_is_ended_with_the_box() {
    for keys in ["<Esc>", "<Ctrl-K>", "<Ctrl-C>"] {
        let mut counter = Counter::after("<Ctrl-K>");
        counter.desk.pad_asks();
        counter.tell(Msg::StoreChanged).keys(keys);
        assert!(counter.model.overlay.is_none(), "{keys}");
        let state = counter.desk.pad.as_ref().expect("a pad").state;
        assert_eq!(state, PairingState::Ended(PairingEnd::Unpaired), "{keys}");
    }
    let mut counter = paired();
    counter.keys("<Ctrl-K><Esc>");
    assert!(counter.model.shared.pad.is_paired(), "one that is paired stays");
    counter.keys("<Ctrl-Q>y");
    let state = counter.desk.pad.as_ref().expect("a pad").state;
    assert_eq!(state, PairingState::Ended(PairingEnd::Unpaired), "until the program ends");
}

#[test]
fn the_pad_shows_the_request_of_the_boxes_and_nothing_else() {
    let mut counter = paired();
    assert_eq!(shown(&counter), None);
    counter.keys("riv<Enter>");
    assert_eq!(shown(&counter), None);
    counter.keys("<Enter>").is_at("entry");
    let first = counter.entry().request.id.clone();
    assert_eq!(shown(&counter), Some(first.clone()));
    counter.keys("<Esc>").is_at("send");
    assert_eq!(shown(&counter), None, "the clerk is elsewhere");
    counter.keys("<Ctrl-E>").is_at("entry");
    assert_eq!(shown(&counter), Some(first));
    counter.keys("<F9>");
    assert_eq!(shown(&counter), None, "the terminal is covered");
}

#[test]
fn the_clerk_sees_how_many_digits_are_typed_and_how_it_ended() {
    let mut counter = paired();
    counter.keys(SENT);
    let id = counter.entry().request.id.clone();
    counter.desk.pad.as_mut().expect("a pad").typed = 4;
    counter.tell(Msg::StoreChanged);
    assert_eq!(counter.model.shared.pad.typed(&id), Some(4));
    let now = counter.time();
    counter.desk.entered_at_pad("000000", now);
    counter.tell(Msg::StoreChanged).is_at("entry").says("The code from the pad is wrong");
    assert_eq!(counter.entry().request.attempts, 1);
    assert_eq!(counter.model.shared.pad.typed(&id), Some(0));
    counter.desk.entered_at_pad(CODE, now);
    counter.tell(Msg::StoreChanged).is_at("verified");
    assert_eq!(shown(&counter), None);
    // The next customer's request comes to the pad by itself.
    counter.keys("<Ctrl-X>").keys(SENT).is_at("entry");
    assert!(shown(&counter).is_some());
}

/// The clerk types the code while the customer enters it.
#[test]
fn the_clerk_who_was_slower_gets_the_session_of_the_pad() {
    let mut counter = paired();
    counter.keys(SENT);
    let now = counter.time();
    counter.desk.entered_at_pad(CODE, now);
    counter.keys(CODE).is_at("verified");
}

/// Without a pad a code that somebody else used is told as before.
#[test]
fn a_code_that_was_used_elsewhere_is_told() {
    let mut counter = Counter::after(SENT);
    counter.desk.open_request().status = Status::Verified;
    counter.tell(Msg::StoreChanged).is_at("entry").says("was verified before");
}

#[test]
fn a_pad_that_is_gone_is_told_and_the_counter_is_heard_of() {
    let mut counter = paired();
    counter.slow();
    counter.pass(PAIRING_KEEP_INTERVAL);
    let is_read = |act: &Call| matches!(act, Call::ReadCounterPad(_));
    assert!(counter.is_pending(is_read), "the counter says that it is there");
    counter.desk.pad.as_mut().expect("a pad").state = PairingState::Ended(PairingEnd::PadLost);
    counter.settle_one(is_read).says("the pad was not heard of any more (Ctrl-K)");
    assert!(!counter.model.shared.pad.is_paired());
    counter.settle().pass(PAIRING_KEEP_INTERVAL * 3);
    assert!(!counter.is_pending(is_read), "nothing is read where no pad is");
}

/// A counter with a pad whose customer has an authenticator, at its code.
fn at_an_authenticator() -> Counter {
    let mut counter = Counter::after("<Ctrl-K>");
    let (since, left) = (Timestamp::from_millis(1), vec![1, 3, 4]);
    let backup_codes = Some(BackupCodesLeft { made_at: since, left });
    counter.desk.factors = CustomerFactors { totp_since: Some(since), backup_codes };
    counter.desk.pad_asks();
    counter.tell(Msg::StoreChanged).keys("y").says("Paired");
    counter.keys("dana<Enter>");
    assert_eq!(shown(&counter), None);
    counter.keys("a").is_at("factor");
    counter
}

#[test]
fn the_pad_asks_for_the_code_of_an_authenticator_while_its_screen_is_in_sight() {
    let mut counter = at_an_authenticator();
    let first = shown(&counter).expect("an entry");
    let (customer, purpose) = counter.desk.at_pad.clone().expect("an authenticator");
    counter.desk.pad.as_mut().expect("a pad").typed = 4;
    counter.tell(Msg::StoreChanged);
    let typed = counter.model.shared.pad.asking(customer, &purpose).map(|it| it.typed);
    assert_eq!(typed, Some(4));
    let other = CustomerId(customer.0 + 1);
    assert!(counter.model.shared.pad.asking(other, &purpose).is_none());
    counter.keys("<Esc>").is_at("send");
    assert_eq!(shown(&counter), None, "the clerk is elsewhere");
    counter.keys("a").is_at("factor");
    assert!(shown(&counter).is_some_and(|it| it != first), "each entry proves once");
    counter.keys("<F9>");
    assert_eq!(shown(&counter), None, "the terminal is covered");
}

#[test]
fn the_session_of_an_authenticators_code_at_the_pad_is_the_clerks() {
    let mut counter = at_an_authenticator();
    let say = |counter: &mut Counter, outcome| {
        counter.desk.pad.as_mut().expect("a pad").outcome = Some(outcome);
        counter.tell(Msg::StoreChanged);
    };
    say(&mut counter, Outcome::Wrong);
    counter.is_at("factor").says("The code from the pad is wrong");
    // What the clerk began to type is theirs; the customer was faster.
    counter.keys("48");
    say(&mut counter, Outcome::Verified);
    counter.is_at("verified");
    assert_eq!(shown(&counter), None);
    assert!(counter.desk.asks.is_empty(), "nothing was sent");
}

#[test]
fn an_authenticators_session_that_is_over_is_asked_for_once() {
    let is_take = |act: &Call| matches!(act, Call::TakeFactorFromPad(_));
    let mut counter = at_an_authenticator();
    counter.desk.pad.as_mut().expect("a pad").outcome = Some(Outcome::Verified);
    counter.slow().tell(Msg::StoreChanged);
    let is_read = |act: &Call| matches!(act, Call::ReadCounterPad(_));
    counter.settle_one(is_read);
    let take = counter.take(is_take);
    counter.tell(Msg::Answer(take.id, Box::new(Answer::TakeFactorFromPad(Ok(None)))));
    counter.is_at("factor").says("its session is over");
    counter.settle();
    assert!(!counter.is_pending(is_take));
    counter.tell(Msg::StoreChanged).settle().is_at("factor");
}

#[test]
fn a_code_at_the_pad_that_locks_the_customer_locks_the_counters_field() {
    let mut counter = at_an_authenticator();
    counter.desk.pad.as_mut().expect("a pad").outcome = Some(Outcome::Locked);
    counter.tell(Msg::StoreChanged).is_at("factor").says("cannot be used any more");
    let CounterScreen::EnterFactor(entry) = &counter.model.screen else { panic!("another screen") };
    assert!(entry.customer_locked);
}

/// Backup codes have letters, and are typed at the counter.
#[test]
fn the_pad_asks_for_no_backup_code() {
    let mut counter = at_an_authenticator();
    counter.keys("<Esc>").is_at("send");
    counter.keys("b").is_at("factor");
    assert_eq!(shown(&counter), None);
}

/// A pad on its own, with what it asked for.
struct Keypad {
    pad: Pad,
    pending: Vec<Effect>,
    now: Instant,
}

impl Keypad {
    fn new() -> Self {
        let pad = Pad::new("Riverside Billing".into(), ThemeName::Terminal, false, "test".into());
        Self { pad, pending: Vec::new(), now: Instant::now() }
    }

    fn tell(&mut self, msg: Msg) -> &mut Self {
        self.pending.extend(update(&mut self.pad, msg, self.now));
        self
    }

    fn keys(&mut self, script: &str) -> &mut Self {
        for key in keys(script) {
            let now = self.now;
            self.tell(Msg::Key(key, now));
        }
        self
    }

    /// Answers the first pending effect of a kind.
    fn answer(&mut self, wanted: impl Fn(&Call) -> bool, answer: Answer<Failure>) -> Call {
        let place = self.pending.iter().position(|it| wanted(&it.call)).expect("pending");
        let Effect { id, call } = self.pending.remove(place);
        self.tell(Msg::Answer(id, Box::new(answer)));
        call
    }

    fn view(&mut self, state: PairingState, request: Option<PadRequest>) -> &mut Self {
        let counter = (state == PairingState::Paired).then(|| "3".to_owned());
        let view = PadView { state, counter, request, locales: vec!["de".into(), "en".into()] };
        if !self.is_pending(is_read) {
            self.tell(Msg::StoreChanged);
        }
        self.answer(is_read, Answer::ReadPad(Ok(view)));
        self
    }

    fn is_pending(&self, wanted: impl Fn(&Call) -> bool) -> bool {
        self.pending.iter().any(|it| wanted(&it.call))
    }

    /// A pad that was paired, at a request.
    fn at_a_request() -> Self {
        let mut pad = Self::new();
        pad.keys("481516<Enter>");
        let token = PadToken::derived(&Key::new([7; 32]), "an act");
        pad.answer(is_ask, Answer::AskForPad(Ok(PadAsked::Asking(token))));
        pad.view(PairingState::Paired, Some(request(1, 1)));
        pad
    }

    fn typed(&self) -> &str {
        match &self.pad.screen {
            Screen::Paired(it) => &it.typed.0,
            other => panic!("{other:?}"),
        }
    }

    fn said(&self) -> Option<Said> {
        match &self.pad.screen {
            Screen::Paired(it) => it.said,
            other => panic!("{other:?}"),
        }
    }
}

fn request(id: u64, generation: u32) -> PadRequest {
    PadRequest {
        mark: PadMark { request: RequestId::from_bits(id), generation },
        reference: Some(Reference::from_bits(id)),
        digits: 6,
        status: Status::Open,
        attempts_left: Some(5),
    }
}

fn is_read(call: &Call) -> bool {
    matches!(call, Call::ReadPad(_))
}

fn is_ask(call: &Call) -> bool {
    matches!(call, Call::AskForPad(_))
}

fn is_tell(call: &Call) -> bool {
    matches!(call, Call::TypeAtPad(_))
}

fn is_enter(call: &Call) -> bool {
    matches!(call, Call::EnterAtPad(_))
}

#[test]
fn a_pad_asks_by_a_whole_number_and_waits_for_the_clerk() {
    let mut pad = Keypad::new();
    pad.keys("48151<Enter>");
    assert!(!pad.is_pending(is_ask), "a digit is missing");
    pad.keys("x67<Enter><Enter>");
    let Call::AskForPad(asked) = pad.answer(is_ask, Answer::AskForPad(Ok(PadAsked::Wrong))) else {
        panic!("another call")
    };
    assert_eq!(asked.number.0.as_str(), "481516", "no digit too many");
    assert!(!pad.is_pending(is_ask), "it asks once");
    let Screen::Pairing(form) = &pad.pad.screen else { panic!("{:?}", pad.pad.screen) };
    assert!(form.said.as_ref().is_some_and(|it| it.contains("No counter shows")), "{form:?}");
    assert!(form.typed.0.is_empty());
}

#[test]
fn the_counter_is_told_how_many_digits_there_are_one_report_after_the_other() {
    let mut pad = Keypad::at_a_request();
    pad.keys("481");
    let reports = pad.pending.iter().filter(|it| is_tell(&it.call)).count();
    assert_eq!(reports, 1, "the next one waits for the answer");
    let Call::TypeAtPad(first) = pad.answer(is_tell, Answer::TypeAtPad(Ok(()))) else {
        panic!("another call")
    };
    let Call::TypeAtPad(second) = pad.answer(is_tell, Answer::TypeAtPad(Ok(()))) else {
        panic!("another call")
    };
    assert_eq!((first.typed, second.typed), (1, 3));
    assert!(!pad.is_pending(is_tell));
}

#[test]
fn enter_sends_a_whole_code_and_an_error_keeps_it() {
    let mut pad = Keypad::at_a_request();
    pad.keys("48190<Enter>");
    assert_eq!(pad.said(), Some(Said::TooShort));
    assert!(!pad.is_pending(is_enter));
    pad.keys("23<Enter>9<Bs><Enter>");
    assert_eq!(pad.typed(), "481902", "keys do nothing while it is checked");
    let Call::EnterAtPad(entered) = pad.answer(is_enter, Answer::EnterAtPad(Err(down()))) else {
        panic!("another call")
    };
    assert_eq!(entered.code.0.as_str(), "481902");
    assert!(pad.pad.is_lost);
    assert_eq!(pad.typed(), "481902", "Enter tries again");
    pad.keys("<Enter>");
    let refused = PadEntered::Refused { outcome: Outcome::Wrong, attempts_left: Some(4) };
    pad.answer(is_enter, Answer::EnterAtPad(Ok(refused)));
    assert_eq!((pad.typed(), pad.said()), ("", Some(Said::Refused(Outcome::Wrong))));
    pad.keys("1");
    assert_eq!(pad.said(), None, "the next digit takes the verdict away");
}

#[test]
fn what_was_typed_for_another_message_is_thrown_away() {
    let mut pad = Keypad::at_a_request();
    pad.keys("4819").view(PairingState::Paired, Some(request(1, 2)));
    assert_eq!((pad.typed(), pad.said()), ("", Some(Said::Replaced)));
    pad.keys("48").view(PairingState::Paired, Some(request(2, 1)));
    assert_eq!((pad.typed(), pad.said()), ("", None), "another customer");
    pad.keys("48").view(PairingState::Paired, None);
    assert_eq!(pad.typed(), "");
    pad.keys("123456<Enter>");
    assert!(!pad.is_pending(is_enter), "nothing is asked for");
}

#[test]
fn thanks_stay_for_some_seconds_or_until_the_next_request() {
    let thanked = || {
        let mut pad = Keypad::at_a_request();
        pad.keys("481902<Enter>");
        pad.answer(is_enter, Answer::EnterAtPad(Ok(PadEntered::Verified)));
        pad.view(PairingState::Paired, None);
        assert_eq!(pad.said(), Some(Said::Thanks), "the counter has gone on");
        pad
    };
    let mut pad = thanked();
    assert!(next_wake(&pad.pad).is_some_and(|it| it <= pad.now + THANKS_TIME));
    pad.now += THANKS_TIME;
    pad.tell(Msg::Wake);
    assert_eq!(pad.said(), None);
    let mut pad = thanked();
    pad.view(PairingState::Paired, Some(request(2, 1)));
    assert_eq!(pad.said(), None, "it is another customer's");
}

#[test]
fn a_pad_is_heard_of_and_is_free_again_when_the_pairing_ends() {
    let mut pad = Keypad::at_a_request();
    pad.now += PAIRING_KEEP_INTERVAL + Duration::from_millis(1);
    pad.tell(Msg::Wake);
    assert!(pad.is_pending(is_read), "it says that it is there");
    pad.view(PairingState::Ended(PairingEnd::Unpaired), None);
    assert!(matches!(pad.pad.screen, Screen::Pairing(_)));
    assert!(pad.pad.token.is_none() && next_wake(&pad.pad).is_none(), "nothing is due any more");
}

#[test]
fn one_key_never_closes_a_pad() {
    for key in ["<Ctrl-Q>", "<Ctrl-C>"] {
        let mut pad = Keypad::at_a_request();
        pad.keys(key);
        assert_eq!(pad.pad.leaving, Leaving::Asked);
        pad.keys("4");
        assert_eq!(pad.pad.leaving, Leaving::No, "another key means that it was an accident");
        pad.keys(key).keys(key);
        assert_eq!(pad.pad.leaving, Leaving::Now);
        assert!(pad.is_pending(|it| matches!(it, Call::LeavePad(_))), "the counter is told");
    }
}
