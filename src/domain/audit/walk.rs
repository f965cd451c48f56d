//! Verifies a trail leaf by leaf and reports what is wrong.
//!
//! Two checks are made. Each event is compared with its leaf, which finds an event that was changed
//! or deleted. The tree over the leaves is compared with each signed checkpoint, which finds an
//! event that was changed together with its leaf. The first check names the event exactly; the
//! second names the entries between two checkpoints, the more precisely the closer they are.

use serde::{Deserialize, Serialize};

use crate::domain::audit::checkpoint::Checkpoint;
use crate::domain::audit::hash::TreeHash;
use crate::domain::audit::leaf::SealedEntry;
use crate::domain::audit::removal::{Announcement, Removal, RemovalKey, RemovalKind, RemovalProof};
use crate::domain::audit::tree::{TreeEdge, complete_subtrees};

/// How many faults are listed; further ones are counted only.
const FAULTS_MAX: usize = 100;

/// What is wrong with a trail. Events are named by their numbers in the log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "fault", rename_all = "snake_case")]
pub enum Fault {
    /// An event is not what was sealed.
    #[expect(missing_docs, reason = "said above")]
    Changed { event: i64, index: u64 },
    /// An event that was sealed is gone.
    #[expect(missing_docs, reason = "said above")]
    Deleted { event: i64, index: u64 },
    /// An event stands among sealed ones and was never sealed.
    #[expect(missing_docs, reason = "said above")]
    Inserted { event: i64 },
    /// Leaves are gone, or not in their places, from this one on.
    #[expect(missing_docs, reason = "said above")]
    LeavesMissing { index: u64 },
    /// The tree up to a checkpoint is not the one that was signed: something between this
    /// checkpoint and the one before was changed, leaf and all.
    Rewritten {
        /// The first leaf that can be meant.
        from: u64,
        /// The checkpoint's size: the leaf after the last one that can be meant.
        to: u64,
        /// The lowest number of an event among them.
        first_event: Option<i64>,
        /// The highest.
        last_event: Option<i64>,
        /// One that stands out of order.
        suspect: Option<i64>,
    },
    /// The tree is not the one of which a checkpoint was kept: it was made anew.
    #[expect(missing_docs, reason = "said above")]
    Replaced { size: u64 },
    /// A checkpoint was kept of a tree that is larger than this one: the end is cut off.
    #[expect(missing_docs, reason = "said above")]
    CutOff { size: u64, kept: u64 },
    /// Entries were removed as by a purge or an erasure, and no sealed entry that came after
    /// them says so, or it says fewer.
    NotAnnounced {
        /// As by what they were removed.
        by: RemovalKind,
        /// The first of them.
        event: i64,
        /// The place of its leaf.
        index: u64,
        /// How many there are.
        removed: u64,
        /// How many the log says.
        announced: u64,
    },
    /// The totals that an entry announces do not continue those of the entry before.
    #[expect(missing_docs, reason = "said above")]
    Miscounted { event: i64, index: u64 },
    /// An entry announces a removal, and the desk did not write it.
    #[expect(missing_docs, reason = "said above")]
    NotTheDesks { event: i64, index: u64 },
    /// There is a tree, but no signed checkpoint of it.
    #[expect(missing_docs, reason = "said above")]
    Unsigned { size: u64, why: String },
}

/// A leaf as it was found.
#[derive(Clone, Copy, Debug)]
pub struct FoundLeaf {
    /// The place that it names.
    pub index: u64,
    /// The event that it names.
    pub event: i64,
    /// Its hash; `None` if the stored text is not one.
    pub hash: Option<TreeHash>,
    /// Whether the personal fields of its event were erased.
    pub is_erased: bool,
    /// Its event as it is now.
    pub event_now: EventNow,
}

impl FoundLeaf {
    /// Whether its event is there, and what was sealed.
    pub fn is_as_sealed(&self) -> bool {
        match self.event_now {
            EventNow::There { computed, .. } => self.hash == Some(computed),
            EventNow::Gone { .. } => false,
        }
    }
}

