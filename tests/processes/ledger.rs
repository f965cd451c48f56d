//! What is in the store and at the receiving end, read behind the program's
//! back, and what must hold between the two whatever happened.

use std::collections::BTreeSet;
use std::time::Duration;

use countersign::config::key_file::KeyFile;
use countersign::domain::code::{Code, Digest};
use countersign::domain::code_binding::CodeBinding;
use countersign::domain::customer::CustomerId;
use countersign::domain::time::Timestamp;
use sqlx::mysql::MySqlConnectOptions;
use sqlx::postgres::PgConnectOptions;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions as _, Row as _};

use crate::office::{Kind, Message, Office};

/// Rows of texts.
async fn read(office: &Office, statement: &str) -> Vec<Vec<String>> {
    let query = AssertSqlSafe(statement.to_owned());
    macro_rules! rows {
        ($options:expr) => {{
            let mut connection =
                $options.disable_statement_logging().connect().await.expect("a connection");
            let rows = sqlx::query(query).fetch_all(&mut connection).await;
            let rows = rows.unwrap_or_else(|error| panic!("{statement}: {error}"));
            rows.iter()
                .map(|row| (0..row.len()).map(|at| row.get::<String, _>(at)).collect())
                .collect()
        }};
    }
    let url = office.database.as_ref().map_or("", |it| it.url.as_str());
    match office.kind {
        Kind::Sqlite => rows!(SqliteConnectOptions::new().filename(office.path("desk.db"))),
        Kind::Postgres => {
            let options: PgConnectOptions = url.parse().expect("a URL");
            rows!(options.options([("search_path", "countersign")]))
        }
        Kind::MariaDb => rows!(url.parse::<MySqlConnectOptions>().expect("a URL")),
    }
}

/// Rows of texts.
pub(crate) fn rows(office: &Office, statement: &str) -> Vec<Vec<String>> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.expect("a runtime").block_on(read(office, statement))
}

/// One number, such as the rows of a table with a condition.
pub(crate) fn count(office: &Office, what: &str) -> usize {
    let rows = rows(office, &format!("SELECT CAST(COUNT(*) AS CHAR(20)) FROM {what}"));
    rows[0][0].trim().parse().expect("a number")
}

/// The codes that were compared: those that the log calls wrong or verified,
/// and the older ones that were recognised.
pub(crate) fn evaluated(office: &Office) -> usize {
    count(office, "core_event WHERE kind = 'attempt' AND outcome IN ('wrong', 'verified')")
}

/// One line of the table that the tests print.
pub(crate) fn tell(office: &Office, what: &str, took: Duration, more: &str) {
    println!(
        "{:<9} {what:<40} evaluated {:>2}  verified {:>2}  sent {:>2}  {:>5.0} ms  {more}",
        format!("{:?}", office.kind),
        evaluated(office),
        count(office, "core_session"),
        office.messages().len(),
        took.as_secs_f64() * 1e3,
    );
}

/// What holds at every moment, whoever was killed.
pub(crate) fn balances(office: &Office) {
    sound(office);
    messages_belong(office);
    assert!(office.messages().len() >= count(office, "core_delivery WHERE state = 'sent'"));
}

