//! Links between real sockets on the loopback interface.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::{Duration, Instant};

use ed25519_dalek::SigningKey;
use roda::protocol::entry::{CheckedRun, Place, Run, Said};
use roda::protocol::handshake::{Dialler, Local};
use roda::protocol::id::NodeId;
use roda::protocol::packet::{Lane, LinkId, Packet};
use roda::seal::{GroupKey, Sealer, seal_once};
use roda::shell::link::{LinkEvent, LinkSender};
use roda::shell::links::{Links, LinksConfig, Pace, wall_seconds};
use roda::wire::{append_frame, encode};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use zeroize::Zeroizing;

/// Far above what anything here takes; reached only where something hangs.
const HANGS: Duration = Duration::from_secs(20);

struct End {
    links: Links,
    events: mpsc::Receiver<LinkEvent>,
    address: SocketAddr,
    stop: CancellationToken,
    id: NodeId,
}

struct Up {
    link: LinkId,
    peer: NodeId,
    dialled: Option<String>,
    listens: Vec<String>,
    sender: LinkSender,
}

struct Setting {
    identity: u8,
    group: Vec<u8>,
    wall: fn() -> u64,
    pace: Pace,
}

impl Default for Setting {
    fn default() -> Setting {
        Setting { identity: 1, group: vec![9], wall: wall_seconds, pace: Pace::default() }
    }
}

fn node(identity: u8) -> Setting {
    Setting { identity, ..Setting::default() }
}

async fn start(setting: Setting) -> End {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let key = SigningKey::from_bytes(&[setting.identity; 32]);
    let id = NodeId(key.verifying_key().to_bytes());
    let (events_in, events) = mpsc::channel(64);
    let stop = CancellationToken::new();
    let config = LinksConfig {
        key,
        group_keys: setting
            .group
            .into_iter()
            .map(|byte| GroupKey::from_bytes([byte; 32]))
            .collect(),
        listens: vec![format!(":{}", address.port())],
        listener,
        started: Instant::now(),
        clock: Arc::new(AtomicU64::new(7)),
        wall: setting.wall,
        pace: setting.pace,
    };
    let links = Links::start(config, events_in, stop.clone());
    End { links, events, address, stop, id }
}

impl End {
    async fn event(&mut self) -> LinkEvent {
        timeout(HANGS, self.events.recv()).await.expect("an event comes").expect("tasks live")
    }

    async fn up(&mut self) -> Up {
        match self.event().await {
            LinkEvent::Up { link, peer, dialled, listens, sender, .. } => {
                Up { link, peer, dialled, listens, sender }
            }
            other => panic!("expected Up, got {other:?}"),
        }
    }

    /// The next event but for measured round trips.
    async fn next(&mut self) -> LinkEvent {
        loop {
            match self.event().await {
                LinkEvent::Rtt(..) => {}
                other => return other,
            }
        }
    }

    async fn received(&mut self) -> Packet {
        match self.next().await {
            LinkEvent::Received(_, packet) => packet,
            other => panic!("expected a packet, got {other:?}"),
        }
    }

    fn dial(&self, other: SocketAddr) {
        self.links.dial(other.to_string()).unwrap();
    }
}

async fn linked(a: Setting, b: Setting) -> (End, Up, End, Up) {
    let (mut a, mut b) = (start(a).await, start(b).await);
    a.dial(b.address);
    let (on_a, on_b) = (a.up().await, b.up().await);
    (a, on_a, b, on_b)
}

fn run(author: u8, body_bytes: usize) -> Arc<CheckedRun> {
    let key = SigningKey::from_bytes(&[author; 32]);
    let author = NodeId(key.verifying_key().to_bytes());
    let first = Place { author, seq: 1, prev: None, seen: None, lamport: 1 };
    Arc::new(Run::sign(first, vec![Said { at: 1, body: "x".repeat(body_bytes) }], &key))
}

