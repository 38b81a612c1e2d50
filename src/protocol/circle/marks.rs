//! Marks and finality: what receipts prove.

use std::collections::BTreeSet;

use super::super::archive::{Archive, Write};
use super::super::entry::Timestamp;
use super::super::id::NodeId;
use super::super::planted::{self, Bug};
use super::receipts::LAZY_COMMIT_MS;
use super::{Circle, Now};

/// What an author's mark is made of.
#[derive(Clone, Copy)]
enum Mark {
    Delivered,
    Read,
}

impl Circle {
    /// All marks are looked at again some time later: after a dispute, of which thousands may come.
    pub(super) fn marks_soon(&mut self, now: Now) {
        self.marks_due.get_or_insert(now.mono + LAZY_COMMIT_MS);
    }

    pub(super) fn marks_when_due(&mut self, now: Now, archive: &dyn Archive) {
        if self.marks_due.is_some_and(|at| at <= now.mono) {
            self.marks_due = None;
            self.advance_marks(None, archive);
            self.advance_final();
        }
    }

    /// Moves the marks of these authors (all, where none are given) as far as receipts allow.
    pub(super) fn advance_marks(
        &mut self,
        authors: Option<&BTreeSet<NodeId>>,
        archive: &dyn Archive,
    ) {
        let all: BTreeSet<NodeId>;
        let authors = match authors {
            Some(authors) => authors,
            None => {
                all = self.members.keys().copied().collect();
                &all
            }
        };
        let waited = self.members.iter().filter(|(_, member)| member.waited_for());
        let waited: Vec<NodeId> = waited.map(|(id, _)| *id).collect();
        for author in authors {
            let Some(member) = self.members.get(author) else { continue };
            if member.committed == 0 || member.dispute.is_some() {
                continue;
            }
            let (delivered, read) = (member.delivered, member.read_by_all);
            let to = self.mark(*author, Mark::Delivered, &waited, delivered, archive);
            if to > delivered || planted::is(Bug::MarkFalls) && to < delivered {
                self.members.get_mut(author).expect("looked up above").delivered = to;
                self.writes.push(Write::Delivered(*author, to));
            }
            let to = self.mark(*author, Mark::Read, &waited, read, archive);
            if to > read {
                self.members.get_mut(author).expect("looked up above").read_by_all = to;
                self.writes.push(Write::ReadByAll(*author, to));
            }
        }
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
        let committed = self.members[&author].committed;
        let mut to = committed;
        for id in waited.iter().copied().filter(|id| *id != author) {
            if to <= before {
                break;
            }
            let member = &self.members[&id];
            let reached = match (mark, &member.receipt) {
                (Mark::Delivered, _) if id == self.me => committed,
                (Mark::Read, _) if id == self.me => self.members[&author].read_here,
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
        let member = &self.members[&id];
        if let Some(first) = member.first_after.get(&author) {
            return Some(*first);
        }
        let since = member.since?;
        let after = |seq| {
            let lamport = self.entry_at(&author, seq, archive).map_or(0, |(_, lamport)| lamport);
            Timestamp { lamport, author } > since
        };
        let (mut low, mut high) = (1, self.members[&author].head_seq());
        if high == 0 || !after(high) {
            return None;
        }
        while low < high {
            let middle = low + (high - low) / 2;
            if after(middle) { high = middle } else { low = middle + 1 }
        }
        self.members.get_mut(&id).expect("looked up above").first_after.insert(author, low);
        Some(low)
    }

    /// Moves finality as far as the clocks of all that are waited for allow.
    pub(super) fn advance_final(&mut self) {
        let mut to = self.committed_clock;
        for (id, member) in &mut self.members {
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
        if to > self.final_to {
            self.final_to = to;
            if self.lazy_due.is_none() {
                self.lazy_due = Some(self.last_mono + LAZY_COMMIT_MS);
            }
        }
    }
}
