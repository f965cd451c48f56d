//! The README's table of keys is the keymap, or this fails.
//! `UPDATE_README=1 cargo test --test readme` writes it anew.

use std::fmt::Write as _;
use std::path::Path;
use std::{env, fs};

use countersign::tui::keymap::{BINDINGS, PARTS};

const BEGIN: &str = "<!-- keys:begin -->\n";
const END: &str = "<!-- keys:end -->";

fn table() -> String {
    let mut table = String::from("| where | key | what it does |\n|---|---|---|\n");
    for (context, part) in PARTS {
        for (at, binding) in BINDINGS.iter().filter(|it| it.context == context).enumerate() {
            let part = if at == 0 { part } else { "" };
            let _ = writeln!(table, "| {part} | `{}` | {} |", binding.key, binding.help);
        }
    }
    table
}

#[test]
fn the_table_of_keys_is_the_keymap() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md");
    let readme = fs::read_to_string(&path).expect("a README");
    let (before, rest) = readme.split_once(BEGIN).expect("where the keys begin");
    let (written, after) = rest.split_once(END).expect("where the keys end");
    if env::var_os("UPDATE_README").is_some() {
        let anew = format!("{before}{BEGIN}{}{END}{after}", table());
        fs::write(&path, anew).expect("a writable README");
        return;
    }
    assert_eq!(written, table(), "UPDATE_README=1 cargo test --test readme writes it anew");
}
