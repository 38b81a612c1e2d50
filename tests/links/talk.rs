//! Two nodes' links: what a dial gives, how packets travel, how links end.

use crate::ends::{BYE, HANGS, Setting, TYPING, history, linked, message, node, run, start};
use roda::protocol::limits::SEND_QUEUE_BYTES_MAX;
use roda::protocol::packet::{Lane, Packet, circle};
use roda::shell::link::LinkEvent;
use roda::shell::links::Pace;
use tokio::net::TcpListener;
use tokio::time::timeout;

#[tokio::test]
async fn a_dial_links_both_ways_and_packets_arrive_in_order() {
    let (mut a, on_a, mut b, on_b) = linked(node(1), node(2)).await;
    assert_eq!((on_a.peer, on_b.peer), (b.id, a.id));
    assert_eq!(on_a.dialled, Some(b.address.to_string()));
    assert_eq!(on_b.dialled, None);
    assert_eq!(on_a.listens, [format!(":{}", b.address.port())]);
    on_a.sender.try_send(Lane::Live, TYPING).unwrap();
    on_a.sender.try_send(Lane::Live, message(run(1, 10))).unwrap();
    on_b.sender.try_send(Lane::Live, message(run(2, 10))).unwrap();
    assert_eq!(b.received().await, TYPING);
    assert_eq!(b.received().await, message(run(1, 10)));
    assert_eq!(a.received().await, message(run(2, 10)));
}

#[tokio::test]
async fn a_round_trip_is_measured_without_the_owner_answering() {
    let (mut a, on_a, _b, _on_b) = linked(node(1), node(2)).await;
    assert!(matches!(a.event().await, LinkEvent::Rtt(link, ms) if link == on_a.link && ms < 5_000));
}

#[tokio::test]
async fn members_whose_wall_clocks_are_years_apart_link() {
    let past = Setting { wall: || 0, ..node(1) };
    let future = Setting { wall: || 40_000_000_000, ..node(2) };
    let (_a, on_a, mut b, _on_b) = linked(past, future).await;
    on_a.sender.try_send(Lane::Live, TYPING).unwrap();
    assert_eq!(b.received().await, TYPING);
}

