//! What becomes of a message when its provider fails, for each provider and
//! each fault: how far it comes, how many messages the server really got, and
//! what the screen says.

#![expect(clippy::expect_used, reason = "a test ends where its ground gives way")]

use std::sync::Arc;
use std::time::{Duration, Instant};

use countersign::domain::channel::Channel;
use countersign::domain::delivery::DeliveryState::{self, Failed, Sent, Undeliverable, Unknown};
use countersign::domain::event::EventKind;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use crate::faulty_servers::{CANARY, LEFT_ALONE, Place};
use crate::office::Office;
use crate::twilio_double::TOKEN;

/// Who is asked to take a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Provider {
    Smtp,
    SendGrid,
    Twilio,
    Gateway,
}

use Provider::{Gateway, SendGrid, Smtp, Twilio};

/// What goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// Nobody listens.
    Refused,
    /// It takes the connection and says nothing.
    HangsAfterConnect,
    /// It takes the whole message and says nothing.
    HangsAfterMessage,
    /// It refuses the message: 450 at the recipient; 400.
    Says4xx,
    /// It refuses the message: 554 after the letter; 500.
    Says5xx,
    /// It has too much to do: 421 at the greeting; 429 with Retry-After.
    Busy,
    /// It does not take the login.
    WrongLogin,
    /// Its certificate has expired.
    Expired,
    /// Somebody puts words before the protected connection.
    Injection,
    /// It takes the whole message, and half of its answer arrives.
    HalfAnswer,
    /// It takes its time.
    Slow,
}

use Trouble::{
    Busy, Expired, HalfAnswer, HangsAfterConnect, HangsAfterMessage, Injection, Refused, Says4xx,
    Says5xx, Slow, WrongLogin,
};

/// Whether it is over at the next try.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Lasts {
    Once,
    Always,
}

use Lasts::{Always, Once};

