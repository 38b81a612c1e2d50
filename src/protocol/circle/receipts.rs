//! Receipts, the marks that follow from them, and finality.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::super::archive::{Archive, Write};
use super::super::id::NodeId;
use super::super::limits::{
    INTEGER_MAX, RECEIPT_MARKS_MAX, RECEIPT_MAX_MS, RECEIPT_MS, RECEIPT_PER_MEMBER_MS,
    RECEIPTS_UNMET_MAX,
};
use super::super::packet::circle::Packet;
use super::super::planted::{self, Bug};
use super::super::receipt::{Receipt, ReceiptChange, Watermarks};
use super::sync::Link;
use super::{Circle, Member, Now};

/// Receipt counts reserved by one commit: a restart goes on above, so no count is used twice.
const COUNTS_RESERVED: u64 = 1_024;
/// Milliseconds that receipts of others and finality may wait for a commit of their own.
pub(super) const LAZY_COMMIT_MS: u64 = 250;

impl Circle {
    /// Least milliseconds between two receipts of this node.
    pub(super) fn receipt_interval(&self) -> u64 {
        let members = self.members.values().filter(|member| member.since.is_some()).count();
        (RECEIPT_PER_MEMBER_MS * members as u64).clamp(RECEIPT_MS, RECEIPT_MAX_MS)
    }

    /// There is news for a receipt.
    pub(super) fn receipt_soon(&mut self, now: Now) {
        let earliest = self.receipt_sent_at.map_or(0, |at| at + self.receipt_interval());
        self.receipt_due.get_or_insert(earliest.max(now.mono));
    }

    /// When a receipt is due that can be signed: not while its count is being reserved.
    pub(super) fn receipt_wake(&self) -> Option<u64> {
        let reserving = self.receipt_ceiling != self.receipt_reserved
            && self.receipt_count + 1 >= self.receipt_reserved;
        let speechless = self.members[&self.me].committed == 0;
        self.receipt_due.filter(|_| !reserving && !speechless)
    }

    pub(super) fn receipt_when_due(&mut self, now: Now) {
        if self.lazy_due.is_some_and(|at| at <= now.mono) {
            self.write_lazily_kept();
        }
        if self.receipt_due.is_none_or(|at| at > now.mono) || self.members[&self.me].committed == 0
        {
            return;
        }
        if self.receipt_count + 1 >= self.receipt_reserved {
            if self.receipt_ceiling == self.receipt_reserved {
                self.receipt_ceiling += COUNTS_RESERVED;
                self.writes.push(Write::ReceiptCeiling(self.receipt_ceiling));
            }
            return; // goes on when the ceiling is committed
        }
        self.receipt_due = None;
        self.receipt_sent_at = Some(now.mono);
        self.receipt_count += 1;
        let covered = self.covered();
        let marks = |value: fn(&Member) -> u64| -> Arc<Watermarks> {
            let some = covered.iter().map(|id| (*id, value(&self.members[id])));
            Arc::new(some.filter(|(_, seq)| *seq > 0).collect())
        };
        let stored = marks(match planted::is(Bug::ReceiptBeforeCommit) {
            true => Member::head_seq,
            false => |member| member.committed,
        });
        let read = match &self.read_told {
            None => marks(|member| member.read_here),
            Some(told) => {
                Arc::new(covered.iter().filter_map(|id| Some((*id, *told.get(id)?))).collect())
            }
        };
        let receipt =
            Receipt::sign(self.receipt_count, stored, read, self.committed_clock, &self.key);
        self.members.get_mut(&self.me).expect("always there").receipt = Some(receipt.clone());
        let peers: Vec<NodeId> = self.links.keys().copied().collect();
        for peer in peers {
            self.send_own_receipt(peer, &receipt);
        }
    }

    /// Whose logs a receipt of this node speaks of: everybody's; where a receipt does not hold so
    /// many, its own, then first those who are waited for, the oldest first.
    fn covered(&self) -> Vec<NodeId> {
        let with_log = self.members.iter().filter(|(_, member)| member.committed > 0);
        let mut covered: Vec<_> = with_log
            .map(|(id, member)| (*id != self.me, !member.waited_for(), member.since, *id))
            .collect();
        if covered.len() > RECEIPT_MARKS_MAX {
            covered.sort_unstable();
            covered.truncate(RECEIPT_MARKS_MAX);
        }
        covered.into_iter().map(|(.., id)| id).collect()
    }

    fn send_own_receipt(&mut self, peer: NodeId, receipt: &Receipt) {
        let link = self.links.get_mut(&peer).expect("sent to links only");
        let change = match &link.own_base {
            Some(base) => receipt.since(base),
            None => receipt.whole(),
        };
        link.own_base = Some(receipt.clone());
        link.counts.insert(receipt.node, receipt.count);
        self.send(peer, Packet::Receipt(vec![change]));
    }

    /// The own receipt whole: at once, since changes of it follow.
    pub(super) fn send_own_whole(&mut self, peer: NodeId) {
        let Some(receipt) = self.members[&self.me].receipt.clone() else { return };
        self.links.get_mut(&peer).expect("sent to links only").own_base = None;
        self.send_own_receipt(peer, &receipt);
    }

