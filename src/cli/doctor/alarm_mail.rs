//! Alarms by email: whether each address was told of what is open.

use std::time::Duration;

use crate::cli::doctor::{bad, good, note};
use crate::cli::json::Check;
use crate::cli::moment;
use crate::config::Config;
use crate::domain::contact::Contact;
use crate::service::ports::alarm_mail::AlarmMailStatus;
use crate::service::ports::{Store, StoreError};

const PART: &str = "alarm mail";

/// What waits longer has nobody who sends it.
const MAY_WAIT: Duration = Duration::from_mins(20);

/// A check for each address.
pub(super) async fn check(store: &dyn Store, config: &Config) -> Result<Vec<Check>, StoreError> {
    let mut checks = Vec::new();
    for address in &config.alarm_mail {
        let to = Contact::Email(address.clone());
        let status = store.alarm_mail_status(&to).await?;
        checks.push(report(&to.masked(), &status));
    }
    Ok(checks)
}

fn report(to: &str, status: &AlarmMailStatus) -> Check {
    let AlarmMailStatus { mailed_at, failure, waiting, now } = status;
    let waits = waiting.map_or(0, |(count, _)| count);
    // Of what was acknowledged meanwhile nobody is told any more.
    if let Some((at, why)) = failure.as_ref().filter(|_| waits > 0) {
        let at = moment::long(*at);
        let found = format!("{to}: alarms that wait: {waits}; the email failed at {at}: {why}");
        return bad(PART, found, "See [email] and alarms.mail in the configuration.");
    }
    if waiting.is_some_and(|(_, since)| now.since(since) > MAY_WAIT) {
        let found = format!("{to}: alarms that wait: {waits}");
        let help = "The desk service tells of them: see whether it runs (countersign serve).";
        return note(PART, found, Some(help.into()));
    }
    good(
        PART,
        match mailed_at {
            Some(at) => format!("{to}: told last at {}", moment::long(*at)),
            None => format!("{to}: nothing was told yet"),
        },
    )
}
