//! What a Byzantine member does, one attack at a time.

use std::collections::BTreeMap;
use std::sync::Arc;

use roda::protocol::archive::Archive as _;
use roda::protocol::dispute::Branch;
use roda::protocol::entry::{CheckedRun, Run};
use roda::protocol::id::{Hash, NodeId, Signature};
use roda::protocol::limits::{
    INTEGER_MAX, RECEIPTS_UNMET_MAX, SYNC_AUTHORS_MAX, WANTED_HASHES_MAX,
};
use roda::protocol::packet::{Dispute, Head, Lane, Packet, Range, Sync, Want};
use roda::protocol::receipt::{Receipt, Watermarks};

use crate::archive::Disk;
use crate::liar::{Liar, Tip, text};
use crate::net::Frame;
use crate::world::{World, new_key};

pub type Attack = fn(&mut World, usize);

/// All of them.
pub const ALL: &[Attack] = &[
    forged_author,
    counter_jump,
    forged_receipt,
    bent_receipt,
    growing_receipt,
    lying_vector,
    unknown_authors,
    old_runs,
    want_flood,
    garbage,
    speaks,
    fork,
    fork,
    fork,
    many_versions,
    deep_fork,
    follows_nothing,
    sees_nothing,
    endless_seen,
    endless_seen,
    crafted_proof,
    new_identities,
    strangers_receipts,
    unreadable,
    far_ahead,
];

/// Those that put nothing new into anybody's log: they go on after the faults.
pub const UNSIGNED: &[Attack] = &[
    forged_author,
    lying_vector,
    lying_vector,
    unknown_authors,
    old_runs,
    want_flood,
    garbage,
    endless_seen,
];

pub fn stored_run(disk: &Disk, author: &NodeId, seq: u64) -> Option<Arc<CheckedRun>> {
    disk.run_from(author, seq).map(|run| Arc::new(CheckedRun::from_store(run)))
}

fn one_victim(world: &mut World, node: usize) -> usize {
    let victims = Liar::victims(world, node);
    victims[world.rng.usize(..victims.len())]
}

fn to_all(world: &mut World, node: usize, packet: &Packet) {
    for victim in Liar::victims(world, node) {
        Liar::send(world, node, victim, packet.clone());
    }
}

fn random_id(world: &mut World) -> NodeId {
    let mut bytes = [0; 32];
    world.rng.fill(&mut bytes);
    NodeId(bytes)
}

fn random_hash(world: &mut World) -> Hash {
    Hash(random_id(world).0)
}

fn some_author(world: &mut World, node: usize) -> Option<NodeId> {
    let authors: Vec<NodeId> = world.nodes[node].disk.logs.keys().copied().collect();
    (!authors.is_empty()).then(|| authors[world.rng.usize(..authors.len())])
}

/// The next entry of somebody honest, signed by the liar.
fn forged_author(world: &mut World, node: usize) {
    let victim = one_victim(world, node);
    let (id, key) = (world.nodes[victim].id, world.nodes[node].key.clone());
    let log = world.nodes[node].disk.logs.get(&id).map_or(0, Vec::len);
    let mut tip = Liar::tip(world, node, &key, 0);
    if let Some(last) = world.nodes[node].disk.logs.get(&id).and_then(|log| log.last()) {
        (tip.seq, tip.prev, tip.lamport) = (log as u64, Some(last.hash), last.lamport);
    }
    let mut run: Run = tip.sign(None, None, vec![text("forged")]).run().clone();
    run.first.author = id;
    let run = Arc::new(CheckedRun::from_store(run));
    for to in Liar::victims(world, node) {
        Liar::send(world, node, to, Packet::History(vec![run.clone()]));
    }
}

/// A counter that does not follow, up to the greatest there is and beyond.
fn counter_jump(world: &mut World, node: usize) {
    let key = Liar::some_key(world, node);
    let mut tip = Liar::tip(world, node, &key, usize::MAX);
    let top = Liar::top(world, node);
    let lamport = match world.rng.u8(..4) {
        0 => INTEGER_MAX,
        1 => 1 << 63,
        2 => 1,
        _ => tip.lamport + world.rng.u64(2..1_000_000),
    };
    let run = tip.sign(top, Some(lamport), vec![text("jump")]);
    let victim = one_victim(world, node);
    Liar::send_run(world, node, victim, run);
}

fn honest_receipt(world: &mut World, node: usize) -> Option<Receipt> {
    let victim = one_victim(world, node);
    let id = world.nodes[victim].id;
    world.nodes[node].circle.as_ref()?.receipt(&id).cloned()
}

/// An honest member's word with more in it than it said.
fn forged_receipt(world: &mut World, node: usize) {
    let Some(mut receipt) = honest_receipt(world, node) else { return };
    receipt.count += world.rng.u64(1..5);
    receipt.clock += 100;
    let logs = &world.nodes[node].disk.logs;
    receipt.stored = Arc::new(logs.iter().map(|(id, log)| (*id, log.len() as u64)).collect());
    to_all(world, node, &Packet::Receipt(vec![receipt.whole()]));
}

