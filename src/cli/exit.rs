//! Exit codes, and the `Failure` that leads to one.

use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use crate::config::{ConfigError, Problem};
use crate::domain::explanation::Explanation;
use crate::domain::outcome::Outcome;
use crate::service::ports::{StoreError, TrailError, TrayError};
use crate::service::{DeskError, messages};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Exit(u8);

impl Exit {
    /// Success.
    pub const DONE: Self = Self(0);
    /// An internal error of the program.
    pub const INTERNAL: Self = Self(1);
    /// Wrong usage, or the named object does not exist.
    pub const USAGE: Self = Self(2);
    /// Audit verification failed: the log differs from what was sealed.
    pub const TAMPERED: Self = Self(16);
    /// Stored; waits for the approval of a second admin.
    pub const WAITS: Self = Self(17);
    /// There are open alarms.
    pub const ALARMS: Self = Self(18);
    /// The mail is no bounce of a message of ours; nothing was changed.
    pub const NO_BOUNCE: Self = Self(19);
    /// The configuration is invalid (`EX_CONFIG` of sysexits.h).
    pub const CONFIG: Self = Self(78);
    /// Ctrl-C (SIGINT) at a prompt: 128 plus the signal's number, the shell convention.
    pub const INTERRUPTED: Self = Self(130);

    /// SIGHUP: the terminal is gone.
    pub const HUNG_UP: Self = Self(129);
    /// SIGTERM.
    pub const TERMINATED: Self = Self(143);

    /// The exit code of a process that a signal ended; `code` is 128 plus the signal's number.
    pub const fn signal(code: u8) -> Self {
        Self(code)
    }

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

/// Why a command failed.
#[derive(Debug)]
pub enum Failure {
    /// The output cannot be written; a broken pipe means that the reader has gone.
    Output(io::Error),
    /// A failure to be reported.
    Report(Box<FailureReport>),
}

/// A failure as it is reported: JSON word, exit code and sentence.
#[derive(Debug, PartialEq, Eq)]
pub struct FailureReport {
    /// The `outcome` in JSON.
    pub word: &'static str,
    pub exit: Exit,
    /// The sentence for people.
    pub message: String,
    /// The configuration key that the failure is about, if any.
    pub key: Option<String>,
    /// The problems of an invalid configuration.
    pub problems: Vec<Problem>,
    /// The configuration file that contains them.
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

    /// The failure of an act that ended with this outcome.
    pub fn outcome(outcome: Outcome, message: impl Into<String>) -> Self {
        Self::report(outcome.word(), outcome.into(), message)
    }

    /// Wrong usage.
    pub fn usage(message: impl Into<String>) -> Self {
        Self::report("usage", Exit::USAGE, message)
    }

    /// The named object does not exist.
    pub fn not_found(message: impl Into<String>) -> Self {
        Self::report("not_found", Exit::USAGE, message)
    }

    /// The mail is no bounce of a message of ours.
    pub fn no_bounce(message: impl Into<String>) -> Self {
        Self::report("no_bounce", Exit::NO_BOUNCE, message)
    }

    /// An invalid configuration.
    pub fn configuration(message: impl Into<String>) -> Self {
        Self::report("bad_configuration", Exit::CONFIG, message)
    }

    /// An internal error, or an error of this machine.
    pub fn internal(message: impl Into<String>) -> Self {
        Self::report("internal", Exit::INTERNAL, message)
    }

    /// Prefixes the message with what was done before the failure and stays done.
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

    /// Sets the configuration key that the failure is about.
    fn about(self, key: Option<String>) -> Self {
        match self {
            Self::Report(mut report) => {
                report.key = key;
                Self::Report(report)
            }
            Self::Output(error) => Self::Output(error),
        }
    }

    /// Ctrl-C at a prompt.
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
