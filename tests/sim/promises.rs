//! Single promises against a member who lies, each on one node that is fed by hand.

use std::sync::Arc;

use ed25519_dalek::SigningKey;
use roda::conversation::kind;
use roda::protocol::archive::Write;
use roda::protocol::circle::{Circle, Input, Now, Output, Settings};
use roda::protocol::dispute::{Branch, Dispute};
use roda::protocol::entry::CheckedRun;
use roda::protocol::id::{Hash, NodeId};
use roda::protocol::limits::{BRANCH_ENTRIES_MAX, BRANCHES_MAX, CATCH_UP_MS};
use roda::protocol::packet::circle::{Head, Packet, Sync};
use roda::protocol::receipt::Watermarks;

use crate::archive::Disk;
use crate::asker::{self, Asker};
use crate::author::Author;
use crate::liar::text;

/// A node, a liar that it is linked with, and a third member.
struct Fed {
    circle: Circle,
    disk: Disk,
    time: u64,
    liar: SigningKey,
    third: SigningKey,
    written: Vec<Write>,
}

fn id(key: &SigningKey) -> NodeId {
    NodeId(key.verifying_key().to_bytes())
}

fn start_of(key: &SigningKey) -> Author {
    Author::of(key.clone())
}

impl Fed {
    fn new() -> Fed {
        let [me, liar, third] = [1, 2, 3].map(|byte| SigningKey::from_bytes(&[byte; 32]));
        let settings =
            Settings { name: "Ana".to_owned(), knows_others: true, sync_ms: 180_000, seed: 1 };
        let disk = Disk::new();
        let circle = Circle::new(me, settings, disk.restored(), Now { mono: 0, wall: 0 });
        let mut fed = Fed { circle, disk, time: 1, liar, third, written: Vec::new() };
        fed.feed(Input::Up(id(&fed.liar)));
        fed
    }

    fn linked() -> Fed {
        let mut fed = Fed::new();
        fed.gets(Packet::Sync(Sync { whole: true, ..Sync::default() }));
        fed
    }

    /// Feeds one input and commits at once.
    fn feed(&mut self, input: Input) -> Vec<Output> {
        let mut all = Vec::new();
        let mut inputs = vec![input];
        while let Some(input) = inputs.pop() {
            let now = Now { mono: self.time, wall: self.time };
            let outputs = self.circle.handle(input, now, &self.disk);
            for output in &outputs {
                match output {
                    Output::Commit(batch, writes) => {
                        self.disk.commit(writes);
                        self.written.extend(writes.iter().cloned());
                        inputs.push(Input::Committed(*batch));
                    }
                    Output::LookUp(peer, lookup) => {
                        let mut lookup = lookup.clone();
                        let runs = lookup.read(&self.disk);
                        inputs.push(Input::Found(*peer, lookup, runs));
                    }
                    _ => {}
                }
            }
            all.extend(outputs);
        }
        all
    }

    fn gets(&mut self, packet: Packet) -> Vec<Output> {
        self.feed(Input::Received(id(&self.liar), packet))
    }

    /// The liar's link is to be closed, and nothing else has come of it.
    fn blames(&mut self, packet: Packet) -> bool {
        let written = self.written.len();
        let outputs = self.gets(packet);
        let blamed = outputs.iter().any(|output| matches!(output, Output::Misbehaved(..)));
        blamed && self.written.len() == written
    }
}

fn run_of(key: &SigningKey, words: &str) -> Arc<CheckedRun> {
    start_of(key).sign(None, None, vec![text(words)])
}

#[test]
fn a_pushed_run_of_somebody_else_closes_the_link() {
    let mut fed = Fed::linked();
    let run = run_of(&fed.third, "not mine");
    assert!(fed.blames(Packet::Message(run.clone())));
    let outputs = fed.gets(Packet::History(vec![run]));
    assert!(!outputs.iter().any(|output| matches!(output, Output::Misbehaved(..))), "history may");
}

#[test]
fn a_forged_counter_closes_the_link_and_is_not_stored() {
    let mut fed = Fed::linked();
    let run = start_of(&fed.liar).sign(None, Some(1_000_000), vec![text("from the future")]);
    assert!(fed.blames(Packet::Message(run)));
    assert!(!fed.circle.members().contains_key(&id(&fed.liar)), "and makes nobody a member");
}

