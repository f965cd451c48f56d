//! `doctor`: checks each part the way it is used. The checks run concurrently, each with a timeout,
//! so that one that hangs does not hide the others.

mod alarm_mail;
mod configuration;
mod remote;
mod shipping;

use std::env;
use std::fs;
use std::fs::OpenOptions;
use std::future::Future;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use crate::cli::app_context::AppContext;
use crate::cli::exit::{Exit, Failure};
use crate::cli::json::{Check, DoctorReply};
use crate::cli::moment;
use crate::cli::output::Output;
use crate::config::Config;
use crate::config::settings::Environment;
use crate::domain::channel::Channel;
use crate::domain::circuit_breaker::BreakerRecord;
use crate::domain::delivery::DeliveryState;
use crate::domain::outcome::Outcome;
use crate::domain::time::Timestamp;
use crate::service::delivery::fingerprints::Fingerprints;
use crate::service::delivery::test_message::{TestMessageError, TestMessageOutcome};
use crate::service::ports::{CustomerCheck, KeysInUse, ProductionMark, Sender, StoreError};
use crate::service::{Route, messages};

const TERMINAL: &str = "terminal";

/// Timeout of one check.
const CHECK_TIMEOUT: Duration = Duration::from_secs(20);

/// Tolerated offset of this machine's clock from the store's, in milliseconds. Beyond it people
/// would misread the times shown.
const CLOCK_TOLERANCE_MILLIS: i64 = 30_000;

/// Runs `doctor`. `clock` reads this machine's clock; it is only compared with the store's.
pub async fn run(
    context: &dyn AppContext,
    output: &mut Output,
    read: Result<Config, Failure>,
    clock: impl Fn() -> Timestamp,
    test: Option<&str>,
) -> Result<Exit, Failure> {
    let config = match read {
        Ok(config) => config,
        Err(failure) => return configuration::unusable(context, output, failure),
    };
    let mut checks = all(context, &config, clock).await;
    if let Some(to) = test {
        checks.extend(send_test(context, &config, to).await);
    }
    let failed = checks.iter().filter(|check| !check.ok).count();
    // A missing terminal is not counted: scripts run `doctor` without one.
    let notes = checks.iter().filter(|it| it.state == "note" && it.part != TERMINAL).count();
    let message = match failed {
        0 if notes == 0 => "Everything works.".to_owned(),
        0 => format!("Nothing fails; notes above that say what to look at: {notes}."),
        1 => "One part does not work.".to_owned(),
        failed => format!("{failed} parts do not work."),
    };
    if failed == 0 {
        return tell(output, "fine", Exit::DONE, message, checks);
    }
    tell(output, Outcome::Unavailable.word(), Outcome::Unavailable.into(), message, checks)
}

fn tell(
    output: &mut Output,
    outcome: &'static str,
    exit: Exit,
    message: String,
    checks: Vec<Check>,
) -> Result<Exit, Failure> {
    if output.json() {
        output.object(&DoctorReply { outcome, message, checks })?;
        return Ok(exit);
    }
    for check in &checks {
        let mark = if check.ok { check.state } else { "FAILED" };
        output.line(&format!("{mark:7} {:13} {}", check.part, check.found))?;
        if let Some(help) = &check.help {
            output.line(&format!("{:22}{help}", ""))?;
        }
    }
    output.line(&message)?;
    Ok(exit)
}

async fn all(
    context: &dyn AppContext,
    config: &Config,
    clock: impl Fn() -> Timestamp,
) -> Vec<Check> {
    if config.desk_socket.is_some() {
        let mut checks = vec![configuration::check(config)];
        checks.extend(remote::checks(context, config).await);
        checks.extend([log_file(config), terminal(context)]);
        return checks;
    }
    let ((store, found), email, sms, whatsapp) = tokio::join!(
        store(context, config, clock),
        sender(context, config, Channel::Email),
        sender(context, config, Channel::Sms),
        sender(context, config, Channel::Whatsapp),
    );
    let mut checks = vec![configuration::check(config)];
    checks.extend(config.own_desk_in_production().map(|text| note("desk", text, None)));
    checks.extend(store);
    let StoreFindings { used, breakers, now } = found.unwrap_or_default();
    checks.extend(keys(context, config, used));
    checks.extend([email, sms, whatsapp].into_iter().flatten());
    checks.extend(met(context, config, &breakers, now));
    checks.extend([log_file(config), terminal(context)]);
    checks
}

