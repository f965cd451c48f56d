//! `stats`: figures, days of the office's time zone, formats, and who may.

use serde_json::Value;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions as _};

use super::desk::Desk;

/// Runs a statement behind the program's back.
fn sql(desk: &Desk, text: &str) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.expect("a runtime").block_on(async {
        let options = SqliteConnectOptions::new().filename(desk.path("desk.db"));
        let mut file = options.disable_statement_logging().connect().await.expect("the store");
        sqlx::raw_sql(AssertSqlSafe(text.to_owned())).execute(&mut file).await.expect(text);
    });
}

/// An office in which a code was asked for, entered wrongly and then rightly.
fn worked() -> Desk {
    let desk = Desk::open();
    let (request, code) = desk.request("WB-004217", "sms");
    desk.verify(&request, &Desk::wrong(&code)).ended(10, "wrong");
    desk.verify(&request, &code).ended(0, "verified");
    desk.run(&["audit", "seal", "--json"]).ended(0, "sealed");
    desk
}

fn read(desk: &Desk, more: &[&str]) -> Value {
    let ran = desk.run(&[&["stats", "--json"], more].concat());
    assert_eq!(ran.code, 0, "{}{}", ran.out, ran.err);
    ran.json()
}

#[test]
fn today_is_told_with_its_figures_and_times() {
    let desk = worked();
    let told = read(&desk, &[]);
    assert_eq!((&told["outcome"], &told["by"]), (&"read".into(), &Value::Null));
    let counts = &told["rows"].as_array().expect("rows").last().expect("a row")["counts"];
    assert_eq!((&counts["asked"], &counts["verified"]), (&1.into(), &1.into()), "{told}");
    assert_eq!((&counts["sent"], &counts["wrong"]), (&1.into(), &1.into()), "{told}");

    let by = read(&desk, &["--by", "purpose"]);
    let rows = by["rows"].as_array().expect("rows");
    let row = rows.iter().find(|it| it["counts"]["asked"] == 1).expect("asked");
    assert_eq!(row["success_percent"], 100);
    assert!(row["name"].as_str().is_some_and(|it| !it.is_empty()), "{row}");
    assert_eq!(row["accepted"]["count"], 1, "{row}");
    assert_eq!(row["verified"]["count"], 1, "{row}");

    let by = read(&desk, &["--by", "provider"]);
    let rows = by["rows"].as_array().expect("rows");
    let tray = rows.iter().find(|it| it["name"] == "tray").expect("the tray");
    for figure in ["asked", "sent", "verified", "wrong"] {
        assert_eq!(tray["counts"][figure], 1, "{figure}: {tray}");
    }

    let table = desk.run(&["stats"]);
    assert_eq!(table.code, 0, "{}", table.err);
    assert!(table.out.starts_with("Asked for: 1. Verified: 1, 100 of 100. Went wrong: 1."));
    assert!(table.out.contains("VERIFIED IN"), "{}", table.out);
    // The entry that they were read is not sealed yet.
    assert!(table.err.contains("not sealed yet"), "{}", table.err);
    let log = desk.run(&["log", "--json"]).lines();
    assert!(log.iter().any(|it| it["kind"] == "stats_read"), "{log:?}");
}

#[test]
fn a_day_is_one_of_the_offices_time_zone_where_the_clocks_are_set() {
    // Berlin's rules, without its file.
    let mut desk = Desk::open();
    desk.variable("TZ", "CET-1CEST,M3.5.0,M10.5.0/3");
    // Midnight of 26 October 2025 in Berlin, 25 hours before the next.
    let midnight = 1_761_429_600_000_i64;
    let hour = 3_600_000;
    let moments = [
        midnight - 1,
        midnight,
        midnight + 24 * hour,
        midnight + 25 * hour - 1,
        midnight + 25 * hour,
    ];
    let values = moments.map(|at| format!("({at}, 'requested', 'dana', '1')")).join(", ");
    sql(&desk, &format!("INSERT INTO core_event (at, kind, clerk, counter) VALUES {values}"));
    desk.run(&["audit", "seal", "--json"]).ended(0, "sealed");
    let asked = |more: &[&str]| -> Vec<(String, u64)> {
        let told = read(&desk, more);
        let rows = told["rows"].as_array().expect("rows").iter();
        rows.map(|it| {
            let since = it["since"].as_str().expect("a moment").to_owned();
            (since, it["counts"]["asked"].as_u64().expect("a count"))
        })
        .collect()
    };
    let days = asked(&["--since", "2025-10-25", "--until", "2025-10-27"]);
    assert_eq!(
        days,
        [
            ("2025-10-24T22:00:00.000Z".to_owned(), 1),
            ("2025-10-25T22:00:00.000Z".to_owned(), 3),
            ("2025-10-26T23:00:00.000Z".to_owned(), 1),
        ]
    );
    let day = asked(&["--since", "2025-10-26", "--until", "2025-10-26", "--by", "clerk"]);
    assert_eq!(day, [("2025-10-25T22:00:00.000Z".to_owned(), 3)]);
}

