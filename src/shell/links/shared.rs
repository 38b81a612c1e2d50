//! What the tasks of links share, those of all circles and those of one.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::{Duration, Instant};

use ed25519_dalek::SigningKey;
use tokio::sync::{Semaphore, mpsc, watch};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::keyring::{CircleId, Keyring};
use crate::protocol::limits::{
    DEAD_MS, DRAIN_MS, HANDSHAKE_MS, PING_MS, REKEY_BYTES, REKEY_MS, REKEY_PACKETS,
    WRITE_TIMEOUT_MS,
};
use crate::protocol::packet::LinkId;
use crate::seal::GroupKey;
use crate::shell::link::LinkEvent;

/// Milliseconds that resolving a name, and connecting to one address, may each take.
pub const CONNECT_MS: u64 = 5_000;
/// Addresses of one name that are tried.
pub const RESOLVED_MAX: usize = 8;
/// Milliseconds in which a stopping node says `bye` on its links.
pub const STOP_MS: u64 = 1_000;

/// The times and amounts that a link goes by.
#[derive(Debug, Clone)]
pub struct Pace {
    /// See [`HANDSHAKE_MS`].
    pub handshake: Duration,
    /// See [`PING_MS`].
    pub ping: Duration,
    /// See [`DEAD_MS`].
    pub dead: Duration,
    /// See [`WRITE_TIMEOUT_MS`].
    pub write: Duration,
    /// See [`DRAIN_MS`].
    pub drain: Duration,
    /// See [`REKEY_MS`].
    pub rekey: Duration,
    /// See [`REKEY_PACKETS`].
    pub rekey_packets: u64,
    /// See [`REKEY_BYTES`].
    pub rekey_bytes: u64,
}

impl Default for Pace {
    fn default() -> Pace {
        Pace {
            handshake: Duration::from_millis(HANDSHAKE_MS),
            ping: Duration::from_millis(PING_MS),
            dead: Duration::from_millis(DEAD_MS),
            write: Duration::from_millis(WRITE_TIMEOUT_MS),
            drain: Duration::from_millis(DRAIN_MS),
            rekey: Duration::from_millis(REKEY_MS),
            rekey_packets: REKEY_PACKETS,
            rekey_bytes: REKEY_BYTES,
        }
    }
}

/// What the circles of a home share on their way to others.
pub(super) struct Common {
    /// Looked into for each hello and each dial: keys may change.
    pub(super) keyring: watch::Receiver<Keyring>,
    pub(super) listens: Vec<String>,
    pub(super) started: Instant,
    pub(super) wall: fn() -> u64,
    pub(super) pace: Pace,
    pub(super) stop: CancellationToken,
    /// The listener, and handshakes of those who came.
    pub(super) tasks: TaskTracker,
    pub(super) dialling: Semaphore,
    pub(super) last_link: AtomicU64,
    /// Whose links these are; who has stopped is gone.
    pub(super) circles: Mutex<BTreeMap<CircleId, Weak<Shared>>>,
}

impl Common {
    /// What the tasks of a circle's links share, while it is here.
    pub(super) fn circle(&self, circle: CircleId) -> Option<Arc<Shared>> {
        let circles = self.circles.lock().unwrap_or_else(PoisonError::into_inner);
        circles.get(&circle)?.upgrade()
    }

    /// Milliseconds on the node's monotonic clock.
    pub(super) fn now(&self) -> u64 {
        self.started.elapsed().as_millis() as u64
    }
}

/// What all tasks of one circle's links share.
pub(super) struct Shared {
    pub(super) common: Arc<Common>,
    pub(super) circle: CircleId,
    pub(super) key: SigningKey,
    pub(super) clock: Arc<AtomicU64>,
    pub(super) events: mpsc::Sender<LinkEvent>,
    pub(super) stop: CancellationToken,
    pub(super) tasks: TaskTracker,
    pub(super) dials: Arc<Semaphore>,
}

impl Shared {
    pub(super) fn next_link(&self) -> LinkId {
        LinkId(self.common.last_link.fetch_add(1, Ordering::Relaxed) + 1)
    }

    /// The circle's keys of this moment, the one to speak with first.
    pub(super) fn group_keys(&self) -> Vec<GroupKey> {
        self.common.keyring.borrow().of(self.circle).to_vec()
    }

    /// Hands an event to the owner, and waits until it has room. While stopping, no longer than
    /// [`STOP_MS`]; an owner that is gone needs no events.
    pub(super) async fn tell(&self, event: LinkEvent) {
        let late = async {
            self.stop.cancelled().await;
            tokio::time::sleep(Duration::from_millis(STOP_MS)).await;
        };
        tokio::select! {
            biased;
            _ = self.events.send(event) => {}
            () = late => {}
        }
    }
}
