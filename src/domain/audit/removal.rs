//! Lawful removals from the log, and the entries that announce them.
//!
//! Old events are purged, and personal data is erased. Each removal adds an entry with its count
//! and with the total so far: the newest such entry covers all earlier ones, so that those may be
//! purged themselves. Missing data is accepted only as far as a sealed entry announces it, and the
//! entry has a proof of the desk: whoever can write to the store alone cannot announce anything.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::domain::event::EventKind;
use crate::domain::key::Key;
use crate::domain::mac::MacTag;

/// By what something went out of the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RemovalKind {
    /// Whole events, which were old enough.
    Purge,
    /// The personal fields of events.
    Erasure,
}

/// The announcement of a removal, from the beginning of an entry's detail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Removal {
    /// By what.
    pub kind: RemovalKind,
    /// Number of entries removed this time.
    pub count: u64,
    /// Number of entries removed so far, in all.
    pub total: u64,
    /// The highest event number purged so far; 0 for an erasure.
    pub up_to: i64,
    /// Number of entries erased so far; a purge repeats it, since it may remove the entry that
    /// announced it.
    pub erased: u64,
}

impl fmt::Display for Removal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { kind, count, total, up_to, erased } = self;
        match kind {
            RemovalKind::Purge => {
                write!(f, "events up to number {up_to} purged: {count}, in all {total}")?;
                write!(f, "; erased: {erased}")
            }
            RemovalKind::Erasure => write!(f, "entries erased: {count}, in all {total}"),
        }
    }
}

impl Removal {
    /// An erasure of entries.
    pub const fn erasure(count: u64, total: u64) -> Self {
        Self { kind: RemovalKind::Erasure, count, total, up_to: 0, erased: total }
    }

    /// The text of its entry, with the proof of a desk that has the trail's key.
    pub fn text(&self, key: Option<&RemovalKey>) -> String {
        match key {
            Some(key) => format!("{self}{PROOF}{}", key.tag(self).to_hex()),
            None => self.to_string(),
        }
    }
}

/// What stands before the proof in an entry.
const PROOF: &str = "; proof: ";

/// What a removal is proven with: whoever writes to the store without the key of the trail cannot
/// announce one.
#[derive(Clone, Debug)]
pub struct RemovalKey {
    current: Key,
    /// Earlier keys, with which the proof of an earlier removal is checked.
    earlier: Vec<Key>,
}

impl RemovalKey {
    /// Of a key of the trail.
    pub fn of(trail: &Key) -> Self {
        Self { current: trail.clone(), earlier: Vec::new() }
    }

    /// With these keys of the trail as well, to check what was proven with them.
    #[must_use]
    pub fn or<'a>(self, keys: impl Iterator<Item = &'a Key>) -> Self {
        Self { earlier: keys.cloned().collect(), ..self }
    }

    fn tag(&self, removal: &Removal) -> MacTag {
        Self::tag_of(&self.current, removal)
    }

    fn proves(&self, removal: &Removal, tag: &str) -> bool {
        let mut keys = std::iter::once(&self.current).chain(&self.earlier);
        keys.any(|key| Self::tag_of(key, removal).is_hex(tag))
    }

    fn tag_of(key: &Key, removal: &Removal) -> MacTag {
        let Removal { kind, count, total, up_to, erased } = removal;
        let kind: &[u8] = match kind {
            RemovalKind::Purge => b"purge",
            RemovalKind::Erasure => b"erasure",
        };
        let (count, total, erased) =
            (count.to_be_bytes(), total.to_be_bytes(), erased.to_be_bytes());
        let up_to = up_to.to_be_bytes();
        let parts: [&[u8]; 5] = [kind, &count, &total, &up_to, &erased];
        MacTag::of(key, "removal", parts)
    }
}

/// Whether the desk wrote an announcement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RemovalProof {
    /// It did.
    Proven,
    /// It has a proof, and the key is not here.
    Unchecked,
    /// It has none.
    Missing,
    /// It has a wrong one.
    Wrong,
}

/// A removal, as an entry announces it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Announcement {
    /// What went.
    pub removal: Removal,
    /// Whether the desk says so.
    pub proof: RemovalProof,
}