fn own_receipt(world: &mut World, node: usize, stored: Watermarks, clock: u64) -> Receipt {
    let liar = Liar::of(world, node);
    liar.count += 1;
    let count = liar.count;
    let read = Arc::new(Watermarks::new());
    Receipt::sign(count, Arc::new(stored), read, clock, &world.nodes[node].key)
}

/// Its own word: rolled back, different for each, or with a clock that its entries contradict.
fn bent_receipt(world: &mut World, node: usize) {
    for victim in Liar::victims(world, node) {
        let logs = &world.nodes[node].disk.logs;
        let full: Watermarks = logs.iter().map(|(id, log)| (*id, log.len() as u64)).collect();
        let (stored, clock) = match world.rng.u8(..4) {
            0 => (Watermarks::new(), 0),
            1 => (full.keys().map(|id| (*id, INTEGER_MAX)).collect(), INTEGER_MAX),
            2 => {
                let top = Liar::top(world, node).map_or(0, |(_, lamport)| lamport);
                (full.into_iter().filter(|_| world.rng.bool()).collect(), top + 1_000)
            }
            _ => (full, 1),
        };
        let receipt = own_receipt(world, node, stored, clock);
        Liar::send(world, node, victim, Packet::Receipt(vec![receipt.whole()]));
        if world.rng.bool() {
            Liar::of(world, node).count -= 1; // the same count for another
        }
    }
}

/// A receipt that names ever more authors, packet by packet, until no frame holds it.
fn growing_receipt(world: &mut World, node: usize) {
    if world.rng.u8(..3) > 0 {
        return;
    }
    let mut stored = Watermarks::new();
    let mut base: Option<Receipt> = None;
    for _ in 0..world.rng.usize(1..4) {
        let more: Vec<NodeId> = (0..800).map(|_| random_id(world)).collect();
        stored.extend(more.into_iter().map(|id| (id, 1)));
        let receipt = own_receipt(world, node, stored.clone(), 1);
        let change = base.as_ref().map_or(receipt.whole(), |base| receipt.since(base));
        to_all(world, node, &Packet::Receipt(vec![change]));
        base = Some(receipt);
    }
}

/// "You are at seq 10^6", "I have other entries", "they are disputed".
fn lying_vector(world: &mut World, node: usize) {
    let authors: Vec<(NodeId, usize)> =
        world.nodes[node].disk.logs.iter().map(|(id, log)| (*id, log.len())).collect();
    for victim in Liar::victims(world, node) {
        let mut sync = Sync { whole: world.rng.bool(), more: world.rng.bool(), ..Sync::default() };
        for (author, len) in &authors {
            let seq = match world.rng.u8(..5) {
                0 => continue,
                1 => 1_000_000,
                2 => INTEGER_MAX,
                3 => world.rng.u64(..=*len as u64),
                _ => *len as u64,
            };
            let hash = world.rng.bool().then(|| random_hash(world));
            let disputed = (world.rng.u8(..4) == 0).then(|| world.rng.u64(1..9));
            sync.authors.insert(*author, Head { seq, hash, disputed });
            sync.receipts.insert(*author, world.rng.u64(..INTEGER_MAX));
        }
        Liar::send(world, node, victim, Packet::Sync(sync));
    }
}

/// Thousands of authors that nobody has met.
fn unknown_authors(world: &mut World, node: usize) {
    for _ in 0..world.rng.usize(1..10) {
        let mut sync = Sync { whole: world.rng.bool(), more: true, ..Sync::default() };
        for _ in 0..SYNC_AUTHORS_MAX {
            let id = random_id(world);
            let seq = world.rng.u64(1..INTEGER_MAX);
            sync.authors.insert(id, Head { seq, hash: None, disputed: Some(1) });
            sync.receipts.insert(id, seq);
        }
        to_all(world, node, &Packet::Sync(sync));
    }
}

/// What everybody has, again.
fn old_runs(world: &mut World, node: usize) {
    let victim = one_victim(world, node);
    for _ in 0..world.rng.usize(1..20) {
        let Some(author) = some_author(world, node) else { return };
        let len = world.nodes[node].disk.logs[&author].len() as u64;
        let seq = world.rng.u64(1..=len);
        let run = stored_run(&world.nodes[node].disk, &author, seq);
        Liar::send(world, node, victim, Packet::History(run.into_iter().collect()));
    }
}

/// Asks for everything, many times, of known authors and of unknown ones.
fn want_flood(world: &mut World, node: usize) {
    let victim = one_victim(world, node);
    let logs = &world.nodes[node].disk.logs;
    let known: Vec<NodeId> = logs.keys().copied().collect();
    let hashes: Vec<Hash> = logs.values().flatten().map(|kept| kept.hash).collect();
    for _ in 0..world.rng.usize(1..8) {
        let mut want = Want::default();
        for author in &known {
            want.ranges.push(Range { author: *author, from: 1, to: INTEGER_MAX });
        }
        for _ in 0..20 {
            let author = random_id(world);
            want.ranges.push(Range { author, from: 1, to: INTEGER_MAX });
        }
        want.hashes = hashes.iter().cycle().take(WANTED_HASHES_MAX).copied().collect();
        Liar::send(world, node, victim, Packet::Want(want));
    }
}

