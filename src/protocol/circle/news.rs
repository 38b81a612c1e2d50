//! Receipts of others: their counts are offered, and each is asked of one peer.

use std::collections::{BTreeMap, BTreeSet};

use super::super::id::NodeId;
use super::super::limits::{
    RECEIPT_PATIENCE, RECEIPT_RETRY_MS, RECEIPT_SILENT_MS, RECEIPTS_MAX, RECEIPTS_UNMET_MAX,
};
use super::super::packet::circle::{Packet, Sync};
use super::super::planted::{self, Bug};
use super::Circle;
use super::members::Member;
use super::peer::Peer;
use super::step::Now;

/// Receipts of which some peer says to hold newer ones than are held here.
#[derive(Debug, Default)]
pub(super) struct News {
    /// Those that are to be asked for.
    wanted: BTreeSet<NodeId>,
    /// Those that were: of whom, and when.
    asked: BTreeMap<NodeId, (NodeId, u64)>,
    /// Something has changed for those that are wanted.
    changed: bool,
}

impl News {
    fn want(&mut self, node: NodeId) {
        self.asked.remove(&node);
        self.wanted.insert(node);
        self.changed = true;
    }
}

impl Peer {
    /// When the peer last let a receipt that it offered be waited for in vain, unless that is long
    /// ago.
    fn silent(&self, now: Now) -> Option<u64> {
        self.silent_at.filter(|at| now.mono < at + RECEIPT_SILENT_MS)
    }
}

impl Circle {
    fn held_count(&self, node: &NodeId) -> u64 {
        self.members.get(node).map_or(0, Member::receipt_count)
    }

    /// A receipt up to this count is nothing new.
    fn known_count(&self, node: &NodeId) -> u64 {
        let fallen = self.members.get(node).map_or(0, Member::fallen);
        self.held_count(node).max(if planted::is(Bug::FallenAskedAgain) { 0 } else { fallen })
    }

    /// The peer's whole vector is known: it gets the own receipt, and is told which others are
    /// newer here than there.
    pub(super) fn offer_newer_receipts(&mut self, peer: NodeId, ids: &[NodeId], now: Now) {
        let at = self.offer_time(peer, now);
        let link = self.peers.get_mut(&peer).expect("offered to links only");
        for id in ids.iter().filter(|id| **id != peer) {
            let ours = self.members.get(id).map_or(0, Member::receipt_count);
            if ours <= link.hints.count(id).unwrap_or(0) || *id == self.me {
                continue;
            }
            if planted::is(Bug::ReceiptsPushed) {
                link.long.add_receipt(*id);
            } else {
                link.offers.add_receipt(*id, at);
            }
        }
        // What was sent before the first vector came may be on its way.
        let known = link.hints.count(&self.me).unwrap_or(0);
        let sent = link.own.on_its_way();
        self.peers.add_long(peer);
        if known.max(sent) < self.held_count(&self.me) {
            self.send_own_whole(peer);
        }
    }

    pub(super) fn take_counts(&mut self, peer: NodeId, sync: &Sync, now: Now) {
        for (node, count) in &sync.receipts {
            let ours = self.held_count(node);
            let known = self.members.knows(node);
            let link = self.peers.get_mut(&peer).expect("a sync comes on a link");
            if sync.whole && *node == peer && ours <= *count {
                // It sends its own to us in answer to the first vector. With a later one, what it
                // sent may have been lost with a link that only it has seen replaced.
                let again = link.own.has_answered() && !planted::is(Bug::OwnLossUnnoticed);
                if again && ours < *count {
                    let receipts = [(*node, ours)].into();
                    self.send(peer, Packet::Sync(Sync { receipts, ..Sync::default() }));
                }
                continue;
            }
            if !link.hints.note_count(*node, *count, known) {
                continue;
            }
            if sync.whole && *node == peer && !planted::is(Bug::OwnReceiptKept) {
                // An older database was put back: it must learn what it has said.
                link.long.add_receipt(*node);
            }
            if sync.whole {
                continue;
            }
            if ours > *count && *node == self.me {
                if !planted::is(Bug::AskedInVain) {
                    self.send_own_whole(peer);
                }
            } else if ours > *count {
                link.long.add_receipt(*node);
                self.peers.add_long(peer);
            } else if self.known_count(node) < *count && *node != self.me {
                self.take_offer(*node, peer, now);
            }
        }
    }