fn good(part: &'static str, found: impl Into<String>) -> Check {
    Check { part, ok: true, state: "ok", found: found.into(), help: None, key: None }
}

fn bad(part: &'static str, found: impl Into<String>, help: impl Into<String>) -> Check {
    let (found, help) = (found.into(), Some(help.into()));
    Check { part, ok: false, state: "failed", found, help, key: None }
}

fn note(part: &'static str, found: impl Into<String>, help: Option<String>) -> Check {
    Check { state: "note", help, ..good(part, found) }
}

async fn in_time<T>(act: impl Future<Output = T>) -> Option<T> {
    tokio::time::timeout(CHECK_TIMEOUT, act).await.ok()
}

/// What the store's check read for the checks of other parts.
#[derive(Default)]
struct StoreFindings {
    used: KeysInUse,
    /// Provider health as recorded by all counters.
    breakers: Vec<BreakerRecord>,
    now: Timestamp,
}

/// Checks the store, its clock and the customers, and reads what other checks need.
async fn store(
    context: &dyn AppContext,
    config: &Config,
    clock: impl Fn() -> Timestamp,
) -> (Vec<Check>, Option<StoreFindings>) {
    let report = |error: StoreError| (messages::store_error(&error).for_admin, None);
    let tried = in_time(async {
        let store = context.store(config).await.map_err(|failure| (sentence(failure), None))?;
        let table = store.check_customers().await;
        let found = match store.check().await {
            Ok(found) => found,
            // A fault of the external table that stops all work with customers is reported with the
            // store's.
            Err(error) => {
                let stopped = table.ok().filter(|it| it.findings.iter().any(|it| it.stops));
                return Err((messages::store_error(&error).for_admin, stopped));
            }
        };
        let before = clock();
        let now = store.now().await.map_err(report)?;
        let after = clock();
        let mut notes = store.notes().await.map_err(report)?;
        let mark = store.production_mark().await.map_err(report)?;
        if let Ok(senders) = context.senders(config) {
            let own = Fingerprints::of(&senders);
            let waiting = store.waiting_elsewhere(&own.all()).await.map_err(report)?;
            notes.extend(messages::elsewhere(waiting).map(|it| format!("messages wait: {it}")));
        }
        let (_, breakers) = store.circuit_breakers().await.map_err(report)?;
        let used = store.keys_in_use().await.map_err(report)?;
        let shipping = shipping::check(context, store.as_ref(), config).await.map_err(report)?;
        let told = alarm_mail::check(store.as_ref(), config).await.map_err(report)?;
        let table = table.map_err(|error| messages::store_error(&error).for_admin);
        let clock = offset(before, now, after);
        Ok::<_, (String, Option<CustomerCheck>)>((
            found,
            notes,
            std::iter::once(clock)
                .chain(production(config, mark.as_ref()))
                .chain(shipping)
                .chain(told),
            customers(table),
            StoreFindings { used, breakers, now },
        ))
    });
    let why = match tried.await {
        Some(Ok((found, notes, clock, customers, others))) => {
            let notes = notes.into_iter().map(|it| note("store", it, None));
            let store = std::iter::once(good("store", found)).chain(notes);
            return (store.chain(clock).chain(customers).collect(), Some(others));
        }
        Some(Err((why, stopped))) => {
            let help = "See [store] in the configuration; then: countersign migrate";
            let stopped = stopped.map_or_else(Vec::new, |it| customers(Ok(it)));
            return (std::iter::once(bad("store", why, help)).chain(stopped).collect(), None);
        }
        None => bad("store", NO_ANSWER, "Look whether the store's server and the network are up."),
    };
    (vec![why], None)
}

/// The production mark of the store; `None` if there is none and the configuration needs none.
fn production(config: &Config, mark: Option<&ProductionMark>) -> Option<Check> {
    const PART: &str = "mark";
    if let Some(ProductionMark { since, by }) = mark {
        let since = moment::long(*since);
        let found = format!("the store is one of real customers, marked by {by} at {since}");
        return Some(good(PART, found));
    }
    (config.environment == Environment::Production).then(|| {
        note(
            PART,
            "the store is not marked as one of real customers: a desk set up for development \
             could put their codes into a tray",
            Some("Mark it, once and for good: countersign migrate --production".into()),
        )
    })
}

