//! What links tell the owner, and what the mesh makes of it.

use super::Task;
use crate::protocol::circle::{Input, Output};
use crate::protocol::id::NodeId;
use crate::protocol::mesh::{MeshInput, MeshOutput};
use crate::protocol::packet::{Lane, LinkId, Packet};
use crate::shell::clock::wall_ms;
use crate::shell::link::LinkEvent;

impl Task {
    pub(super) fn mesh(&mut self, input: MeshInput) {
        let now = self.now().mono;
        for output in self.owner.mesh.handle(input, now) {
            self.view_dirty = true;
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
                MeshOutput::Tell(peer, contacts) => {
                    self.carry_out(Output::Send(peer, Lane::Live, Packet::Contacts(contacts)));
                }
            }
        }
    }

    pub(super) fn link_event(&mut self, event: LinkEvent) {
        match event {
            LinkEvent::Up { link, peer, dialled, began, remote, listens, sender } => {
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
        if let Some(peer) = self.owner.mesh.peer_of(link)
            && self.owner.mesh.link_of(&peer) == Some(link)
        {
            self.heard(peer);
            self.circle(input(peer));
        }
    }

    /// A link that was replaced still counts while it drains.
    fn received(&mut self, link: LinkId, packet: Packet) {
        let Some(peer) = self.owner.mesh.peer_of(link) else { return };
        self.heard(peer);
        match &packet {
            Packet::Contacts(contacts) => {
                self.mesh(MeshInput::Contacts(peer, contacts.clone()));
            }
            Packet::Bye => self.mesh(MeshInput::Bye(peer)),
            _ => {}
        }
        self.circle(Input::Received(peer, packet));
    }

    fn heard(&mut self, peer: NodeId) {
        self.last_heard.insert(peer, wall_ms());
    }
}
