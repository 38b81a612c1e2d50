//! What is long besides histories (proofs, receipts of others, further parts of a vector, offers
//! with many names) is sent to a peer once all that was long before is written out.

use super::super::archive::Archive;
use super::super::id::NodeId;
use super::super::limits::{LONG_BYTES, RECEIPTS_MAX, RUN_BYTES_MAX};
use super::super::packet::Lane;
use super::super::packet::circle::Packet;
use super::super::planted::{self, Bug};
use super::Circle;
use super::driver::Output;
use super::link::Link;

impl Circle {
    /// Whether all that was long is written out on this link, and nothing is looked up for it.
    pub(super) fn has_room_for(&self, peer: &NodeId) -> bool {
        let free = |link: &Link| link.unwritten == 0 && !link.looking;
        self.peers.get(peer).is_some_and(free) || planted::is(Bug::LongUnpaced)
    }

    /// Queues what is long: its being written is told of.
    pub(super) fn send_paced(&mut self, peer: NodeId, packet: Packet) {
        self.peers.get_mut(&peer).expect("sent to links only").unwritten += 1;
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
        if let Some(author) = link.proofs.pop_first() {
            let dispute = self.members.get(&author).and_then(|member| member.dispute.clone());
            return Some(Packet::Dispute(dispute.expect("a proof is kept")));
        }
        if let Some(from) = link.vector_from.take() {
            let (sync, next) = self.vector_part(from, archive);
            let link = self.peers.get_mut(&peer).expect("looked up above");
            link.vector_from = next;
            link.note_offered(&sync);
            return Some(Packet::Sync(sync));
        }
        while self.peers[&peer].offer_waits {
            if let Some(sync) = self.offer(peer, archive) {
                return Some(Packet::Sync(sync));
            }
        }
        while self.peers[&peer].compare_waits {
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
        while let Some(node) = link.receipts.pop_first() {
            let Some(receipt) = self.members.get(&node).and_then(|it| it.receipt.as_ref()) else {
                continue;
            };
            if link.counts.get(&node).is_some_and(|count| *count >= receipt.count) {
                continue;
            }
            let change = receipt.whole();
            if !changes.is_empty() && bytes + change.bytes() > RUN_BYTES_MAX {
                link.receipts.insert(node);
                break;
            }
            link.counts.insert(node, receipt.count);
            bytes += change.bytes();
            changes.push(change);
            if changes.len() == RECEIPTS_MAX {
                break;
            }
        }
        (!changes.is_empty()).then_some(Packet::Receipt(changes))
    }
}
