//! A circle of some size that talks, all linked with all: what its own talk costs.

use roda::protocol::limits::{RECEIPT_PER_MEMBER_MS, RECEIPT_REST_MAX_MS};

use crate::agree;
use crate::world::World;

const MEMBERS: usize = 24;
/// Milliseconds between two messages of one member, and how many there are.
const PAUSE_MS: u64 = 250;
const MESSAGES: u64 = 40;
/// Milliseconds of one way on every link.
const DELAY_MS: u64 = 20;
/// Milliseconds between two starts, and until all have heard of all.
const START_MS: u64 = 2_000;
const CALM_MS: u64 = 30_000;
/// Packets of each pair, both ways: with every receipt at once there are 40 and more.
const PACKETS_OF_PAIR: u64 = 30;

fn all_linked() -> World {
    let mut world = World::new(1, MEMBERS, 0);
    world.delay.values_mut().for_each(|delay| *delay = DELAY_MS);
    // One after the other: each tells all of each new link.
    for node in 0..MEMBERS {
        world.run_until(world.time + START_MS);
        world.start(node);
    }
    world.run_until(world.time + CALM_MS);
    let linked = |a, b| a == b || world.link_of(a, b).is_some();
    assert!((0..MEMBERS).all(|a| (0..MEMBERS).all(|b| linked(a, b))));
    world
}

/// The author hears from all at once, the others from each other when it suits.
pub fn of_one() {
    let mut world = all_linked();
    let before = world.sent_packets;
    let author = world.nodes[0].id;
    let delivered = |world: &World| {
        let circle = world.nodes[0].circle.as_ref().expect("it runs");
        circle.members()[&author].delivered_shown
    };
    // A receipt's interval, the way there and back, and the commits.
    let soon = RECEIPT_PER_MEMBER_MS * MEMBERS as u64 + 2 * DELAY_MS + 200;
    for _ in 0..MESSAGES {
        world.say(0, 50);
        world.run_until(world.time + PAUSE_MS);
    }
    world.run_until(world.time + soon - PAUSE_MS);
    let said = world.nodes[0].disk.logs[&author].len() as u64;
    assert_eq!(delivered(&world), said, "the author knows soon");
    world.run_until(world.time + RECEIPT_REST_MAX_MS);
    agree::settled(&world).expect("and all others in time");
    let pairs = (MEMBERS * (MEMBERS - 1) / 2) as u64;
    let each = (world.sent_packets - before) / pairs;
    println!("{each} packets of each pair for {MESSAGES} messages");
    assert!(each <= PACKETS_OF_PAIR, "{each} packets of each pair");
}

#[test]
fn in_a_large_circle_the_author_hears_at_once_and_the_others_in_time() {
    of_one();
}
