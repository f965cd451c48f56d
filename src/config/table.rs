//! The one table of keys. What a key may hold, what it holds when nobody says
//! anything and what it is for stand here and nowhere else: reading, the
//! example file, `config show` and the documentation are made from it or
//! checked against it.

mod account_lists;
mod providers;

use crate::config::kind::Kind;
use crate::domain::phone::NumberType;

/// What a key holds when nobody says anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fallback {
    /// This text.
    Text(&'static str),
    /// This number.
    Number(i64),
    /// This answer.
    Flag(bool),
    /// These texts.
    Texts(&'static [&'static str]),
    /// Something worked out from the other keys or the machine; in words.
    Derived(&'static str),
    /// Nothing.
    Unset,
}

/// One key of the configuration.
#[derive(Clone, Copy, Debug)]
pub struct Key {
    /// `section.key`; only `environment` has no section. A section can be part of
    /// another: `email.fallback.host`.
    pub path: &'static str,
    /// What it may hold.
    pub kind: Kind,
    /// What it holds when nobody says anything.
    pub fallback: Fallback,
    /// What it is for, in one line.
    pub help: &'static str,
}

impl Key {
    /// The section and the key's name in it.
    pub fn parts(&self) -> (Option<&'static str>, &'static str) {
        self.path
            .rsplit_once('.')
            .map_or((None, self.path), |(section, name)| (Some(section), name))
    }

    /// The environment variable that sets it: `COUNTERSIGN__OTP__LENGTH`.
    pub fn variable(&self) -> String {
        let name = self.path.to_ascii_uppercase().replace('.', "__");
        format!("{}{name}", crate::config::environment::PREFIX)
    }
}

/// The key of this path.
pub fn key(path: &str) -> Option<&'static Key> {
    TABLE.iter().find(|key| key.path == path)
}

/// Keys of which a place may set one only; what a later place sets replaces
/// the others, so that `expiry_seconds` in the environment wins over
/// `expiry_minutes` in the file.
pub(super) fn alternatives() -> impl Iterator<Item = [&'static str; 2]> {
    ALTERNATIVES
        .iter()
        .chain(account_lists::ALTERNATIVES)
        .chain(providers::ALTERNATIVES.into_iter().flatten())
        .copied()
}

const ALTERNATIVES: &[[&str; 2]] = &[
    ["store.url", "store.url_file"],
    ["store.password", "store.password_file"],
    ["otp.expiry_minutes", "otp.expiry_seconds"],
    ["otp.session_minutes", "otp.session_seconds"],
    ["otp.session_idle_minutes", "otp.session_idle_seconds"],
    ["whatsapp.from", "whatsapp.messaging_service_sid"],
];

/// A section, to find its keys by their names in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Section(&'static str);

impl Section {
    pub(crate) const EMAIL: Self = Self("email");
    pub(crate) const EMAIL_FALLBACK: Self = Self("email.fallback");
    pub(crate) const SMS: Self = Self("sms");
    pub(crate) const SMS_FALLBACK: Self = Self("sms.fallback");
    pub(crate) const WHATSAPP: Self = Self("whatsapp");

    /// Whether it sets up a provider that stands in for another one.
    pub(crate) fn is_fallback(self) -> bool {
        self == Self::EMAIL_FALLBACK || self == Self::SMS_FALLBACK
    }

    /// The path of one of its keys.
    pub(crate) fn key(self, name: &str) -> &'static str {
        let key = self.keys().find(|path| path.rsplit('.').next() == Some(name));
        debug_assert!(key.is_some(), "there is no key {name} in {self}");
        key.unwrap_or(self.0)
    }

    /// Whether a key is one of it.
    #[cfg(test)]
    pub(crate) fn has(self, path: &str) -> bool {
        self.keys().any(|key| key == path)
    }

    /// The paths of all its keys.
    pub(crate) fn keys(self) -> impl Iterator<Item = &'static str> {
        TABLE.iter().filter(move |key| key.parts().0 == Some(self.0)).map(|key| key.path)
    }
}

impl std::fmt::Display for Section {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "[{}]", self.0)
    }
}

/// The most messages an hour any limit can be set to.
const MOST_MESSAGES: i64 = 1_000_000;

const fn of(path: &'static str, kind: Kind, fallback: Fallback, help: &'static str) -> Key {
    Key { path, kind, fallback, help }
}

const fn number(path: &'static str, least: i64, most: i64, preset: i64, help: &'static str) -> Key {
    of(path, Kind::Number { least, most }, Fallback::Number(preset), help)
}

