//! What the doctor finds about keys.

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
