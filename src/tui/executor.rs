//! Carries effects out and brings their answers back.
//!
//! A search makes the one before it pointless, which is aborted. What changes
//! something is tracked and never aborted: at the end of the program it is
//! waited for. Reads are dropped then. Where the connection to the store breaks,
//! what changes something is retried until it is answered, and so is the read of the
//! clock, which finds out that the store is back.

use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::mpsc;
use tokio::task::{AbortHandle, JoinSet};
use tokio_util::task::TaskTracker;

use crate::lifecycle::Lifecycle;
use crate::service::api::{Call, DeskClient};
use crate::service::ports::StoreError;
use crate::service::store_call_retry::RetryPolicy;
use crate::service::{DeskError, messages};
use crate::tui::machine::effect::{Effect, EffectId};
use crate::tui::machine::file_export::FileExport;
use crate::tui::machine::keymap::{Command, Context, key_name};
use crate::tui::machine::message::{Failure, Msg};
use crate::tui::machine::pending::PendingAct;

/// Answers that may wait for the machine; one more waits where it was made.
const MAX_QUEUED_ANSWERS: usize = 64;

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
    desk: DeskClient,
    answers: mpsc::Sender<Msg>,
}

impl std::fmt::Debug for Worker {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Worker")
    }
}

impl Executor {
    /// An executor, and where its answers come out.
    pub fn new(desk: DeskClient, lifecycle: Lifecycle) -> (Self, mpsc::Receiver<Msg>) {
        let (answers, receiver) = mpsc::channel(MAX_QUEUED_ANSWERS);
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
        let is_search = matches!(effect.call, Call::FindCustomers(_));
        if PendingAct::of(&effect.call).is_some() {
            let act = self.acts.track_future(worker.carry_out(effect));
            drop(self.lifecycle.spawn(act));
            return;
        }
        let handle = self.reads.spawn(worker.carry_out(effect));
        if is_search && let Some(outdated) = self.search.replace(handle) {
            outdated.abort();
        }
    }

    /// Writes a file beside everything else, and says where it is.
    pub fn write(&self, file: FileExport) {
        let answers = self.worker.answers.clone();
        let writing = self.acts.track_future(async move {
            let written = tokio::task::spawn_blocking(move || file.write()).await;
            let written = match written {
                Ok(Ok(path)) => Ok(path.display().to_string()),
                Ok(Err(error)) => Err(error.to_string()),
                Err(error) => Err(error.to_string()),
            };
            // Without a receiver the program is over.
            let _ = answers.send(Msg::Written(written)).await;
        });
        drop(self.lifecycle.spawn(writing));
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

impl Worker {
    async fn carry_out(self, effect: Effect) {
        let retry_policy = self.retry_policy(effect.id);
        let answer = self.desk.handle(effect.call, retry_policy).await;
        let is_signed_out = matches!(answer.error(), Some(DeskError::SignInNeeded));
        let answer = Box::new(answer.map_err(|error| failure(&error)));
        if is_signed_out {
            let _ = self.answers.send(Msg::SignInNeeded).await;
        }
        // Without a receiver the program is over.
        let _ = self.answers.send(Msg::Answer(effect.id, answer)).await;
    }

    /// What breaks is retried as long as it takes. The machine gets a message for each
    /// time; the log has an entry for the first.
    fn retry_policy(&self, id: EffectId) -> RetryPolicy {
        let answers = self.answers.clone();
        let logged = AtomicBool::new(false);
        RetryPolicy::lasting(move |error| {
            if !logged.swap(true, Ordering::Relaxed) {
                tracing::warn!(%error, "retried until the store answers");
            }
            let broke = broken(error);
            // Without room the machine gets the message of the next time.
            let _ = answers.try_send(Msg::Broke(id, broke));
        })
    }
}

fn failure(error: &DeskError) -> Failure {
    tracing::warn!(%error, "the desk could not act");
    match error {
        DeskError::Store(error) if error.is_away() => broken(error),
        DeskError::AwaitsApproval(_) => {
            let key = key_name(Context::Global, Command::ToggleApprovals);
            let text = format!("{} They do so with {key}.", messages::desk_error(error).for_clerk);
            Failure { text, lost: false, waits: false, awaits_approval: true }
        }
        error => Failure {
            text: messages::desk_error(error).for_clerk,
            lost: false,
            waits: false,
            awaits_approval: false,
        },
    }
}

/// What there is to say where the store is away or lets somebody wait.
pub(in crate::tui) fn broken(error: &StoreError) -> Failure {
    let waits = error.is_wait();
    Failure { text: messages::lost(error), lost: !waits, waits, awaits_approval: false }
}
