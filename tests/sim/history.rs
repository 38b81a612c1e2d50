//! Histories: what goes wrong, and when, all from one seed.

use fastrand::Rng;

use crate::agree;
use crate::event::Event;
use crate::liar::Liar;
use crate::signed;
use crate::world::World;

/// Simulated milliseconds after which all agree once the faults are over.
const AGREE_MS: u64 = 30_000;
/// Milliseconds between two lies once the faults are over.
const LIE_MS: usize = 2_500;
/// Forked identities in a chain that begins as the faults end: a second's round trip for each would
/// be too much.
const CHAIN: usize = 120;
/// Simulated milliseconds in which an agreed circle says next to nothing.
const QUIET_MS: u64 = 5_000;
/// Packets in that time for each pair.
const QUIET_PACKETS: u64 = 20;

/// One seed's history, from the first start to agreement.
pub fn run(seed: u64) -> World {
    let mut world = faulty(seed);
    settle(&mut world);
    world
}

/// A circle of 3 to 7 under every fault; two of three have a Byzantine member or two.
fn faulty(seed: u64) -> World {
    let mut dice = Rng::with_seed(seed ^ 0x5eed);
    let count = dice.usize(3..=7);
    let liars = if seed.is_multiple_of(3) { 0 } else { dice.usize(1..=2).min(count - 2) };
    let faults_ms = dice.u64(30_000..90_000);
    let mut world = World::new(seed, count, liars);
    let honest = count - liars;
    for node in 0..count {
        let late = node == honest - 1 || dice.u8(..5) == 0;
        let time = if late { dice.u64(5_000..faults_ms / 2) } else { dice.u64(..2_000) };
        world.at(time, Event::Start { node });
    }
    talk(&mut world, &mut dice, honest, faults_ms);
    crashes(&mut world, &mut dice, honest, faults_ms);
    for _ in 0..dice.u64(..10) {
        let a = dice.usize(1..count);
        let b = dice.usize(..a);
        let event =
            if dice.bool() { Event::Reset { a, b } } else { Event::Replay { from: a, to: b } };
        world.at(dice.u64(..faults_ms), event);
    }
    for _ in 0..dice.u64(..6) {
        partition(&mut world, &mut dice, count, faults_ms);
    }
    if dice.u8(..6) == 0 {
        rotation(&mut world, &mut dice, honest, faults_ms);
    }
    // One node at most goes for good, so that two remain.
    let (node, time) = (dice.usize(..honest), dice.u64(faults_ms / 2..faults_ms));
    match dice.u8(..6) {
        0 | 1 => world.at(time, Event::Leave { node }),
        2 if honest > 2 => world.at(time, Event::Gone { node }),
        _ => {}
    }
    for node in honest..count {
        for _ in 0..dice.u64(10..60) {
            world.at(dice.u64(2_000..faults_ms), Event::Lie { node, signed: true });
        }
    }
    world.run_until(faults_ms);
    world
}

fn talk(world: &mut World, dice: &mut Rng, honest: usize, faults_ms: u64) {
    let bytes = if dice.u8(..20) == 0 { 16_000 } else { 60 };
    for _ in 0..dice.u64(40..160) {
        let (time, node) = (dice.u64(..faults_ms), dice.usize(..honest));
        for _ in 0..if dice.u8(..12) == 0 { dice.u64(2..80) } else { 1 } {
            world.at(time, Event::Say { node, bytes });
        }
    }
    for _ in 0..dice.u64(..40) {
        world.at(dice.u64(..faults_ms), Event::Read { node: dice.usize(..honest) });
    }
}

/// Processes that end, disks that fail or are put back, readers that read nothing.
fn crashes(world: &mut World, dice: &mut Rng, honest: usize, faults_ms: u64) {
    for _ in 0..dice.u64(..8) {
        let (time, node) = (dice.u64(..faults_ms), dice.usize(..honest));
        world.at(time, Event::Crash { node });
        world.at(time + dice.u64(100..20_000), Event::Start { node });
    }
    for _ in 0..dice.u64(..4) {
        let (time, node) = (dice.u64(..faults_ms), dice.usize(..honest));
        let until = time + dice.u64(500..15_000);
        let event = match dice.bool() {
            true => Event::DiskFails { node, until },
            false => Event::Slow { node, until },
        };
        world.at(time, event);
    }
    if dice.u8(..4) == 0 {
        let (time, node) = (dice.u64(5_000..faults_ms), dice.usize(..honest));
        world.at(time, Event::Snapshot { node });
        world.at(dice.u64(time..faults_ms + 1), Event::Restore { node });
    }
}

/// Every member starts again three times: with the new group key as its second, as its first, and
/// alone.
fn rotation(world: &mut World, dice: &mut Rng, honest: usize, faults_ms: u64) {
    let third = faults_ms / 4;
    for (step, keys) in [vec![0, 1], vec![1, 0], vec![1]].into_iter().enumerate() {
        for node in 0..honest {
            let time = third * (step as u64 + 1) + dice.u64(..third);
            world.at(time, Event::Rekey { node, keys: keys.clone() });
        }
    }
}

/// Cuts the circle in two, or one direction of one link, for a while.
fn partition(world: &mut World, dice: &mut Rng, count: usize, faults_ms: u64) {
    let start = dice.u64(..faults_ms);
    let end = start + dice.u64(1_000..70_000);
    let one_way = dice.bool();
    let side: Vec<bool> = (0..count).map(|_| dice.bool()).collect();
    let lone = (dice.usize(..count), dice.usize(..count));
    for from in 0..count {
        for to in 0..count {
            let cut = if one_way { (from, to) == lone } else { side[from] != side[to] };
            if cut && from != to {
                world.at(start, Event::Block { from, to, blocked: true });
                world.at(end, Event::Block { from, to, blocked: false });
            }
        }
    }
}

fn settle(world: &mut World) {
    world.calm_down();
    let start = world.time;
    let liars: Vec<usize> =
        (0..world.nodes.len()).filter(|node| world.nodes[*node].liar.is_some()).collect();
    for node in &liars {
        if world.rng.bool() {
            signed::quiet_fork(world, *node);
        }
        if world.rng.u8(..4) == 0 && !Liar::victims(world, *node).is_empty() {
            signed::chain(world, *node, CHAIN);
        }
        for time in (0..AGREE_MS).step_by(LIE_MS) {
            world.at(start + time, Event::Lie { node: *node, signed: false });
        }
    }
    let (mut agreed, mut last, mut late) = (None, String::new(), String::new());
    while world.time < start + 2 * AGREE_MS {
        world.run_until(world.time + 500);
        match agree::agreed(world).and_then(|()| agree::settled(world)) {
            Ok(()) => {
                agreed = Some(world.time - start);
                break;
            }
            Err(why) => last = why,
        }
        if world.time == start + AGREE_MS {
            late = agree::summary(world);
        }
        world.set_aside_who_is_gone();
    }
    let took = agreed.unwrap_or_else(|| {
        panic!("no agreement after the faults: {last}\n{}", agree::summary(world))
    });
    assert!(took <= AGREE_MS, "agreement took {took} ms; at last {last}\n{late}");
    world.checks.slowest = took;
    agree::stored_entries_verify(world);
    if liars.is_empty() {
        world.run_until(world.time + QUIET_MS);
        let before = world.sent_packets;
        world.run_until(world.time + QUIET_MS);
        let packets = world.sent_packets - before;
        let pairs = (world.nodes.len() * world.nodes.len()) as u64;
        assert!(packets <= QUIET_PACKETS * pairs, "{packets} packets of a circle that agrees");
    }
}