/// The event of a leaf, as it is now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EventNow {
    /// It is there.
    There {
        /// The hash computed from it.
        computed: TreeHash,
        /// The removal that it announces.
        tells: Option<Announcement>,
    },
    /// It is gone; whether what proves it went with it, as in a purge.
    #[expect(missing_docs, reason = "said above")]
    Gone { as_purged: bool },
}

impl EventNow {
    /// What an entry is, whose leaf was computed anew. Without keys no proof is checked.
    pub fn of(entry: &SealedEntry, computed: TreeHash, keys: &[RemovalKey]) -> Self {
        let detail = entry.detail.as_ref().and_then(|it| it.value());
        let tells = Announcement::read(&entry.kind, detail, keys);
        Self::There { computed, tells }
    }
}

/// The entries that were removed in one way, as far as they were passed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Removed {
    count: u64,
    /// The event and the place of the first one.
    first: Option<(i64, u64)>,
    /// The place of the last one.
    last: u64,
    /// What the newest sealed entry says, and its place.
    told: Option<(Removal, u64)>,
}

impl Removed {
    fn add(&mut self, event: i64, index: u64) {
        self.count += 1;
        self.first = self.first.or(Some((event, index)));
        self.last = index;
    }

    /// Takes what an entry says; whether it goes on from the one before.
    fn tell(&mut self, told: Removal, index: u64) -> bool {
        let before = self.told.map(|(it, _)| it);
        self.told = Some((told, index));
        before.is_none_or(|it| it.total + told.count == told.total && it.up_to <= told.up_to)
    }

    /// The fault, where more was removed than the log says.
    fn fault(&self, by: RemovalKind, up_to: i64) -> Option<Fault> {
        let (event, index) = self.first?;
        let told = self.told.filter(|(told, at)| self.last < *at && up_to <= told.up_to);
        let announced = told.map_or(0, |(told, _)| told.total);
        let removed = self.count;
        let fault = Fault::NotAnnounced { by, event, index, removed, announced };
        (removed > announced).then_some(fault)
    }
}

/// A walk over the leaves, as far as it has come.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct TrailWalk {
    edge: TreeEdge,
    /// The size of the newest checkpoint that was found right.
    proven: u64,
    /// The lowest and the highest number of an event since then.
    span: Option<(i64, i64)>,
    suspect: Option<i64>,
    highest: Option<i64>,
    /// Up to which number events may have been purged, as the store says; a sealed entry has
    /// to say the same in the end.
    purged_up_to: i64,
    purged: Removed,
    erased: Removed,
    /// Whether an announcement had a proof: from then on each has one.
    are_proven: bool,
    /// Announcements from before there were proofs.
    unproven: u64,
    /// The event and the place of each, as far as faults are listed.
    #[serde(default)]
    unproven_at: Vec<(i64, u64)>,
    faults: Vec<Fault>,
    fault_count: u64,
    is_over: bool,
}

impl TrailWalk {
    /// A walk that begins inside the tree, after these leaves.
    pub fn after(edge: TreeEdge) -> Self {
        Self { proven: edge.size(), edge, ..Self::default() }
    }

    /// How many leaves were passed.
    pub const fn size(&self) -> u64 {
        self.edge.size()
    }

    /// The tree over the leaves so far.
    pub const fn edge(&self) -> &TreeEdge {
        &self.edge
    }

    /// The first hundred faults.
    pub fn faults(&self) -> &[Fault] {
        &self.faults
    }

    /// The number of all faults.
    pub const fn fault_count(&self) -> u64 {
        self.fault_count
    }

    /// Whether to stop: the tree is not the signed one, so further faults would mean nothing.
    pub const fn is_over(&self) -> bool {
        self.is_over
    }

    /// How many of the entries that were passed are purged.
    pub const fn purged(&self) -> u64 {
        self.purged.count
    }

    /// Of how many the personal fields are erased.
    pub const fn erased(&self) -> u64 {
        self.erased.count
    }

    /// How many announcements of a removal have no proof, since they stand before the first that
    /// has one.
    pub const fn unproven(&self) -> u64 {
        self.unproven
    }

    /// Permits events up to this number to be purged.
    pub fn may_be_purged(&mut self, up_to: i64) {
        self.purged_up_to = self.purged_up_to.max(up_to);
    }

