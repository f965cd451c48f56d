//! `policy`: shows the policy in force, and previews what another one would have refused.

use std::collections::HashSet;

use crate::cli::args::{Policy, PreviewPolicyArgs, ShowPolicyArgs};
use crate::cli::exit::{Exit, Failure};
use crate::cli::json::{PolicyPreviewReply, PolicyReply};
use crate::cli::moment;
use crate::cli::output::Output;
use crate::config::{Config, ProcessEnvironment};
use crate::domain::event::{EventFilter, EventId, EventPage};
use crate::domain::policy_preview::PolicyPreview;
use crate::domain::time::Timestamp;
use crate::service::api::DeskClient;
use crate::service::audit::calls::ReadLog;
use crate::service::policy::PREVIEW_TIME;
use crate::service::policy::calls::{ReadPastSends, ReadPolicy};
use crate::service::upkeep::calls::ReadClock;

/// Page size: messages or log entries per call.
const PAGE: u32 = 1_000;

/// Upper bound on the messages, and on the log entries, that a preview replays.
const MAX_EVENTS: u64 = 500_000;

pub async fn run(desk: &DeskClient, output: &mut Output, command: Policy) -> Result<Exit, Failure> {
    match command {
        Policy::Show(arguments) => show(desk, output, arguments).await,
        Policy::Preview(arguments) => preview(desk, output, &arguments).await,
    }
}

async fn show(
    desk: &DeskClient,
    output: &mut Output,
    arguments: ShowPolicyArgs,
) -> Result<Exit, Failure> {
    let Some(stored) = desk.call(ReadPolicy { version: arguments.version }).await? else {
        return Err(Failure::not_found("There never was a policy of this version."));
    };
    if output.json() {
        let values = stored.policy.values();
        let (version, since) = (&*stored.version, stored.since);
        output.object(&PolicyReply { outcome: "shown", version, since, values })?;
        return Ok(Exit::DONE);
    }
    output.line(&format!(
        "# Version {}, first seen {}",
        stored.version,
        moment::short(stored.since)
    ))?;
    output.lines(stored.policy.as_str().trim_end())?;
    Ok(Exit::DONE)
}

async fn preview(
    desk: &DeskClient,
    output: &mut Output,
    arguments: &PreviewPolicyArgs,
) -> Result<Exit, Failure> {
    if arguments.file.is_none() && arguments.set.is_empty() {
        return Err(Failure::usage("Name a file, or a changed key with --set KEY=VALUE."));
    }
    let Some(current) = desk.call(ReadPolicy { version: None }).await? else {
        return Err(Failure::internal("The desk keeps no policy."));
    };
    let surroundings = ProcessEnvironment::of_process();
    let file = arguments.file.as_deref();
    let text = current.policy.as_str();
    let changed = Config::of_policy(text, file, &arguments.set, &surroundings)?;
    let mut preview = PolicyPreview::new(changed.otp.clone(), changed.limits);
    let now = desk.call(ReadClock).await?.store;
    let since = Timestamp::from_millis(
        now.millis() - i64::try_from(PREVIEW_TIME.as_millis()).unwrap_or(i64::MAX),
    );
    let whole_sends = sends(desk, output, &mut preview, since).await?;
    let whole_events = events(desk, output, &mut preview, since).await?;
    output.progress("");
    write_preview(output, &preview, whole_sends && whole_events)
}

/// Replays the sent messages; returns whether all of them were replayed.
async fn sends(
    desk: &DeskClient,
    output: &mut Output,
    preview: &mut PolicyPreview,
    since: Timestamp,
) -> Result<bool, Failure> {
    let (mut from, mut at_last) = (since, HashSet::new());
    loop {
        let page = desk.call(ReadPastSends { from, limit: PAGE }).await?;
        let is_end = page.len() < PAGE as usize;
        // Pages overlap: a page begins with the messages of the previous page's last timestamp.
        let new: Vec<_> = page.into_iter().filter(|it| !at_last.contains(&it.id)).collect();
        for send in &new {
            preview.send(send);
            if send.at > from {
                at_last.clear();
                from = send.at;
            }
            at_last.insert(send.id);
        }
        let (messages, _) = preview.notified();
        output.progress(&format!("{messages} messages, up to {}", moment::short(from)));
        if is_end || new.is_empty() {
            return Ok(true);
        }
        if messages >= MAX_EVENTS {
            return Ok(false);
        }
    }
}

/// Replays the log entries; returns whether all of them were replayed.
async fn events(
    desk: &DeskClient,
    output: &mut Output,
    preview: &mut PolicyPreview,
    since: Timestamp,
) -> Result<bool, Failure> {
    let filter = EventFilter { from: Some(since), ..EventFilter::default() };
    let (mut after, mut read) = (EventId(0), 0);
    loop {
        let page = EventPage::After(after);
        let events = desk.call(ReadLog { filter: filter.clone(), page, limit: PAGE }).await?.events;
        for event in &events {
            preview.event(event);
        }
        read += events.len() as u64;
        let Some(last) = events.last() else { return Ok(true) };
        after = last.id;
        output.progress(&format!("{read} entries of the log, up to {}", moment::short(last.at)));
        if events.len() < PAGE as usize {
            return Ok(true);
        }
        if read >= MAX_EVENTS {
            return Ok(false);
        }
    }
}

fn write_preview(
    output: &mut Output,
    preview: &PolicyPreview,
    whole: bool,
) -> Result<Exit, Failure> {
    let (messages, codes) = preview.notified();
    let refused = preview.refused();
    let of = format!("of {messages} messages and {codes} entered codes of the last week");
    let mut lines: Vec<String> =
        refused.iter().map(|(key, count)| format!("{key} would have refused {count}")).collect();
    let message = match refused.values().sum::<u64>() {
        0 => format!("Nothing would have been refused, {of}."),
        sum => format!("{sum} would have been refused, {of}."),
    };
    if output.json() {
        let reply =
            PolicyPreviewReply { outcome: "previewed", message, whole, messages, codes, refused };
        output.object(&reply)?;
        return Ok(Exit::DONE);
    }
    lines.insert(0, message);
    if !whole {
        lines.push(format!("There was more than {MAX_EVENTS}; the rest was not looked at."));
    }
    output.lines(&lines.join("\n"))?;
    Ok(Exit::DONE)
}
