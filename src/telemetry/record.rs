//! Formats an event as one line: time, level, target, message, fields. Whatever could end a line,
//! control a terminal or hide text is escaped (ASVS 16.4.1).

use std::fmt;
use std::fmt::Write as _;
use std::sync::{Mutex, PoisonError};

use chrono::{SecondsFormat, Utc};
use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::layer::{Context, Layer};

use crate::telemetry::file::LogFile;

/// Length limit of a value in characters.
const VALUE_MAX: usize = 2_000;

/// Fields with these names are never written.
const HIDDEN: &[&str] = &[
    "api_key",
    "api_secret",
    "auth_token",
    "authorization",
    "code",
    "key",
    "otp",
    "password",
    "secret",
    "token",
    "url",
];

/// Writes each event to the log file.
pub(super) struct Records {
    file: Mutex<LogFile>,
}

impl Records {
    pub(super) const fn new(file: LogFile) -> Self {
        Self { file: Mutex::new(file) }
    }
}

impl<S: Subscriber> Layer<S> for Records {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut fields = Fields::default();
        event.record(&mut fields);
        let of = event.metadata();
        let Fields { sentence, values } = fields;
        let line =
            format!("{} {} {}:{sentence}{values}\n", time(), of.level(), Escaped(of.target()));
        self.file.lock().unwrap_or_else(PoisonError::into_inner).add(&line);
    }
}

#[expect(clippy::disallowed_methods, reason = "the time of a log line decides nothing")]
fn time() -> String {
    Utc::now().to_rfc3339_opts(SecondsFormat::Millis, true)
}

/// An event's message, and its fields, each after a space.
#[derive(Default)]
struct Fields {
    sentence: String,
    values: String,
}

impl Fields {
    fn put(&mut self, field: &Field, value: fmt::Arguments<'_>) {
        // Writing to a string cannot fail.
        let _ = if HIDDEN.contains(&field.name()) {
            write!(self.values, " {}=(hidden)", field.name())
        } else {
            write!(self.values, " {}={value}", field.name())
        };
    }
}

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        let text = format!("{value:?}");
        if field.name() == "message" {
            let _ = write!(self.sentence, " {}", Escaped(&text));
        } else if text.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            self.put(field, format_args!("{text}"));
        } else {
            // The Debug form of a text is quoted and escaped already.
            let text = text.strip_prefix('"').and_then(|it| it.strip_suffix('"')).unwrap_or(&text);
            self.put(field, format_args!("{}", Quoted(text)));
        }
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.put(field, format_args!("{}", Quoted(value)));
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.put(field, format_args!("{value}"));
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.put(field, format_args!("{value}"));
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.put(field, format_args!("{value}"));
    }
}

/// Text on one line, with a mark if it was truncated.
struct Escaped<'a>(&'a str);

/// The same in quotes, with quotes escaped.
struct Quoted<'a>(&'a str);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        escape(self.0, &['"', '\''], f)
    }
}

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_char('"')?;
        escape(self.0, &['\''], f)?;
        f.write_char('"')
    }
}

/// Escapes control characters and every character that is not printable, including those that
/// change direction or hide text, except `kept`.
fn escape(text: &str, kept: &[char], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    for char in text.chars().take(VALUE_MAX) {
        if kept.contains(&char) {
            f.write_char(char)?;
        } else {
            write!(f, "{}", char.escape_debug())?;
        }
    }
    if text.chars().nth(VALUE_MAX).is_some() {
        f.write_str("…")?;
    }
    Ok(())
}
