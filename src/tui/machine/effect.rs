//! What the machine wants done. Effects are data: each is one call to the desk
//! under an id of its own. The runtime carries it out and brings the answer back
//! under the same id; an answer whose id is no longer waited for is dropped.

use crate::service::api::Call;

/// The name of one effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EffectId(pub u64);

/// A call to the desk, and under which id to answer.
#[derive(Clone, Debug)]
pub struct Effect {
    /// Its name.
    pub id: EffectId,
    /// What the desk is asked for.
    pub call: Call,
}
