//! Whose link stands where there is no place for everybody.

use std::collections::BTreeMap;

use roda::protocol::id::NodeId;
use roda::protocol::limits::LINKS_MAX;
use roda::protocol::mesh::{MeshInput, Standing};
use roda::protocol::packet::LinkId;

use crate::crowd::Crowd;
use crate::desk::{Desk, address, named};
use crate::seeds;

/// A node with 64 links to members that it met from the 100th on, itself as the 50th; with
/// `friends`, it has written with all of them.
fn full(first: &[String], friends: bool) -> (Desk, Vec<LinkId>) {
    let me = NodeId([0x80; 32]);
    let mut desk = Desk::new(me, first, BTreeMap::new());
    desk.meet(me, 50, false);
    let links = (0..LINKS_MAX as u64).map(|number| {
        desk.meet(named(number), 100 + number, friends);
        desk.now += 1;
        desk.linked(named(number))
    });
    let links = links.collect();
    (desk, links)
}

/// Somebody comes, and stays: does it get a place?
fn comes(desk: &mut Desk, who: NodeId) -> bool {
    let link = desk.linked(who);
    desk.run(10);
    desk.holds(link)
}

#[test]
fn without_a_place_left_whoever_comes_is_turned_away() {
    let (mut desk, links) = full(&[], false);
    desk.meet(named(500), 500, false);
    assert!(!comes(&mut desk, named(500)));
    assert!(links.iter().all(|link| desk.holds(*link)));
}

pub fn called() {
    let chosen = "chosen.example:7400".to_owned();
    let (mut desk, _) = full(std::slice::from_ref(&chosen), false);
    desk.run(60_000);
    assert!(desk.dialled.iter().any(|(at, _)| *at > 30_000), "no more dials while it is full");
    desk.meet(named(500), 500, false);
    let link = desk.up(named(500), Some(&chosen), &[]);
    desk.stand(link);
    desk.run(10);
    assert!(desk.holds(link) && desk.mesh.taken() == LINKS_MAX);
}

#[test]
fn whom_one_dials_oneself_gets_a_place_among_those_who_came_first() {
    called();
}

pub fn oldest() {
    let (mut desk, _) = full(&[], false);
    for met in [30, 20, 10] {
        desk.meet(named(500 + met), met, false);
        assert!(comes(&mut desk, named(500 + met)), "met as the {met}th");
    }
    // Own place in the order is far behind: only the first count.
    let (mut desk, _) = full(&[], false);
    desk.meet(NodeId([0x80; 32]), 400, false);
    desk.meet(named(500), 1, false);
    assert!(comes(&mut desk, named(500)), "the first of all");
}

#[test]
fn the_member_met_first_has_a_place_after_everybody_else() {
    oldest();
}

pub fn written() {
    let (mut desk, _) = full(&[], false);
    desk.meet(named(500), 130, true);
    assert!(comes(&mut desk, named(500)));
    desk.meet(named(501), 131, false);
    assert!(!comes(&mut desk, named(501)), "without a word");
}

#[test]
fn those_one_has_written_with_have_a_place_among_a_crowd_that_came_before() {
    written();
}

pub fn beside() {
    let (mut desk, _) = full(&[], false);
    // Itself in the middle of those who are there.
    desk.meet(NodeId([0x80; 32]), 130, false);
    desk.meet(named(500), 129, false);
    desk.meet(named(501), 131, false);
    desk.meet(named(502), 145, false);
    assert!(comes(&mut desk, named(500)), "met next before itself");
    assert!(comes(&mut desk, named(501)), "met next after itself");
    assert!(!comes(&mut desk, named(502)), "met further on");
}

#[test]
fn members_met_next_to_oneself_have_a_place() {
    beside();
}

pub fn ring() {
    let (mut desk, _) = full(&[], false);
    let beside = |last| {
        let mut id = [0x80; 32];
        id[31] = last;
        NodeId(id)
    };
    for (place, id) in [beside(0x7f), beside(0x81)].into_iter().enumerate() {
        desk.meet(id, 900 + place as u64, false);
        assert!(comes(&mut desk, id), "{place}");
    }
    desk.meet(NodeId([0x01; 32]), 910, false);
    assert!(!comes(&mut desk, NodeId([0x01; 32])), "far away");
}

#[test]
fn the_next_on_the_ring_of_ids_have_a_place() {
    ring();
}