#[test]
fn a_proof_of_a_fork_that_proves_nothing_closes_the_link_and_disputes_nobody() {
    let mut fed = Fed::linked();
    let run = run_of(&fed.third, "the same twice");
    fed.gets(Packet::History(vec![run.clone()]));
    let branches = [Branch::of(&run, 1).unwrap(), Branch::of(&run, 1).unwrap()];
    let proof = Dispute { author: id(&fed.third), seq: 1, branches };
    assert!(fed.blames(Packet::Dispute(Box::new(proof))));
    assert_eq!(fed.circle.members()[&id(&fed.third)].disputed(), None);
}

#[test]
fn a_vector_that_lies_delays_an_own_message_by_ten_seconds_at_most() {
    let mut fed = Fed::new();
    let mut sync = Sync { whole: true, ..Sync::default() };
    let head = Head { seq: 1_000_000, hash: Some(Hash([3; 32])), disputed: None };
    sync.authors.insert(id(&fed.third), head);
    fed.gets(Packet::Sync(sync));
    let body = kind::text::body("at last");
    let said = |outputs: &[Output]| outputs.iter().any(|it| matches!(it, Output::Said(7, _)));
    assert!(!said(&fed.feed(Input::Say { token: 7, body, reference: None })), "it waits");
    fed.time += CATCH_UP_MS - 2;
    assert!(!said(&fed.feed(Input::Tick)), "it still waits");
    fed.time += 2;
    assert!(said(&fed.feed(Input::Tick)), "it waits no longer");
}

/// A peer names the end of a log before anything of it is here, and another brings another version.
pub fn named_ahead() {
    let mut fed = Fed::linked();
    let (theirs, other) = (run_of(&fed.third, "one version"), run_of(&fed.third, "another"));
    let head = Head { seq: 1, hash: Some(theirs.head()), disputed: None };
    let authors = [(id(&fed.third), head)].into();
    fed.gets(Packet::Sync(Sync { authors, ..Sync::default() }));
    let peer = NodeId([7; 32]);
    fed.feed(Input::Up(peer));
    let outputs = fed.feed(Input::Received(peer, Packet::History(vec![other])));
    let asks = outputs.iter().any(|output| match output {
        Output::Send(to, _, Packet::Want(want)) => {
            *to == id(&fed.liar) && want.hashes == [theirs.head()]
        }
        _ => false,
    });
    assert!(asks, "it asks for the version that was named: {outputs:?}");
}

#[test]
fn an_end_that_was_named_before_it_is_reached_is_compared_then() {
    named_ahead();
}

#[test]
fn of_a_forked_log_a_bounded_number_of_branches_and_entries_is_kept() {
    let mut fed = Fed::linked();
    for version in 0..3 * BRANCHES_MAX {
        let mut tip = start_of(&fed.liar);
        for part in 0..4 {
            let words = (0..200).map(|entry| text(&format!("{version} {part} {entry}")));
            let run = tip.sign(None, None, words.collect());
            fed.gets(Packet::History(vec![run]));
        }
    }
    let kept: Vec<&Arc<CheckedRun>> = fed
        .written
        .iter()
        .filter_map(|write| match write {
            Write::Branch(run) => Some(run),
            _ => None,
        })
        .collect();
    let entries: usize = kept.iter().map(|run| run.hashes().len()).sum();
    let branches = kept.iter().filter(|run| run.run().first.prev.is_none()).count();
    assert!(entries > 0 && entries <= BRANCH_ENTRIES_MAX, "{entries} entries are kept");
    assert!(branches > 0 && branches <= BRANCHES_MAX, "{branches} branches are kept");
}

#[test]
fn what_the_reader_has_read_does_not_fall_while_it_is_being_committed() {
    let mut asker = Asker::new(0, 1);
    let author = asker::key(1);
    let mut tip = Author::of(author.clone());
    let run = tip.sign(None, None, vec![text("one"), text("two")]);
    asker.gets(asker::peer(1), Packet::History(vec![run]));
    let now = Now { mono: asker.time, wall: 0 };
    let mut last = 0;
    for seq in [2, 1] {
        let marks = Watermarks::from([(asker::id(&author), seq)]);
        for output in asker.circle.handle(Input::Read(marks), now, &asker.disk) {
            if let Output::Commit(batch, writes) = output {
                asker.disk.commit(&writes);
                last = batch;
            }
        }
    }
    asker.circle.handle(Input::Committed(last), now, &asker.disk);
    assert_eq!(asker.circle.members()[&asker::id(&author)].read_here, 2);
}
