//! A line that stalls: it takes what is written to it, holds it for longer than the sender
//! waits, and then lets it through (a proxy, a router that restarts). The provider says in
//! between that it never had the message.

#![expect(clippy::expect_used, reason = "a test ends where its ground gives way")]

use std::sync::Arc;
use std::time::{Duration, Instant};

use countersign::delivery::SendTimeouts;
use countersign::domain::channel::Channel;
use countersign::domain::delivery::DeliveryState;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::faults::Provider;
use crate::faulty_servers::{Seen, date, http_sender_within};
use crate::http_double::{Double, Request};
use crate::office::Office;
use crate::twilio_records::Books;

/// The sender's own limits.
const BRIEF: SendTimeouts =
    SendTimeouts { step: Duration::from_millis(200), total: Duration::from_millis(400) };

/// A line to a server. A message stalls in it until it is released; everything else goes
/// through.
async fn line(server: String, released: watch::Receiver<bool>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("an address").port();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(carry(stream, server.clone(), released.clone()));
        }
    });
    format!("http://127.0.0.1:{port}")
}

async fn carry(mut stream: TcpStream, server: String, mut released: watch::Receiver<bool>) {
    let mut request = Vec::new();
    // A request comes in one or two pieces.
    while stream.read_buf(&mut request).await.is_ok_and(|read| read > 0) {
        let text = String::from_utf8_lossy(&request);
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let length = head.lines().find_map(|it| it.strip_prefix("content-length: "));
        if body.len() >= length.map_or(0, |it| it.parse().expect("a number")) {
            break;
        }
    }
    if request.starts_with(b"POST ") {
        // It holds what it has, whether the sender is still there or not.
        let _ = released.wait_for(|released| *released).await;
    }
    let place = server.strip_prefix("http://").expect("an address");
    let Ok(mut onward) = TcpStream::connect(place).await else { return };
    let _ = onward.write_all(&request).await;
    let mut answer = Vec::new();
    let _ = onward.read_to_end(&mut answer).await;
    let _ = stream.write_all(&answer).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn security_20_a_line_that_stalls_and_then_lets_it_through_sends_no_code_twice() {
    // After as many without an answer the others wait.
    const CODES: usize = 3;
    let (seen, books) = (Arc::new(Seen::default()), Books::default());
    let counted = Arc::clone(&seen);
    let double = Double::start(move |request: &Request| {
        if request.method == "POST" {
            counted.take();
        }
        books.answer(request, &date())
    })
    .await;
    let (release, released) = watch::channel(false);
    let url = line(double.url(), released).await;
    let sender = http_sender_within(Provider::Twilio, &url, BRIEF);
    let office = Office::new(sender, Duration::from_mins(5)).await;
    let mut requests = Vec::new();
    for _ in 0..CODES {
        let request = office.ask(Channel::Sms).await;
        let report = office.desk.deliver(request.delivery.id).await.expect("a desk");
        assert_eq!(report.map(|it| it.state), Some(DeliveryState::Unknown));
        requests.push(request);
    }
    let end = CancellationToken::new();
    let (desk, over) = (office.desk.clone(), end.clone());
    let worker = tokio::spawn(async move { desk.run_outbox(4, over, |_, _| {}).await });
    // Eighty seconds, and again: longer than the sender waits, by far.
    for _ in 0..2 {
        tokio::time::sleep(Duration::from_millis(1_500)).await;
        office.pass(80_000).await;
        for request in &requests {
            let state = office.now(request).await.delivery.state;
            assert_eq!(state, DeliveryState::Unknown, "it is told as not known");
        }
    }
    assert_eq!(seen.received(), 0, "nothing has come through yet");
    release.send(true).expect("the line is there");
    let begun = Instant::now();
    for request in &requests {
        while office.now(request).await.delivery.state == DeliveryState::Unknown {
            assert!(begun.elapsed() < Duration::from_mins(1), "it is never known");
            // Whoever asks seldom by now asks at once.
            office.sql("UPDATE core_outbox SET due_at = 1 WHERE due_at > 1").await;
            tokio::time::sleep(Duration::from_millis(600)).await;
        }
        assert_eq!(office.now(request).await.delivery.state, DeliveryState::Sent);
    }
    end.cancel();
    worker.await.expect("it ends");
    assert_eq!(seen.received(), CODES, "each came once");
}
