//! The keys of the office: what is stored where, and the policy.

use std::path::PathBuf;
use std::time::Duration;

use crate::config::identifier::{Identifier, TableName};
use crate::config::key::{ConfigKey, KeyPath, Section, section};
use crate::config::keys::{number, time};
use crate::config::kind::{KeyKind, Unit};
use crate::config::settings::{Environment, StoreTls};
use crate::config::value::{Absent, Column, Secret, UNSET, word, words};
use crate::domain::approval::GuardedAct;
use crate::domain::channel::Assurance;
use crate::domain::contact_verification::VerifiedContacts;
use crate::domain::policy::{OtpPolicy, RateLimits, Retention, SendLimits};
use crate::domain::purpose::Purpose;
use crate::domain::sign_in::policy::{SignInMode, SignInPolicy};
use crate::domain::staff::Role;

/// Upper bound of every hourly limit, in messages.
const MOST_MESSAGES: i64 = 1_000_000;

/// Lower bound of the log's retention in days, whatever the configuration says (security
/// requirement 55).
const LEAST_LOG_DAYS: i64 = 90;

/// A hundred years: the upper bound of a retention time.
const MOST_DAYS: i64 = 36_500;

const PURPOSES: &[&str] = &["account access", "pay a bill", "change of contact", "complaint"];

const DOCUMENT_KINDS: &[&str] =
    &["identity card", "passport", "driving licence", "residence permit"];

section! {
    /// Outside of all sections.
    RootKeys {
        environment: Environment = word::<Environment>(), Environment::Development,
            "where this runs; production refuses the tray, rehearsal puts every message there";
        purpose: Option<Vec<Purpose>> = KeyKind::Purposes, Absent("otp.purposes"),
            "what a verification can be for, each with what it takes, instead of otp.purposes";
    }
}

section! {
    /// `[office]`
    OfficeKeys {
        name: String = KeyKind::Text { most: 40 }, "Our office",
            "the office's name, as screens and messages show it";
        counter: Option<String> = KeyKind::Text { most: 20 }, Absent("the machine's name"),
            "the name of this terminal's counter, as screens and messages show it";
    }
}

section! {
    /// `[store]`
    StoreKeys {
        url: Option<String> = KeyKind::StoreUrl,
            Absent("sqlite:$XDG_DATA_HOME/countersign/countersign.db"),
            "where the data lie: a file, or a database on a server";
        url_file: Option<PathBuf> = KeyKind::Path, UNSET,
            "a file that holds the store's URL, instead of url";
        password: Option<Secret> = KeyKind::Secret, UNSET,
            "the password at the server; better here than in the URL";
        password_file: Option<PathBuf> = KeyKind::Path, UNSET,
            "a file that holds the password, instead of password";
        tls: Option<StoreTls> = word::<StoreTls>(),
            Absent("verify for a server; off on this machine"),
            "how the connection is protected; only verify looks who is at the other end";
        ca_file: Option<PathBuf> = KeyKind::Path, UNSET,
            "certificates (PEM) to trust beside the system's own";
        schema: Identifier = KeyKind::Identifier, "countersign",
            "the PostgreSQL schema of countersign's own tables";
        connections: u32 = number(1, 20), 1,
            "connections to the server; few, since all counters share what it has";
    }
}

section! {
    /// `[customers]`
    CustomerKeys {
        table: Option<TableName> = KeyKind::Table, UNSET,
            "the office's own table of customers, read where it is, instead of core_customer";
        file: Option<PathBuf> = KeyKind::Path, UNSET, "the SQLite file that holds this table";
        id: Identifier = KeyKind::Column { needed: true }, "id", "the table's primary key";
        account_no: Identifier = KeyKind::Column { needed: true }, "account_no",
            "the account's number";
        name: Identifier = KeyKind::Column { needed: true }, "name", "the customer's name";
        email: Column = KeyKind::Column { needed: false }, "email", "the email address";
        phone: Column = KeyKind::Column { needed: false }, "phone", "the phone number";
        address: Column = KeyKind::Column { needed: false }, "address", "the postal address";
        locale: Column = KeyKind::Column { needed: false }, "locale", "the language";
        read_only: Option<bool> = KeyKind::Flag, Absent("true where customers.table is set"),
            "customers are read and never written";
    }
}

