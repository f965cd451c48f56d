//! Importing and finding customers.

use std::fmt::Write as _;
use std::fs;

use sqlx::{ConnectOptions as _, Connection as _};

use super::desk::{CUSTOMERS, Desk};

const MIXED: &str = "\
account_no;name;email;phone;hat size\r\n\
A-1;Dana;dana@example.org;+1 415 555 0142;7\r\n\
A-2;Bo;not an address;;7\r\n\
A-3;Eli;;call me;7\r\n\
A-1;\"Dana; again\";dana@example.org;;7\r\n";

#[test]
fn lines_are_imported_and_bad_cells_are_named() {
    let desk = Desk::empty();
    fs::write(desk.path("mixed.csv"), MIXED).unwrap();
    let dry = desk.run(&["customers", "import", "mixed.csv", "--dry-run", "--json"]);
    let json = dry.ended(15, "malformed");
    assert_eq!(
        (&json["dry_run"], &json["good"], &json["repeated"], &json["incomplete"]),
        (&true.into(), &4.into(), &1.into(), &2.into())
    );
    let problem = &json["problems"][0];
    for (key, value) in [("customer", "A-2"), ("column", "email"), ("value", "no**********ss")] {
        assert_eq!(problem[key], value, "{json}");
    }
    assert!(!desk.path("desk.db").exists(), "a dry run opens nothing");

    let ran = desk.run(&["customers", "import", "mixed.csv"]);
    assert_eq!(ran.code, 15);
    assert_eq!(
        ran.out,
        "3 customers added, 0 changed, 0 as before. 2 lines were taken without a cell that is bad.\n"
    );
    for line in [
        "These columns are not known and not read: hat size.",
        "line 3, A-2: the email address is not valid: \"no**********ss\"",
        "line 4, A-3: there are letters in the phone number; write its digits alone",
        "line 5: its account stands on an earlier line too; this line wins",
    ] {
        assert!(ran.err.lines().any(|it| it.starts_with(line)), "{line}: {}", ran.err);
    }
    assert_eq!(desk.run(&["customers", "find", "a-1", "--json"]).json()["name"], "Dana; again");
}

#[test]
fn lines_are_told_of_in_the_order_of_the_file() {
    let desk = Desk::empty();
    let file = "account_no,name\nA-1,Dana\nA-1,Dana\nA-2,\nA-1,Dana\nA-3,\n";
    let ran = desk.told(&["customers", "import", "-", "--dry-run"], file);
    let lines = ran.err.lines().filter_map(|it| it.strip_prefix("line ")?.split_once([':', ',']));
    assert_eq!(lines.map(|it| it.0).collect::<Vec<_>>(), ["3", "4", "5", "6"], "{}", ran.err);
}

#[test]
fn a_national_number_of_another_country_names_the_setting_that_says_which() {
    let mut desk = Desk::empty();
    let file = "account_no,name,phone\nA-1,Dana,0151 23456789\nA-2,Bo,+49 151 1\n";
    let refused = |desk: &Desk| desk.told(&["customers", "import", "-", "--dry-run"], file).err;
    let told = refused(&desk);
    assert!(told.contains("sms.default_country = \"US\""), "{told}");
    assert!(told.contains("line 3, A-2: the phone number "), "{told}");
    desk.set("sms.default_country", "DE");
    let told = refused(&desk);
    assert!(!told.contains("line 2") && told.contains("line 3"), "{told}");
}

#[test]
fn a_dry_run_without_a_store_claims_nothing_it_did_not_look_at() {
    let desk = Desk::empty();
    let dry = desk.told(&["customers", "import", "-", "--dry-run", "--json"], MIXED);
    let json = dry.ended(15, "malformed");
    for (key, count) in [("lines", 4), ("good", 4), ("bad", 0), ("repeated", 1), ("customers", 3)] {
        assert_eq!(json[key], count, "{key}: {json}");
    }
    for key in ["added", "changed", "unchanged"] {
        assert!(json.get(key).is_none(), "{key}: {json}");
    }
    let real = desk.told(&["customers", "import", "-", "--json"], MIXED).json();
    assert_eq!((&real["customers"], &real["added"]), (&3.into(), &3.into()));
}

#[test]
fn a_column_that_is_nearly_known_is_asked_back() {
    let desk = Desk::empty();
    let file = "account_no,name,emial,hat size\nA-1,Dana,dana@example.org,7\n";
    let ran = desk.told(&["customers", "import", "-", "--dry-run"], file);
    let said = "not read: emial (did you mean email?), hat size.";
    assert!(ran.err.contains(said), "{}", ran.err);
    let ran = desk.told(&["customers", "import", "-"], "account_no,phone\n");
    assert!(ran.err.contains("the first line names no column name"), "{}", ran.err);
}

