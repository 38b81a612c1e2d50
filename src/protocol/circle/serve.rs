//! Answering `want`: whole runs, in timestamp order, so that every entry named comes before the one
//! that names it. Ranges are read beside this state machine, one peer after the other.

use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;

use super::super::archive::{Archive, Located};
use super::super::entry::{CheckedRun, Run};
use super::super::id::{Hash, NodeId, Signature};
use super::super::limits::{
    BRANCH_ENTRIES_MAX, HASH_COST_BYTES, LONG_BYTES, LOOKUPS_MAX, RUN_BYTES_MAX,
};
use super::super::lookup::Lookup;
use super::super::packet::circle::{Packet, Want};
use super::super::planted::{self, Bug};
use super::Circle;
use super::driver::Output;
use super::named::with_named;
use super::peer::Peer;
use super::step::Step;

/// Whose turn it is to have ranges read.
#[derive(Debug, Default)]
pub(super) struct Turns {
    /// Peers that wait for theirs, each once.
    waiting: VecDeque<NodeId>,
    /// Lookups that are out.
    out: usize,
}

impl Turns {
    fn next(&mut self) -> Option<NodeId> {
        match planted::is(Bug::TurnsForgotten) {
            true => self.waiting.pop_back(),
            false => self.waiting.pop_front(),
        }
    }

    /// The peer's link has ended.
    pub(super) fn forget(&mut self, peer: &NodeId) {
        self.waiting.retain(|waits| waits != peer);
    }
}

impl Circle {
    pub(super) fn take_want(&mut self, peer: NodeId, want: Want, step: Step<'_>) {
        let Some(link) = self.peers.get_mut(&peer) else { return };
        for range in want.ranges {
            let held = self.members.get(&range.author).map_or(0, |member| member.committed);
            if range.from >= 1 && range.from <= range.to.min(held) {
                link.serving.ask(range.author, range.from, range.to);
            }
        }
        for hash in want.hashes {
            link.serving.ask_hash(hash);
        }
        self.serve(peer, step);
    }

    /// The next runs for the hashes that the peer asked for, each with what it names.
    fn runs_asked(&mut self, peer: NodeId, archive: &dyn Archive) -> (Vec<Run>, usize) {
        let (mut runs, mut bytes) = (Vec::new(), 0);
        let link = self.peers.get_mut(&peer).expect("served links are up");
        let mut brought = link.serving.take_brought();
        while bytes < LONG_BYTES {
            let link = self.peers.get_mut(&peer).expect("served links are up");
            let Some(hash) = link.serving.next_hash() else { break };
            bytes += HASH_COST_BYTES;
            let room = LONG_BYTES.saturating_sub(bytes);
            let more = self.runs_up_to(peer, &hash, archive, &mut brought, room);
            bytes += more.iter().map(Run::encoded_len).sum::<usize>();
            runs.extend(more);
        }
        let link = self.peers.get_mut(&peer).expect("served links are up");
        link.serving.keep_brought(brought);
        (runs, bytes)
    }

    fn runs_up_to(
        &self,
        peer: NodeId,
        hash: &Hash,
        archive: &dyn Archive,
        brought: &mut BTreeSet<Signature>,
        room: usize,
    ) -> Vec<Run> {
        let hints = &self.peers[&peer].hints;
        // Of a forked log the peer holds, for sure, what comes before the fork.
        let lacked_from = |author: &NodeId| {
            let fork = self.members.disputed(author);
            let next = hints.has(author).map_or(1, |seq| seq.saturating_add(1));
            next.min(fork.unwrap_or(u64::MAX))
        };
        // Asked for an entry of a disputed author in whose place it shows another, it looks for
        // where the logs part, further down than is known here.
        let deeper = archive.locate(hash).filter(|at| {
            let member = self.members.get(&at.author);
            let disputed = member.is_some_and(|member| member.dispute.is_some());
            disputed && !at.branch && at.seq < lacked_from(&at.author)
        });
        let lacked_from = |at: &Located| match &deeper {
            Some(from) if from.author == at.author => {
                from.seq.saturating_sub(BRANCH_ENTRIES_MAX as u64 - 1).max(1)
            }
            _ => lacked_from(&at.author),
        };
        with_named(hash, archive, &lacked_from, brought, room)
    }