    /// Whether more was removed than the verified entries announce.
    pub fn is_unannounced(&self) -> bool {
        self.unannounced().next().is_some()
    }

    fn unannounced(&self) -> impl Iterator<Item = Fault> {
        let purged = self.purged.fault(RemovalKind::Purge, self.purged_up_to);
        purged.into_iter().chain(self.erased.fault(RemovalKind::Erasure, 0))
    }

    /// To be called after the last leaf: reports removals that the log does not announce.
    pub fn end(&mut self) {
        let faults: Vec<_> = self.unannounced().collect();
        for fault in faults {
            self.report(fault);
        }
    }

    /// Notes a fault.
    pub fn report(&mut self, fault: Fault) {
        self.fault_count += 1;
        if self.faults.len() < FAULTS_MAX {
            self.faults.push(fault);
        }
    }

    /// The next leaf.
    pub fn leaf(&mut self, found: FoundLeaf) {
        let FoundLeaf { index, event, hash, is_erased, event_now } = found;
        if index != self.size() {
            return self.missing();
        }
        if is_erased {
            self.erased.add(event, index);
        }
        match event_now {
            EventNow::Gone { as_purged: true } if event <= self.purged_up_to => {
                self.purged.add(event, index);
            }
            EventNow::Gone { .. } => self.report(Fault::Deleted { event, index }),
            EventNow::There { .. } if !found.is_as_sealed() => {
                self.report(Fault::Changed { event, index });
            }
            EventNow::There { tells, .. } => self.told(event, index, tells),
        }
        let (low, high) = self.span.unwrap_or((event, event));
        self.span = Some((low.min(event), high.max(event)));
        if self.highest.is_some_and(|highest| event < highest) {
            self.suspect = self.suspect.or(Some(event));
        }
        self.highest = self.highest.max(Some(event));
        // A leaf that is no hash is not the one in the tree: the next checkpoint says so.
        self.edge.append(hash.unwrap_or_else(TreeHash::empty), |_, _| {});
    }

    fn told(&mut self, event: i64, index: u64, tells: Option<Announcement>) {
        let Some(Announcement { removal, proof }) = tells else { return };
        match proof {
            RemovalProof::Proven | RemovalProof::Unchecked => self.are_proven = true,
            RemovalProof::Missing if !self.are_proven => {
                self.unproven += 1;
                if self.unproven_at.len() < FAULTS_MAX {
                    self.unproven_at.push((event, index));
                }
            }
            RemovalProof::Missing | RemovalProof::Wrong => {
                return self.report(Fault::NotTheDesks { event, index });
            }
        }
        let goes_on = match removal.kind {
            RemovalKind::Purge => {
                let erased = Removal::erasure(0, removal.erased);
                self.purged.tell(removal, index) & self.erased.tell(erased, index)
            }
            RemovalKind::Erasure => self.erased.tell(removal, index),
        };
        if !goes_on {
            self.report(Fault::Miscounted { event, index });
        }
    }

    /// Skips leaves up to a size, using the roots of their complete subtrees; `false` if the number
    /// of roots is wrong.
    pub fn pass_over(&mut self, size: u64, hashes: &[TreeHash]) -> bool {
        let subtrees = complete_subtrees(self.size()..size);
        if subtrees.len() != hashes.len() {
            return false;
        }
        for (subtree, hash) in subtrees.iter().zip(hashes) {
            self.edge.append_subtree(subtree.level, *hash, |_, _| {});
        }
        true
    }

    /// Reports that the next leaf is missing.
    pub fn missing(&mut self) {
        self.report(Fault::LeavesMissing { index: self.size() });
        self.is_over = true;
    }

    /// Compares with a checkpoint of the trail, once this many leaves were passed.
    pub fn checkpoint(&mut self, checkpoint: &Checkpoint) {
        if checkpoint.root == self.edge.root() && checkpoint.size == self.size() {
            if checkpoint.removals_proven {
                self.needs_proofs();
            }
            (self.proven, self.span, self.suspect) = (self.size(), None, None);
            return;
        }
        let (first_event, last_event) = self.span.unzip();
        let suspect = self.suspect;
        let (from, to) = (self.proven, checkpoint.size);
        self.report(Fault::Rewritten { from, to, first_event, last_event, suspect });
        self.is_over = true;
    }

