//! Taking runs: into the author's log, onto a branch kept for reference, or among those that wait.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::super::archive::{Archive, Located, Write};
use super::super::entry::CheckedRun;
use super::super::id::{Hash, NodeId};
use super::super::limits::WANTED_HASHES_MAX;
use super::super::planted::{self, Bug};
use super::Circle;
use super::driver::Output;
use super::step::{Now, Step};

/// Milliseconds an entry that was named may still be on its own way before it is asked for.
const GRACE_MS: u64 = 100;

/// What became of a run.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Taken {
    /// In the log, on a branch, or held before.
    Done,
    /// Names an entry that is not held.
    Missing(Hash),
    /// Can never be taken: a counter that its names disprove.
    Bad(&'static str),
    /// Not wanted, or over a bound.
    Dropped,
}

/// How a run meets the log held.
enum Fit {
    /// All of it is held.
    Held,
    /// It goes on from the head with the entry at this seq.
    From(u64),
    /// It differs at this seq.
    Forks(u64),
    /// The entry before it is not the one held, or not held.
    Apart,
}

impl Circle {
    pub(super) fn take_runs(
        &mut self,
        peer: NodeId,
        runs: Vec<Arc<CheckedRun>>,
        live: bool,
        step: Step<'_>,
    ) {
        for run in runs {
            let author = run.author();
            if live && author != peer {
                return self.misbehaved(peer, "it pushed a run of somebody else");
            }
            self.peer_has(peer, author, run.run().last_seq());
            self.fetch_progressed(peer, &run, live, step.now);
            let held = self.members.head_seq(&author);
            if let Err(why) = self.take_run(peer, run, live, step) {
                return self.misbehaved(peer, why);
            }
            if !live && self.members.head_seq(&author) > held {
                self.fetches.brought(peer, author, step.now);
            }
        }
    }

