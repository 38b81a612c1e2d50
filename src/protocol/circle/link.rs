//! What is known of one peer's link, and what is to go out on it.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::super::id::{Hash, NodeId, Signature};
use super::super::limits::HINTS_MAX;
use super::super::lookup::Cursor;
use super::super::packet::circle::Sync;
use super::super::receipt::Receipt;

/// One peer's link, as the circle sees it. Starts anew with every new link, but for what the new
/// one does not change: how far the peer is, and whom it is linked with.
#[derive(Debug, Default)]
pub(super) struct Link {
    /// Per author how far the peer is known to hold it, or says so.
    pub(super) has: BTreeMap<NodeId, u64>,
    /// Per author how far it was offered to the peer.
    pub(super) offered: BTreeMap<NodeId, u64>,
    /// Authors and receipts to offer at `offer_at`.
    pub(super) offer: BTreeSet<NodeId>,
    pub(super) offer_receipts: BTreeSet<NodeId>,
    pub(super) offer_at: Option<u64>,
    /// Authors whose logs have grown since their ends were last compared on this link; at
    /// `compare_at` they are.
    pub(super) uncompared: BTreeSet<NodeId>,
    pub(super) compare_at: Option<u64>,
    /// Per author an end that the peer has named, further than the log here goes: to be compared
    /// once it is reached.
    pub(super) ahead: BTreeMap<NodeId, Option<(u64, Hash)>>,
    /// Per author from where the peer knows it as disputed.
    pub(super) disputed: BTreeMap<NodeId, u64>,
    /// Per node the count of the receipt that the peer has.
    pub(super) counts: BTreeMap<NodeId, u64>,
    /// The own receipt last sent here: the base of the next.
    pub(super) own_base: Option<Receipt>,
    /// When the newest own receipt goes out, where others got it sooner.
    pub(super) own_at: Option<u64>,
    /// It was said once what of the own receipt the peer's first vector lacks.
    pub(super) own_answered: bool,
    /// The peer was shown an older receipt of its own that a newer one takes back.
    pub(super) fell: bool,
    /// What is long and goes out once there is room: proofs of these authors, receipts of these
    /// nodes, the vector from here on, an offer that is due, ends to be compared.
    pub(super) proofs: BTreeSet<NodeId>,
    pub(super) receipts: BTreeSet<NodeId>,
    pub(super) vector_from: Option<NodeId>,
    pub(super) offer_waits: bool,
    pub(super) compare_waits: bool,
    /// Whom the peer says it is linked with: a hint.
    pub(super) linked_with: BTreeSet<NodeId>,
    pub(super) rtt_ms: Option<u32>,
    /// When something last came that was asked for.
    pub(super) history_at: u64,
    /// When a receipt last came that was asked for, and when one was last awaited in vain.
    pub(super) receipt_at: u64,
    pub(super) silent_at: Option<u64>,
    /// The peer's first whole vector: what to hold before stamping.
    pub(super) targets: BTreeMap<NodeId, u64>,
    pub(super) vector_complete: bool,
    pub(super) vector_open: bool,
    /// When the whole vector goes out next.
    pub(super) sync_at: u64,
    /// Names the link in what is looked up for it.
    pub(super) serial: u64,
    /// Ranges that the peer asked for, but those that are being looked up.
    pub(super) serving: BTreeMap<NodeId, Cursor>,
    /// Ranges are being looked up.
    pub(super) looking: bool,
    /// What of these was found and is not written out yet: first and last seq.
    pub(super) on_its_way: BTreeMap<NodeId, (u64, u64)>,
    /// When more may be served, where that is paced.
    pub(super) serve_at: Option<u64>,
    /// Hashes the peer asked for, at most `WANTED_HASHES_MAX`.
    pub(super) asked: VecDeque<Hash>,
    /// Packets in the history lane that are not written out: while there are any, nothing long is
    /// added.
    pub(super) unwritten: usize,
    /// Runs that answers to hashes brought since there was none to answer.
    pub(super) brought: BTreeSet<Signature>,
}

impl Link {
    /// A new link in place of this one.
    pub(super) fn renewed(self, serial: u64, sync_at: u64) -> Link {
        let Link { rtt_ms, linked_with, .. } = self;
        Link { rtt_ms, linked_with, serial, sync_at, ..Link::default() }
    }

    /// Where a hint about `id` is kept; none where the peer has named too many not `known`.
    pub(super) fn note<V: Default>(
        map: &mut BTreeMap<NodeId, V>,
        id: NodeId,
        known: bool,
    ) -> Option<&mut V> {
        let room = known || map.len() < HINTS_MAX || map.contains_key(&id);
        room.then(|| map.entry(id).or_default())
    }

    /// What is told here needs no offer.
    pub(super) fn note_offered(&mut self, sync: &Sync) {
        for (author, head) in &sync.authors {
            self.offered.insert(*author, head.seq);
            self.uncompared.remove(author);
        }
    }

    /// Names in the largest of the maps that the peer fills.
    pub(super) fn hints(&self) -> usize {
        let maps = [&self.has, &self.disputed, &self.counts, &self.targets];
        maps.map(BTreeMap::len).into_iter().chain([self.ahead.len()]).max().unwrap_or(0)
    }
}
