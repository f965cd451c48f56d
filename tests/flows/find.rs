//! Step one.

use std::time::Duration;

use countersign::domain::customer::CustomerId;
use countersign::service::api::{Answer, Call};
use countersign::service::ports::{IndexProgress, NoCustomers};
use countersign::tui::app::update;
use countersign::tui::machine::health::DependencyState;
use countersign::tui::machine::message::Msg;

use super::counter::Counter;
use super::desk::down;

fn is_find(act: &Call) -> bool {
    matches!(act, Call::FindCustomers(_))
}

#[test]
fn typing_searches_and_enter_takes_the_selected_hit() {
    for (keys, customer) in [
        ("riv<Enter>", 1),
        ("riv<Down><Enter>", 2),
        ("riv<Down><Down><Down><Enter>", 2),
        ("riv<Down><Up><Enter>", 1),
        ("rix<Bs>v<Enter>", 1),
        ("004219<Enter>", 3),
        ("x<Esc>amira<Enter>", 3),
        ("okafo amira<Ctrl-W><Ctrl-U>dani<Enter>", 2),
        ("a<Release-q>mira<Enter>", 3),
    ] {
        let counter = Counter::after(keys);
        assert_eq!(counter.send().customer.id, CustomerId(customer), "{keys}");
    }
}

#[test]
fn an_empty_field_shows_nobody() {
    for keys in ["", "   ", "riv<Esc>", "r<Bs>"] {
        let counter = Counter::after(keys);
        assert!(counter.find().found.value().is_none(), "{keys:?}");
        assert_eq!(counter.pending.len(), 0);
    }
    Counter::after("<Enter>").is_at("find").says("Type a part of the name");
}

#[test]
fn nobody_found_says_what_to_try() {
    for keys in ["zzz", "zzz<Enter>"] {
        Counter::after(keys).is_at("find").says("account number as printed on the bill");
    }
    assert_eq!(Counter::after("zzz<Bs>").notice().len(), Counter::after("zz").notice().len());
    assert_eq!(Counter::after("zzz<Esc>").notice(), "");
}

#[test]
fn an_older_answer_is_dropped() {
    let mut counter = Counter::new();
    counter.slow().keys("da");
    let first = counter.take(is_find);
    let second = counter.take(is_find);
    let reply = |counter: &mut Counter, act| Box::new(counter.desk.reply(act, counter.time()));
    let newer = reply(&mut counter, second.call);
    let older = reply(&mut counter, first.call);
    counter.tell(countersign::tui::machine::message::Msg::Answer(second.id, newer));
    assert_eq!(counter.find().found.value().map(|it| it.typed.as_str()), Some("da"));
    counter.desk.customers.clear();
    counter.tell(countersign::tui::machine::message::Msg::Answer(first.id, older));
    assert_eq!(counter.find().found.value().map(|it| it.customers.len()), Some(2));
}

#[test]
fn enter_before_the_answer_takes_the_first_hit_when_it_comes() {
    let mut counter = Counter::new();
    counter.slow().keys("riv<Enter>");
    counter.is_at("find");
    counter.settle().is_at("send");
    // Typing on cancels the Enter.
    let mut counter = Counter::new();
    counter.slow().keys("ri<Enter>v").settle().is_at("find");
    // Nobody is opened where nobody is found.
    let mut counter = Counter::new();
    counter.slow().keys("zz<Enter>").settle().is_at("find").says("No customer matches");
}

#[test]
fn enter_while_a_customer_is_opened_sends_nothing_that_was_not_seen() {
    let mut counter = Counter::new();
    counter.keys("riv").slow().keys("<Enter><Enter>").says("being opened");
    counter.settle().is_at("send");
    assert!(counter.desk.asks.is_empty());
    counter.pass(Duration::from_secs(1)).keys("<Enter>").settle().is_at("entry");
    // Not where the clerk thought better of it.
    let mut counter = Counter::new();
    counter.keys("riv").slow().keys("<Enter><Enter>e").settle().is_at("find");
    counter.keys("<Enter>").settle().is_at("send");
    for keys in ["<Enter><Down><Enter>", "<Enter><Enter><Down>", "<Enter><Enter><F2>"] {
        let mut counter = Counter::new();
        counter.keys("ri").slow().keys(keys).settle();
        assert!(counter.desk.asks.is_empty(), "{keys}");
    }
}

#[test]
fn typing_on_withdraws_an_opening() {
    let mut counter = Counter::new();
    counter.keys("riv").slow().keys("<Enter>e").settle().is_at("find");
    assert_eq!(counter.find().input.value(), "rive");
}

#[test]
fn a_store_that_cannot_be_reached_is_told_and_enter_tries_again() {
    let mut counter = Counter::new();
    counter.slow().keys("r").answer(is_find, Answer::FindCustomers(Err(down())));
    counter.says("cannot be reached");
    assert_eq!(counter.model.shared.health.store, DependencyState::Down);
    counter.keys("<Enter>").settle().is_at("find");
    counter.keys("<Enter>").settle().is_at("send");
    assert_eq!(counter.model.shared.health.store, DependencyState::Ok);
}

