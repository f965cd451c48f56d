//! Bulk-loads customers and requests, which would take hours through the desk: with each database's
//! own tool, in key order. Rows that exist already stay.

use std::fs;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use countersign::store::SqlStore;

use super::people;
use super::place::{Bare, Place};
use super::support::Report;

/// Rows generated per statement.
const STEP: u64 = 1_000_000;

/// The data files, created once for all databases.
struct Files {
    customers: PathBuf,
    entries: PathBuf,
    words: PathBuf,
}

/// Loads a store up to these numbers of customers and requests.
pub(crate) async fn load(place: &Place, customers: u64, requests: u64, report: &mut Report) {
    place.open(1).await.close().await;
    let bare = place.bare(1).await;
    let since = Instant::now();
    if bare.number("SELECT MAX(id) FROM core_customer").await == 0 {
        let files = files(customers);
        copy(place, "core_customer", &files.customers);
        copy(place, "core_customer_search", &files.entries);
        copy(place, "core_customer_word", &files.words);
    }
    if let Bare::Sqlite(_) = bare {
        // Without a large cache, pages are written once for each row instead of once for each step.
        bare.run("PRAGMA cache_size = -6000000").await;
    }
    let there = bare.number("SELECT MAX(id) FROM core_otp").await;
    for from in (u64::try_from(there).expect("a count")..requests).step_by(STEP as usize) {
        history(&bare, from + 1, requests.min(from + STEP), customers).await;
    }
    if let Bare::Postgres(_) = bare {
        // The ids were inserted explicitly, so the sequence must be advanced.
        bare.run("SELECT setval(pg_get_serial_sequence('core_otp', 'id'), MAX(id)) FROM core_otp")
            .await;
    }
    settle(&bare).await;
    report.note(&format!("loaded in {:.0} s", since.elapsed().as_secs_f64()));
    bare.close().await;
}

/// Updates the planner's statistics.
async fn settle(bare: &Bare) {
    match bare {
        Bare::Sqlite(_) => bare.run("PRAGMA wal_checkpoint(TRUNCATE)").await,
        Bare::Postgres(_) => {
            for table in ["core_customer", "core_customer_search", "core_customer_word"] {
                bare.run(&format!("VACUUM ANALYZE {table}")).await;
            }
            for table in ["core_otp", "core_delivery", "core_event", "core_guard"] {
                bare.run(&format!("VACUUM ANALYZE {table}")).await;
            }
            bare.run("CHECKPOINT").await;
        }
        Bare::Mysql(_) => {
            bare.run(
                "ANALYZE TABLE core_customer, core_customer_search, core_customer_word, core_otp, \
                 core_delivery, core_event, core_guard",
            )
            .await;
        }
    }
}

/// Creates missing data files, with the search words in key order.
fn files(customers: u64) -> Files {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("target/bench/{customers}"));
    fs::create_dir_all(&folder).expect("a folder");
    let file = |name: &str| folder.join(name);
    let files = Files {
        customers: file("customers.tsv"),
        entries: file("entries.tsv"),
        words: file("words.tsv"),
    };
    if files.words.exists() {
        return files;
    }
    let unsorted = file("words.unsorted");
    let writer = |path: &Path| BufWriter::new(File::create(path).expect("a file"));
    let (mut people, mut entries, mut words) =
        (writer(&files.customers), writer(&files.entries), writer(&unsorted));
    for number in 0..customers {
        let new = people::customer(number);
        let id = number + 1;
        let text = |it: Option<&str>| it.unwrap_or("\\N").to_owned();
        writeln!(
            people,
            "{id}\t{}\t{}\t{}\t{}\t{}\t\\N\t4210\tUSD\t1\t1",
            new.account_no,
            new.name,
            text(new.email.as_ref().map(countersign::domain::contact::EmailAddress::as_str)),
            text(new.phone.as_ref().map(countersign::domain::contact::PhoneNumber::as_str)),
            text(new.address.as_deref()),
        )
        .expect("written");
        let (fields, looked_up) = SqlStore::entry(&new);
        let fields: Vec<String> = fields.into_iter().map(|it| text(it.as_deref())).collect();
        writeln!(entries, "{id}\t{}", fields.join("\t")).expect("written");
        for word in looked_up {
            writeln!(words, "{word}\t{id}").expect("written");
        }
    }
    for mut writer in [people, entries, words] {
        writer.flush().expect("written");
    }
    let done = Command::new("sort")
        .env("LC_ALL", "C")
        .args(["-S", "3G", "--parallel=2", "-t", "\t", "-k1,1", "-k2,2n", "-T"])
        .arg(&folder)
        .arg("-o")
        .arg(&files.words)
        .arg(&unsorted)
        .status();
    assert!(done.expect("sort runs").success());
    fs::remove_file(unsorted).expect("removed");
    files
}

