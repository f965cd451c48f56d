//! The key file: made once, kept closed, rotated without losing a key.

#![expect(clippy::expect_used, reason = "a test fails by panicking")]

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Barrier;
use std::thread;

use countersign::config::key_file::{KeyFile, KeyFileError};
use countersign::domain::key::MissingKey;

/// A moment, in seconds since 1970.
const NOW: u64 = 1_796_000_000;

fn secret(byte: u8) -> impl FnOnce() -> Result<[u8; 32], String> {
    move || Ok([byte; 32])
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).expect("it is there").permissions().mode() & 0o777
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("mode set");
}

#[test]
fn a_key_file_is_made_once_and_for_its_owner_only() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("below/desk.keys");
    let made = KeyFile::load_or_create(&path, secret(1)).expect("made");
    let again = KeyFile::load_or_create(&path, secret(2)).expect("read");
    assert_eq!(made.current(), again.current());
    assert_eq!(again.ring().current().1.secret(), &[1; 32]);
    assert_eq!((mode(&path), mode(&folder.path().join("below"))), (0o600, 0o700));
    let files = fs::read_dir(folder.path().join("below")).expect("listed").count();
    assert_eq!(files, 1, "nothing is left beside it");
}

#[test]
fn terminals_that_start_at_once_end_with_one_key() {
    for _ in 0..20 {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("desk.keys");
        let (path, start) = (&path, &Barrier::new(8));
        let names: BTreeSet<_> = thread::scope(|scope| {
            let terminals: Vec<_> = (0..8)
                .map(|terminal| {
                    scope.spawn(move || {
                        start.wait();
                        let file = KeyFile::load_or_create(path, secret(terminal)).expect("a key");
                        file.current().clone()
                    })
                })
                .collect();
            terminals.into_iter().map(|it| it.join().expect("no panic")).collect()
        });
        assert_eq!(names.len(), 1);
    }
}

#[test]
fn security_10_rotation_keeps_the_old_key_and_loses_none() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = &folder.path().join("desk.keys");
    let first = KeyFile::load_or_create(path, secret(100)).expect("made").current().clone();
    thread::scope(|scope| {
        for terminal in 0..8 {
            scope.spawn(move || KeyFile::rotate(path, NOW, secret(terminal)).expect("rotated"));
        }
    });
    let newest = KeyFile::rotate(path, NOW, secret(101)).expect("rotated");
    let file = KeyFile::load(path).expect("read");
    assert_eq!((file.current(), file.retired().count()), (&newest, 9));
    let ring = file.ring();
    assert_eq!(ring.get(first.as_str()).map(|key| *key.secret()), Ok([100; 32]));
    assert_eq!(ring.current().1.secret(), &[101; 32]);
    assert_eq!(mode(path), 0o600);
}

#[test]
fn security_58_rotation_drops_what_has_no_use_and_never_writes_what_cannot_be_read() {
    // In memory where that can be: each rotation waits for the disk.
    let memory = Path::new("/dev/shm");
    let place = if memory.is_dir() { memory.to_owned() } else { std::env::temp_dir() };
    let folder = tempfile::tempdir_in(place).expect("a folder");
    let path = &folder.path().join("desk.keys");
    let file = KeyFile::load_or_create(path, secret(0)).expect("made");
    let mut current = file.current().clone();
    let mut refused = 0;
    // Many within an hour: no key is dropped, and the file stays one that can be read: a
    // rotation reads what the one before it wrote.
    for number in 0..1_100_u32 {
        match KeyFile::rotate(path, NOW, secret(number.to_be_bytes()[3])) {
            Ok(rotated) => current = rotated,
            Err(KeyFileError::TooManyKeys { .. }) => {
                refused += 1;
                let file = KeyFile::load(path).expect("read");
                assert_eq!(file.current(), &current, "nothing was changed");
                break;
            }
            Err(error) => panic!("{error}"),
        }
    }
    assert_eq!(refused, 1, "the file is not written for ever");
    // An hour later all of them have no use, but for the one that signed until now.
    KeyFile::rotate(path, NOW + 3_601, secret(1)).expect("rotated");
    let retired: Vec<_> = KeyFile::load(path).expect("read").retired().cloned().collect();
    assert_eq!(retired, [current]);
    // A rotation every ten minutes keeps those of the last hour.
    for number in 1..200_u64 {
        KeyFile::rotate(path, NOW + 3_601 + number * 600, secret(2)).expect("rotated");
        assert!(KeyFile::load(path).expect("read").retired().count() <= 8, "{number}");
    }
}

#[test]
fn security_10_a_file_made_anew_does_not_pass_for_the_lost_one() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("desk.keys");
    let lost = KeyFile::load_or_create(&path, secret(1)).expect("made").current().clone();
    fs::remove_file(&path).expect("removed");
    let ring = KeyFile::load_or_create(&path, secret(2)).expect("made").ring();
    assert_eq!(ring.get(lost.as_str()).map(|_| ()), Err(MissingKey(lost.to_string())));
}

#[test]
fn a_file_open_to_others_is_refused_with_the_remedy() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("desk.keys");
    KeyFile::load_or_create(&path, secret(1)).expect("made");
    for open in [0o640, 0o604, 0o620] {
        set_mode(&path, open);
        let refused = KeyFile::load_or_create(&path, secret(2)).expect_err("refused").to_string();
        assert!(refused.contains(&format!("chmod 600 '{}'", path.display())), "{refused}");
    }
}

#[test]
fn a_damaged_file_is_refused_without_repeating_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("desk.keys");
    KeyFile::load_or_create(&path, secret(1)).expect("made");
    let good = fs::read_to_string(&path).expect("text");
    let key = good.lines().last().expect("a key").to_owned();
    let value = key.split('"').nth(1).expect("a value").to_owned();
    for bad in [
        String::new(),
        good.replace(&value, &value[..20]),
        good.replace(&value, &value[..40]),
        good.replace("current = \"k1", "current = \"k2"),
        good.replace(&key, ""),
        good.replace("[keys]", &format!("keys = \"{value}\"")),
        format!("what = \"{value}\"\n{good}"),
        good.replace(&key, &format!("K = \"{value}\"")),
    ] {
        fs::write(&path, &bad).expect("written");
        let refused = KeyFile::load_or_create(&path, secret(2)).expect_err(&bad);
        assert!(matches!(refused, KeyFileError::Damaged { .. }), "{bad}: {refused}");
        assert!(!format!("{refused}{refused:?}").contains(&value[..20]), "{refused}");
        assert_eq!(fs::read_to_string(&path).expect("text"), bad, "it is left as it is");
    }
}

#[test]
fn without_random_numbers_there_is_no_key_file() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("desk.keys");
    let refused = KeyFile::load_or_create(&path, || Err("no random numbers"));
    assert!(matches!(refused, Err(KeyFileError::Random(_))));
    assert!(!path.exists());
}
