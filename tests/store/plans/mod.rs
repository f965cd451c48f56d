//! No statement reads a big table from end to end, on any database, and none
//! sorts more than a few rows: read from the plans that the databases make.
//!
//! ```sh
//! PLAN_ROWS=1000000 cargo test --test store plans    # takes some minutes
//! ```

mod mariadb;
mod postgres;
mod sqlite;

use countersign::store::{SqlStore, Statement};

use crate::support::{Kind, Terminal, TestStore, new_customer};

/// More rows than this are not sorted: a customer or a request has fewer.
const SORTED: f64 = 1_000.0;

/// Tables that stay small, and the names of arguments read as tables.
const SMALL: [&str; 42] = [
    "core_approval",
    "core_pad",
    "core_pad_guard",
    "core_policy",
    "p",
    "core_outbox",
    // The outbox beside other tables.
    "b",
    "core_line",
    // Notices, alone and beside other tables.
    "core_notice",
    "core_trial",
    "n",
    "pg_namespace",
    // One row.
    "core_production",
    "core_rehearsal",
    "core_schema",
    "core_setting",
    "core_staff",
    "core_sign_in",
    "core_hold",
    // Flags, which few customers have, alone and beside other tables.
    "core_flag",
    "f",
    "core_representative",
    "r",
    "core_audit_tree",
    "core_stats_state",
    "core_alarm",
    "core_alarm_mail",
    "m",
    // The series, and the spans that are asked about.
    "core_stats_series",
    "named",
    "spans",
    "core_audit_shipping",
    "core_lock",
    "sqlite_master",
    "json_each",
    "list",
    "few",
    "hit",
    "gone",
    "pg_inherits",
    "pg_class",
    "pg_type",
];

