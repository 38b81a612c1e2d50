//! What is fetched from each peer: ranges of an author's log, and entries by their hash.

use std::collections::BTreeMap;

use super::super::archive::Archive;
use super::super::id::NodeId;
use super::super::limits::{RANGE_PATIENCE, RANGE_RETRY_MS, WANT_RANGES_MAX};
use super::super::packet::{Packet, Range, Want};
use super::super::planted::{self, Bug};
use super::sync::Link;
use super::{Circle, Now};

/// A stalled range is asked again after up to this many doublings of its first wait: few, where the
/// author is a member, since those that say they hold more may be liars, and the next is not.
const STALL_DOUBLINGS_MAX: u32 = 2;
/// The same, where nobody has met the author: a vector can invent thousands.
const UNMET_DOUBLINGS_MAX: u32 = 5;

/// A range asked of one peer.
#[derive(Debug)]
pub(super) struct Fetch {
    pub(super) peer: NodeId,
    /// Who was asked last of those that take turns with the author.
    turn: NodeId,
    to: u64,
    /// When something last came from the peer, or it was asked.
    pub(super) progress: u64,
    /// Where it stands in `fetch_due`.
    due: u64,
    /// When the author's log last grew by what came from the peer, or it was asked.
    grew: u64,
    pub(super) tries: u32,
    doublings: u32,
}

impl Fetch {
    fn new(peer: NodeId, turn: NodeId, to: u64, at: u64, tries: u32, doublings: u32) -> Fetch {
        Fetch { peer, turn, to, progress: at, due: at, grew: at, tries, doublings }
    }
}

impl Circle {
    /// Entries known to be missing here.
    pub(super) fn missing(&self) -> u64 {
        self.lacking
            .iter()
            .map(|author| {
                let held = self.members.get(author).map_or(0, |member| member.head_seq());
                self.known_elsewhere(author).saturating_sub(held)
            })
            .fold(0, u64::saturating_add)
    }

    /// How far the author's log is known to go, up to its fork.
    fn known_elsewhere(&self, author: &NodeId) -> u64 {
        let known =
            self.links.values().filter_map(|link| link.has.get(author)).max().copied().unwrap_or(0);
        let common = self.members.get(author).and_then(|member| member.disputed());
        common.map_or(known, |from| known.min(from - 1))
    }

    /// Something came from the peer: what was asked of it is under way.
    pub(super) fn fetch_progressed(&mut self, peer: NodeId, now: Now) {
        for fetch in self.fetches.values_mut().filter(|fetch| fetch.peer == peer) {
            fetch.progress = now.mono;
        }
    }

    /// The author's log has grown by what came from the peer.
    pub(super) fn fetch_grew(&mut self, peer: NodeId, author: NodeId, now: Now) {
        if let Some(fetch) = self.fetches.get_mut(&author).filter(|fetch| fetch.peer == peer) {
            fetch.grew = now.mono;
            (fetch.tries, fetch.doublings) = (0, 0);
        }
    }

    pub(super) fn fetch_when_due(&mut self, now: Now, archive: &dyn Archive) {
        let mut wants: BTreeMap<NodeId, Want> = BTreeMap::new();
        while self.fetch_due.first().is_some_and(|(at, _)| *at <= now.mono) {
            self.replan.extend(self.fetch_due.pop_first().map(|(_, author)| author));
        }
        for author in std::mem::take(&mut self.replan) {
            self.plan_fetch(author, now, &mut wants);
            self.note_stall(author);
        }
        self.want_hashes(now, archive, &mut wants);
        for (peer, want) in wants {
            self.send(peer, Packet::Want(want));
        }
    }

