//! Sentences for the faults that an audit verification finds.

use crate::domain::audit::removal::RemovalKind;
use crate::domain::audit::walk::Fault;

/// Describes a fault and names the entry that it is about.
pub(super) fn sentence(fault: &Fault) -> String {
    match fault {
        Fault::Changed { event, .. } => {
            format!("Entry {event} was changed after it was sealed.")
        }
        Fault::Deleted { event, .. } => {
            format!("Entry {event} was sealed and is gone.")
        }
        Fault::Inserted { event } => {
            format!(
                "Entry {event} was put in later: it stands among sealed entries and is not one."
            )
        }
        Fault::LeavesMissing { index } => format!(
            "The trail has no leaf in place {index}: leaves were taken out or put elsewhere."
        ),
        Fault::Rewritten { from, to, first_event, last_event, suspect } => {
            let which = match (first_event, last_event) {
                (Some(first), Some(last)) if first == last => format!("entry {first}"),
                (Some(first), Some(last)) => {
                    format!("an entry between {first} and {last}, or one that stood there,")
                }
                _ => format!("an entry in the places {from} to {to}"),
            };
            let hint =
                suspect.map(|event| format!(" Entry {event} is out of order.")).unwrap_or_default();
            format!(
                "The trail was made anew: {which} was changed together with its leaf. The \
                 checkpoint of {to} entries does not fit.{hint}"
            )
        }
        Fault::Replaced { size } => format!(
            "The first {size} entries are not those of the checkpoint that was kept: the trail was \
             made anew."
        ),
        Fault::CutOff { size, kept } => format!(
            "The end is cut off: the trail has {size} entries, and a checkpoint was kept of {kept}."
        ),
        Fault::NotAnnounced { by, event, removed, announced, .. } => {
            let (done, by) = match by {
                RemovalKind::Purge => ("are gone as if purged", "purge"),
                RemovalKind::Erasure => ("have no personal fields any more", "erasure"),
            };
            format!(
                "{removed} entries {done}, and the sealed entries of the log say {announced}. The \
                 first is entry {event}. Where a {by} was done a moment ago, have its entry sealed \
                 (countersign audit seal) and verify again."
            )
        }
        Fault::Miscounted { event, .. } => {
            format!("Entry {event} about a purge or an erasure does not go on from the one before.")
        }
        Fault::NotTheDesks { event, .. } => format!(
            "Entry {event} says that something was purged or erased, and the desk did not write it."
        ),
        Fault::Unsigned { size, why } => {
            format!("The trail of {size} entries is not signed as it must be: {why}.")
        }
    }
}