pub fn visitors() {
    let (mut desk, links) = full(&[], false);
    for number in 0..4 {
        assert!(comes(&mut desk, named(500 + number)), "visitor {number}");
    }
    assert!(!comes(&mut desk, named(504)), "one more");
    // In place of the youngest, each once.
    let held = links.iter().filter(|link| desk.holds(**link)).count();
    assert_eq!(held, LINKS_MAX - 4);
    assert!(links[..LINKS_MAX - 20].iter().all(|link| desk.holds(*link)));
}

#[test]
fn a_few_without_an_entry_have_a_place() {
    visitors();
}

pub fn set_aside() {
    let (mut desk, links) = full(&[], false);
    desk.feed(MeshInput::Standings(vec![(named(7), Standing::Apart)]));
    desk.meet(named(500), 500, false);
    assert!(comes(&mut desk, named(500)));
    assert!(!desk.holds(links[7]) && links.iter().filter(|link| desk.holds(**link)).count() == 63);
}

#[test]
fn who_is_set_aside_gives_its_place_to_whoever_comes() {
    set_aside();
}

pub fn on_trial() {
    let (mut desk, links) = full(&[], false);
    desk.meet(named(500), 1, false);
    // The other end has no place for it: it ends the link before it has told anything.
    for _ in 0..20 {
        let link = desk.up(named(500), Some(&address(500)), &[]);
        desk.run(100);
        assert!(links.iter().all(|link| desk.holds(*link)), "given up for nothing");
        desk.feed(MeshInput::Down(link));
        desk.run(100);
    }
    // Now it stays. A program that tells nothing is taken to stay after five seconds.
    let link = desk.up(named(500), None, &[]);
    desk.run(4_900);
    assert!(links.iter().all(|link| desk.holds(*link)), "given up too early");
    desk.run(200);
    let held = links.iter().filter(|link| desk.holds(**link)).count();
    assert!(desk.holds(link) && held == LINKS_MAX - 1);
    assert_eq!(desk.mesh.taken(), LINKS_MAX);
}

#[test]
fn a_link_that_stands_is_given_up_only_once_the_newcomer_stays() {
    on_trial();
}

#[test]
fn links_on_trial_are_few_however_many_come_with_better_and_better_ids() {
    let (mut desk, links) = full(&[], false);
    let mut most = 0;
    for number in (1..=250u8).rev() {
        let mut id = [0x80; 32];
        id[1] = 0x80 + number / 2;
        id[2] = number;
        desk.meet(NodeId(id), 1_000 - u64::from(number), false);
        desk.up(NodeId(id), None, &[]);
        let up = desk
            .mesh
            .linked()
            .filter(|peer| desk.mesh.link_of(peer).is_some_and(|link| desk.holds(link)));
        most = most.max(up.count());
    }
    assert!(most <= LINKS_MAX + 5, "{most} links");
    assert!(links[..16].iter().all(|link| desk.holds(*link)));
}

/// So many members that one invites, started within two seconds, or each invited by the one before.
fn circle(crowd: &mut Crowd, members: usize, chain: bool) -> Vec<usize> {
    let mut all: Vec<usize> = Vec::new();
    for _ in 0..members {
        let by = if chain { all.last() } else { all.first() }.copied();
        let node = crowd.member(&Vec::from_iter(by));
        crowd.start(node);
        crowd.run(if chain { 50 } else { 2_000 / members as u64 });
        all.push(node);
    }
    all
}

/// However they came, so many members are one circle.
fn one_circle(members: usize, chain: bool) {
    let mut crowd = Crowd::new(1);
    circle(&mut crowd, members, chain);
    crowd.run(10_000);
    assert!(crowd.together(), "{members} members, a chain: {chain}");
    assert!(crowd.places_most <= LINKS_MAX, "{} places", crowd.places_most);
}

#[test]
fn members_beyond_the_places_of_a_node_are_one_circle_however_they_came() {
    one_circle(128, false);
    one_circle(80, true);
}

/// Minutes: in a release build, `cargo test --release --locked --test mesh -- --ignored`.
#[test]
#[ignore = "takes long"]
fn two_hundred_and_fifty_six_members_are_one_circle_however_they_came() {
    one_circle(256, false);
    one_circle(128, true);
}

