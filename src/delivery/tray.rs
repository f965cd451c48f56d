//! The tray: a file that replaces the providers in development.
//!
//! Each message is written to it word for word as the customer would read it, and is read by the
//! interface and by `countersign tray`. The file contains codes in plaintext, so it has mode 0600
//! and never exists in production.
//!
//! It has one line of JSON per message, appended under a lock on a separate file: the tray file
//! itself is replaced when it is trimmed, and a lock on a replaced file excludes nobody.

use std::fs::{DirBuilder, File, OpenOptions, Permissions};
use std::io;
use std::io::{ErrorKind, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use rustix::fs::OFlags;
use serde::{Deserialize, Serialize};

use crate::config::keys::TRAY as TRAY_KEYS;
use crate::delivery::error::{DeliveryError, FailureKind, claim};
use crate::delivery::message::MessageKind;
use crate::delivery::provider::Provider;
use crate::delivery::templates::Templates;
use crate::domain::channel::Channel;
use crate::domain::delivery::TRAY;
use crate::domain::provider::ProviderFingerprint;
use crate::domain::rehearsal::{self, Script};
use crate::domain::text;
use crate::domain::time::Timestamp;
use crate::service::ports::{SendGuard, Tray, TrayError, TrayMessage};

/// Messages kept when the tray is trimmed.
const KEPT_MESSAGES: usize = 200;
/// The tray is trimmed when it has this many more.
const TRIM_AFTER: usize = 50;
/// Size limit in bytes; a trimmed tray is far smaller, so a larger file is not one.
const FILE_MAX: u64 = 16 * 1024 * 1024;

/// A message as it is serialised.
#[derive(Serialize, Deserialize)]
struct Line {
    number: u64,
    at: i64,
    channel: String,
    to: String,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    subject: Option<String>,
    text: String,
    reference: String,
}

#[derive(Clone, Debug)]
pub(super) struct TrayFile {
    path: PathBuf,
}

impl TrayFile {
    /// The tray in this file, which is created with the first message.
    pub(super) const fn new(path: PathBuf) -> Self {
        Self { path }
    }

    /// Appends a message and returns its number.
    fn add(&self, mut line: Line) -> io::Result<u64> {
        let _lock = self.lock()?;
        let lines = self.lines()?;
        line.number = lines.last().map_or(1, |last| last.number.saturating_add(1));
        let written = encode(&line)?;
        if lines.len() < KEPT_MESSAGES + TRIM_AFTER {
            let mut file = private(OpenOptions::new().create(true).append(true), &self.path)?;
            // If a writer was stopped halfway, end its line first.
            let torn = !ends_line(&self.path)?;
            file.write_all(&[if torn { b"\n".as_slice() } else { b"" }, &written].concat())?;
        } else {
            let oldest = lines.len() + 1 - KEPT_MESSAGES;
            let mut all = Vec::new();
            for kept in lines.iter().skip(oldest) {
                all.extend(encode(kept)?);
            }
            all.extend(written);
            self.replace(&all)?;
        }
        Ok(line.number)
    }

    /// Replaces the tray atomically.
    fn replace(&self, content: &[u8]) -> io::Result<()> {
        let fresh = self.beside("new");
        let mut file = private(OpenOptions::new().create(true).write(true).truncate(true), &fresh)?;
        file.write_all(content)?;
        std::fs::rename(fresh, &self.path)
    }

    /// The complete lines, oldest first; lines that cannot be parsed are skipped.
    fn lines(&self) -> io::Result<Vec<Line>> {
        let file = match File::open(&self.path) {
            Ok(file) => file,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(error),
        };
        if file.metadata()?.len() > FILE_MAX {
            return Err(io::Error::other("it is too large to be a tray"));
        }
        let mut content = Vec::new();
        file.take(FILE_MAX).read_to_end(&mut content)?;
        Ok(content
            .split_inclusive(|byte| *byte == b'\n')
            .filter(|line| line.ends_with(b"\n"))
            .filter_map(|line| serde_json::from_slice(line).ok())
            .collect())
    }

    /// Locks out other writers until the file is dropped.
    fn lock(&self) -> io::Result<File> {
        if let Some(folder) = self.path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
        }
        let file = private(OpenOptions::new().create(true).append(true), &self.beside("lock"))?;
        file.lock()?;
        Ok(file)
    }

    fn beside(&self, ending: &str) -> PathBuf {
        let mut name = self.path.clone().into_os_string();
        name.push(".");
        name.push(ending);
        name.into()
    }

    /// Runs file access on a blocking thread.
    async fn run<T: Send + 'static>(
        &self,
        act: impl FnOnce(&Self) -> io::Result<T> + Send + 'static,
    ) -> Result<T, TrayError> {
        let tray = self.clone();
        let result = tokio::task::spawn_blocking(move || act(&tray)).await;
        result
            .map_err(io::Error::other)
            .and_then(|done| done)
            .map_err(|error| TrayError(format!("{}: {error}", self.path.display())))
    }
}

