//! Batches on their way to the disk, and the entries that are in them.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use super::super::archive::{Located, Write};
use super::super::entry::{CheckedRun, Place};
use super::super::id::Hash;
use super::super::limits::UNCOMMITTED_BYTES_MAX;
use super::super::receipt::Watermarks;

/// What takes effect with the commit of a batch.
#[derive(Debug, Default)]
pub(super) struct Batch {
    id: u64,
    bytes: usize,
    pub(super) runs: Vec<Arc<CheckedRun>>,
    /// Tokens of own entries, with their sequence numbers.
    pub(super) said: Vec<(u64, u64)>,
    pub(super) ceiling: Option<u64>,
    pub(super) reads: Watermarks,
    pub(super) delivered: Watermarks,
    pub(super) read_by_all: Watermarks,
    pub(super) final_to: Option<u64>,
}

impl Batch {
    fn of(id: u64, writes: &[Write], said: Vec<(u64, u64)>) -> Batch {
        let mut batch = Batch { id, said, ..Batch::default() };
        for write in writes {
            match write {
                Write::Run { run, .. } | Write::Branch(run) => {
                    batch.bytes += run.bytes();
                    batch.runs.push(run.clone());
                }
                Write::ReceiptCeiling(ceiling) => batch.ceiling = Some(*ceiling),
                Write::Read(marks) => batch.reads.extend(marks),
                Write::Delivered(author, seq) => {
                    batch.delivered.insert(*author, *seq);
                }
                Write::ReadByAll(author, seq) => {
                    batch.read_by_all.insert(*author, *seq);
                }
                Write::Final(to) => batch.final_to = Some(*to),
                _ => {}
            }
        }
        batch
    }
}

/// What is to be written, and what is being written.
#[derive(Debug, Default)]
pub(super) struct Batches {
    /// Uncommitted entries by hash.
    fresh: BTreeMap<Hash, Located>,
    under_way: VecDeque<Batch>,
    last: u64,
    /// The next batch.
    writes: Vec<Write>,
    said: Vec<(u64, u64)>,
    /// Of runs that are under way.
    bytes: usize,
}

impl Batches {
    /// Adds it to the next batch.
    pub(super) fn write(&mut self, write: Write) {
        self.writes.push(write);
    }

    pub(super) fn write_all(&mut self, writes: impl IntoIterator<Item = Write>) {
        self.writes.extend(writes);
    }

    /// Where the entries of a run that is to be written stand: in the log, or on a `branch`.
    pub(super) fn place_all(&mut self, run: &CheckedRun, branch: bool) {
        let author = run.author();
        for (place, _, hash) in run.entries() {
            let Place { seq, lamport, .. } = place;
            self.fresh.insert(hash, Located { author, seq, lamport, branch });
        }
    }

    /// Where the entry stands, if it is not committed yet.
    pub(super) fn locate(&self, hash: &Hash) -> Option<Located> {
        self.fresh.get(hash).copied()
    }

    /// The next batch has the own entry that was asked for with this token.
    pub(super) fn said(&mut self, token: u64, seq: u64) {
        self.said.push((token, seq));
    }

    pub(super) fn has_writes(&self) -> bool {
        !self.writes.is_empty()
    }

    /// Closes the next batch: its number and what it writes.
    pub(super) fn close(&mut self) -> (u64, Vec<Write>) {
        let writes = std::mem::take(&mut self.writes);
        self.last += 1;
        let batch = Batch::of(self.last, &writes, std::mem::take(&mut self.said));
        self.bytes += batch.bytes;
        self.under_way.push_back(batch);
        (self.last, writes)
    }

    /// The oldest batch under way, where it is committed: up to this one all are.
    pub(super) fn committed(&mut self, through: u64) -> Option<Batch> {
        let batch = self.under_way.pop_front_if(|batch| batch.id <= through)?;
        self.bytes -= batch.bytes;
        for hash in batch.runs.iter().flat_map(|run| run.hashes()) {
            self.fresh.remove(hash);
        }
        Some(batch)
    }

    /// Whether the disk does not lag far behind.
    pub(super) fn has_room(&self) -> bool {
        self.bytes < UNCOMMITTED_BYTES_MAX
    }
}
