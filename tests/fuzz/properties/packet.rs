//! The JSON of packets: members' bytes, well sealed.

use std::sync::Arc;

use roda::protocol::entry::{CheckedRun, Run};
use roda::protocol::json::scan;
use roda::protocol::limits::{
    ADDRESS_BYTES_MAX, ADDRESSES_MAX, CONTACTS_MAX, INTEGER_MAX, LINKS_MAX, RECEIPTS_MAX,
    SYNC_AUTHORS_MAX, WANT_RANGES_MAX, WANTED_HASHES_MAX,
};
use roda::protocol::packet::Packet;
use roda::wire::{PACKET_BYTES_MAX, PacketError, encode, fitting, parse};

use super::run::verifies;

/// Bytes that fields which are left out may add when a packet that is not cut is written again.
const DEFAULTS: usize = 256;
/// Bytes of an error: it goes to the log, and repeats nothing of the packet.
const ERROR_BYTES_MAX: usize = 128;

/// A packet that is taken says the same when it is written and read again.
pub fn packet(data: &[u8]) {
    if data.len() > PACKET_BYTES_MAX {
        return; // no frame holds it
    }
    let (n, taken) = match parse(data) {
        Ok(taken) => taken,
        Err(PacketError::Unknown { tag, n }) => {
            assert!(tag.chars().count() <= 32 && n <= INTEGER_MAX);
            return;
        }
        Err(error) => {
            assert!(error.to_string().len() <= ERROR_BYTES_MAX, "{error}");
            return;
        }
    };
    assert!(scan(data).is_ok() && n <= INTEGER_MAX);
    within_limits(&taken);
    let unchecked = stored(taken.clone());
    let json = encode(&unchecked, n);
    let (again_n, again) = parse(&json).expect("what was taken is taken again");
    assert_eq!((again_n, &again), (n, &taken));
    assert_eq!(encode(&stored(again), n), json, "the encoding is canonical");
    if data.len() + DEFAULTS <= PACKET_BYTES_MAX {
        fits(unchecked.clone());
    }
    if let Ok(checked) = taken.check() {
        assert_eq!(checked, unchecked);
        match &checked {
            Packet::Message(run) => verifies(run),
            Packet::History(runs) => runs.iter().for_each(|run| verifies(run)),
            _ => {}
        }
    }
    if let Packet::Receipt(receipts) = &unchecked {
        for change in receipts {
            if let Some(receipt) = change.apply(None) {
                assert_eq!(receipt.whole(), *change);
                let _ = receipt.holds();
            } else {
                assert!(change.base.is_some());
            }
        }
    }
    if let Packet::Dispute(dispute) = &unchecked {
        let _ = dispute.holds();
    }
}

fn within_limits(packet: &Packet<Run>) {
    match packet {
        Packet::Contacts(contacts) => {
            assert!(contacts.members.len() <= CONTACTS_MAX);
            for ids in contacts.links.iter().chain([&contacts.gained, &contacts.lost]) {
                assert!(ids.len() <= LINKS_MAX);
            }
            for addresses in contacts.members.values() {
                assert!(addresses.len() <= ADDRESSES_MAX);
                assert!(addresses.iter().all(|address| address.len() <= ADDRESS_BYTES_MAX));
            }
        }
        Packet::Sync(sync) => assert!(sync.authors.len() <= SYNC_AUTHORS_MAX),
        Packet::Want(want) => {
            assert!(want.ranges.len() <= WANT_RANGES_MAX);
            assert!(want.hashes.len() <= WANTED_HASHES_MAX);
        }
        Packet::Receipt(receipts) => assert!(receipts.len() <= RECEIPTS_MAX),
        _ => {}
    }
}

/// The packet with its runs as they are, checked or not.
fn stored(packet: Packet<Run>) -> Packet {
    let take = |run| Arc::new(CheckedRun::from_store(run));
    match packet {
        Packet::Message(run) => Packet::Message(take(run)),
        Packet::History(runs) => Packet::History(runs.into_iter().map(take).collect()),
        other => other.check().expect("it has no runs"),
    }
}

/// Cut as the sender cuts it, every part has its size, is taken, and nothing is lost.
fn fits(packet: Packet) {
    let whole = |packet: &Packet| match packet {
        Packet::History(runs) => runs.len(),
        Packet::Receipt(receipts) => receipts.len(),
        Packet::Sync(sync) => sync.authors.len() + sync.receipts.len(),
        _ => 1,
    };
    let before = whole(&packet);
    let parts = fitting(packet);
    assert_eq!(parts.iter().map(whole).sum::<usize>(), before);
    for part in parts {
        let json = encode(&part, INTEGER_MAX);
        assert!(json.len() <= PACKET_BYTES_MAX, "{} bytes", json.len());
        parse(&json).expect("a part is a packet");
    }
}
