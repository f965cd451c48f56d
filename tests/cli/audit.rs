//! The audit trail from the shell: exports and proofs, which are checked without the store.

use std::fs;
use std::process::Command;

use serde_json::Value;

use super::desk::Desk;

/// An office in whose log something happened, sealed; with its public key.
fn sealed() -> (Desk, String, Value) {
    let desk = Desk::open();
    let (request, code) = desk.request("WB-004217", "sms");
    desk.verify(&request, &Desk::wrong(&code)).ended(10, "wrong");
    desk.verify(&request, &code).ended(0, "verified");
    desk.run(&["audit", "seal", "--json"]).ended(0, "sealed");
    let key = desk.run(&["audit", "key"]).out.trim().to_owned();
    (desk, key, request)
}

fn export(desk: &Desk, more: &[&str]) -> Vec<Value> {
    let ran = desk.run(&[&["audit", "export"], more].concat());
    assert_eq!(ran.code, 0, "{}", ran.err);
    ran.lines()
}

/// Runs a command where there is neither store nor key nor configuration.
fn elsewhere(arguments: &[&str], files: &[(&str, &str)]) -> (i32, String) {
    let folder = tempfile::tempdir().expect("a folder");
    for (name, text) in files {
        fs::write(folder.path().join(name), text).expect("written");
    }
    let ran = Command::new(env!("CARGO_BIN_EXE_countersign"))
        .env_clear()
        .env("HOME", folder.path())
        .current_dir(folder.path())
        .args(arguments)
        .output()
        .expect("it runs");
    let out = String::from_utf8(ran.stdout).expect("text");
    (ran.status.code().expect("it ended"), out)
}

fn lines(of: &[Value]) -> String {
    of.iter().flat_map(|it| [it.to_string(), "\n".to_owned()]).collect()
}

#[test]
fn security_61_an_independent_program_computes_the_same_root_from_an_export() {
    let (desk, ..) = sealed();
    for more in [&[][..], &["--personal", "ticket 17: the auditor asks"]] {
        let ran = desk.run(&[&["audit", "export", "--output", "log.jsonl"], more].concat());
        assert_eq!(ran.code, 0, "{}", ran.err);
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/cli/merkle.py");
        let export = fs::File::open(desk.path("log.jsonl")).expect("the export");
        let ran = Command::new("/usr/bin/python3").arg(script).stdin(export).output();
        let ran = ran.expect("Python");
        let told = String::from_utf8(ran.stdout).expect("text");
        let mut told = told.lines();
        let checkpoint = desk.run(&["audit", "checkpoint"]).out;
        let mut checkpoint = checkpoint.lines().skip(1);
        assert_eq!(told.next(), checkpoint.next(), "{}", String::from_utf8_lossy(&ran.stderr));
        assert_eq!(told.next(), checkpoint.next());
        fs::remove_file(desk.path("log.jsonl")).expect("removed");
    }
}

#[test]
fn security_63_an_export_is_verified_without_a_store_and_a_change_of_it_is_named() {
    let (desk, key, _) = sealed();
    let export = export(&desk, &[]);
    let verify = |lines: &str| {
        let arguments = ["audit", "verify", "--from", "log.jsonl", "--key", &key, "--json"];
        let (code, out) = elsewhere(&arguments, &[("log.jsonl", lines)]);
        (code, serde_json::from_str::<Value>(&out).unwrap_or_else(|_| panic!("{out}")))
    };
    let (code, told) = verify(&lines(&export));
    let entries = export.len() - 2;
    assert_eq!((code, &told["outcome"]), (0, &"intact".into()));
    assert_eq!(told["entries"], entries);

    let mut edited = export.clone();
    let attempt = edited.iter_mut().find(|it| it["outcome"] == "wrong").expect("an attempt");
    let number = attempt["event"].clone();
    attempt["outcome"] = "verified".into();
    let (code, told) = verify(&lines(&edited));
    assert_eq!((code, &told["named"][0]["event"]), (16, &number));
    assert_eq!(told["named"][0]["fault"], "changed");

    let mut without = export.clone();
    without.remove(2);
    let (code, told) = verify(&lines(&without));
    assert_eq!((code, &told["named"][0]["fault"]), (16, &"leaves_missing".into()));

    let key = key.replace("riverside-billing", "another");
    let arguments = ["audit", "verify", "--from", "log.jsonl", "--key", &key];
    let (code, _) = elsewhere(&arguments, &[("log.jsonl", &lines(&export))]);
    assert_eq!(code, 2, "that is no key");
    let (code, _) = elsewhere(&arguments[..4], &[("log.jsonl", &lines(&export))]);
    assert_eq!(code, 2, "without a key nothing is proven");
}

#[test]
fn a_range_is_exported_with_what_lies_beside_it() {
    let (desk, key, _) = sealed();
    let all = export(&desk, &[]);
    let at = all[all.len() - 2]["at"].as_str().expect("a moment");
    let (day, clock) = (&at[..10], &at[11..16]);
    let moment = format!("{day} {clock}");
    for more in [["--since", &moment], ["--until", &moment]] {
        let part = export(&desk, &more);
        let (code, out) = elsewhere(
            &["audit", "verify", "--from", "part.jsonl", "--key", &key],
            &[("part.jsonl", &lines(&part))],
        );
        assert_eq!(code, 0, "{more:?}: {out}");
    }
    let none = export(&desk, &["--until", "2020-01-01"]);
    assert_eq!((none.len(), &none[0]["to"]), (2, &0.into()));
    let beside = none[1]["right"].as_array().expect("hashes").len();
    assert!(beside > 0, "the whole tree lies right of it");
}

