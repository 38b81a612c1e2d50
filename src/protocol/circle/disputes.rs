//! Forks: found, proven, passed on; and branches kept for reference, so that an honest entry which
//! names one is never held up.

use std::sync::Arc;

use super::super::archive::{Archive, Located, Write};
use super::super::dispute::Dispute;
use super::super::entry::CheckedRun;
use super::super::id::NodeId;
use super::super::limits::{
    BRANCHES_MAX, DISPUTES_UNMET_BYTES_MAX, DISPUTES_UNMET_MAX, REFERENCE_ENTRIES_MAX,
};
use super::super::planted::{self, Bug};
use super::log::Taken;
use super::sync::Link;
use super::{Circle, Now, Output};

impl Circle {
    /// `run` differs at `seq` from the log held: the two are the proof.
    pub(super) fn fork_found(
        &mut self,
        run: &CheckedRun,
        seq: u64,
        now: Now,
        archive: &dyn Archive,
    ) {
        let author = run.author();
        if self.members[&author].disputed().is_some_and(|from| from <= seq) {
            return;
        }
        let fresh = &self.members[&author].fresh;
        let held = match fresh.iter().find(|run| run.hash_at(seq).is_some()) {
            Some(held) => Some((**held).clone()),
            None => archive.run_from(&author, seq).map(CheckedRun::from_store),
        };
        let proof = held.and_then(|held| Dispute::of(&held, run, seq));
        if let Some(proof) = proof {
            self.register_dispute(None, proof, now, archive);
        }
    }

    pub(super) fn take_dispute(
        &mut self,
        peer: NodeId,
        dispute: Dispute,
        now: Now,
        archive: &dyn Archive,
    ) {
        let known = self.members.get(&dispute.author).and_then(|member| member.disputed());
        let news = known.is_none_or(|from| from > dispute.seq);
        if news && !dispute.holds() {
            return self.misbehaved(peer, "its proof of a fork proves nothing");
        }
        let met = self.members.get(&dispute.author).is_some_and(|member| member.head.is_some());
        if let Some(link) = self.links.get_mut(&peer)
            && let Some(disputed) = Link::note(&mut link.disputed, dispute.author, met)
        {
            *disputed = dispute.seq;
        }
        if news && (met || self.room_for_proof(&dispute)) {
            self.register_dispute(Some(peer), dispute, now, archive);
        }
    }

    /// Of members without an entry only so many proofs are kept. The others are sent again by
    /// whoever kept them, once an entry is held: it is named without its dispute.
    fn room_for_proof(&self, dispute: &Dispute) -> bool {
        let others = self.members.iter().filter(|(id, member)| {
            **id != dispute.author && **id != self.me && member.head.is_none()
        });
        let (mut count, mut bytes) = (1, dispute.bytes());
        for kept in others.filter_map(|(_, member)| member.dispute.as_ref()) {
            (count, bytes) = (count + 1, bytes + kept.bytes());
        }
        let fits = count <= DISPUTES_UNMET_MAX && bytes <= DISPUTES_UNMET_BYTES_MAX;
        fits || dispute.author == self.me || planted::is(Bug::ProofsUnbounded)
    }

    fn register_dispute(
        &mut self,
        from: Option<NodeId>,
        dispute: Dispute,
        now: Now,
        archive: &dyn Archive,
    ) {
        let author = dispute.author;
        if author == self.me && !std::mem::replace(&mut self.rolled_back, true) {
            self.outputs.push(Output::RolledBack);
        }
        let prevs = dispute.branches.each_ref().map(|branch| branch.prev);
        let seq = dispute.seq;
        self.members.entry(author).or_default().dispute = Some(Box::new(dispute.clone()));
        self.writes.push(Write::Dispute(Box::new(dispute)));
        self.outputs.push(Output::Disputed(author, seq));
        self.fetches.remove(&author);
        self.replan.insert(author);
        self.compare_later(author, now);
        self.compare_soon(now);
        self.marks_soon(now);
        self.fork_excuses(author, seq);
        let peers: Vec<NodeId> = self.links.keys().copied().collect();
        for peer in &peers {
            if self.links[peer].disputed.get(&author).is_none_or(|theirs| *theirs > seq) {
                self.send_dispute(*peer, author);
            }
        }
        // They part earlier from each other, or from the log held: ask backwards for the rest.
        let before = self.entry_at(&author, seq - 1, archive).map(|(hash, _)| hash);
        for prev in prevs.into_iter().flatten() {
            let parts = prevs[0] != prevs[1] || before.is_some_and(|held| held != prev);
            if parts
                && self.locate(&prev, archive).is_none_or(|at| at.reference)
                && let Some(peer) = from.or_else(|| peers.first().copied())
            {
                self.waiting.want(prev, peer, now.mono);
            }
        }
    }

    pub(super) fn send_dispute(&mut self, peer: NodeId, author: NodeId) {
        let Some(seq) = self.members[&author].disputed() else { return };
        if planted::is(Bug::DisputeKept) {
            return;
        }
        let link = self.links.get_mut(&peer).expect("sent to links only");
        link.disputed.insert(author, seq);
        link.proofs.insert(author);
        self.long.insert(peer);
    }

    /// Keeps a run of a disputed author for reference: chained to what is held, every counter
    /// proven, within bounds.
    pub(super) fn take_reference(
        &mut self,
        run: &Arc<CheckedRun>,
        asked: bool,
        archive: &dyn Archive,
    ) -> Taken {
        if planted::is(Bug::ReferenceDropped) {
            return Taken::Dropped;
        }
        let author = run.author();
        if !asked && !run.hashes().iter().any(|hash| self.waiting.needs(hash)) {
            return Taken::Dropped;
        }
        let held = run.hashes().iter().take_while(|h| self.locate(h, archive).is_some()).count();
        let Some(run) = (**run).clone().suffix(run.run().first.seq + held as u64) else {
            return Taken::Done;
        };
        let prev = match run.run().first.prev {
            None => None,
            Some(hash) => match self.locate(&hash, archive) {
                None => return Taken::Missing(hash),
                located => located,
            },
        };
        let follows = |at: Located| at.author == author && at.seq + 1 == run.run().first.seq;
        if !prev.is_none_or(follows) {
            return Taken::Bad("an entry names another place as the one before it");
        }
        if let Err(taken) = self.counter_proven(&run, prev.map_or(0, |at| at.lamport), archive) {
            return taken;
        }
        let leaves_log = prev.is_none_or(|at| !at.reference);
        self.keep_reference(Arc::new(run), leaves_log)
    }

    fn keep_reference(&mut self, run: Arc<CheckedRun>, leaves_log: bool) -> Taken {
        let author = run.author();
        let count = run.hashes().len() as u64;
        // What somebody's entry names is kept beyond the bounds: that entry must not be held up,
        // and each such branch costs an entry that is kept anyway.
        let named = run.hashes().iter().any(|hash| self.waiting.awaits(hash));
        let member = self.members.get_mut(&author).expect("made when its run came");
        let full = member.reference_entries + count > REFERENCE_ENTRIES_MAX as u64
            || (leaves_log && member.branches.len() >= BRANCHES_MAX);
        if full && !named {
            return Taken::Dropped;
        }
        member.reference_entries += count;
        if leaves_log {
            member.branches.insert(run.hashes()[0]);
        }
        for (place, _, hash) in run.entries() {
            let located =
                Located { author, seq: place.seq, lamport: place.lamport, reference: true };
            self.fresh.insert(hash, located);
        }
        self.writes.push(Write::Reference(run));
        Taken::Done
    }
}
