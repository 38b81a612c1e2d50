//! Whoever stands on the way and says again what was said before.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use roda::protocol::packet::Lane;
use roda::shell::link::LinkEvent;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;

use crate::ends::hand::{ByHand, answer_to_all_of, first_frame, until_closed};
use crate::ends::{End, HANGS, TYPING, message, node, run, start};

pub type Recorded = Arc<Mutex<Vec<u8>>>;

/// Passes one connection on to `to`, and records both directions.
async fn recorder(to: SocketAddr) -> (SocketAddr, Recorded, Recorded) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (there, back) = (Recorded::default(), Recorded::default());
    let tapes = (there.clone(), back.clone());
    tokio::spawn(async move {
        let dialled = listener.accept().await.unwrap().0.into_split();
        let listens = TcpStream::connect(to).await.unwrap().into_split();
        tokio::join!(pass(dialled.0, listens.1, there), pass(listens.0, dialled.1, back));
    });
    (address, tapes.0, tapes.1)
}

pub async fn pass(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, tape: Recorded) {
    let mut buffer = [0; 4096];
    while let Ok(count @ 1..) = from.read(&mut buffer).await {
        tape.lock().unwrap().extend_from_slice(&buffer[..count]);
        if to.write_all(&buffer[..count]).await.is_err() {
            return;
        }
    }
    let _ = to.shutdown().await;
}

/// One good session between two nodes, as the wire had it: from the dialler, from the listener.
async fn session(a: &mut End, b: &mut End) -> (Vec<u8>, Vec<u8>) {
    let (address, there, back) = recorder(b.address).await;
    a.dial(address);
    let (on_a, on_b) = (a.up().await, b.up().await);
    on_a.sender.try_send(Lane::Live, message(run(1, 10))).unwrap();
    on_b.sender.try_send(Lane::Live, message(run(2, 10))).unwrap();
    assert_eq!(b.received().await, message(run(1, 10)));
    assert_eq!(a.received().await, message(run(2, 10)));
    on_a.sender.close();
    assert!(matches!(a.next().await, LinkEvent::Down(_)));
    assert!(matches!(b.next().await, LinkEvent::Down(_)));
    (there.lock().unwrap().clone(), back.lock().unwrap().clone())
}

/// Bytes of the first frame in a stream.
fn first_of(stream: &[u8]) -> usize {
    4 + u32::from_be_bytes(stream[..4].try_into().unwrap()) as usize
}

#[tokio::test]
async fn a_whole_session_said_again_gets_a_fresh_hello_and_nothing_more() {
    let (mut a, mut b) = (start(node(1)).await, start(node(2)).await);
    let (there, back) = session(&mut a, &mut b).await;
    // To the one it was said to, and to the one who said it.
    for to in [&a, &b] {
        let answer = answer_to_all_of(to.address, &there).await;
        assert_eq!(answer.len(), first_of(&answer), "M2 is all");
        assert_ne!(answer, back[..first_of(&back)], "and it is a fresh one");
    }
    assert!(a.events.try_recv().is_err() && b.events.try_recv().is_err());
}

#[tokio::test]
async fn a_listener_s_side_of_a_session_gets_not_one_byte() {
    let (mut a, mut b) = (start(node(1)).await, start(node(2)).await);
    let (_, back) = session(&mut a, &mut b).await;
    for to in [&a, &b] {
        assert_eq!(answer_to_all_of(to.address, &back).await, b"");
    }
    assert!(a.events.try_recv().is_err() && b.events.try_recv().is_err());
}

#[tokio::test]
async fn a_listener_s_side_said_to_a_dialler_gets_no_second_word() {
    let (mut a, mut b) = (start(node(1)).await, start(node(2)).await);
    let (_, back) = session(&mut a, &mut b).await;
    let liar = TcpListener::bind("127.0.0.1:0").await.unwrap();
    a.dial(liar.local_addr().unwrap());
    let mut socket = liar.accept().await.unwrap().0;
    socket.write_all(&back).await.unwrap();
    let said = until_closed(&mut socket).await;
    assert!(said.is_empty() || said.len() == first_of(&said), "M1 at most");
    assert!(matches!(a.event().await, LinkEvent::DialFailed { .. }));
}

#[tokio::test]
async fn a_dialler_whose_words_all_come_back_gets_no_link() {
    let mut a = start(node(1)).await;
    let mirror = TcpListener::bind("127.0.0.1:0").await.unwrap();
    a.dial(mirror.local_addr().unwrap());
    let (mut read, mut write) = mirror.accept().await.unwrap().0.into_split();
    let reflected = timeout(HANGS, tokio::io::copy(&mut read, &mut write)).await.unwrap();
    match a.event().await {
        LinkEvent::DialFailed { reason, .. } => assert!(reason.contains("replayed"), "{reason}"),
        other => panic!("{other:?}"),
    }
    let m1 = first_frame(9).1.len() as u64;
    assert!(reflected.is_err() || reflected.unwrap() == m1, "nothing after M1");
}

#[tokio::test]
async fn a_handshake_led_back_to_its_dialler_gets_no_link() {
    let mut a = start(node(1)).await;
    let (address, ..) = recorder(a.address).await;
    a.dial(address);
    assert!(matches!(a.event().await, LinkEvent::DialledSelf(_)));
    a.stop.cancel();
    timeout(HANGS, a.links.stopped()).await.unwrap();
    assert!(a.events.try_recv().is_err());
}

#[tokio::test]
async fn a_packet_sent_back_to_who_sealed_it_closes_the_link() {
    let mut b = start(node(2)).await;
    let mut hand = ByHand::link(b.address).await;
    let up = b.up().await;
    up.sender.try_send(Lane::Live, TYPING).unwrap();
    let sealed = crate::ends::hand::token(&mut hand.socket).await;
    hand.socket.write_all(&roda::wire::frame(&sealed)).await.unwrap();
    assert!(matches!(b.next().await, LinkEvent::Down(down) if down == up.link));
}

#[tokio::test]
async fn a_packet_of_an_earlier_session_closes_the_link() {
    let mut b = start(node(2)).await;
    let earlier = ByHand::link_as(b.address, &[9; 32], 4).await;
    b.up().await;
    // The same identity, the same ephemeral key on this side, the same place in the count.
    let recorded = earlier.typing(0);
    drop(earlier);
    assert!(matches!(b.next().await, LinkEvent::Down(_)));
    let mut hand = ByHand::link_as(b.address, &[9; 32], 4).await;
    let up = b.up().await;
    hand.socket.write_all(&recorded).await.unwrap();
    assert!(matches!(b.next().await, LinkEvent::Down(down) if down == up.link));
}