#[tokio::test]
async fn another_group_key_gets_no_link_and_a_reason() {
    let mut a = start(Setting { group: vec![8], ..node(1) }).await;
    let b = start(node(2)).await;
    a.dial(b.address);
    match a.event().await {
        LinkEvent::DialFailed { address, reason } => {
            assert_eq!(address, b.address.to_string());
            assert!(reason.contains("another group key"), "{reason}");
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_node_that_dials_itself_learns_so_and_gets_no_link() {
    let mut a = start(node(1)).await;
    a.dial(a.address);
    assert!(matches!(a.event().await, LinkEvent::DialledSelf(to) if to == a.address.to_string()));
    a.stop.cancel();
    timeout(HANGS, a.links.stopped()).await.unwrap();
    assert!(a.events.try_recv().is_err());
}

#[tokio::test]
async fn nodes_that_share_either_of_two_keys_link_during_a_rotation() {
    for (dialler, listener) in
        [(vec![8, 9], vec![9]), (vec![9], vec![8, 9]), (vec![8, 9], vec![9, 8])]
    {
        let a = Setting { group: dialler, ..node(1) };
        let b = Setting { group: listener, ..node(2) };
        linked(a, b).await;
    }
}

#[tokio::test]
async fn live_packets_overtake_history() {
    let (_a, on_a, mut b, _on_b) = linked(node(1), node(2)).await;
    for _ in 0..60 {
        let runs = vec![run(3, 32 * 1024)];
        on_a.sender.try_send(Lane::History, history(runs)).unwrap();
    }
    on_a.sender.try_send(Lane::Live, TYPING).unwrap();
    let mut before = 0;
    while b.received().await != TYPING {
        before += 1;
    }
    // The runtime has one thread: all was queued before the link's task saw any of it.
    assert_eq!(before, 0);
}

#[tokio::test]
async fn the_owner_hears_of_each_packet_of_history_once_it_is_written_and_of_no_other() {
    let (mut a, on_a, mut b, _on_b) = linked(node(1), node(2)).await;
    // Some are written before the next is queued; some do not fit one frame.
    for _ in 0..3 {
        let runs = vec![run(3, 32 * 1024); 12];
        on_a.sender.try_send(Lane::History, history(runs)).unwrap();
        on_a.sender.try_send(Lane::Live, TYPING).unwrap();
        tokio::task::yield_now().await;
    }
    let mut written = 0;
    while written < 3 {
        let LinkEvent::Written(link, packets) = a.next().await else { panic!("written") };
        assert_eq!(link, on_a.link);
        written += packets;
    }
    assert_eq!(written, 3);
    let mut got = 0;
    while got < 3 * 12 {
        if let Packet::Circle(circle::Packet::History(runs)) = b.received().await {
            got += runs.len();
        }
    }
    // And what is written weighs no longer: as much as a queue may ever hold finds room.
    let one = run(3, 32 * 1024);
    let all = SEND_QUEUE_BYTES_MAX / (one.bytes() + 1) - 1;
    on_a.sender.try_send(Lane::History, history(vec![one; all])).unwrap();
    while got < 3 * 12 + all {
        if let Packet::Circle(circle::Packet::History(runs)) = b.received().await {
            got += runs.len();
        }
    }
    assert!(matches!(a.next().await, LinkEvent::Written(_, 1)));
    a.stop.cancel();
    assert!(matches!(a.next().await, LinkEvent::Down(_)), "nothing is told twice");
}

#[tokio::test]
async fn a_drained_link_delivers_what_was_queued_in_both_directions() {
    let (mut a, on_a, mut b, on_b) = linked(node(1), node(2)).await;
    on_a.sender.try_send(Lane::History, history(vec![run(3, 9)])).unwrap();
    on_a.sender.try_send(Lane::Live, message(run(1, 9))).unwrap();
    on_a.sender.drain();
    on_b.sender.try_send(Lane::Live, message(run(2, 9))).unwrap();
    assert_eq!(b.received().await, message(run(1, 9)));
    assert_eq!(b.received().await, history(vec![run(3, 9)]));
    assert!(matches!(b.next().await, LinkEvent::Down(down) if down == on_b.link));
    let mut got = vec![a.next().await, a.next().await, a.next().await];
    assert!(matches!(got.pop(), Some(LinkEvent::Down(down)) if down == on_a.link));
    let last = message(run(2, 9));
    let is_last = |event: &LinkEvent| matches!(event, LinkEvent::Received(_, it) if *it == last);
    assert!(got.iter().any(is_last));
}

#[tokio::test]
async fn a_closed_link_is_down_at_both_ends() {
    let (mut a, on_a, mut b, on_b) = linked(node(1), node(2)).await;
    on_a.sender.close();
    assert!(matches!(a.next().await, LinkEvent::Down(down) if down == on_a.link));
    assert!(matches!(b.next().await, LinkEvent::Down(down) if down == on_b.link));
}

#[tokio::test]
async fn a_stopping_node_says_bye_after_its_last_words() {
    let (mut a, on_a, mut b, on_b) = linked(node(1), node(2)).await;
    on_a.sender.try_send(Lane::Live, message(run(1, 9))).unwrap();
    a.stop.cancel();
    assert_eq!(b.received().await, message(run(1, 9)));
    assert_eq!(b.received().await, BYE);
    assert!(matches!(b.next().await, LinkEvent::Down(down) if down == on_b.link));
    assert!(matches!(a.next().await, LinkEvent::Down(down) if down == on_a.link));
    timeout(HANGS, a.links.stopped()).await.unwrap();
}

#[tokio::test]
async fn the_dialling_side_alone_is_told_once_that_a_new_handshake_is_due() {
    let pace = Pace { rekey_packets: 3, ..Pace::default() };
    let a = Setting { pace: pace.clone(), ..node(1) };
    let (mut a, on_a, mut b, _on_b) = linked(a, Setting { pace, ..node(2) }).await;
    for _ in 0..9 {
        on_a.sender.try_send(Lane::Live, TYPING).unwrap();
    }
    assert!(matches!(a.next().await, LinkEvent::RekeyDue(link) if link == on_a.link));
    for _ in 0..9 {
        assert_eq!(b.received().await, TYPING);
    }
    a.stop.cancel();
    timeout(HANGS, a.links.stopped()).await.unwrap();
    assert!(matches!(a.next().await, LinkEvent::Down(_)), "told once");
    assert_eq!(b.received().await, BYE);
}

#[tokio::test]
async fn a_dial_to_nowhere_fails_with_a_reason_and_what_to_check() {
    let mut a = start(node(1)).await;
    let closed = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    for address in [closed.to_string(), "no port".to_owned()] {
        a.links.dial(address.clone()).unwrap();
        match a.event().await {
            LinkEvent::DialFailed { address: to, reason } => {
                assert_eq!(to, address);
                assert!(reason.contains("check"), "{reason}");
            }
            other => panic!("{other:?}"),
        }
    }
}
