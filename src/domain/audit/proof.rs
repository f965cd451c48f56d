//! Inclusion and consistency proofs (RFC 9162, 2.1.3 and 2.1.4).
//!
//! A proof is built in two steps, since the hashes are in a store: [`inclusion_path`] and
//! [`consistency_path`] give the ranges of leaves whose roots make up the proof, in its order; each
//! range is covered by [`complete_subtrees`], over which [`root_over`] computes its root.
//!
//! [`complete_subtrees`]: crate::domain::audit::tree::complete_subtrees
//! [`root_over`]: crate::domain::audit::tree::root_over

use std::ops::Range;

use crate::domain::audit::hash::TreeHash;

/// The largest power of two that is less than `count`, for a count of at least 2.
const fn split(count: u64) -> u64 {
    1 << (count - 1).ilog2()
}

/// The ranges whose roots prove that a leaf is in a tree; `None` if it is not.
pub fn inclusion_path(index: u64, size: u64) -> Option<Vec<Range<u64>>> {
    if index >= size {
        return None;
    }
    let (mut from, mut to, mut path) = (0, size, Vec::new());
    while to - from > 1 {
        let middle = from + split(to - from);
        if index < middle {
            path.push(middle..to);
            to = middle;
        } else {
            path.push(from..middle);
            from = middle;
        }
    }
    path.reverse();
    Some(path)
}

/// The ranges whose roots prove that a tree extends an older one; `None` if it is smaller, or if
/// the older one is empty, which needs no proof.
pub fn consistency_path(old: u64, new: u64) -> Option<Vec<Range<u64>>> {
    if old == 0 || old > new {
        return None;
    }
    let (mut from, mut to, mut path) = (0, new, Vec::new());
    while old != to {
        let middle = from + split(to - from);
        if old <= middle {
            path.push(middle..to);
            to = middle;
        } else {
            path.push(from..middle);
            from = middle;
        }
    }
    // The whole older tree is what the verifier holds already.
    if from > 0 {
        path.push(from..to);
    }
    path.reverse();
    Some(path)
}

/// The root that an inclusion proof leads to; `None` if the proof is invalid.
pub fn root_by_inclusion(
    leaf: TreeHash,
    index: u64,
    size: u64,
    proof: &[TreeHash],
) -> Option<TreeHash> {
    if index >= size {
        return None;
    }
    let (mut node, mut last, mut root) = (index, size - 1, leaf);
    for hash in proof {
        if last == 0 {
            return None;
        }
        if node & 1 == 1 || node == last {
            root = TreeHash::node(*hash, root);
            while node & 1 == 0 && node != 0 {
                (node, last) = (node >> 1, last >> 1);
            }
        } else {
            root = TreeHash::node(root, *hash);
        }
        (node, last) = (node >> 1, last >> 1);
    }
    (last == 0).then_some(root)
}