section! {
    /// `[maintenance]`
    MaintenanceKeys {
        archive_after_days: Duration = time(Unit::Days, 1, 3650),
            Retention::STANDARD.archive_after, "when a request moves to the archive";
        purge_archive_after_days: Duration = time(Unit::Days, 2, MOST_DAYS),
            Retention::STANDARD.purge_archive_after,
            "when a request leaves the archive; more than archive_after_days";
        purge_events_after_days: Duration = time(Unit::Days, LEAST_LOG_DAYS, MOST_DAYS),
            Retention::STANDARD.purge_events_after, "when an event goes";
        purge_sessions_after_days: Duration = time(Unit::Days, 1, MOST_DAYS),
            Retention::STANDARD.purge_sessions_after, "when a session goes";
    }
}

section! {
    /// `[keys]`
    KeyFileKeys {
        file: Option<PathBuf> = KeyKind::Path,
            Absent("beside the store's file: <store>.keys; \
                    for a server $XDG_CONFIG_HOME/countersign/keys"),
            "the keys that protect stored codes; made at the first start, readable by its owner \
             only";
    }
}

section! {
    /// `[otp]`
    OtpKeys {
        length: u8 = number(6, 10), OtpPolicy::STANDARD.length, "digits of a code";
        expiry_minutes: Duration = time(Unit::Minutes, 1, 10), OtpPolicy::STANDARD.expiry,
            "how long a code works; ten minutes at most";
        expiry_seconds: Option<Duration> = time(Unit::Seconds, 5, 600), UNSET,
            "the same in seconds, to try expiry out";
        max_attempts: u32 = number(1, 10), OtpPolicy::STANDARD.max_attempts,
            "codes that may be tried for one request";
        failure_cap: u32 = number(1, 100), OtpPolicy::STANDARD.failure_cap,
            "wrong codes in a row, over all requests, that lock the customer";
        resend_cooldown_seconds: Duration = time(Unit::Seconds, 0, 3600),
            OtpPolicy::STANDARD.resend_cooldown,
            "how long before another code goes to the same contact";
        session_minutes: Duration = time(Unit::Minutes, 1, 480), OtpPolicy::STANDARD.session,
            "how long a verified customer's session lasts";
        session_seconds: Option<Duration> = time(Unit::Seconds, 5, 28_800), UNSET,
            "the same in seconds, to try it out";
        session_idle_minutes: Duration = time(Unit::Minutes, 1, 480),
            OtpPolicy::STANDARD.session_idle,
            "how long a session lasts when nobody touches it; not over the session's time";
        session_idle_seconds: Option<Duration> = time(Unit::Seconds, 5, 28_800), UNSET,
            "the same in seconds, to try it out";
        assurance: Assurance = word::<Assurance>(), OtpPolicy::STANDARD.assurance,
            "how strong a proof is asked for; nist takes SMS alone (NIST SP 800-63B-4, 3.1.3.1)";
        contact_quarantine_hours: Duration = time(Unit::Hours, 0, 720),
            OtpPolicy::STANDARD.contact_quarantine,
            "how long a changed contact cannot prove alone who the customer is; 0 lets it at once";
        verified_contacts: VerifiedContacts = word::<VerifiedContacts>(),
            OtpPolicy::STANDARD.verified_contacts,
            "which contacts prove who the customer is; required takes those alone that a sign-up \
             verified";
        purposes: Vec<String> = KeyKind::Texts { most: 40 },
            PURPOSES,
            "what a verification can be for; the first is offered first";
    }
}

section! {
    /// `[documents]`
    DocumentKeys {
        kinds: Vec<String> = KeyKind::Texts { most: 40 }, DOCUMENT_KINDS,
            "the kinds of documents that clerks look at, where a purpose takes one";
    }
}

