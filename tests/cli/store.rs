//! A store on a server that cannot be used, told at a shell.

use std::fs;

use super::desk::Desk;
use super::servers::{PASSWORD, Server};

/// Everything that a run left behind: what it said, and its log at its fullest.
fn traces(desk: &Desk, arguments: &[&str], code: i32, outcome: &str) -> String {
    let told = desk.run(arguments);
    let json: Vec<&str> = arguments.iter().copied().chain(["--json"]).collect();
    let message = desk.run(&json).ended(code, outcome).to_string();
    assert_eq!((told.code, told.err.lines().count()), (code, 1), "{}", told.err);
    let log = fs::read_to_string(desk.path("desk.log")).unwrap_or_default();
    format!("{}{}{message}{log}", told.out, told.err)
}

#[test]
fn security_33_no_word_about_a_store_that_fails_repeats_its_password() {
    for server in [Server::postgres(), Server::mariadb()] {
        let database = server.database("shell");
        let with = |from: &str, to: &str| {
            let mut desk = Desk::empty();
            desk.set("store.url", &database.url.replace(from, to));
            desk
        };
        let wrong = format!("{PASSWORD}-wrong");
        for (desk, code, outcome, wanted) in [
            (with(PASSWORD, &wrong), 78, "bad_configuration", "password"),
            (with(&database.name, "nowhere"), 78, "bad_configuration", "nowhere"),
            (with("127.0.0.1", "nowhere.invalid"), 31, "unavailable", "cannot be reached"),
            (with("", ""), 31, "unavailable", "countersign migrate"),
        ] {
            let traces = traces(&desk, &["customers", "find", "dana"], code, outcome);
            assert!(traces.contains(wanted), "{wanted}: {traces}");
            assert!(!traces.contains(PASSWORD) && !traces.contains("://"), "{traces}");
        }
    }
}
