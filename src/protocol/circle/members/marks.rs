//! Marks and finality: what receipts prove.

use std::collections::BTreeSet;

use super::super::super::archive::{Archive, Write};
use super::super::super::entry::Timestamp;
use super::super::super::id::NodeId;
use super::super::super::planted::{self, Bug};
use super::super::batches::Batch;
use super::Members;

/// What an author's mark is made of.
#[derive(Clone, Copy)]
enum Mark {
    Delivered,
    Read,
}

impl Members {
    /// Moves the marks of these authors (all, where none are given) as far as receipts allow: what
    /// is to be written.
    pub fn advance_marks(
        &mut self,
        authors: Option<&BTreeSet<NodeId>>,
        archive: &dyn Archive,
    ) -> Vec<Write> {
        let all: BTreeSet<NodeId>;
        let authors = match authors {
            Some(authors) => authors,
            None => {
                all = self.all.keys().copied().collect();
                &all
            }
        };
        let waited = self.all.iter().filter(|(_, member)| member.waited_for());
        let waited: Vec<NodeId> = waited.map(|(id, _)| *id).collect();
        let mut writes = Vec::new();
        for author in authors {
            let Some(member) = self.all.get(author) else { continue };
            if member.committed == 0 || member.dispute.is_some() {
                continue;
            }
            let (delivered, read) = (member.delivered, member.read_by_all);
            let to = self.mark(*author, Mark::Delivered, &waited, delivered, archive);
            if to > delivered || planted::is(Bug::MarkFalls) && to < delivered {
                self.change(*author).delivered = to;
                writes.push(Write::Delivered(*author, to));
            }
            let to = self.mark(*author, Mark::Read, &waited, read, archive);
            if to > read {
                self.change(*author).read_by_all = to;
                writes.push(Write::ReadByAll(*author, to));
            }
        }
        writes
    }

    /// The last entry of the author that everybody it counts for has; at most `before`, as soon as
    /// somebody has no more: in a crowd most have said nothing.
    fn mark(
        &mut self,
        author: NodeId,
        mark: Mark,
        waited: &[NodeId],
        before: u64,
        archive: &dyn Archive,
    ) -> u64 {
        let committed = self.all[&author].committed;
        let mut to = committed;
        for id in waited.iter().copied().filter(|id| *id != author) {
            if to <= before {
                break;
            }
            let member = &self.all[&id];
            let reached = match (mark, &member.receipt) {
                (Mark::Delivered, _) if id == self.me => committed,
                (Mark::Read, _) if id == self.me => self.all[&author].read_here,
                (Mark::Delivered, Some(receipt)) => receipt.stored.get(&author).map_or(0, |s| *s),
                (Mark::Read, Some(receipt)) => receipt.read.get(&author).map_or(0, |s| *s),
                (_, None) => 0,
            };
            if reached < to
                && let Some(first) = self.first_after(id, author, archive)
            {
                to = to.min((reached + 1).max(first) - 1);
            }
        }
        to
    }

    /// The author's first entry after the member's first; none where there is none yet.
    fn first_after(&mut self, id: NodeId, author: NodeId, archive: &dyn Archive) -> Option<u64> {
        let member = &self.all[&id];
        if let Some(first) = member.first_after.get(&author) {
            return Some(*first);
        }
        let since = member.since?;
        let after = |seq| {
            let lamport = self.entry_at(&author, seq, archive).map_or(0, |(_, lamport)| lamport);
            Timestamp { lamport, author } > since
        };
        let (mut low, mut high) = (1, self.all[&author].head_seq());
        if high == 0 || !after(high) {
            return None;
        }
        while low < high {
            let middle = low + (high - low) / 2;
            if after(middle) { high = middle } else { low = middle + 1 }
        }
        self.change(id).first_after.insert(author, low);
        Some(low)
    }

    /// The counter up to which every position is final: as far as the clocks of all that are waited
    /// for allow.
    pub fn final_to(&mut self) -> u64 {
        let mut to = self.committed_clock;
        for (id, member) in &mut self.all {
            if let Some(receipt) = &member.receipt {
                let covered = receipt.stored.get(id).copied().unwrap_or(0);
                if covered <= member.head_seq() {
                    member.proven_clock = member.proven_clock.max(receipt.clock);
                }
            }
            if *id != self.me && member.waited_for() && !planted::is(Bug::FinalTooSoon) {
                to = to.min(member.proven_clock);
            }
        }
        to
    }

    /// The batch is on the disk: its marks are shown.
    pub fn marks_committed(&mut self, batch: &Batch) {
        for (author, seq) in &batch.reads {
            let member = self.change(*author);
            // Asked for before an earlier one was committed, it may say less.
            member.read_here = member.read_here.max(*seq);
        }
        for (author, seq) in &batch.delivered {
            self.change(*author).delivered_shown = *seq;
        }
        for (author, seq) in &batch.read_by_all {
            self.change(*author).read_by_all_shown = *seq;
        }
    }
}