/// Whether a proof shows that a tree extends an older one.
pub fn is_consistent(
    (old, old_root): (u64, TreeHash),
    (new, new_root): (u64, TreeHash),
    proof: &[TreeHash],
) -> bool {
    if old == 0 || old >= new {
        return old == new && old_root == new_root && proof.is_empty();
    }
    let (mut node, mut last) = (old - 1, new - 1);
    while node & 1 == 1 {
        (node, last) = (node >> 1, last >> 1);
    }
    // An older tree that is one complete subtree is not repeated in the proof.
    let (first, rest) = match proof.split_first() {
        _ if node == 0 => (old_root, proof),
        Some((first, rest)) => (*first, rest),
        None => return false,
    };
    let (mut from_old, mut from_new) = (first, first);
    for hash in rest {
        if last == 0 {
            return false;
        }
        if node & 1 == 1 || node == last {
            from_old = TreeHash::node(*hash, from_old);
            from_new = TreeHash::node(*hash, from_new);
            while node & 1 == 0 && node != 0 {
                (node, last) = (node >> 1, last >> 1);
            }
        } else {
            from_new = TreeHash::node(from_new, *hash);
        }
        (node, last) = (node >> 1, last >> 1);
    }
    last == 0 && from_old == old_root && from_new == new_root
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::audit::tree::tests::{LEAVES, defined, leaf, leaves};
    use crate::domain::audit::tree::{complete_subtrees, root_over};

    fn below(all: &[TreeHash], range: &Range<u64>) -> TreeHash {
        let part = |it: &Range<u64>| {
            let (from, to) = (usize::try_from(it.start), usize::try_from(it.end));
            defined(&all[from.expect("small")..to.expect("small")])
        };
        let subtrees = complete_subtrees(range.clone());
        let hashes: Vec<_> = subtrees.iter().map(|it| part(&it.leaves())).collect();
        let root = root_over(&hashes);
        assert_eq!(root, part(range), "a range of a proof is covered by its subtrees");
        root
    }

    fn proof(all: &[TreeHash], path: Option<Vec<Range<u64>>>) -> Vec<TreeHash> {
        path.expect("a path").iter().map(|range| below(all, range)).collect()
    }

    fn size(leaves: &[TreeHash]) -> u64 {
        u64::try_from(leaves.len()).expect("small")
    }

    #[test]
    fn security_61_proofs_are_those_of_rfc_6962() {
        let all: Vec<_> = LEAVES.into_iter().map(leaf).collect();
        let hexed = |proof: Vec<TreeHash>| -> Vec<String> {
            proof.iter().map(|it| hex::encode(it.as_bytes())).collect()
        };
        // The vectors of the reference implementation.
        assert_eq!(hexed(proof(&all, inclusion_path(0, 1))), [""; 0]);
        assert_eq!(
            hexed(proof(&all, inclusion_path(0, 8))),
            [
                "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
                "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
                "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
            ]
        );
        assert_eq!(
            hexed(proof(&all, inclusion_path(5, 8))),
            [
                "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
                "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
                "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
            ]
        );
        assert_eq!(
            hexed(proof(&all, consistency_path(6, 8))),
            [
                "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
                "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
                "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
            ]
        );
        assert_eq!(
            hexed(proof(&all[..5], consistency_path(2, 5))),
            [
                "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
                "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
            ]
        );
    }

    #[test]
    fn every_leaf_is_proven_to_be_in_every_tree_and_nowhere_else() {
        let all = leaves(40);
        for count in 1..=40 {
            let tree = &all[..count];
            for (index, leaf) in tree.iter().enumerate() {
                let at = u64::try_from(index).expect("small");
                let proof = proof(tree, inclusion_path(at, size(tree)));
                let root =
                    |leaf, at, proof: &[TreeHash]| root_by_inclusion(leaf, at, size(tree), proof);
                assert_eq!(root(*leaf, at, &proof), Some(defined(tree)), "{at} of {count}");
                let other = TreeHash::leaf(b"another");
                assert_ne!(root(other, at, &proof), Some(defined(tree)));
                assert_eq!(root(*leaf, size(tree), &proof), None);
                let longer = [proof.as_slice(), &[other]].concat();
                assert_eq!(root(*leaf, at, &longer), None, "too long");
                if let Some((_, shorter)) = proof.split_last() {
                    assert_eq!(root(*leaf, at, shorter), None, "too short");
                    assert_ne!(root(*leaf, at ^ 1, &proof), Some(defined(tree)), "its neighbour");
                }
            }
        }
        assert_eq!(inclusion_path(3, 3), None);
    }

    #[test]
    fn every_tree_is_proven_to_begin_with_every_older_one() {
        let all = leaves(40);
        let root = |count: u64| defined(&all[..usize::try_from(count).expect("small")]);
        for new in 1..=40 {
            let tree = &all[..usize::try_from(new).expect("small")];
            for old in 1..=new {
                let proof = proof(tree, consistency_path(old, new));
                let check = |old_root, new_root, proof: &[TreeHash]| {
                    is_consistent((old, old_root), (new, new_root), proof)
                };
                assert!(check(root(old), root(new), &proof), "{old} of {new}");
                let other = TreeHash::leaf(b"another");
                assert!(!check(other, root(new), &proof), "{old} of {new}: another older tree");
                assert!(!check(root(old), other, &proof), "{old} of {new}: another newer tree");
                let longer = [proof.as_slice(), &[other]].concat();
                assert!(!check(root(old), root(new), &longer), "too long");
                if let Some((_, shorter)) = proof.split_last() {
                    assert!(!check(root(old), root(new), shorter), "too short");
                }
            }
        }
        assert!(!is_consistent((5, root(5)), (4, root(4)), &[]), "a tree that became smaller");
        assert_eq!((consistency_path(0, 3), consistency_path(4, 3)), (None, None));
    }
}
