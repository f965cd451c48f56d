//! The log and the tray.

use std::time::Duration;

use countersign::domain::channel::Channel;
use countersign::domain::event::{EventId, EventPage};
use countersign::domain::outcome::Outcome;
use countersign::domain::time::Timestamp;
use countersign::service::api::Call;
use countersign::service::audit::calls::ReadLog;
use countersign::tui::machine::draw_context::Focus;
use countersign::tui::machine::message::Msg;

use super::counter::Counter;

fn with_events(count: i64) -> Counter {
    let mut counter = Counter::new();
    counter.desk.log(count);
    counter.keys("<F2>");
    counter
}

fn selected(counter: &Counter) -> EventId {
    counter.log().events[counter.log().selected].id
}

#[test]
fn the_log_opens_and_closes_by_one_key_and_by_esc() {
    let mut counter = with_events(3);
    assert_eq!(counter.model.focus, Focus::Log);
    assert_eq!(counter.log().events.len(), 3);
    assert_eq!(selected(&counter), EventId(3), "newest first");
    counter.keys("<F2>");
    assert!(counter.model.log.is_none());
    counter.keys("<F2><Esc>");
    assert!(counter.model.log.is_none());
    assert_eq!(counter.model.focus, Focus::Work);
}

#[test]
fn on_a_wide_screen_esc_gives_the_keyboard_back_and_the_log_stays() {
    let mut counter = with_events(3);
    counter.tell(Msg::Resize(140, 40)).keys("<Esc>");
    assert!(counter.model.log.is_some());
    counter.keys("riv");
    assert_eq!(counter.find().input.value(), "riv");
    counter.keys("<F2>");
    assert_eq!(counter.model.focus, Focus::Log);
    counter.keys("<F2>");
    assert!(counter.model.log.is_none());
}

#[test]
fn the_log_follows_and_the_selection_stays_on_its_entry() {
    let mut counter = with_events(10);
    counter.keys("<Down><Down>");
    assert_eq!(selected(&counter), EventId(8));
    counter.desk.log(5);
    counter.tell(Msg::StoreChanged);
    assert_eq!(counter.log().events.len(), 15);
    assert_eq!(selected(&counter), EventId(8));
    // More than one reading brings.
    counter.desk.log(450);
    counter.tell(Msg::StoreChanged);
    assert_eq!(counter.log().events.len(), 465);
    assert_eq!(counter.log().events[0].id, EventId(465));
    assert_eq!(selected(&counter), EventId(8));
}

#[test]
fn on_top_of_the_log_the_newest_entry_stays_in_sight() {
    let mut counter = with_events(10);
    counter.desk.log(100);
    counter.tell(Msg::StoreChanged);
    assert_eq!(selected(&counter), EventId(110));
    // Who moved down comes back to the top by Home.
    counter.keys("<Down>");
    counter.desk.log(100);
    counter.tell(Msg::StoreChanged);
    assert_eq!(selected(&counter), EventId(109));
    counter.keys("<Home>");
    assert_eq!(selected(&counter), EventId(210));
}

#[test]
fn an_entry_that_was_committed_late_comes_to_its_place() {
    let mut counter = with_events(300);
    let late = counter.desk.events.remove(250);
    assert_eq!(late.id, EventId(251));
    counter.keys("<F2><F2><Down>");
    let ids = |counter: &Counter| -> Vec<i64> {
        counter.log().events.iter().map(|event| event.id.0).collect()
    };
    assert!(!ids(&counter).contains(&251));
    counter.desk.events.insert(250, late);
    counter.tell(Msg::StoreChanged);
    assert_eq!(ids(&counter)[..60], (241..=300).rev().collect::<Vec<i64>>());
    assert_eq!(selected(&counter), EventId(299));
}

#[test]
fn older_entries_are_read_when_the_end_is_reached_and_the_window_is_bounded() {
    let mut counter = with_events(3_000);
    assert_eq!(counter.log().events.len(), 200);
    for _ in 0..290 {
        counter.keys("<PgDn>");
        let ids: Vec<i64> = counter.log().events.iter().map(|event| event.id.0).collect();
        assert!(ids.windows(2).all(|pair| pair[0] == pair[1] + 1), "no gap");
        assert!(ids.len() <= 1_000);
    }
    counter.keys("<PgDn>".repeat(40).as_str());
    assert_eq!(selected(&counter), EventId(1));
    assert!(!counter.log().older && counter.log().newer);
    // Far down, news does not move the window; Home is the way back.
    counter.desk.log(7);
    counter.tell(Msg::StoreChanged);
    assert_eq!(selected(&counter), EventId(1));
    counter.keys("<Home>");
    assert_eq!(selected(&counter), EventId(3_007));
    assert!(!counter.log().newer);
}

