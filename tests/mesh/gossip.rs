//! What is told and dialled: bounded, paced, and true in the end.

use std::collections::{BTreeMap, BTreeSet};

use fastrand::Rng;
use roda::protocol::id::NodeId;
use roda::protocol::limits::{ADDRESSES_MAX, CONTACTS_MAX};
use roda::protocol::mesh::{CONTACT_MEMBERS_MAX, MeshInput, MeshOutput};
use roda::protocol::packet::mesh::{Bye, Contacts, Packet};

use crate::crowd::Crowd;
use crate::desk::{Desk, address, named};
use crate::seeds;

/// Contacts that name members nobody has met, each with eight addresses where nobody answers.
fn lies(part: usize) -> Contacts {
    let members = (0..CONTACTS_MAX).map(|number| {
        let number = (part * CONTACTS_MAX + number) as u64;
        let place = |at| format!("192.0.{}.{}:{}", number / 256, number % 256, at + 1);
        (named(1 << 40 | number), (0..3 * ADDRESSES_MAX).map(place).collect())
    });
    Contacts { members: members.collect(), ..Contacts::default() }
}

#[test]
fn contacts_that_lie_fill_a_bounded_book_and_are_passed_on_at_a_pace() {
    let mut desk = Desk::new(named(0), &[], BTreeMap::new());
    desk.telling = true;
    let liar = desk.linked(named(1));
    desk.linked(named(2));
    let mut kept = BTreeSet::new();
    for part in 0..2 * CONTACT_MEMBERS_MAX / CONTACTS_MAX {
        let lie = MeshInput::Received(liar, Packet::Contacts(lies(part)));
        for output in desk.mesh.handle(lie, part as u64, &|_| 0) {
            if let MeshOutput::Addresses(id, addresses) = output {
                assert!(addresses.len() <= ADDRESSES_MAX, "{} addresses", addresses.len());
                kept.insert(id);
            }
        }
    }
    // The two that are linked have places in it.
    assert_eq!(kept.len(), CONTACT_MEMBERS_MAX - 2);
    desk.told.clear();
    desk.run(10_000);
    let packets = desk.told.iter().filter(|contacts| !contacts.members.is_empty()).count();
    assert!(desk.told.iter().all(|contacts| contacts.members.len() <= CONTACTS_MAX));
    // To each of the two peers one in 200 ms and more.
    assert!((20..=2 * 50).contains(&packets), "{packets} packets in ten seconds");
}

pub fn many_addresses_told() {
    let mut desk = Desk::new(named(0), &[], BTreeMap::new());
    let liar = desk.linked(named(1));
    for part in 0..CONTACT_MEMBERS_MAX / CONTACTS_MAX {
        desk.feed(MeshInput::Received(liar, Packet::Contacts(lies(part))));
    }
    desk.run(60_000);
    let dials = desk.dialled.len();
    // 64 at once, then eight in a second.
    assert!((400..=64 + 8 * 60 + 1).contains(&dials), "{dials} dials in a minute");
}

#[test]
fn addresses_that_others_tell_are_dialled_a_few_in_a_second() {
    many_addresses_told();
}

#[test]
fn among_lies_members_and_whom_one_chose_are_dialled_first() {
    let chosen = "chosen.example:7400".to_owned();
    let mut desk = Desk::new(named(0), std::slice::from_ref(&chosen), BTreeMap::new());
    let liar = desk.linked(named(1));
    for part in 0..CONTACT_MEMBERS_MAX / CONTACTS_MAX - 1 {
        desk.feed(MeshInput::Received(liar, Packet::Contacts(lies(part))));
    }
    desk.tell(liar, named(2), vec![address(2)]);
    desk.run(30_000);
    // Only now an entry of it arrives.
    desk.meet(named(2), 1, false);
    let met = desk.now;
    desk.run(3_000);
    let when = |address: &str| desk.dialled.iter().find(|(_, it)| it == address).map(|(at, _)| *at);
    assert!(when(&chosen).is_some_and(|at| at < 100), "{:?}", when(&chosen));
    assert!(when(&address(2)).is_some_and(|at| at <= met + 1_000), "{:?}", when(&address(2)));
}

