//! The office's policy: what holds, in writing, and what another one would have refused.

pub mod calls;

use std::time::Duration;

use crate::domain::approval::GuardedAct;
use crate::domain::policy::{RateLimits, Retention, SendLimits};
use crate::domain::policy_preview::PastSend;
use crate::domain::policy_text::PolicyText;
use crate::domain::purpose::Purpose;
use crate::domain::time::Timestamp;
use crate::service::ports::policy::{PastDelivery, StoredPolicy};
use crate::service::{Desk, DeskError, Office};

/// How far back another policy is tried.
pub const PREVIEW_TIME: Duration = Duration::from_hours(7 * 24);

/// A list without anything in it.
const NO_LIST: &str = "[]";

impl Office {
    /// The policy in writing.
    pub fn policy(&self) -> PolicyText {
        let otp = &self.otp;
        let assurance: &'static str = otp.assurance.into();
        let verified_contacts: &'static str = otp.verified_contacts.into();
        let otp = [
            ("otp.length", otp.length.to_string()),
            ("otp.expiry_seconds", seconds(otp.expiry)),
            ("otp.max_attempts", otp.max_attempts.to_string()),
            ("otp.failure_cap", otp.failure_cap.to_string()),
            ("otp.resend_cooldown_seconds", seconds(otp.resend_cooldown)),
            ("otp.session_seconds", seconds(otp.session)),
            ("otp.session_idle_seconds", seconds(otp.session_idle)),
            ("otp.assurance", quoted(assurance)),
            ("otp.contact_quarantine_hours", hours(otp.contact_quarantine)),
            ("otp.verified_contacts", quoted(verified_contacts)),
            self.written_purposes(),
            ("documents.kinds", list(self.documents.iter().map(String::as_str))),
        ];
        let phones = &self.phones;
        let types = phones.number_types.iter().map(|it| <&'static str>::from(*it));
        let phones = [
            ("sms.default_country", quoted(&phones.default_country)),
            ("sms.allowed_countries", list(phones.allowed_countries.iter().map(String::as_str))),
            ("sms.number_types", list(types)),
        ];
        let acts = self.four_eyes.iter().copied().map(GuardedAct::word);
        let staff = [("staff.four_eyes", list(acts))];
        let values = otp.into_iter().chain(limits(&self.limits)).chain(phones);
        let values = values.chain(retention(&self.retention)).chain(staff);
        // The configuration has no empty lists: such a key is not set.
        PolicyText::of(values.filter(|(_, value)| value != NO_LIST))
    }
}

impl Office {
    /// The purposes in writing: a plain list where they are one.
    fn written_purposes(&self) -> (&'static str, String) {
        if self.purposes.iter().all(Purpose::is_plain) {
            let names = self.purposes.iter().map(|it| it.name.as_str());
            return ("otp.purposes", list(names));
        }
        let tables: Vec<_> = self.purposes.iter().map(Purpose::written).collect();
        ("purpose", format!("[{}]", tables.join(", ")))
    }
}

fn limits(limits: &RateLimits) -> impl Iterator<Item = (&'static str, String)> {
    const HOUR: [&str; 6] = [
        "limits.per_contact",
        "limits.per_prefix",
        "limits.per_customer",
        "limits.per_clerk",
        "limits.per_counter",
        "limits.in_all",
    ];
    const DAY: [&str; 6] = [
        "limits.per_contact_per_day",
        "limits.per_prefix_per_day",
        "limits.per_customer_per_day",
        "limits.per_clerk_per_day",
        "limits.per_counter_per_day",
        "limits.in_all_per_day",
    ];
    let values = |it: &SendLimits| {
        let SendLimits { per_contact, per_prefix, per_customer, per_clerk, per_counter, in_all } =
            *it;
        [per_contact, per_prefix, per_customer, per_clerk, per_counter, in_all]
    };
    let windows = HOUR.into_iter().zip(values(&limits.per_hour));
    let windows = windows.chain(DAY.into_iter().zip(values(&limits.per_day)));
    let of_clerk = [
        ("limits.wrong_codes_per_clerk", limits.wrong_codes_per_clerk),
        ("limits.lookups_per_clerk", limits.lookups_per_clerk),
    ];
    windows.chain(of_clerk).map(|(key, value)| (key, value.to_string()))
}

fn retention(retention: &Retention) -> [(&'static str, String); 4] {
    [
        ("maintenance.archive_after_days", days(retention.archive_after)),
        ("maintenance.purge_archive_after_days", days(retention.purge_archive_after)),
        ("maintenance.purge_events_after_days", days(retention.purge_events_after)),
        ("maintenance.purge_sessions_after_days", days(retention.purge_sessions_after)),
    ]
}

fn seconds(time: Duration) -> String {
    time.as_secs().to_string()
}

fn hours(time: Duration) -> String {
    (time.as_secs() / 3_600).to_string()
}

fn days(time: Duration) -> String {
    (time.as_secs() / 86_400).to_string()
}

/// A text as TOML has it; JSON writes it so too.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

fn list<'a>(texts: impl Iterator<Item = &'a str>) -> String {
    format!("[{}]", texts.map(quoted).collect::<Vec<_>>().join(", "))
}

impl Desk {
    /// Keeps this desk's policy in the store, once in the life of a process, so that what a
    /// request or a session was bound by can be read back. A policy that is another one than
    /// held before is an entry of the log.
    pub async fn ensure_policy(&self) -> Result<(), DeskError> {
        let record = || self.store.record_policy(&self.policy, &self.actor);
        self.policy_recorded
            .get_or_try_init(|| async { self.retry(record).await })
            .await
            .copied()
            .map_err(DeskError::from)
    }

