//! What may wait some moments, since thousands of it may come at once: receipts of others and
//! finality on their way to a commit, marks that are looked at anew.

use std::collections::BTreeSet;

use super::super::archive::Write;
use super::super::id::NodeId;
use super::Circle;
use super::step::{Now, Step};

/// Milliseconds that they may wait.
const LAZY_MS: u64 = 250;

/// What waits, and until when.
#[derive(Debug, Default)]
pub(super) struct Lazy {
    /// Whose new receipts are not written.
    receipts: BTreeSet<NodeId>,
    write_at: Option<u64>,
    /// When all marks are looked at again.
    marks_at: Option<u64>,
}

impl Lazy {
    /// The node's receipt is new.
    pub(super) fn keep_receipt(&mut self, node: NodeId, now: Now) {
        self.receipts.insert(node);
        self.write_soon(now);
    }

    /// There is something to write.
    fn write_soon(&mut self, now: Now) {
        self.write_at.get_or_insert(now.mono + LAZY_MS);
    }

    /// All marks are looked at again: after a dispute, of which many may come.
    pub(super) fn marks_soon(&mut self, now: Now) {
        self.marks_at.get_or_insert(now.mono + LAZY_MS);
    }

    fn writes_due(&self, now: Now) -> bool {
        self.write_at.is_some_and(|at| at <= now.mono)
    }

    /// Whether marks are to be looked at, once.
    fn take_marks_due(&mut self, now: Now) -> bool {
        self.marks_at.take_if(|at| *at <= now.mono).is_some()
    }

    /// Whose receipts are written now.
    fn take_receipts(&mut self) -> BTreeSet<NodeId> {
        self.write_at = None;
        std::mem::take(&mut self.receipts)
    }

    /// When the next of it is due.
    pub(super) fn wake(&self) -> Option<u64> {
        [self.write_at, self.marks_at].into_iter().flatten().min()
    }
}

/// Every position up to a counter is final.
#[derive(Debug)]
pub(super) struct Finality {
    computed: u64,
    written: u64,
    shown: u64,
}

impl Finality {
    /// It was stored up to there.
    pub(super) fn new(stored: u64) -> Finality {
        Finality { computed: stored, written: stored, shown: stored }
    }

    /// Moves it up to there, never back. Whether it has moved.
    fn raise(&mut self, to: u64) -> bool {
        let rises = to > self.computed;
        self.computed = self.computed.max(to);
        rises
    }

    /// What is to be written, once.
    fn take_unwritten(&mut self) -> Option<u64> {
        let unwritten = (self.computed > self.written).then_some(self.computed);
        self.written = self.computed;
        unwritten
    }

    /// It is stored up to there.
    pub(super) fn committed(&mut self, to: u64) {
        debug_assert!(self.shown <= to && to <= self.written, "finality fell, or was not written");
        self.shown = to;
    }

    /// Whether it is stored yet or not.
    pub(super) fn computed(&self) -> u64 {
        self.computed
    }

    /// As far as it is stored.
    pub(super) fn shown(&self) -> u64 {
        self.shown
    }
}

impl Circle {
    pub(super) fn marks_when_due(&mut self, step: Step<'_>) {
        if self.lazy.take_marks_due(step.now) {
            self.advance_marks(None, step);
        }
    }

    /// Moves the marks of these authors (all, where none are given), and finality, as far as
    /// receipts allow.
    pub(super) fn advance_marks(&mut self, authors: Option<&BTreeSet<NodeId>>, step: Step<'_>) {
        let moved = self.members.advance_marks(authors, step.archive);
        self.batches.write_all(moved);
        if self.finality.raise(self.members.final_to()) {
            self.lazy.write_soon(step.now);
        }
    }

    pub(super) fn write_lazily_when_due(&mut self, now: Now) {
        if self.lazy.writes_due(now) {
            self.write_lazily_kept();
        }
    }

    /// Adds what may wait to the batch: receipts of others, finality.
    pub(super) fn write_lazily_kept(&mut self) {
        let receipts = self.lazy.take_receipts().into_iter();
        let held = receipts.filter_map(|node| self.members.get(&node)?.receipt.clone());
        self.batches.write_all(held.map(Write::Receipt));
        self.batches.write_all(self.finality.take_unwritten().map(Write::Final));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finality_moves_up_alone_and_each_move_is_written_once() {
        let mut finality = Finality::new(3);
        assert!(!finality.raise(3) && !finality.raise(2));
        assert_eq!(finality.take_unwritten(), None);
        assert!(finality.raise(5));
        assert_eq!(finality.take_unwritten(), Some(5));
        assert_eq!(finality.take_unwritten(), None);
        assert_eq!((finality.computed(), finality.shown()), (5, 3), "shown once it is stored");
    }

    #[test]
    fn what_waits_is_due_when_the_first_of_it_is() {
        let mut lazy = Lazy::default();
        for mono in [10, 200] {
            lazy.keep_receipt(NodeId([mono as u8; 32]), Now { mono, wall: 0 });
        }
        assert_eq!(lazy.wake(), Some(10 + LAZY_MS));
        assert!(lazy.writes_due(Now { mono: 10 + LAZY_MS, wall: 0 }));
        assert_eq!(lazy.take_receipts().len(), 2);
        assert_eq!(lazy.wake(), None);
    }
}
