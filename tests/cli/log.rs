//! The log and the tray, read once and followed.

use std::io::{BufRead as _, BufReader, Lines, Read, Result};
use std::process::Child;

use serde_json::Value;
use sqlx::ConnectOptions as _;
use sqlx::sqlite::SqliteConnectOptions;

use super::desk::Desk;

/// The next line of a command that runs on.
fn next(lines: &mut impl Iterator<Item = Result<String>>) -> Value {
    serde_json::from_str(&lines.next().expect("a line").expect("readable")).expect("JSON")
}

/// A command that runs on, ended with the test.
struct Following(Child);

impl Following {
    fn start(desk: &Desk, arguments: &[&str]) -> (Self, Lines<BufReader<impl Read>>) {
        let mut child = desk.start(arguments);
        let lines = BufReader::new(child.stdout.take().expect("a pipe")).lines();
        (Self(child), lines)
    }
}

impl Drop for Following {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn the_log_is_filtered_and_contacts_are_masked() {
    let desk = Desk::open();
    let (request, code) = desk.request("WB-004217", "email");
    desk.request("WB-004219", "sms");
    desk.verify(&request, &Desk::wrong(&code));
    let id = request["request"].as_str().unwrap();
    let kinds = |arguments: &[&str]| -> Vec<String> {
        let arguments = [&["log", "--json"], arguments].concat();
        let kind = |line: Value| line["kind"].as_str().unwrap().to_owned();
        desk.run(&arguments).lines().into_iter().map(kind).collect()
    };
    let all = ["imported", "requested", "sent", "requested", "sent", "attempt"];
    assert_eq!(kinds(&[]), all);
    assert_eq!(kinds(&["--limit", "2"]), ["sent", "attempt"]);
    assert_eq!(kinds(&["--request", id]), ["requested", "sent", "attempt"]);
    assert_eq!(kinds(&["--customer", "WB-004219"]), ["requested", "sent"]);
    assert_eq!(kinds(&["--channel", "sms"]), ["requested", "sent"]);
    assert_eq!(kinds(&["--outcome", "wrong"]), ["attempt"]);
    assert_eq!(kinds(&["--text", "rivera", "--limit", "1"]), ["attempt"]);
    let lines = desk.run(&["log"]).out;
    assert_eq!(lines.lines().count(), 7, "{lines}");
    let column = |text| lines.lines().filter_map(|line| line.find(text)).collect::<Vec<_>>();
    assert_eq!(column("CUSTOMER"), [column("WB-004217")[0]], "{lines}");
    assert!(lines.contains("d***@example.org") && !lines.contains("dana@example.org"));
    assert_eq!(desk.run(&["log", "--outcome", "sent"]).code, 2);
}

#[test]
fn the_log_is_read_between_two_times() {
    let desk = Desk::open();
    desk.request("WB-004217", "email");
    let lines = |arguments: &[&str]| desk.run(&[&["log", "--json"], arguments].concat()).lines();
    let all = lines(&[]);
    assert_eq!(all.len(), 3);
    let minute = |at: &Value| {
        let at = chrono::DateTime::parse_from_rfc3339(at.as_str().unwrap()).unwrap();
        at.with_timezone(&chrono::Local)
    };
    let (first, last) = (minute(&all[0]["at"]), minute(&all[2]["at"]));
    let write = |at: chrono::DateTime<chrono::Local>| at.format("%Y-%m-%d %H:%M").to_string();
    let before = write(first - chrono::TimeDelta::minutes(1));
    let (first, last) = (write(first), write(last));
    assert_eq!(lines(&["--since", &first, "--until", &last]), all);
    assert_eq!(lines(&["--since", &before]), all);
    assert!(lines(&["--until", &before]).is_empty());
    let ran = desk.run(&["log", "--until", &before]);
    assert_eq!((ran.code, ran.out.as_str()), (0, ""));
    assert!(ran.err.contains("Nothing is in the log that fits."), "{}", ran.err);

    let refused = desk.run(&["log", "--since", "2026-11-24 10:42", "--until", "2026-11-24 10:41"]);
    assert!(refused.code == 2 && refused.err.contains("change the two"), "{}", refused.err);
    let refused = desk.run(&["log", "--since", "teatime"]);
    assert_eq!(refused.code, 2);
    assert!(refused.err.contains("write a time such as 10:42"), "{}", refused.err);
    assert_eq!(desk.run(&["log", "--follow", "--until", "10:42"]).code, 2);
}

#[test]
fn keys_that_do_not_apply_are_left_out_of_the_log() {
    let desk = Desk::open();
    let line = desk.run(&["log", "--json"]).json();
    assert_eq!(line["kind"], "imported");
    let keys: Vec<&String> = line.as_object().unwrap().keys().collect();
    assert!(!keys.iter().any(|key| line[key.as_str()].is_null()), "{line}");
    assert!(line.get("request").is_none() && line["detail"].is_string(), "{line}");
}

#[test]
fn the_csv_has_a_header_and_no_formula() {
    let desk = Desk::empty();
    let file = "account_no,name,phone\n-1+1,@SUM(A1),+14155550142\n";
    desk.told(&["customers", "import", "-"], file);
    desk.run(&["request", "--channel", "sms", "--", "-1+1"]);
    let out = desk.run(&["log", "--csv"]).out;
    let mut reader = csv::Reader::from_reader(out.as_bytes());
    assert_eq!(reader.headers().unwrap().get(1), Some("at"));
    let records: Vec<csv::StringRecord> = reader.records().map(|it| it.unwrap()).collect();
    assert_eq!(records.len(), 3);
    let cells: Vec<&str> = records.iter().flat_map(csv::StringRecord::iter).collect();
    assert!(cells.contains(&"'-1+1") && cells.contains(&"'@SUM(A1)"), "{out}");
    assert!(!cells.iter().any(|cell| cell.starts_with(['=', '+', '-', '@'])), "{out}");
}

#[test]
fn a_followed_log_shows_what_comes() {
    let desk = Desk::open();
    let (_child, mut lines) = Following::start(&desk, &["log", "--follow", "--json"]);
    assert_eq!(next(&mut lines)["kind"], "imported");
    desk.request("WB-004217", "email");
    assert_eq!(next(&mut lines)["kind"], "requested");
    assert_eq!(next(&mut lines)["kind"], "sent");

    let (_child, mut none) =
        Following::start(&desk, &["log", "-f", "--limit=0", "--json", "--channel=sms"]);
    let (_other, mut ready) = Following::start(&desk, &["log", "-f", "--limit=1", "--json"]);
    assert_eq!(next(&mut ready)["kind"], "sent");
    desk.request("WB-004219", "sms");
    let first = next(&mut none);
    assert_eq!((&first["kind"], &first["customer"]), (&"requested".into(), &"WB-004219".into()));
}

#[test]
fn a_command_leaves_its_store_tidy() {
    let desk = Desk::open();
    desk.request("WB-004217", "email");
    assert!(desk.path("desk.db").exists());
    assert!(!desk.path("desk.db-wal").exists() && !desk.path("desk.db-shm").exists());
}

/// Writes an entry of this number behind the program's back.
fn enter(desk: &Desk, number: i64) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.expect("a runtime").block_on(async {
        let options = SqliteConnectOptions::new().filename(desk.path("desk.db"));
        let mut file = options.connect().await.expect("the store");
        let insert = "INSERT INTO core_event (id, at, kind, clerk, counter, detail) \
                      VALUES (?1, 1, 'cancelled', 'c', '1', 'entry ' || ?1)";
        sqlx::query(insert).bind(number).execute(&mut file).await.expect("written");
    });
}

