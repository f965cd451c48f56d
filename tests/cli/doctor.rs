//! What the doctor finds about keys and the configuration.

use std::fs;

use serde_json::Value;

use super::desk::Desk;

/// What it says about a part.
fn told(desk: &Desk, part: &str) -> Vec<Value> {
    let json = desk.run(&["doctor", "--json"]).json();
    let checks = json["checks"].as_array().expect("checks");
    checks.iter().filter(|it| it["part"] == part).cloned().collect()
}

#[test]
fn a_key_file_without_the_key_of_an_open_code_is_told() {
    let desk = Desk::open();
    let (request, _) = desk.request("WB-004217", "sms");
    let fine = told(&desk, "keys");
    assert_eq!((fine.len(), &fine[0]["state"]), (1, &"ok".into()), "{fine:?}");

    // As at a counter that made a key file of its own.
    let other = desk.path("other.keys");
    fs::rename(desk.path("desk.keys"), &other).expect("moved");
    let ran = desk.run(&["doctor"]);
    assert_eq!(ran.code, 31, "{}", ran.out);
    let wrong = told(&desk, "keys");
    assert_eq!((wrong.len(), &wrong[1]["state"]), (2, &"failed".into()), "{wrong:?}");
    assert!(wrong[1]["help"].to_string().contains("Copy the key file of the counter"), "{wrong:?}");

    // Nobody can enter it any more: perhaps that key is simply lost.
    let id = request["request"].as_str().expect("a name");
    desk.run(&["cancel", id, "--json"]).ended(0, "cancelled");
    let noted = told(&desk, "keys");
    assert_eq!((noted.len(), &noted[1]["state"]), (2, &"note".into()), "{noted:?}");
    assert_eq!(desk.run(&["doctor"]).code, 0);

    fs::rename(&other, desk.path("desk.keys")).expect("copied");
    assert_eq!(told(&desk, "keys").len(), 1);
}

#[test]
fn each_problem_of_the_configuration_is_a_line_of_its_own() {
    let desk = Desk::empty();
    desk.configure("[otp]\nlength = 3\nexpiry_minutes = 60\nlenght = 6\n");
    let checked = desk.run(&["config", "check", "--json"]).ended(78, "bad_configuration");
    let doctor = desk.run(&["doctor", "--json"]).ended(78, "bad_configuration");
    let wrong = told(&desk, "configuration");
    let found: Vec<_> = wrong.iter().map(|it| it["found"].as_str().expect("a text")).collect();
    let problems = checked["problems"].as_array().expect("problems");
    assert_eq!((found.len(), problems.len()), (3, 3), "{doctor}");
    for (found, problem) in found.iter().zip(problems) {
        assert!(found.contains(problem["text"].as_str().expect("a text")), "{found}");
        assert!(found.contains("config.toml line "), "{found}");
    }
    assert!(wrong.iter().all(|it| it["state"] == "failed"), "{doctor}");
    let out = desk.run(&["doctor"]).out;
    let lines = out.lines().filter(|it| it.starts_with("FAILED  configuration")).count();
    assert_eq!(lines, 3, "{out}");
    assert!(out.contains("3 problems"), "{out}");
}
