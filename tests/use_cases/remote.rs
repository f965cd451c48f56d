//! The desk over a socket whose connections are cut: an act is made again under its
//! idempotency key, and done once.

use std::path::{Path, PathBuf};
use std::time::Duration;

use countersign::domain::code::TypedCode;
use countersign::domain::staff::Role;
use countersign::remote::{RemoteDesk, Server, ServerLimits, listen};
use countersign::service::DeskError;
use countersign::service::api::{Answer, Call, Door as _};
use countersign::service::customers::calls::FindCustomers;
use countersign::service::ports::StoreError;
use countersign::service::staff::StaffAct;
use countersign::service::store_call_retry::RetryPolicy;
use countersign::service::verification::calls::{AskForCode, ResendCode, VerifyCode};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{UnixListener, UnixStream};
use zeroize::Zeroizing;

use super::*;

/// Where the next call is cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Cut {
    /// It does not reach the service.
    Request,
    /// Its answer does not come back.
    Answer,
    /// Not at all.
    No,
}

/// A service, and between it and its client a line that can be cut.
struct Line {
    bench: Bench,
    door: RemoteDesk,
    cuts: Arc<Mutex<Vec<Cut>>>,
    end: CancellationToken,
}

impl Line {
    async fn new() -> Self {
        let bench = Bench::new(Scripted::fine(), |_| {}).await;
        let account = whoami::username().expect("an account").parse().expect("a plain name");
        let added = bench.desk.change_staff(&account, StaffAct::Add(Role::Clerk)).await;
        added.expect("added");
        let service = bench.folder.path().join("desk.sock");
        let listener = listen(&service, None).await.expect("a socket");
        let end = CancellationToken::new();
        let server = Server::new(bench.desk.clone(), false, ServerLimits::default());
        drop(tokio::spawn(server.run(listener, end.clone())));
        let cuts = Arc::new(Mutex::new(Vec::new()));
        let cut_line = bench.folder.path().join("line.sock");
        drop(tokio::spawn(relay(cut_line.clone(), service, Arc::clone(&cuts))));
        while !cut_line.exists() {
            tokio::task::yield_now().await;
        }
        let connected = RemoteDesk::connect(&cut_line, Arc::new(OsRandom), true).await;
        let (door, _) = connected.expect("connected");
        Self { bench, door, cuts, end }
    }

    /// Makes a call as a counter does, with these cuts.
    async fn call(&self, cuts: &[Cut], call: impl Into<Call>) -> Answer {
        *self.cuts.lock().expect("whole") = cuts.iter().rev().copied().collect();
        let retry = RetryPolicy::lasting(|_| {});
        let retry = retry.waiting(Duration::from_millis(20), Duration::from_millis(100));
        self.door.handle(call.into(), retry).await
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        self.end.cancel();
    }
}

async fn relay(at: PathBuf, service: PathBuf, cuts: Arc<Mutex<Vec<Cut>>>) {
    let listener = UnixListener::bind(at).expect("a socket");
    while let Ok((client, _)) = listener.accept().await {
        drop(tokio::spawn(relay_one(client, service.clone(), Arc::clone(&cuts))));
    }
}

async fn relay_one(client: UnixStream, service: impl AsRef<Path>, cuts: Arc<Mutex<Vec<Cut>>>) {
    let Ok(service) = UnixStream::connect(service).await else { return };
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_service, mut to_service) = service.into_split();
    let Some(hello) = frame(&mut from_client).await else { return };
    write(&mut to_service, &hello).await;
    let Some(greeting) = frame(&mut from_service).await else { return };
    write(&mut to_client, &greeting).await;
    let mut cut = Cut::No;
    loop {
        tokio::select! {
            request = frame(&mut from_client) => {
                let Some(request) = request else { return };
                cut = cuts.lock().expect("whole").pop().unwrap_or(Cut::No);
                if cut == Cut::Request {
                    return;
                }
                write(&mut to_service, &request).await;
            }
            push = frame(&mut from_service) => {
                let Some(push) = push else { return };
                if cut == Cut::Answer && push.windows(8).any(|it| it == b"\"Answer\"") {
                    return;
                }
                write(&mut to_client, &push).await;
            }
        }
    }
}

