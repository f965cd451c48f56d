//! Verifies the audit trail: leaves computed from the log's rows and from the lines of an export,
//! compared in the same run with bare SHA-256 over all bytes that such a verification hashes: the
//! salts and values of the commitments, the leaves, the nodes of the tree.
//!
//! ```sh
//! cargo bench --bench audit                  # 1,000,000 entries
//! cargo bench --bench audit -- 100000
//! ```

#![expect(clippy::expect_used, reason = "a bench that cannot go on ends, and says why")]

#[expect(dead_code, reason = "each bench uses its part")]
mod support;

use std::time::{Duration, Instant};

use countersign::domain::audit::checkpoint::{Checkpoint, CheckpointSigner};
use countersign::domain::audit::export::{
    ExportEnd, ExportHeader, ExportLine, ExportVerification, ExportedEntry, ExportedLeaf,
};
use countersign::domain::audit::hash::TreeHash;
use countersign::domain::audit::leaf::{EventSalt, Proving, SealedEntry, StoredEvent};
use countersign::domain::audit::tree::TreeEdge;
use countersign::domain::audit::walk::{EventNow, FoundLeaf, TrailWalk};
use countersign::domain::event::EventId;
use countersign::domain::key::Key;
use countersign::domain::time::Timestamp;
use sha2::{Digest as _, Sha256};
use support::Report;

const ENTRIES: u64 = 1_000_000;

const KINDS: [&str; 4] = ["requested", "sent", "delivered", "attempt"];

fn event(index: u64) -> StoredEvent {
    let number = i64::try_from(index).expect("small") + 1;
    let step = usize::try_from(index % 4).expect("small");
    StoredEvent {
        id: EventId(number),
        at: Timestamp::from_millis(1_790_000_000_000 + number * 731),
        kind: KINDS[step].into(),
        outcome: (step == 3).then(|| "verified".into()),
        request: Some(format!("{:010X}", index / 4)),
        customer: Some(number / 4),
        channel: Some("sms".into()),
        contact: Some(format!("+4*******{:02}", index % 100)),
        clerk: format!("clerk{}", index % 50),
        counter: (index % 50).to_string(),
        detail: (step == 1).then(|| format!("smtp: 250 queued as {index:x}")),
        purpose: Some("pay a bill".into()),
        provider: Some("twilio".into()),
        asked_at: None,
    }
}

fn salt(index: u64) -> EventSalt {
    let mut salt = [7; 16];
    salt[..8].copy_from_slice(&index.to_be_bytes());
    EventSalt::new(salt)
}

fn hash(form: &[u8]) {
    std::hint::black_box(Sha256::new().chain_update([0]).chain_update(form).finalize());
}

/// Hashes as many bytes as the salts, the commitments and the leaf of an event have, and one node.
fn hash_all(event: &StoredEvent, form: &[u8]) {
    const ZEROS: [u8; 256] = [0; 256];
    let customer = event.customer.map(|it| it.to_string());
    let personal = [
        ("customer", customer.as_deref()),
        ("contact", event.contact.as_deref()),
        ("detail", event.detail.as_deref()),
    ];
    for (label, value) in personal {
        let Some(value) = value else { continue };
        hash(&ZEROS[..16 + label.len()]);
        hash(&ZEROS[..32 + value.len()]);
    }
    hash(form);
    hash(&ZEROS[..64]);
}

/// The lines of a report, each compared with the floor.
struct Lines {
    report: Report,
    entries: u64,
    floor: Duration,
}

impl Lines {
    fn add(&mut self, what: &str, took: Duration) {
        let seconds = took.as_secs_f64();
        #[expect(clippy::cast_precision_loss, reason = "a rate")]
        let rate = self.entries as f64 / seconds;
        let speed = self.floor.as_secs_f64() / seconds;
        self.report.note(&format!(
            "{what:<52}{seconds:>8.2} s{rate:>12.0}/s   {speed:.2} × the floor's speed"
        ));
    }
}

fn main() {
    let entries = std::env::args().find_map(|it| it.parse().ok()).unwrap_or(ENTRIES);
    let (mut events, mut forms, mut leaves) = (Vec::new(), Vec::new(), Vec::new());
    for index in 0..entries {
        let entry = SealedEntry::new(index, event(index), &salt(index));
        events.push(event(index));
        forms.push(entry.form());
        leaves.push(entry.leaf);
    }
    let began = Instant::now();
    for (event, form) in events.iter().zip(&forms) {
        hash_all(event, form);
    }
    let mut lines = Lines { report: Report::default(), entries, floor: began.elapsed() };
    lines.report.note(&format!("{entries} entries"));
    lines.add("floor: SHA-256 over the same bytes", lines.floor);

    let began = Instant::now();
    for form in &forms {
        hash(form);
    }
    lines.add("SHA-256 over the bytes of the leaves alone", began.elapsed());

    let began = Instant::now();
    let mut edge = TreeEdge::default();
    for (form, leaf) in forms.iter().zip(&leaves) {
        hash(form);
        edge.append(*leaf, |_, _| {});
    }
    lines.add("that, and the tree over it", began.elapsed());
    rows(&mut lines, &leaves, edge.root());
    export(&mut lines, edge.root());
    lines.report.print();
}

/// Verifies from rows of the log.
fn rows(lines: &mut Lines, leaves: &[TreeHash], root: TreeHash) {
    let events: Vec<_> = (0..lines.entries).map(event).collect();
    let began = Instant::now();
    let mut walk = TrailWalk::default();
    for (event, (index, leaf)) in events.into_iter().zip((0..).zip(leaves)) {
        let number = event.id.0;
        let entry = SealedEntry::proven(index, event, &Proving::Salt(salt(index)));
        let event_now = EventNow::of(&entry, entry.leaf, &[]);
        let hash = Some(*leaf);
        walk.leaf(FoundLeaf { index, event: number, hash, is_erased: false, event_now });
    }
    lines.add("rows of the log verified, commitments made", began.elapsed());
    assert_eq!((walk.fault_count(), walk.edge().root()), (0, root), "it verifies");
}

/// Verifies from the lines of an export.
fn export(lines: &mut Lines, root: TreeHash) {
    let signer = CheckpointSigner::new("bench", &Key::new([1; 32]));
    let checkpoint =
        Checkpoint { origin: "bench".into(), size: lines.entries, root, removals_proven: true };
    let written = |it: &ExportLine| serde_json::to_string(it).expect("written");
    let header = ExportHeader::new(&checkpoint, (0, lines.entries), Vec::new());
    let entry = |index| {
        let mut entry = SealedEntry::new(index, event(index), &salt(index));
        entry.hide_personal();
        let entry = ExportedLeaf::Entry(Box::new(entry));
        written(&ExportLine::Entry(ExportedEntry { entry, erased: false }))
    };
    let entries: Vec<_> = (0..lines.entries).map(entry).collect();
    let end = ExportEnd { right: Vec::new(), checkpoint: checkpoint.signed(&signer) };
    let (header, end) = (written(&ExportLine::Header(header)), written(&ExportLine::End(end)));
    let began = Instant::now();
    let keys = vec![signer.verifier()];
    let mut run = ExportVerification::begin(&header, keys, Vec::new()).expect("an export");
    for line in entries.iter().chain([&end]) {
        run.line(line).expect("a line");
    }
    let verified = run.finish();
    lines.add("lines of an export verified, JSON read", began.elapsed());
    assert_eq!(verified.walk.fault_count(), 0, "it verifies");
}
