//! Exports of the audit trail: entries with their proof, verifiable without the store.
//!
//! An export begins with the complete subtrees left of its first entry and ends with those right of
//! its last one and a signed checkpoint, so that the root of the whole tree can be computed from
//! any range. An export of everything has no such subtrees.

use serde::{Deserialize, Serialize};

use crate::domain::audit::checkpoint::{Checkpoint, CheckpointVerifier};
use crate::domain::audit::hash::TreeHash;
use crate::domain::audit::leaf::SealedEntry;
use crate::domain::audit::tree::TreeEdge;
use crate::domain::audit::walk::{EventNow, Fault, FoundLeaf, TrailWalk};

/// The format name in the first line of an export.
const FORMAT: &str = "countersign audit export 1";

/// The first line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExportHeader {
    /// What this is, with the version.
    pub format: String,
    /// Of which log.
    pub origin: String,
    /// The place of the first entry.
    pub from: u64,
    /// The place after the last one.
    pub to: u64,
    /// How many entries the whole log has.
    pub size: u64,
    /// Up to which number events may have been purged.
    pub purged_up_to: i64,
    /// The complete subtrees left of the first entry.
    pub left: Vec<TreeHash>,
}

impl ExportHeader {
    /// The first line of an export.
    pub fn new(newest: &Checkpoint, (from, to): (u64, u64), left: Vec<TreeHash>) -> Self {
        let (origin, size) = (newest.origin.clone(), newest.size);
        Self { format: FORMAT.to_owned(), origin, from, to, size, purged_up_to: 0, left }
    }
}

/// The last line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExportEnd {
    /// The complete subtrees right of the last entry.
    pub right: Vec<TreeHash>,
    /// The signed checkpoint of the whole log.
    pub checkpoint: String,
}

/// The leaf of an event that is gone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PurgedEntry {
    /// The place of the leaf.
    pub index: u64,
    /// The number of the event.
    pub event: i64,
    /// The hash of the leaf.
    pub leaf: TreeHash,
    /// Whether it went as in a purge; else it was deleted.
    pub purged: bool,
}

/// One entry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum ExportedLeaf {
    /// An event.
    Entry(Box<SealedEntry>),
    /// An event that is gone.
    Purged(PurgedEntry),
}

/// One entry, and whether what is personal was erased before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExportedEntry {
    /// The entry.
    #[serde(flatten)]
    pub entry: ExportedLeaf,
    /// Whether what is personal was erased; else it is only not shown.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub erased: bool,
}

/// A line of an export.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum ExportLine {
    /// The first one.
    Header(ExportHeader),
    /// The last one.
    End(ExportEnd),
    /// One between.
    Entry(ExportedEntry),
}

/// The one field that an exported entry has beside those of a sealed one.
#[derive(Deserialize)]
struct ErasedField {
    #[serde(default)]
    erased: bool,
}

impl ExportLine {
    /// Reads a line. Nearly all are events, so that a line is tried as one first: to try all
    /// kinds in turn takes several times as long.
    fn parse(line: &str) -> Option<Self> {
        let Ok(entry) = serde_json::from_str(line) else { return serde_json::from_str(line).ok() };
        let erased = line.contains("\"erased\"")
            && serde_json::from_str::<ErasedField>(line).is_ok_and(|it| it.erased);
        Some(Self::Entry(ExportedEntry { entry: ExportedLeaf::Entry(entry), erased }))
    }
}

impl ExportedEntry {
    fn found(&self) -> FoundLeaf {
        let is_erased = self.erased;
        match &self.entry {
            ExportedLeaf::Entry(entry) => FoundLeaf {
                index: entry.index,
                event: entry.event,
                hash: Some(entry.leaf),
                is_erased,
                event_now: EventNow::of(entry, entry.computed_leaf(), &[]),
            },
            ExportedLeaf::Purged(gone) => FoundLeaf {
                index: gone.index,
                event: gone.event,
                hash: Some(gone.leaf),
                is_erased,
                event_now: EventNow::Gone { as_purged: gone.purged },
            },
        }
    }
}

/// Why a file is no export.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotAnExport {
    /// Its first line is none.
    #[error("its first line is not that of an export (audit export --format jsonl)")]
    NoHeader,
    /// A line cannot be read.
    #[error("line {0} is no entry")]
    Line(u64),
    /// There is something after the last line.
    #[error("line {0} stands after the end")]
    AfterEnd(u64),
}

/// The verification of an export, line by line.
#[derive(Debug)]
pub struct ExportVerification {
    walk: TrailWalk,
    header: ExportHeader,
    keys: Vec<CheckpointVerifier>,
    /// Checkpoints that were kept elsewhere, smallest first.
    kept: Vec<Checkpoint>,
    compared: usize,
    lines: u64,
    is_complete: bool,
}

