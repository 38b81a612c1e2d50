//! Fetching: ranges of logs, and entries by their hash.

use std::collections::BTreeMap;

use super::super::entry::CheckedRun;
use super::super::id::NodeId;
use super::super::limits::RANGE_FLOWS_MS;
use super::super::packet::circle::{Packet, Want};
use super::super::planted::{self, Bug};
use super::Circle;
use super::fetches::Fetches;
use super::others::Others;
use super::peers::Peers;
use super::step::{Now, Step};

impl Circle {
    /// Entries known to be missing here.
    pub(super) fn missing(&self) -> u64 {
        let Circle { members, peers, waiting, .. } = self;
        self.fetches.missing(Others { members, peers, waiting })
    }

    /// A run came that was asked for, or some other: what is live, or sent again, shows nothing.
    pub(super) fn fetch_progressed(
        &mut self,
        peer: NodeId,
        run: &CheckedRun,
        live: bool,
        now: Now,
    ) {
        let asked = !live && self.fetches.progressed(peer, run);
        if (asked || planted::is(Bug::LiveIsProgress))
            && let Some(link) = self.peers.get_mut(&peer)
        {
            link.history_at = now.mono;
        }
    }

    /// The peer says that it holds more of the author than it did.
    pub(super) fn fetch_elsewhere(&mut self, author: &NodeId, peer: NodeId) {
        let peers = &self.peers;
        self.fetches.offered(author, peer, |asked| Some(peers.get(asked)?.history_at));
    }

    pub(super) fn fetch_when_due(&mut self, step: Step<'_>) {
        let mut wants: BTreeMap<NodeId, Want> = BTreeMap::new();
        let Circle { members, peers, waiting, fetches, batches, .. } = self;
        let now = step.now;
        fetches.ask_due(Others { members, peers, waiting }, now, &mut wants);
        let is_held =
            |hash: &_| batches.locate(hash).or_else(|| step.archive.locate(hash)).is_some();
        let comes = |peer: &NodeId| range_comes_from(peer, peers, fetches, now);
        waiting.ask_due(is_held, comes, peers, now, &mut wants);
        for (peer, want) in wants {
            self.send(peer, Packet::Want(want));
        }
    }

    pub(super) fn fetch_wake(&self) -> Option<u64> {
        let wakes = [self.fetches.wake(), self.waiting.wake()];
        wakes.into_iter().flatten().min().filter(|_| !self.peers.is_empty())
    }
}

/// Whether the peer is bringing what it was asked for in ranges.
fn range_comes_from(peer: &NodeId, peers: &Peers, fetches: &Fetches, now: Now) -> bool {
    peers.get(peer).is_some_and(|link| now.mono < link.history_at + RANGE_FLOWS_MS)
        && fetches.asks(peer)
        && !planted::is(Bug::RangeNotAwaited)
}
