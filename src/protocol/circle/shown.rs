//! What the driver may show of the circle.

use std::collections::BTreeMap;

use super::super::id::NodeId;
use super::super::mesh::Standing;
use super::super::receipt::Receipt;
use super::Circle;
use super::members::Member;
use super::peer::Peer;

/// How full the circle's queues are; each has a bound in [`limits`](super::super::limits).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Queues {
    /// Bytes of runs that wait for what they name.
    pub waiting_bytes: usize,
    /// Of these, bytes of the author with the most.
    pub waiting_author_bytes: usize,
    /// Hashes that are asked for.
    pub wanted: usize,
    /// Names that the link with the most has told in its vectors, believed or not.
    pub hints: usize,
    /// Members of whom a receipt is held and no entry.
    pub unmet: usize,
    /// Ranges that wait to be sent on the link with the most.
    pub serving: usize,
}

impl Circle {
    /// This member.
    pub fn me(&self) -> NodeId {
        self.me
    }

    /// Everybody known.
    pub fn members(&self) -> &BTreeMap<NodeId, Member> {
        self.members.all()
    }

    /// What this node knows of a member that its links may be kept for.
    pub fn standing(&self, id: &NodeId) -> Standing {
        let Some(member) = self.members.get(id).filter(|member| member.committed > 0) else {
            return Standing::Unmet;
        };
        let apart = member.left || member.aside || member.dispute.is_some();
        let (Some(met), false) = (member.met(), apart) else { return Standing::Apart };
        let own = self.members.own().head.map_or(0, |head| head.lamport);
        let since = member.since.map_or(0, |since| since.lamport);
        // More than a name from it, and something of one's own that may answer it.
        let written = member.committed > 1 && own > since;
        Standing::Member { met, written }
    }

    /// Round trip to the peer in milliseconds.
    pub fn rtt_ms(&self, peer: &NodeId) -> Option<u32> {
        self.peers.get(peer)?.rtt_ms
    }

    /// The greatest counter held.
    pub fn clock(&self) -> u64 {
        self.members.top().map_or(0, |(top, _)| top.lamport)
    }

    /// Body of the last `circle` in order.
    pub fn circle_body(&self) -> Option<&str> {
        self.members.circle_body()
    }

    /// Every position up to this counter is final, and stored as final.
    pub fn final_shown(&self) -> u64 {
        self.finality.shown()
    }

    /// Every position up to this counter is final, whether that is stored yet or not.
    pub fn final_computed(&self) -> u64 {
        self.finality.computed()
    }

    /// Whether this node's reads are told.
    pub fn read_receipts(&self) -> bool {
        self.own.tells_reads()
    }

    /// Sends that wait to be stamped.
    pub fn unsaid(&self) -> usize {
        self.outbox.len()
    }

    /// Entries held, and held once caught up; none where nothing is known to be missing.
    pub fn catching_up(&self) -> Option<(u64, u64)> {
        let (held, missing) = (self.members.held(), self.missing());
        (missing > 0 || self.outbox.wake().is_some() && !self.peers.is_empty())
            .then_some((held, held.saturating_add(missing)))
    }

    /// Bytes and number of entries that wait for what they name.
    pub fn waiting(&self) -> (usize, usize) {
        self.waiting.size()
    }

    /// How full the queues are.
    pub fn queues(&self) -> Queues {
        let most = |count: fn(&Peer) -> usize| self.peers.values().map(count).max().unwrap_or(0);
        Queues {
            waiting_bytes: self.waiting.size().0,
            waiting_author_bytes: self.waiting.author_bytes_most(),
            wanted: self.waiting.wanted(),
            hints: most(|link| link.hints.names()),
            unmet: self.members.unmet(),
            serving: most(|link| link.serving.len()),
        }
    }

    /// A member's newest receipt.
    pub fn receipt(&self, node: &NodeId) -> Option<&Receipt> {
        self.members.get(node)?.receipt.as_ref()
    }
}
