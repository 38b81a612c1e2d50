//! What a Byzantine member signs: logs that break the rules, and crowds of members.

use std::collections::BTreeMap;
use std::sync::Arc;

use roda::protocol::dispute::{Branch, Dispute};
use roda::protocol::entry::CheckedRun;
use roda::protocol::id::Signature;
use roda::protocol::limits::{INTEGER_MAX, RECEIPTS_UNMET_MAX};
use roda::protocol::packet::circle::Packet;
use roda::protocol::receipt::{Receipt, Watermarks};

use crate::attacks::{one_victim, random_hash};
use crate::author::Author;
use crate::liar::{Liar, text};
use crate::world::{World, new_key};

/// Something within the rules.
pub fn speaks(world: &mut World, node: usize) {
    let key = Liar::some_key(world, node);
    let mut tip = Liar::tip(world, node, &key, usize::MAX);
    let top = Liar::top(world, node).filter(|(hash, _)| Some(*hash) != tip.prev);
    let run = tip.sign(top, None, vec![text("one"), text("two")]);
    let victim = one_victim(world, node);
    Liar::send_run(world, node, victim, run);
}

/// A low place or a high one in the log with this key.
fn place_of_fork(world: &mut World, node: usize, key: &ed25519_dalek::SigningKey) -> Author {
    let len = Liar::tip(world, node, key, usize::MAX).seq as usize;
    let at = match world.rng.u8(..3) {
        0 => world.rng.usize(..len.min(3) + 1),
        1 => world.rng.usize(..=len),
        _ => len,
    };
    Liar::tip(world, node, key, at)
}

fn versions(world: &mut World, node: usize, count: usize, runs: usize, entries: usize) {
    let key = Liar::some_key(world, node);
    let start = place_of_fork(world, node, &key);
    let top = Liar::top(world, node).filter(|(hash, _)| Some(*hash) != start.prev);
    let victims = Liar::victims(world, node);
    for version in 0..count {
        let mut tip = start.clone();
        for number in 0..runs {
            let seen = top.filter(|_| number == 0 && world.rng.bool());
            let salt = world.rng.u64(..);
            let words = (0..entries).map(|entry| text(&format!("{version} {entry} {salt}")));
            let run = tip.sign(seen, None, words.collect());
            for victim in victims.iter().skip(version).step_by(count) {
                Liar::send_run(world, node, *victim, run.clone());
            }
        }
    }
}

/// Two versions of its log, one for each half.
pub fn fork(world: &mut World, node: usize) {
    let (runs, entries) = (world.rng.usize(1..5), world.rng.usize(1..4));
    versions(world, node, 2, runs, entries);
}

/// The same, one entry long, and nothing after it that would give it away.
pub fn quiet_fork(world: &mut World, node: usize) {
    versions(world, node, 2, 1, 1);
}

/// Another version for everybody.
pub fn many_versions(world: &mut World, node: usize) {
    let count = Liar::victims(world, node).len();
    versions(world, node, count, 2, 1);
}

/// Two versions that are long.
pub fn deep_fork(world: &mut World, node: usize) {
    if world.rng.u8(..12) == 0 {
        let runs = world.rng.usize(2..7);
        versions(world, node, 2, runs, 220);
    }
}

/// Identities that each name the one before, for one; for the others each has another version.
pub fn chain(world: &mut World, node: usize, count: usize) {
    let victim = one_victim(world, node);
    let mut seen = Liar::top(world, node);
    for number in 0..count {
        let key = new_key(&mut world.rng);
        let mut tip = Liar::tip(world, node, &key, 0);
        world.checks.may_fork.insert(tip.id());
        let other = tip.clone().sign(None, None, vec![text(&format!("other {number}"))]);
        let run = tip.sign(seen, None, vec![text(&format!("chained {number}"))]);
        seen = Some((run.head(), run.last_lamport()));
        for to in Liar::victims(world, node) {
            let version = if to == victim { &run } else { &other };
            Liar::send_run(world, node, to, version.clone());
        }
    }
}

/// A short chain of forks, or now and then a long one.
pub fn chain_of_forks(world: &mut World, node: usize) {
    let count = if world.rng.u8(..12) == 0 { 60 } else { world.rng.usize(2..12) };
    chain(world, node, count);
}

/// An entry behind one that does not exist.
pub fn follows_nothing(world: &mut World, node: usize) {
    let key = Liar::some_key(world, node);
    let mut tip = Liar::tip(world, node, &key, usize::MAX);
    tip.seq += world.rng.u64(..3);
    tip.prev = Some(random_hash(world));
    if tip.seq == 0 {
        tip.seq = 1;
    }
    let run = tip.sign(None, None, vec![text("behind nothing")]);
    let victim = one_victim(world, node);
    Liar::send_run(world, node, victim, run);
}

/// An entry that has seen one that does not exist.
pub fn sees_nothing(world: &mut World, node: usize) {
    let key = Liar::some_key(world, node);
    let mut tip = Liar::tip(world, node, &key, usize::MAX);
    let seen = Some((random_hash(world), world.rng.u64(..1_000)));
    let run = tip.sign(seen, None, vec![text("saw nothing")]);
    let victim = one_victim(world, node);
    Liar::send_run(world, node, victim, run);
}