/// The log is kept for so many days at least, whoever sets it otherwise (security
/// requirement 55).
const LEAST_LOG_DAYS: i64 = 90;

/// A hundred years.
const MOST_DAYS: i64 = 36_500;

const fn column(path: &'static str, needed: bool, usual: &'static str, help: &'static str) -> Key {
    of(path, Kind::Column { needed }, Fallback::Text(usual), help)
}

const fn finer(path: &'static str, least: i64, most: i64, help: &'static str) -> Key {
    of(path, Kind::Number { least, most }, Fallback::Unset, help)
}

/// The sections in the order in which they are shown.
const SECTIONS: [&[Key]; 8] = [
    OFFICE,
    account_lists::KEYS,
    providers::EMAIL,
    providers::EMAIL_FALLBACK,
    providers::SMS,
    PHONES,
    providers::SMS_FALLBACK,
    OTHERS,
];

/// Every key, in the order in which they are shown.
pub const TABLE: &[Key] = &joined::<{ counted() }>();

const fn counted() -> usize {
    let (mut count, mut section) = (0, 0);
    while section < SECTIONS.len() {
        count += SECTIONS[section].len();
        section += 1;
    }
    count
}

const fn joined<const COUNT: usize>() -> [Key; COUNT] {
    let mut all = [SECTIONS[0][0]; COUNT];
    let (mut at, mut section) = (0, 0);
    while section < SECTIONS.len() {
        let mut key = 0;
        while key < SECTIONS[section].len() {
            all[at] = SECTIONS[section][key];
            at += 1;
            key += 1;
        }
        section += 1;
    }
    all
}

