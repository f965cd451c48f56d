//! Going over the leaves of a trail from the first to the last, and naming what is wrong.
//!
//! Two things are compared: each event with its leaf, which names an event that was changed
//! or deleted, and the tree over the leaves with the signed checkpoints on the way, which
//! finds whoever changed event and leaf alike. The first is exact; the second names the
//! entries between two checkpoints, the more exactly the closer they lie.

use serde::{Deserialize, Serialize};

use crate::domain::audit::checkpoint::Checkpoint;
use crate::domain::audit::hash::TreeHash;
use crate::domain::audit::tree::TreeEdge;

/// How many faults are named; the others are counted.
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
    /// Its hash; none where what is there is none.
    pub hash: Option<TreeHash>,
    /// The hash of its event as it is now; none where there is none.
    pub computed: Option<TreeHash>,
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

    /// What was found, the first hundred.
    pub fn faults(&self) -> &[Fault] {
        &self.faults
    }

    /// How much was found.
    pub const fn fault_count(&self) -> u64 {
        self.fault_count
    }

    /// Whether going on would name nothing more: the tree is not the signed one.
    pub const fn is_over(&self) -> bool {
        self.is_over
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
        let FoundLeaf { index, event, hash, computed } = found;
        if index != self.size() {
            return self.missing();
        }
        match computed {
            None => self.report(Fault::Deleted { event, index }),
            Some(computed) if hash != Some(computed) => {
                self.report(Fault::Changed { event, index });
            }
            Some(_) => {}
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

    /// There is no next leaf, although there must be one.
    pub fn missing(&mut self) {
        self.report(Fault::LeavesMissing { index: self.size() });
        self.is_over = true;
    }

    /// A checkpoint of the trail itself, when as many leaves were passed.
    pub fn checkpoint(&mut self, checkpoint: &Checkpoint) {
        if checkpoint.root == self.edge.root() && checkpoint.size == self.size() {
            (self.proven, self.span, self.suspect) = (self.size(), None, None);
            return;
        }
        let (first_event, last_event) = self.span.unzip();
        let suspect = self.suspect;
        let (from, to) = (self.proven, checkpoint.size);
        self.report(Fault::Rewritten { from, to, first_event, last_event, suspect });
        self.is_over = true;
    }

    /// A checkpoint that was kept elsewhere, when as many leaves were passed.
    pub fn kept(&mut self, kept: &Checkpoint) {
        if kept.root != self.edge.root() {
            self.report(Fault::Replaced { size: kept.size });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Leaves 0 to `count`, of the events 10, 11, …
    fn found(count: u64) -> Vec<FoundLeaf> {
        let leaf = |index: u64| {
            let event = i64::try_from(index).expect("small") + 10;
            let hash = Some(TreeHash::leaf(&event.to_be_bytes()));
            FoundLeaf { index, event, hash, computed: hash }
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
                walk.checkpoint(&Checkpoint { origin: "o".into(), size, root });
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
        changed[2].computed = Some(TreeHash::leaf(b"another"));
        changed[7].computed = None;
        let faults =
            [Fault::Changed { event: 12, index: 2 }, Fault::Deleted { event: 17, index: 7 }];
        assert_eq!(walk(&right, &changed, &[4, 9]), faults);
    }

    #[test]
    fn security_63_what_was_rewritten_leaf_and_all_lies_between_two_checkpoints() {
        let right = found(9);
        let mut forged = right.clone();
        let other = Some(TreeHash::leaf(b"another"));
        (forged[5].hash, forged[5].computed) = (other, other);
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
            leaf.computed = None;
        }
        let mut walk = TrailWalk::default();
        for leaf in leaves {
            walk.leaf(leaf);
        }
        assert_eq!((walk.faults().len(), walk.fault_count()), (100, 300));
    }
}
