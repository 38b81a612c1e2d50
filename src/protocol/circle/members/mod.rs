//! What is known of each member. All of it changes through [`Members`] alone: logs in `logs`, what
//! receipts and proofs say in `words`, marks and finality in `marks`. What is held: `held`.

mod held;
mod kept;
mod logs;
mod marks;
mod words;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::ops::Index;
use std::sync::Arc;

use super::super::archive::{StoredHead, StoredMember};
use super::super::body::Decision;
use super::super::dispute::Dispute;
use super::super::entry::{CheckedRun, Timestamp};
use super::super::id::{Hash, NodeId};
use super::super::name::clean_name;
use super::super::planted::{self, Bug};
use super::super::receipt::Receipt;
use kept::{Kept, Promised};

/// One member, as far as this node knows it.
#[derive(Debug, Default)]
pub struct Member {
    /// End of the log held, committed or not.
    pub head: Option<StoredHead>,
    /// Last committed sequence number, and its hash.
    pub committed: u64,
    committed_hash: Option<Hash>,
    /// Runs of the log that are not committed yet, in order.
    fresh: VecDeque<Arc<CheckedRun>>,
    /// Bytes of each entry of the run that was taken last.
    entry_bytes: usize,
    /// Timestamp of the first entry.
    pub since: Option<Timestamp>,
    /// Arrival number here of the first entry: unlike its timestamp, nobody else chooses it.
    met: Option<u64>,
    /// Cleaned name of the last profile; empty until one is held.
    pub name: String,
    /// The log ends with `leave`.
    pub left: bool,
    /// Newest receipt held.
    pub receipt: Option<Receipt>,
    /// Greatest count of a receipt that takes back what the held one says: nobody is asked for it.
    fallen: u64,
    /// Proof that it signed two entries at one sequence number.
    pub dispute: Option<Box<Dispute>>,
    /// Where it may be reached.
    pub addresses: Vec<String>,
    /// Set aside here.
    pub aside: bool,
    /// Its entries are delivered up to here, and that is committed.
    pub delivered_shown: u64,
    delivered: u64,
    /// Its entries are read by all up to here, and that is committed.
    pub read_by_all_shown: u64,
    read_by_all: u64,
    /// The reader here has read it up to here.
    pub read_here: u64,
    /// Entries on branches, kept for reference.
    branch_entries: u64,
    /// Where branches kept for reference leave the log held here.
    branches: BTreeSet<Hash>,
    /// The clock of its newest receipt whose own entries are all held here.
    proven_clock: u64,
    /// Per author the first entry after this member's first: from there on it is waited for.
    first_after: BTreeMap<NodeId, u64>,
}

impl Member {
    fn restore(stored: StoredMember) -> Member {
        let mut member = Member {
            head: stored.head,
            committed: stored.head.map_or(0, |head| head.seq),
            committed_hash: stored.head.map(|head| head.hash),
            since: stored.since,
            met: stored.met,
            left: stored.left,
            receipt: stored.receipt,
            dispute: stored.dispute.map(Box::new),
            addresses: stored.addresses,
            aside: stored.aside,
            delivered: stored.delivered,
            delivered_shown: stored.delivered,
            read_by_all: stored.read_by_all,
            read_by_all_shown: stored.read_by_all,
            read_here: stored.read_here,
            branch_entries: stored.branch_entries,
            ..Member::default()
        };
        if let Some(Decision::Profile(name)) = stored.profile.as_deref().and_then(Decision::read) {
            member.name = clean_name(&name).unwrap_or_default();
        }
        member
    }

    /// Nothing is known of it.
    fn is_blank(&self) -> bool {
        let Member { head, receipt, dispute, addresses, aside, read_here, .. } = self;
        let known = head.is_some() || receipt.is_some() || dispute.is_some();
        !known && addresses.is_empty() && !aside && *read_here == 0 && self.branches.is_empty()
    }

    /// The count of the newest receipt held; 0 where there is none.
    pub(super) fn receipt_count(&self) -> u64 {
        self.receipt.as_ref().map_or(0, |receipt| receipt.count)
    }

    /// See `fallen`.
    pub(super) fn fallen(&self) -> u64 {
        self.fallen
    }

    fn promised(&self) -> Promised {
        [
            ("a receipt's count", self.receipt_count()),
            ("what is committed", self.committed),
            ("what is delivered", self.delivered),
            ("what is shown as delivered", self.delivered_shown),
            ("what is read here", self.read_here),
            ("what all have read", self.read_by_all),
            ("what is shown as read by all", self.read_by_all_shown),
        ]
    }

    pub(super) fn head_seq(&self) -> u64 {
        self.head.map_or(0, |head| head.seq)
    }

