//! Strangers, misbehaving members and broken streams: nobody gets more than their due.

use std::time::Duration;

use crate::ends::hand::{ByHand, answer, first_frame};
use crate::ends::{End, HANGS, Setting, TYPING, Up, history, message, node, run, start};
use roda::protocol::packet::Lane;
use roda::shell::link::LinkEvent;
use roda::shell::links::Pace;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// A node, its link with a peer by hand, after one good packet.
async fn with_hand() -> (End, ByHand, Up) {
    let mut b = start(node(2)).await;
    let mut hand = ByHand::link(b.address).await;
    let up = b.up().await;
    hand.say(&TYPING.encode(0)).await;
    assert_eq!(b.received().await, TYPING);
    (b, hand, up)
}

async fn closes_on(json: &[u8]) {
    let (mut b, mut hand, up) = with_hand().await;
    hand.say(json).await;
    let shown = String::from_utf8_lossy(json);
    match b.next().await {
        LinkEvent::Down(down) => assert_eq!(down, up.link, "{shown}"),
        other => panic!("{shown}: {other:?}"),
    }
}

#[tokio::test]
async fn a_stranger_gets_not_one_byte() {
    let b = start(node(2)).await;
    let mut damaged = first_frame(9).1;
    let last = damaged.len() - 10;
    damaged[last] ^= 1;
    let huge = [0xff; 64].to_vec();
    for bytes in [first_frame(8).1, damaged, huge, b"GET / HTTP/1.1\r\n\r\n".to_vec()] {
        assert_eq!(answer(b.address, &bytes).await, b"");
    }
}

#[tokio::test]
async fn a_replayed_first_frame_leads_to_no_link() {
    let mut b = start(Setting {
        pace: Pace { handshake: Duration::from_millis(200), ..Pace::default() },
        ..node(2)
    })
    .await;
    let recorded = first_frame(9).1;
    let first = answer(b.address, &recorded).await;
    let second = answer(b.address, &recorded).await;
    assert!(!first.is_empty() && first != second, "every answer has a fresh ephemeral key");
    // Whoever replays cannot make M3; neither does the M3 of another handshake fit.
    let (dialler, _) = first_frame(9);
    assert!(dialler.answered(&second[4..]).is_err(), "M2 answers one M1's very bytes");
    assert!(b.events.try_recv().is_err());
}

#[tokio::test]
async fn a_packet_number_repeated_or_skipped_closes_the_link() {
    closes_on(&TYPING.encode(0)).await;
    closes_on(&TYPING.encode(2)).await;
}

#[tokio::test]
async fn a_frame_replayed_byte_for_byte_closes_the_link() {
    let (mut b, mut hand, up) = with_hand().await;
    let frame = hand.frame(&TYPING.encode(1));
    hand.socket.write_all(&[&frame[..], &frame].concat()).await.unwrap();
    assert_eq!(b.received().await, TYPING);
    assert!(matches!(b.next().await, LinkEvent::Down(down) if down == up.link));
}

#[tokio::test]
async fn a_malformed_packet_or_a_forged_run_closes_the_link() {
    closes_on(b"not json").await;
    closes_on(br#"{"tag":"ping","n":1}"#).await;
    closes_on(br#"{"tag":"typing","n":1,"deep":[[[[[[[[[]]]]]]]]]}"#).await;
    let forged = String::from_utf8(message(run(3, 5)).encode(1)).unwrap();
    closes_on(forged.replace("xxxxx", "xyxxx").as_bytes()).await;
}

#[tokio::test]
async fn a_packet_of_a_newer_version_is_skipped_and_counted() {
    let (mut b, mut hand, _up) = with_hand().await;
    hand.say(br#"{"tag":"hologram","n":1,"depth":3}"#).await;
    hand.say(&message(run(3, 5)).encode(2)).await;
    assert_eq!(b.received().await, message(run(3, 5)));
}

#[tokio::test]
async fn a_frame_cut_into_single_bytes_arrives_whole() {
    let (mut b, mut hand, _up) = with_hand().await;
    for byte in hand.frame(&message(run(3, 5)).encode(1)) {
        hand.socket.write_all(&[byte]).await.unwrap();
    }
    assert_eq!(b.received().await, message(run(3, 5)));
}

#[tokio::test]
async fn a_stream_that_ends_inside_a_frame_ends_the_link_once() {
    let (mut b, mut hand, up) = with_hand().await;
    let frame = hand.frame(&TYPING.encode(1));
    hand.socket.write_all(&frame[..20]).await.unwrap();
    drop(hand);
    assert!(matches!(b.next().await, LinkEvent::Down(down) if down == up.link));
    b.stop.cancel();
    timeout(HANGS, b.links.stopped()).await.unwrap();
    assert!(b.events.try_recv().is_err(), "Down came twice");
}

#[tokio::test]
async fn a_length_above_the_limit_closes_the_link() {
    let (mut b, mut hand, up) = with_hand().await;
    hand.socket.write_all(&[0xff; 4]).await.unwrap();
    assert!(matches!(b.next().await, LinkEvent::Down(down) if down == up.link));
}

#[tokio::test]
async fn a_silent_peer_is_dead_after_its_time_though_pings_are_sent() {
    let pace = Pace {
        ping: Duration::from_millis(10),
        dead: Duration::from_millis(300),
        ..Pace::default()
    };
    let mut b = start(Setting { pace, ..node(2) }).await;
    let hand = ByHand::link(b.address).await;
    let up = b.up().await;
    assert!(matches!(b.next().await, LinkEvent::Down(down) if down == up.link));
    drop(hand);
}

#[tokio::test]
async fn a_peer_that_takes_nothing_fills_the_queue_and_loses_its_link() {
    let (mut b, _hand, link) = {
        let mut b = start(node(2)).await;
        let hand = ByHand::link(b.address).await;
        let up = b.up().await;
        let long = || history(vec![run(3, 32 * 1024)]);
        let mut taken = 0;
        while up.sender.try_send(Lane::History, long()).is_ok() {
            taken += 1;
            assert!(taken < 10_000, "the queue has no bound");
            tokio::task::yield_now().await;
        }
        assert!(up.sender.try_send(Lane::History, long()).is_ok(), "and it says so once");
        (b, hand, up.link)
    };
    loop {
        match b.next().await {
            LinkEvent::Down(down) => break assert_eq!(down, link),
            LinkEvent::Written(..) => {}
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn silent_connections_do_not_keep_a_member_out() {
    // Their time is never over: only giving way closes them.
    let pace = Pace { handshake: HANGS * 100, ..Pace::default() };
    let mut b = start(Setting { pace, ..node(2) }).await;
    let mut silent = Vec::new();
    for _ in 0..200 {
        silent.push(TcpStream::connect(b.address).await.unwrap());
    }
    let a = start(node(1)).await;
    a.dial(b.address);
    assert_eq!(b.up().await.peer, a.id);
    let end = timeout(HANGS, silent[0].read(&mut [0; 1])).await.unwrap();
    assert!(matches!(end, Ok(0) | Err(_)));
}
