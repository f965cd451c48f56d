//! Text messages by a program of the office's own.

#![expect(clippy::expect_used, reason = "a test ends where its ground gives way")]

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use countersign::config::settings::{ExecSettings, SmsSettings, TemplateIds, TraySettings};
use countersign::delivery::{self, SendTimeouts};
use countersign::domain::delivery::{DeliveryState, FailureClass, SendReport};
use serde_json::Value;
use tempfile::TempDir;

use crate::message;

const NUMBER: &str = "+15550100142";

/// A program in a folder, which is its first argument.
struct Program {
    folder: TempDir,
    path: PathBuf,
}

impl Program {
    fn new(script: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("send");
        fs::write(&path, format!("#!/bin/sh\n{script}\n")).expect("written");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o700)).expect("set");
        Self { folder, path }
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    async fn send(&self, total: Duration, ids: &[&str]) -> SendReport {
        let settings = ExecSettings {
            program: self.path.clone(),
            arguments: vec![self.folder.path().display().to_string(), "$(id); x".into()],
            template_ids: TemplateIds::parse(ids.iter().copied()).expect("lines"),
        };
        let times = SendTimeouts { step: total, total };
        let tray = TraySettings { file: "unused".into() };
        let templates = message::templates();
        let sender = delivery::sms_sender(&SmsSettings::Exec(settings), &tray, &templates, times);
        let sender = sender.expect("a sender").expect("it is on");
        sender.send(&message::to(NUMBER)).await
    }
}

const LONG: Duration = Duration::from_secs(20);

fn detail(report: &SendReport) -> &str {
    report.detail.as_ref().map_or("", |it| &it.for_admin)
}

#[tokio::test]
async fn a_program_is_told_on_its_input_and_answers_on_its_output() {
    // SAFE is not in the environment of a child whose environment was cleaned.
    let program = Program::new(
        "cat > \"$1/input\"; env > \"$1/env\"; printf '%s\\n' \"$@\" > \"$1/arguments\"; pwd > \"$1/pwd\"\n\
         echo '{\"status\":\"sent\",\"id\":\"modem-7\"}'",
    );
    let report = program.send(LONG, &["code.en = 1107"]).await;
    assert_eq!(report, SendReport::sent(Some("modem-7".into())), "{}", detail(&report));
    let input = fs::read_to_string(program.file("input")).expect("read");
    let input: Value = serde_json::from_str(&input).expect("JSON");
    assert_eq!((&input["to"], &input["code"]), (&NUMBER.into(), &message::CODE.into()));
    assert_eq!((&input["kind"], &input["locale"]), (&"code".into(), &"en".into()));
    assert_eq!((&input["template"], &input["minutes"]), (&"1107".into(), &"5".into()));
    assert!(input["text"].as_str().expect("text").contains(message::CODE));
    let read = |name: &str| fs::read_to_string(program.file(name)).expect("read");
    // No shell looked at it.
    assert!(read("arguments").contains("$(id); x"));
    assert_eq!(read("pwd"), "/\n");
    let environment = read("env");
    let names: Vec<_> =
        environment.lines().filter_map(|it| it.split_once('=')).map(|(name, _)| name).collect();
    let known = ["PATH", "LANG", "PWD", "SHLVL", "_", "OLDPWD"];
    assert!(names.iter().all(|it| known.contains(it)), "{environment}");
}

#[tokio::test]
async fn what_a_program_answers_is_what_became_of_the_message() {
    for (script, state, class) in [
        (
            r#"echo '{"status":"refused","message":"no such number 15550100142"}'"#,
            DeliveryState::Undeliverable,
            Some(FailureClass::Unclassified),
        ),
        (r#"echo '{"status":"failed"}'"#, DeliveryState::Failed, None),
        (r#"echo '{"status":"unknown"}'"#, DeliveryState::Unknown, None),
        // It may have sent before it failed, or it says what is none of the words.
        ("exit 3", DeliveryState::Unknown, None),
        (r#"echo '{"status":"sent"}'; exit 3"#, DeliveryState::Unknown, None),
        ("echo sent", DeliveryState::Unknown, None),
    ] {
        let report = Program::new(&format!("cat > /dev/null\n{script}")).send(LONG, &[]).await;
        assert_eq!(report.state, state, "{script}: {report:?}");
        assert!(!detail(&report).contains("15550100142"), "{}", detail(&report));
        if class.is_some() {
            assert_eq!(report.fault, class, "{script}");
        }
    }
    let gone = Program::new("");
    fs::remove_file(&gone.path).expect("removed");
    let report = gone.send(LONG, &[]).await;
    assert_ne!(report.state, DeliveryState::Unknown, "it never ran: {report:?}");
    assert!(detail(&report).contains("cannot be run"), "{}", detail(&report));
}

#[tokio::test]
async fn a_program_that_hangs_is_killed_with_what_it_started() {
    let program = Program::new("sleep 300 & echo $! > \"$1/child\"; echo $$ > \"$1/self\"; wait");
    let begun = Instant::now();
    let report = program.send(Duration::from_millis(700), &[]).await;
    assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
    assert_eq!(report.state, DeliveryState::Unknown, "{report:?}");
    for name in ["child", "self"] {
        let id = fs::read_to_string(program.file(name)).expect("read");
        let process = Path::new("/proc").join(id.trim()).join("status");
        let begun = Instant::now();
        // Whoever inherits it may not have looked at its end yet.
        while fs::read_to_string(&process).is_ok_and(|it| !it.contains("State:\tZ")) {
            assert!(begun.elapsed() < Duration::from_secs(10), "{name} lives on");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}
