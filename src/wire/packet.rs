//! The JSON of packets.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::error::Category;

use crate::protocol::dispute::Dispute;
use crate::protocol::entry::Run;
use crate::protocol::id::NodeId;
use crate::protocol::json::{Object, OutOfBounds, object, objects, scan};
use crate::protocol::limits::{
    ADDRESS_BYTES_MAX, ADDRESSES_MAX, CONTACTS_MAX, FRAME_MAX, LINKS_MAX, RECEIPTS_MAX,
    SYNC_AUTHORS_MAX, WANT_RANGES_MAX, WANTED_HASHES_MAX,
};
use crate::protocol::packet::{Contacts, Packet, Sync, Want};
use crate::protocol::receipt::ReceiptChange;

/// Bytes of JSON whose token is just within [`FRAME_MAX`]: base64 turns 3 bytes into 4, the token
/// has 57 bytes beside the ciphertext, which is padded to the next multiple of 16.
pub const PACKET_BYTES_MAX: usize = (FRAME_MAX / 4 * 3 - 57) / 16 * 16 - 1;
/// Bytes of a packet that holds one list beside the items and their commas, at most.
const LIST_BYTES: usize = 64;
/// Bytes of one watermark in a receipt, at most.
const WATERMARK_BYTES: usize = 84;
/// Bytes of a receipt beside its watermarks, at most.
const RECEIPT_BYTES: usize = 400;
/// Characters of an unknown tag that are kept for the log.
const TAG_SHOWN: usize = 32;

/// A packet that is not taken. All but [`PacketError::Unknown`] are the sender's fault.
#[derive(Debug, thiserror::Error)]
pub enum PacketError {
    /// No text that is read.
    #[error(transparent)]
    Bounds(#[from] OutOfBounds),
    /// Not the JSON of its tag. Its words are not serde's, which repeat the value: it may be a
    /// text, or fill the log.
    #[error("not a packet: {} at column {}", fault(.0), .0.column())]
    Json(#[from] serde_json::Error),
    /// A list longer than its limit.
    #[error("too many {0} in one packet")]
    TooMany(&'static str),
    /// A receipt that names an author of which nothing is stored or read.
    #[error("a receipt with a 0 in it")]
    NothingReached,
    /// A tag of a newer version: its number counts, the packet is skipped.
    #[error("packet '{tag}' of a newer version")]
    Unknown {
        /// The tag's first characters.
        tag: String,
        /// The packet's number.
        n: u64,
    },
}

fn fault(error: &serde_json::Error) -> &'static str {
    match error.classify() {
        Category::Data => "a field is missing or of another kind",
        Category::Eof => "it is cut off",
        Category::Syntax | Category::Io => "no JSON",
    }
}

#[derive(Serialize)]
struct Tagged<'a, T> {
    tag: &'static str,
    n: u64,
    #[serde(flatten)]
    body: &'a T,
}

#[derive(Serialize)]
struct Nothing {}

#[derive(Serialize)]
struct Message<'a> {
    run: &'a Run,
}

#[derive(Deserialize)]
struct MessageRead {
    #[serde(deserialize_with = "object")]
    run: Run,
}

#[derive(Serialize)]
struct History<'a> {
    runs: Vec<&'a Run>,
}

#[derive(Deserialize)]
struct HistoryRead {
    #[serde(deserialize_with = "objects")]
    runs: Vec<Run>,
}

#[derive(Serialize)]
struct Receipts<'a> {
    receipts: &'a [ReceiptChange],
}

#[derive(Deserialize)]
struct ReceiptsRead {
    #[serde(deserialize_with = "objects")]
    receipts: Vec<ReceiptChange>,
}

#[derive(Serialize, Deserialize)]
struct Number {
    number: u64,
}

/// The packet as compact JSON, `tag` and `n` first.
pub fn encode(packet: &Packet, n: u64) -> Vec<u8> {
    fn json<T: Serialize>(tag: &'static str, n: u64, body: &T) -> Vec<u8> {
        serde_json::to_vec(&Tagged { tag, n, body }).expect("a packet is plain data")
    }
    match packet {
        Packet::Contacts(contacts) => json("contacts", n, contacts),
        Packet::Sync(sync) => json("sync", n, sync),
        Packet::Want(want) => json("want", n, want),
        Packet::History(runs) => {
            let runs = runs.iter().map(|run| run.run()).collect::<Vec<&Run>>();
            json("history", n, &History { runs })
        }
        Packet::Message(run) => json("message", n, &Message { run: run.run() }),
        Packet::Receipt(receipts) => json("receipt", n, &Receipts { receipts }),
        Packet::Dispute(dispute) => json("dispute", n, &**dispute),
        Packet::Typing => json("typing", n, &Nothing {}),
        Packet::Ping(number) => json("ping", n, &Number { number: *number }),
        Packet::Pong(number) => json("pong", n, &Number { number: *number }),
        Packet::Bye => json("bye", n, &Nothing {}),
    }
}

