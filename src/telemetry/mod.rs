//! The log file, without secrets.
//!
//! The interface owns the terminal, so nothing is ever written to stderr: the program logs to a
//! file, one event per line. Three rules keep secrets out of it:
//! - events of libraries are written from `warn` up only, whatever the level: below that, the mail
//!   client logs whole messages and the database driver statements;
//! - only events are written, never their spans, which libraries fill with requests and headers;
//! - fields named like a secret are written as `(hidden)`.

mod file;
mod record;

use std::path::{Path, PathBuf};

use tracing::Subscriber;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::{Layer as _, SubscriberExt as _};

use crate::config::settings::LogSettings;
use crate::telemetry::file::LogFile;
use crate::telemetry::record::Records;

/// The size in bytes at which the log file is rotated.
const FILE_MAX: u64 = 10 * 1024 * 1024;

/// The log file cannot be used. The program runs all the same and reports it once.
#[derive(Debug, thiserror::Error)]
pub enum TelemetryError {
    /// The file cannot be opened.
    #[error("the log file {path} cannot be opened, so nothing is logged: {error}", path = .path.display())]
    File { path: PathBuf, error: std::io::Error },
    /// The log was started already.
    #[error("the log is kept already")]
    Started,
}

/// Opens the log file and installs the subscriber for this process.
pub fn start(settings: &LogSettings) -> Result<(), TelemetryError> {
    let subscriber = subscriber(settings)?;
    tracing::subscriber::set_global_default(subscriber).map_err(|_| TelemetryError::Started)
}

/// The subscriber that [`start`] installs, for use in a single thread.
pub fn subscriber(
    settings: &LogSettings,
) -> Result<impl Subscriber + Send + Sync + use<>, TelemetryError> {
    with_file_max(&settings.file, settings.level, FILE_MAX)
}