    pub(super) fn take_receipts(
        &mut self,
        peer: NodeId,
        changes: Vec<ReceiptChange>,
        now: Now,
        archive: &dyn Archive,
    ) {
        let mut authors = BTreeSet::new();
        for change in changes {
            match self.take_receipt(peer, &change, now) {
                Ok(grown) => authors.extend(grown),
                Err(why) => return self.misbehaved(peer, why),
            }
        }
        self.advance_marks(Some(&authors), archive);
        self.advance_final();
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
        let known = self.members.contains_key(&node);
        if let Some(link) = self.links.get_mut(&peer)
            && let Some(count) = Link::note(&mut link.counts, node, known)
        {
            *count = (*count).max(change.count);
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
            let member = self.members.get_mut(&node).expect("one that is held falls");
            member.fallen = member.fallen.max(change.count);
            self.receipt_falls(peer, node);
            return Ok(Vec::new());
        }
        if held.is_none() && !self.room_for_receipt(&node) {
            return Ok(Vec::new());
        }
        if node == peer
            && let Some(link) = self.links.get_mut(&peer)
        {
            for (author, seq) in &change.stored {
                let known = self.members.contains_key(author);
                if let Some(has) = Link::note(&mut link.has, *author, known) {
                    *has = (*has).max(*seq);
                }
            }
        }
        let authors = said_anew(held, &receipt);
        let count = receipt.count;
        self.members.entry(node).or_default().receipt = Some(receipt);
        self.receipt_came(node, count);
        self.unwritten_receipts.insert(node);
        self.lazy_due.get_or_insert(now.mono + LAZY_COMMIT_MS);
        self.offer_receipt(node, peer, now);
        Ok(authors)
    }

    /// Whether no promise falls from `old` to `new`: neither the clock nor what is stored, where
    /// both name it. Past a fork nobody can be told again what it has stored. What was read may
    /// fall: an older database was put back.
    fn grows(&self, old: &Receipt, new: &Receipt) -> bool {
        let falls = |(id, seq): (&NodeId, &u64)| {
            let fork = self.members.get(id).and_then(Member::disputed);
            let fork = fork.filter(|_| !planted::is(Bug::ForkNoExcuse));
            let promised = fork.map_or(*seq, |from| (*seq).min(from - 1));
            new.stored.get(id).is_some_and(|now| *now < promised)
        };
        old.clock <= new.clock && !old.stored.iter().any(falls)
    }

    /// The author's fork at `from` is new: a receipt that took back what its node had stored from
    /// there on may not fall.
    pub(super) fn fork_excuses(&mut self, author: NodeId, from: u64) {
        let excused = |member: &Member| {
            let held = member.receipt.as_ref().and_then(|receipt| receipt.stored.get(&author));
            member.fallen > 0 && held.is_some_and(|seq| *seq >= from)
        };
        if planted::is(Bug::ForkExcusesLate) {
            return;
        }
        let excused = self.members.iter().filter(|(_, member)| excused(member));
        for node in excused.map(|(id, _)| *id).collect::<Vec<_>>() {
            self.members.get_mut(&node).expect("found above").fallen = 0;
            self.want_receipt_of(&node);
        }
    }

    pub(super) fn room_for_receipt(&self, node: &NodeId) -> bool {
        let met = |member: &Member| member.head.is_some();
        self.members.get(node).is_some_and(met)
            || self.members.values().filter(|m| !met(m) && m.receipt.is_some()).count()
                < RECEIPTS_UNMET_MAX
    }

    /// A newer receipt of the peer takes back what an older one said: it has put an older database
    /// back. It is shown the older one, once on each link.
    fn receipt_falls(&mut self, peer: NodeId, node: NodeId) {
        let Some(link) = self.links.get_mut(&peer).filter(|_| node == peer) else { return };
        if std::mem::replace(&mut link.fell, true) || planted::is(Bug::FallUntold) {
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

    fn own_receipt_came_back(&mut self, receipt: &Receipt, too_soon: bool, now: Now) {
        self.receipt_count = self.receipt_count.max(receipt.count);
        // What was said since then with smaller counts, nobody took.
        self.receipt_soon(now);
        if too_soon && !std::mem::replace(&mut self.rolled_back, true) {
            self.outputs.push(super::Output::RolledBack);
        }
        if self.receipt_count + 1 >= self.receipt_ceiling {
            self.receipt_ceiling = self.receipt_count + COUNTS_RESERVED;
            self.writes.push(Write::ReceiptCeiling(self.receipt_ceiling));
        }
    }

    /// Adds what may wait to the batch: receipts of others, finality.
    pub(super) fn write_lazily_kept(&mut self) {
        self.lazy_due = None;
        for node in std::mem::take(&mut self.unwritten_receipts) {
            let receipt = self.members.get(&node).and_then(|member| member.receipt.clone());
            self.writes.extend(receipt.map(Write::Receipt));
        }
        if self.final_to > self.final_written {
            self.final_written = self.final_to;
            self.writes.push(Write::Final(self.final_to));
        }
    }

    pub(super) fn read_here(&mut self, mut marks: Watermarks) {
        marks.retain(|id, seq| {
            let member = self.members.get(id);
            member.is_some_and(|m| m.read_here < *seq && *seq <= m.committed)
        });
        if !marks.is_empty() {
            self.writes.push(Write::Read(marks));
        }
    }

    /// Reads go on to be kept while they are not told: a page opens where its reader stopped.
    pub(super) fn set_read_receipts(&mut self, on: bool) {
        if self.read_told.is_none() == on {
            return;
        }
        let read = self.members.iter().map(|(id, member)| (*id, member.read_here));
        self.read_told = (!on).then(|| read.filter(|(_, seq)| *seq > 0).collect());
        self.writes.push(Write::ReadTold(self.read_told.clone()));
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
