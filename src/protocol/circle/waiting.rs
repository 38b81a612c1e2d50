//! Runs that wait for an entry they name, and the hashes wanted for them. Bounded: what does not
//! fit is dropped and fetched again.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::super::entry::CheckedRun;
use super::super::id::{Hash, NodeId};
use super::super::limits::{
    WAITING_AUTHOR_BYTES_MAX, WAITING_BYTES_MAX, WANT_RETRY_MAX_MS, WANT_RETRY_MS,
    WANTED_HASHES_MAX,
};
use super::super::planted::{self, Bug};
use super::Now;

/// Milliseconds an entry that was named may still be on its own way before it is asked for.
const GRACE_MS: u64 = 100;

type Key = (NodeId, u64, Hash);

#[derive(Debug)]
struct Held {
    run: Arc<CheckedRun>,
    /// Who sent it.
    from: NodeId,
    missing: Hash,
}

/// A hash asked for until it is held or nothing waits for it any more.
#[derive(Debug)]
pub(super) struct Wanted {
    /// Ask (again) at this time.
    pub(super) next: u64,
    /// Wait after the next question.
    pub(super) backoff: u64,
    /// Whom to ask first, then whom it was asked last.
    pub(super) peer: NodeId,
    /// Who made us want it.
    origin: NodeId,
    /// Asked already: the next question goes to another peer.
    pub(super) asked: bool,
}

#[derive(Debug, Default)]
pub(super) struct Waiting {
    runs: BTreeMap<Key, Held>,
    by_missing: BTreeMap<Hash, BTreeSet<Key>>,
    bytes: BTreeMap<NodeId, usize>,
    total: usize,
    pub(super) wanted: BTreeMap<Hash, Wanted>,
}

impl Waiting {
    /// Keeps `run`, sent by `from`, until `missing` is held; asks for it where told to.
    pub(super) fn put(
        &mut self,
        run: Arc<CheckedRun>,
        from: NodeId,
        missing: Hash,
        ask: bool,
        now: Now,
    ) {
        let (author, bytes) = (run.author(), run.bytes());
        let key = (author, run.run().first.seq, run.head());
        self.remove(&key);
        let bounded = !planted::is(Bug::WaitingUnbounded);
        while bounded
            && self.bytes.get(&author).copied().unwrap_or(0) + bytes > WAITING_AUTHOR_BYTES_MAX
        {
            // The furthest from its turn gives way; where that is this run, it does.
            let last = self.last_of(author).expect("an author with bytes has runs");
            if last <= key {
                return;
            }
            self.remove(&last);
        }
        while self.total + bytes > WAITING_BYTES_MAX {
            let (largest, _) =
                self.bytes.iter().max_by_key(|(_, bytes)| **bytes).expect("a total has parts");
            let last = self.last_of(*largest).expect("an author with bytes has runs");
            self.remove(&last);
        }
        *self.bytes.entry(author).or_default() += bytes;
        self.total += bytes;
        self.by_missing.entry(missing).or_default().insert(key);
        self.runs.insert(key, Held { run, from, missing });
        if ask {
            self.want(missing, from, now.mono + GRACE_MS);
        }
    }

    /// Asks `peer` for the entry with this hash at `next`, unless it is wanted already.
    pub(super) fn want(&mut self, hash: Hash, peer: NodeId, next: u64) {
        if self.wanted.contains_key(&hash) {
            return;
        }
        if self.wanted.len() >= WANTED_HASHES_MAX {
            self.make_room(peer);
        }
        if self.wanted.len() < WANTED_HASHES_MAX {
            let origin = peer;
            let wanted = Wanted { next, backoff: WANT_RETRY_MS, peer, origin, asked: false };
            self.wanted.insert(hash, wanted);
        } else if !planted::is(Bug::WantedUnfair) {
            self.drop_waiting_for(&hash);
        }
    }

    /// A place for what `peer` makes us want, at the cost of the peer with the most of them.
    fn make_room(&mut self, peer: NodeId) {
        let mut counts: BTreeMap<NodeId, usize> = BTreeMap::new();
        for wanted in self.wanted.values() {
            *counts.entry(wanted.origin).or_default() += 1;
        }
        let own = counts.get(&peer).copied().unwrap_or(0);
        let Some((greedy, most)) = counts.into_iter().max_by_key(|(_, count)| *count) else {
            return;
        };
        if most > own + 1 && !planted::is(Bug::WantedUnfair) {
            let of_greedy = self.wanted.iter().filter(|(_, wanted)| wanted.origin == greedy);
            let last = of_greedy.max_by_key(|(hash, wanted)| (wanted.next, **hash));
            let hash = *last.expect("it has the most").0;
            self.wanted.remove(&hash);
            self.drop_waiting_for(&hash);
        }
    }

