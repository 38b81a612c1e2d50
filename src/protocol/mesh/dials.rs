//! Who is dialled when.

use super::super::id::NodeId;
use super::super::limits::{ADDRESSES_MAX, LINKS_MAX, REDIAL_FIRST_MS, REDIAL_MAX_MS};
use super::super::planted::{self, Bug};
use super::contacts::CONTACT_MEMBERS_MAX;
use super::queue::{Dial, Rank};
use super::{Link, Mesh, MeshOutput, Standing};

/// Addresses that somebody here gave, in all: twice as many as all who are linked may have.
pub const FIRST_MAX: usize = 2 * LINKS_MAX * ADDRESSES_MAX;
/// The higher id lets the lower one's dial win, by about so many milliseconds.
const YIELD_MS: u64 = 300;
/// Addresses that only others told may be dialled once in so many milliseconds: contacts that lie
/// must not make this node a flood for somebody else.
const TOLD_MS: u64 = 125;
/// So many of them at once, after a while without: a newcomer meets a whole circle.
const TOLD_BURST: u64 = 64;
/// Such dials under way at once: half of what links dial at once, so that they hold up no other.
const TOLD_UNDER_WAY_MAX: usize = 8;
/// An address at which a dial has reached somebody who is linked is dialled again after so many
/// milliseconds at the earliest, whoever is said to be there too: contacts that lie must not make
/// a pair replace its links again and again.
const SHOWN_MS: u64 = 60_000;
/// Planned dials looked at in one step: what else is due waits a moment.
const LOOKED_AT_MAX: usize = 64;

impl Mesh {
    /// Plans the dial of an address of `peer`, unless one is planned.
    pub(super) fn plan(&mut self, address: String, peer: NodeId, now: u64) {
        self.plan_after(0, address, peer, now);
    }

    /// The same, after so many that failed.
    pub(super) fn plan_after(&mut self, tries: u32, address: String, peer: NodeId, now: u64) {
        if peer == self.me || self.myself.contains(&address) || self.active.contains_key(&peer) {
            return;
        }
        let wait = match tries {
            0 if self.me < peer => self.jitter(50),
            0 => YIELD_MS + self.jitter(YIELD_MS),
            _ => self.backoff(tries - 1),
        };
        // Who is there is known: only contacts say that somebody else is there by now.
        let there = self.reached.get(&address).filter(|(there, _)| self.active.contains_key(there));
        let shown = there.map_or(0, |(_, at)| at + SHOWN_MS);
        let next = shown.max(now + wait);
        let mut dial = self.dials.take(&address).unwrap_or_else(|| Dial {
            next,
            tries,
            rank: Rank::Anybody,
            ..Dial::default()
        });
        if !dial.under_way {
            dial.rank = dial.rank.min(self.rank(&address, &peer));
        }
        if !dial.under_way && dial.tries == 0 && !planted::is(Bug::ClaimsDelay) {
            dial.next = dial.next.min(next);
        }
        dial.say(peer);
        self.dials.put(address, dial);
    }

    /// Whatever others told of these addresses, and however often a dial of one has failed.
    pub(super) fn dial_first(&mut self, addresses: Vec<String>, now: u64) {
        for address in addresses {
            if self.first.len() >= FIRST_MAX && !self.first.contains(&address) {
                continue;
            }
            self.first.insert(address.clone());
            if let Some(dial) = self.dials.take(&address) {
                let next = if dial.under_way { dial.next } else { now };
                self.dials.put(address, Dial { rank: Rank::Known, next, tries: 0, ..dial });
            }
        }
    }

    /// Something else is known of this member: its addresses may go before others.
    pub(super) fn rank_anew(&mut self, peer: &NodeId) {
        for address in self.addresses.get(peer).cloned().unwrap_or_default() {
            if let Some(mut dial) = self.dials.take(&address) {
                if !dial.under_way {
                    dial.rank = dial.rank.min(self.rank(&address, peer));
                }
                self.dials.put(address, dial);
            }
        }
    }

