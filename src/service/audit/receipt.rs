//! Proofs of entries, and of how the log goes on from an older checkpoint.

use crate::domain::audit::checkpoint::Checkpoint;
use crate::domain::audit::leaf::SealedEntry;
use crate::domain::audit::proof::{
    consistency_path, inclusion_path, is_consistent, root_by_inclusion,
};
use crate::domain::audit::receipt::{Consistency, Inclusion};
use crate::domain::event::{EventFilter, EventId, EventKind, EventPage};
use crate::domain::outcome::Outcome;
use crate::domain::request::{Reference, RequestId};
use crate::service::ports::trail::TrailError;
use crate::service::{Desk, DeskError};

/// More entries than one request can have.
const OF_REQUEST_MAX: u32 = 500;

impl Desk {
    /// Proves that an entry is in the log.
    pub async fn prove_entry(
        &self,
        key: &str,
        event: EventId,
        personal: Option<&str>,
    ) -> Result<Inclusion, DeskError> {
        let (newest, note) = self.newest_checkpoint().await?;
        let index = self.reading(|| self.store.leaf_from(event)).await?;
        let index = index.filter(|it| *it < newest.size).ok_or(TrailError::Unsealed)?;
        let leaf = self.reading(|| self.store.leaves(index, 1)).await?.pop();
        let leaf = leaf.filter(|it| it.event == event).ok_or(TrailError::NoEntry)?;
        let these = &[event];
        let stored = self.reading(|| self.store.stored_events_of(these)).await?.pop();
        let stored = stored.ok_or(TrailError::NoEntry)?;
        let mut entry = SealedEntry::proven(index, stored, &leaf.proving);
        if Some(entry.leaf) != leaf.hash {
            return Err(TrailError::Broken.into());
        }
        let path = inclusion_path(index, newest.size).ok_or(TrailError::Unsealed)?;
        let proof = self.proof(path).await?;
        let root = root_by_inclusion(entry.leaf, index, newest.size, &proof);
        if root != Some(newest.root) {
            return Err(TrailError::Broken.into());
        }
        if personal.is_some() {
            let what = format!("a proof of entry {}", event.0);
            self.record_export(key, &what, personal).await?;
        } else {
            entry.hide_personal();
        }
        Ok(Inclusion { entry, proof, checkpoint: note })
    }

    /// The entry that a number, a request or a reference names: of a request its
    /// verification, or else its newest entry.
    pub async fn entry_named(&self, name: &str) -> Result<EventId, DeskError> {
        if let Ok(number) = name.parse() {
            return Ok(EventId(number));
        }
        let mut filter = EventFilter::default();
        match name.parse::<RequestId>() {
            Ok(request) => filter.request = Some(request),
            Err(_) if Reference::typed(name).is_some() => filter.text = Some(name.to_owned()),
            Err(_) => return Err(TrailError::NoEntry.into()),
        }
        let events = self.log(&filter, EventPage::Newest, OF_REQUEST_MAX).await?;
        let is_verification =
            |it: EventKind, how| it == EventKind::Attempt && how == Some(Outcome::Verified);
        let verification = events.iter().find(|it| is_verification(it.kind, it.outcome));
        let found = verification.or_else(|| events.iter().find(|it| it.request.is_some()));
        Ok(found.ok_or(TrailError::NoEntry)?.id)
    }

    /// Proves that the log goes on from an older checkpoint.
    pub async fn prove_consistency(&self, old: &str) -> Result<Consistency, DeskError> {
        let (newest, note) = self.newest_checkpoint().await?;
        let keys = self.trail_verifiers(&newest.origin)?;
        let older = Checkpoint::open(old, &keys).map_err(TrailError::Kept)?;
        let path = consistency_path(older.size, newest.size).ok_or(TrailError::NotOlder)?;
        let proof = self.proof(path).await?;
        let (before, after) = ((older.size, older.root), (newest.size, newest.root));
        if !is_consistent(before, after, &proof) {
            return Err(TrailError::NotOlder.into());
        }
        Ok(Consistency { old: old.to_owned(), proof, checkpoint: note })
    }
}
