//! Links: the listener, dialling, handshakes, and one task per link that seals, opens, encodes and
//! checks, so that the owner gets only what is proven.
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

use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Instant;

use ed25519_dalek::SigningKey;
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, mpsc};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use self::shared::Shared;
pub use self::shared::{CONNECT_MS, Pace, RESOLVED_MAX, STOP_MS};
use crate::seal::GroupKey;
use crate::shell::link::LinkEvent;

/// Dials at work at once; more wait their turn.
pub const DIALS_MAX: usize = 16;
/// Dials at work and waiting; one more is refused.
pub const DIALS_WAITING_MAX: usize = 256;

/// What links are made with.
pub struct LinksConfig {
    /// This node's identity.
    pub key: SigningKey,
    /// One group key, or two: the first to speak with, both to listen with.
    pub group_keys: Vec<GroupKey>,
    /// Where this node says it listens; `":PORT"` alone means at the address that others see.
    pub listens: Vec<String>,
    /// Where it does listen.
    pub listener: TcpListener,
    /// Zero of the node's monotonic clock, in which `began` is told.
    pub started: Instant,
    /// The Lamport clock told in handshakes, a hint; the owner keeps it up to date.
    pub clock: Arc<AtomicU64>,
    /// Wall clock in seconds since 1970, written into tokens:
    /// [`crate::shell::clock::wall_seconds`].
    pub wall: fn() -> u64,
    /// Times and amounts; the protocol's own unless a test hurries.
    pub pace: Pace,
}

/// Too many dials wait: [`DIALS_WAITING_MAX`]. Dial again once one has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{DIALS_WAITING_MAX} dials are under way or waiting; dial again once one has ended")]
pub struct TooManyDials;

/// A node's listener, dials and links. Cheap to clone.
#[derive(Clone)]
pub struct Links(Arc<Shared>);

impl Links {
    /// Starts listening. Events wait in `events`, and links wait for it: nothing is dropped.
    /// `stop` ends everything: each link says `bye` first, see [`Links::stopped`].
    ///
    /// # Panics
    /// Without a group key, or outside a tokio runtime.
    pub fn start(
        config: LinksConfig,
        events: mpsc::Sender<LinkEvent>,
        stop: CancellationToken,
    ) -> Links {
        assert!(!config.group_keys.is_empty(), "a node has a group key");
        let shared = Arc::new(Shared {
            key: config.key,
            group_keys: config.group_keys,
            listens: config.listens,
            started: config.started,
            clock: config.clock,
            wall: config.wall,
            pace: config.pace,
            events,
            stop,
            tasks: TaskTracker::new(),
            dialling: Arc::new(Semaphore::new(DIALS_MAX)),
            dials: Arc::new(Semaphore::new(DIALS_WAITING_MAX)),
            last_link: AtomicU64::new(0),
        });
        shared.tasks.spawn(listen::listen(shared.clone(), config.listener));
        shared.tasks.close();
        Links(shared)
    }

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

    /// Waits until all tasks have ended, after the token given to [`Links::start`] was cancelled:
    /// within [`STOP_MS`], and a little, as long as events are taken.
    pub async fn stopped(&self) {
        self.0.tasks.wait().await;
    }
}
