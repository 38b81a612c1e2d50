//! Circles of 64 and 256 members, and of thousands who are none: what is long is paced, comes once,
//! and overflows no link.

use std::collections::BTreeSet;
use std::sync::Arc;

use ed25519_dalek::SigningKey;
use roda::protocol::archive::Write;
use roda::protocol::circle::{Circle, Input, Now, Output, Settings};
use roda::protocol::dispute::{Branch, Dispute};
use roda::protocol::entry::CheckedRun;
use roda::protocol::id::NodeId;
use roda::protocol::limits::{
    DISPUTES_UNMET_BYTES_MAX, DISPUTES_UNMET_MAX, LONG_BYTES, RUN_ENTRIES_MAX, SEND_QUEUE_BYTES_MAX,
};
use roda::protocol::packet::circle::Packet;
use roda::protocol::receipt::{Receipt, Watermarks};

use crate::archive::Disk;
use crate::author::Author;
use crate::liar::text;
use crate::lines::{Lines, id, key};

/// Bytes a millisecond of the newcomer's lines.
const RATE: usize = 1_000;
/// Most bytes that may be queued for one link: what is long, and what is live meanwhile.
const QUEUED_MAX: usize = 2 * LONG_BYTES;

struct Crowd {
    keys: Vec<SigningKey>,
    disk: Disk,
    /// Bytes of everybody's receipts.
    receipts: usize,
}

impl Crowd {
    /// So many members with an entry each, everybody's receipt of it, and the disk of one.
    fn new(members: u16) -> Crowd {
        let keys: Vec<SigningKey> = (1..=members).map(key).collect();
        let (mut disk, mut receipts) = (Disk::new(), 0);
        for (key, arrival) in keys.iter().zip(1..) {
            let mut tip = Author::of(key.clone());
            let run = tip.sign(None, None, vec![text("here")]);
            disk.commit(&[Write::Run { run, arrival, arrived_at: 0 }]);
        }
        let all: Arc<Watermarks> = Arc::new(keys.iter().map(|key| (id(key), 1)).collect());
        for key in &keys {
            let receipt = Receipt::sign(1, all.clone(), all.clone(), 1, key);
            receipts += receipt.whole().bytes();
            disk.commit(&[Write::Receipt(receipt)]);
        }
        // Whoever starts with this goes on above its receipt.
        disk.commit(&[Write::ReceiptCeiling(1_024)]);
        Crowd { keys, disk, receipts }
    }

    /// These many of them at once, and a newcomer that they are all linked with; nothing else is
    /// simulated of the links that they say to have.
    fn meets_newcomer(&self, here: usize) -> (Lines, usize) {
        let mut lines = Lines::default();
        for key in &self.keys[..here] {
            lines.seat(key.clone(), self.disk.clone());
        }
        lines.pass(2_000);
        let newcomer = lines.seat(key(9_999), Disk::new());
        let ids = |lines: &Lines| lines.seats.iter().map(|seat| seat.id).collect::<BTreeSet<_>>();
        for node in 0..here {
            lines.link(node, newcomer, RATE);
        }
        for node in 0..here {
            let everybody = ids(&lines);
            lines.tell_links(node, newcomer, everybody.clone());
            lines.tell_links(newcomer, node, everybody);
        }
        (lines, newcomer)
    }

    /// How many of them the newcomer has a receipt of.
    fn receipts_at(&self, lines: &Lines, node: usize) -> usize {
        let circle = &lines.seats[node].circle;
        self.keys.iter().filter(|key| circle.receipt(&id(key)).is_some()).count()
    }
}

fn paced(lines: &Lines) {
    let Lines { queued_most, overflows, .. } = lines;
    println!("{queued_most} bytes were queued at most");
    assert_eq!(*overflows, 0, "no link is lost for what is long");
    assert!(*queued_most <= QUEUED_MAX, "{queued_most} bytes were queued for a link");
}

/// One of 256 who knows all of them.
pub fn one_of_256() {
    let crowd = Crowd::new(256);
    assert!(crowd.receipts > 2 * SEND_QUEUE_BYTES_MAX, "more than a link takes at once");
    let (mut lines, newcomer) = crowd.meets_newcomer(1);
    lines.pass(60_000);
    let (came, bytes) = (crowd.receipts_at(&lines, newcomer), lines.seats[newcomer].receipts);
    println!("{came} receipts, {bytes} bytes of {}", crowd.receipts);
    paced(&lines);
    assert_eq!(came, 256, "every receipt comes");
    assert!(bytes < crowd.receipts * 11 / 10, "and once: {bytes} bytes of {}", crowd.receipts);
}

