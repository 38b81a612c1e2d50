//! Chains of forked identities: each names the one before, told to one node only. Whoever takes an
//! honest entry at their end needs them all, and is not held up by them.

use std::sync::Arc;

use ed25519_dalek::SigningKey;
use roda::protocol::circle::Input;
use roda::protocol::entry::CheckedRun;
use roda::protocol::id::{Hash, NodeId};
use roda::protocol::limits::{BRANCH_ENTRIES_MAX, WAITING_AUTHOR_BYTES_MAX, WANTED_MAX};
use roda::protocol::packet::circle::Packet;

use crate::author::Author;
use crate::liar::text;
use crate::table::Table;

/// Milliseconds of a packet's way.
const HOP_MS: u64 = 10;
/// Milliseconds after which nobody is waited for any more.
const PATIENCE_MS: u64 = 400_000;

/// Milliseconds that a chain of a thousand may take.
const SOON_MS: u64 = 5_000;

type Runs = Vec<Arc<CheckedRun>>;

/// A liar that makes as many identities as it likes.
struct Forger {
    made: u32,
}

impl Forger {
    fn id() -> NodeId {
        NodeId(SigningKey::from_bytes(&[99; 32]).verifying_key().to_bytes())
    }

    /// The start of a new identity's log.
    fn start(&mut self) -> Author {
        self.made += 1;
        let mut secret = [98; 32];
        secret[..4].copy_from_slice(&self.made.to_be_bytes());
        Author::of(SigningKey::from_bytes(&secret))
    }

    /// Gives the runs to a node over a link of its own, which is closed then.
    fn tells(table: &mut Table, node: usize, runs: &[Arc<CheckedRun>]) {
        table.feed(node, Input::Up(Forger::id()));
        for run in runs {
            table.feed(node, Input::Received(Forger::id(), Packet::History(vec![run.clone()])));
        }
        table.feed(node, Input::Down(Forger::id()));
    }

    /// `count` identities, each with two versions of `entries`: the first ones a chain from
    /// `seen` on.
    fn chain(&mut self, count: usize, entries: usize, mut seen: Option<(Hash, u64)>) -> [Runs; 2] {
        let (mut chained, mut others) = (Runs::new(), Runs::new());
        for _ in 0..count {
            let mut tip = self.start();
            let words = |version: &str| (0..entries).map(|_| text(version)).collect();
            others.push(tip.clone().sign(None, None, words("for the others")));
            let run = tip.sign(seen, None, words("for one"));
            seen = Some((run.head(), run.last_lamport()));
            chained.push(run);
        }
        [chained, others]
    }
}

/// Two members that have been talking for a while.
fn two_members() -> (Table, Forger) {
    let mut table = Table::new(2);
    table.hop = HOP_MS;
    table.link(0, 1);
    table.pass(15_000);
    (table, Forger { made: 0 })
}

fn tell_both(table: &mut Table, node: usize, [ours, others]: [Runs; 2]) {
    Forger::tells(table, node, &ours);
    Forger::tells(table, 1 - node, &others);
}

/// Milliseconds until the other holds all that `node` has said, and the packets until then.
fn heard(table: &mut Table, node: usize) -> (u64, u64) {
    let (start, packets, id) = (table.time, table.packets, table.nodes[node].id);
    while table.holds(1 - node, id) < table.holds(node, id) && table.time < start + PATIENCE_MS {
        table.pass(table.hop);
    }
    (table.time - start, table.packets - packets)
}

fn soon((took, packets): (u64, u64), table: &Table) {
    println!("{took} ms, {packets} packets, {} bytes since the start", table.bytes);
    assert!(took <= SOON_MS, "it took {took} ms");
}

/// The same for an honest word that is said now.
fn says(table: &mut Table, node: usize) -> (u64, u64) {
    table.say(node, "an honest word");
    heard(table, node)
}

