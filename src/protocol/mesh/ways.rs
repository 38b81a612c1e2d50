//! Which way packets go, and who hears of whom.

use super::super::id::NodeId;
use super::super::packet::LinkId;
use super::Mesh;

impl Mesh {
    /// The link that the pair uses: what is sent to the peer goes over it.
    pub fn link_of(&self, peer: &NodeId) -> Option<LinkId> {
        self.active.get(peer).copied()
    }

    /// Who is at the other end: whose packets these are, also while the link drains.
    pub fn peer_of(&self, link: LinkId) -> Option<NodeId> {
        self.links.get(&link).map(|link| link.peer)
    }

    /// Who is at the other end, where the pair uses this link.
    pub fn peer_using(&self, link: LinkId) -> Option<NodeId> {
        self.peer_of(link).filter(|peer| self.link_of(peer) == Some(link))
    }

    /// Peers linked now.
    pub fn linked(&self) -> impl Iterator<Item = NodeId> + '_ {
        self.active.keys().copied()
    }

    /// Whom a member is linked with: this node itself, or a peer as it says.
    pub fn linked_with(&self, member: &NodeId) -> impl Iterator<Item = NodeId> + '_ {
        let own = (*member == self.me).then(|| self.linked());
        own.into_iter().flatten().chain(self.pictures.get(member).into_iter().flatten().copied())
    }

    /// The peer through which this node hears of a member that it is not linked with; none where
    /// it is, or no peer says that it is.
    pub fn via(&self, member: &NodeId) -> Option<NodeId> {
        if *member == self.me || self.active.contains_key(member) {
            return None;
        }
        self.linked().find(|peer| self.linked_with(peer).any(|other| other == *member))
    }
}