#[test]
fn the_same_figures_are_written_for_spreadsheets_and_for_monitoring() {
    let desk = worked();
    let csv = desk.run(&["stats", "--by", "channel", "--csv"]);
    let mut lines = csv.out.lines();
    let head: Vec<_> = lines.next().expect("a head").split(',').collect();
    let at = |name| head.iter().position(|it| *it == name).expect(name);
    let rows: Vec<Vec<_>> = lines.map(|line| line.split(',').collect()).collect();
    assert!(rows.iter().all(|row| row.len() == head.len()), "{}", csv.out);
    let sms = rows.iter().find(|row| row[at("channel")] == "sms").expect("by SMS");
    assert_eq!((sms[at("asked")], sms[at("accepted_count")]), ("1", "1"));

    let metrics = desk.run(&["stats", "--by", "channel", "--prometheus"]);
    for line in [
        "countersign_events{figure=\"asked\",channel=\"sms\"} 1",
        "# TYPE countersign_seconds gauge",
        "countersign_unsealed_entries ",
    ] {
        assert!(metrics.out.lines().any(|it| it.starts_with(line)), "{line}: {}", metrics.out);
    }
    let quantile = "countersign_seconds{until=\"accepted\",quantile=\"0.95\",channel=\"sms\"} ";
    assert!(metrics.out.lines().any(|it| it.starts_with(quantile)), "{}", metrics.out);
    assert!(metrics.out.lines().all(|it| it.starts_with('#') || it.starts_with("countersign_")));
}

#[test]
fn a_rebuild_gives_the_same_figures_and_is_an_entry() {
    let desk = worked();
    let rows = |told: Value| told["rows"].clone();
    let before = rows(read(&desk, &["--by", "clerk"]));
    sql(&desk, "DELETE FROM core_stats; UPDATE core_stats_state SET since = 3");
    let told = desk.run(&["stats", "--by", "clerk"]);
    assert!(told.err.contains("first 3 sealed entries") && told.err.contains("stats rebuild"));
    let rebuilt = desk.run(&["stats", "rebuild", "--json"]).ended(0, "rebuilt");
    assert!(rebuilt["entries"].as_u64().is_some_and(|it| it > 3), "{rebuilt}");
    assert_eq!(rows(read(&desk, &["--by", "clerk"])), before);
    let log = desk.run(&["log", "--json"]).lines();
    assert!(log.iter().any(|it| it["kind"] == "stats_rebuilt"), "{log:?}");
}

#[test]
fn alarms_have_an_exit_code_name_their_entries_and_are_acknowledged() {
    let desk = worked();
    let quiet = desk.run(&["stats", "--alarms", "--json"]);
    quiet.ended(0, "quiet");
    // Two clerks as usual, and one whose customers are all wrong.
    let now = "CAST(round(unixepoch('subsec') * 1000) AS INTEGER)";
    let rows = |clerk: &str, outcome: &str, count: usize| {
        vec![format!("({now}, 'attempt', '{outcome}', '{clerk}', '1')"); count]
    };
    let all =
        [rows("dana", "verified", 20), rows("bo", "verified", 20), rows("mallory", "wrong", 12)];
    let values = all.concat().join(", ");
    sql(
        &desk,
        &format!("INSERT INTO core_event (at, kind, outcome, clerk, counter) VALUES {values}"),
    );
    desk.run(&["audit", "seal", "--json"]).ended(0, "sealed");
    let told = desk.run(&["stats", "--alarms", "--json"]).ended(18, "alarms");
    let alarm = &told["alarms"][0];
    assert_eq!((&alarm["kind"], &alarm["subject"]), (&"failures".into(), &"mallory".into()));
    let people = desk.run(&["stats", "--alarms"]);
    assert_eq!(people.code, 18);
    assert!(people.out.contains("Many wrong codes") && people.out.ends_with("1 alarm is open.\n"));

    // The command that is told shows the entries behind it.
    let command = alarm["log"].as_str().expect("a command").to_owned();
    let words: Vec<String> = shell_words(&command);
    let mut words: Vec<&str> =
        words.iter().map(String::as_str).skip_while(|it| *it != "log").collect();
    words.push("--json");
    let entries = desk.run(&words).lines();
    assert_eq!(entries.len(), 12, "{command}");
    assert!(entries.iter().all(|it| it["clerk"] == "mallory" && it["outcome"] == "wrong"));

    let id = alarm["id"].to_string();
    let acknowledge = ["stats", "acknowledge", &id, "--reason", "a new clerk", "--json"];
    desk.run(&acknowledge).ended(0, "acknowledged");
    desk.run(&["stats", "--alarms", "--json"]).ended(0, "quiet");
    let log = desk.run(&["log", "--kind", "alarm_acknowledged", "--json"]).lines();
    assert!(log[0]["detail"].as_str().is_some_and(|it| it.ends_with("a new clerk")), "{log:?}");
    assert_eq!(desk.run(&["stats", "acknowledge", "99", "--reason", "none"]).code, 2);
}

/// The words of a command as a shell reads them; only double quotes.
fn shell_words(command: &str) -> Vec<String> {
    let (mut words, mut quoted) = (vec![String::new()], false);
    for char in command.chars() {
        match char {
            '"' | '\'' => quoted = !quoted,
            ' ' if !quoted => words.push(String::new()),
            char => words.last_mut().expect("a word").push(char),
        }
    }
    words
}