#[test]
fn what_is_personal_is_in_an_export_for_a_reason_only_and_the_log_keeps_it() {
    let (desk, ..) = sealed();
    let hidden = export(&desk, &[]);
    assert!(!lines(&hidden).contains("+1*"), "{hidden:?}");
    let about: Vec<_> = hidden.iter().filter(|it| it["customer"].is_object()).collect();
    assert_eq!(about.len(), 4, "{hidden:?}");
    for entry in about {
        for field in ["customer", "contact"] {
            assert!(entry[field]["commitment"].is_string() && entry[field]["salt"].is_null());
        }
    }
    let shown = lines(&export(&desk, &["--personal", "ticket 17"]));
    assert!(shown.contains("+1*"), "{shown}");
    let log = desk.run(&["log", "--json"]).lines();
    let kept: Vec<_> = log.iter().filter(|it| it["kind"] == "exported").collect();
    assert_eq!(kept.len(), 2, "each of them is an entry");
    let detail = |at: usize| kept[at]["detail"].as_str().expect("a sentence");
    assert!(!detail(0).contains("personal"), "{}", detail(0));
    assert!(detail(1).ends_with("with what is personal: ticket 17"), "{}", detail(1));

    let csv = desk.run(&["audit", "export", "--format", "csv"]).out;
    let mut rows = csv.lines();
    assert!(rows.next().is_some_and(|it| it.starts_with("index,event,at,kind,")), "{csv}");
    assert_eq!(rows.count(), log.len() - 2, "what was sealed");
    assert!(!csv.contains("+1*"), "{csv}");
    let events = export(&desk, &["--format", "ocsf"]);
    let verified = events.iter().find(|it| it["status_id"] == 1).expect("a verification");
    assert_eq!((&verified["class_uid"], &verified["type_uid"]), (&3002.into(), &300_201.into()));
    for event in &events {
        for needed in ["activity_id", "category_uid", "metadata", "severity_id", "time"] {
            assert!(!event[needed].is_null(), "{needed}: {event}");
        }
        let class = event["class_uid"].as_u64().expect("a number");
        let activity = event["activity_id"].as_u64().expect("a number");
        assert_eq!(event["type_uid"], class * 100 + activity);
        assert!(class != 3002 || !event["user"].is_null(), "{event}");
    }
}

#[test]
fn security_61_a_verification_has_a_receipt_that_the_public_key_alone_checks() {
    let (desk, key, request) = sealed();
    let name = request["request"].as_str().expect("a name");
    let reference = request["reference"].as_str().expect("a reference");
    let receipt = desk.run(&["audit", "prove", name]);
    assert_eq!(receipt.code, 0, "{}", receipt.err);
    assert_eq!(desk.run(&["audit", "prove", reference]).out, receipt.out);
    let json = receipt.json();
    assert_eq!(json["entry"]["outcome"], "verified");
    let number = json["entry"]["event"].to_string();
    assert_eq!(desk.run(&["audit", "prove", &number]).out, receipt.out);
    assert!(!receipt.out.contains("+1*"), "what is personal is not shown");

    let check = |text: &str, key: &str| {
        elsewhere(&["audit", "check", "receipt.json", "--key", key], &[("receipt.json", text)])
    };
    let (code, out) = check(&receipt.out, &key);
    assert_eq!(code, 0, "{out}");
    assert!(out.contains(&format!("attempt, verified, request {name}")), "{out}");
    let (code, _) = check(&receipt.out.replace("verified", "wrong"), &key);
    assert_eq!(code, 16);
    let other = Desk::open();
    other.run(&["audit", "seal", "--json"]).ended(0, "sealed");
    let (code, _) = check(&receipt.out, other.run(&["audit", "key"]).out.trim());
    assert_eq!(code, 16, "another office signed it");
    assert_eq!(desk.run(&["audit", "prove", "99999"]).code, 2);
}

#[test]
fn the_log_is_proven_to_go_on_from_an_older_checkpoint() {
    let (desk, key, _) = sealed();
    fs::write(desk.path("old.txt"), desk.run(&["audit", "checkpoint"]).out).expect("written");
    desk.request("WB-004218", "email");
    desk.run(&["audit", "seal", "--json"]).ended(0, "sealed");
    let proof = desk.run(&["audit", "prove", "--consistency", "old.txt"]);
    assert_eq!(proof.code, 0, "{}", proof.err);
    let check = |text: &str| {
        elsewhere(&["audit", "check", "proof.json", "--key", &key], &[("proof.json", text)])
    };
    let (code, out) = check(&proof.out);
    assert_eq!((code, out.contains("goes on from that of")), (0, true), "{out}");
    let mut json = proof.json();
    json["proof"].as_array_mut().expect("hashes").pop();
    assert_eq!(check(&json.to_string()).0, 16);
}