    fn plan_fetch(&mut self, author: NodeId, now: Now, wants: &mut BTreeMap<NodeId, Want>) {
        let held = self.members.get(&author).map_or(0, |member| member.head_seq());
        let known = self.known_elsewhere(&author);
        if known <= held {
            self.lacking.remove(&author);
            self.fetches.remove(&author);
            return;
        }
        let waits = self.waiting.first_waiting(&author);
        let to = match waits {
            Some(first) if first > held + 1 => known.min(first - 1),
            _ => known,
        };
        let (turn, tries) = match self.fetches.get(&author) {
            Some(fetch) if held < fetch.to && now.mono < self.stalls_at(fetch) => return,
            Some(fetch) if held < fetch.to => (fetch.turn, fetch.tries + 1),
            _ if waits.is_some_and(|first| first <= held + 1) => {
                // Its turn has come, and what it names may be on its way. Not for ever: its author
                // may have signed it for us alone.
                let fetch = Fetch::new(author, author, known, now.mono, 0, 0);
                self.fetches.insert(author, fetch);
                return;
            }
            _ => (author, 0),
        };
        let holds = |link: &Link| link.has.get(&author).is_some_and(|has| *has > held);
        // The author itself, if it can be asked, takes turns with all the others.
        let own_turn = tries % 2 == 0 && self.links.get(&author).is_some_and(holds);
        let next = match own_turn {
            true => Some(author),
            false => self.peer_after(turn, tries > 0, holds),
        };
        let Some(peer) = next else { return };
        let want = wants.entry(peer).or_default();
        if want.ranges.len() < WANT_RANGES_MAX {
            let to = to.min(self.links[&peer].has[&author].max(held + 1));
            want.ranges.push(Range { author, from: held + 1, to });
            let met = self.members.contains_key(&author);
            let most = if met { STALL_DOUBLINGS_MAX } else { UNMET_DOUBLINGS_MAX };
            let turn = if own_turn && tries > 0 { turn } else { peer };
            let mut fetch = Fetch::new(peer, turn, to, now.mono, tries, tries.min(most));
            fetch.due = self.fetches.get(&author).map_or(fetch.due, |fetch| fetch.due);
            self.fetches.insert(author, fetch);
        } else {
            self.replan.insert(author);
        }
    }

    /// Keeps in `fetch_due` when the author is to be looked at again.
    fn note_stall(&mut self, author: NodeId) {
        let Some(fetch) = self.fetches.get(&author) else { return };
        let at = self.stalls_at(fetch);
        self.fetch_due.remove(&(fetch.due, author));
        self.fetch_due.insert((at, author));
        self.fetches.get_mut(&author).expect("looked up above").due = at;
    }

    fn stalls_at(&self, fetch: &Fetch) -> u64 {
        if planted::is(Bug::StallIgnored) {
            return u64::MAX;
        }
        let rtt = self.links.get(&fetch.peer).and_then(|link| link.rtt_ms).unwrap_or(0);
        let wait = RANGE_RETRY_MS.max(4 * u64::from(rtt));
        let silent = fetch.progress + (wait << fetch.doublings);
        // Whoever sends something else for ever must not hold this author up.
        let fruitless = fetch.grew + ((RANGE_PATIENCE * wait) << fetch.doublings);
        silent.min(fruitless)
    }

    /// A linked peer that `fits`: `start` itself unless `past`, else the next after it on the ring
    /// of ids.
    pub(super) fn peer_after(
        &self,
        start: NodeId,
        past: bool,
        fits: impl Fn(&Link) -> bool,
    ) -> Option<NodeId> {
        let ring = self.links.range(start..).chain(self.links.range(..start));
        let fitting: Vec<NodeId> = ring.filter(|(_, link)| fits(link)).map(|(id, _)| *id).collect();
        let skip = usize::from(past && fitting.first() == Some(&start) && fitting.len() > 1);
        fitting.get(skip).copied()
    }

    pub(super) fn fetch_wake(&self) -> Option<u64> {
        let stalls = self.fetch_due.first().map(|(at, _)| *at);
        [stalls, self.waiting.wants.wake()]
            .into_iter()
            .flatten()
            .min()
            .filter(|_| !self.links.is_empty())
    }
}
