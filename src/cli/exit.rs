//! How a run ends: the exit code, and the failure that leads to it.

use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use crate::config::{ConfigError, Problem};
use crate::domain::explanation::Explanation;
use crate::domain::outcome::Outcome;
use crate::service::ports::{StoreError, TrailError, TrayError};
use crate::service::{DeskError, messages};

/// A process's exit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Exit(u8);

impl Exit {
    /// What was asked for is done.
    pub const DONE: Self = Self(0);
    /// The program itself is at fault.
    pub const INTERNAL: Self = Self(1);
    /// It was asked in a way it does not understand, or for what is not there.
    pub const USAGE: Self = Self(2);
    /// The log is not as it was sealed.
    pub const TAMPERED: Self = Self(16);
    /// It is stored and waits for a second admin.
    pub const WAITS: Self = Self(17);
    /// The configuration cannot be used (`EX_CONFIG` of sysexits.h).
    pub const CONFIG: Self = Self(78);
    /// Ctrl-C at a prompt: 128 and the signal's number, as shells count.
    pub const INTERRUPTED: Self = Self(130);

    /// The terminal is gone (SIGHUP).
    pub const HUNG_UP: Self = Self(129);
    /// Told to end (SIGTERM).
    pub const TERMINATED: Self = Self(143);

    /// The end by a signal, in the number shells give it.
    pub const fn signal(code: u8) -> Self {
        Self(code)
    }

    /// The number.
    pub const fn code(self) -> u8 {
        self.0
    }
}

impl From<Outcome> for Exit {
    fn from(outcome: Outcome) -> Self {
        Self(outcome.exit_code())
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.0)
    }
}

/// Why a command could not give the answer it was asked for.
#[derive(Debug)]
pub enum Failure {
    /// Nobody reads the answer any more, or it cannot be written.
    Output(io::Error),
    /// Something to be told.
    Report(Box<FailureReport>),
}

/// A failure in the three writings it is told in.
#[derive(Debug, PartialEq, Eq)]
pub struct FailureReport {
    /// `outcome` in JSON.
    pub word: &'static str,
    /// The exit code.
    pub exit: Exit,
    /// For people.
    pub message: String,
    /// The configuration key that it is about, where it is about one.
    pub key: Option<String>,
    /// What is wrong with the configuration, one by one.
    pub problems: Vec<Problem>,
    /// The configuration file that they are in.
    pub file: Option<PathBuf>,
}

impl Failure {
    fn report(word: &'static str, exit: Exit, message: impl Into<String>) -> Self {
        let message = message.into();
        Self::Report(Box::new(FailureReport {
            word,
            exit,
            message,
            key: None,
            problems: Vec::new(),
            file: None,
        }))
    }

    /// An act that ended in one of the outcomes.
    pub fn outcome(outcome: Outcome, message: impl Into<String>) -> Self {
        Self::report(outcome.word(), outcome.into(), message)
    }

    /// It was asked for in a way that cannot be followed.
    pub fn usage(message: impl Into<String>) -> Self {
        Self::report("usage", Exit::USAGE, message)
    }

    /// What was named is not there.
    pub fn not_found(message: impl Into<String>) -> Self {
        Self::report("not_found", Exit::USAGE, message)
    }

    /// What was set up cannot be used.
    pub fn configuration(message: impl Into<String>) -> Self {
        Self::report("bad_configuration", Exit::CONFIG, message)
    }

    /// The program is at fault, or its machine.
    pub fn internal(message: impl Into<String>) -> Self {
        Self::report("internal", Exit::INTERNAL, message)
    }

    /// The same, after something that was done and stays done.
    #[must_use]
    pub fn after(self, done: &str) -> Self {
        match self {
            Self::Report(mut report) => {
                report.message = format!("{done} {}", report.message);
                Self::Report(report)
            }
            Self::Output(error) => Self::Output(error),
        }
    }

    /// The same about a configuration key.
    fn about(self, key: Option<String>) -> Self {
        match self {
            Self::Report(mut report) => {
                report.key = key;
                Self::Report(report)
            }
            Self::Output(error) => Self::Output(error),
        }
    }

    /// Someone pressed Ctrl-C.
    pub fn interrupted() -> Self {
        Self::report("interrupted", Exit::INTERRUPTED, "Interrupted; nothing was entered.")
    }
}

impl From<ConfigError> for Failure {
    fn from(error: ConfigError) -> Self {
        Self::Report(Box::new(FailureReport {
            word: "bad_configuration",
            exit: Exit::CONFIG,
            message: error.to_string(),
            key: None,
            problems: error.problems().to_vec(),
            file: error.file().map(Path::to_owned),
        }))
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Output(error)
    }
}

impl From<DeskError> for Failure {
    fn from(error: DeskError) -> Self {
        let Explanation { for_admin: message, key, .. } = messages::desk_error(&error);
        match error {
            DeskError::AwaitsApproval(_) => {
                return Self::report("awaits_approval", Exit::WAITS, message);
            }
            DeskError::NoReason | DeskError::Trail(TrailError::Kept(_)) => {
                return Self::usage(message);
            }
            DeskError::Trail(TrailError::Unsealed | TrailError::NoEntry) => {
                return Self::not_found(message);
            }
            DeskError::Trail(TrailError::NotOlder | TrailError::Broken) => {
                return Self::report("tampered", Exit::TAMPERED, message);
            }
            _ => {}
        }
        if let DeskError::Keys(_)
        | DeskError::Trail(
            TrailError::NoKey | TrailError::Keys(_) | TrailError::Checkpoint(_),
        )
        | DeskError::Store(
            StoreError::Refused(_) | StoreError::Denied(_) | StoreError::NoPermission(_),
        ) = error
        {
            return Self::configuration(message).about(key);
        }
        match messages::error_outcome(&error) {
            Some(outcome) => Self::outcome(outcome, message),
            None => Self::internal(message),
        }
        .about(key)
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        DeskError::from(error).into()
    }
}

impl From<TrayError> for Failure {
    fn from(error: TrayError) -> Self {
        Self::outcome(Outcome::Unavailable, format!("{error}."))
    }
}
