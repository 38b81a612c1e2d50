//! Which way packets go, and when contacts wait.

use std::collections::BTreeMap;

use roda::protocol::mesh::MeshInput;
use roda::protocol::packet::mesh::{Contacts, Packet};

use crate::desk::{Desk, address, named};

fn desk() -> Desk {
    Desk::new(named(0), &[], BTreeMap::new())
}

#[test]
fn contacts_wait_while_much_is_queued_for_the_link_and_lose_nothing() {
    let mut desk = desk();
    let one = desk.linked(named(1));
    desk.linked(named(2));
    desk.tell(one, named(3), vec![address(3)]);
    desk.run(5_000);
    assert!(desk.told.is_empty(), "{:?}", desk.told);
    desk.telling = true;
    desk.run(1_000);
    let told = |desk: &Desk| desk.told.iter().any(|it| it.members.contains_key(&named(3)));
    assert!(told(&desk) && desk.told.iter().any(|it| it.links.is_some()), "{:?}", desk.told);
}

#[test]
fn of_two_links_of_a_pair_both_bring_packets_and_one_carries_them() {
    let mut desk = desk();
    let older = desk.linked(named(1));
    assert_eq!(desk.mesh.peer_using(older), Some(named(1)));
    desk.run(5_000);
    let newer = desk.linked(named(1));
    assert_eq!(desk.mesh.link_of(&named(1)), Some(newer));
    assert_eq!(desk.mesh.peer_using(newer), Some(named(1)));
    assert_eq!(desk.mesh.peer_using(older), None);
    assert_eq!(desk.mesh.peer_of(older), Some(named(1)));
    desk.feed(MeshInput::Down(newer));
    assert_eq!(desk.mesh.peer_using(older), Some(named(1)));
    desk.feed(MeshInput::Down(older));
    assert_eq!((desk.mesh.peer_of(older), desk.mesh.link_of(&named(1))), (None, None));
}

#[test]
fn a_member_without_a_link_is_heard_of_via_a_peer_that_says_it_has_one() {
    let mut desk = desk();
    let peer = desk.linked(named(1));
    assert_eq!(desk.mesh.via(&named(2)), None);
    let links = Some(vec![named(0), named(2)]);
    let contacts = Contacts { links, changes: true, ..Contacts::default() };
    desk.feed(MeshInput::Received(peer, Packet::Contacts(contacts)));
    assert_eq!(desk.mesh.via(&named(2)), Some(named(1)));
    let linked = |desk: &Desk, id| desk.mesh.linked_with(&id).collect::<Vec<_>>();
    assert_eq!(linked(&desk, named(0)), [named(1)]);
    assert_eq!(linked(&desk, named(1)).len(), 2);
    // Neither oneself nor a peer is heard of through somebody else.
    assert_eq!((desk.mesh.via(&named(0)), desk.mesh.via(&named(1))), (None, None));
    let own = desk.linked(named(2));
    assert_eq!(desk.mesh.via(&named(2)), None);
    desk.feed(MeshInput::Down(own));
    desk.feed(MeshInput::Down(peer));
    assert_eq!(desk.mesh.via(&named(2)), None);
}
