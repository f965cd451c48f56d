//! Carries effects out and brings their answers back.
//!
//! A search makes the one before it pointless, which is aborted. What changes
//! something is tracked and never aborted: at the end of the program it is
//! waited for. Reads are dropped then. Where the connection to the store breaks,
//! what changes something is told again until it is answered, and so is the
//! question for the time, which finds out that the store is back.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use chrono::Local;
use tokio::sync::mpsc;
use tokio::task::{AbortHandle, JoinSet};
use tokio_util::task::TaskTracker;

use crate::domain::customer::CustomerId;
use crate::domain::session::SessionEnd;
use crate::domain::time::Timestamp;
use crate::lifecycle::Lifecycle;
use crate::service::ports::{StoreError, TrayMessage};
use crate::service::retry::RetryPolicy;
use crate::service::{Desk, DeskError, messages};
use crate::tui::machine::effect::{Effect, EffectId, EffectKind};
use crate::tui::machine::message::{Failure, Msg, Opened, Reply};
use crate::tui::machine::store_clock::ClockReading;
use crate::tui::machine::update::TRAY_WINDOW;

/// Hits of a search: as many as a tall screen shows.
const HITS: u32 = 30;

/// The time that figures are of.
const DAY: Duration = Duration::from_hours(24);

/// Answers that may wait for the machine; one more waits where it was made.
const ANSWERS: usize = 64;

/// Carries effects out against a desk.
#[derive(Debug)]
pub struct Executor {
    worker: Worker,
    /// What must not be cut short is waited for by the program's end.
    lifecycle: Lifecycle,
    /// So much of it is this interface's.
    acts: TaskTracker,
    /// What may be.
    reads: JoinSet<()>,
    search: Option<AbortHandle>,
}

#[derive(Clone)]
struct Worker {
    desk: Desk,
    answers: mpsc::Sender<Msg>,
}

impl std::fmt::Debug for Worker {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Worker")
    }
}

impl Executor {
    /// An executor, and where its answers come out.
    pub fn new(desk: Desk, lifecycle: Lifecycle) -> (Self, mpsc::Receiver<Msg>) {
        let (answers, receiver) = mpsc::channel(ANSWERS);
        let worker = Worker { desk, answers };
        let acts = TaskTracker::new();
        // Closed, it can be waited on; it still takes tasks.
        acts.close();
        (Self { worker, lifecycle, acts, reads: JoinSet::new(), search: None }, receiver)
    }

    /// Begins to carry an effect out.
    pub fn begin(&mut self, effect: Effect) {
        // Reads that are done make room.
        while self.reads.try_join_next().is_some() {}
        let worker = self.worker.clone();
        let is_search = matches!(effect.act, EffectKind::Find { .. });
        if must_end(&effect.act) {
            let act = self.acts.track_future(worker.carry_out(effect));
            drop(self.lifecycle.spawn(act));
            return;
        }
        let handle = self.reads.spawn(worker.carry_out(effect));
        if is_search && let Some(outdated) = self.search.replace(handle) {
            outdated.abort();
        }
    }

    /// Whether nothing is under way that must not be cut short.
    pub fn is_idle(&self) -> bool {
        self.acts.is_empty()
    }

    /// Waits until that is so.
    pub async fn idle(&self) {
        self.acts.wait().await;
    }
}

/// Whether an act, once begun, must come to its end.
const fn must_end(act: &EffectKind) -> bool {
    matches!(
        act,
        EffectKind::Ask(_)
            | EffectKind::Resend { .. }
            | EffectKind::Deliver { .. }
            | EffectKind::Verify { .. }
            | EffectKind::Cancel { .. }
            | EffectKind::Logout { .. }
    )
}

impl Worker {
    async fn carry_out(mut self, effect: Effect) {
        let retry_policy = self.retry_policy(effect.id);
        self.desk = self.desk.with_retry_policy(retry_policy);
        let reply = Box::new(self.reply(effect.act).await);
        // Without a receiver the program is over.
        let _ = self.answers.send(Msg::Reply(effect.id, reply)).await;
    }

    /// What breaks is told again as long as it takes, and the machine hears of
    /// each time; the log, of the first.
    fn retry_policy(&self, id: EffectId) -> RetryPolicy {
        let answers = self.answers.clone();
        let logged = AtomicBool::new(false);
        RetryPolicy::lasting(move |error| {
            if !logged.swap(true, Ordering::Relaxed) {
                tracing::warn!(%error, "told again until the store answers");
            }
            let broke = broken(error);
            // Without room the machine hears of the next time.
            let _ = answers.try_send(Msg::Broke(id, broke));
        })
    }

