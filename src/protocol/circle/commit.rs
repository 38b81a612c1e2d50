//! Batches on their way to the disk, and what takes effect only with their commit.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::super::archive::{Archive, Write};
use super::super::entry::CheckedRun;
use super::super::id::NodeId;
use super::super::packet::circle::Packet;
use super::super::receipt::Watermarks;
use super::{Circle, Now, Output};

/// A batch on its way to the disk.
#[derive(Debug, Default)]
pub(super) struct Batch {
    pub(super) id: u64,
    pub(super) bytes: usize,
    pub(super) runs: Vec<Arc<CheckedRun>>,
    /// Tokens of own entries, with their sequence numbers.
    said: Vec<(u64, u64)>,
    /// Everything else that takes effect with the commit.
    ceiling: Option<u64>,
    reads: Watermarks,
    delivered: Watermarks,
    read_by_all: Watermarks,
    final_to: Option<u64>,
}

impl Circle {
    pub(super) fn flush(&mut self) {
        if self.writes.is_empty() {
            return;
        }
        self.write_lazily_kept();
        let writes = std::mem::take(&mut self.writes);
        let mut batch =
            Batch { id: self.next_batch, said: std::mem::take(&mut self.said), ..Batch::default() };
        for write in &writes {
            match write {
                Write::Run { run, .. } | Write::Reference(run) => {
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
        self.next_batch += 1;
        self.uncommitted_bytes += batch.bytes;
        self.outputs.push(Output::Commit(batch.id, writes));
        self.batches.push_back(batch);
    }

    pub(super) fn committed(&mut self, through: u64, now: Now, archive: &dyn Archive) {
        let mut authors = BTreeSet::new();
        let mut to_vouch = false;
        while self.batches.front().is_some_and(|batch| batch.id <= through) {
            let batch = self.batches.pop_front().expect("looked at above");
            self.uncommitted_bytes -= batch.bytes;
            for run in &batch.runs {
                for hash in run.hashes() {
                    self.fresh.remove(hash);
                }
                if self.run_committed(run, now) {
                    self.compare_ahead(&run.author(), now, archive);
                    authors.insert(run.author());
                    to_vouch = true;
                }
            }
            for (token, seq) in &batch.said {
                self.outputs.push(Output::Said(*token, *seq));
            }
            authors.extend(batch.reads.keys());
            // Reads that are not told do not show as receipts that say nothing new either.
            to_vouch |= self.read_told.is_none() && !batch.reads.is_empty();
            self.marks_committed(batch);
        }
        if !authors.is_empty() {
            // Who has left is waited for by nobody's entries any more.
            let all = authors.iter().any(|author| self.members[author].left);
            if to_vouch {
                self.receipt_soon(now);
            }
            self.advance_marks((!all).then_some(&authors), archive);
            self.advance_final();
        }
    }

    fn marks_committed(&mut self, batch: Batch) {
        self.receipt_reserved = batch.ceiling.unwrap_or(self.receipt_reserved);
        self.final_shown = batch.final_to.unwrap_or(self.final_shown);
        for (author, seq) in batch.reads {
            self.members.entry(author).or_default().read_here = seq;
        }
        for (author, seq) in batch.delivered {
            self.members.entry(author).or_default().delivered_shown = seq;
        }
        for (author, seq) in batch.read_by_all {
            self.members.entry(author).or_default().read_by_all_shown = seq;
        }
    }

    /// The run is on the disk: own ones go out now. False for reference runs.
    fn run_committed(&mut self, run: &Arc<CheckedRun>, now: Now) -> bool {
        let author = run.author();
        let member = self.members.entry(author).or_default();
        let seq = run.run().last_seq();
        let fresh = &mut member.fresh;
        let Some(place) = fresh.iter().position(|held| held.head() == run.head()) else {
            return false;
        };
        fresh.remove(place);
        member.committed = seq;
        member.committed_hash = Some(run.head());
        self.committed_clock = self.committed_clock.max(run.last_lamport());
        if author == self.me {
            let peers: Vec<NodeId> = self.links.keys().copied().collect();
            for peer in peers {
                self.send(peer, Packet::Message(run.clone()));
                let link = self.links.get_mut(&peer).expect("a key of the map");
                let has = link.has.entry(author).or_default();
                // Pushed in order on a link that loses nothing: no offer is needed.
                *has = (*has).max(seq);
            }
        } else {
            self.offer_soon(author, now);
        }
        true
    }
}