    /// Takes a run, and those that waited for it. An error is the fault of whoever sent `run`.
    fn take_run(
        &mut self,
        from: NodeId,
        run: Arc<CheckedRun>,
        live: bool,
        step: Step<'_>,
    ) -> Result<(), &'static str> {
        let mut fault = Ok(());
        let mut queue = vec![(run.clone(), from)];
        let (mut authors, mut held_up) = (BTreeSet::new(), BTreeSet::new());
        while let Some((next, from)) = queue.pop() {
            authors.insert(next.author());
            match self.try_run(&next, !live, step) {
                Taken::Done => {
                    let forked = self.members[&next.author()].dispute.is_some();
                    for hash in next.hashes() {
                        let freed = self.waiting.freed_by(hash);
                        if forked {
                            held_up.extend(freed.iter().map(|(run, _)| run.author()));
                        }
                        queue.extend(freed);
                    }
                    let head = self.members[&next.author()].head_seq();
                    queue.extend(self.waiting.followers(next.author(), head));
                }
                Taken::Missing(hash) => {
                    let ask = self.ask_at(&next, hash, step.now);
                    self.waiting.wait(next, from, hash, ask, step.now);
                }
                Taken::Bad(why) if Arc::ptr_eq(&next, &run) => fault = Err(why),
                Taken::Bad(_) | Taken::Dropped => self.waiting.give_up(next.hashes()),
            }
        }
        for author in held_up {
            self.want_named(author, step);
        }
        authors.iter().for_each(|author| self.members.forget_blank(author));
        fault
    }

    /// When to ask for the entry that the run waits for; never, where a range brings it.
    fn ask_at(&self, run: &CheckedRun, missing: Hash, now: Now) -> Option<u64> {
        let member = &self.members[&run.author()];
        let first = run.run().first;
        let before = Some(missing) == first.prev;
        let disputed = member.dispute.is_some();
        if before && first.seq > member.head_seq() + 1 && !disputed {
            return None;
        }
        // What only answers bring, of a fork or named by an answer, does not come by itself.
        let asked = || run.hashes().iter().any(|hash| self.waiting.was_asked(hash));
        let answered = (before || disputed || asked()) && !planted::is(Bug::GraceForForks);
        Some(now.mono + if answered { 0 } else { GRACE_MS })
    }

    /// An entry of a disputed author held this author up. What its further entries name is asked
    /// for at once, or each would cost a round trip of its own.
    fn want_named(&mut self, author: NodeId, step: Step<'_>) {
        if planted::is(Bug::NamedOneByOne) {
            return;
        }
        let named = self.waiting.names(author).take(WANTED_HASHES_MAX);
        for (hash, from) in named.collect::<Vec<_>>() {
            if self.locate(&hash, step.archive).is_none() {
                self.waiting.want(hash, from, step.now.mono);
            }
        }
    }

    fn try_run(&mut self, run: &Arc<CheckedRun>, asked: bool, step: Step<'_>) -> Taken {
        let author = run.author();
        self.members.meet(author);
        let fit = self.fit(run, step.archive);
        let unheld = author == self.me && !matches!(fit, Fit::Held);
        if unheld && !planted::is(Bug::RollbackUnnoticed) {
            self.roll_back();
            return Taken::Dropped;
        }
        let disputed = self.members[&author].disputed();
        match fit {
            Fit::Held => Taken::Done,
            Fit::Forks(seq) => {
                if planted::is(Bug::ForkOverwrites) {
                    self.extend_log(run.clone(), step.now);
                    return Taken::Done;
                }
                self.fork_found(run, seq, step);
                self.take_branch(run, true, step.archive)
            }
            Fit::From(seq) if disputed.is_none_or(|from| seq < from) => self.append(run, seq, step),
            Fit::Apart if disputed.is_none() => {
                let prev = run.run().first.prev.expect("a first entry is never apart");
                // Where it leaves the log is known, but not by what: the entry before it proves it.
                Taken::Missing(prev)
            }
            Fit::Apart if disputed.is_some_and(|from| run.run().first.seq < from) => {
                Taken::Missing(run.run().first.prev.expect("a first entry is never apart"))
            }
            Fit::From(_) | Fit::Apart => self.take_branch(run, asked, step.archive),
        }
    }

    fn fit(&self, run: &CheckedRun, archive: &dyn Archive) -> Fit {
        let author = run.author();
        let first = run.run().first;
        let head = self.members.head_seq(&author);
        if first.seq > head + 1 {
            return Fit::Apart;
        }
        for seq in first.seq..=run.run().last_seq().min(head) {
            let held = self.members.entry_at(&author, seq, archive).map(|(hash, _)| hash);
            if held != run.hash_at(seq) {
                return Fit::Forks(seq);
            }
        }
        if run.run().last_seq() <= head {
            return Fit::Held;
        }
        let goes_on = first.seq <= head
            || first.prev == self.members.get(&author).and_then(|m| m.head).map(|head| head.hash);
        if goes_on { Fit::From(head + 1) } else { Fit::Apart }
    }

    /// Where the entry with this hash stands, committed or not.
    pub(super) fn locate(&self, hash: &Hash, archive: &dyn Archive) -> Option<Located> {
        self.batches.locate(hash).or_else(|| archive.locate(hash))
    }

    /// Whether the run's first counter is `1 + max(lamport(prev), lamport(seen))`.
    pub(super) fn counter_proven(
        &self,
        run: &CheckedRun,
        prev_lamport: u64,
        archive: &dyn Archive,
    ) -> Result<(), Taken> {
        let first = run.run().first;
        let seen_lamport = match first.seen {
            None => 0,
            Some(hash) => self.locate(&hash, archive).ok_or(Taken::Missing(hash))?.lamport,
        };
        let due = 1 + prev_lamport.max(seen_lamport);
        if first.lamport == due || planted::is(Bug::CounterUnchecked) {
            Ok(())
        } else {
            Err(Taken::Bad("a counter does not follow from the entries it names"))
        }
    }

    fn append(&mut self, run: &Arc<CheckedRun>, seq: u64, step: Step<'_>) -> Taken {
        let author = run.author();
        let head = self.members[&author].head;
        let run = match seq == run.run().first.seq {
            true => run.clone(),
            false => {
                let rest = (**run).clone().suffix(seq).expect("it reaches past the head");
                Arc::new(rest)
            }
        };
        if let Err(taken) =
            self.counter_proven(&run, head.map_or(0, |head| head.lamport), step.archive)
        {
            return taken;
        }
        self.extend_log(run, step.now);
        Taken::Done
    }

    /// Adds a proven run to its author's log, and to the batch.
    pub(super) fn extend_log(&mut self, run: Arc<CheckedRun>, now: Now) {
        let author = run.author();
        let grown = self.members.extend(&run);
        if grown.contradicts {
            self.outputs.push(Output::ClockContradicted(author));
        }
        self.batches.place_all(&run, false);
        if run.run().first.seq == 1 {
            self.want_receipt_of(&author);
        }
        self.fetches.grew(author, now);
        self.batches.write(Write::Run { run, arrival: grown.arrival, arrived_at: now.wall });
    }
}
