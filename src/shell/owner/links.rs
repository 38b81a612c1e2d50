//! What links tell the owner, and what the mesh makes of it.

use super::Task;
use crate::protocol::circle::Input;
use crate::protocol::id::NodeId;
use crate::protocol::mesh::{MeshInput, MeshOutput};
use crate::protocol::packet::{Lane, LinkId, Packet};
use crate::shell::clock::wall_ms;
use crate::shell::link::{LinkEvent, LinkSender};

impl Task {
    pub(super) fn mesh(&mut self, input: MeshInput) {
        let now = self.now().mono;
        self.mesh_changed |= !matches!(input, MeshInput::Tick);
        let queued = |link| self.senders.get(&link).map_or(0, LinkSender::queued);
        for output in self.owner.mesh.handle(input, now, &queued) {
            (self.view_dirty, self.mesh_changed) = (true, true);
            match output {
                MeshOutput::Dial(address) => {
                    if self.owner.links.dial(address.clone()).is_err() {
                        self.mesh(MeshInput::DialFailed(address));
                    }
                }
                MeshOutput::Drain(link) => {
                    if let Some(sender) = self.senders.get(&link) {
                        sender.drain();
                    }
                }
                MeshOutput::Close(link) => {
                    if let Some(sender) = self.senders.get(&link) {
                        sender.close();
                    }
                }
                MeshOutput::Use(peer, _) => self.circle(Input::Up(peer)),
                MeshOutput::Lost(peer) => self.circle(Input::Down(peer)),
                MeshOutput::Addresses(member, addresses) => {
                    self.circle(Input::Addresses(member, addresses));
                }
                MeshOutput::Send(link, packet) => self.queue(link, Lane::Live, packet),
                MeshOutput::Linked(peer, linked) => self.circle(Input::Linked(peer, linked)),
            }
        }
    }

    pub(super) fn queue(&self, link: LinkId, lane: Lane, packet: impl Into<Packet>) {
        if let Some(sender) = self.senders.get(&link)
            && sender.try_send(lane, packet).is_err()
        {
            let peer = self.owner.mesh.peer_of(link).map(tracing::field::display);
            tracing::warn!(peer, "the peer takes packets too slowly; its link is dropped");
        }
    }

    /// What the circle knows of members decides for whom the mesh keeps places.
    pub(super) fn tell_standings(&mut self) {
        let members = std::mem::take(&mut self.restanding);
        if !members.is_empty() {
            let circle = &self.owner.circle;
            let standings = members.iter().map(|id| (*id, circle.standing(id))).collect();
            self.mesh(MeshInput::Standings(standings));
        }
    }

    pub(super) fn link_event(&mut self, event: LinkEvent) {
        match event {
            LinkEvent::Up { circle, link, peer, dialled, began, remote, listens, sender } => {
                assert_eq!(circle, self.owner.id, "links are told to the owner of their circle");
                self.senders.insert(link, sender);
                self.heard(peer);
                self.mesh(MeshInput::Up { link, peer, dialled, began, remote, listens });
            }
            LinkEvent::Received(link, packet) => self.received(link, packet),
            LinkEvent::Written(link, packets) => {
                self.for_active(link, |peer| Input::Written(peer, packets));
            }
            LinkEvent::Rtt(link, ms) => self.for_active(link, |peer| Input::Rtt(peer, ms)),
            LinkEvent::RekeyDue(link) => self.mesh(MeshInput::RekeyDue(link)),
            LinkEvent::Down(link) => {
                self.senders.remove(&link);
                self.mesh(MeshInput::Down(link));
            }
            LinkEvent::DialFailed { address, reason } => {
                tracing::debug!(address, "no link: {reason}");
                self.mesh(MeshInput::DialFailed(address));
            }
            LinkEvent::DialledSelf(address) => self.mesh(MeshInput::DialledSelf(address)),
        }
    }

    fn for_active(&mut self, link: LinkId, input: impl FnOnce(NodeId) -> Input) {
        if let Some(peer) = self.owner.mesh.peer_using(link) {
            self.heard(peer);
            self.circle(input(peer));
        }
    }

    fn received(&mut self, link: LinkId, packet: Packet) {
        let Some(peer) = self.owner.mesh.peer_of(link) else { return };
        self.heard(peer);
        match packet {
            Packet::Circle(packet) => self.circle(Input::Received(peer, packet)),
            Packet::Mesh(packet) => self.mesh(MeshInput::Received(link, packet)),
            // Its link's own task has taken it.
            Packet::Link(_) => {}
        }
    }

    fn heard(&mut self, peer: NodeId) {
        self.last_heard.insert(peer, wall_ms());
    }
}
