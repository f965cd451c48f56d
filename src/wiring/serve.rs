//! The desk service: the server on a socket, with the outbox worker, the sealing and the shipping of
//! the log, the search for alarms and the emails about them, and the nightly maintenance.

use std::path::Path;
use std::time::Duration;

use listenfd::ListenFd;
use sd_notify::NotifyState;
use tokio::net::UnixListener;
use tokio_util::sync::CancellationToken;

use crate::cli::exit::{Exit, Failure};
use crate::cli::moment;
use crate::config::Config;
use crate::config::settings::{Environment, ServeSettings};
use crate::domain::timing::SERVICE_END_TIMEOUT;
use crate::lifecycle::{Finish, Lifecycle, Signals, keep_memory_out_of_swap};
use crate::remote::{self, Server, ServerLimits};
use crate::service::Desk;
use crate::service::audit::seal::SealWorker;
use crate::service::audit::ship::ShippingWorker;
use crate::service::delivery::worker::OutboxWorker;
use crate::service::stats::alarm_mail::AlarmRecipients;
use crate::service::stats::alarms::LOOK_EVERY;
use crate::service::upkeep::maintenance::MaintenanceRun;

/// Concurrent outbox messages.
const CONCURRENT_MESSAGES: usize = 16;

/// The delay of the first maintenance after the start, and the interval.
const MAINTENANCE: (Duration, Duration) = (Duration::from_mins(10), Duration::from_hours(24));

/// Serves until a signal.
pub(super) async fn run(
    desk: Desk,
    config: &Config,
    listening: &mut (dyn FnMut() + Send),
) -> Result<Exit, Failure> {
    let failed = |error: std::io::Error| Failure::internal(format!("{error}."));
    if !keep_memory_out_of_swap() {
        tracing::warn!("keys may be written to the swap space: LimitMEMLOCK is not infinity");
    }
    let (listener, own_socket) = listener(&config.serve).await?;
    let mut signals = Signals::new().map_err(failed)?;
    let lifecycle = Lifecycle::new();
    let end = CancellationToken::new();
    desk.record_service_start(env!("CARGO_PKG_VERSION")).await?;
    let worker = OutboxWorker::new(desk.clone());
    let worker_end = end.clone();
    drop(lifecycle.spawn(async move {
        worker.run(CONCURRENT_MESSAGES, worker_end, |_, _| {}).await;
    }));
    let sealer = SealWorker::new(desk.clone());
    let sealer_end = end.clone();
    drop(lifecycle.spawn(async move { sealer.run(sealer_end).await }));
    if let Some(shipper) = ShippingWorker::new(desk.clone()) {
        let shipper_end = end.clone();
        drop(lifecycle.spawn(async move { shipper.run(shipper_end).await }));
    }
    drop(lifecycle.spawn(maintain(desk.clone(), end.clone())));
    drop(lifecycle.spawn(look_for_alarms(desk.clone(), end.clone())));
    if let Some(recipients) = alarm_recipients(config) {
        let (desk, end) = (desk.clone(), end.clone());
        drop(lifecycle.spawn(async move { desk.run_alarm_mail(&recipients, end).await }));
    }
    let is_production = config.environment == Environment::Production;
    let server = Server::new(desk, is_production, ServerLimits::default());
    let server = server.rehearsing(config.environment == Environment::Rehearsal);
    drop(lifecycle.spawn(server.run(listener, end.clone())));
    drop(tokio::spawn(watchdog()));
    tell_manager(&[NotifyState::Ready]);
    listening();
    let signal = signals.next_end().await;
    tell_manager(&[NotifyState::Stopping]);
    end.cancel();
    if let Finish::LeftBehind(left) = lifecycle.finish(&mut signals, SERVICE_END_TIMEOUT).await {
        tracing::warn!(left, "something was still under way at the end");
    }
    if let Some(path) = own_socket {
        // Terminals notice the end at once. It may be gone already.
        let _ = std::fs::remove_file(path);
    }
    Ok(Exit::signal(signal.exit_code()))
}

/// Whom this service tells of alarms; none where nobody is named.
fn alarm_recipients(config: &Config) -> Option<AlarmRecipients> {
    let addresses = config.alarm_mail.clone();
    (!addresses.is_empty()).then_some(AlarmRecipients { addresses, moment: moment::long })
}

/// The socket passed by the service manager (`sd_listen_fds(3)`), or a new one and its path,
/// which the service removes in the end. A socket of the service manager stays.
async fn listener(settings: &ServeSettings) -> Result<(UnixListener, Option<&Path>), Failure> {
    let failed = |error: std::io::Error| {
        Failure::configuration(format!(
            "The socket of the service manager cannot be used: {error}."
        ))
    };
    if let Some(given) = ListenFd::from_env().take_unix_listener(0).map_err(failed)? {
        given.set_nonblocking(true).map_err(failed)?;
        return Ok((UnixListener::from_std(given).map_err(failed)?, None));
    }
    let listening = remote::listen(&settings.socket, settings.group.as_deref()).await;
    let listening =
        listening.map_err(|error| Failure::configuration(super::sentence(&error.to_string())))?;
    Ok((listening, Some(&settings.socket)))
}

/// Runs maintenance periodically.
async fn maintain(desk: Desk, end: CancellationToken) {
    let (mut pause, every) = MAINTENANCE;
    loop {
        tokio::select! {
            () = end.cancelled() => return,
            () = tokio::time::sleep(pause) => {}
        }
        pause = every;
        let mut run = MaintenanceRun::default();
        let worked = loop {
            match desk.run_maintenance(&mut run).await {
                Ok(Some(rest)) => tokio::select! {
                    () = end.cancelled() => break Ok(()),
                    () = tokio::time::sleep(rest) => {}
                },
                Ok(None) => break Ok(()),
                Err(error) => break Err(error),
            }
        };
        // Log what was done before an error.
        let recorded = desk.finish_maintenance(run.totals(), None).await;
        if let Err(error) = worked.and(recorded) {
            tracing::warn!(%error, "the maintenance did not come to its end");
        }
    }
}

/// Looks for alarms at an interval. A failure that repeats is logged once.
async fn look_for_alarms(desk: Desk, end: CancellationToken) {
    let mut reported = None;
    loop {
        tokio::select! {
            () = end.cancelled() => return,
            () = tokio::time::sleep(LOOK_EVERY) => {}
        }
        let why = desk.look_for_alarms().await.err().map(|error| error.to_string());
        if let Some(why) = why.as_ref().filter(|_| why != reported) {
            tracing::warn!(why, "the search for alarms failed");
        }
        reported = why;
    }
}

/// Sends the watchdog keep-alive to the service manager at half its timeout
/// (`sd_watchdog_enabled(3)`).
async fn watchdog() {
    let Some(timeout) = sd_notify::watchdog_enabled() else { return };
    loop {
        tokio::time::sleep(timeout / 2).await;
        tell_manager(&[NotifyState::Watchdog]);
    }
}

fn tell_manager(state: &[NotifyState<'_>]) {
    // Without a service manager this does nothing.
    if let Err(error) = sd_notify::notify(state) {
        tracing::warn!(%error, "the service manager was not told");
    }
}