struct Case(Provider, Trouble, Lasts, DeliveryState, usize, &'static str);

/// Provider, fault, whether it passes; then how far the message comes, how many
/// the server got, and words of what the screen says.
const CASES: &[Case] = &[
    Case(Smtp, Refused, Always, Failed, 0, "refuses the connection"),
    Case(Smtp, HangsAfterConnect, Once, Sent, 1, ""),
    Case(Smtp, HangsAfterConnect, Always, Failed, 0, "did not answer in time"),
    Case(Smtp, HangsAfterMessage, Always, Unknown, 1, "did not confirm"),
    Case(Smtp, Says4xx, Once, Sent, 1, ""),
    Case(Smtp, Says4xx, Always, Failed, 0, "try later"),
    Case(Smtp, Says5xx, Always, Undeliverable, 0, "refused as spam"),
    Case(Smtp, Busy, Once, Sent, 1, ""),
    Case(Smtp, Busy, Always, Failed, 0, "too many connections"),
    Case(Smtp, WrongLogin, Always, Failed, 0, "login"),
    Case(Smtp, Expired, Always, Failed, 0, "certificate has expired"),
    Case(Smtp, Injection, Always, Failed, 0, "sent more than its answer"),
    Case(Smtp, HalfAnswer, Always, Unknown, 1, "did not confirm"),
    Case(Smtp, Slow, Always, Sent, 1, ""),
    Case(SendGrid, Refused, Always, Failed, 0, "cannot be reached"),
    Case(SendGrid, HangsAfterConnect, Always, Unknown, 0, "did not confirm"),
    Case(SendGrid, HangsAfterMessage, Always, Unknown, 1, "did not confirm"),
    Case(SendGrid, Says4xx, Always, Undeliverable, 0, "refuses the email"),
    Case(SendGrid, Says5xx, Once, Sent, 1, ""),
    Case(SendGrid, Says5xx, Always, Failed, 0, "fault of its own"),
    Case(SendGrid, Busy, Once, Sent, 1, ""),
    Case(SendGrid, Busy, Always, Failed, 0, "wait 3 seconds"),
    Case(SendGrid, WrongLogin, Always, Failed, 0, "API key"),
    Case(SendGrid, Expired, Always, Failed, 0, "certificate has expired"),
    Case(SendGrid, HalfAnswer, Always, Unknown, 1, "did not confirm"),
    Case(SendGrid, Slow, Always, Sent, 1, ""),
    Case(Twilio, Refused, Always, Failed, 0, "cannot be reached"),
    Case(Twilio, HangsAfterConnect, Always, Unknown, 0, "Twilio"),
    Case(Twilio, HangsAfterMessage, Always, Sent, 1, ""),
    Case(Twilio, Says4xx, Always, Undeliverable, 0, "number"),
    Case(Twilio, Says5xx, Once, Sent, 1, ""),
    Case(Twilio, Says5xx, Always, Failed, 0, "fault of its own"),
    Case(Twilio, Busy, Once, Sent, 1, ""),
    Case(Twilio, Busy, Always, Failed, 0, "wait 3 seconds"),
    Case(Twilio, WrongLogin, Always, Failed, 0, "login"),
    Case(Twilio, Expired, Always, Failed, 0, "certificate has expired"),
    Case(Twilio, HalfAnswer, Always, Sent, 1, ""),
    Case(Twilio, Slow, Always, Sent, 1, ""),
    Case(Gateway, Refused, Always, Failed, 0, "cannot be reached"),
    Case(Gateway, HangsAfterConnect, Always, Unknown, 0, "did not confirm"),
    Case(Gateway, HangsAfterMessage, Always, Unknown, 1, "did not confirm"),
    Case(Gateway, Says4xx, Always, Undeliverable, 0, "refuses the message"),
    Case(Gateway, Says5xx, Once, Sent, 1, ""),
    Case(Gateway, Says5xx, Always, Failed, 0, "fault of its own"),
    Case(Gateway, Busy, Once, Sent, 1, ""),
    Case(Gateway, Busy, Always, Failed, 0, "wait 3 seconds"),
    Case(Gateway, WrongLogin, Always, Failed, 0, "refused the login"),
    Case(Gateway, Expired, Always, Failed, 0, "certificate has expired"),
    Case(Gateway, HalfAnswer, Always, Unknown, 1, "did not confirm"),
    Case(Gateway, Slow, Always, Sent, 1, ""),
];

/// A code that works a little longer than what is of use: one more try, and
/// then it is too late for another.
const EXPIRY: Duration = Duration::from_secs(37);

/// Cases at once.
const AT_ONCE: usize = 12;

/// What became of one.
struct Row {
    case: &'static Case,
    state: DeliveryState,
    received: usize,
    says: String,
    log: Vec<EventKind>,
}

async fn run(case: &'static Case) -> Row {
    let Case(provider, trouble, lasts, ..) = case;
    let place = Place::new(*provider, *trouble, *lasts == Once).await;
    let office = Office::new(Arc::clone(&place.sender), EXPIRY).await;
    let channel = match provider {
        Smtp | SendGrid => Channel::Email,
        Twilio | Gateway => Channel::Sms,
    };
    let request = office.ask(channel).await;
    let begun = Instant::now();
    let told = office.desk.deliver(request.delivery.id).await.expect("a desk");
    assert!(told.is_some(), "{provider:?} {trouble:?}: the clerk is told something at once");
    if *trouble == HangsAfterMessage || *trouble == HangsAfterConnect {
        assert!(begun.elapsed() < Duration::from_secs(20), "within the sender's own limits");
    }
    // What a provider that can be asked has taken is not followed to its end here.
    let settled = [Sent, Failed, Undeliverable];
    // Who cannot even be asked stays unknown.
    let asked_in_vain = *provider == Twilio && *trouble == HangsAfterConnect;
    if !settled.contains(&told.expect("a report").state) && !asked_in_vain {
        office.work(&request, |state| settled.contains(&state)).await;
    }
    let asked = place.seen.asked();
    if *trouble == Busy && *provider != Smtp {
        let wait = asked.last().expect("a try").duration_since(asked[0]);
        assert!(asked.len() == 1 || wait >= Duration::from_secs(LEFT_ALONE), "{wait:?}");
    }
    let now = office.now(&request).await;
    let (state, says) =
        (now.delivery.state, now.delivery.detail.map(|it| it.for_admin).unwrap_or_default());
    Row { case, state, received: place.seen.received(), says, log: office.said().await }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn security_20_whatever_fails_no_message_is_lost_unnoticed_and_none_comes_twice() {
    let room = Arc::new(Semaphore::new(AT_ONCE));
    let mut running = JoinSet::new();
    for (at, case) in CASES.iter().enumerate() {
        let room = Arc::clone(&room);
        running.spawn(async move {
            let _place = room.acquire_owned().await.expect("room");
            (at, run(case).await)
        });
    }
    let mut rows = running.join_all().await;
    rows.sort_by_key(|(at, _)| *at);
    let mut wrong = Vec::new();
    for (_, Row { case, state, received, says, log }) in rows {
        let Case(provider, trouble, lasts, wanted, count, words) = case;
        let is_down = log.contains(&EventKind::ProviderDown);
        assert!(*trouble != Says4xx || !is_down, "{provider:?} works: it refused one recipient");
        let log: Vec<_> = log.into_iter().map(EventKind::word).collect();
        let line = format!(
            "| {provider:?} | {trouble:?}, {lasts:?} | {} | {received} | {says} | {} |",
            state.word(),
            log.join(", ")
        );
        println!("{line}");
        let secret = says.contains(CANARY) || says.contains(TOKEN) || says.contains("dana@");
        if state != *wanted || received != *count || !says.contains(words) || secret {
            wrong.push(line);
        }
        assert!(received <= 1, "{provider:?} {trouble:?}: it came twice");
        assert!(says.is_empty() == (state == Sent), "{provider:?} {trouble:?}: {says}");
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
