//! Vectors: what each peer holds, what it is offered, and what is fetched from it.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::super::archive::Archive;
use super::super::id::{Hash, NodeId, Signature};
use super::super::limits::{HINTS_MAX, OFFER_MS, SYNC_AUTHORS_MAX};
use super::super::lookup::Cursor;
use super::super::packet::circle::{Head, Packet, Sync};
use super::super::planted::{self, Bug};
use super::super::receipt::Receipt;
use super::{Circle, Now};

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
    vector_open: bool,
    /// When the whole vector goes out next.
    sync_at: u64,
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

impl Circle {
    pub(super) fn link_up(&mut self, peer: NodeId, now: Now, archive: &dyn Archive) {
        let sync_at = now.mono + self.settings.sync_ms + self.jitter(self.settings.sync_ms / 10);
        self.next_link += 1;
        self.askers.linked(peer, now.mono);
        let serial = self.next_link;
        let Link { rtt_ms, linked_with, .. } = self.links.remove(&peer).unwrap_or_default();
        self.links.insert(peer, Link { sync_at, rtt_ms, linked_with, serial, ..Link::default() });
        self.fetch_nothing_from(peer);
        self.receipts_lost_with(peer);
        self.gate_link_up(now);
        self.waiting.wants.origin_back(peer, now);
        self.send_vector(peer, archive);
    }

    pub(super) fn link_down(&mut self, peer: NodeId) {
        let Some(link) = self.links.remove(&peer) else { return };
        self.askers.unlinked(&peer);
        self.turns.forget(&peer);
        self.replan.extend(link.has.keys().filter(|author| self.lacking.contains(author)));
        self.fetch_nothing_from(peer);
        self.receipts_lost_with(peer);
    }

    /// How far the author's log here is the same everywhere: up to its fork.
    pub(super) fn common(&self, author: &NodeId) -> u64 {
        self.members.get(author).map_or(0, |member| {
            member.disputed().map_or(member.committed, |from| member.committed.min(from - 1))
        })
    }

    /// Of a disputed author only up to the fork: so a lower one that nobody has seen yet shows.
    pub(super) fn head_of(&self, author: &NodeId, archive: &dyn Archive) -> Option<Head> {
        let member = self.members.get(author)?;
        let known = member.committed > 0 || member.dispute.is_some();
        let seq = self.common(author);
        known.then(|| Head {
            seq,
            hash: match seq == member.committed {
                true => member.committed_hash,
                false => self.entry_at(author, seq, archive).map(|(hash, _)| hash),
            },
            disputed: member.disputed(),
        })
    }

    /// The first part at once, and in its place among offers, as it makes the peer forget what it
    /// knew; the others once there is room.
    fn send_vector(&mut self, peer: NodeId, archive: &dyn Archive) {
        let (sync, next) = self.vector_part(NodeId([0; 32]), archive);
        let link = self.links.get_mut(&peer).expect("sent to links only");
        link.note_offered(&sync);
        link.vector_from = next;
        self.long.insert(peer);
        self.send(peer, Packet::Sync(sync));
    }

    /// The vector from this id on, as much as a packet holds, and where the next part begins.
    pub(super) fn vector_part(
        &self,
        from: NodeId,
        archive: &dyn Archive,
    ) -> (Sync, Option<NodeId>) {
        let mut ids = self.members.range(from..);
        let mut sync = Sync { whole: true, ..Sync::default() };
        for (id, member) in ids.by_ref().take(SYNC_AUTHORS_MAX) {
            sync.authors.extend(self.head_of(id, archive).map(|head| (*id, head)));
            let held = member.receipt.as_ref().map(|receipt| receipt.count);
            // No count up to this one is used again, whatever was sent in a life before.
            let count = if *id == self.me { Some(self.receipt_count) } else { held };
            sync.receipts.extend(count.map(|count| (*id, count)));
        }
        let next = ids.next().map(|(id, _)| *id);
        sync.more = next.is_some();
        (sync, next)
    }

    pub(super) fn sync_when_due(&mut self, now: Now, archive: &dyn Archive) {
        let due: Vec<NodeId> =
            self.links.iter().filter(|(_, l)| l.sync_at <= now.mono).map(|(id, _)| *id).collect();
        for peer in due {
            let next = now.mono + self.settings.sync_ms + self.jitter(self.settings.sync_ms / 10);
            let parts = self.members.len().div_ceil(SYNC_AUTHORS_MAX);
            let link = self.links.get_mut(&peer).expect("a key of the map");
            // Its beginning would overtake the end of the one before.
            if link.vector_from.is_some() || parts > 1 && link.unwritten > 0 {
                link.sync_at = now.mono + OFFER_MS;
                continue;
            }
            link.sync_at = next;
            self.send_vector(peer, archive);
        }
    }