impl Announcement {
    /// Parses an event; `None` if it announces no removal. Without keys no proof is checked.
    pub fn read(kind: &str, detail: Option<&str>, keys: &[RemovalKey]) -> Option<Self> {
        let detail = detail?;
        let (kind, up_to, counts) = if kind == EventKind::EventsPurged.word() {
            let rest = detail.strip_prefix("events up to number ")?;
            let (up_to, counts) = rest.split_once(" purged: ")?;
            (RemovalKind::Purge, up_to.parse().ok()?, counts)
        } else if kind == EventKind::Erased.word() {
            (RemovalKind::Erasure, 0, detail.strip_prefix("entries erased: ")?)
        } else {
            return None;
        };
        let (count, totals) = counts.split_once(", in all ")?;
        // A reason may follow an erasure.
        let totals = match kind {
            RemovalKind::Purge => totals,
            RemovalKind::Erasure => totals.split_once(". ").map_or(totals, |(it, _)| it),
        };
        let (totals, proof) = match totals.split_once(PROOF) {
            Some((totals, proof)) => (totals, Some(proof)),
            None => (totals, None),
        };
        let (total, erased) = match kind {
            RemovalKind::Purge => totals.split_once("; erased: ")?,
            RemovalKind::Erasure => (totals, totals),
        };
        let (total, erased) = (total.parse().ok()?, erased.parse().ok()?);
        let removal = Removal { kind, count: count.parse().ok()?, total, up_to, erased };
        let proof = match proof {
            None => RemovalProof::Missing,
            Some(_) if keys.is_empty() => RemovalProof::Unchecked,
            Some(it) if keys.iter().any(|key| key.proves(&removal, it)) => RemovalProof::Proven,
            Some(_) => RemovalProof::Wrong,
        };
        Some(Self { removal, proof })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(kind: &str, text: &str) -> Option<Removal> {
        Announcement::read(kind, Some(text), &[]).map(|it| it.removal)
    }

    #[test]
    fn what_an_entry_says_reads_back() {
        let kind = RemovalKind::Purge;
        let purge = Removal { kind, count: 120, total: 5_120, up_to: 5_130, erased: 7 };
        let text = "events up to number 5130 purged: 120, in all 5120; erased: 7";
        assert_eq!(purge.text(None), text);
        assert_eq!(read("events_purged", text), Some(purge));
        let erasure = Removal::erasure(3, 7);
        assert_eq!(read("erased", &erasure.text(None)), Some(erasure));
        let reasoned = format!("{erasure}. Ticket 17, in all 9. Done; proof: 00");
        assert_eq!(read("erased", &reasoned), Some(erasure));
    }

    #[test]
    fn another_entry_says_nothing_of_it() {
        let text = "events up to number 9 purged: 1, in all 1; erased: 0";
        assert_eq!(read("attempt", text), None);
        assert_eq!(read("erased", text), None);
        assert_eq!(Announcement::read("events_purged", None, &[]), None);
        for text in ["", "events up to number 9 purged: 1, in all 1", "1 purged"] {
            assert_eq!(read("events_purged", text), None, "{text}");
        }
    }

    #[test]
    fn security_55_the_desk_proves_all_that_an_entry_says() {
        let [key, other] = [1, 2].map(|it| RemovalKey::of(&Key::new([it; 32])));
        let kind = RemovalKind::Purge;
        let purge = Removal { kind, count: 1, total: 21, up_to: 9, erased: 3 };
        let erasure = Removal::erasure(1, 21);
        let keys = [other.clone(), key.clone()];
        for (word, removal) in [("events_purged", purge), ("erased", erasure)] {
            let text = removal.text(Some(&key));
            let proof = |text: &str, keys: &[RemovalKey]| {
                Announcement::read(word, Some(text), keys).map(|it| (it.removal, it.proof))
            };
            assert_eq!(proof(&text, &keys), Some((removal, RemovalProof::Proven)), "{text}");
            assert_eq!(proof(&text, &[]), Some((removal, RemovalProof::Unchecked)));
            let wrong = proof(&text, &keys[..1]);
            assert_eq!(wrong.map(|it| it.1), Some(RemovalProof::Wrong), "another key");
            for (said, forged) in
                [("in all 21", "in all 22"), (": 1,", ": 2,"), ("number 9", "number 8")]
            {
                let forged = text.replace(said, forged);
                if forged != text {
                    let proof = proof(&forged, &keys).map(|it| it.1);
                    assert_eq!(proof, Some(RemovalProof::Wrong), "{forged}");
                }
            }
            let bare = proof(&removal.text(None), &keys);
            assert_eq!(bare.map(|it| it.1), Some(RemovalProof::Missing));
        }
        let reasoned = format!("{}. Ticket 17", erasure.text(Some(&key)));
        let read = Announcement::read("erased", Some(&reasoned), &keys);
        assert_eq!(read.map(|it| it.proof), Some(RemovalProof::Proven));
    }
}
