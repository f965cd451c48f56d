//! The interface at work while its store is lost or hangs. The test runs itself
//! again on a terminal of its own, on a store that goes away when a file says so.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use countersign::config::settings::UiSettings;
use countersign::domain::delivery::SendReport;
use countersign::domain::explanation::Explanation;
use countersign::domain::message::Outgoing;
use countersign::lifecycle::{Lifecycle, Signals};
use countersign::service::Desk;
use countersign::service::ports::{SendGuard, Sender};
use countersign::tui::{Opening, run};

use super::breaking::Breaking;
use super::inside::{again, client, desk_on, sample, time_left};
use super::terminal::PtySession;

/// The interface at the boxes, and the code that was sent.
fn at_the_boxes() -> (PtySession, String) {
    let mut session = again("store_lost::child_with_a_store_that_goes_away");
    session.wait_for_text("Riverside Billing");
    session.press("river").wait_for_text("Dana Rivera");
    session.act("\r").wait_for_text("Purpose");
    session.act("\r").wait_for_text("sent ✓");
    let code = fs::read_to_string(session.folder.path().join("code")).expect("a code");
    (session, code)
}

fn switch(session: &PtySession, name: &str, on: bool) {
    let file = session.folder.path().join(name);
    if on { fs::write(file, "") } else { fs::remove_file(file) }.expect("a switch");
}

#[test]
fn a_code_entered_while_the_store_is_lost_is_checked_when_it_is_back() {
    let (mut session, code) = at_the_boxes();
    session.press("\x1bOQ").wait_for_text("Message sent");
    session.press("\x1bOQ").wait_for_text("Time left");
    switch(&session, "lost", true);
    session.act(&code).wait_for_text("broke while the code was being checked");
    session.wait_for_text("store lost");
    let before = time_left(&session.seen());
    session.wait_for("other time", |seen| (time_left(seen) != before).then_some(()));
    session.press("\x1bOQ").wait_for_text("Message sent");
    session.wait_for_text("Log · from ");
    session.press("\x1bOQ").wait_for_text("Time left");
    switch(&session, "lost", false);
    session.wait_for_text("Balance");
    session.wait_for_text("the code was checked once");
    session.wait_for_text("store ok");
    session.act("\x18").wait_for_text("Dana Rivera is logged out");
    session.leave();
    assert_eq!(session.end(), 0);
    session.is_restored();
}

#[test]
fn typing_goes_on_while_the_store_hangs_and_while_it_is_lost() {
    for name in ["hung", "lost"] {
        let mut session = again("store_lost::child_with_a_store_that_goes_away");
        session.wait_for_text("Riverside Billing");
        session.wait_for_text("store ok");
        switch(&session, name, true);
        for (key, typed) in [("r", "Search › r"), ("i", "Search › ri"), ("v", "Search › riv")]
        {
            let begun = Instant::now();
            session.press(key).wait_for_text(typed);
            assert!(begun.elapsed() < Duration::from_secs(1), "{name}: {typed}");
        }
        session.wait_for_text(if name == "hung" { "store slow" } else { "store lost" });
        let waits = if name == "hung" { "Searching" } else { "The search waits for the store" };
        session.wait_for_text(waits);
        session.act("\r").wait_for_text("nobody was chosen");
        switch(&session, name, false);
        // The search is made; the customer is chosen by who looks at the hits.
        session.wait_for_text("Dana Rivera");
        session.wait_for_text("store ok");
        session.act("\r").wait_for_text("Purpose");
        session.wait_for_text("store ok");
        session.leave();
        assert_eq!(session.end(), 0);
        session.is_restored();
    }
}

#[test]
fn an_end_that_nothing_answered_says_what_is_not_known() {
    let (mut session, code) = at_the_boxes();
    switch(&session, "lost", true);
    session.act(&code).wait_for_text("broke while the code was being checked");
    session.leave();
    assert_ne!(session.end(), 0);
    session.is_restored();
    assert!(session.all_output().contains("nobody answered whether the code was right"));
}

/// Keeps the last code where the test finds it.
struct Keeper;

#[async_trait]
impl Sender for Keeper {
    fn provider(&self) -> &'static str {
        "keeper"
    }

    async fn send_guarded(&self, message: &Outgoing, guard: &dyn SendGuard) -> SendReport {
        assert!(guard.claim().await);
        fs::write("code", message.facts.code.reveal()).expect("a file");
        SendReport::sent(None)
    }

    async fn check(&self) -> Result<String, Explanation> {
        Ok("fine".into())
    }
}

async fn desk() -> Desk {
    let store = Breaking::over(sample().await);
    store.lost_by_file(Path::new("."));
    desk_on(store, Arc::new(Keeper))
}

#[test]
#[ignore = "is run by a test above, at a terminal of its own"]
fn child_with_a_store_that_goes_away() {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let end = runtime.block_on(async {
        let opening = Opening { settings: UiSettings::default(), mark: None, warning: None };
        let mut signals = Signals::new().expect("signals");
        run(client(desk().await), opening, &Lifecycle::new(), &mut signals).await
    });
    runtime.shutdown_background();
    if let Err(error) = end {
        panic!("{error}");
    }
}
