//! Statement texts, fixed at compile time.
//!
//! One source gives one text for each database: what they say differently is a
//! named fragment in [`fragment!`], or an override where a whole statement must
//! differ. Nothing that a person typed can become part of a text; it is always
//! an argument. Each module lists its texts, so that a test can read the query
//! plan of every statement there is.

/// One statement, as each database reads it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sql {
    pub(super) sqlite: &'static str,
}

/// What the databases say differently, and lists of columns used in many places.
macro_rules! fragment {
    // The store's clock. Within one statement it stands still.
    (sqlite now) => {
        "CAST(round(unixepoch('subsec') * 1000) AS INTEGER)"
    };
    // The values of a JSON list given as an argument, as a table of one column.
    (sqlite (list $argument:literal)) => {
        concat!("(SELECT value FROM json_each(", $argument, "))")
    };
    // The customers in whose record all of some parts of three letters stand.
    (sqlite (parts $argument:literal)) => {
        concat!(
            "FROM core_customer_part p \
             CROSS JOIN core_customer_search s ON s.customer_id = p.rowid \
             JOIN core_customer c ON c.id = s.customer_id \
             WHERE p.core_customer_part MATCH ",
            $argument,
            " "
        )
    };
    // Whether a word stands in a record somewhere; the empty word always does.
    (sqlite (holds $word:literal)) => {
        concat!(
            "(instr(s.name, ", $word, ") > 0 OR instr(s.email, ", $word, ") > 0 \
             OR instr(s.account, ", $word, ") > 0 OR instr(s.compact, ", $word, ") > 0 \
             OR instr(s.phone, ", $word, ") > 0) "
        )
    };
    ($database:ident request_columns) => {
        concat!(
            "o.id, o.public_id, o.customer_id, o.purpose, o.otp_type, COALESCE(o.email, o.phone), \
             o.reference, o.generation, \
             CASE WHEN o.status = 'open' AND o.expires_at <= ",
            $crate::store::sql::fragment!($database now),
            " THEN 'expired' ELSE o.status END, \
             o.created_at, o.sent_at, o.expires_at, o.resend_at, o.attempts, o.max_attempts, \
             d.id, d.provider, d.state, d.provider_id, d.detail, d.updated_at, \
             o.otp_code, o.key_id, COALESCE(g.failures, 0), c.account_no, c.name, ",
            $crate::store::sql::fragment!($database now),
            " FROM core_otp o \
             JOIN core_delivery d ON d.otp_id = o.id AND d.generation = o.generation \
             JOIN core_customer c ON c.id = o.customer_id \
             LEFT JOIN core_guard g ON g.customer_id = o.customer_id "
        )
    };
    ($database:ident session_columns) => {
        concat!(
            "s.public_id, s.customer_id, c.account_no, c.name, s.request, s.factor, s.purpose, \
             s.clerk, s.counter, s.created_at, s.expires_at, s.idle_at, \
             CASE WHEN s.ended_at IS NOT NULL THEN s.ended_at \
                  WHEN MIN(s.idle_at, s.expires_at) <= ",
            $crate::store::sql::fragment!($database now),
            " THEN MIN(s.idle_at, s.expires_at) END, \
             CASE WHEN s.ended_at IS NOT NULL THEN s.ended_how \
                  WHEN s.idle_at < s.expires_at THEN 'idle' ELSE 'timed_out' END \
             FROM core_session s JOIN core_customer c ON c.id = s.customer_id "
        )
    };
    // An incoming customer that reads as recorded; one without a balance leaves it.
    ($database:ident same) => {
        "(c.name = i.name AND c.email IS NOT DISTINCT FROM i.email \
         AND c.phone IS NOT DISTINCT FROM i.phone AND c.address IS NOT DISTINCT FROM i.address \
         AND c.locale IS NOT DISTINCT FROM i.locale \
         AND (i.balance_cents IS NULL OR (c.balance_cents IS NOT DISTINCT FROM i.balance_cents \
         AND c.currency IS NOT DISTINCT FROM i.currency)))"
    };
    // What is found of an incoming customer now and will not be found any more.
    ($database:ident stale) => {
        "FROM core_incoming i CROSS JOIN core_customer c ON c.account_no = i.account_no \
         CROSS JOIN core_customer_search s ON s.customer_id = c.id \
         WHERE s.name <> i.s_name OR s.email <> i.s_email OR s.phone <> i.s_phone \
         OR s.email_key IS DISTINCT FROM i.email_key \
         OR s.phone_key IS DISTINCT FROM i.phone_key"
    };
    // Incoming customers that are not found yet.
    ($database:ident unindexed) => {
        "FROM core_incoming i CROSS JOIN core_customer c ON c.account_no = i.account_no \
         WHERE NOT EXISTS (SELECT 1 FROM core_customer_search s WHERE s.customer_id = c.id) \
         ORDER BY c.id"
    };
    ($database:ident customer_columns) => {
        "c.id, c.account_no, c.name, c.email, c.phone, c.address, c.locale "
    };
    ($database:ident event_columns) => {
        "e.id, e.at, e.kind, e.outcome, e.request, e.customer_id, c.account_no, c.name, \
         e.channel, e.contact, e.clerk, e.counter, e.detail \
         FROM core_event e LEFT JOIN core_customer c ON c.id = e.customer_id "
    };
    ($database:ident $text:literal) => {
        $text
    };
}

/// A statement out of literals and fragments.
macro_rules! sql {
    ($($part:tt)+) => {
        $crate::store::sql::Sql {
            sqlite: concat!($($crate::store::sql::fragment!(sqlite $part)),+),
        }
    };
}

/// A module's statements, each a constant, and the list of them.
macro_rules! statements {
    ($($(#[$doc:meta])* $name:ident { $($part:tt)+ })+) => {
        $($(#[$doc])* const $name: $crate::store::sql::Sql = $crate::store::sql::sql!($($part)+);)+
        pub(in crate::store) const STATEMENTS: &[(&str, $crate::store::sql::Sql)] =
            &[$((stringify!($name), $name)),+];
    };
}

pub(super) use {fragment, sql, statements};
