//! Text messages by a program of the office's own (a modem, SMPP): it gets one JSON object on
//! standard input and answers with one on standard output.
//!
//! No shell is involved, nothing of this process's environment is passed on, and a program that
//! takes too long is killed with all that it started. What it was given is never in an argument,
//! which everybody on the machine can read.

use std::path::PathBuf;
use std::process::Stdio;
use std::sync::Arc;

use async_trait::async_trait;
use rustix::process::{Pid, Signal, kill_process_group};
use serde::Deserialize;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::process::{Child, Command};

use crate::config::keys::SmsKeys;
use crate::config::settings::ExecSettings;
use crate::delivery::error::{DeliveryError, FailureKind, claim};
use crate::delivery::message::MessageKind;
use crate::delivery::provider::Provider;
use crate::delivery::redact::Secrets;
use crate::delivery::sms::facts::GatewayFacts;
use crate::delivery::templates::Templates;
use crate::delivery::timeouts::{SendTimeouts, TimedOut};
use crate::domain::provider::ProviderFingerprint;
use crate::domain::text;
use crate::service::ports::SendGuard;

/// The most that is read of an answer.
const ANSWER_MAX: u64 = 64 * 1024;

/// The longest name of a message that is kept.
const ID_MAX: usize = 100;

/// Where a program finds others.
const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// Sends text messages through a program.
pub(in crate::delivery) struct ExecProvider {
    keys: &'static SmsKeys,
    settings: ExecSettings,
    templates: Arc<Templates>,
    times: SendTimeouts,
}

/// What the program answers.
#[derive(Debug, Deserialize)]
struct Answer {
    status: ExecStatus,
    /// Its name for the message.
    id: Option<String>,
    /// Why, in words.
    message: Option<String>,
}

/// What became of a message.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum ExecStatus {
    /// It was taken.
    Sent,
    /// It was not, and would not be later.
    Refused,
    /// It was not; another try may go better.
    Failed,
    /// Nobody knows.
    Unknown,
}

impl ExecProvider {
    /// A sender; nothing is run yet.
    pub(in crate::delivery) const fn new(
        keys: &'static SmsKeys,
        settings: ExecSettings,
        templates: Arc<Templates>,
        times: SendTimeouts,
    ) -> Self {
        Self { keys, settings, templates, times }
    }

    fn spawn(&self) -> Result<Child, DeliveryError> {
        let ExecSettings { program, arguments, .. } = &self.settings;
        Command::new(program)
            .args(arguments)
            .env_clear()
            .env("PATH", PATH)
            .env("LANG", "C.UTF-8")
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .process_group(0)
            .kill_on_drop(true)
            .spawn()
            .map_err(|error| {
                let how = format!("{} cannot be run: {error}.", program.display());
                DeliveryError::misconfigured(self.keys.command.path(), how)
            })
    }

    /// Runs the program to its end; what it answered, as far as it is an answer.
    async fn run(&self, facts: &GatewayFacts) -> Result<Option<Answer>, DeliveryError> {
        let mut child = self.spawn()?;
        let group = ProcessGroup::of(&child);
        // Texts: there is nothing that cannot be written.
        let input = serde_json::to_vec(facts).unwrap_or_default();
        let deadline = self.times.begin();
        let done = deadline.rest(converse(&mut child, &input)).await;
        // Whatever it has started and left behind ends with it.
        drop(group);
        let Ok(Ok((is_well, answer))) = done.map_err(|TimedOut| ()) else { return Ok(None) };
        Ok(serde_json::from_slice(&answer).ok().filter(|_| is_well))
    }
}

/// Writes the input, reads the answer and waits for the end; whether it ended well.
async fn converse(child: &mut Child, input: &[u8]) -> std::io::Result<(bool, Vec<u8>)> {
    let (stdin, stdout) = (child.stdin.take(), child.stdout.take());
    let write = async {
        let Some(mut stdin) = stdin else { return };
        // One that reads nothing may answer all the same.
        if stdin.write_all(input).await.is_ok() {
            drop(stdin.shutdown().await);
        }
    };
    let read = async {
        let mut answer = Vec::new();
        if let Some(stdout) = stdout {
            stdout.take(ANSWER_MAX).read_to_end(&mut answer).await?;
        }
        Ok::<_, std::io::Error>(answer)
    };
    let ((), answer) = tokio::join!(write, read);
    let status = child.wait().await?;
    Ok((status.success(), answer?))
}

/// The processes of a program; they are killed when it is dropped.
struct ProcessGroup(Option<Pid>);

impl ProcessGroup {
    fn of(child: &Child) -> Self {
        let id = child.id().and_then(|it| i32::try_from(it).ok());
        Self(id.and_then(Pid::from_raw))
    }
}

impl Drop for ProcessGroup {
    fn drop(&mut self) {
        if let Some(group) = self.0 {
            // Where all have ended there is none.
            let _ = kill_process_group(group, Signal::KILL);
        }
    }
}

#[async_trait]
impl Provider for ExecProvider {
    fn name(&self) -> &'static str {
        "exec"
    }

    fn fingerprint(&self) -> ProviderFingerprint {
        let arguments = self.settings.arguments.join("\n");
        ProviderFingerprint::of(self.name(), &self.settings.program.to_string_lossy(), &arguments)
    }

    async fn post(
        &self,
        piece: MessageKind<'_>,
        guard: &dyn SendGuard,
    ) -> Result<Option<String>, DeliveryError> {
        let key = self.keys.template_ids.path();
        let facts = GatewayFacts::of(piece, &self.templates, &self.settings.template_ids, key)?;
        claim(guard).await?;
        let Some(answer) = self.run(&facts).await? else {
            let what =
                "The program of the office did not confirm the message: it may arrive or not.";
            return Err(DeliveryError::new(FailureKind::Uncertain, what));
        };
        let secrets = piece.hidden(Secrets::new()).with(facts.to.trim_start_matches('+'));
        let said = secrets.quote(answer.message.as_deref().unwrap_or_default());
        let failed = |kind, what: &str| {
            let error = DeliveryError::new(kind, what);
            Err(if said.is_empty() { error } else { error.quoting(said.clone()) })
        };
        match answer.status {
            ExecStatus::Sent => Ok(answer.id.map(|id| {
                let id: String = text::clean(&id).chars().take(ID_MAX).collect();
                id
            })),
            ExecStatus::Refused => failed(
                FailureKind::Unclassified,
                "The program of the office refuses the message. Use another channel, and tell an \
                 admin.",
            ),
            ExecStatus::Failed => {
                failed(FailureKind::FAILED, "The program of the office could not send it.")
            }
            ExecStatus::Unknown => failed(
                FailureKind::Uncertain,
                "The program of the office does not know what became of the message.",
            ),
        }
    }

    async fn check(&self) -> Result<String, DeliveryError> {
        let program: PathBuf = self.settings.program.clone();
        let shown = program.display().to_string();
        let access = tokio::task::spawn_blocking(move || {
            rustix::fs::access(&program, rustix::fs::Access::EXEC_OK)
        });
        if let Ok(Ok(())) = access.await {
            return Ok(format!("{shown} can be run; it is only tried by sending"));
        }
        let how = format!("{shown} cannot be run by this account.");
        Err(DeliveryError::misconfigured(self.keys.command.path(), how))
    }
}