    /// A policy by its version, or the one of this desk.
    pub async fn policy_of(
        &self,
        version: Option<&str>,
    ) -> Result<Option<StoredPolicy>, DeskError> {
        self.ensure_policy().await?;
        let version = version.unwrap_or(&self.policy_version);
        Ok(self.reading(|| self.store.policy(Some(version))).await?)
    }

    /// Messages of the last week from a moment on, oldest first, without their contacts.
    pub async fn past_sends(
        &self,
        from: Timestamp,
        limit: u32,
    ) -> Result<Vec<PastSend>, DeskError> {
        let past = self.reading(|| self.store.past_deliveries(from, PREVIEW_TIME, limit)).await?;
        Ok(past.into_iter().map(|it| self.past_send(it)).collect())
    }

    fn past_send(&self, past: PastDelivery) -> PastSend {
        PastSend {
            id: past.id,
            at: past.at,
            contact: self.pseudonym("contact", &past.contact),
            prefix: past.prefix.map(|it| self.pseudonym("prefix", &it)),
            customer: past.customer,
            clerk: past.actor.clerk,
            counter: past.actor.counter,
        }
    }

    /// A number for a text, from which nobody without the key learns it.
    fn pseudonym(&self, what: &str, text: &str) -> u64 {
        let derived = self.keyring().current().1.derive(&["policy preview", what, text]);
        derived.secret().iter().take(8).fold(0, |bits, byte| bits << 8 | u64::from(*byte))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::customer::PhonePolicy;
    use crate::domain::policy::OtpPolicy;

    fn office() -> Office {
        Office {
            name: "Riverside Billing".into(),
            purposes: vec!["pay a bill".into(), "say \"yes\"".into()],
            documents: vec!["passport".into()],
            otp: OtpPolicy::STANDARD,
            limits: RateLimits::STANDARD,
            phones: PhonePolicy::of("US"),
            retention: Retention::STANDARD,
            four_eyes: vec![GuardedAct::Unlock],
            external_customers: false,
        }
    }

    #[test]
    fn every_part_of_the_policy_is_in_its_version() {
        let standard = office().policy();
        let changes: [fn(&mut Office); 14] = [
            |it| it.documents.push("identity card".into()),
            |it| it.purposes.truncate(1),
            |it| it.purposes.clear(),
            |it| it.otp.length = 7,
            |it| it.otp.expiry = Duration::from_mins(1),
            |it| it.otp.max_attempts = 3,
            |it| it.otp.contact_quarantine = Duration::ZERO,
            |it| it.limits.per_hour.per_prefix = 1,
            |it| it.limits.per_day.in_all = 1,
            |it| it.limits.wrong_codes_per_clerk = 1,
            |it| it.limits.lookups_per_clerk = 1,
            |it| it.phones.allowed_countries.push("CA".into()),
            |it| it.retention.purge_events_after = Duration::from_hours(90 * 24),
            |it| it.four_eyes.clear(),
        ];
        for (at, change) in changes.into_iter().enumerate() {
            let mut office = office();
            change(&mut office);
            assert_eq!(standard.changes_to(&office.policy()).len(), 1, "change {at}");
            assert_ne!(standard.version(), office.policy().version(), "change {at}");
        }
        let renamed = Office { name: "Another".into(), ..office() };
        assert_eq!(standard.version(), renamed.policy().version(), "a name is no policy");
        assert_eq!(standard.values()["otp.purposes"], r#"["pay a bill", "say \"yes\""]"#);
    }
}
