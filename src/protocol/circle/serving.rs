//! What a peer has asked for, and how far that is served.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::super::entry::CheckedRun;
use super::super::id::{Hash, NodeId, Signature};
use super::super::limits::{BROUGHT_MAX, WANTED_HASHES_MAX};
use super::super::lookup::Cursor;
use super::super::planted::{self, Bug};

/// What is served on one link.
#[derive(Debug, Default)]
pub(super) struct Serving {
    /// Ranges that the peer asked for, but those that are being looked up.
    ranges: BTreeMap<NodeId, Cursor>,
    /// Ranges are being looked up.
    looking: bool,
    /// What of these was found and is not written out yet: first and last seq.
    on_its_way: BTreeMap<NodeId, (u64, u64)>,
    /// Hashes the peer asked for, at most [`WANTED_HASHES_MAX`].
    hashes: VecDeque<Hash>,
    /// Runs that answers to hashes brought since there was none to answer.
    brought: BTreeSet<Signature>,
    /// When more may be served, where that is paced.
    at: Option<u64>,
}

impl Serving {
    /// The peer asks for a range, in place of what is left of an earlier one. What is on its way
    /// already does not go out a second time.
    pub(super) fn ask(&mut self, author: NodeId, from: u64, to: u64) {
        let from = match self.on_its_way.get(&author) {
            Some((first, last)) if (*first..=*last).contains(&from) => last + 1,
            _ => from,
        };
        self.ranges.remove(&author);
        if from <= to {
            self.ranges.insert(author, Cursor::new(from, to));
        }
    }

    /// The peer asks for an entry. Whoever asks faster than it reads is answered what it asked
    /// first.
    pub(super) fn ask_hash(&mut self, hash: Hash) {
        if self.hashes.len() < WANTED_HASHES_MAX && !self.hashes.contains(&hash) {
            self.hashes.push_back(hash);
        }
    }

    /// The next hash that the peer asked for.
    pub(super) fn next_hash(&mut self) -> Option<Hash> {
        self.hashes.pop_front()
    }

    pub(super) fn asks_hashes(&self) -> bool {
        !self.hashes.is_empty()
    }

    /// What answers to hashes have brought already.
    pub(super) fn take_brought(&mut self) -> BTreeSet<Signature> {
        std::mem::take(&mut self.brought)
    }

    /// So much was brought by now: kept while there are hashes to answer, and it is not too much.
    pub(super) fn keep_brought(&mut self, brought: BTreeSet<Signature>) {
        let few = brought.len() < BROUGHT_MAX && !planted::is(Bug::BroughtTwice);
        if self.asks_hashes() && few {
            self.brought = brought;
        }
    }

    /// Ranges that wait to be looked up, each with its author.
    pub(super) fn ranges(&self) -> impl Iterator<Item = (&NodeId, &Cursor)> {
        self.ranges.iter()
    }

    /// Ranges that wait.
    pub(super) fn len(&self) -> usize {
        self.ranges.len()
    }

    /// Ranges are being looked up.
    pub(super) fn is_looking(&self) -> bool {
        self.looking
    }

    /// Whether ranges wait, and none are being looked up.
    pub(super) fn may_look(&self) -> bool {
        !self.looking && !self.ranges.is_empty()
    }

    /// All ranges are looked up from now on.
    pub(super) fn look(&mut self) -> BTreeMap<NodeId, Cursor> {
        self.looking = true;
        std::mem::take(&mut self.ranges)
    }

    /// These runs were found, and go out. Of the ranges this is `left`, and what the peer has asked
    /// for meanwhile.
    pub(super) fn found<'a>(
        &mut self,
        runs: impl Iterator<Item = &'a CheckedRun>,
        left: BTreeMap<NodeId, Cursor>,
    ) {
        self.looking = false;
        for run in runs.filter(|_| !planted::is(Bug::OnItsWayForgotten)) {
            let (first, last) = (run.run().first.seq, run.run().last_seq());
            let way = self.on_its_way.entry(run.author()).or_insert((first, last));
            *way = (way.0.min(first), last);
        }
        let newer = std::mem::replace(&mut self.ranges, left);
        newer.into_iter().for_each(|(author, new)| self.ask(author, new.from, new.to));
    }

    /// All that went out is written.
    pub(super) fn written(&mut self) {
        self.on_its_way.clear();
    }

    /// Goes on at this time, or when something happens.
    pub(super) fn pace(&mut self, at: Option<u64>) {
        self.at = at;
    }

    /// When it goes on by itself.
    pub(super) fn at(&self) -> Option<u64> {
        self.at
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const AUTHOR: NodeId = NodeId([1; 32]);

    fn asked(serving: &Serving) -> Vec<(u64, u64)> {
        serving.ranges().map(|(_, cursor)| (cursor.from, cursor.to)).collect()
    }

    #[test]
    fn a_new_question_takes_the_place_of_the_one_before() {
        let mut serving = Serving::default();
        serving.ask(AUTHOR, 1, 9);
        serving.ask(AUTHOR, 4, 7);
        assert_eq!(asked(&serving), [(4, 7)]);
    }

    #[test]
    fn what_is_on_its_way_does_not_go_out_again_before_it_is_written() {
        let mut serving = Serving::default();
        serving.on_its_way.insert(AUTHOR, (3, 6));
        serving.ask(AUTHOR, 3, 9);
        assert_eq!(asked(&serving), [(7, 9)]);
        serving.ask(AUTHOR, 3, 6);
        assert_eq!(asked(&serving), [], "all of it is on its way");
        serving.written();
        serving.ask(AUTHOR, 3, 6);
        assert_eq!(asked(&serving), [(3, 6)]);
    }

    #[test]
    fn what_is_asked_while_ranges_are_looked_up_comes_after_them() {
        let mut serving = Serving::default();
        serving.ask(AUTHOR, 1, 3);
        let left = serving.look();
        assert!(!serving.may_look());
        serving.ask(AUTHOR, 5, 9);
        assert!(!serving.may_look(), "one at a time");
        serving.found([].into_iter(), left);
        assert_eq!(asked(&serving), [(5, 9)], "in place of what is left");
        assert!(serving.may_look());
    }

    #[test]
    fn of_more_hashes_than_are_kept_the_first_are_answered() {
        let mut serving = Serving::default();
        for n in 0..=WANTED_HASHES_MAX {
            let mut hash = [0; 32];
            hash[..8].copy_from_slice(&(n as u64).to_be_bytes());
            serving.ask_hash(Hash(hash));
        }
        assert_eq!(serving.next_hash(), Some(Hash([0; 32])));
        assert_eq!(serving.hashes.len(), WANTED_HASHES_MAX - 1);
    }
}
