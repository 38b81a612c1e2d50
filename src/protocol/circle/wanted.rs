//! Entries that are asked for by their hash: of whom, when, and for how long.

use std::collections::BTreeMap;

use super::super::id::{Hash, NodeId};
use super::super::limits::{
    WANT_PACE_MS, WANT_RETRY_MS, WANT_TRIES_MAX, WANTED_HASHES_MAX, WANTED_MAX,
};
use super::super::packet::circle::Want;
use super::super::planted::{self, Bug};
use super::peers::Peers;
use super::step::Now;

/// Peers remembered for one hash as such that hold it.
const ORIGINS_MAX: usize = 8;

/// A hash asked for until it is held, nothing waits for it any more, or nobody has it.
#[derive(Debug)]
struct Wanted {
    /// Ask (again) at this time.
    next: u64,
    /// Until then it is left to a range that is coming.
    patient_until: u64,
    /// Wait after the next question.
    backoff: u64,
    /// Who made us want it: the last of `origins` that came.
    origin: NodeId,
    /// Who has sent what waits for it, at most [`ORIGINS_MAX`]: an honest one holds it.
    origins: Vec<NodeId>,
    /// Who was asked last in turn.
    turn: NodeId,
    tries: u32,
}

/// Whom to ask for a hash.
#[derive(Debug, PartialEq, Eq)]
struct Whom {
    /// Who made us want it, every second time.
    origin: Option<NodeId>,
    /// Else, or where that is not linked, the next peer after this one.
    after: NodeId,
}

#[derive(Debug, Default)]
pub(super) struct Wants {
    hashes: BTreeMap<Hash, Wanted>,
}

impl Wants {
    pub(super) fn has(&self, hash: &Hash) -> bool {
        self.hashes.contains_key(hash)
    }

    pub(super) fn len(&self) -> usize {
        self.hashes.len()
    }

    pub(super) fn remove(&mut self, hash: &Hash) {
        self.hashes.remove(hash);
    }

    /// Asks `peer` at `next`, unless the hash is wanted already. Returns a hash that gives way.
    pub(super) fn add(&mut self, hash: Hash, peer: NodeId, next: u64) -> Option<Hash> {
        if let Some(wanted) = self.hashes.get_mut(&hash) {
            wanted.wanted_by(peer, next);
            return None;
        }
        let given_up = match self.hashes.len() < WANTED_MAX {
            true => None,
            false => Some(self.greediest(peer).unwrap_or(hash)),
        };
        if given_up != Some(hash) {
            given_up.iter().for_each(|hash| self.remove(hash));
            let (origin, turn, origins) = (peer, peer, vec![peer]);
            let (patient_until, backoff) = (0, WANT_RETRY_MS);
            let wanted = Wanted { next, patient_until, backoff, origin, origins, turn, tries: 0 };
            self.hashes.insert(hash, wanted);
        }
        given_up.filter(|_| !planted::is(Bug::WantedUnfair))
    }

    /// The last of the peer with the most, unless that is `peer` itself.
    fn greediest(&self, peer: NodeId) -> Option<Hash> {
        let mut counts: BTreeMap<NodeId, usize> = BTreeMap::new();
        for wanted in self.hashes.values() {
            *counts.entry(wanted.origin).or_default() += 1;
        }
        let own = counts.get(&peer).copied().unwrap_or(0);
        let (greedy, most) = counts.into_iter().max_by_key(|(_, count)| *count)?;
        if most <= own + 1 || planted::is(Bug::WantedUnfair) {
            return None;
        }
        let of_greedy = self.hashes.iter().filter(|(_, wanted)| wanted.origin == greedy);
        of_greedy.max_by_key(|(hash, wanted)| (wanted.next, **hash)).map(|(hash, _)| *hash)
    }

    /// Hashes to ask for now, those never asked for first, and whom.
    fn due(&self, now: Now) -> Vec<(Hash, Whom)> {
        let due = self.hashes.iter().filter(|(_, wanted)| wanted.next <= now.mono);
        let mut due: Vec<(&Hash, &Wanted)> = due.collect();
        due.sort_by_key(|(_, wanted)| wanted.tries);
        due.into_iter().map(|(hash, wanted)| (*hash, wanted.whom())).collect()
    }

    /// Hashes that were asked for often enough.
    pub(super) fn hopeless(&self, now: Now) -> Vec<Hash> {
        let most = if planted::is(Bug::AskedForever) { u32::MAX } else { WANT_TRIES_MAX };
        let hopeless = |wanted: &Wanted| wanted.next <= now.mono && wanted.tries >= most;
        self.hashes.iter().filter(|(_, wanted)| hopeless(wanted)).map(|(hash, _)| *hash).collect()
    }

    /// `hash` was asked of `peer` now; `in_turn`: as the next.
    fn asked(&mut self, hash: &Hash, peer: NodeId, in_turn: bool, now: Now) {
        if let Some(wanted) = self.hashes.get_mut(hash) {
            wanted.next = now.mono + wanted.backoff;
            wanted.backoff = wanted.backoff.saturating_mul(2);
            if in_turn {
                wanted.turn = peer;
            }
            wanted.tries += 1;
        }
    }

    /// There is a new link to the peer: what it made us want, and was asked for in vain, is asked
    /// of it now.
    pub(super) fn origin_back(&mut self, peer: NodeId, now: Now) {
        if planted::is(Bug::ReturnUnnoticed) {
            return;
        }
        let asked = self.hashes.values_mut().filter(|wanted| wanted.tries > 0);
        for wanted in asked.filter(|wanted| wanted.origins.contains(&peer)) {
            wanted.begin_anew(peer, now.mono);
        }
    }