#[test]
fn after_a_restart_those_met_first_are_dialled_first() {
    let stored = (1..1_000).map(|number| (named(number), vec![address(number)])).collect();
    let mut desk = Desk::new(named(0), &[], stored);
    for number in 1..1_000 {
        desk.meet(named(number), number, false);
    }
    desk.feed(MeshInput::Start);
    desk.run(20_000);
    let first: BTreeSet<String> = (1..=64).map(address).collect();
    let early: BTreeSet<String> =
        desk.dialled.iter().take(72).map(|(_, address)| address.clone()).collect();
    assert!(first.is_subset(&early), "not among the first: {:?}", first.difference(&early));
}

#[test]
fn a_member_that_has_new_addresses_with_each_link_leaves_no_dials_behind() {
    let mut desk = Desk::new(named(0), &[], BTreeMap::new());
    for turn in 0..100 {
        let listens: Vec<String> =
            (0..8).map(|port| format!("192.0.2.{turn}:{}", port + 1)).collect();
        let link = desk.up(named(1), None, &listens);
        desk.stand(link);
        desk.feed(MeshInput::Down(link));
    }
    desk.run(120_000);
    let places: BTreeSet<&String> = desk.dialled.iter().map(|(_, address)| address).collect();
    assert!(places.len() <= ADDRESSES_MAX, "{} addresses are dialled", places.len());
}

/// When the address of `named(2)` is dialled after it became known, or its link was lost.
fn dialled_within(desk: &mut Desk, span: u64) -> bool {
    let (from, before) = (desk.now, desk.dialled.len());
    desk.run(span);
    let fresh = &desk.dialled[before..];
    fresh.iter().any(|(at, it)| *it == address(2) && *at >= from)
}

pub fn claims() {
    // It is claimed over a link, and in contacts, by somebody who is linked and others who are not.
    let mut desk = Desk::new(named(0), &[], BTreeMap::new());
    let liar = desk.up(named(1), None, &[address(2)]);
    desk.stand(liar);
    for other in 10..20 {
        desk.tell(liar, named(other), vec![address(2)]);
    }
    desk.run(1);
    desk.tell(liar, named(2), vec![address(2)]);
    assert!(dialled_within(&mut desk, 2_000), "claimed before it became known");
    // A dial reaches it. Its link is lost while others are said to be there.
    let mut desk = Desk::new(named(0), &[], BTreeMap::new());
    let liar = desk.linked(named(1));
    let link = desk.up(named(2), Some(&address(2)), &[]);
    desk.stand(link);
    desk.tell(liar, named(3), vec![address(2)]);
    desk.run(100);
    desk.feed(MeshInput::Down(link));
    assert!(dialled_within(&mut desk, 2_000), "claimed while it was linked");
    // Whoever claims it says that it stops.
    let mut desk = Desk::new(named(0), &[], BTreeMap::new());
    desk.linked(named(5));
    let liar = desk.up(named(1), None, &[address(2)]);
    desk.stand(liar);
    desk.feed(MeshInput::Received(liar, Packet::Bye(Bye)));
    desk.feed(MeshInput::Down(liar));
    let link = desk.up(named(2), None, &[address(2)]);
    desk.stand(link);
    desk.feed(MeshInput::Down(link));
    assert!(dialled_within(&mut desk, 2_000), "claimed by somebody who says bye");
    // It was reached there, and is only known by what others tell.
    assert!(dialled_within(&mut desk, 4_000), "and again");
}

#[test]
fn who_claims_another_members_address_does_not_keep_it_from_being_dialled() {
    claims();
}

