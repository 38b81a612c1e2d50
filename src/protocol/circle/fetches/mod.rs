//! What is fetched in ranges: a window of an author's log at a time, asked of one peer. Of whom and
//! how far is decided in `plan`.

mod plan;

use std::collections::{BTreeMap, BTreeSet};

use super::super::entry::CheckedRun;
use super::super::id::NodeId;
use super::super::limits::{RANGE_PATIENCE, RANGE_RETRY_MS};
use super::super::planted::{self, Bug};
use super::peer::Peer;
use super::step::Now;

/// A window of an author's log asked of one peer.
#[derive(Debug)]
struct Fetch {
    peer: NodeId,
    /// Who was asked last of those that take turns with the author.
    turn: NodeId,
    to: u64,
    /// How far it has come from the peer, taken or not.
    reached: u64,
    asked_at: u64,
    /// Where it stands in [`Fetches::due`].
    due: u64,
    /// When the author's log last grew, or it was asked.
    grew: u64,
    tries: u32,
    doublings: u32,
    /// Another peer is to be asked now.
    given_up: bool,
    /// Who was asked for some of this author last, and brought nothing.
    silent: Option<NodeId>,
}

impl Fetch {
    fn new(peer: NodeId, turn: NodeId, held: u64, to: u64, now: Now) -> Fetch {
        let at = now.mono;
        let (reached, given_up) = (held, false);
        let (tries, doublings) = (0, 0);
        Fetch {
            peer,
            turn,
            to,
            reached,
            asked_at: at,
            due: at,
            grew: at,
            tries,
            doublings,
            given_up,
            silent: None,
        }
    }

    /// When another peer is asked, unless something comes. What came at `waits` waits for what it
    /// names, which may come with anybody else's.
    fn stalls_at(&self, link: Option<&Peer>, waits: Option<u64>) -> u64 {
        if planted::is(Bug::StallIgnored) {
            return u64::MAX;
        }
        if self.given_up {
            return 0;
        }
        let rtt = link.and_then(|link| link.rtt_ms).unwrap_or(0);
        let wait = RANGE_RETRY_MS.max(4 * u64::from(rtt)) << self.doublings;
        let came = link.map_or(0, |link| link.history_at);
        let moved = self.asked_at.max(came).max(waits.unwrap_or(0));
        // Whoever sends something else for ever must not hold this author up.
        (moved + wait).min(self.grew + RANGE_PATIENCE * wait)
    }
}

/// All that is fetched, or lacks.
#[derive(Debug, Default)]
pub(super) struct Fetches {
    under_way: BTreeMap<NodeId, Fetch>,
    /// Authors of which some peer may hold more.
    lacking: BTreeSet<NodeId>,
    /// Of these, whom something has changed for: only they are looked at in a step.
    replan: BTreeSet<NodeId>,
    /// When fetches stall, or sooner: a peer may name thousands of authors.
    due: BTreeSet<(u64, NodeId)>,
    /// Who last brought what was asked for, and when some log last grew by such.
    source: Option<NodeId>,
    grew_at: u64,
}

impl Fetches {
    /// Some peer may hold more of the author than is held here.
    pub(super) fn lacks(&mut self, author: NodeId) {
        self.lacking.insert(author);
        self.replan.insert(author);
    }

    /// Something has changed for the author: if it lacks, it is looked at again.
    pub(super) fn look_again(&mut self, author: NodeId) {
        if self.lacking.contains(&author) {
            self.replan.insert(author);
        }
    }

    /// The author's log has forked: what is asked of it counts no more.
    pub(super) fn forked(&mut self, author: NodeId) {
        self.under_way.remove(&author);
        self.replan.insert(author);
    }

    /// A run came from the peer, not live. Whether it was asked for: what was asked of the peer is
    /// under way for as long as it brings more of that.
    pub(super) fn progressed(&mut self, peer: NodeId, run: &CheckedRun) -> bool {
        let (first, last) = (run.run().first.seq, run.run().last_seq());
        let asked =
            |fetch: &&mut Fetch| fetch.peer == peer && first <= fetch.to && fetch.reached < last;
        let Some(fetch) = self.under_way.get_mut(&run.author()).filter(asked) else {
            return false;
        };
        fetch.reached = last;
        true
    }

