//! Any size, and changes of it.

use super::terminal::PtySession;

#[test]
fn every_size_is_drawn_and_the_way_back_is_whole() {
    let mut session = PtySession::demo();
    session.press("river").wait_for_text("Dana Rivera");
    for (columns, rows) in
        [(1, 1), (60, 18), (2, 60), (200, 2), (40, 12), (39, 18), (140, 40), (1, 1)]
    {
        session.resize(columns, rows);
        if columns >= 40 && rows >= 12 {
            session.wait_for_text("Dana Rivera");
        } else if columns * rows > 100 {
            session.wait_for("a word", |seen| {
                let text: String = seen.text().split_whitespace().collect();
                text.contains("toosmall").then_some(())
            });
        }
    }
    session.resize(80, 24);
    session.wait_for_text("Dana Rivera").wait_for_text("Riverside Billing");
    session.leave();
    assert_eq!(session.end(), 0);
    session.is_restored();
}

#[test]
fn from_110_columns_the_log_stands_beside_the_work() {
    let mut session = PtySession::demo();
    session.resize(140, 40);
    session.press("river").wait_for_text("Dana Rivera");
    session.press("\x1bOQ");
    session.wait_for("both", |seen| {
        let text = seen.text();
        (text.contains("Dana Rivera") && text.contains(" Log ")).then_some(())
    });
}
