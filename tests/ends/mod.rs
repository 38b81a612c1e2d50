//! Ends of links over the loopback interface.
#![allow(dead_code)] // each test file uses its part

pub mod greeted;
pub mod hand;

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::{Duration, Instant};

use ed25519_dalek::SigningKey;
use roda::keyring::{CircleId, Keyring};
use roda::protocol::entry::{CheckedRun, Said};
use roda::protocol::id::NodeId;
use roda::protocol::packet::circle::{self, Typing};
use roda::protocol::packet::mesh::{self, Bye};
use roda::protocol::packet::{LinkId, Packet};
use roda::seal::GroupKey;
use roda::shell::clock::wall_seconds;
use roda::shell::link::{LinkEvent, LinkSender};
use roda::shell::links::{Links, Oneself, Pace, Port, PortConfig};
use tokio::net::TcpListener;
use tokio::sync::{mpsc, watch};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use crate::author::Author;

/// Far above what anything here takes; reached only where something hangs.
pub const HANGS: Duration = Duration::from_secs(20);

pub const TYPING: Packet = Packet::Circle(circle::Packet::Typing(Typing));
pub const BYE: Packet = Packet::Mesh(mesh::Packet::Bye(Bye));

pub struct End {
    pub port: Port,
    pub keyring: watch::Sender<Keyring>,
    pub links: Links,
    pub events: mpsc::Receiver<LinkEvent>,
    pub address: SocketAddr,
    pub stop: CancellationToken,
    pub id: NodeId,
}

pub struct Up {
    pub circle: CircleId,
    pub link: LinkId,
    pub peer: NodeId,
    pub dialled: Option<String>,
    pub listens: Vec<String>,
    pub sender: LinkSender,
}

pub struct Setting {
    pub identity: u8,
    pub group: Vec<u8>,
    pub wall: fn() -> u64,
    pub pace: Pace,
}

impl Default for Setting {
    fn default() -> Setting {
        Setting { identity: 1, group: vec![9], wall: wall_seconds, pace: Pace::default() }
    }
}

pub fn node(identity: u8) -> Setting {
    Setting { identity, ..Setting::default() }
}

pub async fn start(setting: Setting) -> End {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let key = SigningKey::from_bytes(&[setting.identity; 32]);
    let id = NodeId(key.verifying_key().to_bytes());
    let (events_in, events) = mpsc::channel(64);
    let stop = CancellationToken::new();
    let mut ring = Keyring::default();
    let keys = setting.group.into_iter().map(|byte| GroupKey::from_bytes([byte; 32]));
    ring.put(CircleId::FIRST, keys.collect());
    let keyring = watch::Sender::new(ring);
    let config = PortConfig {
        keyring: keyring.subscribe(),
        listens: vec![format!(":{}", address.port())],
        started: Instant::now(),
        wall: setting.wall,
        pace: setting.pace,
    };
    let port = Port::new(config, stop.clone());
    let oneself = Oneself { circle: CircleId::FIRST, key, clock: Arc::new(AtomicU64::new(7)) };
    let links = port.enter(oneself, events_in, stop.clone());
    port.listen(listener);
    End { port, keyring, links, events, address, stop, id }
}

impl End {
    pub async fn event(&mut self) -> LinkEvent {
        timeout(HANGS, self.events.recv()).await.expect("an event comes").expect("tasks live")
    }

    pub async fn up(&mut self) -> Up {
        match self.event().await {
            LinkEvent::Up { circle, link, peer, dialled, listens, sender, .. } => {
                Up { circle, link, peer, dialled, listens, sender }
            }
            other => panic!("expected Up, got {other:?}"),
        }
    }

    /// The next event but for measured round trips.
    pub async fn next(&mut self) -> LinkEvent {
        loop {
            match self.event().await {
                LinkEvent::Rtt(..) => {}
                other => return other,
            }
        }
    }

    pub async fn received(&mut self) -> Packet {
        match self.next().await {
            LinkEvent::Received(_, packet) => packet,
            other => panic!("expected a packet, got {other:?}"),
        }
    }

    pub fn dial(&self, other: SocketAddr) {
        self.links.dial(other.to_string()).unwrap();
    }
}

pub async fn linked(a: Setting, b: Setting) -> (End, Up, End, Up) {
    let (mut a, mut b) = (start(a).await, start(b).await);
    a.dial(b.address);
    let (on_a, on_b) = (a.up().await, b.up().await);
    (a, on_a, b, on_b)
}

pub fn run(author: u8, body_bytes: usize) -> Arc<CheckedRun> {
    Author::new(author).signs(vec![Said { at: 1, body: "x".repeat(body_bytes) }], None)
}

pub fn message(run: Arc<CheckedRun>) -> Packet {
    circle::Packet::Message(run).into()
}

pub fn history(runs: Vec<Arc<CheckedRun>>) -> Packet {
    circle::Packet::History(runs).into()
}
