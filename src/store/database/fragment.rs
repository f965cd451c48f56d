//! The parts of statements in which the databases' SQL differs. The first word says for
//! which database a fragment is; `$database` stands for those without a variant of their
//! own.

macro_rules! fragment {
    // Several parts as one.
    ($database:ident (sql $($text:tt)+)) => {
        concat!($($crate::store::database::fragment::fragment!($database $text)),+)
    };
    // An INSERT from one list of columns and values (`insert!`).
    ($database:ident (insert $($insert:tt)+)) => {
        $crate::store::database::insert::insert!($database values $($insert)+)
    };
    ($database:ident (insert_rows ordered $($insert:tt)+)) => {
        $crate::store::database::insert::insert!($database rows ordered $($insert)+)
    };
    ($database:ident (insert_rows $($insert:tt)+)) => {
        $crate::store::database::insert::insert!($database rows unordered $($insert)+)
    };
    // A part that is written for each database.
    (sqlite (each ($($text:tt)+) $postgres:tt $mysql:tt)) => {
        concat!($($crate::store::database::fragment::fragment!(sqlite $text)),+)
    };
    (postgres (each $sqlite:tt ($($text:tt)+) $mysql:tt)) => {
        concat!($($crate::store::database::fragment::fragment!(postgres $text)),+)
    };
    (mysql (each $sqlite:tt $postgres:tt ($($text:tt)+))) => {
        concat!($($crate::store::database::fragment::fragment!(mysql $text)),+)
    };
    // The store's clock in milliseconds, as it was when the statement began.
    (sqlite now) => {
        "CAST(round(unixepoch('subsec') * 1000) AS INTEGER)"
    };
    (postgres now) => {
        "CAST(EXTRACT(EPOCH FROM statement_timestamp()) * 1000 AS BIGINT)"
    };
    (mysql now) => {
        "CAST(UNIX_TIMESTAMP(NOW(3)) * 1000 AS SIGNED)"
    };
    // The store's clock at this moment, even where the statement had to wait for a lock.
    (postgres clock) => {
        "CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT)"
    };
    (mysql clock) => {
        "CAST(UNIX_TIMESTAMP(SYSDATE(3)) * 1000 AS SIGNED)"
    };
    ($database:ident clock) => {
        $crate::store::database::fragment::fragment!($database now)
    };
    // When the store learned the second version of the binding of codes, and the proofs of
    // sessions. Only the owner of the tables can write it.
    ($database:ident bound_since) => {
        "(SELECT applied_at FROM core_schema WHERE version = 13)"
    };
    // When the store learned the proofs of notices.
    ($database:ident notices_proven_since) => {
        "(SELECT applied_at FROM core_schema WHERE version = 32)"
    };
    // Whether the store is marked as one of real customers.
    ($database:ident is_production) => {
        "(SELECT COUNT(*) FROM core_production WHERE id = 1)"
    };
    // The lesser of two values.
    (sqlite least) => {
        "MIN"
    };
    ($database:ident least) => {
        "LEAST"
    };
    // The position of a text in another one, from 1; 0 where it is not there.
    (postgres place) => {
        "strpos"
    };
    ($database:ident place) => {
        "instr"
    };
    // After an INSERT: returns the number of the new row.
    (postgres returning_id) => {
        " RETURNING id"
    };
    ($database:ident returning_id) => {
        ""
    };
    // After an INSERT into a table with this key: an existing row stays as it is.
    (mysql (or_leave $key:literal)) => {
        concat!(" ON DUPLICATE KEY UPDATE ", $key, " = ", $key)
    };
    ($database:ident (or_leave $key:literal)) => {
        concat!(" ON CONFLICT (", $key, ") DO NOTHING")
    };
    // After a SELECT: locks the rows until the transaction ends. SQLite's transactions have
    // the write lock from the start.
    (sqlite for_update) => {
        ""
    };
    ($database:ident for_update) => {
        " FOR UPDATE"
    };
    // The same, without the rows that another transaction has locked.
    (sqlite skip_locked) => {
        ""
    };
    ($database:ident skip_locked) => {
        " FOR UPDATE SKIP LOCKED"
    };
    // After a column: it is one of the numbers in a JSON list given as an argument.
    // PostgreSQL expects an array to be short, and looks each element up in the index.
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
            $crate::store::database::fragment::fragment!(mysql (numbers $argument)),
            ")"
        )
    };
    // A JSON list of numbers as a table, for MySQL: statements join from it, since MySQL
    // would not begin with an IN list by itself, but scan and lock every row.
    (mysql (numbers $argument:literal)) => {
        concat!("JSON_TABLE(", $argument, ", '$[*]' COLUMNS (value BIGINT PATH '$')) list")
    };
    // After FROM: the rows of a table whose column is one of such numbers, to be locked;
    // more conditions may follow.
    (mysql (rows_among $table:literal $column:literal $argument:literal)) => {
        concat!(
            $crate::store::database::fragment::fragment!(mysql (numbers $argument)),
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
            $crate::store::database::fragment::fragment!($database (among $argument))
        )
    };
    // The time of the message that fills a rate limit: among the picked messages within the
    // window, the one at this position, counted from 0 at the newest. NULL means that there
    // is room.
    ($database:ident (filler $picked:literal $window:literal $place:literal)) => {
        concat!(
            "(SELECT created_at FROM core_delivery WHERE ",
            $picked,
            "created_at > ",
            $crate::store::database::fragment::fragment!($database now),
            " - ",
            $window,
            " ORDER BY created_at DESC LIMIT 1 OFFSET ",
            $place,
            ")"
        )
    };
    // A text column of a JSON list of lists: its name and its position. The character set
    // is named, since a database may have been created with a narrower one.
    (mysql (cell $name:literal $at:literal)) => {
        concat!($name, " TEXT CHARACTER SET utf8mb4 PATH '$[", $at, "]'")
    };
    // An object of these names and values as JSON text.
    (sqlite (json_object $fields:literal)) => {
        concat!("json_object(", $fields, ")")
    };
    (postgres (json_object $fields:literal)) => {
        concat!("CAST(json_build_object(", $fields, ") AS TEXT)")
    };
    (mysql (json_object $fields:literal)) => {
        concat!("CAST(JSON_OBJECT(", $fields, ") AS CHAR)")
    };
    // As `among`, for texts.
    (sqlite (among_texts $argument:literal)) => {
        $crate::store::database::fragment::fragment!(sqlite (among $argument))
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
    // Whether a word of a customer begins with this text, or the phone number contains it;
    // an empty text always matches.
    ($database:ident (said $word:literal)) => {
        concat!(
            "(",
            $crate::store::database::fragment::fragment!($database (begins "s.words" $word)),
            "OR ",
            $crate::store::database::fragment::fragment!($database place),
            "(s.phone, ",
            $word,
            ") > 0) "
        )
    };
    // Whether one of several words, each after a space, begins with this text; an empty
    // text always matches.
    ($database:ident (begins $words:literal $word:literal)) => {
        concat!(
            $crate::store::database::fragment::fragment!($database place),
            "(",
            $words,
            ", ' ' || ",
            $word,
            ") > 0 "
        )
    };
    // The events with these values, below a number, newest first. PostgreSQL would scan all
    // events by number where its statistics call the values common, although none may be
    // recent: the ORDER BY is one that only the right index has.
    (postgres (before $columns:literal $values:literal $falling:literal)) => {
        concat!(
            "WHERE (", $columns, ", e.id) < (", $values, ", $1) \
             AND (", $columns, ", e.id) > (", $values, ", 0) ORDER BY ", $falling, ", e.id DESC "
        )
    };
    ($database:ident (before $columns:literal $values:literal $falling:literal)) => {
        concat!("WHERE (", $columns, ") = (", $values, ") AND e.id < $1 ORDER BY e.id DESC ")
    };
    // The same above a number, oldest first.
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
    // After an INSERT of customers: an existing one is replaced, but keeps its balance
    // where none is given.
    ($database:ident upsert_customer) => {
        " ON CONFLICT (account_no) DO UPDATE SET name = excluded.name, email = excluded.email, \
         phone = excluded.phone, address = excluded.address, locale = excluded.locale, \
         balance_cents = excluded.balance_cents, currency = excluded.currency, \
         updated_at = excluded.updated_at"
    };
    // An event word for word, as it is sealed.
    ($database:ident stored_event_columns) => {
        "e.id, e.at, e.kind, e.outcome, e.request, e.customer_id, e.channel, e.contact, \
         e.clerk, e.counter, e.detail, e.purpose, e.provider, e.asked_at"
    };
    // After WHERE: a list of kinds with outcomes, counter, provider, purpose, outcome, channel,
    // request and customers of an event; NULL lets all.
    ($database:ident (event_is $patterns:literal $counter:literal $provider:literal $purpose:literal
        $outcome:literal $channel:literal $request:literal $customers:literal)) => {
        concat!(
            "(", $patterns, " IS NULL OR e.kind || ' ' || COALESCE(e.outcome, '') || \
             CASE WHEN e.kind = 'attempt' AND e.channel IS NULL THEN ' factor' ELSE '' END ",
            $crate::store::database::fragment::fragment!($database (among_texts $patterns)),
            ") AND (",
            $counter, " IS NULL OR e.counter = ", $counter, ") AND (",
            $provider, " IS NULL OR e.provider = ", $provider, ") AND (",
            $purpose, " IS NULL OR e.purpose = ", $purpose, ") AND (",
            $outcome, " IS NULL OR COALESCE(e.outcome, '') = ", $outcome, ") AND (",
            $channel, " IS NULL OR COALESCE(e.channel, '') = ", $channel, ") AND (",
            $request, " IS NULL OR COALESCE(e.request, '') = ", $request, ") AND (",
            $customers, " IS NULL OR COALESCE(e.customer_id, 0) ",
            $crate::store::database::fragment::fragment!($database (among $customers)), ")"
        )
    };
    // A sum of counts.
    (sqlite (stats_sum $column:literal)) => {
        concat!("CAST(SUM(", $column, ") AS INTEGER)")
    };
    (postgres (stats_sum $column:literal)) => {
        concat!("CAST(SUM(", $column, ") AS BIGINT)")
    };
    (mysql (stats_sum $column:literal)) => {
        concat!("CAST(SUM(", $column, ") AS SIGNED)")
    };
    // The name by which a series is grouped.
    ($database:ident (stats_name $dimension:literal)) => {
        concat!(
            "CASE ", $dimension, " WHEN 'counter' THEN named.counter WHEN 'clerk' THEN named.clerk \
             WHEN 'channel' THEN named.channel WHEN 'provider' THEN named.provider \
             WHEN 'purpose' THEN named.purpose ELSE '' END"
        )
    };
    // After WHERE: the series that are let through; NULL lets all.
    ($database:ident (stats_filter $counter:literal $clerk:literal $channel:literal
        $provider:literal $purpose:literal)) => {
        concat!(
            "(", $counter, " IS NULL OR named.counter = ", $counter, ") AND (",
            $clerk, " IS NULL OR named.clerk = ", $clerk, ") AND (",
            $channel, " IS NULL OR named.channel = ", $channel, ") AND (",
            $provider, " IS NULL OR named.provider = ", $provider, ") AND (",
            $purpose, " IS NULL OR named.purpose = ", $purpose, ")"
        )
    };
    // After FROM: a JSON list of spans, for each span the sum of each series (and bucket), and
    // the names of the series. The spans come first, so that only the rows of their quarters are
    // read.
    (sqlite (stats_spans $spans:literal $table:literal $group:literal)) => {
        concat!(
            "(SELECT value ->> 0 AS place, value ->> 1 AS low, value ->> 2 AS past \
             FROM json_each(", $spans, ")) spans CROSS JOIN ", $table, " s \
             ON s.run = (SELECT run FROM core_stats_state WHERE id = 1) \
             AND s.quarter >= spans.low AND s.quarter < spans.past \
             CROSS JOIN core_stats_series named ON named.id = s.series"
        )
    };
    (postgres (stats_spans $spans:literal $table:literal $group:literal)) => {
        concat!(
            "(SELECT CAST(value ->> 0 AS BIGINT) AS place, CAST(value ->> 1 AS BIGINT) AS low, \
             CAST(value ->> 2 AS BIGINT) AS past \
             FROM jsonb_array_elements(CAST(", $spans, " AS JSONB)) AS list (value)) spans \
             CROSS JOIN LATERAL (SELECT ", $group, ", SUM(events) AS events FROM ", $table, " \
             WHERE run = (SELECT run FROM core_stats_state WHERE id = 1) \
             AND quarter >= spans.low AND quarter < spans.past GROUP BY ", $group, ") s \
             JOIN core_stats_series named ON named.id = s.series"
        )
    };
    (mysql (stats_spans $spans:literal $table:literal $group:literal)) => {
        concat!(
            "JSON_TABLE(", $spans, ", '$[*]' COLUMNS (place BIGINT PATH '$[0]', \
             low BIGINT PATH '$[1]', past BIGINT PATH '$[2]')) spans STRAIGHT_JOIN ", $table,
            " s ON s.run = (SELECT run FROM core_stats_state WHERE id = 1) \
             AND s.quarter >= spans.low AND s.quarter < spans.past \
             STRAIGHT_JOIN core_stats_series named ON named.id = s.series"
        )
    };
    // After GROUP BY: MariaDB need not sort the groups.
    (mysql unsorted) => {
        " ORDER BY NULL"
    };
    ($database:ident unsorted) => {
        ""
    };
    ($database:ident $text:literal) => {
        $text
    };
}
pub(in crate::store) use fragment;
