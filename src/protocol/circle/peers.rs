//! The links, as the circle sees them: one for each peer.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Index;

use super::super::id::NodeId;
use super::peer::Peer;
use super::step::Now;

/// All links that are up.
#[derive(Debug, Default)]
pub(super) struct Peers {
    links: BTreeMap<NodeId, Peer>,
    /// Counts the links there were.
    count: u64,
    /// Peers for which something long was added.
    long: BTreeSet<NodeId>,
}

impl Peers {
    /// The pair has a new link. What it does not change stays of the one before.
    pub(super) fn up(&mut self, peer: NodeId, sync_at: u64) {
        self.count += 1;
        let before = self.links.remove(&peer).unwrap_or_default();
        self.links.insert(peer, before.renewed(self.count, sync_at));
    }

    pub(super) fn down(&mut self, peer: &NodeId) -> Option<Peer> {
        self.links.remove(peer)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.links.is_empty()
    }

    pub(super) fn len(&self) -> usize {
        self.links.len()
    }

    pub(super) fn linked(&self, peer: &NodeId) -> bool {
        self.links.contains_key(peer)
    }

    pub(super) fn get(&self, peer: &NodeId) -> Option<&Peer> {
        self.links.get(peer)
    }

    pub(super) fn get_mut(&mut self, peer: &NodeId) -> Option<&mut Peer> {
        self.links.get_mut(peer)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&NodeId, &Peer)> {
        self.links.iter()
    }

    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = (&NodeId, &mut Peer)> {
        self.links.iter_mut()
    }

    pub(super) fn values(&self) -> impl Iterator<Item = &Peer> {
        self.links.values()
    }

    pub(super) fn ids(&self) -> Vec<NodeId> {
        self.links.keys().copied().collect()
    }

    /// Peers for whose links this time has come.
    pub(super) fn due(&self, at: impl Fn(&Peer) -> Option<u64>, now: Now) -> Vec<NodeId> {
        let due = |link: &Peer| at(link).is_some_and(|at| at <= now.mono);
        self.links.iter().filter(|(_, link)| due(link)).map(|(id, _)| *id).collect()
    }

    /// A peer that `fits`: `start` itself unless `past`, else the next after it on the ring of ids.
    pub(super) fn after(
        &self,
        start: NodeId,
        past: bool,
        fits: impl Fn(&Peer) -> bool,
    ) -> Option<NodeId> {
        let ring = self.links.range(start..).chain(self.links.range(..start));
        let fitting: Vec<NodeId> = ring.filter(|(_, link)| fits(link)).map(|(id, _)| *id).collect();
        let skip = usize::from(past && fitting.first() == Some(&start) && fitting.len() > 1);
        fitting.get(skip).copied()
    }

    /// Something long waits for this peer.
    pub(super) fn add_long(&mut self, peer: NodeId) {
        self.long.insert(peer);
    }

    /// Peers for which something long was added since.
    pub(super) fn take_long(&mut self) -> BTreeSet<NodeId> {
        std::mem::take(&mut self.long)
    }
}

impl Index<&NodeId> for Peers {
    type Output = Peer;

    fn index(&self, peer: &NodeId) -> &Peer {
        &self.links[peer]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const IDS: [NodeId; 3] = [NodeId([1; 32]), NodeId([2; 32]), NodeId([3; 32])];

    fn three() -> Peers {
        let mut peers = Peers::default();
        IDS.iter().for_each(|id| peers.up(*id, 0));
        peers
    }

    #[test]
    fn peers_take_turns_round_the_ring_of_ids() {
        let peers = three();
        assert_eq!(peers.after(IDS[1], false, |_| true), Some(IDS[1]));
        assert_eq!(peers.after(IDS[1], true, |_| true), Some(IDS[2]));
        assert_eq!(peers.after(IDS[2], true, |_| true), Some(IDS[0]));
    }

    #[test]
    fn the_only_peer_that_fits_is_asked_again() {
        let mut peers = three();
        peers.down(&IDS[0]);
        peers.down(&IDS[2]);
        assert_eq!(peers.after(IDS[1], true, |_| true), Some(IDS[1]));
        assert_eq!(peers.after(IDS[1], true, |_| false), None);
    }
}