#[test]
fn a_chain_of_forked_identities_holds_nobody_up_and_costs_what_it_is_long() {
    for node in 0..2 {
        let mut each = Vec::new();
        for count in [100, 400, 1_000] {
            let (mut table, mut forger) = two_members();
            for nth in 1..=3 {
                let chain = forger.chain(count, 1, table.top(node));
                tell_both(&mut table, node, chain);
                let (took, packets) = says(&mut table, node);
                println!("{count} at {node}, number {nth}: {took} ms, {packets} packets");
                assert!(took <= SOON_MS, "a chain of {count} at {node} took {took} ms");
                each.push(packets as f64 / count as f64);
            }
            // Both know of all, some time later.
            table.pass(30_000);
            for held in &table.nodes {
                let disputed = held.circle.members().values().filter(|m| m.disputed().is_some());
                assert_eq!(disputed.count(), 3 * count, "each fork is found");
            }
        }
        let most = each.iter().copied().fold(0.0, f64::max);
        assert!(most <= 4.0, "packets for each identity: {each:?}");
    }
}

/// A chain of a thousand.
pub fn long() {
    let (mut table, mut forger) = two_members();
    let chain = forger.chain(1_000, 1, table.top(0));
    tell_both(&mut table, 0, chain);
    soon(says(&mut table, 0), &table);
}

#[test]
fn a_chain_told_before_two_halves_meet_holds_nobody_up() {
    for node in 0..2 {
        let mut forger = Forger { made: 0 };
        let mut table = Table::new(2);
        table.hop = HOP_MS;
        table.pass(3_000);
        let chain = forger.chain(1_000, 1, table.top(node));
        tell_both(&mut table, node, chain);
        table.say(node, "an honest word");
        table.link(0, 1);
        soon(heard(&mut table, node), &table);
    }
}

/// Each honest entry names the next of the chain, and is named by the one after.
pub fn through_honest_entries() {
    for (node, linked) in [(0, true), (1, true), (0, false), (1, false)] {
        let mut forger = Forger { made: 0 };
        let mut table = Table::new(2);
        table.hop = HOP_MS;
        table.pass(3_000);
        if linked {
            table.link(0, 1);
            table.pass(15_000);
        }
        for _ in 0..400 {
            let chain = forger.chain(1, 1, table.top(node));
            tell_both(&mut table, node, chain);
            table.say(node, "an honest word");
        }
        if !linked {
            table.link(0, 1);
        }
        soon(heard(&mut table, node), &table);
    }
}

#[test]
fn a_chain_through_honest_entries_holds_nobody_up() {
    through_honest_entries();
}

/// Before the post, each shows to hold as many entries of every link as the other.
pub fn shown_to_be_held() {
    for node in 0..2 {
        let (mut table, mut forger) = two_members();
        table.hop = 50;
        let chain = forger.chain(200, 1, table.top(node));
        tell_both(&mut table, node, chain);
        table.pass(5_000);
        let (took, packets) = says(&mut table, node);
        println!("at {node}: {took} ms, {packets} packets");
        assert!(took <= 2_000, "{took} ms");
    }
}

#[test]
fn a_chain_that_each_seems_to_hold_holds_nobody_up() {
    shown_to_be_held();
}

#[test]
fn a_chain_of_long_runs_holds_nobody_up() {
    for node in 0..2 {
        let (mut table, mut forger) = two_members();
        let chain = forger.chain(100, 256, table.top(node));
        tell_both(&mut table, node, chain);
        soon(says(&mut table, node), &table);
    }
}

/// Two forked identities whose entries name each other's, far more than are kept for reference.
#[test]
fn two_forked_logs_that_name_each_other_hold_nobody_up() {
    let (mut table, mut forger) = two_members();
    let (mut tips, mut runs) = ([forger.start(), forger.start()], [Runs::new(), Runs::new()]);
    for tip in &tips {
        runs[1].push(tip.clone().sign(None, None, vec![text("for the other")]));
    }
    let mut seen = table.top(0);
    for _ in 0..3 * BRANCH_ENTRIES_MAX / 2 {
        for tip in &mut tips {
            let run = tip.sign(seen, None, vec![text("for one")]);
            seen = Some((run.head(), run.last_lamport()));
            runs[0].push(run);
        }
    }
    tell_both(&mut table, 0, runs);
    soon(says(&mut table, 0), &table);
}

#[test]
fn many_chains_at_once_hold_nobody_up() {
    let (mut table, mut forger) = two_members();
    for _ in 0..20 {
        let chain = forger.chain(50, 1, table.top(0));
        tell_both(&mut table, 0, chain);
    }
    soon(says(&mut table, 0), &table);
}

/// Nodes of 0.1 answer with the one run that was asked for.
pub fn answered_plainly() {
    let (mut table, mut forger) = two_members();
    table.plain = true;
    let chain = forger.chain(100, 1, table.top(0));
    tell_both(&mut table, 0, chain);
    soon(says(&mut table, 0), &table);
}