/// What holds in the store.
pub(crate) fn sound(office: &Office) {
    let none = |what: &str| assert_eq!(count(office, what), 0, "{:?}: {what}", office.kind);
    let same = |one: &str, other: &str| {
        let (here, there) = (count(office, one), count(office, other));
        assert_eq!(here, there, "{:?}: {one} | {other}", office.kind);
    };
    none("core_otp WHERE attempts > max_attempts");
    none("core_otp WHERE status = 'verified' AND (is_verified <> 1 OR otp_code <> '')");
    none("(SELECT request FROM core_session GROUP BY request HAVING COUNT(*) > 1) twice");
    same("core_session", "core_otp WHERE status = 'verified'");
    same("core_session", "core_event WHERE kind = 'attempt' AND outcome = 'verified'");
    same("core_otp", "core_event WHERE kind = 'requested'");
    same("core_delivery", "core_event WHERE kind IN ('requested', 'resent')");
    same("core_otp WHERE status = 'superseded'", "core_event WHERE kind = 'superseded'");
    same("core_delivery WHERE state = 'sent'", "core_event WHERE kind = 'sent'");
    none(
        "core_otp o WHERE NOT EXISTS (SELECT 1 FROM core_delivery d \
         WHERE d.otp_id = o.id AND d.generation = o.generation)",
    );
    none(
        "(SELECT customer_id FROM core_otp WHERE status = 'open' \
         GROUP BY customer_id, purpose HAVING COUNT(*) > 1) twice",
    );
    // A request that follows none and was followed by none was tried as often as
    // the log says.
    none(
        "core_otp o WHERE NOT EXISTS (SELECT 1 FROM core_otp b WHERE b.id <> o.id \
         AND b.customer_id = o.customer_id AND b.purpose = o.purpose) AND attempts <> \
         (SELECT COUNT(*) FROM core_event e WHERE e.request = o.public_id \
         AND e.kind = 'attempt' AND (e.outcome IN ('wrong', 'verified') \
         OR e.outcome = 'superseded' AND o.generation > 1))",
    );
    if office.kind == Kind::Sqlite {
        assert_eq!(rows(office, "PRAGMA integrity_check"), [["ok"]]);
        assert!(rows(office, "SELECT \"table\" FROM pragma_foreign_key_check").is_empty());
    }
}

/// Every message was sent once, and its code is, or was, in the store.
fn messages_belong(office: &Office) {
    let stored = rows(
        office,
        "SELECT o.reference, o.purpose, o.public_id, CAST(o.generation AS CHAR(20)), o.otp_code, \
         o.key_id, CAST(o.customer_id AS CHAR(20)), c.account_no, o.channel, o.contact, \
         CAST(o.expires_at AS CHAR(20)) FROM (SELECT reference, purpose, public_id, generation, \
         otp_code, key_id, customer_id, otp_type AS channel, COALESCE(email, phone) AS contact, \
         expires_at FROM core_otp UNION ALL \
         SELECT reference, purpose, public_id, generation, otp_code, key_id, customer_id, channel, \
         contact, expires_at FROM core_otp_retired) o \
         JOIN core_customer c ON c.id = o.customer_id",
    );
    let ring = KeyFile::load(&office.path("desk.keys")).expect("the keys").ring();
    let is = |message: &Message, row: &[String]| {
        let [reference, purpose, request, generation, digest, key, customer, account_no, ..] = row
        else {
            panic!("eleven columns")
        };
        let [channel, contact, expires_at] = &row[8..] else { panic!("eleven columns") };
        let code = Code::parse(&message.code, 6).expect("a code");
        let binding = CodeBinding {
            customer: CustomerId(customer.trim().parse().expect("a number")),
            account_no: account_no.clone(),
            purpose: purpose.clone(),
            request: request.parse().expect("a request"),
            generation: generation.trim().parse().expect("a number"),
            channel: channel.parse().expect("a channel"),
            contact: contact.clone(),
            expires_at: Timestamp::from_millis(expires_at.trim().parse().expect("a time")),
            representative: None,
        };
        let key = ring.get(key).expect("a key");
        // A closed request keeps no digest; its reference tells it.
        *reference == message.reference
            && (digest.is_empty() || *digest == Digest::of(&code, &binding, key).to_hex())
    };
    let messages = office.messages();
    for message in &messages {
        assert!(stored.iter().any(|row| is(message, row)), "{:?}: {message:?}", office.kind);
    }
    let once: BTreeSet<&Message> = messages.iter().collect();
    assert_eq!(once.len(), messages.len(), "{:?}: sent twice: {messages:?}", office.kind);
}