/// From the office to the limits.
const OFFICE: &[Key] = &[
    of(
        "environment",
        Kind::Word(&["development", "production"]),
        Fallback::Text("development"),
        "where this runs; production refuses the tray, so that real customers get real messages",
    ),
    of(
        "office.name",
        Kind::Text { most: 40 },
        Fallback::Text("Our office"),
        "the office's name, as screens and messages show it",
    ),
    of(
        "office.counter",
        Kind::Text { most: 20 },
        Fallback::Derived("the machine's name"),
        "the name of this terminal's counter, as screens and messages show it",
    ),
    of(
        "store.url",
        Kind::StoreUrl,
        Fallback::Derived("sqlite:$XDG_DATA_HOME/countersign/countersign.db"),
        "where the data lie: a file, or a database on a server",
    ),
    of(
        "store.url_file",
        Kind::Path,
        Fallback::Unset,
        "a file that holds the store's URL, instead of store.url",
    ),
    of(
        "store.password",
        Kind::Secret,
        Fallback::Unset,
        "the password at the server; better here than in the URL",
    ),
    of(
        "store.password_file",
        Kind::Path,
        Fallback::Unset,
        "a file that holds the password, instead of store.password",
    ),
    of(
        "store.tls",
        Kind::Word(&["verify", "encrypt", "off"]),
        Fallback::Derived("verify for a server; off on this machine"),
        "how the connection is protected; only verify looks who is at the other end",
    ),
    of(
        "store.ca_file",
        Kind::Path,
        Fallback::Unset,
        "certificates (PEM) to trust beside the system's own",
    ),
    of(
        "store.schema",
        Kind::Identifier,
        Fallback::Text("countersign"),
        "the PostgreSQL schema of countersign's own tables",
    ),
    number(
        "store.connections",
        1,
        20,
        1,
        "connections to the server; few, since all counters share what it has",
    ),
    of(
        "customers.table",
        Kind::Table,
        Fallback::Unset,
        "the office's own table of customers, read where it is, instead of core_customer",
    ),
    of("customers.file", Kind::Path, Fallback::Unset, "the SQLite file that holds this table"),
    column("customers.id", true, "id", "the table's primary key"),
    column("customers.account_no", true, "account_no", "the account's number"),
    column("customers.name", true, "name", "the customer's name"),
    column("customers.email", false, "email", "the email address"),
    column("customers.phone", false, "phone", "the phone number"),
    column("customers.address", false, "address", "the postal address"),
    column("customers.locale", false, "locale", "the language"),
    of(
        "customers.read_only",
        Kind::Flag,
        Fallback::Derived("true where customers.table is set"),
        "customers are read and never written",
    ),
    number("maintenance.archive_after_days", 1, 3650, 30, "when a request moves to the archive"),
    number(
        "maintenance.purge_archive_after_days",
        2,
        MOST_DAYS,
        730,
        "when a request leaves the archive; more than archive_after_days",
    ),
    number(
        "maintenance.purge_events_after_days",
        LEAST_LOG_DAYS,
        MOST_DAYS,
        1_095,
        "when an event goes",
    ),
    number("maintenance.purge_sessions_after_days", 1, MOST_DAYS, 90, "when a session goes"),
    of(
        "keys.file",
        Kind::Path,
        Fallback::Derived(
            "beside the store's file: <store>.keys; for a server $XDG_CONFIG_HOME/countersign/keys",
        ),
        "the keys that protect stored codes; made at the first start, readable by its owner only",
    ),
    number("otp.length", 6, 10, 6, "digits of a code"),
    number("otp.expiry_minutes", 1, 10, 5, "how long a code works; ten minutes at most"),
    finer("otp.expiry_seconds", 5, 600, "the same in seconds, to try expiry out"),
    number("otp.max_attempts", 1, 10, 5, "codes that may be tried for one request"),
    number(
        "otp.failure_cap",
        1,
        100,
        20,
        "wrong codes in a row, over all requests, that lock the customer",
    ),
    number(
        "otp.resend_cooldown_seconds",
        0,
        3600,
        30,
        "how long before another code goes to the same contact",
    ),
    number("otp.session_minutes", 1, 480, 15, "how long a verified customer's session lasts"),
    finer("otp.session_seconds", 5, 28_800, "the same in seconds, to try it out"),
    number(
        "otp.session_idle_minutes",
        1,
        480,
        5,
        "how long a session lasts when nobody touches it; not over the session's time",
    ),
    finer("otp.session_idle_seconds", 5, 28_800, "the same in seconds, to try it out"),
    of(
        "otp.assurance",
        Kind::Word(&["any", "nist"]),
        Fallback::Text("any"),
        "how strong a proof is asked for; nist takes SMS alone (NIST SP 800-63B-4, 3.1.3.1)",
    ),
    number(
        "otp.contact_quarantine_hours",
        0,
        720,
        24,
        "how long a changed contact cannot prove alone who the customer is; 0 lets it at once",
    ),
    of(
        "otp.purposes",
        Kind::Texts { most: 40 },
        Fallback::Texts(&["account access", "pay a bill", "change of contact", "complaint"]),
        "what a verification can be for; the first is offered first",
    ),
    number("limits.per_contact", 1, MOST_MESSAGES, 6, "messages an hour to one contact"),
    number("limits.per_customer", 1, MOST_MESSAGES, 10, "messages an hour to one customer"),
    number("limits.per_clerk", 1, MOST_MESSAGES, 120, "messages an hour by one clerk"),
    number("limits.per_counter", 1, MOST_MESSAGES, 240, "messages an hour from one counter"),
    number(
        "limits.in_all",
        1,
        MOST_MESSAGES,
        2_000,
        "messages an hour in all: codes and test messages together",
    ),
];

/// [`NumberType::ALL`](crate::domain::phone::NumberType::ALL) by their words.
const NUMBER_TYPES: &[&str] = &words(&NumberType::ALL);

/// [`NumberType::DEFAULT`](crate::domain::phone::NumberType::DEFAULT) by their words.
const DEFAULT_NUMBER_TYPES: &[&str] = &words(&NumberType::DEFAULT);

const fn words<const COUNT: usize>(types: &[NumberType; COUNT]) -> [&'static str; COUNT] {
    let mut words = [""; COUNT];
    let mut at = 0;
    while at < COUNT {
        words[at] = types[at].word();
        at += 1;
    }
    words
}

/// Where text messages may go, whoever sends them.
const PHONES: &[Key] = &[
    of(
        "sms.default_country",
        Kind::Country,
        Fallback::Text("US"),
        "the country of phone numbers written without one",
    ),
    of(
        "sms.allowed_countries",
        Kind::Countries,
        Fallback::Texts(&[]),
        "the countries text messages may go to; none named means only the default country",
    ),
    of(
        "sms.number_types",
        Kind::Words(NUMBER_TYPES),
        Fallback::Texts(DEFAULT_NUMBER_TYPES),
        "the types of numbers text messages may go to, as the country's numbering plan has them",
    ),
];

