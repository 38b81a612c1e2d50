//! Dials that are planned, in the order in which they are due.

use std::collections::{BTreeMap, BTreeSet};

use super::super::id::NodeId;

/// Members that are said to be at one address and are noted; with more, who is there is unknown.
const SAID_MAX: usize = 4;

/// Which dials go first.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Rank {
    /// Somebody here gave the address, or a dial of it has reached somebody.
    #[default]
    Known,
    /// Others say that a member is there.
    Member,
    /// Others say that somebody without an entry is there.
    Anybody,
}

/// One address and its next dial.
#[derive(Debug, Clone, Default)]
pub(super) struct Dial {
    pub(super) next: u64,
    pub(super) tries: u32,
    pub(super) under_way: bool,
    pub(super) rank: Rank,
    /// Who is said to be there; nobody has proven it.
    pub(super) said: BTreeSet<NodeId>,
}

impl Dial {
    /// Notes that `peer` is said to be there.
    pub(super) fn say(&mut self, peer: NodeId) {
        if self.said.len() <= SAID_MAX {
            self.said.insert(peer);
        }
    }

    /// Who may be there: unknown where none are said to, or too many.
    pub(super) fn candidates(&self) -> Option<&BTreeSet<NodeId>> {
        (1..=SAID_MAX).contains(&self.said.len()).then_some(&self.said)
    }
}

/// All planned dials. Each address is in `due` exactly while its dial is not under way.
#[derive(Debug, Default)]
pub(super) struct Dials {
    planned: BTreeMap<String, Dial>,
    due: BTreeSet<(Rank, u64, String)>,
    /// Dials under way of addresses that only others told.
    told_under_way: usize,
}

impl Dials {
    pub(super) fn get(&self, address: &str) -> Option<&Dial> {
        self.planned.get(address)
    }

    pub(super) fn told_under_way(&self) -> usize {
        self.told_under_way
    }

    pub(super) fn take(&mut self, address: &str) -> Option<Dial> {
        let (address, dial) = self.planned.remove_entry(address)?;
        if dial.under_way {
            self.told_under_way -= usize::from(dial.rank != Rank::Known);
        } else {
            self.due.remove(&(dial.rank, dial.next, address));
        }
        Some(dial)
    }

    pub(super) fn put(&mut self, address: String, dial: Dial) {
        self.take(&address);
        if dial.under_way {
            self.told_under_way += usize::from(dial.rank != Rank::Known);
        } else {
            self.due.insert((dial.rank, dial.next, address.clone()));
        }
        self.planned.insert(address, dial);
    }

    /// The address of this rank whose dial has been due the longest.
    pub(super) fn due(&self, rank: Rank, now: u64) -> Option<String> {
        let first = self.due.range((rank, 0, String::new())..).next()?;
        (first.0 == rank && first.1 <= now).then(|| first.2.clone())
    }

    pub(super) fn next_at(&self, rank: Rank) -> Option<u64> {
        let first = self.due.range((rank, 0, String::new())..).next()?;
        (first.0 == rank).then_some(first.1)
    }
}
