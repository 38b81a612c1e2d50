//! The JSON of packets: members' bytes, well sealed.

use ed25519_dalek::{Signer as _, SigningKey};
use roda::protocol::entry::{CheckedRun, Run, signed_bytes};
use roda::protocol::id::{NodeId, Signature};
use roda::protocol::json::scan;
use roda::protocol::limits::{
    ADDRESS_BYTES_MAX, ADDRESSES_MAX, CONTACTS_MAX, INTEGER_MAX, LINKS_MAX, PACKET_BYTES_MAX,
    RECEIPTS_MAX, SYNC_AUTHORS_MAX, WANT_RANGES_MAX, WANTED_HASHES_MAX,
};
use roda::protocol::packet::{Packet, PacketError, Text, circle, mesh};
use serde_json::Value;

use super::run::verifies;

/// Bytes that fields which are left out may add when a packet that is not cut is written again.
const DEFAULTS: usize = 256;
/// Bytes of an error: it goes to the log, and repeats nothing of the packet.
const ERROR_BYTES_MAX: usize = 128;

/// A packet that is taken says the same when it is written and read again: as it came, and with its
/// runs signed, which no mutation does.
pub fn packet(data: &[u8]) {
    taken(data);
    signed(data).iter().for_each(|signed| taken(signed));
}

fn taken(data: &[u8]) {
    if data.len() > PACKET_BYTES_MAX {
        return; // no frame holds it
    }
    let (n, packet) = match read(data) {
        Ok((n, Some(packet))) => (n, packet),
        Ok((n, None)) => return assert!(n <= INTEGER_MAX),
        Err(error) => {
            let length = error.to_string().len();
            return assert!(length <= ERROR_BYTES_MAX, "{error}");
        }
    };
    assert!(scan(data).is_ok() && n <= INTEGER_MAX);
    let json = packet.encode(n);
    let again = read(&json).expect("what was taken is taken again");
    assert_eq!(again, (n, Some(packet.clone())));
    assert_eq!(again.1.map(|packet| packet.encode(n)), Some(json), "the encoding is canonical");
    if data.len() + DEFAULTS <= PACKET_BYTES_MAX {
        fits(packet.clone());
    }
    match packet {
        Packet::Circle(packet) => of_the_circle(packet),
        Packet::Mesh(mesh::Packet::Contacts(contacts)) => {
            assert!(contacts.members.len() <= CONTACTS_MAX);
            for ids in contacts.links.iter().chain([&contacts.gained, &contacts.lost]) {
                assert!(ids.len() <= LINKS_MAX);
            }
            for addresses in contacts.members.values() {
                assert!(addresses.len() <= ADDRESSES_MAX);
                assert!(addresses.iter().all(|address| address.len() <= ADDRESS_BYTES_MAX));
            }
        }
        Packet::Mesh(mesh::Packet::Bye(_)) | Packet::Link(_) => {}
    }
}

fn of_the_circle(packet: circle::Packet) {
    match packet {
        circle::Packet::Sync(sync) => assert!(sync.authors.len() <= SYNC_AUTHORS_MAX),
        circle::Packet::Want(want) => {
            assert!(want.ranges.len() <= WANT_RANGES_MAX);
            assert!(want.hashes.len() <= WANTED_HASHES_MAX);
        }
        circle::Packet::Message(run) => verifies(&run),
        circle::Packet::History(runs) => runs.iter().for_each(|run| verifies(run)),
        circle::Packet::Receipt(receipts) => {
            assert!(receipts.len() <= RECEIPTS_MAX);
            for change in receipts {
                if let Some(receipt) = change.apply(None) {
                    assert_eq!(receipt.whole(), change);
                    let _ = receipt.holds();
                } else {
                    assert!(change.base.is_some());
                }
            }
        }
        circle::Packet::Dispute(dispute) => {
            let _ = dispute.holds();
        }
        circle::Packet::Typing(_) => {}
    }
}

fn read(json: &[u8]) -> Result<(u64, Option<Packet>), PacketError> {
    let text = Text::of(json)?;
    Ok((text.n, Packet::read(&text)?))
}

/// The same packet with its runs signed, where it has any.
fn signed(data: &[u8]) -> Option<Vec<u8>> {
    let mut json: Value = serde_json::from_slice(data).ok()?;
    match json.get_mut("runs") {
        Some(runs) => runs.as_array_mut()?.iter_mut().try_for_each(sign)?,
        None => sign(json.get_mut("run")?)?,
    }
    serde_json::to_vec(&json).ok()
}

fn sign(json: &mut Value) -> Option<()> {
    let mut run: Run = serde_json::from_value(json.take()).ok().filter(has_ends)?;
    let key = SigningKey::from_bytes(&[1; 32]);
    run.first.author = NodeId(key.verifying_key().to_bytes());
    let head = CheckedRun::from_store(run.clone()).head();
    run.signature = Signature(key.sign(&signed_bytes(&head)).to_bytes());
    *json = serde_json::to_value(run).ok()?;
    Some(())
}

/// Whether there is a last entry to sign, whose place can be counted.
fn has_ends(run: &Run) -> bool {
    let last = |first: u64| first.checked_add(run.entries.len() as u64).is_some();
    !run.entries.is_empty() && last(run.first.seq) && last(run.first.lamport)
}

/// Cut as the sender cuts it, every part has its size, is taken, and nothing is lost.
fn fits(packet: Packet) {
    let whole = |packet: &Packet| match packet {
        Packet::Circle(circle::Packet::History(runs)) => runs.len(),
        Packet::Circle(circle::Packet::Receipt(receipts)) => receipts.len(),
        Packet::Circle(circle::Packet::Sync(sync)) => sync.authors.len() + sync.receipts.len(),
        _ => 1,
    };
    let before = whole(&packet);
    let parts = packet.fitting();
    assert_eq!(parts.iter().map(whole).sum::<usize>(), before);
    for part in parts {
        let json = part.encode(INTEGER_MAX);
        assert!(json.len() <= PACKET_BYTES_MAX, "{} bytes", json.len());
        read(&json).expect("a part is a packet");
    }
}
