//! The audit trail: a transparency log over the events.
//!
//! Each event becomes a leaf of a Merkle tree as defined by RFC 9162 (before it RFC 6962), in the
//! order of sealing. A checkpoint (C2SP tlog-checkpoint) is the signed root of the tree at one
//! size: whoever keeps one can tell later whether anything before it was changed. Nothing here does
//! I/O; the same functions seal, verify a store and verify a file.

pub mod checkpoint;
pub mod export;
pub mod hash;
pub mod leaf;
pub mod order;
pub mod proof;
pub mod receipt;
pub mod removal;
pub mod shipping;
pub mod tree;
pub mod walk;