/// What parses and means nothing, and what does not parse.
fn garbage(world: &mut World, node: usize) {
    const GARBAGE: &[&str] = &[
        r#"{"tag":"teleport","n":@n,"where":{"a":[1,2,3]}}"#,
        r#"{"tag":"sync","n":@n,"authors":{},"whole":true,"future":"yes"}"#,
        r#"{"tag":"sync","n":@n,"authors":{},"more":true}"#,
        r#"{"tag":"want","n":@n}"#,
        r#"{"tag":"want","n":@n,"ranges":[],"hashes":[]}"#,
        r#"{"tag":"history","n":@n,"runs":[]}"#,
        r#"{"tag":"receipt","n":@n,"receipts":[]}"#,
        r#"{"tag":"contacts","n":@n,"members":{}}"#,
        r#"{"tag":"typing","n":@n}"#,
        r#"{"tag":"bye","n":@n}"#,
        r#"{"tag":"pong","n":@n,"number":9007199254740991}"#,
        r#"{"tag":"ping","n":@n,"number":9223372036854775808}"#,
        r#"{"tag":"typing","n":0}"#,
        r#"{"tag":"typing","n":9007199254740991}"#,
        r#"{"tag":"message","n":@n,"run":{"author":"","seq":9223372036854775808}}"#,
        r#"{"tag":"deep","n":@n,"a":[[[[[[[[[[]]]]]]]]]]}"#,
        r#"{"tag":"typing","n":-1}"#,
        "[]",
        "",
        "null",
    ];
    let victim = one_victim(world, node);
    let json = GARBAGE[world.rng.usize(..GARBAGE.len())].to_owned();
    world.queue(node, victim, Lane::Live, Frame::Raw(json));
}

/// Something within the rules.
fn speaks(world: &mut World, node: usize) {
    let key = Liar::some_key(world, node);
    let mut tip = Liar::tip(world, node, &key, usize::MAX);
    let top = Liar::top(world, node).filter(|(hash, _)| Some(*hash) != tip.prev);
    let run = tip.sign(top, None, vec![text("one"), text("two")]);
    let victim = one_victim(world, node);
    Liar::send_run(world, node, victim, run);
}

/// A low place or a high one in the log with this key.
fn place_of_fork(world: &mut World, node: usize, key: &ed25519_dalek::SigningKey) -> Tip {
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
fn fork(world: &mut World, node: usize) {
    let (runs, entries) = (world.rng.usize(1..5), world.rng.usize(1..4));
    versions(world, node, 2, runs, entries);
}

/// Another version for everybody.
fn many_versions(world: &mut World, node: usize) {
    let count = Liar::victims(world, node).len();
    versions(world, node, count, 2, 1);
}

/// Two versions that are long.
fn deep_fork(world: &mut World, node: usize) {
    if world.rng.u8(..12) == 0 {
        let runs = world.rng.usize(2..7);
        versions(world, node, 2, runs, 220);
    }
}

/// An entry behind one that does not exist.
fn follows_nothing(world: &mut World, node: usize) {
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
fn sees_nothing(world: &mut World, node: usize) {
    let key = Liar::some_key(world, node);
    let mut tip = Liar::tip(world, node, &key, usize::MAX);
    let seen = Some((random_hash(world), world.rng.u64(..1_000)));
    let run = tip.sign(seen, None, vec![text("saw nothing")]);
    let victim = one_victim(world, node);
    Liar::send_run(world, node, victim, run);
}

/// Hundreds of entries, each of which names one that never comes.
fn endless_seen(world: &mut World, node: usize) {
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
fn crafted_proof(world: &mut World, node: usize) {
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
    let dispute = Dispute { author: tip.author(), seq, branches };
    let victim = one_victim(world, node);
    Liar::send(world, node, victim, Packet::Dispute(Box::new(dispute)));
}

/// A crowd of members that nobody invited.
fn new_identities(world: &mut World, node: usize) {
    let count = if world.rng.u8(..6) == 0 { 60 } else { 5 };
    let victim = one_victim(world, node);
    for number in 0..count {
        let key = new_key(&mut world.rng);
        let mut tip = Liar::tip(world, node, &key, 0);
        world.checks.may_fork.insert(tip.author());
        let body = format!(r#"{{"kind":"profile","name":"crowd {number}"}}"#);
        let run = tip.sign(Liar::top(world, node), None, vec![body]);
        Liar::send_run(world, node, victim, run);
        let read = Arc::new(Watermarks::new());
        let receipt = Receipt::sign(1, Arc::new(BTreeMap::new()), read, 0, &key);
        Liar::send(world, node, victim, Packet::Receipt(vec![receipt.whole()]));
    }
}

/// The word of a crowd that has never written.
fn strangers_receipts(world: &mut World, node: usize) {
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
fn unreadable(world: &mut World, node: usize) {
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
fn far_ahead(world: &mut World, node: usize) {
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
