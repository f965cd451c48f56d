//! Maintenance tasks and their progress.

#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum MaintenanceTask {
    /// Expires requests whose codes can no longer be entered, and erases their digests.
    EraseCodes,
    /// Moves old requests to the archive.
    ArchiveRequests,
    /// Purges archived requests.
    PurgeArchive,
    /// Purges events of the log.
    PurgeEvents,
    /// Purges sessions.
    PurgeSessions,
}

impl MaintenanceTask {
    /// Every task, in the order of execution.
    pub const ALL: [Self; 5] = [
        Self::EraseCodes,
        Self::ArchiveRequests,
        Self::PurgeArchive,
        Self::PurgeEvents,
        Self::PurgeSessions,
    ];

    /// The result of a task in words, for people and for the log.
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

/// The progress after one batch of a task.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TaskProgress {
    /// Rows processed.
    pub done: u64,
    /// Rows kept, though they are old: entries of the log that are not as they were sealed.
    pub kept: u64,
    /// Where the next batch begins; `None` if the task is done.
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