/// From the words of messages on.
const OTHERS: &[Key] = &[
    of(
        "desk.socket",
        Kind::Path,
        Fallback::Unset,
        "the socket of the desk service at which this terminal works; without it, it holds the desk",
    ),
    of(
        "serve.socket",
        Kind::Path,
        Fallback::Text("/run/countersign/desk.sock"),
        "where `countersign serve` listens",
    ),
    of(
        "serve.group",
        Kind::Text { most: 32 },
        Fallback::Unset,
        "the group of this host whose accounts may connect; without it, the service's own",
    ),
    of(
        "messages.folder",
        Kind::Path,
        Fallback::Unset,
        "templates of your own: a folder with one folder a language in it",
    ),
    of(
        "messages.default_locale",
        Kind::Locale,
        Fallback::Text("en"),
        "the language for whoever has none, or none that there are templates in",
    ),
    of(
        "messages.bound_domain",
        Kind::Domain,
        Fallback::Unset,
        "the website text messages bind the code to, by a last line @domain #code",
    ),
    of(
        "whatsapp.provider",
        Kind::Word(&["off", "tray", "twilio"]),
        Fallback::Text("off"),
        "how WhatsApp messages go out; off does not offer them; twilio uses the account of [sms]",
    ),
    of(
        "whatsapp.from",
        Kind::SmsSender,
        Fallback::Unset,
        "the sender: your number that is registered for WhatsApp at Twilio",
    ),
    of(
        "whatsapp.messaging_service_sid",
        Kind::Sid("MG"),
        Fallback::Unset,
        "a messaging service with a WhatsApp sender, instead of whatsapp.from",
    ),
    of(
        "whatsapp.content_sid",
        Kind::Sid("HX"),
        Fallback::Unset,
        "the template at Twilio that WhatsApp approved; other words are not taken",
    ),
    of(
        "whatsapp.variables",
        Kind::Texts { most: 20 },
        Fallback::Texts(&["code"]),
        "what its variables 1, 2, … say: code, reference, office, counter, customer, purpose, \
         minutes",
    ),
    of(
        "tray.file",
        Kind::Path,
        Fallback::Derived(
            "beside the store's file: <store>.tray.jsonl; \
             for a server $XDG_STATE_HOME/countersign/tray.jsonl",
        ),
        "where messages lie that go nowhere",
    ),
    of(
        "log.level",
        Kind::Word(&["error", "warn", "info", "debug", "trace"]),
        Fallback::Text("info"),
        "how much is written about the program's own doings",
    ),
    of(
        "log.file",
        Kind::Path,
        Fallback::Derived("$XDG_STATE_HOME/countersign/countersign.log"),
        "where it is written",
    ),
    of(
        "ui.theme",
        Kind::Word(&["terminal", "light", "dark", "high-contrast", "mono"]),
        Fallback::Text("terminal"),
        "the colours; terminal uses the terminal's own",
    ),
    of("ui.ascii", Kind::Flag, Fallback::Derived("by the locale"), "draw with plain ASCII only"),
    of("ui.reduced_motion", Kind::Flag, Fallback::Flag(false), "nothing moves but the digits"),
    of(
        "ui.mouse",
        Kind::Flag,
        Fallback::Flag(false),
        "use the mouse; it then no longer selects text",
    ),
];
/// The known key that was probably meant by an unknown one.
pub(super) fn nearest(path: &str) -> Option<&'static str> {
    let leaf = |path: &str| path.rsplit('.').next().unwrap_or_default().to_owned();
    let likeness = |known: &str| {
        let whole = strsim::jaro_winkler(known, path);
        // The right key in the wrong section is likelier than a look-alike.
        if leaf(known) == leaf(path) { whole.max(0.95) } else { whole }
    };
    TABLE
        .iter()
        .map(|key| (likeness(key.path), key.path))
        .filter(|(likeness, _)| *likeness > 0.85)
        .max_by(|(a, _), (b, _)| a.total_cmp(b))
        .map(|(_, path)| path)
}

/// Whether there are keys in a section of this name.
pub(super) fn is_section(name: &str) -> bool {
    TABLE.iter().any(|key| key.parts().0 == Some(name))
}

/// The known section that was probably meant by an unknown one.
pub(super) fn nearest_section(name: &str) -> Option<&'static str> {
    TABLE
        .iter()
        .filter_map(|key| key.parts().0)
        .map(|section| (strsim::jaro_winkler(section, name), section))
        .filter(|(likeness, _)| *likeness > 0.75)
        .max_by(|(a, _), (b, _)| a.total_cmp(b))
        .map(|(_, section)| section)
}