#[test]
fn a_good_file_twice_changes_nothing() {
    let desk = Desk::open();
    let again = desk.told(&["customers", "import", "-", "--json"], CUSTOMERS).ended(0, "imported");
    assert_eq!((&again["added"], &again["unchanged"]), (&0.into(), &4.into()));
}

#[test]
fn an_import_says_how_many_contacts_took_another_ones_place() {
    let desk = Desk::empty();
    let file = |contacts: &str| format!("account_no,name,email,phone\nA-1,Dana,{contacts}\n");
    let import = |contacts| desk.told(&["customers", "import", "-"], &file(contacts)).out;
    let first = "1 customer added, 0 changed, 0 as before.\n";
    assert_eq!(import("dana@example.org,"), first);
    let added = "0 customers added, 1 changed, 0 as before. 1 contact took another one's place or \
                 came in addition.";
    let one_more = import("dana@example.org,+12015550101");
    assert!(one_more.starts_with(added), "there was no number before: {one_more}");
    let other = file("other@example.org,+12015550102");
    let ran = desk.told(&["customers", "import", "-", "--dry-run"], &other);
    for kind in ["email address", "phone number"] {
        let named = format!("A-1: the {kind} would be another one");
        assert!(ran.err.lines().any(|line| line == named), "{}", ran.err);
    }
    let dry = ran.out;
    let told = "Nothing was written. 0 customers would be added, 1 changed, 0 are as before. \
                2 contacts would take another one's place or be added.";
    assert!(dry.starts_with(told), "{dry}");
    let entries = || desk.run(&["log", "--json", "--text", "A-1"]).lines().len();
    assert_eq!(entries(), 1, "no contact was changed");
    let both = import("other@example.org,+12015550102");
    assert!(both.contains("2 contacts took another one's place"), "{both}");
    assert!(both.contains("countersign customers confirm"), "{both}");
    assert_eq!(entries(), 3, "one a contact");
    let json = desk.told(&["customers", "import", "-", "--json"], &file("x@example.org,"));
    let json = json.ended(0, "imported");
    assert_eq!(json["replaced"], 1, "the phone number only went");
    let named = serde_json::json!([{"customer": "A-1", "contact": "email"}]);
    assert_eq!(json["replacements"], named);
}

#[test]
fn what_a_file_has_no_column_for_stays_as_it_is() {
    let desk = Desk::open();
    let dana = || desk.run(&["customers", "find", "WB-004217", "--json"]).json();
    let before = dana();
    let changed = desk.told(
        &["customers", "import", "-", "--json"],
        "account_no;name;mail\nWB-004217;Dana Stone;other@example.org\n",
    );
    let changed = changed.ended(0, "imported");
    assert_eq!((&changed["changed"], &changed["replaced"]), (&1.into(), &0.into()));
    let mut after = dana();
    assert_eq!(after["name"], "Dana Stone");
    after["name"] = before["name"].clone();
    assert_eq!(after, before, "contacts, address and language are those of before");
}

#[test]
fn a_file_that_cannot_be_read_is_told() {
    let desk = Desk::empty();
    desk.run(&["customers", "import", "not there.csv", "--json"]).ended(2, "usage");
    desk.told(&["customers", "import", "-", "--json"], "").ended(15, "malformed");
    desk.told(&["customers", "import", "-", "--json"], "name\nDana\n").ended(15, "malformed");
}

/// What the office's file does not have any more gets no code, whatever else is wrong
/// on its line.
#[test]
fn a_bad_cell_does_not_keep_a_withdrawn_contact_in_use() {
    let desk = Desk::empty();
    let file = |line: &str| {
        format!("account_no,name,email,phone,locale,balance,currency\nA-1,Dana,{line}\n")
    };
    let import = |line: &str| desk.told(&["customers", "import", "-", "--json"], &file(line));
    import("old@example.org,+14155550142,en,12,USD").ended(0, "imported");
    let json = import("new@example.org,N/A,x,ask,USD").ended(15, "malformed");
    assert_eq!(
        (&json["good"], &json["incomplete"], &json["bad"]),
        (&1.into(), &1.into(), &0.into())
    );
    let columns = json["problems"].as_array().unwrap().iter().map(|it| it["column"].clone());
    assert_eq!(columns.collect::<Vec<_>>(), ["phone", "locale", "balance"]);
    let found = desk.run(&["customers", "find", "A-1", "--json"]).json();
    let email = found["channels"].as_array().unwrap().iter().find(|it| it["channel"] == "email");
    assert_eq!(email.unwrap()["contact"], "n***@example.org", "{found}");
    desk.run(&["request", "A-1", "--channel", "sms", "--json"]).ended(22, "no_contact");
}