section! {
    /// `[limits]`
    LimitKeys {
        per_contact: u32 = number(1, MOST_MESSAGES), SendLimits::HOUR.per_contact,
            "messages an hour to one contact";
        per_prefix: Option<u32> = number(1, MOST_MESSAGES), Absent("60, or per_contact where that is more"),
            "messages an hour to phone numbers that differ in their last three digits only";
        per_customer: u32 = number(1, MOST_MESSAGES), SendLimits::HOUR.per_customer,
            "messages an hour to one customer";
        per_clerk: u32 = number(1, MOST_MESSAGES), SendLimits::HOUR.per_clerk,
            "messages an hour by one clerk";
        per_counter: u32 = number(1, MOST_MESSAGES), SendLimits::HOUR.per_counter,
            "messages an hour from one counter";
        in_all: u32 = number(1, MOST_MESSAGES), SendLimits::HOUR.in_all,
            "messages an hour in all: codes and test messages together";
        per_contact_per_day: Option<u32> = number(1, MOST_MESSAGES), Absent("20, or per_contact where that is more"),
            "messages a day to one contact";
        per_prefix_per_day: Option<u32> = number(1, MOST_MESSAGES), Absent("200, or per_prefix where that is more"),
            "messages a day to phone numbers that differ in their last three digits only";
        per_customer_per_day: Option<u32> = number(1, MOST_MESSAGES), Absent("30, or per_customer where that is more"),
            "messages a day to one customer";
        per_clerk_per_day: Option<u32> = number(1, MOST_MESSAGES), Absent("600, or per_clerk where that is more"),
            "messages a day by one clerk";
        per_counter_per_day: Option<u32> = number(1, MOST_MESSAGES), Absent("1200, or per_counter where that is more"),
            "messages a day from one counter";
        in_all_per_day: Option<u32> = number(1, MOST_MESSAGES), Absent("10000, or in_all where that is more"),
            "messages a day in all: codes and test messages together";
        wrong_codes_per_clerk: u32 = number(1, MOST_MESSAGES), RateLimits::STANDARD.wrong_codes_per_clerk,
            "wrong codes an hour by one clerk, who can enter none until the hour is over";
        lookups_per_clerk: u32 = number(1, MOST_MESSAGES), RateLimits::STANDARD.lookups_per_clerk,
            "searches and opened accounts an hour by one clerk; each key of a search is one";
    }
}

section! {
    /// `[staff]`
    StaffKeys {
        sign_in: SignInMode = word::<SignInMode>(), SignInMode::OsUser,
            "who somebody is at the desk service: os-user by the account of the host, password by \
             a name and a password, where many share an account";
        totp: Vec<Role> = words::<Role>(), SignInPolicy::TOTP,
            "the roles that also give a code of an authenticator, where passwords are used";
        idle_lock_minutes: Duration = time(Unit::Minutes, 1, 60), SignInPolicy::IDLE_LOCK,
            "how long a terminal may be left alone before it is locked";
        four_eyes: Option<Vec<GuardedAct>> = words::<GuardedAct>(), UNSET,
            "acts that one admin asks for and another one has to approve";
    }
}

/// The keys outside of all sections.
pub static ROOT: RootKeys = RootKeys::of(Section::ROOT);
/// `[office]`
pub static OFFICE: OfficeKeys = OfficeKeys::of(Section::named("office"));
/// `[store]`
pub static STORE: StoreKeys = StoreKeys::of(Section::named("store"));
/// `[customers]`
pub static CUSTOMERS: CustomerKeys = CustomerKeys::of(Section::named("customers"));
/// `[maintenance]`
pub static MAINTENANCE: MaintenanceKeys = MaintenanceKeys::of(Section::named("maintenance"));
/// `[keys]`
pub static KEYS: KeyFileKeys = KeyFileKeys::of(Section::named("keys"));
/// `[otp]`
pub static OTP: OtpKeys = OtpKeys::of(Section::named("otp"));
/// `[documents]`
pub static DOCUMENTS: DocumentKeys = DocumentKeys::of(Section::named("documents"));
/// `[limits]`
pub static LIMITS: LimitKeys = LimitKeys::of(Section::named("limits"));
/// `[staff]`
pub static STAFF: StaffKeys = StaffKeys::of(Section::named("staff"));

/// The files that hold a secret.
pub(super) fn secret_files() -> Vec<&'static ConfigKey<Option<PathBuf>>> {
    vec![&STORE.url_file, &STORE.password_file]
}

/// Pairs of keys of which one source may set only one.
pub(super) fn alternatives() -> Vec<[KeyPath; 2]> {
    vec![
        [STORE.url.path(), STORE.url_file.path()],
        [STORE.password.path(), STORE.password_file.path()],
        [OTP.expiry_minutes.path(), OTP.expiry_seconds.path()],
        [OTP.session_minutes.path(), OTP.session_seconds.path()],
        [OTP.purposes.path(), ROOT.purpose.path()],
        [OTP.session_idle_minutes.path(), OTP.session_idle_seconds.path()],
    ]
}