#[test]
fn filters_go_round_and_are_taken_back() {
    let mut counter = with_events(5);
    counter.keys("o");
    assert_eq!(counter.log().filter.outcome, Some(Outcome::Verified));
    counter.keys("o");
    assert_eq!(counter.log().filter.outcome, Some(Outcome::Wrong));
    counter.keys("cc");
    assert_eq!(counter.log().filter.channel, Some(Channel::Sms));
    counter.keys("c");
    assert_eq!(counter.log().filter.channel, Some(Channel::Whatsapp));
    counter.keys("c");
    assert_eq!(counter.log().filter.channel, None);
    counter.keys("/dana<Enter>");
    assert_eq!(counter.log().filter.text.as_deref(), Some("dana"));
    counter.keys("/ x<Esc>");
    assert_eq!(counter.log().filter.text.as_deref(), Some("dana"));
    counter.keys("x");
    assert_eq!(counter.log().filter, countersign::domain::event::EventFilter::default());
}

#[test]
fn a_time_beside_the_words_ends_the_log_there() {
    let mut counter = with_events(5);
    let zone = counter.model.shared.place.zone;
    let clock =
        move |at: Timestamp| at.to_utc().with_timezone(&zone).format("%Y-%m-%d %H:%M").to_string();
    counter.keys("/dana 2026-11-24 10:42<Enter>");
    let filter = counter.log().filter.clone();
    assert_eq!(filter.text.as_deref(), Some("dana"));
    assert_eq!(filter.before.map(clock).as_deref(), Some("2026-11-24 10:43"), "the minute with it");
    // What was typed can be mended, or typed anew.
    counter.keys("/<Bs><Bs>30<Enter>");
    let filter = counter.log().filter.clone();
    assert_eq!(filter.before.map(clock).as_deref(), Some("2026-11-24 10:31"));
    counter.keys("/bo<Enter>");
    assert_eq!(counter.log().filter.text.as_deref(), Some("bo"));
    assert_eq!(counter.log().filter.before, None);
    counter.keys("x/");
    assert_eq!(counter.log().typing.as_ref().map(|it| it.input.value()), Some(""));
}

#[test]
fn what_is_over_is_not_read_again_and_what_goes_on_is() {
    let reads_again = |filter: &str| {
        let mut counter = with_events(5);
        counter.keys(&format!("/{filter}<Enter>")).slow().tell(Msg::StoreChanged);
        counter.pending.iter().any(|effect| matches!(effect.call, Call::ReadLog(_)))
    };
    assert!(!reads_again("9:00"), "nothing new can be in it");
    assert!(reads_again("10:40"), "that minute is not over");
    assert!(reads_again("dana"));
}

#[test]
fn an_answer_for_an_older_filter_is_dropped() {
    let mut counter = with_events(5);
    counter.slow().keys("oc");
    let reads: Vec<Option<Channel>> = counter
        .pending
        .iter()
        .filter_map(|effect| match &effect.call {
            Call::ReadLog(ReadLog { filter, page: EventPage::Newest, .. }) => Some(filter.channel),
            _ => None,
        })
        .collect();
    assert_eq!(reads, [None, Some(Channel::Email)]);
    let older = counter.pending.remove(0);
    let reply = counter.desk.reply(older.call, counter.time());
    counter.tell(Msg::Answer(older.id, Box::new(reply)));
    assert!(counter.log().events.is_empty());
    counter.settle();
    assert_eq!(counter.log().events.len(), 5);
}

#[test]
fn enter_shows_the_timeline_of_the_request() {
    let mut counter = with_events(4);
    counter.keys("<Enter>");
    let timeline = counter.log().timeline.as_ref().expect("a timeline");
    assert_eq!(timeline.events.value().map(Vec::len), Some(1));
    counter.keys("<Down><Down><Down><Up><Esc>");
    assert!(counter.log().timeline.is_none());
    counter.keys("<Down><Enter>").says("belongs to no request");
}

#[test]
fn the_tray_shows_what_came_and_keeps_the_selection() {
    let mut counter = Counter::new();
    counter.desk.put_into_tray(3);
    counter.keys("<F3>");
    assert_eq!(counter.model.focus, Focus::Tray);
    assert_eq!(counter.tray().messages[0].number, 3);
    counter.desk.put_into_tray(1);
    counter.tell(Msg::StoreChanged);
    assert_eq!(counter.tray().messages[counter.tray().selected].number, 4, "the newest");
    counter.keys("<Down>");
    counter.desk.put_into_tray(200);
    counter.tell(Msg::StoreChanged);
    assert_eq!(counter.tray().messages.len(), 100);
    assert!(counter.tray().selected < 100);
    counter.keys("<F3>");
    assert!(counter.model.tray.is_none());
}