    fn rank(&self, address: &String, peer: &NodeId) -> Rank {
        let member = matches!(self.standing.get(peer), Some(Standing::Member { .. }));
        match self.first.contains(address) || self.reached.contains_key(address) {
            true => Rank::Known,
            false if member => Rank::Member,
            false => Rank::Anybody,
        }
    }

    /// A dial of this address has reached `peer`.
    pub(super) fn reached(&mut self, address: &str, peer: NodeId, now: u64) {
        if self.reached.len() >= CONTACT_MEMBERS_MAX {
            let (first, active) = (&self.first, &self.active);
            self.reached.retain(|at, (peer, _)| first.contains(at) || active.contains_key(peer));
        }
        self.reached.insert(address.to_owned(), (peer, now));
    }

    /// Whom a dial of this address reached last.
    pub(super) fn there(&self, address: &str) -> Option<&NodeId> {
        self.reached.get(address).map(|(peer, _)| peer)
    }

    /// The address is none of this member any more.
    pub(super) fn unplan(&mut self, address: &str, peer: &NodeId) {
        let Some(mut dial) = self.dials.take(address) else { return };
        dial.said.remove(peer);
        if !dial.said.is_empty() || dial.under_way || self.first.contains(address) {
            self.dials.put(address.to_owned(), dial);
        }
    }

    fn backoff(&mut self, tries: u32) -> u64 {
        let ceiling = (REDIAL_FIRST_MS << tries.min(5)).min(REDIAL_MAX_MS);
        ceiling / 2 + self.jitter(ceiling / 2)
    }

    pub(super) fn dial_ended(&mut self, address: &str, now: u64) {
        if let Some(rekey) = self.rekeys.get_mut(address) {
            *rekey = Some(now + REDIAL_MAX_MS);
        }
        let Some(mut dial) = self.dials.take(address) else { return };
        let gone = self.peers_at(address, &dial).next().is_some()
            && self.peers_at(address, &dial).all(|peer| self.gone.contains(peer));
        let wait = match self.ever_linked {
            false => self.backoff(0),
            true if gone => self.backoff(u32::MAX),
            true => self.backoff(dial.tries),
        };
        dial = Dial { next: now + wait, tries: dial.tries.saturating_add(1), ..dial };
        dial.under_way = false;
        self.dials.put(address.to_owned(), dial);
    }

    /// The other end, which this node dialled, got no place here: it may later.
    pub(super) fn dial_later(&mut self, link: &Link, now: u64) {
        if let Some(address) = &link.dialled {
            let rank = Rank::Known;
            let (next, tries) = (now + REDIAL_MAX_MS, link.tries + 1);
            let mut dial = Dial { next, tries, rank, ..Dial::default() };
            dial.say(link.peer);
            self.dials.put(address.clone(), dial);
        }
    }

    /// Everybody who has been at this address, or is said to be.
    fn peers_at<'a>(&'a self, address: &str, dial: &'a Dial) -> impl Iterator<Item = &'a NodeId> {
        self.there(address).into_iter().chain(&dial.said)
    }

    /// Whether all that this dial could reach are linked. Whom an address of `RODA_PEERS` reaches
    /// is only what a dial has shown: others may say what they like.
    fn is_linked(&self, address: &String, dial: &Dial) -> bool {
        let reached = self.there(address);
        if self.first.contains(address) {
            return reached.is_some_and(|peer| self.active.contains_key(peer));
        }
        let said = dial.candidates();
        (said.is_some() || reached.is_some())
            && dial.said.len() == said.map_or(0, |said| said.len())
            && self.peers_at(address, dial).all(|peer| self.active.contains_key(peer))
    }

