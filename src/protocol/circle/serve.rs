//! Answering `want`: whole runs, in timestamp order, so that every entry named comes before the one
//! that names it. Ranges are read beside this state machine, one peer after the other.

use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;

use super::super::archive::{Archive, Located};
use super::super::entry::{CheckedRun, Run};
use super::super::id::{Hash, NodeId, Signature};
use super::super::limits::{
    BROUGHT_MAX, HASH_COST_BYTES, LONG_BYTES, LOOKUPS_MAX, REFERENCE_ENTRIES_MAX, RUN_BYTES_MAX,
    WANTED_HASHES_MAX,
};
use super::super::lookup::{Cursor, Lookup};
use super::super::packet::circle::{Packet, Want};
use super::super::planted::{self, Bug};
use super::Circle;
use super::driver::Output;
use super::link::Link;
use super::named::with_named;
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

impl Link {
    /// The peer asks for a range, in place of what is left of an earlier one. What is on its way
    /// already does not go out a second time.
    fn ask(&mut self, author: NodeId, from: u64, to: u64) {
        let from = match self.on_its_way.get(&author) {
            Some((first, last)) if (*first..=*last).contains(&from) => last + 1,
            _ => from,
        };
        self.serving.remove(&author);
        if from <= to {
            self.serving.insert(author, Cursor::new(from, to));
        }
    }

    fn goes_out(&mut self, run: &CheckedRun) {
        if !planted::is(Bug::OnItsWayForgotten) {
            let (first, last) = (run.run().first.seq, run.run().last_seq());
            let way = self.on_its_way.entry(run.author()).or_insert((first, last));
            *way = (way.0.min(first), last);
        }
    }
}

impl Circle {
    pub(super) fn take_want(&mut self, peer: NodeId, want: Want, step: Step<'_>) {
        let Some(link) = self.peers.get_mut(&peer) else { return };
        for range in want.ranges {
            let held = self.members.get(&range.author).map_or(0, |member| member.committed);
            if range.from >= 1 && range.from <= range.to.min(held) {
                link.ask(range.author, range.from, range.to);
            }
        }
        for hash in want.hashes {
            // Whoever asks faster than it reads is answered what it asked first.
            if link.asked.len() < WANTED_HASHES_MAX && !link.asked.contains(&hash) {
                link.asked.push_back(hash);
            }
        }
        self.serve(peer, step);
    }

    /// The next runs for the hashes that the peer asked for, each with what it names.
    fn runs_asked(&mut self, peer: NodeId, archive: &dyn Archive) -> (Vec<Run>, usize) {
        let (mut runs, mut bytes) = (Vec::new(), 0);
        let link = self.peers.get_mut(&peer).expect("served links are up");
        let mut brought = std::mem::take(&mut link.brought);
        while bytes < LONG_BYTES {
            let link = self.peers.get_mut(&peer).expect("served links are up");
            let Some(hash) = link.asked.pop_front() else { break };
            bytes += HASH_COST_BYTES;
            let room = LONG_BYTES.saturating_sub(bytes);
            let more = self.runs_up_to(peer, &hash, archive, &mut brought, room);
            bytes += more.iter().map(Run::encoded_len).sum::<usize>();
            runs.extend(more);
        }
        let link = self.peers.get_mut(&peer).expect("served links are up");
        let known = brought.len() < BROUGHT_MAX && !planted::is(Bug::BroughtTwice);
        if !link.asked.is_empty() && known {
            link.brought = brought;
        }
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
        let has = &self.peers[&peer].has;
        // Of a forked log the peer holds, for sure, what comes before the fork.
        let lacked_from = |author: &NodeId| {
            let fork = self.members.disputed(author);
            let next = has.get(author).map_or(1, |seq| seq.saturating_add(1));
            next.min(fork.unwrap_or(u64::MAX))
        };
        // Asked for an entry of a disputed author in whose place it shows another, it looks for
        // where the logs part, further down than is known here.
        let deeper = archive.locate(hash).filter(|at| {
            let member = self.members.get(&at.author);
            let disputed = member.is_some_and(|member| member.dispute.is_some());
            disputed && !at.reference && at.seq < lacked_from(&at.author)
        });
        let lacked_from = |at: &Located| match &deeper {
            Some(from) if from.author == at.author => {
                from.seq.saturating_sub(REFERENCE_ENTRIES_MAX as u64 - 1).max(1)
            }
            _ => lacked_from(&at.author),
        };
        with_named(hash, archive, &lacked_from, brought, room)
    }

    pub(super) fn written(&mut self, peer: NodeId, packets: usize, step: Step<'_>) {
        let Some(link) = self.peers.get_mut(&peer) else { return };
        // A link that is used again tells of what it was given before, too.
        link.unwritten = match planted::is(Bug::WrittenUncounted) {
            true => 0,
            false => link.unwritten.saturating_sub(packets),
        };
        if link.unwritten == 0 {
            link.on_its_way.clear();
            self.serve(peer, step);
        }
    }

    /// Goes on serving the peer, as soon as all that went before is written out. What is no news to
    /// it is paced.
    fn serve(&mut self, peer: NodeId, step: Step<'_>) {
        self.send_long(peer, step.archive);
        let link = self.peers.get_mut(&peer).expect("served links are up");
        link.serve_at = None;
        if link.unwritten > 0 {
            return;
        }
        let again = |(author, cursor)| self.askers.again(&peer, author, cursor);
        let again = link.serving.iter().any(again);
        let again_at = self.askers.again_at(&peer, step.now.mono);
        let paced = again_at > step.now.mono;
        if paced && (again || !link.asked.is_empty()) {
            link.serve_at = Some(again_at);
        }
        let no_turn = link.looking || link.serving.is_empty() || (paced && again);
        if !paced {
            let (runs, bytes) = self.runs_asked(peer, step.archive);
            self.askers.spend(&peer, bytes, step.now.mono);
            let runs = runs.into_iter().map(|run| Arc::new(CheckedRun::from_store(run)));
            self.send_history(peer, runs);
        }
        if !no_turn && !self.turns.waiting.contains(&peer) {
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
            if link.looking || link.serving.is_empty() {
                continue;
            }
            link.looking = true;
            self.turns.out += 1;
            let (serial, cursors) = (link.serial, std::mem::take(&mut link.serving));
            let lookup = Lookup { link: serial, cursors, bytes: LONG_BYTES };
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
        let asked = |link: &&mut Link| link.serial == lookup.link;
        if let Some(link) = self.peers.get_mut(&peer).filter(asked) {
            link.looking = false;
            runs.iter().for_each(|run| link.goes_out(run));
            let newer = std::mem::replace(&mut link.serving, lookup.cursors);
            newer.into_iter().for_each(|(author, new)| link.ask(author, new.from, new.to));
            self.askers.served(&peer, runs.iter().map(|run| &**run), step.now.mono);
            self.send_history(peer, runs.into_iter());
            self.serve(peer, step);
        }
        self.look_up();
    }

    pub(super) fn serve_when_due(&mut self, step: Step<'_>) {
        for peer in self.peers.due(|link| link.serve_at, step.now) {
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
