//! Receipts that take back what was said: an older database was put back, or something was lost.

use std::sync::Arc;

use roda::protocol::circle::Input;
use roda::protocol::packet::circle::{Packet, Sync};
use roda::protocol::receipt::{Receipt, Watermarks};

use crate::asker::{Asker, id, key, peer, word};
use crate::author::Author;
use crate::liar::text;

/// A peer says that it does not hold this node's receipt, though it was sent to it.
pub fn own_asked_for_again() {
    let mut asker = Asker::new(0, 1);
    let me = asker.circle.me();
    let body = text("here");
    asker.feed(Input::Say { token: 1, body, reference: None });
    asker.pass(5_000);
    let before = asker.sent.len();
    assert!(asker.sent.iter().any(|(node, _)| *node == me), "it was sent");
    asker.offers(peer(1), [(me, 0)]);
    assert_eq!(asker.sent[before..].len(), 1, "it goes out again");
    asker.pass(1_000);
    let again = asker.sent.len();
    asker.gets(peer(1), Packet::Sync(Sync { whole: true, ..Sync::default() }));
    assert_eq!(asker.sent[again..].len(), 1, "and so after a vector that does not name it");
}

/// A member whose older database was put back names a smaller count than it has used.
pub fn own_forgotten() {
    let mut asker = Asker::new(1, 0);
    let member = asker.members[0].clone();
    asker.feed(Input::Up(peer(1)));
    asker.gets(peer(1), Packet::Receipt(vec![word(&member, 17).whole()]));
    asker.feed(Input::Up(id(&member)));
    let receipts = [(id(&member), 2)].into();
    asker.gets(id(&member), Packet::Sync(Sync { whole: true, receipts, ..Sync::default() }));
    assert!(asker.sent.contains(&(id(&member), 17)), "it learns what it has said");
}

/// A peer's newest receipt was lost with a link that only the other end has seen replaced: its
/// vector comes again, and no vector of this node that it could answer.
pub fn own_lost() {
    let mut asker = Asker::new(1, 0);
    let member = asker.members[0].clone();
    asker.feed(Input::Up(id(&member)));
    let vector = |count| {
        let receipts = [(id(&member), count)].into();
        Packet::Sync(Sync { whole: true, receipts, ..Sync::default() })
    };
    asker.gets(id(&member), vector(17));
    assert_eq!(asker.asks, [], "it sends its own by itself");
    asker.gets(id(&member), Packet::Receipt(vec![word(&member, 17).whole()]));
    asker.gets(id(&member), vector(17));
    assert_eq!(asker.asks, [], "nothing is missing");
    asker.gets(id(&member), vector(18));
    assert_eq!(asker.asks, [(id(&member), id(&member))]);
}

/// A member whose older database was put back goes on above the counts that it may have used, and
/// says less than before.
pub fn by_its_node() {
    let mut asker = Asker::new(1, 0);
    let member = asker.members[0].clone();
    let says = |count, clock| {
        let stored = Arc::new(Watermarks::from([(id(&member), clock)]));
        Receipt::sign(count, stored, Arc::default(), clock, &member)
    };
    asker.feed(Input::Up(peer(1)));
    asker.gets(peer(1), Packet::Receipt(vec![says(17, 9).whole()]));
    asker.feed(Input::Up(id(&member)));
    for count in [1_025, 1_026] {
        asker.gets(id(&member), Packet::Receipt(vec![says(count, 2).whole()]));
    }
    let shown = asker.sent.iter().filter(|(node, count)| (*node, *count) == (id(&member), 17));
    assert_eq!(shown.count(), 1, "it is shown what it has said, once");
}

/// A peer holds a newer receipt of somebody else that takes back the one that is held here.
pub fn by_another() {
    let mut asker = Asker::new(1, 1);
    let member = asker.members[0].clone();
    let says = |count, clock| Receipt::sign(count, Arc::default(), Arc::default(), clock, &member);
    asker.gets(peer(1), Packet::Receipt(vec![says(17, 9).whole()]));
    asker.holders.insert(peer(1), [(id(&member), says(1_025, 2))].into());
    asker.offers(peer(1), [(id(&member), 1_025)]);
    asker.pass(5_000);
    let asked = asker.asks.iter().filter(|(_, node)| *node == id(&member)).count();
    assert_eq!((asked, asker.count(&id(&member))), (1, 17), "asked for once, and refused");
}

