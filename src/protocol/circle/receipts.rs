//! Receipts of others are taken, where they hold and take nothing back.

use std::collections::BTreeSet;

use super::super::id::NodeId;
use super::super::limits::{INTEGER_MAX, RECEIPT_MARKS_MAX};
use super::super::packet::circle::Packet;
use super::super::planted::{self, Bug};
use super::super::receipt::{Receipt, ReceiptChange};
use super::Circle;
use super::step::{Now, Step};

impl Circle {
    pub(super) fn take_receipts(
        &mut self,
        peer: NodeId,
        changes: Vec<ReceiptChange>,
        step: Step<'_>,
    ) {
        let mut authors = BTreeSet::new();
        for change in changes {
            match self.take_receipt(peer, &change, step.now) {
                Ok(grown) => authors.extend(grown),
                Err(why) => return self.misbehaved(peer, why),
            }
        }
        self.advance_marks(Some(&authors), step);
    }

    /// The authors of whom it says more than the one held.
    fn take_receipt(
        &mut self,
        peer: NodeId,
        change: &ReceiptChange,
        now: Now,
    ) -> Result<Vec<NodeId>, &'static str> {
        let node = change.node;
        if change.count > INTEGER_MAX {
            return Err("a receipt's count is out of range");
        }
        let known = self.members.knows(&node);
        if let Some(link) = self.peers.get_mut(&peer) {
            let before = link.hints.count(&node).unwrap_or(0);
            link.hints.note_count(node, before.max(change.count), known);
        }
        self.receipt_answered(peer, node, change.count, now);
        if node == self.me {
            return self.take_own_receipt(change, now);
        }
        let held = self.members.get(&node).and_then(|member| member.receipt.as_ref());
        let held_count = held.map_or(0, |receipt| receipt.count);
        if change.count <= held_count {
            return Ok(Vec::new());
        }
        let Some(receipt) = proven(change, held)? else {
            // Changes of another receipt than the one held: older, or of the same count where an
            // older database was put back.
            self.take_offer(node, peer, now);
            return Ok(Vec::new());
        };
        let grows = held.is_none_or(|held| self.grows(held, &receipt));
        if !grows && !planted::is(Bug::ReceiptFalls) {
            self.members.receipt_fell(node, change.count);
            self.receipt_falls(peer, node);
            return Ok(Vec::new());
        }
        if held.is_none() && !self.members.room_for_receipt(&node) {
            return Ok(Vec::new());
        }
        if node == peer
            && let Some(link) = self.peers.get_mut(&peer)
        {
            for (author, seq) in &change.stored {
                let known = self.members.knows(author);
                link.hints.note_has(*author, *seq, known);
            }
        }
        let authors = said_anew(held, &receipt);
        let count = receipt.count;
        self.members.take_receipt(receipt);
        self.receipt_came(node, count);
        self.lazy.keep_receipt(node, now);
        self.offer_receipt(node, peer, now);
        Ok(authors)
    }

    /// Whether no promise falls from `old` to `new`: neither the clock nor what is stored, where
    /// both name it. Past a fork nobody can be told again what it has stored. What was read may
    /// fall: an older database was put back.
    fn grows(&self, old: &Receipt, new: &Receipt) -> bool {
        let falls = |(id, seq): (&NodeId, &u64)| {
            let fork = self.members.disputed(id).filter(|_| !planted::is(Bug::ForkNoExcuse));
            let promised = fork.map_or(*seq, |from| (*seq).min(from - 1));
            new.stored.get(id).is_some_and(|now| *now < promised)
        };
        old.clock <= new.clock && !old.stored.iter().any(falls)
    }

    /// The author's fork at `from` is new: a receipt that took back what its node had stored from
    /// there on may not fall.
    pub(super) fn fork_excuses(&mut self, author: NodeId, from: u64) {
        if planted::is(Bug::ForkExcusesLate) {
            return;
        }
        for node in self.members.excuse(&author, from) {
            self.want_receipt_of(&node);
        }
    }

    /// A newer receipt of the peer takes back what an older one said: it has put an older database
    /// back. It is shown the older one, once on each link.
    fn receipt_falls(&mut self, peer: NodeId, node: NodeId) {
        let Some(link) = self.peers.get_mut(&peer).filter(|_| node == peer) else { return };
        if link.own.falls_again() || planted::is(Bug::FallUntold) {
            return;
        }
        let held = self.members.get(&node).and_then(|member| member.receipt.as_ref());
        let change = held.expect("fallen from it").whole();
        self.send(peer, Packet::Receipt(vec![change]));
    }

    /// A receipt of this node: where it does not hold it, an old database was put back. What it
    /// vouched for must still be held, or this identity has spoken too soon; with a smaller count
    /// too, for a restart goes on above what an old database may have used.
    fn take_own_receipt(
        &mut self,
        change: &ReceiptChange,
        now: Now,
    ) -> Result<Vec<NodeId>, &'static str> {
        let me = &self.members[&self.me];
        let held_count = me.receipt_count();
        let spoken = change.stored.get(&self.me).copied().unwrap_or(0);
        let too_soon = spoken > me.head_seq() && !planted::is(Bug::RollbackUnnoticed);
        if change.count <= held_count && !too_soon {
            return Ok(Vec::new());
        }
        if let Some(receipt) = proven(change, None)? {
            self.own_receipt_came_back(&receipt, too_soon, now);
        }
        Ok(Vec::new())
    }
}

/// The signed receipt that the change makes of the held one; none where it is one of another.
fn proven(change: &ReceiptChange, held: Option<&Receipt>) -> Result<Option<Receipt>, &'static str> {
    let named = |receipt: &Receipt| receipt.stored.len().max(receipt.read.len());
    let receipt = change.apply(held).filter(|receipt| named(receipt) <= RECEIPT_MARKS_MAX);
    if receipt.is_none() && change.base.is_none() {
        return Err("a receipt names more authors than it may");
    }
    let unchecked = planted::is(Bug::ReceiptSignatureUnchecked);
    match receipt.filter(|receipt| receipt.holds() || unchecked) {
        None if change.base.is_none() => Err("a receipt's signature does not hold"),
        proven => Ok(proven),
    }
}

/// Of whom the new receipt says something else: most marks stay as they are, and in a crowd there
/// are many.
fn said_anew(old: Option<&Receipt>, new: &Receipt) -> Vec<NodeId> {
    let marks = |receipt: &Receipt| [receipt.stored.clone(), receipt.read.clone()];
    let old = old.map(marks).unwrap_or_default();
    let pairs = old.iter().zip(marks(new));
    let anew = pairs.flat_map(|(old, new)| {
        let other = new.iter().filter(|(id, seq)| old.get(*id) != Some(*seq));
        other.map(|(id, _)| *id).collect::<Vec<_>>()
    });
    anew.collect()
}
