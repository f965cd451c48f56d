//! What the tables themselves refuse on a server, whoever writes to them.

use countersign::domain::outcome::Outcome;

use crate::support::{Kind, Terminal, TestStore, run, wish};

#[tokio::test]
async fn security_02_no_code_is_given_more_than_ten_minutes_by_whoever_writes_to_the_tables() {
    for kind in [Kind::Postgres, Kind::MariaDb] {
        let fixture = TestStore::new(kind);
        let desk = Terminal::new(fixture.open().await);
        let request = desk.issue(&wish(desk.customer("WB-1").await, "111111")).await;
        assert_eq!(desk.enter(&request.id, "111111").await, Outcome::Verified);
        desk.issue(&wish(desk.customer("WB-1").await, "222222")).await;
        let url = &fixture.database().url;
        for (statement, table) in [
            ("UPDATE core_otp SET expires_at = sent_at + 600001", "core_otp_lifetime"),
            ("UPDATE core_session SET expires_at = created_at + 28800001", "core_session_lifetime"),
            ("UPDATE core_session SET idle_at = expires_at + 1", "core_session_lifetime"),
        ] {
            let refused = run(url, statement).await.expect_err(statement).to_string();
            assert!(refused.contains(table), "{kind:?}: {refused}");
        }
        for allowed in [
            "UPDATE core_otp SET expires_at = sent_at + 600000",
            "UPDATE core_session SET expires_at = created_at + 28800000",
        ] {
            run(url, allowed).await.expect(allowed);
        }
    }
}