impl ExportVerification {
    /// Begins with the first line.
    pub fn begin(
        line: &str,
        keys: Vec<CheckpointVerifier>,
        mut kept: Vec<Checkpoint>,
    ) -> Result<Self, NotAnExport> {
        let header: ExportHeader = serde_json::from_str(line).map_err(|_| NotAnExport::NoHeader)?;
        let edge = TreeEdge::new(header.from, header.left.clone());
        let (true, Ok(edge)) = (header.format == FORMAT && header.from <= header.to, edge) else {
            return Err(NotAnExport::NoHeader);
        };
        let mut walk = TrailWalk::after(edge);
        walk.may_be_purged(header.purged_up_to);
        kept.sort_by_key(|it| it.size);
        let mut begun =
            Self { walk, header, keys, kept, compared: 0, lines: 1, is_complete: false };
        begun.compare_kept();
        Ok(begun)
    }

    /// Takes the next line.
    pub fn line(&mut self, line: &str) -> Result<(), NotAnExport> {
        self.lines += 1;
        if self.is_complete {
            return Err(NotAnExport::AfterEnd(self.lines));
        }
        match ExportLine::parse(line) {
            Some(ExportLine::Entry(entry)) => {
                if !self.walk.is_over() {
                    self.walk.leaf(entry.found());
                    self.compare_kept();
                }
                Ok(())
            }
            Some(ExportLine::End(end)) => {
                self.end(&end);
                Ok(())
            }
            _ => Err(NotAnExport::Line(self.lines)),
        }
    }

    /// Compares with the checkpoints of the tree so far.
    fn compare_kept(&mut self) {
        let size = self.walk.size();
        for kept in self.kept.iter().filter(|it| it.size == size) {
            self.walk.kept(kept);
            self.compared += 1;
        }
    }

    fn end(&mut self, end: &ExportEnd) {
        self.is_complete = true;
        let size = self.header.size;
        let checkpoint = match Checkpoint::open(&end.checkpoint, &self.keys) {
            Ok(checkpoint) => checkpoint,
            Err(error) => {
                return self.walk.report(Fault::Unsigned { size, why: error.to_string() });
            }
        };
        let newer = self.kept.iter().map(|it| it.size).filter(|it| *it > checkpoint.size).max();
        if let Some(kept) = newer {
            self.walk.report(Fault::CutOff { size: checkpoint.size, kept });
        }
        if self.walk.is_over() {
            return;
        }
        let is_whole = self.walk.size() == self.header.to
            && checkpoint.size == size
            && checkpoint.origin == self.header.origin
            && self.header.to <= size;
        if !is_whole {
            return self.walk.missing();
        }
        // What lies outside of the range may say what was removed within.
        if self.header.to == size {
            self.walk.end();
        } else if !self.walk.pass_over(size, &end.right) {
            return self.walk.missing();
        } else {
            self.compare_kept();
        }
        self.walk.checkpoint(&checkpoint);
    }

    /// The result of the verification.
    pub fn finish(mut self) -> VerifiedExport {
        if !self.is_complete {
            self.walk.missing();
        }
        let (from, to) = (self.header.from, self.header.to);
        VerifiedExport { walk: self.walk, from, to, kept: self.compared }
    }

    /// The number of entries verified so far, and of all in the export.
    pub const fn progress(&self) -> (u64, u64) {
        (self.walk.size() - self.header.from, self.header.to - self.header.from)
    }
}

/// What a verification of an export found.
#[derive(Debug)]
pub struct VerifiedExport {
    /// What it found.
    pub walk: TrailWalk,
    /// The place of the first entry.
    pub from: u64,
    /// The place after the last one.
    pub to: u64,
    /// Number of kept checkpoints that the export was compared with.
    pub kept: usize,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::audit::checkpoint::tests::signer;
    use crate::domain::audit::leaf::tests::{entry, event};
    use crate::domain::audit::tree::complete_subtrees;
    use crate::domain::audit::tree::tests::defined;

    const SIZE: u64 = 21;

    fn entries() -> Vec<SealedEntry> {
        (0..SIZE).map(|at| entry(at, event(i64::try_from(at).expect("small") + 40))).collect()
    }

    fn at(index: u64) -> usize {
        usize::try_from(index).expect("small")
    }

    /// The export of a range, line by line.
    fn export(from: u64, to: u64) -> Vec<String> {
        let entries = entries();
        let leaves: Vec<_> = entries.iter().map(|it| it.leaf).collect();
        let beside = |range: std::ops::Range<u64>| {
            let subtrees = complete_subtrees(range);
            let root = |it: std::ops::Range<u64>| defined(&leaves[at(it.start)..at(it.end)]);
            subtrees.iter().map(|it| root(it.leaves())).collect::<Vec<_>>()
        };
        let origin = signer(1).verifier().name().to_owned();
        let checkpoint =
            Checkpoint { origin, size: SIZE, root: defined(&leaves), removals_proven: false };
        let header = ExportHeader::new(&checkpoint, (from, to), beside(0..from));
        let end = ExportEnd { right: beside(to..SIZE), checkpoint: checkpoint.signed(&signer(1)) };
        let mut lines = vec![ExportLine::Header(header)];
        for entry in &entries[at(from)..at(to)] {
            let entry = ExportedLeaf::Entry(Box::new(entry.clone()));
            lines.push(ExportLine::Entry(ExportedEntry { entry, erased: false }));
        }
        lines.push(ExportLine::End(end));
        lines.iter().map(|it| serde_json::to_string(it).expect("written")).collect()
    }

