//! Several circles behind one port, and keys that change while it is open.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use ed25519_dalek::SigningKey;
use roda::keyring::CircleId;
use roda::protocol::id::NodeId;
use roda::protocol::packet::Lane;
use roda::seal::GroupKey;
use roda::shell::link::LinkEvent;
use roda::shell::links::{Links, Oneself};
use tokio::sync::mpsc;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use crate::ends::hand::{answer, first_frame};
use crate::ends::{BYE, End, HANGS, Setting, TYPING, node, start};

const SECOND: CircleId = CircleId(2);

/// What a node is in another circle, behind the same port.
struct Side {
    id: NodeId,
    links: Links,
    events: mpsc::Receiver<LinkEvent>,
    stop: CancellationToken,
}

fn keys(bytes: &[u8]) -> Vec<GroupKey> {
    bytes.iter().map(|byte| GroupKey::from_bytes([*byte; 32])).collect()
}

/// Enters the second circle, as another member.
fn enter(home: &End, identity: u8, group: u8) -> Side {
    home.keyring.send_modify(|ring| ring.put(SECOND, keys(&[group])));
    let key = SigningKey::from_bytes(&[identity; 32]);
    let id = NodeId(key.verifying_key().to_bytes());
    let (events_in, events) = mpsc::channel(64);
    let stop = CancellationToken::new();
    let oneself = Oneself { circle: SECOND, key, clock: Arc::new(AtomicU64::new(0)) };
    let links = home.port.enter(oneself, events_in, stop.clone());
    Side { id, links, events, stop }
}

impl Side {
    async fn event(&mut self) -> LinkEvent {
        timeout(HANGS, self.events.recv()).await.expect("an event comes").expect("tasks live")
    }
}

/// A member of the circle with this key.
async fn member(identity: u8, group: u8) -> End {
    start(Setting { group: vec![group], ..node(identity) }).await
}

#[tokio::test]
async fn each_circle_of_a_home_is_reached_at_one_port_and_gets_its_own_links_alone() {
    let mut home = member(1, 9).await;
    let mut second = enter(&home, 4, 8);
    let (mut of_first, mut of_second) = (member(2, 9).await, member(3, 8).await);
    of_first.dial(home.address);
    of_second.dial(home.address);
    let up = home.up().await;
    assert_eq!((up.circle, up.peer), (CircleId::FIRST, of_first.id));
    let up = second.event().await;
    match &up {
        LinkEvent::Up { circle, peer, .. } => assert_eq!((*circle, *peer), (SECOND, of_second.id)),
        other => panic!("{other:?}"),
    }
    // To each it is another member.
    assert_eq!(of_first.up().await.peer, home.id);
    let to_second = of_second.up().await;
    assert_eq!(to_second.peer, second.id);
    to_second.sender.try_send(Lane::Live, TYPING).unwrap();
    loop {
        match second.event().await {
            LinkEvent::Rtt(..) => {}
            LinkEvent::Received(_, packet) => break assert_eq!(packet, TYPING),
            other => panic!("{other:?}"),
        }
    }
    assert!(!matches!(home.events.try_recv(), Ok(LinkEvent::Received(..))));
}

#[tokio::test]
async fn a_dial_is_made_as_a_member_of_the_circle_that_dials() {
    let home = member(1, 9).await;
    let second = enter(&home, 4, 8);
    let mut of_second = member(3, 8).await;
    second.links.dial(of_second.address.to_string()).unwrap();
    assert_eq!(of_second.up().await.peer, second.id);
}

#[tokio::test]
async fn who_stops_in_one_circle_stays_in_the_others() {
    let mut home = member(1, 9).await;
    let mut second = enter(&home, 4, 8);
    let mut of_second = member(3, 8).await;
    of_second.dial(home.address);
    let (_of_second, _of_home) = (of_second.up().await, second.event().await);
    second.stop.cancel();
    assert_eq!(of_second.received().await, BYE);
    timeout(HANGS, second.links.stopped()).await.unwrap();
    // Its key is still known, and nobody is there.
    assert_eq!(answer(home.address, &first_frame(8).1).await, b"");
    let of_first = member(2, 9).await;
    of_first.dial(home.address);
    assert_eq!(home.up().await.peer, of_first.id);
    // And who comes back is there again, as somebody else.
    let second = enter(&home, 5, 8);
    of_second.dial(home.address);
    loop {
        match of_second.next().await {
            LinkEvent::Up { peer, .. } => break assert_eq!(peer, second.id),
            LinkEvent::Down(_) => {}
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn a_key_counts_from_the_next_handshake_on_and_no_longer_than_it_is_on_the_keyring() {
    let mut home = member(1, 9).await;
    let mut other = member(2, 8).await;
    let put =
        |group: &[u8]| home.keyring.send_modify(|ring| ring.put(CircleId::FIRST, keys(group)));
    assert_eq!(answer(home.address, &first_frame(8).1).await, b"");
    put(&[8, 9]);
    other.dial(home.address);
    let of_other = other.up().await;
    assert_eq!(of_other.peer, home.id);
    put(&[9]);
    assert_eq!(answer(home.address, &first_frame(8).1).await, b"");
    // A dial too is made with what is on it then.
    put(&[8]);
    let of_home = home.up().await;
    assert_eq!(of_home.peer, other.id);
    home.dial(other.address);
    let up = home.next().await;
    assert!(matches!(up, LinkEvent::Up { dialled: Some(_), .. }), "{up:?}");
}
