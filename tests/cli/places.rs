//! Where the configuration and the store are looked for, and what is said where
//! they are not there or belong to somebody else.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::Command;

use rustix::process::geteuid;

use super::desk::Desk;

/// An account that owns nothing here (`nobody` on Linux).
const NOBODY: u32 = 65_534;

/// An office whose configuration is found by its place alone.
fn at_home() -> Desk {
    let mut desk = Desk::empty();
    desk.variable("COUNTERSIGN_CONFIG", "");
    desk
}

#[test]
fn without_a_configuration_it_says_at_once_where_it_looked() {
    let mut desk = at_home();
    let home = desk.path(".config/countersign/config.toml");
    for arguments in [&["config", "check"][..], &["log"], &["session", "list", "--json"]] {
        let ran = desk.run(arguments);
        assert_eq!(ran.code, 0, "{}", ran.err);
        let home = home.to_str().unwrap();
        for words in [home, "/etc/countersign/config.toml", "tray", "development"] {
            assert!(ran.err.contains(words), "{words}: {}", ran.err);
        }
    }
    let doctor = desk.run(&["doctor"]).out;
    assert!(doctor.contains("/etc/countersign/config.toml"), "{doctor}");
    // Who says what it is for knows that there is no file.
    desk.set("environment", "development");
    assert!(!desk.run(&["log"]).err.contains("configuration file"));
    assert_eq!(desk.run(&["completions", "bash"]).err, "");
}

#[test]
fn a_configuration_that_is_there_and_cannot_be_read_is_told() {
    let desk = at_home();
    let folder = desk.path(".config/countersign");
    fs::create_dir_all(&folder).unwrap();
    // Whoever runs this, a link to itself cannot be followed.
    symlink("config.toml", folder.join("config.toml")).unwrap();
    let ran = desk.run(&["log", "--json"]);
    assert!(ran.err.contains("config.toml cannot be read"), "{}", ran.err);
    ran.ended(78, "bad_configuration");
}

/// The same command as another account, or as one without the right where this
/// account may not take another.
fn as_another(desk: &Desk, taken: &Path, arguments: &[&str]) -> Command {
    let mut command = desk.command(arguments);
    if geteuid().is_root() {
        let program = desk.path("countersign");
        if !program.exists() {
            fs::copy(env!("CARGO_BIN_EXE_countersign"), &program).expect("done");
            fs::set_permissions(desk.folder.path(), fs::Permissions::from_mode(0o755))
                .expect("done");
            fs::set_permissions(desk.path("config.toml"), fs::Permissions::from_mode(0o644))
                .expect("done");
        }
        let mut other = Command::new(program);
        other.env_clear().envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
        other.current_dir(desk.folder.path()).args(arguments).uid(NOBODY).gid(NOBODY);
        command = other;
    } else {
        fs::set_permissions(taken, fs::Permissions::from_mode(0o000)).expect("done");
    }
    command
}

#[test]
fn another_accounts_store_is_told_as_a_matter_of_permissions() {
    let desk = Desk::open();
    let store = desk.path("desk.db");
    for arguments in [&["session", "list"][..], &["customers", "find", "dana"], &["log"]] {
        let output = as_another(&desk, &store, arguments).output().unwrap();
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(78), "{arguments:?}: {told}");
        for words in ["desk.db", "another account", "database server"] {
            assert!(told.contains(words), "{words}: {told}");
        }
        assert!(!told.contains("Try again"), "{told}");
    }
    let doctor = as_another(&desk, &store, &["doctor"]).output().unwrap();
    let found = String::from_utf8_lossy(&doctor.stdout).into_owned();
    assert!(found.contains("another account"), "{found}");

    // Their folder, too.
    let closed = desk.path("closed");
    fs::create_dir(&closed).unwrap();
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o700)).unwrap();
    let mut there = as_another(&desk, &closed, &["log"]);
    let output = there.env("COUNTERSIGN__STORE__URL", "sqlite:closed/desk.db").output().unwrap();
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o700)).unwrap();
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(78), "{told}");
    assert!(told.contains("another account"), "{told}");
}