    /// The author's log has grown by what was asked of the peer, and has come.
    pub(super) fn brought(&mut self, peer: NodeId, author: NodeId, now: Now) {
        if let Some(fetch) = self.under_way.get_mut(&author).filter(|fetch| fetch.peer == peer) {
            (fetch.tries, fetch.doublings) = (0, 0);
            self.source = Some(peer);
            self.grew_at = now.mono;
        }
    }

    /// The author's log has grown.
    pub(super) fn grew(&mut self, author: NodeId, now: Now) {
        if let Some(fetch) = self.under_way.get_mut(&author) {
            fetch.grew = now.mono;
        }
        self.look_again(author);
    }

    /// The peer says that it holds more of the author than it did. Whoever was asked after others
    /// have let us wait, and has brought nothing since the time that is told of it, is asked no
    /// longer: this may do better.
    pub(super) fn offered(
        &mut self,
        author: &NodeId,
        peer: NodeId,
        brought_at: impl Fn(&NodeId) -> Option<u64>,
    ) {
        let Some(fetch) = self.under_way.get_mut(author) else { return };
        let brings = brought_at(&fetch.peer).is_some_and(|at| at > fetch.asked_at);
        fetch.given_up |= fetch.peer != peer && fetch.tries > 0 && !brings;
    }

    /// Whether something is asked of the peer.
    pub(super) fn asks(&self, peer: &NodeId) -> bool {
        self.under_way.values().any(|fetch| fetch.peer == *peer)
    }

    /// Nothing comes from the peer any more that was asked for: it is asked again, of whoever is
    /// there.
    pub(super) fn lost_with(&mut self, peer: NodeId) {
        let lost = self.under_way.extract_if(.., |_, fetch| fetch.peer == peer);
        for (author, fetch) in lost {
            self.due.remove(&(fetch.due, author));
            self.replan.insert(author);
        }
        self.source = self.source.filter(|source| *source != peer);
    }

    /// Authors that are to be looked at now.
    fn take_due(&mut self, now: Now) -> BTreeSet<NodeId> {
        while self.due.first().is_some_and(|(at, _)| *at <= now.mono) {
            self.replan.extend(self.due.pop_first().map(|(_, author)| author));
        }
        std::mem::take(&mut self.replan)
    }

    /// When the next fetch stalls, or sooner.
    pub(super) fn wake(&self) -> Option<u64> {
        self.due.first().map(|(at, _)| *at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const AUTHOR: NodeId = NodeId([1; 32]);
    const PEERS: [NodeId; 2] = [NodeId([2; 32]), NodeId([3; 32])];

    fn at(mono: u64) -> Now {
        Now { mono, wall: 0 }
    }

    fn asked(tries: u32) -> Fetches {
        let mut fetches = Fetches::default();
        let mut fetch = Fetch::new(PEERS[0], PEERS[0], 0, 10, at(100));
        (fetch.tries, fetch.doublings) = (tries, tries);
        fetches.under_way.insert(AUTHOR, fetch);
        fetches
    }

    #[test]
    fn a_fetch_stalls_later_with_each_try_and_at_once_when_it_is_given_up() {
        let stalls = |fetches: &Fetches| fetches.under_way[&AUTHOR].stalls_at(None, None);
        assert_eq!(stalls(&asked(0)), 100 + RANGE_RETRY_MS);
        assert_eq!(stalls(&asked(1)), 100 + 2 * RANGE_RETRY_MS);
        let mut late = asked(1);
        late.offered(&AUTHOR, PEERS[1], |_| None);
        assert_eq!(stalls(&late), 0);
    }

    #[test]
    fn whoever_brings_what_was_asked_for_is_not_given_up_for_an_offer() {
        let mut fetches = asked(1);
        fetches.offered(&AUTHOR, PEERS[1], |_| Some(101));
        assert!(!fetches.under_way[&AUTHOR].given_up);
    }

    #[test]
    fn what_was_asked_of_a_lost_link_is_looked_at_again() {
        let mut fetches = asked(0);
        fetches.lost_with(PEERS[1]);
        assert!(fetches.asks(&PEERS[0]) && fetches.take_due(at(100)).is_empty());
        fetches.lost_with(PEERS[0]);
        assert!(!fetches.asks(&PEERS[0]));
        assert_eq!(fetches.take_due(at(100)), BTreeSet::from([AUTHOR]));
    }
}