    /// The peer offers a newer receipt. If it was asked of another, that one is given its time,
    /// unless it has let us wait before.
    pub(super) fn take_offer(&mut self, node: NodeId, peer: NodeId, now: Now) {
        if planted::is(Bug::ReceiptsAskedOfAll) {
            let receipts = [(node, self.held_count(&node))].into();
            return self.send(peer, Packet::Sync(Sync { receipts, ..Sync::default() }));
        }
        let silent = |peer| self.peers.get(peer).is_none_or(|link| link.silent(now).is_some());
        match self.news.asked.get(&node) {
            Some((asked, _)) if silent(&peer) || !silent(asked) => {}
            Some(_) => self.news.want(node),
            None if self.may_want(&node) => self.news.want(node),
            None => {}
        }
    }

    /// Who has no entry here is one of few whose receipt is kept, or asked for. It is asked for
    /// later, once there is an entry.
    fn may_want(&self, node: &NodeId) -> bool {
        let News { wanted, asked, .. } = &self.news;
        if planted::is(Bug::ReceiptsCrowdedOut) {
            return wanted.len() + asked.len() < self.members.all().len() + RECEIPTS_UNMET_MAX;
        }
        let few = wanted.len() + asked.len() < RECEIPTS_UNMET_MAX;
        self.members.get(node).is_some_and(|member| member.head.is_some())
            || few && self.members.room_for_receipt(node)
    }

    /// Its first entry has come: there is room for its receipt now, if anybody holds one.
    pub(super) fn want_receipt_of(&mut self, node: &NodeId) {
        let held = self.known_count(node);
        if !planted::is(Bug::UnmetForgotten)
            && !self.news.asked.contains_key(node)
            && self.peers.values().any(|link| link.hints.has_newer(node, held))
        {
            self.news.want(*node);
        }
    }

    /// The peer has brought a receipt of this node, with this count. If it was asked of it, what it
    /// has said before counts no more.
    pub(super) fn receipt_answered(&mut self, peer: NodeId, node: NodeId, count: u64, now: Now) {
        if self.news.asked.get(&node).is_some_and(|(asked, _)| *asked == peer) {
            self.news.want(node);
            let link = self.peers.get_mut(&peer).expect("asked of links only");
            link.hints.correct_count(&node, count);
            link.receipt_at = now.mono;
        }
    }

    /// A receipt was taken. Whoever was asked for it may have no newer one.
    pub(super) fn receipt_came(&mut self, node: NodeId, count: u64) {
        let asked = self.news.asked.get(&node);
        let asked = asked.and_then(|(asked, _)| self.peers.get(asked));
        if asked.is_some_and(|link| !link.hints.has_newer(&node, count)) {
            self.news.want(node);
        }
    }

    /// Nothing comes from the peer any more that was asked for.
    pub(super) fn receipts_lost_with(&mut self, peer: NodeId) {
        let lost = self.news.asked.extract_if(.., |_, (asked, _)| *asked == peer);
        let lost: Vec<NodeId> = lost.map(|(node, _)| node).collect();
        lost.into_iter().for_each(|node| self.news.want(node));
    }

    /// When another is asked.
    fn late_at(&self, peer: &NodeId, at: u64) -> u64 {
        let Some(link) = self.peers.get(peer) else { return 0 };
        let wait = RECEIPT_RETRY_MS.max(4 * u64::from(link.rtt_ms.unwrap_or(0)));
        (at.max(link.receipt_at) + wait).min(at + RECEIPT_PATIENCE * wait)
    }

