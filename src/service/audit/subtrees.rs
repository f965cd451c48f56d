//! Hashes of the tree as the store keeps it: leaves, and the roots of subtrees of 256,
//! 65,536, … leaves. Any other subtree is computed from at most 128 of them.
//!
//! They are as the store has them. Whoever uses them compares where they lead to with a
//! signed checkpoint.

use std::ops::Range;

use crate::domain::audit::checkpoint::Checkpoint;
use crate::domain::audit::hash::TreeHash;
use crate::domain::audit::tree::{KEPT_LEVELS, Subtree, TreeEdge, complete_subtrees, root_over};
use crate::service::ports::trail::TrailError;
use crate::service::{Desk, DeskError};

impl Desk {
    /// The newest checkpoint, and its note.
    pub(super) async fn newest_checkpoint(&self) -> Result<(Checkpoint, String), DeskError> {
        let head = self.reading(|| self.store.trail_head()).await?;
        let note = head.note.ok_or(TrailError::Unsealed)?;
        let newest = Checkpoint::unverified(&note).map_err(TrailError::Checkpoint)?;
        Ok((newest, note))
    }

    /// The roots of the complete subtrees that cover a range of leaves.
    pub(super) async fn subtree_hashes(
        &self,
        range: Range<u64>,
    ) -> Result<Vec<TreeHash>, DeskError> {
        let mut hashes = Vec::new();
        for subtree in complete_subtrees(range) {
            hashes.push(self.subtree_hash(subtree).await?);
        }
        Ok(hashes)
    }

    /// The roots of these ranges, which make up a proof.
    pub(super) async fn proof(&self, ranges: Vec<Range<u64>>) -> Result<Vec<TreeHash>, DeskError> {
        let mut proof = Vec::new();
        for range in ranges {
            proof.push(root_over(&self.subtree_hashes(range).await?));
        }
        Ok(proof)
    }

    async fn subtree_hash(&self, subtree: Subtree) -> Result<TreeHash, DeskError> {
        let level = subtree.level - subtree.level % KEPT_LEVELS;
        let count = 1_u64 << (subtree.level - level);
        let first = Subtree { level, index: subtree.index * count };
        let most = u32::try_from(count).unwrap_or(u32::MAX);
        let hashes = if level == 0 {
            let leaves = self.reading(|| self.store.leaves(first.index, most)).await?;
            leaves.iter().map(|it| it.hash).collect::<Option<Vec<_>>>()
        } else {
            Some(self.reading(|| self.store.nodes(first, most)).await?)
        };
        let hashes = hashes.filter(|it| u64::try_from(it.len()) == Ok(count));
        let mut edge = TreeEdge::default();
        for hash in hashes.ok_or(TrailError::Broken)? {
            edge.append(hash, |_, _| {});
        }
        Ok(edge.root())
    }
}