/// Arguments of statements to which a 7 for each says nothing, as SQL writes them.
const ARGUMENTS: &[(&str, &[&str])] = &[
    ("archive::OLDEST", &["0", "500", "86400000"]),
    ("archive::FILL", &["0", "500", "9000000000000", "9000000000000"]),
    ("archive::DELETE_GUARDS", &["0", "500", "9000000000000", "9000000000000", "9000000000000"]),
    ("archive::DELETE_MOVED", &["0", "500", "9000000000000", "9000000000000"]),
    ("archive::OLD", &["0", "500", "86400000"]),
    ("event_purge::OLD", &["0", "500", "86400000"]),
    ("event_purge::AS_SEALED", &["0", "500", "9000000000000"]),
    ("removals::BACK", &["10000", "50"]),
    ("event_purge::PURGE", &["0", "500", "9000000000000"]),
    ("event_purge::FORGET_SALTS", &["0", "500", "9000000000000"]),
    ("erasure::KEEP_COMMITMENTS", &[r#"'[[7,"x"],[8,"y"]]'"#]),
    ("erasure::WRITTEN", &["'x'"]),
    ("maintenance::OLD_SESSIONS", &["0", "500", "86400000"]),
    ("maintenance::PURGE_SESSIONS", &["0", "500", "9000000000000"]),
    ("contact_state::ARRIVED", &[r#"'[["70007","sms",7,"sent","unchanged"]]'"#]),
    ("contact_state::FAILED", &[r#"'[["70007","sms",7,"landline","bad"]]'"#]),
    ("contact_state::STATES", &[r#"'["7","8","9"]'"#]),
    ("contact_state::FORGET_CHANGED", &[r#"'[["7",7],["8",8]]'"#]),
    ("flags::OF_MANY", &["'[7,8,9]'"]),
    ("contact_binding::BOUND_OF", &["'[7,8,9]'"]),
    ("contact_binding::CHANGED_OF", &["'[7,8,9]'"]),
    ("contact_changes::BIND", &[r#"'[[7,"email","a@example.org",1,0]]'"#]),
    ("contact_binding::NOTE_ALONE", &["7", "'email'", "1"]),
    ("told_afterwards::NOTE", &["7", "'x'", "0", "1"]),
    ("told_afterwards::PROVEN", &["7", "9000000000000"]),
    ("disown::NAMED", &["7", "'K7Q'", "9", "2592000000"]),
    ("disown::OF_REQUEST", &["7", "'8'"]),
    ("disown::WRITTEN", &["'x'"]),
    ("disown::ENDED", &["7", "0", "9000000000000"]),
    ("disown::CANCELLED", &["7", "0", "9000000000000"]),
    ("contact_changes::OPEN", &["'[7,8,9]'"]),
    ("contact_binding::VERIFIED_OF", &["'[7,8,9]'"]),
    ("contact_binding::VERIFY", &["7", "'email'", "'a'", "'email'"]),
    ("contact_binding::CONFIRM", &["7", "'email'", "'x'"]),
    (
        "contact_notices::QUEUE",
        &[r#"'[[7,"email","a@example.org","tray","verified","a bill","K7Q"]]'"#],
    ),
    ("factors::ADD_CODES", &[r#"'[[7,70007,"x"]]'"#]),
    ("factors::OF_KIND", &["7", "'totp'"]),
    ("factors::AFTER", &["7", "500"]),
    ("factors::WAS_WRITTEN", &["'x'"]),
    ("lockout::EARLIER_OUTCOME", &["'x'"]),
    ("contact_notices::DUE", &[r#"'["tray"]'"#, "9", "86400000"]),
    ("contact_notices::CLAIM", &["'[7,8,9]'", "7"]),
    ("contact_notices::CLAIMED", &["'[7,8,9]'"]),
    ("contact_notices::NEXT_DUE", &[r#"'["tray"]'"#, "86400000"]),
    ("customer_guard::TAKE_MANY", &["'[7,8,9]'"]),
    ("customer_guard::CREATE_MANY", &["'[70007,70008,70009]'"]),
    ("events::WRITE_MANY", &[r#"'[["attempt",null,null,7,"email","a","c","1","b","7 0 sent"]]'"#]),
    ("state::PROGRESS", &["'[7,8,9]'"]),
    ("state::ADVANCE", &[r#"'[[7,"sent",3,null,null,"smtp",0,1,0]]'"#]),
    ("lookup::BY_ACCOUNT", &["'wb000007'", "'wb-000007'", "20"]),
    ("lookup::BY_EMAIL", &["'person7@example.org'", "'person7@example.org'", "20"]),
    ("lookup::BY_PHONE", &["'15550100007'", "'+15550100007'", "20"]),
    ("events::LAST", &["0"]),
    ("events::NEXT", &["10000"]),
    ("events::OF_REFERENCE", &["'K7Q'", "9000000000000", "0"]),
    ("events::ANY_BEFORE", &["10000", "50"]),
    ("events::ANY_AFTER", &["10000", "50"]),
    ("events::OUTCOME_BEFORE", &["10000", "50", "'wrong'"]),
    ("events::OUTCOME_AFTER", &["10000", "50", "'wrong'"]),
    ("events::CHANNEL_BEFORE", &["10000", "50", "'email'"]),
    ("events::CHANNEL_AFTER", &["10000", "50", "'email'"]),
    ("events::BOTH_BEFORE", &["10000", "50", "'wrong'", "'email'"]),
    ("events::BOTH_AFTER", &["10000", "50", "'wrong'", "'email'"]),
    ("events::REQUEST_BEFORE", &["10000", "50", "'8'", "'wrong'", "NULL", "'[7]'"]),
    ("events::REQUEST_AFTER", &["10000", "50", "'8'", "'wrong'", "NULL", "'[7]'"]),
    ("events::CUSTOMERS_BEFORE", &["10000", "50", "'[7,8,9]'", "'wrong'", "NULL"]),
    ("events::CUSTOMERS_AFTER", &["10000", "50", "'[7,8,9]'", "'wrong'", "NULL"]),
    (
        "cooldown_and_rate_limits::LIMITS",
        &[
            "7", "'7'", "'7'", "'3'", "'3'", "3600000", "86400000", "5", "5", "5", "5", "5", "5",
            "5", "5", "5", "5", "5", "5",
        ],
    ),
    ("trail::INSERT_LEAVES", &[r#"'[[70000,70000,"a","b"]]'"#]),
    ("trail::INSERT_NODES", &[r#"'[[8,70000,"a"]]'"#]),
    ("trail::KEEP_CHECKPOINT", &["70000", "'x'"]),
    ("trail::SINCE_SETTLED", &["7", "107", "500"]),
    ("trail::OF_NUMBERS", &["'[7,8,9]'"]),
    ("trail::CHECKPOINTS", &["7", "500"]),
    ("trail::BETWEEN", &["7", "107", "500"]),
    ("trail::LEAVES", &["7", "107"]),
    (
        "stats_read::COUNTS",
        &["'[[0,1500,1596],[1,900,996]]'", "'clerk'", "'c'", "NULL", "NULL", "NULL", "NULL", "500"],
    ),
    (
        "stats_read::TIMES",
        &[
            "'[[0,1500,1596],[1,900,996]]'",
            "'provider'",
            "NULL",
            "NULL",
            "NULL",
            "'tray'",
            "NULL",
            "500",
        ],
    ),
    ("roll_up::NAME_SERIES", &[r#"'[[70000,"1","c","sms","tray","p","sent",""]]'"#]),
    ("roll_up::COUNT_EVENTS", &["'[[0,1500,7,1],[0,70000,7,1]]'"]),
    ("roll_up::COUNT_TIMES", &["'[[0,1500,7,20,1],[0,70000,7,20,1]]'"]),
    ("stats_rebuild::FIRST_QUARTER", &["0", "1500"]),
    ("stats_rebuild::CLEAR", &["0", "1500", "1596"]),
    ("stats_rebuild::CLEAR_TIMES", &["0", "1500", "1596"]),
    ("stats_rebuild::COPY", &["1", "0", "1500", "1596"]),
    ("stats_rebuild::COPY_TIMES", &["1", "0", "1500", "1596"]),
    ("stats_rebuild::LEAVES", &["7", "107"]),
    ("stats_rebuild::EVENTS", &["'[7,8,9]'"]),
    ("alarms::QUICK", &["1500", "1596"]),
    ("alarms::UNLOCKED_AND_VERIFIED", &["10000", "10100", "50"]),
    ("alarms::USED", &["9000000000000"]),
    ("alarms::SHARED", &[r#"'["7","8"]'"#, "9000000000000", "4", "50"]),
    ("alarms::SENT", &["19900", "19990"]),
    ("alarms::BUSY", &["19900", "20", "50"]),
    ("alarms::PREFIX_HOURS", &[r#"'["7","8"]'"#, "19000"]),
    ("alarms::FORGET_PREFIXES", &["7", "79"]),
    ("oversight::LOCKED_ONCE", &["9000000000000", "2000", "'wrong'", "'the customer is locked'"]),
    ("oversight::STILL_LOCKED", &["'[7,8,9]'", "5"]),
    ("oversight::ENTRIES", &["'[7,8,9]'", "3"]),
    ("alarms::RAISE", &["'failures'", "'c'", "NULL", "'x'"]),
    ("prefixes::OF_REQUESTS", &[r#"'["7","8"]'"#]),
    ("prefixes::COUNT_PREFIXES", &[r#"'[[7,"x",1,0],[8,"x",1,0]]'"#]),
    (
        "events::NARROW_BEFORE",
        &[
            "10000",
            "50",
            "9000",
            r#"'["sent "]'"#,
            "NULL",
            "NULL",
            "NULL",
            "NULL",
            "NULL",
            "NULL",
            "'[7]'",
        ],
    ),
    (
        "events::NARROW_AFTER",
        &[
            "10000",
            "50",
            "11000",
            r#"'["sent "]'"#,
            "NULL",
            "NULL",
            "NULL",
            "NULL",
            "NULL",
            "NULL",
            "'[7]'",
        ],
    ),
    (
        "events::CLERK_BEFORE",
        &[
            "10000",
            "50",
            "9000",
            r#"'["sent "]'"#,
            "NULL",
            "NULL",
            "NULL",
            "NULL",
            "NULL",
            "NULL",
            "'[7]'",
            "'c'",
        ],
    ),
    (
        "events::CLERK_AFTER",
        &[
            "10000",
            "50",
            "11000",
            r#"'["sent "]'"#,
            "NULL",
            "NULL",
            "NULL",
            "NULL",
            "NULL",
            "NULL",
            "'[7]'",
            "'c'",
        ],
    ),
    ("import::ON_FILE", &[r#"'["WB-000007","WB-000008"]'"#]),
    ("import::UPSERT", &[r#"'[["WB-000007","Dana",null,null,null,null,null,null]]'"#]),
    ("index::ENTRIES", &["'[7,8,9]'"]),
    ("index::DELETE", &["'[7,8,9]'"]),
    ("index::DELETE_WORDS", &[r#"'[["person",7],["7",7]]'"#]),
    ("index::INSERT", &[r#"'[[70000,"a",null,null,"a","a","a","a","1"," a"]]'"#]),
    ("index::INSERT_WORDS", &[r#"'[["person",70000],["7",70000]]'"#]),
    ("reindex::CUSTOMERS", &["7", "1000"]),
    ("reindex::INDEXED", &["7", "1000"]),
    ("reindex::BY_NUMBER", &["'[7,8,9]'"]),
    ("catalogue::COLUMNS", &["'core_customer'", "'countersign'"]),
    ("catalogue::INDEXES", &["'core_customer'", "'countersign'"]),
    ("schema_check::IS_TABLE", &["'core_customer'", "'countersign'"]),
    ("migrations::COUNT_TABLES", &["'core_customer'", "'core_otp'"]),
    ("lease::DUE", &["'x'", "2000", "9", r#"'["tray"]'"#]),
    ("outbox::NEXT_DUE", &["'x'", "2000", r#"'["tray"]'"#]),
    ("test_message::COUNTED", &["'x'", "'7'", "'3'", "'3'", "3600000"]),
    ("test_message::LIMITS", &["'7'", "'7'", "'3'", "'3'", "3600000", "5", "5", "5", "5", "5"]),
    ("policy::PAST", &["7", "604800000", "1000"]),
    ("circuit_breaker::CLAIM_PROBE", &["'email'", "30000", "3"]),
    ("completion::HELD", &["'[7,8,9]'"]),
    ("completion::DONE", &["'[7,8,9]'"]),
    ("completion::NEXT_TASK", &[r#"'[[7,"follow",5000]]'"#]),
    ("outbox::UNSEAL", &["'[7,8,9]'"]),
    ("send_claim::CLAIM_FIRST", &["'[7,8,9]'", "'x'", "7"]),
    ("send_claim::CLAIM_THESE", &["'[7,8,9]'", "7"]),
    ("send_claim::CLAIMABLE", &["'[7,8,9]'", "'x'"]),
    ("delivery_stats::ELSEWHERE", &[r#"'["tray"]'"#]),
    ("lease::CLAIM", &["'[7,8,9]'", "'x'", "7"]),
    ("lease::CLAIMED", &["'[7,8,9]'"]),
    ("expiry::HELD", &["'[7,8,9]'"]),
    ("expiry::WRITE_EVENTS", &[r#"'[[7,"it ran out"]]'"#]),
    ("expiry::CLOSE", &["'[7,8,9]'"]),
    ("archive::LEFT_OPEN", &["0", "500", "9000000000000", "9000000000000"]),
    ("external_writer::REQUIRED", &["'core_customer'", "'countersign'"]),
    ("search::ACCOUNT_BEGINS", &["'wb10'", "'wb10\u{10ffff}'", "20"]),
    ("search::ACCOUNT_ENDS", &["'700'", "'700\u{10ffff}'", "20"]),
    ("search::EMAIL_BEGINS", &["'person'", "'person\u{10ffff}'", "20"]),
    ("search::NAME_BEGINS", &["'person'", "'person\u{10ffff}'", "20"]),
    ("search::WORD_BEGINS", &["'person'", "'person\u{10ffff}'", "20", "40"]),
    ("search::HOW_MANY", &["'person'", "'person\u{10ffff}'", "2000"]),
    ("search::NAMED", &["'person'", "'person\u{10ffff}'", "2000", "'7'", "'x'", "''", "20"]),
    ("search::KNOWN", &["'person'", "'person\u{10ffff}'", "500", "'7'", "'example'", "''", "20"]),
];

/// The statements that have a plan: the others make tables.
fn planned() -> Vec<Statement> {
    let words = ["SELECT", "INSERT", "UPDATE", "DELETE"];
    let has_plan = |it: &Statement| words.iter().any(|word| it.sqlite.starts_with(word));
    let statements: Vec<_> = SqlStore::statements().into_iter().filter(has_plan).collect();
    assert!(statements.len() > 60, "only {} statements are listed", statements.len());
    for (name, _) in ARGUMENTS {
        assert!(statements.iter().any(|it| it.name == *name), "there is no {name} any more");
    }
    statements
}

/// How many rows a table that grows has: enough for a plan that reads it from end
/// to end to be told apart, or what `PLAN_ROWS` says.
fn rows() -> u32 {
    let rows = std::env::var("PLAN_ROWS").map_or(20_000, |it| it.parse().expect("a number"));
    assert!(rows >= 1_000, "too few rows for a plan");
    rows
}

/// `n (i)`, the numbers from 1 to `rows`, as each database can count.
fn numbers(rows: u32) -> String {
    let digit = "SELECT 0 UNION ALL SELECT 1 UNION ALL SELECT 2 UNION ALL SELECT 3 UNION ALL \
                 SELECT 4 UNION ALL SELECT 5 UNION ALL SELECT 6 UNION ALL SELECT 7 UNION ALL \
                 SELECT 8 UNION ALL SELECT 9";
    let places = 0..(rows - 1).ilog10() + 1;
    let value: Vec<_> = places.clone().map(|at| format!("{} * p{at}.d", 10_u32.pow(at))).collect();
    let digits: Vec<_> = places.map(|at| format!("digit p{at}")).collect();
    let (value, digits) = (value.join(" + "), digits.join(", "));
    format!(
        "WITH digit (d) AS ({digit}), n (i) AS (SELECT 1 + {value} FROM {digits} \
         WHERE {value} < {rows})"
    )
}

/// Fills the search index with phrases that many customers share.
async fn fill_words(fixture: &TestStore, numbers: &str) {
    for word in ["person ", "person a ", "rivera ", "1", "15", "155", "1555", "15550"] {
        let words = "INSERT INTO core_customer_word (phrase, customer_id)";
        fixture.sql(&format!("{words} {numbers} SELECT CONCAT('{word}', i), i FROM n")).await;
    }
}

/// The rows of small tables beside a customer.
const BESIDE_CUSTOMERS: [(&str, &str, &str); 4] = [
    ("core_guard", "customer_id, failures, updated_at", "i, 0, THEN"),
    ("core_feedback", "customer_id, received_at, subject, status", "EACH, THEN, 's', 'open'"),
    ("core_contact", "customer_id, kind, contact, bound_at, changed", "i, 'email', 'a', 0, 0"),
    (
        "core_contact_state",
        "contact_name, channel, customer_id, failure, failed_at, standing",
        "i, 'sms', EACH, 'landline', THEN, 'bad'",
    ),
];

/// Fills every table that grows, with one row a minute until now.
async fn fill(fixture: &TestStore) {
    fixture.open().await.close().await;
    let (rows, numbers) = (rows(), numbers(rows()));
    let then = format!("{} - 60000.0 * ({rows} - i)", fixture.now()); // Past 32 bits.
    // Twenty rows a customer.
    let each = format!("i % {} + 1", rows / 20 - 3);
    fill_words(fixture, &numbers).await;
    for (table, columns, values) in [
        (
            "core_customer",
            "id, account_no, name, email, created_at, updated_at",
            "i, CONCAT('WB-', i), 'Person', 'a', THEN, THEN",
        ),
        (
            "core_customer_search",
            "customer_id, account_key, email_key, phone_key, compact, account_end, name, email, \
             phone, words",
            "i, CONCAT('wb-', i), CONCAT('person', i), i, CONCAT('wb', i), i, \
             CONCAT('person ', i), CONCAT('person', i), i, ' person'",
        ),
        (
            "core_otp",
            "id, public_id, customer_id, email, otp_code, otp_type, created_at, expires_at, \
             attempts, max_attempts, purpose, key_id, reference, generation, status, sent_at, \
             resend_at, idempotency, clerk, counter, masked",
            "i, i, EACH, 'a', CASE WHEN i < RECENT THEN '' ELSE 'x' END, 'email', THEN, \
             THEN + 300000, 0, 5, 'p', 'k', 'r', 1, 'verified', THEN, THEN, i, 'c', '1', 'm'",
        ),
        (
            "core_otp_archive",
            "id, public_id, customer_id, masked, otp_type, is_verified, created_at, expires_at, \
             attempts, max_attempts, purpose, reference, generation, status, clerk, counter",
            "i, i, EACH, 'm', 'email', 1, THEN, THEN, 1, 5, 'p', 'r', 1, 'verified', 'c', \
             '1'",
        ),
        (
            "core_otp_retired",
            "customer_id, purpose, public_id, generation, otp_code, key_id, reference, sent_at, \
             expires_at",
            "EACH, 'p', i, 1, '', 'k', 'r', THEN, THEN + RETIRED",
        ),
        ("core_clerk_guard", "clerk, failures, since", "i, 0, THEN"),
        (
            "core_delivery",
            "otp_id, generation, customer_id, channel, contact, number_prefix, provider, state, \
             progress, clerk, counter, created_at, updated_at",
            "i, 1, EACH, 'sms', i % 977, i % 499, 'tray', 'sent', 3, i % 7, i % 5, THEN, THEN",
        ),
        (
            "core_session",
            "public_id, token_digest, customer_id, request, factor, purpose, clerk, counter, \
             created_at, expires_at, idle_at",
            "i, i, EACH, i, 'sms', 'p', 'c', '1', THEN, THEN + 1800000, THEN + 600000",
        ),
        (
            "core_sitting",
            "id, account, counter, method, service, since, active_at, lease_until, ended_at, \
             ended_how",
            "i, i % 997, '1', 'password', 's', THEN, THEN, THEN, THEN, 'lost'",
        ),
        (
            "core_event",
            "at, kind, outcome, request, customer_id, channel, clerk, counter, act",
            "THEN, 'attempt', CASE i % 3 WHEN 0 THEN 'wrong' WHEN 1 THEN 'verified' END, \
             i - i % 4, EACH, CASE i % 2 WHEN 0 THEN 'email' ELSE 'sms' END, 'c', '1', \
             CASE i % 4 WHEN 0 THEN i END",
        ),
        (
            "core_customer_factor",
            "customer_id, kind, generation, sealed, key_id, last_step, early_step, made_at, \
             clerk, counter",
            "i, CASE i % 2 WHEN 0 THEN 'totp' ELSE 'backup-codes' END, 1, 'x', 'k', 0, 0, THEN, \
             'c', '1'",
        ),
        ("core_backup_code", "customer_id, number, digest", "i, i % 10, 'x'"),
        ("core_audit_leaf", "leaf_index, event_id, hash, salt", "i, i, 'hash', 'salt'"),
        ("core_audit_node", "level, node_index, hash", "8, i, 'hash'"),
        ("core_stats", "run, quarter, series, events", "0, i, i % 977, 1"),
        ("core_stats_prefix", "hour, prefix, sent, verified", "i, i % 499, 1, 0"),
        ("core_stats_time", "run, quarter, series, bucket, events", "0, i, i % 977, 20, 1"),
        ("core_audit_checkpoint", "size, note, sealed_at", "i, 'note', THEN"),
        (
            "core_invoice",
            "customer_id, number, issued_at, due_at, amount_cents, currency, status",
            "EACH, i, THEN, THEN, 1, 'USD', 'open'",
        ),
    ]
    .into_iter()
    .chain(BESIDE_CUSTOMERS)
    {
        let values = values
            .replace("EACH", &each)
            .replace("RECENT", &(rows / 20 * 19).to_string())
            .replace("RETIRED", &(u64::from(rows) * 57_000).to_string())
            .replace("THEN,", &format!("{then},"))
            .replace("THEN +", &format!("{then} +"));
        let values = values.strip_suffix("THEN").map(|it| format!("{it}{then}")).unwrap_or(values);
        let insert = format!("INSERT INTO {table} ({columns}) {numbers} SELECT {values} FROM n");
        fixture.sql(&insert).await;
    }
}