/// Files as spreadsheets, mail programs and offices abroad have them.
#[test]
fn files_are_imported_as_offices_have_them() {
    let western = b"account_no;name;email\nK-1;M\xfcller, J\xfcrgen;j@example.org\n";
    let wide: Vec<u8> = "\u{feff}account_no\tname\r\nK-1\tMüller, Jürgen\r\n"
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    for (label, file, more, said) in [
        ("windows", western.to_vec(), &[][..], "read as windows-1252"),
        ("told", western.to_vec(), &["--encoding", "latin1"], ""),
        ("UTF-16", wide, &[], "read as UTF-16LE"),
        ("mac", "account_no,name\rK-1,\"Müller, Jürgen\"\r".into(), &[], ""),
        (
            "title",
            "Kunden\naccount_no;name\nK-1;Müller, Jürgen\n;\n".into(),
            &[],
            "named on line 2",
        ),
        (
            "foreign",
            "sep=;\nKundennummer;Name\n=\"K-1\";Müller, Jürgen\n".into(),
            &["--columns", "account_no=Kundennummer"],
            "",
        ),
    ] {
        let desk = Desk::empty();
        fs::write(desk.path("customers.csv"), file).unwrap();
        let mut arguments = vec!["customers", "import", "customers.csv"];
        arguments.extend(more);
        let ran = desk.run(&arguments);
        assert_eq!(ran.code, 0, "{label}: {}", ran.err);
        assert!(
            ran.err.contains(said) && (!said.is_empty() || !ran.err.contains("read as")),
            "{label}: {}",
            ran.err
        );
        let found = desk.run(&["customers", "find", "K-1", "--json"]).json();
        assert_eq!(found["name"], "Müller, Jürgen", "{label}");
    }
}

#[test]
fn a_file_from_which_nobody_comes_is_no_success() {
    let desk = Desk::empty();
    for (file, said) in [
        ("account_no,name\n", "no line with a customer"),
        ("account_no,name\n,,\n\n", "no line with a customer"),
        ("Kundennummer;Name\n1;Bo\n", "--columns account_no=Kundennummer"),
        ("PK\u{3}\u{4}", "save it as"),
    ] {
        let json = desk.told(&["customers", "import", "-", "--json"], file).ended(15, "malformed");
        assert!(json["message"].as_str().unwrap().contains(said), "{json}");
    }
    for option in [["--encoding", "utf-7"], ["--columns", "hat=x"]] {
        let arguments = ["customers", "import", "-", "--json", option[0], option[1]];
        desk.told(&arguments, "account_no,name\nK-1,Bo\n").ended(2, "usage");
    }
}

#[test]
fn what_is_wrong_in_every_line_is_told_once_more_as_one() {
    let desk = Desk::empty();
    let file = "account_no,name,locale\n1,A,English\n2,B,English\n3,C,English\n";
    let ran = desk.told(&["customers", "import", "-"], file);
    let said = "This is so in each of the 3 lines: the locale is not a language";
    assert!(ran.err.contains(said), "{}", ran.err);
}

#[test]
fn only_a_hundred_bad_lines_are_named_and_the_rest_counted() {
    let desk = Desk::empty();
    let mut file = "account_no,name\n".to_owned();
    for number in 0..250 {
        let _ = writeln!(file, "A-{number},");
    }
    let ran = desk.told(&["customers", "import", "-", "--dry-run"], &file);
    assert_eq!(ran.code, 15);
    assert_eq!(ran.err.lines().filter(|it| it.ends_with("the name is missing")).count(), 100);
    assert!(ran.err.contains("and 150 more bad lines"), "{}", ran.err);
}

#[test]
fn more_than_asked_for_is_told() {
    let desk = Desk::open();
    let ran = desk.run(&["customers", "find", "eli", "--limit", "1"]);
    assert!(ran.out.contains("Eli") && ran.err.starts_with("There are more."), "{}", ran.err);
}