#[test]
fn the_keys_of_every_pager_hold_in_panels() {
    for (keys, entry) in [
        ("jj", 28),
        ("jjk", 29),
        ("nn", 28),
        ("nnN", 29),
        ("JJK", 29),
        ("<Ctrl-D>", 25),
        ("<Ctrl-D><Ctrl-U>", 30),
        ("G", 1),
        ("<End>", 1),
        ("Gg", 30),
        ("G<Home>", 30),
    ] {
        let mut counter = with_events(30);
        counter.keys(keys);
        assert_eq!(selected(&counter), EventId(entry), "{keys}");
    }
    for (open, then) in [("<F1>", "Gqv"), ("<F4>", "jqv"), ("<F2>", "qv"), ("<F3>", "qv")] {
        let mut counter = Counter::after("ri");
        counter.keys(open).keys(then);
        assert_eq!(counter.find().input.value(), "riv", "{open}");
    }
    let mut counter = with_events(4);
    counter.keys("<Enter>q");
    assert!(counter.log().timeline.is_none(), "the timeline is closed, and the log is not");
    // Beside the work too.
    counter.tell(Msg::Resize(140, 40)).keys("q");
    assert!(counter.model.log.is_none());
}

#[test]
fn caps_lock_changes_no_command() {
    let mut counter = with_events(5);
    counter.keys("O");
    assert_eq!(counter.log().filter.outcome, Some(Outcome::Verified));
    counter.keys("CX");
    assert_eq!(counter.log().filter, countersign::domain::event::EventFilter::default());
    counter.keys("Q");
    assert!(counter.model.log.is_none());
}

#[test]
fn without_a_tray_the_key_says_so() {
    let mut counter = Counter::new();
    counter.model.shared.place.has_tray = false;
    counter.keys("<F3>").says("no tray here");
    assert!(counter.model.tray.is_none());
}

#[test]
fn panels_survive_the_work_and_the_work_survives_panels() {
    let mut counter = Counter::after("riv<Enter><Enter>48<F2>");
    counter.keys("19").is_at("entry");
    assert_eq!(counter.typed(), "48", "the log has the keyboard");
    counter.keys("<F2>1902").is_at("verified");
}

#[test]
fn the_tray_scrolls_its_message_and_another_begins_at_its_top() {
    let mut counter = Counter::new();
    counter.desk.put_into_tray(3);
    for message in &mut counter.desk.tray {
        message.text = "line\n".repeat(30);
    }
    counter.keys("<F3><PgUp>");
    assert_eq!(counter.tray().scroll.position, 0);
    counter.keys("<PgDn>");
    assert_eq!((counter.tray().selected, counter.tray().scroll.position), (0, 5));
    counter.keys(&"<PgDn>".repeat(20));
    let end = counter.tray().scroll.position;
    assert!((10..32).contains(&end), "{end} is where its last line is in sight");
    counter.keys("<Up>");
    assert_eq!(counter.tray().scroll.position, end, "there is no message above");
    counter.keys("<Down>");
    assert_eq!((counter.tray().selected, counter.tray().scroll.position), (1, 0));
    counter.keys("<Up><PgDn>");
    counter.desk.put_into_tray(1);
    counter.tell(Msg::StoreChanged);
    assert_eq!((counter.tray().selected, counter.tray().scroll.position), (0, 0));
}

#[test]
fn the_next_colours_are_named() {
    let mut counter = Counter::new();
    for words in ["light.", "dark.", "high contrast.", "no colours.", "the terminal's own colours."]
    {
        counter.keys("<Ctrl-T>").says(&format!("Theme: {words}"));
    }
}

#[test]
fn the_message_below_the_tray_follows_when_the_selection_rests() {
    let mut counter = Counter::new();
    counter.desk.put_into_tray(3);
    counter.keys("<F3><Down>");
    let shown = |counter: &Counter| counter.tray().preview.place(counter.tray().selected, 3);
    assert_eq!((counter.tray().selected, shown(&counter)), (1, 0));
    counter.pass(Duration::from_millis(300));
    assert_eq!(shown(&counter), 1);
    // Who scrolls a message looks at the one that is selected.
    counter.keys("<Down><PgDn>");
    assert_eq!(shown(&counter), 2);
}
