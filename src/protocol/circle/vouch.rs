//! What is held here is vouched for: own receipts, signed and sent.

use std::sync::Arc;

use super::super::archive::Write;
use super::super::id::NodeId;
use super::super::limits::{
    RECEIPT_AT_ONCE_MEMBERS, RECEIPT_MAX_MS, RECEIPT_MS, RECEIPT_PER_MEMBER_MS,
    RECEIPT_REST_MAX_MS, RECEIPT_REST_PER_MEMBER_MS,
};
use super::super::packet::circle::Packet;
use super::super::planted::{self, Bug};
use super::super::receipt::{Receipt, Watermarks};
use super::Circle;
use super::members::Member;
use super::own::Due;
use super::step::Now;

impl Circle {
    fn members_with_entry(&self) -> u64 {
        self.members.values().filter(|member| member.since.is_some()).count() as u64
    }

    /// Least milliseconds between two receipts of this node.
    pub(super) fn receipt_interval(&self) -> u64 {
        let members = self.members_with_entry();
        (RECEIPT_PER_MEMBER_MS * members).clamp(RECEIPT_MS, RECEIPT_MAX_MS)
    }

    /// Milliseconds that a receipt may wait on its way to whoever has no word of its own in it.
    pub(super) fn receipt_rest(&self) -> u64 {
        let members = self.members_with_entry().saturating_sub(RECEIPT_AT_ONCE_MEMBERS);
        (RECEIPT_REST_PER_MEMBER_MS * members).min(RECEIPT_REST_MAX_MS)
    }

    /// There is news for a receipt.
    pub(super) fn receipt_soon(&mut self, now: Now) {
        let interval = self.receipt_interval();
        self.own.soon(interval, now);
    }

    /// Nothing is vouched for before the first word.
    fn speechless(&self) -> bool {
        self.members.own().committed == 0
    }

    pub(super) fn receipt_wake(&self) -> Option<u64> {
        self.own.wake().filter(|_| !self.speechless())
    }

    pub(super) fn receipt_when_due(&mut self, now: Now) {
        if self.speechless() {
            return;
        }
        match self.own.next(now) {
            Due::Nothing => {}
            Due::Reserve(ceiling) => self.batches.write(Write::ReceiptCeiling(ceiling)),
            Due::Sign(count) => {
                let before = self.members.own().receipt.clone();
                let receipt = self.new_receipt(count);
                self.spread(before.as_ref(), &receipt, now);
            }
        }
    }

    /// An author waits for the word on what it has said. For the rest of the circle the next
    /// receipt may say this one's too; but where this node has what it is not linked for, others
    /// would offer it until they know.
    fn spread(&mut self, before: Option<&Receipt>, receipt: &Receipt, now: Now) {
        let rest = self.receipt_rest();
        let grown = before.map(|before| receipt.since(before).stored);
        let direct = |author: &NodeId| *author == self.me || self.peers.get(author).is_some();
        let all_direct = grown.is_some_and(|grown| grown.keys().all(direct));
        let all = rest == 0 || !all_direct || planted::is(Bug::ReceiptsToAllAtOnce);
        let at = now.mono + rest - self.jitter.up_to(rest / 4);
        for peer in self.peers.ids() {
            let link = self.peers.get_mut(&peer).expect("a key of the map");
            if all || link.own.is_spoken_of(receipt, &peer) {
                self.send_own_receipt(peer, receipt);
            } else if !planted::is(Bug::RestForgotten) {
                link.own.wait(at);
            }
        }
    }

    pub(super) fn rest_when_due(&mut self, now: Now) {
        for peer in self.peers.due(|link| link.own.at(), now) {
            self.send_rest(peer);
        }
    }

    /// The newest receipt goes out, if it waits.
    pub(super) fn send_rest(&mut self, peer: NodeId) {
        if self.peers.get(&peer).is_some_and(|link| link.own.at().is_some())
            && let Some(receipt) = self.members.own().receipt.clone()
        {
            self.send_own_receipt(peer, &receipt);
        }
    }

    fn new_receipt(&mut self, count: u64) -> Receipt {
        let covered = self.members.covered();
        let marks = |value: fn(&Member) -> u64| -> Arc<Watermarks> {
            let some = covered.iter().map(|id| (*id, value(&self.members[id])));
            Arc::new(some.filter(|(_, seq)| *seq > 0).collect())
        };
        let stored = marks(match planted::is(Bug::ReceiptBeforeCommit) {
            true => Member::head_seq,
            false => |member| member.committed,
        });
        let read = match self.own.told() {
            None => marks(|member| member.read_here),
            Some(told) => {
                Arc::new(covered.iter().filter_map(|id| Some((*id, *told.get(id)?))).collect())
            }
        };
        let clock = self.members.committed_clock();
        let receipt = Receipt::sign(count, stored, read, clock, &self.key);
        self.members.take_receipt(receipt.clone());
        receipt
    }

    fn send_own_receipt(&mut self, peer: NodeId, receipt: &Receipt) {
        let link = self.peers.get_mut(&peer).expect("sent to links only");
        let change = link.own.next(receipt);
        link.hints.note_count(receipt.node, receipt.count, true);
        self.send(peer, Packet::Receipt(vec![change]));
    }

    /// The own receipt whole: at once, since changes of it follow.
    pub(super) fn send_own_whole(&mut self, peer: NodeId) {
        let Some(receipt) = self.members.own().receipt.clone() else { return };
        self.peers.get_mut(&peer).expect("sent to links only").own.begin_anew();
        self.send_own_receipt(peer, &receipt);
    }

    /// A receipt of this node that it does not hold: an old database was put back. `too_soon`: it
    /// vouches for what is not held here any more.
    pub(super) fn own_receipt_came_back(&mut self, receipt: &Receipt, too_soon: bool, now: Now) {
        let ceiling = self.own.used(receipt.count);
        // What was said since then with smaller counts, nobody took.
        self.receipt_soon(now);
        if too_soon {
            self.roll_back();
        }
        self.batches.write_all(ceiling.map(Write::ReceiptCeiling));
    }

    /// The reader here has read so far.
    pub(super) fn read_here(&mut self, mut marks: Watermarks) {
        marks.retain(|id, seq| {
            let member = self.members.get(id);
            member.is_some_and(|m| m.read_here < *seq && *seq <= m.committed)
        });
        if !marks.is_empty() {
            self.batches.write(Write::Read(marks));
        }
    }

    /// Reads go on to be kept while they are not told: a page opens where its reader stopped.
    pub(super) fn set_read_receipts(&mut self, on: bool) {
        if self.own.tells_reads() == on {
            return;
        }
        let read = self.members.iter().map(|(id, member)| (*id, member.read_here));
        let told: Option<Watermarks> = (!on).then(|| read.filter(|(_, seq)| *seq > 0).collect());
        self.own.tell_reads(told.clone());
        self.batches.write(Write::ReadTold(told));
    }
}
