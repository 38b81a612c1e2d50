//! Receipts of others: each is asked of one peer, and comes within seconds, whoever offers it and
//! does not answer.

use roda::protocol::circle::Input;
use roda::protocol::id::NodeId;
use roda::protocol::limits::{RECEIPT_RETRY_MS, RECEIPTS_UNMET_MAX, SYNC_AUTHORS_MAX};
use roda::protocol::packet::circle::Packet;

use crate::asker::{Asker, SOON_MS, id, key, peer, run_of, word};

/// Eight hold the receipts of forty.
pub fn offered_by_many() {
    let mut asker = Asker::new(40, 8);
    for number in 1..=8 {
        asker.offers_all(peer(number), 1);
    }
    let took = asker.until_all(1);
    assert!(took <= SOON_MS, "{took} ms");
    assert_eq!(asker.asks.len(), 40, "each is asked of one");
}

/// Three offer everything before one does that has it.
pub fn offered_in_vain() {
    let mut asker = Asker::new(40, 4);
    let liars_round = |asker: &mut Asker, count| {
        [2, 3, 4].into_iter().for_each(|liar| asker.boasts(peer(liar)));
        asker.pass(100);
        asker.offers_all(peer(1), count);
        asker.until_all(count)
    };
    let took = liars_round(&mut asker, 1);
    assert!(took <= RECEIPT_RETRY_MS + SOON_MS, "{took} ms, where nobody was known");
    for count in 2..6 {
        let took = liars_round(&mut asker, count);
        assert!(took <= SOON_MS, "{took} ms, though these have let it wait before");
    }
}

/// One boasts twice in a second, for ever.
pub fn offered_in_vain_again_and_again() {
    let mut asker = Asker::new(40, 2);
    for count in 1..=10 {
        asker.offers_all(peer(1), count);
        let start = asker.time;
        while asker.members.iter().any(|key| asker.count(&id(key)) < count) {
            asker.boasts(peer(2));
            asker.pass(500);
            let took = asker.time - start;
            assert!(took <= RECEIPT_RETRY_MS + SOON_MS, "receipts are not here after {took} ms");
        }
    }
}

/// One offers receipts of thousands whom nobody has met.
pub fn offered_of_strangers() {
    let mut asker = Asker::new(40, 2);
    for part in 0..10_u8 {
        let ids = (0..SYNC_AUTHORS_MAX).map(|number| {
            let mut bytes = [part; 32];
            bytes[..8].copy_from_slice(&(number as u64).to_be_bytes());
            (NodeId(bytes), 7)
        });
        asker.offers(peer(2), ids);
    }
    asker.offers_all(peer(1), 1);
    let took = asker.until_all(1);
    assert!(took <= SOON_MS, "{took} ms");
}

/// The room for receipts of those without an entry is taken when one is offered.
pub fn offered_before_the_entry() {
    let mut asker = Asker::new(0, 2);
    for number in 0..RECEIPTS_UNMET_MAX as u16 {
        let stranger = word(&key(1_000 + number), 1);
        asker.gets(peer(2), Packet::Receipt(vec![stranger.whole()]));
    }
    asker.members = vec![key(1)];
    asker.offers_all(peer(1), 1);
    asker.pass(5_000);
    assert_eq!(asker.count(&id(&key(1))), 0, "there is no room for it");
    asker.gets(peer(1), Packet::History(vec![run_of(&key(1))]));
    let took = asker.until_all(1);
    assert!(took <= SOON_MS, "{took} ms");
}

#[test]
fn each_receipt_is_asked_of_one_peer_however_many_offer_it() {
    offered_by_many();
}

#[test]
fn who_offers_receipts_and_does_not_answer_is_waited_for_once() {
    offered_in_vain();
    offered_in_vain_again_and_again();
}

#[test]
fn receipts_of_strangers_keep_no_members_out() {
    offered_of_strangers();
}

#[test]
fn a_receipt_that_found_no_room_comes_with_the_first_entry() {
    offered_before_the_entry();
}

#[test]
fn what_was_asked_of_a_link_that_is_replaced_is_asked_of_the_next_at_once() {
    let mut asker = Asker::new(5, 2);
    asker.boasts(peer(2));
    asker.offers_all(peer(1), 1);
    asker.feed(Input::Up(peer(2)));
    let took = asker.until_all(1);
    assert!(took <= SOON_MS, "{took} ms");
}
