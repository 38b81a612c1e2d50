//! Forks: found, proven, passed on; and branches kept for reference, so that an honest entry which
//! names one is never held up.

use std::sync::Arc;

use super::super::archive::{Archive, Located, Write};
use super::super::dispute::Dispute;
use super::super::entry::CheckedRun;
use super::super::id::NodeId;
use super::super::planted::{self, Bug};
use super::Circle;
use super::driver::Output;
use super::log::Taken;
use super::step::Step;

impl Circle {
    /// `run` differs at `seq` from the log held: the two are the proof.
    pub(super) fn fork_found(&mut self, run: &CheckedRun, seq: u64, step: Step<'_>) {
        let author = run.author();
        let member = &self.members[&author];
        if member.disputed().is_some_and(|from| from <= seq) {
            return;
        }
        let held = match member.fresh_run(seq) {
            Some(held) => Some((**held).clone()),
            None => step.archive.run_from(&author, seq).map(CheckedRun::from_store),
        };
        let proof = held.and_then(|held| Dispute::of(&held, run, seq));
        if let Some(proof) = proof {
            self.register_dispute(None, proof, step);
        }
    }

    pub(super) fn take_dispute(&mut self, peer: NodeId, dispute: Dispute, step: Step<'_>) {
        let known = self.members.disputed(&dispute.author);
        let news = known.is_none_or(|from| from > dispute.seq);
        if news && !dispute.holds() {
            return self.misbehaved(peer, "its proof of a fork proves nothing");
        }
        let met = self.members.get(&dispute.author).is_some_and(|member| member.head.is_some());
        if let Some(link) = self.peers.get_mut(&peer) {
            link.hints.note_disputed(dispute.author, dispute.seq, met);
        }
        if news && (met || self.members.room_for_proof(&dispute)) {
            self.register_dispute(Some(peer), dispute, step);
        }
    }

    fn register_dispute(&mut self, from: Option<NodeId>, dispute: Dispute, step: Step<'_>) {
        let author = dispute.author;
        if author == self.me {
            self.roll_back();
        }
        let prevs = dispute.branches.each_ref().map(|branch| branch.prev);
        let seq = dispute.seq;
        self.members.dispute(dispute.clone());
        self.batches.write(Write::Dispute(Box::new(dispute)));
        self.outputs.push(Output::Disputed(author, seq));
        self.fetches.forked(author);
        self.compare_later(author, step.now);
        self.compare_soon(step.now);
        self.lazy.marks_soon(step.now);
        self.fork_excuses(author, seq);
        let peers = self.peers.ids();
        for peer in &peers {
            if self.peers[peer].hints.disputed(&author).is_none_or(|theirs| theirs > seq) {
                self.send_dispute(*peer, author);
            }
        }
        // They part earlier from each other, or from the log held: ask backwards for the rest.
        let before = self.members.entry_at(&author, seq - 1, step.archive).map(|(hash, _)| hash);
        for prev in prevs.into_iter().flatten() {
            let parts = prevs[0] != prevs[1] || before.is_some_and(|held| held != prev);
            if parts
                && self.locate(&prev, step.archive).is_none_or(|at| at.branch)
                && let Some(peer) = from.or_else(|| peers.first().copied())
            {
                self.waiting.want(prev, peer, step.now.mono);
            }
        }
    }

    pub(super) fn send_dispute(&mut self, peer: NodeId, author: NodeId) {
        let Some(seq) = self.members[&author].disputed() else { return };
        if planted::is(Bug::DisputeKept) {
            return;
        }
        let link = self.peers.get_mut(&peer).expect("sent to links only");
        link.hints.note_disputed(author, seq, true);
        link.long.add_proof(author);
        self.peers.add_long(peer);
    }

    /// Keeps a run of a disputed author for reference: chained to what is held, every counter
    /// proven, within bounds.
    pub(super) fn take_branch(
        &mut self,
        run: &Arc<CheckedRun>,
        asked: bool,
        archive: &dyn Archive,
    ) -> Taken {
        if planted::is(Bug::BranchDropped) {
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
        let leaves_log = prev.is_none_or(|at| !at.branch);
        self.keep_on_branch(Arc::new(run), leaves_log)
    }

    fn keep_on_branch(&mut self, run: Arc<CheckedRun>, leaves_log: bool) -> Taken {
        let author = run.author();
        let count = run.hashes().len() as u64;
        // What somebody's entry names is kept beyond the bounds: that entry must not be held up,
        // and each such branch costs an entry that is kept anyway.
        let named = run.hashes().iter().any(|hash| self.waiting.awaits(hash));
        let room = self.members.room_for_branch(&author, count, leaves_log);
        if !room && !named {
            return Taken::Dropped;
        }
        self.members.keep_branch(author, count, leaves_log.then(|| run.hashes()[0]));
        self.batches.place_all(&run, true);
        self.batches.write(Write::Branch(run));
        Taken::Done
    }
}
