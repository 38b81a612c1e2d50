//! One link per pair: glare, replacement, and room for neighbours.

use super::super::id::NodeId;
use super::super::limits::LINKS_MAX;
use super::super::packet::LinkId;
use super::{Link, Mesh, MeshOutput};

/// Handshakes that began within this many milliseconds of a link's coming up overlap with it: the
/// two ends see them at different times.
const GLARE_SLACK_MS: u64 = 500;

impl Mesh {
    pub(super) fn link_up(&mut self, id: LinkId, link: Link, now: u64) {
        let peer = link.peer;
        self.ever_linked = true;
        self.gone.remove(&peer);
        if let Some(address) = &link.dialled {
            self.reached.insert(address.clone(), peer);
            self.dials.remove(address);
            self.rekeys.remove(address);
        }
        let older = self.active.get(&peer).copied();
        if older.is_none() && self.active.len() >= LINKS_MAX && !self.make_room(peer) {
            self.links.insert(id, link);
            self.outputs.push(MeshOutput::Close(id));
            return;
        }
        let mine_wins = |dialled: &Option<String>| dialled.is_some() == (self.me < peer);
        let keep_older = older.is_some_and(|older| {
            let older = &self.links[&older];
            let crossed = older.dialled.is_some() != link.dialled.is_some();
            crossed && link.began < older.up + GLARE_SLACK_MS && mine_wins(&older.dialled)
        });
        let glare = older.is_some_and(|older| {
            let older = &self.links[&older];
            older.dialled.is_some() != link.dialled.is_some()
                && link.began < older.up + GLARE_SLACK_MS
        });
        self.links.insert(id, link);
        let loser = if keep_older { Some(id) } else { older };
        if !keep_older {
            self.active.insert(peer, id);
            self.outputs.push(MeshOutput::Use(peer, id));
        }
        // In a glare only the higher id closes, and the link it dialled: so never both.
        if let Some(loser) = loser
            && (!glare || self.me > peer)
        {
            self.outputs.push(MeshOutput::Drain(loser));
        }
        if older.is_none() {
            let parts = self.whole_contacts();
            self.outputs.extend(parts.into_iter().map(|part| MeshOutput::Tell(peer, part)));
            self.links_changed = true;
            self.tell_soon(now);
        }
    }

    pub(super) fn link_down(&mut self, id: LinkId, now: u64) {
        let Some(link) = self.links.remove(&id) else { return };
        let peer = link.peer;
        if self.active.get(&peer) != Some(&id) {
            return;
        }
        let other = self.links.iter().find(|(_, link)| link.peer == peer).map(|(id, _)| *id);
        match other {
            Some(other) => {
                self.active.insert(peer, other);
                self.outputs.push(MeshOutput::Use(peer, other));
            }
            None => {
                self.active.remove(&peer);
                self.rekeys.retain(|address, _| link.dialled.as_ref() != Some(address));
                self.outputs.push(MeshOutput::Lost(peer));
                self.links_changed = true;
                self.tell_soon(now);
                let known = self.addresses.get(&peer).cloned().unwrap_or_default();
                for address in link.dialled.into_iter().chain(known) {
                    self.plan(address, peer, now);
                }
            }
        }
    }

    /// Above [`LINKS_MAX`] only a neighbour on the ring of ids gets in, in somebody else's place:
    /// so the ring stays whole.
    pub(super) fn make_room(&mut self, peer: NodeId) -> bool {
        if !self.is_neighbour(&peer) {
            return false;
        }
        let other = self.active.iter().find(|(id, _)| !self.is_neighbour(id)).map(|(_, l)| *l);
        self.outputs.extend(other.map(MeshOutput::Drain));
        other.is_some()
    }

    pub(super) fn is_neighbour(&self, peer: &NodeId) -> bool {
        let next = self.addresses.range(self.me..).chain(self.addresses.iter()).next();
        let before =
            self.addresses.range(..self.me).next_back().or(self.addresses.last_key_value());
        [next, before].into_iter().flatten().any(|(id, _)| id == peer)
    }
}