    /// See `entry_bytes`; 0 where nothing has come yet.
    pub(super) fn entry_bytes(&self) -> usize {
        self.entry_bytes
    }

    /// See `met`.
    pub(super) fn met(&self) -> Option<u64> {
        self.met
    }

    /// It is disputed from this sequence number.
    pub fn disputed(&self) -> Option<u64> {
        self.dispute.as_ref().map(|dispute| dispute.seq)
    }

    /// Order and marks wait for its word: it has spoken, has not left, is neither set aside nor
    /// disputed.
    pub fn waited_for(&self) -> bool {
        let gone = (self.left || self.aside) && !planted::is(Bug::GoneWaitedFor);
        self.since.is_some() && !gone && self.dispute.is_none()
    }

    /// Something of its log is not committed yet.
    pub(super) fn has_fresh(&self) -> bool {
        !self.fresh.is_empty()
    }

    /// The uncommitted run with the entry at `seq`.
    pub(super) fn fresh_run(&self, seq: u64) -> Option<&Arc<CheckedRun>> {
        self.fresh.iter().find(|run| run.hash_at(seq).is_some())
    }

    /// The uncommitted entry at `seq`: its hash and counter.
    fn fresh_at(&self, seq: u64) -> Option<(Hash, u64)> {
        let run = self.fresh_run(seq)?;
        let first = run.run().first;
        Some((run.hash_at(seq)?, first.lamport + (seq - first.seq)))
    }
}

/// Everybody who is known, and what follows from all their logs together.
#[derive(Debug)]
pub(super) struct Members {
    me: NodeId,
    all: BTreeMap<NodeId, Member>,
    /// The greatest entry held, committed or not.
    top: Option<(Timestamp, Hash)>,
    /// The greatest counter committed: what the next receipt may promise.
    committed_clock: u64,
    /// The last `circle` in order: its body.
    circle: Option<(Timestamp, String)>,
    /// Last arrival number given.
    arrival: u64,
    /// Entries held in all logs.
    held: u64,
    kept: Kept,
}

impl Members {
    /// As they were at the last commit.
    pub(super) fn restore(
        me: NodeId,
        stored: BTreeMap<NodeId, StoredMember>,
        top: Option<(Timestamp, Hash)>,
        circle: Option<(Timestamp, String)>,
        arrival: u64,
    ) -> Members {
        let stored = stored.into_iter();
        let mut all: BTreeMap<NodeId, Member> =
            stored.map(|(id, stored)| (id, Member::restore(stored))).collect();
        all.entry(me).or_default();
        let held = all.values().map(Member::head_seq).sum();
        let committed_clock = top.map_or(0, |(top, _)| top.lamport);
        Members { me, all, top, committed_clock, circle, arrival, held, kept: Kept::default() }
    }

    /// The one way to a member that changes; made where nobody knew of it.
    fn change(&mut self, id: NodeId) -> &mut Member {
        let member = self.all.entry(id).or_default();
        if cfg!(debug_assertions) {
            self.kept.note(id, || member.promised());
        }
        member
    }

    /// Ends a step. Where assertions are on, what has fallen panics.
    pub(super) fn end_step(&mut self) {
        if cfg!(debug_assertions) {
            let all = &self.all;
            self.kept.check(|id| all.get(id).map(Member::promised), self.committed_clock);
            assert!(self.committed_clock <= self.top.map_or(0, |(top, _)| top.lamport));
        }
    }

    pub(super) fn all(&self) -> &BTreeMap<NodeId, Member> {
        &self.all
    }

    pub(super) fn get(&self, id: &NodeId) -> Option<&Member> {
        self.all.get(id)
    }

    pub(super) fn knows(&self, id: &NodeId) -> bool {
        self.all.contains_key(id)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&NodeId, &Member)> {
        self.all.iter()
    }

    pub(super) fn values(&self) -> impl Iterator<Item = &Member> {
        self.all.values()
    }

    /// This member: always there.
    pub(super) fn own(&self) -> &Member {
        &self.all[&self.me]
    }

    pub(super) fn top(&self) -> Option<(Timestamp, Hash)> {
        self.top
    }

    pub(super) fn committed_clock(&self) -> u64 {
        self.committed_clock
    }

    /// Body of the last `circle` in order.
    pub(super) fn circle_body(&self) -> Option<&str> {
        self.circle.as_ref().map(|(_, body)| body.as_str())
    }

    /// Entries held in all logs.
    pub(super) fn held(&self) -> u64 {
        self.held
    }
}

impl Index<&NodeId> for Members {
    type Output = Member;

    fn index(&self, id: &NodeId) -> &Member {
        &self.all[id]
    }
}