/// All 64, each linked with each.
pub fn all_of_64() {
    let crowd = Crowd::new(64);
    let (mut lines, newcomer) = crowd.meets_newcomer(64);
    lines.pass(30_000);
    let (came, bytes) = (crowd.receipts_at(&lines, newcomer), lines.seats[newcomer].receipts);
    println!("{came} receipts, {bytes} bytes of {}", crowd.receipts);
    paced(&lines);
    assert_eq!(came, 64, "every receipt comes");
    assert!(bytes < crowd.receipts * 3 / 2, "{bytes} bytes of {}", crowd.receipts);
}

/// 8 of 64, who hold the receipts of all.
pub fn some_of_64() {
    let crowd = Crowd::new(64);
    let (mut lines, newcomer) = crowd.meets_newcomer(8);
    lines.pass(60_000);
    let (came, bytes) = (crowd.receipts_at(&lines, newcomer), lines.seats[newcomer].receipts);
    println!("{came} receipts, {bytes} bytes of {}", crowd.receipts);
    paced(&lines);
    assert_eq!(came, 64, "every receipt comes");
    assert!(bytes < crowd.receipts * 3 / 2, "{bytes} bytes of {}", crowd.receipts);
}

/// Two versions of a log from its second entry on, as long as can be, and what both begin with.
fn longest_fork(key: &SigningKey) -> (Arc<CheckedRun>, Dispute) {
    let mut start = Author::of(key.clone());
    let first = start.sign(None, None, vec![text("here")]);
    let branches = ["one", "other"].map(|version| {
        let run = start.clone().sign(None, None, vec![text(version); RUN_ENTRIES_MAX]);
        Branch::of(&run, 2).expect("it begins there")
    });
    (first, Dispute { author: id(key), seq: 2, branches })
}

/// A member who knows that 200 others have forked.
pub fn of_200_forks() {
    let mut crowd = Crowd::new(1);
    let mut bytes = 0;
    for (number, arrival) in (1_000..1_200).zip(100..) {
        let (run, dispute) = longest_fork(&key(number));
        bytes += dispute.bytes();
        let run = Write::Run { run, arrival, arrived_at: 0 };
        crowd.disk.commit(&[run, Write::Dispute(Box::new(dispute))]);
    }
    assert!(bytes > 2 * SEND_QUEUE_BYTES_MAX, "more than a link takes at once");
    let (mut lines, newcomer) = crowd.meets_newcomer(1);
    lines.pass(60_000);
    let members = lines.seats[newcomer].circle.members().values();
    let disputed = members.filter(|member| member.disputed() == Some(2)).count();
    paced(&lines);
    assert_eq!(disputed, 200, "every proof comes, though there was not room for all at first");
}

/// 1,500 forks, as long as they can be, of identities that have written nothing else.
pub fn strangers_forks() {
    let settings =
        Settings { name: "Ana".to_owned(), knows_others: true, sync_ms: 180_000, seed: 1 };
    let mut disk = Disk::new();
    let start = Now { mono: 0, wall: 0 };
    let mut circle = Circle::new(key(1), settings, disk.restored(), start);
    let liar = NodeId([7; 32]);
    let (mut time, mut kept, mut bytes) = (0, 0, 0);
    let mut inputs = vec![Input::Up(liar)];
    for number in 1_000..2_500 {
        let (_, dispute) = longest_fork(&key(number));
        inputs.push(Input::Received(liar, Packet::Dispute(Box::new(dispute))));
        while let Some(input) = inputs.pop() {
            time += 1;
            for output in circle.handle(input, Now { mono: time, wall: time }, &disk) {
                let Output::Commit(batch, writes) = output else { continue };
                for write in &writes {
                    let Write::Dispute(dispute) = write else { continue };
                    (kept, bytes) = (kept + 1, bytes + dispute.bytes());
                }
                disk.commit(&writes);
                inputs.push(Input::Committed(batch));
            }
        }
    }
    println!("{kept} proofs of {bytes} bytes are kept");
    assert!(kept > 0 && kept <= DISPUTES_UNMET_MAX, "{kept} proofs are kept");
    assert!(bytes <= DISPUTES_UNMET_BYTES_MAX, "{bytes} bytes of proofs are kept");
}

#[test]
fn a_newcomer_to_256_members_gets_every_receipt_within_the_queue() {
    one_of_256();
}

#[test]
fn a_newcomer_to_64_members_gets_every_receipt_from_whoever_wrote_it() {
    all_of_64();
}

#[test]
fn receipts_of_who_is_not_here_come_from_one_peer_each() {
    some_of_64();
}

#[test]
fn a_newcomer_gets_every_proof_of_a_fork_within_the_queue() {
    of_200_forks();
}

#[test]
fn of_forks_of_members_without_an_entry_a_bounded_number_and_size_is_kept() {
    strangers_forks();
}
