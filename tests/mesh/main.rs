//! The mesh in virtual time: one pair, one node among many, and crowds with identities that an
//! adversary has chosen.
//!
//! `SEED=7 cargo test --test mesh` runs one seed of what takes seeds, `SEEDS=200` many.

mod crowd;
mod desk;
mod given;
mod gossip;
mod pair;
mod places;
mod planted;
#[path = "../planting/mod.rs"]
mod planting;
mod ways;

/// Seeds of a scenario: those of the environment, or `ordinary` many.
fn seeds(ordinary: u64) -> std::ops::Range<u64> {
    let number = |name: &str| std::env::var(name).ok().map(|text| text.parse().expect("a number"));
    match number("SEED") {
        Some(seed) => seed..seed + 1,
        None => 0..number("SEEDS").unwrap_or(ordinary),
    }
}
