//! What is known of each member.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use super::super::archive::{Archive, StoredHead, StoredMember, Write};
use super::super::body::Decision;
use super::super::dispute::Dispute;
use super::super::entry::{CheckedRun, Timestamp};
use super::super::id::{Hash, NodeId};
use super::super::name::clean_name;
use super::super::planted::{self, Bug};
use super::super::receipt::Receipt;
use super::Circle;

/// One member, as far as this node knows it.
#[derive(Debug, Default)]
pub struct Member {
    /// End of the log held, committed or not.
    pub head: Option<StoredHead>,
    /// Last committed sequence number, and its hash.
    pub committed: u64,
    pub(super) committed_hash: Option<Hash>,
    /// Runs of the log that are not committed yet, in order.
    pub(super) fresh: VecDeque<Arc<CheckedRun>>,
    /// Bytes of each entry of the run that was taken last.
    pub(super) entry_bytes: usize,
    /// Timestamp of the first entry.
    pub since: Option<Timestamp>,
    /// Arrival number here of the first entry: unlike its timestamp, nobody else chooses it.
    pub(super) met: Option<u64>,
    /// Cleaned name of the last profile; empty until one is held.
    pub name: String,
    /// The log ends with `leave`.
    pub left: bool,
    /// Newest receipt held.
    pub receipt: Option<Receipt>,
    /// Greatest count of a receipt that takes back what the held one says: nobody is asked for it.
    pub(super) fallen: u64,
    /// Proof that it signed two entries at one sequence number.
    pub dispute: Option<Box<Dispute>>,
    /// Where it may be reached.
    pub addresses: Vec<String>,
    /// Set aside here.
    pub aside: bool,
    /// Its entries are delivered up to here, and that is committed.
    pub delivered_shown: u64,
    pub(super) delivered: u64,
    /// Its entries are read by all up to here, and that is committed.
    pub read_by_all_shown: u64,
    pub(super) read_by_all: u64,
    /// The reader here has read it up to here.
    pub read_here: u64,
    /// Entries on other branches, kept for reference.
    pub(super) reference_entries: u64,
    /// Where branches kept for reference leave the log held here.
    pub(super) branches: std::collections::BTreeSet<Hash>,
    /// The clock of its newest receipt whose own entries are all held here.
    pub(super) proven_clock: u64,
    /// Per author the first entry after this member's first: from there on it is waited for.
    pub(super) first_after: BTreeMap<NodeId, u64>,
}

impl Member {
    pub(super) fn restore(stored: StoredMember) -> Member {
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
            reference_entries: stored.reference_entries,
            ..Member::default()
        };
        if let Some(Decision::Profile(name)) = stored.profile.as_deref().and_then(Decision::read) {
            member.name = clean_name(&name).unwrap_or_default();
        }
        member
    }

    /// Nothing is known of it.
    pub(super) fn is_blank(&self) -> bool {
        let Member { head, receipt, dispute, addresses, aside, read_here, .. } = self;
        let known = head.is_some() || receipt.is_some() || dispute.is_some();
        !known && addresses.is_empty() && !aside && *read_here == 0 && self.branches.is_empty()
    }

    /// The count of the newest receipt held; 0 where there is none.
    pub(super) fn receipt_count(&self) -> u64 {
        self.receipt.as_ref().map_or(0, |receipt| receipt.count)
    }

    pub(super) fn head_seq(&self) -> u64 {
        self.head.map_or(0, |head| head.seq)
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

    /// Takes what the newest entry decides about its author.
    pub(super) fn take(&mut self, decided: Option<Decision>) {
        self.left = decided == Some(Decision::Leave);
        if let Some(Decision::Profile(name)) = decided {
            self.name = clean_name(&name).unwrap_or_default();
        }
    }

    /// The uncommitted entry at `seq`: its hash and counter.
    pub(super) fn fresh_at(&self, seq: u64) -> Option<(Hash, u64)> {
        self.fresh.iter().find_map(|run| {
            let hash = run.hash_at(seq)?;
            let first = run.run().first;
            Some((hash, first.lamport + (seq - first.seq)))
        })
    }
}

impl Circle {
    pub(super) fn set_aside(&mut self, id: NodeId, aside: bool, archive: &dyn Archive) {
        let Some(member) = self.members.get_mut(&id) else { return };
        if member.aside != aside && id != self.me {
            member.aside = aside;
            self.writes.push(Write::Aside(id, aside));
            self.advance_marks(None, archive);
            self.advance_final();
        }
    }

    /// Hash and counter of an entry of the log held, committed or not.
    pub(super) fn entry_at(
        &self,
        author: &NodeId,
        seq: u64,
        archive: &dyn Archive,
    ) -> Option<(Hash, u64)> {
        let member = self.members.get(author)?;
        match member.head {
            Some(head) if head.seq == seq => Some((head.hash, head.lamport)),
            Some(head) if seq < head.seq && seq > 0 => {
                member.fresh_at(seq).or_else(|| archive.at(author, seq))
            }
            _ => None,
        }
    }
}