    /// The peer is linked: its addresses need no dial.
    pub(super) fn dialled_enough(&mut self, peer: &NodeId) {
        let link = self.active.get(peer).and_then(|link| self.links[link].dialled.clone());
        let known = self.addresses.get(peer).cloned().unwrap_or_default();
        for address in link.into_iter().chain(known) {
            if let Some(dial) = self.dials.get(&address)
                && self.is_linked(&address, dial)
            {
                self.dials.take(&address);
            }
        }
    }

    pub(super) fn dial_when_due(&mut self, now: u64) {
        for address in self.first.clone() {
            let dial = Dial { next: now, ..Dial::default() };
            let planned = self.dials.get(&address).is_some();
            if !planned && !self.myself.contains(&address) && !self.is_linked(&address, &dial) {
                self.dials.put(address, dial);
            }
        }
        for (address, at) in &mut self.rekeys {
            if at.take_if(|at| *at <= now).is_some() {
                self.outputs.push(MeshOutput::Dial(address.clone()));
            }
        }
        let mut looked_at = 0;
        for rank in [Rank::Known, Rank::Member, Rank::Anybody] {
            while looked_at < LOOKED_AT_MAX
                && (rank == Rank::Known || self.told_may(now))
                && let Some(address) = self.dials.due(rank, now)
            {
                looked_at += 1;
                self.dial(address, now);
            }
        }
    }

    fn dial(&mut self, address: String, now: u64) {
        let Some(mut dial) = self.dials.take(&address) else { return };
        if self.is_linked(&address, &dial) {
            return;
        }
        // Without a place left only those are dialled for whom one is kept; what an address of
        // `RODA_PEERS` reaches is one of them.
        let full = self.taken() >= LINKS_MAX;
        let unknown = self.first.contains(&address) && !self.reached.contains_key(&address);
        if full && !unknown && !self.wanted(self.peers_at(&address, &dial)) {
            dial.next = now + REDIAL_MAX_MS;
        } else {
            dial.under_way = true;
            if dial.rank != Rank::Known {
                self.told_at = self.told_at.max(now) + TOLD_MS;
            }
            self.outputs.push(MeshOutput::Dial(address.clone()));
        }
        self.dials.put(address, dial);
    }

    /// Whether an address that only others told may be dialled now.
    fn told_may(&self, now: u64) -> bool {
        self.told_from() <= now && self.dials.told_under_way() < TOLD_UNDER_WAY_MAX
            || planted::is(Bug::ToldUnbounded)
    }

    fn told_from(&self) -> u64 {
        self.told_at.saturating_sub(TOLD_BURST * TOLD_MS)
    }

    pub(super) fn dial_wake(&self) -> Option<u64> {
        let known = self.dials.next_at(Rank::Known);
        let told = [Rank::Member, Rank::Anybody].map(|rank| self.dials.next_at(rank));
        let told = told.into_iter().flatten().min().map(|at| at.max(self.told_from()));
        // With too many under way, the end of one is the next event.
        let told = told.filter(|_| self.dials.told_under_way() < TOLD_UNDER_WAY_MAX);
        known.into_iter().chain(told).chain(self.rekeys.values().copied().flatten()).min()
    }

    /// Plans dials of everybody known: at the start.
    pub(super) fn dial_known(&mut self, now: u64) {
        // Those met first go first: whoever made up a crowd came later.
        let mut known: Vec<(NodeId, Vec<String>)> = self.addresses.clone().into_iter().collect();
        known.sort_by_key(|(peer, _)| match self.standing.get(peer) {
            Some(Standing::Member { met, .. }) => *met,
            _ => u64::MAX,
        });
        for (place, (peer, addresses)) in (0u64..).zip(known) {
            let at = now + place.saturating_sub(TOLD_BURST) * TOLD_MS;
            for address in addresses {
                self.plan(address, peer, at);
            }
        }
    }

    pub(super) fn jitter(&mut self, span: u64) -> u64 {
        self.random = self.random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (self.random >> 33) % (span + 1)
    }
}
