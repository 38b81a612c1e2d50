//! What a node takes: memory, open files, disk. `tests/run resources` prints the table.
#![cfg(target_os = "linux")] // memory and files are read from /proc

#[path = "../author/mod.rs"]
mod author;
#[path = "../store/circle.rs"]
#[allow(dead_code)] // each test target uses its part
mod circle;
#[path = "../ends/mod.rs"]
mod ends;
#[path = "../program/mod.rs"]
mod program;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use roda::protocol::entry::{CheckedRun, Said};
use roda::protocol::id::{Hash, NodeId};
use roda::protocol::limits::{LINKS_MAX, SYNC_AUTHORS_MAX};
use roda::protocol::packet::circle::{Head, Packet, Sync};
use roda::seal::GroupKey;
use roda::store::Options;
use tempfile::TempDir;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;

use author::Author;
use circle::{Owner, texts};
use ends::hand::{ByHand, first_frame, until_closed};
use program::{Program, eventually};

/// Messages of the great database, and how many of them one commit takes.
const STORED: usize = 1_000_000;
const STORED_AT_ONCE: usize = 64 * 256;
/// Kilobytes that no line of the table may pass: a small computer has room for it.
const MEMORY_KB: u64 = 256 * 1024;
/// Open files that no line may pass: the usual limit of a process is 1,024.
const FILES: usize = 512;

fn ana(house: &Path) -> Program {
    let key = GroupKey::from_bytes([9; 32]).text();
    let mut node = Program::new(house, "Ana", &key);
    node.set("RODA_LOG", "warn");
    node
}

fn running() -> (TempDir, Program) {
    let house = tempfile::tempdir().unwrap();
    let mut node = ana(house.path());
    node.start();
    (house, node)
}

fn size(folder: &Path) -> u64 {
    let entries = folder.read_dir().unwrap().map(|entry| entry.unwrap());
    entries
        .map(|entry| match entry.metadata() {
            Ok(meta) if meta.is_dir() => size(&entry.path()),
            Ok(meta) => meta.len(),
            // Removed since it was listed.
            Err(_) => 0,
        })
        .sum()
}

fn line(what: &str, node: &Program) {
    let files = Path::new("/proc").join(node.pid().to_string()).join("fd");
    let files = files.read_dir().unwrap().count();
    let (now, most) = (node.memory("VmRSS"), node.memory("VmHWM"));
    let mb = |kb: u64| kb as f64 / 1024.0;
    let disk = size(&node.data()) as f64 / 1e6;
    println!("| {what} | {:.1} | {:.1} | {files} | {disk:.1} |", mb(now), mb(most));
    assert!(most < MEMORY_KB, "{what}: {most} kB");
    assert!(files < FILES, "{what}: {files} files");
}

/// Ends of links that are up with the node, of as many members.
async fn members(node: &Program, count: usize) -> Vec<ends::End> {
    let mut members = Vec::new();
    for identity in 0..count {
        let mut end = ends::start(ends::node(identity as u8 + 10)).await;
        end.dial(node.peers().parse().unwrap());
        end.up().await;
        members.push(end);
    }
    members
}

async fn silent(to: &str, count: usize) -> Vec<TcpStream> {
    let mut sockets = Vec::new();
    for _ in 0..count {
        sockets.push(TcpStream::connect(to).await.unwrap());
    }
    sockets
}

async fn lengths(node: &Program) {
    for _ in 0..20 {
        let mut hand = ByHand::link(node.peers().parse().unwrap()).await;
        hand.socket.write_all(&[0xff; 4]).await.unwrap();
        until_closed(&mut hand.socket).await;
        let mut socket = TcpStream::connect(node.peers()).await.unwrap();
        socket.write_all(&first_frame(9).1).await.unwrap();
        socket.write_all(&[0xff; 4]).await.unwrap();
        until_closed(&mut socket).await;
    }
}

fn made_up(number: usize) -> [u8; 32] {
    let mut bytes = [7; 32];
    bytes[..8].copy_from_slice(&(number as u64).to_be_bytes());
    bytes
}

/// A vector of authors that there are not.
fn vector(part: usize) -> Packet {
    let numbers = part * SYNC_AUTHORS_MAX..(part + 1) * SYNC_AUTHORS_MAX;
    let head = Head { seq: 1 << 40, hash: Some(Hash([3; 32])), disputed: None };
    let authors: BTreeMap<_, _> = numbers.map(|n| (NodeId(made_up(n)), head)).collect();
    Packet::Sync(Sync { authors, ..Sync::default() })
}

