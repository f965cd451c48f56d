//! Statement texts, fixed at compile time.
//!
//! One source gives one text for each database: what they say differently is a
//! named fragment in [`fragment!`]. Nothing that a person typed can become part
//! of a text; it is always an argument. Each module lists its texts, so that a
//! test can read the query plan of every statement there is.
//!
//! MySQL has placeholders without numbers: `$1 … $9` become `?` at compile
//! time, and the order in which they stood says which argument each one takes.

/// One statement, as each database reads it.
#[derive(Clone, Copy, Debug)]
pub(in crate::store) struct Sql {
    pub(in crate::store) sqlite: &'static str,
    pub(in crate::store) postgres: &'static str,
    pub(in crate::store) mysql: Unnumbered,
}

/// A text whose placeholders have no numbers.
#[derive(Clone, Copy, Debug)]
pub(in crate::store) struct Unnumbered {
    pub(in crate::store) text: &'static str,
    /// The numbers that the placeholders had, from 1.
    pub(in crate::store) order: &'static [u8],
}

/// What the databases say differently, and lists of columns used in many places.
macro_rules! fragment {
    // What has to be said in three ways.
    (sqlite (each ($($text:tt)+) $postgres:tt $mysql:tt)) => {
        concat!($($crate::store::database::statement::fragment!(sqlite $text)),+)
    };
    (postgres (each $sqlite:tt ($($text:tt)+) $mysql:tt)) => {
        concat!($($crate::store::database::statement::fragment!(postgres $text)),+)
    };
    (mysql (each $sqlite:tt $postgres:tt ($($text:tt)+))) => {
        concat!($($crate::store::database::statement::fragment!(mysql $text)),+)
    };
    // The store's clock. Within one statement it stands still.
    (sqlite now) => {
        "CAST(round(unixepoch('subsec') * 1000) AS INTEGER)"
    };
    (postgres now) => {
        "CAST(EXTRACT(EPOCH FROM statement_timestamp()) * 1000 AS BIGINT)"
    };
    (mysql now) => {
        "CAST(UNIX_TIMESTAMP(NOW(3)) * 1000 AS SIGNED)"
    };
    // The same as it is at this moment, even where the statement had to wait.
    (postgres clock) => {
        "CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT)"
    };
    (mysql clock) => {
        "CAST(UNIX_TIMESTAMP(SYSDATE(3)) * 1000 AS SIGNED)"
    };
    ($database:ident clock) => {
        $crate::store::database::statement::fragment!($database now)
    };
    // The lesser of two values.
    (sqlite least) => {
        "MIN"
    };
    ($database:ident least) => {
        "LEAST"
    };
    // The place of a text in another one, from 1; 0 where it is not there.
    (postgres place) => {
        "strpos"
    };
    ($database:ident place) => {
        "instr"
    };
    // After an INSERT: the number that the row was given.
    (postgres returning_id) => {
        " RETURNING id"
    };
    ($database:ident returning_id) => {
        ""
    };
    // After an INSERT into a table with this key: a row that is there stays.
    (mysql (or_leave $key:literal)) => {
        concat!(" ON DUPLICATE KEY UPDATE ", $key, " = ", $key)
    };
    ($database:ident (or_leave $key:literal)) => {
        concat!(" ON CONFLICT (", $key, ") DO NOTHING")
    };
    // After a SELECT: nobody else changes the rows until the transaction ends.
    // SQLite's writers are alone from their beginning.
    (sqlite for_update) => {
        ""
    };
    ($database:ident for_update) => {
        " FOR UPDATE"
    };
    // As before, but rows that another one holds are left out.
    (sqlite skip_locked) => {
        ""
    };
    ($database:ident skip_locked) => {
        " FOR UPDATE SKIP LOCKED"
    };
    // After a column: it is among the numbers of a JSON list given as an argument.
    // PostgreSQL takes an array for short, and then looks each one up.
    (sqlite (among $argument:literal)) => {
        concat!("IN (SELECT value FROM json_each(", $argument, "))")
    };
    (postgres (among $argument:literal)) => {
        concat!(
            "= ANY (ARRAY(SELECT CAST(value AS BIGINT) FROM jsonb_array_elements_text(CAST(",
            $argument,
            " AS JSONB)) AS list (value)))"
        )
    };
    (mysql (among $argument:literal)) => {
        concat!(
            "IN (SELECT value FROM ",
            $crate::store::database::statement::fragment!(mysql (numbers $argument)),
            ")"
        )
    };
    // A JSON list of numbers as a table, for MySQL: to join from, since it does not
    // begin at such a list by itself and would look at every row, others' too.
    (mysql (numbers $argument:literal)) => {
        concat!("JSON_TABLE(", $argument, ", '$[*]' COLUMNS (value BIGINT PATH '$')) list")
    };
    // After FROM: the rows of a table whose column is among such numbers, to be held;
    // more conditions may follow.
    (mysql (rows_among $table:literal $column:literal $argument:literal)) => {
        concat!(
            $crate::store::database::statement::fragment!(mysql (numbers $argument)),
            " STRAIGHT_JOIN ",
            $table,
            " ON ",
            $column,
            " = value WHERE true"
        )
    };
    ($database:ident (rows_among $table:literal $column:literal $argument:literal)) => {
        concat!(
            $table,
            " WHERE ",
            $column,
            " ",
            $crate::store::database::statement::fragment!($database (among $argument))
        )
    };
    // Of the messages of so long that are picked, the one at a place, the newest
    // being at 0: where there is one, a limit of so many is full.
    ($database:ident (filler $picked:literal $window:literal $place:literal)) => {
        concat!(
            "(SELECT created_at FROM core_delivery WHERE ",
            $picked,
            "created_at > ",
            $crate::store::database::statement::fragment!($database now),
            " - ",
            $window,
            " ORDER BY created_at DESC LIMIT 1 OFFSET ",
            $place,
            ")"
        )
    };
    // A column of a JSON list of lists: its name and its place. A database may have
    // been made for fewer letters than there are.
    (mysql (cell $name:literal $at:literal)) => {
        concat!($name, " TEXT CHARACTER SET utf8mb4 PATH '$[", $at, "]'")
    };
    // The same of texts.
    (sqlite (among_texts $argument:literal)) => {
        $crate::store::database::statement::fragment!(sqlite (among $argument))
    };
    (postgres (among_texts $argument:literal)) => {
        concat!(
            "= ANY (ARRAY(SELECT value FROM jsonb_array_elements_text(CAST(",
            $argument,
            " AS JSONB)) AS list (value)))"
        )
    };
    (mysql (among_texts $argument:literal)) => {
        concat!(
            "IN (SELECT value COLLATE utf8mb4_bin FROM JSON_TABLE(",
            $argument,
            ", '$[*]' COLUMNS (value VARCHAR(255) CHARACTER SET utf8mb4 PATH '$')) list)"
        )
    };
    // Whether a word of a record begins so, or its phone number has this part; the
    // empty word is always there.
    ($database:ident (said $word:literal)) => {
        concat!(
            "(",
            $crate::store::database::statement::fragment!($database (begins "s.words" $word)),
            "OR ",
            $crate::store::database::statement::fragment!($database place),
            "(s.phone, ",
            $word,
            ") > 0) "
        )
    };
    // Whether one of several words, each after a space, begins so; the empty word is
    // always there.
    ($database:ident (begins $words:literal $word:literal)) => {
        concat!(
            $crate::store::database::statement::fragment!($database place),
            "(",
            $words,
            ", ' ' || ",
            $word,
            ") > 0 "
        )
    };
    // The entries of the log that have these values, below a number, the newest first.
    // PostgreSQL would go through all entries in the order of their numbers where it
    // takes these for common, though none has them since last year: it is given an
    // order that no other index has.
    (postgres (before $columns:literal $values:literal $falling:literal)) => {
        concat!(
            "WHERE (", $columns, ", e.id) < (", $values, ", $1) \
             AND (", $columns, ", e.id) > (", $values, ", 0) ORDER BY ", $falling, ", e.id DESC "
        )
    };
    ($database:ident (before $columns:literal $values:literal $falling:literal)) => {
        concat!("WHERE (", $columns, ") = (", $values, ") AND e.id < $1 ORDER BY e.id DESC ")
    };
    // The same above a number, the oldest first.
    (postgres (after $columns:literal $values:literal)) => {
        concat!(
            "WHERE (", $columns, ", e.id) > (", $values, ", $1) \
             AND (", $columns, ", e.id) < (", $values, ", 9223372036854775807) \
             ORDER BY ", $columns, ", e.id "
        )
    };
    ($database:ident (after $columns:literal $values:literal)) => {
        concat!("WHERE (", $columns, ") = (", $values, ") AND e.id > $1 ORDER BY e.id ")
    };
    // After an INSERT of customers: one that is there becomes the new one, but
    // keeps the balance where none is given.
    ($database:ident upsert_customer) => {
        " ON CONFLICT (account_no) DO UPDATE SET name = excluded.name, email = excluded.email, \
         phone = excluded.phone, address = excluded.address, locale = excluded.locale, \
         balance_cents = excluded.balance_cents, currency = excluded.currency, \
         updated_at = excluded.updated_at"
    };
    ($database:ident request_columns) => {
        concat!(
            "o.id, o.public_id, o.customer_id, o.purpose, o.otp_type, COALESCE(o.email, o.phone), \
             o.reference, o.generation, \
             CASE WHEN o.status = 'open' AND o.expires_at <= ",
            $crate::store::database::statement::fragment!($database now),
            " THEN 'expired' ELSE o.status END, \
             o.created_at, o.sent_at, o.expires_at, o.resend_at, o.attempts, o.max_attempts, \
             d.id, d.provider, d.state, d.provider_id, d.detail, d.updated_at, \
             o.otp_code, o.key_id, COALESCE(g.failures, 0), c.account_no, c.name, ",
            $crate::store::database::statement::fragment!($database now),
            ", d.fallback FROM core_otp o \
             JOIN core_delivery d ON d.otp_id = o.id AND d.generation = o.generation \
             LEFT JOIN core_customer_view c ON c.id = o.customer_id \
             LEFT JOIN core_guard g ON g.customer_id = o.customer_id "
        )
    };
    // A message of the outbox with its message, its request and its customer.
    ($database:ident message_columns) => {
        concat!(
            "b.delivery_id, b.task, o.public_id, d.generation, o.purpose, o.reference, \
             o.customer_id, d.channel, d.contact, d.fallback, d.provider_id, d.counter, \
             b.sealed, b.key_id, b.tries, b.begun_at, b.useful_until, b.due_at, \
             c.name, c.locale, ",
            $crate::store::database::statement::fragment!($database now),
            ", d.created_at, o.generation FROM core_outbox b \
             JOIN core_delivery d ON d.id = b.delivery_id \
             JOIN core_otp o ON o.id = d.otp_id \
             LEFT JOIN core_customer_view c ON c.id = o.customer_id "
        )
    };
    ($database:ident session_columns) => {
        concat!(
            "s.public_id, s.customer_id, c.account_no, c.name, s.request, s.factor, s.purpose, \
             s.clerk, s.counter, s.created_at, s.expires_at, s.idle_at, \
             CASE WHEN s.ended_at IS NOT NULL THEN s.ended_at WHEN ",
            $crate::store::database::statement::fragment!($database least),
            "(s.idle_at, s.expires_at) <= ",
            $crate::store::database::statement::fragment!($database now),
            " THEN ",
            $crate::store::database::statement::fragment!($database least),
            "(s.idle_at, s.expires_at) END, \
             CASE WHEN s.ended_at IS NOT NULL THEN s.ended_how \
                  WHEN s.idle_at < s.expires_at THEN 'idle' ELSE 'timed_out' END \
             FROM core_session s LEFT JOIN core_customer_view c ON c.id = s.customer_id "
        )
    };
    // The number is read as it stands: what a cast makes of another key can be
    // another customer's.
    ($database:ident customer_columns) => {
        "c.id, c.account_no, c.name, c.email, c.phone, c.address, c.locale "
    };
    ($database:ident entry_columns) => {
        "customer_id, account_key, email_key, phone_key, compact, account_end, name, email, \
         phone, words "
    };
    ($database:ident event_columns) => {
        "e.id, e.at, e.kind, e.outcome, e.request, e.customer_id, c.account_no, c.name, \
         e.channel, e.contact, e.clerk, e.counter, e.detail \
         FROM core_event e LEFT JOIN core_customer_view c ON c.id = e.customer_id "
    };
    ($database:ident $text:literal) => {
        $text
    };
}