/// Opens a file with mode 0600, whatever its mode was, and never through a symbolic link.
fn private(options: &mut OpenOptions, path: &Path) -> io::Result<File> {
    let no_follow = i32::try_from(OFlags::NOFOLLOW.bits()).unwrap_or_default();
    let file = options.mode(0o600).custom_flags(no_follow).open(path)?;
    if file.metadata()?.permissions().mode() & 0o777 != 0o600 {
        file.set_permissions(Permissions::from_mode(0o600))?;
    }
    Ok(file)
}

fn ends_line(path: &Path) -> io::Result<bool> {
    let mut file = File::open(path)?;
    if file.metadata()?.len() == 0 {
        return Ok(true);
    }
    file.seek(SeekFrom::End(-1))?;
    let mut last = [0];
    file.read_exact(&mut last)?;
    Ok(last == *b"\n")
}

fn encode(line: &Line) -> io::Result<Vec<u8>> {
    let mut bytes = serde_json::to_vec(line)?;
    bytes.push(b'\n');
    Ok(bytes)
}

impl Line {
    fn into_message(self) -> Option<TrayMessage> {
        Some(TrayMessage {
            number: self.number,
            at: Timestamp::from_millis(self.at),
            channel: self.channel.parse().ok()?,
            to: text::clean(&self.to),
            subject: self.subject.as_deref().map(text::clean),
            text: text::clean_lines(&self.text),
            reference: text::clean(&self.reference),
        })
    }
}

#[async_trait]
impl Tray for TrayFile {
    async fn messages(&self, after: u64, limit: u32) -> Result<Vec<TrayMessage>, TrayError> {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        self.run(move |tray| {
            let mut lines = tray.lines()?;
            lines.retain(|line| line.number > after);
            let skipped = lines.len().saturating_sub(limit);
            Ok(lines.into_iter().skip(skipped).filter_map(Line::into_message).collect())
        })
        .await
    }
}

/// Writes one channel's messages to the tray.
pub(super) struct TrayProvider {
    channel: Channel,
    templates: Arc<Templates>,
    tray: TrayFile,
    /// How long a late message takes.
    late: Duration,
}

impl TrayProvider {
    pub(super) const fn new(channel: Channel, templates: Arc<Templates>, tray: TrayFile) -> Self {
        Self { channel, templates, tray, late: Script::LATE }
    }

    /// The message as a customer of a rehearsal reads it.
    fn scripted(&self, piece: MessageKind<'_>) -> Result<Line, DeliveryError> {
        let line = self.line(piece)?;
        Ok(match (Script::of_address(&line.to), piece) {
            (Some(Script::WrongCode), MessageKind::Code(message)) if message.generation == 1 => {
                let code = message.facts.code.reveal();
                let wrong = rehearsal::misread(code);
                let subject = line.subject.map(|it| it.replace(code, &wrong));
                Line { text: line.text.replace(code, &wrong), subject, ..line }
            }
            _ => line,
        })
    }

    /// Adds a message after its customer has waited for it. With a process that ends meanwhile
    /// the message is lost, as others are.
    fn add_late(&self, line: Line) {
        let (tray, late) = (self.tray.clone(), self.late);
        drop(tokio::spawn(async move {
            tokio::time::sleep(late).await;
            if let Err(error) = tray.run(move |tray| tray.add(line)).await {
                tracing::warn!(%error, "a late message is not in the tray");
            }
        }));
    }