    pub(super) fn sync_wake(&self) -> Option<u64> {
        let times =
            |link: &Link| [Some(link.sync_at), link.offer_at, link.compare_at, link.serve_at];
        self.links.values().flat_map(times).flatten().min()
    }

    pub(super) fn take_sync(&mut self, peer: NodeId, sync: Sync, now: Now, archive: &dyn Archive) {
        let Some(link) = self.links.get_mut(&peer) else { return };
        if sync.whole && !std::mem::replace(&mut link.vector_open, true) {
            link.has.clear();
            link.ahead.clear();
            link.counts.clear();
            if link.vector_complete {
                link.offered.clear();
            }
        }
        for (author, head) in &sync.authors {
            self.take_head(peer, *author, head, sync.whole, now, archive);
        }
        self.take_counts(peer, &sync, now);
        let link = self.links.get_mut(&peer).expect("looked up above");
        if sync.whole && !sync.more {
            link.vector_open = false;
            link.vector_complete = true;
            if planted::is(Bug::ResentForever) {
                self.send_vector(peer, archive);
            }
            self.answer_vector(peer, now);
        }
    }

    fn take_head(
        &mut self,
        peer: NodeId,
        author: NodeId,
        head: &Head,
        whole: bool,
        now: Now,
        archive: &dyn Archive,
    ) {
        if self.peer_has(peer, author, head.seq) {
            self.fetch_elsewhere(&author, peer);
        }
        let member = self.members.get(&author);
        let (known, held) = (member.is_some(), member.map_or(0, |member| member.head_seq()));
        let ours = member.and_then(|member| member.disputed());
        let link = self.links.get_mut(&peer).expect("a sync comes on a link");
        if whole
            && !link.vector_complete
            && head.seq > held
            && let Some(target) = Link::note(&mut link.targets, author, known)
        {
            *target = head.seq;
        }
        if let Some(from) = head.disputed
            && let Some(disputed) = Link::note(&mut link.disputed, author, known)
        {
            *disputed = from;
        }
        if let Some(theirs) = head.hash.filter(|_| head.seq > held)
            && let Some(ahead) = Link::note(&mut link.ahead, author, known)
        {
            *ahead = Some((head.seq, theirs));
        }
        if let Some(from) = ours
            && head.disputed.is_none_or(|theirs| theirs > from)
        {
            self.send_dispute(peer, author);
        }
        if let Some(theirs) = head.hash
            && ours.is_none_or(|from| head.seq < from)
            && head.seq <= held
            && let Some((hash, _)) = self.entry_at(&author, head.seq, archive)
        {
            if hash != theirs {
                self.waiting.want(theirs, peer, now.mono);
            } else if head.seq == self.common(&author) {
                self.links.get_mut(&peer).expect("looked up above").uncompared.remove(&author);
            }
        }
    }

    /// The peer's whole vector is known: what it lacks is offered, its receipts too; the own one
    /// and proofs are sent.
    fn answer_vector(&mut self, peer: NodeId, now: Now) {
        let ids: Vec<NodeId> = self.members.keys().copied().collect();
        for id in &ids {
            let known = self.links[&peer].disputed.get(id).copied();
            if let Some(from) = self.members[id].disputed()
                && known.is_none_or(|theirs| theirs > from)
            {
                self.send_dispute(peer, *id);
            }
            let has = self.links[&peer].has.get(id).copied().unwrap_or(0);
            if has < self.common(id) {
                self.offer_later(peer, *id, now);
            }
        }
        self.offer_newer_receipts(peer, &ids, now);
    }

    /// The peer holds the author up to `seq`, or says so: a reason to fetch, none to offer. Whether
    /// that is news.
    pub(super) fn peer_has(&mut self, peer: NodeId, author: NodeId, seq: u64) -> bool {
        let Some(link) = self.links.get_mut(&peer) else { return false };
        let known = self.members.get(&author);
        let Some(has) = Link::note(&mut link.has, author, known.is_some()) else { return false };
        let news = seq > *has;
        *has = (*has).max(seq);
        if seq > known.map_or(0, |member| member.head_seq()) {
            self.lacking.insert(author);
            self.replan.insert(author);
        }
        news
    }
}