/// The circuit breakers of this configuration's providers, as recorded by all counters.
fn met(
    context: &dyn AppContext,
    config: &Config,
    breakers: &[BreakerRecord],
    now: Timestamp,
) -> Vec<Check> {
    let Ok(senders) = context.senders(config) else { return Vec::new() };
    let own = breakers.iter().filter(|health| senders.behind(health.slot).is_some());
    let report = own.filter_map(|health| {
        let fallback = if health.slot.fallback { "the fallback" } else { "the provider" };
        let found = if health.is_open(now) {
            let until = moment::short(health.open_until);
            format!("{fallback} failed for the counters and is left alone until {until}")
        } else if health.is_half_open(now) {
            format!("{fallback} failed for the counters; the next message tries it again")
        } else if health.failures > 0 {
            format!("{fallback} did not take the last message")
        } else {
            return None;
        };
        let said = health.detail.as_ref().map(|it| it.for_admin.clone());
        Some(note(health.slot.channel.word(), found, said))
    });
    report.collect()
}

/// The table of customers. A finding that only slows it down is a note, not a failure.
fn customers(checked: Result<CustomerCheck, String>) -> Vec<Check> {
    const HELP: &str = "See [customers] in the configuration.";
    let CustomerCheck { found, findings } = match checked {
        Ok(check) => check,
        Err(why) => return vec![bad("customers", why, HELP)],
    };
    let stopped = findings.iter().any(|it| it.stops);
    let report = findings.into_iter().map(|it| Check {
        part: "customers",
        ok: !it.stops,
        state: if it.stops { "failed" } else { "note" },
        found: it.what,
        help: it.help,
        key: None,
    });
    let whole = (!stopped).then(|| good("customers", found));
    whole.into_iter().chain(report).collect()
}

const NO_ANSWER: &str = "it gave no answer within 20 seconds";

fn sentence(failure: Failure) -> String {
    match failure {
        Failure::Report(report) => report.message,
        Failure::Output(error) => error.to_string(),
    }
}

/// Compares this machine's clock with the store's. The store's decides; an offset only makes shown
/// times wrong.
fn offset(before: Timestamp, now: Timestamp, after: Timestamp) -> Check {
    let here = i64::midpoint(before.millis(), after.millis());
    let off = now.millis().saturating_sub(here);
    let report = if off.abs() < 1_000 {
        "this machine's clock and the store's agree".to_owned()
    } else {
        let way = if off > 0 { "ahead of" } else { "behind" };
        format!("the store's clock is {} s {way} this machine's", off.abs() / 1_000)
    };
    if off.abs() <= CLOCK_TOLERANCE_MILLIS {
        return good("clock", report);
    }
    bad("clock", report, "The store's clock decides. Set both by the network (chrony, timesyncd).")
}

/// Checks a channel's providers. A channel that is switched off gives a note, except WhatsApp,
/// which few offices use.
async fn sender(context: &dyn AppContext, config: &Config, channel: Channel) -> Vec<Check> {
    let part = channel.word();
    let senders = match context.senders(config) {
        Ok(senders) => senders,
        Err(failure) => return vec![bad(part, sentence(failure), help_sender(channel))],
    };
    let Some(Route { main, fallback }) = senders.of(channel) else {
        let is_said = channel != Channel::Whatsapp;
        return is_said.then(|| good(part, "off: not offered")).into_iter().collect();
    };
    let tried = async |sender: &Arc<dyn Sender>, stands_in: &str| {
        let provider = format!("{stands_in}{}", sender.provider());
        match in_time(sender.check()).await {
            Some(Ok(found)) => good(part, format!("{provider}: {found}")),
            Some(Err(why)) => Check {
                key: why.key,
                ..bad(part, format!("{provider}: {}", why.for_admin), help_sender(channel))
            },
            None => bad(
                part,
                format!("{provider}: {NO_ANSWER}"),
                "Look whether the network lets it through.",
            ),
        }
    };
    match fallback {
        None => vec![tried(main, "").await],
        Some(fallback) => {
            let (main, fallback) = tokio::join!(tried(main, ""), tried(fallback, "fallback, "));
            vec![main, fallback]
        }
    }
}

