//! What is written goes to the disk, and what takes effect only with its commit.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::super::entry::CheckedRun;
use super::super::packet::circle::Packet;
use super::Circle;
use super::batches::Batch;
use super::driver::Output;
use super::step::{Now, Step};

impl Circle {
    pub(super) fn flush(&mut self) {
        if self.batches.has_writes() {
            self.write_lazily_kept();
            let (id, writes) = self.batches.close();
            self.outputs.push(Output::Commit(id, writes));
        }
    }

    pub(super) fn committed(&mut self, through: u64, step: Step<'_>) {
        let mut authors = BTreeSet::new();
        let mut to_vouch = false;
        while let Some(batch) = self.batches.committed(through) {
            for run in &batch.runs {
                if self.run_committed(run, step.now) {
                    self.compare_ahead(&run.author(), step);
                    authors.insert(run.author());
                    to_vouch = true;
                }
            }
            for (token, seq) in &batch.said {
                self.outputs.push(Output::Said(*token, *seq));
            }
            authors.extend(batch.reads.keys());
            // Reads that are not told do not show as receipts that say nothing new either.
            to_vouch |= self.own.tells_reads() && !batch.reads.is_empty();
            self.marks_committed(batch);
        }
        if !authors.is_empty() {
            // Who has left is waited for by nobody's entries any more.
            let all = authors.iter().any(|author| self.members[author].left);
            if to_vouch {
                self.receipt_soon(step.now);
            }
            self.advance_marks((!all).then_some(&authors), step);
        }
    }

    fn marks_committed(&mut self, batch: Batch) {
        if let Some(ceiling) = batch.ceiling {
            self.own.reserved(ceiling);
        }
        if let Some(to) = batch.final_to {
            self.finality.committed(to);
        }
        self.members.marks_committed(&batch);
    }

    /// The run is on the disk: own ones go out now. False for runs of branches.
    fn run_committed(&mut self, run: &Arc<CheckedRun>, now: Now) -> bool {
        let author = run.author();
        if !self.members.run_committed(run) {
            return false;
        }
        if author == self.me {
            for peer in self.peers.ids() {
                self.send(peer, Packet::Message(run.clone()));
                let link = self.peers.get_mut(&peer).expect("a key of the map");
                // Pushed in order on a link that loses nothing: no offer is needed.
                link.hints.note_has(author, run.run().last_seq(), true);
            }
        } else {
            self.offer_soon(author, now);
        }
        true
    }
}