    pub(super) fn ask_receipts_wake(&self) -> Option<u64> {
        if planted::is(Bug::ReceiptsAskedOnce) {
            return None;
        }
        self.news.asked.values().map(|(peer, at)| self.late_at(peer, *at)).min()
    }

    /// What does not come is asked of another: whoever lets us wait is passed over by all that
    /// others offer too, and its word is worth nothing until it offers anew.
    pub(super) fn ask_receipts_when_due(&mut self, now: Now) {
        if self.ask_receipts_wake().is_some_and(|at| at <= now.mono) {
            let late = self
                .news
                .asked
                .iter()
                .filter(|(_, (peer, at))| self.late_at(peer, *at) <= now.mono);
            for (node, peer) in late.map(|(node, (peer, _))| (*node, *peer)).collect::<Vec<_>>() {
                let held = self.held_count(&node);
                if let Some(link) = self.peers.get_mut(&peer) {
                    link.silent_at = Some(now.mono).filter(|_| !planted::is(Bug::SilenceForgotten));
                    link.hints.correct_count(&node, held);
                }
                self.news.want(node);
            }
        }
        if std::mem::take(&mut self.news.changed) {
            self.ask_receipts(now);
        }
    }

    fn ask_receipts(&mut self, now: Now) {
        let mut busy: BTreeMap<NodeId, usize> = BTreeMap::new();
        for (peer, _) in self.news.asked.values() {
            *busy.entry(*peer).or_default() += 1;
        }
        let mut asks: BTreeMap<NodeId, BTreeMap<NodeId, u64>> = BTreeMap::new();
        for node in std::mem::take(&mut self.news.wanted) {
            let (held, known) = (self.held_count(&node), self.known_count(&node));
            let holders = self.peers.iter().filter(|(_, link)| link.hints.has_newer(&node, known));
            let busy_with = |peer: &NodeId| busy.get(peer).copied().unwrap_or(0);
            // Its node knows best.
            let best = holders
                .map(|(peer, _)| *peer)
                .min_by_key(|peer| (self.peers[peer].silent(now), *peer != node, busy_with(peer)));
            let Some(peer) = best else { continue };
            if busy_with(&peer) >= RECEIPTS_MAX {
                self.news.wanted.insert(node);
                continue;
            }
            *busy.entry(peer).or_default() += 1;
            asks.entry(peer).or_default().insert(node, held);
            self.news.asked.insert(node, (peer, now.mono));
        }
        // Each smaller than the peer's: it sends what is newer.
        for (peer, receipts) in asks {
            self.send(peer, Packet::Sync(Sync { receipts, ..Sync::default() }));
        }
    }

    /// Offers the receipt to peers that its node is not linked with.
    pub(super) fn offer_receipt(&mut self, node: NodeId, from: NodeId, now: Now) {
        let apart: Vec<NodeId> = self
            .peers
            .iter()
            .filter(|(peer, link)| {
                **peer != node && **peer != from && !link.linked_with.contains(&node)
            })
            .map(|(peer, _)| *peer)
            .collect();
        for peer in apart {
            let at = self.offer_time(peer, now);
            let link = self.peers.get_mut(&peer).expect("a key of the map");
            link.offers.add_receipt(node, at);
        }
    }

    /// Whom the peer says it is linked with. The last receipt of a node that it has lost may have
    /// been lost with the link: it is offered now.
    pub(super) fn take_links(&mut self, peer: NodeId, linked: BTreeSet<NodeId>, now: Now) {
        let at = self.offer_time(peer, now);
        let Some(link) = self.peers.get_mut(&peer) else { return };
        let before = std::mem::replace(&mut link.linked_with, linked);
        for node in &before - &link.linked_with {
            let held = self.members.get(&node).is_some_and(|member| member.receipt.is_some());
            if held && node != self.me {
                link.offers.add_receipt(node, at);
            }
        }
    }
}
