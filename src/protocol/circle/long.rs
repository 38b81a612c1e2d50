//! What is long besides histories (proofs, receipts of others, further parts of a vector, offers
//! with many names) is sent to a peer once all that was long before is written out.

use std::collections::BTreeSet;

use super::super::archive::Archive;
use super::super::id::NodeId;
use super::super::limits::{LONG_BYTES, RECEIPTS_MAX, RUN_BYTES_MAX};
use super::super::packet::Lane;
use super::super::packet::circle::Packet;
use super::super::planted::{self, Bug};
use super::Circle;
use super::driver::Output;

/// What is long and goes out on one link once there is room; offers wait for themselves.
#[derive(Debug, Default)]
pub(super) struct Long {
    /// Proofs of these authors, receipts of these nodes, the vector from here on.
    proofs: BTreeSet<NodeId>,
    receipts: BTreeSet<NodeId>,
    vector_from: Option<NodeId>,
    /// Packets in the history lane that are not written out: while there are any, nothing long is
    /// added.
    unwritten: usize,
}

impl Long {
    pub(super) fn add_proof(&mut self, author: NodeId) {
        self.proofs.insert(author);
    }

    fn next_proof(&mut self) -> Option<NodeId> {
        self.proofs.pop_first()
    }

    pub(super) fn add_receipt(&mut self, node: NodeId) {
        self.receipts.insert(node);
    }

    fn next_receipt(&mut self) -> Option<NodeId> {
        self.receipts.pop_first()
    }

    /// The rest of the vector begins here; none where all of it went out.
    pub(super) fn set_vector(&mut self, from: Option<NodeId>) {
        self.vector_from = from;
    }

    fn take_vector(&mut self) -> Option<NodeId> {
        self.vector_from.take()
    }

    /// Whether a rest of the vector waits.
    pub(super) fn has_vector(&self) -> bool {
        self.vector_from.is_some()
    }

    /// A packet is queued.
    fn queued(&mut self) {
        self.unwritten += 1;
    }

    /// So many packets are written out: whether all are now. A link that is used again tells of
    /// what it was given before, too.
    pub(super) fn written(&mut self, packets: usize) -> bool {
        self.unwritten = match planted::is(Bug::WrittenUncounted) {
            true => 0,
            false => self.unwritten.saturating_sub(packets),
        };
        self.is_written()
    }

    pub(super) fn is_written(&self) -> bool {
        self.unwritten == 0
    }
}

impl Circle {
    /// Whether all that was long is written out on this link, and nothing is looked up for it.
    pub(super) fn has_room_for(&self, peer: &NodeId) -> bool {
        let link = self.peers.get(peer);
        link.is_some_and(|link| link.long.is_written() && !link.serving.is_looking())
            || planted::is(Bug::LongUnpaced)
    }

    /// Queues what is long: its being written is told of.
    pub(super) fn send_paced(&mut self, peer: NodeId, packet: Packet) {
        self.peers.get_mut(&peer).expect("sent to links only").long.queued();
        self.outputs.push(Output::Send(peer, Lane::History, packet));
    }

    /// Of the links for which something long was added, those with room are served.
    pub(super) fn long_when_room(&mut self, archive: &dyn Archive) {
        for peer in self.peers.take_long() {
            self.send_long(peer, archive);
        }
    }

    /// Sends about [`LONG_BYTES`] of what waits for this link, where there is room.
    pub(super) fn send_long(&mut self, peer: NodeId, archive: &dyn Archive) {
        if !self.has_room_for(&peer) {
            return;
        }
        let mut bytes = 0;
        while bytes < LONG_BYTES || planted::is(Bug::LongUnpaced) {
            let Some(packet) = self.next_long(peer, archive) else { return };
            bytes += match &packet {
                Packet::Dispute(dispute) => dispute.bytes(),
                Packet::Receipt(receipts) => receipts.iter().map(|one| one.bytes()).sum(),
                // An offer, or a part of a vector.
                _ => RUN_BYTES_MAX,
            };
            self.send_paced(peer, packet);
        }
    }

    fn next_long(&mut self, peer: NodeId, archive: &dyn Archive) -> Option<Packet> {
        let link = self.peers.get_mut(&peer)?;
        if let Some(author) = link.long.next_proof() {
            let dispute = self.members.get(&author).and_then(|member| member.dispute.clone());
            return Some(Packet::Dispute(dispute.expect("a proof is kept")));
        }
        if let Some(from) = link.long.take_vector() {
            let (sync, next) = self.vector_part(from, archive);
            let link = self.peers.get_mut(&peer).expect("looked up above");
            link.long.set_vector(next);
            link.offers.note(&sync);
            return Some(Packet::Sync(sync));
        }
        while self.peers[&peer].offers.waits() {
            if let Some(sync) = self.offer(peer, archive) {
                return Some(Packet::Sync(sync));
            }
        }
        while self.peers[&peer].offers.ends_wait() {
            if let Some(sync) = self.ends(peer, archive) {
                return Some(Packet::Sync(sync));
            }
        }
        self.asked_receipts(peer)
    }

    /// Some of the receipts that the peer asked for and has not shown to have.
    fn asked_receipts(&mut self, peer: NodeId) -> Option<Packet> {
        let (mut changes, mut bytes) = (Vec::new(), 0);
        let link = self.peers.get_mut(&peer)?;
        while let Some(node) = link.long.next_receipt() {
            let Some(receipt) = self.members.get(&node).and_then(|it| it.receipt.as_ref()) else {
                continue;
            };
            if link.hints.count(&node).is_some_and(|count| count >= receipt.count) {
                continue;
            }
            let change = receipt.whole();
            if !changes.is_empty() && bytes + change.bytes() > RUN_BYTES_MAX {
                link.long.add_receipt(node);
                break;
            }
            link.hints.note_count(node, receipt.count, true);
            bytes += change.bytes();
            changes.push(change);
            if changes.len() == RECEIPTS_MAX {
                break;
            }
        }
        (!changes.is_empty()).then_some(Packet::Receipt(changes))
    }
}
