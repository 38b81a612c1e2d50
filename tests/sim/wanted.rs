//! Entries asked for by their hash, where whoever holds them goes, comes back or comes later.

use std::collections::BTreeSet;

use roda::protocol::circle::Input;
use roda::protocol::id::{Hash, NodeId};
use roda::protocol::packet::circle::Packet;

use crate::asker::{Asker, SOON_MS, key, peer};
use crate::author::Author;
use crate::liar::text;

/// Who has sent an entry that names what is not held goes, and the next two on the ring of ids do
/// not answer.
pub fn of_who_has_gone() {
    let mut asker = Asker::new(0, 6);
    let author = key(1);
    let mut tip = Author { key: author, seq: 0, prev: None, lamport: 6 };
    let run = tip.sign(Some((Hash([9; 32]), 6)), None, vec![text("names it")]);
    asker.gets(peer(4), Packet::History(vec![run]));
    asker.feed(Input::Down(peer(4)));
    asker.pass(40_000);
    let asked: BTreeSet<NodeId> = asker.asked_hash.iter().copied().collect();
    assert_eq!(asked.len(), 5, "all that are linked: {:?}", asker.asked_hash);
}

/// Whoever made an entry wanted answers nothing, is cut off, and comes back.
pub fn of_who_comes_back() {
    let mut asker = Asker::new(0, 3);
    let mut tip = Author { key: key(1), seq: 0, prev: None, lamport: 6 };
    let run = tip.sign(Some((Hash([9; 32]), 6)), None, vec![text("names it")]);
    asker.gets(peer(2), Packet::History(vec![run]));
    asker.pass(20_000);
    asker.feed(Input::Down(peer(2)));
    let before = asker.asked_hash.len();
    asker.feed(Input::Up(peer(2)));
    asker.pass(SOON_MS);
    assert_eq!(asker.asked_hash[before..].first(), Some(&peer(2)), "{:?}", asker.asked_hash);
}

/// An entry was asked for in vain, of all that were there; then another sends what names it.
pub fn of_who_sends_it_later() {
    let mut asker = Asker::new(0, 3);
    let mut tip = Author { key: key(1), seq: 0, prev: None, lamport: 6 };
    let run = tip.sign(Some((Hash([9; 32]), 6)), None, vec![text("names it")]);
    asker.gets(peer(2), Packet::History(vec![run.clone()]));
    asker.pass(20_000);
    for expected in [1, 0] {
        let before = asker.asked_hash.len();
        asker.gets(peer(3), Packet::History(vec![run.clone()]));
        asker.pass(SOON_MS / 2);
        let asked = asker.asked_hash[before..].iter().filter(|to| **to == peer(3)).count();
        assert_eq!(asked, expected, "once: {:?}", asker.asked_hash);
    }
}

#[test]
fn what_somebody_named_who_has_gone_is_asked_of_all_others_in_turn() {
    of_who_has_gone();
}

#[test]
fn whoever_sends_what_names_an_entry_is_asked_for_it_once_others_were_in_vain() {
    of_who_sends_it_later();
}

#[test]
fn whoever_made_an_entry_wanted_is_asked_for_it_when_it_comes_back() {
    of_who_comes_back();
}
