//! The other parts, as one of them sees them when it decides.

use super::super::id::NodeId;
use super::members::Members;
use super::peers::Peers;
use super::waiting::Waiting;

/// Who there is, who is linked, and what waits.
#[derive(Clone, Copy)]
pub(super) struct Others<'a> {
    pub(super) members: &'a Members,
    pub(super) peers: &'a Peers,
    pub(super) waiting: &'a Waiting,
}

impl Others<'_> {
    /// How far the author's log is known to go, up to its fork.
    pub(super) fn known_elsewhere(&self, author: &NodeId) -> u64 {
        let said = self.peers.values().filter_map(|link| link.hints.has(author));
        let known = said.max().unwrap_or(0);
        self.members.disputed(author).map_or(known, |from| known.min(from - 1))
    }

    /// First sequence number of the author's that waits, where its log, held so far, reaches it.
    pub(super) fn waits_next(&self, author: &NodeId, held: u64) -> Option<u64> {
        self.waiting.first_waiting(author).filter(|first| *first <= held + 1)
    }
}
