//! The dashboard: who may open it, what it reads and when, and the entries behind its figures.

use std::time::Duration;

use countersign::domain::event::EventFilter;
use countersign::domain::stats::figures::Figure;
use countersign::domain::time::Timestamp;
use countersign::service::api::{Answer, Call, Role};
use countersign::tui::app::model::Model;
use countersign::tui::app::update;
use countersign::tui::dashboard::rows::rows;
use countersign::tui::dashboard::state::{Dashboard, Pane};
use countersign::tui::machine::draw_context::Focus;
use countersign::tui::machine::keymap::{Command, Context};
use countersign::tui::machine::message::Msg;
use countersign::tui::machine::{open_alarms, permissions};

use super::counter::{Counter, keys};
use super::desk::down;
use super::overseen::alarm;

impl Counter {
    fn dashboard(&self) -> &Dashboard {
        self.model.dashboard.as_ref().expect("the dashboard is open")
    }
}

fn of(role: Role) -> Counter {
    let mut counter = Counter::new();
    counter.model.shared.place.role = role;
    counter.desk.overseen.clerks = vec![("amira", 50, 1), ("li", 10, 0), ("tomasz", 40, 9)];
    counter
}

fn at(clock: (i64, i64)) -> Timestamp {
    Timestamp::from_millis((clock.0 * 60 + clock.1) * 60_000)
}

fn is_stats(call: &Call) -> bool {
    matches!(call, Call::ReadStats(_))
}

/// "Which clerk overrides most this month?"
#[test]
fn who_overrides_most_this_month_takes_fewer_than_six_keys() {
    let mut admin = of(Role::Admin);
    // The dashboard, clerks, this month, by overrides.
    let script = "<F8>5RS";
    assert!(keys(script).len() < 6);
    admin.keys(script);
    let (dashboard, shared) = (admin.dashboard(), &admin.model.shared);
    let lines = rows(dashboard, dashboard.pane, shared, admin.now).rows.expect("read");
    let first: Vec<&str> = lines[0].cells.iter().map(|it| &*it.0).collect();
    assert_eq!(first, ["tomasz", "40", "0", "0 %", "0", "9", "-"]);
    let asked = admin.desk.overseen.asked.last().expect("read");
    assert_eq!(asked.spans[0].from.began_at(), at((0, 0)), "the first of the month");
    // And one more shows when.
    admin.keys("<Enter>");
    let expected = EventFilter {
        clerk: Some("tomasz".into()),
        patterns: Figure::patterns(&Figure::OVERRIDES),
        from: Some(at((0, 0))),
        before: Some(at((10, 45))),
        ..EventFilter::default()
    };
    assert_eq!(admin.log().filter, expected);
}

/// "What happened to this customer's code at 10:42?"
#[test]
fn what_happened_at_a_time_takes_fewer_than_ten_keys() {
    let mut admin = of(Role::Admin);
    admin.desk.log(40);
    admin.keys("<F8>");
    // The log, until 10:42, and the whole timeline of the request.
    let script = "<F2>/10:42<Enter><Enter>";
    assert!(keys(script).len() < 10);
    admin.pass(Duration::from_mins(5)).keys(script);
    assert_eq!(admin.model.context(), Context::Timeline);
    assert_eq!(admin.log().filter.before, Some(at((10, 43))));
    let events = admin.log().timeline.as_ref().and_then(|it| it.events.value());
    let request = events.and_then(|it| it.first()).and_then(|it| it.request.clone());
    assert_eq!(request, admin.log().events[0].request);
    assert!(request.is_some());
}

#[test]
fn esc_leads_from_the_entries_back_to_the_same_line() {
    for size in [(80, 24), (200, 50)] {
        let mut admin = of(Role::Admin);
        admin.tell(Msg::Resize(size.0, size.1)).keys("<F8>5<Down><Enter>");
        assert_eq!(admin.model.focus, Focus::Log);
        assert_eq!(admin.log().filter.clerk.as_deref(), Some("tomasz"));
        admin.keys("<Esc>");
        assert!(admin.model.log.is_none());
        assert_eq!((admin.model.focus, admin.dashboard().pane), (Focus::Dashboard, Pane::Clerks));
        admin.keys("<Enter>");
        assert_eq!(admin.log().filter.clerk.as_deref(), Some("tomasz"), "the line from before");
        // The log itself is as it was without the dashboard.
        admin.keys("<Esc><Esc><F2>");
        assert!(admin.model.dashboard.is_none());
        assert_eq!(admin.log().filter, EventFilter::default());
    }
}

#[test]
fn it_is_for_admins_and_auditors_and_only_an_admin_acknowledges() {
    let mut clerk = of(Role::Clerk);
    clerk.keys("<F8>").says("Your role (clerk) may not see the office's stats");
    assert!(clerk.model.dashboard.is_none());
    assert_eq!(clerk.desk.overseen.asked.len(), 0, "nothing was asked of the desk");
    assert!(!permissions::may(&clerk.model.shared, Command::ToggleDashboard));
    let mut auditor = of(Role::Auditor);
    auditor.desk.overseen.alarms = vec![alarm(7, "tomasz")];
    auditor.keys("<F8>9a").says("Your role (auditor) may not administer the office");
    assert!(auditor.dashboard().typing.is_none());
    auditor.keys("<Enter>");
    assert_eq!(auditor.log().filter.clerk.as_deref(), Some("tomasz"), "they read what is behind");
}