pub fn claims_of_a_linked_address() {
    let mut desk = Desk::new(named(0), &[], BTreeMap::new());
    let liar = desk.linked(named(1));
    let link = desk.up(named(2), None, &[address(2), address(3)]);
    desk.stand(link);
    for turn in 0..600 {
        desk.tell(liar, named(100 + turn), vec![address(2), address(3)]);
        let before = desk.dialled.len();
        desk.run(100);
        let fresh: Vec<String> = desk.dialled[before..].iter().map(|it| it.1.clone()).collect();
        for reached in fresh {
            desk.answers(&reached);
            let link = desk.up(named(2), Some(&reached), &[]);
            desk.stand(link);
        }
    }
    // Once in a minute for each of the two addresses.
    let dials = desk.dialled.len();
    assert!((1..=6).contains(&dials), "{dials} links replaced in a minute");
}

#[test]
fn who_claims_the_address_of_a_linked_member_makes_nobody_replace_links_without_end() {
    claims_of_a_linked_address();
}

/// Bytes of contacts that all send while a newcomer comes to so many members.
fn bytes_for_a_newcomer(members: usize, old: bool) -> u64 {
    let mut crowd = Crowd::new(1);
    let first = crowd.member(&[]);
    for _ in 1..members {
        crowd.member(&[first]);
    }
    for node in 0..members {
        crowd.nodes[node].old = old;
        crowd.start(node);
    }
    crowd.run(60_000);
    assert!(crowd.together());
    crowd.bytes = Some(0);
    let newcomer = crowd.member(&[first]);
    crowd.start(newcomer);
    crowd.run(60_000);
    assert!(crowd.linked(newcomer, first));
    crowd.bytes.expect("counted")
}

#[test]
fn a_newcomer_to_63_members_makes_them_tell_little() {
    let bytes = bytes_for_a_newcomer(63, false);
    let lists = bytes_for_a_newcomer(63, true);
    println!("{bytes} bytes of contacts, {lists} with whole lists");
    assert!(bytes < 3_000_000 && bytes < lists / 3, "{bytes} bytes, {lists} with whole lists");
}

/// Links cut and replaced at random among nodes of old and new programs.
pub fn cut_and_replaced(seed: u64) {
    let mut crowd = Crowd::new(seed);
    let first = crowd.member(&[]);
    for _ in 1..5 {
        crowd.member(&[first]);
    }
    for node in 0..5 {
        crowd.nodes[node].old = crowd.rng.bool();
        crowd.start(node);
    }
    crowd.nodes[0].old = true;
    crowd.nodes[1].old = false;
    crowd.run(5_000);
    for _ in 0..30 {
        let (a, b) = (crowd.rng.usize(..5), crowd.rng.usize(..5));
        match crowd.rng.u8(..3) {
            0 => crowd.cut(a, b),
            1 if a != b => crowd.dial_made_up(a, b),
            _ => {}
        }
        let pause = crowd.rng.u64(..2_000);
        crowd.run(pause);
    }
    crowd.run(20_000);
    for (a, b) in (0..5).flat_map(|a| (0..5).map(move |b| (a, b))).filter(|(a, b)| a != b) {
        assert!(crowd.linked(a, b), "SEED={seed}: {a} and {b} have no link");
        let truth: BTreeSet<NodeId> = crowd.nodes[b].mesh.linked().collect();
        let picture: BTreeSet<NodeId> =
            crowd.nodes[a].mesh.linked_with(&crowd.nodes[b].id).collect();
        assert_eq!(picture, truth, "SEED={seed}: what {a} knows of {b}");
    }
}

#[test]
fn among_old_and_new_programs_each_knows_whom_each_is_linked_with() {
    seeds(20).for_each(cut_and_replaced);
}

#[test]
fn what_a_liar_tells_of_its_links_is_bounded() {
    let mut rng = Rng::with_seed(3);
    let mut desk = Desk::new(named(0), &[], BTreeMap::new());
    let liar = desk.linked(named(1));
    for turn in 0..200 {
        let gained = (0..64).map(|number| named(turn * 64 + number)).collect();
        let lost = (0..rng.u64(..4)).map(named).collect();
        let contacts = Contacts { gained, lost, changes: true, ..Contacts::default() };
        desk.feed(MeshInput::Received(liar, Packet::Contacts(contacts)));
        assert!(desk.mesh.linked_with(&named(1)).count() <= 64);
    }
}
