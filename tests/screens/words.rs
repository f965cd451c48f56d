//! One term for one thing, on all screens and in the names of the keys.

use std::fs;
use std::path::Path;

/// A word that is another one for a thing, and the one it is called by.
const SYNONYMS: [(&str, &str); 12] = [
    ("withdraw", "cancel"),
    ("another code", "new code"),
    ("fresh code", "new code"),
    ("resend", "new code"),
    ("second provider", "fallback"),
    ("story", "timeline"),
    ("superseded", "replaced"),
    ("not entered in time", "expired"),
    ("attempts left", "tries left"),
    ("not delivered", "did not arrive, or cannot be delivered"),
    ("empty the", "clear the"),
    ("set of colours", "theme"),
];

#[test]
fn screens_and_keys_have_one_term_for_one_thing() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let snapshots = fs::read_dir(root.join("tests/screens/snapshots")).expect("the snapshots");
    let snapshots = snapshots.map(|entry| entry.expect("a snapshot").path());
    for file in snapshots.chain([root.join("docs/keys.md")]) {
        let text = fs::read_to_string(&file).expect("a text").to_lowercase();
        for (synonym, term) in SYNONYMS {
            assert!(!text.contains(synonym), "{}: {synonym:?}, for {term}", file.display());
        }
    }
}
