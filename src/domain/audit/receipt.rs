//! Receipts: proofs that can be checked with the public key alone, without the store.

use serde::{Deserialize, Serialize};

use crate::domain::audit::checkpoint::{Checkpoint, CheckpointError, CheckpointVerifier};
use crate::domain::audit::hash::TreeHash;
use crate::domain::audit::leaf::SealedEntry;
use crate::domain::audit::proof;

/// A proof, as a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "format")]
pub enum Receipt {
    /// That an entry is in the log.
    #[serde(rename = "countersign receipt 1")]
    Inclusion(Box<Inclusion>),
    /// That the log goes on from an older checkpoint.
    #[serde(rename = "countersign consistency 1")]
    Consistency(Consistency),
}

/// An entry with the proof that it is in the log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Inclusion {
    /// The entry.
    pub entry: SealedEntry,
    /// The inclusion proof (RFC 9162, 2.1.3).
    pub proof: Vec<TreeHash>,
    /// The checkpoint of the log that it is in.
    pub checkpoint: String,
}

/// An older checkpoint with the proof that a newer one goes on from it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Consistency {
    /// The older checkpoint.
    pub old: String,
    /// The consistency proof (RFC 9162, 2.1.4).
    pub proof: Vec<TreeHash>,
    /// The newer one.
    pub checkpoint: String,
}

/// Why a receipt proves nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotProven {
    /// A checkpoint of it.
    #[error("{0}")]
    Checkpoint(#[from] CheckpointError),
    /// The entry.
    #[error("the entry is not what was sealed")]
    Entry,
    /// The proof.
    #[error("the proof does not lead to the root of the checkpoint")]
    Proof,
    /// The two checkpoints are of different logs.
    #[error("the two checkpoints are of different logs")]
    Origins,
}

impl Receipt {
    /// Verifies the receipt with these public keys; returns the checkpoint that it leads to.
    pub fn check(&self, keys: &[CheckpointVerifier]) -> Result<Checkpoint, NotProven> {
        match self {
            Self::Inclusion(it) => it.check(keys),
            Self::Consistency(it) => it.check(keys),
        }
    }
}

impl Inclusion {
    fn check(&self, keys: &[CheckpointVerifier]) -> Result<Checkpoint, NotProven> {
        let checkpoint = Checkpoint::open(&self.checkpoint, keys)?;
        if !self.entry.is_as_sealed() {
            return Err(NotProven::Entry);
        }
        let (leaf, index) = (self.entry.leaf, self.entry.index);
        let root = proof::root_by_inclusion(leaf, index, checkpoint.size, &self.proof);
        if root == Some(checkpoint.root) { Ok(checkpoint) } else { Err(NotProven::Proof) }
    }
}

impl Consistency {
    fn check(&self, keys: &[CheckpointVerifier]) -> Result<Checkpoint, NotProven> {
        let old = Checkpoint::open(&self.old, keys)?;
        let new = Checkpoint::open(&self.checkpoint, keys)?;
        if old.origin != new.origin {
            return Err(NotProven::Origins);
        }
        let (before, after) = ((old.size, old.root), (new.size, new.root));
        if proof::is_consistent(before, after, &self.proof) {
            Ok(new)
        } else {
            Err(NotProven::Proof)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::audit::checkpoint::tests::signer;
    use crate::domain::audit::leaf::tests::{entry, event};

    fn keys() -> Vec<CheckpointVerifier> {
        vec![signer(1).verifier()]
    }

    fn note(size: u64, root: TreeHash, secret: u8) -> String {
        let origin = signer(1).verifier().name().to_owned();
        Checkpoint { origin, size, root, removals_proven: false }.signed(&signer(secret))
    }

    fn of_two(secret: u8) -> Inclusion {
        let (entry, other) = (entry(1, event(41)), TreeHash::leaf(b"the first"));
        let root = TreeHash::node(other, entry.leaf);
        Inclusion { entry, proof: vec![other], checkpoint: note(2, root, secret) }
    }

    #[test]
    fn security_61_a_receipt_is_checked_with_the_public_key_alone() {
        let written =
            serde_json::to_string(&Receipt::Inclusion(Box::new(of_two(1)))).expect("written");
        let receipt: Receipt = serde_json::from_str(&written).expect("read");
        assert_eq!(receipt.check(&keys()).map(|it| it.size), Ok(2));
        assert!(matches!(of_two(2).check(&keys()), Err(NotProven::Checkpoint(_))));
        let mut edited = of_two(1);
        edited.entry.outcome = Some("verified".into());
        assert_eq!(edited.check(&keys()), Err(NotProven::Entry));
        edited.entry.leaf = edited.entry.computed_leaf();
        assert_eq!(edited.check(&keys()), Err(NotProven::Proof));
        let mut elsewhere = of_two(1);
        elsewhere.entry.index = 0;
        assert_eq!(elsewhere.check(&keys()), Err(NotProven::Proof));
    }

    #[test]
    fn a_log_goes_on_from_an_older_checkpoint() {
        let (one, two) = (TreeHash::leaf(b"1"), TreeHash::leaf(b"2"));
        let root = TreeHash::node(one, two);
        let of = |proof: TreeHash| Consistency {
            old: note(1, one, 1),
            proof: vec![proof],
            checkpoint: note(2, root, 1),
        };
        assert_eq!(of(two).check(&keys()).map(|it| it.size), Ok(2));
        assert_eq!(of(one).check(&keys()), Err(NotProven::Proof));
        let forged = Consistency { old: note(1, two, 2), ..of(two) };
        assert!(matches!(forged.check(&keys()), Err(NotProven::Checkpoint(_))));
    }
}
