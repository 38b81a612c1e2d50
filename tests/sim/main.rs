//! The protocol under a seeded simulator in virtual time: any failure is one `SEED=`.
//!
//! `SEED=7 cargo test --test sim` runs one seed, `SEEDS=20000 cargo test --test sim` many.

mod archive;
mod check;
mod forks;
mod world;

use check::Checks;
use world::{Event, World};

/// Seeds of the ordinary run.
const SEEDS: u64 = 320;
/// Simulated milliseconds of faults.
const FAULTS_MS: u64 = 120_000;
/// Simulated milliseconds after which all agree once the faults are over.
const AGREE_MS: u64 = 30_000;

fn number(variable: &str) -> Option<u64> {
    std::env::var(variable).ok().map(|text| text.parse().expect("a number"))
}

/// A circle of 3 to 7 under every fault; one member comes late, one may leave.
fn faulty_history(seed: u64) -> World {
    let mut dice = fastrand::Rng::with_seed(seed ^ 0x5eed);
    let count = dice.usize(3..=7);
    let mut world = World::new(seed, count);
    for node in 0..count {
        let late = node == count - 1 || dice.u8(..5) == 0;
        let time = if late { dice.u64(5_000..FAULTS_MS / 2) } else { dice.u64(..2_000) };
        world.at(time, Event::Start { node });
    }
    for _ in 0..dice.u64(50..250) {
        let (time, node) = (dice.u64(..FAULTS_MS), dice.usize(..count));
        for _ in 0..if dice.u8(..12) == 0 { dice.u64(2..80) } else { 1 } {
            world.at(time, Event::Say { node });
        }
    }
    for _ in 0..dice.u64(..40) {
        world.at(dice.u64(..FAULTS_MS), Event::Read { node: dice.usize(..count) });
    }
    for _ in 0..dice.u64(..8) {
        let (time, node) = (dice.u64(..FAULTS_MS), dice.usize(..count));
        world.at(time, Event::Crash { node });
        world.at(time + dice.u64(100..20_000), Event::Start { node });
    }
    for _ in 0..dice.u64(..10) {
        let a = dice.usize(1..count);
        let b = dice.usize(..a);
        world.at(dice.u64(..FAULTS_MS), Event::Reset { a, b });
    }
    for _ in 0..dice.u64(..6) {
        partition(&mut world, &mut dice, count);
    }
    if dice.u8(..3) == 0 {
        let node = dice.usize(..count);
        world.at(dice.u64(FAULTS_MS / 2..FAULTS_MS), Event::Leave { node });
    }
    world.run_until(FAULTS_MS);
    world
}

/// Cuts the circle in two, or one direction of one link, for a while.
fn partition(world: &mut World, dice: &mut fastrand::Rng, count: usize) {
    let start = dice.u64(..FAULTS_MS);
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
    let (mut agreed, mut last) = (None, String::new());
    while world.time < start + 4 * AGREE_MS {
        world.run_until(world.time + 500);
        match Checks::agreed(world).and_then(|()| Checks::settled(world)) {
            Ok(()) => {
                agreed = Some(world.time - start);
                break;
            }
            Err(why) => last = why,
        }
    }
    let took = agreed.unwrap_or_else(|| panic!("no agreement after the faults: {last}"));
    assert!(took <= AGREE_MS, "agreement took {took} ms; at first {last}");
    Checks::happens_before_holds(world);
}

/// What the histories exercised, so that a simulator which does nothing is noticed.
#[derive(Default)]
struct Exercised {
    entries: usize,
    packets: u64,
    marks: u64,
    finals: u64,
}

fn run_seeds(seeds: impl Iterator<Item = u64>) -> Exercised {
    let mut exercised = Exercised::default();
    for seed in seeds {
        let history = std::panic::AssertUnwindSafe(|| {
            let mut world = faulty_history(seed);
            settle(&mut world);
            world
        });
        let world = std::panic::catch_unwind(history).unwrap_or_else(|panic| {
            eprintln!("SEED={seed}");
            std::panic::resume_unwind(panic)
        });
        exercised.entries += world.nodes[0].disk.order.len();
        exercised.packets += world.sent_packets;
        exercised.marks += world.checks.delivered_moves;
        exercised.finals += world.checks.final_moves;
    }
    exercised
}

#[test]
fn after_any_faults_all_hold_the_same_order_and_nothing_acknowledged_is_lost() {
    let (first, count) = match number("SEED") {
        Some(seed) => (seed, 1),
        None => (0, number("SEEDS").unwrap_or(SEEDS)),
    };
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let parts: Vec<Exercised> = std::thread::scope(|scope| {
        let seeds = |thread: usize| (first..first + count).skip(thread).step_by(threads);
        let parts = (0..threads).map(|thread| scope.spawn(move || run_seeds(seeds(thread))));
        let parts: Vec<_> = parts.collect();
        parts.into_iter().map(|part| part.join().expect("SEED= above")).collect()
    });
    let sum = |value: fn(&Exercised) -> u64| parts.iter().map(value).sum::<u64>();
    let (marks, finals) = (sum(|part| part.marks), sum(|part| part.finals));
    let (entries, packets) = (sum(|part| part.entries as u64), sum(|part| part.packets));
    println!("{count} seeds: {entries} entries, {packets} packets, {marks} marks, {finals} final");
    assert!(marks > 0 && finals > 0, "the histories must move marks and finality");
}
