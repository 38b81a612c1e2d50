//! Logs grow, and branches beside them.

use std::sync::Arc;

use super::super::super::archive::StoredHead;
use super::super::super::body::Decision;
use super::super::super::entry::{CheckedRun, Timestamp};
use super::super::super::id::{Hash, NodeId};
use super::super::super::limits::{BRANCH_ENTRIES_MAX, BRANCHES_MAX};
use super::super::super::name::clean_name;
use super::super::super::planted::{self, Bug};
use super::{Member, Members};

/// What comes of a run in its author's log.
pub struct Grown {
    /// Arrival number of its first entry.
    pub arrival: u64,
    /// It contradicts the clock of its author's receipt.
    pub contradicts: bool,
}

impl Member {
    /// Takes what the newest entry decides about its author.
    fn take(&mut self, decided: Option<Decision>) {
        self.left = decided == Some(Decision::Leave);
        if let Some(Decision::Profile(name)) = decided {
            self.name = clean_name(&name).unwrap_or_default();
        }
    }

    /// Whether the run breaks what the member's receipt promised: that all of it up to a counter
    /// was told.
    fn contradicted_by(&self, run: &CheckedRun) -> bool {
        let first = run.run().first;
        self.dispute.is_none()
            && self.receipt.as_ref().is_some_and(|receipt| {
                let stored = receipt.stored.get(&first.author);
                first.lamport <= receipt.clock && stored.is_none_or(|stored| *stored < first.seq)
            })
    }
}

impl Members {
    /// Knows the member from now on.
    pub fn meet(&mut self, id: NodeId) {
        self.change(id);
    }

    /// Who has only sent what waits is nobody yet: identities cost nothing.
    pub fn forget_blank(&mut self, id: &NodeId) {
        if *id != self.me && self.get(id).is_some_and(Member::is_blank) {
            self.all.remove(id);
        }
    }

    /// The run continues its author's log.
    pub fn extend(&mut self, run: &Arc<CheckedRun>) -> Grown {
        let author = run.author();
        let first = run.run().first;
        let count = run.hashes().len() as u64;
        let last = Timestamp { lamport: run.last_lamport(), author };
        let arrival = self.arrival + 1;
        let member = self.change(author);
        let contradicts = member.contradicted_by(run);
        member.since.get_or_insert(Timestamp { lamport: first.lamport, author });
        member.met.get_or_insert(arrival);
        let mut named = None;
        for (place, said, _) in run.entries() {
            let decided = Decision::read(&said.body);
            if matches!(decided, Some(Decision::Circle(_))) {
                named = Some((Timestamp { lamport: place.lamport, author }, &said.body));
            }
            member.take(decided);
        }
        member.head =
            Some(StoredHead { seq: run.run().last_seq(), hash: run.head(), lamport: last.lamport });
        member.fresh.push_back(run.clone());
        member.entry_bytes = run.bytes() / run.hashes().len();
        // The last in order counts.
        if let Some((at, body)) = named
            && self.circle.as_ref().is_none_or(|(newest, _)| *newest < at)
        {
            self.circle = Some((at, body.clone()));
        }
        if self.top.is_none_or(|(top, _)| top < last) || planted::is(Bug::OrderByArrival) {
            self.top = Some((last, run.head()));
        }
        self.held += count;
        self.arrival += count;
        Grown { arrival, contradicts }
    }

    /// The run is on the disk. False where it is no run of a log.
    pub fn run_committed(&mut self, run: &CheckedRun) -> bool {
        let member = self.change(run.author());
        let Some(at) = member.fresh.iter().position(|held| held.head() == run.head()) else {
            return false;
        };
        member.fresh.remove(at);
        member.committed = run.run().last_seq();
        member.committed_hash = Some(run.head());
        self.committed_clock = self.committed_clock.max(run.last_lamport());
        true
    }

    /// Whether so many entries more are kept beside the author's log, on a branch of their own
    /// where they leave it.
    pub fn room_for_branch(&self, author: &NodeId, count: u64, leaves_log: bool) -> bool {
        let member = &self.all[author];
        member.branch_entries + count <= BRANCH_ENTRIES_MAX as u64
            && (!leaves_log || member.branches.len() < BRANCHES_MAX)
    }

    /// So many entries are kept beside the author's log, which a branch leaves with `leaves_log`.
    pub fn keep_branch(&mut self, author: NodeId, count: u64, leaves_log: Option<Hash>) {
        let member = self.change(author);
        member.branch_entries += count;
        member.branches.extend(leaves_log);
    }
}
