//! A member that says as much as its line carries, and means nothing.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use roda::protocol::id::NodeId;
use roda::protocol::limits::{MEMBERS_TESTED, SYNC_AUTHORS_MAX};
use roda::protocol::packet::circle::{Head, Packet, Sync};
use roda::seal::GroupKey;
use tokio::io::AsyncWriteExt as _;

use crate::author::Author;
use crate::ends::hand::{ByHand, until_closed};
use crate::program::{Program, eventually};

/// Packets of the flood that the node takes before anybody speaks, and more between two messages.
const PACKETS: u64 = 50;

/// Links that break the protocol, one after the other.
const FAULTY: usize = 60;
/// Log lines that they may cause: there are a few places that write one for each link.
const LINES: usize = 60;

/// A vector of authors that there are not.
fn vector(number: u64) -> Packet {
    let id = |author: usize| {
        let mut bytes = [7; 32];
        bytes[..8].copy_from_slice(&(number << 10 | author as u64).to_be_bytes());
        NodeId(bytes)
    };
    let head = Head { seq: 1 << 40, hash: None, disputed: None };
    let authors: BTreeMap<_, _> = (0..SYNC_AUTHORS_MAX).map(|n| (id(n), head)).collect();
    Packet::Sync(Sync { authors, ..Sync::default() })
}

#[tokio::test(flavor = "multi_thread")]
async fn while_a_member_floods_a_node_the_others_talk_on() {
    let house = tempfile::tempdir().unwrap();
    let key = GroupKey::from_bytes([9; 32]).text();
    let mut ana = Program::new(house.path(), "Ana", &key);
    ana.start();
    let mut bob = Program::new(house.path(), "Bob", &key);
    bob.set("RODA_PEERS", ana.peers()).start();
    bob.eventually_linked(1);
    let sent = Arc::new(AtomicU64::new(0));
    let (count, to) = (sent.clone(), ana.peers().parse().unwrap());
    let flood = tokio::spawn(async move {
        let mut hand = ByHand::link(to).await;
        for n in 0.. {
            let frame = hand.frame(&vector(n).encode(n));
            let (mut from, mut to) = hand.socket.split();
            let mut nowhere = tokio::io::sink();
            tokio::select! {
                _ = tokio::io::copy(&mut from, &mut nowhere) => panic!("the node closed"),
                said = to.write_all(&frame) => said.unwrap(),
            }
            count.store(n, Ordering::Relaxed);
        }
    });
    for number in 1..=5 {
        while sent.load(Ordering::Relaxed) < number * PACKETS {
            assert!(!flood.is_finished(), "the flood goes on");
            tokio::task::yield_now().await;
        }
        let (from_ana, from_bob) = (format!("from Ana {number}"), format!("from Bob {number}"));
        ana.say(&from_ana);
        bob.eventually_shows(&from_ana);
        bob.say(&from_bob);
        ana.eventually_shows(&from_bob);
    }
    assert!(!flood.is_finished(), "the flood went on to the end");
    println!("{} packets meanwhile", sent.load(Ordering::Relaxed));
    flood.abort();
}

#[tokio::test(flavor = "multi_thread")]
async fn faulty_links_one_after_the_other_write_a_few_log_lines() {
    let house = tempfile::tempdir().unwrap();
    let mut ana = Program::new(house.path(), "Ana", &GroupKey::from_bytes([9; 32]).text());
    ana.set("RODA_LOG", "info").start();
    let before = ana.log().lines().count();
    let to = ana.peers().parse().unwrap();
    for _ in 0..FAULTY {
        let mut hand = ByHand::link(to).await;
        let wrong = hand.typing(7);
        // The node may have closed what another link has replaced.
        let _ = hand.socket.write_all(&wrong).await;
        until_closed(&mut hand.socket).await;
    }
    let log = ana.log();
    let lines = log.lines().count() - before;
    assert!(log.contains("the peer's fault"), "some are told: {log}");
    assert!(lines <= LINES, "{lines} lines of {FAULTY} links");
}

/// A member with this number.
fn author(number: usize) -> Author {
    Author::numbered(5, number as u64)
}

fn eventually_has(ana: &Program, number: usize) {
    let (door, id) = (ana.door(), author(number).id());
    eventually("its first entry is there", || {
        (door.get(&format!("/api/messages/{id}:1"))?.0 == 200).then_some(())
    });
}

/// Its first entry.
fn arrival(number: usize) -> Packet {
    Packet::History(vec![author(number).texts(&[&format!("member {number}")], None)])
}

#[tokio::test(flavor = "multi_thread")]
async fn a_circle_that_outgrows_what_is_tested_is_warned_of_once() {
    let house = tempfile::tempdir().unwrap();
    let mut ana = Program::new(house.path(), "Ana", &GroupKey::from_bytes([9; 32]).text());
    ana.start().say("a member of the circle");
    let mut hand = ByHand::link(ana.peers().parse().unwrap()).await;
    hand.say(&Packet::Sync(Sync { whole: true, ..Sync::default() }).encode(0)).await;
    for number in 1..MEMBERS_TESTED {
        hand.say(&arrival(number).encode(number as u64)).await;
    }
    eventually_has(&ana, MEMBERS_TESTED - 1);
    ana.say("so many are tested");
    assert!(!ana.log().contains("not tested"), "{}", ana.log());
    for number in [MEMBERS_TESTED, MEMBERS_TESTED + 1] {
        hand.say(&arrival(number).encode(number as u64)).await;
        eventually("it is warned of", || ana.log().contains("not tested").then_some(()));
        eventually_has(&ana, number);
    }
    ana.say("and no more is said of it");
    assert_eq!(ana.log().matches("not tested").count(), 1, "{}", ana.log());
}
