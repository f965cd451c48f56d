//! Verifying the trail in the store, step by step: a run goes to the caller after each step,
//! so that progress can be shown, and comes back with the next one.

use std::collections::{BTreeSet, HashMap, VecDeque};

use serde::{Deserialize, Serialize};

use crate::domain::audit::checkpoint::{Checkpoint, CheckpointVerifier};
use crate::domain::audit::leaf::{Proving, SealedEntry, StoredEvent};
use crate::domain::audit::removal::RemovalKey;
use crate::domain::audit::walk::{EventNow, Fault, FoundLeaf, TrailWalk};
use crate::domain::event::EventId;
use crate::service::ports::trail::{StoredLeaf, TrailError, TrailHead};
use crate::service::{Desk, DeskError};

/// How many leaves one step goes over.
const LEAF_BATCH: u32 = 10_000;

/// How many events are read at a time.
const EVENT_BATCH: u32 = 5_000;

/// How far unsealed events are counted.
pub const UNSEALED_MAX: u32 = 100_000;

/// How many events that no leaf names are kept in mind.
const STRAYS_MAX: usize = 10_000;

/// A verification, as far as it has come.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct VerifyRun {
    walk: TrailWalk,
    keys: Vec<CheckpointVerifier>,
    /// The newest checkpoint, to which the walk leads; none where there is none.
    newest: Option<Checkpoint>,
    /// Checkpoints that were kept elsewhere, smallest first.
    kept: Vec<Checkpoint>,
    /// The highest event that was seen.
    after: EventId,
    settled: EventId,
    /// Events that no leaf has named yet.
    strays: BTreeSet<EventId>,
    unsealed: u32,
    is_done: bool,
}

impl VerifyRun {
    /// The walk so far.
    pub const fn walk(&self) -> &TrailWalk {
        &self.walk
    }

    /// The newest checkpoint.
    pub const fn newest(&self) -> Option<&Checkpoint> {
        self.newest.as_ref()
    }

    /// How many entries there are to go over.
    pub fn size(&self) -> u64 {
        self.newest.as_ref().map_or(0, |it| it.size)
    }

    /// How many events are not sealed yet, as far as they were counted.
    pub const fn unsealed(&self) -> u32 {
        self.unsealed
    }

    /// Whether it is complete.
    pub const fn is_done(&self) -> bool {
        self.is_done
    }

    fn begin(head: &TrailHead, kept: Vec<Checkpoint>, keys: Vec<CheckpointVerifier>) -> Self {
        let mut run = Self {
            walk: TrailWalk::default(),
            keys,
            newest: None,
            kept,
            after: EventId(i64::MIN),
            settled: head.settled,
            strays: BTreeSet::new(),
            unsealed: 0,
            is_done: false,
        };
        let size = head.edge.size();
        let newest = head.note.as_ref().map(|note| Checkpoint::open(note, &run.keys));
        let why = match newest {
            None => (size > 0).then(|| "it has no checkpoint".to_owned()),
            Some(Err(error)) => Some(error.to_string()),
            Some(Ok(newest)) => {
                let is_led_to = (newest.size, newest.root) == (size, head.edge.root());
                run.newest = Some(newest);
                (!is_led_to).then(|| "it does not lead to its newest checkpoint".to_owned())
            }
        };
        if let Some(why) = why {
            run.walk.report(Fault::Unsigned { size, why });
        }
        if let Some(kept) = run.kept.last().map(|it| it.size).filter(|kept| *kept > run.size()) {
            run.walk.report(Fault::CutOff { size: run.size(), kept });
        }
        run
    }

    /// Goes on to a newer checkpoint, where there is one.
    fn goes_on_to(&mut self, head: &TrailHead) -> bool {
        let newest = head.note.as_ref().map(|note| Checkpoint::open(note, &self.keys));
        let Some(Ok(newest)) = newest else { return false };
        let is_newer = newest.size > self.size()
            && (newest.size, newest.root) == (head.edge.size(), head.edge.root());
        if is_newer {
            self.newest = Some(newest);
        }
        is_newer
    }

