//! The protocol under a seeded simulator in virtual time: any failure is one `SEED=`.
//!
//! `SEED=7 cargo test --test sim` runs one seed, `SEEDS=20000 cargo test --test sim` many.

mod agree;
mod archive;
mod asker;
mod attacks;
#[path = "../author/mod.rs"]
mod author;
mod catch_up;
mod chains;
mod check;
mod crowds;
mod event;
mod forks;
mod history;
mod liar;
mod life;
mod lines;
mod net;
mod news;
mod planted;
#[path = "../planting/mod.rs"]
mod planting;
mod promises;
mod serving;
mod signed;
mod table;
mod taken_back;
mod talk;
mod wanted;
mod world;

use world::World;

/// Seeds of the ordinary run.
const SEEDS: u64 = 400;

fn number(variable: &str) -> Option<u64> {
    std::env::var(variable).ok().map(|text| text.parse().expect("a number"))
}

type Count = fn(&World) -> u64;

/// What the histories exercised, so that a simulator which does nothing is noticed.
const EXERCISED: &[(&str, Count)] = &[
    ("entries", |world| world.nodes[0].disk.order.len() as u64),
    ("packets", |world| world.sent_packets),
    ("marks moved", |world| world.checks.delivered_moves),
    ("positions made final", |world| world.checks.final_moves),
    ("lies", |world| world.checks.lies),
    ("disputes", |world| world.checks.disputes),
    ("packets refused", |world| world.checks.refusals),
    ("packets replayed", |world| world.checks.replays),
    ("databases put back", |world| world.checks.reborn),
];

/// What came of some seeds.
#[derive(Default)]
struct Outcome {
    sums: Vec<u64>,
    /// Milliseconds to agreement, and the seed.
    slowest: (u64, u64),
    failed: Vec<u64>,
}

fn run_seeds(seeds: impl Iterator<Item = u64>) -> Outcome {
    let (mut sums, mut slowest, mut failed) = (vec![0; EXERCISED.len()], (0, 0), Vec::new());
    for seed in seeds {
        let Ok(world) = std::panic::catch_unwind(|| history::run(seed)) else {
            eprintln!("SEED={seed}");
            failed.push(seed);
            continue;
        };
        for (sum, (_, value)) in sums.iter_mut().zip(EXERCISED) {
            *sum += value(&world);
        }
        slowest = slowest.max((world.checks.slowest, seed));
    }
    Outcome { sums, slowest, failed }
}

#[test]
fn after_any_faults_all_hold_the_same_order_and_nothing_acknowledged_is_lost() {
    let (first, count) = match number("SEED") {
        Some(seed) => (seed, 1),
        None => (number("FROM").unwrap_or(0), number("SEEDS").unwrap_or(SEEDS)),
    };
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let parts: Vec<Outcome> = std::thread::scope(|scope| {
        let seeds = |thread: usize| (first..first + count).skip(thread).step_by(threads);
        let parts = (0..threads).map(|thread| scope.spawn(move || run_seeds(seeds(thread))));
        let parts: Vec<_> = parts.collect();
        parts.into_iter().map(|part| part.join().expect("failures are caught")).collect()
    });
    let (slowest, of) = parts.iter().map(|part| part.slowest).max().unwrap_or_default();
    let failed: Vec<u64> = parts.iter().flat_map(|part| part.failed.clone()).collect();
    assert!(failed.is_empty(), "{} of {count} seeds failed: {failed:?}", failed.len());
    println!("{count} seeds, the slowest ({of}) agreed {slowest} ms after its faults:");
    for (index, (name, _)) in EXERCISED.iter().enumerate() {
        let sum: u64 = parts.iter().map(|part| part.sums[index]).sum();
        println!("  {sum} {name}");
        assert!(sum > 0 || count < SEEDS, "the histories must have {name}");
    }
}