/// A member whose older database was put back cannot get again what an author has said from its
/// fork on: its receipts name less of that. The fork is known here before, or comes after.
pub fn past_a_fork(known_before: bool) {
    let mut asker = Asker::new(2, 1);
    let [member, forked] = [0, 1].map(|index| asker.members[index].clone());
    let says = |count, seq| {
        let stored = Arc::new(Watermarks::from([(id(&forked), seq)]));
        Receipt::sign(count, stored, Arc::default(), 2, &member)
    };
    let mut tip = Author::of(forked.clone());
    let other = Packet::History(vec![tip.sign(None, None, vec![text("elsewhere")])]);
    let receipt = |count, seq| Packet::Receipt(vec![says(count, seq).whole()]);
    asker.gets(peer(1), receipt(17, 5));
    asker.holders.insert(peer(1), [(id(&member), says(1_025, 1))].into());
    if known_before {
        asker.gets(peer(1), other);
        asker.gets(peer(1), receipt(1_025, 1));
    } else {
        asker.gets(peer(1), receipt(1_025, 1));
        assert_eq!(asker.count(&id(&member)), 17, "nothing is known that could excuse it");
        asker.gets(peer(1), other);
        asker.pass(5_000);
    }
    assert_eq!(asker.count(&id(&member)), 1_025);
}

/// A receipt comes back that vouches for entries of its own that it does not hold, or for none.
pub fn vouched_for_more() {
    for (vouched, count, rolled_back) in [(9, 3, true), (9, 5_000, true), (1, 5_000, false)] {
        let mut asker = Asker::new(0, 1);
        asker.feed(Input::Say { token: 1, body: text("here"), reference: None });
        asker.pass(5_000);
        assert!(asker.count(&id(&key(0))) > 0);
        let stored = Arc::new(Watermarks::from([(id(&key(0)), vouched)]));
        let earlier = Receipt::sign(count, stored, Arc::default(), 1, &key(0));
        asker.gets(peer(1), Packet::Receipt(vec![earlier.whole()]));
        assert_eq!(asker.rolled_back, rolled_back, "{vouched} with count {count}");
    }
}

#[test]
fn the_own_receipt_goes_to_whoever_does_not_hold_it_any_more() {
    own_asked_for_again();
}

#[test]
fn a_member_that_goes_back_to_smaller_counts_is_told_its_last_receipt() {
    own_forgotten();
}

#[test]
fn a_receipt_may_take_back_what_was_said_past_a_fork() {
    past_a_fork(true);
    past_a_fork(false);
}

#[test]
fn a_receipt_that_takes_back_another_is_asked_for_once() {
    by_another();
}

#[test]
fn a_peers_own_receipt_that_was_lost_is_asked_for_with_its_next_vector() {
    own_lost();
}

#[test]
fn a_member_that_takes_back_what_it_said_is_shown_it() {
    by_its_node();
}

#[test]
fn who_has_vouched_for_more_of_its_own_log_than_it_holds_takes_a_new_identity() {
    vouched_for_more();
}

#[test]
fn who_learns_of_its_own_later_receipt_goes_on_above_it() {
    let mut asker = Asker::new(0, 1);
    let body = text("here");
    asker.feed(Input::Say { token: 1, body, reference: None });
    asker.pass(5_000);
    let nothing: Arc<Watermarks> = Arc::default();
    let later = Receipt::sign(5_000, nothing.clone(), nothing, 0, &key(0));
    asker.gets(peer(1), Packet::Receipt(vec![later.whole()]));
    asker.pass(5_000);
    let (node, count) = *asker.sent.last().expect("it has sent some");
    assert!(node == id(&key(0)) && count > 5_000, "{count}");
}