/// Whatever a file holds in its texts, no byte of it steers a terminal.
#[test]
fn security_38_hostile_text_comes_out_clean() {
    let desk = Desk::empty();
    let hostile = "Da\u{1b}]52;c;eA==\u{7}\u{9b}2J\u{202e}\u{2066}\u{200b}na";
    let file = format!("account_no,name,email,address\nH-1,{hostile},h@example.org,{hostile}\n");
    desk.told(&["customers", "import", "-"], &file);
    let asked = ["request", "H-1", "--channel", "email"];
    let mut seen = desk.run(&asked).out;
    for arguments in [
        vec!["customers", "find", "h-1"],
        vec!["customers", "find", "h-1", "--json"],
        vec!["customers", "find", hostile],
        vec!["log"],
        vec!["log", "--json"],
        vec!["log", "--csv"],
        vec!["tray"],
        vec!["tray", "--json"],
        vec!["request", hostile, "--channel", "email"],
        vec!["request", hostile, "--channel", "email", "--json"],
        vec!["status", hostile],
        vec!["frobnicate", hostile],
        vec![hostile, "--json"],
    ] {
        let ran = desk.run(&arguments);
        seen += &ran.out;
        seen += &ran.err;
    }
    for bad in ['\u{1b}', '\u{7}', '\u{9b}', '\u{202e}', '\u{2066}', '\u{200b}'] {
        assert!(!seen.contains(bad), "{bad:?} in {seen:?}");
    }
    assert!(seen.contains("na"), "the text itself is shown");
}

/// A website's table of customers beside the store's file.
async fn beside_a_website() -> Desk {
    let desk = Desk::empty();
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(desk.path("website.db"));
    let mut website = options.create_if_missing(true).connect().await.expect("a file");
    let table = "CREATE TABLE core_customer (id INTEGER PRIMARY KEY, account_no TEXT, name TEXT, \
                 email TEXT, phone TEXT, address TEXT, locale TEXT); \
                 INSERT INTO core_customer VALUES (5, 'K-5', 'Zoë', '', '0151 / 234-56 78', '', '')";
    sqlx::raw_sql(table).execute(&mut website).await.expect("a table");
    website.close().await.expect("closed");
    desk.configure(
        "[customers]\ntable = \"core_customer\"\nfile = \"website.db\"\n\
         [sms]\ndefault_country = \"DE\"",
    );
    desk
}

#[tokio::test]
async fn customers_of_a_websites_table_are_found_and_not_written() {
    let desk = beside_a_website().await;
    for arguments in [
        &["customers", "import", "-", "--json"][..],
        &["customers", "import", "-", "--dry-run", "--json"],
    ] {
        let refused = desk.told(arguments, CUSTOMERS).ended(40, "forbidden");
        assert!(refused["message"].as_str().unwrap().contains("customers.read_only"), "{refused}");
    }
    let dry = desk.run(&["customers", "index", "--dry-run", "--json"]).ended(0, "indexed");
    assert_eq!((&dry["customers"], &dry["added"]), (&1.into(), &1.into()));
    let found = desk.run(&["customers", "find", "+49 151 234", "--json"]).json();
    assert_eq!(found["customer"], "K-5", "{found}");
    let ran = desk.run(&["customers", "index"]);
    assert_eq!(ran.out, "1 customer can be found: 0 new, 0 changed, 0 gone.\n");
    let asked = desk.run(&["request", "0151 2345678", "--channel", "sms", "--json"]).json();
    assert_eq!(asked["outcome"], "sent", "{asked}");
}

#[tokio::test]
async fn maintenance_ends_with_a_comparison_of_a_websites_customers() {
    let desk = beside_a_website().await;
    for mended in [1, 0] {
        let json = desk.run(&["maintain", "--json"]).ended(0, "maintained");
        assert_eq!(json["customers_mended"], mended, "{json}");
    }
}

#[tokio::test]
async fn the_doctor_looks_at_the_table_of_customers() {
    let desk = beside_a_website().await;
    let told = |desk: &Desk| {
        let json = desk.run(&["doctor", "--json"]).json();
        let checks = json["checks"].as_array().unwrap().clone();
        let of = checks.iter().filter(|it| it["part"] == "customers");
        of.map(|it| (it["state"].clone(), it["found"].to_string())).collect::<Vec<_>>()
    };
    desk.run(&["customers", "index"]);
    let fine = told(&desk);
    assert_eq!(fine[0].0, "ok");
    assert!(fine[0].1.contains("1 of 1 can be found"), "{fine:?}");
    assert_eq!((fine.len(), &fine[1].0), (2, &"note".into()), "account_no is not unique");
    desk.configure(
        "[customers]\ntable = \"core_customer\"\nfile = \"website.db\"\nphone = \"telephone\"",
    );
    let wrong = told(&desk);
    assert_eq!(wrong[0].0, "failed");
    assert!(wrong[0].1.contains("has no column telephone"), "{wrong:?}");
}

/// How customers come into an empty store.
const COMMAND: &str = "`countersign customers import FILE`";