/// Sends a test message (it contains no code) through each provider of the contact's channel.
async fn send_test(context: &dyn AppContext, config: &Config, to: &str) -> Vec<Check> {
    const PART: &str = "test message";
    let tested = match context.send_test(config, to).await {
        Ok(tested) => tested,
        Err(failure) => return vec![bad(PART, sentence(failure), "Nothing was sent.")],
    };
    let trials = match tested {
        Ok(trials) => trials,
        Err(TestMessageError::Contact(error)) => {
            let help = "Give an email address, or a phone number of a country in [sms].";
            return vec![bad(PART, format!("nothing was sent: {error}"), help)];
        }
        Err(off @ TestMessageError::Off(_)) => {
            let help = "Give a contact of a channel that is on.";
            return vec![bad(PART, format!("nothing was sent: {off}"), help)];
        }
        Err(TestMessageError::Limited(refusal)) => {
            let again = format!("Try again at {}.", moment::short(refusal.retry_at));
            let why = refusal.limit.sentence();
            return vec![bad(PART, format!("nothing was sent: {why}"), again)];
        }
        Err(TestMessageError::Desk(error)) => {
            return vec![bad(
                PART,
                messages::desk_error(&error).for_admin,
                "See what the store is like above.",
            )];
        }
    };
    let report = |trial: &TestMessageOutcome| {
        let detail = trial.report.detail.as_ref();
        let said = detail.map_or("look whether it came", |it| &it.for_admin);
        let stands_in = if trial.slot.fallback { "fallback, " } else { "" };
        let found = format!("{stands_in}{} to {}: {said}", trial.provider, trial.contact);
        match trial.report.state {
            DeliveryState::Sent => good(PART, found),
            _ => Check {
                key: detail.and_then(|it| it.key.clone()),
                ..bad(PART, found, help_sender(trial.slot.channel))
            },
        }
    };
    trials.iter().map(report).collect()
}

const fn help_sender(channel: Channel) -> &'static str {
    match channel {
        Channel::Email => "See [email] in the configuration.",
        Channel::Sms => "See [sms] in the configuration.",
        Channel::Whatsapp => "See [whatsapp] in the configuration, and [sms] for the account.",
    }
}

/// The key file, and whether it holds every key that codes in the store need.
fn keys(context: &dyn AppContext, config: &Config, used: KeysInUse) -> Vec<Check> {
    let keys = match context.keys(config) {
        Ok(keys) => keys,
        Err(failure) => {
            return vec![bad("keys", sentence(failure), "See [keys] in the configuration.")];
        }
    };
    let file = config.keys.file.display();
    let whole = match keys.iter().find(|key| key.current) {
        Some(current) => good("keys", format!("{} in all, {} is current", keys.len(), current.key)),
        None => bad("keys", "no key is current", "Make one: countersign keys rotate"),
    };
    let is_missing = |name: &String| keys.iter().all(|key| key.key != *name);
    let open: Vec<String> = used.open.into_iter().filter(is_missing).collect();
    if !open.is_empty() {
        let found = format!(
            "codes that can be entered now were made with {}, which {file} does not have",
            open.join(", ")
        );
        let help = format!(
            "They cannot be checked here. Copy the key file of the counter that sent them to \
             {file}, readable by its account alone (chmod 600)."
        );
        return vec![whole, bad("keys", found, help)];
    }
    let last = used.last.filter(is_missing).map(|name| {
        let found = format!("the last code was made with {name}, which {file} does not have");
        let help = "Where another counter sent it, copy its key file here: each counter needs \
                    the same. Where that key is lost, nothing is to be done.";
        note("keys", found, Some(help.into()))
    });
    std::iter::once(whole).chain(last).collect()
}

fn log_file(config: &Config) -> Check {
    let file = &config.log.file;
    let tried = file
        .parent()
        .map_or(Ok(()), fs::create_dir_all)
        .and_then(|()| OpenOptions::new().create(true).append(true).open(file));
    match tried {
        Ok(_) => good("log file", file.display().to_string()),
        Err(error) => bad(
            "log file",
            format!("{} cannot be written: {error}", file.display()),
            "Give this user the right to write it, or name another: log.file",
        ),
    }
}

fn terminal(context: &dyn AppContext) -> Check {
    if let Err(why) = context.terminal() {
        // A note, not a failure: commands need no terminal, and scripts run `doctor`.
        return note(TERMINAL, why, None);
    }
    let term = env::var("TERM").unwrap_or_default();
    let size = rustix::termios::tcgetwinsize(io::stdout())
        .map_or_else(|_| "unknown size".to_owned(), |it| format!("{}×{}", it.ws_col, it.ws_row));
    let writing = if crate::config::terminal::writes_utf8() {
        "UTF-8"
    } else {
        "not UTF-8: plain lines are drawn"
    };
    let colours = if crate::config::terminal::wants_no_colour() {
        "no colours (NO_COLOR)"
    } else {
        "colours"
    };
    good(TERMINAL, format!("{term}, {size}, {writing}, {colours}"))
}