    /// The checkpoints in the next leaves, with whether each was kept elsewhere.
    fn marks(&mut self, notes: &[String], to: u64) -> VecDeque<(Checkpoint, bool)> {
        let mut marks = Vec::new();
        for note in notes {
            match Checkpoint::open(note, &self.keys) {
                Ok(checkpoint) => marks.push((checkpoint, false)),
                Err(error) => {
                    let size = Checkpoint::unverified(note).map_or(0, |it| it.size);
                    self.walk.report(Fault::Unsigned { size, why: error.to_string() });
                }
            }
        }
        marks.extend(self.newest.iter().map(|it| (it.clone(), false)));
        marks.extend(self.kept.iter().map(|it| (it.clone(), true)));
        marks.retain(|(it, _)| it.size > self.walk.size() && it.size <= to);
        marks.sort_by_key(|(it, is_kept)| (it.size, *is_kept));
        marks.into()
    }

    /// Keeps an event in mind that no leaf names so far.
    fn stray(&mut self, event: EventId) {
        self.strays.insert(event);
        if self.strays.len() > STRAYS_MAX
            && let Some(lowest) = self.strays.pop_first()
        {
            self.report_stray(lowest);
        }
    }

    fn report_stray(&mut self, event: EventId) {
        // What is not settled may still be sealed.
        if event <= self.settled {
            self.walk.report(Fault::Inserted { event: event.0 });
        }
    }
}

impl Desk {
    /// Begins a verification against checkpoints that were kept elsewhere. Without public
    /// keys, those of this desk are used.
    pub async fn begin_verification(
        &self,
        kept: &[String],
        keys: Vec<CheckpointVerifier>,
    ) -> Result<VerifyRun, DeskError> {
        let head = self.reading(|| self.store.trail_head()).await?;
        let note = head.note.as_ref().or(kept.first());
        let keys = match note.and_then(|note| Checkpoint::unverified(note).ok()) {
            Some(checkpoint) if keys.is_empty() => self.trail_verifiers(&checkpoint.origin)?,
            _ => keys,
        };
        let open = |note: &String| Checkpoint::open(note, &keys).map_err(TrailError::Kept);
        let mut kept = kept.iter().map(open).collect::<Result<Vec<_>, _>>()?;
        kept.sort_by_key(|it| it.size);
        Ok(VerifyRun::begin(&head, kept, keys))
    }

    /// Goes over the next leaves.
    pub async fn verify_step(&self, run: &mut VerifyRun) -> Result<(), DeskError> {
        let from = run.walk.size();
        if run.walk.is_over() || from >= run.size() {
            return self.end_verification(run).await;
        }
        let most = u32::try_from(run.size() - from).unwrap_or(LEAF_BATCH).min(LEAF_BATCH);
        let notes = self.reading(|| self.store.checkpoints(from, most)).await?;
        let leaves = self.found_leaves(run, from, most).await?;
        let mut marks = run.marks(&notes, from + u64::from(most));
        let is_short = u32::try_from(leaves.len()) != Ok(most);
        for leaf in leaves {
            run.walk.leaf(leaf);
            while !run.walk.is_over()
                && let Some((mark, is_kept)) =
                    marks.pop_front_if(|(it, _)| it.size == run.walk.size())
            {
                if is_kept { run.walk.kept(&mark) } else { run.walk.checkpoint(&mark) }
            }
            if run.walk.is_over() {
                break;
            }
        }
        if is_short && !run.walk.is_over() {
            run.walk.missing();
        }
        Ok(())
    }

