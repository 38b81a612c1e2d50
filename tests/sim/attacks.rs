//! What a Byzantine member does, one attack at a time.

use std::sync::Arc;

use roda::protocol::archive::Archive as _;
use roda::protocol::entry::{CheckedRun, Run};
use roda::protocol::id::{Hash, NodeId};
use roda::protocol::limits::{INTEGER_MAX, SYNC_AUTHORS_MAX, WANTED_HASHES_MAX};
use roda::protocol::packet::Lane;
use roda::protocol::packet::circle::{Head, Packet, Range, Sync, Want};
use roda::protocol::receipt::{Receipt, Watermarks};

use crate::archive::Disk;
use crate::liar::{Liar, text};
use crate::net::Frame;
use crate::signed;
use crate::world::World;

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
    signed::speaks,
    signed::fork,
    signed::fork,
    signed::fork,
    signed::quiet_fork,
    signed::many_versions,
    signed::deep_fork,
    signed::chain_of_forks,
    signed::follows_nothing,
    signed::sees_nothing,
    signed::endless_seen,
    signed::endless_seen,
    signed::crafted_proof,
    signed::new_identities,
    signed::strangers_receipts,
    signed::unreadable,
    signed::far_ahead,
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
    signed::endless_seen,
];

pub fn stored_run(disk: &Disk, author: &NodeId, seq: u64) -> Option<Arc<CheckedRun>> {
    disk.run_from(author, seq).map(|run| Arc::new(CheckedRun::from_store(run)))
}

pub fn one_victim(world: &mut World, node: usize) -> usize {
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

pub fn random_hash(world: &mut World) -> Hash {
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