/// Hundreds of entries, each of which names one that never comes.
pub fn endless_seen(world: &mut World, node: usize) {
    let key = Liar::some_key(world, node);
    let chain = world.rng.bool();
    let mut named = (random_hash(world), 5_000);
    let victims = Liar::victims(world, node);
    for number in 0..world.rng.usize(20..300) {
        let mut tip = Liar::tip(world, node, &key, usize::MAX);
        tip.seq += if chain { 300 - number as u64 % 300 } else { 0 };
        if tip.seq > 0 && tip.prev.is_none() {
            tip.prev = Some(random_hash(world));
        }
        let run = tip.sign(Some(named), None, vec![text(&"endless ".repeat(number / 2))]);
        named = if chain { (run.head(), run.last_lamport()) } else { (random_hash(world), 5_000) };
        for victim in &victims {
            Liar::send_run(world, node, *victim, run.clone());
        }
    }
}

/// A proof of a fork far up that lies on nobody's version, or proves nothing.
pub fn crafted_proof(world: &mut World, node: usize) {
    let key = Liar::some_key(world, node);
    let mut tip = place_of_fork(world, node, &key);
    if world.rng.bool() {
        tip.seq += world.rng.u64(..20);
        tip.prev = Some(random_hash(world));
    }
    if tip.seq == 0 {
        tip.prev = None;
    }
    let seq = tip.seq + 1;
    let (mut other, words) = (tip.clone(), if world.rng.u8(..4) == 0 { "a" } else { "b" });
    let runs = [tip.sign(None, None, vec![text("a")]), other.sign(None, None, vec![text(words)])];
    let branches = runs.each_ref().map(|run| Branch::of(run, seq).expect("its first entry"));
    let dispute = Dispute { author: tip.id(), seq, branches };
    let victim = one_victim(world, node);
    Liar::send(world, node, victim, Packet::Dispute(Box::new(dispute)));
}

/// A crowd of members that nobody invited.
pub fn new_identities(world: &mut World, node: usize) {
    let count = if world.rng.u8(..6) == 0 { 60 } else { 5 };
    let victim = one_victim(world, node);
    for number in 0..count {
        let key = new_key(&mut world.rng);
        let mut tip = Liar::tip(world, node, &key, 0);
        world.checks.may_fork.insert(tip.id());
        let body = format!(r#"{{"kind":"profile","name":"crowd {number}"}}"#);
        let run = tip.sign(Liar::top(world, node), None, vec![body]);
        Liar::send_run(world, node, victim, run);
        let read = Arc::new(Watermarks::new());
        let receipt = Receipt::sign(1, Arc::new(BTreeMap::new()), read, 0, &key);
        Liar::send(world, node, victim, Packet::Receipt(vec![receipt.whole()]));
    }
}

/// The word of a crowd that has never written.
pub fn strangers_receipts(world: &mut World, node: usize) {
    let count = if world.rng.u8(..24) == 0 { RECEIPTS_UNMET_MAX + 50 } else { 8 };
    let victim = one_victim(world, node);
    let nothing = Arc::new(Watermarks::new());
    for _ in 0..count {
        let key = new_key(&mut world.rng);
        let receipt = Receipt::sign(1, nothing.clone(), nothing.clone(), 1, &key);
        Liar::send(world, node, victim, Packet::Receipt(vec![receipt.whole()]));
    }
}

/// Bodies that nobody can read, of kinds that are not there yet, and a goodbye that is none.
pub fn unreadable(world: &mut World, node: usize) {
    let bodies = [
        "",
        "nothing",
        "{}",
        "[]",
        r#"{"kind":"poll","of":[1]}"#,
        r#"{"kind":"text"}"#,
        r#"{"kind":"text","text":7}"#,
        r#"{"kind":"leave"}"#,
        r#"{"kind":"profile","name":""}"#,
        r#"{"kind":"circle","name":"ours now"}"#,
    ];
    let key = Liar::some_key(world, node);
    let mut tip = Liar::tip(world, node, &key, usize::MAX);
    let deep = "[".repeat(5_000);
    let mut bodies: Vec<String> = bodies.iter().map(|body| (*body).to_owned()).collect();
    bodies.push(deep);
    let from = world.rng.usize(..bodies.len());
    let run = tip.sign(None, None, bodies.split_off(from));
    let victim = one_victim(world, node);
    Liar::send_run(world, node, victim, run);
}

/// A run far up, at the greatest place there is, or beyond.
pub fn far_ahead(world: &mut World, node: usize) {
    let key = Liar::some_key(world, node);
    let mut tip = Liar::tip(world, node, &key, usize::MAX);
    tip.seq = [1_000_000, INTEGER_MAX - 1, (1 << 63) - 1, INTEGER_MAX][world.rng.usize(..4)];
    tip.prev = Some(random_hash(world));
    let mut run = tip.sign(None, None, vec![text("far")]).run().clone();
    if world.rng.u8(..8) == 0 {
        run.signature = Signature([1; 64]);
    }
    let run = Arc::new(CheckedRun::from_store(run));
    for victim in Liar::victims(world, node) {
        Liar::send_run(world, node, victim, run.clone());
    }
}
