//! Who is dialled when.

use super::super::id::NodeId;
use super::super::limits::{LINKS_MAX, REDIAL_FIRST_MS, REDIAL_MAX_MS};
use super::{Dial, Mesh, MeshOutput};

/// The higher id lets the lower one's dial win, by about so many milliseconds.
const YIELD_MS: u64 = 300;

impl Mesh {
    /// Plans the dial of an address of `peer`, unless one is planned.
    pub(super) fn plan(&mut self, address: String, peer: NodeId, now: u64) {
        if peer == self.me || self.myself.contains(&address) || self.active.contains_key(&peer) {
            return;
        }
        let wait = if self.me < peer { self.jitter(50) } else { YIELD_MS + self.jitter(YIELD_MS) };
        self.reached.entry(address.clone()).or_insert(peer);
        self.dials.entry(address).or_insert(Dial { next: now + wait, tries: 0, under_way: false });
    }

    pub(super) fn dial_ended(&mut self, address: &str, now: u64) {
        let gone = self.reached.get(address).is_some_and(|peer| self.gone.contains(peer));
        let tries = self.dials.get(address).map_or(0, |dial| dial.tries);
        let ceiling = match self.ever_linked {
            false => REDIAL_FIRST_MS,
            true if gone => REDIAL_MAX_MS,
            true => (REDIAL_FIRST_MS << tries.min(5)).min(REDIAL_MAX_MS),
        };
        let wait = ceiling / 2 + self.jitter(ceiling / 2);
        if let Some(rekey) = self.rekeys.get_mut(address) {
            *rekey = Some(now + REDIAL_MAX_MS);
        }
        if let Some(dial) = self.dials.get_mut(address) {
            *dial = Dial { next: now + wait, tries: tries.saturating_add(1), under_way: false };
        }
    }

    pub(super) fn dial_when_due(&mut self, now: u64) {
        for address in self.first.clone() {
            let linked =
                self.reached.get(&address).is_some_and(|peer| self.active.contains_key(peer));
            if !linked && !self.myself.contains(&address) {
                self.dials.entry(address).or_default();
            }
        }
        let linked: Vec<String> = self
            .dials
            .keys()
            .filter(|address| {
                self.reached.get(*address).is_some_and(|peer| self.active.contains_key(peer))
            })
            .cloned()
            .collect();
        for address in linked {
            self.dials.remove(&address);
        }
        for (address, at) in &mut self.rekeys {
            if at.take_if(|at| *at <= now).is_some() {
                self.outputs.push(MeshOutput::Dial(address.clone()));
            }
        }
        let room = LINKS_MAX.saturating_sub(self.active.len());
        let due = self.dials.iter_mut().filter(|(_, dial)| !dial.under_way && dial.next <= now);
        for (address, dial) in due.take(room) {
            dial.under_way = true;
            self.outputs.push(MeshOutput::Dial(address.clone()));
        }
        if room == 0 {
            // The mesh is as full as it gets: what is due comes back when there is room.
            self.dials.values_mut().for_each(|dial| dial.next = dial.next.max(now + REDIAL_MAX_MS));
        }
    }

    /// Plans dials of everybody known: at the start.
    pub fn dial_known(&mut self, now: u64) {
        for (peer, addresses) in self.addresses.clone() {
            for address in addresses {
                self.plan(address, peer, now);
            }
        }
    }

    pub(super) fn jitter(&mut self, span: u64) -> u64 {
        self.random = self.random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (self.random >> 33) % (span + 1)
    }
}
