//! Reading ranges of logs for a peer: little enough at once to take turns, and done beside the
//! state machine.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::archive::Archive;
use super::entry::{CheckedRun, Timestamp};
use super::id::NodeId;
use super::packet::circle::Range;

/// What is left to read of one author's log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Cursor {
    pub(super) from: u64,
    pub(super) to: u64,
    /// Counter of the entry at `from`, once that was looked up.
    lamport: Option<u64>,
}

impl Cursor {
    pub(super) fn new(from: u64, to: u64) -> Cursor {
        Cursor { from, to, lamport: None }
    }
}

/// Ranges to read for one peer. The driver calls [`Lookup::read`] where it holds up nobody, and
/// gives back the lookup and what was read with `Input::Found`.
#[derive(Debug, Clone)]
pub struct Lookup {
    /// The peer's link that asked.
    pub(super) link: u64,
    /// What is left.
    pub(super) cursors: BTreeMap<NodeId, Cursor>,
    /// About the bytes to read.
    pub(super) bytes: usize,
}

impl Lookup {
    /// The next runs of all ranges, merged in timestamp order. Ranges that are read to their end,
    /// or as far as the log goes, are gone afterwards.
    pub fn read(&mut self, archive: &dyn Archive) -> Vec<Arc<CheckedRun>> {
        let mut order = BTreeSet::new();
        self.cursors.retain(|author, cursor| {
            let at = || archive.at(author, cursor.from).map(|(_, lamport)| lamport);
            cursor.lamport = cursor.lamport.or_else(at).filter(|_| cursor.from <= cursor.to);
            order.extend(cursor.lamport.map(|lamport| Timestamp { lamport, author: *author }));
            cursor.lamport.is_some()
        });
        let (mut runs, mut bytes) = (Vec::new(), 0);
        while bytes < self.bytes
            && let Some(Timestamp { author, .. }) = order.pop_first()
        {
            let cursor = self.cursors.get_mut(&author).expect("ordered from them");
            let range = Range { author, from: cursor.from, to: cursor.to };
            let found = archive.stretch(&range, order.first().copied(), self.bytes - bytes);
            if let Some(last) = found.runs.last() {
                cursor.from = last.run().last_seq() + 1;
            }
            bytes += found.runs.iter().map(|run| run.bytes()).sum::<usize>();
            cursor.lamport = found.next.filter(|_| cursor.from <= cursor.to);
            match cursor.lamport.filter(|_| !found.runs.is_empty()) {
                Some(lamport) => drop(order.insert(Timestamp { lamport, author })),
                None => drop(self.cursors.remove(&author)),
            }
            runs.extend(found.runs);
        }
        runs
    }
}
