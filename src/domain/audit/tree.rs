//! A Merkle tree that is extended at its right edge.
//!
//! A tree of any size consists of complete subtrees, one for each set bit of the size. Their
//! hashes, at most 64, are enough to append a leaf and to compute the root.

use std::ops::Range;

use serde::{Deserialize, Serialize};

use crate::domain::audit::hash::TreeHash;

/// A complete subtree of 2^level leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Subtree {
    /// 0 for a leaf.
    pub level: u32,
    /// From 0 at the left.
    pub index: u64,
}

/// Hashes are stored for every eighth level: one for 256 of the stored level below.
pub const KEPT_LEVELS: u32 = 8;

impl Subtree {
    /// Whether its hash is stored, so that a proof need not read all leaves below it.
    pub const fn is_kept(self) -> bool {
        self.level > 0 && self.level.is_multiple_of(KEPT_LEVELS)
    }

    /// The leaves below it.
    pub const fn leaves(self) -> Range<u64> {
        self.index << self.level..(self.index + 1) << self.level
    }
}

/// The fewest complete subtrees that cover a range of leaves, from left to right.
pub fn complete_subtrees(range: Range<u64>) -> Vec<Subtree> {
    let (mut at, mut subtrees) = (range.start, Vec::new());
    while at < range.end {
        let aligned = if at == 0 { u64::BITS - 1 } else { at.trailing_zeros() };
        let level = aligned.min((range.end - at).ilog2());
        subtrees.push(Subtree { level, index: at >> level });
        at += 1 << level;
    }
    subtrees
}

/// The root over complete subtrees from left to right, each lower than the one before.
pub fn root_over(hashes: &[TreeHash]) -> TreeHash {
    let Some((last, before)) = hashes.split_last() else { return TreeHash::empty() };
    before.iter().rev().fold(*last, |right, left| TreeHash::node(*left, right))
}

/// The right edge of a tree.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "SerialisedEdge")]
pub struct TreeEdge {
    size: u64,
    /// The hashes of [`complete_subtrees`] of the whole tree.
    hashes: Vec<TreeHash>,
}

/// An edge as it comes from elsewhere.
#[derive(Deserialize)]
struct SerialisedEdge {
    size: u64,
    hashes: Vec<TreeHash>,
}

impl TryFrom<SerialisedEdge> for TreeEdge {
    type Error = NotAnEdge;

    fn try_from(written: SerialisedEdge) -> Result<Self, Self::Error> {
        Self::new(written.size, written.hashes)
    }
}

/// Hashes that are not the edge of a tree of this size.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a tree of {0} leaves has another number of complete subtrees")]
pub struct NotAnEdge(u64);

impl TreeEdge {
    /// The edge of a tree of this size.
    pub fn new(size: u64, hashes: Vec<TreeHash>) -> Result<Self, NotAnEdge> {
        let is_whole = u32::try_from(hashes.len()) == Ok(size.count_ones());
        if is_whole { Ok(Self { size, hashes }) } else { Err(NotAnEdge(size)) }
    }

    /// How many leaves the tree has.
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// The hashes of the complete subtrees, from left to right.
    pub fn hashes(&self) -> &[TreeHash] {
        &self.hashes
    }

    /// The root of the tree.
    pub fn root(&self) -> TreeHash {
        root_over(&self.hashes)
    }

    /// Appends a leaf. `completed` is called with each subtree that becomes complete, the leaf
    /// first.
    pub fn append(&mut self, leaf: TreeHash, completed: impl FnMut(Subtree, TreeHash)) {
        self.append_subtree(0, leaf, completed);
    }

