//! This node's own receipts: their counts, when they are due, and what they tell of reads.

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
use super::step::Now;

/// Counts reserved by one commit: a restart goes on above, so no count is used twice.
const COUNTS_RESERVED: u64 = 1_024;

/// The own receipts, as far as they are not in the hands of others.
#[derive(Debug)]
pub(super) struct OwnReceipts {
    /// Counts below this are or will be reserved; below `reserved` they are.
    ceiling: u64,
    reserved: u64,
    /// Of the last one.
    count: u64,
    due: Option<u64>,
    sent_at: Option<u64>,
    /// What others are told of this node's reads, where that is not all.
    read_told: Option<Watermarks>,
}

/// What is to be done about a receipt that is due.
#[derive(Debug, PartialEq, Eq)]
enum Due {
    /// Sign it, with this count.
    Sign(u64),
    /// Commit this ceiling first.
    Reserve(u64),
    /// Nothing: it is not due yet, or its count is being reserved.
    Nothing,
}

impl OwnReceipts {
    pub(super) fn new(ceiling: u64, read_told: Option<Watermarks>) -> OwnReceipts {
        let count = if planted::is(Bug::CountReused) { 0 } else { ceiling };
        OwnReceipts { ceiling, reserved: ceiling, count, due: None, sent_at: None, read_told }
    }

    /// No count up to this one is used again.
    pub(super) fn count(&self) -> u64 {
        self.count
    }

    /// There is news for a receipt, so long after the last one.
    fn soon(&mut self, interval: u64, now: Now) {
        let earliest = self.sent_at.map_or(0, |at| at + interval);
        self.due.get_or_insert(earliest.max(now.mono));
    }

    /// When one is due that can be signed: not while its count is being reserved.
    fn wake(&self) -> Option<u64> {
        let reserving = self.ceiling != self.reserved && self.count + 1 >= self.reserved;
        self.due.filter(|_| !reserving)
    }

    fn next(&mut self, now: Now) -> Due {
        if self.due.is_none_or(|at| at > now.mono) {
            return Due::Nothing;
        }
        if self.count + 1 >= self.reserved {
            if self.ceiling != self.reserved {
                return Due::Nothing; // goes on when the ceiling is committed
            }
            self.ceiling += COUNTS_RESERVED;
            return Due::Reserve(self.ceiling);
        }
        self.due = None;
        self.sent_at = Some(now.mono);
        self.count += 1;
        Due::Sign(self.count)
    }

    /// The ceiling is committed.
    pub(super) fn reserved(&mut self, ceiling: u64) {
        self.reserved = ceiling;
    }

    /// A receipt of this node came that it does not hold: its count is used. A ceiling that is to
    /// be committed, where there must be a higher one.
    fn used(&mut self, count: u64) -> Option<u64> {
        self.count = self.count.max(count);
        (self.count + 1 >= self.ceiling).then(|| {
            self.ceiling = self.count + COUNTS_RESERVED;
            self.ceiling
        })
    }

    /// Whether all of this node's reads are told.
    pub(super) fn tells_reads(&self) -> bool {
        self.read_told.is_none()
    }

    /// Tells all reads from now on, or no more than these.
    fn tell_reads(&mut self, told: Option<Watermarks>) {
        self.read_told = told;
    }
}

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
        let read = match &self.own.read_told {
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

#[cfg(test)]
mod tests {
    use super::*;

    fn at(mono: u64) -> Now {
        Now { mono, wall: 0 }
    }

    fn due(ceiling: u64) -> OwnReceipts {
        let mut own = OwnReceipts::new(ceiling, None);
        own.soon(RECEIPT_MS, at(0));
        own
    }

    #[test]
    fn no_count_is_used_before_it_is_reserved() {
        let mut own = due(0);
        assert_eq!(own.next(at(0)), Due::Reserve(COUNTS_RESERVED));
        assert_eq!(own.next(at(0)), Due::Nothing, "the commit is under way");
        assert_eq!(own.wake(), None, "and nothing else is waited for");
        own.reserved(COUNTS_RESERVED);
        assert_eq!(own.next(at(0)), Due::Sign(1));
    }

    #[test]
    fn a_restart_goes_on_above_all_that_was_reserved() {
        let mut own = due(COUNTS_RESERVED);
        assert_eq!(own.next(at(0)), Due::Reserve(2 * COUNTS_RESERVED));
        own.reserved(2 * COUNTS_RESERVED);
        assert_eq!(own.next(at(0)), Due::Sign(COUNTS_RESERVED + 1));
    }

    #[test]
    fn a_count_that_came_back_is_not_used_again() {
        let mut own = due(COUNTS_RESERVED);
        let ceiling = own.used(5_000).expect("it is above the ceiling");
        own.reserved(ceiling);
        assert_eq!(own.next(at(0)), Due::Sign(5_001));
    }

    #[test]
    fn two_receipts_are_an_interval_apart() {
        let mut own = due(0);
        own.reserved(COUNTS_RESERVED);
        assert_eq!(own.next(at(7)), Due::Sign(1));
        own.soon(RECEIPT_MS, at(8));
        assert_eq!(own.wake(), Some(7 + RECEIPT_MS));
    }
}