#[test]
fn a_followed_log_shows_what_is_committed_late() {
    let desk = Desk::open();
    for number in [30, 60] {
        enter(&desk, number);
    }
    let (_child, mut lines) = Following::start(&desk, &["log", "-f", "--limit=1", "--json"]);
    assert_eq!(next(&mut lines)["detail"], "entry 60");
    // What is older than the first line and was there is no news; what comes now is.
    for number in [61, 59, 20] {
        enter(&desk, number);
        assert_eq!(next(&mut lines)["detail"], format!("entry {number}"));
    }
}

#[test]
fn a_followed_tray_shows_what_comes() {
    let desk = Desk::open();
    desk.request("WB-004217", "email");
    let (_child, mut lines) = Following::start(&desk, &["tray", "--follow", "--json"]);
    let first = next(&mut lines);
    assert_eq!((&first["channel"], &first["to"]), (&"email".into(), &"dana@example.org".into()));
    assert!(first["subject"].is_string() && first["at"].is_string());
    let (request, code) = desk.request("WB-004219", "sms");
    let second = next(&mut lines);
    assert_eq!((&second["subject"], &second["reference"]), (&Value::Null, &request["reference"]));
    assert!(second["text"].as_str().unwrap().contains(&code));
}

#[test]
fn a_reader_who_has_seen_enough_is_no_error() {
    let desk = Desk::open();
    desk.request("WB-004217", "email");
    let commands = [
        &["log"][..],
        &["log", "--json"],
        &["tray"],
        &["--help"],
        &["man"],
        &["completions", "zsh"],
    ];
    for arguments in commands {
        let (reader, writer) = std::io::pipe().expect("a pipe");
        drop(reader);
        let child = desk.command(arguments).stdout(writer).spawn().expect("it starts");
        let ended = child.wait_with_output().expect("it ends");
        assert_eq!(
            (ended.status.code(), ended.stderr.as_slice()),
            (Some(0), &b""[..]),
            "{arguments:?}"
        );
    }
}