    /// Appends a complete subtree; the size so far is a multiple of its leaves.
    pub fn append_subtree(
        &mut self,
        level: u32,
        hash: TreeHash,
        mut completed: impl FnMut(Subtree, TreeHash),
    ) {
        let mut subtree = Subtree { level, index: self.size >> level };
        let mut hash = hash;
        self.size = self.size.saturating_add(1 << level);
        completed(subtree, hash);
        while subtree.index & 1 == 1
            && let Some(left) = self.hashes.pop()
        {
            hash = TreeHash::node(left, hash);
            subtree = Subtree { level: subtree.level + 1, index: subtree.index >> 1 };
            completed(subtree, hash);
        }
        self.hashes.push(hash);
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// The leaves of the reference implementation of RFC 6962.
    pub(in crate::domain::audit) const LEAVES: [&str; 8] = [
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    ];

    /// The root of the first so many of them.
    const ROOTS: [&str; 9] = [
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
        "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
        "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    ];

    pub(in crate::domain::audit) fn leaf(hexed: &str) -> TreeHash {
        TreeHash::leaf(&hex::decode(hexed).expect("hexadecimal"))
    }

    /// The root as RFC 9162, 2.1.1, defines it, word for word.
    pub(in crate::domain::audit) fn defined(leaves: &[TreeHash]) -> TreeHash {
        match leaves {
            [] => TreeHash::empty(),
            [one] => *one,
            more => {
                let (left, right) = more.split_at(1 << (more.len() - 1).ilog2());
                TreeHash::node(defined(left), defined(right))
            }
        }
    }

    pub(in crate::domain::audit) fn leaves(count: u64) -> Vec<TreeHash> {
        (0..count).map(|it| TreeHash::leaf(&it.to_be_bytes())).collect()
    }

    #[test]
    fn security_61_leaves_and_nodes_are_hashed_as_rfc_6962_says() {
        let mut edge = TreeEdge::default();
        assert_eq!(hex::encode(edge.root().as_bytes()), ROOTS[0]);
        for (at, data) in LEAVES.into_iter().enumerate() {
            edge.append(leaf(data), |_, _| {});
            assert_eq!(hex::encode(edge.root().as_bytes()), ROOTS[at + 1], "{} leaves", at + 1);
        }
        assert_eq!(edge.hashes().len(), 1);
    }

    #[test]
    fn the_edge_gives_the_defined_root_at_every_size_and_each_subtree_once() {
        let all = leaves(200);
        let (mut edge, mut completed) = (TreeEdge::default(), Vec::new());
        for (at, leaf) in all.iter().enumerate() {
            edge.append(*leaf, |subtree, hash| completed.push((subtree, hash)));
            assert_eq!(edge.root(), defined(&all[..=at]));
            assert_eq!(TreeEdge::new(edge.size(), edge.hashes().to_vec()), Ok(edge.clone()));
        }
        for (subtree, hash) in &completed {
            let Range { start, end } = subtree.leaves();
            let below =
                &all[usize::try_from(start).expect("small")..usize::try_from(end).expect("small")];
            assert_eq!(*hash, defined(below), "{subtree:?}");
        }
        let count = completed.len();
        completed.sort_unstable();
        completed.dedup_by_key(|it| it.0);
        assert_eq!(completed.len(), count);
        assert_eq!(count, 200 + 100 + 50 + 25 + 12 + 6 + 3 + 1);
    }

    #[test]
    fn a_tree_is_put_together_from_the_subtrees_of_any_range() {
        let all = leaves(77);
        for cut in 0..=77 {
            let mut edge = TreeEdge::default();
            for subtree in complete_subtrees(0..cut).into_iter().chain(complete_subtrees(cut..77)) {
                let Range { start, end } = subtree.leaves();
                let below = &all
                    [usize::try_from(start).expect("small")..usize::try_from(end).expect("small")];
                edge.append_subtree(subtree.level, defined(below), |_, _| {});
            }
            assert_eq!((edge.size(), edge.root()), (77, defined(&all)), "cut at {cut}");
        }
    }

    #[test]
    fn an_edge_has_a_hash_for_each_bit_of_its_size() {
        assert_eq!(TreeEdge::new(3, leaves(1)), Err(NotAnEdge(3)));
        assert!(TreeEdge::new(3, leaves(2)).is_ok());
        assert!(TreeEdge::new(0, Vec::new()).is_ok());
    }
}
