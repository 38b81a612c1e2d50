//! Many connections at once: what they cost, and whether a member still gets in.
#![cfg(target_os = "linux")] // memory is read from /proc

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use roda::seal::GroupKey;
use roda::shell::link::LinkEvent;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::ends::hand::{ByHand, first_frame, token, until_closed};
use crate::ends::{HANGS, node, start};
use crate::program::Program;

/// Connections of strangers at once.
const STRANGERS: usize = 500;
/// How soon a member gets in all the same.
const LINK_WITHIN: Duration = Duration::from_secs(2);
/// Kilobytes that strangers may cost in all: a half-open connection has some.
const COST_KB: u64 = 16 * 1024;
/// Kilobytes of address space below what one length of 4 GiB would take.
const SPACE_KB: u64 = 2 * 1024 * 1024;

/// A node of circle 9 in a process of its own.
fn listener() -> (TempDir, Program) {
    let house = tempfile::tempdir().unwrap();
    let key = GroupKey::from_bytes([9; 32]).text();
    let mut node = Program::new(house.path(), "Ana", &key);
    node.set("RODA_LOG", "warn").start();
    (house, node)
}

/// A member dials while the flood goes on, again where it was refused.
async fn member_gets_in(to: &str, within: Duration, flood: &str) {
    let mut member = start(node(1)).await;
    let asked = Instant::now();
    let linked = async {
        loop {
            member.links.dial(to.to_owned()).unwrap();
            if let LinkEvent::Up { .. } = member.event().await {
                return;
            }
        }
    };
    let linked = timeout(within, linked).await;
    println!("{flood}: a member got in after {} ms", asked.elapsed().as_millis());
    assert!(linked.is_ok(), "{flood}: not within {within:?}");
}

async fn connect(to: &str) -> Option<TcpStream> {
    timeout(HANGS, TcpStream::connect(to)).await.ok()?.ok()
}

#[tokio::test(flavor = "multi_thread")]
async fn five_hundred_silent_connections_neither_keep_a_member_out_nor_cost_memory() {
    let (_house, ana) = listener();
    let before = ana.memory("VmRSS");
    let (_, m1) = first_frame(9);
    let beginnings: [&[u8]; 3] = [b"", &[0], &m1[..m1.len() - 1]];
    for (kind, beginning) in beginnings.into_iter().enumerate() {
        let mut silent = Vec::new();
        for _ in 0..STRANGERS {
            let mut socket = connect(&ana.peers()).await.expect("the port takes connections");
            let _ = socket.write_all(beginning).await;
            silent.push(socket);
        }
        member_gets_in(&ana.peers(), LINK_WITHIN, &format!("silence {kind}")).await;
        drop(silent);
    }
    let cost = ana.memory("VmHWM").saturating_sub(before);
    println!("{STRANGERS} silent connections cost {cost} kB at most");
    assert!(cost < COST_KB, "{cost} kB");
}

/// Connections that come back as soon as they are closed, until `stop`.
fn insistent(
    to: &str,
    says: Vec<u8>,
    stop: &Arc<AtomicBool>,
    came: &Arc<AtomicUsize>,
) -> Vec<tokio::task::JoinHandle<()>> {
    let one = || {
        let (to, says, stop, came) = (to.to_owned(), says.clone(), stop.clone(), came.clone());
        tokio::spawn(async move {
            while !stop.load(Ordering::Relaxed) {
                let Some(mut socket) = connect(&to).await else { continue };
                came.fetch_add(1, Ordering::Relaxed);
                let _ = socket.write_all(&says).await;
                while let Ok(1..) = socket.read(&mut [0; 1024]).await {}
            }
        })
    };
    std::iter::repeat_with(one).take(STRANGERS).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn five_hundred_connections_that_come_back_at_once_do_not_keep_a_member_out() {
    let (_house, ana) = listener();
    let before = ana.memory("VmRSS");
    let recorded = first_frame(9).1;
    for (what, says) in [("silence", vec![]), ("a recorded hello", recorded)] {
        let (stop, came) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
        let strangers = insistent(&ana.peers(), says, &stop, &came);
        while came.load(Ordering::Relaxed) < 2 * STRANGERS {
            tokio::task::yield_now().await;
        }
        for _ in 0..3 {
            member_gets_in(&ana.peers(), HANGS, what).await;
        }
        println!("{what}: {} came meanwhile", came.load(Ordering::Relaxed));
        stop.store(true, Ordering::Relaxed);
        strangers.iter().for_each(|stranger| stranger.abort());
    }
    let cost = ana.memory("VmHWM").saturating_sub(before);
    println!("they cost {cost} kB at most");
    assert!(cost < COST_KB, "{cost} kB");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_length_of_four_gib_costs_no_memory_wherever_it_stands() {
    let (_house, ana) = listener();
    let (before, space) = (ana.memory("VmRSS"), ana.memory("VmPeak"));
    let mut open = Vec::new();
    for _ in 0..200 {
        let mut socket = connect(&ana.peers()).await.unwrap();
        socket.write_all(&[0xff; 4]).await.unwrap();
        assert_eq!(until_closed(&mut socket).await, b"", "as a first packet");
        open.push(socket);
    }
    for _ in 0..50 {
        let mut socket = connect(&ana.peers()).await.unwrap();
        socket.write_all(&first_frame(9).1).await.unwrap();
        token(&mut socket).await;
        socket.write_all(&[0xff; 4]).await.unwrap();
        assert_eq!(until_closed(&mut socket).await, b"", "as a join");
    }
    for _ in 0..20 {
        let mut hand = ByHand::link(ana.peers().parse().unwrap()).await;
        hand.socket.write_all(&[0xff; 4]).await.unwrap();
        until_closed(&mut hand.socket).await;
    }
    let cost = ana.memory("VmHWM").saturating_sub(before);
    let space = ana.memory("VmPeak").saturating_sub(space);
    println!("270 lengths of 4 GiB cost {cost} kB of memory, {space} kB of address space at most");
    assert!(cost < COST_KB && space < SPACE_KB, "{cost} kB, {space} kB");
}