    /// What waits for an entry that is not asked for would wait for ever: it is fetched again.
    fn drop_waiting_for(&mut self, hash: &Hash) {
        for key in self.by_missing.get(hash).cloned().unwrap_or_default() {
            self.remove(&key);
        }
    }

    /// Runs that waited for this entry alone; it is not wanted any more.
    pub(super) fn freed_by(&mut self, hash: &Hash) -> Vec<(Arc<CheckedRun>, NodeId)> {
        self.wanted.remove(hash);
        let keys = self.by_missing.get(hash).cloned().unwrap_or_default();
        keys.iter().filter_map(|key| self.remove(key)).collect()
    }

    /// These entries are not wanted any more: they came and could not be taken.
    pub(super) fn give_up(&mut self, hashes: &[Hash]) {
        for hash in hashes {
            self.wanted.remove(hash);
        }
    }

    /// Whether a run waits for this entry.
    pub(super) fn awaits(&self, hash: &Hash) -> bool {
        self.by_missing.contains_key(hash)
    }

    /// Whether something waits for this entry, or asks for it.
    pub(super) fn needs(&self, hash: &Hash) -> bool {
        self.by_missing.contains_key(hash) || self.wanted.contains_key(hash)
    }

    /// Runs of the author whose turn it is now that its log is held up to `head`.
    pub(super) fn followers(
        &mut self,
        author: NodeId,
        head: u64,
    ) -> Vec<(Arc<CheckedRun>, NodeId)> {
        let least = (author, 0, Hash([0; 32]));
        let keys: Vec<Key> = self
            .runs
            .range(least..)
            .take_while(|(key, _)| key.0 == author && key.1 <= head)
            .map(|(key, _)| *key)
            .collect();
        keys.iter().filter_map(|key| self.remove(key)).collect()
    }

    /// First sequence number of the author's that waits, and the last of that stretch.
    pub(super) fn first_waiting(&self, author: &NodeId) -> Option<u64> {
        let least = (*author, 0, Hash([0; 32]));
        self.runs.range(least..).next().filter(|(key, _)| key.0 == *author).map(|(key, _)| key.1)
    }

    /// Hashes to ask for now, whom to ask last or first, and whether that one was asked.
    pub(super) fn due(&mut self, now: Now) -> Vec<Hash> {
        self.wanted.iter().filter(|(_, w)| w.next <= now.mono).map(|(hash, _)| *hash).collect()
    }

    /// `hash` was asked of `peer` now.
    pub(super) fn asked(&mut self, hash: &Hash, peer: NodeId, now: Now) {
        if let Some(wanted) = self.wanted.get_mut(hash) {
            wanted.next = now.mono + wanted.backoff;
            wanted.backoff = (wanted.backoff * 2).min(WANT_RETRY_MAX_MS);
            wanted.peer = peer;
            wanted.asked = true;
        }
    }

    /// When the next hash is to be asked for.
    pub(super) fn wake(&self) -> Option<u64> {
        self.wanted.values().map(|wanted| wanted.next).min()
    }

    /// Bytes that wait of the author with the most.
    pub(super) fn author_bytes_most(&self) -> usize {
        self.bytes.values().max().copied().unwrap_or(0)
    }

    /// Bytes and entries that wait.
    pub(super) fn size(&self) -> (usize, usize) {
        (self.total, self.runs.values().map(|held| held.run.hashes().len()).sum())
    }

    fn last_of(&self, author: NodeId) -> Option<Key> {
        let most = (author, u64::MAX, Hash([0xff; 32]));
        self.runs.range(..=most).next_back().map(|(key, _)| *key).filter(|key| key.0 == author)
    }

    fn remove(&mut self, key: &Key) -> Option<(Arc<CheckedRun>, NodeId)> {
        let held = self.runs.remove(key)?;
        if let Some(keys) = self.by_missing.get_mut(&held.missing) {
            keys.remove(key);
            if keys.is_empty() {
                self.by_missing.remove(&held.missing);
                self.wanted.remove(&held.missing);
            }
        }
        let bytes = held.run.bytes();
        self.total -= bytes;
        let author = self.bytes.get_mut(&key.0).expect("counted when put");
        *author -= bytes;
        if *author == 0 {
            self.bytes.remove(&key.0);
        }
        Some((held.run, held.from))
    }
}