fn two_circles(each: usize, seed: u64) {
    let mut crowd = Crowd::new(seed);
    let one = circle(&mut crowd, each, false);
    let other = circle(&mut crowd, each, false);
    crowd.run(20_000);
    let (a, b) = (one[each - 1], other[each - 1]);
    crowd.dial_made_up(a, b);
    crowd.run(30_000);
    assert!(crowd.together(), "SEED={seed}: two circles");
    crowd.stop(a);
    crowd.stop(b);
    crowd.run(30_000);
    assert!(crowd.together(), "SEED={seed}: without those two");
    crowd.part(Some(each));
    crowd.run(40_000);
    crowd.part(None);
    crowd.run(40_000);
    assert!(crowd.together(), "SEED={seed}: parted for a while");
}

#[test]
fn two_circles_that_hear_of_one_address_become_one() {
    two_circles(68, 1);
}

#[test]
fn a_newcomer_gets_into_a_circle_whose_places_are_all_taken() {
    let mut crowd = Crowd::new(1);
    let all = circle(&mut crowd, 100, false);
    crowd.run(20_000);
    assert_eq!(crowd.nodes[all[0]].mesh.taken(), LINKS_MAX);
    let newcomer = crowd.member(&[all[0]]);
    crowd.start(newcomer);
    crowd.run(20_000);
    assert!(crowd.together() && crowd.nodes[newcomer].mesh.taken() > 8);
    // What is given up once is not given up again and again.
    crowd.given_up = 0;
    crowd.run(60_000);
    assert!(crowd.given_up <= 4, "{} links given up in a quiet minute", crowd.given_up);
}

/// Made-up identities above all ids dial each member, then others next to each in the gaps; all
/// come back whenever they are turned away.
fn besiege(crowd: &mut Crowd, members: &[usize], above: usize) {
    let now_and_then = |crowd: &mut Crowd, id: NodeId, at: &[usize]| {
        let node = crowd.made_up(id, true);
        at.iter().for_each(|member| crowd.dial_made_up(node, *member));
        crowd.run(50);
    };
    for number in 0..above {
        let mut id = [0xff; 32];
        id[31] = number as u8;
        now_and_then(crowd, NodeId(id), members);
    }
    for distance in 1..=2u8 {
        for member in members {
            let id = crowd.nodes[*member].id;
            let (mut below, mut beyond) = (id, id);
            below.0[31] = id.0[31].wrapping_sub(distance);
            beyond.0[31] = id.0[31].wrapping_add(distance);
            now_and_then(crowd, below, &[*member]);
            now_and_then(crowd, beyond, &[*member]);
        }
    }
}

pub fn chosen_ids(seed: u64) {
    let mut crowd = Crowd::new(seed);
    let members = circle(&mut crowd, 14, false);
    crowd.run(10_000);
    crowd.given_up = 0;
    besiege(&mut crowd, &members, 66);
    crowd.run(10_000);
    assert_eq!(crowd.given_up, 0, "SEED={seed}: links of members given up");
    for (a, b) in members.iter().flat_map(|a| members.iter().map(move |b| (*a, *b))) {
        assert!(a == b || crowd.linked(a, b), "SEED={seed}: {a} and {b} have lost their link");
    }
    let full = members.iter().filter(|it| crowd.nodes[**it].mesh.taken() == LINKS_MAX).count();
    assert_eq!(full, members.len(), "SEED={seed}: the attack fills every node");
}

#[test]
fn links_that_stand_are_given_up_for_no_chosen_id() {
    seeds(1).for_each(chosen_ids);
}

pub fn coming_back(count: usize, seed: u64) {
    let mut crowd = Crowd::new(seed);
    let members = circle(&mut crowd, count, false);
    crowd.run(10_000);
    besiege(&mut crowd, &members, 66);
    for member in &members {
        crowd.stop(*member);
        crowd.run(1_000);
        crowd.start(*member);
        let again: Vec<usize> =
            (0..crowd.nodes.len()).filter(|node| crowd.nodes[*node].made_up).collect();
        again.into_iter().for_each(|node| crowd.dial_made_up(node, *member));
        crowd.run(1_000);
    }
    crowd.run(40_000);
    assert!(crowd.together(), "SEED={seed}: members that do not find each other again");
}

#[test]
fn members_that_lost_all_links_find_each_other_among_chosen_ids() {
    seeds(1).for_each(|seed| coming_back(28, seed));
}
