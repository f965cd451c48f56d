//! How the program ends in good order, and what it does about signals.
//!
//! ```text
//! main:      keep_memory_private()                before anything else
//! in tokio:  Signals::new()?, Lifecycle::new()
//! loop:      signal = signals.next() => match signal {
//!                Stop => { leave the terminal; stop_here()?; enter it again }
//!                Continue => draw everything anew
//!                ending => lifecycle.end()        and leave the loop
//!            }
//!            lifecycle.spawn(send or verify)      awaited at the end
//!            lifecycle.ended()                    drop what can be dropped
//! main:      lifecycle.finish(&mut signals, timeout)
//! ```

use std::io;
use std::time::Duration;

use rustix::process::{Resource, Rlimit, getpid, getrlimit, kill_process, setrlimit};
use tokio::signal::unix::{Signal as Stream, SignalKind, signal};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// What a signal asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signal {
    /// SIGINT: end, from the keyboard. In raw mode Ctrl-C is a key instead.
    Interrupt,
    /// SIGTERM: end.
    Terminate,
    /// SIGHUP: end, since the terminal is gone. Nothing can be written to it.
    HangUp,
    /// SIGQUIT: end.
    Quit,
    /// SIGTSTP: give the terminal back and wait, with [`stop_here`].
    Stop,
    /// SIGCONT: go on; the terminal may show something else by now.
    Continue,
}

impl Signal {
    /// Whether it asks for the end.
    pub const fn ends(self) -> bool {
        !matches!(self, Self::Stop | Self::Continue)
    }

    /// The exit code of a program that ends by it, as shells count.
    pub const fn exit_code(self) -> u8 {
        match self {
            Self::HangUp => 129,
            Self::Interrupt => 130,
            Self::Quit => 131,
            Self::Terminate => 143,
            Self::Stop => 148,
            Self::Continue => 146,
        }
    }
}

/// The signals of this process, one after the other. From its making on they
/// have no other effect.
#[derive(Debug)]
pub struct Signals {
    interrupt: Stream,
    terminate: Stream,
    hang_up: Stream,
    quit: Stream,
    stop: Stream,
    go_on: Stream,
}

impl Signals {
    /// Begins to listen; needs the tokio runtime.
    pub fn new() -> io::Result<Self> {
        let raw = |signal: rustix::process::Signal| SignalKind::from_raw(signal.as_raw());
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            hang_up: signal(SignalKind::hangup())?,
            quit: signal(SignalKind::quit())?,
            stop: signal(raw(rustix::process::Signal::TSTP))?,
            go_on: signal(raw(rustix::process::Signal::CONT))?,
        })
    }

    /// The next signal. Dropping the future loses none.
    pub async fn next(&mut self) -> Signal {
        tokio::select! {
            biased;
            _ = self.hang_up.recv() => Signal::HangUp,
            _ = self.terminate.recv() => Signal::Terminate,
            _ = self.quit.recv() => Signal::Quit,
            _ = self.interrupt.recv() => Signal::Interrupt,
            _ = self.stop.recv() => Signal::Stop,
            _ = self.go_on.recv() => Signal::Continue,
        }
    }

    /// The next signal that asks for the end.
    pub async fn next_end(&mut self) -> Signal {
        loop {
            let signal = self.next().await;
            if signal.ends() {
                return signal;
            }
        }
    }
}

/// Stops the whole process, as SIGTSTP does to a program that does not listen;
/// comes back when it is continued. The terminal must have been given back.
pub fn stop_here() -> io::Result<()> {
    Ok(kill_process(getpid(), rustix::process::Signal::STOP)?)
}

/// How the end went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Finish {
    /// Everything that was under way is done.
    Done,
    /// So many tasks were left undone: time was up, or the end was forced.
    LeftBehind(usize),
}

/// What is under way in this process, and whether it is to end. Clones share
/// one state.
#[derive(Clone, Debug, Default)]
pub struct Lifecycle {
    soft: CancellationToken,
    hard: CancellationToken,
    tasks: TaskTracker,
}

impl Lifecycle {
    /// A life that has just begun.
    pub fn new() -> Self {
        Self::default()
    }