fn with_file_max(
    path: &Path,
    level: LevelFilter,
    largest: u64,
) -> Result<impl Subscriber + Send + Sync + use<>, TelemetryError> {
    let file = LogFile::open(path, largest)
        .map_err(|error| TelemetryError::File { path: path.to_owned(), error })?;
    let heard = Targets::new()
        .with_target(env!("CARGO_CRATE_NAME"), level)
        .with_default(level.min(LevelFilter::WARN));
    Ok(tracing_subscriber::registry().with(Records::new(file).with_filter(heard)))
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    struct Log {
        folder: tempfile::TempDir,
    }

    impl Log {
        fn new() -> Self {
            Self { folder: tempfile::tempdir().expect("a folder") }
        }

        fn path(&self) -> PathBuf {
            self.folder.path().join("state/countersign.log")
        }

        fn write(&self, largest: u64, act: impl FnOnce()) {
            let subscriber = with_file_max(&self.path(), LevelFilter::TRACE, largest);
            tracing::subscriber::with_default(subscriber.expect("a log"), act);
        }

        fn text(&self) -> String {
            fs::read_to_string(self.path()).expect("written")
        }
    }

    #[test]
    fn an_event_is_one_line_with_its_time_in_utc() {
        let log = Log::new();
        log.write(FILE_MAX, || {
            tracing::info!(provider = "twilio", tries = 2, ok = true, "message handed over");
        });
        let text = log.text();
        let (time, rest) = text.split_once(' ').expect("two parts");
        assert!(time.ends_with('Z') && chrono::DateTime::parse_from_rfc3339(time).is_ok());
        let target = "countersign::telemetry::tests";
        let line = "message handed over provider=\"twilio\" tries=2 ok=true\n";
        assert_eq!(rest, format!("INFO {target}: {line}"));
    }

    #[test]
    fn security_34_a_name_with_line_ends_and_escapes_is_one_escaped_record() {
        let log = Log::new();
        let name = "x\nlogin ok\u{1b}[2J\u{9b}2J\u{202e}\u{200b}\r\u{2028}";
        log.write(FILE_MAX, || {
            tracing::info!(name, named = ?name, shown = %name, "found {name}");
        });
        let text = log.text();
        assert_eq!(text.lines().count(), 1, "{text}");
        assert!(text.contains(r"x\nlogin ok\u{1b}[2J\u{9b}2J\u{202e}\u{200b}\r\u{2028}"), "{text}");
        let outside = |char: char| char != '\n' && (char.is_control() || !char.is_ascii());
        assert!(!text.contains(outside), "{text}");
    }

    #[test]
    fn a_value_cannot_pass_for_another_field() {
        let log = Log::new();
        log.write(FILE_MAX, || tracing::info!(name = "x\" outcome=\"verified", "found"));
        assert!(log.text().contains(r#"name="x\" outcome=\"verified""#), "{}", log.text());
    }

    #[test]
    fn security_33_libraries_are_heard_from_warnings_up_only() {
        let log = Log::new();
        log.write(FILE_MAX, || {
            for _ in 0..2 {
                tracing::debug!(target: "lettre::transport::smtp", "Wrote: canary");
                tracing::trace!(target: "sqlx::query", statement = "canary");
                tracing::info!(target: "h2::codec", "canary");
                let span = tracing::trace_span!(target: "hyper", "request", header = "canary");
                span.in_scope(|| tracing::warn!(target: "hyper", "the server hung up"));
                let span = tracing::error_span!("own", value = "canary");
                span.in_scope(|| tracing::trace!("heard"));
            }
        });
        let text = log.text();
        assert!(!text.contains("canary"), "{text}");
        assert_eq!((text.matches("hung up").count(), text.matches("heard").count()), (2, 2));
    }

    #[test]
    fn security_33_fields_named_like_a_secret_are_hidden() {
        let log = Log::new();
        log.write(FILE_MAX, || {
            tracing::info!(code = "canary", otp = 481_234, password = ?"canary", "asked");
        });
        let text = log.text();
        assert!(!text.contains("canary") && !text.contains("481234"), "{text}");
        assert!(text.contains("code=(hidden)"), "{text}");
    }

    #[test]
    fn the_level_holds_for_our_own_events() {
        let log = Log::new();
        let subscriber = with_file_max(&log.path(), LevelFilter::ERROR, FILE_MAX).expect("a log");
        tracing::subscriber::with_default(subscriber, || {
            tracing::warn!("not heard");
            tracing::warn!(target: "sqlx", "not heard");
            tracing::error!("heard");
        });
        assert_eq!(log.text().lines().count(), 1);
    }

    #[test]
    fn the_file_is_for_its_owner_only_and_stays_small() {
        let log = Log::new();
        let mode = |path: &Path| fs::metadata(path).expect("there").permissions().mode() & 0o777;
        fs::create_dir(log.folder.path().join("state")).expect("made");
        fs::write(log.path(), "").expect("made");
        fs::set_permissions(log.path(), fs::Permissions::from_mode(0o644)).expect("opened");
        log.write(1_000, || {
            for number in 0..100 {
                tracing::info!(number, "one more line");
            }
        });
        let aside = log.folder.path().join("state/countersign.log.1");
        for file in [&log.path(), &aside] {
            assert_eq!(mode(file), 0o600);
            let size = fs::metadata(file).expect("there").len();
            assert!(size <= 1_100, "{size}");
        }
        assert!(log.text().ends_with("number=99\n"));
    }

    #[test]
    fn terminals_share_a_log_and_lose_no_line_of_it() {
        let log = Log::new();
        let write = || {
            let subscriber = with_file_max(&log.path(), LevelFilter::INFO, 20_000).expect("a log");
            tracing::subscriber::with_default(subscriber, || {
                for number in 0..100 {
                    tracing::info!(number, "one more line");
                }
            });
        };
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(write);
            }
        });
        let aside = fs::read_to_string(log.path().with_extension("log.1")).expect("moved aside");
        let text = aside + &log.text();
        assert_eq!(text.lines().count(), 400);
        assert!(text.lines().all(|line| line.contains("one more line number=")), "{text}");
    }

    #[test]
    fn without_a_file_it_says_so() {
        let settings = |file: &str| LogSettings { level: LevelFilter::INFO, file: file.into() };
        for bad in ["/proc/nowhere/countersign.log", "/dev/null", "/"] {
            let error = subscriber(&settings(bad)).err().expect("refused").to_string();
            assert!(error.contains("so nothing is logged"), "{error}");
        }
    }
}