    /// The peer is asked for as many as it takes: this one comes with the next.
    fn wait_for_room(&mut self, hash: &Hash, now: Now) {
        if let Some(wanted) = self.hashes.get_mut(hash) {
            wanted.next = now.mono + WANT_PACE_MS;
        }
    }

    /// A range may bring it, until then.
    pub(super) fn leave_to_range(&mut self, hash: &Hash, until: u64) {
        if let Some(wanted) = self.hashes.get_mut(hash).filter(|wanted| wanted.tries == 0) {
            wanted.patient_until = until;
        }
    }

    /// What was asked of its origin in ranges is coming: whether it waits for that a moment more.
    fn wait_for_range(&mut self, hash: &Hash, now: Now) -> bool {
        let Some(wanted) = self.hashes.get_mut(hash) else { return false };
        let waits = now.mono < wanted.patient_until;
        if waits {
            wanted.next = now.mono + WANT_PACE_MS;
        }
        waits
    }

    /// Whether it was asked for already.
    pub(super) fn was_asked(&self, hash: &Hash) -> bool {
        self.hashes.get(hash).is_some_and(|wanted| wanted.tries > 0)
    }

    /// Adds the hashes that are to be asked for now to what is asked of each peer. `comes`: whether
    /// a peer is bringing what it was asked for in ranges.
    pub(super) fn ask_due(
        &mut self,
        is_held: impl Fn(&Hash) -> bool,
        comes: impl Fn(&NodeId) -> bool,
        peers: &Peers,
        now: Now,
        wants: &mut BTreeMap<NodeId, Want>,
    ) {
        for (hash, whom) in self.due(now) {
            if is_held(&hash) {
                self.remove(&hash);
                continue;
            }
            if whom.origin.is_some_and(|peer| comes(&peer)) && self.wait_for_range(&hash, now) {
                continue;
            }
            let origin = whom.origin.filter(|peer| peers.linked(peer));
            let next = || peers.after(whom.after, true, |_| true);
            let Some(peer) = origin.or_else(next) else { return };
            let want = wants.entry(peer).or_default();
            if want.hashes.len() < WANTED_HASHES_MAX {
                want.hashes.push(hash);
                self.asked(&hash, peer, origin.is_none(), now);
            } else {
                self.wait_for_room(&hash, now);
            }
        }
    }

    /// When the next hash is to be asked for.
    pub(super) fn wake(&self) -> Option<u64> {
        self.hashes.values().map(|wanted| wanted.next).min()
    }
}

impl Wanted {
    /// The peer has sent what waits for it too: if others were asked in vain, it is asked. Once:
    /// liars may send such things without end.
    fn wanted_by(&mut self, peer: NodeId, at: u64) {
        if self.tries == 0 {
            self.next = self.next.min(at);
        } else if self.origins.len() < ORIGINS_MAX && !self.origins.contains(&peer) {
            self.origins.push(peer);
            if !planted::is(Bug::HoldersUnnoticed) {
                self.begin_anew(peer, at);
            }
        }
    }

    /// The peer is asked at this time, and the others after it.
    fn begin_anew(&mut self, peer: NodeId, at: u64) {
        self.origin = peer;
        self.next = self.next.min(at);
        self.tries = self.tries.next_multiple_of(2).min(WANT_TRIES_MAX - 2);
        self.backoff = WANT_RETRY_MS;
    }

    /// The peer that made us want it every second time: an honest one holds it. In between the
    /// others, as it may not be honest.
    fn whom(&self) -> Whom {
        let origin = self.tries.is_multiple_of(2).then_some(self.origin);
        let forgotten = origin.filter(|_| planted::is(Bug::TurnForgotten));
        Whom { origin, after: forgotten.unwrap_or(self.turn) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HASH: Hash = Hash([7; 32]);

    fn id(byte: u8) -> NodeId {
        NodeId([byte; 32])
    }

    fn at(mono: u64) -> Now {
        Now { mono, wall: 0 }
    }

    #[test]
    fn whoever_named_an_entry_is_asked_every_second_time() {
        let mut wants = Wants::default();
        wants.add(HASH, id(1), 0);
        let mut peers = Peers::default();
        [id(1), id(2), id(3)].into_iter().for_each(|peer| peers.up(peer, 0));
        let mut whom = Vec::new();
        for _ in 0..4 {
            let mut asks = BTreeMap::new();
            let now = at(wants.wake().expect("it is wanted"));
            wants.ask_due(|_| false, |_| false, &peers, now, &mut asks);
            whom.extend(asks.into_keys());
        }
        assert_eq!(whom, [id(1), id(2), id(1), id(3)]);
    }

    #[test]
    fn what_is_held_by_now_is_not_asked_for() {
        let mut wants = Wants::default();
        wants.add(HASH, id(1), 0);
        let mut asks = BTreeMap::new();
        wants.ask_due(|_| true, |_| false, &Peers::default(), at(0), &mut asks);
        assert!(asks.is_empty() && !wants.has(&HASH));
    }

    #[test]
    fn of_too_much_that_is_wanted_the_greediest_gives_way() {
        let mut wants = Wants::default();
        for n in 0..WANTED_MAX {
            let mut hash = [0; 32];
            hash[..8].copy_from_slice(&(n as u64).to_be_bytes());
            wants.add(Hash(hash), id(1), n as u64);
        }
        let dropped = wants.add(HASH, id(2), 0).expect("there is no room");
        assert!(wants.has(&HASH) && !wants.has(&dropped));
        assert_eq!(wants.len(), WANTED_MAX);
    }
}