/// A large run that waits for an entry that never comes.
fn waiting(author: usize) -> Arc<CheckedRun> {
    let prev = Some(Hash(made_up(author + (1 << 20))));
    let mut author = Author { seq: 8, prev, lamport: 8, ..Author::numbered(7, author as u64) };
    let said = (0..4).map(|_| Said { at: 1, body: "x".repeat(30_000) });
    author.signs(said.collect(), None)
}

/// A member that says all this and reads whatever comes.
async fn member_says(node: &Program, packets: impl Iterator<Item = Packet>) -> ByHand {
    let mut hand = ByHand::link(node.peers().parse().unwrap()).await;
    let frames = (0..).zip(packets).map(|(n, packet)| hand.frame(&packet.encode(n)));
    let all: Vec<u8> = frames.flatten().collect();
    let (mut from, mut to) = hand.socket.split();
    let mut nowhere = tokio::io::sink();
    tokio::select! {
        _ = tokio::io::copy(&mut from, &mut nowhere) => panic!("the node closed"),
        said = to.write_all(&all) => said.unwrap(),
    }
    hand
}

/// Fills the node's database, through the store itself.
fn fill(node: &Program) {
    let fingerprints = vec![GroupKey::from_bytes([9; 32]).derive().fingerprint];
    let mut store = Owner::with(&node.data(), Options { fingerprints, ..Options::default() });
    let mut authors: Vec<Author> = (100..104).map(Author::new).collect();
    let mut stored = 0;
    while stored < STORED {
        let writes = (0..STORED_AT_ONCE / 256)
            .map(|turn| {
                let run = texts(&mut authors[turn % 4], 256, None);
                store.arrives(run)
            })
            .collect();
        store.commit(writes);
        stored += STORED_AT_ONCE;
    }
    store.close();
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "measures: tests/run resources"]
async fn every_line_of_the_table_stays_in_its_bounds() {
    println!("| State | Memory, MB | At most, MB | Open files | Disk, MB |");
    println!("| --- | --- | --- | --- | --- |");
    let (_house, node) = running();
    line("just started, alone", &node);
    let ends = members(&node, LINKS_MAX).await;
    node.eventually_linked(LINKS_MAX as u64);
    line("64 links", &node);
    drop(ends);

    let (_house, node) = running();
    let sockets = silent(&node.peers(), 500).await;
    line("500 silent connections to the peer port", &node);
    drop(sockets);
    lengths(&node).await;
    line("40 lengths of 4 GiB", &node);

    let (_house, node) = running();
    let sockets = silent(node.door().place(), 300).await;
    line("300 silent connections to the page's port", &node);
    drop(sockets);

    let (_house, node) = running();
    let liar = member_says(&node, (0..200).map(vector)).await;
    node.say("after the vectors");
    line("a member that names 102,400 authors there are not", &node);
    drop(liar);

    let (_house, node) = running();
    let runs = (0..600).map(|author| Packet::History(vec![waiting(author)]));
    let liar = member_says(&node, runs).await;
    node.say("after the runs");
    line("a member with 72 MB of runs that wait for ever", &node);
    drop(liar);

    let (_house, node) = running();
    let stream = TcpStream::connect(node.door().place()).await.unwrap();
    let page = format!("ws://{}/ws", node.door().place());
    let unread = tokio_tungstenite::client_async(page, stream).await.unwrap().0;
    let door = node.door();
    tokio::task::spawn_blocking(move || {
        for number in 0..2_000 {
            assert_eq!(door.say(&format!("{number} {}", "y".repeat(8_000))).unwrap().0, 201);
        }
    })
    .await
    .unwrap();
    line("16 MB of messages past a page that reads nothing", &node);
    drop(unread);

    let house = tempfile::tempdir().unwrap();
    let mut node = ana(house.path());
    node.start().say("before all the others");
    node.stop();
    let node = tokio::task::spawn_blocking(move || {
        fill(&node);
        node.start();
        node
    })
    .await
    .unwrap();
    line("1,000,000 messages stored, just started", &node);
    let door = node.door();
    tokio::task::spawn_blocking(move || {
        eventually("its pages", || (door.get("/api/messages?limit=500")?.0 == 200).then_some(()));
    })
    .await
    .unwrap();
    node.say("one more");
    line("the same, after a page and a message", &node);
}
