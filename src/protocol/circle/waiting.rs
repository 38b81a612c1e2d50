//! Runs that wait for an entry they name. Bounded: what does not fit is dropped, with what waits
//! for it in turn, and fetched again.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::super::entry::CheckedRun;
use super::super::id::{Hash, NodeId};
use super::super::limits::{RANGE_GRACE_MS, WAITING_AUTHOR_BYTES_MAX, WAITING_BYTES_MAX};
use super::super::packet::circle::Want;
use super::super::planted::{self, Bug};
use super::peers::Peers;
use super::step::Now;
use super::wanted::Wants;

/// Author, first sequence number, hash of the last entry.
type Key = (NodeId, u64, Hash);

#[derive(Debug)]
struct Held {
    run: Arc<CheckedRun>,
    /// Who sent it.
    from: NodeId,
    missing: Hash,
}

#[derive(Debug, Default)]
pub(super) struct Waiting {
    runs: BTreeMap<Key, Held>,
    by_missing: BTreeMap<Hash, BTreeSet<Key>>,
    /// Last entries of the runs that wait.
    heads: BTreeSet<Hash>,
    /// Per peer that sent them, by counter: the furthest gives way first.
    by_peer: BTreeMap<NodeId, BTreeSet<(u64, Key)>>,
    /// Per author and peer.
    bytes: BTreeMap<(NodeId, NodeId), usize>,
    peer_bytes: BTreeMap<NodeId, usize>,
    total: usize,
    wants: Wants,
}

impl Waiting {
    /// Keeps `run`, sent by `from`, until `missing` is held, and asks for that at `ask`: a moment
    /// later where a range that is coming may bring it.
    pub(super) fn wait(
        &mut self,
        run: Arc<CheckedRun>,
        from: NodeId,
        missing: Hash,
        ask: Option<u64>,
        now: Now,
    ) {
        let known = self.wants.has(&missing);
        self.put(run, from, missing, ask);
        let patience = match ask {
            Some(at) if at > now.mono && !known => Some(at + RANGE_GRACE_MS),
            Some(at) if at <= now.mono => Some(0),
            _ => None,
        };
        if let Some(until) = patience {
            self.wants.leave_to_range(&missing, until);
        }
    }

    /// Keeps `run`, sent by `from`, until `missing` is held, and asks for that at `ask`.
    fn put(&mut self, run: Arc<CheckedRun>, from: NodeId, missing: Hash, ask: Option<u64>) {
        let key = (run.author(), run.run().first.seq, run.head());
        if self.runs.get(&key).is_some_and(|held| held.missing == missing) {
            return ask.into_iter().for_each(|at| self.want_at(missing, from, at));
        }
        self.remove(&key);
        // It came, though it cannot be taken yet.
        run.hashes().iter().for_each(|hash| self.wants.remove(hash));
        let (bytes, counter) = (run.bytes(), run.run().first.lamport);
        *self.bytes.entry((key.0, from)).or_default() += bytes;
        *self.peer_bytes.entry(from).or_default() += bytes;
        self.total += bytes;
        self.by_missing.entry(missing).or_default().insert(key);
        self.by_peer.entry(from).or_default().insert((counter, key));
        self.heads.insert(key.2);
        self.runs.insert(key, Held { run, from, missing });
        self.make_room(key.0);
        if let Some(at) = ask
            && self.runs.contains_key(&key)
        {
            self.want_at(missing, from, at);
        }
    }

    /// Whoever sent the most gives way: of too much by one author the furthest up its log, of too
    /// much in all the furthest in the order.
    fn make_room(&mut self, author: NodeId) {
        if planted::is(Bug::WaitingUnbounded) {
            return;
        }
        let least = NodeId([0; 32]);
        let most = NodeId([0xff; 32]);
        loop {
            let parts = self.bytes.range((author, least)..=(author, most));
            let sum: usize = parts.clone().map(|(_, bytes)| bytes).sum();
            if sum <= WAITING_AUTHOR_BYTES_MAX {
                break;
            }
            let peer = parts.max_by_key(|(_, bytes)| **bytes).expect("a sum has parts").0.1;
            let unfair = planted::is(Bug::WaitingUnfair);
            let last = self.of(author).rev().find(|(_, held)| unfair || held.from == peer);
            let last = *last.expect("bytes are of runs").0;
            self.drop_with_waiting(&last);
        }
        while self.total > WAITING_BYTES_MAX {
            let greedy = self.peer_bytes.iter().max_by_key(|(_, bytes)| **bytes);
            let runs = &self.by_peer[greedy.expect("a total has parts").0];
            let (_, last) = *runs.last().expect("bytes are of runs");
            self.drop_with_waiting(&last);
        }
    }

    /// Asks `peer` for the entry with this hash now, unless it is wanted already, or waits: no
    /// range brings it.
    pub(super) fn want(&mut self, hash: Hash, peer: NodeId, now: u64) {
        self.want_at(hash, peer, now);
        self.wants.leave_to_range(&hash, 0);
    }

    fn want_at(&mut self, hash: Hash, peer: NodeId, at: u64) {
        if self.heads.contains(&hash) {
            return;
        }
        if let Some(dropped) = self.wants.add(hash, peer, at) {
            self.drop_waiting_for(&dropped);
        }
    }

    /// What waits for an entry that is not asked for would wait for ever: it is fetched again.
    fn drop_waiting_for(&mut self, hash: &Hash) {
        let mut hashes = vec![*hash];
        while let Some(hash) = hashes.pop() {
            for key in self.by_missing.get(&hash).cloned().unwrap_or_default() {
                hashes.extend(
                    self.remove(&key).into_iter().flat_map(|(run, _)| run.hashes().to_vec()),
                );
            }
        }
    }

