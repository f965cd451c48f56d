//! The pictures in the README are what the interface draws, or a test fails.
//! `UPDATE_PICTURES=1 cargo test --test screens pictures` draws them anew.

use std::path::Path;
use std::{env, fs};

use countersign::config::settings::ThemeName;

use crate::picture::shoot;
use crate::states::{self, State};
use crate::svg::{Ground, svg};

const DARK: Ground = Ground { text: "#e4e8ee", background: "#14181f" };
const LIGHT: Ground = Ground { text: "#1d2129", background: "#fafaf7" };

fn check(file: &str, title: &str, state: State, theme: ThemeName, size: (u16, u16)) {
    let (model, now) = state;
    let shot = shoot(&model, theme, now, size);
    let ground = if theme == ThemeName::Light { LIGHT } else { DARK };
    let drawn = svg(&shot.buffer, shot.cursor.map(|at| (at.x, at.y)), ground, title);
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/pictures").join(file);
    if env::var_os("UPDATE_PICTURES").is_some() {
        fs::create_dir_all(path.parent().expect("a folder")).expect("docs/pictures");
        fs::write(&path, &drawn).expect("a writable picture");
    }
    let stored = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        stored == drawn,
        "docs/pictures/{file} is not what the interface draws; \
         UPDATE_PICTURES=1 cargo test --test screens pictures draws it anew"
    );
}

#[test]
fn find() {
    let title = "Finding a customer";
    check("find.svg", title, states::find_several(), ThemeName::Dark, (80, 24));
}

#[test]
fn send() {
    let title = "Choosing how to send the code";
    check("send.svg", title, states::send_one_missing(), ThemeName::Dark, (80, 24));
}

#[test]
fn entry() {
    let title = "Entering the code, with the log and the tray beside it";
    check("entry-wide-dark.svg", title, states::both_panels(), ThemeName::Dark, (140, 40));
}

#[test]
fn entry_light() {
    let title = "Entering the code, on a light screen";
    check("entry-light.svg", title, states::enter_code_wrong(), ThemeName::Light, (80, 24));
}

#[test]
fn verified() {
    let title = "The verified customer";
    check("verified.svg", title, states::verified_by_sms(), ThemeName::Light, (80, 24));
}