    /// The next leaves, each with its event as it is now.
    async fn found_leaves(
        &self,
        run: &mut VerifyRun,
        from: u64,
        most: u32,
    ) -> Result<Vec<FoundLeaf>, DeskError> {
        let keys = self.removal_keys()?;
        let leaves = self.reading(|| self.store.leaves(from, most)).await?;
        let mut events = self.events_of(run, &leaves).await?;
        let leaves = leaves.into_iter().map(|leaf| {
            let event = events.remove(&leaf.event);
            found(leaf, event, &keys)
        });
        let mut leaves: Vec<_> = leaves.collect();
        let odd = leaves.iter().filter(|it| !it.is_as_sealed()).map(|it| EventId(it.event));
        let odd: BTreeSet<_> = odd.collect();
        if odd.is_empty() {
            return Ok(leaves);
        }
        // They are looked at once more: something may have been removed while they were read.
        let numbers: Vec<_> = odd.iter().copied().collect();
        let events = self.reading(|| self.store.stored_events_of(&numbers)).await?;
        let mut events: HashMap<_, _> = events.into_iter().map(|it| (it.id, it)).collect();
        let again = self.reading(|| self.store.leaves(from, most)).await?;
        let head = self.reading(|| self.store.trail_head()).await?;
        run.walk.may_be_purged(head.purged_up_to.0);
        for (leaf, again) in leaves.iter_mut().zip(again) {
            if odd.contains(&again.event) && leaf.index == again.index {
                let event = events.remove(&again.event);
                *leaf = found(again, event, &keys);
            }
        }
        Ok(leaves)
    }

    /// The events of these leaves. Those that stand between them are kept in mind.
    async fn events_of(
        &self,
        run: &mut VerifyRun,
        leaves: &[StoredLeaf],
    ) -> Result<HashMap<EventId, StoredEvent>, DeskError> {
        let after = run.after;
        let named: BTreeSet<_> = leaves.iter().map(|it| it.event).collect();
        let up_to = named.last().copied().unwrap_or(after).max(after);
        let (mut events, mut from) = (HashMap::with_capacity(leaves.len()), after);
        while from < up_to {
            let read = self.reading(|| self.store.stored_events(from, up_to, EVENT_BATCH)).await?;
            let is_full = u32::try_from(read.len()) == Ok(EVENT_BATCH);
            from = read.last().filter(|_| is_full).map_or(up_to, |it| it.id);
            for event in read {
                if named.contains(&event.id) {
                    events.insert(event.id, event);
                } else {
                    run.stray(event.id);
                }
            }
        }
        run.after = up_to;
        // Those that were committed late are sealed after others with higher numbers.
        let late: Vec<_> = named.iter().copied().filter(|it| *it <= after).collect();
        if !late.is_empty() {
            let read = self.reading(|| self.store.stored_events_of(&late)).await?;
            events.extend(read.into_iter().map(|it| (it.id, it)));
            for event in &late {
                run.strays.remove(event);
            }
        }
        Ok(events)
    }

    async fn end_verification(&self, run: &mut VerifyRun) -> Result<(), DeskError> {
        if !run.walk.is_over() && run.walk.is_unannounced() {
            // The entry that says so may have been sealed meanwhile.
            let head = self.reading(|| self.store.trail_head()).await?;
            if run.goes_on_to(&head) {
                return Ok(());
            }
        }
        run.walk.end();
        // Where the tree is not the signed one, a later leaf may name what none has named yet.
        if !run.walk.is_over() {
            for event in std::mem::take(&mut run.strays) {
                run.report_stray(event);
            }
        }
        run.unsealed = self.reading(|| self.store.unsealed(UNSEALED_MAX)).await?;
        run.is_done = true;
        Ok(())
    }
}

/// A leaf with its event as it is now.
fn found(leaf: StoredLeaf, event: Option<StoredEvent>, keys: &[RemovalKey]) -> FoundLeaf {
    let StoredLeaf { index, event: number, hash, proving } = leaf;
    let event_now = match event {
        Some(event) => {
            let entry = SealedEntry::proven(index, event, &proving);
            EventNow::of(&entry, entry.leaf, keys)
        }
        None => EventNow::Gone { as_purged: !matches!(proving, Proving::Salt(_)) },
    };
    let is_erased = matches!(proving, Proving::Erased(_));
    FoundLeaf { index, event: number.0, hash, is_erased, event_now }
}