    fn verify(lines: &[String]) -> VerifiedExport {
        let keys = vec![signer(1).verifier()];
        let mut run = ExportVerification::begin(&lines[0], keys, Vec::new()).expect("an export");
        for line in &lines[1..] {
            run.line(line).expect("a line");
        }
        run.finish()
    }

    #[test]
    fn every_range_leads_to_the_signed_root() {
        for from in 0..=SIZE {
            for to in from..=SIZE {
                let verified = verify(&export(from, to));
                assert_eq!(verified.walk.faults(), [], "{from} to {to}");
                assert_eq!((verified.from, verified.to), (from, to));
            }
        }
    }

    #[test]
    fn security_63_what_was_changed_in_an_export_is_named() {
        for (from, to) in [(0, SIZE), (3, 17)] {
            let right = export(from, to);
            let last = right.len() - 1;
            let mut edited = right.clone();
            edited[2] = edited[2].replace("front", "back");
            let named =
                Fault::Changed { event: i64::try_from(from + 41).expect("small"), index: from + 1 };
            assert_eq!(verify(&edited).walk.faults(), [named]);

            let mut removed = right.clone();
            removed.remove(2);
            let missing = Fault::LeavesMissing { index: from + 1 };
            assert_eq!(verify(&removed).walk.faults(), [missing]);

            let cut = &right[..last];
            assert_eq!(verify(cut).walk.faults(), [Fault::LeavesMissing { index: to }]);
            let mut short = right.clone();
            short.remove(last - 1);
            assert_eq!(verify(&short).walk.faults(), [Fault::LeavesMissing { index: to - 1 }]);

            let other = export(from, to)[last].replace("countersign/", "other/");
            let mut unsigned = right.clone();
            unsigned[last] = other;
            assert!(matches!(verify(&unsigned).walk.faults(), [Fault::Unsigned { .. }]));

            // An entry with the leaf that it would have.
            let mut forged = right.clone();
            let mut other = entry(from + 1, event(41 + i64::try_from(from).expect("small")));
            other.clerk = "bob".into();
            other.leaf = other.computed_leaf();
            forged[2] = serde_json::to_string(&other).expect("written");
            assert!(matches!(verify(&forged).walk.faults(), [Fault::Rewritten { .. }]));
        }
    }

    #[test]
    fn what_is_no_export_is_refused() {
        let lines = export(0, 3);
        let begin = |line: &str| ExportVerification::begin(line, Vec::new(), Vec::new());
        for line in ["", "{}", &lines[1], &lines[0].replace("export 1", "export 9")] {
            assert_eq!(begin(line).err(), Some(NotAnExport::NoHeader), "{line}");
        }
        let mut run = begin(&lines[0]).expect("an export");
        assert_eq!(run.line("{}"), Err(NotAnExport::Line(2)));
        run.line(&lines[lines.len() - 1]).expect("the end");
        assert_eq!(run.line(&lines[1]), Err(NotAnExport::AfterEnd(4)));
    }

    #[test]
    fn a_checkpoint_that_was_kept_is_compared() {
        let lines = export(3, 17);
        let leaves: Vec<_> = entries().iter().map(|it| it.leaf).collect();
        let kept = |size: u64, leaves: &[TreeHash]| {
            let origin = signer(1).verifier().name().to_owned();
            Checkpoint {
                origin,
                size,
                root: defined(&leaves[..at(size.min(SIZE))]),
                removals_proven: false,
            }
        };
        let verify = |kept: Vec<Checkpoint>| {
            let keys = vec![signer(1).verifier()];
            let mut run = ExportVerification::begin(&lines[0], keys, kept).expect("an export");
            for line in &lines[1..] {
                run.line(line).expect("a line");
            }
            let verified = run.finish();
            (verified.walk.faults().to_vec(), verified.kept)
        };
        for size in [3, 9, 17, SIZE] {
            assert_eq!(verify(vec![kept(size, &leaves)]), (Vec::new(), 1), "{size}");
        }
        assert_eq!(verify(vec![kept(2, &leaves), kept(19, &leaves)]), (Vec::new(), 0));
        let others: Vec<_> = leaves.iter().rev().copied().collect();
        assert_eq!(verify(vec![kept(9, &others)]), (vec![Fault::Replaced { size: 9 }], 1));
        let newer = verify(vec![kept(99, &leaves)]);
        assert_eq!(newer, (vec![Fault::CutOff { size: SIZE, kept: 99 }], 0));
    }
}
