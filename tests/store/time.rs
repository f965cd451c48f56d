//! What time does, by the store's clock. The tests move what is stored, since
//! nobody can move the clock.

use std::time::Duration;

use countersign::domain::outcome::Outcome;
use countersign::domain::policy::{RateLimit, RateWindow};
use countersign::domain::request::Status;
use countersign::domain::session::SessionEnd;
use countersign::service::ports::{AttemptOutcome, IssueOutcome, SessionFilter};

use crate::support::{Terminal, next, on_each_store, token, wish};

const MINUTE: i64 = 60_000;

on_each_store! {
    async fn security_02_a_code_works_until_it_expires_and_not_a_moment_longer(fixture) {
        let desk = Terminal::new(fixture.open().await);
        let customer = desk.customer("WB-1").await;
        let request = desk.issue(&wish(customer, "123456")).await;
        let now = fixture.now();
        fixture.sql(&format!("UPDATE core_otp SET expires_at = {now}")).await;
        assert_eq!(desk.enter(&request.id, "123456").await, Outcome::Expired, "at expiry");
        let expired = desk.request(&request.id).await;
        assert_eq!((expired.status, expired.attempts), (Status::Expired, 0));
        fixture.sql(&format!("UPDATE core_otp SET expires_at = {now} + 1000")).await;
        fixture.sign_again().await;
        assert_eq!(desk.enter(&request.id, "123456").await, Outcome::Verified, "a second before");
    }

    async fn an_expired_request_starts_no_count_and_cannot_be_renewed(fixture) {
        let desk = Terminal::new(fixture.open().await);
        let customer = desk.customer("WB-1").await;
        let first = desk.issue(&wish(customer, "123456")).await;
        assert_eq!(desk.enter(&first.id, "000000").await, Outcome::Wrong);
        fixture.pass(5 * MINUTE).await;
        let late = desk.try_reissue(&first, "222222").await.expect("an answer");
        assert!(matches!(late, IssueOutcome::Closed(request) if request.status == Status::Expired));
        let late = desk.store.cancel(&first.id, &desk.actor).await.expect("an answer");
        assert_eq!(late.map(|it| it.status), Some(Status::Expired));
        let second = desk.issue(&wish(customer, "333333")).await;
        assert_eq!(second.attempts, 0);
        assert_eq!(desk.request(&first.id).await.status, Status::Expired);
        assert_eq!(desk.enter(&first.id, "123456").await, Outcome::Expired);
        assert_eq!(desk.enter(&second.id, "123456").await, Outcome::Wrong, "no longer recognised");
    }

    async fn a_withdrawn_request_keeps_its_count_only_while_it_would_have_worked(fixture) {
        let desk = Terminal::new(fixture.open().await);
        let customer = desk.customer("WB-1").await;
        let first = desk.issue(&wish(customer, "123456")).await;
        assert_eq!(desk.enter(&first.id, "000000").await, Outcome::Wrong);
        desk.store.cancel(&first.id, &desk.actor).await.expect("an answer");
        fixture.pass(5 * MINUTE).await;
        assert_eq!(desk.issue(&wish(customer, "222222")).await.attempts, 0);
    }

    async fn an_older_code_is_recognised_until_it_would_have_expired(fixture) {
        let desk = Terminal::new(fixture.open().await);
        let first = desk.issue(&wish(desk.customer("WB-1").await, "111111")).await;
        fixture.pass(4 * MINUTE).await;
        let second = desk.reissue(&first, "222222").await;
        assert_eq!(desk.enter(&second.id, "111111").await, Outcome::Superseded);
        fixture.pass(MINUTE).await;
        assert_eq!(desk.enter(&second.id, "111111").await, Outcome::Wrong);
        desk.reissue(&desk.request(&second.id).await, "333333").await;
        let kept = fixture.number("SELECT COUNT(*) FROM core_otp_retired").await;
        assert_eq!(kept, 1, "what has expired is erased");
    }

    async fn cooldowns_and_limits_pass(fixture) {
        let mut desk = Terminal::new(fixture.open().await);
        desk.policy.resend_cooldown = Duration::from_secs(30);
        desk.limits.per_hour.per_contact = 2;
        let customer = desk.customer("WB-1").await;
        let first = desk.issue(&wish(customer, "111111")).await;
        fixture.pass(30_000).await;
        desk.reissue(&first, "222222").await;
        fixture.pass(30_000).await;
        let limited = desk.try_issue(&wish(customer, "333333")).await.expect("an answer");
        let IssueOutcome::Limited { limit: RateLimit::Contact(RateWindow::Hour), retry_at } = limited else {
            panic!("{limited:?}")
        };
        let now = desk.store.now().await.expect("a clock");
        let wait = retry_at.since(now);
        assert!(wait > Duration::from_mins(58) && wait <= Duration::from_mins(59), "{wait:?}");
        fixture.pass(59 * MINUTE).await;
        desk.issue(&wish(customer, "333333")).await;
    }

    async fn security_06_a_clerks_wrong_codes_are_forgotten_after_an_hour(fixture) {
        let mut desk = Terminal::new(fixture.open().await);
        desk.limits.wrong_codes_per_clerk = 2;
        let customer = desk.customer("WB-1").await;
        let first = desk.issue(&wish(customer, "111111")).await;
        assert_eq!(desk.enter(&first.id, "000000").await, Outcome::Wrong);
        fixture.pass(MINUTE).await;
        assert_eq!(desk.enter(&first.id, "000000").await, Outcome::Wrong);
        assert_eq!(desk.enter(&first.id, "111111").await, Outcome::Limited);
        fixture.pass(58 * MINUTE).await;
        let second = desk.issue(&wish(customer, "222222")).await;
        assert_eq!(desk.enter(&second.id, "222222").await, Outcome::Limited);
        fixture.pass(MINUTE).await;
        assert_eq!(desk.enter(&second.id, "000000").await, Outcome::Wrong);
        assert_eq!(fixture.number("SELECT failures FROM core_clerk_guard").await, 1);
        assert_eq!(desk.enter(&second.id, "222222").await, Outcome::Verified);
    }

    async fn security_30_sessions_end_by_idleness_and_by_time(fixture) {
        let desk = Terminal::new(fixture.open().await);
        let customer = desk.customer("WB-1").await;
        let mut tokens = Vec::new();
        for _ in 0..2 {
            let request = desk.issue(&wish(customer, "123456")).await;
            let token = token(next());
            let attempted = desk.enter_with(&request.id, "123456", &token).await.expect("an answer");
            assert!(matches!(attempted, AttemptOutcome::Verified { .. }));
            tokens.push(token.digest());
        }
        let touch = |at: usize| {
            let (store, digest) = (desk.store.clone(), tokens[at].clone());
            async move {
                let touched = store.touch(&digest, Duration::from_mins(5)).await;
                touched.expect("an answer").expect("a session").session.ended.map(|it| it.1)
            }
        };
        fixture.pass(4 * MINUTE).await;
        assert_eq!(touch(0).await, None);
        fixture.pass(MINUTE).await;
        assert_eq!(touch(0).await, None);
        assert_eq!(touch(1).await, Some(SessionEnd::Idle), "five minutes untouched");
        let alive = desk.store.sessions(SessionFilter::Alive, 9).await.expect("an answer");
        assert_eq!(alive.len(), 1);
        for _ in 0..2 {
            fixture.pass(4 * MINUTE).await;
            assert_eq!(touch(0).await, None);
        }
        fixture.pass(2 * MINUTE).await;
        assert_eq!(touch(0).await, Some(SessionEnd::TimedOut), "a quarter of an hour in all");
        let all = desk.store.sessions(SessionFilter::All, 9).await.expect("an answer");
        let last = &all[0].session;
        let ended = last.ended.expect("an end");
        assert_eq!(ended.0, last.ends_at());
        let late = desk.store.end_session(&last.id, SessionEnd::Logout, &desk.actor).await;
        assert_eq!(late.expect("an answer").and_then(|it| it.session.ended), Some(ended), "it was over");
    }
}