#[test]
fn an_alarm_is_acknowledged_for_a_reason_and_counted_no_more() {
    let mut admin = of(Role::Admin);
    admin.desk.overseen.alarms = vec![alarm(7, "tomasz"), alarm(8, "li")];
    admin.tell(Msg::StoreChanged).keys("<F8>9<Down>a");
    assert_eq!(admin.model.context(), Context::DashboardField);
    admin.keys("<Enter>").says("the log keeps it");
    assert_eq!(admin.desk.overseen.acknowledged, []);
    admin.keys("was shown").pass(Duration::from_secs(2)).keys("<Enter>");
    assert_eq!(admin.desk.overseen.acknowledged, [(8, "was shown".to_owned())]);
    admin.says("Alarm 8 is acknowledged");
    assert_eq!(open_alarms::count(&admin.model.shared), 1);
    assert_eq!(admin.dashboard().alarms.value().map(Vec::len), Some(1));
}

#[test]
fn it_is_read_every_few_seconds_while_it_is_in_sight_and_not_otherwise() {
    let reads = |counter: &mut Counter, seconds| {
        let before = counter.desk.overseen.asked.len();
        counter.pass(Duration::from_secs(seconds));
        counter.desk.overseen.asked.len() - before
    };
    let mut admin = of(Role::Admin);
    assert_eq!(reads(&mut admin, 60), 0, "it is closed");
    admin.keys("<F8>");
    // The course and four tables.
    assert_eq!(reads(&mut admin, 21), 4 * 5);
    // What is long is read less often.
    admin.keys("rr");
    assert_eq!(reads(&mut admin, 61), 2 * 5);
    admin.keys("<F2>");
    assert_eq!(reads(&mut admin, 120), 0, "the log lies over it");
    admin.keys("<Esc>");
    assert_eq!(reads(&mut admin, 1), 0, "it was read when it came back");
    admin.keys("<Esc>");
    assert_eq!(reads(&mut admin, 120), 0, "it is closed");
}

#[test]
fn an_answer_for_a_time_that_is_shown_no_more_is_dropped() {
    let mut admin = of(Role::Admin);
    admin.slow().keys("<F8>r");
    let outdated = admin.take(is_stats);
    let reply = admin.desk.reply(outdated.call, admin.time());
    admin.tell(Msg::Answer(outdated.id, Box::new(reply)));
    assert!(admin.dashboard().course.value().is_none());
    admin.settle();
    let stats = admin.dashboard().course.value().expect("read");
    assert_eq!(stats.spans[0].span.before.0 - stats.spans[0].span.from.0, 97, "24 hours");
}

#[test]
fn lines_are_filtered_by_typing_and_what_is_seen_is_written_into_a_file() {
    let mut admin = of(Role::Admin);
    admin.keys("<F8>5/tom<Enter>").keys("e");
    let file = admin.model.shared.export.take().expect("a file");
    assert!(file.name.starts_with("countersign-clerks-1970-01-01-1040"), "{}", file.name);
    let lines: Vec<&str> = file.text.lines().collect();
    assert_eq!(lines[0], "Clerk,Asked,Verified,Success,Failed,Overrides,Half within");
    assert_eq!(lines[1..], ["tomasz,40,0,0 %,0,9,'-"]);
    assert_eq!(admin.desk.overseen.exported, [("Clerks".to_owned(), 1)]);
    admin.tell(Msg::Written(Ok("/tmp/clerks.csv".into()))).says("/tmp/clerks.csv");
    admin.tell(Msg::Written(Err("disk full".into()))).says("Nothing was written: disk full.");
    admin.keys("xe");
    let file = admin.model.shared.export.take().expect("a file");
    assert_eq!(file.text.lines().count(), 4, "all lines again");
}

#[test]
fn an_export_is_written_after_the_log_has_its_entry_and_not_without_it() {
    let mut admin = of(Role::Admin);
    admin.slow().keys("<F8>");
    admin.settle();
    admin.keys("5");
    admin.settle();
    admin.keys("e");
    assert!(admin.model.shared.export.is_none(), "the entry comes first");
    let asked = admin.take(|call| matches!(call, Call::RecordStatsExport(_)));
    admin.tell(Msg::Answer(asked.id, Box::new(Answer::RecordStatsExport(Err(down())))));
    assert!(admin.model.shared.export.is_none(), "there is no entry");
    admin.keys("e");
    admin.settle();
    assert!(admin.model.shared.export.is_some());
}

#[test]
fn the_work_below_stays_and_goes_on() {
    let mut admin = of(Role::Admin);
    admin.keys("riv<Enter><Enter>").is_at("entry");
    admin.keys("<F8>481902");
    assert_eq!(admin.dashboard().pane, Pane::Course, "digits choose parts");
    admin.keys("<Esc>").is_at("entry");
    assert_eq!(admin.typed(), "", "nothing went into the boxes");
    let is_closed = |model: &Model| model.dashboard.is_none() && model.focus == Focus::Work;
    assert!(is_closed(&admin.model));
    admin.keys("<F8><F8>");
    assert!(is_closed(&admin.model), "its key closes it too");
}

#[test]
fn the_number_of_open_alarms_is_known_to_those_who_may_see_them() {
    let mut clerk = of(Role::Clerk);
    clerk.desk.overseen.alarms = vec![alarm(7, "tomasz")];
    clerk.tell(Msg::StoreChanged).pass(Duration::from_mins(1));
    assert_eq!(open_alarms::count(&clerk.model.shared), 0);
    let mut admin = of(Role::Admin);
    admin.pending = update::start(&mut admin.model, admin.now);
    admin.settle();
    admin.desk.overseen.alarms = vec![alarm(7, "tomasz")];
    admin.pass(Duration::from_secs(20));
    assert_eq!(open_alarms::count(&admin.model.shared), 0, "nothing was written since");
    admin.tell(Msg::StoreChanged).pass(Duration::from_secs(20));
    assert_eq!(open_alarms::count(&admin.model.shared), 1);
}