/// A frame with its length. (Not safe to drop in the middle: good enough between local
/// sockets that write a frame at once.)
async fn frame(from: &mut OwnedReadHalf) -> Option<Vec<u8>> {
    let length = from.read_u32().await.ok()?;
    let mut frame = length.to_be_bytes().to_vec();
    frame.resize(4 + length as usize, 0);
    from.read_exact(&mut frame[4..]).await.ok()?;
    Some(frame)
}

async fn write(to: &mut OwnedWriteHalf, frame: &[u8]) {
    // The other side may be gone.
    let _ = to.write_all(frame).await;
}

const CUTS: &[&[Cut]] = &[
    &[],
    &[Cut::Request],
    &[Cut::Answer],
    &[Cut::Answer, Cut::Answer],
    &[Cut::Request, Cut::Answer, Cut::Request],
];

#[tokio::test(flavor = "multi_thread")]
async fn acts_over_a_cut_connection_are_done_once() {
    for cuts in CUTS {
        let line = Line::new().await;
        let dana = line.bench.customer("WB-1", None).await;
        let ask = AskForCode(CodeRequest {
            customer: dana.id,
            channel: Channel::Email,
            purpose: "pay a bill".into(),
            representative: None,
            idempotency: "ask".into(),
        });
        let asked = line.call(cuts, ask).await;
        let Answer::AskForCode(Ok(asked)) = asked else { panic!("{cuts:?}: {asked:?}") };
        let (CodeRequestOutcome::Ready(_) | CodeRequestOutcome::Already(_)) = &asked else {
            panic!("{cuts:?}: {asked:?}")
        };
        let (request, _) = line.bench.send(asked).await;
        let another = ResendCode { request: request.id.clone(), after: 1 };
        let resent = line.call(cuts, another).await;
        let Answer::ResendCode(Ok(Some(resent))) = resent else { panic!("{cuts:?}: {resent:?}") };
        let (resent, code) = line.bench.send(resent).await;
        assert_eq!(resent.generation, 2, "{cuts:?}");

        let verify = |code: String, key: &str| VerifyCode {
            request: request.id.clone(),
            code: TypedCode(Zeroizing::new(code)),
            key: key.to_owned(),
            session: None,
        };
        let wrong = line.call(cuts, verify(other(&code), "wrong")).await;
        let Answer::VerifyCode(Ok(Verification::Refused(refused))) = wrong else {
            panic!("{cuts:?}: {wrong:?}")
        };
        assert_eq!((refused.outcome, refused.request.attempts), (Outcome::Wrong, 1), "{cuts:?}");
        let right = line.call(cuts, verify(code, "right")).await;
        let Answer::VerifyCode(Ok(Verification::Verified(verified))) = right else {
            panic!("{cuts:?}: {right:?}")
        };
        let alive = line.bench.desk.touch(&verified.token).await.expect("an answer");
        assert_eq!(alive.map(|it| it.id), Some(verified.session.id.clone()), "{cuts:?}");
        let sessions = line.bench.number("SELECT COUNT(*) FROM core_session").await;
        assert_eq!(sessions, 1, "{cuts:?}");
        let attempts =
            line.bench.number("SELECT COUNT(*) FROM core_event WHERE kind = 'attempt'").await;
        assert_eq!(attempts, 2, "{cuts:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_read_over_a_cut_connection_fails_at_once_and_works_again() {
    let line = Line::new().await;
    line.bench.customer("WB-1", None).await;
    let find = || FindCustomers { typed: "WB-1".into(), limit: 5 };
    let lost = line.call(&[Cut::Answer], find()).await;
    let Answer::FindCustomers(Err(DeskError::Store(error))) = lost else { panic!("{lost:?}") };
    assert!(matches!(error, StoreError::Unknown(_)), "{error:?}");
    let mut connection = line.door.signals().connection;
    let back = async {
        while line.call(&[], find()).await.error().is_some() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), back).await.expect("it comes back");
    assert!(connection.borrow_and_update().is_none());
}
