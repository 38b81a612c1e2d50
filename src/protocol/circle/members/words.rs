//! What members say of each other, and what is decided here: receipts, proofs of forks, addresses,
//! who is set aside.

use super::super::super::dispute::Dispute;
use super::super::super::id::NodeId;
use super::super::super::limits::{
    DISPUTES_UNMET_BYTES_MAX, DISPUTES_UNMET_MAX, RECEIPT_MARKS_MAX, RECEIPTS_UNMET_MAX,
};
use super::super::super::planted::{self, Bug};
use super::super::super::receipt::Receipt;
use super::{Member, Members};

impl Members {
    /// The receipt is the newest of its node.
    pub fn take_receipt(&mut self, receipt: Receipt) {
        let node = receipt.node;
        self.change(node).receipt = Some(receipt);
    }

    /// A receipt of the node with this count takes back what the held one says.
    pub fn receipt_fell(&mut self, node: NodeId, count: u64) {
        let member = self.change(node);
        member.fallen = member.fallen.max(count);
    }

    /// The author has forked at `from`: whose receipt took back what they had stored of it from
    /// there on may not have fallen.
    pub fn excuse(&mut self, author: &NodeId, from: u64) -> Vec<NodeId> {
        let excused = |member: &Member| {
            let held = member.receipt.as_ref().and_then(|receipt| receipt.stored.get(author));
            member.fallen > 0 && held.is_some_and(|seq| *seq >= from)
        };
        let excused = self.all.iter().filter(|(_, member)| excused(member));
        let excused: Vec<NodeId> = excused.map(|(id, _)| *id).collect();
        excused.iter().for_each(|id| self.change(*id).fallen = 0);
        excused
    }

    /// Whether a first receipt of this node is kept: of those without an entry only so many are.
    pub fn room_for_receipt(&self, node: &NodeId) -> bool {
        let met = |member: &Member| member.head.is_some();
        self.get(node).is_some_and(met) || self.unmet() < RECEIPTS_UNMET_MAX
    }

    /// Of how many a receipt is held and no entry.
    pub fn unmet(&self) -> usize {
        self.values().filter(|m| m.head.is_none() && m.receipt.is_some()).count()
    }

    /// Whose logs a receipt of this node speaks of: everybody's; where a receipt does not hold so
    /// many, its own, then first those who are waited for, the oldest first.
    pub fn covered(&self) -> Vec<NodeId> {
        let with_log = self.iter().filter(|(_, member)| member.committed > 0);
        let mut covered: Vec<_> = with_log
            .map(|(id, member)| (*id != self.me, !member.waited_for(), member.since, *id))
            .collect();
        if covered.len() > RECEIPT_MARKS_MAX {
            covered.sort_unstable();
            covered.truncate(RECEIPT_MARKS_MAX);
        }
        covered.into_iter().map(|(.., id)| id).collect()
    }

    /// The proof is the author's, in place of an earlier one.
    pub fn dispute(&mut self, dispute: Dispute) {
        let author = dispute.author;
        self.change(author).dispute = Some(Box::new(dispute));
    }

    /// Of members without an entry only so many proofs are kept. The others are sent again by
    /// whoever kept them, once an entry is held: it is named without its dispute.
    pub fn room_for_proof(&self, dispute: &Dispute) -> bool {
        let others = self.iter().filter(|(id, member)| {
            **id != dispute.author && **id != self.me && member.head.is_none()
        });
        let (mut count, mut bytes) = (1, dispute.bytes());
        for kept in others.filter_map(|(_, member)| member.dispute.as_ref()) {
            (count, bytes) = (count + 1, bytes + kept.bytes());
        }
        let fits = count <= DISPUTES_UNMET_MAX && bytes <= DISPUTES_UNMET_BYTES_MAX;
        fits || dispute.author == self.me || planted::is(Bug::ProofsUnbounded)
    }

    pub fn set_addresses(&mut self, id: NodeId, addresses: Vec<String>) {
        self.change(id).addresses = addresses;
    }

    /// Whether that is another word than before, of somebody who is known.
    pub fn set_aside(&mut self, id: NodeId, aside: bool) -> bool {
        let other = id != self.me && self.get(&id).is_some_and(|member| member.aside != aside);
        if other {
            self.change(id).aside = aside;
        }
        other
    }
}