    pub(super) fn written(&mut self, peer: NodeId, packets: usize, step: Step<'_>) {
        let Some(link) = self.peers.get_mut(&peer) else { return };
        if link.long.written(packets) {
            link.serving.written();
            self.serve(peer, step);
        }
    }

    /// Goes on serving the peer, as soon as all that went before is written out. What is no news to
    /// it is paced.
    fn serve(&mut self, peer: NodeId, step: Step<'_>) {
        self.send_long(peer, step.archive);
        let link = self.peers.get_mut(&peer).expect("served links are up");
        link.serving.pace(None);
        if !link.long.is_written() {
            return;
        }
        let again = |(author, cursor)| self.askers.again(&peer, author, cursor);
        let again = link.serving.ranges().any(again);
        let again_at = self.askers.again_at(&peer, step.now.mono);
        let paced = again_at > step.now.mono;
        if paced && (again || link.serving.asks_hashes()) {
            link.serving.pace(Some(again_at));
        }
        let turn = link.serving.may_look() && !(paced && again);
        if !paced {
            let (runs, bytes) = self.runs_asked(peer, step.archive);
            self.askers.spend(&peer, bytes, step.now.mono);
            let runs = runs.into_iter().map(|run| Arc::new(CheckedRun::from_store(run)));
            self.send_history(peer, runs);
        }
        if turn && !self.turns.waiting.contains(&peer) {
            self.turns.waiting.push_back(peer);
        }
        self.look_up();
    }

    /// Has ranges read for those whose turn it is.
    fn look_up(&mut self) {
        while self.turns.out < LOOKUPS_MAX
            && let Some(peer) = self.turns.next()
        {
            let Some(link) = self.peers.get_mut(&peer) else { continue };
            if !link.serving.may_look() {
                continue;
            }
            self.turns.out += 1;
            let cursors = link.serving.look();
            let lookup = Lookup { link: link.serial, cursors, bytes: LONG_BYTES };
            self.outputs.push(Output::LookUp(peer, lookup));
        }
    }

    pub(super) fn found(
        &mut self,
        peer: NodeId,
        lookup: Lookup,
        runs: Vec<Arc<CheckedRun>>,
        step: Step<'_>,
    ) {
        self.turns.out -= 1;
        // A link that came since then has been asked anew.
        let asked = |link: &&mut Peer| link.serial == lookup.link;
        if let Some(link) = self.peers.get_mut(&peer).filter(asked) {
            link.serving.found(runs.iter().map(|run| &**run), lookup.cursors);
            self.askers.served(&peer, runs.iter().map(|run| &**run), step.now.mono);
            self.send_history(peer, runs.into_iter());
            self.serve(peer, step);
        }
        self.look_up();
    }

    pub(super) fn serve_when_due(&mut self, step: Step<'_>) {
        for peer in self.peers.due(|link| link.serving.at(), step.now) {
            self.serve(peer, step);
        }
    }

    fn send_history(&mut self, peer: NodeId, runs: impl Iterator<Item = Arc<CheckedRun>>) {
        let (mut packet, mut bytes) = (Vec::new(), 0);
        for run in runs {
            if bytes + run.bytes() > RUN_BYTES_MAX && !packet.is_empty() {
                self.send_paced(peer, Packet::History(std::mem::take(&mut packet)));
                bytes = 0;
            }
            bytes += run.bytes();
            packet.push(run);
        }
        if !packet.is_empty() {
            self.send_paced(peer, Packet::History(packet));
        }
    }
}
