//! One link per pair: crossing links, and replacement.

use super::super::packet::LinkId;
use super::super::planted::{self, Bug};
use super::places::Admission;
use super::{Link, Mesh, MeshOutput};

/// Handshakes that began within this many milliseconds of a link's coming up overlap with it: the
/// two ends see them at different times.
const GLARE_SLACK_MS: u64 = 1_000;
/// A replaced link that the other end should close is closed here after so many milliseconds.
const RETIRE_MS: u64 = 10_000;
/// A link stands once the other end has told its links, or after so many milliseconds. One that
/// ends before is like a dial that failed: there is no place for it. Dialled at once again, both
/// would do nothing else.
const STANDS_MS: u64 = 5_000;

impl Mesh {
    pub(super) fn link_up(&mut self, id: LinkId, link: Link, now: u64) {
        let peer = link.peer;
        self.ever_linked = true;
        self.gone.remove(&peer);
        if let Some(address) = &link.dialled {
            self.reached(address, peer, now);
            self.rekeys.remove(address);
        }
        // A link that gives up its place holds none for the next.
        let older = self.active.get(&peer).copied().filter(|older| !self.links[older].going);
        if older.is_none() {
            match self.place_for(&peer) {
                Admission::Free => {}
                Admission::OnTrial => drop(self.trials.insert(peer, now + STANDS_MS)),
                Admission::None => {
                    self.dial_later(&link, now);
                    return self.refuse(id, link, now);
                }
            }
        }
        let i_dialled = link.dialled.is_some();
        let glare = older.is_some_and(|older| {
            let older = &self.links[&older];
            let crossed = older.dialled.is_some() != i_dialled;
            crossed && link.began < older.up + GLARE_SLACK_MS
        });
        // In a glare the link dialled by the lower id stays.
        let keep_older = glare && i_dialled != (self.me < peer);
        let first = !self.active.contains_key(&peer);
        let since = older.map_or(link.since, |older| self.links[&older].since);
        self.links.insert(id, Link { since, ..link });
        if !keep_older {
            self.active.insert(peer, id);
            self.outputs.push(MeshOutput::Use(peer, id));
            if first || !planted::is(Bug::LinksUntold) {
                self.tell_anew(peer, first, now);
            }
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
        self.links_version += u64::from(first);
        self.dialled_enough(&peer);
    }

    pub(super) fn link_down(&mut self, id: LinkId, now: u64) {
        let Some(link) = self.links.remove(&id) else { return };
        self.retiring.remove(&id);
        let peer = link.peer;
        if self.active.get(&peer) != Some(&id) {
            return;
        }
        let other =
            self.links.iter().find(|(_, link)| link.peer == peer && !link.refused && !link.going);
        match other.map(|(id, _)| *id) {
            Some(other) => {
                self.retiring.remove(&other);
                self.active.insert(peer, other);
                self.outputs.push(MeshOutput::Use(peer, other));
                self.tell_anew(peer, true, now);
                self.see(peer);
            }
            None => {
                self.active.remove(&peer);
                self.told.remove(&peer);
                self.pictures.remove(&peer);
                self.trials.remove(&peer);
                self.rekeys.retain(|address, _| link.dialled.as_ref() != Some(address));
                self.outputs.push(MeshOutput::Lost(peer));
                self.links_version += 1;
                let brief = now < link.up + STANDS_MS && link.linked_with.is_none();
                let tries = if brief { link.tries + 1 } else { 0 };
                let known = self.addresses.get(&peer).cloned().unwrap_or_default();
                for address in link.dialled.into_iter().chain(known) {
                    self.plan_after(tries, address, peer, now);
                }
            }
        }
    }

    /// Ends links that were replaced and that the other end has left open.
    pub(super) fn retire_when_due(&mut self, now: u64) {
        let due = self.retiring.extract_if(.., |_, at| *at <= now);
        self.outputs.extend(due.map(|(link, _)| MeshOutput::Drain(link)));
    }
}
