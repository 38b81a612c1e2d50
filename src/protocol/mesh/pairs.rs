//! One link per pair: glare, replacement, and room for neighbours.

use super::super::id::NodeId;
use super::super::limits::LINKS_MAX;
use super::super::packet::LinkId;
use super::{Link, Mesh, MeshOutput};

/// Handshakes that began within this many milliseconds of a link's coming up overlap with it: the
/// two ends see them at different times.
const GLARE_SLACK_MS: u64 = 1_000;
/// A replaced link that the other end should close is closed here after so many milliseconds.
const RETIRE_MS: u64 = 10_000;

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
        let i_dialled = link.dialled.is_some();
        let glare = older.is_some_and(|older| {
            let older = &self.links[&older];
            let crossed = older.dialled.is_some() != i_dialled;
            crossed && link.began < older.up + GLARE_SLACK_MS
        });
        // In a glare the link dialled by the lower id stays.
        let keep_older = glare && i_dialled != (self.me < peer);
        self.links.insert(id, link);
        if !keep_older {
            self.active.insert(peer, id);
            self.outputs.push(MeshOutput::Use(peer, id));
        }
        if let Some(loser) = if keep_older { Some(id) } else { older } {
            // The two ends may see it differently, so only one of them ends a link at once: in a
            // glare the higher id, else whoever dialled the newer link. The other end waits.
            let ends = if glare { self.me > peer } else { i_dialled };
            if ends {
                self.outputs.push(MeshOutput::Drain(loser));
            } else {
                self.retiring.insert(loser, now + RETIRE_MS);
            }
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
        self.retiring.remove(&id);
        let peer = link.peer;
        if self.active.get(&peer) != Some(&id) {
            return;
        }
        let other = self.links.iter().find(|(_, link)| link.peer == peer).map(|(id, _)| *id);
        match other {
            Some(other) => {
                self.retiring.remove(&other);
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

    /// Ends links that were replaced and that the other end has left open.
    pub(super) fn retire_when_due(&mut self, now: u64) {
        let due = self.retiring.extract_if(.., |_, at| *at <= now);
        self.outputs.extend(due.map(|(link, _)| MeshOutput::Drain(link)));
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