    async fn reply(&self, act: EffectKind) -> Reply {
        let desk = &self.desk;
        match act {
            EffectKind::ReadClock => {
                let read = or_failure(desk.now().await);
                Reply::Clock(read.map(|store| ClockReading { store, own: own_clock() }))
            }
            EffectKind::Find { typed } => Reply::Found(or_failure(desk.find(&typed, HITS).await)),
            EffectKind::Open { customer } => Reply::Opened(or_failure(self.open(customer).await)),
            EffectKind::Ask(ask) => Reply::Asked(or_failure(desk.ask(&ask).await)),
            EffectKind::Resend { request } => {
                Reply::Resent(or_failure(desk.resend(&request).await))
            }
            EffectKind::Deliver { request } => {
                Reply::Delivered(or_failure(desk.deliver(request.delivery.id).await))
            }
            EffectKind::Verify { request, code } => {
                Reply::Verified(or_failure(desk.verify(&request, &code.0).await))
            }
            EffectKind::Cancel { request } => {
                Reply::Cancelled(or_failure(desk.cancel(&request).await))
            }
            EffectKind::ReadRequest { request } => {
                Reply::Request(or_failure(desk.request(&request).await))
            }
            EffectKind::ReadAccount { customer } => {
                Reply::Account(or_failure(desk.account(customer).await))
            }
            EffectKind::Touch { token } => Reply::Session(or_failure(desk.touch(&token).await)),
            EffectKind::ReadSession { session } => {
                Reply::Session(or_failure(desk.session(&session).await))
            }
            EffectKind::Logout { session } => {
                let ended = desk.end_session(&session, SessionEnd::Logout).await;
                Reply::LoggedOut(or_failure(ended))
            }
            EffectKind::ReadLog { filter, page, limit } => {
                Reply::Log(page, or_failure(desk.log(&filter, page, limit).await))
            }
            EffectKind::ReadStory { request } => {
                Reply::Story(or_failure(desk.story(&request).await))
            }
            EffectKind::ReadLines => Reply::Lines(or_failure(desk.lines().await)),
            EffectKind::ReadFigures => Reply::Figures(or_failure(desk.figures(DAY).await)),
            EffectKind::ReadTray { after } => Reply::Tray(self.tray(after).await),
        }
    }

    /// A customer with the channels, which are offered as their providers do now,
    /// and with the code that is open, whichever terminal asked for it.
    async fn open(&self, customer: CustomerId) -> Result<Option<Opened>, DeskError> {
        let Some(customer) = self.desk.customer(customer).await? else { return Ok(None) };
        // Without word of the providers all of them are offered alike.
        let lines = self.desk.lines().await.unwrap_or_default();
        let waiting = self.desk.waiting_contacts(&[customer.id]).await?;
        let choices = self.desk.channels(&customer, &waiting, &lines);
        let open = self.desk.open_request(customer.id).await?.map(Box::new);
        Ok(Some(Opened { customer, choices, open }))
    }

    async fn tray(&self, after: u64) -> Result<Vec<TrayMessage>, Failure> {
        let Some(tray) = self.desk.tray() else { return Ok(Vec::new()) };
        tray.messages(after, TRAY_WINDOW).await.map_err(|error| Failure {
            text: format!("{error}. The messages on the screen may not be the newest."),
            lost: false,
            waits: false,
        })
    }
}

fn or_failure<T>(result: Result<T, DeskError>) -> Result<T, Failure> {
    result.map_err(|error| failure(&error))
}

fn failure(error: &DeskError) -> Failure {
    tracing::warn!(%error, "the desk could not act");
    match error {
        DeskError::Store(error) if error.is_away() => broken(error),
        error => Failure { text: messages::desk_error(error), lost: false, waits: false },
    }
}

/// What there is to say where the store is away or lets somebody wait.
pub(in crate::tui) fn broken(error: &StoreError) -> Failure {
    let waits = error.is_wait();
    Failure { text: messages::lost(error), lost: !waits, waits }
}

/// What this terminal's own clock says, to be compared with the store's.
fn own_clock() -> Timestamp {
    Timestamp::from_millis(Local::now().timestamp_millis())
}
