//! What is tidied up when `countersign maintain` runs, and how far it got.

/// One kind of thing to tidy up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum MaintenanceTask {
    /// Codes that can no longer be entered: their requests expire and their
    /// digests go.
    EraseCodes,
    /// Requests that are old enough move to the archive.
    ArchiveRequests,
    /// Archived requests go.
    PurgeArchive,
    /// Events of the log go.
    PurgeEvents,
    /// Sessions go.
    PurgeSessions,
}

impl MaintenanceTask {
    /// Every task, in the order in which they are done.
    pub const ALL: [Self; 5] = [
        Self::EraseCodes,
        Self::ArchiveRequests,
        Self::PurgeArchive,
        Self::PurgeEvents,
        Self::PurgeSessions,
    ];

    /// What came of so many things, for people and for the log.
    pub fn done(self, count: u64) -> String {
        let of = |one: &str, what: &str| {
            let many = if count == 1 { "" } else { "s" };
            format!("{count} {one}{many} {what}")
        };
        match self {
            Self::EraseCodes => of("code", "erased"),
            Self::ArchiveRequests => of("request", "archived"),
            Self::PurgeArchive => of("request", "purged from the archive"),
            Self::PurgeEvents => of("event", "purged"),
            Self::PurgeSessions => of("session", "purged"),
        }
    }
}

/// How far a batch of a task got.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TaskProgress {
    /// How many things were done.
    pub done: u64,
    /// Where the next batch begins; none where nothing is left to do.
    pub next: Option<i64>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_done_is_said_in_words() {
        assert_eq!(MaintenanceTask::ArchiveRequests.done(1), "1 request archived");
        assert_eq!(MaintenanceTask::PurgeArchive.done(2), "2 requests purged from the archive");
    }
}
