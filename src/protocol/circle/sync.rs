//! Vectors: what each peer holds, what it is offered, and what is fetched from it.

use super::super::archive::Archive;
use super::super::id::NodeId;
use super::super::limits::{OFFER_MS, SYNC_AUTHORS_MAX};
use super::super::packet::circle::{Head, Packet, Sync};
use super::super::planted::{self, Bug};
use super::Circle;
use super::peer::Peer;
use super::step::{Now, Step};

impl Circle {
    pub(super) fn link_up(&mut self, peer: NodeId, step: Step<'_>) {
        let sync_at =
            step.now.mono + self.settings.sync_ms + self.jitter.up_to(self.settings.sync_ms / 10);
        self.askers.linked(peer, step.now.mono);
        self.peers.up(peer, sync_at);
        self.fetches.lost_with(peer);
        self.receipts_lost_with(peer);
        if self.peers.len() == 1 {
            self.outbox.linked(step.now);
        }
        self.waiting.origin_back(peer, step.now);
        self.send_vector(peer, step.archive);
    }

    pub(super) fn link_down(&mut self, peer: NodeId) {
        let Some(link) = self.peers.down(&peer) else { return };
        self.askers.unlinked(&peer);
        self.turns.forget(&peer);
        link.hints.authors().for_each(|author| self.fetches.look_again(*author));
        self.fetches.lost_with(peer);
        self.receipts_lost_with(peer);
    }

    /// The first part at once, and in its place among offers, as it makes the peer forget what it
    /// knew; the others once there is room.
    fn send_vector(&mut self, peer: NodeId, archive: &dyn Archive) {
        let (sync, next) = self.vector_part(NodeId([0; 32]), archive);
        let link = self.peers.get_mut(&peer).expect("sent to links only");
        link.offers.note(&sync);
        link.long.set_vector(next);
        self.peers.add_long(peer);
        self.send(peer, Packet::Sync(sync));
    }

    /// The vector from this id on, as much as a packet holds, and where the next part begins.
    pub(super) fn vector_part(
        &self,
        from: NodeId,
        archive: &dyn Archive,
    ) -> (Sync, Option<NodeId>) {
        let mut ids = self.members.all().range(from..);
        let mut sync = Sync { whole: true, ..Sync::default() };
        for (id, member) in ids.by_ref().take(SYNC_AUTHORS_MAX) {
            sync.authors.extend(self.members.head_of(id, archive).map(|head| (*id, head)));
            let held = member.receipt.as_ref().map(|receipt| receipt.count);
            // No count up to this one is used again, whatever was sent in a life before.
            let count = if *id == self.me { Some(self.own.count()) } else { held };
            sync.receipts.extend(count.map(|count| (*id, count)));
        }
        let next = ids.next().map(|(id, _)| *id);
        sync.more = next.is_some();
        (sync, next)
    }

    pub(super) fn sync_when_due(&mut self, step: Step<'_>) {
        for peer in self.peers.due(|link| Some(link.sync_at), step.now) {
            let next = step.now.mono
                + self.settings.sync_ms
                + self.jitter.up_to(self.settings.sync_ms / 10);
            let parts = self.members.all().len().div_ceil(SYNC_AUTHORS_MAX);
            let link = self.peers.get_mut(&peer).expect("a key of the map");
            // Its beginning would overtake the end of the one before.
            if link.long.has_vector() || parts > 1 && !link.long.is_written() {
                link.sync_at = step.now.mono + OFFER_MS;
                continue;
            }
            link.sync_at = next;
            // The vector names its count.
            self.send_rest(peer);
            self.send_vector(peer, step.archive);
        }
    }

    pub(super) fn sync_wake(&self) -> Option<u64> {
        let times = |link: &Peer| {
            let others = [link.offers.at(), link.offers.compare_at(), link.serving.at()];
            others.into_iter().chain([Some(link.sync_at), link.own.at()])
        };
        self.peers.values().flat_map(times).flatten().min()
    }

    pub(super) fn take_sync(&mut self, peer: NodeId, sync: Sync, step: Step<'_>) {
        let Some(link) = self.peers.get_mut(&peer) else { return };
        if sync.whole && link.hints.vector_begins() {
            link.offers.forget_offered();
        }
        for (author, head) in &sync.authors {
            self.take_head(peer, *author, head, sync.whole, step);
        }
        self.take_counts(peer, &sync, step.now);
        let link = self.peers.get_mut(&peer).expect("looked up above");
        if sync.whole && !sync.more {
            link.hints.vector_ends();
            if planted::is(Bug::ResentForever) {
                self.send_vector(peer, step.archive);
            }
            self.answer_vector(peer, step.now);
        }
    }

    fn take_head(
        &mut self,
        peer: NodeId,
        author: NodeId,
        head: &Head,
        whole: bool,
        step: Step<'_>,
    ) {
        if self.peer_has(peer, author, head.seq) {
            self.fetch_elsewhere(&author, peer);
        }
        let member = self.members.get(&author);
        let (known, held) = (member.is_some(), member.map_or(0, |member| member.head_seq()));
        let ours = member.and_then(|member| member.disputed());
        let link = self.peers.get_mut(&peer).expect("a sync comes on a link");
        if whole && head.seq > held {
            link.hints.note_target(author, head.seq, known);
        }
        if let Some(from) = head.disputed {
            link.hints.note_disputed(author, from, known);
        }
        if let Some(theirs) = head.hash.filter(|_| head.seq > held) {
            link.hints.note_end_ahead(author, head.seq, theirs, known);
        }
        if let Some(from) = ours
            && head.disputed.is_none_or(|theirs| theirs > from)
        {
            self.send_dispute(peer, author);
        }
        if let Some(theirs) = head.hash
            && ours.is_none_or(|from| head.seq < from)
            && head.seq <= held
            && let Some((hash, _)) = self.members.entry_at(&author, head.seq, step.archive)
        {
            if hash != theirs {
                self.waiting.want(theirs, peer, step.now.mono);
            } else if head.seq == self.members.common(&author) {
                self.peers.get_mut(&peer).expect("looked up above").offers.agree(&author);
            }
        }
    }

    /// The peer's whole vector is known: what it lacks is offered, its receipts too; the own one
    /// and proofs are sent.
    fn answer_vector(&mut self, peer: NodeId, now: Now) {
        let ids: Vec<NodeId> = self.members.all().keys().copied().collect();
        for id in &ids {
            let known = self.peers[&peer].hints.disputed(id);
            if let Some(from) = self.members[id].disputed()
                && known.is_none_or(|theirs| theirs > from)
            {
                self.send_dispute(peer, *id);
            }
            let has = self.peers[&peer].hints.has(id).unwrap_or(0);
            if has < self.members.common(id) {
                self.offer_later(peer, *id, now);
            }
        }
        self.offer_newer_receipts(peer, &ids, now);
    }

    /// The peer holds the author up to `seq`, or says so: a reason to fetch, none to offer. Whether
    /// that is news.
    pub(super) fn peer_has(&mut self, peer: NodeId, author: NodeId, seq: u64) -> bool {
        let Some(link) = self.peers.get_mut(&peer) else { return false };
        let known = self.members.knows(&author);
        let Some(news) = link.hints.note_has(author, seq, known) else { return false };
        if seq > self.members.head_seq(&author) {
            self.fetches.lacks(author);
        }
        news
    }
}
