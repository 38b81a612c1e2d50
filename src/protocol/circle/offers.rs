//! What a peer is to be offered, and which ends of logs are to be compared with it.

use std::collections::{BTreeMap, BTreeSet};

use super::super::id::NodeId;
use super::super::limits::{OFFER_MS, OFFER_SHORT, SYNC_AUTHORS_MAX};
use super::super::packet::circle::Sync;
use super::step::Now;

/// Offers of one link.
#[derive(Debug, Default)]
pub(super) struct Offers {
    /// Per author how far it was offered to the peer.
    offered: BTreeMap<NodeId, u64>,
    /// Authors and receipts to offer at `at`, or once there is room where they wait for that.
    authors: BTreeSet<NodeId>,
    receipts: BTreeSet<NodeId>,
    at: Option<u64>,
    waits: bool,
    /// Authors whose logs have grown since their ends were last compared on this link; at
    /// `compare_at` they are, or once there is room.
    uncompared: BTreeSet<NodeId>,
    compare_at: Option<u64>,
    compare_waits: bool,
}

impl Offers {
    /// The author's log is to be offered, at this time or before.
    pub(super) fn add(&mut self, author: NodeId, at: u64) {
        self.authors.insert(author);
        self.due_by(at);
    }

    /// The node's receipt is to be offered, at this time or before.
    pub(super) fn add_receipt(&mut self, node: NodeId, at: u64) {
        self.receipts.insert(node);
        self.due_by(at);
    }

    fn due_by(&mut self, at: u64) {
        self.at = Some(self.at.map_or(at, |due| due.min(at)));
    }

    /// The author's end is to be compared, at this time or before.
    pub(super) fn compare(&mut self, author: NodeId, at: u64) {
        self.uncompared.insert(author);
        self.compare_at.get_or_insert(at);
    }

    /// What is to be compared is compared at this time already.
    pub(super) fn compare_by(&mut self, at: u64) {
        self.compare_at = self.compare_at.map(|due| due.min(at));
    }

    /// The author's ends are the same.
    pub(super) fn agree(&mut self, author: &NodeId) {
        self.uncompared.remove(author);
    }

    /// What is told here needs no offer.
    pub(super) fn note(&mut self, sync: &Sync) {
        for (author, head) in &sync.authors {
            self.offered.insert(*author, head.seq);
            self.uncompared.remove(author);
        }
    }

    /// How far the author was offered.
    pub(super) fn offered(&self, author: &NodeId) -> Option<u64> {
        self.offered.get(author).copied()
    }

    /// What was offered before may have been lost.
    pub(super) fn forget_offered(&mut self) {
        self.offered.clear();
    }

    /// When the next offer is due.
    pub(super) fn at(&self) -> Option<u64> {
        self.at
    }

    /// When ends are compared.
    pub(super) fn compare_at(&self) -> Option<u64> {
        self.compare_at
    }

    /// The offer is due: whether it goes out now. A long one waits for `room`.
    pub(super) fn is_sent_now(&mut self, room: bool, now: Now) -> bool {
        let names = self.authors.len() + self.receipts.len();
        self.at = (names > SYNC_AUTHORS_MAX).then_some(now.mono + OFFER_MS);
        self.waits |= names > OFFER_SHORT && !room;
        names <= OFFER_SHORT || room
    }

    /// Ends are to be compared: whether they go out now. Many wait for `room`.
    pub(super) fn are_ends_sent_now(&mut self, room: bool) -> bool {
        let now = self.uncompared.len() <= OFFER_SHORT || room;
        if !now {
            (self.compare_at, self.compare_waits) = (None, true);
        }
        now
    }

    /// Ends went out that were due: the others follow some moments later.
    pub(super) fn ends_sent(&mut self, now: Now) {
        let more = std::mem::take(&mut self.compare_waits);
        self.compare_at = more.then_some(now.mono + OFFER_MS);
    }

    /// Whether an offer waits for room.
    pub(super) fn waits(&self) -> bool {
        self.waits
    }

    /// Whether ends wait for room.
    pub(super) fn ends_wait(&self) -> bool {
        self.compare_waits
    }

    /// Authors and nodes of the next offer; what one `sync` does not name goes on to wait.
    pub(super) fn take(&mut self) -> (BTreeSet<NodeId>, BTreeSet<NodeId>) {
        let taken = (first(&mut self.authors), first(&mut self.receipts));
        self.waits = !self.authors.is_empty() || !self.receipts.is_empty();
        taken
    }

    /// Authors whose ends are compared next; what one `sync` does not name goes on to wait.
    pub(super) fn take_ends(&mut self) -> BTreeSet<NodeId> {
        let taken = first(&mut self.uncompared);
        self.compare_waits = !self.uncompared.is_empty();
        taken
    }
}

/// Takes as many as one `sync` may name.
fn first(ids: &mut BTreeSet<NodeId>) -> BTreeSet<NodeId> {
    match ids.iter().nth(SYNC_AUTHORS_MAX).copied() {
        Some(end) => {
            let rest = ids.split_off(&end);
            std::mem::replace(ids, rest)
        }
        None => std::mem::take(ids),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(n: usize) -> NodeId {
        let mut id = [0; 32];
        id[..8].copy_from_slice(&(n as u64).to_be_bytes());
        NodeId(id)
    }

    fn offers(count: usize) -> Offers {
        let mut offers = Offers::default();
        (0..count).for_each(|n| offers.add(id(n), 10));
        offers
    }

    #[test]
    fn a_short_offer_goes_out_when_it_is_due_and_a_long_one_waits_for_room() {
        let now = Now { mono: 10, wall: 0 };
        assert!(offers(OFFER_SHORT).is_sent_now(false, now));
        let mut long = offers(OFFER_SHORT + 1);
        assert!(!long.is_sent_now(false, now) && long.waits());
        assert!(long.is_sent_now(true, now));
    }

    #[test]
    fn what_one_sync_does_not_name_is_offered_with_the_next() {
        let mut offers = offers(SYNC_AUTHORS_MAX + 1);
        assert_eq!(offers.take().0.len(), SYNC_AUTHORS_MAX);
        assert!(offers.waits());
        assert_eq!(offers.take().0, BTreeSet::from([id(SYNC_AUTHORS_MAX)]));
        assert!(!offers.waits());
    }

    #[test]
    fn what_is_due_first_says_when_all_of_it_goes_out() {
        let mut offers = offers(1);
        offers.add_receipt(id(2), 15);
        assert_eq!(offers.at(), Some(10));
        offers.add_receipt(id(3), 5);
        assert_eq!(offers.at(), Some(5));
    }
}