    fn drop_with_waiting(&mut self, key: &Key) {
        if let Some((run, _)) = self.remove(key) {
            run.hashes().iter().for_each(|hash| self.drop_waiting_for(hash));
        }
    }

    /// Runs that waited for this entry alone; it is not wanted any more.
    pub(super) fn freed_by(&mut self, hash: &Hash) -> Vec<(Arc<CheckedRun>, NodeId)> {
        self.wants.remove(hash);
        let keys = self.by_missing.get(hash).cloned().unwrap_or_default();
        keys.iter().filter_map(|key| self.remove(key)).collect()
    }

    /// These entries are not wanted any more: they came and could not be taken, or nobody has them.
    pub(super) fn give_up(&mut self, hashes: &[Hash]) {
        for hash in hashes {
            self.wants.remove(hash);
            self.drop_waiting_for(hash);
        }
    }

    /// Adds the hashes that are to be asked for now to what is asked of each peer, as
    /// [`Wants::ask_due`]. What was asked for often enough is given up.
    pub(super) fn ask_due(
        &mut self,
        is_held: impl Fn(&Hash) -> bool,
        comes: impl Fn(&NodeId) -> bool,
        peers: &Peers,
        now: Now,
        wants: &mut BTreeMap<NodeId, Want>,
    ) {
        let hopeless = self.wants.hopeless(now);
        self.give_up(&hopeless);
        self.wants.ask_due(is_held, comes, peers, now, wants);
    }

    /// There is a new link to the peer, as [`Wants::origin_back`].
    pub(super) fn origin_back(&mut self, peer: NodeId, now: Now) {
        self.wants.origin_back(peer, now);
    }

    /// When the next hash is to be asked for.
    pub(super) fn wake(&self) -> Option<u64> {
        self.wants.wake()
    }

    /// Hashes that are asked for.
    pub(super) fn wanted(&self) -> usize {
        self.wants.len()
    }

    /// Whether this entry was asked for by its hash.
    pub(super) fn was_asked(&self, hash: &Hash) -> bool {
        self.wants.was_asked(hash)
    }

    /// Whether a run waits for this entry.
    pub(super) fn awaits(&self, hash: &Hash) -> bool {
        self.by_missing.contains_key(hash)
    }

    /// Whether something waits for this entry, or asks for it.
    pub(super) fn needs(&self, hash: &Hash) -> bool {
        self.awaits(hash) || self.wants.has(hash)
    }

    /// What the author's runs that wait name as seen, in order, and who sent them.
    pub(super) fn names(&self, author: NodeId) -> impl Iterator<Item = (Hash, NodeId)> + '_ {
        self.of(author).filter_map(|(_, held)| Some((held.run.run().first.seen?, held.from)))
    }

    /// Runs of the author whose turn it is now that its log is held up to `head`.
    pub(super) fn followers(
        &mut self,
        author: NodeId,
        head: u64,
    ) -> Vec<(Arc<CheckedRun>, NodeId)> {
        let keys: Vec<Key> =
            self.of(author).map(|(key, _)| *key).take_while(|key| key.1 <= head).collect();
        keys.iter().filter_map(|key| self.remove(key)).collect()
    }

    /// First sequence number of the author's that waits.
    pub(super) fn first_waiting(&self, author: &NodeId) -> Option<u64> {
        self.of(*author).next().map(|(key, _)| key.1)
    }

    fn of(&self, author: NodeId) -> impl DoubleEndedIterator<Item = (&Key, &Held)> {
        let (least, most) = (Hash([0; 32]), Hash([0xff; 32]));
        self.runs.range((author, 0, least)..=(author, u64::MAX, most))
    }

    /// Bytes that wait of the author with the most.
    pub(super) fn author_bytes_most(&self) -> usize {
        let mut authors: BTreeMap<NodeId, usize> = BTreeMap::new();
        for ((author, _), bytes) in &self.bytes {
            *authors.entry(*author).or_default() += bytes;
        }
        authors.values().max().copied().unwrap_or(0)
    }

    /// Bytes and entries that wait.
    pub(super) fn size(&self) -> (usize, usize) {
        (self.total, self.runs.values().map(|held| held.run.hashes().len()).sum())
    }

    fn remove(&mut self, key: &Key) -> Option<(Arc<CheckedRun>, NodeId)> {
        let held = self.runs.remove(key)?;
        if let Some(keys) = self.by_missing.get_mut(&held.missing) {
            keys.remove(key);
            if keys.is_empty() {
                self.by_missing.remove(&held.missing);
                self.wants.remove(&held.missing);
            }
        }
        self.heads.remove(&key.2);
        let (bytes, counter) = (held.run.bytes(), held.run.run().first.lamport);
        if let Some(runs) = self.by_peer.get_mut(&held.from) {
            runs.remove(&(counter, *key));
            if runs.is_empty() {
                self.by_peer.remove(&held.from);
            }
        }
        take(&mut self.bytes, &(key.0, held.from), bytes);
        take(&mut self.peer_bytes, &held.from, bytes);
        self.total -= bytes;
        Some((held.run, held.from))
    }
}

/// Counts `bytes` off, and forgets who has none left.
fn take<K: Ord>(counts: &mut BTreeMap<K, usize>, key: &K, bytes: usize) {
    let left = counts.get_mut(key).expect("counted when put");
    *left -= bytes;
    if *left == 0 {
        counts.remove(key);
    }
}