#[test]
fn an_empty_store_says_how_customers_come_into_it() {
    let desk = Desk::empty();
    desk.run(&["migrate"]);
    let found = desk.run(&["customers", "find", "dana"]);
    assert_eq!(found.code, 21, "{}", found.err);
    assert!(found.err.contains("No customers yet") && found.err.contains(COMMAND), "{}", found.err);
    let doctor = desk.run(&["doctor"]).out;
    assert!(doctor.contains("no customers yet") && doctor.contains(COMMAND), "{doctor}");
}

#[test]
fn flags_are_set_listed_and_lifted_and_a_hold_refuses_a_code() {
    let desk = Desk::open();
    let ask = ["request", "WB-004217", "--channel", "email", "--json"];
    let flag = |flag: &str, more: &[&str]| {
        let arguments = ["customers", "flag", "WB-004217", flag, "--reason", "ticket 88", "--json"];
        desk.run(&[&arguments, more].concat())
    };
    let set = flag("hold", &[]).ended(0, "flagged");
    let message = set["message"].as_str().expect("a message");
    assert!(message.contains("Nobody is verified for this account"), "{message}");
    let refused = desk.run(&ask).ended(40, "forbidden");
    let message = refused["message"].as_str().expect("a message");
    for part in ["on hold", "ticket 88", "countersign customers unflag WB-004217 hold"] {
        assert!(message.contains(part), "{message}");
    }
    flag("at_risk", &["--until", "2001-01-01"]).ended(2, "usage");
    let flagged = flag("at_risk", &["--until", "2096-01-01"]).ended(0, "flagged");
    let message = flagged["message"].as_str().unwrap_or_default();
    assert!(message.contains("until 2096-01-01."), "as it was typed: {message}");
    assert_eq!(flag("sleepy", &[]).code, 2);

    let listed = desk.run(&["customers", "flags", "--json"]).lines();
    let listed: Vec<_> = listed.iter().map(|it| it["flag"].as_str()).collect();
    assert_eq!(listed, [Some("at_risk"), Some("hold")]);
    let found = desk.run(&["customers", "find", "WB-004217", "--json"]).json();
    assert_eq!(found["flags"][0]["flag"], "hold", "{found}");
    assert_eq!(found["flags"][1]["reason"], "ticket 88", "{found}");
    assert!(desk.run(&["customers", "find", "WB-004217"]).out.contains("on hold, at risk"));
    let read = desk.run(&["customers", "report", "WB-004217", "--reason", "asked"]).out;
    for part in ["Flags (2)\n  - ", "    flag:           at risk\n", "    set:            20"] {
        assert!(read.contains(part), "{part}: {read}");
    }
    assert!(!read.contains("set_at") && !read.contains("Z\n"), "{read}");
    let report = ["customers", "report", "WB-004217", "--reason", "asked", "--json"];
    let report = desk.run(&report).json();
    let sections = report["sections"].as_array().expect("sections");
    let flags = sections.iter().find(|it| it["name"] == "flags").expect("the flags");
    assert_eq!(flags["entries"].as_array().map(Vec::len), Some(2), "{flags}");

    let lift = |flag| {
        let arguments = ["customers", "unflag", "WB-004217", flag, "--reason", "over", "--json"];
        desk.run(&arguments)
    };
    lift("hold").ended(0, "unflagged");
    lift("hold").ended(0, "not_flagged");
    lift("at_risk").ended(0, "unflagged");
    desk.run(&ask).ended(0, "sent");
    // A flag is no legal hold, and erasing takes it along.
    flag("do_not_disclose", &[]).ended(0, "flagged");
    let log = desk.run(&["log", "--kind", "flag_lifted", "--json"]).lines();
    assert_eq!(log.len(), 2);
}

#[test]
fn an_incident_is_filed_from_the_shell() {
    let desk = Desk::open();
    let seen = ["--seen", "reads from a list", "--json"];
    let about = [&["customers", "incident", "coached", "--customer", "WB-004217"], &seen[..]];
    let filed = desk.run(&about.concat()).ended(0, "filed");
    assert_eq!(filed["customer"], "WB-004217");
    desk.run(&[&["customers", "incident", "other"], &seen[..]].concat()).ended(0, "filed");
    let empty = ["customers", "incident", "other", "--seen", " ", "--json"];
    desk.run(&empty).ended(2, "usage");
    let log = desk.run(&["log", "--kind", "incident_filed", "--json"]).lines();
    assert_eq!(log.len(), 2);
    assert_eq!(log[0]["customer"], "WB-004217", "{log:?}");
}