    fn line(&self, piece: MessageKind<'_>) -> Result<Line, DeliveryError> {
        let (subject, text) = match self.channel {
            Channel::Email => {
                let email = piece.email(&self.templates)?;
                (Some(email.subject), email.plain)
            }
            Channel::Sms | Channel::Whatsapp => (None, piece.sms(&self.templates)?),
        };
        Ok(Line {
            number: 0,
            at: piece.at().millis(),
            channel: self.channel.word().into(),
            to: piece.to().as_str().into(),
            subject,
            text,
            reference: piece.reference().into(),
        })
    }
}

fn unwritable(error: &TrayError) -> DeliveryError {
    DeliveryError::new(FailureKind::FAILED, format!("The tray cannot be written: {}.", error.0))
        .advising("Check the file of [tray] in the configuration.")
        .about(&TRAY_KEYS.file)
}

#[async_trait]
impl Provider for TrayProvider {
    fn name(&self) -> &'static str {
        TRAY
    }

    fn fingerprint(&self) -> ProviderFingerprint {
        ProviderFingerprint::of(TRAY, &self.tray.path.to_string_lossy(), "")
    }

    async fn post(
        &self,
        piece: MessageKind<'_>,
        guard: &dyn SendGuard,
    ) -> Result<Option<String>, DeliveryError> {
        let line = self.scripted(piece)?;
        claim(guard).await?;
        if Script::of_address(&line.to) == Some(Script::LateMessage) {
            self.add_late(line);
            return Ok(Some("tray, late".into()));
        }
        let number =
            self.tray.run(move |tray| tray.add(line)).await.map_err(|error| unwritable(&error))?;
        Ok(Some(format!("tray {number}")))
    }

    async fn check(&self) -> Result<String, DeliveryError> {
        self.tray
            .run(|tray| {
                let _lock = tray.lock()?;
                private(OpenOptions::new().create(true).append(true), &tray.path).map(drop)
            })
            .await
            .map(|()| format!("messages go to the tray, {}", self.tray.path.display()))
            .map_err(|error| unwritable(&error))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::settings::MessageSettings;
    use crate::domain::code::Code;
    use crate::domain::contact::{Contact, EmailAddress};
    use crate::domain::message::{MessageFacts, Outgoing};
    use crate::domain::request::Reference;
    use crate::service::ports::AlwaysGranted;

    #[tokio::test]
    async fn a_late_message_of_a_rehearsal_is_in_the_tray_after_its_time() {
        let folder = tempfile::tempdir().expect("a folder");
        let tray = TrayFile::new(folder.path().join("tray.jsonl"));
        let templates = Templates::load(&MessageSettings::default()).expect("templates");
        let provider = TrayProvider {
            late: Duration::from_millis(300),
            ..TrayProvider::new(Channel::Email, Arc::new(templates), tray.clone())
        };
        let address = EmailAddress::parse(Script::LateMessage.email()).expect("an address");
        let message = Outgoing {
            to: Contact::Email(address),
            idempotency: "4F7K2M9QXA-1".into(),
            message_id: "4F7K2M9QXA-1-0123456789abcdef0123".into(),
            generation: 1,
            at: Timestamp::from_millis(0),
            facts: MessageFacts {
                office: "Riverside Billing".into(),
                counter: "3".into(),
                customer: Script::LateMessage.name().into(),
                purpose: "pay bill".into(),
                reference: Reference::from_store("K7Q"),
                code: Code::from_number(73_914, 6),
                minutes: 5,
                locale: None,
            },
        };
        provider.post(MessageKind::Code(&message), &AlwaysGranted).await.expect("taken");
        assert_eq!(tray.messages(0, 9).await.expect("read").len(), 0, "it is late");
        tokio::time::sleep(Duration::from_millis(900)).await;
        assert_eq!(tray.messages(0, 9).await.expect("read").len(), 1);
    }
}
