//! Streams that end, or stop, inside a frame of the handshake.

use roda::shell::link::LinkEvent;
use roda::shell::links::Pace;
use std::time::Duration;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::ends::hand::{ByHand, answer, answer_to_all_of, first_frame, token, until_closed};
use crate::ends::{End, HANGS, Setting, node, start};

/// Up to M3, which is not sent yet.
async fn halfway(end: &End) -> (TcpStream, Vec<u8>) {
    let mut socket = TcpStream::connect(end.address).await.unwrap();
    let (dialler, m1) = first_frame(9);
    socket.write_all(&m1).await.unwrap();
    let m3 = dialler.answered(&token(&mut socket).await).unwrap().1;
    (socket, m3)
}

#[tokio::test]
async fn a_hello_cut_off_anywhere_gets_not_one_byte() {
    let mut end = start(node(2)).await;
    let m1 = first_frame(9).1;
    for cut in 0..m1.len() {
        assert_eq!(answer_to_all_of(end.address, &m1[..cut]).await, b"", "cut after {cut}");
    }
    assert!(!answer_to_all_of(end.address, &m1).await.is_empty(), "the whole of it is answered");
    assert!(end.events.try_recv().is_err());
}

#[tokio::test]
async fn a_join_cut_off_anywhere_gets_nothing_more_and_no_link() {
    let mut end = start(node(2)).await;
    let length = halfway(&end).await.1.len();
    for cut in 0..length {
        let (mut socket, m3) = halfway(&end).await;
        socket.write_all(&m3[..cut.min(m3.len() - 1)]).await.unwrap();
        socket.shutdown().await.unwrap();
        assert_eq!(until_closed(&mut socket).await, b"", "cut after {cut}");
    }
    assert!(end.events.try_recv().is_err());
}

#[tokio::test]
async fn a_packet_cut_off_anywhere_ends_its_link_and_no_other() {
    let mut end = start(node(2)).await;
    let length = {
        let hand = ByHand::link(end.address).await;
        hand.typing(0).len()
    };
    assert!(matches!(end.next().await, LinkEvent::Up { .. }));
    assert!(matches!(end.next().await, LinkEvent::Down(_)));
    for cut in (0..length).step_by(7) {
        let mut hand = ByHand::link(end.address).await;
        let up = end.up().await;
        let frame = hand.typing(0);
        hand.socket.write_all(&frame[..cut]).await.unwrap();
        drop(hand);
        assert!(matches!(end.next().await, LinkEvent::Down(down) if down == up.link), "{cut}");
    }
}

#[tokio::test]
async fn a_handshake_that_stops_anywhere_is_ended_from_here() {
    let pace = Pace { handshake: Duration::from_millis(100), ..Pace::default() };
    let mut end = start(Setting { pace, ..node(2) }).await;
    let m1 = first_frame(9).1;
    for cut in [0, 1, 4, 5, m1.len() - 1] {
        assert_eq!(answer(end.address, &m1[..cut]).await, b"", "stopped after {cut}");
    }
    for cut in [0, 1, 4, 5] {
        let (mut socket, m3) = halfway(&end).await;
        socket.write_all(&m3[..cut]).await.unwrap();
        assert_eq!(until_closed(&mut socket).await, b"", "stopped after {cut}");
    }
    end.stop.cancel();
    timeout(HANGS, end.links.stopped()).await.unwrap();
    assert!(end.events.try_recv().is_err());
}
