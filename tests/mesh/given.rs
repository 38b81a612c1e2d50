//! Addresses that somebody here gives while the node runs.

use std::collections::{BTreeMap, BTreeSet};

use roda::protocol::mesh::{FIRST_MAX, MeshInput};

use crate::desk::{Desk, address, named};

/// When the address was dialled.
fn dials(desk: &Desk, address: &str) -> Vec<u64> {
    desk.dialled.iter().filter(|(_, it)| it == address).map(|(at, _)| *at).collect()
}

fn give(desk: &mut Desk, addresses: &[String]) {
    desk.feed(MeshInput::Learn(addresses.to_vec()));
}

#[test]
fn an_address_given_while_the_node_runs_is_dialled_at_once_and_until_it_answers() {
    let mut desk = Desk::new(named(0), &[address(1)], BTreeMap::new());
    desk.linked(named(9));
    desk.run(60_000);
    give(&mut desk, &[address(2)]);
    assert_eq!(dials(&desk, &address(2)), [60_000]);
    desk.run(120_000);
    // Not more than 30 s lie between two.
    let failed = dials(&desk, &address(2));
    assert!(failed.len() >= 6, "{failed:?}");
    desk.up(named(2), Some(&address(2)), &[]);
    let before = desk.dialled.len();
    desk.run(120_000);
    assert!(desk.dialled[before..].iter().all(|(_, it)| *it != address(2)), "it has answered");
    assert!(desk.dialled[before..].iter().any(|(_, it)| *it == address(1)), "this has not");
}

#[test]
fn an_address_given_goes_before_what_others_told_of_it() {
    let mut desk = Desk::new(named(0), &[], BTreeMap::new());
    let liar = desk.linked(named(1));
    // Others' word fills what may be dialled of it, and these addresses are among the last.
    for number in 100..400 {
        desk.tell(liar, named(number), vec![address(number)]);
    }
    desk.run(100);
    assert!(dials(&desk, &address(399)).is_empty());
    give(&mut desk, &[address(399)]);
    assert_eq!(dials(&desk, &address(399)), [100]);
    // Who is said to be there is linked: whoever gave the address may know better.
    desk.tell(liar, named(1), vec![address(2)]);
    give(&mut desk, &[address(2)]);
    assert_eq!(dials(&desk, &address(2)), [100]);
}

#[test]
fn an_address_given_again_does_not_wait_for_its_next_turn() {
    let mut desk = Desk::new(named(0), &[address(2)], BTreeMap::new());
    desk.linked(named(1));
    desk.run(600_000);
    let before = dials(&desk, &address(2)).len();
    // One dial at the end of a wait of half a minute, and not one more.
    desk.run(1_000);
    let now = desk.now;
    assert!(dials(&desk, &address(2)).len() <= before + 1);
    give(&mut desk, &[address(2)]);
    assert_eq!(dials(&desk, &address(2)).last(), Some(&now));
}

#[test]
fn of_too_many_addresses_given_the_last_are_left_out() {
    let mut desk = Desk::new(named(0), &[], BTreeMap::new());
    let all: Vec<String> = (0..FIRST_MAX as u64 + 100).map(address).collect();
    for some in all.chunks(300) {
        give(&mut desk, some);
    }
    desk.run(2_000);
    let dialled: BTreeSet<String> = desk.dialled.iter().map(|(_, it)| it.clone()).collect();
    assert_eq!(dialled, all[..FIRST_MAX].iter().cloned().collect());
}
