//! This node's own receipts: their counts, when they are due, and what they tell of reads.

use super::super::planted::{self, Bug};
use super::super::receipt::Watermarks;
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
pub(super) enum Due {
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
    pub(super) fn soon(&mut self, interval: u64, now: Now) {
        let earliest = self.sent_at.map_or(0, |at| at + interval);
        self.due.get_or_insert(earliest.max(now.mono));
    }

    /// When one is due that can be signed: not while its count is being reserved.
    pub(super) fn wake(&self) -> Option<u64> {
        let reserving = self.ceiling != self.reserved && self.count + 1 >= self.reserved;
        self.due.filter(|_| !reserving)
    }

    pub(super) fn next(&mut self, now: Now) -> Due {
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
    pub(super) fn used(&mut self, count: u64) -> Option<u64> {
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

    /// What is told of reads, where that is not all.
    pub(super) fn told(&self) -> Option<&Watermarks> {
        self.read_told.as_ref()
    }

    /// Tells all reads from now on, or no more than these.
    pub(super) fn tell_reads(&mut self, told: Option<Watermarks>) {
        self.read_told = told;
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::limits::RECEIPT_MS;
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
