//! Links: the port, dialling, handshakes, and one task per link that seals, opens, encodes and
//! checks, so that the owner gets only what is proven.
//!
//! A home has one [`Port`], and each of its circles [`Links`] of its own there: the key that opens
//! a hello says whose it is.
//!
//! [`LinkEvent::Up`] comes before anything else of a link, [`LinkEvent::Down`] once and last. Which
//! of two links with one peer stays is the owner's to decide.

mod dial;
mod greet;
mod link;
mod listen;
mod reader;
mod shared;
mod stream;
mod task;
mod writer;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use ed25519_dalek::SigningKey;
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, mpsc, watch};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

pub use self::shared::{CONNECT_MS, Pace, RESOLVED_MAX, STOP_MS};
use self::shared::{Common, Shared};
use crate::keyring::{CircleId, Keyring};
use crate::shell::link::LinkEvent;

/// Dials of all circles at work at once; more wait their turn.
pub const DIALS_MAX: usize = 16;
/// Dials of one circle at work and waiting; one more is refused.
pub const DIALS_WAITING_MAX: usize = 256;

/// What a home's port is made with.
pub struct PortConfig {
    /// The keys that hellos are opened with, and dials made with; looked up each time.
    pub keyring: watch::Receiver<Keyring>,
    /// Where this node says it listens; `":PORT"` alone means at the address that others see.
    pub listens: Vec<String>,
    /// Zero of the node's monotonic clock, in which `began` is told.
    pub started: Instant,
    /// Wall clock in seconds since 1970, written into tokens:
    /// [`crate::shell::clock::wall_seconds`].
    pub wall: fn() -> u64,
    /// Times and amounts; the protocol's own unless a test hurries.
    pub pace: Pace,
}

/// Who this node is in one of its circles.
pub struct Oneself {
    /// The circle.
    pub circle: CircleId,
    /// The identity there.
    pub key: SigningKey,
    /// The Lamport clock told in handshakes, a hint; the owner keeps it up to date.
    pub clock: Arc<AtomicU64>,
}

/// Too many dials wait: [`DIALS_WAITING_MAX`]. Dial again once one has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{DIALS_WAITING_MAX} dials are under way or waiting; dial again once one has ended")]
pub struct TooManyDials;

/// Where all circles of a home are reached. Cheap to clone.
#[derive(Clone)]
pub struct Port(Arc<Common>);

impl Port {
    /// A port at which nobody is listened to yet. `stop` ends it, see [`Port::stopped`].
    pub fn new(config: PortConfig, stop: CancellationToken) -> Port {
        let common = Arc::new(Common {
            keyring: config.keyring,
            listens: config.listens,
            started: config.started,
            wall: config.wall,
            pace: config.pace,
            stop,
            tasks: TaskTracker::new(),
            dialling: Semaphore::new(DIALS_MAX),
            last_link: AtomicU64::new(0),
            circles: Mutex::new(BTreeMap::new()),
        });
        common.tasks.close();
        Port(common)
    }

    /// Listens from now on. A hello to a circle that is not here is left without an answer: enter
    /// them first.
    ///
    /// # Panics
    /// Outside a tokio runtime.
    pub fn listen(&self, listener: TcpListener) {
        self.0.tasks.spawn(listen::listen(self.0.clone(), listener));
    }

    /// From now on this node is in this circle, in place of whoever it was there before. Events
    /// wait in `events`, and links wait for it: nothing is dropped. `stop` ends all links of the
    /// circle: each says `bye` first, see [`Links::stopped`].
    ///
    /// # Panics
    /// Where the keyring does not have the circle.
    pub fn enter(
        &self,
        oneself: Oneself,
        events: mpsc::Sender<LinkEvent>,
        stop: CancellationToken,
    ) -> Links {
        let Oneself { circle, key, clock } = oneself;
        assert!(!self.0.keyring.borrow().of(circle).is_empty(), "the circle is on the keyring");
        let shared = Arc::new(Shared {
            common: self.0.clone(),
            circle,
            key,
            clock,
            events,
            stop,
            tasks: TaskTracker::new(),
            dials: Arc::new(Semaphore::new(DIALS_WAITING_MAX)),
        });
        shared.tasks.close();
        let mut circles = self.0.circles.lock().unwrap_or_else(PoisonError::into_inner);
        circles.insert(circle, Arc::downgrade(&shared));
        Links(shared)
    }

    /// Waits until nobody is listened to any more, after the token given to [`Port::new`] was
    /// cancelled.
    pub async fn stopped(&self) {
        self.0.tasks.wait().await;
    }
}

impl fmt::Debug for Port {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Port({:?})", self.0.listens)
    }
}

/// A circle's dials and links. Cheap to clone.
#[derive(Clone)]
pub struct Links(Arc<Shared>);

impl Links {
    /// Dials `host:port`. Ends in [`LinkEvent::Up`], [`LinkEvent::DialFailed`] or
    /// [`LinkEvent::DialledSelf`]; every address of the name and every group key is tried.
    ///
    /// # Errors
    /// [`TooManyDials`]: nothing is dialled and no event comes.
    pub fn dial(&self, address: String) -> Result<(), TooManyDials> {
        let place = self.0.dials.clone().try_acquire_owned().map_err(|_| TooManyDials)?;
        let shared = self.0.clone();
        self.0.tasks.spawn(async move {
            dial::dial(&shared, address).await;
            drop(place);
        });
        Ok(())
    }

    /// Waits until all tasks have ended, after the token given to [`Port::enter`] was cancelled:
    /// within [`STOP_MS`], and a little, as long as events are taken.
    pub async fn stopped(&self) {
        self.0.tasks.wait().await;
    }
}
