//! Offers: what a peer may lack is named to it, and the ends of logs are compared.

use super::super::archive::Archive;
use super::super::id::NodeId;
use super::super::limits::{COMPARE_MS, OFFER_MS, OFFER_SHORT};
use super::super::packet::circle::{Packet, Sync};
use super::super::planted::{self, Bug};
use super::Circle;
use super::step::{Now, Step};

/// Greatest jitter before an offer, so that not every holder offers at once.
const OFFER_JITTER_MS: u64 = 200;

impl Circle {
    /// The author's log has grown here by what came from others: offer it to those who do not show
    /// that they have it.
    pub(super) fn offer_soon(&mut self, author: NodeId, now: Now) {
        if planted::is(Bug::OfferForgotten) {
            return;
        }
        let seq = self.members.common(&author);
        let without: Vec<NodeId> = self
            .peers
            .iter()
            .filter(|(peer, link)| {
                **peer != author && link.hints.has(&author).is_none_or(|has| has < seq)
            })
            .map(|(peer, _)| *peer)
            .collect();
        for peer in without {
            self.offer_later(peer, author, now);
        }
        self.compare_later(author, now);
    }

    /// That a peer holds as many entries does not say that they are the same: one of each pair
    /// tells the end of the log some time later. A fork must not stay hidden until the next vector.
    pub(super) fn compare_later(&mut self, author: NodeId, now: Now) {
        if planted::is(Bug::EndsUncompared) {
            return;
        }
        let at = now.mono + COMPARE_MS + self.jitter.up_to(COMPARE_MS / 4);
        let agreed = self.members.get(&author).is_some_and(|member| member.dispute.is_some());
        // Whoever has a proof that was not kept here sends it again.
        let others = self.peers.iter_mut().filter(|(peer, link)| {
            **peer > self.me || !agreed && link.hints.disputed(&author).is_some()
        });
        for (_, link) in others.filter(|(peer, _)| **peer != author) {
            link.offers.compare(author, at);
        }
    }

    /// The author's log may have reached ends that peers have named before.
    pub(super) fn compare_ahead(&mut self, author: &NodeId, step: Step<'_>) {
        if planted::is(Bug::EndsAheadForgotten) {
            return;
        }
        let Some(member) = self.members.get(author) else { return };
        let (held, fork) = (member.committed, member.disputed().unwrap_or(u64::MAX));
        let mut reached = Vec::new();
        for (peer, link) in self.peers.iter_mut() {
            let end = link.hints.take_end_reached(author, held);
            reached.extend(end.map(|end| (*peer, end)));
        }
        for (peer, (seq, theirs)) in reached.into_iter().filter(|(_, (seq, _))| *seq < fork) {
            if self
                .members
                .entry_at(author, seq, step.archive)
                .is_some_and(|(hash, _)| hash != theirs)
            {
                self.waiting.want(theirs, peer, step.now.mono);
            }
        }
    }

    /// A fork was found, and may not be the only one: what is to be compared is compared now.
    pub(super) fn compare_soon(&mut self, now: Now) {
        let at = now.mono + if planted::is(Bug::ForksComparedLate) { COMPARE_MS } else { OFFER_MS };
        for (_, link) in self.peers.iter_mut() {
            link.offers.compare_by(at);
        }
    }

    pub(super) fn compare_when_due(&mut self, step: Step<'_>) {
        for peer in self.peers.due(|link| link.offers.compare_at(), step.now) {
            let room = self.has_room_for(&peer);
            let link = self.peers.get_mut(&peer).expect("a key of the map");
            if !link.offers.are_ends_sent_now(room) {
                continue;
            }
            let sync = self.ends(peer, step.archive);
            let link = self.peers.get_mut(&peer).expect("a key of the map");
            link.offers.ends_sent(step.now);
            self.send_offer(peer, sync);
        }
    }

    /// Ends of logs to be compared with the peer's, as many as one `sync` may name.
    pub(super) fn ends(&mut self, peer: NodeId, archive: &dyn Archive) -> Option<Sync> {
        let link = self.peers.get_mut(&peer)?;
        let authors = link.offers.take_ends();
        self.heads(peer, authors, Sync::default(), archive)
    }

    /// The ends of these logs, with what else is in `sync`.
    fn heads(
        &mut self,
        peer: NodeId,
        authors: impl IntoIterator<Item = NodeId>,
        mut sync: Sync,
        archive: &dyn Archive,
    ) -> Option<Sync> {
        for author in authors {
            sync.authors.extend(self.members.head_of(&author, archive).map(|head| (author, head)));
        }
        self.peers.get_mut(&peer).expect("sent to links only").offers.note(&sync);
        (!sync.authors.is_empty() || !sync.receipts.is_empty()).then_some(sync)
    }

    /// Short ones go before what is long.
    fn send_offer(&mut self, peer: NodeId, sync: Option<Sync>) {
        let Some(sync) = sync else { return };
        match sync.authors.len() + sync.receipts.len() <= OFFER_SHORT {
            true => self.send(peer, Packet::Sync(sync)),
            false => self.send_paced(peer, Packet::Sync(sync)),
        }
    }

    pub(super) fn offer_later(&mut self, peer: NodeId, author: NodeId, now: Now) {
        let mut at = self.offer_time(peer, now);
        let rest = self.receipt_rest();
        let link = self.peers.get_mut(&peer).expect("offered to links only");
        if link.linked_with.contains(&author) {
            // It says that it has it with a receipt that may wait so long.
            at += rest;
        }
        link.offers.add(author, at);
    }

    /// Late enough that a peer which got it directly has said so in a receipt.
    pub(super) fn offer_time(&mut self, peer: NodeId, now: Now) -> u64 {
        let rtt = self.peers.get(&peer).and_then(|link| link.rtt_ms).unwrap_or(0);
        let wait = OFFER_MS.max(2 * u64::from(rtt)).max(2 * self.receipt_interval());
        now.mono + wait + self.jitter.up_to(OFFER_JITTER_MS)
    }

    pub(super) fn offer_when_due(&mut self, step: Step<'_>) {
        for peer in self.peers.due(|link| link.offers.at(), step.now) {
            let room = self.has_room_for(&peer);
            let link = self.peers.get_mut(&peer).expect("a key of the map");
            if !link.offers.is_sent_now(room, step.now) {
                continue;
            }
            let sync = self.offer(peer, step.archive);
            self.send_offer(peer, sync);
        }
    }

    /// What is to be offered and the peer has not shown to have, as much as one `sync` may name.
    pub(super) fn offer(&mut self, peer: NodeId, archive: &dyn Archive) -> Option<Sync> {
        let link = self.peers.get_mut(&peer)?;
        let (authors, nodes) = link.offers.take();
        let link = &self.peers[&peer];
        let mut sync = Sync::default();
        for node in nodes.iter().filter(|node| !link.linked_with.contains(node)) {
            let count = self.members[node].receipt_count();
            if below(link.hints.count(node), count) {
                sync.receipts.insert(*node, count);
            }
        }
        let lacks = |author: &NodeId| {
            let seq = self.members.common(author);
            below(link.hints.has(author), seq) && below(link.offers.offered(author), seq)
        };
        let authors: Vec<NodeId> = authors.into_iter().filter(lacks).collect();
        self.heads(peer, authors, sync, archive)
    }
}

/// Whether what is known is less than `at`, or nothing.
fn below(known: Option<u64>, at: u64) -> bool {
    known.is_none_or(|known| known < at)
}
