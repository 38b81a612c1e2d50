//! What is known of one linked peer, and what is to go out to it, each in a part of its own.

use std::collections::BTreeSet;

use super::super::id::NodeId;
use super::super::receipt::{Receipt, ReceiptChange};
use super::hints::Hints;
use super::long::Long;
use super::offers::Offers;
use super::serving::Serving;

/// A linked peer, as the circle sees it. Starts anew with every new link, but for what that does
/// not change: how far the peer is, and whom it is linked with.
#[derive(Debug, Default)]
pub(super) struct Peer {
    /// Names the link in what is looked up for it.
    pub(super) serial: u64,
    pub(super) rtt_ms: Option<u32>,
    /// Whom the peer says it is linked with: a hint.
    pub(super) linked_with: BTreeSet<NodeId>,
    /// When the whole vector goes out next.
    pub(super) sync_at: u64,
    /// When something last came that was asked for.
    pub(super) history_at: u64,
    /// When a receipt last came that was asked for, and when one was last awaited in vain.
    pub(super) receipt_at: u64,
    pub(super) silent_at: Option<u64>,
    pub(super) hints: Hints,
    pub(super) offers: Offers,
    pub(super) long: Long,
    pub(super) serving: Serving,
    pub(super) own: OwnSent,
}

impl Peer {
    /// A new link in place of this one.
    pub(super) fn renewed(self, serial: u64, sync_at: u64) -> Peer {
        let Peer { rtt_ms, linked_with, .. } = self;
        Peer { rtt_ms, linked_with, serial, sync_at, ..Peer::default() }
    }
}

/// What was sent of the own receipts on one link.
#[derive(Debug, Default)]
pub(super) struct OwnSent {
    /// The one last sent here: the base of the next.
    base: Option<Receipt>,
    /// When the newest goes out, where others got it sooner.
    at: Option<u64>,
    /// It was said once what the peer's first vector lacks of it.
    answered: bool,
    /// The peer was shown an older receipt of its own that a newer one takes back.
    fell: bool,
}

impl OwnSent {
    /// The receipt as it goes out: what has changed since the last one.
    pub(super) fn next(&mut self, receipt: &Receipt) -> ReceiptChange {
        let change = match &self.base {
            Some(base) => receipt.since(base),
            None => receipt.whole(),
        };
        (self.base, self.at) = (Some(receipt.clone()), None);
        change
    }

    /// Whether the receipt says something else of the peer's own log than the last one here.
    pub(super) fn is_spoken_of(&self, receipt: &Receipt, peer: &NodeId) -> bool {
        let marks = |receipt: &Receipt| {
            [&receipt.stored, &receipt.read].map(|marks| marks.get(peer).copied())
        };
        self.base.as_ref().is_none_or(|base| marks(receipt) != marks(base))
    }

    /// The newest goes out at this time, or before.
    pub(super) fn wait(&mut self, at: u64) {
        self.at.get_or_insert(at);
    }

    pub(super) fn at(&self) -> Option<u64> {
        self.at
    }

    /// The next goes out whole.
    pub(super) fn begin_anew(&mut self) {
        self.base = None;
    }

    /// The peer's vector has come: the count of what may be on its way, if it is the first.
    pub(super) fn on_its_way(&mut self) -> u64 {
        match std::mem::replace(&mut self.answered, true) {
            false => self.base.as_ref().map_or(0, |receipt| receipt.count),
            true => 0,
        }
    }

    /// A vector of the peer has come on this link before.
    pub(super) fn has_answered(&self) -> bool {
        self.answered
    }

    /// The peer's own receipt falls: whether it did before.
    pub(super) fn falls_again(&mut self) -> bool {
        std::mem::replace(&mut self.fell, true)
    }
}