/// Reads a packet and its number. Fields may stand in any order; unknown ones are ignored.
///
/// # Errors
/// [`PacketError`].
pub fn parse(json: &[u8]) -> Result<(u64, Packet<Run>), PacketError> {
    #[derive(Deserialize)]
    struct Head<'a> {
        #[serde(borrow)]
        tag: Cow<'a, str>,
        n: u64,
    }
    let json = scan(json)?;
    let Head { tag, n } = read(json)?;
    let packet = match &*tag {
        "contacts" => Packet::Contacts(contacts(read(json)?)?),
        "sync" => Packet::Sync(sync(read(json)?)?),
        "want" => Packet::Want(want(read(json)?)?),
        "history" => Packet::History(read::<HistoryRead>(json)?.runs),
        "message" => Packet::Message(read::<MessageRead>(json)?.run),
        "receipt" => {
            let ReceiptsRead { receipts } = read(json)?;
            at_most(RECEIPTS_MAX, receipts.len(), "receipts")?;
            let reached = |change: &ReceiptChange| {
                change.stored.values().chain(change.read.values()).all(|seq| *seq > 0)
            };
            if !receipts.iter().all(reached) {
                return Err(PacketError::NothingReached);
            }
            Packet::Receipt(receipts)
        }
        "dispute" => Packet::Dispute(Box::new(read::<Dispute>(json)?)),
        "typing" => Packet::Typing,
        "ping" => Packet::Ping(read::<Number>(json)?.number),
        "pong" => Packet::Pong(read::<Number>(json)?.number),
        "bye" => Packet::Bye,
        _ => return Err(PacketError::Unknown { tag: tag.chars().take(TAG_SHOWN).collect(), n }),
    };
    Ok((n, packet))
}

fn read<'de, T: Deserialize<'de>>(json: &'de str) -> Result<T, serde_json::Error> {
    serde_json::from_str(json).map(|Object(it)| it)
}

fn at_most(max: usize, count: usize, what: &'static str) -> Result<(), PacketError> {
    if count > max { Err(PacketError::TooMany(what)) } else { Ok(()) }
}

/// Addresses and links are hints: what is beyond the limits is left out.
fn contacts(mut contacts: Contacts) -> Result<Contacts, PacketError> {
    at_most(CONTACTS_MAX, contacts.members.len(), "members")?;
    let lists = contacts.links.iter_mut().chain([&mut contacts.gained, &mut contacts.lost]);
    lists.for_each(|ids| ids.truncate(LINKS_MAX));
    for addresses in contacts.members.values_mut() {
        addresses.retain(|address| address.len() <= ADDRESS_BYTES_MAX);
        addresses.truncate(ADDRESSES_MAX);
    }
    Ok(contacts)
}

fn sync(sync: Sync) -> Result<Sync, PacketError> {
    at_most(SYNC_AUTHORS_MAX, sync.authors.len(), "authors")?;
    Ok(sync)
}

fn want(want: Want) -> Result<Want, PacketError> {
    at_most(WANT_RANGES_MAX, want.ranges.len(), "ranges")?;
    at_most(WANTED_HASHES_MAX, want.hashes.len(), "hashes")?;
    Ok(want)
}

/// The packet, cut into as many of its kind as its limits and [`PACKET_BYTES_MAX`] ask for, in the
/// same order. Those that are never cut fit by their limits.
pub fn fitting(packet: Packet) -> Vec<Packet> {
    match packet {
        Packet::History(runs) => {
            let parts = parts(runs, usize::MAX, |run| run.bytes());
            parts.into_iter().map(Packet::History).collect()
        }
        Packet::Receipt(receipts) => {
            let bytes = |one: &ReceiptChange| {
                RECEIPT_BYTES + (one.stored.len() + one.read.len()) * WATERMARK_BYTES
            };
            let parts = parts(receipts, RECEIPTS_MAX, bytes);
            parts.into_iter().map(Packet::Receipt).collect()
        }
        Packet::Sync(mut sync) => {
            let mut cut = Vec::new();
            while sync.authors.len() > SYNC_AUTHORS_MAX || sync.receipts.len() > SYNC_AUTHORS_MAX {
                let (authors, receipts) = (first(&mut sync.authors), first(&mut sync.receipts));
                // What follows belongs to the same vector.
                let (whole, more) = (sync.whole, sync.whole);
                cut.push(Packet::Sync(Sync { authors, receipts, whole, more }));
            }
            cut.push(Packet::Sync(sync));
            cut
        }
        packet => vec![packet],
    }
}

/// Takes the first [`SYNC_AUTHORS_MAX`] of a map.
fn first<V>(map: &mut BTreeMap<NodeId, V>) -> BTreeMap<NodeId, V> {
    match map.keys().nth(SYNC_AUTHORS_MAX).copied() {
        Some(next) => {
            let rest = map.split_off(&next);
            std::mem::replace(map, rest)
        }
        None => std::mem::take(map),
    }
}

fn parts<T>(items: Vec<T>, count_max: usize, bytes: impl Fn(&T) -> usize) -> Vec<Vec<T>> {
    let mut parts = Vec::new();
    let (mut part, mut sum) = (Vec::new(), LIST_BYTES);
    for item in items {
        let more = bytes(&item) + 1;
        if !part.is_empty() && (sum + more > PACKET_BYTES_MAX || part.len() == count_max) {
            parts.push(std::mem::take(&mut part));
            sum = LIST_BYTES;
        }
        sum += more;
        part.push(item);
    }
    parts.push(part);
    parts
}