/// Copies a file into a table.
fn copy(place: &Place, table: &str, file: &Path) {
    let path = file.display();
    match place {
        Place::Sqlite(store) => {
            let script = format!(
                "PRAGMA synchronous = OFF;\nPRAGMA cache_size = -6000000;\n.mode tabs\n.import {path} {table}\n\
                 PRAGMA wal_checkpoint(TRUNCATE);\n"
            );
            run(Command::new("sqlite3").arg(store), &script);
        }
        Place::Postgres(url) => {
            let script = format!("\\copy countersign.{table} FROM '{path}'\n");
            run(Command::new("psql").args(["-qX", "-v", "ON_ERROR_STOP=1"]).arg(url), &script);
        }
        Place::Mysql(url) => {
            let settings = url.trim_start_matches("mysql://");
            let (account, rest) = settings.split_once('@').expect("a URL");
            let (user, password) = account.split_once(':').expect("a URL");
            let (host, rest) = rest.split_once(':').expect("a URL");
            let (port, database) = rest.split_once('/').expect("a URL");
            let script = format!(
                "SET unique_checks = 0; SET foreign_key_checks = 0; \
                 LOAD DATA LOCAL INFILE '{path}' INTO TABLE {table} CHARACTER SET utf8mb4;\n"
            );
            let mut client = Command::new("mariadb");
            client.args(["--no-defaults", "--local-infile=1", "-h", host, "-P", port, "-u", user]);
            run(client.env("MYSQL_PWD", password).arg(database), &script);
        }
    }
}

/// Runs a database client on a script.
fn run(client: &mut Command, script: &str) {
    let mut child = client.stdin(Stdio::piped()).spawn().expect("a client");
    child.stdin.take().expect("its input").write_all(script.as_bytes()).expect("read");
    assert!(child.wait().expect("an end").success(), "{script}");
}

/// The numbers from one to another as a table `n` with a column `i`: what stands before SELECT, and
/// after FROM.
pub(crate) fn numbers(bare: &Bare, from: u64, to: u64) -> (String, String) {
    match bare {
        Bare::Sqlite(_) => (
            format!(
                "WITH RECURSIVE n (i) AS (SELECT {from} UNION ALL SELECT i + 1 FROM n WHERE i < {to}) "
            ),
            "n".to_owned(),
        ),
        Bare::Postgres(_) => {
            (String::new(), format!("generate_series({from}::BIGINT, {to}::BIGINT) AS n (i)"))
        }
        Bare::Mysql(_) => (String::new(), format!("(SELECT seq AS i FROM seq_{from}_to_{to}) n")),
    }
}

/// Closed requests, each with its delivery and two events.
async fn history(bare: &Bare, from: u64, to: u64, customers: u64) {
    let (with, table) = numbers(bare, from, to);
    let text = |what: &str| match bare {
        Bare::Mysql(_) => format!("CAST({what} AS CHAR)"),
        _ => format!("CAST({what} AS TEXT)"),
    };
    let (contact, spread) = (text("i % 999983"), format!("(i * 7919) % {customers} + 1"));
    let name = match bare {
        Bare::Sqlite(_) => "printf('%010d', i)".to_owned(),
        _ => format!("LPAD({}, 10, '0')", text("i")),
    };
    let hour = "(1700000000000 + i * 1000)";
    for (into, values) in [
        (
            "core_otp (id, public_id, customer_id, email, otp_code, otp_type, is_verified, \
             created_at, expires_at, attempts, max_attempts, purpose, key_id, reference, \
             generation, status, sent_at, resend_at, closed_at, idempotency, clerk, counter, \
             masked)",
            format!(
                "i, {name}, {spread}, {contact}, '', 'email', 1, {hour}, {hour} + 300000, 1, 5, \
                 'pay a bill', 'bench', 'K7Q', 1, 'verified', {hour}, {hour}, {hour}, {name}, \
                 'amira', '3', 'd*******e'"
            ),
        ),
        (
            "core_delivery (otp_id, generation, customer_id, channel, contact, provider, state, \
             progress, clerk, counter, created_at, updated_at)",
            format!(
                "i, 1, {spread}, 'email', {contact}, 'smtp', 'sent', 3, 'amira', '3', {hour}, \
                 {hour}"
            ),
        ),
        (
            "core_event (at, kind, outcome, request, customer_id, channel, contact, clerk, \
             counter)",
            format!(
                "{hour}, 'attempt', CASE i % 50 WHEN 0 THEN 'expired' WHEN 1 THEN 'wrong' \
                 ELSE 'verified' END, {name}, {spread}, \
                 CASE i % 3 WHEN 0 THEN 'email' ELSE 'sms' END, 'd*******e', 'amira', '3'"
            ),
        ),
    ] {
        bare.run(&format!("INSERT INTO {into} {with} SELECT {values} FROM {table}")).await;
    }
}
