//! What a peer has told of what it holds: hints. They decide only what is asked and offered.

use std::collections::BTreeMap;

use super::super::id::{Hash, NodeId};
use super::super::limits::HINTS_MAX;

/// What one link has brought. Of those whom nobody knows here only so many are kept in each map.
#[derive(Debug, Default)]
pub(super) struct Hints {
    /// Per author how far the peer is known to hold it, or says so.
    has: BTreeMap<NodeId, u64>,
    /// Per author an end that the peer has named, further than the log here goes: to be compared
    /// once it is reached.
    ahead: BTreeMap<NodeId, (u64, Hash)>,
    /// Per author from where the peer knows it as disputed.
    disputed: BTreeMap<NodeId, u64>,
    /// Per node the count of the receipt that the peer has.
    counts: BTreeMap<NodeId, u64>,
    /// The peer's first whole vector: what to hold before stamping.
    targets: BTreeMap<NodeId, u64>,
    /// That vector has come.
    complete: bool,
    /// Parts of a vector are coming.
    open: bool,
}

/// Whether a hint about `id` is kept: not, where the peer has named too many who are not `known`.
fn room<V>(map: &BTreeMap<NodeId, V>, id: &NodeId, known: bool) -> bool {
    known || map.len() < HINTS_MAX || map.contains_key(id)
}

impl Hints {
    /// A part of a whole vector begins. With its first part what the peer said before is forgotten;
    /// whether that is the beginning of another than the first vector.
    pub(super) fn vector_begins(&mut self) -> bool {
        if std::mem::replace(&mut self.open, true) {
            return false;
        }
        self.has.clear();
        self.ahead.clear();
        self.counts.clear();
        self.complete
    }

    /// The last part of the vector was read.
    pub(super) fn vector_ends(&mut self) {
        self.open = false;
        self.complete = true;
    }

    /// A head of the whole vector goes further than the log here.
    pub(super) fn note_target(&mut self, author: NodeId, seq: u64, known: bool) {
        if !self.complete && room(&self.targets, &author, known) {
            self.targets.insert(author, seq);
        }
    }

    /// Whether all that the first vector named is held.
    pub(super) fn is_caught_up_with(&self, holds: impl Fn(&NodeId, u64) -> bool) -> bool {
        self.complete && self.targets.iter().all(|(author, seq)| holds(author, *seq))
    }

    /// How far the peer holds the author's log, or says so.
    pub(super) fn has(&self, author: &NodeId) -> Option<u64> {
        self.has.get(author).copied()
    }

    /// Whether it holds more of the author than this, or says so.
    pub(super) fn has_more(&self, author: &NodeId, held: u64) -> bool {
        self.has(author).is_some_and(|has| has > held)
    }

    /// Authors of whom it holds something.
    pub(super) fn authors(&self) -> impl Iterator<Item = &NodeId> {
        self.has.keys()
    }

    /// The peer holds the author up to `seq`. Whether that is news; none where there is no room.
    pub(super) fn note_has(&mut self, author: NodeId, seq: u64, known: bool) -> Option<bool> {
        if !room(&self.has, &author, known) {
            return None;
        }
        let has = self.has.entry(author).or_default();
        let news = seq > *has;
        *has = (*has).max(seq);
        Some(news)
    }

    pub(super) fn note_end_ahead(&mut self, author: NodeId, seq: u64, hash: Hash, known: bool) {
        if room(&self.ahead, &author, known) {
            self.ahead.insert(author, (seq, hash));
        }
    }

    /// The end that the peer has named, once, where the author's log is held that far by now.
    pub(super) fn take_end_reached(&mut self, author: &NodeId, held: u64) -> Option<(u64, Hash)> {
        let end = self.ahead.get(author).copied().filter(|(seq, _)| *seq <= held)?;
        self.ahead.remove(author);
        Some(end)
    }

    /// From where the peer knows the author as disputed.
    pub(super) fn disputed(&self, author: &NodeId) -> Option<u64> {
        self.disputed.get(author).copied()
    }

    pub(super) fn note_disputed(&mut self, author: NodeId, from: u64, known: bool) {
        if room(&self.disputed, &author, known) {
            self.disputed.insert(author, from);
        }
    }

    /// The count of the node's receipt that the peer has.
    pub(super) fn count(&self, node: &NodeId) -> Option<u64> {
        self.counts.get(node).copied()
    }

    /// Whether it says that it has a newer receipt than the one with this count.
    pub(super) fn has_newer(&self, node: &NodeId, count: u64) -> bool {
        self.count(node).is_some_and(|has| has > count)
    }

    /// It has the receipt with this count. Whether there is room for that.
    pub(super) fn note_count(&mut self, node: NodeId, count: u64, known: bool) -> bool {
        let room = room(&self.counts, &node, known);
        if room {
            self.counts.insert(node, count);
        }
        room
    }

    /// What it said of the node's receipt, if anything, was this count.
    pub(super) fn correct_count(&mut self, node: &NodeId, count: u64) {
        if let Some(said) = self.counts.get_mut(node) {
            *said = count;
        }
    }

    /// Names in the largest of the maps.
    pub(super) fn names(&self) -> usize {
        let maps = [&self.has, &self.disputed, &self.counts, &self.targets];
        maps.map(BTreeMap::len).into_iter().chain([self.ahead.len()]).max().unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(n: usize) -> NodeId {
        let mut id = [0; 32];
        id[..8].copy_from_slice(&(n as u64).to_be_bytes());
        NodeId(id)
    }

    #[test]
    fn of_strangers_only_so_many_are_remembered_and_of_members_all() {
        let mut hints = Hints::default();
        for n in 0..=HINTS_MAX {
            hints.note_has(id(n), 1, false);
        }
        assert_eq!(hints.has(&id(HINTS_MAX)), None);
        assert_eq!(hints.note_has(id(0), 2, false), Some(true), "it is known by now");
        assert_eq!(hints.note_has(id(HINTS_MAX), 1, true), Some(true));
        assert_eq!(hints.names(), HINTS_MAX + 1);
    }

    #[test]
    fn a_new_vector_takes_back_what_the_one_before_named() {
        let mut hints = Hints::default();
        assert!(!hints.vector_begins(), "the first");
        hints.note_has(id(1), 5, true);
        assert!(!hints.vector_begins(), "another part of it");
        assert_eq!(hints.has(&id(1)), Some(5));
        hints.vector_ends();
        assert!(hints.vector_begins());
        assert_eq!(hints.has(&id(1)), None);
    }

    #[test]
    fn an_end_ahead_is_compared_once_and_not_before_it_is_reached() {
        let mut hints = Hints::default();
        hints.note_end_ahead(id(1), 5, Hash([5; 32]), true);
        assert_eq!(hints.take_end_reached(&id(1), 4), None);
        assert_eq!(hints.take_end_reached(&id(1), 5), Some((5, Hash([5; 32]))));
        assert_eq!(hints.take_end_reached(&id(1), 5), None);
    }

    #[test]
    fn caught_up_is_whoever_holds_the_first_vector_and_no_later_one() {
        let mut hints = Hints::default();
        hints.vector_begins();
        hints.note_target(id(1), 5, true);
        assert!(!hints.is_caught_up_with(|_, _| true), "it has not come yet");
        hints.vector_ends();
        hints.note_target(id(2), 9, true);
        assert!(hints.is_caught_up_with(|author, seq| *author == id(1) && seq <= 5));
    }
}