/// A statement out of literals and fragments.
macro_rules! sql {
    ($($part:tt)+) => {
        $crate::store::database::statement::Sql {
            sqlite: concat!($($crate::store::database::statement::fragment!(sqlite $part)),+),
            postgres: concat!($($crate::store::database::statement::fragment!(postgres $part)),+),
            mysql: {
                const TEXT: &str = concat!($($crate::store::database::statement::fragment!(mysql $part)),+);
                const SHAPE: (usize, usize) = $crate::store::database::statement::unnumbered_shape(TEXT);
                const PARTS: ([u8; SHAPE.0], [u8; SHAPE.1]) =
                    $crate::store::database::statement::unnumbered(TEXT);
                match ::std::str::from_utf8(&PARTS.0) {
                    Ok(text) => $crate::store::database::statement::Unnumbered { text, order: &PARTS.1 },
                    Err(_) => panic!("a statement is UTF-8"),
                }
            },
        }
    };
}

/// A module's statements, each a constant, and the list of them.
macro_rules! statements {
    ($($(#[$doc:meta])* $name:ident { $($part:tt)+ })+) => {
        $($(#[$doc])* const $name: $crate::store::database::statement::Sql = $crate::store::database::statement::sql!($($part)+);)+
        pub(in crate::store) const STATEMENTS: &[(&str, $crate::store::database::statement::Sql)] =
            &[$((stringify!($name), $name)),+];
    };
}

pub(in crate::store) use {fragment, sql, statements};

/// The number of a placeholder that begins at `at`, and its length; (0, 0)
/// where there is none.
const fn placeholder(text: &[u8], at: usize) -> (u8, usize) {
    if text[at] != b'$' {
        return (0, 0);
    }
    let (mut number, mut length) = (0, 1);
    while at + length < text.len() && text[at + length].is_ascii_digit() {
        number = number * 10 + (text[at + length] - b'0');
        length += 1;
    }
    if length == 1 { (0, 0) } else { (number, length) }
}

/// How many bytes a text has without numbers, and how many placeholders.
pub(in crate::store) const fn unnumbered_shape(text: &str) -> (usize, usize) {
    let text = text.as_bytes();
    let (mut at, mut bytes, mut placeholders) = (0, 0, 0);
    while at < text.len() {
        let (_, length) = placeholder(text, at);
        if length > 0 {
            placeholders += 1;
            at += length;
        } else {
            at += 1;
        }
        bytes += 1;
    }
    (bytes, placeholders)
}

/// A text with `?` for each placeholder, and the numbers they had.
pub(in crate::store) const fn unnumbered<const BYTES: usize, const PLACEHOLDERS: usize>(
    text: &str,
) -> ([u8; BYTES], [u8; PLACEHOLDERS]) {
    let text = text.as_bytes();
    let (mut bytes, mut order) = ([0; BYTES], [0; PLACEHOLDERS]);
    let (mut at, mut to, mut placeholders) = (0, 0, 0);
    while at < text.len() {
        let (number, length) = placeholder(text, at);
        if length > 0 {
            bytes[to] = b'?';
            order[placeholders] = number;
            placeholders += 1;
            at += length;
        } else {
            bytes[to] = text[at];
            at += 1;
        }
        to += 1;
    }
    (bytes, order)
}

#[cfg(test)]
mod tests {
    #[test]
    fn mysql_takes_the_arguments_in_the_order_of_its_placeholders() {
        let sql = sql!("a = $2 AND b = $10 OR '$[*]' = $2 LIMIT $1");
        assert_eq!(sql.postgres, "a = $2 AND b = $10 OR '$[*]' = $2 LIMIT $1");
        assert_eq!(sql.mysql.text, "a = ? AND b = ? OR '$[*]' = ? LIMIT ?");
        assert_eq!(sql.mysql.order, [2, 10, 2, 1]);
    }

    #[test]
    fn what_differs_is_said_in_three_ways() {
        let sql = sql!("x" (each (" a " least) (" b") (" c $1")) " y");
        assert_eq!((sql.sqlite, sql.postgres, sql.mysql.text), ("x a MIN y", "x b y", "x c ? y"));
    }
}