#[test]
fn a_chain_that_is_answered_one_by_one_takes_a_round_trip_for_each() {
    answered_plainly();
}

/// Before, a liar has filled the room of the chain's one author with what waits for ever.
pub fn of_a_flooded_author() {
    let (mut table, mut forger) = two_members();
    let mut tip = forger.start();
    let mut other = tip.clone();
    let (mut chained, mut seen) = (Runs::new(), table.top(0));
    for _ in 0..500 {
        let [one, _] = forger.chain(1, 1, seen);
        let run = tip.sign(Some((one[0].head(), one[0].last_lamport())), None, vec![text("one")]);
        seen = Some((run.head(), run.last_lamport()));
        chained.extend([one[0].clone(), run]);
    }
    let others = vec![other.sign(None, None, vec![text("for the other")])];
    let author = other.id();
    table.feed(1, Input::Up(Forger::id()));
    for number in 0..WAITING_AUTHOR_BYTES_MAX / 16_000 * 3 / 2 {
        (other.seq, other.prev) = (number as u64 + 1, Some(Hash([number as u8; 32])));
        let run = other.sign(None, None, vec![text(&"x".repeat(16_000))]);
        assert_eq!(run.author(), author);
        table.feed(1, Input::Received(Forger::id(), Packet::History(vec![run])));
    }
    let waiting = table.nodes[1].circle.queues().waiting_author_bytes;
    assert!(waiting > WAITING_AUTHOR_BYTES_MAX / 2, "{waiting} bytes wait");
    assert!(waiting <= WAITING_AUTHOR_BYTES_MAX, "{waiting} bytes wait");
    tell_both(&mut table, 0, [chained, others]);
    let (took, _) = says(&mut table, 0);
    assert!(took <= 2_000, "it took {took} ms");
}

#[test]
fn a_chain_whose_author_floods_what_waits_holds_nobody_up() {
    of_a_flooded_author();
}

/// More than is queued at once, and all asked for at once as two halves meet.
pub fn of_large_entries() {
    let mut forger = Forger { made: 0 };
    let mut table = Table::new(2);
    table.hop = HOP_MS;
    table.pass(3_000);
    let (mut runs, mut seen) = ([Runs::new(), Runs::new()], table.top(0));
    for _ in 0..100 {
        let mut tip = forger.start();
        runs[1].push(tip.clone().sign(None, None, vec![text("for the other")]));
        let run = tip.sign(seen, None, vec![text(&"x".repeat(16_000))]);
        seen = Some((run.head(), run.last_lamport()));
        runs[0].push(run);
    }
    let told: usize = runs[0].iter().map(|run| run.bytes()).sum();
    tell_both(&mut table, 0, runs);
    table.say(0, "an honest word");
    table.link(0, 1);
    let before = table.bytes;
    soon(heard(&mut table, 0), &table);
    table.pass(5_000);
    let sent = table.bytes - before;
    assert!(sent <= 2 * told as u64, "{sent} bytes were sent for {told}");
}

#[test]
fn a_chain_of_large_entries_is_sent_once() {
    of_large_entries();
}

/// A liar sends the ends of chains whose beginnings nobody has, and answers nothing.
pub fn never_completed() {
    let (mut table, mut forger) = two_members();
    table.feed(1, Input::Up(Forger::id()));
    for _ in 0..WANTED_MAX + 50 {
        let [chain, _] = forger.chain(3, 1, table.top(0));
        for run in &chain[1..] {
            let packet = Packet::History(vec![run.clone()]);
            table.feed(1, Input::Received(Forger::id(), packet));
        }
    }
    let waits = |table: &Table| {
        let queues = table.nodes[1].circle.queues();
        (queues.waiting_bytes, queues.wanted)
    };
    assert!(waits(&table).0 > 0 && waits(&table).1 > 0);
    let chain = forger.chain(200, 1, table.top(0));
    tell_both(&mut table, 0, chain);
    soon(says(&mut table, 0), &table);
    // Its wait doubles: 1, 2, 4, 8, 16, 32 seconds.
    table.pass(65_000);
    assert_eq!(waits(&table), (0, 0), "given up");
}

#[test]
fn chains_that_nobody_can_complete_are_given_up_and_hold_nobody_up() {
    never_completed();
}