#[test]
fn while_customers_are_prepared_it_is_searched_again_and_the_selection_stays() {
    let mut counter = Counter::new();
    counter.desk.preparing = Some(IndexProgress { seen: 1_000, percent: 10 });
    let all = std::mem::take(&mut counter.desk.customers);
    counter.keys("ri");
    assert_eq!(counter.notice(), "", "nobody is found yet, and perhaps will be");
    counter.keys("<Enter>").says("Nobody is found yet");
    counter.desk.customers = all[1..2].to_vec();
    counter.pass(Duration::from_secs(1));
    assert_eq!(counter.find().found.value().map(|it| it.customers.len()), Some(1));
    // One who is likelier comes before the customer whom the clerk looks at.
    counter.desk.customers.clone_from(&all);
    counter.pass(Duration::from_secs(1));
    assert_eq!((counter.find().selected, counter.screen()), (1, "find"));
    counter.desk.preparing = None;
    counter.pass(Duration::from_secs(1));
    let asked = counter.model.shared.last_effect;
    counter.pass(Duration::from_secs(20));
    assert_eq!(counter.model.shared.last_effect, asked, "all can be found");
    counter.keys("<Enter>").is_at("send");
    assert_eq!(counter.send().customer.id, CustomerId(2));
    // Enter before the answer takes nobody whom the clerk has not seen.
    let mut counter = Counter::new();
    counter.desk.preparing = Some(IndexProgress { seen: 1_000, percent: 10 });
    counter.slow().keys("riv<Enter>").settle().is_at("find").says("Not all customers");
    counter.keys("<Enter>").settle().is_at("send");
}

#[test]
fn a_customer_who_is_gone_is_searched_again() {
    let mut counter = Counter::after("amira");
    counter.desk.customers.truncate(2);
    counter.keys("<Enter>").is_at("find").says("Search again");
}

#[test]
fn pasted_text_is_cleaned_and_searched_for() {
    let mut counter = Counter::new();
    counter.paste("  amira\r\nok\u{202e}afor\x1b ");
    assert_eq!(counter.find().input.value(), "amira  okafor");
    counter.keys("<Esc>").paste(&"x".repeat(10_000));
    assert_eq!(counter.find().input.value().len(), 120);
    counter.keys("y");
    assert_eq!(counter.find().input.value().len(), 120);
}

#[test]
fn security_38_steering_characters_never_get_into_the_field() {
    let mut counter = Counter::new();
    counter.keys("a\u{202e}\u{9b}\u{200b}\u{2066}b");
    assert_eq!(counter.find().input.value(), "ab");
}

#[test]
fn what_is_typed_takes_the_place_of_a_kept_search() {
    for (keys, text) in [
        ("riv<Enter><Esc>", "riv"),
        ("riv<Enter><Esc>ami", "ami"),
        ("riv<Enter><Esc>\u{202e}a", "a"),
        ("riv<Enter><Esc><Bs>", "ri"),
        ("riv<Enter><Esc><Left>x", "rixv"),
        ("riv<Enter><Esc><Down><Enter><Esc>d", "d"),
        ("riv<Enter><Esc><Esc>d", "d"),
    ] {
        let counter = Counter::after(keys);
        assert_eq!(counter.find().input.value(), text, "{keys}");
    }
    let mut counter = Counter::after("riv<Enter><Esc>");
    assert_eq!(counter.find().found.value().map(|it| it.customers.len()), Some(2));
    counter.paste("\u{202e}");
    assert_eq!(counter.find().input.value(), "riv", "nothing takes no place");
    counter.paste("amira").keys(" o");
    assert_eq!(counter.find().input.value(), "amira o");
}

#[test]
fn a_notice_about_the_customer_before_goes_with_the_next_search() {
    for begin in ["a", "<Ctrl-P><Esc>a"] {
        let mut counter = Counter::after("riv<Enter><Enter>481902<Ctrl-X>");
        counter.says("is logged out");
        counter.keys(begin);
        assert_eq!(counter.notice(), "");
    }
    let mut counter = Counter::after("riv<Enter><Enter>481902<Ctrl-X>");
    counter.paste("amira");
    assert_eq!(counter.notice(), "");
}

#[test]
fn the_customer_beside_the_list_follows_when_the_selection_rests() {
    let shown = |counter: &Counter| counter.find().preview.place(counter.find().selected, 2);
    let mut counter = Counter::after("riv");
    assert_eq!(shown(&counter), 0, "who was found is shown at once");
    counter.keys_every(Duration::from_millis(170), "<Down><Up><Down>");
    assert_eq!((counter.find().selected, shown(&counter)), (1, 0));
    counter.pass(Duration::from_millis(300));
    assert_eq!(shown(&counter), 1);
    counter.keys("<Up>e");
    assert_eq!(shown(&counter), 0, "another search");
}

#[test]
fn an_empty_store_says_how_customers_come_into_it() {
    const IMPORT: &str = "No customers yet: import them with `countersign customers import FILE`.";
    let mut counter = Counter::new();
    let all = std::mem::take(&mut counter.desk.customers);
    for keys in ["riv", "<Enter>", "<Esc><Enter>"] {
        counter.keys(keys).says(IMPORT);
    }
    assert_eq!(counter.find().nobody, Some(NoCustomers::EmptyStore));
    // Somebody has imported them meanwhile.
    counter.desk.customers = all;
    counter.tell(Msg::StoreChanged);
    assert_eq!(counter.find().nobody, None);
    counter.keys("riv<Enter>").is_at("send");
}

#[test]
fn whether_there_are_customers_is_asked_at_the_start_and_delays_no_search() {
    let mut counter = Counter::new();
    counter.desk.customers.clear();
    counter.pending = update::start(&mut counter.model, counter.now);
    counter.slow();
    assert!(counter.is_pending(is_find));
    counter.settle();
    assert_eq!(counter.find().nobody, Some(NoCustomers::EmptyStore));
    // A search makes the question pointless, and its answer is dropped.
    let mut counter = Counter::new();
    counter.pending = update::start(&mut counter.model, counter.now);
    counter.slow().keys("r");
    assert!(!counter.find().counting.is_loading());
    counter.pending.clear();
    counter.keys("iv").settle();
    assert_eq!(counter.find().found.value().map(|it| it.customers.len()), Some(2));
    assert!(counter.model.shared.pending.len() <= 2, "{:?}", counter.model.shared.pending);
}
