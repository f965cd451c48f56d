//! Exporting the trail, page by page. The export itself is an entry of the log.

use serde::{Deserialize, Serialize};

use crate::domain::audit::export::{
    ExportEnd, ExportHeader, ExportedEntry, ExportedLeaf, PurgedEntry,
};
use crate::domain::audit::leaf::{Proving, SealedEntry};
use crate::domain::event::EventKind;
use crate::domain::time::Timestamp;
use crate::service::ports::audit::NewEvent;
use crate::service::ports::trail::TrailError;
use crate::service::reason::cleaned_reason;
use crate::service::{Desk, DeskError};

/// How many entries a page has at most.
const EXPORT_PAGE: u32 = 2_000;

/// What is exported.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExportRange {
    /// From this moment on.
    pub since: Option<Timestamp>,
    /// Until before this one.
    pub until: Option<Timestamp>,
}

/// An export that was begun: what stands before its entries, and after them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Export {
    /// Before its entries.
    pub header: ExportHeader,
    /// After them.
    pub end: ExportEnd,
}

impl Desk {
    /// Begins an export, and writes into the log that it was done, and why what is personal
    /// is in it.
    pub async fn begin_export(
        &self,
        key: &str,
        range: &ExportRange,
        personal: Option<&str>,
    ) -> Result<Export, DeskError> {
        let (newest, note) = self.newest_checkpoint().await?;
        let from = self.place_of(range.since, newest.size, 0).await?;
        let to = self.place_of(range.until, newest.size, newest.size).await?.max(from);
        let left = self.subtree_hashes(0..from).await?;
        let right = self.subtree_hashes(to..newest.size).await?;
        let purged_up_to = self.reading(|| self.store.trail_head()).await?.purged_up_to.0;
        let header = ExportHeader { purged_up_to, ..ExportHeader::new(&newest, (from, to), left) };
        let what = format!("entries in the places {from} to {to}");
        self.record_export(key, &what, personal).await?;
        Ok(Export { header, end: ExportEnd { right, checkpoint: note } })
    }

    /// The place of the first entry from a moment on.
    async fn place_of(
        &self,
        moment: Option<Timestamp>,
        size: u64,
        otherwise: u64,
    ) -> Result<u64, DeskError> {
        let Some(moment) = moment else { return Ok(otherwise) };
        let event = self.reading(|| self.store.event_at(moment)).await?;
        let place = self.reading(|| self.store.leaf_from(event)).await?;
        Ok(place.unwrap_or(size).min(size))
    }

    /// Writes into the log that something of it was given out.
    pub(in crate::service) async fn record_export(
        &self,
        key: &str,
        what: &str,
        personal: Option<&str>,
    ) -> Result<(), DeskError> {
        let act = self.bound_key(&["export", key]);
        let detail = match personal {
            None => what.to_owned(),
            Some(reason) => {
                format!("{what}, with what is personal: {}", cleaned_reason(reason))
            }
        };
        let event = NewEvent::of_office(EventKind::Exported, detail, &self.actor);
        Ok(self.retry(|| self.store.record(&act, event.clone())).await?)
    }

    /// The next entries of an export.
    pub async fn export_page(
        &self,
        from: u64,
        to: u64,
        personal: bool,
    ) -> Result<Vec<ExportedEntry>, DeskError> {
        let most = u32::try_from(to.saturating_sub(from)).unwrap_or(EXPORT_PAGE).min(EXPORT_PAGE);
        let leaves = self.reading(|| self.store.leaves(from, most)).await?;
        let numbers: Vec<_> = leaves.iter().map(|it| it.event).collect();
        let events = self.reading(|| self.store.stored_events_of(&numbers)).await?;
        let mut events: std::collections::HashMap<_, _> =
            events.into_iter().map(|it| (it.id, it)).collect();
        let mut page = Vec::with_capacity(leaves.len());
        for leaf in leaves {
            let erased = matches!(leaf.proving, Proving::Erased(_));
            let hash = leaf.hash.ok_or(TrailError::Broken)?;
            let entry = match events.remove(&leaf.event) {
                None => ExportedLeaf::Purged(PurgedEntry {
                    index: leaf.index,
                    event: leaf.event.0,
                    leaf: hash,
                    purged: !matches!(leaf.proving, Proving::Salt(_)),
                }),
                Some(event) => {
                    let mut entry = SealedEntry::proven(leaf.index, event, &leaf.proving);
                    // As it was sealed: whoever verifies the export finds what was changed.
                    entry.leaf = hash;
                    if !personal {
                        entry.hide_personal();
                    }
                    ExportedLeaf::Entry(Box::new(entry))
                }
            };
            page.push(ExportedEntry { entry, erased });
        }
        Ok(page)
    }
}