    /// The log was begun with proofs: none of what it announced had to be without.
    fn needs_proofs(&mut self) {
        (self.are_proven, self.unproven) = (true, 0);
        for (event, index) in std::mem::take(&mut self.unproven_at) {
            self.report(Fault::NotTheDesks { event, index });
        }
    }

    /// Compares with a checkpoint that was kept elsewhere, once this many leaves were passed.
    pub fn kept(&mut self, kept: &Checkpoint) {
        if kept.root != self.edge.root() {
            self.report(Fault::Replaced { size: kept.size });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn there(computed: TreeHash) -> EventNow {
        EventNow::There { computed, tells: None }
    }

    fn telling(leaf: &FoundLeaf, removal: Removal) -> FoundLeaf {
        announcing(leaf, removal, RemovalProof::Proven)
    }

    fn announcing(leaf: &FoundLeaf, removal: Removal, proof: RemovalProof) -> FoundLeaf {
        let computed = leaf.hash.expect("a hash");
        let tells = Some(Announcement { removal, proof });
        let event_now = EventNow::There { computed, tells };
        FoundLeaf { event_now, ..*leaf }
    }

    fn purge(count: u64, total: u64, up_to: i64) -> Removal {
        Removal { kind: RemovalKind::Purge, count, total, up_to, erased: 0 }
    }

    /// What a walk to the end finds, where the store says this was purged.
    fn walk_to_end(found: &[FoundLeaf], up_to: i64) -> Vec<Fault> {
        let mut walk = TrailWalk::default();
        walk.may_be_purged(up_to);
        for leaf in found {
            walk.leaf(*leaf);
        }
        walk.end();
        walk.faults().to_vec()
    }

    /// Leaves 0 to `count`, of the events 10, 11, …
    fn found(count: u64) -> Vec<FoundLeaf> {
        let leaf = |index: u64| {
            let event = i64::try_from(index).expect("small") + 10;
            let hash = TreeHash::leaf(&event.to_be_bytes());
            let event_now = there(hash);
            FoundLeaf { index, event, hash: Some(hash), is_erased: false, event_now }
        };
        (0..count).map(leaf).collect()
    }

    fn root(leaves: &[FoundLeaf]) -> TreeHash {
        let mut edge = TreeEdge::default();
        for leaf in leaves {
            edge.append(leaf.hash.expect("a hash"), |_, _| {});
        }
        edge.root()
    }

    /// What a walk finds, with checkpoints of the right tree at these sizes.
    fn walk(right: &[FoundLeaf], found: &[FoundLeaf], sizes: &[u64]) -> Vec<Fault> {
        let mut walk = TrailWalk::default();
        for leaf in found {
            walk.leaf(*leaf);
            if sizes.contains(&walk.size()) && !walk.is_over() {
                let size = walk.size();
                let root = root(&right[..usize::try_from(size).expect("small")]);
                let origin = "o".into();
                walk.checkpoint(&Checkpoint { origin, size, root, removals_proven: false });
            }
            if walk.is_over() {
                break;
            }
        }
        walk.faults().to_vec()
    }

    #[test]
    fn security_35_an_event_that_was_changed_or_deleted_is_named() {
        let right = found(9);
        assert_eq!(walk(&right, &right, &[4, 9]), []);
        let mut changed = right.clone();
        changed[2].event_now = there(TreeHash::leaf(b"another"));
        changed[7].event_now = EventNow::Gone { as_purged: false };
        let faults =
            [Fault::Changed { event: 12, index: 2 }, Fault::Deleted { event: 17, index: 7 }];
        assert_eq!(walk(&right, &changed, &[4, 9]), faults);
    }

    #[test]
    fn security_63_what_was_rewritten_leaf_and_all_lies_between_two_checkpoints() {
        let right = found(9);
        let mut forged = right.clone();
        let other = TreeHash::leaf(b"another");
        (forged[5].hash, forged[5].event_now) = (Some(other), there(other));
        let between = |from, to, first, last, suspect| Fault::Rewritten {
            from,
            to,
            first_event: Some(first),
            last_event: Some(last),
            suspect,
        };
        assert_eq!(walk(&right, &forged, &[4, 6, 9]), [between(4, 6, 14, 15, None)]);
        assert_eq!(walk(&right, &forged, &[9]), [between(0, 9, 10, 18, None)]);

        // Two changed places: the second stands before an older one.
        let mut swapped = right.clone();
        swapped.swap(5, 6);
        (swapped[5].index, swapped[6].index) = (5, 6);
        assert_eq!(walk(&right, &swapped, &[4, 9]), [between(4, 9, 14, 18, Some(15))]);

        // One left out, the others moved up.
        let mut moved = right.clone();
        moved.remove(3);
        for (index, leaf) in (0..).zip(&mut moved) {
            leaf.index = index;
        }
        assert_eq!(walk(&right, &moved, &[4, 8]), [between(0, 4, 10, 14, None)]);
    }

    #[test]
    fn leaves_that_are_gone_are_named_by_their_place() {
        let right = found(9);
        let mut torn = right.clone();
        torn.remove(3);
        assert_eq!(walk(&right, &torn, &[9]), [Fault::LeavesMissing { index: 3 }]);
    }

    #[test]
    fn an_event_that_was_sealed_late_is_no_fault() {
        let mut right = found(9);
        right[6].event = 3;
        assert_eq!(walk(&right, &right, &[4, 9]), []);
    }

    #[test]
    fn faults_are_counted_on_where_they_are_no_longer_named() {
        let mut leaves = found(300);
        for leaf in &mut leaves {
            leaf.event_now = EventNow::Gone { as_purged: false };
        }
        let mut walk = TrailWalk::default();
        for leaf in leaves {
            walk.leaf(leaf);
        }
        assert_eq!((walk.faults().len(), walk.fault_count()), (100, 300));
    }
    #[test]
    fn security_55_what_was_purged_is_accepted_as_far_as_a_sealed_entry_says_so() {
        let gone = EventNow::Gone { as_purged: true };
        let mut purged = found(9);
        for leaf in &mut purged[..3] {
            leaf.event_now = gone;
        }
        purged[6] = telling(&purged[6], purge(3, 3, 12));
        assert_eq!(walk_to_end(&purged, 12), []);

        // One more, behind the last number, with its salt and without.
        let deleted = [Fault::Deleted { event: 13, index: 3 }];
        let mut more = purged.clone();
        more[3].event_now = gone;
        assert_eq!(walk_to_end(&more, 12), deleted);
        let mut more = purged.clone();
        more[1].event_now = EventNow::Gone { as_purged: false };
        assert_eq!(walk_to_end(&more, 12), [Fault::Deleted { event: 11, index: 1 }]);

        // One more, of those that a purge kept.
        let mut more = purged.clone();
        more[6] = telling(&more[6], purge(2, 2, 12));
        let not_announced = |announced| Fault::NotAnnounced {
            by: RemovalKind::Purge,
            event: 10,
            index: 0,
            removed: 3,
            announced,
        };
        assert_eq!(walk_to_end(&more, 12), [not_announced(2)]);
        // The store says more than the sealed entry, or there is none.
        let mut more = purged.clone();
        more[6] = telling(&more[6], purge(3, 3, 11));
        assert_eq!(walk_to_end(&more, 12), [not_announced(0)]);
        more[6] = found(9)[6];
        assert_eq!(walk_to_end(&more, 12), [not_announced(0)]);
        // It was sealed before what is missing.
        let mut early = purged.clone();
        early[0] = telling(&found(9)[0], purge(2, 2, 12));
        early[6] = found(9)[6];
        let fault = walk_to_end(&early, 12);
        assert!(matches!(fault[..], [Fault::NotAnnounced { removed: 2, announced: 0, .. }]));
        // An entry that was changed says nothing.
        let mut changed = purged.clone();
        changed[6].hash = Some(TreeHash::leaf(b"another"));
        let changed_entry = Fault::Changed { event: 16, index: 6 };
        assert_eq!(walk_to_end(&changed, 12), [changed_entry, not_announced(0)]);
    }

    #[test]
    fn security_55_an_entry_that_is_not_the_desks_covers_nothing() {
        let mut leaves = found(9);
        for leaf in &mut leaves[..3] {
            leaf.event_now = EventNow::Gone { as_purged: true };
        }
        let not_announced = Fault::NotAnnounced {
            by: RemovalKind::Purge,
            event: 10,
            index: 0,
            removed: 3,
            announced: 2,
        };
        leaves[5] = telling(&leaves[5], purge(2, 2, 12));
        let forged = Fault::NotTheDesks { event: 17, index: 7 };
        for proof in [RemovalProof::Wrong, RemovalProof::Missing] {
            leaves[7] = announcing(&found(9)[7], purge(1, 3, 12), proof);
            assert_eq!(walk_to_end(&leaves, 12), [forged.clone(), not_announced.clone()]);
        }
        // One from before there were proofs is counted.
        leaves[5] = announcing(&found(9)[5], purge(2, 2, 12), RemovalProof::Missing);
        leaves[7] = telling(&found(9)[7], purge(1, 3, 12));
        assert_eq!(walk_to_end(&leaves, 12), []);
        let mut walk = TrailWalk::default();
        walk.may_be_purged(12);
        for leaf in leaves {
            walk.leaf(leaf);
        }
        assert_eq!((walk.unproven(), walk.purged()), (1, 3));
    }

    #[test]
    fn security_55_a_log_that_was_begun_with_proofs_has_no_announcement_without() {
        let mut leaves = found(9);
        for leaf in &mut leaves[..3] {
            leaf.event_now = EventNow::Gone { as_purged: true };
        }
        leaves[7] = announcing(&leaves[7], purge(3, 3, 12), RemovalProof::Missing);
        let verified = |removals_proven| {
            let mut walk = TrailWalk::default();
            walk.may_be_purged(12);
            for leaf in &leaves {
                walk.leaf(*leaf);
            }
            let (origin, root) = ("o".into(), root(&leaves));
            walk.checkpoint(&Checkpoint { origin, size: 9, root, removals_proven });
            walk.end();
            (walk.faults().to_vec(), walk.unproven())
        };
        assert_eq!(verified(false), (Vec::new(), 1), "an older log");
        assert_eq!(verified(true), (vec![Fault::NotTheDesks { event: 17, index: 7 }], 0));
    }

    #[test]
    fn a_purge_goes_on_from_the_one_before() {
        let mut leaves = found(9);
        for leaf in &mut leaves[..5] {
            leaf.event_now = EventNow::Gone { as_purged: true };
        }
        leaves[6] = telling(&leaves[6], purge(3, 13, 12));
        leaves[7] = telling(&leaves[7], purge(2, 15, 14));
        assert_eq!(walk_to_end(&leaves, 14), [], "those before were purged themselves");
        leaves[7] = telling(&leaves[7], purge(2, 16, 14));
        assert_eq!(walk_to_end(&leaves, 14), [Fault::Miscounted { event: 17, index: 7 }]);
    }

    #[test]
    fn security_64_what_was_erased_is_counted_as_a_sealed_entry_says() {
        let mut leaves = found(9);
        for leaf in &mut leaves[2..4] {
            leaf.is_erased = true;
        }
        leaves[6] = telling(&leaves[6], Removal::erasure(2, 2));
        assert_eq!(walk_to_end(&leaves, 0), []);
        // A purge that took that entry away says the same.
        let mut purged = leaves.clone();
        for leaf in &mut purged[..7] {
            leaf.event_now = EventNow::Gone { as_purged: true };
        }
        purged[8] = telling(&purged[8], Removal { erased: 2, ..purge(7, 7, 16) });
        assert_eq!(walk_to_end(&purged, 16), []);
        leaves[8] = telling(&leaves[8], purge(0, 0, 0));
        assert_eq!(walk_to_end(&leaves, 0).len(), 2, "it says fewer than the entry before");
        leaves[8] = found(9)[8];
        leaves[6] = telling(&leaves[6], Removal::erasure(1, 1));
        let fault = Fault::NotAnnounced {
            by: RemovalKind::Erasure,
            event: 12,
            index: 2,
            removed: 2,
            announced: 1,
        };
        assert_eq!(walk_to_end(&leaves, 0), [fault]);
    }
}