    /// Asks for the end: what can be dropped is dropped, what must be finished
    /// is waited for. Asked twice, nothing is waited for any more.
    pub fn end(&self) {
        if self.soft.is_cancelled() {
            self.hard.cancel();
        }
        self.soft.cancel();
    }

    /// Whether the end was asked for.
    pub fn is_ended(&self) -> bool {
        self.soft.is_cancelled()
    }

    /// Completes when the end is asked for: for what can be dropped.
    pub async fn ended(&self) {
        self.soft.cancelled().await;
    }

    /// Runs what must be finished once begun, such as a send or a verify. It is
    /// never aborted by the end, but waited for.
    pub fn spawn<F>(&self, task: F) -> JoinHandle<F::Output>
    where
        F: Future<Output: Send> + Send + 'static,
    {
        self.tasks.spawn(task)
    }

    /// Ends: waits for what [`Self::spawn`] began, for `timeout` at most and
    /// only until another signal asks for the end.
    pub async fn finish(&self, signals: &mut Signals, timeout: Duration) -> Finish {
        self.soft.cancel();
        self.tasks.close();
        tokio::select! {
            biased;
            () = self.tasks.wait() => return Finish::Done,
            () = self.hard.cancelled() => {}
            _ = signals.next_end() => self.hard.cancel(),
            () = tokio::time::sleep(timeout) => self.hard.cancel(),
        }
        match self.tasks.len() {
            0 => Finish::Done,
            left => Finish::LeftBehind(left),
        }
    }
}

/// Keeps codes, passwords and keys out of core dumps, and other programs of
/// the same user from reading this one's memory. Call it first in `main`.
pub fn keep_memory_private() -> io::Result<()> {
    setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) })?;
    #[cfg(target_os = "linux")]
    rustix::process::set_dumpable_behavior(rustix::process::DumpableBehavior::NotDumpable)?;
    Ok(())
}

/// Keeps the process's memory, with the keys and codes in it, out of the swap space, where
/// the system allows it; whether it does. Under a limit on locked memory it is left alone:
/// an allocation over the limit would fail.
#[cfg(target_os = "linux")]
pub fn keep_memory_out_of_swap() -> bool {
    use rustix::mm::{MlockAllFlags, mlockall};
    let is_unlimited = getrlimit(Resource::Memlock).current.is_none();
    let flags = MlockAllFlags::CURRENT | MlockAllFlags::FUTURE | MlockAllFlags::ONFAULT;
    is_unlimited && mlockall(flags).is_ok()
}

#[cfg(test)]
mod tests {
    use tokio::sync::oneshot;

    use super::*;

    /// Longer than any test runs.
    const TEST_LIMIT: Duration = Duration::from_mins(10);

    #[tokio::test]
    async fn what_must_be_finished_is_waited_for() {
        let mut signals = Signals::new().expect("listening");
        let lifecycle = Lifecycle::new();
        let (done, mut is_done) = oneshot::channel();
        let told = lifecycle.clone();
        lifecycle.spawn(async move {
            told.ended().await;
            tokio::task::yield_now().await;
            done.send(())
        });
        assert!(!lifecycle.is_ended());
        assert_eq!(lifecycle.finish(&mut signals, TEST_LIMIT).await, Finish::Done);
        assert_eq!(is_done.try_recv(), Ok(()));
        assert!(lifecycle.is_ended());
    }

    #[tokio::test]
    async fn the_timeout_ends_the_wait() {
        let mut signals = Signals::new().expect("listening");
        let lifecycle = Lifecycle::new();
        let stuck = lifecycle.spawn(std::future::pending::<()>());
        let finish = lifecycle.finish(&mut signals, Duration::from_millis(1)).await;
        assert_eq!(finish, Finish::LeftBehind(1));
        stuck.abort();
    }

    #[tokio::test]
    async fn an_end_asked_for_twice_waits_for_nothing() {
        let mut signals = Signals::new().expect("listening");
        let lifecycle = Lifecycle::new();
        let stuck = lifecycle.spawn(std::future::pending::<()>());
        lifecycle.end();
        lifecycle.end();
        assert_eq!(lifecycle.finish(&mut signals, TEST_LIMIT).await, Finish::LeftBehind(1));
        stuck.abort();
    }
}
