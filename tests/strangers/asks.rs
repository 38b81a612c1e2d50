//! Members that ask a node for its history: slowly, and without end.

use roda::protocol::id::NodeId;
use roda::protocol::limits::INTEGER_MAX;
use roda::protocol::packet::{Packet, Range, Want};
use roda::seal::GroupKey;
use roda::shell::store::Options;
use roda::wire::encode;
use tempfile::TempDir;
use tokio::io::AsyncReadExt as _;
use tokio::time::timeout;

use crate::circle::{Author, Owner};
use crate::ends::HANGS;
use crate::ends::hand::ByHand;
use crate::program::Program;

/// Runs that one commit takes.
const AT_ONCE: usize = 500;

/// A node of circle 9 that holds `count` runs of one author with so many bytes of text each.
pub fn holding(count: usize, bytes: usize) -> (TempDir, Program, NodeId) {
    let house = tempfile::tempdir().unwrap();
    let key = GroupKey::from_bytes([9; 32]);
    let mut ana = Program::new(house.path(), "Ana", &key.text());
    let fingerprints = vec![key.derive().fingerprint];
    let mut owner = Owner::with(&ana.data(), Options { fingerprints, ..Options::default() });
    let mut author = Author::new(100);
    let text = roda::protocol::body::text(&"x".repeat(bytes)).unwrap();
    for from in (0..count).step_by(AT_ONCE) {
        let runs = (from..count).take(AT_ONCE);
        let writes = runs.map(|_| owner.arrives(author.run(std::slice::from_ref(&text), None)));
        let writes = writes.collect();
        owner.commit(writes);
    }
    owner.close();
    ana.start();
    (house, ana, author.id())
}

/// Asks for all that there is of an author.
pub fn everything_of(author: NodeId) -> Packet {
    Packet::Want(Want { ranges: vec![Range { author, from: 1, to: INTEGER_MAX }], hashes: vec![] })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_member_that_fetches_much_keeps_its_link_however_slowly_it_reads() {
    const RUNS: usize = 2_000;
    const BYTES: usize = 16_000;
    let (_house, ana, author) = tokio::task::spawn_blocking(|| holding(RUNS, BYTES)).await.unwrap();
    let mut hand = ByHand::link(ana.peers().parse().unwrap()).await;
    hand.say(&encode(&everything_of(author), 0)).await;
    let (mut came, mut part) = (0, vec![0; 1024 * 1024]);
    while came < RUNS * BYTES {
        // Reads no more until the node has done something else.
        let door = ana.door();
        let say = move || door.say("meanwhile").map(|(status, _)| status);
        assert_eq!(tokio::task::spawn_blocking(say).await.unwrap(), Some(201));
        let read = timeout(HANGS, hand.socket.read_exact(&mut part)).await.expect("more comes");
        came += read.expect("the link stays");
    }
    assert!(!ana.log().contains("too slowly"), "{}", ana.log());
}