#[tokio::test]
async fn a_dial_links_both_ways_and_packets_arrive_in_order() {
    let (mut a, on_a, mut b, on_b) = linked(node(1), node(2)).await;
    assert_eq!((on_a.peer, on_b.peer), (b.id, a.id));
    assert_eq!(on_a.dialled, Some(b.address.to_string()));
    assert_eq!(on_b.dialled, None);
    assert_eq!(on_a.listens, [format!(":{}", b.address.port())]);
    on_a.sender.try_send(Lane::Live, Packet::Typing).unwrap();
    on_a.sender.try_send(Lane::Live, Packet::Message(run(1, 10))).unwrap();
    on_b.sender.try_send(Lane::Live, Packet::Message(run(2, 10))).unwrap();
    assert_eq!(b.received().await, Packet::Typing);
    assert_eq!(b.received().await, Packet::Message(run(1, 10)));
    assert_eq!(a.received().await, Packet::Message(run(2, 10)));
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
    on_a.sender.try_send(Lane::Live, Packet::Typing).unwrap();
    assert_eq!(b.received().await, Packet::Typing);
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

/// A first frame made with this group key.
fn first_frame(group: u8) -> (Dialler, Vec<u8>) {
    let local = Local {
        key: SigningKey::from_bytes(&[3; 32]),
        listen: vec![],
        clock: 0,
        ephemeral: Zeroizing::new([4; 32]),
        time: 0,
        seal: seal_once,
    };
    Dialler::start(local, &GroupKey::from_bytes([group; 32]))
}

/// What comes back until the node closes.
async fn answer(to: SocketAddr, bytes: &[u8]) -> Vec<u8> {
    let mut socket = TcpStream::connect(to).await.unwrap();
    socket.write_all(bytes).await.unwrap();
    let mut back = Vec::new();
    // A reset where the node closed with bytes unread is an end too.
    let _ = timeout(HANGS, socket.read_to_end(&mut back)).await.expect("the node closes");
    back
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

/// A peer made by hand, so that it can misbehave after a good handshake.
struct ByHand {
    socket: TcpStream,
    sealer: Sealer,
}

impl ByHand {
    async fn link(to: SocketAddr) -> ByHand {
        let mut socket = TcpStream::connect(to).await.unwrap();
        let (dialler, m1) = first_frame(9);
        for byte in m1 {
            // One byte at a time: the stream's cuts mean nothing.
            socket.write_all(&[byte]).await.unwrap();
        }
        let m2 = ByHand::token(&mut socket).await;
        let (joining, m3) = dialler.answered(&m2).unwrap();
        socket.write_all(&m3).await.unwrap();
        let m4 = ByHand::token(&mut socket).await;
        let sealer = Sealer::new(&joining.joined(&m4).unwrap().send);
        ByHand { socket, sealer }
    }

    async fn token(socket: &mut TcpStream) -> Vec<u8> {
        let length = socket.read_u32().await.unwrap();
        let mut token = vec![0; length as usize];
        socket.read_exact(&mut token).await.unwrap();
        token
    }

    fn frame(&self, json: &[u8]) -> Vec<u8> {
        let mut frame = Vec::new();
        append_frame(&self.sealer.seal(json, 0), &mut frame);
        frame
    }

    async fn say(&mut self, json: &[u8]) {
        let frame = self.frame(json);
        self.socket.write_all(&frame).await.unwrap();
    }
}

/// A node, its link with a peer by hand, after one good packet.
async fn with_hand() -> (End, ByHand, Up) {
    let mut b = start(node(2)).await;
    let mut hand = ByHand::link(b.address).await;
    let up = b.up().await;
    hand.say(&encode(&Packet::Typing, 0)).await;
    assert_eq!(b.received().await, Packet::Typing);
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
async fn a_packet_number_repeated_or_skipped_closes_the_link() {
    closes_on(&encode(&Packet::Typing, 0)).await;
    closes_on(&encode(&Packet::Typing, 2)).await;
}

#[tokio::test]
async fn a_frame_replayed_byte_for_byte_closes_the_link() {
    let (mut b, mut hand, up) = with_hand().await;
    let frame = hand.frame(&encode(&Packet::Typing, 1));
    hand.socket.write_all(&[&frame[..], &frame].concat()).await.unwrap();
    assert_eq!(b.received().await, Packet::Typing);
    assert!(matches!(b.next().await, LinkEvent::Down(down) if down == up.link));
}

#[tokio::test]
async fn a_malformed_packet_or_a_forged_run_closes_the_link() {
    closes_on(b"not json").await;
    closes_on(br#"{"tag":"ping","n":1}"#).await;
    closes_on(br#"{"tag":"typing","n":1,"deep":[[[[[[[[[]]]]]]]]]}"#).await;
    let forged = String::from_utf8(encode(&Packet::Message(run(3, 5)), 1)).unwrap();
    closes_on(forged.replace("xxxxx", "xyxxx").as_bytes()).await;
}

#[tokio::test]
async fn a_packet_of_a_newer_version_is_skipped_and_counted() {
    let (mut b, mut hand, _up) = with_hand().await;
    hand.say(br#"{"tag":"hologram","n":1,"depth":3}"#).await;
    hand.say(&encode(&Packet::Message(run(3, 5)), 2)).await;
    assert_eq!(b.received().await, Packet::Message(run(3, 5)));
}

#[tokio::test]
async fn a_frame_cut_into_single_bytes_arrives_whole() {
    let (mut b, mut hand, _up) = with_hand().await;
    for byte in hand.frame(&encode(&Packet::Message(run(3, 5)), 1)) {
        hand.socket.write_all(&[byte]).await.unwrap();
    }
    assert_eq!(b.received().await, Packet::Message(run(3, 5)));
}

#[tokio::test]
async fn a_stream_that_ends_inside_a_frame_ends_the_link_once() {
    let (mut b, mut hand, up) = with_hand().await;
    let frame = hand.frame(&encode(&Packet::Typing, 1));
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
        let history = Packet::History(vec![run(3, 32 * 1024)]);
        on_a.sender.try_send(Lane::History, history).unwrap();
    }
    on_a.sender.try_send(Lane::Live, Packet::Typing).unwrap();
    let mut before = 0;
    while b.received().await != Packet::Typing {
        before += 1;
    }
    // The runtime has one thread: all was queued before the link's task saw any of it.
    assert_eq!(before, 0);
}

#[tokio::test]
async fn the_owner_hears_when_history_is_written_out() {
    let (mut a, on_a, mut b, _on_b) = linked(node(1), node(2)).await;
    let runs = vec![run(3, 32 * 1024); 12];
    on_a.sender.try_send(Lane::History, Packet::History(runs)).unwrap();
    assert!(matches!(a.next().await, LinkEvent::Drained(link) if link == on_a.link));
    let mut got = 0;
    while got < 12 {
        let Packet::History(runs) = b.received().await else { panic!("history") };
        got += runs.len();
    }
    assert_eq!(on_a.sender.queued(), 0);
}

#[tokio::test]
async fn a_peer_that_takes_nothing_fills_the_queue_and_loses_its_link() {
    let (mut b, _hand, link) = {
        let mut b = start(node(2)).await;
        let hand = ByHand::link(b.address).await;
        let up = b.up().await;
        let history = || Packet::History(vec![run(3, 32 * 1024)]);
        let mut taken = 0;
        while up.sender.try_send(Lane::History, history()).is_ok() {
            taken += 1;
            assert!(taken < 10_000, "the queue has no bound");
            tokio::task::yield_now().await;
        }
        (b, hand, up.link)
    };
    loop {
        match b.next().await {
            LinkEvent::Down(down) => break assert_eq!(down, link),
            LinkEvent::Drained(_) => {}
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn a_drained_link_delivers_what_was_queued_in_both_directions() {
    let (mut a, on_a, mut b, on_b) = linked(node(1), node(2)).await;
    on_a.sender.try_send(Lane::History, Packet::History(vec![run(3, 9)])).unwrap();
    on_a.sender.try_send(Lane::Live, Packet::Message(run(1, 9))).unwrap();
    on_a.sender.drain();
    on_b.sender.try_send(Lane::Live, Packet::Message(run(2, 9))).unwrap();
    assert_eq!(b.received().await, Packet::Message(run(1, 9)));
    assert_eq!(b.received().await, Packet::History(vec![run(3, 9)]));
    assert!(matches!(b.next().await, LinkEvent::Down(down) if down == on_b.link));
    let mut got = vec![a.next().await, a.next().await, a.next().await];
    assert!(matches!(got.pop(), Some(LinkEvent::Down(down)) if down == on_a.link));
    assert!(got.iter().any(|event| matches!(event, LinkEvent::Received(_, Packet::Message(_)))));
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
    on_a.sender.try_send(Lane::Live, Packet::Message(run(1, 9))).unwrap();
    a.stop.cancel();
    assert_eq!(b.received().await, Packet::Message(run(1, 9)));
    assert_eq!(b.received().await, Packet::Bye);
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
        on_a.sender.try_send(Lane::Live, Packet::Typing).unwrap();
    }
    assert!(matches!(a.next().await, LinkEvent::RekeyDue(link) if link == on_a.link));
    for _ in 0..9 {
        assert_eq!(b.received().await, Packet::Typing);
    }
    a.stop.cancel();
    timeout(HANGS, a.links.stopped()).await.unwrap();
    assert!(matches!(a.next().await, LinkEvent::Down(_)), "told once");
    assert_eq!(b.received().await, Packet::Bye);
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

#[tokio::test]
async fn silent_connections_do_not_keep_a_member_out() {
    let mut b = start(node(2)).await;
    let mut silent = Vec::new();
    for _ in 0..100 {
        silent.push(TcpStream::connect(b.address).await.unwrap());
    }
    let a = start(node(1)).await;
    a.dial(b.address);
    assert_eq!(b.up().await.peer, a.id);
    // The oldest gave way at once, long before a handshake's time was over.
    let end = timeout(HANGS, silent[0].read(&mut [0; 1])).await.unwrap();
    assert!(matches!(end, Ok(0) | Err(_)));
}
